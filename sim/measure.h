/* One run of a world under a plan of faults, in figures: what was noticed and when, who was accused wrongly, how long the
 * cluster was not of one mind or without a leader, and what all this costs. Figures of several runs go into one place. */
#ifndef BW_SIM_MEASURE_H
#define BW_SIM_MEASURE_H

#include "sim/fault.h"

/* Values that runs have given; some were due and did not come (a crash that nobody noticed before the end). */
struct bw_sample {
    int64_t *values;
    size_t count;
    size_t capacity;
    size_t due;
};

void bw_sample_add(struct bw_sample *sample, int64_t value);
/* The least value that so many percent do not exceed; -1: there are none. Sorts. */
int64_t bw_sample_percentile(struct bw_sample *sample, unsigned percent);
void bw_sample_free(struct bw_sample *sample);

/* Times in us from the fault's beginning. */
struct bw_fault_figures {
    struct bw_sample
        first; /* a host that it removes is known to be gone to one other; a partition: one of another part */
    struct bw_sample everywhere; /* ... to all healthy members; a partition: each part has its right view */
    struct bw_sample acting;     /* if it hits the leader: another one acts */
    struct bw_sample known;      /* ... and all healthy members of its part know */
    struct bw_sample whole;      /* all views are right and equal: since the end of a fault that ends */
};

struct bw_figures {
    size_t run_count;
    size_t fault_count;
    struct bw_fault_figures *faults;
    struct bw_sample start_whole;  /* us from the start to one right view everywhere */
    struct bw_sample start_leader; /* ... to one leader known everywhere; no scope: none */
    struct bw_sample suspected;    /* a run's suspicions of healthy members, by anybody's own ears */
    struct bw_sample suspected_by_healthy;
    struct bw_sample dead; /* views that held a healthy member dead */
    struct bw_sample dead_by_healthy;
    struct bw_sample reigns;
    struct bw_sample overlap; /* us in which two could act */
    struct bw_sample
        stale; /* uses of a resource under an older token than it had seen: without a guard it takes them */
    struct bw_sample bytes_per_s;     /* sent by a node, from the first right view on; in thousandths */
    struct bw_sample datagrams_per_s; /* in thousandths */
    struct bw_sample largest;         /* bytes of a datagram */
    struct bw_sample memory_per_node; /* bytes, the most that any took */
    uint64_t virtual_us;
};

struct bw_measure {
    struct bw_sim_options options; /* on_event, on_rule and context are taken by the measuring */
    size_t node_count;
    int64_t duration_us;
    const struct bw_fault *faults;
    size_t fault_count;
    bool demand; /* completeness and agreement within the published bounds; off: these are measured only */
};

struct bw_measure_result {
    uint64_t hash;
    char violation[256]; /* "": none */
};

void bw_figures_init(struct bw_figures *figures, size_t fault_count);
void bw_figures_free(struct bw_figures *figures);
/* One run, added to the figures. False: an invariant broke, or the world could not be made. With report set the end of the
 * trace is then printed there. */
bool bw_measure_run(const struct bw_measure *measure, uint64_t seed, struct bw_figures *figures,
                    struct bw_measure_result *result, FILE *report);

/* How long members may need to know that another is gone, and until all views are equal after the last fault; us. */
int64_t bw_measure_known_bound(const struct bw_measure *measure);
int64_t bw_measure_whole_bound(const struct bw_measure *measure);

/* Whether so little is lost meanwhile that they hold. */
bool bw_measure_network_is_fair(const struct bw_measure *measure, int64_t from_us, int64_t until_us);
/* Whether all comes to rest once the last fault is over. */
bool bw_measure_settles(const struct bw_measure *measure);

#endif
