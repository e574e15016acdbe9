/* What an outsider can do with captures: replay, redirect, flip, cut, flood. Nothing it does changes anything. */
#include "base/rng.h"
#include "tests/unit/crypto_test.h"

#include <string.h>

#define CAPTURES 200u

static struct test_member a;
static struct test_member b;
static struct test_datagram captures[CAPTURES];

static void set_up(void) {
    test_start(&a, 1, 101, NULL);
    test_start(&b, 2, 102, NULL);
}

static void tear_down(void) {
    test_stop(&a);
    test_stop(&b);
}

/* A conversation from a to b, all of it captured: each fifth is unbound, the first too. */
static void capture(void) {
    for (size_t i = 0; i < CAPTURES; i++) {
        captures[i] = test_seal(&a, &b, i % 5 != 0, "captured");
        CU_ASSERT_EQUAL(test_opens(&b, &captures[i], &a), i % 5 != 0);
    }
}

static void every_replay_is_dropped_at_once(void) {
    capture();
    uint64_t replayed = test_rule(&b, BW_RULE_DROP_REPLAYED);
    uint64_t accepted = test_rule(&b, BW_RULE_WINDOW_AFTER_AUTH);
    for (size_t i = 0; i < CAPTURES; i++) {
        CU_ASSERT_EQUAL(test_opens(&b, &captures[i], &a), BW_ERR_DROP_REPLAY);
    }
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_DROP_REPLAYED), replayed + CAPTURES);
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_WINDOW_AFTER_AUTH), accepted);
    CU_ASSERT_TRUE(test_tell(&a, &b));
}

static void every_replay_is_dropped_from_another_address(void) {
    struct test_member elsewhere = {.addr = test_addr(77)};
    capture();
    for (size_t i = 0; i < CAPTURES; i++) {
        CU_ASSERT_EQUAL(test_opens(&b, &captures[i], &elsewhere), BW_ERR_DROP_REPLAY);
    }
}

static void nothing_bound_survives_a_restart_of_the_receiver(void) {
    capture();
    test_stop(&b);
    test_start(&b, 2, 202, NULL);
    size_t calls = b.heap.calls;
    for (size_t i = 0; i < CAPTURES; i++) {
        CU_ASSERT_EQUAL(test_opens(&b, &captures[i], &a), i % 5 == 0 ? 0 : BW_ERR_DROP_AUTH);
    }
    CU_ASSERT_EQUAL(b.heap.calls, calls);
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_PROVE_BOUND_SESSION), 0);
    CU_ASSERT_TRUE(test_tell(&a, &b));
}

static void nothing_bound_opens_for_another_member(void) {
    struct test_member c;
    test_start(&c, 3, 102, NULL); /* even with the same session number */
    capture();
    for (size_t i = 0; i < CAPTURES; i++) {
        CU_ASSERT_EQUAL(test_opens(&c, &captures[i], &a), i % 5 == 0 ? 0 : BW_ERR_DROP_AUTH);
    }
    CU_ASSERT_EQUAL(test_rule(&c, BW_RULE_PROVE_BOUND_SESSION), 0);
    test_stop(&c);
}

static void nothing_is_reflected(void) {
    capture();
    for (size_t i = 0; i < CAPTURES; i++) {
        CU_ASSERT_EQUAL(test_opens(&a, &captures[i], &b), i % 5 == 0 ? BW_ERR_DROP_SELF : BW_ERR_DROP_AUTH);
    }
}

static void window_edges_hold_for_whole_datagrams(void) {
    static struct test_datagram sent[1028];
    for (size_t i = 1; i < 1028; i++) {
        sent[i] = test_seal(&a, &b, true, "n");
    }
    CU_ASSERT_EQUAL(test_opens(&b, &sent[1], &a), 1);
    CU_ASSERT_EQUAL(test_opens(&b, &sent[1027], &a), 1);
    CU_ASSERT_EQUAL(test_opens(&b, &sent[3], &a), 1); /* 1024 behind */
    CU_ASSERT_EQUAL(test_opens(&b, &sent[2], &a), BW_ERR_DROP_REPLAY);
}

/* The cause that a flipped bit of a datagram of a known session leads to. */
static int cause(size_t byte, size_t bit, int result) {
    if (byte == 0 || (byte == 1 && bit > 0)) {
        return BW_ERR_DROP_VERSION;
    }
    if (byte == 2 || byte == 3) {
        return BW_ERR_DROP_KEY;
    }
    bool counter = byte >= 12 && byte < 20; /* may look like one that was seen */
    return counter && result == BW_ERR_DROP_REPLAY ? BW_ERR_DROP_REPLAY : BW_ERR_DROP_AUTH;
}

static void flip_each_bit(bool known, bool bound) {
    if (known) {
        CU_ASSERT_TRUE(test_tell(&a, &b));
    }
    struct test_datagram datagram = test_seal(&a, &b, bound, "each bit of this");
    uint64_t accepted = test_rule(&b, BW_RULE_WINDOW_AFTER_AUTH);
    size_t calls = b.heap.calls;
    for (size_t i = 0; i < datagram.size * 8; i++) {
        datagram.data[i / 8] ^= (uint8_t)(1u << i % 8);
        int result = test_opens(&b, &datagram, &a);
        CU_ASSERT_EQUAL(result, cause(i / 8, i % 8, result));
        datagram.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_WINDOW_AFTER_AUTH), accepted);
    CU_ASSERT_EQUAL(b.heap.calls, calls);
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), bound);
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), BW_ERR_DROP_REPLAY);
}

static void each_bit_counts_in_a_known_session(void) {
    flip_each_bit(true, true);
}

static void each_bit_counts_in_an_unknown_session(void) {
    flip_each_bit(false, true);
}

static void each_bit_counts_when_unbound(void) {
    flip_each_bit(false, false);
}

static void every_cut_and_every_longer_one_is_dropped(void) {
    struct test_datagram datagram = test_seal(&a, &b, true, "to be cut at each byte of it");
    size_t whole = datagram.size;
    for (size_t size = 0; size < whole; size++) {
        datagram.size = size;
        CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), size < BW_SEAL_OVERHEAD ? BW_ERR_DROP_SHORT : BW_ERR_DROP_AUTH);
    }
    for (size_t size = whole + 1; size <= BW_DATAGRAM_MAX; size++) {
        datagram.size = size;
        datagram.data[size - 1] = 0;
        CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), BW_ERR_DROP_AUTH);
    }
    uint8_t longer[BW_DATAGRAM_MAX + 1] = {0};
    struct bw_inbound inbound;
    CU_ASSERT_EQUAL(bw_channel_open(b.channel, (struct bw_bytes){longer, sizeof(longer)}, &a.addr, &inbound, b.now),
                    BW_ERR_DROP_LONG);
    CU_ASSERT_EQUAL(test_rules(&b), 0);
    datagram.size = whole;
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 1);
}

static void noise_is_dropped(void) {
    struct bw_rng rng;
    struct test_datagram noise;
    struct test_datagram datagram = test_seal(&a, &b, true, "x");
    bw_rng_seed(&rng, 3);
    for (size_t i = 0; i < 20000; i++) {
        noise.size = (size_t)bw_rng_below(&rng, 300);
        for (size_t at = 0; at < noise.size; at++) {
            noise.data[at] = (uint8_t)bw_rng_next(&rng);
        }
        if (i % 2 == 0) {
            memcpy(noise.data, datagram.data, 4); /* at least it looks like ours */
        }
        CU_ASSERT_TRUE(test_opens(&b, &noise, &a) < 0);
    }
    CU_ASSERT_EQUAL(test_rules(&b), 0);
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 1);
}

static void a_flood_of_sessions_costs_nothing(void) {
    CU_ASSERT_TRUE(test_tell(&a, &b));
    size_t used_size = b.heap.used_size;
    size_t calls = b.heap.calls;
    for (uint64_t i = 0; i < 10000; i++) {
        struct test_member flood; /* half of them in the name of the proven member */
        test_start(&flood, i % 2 == 0 ? 1 : 3 + (unsigned)(i % 200), 1000 + i, NULL);
        struct test_datagram datagram = test_seal(&flood, NULL, false, "hello");
        CU_ASSERT_EQUAL(test_opens(&b, &datagram, &flood), 0);
        test_stop(&flood);
    }
    CU_ASSERT_EQUAL(b.heap.used_size, used_size);
    CU_ASSERT_EQUAL(b.heap.calls, calls);
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_OLDEST_UNPROVEN_OUT), 10000 - 64);
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_PROVE_BOUND_SESSION), 1); /* it had stayed proven */
}

static void a_session_that_was_proven_leaves_its_place(void) {
    struct test_datagram datagram = test_seal(&a, NULL, false, "hello");
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 0);
    CU_ASSERT_TRUE(test_tell(&a, &b));
    for (unsigned i = 0; i < 65; i++) {
        struct test_member other;
        test_start(&other, 10 + i, 1000 + i, NULL);
        datagram = test_seal(&other, NULL, false, "hello");
        CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_OLDEST_UNPROVEN_OUT), 0);
        CU_ASSERT_EQUAL(test_opens(&b, &datagram, &other), 0);
        test_stop(&other);
    }
    CU_ASSERT_EQUAL(test_rule(&b, BW_RULE_OLDEST_UNPROVEN_OUT), 1);
}

static void the_oldest_unproven_goes_first(void) {
    struct test_member many[65];
    struct test_datagram first[65];
    for (unsigned i = 0; i < 65; i++) {
        test_start(&many[i], 10 + i, 1000 + i, NULL);
        first[i] = test_seal(&many[i], NULL, false, "hello");
    }
    for (unsigned i = 0; i < 64; i++) {
        CU_ASSERT_EQUAL(test_opens(&b, &first[i], &many[i]), 0);
    }
    CU_ASSERT_EQUAL(test_opens(&b, &first[0], &many[0]), BW_ERR_DROP_REPLAY); /* 64 are known */
    CU_ASSERT_EQUAL(test_opens(&b, &first[64], &many[64]), 0);                /* the 65th takes the first's place */
    CU_ASSERT_EQUAL(test_opens(&b, &first[1], &many[1]), BW_ERR_DROP_REPLAY);
    CU_ASSERT_EQUAL(test_opens(&b, &first[0], &many[0]), 0);
    for (unsigned i = 0; i < 65; i++) {
        test_stop(&many[i]);
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(every_replay_is_dropped_at_once),
    TAP_TEST(every_replay_is_dropped_from_another_address),
    TAP_TEST(nothing_bound_survives_a_restart_of_the_receiver),
    TAP_TEST(nothing_bound_opens_for_another_member),
    TAP_TEST(nothing_is_reflected),
    TAP_TEST(window_edges_hold_for_whole_datagrams),
    TAP_TEST(each_bit_counts_in_a_known_session),
    TAP_TEST(each_bit_counts_in_an_unknown_session),
    TAP_TEST(each_bit_counts_when_unbound),
    TAP_TEST(every_cut_and_every_longer_one_is_dropped),
    TAP_TEST(noise_is_dropped),
    TAP_TEST(a_flood_of_sessions_costs_nothing),
    TAP_TEST(a_session_that_was_proven_leaves_its_place),
    TAP_TEST(the_oldest_unproven_goes_first),
};
const struct tap_suite crypto_hostile_suite = TAP_SUITE_WITH("crypto/hostile", tests, set_up, tear_down);
