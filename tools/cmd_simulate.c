/* simulate: a whole cluster in this process, with virtual time, faults and figures. */
#include <string.h>

#include "tools/command.h"
#include "tools/options.h"
#include "tools/scope_option.h"
#include "tools/simulate.h"
#include "tools/timeline_page.h"

enum {
    KEY_NODES = 0x3000,
    KEY_DURATION,
    KEY_PROFILE,
    KEY_LOSS,
    KEY_LATENCY,
    KEY_DUPLICATE,
    KEY_REORDER,
    KEY_SET,
    KEY_FAULT,
    KEY_FAULTS,
    KEY_STOPPED,
    KEY_STOPPED_FOR,
    KEY_SEED,
    KEY_RUNS,
    KEY_SWEEP,
    KEY_SWARM,
    KEY_FAILOVER,
    KEY_PREEMPT,
    KEY_MODE,
    KEY_NO_STATE,
    KEY_NO_SCOPE,
    KEY_FORBID_OVERLAP,
    KEY_EXTRA_TICKS,
    KEY_TIMELINE,
    KEY_TRACE,
    KEY_JSON,
    KEY_COLOR,
};

struct simulate {
    struct simulation simulation;
    struct sweep sweeps[SIMULATE_SWEEPS_MAX];
    size_t sweep_count;
    uint64_t seed;
    uint64_t runs;
    bool swarm;
    uint64_t swarm_count; /* 0: for so long */
    int64_t swarm_us;
    bool json;
    enum color_choice color;
    const char *sets[SIMULATE_SETS_MAX]; /* they apply above the profile, wherever it stands */
    size_t set_count;
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "The cluster:", 1},
    {"nodes", KEY_NODES, "N", 0, "So many nodes, n0 to n<N-1> (default: 5)", 1},
    {"duration", KEY_DURATION, "TIME", 0, "So much virtual time (default: 60s)", 1},
    {"profile", KEY_PROFILE, "NAME", 0, "local, lan or wan (default: lan)", 1},
    {"set", KEY_SET, "PARAM=VALUE", 0, "Set a parameter; repeatable; 'bellwether help parameters' lists them", 1},
    {"mode", KEY_MODE, "MODE", 0,
     "priority, bully or quorum, as in an agent's --scope (default: priority); in quorum mode the first five, or three "
     "of fewer, vote",
     1},
    {"failover", KEY_FAILOVER, "HOW", 0, "fast or safe, as in an agent's --scope (default: fast)", 1},
    {"preempt", KEY_PREEMPT, "MS", 0, "never, or the hold-down, as in an agent's --scope (default: 10000)", 1},
    {"no-scope", KEY_NO_SCOPE, NULL, 0, "Membership alone: nobody leads", 1},
    {"no-state", KEY_NO_STATE, NULL, 0, "Nodes have no state directories", 1},
    {NULL, 0, NULL, 0, "The network:", 2},
    {"latency", KEY_LATENCY, "TIME[..TIME]", 0, "One way (default: 100us..300us)", 2},
    {"loss", KEY_LOSS, "PERCENT", 0, "Of all datagrams", 2},
    {"duplicate", KEY_DUPLICATE, "PERCENT", 0, "Arrive twice", 2},
    {"reorder", KEY_REORDER, "PERCENT", 0, "Are held back by up to 5ms", 2},
    {NULL, 0, NULL, 0, "What goes wrong:", 3},
    {"fault", KEY_FAULT, "FAULT", 0, "KIND:WHERE[:VALUE]@TIME[-TIME]; repeatable; see below", 3},
    {"faults", KEY_FAULTS, "FILE", 0, "One fault a line; # begins a comment", 3},
    {"stopped", KEY_STOPPED, "N", 0, "N members, drawn, are stopped together at 20s", 3},
    {"stopped-for", KEY_STOPPED_FOR, "TIME", 0, "... for so long (default: 10s)", 3},
    {NULL, 0, NULL, 0, "Runs:", 4},
    {"seed", KEY_SEED, "N", 0, "The first run's seed (default: 1): the same seed gives the same run", 4},
    {"runs", KEY_RUNS, "N", 0, "So many runs, each with the next seed (default: 1)", 4},
    {"sweep", KEY_SWEEP, "NAME=VALUES", 0,
     "A line for each value of loss, latency, nodes, stopped, stopped-for, ... or a parameter: loss=0..40:10, "
     "stopped=1,4,8. Up to three times: all combinations",
     4},
    {"swarm", KEY_SWARM, "N|TIME", 0,
     "So many random scenarios, or for so long; prints a command for each that breaks an invariant", 4},
    {"forbid-overlap", KEY_FORBID_OVERLAP, NULL, 0, "Two that may lead at one time break an invariant", 4},
    {"extra-ticks", KEY_EXTRA_TICKS, "PERCENT", 0, "Needless ticks after so many calls; nothing may change by them", 4},
    {NULL, 0, NULL, 0, "What is printed:", 5},
    {"json", KEY_JSON, NULL, 0, "JSON for programs; a sweep: an object a line", 5},
    {"timeline", KEY_TIMELINE, "PAGE", 0,
     "Draw one run as an HTML page: the first that broke an invariant, else the first", 5},
    {"trace", KEY_TRACE, NULL, 0, "Each event, fault and rule, on standard error", 5},
    {"color", KEY_COLOR, "WHEN", OPTION_ARG_OPTIONAL, "auto, always or never; NO_COLOR is respected", 5},
    {NULL, 0, NULL, 0, NULL, 0},
};

/* The option of this key, without its dashes. */
static const char *name_of(int key) {
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].key == key && options[i].name != NULL)
            return options[i].name;
    return "";
}

static error_t add_fault(struct simulate *simulate, const char *text, struct argp_state *state) {
    char why[256];
    if (!simulation_add_fault(&simulate->simulation, text, "--fault", why, sizeof(why)))
        return options_mistake(state, "--fault %s: %s", text, why);
    return 0;
}

static error_t add_sweep(struct simulate *simulate, const char *text, struct argp_state *state) {
    char why[512];
    if (simulate->sweep_count == SIMULATE_SWEEPS_MAX)
        return options_mistake(state, "--sweep %s: at most %d sweeps at one time", text, SIMULATE_SWEEPS_MAX);
    if (!sweep_parse(text, &simulate->sweeps[simulate->sweep_count], why, sizeof(why)))
        return options_mistake(state, "--sweep %s: %s", text, why);
    simulate->sweep_count++;
    return 0;
}

static error_t check_set(struct simulate *simulate, const char *value, struct argp_state *state) {
    struct simulation probe;
    char why[256];
    simulation_init(&probe);
    if (!simulation_set(&probe, "set", value, why, sizeof(why)))
        return options_mistake(state, "--set %s: %s", value, why);
    if (simulate->set_count == SIMULATE_SETS_MAX)
        return options_mistake(state, "--set %s: at most %d parameters can be set", value, SIMULATE_SETS_MAX);
    simulate->sets[simulate->set_count++] = value;
    return 0;
}

static error_t set_swarm(struct simulate *simulate, const char *value, struct argp_state *state) {
    simulate->swarm = true;
    if (parse_number(value, 1, 1000000000, &simulate->swarm_count))
        return 0;
    simulate->swarm_count = 0;
    if (!bw_time_parse(value, &simulate->swarm_us) || simulate->swarm_us == 0)
        return options_mistake(state, "--swarm %s: a number of scenarios, 200, or a time, 10m", value);
    return 0;
}

static error_t finish(struct simulate *simulate, struct argp_state *state) {
    char why[256];
    if (simulate->swarm &&
        (simulate->simulation.fault_count > 0 || simulate->sweep_count > 0 || simulate->set_count > 0))
        return options_mistake(state, "--swarm draws its own faults and settings: only --seed goes with it");
    for (size_t i = 0; i < simulate->set_count; i++)
        if (!simulation_set(&simulate->simulation, "set", simulate->sets[i], why, sizeof(why)))
            return options_mistake(state, "--set %s: %s", simulate->sets[i], why);
    if (simulate->simulation.timeline != NULL && simulate->sweep_count > 0)
        return options_mistake(state, "--timeline draws one run, --sweep makes many settings' runs: one of them");
    if (simulate->simulation.timeline != NULL && simulate->simulation.nodes > TIMELINE_MEMBER_MAX)
        return options_mistake(state, "--timeline: a page takes at most %u nodes", TIMELINE_MEMBER_MAX);
    bool any = simulate->simulation.fault_count > 0 || simulate->simulation.stopped > 0;
    for (size_t i = 0; i < simulate->sweep_count; i++)
        any = any || strncmp(simulate->sweeps[i].name, "stopped", strlen("stopped")) == 0;
    for (size_t i = 0; i < simulate->sweep_count && simulate->simulation.stopped == 0; i++)
        if (strcmp(simulate->sweeps[i].name, "stopped-for") == 0)
            simulate->simulation.stopped = 1;
    if (any || simulate->sweep_count == 0)
        return 0;
    char crash[48], half[24];
    bw_time_text(simulate->simulation.duration_us / 2000 * 1000, half, sizeof(half));
    snprintf(crash, sizeof(crash), "crash:any@%s", half);
    return add_fault(simulate, crash, state);
}

static error_t parse_switch(int key, char *value, struct argp_state *state) {
    struct simulate *simulate = state->input;
    switch (key) {
    case KEY_NO_STATE:
        simulate->simulation.no_state = true;
        return 0;
    case KEY_NO_SCOPE:
        simulate->simulation.no_scope = true;
        return 0;
    case KEY_FORBID_OVERLAP:
        simulate->simulation.forbid_overlap = true;
        return 0;
    case KEY_TIMELINE:
        simulate->simulation.timeline = value;
        return 0;
    case KEY_TRACE:
        simulate->simulation.trace = true;
        return 0;
    case KEY_JSON:
        simulate->json = true;
        return 0;
    case KEY_FAILOVER:
        simulate->simulation.safe = strcmp(value, "safe") == 0;
        if (!simulate->simulation.safe && strcmp(value, "fast") != 0)
            return options_mistake(state, "--failover %s: fast or safe", value);
        return 0;
    case KEY_MODE:
        if (!mode_parse(value, &simulate->simulation.mode))
            return options_mistake(state, "--mode %s: priority, bully or quorum", value);
        return 0;
    case KEY_PREEMPT:
        if (!preempt_parse(value, &simulate->simulation.preempt_ms))
            return options_mistake(state, "--preempt %s: never, or a number of milliseconds up to a day", value);
        return 0;
    case KEY_COLOR:
        if (!color_parse(value, &simulate->color))
            return options_mistake(state, "--color=%s: auto, always or never", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct simulate *simulate = state->input;
    char why[256];
    switch (key) {
    case ARGP_KEY_ARG:
        return options_surplus(state, value);
    case ARGP_KEY_END:
        return finish(simulate, state);
    case KEY_FAULT:
        return add_fault(simulate, value, state);
    case KEY_FAULTS:
        return simulation_read_faults(&simulate->simulation, value) ? 0 : options_told(state);
    case KEY_SWEEP:
        return add_sweep(simulate, value, state);
    case KEY_SWARM:
        return set_swarm(simulate, value, state);
    case KEY_SET:
        return check_set(simulate, value, state);
    case KEY_SEED:
        if (!parse_number(value, 0, INT64_MAX, &simulate->seed))
            return options_mistake(state, "--seed %s: a whole number", value);
        return 0;
    case KEY_RUNS:
        if (!parse_number(value, 1, 100000, &simulate->runs))
            return options_mistake(state, "--runs %s: a number of runs from 1 to 100000", value);
        return 0;
    case KEY_NODES:
    case KEY_DURATION:
    case KEY_PROFILE:
    case KEY_LOSS:
    case KEY_LATENCY:
    case KEY_DUPLICATE:
    case KEY_REORDER:
    case KEY_STOPPED:
    case KEY_STOPPED_FOR:
    case KEY_EXTRA_TICKS:
        if (!simulation_set(&simulate->simulation, name_of(key), value, why, sizeof(why)))
            return options_mistake(state, "--%s %s: %s", name_of(key), value, why);
        return 0;
    default:
        return parse_switch(key, value, state);
    }
}

static char *help_filter(int key, const char *text, void *input) {
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)(uintptr_t)text;
    char *help = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&help, &size);
    if (to == NULL)
        return NULL;
    fputs("Faults:\n", to);
    for (int i = 0; i < BW_FAULT_KIND_COUNT; i++)
        fprintf(to, "  %s\n      %s\n", bw_fault_form((enum bw_fault_kind)i), bw_fault_meaning((enum bw_fault_kind)i));
    fputs("HOSTS: n0; n1,n4..n6; any3 (drawn by the seed); leader (who leads then); all\n"
          "LINK: n1-n2; n1>n2 (one way). WHERE: HOSTS or LINK. TIME: 30s, 500ms, 1.5m, 2h\n\n"
          "Exit codes: 0 done; 1 an invariant broke: the command that repeats it is printed; 2 usage.\n"
          "docs/SIMULATOR.md says more.",
          to);
    fclose(to);
    return help;
}

const struct argp simulate_argp = {
    .options = options,
    .parser = parse,
    .doc =
        "Runs a whole cluster in one process with virtual time: the real protocol over a network that does what it is "
        "told. Prints what was noticed when, who was accused wrongly, and what it costs.\v",
    .help_filter = help_filter,
};

int cmd_simulate(int argc, char **argv) {
    struct simulate simulate = {.seed = 1, .runs = 1};
    struct simulate_outcome outcome;
    simulation_init(&simulate.simulation);
    int code = options_parse(&simulate_argp, argc, argv, &simulate);
    bool color = color_wanted(simulate.color, stdout);
    if (code == EXIT_DONE && simulate.swarm) {
        code =
            simulate_swarm(simulate.seed, simulate.swarm_count, simulate.swarm_us, simulate.simulation.forbid_overlap);
    } else if (code == EXIT_DONE && simulate.sweep_count > 0) {
        code = simulate_sweep(&simulate.simulation, simulate.sweeps, simulate.sweep_count, simulate.seed, simulate.runs,
                              simulate.json, color);
    } else if (code == EXIT_DONE && !simulate_runs(&simulate.simulation, simulate.seed, simulate.runs, &outcome)) {
        code = EXIT_USAGE;
    } else if (code == EXIT_DONE) {
        if (simulate.json)
            simulate_print_json(&simulate.simulation, &outcome);
        else
            simulate_print_table(&simulate.simulation, &outcome, color);
        code = outcome.broken_count > 0 || outcome.unsaved ? EXIT_NO : EXIT_DONE;
        simulate_outcome_free(&outcome);
    }
    for (size_t i = 0; i < simulate.sweep_count; i++)
        sweep_free(&simulate.sweeps[i]);
    simulation_free(&simulate.simulation);
    return code;
}
