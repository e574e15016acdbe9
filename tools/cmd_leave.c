/* leave: the agent resigns, leaves, and exits or stays up. */
#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"

enum { KEY_STAY = 0x2000 };

struct leave {
    struct client_options client;
    bool stay;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct leave *leave = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &leave->client;
        return 0;
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    case KEY_STAY:
        leave->stay = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"stay", KEY_STAY, NULL, 0, "Keep the agent running: 'bellwether join' brings it back", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp leave_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc = "Makes the agent resign what it leads, leave the cluster and exit; returns when it has left. The addresses "
           "of others in its state are forgotten: started again, it joins the ones that it is told."};

int cmd_leave(int argc, char **argv) {
    struct leave leave = {.stay = false};
    struct control_client client;
    json_t *answer = NULL;
    int code = options_parse(&leave_argp, argc, argv, &leave);
    if (code != EXIT_DONE)
        return code;
    code = control_open(&client, &leave.client);
    if (code != EXIT_DONE)
        return code;
    double timeout_s = leave.client.timeout_s > 0 ? leave.client.timeout_s : 2 * CONTROL_TIMEOUT_S;
    double deadline = control_now() + timeout_s;
    code = control_ask(&client, json_pack("{s:s,s:b}", "op", "leave", "stay", leave.stay), timeout_s, &answer);
    if (code == EXIT_DONE && leave.client.json)
        json_print(answer);
    json_decref(answer);
    answer = NULL;
    if (code == EXIT_DONE && control_read(&client, deadline, &answer) == EXIT_TIMED_OUT) {
        complain("the agent has not left after %g s", timeout_s);
        code = EXIT_TIMED_OUT;
    }
    json_decref(answer);
    control_close(&client);
    return code;
}
