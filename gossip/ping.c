/* Outstanding pings and their answers. An ack counts only from the member that was pinged, with the ping's own random number,
 * while the ping is outstanding. */
#include <string.h>

#include "gossip/machine.h"

#define REPEAT_PART 10 /* of the interval, between the probe's pings that repeat the first */

static void send_frame(struct bw_gossip *g, const struct bw_ping *ping) {
    struct bw_frame_ping frame = {.seq = ping->seq, .still = bw_converge_still(g), .digest = g->digest};
    /* repeated ones go to the dead, mostly, who must not use up what others are to hear */
    if (ping->to.session == 0 || ping->repeated > 0) {
        bw_outbox_put_bare(g, &ping->to, &bw_schema_ping, &frame);
    } else {
        bw_outbox_put(g, &ping->to, &bw_schema_ping, &frame);
    }
}

struct bw_ping *bw_ping_send(struct bw_gossip *g, enum bw_purpose purpose, const struct bw_dest *to, int64_t wait_us) {
    /* the last place is the detector's: others' questions must not cost us our turn */
    const struct bw_ping *end = g->pings + BW_PING_MAX - (purpose != BW_PURPOSE_DETECT);
    struct bw_ping *ping = g->pings;
    while (ping < end && ping->purpose != BW_PURPOSE_NONE) {
        ping++;
    }
    if (ping == end) {
        bw_bound_passed(g, BW_BOUND_PINGS, &to->id, BW_PING_MAX);
        return NULL;
    }
    *ping = (struct bw_ping){
        .purpose = purpose, .seq = (uint32_t)bw_rng_next(&g->rng), .to = *to, .sent_us = g->now.mono_us};
    send_frame(g, ping);
    bw_gossip_arm(g, &ping->timer, BW_TIMER_PING, wait_us == BW_NEVER ? BW_NEVER : g->now.mono_us + wait_us);
    return ping;
}

void bw_ping_close(struct bw_gossip *g, struct bw_ping *ping) {
    bw_gossip_cancel(g, &ping->timer);
    if (ping->ghost) {
        g->ghost_count--;
        bw_view_free_ghost(g, ping->ghost);
    }
    if (g->probe == ping) {
        g->probe = NULL;
    }
    *ping = (struct bw_ping){.purpose = BW_PURPOSE_NONE};
}

void bw_ping_close_all(struct bw_gossip *g) {
    for (size_t i = 0; i < BW_PING_MAX; i++) {
        if (g->pings[i].purpose != BW_PURPOSE_NONE) {
            bw_ping_close(g, &g->pings[i]);
        }
    }
}

struct bw_ping *bw_ping_open(struct bw_gossip *g, uint32_t seq) {
    for (size_t i = 0; i < BW_PING_MAX; i++) {
        if (g->pings[i].purpose != BW_PURPOSE_NONE && g->pings[i].seq == seq) {
            return &g->pings[i];
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------ what became of a ping */

static void report(struct bw_gossip *g, const struct bw_ping *ping, bool ok) {
    if (ping->purpose == BW_PURPOSE_ASK || ping->asked_too) {
        bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_ANSWERED, .id = ping->to.id, .ok = ok});
    }
}

/* It answered, to us or to a helper. */
static void succeed(struct bw_gossip *g, struct bw_ping *ping) {
    if (ping->purpose == BW_PURPOSE_DETECT) {
        ping->acked = true;
        bw_gossip_cancel(g, &ping->timer);
        return;
    }
    report(g, ping, true);
    bw_ping_close(g, ping);
}

static void fail(struct bw_gossip *g, struct bw_ping *ping) {
    report(g, ping, false);
    struct bw_member *member = bw_members_find(&g->members, &ping->to.id);
    if (ping->purpose == BW_PURPOSE_CONFIRM && member) {
        bw_suspect_accuse(g, member, ping);
    }
    bw_ping_close(g, ping);
}

/* A member of a newer session: what it is accused of under the old one it must hear, so that it can refute. */
static void reopened(struct bw_gossip *g, struct bw_ping *ping, const struct bw_inbound *in) {
    bw_trace_rule(g->trace, BW_RULE_REOPEN_UNBOUND, &in->from, in->session);
    struct bw_dest to = bw_view_answer(g, in);
    bw_outbox_put_frames(g, &to, NULL, 0, false);
    if (g->probe && bw_id_equal(&g->probe->to.id, &in->from)) {
        succeed(g, g->probe);
    }
    bw_ping_close(g, ping);
}

static void measure(struct bw_gossip *g, const struct bw_ping *ping, const struct bw_id *from) {
    struct bw_member *member = bw_members_find(&g->members, from);
    struct bw_peer *peer = member ? bw_view_peer(g, member) : NULL;
    if (peer && ping->repeated == 0) { /* else it is not known which of them was answered (Karn) */
        bw_probe_measure(peer, g->now.mono_us - ping->sent_us);
        g->measured_us = ping->indirect ? -1 : g->now.mono_us - ping->sent_us; /* it may have been asked twice */
    }
}

void bw_ping_acked(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_ack *frame) {
    struct bw_ping *ping = bw_ping_open(g, frame->seq);
    if (!ping || ping->acked || (ping->purpose != BW_PURPOSE_SEED && !bw_id_equal(&ping->to.id, &in->from))) {
        bw_trace_rule(g->trace, BW_RULE_IGNORE_FOREIGN_ACK, &in->from, frame->seq);
        return;
    }
    measure(g, ping, &in->from);
    switch (ping->purpose) {
    case BW_PURPOSE_REOPEN:
        reopened(g, ping, in);
        break;
    case BW_PURPOSE_RELAY: {
        struct bw_frame_relayed relayed = {.seq = ping->origin_seq};
        bw_outbox_put(g, &ping->origin, &bw_schema_relayed, &relayed);
        bw_ping_close(g, ping);
        break;
    }
    case BW_PURPOSE_GHOST: {
        struct bw_member *ghost = ping->ghost;
        ping->ghost = NULL;
        g->ghost_count--;
        ghost->evidence_s = (uint32_t)(g->now.mono_us / BW_US_PER_S + 1);
        bw_claims_admit(g, ghost, true);
        bw_ping_close(g, ping);
        break;
    }
    case BW_PURPOSE_SEED: {
        struct bw_inbound asked = *in;
        asked.addr = ping->to.addr; /* not where the answer says that it is from */
        bw_join_answered(g, ping, &asked);
        bw_ping_close(g, ping);
        break;
    }
    case BW_PURPOSE_LEAVE:
        bw_ping_close(g, ping);
        bw_leave_acked(g, &in->from);
        break;
    default:
        succeed(g, ping);
        break;
    }
}

static void tell_refusal(struct bw_gossip *g, const struct bw_ping *ping) {
    const struct bw_member *member = ping->refused ? bw_members_find(&g->members, &ping->to.id) : NULL;
    if (member) {
        bw_accuse_tell(g, &ping->origin, member);
    }
}

/* The helper's wait is over; a late ack is passed on all the same. A refusal is told even where nacks are not wanted. */
static void nack(struct bw_gossip *g, struct bw_ping *ping) {
    struct bw_frame_nack frame = {.seq = ping->origin_seq, .refused = ping->refused};
    if (ping->refused || g->params.nack_percent > 0) {
        bw_outbox_put(g, &ping->origin, &bw_schema_nack, &frame);
        bw_trace_rule(g->trace, BW_RULE_NACK_BEFORE_TIMEOUT, &ping->to.id, ping->refused);
        tell_refusal(g, ping);
    }
    ping->indirect = true;
    int64_t wait_us = bw_health_stretch(g, g->params.probe_interval_ms);
    bw_gossip_arm(g, &ping->timer, BW_TIMER_PING, g->now.mono_us + wait_us);
}

static bool asks_helpers(const struct bw_ping *ping) {
    return ping->purpose == BW_PURPOSE_DETECT || ping->purpose == BW_PURPOSE_ASK || ping->purpose == BW_PURPOSE_CONFIRM;
}

static void wait_to_repeat(struct bw_gossip *g, struct bw_ping *ping) {
    int64_t wait_us = bw_health_stretch(g, g->params.probe_interval_ms) / REPEAT_PART;
    bw_gossip_arm(g, &ping->timer, BW_TIMER_PING, ping->refused ? BW_NEVER : g->now.mono_us + wait_us);
}

/* Again and again until the interval ends: loss is no death. Nothing is sent more where nothing is lost. */
static void repeat(struct bw_gossip *g, struct bw_ping *ping) {
    const struct bw_member *member = bw_members_find(&g->members, &ping->to.id);
    if (ping->refused || !member || !bw_view_others(g, member)) {
        bw_gossip_cancel(g, &ping->timer);
        return;
    }
    ping->to = bw_view_dest(member); /* it may have been started anew, elsewhere */
    ping->repeated++;
    send_frame(g, ping);
    bw_trace_rule(g->trace, BW_RULE_ASK_AGAIN, &ping->to.id, ping->repeated);
    wait_to_repeat(g, ping);
}

/* The direct wait is over. */
static void turn_indirect(struct bw_gossip *g, struct bw_ping *ping) {
    ping->indirect = true;
    bw_probe_indirectly(g, ping);
    if (!ping->refused && ping->purpose == BW_PURPOSE_DETECT) {
        /* and once more directly, unbound: one datagram may have been lost, or it was started anew */
        struct bw_dest anew = {.id = ping->to.id, .addr = ping->to.addr};
        bw_ping_send(g, BW_PURPOSE_REOPEN, &anew, bw_health_stretch(g, g->params.probe_interval_ms));
    } else if (!ping->refused) {
        send_frame(g, ping);
        ping->repeated++;
    }
    if (ping->purpose == BW_PURPOSE_DETECT) {
        wait_to_repeat(g, ping);
    } else if (ping->helper_count == 0) {
        fail(g, ping);
    } else {
        int64_t wait_us = bw_health_stretch(g, g->params.probe_timeout_max_ms);
        bw_gossip_arm(g, &ping->timer, BW_TIMER_PING, g->now.mono_us + wait_us);
    }
}

void bw_ping_timeout(struct bw_gossip *g, struct bw_ping *ping) {
    if (asks_helpers(ping) && !ping->indirect) {
        turn_indirect(g, ping);
    } else if (ping->purpose == BW_PURPOSE_DETECT) {
        repeat(g, ping);
    } else if (asks_helpers(ping)) {
        fail(g, ping);
    } else if (ping->purpose == BW_PURPOSE_RELAY && !ping->indirect) {
        nack(g, ping);
    } else {
        bw_ping_close(g, ping);
    }
}

/* ------------------------------------------------------------------ what others say */

void bw_ping_answer(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_ping *frame) {
    struct bw_dest to = bw_view_answer(g, in);
    struct bw_frame_ack ack = {.seq = frame->seq, .still = bw_converge_still(g), .digest = g->digest};
    if (in->proven) {
        bw_outbox_put(g, &to, &bw_schema_ack, &ack);
        bw_rtt_tell(g, &to);
    } else {
        bw_outbox_put_answer(g, &to, &bw_schema_ack, &ack, in->frames.size);
    }
}

/* The helper's number if it was asked, -1 if not. */
static int helper_of(const struct bw_ping *ping, const struct bw_id *from) {
    for (int i = 0; i < ping->helper_count; i++) {
        if (bw_id_equal(&ping->helpers[i], from)) {
            return i;
        }
    }
    return -1;
}

void bw_ping_relayed(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_relayed *frame) {
    struct bw_ping *ping = bw_ping_open(g, frame->seq);
    if (!ping || ping->acked || helper_of(ping, &in->from) < 0) {
        bw_trace_rule(g->trace, BW_RULE_IGNORE_FOREIGN_ACK, &in->from, frame->seq);
        return;
    }
    succeed(g, ping);
}

/* Once the port has refused both us and a helper, no answer will come. */
static void end_if_refused_twice(struct bw_gossip *g, struct bw_ping *ping) {
    if (!ping->refused || !ping->helper_refused) {
        return;
    }
    bw_probe_refused_twice(g, ping);
    if (ping->purpose != BW_PURPOSE_DETECT) {
        fail(g, ping);
    }
}

void bw_ping_nacked(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_nack *frame) {
    struct bw_ping *ping = bw_ping_open(g, frame->seq);
    int helper = ping ? helper_of(ping, &in->from) : -1;
    if (helper < 0) {
        bw_trace_rule(g->trace, BW_RULE_IGNORE_FOREIGN_ACK, &in->from, frame->seq);
        return;
    }
    ping->nacked |= UINT32_C(1) << helper;
    if (!frame->refused || ping->acked) {
        return;
    }
    ping->helper_refused = true;
    ping->refuser = in->from;
    end_if_refused_twice(g, ping);
}

void bw_ping_requested(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_ping_req *frame) {
    const struct bw_member *target = bw_members_find(&g->members, &frame->target);
    if (!target || target == g->self) {
        return;
    }
    struct bw_dest origin = bw_view_answer(g, in);
    if (bw_leave_tell_of(g, &origin, target)) {
        struct bw_frame_nack heard = {.seq = frame->seq};
        bw_outbox_put(g, &origin, &bw_schema_nack, &heard);
        return;
    }
    struct bw_dest to = bw_view_dest(target);
    uint32_t percent = g->params.nack_percent > 0 ? g->params.nack_percent : 100;
    int64_t wait_us = bw_probe_timeout_us(g, target) * percent / 100;
    struct bw_ping *ping = bw_ping_send(g, BW_PURPOSE_RELAY, &to, wait_us);
    if (ping) {
        ping->origin = origin;
        ping->origin_seq = frame->seq;
    }
}

/* The port is closed: waiting for its ack is pointless. */
static void refuse(struct bw_gossip *g, struct bw_ping *ping) {
    ping->refused = true;
    if (ping->purpose == BW_PURPOSE_RELAY && !ping->indirect) {
        nack(g, ping);
    } else if (asks_helpers(ping) && !ping->indirect) {
        turn_indirect(g, ping);
    } else if (ping->purpose == BW_PURPOSE_LEAVE) {
        bw_leave_refused(g, ping);
    } else {
        end_if_refused_twice(g, ping);
    }
}

void bw_gossip_refused(struct bw_gossip *g, const struct bw_id *id, struct bw_time now) {
    bw_gossip_enter(g, now);
    for (size_t i = 0; i < BW_PING_MAX; i++) {
        struct bw_ping *ping = &g->pings[i];
        if (ping->purpose != BW_PURPOSE_NONE && !ping->acked && !ping->refused && bw_id_equal(&ping->to.id, id)) {
            bw_trace_rule(g->trace, BW_RULE_REFUSED_ENDS_THE_WAIT, id, ping->seq);
            refuse(g, ping);
        }
    }
    bw_gossip_exit(g);
}

int bw_gossip_probe(struct bw_gossip *g, const struct bw_id *id, struct bw_time now) {
    bw_gossip_enter(g, now);
    const struct bw_member *member = bw_members_find(&g->members, id);
    if (!member || member == g->self) {
        return BW_ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < BW_PING_MAX; i++) {
        struct bw_ping *ping = &g->pings[i];
        bool shared = ping->purpose == BW_PURPOSE_ASK || ping->purpose == BW_PURPOSE_CONFIRM;
        if (shared && bw_id_equal(&ping->to.id, id)) {
            ping->asked_too = true;
            return 0;
        }
    }
    struct bw_dest to = bw_view_dest(member);
    return bw_ping_send(g, BW_PURPOSE_ASK, &to, bw_probe_timeout_us(g, member)) ? 0 : BW_ERR_FULL;
}
