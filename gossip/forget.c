/* An operator declares a dead member gone. What spreads is a verdict `left` by whoever was told to forget it; as everything that
 * is claimed of a member it can be refuted by the member itself (SWIM 4.2), so that a mistake mends itself. */
#include "gossip/machine.h"

int bw_gossip_forget(struct bw_gossip *g, const struct bw_id *id, struct bw_time now) {
    bw_gossip_enter(g, now);
    struct bw_member *member = bw_members_find(&g->members, id);
    if (!member) {
        return BW_ERR_NOT_FOUND;
    }
    if (member->status == BW_STATUS_LEFT) {
        return 0;
    }
    if (member == g->self || bw_member_status(member) != BW_STATUS_DEAD) {
        return BW_ERR_BUSY;
    }
    bw_trace_rule(g->trace, BW_RULE_OPERATOR_FORGETS_THE_DEAD, id, member->incarnation);
    struct bw_claim claim = {member->incarnation, BW_STATUS_LEFT};
    bw_suspect_die(g, member, claim, &g->self->id, g->now.mono_us);
    bw_gossip_exit(g);
    return 0;
}
