/* Bully mode: election.md, bully; scenarios 28 and 33. */
#include "tests/unit/election_test.h"

#include <string.h>

#define WAIT_US (MS(1500) + 2 * MS(1500) / 1000 + MS(100))
#define BOUND_US (WAIT_US + MS(3000))

/* count members that follow the first one. */
static void group(size_t count) {
    world_end();
    world_begin();
    for (size_t i = 0; i < count; i++) {
        world_add(100);
        world.nodes[i].mode = BW_MODE_BULLY;
    }
    for (size_t i = 0; i < count; i++)
        world_start(i);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(20000)), 0);
    world_run(MS(2000));
    CU_ASSERT(world_all_follow(0));
    memset(world.sent, 0, sizeof world.sent);
}

static size_t bully_messages(void) {
    return world.sent[BW_FRAME_elect] + world.sent[BW_FRAME_ok] + world.sent[BW_FRAME_claim];
}

/* The best of those that are left says so to each of the others, and to the one that is not known to be dead yet: the paper's
 * n - 1 messages. What we add is that each of the living confirms. */
static void best_case_costs_one_message_a_member(void) {
    for (size_t n = 3; n <= 8; n++) {
        group(n);
        world_crash(0, true);
        CU_ASSERT_EQUAL(world_until_led(BOUND_US), 1);
        world_run(MS(500));
        CU_ASSERT_EQUAL(bully_messages(), n - 1);
        CU_ASSERT_EQUAL(world.sent[BW_FRAME_confirm], n - 2);
    }
}

static unsigned claims_are_slow(size_t from, size_t to, uint8_t type, int64_t *delay_us) {
    (void)from;
    (void)to;
    *delay_us += type == BW_FRAME_claim ? MS(180) : 0;
    return 1;
}

/* All ask before they hear the best one's claim: the paper's (n - 1)^2 + n - 2 at most. */
static void worst_case_is_bounded(void) {
    for (size_t n = 3; n <= 8; n++) {
        group(n);
        world.post = claims_are_slow;
        world_crash(0, true);
        CU_ASSERT_EQUAL(world_until_led(BOUND_US), 1);
        world_run(MS(500));
        CU_ASSERT(n == 3 || world.sent[BW_FRAME_elect] > 1);
        CU_ASSERT(world.sent[BW_FRAME_elect] <= 3 * (n - 2)); /* each asks the best three at most, here */
        CU_ASSERT(bully_messages() <= (n - 1) * (n - 1) + n - 2);
    }
}

/* Its process does not run; nobody holds it for dead yet. */
static void a_silent_best_one_costs_two_timeouts(void) {
    group(4);
    world_pause(1);
    world_crash(0, true);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_until_led(BOUND_US), 2);
    CU_ASSERT(world.now_us - from_us <= WAIT_US + MS(50) + 2 * MS(500) + MS(300));
    CU_ASSERT(world.sent[BW_FRAME_elect] >= 2);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_BULLY_OK_EXPIRES), 0);
    CU_ASSERT_FALSE(world.overlap);
}

/* It answers, and its disk hangs. */
static void who_answers_and_does_not_claim_is_done_without(void) {
    group(4);
    world.nodes[1].persist_us = MS(60000);
    world_crash(0, true);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_until_led(BOUND_US), 2);
    CU_ASSERT(world.now_us - from_us <= WAIT_US + MS(50) + 2 * MS(500) + 4 * MS(50) + MS(300));
    CU_ASSERT(world.sent[BW_FRAME_ok] > 0);
    CU_ASSERT(world_hits(BW_RULE_BULLY_OK_EXPIRES) > 0);
    CU_ASSERT_FALSE(world.overlap);
}

static void who_is_not_ready_does_not_answer(void) {
    group(4);
    CU_ASSERT_EQUAL(bw_election_ready(world.nodes[1].election, SCOPE, false, 0, world_time(1)), 0);
    world_pump(1);
    world_run(MS(500));
    memset(world.sent, 0, sizeof world.sent);
    world_crash(0, true);
    CU_ASSERT_EQUAL(world_until_led(BOUND_US), 2);
    CU_ASSERT_EQUAL(world.sent[BW_FRAME_elect], 0); /* nobody better is there to ask */
}

static void the_best_one_takes_over_when_it_returns(void) {
    world_end();
    world_begin();
    for (size_t i = 0; i < 3; i++) {
        world_add(100);
        world.nodes[i].mode = BW_MODE_BULLY;
        world.nodes[i].preempt_ms = 0;
    }
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL(world_until_led(MS(20000)), 0);
    world_crash(0, true);
    world_run(BOUND_US);
    CU_ASSERT_EQUAL(world_leader(), 1);
    world.nodes[0].priority = 200;
    world_start(0);
    world_run(MS(10000)); /* it went away once: it is watched for two leases */
    CU_ASSERT_EQUAL(world_leader(), 0);
    CU_ASSERT_FALSE(world.overlap);
}

/* ------------------------------------------------------------------ scenario 33: each message in turn */

static size_t victim, seen;
static enum twist { LOST, LATE, TWICE, TWISTS } twist;

static unsigned twist_one(size_t from, size_t to, uint8_t type, int64_t *delay_us) {
    (void)from;
    (void)to;
    bool ours = type == BW_FRAME_elect || type == BW_FRAME_ok || type == BW_FRAME_claim || type == BW_FRAME_confirm;
    if (!ours || seen++ != victim)
        return 1;
    *delay_us += twist == LATE ? MS(700) : 0;
    return twist == LOST ? 0 : twist == TWICE ? 2 : 1;
}

/* The best one's disk is slow, so that the others ask, are answered and wait. */
static void each_message_lost_late_or_twice(void) {
    for (unsigned kind = LOST; kind < TWISTS; kind++) {
        for (victim = 0;; victim++) {
            group(5);
            twist = (enum twist)kind;
            seen = 0;
            world.nodes[1].persist_us = MS(130);
            world.post = twist_one;
            world_crash(0, true);
            size_t leader = world_until_led(BOUND_US);
            CU_ASSERT(leader == 1 || leader == 2);
            world_run(MS(3000));
            CU_ASSERT(world_leader() < 5 && world_all_follow(world_leader()));
            CU_ASSERT_FALSE(world.overlap);
            if (victim >= seen)
                break;
        }
        CU_ASSERT(victim >= 12); /* questions, answers, claims and confirmations of four */
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(best_case_costs_one_message_a_member), TAP_TEST(worst_case_is_bounded),
    TAP_TEST(a_silent_best_one_costs_two_timeouts), TAP_TEST(who_answers_and_does_not_claim_is_done_without),
    TAP_TEST(who_is_not_ready_does_not_answer),     TAP_TEST(the_best_one_takes_over_when_it_returns),
    TAP_TEST(each_message_lost_late_or_twice),
};
const struct tap_suite election_bully_suite = TAP_SUITE_WITH("election/bully", tests, world_begin, world_end);
