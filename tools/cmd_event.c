/* event, respond: something said to all, and to one who asks. */
#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json_user.h"

struct say {
    struct client_options client;
    const char *wanted; /* what the subject is called */
    const char *subject;
    const char *payload; /* NULL: none */
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct say *say = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &say->client;
        return 0;
    case ARGP_KEY_ARG:
        if (say->subject == NULL)
            say->subject = value;
        else if (say->payload == NULL)
            say->payload = value;
        else
            return options_surplus(state, value);
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "%s is missing", say->wanted);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp event_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "NAME [PAYLOAD]",
    .doc =
        "Tells all members of the cluster, once each: their 'bellwether monitor' shows it as a user-event. PAYLOAD is "
        "any bytes ('-': standard input), with NAME at most 1024. Who is cut off is told afterwards; who joins later "
        "is not."};
const struct argp respond_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "ID [PAYLOAD]",
    .doc = "Answers a query, once, before its deadline: ID is the field query of its event in 'bellwether monitor "
           "--json'. PAYLOAD is any bytes ('-': standard input), at most 1024.\v"
           "Exit code 1: no such query waits for an answer of this member; 5: it has answered."};

static int run(const struct argp *argp, const char *op, const char *field, int argc, char **argv) {
    struct say say = {.wanted = argp->args_doc};
    int code = options_parse(argp, argc, argv, &say);
    if (code != EXIT_DONE)
        return code;
    json_t *request = json_pack("{s:s,s:s}", "op", op, field, say.subject);
    if (request == NULL) {
        complain("'%s' is not UTF-8", say.subject);
        return EXIT_USAGE;
    }
    if (!json_take_payload(request, say.payload)) {
        json_decref(request);
        return EXIT_USAGE;
    }
    return control_order(&say.client, request);
}

int cmd_event(int argc, char **argv) {
    return run(&event_argp, "event", "name", argc, argv);
}

int cmd_respond(int argc, char **argv) {
    return run(&respond_argp, "respond", "query", argc, argv);
}
