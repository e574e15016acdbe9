/* Identity mode: the secrets of pairs, where they stand and what becomes of them. */
#include "tests/unit/crypto_test.h"

#include <string.h>

#define COUNT 100u /* do not fit in one page */

static const uint8_t zeros[BW_KEY_SIZE];

static struct test_memory heap;
static struct bw_keyring *ring;
static struct bw_exchange *own;
static struct bw_exchange *other;
static struct bw_pairs pairs;

static struct bw_id id_of(unsigned number) {
    struct bw_id id;
    memset(id.bytes, (int)number, sizeof(id.bytes));
    return id;
}

static void set_up(void) {
    const uint8_t seeds[2][BW_EXCHANGE_SIZE] = {{1}, {2}};
    heap = (struct test_memory){.used_size = 0};
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, TEST_KEY_A, sizeof(TEST_KEY_A) - 1, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(bw_exchange_create(&own, seeds[0]), 0);
    CU_ASSERT_EQUAL_FATAL(bw_exchange_create(&other, seeds[1]), 0);
    bw_pairs_init(&pairs, test_allocator(&heap), COUNT);
    pairs.exchange = own;
    pairs.self = id_of(1);
    pairs.session = 101;
    pairs.label = (struct bw_bytes){(const uint8_t *)"\4prod", 5};
}

static void tear_down(void) {
    bw_pairs_free(&pairs);
    CU_ASSERT_EQUAL(heap.used_size, 0);
    bw_exchange_destroy(other);
    bw_exchange_destroy(own);
    bw_keyring_destroy(ring);
}

static int say(unsigned number, uint64_t session, uint64_t incarnation, const uint8_t *exchange) {
    return bw_pairs_put(&pairs, &(struct bw_credential){id_of(number), session, incarnation, exchange});
}

/* The key that seals for it, NULL: none. */
static const uint8_t *use(unsigned number, uint64_t session) {
    const struct bw_id id = id_of(number);
    struct bw_key_use key;
    bw_keyring_use(ring, 0, &key);
    return bw_pairs_use(&pairs, bw_pairs_find(&pairs, &id, session), ring, 0, &key) ? key.seal_key : NULL;
}

/* A datagram may name such a pair as often as it likes, and costs no X25519: even a sound key is not looked at. */
static void a_public_key_that_is_none_is_tried_once(void) {
    static const uint8_t low_order[BW_EXCHANGE_SIZE] = {1};
    const struct bw_id id = id_of(2);
    CU_ASSERT_EQUAL_FATAL(say(2, 102, 1, low_order), 0);
    struct bw_pair *pair = bw_pairs_find(&pairs, &id, 102);
    CU_ASSERT_PTR_NULL(use(2, 102));
    memcpy(pair->exchange, bw_exchange_public(other), BW_EXCHANGE_SIZE);
    CU_ASSERT_PTR_NULL(use(2, 102));
    memcpy(pair->exchange, low_order, BW_EXCHANGE_SIZE);
    CU_ASSERT_EQUAL(say(2, 102, 2, bw_exchange_public(other)), 0); /* its next word of itself counts */
    CU_ASSERT_PTR_NOT_NULL(use(2, 102));
}

/* Who is forgotten, or begins a new session, leaves zeros. */
static void secrets_are_wiped(void) {
    const uint8_t *keys[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        CU_ASSERT_EQUAL_FATAL(say(i + 10, 102, 1, bw_exchange_public(other)), 0); /* all of one session number */
        keys[i] = use(i + 10, 102);
        CU_ASSERT_PTR_NOT_NULL_FATAL(keys[i]);
        CU_ASSERT(i == 0 || memcmp(keys[i], keys[i - 1], BW_KEY_SIZE) != 0);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        const struct bw_id id = id_of(i + 10);
        CU_ASSERT_NOT_EQUAL(memcmp(keys[i], zeros, BW_KEY_SIZE), 0);
        if (i % 2 == 0) {
            bw_pairs_remove(&pairs, &id);
        } else {
            CU_ASSERT_EQUAL(say(i + 10, 7, 2, bw_exchange_public(other)), 0);
        }
        CU_ASSERT_EQUAL(memcmp(keys[i], zeros, BW_KEY_SIZE), 0);
    }
}

static void what_becomes_free_is_taken_again(void) {
    const uint8_t *keys[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        CU_ASSERT_EQUAL_FATAL(say(i + 10, 102, 1, bw_exchange_public(other)), 0);
        keys[i] = use(i + 10, 102);
    }
    size_t slab_count = pairs.slab_count;
    CU_ASSERT(slab_count > 1);
    for (unsigned i = COUNT; i-- > 0;) { /* the lowest place is free last, and taken first */
        const struct bw_id id = id_of(i + 10);
        bw_pairs_remove(&pairs, &id);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        CU_ASSERT_EQUAL_FATAL(say(i + 110, 103, 1, bw_exchange_public(other)), 0);
        CU_ASSERT_PTR_EQUAL(use(i + 110, 103), keys[i]);
    }
    CU_ASSERT_EQUAL(pairs.slab_count, slab_count);
}

static const struct tap_test tests[] = {
    TAP_TEST(what_becomes_free_is_taken_again),
    TAP_TEST(a_public_key_that_is_none_is_tried_once),
    TAP_TEST(secrets_are_wiped),
};
const struct tap_suite crypto_secrets_suite = TAP_SUITE_WITH("crypto secrets", tests, set_up, tear_down);
