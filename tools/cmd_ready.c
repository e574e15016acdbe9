/* ready: the gate before a scope's lead, for health checks. */
#include <string.h>

#include "tools/command.h"
#include "tools/control_client.h"

enum { KEY_TTL = 0x2000 };

struct ready {
    struct client_options client;
    const char *scope;
    int yes; /* -1: not said yet */
    double ttl_s;
};

static error_t parse_word(struct ready *ready, const char *word, struct argp_state *state) {
    static const char *const words[] = {"yes", "no", NULL};
    char hint[64];
    if (ready->scope == NULL) {
        ready->scope = word;
        return 0;
    }
    if (ready->yes >= 0)
        return options_surplus(state, word);
    ready->yes = strcmp(word, "yes") == 0;
    if (ready->yes || strcmp(word, "no") == 0)
        return 0;
    return options_mistake(state, "'%s': yes or no is wanted%s", word, nearest_hint(word, words, hint, sizeof(hint)));
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct ready *ready = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &ready->client;
        return 0;
    case ARGP_KEY_ARG:
        return parse_word(ready, value, state);
    case ARGP_KEY_END:
        if (ready->scope == NULL || ready->yes < 0)
            return options_mistake(state, "SCOPE and yes or no are wanted");
        if (ready->ttl_s > 0 && !ready->yes)
            return options_mistake(state, "--ttl goes with yes: a no holds until there is a yes");
        return 0;
    case KEY_TTL:
        if (!parse_seconds(value, &ready->ttl_s) || ready->ttl_s < 0.001 || ready->ttl_s > 4e6)
            return options_mistake(state, "--ttl %s: a number of seconds from 0.001 to 4000000", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"ttl", KEY_TTL, "S", 0, "The yes lapses to no unless it is repeated within so many seconds (default: never)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp ready_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "SCOPE yes|no",
    .doc = "Tells the agent whether this host is ready to lead SCOPE. One that is not ready gives the lead up, in "
           "favour of the "
           "best candidate that is, and does not stand for it. With --scope SCOPE:gate the agent begins as not ready, "
           "else "
           "as ready.\v"
           "A health check every 5 s, whose own death counts as a no:\n\n"
           "  check-db && bellwether ready db yes --ttl 12 || bellwether ready db no\n\n"
           "Exit code 1: the agent does not stand for SCOPE."};

int cmd_ready(int argc, char **argv) {
    struct ready ready = {.yes = -1};
    int code = options_parse(&ready_argp, argc, argv, &ready);
    if (code != EXIT_DONE)
        return code;
    json_t *request = json_pack("{s:s,s:s,s:b}", "op", "ready", "scope", ready.scope, "ready", ready.yes);
    if (request == NULL) {
        complain("'%s' is not UTF-8", ready.scope);
        return EXIT_USAGE;
    }
    if (ready.ttl_s > 0)
        json_object_set_new(request, "ttl_ms", json_integer((json_int_t)(ready.ttl_s * 1000)));
    return control_order(&ready.client, request);
}
