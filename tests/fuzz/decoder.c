/* Target: the codec. Whatever bytes come, each frame and each message of the election is refused, or has exactly one encoding,
 * which is these bytes. */
#include "election/message.h"
#include "gossip/frames.h"
#include "tests/fuzz/grammar.h"

#include <stdlib.h>
#include <string.h>

static void check_printed(const struct bw_schema *schema, const void *message) {
    char text[200];
    size_t whole = bw_wire_print(schema, message, text, sizeof(text));
    FUZZ_CHECK(whole < sizeof(text) && strlen(text) == whole);
    for (size_t i = 0; i < whole; i++)
        FUZZ_CHECK((uint8_t)text[i] >= 0x20 && text[i] != 0x7f);
    char none[1];
    FUZZ_CHECK(bw_wire_print(schema, message, none, sizeof(none)) == 0 && none[0] == '\0');
}

static void check_canonical(const struct bw_schema *schema, const void *message, const uint8_t *start,
                            const uint8_t *end) {
    uint8_t again[65536 + 3];
    struct bw_writer writer = {.data = again, .capacity = sizeof(again)};
    FUZZ_CHECK(bw_wire_put(&writer, schema, message) == 0);
    FUZZ_CHECK(writer.used == bw_wire_size(schema, message));
    FUZZ_CHECK((size_t)(end - start) >= writer.used); /* unknown ones may stand before it */
    FUZZ_CHECK(memcmp(end - writer.used, again, writer.used) == 0);
    check_printed(schema, message);
}

static void check_tags(struct bw_bytes tags) {
    struct bw_bytes name, value;
    size_t at = 0, count = 0;
    while (bw_tag_next(tags, &at, &name, &value))
        count++;
    FUZZ_CHECK(at <= tags.size && (!bw_tags_valid(tags) || (at == tags.size && count <= BW_TAG_COUNT_MAX)));
}

static void check_names(struct bw_bytes names) {
    struct bw_bytes name;
    size_t at = 0;
    while (bw_names_next(names, &at, &name))
        FUZZ_CHECK(name.data >= names.data && name.data + name.size <= names.data + names.size);
}

static void messages(struct bw_bytes bytes) {
    struct bw_reader reader = {.data = bytes.data, .size = bytes.size};
    struct bw_election_frame_any message;
    size_t from = 0;
    while (bw_message_next(&reader, &message) > 0) {
        const struct bw_schema *schema = bw_message_schema((uint8_t)message.type);
        FUZZ_CHECK(schema != NULL);
        check_canonical(schema, &message.as, bytes.data + from, bytes.data + reader.at);
        from = reader.at;
    }
    FUZZ_CHECK(reader.at <= reader.size);
}

static void gossip(struct bw_bytes bytes) {
    struct bw_reader reader = {.data = bytes.data, .size = bytes.size};
    struct bw_frame frame;
    size_t from = 0;
    while (bw_frame_next(&reader, &frame) > 0) {
        check_canonical(bw_frame_schema(frame.type), &frame.as, bytes.data + from, bytes.data + reader.at);
        from = reader.at;
        if (frame.type == BW_FRAME_NUMBER_message)
            messages(frame.as.message.data);
        if (frame.type == BW_FRAME_NUMBER_member)
            FUZZ_CHECK(bw_tags_valid(frame.as.member.tags));
        if (frame.type == BW_FRAME_NUMBER_query)
            FUZZ_CHECK(bw_query_valid(&frame.as.query));
    }
    FUZZ_CHECK(reader.at <= reader.size);
}

/* What the grammar makes keeps the codec's rules, whatever the checks behind it say. */
static void made(struct fuzz_input *in, bool election) {
    struct fuzz_known known = {.seen = {1}};
    uint8_t data[BW_DATAGRAM_MAX];
    struct bw_writer writer = {.data = data, .capacity = sizeof(data)};
    (election ? fuzz_messages : fuzz_frames)(in, &known, &writer);
    struct bw_reader reader = {.data = data, .size = writer.used};
    uint8_t type;
    struct bw_bytes body;
    while (bw_wire_next(&reader, &type, &body) > 0) {
        uint64_t message[64];
        const struct bw_schema *schema = election ? bw_message_schema(type) : bw_frame_schema(type);
        FUZZ_CHECK(schema != NULL && schema->struct_size <= sizeof(message) && bw_wire_get(schema, body, message) == 0);
    }
    FUZZ_CHECK(reader.at == writer.used);
    (election ? messages : gossip)((struct bw_bytes){data, writer.used});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    size_t which = fuzz_below(&in, 6);
    char *copy = fuzz_text((struct bw_bytes){in.data, in.size});
    struct bw_bytes bytes = {(const uint8_t *)copy, in.size};
    if (which == 0)
        gossip(bytes);
    else if (which == 1)
        messages(bytes);
    else if (which == 2)
        check_tags(bytes);
    else if (which == 3)
        check_names(bytes);
    else
        made(&in, which == 5);
    free(copy);
    return 0;
}
