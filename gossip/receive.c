/* A datagram is decoded whole and checked, then applied; never half. */
#include "gossip/twice.h"

/* An earlier life of ours can be ahead so far, microseconds, a good four years: a clock was set back, a snapshot restored. */
#define OUTBID_GAP (UINT64_C(1) << 47)

/* Nobody but we raises our incarnation: an accusation far above it is made up. */
static bool made_up(const struct bw_gossip *g, const struct bw_id *id, uint64_t incarnation) {
    return bw_id_equal(id, &g->self->id) && incarnation > g->self->incarnation &&
           incarnation - g->self->incarnation > OUTBID_GAP;
}

static bool acceptable(const struct bw_gossip *g, const struct bw_frame *frame) {
    switch (frame->type) {
    case BW_FRAME_NUMBER_suspect:
        return !made_up(g, &frame->as.suspect.id, frame->as.suspect.incarnation);
    case BW_FRAME_NUMBER_verdict:
        return !made_up(g, &frame->as.verdict.id, frame->as.verdict.incarnation);
    default:
        return true;
    }
}

static int check(const struct bw_gossip *g, struct bw_bytes frames, bool *pings) {
    struct bw_reader reader = {.data = frames.data, .size = frames.size};
    struct bw_frame frame;
    int more = 0;
    while ((more = bw_frame_next(&reader, &frame)) > 0) {
        if (!acceptable(g, &frame)) {
            return BW_ERR_DROP_MALFORMED;
        }
        *pings = *pings || frame.type == BW_FRAME_NUMBER_ping;
    }
    return more;
}

static void take_message(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_message *frame) {
    bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_MESSAGE,
                                               .id = in->from,
                                               .heard_us = in->heard_us,
                                               .channel = frame->channel,
                                               .message = frame->data});
}

static void apply_user(struct bw_gossip *g, const struct bw_inbound *in, struct bw_frame *frame) {
    switch (frame->type) {
    case BW_FRAME_NUMBER_user_event:
        bw_user_event_receive(g, in, &frame->as.user_event);
        break;
    case BW_FRAME_NUMBER_query:
        bw_query_receive(g, in, &frame->as.query);
        break;
    case BW_FRAME_NUMBER_reply:
        bw_query_replied(g, in, &frame->as.reply);
        break;
    case BW_FRAME_NUMBER_clocks:
        bw_user_event_clocks(g, in, &frame->as.clocks);
        break;
    default:
        bw_user_event_have(g, in, &frame->as.have);
        break;
    }
}

static void apply_probe(struct bw_gossip *g, const struct bw_inbound *in, struct bw_frame *frame) {
    switch (frame->type) {
    case BW_FRAME_NUMBER_ping:
        bw_ping_answer(g, in, &frame->as.ping);
        bw_converge_heard(g, in, frame->as.ping.digest, frame->as.ping.still != 0);
        break;
    case BW_FRAME_NUMBER_ack:
        bw_ping_acked(g, in, &frame->as.ack);
        bw_converge_heard(g, in, frame->as.ack.digest, frame->as.ack.still != 0);
        break;
    case BW_FRAME_NUMBER_ping_req:
        bw_ping_requested(g, in, &frame->as.ping_req);
        break;
    case BW_FRAME_NUMBER_nack:
        bw_ping_nacked(g, in, &frame->as.nack);
        break;
    default:
        bw_ping_relayed(g, in, &frame->as.relayed);
        break;
    }
}

static void apply(struct bw_gossip *g, const struct bw_inbound *in, struct bw_source *source, struct bw_frame *frame) {
    switch ((enum bw_frame_number)frame->type) {
    case BW_FRAME_NUMBER_ping:
    case BW_FRAME_NUMBER_ack:
    case BW_FRAME_NUMBER_ping_req:
    case BW_FRAME_NUMBER_nack:
    case BW_FRAME_NUMBER_relayed:
        apply_probe(g, in, frame);
        break;
    case BW_FRAME_NUMBER_member:
        bw_signed_plain(g, source, &frame->as.member);
        break;
    case BW_FRAME_NUMBER_signed_member:
        bw_signed_receive(g, source, &frame->as.signed_member);
        break;
    case BW_FRAME_NUMBER_accusation:
        bw_accuse_receive(g, source, &frame->as.accusation);
        break;
    case BW_FRAME_NUMBER_suspect:
        bw_claims_suspect(g, source, &frame->as.suspect);
        break;
    case BW_FRAME_NUMBER_verdict:
        bw_claims_verdict(g, source, &frame->as.verdict);
        break;
    case BW_FRAME_NUMBER_record:
        bw_record_receive(g, in, &frame->as.record);
        break;
    case BW_FRAME_NUMBER_sync:
        bw_page_serve(g, in, &frame->as.sync);
        break;
    case BW_FRAME_NUMBER_page:
        source->synced = true;
        bw_sync_page(g, in, &frame->as.page);
        break;
    case BW_FRAME_NUMBER_later:
        bw_sync_later(g, in, &frame->as.later);
        break;
    case BW_FRAME_NUMBER_coordinate:
        bw_rtt_told(g, in, &frame->as.coordinate);
        break;
    case BW_FRAME_NUMBER_survey:
        bw_survey_asked(g, in, &frame->as.survey);
        break;
    case BW_FRAME_NUMBER_heard:
        bw_survey_answered(g, in, &frame->as.heard);
        break;
    case BW_FRAME_NUMBER_twice:
        bw_twice_told(g, in, &frame->as.twice);
        break;
    case BW_FRAME_NUMBER_sealed: /* only behind who is met: opening.c */
        break;
    case BW_FRAME_NUMBER_message:
        take_message(g, in, &frame->as.message);
        break;
    case BW_FRAME_NUMBER_user_event:
    case BW_FRAME_NUMBER_query:
    case BW_FRAME_NUMBER_reply:
    case BW_FRAME_NUMBER_clocks:
    case BW_FRAME_NUMBER_have:
        apply_user(g, in, frame);
        break;
    }
}

/* What costs a walk over all that we know, and an answer larger than itself: one of a kind in a datagram, so that no datagram costs
 * more than a few times another. Nobody has two to ask. */
static bool asked_again(struct bw_gossip *g, const struct bw_inbound *in, uint8_t type, uint64_t *asked) {
    bool large = type == BW_FRAME_NUMBER_sync || type == BW_FRAME_NUMBER_survey || type == BW_FRAME_NUMBER_have;
    uint64_t bit = large ? UINT64_C(1) << type : 0;
    if ((*asked & bit) != 0) {
        bw_trace_rule(g->trace, BW_RULE_ONE_LARGE_ANSWER, &in->from, type);
        return true;
    }
    *asked |= bit;
    return false;
}

/* It is proven: made for us, after our boot. */
static void note_heard(struct bw_gossip *g, const struct bw_inbound *in) {
    bw_alone_heard(g, &in->from);
    struct bw_member *member = bw_members_find(&g->members, &in->from);
    if (!member) {
        return;
    }
    member->renewed = member->renewed || member->session != in->session;
    member->session = in->session; /* a newer one ends the older ones */
    struct bw_peer *peer = bw_view_peer(g, member);
    if (peer) {
        peer->heard_us = g->now.mono_us;
        peer->echo_us = in->heard_us > peer->echo_us ? in->heard_us : peer->echo_us;
    }
}

static int answer_unproven(struct bw_gossip *g, const struct bw_inbound *in) {
    struct bw_reader reader = {.data = in->frames.data, .size = in->frames.size};
    struct bw_frame frame;
    while (bw_frame_next(&reader, &frame) > 0) {
        if (frame.type == BW_FRAME_NUMBER_ping) {
            if (bw_join_rationed(g, &in->addr)) {
                return BW_ERR_DROP_RATE;
            }
            bw_trace_rule(g->trace, BW_RULE_ANSWER_UNPROVEN_PINGS_ONLY, &in->from, frame.as.ping.seq);
            bw_ping_answer(g, in, &frame.as.ping);
            return 0; /* one answer, no larger than the question */
        }
    }
    return BW_ERR_DROP_UNPROVEN;
}

/* Where the newer session is there can be no other: an address is bound once, and these are late words. */
static int receive_ended(struct bw_gossip *g, const struct bw_inbound *in, bool pings) {
    const struct bw_member *member = bw_members_find(&g->members, &in->from);
    if (g->attest.identity || !member || bw_addr_equal(&member->info->addr, &in->addr)) {
        return BW_ERR_DROP_SESSION;
    }
    if (in->lives) {
        bw_twice_seen(g, in, member);
    } else if (pings) {
        (void)answer_unproven(g, in);
    }
    return BW_ERR_DROP_SESSION;
}

/* Whom we ping hears our echo, which says it all. The others ping us, and are dropped, until they hear it (security.md, Packets): from
 * a machine whose older state was put back. To its own address, for anybody may replay it. */
static int receive_replayed(struct bw_gossip *g, const struct bw_inbound *in) {
    const struct bw_member *member = bw_members_find(&g->members, &in->from);
    struct bw_reader reader = {.data = in->frames.data, .size = in->frames.size};
    struct bw_frame frame;
    if (!member || member == g->self || bw_member_living(member) || member->session != in->session ||
        bw_opening_shut(g, &in->from)) {
        return BW_ERR_DROP_REPLAY;
    }
    while (bw_frame_next(&reader, &frame) > 0) {
        if (frame.type == BW_FRAME_NUMBER_ping) {
            struct bw_dest to = bw_view_dest(member);
            struct bw_frame_ack ack = {.seq = frame.as.ping.seq, .still = bw_converge_still(g), .digest = g->digest};
            bw_trace_rule(g->trace, BW_RULE_ANSWER_THE_SET_BACK, &in->from, in->session);
            (void)bw_outbox_put_bare(g, &to, &bw_schema_ack, &ack);
            break;
        }
    }
    return BW_ERR_DROP_REPLAY;
}

static int receive(struct bw_gossip *g, const struct bw_inbound *in) {
    bool pings = false;
    if (bw_id_equal(&in->from, &g->self->id)) {
        return BW_ERR_DROP_SELF;
    }
    int error = check(g, in->frames, &pings);
    if (error) {
        bw_trace_rule(g->trace, BW_RULE_DROP_MALFORMED_WHOLE, &in->from, in->frames.size);
        return error;
    }
    if (in->ended || in->replayed) {
        return in->ended ? receive_ended(g, in, pings) : receive_replayed(g, in);
    }
    if (g->attest.identity && (!in->proven || bw_opening_shut(g, &in->from))) {
        return bw_opening_receive(g, in);
    }
    if (!in->proven) {
        return pings ? answer_unproven(g, in) : BW_ERR_DROP_UNPROVEN;
    }
    note_heard(g, in);
    if (pings) {
        bw_twice_taken(g, in); /* nobody pings in a session that has ended for him */
    }
    g->measured_us = -1;
    g->attest.refused = false;
    struct bw_source source = {.from = in->from};
    struct bw_reader reader = {.data = in->frames.data, .size = in->frames.size};
    struct bw_frame frame;
    uint64_t asked = 0;
    while (bw_frame_next(&reader, &frame) > 0) {
        if (!asked_again(g, in, frame.type, &asked)) {
            apply(g, in, &source, &frame);
        }
    }
    bw_sync_advance(g);
    return g->attest.refused ? BW_ERR_DROP_UNSIGNED : 0;
}

int bw_gossip_receive(struct bw_gossip *g, const struct bw_inbound *in, struct bw_time now) {
    bw_gossip_enter(g, now);
    int error = receive(g, in);
    bw_gossip_exit(g);
    return error;
}
