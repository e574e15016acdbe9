/* The codec against bytes that no encoder made: refused, or canonical. */
#include "base/base.h"
#include "tests/unit/base_test.h"
#include "tests/unit/base_wire_test.h"
#include <stdlib.h>
#include <string.h>

/* A body in memory of exactly its size, so that a sanitizer sees each byte read beyond it. */
static int decode_exact(const uint8_t *data, size_t size, struct sample *message) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    memcpy(copy, data, size);
    int result = bw_wire_get(&sample_schema, (struct bw_bytes){copy, size}, message);
    if (result == 0) { /* byte strings outlive the copy */
        message->name.data = data + (message->name.data - copy);
        message->body.data = data + (message->body.data - copy);
    }
    free(copy);
    return result;
}

static size_t encode_body(const struct sample *message, uint8_t to[SAMPLE_SIZE_MAX]) {
    struct bw_writer writer = {.data = to, .capacity = SAMPLE_SIZE_MAX};
    CU_ASSERT_EQUAL_FATAL(bw_wire_put_body(&writer, &sample_schema, message), 0);
    return writer.used;
}

/* Malformed, or the same bytes again: there is no third. */
static bool refused_or_canonical(const uint8_t *data, size_t size) {
    struct sample message;
    uint8_t again[SAMPLE_SIZE_MAX];
    int result = decode_exact(data, size, &message);
    if (result != 0) {
        return result == BW_ERR_DROP_MALFORMED;
    }
    return encode_body(&message, again) == size && memcmp(again, data, size) == 0;
}

static void every_truncation_and_every_trailing_byte_is_refused(void) {
    struct bw_rng rng;
    bw_rng_seed(&rng, 40);
    for (size_t n = 0; n < 200; n++) {
        struct sample message;
        uint8_t bytes[SAMPLE_SIZE_MAX];
        uint8_t body[SAMPLE_SIZE_MAX] = {0};
        sample_random(&rng, &message, bytes);
        size_t size = encode_body(&message, body);
        CU_ASSERT_EQUAL(decode_exact(body, size, &message), 0);
        for (size_t cut = 0; cut < size; cut++) {
            CU_ASSERT_EQUAL(decode_exact(body, cut, &message), BW_ERR_DROP_MALFORMED);
        }
        for (size_t extra = 1; extra < 20; extra++) {
            CU_ASSERT_EQUAL(decode_exact(body, size + extra, &message), BW_ERR_DROP_MALFORMED);
        }
    }
    struct sample message;
    CU_ASSERT_EQUAL(bw_wire_get(&sample_schema, (struct bw_bytes){NULL, 0}, &message), BW_ERR_DROP_MALFORMED);
}

static void every_flipped_bit_is_refused_or_canonical(void) {
    struct bw_rng rng;
    bw_rng_seed(&rng, 41);
    for (size_t n = 0; n < 200; n++) {
        struct sample message;
        uint8_t bytes[SAMPLE_SIZE_MAX];
        uint8_t body[SAMPLE_SIZE_MAX];
        sample_random(&rng, &message, bytes);
        size_t size = encode_body(&message, body);
        for (size_t bit = 0; bit < size * 8; bit++) {
            body[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CU_ASSERT_TRUE(refused_or_canonical(body, size));
            body[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* Random bytes hardly ever decode; a valid message with some bytes replaced often does. */
static void mutilated_messages_are_refused_or_canonical(void) {
    struct bw_rng rng;
    size_t survivors = 0;
    bw_rng_seed(&rng, 42);
    for (size_t n = 0; n < 50000; n++) {
        struct sample message;
        uint8_t bytes[SAMPLE_SIZE_MAX];
        uint8_t body[SAMPLE_SIZE_MAX];
        sample_random(&rng, &message, bytes);
        size_t size = encode_body(&message, body);
        for (size_t i = bw_rng_below(&rng, 5); i > 0; i--) {
            body[bw_rng_below(&rng, size)] = (uint8_t)bw_rng_below(&rng, bw_rng_below(&rng, 2) ? 8 : 256);
        }
        size += bw_rng_below(&rng, 8) == 0;
        CU_ASSERT_TRUE(refused_or_canonical(body, size));
        survivors += decode_exact(body, size, &message) == 0;
    }
    CU_ASSERT_TRUE(survivors > 5000); /* the test tests something */
    for (size_t n = 0; n < 50000; n++) {
        uint8_t junk[SAMPLE_SIZE_MAX];
        test_fill(&rng, junk, sizeof(junk));
        CU_ASSERT_TRUE(refused_or_canonical(junk, bw_rng_below(&rng, 100)));
    }
}

/* Where in the body of an all-zero sample each limited field stands. */
enum { KIND_AT = 0, COUNT_AT = 3, FAMILY_AT = 31, NAME_AT = 34, ZERO_SIZE = 38 };

static void limits_are_exact(void) {
    uint8_t body[SAMPLE_SIZE_MAX] = {0};
    struct sample message;
    CU_ASSERT_EQUAL(decode_exact(body, ZERO_SIZE, &message), 0);
    body[KIND_AT] = 3;
    bw_put_u32(body + COUNT_AT, 100000);
    CU_ASSERT_EQUAL(decode_exact(body, ZERO_SIZE, &message), 0);
    CU_ASSERT_EQUAL(message.count, 100000);
    body[KIND_AT] = 4;
    CU_ASSERT_EQUAL(decode_exact(body, ZERO_SIZE, &message), BW_ERR_DROP_MALFORMED);
    body[KIND_AT] = 0;
    bw_put_u32(body + COUNT_AT, 100001);
    CU_ASSERT_EQUAL(decode_exact(body, ZERO_SIZE, &message), BW_ERR_DROP_MALFORMED);
    bw_put_u32(body + COUNT_AT, 0);
    bw_put_u16(body + NAME_AT, SAMPLE_NAME_MAX);
    CU_ASSERT_EQUAL(decode_exact(body, ZERO_SIZE + SAMPLE_NAME_MAX, &message), 0);
    bw_put_u16(body + NAME_AT, SAMPLE_NAME_MAX + 1);
    CU_ASSERT_EQUAL(decode_exact(body, ZERO_SIZE + SAMPLE_NAME_MAX + 1, &message), BW_ERR_DROP_MALFORMED);
}

static void only_three_families_exist_and_none_has_no_port(void) {
    struct sample message;
    for (unsigned family = 0; family < 256; family++) {
        size_t ip_size = family == 4 ? 4 : family == 6 ? 16 : 0;
        uint8_t body[SAMPLE_SIZE_MAX] = {0};
        body[FAMILY_AT] = (uint8_t)family;
        int expected = family == 0 || family == 4 || family == 6 ? 0 : BW_ERR_DROP_MALFORMED;
        CU_ASSERT_EQUAL(decode_exact(body, ZERO_SIZE + ip_size, &message), expected);
    }
    uint8_t body[SAMPLE_SIZE_MAX] = {0};
    body[FAMILY_AT + 2] = 1; /* the port */
    CU_ASSERT_EQUAL(decode_exact(body, ZERO_SIZE, &message), BW_ERR_DROP_MALFORMED);
}

/* Three frames; the middle one is of a type from the future. */
static size_t encode_three(uint8_t data[SAMPLE_SIZE_MAX]) {
    static const uint8_t future[] = {200, 0, 5, 'h', 'e', 'l', 'l', 'o'};
    struct bw_writer writer = {.data = data, .capacity = SAMPLE_SIZE_MAX};
    struct sample message = {.seq = 1};
    CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, &sample_schema, &message), 0);
    memcpy(data + writer.used, future, sizeof(future));
    writer.used += sizeof(future);
    message.seq = 2;
    CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, &sample_schema, &message), 0);
    return writer.used;
}

static void an_unknown_frame_is_skipped_by_its_size(void) {
    uint8_t data[SAMPLE_SIZE_MAX];
    struct bw_reader reader = {.data = data, .size = encode_three(data)};
    uint8_t type = 0;
    struct bw_bytes body = {0};
    struct sample message;
    CU_ASSERT_EQUAL(bw_wire_next(&reader, &type, &body), 1);
    CU_ASSERT_EQUAL(type, SAMPLE_TYPE);
    CU_ASSERT_EQUAL(bw_wire_next(&reader, &type, &body), 1);
    CU_ASSERT_EQUAL(type, 200);
    CU_ASSERT_EQUAL(body.size, 5);
    CU_ASSERT_EQUAL(memcmp(body.data, "hello", 5), 0);
    CU_ASSERT_EQUAL(bw_wire_next(&reader, &type, &body), 1);
    CU_ASSERT_EQUAL(bw_wire_get(&sample_schema, body, &message), 0);
    CU_ASSERT_EQUAL(message.seq, 2);
    CU_ASSERT_EQUAL(bw_wire_next(&reader, &type, &body), 0);
    CU_ASSERT_EQUAL(bw_wire_next(&reader, &type, &body), 0);
}

/* Cut anywhere but between two frames, a datagram is malformed, and stays so when asked again. */
static void a_datagram_cut_inside_a_frame_is_malformed(void) {
    uint8_t data[SAMPLE_SIZE_MAX];
    size_t size = encode_three(data);
    size_t whole_prefixes = 0;
    for (size_t cut = 0; cut <= size; cut++) {
        struct bw_reader reader = {.data = data, .size = cut};
        uint8_t type = 0;
        struct bw_bytes body = {0};
        int result = 1;
        while (result == 1) {
            result = bw_wire_next(&reader, &type, &body);
        }
        CU_ASSERT_TRUE(result == 0 || result == BW_ERR_DROP_MALFORMED);
        CU_ASSERT_EQUAL(bw_wire_next(&reader, &type, &body), result);
        whole_prefixes += result == 0;
    }
    CU_ASSERT_EQUAL(whole_prefixes, 4);
}

/* Simulators hash messages: what no field covers must not be what the stack held. */
static void decoding_leaves_no_byte_undefined(void) {
    uint8_t body[SAMPLE_SIZE_MAX] = {0};
    struct sample once;
    struct sample twice;
    memset(&once, 0x00, sizeof(once));
    memset(&twice, 0xff, sizeof(twice));
    CU_ASSERT_EQUAL(bw_wire_get(&sample_schema, (struct bw_bytes){body, ZERO_SIZE}, &once), 0);
    CU_ASSERT_EQUAL(bw_wire_get(&sample_schema, (struct bw_bytes){body, ZERO_SIZE}, &twice), 0);
    CU_ASSERT_EQUAL(memcmp(&once, &twice, sizeof(once)), 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(every_truncation_and_every_trailing_byte_is_refused), TAP_TEST(every_flipped_bit_is_refused_or_canonical),
    TAP_TEST(mutilated_messages_are_refused_or_canonical),         TAP_TEST(limits_are_exact),
    TAP_TEST(only_three_families_exist_and_none_has_no_port),      TAP_TEST(an_unknown_frame_is_skipped_by_its_size),
    TAP_TEST(a_datagram_cut_inside_a_frame_is_malformed),          TAP_TEST(decoding_leaves_no_byte_undefined),
};
const struct tap_suite base_wire_hostile_suite = TAP_SUITE("base/wire, hostile", tests);
