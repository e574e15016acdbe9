/* Claims about members, merged into the table. Each is taken whole or not at all; which of two wins is claim.h's. */
#include <string.h>

#include "gossip/machine.h"

#define BW_INCOMPATIBLE_SAID_US (30 * BW_US_PER_S)

static bool is_self(const struct bw_gossip *g, const struct bw_id *id) {
    return bw_id_equal(id, &g->self->id);
}

/* A joiner does not repeat what it is just being told. */
static bool relays(const struct bw_gossip *g, const struct bw_source *source) {
    return !source->synced || g->resync_ms == 0;
}

static int64_t since_us(const struct bw_gossip *g, uint64_t age_ms) {
    return g->now.mono_us - (int64_t)age_ms * BW_US_PER_MS;
}

static void note_evidence(struct bw_gossip *g, struct bw_member *member, uint16_t heard_s) {
    int64_t at_s = g->now.mono_us / BW_US_PER_S - heard_s + 1;
    if (heard_s != BW_HEARD_UNKNOWN && at_s > (int64_t)member->evidence_s) {
        member->evidence_s = (uint32_t)at_s;
    }
}

/* ------------------------------------------------------------------ names */

static bool same_name(const struct bw_member *a, const struct bw_member *b) {
    return a->name_hash == b->name_hash && a->info->name_size == b->info->name_size &&
           memcmp(a->info->bytes, b->info->bytes, a->info->name_size) == 0;
}

static bool older(const struct bw_member *a, const struct bw_member *b) {
    return a->incarnation != b->incarnation ? a->incarnation < b->incarnation : bw_id_compare(&a->id, &b->id) < 0;
}

/* A socket address is bound once: who had the name there before is gone. Elsewhere it is the operators' conflict. */
static void check_name(struct bw_gossip *g, struct bw_member *member) {
    for (size_t i = 0; i < g->members.count; i++) {
        struct bw_member *other = g->members.ring[i];
        if (!same_name(other, member) || other == member || !bw_member_living(other)) {
            continue;
        }
        if (!bw_addr_equal(&other->info->addr, &member->info->addr)) {
            bw_trace_rule(g->trace, BW_RULE_REPORT_NAME_CONFLICT, &member->id, other->incarnation);
            bw_event_push(
                g, &(struct bw_gossip_event){
                       .type = BW_GOSSIP_CONFLICT, .id = member->id, .by = other->id, .addr = other->info->addr});
            continue;
        }
        struct bw_member *gone = older(other, member) ? other : member;
        if (gone != g->self) {
            bw_trace_rule(g->trace, BW_RULE_ADDRESS_IS_BOUND_ONCE, &gone->id, gone->incarnation);
            bw_suspect_end(g, gone);
            bw_view_set(g, gone, (struct bw_claim){gone->incarnation, BW_STATUS_LEFT}, g->now.mono_us);
            bw_update_member(g, gone);
        }
        if (gone == member) {
            return;
        }
    }
}

/* ------------------------------------------------------------------ members never seen */

void bw_claims_admit(struct bw_gossip *g, struct bw_member *member, bool relay) {
    if (bw_members_find(&g->members, &member->id) || bw_view_add(g, member) != 0) {
        bw_view_free_ghost(g, member);
        return;
    }
    if (bw_member_living(member)) {
        check_name(g, member);
    }
    if (relay) {
        bw_update_member(g, member);
    }
    bw_update_wake(g);
}

/* Nobody fresh vouches for it: it has to answer itself before it is believed, relayed or digested. */
static void ask_ghost(struct bw_gossip *g, struct bw_member *member) {
    bw_trace_rule(g->trace, BW_RULE_NO_GHOSTS, &member->id, member->incarnation);
    bool asked = g->ghost_count >= BW_GHOST_MAX;
    for (size_t i = 0; i < BW_PING_MAX; i++) {
        const struct bw_ping *ping = &g->pings[i];
        asked = asked || (ping->purpose == BW_PURPOSE_GHOST && bw_id_equal(&ping->to.id, &member->id));
    }
    struct bw_dest to = bw_view_dest(member);
    int64_t wait_us = bw_health_stretch(g, g->params.probe_timeout_max_ms);
    struct bw_ping *ping = asked ? NULL : bw_ping_send(g, BW_PURPOSE_GHOST, &to, wait_us);
    if (!ping) {
        bw_view_free(g, member);
        return;
    }
    ping->ghost = member;
    g->ghost_count++;
}

static void meet(struct bw_gossip *g, const struct bw_source *source, const struct bw_frame_member *frame) {
    if (frame->status != BW_STATUS_ALIVE && since_us(g, frame->age_ms) + bw_view_fade_us(g) <= g->now.mono_us) {
        bw_trace_rule(g->trace, BW_RULE_FADE_BEFORE_FORGETTING, &frame->id, frame->age_ms);
        return;
    }
    struct bw_member *member = bw_view_create(g, frame, source->proof);
    if (!member) {
        return;
    }
    bool itself = bw_id_equal(&source->from, &frame->id);
    bool fresh = frame->heard_s != BW_HEARD_UNKNOWN &&
                 frame->heard_s * BW_US_PER_S <= bw_two_rounds_us(&g->params, g->living + 1);
    if (frame->status == BW_STATUS_ALIVE && !itself && !fresh) {
        ask_ghost(g, member);
        return;
    }
    note_evidence(g, member, itself ? 0 : frame->heard_s);
    if (itself) {
        bw_rush_arrived(g);
    }
    bw_claims_admit(g, member, relays(g, source));
}

/* ------------------------------------------------------------------ protocol versions */

uint8_t bw_protocol_common(const struct bw_gossip *g, uint8_t min, uint8_t max) {
    uint8_t low = min > g->self->info->protocol_min ? min : g->self->info->protocol_min;
    uint8_t high = max < g->self->info->protocol_max ? max : g->self->info->protocol_max;
    return high >= low ? high : 0;
}

/* Its earlier life, if we knew one, is over all the same. */
static void keep_out(struct bw_gossip *g, const struct bw_source *source, const struct bw_frame_member *frame) {
    struct bw_member *member = bw_members_find(&g->members, &frame->id);
    if (g->attest.identity && member && frame->incarnation <= member->incarnation) {
        return; /* no news: nobody has looked at its signature */
    }
    bw_trace_rule(g->trace, BW_RULE_PROTOCOL_IN_COMMON, &frame->id, frame->protocol_max);
    if (member && bw_member_living(member) && frame->incarnation > member->incarnation) {
        bw_suspect_die(g, member, (struct bw_claim){member->incarnation, BW_STATUS_DEAD}, &source->from,
                       g->now.mono_us);
    }
    if (g->now.mono_us >= g->incompatible_again_us) {
        g->incompatible_again_us = g->now.mono_us + BW_INCOMPATIBLE_SAID_US;
        bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_INCOMPATIBLE,
                                                   .id = frame->id,
                                                   .addr = frame->addr,
                                                   .incarnation = frame->incarnation,
                                                   .protocol_min = frame->protocol_min,
                                                   .protocol_max = frame->protocol_max,
                                                   .name = frame->name});
    }
}

/* ------------------------------------------------------------------ known members */

static bool heard_lately(const struct bw_gossip *g, const struct bw_member *member) {
    return member->peer && member->peer->heard_us != BW_NOT_HEARD &&
           g->now.mono_us - member->peer->heard_us <= bw_two_rounds_us(&g->params, g->living);
}

static void take_alive(struct bw_gossip *g, const struct bw_source *source, struct bw_member *member,
                       const struct bw_frame_member *frame) {
    bool moved = !bw_addr_equal(&member->info->addr, &frame->addr);
    if (!bw_view_set_info(g, member, frame, source->proof)) {
        return;
    }
    bw_why_end(g, member, BW_STATUS_ALIVE, NULL);
    bw_suspect_end(g, member);
    bw_view_set(g, member, (struct bw_claim){frame->incarnation, BW_STATUS_ALIVE}, g->now.mono_us);
    if (moved) {
        check_name(g, member);
    }
    if (relays(g, source) && member->status == BW_STATUS_ALIVE) {
        bw_update_member(g, member);
    }
}

/* What another's table says of somebody we hear ourselves: it must be able to refute first. */
static void take_synced_death(struct bw_gossip *g, const struct bw_source *source, struct bw_member *member,
                              const struct bw_frame_member *frame) {
    bw_trace_rule(g->trace, BW_RULE_SUSPECT_SYNCED_DEAD, &member->id, frame->incarnation);
    if (frame->incarnation > member->incarnation && !bw_view_set_info(g, member, frame, source->proof)) {
        return; /* what is told of it from now on is of that incarnation */
    }
    bw_suspect(g, member, frame->incarnation, (struct bw_bytes){source->from.bytes, sizeof(source->from)});
    bw_why_evidence(g, member, BW_EVIDENCE_TABLE);
}

void bw_claims_member(struct bw_gossip *g, const struct bw_source *source, const struct bw_frame_member *frame) {
    struct bw_claim claim = {frame->incarnation, (enum bw_status)frame->status};
    if (is_self(g, &frame->id)) {
        bw_refute(g, &source->from, claim, true);
        return;
    }
    if (bw_protocol_common(g, frame->protocol_min, frame->protocol_max) == 0) {
        keep_out(g, source, frame);
        return;
    }
    struct bw_member *member = bw_members_find(&g->members, &frame->id);
    if (!member) {
        meet(g, source, frame);
        return;
    }
    int order = bw_precedence(claim, bw_member_claim(member));
    if (claim.status == BW_STATUS_ALIVE && order >= 0) {
        note_evidence(g, member, bw_id_equal(&source->from, &frame->id) ? 0 : frame->heard_s);
    }
    if (order <= 0) {
        if (order == 0 && claim.status != BW_STATUS_ALIVE) {
            bw_view_age(g, member, since_us(g, frame->age_ms));
        }
        return;
    }
    if (claim.status == BW_STATUS_ALIVE) {
        take_alive(g, source, member, frame);
    } else if (claim.status == BW_STATUS_DEAD && bw_member_living(member) && heard_lately(g, member)) {
        take_synced_death(g, source, member, frame);
    } else if (bw_view_set_info(g, member, frame, source->proof)) {
        bw_suspect_die(g, member, claim, NULL, since_us(g, frame->age_ms));
    }
}

void bw_claims_outdated(struct bw_gossip *g, const struct bw_source *source, const struct bw_member *member) {
    const struct bw_member *from = bw_members_find(&g->members, &source->from);
    if (from) {
        struct bw_dest to = bw_view_dest(from);
        bw_leave_tell_of(g, &to, member);
    }
}

/* Identity mode: a suspicion and a death are their accusers' words, in a frame of its own. */
static bool unsigned_word(struct bw_gossip *g, const struct bw_id *id, struct bw_claim claim) {
    if (!g->attest.identity || claim.status == BW_STATUS_LEFT) {
        return false;
    }
    bw_trace_rule(g->trace, BW_RULE_ACCUSERS_SIGN, id, claim.incarnation);
    g->attest.refused = true;
    return true;
}

void bw_claims_sentence(struct bw_gossip *g, struct bw_member *member, uint64_t age_ms) {
    static const struct bw_id nobody;
    const struct bw_claim claim = {member->incarnation, BW_STATUS_DEAD};
    if (!bw_suspect_proven(g, member)) {
        bw_trace_rule(g->trace, BW_RULE_DEATH_NEEDS_ITS_ACCUSERS, &member->id, member->incarnation);
    } else if (!(heard_lately(g, member) && bw_suspect_sentenced(g, member, claim.incarnation, &nobody))) {
        bw_suspect_die(g, member, claim, NULL, since_us(g, age_ms));
    }
}

void bw_claims_suspect(struct bw_gossip *g, const struct bw_source *source, const struct bw_frame_suspect *frame) {
    struct bw_claim claim = {frame->incarnation, BW_STATUS_SUSPECT};
    if (unsigned_word(g, &frame->id, claim) || !bw_signed_hears(g, &frame->id, claim, false)) {
        return;
    }
    if (is_self(g, &frame->id)) {
        bw_refute(g, &source->from, claim, frame->accusers.size > sizeof(struct bw_id));
        return;
    }
    struct bw_member *member = bw_members_find(&g->members, &frame->id);
    if (!member) {
        return;
    }
    if (bw_precedence(claim, bw_member_claim(member)) >= 0) {
        bw_suspect(g, member, frame->incarnation, frame->accusers);
        return;
    }
    bw_claims_outdated(g, source, member);
}

void bw_claims_verdict(struct bw_gossip *g, const struct bw_source *source, const struct bw_frame_verdict *frame) {
    struct bw_claim claim = {frame->incarnation, (enum bw_status)frame->status};
    if (unsigned_word(g, &frame->id, claim) || !bw_signed_hears(g, &frame->id, claim, !bw_id_none(&frame->by))) {
        return;
    }
    if (is_self(g, &frame->id) && g->attest.identity) {
        bw_refute_hearsay(g, &source->from, claim);
        return;
    }
    if (is_self(g, &frame->id)) {
        bw_refute(g, &source->from, claim, true);
        return;
    }
    struct bw_member *member = bw_members_find(&g->members, &frame->id);
    if (!member) {
        return;
    }
    int order = bw_precedence(claim, bw_member_claim(member));
    if (order == 0) {
        bw_view_age(g, member, since_us(g, frame->age_ms));
    } else if (order > 0 && !(claim.status == BW_STATUS_DEAD && bw_member_living(member) && heard_lately(g, member) &&
                              bw_suspect_sentenced(g, member, claim.incarnation, &frame->by))) {
        bw_suspect_die(g, member, claim, &frame->by, since_us(g, frame->age_ms));
    }
}
