#include "tests/unit/base_wire_test.h"

#include "base/base.h"
#include "tests/unit/base_test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

BW_WIRE_SCHEMA(sample_schema, SAMPLE_TYPE, "sample", sample, SAMPLE_FIELDS)

void sample_random(struct bw_rng *rng, struct sample *message, uint8_t bytes[SAMPLE_SIZE_MAX]) {
    static const uint8_t families[] = {0, 4, 6};
    test_fill(rng, bytes, SAMPLE_SIZE_MAX);
    memset(message, 0, sizeof(*message));
    message->kind = (uint8_t)bw_rng_below(rng, 4);
    message->port = (uint16_t)bw_rng_next(rng);
    message->count = (uint32_t)bw_rng_below(rng, 100001);
    message->seq = bw_rng_next(rng);
    test_fill(rng, &message->id, sizeof(message->id));
    message->addr.family = families[bw_rng_below(rng, 3)];
    if (message->addr.family != 0) {
        message->addr.port = (uint16_t)bw_rng_next(rng);
        test_fill(rng, message->addr.ip, message->addr.family == 4 ? 4 : 16);
    }
    message->name = (struct bw_bytes){bytes, bw_rng_below(rng, SAMPLE_NAME_MAX + 1)};
    message->body = (struct bw_bytes){bytes + SAMPLE_NAME_MAX, bw_rng_below(rng, 100)};
}

static bool same_bytes(struct bw_bytes a, struct bw_bytes b) {
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool same(const struct sample *a, const struct sample *b) {
    return a->kind == b->kind && a->port == b->port && a->count == b->count && a->seq == b->seq &&
           bw_id_equal(&a->id, &b->id) && bw_addr_equal(&a->addr, &b->addr) && same_bytes(a->name, b->name) &&
           same_bytes(a->body, b->body);
}

static void what_is_encoded_decodes_to_the_same(void) {
    struct bw_rng rng;
    bw_rng_seed(&rng, 30);
    for (size_t n = 0; n < 20000; n++) {
        struct sample message;
        struct sample decoded;
        uint8_t bytes[SAMPLE_SIZE_MAX];
        uint8_t frame[SAMPLE_SIZE_MAX];
        sample_random(&rng, &message, bytes);
        struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
        CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, &sample_schema, &message), 0);
        CU_ASSERT_EQUAL(writer.used, bw_wire_size(&sample_schema, &message));
        struct bw_reader reader = {.data = frame, .size = writer.used};
        uint8_t type = 0;
        struct bw_bytes body = {0};
        CU_ASSERT_EQUAL_FATAL(bw_wire_next(&reader, &type, &body), 1);
        CU_ASSERT_EQUAL(type, SAMPLE_TYPE);
        CU_ASSERT_EQUAL_FATAL(bw_wire_get(&sample_schema, body, &decoded), 0);
        CU_ASSERT_TRUE(same(&message, &decoded));
        CU_ASSERT_EQUAL(bw_wire_next(&reader, &type, &body), 0);
    }
}

/* At every capacity that is too small: refused, nothing counted, nothing written outside. */
static void what_does_not_fit_changes_nothing(void) {
    struct bw_rng rng;
    struct sample message;
    uint8_t bytes[SAMPLE_SIZE_MAX];
    uint8_t frame[SAMPLE_SIZE_MAX + 8];
    bw_rng_seed(&rng, 31);
    sample_random(&rng, &message, bytes);
    size_t size = bw_wire_size(&sample_schema, &message);
    for (size_t room = 0; room <= size; room++) {
        memset(frame, 0xee, sizeof(frame));
        struct bw_writer writer = {.data = frame, .capacity = room + 5, .used = 5};
        CU_ASSERT_EQUAL(bw_wire_put(&writer, &sample_schema, &message), room < size ? BW_ERR_SPACE : 0);
        CU_ASSERT_EQUAL(writer.used, room < size ? 5 : 5 + size);
        CU_ASSERT_EQUAL(frame[4], 0xee);
        CU_ASSERT_EQUAL(frame[room + 5], 0xee);
        struct bw_writer bare = {.data = frame, .capacity = room};
        CU_ASSERT_EQUAL(bw_wire_put_body(&bare, &sample_schema, &message), room + 3 < size ? BW_ERR_SPACE : 0);
        CU_ASSERT_EQUAL(bare.used, room + 3 < size ? 0 : size - 3);
    }
}

/* Each string may have 65535 bytes, but so may the body that holds it. */
static void a_body_too_large_for_its_size_does_not_fit(void) {
    static uint8_t bytes[UINT16_MAX];
    static uint8_t frame[UINT16_MAX * 2];
    struct sample message = {.body = {bytes, sizeof(bytes)}};
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &sample_schema, &message), BW_ERR_SPACE);
    CU_ASSERT_EQUAL(writer.used, 0);
    size_t besides = bw_wire_size(&sample_schema, &(struct sample){0}) - 3;
    message.body.size = sizeof(bytes) - besides;
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &sample_schema, &message), 0);
    CU_ASSERT_EQUAL(writer.used, 3 + UINT16_MAX);
    message.body.size++;
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &sample_schema, &message), BW_ERR_SPACE);
}

static void put(void *context) {
    uint8_t frame[SAMPLE_SIZE_MAX];
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    bw_wire_put(&writer, &sample_schema, context);
}

static void a_message_beyond_its_limits_stops_the_program(void) {
    uint8_t bytes[SAMPLE_NAME_MAX + 1] = {0};
    struct sample wrong[] = {
        {.kind = 4},
        {.count = 100001},
        {.addr = {.family = 5}},
        {.addr = {.family = 0, .port = 1}},
        {.name = {bytes, sizeof(bytes)}},
    };
    struct sample right = {.kind = 3, .count = 100000, .addr = {.family = 6}, .name = {bytes, SAMPLE_NAME_MAX}};
    for (size_t i = 0; i < BW_COUNT(wrong); i++) {
        CU_ASSERT_TRUE(test_stops(put, &wrong[i]));
    }
    CU_ASSERT_FALSE(test_stops(put, &right));
}

static void printing_ends_wherever_the_room_does(void) {
    struct bw_rng rng;
    bw_rng_seed(&rng, 32);
    for (size_t n = 0; n < 200; n++) {
        struct sample message;
        uint8_t bytes[SAMPLE_SIZE_MAX];
        char whole[2000];
        sample_random(&rng, &message, bytes);
        size_t length = bw_wire_print(&sample_schema, &message, whole, sizeof(whole));
        CU_ASSERT_EQUAL_FATAL(length, strlen(whole));
        CU_ASSERT_EQUAL(whole[length - 1], '}');
        CU_ASSERT_EQUAL(bw_wire_print(&sample_schema, &message, NULL, 0), 0);
        for (size_t size = 1; size <= length + 1; size++) {
            char *text = malloc(size); /* so that a sanitizer sees one byte too many */
            CU_ASSERT_PTR_NOT_NULL_FATAL(text);
            CU_ASSERT_EQUAL(bw_wire_print(&sample_schema, &message, text, size), size - 1);
            CU_ASSERT_EQUAL(strlen(text), size - 1);
            CU_ASSERT_EQUAL(memcmp(text, whole, size - 1), 0);
            free(text);
        }
    }
}

static void what_peers_sent_is_printed_harmlessly(void) {
    struct bw_rng rng;
    bw_rng_seed(&rng, 33);
    for (size_t n = 0; n < 2000; n++) {
        struct sample message;
        uint8_t bytes[SAMPLE_SIZE_MAX];
        char text[2000];
        sample_random(&rng, &message, bytes);
        message.addr.family = (uint8_t)bw_rng_next(&rng); /* what no decoder gives may still be printed */
        size_t length = bw_wire_print(&sample_schema, &message, text, sizeof(text));
        size_t outside = 0;
        for (size_t i = 0; i < length; i++) {
            outside += text[i] < ' ' || text[i] > '~';
        }
        CU_ASSERT_EQUAL(outside, 0);
    }
}

/* One line of tests/vectors/wire.txt, its words cut apart. */
struct vector {
    char line[2048];
    const char *verdict;
    uint8_t data[1024];
    size_t size;
    const char *text;
};

static size_t unhex(const char *hex, uint8_t *to, size_t room) {
    size_t size = 0;
    for (; hex[0] && hex[1] && size < room; hex += 2) {
        char pair[3] = {hex[0], hex[1], '\0'};
        to[size++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return size;
}

/* "accept HEX TEXT" or "refuse HEX WHY"; - is no bytes. Comments and empty lines are passed over. */
static bool next_vector(FILE *file, struct vector *vector) {
    while (fgets(vector->line, sizeof(vector->line), file)) {
        vector->line[strcspn(vector->line, "\n")] = '\0';
        char *hex = strchr(vector->line, ' ');
        char *text = hex ? strchr(hex + 1, ' ') : NULL;
        if (vector->line[0] == '#' || !text) {
            continue;
        }
        *hex++ = '\0';
        *text++ = '\0';
        vector->verdict = vector->line;
        vector->size = unhex(hex, vector->data, sizeof(vector->data));
        vector->text = text;
        return true;
    }
    return false;
}

/* Decodes each known frame of the datagram into text, joined by spaces, and encodes it again into copy. */
static int walk(const struct vector *vector, char *text, size_t text_size, struct bw_writer *copy) {
    struct bw_reader reader = {.data = vector->data, .size = vector->size};
    size_t used = 0;
    text[0] = '\0';
    for (;;) {
        uint8_t type = 0;
        struct bw_bytes body = {0};
        struct sample message;
        int result = bw_wire_next(&reader, &type, &body);
        if (result <= 0) {
            return result;
        }
        if (type != SAMPLE_TYPE) {
            continue;
        }
        result = bw_wire_get(&sample_schema, body, &message);
        if (result != 0) {
            return result;
        }
        CU_ASSERT_EQUAL(bw_wire_put(copy, &sample_schema, &message), 0);
        if (used > 0) {
            text[used++] = ' ';
        }
        used += bw_wire_print(&sample_schema, &message, text + used, text_size - used);
    }
}

static void check(const struct vector *vector, size_t *accepted, size_t *refused) {
    char text[4096];
    uint8_t data[1024];
    struct bw_writer copy = {.data = data, .capacity = sizeof(data)};
    int result = walk(vector, text, sizeof(text), &copy);
    if (strcmp(vector->verdict, "refuse") == 0) {
        CU_ASSERT_EQUAL(result, BW_ERR_DROP_MALFORMED);
        *refused += result != 0;
        return;
    }
    CU_ASSERT_STRING_EQUAL(vector->verdict, "accept");
    CU_ASSERT_EQUAL(result, 0);
    CU_ASSERT_STRING_EQUAL(text, vector->text);
    if (strcmp(text, vector->text) != 0) {
        tap_note("is       %s", text);
        tap_note("expected %s", vector->text);
    }
    if (vector->data[0] == SAMPLE_TYPE) { /* nothing in it was skipped */
        CU_ASSERT_EQUAL(copy.used, vector->size);
        CU_ASSERT_EQUAL(memcmp(data, vector->data, copy.used), 0);
    }
    *accepted += 1;
}

static void known_answers_are_kept(void) {
    const char *source = getenv("BW_SOURCE_DIR");
    char path[4096];
    snprintf(path, sizeof(path), "%s/tests/vectors/wire.txt", source ? source : ".");
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    struct vector vector;
    size_t accepted = 0;
    size_t refused = 0;
    while (next_vector(file, &vector)) {
        check(&vector, &accepted, &refused);
    }
    fclose(file);
    CU_ASSERT_TRUE(accepted >= 8);
    CU_ASSERT_TRUE(refused >= 12);
}

static const struct tap_test tests[] = {
    TAP_TEST(what_is_encoded_decodes_to_the_same),
    TAP_TEST(what_does_not_fit_changes_nothing),
    TAP_TEST(a_body_too_large_for_its_size_does_not_fit),
    TAP_TEST(a_message_beyond_its_limits_stops_the_program),
    TAP_TEST(printing_ends_wherever_the_room_does),
    TAP_TEST(what_peers_sent_is_printed_harmlessly),
    TAP_TEST(known_answers_are_kept),
};
const struct tap_suite base_wire_suite = TAP_SUITE("base/wire", tests);
