/* stepdown: the agent gives a scope's lead up. */
#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"

enum { KEY_FOR = 0x2000 };

struct stepdown {
    struct client_options client;
    const char *scope;
    double for_s; /* 0: the agent's default */
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct stepdown *stepdown = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &stepdown->client;
        return 0;
    case ARGP_KEY_ARG:
        if (stepdown->scope != NULL)
            return options_surplus(state, value);
        stepdown->scope = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "which SCOPE?");
    case KEY_FOR:
        if (!parse_seconds(value, &stepdown->for_s) || stepdown->for_s < 0.001 || stepdown->for_s > 4e6)
            return options_mistake(state, "--for %s: a number of seconds from 0.001 to 4000000", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"for", KEY_FOR, "S", 0, "Do not stand again for so many seconds (default: 60)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp stepdown_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "SCOPE",
    .doc =
        "Makes the agent give up the lead of SCOPE in favour of the best other candidate, and not stand for it for a "
        "while. An agent that does not lead does not stand either.\v"
        "Exit code 1: the agent does not stand for SCOPE."};

int cmd_stepdown(int argc, char **argv) {
    struct stepdown stepdown = {.scope = NULL};
    json_t *answer = NULL;
    int code = options_parse(&stepdown_argp, argc, argv, &stepdown);
    if (code != EXIT_DONE)
        return code;
    json_t *request = json_pack("{s:s,s:s}", "op", "stepdown", "scope", stepdown.scope);
    if (request == NULL) {
        complain("'%s' is not UTF-8", stepdown.scope);
        return EXIT_USAGE;
    }
    if (stepdown.for_s > 0)
        json_object_set_new(request, "for_ms", json_integer((json_int_t)(stepdown.for_s * 1000)));
    code = control_ask_once(&stepdown.client, request, &answer);
    if (code == EXIT_DONE && stepdown.client.json)
        json_print(answer);
    const json_t *led = json_object_get(answer, "led"); /* an older agent says nothing of it */
    const char *leader = json_string_value(json_object_get(answer, "leader"));
    if (code == EXIT_DONE && json_is_false(led))
        complain("this agent did not lead '%s'%s%s%s: it only does not stand for it now", stepdown.scope,
                 leader != NULL ? ", which " : "", leader != NULL ? leader : "", leader != NULL ? " leads" : "");
    json_decref(answer);
    return code;
}
