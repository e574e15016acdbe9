/* transfer: the leader's agent hands the lead over to a member. */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/text.h"
#include "tools/watch.h"

enum { KEY_TO = 0x2000 };

struct transfer {
    struct client_options client;
    const char *scope;
    const char *to;
    char id[64]; /* the member's that is meant */
    bool leads;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct transfer *transfer = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &transfer->client;
        return 0;
    case ARGP_KEY_ARG:
        if (transfer->scope != NULL)
            return options_surplus(state, value);
        transfer->scope = value;
        return 0;
    case KEY_TO:
        transfer->to = value;
        return 0;
    case ARGP_KEY_END:
        if (transfer->scope == NULL)
            return options_mistake(state, "which SCOPE?");
        if (transfer->to == NULL)
            return options_mistake(state, "to whom? --to NAME");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"to", KEY_TO, "NAME", 0, "The member (or the beginning of its id) that is to lead", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp transfer_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "SCOPE --to NAME",
    .doc = "Makes the agent, which leads SCOPE, hand it over to the member NAME, whatever its priority. If that member "
           "does "
           "not claim it within 2 s the best candidate does. A better candidate that preempts takes it back in time: "
           "see 'bellwether priority'. Returns at once; with --timeout S when NAME leads.\v"
           "Exit codes: 1: another member leads instead (with --timeout), or there is no such member or scope; 5: the "
           "agent does not lead SCOPE, or NAME "
           "cannot "
           "take it: not alive, not ready, or not standing for it."};

static json_t *request(void *context) {
    const struct transfer *transfer = context;
    return json_pack("{s:s,s:s}", "op", "leader", "scope", transfer->scope);
}

static enum watch_verdict look(void *context, const json_t *answer) {
    struct transfer *transfer = context;
    const json_t *scope = json_array_get(json_object_get(answer, "scopes"), 0);
    const char *leader = json_string_value(json_object_get(scope, "leader_id"));
    transfer->leads = leader != NULL && strcmp(leader, transfer->id) == 0;
    return leader != NULL ? WATCH_DONE : WATCH_GO_ON;
}

static int wait_for_it(struct transfer *transfer) {
    const struct watch watch = {
        .client = &transfer->client,
        .types = "leader-elected",
        .deadline = control_now() + transfer->client.timeout_s,
        .waiting_for = transfer->to,
        .request = request,
        .look = look,
        .context = transfer,
    };
    int code = watch_run(&watch);
    if (code == EXIT_TIMED_OUT)
        complain("'%s' has no leader within %g s", transfer->scope, transfer->client.timeout_s);
    if (code == EXIT_DONE && !transfer->leads) {
        complain("'%s' does not lead '%s': it did not claim in time, and another one does", transfer->to,
                 transfer->scope);
        return EXIT_NO;
    }
    return code;
}

int cmd_transfer(int argc, char **argv) {
    struct transfer transfer = {.scope = NULL};
    json_t *answer = NULL;
    int code = options_parse(&transfer_argp, argc, argv, &transfer);
    if (code != EXIT_DONE)
        return code;
    json_t *ask = json_pack("{s:s,s:s,s:s}", "op", "transfer", "scope", transfer.scope, "to", transfer.to);
    if (ask == NULL) {
        complain("'%s' or '%s' is not UTF-8", transfer.scope, transfer.to);
        return EXIT_USAGE;
    }
    code = control_ask_once(&transfer.client, ask, &answer);
    if (code == EXIT_DONE) {
        const char *id = json_string_value(json_object_get(answer, "id"));
        snprintf(transfer.id, sizeof(transfer.id), "%s", id != NULL ? id : "");
        if (transfer.client.timeout_s > 0)
            code = wait_for_it(&transfer);
    }
    if (code == EXIT_DONE && transfer.client.json)
        json_print(answer);
    json_decref(answer);
    return code;
}
