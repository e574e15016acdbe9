/* What `bellwether simulate` is made of: settings, which sweeps change; runs; and what is printed. */
#ifndef BW_TOOLS_SIMULATE_H
#define BW_TOOLS_SIMULATE_H

#include <stdio.h>

#include "sim/measure.h"

enum {
    SIMULATE_SETS_MAX = 64,
    SIMULATE_SWEEPS_MAX = 3,
    SIMULATE_POINTS_MAX = 1000,
    SIMULATE_NODES_MAX = 10000,
    SIMULATE_VALUE_SIZE = 32,
};

struct simulate_fault {
    char *text;
    char *origin; /* "--fault" or "FILE:LINE:" */
};

#define SIMULATE_PREEMPT_MS 10000u /* as a scope has it */

/* Everything that decides a run, its seed aside. */
struct simulation {
    uint64_t nodes;
    int64_t duration_us;
    enum bw_profile profile;
    uint32_t loss_ppm;
    uint32_t duplicate_ppm;
    uint32_t reorder_ppm;
    int64_t latency_us; /* least and largest, one way */
    int64_t latency_max_us;
    char sets[SIMULATE_SETS_MAX][96]; /* PARAM=VALUE */
    size_t set_count;
    struct simulate_fault *faults; /* shared by copies */
    size_t fault_count;
    uint64_t stopped; /* that many members stop */
    int64_t stopped_for_us;
    bool safe;         /* failover */
    enum bw_mode mode; /* quorum: see simulation_voters */
    uint32_t preempt_ms;
    bool no_state;
    bool no_scope;
    bool forbid_overlap;
    bool trace; /* every line of it on standard error */
    const char
        *timeline; /* where the page of one run goes: the first that broke an invariant, else the first; or NULL */
    uint32_t extra_tick_ppm;
};

void simulation_init(struct simulation *simulation);
/* In quorum mode the first members vote: five, or three of fewer. 0: there are not so many, or none keeps its votes. */
uint64_t simulation_voters(const struct simulation *simulation);
/* Adds a fault; why: out of room. */
bool simulation_add_fault(struct simulation *simulation, const char *text, const char *origin, char *why,
                          size_t why_size);
/* One fault a line; # begins a comment. Complains with file and line and returns false. */
bool simulation_read_faults(struct simulation *simulation, const char *path);
void simulation_free(struct simulation *simulation);

/* Takes a setting by the name of its option, or of a parameter: "loss", "30%". False: why says what is wrong. */
bool simulation_set(struct simulation *simulation, const char *name, const char *value, char *why, size_t why_size);

/* What it comes to: faults are read, parameters checked. Complains and returns false. The faults are to be freed. */
bool simulation_resolve(const struct simulation *simulation, struct bw_measure *measure, struct bw_fault **faults);

/* The command that repeats one run. To be freed. */
char *simulation_command(const struct simulation *simulation, uint64_t seed);

/* Values that one setting takes in turn. */
struct sweep {
    char name[48];
    char (*values)[SIMULATE_VALUE_SIZE];
    size_t count;
};

/* "loss=0..40:10", "stopped-for=0.5s,2s,8s". False: why says which piece is wrong. */
bool sweep_parse(const char *text, struct sweep *sweep, char *why, size_t why_size);
void sweep_free(struct sweep *sweep);

/* One setting's runs, seeds first .. first + count - 1. */
struct simulate_outcome {
    struct bw_figures figures;
    uint64_t hash; /* of all runs; of one run: its trace hash */
    struct simulate_run {
        uint64_t seed;
        uint64_t hash;
        char violation[256];
    } * runs;
    uint64_t run_count;
    uint64_t broken_count;
    bool unsaved; /* the page could not be written, which has been said */
};

/* Complains about each broken invariant, with the command that repeats it. False: it could not be run. */
bool simulate_runs(const struct simulation *simulation, uint64_t first_seed, uint64_t count,
                   struct simulate_outcome *outcome);
void simulate_outcome_free(struct simulate_outcome *outcome);

void simulate_print_table(const struct simulation *simulation, struct simulate_outcome *outcome, bool color);
void simulate_print_json(const struct simulation *simulation, struct simulate_outcome *outcome);
/* A line for each point; begin prints nothing. */
int simulate_sweep(const struct simulation *simulation, const struct sweep *sweeps, size_t count, uint64_t first_seed,
                   uint64_t run_count, bool json, bool color);

/* Random scenarios, a seed each, until there were so many (count 0: until the time is up). Prints the command for each that
 * fails. */
int simulate_swarm(uint64_t first_seed, uint64_t count, int64_t for_us, bool forbid_overlap);

#endif
