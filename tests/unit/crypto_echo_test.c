/* The echo: what a member shows of having heard us, and when we had said it. */
#include "base/base.h"
#include "base/envelope.h"
#include "crypto/state.h"
#include "tests/unit/crypto_test.h"

#include <string.h>

#define FAR (UINT64_C(1) << 40) /* nobody's counter is taken further in one step */
#define LIMIT (UINT64_C(1) << 62)
#define AHEAD (UINT64_C(1) << 20)

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

/* What a learns from b's next datagram. */
static int64_t heard(bool bound) {
    struct bw_inbound inbound;
    struct test_datagram datagram = test_seal(&b, &a, bound, "x");
    CU_ASSERT_EQUAL_FATAL(test_open(&a, &datagram, &b, &inbound), 0);
    return inbound.heard_us;
}

static void send_at(int64_t now_us, bool arrives) {
    a.now.mono_us = now_us;
    struct test_datagram datagram = test_seal(&a, &b, true, "y");
    if (arrives) {
        CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 1);
    }
}

static void nothing_arrived_nothing_heard(void) {
    send_at(1000, false);
    CU_ASSERT_EQUAL(heard(true), BW_NOT_HEARD);
    send_at(2000000, true);
    CU_ASSERT_EQUAL(heard(true), 2000000);
}

static void it_is_the_newest_that_arrived(void) {
    send_at(1000000, true);
    send_at(2000000, true);
    send_at(3000000, false);
    CU_ASSERT_EQUAL(heard(true), 2000000);
    send_at(4000000, true);
    CU_ASSERT_EQUAL(heard(true), 4000000);
}

static void an_older_one_that_comes_late_changes_nothing(void) {
    a.now.mono_us = 1000000;
    struct test_datagram first = test_seal(&a, &b, true, "first");
    struct test_datagram late = test_seal(&a, &b, true, "late");
    CU_ASSERT_EQUAL(test_opens(&b, &first, &a), 1);
    send_at(2000000, true);
    CU_ASSERT_EQUAL(test_opens(&b, &late, &a), 1);
    CU_ASSERT_EQUAL(heard(true), 2000000);
}

static void an_unbound_datagram_echoes_nothing(void) {
    send_at(1000000, true);
    CU_ASSERT_EQUAL(heard(false), BW_NOT_HEARD);
    CU_ASSERT_EQUAL(heard(true), 1000000);
}

static void first_contact_is_echoed_too(void) {
    a.now.mono_us = 5000000;
    struct test_datagram hello = test_seal(&a, NULL, false, "anybody");
    CU_ASSERT_EQUAL(test_opens(&b, &hello, &a), 0);
    CU_ASSERT_EQUAL(heard(true), 5000000);
}

/* a knew b's session as unproven, and its place in the table is free again. */
static void an_unbound_answer_to_a_member_once_unproven_echoes_nothing(void) {
    struct test_datagram hello = test_seal(&b, NULL, false, "anybody");
    CU_ASSERT_EQUAL(test_opens(&a, &hello, &b), 0);
    CU_ASSERT_TRUE(test_tell(&b, &a));
    struct test_datagram unbound = test_seal(&a, &b, false, "x");
    CU_ASSERT_EQUAL(test_opens(&b, &unbound, &a), 0);
}

/* Two members that drew one number: what came from one is not echoed to the other, to whom it would be impossible. */
static void an_echo_of_another_member_is_not_sent(void) {
    struct test_member c;
    test_start(&c, 3, b.session, NULL);
    CU_ASSERT_TRUE(test_tell(&b, &a));
    CU_ASSERT_TRUE(test_tell(&a, &c));
    CU_ASSERT_TRUE(test_tell(&a, &b));
    test_stop(&c);
}

static void what_is_not_believed_shows_no_hearing(void) {
    struct bw_inbound inbound;
    send_at(1000000, true);
    struct test_datagram kept = test_seal(&b, &a, true, "x");
    CU_ASSERT_EQUAL(heard(true), 1000000);
    bw_channel_forget(a.channel, &b.id);
    CU_ASSERT_EQUAL(test_open(&a, &kept, &b, &inbound), 0);
    CU_ASSERT_FALSE(inbound.proven);
    CU_ASSERT_EQUAL(inbound.heard_us, BW_NOT_HEARD);
}

static void a_forged_datagram_is_not_echoed(void) {
    send_at(1000000, true);
    a.now.mono_us = 2000000;
    struct test_datagram datagram = test_seal(&a, &b, true, "z");
    datagram.data[40] ^= 1;
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), BW_ERR_DROP_AUTH);
    CU_ASSERT_EQUAL(heard(true), 1000000);
}

static void an_echo_of_another_session_is_not_sent(void) {
    send_at(1000000, true);
    test_stop(&a);
    test_start(&a, 1, 111, NULL);
    CU_ASSERT_EQUAL(heard(true), BW_NOT_HEARD);
}

static void an_echo_older_than_the_ring_is_unknown(void) {
    send_at(1000000, true);
    for (int64_t i = 1; i <= 1023; i++) {
        send_at(1000000 + i * 10000, false);
    }
    CU_ASSERT_EQUAL(heard(true), 1000000);
    send_at(1000000 + 1024 * 10000, false);
    CU_ASSERT_EQUAL(heard(true), BW_NOT_HEARD);
}

/* Seals as a member of the cluster that lies: with any sender, session, counter and echo. */
static struct test_datagram lie(const struct bw_id *from, uint64_t session, uint64_t counter, bool bound,
                                uint64_t echo) {
    struct test_datagram datagram = {.size = BW_SEAL_OVERHEAD};
    uint8_t associated[33] = {0};
    uint8_t plain[24];
    struct bw_key_use key;
    bw_keyring_use(a.keyring, 0, &key);
    datagram.data[0] = BW_PACKET_VERSION;
    datagram.data[1] = bound;
    bw_put_u16(datagram.data + 2, key.hint);
    bw_put_u64(datagram.data + 4, session);
    bw_put_u64(datagram.data + 12, counter);
    memcpy(associated, datagram.data, 4);
    memcpy(associated + 4, "\4prod", 5);
    memcpy(associated + 9, a.id.bytes, 16);
    bw_put_u64(associated + 25, a.session);
    memcpy(plain, from->bytes, 16);
    bw_put_u64(plain + 16, echo);
    bw_aead_xchacha20poly1305.seal(datagram.data + 28, (struct bw_bytes){plain, sizeof(plain)},
                                   (struct bw_bytes){associated, bound ? 33u : 9u}, datagram.data + 4, key.seal_key);
    return datagram;
}

static int a_opens(struct test_datagram datagram) {
    return test_opens(&a, &datagram, &b);
}

static void an_echo_of_what_was_never_sent_is_malformed(void) {
    send_at(1000000, true);
    send_at(1000000, true);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 1, true, 3 + FAR)), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 1, false, 1)), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_DROP_IMPOSSIBLE_ECHO), 2);
    CU_ASSERT_EQUAL(test_rules(&a), 2); /* and nothing else happened */
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 1, true, 2)), 1);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 2, false, 0)), 0);
}

static void a_sender_or_sequence_of_nothing_is_malformed(void) {
    static const struct bw_id none;
    CU_ASSERT_EQUAL(a_opens(lie(&none, 102, 1, true, 0)), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 0, 1, true, 0)), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 0, true, 0)), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(test_rules(&a), 0);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 1, true, 0)), 1);
}

static void a_session_of_another_member_cannot_be_taken(void) {
    struct bw_id liar = {{9}};
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 1, true, 0)), 1);
    CU_ASSERT_EQUAL(a_opens(lie(&liar, 102, 5000, true, 0)), BW_ERR_DROP_SESSION);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 2, true, 0)), 1); /* the window was not moved */
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 103, 1, false, 0)), 0);
    CU_ASSERT_EQUAL(a_opens(lie(&liar, 103, 5000, true, 0)), BW_ERR_DROP_SESSION);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 103, 2, false, 0)), 0);
    CU_ASSERT_EQUAL(a_opens(lie(&liar, 104, 1, true, 0)), 1);
}

/* ------------------------------------------------------------------ a machine that went back to a snapshot */

/* So many datagrams of a's that it does not remember; b opens the last of them. */
static void lost_life(size_t count) {
    struct test_member lost;
    struct test_datagram datagram = {.size = 0};
    test_start(&lost, 1, a.session, NULL);
    for (size_t i = 0; i < count; i++) {
        datagram = test_seal(&lost, &b, true, "lost");
    }
    CU_ASSERT_EQUAL(test_opens(&b, &datagram, &a), 1);
    test_stop(&lost);
}

static bool shown(const struct test_datagram *datagram, const struct test_member *sender) {
    struct bw_inbound inbound;
    CU_ASSERT_EQUAL(test_open(&b, datagram, sender, &inbound), BW_ERR_DROP_REPLAY);
    bool same = bw_id_equal(&inbound.from, &a.id) && inbound.session == a.session;
    CU_ASSERT_FALSE(inbound.proven);
    CU_ASSERT_EQUAL(inbound.frames.size, inbound.replayed ? 4 : 0);
    CU_ASSERT_EQUAL(inbound.heard_us, BW_NOT_HEARD);
    return inbound.replayed && same && memcmp(inbound.frames.data, "back", 4) == 0;
}

/* One in a second is opened, of all that come, and nothing changes for it. */
static void a_number_that_was_used_is_looked_at_once_a_second(void) {
    lost_life(3000);
    struct test_datagram old = test_seal(&a, &b, true, "back");
    struct test_datagram forged = old;
    forged.data[50] ^= 1;
    CU_ASSERT_TRUE(shown(&old, &a));
    uint64_t rules = test_rules(&b);
    for (int i = 0; i < 100; i++) {
        CU_ASSERT_FALSE(shown(&old, &a));
    }
    CU_ASSERT_EQUAL(test_rules(&b), rules + 100); /* dropped as replayed, each, and nothing else */
    b.now.mono_us += 999999;
    CU_ASSERT_FALSE(shown(&old, &a));
    b.now.mono_us++;
    CU_ASSERT_FALSE(shown(&forged, &a)); /* it takes nobody's turn */
    CU_ASSERT_TRUE(shown(&old, &a));
    CU_ASSERT_FALSE(shown(&old, &a));
    b.now.mono_us += 1000000;
    CU_ASSERT_TRUE(shown(&old, &a));
    CU_ASSERT_EQUAL(bw_channel_dropped(b.channel, BW_ERR_DROP_REPLAY), 106);
}

static void who_went_back_catches_up_by_the_echo(void) {
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_TRUE(test_tell(&b, &a));
    lost_life(3000);
    CU_ASSERT_FALSE(test_tell(&a, &b));
    CU_ASSERT_TRUE(test_tell(&b, &a));
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_CATCH_UP_WITH_OURSELVES), 1);
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_EQUAL(test_rule(&a, BW_RULE_DROP_IMPOSSIBLE_ECHO), 0);
}

/* Nor when it has met that session of the other's in the lost life only. */
static void also_by_that_of_a_session_it_has_not_met(void) {
    CU_ASSERT_TRUE(test_tell(&a, &b));
    CU_ASSERT_TRUE(test_tell(&b, &a));
    test_stop(&b);
    test_start(&b, 2, 112, NULL);
    lost_life(3000);
    CU_ASSERT_TRUE(test_tell(&b, &a));
    CU_ASSERT_EQUAL(bw_sessions_peer(&a.channel->sessions, &b.id)->floor, a.channel->counter);
    CU_ASSERT_TRUE(test_tell(&a, &b));
}

static void what_the_lost_life_sent_is_no_evidence(void) {
    send_at(1000000, true);
    lost_life(3000);
    send_at(5000000, false);
    CU_ASSERT_EQUAL(heard(true), BW_NOT_HEARD);
    CU_ASSERT_EQUAL(heard(true), BW_NOT_HEARD);
    send_at(6000000, false);
    CU_ASSERT_EQUAL(heard(true), BW_NOT_HEARD);
    send_at(6005000, true);
    CU_ASSERT_EQUAL(heard(true), 6000000);
}

static void a_counter_is_taken_so_far_and_no_further(void) {
    send_at(1000000, true);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 1, true, 2 + FAR)), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 1, false, 1 + FAR)), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(a.channel->counter, 1);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 1, true, 1 + FAR)), 1);
    CU_ASSERT_EQUAL(a.channel->counter, 1 + FAR + AHEAD);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 2, true, 2 + FAR + AHEAD)),
                    BW_ERR_DROP_MALFORMED); /* not twice in a second */
    a.now.mono_us += 1000000;
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 2, true, 2 + FAR + AHEAD)), 1);
    a.channel->counter = LIMIT - 1;
    a.now.mono_us += 1000000;
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 3, true, LIMIT + 1)), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 3, true, LIMIT)), 1);
    a.now.mono_us += 1000000;
    CU_ASSERT_EQUAL(a_opens(lie(&b.id, 102, 4, true, LIMIT + AHEAD + 1)), BW_ERR_DROP_MALFORMED);
}

static const struct tap_test tests[] = {
    TAP_TEST(nothing_arrived_nothing_heard),
    TAP_TEST(it_is_the_newest_that_arrived),
    TAP_TEST(an_older_one_that_comes_late_changes_nothing),
    TAP_TEST(an_unbound_datagram_echoes_nothing),
    TAP_TEST(first_contact_is_echoed_too),
    TAP_TEST(an_unbound_answer_to_a_member_once_unproven_echoes_nothing),
    TAP_TEST(an_echo_of_another_member_is_not_sent),
    TAP_TEST(what_is_not_believed_shows_no_hearing),
    TAP_TEST(a_forged_datagram_is_not_echoed),
    TAP_TEST(an_echo_of_another_session_is_not_sent),
    TAP_TEST(an_echo_older_than_the_ring_is_unknown),
    TAP_TEST(an_echo_of_what_was_never_sent_is_malformed),
    TAP_TEST(a_sender_or_sequence_of_nothing_is_malformed),
    TAP_TEST(a_session_of_another_member_cannot_be_taken),
    TAP_TEST(a_number_that_was_used_is_looked_at_once_a_second),
    TAP_TEST(who_went_back_catches_up_by_the_echo),
    TAP_TEST(also_by_that_of_a_session_it_has_not_met),
    TAP_TEST(what_the_lost_life_sent_is_no_evidence),
    TAP_TEST(a_counter_is_taken_so_far_and_no_further),
};
const struct tap_suite crypto_echo_suite = TAP_SUITE_WITH("crypto/echo", tests, set_up, tear_down);
