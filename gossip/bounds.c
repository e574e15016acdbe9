/* Past a bound the least useful thing is dropped, and counted (gossip.md, Bounds). */
#include "gossip/machine.h"

void bw_bound_passed(struct bw_gossip *g, enum bw_bound bound, const struct bw_id *subject, uint64_t detail) {
    g->bounds[bound]++;
    g->bounds_passed++;
    bw_trace_rule(g->trace, bound == BW_BOUND_ANSWERS ? BW_RULE_RATION_UNPROVEN : BW_RULE_BOUND_EVERYTHING, subject,
                  detail);
}

uint64_t bw_gossip_bounds_passed(const struct bw_gossip *g) {
    return g->bounds_passed;
}

uint64_t bw_gossip_bound(const struct bw_gossip *g, enum bw_bound bound) {
    return g->bounds[bound];
}
