/* Who stands: stepping down for a time, leaving and coming back. */
#include "tests/unit/election_test.h"

#include <string.h>

static void set_up(void) {
    world_begin();
}

static bool ready(size_t at, size_t about) {
    struct bw_candidate_info info;
    for (size_t i = 0; bw_election_candidate(world.nodes[at].election, SCOPE, i, &info) == 0; i++)
        if (bw_id_equal(&info.id, &world.nodes[about].id))
            return info.ready;
    CU_FAIL("no such candidate");
    return false;
}

static void stepping_down_hands_over_within_a_round_trip(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 20000), 0);
    CU_ASSERT_FALSE(world_acts(0));
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_RESIGNED);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 1);
    CU_ASSERT(world.now_us - from_us <= 3 * world.delay_us + MS(2)); /* there, the claim's round trip, the disk */
    world_run(MS(100));
    CU_ASSERT(world_all_follow(1));
    CU_ASSERT_EQUAL(world_last(2, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_RESIGNED);
    CU_ASSERT(world_hits(BW_RULE_STEP_ASIDE) > 0);
}

/* It does not lead until its time is over, whoever dies meanwhile; then it does. */
static void who_stepped_down_stands_again_when_the_time_is_over(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 30000), 0);
    world_run(MS(1000));
    CU_ASSERT(world_acts(1));
    CU_ASSERT_FALSE(ready(0, 0) || ready(1, 0));
    world_crash(1, false);
    world_run(from_us + MS(29999) - world.now_us);
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_FALSE(ready(0, 0));
    world_run(MS(100));
    CU_ASSERT(world_acts(0));
    CU_ASSERT(ready(0, 0));
}

static void ready_again_it_does_not_take_the_lead_back(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 5000), 0);
    world_run(MS(4900));
    CU_ASSERT_FALSE(ready(1, 0));
    world_run(MS(20000));
    CU_ASSERT(ready(1, 0));
    CU_ASSERT(world_acts(1));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_ELECTED), 1);
}

/* Nobody waits for the best candidate's turn while it does not stand, and it objects to nobody. */
static void who_stepped_down_delays_nobody(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 60000), 0);
    world_run(MS(1000));
    world_leave(1);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 2);
    CU_ASSERT(world.now_us - from_us <= 3 * world.delay_us + MS(2));
    world_run(MS(1000));
    CU_ASSERT(world_all_follow(2));
}

/* A campaign under way ends. */
static void a_candidate_steps_down_before_it_leads(void) {
    world_add(100);
    world_add(90);
    world_start(0);
    world_start(1);
    world_run(MS(1000)); /* still listening */
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 60000), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(8000)), 1);
    world_run(MS(20000));
    CU_ASSERT(world_acts(1));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_ELECTED), 0);
}

static void a_second_stepdown_counts_from_its_own_time(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 5000), 0);
    world_run(MS(4000));
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 5000), 0);
    world_run(MS(4900));
    CU_ASSERT_FALSE(ready(0, 0));
    world_run(MS(200));
    CU_ASSERT(ready(0, 0));
}

static void one_scope_alone_is_given_up(void) {
    for (size_t i = 0; i < 2; i++)
        world.nodes[world_add(100)].scopes[1] = "other";
    world_start(0);
    world_start(1);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(8000)), 0);
    world_run(MS(1000));
    CU_ASSERT_EQUAL(world_stepdown(0, "other", 60000), 0);
    world_run(MS(1000));
    CU_ASSERT(world_acts(0));
    CU_ASSERT_FALSE(bw_election_may_act(world.nodes[0].election, "other", world_time(0)));
    CU_ASSERT_TRUE(bw_election_may_act(world.nodes[1].election, "other", world_time(1)));
}

static void only_candidates_step_down(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    CU_ASSERT_EQUAL(world_stepdown(0, "nothing", 1000), BW_ERR_NOT_FOUND);
    size_t observer = world_add(-1);
    world_start(observer);
    world_run(MS(1000));
    CU_ASSERT_EQUAL(world_stepdown(observer, SCOPE, 1000), BW_ERR_NOT_FOUND);
    CU_ASSERT(world_acts(0));
}

/* A new life: it listens for a lease before it claims, though it is the only one left. */
static void who_returns_listens_and_stands_again(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    world_leave(0);
    world_run(MS(10000));
    CU_ASSERT(world_acts(1));
    world_return(0);
    world_run(MS(10000));
    CU_ASSERT(world_acts(1)); /* it does not take the lead back */
    CU_ASSERT(ready(0, 0) && ready(1, 0));
    world_leave(1);
    world_run(MS(10));
    CU_ASSERT(world_acts(0));
}

static void who_returns_alone_waits_for_the_others_first(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    world.nodes[0].has_seeds = false;
    world_crash(1, false);
    world_run(MS(20000));
    CU_ASSERT(world_acts(0));
    world_leave(0);
    CU_ASSERT_FALSE(world_acts(0));
    world_run(MS(1000));
    world_return(0);
    world_run(world.params.alone_ms * MS(1) - MS(100));
    CU_ASSERT_FALSE(world_acts(0));
    world_run(MS(5000));
    CU_ASSERT(world_acts(0));
}

static void returning_ends_a_stepdown(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 600000), 0);
    world_run(MS(1000));
    world_leave(0);
    world_run(MS(1000));
    world_return(0);
    world_run(MS(5000));
    CU_ASSERT(ready(0, 0) && ready(1, 0));
    world_return(0); /* who did not leave does not return */
    CU_ASSERT_EQUAL(world_leader(), 1);
}

static const struct tap_test tests[] = {
    TAP_TEST(stepping_down_hands_over_within_a_round_trip),
    TAP_TEST(who_stepped_down_stands_again_when_the_time_is_over),
    TAP_TEST(ready_again_it_does_not_take_the_lead_back),
    TAP_TEST(who_stepped_down_delays_nobody),
    TAP_TEST(a_candidate_steps_down_before_it_leads),
    TAP_TEST(a_second_stepdown_counts_from_its_own_time),
    TAP_TEST(one_scope_alone_is_given_up),
    TAP_TEST(only_candidates_step_down),
    TAP_TEST(who_returns_listens_and_stands_again),
    TAP_TEST(who_returns_alone_waits_for_the_others_first),
    TAP_TEST(returning_ends_a_stepdown),
};
const struct tap_suite election_standing_suite = TAP_SUITE_WITH("election standing", tests, set_up, world_end);
