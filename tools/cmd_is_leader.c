/* is-leader: whether this agent leads at this moment, lease included. */
#include <string.h>

#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/json.h"

struct is_leader {
    struct client_options client;
    const char *scope; /* NULL: the only one, or `default` */
    bool quiet;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct is_leader *is_leader = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &is_leader->client;
        return 0;
    case ARGP_KEY_ARG:
        if (is_leader->scope != NULL)
            return options_surplus(state, value);
        is_leader->scope = value;
        return 0;
    case 'q':
        is_leader->quiet = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"quiet", 'q', NULL, 0, "Print nothing: the exit code answers", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp is_leader_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "[SCOPE]",
    .doc = "Whether this agent leads SCOPE, and its lease still runs: prints yes or no. Without SCOPE: the only "
           "scope, or default where there are several. Of a scope with seats, or a range: whether it leads any of "
           "them.\vExit code 0: it "
           "leads; 1: it does "
           "not. The answer is as old as the command's end: "
           "what is done with it is protected by the token that 'bellwether leader --json' shows."};

/* Whether both are seats of one. */
static bool same_scope(const json_t *a, const json_t *b) {
    const char *names[] = {json_text_of(a, "scope"), json_text_of(b, "scope")};
    size_t sizes[2] = {0, 0};
    return bw_scope_seat(names[0], &sizes[0]) >= 0 && bw_scope_seat(names[1], &sizes[1]) >= 0 && sizes[0] == sizes[1] &&
           memcmp(names[0], names[1], sizes[0]) == 0;
}

/* Where there are several scopes and none is named, `default` is meant, as by /leader of HTTP: one more scope breaks no script. */
static bool is_meant(const struct is_leader *is_leader, const json_t *scopes, const json_t *scope) {
    size_t index;
    json_t *other;
    if (is_leader->scope != NULL || scope_is(json_text_of(scope, "scope"), "default"))
        return true;
    json_array_foreach(scopes, index, other) {
        if (scope_is(json_text_of(other, "scope"), "default"))
            return false;
    }
    return true;
}

static bool leads(const json_t *scope) {
    const char *role = json_string_value(json_object_get(scope, "role"));
    return role != NULL && strcmp(role, "leader") == 0 && json_integer_value(json_object_get(scope, "lease_ms")) > 0;
}

/* The scope in question, NULL if there is none; of seats one that it leads, if it leads any. Complains about several; code gets
 * EXIT_USAGE. */
static const json_t *choose(const struct is_leader *is_leader, const json_t *answer, int *code) {
    const json_t *scopes = json_object_get(answer, "scopes");
    const json_t *scope = NULL;
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        const json_t *other = json_array_get(scopes, i);
        if (!is_meant(is_leader, scopes, other))
            continue;
        if (is_leader->scope == NULL && scope != NULL && !same_scope(scope, other)) {
            complain("there are %zu scopes: which one?", json_array_size(scopes));
            *code = EXIT_USAGE;
            return NULL;
        }
        scope = scope == NULL || (!leads(scope) && leads(other)) ? other : scope;
    }
    if (scope == NULL && is_leader->scope == NULL && !is_leader->quiet)
        complain("no scope is known here");
    else if (scope == NULL && !is_leader->quiet)
        complain("no scope '%s' is known here", is_leader->scope);
    return scope;
}

static void print(const struct is_leader *is_leader, const json_t *scope) {
    if (is_leader->client.json) {
        const char *name = leads(scope) || is_leader->scope == NULL ? json_text_of(scope, "scope") : is_leader->scope;
        json_t *object = json_pack("{s:s,s:b,s:O,s:O}", "scope", name, "leads", leads(scope), "token",
                                   leads(scope) ? json_object_get(scope, "token") : json_null(), "lease_ms",
                                   json_object_get(scope, "lease_ms"));
        if (json_is_integer(json_object_get(scope, "seat")))
            json_object_set(object, "seat", leads(scope) ? json_object_get(scope, "seat") : json_null());
        json_print(object);
        json_decref(object);
    } else if (!is_leader->quiet) {
        puts(leads(scope) ? "yes" : "no");
    }
}

int cmd_is_leader(int argc, char **argv) {
    struct is_leader is_leader = {.scope = NULL};
    json_t *answer = NULL;
    int code = options_parse(&is_leader_argp, argc, argv, &is_leader);
    if (code == EXIT_DONE)
        code = control_ask_once(&is_leader.client, json_pack("{s:s,s:s*}", "op", "leader", "scope", is_leader.scope),
                                &answer);
    const json_t *scope = code == EXIT_DONE ? choose(&is_leader, answer, &code) : NULL;
    if (scope != NULL)
        print(&is_leader, scope);
    if (code == EXIT_DONE && !leads(scope))
        code = EXIT_NO;
    json_decref(answer);
    return code;
}
