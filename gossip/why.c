/* Why a member's status is what it is: who suspected it when, on what evidence, who confirmed it, how long it took, and what became
 * of it. A side table of the members that were suspected last, which decides nothing; past its bound the oldest entry goes. */
#include <string.h>

#include "gossip/machine.h"

#define CAPACITY_MIN 8u

static struct bw_reason *find(const struct bw_gossip *g, const struct bw_id *id) {
    for (size_t i = 0; i < g->reason_count; i++) {
        if (bw_id_equal(&g->reasons[i].id, id)) {
            return &g->reasons[i];
        }
    }
    return NULL;
}

static bool grow(struct bw_gossip *g) {
    if (g->reason_count < g->reason_capacity) {
        return true;
    }
    size_t capacity = g->reason_capacity > 0 ? g->reason_capacity * 2 : CAPACITY_MIN;
    struct bw_reason *reasons =
        bw_resize(&g->allocator, g->reasons, g->reason_capacity * sizeof(*reasons), capacity * sizeof(*reasons));
    if (reasons) {
        g->reasons = reasons;
        g->reason_capacity = capacity;
    }
    return reasons != NULL;
}

static struct bw_reason *oldest(struct bw_gossip *g) {
    struct bw_reason *oldest = &g->reasons[0];
    for (size_t i = 1; i < g->reason_count; i++) {
        oldest = g->reasons[i].began_us < oldest->began_us ? &g->reasons[i] : oldest;
    }
    return oldest;
}

/* The member's entry, made if need be; NULL without memory: then there is none. */
static struct bw_reason *entry_of(struct bw_gossip *g, const struct bw_id *id) {
    struct bw_reason *reason = find(g, id);
    if (reason) {
        return reason;
    }
    if (g->reason_count == BW_REASON_MAX) {
        bw_bound_passed(g, BW_BOUND_REASONS, id, g->reason_count);
        reason = oldest(g);
    } else if (grow(g)) {
        reason = &g->reasons[g->reason_count++];
    }
    if (reason) {
        *reason = (struct bw_reason){.id = *id, .ended_us = BW_NEVER};
    }
    return reason;
}

static struct bw_reason *begin(struct bw_gossip *g, const struct bw_id *id) {
    struct bw_reason *reason = entry_of(g, id);
    if (reason) {
        *reason = (struct bw_reason){.id = *id,
                                     .began_us = g->now.mono_us,
                                     .ended_us = BW_NEVER,
                                     .evidence = BW_EVIDENCE_TOLD,
                                     .refuted = reason->refuted};
    }
    return reason;
}

void bw_why_begin(struct bw_gossip *g, const struct bw_member *member) {
    begin(g, &member->id);
}

void bw_why_wait(struct bw_gossip *g, const struct bw_suspicion *suspicion, int64_t wait_us, bool damped) {
    struct bw_reason *reason = find(g, &suspicion->member->id);
    if (reason) {
        reason->wait_us = wait_us;
        reason->damped = damped;
        reason->accuser_count = suspicion->accuser_count;
        memcpy(reason->accusers, suspicion->accusers, sizeof(reason->accusers));
    }
}

void bw_why_evidence(struct bw_gossip *g, const struct bw_member *member, enum bw_evidence evidence) {
    struct bw_reason *reason = find(g, &member->id);
    if (reason && reason->ended_us == BW_NEVER && reason->evidence == BW_EVIDENCE_TOLD) {
        reason->evidence = (uint8_t)evidence; /* what we have seen ourselves counts more */
    }
}

void bw_why_probe(struct bw_gossip *g, const struct bw_member *member, const struct bw_ping *ping) {
    struct bw_reason *reason = find(g, &member->id);
    if (!reason || reason->ended_us != BW_NEVER) {
        return;
    }
    reason->evidence = (uint8_t)(ping->refused && ping->helper_refused ? BW_EVIDENCE_REFUSED_TWICE
                                 : ping->refused                       ? BW_EVIDENCE_REFUSED
                                                                       : BW_EVIDENCE_PROBE);
    reason->helpers = ping->helper_count;
    reason->nacks = 0;
    for (uint32_t bits = ping->nacked; bits != 0; bits &= bits - 1) {
        reason->nacks++;
    }
}

void bw_why_end(struct bw_gossip *g, const struct bw_member *member, enum bw_status outcome, const struct bw_id *by) {
    struct bw_reason *reason = find(g, &member->id);
    if ((!reason || reason->ended_us != BW_NEVER) &&
        outcome == BW_STATUS_DEAD) { /* a verdict, and no suspicion before */
        reason = begin(g, &member->id);
        if (reason) {
            /* There without a suspicion: by a look at its certificate. Elsewhere: by us before we were started again. */
            bool own = g->attest.identity && by && bw_id_equal(by, &g->self->id);
            reason->evidence = own                     ? BW_EVIDENCE_CERTIFICATE
                               : by && !bw_id_none(by) ? BW_EVIDENCE_VERDICT
                                                       : BW_EVIDENCE_TABLE;
            reason->accuser_count = by && !bw_id_none(by);
            reason->accusers[0] = by ? *by : (struct bw_id){{0}};
        }
    }
    if (reason && outcome == BW_STATUS_ALIVE) {
        reason->forgotten_by = (struct bw_id){{0}};
    }
    if (reason && outcome == BW_STATUS_LEFT && by && !bw_id_none(by)) {
        reason->forgotten_by = *by;
    }
    if (reason && reason->ended_us == BW_NEVER) {
        reason->ended_us = g->now.mono_us;
        reason->outcome = (uint8_t)outcome;
        reason->refuted = (uint16_t)(reason->refuted + (outcome == BW_STATUS_ALIVE && reason->refuted < UINT16_MAX));
    }
}

void bw_why_reaped(struct bw_gossip *g, const struct bw_id *id) {
    struct bw_reason *reason = find(g, id);
    if (reason) {
        *reason = g->reasons[--g->reason_count];
    }
}

void bw_why_free(struct bw_gossip *g) {
    bw_free(&g->allocator, g->reasons, g->reason_capacity * sizeof(*g->reasons));
}

static int64_t wall_us(const struct bw_gossip *g, int64_t mono_us) {
    return g->now.wall_us - (g->now.mono_us - mono_us);
}

int bw_gossip_why(const struct bw_gossip *g, const struct bw_id *id, struct bw_why *why) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    const struct bw_reason *reason = find(g, id);
    if (!member) {
        return BW_ERR_NOT_FOUND;
    }
    bool heard = member->peer && member->peer->heard_us != BW_NOT_HEARD;
    *why = (struct bw_why){.heard_us = member == g->self ? 0
                                       : heard           ? g->now.mono_us - member->peer->heard_us
                                                         : -1,
                           .alone = member->lost,
                           .refutations = member->info->refutations,
                           .unstable = bw_refute_unstable(member)};
    if (!reason) {
        return 0;
    }
    bool runs = reason->ended_us == BW_NEVER;
    why->suspected = true;
    why->runs = runs;
    why->began_wall_us = wall_us(g, reason->began_us);
    why->lasted_us = (runs ? g->now.mono_us : reason->ended_us) - reason->began_us;
    why->wait_us = reason->wait_us;
    why->evidence = (enum bw_evidence)reason->evidence;
    why->outcome = (enum bw_status)reason->outcome;
    why->helper_count = reason->helpers;
    why->nack_count = reason->nacks;
    why->damped = reason->damped;
    why->refuted_count = reason->refuted;
    why->forgotten_by = reason->forgotten_by;
    why->accuser_count = reason->accuser_count;
    for (size_t i = 0; i < reason->accuser_count; i++) {
        why->accusers[i] = reason->accusers[i];
        why->own = why->own || bw_id_equal(&reason->accusers[i], &g->self->id);
    }
    /* We are named, and have not probed for ourselves: whoever accused it first had our refusal as a helper. */
    bool told = why->evidence == BW_EVIDENCE_TOLD || (why->evidence == BW_EVIDENCE_VERDICT && reason->wait_us > 0);
    why->evidence = why->own && told ? BW_EVIDENCE_HELPED : why->evidence;
    return 0;
}
