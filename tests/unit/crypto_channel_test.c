/* Sealing and opening: what comes through, whom a datagram is for, which keys and labels fit, no memory on the way. */
#include "crypto/channel.h"

#include "base/base.h"
#include "crypto/aead.h"
#include "tests/unit/crypto_test.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static struct test_member a;
static struct test_member b;
static struct test_member c;

static void set_up(void) {
    test_start(&a, 1, 101, NULL);
    test_start(&b, 2, 102, NULL);
    test_start(&c, 3, 103, NULL);
}

static void tear_down(void) {
    test_stop(&a);
    test_stop(&b);
    test_stop(&c);
}

static void what_is_sealed_opens(void) {
    struct bw_inbound inbound;
    struct test_datagram datagram = test_seal(&a, &b, true, "hello");
    CU_ASSERT_EQUAL(datagram.size, BW_SEAL_OVERHEAD + 5);
    CU_ASSERT_EQUAL_FATAL(test_open(&b, &datagram, &a, &inbound), 0);
    CU_ASSERT_TRUE(bw_id_equal(&inbound.from, &a.id));
    CU_ASSERT_EQUAL(inbound.session, 101);
    CU_ASSERT_TRUE(bw_addr_equal(&inbound.addr, &a.addr));
    CU_ASSERT_TRUE(inbound.proven);
    CU_ASSERT_EQUAL_FATAL(inbound.frames.size, 5);
    CU_ASSERT_EQUAL(memcmp(inbound.frames.data, "hello", 5), 0);
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_WINDOW_AFTER_AUTH), 1);
}

static void every_size_opens(void) {
    char text[BW_FRAMES_MAX + 1];
    struct bw_inbound inbound;
    for (size_t size = 0; size <= BW_FRAMES_MAX; size += size < 40 || size > BW_FRAMES_MAX - 40 ? 1 : 53) {
        memset(text, 'x', size);
        text[size] = '\0';
        struct test_datagram datagram = test_seal(&a, &b, true, text);
        CU_ASSERT_TRUE(datagram.size == size + BW_SEAL_OVERHEAD && datagram.size <= BW_DATAGRAM_MAX);
        CU_ASSERT_EQUAL(test_open(&b, &datagram, &a, &inbound), 0);
        CU_ASSERT_EQUAL(inbound.frames.size, size);
        CU_ASSERT_EQUAL(memcmp(inbound.frames.data, text, size), 0);
    }
}

static void nothing_of_the_plaintext_shows(void) {
    struct test_datagram datagram = test_seal(&a, &b, true, "a secret of sixteen bytes or more");
    for (size_t at = 0; at + 8 <= datagram.size; at++) {
        CU_ASSERT_NOT_EQUAL(memcmp(datagram.data + at, "a secret", 8), 0);
        CU_ASSERT_NOT_EQUAL(memcmp(datagram.data + at, a.id.bytes, 8), 0);
    }
}

static void two_datagrams_never_share_a_nonce(void) {
    struct test_datagram one = test_seal(&a, &b, true, "same");
    struct test_datagram two = test_seal(&a, &b, true, "same");
    CU_ASSERT_NOT_EQUAL(memcmp(one.data + 4, two.data + 4, 24), 0);
}

/* A restored snapshot repeats session and counter: only an identical datagram may get the same nonce. */
static void a_clone_shares_a_nonce_only_for_the_same_datagram(void) {
    struct test_member clone;
    struct test_datagram first = test_seal(&a, &b, true, "one");
    test_start(&clone, 1, 101, NULL);
    struct test_datagram same = test_seal(&clone, &b, true, "one");
    CU_ASSERT_EQUAL(memcmp(first.data, same.data, first.size), 0);
    test_stop(&clone);
    test_start(&clone, 1, 101, NULL);
    struct test_datagram other_text = test_seal(&clone, &b, true, "two");
    CU_ASSERT_EQUAL(memcmp(first.data + 4, other_text.data + 4, 16), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(first.data + 20, other_text.data + 20, 8), 0);
    test_stop(&clone);
    test_start(&clone, 1, 101, NULL);
    struct test_datagram other_recipient = test_seal(&clone, &c, true, "one");
    CU_ASSERT_NOT_EQUAL(memcmp(first.data + 20, other_recipient.data + 20, 8), 0);
    test_stop(&clone);
}

static void it_opens_only_for_whom_it_was_made(void) {
    struct test_datagram datagram = test_seal(&a, &b, true, "for b");
    CU_ASSERT_EQUAL(test_opens(&c, &datagram, &a), BW_ERR_DROP_AUTH);
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 1);
    struct test_member other_session = b;
    other_session.session = 999;
    datagram = test_seal(&a, &other_session, true, "for another session of b");
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), BW_ERR_DROP_AUTH);
}

static void an_unbound_datagram_opens_for_anybody_and_is_not_believed(void) {
    struct test_datagram datagram = test_seal(&a, NULL, false, "anybody");
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 0);
    CU_ASSERT_EQUAL(test_opens(&c, &datagram, &a), 0);
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_UNBOUND_ONLY_OPENS_SESSION), 1);
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_UNBOUND_ONLY_OPENS_SESSION), 1);
}

static void our_own_datagram_is_dropped(void) {
    struct test_datagram unbound = test_seal(&a, NULL, false, "reflected");
    struct test_datagram bound = test_seal(&a, &b, true, "reflected");
    CU_ASSERT_EQUAL(test_opens(&a, &unbound, &a), BW_ERR_DROP_SELF);
    CU_ASSERT_EQUAL(test_opens(&a, &bound, &a), BW_ERR_DROP_AUTH);
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_DROP_OWN_DATAGRAM), 1);
    CU_ASSERT_EQUAL(test_opens(&b, &unbound, &a), 0);
}

static void labels_separate_clusters(void) {
    struct test_member stage;
    test_start(&stage, 2, 102, &(struct test_setting){.label = "stage"});
    struct test_datagram datagram = test_seal(&a, &b, true, "prod");
    CU_ASSERT_EQUAL(test_opens(&stage, &datagram, &a), BW_ERR_DROP_AUTH);
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 1);
    test_stop(&stage);
    test_start(&stage, 2, 102, &(struct test_setting){.label = ""});
    datagram = test_seal(&a, NULL, false, "prod");
    CU_ASSERT_EQUAL(test_opens(&stage, &datagram, &a), BW_ERR_DROP_AUTH);
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 0);
    test_stop(&stage);
}

static void any_key_of_the_ring_opens_and_the_first_seals(void) {
    struct test_member both;
    struct test_member old;
    test_start(&both, 4, 104, &(struct test_setting){.keys = TEST_KEY_B "\n" TEST_KEY_A});
    test_start(&old, 5, 105, &(struct test_setting){.keys = TEST_KEY_C});
    CU_ASSERT_TRUE(test_tell(&a, &both)); /* sealed with the second */
    CU_ASSERT_EQUAL(test_rule(&both, BW_RULE_FIRST_KEY_SEALS_ALL_OPEN), 1);
    struct test_datagram datagram = test_seal(&both, &a, true, "a has not the first: in its own");
    CU_ASSERT_EQUAL(test_opens(&a, &datagram, &both), 1);
    CU_ASSERT_EQUAL(test_rule(&both, BW_RULE_ANSWER_IN_ITS_KEY), 1);
    bw_channel_set_keyring(a.channel, both.keyring);
    CU_ASSERT_TRUE(test_tell(&a, &both)); /* it has */
    datagram = test_seal(&both, &a, true, "sealed with the first");
    CU_ASSERT_EQUAL(test_rule(&both, BW_RULE_ANSWER_IN_ITS_KEY), 1);
    bw_channel_set_keyring(a.channel, a.keyring);
    CU_ASSERT_EQUAL(test_opens(&a, &datagram, &both), BW_ERR_DROP_KEY);
    bw_channel_set_keyring(a.channel, both.keyring);
    CU_ASSERT_EQUAL(test_opens(&a, &datagram, &both), 1);
    datagram = test_seal(&old, &both, true, "a key that was removed");
    CU_ASSERT_EQUAL(test_opens(&both, &datagram, &old), BW_ERR_DROP_KEY);
    test_stop(&both);
    test_stop(&old);
    bw_channel_set_keyring(a.channel, a.keyring);
}

/* Each says that it hears nothing, in the second of its keys: the other tries more than its first one. */
static void who_stays_silent_is_tried_with_each_key(void) {
    struct test_member both;
    test_start(&both, 4, 104, &(struct test_setting){.keys = TEST_KEY_B "\n" TEST_KEY_A});
    size_t opened = 0;
    for (int i = 0; i < 400; i++) {
        struct test_datagram datagram = test_seal(&both, &a, true, "knock");
        int error = test_opens(&a, &datagram, &both);
        CU_ASSERT_TRUE(error == 1 || error == BW_ERR_DROP_KEY);
        opened += error == 1;
    }
    CU_ASSERT_TRUE(opened > 60 && opened < 140); /* one of four */
    CU_ASSERT_EQUAL(test_rule(&both, BW_RULE_TRY_EACH_KEY_ON_THE_SILENT), opened);
    test_stop(&both);
}

/* The public hint of a key, by the same derivation as the ring's. */
static uint16_t hint_of(const uint8_t key[32]) {
    uint8_t hint[16];
    crypto_kdf_derive_from_key(hint, sizeof(hint), 3, "bw-seal1", key);
    return (uint16_t)(hint[0] << 8 | hint[1]);
}

static void keys_with_one_hint_are_all_tried(void) {
    static uint32_t owner[1u << 16];
    uint8_t key[32] = {0};
    uint8_t twin[32] = {0};
    char text[2][BW_KEY_TEXT_SIZE];
    for (uint32_t i = 1;; i++) {
        bw_put_u32(key, i);
        uint32_t *place = &owner[hint_of(key)];
        if (*place != 0) {
            bw_put_u32(twin, *place);
            break;
        }
        *place = i;
    }
    bw_key_text(key, text[0]);
    bw_key_text(twin, text[1]);
    char both[2 * BW_KEY_TEXT_SIZE + 1];
    snprintf(both, sizeof(both), "%s\n%s", text[0], text[1]);
    struct test_member sender;
    struct test_member receiver;
    struct test_member wrong;
    test_start(&sender, 4, 104, &(struct test_setting){.keys = text[1]});
    test_start(&receiver, 5, 105, &(struct test_setting){.keys = both});
    test_start(&wrong, 5, 105, &(struct test_setting){.keys = text[0]});
    struct test_datagram datagram = test_seal(&sender, &receiver, true, "hi");
    CU_ASSERT_EQUAL(test_opens(&wrong, &datagram, &sender), BW_ERR_DROP_AUTH);
    CU_ASSERT_EQUAL(test_opens(&receiver, &datagram, &sender), 1);
    test_stop(&sender);
    test_stop(&receiver);
    test_stop(&wrong);
}

static void a_known_session_costs_no_memory(void) {
    CU_ASSERT_TRUE(test_tell(&a, &b));
    size_t calls = b.heap.calls;
    size_t used_size = b.heap.used_size;
    for (size_t i = 0; i < 3000; i++) {
        CU_ASSERT_TRUE(test_tell(&a, &b));
        struct test_datagram unbound = test_seal(&a, &b, false, "ping");
        CU_ASSERT_EQUAL(test_opens(&b, &unbound, &a), 0);
        test_seal(&b, &a, true, "answer");
    }
    CU_ASSERT_EQUAL(b.heap.calls, calls);
    CU_ASSERT_EQUAL(b.heap.used_size, used_size);
    CU_ASSERT_TRUE(test_tell(&c, &b)); /* a new one does */
    CU_ASSERT_TRUE(b.heap.calls > calls);
}

static void memory_that_is_refused_leaves_all_as_it_was(void) {
    size_t failures = 0;
    for (size_t n = 1;; n++) {
        struct test_datagram datagram = test_seal(&a, &b, true, "first");
        size_t used_size = b.heap.used_size;
        b.heap.fail_at = b.heap.calls + n;
        int result = test_opens(&b, &datagram, &a);
        b.heap.fail_at = 0;
        if (result == 1) {
            break;
        }
        failures++;
        CU_ASSERT_EQUAL(result, BW_ERR_MEMORY);
        CU_ASSERT_TRUE(b.heap.used_size >= used_size); /* a table may have grown, no more */
        CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_PROVE_BOUND_SESSION), 0);
        CU_ASSERT_EQUAL(bw_channel_dropped(b.channel, BW_ERR_MEMORY), failures);
    }
    CU_ASSERT_TRUE(failures >= 2); /* of the three allocations, a table that grew at once stays grown */
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_TRUE(test_tell(&c, &b));
}

static void a_channel_that_gets_no_memory_is_not_made(void) {
    struct bw_channel *channel = a.channel;
    struct test_memory heap = {.fail_at = 1};
    struct bw_channel_config config = {.keyring = a.keyring, .self = a.id, .session = 1, .label = "", .member_max = 1};
    config.allocator = test_allocator(&heap);
    CU_ASSERT_EQUAL(bw_channel_create(&channel, &config), BW_ERR_MEMORY);
    CU_ASSERT_PTR_NULL(channel);
    CU_ASSERT_EQUAL(bw_channel_create(&channel, &config), 0);
    bw_channel_destroy(channel);
    bw_channel_destroy(NULL);
    CU_ASSERT_EQUAL(heap.used_size, 0);
}

/* A stand-in of the same size, as the simulator's. */
static void copy_seal(uint8_t *sealed, struct bw_bytes plain, struct bw_bytes associated, const uint8_t *nonce,
                      const uint8_t *key) {
    (void)associated, (void)nonce, (void)key;
    memcpy(sealed, plain.data, plain.size);
    memset(sealed + plain.size, 'T', BW_TAG_SIZE);
}

static bool copy_open(uint8_t *plain, struct bw_bytes sealed, struct bw_bytes associated, const uint8_t *nonce,
                      const uint8_t *key) {
    (void)associated, (void)nonce, (void)key;
    memcpy(plain, sealed.data, sealed.size - BW_TAG_SIZE);
    return sealed.data[sealed.size - 1] == 'T';
}

static void another_cipher_of_the_same_size_fits(void) {
    static const struct bw_aead copy = {copy_seal, copy_open};
    struct test_memory heap = {0};
    struct bw_channel_config config = {.keyring = a.keyring, .self = a.id, .session = 7, .label = "", .member_max = 1};
    config.allocator = test_allocator(&heap);
    struct bw_channel *one;
    CU_ASSERT_EQUAL_FATAL(bw_channel_create_with(&one, &config, &copy), 0);
    config.self = b.id;
    config.session = 8;
    struct bw_channel *two;
    CU_ASSERT_EQUAL_FATAL(bw_channel_create_with(&two, &config, &copy), 0);
    struct test_datagram datagram;
    struct bw_outbound out = {.to = b.id, .session = 8, .frames = (const uint8_t *)"plain", .frames_size = 5};
    datagram.size = bw_channel_seal(one, &out, datagram.data, a.now);
    CU_ASSERT_EQUAL(datagram.size, BW_SEAL_OVERHEAD + 5);
    CU_ASSERT_EQUAL(memcmp(datagram.data + datagram.size - 21, "plain", 5), 0);
    struct bw_inbound inbound;
    CU_ASSERT_EQUAL(bw_channel_open(two, (struct bw_bytes){datagram.data, datagram.size}, &a.addr, &inbound, a.now), 0);
    CU_ASSERT_TRUE(inbound.proven);
    bw_channel_destroy(one);
    bw_channel_destroy(two);
    CU_ASSERT_EQUAL(heap.used_size, 0);
}

static void drops_are_counted_by_cause(void) {
    struct test_datagram datagram = test_seal(&a, &b, true, "x");
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 1);
    CU_ASSERT_EQUAL(bw_channel_dropped(b.channel, BW_ERR_DROP_REPLAY), 0);
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), BW_ERR_DROP_REPLAY);
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), BW_ERR_DROP_REPLAY);
    CU_ASSERT_EQUAL(bw_channel_dropped(b.channel, BW_ERR_DROP_REPLAY), 2);
    bw_channel_count_drop(b.channel, BW_ERR_DROP_RATE);
    CU_ASSERT_EQUAL(bw_channel_dropped(b.channel, BW_ERR_DROP_RATE), 1);
}

static const struct tap_test tests[] = {
    TAP_TEST(what_is_sealed_opens),
    TAP_TEST(every_size_opens),
    TAP_TEST(nothing_of_the_plaintext_shows),
    TAP_TEST(two_datagrams_never_share_a_nonce),
    TAP_TEST(a_clone_shares_a_nonce_only_for_the_same_datagram),
    TAP_TEST(it_opens_only_for_whom_it_was_made),
    TAP_TEST(an_unbound_datagram_opens_for_anybody_and_is_not_believed),
    TAP_TEST(our_own_datagram_is_dropped),
    TAP_TEST(labels_separate_clusters),
    TAP_TEST(any_key_of_the_ring_opens_and_the_first_seals),
    TAP_TEST(who_stays_silent_is_tried_with_each_key),
    TAP_TEST(keys_with_one_hint_are_all_tried),
    TAP_TEST(a_known_session_costs_no_memory),
    TAP_TEST(memory_that_is_refused_leaves_all_as_it_was),
    TAP_TEST(a_channel_that_gets_no_memory_is_not_made),
    TAP_TEST(another_cipher_of_the_same_size_fits),
    TAP_TEST(drops_are_counted_by_cause),
};
const struct tap_suite crypto_channel_suite = TAP_SUITE_WITH("crypto/channel", tests, set_up, tear_down);
