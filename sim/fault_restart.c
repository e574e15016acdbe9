/* Starts of processes, as faults of a plan: what they find on their disks. */
#include "sim/fault_parts.h"

static void demand_started(struct bw_sim *sim, size_t host, int error) {
    if (error != 0)
        bw_sim_violate(sim, BW_INVARIANT_RESTART, "n%zu does not start: %s", host, bw_error_name(error));
}

void bw_fault_start(struct bw_sim *sim, size_t host) {
    if (bw_sim_node(sim, host) == NULL)
        demand_started(sim, host, bw_sim_start(sim, host));
}

/* By chance, but the same for one seed. */
static size_t torn_size(const struct bw_sim *sim, size_t host, size_t size) {
    struct bw_rng rng;
    bw_rng_seed(&rng, sim->seed ^ UINT64_C(0x746f726e) ^ (uint64_t)sim->now_us ^ (uint64_t)host << 48); /* "torn" */
    return 1 + (size_t)bw_rng_below(&rng, size - 1);
}

/* What was cut short is refused. The file is removed then, as its message asks the operator to do. */
static void start_torn(struct bw_sim *sim, size_t host) {
    size_t size = bw_sim_disk_size(sim, host);
    if (size < 2) {
        bw_fault_start(sim, host);
        return;
    }
    bw_sim_disk_tear(sim, host, torn_size(sim, host, size));
    int error = bw_sim_start(sim, host);
    if (error == BW_ERR_CORRUPT)
        error = bw_sim_restart_blank(sim, host);
    else if (error == 0)
        bw_sim_violate(sim, BW_INVARIANT_RESTART, "n%zu starts with a torn state", host);
    demand_started(sim, host, error);
}

void bw_fault_restart(struct bw_sim *sim, size_t host, const struct bw_fault *fault) {
    enum bw_restart way = (enum bw_restart)fault->value;
    if (bw_sim_node(sim, host) != NULL)
        bw_sim_crash(sim, host);
    if (way == BW_RESTART_TORN) {
        start_torn(sim, host);
        return;
    }
    if (way == BW_RESTART_BLANK)
        bw_sim_disk_tear(sim, host, 0);
    else if (way == BW_RESTART_OLD)
        bw_sim_disk_undo(sim, host);
    bw_fault_start(sim, host);
}
