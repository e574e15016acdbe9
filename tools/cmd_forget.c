/* forget: a dead member is declared gone. */
#include "tools/command.h"
#include "tools/control_client.h"

struct forget {
    struct client_options client;
    const char *name;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct forget *forget = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &forget->client;
        return 0;
    case ARGP_KEY_ARG:
        if (forget->name != NULL)
            return options_surplus(state, value);
        forget->name = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "which NAME?");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp forget_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "NAME",
    .doc =
        "Declares the dead member NAME (or the beginning of its id) gone: all members show it as left, and try it no "
        "more. One that lives after all is back as soon as it hears of it. Elections go on treating it as dead: no "
        "lease is cut short.\v"
        "Exit code 1: no such member; 5: it is not dead."};

int cmd_forget(int argc, char **argv) {
    struct forget forget = {.name = NULL};
    int code = options_parse(&forget_argp, argc, argv, &forget);
    if (code != EXIT_DONE)
        return code;
    json_t *request = json_pack("{s:s,s:s}", "op", "forget", "name", forget.name);
    if (request == NULL) {
        complain("'%s' is not UTF-8", forget.name);
        return EXIT_USAGE;
    }
    return control_order(&forget.client, request);
}
