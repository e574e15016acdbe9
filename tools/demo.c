/* The demo's story: a cluster forms, loses its leader to SIGKILL, gets it back as a follower, and sees a leader go orderly. */
#include "tools/demo.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "tools/command.h"
#include "tools/control_client.h"
#include "tools/members_table.h"
#include "tools/options.h"

enum { KEY_KEEP = 0x2000, KEY_NODES, KEY_COLOR, KEY_JSON, MISS_FACTOR = 5 };

/* What each step is expected to take, and fails at MISS_FACTOR times. */
static const double first_leader_target_s = 3;
static const double crash_target_s = 0.3;
static const double death_target_s = 2;
static const double pair_death_target_s = 6; /* of two nobody confirms: a probe, and the suspicion's full time */
static const double rejoin_target_s = 1;
static const double orderly_target_s = 0.05;
static const double turn_s = 0.002;  /* many agents on one host: the time in which each gets its turn is no less */
static const double patience_s = 20; /* how long a step is watched although it has missed its target */
static const double calm_s = 1;      /* how long nothing is done; and a returned member does not take the lead back */

/* ---- Conditions ---- */

struct agreement {
    const char *above;               /* the token that the new one must exceed; "" : any */
    const struct demo_child *except; /* who need not agree: it is dead or going */
    const char *leader;
    const char *token;
    double at; /* when the last one said so */
};

/* Whether all running agents name the same leader, newer than the last. */
static bool all_agree(struct demo *demo, void *context) {
    struct agreement *agreement = context;
    agreement->token = NULL;
    agreement->at = 0;
    for (unsigned i = 0; i < demo->count; i++) {
        const struct demo_child *child = &demo->children[i];
        if (child == agreement->except || child->pid == 0)
            continue;
        if (agreement->token == NULL) {
            agreement->token = child->token;
            agreement->leader = child->leader;
        }
        if (child->token[0] == '\0' || strcmp(child->token, agreement->token) != 0 ||
            strcmp(child->token, agreement->above) <= 0)
            return false;
        if (child->leader_at > agreement->at)
            agreement->at = child->leader_at;
    }
    return agreement->token != NULL;
}

static bool all_ready(struct demo *demo, void *context) {
    (void)context;
    for (unsigned i = 0; i < demo->count; i++)
        if (demo->children[i].pid != 0 && !demo->children[i].ready)
            return false;
    return true;
}

/* Whether everybody sees everybody. */
static bool all_alive(struct demo *demo, void *context) {
    (void)context;
    for (unsigned i = 0; i < demo->count; i++)
        for (unsigned j = 0; j < demo->count; j++)
            if (!demo->children[i].alive[j])
                return false;
    return true;
}

/* Whether nobody that runs sees the child any more. */
static bool none_sees(struct demo *demo, void *context) {
    const struct demo_child *child = context;
    for (unsigned i = 0; i < demo->count; i++)
        if (demo->children[i].pid != 0 && demo->children[i].alive[child - demo->children])
            return false;
    return true;
}

static bool formed(struct demo *demo, void *context) {
    return all_alive(demo, NULL) && all_agree(demo, context);
}

static bool leader_has_changed(struct demo *demo, void *context) {
    const char *token = context;
    for (unsigned i = 0; i < demo->count; i++)
        if (strcmp(demo->children[i].token, token) != 0)
            return true;
    return false;
}

static bool never(struct demo *demo, void *context) {
    (void)demo;
    (void)context;
    return false;
}

/* ---- Telling ---- */

/* What has been complained of, or cannot be. */
static bool stopped(struct demo *demo, const char *what) {
    demo->failure = what;
    return false;
}

/* Why a step failed: an agent's own words if it has some. */
static bool failed(struct demo *demo, const char *what) {
    if (demo->interrupted)
        return false;
    demo->failure = what;
    if (demo->view.silent)
        complain("%s", what);
    demo_result(&demo->view, false, "%s", what);
    for (unsigned i = 0; i < demo->count; i++)
        if (demo->children[i].error[0] != '\0' && demo->view.silent)
            complain("%s: %s", demo->children[i].name, demo->children[i].error);
        else if (demo->children[i].error[0] != '\0')
            demo_say(&demo->view, "    %s: %s", demo->children[i].name, demo->children[i].error);
    return false;
}

/* A step that came too late is told, and the story goes on: only the exit code remembers it. */
static void judge(struct demo *demo, struct demo_outcome *outcome, const struct demo_child *member, const char *text) {
    char took[16], target[16];
    bool good = outcome->took_s <= MISS_FACTOR * outcome->target_s;
    demo->late = demo->late || !good;
    outcome->told = true;
    outcome->passed = good;
    outcome->member = member == NULL ? NULL : member->name;
    demo_result(&demo->view, good, "%s: %s (target %s%s)", text, demo_duration(outcome->took_s, took),
                demo_duration(outcome->target_s, target), outcome->took_s > outcome->target_s ? ", missed" : "");
}

static void note_leader(struct demo_outcome *outcome, const struct agreement *agreement) {
    snprintf(outcome->leader, sizeof(outcome->leader), "%s", agreement->leader);
    snprintf(outcome->token, sizeof(outcome->token), "%s", agreement->token);
}

static void show_members(struct demo *demo, const struct demo_child *child) {
    char control[320];
    json_t *answer = NULL;
    if (demo->view.silent)
        return;
    demo_path(demo, child->name, ".sock", control, sizeof(control));
    struct client_options options = {.control = control};
    if (control_ask_once(&options, json_pack("{s:s}", "op", "members"), &answer) == EXIT_DONE) {
        putchar('\n');
        members_table_print(answer, demo->view.color);
        putchar('\n');
    }
    json_decref(answer);
    fflush(stdout);
}

/* ---- The story ---- */

static bool form(struct demo *demo, struct demo_outcome *outcome) {
    struct agreement agreement = {.above = ""};
    char text[128];
    demo_title(&demo->view, "1. %u agents start, each knowing one address, and find each other", demo->count);
    demo->view.start = control_now();
    for (unsigned i = 0; i < demo->count; i++) {
        if (!demo_start(demo, &demo->children[i]))
            return stopped(demo, "no process for an agent");
        if (i == 0 && !demo_until(demo, patience_s, all_ready, NULL))
            return failed(demo, "the first agent does not start");
    }
    if (!demo_until(demo, patience_s, formed, &agreement))
        return failed(demo, "they do not find each other and a leader");
    outcome->took_s = agreement.at - demo->view.start;
    show_members(demo, &demo->children[0]);
    snprintf(text, sizeof(text), "%s leads with token %s", agreement.leader, agreement.token);
    note_leader(outcome, &agreement);
    judge(demo, outcome, NULL, text);
    return true;
}

/* outcomes: the new leader, then the death. */
static bool crash(struct demo *demo, struct demo_child *leader, struct demo_outcome *outcomes) {
    char token[BW_TOKEN_TEXT_SIZE], text[192];
    struct agreement agreement = {.above = token, .except = leader};
    snprintf(token, sizeof(token), "%s", leader->token);
    demo_until(demo, calm_s, never, NULL); /* so that the kill comes at any point between two heartbeats */
    demo_title(&demo->view, "2. The leader's process is killed: kill -KILL %d (%s)", (int)leader->pid, leader->name);
    demo->view.narrating = true;
    demo->view.start = demo_signal(leader, SIGKILL);
    demo_reap(leader);
    if (!demo_until(demo, patience_s, all_agree, &agreement))
        return failed(demo, "the survivors do not get a new leader");
    outcomes[0].took_s = agreement.at - demo->view.start;
    snprintf(text, sizeof(text), "all survivors know: %s leads with token %s, larger than %s's", agreement.leader,
             agreement.token, leader->name);
    note_leader(&outcomes[0], &agreement);
    judge(demo, &outcomes[0], leader, text);
    bool dead = demo_until(demo, patience_s, none_sees, leader);
    demo->view.narrating = false;
    if (!dead)
        return failed(demo, "the survivors do not notice its death");
    outcomes[1].took_s = control_now() - demo->view.start;
    snprintf(text, sizeof(text), "all survivors know that %s is dead", leader->name);
    judge(demo, &outcomes[1], leader, text);
    return true;
}

static bool rejoin(struct demo *demo, struct demo_child *child, struct demo_outcome *outcome) {
    char token[BW_TOKEN_TEXT_SIZE], leader[BW_NAME_MAX + 1], text[128];
    const struct demo_child *other = child == demo->children ? child + 1 : demo->children;
    struct agreement agreement = {.above = ""};
    snprintf(token, sizeof(token), "%s", other->token);
    snprintf(leader, sizeof(leader), "%s", other->leader);
    demo_title(&demo->view, "3. %s is started again, with its state directory", child->name);
    demo->view.narrating = true;
    demo->view.start = control_now();
    bool back = demo_start(demo, child) && demo_until(demo, patience_s, formed, &agreement);
    outcome->took_s = control_now() - demo->view.start;
    demo->view.narrating = false;
    if (!back)
        return failed(demo, "it does not come back");
    snprintf(text, sizeof(text), "%s is back, and all see it", child->name);
    note_leader(outcome, &agreement);
    judge(demo, outcome, child, text);
    if (demo_until(demo, calm_s, leader_has_changed, token))
        return failed(demo, "the leader has changed, which nobody asked for");
    if (!demo->interrupted)
        demo_result(&demo->view, true, "%s does not take the lead back: %s leads on", child->name, leader);
    return !demo->interrupted;
}

static bool stop(struct demo *demo, struct demo_child *leader, struct demo_outcome *outcome) {
    char token[BW_TOKEN_TEXT_SIZE], text[192];
    struct agreement agreement = {.above = token, .except = leader};
    snprintf(token, sizeof(token), "%s", leader->token);
    demo_title(&demo->view, "4. The leader is stopped orderly: kill -TERM %d (%s)", (int)leader->pid, leader->name);
    demo->view.narrating = true;
    demo->view.start = demo_signal(leader, SIGTERM);
    bool found = demo_until(demo, patience_s, all_agree, &agreement);
    demo->view.narrating = false;
    if (!found)
        return failed(demo, "the others do not get a new leader");
    demo_reap(leader);
    outcome->took_s = agreement.at - demo->view.start;
    snprintf(text, sizeof(text), "all others know: %s leads with token %s", agreement.leader, agreement.token);
    note_leader(outcome, &agreement);
    judge(demo, outcome, leader, text);
    return true;
}

static bool tell_story(struct demo *demo, struct demo_outcome *outcomes) {
    static const char nobody[] = "the leader is none of the agents, or lost again";
    if (!form(demo, &outcomes[0]))
        return false;
    struct demo_child *first = demo_find(demo, demo->children[0].leader);
    if (first == NULL)
        return failed(demo, nobody);
    if (!crash(demo, first, &outcomes[1]) || !rejoin(demo, first, &outcomes[3]))
        return false;
    struct demo_child *second = demo_find(demo, demo->children[0].leader);
    return second != NULL ? stop(demo, second, &outcomes[4]) : failed(demo, nobody);
}

static void sum_up(const struct demo *demo, const struct demo_outcome *outcomes, size_t count) {
    char took[16], target[16];
    printf("\n  %-52s %10s %10s\n", "", "took", "target");
    for (size_t i = 0; i < count; i++)
        printf("  %-52s %10s %10s\n", outcomes[i].what, demo_duration(outcomes[i].took_s, took),
               demo_duration(outcomes[i].target_s, target));
    demo_say(&demo->view, "\nTimes: from the signal to the last agent's own event, on this program's clock.");
}

/* Where this program is, if a shell would not find it by its name. */
static void print_path(void) {
    const char *path = getenv("PATH");
    char program[512] = "";
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *slash = size > 0 ? strrchr(program, '/') : NULL;
    if (slash == NULL)
        return;
    *slash = '\0';
    const char *found = path == NULL ? NULL : strstr(path, program);
    if (found == NULL || (found[strlen(program)] != '\0' && found[strlen(program)] != ':'))
        printf("  export PATH=%s:$PATH\n", program);
}

static void explain_kept(const struct demo *demo) {
    const char *directory = demo->directory;
    unsigned running = 0;
    printf("\nThe cluster runs on. To talk to it, one agent at a time:\n\n");
    print_path();
    for (unsigned i = 0; i < demo->count; i++)
        if (demo->children[i].pid > 0 && running++ < 1)
            printf("  export BELLWETHER_CONTROL=%s/%s.sock\n  bellwether members\n  bellwether leader\n"
                   "  bellwether monitor --since 0\n",
                   directory, demo->children[i].name);
    printf("\nTo stop it:\n\n  for s in %s/*.sock; do bellwether leave --control $s; done; rm -r %s\n", directory,
           directory);
}

static double death_target(const struct demo *demo) {
    return demo->count > 2 ? death_target_s : pair_death_target_s;
}

static double orderly_target(const struct demo *demo) {
    double turns_s = demo->count * turn_s;
    return turns_s > orderly_target_s ? turns_s : orderly_target_s;
}

static int run(struct demo *demo) {
    struct demo_outcome outcomes[] = {
        {.step = "first-leader", .what = "start to the first leader known by all", .target_s = first_leader_target_s},
        {.step = "takeover", .what = "leader's process killed to new leader known by all", .target_s = crash_target_s},
        {.step = "death", .what = "leader's process killed to its death known by all", .target_s = death_target(demo)},
        {.step = "return", .what = "killed agent started again to all in agreement", .target_s = rejoin_target_s},
        {.step = "handover",
         .what = "leader stopped orderly to new leader known by all",
         .target_s = orderly_target(demo)},
    };
    bool good = demo_prepare(demo) || stopped(demo, "no temporary folder, or no key in it");
    if (good) {
        demo_say(&demo->view, "Everything lives in %s and on 127.0.0.1%s.", demo->directory,
                 demo->keep ? "" : ", and is removed at the end");
        good = tell_story(demo, outcomes);
    }
    if (demo->interrupted)
        complain("interrupted: cleaning up");
    if (demo->interrupted && !good)
        demo->failure = "interrupted";
    if (demo->view.silent)
        demo_print_json(demo, outcomes, BW_COUNT(outcomes));
    else if (good)
        sum_up(demo, outcomes, BW_COUNT(outcomes));
    if (!good || !demo->keep)
        demo_clean_up(demo);
    else if (!demo->view.silent)
        explain_kept(demo);
    return good && !demo->late ? EXIT_DONE : EXIT_NO;
}

/* ---- The command ---- */

struct demo_options {
    uint64_t nodes;
    bool keep;
    bool json;
    enum color_choice color;
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct demo_options *options = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    case KEY_KEEP:
        options->keep = true;
        return 0;
    case KEY_JSON:
        options->json = true;
        return 0;
    case KEY_NODES:
        if (!parse_number(value, DEMO_NODES_MIN, DEMO_NODES_MAX, &options->nodes))
            return options_mistake(state, "--nodes %s: from %d to %d", value, DEMO_NODES_MIN, DEMO_NODES_MAX);
        return 0;
    case KEY_COLOR:
        if (!color_parse(value, &options->color))
            return options_mistake(state, "--color=%s: auto, always or never", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"nodes", KEY_NODES, "N", 0, "So many agents (default: 5)", 0},
    {"keep", KEY_KEEP, NULL, 0, "Leave the cluster running, and say how to talk to it", 0},
    {"json", KEY_JSON, NULL, 0, "JSON for programs: one object, at the end", 0},
    {"color", KEY_COLOR, "WHEN", OPTION_ARG_OPTIONAL, "auto, always or never; NO_COLOR is respected", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
const struct argp demo_argp = {
    .options = option_list,
    .parser = parse,
    .doc = "Starts a real cluster on this host, kills its leader, and shows who takes over, after how long. Nothing is "
           "left behind. Exit code 1: something did not happen, or took more than five times its target.\v"
           "--json prints nodes, passed (what the exit code says), failure (what did not happen, or null), steps, and, "
           "with --keep, directory and controls (the sockets of those that run). A step has step (first-leader, "
           "takeover, death, return, handover), what (the same in words), took_ms, target_ms, passed (within five "
           "times the target), member (whom it is about, or null) and leader and token at its end (null: not asked)."};

int cmd_demo(int argc, char **argv) {
    struct demo_options options = {.nodes = 5};
    int code = options_parse(&demo_argp, argc, argv, &options);
    if (code != EXIT_DONE)
        return code;
    struct demo *demo = calloc(1, sizeof(*demo));
    if (demo == NULL) {
        complain("out of memory");
        return EXIT_NO;
    }
    demo->count = (unsigned)options.nodes;
    demo->keep = options.keep;
    demo->view.silent = options.json;
    demo->view.color = color_wanted(options.color, stdout);
    demo->view.utf8 = text_is_utf8();
    for (unsigned i = 0; i < demo->count; i++) {
        snprintf(demo->children[i].name, sizeof(demo->children[i].name), demo->count < 10 ? "n%u" : "n%02u", i + 1);
        demo->children[i].fd = -1;
    }
    code = run(demo);
    free(demo);
    return code;
}
