/* voters: who elects the leader of a scope in quorum mode, and who is to. */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"
#include "tools/table.h"

struct voters {
    struct client_options client;
    const char *scope;
    const char *verb; /* NULL: show */
    const char *whom;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    static const char *const verbs[] = {"add", "remove", NULL};
    char hint[64];
    struct voters *voters = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &voters->client;
        return 0;
    case ARGP_KEY_ARG:
        if (voters->whom != NULL)
            return options_surplus(state, value);
        if (voters->scope == NULL)
            voters->scope = value;
        else if (voters->verb == NULL)
            voters->verb = value;
        else
            voters->whom = value;
        return 0;
    case ARGP_KEY_END:
        if (voters->scope == NULL)
            return options_mistake(state, "which SCOPE?");
        if (voters->verb != NULL && strcmp(voters->verb, "add") != 0 && strcmp(voters->verb, "remove") != 0)
            return options_mistake(state, "'%s': add or remove is wanted%s", voters->verb,
                                   nearest_hint(voters->verb, verbs, hint, sizeof(hint)));
        if (voters->verb != NULL && voters->whom == NULL)
            return options_mistake(state, "%s whom? a member's name, or the beginning of its id", voters->verb);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp voters_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "SCOPE [add|remove NAME]",
    .doc =
        "Shows the voters of SCOPE, which is in quorum mode; or makes the member NAME (or the beginning of an id) a "
        "voter, or takes the vote from one. Only the agent that leads SCOPE changes its voters, one at a time; the "
        "change counts once majorities of the voters before and after have taken it over, which takes a moment. A new "
        "voter needs the scope in its own configuration.\v"
        "A member that lost its state directory is a new one: remove its old id, and add it again. Exit code 1: the "
        "agent knows no voters of SCOPE, or none of that name; 5: it does not lead SCOPE, or the change cannot be made "
        "now; the message says why."};

static void print_table(const struct voters *voters, const json_t *answer) {
    static const struct table_column columns[] = {{"NAME", false}, {"STATUS", false}, {"ID", false}, {NULL, false}};
    struct table *table = table_create(columns, color_wanted(voters->client.color, stdout));
    size_t index;
    json_t *voter;
    if (table == NULL)
        return;
    json_array_foreach(json_object_get(answer, "voters"), index, voter) {
        const char *status = json_string_value(json_object_get(voter, "status"));
        table_line(table);
        table_cell(table, 0, status != NULL ? json_text_of(voter, "name") : "-", NULL);
        table_cell(table, 1, status != NULL ? status : "unknown", NULL);
        table_cell(table, 2, json_text_of(voter, "id"), NULL);
    }
    table_print(table, stdout);
    table_free(table);
}

int cmd_voters(int argc, char **argv) {
    struct voters voters = {.scope = NULL};
    json_t *answer = NULL;
    int code = options_parse(&voters_argp, argc, argv, &voters);
    if (code != EXIT_DONE)
        return code;
    json_t *request = json_pack("{s:s,s:s}", "op", "voters", "scope", voters.scope);
    if (request == NULL ||
        (voters.verb != NULL && json_object_set_new(request, voters.verb, json_string(voters.whom)))) {
        complain("the names are not all UTF-8");
        json_decref(request);
        return EXIT_USAGE;
    }
    code = control_ask_once(&voters.client, request, &answer);
    if (code == EXIT_DONE && voters.client.json) {
        json_print(answer);
    } else if (code == EXIT_DONE && voters.verb == NULL) {
        print_table(&voters, answer);
    }
    json_decref(answer);
    return code;
}
