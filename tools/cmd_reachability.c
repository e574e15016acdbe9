/* reachability: who hears whom, as they say themselves. */
#include <string.h>

#include "tools/command.h"
#include "tools/control_poll.h"
#include "tools/json.h"
#include "tools/table.h"

static error_t parse(int key, char *value, struct argp_state *state) {
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp reachability_argp = {
    .parser = parse,
    .children = children,
    .doc =
        "Asks every member whom it has not heard within two rounds of probes, and shows who hears whom. A member that "
        "has just come has not heard everybody yet.\v"
        "Exit code 0: everybody answered and hears everybody; 1: not so; 4: --timeout was too short for all answers, "
        "and those that came are shown."};

static void print_unheard(const json_t *member, char *text, size_t size) {
    size_t index;
    json_t *name;
    text[0] = '\0';
    json_array_foreach(json_object_get(member, "unheard"), index, name) {
        text_append(text, size, " ", "%s", json_string_value(name));
    }
}

static void print(const json_t *answer, bool color) {
    static const struct table_column columns[] = {
        {"NAME", false}, {"ANSWERED", false}, {"SEES", true}, {"DOES NOT HEAR", false}, {NULL, false}};
    struct table *table = table_create(columns, color);
    size_t index;
    json_t *member;
    if (table == NULL)
        return;
    json_array_foreach(json_object_get(answer, "members"), index, member) {
        char text[4096];
        bool answered = json_is_true(json_object_get(member, "answered"));
        table_line(table);
        table_cell(table, 0, json_text_of(member, "name"), NULL);
        table_cell(table, 1, answered ? "yes" : "no", answered ? NULL : "red");
        snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(json_object_get(member, "members")));
        table_cell(table, 2, answered ? text : "", NULL);
        print_unheard(member, text, sizeof(text));
        table_cell(table, 3, text, "red");
    }
    table_print(table, stdout);
    table_free(table);
}

static bool complete(const json_t *answer) {
    size_t index;
    json_t *member;
    json_array_foreach(json_object_get(answer, "members"), index, member) {
        if (!json_is_true(json_object_get(member, "answered")) ||
            json_array_size(json_object_get(member, "unheard")) > 0)
            return false;
    }
    return true;
}

int cmd_reachability(int argc, char **argv) {
    struct client_options client = {.json = false};
    json_t *answer = NULL;
    int code = options_parse(&reachability_argp, argc, argv, &client);
    if (code != EXIT_DONE)
        return code;
    code = control_poll(&client, json_pack("{s:s,s:b}", "op", "reachability", "start", 1),
                        json_pack("{s:s}", "op", "reachability"), &answer);
    if (json_is_array(json_object_get(answer, "members"))) {
        if (client.json) {
            json_print(answer);
        } else {
            print(answer, color_wanted(client.color, stdout));
        }
    }
    if (code == EXIT_DONE && !complete(answer))
        code = EXIT_NO;
    json_decref(answer);
    return code;
}
