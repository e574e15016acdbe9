/* The settings of a simulation: defaults, one by one by name, and together. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/agent_options.h"
#include "tools/simulate.h"
#include "tools/text.h"

#define STOPPED_AT_US (20 * BW_US_PER_S)
#define LINE_MAX_SIZE 512

void simulation_init(struct simulation *simulation) {
    memset(simulation, 0, sizeof(*simulation));
    simulation->nodes = 5;
    simulation->duration_us = 60 * BW_US_PER_S;
    simulation->profile = BW_PROFILE_LAN;
    simulation->latency_us = 100;
    simulation->latency_max_us = 300;
    simulation->stopped_for_us = 10 * BW_US_PER_S;
    simulation->preempt_ms = SIMULATE_PREEMPT_MS;
}

void simulation_free(struct simulation *simulation) {
    for (size_t i = 0; i < simulation->fault_count; i++) {
        free(simulation->faults[i].text);
        free(simulation->faults[i].origin);
    }
    free(simulation->faults);
}

bool simulation_add_fault(struct simulation *simulation, const char *text, const char *origin, char *why,
                          size_t why_size) {
    if (simulation->fault_count == BW_FAULT_MAX) {
        snprintf(why, why_size, "at most %u faults can be planned", BW_FAULT_MAX);
        return false;
    }
    struct simulate_fault *faults =
        realloc(simulation->faults, (simulation->fault_count + 1) * sizeof(simulation->faults[0]));
    struct simulate_fault added = {strdup(text), strdup(origin)};
    if (faults != NULL)
        simulation->faults = faults;
    if (faults == NULL || added.text == NULL || added.origin == NULL) {
        free(added.text);
        free(added.origin);
        snprintf(why, why_size, "out of memory");
        return false;
    }
    simulation->faults[simulation->fault_count++] = added;
    return true;
}

/* Without blanks around it, and without the comment. */
static char *trimmed(char *line) {
    line[strcspn(line, "#\r\n")] = '\0';
    line += strspn(line, " \t");
    size_t size = strlen(line);
    while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\t'))
        line[--size] = '\0';
    return line;
}

bool simulation_read_faults(struct simulation *simulation, const char *path) {
    char line[LINE_MAX_SIZE];
    char origin[LINE_MAX_SIZE];
    char with_colon[LINE_MAX_SIZE];
    char why[256];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        complain("%s cannot be read: %s", path, strerror(errno));
        return false;
    }
    bool good = true;
    for (unsigned number = 1; good && fgets(line, sizeof(line), file) != NULL; number++) {
        snprintf(origin, sizeof(origin), "%s:%u", path, number);
        snprintf(with_colon, sizeof(with_colon), "%s:%u:", path, number);
        if (strchr(line, '\n') == NULL && strlen(line) == sizeof(line) - 1) {
            complain("%s: the line is longer than %d bytes", origin, LINE_MAX_SIZE - 2);
            good = false;
            break;
        }
        char *text = trimmed(line);
        if (*text != '\0' && !simulation_add_fault(simulation, text, with_colon, why, sizeof(why))) {
            complain("%s: %s", origin, why);
            good = false;
        }
    }
    if (good && ferror(file)) {
        complain("%s cannot be read: %s", path, strerror(errno));
        good = false;
    }
    fclose(file);
    return good;
}

static bool wrong(char *why, size_t why_size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool wrong(char *why, size_t why_size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, why_size, format, arguments);
    va_end(arguments);
    return false;
}

/* "2ms", or "1ms..20ms": as even chance has it. */
static bool set_latency(struct simulation *simulation, const char *value, char *why, size_t why_size) {
    char least[SIMULATE_VALUE_SIZE];
    const char *dots = strstr(value, "..");
    size_t size = dots != NULL ? (size_t)(dots - value) : strlen(value);
    snprintf(least, sizeof(least), "%.*s", (int)size, value);
    if (size >= sizeof(least) || !bw_time_parse(least, &simulation->latency_us) ||
        !bw_time_parse(dots != NULL ? dots + 2 : least, &simulation->latency_max_us) ||
        simulation->latency_max_us < simulation->latency_us || simulation->latency_max_us > 1000 * BW_US_PER_S)
        return wrong(why, why_size, "a time one way, 2ms, or two between which it lies, 1ms..20ms");
    return true;
}

static bool set_share(uint32_t *ppm, const char *value, char *why, size_t why_size) {
    return bw_percent_parse(value, ppm) ? true : wrong(why, why_size, "a share, 0%% to 100%%");
}

static bool set_profile(struct simulation *simulation, const char *value, char *why, size_t why_size) {
    static const char *const names[] = {"local", "lan", "wan"};
    for (size_t i = 0; i < BW_COUNT(names); i++)
        if (strcmp(names[i], value) == 0) {
            simulation->profile = (enum bw_profile)i;
            return true;
        }
    return wrong(why, why_size, "local, lan or wan");
}

static bool set_param(struct simulation *simulation, const char *name, const char *value, char *why, size_t why_size) {
    char text[96];
    struct bw_params params;
    struct bw_config config;
    bw_config_init(&config, simulation->profile);
    params = config.params;
    int size =
        value != NULL ? snprintf(text, sizeof(text), "%s=%s", name, value) : snprintf(text, sizeof(text), "%s", name);
    if (size < 0 || (size_t)size >= sizeof(text) || simulation->set_count == SIMULATE_SETS_MAX)
        return wrong(why, why_size, "at most %d parameters can be set, in a line each", SIMULATE_SETS_MAX);
    if (!agent_options_apply_set(&params, text, why, why_size))
        return false;
    memcpy(simulation->sets[simulation->set_count++], text, sizeof(text));
    return true;
}

bool simulation_set(struct simulation *simulation, const char *name, const char *value, char *why, size_t why_size) {
    if (strcmp(name, "nodes") == 0)
        return parse_number(value, 1, SIMULATE_NODES_MAX, &simulation->nodes)
                   ? true
                   : wrong(why, why_size, "a number of nodes from 1 to %d", SIMULATE_NODES_MAX);
    if (strcmp(name, "duration") == 0)
        return bw_time_parse(value, &simulation->duration_us) && simulation->duration_us > 0
                   ? true
                   : wrong(why, why_size, "a time above zero: 30s, 500ms, 1.5m, 2h");
    if (strcmp(name, "loss") == 0)
        return set_share(&simulation->loss_ppm, value, why, why_size);
    if (strcmp(name, "duplicate") == 0)
        return set_share(&simulation->duplicate_ppm, value, why, why_size);
    if (strcmp(name, "reorder") == 0)
        return set_share(&simulation->reorder_ppm, value, why, why_size);
    if (strcmp(name, "extra-ticks") == 0)
        return set_share(&simulation->extra_tick_ppm, value, why, why_size);
    if (strcmp(name, "latency") == 0)
        return set_latency(simulation, value, why, why_size);
    if (strcmp(name, "profile") == 0)
        return set_profile(simulation, value, why, why_size);
    if (strcmp(name, "set") == 0)
        return set_param(simulation, value, NULL, why, why_size);
    if (strcmp(name, "stopped") == 0)
        return parse_number(value, 0, SIMULATE_NODES_MAX, &simulation->stopped)
                   ? true
                   : wrong(why, why_size, "a number of members that are stopped together");
    if (strcmp(name, "stopped-for") == 0)
        return bw_time_parse(value, &simulation->stopped_for_us) && simulation->stopped_for_us > 0
                   ? true
                   : wrong(why, why_size, "a time above zero: 500ms, 8s");
    return set_param(simulation, name, value, why, why_size);
}

static bool resolve_params(const struct simulation *simulation, struct bw_params *params) {
    char why[256];
    const char *reason;
    for (size_t i = 0; i < simulation->set_count; i++)
        if (!agent_options_apply_set(params, simulation->sets[i], why, sizeof(why))) {
            complain("--set %s: %s", simulation->sets[i], why);
            return false;
        }
    if (bw_params_check(params, &reason) == 0)
        return true;
    complain("these settings do not fit together: %s", reason);
    return false;
}

static bool resolve_faults(const struct simulation *simulation, struct bw_fault *faults, size_t *count) {
    char why[512];
    for (*count = 0; *count < simulation->fault_count; ++*count) {
        const struct simulate_fault *fault = &simulation->faults[*count];
        if (!bw_fault_parse(fault->text, simulation->nodes, &faults[*count], why, sizeof(why))) {
            complain("%s '%s': %s", fault->origin, fault->text, why);
            return false;
        }
        if (faults[*count].from_us >= simulation->duration_us) {
            complain("%s '%s': it would begin when all is over; --duration is less", fault->origin, fault->text);
            return false;
        }
    }
    if (simulation->stopped == 0)
        return true;
    char text[96], from[SIMULATE_VALUE_SIZE], until[SIMULATE_VALUE_SIZE];
    bw_time_text(STOPPED_AT_US, from, sizeof(from));
    bw_time_text(STOPPED_AT_US + simulation->stopped_for_us, until, sizeof(until));
    snprintf(text, sizeof(text), "stop:any%llu@%s-%s", (unsigned long long)simulation->stopped, from, until);
    if (bw_fault_parse(text, simulation->nodes, &faults[(*count)++], why, sizeof(why)))
        return true;
    complain("stopped=%llu: %s", (unsigned long long)simulation->stopped, why);
    return false;
}

bool simulation_resolve(const struct simulation *simulation, struct bw_measure *measure, struct bw_fault **faults) {
    struct bw_sim_options *options = &measure->options;
    memset(measure, 0, sizeof(*measure));
    bw_sim_options_init(options, simulation->profile);
    if (simulation->mode == BW_MODE_QUORUM && simulation_voters(simulation) == 0) {
        complain("--mode quorum needs three members or more (--nodes), and their state (no --no-state)");
        return false;
    }
    *faults = calloc(simulation->fault_count + 1, sizeof((*faults)[0]));
    if (*faults == NULL) {
        complain("out of memory");
        return false;
    }
    options->loss_ppm = simulation->loss_ppm;
    options->duplicate_ppm = simulation->duplicate_ppm;
    options->reorder_ppm = simulation->reorder_ppm;
    options->latency_us = (uint32_t)simulation->latency_us;
    options->jitter_us = (uint32_t)(simulation->latency_max_us - simulation->latency_us);
    options->durable = !simulation->no_state;
    options->seed_count = 3;
    options->scope = simulation->no_scope ? NULL : "default";
    options->mode = simulation->mode;
    if (simulation->mode == BW_MODE_QUORUM)
        options->voter_count = simulation_voters(simulation);
    options->failover = simulation->safe ? BW_FAILOVER_SAFE : BW_FAILOVER_FAST;
    options->preempt_ms = simulation->preempt_ms;
    options->forbid_overlap = simulation->forbid_overlap;
    options->extra_tick_ppm = simulation->extra_tick_ppm;
    measure->node_count = simulation->nodes;
    measure->duration_us = simulation->duration_us;
    measure->faults = *faults;
    measure->demand = true;
    if (resolve_params(simulation, &options->params) && resolve_faults(simulation, *faults, &measure->fault_count))
        return true;
    free(*faults);
    *faults = NULL;
    return false;
}

uint64_t simulation_voters(const struct simulation *simulation) {
    if (simulation->nodes < 3 || simulation->no_state)
        return 0;
    return simulation->nodes < 5 ? 3 : 5;
}

/* -- the command that repeats a run -- */

static void say_time(FILE *to, const char *option, int64_t us) {
    char text[SIMULATE_VALUE_SIZE];
    bw_time_text(us, text, sizeof(text));
    fprintf(to, "%s%s", option, text);
}

static void say_share(FILE *to, const char *option, uint32_t ppm) {
    if (ppm > 0)
        fprintf(to, " --%s %.10g%%", option, ppm / 1e4);
}

char *simulation_command(const struct simulation *simulation, uint64_t seed) {
    static const char *const profiles[] = {"local", "lan", "wan"};
    static const char *const modes[] = {
        [BW_MODE_PRIORITY] = "", [BW_MODE_QUORUM] = " --mode quorum", [BW_MODE_BULLY] = " --mode bully"};
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return NULL;
    fprintf(to, "bellwether simulate --nodes %llu", (unsigned long long)simulation->nodes);
    say_time(to, " --duration ", simulation->duration_us);
    fprintf(to, " --profile %s", profiles[simulation->profile]);
    say_time(to, " --latency ", simulation->latency_us);
    say_time(to, "..", simulation->latency_max_us);
    say_share(to, "loss", simulation->loss_ppm);
    say_share(to, "duplicate", simulation->duplicate_ppm);
    say_share(to, "reorder", simulation->reorder_ppm);
    say_share(to, "extra-ticks", simulation->extra_tick_ppm);
    for (size_t i = 0; i < simulation->set_count; i++)
        fprintf(to, " --set %s", simulation->sets[i]);
    for (size_t i = 0; i < simulation->fault_count; i++)
        fprintf(to, " --fault '%s'", simulation->faults[i].text);
    if (simulation->stopped > 0) {
        fprintf(to, " --stopped %llu", (unsigned long long)simulation->stopped);
        say_time(to, " --stopped-for ", simulation->stopped_for_us);
    }
    if (simulation->preempt_ms == BW_PREEMPT_NEVER)
        fprintf(to, " --preempt never");
    else if (simulation->preempt_ms != SIMULATE_PREEMPT_MS)
        fprintf(to, " --preempt %u", (unsigned)simulation->preempt_ms);
    fprintf(to, "%s%s%s%s%s --seed %llu", modes[simulation->mode], simulation->safe ? " --failover safe" : "",
            simulation->no_state ? " --no-state" : "", simulation->no_scope ? " --no-scope" : "",
            simulation->forbid_overlap ? " --forbid-overlap" : "", (unsigned long long)seed);
    fclose(to);
    return text;
}
