/* The key ring: what is read, what is refused, and that no secret stays behind. */
#include "crypto/exchange.h"
#include "crypto/keyring.h"

#include "tests/unit/crypto_test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bw_keyring *made;

static int create(const char *text, size_t *bad_line) {
    return bw_keyring_create(&made, text, strlen(text), bad_line);
}

/* The error and, times 100, the line. */
static int refused(const char *text) {
    size_t bad_line = 99;
    int error = create(text, &bad_line);
    CU_ASSERT_TRUE(error < 0);
    CU_ASSERT_PTR_NULL(made);
    return error + 100 * (int)bad_line;
}

static size_t accepted(const char *text) {
    size_t bad_line = 99;
    CU_ASSERT_EQUAL(create(text, &bad_line), 0);
    CU_ASSERT_EQUAL(bad_line, 0);
    size_t count = made ? bw_keyring_count(made) : 0;
    bw_keyring_destroy(made);
    return count;
}

static void keys_are_read_line_by_line(void) {
    CU_ASSERT_EQUAL(accepted(TEST_KEY_A), 1);
    CU_ASSERT_EQUAL(accepted(TEST_KEY_A "\n" TEST_KEY_B "\n"), 2);
    CU_ASSERT_EQUAL(accepted("# the keys\n\n  \r\n" TEST_KEY_A " \t\r\n#" TEST_KEY_B "\n" TEST_KEY_C), 2);
    CU_ASSERT_EQUAL(create(TEST_KEY_A, NULL), 0);
    bw_keyring_destroy(made);
    bw_keyring_destroy(NULL);
}

static void what_is_not_a_key_is_refused_with_its_line(void) {
    CU_ASSERT_EQUAL(refused(""), BW_ERR_KEY);
    CU_ASSERT_EQUAL(refused("# only words\n\n"), BW_ERR_KEY);
    CU_ASSERT_EQUAL(refused("x"), BW_ERR_KEY + 100);
    CU_ASSERT_EQUAL(refused("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg=="), BW_ERR_KEY + 100);  /* 31 bytes */
    CU_ASSERT_EQUAL(refused("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"), BW_ERR_KEY + 100);  /* 33 bytes */
    CU_ASSERT_EQUAL(refused("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), BW_ERR_KEY + 100);   /* no padding */
    CU_ASSERT_EQUAL(refused("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9="), BW_ERR_KEY + 100);  /* not canonical */
    CU_ASSERT_EQUAL(refused("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBka-_wdHh8="), BW_ERR_KEY + 100);  /* URL alphabet */
    CU_ASSERT_EQUAL(refused(TEST_KEY_A "\n\n " TEST_KEY_B), BW_ERR_KEY + 300);                   /* leading space */
    CU_ASSERT_EQUAL(refused(TEST_KEY_A "\n" TEST_KEY_B " " TEST_KEY_C "\n"), BW_ERR_KEY + 200);  /* two in a line */
    CU_ASSERT_EQUAL(refused(TEST_KEY_A "\n" TEST_KEY_B "\n" TEST_KEY_A "\n"), BW_ERR_KEY + 300); /* twice */
    CU_ASSERT_EQUAL(bw_keyring_create(&made, TEST_KEY_A "\0\n", sizeof(TEST_KEY_A) + 1, NULL), BW_ERR_KEY);
}

static void eight_keys_fit_and_nine_do_not(void) {
    char text[9 * BW_KEY_TEXT_SIZE + 1] = "";
    for (uint8_t i = 0; i < 9; i++) {
        uint8_t key[BW_KEY_SIZE] = {i};
        char line[BW_KEY_TEXT_SIZE];
        bw_key_text(key, line);
        CU_ASSERT_EQUAL(strlen(line), BW_KEY_TEXT_SIZE - 1);
        strcat(strcat(text, line), "\n");
        if (i == 7) {
            CU_ASSERT_EQUAL(accepted(text), 8);
        }
    }
    CU_ASSERT_EQUAL(refused(text), BW_ERR_FULL + 900);
}

static void text_of_a_key_reads_back(void) {
    uint8_t key[BW_KEY_SIZE];
    char text[BW_KEY_TEXT_SIZE];
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)i;
    }
    bw_key_text(key, text);
    CU_ASSERT_STRING_EQUAL(text, TEST_KEY_A);
}

static void derived_keys_differ_from_each_other_and_from_the_key(void) {
    uint8_t key[BW_KEY_SIZE];
    struct bw_key_use a;
    struct bw_key_use b;
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)i;
    }
    CU_ASSERT_EQUAL_FATAL(create(TEST_KEY_A "\n" TEST_KEY_B, NULL), 0);
    bw_keyring_use(made, 0, &a);
    bw_keyring_use(made, 1, &b);
    CU_ASSERT_NOT_EQUAL(memcmp(a.seal_key, key, 32), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a.nonce_key, key, 16), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a.nonce_key, a.seal_key, 16), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a.seal_key, b.seal_key, 32), 0);
    CU_ASSERT_NOT_EQUAL(a.hint, b.hint);
    bw_keyring_destroy(made);
}

#define MASK 0x5au
#define NEEDLE_SIZE 16u /* half a key would be bad enough */

/* Counts copies of what is masked in memory that can be written, without making one by looking. */
__attribute__((no_sanitize("address"), noinline)) static size_t count_in(const volatile uint8_t *from, size_t size,
                                                                         const uint8_t masked[NEEDLE_SIZE]) {
    size_t found = 0;
    for (size_t at = 0; at + NEEDLE_SIZE <= size; at++) {
        size_t same = 0;
        while (same < NEEDLE_SIZE && (from[at + same] ^ MASK) == masked[same]) {
            same++;
        }
        found += same == NEEDLE_SIZE;
    }
    return found;
}

static size_t copies_in_memory(const uint8_t masked[NEEDLE_SIZE]) {
    FILE *maps = fopen("/proc/self/maps", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(maps);
    char line[512];
    size_t found = 0;
    while (fgets(line, sizeof(line), maps)) {
        size_t from = 0;
        size_t to = 0;
        char mode[8] = "";
        bool read = sscanf(line, "%zx-%zx %4s", &from, &to, mode) == 3 && mode[0] == 'r' && !strstr(line, "[v");
        if (read && (mode[1] == 'w' || strstr(line, " 00:00 ")) && to - from <= (size_t)32 << 20) {
            found += count_in((const volatile uint8_t *)from, to - from, masked);
        }
    }
    fclose(maps);
    return found;
}

static void mask(uint8_t masked[NEEDLE_SIZE], const uint8_t *secret) {
    for (size_t i = 0; i < NEEDLE_SIZE; i++) {
        masked[i] = (uint8_t)(secret[i] ^ MASK);
    }
}

static void no_secret_stays_behind(void) {
    const char *preloaded = getenv("LD_PRELOAD");
    if (preloaded && strstr(preloaded, "vgpreload")) {
        tap_skip("valgrind keeps copies of what it watches");
        return;
    }
    uint8_t raw[NEEDLE_SIZE];
    uint8_t seal[NEEDLE_SIZE];
    uint8_t nonce[NEEDLE_SIZE];
    struct bw_key_use use;
    for (size_t i = 0; i < NEEDLE_SIZE; i++) {
        raw[i] = (uint8_t)((0x40 + i) ^ MASK); /* TEST_KEY_C, whose bytes occur nowhere else */
    }
    CU_ASSERT_EQUAL_FATAL(create(TEST_KEY_C, NULL), 0);
    bw_keyring_use(made, 0, &use);
    mask(seal, use.seal_key);
    mask(nonce, use.nonce_key);
    CU_ASSERT_EQUAL(copies_in_memory(raw), 1);
    CU_ASSERT_EQUAL(copies_in_memory(seal), 1);
    CU_ASSERT_EQUAL(copies_in_memory(nonce), 1);
    struct bw_keyring *more = NULL;
    CU_ASSERT_EQUAL(bw_keyring_with(&more, made, TEST_KEY_A, sizeof(TEST_KEY_A) - 1), 0);
    bw_keyring_destroy(made);
    CU_ASSERT_EQUAL(copies_in_memory(raw), 1);
    bw_keyring_destroy(more);
    CU_ASSERT_EQUAL(copies_in_memory(raw), 0);
    CU_ASSERT_EQUAL(copies_in_memory(seal), 0);
    CU_ASSERT_EQUAL(copies_in_memory(nonce), 0);
}

static uint64_t id_of(const struct bw_keyring *ring, size_t index) {
    return index < bw_keyring_count(ring) ? bw_keyring_id(ring, index) : 0;
}

static void a_ring_changes_by_versions(void) {
    struct bw_keyring *rings[4] = {NULL};
    uint8_t ranks[4][BW_RING_RANK_SIZE];
    CU_ASSERT_EQUAL_FATAL(create(TEST_KEY_A "\n" TEST_KEY_B "\n", NULL), 0);
    rings[0] = made;
    uint64_t a = id_of(made, 0);
    uint64_t b = id_of(made, 1);
    CU_ASSERT_TRUE(a != b && a != 0 && b != 0);
    CU_ASSERT_EQUAL(bw_keyring_version(made), 0);
    CU_ASSERT_EQUAL_FATAL(bw_keyring_with(&rings[1], rings[0], TEST_KEY_C, sizeof(TEST_KEY_C) - 1), 0);
    uint64_t c = id_of(rings[1], 2);
    CU_ASSERT_EQUAL_FATAL(bw_keyring_used(&rings[2], rings[1], 1), 0);
    CU_ASSERT_TRUE(id_of(rings[2], 0) == b && id_of(rings[2], 1) == a && id_of(rings[2], 2) == c);
    CU_ASSERT_EQUAL_FATAL(bw_keyring_without(&rings[3], rings[2], 1), 0);
    CU_ASSERT_TRUE(id_of(rings[3], 0) == b && id_of(rings[3], 1) == c && id_of(rings[3], 2) == 0);
    CU_ASSERT_EQUAL(bw_keyring_version(rings[3]), 3);
    CU_ASSERT_EQUAL(bw_keyring_find(rings[3], c), 1);
    CU_ASSERT_EQUAL(bw_keyring_find(rings[3], a), 2);
    for (size_t i = 0; i < 4; i++) {
        bw_keyring_rank(rings[i], ranks[i]);
        CU_ASSERT_TRUE(i == 0 || memcmp(ranks[i - 1], ranks[i], BW_RING_RANK_SIZE) < 0);
    }
    CU_ASSERT_EQUAL(bw_keyring_with(&made, rings[3], TEST_KEY_B, sizeof(TEST_KEY_B) - 1), BW_ERR_KEY);
    CU_ASSERT_EQUAL(bw_keyring_with(&made, rings[3], "x", 1), BW_ERR_KEY);
    CU_ASSERT_PTR_NULL(made);
    for (size_t i = 0; i < 4; i++) {
        bw_keyring_destroy(rings[i]);
    }
}

static void the_version_is_read_back_unless_the_keys_were_edited(void) {
    char text[BW_RING_TEXT_SIZE + 64];
    struct bw_keyring *ring = NULL;
    CU_ASSERT_EQUAL_FATAL(create(TEST_KEY_A, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(bw_keyring_with(&ring, made, TEST_KEY_B, sizeof(TEST_KEY_B) - 1), 0);
    bw_keyring_destroy(made);
    size_t size = bw_keyring_text(ring, text);
    CU_ASSERT_EQUAL(size, strlen(text));
    bw_keyring_destroy(ring);
    CU_ASSERT_EQUAL_FATAL(create(text, NULL), 0);
    CU_ASSERT_EQUAL(bw_keyring_version(made), 1);
    bw_keyring_destroy(made);
    strcat(text, TEST_KEY_C "\n");
    CU_ASSERT_EQUAL_FATAL(create(text, NULL), 0);
    CU_ASSERT_EQUAL(bw_keyring_version(made), 0);
    CU_ASSERT_EQUAL(bw_keyring_count(made), 3);
    bw_keyring_destroy(made);
    CU_ASSERT_EQUAL(accepted("# bellwether ring 99999999999999999999999 00\n" TEST_KEY_A), 1);
    CU_ASSERT_EQUAL(accepted("# bellwether ring \n" TEST_KEY_A), 1);
}

static void the_longest_ring_fits_its_text(void) {
    char text[BW_RING_TEXT_SIZE];
    struct bw_keyring *ring = NULL;
    uint8_t key[BW_KEY_SIZE] = {1};
    CU_ASSERT_EQUAL_FATAL(create(TEST_KEY_A, NULL), 0);
    for (uint8_t i = 1; i < BW_KEY_COUNT_MAX; i++) {
        key[0] = i;
        bw_key_text(key, text);
        CU_ASSERT_EQUAL_FATAL(bw_keyring_with(&ring, made, text, strlen(text)), 0);
        bw_keyring_destroy(made);
        made = ring;
    }
    CU_ASSERT_EQUAL(bw_keyring_with(&ring, made, TEST_KEY_C, sizeof(TEST_KEY_C) - 1), BW_ERR_FULL);
    CU_ASSERT_TRUE(bw_keyring_text(made, text) < BW_RING_TEXT_SIZE - 18); /* a version may have 18 digits more */
    bw_keyring_destroy(made);
}

static void a_ring_is_opened_by_whom_it_was_sealed_for_alone(void) {
    struct bw_exchange *from = NULL;
    struct bw_exchange *to = NULL;
    struct bw_exchange *other = NULL;
    struct bw_keyring *ring = NULL;
    struct bw_keyring *opened = NULL;
    uint8_t box[BW_RING_BOX_MAX];
    uint8_t rank[BW_RING_RANK_SIZE];
    CU_ASSERT_EQUAL_FATAL(bw_exchange_create(&from, (const uint8_t[BW_EXCHANGE_SIZE]){1}), 0);
    CU_ASSERT_EQUAL_FATAL(bw_exchange_create(&to, (const uint8_t[BW_EXCHANGE_SIZE]){2}), 0);
    CU_ASSERT_EQUAL_FATAL(bw_exchange_create(&other, (const uint8_t[BW_EXCHANGE_SIZE]){3}), 0);
    CU_ASSERT_EQUAL_FATAL(create(TEST_KEY_A, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(bw_keyring_with(&ring, made, TEST_KEY_B, sizeof(TEST_KEY_B) - 1), 0);
    bw_keyring_rank(ring, rank);
    size_t size = bw_exchange_seal(from, bw_exchange_public(to), ring, box);
    struct bw_bytes bytes = {box, size};
    CU_ASSERT_EQUAL(size, 2 * BW_KEY_SIZE + 16);
    CU_ASSERT_EQUAL_FATAL(bw_exchange_open(to, bw_exchange_public(from), rank, bytes, &opened), 0);
    CU_ASSERT_EQUAL(bw_keyring_version(opened), 1);
    CU_ASSERT_TRUE(id_of(opened, 0) == id_of(ring, 0) && id_of(opened, 1) == id_of(ring, 1));
    bw_keyring_destroy(opened);
    CU_ASSERT_EQUAL(bw_exchange_open(other, bw_exchange_public(from), rank, bytes, &opened), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(bw_exchange_open(to, bw_exchange_public(other), rank, bytes, &opened), BW_ERR_DROP_MALFORMED);
    for (size_t cut = 0; cut < size; cut++) {
        CU_ASSERT_EQUAL(bw_exchange_open(to, bw_exchange_public(from), rank, (struct bw_bytes){box, cut}, &opened),
                        BW_ERR_DROP_MALFORMED);
    }
    rank[0] ^= 1; /* another version */
    CU_ASSERT_EQUAL(bw_exchange_open(to, bw_exchange_public(from), rank, bytes, &opened), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_PTR_NULL(opened);
    CU_ASSERT_EQUAL(bw_exchange_seal(from, (const uint8_t[BW_EXCHANGE_SIZE]){0}, ring, box), 0); /* no public key */
    bw_keyring_destroy(ring);
    bw_keyring_destroy(made);
    bw_exchange_destroy(from);
    bw_exchange_destroy(to);
    bw_exchange_destroy(other);
}

static const struct tap_test tests[] = {
    TAP_TEST(keys_are_read_line_by_line),
    TAP_TEST(what_is_not_a_key_is_refused_with_its_line),
    TAP_TEST(eight_keys_fit_and_nine_do_not),
    TAP_TEST(text_of_a_key_reads_back),
    TAP_TEST(derived_keys_differ_from_each_other_and_from_the_key),
    TAP_TEST(a_ring_changes_by_versions),
    TAP_TEST(the_version_is_read_back_unless_the_keys_were_edited),
    TAP_TEST(the_longest_ring_fits_its_text),
    TAP_TEST(a_ring_is_opened_by_whom_it_was_sealed_for_alone),
    TAP_TEST(no_secret_stays_behind),
};
const struct tap_suite crypto_keyring_suite = TAP_SUITE("crypto/keyring", tests);
