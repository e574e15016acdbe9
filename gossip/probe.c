/* The failure detector (SWIM 3.1): in every interval one member of the shuffled ring is pinged; if it does not answer in time,
 * others are asked to ping it; if the interval ends without an answer, it is suspected. */
#include "gossip/machine.h"

#define LISTEN_MAX 32u /* members pinged by who hears nobody */

int64_t bw_probe_measure(struct bw_peer *peer, int64_t rtt_us) {
    uint32_t sample = rtt_us < 0 ? 0 : rtt_us > UINT32_MAX / 8 ? UINT32_MAX / 8 : (uint32_t)rtt_us;
    sample = sample > 0 ? sample : 1;
    if (peer->srtt_us == 0) { /* RFC 6298, 2.2 and 2.3 */
        peer->srtt_us = sample;
        peer->rttvar_us = sample / 2;
    } else {
        uint32_t error = sample > peer->srtt_us ? sample - peer->srtt_us : peer->srtt_us - sample;
        peer->rttvar_us = (3 * peer->rttvar_us + error) / 4;
        peer->srtt_us = (7 * peer->srtt_us + sample) / 8;
        peer->srtt_us = peer->srtt_us > 0 ? peer->srtt_us : 1;
    }
    return (int64_t)peer->srtt_us + 4 * (int64_t)peer->rttvar_us;
}

int64_t bw_probe_timeout_us(const struct bw_gossip *g, const struct bw_member *member) {
    int64_t least_us = g->params.probe_timeout_min_ms * BW_US_PER_MS;
    int64_t most_us = g->params.probe_timeout_max_ms * BW_US_PER_MS;
    int64_t wait_us = most_us;
    if (member->peer && member->peer->srtt_us > 0) {
        wait_us = (int64_t)member->peer->srtt_us + 4 * (int64_t)member->peer->rttvar_us;
    }
    wait_us = wait_us < least_us ? least_us : wait_us > most_us ? most_us : wait_us;
    return wait_us * (g->health + 1);
}

/* Whom we heard last can be heard, most likely: in the smaller part of a partition a random helper is nearly always lost. */
static size_t pick_helpers(struct bw_gossip *g, const struct bw_member *target, struct bw_member **helpers) {
    size_t wanted = g->params.indirect_count;
    size_t count = 0;
    for (size_t i = 0; i < BW_COUNT(g->heard) && count < wanted; i++) {
        struct bw_member *member = bw_members_find(&g->members, &g->heard[i].id);
        if (member && member != target && bw_view_others(g, member)) {
            helpers[count++] = member;
        }
    }
    struct bw_member *random[BW_HELPER_MAX + BW_COUNT(g->heard)];
    size_t picked = bw_view_pick(g, target, random, wanted + BW_COUNT(g->heard));
    size_t recent = count;
    for (size_t i = 0; i < picked && count < wanted; i++) {
        bool twice = false;
        for (size_t k = 0; k < recent; k++) {
            twice = twice || random[i] == helpers[k];
        }
        if (!twice) {
            helpers[count++] = random[i];
        }
    }
    return count;
}

void bw_probe_indirectly(struct bw_gossip *g, struct bw_ping *ping) {
    const struct bw_member *target = bw_members_find(&g->members, &ping->to.id);
    struct bw_member *helpers[BW_HELPER_MAX];
    size_t count = pick_helpers(g, target, helpers);
    struct bw_frame_ping_req frame = {.seq = ping->seq, .target = ping->to.id};
    for (size_t i = 0; i < count; i++) {
        struct bw_dest to = bw_view_dest(helpers[i]);
        bw_outbox_put(g, &to, &bw_schema_ping_req, &frame);
        ping->helpers[i] = helpers[i]->id;
    }
    ping->helper_count = (uint8_t)count;
    bw_trace_rule(g->trace, BW_RULE_PROBE_INDIRECTLY, &ping->to.id, count);
}

void bw_probe_refused_twice(struct bw_gossip *g, struct bw_ping *ping) {
    struct bw_member *member = bw_members_find(&g->members, &ping->to.id);
    if (member && (ping->purpose == BW_PURPOSE_DETECT || ping->purpose == BW_PURPOSE_CONFIRM)) {
        bw_suspect_accuse(g, member, ping);
    }
}

void bw_probe_confirm(struct bw_gossip *g, struct bw_member *member) {
    size_t observers = g->living > 2 ? g->living - 2 : 1;
    if (bw_rng_below(&g->rng, observers) >= g->params.confirm_mult * bw_confirmations_needed(&g->params, g->living)) {
        return;
    }
    for (size_t i = 0; i < BW_PING_MAX; i++) {
        if (g->pings[i].purpose == BW_PURPOSE_CONFIRM && bw_id_equal(&g->pings[i].to.id, &member->id)) {
            return;
        }
    }
    struct bw_dest to = bw_view_dest(member);
    bw_ping_send(g, BW_PURPOSE_CONFIRM, &to, bw_probe_timeout_us(g, member));
    bw_trace_rule(g->trace, BW_RULE_LOOK_INTO_SUSPICIONS, &member->id, observers);
}

/* Nacks that we should have heard. From a suspect none is expected; and where one was in time, our own ears are good: in the
 * smaller part of a partition most helpers are lost without fault of ours. */
static int32_t missed_nacks(const struct bw_gossip *g, const struct bw_ping *ping) {
    int32_t missed = 0;
    for (size_t i = 0; i < ping->helper_count && ping->nacked == 0; i++) {
        const struct bw_member *helper = bw_members_find(&g->members, &ping->helpers[i]);
        missed += helper && helper->status == BW_STATUS_ALIVE;
    }
    return missed;
}

/* Nobody at all was heard: more and more members are pinged, so that in the smaller part of a partition the few that are left find
 * each other, instead of each thinking that it is alone. Whose answer it is does not matter. */
static void listen_wider(struct bw_gossip *g, const struct bw_ping *ping, const struct bw_member *target) {
    int64_t heard_us = bw_alone_heard_but(g, &ping->to.id);
    if (heard_us != BW_NOT_HEARD && heard_us >= ping->sent_us) {
        g->deaf = 0;
        return;
    }
    struct bw_member *picked[LISTEN_MAX];
    size_t wanted = (size_t)2 << g->deaf;
    size_t count = bw_view_pick(g, target, picked, wanted < LISTEN_MAX ? wanted : LISTEN_MAX);
    for (size_t i = 0; i < count; i++) {
        struct bw_dest to = bw_view_dest(picked[i]);
        struct bw_frame_ping frame = {.seq = (uint32_t)bw_rng_next(&g->rng), .digest = g->digest};
        bw_outbox_put(g, &to, &bw_schema_ping, &frame);
    }
    g->deaf = (uint8_t)(wanted < LISTEN_MAX ? g->deaf + 1 : g->deaf);
    bw_trace_rule(g->trace, BW_RULE_DEAF_LISTEN_WIDER, NULL, count);
}

/* How the interval's probe ended, and what that says of ourselves (Lifeguard IV-A). */
static void evaluate(struct bw_gossip *g, struct bw_ping *ping) {
    struct bw_member *member = bw_members_find(&g->members, &ping->to.id);
    if (ping->acked) {
        bw_health_change(g, -1);
    } else if (member && bw_view_others(g, member)) {
        bool judged = ping->helper_count > 0 && g->params.nack_percent > 0; /* by the helpers' nacks */
        bw_health_change(g, judged ? missed_nacks(g, ping) : ping->refused ? 0 : 1);
        bw_suspect_accuse(g, member, ping);
        listen_wider(g, ping, member);
    }
    bw_ping_close(g, ping);
}

static struct bw_member *next_target(struct bw_gossip *g) {
    for (int rounds = 0; rounds < 2;) {
        struct bw_member *member = bw_members_next(&g->members, &g->rng);
        if (!member) {
            bw_trace_rule(g->trace, BW_RULE_PROBE_EACH_ONCE_A_ROUND, NULL, g->members.count);
            rounds++;
        } else if (bw_view_others(g, member)) {
            return member;
        }
    }
    return NULL;
}

/* One dead member in the whole cluster and interval, on average: whoever comes back after a partition is found. */
static void try_the_dead(struct bw_gossip *g) {
    if (g->dead == 0 || bw_rng_below(&g->rng, g->living) != 0) {
        return;
    }
    size_t wanted = (size_t)bw_rng_below(&g->rng, g->dead);
    for (size_t i = 0; i < g->members.count; i++) {
        const struct bw_member *member = g->members.ring[i];
        if (member->status == BW_STATUS_DEAD && wanted-- == 0) {
            struct bw_dest to = {.id = member->id, .addr = member->info->addr};
            bw_ping_send(g, BW_PURPOSE_REOPEN, &to, bw_health_stretch(g, g->params.probe_timeout_max_ms));
            bw_trace_rule(g->trace, BW_RULE_TRY_THE_DEAD, &member->id, g->dead);
            return;
        }
    }
}

void bw_probe_period(struct bw_gossip *g) {
    if (g->probe) {
        evaluate(g, g->probe);
    }
    bw_gossip_arm(g, &g->period, BW_TIMER_PERIOD, g->now.mono_us + bw_health_stretch(g, g->params.probe_interval_ms));
    if (g->leave.leaving) {
        return;
    }
    struct bw_member *target = next_target(g);
    if (target && bw_signed_expired(g, target)) {
        bw_trace_rule(g->trace, BW_RULE_EXPIRED_IS_DEAD, &target->id, target->incarnation);
        bw_suspect_die(g, target, (struct bw_claim){target->incarnation, BW_STATUS_DEAD}, &g->self->id, g->now.mono_us);
    } else if (target) {
        struct bw_dest to = bw_view_dest(target);
        g->probe = bw_ping_send(g, BW_PURPOSE_DETECT, &to, bw_probe_timeout_us(g, target));
        if (target->status == BW_STATUS_SUSPECT) {
            to.session = 0;
            bw_ping_send(g, BW_PURPOSE_REOPEN, &to, bw_health_stretch(g, g->params.probe_timeout_max_ms));
        }
    }
    try_the_dead(g);
}
