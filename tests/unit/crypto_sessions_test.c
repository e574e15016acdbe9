/* Freshness: how a session is proven, how one ends another, what is left of those that ended or were forgotten. */
#include "base/base.h"
#include "tests/unit/crypto_test.h"

#include <string.h>

static struct test_member a;
static struct test_member b;

static void set_up(void) {
    test_start(&a, 1, 101, NULL);
    test_start(&b, 2, 102, NULL);
}

static void tear_down(void) {
    test_stop(&a);
    test_stop(&b);
}

static void restart(struct test_member *member, unsigned number, uint64_t session) {
    test_stop(member);
    test_start(member, number, session, NULL);
}

/* b says anything (a need not believe it), a answers, b answers that: the round trip after which a believes. */
static bool round_trip(void) {
    struct test_datagram question = test_seal(&b, &a, true, "ping");
    int first = test_opens(&a, &question, &b);
    CU_ASSERT_TRUE(first >= 0);
    CU_ASSERT_TRUE(test_tell(&a, &b));
    return test_tell(&b, &a);
}

static void binding_proves_a_first_session(void) {
    CU_ASSERT_TRUE(test_tell(&b, &a));
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_PROVE_BOUND_SESSION), 1);
    CU_ASSERT_TRUE(test_tell(&b, &a));
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_PROVE_BOUND_SESSION), 1);
}

static void unbound_never_proves(void) {
    for (size_t i = 0; i < 10; i++) {
        struct test_datagram datagram = test_seal(&b, &a, false, "believe me");
        CU_ASSERT_EQUAL(test_opens(&a, &datagram, &b), 0);
    }
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_PROVE_BOUND_SESSION), 0);
    CU_ASSERT_TRUE(test_tell(&b, &a));
}

static void unbound_from_a_proven_session_is_not_believed_either(void) {
    CU_ASSERT_TRUE(test_tell(&b, &a));
    struct test_datagram datagram = test_seal(&b, &a, false, "x");
    CU_ASSERT_EQUAL(test_opens(&a, &datagram, &b), 0);
    CU_ASSERT_EQUAL(test_opens(&a, &datagram, &b), BW_ERR_DROP_REPLAY);
    CU_ASSERT_TRUE(test_tell(&b, &a));
}

static void an_unproven_session_has_a_window(void) {
    struct test_datagram zeroth = test_seal(&b, &a, false, "0");
    struct test_datagram first = test_seal(&b, &a, false, "1");
    struct test_datagram second = test_seal(&b, &a, false, "2");
    CU_ASSERT_EQUAL(test_opens(&a, &first, &b), 0);
    CU_ASSERT_EQUAL(test_opens(&a, &first, &b), BW_ERR_DROP_REPLAY);
    CU_ASSERT_EQUAL(test_opens(&a, &zeroth, &b), BW_ERR_DROP_REPLAY);
    CU_ASSERT_EQUAL(test_opens(&a, &second, &b), 0);
    CU_ASSERT_EQUAL(test_opens(&a, &second, &b), BW_ERR_DROP_REPLAY);
}

static void the_proving_datagram_is_the_floor(void) {
    struct test_datagram before = test_seal(&b, &a, true, "before");
    struct test_datagram proving = test_seal(&b, &a, true, "proving");
    struct test_datagram after = test_seal(&b, &a, true, "after");
    CU_ASSERT_EQUAL(test_opens(&a, &proving, &b), 1);
    CU_ASSERT_EQUAL(test_opens(&a, &before, &b), BW_ERR_DROP_REPLAY);
    CU_ASSERT_EQUAL(test_opens(&a, &after, &b), 1);
}

static void what_was_seen_unproven_stays_seen(void) {
    struct test_datagram first = test_seal(&b, &a, false, "1");
    struct test_datagram proving = test_seal(&b, &a, true, "2");
    struct test_datagram third = test_seal(&b, &a, false, "3");
    CU_ASSERT_EQUAL(test_opens(&a, &first, &b), 0);
    CU_ASSERT_EQUAL(test_opens(&a, &third, &b), 0);
    CU_ASSERT_EQUAL(test_opens(&a, &proving, &b), 1);
    CU_ASSERT_EQUAL(test_opens(&a, &third, &b), BW_ERR_DROP_REPLAY);
}

static void a_newer_session_ends_the_older(void) {
    struct test_datagram old[4];
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_TRUE(test_tell(&b, &a));
    for (size_t i = 0; i < 4; i++) {
        old[i] = test_seal(&b, &a, i % 2 == 0, "old");
    }
    CU_ASSERT_EQUAL(test_opens(&a, &old[0], &b), 1);
    CU_ASSERT_EQUAL(test_opens(&a, &old[1], &b), 0);
    restart(&b, 2, 202);
    CU_ASSERT_TRUE(round_trip());
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_PROVE_NEWER_SESSION_BY_ECHO), 1);
    CU_ASSERT_EQUAL(test_opens(&a, &old[2], &b), BW_ERR_DROP_SESSION);
    CU_ASSERT_EQUAL(test_opens(&a, &old[3], &b), BW_ERR_DROP_SESSION);
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_REFUSE_ENDED_SESSION), 2);
    CU_ASSERT_TRUE(test_tell(&b, &a));
}

static void a_newer_session_has_to_echo(void) {
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_TRUE(test_tell(&b, &a));
    restart(&b, 2, 202);
    CU_ASSERT_FALSE(test_tell(&b, &a));
    CU_ASSERT_FALSE(test_tell(&b, &a));
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_TRUE(test_tell(&b, &a));
}

/* One datagram of a session that a never heard of, kept back on the path, must not end the living one. */
static void a_datagram_kept_back_ends_nothing(void) {
    CU_ASSERT_TRUE(test_tell(&a, &b));
    struct test_datagram kept = test_seal(&b, &a, true, "kept back");
    restart(&b, 2, 202);
    CU_ASSERT_TRUE(test_tell(&b, &a)); /* the first that a hears of b */
    CU_ASSERT_EQUAL(test_opens(&a, &kept, &b), 0);
    CU_ASSERT_TRUE(test_tell(&b, &a));
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_PROVE_NEWER_SESSION_BY_ECHO), 0);
}

/* More restarts than the memory of ended sessions holds: the captures of the first are still worth nothing. */
static void captures_of_any_past_session_stay_worthless(void) {
    struct test_datagram captured[8];
    for (uint64_t i = 0; i < 8; i++) {
        restart(&b, 2, 200 + i);
        CU_ASSERT_TRUE(round_trip());
        captured[i] = test_seal(&b, &a, true, "captured");
    }
    for (size_t i = 0; i < 8; i++) {
        int expected = i < 3 ? 0 : i < 7 ? BW_ERR_DROP_SESSION : 1; /* unproven, ended (last 4), living */
        CU_ASSERT_EQUAL(test_opens(&a, &captured[i], &b), expected);
    }
    CU_ASSERT_TRUE(test_tell(&b, &a));
}

static void any_number_of_sessions_of_one_member_takes_the_room_of_one(void) {
    struct test_member small;
    test_start(&small, 9, 109, &(struct test_setting){.member_max = 1});
    CU_ASSERT_TRUE(test_tell(&small, &b));
    CU_ASSERT_TRUE(test_tell(&b, &small));
    size_t used_size = small.heap.used_size;
    for (uint64_t i = 0; i < 20; i++) {
        restart(&b, 2, 200 + i);
        CU_ASSERT_TRUE(test_tell(&small, &b));
        CU_ASSERT_TRUE(test_tell(&b, &small));
    }
    CU_ASSERT_EQUAL(small.heap.used_size, used_size);
    test_stop(&small);
}

static void a_forgotten_member_has_to_echo(void) {
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_TRUE(test_tell(&b, &a));
    struct test_datagram captured = test_seal(&b, &a, true, "captured");
    size_t used_size = a.heap.used_size;
    bw_channel_forget(a.channel, &b.id);
    CU_ASSERT_TRUE(a.heap.used_size < used_size);
    CU_ASSERT_EQUAL(test_opens(&a, &captured, &b), 0);
    CU_ASSERT_FALSE(test_tell(&b, &a));
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_TRUE(test_tell(&b, &a));
}

static void forgetting_a_stranger_asks_nothing_of_anybody(void) {
    CU_ASSERT_TRUE(test_tell(&a, &b));
    bw_channel_forget(a.channel, &b.id);
    CU_ASSERT_TRUE(test_tell(&b, &a));
}

static void a_full_table_keeps_those_in_it(void) {
    struct test_member small;
    struct test_member c;
    test_start(&small, 9, 109, &(struct test_setting){.member_max = 2});
    test_start(&c, 3, 103, NULL);
    CU_ASSERT_TRUE(test_tell(&a, &small));
    CU_ASSERT_TRUE(test_tell(&b, &small));
    struct test_datagram datagram = test_seal(&c, &small, true, "third");
    CU_ASSERT_EQUAL(test_opens(&small, &datagram, &c), BW_ERR_FULL);
    CU_ASSERT_EQUAL(test_rule(&small, BW_RULE_KEEP_PROVEN_WHEN_FULL), 1);
    CU_ASSERT_EQUAL(bw_channel_dropped(small.channel, BW_ERR_FULL), 1);
    CU_ASSERT_TRUE(test_tell(&a, &small));
    CU_ASSERT_TRUE(test_tell(&b, &small));
    CU_ASSERT_TRUE(test_tell(&small, &b));
    restart(&b, 2, 202); /* a newer session needs no room */
    CU_ASSERT_FALSE(test_tell(&b, &small));
    CU_ASSERT_TRUE(test_tell(&small, &b));
    CU_ASSERT_TRUE(test_tell(&b, &small));
    bw_channel_forget(small.channel, &a.id);
    CU_ASSERT_TRUE(test_tell(&small, &c));
    CU_ASSERT_TRUE(test_tell(&c, &small));
    test_stop(&small);
    test_stop(&c);
}

static bool is_a(void *context, const struct bw_id *id) {
    (void)context;
    return bw_id_equal(id, &a.id);
}

/* Who holds the key proves sessions of many ids. Members stay, and who comes has to show that it hears us now. */
static void strangers_make_room_for_who_comes(void) {
    struct test_member small;
    struct test_member c;
    test_start(&small, 9, 109, &(struct test_setting){.member_max = 2});
    test_start(&c, 3, 103, NULL);
    CU_ASSERT_TRUE(test_tell(&a, &small));
    CU_ASSERT_TRUE(test_tell(&b, &small));
    struct test_datagram captured = test_seal(&b, &small, true, "kept back");
    struct test_datagram datagram = test_seal(&c, &small, true, "third");
    CU_ASSERT_EQUAL(test_opens(&small, &datagram, &c), BW_ERR_FULL);
    CU_ASSERT_TRUE(bw_channel_make_room(small.channel, is_a, NULL));
    CU_ASSERT_EQUAL(test_rule(&small, BW_RULE_STRANGERS_OUT_WHEN_FULL), 1);
    CU_ASSERT_FALSE(bw_channel_make_room(small.channel, is_a, NULL));
    CU_ASSERT_EQUAL(test_opens(&small, &datagram, &c), 0); /* it was not used up, and opens a session */
    CU_ASSERT_EQUAL(test_opens(&small, &captured, &b), 0);
    CU_ASSERT_TRUE(test_tell(&small, &c));
    CU_ASSERT_TRUE(test_tell(&c, &small));
    CU_ASSERT_TRUE(test_tell(&a, &small));
    test_stop(&small);
    test_stop(&c);
}

/* Memory refused at each point of a change of session: the older one goes on. */
static void a_session_changes_whole_or_not_at_all(void) {
    struct test_member crowd;
    for (unsigned i = 10; i < 15; i++) { /* five fill the table to where the sixth key makes it grow */
        test_start(&crowd, i, i, NULL);
        CU_ASSERT_TRUE(test_tell(&crowd, &a));
        test_stop(&crowd);
    }
    CU_ASSERT_TRUE(test_tell(&b, &a));
    struct test_datagram old = test_seal(&b, &a, true, "old");
    struct test_datagram older = test_seal(&b, &a, true, "older");
    struct test_member newer;
    test_start(&newer, 2, 202, NULL);
    CU_ASSERT_TRUE(test_tell(&a, &newer));
    a.heap.fail_at = a.heap.calls + 1;
    struct test_datagram datagram = test_seal(&newer, &a, true, "new");
    CU_ASSERT_EQUAL(test_opens(&a, &datagram, &newer), BW_ERR_MEMORY);
    a.heap.fail_at = 0;
    CU_ASSERT_EQUAL(test_opens(&a, &old, &b), 1);
    CU_ASSERT_EQUAL(test_opens(&a, &datagram, &newer), 1);
    CU_ASSERT_EQUAL(test_opens(&a, &older, &b), BW_ERR_DROP_SESSION);
    test_stop(&newer);
}

static const struct tap_test tests[] = {
    TAP_TEST(binding_proves_a_first_session),
    TAP_TEST(unbound_never_proves),
    TAP_TEST(unbound_from_a_proven_session_is_not_believed_either),
    TAP_TEST(an_unproven_session_has_a_window),
    TAP_TEST(the_proving_datagram_is_the_floor),
    TAP_TEST(what_was_seen_unproven_stays_seen),
    TAP_TEST(a_newer_session_ends_the_older),
    TAP_TEST(a_newer_session_has_to_echo),
    TAP_TEST(a_datagram_kept_back_ends_nothing),
    TAP_TEST(captures_of_any_past_session_stay_worthless),
    TAP_TEST(any_number_of_sessions_of_one_member_takes_the_room_of_one),
    TAP_TEST(a_forgotten_member_has_to_echo),
    TAP_TEST(forgetting_a_stranger_asks_nothing_of_anybody),
    TAP_TEST(a_full_table_keeps_those_in_it),
    TAP_TEST(strangers_make_room_for_who_comes),
    TAP_TEST(a_session_changes_whole_or_not_at_all),
};
const struct tap_suite crypto_sessions_suite = TAP_SUITE_WITH("crypto/sessions", tests, set_up, tear_down);
