/* doctor: why does my cluster not work. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/control_path.h"
#include "tools/control_poll.h"
#include "tools/doctor.h"
#include "tools/json.h"
#include "tools/log.h"

enum { KEY_CONFIG = 0x2000, LOOKS_MAX = 256, EVENTS_MAX = 4096 };
static const double PATIENCE_S = 15; /* what asking all members takes at most, and more */

struct options {
    struct client_options client;
    const char *config;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->client;
        return 0;
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    case KEY_CONFIG:
        options->config = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list[] = {
    {"config", KEY_CONFIG, "FILE", 0,
     "Where no agent runs: look at this configuration (default: /etc/bellwether/bellwether.conf, if it is there)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_child children[] = {{&client_json_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp doctor_argp = {
    .options = list,
    .parser = parse,
    .children = children,
    .doc = "Says what is wrong with the cluster as seen from this agent, where, and what mends it: datagrams that do "
           "not get "
           "through to a member or back, with the direction; full-sized ones that do not; members that do not answer; "
           "other "
           "keys, cluster labels, protocol versions; names given twice; clocks; an agent that is held up; rights of "
           "files; "
           "multicast; scopes without a leader. It takes up to three seconds. Of what lies between two others a doctor "
           "there "
           "knows more. Where no agent runs it looks at the configuration, the port and the addresses to join.\v"
           "Exit code 0: nothing is wrong, though there may be notes; 1: something is; 3: no agent runs here (what was "
           "found "
           "all the same is printed); 4: the agent does not answer; 5: it refuses."};

/* ------------------------------------------------------------------ asking the agent */

static int ask(const struct doctor *doctor, struct control_client *client, json_t *request, json_t **answer) {
    return control_ask(client, request, doctor->client->timeout_s, answer);
}

/* Quiet where there is no agent: that is a finding. */
static int open_agent(const struct doctor *doctor, struct control_client *client) {
    int code = control_open(client, doctor->client);
    if (code == EXIT_TIMED_OUT)
        complain("the agent does not answer");
    return code;
}

static bool is_unusual(const json_t *event) {
    static const char *const types[] = {"stranger", "member-conflict", "member-incompatible", "term-refused",
                                        "member-twice"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(json_text_of(event, "type"), types[i]) == 0)
            return true;
    return false;
}

/* What is unusual among the events that the agent remembers now; it may go on sending others without end. */
static int ask_events(struct doctor *doctor) {
    struct control_client client;
    json_t *head = NULL;
    int code = open_agent(doctor, &client);
    if (code != EXIT_DONE)
        return code;
    double deadline = control_now() + (doctor->client->timeout_s > 0 ? doctor->client->timeout_s : CONTROL_TIMEOUT_S);
    code = ask(doctor, &client, json_pack("{s:s,s:i}", "op", "monitor", "since", 0), &head);
    json_int_t newest = json_integer_value(json_object_get(head, "newest"));
    bool more = code == EXIT_DONE && json_integer_value(json_object_get(head, "oldest")) <= newest;
    json_decref(head);
    bool readable = true;
    while (more && readable && control_now() < deadline && json_array_size(doctor->events) < EVENTS_MAX) {
        json_t *event = NULL;
        readable = control_read(&client, deadline, &event) == EXIT_DONE;
        more = !readable || json_integer_value(json_object_get(event, "seq")) < newest;
        if (is_unusual(event))
            json_array_append(doctor->events, event);
        json_decref(event);
    }
    control_close(&client);
    if (more)
        doctor_say(doctor,
                   &(struct doctor_finding){DOCTOR_NOTE, "events", doctor_self(doctor),
                                            control_now() >= deadline ? "a longer --timeout" : NULL},
                   "not all events that the agent remembers were read: the newest are not looked at");
    return code;
}

static void ask_unstable(struct doctor *doctor, struct control_client *client) {
    size_t index;
    json_t *member;
    json_array_foreach(json_object_get(doctor->members, "members"), index, member) {
        json_t *why = NULL;
        if (index >= LOOKS_MAX || doctor->unstable_count >= sizeof(doctor->unstable) / sizeof(doctor->unstable[0]))
            return;
        int code = ask(doctor, client, json_pack("{s:s,s:s}", "op", "why", "name", json_text_of(member, "id")), &why);
        if (json_is_true(json_object_get(why, "unstable")))
            doctor->unstable[doctor->unstable_count++] = json_text_of(member, "name");
        json_decref(why);
        if (code != EXIT_DONE && code != EXIT_NO) /* it may be gone since the members were told */
            return;
    }
}

/* Has the agent try all members; in the time that --timeout gives, if it does. */
static int ask_paths(struct doctor *doctor) {
    struct client_options patient = *doctor->client;
    patient.quiet = false;
    if (patient.timeout_s <= 0)
        patient.timeout_s = PATIENCE_S;
    int code = control_poll(&patient, json_pack("{s:s,s:b}", "op", "paths", "start", 1),
                            json_pack("{s:s}", "op", "paths"), &doctor->paths);
    if (code == EXIT_TIMED_OUT && doctor->paths != NULL)
        complain("the agent has not tried all members in %g s", patient.timeout_s);
    return code;
}

static int ask_all(struct doctor *doctor) {
    struct control_client client;
    static const char *const ops[] = {"info", "setup", "members", "leader", "reachability"};
    json_t **answers[] = {&doctor->info, &doctor->setup, &doctor->members, &doctor->leader, &doctor->reachability};
    int code = open_agent(doctor, &client);
    if (code != EXIT_DONE)
        return code;
    code = ask(doctor, &client, json_pack("{s:s}", "op", "info"), &doctor->info);
    if (code == EXIT_DONE && strcmp(json_text_of(doctor->info, "state"), "member") == 0)
        code = ask_paths(doctor);
    for (size_t i = 0; code == EXIT_DONE && i < sizeof(ops) / sizeof(ops[0]); i++) {
        json_decref(*answers[i]);
        *answers[i] = NULL;
        code = ask(doctor, &client, json_pack("{s:s}", "op", ops[i]), answers[i]);
    }
    if (code == EXIT_DONE)
        ask_unstable(doctor, &client);
    control_close(&client);
    return code == EXIT_DONE ? ask_events(doctor) : code;
}

/* ------------------------------------------------------------------ no agent */

static void say_no_agent(struct doctor *doctor) {
    char path[CONTROL_PATH_SIZE];
    control_path_default(path);
    if (doctor->client->control != NULL)
        snprintf(path, sizeof(path), "%s", doctor->client->control);
    else if (access(path, F_OK) != 0 && !control_path_is_given() && access(CONTROL_PATH_SYSTEM, F_OK) == 0)
        snprintf(path, sizeof(path), CONTROL_PATH_SYSTEM);
    bool denied = access(path, F_OK) == 0 && access(path, R_OK | W_OK) != 0;
    bool stale = access(path, F_OK) == 0 && !denied;
    doctor_say(
        doctor,
        &(struct doctor_finding){DOCTOR_PROBLEM, "agent", path,
                                 denied ? "run the doctor as the agent's user, or as root"
                                        : "start it: 'bellwether agent', or systemctl start bellwether; or say where "
                                          "its control socket is with --control"},
        denied  ? "the agent's control socket is another user's"
        : stale ? "no agent listens at its control socket: it was killed, or has crashed; its log says more"
                : "no agent runs here: there is no control socket");
}

static const char *default_config(void) {
    static const char usual[] = "/etc/bellwether/bellwether.conf";
    return access(usual, R_OK) == 0 ? usual : NULL;
}

/* ------------------------------------------------------------------ printing */

static void print_text(const struct doctor *doctor) {
    static const struct {
        const char *level, *shown, *color;
    } levels[] = {
        {"problem", "PROBLEM", "\033[1;31m"}, {"note", "note   ", "\033[33m"}, {"fine", "fine   ", "\033[32m"}};
    bool color = color_wanted(doctor->client->color, stdout);
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        size_t index;
        json_t *finding;
        json_array_foreach(doctor->findings, index, finding) {
            const char *mend = json_string_value(json_object_get(finding, "mend"));
            if (strcmp(json_text_of(finding, "level"), levels[i].level) != 0)
                continue;
            printf("%s%s%s  ", color ? levels[i].color : "", levels[i].shown, color ? "\033[m" : "");
            text_print_safe(stdout, json_text_of(finding, "where"));
            fputs(": ", stdout);
            text_print_safe(stdout, json_text_of(finding, "what"));
            putchar('\n');
            if (mend != NULL) {
                fputs("         mend: ", stdout);
                text_print_safe(stdout, mend);
                putchar('\n');
            }
        }
    }
}

static void print(struct doctor *doctor) {
    if (doctor->client->json) {
        json_t *result = json_pack("{s:b,s:O?,s:O}", "healthy", doctor->problems == 0, "name",
                                   json_object_get(doctor->info, "name"), "findings", doctor->findings);
        json_print(result);
        json_decref(result);
    } else {
        print_text(doctor);
    }
}

static void forget(struct doctor *doctor) {
    json_t *all[] = {doctor->findings, doctor->info,   doctor->setup,  doctor->paths,
                     doctor->members,  doctor->leader, doctor->events, doctor->reachability};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        json_decref(all[i]);
}

int cmd_doctor(int argc, char **argv) {
    struct options options = {.config = NULL};
    struct doctor doctor = {
        .client = &options.client, .findings = json_array(), .events = json_array(), .now_s = (int64_t)time(NULL)};
    int code = options_parse(&doctor_argp, argc, argv, &options);
    if (code == EXIT_DONE) {
        options.client.quiet = true;
        code = ask_all(&doctor);
    }
    if (code == EXIT_NO_AGENT) {
        say_no_agent(&doctor);
        doctor_look_alone(&doctor, options.config != NULL ? options.config : default_config());
        print(&doctor);
    } else if (code == EXIT_DONE) {
        doctor_look_at_paths(&doctor);
        doctor_look_at_state(&doctor);
        doctor_look_at_files(&doctor);
        print(&doctor);
        code = doctor.problems > 0 ? EXIT_NO : EXIT_DONE;
    }
    forget(&doctor);
    return code;
}
