/* Suspicion (SWIM 4.2) with Lifeguard's timer (IV-B): long as long as one member alone accuses, short once others confirm
 * independently. An accuser counts once. */
#include <string.h>

#include "gossip/machine.h"

#define HEAR_INTERVALS 3u /* who could ask nobody trusts its own ears if it heard anybody else in them */

static void arm(struct bw_gossip *g, struct bw_suspicion *suspicion) {
    int64_t wait_us = bw_suspicion_timeout_us(&g->params, suspicion->n, suspicion->accuser_count - 1u);
    int64_t damped_us = bw_suspicion_damped_us(&g->params, suspicion->n, suspicion->member->info->refutations);
    bool damped = damped_us > wait_us;
    if (damped) {
        bw_trace_rule(g->trace, BW_RULE_DAMP_THE_UNSTABLE, &suspicion->member->id,
                      suspicion->member->info->refutations);
        wait_us = damped_us;
    }
    int64_t refused_us = BW_REFUSED_TIMEOUT_MS * BW_US_PER_MS;
    if (suspicion->refused && refused_us < wait_us) {
        wait_us = refused_us;
        damped = false;
    }
    bw_why_wait(g, suspicion, wait_us, damped);
    int64_t at_us = suspicion->started_us + g->patience.shift_us + wait_us;
    bw_gossip_arm(g, &suspicion->timer, BW_TIMER_SUSPICION, at_us > g->now.mono_us ? at_us : g->now.mono_us);
}

static bool has_accuser(const struct bw_suspicion *suspicion, const struct bw_id *id) {
    for (size_t i = 0; i < suspicion->accuser_count; i++) {
        if (bw_id_equal(&suspicion->accusers[i], id)) {
            return true;
        }
    }
    return false;
}

static bool add_accusers(struct bw_suspicion *suspicion, struct bw_bytes accusers) {
    bool added = false;
    for (size_t at = 0; at < accusers.size && suspicion->accuser_count < BW_ACCUSERS_MAX; at += sizeof(struct bw_id)) {
        struct bw_id id;
        memcpy(&id, accusers.data + at, sizeof(id));
        if (!has_accuser(suspicion, &id) && !bw_id_equal(&id, &suspicion->member->id)) {
            suspicion->accusers[suspicion->accuser_count++] = id;
            added = true;
        }
    }
    return added;
}

static struct bw_suspicion *suspicion_of(struct bw_gossip *g, struct bw_member *member) {
    if (!member->suspicion) {
        member->suspicion = bw_alloc(&g->allocator, sizeof(*member->suspicion));
        if (member->suspicion) {
            member->suspicion->member = member;
        }
    }
    return member->suspicion;
}

static bool begin(struct bw_gossip *g, struct bw_member *member, uint64_t incarnation, struct bw_bytes accusers) {
    struct bw_suspicion fresh = {.member = member, .started_us = g->now.mono_us - g->patience.shift_us, .n = g->living};
    if (!add_accusers(&fresh, accusers) || !suspicion_of(g, member)) {
        return false;
    }
    bw_gossip_cancel(g, &member->suspicion->timer);
    *member->suspicion = fresh;
    bw_view_set(g, member, (struct bw_claim){incarnation, BW_STATUS_SUSPECT}, g->now.mono_us);
    bw_trace_rule(g->trace, BW_RULE_SUSPECT_BEFORE_DEATH, &member->id, incarnation);
    bw_why_begin(g, member);
    return true;
}

bool bw_suspect(struct bw_gossip *g, struct bw_member *member, uint64_t incarnation, struct bw_bytes accusers) {
    bool running = member->status == BW_STATUS_SUSPECT && member->incarnation == incarnation;
    if (!running && !begin(g, member, incarnation, accusers)) {
        return false;
    }
    if (running && !add_accusers(member->suspicion, accusers)) {
        return true;
    }
    if (member->suspicion->accuser_count > 1) {
        bw_trace_rule(g->trace, BW_RULE_CONFIRMATIONS_SHORTEN, &member->id, member->suspicion->accuser_count - 1u);
    }
    arm(g, member->suspicion);
    bw_update_member(g, member);
    if (!running && !has_accuser(member->suspicion, &g->self->id)) {
        bw_probe_confirm(g, member);
    }
    return true;
}

/* A bad link is not a dead host: an observer must be able to hear others, or hear the host refuse. */
static bool can_accuse(const struct bw_gossip *g, const struct bw_member *member, const struct bw_ping *ping) {
    if (g->living <= 2 || ping->refused || !g->params.hear_others) {
        return !g->alone;
    }
    int64_t heard_us = bw_alone_heard_but(g, &member->id);
    int64_t window_us = bw_health_stretch(g, HEAR_INTERVALS * g->params.probe_interval_ms);
    int64_t since_us = ping->helper_count > 0 ? ping->sent_us : g->now.mono_us - window_us;
    return heard_us != BW_NOT_HEARD && heard_us >= since_us;
}

void bw_suspect_accuse(struct bw_gossip *g, struct bw_member *member, const struct bw_ping *ping) {
    if (!bw_view_others(g, member)) {
        return;
    }
    if (!can_accuse(g, member, ping)) {
        bw_trace_rule(g->trace, BW_RULE_DEAF_DO_NOT_ACCUSE, &member->id, g->living);
        return;
    }
    struct bw_id accusers[2] = {g->self->id, ping->refuser};
    bool refused = ping->refused && ping->helper_refused;
    struct bw_bytes bytes = {accusers[0].bytes, (refused ? 2 : 1) * sizeof(struct bw_id)};
    bool suspected = bw_suspect(g, member, member->incarnation, bytes);
    bw_why_probe(g, member, ping);
    if (suspected && refused) {
        bw_trace_rule(g->trace, BW_RULE_REFUSED_TWICE_IS_CONFIRMED, &member->id, member->incarnation);
        member->suspicion->refused = true;
        arm(g, member->suspicion);
    }
}

bool bw_suspect_sentenced(struct bw_gossip *g, struct bw_member *member, uint64_t incarnation, const struct bw_id *by) {
    struct bw_bytes accusers = {by->bytes, bw_id_none(by) ? 0 : sizeof(*by)};
    (void)bw_suspect(g, member, incarnation, accusers);
    bw_why_evidence(g, member, BW_EVIDENCE_VERDICT);
    bool suspect = member->status == BW_STATUS_SUSPECT && member->incarnation == incarnation;
    int64_t age_us = suspect ? g->now.mono_us - g->patience.shift_us - member->suspicion->started_us : 0;
    if (!suspect || age_us >= BW_REFUSED_TIMEOUT_MS * BW_US_PER_MS) {
        return false;
    }
    bw_trace_rule(g->trace, BW_RULE_HEARD_MAY_REFUTE, &member->id, incarnation);
    member->suspicion->refused = true;
    arm(g, member->suspicion);
    return true;
}

void bw_suspect_timeout(struct bw_gossip *g, struct bw_suspicion *suspicion) {
    struct bw_member *member = suspicion->member;
    bw_trace_rule(g->trace, BW_RULE_DEAD_WHEN_UNREFUTED, &member->id, suspicion->accuser_count - 1u);
    struct bw_id by = suspicion->accusers[0];
    bw_suspect_die(g, member, (struct bw_claim){member->incarnation, BW_STATUS_DEAD}, &by, g->now.mono_us);
}

/* Dead, or left. The accuser stays known, or who forgot it. */
void bw_suspect_die(struct bw_gossip *g, struct bw_member *member, struct bw_claim claim, const struct bw_id *by,
                    int64_t since_us) {
    bw_why_end(g, member, claim.status, by);
    if (claim.status == BW_STATUS_LEFT && (!by || bw_id_none(by))) {
        bw_suspect_end(g, member);
    } else if (by && suspicion_of(g, member)) {
        bw_gossip_cancel(g, &member->suspicion->timer);
        member->suspicion->accuser_count = 0;
        add_accusers(member->suspicion, (struct bw_bytes){by->bytes, sizeof(*by)});
    } else if (member->suspicion) {
        bw_gossip_cancel(g, &member->suspicion->timer);
    }
    bw_view_set(g, member, claim, since_us);
    bw_update_member(g, member);
}

void bw_suspect_end(struct bw_gossip *g, struct bw_member *member) {
    if (member->suspicion) {
        bw_gossip_cancel(g, &member->suspicion->timer);
        bw_free(&g->allocator, member->suspicion, sizeof(*member->suspicion));
        member->suspicion = NULL;
    }
}
