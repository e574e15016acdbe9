#include "base/base.h"

#include <string.h>

#include "base/list.h"
#include "tests/unit/base_test.h"

static const struct bw_id counted = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff}};

static void ids_compare_bytewise_and_print_as_hex(void) {
    struct bw_id none = {{0}};
    struct bw_id high = {{0x80}};
    char text[BW_ID_TEXT_SIZE];
    CU_ASSERT_TRUE(bw_id_none(&none));
    CU_ASSERT_FALSE(bw_id_none(&counted));
    CU_ASSERT_TRUE(bw_id_equal(&counted, &counted));
    CU_ASSERT_TRUE(bw_id_compare(&none, &counted) < 0);
    CU_ASSERT_TRUE(bw_id_compare(&high, &counted) > 0); /* bytes are unsigned */
    bw_id_text(&counted, text);
    CU_ASSERT_STRING_EQUAL(text, "000102030405060708090a0b0c0d0eff");
}

static void addresses_compare_whole(void) {
    struct bw_addr a = {.ip = {10, 0, 0, 1}, .port = 7946, .family = 4};
    struct bw_addr b = a;
    CU_ASSERT_TRUE(bw_addr_equal(&a, &b));
    b.port++;
    CU_ASSERT_FALSE(bw_addr_equal(&a, &b));
    b = a;
    b.ip[3]++;
    CU_ASSERT_FALSE(bw_addr_equal(&a, &b));
    b = a;
    b.family = 6;
    CU_ASSERT_FALSE(bw_addr_equal(&a, &b));
}

static void tokens_compare_by_term_then_id_and_text_order_is_theirs(void) {
    struct bw_id low = {{1, 0xff}};
    struct bw_id high = {{2}};
    struct bw_token rising[] = {{0, low}, {0, high}, {9, low}, {10, low}, {10, high}, {UINT64_MAX, low}};
    for (size_t i = 0; i < BW_COUNT(rising); i++) {
        for (size_t j = 0; j < BW_COUNT(rising); j++) {
            char a[BW_TOKEN_TEXT_SIZE];
            char b[BW_TOKEN_TEXT_SIZE];
            bw_token_text(&rising[i], a);
            bw_token_text(&rising[j], b);
            int order = bw_token_compare(&rising[i], &rising[j]);
            int text_order = strcmp(a, b);
            CU_ASSERT_EQUAL((order > 0) - (order < 0), (i > j) - (i < j));
            CU_ASSERT_EQUAL((text_order > 0) - (text_order < 0), (i > j) - (i < j));
        }
    }
    char text[BW_TOKEN_TEXT_SIZE];
    bw_token_text(&(struct bw_token){UINT64_C(0x0123456789abcdef), counted}, text);
    CU_ASSERT_STRING_EQUAL(text, "0123456789abcdef0001020304050607");
}

static void only_a_tokens_own_text_is_read_back(void) {
    const struct bw_token token = {UINT64_C(0x0123456789abcdef), {{0, 1, 2, 3, 4, 5, 6, 7}}};
    static const char *const others[] = {
        "",
        "0123456789abcdef000102030405060",   /* a digit short */
        "0123456789abcdef00010203040506070", /* one too many */
        "0123456789ABCDEF0001020304050607",  /* capitals */
        "0123456789abcdef 001020304050607",
        "0123456789abcdeg0001020304050607",
    };
    struct bw_token back = {0};
    char text[BW_TOKEN_TEXT_SIZE];
    bw_token_text(&token, text);
    CU_ASSERT_EQUAL(bw_token_parse(&back, text), 0);
    CU_ASSERT_EQUAL(bw_token_compare(&back, &token), 0);
    for (size_t i = 0; i < BW_COUNT(others); i++) {
        CU_ASSERT_EQUAL(bw_token_parse(&back, others[i]), BW_ERR_INVALID);
        CU_ASSERT_EQUAL(bw_token_compare(&back, &token), 0); /* nothing is half read */
    }
}

static void numbers_are_big_endian(void) {
    uint8_t bytes[8];
    bw_put_u16(bytes, 0x8182);
    CU_ASSERT_EQUAL(memcmp(bytes, "\x81\x82", 2), 0);
    CU_ASSERT_EQUAL(bw_get_u16(bytes), 0x8182);
    bw_put_u32(bytes, UINT32_C(0xf1f2f3f4));
    CU_ASSERT_EQUAL(memcmp(bytes, "\xf1\xf2\xf3\xf4", 4), 0);
    CU_ASSERT_EQUAL(bw_get_u32(bytes), UINT32_C(0xf1f2f3f4));
    bw_put_u64(bytes, UINT64_C(0xf1f2f3f4f5f6f7f8));
    CU_ASSERT_EQUAL(memcmp(bytes, "\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8", 8), 0);
    CU_ASSERT_EQUAL(bw_get_u64(bytes), UINT64_C(0xf1f2f3f4f5f6f7f8));
}

static bool is_zero(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (data[i] != 0) {
            return false;
        }
    }
    return true;
}

static void memory_comes_cleared_and_all_of_it_goes_back(void) {
    struct test_memory memory = {0};
    struct bw_allocator allocator = test_allocator(&memory);
    uint8_t *data = bw_alloc(&allocator, 10);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_TRUE(is_zero(data, 10));
    memset(data, 7, 10);
    data = bw_resize(&allocator, data, 10, 30);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_EQUAL(data[9], 7);
    CU_ASSERT_TRUE(is_zero(data + 10, 20));
    bw_free(&allocator, data, 30);
    bw_free(&allocator, NULL, 0);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

static void memory_that_fails_is_null_and_keeps_the_old(void) {
    struct test_memory memory = {.fail_at = 2};
    struct bw_allocator allocator = test_allocator(&memory);
    uint8_t *data = bw_alloc(&allocator, 10);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    data[9] = 7;
    CU_ASSERT_PTR_NULL(bw_resize(&allocator, data, 10, 30));
    CU_ASSERT_EQUAL(data[9], 7);
    bw_free(&allocator, data, 10);
    memory = (struct test_memory){.fail_at = 1};
    CU_ASSERT_PTR_NULL(bw_alloc(&allocator, 10));
}

static bool valid(const char *text, size_t limit) {
    return bw_text_valid((const uint8_t *)text, strlen(text), limit);
}

static void text_is_bounded_utf8_without_control_characters(void) {
    static const char *const good[] = {
        "a",
        "node-1",
        " ",
        "~",
        "\xc2\xa0",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "k\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x90\x91",
    };
    static const char *const bad[] = {
        "\n",
        "a\x1b[2J",
        "\x7f",
        "\x01", /* control */
        "\xc2\x80",
        "\xc2\x9b",
        "\xc2\x9f", /* control, C1: a terminal takes U+009B for ESC [ */
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",
        "\xed\xbf\xbf", /* surrogates */
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xff",
        "\xfe", /* beyond U+10FFFF */
        "\x80",
        "\xbf",
        "a\x80",
        "\xc3\xc3",
        "\xe2\x82\x41",
        "\xe2\x28\xac", /* continuation */
        "\xc3",
        "\xe2\x82",
        "\xf0\x9f\x90",
        "ok\xe2", /* cut short */
    };
    for (size_t i = 0; i < BW_COUNT(good); i++) {
        CU_ASSERT_TRUE(valid(good[i], 63));
        CU_ASSERT_TRUE(valid(good[i], strlen(good[i])));
        CU_ASSERT_FALSE(valid(good[i], strlen(good[i]) - 1));
    }
    for (size_t i = 0; i < BW_COUNT(bad); i++) {
        CU_ASSERT_FALSE(valid(bad[i], 63));
    }
    CU_ASSERT_FALSE(valid("", 63));
    CU_ASSERT_FALSE(bw_text_valid((const uint8_t *)"a\0b", 3, 63));
    for (size_t size = 1; size < 4; size++) { /* what follows would complete it, but is not part of it */
        CU_ASSERT_FALSE(bw_text_valid((const uint8_t *)"\xf0\x9f\x90\x91", size, 63));
    }
}

static size_t encode_utf8(uint32_t c, uint8_t *to) {
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, c >>= 6) {
        to[i] = (uint8_t)(0x80 | (c & 0x3f));
    }
    to[0] = (uint8_t)((0xf00u >> length) | c);
    return length;
}

static void every_character_is_judged_rightly(void) {
    size_t wrong = 0;
    for (uint32_t c = 0; c < 0x120000; c++) {
        uint8_t text[4];
        size_t size = encode_utf8(c, text);
        bool control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
        bool expected = !control && !(c >= 0xd800 && c <= 0xdfff) && c <= 0x10ffff;
        wrong += bw_text_valid(text, size, 4) != expected;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

struct item {
    int number;
    struct bw_list node;
};

static void lists_keep_order_and_removal_is_harmless_twice(void) {
    struct bw_list head;
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    bw_list_init(&head);
    CU_ASSERT_TRUE(bw_list_empty(&head));
    for (size_t i = 0; i < BW_COUNT(items); i++) {
        bw_list_append(&head, &items[i].node);
    }
    bw_list_remove(&items[1].node);
    bw_list_remove(&items[1].node);
    CU_ASSERT_EQUAL(bw_container(head.next, struct item, node)->number, 0);
    CU_ASSERT_EQUAL(bw_container(head.next->next, struct item, node)->number, 2);
    CU_ASSERT_PTR_EQUAL(head.next->next->next, &head);
    CU_ASSERT_PTR_EQUAL(head.prev, &items[2].node);
    bw_list_remove(&items[0].node);
    bw_list_remove(&items[2].node);
    CU_ASSERT_TRUE(bw_list_empty(&head));
}

static const struct tap_test tests[] = {
    TAP_TEST(ids_compare_bytewise_and_print_as_hex),
    TAP_TEST(addresses_compare_whole),
    TAP_TEST(tokens_compare_by_term_then_id_and_text_order_is_theirs),
    TAP_TEST(only_a_tokens_own_text_is_read_back),
    TAP_TEST(numbers_are_big_endian),
    TAP_TEST(memory_comes_cleared_and_all_of_it_goes_back),
    TAP_TEST(memory_that_fails_is_null_and_keeps_the_old),
    TAP_TEST(text_is_bounded_utf8_without_control_characters),
    TAP_TEST(every_character_is_judged_rightly),
    TAP_TEST(lists_keep_order_and_removal_is_harmless_twice),
};
const struct tap_suite base_base_suite = TAP_SUITE("base/base", tests);
