/* Direct messages: the whole is decoded and checked before any of it is applied. */
#include "election/quorum.h"

static void apply(struct bw_election *e, struct bw_peer *peer, int64_t heard_us,
                  const struct bw_election_frame_any *frame, const uint8_t *signature) {
    switch (frame->type) {
    case BW_FRAME_heartbeat:
        bw_heartbeat_receive(e, peer, heard_us, &frame->as.heartbeat);
        break;
    case BW_FRAME_ack:
        bw_ack_receive(e, peer, &frame->as.ack);
        break;
    case BW_FRAME_set:
        bw_set_receive(e, peer, heard_us, &frame->as.set);
        break;
    case BW_FRAME_question:
        bw_question_receive(e, peer, &frame->as.question);
        break;
    case BW_FRAME_answer:
        bw_answer_receive(e, peer, heard_us, &frame->as.answer, signature);
        break;
    case BW_FRAME_ask:
        bw_ask_receive(e, peer, &frame->as.ask);
        break;
    case BW_FRAME_reply:
        bw_reply_receive(e, peer, &frame->as.reply);
        break;
    case BW_FRAME_claim:
        bw_claim_receive(e, &peer->id, heard_us, &frame->as.claim, signature);
        break;
    case BW_FRAME_confirm:
        bw_confirm_receive(e, &peer->id, &frame->as.confirm);
        break;
    case BW_FRAME_object:
        bw_object_receive(e, &peer->id, &frame->as.object);
        break;
    case BW_FRAME_resign:
        bw_resign_receive(e, &peer->id, &frame->as.resign, signature);
        break;
    case BW_FRAME_healed:
        bw_healed_receive(e, peer, &frame->as.healed);
        break;
    case BW_FRAME_elect:
        bw_elect_receive(e, peer, &frame->as.elect);
        break;
    case BW_FRAME_ok:
        bw_ok_receive(e, peer, &frame->as.ok);
        break;
    case BW_FRAME_record:
        bw_claim_record_receive(e, &peer->id, heard_us, &frame->as.record);
        break;
    case BW_FRAME_want:
        bw_want_receive(e, peer, heard_us, &frame->as.want);
        break;
    case BW_FRAME_ballot:
        bw_ballot_receive(e, peer, &frame->as.ballot);
        break;
    case BW_FRAME_vote:
        bw_vote_receive(e, peer, &frame->as.vote);
        break;
    case BW_FRAME_signature: /* of no frame */
        break;
    default:
        BW_ASSERT(false); /* bw_message_next gives nothing else */
    }
}

int bw_election_receive(struct bw_election *e, const struct bw_id *from, int64_t heard_us, struct bw_bytes message,
                        struct bw_time now) {
    struct bw_reader check = {.data = message.data, .size = message.size};
    struct bw_reader reader = check;
    struct bw_election_frame_any frame;
    int more;
    bw_enter(e, now);
    if (message.size > BW_ELECTION_MESSAGE_MAX)
        return BW_ERR_DROP_MALFORMED;
    while ((more = bw_message_next(&check, &frame)) == 1)
        continue;
    if (more != 0)
        return more;
    struct bw_peer *peer = bw_peer_find(e, from);
    if (peer == NULL)
        return 0; /* not a member yet, as far as we know */
    if (heard_us > peer->echo_us)
        peer->echo_us = heard_us;
    peer->refused_pt = BW_PAST; /* something authentic came since */
    e->refused = false;
    while (bw_message_next(&reader, &frame) == 1)
        apply(e, peer, heard_us, &frame, bw_message_signature(&reader));
    return e->refused ? BW_ERR_DROP_UNSIGNED : 0;
}
