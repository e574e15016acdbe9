/* leave: the agent resigns, leaves and exits. */
#include "tools/command.h"
#include "tools/control_client.h"

static error_t parse(int key, char *value, struct argp_state *state) {
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = state->input;
    return key == ARGP_KEY_INIT ? 0 : key == ARGP_KEY_ARG ? options_surplus(state, value) : ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = {{&client_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
static const struct argp leave_argp = {
    .parser = parse,
    .children = children,
    .doc = "Makes the agent resign what it leads, leave the cluster and exit; returns when it has gone."};

int cmd_leave(int argc, char **argv) {
    struct client_options options = {.control = NULL};
    struct control_client client;
    json_t *answer = NULL;
    int code = options_parse(&leave_argp, argc, argv, &options);
    if (code != EXIT_DONE)
        return code;
    code = control_open(&client, &options);
    if (code != EXIT_DONE)
        return code;
    double timeout_s = options.timeout_s > 0 ? options.timeout_s : 2 * CONTROL_TIMEOUT_S;
    double deadline = control_now() + timeout_s;
    code = control_ask(&client, json_pack("{s:s}", "op", "leave"), timeout_s, &answer);
    json_decref(answer);
    answer = NULL;
    if (code == EXIT_DONE && control_read(&client, deadline, &answer) == EXIT_TIMED_OUT) {
        complain("the agent is still there after %g s", timeout_s);
        code = EXIT_TIMED_OUT;
    }
    json_decref(answer);
    control_close(&client);
    return code;
}
