/* Who reaches less than half: it ranks behind all others, and as leader hands over. */
#include "tests/unit/election_test.h"

#define TWO_LEASES_US MS(3000)
#define ROUNDS_US MS(800) /* three rounds, and a little */

static void set_up(void) {
    world_begin();
}

static void cut_off(size_t node, size_t from, bool cut) {
    world_cut(node, from, cut);
    world_cut(from, node, cut);
}

static void ranked(size_t count) {
    for (size_t i = 0; i < count; i++)
        world.nodes[world_add(200 - 10 * (int)i)].preempt_ms = 10000;
    for (size_t i = 0; i < count; i++)
        world_start(i);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    world_run(MS(2000));
}

/* It reaches one of four, the worst of them, and hands over to that one: not before two leases have passed. */
static void a_leader_below_half_hands_over_to_one_that_it_reaches(void) {
    ranked(5);
    for (size_t i = 1; i < 4; i++)
        cut_off(0, i, true);
    world_run(TWO_LEASES_US);
    CU_ASSERT_TRUE(world_acts(0));
    world_run(ROUNDS_US);
    CU_ASSERT_FALSE(world_acts(0));
    CU_ASSERT_TRUE(world_acts(4));
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_HALF_REACHABLE);
    CU_ASSERT(world_hits(BW_RULE_HAND_OVER_BELOW_HALF) == 1 && world_hits(BW_RULE_BELOW_HALF_RANKS_LAST) == 1);
    CU_ASSERT_FALSE(world.overlap);
    struct bw_candidate_info last;
    CU_ASSERT_EQUAL(bw_election_candidate(world.nodes[4].election, SCOPE, 4, &last), 0);
    CU_ASSERT(bw_id_equal(&last.id, &world.nodes[0].id)); /* behind all others, though its priority is the highest */
    world_run(MS(120000));
    CU_ASSERT_EQUAL(world.nodes[0].elections, 1);
    CU_ASSERT_TRUE(world_acts(1)); /* better than the one that took over, and it asked */
}

static void at_half_it_stays(void) {
    ranked(5);
    cut_off(0, 1, true);
    cut_off(0, 2, true);
    world_run(MS(60000));
    CU_ASSERT_TRUE(world_acts(0));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 0);
}

/* Shorter than two leases is no reason. */
static void a_short_cut_changes_nothing(void) {
    ranked(5);
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 1; i < 4; i++)
            cut_off(0, i, true);
        world_run(MS(2000));
        for (size_t i = 1; i < 4; i++)
            cut_off(0, i, false);
        world_run(MS(2000));
    }
    CU_ASSERT_TRUE(world_acts(0));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 0);
}

static void who_reaches_the_others_again_may_lead_again(void) {
    ranked(5);
    for (size_t i = 1; i < 4; i++)
        cut_off(0, i, true);
    world_run(MS(20000));
    CU_ASSERT_FALSE(world_acts(0));
    for (size_t i = 1; i < 4; i++)
        cut_off(0, i, false);
    int64_t from_us = world.now_us;
    while (!world_acts(0) && world.now_us < from_us + MS(120000))
        world_run(MS(100));
    CU_ASSERT_TRUE(world_acts(0));
    CU_ASSERT(world.now_us - from_us >= MS(50000)); /* twenty leases, and twice the hold-down: it was away once */
    CU_ASSERT_EQUAL(world_hits(BW_RULE_BELOW_HALF_RANKS_LAST), 2);
}

/* Scenario 50. Each hears two. Each learns once that it is below half; from then on the lead rests. */
static void in_a_ring_of_six_somebody_leads(void) {
    for (size_t i = 0; i < 6; i++)
        world_add(100);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 6; k++)
            world.cut[i][k] = (k + 6 - i) % 6 != 1 && (i + 6 - k) % 6 != 1;
    world.detect_us = MS(100000000); /* others vouch for all */
    for (size_t i = 0; i < 6; i++)
        world_start(i);
    world_run(MS(60000));
    size_t leader = world_leader();
    CU_ASSERT(leader < WORLD_NODES);
    size_t elections = 0;
    for (size_t i = 0; i < 6; i++)
        elections += world.nodes[i].elections;
    CU_ASSERT(elections <= 7);
    world_run(MS(600000));
    CU_ASSERT_EQUAL(world_leader(), leader);
    for (size_t i = 0; i < 6; i++)
        elections -= world.nodes[i].elections;
    CU_ASSERT_EQUAL(elections, 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_leader_below_half_hands_over_to_one_that_it_reaches),
    TAP_TEST(at_half_it_stays),
    TAP_TEST(a_short_cut_changes_nothing),
    TAP_TEST(who_reaches_the_others_again_may_lead_again),
    TAP_TEST(in_a_ring_of_six_somebody_leads),
};
const struct tap_suite election_reach_suite = TAP_SUITE_WITH("election reach", tests, set_up, world_end);
