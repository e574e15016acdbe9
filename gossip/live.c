/* Parameters that change while it runs. Each is looked at when it is used: what has begun goes on as it began, a suspicion is
 * reckoned anew with its next accuser, the next interval is the first of its new length. */
#include "gossip/machine.h"

const struct bw_params *bw_gossip_params(const struct bw_gossip *g) {
    return &g->params;
}

void bw_gossip_set_params(struct bw_gossip *g, const struct bw_params *params, struct bw_time now) {
    bw_gossip_enter(g, now);
    BW_ASSERT(params->member_max == g->params.member_max && params->scope_max == g->params.scope_max);
    g->params = *params;
    bw_health_change(g, 0); /* no worse than it may be now */
    bw_gossip_exit(g);
}
