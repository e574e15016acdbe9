/* Round trips between any two members. Each ack to a member that has shown that it hears us carries our coordinate (vivaldi.h);
 * who gets it has just measured the round trip, and moves its own. The coordinates of those that were pinged stay in the side
 * table of peers: one that is not there is asked for. */
#include "gossip/machine.h"

void bw_rtt_tell(struct bw_gossip *g, const struct bw_dest *to) {
    struct bw_coordinate_packed own;
    uint8_t at[2 * BW_VIVALDI_DIMENSIONS];
    bw_vivaldi_pack(&g->vivaldi.own, &own);
    for (size_t i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        bw_put_u16(at + 2 * i, (uint16_t)own.at[i]);
    }
    struct bw_frame_coordinate frame = {.exponent = own.exponent,
                                        .error = own.error,
                                        .height = own.height,
                                        .adjustment = (uint16_t)own.adjustment,
                                        .at = {at, sizeof(at)}};
    bw_outbox_put(g, to, &bw_schema_coordinate, &frame);
}

/* In two's complement. */
static int16_t signed16(uint16_t value) {
    return (int16_t)(value < 0x8000 ? (int32_t)value : (int32_t)value - 0x10000);
}

/* The median of the last few: one late answer moves nobody. */
static uint32_t filtered(struct bw_peer *peer, int64_t rtt_us) {
    uint32_t sample = rtt_us < 1 ? 1 : rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt_us;
    peer->rtts[peer->rtt_next] = sample;
    peer->rtt_next = (uint8_t)((peer->rtt_next + 1) % BW_VIVALDI_FILTER);
    peer->rtt_count = (uint8_t)(peer->rtt_count + (peer->rtt_count < BW_VIVALDI_FILTER));
    return bw_vivaldi_median(peer->rtts, peer->rtt_count);
}

void bw_rtt_told(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_coordinate *frame) {
    struct bw_member *member = bw_members_find(&g->members, &in->from);
    struct bw_peer *peer = member ? bw_view_peer(g, member) : NULL;
    if (!peer) {
        return;
    }
    struct bw_coordinate_packed *packed = &peer->coordinate;
    for (size_t i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        packed->at[i] = signed16(bw_get_u16(frame->at.data + 2 * i));
    }
    packed->height = frame->height;
    packed->adjustment = signed16(frame->adjustment);
    packed->exponent = frame->exponent;
    packed->error = frame->error;
    peer->located = true;
    if (g->measured_us < 0) {
        return; /* a late or a foreign answer: where it is we take, how far it is we do not know */
    }
    struct bw_coordinate coordinate;
    bw_vivaldi_unpack(packed, &coordinate);
    bw_vivaldi_update(&g->vivaldi, &coordinate, filtered(peer, g->measured_us), &g->vivaldi_rng);
    bw_trace_rule(g->trace, BW_RULE_COORDINATES_RIDE_ON_ACKS, &in->from, (uint64_t)g->measured_us);
    g->measured_us = -1;
}

/* Its coordinate; false: not known. */
static bool locate(const struct bw_gossip *g, const struct bw_member *member, struct bw_coordinate *coordinate) {
    if (member == g->self) {
        *coordinate = g->vivaldi.own;
        return true;
    }
    if (!member->peer || !member->peer->located) {
        return false;
    }
    bw_vivaldi_unpack(&member->peer->coordinate, coordinate);
    return true;
}

/* One question at a time and member. */
static void ask(struct bw_gossip *g, const struct bw_member *member) {
    for (size_t i = 0; i < BW_PING_MAX; i++) {
        if (g->pings[i].purpose == BW_PURPOSE_LOCATE && bw_id_equal(&g->pings[i].to.id, &member->id)) {
            return;
        }
    }
    struct bw_dest to = bw_view_dest(member);
    bw_ping_send(g, BW_PURPOSE_LOCATE, &to, bw_probe_timeout_us(g, member));
}

static int64_t measured_us(const struct bw_gossip *g, const struct bw_member *a, const struct bw_member *b) {
    const struct bw_member *other = a == g->self ? b : b == g->self ? a : NULL;
    return other && other->peer && other->peer->srtt_us > 0 ? (int64_t)other->peer->srtt_us : -1;
}

int bw_gossip_rtt(struct bw_gossip *g, const struct bw_id *a, const struct bw_id *b, struct bw_rtt *rtt,
                  struct bw_time now) {
    bw_gossip_enter(g, now);
    const struct bw_member *members[2] = {bw_members_find(&g->members, a), bw_members_find(&g->members, b)};
    struct bw_coordinate coordinates[2];
    bool known = true;
    if (!members[0] || !members[1]) {
        return BW_ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < 2; i++) {
        if (!locate(g, members[i], &coordinates[i])) {
            ask(g, members[i]);
            known = false;
        }
    }
    if (!known) {
        return BW_ERR_BUSY;
    }
    bool same = members[0] == members[1];
    double error = coordinates[0].error > coordinates[1].error ? coordinates[0].error : coordinates[1].error;
    *rtt = (struct bw_rtt){.estimate_us = same ? 0 : (int64_t)bw_vivaldi_rtt_us(&coordinates[0], &coordinates[1]),
                           .error_percent = same ? 0 : (uint32_t)(error * 100.0),
                           .measured_us = measured_us(g, members[0], members[1])};
    return 0;
}
