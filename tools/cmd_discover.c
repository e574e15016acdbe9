/* discover: which clusters announce themselves on this LAN. It needs no agent, and sends nothing. */
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "tools/command.h"
#include "tools/discover_option.h"
#include "tools/json.h"
#include "tools/key_file.h"
#include "tools/options.h"
#include "tools/table.h"

enum { KEY_JSON = 0x2000, KEY_TIMEOUT, KEY_KEY_FILE, KEY_GROUP, KEY_INTERFACE, KEY_COLOR, HEARD_MAX = 512 };
static const double usual_s = 40; /* a member of a small cluster announces itself every 30 s, a quarter more or less */

struct discover {
    bool json;
    double timeout_s;
    const char *key_file;
    enum color_choice color;
    struct discover_option option;
    struct bw_heard heard[HEARD_MAX]; /* each member once, the newest; each address that cannot be opened once */
    size_t count;
    uint64_t left_out;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct discover *discover = state->input;
    char why[128];
    switch (key) {
    case KEY_JSON:
        discover->json = true;
        return 0;
    case KEY_TIMEOUT:
        if (!parse_seconds(value, &discover->timeout_s) || discover->timeout_s > 1e6)
            return options_mistake(state, "--timeout %s: a number of seconds above zero, at most a million", value);
        return 0;
    case KEY_KEY_FILE:
        discover->key_file = value;
        return 0;
    case KEY_GROUP:
        if (!discover_set_group(&discover->option, value, why, sizeof(why)))
            return options_mistake(state, "--group %s: %s", value, why);
        return 0;
    case KEY_INTERFACE:
        if (!discover_add_interface(&discover->option, value, why, sizeof(why)))
            return options_mistake(state, "--interface %s: %s", value, why);
        return 0;
    case KEY_COLOR:
        if (!color_parse(value, &discover->color))
            return options_mistake(state, "--color=%s: auto, always or never", value);
        return 0;
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"timeout", KEY_TIMEOUT, "S", 0, "Listen for so long (default: 40)", 0},
    {"key-file", KEY_KEY_FILE, "FILE", 0, "See inside what these keys open", 0},
    {"group", KEY_GROUP, "GROUP", 0, "Another multicast group than the usual one, as in agent --discover=GROUP", 0},
    {"interface", KEY_INTERFACE, "NAME", 0, "Listen on this interface only; repeatable", 0},
    {"json", KEY_JSON, NULL, 0, "JSON for programs", 0},
    {"color", KEY_COLOR, "WHEN", OPTION_ARG_OPTIONAL, "auto, always or never; NO_COLOR is respected", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
const struct argp discover_argp = {
    .options = list,
    .parser = parse,
    .doc =
        "Listens for agents that run with --discover, and shows which clusters are on this LAN. It needs no agent and "
        "sends nothing. With a key it shows what that opens: labels, names, addresses. Without, that somebody is "
        "there.\v"
        "Members announce themselves every 30 seconds or, in clusters of more than 30, more seldom, so that all of "
        "them together do so about once a second. Ctrl-C shows what was heard until then. Exit code 1: nobody was "
        "heard."};

static bool same_one(const struct bw_heard *a, const struct bw_heard *b) {
    if (a->opened != b->opened)
        return false;
    return a->opened ? bw_id_equal(&a->beacon.id, &b->beacon.id) && strcmp(a->beacon.cluster, b->beacon.cluster) == 0
                     : memcmp(a->from.ip, b->from.ip, sizeof(a->from.ip)) == 0;
}

static void on_heard(void *context, const struct bw_heard *heard) {
    struct discover *discover = context;
    size_t at = 0;
    while (at < discover->count && !same_one(&discover->heard[at], heard))
        at++;
    if (at == HEARD_MAX) {
        discover->left_out++;
        return;
    }
    discover->heard[at] = *heard;
    discover->count += at == discover->count;
}

static void on_problem(void *context, const char *message) {
    (void)context;
    complain("%s", message);
}

/* Clusters by their label, members by name; who cannot be opened comes last. */
static int compare(const void *a, const void *b) {
    const struct bw_heard *left = a;
    const struct bw_heard *right = b;
    if (left->opened != right->opened)
        return left->opened ? -1 : 1;
    int order = strcmp(left->beacon.cluster, right->beacon.cluster);
    order = order != 0 ? order : strcmp(left->beacon.name, right->beacon.name);
    return order != 0 ? order : memcmp(left->from.ip, right->from.ip, sizeof(left->from.ip));
}

/* The sender's address alone: its port is that of a socket for beacons. */
static void ip_text(const struct bw_addr *addr, char text[BW_ADDR_TEXT_SIZE]) {
    bw_addr_text(addr, text);
    char *colon = strrchr(text, ':');
    size_t size = colon == NULL ? strlen(text) : (size_t)(colon - text);
    bool bracket = text[0] == '[';
    memmove(text, text + bracket, size - bracket);
    text[size - 2 * (size_t)bracket] = '\0';
}

static json_t *json_member(const struct bw_heard *heard) {
    char id[BW_ID_TEXT_SIZE], addr[BW_ADDR_TEXT_SIZE];
    bw_id_text(&heard->beacon.id, id);
    bw_addr_text(&heard->beacon.addr, addr);
    return json_pack("{s:o,s:s,s:s,s:s,s:I}", "name", json_text(heard->beacon.name), "id", id, "addr", addr,
                     "interface", heard->interface, "sees", (json_int_t)heard->beacon.member_count);
}

static void print_json(const struct discover *discover) {
    json_t *clusters = json_array();
    json_t *unknown = json_array();
    json_t *members = NULL;
    for (size_t i = 0; i < discover->count; i++) {
        const struct bw_heard *heard = &discover->heard[i];
        char from[BW_ADDR_TEXT_SIZE];
        if (!heard->opened) {
            ip_text(&heard->from, from);
            json_array_append_new(unknown, json_pack("{s:s,s:s}", "from", from, "interface", heard->interface));
            continue;
        }
        if (i == 0 || strcmp(discover->heard[i - 1].beacon.cluster, heard->beacon.cluster) != 0) {
            members = json_array();
            json_array_append_new(
                clusters, json_pack("{s:o,s:o}", "cluster", json_text(heard->beacon.cluster), "members", members));
        }
        json_array_append_new(members, json_member(heard));
    }
    json_t *answer = json_pack("{s:o,s:o}", "clusters", clusters, "unknown", unknown);
    json_print(answer);
    json_decref(answer);
}

static void print_table(const struct discover *discover) {
    static const struct table_column columns[] = {{"CLUSTER", false}, {"NAME", false},      {"ADDRESS", false},
                                                  {"SEES", true},     {"INTERFACE", false}, {NULL, false}};
    struct table *table = table_create(columns, color_wanted(discover->color, stdout));
    for (size_t i = 0; i < discover->count; i++) {
        const struct bw_heard *heard = &discover->heard[i];
        char addr[BW_ADDR_TEXT_SIZE], sees[16] = "?";
        if (heard->opened) {
            bw_addr_text(&heard->beacon.addr, addr);
            snprintf(sees, sizeof(sees), "%u", heard->beacon.member_count);
        } else {
            ip_text(&heard->from, addr);
        }
        table_line(table);
        table_cell(table, 0, heard->opened ? heard->beacon.cluster : "(another key)", NULL);
        table_cell(table, 1, heard->opened ? heard->beacon.name : "?", NULL);
        table_cell(table, 2, addr, NULL);
        table_cell(table, 3, sees, NULL);
        table_cell(table, 4, heard->interface, NULL);
    }
    table_print(table, stdout);
    table_free(table);
}

static void on_timer(struct ev_loop *loop, ev_timer *watcher, int events) {
    (void)watcher;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events) {
    (void)watcher;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void listen_until_told(struct ev_loop *loop, const struct discover *discover) {
    ev_timer timer;
    ev_signal signals[2];
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "listening for %g s; Ctrl-C shows what was heard until then\n", discover->timeout_s);
    ev_timer_init(&timer, on_timer, discover->timeout_s, 0.);
    ev_timer_start(loop, &timer);
    ev_signal_init(&signals[0], on_signal, SIGINT);
    ev_signal_init(&signals[1], on_signal, SIGTERM);
    ev_signal_start(loop, &signals[0]);
    ev_signal_start(loop, &signals[1]);
    ev_run(loop, 0);
    ev_timer_stop(loop, &timer);
    ev_signal_stop(loop, &signals[0]);
    ev_signal_stop(loop, &signals[1]);
}

static int report(struct discover *discover) {
    qsort(discover->heard, discover->count, sizeof(discover->heard[0]), compare);
    if (discover->json)
        print_json(discover);
    else if (discover->count > 0)
        print_table(discover);
    else
        complain("nobody was heard in %g s: no agent runs with --discover here, or multicast is blocked",
                 discover->timeout_s);
    if (discover->left_out > 0)
        complain("more was heard than the %d that are shown", HEARD_MAX);
    return discover->count > 0 ? EXIT_DONE : EXIT_NO;
}

static int discover_with(struct discover *discover, struct ev_loop *loop) {
    struct key_text keys = {.size = 0};
    struct bw_listener *listener = NULL;
    char why[512] = "";
    if (discover->key_file != NULL && !key_file_read(discover->key_file, &keys))
        return EXIT_NO;
    struct bw_discover_config config = discover_config(&discover->option);
    config.on_heard = on_heard;
    config.on_problem = on_problem;
    config.context = discover;
    int error = bw_listener_create(&listener, loop, &config, discover->key_file == NULL ? NULL : keys.text, keys.size,
                                   why, sizeof(why));
    key_forget(&keys);
    if (error != 0) {
        complain("%s", why);
        return EXIT_NO;
    }
    listen_until_told(loop, discover);
    bw_listener_destroy(listener);
    return report(discover);
}

int cmd_discover(int argc, char **argv) {
    struct discover *discover = calloc(1, sizeof(*discover));
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    if (discover == NULL || loop == NULL) {
        complain("out of memory");
        free(discover);
        return EXIT_NO;
    }
    discover->timeout_s = usual_s;
    int code = options_parse(&discover_argp, argc, argv, discover);
    if (code == EXIT_DONE)
        code = discover_with(discover, loop);
    discover_free(&discover->option);
    free(discover);
    return code;
}
