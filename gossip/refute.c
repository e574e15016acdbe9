/* Our own claim. Nobody but ourselves raises our incarnation: to refute, to change our record, to come back (SWIM 4.2). */
#include "gossip/machine.h"

#define UNSTABLE_AT 3u /* refutations that make a member rank last for leading */
#define DECAY_INTERVALS \
    60u /* the only one is forgiven after so many probe intervals, one of more after as many times longer */
#define DECAY_MAX 8u

bool bw_refute_unstable(const struct bw_member *member) {
    return member->info->refutations >= UNSTABLE_AT;
}

void bw_refute_renew(struct bw_gossip *g, uint64_t incarnation) {
    g->self->info->refutations = g->refutations;
    bw_view_set(g, g->self, (struct bw_claim){incarnation, BW_STATUS_ALIVE}, g->now.mono_us);
    bw_update_member(g, g->self);
}

static void arm_decay(struct bw_gossip *g) {
    uint32_t times = g->refutations < DECAY_MAX ? g->refutations : DECAY_MAX;
    int64_t step_us = (int64_t)times * DECAY_INTERVALS * (int64_t)g->params.probe_interval_ms * BW_US_PER_MS;
    bw_gossip_arm(g, &g->decay, BW_TIMER_DECAY, g->now.mono_us + step_us);
}

/* Our refutation has not reached everybody. */
static void repeat(struct bw_gossip *g, const struct bw_id *to) {
    const struct bw_member *member = bw_members_find(&g->members, to);
    if (member) {
        struct bw_dest dest = bw_view_dest(member);
        bw_outbox_put_member(g, &dest, g->self);
        bw_trace_rule(g->trace, BW_RULE_ANSWER_STALE_ACCUSATION, to, g->self->incarnation);
    }
}

/* A single accuser may be the one whose link is bad; once others accuse as well, or it came to death, the trouble is ours. */
static void count(struct bw_gossip *g, bool shared) {
    if (!shared && g->living > 3) {
        return;
    }
    g->counted = true;
    g->refutations = (uint8_t)(g->refutations < UINT8_MAX ? g->refutations + 1 : UINT8_MAX);
    arm_decay(g);
}

bool bw_refute_uncounted(const struct bw_gossip *g, uint64_t incarnation) {
    return incarnation == g->refuted && !g->counted;
}

void bw_refute_hearsay(struct bw_gossip *g, const struct bw_id *from, struct bw_claim claim) {
    if (g->leave.leaving) {
        return;
    }
    if (bw_precedence(claim, bw_member_claim(g->self)) <= 0) {
        repeat(g, from);
    } else if (g->now.mono_us >= g->attest.hearsay_us) {
        bw_trace_rule(g->trace, BW_RULE_HEARSAY_COUNTS_FOR_NOTHING, from, claim.incarnation);
        g->attest.hearsay_us = g->now.mono_us + g->params.probe_interval_ms * BW_US_PER_MS;
        bw_refute_renew(g, bw_incarnation_above(claim.incarnation));
    }
}

void bw_refute(struct bw_gossip *g, const struct bw_id *from, struct bw_claim claim, bool shared) {
    bool accused = claim.status != BW_STATUS_ALIVE;
    if (g->leave.leaving) {
        return;
    }
    if (bw_precedence(claim, bw_member_claim(g->self)) <= 0) {
        if (accused && shared && bw_refute_uncounted(g, claim.incarnation)) {
            count(g, shared);
            bw_refute_renew(g, bw_incarnation_above(g->self->incarnation));
        } else if (accused) {
            repeat(g, from);
        }
        return;
    }
    bool earlier_life = claim.incarnation > g->self->incarnation;
    if (accused && !earlier_life) {
        bw_trace_rule(g->trace, BW_RULE_REFUTE_OWN_SUSPICION, &g->self->id, claim.incarnation);
        g->refuted = claim.incarnation;
        g->counted = false;
        count(g, shared);
        bw_health_change(g, 1);
    } else {
        bw_trace_rule(g->trace, BW_RULE_OUTBID_EARLIER_LIFE, &g->self->id, claim.incarnation);
    }
    bw_refute_renew(g, bw_incarnation_above(claim.incarnation));
}

/* Others are told only when it makes us stable again. */
void bw_refute_decay(struct bw_gossip *g) {
    if (g->refutations == 0) {
        return;
    }
    g->refutations--;
    if (g->refutations < UNSTABLE_AT && bw_refute_unstable(g->self) && !g->leave.leaving) {
        bw_trace_rule(g->trace, BW_RULE_FORGIVE_REFUTATIONS, &g->self->id, g->refutations);
        bw_refute_renew(g, bw_incarnation_above(g->self->incarnation));
    }
    if (g->refutations > 0) {
        arm_decay(g);
    }
}
