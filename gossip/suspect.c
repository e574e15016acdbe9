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

/* Identity mode: those whose port it is that refused them, by their own word. */
static size_t refused_count(const struct bw_suspicion *suspicion) {
    size_t count = 0;
    for (size_t i = 0; i < suspicion->accuser_count; i++) {
        count += suspicion->charges[i][0] != 0;
    }
    return count;
}

static bool is_proven(const struct bw_gossip *g, const struct bw_suspicion *suspicion) {
    return suspicion->accuser_count > bw_confirmations_needed(&g->params, suspicion->n) ||
           refused_count(suspicion) >= 2;
}

/* In identity mode each accuser costs others a look: only those that shorten the wait are told of. */
static bool has_use(const struct bw_gossip *g, const struct bw_suspicion *suspicion, bool refused) {
    bool enough = g->attest.identity && is_proven(g, suspicion) && !(refused && refused_count(suspicion) < 2);
    return suspicion->accuser_count < BW_ACCUSERS_MAX && !enough;
}

static bool runs(const struct bw_member *member, uint64_t incarnation) {
    return member->status == BW_STATUS_SUSPECT && member->incarnation == incarnation;
}

bool bw_suspect_lacks(const struct bw_gossip *g, const struct bw_member *member, uint64_t incarnation,
                      const struct bw_id *accuser, bool refused) {
    return !runs(member, incarnation) ||
           (!has_accuser(member->suspicion, accuser) && has_use(g, member->suspicion, refused));
}

bool bw_suspect_proven(const struct bw_gossip *g, const struct bw_member *member) {
    return member->status == BW_STATUS_SUSPECT && is_proven(g, member->suspicion);
}

static bool add_accusers(const struct bw_gossip *g, struct bw_suspicion *suspicion, struct bw_bytes accusers) {
    bool added = false;
    for (size_t at = 0; at < accusers.size; at += bw_accuser_size(g)) {
        const uint8_t *charge = accusers.data + at + sizeof(struct bw_id);
        bool refused = g->attest.identity && charge[0] != 0;
        struct bw_id id;
        memcpy(&id, accusers.data + at, sizeof(id));
        if (has_use(g, suspicion, refused) && !has_accuser(suspicion, &id) &&
            !bw_id_equal(&id, &suspicion->member->id)) {
            if (g->attest.identity) {
                memcpy(suspicion->charges[suspicion->accuser_count], charge, BW_CHARGE_SIZE);
            }
            suspicion->accusers[suspicion->accuser_count++] = id;
            added = true;
        }
    }
    suspicion->refused = suspicion->refused || (g->attest.identity && refused_count(suspicion) >= 2);
    return added;
}

static size_t suspicion_size(const struct bw_gossip *g) {
    return sizeof(struct bw_suspicion) + (g->attest.identity ? BW_ACCUSERS_MAX * (size_t)BW_CHARGE_SIZE : 0);
}

static struct bw_suspicion *suspicion_of(struct bw_gossip *g, struct bw_member *member) {
    if (!member->suspicion) {
        member->suspicion = bw_alloc(&g->allocator, suspicion_size(g));
        if (member->suspicion) {
            member->suspicion->member = member;
        }
    }
    return member->suspicion;
}

/* Nobody accuses itself. */
static bool anybody(const struct bw_gossip *g, const struct bw_member *member, struct bw_bytes accusers) {
    for (size_t at = 0; at < accusers.size; at += bw_accuser_size(g)) {
        if (memcmp(accusers.data + at, &member->id, sizeof(member->id)) != 0) {
            return true;
        }
    }
    return false;
}

static bool begin(struct bw_gossip *g, struct bw_member *member, uint64_t incarnation, struct bw_bytes accusers) {
    if (!anybody(g, member, accusers) || !suspicion_of(g, member)) {
        return false;
    }
    bw_gossip_cancel(g, &member->suspicion->timer);
    *member->suspicion =
        (struct bw_suspicion){.member = member, .started_us = g->now.mono_us - g->patience.shift_us, .n = g->living};
    (void)add_accusers(g, member->suspicion, accusers);
    bw_view_set(g, member, (struct bw_claim){incarnation, BW_STATUS_SUSPECT}, g->now.mono_us);
    bw_trace_rule(g->trace, BW_RULE_SUSPECT_BEFORE_DEATH, &member->id, incarnation);
    bw_why_begin(g, member);
    return true;
}

bool bw_suspect(struct bw_gossip *g, struct bw_member *member, uint64_t incarnation, struct bw_bytes accusers) {
    bool running = runs(member, incarnation);
    if (!running && !begin(g, member, incarnation, accusers)) {
        return false;
    }
    if (running && !add_accusers(g, member->suspicion, accusers)) {
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
    uint8_t accusers[BW_ACCUSATION_SIZE];
    bool refused = ping->refused && ping->helper_refused;
    bool lacks = bw_suspect_lacks(g, member, member->incarnation, &g->self->id, ping->refused);
    struct bw_bytes bytes = {accusers, 0};
    if (lacks) {
        bytes = bw_accuse_own(g, member, ping->refused, accusers);
    }
    if (refused && !g->attest.identity) { /* there the helper says so itself: see bw_accuse_tell */
        memcpy(accusers + bytes.size, &ping->refuser, sizeof(ping->refuser));
        bytes.size += sizeof(ping->refuser);
    }
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
    bool suspect = runs(member, incarnation);
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

/* Identity mode: it is dead because of those who accuse it; or by our own look at its certificate, and that is our accusation. */
static void keep_accusers(struct bw_gossip *g, struct bw_member *member, const struct bw_id *by) {
    uint8_t own[BW_ACCUSATION_SIZE];
    bool suspect = member->status == BW_STATUS_SUSPECT;
    bool ours = !suspect && by && bw_id_equal(by, &g->self->id);
    if (!suspect && member->suspicion) {
        member->suspicion->accuser_count = 0;
    }
    if (ours && suspicion_of(g, member)) {
        add_accusers(g, member->suspicion, bw_accuse_own(g, member, false, own));
    }
}

/* Dead, or left. The accuser stays known, or who forgot it. */
void bw_suspect_die(struct bw_gossip *g, struct bw_member *member, struct bw_claim claim, const struct bw_id *by,
                    int64_t since_us) {
    bw_why_end(g, member, claim.status, by);
    if (claim.status == BW_STATUS_LEFT && (!by || bw_id_none(by))) {
        bw_suspect_end(g, member);
    } else if (g->attest.identity && claim.status == BW_STATUS_DEAD) {
        keep_accusers(g, member, by);
    } else if (by && suspicion_of(g, member)) {
        member->suspicion->accuser_count = 1;
        member->suspicion->accusers[0] = *by;
    }
    if (member->suspicion) {
        bw_gossip_cancel(g, &member->suspicion->timer);
    }
    bw_view_set(g, member, claim, since_us);
    bw_update_member(g, member);
}

void bw_suspect_end(struct bw_gossip *g, struct bw_member *member) {
    if (member->suspicion) {
        bw_gossip_cancel(g, &member->suspicion->timer);
        bw_free(&g->allocator, member->suspicion, suspicion_size(g));
        member->suspicion = NULL;
    }
}
