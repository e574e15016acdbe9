/* Preemption by request: the better candidate asks, the leader hands over, neither before the hold-down. */
#include "tests/unit/election_test.h"

#include <string.h>

#define ASK_US MS(1600)  /* a lease and a little: so often the better one asks */
#define TOLD_US MS(1100) /* this world's newcomers hear of the leader within so long */

static void set_up(void) {
    world_begin();
}

static void policies(size_t count, uint32_t preempt_ms) {
    for (size_t i = 0; i < count; i++)
        world.nodes[i].preempt_ms = preempt_ms;
}

/* Three of one priority run, a fourth, better one starts after a minute. Returns when. */
static int64_t better_one_joins(uint32_t preempt_ms) {
    for (size_t i = 0; i < 3; i++)
        world_add(100);
    world_add(200);
    policies(4, preempt_ms);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    world_run(MS(60000));
    world_start(3);
    return world.now_us;
}

static void the_better_one_leads_after_the_hold_down(void) {
    int64_t from_us = better_one_joins(10000);
    world_run(MS(10000));
    CU_ASSERT_TRUE(world_acts(0));
    world_run(TOLD_US + ASK_US);
    CU_ASSERT_TRUE(world_acts(3) && world_all_follow(3));
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_PREEMPTED);
    CU_ASSERT(world_last(0, BW_EVENT_SELF_DEPOSED)->at_us >= from_us + MS(10000));
    CU_ASSERT_EQUAL(world_last(2, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_PREEMPTED);
    CU_ASSERT(world_last(3, BW_EVENT_SELF_ELECTED)->at_us - world_last(0, BW_EVENT_SELF_DEPOSED)->at_us <=
              3 * world.delay_us + MS(2));
    CU_ASSERT(world_hits(BW_RULE_PREEMPT_BY_REQUEST) == 1);
    CU_ASSERT_FALSE(world.overlap);
}

static void at_once_means_when_it_knows_the_cluster(void) {
    int64_t from_us = better_one_joins(0);
    CU_ASSERT_EQUAL(world_until_led(0), 0);
    while (!world_acts(3) && world.now_us < from_us + MS(10000))
        world_run(MS(10));
    CU_ASSERT(world_acts(3));
    CU_ASSERT(world.now_us - from_us >= MS(1600)); /* it listens for a lease and its margin first */
    CU_ASSERT(world.now_us - from_us <= MS(1600) + TOLD_US + ASK_US);
}

static void never_means_never_on_either_side(void) {
    better_one_joins(BW_PREEMPT_NEVER);
    world_run(MS(120000));
    CU_ASSERT_TRUE(world_acts(0));
    world_end();
    world_begin();
    better_one_joins(0);
    world.nodes[3].preempt_ms = BW_PREEMPT_NEVER; /* it does not ask */
    world_crash(3, false);
    world_start(3);
    world_run(MS(120000));
    CU_ASSERT_TRUE(world_acts(0));
}

static void a_leader_that_never_gives_way_is_asked_in_vain(void) {
    world_add(100);
    world_add(200);
    world.nodes[1].preempt_ms = 0;
    world_start(0);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    world_start(1);
    world_run(MS(120000));
    CU_ASSERT_TRUE(world_acts(0));
}

static void equals_do_not_preempt(void) {
    world.nodes[0].preempt_ms = 0;
    size_t leader = world_lead(3);
    for (size_t i = 0; i < 3; i++) {
        world_crash(i, false);
        world.nodes[i].preempt_ms = 0;
    }
    for (size_t i = 2; i < 3; i--)
        world_start(i);
    leader = world_until_led(MS(20000));
    world_run(MS(60000));
    CU_ASSERT_TRUE(world_acts(leader));
    CU_ASSERT_EQUAL(world_hits(BW_RULE_PREEMPT_BY_REQUEST), 0);
}

/* Scenario 30. It is up for five seconds, down for five: the lead is with it twice at most, and then not any more. */
static void leadership_does_not_follow_one_that_flaps(void) {
    world.detect_us = MS(2000);
    better_one_joins(0);
    size_t at_last = 0;
    for (size_t flap = 0; flap < 24; flap++) {
        if (flap > 0)
            world_start(3);
        world_run(MS(5000));
        world_crash(3, true);
        world_run(MS(5000));
        at_last = flap == 6 ? world.nodes[3].elections : at_last;
    }
    CU_ASSERT(at_last <= 3);
    CU_ASSERT_EQUAL(world.nodes[3].elections, at_last);
    CU_ASSERT(world_hits(BW_RULE_FLAPS_DOUBLE_THE_HOLD_DOWN) > 0);
    world_start(3);
    world_run(MS(90000));
    CU_ASSERT_FALSE(world_acts(3)); /* 64 leases are 96 s */
    world_run(MS(10000));
    CU_ASSERT_TRUE(world_acts(3));
}

/* Flaps are forgotten, one in ten minutes: then the plain hold-down counts again. */
static void flaps_decay(void) {
    better_one_joins(5000);
    for (size_t flap = 0; flap < 4; flap++) {
        world_run(MS(10000));
        world_crash(3, true);
        world_run(MS(10000));
        world_start(3);
    }
    world_crash(3, true);
    world_run(MS(3000000));
    int64_t from_us = world.now_us;
    world_start(3);
    while (!world_acts(3) && world.now_us < from_us + MS(60000))
        world_run(MS(10));
    CU_ASSERT(world.now_us - from_us <= MS(10000 + 1600 + 100)); /* at most one is remembered */
}

/* One preemption in a hold-down: a still better one, known for long, waits until the new reign has lasted. */
static void a_reign_lasts_for_the_hold_down(void) {
    better_one_joins(10000);
    size_t fifth = world_add(50);
    world.nodes[fifth].preempt_ms = 0;
    world_start(fifth);
    while (!world_acts(3) && world.now_us < MS(2000000))
        world_run(MS(10));
    world_run(MS(1000));
    CU_ASSERT_EQUAL(world_priority(fifth, SCOPE, 300), 0);
    int64_t begun_us = world_last(3, BW_EVENT_SELF_ELECTED)->at_us;
    world_run(begun_us + MS(9900) - world.now_us);
    CU_ASSERT_TRUE(world_acts(3));
    world_run(ASK_US + MS(200));
    CU_ASSERT_TRUE(world_acts(fifth));
    CU_ASSERT(world_last(3, BW_EVENT_SELF_DEPOSED)->at_us - begun_us >= MS(10000));
}

static void a_changed_priority_moves_the_lead(void) {
    size_t leader;
    for (size_t i = 0; i < 4; i++)
        world_add(100);
    policies(4, 3000);
    for (size_t i = 0; i < 4; i++)
        world_start(i);
    leader = world_until_led(MS(10000));
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    world_run(MS(10000));
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_priority(2, SCOPE, 500), 0);
    world_run(MS(2900));
    CU_ASSERT_TRUE(world_acts(0));
    world_run(ASK_US + MS(200));
    CU_ASSERT_TRUE(world_acts(2));
    CU_ASSERT_EQUAL(world_priority(2, SCOPE, 50), 0); /* and the leader's own: the best of the others takes over */
    world_run(MS(3000) + ASK_US + MS(200));
    CU_ASSERT_TRUE(world_acts(0) || world_acts(1) || world_acts(3));
    CU_ASSERT(world.now_us - from_us < MS(12000));
}

/* The leader does not give the lead to one whose words come and who hears nothing. */
static void a_deaf_one_is_not_handed_the_lead(void) {
    better_one_joins(5000);
    world_run(MS(3000));
    for (size_t i = 0; i < 3; i++)
        world_cut(i, 3, true);
    world_run(MS(60000));
    CU_ASSERT_TRUE(world_acts(0));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 0);
}

/* Nor again and again to one that cannot claim: each time costs two seconds, and doubles the hold-down. */
static void one_that_cannot_claim_is_named_ever_more_seldom(void) {
    better_one_joins(10000);
    world.nodes[3].disk_fails = true;
    world_run(MS(600000));
    CU_ASSERT_EQUAL(world_events(3, BW_EVENT_SELF_ELECTED), 0);
    size_t named = (size_t)world_hits(BW_RULE_PREEMPT_BY_REQUEST);
    CU_ASSERT(named >= 2 && named <= 6); /* after 10, 20, 40, ... s */
    CU_ASSERT_FALSE(world.overlap);
}

/* A stale or foreign request changes nothing. */
static void a_request_counts_for_the_reign_that_it_names(void) {
    better_one_joins(10000);
    policies(4, 10000);
    world_run(MS(9000));
    struct bw_token token = world_believes(0);
    struct bw_message_want want = {.scope = {(const uint8_t *)SCOPE, strlen(SCOPE)}, .term = token.term - 1};
    world_run(MS(800));
    CU_ASSERT_EQUAL(world_say(3, 0, &bw_message_schema_want, &want), 0);
    want.term = token.term;
    CU_ASSERT_EQUAL(world_say(2, 0, &bw_message_schema_want, &want), 0); /* not better */
    CU_ASSERT_EQUAL(world_say(3, 1, &bw_message_schema_want, &want), 0); /* not the leader */
    CU_ASSERT_TRUE(world_acts(0));
}

static const struct tap_test tests[] = {
    TAP_TEST(the_better_one_leads_after_the_hold_down),
    TAP_TEST(at_once_means_when_it_knows_the_cluster),
    TAP_TEST(never_means_never_on_either_side),
    TAP_TEST(a_leader_that_never_gives_way_is_asked_in_vain),
    TAP_TEST(equals_do_not_preempt),
    TAP_TEST(leadership_does_not_follow_one_that_flaps),
    TAP_TEST(flaps_decay),
    TAP_TEST(a_reign_lasts_for_the_hold_down),
    TAP_TEST(a_changed_priority_moves_the_lead),
    TAP_TEST(a_deaf_one_is_not_handed_the_lead),
    TAP_TEST(one_that_cannot_claim_is_named_ever_more_seldom),
    TAP_TEST(a_request_counts_for_the_reign_that_it_names),
};
const struct tap_suite election_preempt_suite = TAP_SUITE_WITH("election preempt", tests, set_up, world_end);
