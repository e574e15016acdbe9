/* What earlier programs wrote is read as it was written: tests/vectors/protocol-N, for each version of the protocol that this program speaks.
 * packets.json, frames.json and messages.json; the others are for tests/unit/decoder_test.py. */
#include "tests/unit/vectors_test.h"

#include "base/base.h"
#include "crypto/channel.h"
#include "election/message.h"
#include "gossip/frames.h"
#include "tests/lib/memory.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_MAX 2048u

static json_t *load(unsigned protocol, const char *name) {
    const char *source = getenv("BW_SOURCE_DIR");
    char path[4096];
    json_error_t error = {.line = 0};
    snprintf(path, sizeof(path), "%s/tests/vectors/protocol-%u/%s", source ? source : ".", protocol, name);
    json_t *loaded = json_load_file(path, 0, &error);
    if (loaded == NULL)
        tap_note("%s, line %d: %s", path, error.line, error.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded);
    return loaded;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static uint64_t number_of(const json_t *object, const char *key) {
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static size_t bytes_of(const json_t *object, const char *key, uint8_t *bytes, size_t capacity) {
    const char *text = text_of(object, key);
    size_t size = 0;
    CU_ASSERT_EQUAL_FATAL(sodium_hex2bin(bytes, capacity, text, strlen(text), NULL, &size, NULL), 0);
    return size;
}

/* ------------------------------------------------------------------ frames and messages */

static bool is_whole(const char *layer, const uint8_t *bytes, size_t size) {
    struct bw_reader reader = {.data = bytes, .size = size};
    struct bw_frame frame;
    struct bw_election_frame_any message;
    int more = 1;
    while (more == 1)
        more = strcmp(layer, "gossip") == 0 ? bw_frame_next(&reader, &frame) : bw_message_next(&reader, &message);
    return more == 0;
}

static bool has_fields(const struct bw_schema *schema, const void *message, const json_t *wanted) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    fputs("{\"frozen\": 0", to);
    vectors_fields(to, "fields", schema, message);
    fputc('}', to);
    fclose(to);
    json_t *now = json_loads(text, 0, NULL);
    bool same = json_equal(json_object_get(now, "fields"), wanted) == 1;
    json_decref(now);
    free(text);
    return same;
}

/* Decoded to the fields as written, found valid where it may stand alone, and encoded to the same bytes. */
static bool is_read(const json_t *row) {
    union {
        uint8_t room[1024];
        uint64_t align;
    } decoded;
    uint8_t frame[PACKET_MAX], again[PACKET_MAX];
    struct bw_writer writer = {.data = again, .capacity = sizeof(again)};
    const char *layer = text_of(row, "layer");
    size_t size = bytes_of(row, "frame", frame, sizeof(frame));
    const struct bw_schema *schema =
        strcmp(layer, "gossip") == 0 ? bw_frame_schema(frame[0]) : bw_message_schema(frame[0]);
    if (size < 3 || schema == NULL || schema->struct_size > sizeof(decoded) ||
        strcmp(schema->name, text_of(row, "name")) != 0)
        return false;
    return bw_wire_get(schema, (struct bw_bytes){frame + 3, size - 3}, &decoded) == 0 &&
           has_fields(schema, &decoded, json_object_get(row, "fields")) &&
           (strcmp(layer, "part") == 0 || is_whole(layer, frame, size)) &&
           bw_wire_put(&writer, schema, &decoded) == 0 && writer.used == size && memcmp(again, frame, size) == 0;
}

static void check_frames(unsigned protocol, const char *name) {
    json_t *vectors = load(protocol, name);
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(vectors, "accepted"), i, row) {
        bool read = is_read(row);
        if (!read)
            tap_note("protocol-%u/%s: %s %s is not read as it was", protocol, name, text_of(row, "name"),
                     text_of(row, "frame"));
        CU_ASSERT_TRUE(read);
    }
    CU_ASSERT(i > 20);
    json_array_foreach(json_object_get(vectors, "refused"), i, row) {
        uint8_t frame[PACKET_MAX];
        size_t size = bytes_of(row, "frame", frame, sizeof(frame));
        bool refused = !is_whole(text_of(row, "layer"), frame, size);
        if (!refused)
            tap_note("protocol-%u/%s: '%s' is accepted now", protocol, name, text_of(row, "why"));
        CU_ASSERT_TRUE(refused);
    }
    CU_ASSERT(i > 20);
    json_decref(vectors);
}

static void frames_of_each_version_are_read_as_they_were_written(void) {
    for (unsigned protocol = 1; protocol <= BW_PROTOCOL; protocol++)
        check_frames(protocol, "frames.json");
}

static void messages_of_each_version_are_read_as_they_were_written(void) {
    for (unsigned protocol = 1; protocol <= BW_PROTOCOL; protocol++)
        check_frames(protocol, "messages.json");
}

/* ------------------------------------------------------------------ packets */

struct receiver {
    struct test_memory heap;
    struct bw_trace trace;
    struct bw_keyring *ring;
    struct bw_channel *channel;
};

static void begin(struct receiver *receiver, const char *keys, const char *label, const struct bw_id *id,
                  uint64_t session, uint64_t sent, size_t members) {
    const struct bw_outbound out = {.frames = NULL};
    uint8_t datagram[BW_DATAGRAM_MAX];
    *receiver = (struct receiver){.ring = NULL};
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&receiver->ring, keys, strlen(keys), NULL), 0);
    const struct bw_channel_config config = {.allocator = test_allocator(&receiver->heap),
                                             .trace = &receiver->trace,
                                             .keyring = receiver->ring,
                                             .self = *id,
                                             .session = session,
                                             .label = label,
                                             .member_max = members};
    CU_ASSERT_EQUAL_FATAL(bw_channel_create(&receiver->channel, &config), 0);
    for (uint64_t i = 0; i < sent; i++)
        (void)bw_channel_seal(receiver->channel, &out, datagram, (struct bw_time){0});
}

static void end(struct receiver *receiver) {
    bw_channel_destroy(receiver->channel);
    bw_keyring_destroy(receiver->ring);
}

static int open(struct receiver *receiver, const json_t *row, struct bw_inbound *inbound) {
    const struct bw_addr from = {.ip = {192, 0, 2, 1}, .port = 7946, .family = 4};
    static uint8_t packet[PACKET_MAX];
    size_t size = bytes_of(row, "packet", packet, sizeof(packet));
    return bw_channel_open(receiver->channel, (struct bw_bytes){packet, size}, &from, inbound, (struct bw_time){0});
}

static void check_sealed(const json_t *row) {
    struct receiver receiver;
    struct bw_inbound inbound = {.session = 0};
    struct bw_id id = {{0xee}};
    uint8_t frames[PACKET_MAX];
    bool bound = json_object_get(row, "recipient") != NULL;
    uint64_t session = bound ? strtoull(text_of(row, "recipient_session"), NULL, 16) : 1;
    if (bound)
        CU_ASSERT_EQUAL(bytes_of(row, "recipient", id.bytes, sizeof(id.bytes)), sizeof(id.bytes));
    begin(&receiver, text_of(row, "key"), text_of(row, "label"), &id, session, number_of(row, "echo"), 10);
    size_t size = bytes_of(row, "frames", frames, sizeof(frames));
    CU_ASSERT_EQUAL(open(&receiver, row, &inbound), 0);
    CU_ASSERT_EQUAL(inbound.proven, bound);
    CU_ASSERT_EQUAL(inbound.session, strtoull(text_of(row, "session"), NULL, 16));
    CU_ASSERT(inbound.frames.size == size && (size == 0 || memcmp(inbound.frames.data, frames, size) == 0));
    end(&receiver);
}

static void check_received(unsigned protocol, const json_t *vectors) {
    const json_t *who = json_object_get(vectors, "receiver");
    const json_t *row;
    struct receiver receiver;
    struct bw_id id;
    uint8_t datagram[BW_DATAGRAM_MAX];
    char keys[256] = "";
    size_t i;
    json_array_foreach(json_object_get(who, "keys"), i, row) {
        size_t used = strlen(keys);
        snprintf(keys + used, sizeof(keys) - used, "%s\n", json_string_value(row));
    }
    CU_ASSERT_EQUAL(bytes_of(who, "id", id.bytes, sizeof(id.bytes)), sizeof(id.bytes));
    begin(&receiver, keys, text_of(who, "label"), &id, strtoull(text_of(who, "session"), NULL, 16),
          number_of(who, "sent"), number_of(who, "members"));
    json_array_foreach(json_object_get(vectors, "received"), i, row) {
        struct bw_inbound inbound = {.session = 0};
        const char *what = text_of(row, "what");
        if (strncmp(what, "another session, that echoes", strlen("another session, that echoes")) == 0)
            (void)bw_channel_seal(receiver.channel, &(struct bw_outbound){.frames = NULL}, datagram,
                                  (struct bw_time){0});
        int error = open(&receiver, row, &inbound);
        const char *result = error != 0 ? bw_error_name(error) : inbound.proven ? "believed" : "not-believed";
        if (strcmp(result, text_of(row, "result")) != 0)
            tap_note("protocol-%u/packets.json: %s: %s, not %s", protocol, what, result, text_of(row, "result"));
        CU_ASSERT_STRING_EQUAL(result, text_of(row, "result"));
    }
    CU_ASSERT(i > 20);
    end(&receiver);
}

static void packets_of_each_version_are_received_as_they_were(void) {
    for (unsigned protocol = 1; protocol <= BW_PROTOCOL; protocol++) {
        json_t *vectors = load(protocol, "packets.json");
        const json_t *row;
        size_t i;
        json_array_foreach(json_object_get(vectors, "sealed"), i, row) check_sealed(row);
        CU_ASSERT(i > 5);
        check_received(protocol, vectors);
        json_decref(vectors);
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(frames_of_each_version_are_read_as_they_were_written),
    TAP_TEST(messages_of_each_version_are_read_as_they_were_written),
    TAP_TEST(packets_of_each_version_are_received_as_they_were),
};
static const struct tap_suite suites[] = {TAP_SUITE("frozen", tests)};

TAP_MAIN(suites)
