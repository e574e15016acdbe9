/* Lifeguard's local health (IV-A): who fails to hear what it should hear trusts itself less, and waits longer. */
#include "gossip/machine.h"

void bw_health_change(struct bw_gossip *g, int32_t by) {
    int64_t score = (int64_t)g->health + by;
    int64_t most = (int64_t)g->params.health_max - 1;
    g->health = (uint32_t)(score < 0 ? 0 : score > most ? most : score);
    if (by > 0) {
        bw_trace_rule(g->trace, BW_RULE_STRETCH_WHEN_UNHEALTHY, NULL, g->health);
    }
}

int64_t bw_health_stretch(const struct bw_gossip *g, uint32_t ms) {
    return (int64_t)ms * BW_US_PER_MS * (g->health + 1);
}

uint32_t bw_gossip_health(const struct bw_gossip *g) {
    return g->health;
}
