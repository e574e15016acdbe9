/* What operators and health checks do to leadership, as faults of a plan. A process that is not on the processor is not asked. */
#include "sim/fault_parts.h"

#include "sim/internal.h"

#define STEPDOWN_MS 60000u

static uint32_t stepdown_ms(const struct bw_fault *fault) {
    if (fault->until_us == BW_FAULT_FOR_EVER)
        return STEPDOWN_MS;
    return (uint32_t)((fault->until_us - fault->from_us) / BW_US_PER_MS);
}

struct order {
    const char *scope;
    uint16_t priority;
    bool ready;
};

static int set_priority(struct bw_node *node, struct bw_time now, void *context) {
    const struct order *order = context;
    return bw_node_priority(node, order->scope, order->priority, now);
}

static int set_ready(struct bw_node *node, struct bw_time now, void *context) {
    const struct order *order = context;
    return bw_node_ready(node, order->scope, order->ready, 0, now);
}

static bool asked(const struct bw_sim *sim, size_t host) {
    return host != BW_SIM_NONE && sim->hosts[host].node != NULL && !sim->hosts[host].asleep;
}

void bw_fault_operate(struct bw_sim *sim, const struct bw_fault *fault, size_t host, size_t leader, bool begins) {
    struct order order = {.scope = sim->scope, .priority = (uint16_t)fault->value, .ready = !begins};
    if (fault->kind == BW_FAULT_TRANSFER && asked(sim, leader))
        bw_sim_transfer(sim, leader, sim->scope, host);
    if (!asked(sim, host))
        return;
    if (fault->kind == BW_FAULT_STEPDOWN && begins)
        bw_sim_stepdown(sim, host, sim->scope, stepdown_ms(fault));
    if (fault->kind == BW_FAULT_FREEZE || fault->kind == BW_FAULT_THAW)
        bw_sim_freeze(sim, host, sim->scope, fault->kind == BW_FAULT_FREEZE && begins);
    if (fault->kind == BW_FAULT_PRIORITY)
        bw_sim_call(sim, host, "gets another priority", set_priority, &order);
    if (fault->kind == BW_FAULT_UNREADY)
        bw_sim_call(sim, host, begins ? "is not ready" : "is ready", set_ready, &order);
}
