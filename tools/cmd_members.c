/* members: who is here. */
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/members_table.h"
#include "tools/watch.h"

enum { KEY_STATUS = 0x2000, KEY_TAG, KEY_WATCH, FILTER_MAX = 32 };

struct members {
    struct client_options client;
    const char *statuses[FILTER_MAX];
    size_t status_count;
    const char *tags[FILTER_MAX]; /* NAME=VALUE */
    size_t tag_count;
    bool watch;
    bool again; /* something has been printed */
    char *last; /* what it was */
};

static const char *const status_names[] = {"alive", "suspect", "dead", "left", NULL};

static error_t parse_status(struct members *members, const char *value, struct argp_state *state) {
    char hint[64];
    for (size_t i = 0; status_names[i] != NULL; i++) {
        if (strcmp(status_names[i], value) == 0 && members->status_count < FILTER_MAX) {
            members->statuses[members->status_count++] = status_names[i];
            return 0;
        }
    }
    return options_mistake(state, "--status %s: alive, suspect, dead or left%s", value,
                           nearest_hint(value, status_names, hint, sizeof(hint)));
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct members *members = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &members->client;
        return 0;
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    case KEY_STATUS:
        return parse_status(members, value, state);
    case KEY_TAG:
        if (strchr(value, '=') == NULL || members->tag_count == FILTER_MAX)
            return options_mistake(state, "--tag %s: NAME=VALUE is wanted", value);
        members->tags[members->tag_count++] = value;
        return 0;
    case KEY_WATCH:
        members->watch = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"status", KEY_STATUS, "STATUS", 0, "Only members that are alive, suspect, dead or left; repeatable", 0},
    {"tag", KEY_TAG, "NAME=VALUE", 0, "Only members with this tag; repeatable, all must match", 0},
    {"watch", KEY_WATCH, NULL, 0, "Show it again whenever it changes", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp members_argp = {
    .options = options, .parser = parse, .children = children, .doc = "Shows the members that the agent knows."};

static bool has_tag(const json_t *member, const char *wanted) {
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(member, "tags"), name, value) {
        size_t size = strlen(name);
        if (strncmp(wanted, name, size) == 0 && wanted[size] == '=' &&
            strcmp(wanted + size + 1, json_string_value(value)) == 0)
            return true;
    }
    return false;
}

static bool is_wanted(const struct members *members, const json_t *member) {
    bool wanted = members->status_count == 0;
    for (size_t i = 0; i < members->status_count; i++)
        wanted = wanted || strcmp(members->statuses[i], json_text_of(member, "status")) == 0;
    for (size_t i = 0; i < members->tag_count; i++)
        wanted = wanted && has_tag(member, members->tags[i]);
    return wanted;
}

static void filter(const struct members *members, const json_t *answer) {
    json_t *list = json_object_get(answer, "members");
    for (size_t i = json_array_size(list); i-- > 0;)
        if (!is_wanted(members, json_array_get(list, i)))
            json_array_remove(list, i);
}

static void print(struct members *members, const json_t *answer) {
    if (members->client.json) {
        json_print(answer);
        return;
    }
    if (members->again && color_wanted(members->client.color, stdout))
        fputs("\033[H\033[2J", stdout);
    else if (members->again)
        putchar('\n');
    members->again = true;
    members_table_print(answer, color_wanted(members->client.color, stdout));
}

static json_t *request(void *context) {
    (void)context;
    return json_pack("{s:s}", "op", "members");
}

/* What of the answer makes a change: of a table only what it shows; no round trip, which always changes. */
static json_t *essence(const struct members *members, const json_t *answer) {
    json_t *copy = json_deep_copy(answer);
    json_t *member;
    size_t index;
    if (!members->client.json) {
        json_object_del(copy, "converged");
        json_object_del(copy, "digest");
    }
    json_array_foreach(json_object_get(copy, "members"), index, member) {
        json_object_del(member, "rtt_ms");
        if (!members->client.json)
            json_object_del(member, "incarnation");
    }
    return copy;
}

static enum watch_verdict look(void *context, const json_t *answer) {
    struct members *members = context;
    filter(members, answer);
    if (watch_changed(&members->last, essence(members, answer)))
        print(members, answer);
    return WATCH_GO_ON;
}

int cmd_members(int argc, char **argv) {
    struct members members = {.again = false};
    int code = options_parse(&members_argp, argc, argv, &members);
    if (code != EXIT_DONE)
        return code;
    if (members.watch) {
        const struct watch watch = {
            .client = &members.client,
            .types = "member-alive,member-suspect,member-dead,member-left,member-update,converged,diverged",
            .deadline = CONTROL_FOREVER,
            .request = request,
            .look = look,
            .context = &members,
        };
        code = watch_run(&watch);
        free(members.last);
        return code;
    }
    json_t *answer = NULL;
    code = control_ask_once(&members.client, request(NULL), &answer);
    if (code == EXIT_DONE) {
        filter(&members, answer);
        print(&members, answer);
    }
    json_decref(answer);
    return code;
}
