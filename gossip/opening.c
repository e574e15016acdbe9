/* Identity mode: first contact (opening.h). A question is as large as a datagram may be, so that our answer to it, our record and an
 * ack, is never larger: that is why records are no larger than BW_SIGNED_RECORD_MAX. */
#include <string.h>

#include "gossip/machine.h"

/* Ids, addresses and the like of a record, the frame's head, and both datagrams' overhead. */
_Static_assert(BW_SIGNED_RECORD_MAX + 180u + 5u + 16u + 2u * BW_SEAL_OVERHEAD <= BW_DATAGRAM_MAX,
               "who we are and an ack are no larger than the largest question");

static bool shut(const struct bw_gossip *g, const struct bw_member *member) {
    struct bw_certificate certificate;
    return bw_certificate_read(&certificate, bw_info_certificate(member->info)) == 0 &&
           (bw_certificate_time(&certificate, g->now.wall_us) > 0 || bw_revoked(g, certificate.serial));
}

/* Of the living none is: whoever hears that one's certificate is over holds it for dead at once. */
bool bw_opening_shut(const struct bw_gossip *g, const struct bw_id *id) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    return member && !bw_member_living(member) && member != g->self && shut(g, member);
}

/* ------------------------------------------------------------------ who they are */

int bw_gossip_credential(const struct bw_gossip *g, const struct bw_id *id, struct bw_credential *credential) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    for (size_t i = 0; i < BW_PING_MAX && !member; i++) {
        const struct bw_member *ghost = g->pings[i].ghost;
        member = ghost && bw_id_equal(&ghost->id, id) ? ghost : NULL;
    }
    if (!member || member->info->certificate_size == 0) {
        return BW_ERR_NOT_FOUND;
    }
    *credential = (struct bw_credential){.id = *id,
                                         .session = bw_info_session(member->info),
                                         .incarnation = member->incarnation,
                                         .exchange = bw_info_exchange(member->info)};
    return 0;
}

size_t bw_gossip_introduction(const struct bw_gossip *g, uint8_t frames[BW_FRAMES_MAX]) {
    struct bw_writer writer = {.data = frames, .capacity = BW_FRAMES_MAX};
    int error = bw_signed_put(g, g->self, &writer);
    BW_ASSERT(error == 0);
    return writer.used;
}

static void tell_owner(struct bw_gossip *g, const struct bw_credential *credential) {
    bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_CREDENTIAL,
                                               .id = credential->id,
                                               .number = credential->session,
                                               .incarnation = credential->incarnation,
                                               .message = {credential->exchange, BW_EXCHANGE_SIZE}});
}

/* What the sender says of itself. It enters no table: that it is there shows only when it seals with what comes of it. revoked: the
 * serial of the certificate that it shows, if that is. */
static bool meet(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_signed_member *frame,
                 uint64_t *revoked) {
    struct bw_credential known;
    if (!in->bound || frame->session != in->session) {
        return true; /* said to somebody else, or long ago */
    }
    bool stands = bw_gossip_credential(g, &frame->id, &known) == 0 && known.session == frame->session &&
                  frame->incarnation <= known.incarnation;
    if (stands && !bw_opening_shut(g, &frame->id)) {
        tell_owner(g, &known);
        return true;
    }
    if (!bw_signed_credential(g, frame, revoked)) {
        return false;
    }
    bw_trace_rule(g->trace, BW_RULE_MEET_BY_SIGNATURE, &frame->id, frame->session);
    tell_owner(g, &(struct bw_credential){frame->id, frame->session, frame->incarnation, frame->exchange.data});
    return true;
}

/* ------------------------------------------------------------------ who we are */

/* Asks once more, and says who asks. */
static void ask_again(struct bw_gossip *g, const struct bw_dest *to, uint32_t seq) {
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames), .used = bw_gossip_introduction(g, frames)};
    struct bw_frame_ping ping = {.seq = seq, .still = bw_converge_still(g), .digest = g->digest};
    int error = bw_wire_put(&writer, &bw_schema_ping, &ping);
    BW_ASSERT(error == 0);
    if (sizeof(frames) - writer.used >= 3) { /* a frame of no type, which is skipped */
        memset(frames + writer.used, 0, sizeof(frames) - writer.used);
        bw_put_u16(frames + writer.used + 1, (uint16_t)(sizeof(frames) - writer.used - 3));
        writer.used = sizeof(frames);
    }
    bw_outbox_put_frames(g, to, frames, writer.used, true);
}

static bool follow(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_ack *ack) {
    struct bw_ping *ping = in->bound ? bw_ping_open(g, ack->seq) : NULL;
    bool asked = ping && !ping->acked && ping->to.session == 0 &&
                 (ping->purpose == BW_PURPOSE_SEED || bw_id_equal(&ping->to.id, &in->from));
    if (!asked || ping->hints >= BW_HINTS_MAX) {
        return false;
    }
    struct bw_dest to = {in->from, in->session, ping->to.addr};
    bw_trace_rule(g->trace, BW_RULE_FOLLOW_A_HINT, &in->from, ping->hints);
    ping->hints++;
    ping->sent_us = g->now.mono_us;
    ask_again(g, &to, ack->seq);
    return true;
}

/* ------------------------------------------------------------------ one datagram */

struct opening {
    bool shut;
    bool pinged;
    bool met;  /* the sender has said who it is */
    bool used; /* something came of it */
    uint32_t seq;
    uint64_t revoked; /* the serial that the sender's record shows, 0 if it is not revoked */
};

static void hear(struct bw_gossip *g, const struct bw_inbound *in, struct opening *opening,
                 const struct bw_frame *frame) {
    struct bw_source source = {.from = in->from};
    struct bw_inbound nobody = *in; /* whose word it is shows in the signature alone */
    switch (frame->type) {
    case BW_FRAME_NUMBER_ping:
        opening->seq = opening->pinged ? opening->seq : frame->as.ping.seq;
        opening->pinged = true;
        break;
    case BW_FRAME_NUMBER_ack:
        opening->used = (!opening->shut && follow(g, in, &frame->as.ack)) || opening->used;
        break;
    case BW_FRAME_NUMBER_signed_member:
        if (!bw_id_equal(&frame->as.signed_member.id, &in->from)) {
            g->attest.refused = true;
        } else if (opening->shut) {
            bw_signed_receive(g, &source, &frame->as.signed_member); /* another certificate, it may be */
        } else {
            opening->met = meet(g, in, &frame->as.signed_member, &opening->revoked);
            g->attest.refused = !opening->met || g->attest.refused;
        }
        opening->used = true;
        break;
    case BW_FRAME_NUMBER_record:
        if (frame->as.record.kind == BW_RECORD_KIND_REVOKED && !opening->shut) { /* it is the authority's word */
            nobody.from = (struct bw_id){.bytes = {0}};
            bw_record_receive(g, &nobody, &frame->as.record);
            opening->used = true;
        }
        break;
    case BW_FRAME_NUMBER_sealed:
        if (opening->met) { /* the owner opens it, once it has heard of that */
            bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_SEALED,
                                                       .id = in->from,
                                                       .addr = in->addr,
                                                       .message = frame->as.sealed.datagram});
        }
        break;
    case BW_FRAME_NUMBER_member:
        g->attest.refused = true;
        break;
    default:
        break;
    }
}

/* A datagram that is not believed may be from anybody: what is larger goes only to the address in the sender's own record. */
static void tell_revoked(struct bw_gossip *g, const struct bw_inbound *in, uint64_t serial) {
    struct bw_dest to = bw_view_answer(g, in);
    const struct bw_member *member = in->proven ? bw_members_find(&g->members, &in->from) : NULL;
    bool own = member && bw_addr_equal(&to.addr, &member->info->addr);
    bw_revoked_tell(g, &to, serial, own ? BW_FRAMES_MAX : in->frames.size);
}

static int answer(struct bw_gossip *g, const struct bw_inbound *in, const struct opening *opening) {
    struct bw_inbound asked = *in;
    struct bw_certificate certificate;
    asked.proven = false; /* an ack and nothing beside it */
    if (bw_join_rationed(g, &in->addr)) {
        return BW_ERR_DROP_RATE;
    }
    bw_trace_rule(g->trace, BW_RULE_ANSWER_UNPROVEN_PINGS_ONLY, &in->from, opening->seq);
    bw_ping_answer(g, &asked, &(struct bw_frame_ping){.seq = opening->seq});
    if (opening->shut && bw_gossip_certificate(g, &in->from, &certificate) == 0) {
        tell_revoked(g, in, certificate.serial);
    }
    return 0;
}

int bw_opening_receive(struct bw_gossip *g, const struct bw_inbound *in) {
    struct bw_reader reader = {.data = in->frames.data, .size = in->frames.size};
    struct opening opening = {.shut = in->proven};
    struct bw_frame frame;
    g->attest.refused = false;
    while (bw_frame_next(&reader, &frame) > 0) {
        hear(g, in, &opening, &frame);
    }
    if (g->attest.refused) {
        if (opening.revoked != 0) {
            tell_revoked(g, in, opening.revoked);
        }
        return BW_ERR_DROP_UNSIGNED;
    }
    if (opening.pinged) {
        return answer(g, in, &opening);
    }
    return opening.used ? 0 : BW_ERR_DROP_UNPROVEN;
}
