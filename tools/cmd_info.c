/* info: one agent, in numbers. */
#include <stdarg.h>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/watch.h"

enum { KEY_WATCH = 0x2000 };

struct info {
    struct client_options client;
    bool verbose;
    bool watch;
    bool again; /* something has been printed */
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct info *info = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &info->client;
        return 0;
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    case KEY_WATCH:
        info->watch = true;
        return 0;
    case 'v':
        info->verbose = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"verbose", 'v', NULL, 0, "Also how often each rule of the protocols was applied", 0},
    {"watch", KEY_WATCH, NULL, 0, "Show it again whenever something happens, and each second", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp info_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc =
        "Shows the agent itself: who and where it is, what it sees, and what it has sent, received and dropped since "
        "its start. --json shows all of it."};

static long long number_of(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static void line(const char *title, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(const char *title, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    printf("%-10s ", title);
    text_print_safe(stdout, text);
    putchar('\n');
}

/* One line for each entry of an object. */
static void print_entries(const char *title, json_t *object) {
    const char *shown = title; /* once */
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (json_is_integer(value))
            line(shown, "%lld %s", (long long)json_integer_value(value), key);
        else
            line(shown, "%s %s", key, json_is_string(value) ? json_string_value(value) : "-");
        shown = "";
    }
}

static void print_uptime(double seconds) {
    long long whole = (long long)seconds;
    line("uptime", "%lld d %lld h %lld min %lld s", whole / 86400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
}

/* What holds of the agent's own confinement. */
static void print_confined(const json_t *confined) {
    static const char *const names[] = {"memory", "files", "calls"};
    char text[64] = "no";
    size_t size = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (json_is_true(json_object_get(confined, names[i])))
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s", size == 0 ? "" : ", ", names[i]);
    line("confined", "%s", text);
}

static void print_text(const struct info *info, const json_t *answer) {
    const json_t *members = json_object_get(answer, "members");
    line("name", "%s", json_text_of(answer, "name"));
    line("id", "%s", json_text_of(answer, "id"));
    line("cluster", "%s", json_text_of(answer, "cluster"));
    line("state", "%s", json_text_of(answer, "state"));
    line("address", "%s, bound to %s", json_text_of(answer, "addr"), json_text_of(answer, "bound"));
    if (json_is_string(json_object_get(answer, "http")))
        line("http", "http://%s/", json_text_of(answer, "http"));
    print_confined(json_object_get(answer, "confined"));
    line("version", "%s", json_text_of(answer, "version"));
    print_uptime(json_real_value(json_object_get(answer, "uptime_s")));
    line("members", "%lld alive, %lld suspect, %lld dead, %lld left", number_of(members, "alive"),
         number_of(members, "suspect"), number_of(members, "dead"), number_of(members, "left"));
    line("view", "%s, %s", json_text_of(answer, "digest"),
         json_is_true(json_object_get(answer, "converged")) ? "converged" : "not converged");
    line("health", "%lld%s", number_of(answer, "health"), number_of(answer, "health") == 0 ? " (good)" : "");
    print_entries("leaders", json_object_get(answer, "leaders"));
    line("sent", "%lld datagrams, %lld bytes", number_of(answer, "sent"), number_of(answer, "sent_bytes"));
    line("received", "%lld datagrams, %lld bytes", number_of(answer, "received"), number_of(answer, "received_bytes"));
    print_entries("dropped", json_object_get(answer, "dropped"));
    print_entries("past bounds", json_object_get(answer, "bounds_passed"));
    if (number_of(answer, "events_lost") > 0)
        line("events", "%lld lost for want of memory", number_of(answer, "events_lost"));
    if (info->verbose)
        print_entries("rules", json_object_get(answer, "rules"));
}

static void print(struct info *info, const json_t *answer) {
    if (info->client.json) {
        json_print(answer);
        return;
    }
    if (info->again && color_wanted(info->client.color, stdout))
        fputs("\033[H\033[2J", stdout);
    else if (info->again)
        putchar('\n');
    info->again = true;
    print_text(info, answer);
}

static json_t *request(void *context) {
    (void)context;
    return json_pack("{s:s}", "op", "info");
}

static enum watch_verdict look(void *context, const json_t *answer) {
    print(context, answer);
    return WATCH_GO_ON;
}

int cmd_info(int argc, char **argv) {
    struct info info = {.verbose = false};
    json_t *answer = NULL;
    int code = options_parse(&info_argp, argc, argv, &info);
    if (code != EXIT_DONE)
        return code;
    if (info.watch) {
        const struct watch watch = {
            .client = &info.client,
            .deadline = CONTROL_FOREVER,
            .interval_s = 1,
            .request = request,
            .look = look,
            .context = &info,
        };
        return watch_run(&watch);
    }
    code = control_ask_once(&info.client, request(NULL), &answer);
    if (code == EXIT_DONE)
        print(&info, answer);
    json_decref(answer);
    return code;
}
