/* priority: the agent's own for a scope, changed while it runs. */
#include "tools/command.h"
#include "tools/control_client.h"

struct priority {
    struct client_options client;
    const char *scope;
    const char *word;
    uint64_t number;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct priority *priority = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &priority->client;
        return 0;
    case ARGP_KEY_ARG:
        if (priority->word != NULL)
            return options_surplus(state, value);
        if (priority->scope != NULL)
            priority->word = value;
        else
            priority->scope = value;
        return 0;
    case ARGP_KEY_END:
        if (priority->word == NULL)
            return options_mistake(state, "SCOPE and a number are wanted");
        if (!parse_number(priority->word, 0, UINT16_MAX, &priority->number))
            return options_mistake(state, "'%s': a number from 0 to 65535 is wanted", priority->word);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp priority_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "SCOPE N",
    .doc =
        "Changes the agent's priority for SCOPE; the higher one is preferred. A candidate of higher priority than the "
        "leader's gets the lead when the hold-down is over (preempt= of the agents' --scope, 10 s). After a restart of "
        "the agent its configuration counts.\v"
        "Exit code 1: the agent does not stand for SCOPE."};

int cmd_priority(int argc, char **argv) {
    struct priority priority = {.scope = NULL};
    int code = options_parse(&priority_argp, argc, argv, &priority);
    if (code != EXIT_DONE)
        return code;
    json_t *request =
        json_pack("{s:s,s:s,s:I}", "op", "priority", "scope", priority.scope, "priority", (json_int_t)priority.number);
    if (request == NULL) {
        complain("'%s' is not UTF-8", priority.scope);
        return EXIT_USAGE;
    }
    return control_order(&priority.client, request);
}
