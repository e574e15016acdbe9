/* Refusals: only who saw our datagram can quote it, and only a recent one that nothing contradicts counts. */
#include "base/base.h"
#include "crypto/sent.h"
#include "tests/unit/crypto_test.h"

#include <string.h>

#define WINDOW_US 1000000

static struct test_member a;
static struct test_member b;

static void set_up(void) {
    test_start(&a, 1, 101, NULL);
    test_start(&b, 2, 102, NULL);
    a.now.mono_us = 5000000;
}

static void tear_down(void) {
    test_stop(&a);
    test_stop(&b);
}

static int refused_at(const struct test_datagram *datagram, size_t size, const struct bw_addr *addr) {
    struct bw_id id = {{0}};
    int error = bw_channel_refused(a.channel, (struct bw_bytes){datagram->data, size}, addr, WINDOW_US, &id, a.now);
    CU_ASSERT_EQUAL(error == 0, bw_id_equal(&id, &b.id));
    return error;
}

static int refused(const struct test_datagram *datagram) {
    return refused_at(datagram, BW_QUOTE_SIZE, &b.addr);
}

static void a_true_quote_counts(void) {
    struct test_datagram datagram = test_seal(&a, &b, true, "ping");
    CU_ASSERT_EQUAL(refused(&datagram), 0);
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_REFUSAL_QUOTES_OUR_DATAGRAM), 1);
    CU_ASSERT_EQUAL(refused_at(&datagram, datagram.size, &b.addr), 0);
}

static void a_wrong_quote_does_not(void) {
    struct test_datagram datagram = test_seal(&a, &b, true, "ping");
    for (size_t bit = 0; bit < 8 * BW_QUOTE_SIZE; bit++) {
        datagram.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT_EQUAL(refused(&datagram), BW_ERR_NOT_FOUND);
        datagram.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = 0; size < BW_QUOTE_SIZE; size++) {
        CU_ASSERT_EQUAL(refused_at(&datagram, size, &b.addr), BW_ERR_NOT_FOUND);
    }
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_REFUSAL_QUOTES_OUR_DATAGRAM), 0);
    CU_ASSERT_EQUAL(refused(&datagram), 0);
}

static void a_quote_of_nothing_sent_does_not(void) {
    static const struct test_datagram zero;
    static struct bw_sent_ring empty;
    struct bw_bytes quoted = {zero.data, BW_QUOTE_SIZE};
    CU_ASSERT_EQUAL(refused(&zero), BW_ERR_NOT_FOUND);
    CU_ASSERT_PTR_NULL(bw_sent_find(&empty, quoted, 0));
    bw_sent_add(&empty, &(struct bw_sent){.counter = 1});
    CU_ASSERT_PTR_NOT_NULL(bw_sent_find(&empty, quoted, 1));
}

static void another_address_does_not(void) {
    struct test_datagram datagram = test_seal(&a, &b, true, "ping");
    struct bw_addr other = b.addr;
    other.port++;
    CU_ASSERT_EQUAL(refused_at(&datagram, BW_QUOTE_SIZE, &other), BW_ERR_NOT_FOUND);
    other = test_addr(3);
    CU_ASSERT_EQUAL(refused_at(&datagram, BW_QUOTE_SIZE, &other), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(refused(&datagram), 0);
}

static void an_old_one_does_not(void) {
    struct test_datagram datagram = test_seal(&a, &b, true, "ping");
    a.now.mono_us += WINDOW_US;
    CU_ASSERT_EQUAL(refused(&datagram), 0);
    a.now.mono_us += 1;
    CU_ASSERT_EQUAL(refused(&datagram), BW_ERR_NOT_FOUND);
}

static void one_that_is_not_bound_does_not(void) {
    struct test_datagram datagram = test_seal(&a, &b, false, "ping");
    CU_ASSERT_EQUAL(refused(&datagram), BW_ERR_NOT_FOUND);
}

static void one_that_was_contradicted_since_does_not(void) {
    struct test_datagram before = test_seal(&a, &b, true, "ping");
    CU_ASSERT_TRUE(test_tell(&b, &a));
    struct test_datagram after = test_seal(&a, &b, true, "ping"); /* at the very same time: order decides */
    CU_ASSERT_EQUAL(refused(&before), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(refused(&after), 0);
    CU_ASSERT_TRUE(test_tell(&b, &a));
    CU_ASSERT_EQUAL(refused(&after), BW_ERR_NOT_FOUND);
}

static void what_was_not_authentic_contradicts_nothing(void) {
    struct test_datagram told = test_seal(&b, &a, true, "x");
    struct test_datagram forged = test_seal(&b, &a, true, "x");
    CU_ASSERT_EQUAL(test_opens(&a, &told, &b), 1);
    struct test_datagram datagram = test_seal(&a, &b, true, "ping");
    forged.data[40] ^= 1;
    CU_ASSERT_EQUAL(test_opens(&a, &forged, &b), BW_ERR_DROP_AUTH);
    CU_ASSERT_EQUAL(test_opens(&a, &told, &b), BW_ERR_DROP_REPLAY);
    CU_ASSERT_EQUAL(refused(&datagram), 0);
}

static void the_last_1024_are_known(void) {
    struct test_datagram first = test_seal(&a, &b, true, "1");
    struct test_datagram second = test_seal(&a, &b, true, "2");
    for (size_t i = 0; i < 1023; i++) {
        test_seal(&a, &b, true, "n");
    }
    CU_ASSERT_EQUAL(refused(&first), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(refused(&second), 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_true_quote_counts),
    TAP_TEST(a_wrong_quote_does_not),
    TAP_TEST(a_quote_of_nothing_sent_does_not),
    TAP_TEST(another_address_does_not),
    TAP_TEST(an_old_one_does_not),
    TAP_TEST(one_that_is_not_bound_does_not),
    TAP_TEST(one_that_was_contradicted_since_does_not),
    TAP_TEST(what_was_not_authentic_contradicts_nothing),
    TAP_TEST(the_last_1024_are_known),
};
const struct tap_suite crypto_refused_suite = TAP_SUITE_WITH("crypto/refused", tests, set_up, tear_down);
