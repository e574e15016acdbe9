/* monitor: the ordered stream of events. */
#include <errno.h>
#include <string.h>

#include <bellwether/event.h>

#include "tools/command.h"
#include "tools/event_exec.h"
#include "tools/event_view.h"
#include "tools/json.h"
#include "tools/program.h"
#include "tools/watch.h"

enum { KEY_TYPE = 0x2000, KEY_SINCE, KEY_EXEC, KEY_LIMIT };

struct monitor {
    struct client_options client;
    json_t *types; /* NULL: all */
    bool has_since;
    uint64_t since;
    struct event_exec exec; /* program NULL: events are printed */
    bool color;
};

static error_t parse_types(struct monitor *monitor, const char *value, struct argp_state *state) {
    const char *names[BW_EVENT_COUNT + 1];
    char hint[96];
    size_t index;
    json_t *type;
    for (int i = 0; i < BW_EVENT_COUNT; i++)
        names[i] = bw_event_name((enum bw_event_type)i);
    names[BW_EVENT_COUNT] = NULL;
    json_t *list = watch_types(value);
    if (json_array_size(list) == 0) {
        json_decref(list);
        return options_mistake(state, "--type '%s': types of events are wanted, separated by commas", value);
    }
    json_array_foreach(list, index, type) {
        const char *word = json_string_value(type);
        size_t i = 0;
        while (word != NULL && names[i] != NULL && strcmp(names[i], word) != 0)
            i++;
        if (word == NULL || names[i] == NULL) {
            options_mistake(state, "--type %s: no such event%s", value,
                            nearest_hint(word == NULL ? "" : word, names, hint, sizeof(hint)));
            json_decref(list);
            return EINVAL;
        }
    }
    if (monitor->types == NULL)
        monitor->types = json_array();
    json_array_extend(monitor->types, list);
    json_decref(list);
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct monitor *monitor = state->input;
    int error;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &monitor->client;
        return 0;
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    case KEY_TYPE:
        return parse_types(monitor, value, state);
    case KEY_SINCE:
        monitor->has_since = true;
        if (!parse_number(value, 0, INT64_MAX, &monitor->since))
            return options_mistake(state, "--since %s: the seq of an event, 0 for all that are kept", value);
        return 0;
    case KEY_EXEC:
        monitor->exec.program = value;
        if ((error = program_check(value)) != 0)
            return options_mistake(state, "--exec %s: a program that can be run is wanted: %s", value, strerror(error));
        return 0;
    case KEY_LIMIT:
        if (!parse_seconds(value, &monitor->exec.limit_s) || monitor->exec.limit_s > 1e6)
            return options_mistake(state, "--exec-timeout %s: seconds, at most a million", value);
        return 0;
    case ARGP_KEY_END:
        monitor->exec.control = monitor->client.control;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"type", KEY_TYPE, "T,...", 0, "Only events of these types; repeatable", 0},
    {"since", KEY_SINCE, "N", 0,
     "Begin behind the event with seq N (0, or a number that the agent has not yet given, as it was started again: all "
     "that are kept), not with the next one",
     0},
    {"exec", KEY_EXEC, "PROGRAM", 0, "Run PROGRAM for each event, instead of showing it", 0},
    {"exec-timeout", KEY_LIMIT, "S", 0, "End PROGRAM when it has run for so many seconds (default: 30)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp monitor_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc = "Shows events as they happen, in order, until the agent goes or you stop it.\v"
           "Types: member-alive, member-suspect, member-dead, member-left, member-update, member-conflict, "
           "member-twice, member-incompatible, leader-elected, leader-lost, self-elected, self-deposed, "
           "split-brain-healed, "
           "scope-frozen, scope-thawed, converged, diverged, user-event, query, "
           "query-ack, query-response, "
           "query-end, bound-passed, keys-changed, stranger, term-refused.\n\n"
           "PROGRAM is run without a shell, one event at a time, in their order. It has the object of --json on "
           "standard input (whether --json is given or not) and "
           "each field but a payload as BELLWETHER_TYPE, BELLWETHER_NAME, BELLWETHER_LEADER_ID and so on, beside PATH, "
           "HOME, "
           "USER, LOGNAME, LANG, LC_ALL, TZ, TMPDIR and BELLWETHER_CONTROL; nothing else. Events wait at the agent "
           "meanwhile, up "
           "to 4096; who is further behind is cut off (exit code 3). What fails is told, and the next event comes."};

/* A stream that cannot begin where it was asked to says so. */
static void tell_gap(const struct monitor *monitor, const json_t *answer) {
    uint64_t oldest = (uint64_t)json_integer_value(json_object_get(answer, "oldest"));
    uint64_t newest = (uint64_t)json_integer_value(json_object_get(answer, "newest"));
    if (monitor->has_since && monitor->since > newest)
        complain("the agent has not yet had event %llu: it was started again; the stream begins with event %llu, the "
                 "oldest that it has",
                 (unsigned long long)monitor->since, (unsigned long long)oldest);
    else if (monitor->has_since && monitor->since > 0 && monitor->since + 1 < oldest)
        complain("events before %llu are no longer kept", (unsigned long long)oldest);
}

static int print_stream(const struct monitor *monitor, struct control_client *client) {
    for (;;) {
        json_t *event = NULL;
        int code = control_read(client, CONTROL_FOREVER, &event);
        if (code == EXIT_NO)
            return EXIT_DONE;
        if (code != EXIT_DONE)
            return control_complain_gone();
        if (monitor->exec.program != NULL && !event_exec_run(&monitor->exec, event))
            complain("cannot run %s for an event: %s", monitor->exec.program, strerror(errno));
        if (monitor->exec.program != NULL) {
            json_decref(event);
            continue;
        }
        if (monitor->client.json) {
            json_print(event);
        } else {
            event_print(stdout, event, monitor->color);
        }
        json_decref(event);
        if (!watch_flush(&code))
            return code;
    }
}

int cmd_monitor(int argc, char **argv) {
    struct monitor monitor = {.exec.limit_s = 30};
    struct control_client client;
    json_t *answer = NULL;
    int code = options_parse(&monitor_argp, argc, argv, &monitor);
    if (code == EXIT_DONE)
        code = control_open(&client, &monitor.client);
    if (code != EXIT_DONE) {
        json_decref(monitor.types);
        return code;
    }
    json_t *request = json_pack("{s:s,s:o*}", "op", "monitor", "types", monitor.types);
    if (monitor.has_since)
        json_object_set_new(request, "since", json_integer((json_int_t)monitor.since));
    code = control_ask(&client, request, monitor.client.timeout_s, &answer);
    if (code == EXIT_DONE) {
        tell_gap(&monitor, answer);
        monitor.color = color_wanted(monitor.client.color, stdout);
        client.prints = monitor.exec.program == NULL;
        code = print_stream(&monitor, &client);
    }
    json_decref(answer);
    control_close(&client);
    return code;
}
