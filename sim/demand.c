/* Invariants that take time: that who is gone is known to be gone (completeness), and that all come to one view. */
#include "sim/internal.h"

#include <stdlib.h>

#define LOOK_US 100000

struct bw_sim_demand {
    struct bw_sim_demand *next; /* kept until the world's end */
    size_t subject;
    int64_t begin_us;
    int64_t within_us;
};

static struct bw_sim_demand *make(struct bw_sim *sim, size_t subject, int64_t within_us) {
    struct bw_sim_demand *made = bw_sim_memory(sizeof *made);
    made->next = sim->demands;
    made->subject = subject;
    made->begin_us = sim->now_us;
    made->within_us = within_us;
    sim->demands = made;
    return made;
}

void bw_sim_demands_free(struct bw_sim *sim) {
    for (struct bw_sim_demand *demand = sim->demands, *next; demand != NULL; demand = next) {
        next = demand->next;
        free(demand);
    }
}

void bw_sim_touched(struct bw_sim_host *host) {
    host->touched_us = host->sim->now_us;
}

static bool is_present(const struct bw_sim *sim, size_t host) {
    return bw_sim_running(sim, host) && !sim->hosts[host].silent;
}

static void look_at_known(struct bw_sim *sim, void *context) {
    const struct bw_sim_demand *demand = context;
    const struct bw_sim_host *subject = &sim->hosts[demand->subject];
    if (subject->touched_us > demand->begin_us)
        return; /* it has come back */
    for (size_t i = 0; i < sim->host_count; i++) {
        if (i == demand->subject || !is_present(sim, i) || sim->hosts[i].touched_us > demand->begin_us ||
            sim->hosts[i].group != subject->group)
            continue;
        int status = bw_sim_status_at(sim, i, demand->subject);
        if (status == BW_STATUS_ALIVE || status == BW_STATUS_SUSPECT)
            bw_sim_violate(sim, BW_INVARIANT_COMPLETENESS, "n%zu is gone for %lld ms, and n%zu does not know",
                           demand->subject, (long long)(demand->within_us / BW_US_PER_MS), i);
    }
}

void bw_sim_demand_known(struct bw_sim *sim, size_t subject, int64_t within_us) {
    struct bw_sim_demand *demand = make(sim, subject, within_us);
    bw_sim_schedule_us(sim, sim->now_us + within_us, look_at_known, demand);
}

/* Each part has one leader, who may act and whom all know. */
static bool all_are_led(const struct bw_sim *sim) {
    for (size_t i = 0; sim->scope[0] != '\0' && i < sim->host_count; i++)
        if (is_present(sim, i) && bw_sim_leader_in_group(sim, sim->hosts[i].group, sim->scope) == BW_SIM_NONE)
            return false;
    return true;
}

static void look_at_views(struct bw_sim *sim, void *context) {
    struct bw_sim_demand *demand = context;
    if (bw_sim_converged(sim) && all_are_led(sim))
        return;
    if (sim->now_us - demand->begin_us >= demand->within_us)
        bw_sim_violate(sim, BW_INVARIANT_AGREEMENT,
                       "%lld ms after the last fault views or digests differ, or not all know one leader",
                       (long long)(demand->within_us / BW_US_PER_MS));
    else
        bw_sim_schedule_us(sim, sim->now_us + LOOK_US, look_at_views, demand);
}

void bw_sim_demand_converged(struct bw_sim *sim, int64_t within_us) {
    look_at_views(sim, make(sim, BW_SIM_NONE, within_us));
}
