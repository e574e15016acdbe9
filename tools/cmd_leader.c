/* leader: who leads. */
#include <string.h>

#include "tools/command.h"
#include "tools/differs.h"
#include "tools/json.h"
#include "tools/table.h"
#include "tools/vacancy.h"
#include "tools/watch.h"

enum { KEY_WAIT = 0x2000, KEY_WATCH };

struct leader {
    struct client_options client;
    const char *scope; /* NULL: all */
    bool watch;
    bool wait;
    double wait_s;  /* 0: for ever */
    char *last;     /* what was printed, so that --watch prints changes only */
    json_t *answer; /* what --wait ended with */
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct leader *leader = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &leader->client;
        return 0;
    case ARGP_KEY_ARG:
        if (leader->scope != NULL)
            return options_surplus(state, value);
        leader->scope = value;
        return 0;
    case KEY_WAIT:
        leader->wait = true;
        if (value != NULL && !parse_seconds(value, &leader->wait_s))
            return options_mistake(state, "--wait=%s: a number of seconds above zero", value);
        return 0;
    case KEY_WATCH:
        leader->watch = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"wait", KEY_WAIT, "S", OPTION_ARG_OPTIONAL, "Wait until there is a leader, at most S seconds", 0},
    {"watch", KEY_WATCH, NULL, 0, "Show it again whenever it changes", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp leader_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "[SCOPE]",
    .doc = "Shows who leads SCOPE: the name alone; of a scope with seats one line for each, '-' where nobody leads it. "
           "Without SCOPE, all scopes as a table; with the name of a range (orders of orders/0..63), its scopes.\v"
           "Exit code 1: nobody leads it (of seats, or a range: none of them is led); 4: nobody did within the time "
           "that --wait gives."};

/* For a scope that nobody stands for any more nobody waits, as in `wait --leader`. */
static bool in_use(const json_t *scope) {
    return json_is_string(json_object_get(scope, "leader")) ||
           json_array_size(json_object_get(scope, "candidates")) > 0;
}

/* Whether each scope that is meant is led, and there is one. */
static bool all_led(const struct leader *leader, const json_t *answer) {
    size_t led = 0;
    size_t count = 0;
    size_t index;
    json_t *scope;
    json_array_foreach(json_object_get(answer, "scopes"), index, scope) {
        if (leader->scope == NULL && !in_use(scope))
            continue;
        led += json_is_string(json_object_get(scope, "leader"));
        count++;
    }
    return led > 0 && led == count;
}

/* Whether the question has the answer: the scope has a leader, or one of all scopes has; with all, each of them. */
static bool has_leader(const json_t *answer, bool all) {
    const json_t *scopes = json_object_get(answer, "scopes");
    size_t count = json_array_size(scopes);
    size_t led = 0;
    for (size_t i = 0; i < count; i++)
        led += json_is_string(json_object_get(json_array_get(scopes, i), "leader"));
    return led > 0 && (led == count || !all);
}

/* Whether one that is led has a note all the same. */
static bool any_noted(const json_t *answer) {
    size_t index;
    json_t *scope;
    json_array_foreach(json_object_get(answer, "scopes"), index, scope) {
        if (json_is_true(json_object_get(scope, "frozen")) || json_array_size(json_object_get(scope, "differs")) > 0)
            return true;
    }
    return false;
}

static void frozen_text(const json_t *scope, char *text, size_t size) {
    const char *by = json_text_of(scope, "frozen_by");
    snprintf(text, size, "frozen by %s", by[0] == '\0' ? "a member that is gone" : by);
    vacancy_append_wait(json_object_get(scope, "frozen_ms"), text, size);
}

static void print_table(const struct leader *leader, const json_t *answer) {
    struct table_column columns[] = {{"SCOPE", false}, {"LEADER", false}, {"TOKEN", false}, {"ROLE", false},
                                     {"MODE", false},  {NULL, false},     {NULL, false}};
    if (!has_leader(answer, true) || any_noted(answer))
        columns[5].title = "NOTE";
    struct table *table = table_create(columns, color_wanted(leader->client.color, stdout));
    size_t index;
    json_t *scope;
    if (table == NULL)
        return;
    json_array_foreach(json_object_get(answer, "scopes"), index, scope) {
        bool led = json_is_string(json_object_get(scope, "leader"));
        table_line(table);
        table_cell(table, 0, json_text_of(scope, "scope"), NULL);
        table_cell(table, 1, led ? json_text_of(scope, "leader") : "-", led ? "green" : "red");
        table_cell(table, 2, json_text_of(scope, "token"), NULL);
        table_cell(table, 3, json_text_of(scope, "role"), NULL);
        table_cell(table, 4, json_text_of(scope, "mode"), NULL);
        char note[192];
        if (!led)
            vacancy_text(scope, note, sizeof(note));
        else if (json_is_true(json_object_get(scope, "frozen")))
            frozen_text(scope, note, sizeof(note));
        else if (json_array_size(json_object_get(scope, "differs")) > 0)
            differs_text(json_array_get(json_object_get(scope, "differs"), 0), note, sizeof(note));
        else
            continue;
        table_cell(table, 5, note, NULL);
    }
    table_print(table, stdout);
    table_free(table);
}

/* One line a seat, in their order: who leads it, "-" if nobody does. */
static void print_holders(const json_t *answer) {
    size_t index;
    json_t *scope;
    json_array_foreach(json_object_get(answer, "scopes"), index, scope) {
        bool led = json_is_string(json_object_get(scope, "leader"));
        text_print_safe(stdout, led ? json_text_of(scope, "leader") : "-");
        putchar('\n');
    }
}

static bool is_range(const json_t *answer, const char *asked) {
    const json_t *first = json_array_get(json_object_get(answer, "scopes"), 0);
    return first != NULL && !scope_is(json_text_of(first, "scope"), asked);
}

static void print(struct leader *leader, const json_t *answer) {
    const json_t *first = json_array_get(json_object_get(answer, "scopes"), 0);
    if (leader->client.json) {
        json_print(answer);
    } else if (leader->scope == NULL || is_range(answer, leader->scope)) {
        print_table(leader, answer);
    } else if (json_array_size(json_object_get(answer, "scopes")) > 1) {
        print_holders(answer);
    } else if (json_is_string(json_object_get(first, "leader"))) {
        text_print_safe(stdout, json_text_of(first, "leader"));
        putchar('\n');
    } else if (leader->watch) {
        puts("-");
    } else if (first == NULL) {
        complain("no scope '%s' is known here", leader->scope);
    } else {
        char why[192];
        vacancy_text(first, why, sizeof(why));
        complain("nobody leads '%s': %s", leader->scope, why);
    }
}

static json_t *request(void *context) {
    const struct leader *leader = context;
    return json_pack("{s:s,s:s*}", "op", "leader", "scope", leader->scope);
}

/* What of the answer makes a change: who leads which scope in which reign. */
static json_t *essence(const json_t *answer) {
    json_t *list = json_array();
    size_t index;
    json_t *scope;
    json_array_foreach(json_object_get(answer, "scopes"), index, scope) {
        json_array_append(list, json_object_get(scope, "scope"));
        json_array_append(list, json_object_get(scope, "leader"));
        json_array_append(list, json_object_get(scope, "token"));
        json_array_append(list, json_object_get(scope, "frozen"));
    }
    return list;
}

static enum watch_verdict look(void *context, const json_t *answer) {
    struct leader *leader = context;
    if (leader->watch) {
        if (watch_changed(&leader->last, essence(answer)))
            print(leader, answer);
        return WATCH_GO_ON;
    }
    if (!all_led(leader, answer))
        return WATCH_GO_ON;
    leader->answer = json_deep_copy(answer);
    return WATCH_DONE;
}

static int wait_or_watch(struct leader *leader) {
    char what[128];
    snprintf(what, sizeof(what), "a leader%s%s", leader->scope == NULL ? "" : " of ",
             leader->scope == NULL ? "" : leader->scope);
    const struct watch watch = {
        .client = &leader->client,
        .types = "leader-elected,leader-lost,self-elected,self-deposed,split-brain-healed,scope-frozen,scope-thawed,"
                 "member-alive,member-dead,"
                 "member-left",
        .deadline = leader->wait_s > 0 ? control_now() + leader->wait_s : CONTROL_FOREVER,
        .waiting_for = leader->watch ? NULL : what,
        .request = request,
        .look = look,
        .context = leader,
    };
    int code = watch_run(&watch);
    if (code == EXIT_TIMED_OUT)
        complain("no leader within %g s", leader->wait_s);
    if (code == EXIT_DONE)
        print(leader, leader->answer);
    json_decref(leader->answer);
    free(leader->last);
    return code;
}

int cmd_leader(int argc, char **argv) {
    struct leader leader = {.scope = NULL};
    int code = options_parse(&leader_argp, argc, argv, &leader);
    if (code != EXIT_DONE)
        return code;
    if (leader.watch && leader.wait) {
        complain("--watch and --wait exclude each other");
        return EXIT_USAGE;
    }
    if (leader.wait && leader.wait_s == 0)
        leader.wait_s = leader.client.timeout_s; /* as --wait=S */
    if (leader.watch || leader.wait)
        return wait_or_watch(&leader);
    json_t *answer = NULL;
    code = control_ask_once(&leader.client, request(&leader), &answer);
    if (code == EXIT_DONE) {
        print(&leader, answer);
        code = has_leader(answer, false) ? EXIT_DONE : EXIT_NO;
    }
    json_decref(answer);
    return code;
}
