/* rtt: the round trip between any two members. */
#include "tools/command.h"
#include "tools/control_poll.h"
#include "tools/json.h"

struct rtt {
    struct client_options client;
    const char *names[2];
    size_t count;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct rtt *rtt = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &rtt->client;
        return 0;
    case ARGP_KEY_ARG:
        if (rtt->count == 2)
            return options_surplus(state, value);
        rtt->names[rtt->count++] = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return options_mistake(state, "which NAME?");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp rtt_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "NAME [NAME]",
    .doc =
        "Estimates the round trip between two members, or between the agent and one, from their network coordinates "
        "(Vivaldi). An estimate needs some rounds of probes to become good: its error says how good it is. Where the "
        "agent is one of the two, what it measured is shown as well.\v"
        "Exit code 4: a member's coordinate is not known, and it did not answer; 1: no such member."};

static void print(const json_t *answer) {
    const json_t *measured = json_object_get(answer, "measured_ms");
    text_print_safe(stdout, json_text_of(answer, "from"));
    fputs(" - ", stdout);
    text_print_safe(stdout, json_text_of(answer, "to"));
    const json_t *estimate = json_object_get(answer, "estimate_ms");
    if (json_is_number(estimate))
        printf(": %.2f ms, error %lld %%", json_number_value(estimate),
               (long long)json_integer_value(json_object_get(answer, "error_percent")));
    else
        fputs(": not known well enough yet", stdout);
    if (json_is_number(measured))
        printf(", measured %.2f ms", json_number_value(measured));
    putchar('\n');
}

int cmd_rtt(int argc, char **argv) {
    struct rtt rtt = {.count = 0};
    json_t *answer = NULL;
    int code = options_parse(&rtt_argp, argc, argv, &rtt);
    if (code != EXIT_DONE)
        return code;
    json_t *request = rtt.count == 1
                          ? json_pack("{s:s,s:s}", "op", "rtt", "to", rtt.names[0])
                          : json_pack("{s:s,s:s,s:s}", "op", "rtt", "from", rtt.names[0], "to", rtt.names[1]);
    if (request == NULL) {
        complain("a name is not UTF-8");
        return EXIT_USAGE;
    }
    code = control_poll(&rtt.client, request, json_incref(request), &answer);
    if (code == EXIT_TIMED_OUT && answer != NULL)
        complain("a coordinate is not known, and its member does not answer");
    if (code == EXIT_DONE && rtt.client.json) {
        json_print(answer);
    } else if (code == EXIT_DONE) {
        print(answer);
    }
    json_decref(answer);
    return code;
}
