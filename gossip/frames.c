/* The frames' schemas, and what a frame must be beyond its fields' limits. */
#include "gossip/frames.h"

#include <string.h>

#include "base/base.h"

#define SCHEMA(number, name, FIELDS) BW_WIRE_SCHEMA(bw_schema_##name, number, #name, bw_frame_##name, FIELDS)
BW_GOSSIP_FRAMES(SCHEMA)

const struct bw_schema *bw_frame_schema(uint8_t type) {
#define POINTER(number, name, FIELDS) [number] = &bw_schema_##name,
    static const struct bw_schema *const schemas[] = {BW_GOSSIP_FRAMES(POINTER)};
    return type < BW_COUNT(schemas) ? schemas[type] : NULL;
}

static bool member_valid(const struct bw_frame_member *member) {
    size_t record_size = member->name.size + member->tags.size + member->candidacies.size;
    return !bw_id_none(&member->id) && member->status != BW_STATUS_SUSPECT && member->session != 0 &&
           member->addr.family != 0 && member->addr.port != 0 && member->protocol_min <= member->protocol_max &&
           (member->status != BW_STATUS_ALIVE || member->age_ms == 0) && record_size <= BW_RECORD_SIZE_MAX &&
           bw_text_valid(member->name.data, member->name.size, BW_NAME_MAX) && bw_tags_valid(member->tags);
}

_Static_assert(offsetof(struct bw_frame_signed_member, word) == sizeof(struct bw_frame_member),
               "a signed member begins as a member does");

void bw_frame_unsigned(const struct bw_frame_signed_member *from, struct bw_frame_member *member) {
    memcpy(member, from, sizeof(*member));
}

/* The dead are so by others' word; who left may have said so itself, or was forgotten. */
static bool signed_member_valid(const struct bw_frame_signed_member *frame) {
    struct bw_frame_member member;
    bw_frame_unsigned(frame, &member);
    bool word = frame->word == BW_STATUS_ALIVE || (frame->word == BW_STATUS_LEFT && member.status == BW_STATUS_LEFT);
    size_t size = member.name.size + member.tags.size + member.candidacies.size + frame->certificate.size;
    return member_valid(&member) && word && frame->certificate.size > 0 && size <= BW_SIGNED_RECORD_MAX &&
           frame->exchange.size == BW_EXCHANGE_SIZE && frame->signature.size == BW_SIGNATURE_SIZE;
}

static bool accusers_valid(struct bw_bytes accusers) {
    return accusers.size > 0 && accusers.size % sizeof(struct bw_id) == 0;
}

static bool accusation_valid(const struct bw_frame_accusation *frame) {
    for (size_t at = 16; at < frame->accusers.size; at += BW_ACCUSATION_SIZE) {
        if (frame->accusers.data[at] > 1) {
            return false;
        }
    }
    return !bw_id_none(&frame->id) && frame->status >= BW_STATUS_SUSPECT && frame->accusers.size > 0 &&
           frame->accusers.size % BW_ACCUSATION_SIZE == 0 && (frame->status == BW_STATUS_DEAD || frame->age_ms == 0);
}

static bool sync_valid(const struct bw_frame_sync *sync) {
    size_t count = sync->digests.size / 8;
    bool power = sync->buckets >= BW_BUCKETS_MIN && (sync->buckets & (sync->buckets - 1u)) == 0;
    return power && sync->digests.size % 8 == 0 && count > 0 && sync->first < sync->buckets &&
           count <= (size_t)sync->buckets - sync->first;
}

bool bw_names_next(struct bw_bytes names, size_t *at, struct bw_bytes *name) {
    size_t left = names.size - *at;
    if (left < 1 || left - 1 < names.data[*at]) {
        return false;
    }
    *name = (struct bw_bytes){names.data + *at + 1, names.data[*at]};
    *at += 1 + name->size;
    return true;
}

static bool names_valid(struct bw_bytes names) {
    struct bw_bytes name;
    size_t at = 0;
    while (bw_names_next(names, &at, &name)) {
        if (!bw_text_valid(name.data, name.size, BW_NAME_MAX)) {
            return false;
        }
    }
    return at == names.size;
}

static bool user_event_valid(const struct bw_frame_user_event *event) {
    return event->ltime > 0 && !bw_id_none(&event->origin) &&
           event->name.size + event->payload.size <= BW_USER_SIZE_MAX &&
           bw_text_valid(event->name.data, event->name.size, BW_NAME_MAX);
}

bool bw_query_valid(const struct bw_frame_query *query) {
    size_t size = query->name.size + query->payload.size + query->nodes.size + query->tags.size;
    return query->ltime > 0 && !bw_id_none(&query->origin) && size <= BW_USER_SIZE_MAX &&
           bw_text_valid(query->name.data, query->name.size, BW_NAME_MAX) && names_valid(query->nodes) &&
           bw_tags_valid(query->tags);
}

static bool frame_valid(const struct bw_frame *frame) {
    switch (frame->type) {
    case BW_FRAME_NUMBER_member:
        return member_valid(&frame->as.member);
    case BW_FRAME_NUMBER_signed_member:
        return signed_member_valid(&frame->as.signed_member);
    case BW_FRAME_NUMBER_accusation:
        return accusation_valid(&frame->as.accusation);
    case BW_FRAME_NUMBER_sealed:
        return frame->as.sealed.datagram.size >= BW_SEAL_OVERHEAD;
    case BW_FRAME_NUMBER_twice:
        return frame->as.twice.addr.family != 0 && frame->as.twice.addr.port != 0;
    case BW_FRAME_NUMBER_suspect:
        return !bw_id_none(&frame->as.suspect.id) && accusers_valid(frame->as.suspect.accusers);
    case BW_FRAME_NUMBER_verdict:
        return !bw_id_none(&frame->as.verdict.id) && frame->as.verdict.status >= BW_STATUS_DEAD;
    case BW_FRAME_NUMBER_record:
        return frame->as.record.key.size > 0 && frame->as.record.rank.size == BW_RECORD_RANK_SIZE;
    case BW_FRAME_NUMBER_coordinate:
        return frame->as.coordinate.at.size == 2 * BW_VIVALDI_DIMENSIONS;
    case BW_FRAME_NUMBER_heard:
        return frame->as.heard.ids.size % sizeof(struct bw_id) == 0 &&
               frame->as.heard.ids.size / sizeof(struct bw_id) <= frame->as.heard.unheard;
    case BW_FRAME_NUMBER_sync:
        return sync_valid(&frame->as.sync);
    case BW_FRAME_NUMBER_page:
        return frame->as.page.next > frame->as.page.first && frame->as.page.next <= BW_BUCKETS_MAX;
    case BW_FRAME_NUMBER_user_event:
        return user_event_valid(&frame->as.user_event);
    case BW_FRAME_NUMBER_query:
        return bw_query_valid(&frame->as.query);
    case BW_FRAME_NUMBER_reply:
        return frame->as.reply.ack == 0 || frame->as.reply.payload.size == 0;
    case BW_FRAME_NUMBER_have:
        return frame->as.have.digests.size % 4 == 0;
    default:
        return true;
    }
}

int bw_frame_next(struct bw_reader *reader, struct bw_frame *frame) {
    struct bw_bytes body;
    for (;;) {
        int more = bw_wire_next(reader, &frame->type, &body);
        if (more <= 0) {
            return more;
        }
        const struct bw_schema *schema = bw_frame_schema(frame->type);
        if (!schema) {
            continue; /* from a newer protocol */
        }
        int error = bw_wire_get(schema, body, &frame->as);
        return error ? error : frame_valid(frame) ? 1 : BW_ERR_DROP_MALFORMED;
    }
}
