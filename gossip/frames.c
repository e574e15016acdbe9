/* The frames' schemas, and what a frame must be beyond its fields' limits. */
#include "gossip/frames.h"

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

static bool accusers_valid(struct bw_bytes accusers) {
    return accusers.size > 0 && accusers.size % sizeof(struct bw_id) == 0;
}

static bool sync_valid(const struct bw_frame_sync *sync) {
    size_t count = sync->digests.size / 8;
    bool power = sync->buckets >= BW_BUCKETS_MIN && (sync->buckets & (sync->buckets - 1u)) == 0;
    return power && sync->digests.size % 8 == 0 && count > 0 && sync->first < sync->buckets &&
           count <= (size_t)sync->buckets - sync->first;
}

static bool frame_valid(const struct bw_frame *frame) {
    switch (frame->type) {
    case BW_FRAME_NUMBER_member:
        return member_valid(&frame->as.member);
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
