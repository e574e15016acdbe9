/* freeze, thaw: while a scope is frozen its leader stays, and nobody else takes the lead. */
#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"
#include "tools/watch.h"

enum { KEY_FOR = 0x2000 };

struct freeze {
    struct client_options client;
    const char *scope;
    double for_s; /* 0: until it is thawed */
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct freeze *freeze = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &freeze->client;
        return 0;
    case ARGP_KEY_ARG:
        if (freeze->scope != NULL)
            return options_surplus(state, value);
        freeze->scope = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "which SCOPE?");
    case KEY_FOR:
        if (!parse_seconds(value, &freeze->for_s) || freeze->for_s < 0.001 || freeze->for_s > 4e6)
            return options_mistake(state, "--for %s: a number of seconds from 0.001 to 4000000", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"for", KEY_FOR, "S", 0, "It ends by itself after so many seconds (default: it does not)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp freeze_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "SCOPE",
    .doc =
        "Keeps the lead of SCOPE where it is, on all members: the leader stays as long as it lives, and until SCOPE is "
        "thawed nobody else leads it, not even if the leader dies; only that one itself may come back. While SCOPE is "
        "frozen stepdown and transfer are refused. Members beyond a partition are not bound until it heals. It "
        "lasts as long as any member runs that has heard of it. Any agent takes the command, and the others hear of it "
        "by "
        "gossip: in a moment, the leader like any other. Returns at once; with --timeout S when the last three members "
        "heard from, or all if there are fewer, have this agent's view, this in it.\v"
        "Exit codes: 1: no such scope is known; 4: it is told, but (with --timeout) the views are not known to agree "
        "yet; --json prints the answer all the same."};
const struct argp thaw_argp = {.parser = parse,
                               .children = children,
                               .args_doc = "SCOPE",
                               .doc = "Ends what freeze began, on all members, whoever began it. Returns at "
                                      "once; with --timeout S as freeze does.\v"
                                      "Exit codes: 1: no such scope is known; 4: as freeze."};

static json_t *ask_info(void *context) {
    (void)context;
    return json_pack("{s:s}", "op", "info");
}

static enum watch_verdict look(void *context, const json_t *answer) {
    (void)context;
    return json_is_true(json_object_get(answer, "converged")) ? WATCH_DONE : WATCH_GO_ON;
}

/* Its record is in the view's digest, so whoever has the same one knows of it. */
static int wait_for_others(const struct freeze *freeze, double deadline) {
    const struct watch watch = {
        .client = &freeze->client,
        .types = "converged",
        .deadline = deadline,
        .waiting_for = "the others to hear of it",
        .request = ask_info,
        .look = look,
    };
    int code = watch_run(&watch);
    if (code == EXIT_TIMED_OUT)
        complain("told, but not all views were known to agree within %g s", freeze->client.timeout_s);
    return code;
}

static int ask(const struct argp *argp, const char *op, int argc, char **argv) {
    struct freeze freeze = {.scope = NULL};
    json_t *answer = NULL;
    int code = options_parse(argp, argc, argv, &freeze);
    if (code != EXIT_DONE)
        return code;
    json_t *request = json_pack("{s:s,s:s}", "op", op, "scope", freeze.scope);
    if (request == NULL) {
        complain("'%s' is not UTF-8", freeze.scope);
        return EXIT_USAGE;
    }
    if (freeze.for_s > 0)
        json_object_set_new(request, "for_ms", json_integer((json_int_t)(freeze.for_s * 1000)));
    double deadline = control_now() + freeze.client.timeout_s;
    code = control_ask_once(&freeze.client, request, &answer);
    bool told = code == EXIT_DONE;
    if (told && freeze.client.timeout_s > 0)
        code = wait_for_others(&freeze, deadline);
    if (told && freeze.client.json) /* it holds, whoever knows of it by now */
        json_print(answer);
    json_decref(answer);
    return code;
}

int cmd_freeze(int argc, char **argv) {
    return ask(&freeze_argp, "freeze", argc, argv);
}

int cmd_thaw(int argc, char **argv) {
    return ask(&thaw_argp, "thaw", argc, argv);
}
