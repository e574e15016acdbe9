/* tags: the agent's own, shown and changed while it runs. */
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"

enum { KEY_DELETE = 0x2000 };

struct tags {
    struct client_options client;
    json_t *set;
    json_t *gone;
    bool foreign; /* not UTF-8 */
};

static error_t add(struct tags *tags, const char *word, struct argp_state *state) {
    const char *value = strchr(word, '=');
    if (value == NULL || value == word)
        return options_mistake(state, "'%s': NAME=VALUE is wanted", word);
    char *name = strndup(word, (size_t)(value - word));
    json_t *text = json_string(value + 1);
    if (name == NULL || text == NULL || json_object_set_new(tags->set, name, text) != 0)
        tags->foreign = true;
    free(name);
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct tags *tags = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &tags->client;
        return 0;
    case ARGP_KEY_ARG:
        return add(tags, value, state);
    case KEY_DELETE:
        if (json_array_append_new(tags->gone, json_string(value)) != 0)
            tags->foreign = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"delete", KEY_DELETE, "NAME", 0, "Take the tag NAME away; repeatable", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp tags_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "[NAME=VALUE...]",
    .doc = "Changes the tags that the agent shows to all members, and prints those that it then has. The change lasts "
           "until the agent is started again: what shall stay belongs into its configuration.\v"
           "Exit code 5: the agent refused, and nothing has changed."};

static void print(const struct tags *tags, const json_t *answer) {
    const char *name;
    json_t *value;
    if (tags->client.json) {
        json_print(answer);
        return;
    }
    json_object_foreach(json_object_get(answer, "tags"), name, value) {
        text_print_safe(stdout, name);
        putchar('=');
        text_print_safe(stdout, json_string_value(value));
        putchar('\n');
    }
}

int cmd_tags(int argc, char **argv) {
    struct tags tags = {.set = json_object(), .gone = json_array()};
    json_t *answer = NULL;
    int code = options_parse(&tags_argp, argc, argv, &tags);
    if (code == EXIT_DONE && tags.foreign) {
        complain("a tag is not UTF-8");
        code = EXIT_USAGE;
    }
    if (code == EXIT_DONE)
        code = control_ask_once(
            &tags.client, json_pack("{s:s,s:O,s:O}", "op", "tags", "set", tags.set, "delete", tags.gone), &answer);
    if (code == EXIT_DONE)
        print(&tags, answer);
    json_decref(answer);
    json_decref(tags.set);
    json_decref(tags.gone);
    return code;
}
