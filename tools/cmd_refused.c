/* refused: a guard refused this leader, which claims again above the token that the guard named. */
#include <bellwether/types.h>

#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"

struct refused {
    struct client_options client;
    const char *scope, *token;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct refused *refused = state->input;
    struct bw_token token;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &refused->client;
        return 0;
    case ARGP_KEY_ARG:
        if (refused->token != NULL)
            return options_surplus(state, value);
        if (refused->scope == NULL) {
            refused->scope = value;
            return 0;
        }
        if (bw_token_parse(&token, value) != 0)
            return options_mistake(
                state, "'%s' is not a token: those are 32 hexadecimal digits, as 'fence FILE' prints them", value);
        refused->token = value;
        return 0;
    case ARGP_KEY_END:
        return refused->scope == NULL   ? options_mistake(state, "which SCOPE, and refused in favour of which TOKEN?")
               : refused->token == NULL ? options_mistake(state, "in favour of which TOKEN was it refused?")
                                        : 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp refused_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "SCOPE TOKEN",
    .doc = "Tells the agent that leads SCOPE that a guard refused it, having let the larger TOKEN through "
           "before: it gives this lead up, after the work under it has stopped, and claims again at once, with a "
           "token above TOKEN. For a guard that has outlived its cluster, came back with a backup, or was used "
           "by a member that nobody else heard. TOKEN not larger than this leader's own: nothing is done. Of a "
           "scope with seats name the seat (SCOPE#0).\v"
           "  bellwether refused orders \"$(bellwether fence /srv/orders/guard)\"\n\n"
           "Look before that no other leader is at work, on the other side of a partition: the two would outbid "
           "each other. Exit code 1: the agent does not stand for SCOPE; 5: it does not lead it, or the term of TOKEN "
           "is more than 2^32 ahead "
           "of all that the cluster knows, which would refuse one above it.",
};

int cmd_refused(int argc, char **argv) {
    struct refused refused = {.scope = NULL};
    json_t *answer = NULL;
    int code = options_parse(&refused_argp, argc, argv, &refused);
    if (code != EXIT_DONE)
        return code;
    json_t *request = json_pack("{s:s,s:s,s:s}", "op", "refused", "scope", refused.scope, "token", refused.token);
    if (request == NULL) {
        complain("'%s' is not UTF-8", refused.scope);
        return EXIT_USAGE;
    }
    code = control_ask_once(&refused.client, request, &answer);
    if (code == EXIT_DONE && refused.client.json) {
        json_print(answer);
    } else if (code == EXIT_DONE && json_is_false(json_object_get(answer, "given_up"))) {
        complain("nothing to do: this agent leads '%s' with %s, which is not smaller", refused.scope,
                 json_string_value(json_object_get(answer, "own")));
    }
    json_decref(answer);
    return code;
}
