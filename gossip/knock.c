/* Members that announce themselves: joined like a seed, but tried once, for the next announcement comes by itself. */
#include "gossip/machine.h"

/* splitmix64's last step: spreads whatever it is given over all bits. */
static uint64_t mix(uint64_t v) {
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
    return v ^ v >> 31;
}

static uint64_t score(const struct bw_id *id, uint64_t subject) {
    return mix(mix(subject ^ bw_get_u64(id->bytes)) ^ bw_get_u64(id->bytes + 8));
}

bool bw_gossip_knows(const struct bw_gossip *g, const struct bw_id *id, uint64_t session) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    return member != NULL && bw_member_status(member) <= BW_STATUS_SUSPECT && member->session == session;
}

size_t bw_gossip_living(const struct bw_gossip *g) {
    return g->living;
}

bool bw_gossip_chosen(const struct bw_gossip *g, uint64_t subject, size_t count) {
    uint64_t own = score(&g->self->id, mix(subject));
    size_t ahead = 0;
    for (size_t i = 0; i < g->members.count && ahead < count; i++) {
        const struct bw_member *member = g->members.ring[i];
        ahead += bw_member_status(member) == BW_STATUS_ALIVE && score(&member->id, mix(subject)) > own;
    }
    return ahead < count;
}

int bw_gossip_knock(struct bw_gossip *g, const struct bw_addr *addr, struct bw_time now) {
    bw_gossip_enter(g, now);
    if (g->leave.leaving || bw_addr_equal(addr, &g->self->info->addr)) {
        return BW_ERR_BUSY;
    }
    struct bw_dest to = {.addr = *addr};
    const struct bw_ping *ping =
        bw_ping_send(g, BW_PURPOSE_SEED, &to, bw_health_stretch(g, g->params.probe_timeout_max_ms));
    if (ping == NULL) {
        return BW_ERR_FULL;
    }
    bw_trace_rule(g->trace, BW_RULE_JOIN_WHO_IS_ANNOUNCED, NULL, ping->seq);
    return 0;
}
