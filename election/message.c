/* The codec's election part: schemas, and the checks that follow from a message alone (see message.h). */
#include "election/message.h"

#include "base/base.h"
#include "election/record.h"

#include <string.h>

#define SCHEMA_(name, number, fields) BW_WIRE_SCHEMA(bw_message_schema_##name, number, #name, bw_message_##name, fields)
BW_ELECTION_FRAMES(SCHEMA_)
#undef SCHEMA_

const struct bw_schema *bw_message_schema(uint8_t type) {
    switch (type) {
#define CASE_(name, number, fields) \
    case number:                    \
        return &bw_message_schema_##name;
        BW_ELECTION_FRAMES(CASE_)
#undef CASE_
    default:
        return NULL;
    }
}

int bw_name_compare(struct bw_bytes a, struct bw_bytes b) {
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static bool name_valid(struct bw_bytes name) {
    return bw_text_valid(name.data, name.size, BW_NAME_MAX);
}

static bool name_or_none(struct bw_bytes name) {
    return name.size == 0 || name_valid(name);
}

const uint8_t *bw_message_signature(struct bw_reader *reader) {
    struct bw_reader ahead = *reader;
    struct bw_message_signature message;
    struct bw_bytes body;
    uint8_t type;
    if (bw_wire_next(&ahead, &type, &body) != 1 || type != BW_FRAME_signature ||
        bw_wire_get(&bw_message_schema_signature, body, &message) != 0 ||
        message.signature.size != BW_CLAIM_SIGNATURE_SIZE)
        return NULL;
    *reader = ahead;
    return message.signature.data;
}

/* Entries rise by name and stay within the range that the set speaks for. */
static bool set_valid(const struct bw_message_set *set) {
    struct bw_reader reader = {.data = set->entries.data, .size = set->entries.size};
    struct bw_bytes last = set->after;
    struct bw_bytes body;
    uint8_t type;
    int more;
    if (!name_or_none(set->after) || !name_or_none(set->until))
        return false;
    while ((more = bw_wire_next(&reader, &type, &body)) == 1) {
        struct bw_message_entry entry;
        if (type != BW_FRAME_entry || bw_wire_get(&bw_message_schema_entry, body, &entry) != 0)
            return false;
        if (!name_valid(entry.scope) || bw_name_compare(entry.scope, last) <= 0)
            return false;
        if (entry.term == 0 || entry.sequence == 0 || entry.lease_ms == 0)
            return false;
        last = entry.scope;
        (void)bw_message_signature(&reader);
    }
    return more == 0 && (set->until.size == 0 || bw_name_compare(last, set->until) <= 0);
}

static bool record_valid(const struct bw_message_record *m) {
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    struct bw_claim claim = {.token = {.term = m->term, .id = m->id}, .sequence = m->sequence};
    bw_claim_rank(&claim, rank);
    return bw_claim_decode(&claim, rank, m->body) == 0;
}

/* Whole ids that rise: a list has one form, and nobody is in it twice. */
static bool voters_valid(struct bw_bytes voters) {
    static const uint8_t none[sizeof(struct bw_id)];
    const uint8_t *last = none;
    for (size_t at = 0; at + sizeof none <= voters.size; at += sizeof none) {
        if (memcmp(voters.data + at, last, sizeof none) <= 0)
            return false;
        last = voters.data + at;
    }
    return voters.size % sizeof none == 0;
}

static bool frame_valid(const struct bw_election_frame_any *frame) {
    switch (frame->type) {
    case BW_FRAME_heartbeat:
        return frame->as.heartbeat.round != 0;
    case BW_FRAME_ack:
        return true;
    case BW_FRAME_set:
        return set_valid(&frame->as.set);
    case BW_FRAME_question:
        return name_valid(frame->as.question.scope) && frame->as.question.term != 0;
    case BW_FRAME_answer:
        return name_valid(frame->as.answer.scope) &&
               (frame->as.answer.leads == BW_ANSWER_NO ||
                (frame->as.answer.term != 0 && frame->as.answer.sequence != 0 && frame->as.answer.lease_ms != 0));
    case BW_FRAME_ask:
        return name_valid(frame->as.ask.scope) && (frame->as.ask.term == 0) == bw_id_none(&frame->as.ask.leader);
    case BW_FRAME_reply:
        return name_valid(frame->as.reply.scope);
    case BW_FRAME_claim:
        return name_valid(frame->as.claim.scope) && frame->as.claim.term != 0 && frame->as.claim.lease_ms != 0;
    case BW_FRAME_confirm:
        return name_valid(frame->as.confirm.scope) && frame->as.confirm.term != 0;
    case BW_FRAME_object:
        return name_valid(frame->as.object.scope) && frame->as.object.term != 0;
    case BW_FRAME_resign:
        return name_valid(frame->as.resign.scope) && frame->as.resign.term != 0 && frame->as.resign.sequence != 0;
    case BW_FRAME_healed:
        return name_valid(frame->as.healed.scope) && frame->as.healed.winner_term != 0 &&
               frame->as.healed.loser_term != 0 && !bw_id_none(&frame->as.healed.winner_id) &&
               !bw_id_none(&frame->as.healed.loser_id);
    case BW_FRAME_want:
        return name_valid(frame->as.want.scope) && frame->as.want.term != 0;
    case BW_FRAME_elect:
        return name_valid(frame->as.elect.scope);
    case BW_FRAME_ok:
        return name_valid(frame->as.ok.scope);
    case BW_FRAME_record:
        return name_valid(frame->as.record.scope) && record_valid(&frame->as.record);
    case BW_FRAME_signature:
        return frame->as.signature.signature.size == BW_CLAIM_SIGNATURE_SIZE;
    case BW_FRAME_ballot:
        return name_valid(frame->as.ballot.scope) && frame->as.ballot.term != 0 && frame->as.ballot.lease_ms != 0 &&
               voters_valid(frame->as.ballot.voters) && frame->as.ballot.voters.size > 0;
    case BW_FRAME_vote:
        return name_valid(frame->as.vote.scope) && frame->as.vote.term != 0 &&
               frame->as.vote.kind != BW_BALLOT_RELEASE && voters_valid(frame->as.vote.voters);
    default:
        return false; /* entry, body, candidacy, range and freeze are parts: alone they say nothing */
    }
}

int bw_message_next(struct bw_reader *reader, struct bw_election_frame_any *frame) {
    struct bw_bytes body;
    uint8_t type;
    int more;
    while ((more = bw_wire_next(reader, &type, &body)) == 1) {
        const struct bw_schema *schema = bw_message_schema(type);
        if (schema == NULL)
            continue;
        frame->type = (enum bw_election_frame)type;
        if (bw_wire_get(schema, body, &frame->as) != 0 || !frame_valid(frame))
            return BW_ERR_DROP_MALFORMED;
        return 1;
    }
    return more;
}
