#include "tests/fuzz/grammar.h"

#include <stdalign.h>
#include <string.h>

#include "election/message.h"
#include "gossip/frames.h"

#define FRAMES_MAX 8u
#define STRUCT_MAX 512u /* of a decoded message */
#define ARENA 16384u    /* byte strings of one datagram */

const char *const fuzz_names[] = {"default", "bully",   "quorum",  "range/0", "range/3", "range",
                                  "seats#0", "seats#1", "seats",   "spread",  "n0",      "n1",
                                  "n2",      "n9",      "range/9", "s",       "zone",    NULL};

static const struct bw_schema *const gossip[] = {
#define SCHEMA_(number, name, FIELDS) &bw_schema_##name,
    BW_GOSSIP_FRAMES(SCHEMA_)
#undef SCHEMA_
};

static const struct bw_schema *const election[] = {
#define SCHEMA_(name, number, FIELDS) &bw_message_schema_##name,
    BW_ELECTION_FRAMES(SCHEMA_)
#undef SCHEMA_
};

/* -- what is known -- */

static size_t place_of(const char *field) {
    size_t hash = 5381;
    for (; *field != '\0'; field++)
        hash = hash * 33 + (uint8_t)*field;
    return hash % FUZZ_SEEN;
}

void fuzz_note_number(struct fuzz_known *known, const char *field, uint64_t number) {
    known->seen[place_of(field)] = number;
}

static void note_message(struct fuzz_known *known, const struct bw_schema *schema, const void *message) {
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct bw_field *field = &schema->fields[i];
        const char *at = (const char *)message + field->offset;
        uint64_t number = 0;
        if (field->type == BW_WIRE_U16)
            number = *(const uint16_t *)(const void *)at;
        else if (field->type == BW_WIRE_U32)
            number = *(const uint32_t *)(const void *)at;
        else if (field->type == BW_WIRE_U64)
            number = *(const uint64_t *)(const void *)at;
        else
            continue;
        fuzz_note_number(known, field->name, number);
    }
}

void fuzz_note(struct fuzz_known *known, struct bw_bytes frames) {
    struct bw_reader reader = {.data = frames.data, .size = frames.size};
    struct bw_frame frame;
    while (bw_frame_next(&reader, &frame) > 0) {
        note_message(known, bw_frame_schema(frame.type), &frame.as);
        struct bw_reader inner = {.data = frame.as.message.data.data, .size = frame.as.message.data.size};
        struct bw_election_frame_any message;
        while (frame.type == BW_FRAME_NUMBER_message && bw_message_next(&inner, &message) > 0)
            note_message(known, bw_message_schema((uint8_t)message.type), &message.as);
    }
}

/* -- values -- */

struct making {
    struct fuzz_input *in;
    const struct fuzz_known *known;
    uint8_t arena[ARENA];
    size_t used;
    size_t depth;
};

static struct bw_bytes keep(struct making *making, const void *data, size_t size) {
    if (size > ARENA - making->used)
        size = ARENA - making->used;
    uint8_t *copy = making->arena + making->used;
    if (size > 0)
        memcpy(copy, data, size);
    making->used += size;
    return (struct bw_bytes){copy, size};
}

static uint64_t number_of(struct making *making, const struct bw_field *field, uint64_t largest) {
    uint64_t seen = making->known->seen[place_of(field->name)];
    uint64_t value;
    switch (fuzz_below(making->in, 8)) {
    case 0:
        value = 0;
        break;
    case 1:
        value = fuzz_take(making->in, 1);
        break;
    case 2:
        value = fuzz_take(making->in, 8);
        break;
    case 3:
        value = largest - fuzz_take(making->in, 1) % 2;
        break;
    case 4:
        value = seen + (fuzz_take(making->in, 1) ^ 0x80) - 0x80;
        break;
    case 5:
        value = seen + (UINT64_C(1) << fuzz_below(making->in, 63));
        break;
    default:
        value = seen;
    }
    return value <= largest ? value : largest == UINT64_MAX ? value : value % (largest + 1);
}

static struct bw_id id_of(struct making *making) {
    size_t index = fuzz_below(making->in, FUZZ_IDS + 2);
    struct bw_id id = {{0}};
    if (index < FUZZ_IDS)
        return making->known->ids[index];
    if (index == FUZZ_IDS)
        return id;
    memset(id.bytes, 0x77, sizeof(id.bytes)); /* one of many strangers */
    bw_put_u16(id.bytes, (uint16_t)fuzz_take(making->in, 2));
    return id;
}

static struct bw_addr addr_of(struct making *making) {
    size_t index = fuzz_below(making->in, FUZZ_IDS + 3);
    struct bw_addr addr = {.ip = {0}};
    if (index < FUZZ_IDS)
        return making->known->addrs[index];
    addr.family = (uint8_t)(index == FUZZ_IDS ? 0 : index == FUZZ_IDS + 1 ? 4 : 6);
    addr.port = addr.family != 0 ? (uint16_t)fuzz_take(making->in, 2) : 0;
    struct bw_bytes ip = fuzz_bytes(making->in, addr.family == 4 ? 4 : addr.family == 6 ? 16 : 0);
    if (ip.size > 0)
        memcpy(addr.ip, ip.data, ip.size);
    return addr;
}

static struct bw_bytes name_of(struct making *making) {
    size_t count = 0;
    while (fuzz_names[count] != NULL)
        count++;
    size_t index = fuzz_below(making->in, count + 3);
    if (index < count)
        return keep(making, fuzz_names[index], strlen(fuzz_names[index]));
    if (index == count)
        return (struct bw_bytes){making->arena, 0};
    if (index == count + 1) { /* one of many */
        char text[] = "x/00";
        size_t number = fuzz_below(making->in, 100);
        text[2] = (char)('0' + number / 10);
        text[3] = (char)('0' + number % 10);
        return keep(making, text, 4);
    }
    struct bw_bytes any = fuzz_bytes(making->in, fuzz_below(making->in, BW_NAME_MAX + 1));
    return keep(making, any.data, any.size);
}

static struct bw_bytes ids_of(struct making *making, size_t limit) {
    size_t count = fuzz_below(making->in, limit / sizeof(struct bw_id) + 1);
    struct bw_id ids[64];
    for (size_t i = 0; i < count && i < BW_COUNT(ids); i++)
        ids[i] = id_of(making);
    return keep(making, ids, (count < BW_COUNT(ids) ? count : BW_COUNT(ids)) * sizeof(ids[0]));
}

static struct bw_bytes pairs_of(struct making *making, bool values) {
    uint8_t data[BW_TAG_SIZE_MAX];
    struct bw_writer writer = {.data = data, .capacity = sizeof(data)};
    for (size_t count = fuzz_below(making->in, 4); count > 0; count--) {
        struct bw_bytes name = name_of(making);
        struct bw_bytes value = values ? name_of(making) : (struct bw_bytes){data, 0};
        if (writer.used + 3 + name.size + value.size > sizeof(data))
            break;
        data[writer.used++] = (uint8_t)name.size;
        memcpy(data + writer.used, name.data, name.size);
        writer.used += name.size;
        if (values) {
            bw_put_u16(data + writer.used, (uint16_t)value.size);
            memcpy(data + writer.used + 2, value.data, value.size);
            writer.used += 2 + value.size;
        }
    }
    return keep(making, data, writer.used);
}

static void frame_of(struct making *making, const struct bw_schema *schema, struct bw_writer *writer, bool body);

static struct bw_bytes inner_of(struct making *making, const struct bw_schema *const *schemas, size_t count, bool body,
                                size_t limit) {
    uint8_t data[BW_DATAGRAM_MAX];
    struct bw_writer writer = {.data = data, .capacity = limit < sizeof(data) ? limit : sizeof(data)};
    making->depth++;
    for (size_t n = body ? 1 : fuzz_below(making->in, 5); n > 0; n--)
        frame_of(making, schemas[fuzz_below(making->in, count)], &writer, body);
    making->depth--;
    return keep(making, data, writer.used);
}

static struct bw_bytes rank_of(struct making *making) {
    const struct bw_field term = {.name = "term"};
    const struct bw_field sequence = {.name = "sequence"};
    uint8_t rank[BW_RECORD_RANK_SIZE];
    bw_put_u64(rank, number_of(making, &term, UINT64_MAX));
    struct bw_id id = id_of(making);
    memcpy(rank + 8, id.bytes, sizeof(id.bytes));
    bw_put_u64(rank + 24, number_of(making, &sequence, UINT64_MAX));
    return keep(making, rank, sizeof(rank));
}

static struct bw_bytes any_of(struct making *making, size_t limit) {
    size_t size = fuzz_below(making->in, 8) == 0 ? limit : fuzz_below(making->in, 65);
    struct bw_bytes any = fuzz_bytes(making->in, size < limit ? size : limit);
    return keep(making, any.data, any.size);
}

/* Coordinates: a known size of bytes. */
static struct bw_bytes at_of(struct making *making) {
    uint8_t at[2 * BW_VIVALDI_DIMENSIONS] = {0};
    struct bw_bytes any = fuzz_bytes(making->in, sizeof(at));
    if (any.size > 0)
        memcpy(at, any.data, any.size);
    return keep(making, at, sizeof(at));
}

static bool is_one_of(const char *name, const char *const *list) {
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static struct bw_bytes bytes_of(struct making *making, const struct bw_schema *schema, const struct bw_field *field,
                                size_t limit) {
    static const char *const names[] = {"name", "scope", "key", "after", "until", NULL};
    static const char *const ids[] = {"accusers", "ids", "voters", NULL};
    static const struct bw_schema *const candidacies[] = {&bw_message_schema_candidacy, &bw_message_schema_range};
    static const struct bw_schema *const bodies[] = {&bw_message_schema_body, &bw_message_schema_freeze};
    static const struct bw_schema *const entries[] = {&bw_message_schema_entry};
    if (is_one_of(field->name, names))
        return name_of(making);
    if (is_one_of(field->name, ids))
        return ids_of(making, limit);
    if (strcmp(field->name, "tags") == 0 || strcmp(field->name, "nodes") == 0)
        return pairs_of(making, field->name[0] == 't');
    if (strcmp(field->name, "rank") == 0)
        return rank_of(making);
    if (strcmp(field->name, "at") == 0)
        return at_of(making);
    if (making->depth < 3 && strcmp(field->name, "candidacies") == 0)
        return inner_of(making, candidacies, BW_COUNT(candidacies), false, limit);
    if (making->depth < 3 && strcmp(field->name, "body") == 0)
        return inner_of(making, bodies, BW_COUNT(bodies), true, limit);
    if (making->depth < 3 && strcmp(field->name, "entries") == 0)
        return inner_of(making, entries, BW_COUNT(entries), false, limit);
    if (making->depth < 3 && schema == &bw_schema_message)
        return inner_of(making, election, BW_COUNT(election), false, limit);
    return any_of(making, limit);
}

static void fill(struct making *making, const struct bw_schema *schema, const struct bw_field *field, char *message) {
    static const uint64_t largest[] = {
        [BW_WIRE_U8] = UINT8_MAX, [BW_WIRE_U16] = UINT16_MAX, [BW_WIRE_U32] = UINT32_MAX, [BW_WIRE_U64] = UINT64_MAX};
    void *at = message + field->offset;
    if (field->type == BW_WIRE_ID) {
        *(struct bw_id *)at = id_of(making);
    } else if (field->type == BW_WIRE_ADDR) {
        *(struct bw_addr *)at = addr_of(making);
    } else if (field->type == BW_WIRE_BYTES) {
        size_t limit = field->limit != 0 ? (size_t)field->limit : UINT16_MAX;
        struct bw_bytes bytes = bytes_of(making, schema, field, limit);
        bytes.size = bytes.size < limit ? bytes.size : limit;
        *(struct bw_bytes *)at = bytes;
    } else {
        uint64_t value = number_of(making, field, field->limit != 0 ? field->limit : largest[field->type]);
        if (strcmp(field->name, "channel") == 0 && fuzz_below(making->in, 4) != 0)
            value = 1;
        if (strcmp(field->name, "kind") == 0 && schema == &bw_schema_record)
            value = value % 3;
        if (field->type == BW_WIRE_U8)
            *(uint8_t *)at = (uint8_t)value;
        else if (field->type == BW_WIRE_U16)
            *(uint16_t *)at = (uint16_t)value;
        else if (field->type == BW_WIRE_U32)
            *(uint32_t *)at = (uint32_t)value;
        else
            *(uint64_t *)at = value;
    }
}

static void frame_of(struct making *making, const struct bw_schema *schema, struct bw_writer *writer, bool body) {
    alignas(8) char message[STRUCT_MAX] = {0};
    FUZZ_CHECK(schema->struct_size <= sizeof(message));
    for (size_t i = 0; i < schema->field_count; i++)
        fill(making, schema, &schema->fields[i], message);
    (void)(body ? bw_wire_put_body(writer, schema, message)
                : bw_wire_put(writer, schema, message)); /* or it has no room */
}

static void frames(struct fuzz_input *in, const struct fuzz_known *known, struct bw_writer *writer,
                   const struct bw_schema *const *schemas, size_t count) {
    struct making making = {.in = in, .known = known, .depth = schemas == election ? 1 : 0};
    for (size_t n = 1 + fuzz_below(in, FRAMES_MAX); n > 0; n--)
        frame_of(&making, schemas[fuzz_below(in, count)], writer, false);
}

void fuzz_frames(struct fuzz_input *in, const struct fuzz_known *known, struct bw_writer *writer) {
    frames(in, known, writer, gossip, BW_COUNT(gossip));
}

void fuzz_messages(struct fuzz_input *in, const struct fuzz_known *known, struct bw_writer *writer) {
    frames(in, known, writer, election, BW_COUNT(election));
}
