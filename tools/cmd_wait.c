/* wait: until the cluster is as a script needs it. */
#include <stdio.h>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/watch.h"

enum { KEY_CONVERGED = 0x2000, KEY_LEADER, KEY_MEMBERS };

struct wait {
    struct client_options client;
    bool leader;
    const char *scope; /* NULL: each that is known */
    uint64_t members;  /* 0: not asked */
    bool converged;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct wait *wait = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &wait->client;
        return 0;
    case ARGP_KEY_ARG:
        if (wait->leader && wait->scope == NULL)
            return options_mistake(state, "'%s' is one word too many; a scope is joined to its option: --leader=%s",
                                   value, value);
        return options_surplus(state, value);
    case KEY_CONVERGED:
        wait->converged = true;
        return 0;
    case KEY_LEADER:
        wait->leader = true;
        wait->scope = value;
        return 0;
    case KEY_MEMBERS:
        if (!parse_number(value, 1, 65536, &wait->members))
            return options_mistake(state, "--members %s: a number of members", value);
        return 0;
    case ARGP_KEY_END:
        if (!wait->leader && wait->members == 0 && !wait->converged)
            return options_mistake(state, "for what? --leader, --members N or --converged");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"leader", KEY_LEADER, "SCOPE", OPTION_ARG_OPTIONAL,
     "Until SCOPE, else each scope, has a leader; of seats: each of them", 0},
    {"members", KEY_MEMBERS, "N", 0, "Until at least N members are alive", 0},
    {"converged", KEY_CONVERGED, NULL, 0,
     "Until the last peers that were heard from had the same view; true of an agent that has "
     "met nobody: ask for --members, too",
     0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp wait_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc =
        "Waits until all that is asked for holds at once, as this agent sees it; at most --timeout seconds, else for "
        "ever. --json prints the agent as it is then, as info does.\v"
        "Exit code 4: it did not hold in time."};

/* Whether the scope in question, or each of its seats, or of a range, or each scope, has a leader. */
static bool is_led(const struct wait *wait, json_t *leaders) {
    const char *scope;
    json_t *leader;
    size_t led = 0;
    size_t count = 0;
    if (wait->scope != NULL && json_is_string(json_object_get(leaders, wait->scope)))
        return true;
    json_object_foreach(leaders, scope, leader) {
        if (wait->scope != NULL && !scope_is_in(scope, wait->scope))
            continue;
        led += json_is_string(leader);
        count++;
    }
    return led > 0 && led == count;
}

static json_t *request(void *context) {
    (void)context;
    return json_pack("{s:s}", "op", "info");
}

static enum watch_verdict look(void *context, const json_t *answer) {
    const struct wait *wait = context;
    json_int_t alive = json_integer_value(json_object_get(json_object_get(answer, "members"), "alive"));
    bool holds = (!wait->leader || is_led(wait, json_object_get(answer, "leaders"))) &&
                 alive >= (json_int_t)wait->members &&
                 (!wait->converged || json_is_true(json_object_get(answer, "converged")));
    if (holds && wait->client.json)
        json_print(answer);
    return holds ? WATCH_DONE : WATCH_GO_ON;
}

static void describe(const struct wait *wait, char *text, size_t size) {
    char members[48] = "";
    if (wait->members > 0)
        snprintf(members, sizeof(members), "%s%llu members", wait->leader ? ", " : "",
                 (unsigned long long)wait->members);
    snprintf(text, size, "%s%s%s%s", wait->leader ? "a leader of " : "",
             !wait->leader         ? ""
             : wait->scope == NULL ? "each scope"
                                   : wait->scope,
             members,
             !wait->converged                    ? ""
             : wait->leader || wait->members > 0 ? ", one view"
                                                 : "one view");
}

int cmd_wait(int argc, char **argv) {
    struct wait wait = {.leader = false};
    char what[256];
    int code = options_parse(&wait_argp, argc, argv, &wait);
    if (code != EXIT_DONE)
        return code;
    describe(&wait, what, sizeof(what));
    const struct watch watch = {
        .client = &wait.client,
        .types = "leader-elected,leader-lost,member-alive,member-suspect,member-dead,member-left,converged,diverged",
        .deadline = wait.client.timeout_s > 0 ? control_now() + wait.client.timeout_s : CONTROL_FOREVER,
        .waiting_for = what,
        .request = request,
        .look = look,
        .context = &wait,
    };
    code = watch_run(&watch);
    if (code == EXIT_TIMED_OUT)
        complain("not within %g s: %s", wait.client.timeout_s, what);
    return code;
}
