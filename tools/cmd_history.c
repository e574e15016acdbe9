/* history: who led, from when to when, and why it ended. */
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/table.h"
#include "tools/watch.h"

enum { KEY_WATCH = 0x2000 };

struct history {
    struct client_options client;
    const char *scope; /* NULL: all */
    bool watch;
    bool again; /* something has been printed */
    char *last; /* what it was */
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct history *history = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &history->client;
        return 0;
    case ARGP_KEY_ARG:
        if (history->scope != NULL)
            return options_surplus(state, value);
        history->scope = value;
        return 0;
    case KEY_WATCH:
        history->watch = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"watch", KEY_WATCH, NULL, 0, "Show it again whenever it changes", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp history_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "[SCOPE]",
    .doc = "Shows who led SCOPE, or each scope, the newest last: from when to when, with which token, why it ended, "
           "and where two leaders met after a partition. It is what this agent saw, by its own clock, since it was "
           "started: the newest 32 entries of each scope. A restart forgets it; the log does not.\v"
           "Exit code 1: no such scope is known."};

/* Where two met: how long both reigned. */
static void healed_text(const json_t *entry, char *text, size_t size) {
    const json_t *overlap = json_object_get(entry, "overlap_ms");
    if (json_is_integer(overlap))
        snprintf(text, size, "stayed; both reigned for %.1f s", (double)json_integer_value(overlap) / 1000);
    else
        snprintf(text, size, "stayed; nobody knows for how long both reigned");
}

static void table_entry(struct table *table, const char *scope, const json_t *entry) {
    char text[80];
    bool healed = strcmp(json_text_of(entry, "type"), "reign") != 0;
    bool over = json_is_string(json_object_get(entry, "until"));
    if (healed)
        healed_text(entry, text, sizeof(text));
    table_line(table);
    table_cell(table, 0, scope, NULL);
    table_cell(table, 1, json_text_of(entry, "leader"), healed || over ? NULL : "green");
    table_cell(table, 2, json_text_of(entry, healed ? "time" : "from"), NULL);
    table_cell(table, 3, healed ? json_text_of(entry, "time") : over ? json_text_of(entry, "until") : "-", NULL);
    table_cell(table, 4, healed ? text : over ? json_text_of(entry, "reason") : "leads", NULL);
    table_cell(table, 5, json_text_of(entry, "token"), NULL);
}

static void print_table(const struct history *history, const json_t *answer) {
    static const struct table_column columns[] = {{"SCOPE", false}, {"LEADER", false}, {"FROM", false},
                                                  {"UNTIL", false}, {"ENDED", false},  {"TOKEN", false},
                                                  {NULL, false}};
    struct table *table = table_create(columns, color_wanted(history->client.color, stdout));
    size_t index, number;
    json_t *scope;
    json_t *entry;
    if (table == NULL)
        return;
    json_array_foreach(json_object_get(answer, "scopes"), index, scope) {
        json_array_foreach(json_object_get(scope, "history"), number, entry) {
            table_entry(table, json_text_of(scope, "scope"), entry);
        }
    }
    table_print(table, stdout);
    table_free(table);
}

static void print(struct history *history, const json_t *answer) {
    if (history->client.json) {
        json_print(answer);
        return;
    }
    if (history->again)
        fputs(color_wanted(history->client.color, stdout) ? "\033[H\033[2J" : "\n", stdout);
    history->again = true;
    print_table(history, answer);
}

static json_t *request(void *context) {
    const struct history *history = context;
    return json_pack("{s:s,s:s*}", "op", "history", "scope", history->scope);
}

static enum watch_verdict look(void *context, const json_t *answer) {
    struct history *history = context;
    if (watch_changed(&history->last, json_copy((json_t *)answer)))
        print(history, answer);
    return WATCH_GO_ON;
}

int cmd_history(int argc, char **argv) {
    struct history history = {.scope = NULL};
    json_t *answer = NULL;
    int code = options_parse(&history_argp, argc, argv, &history);
    if (code != EXIT_DONE)
        return code;
    json_t *question = request(&history);
    if (question == NULL) {
        complain("'%s' is not UTF-8", history.scope);
        return EXIT_USAGE;
    }
    if (history.watch) {
        const struct watch watch = {
            .client = &history.client,
            .types = "leader-elected,leader-lost,split-brain-healed",
            .deadline = CONTROL_FOREVER,
            .request = request,
            .look = look,
            .context = &history,
        };
        json_decref(question);
        code = watch_run(&watch);
        free(history.last);
        return code;
    }
    code = control_ask_once(&history.client, question, &answer);
    if (code == EXIT_DONE) {
        print(&history, answer);
        if (history.scope != NULL && json_array_size(json_object_get(answer, "scopes")) == 0) {
            complain("no scope '%s' is known here", history.scope);
            code = EXIT_NO;
        }
    }
    json_decref(answer);
    return code;
}
