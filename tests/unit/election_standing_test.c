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

/* ------------------------------------------------------------------ the gate, and priorities */

static void who_is_not_ready_hands_over_and_does_not_stand(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, false, 0), 0);
    CU_ASSERT_FALSE(world_acts(0));
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_NOT_READY);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 1);
    CU_ASSERT(world.now_us - from_us <= 3 * world.delay_us + MS(2));
    world_run(MS(100));
    CU_ASSERT(world_all_follow(1));
    CU_ASSERT_EQUAL(world_last(2, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_NOT_READY);
    CU_ASSERT_FALSE(ready(2, 0));
    CU_ASSERT(world_hits(BW_RULE_ONLY_THE_READY_STAND) > 0);
    world_crash(1, true);
    world_crash(2, true);
    world_run(MS(60000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES); /* no leader rather than one that is not ready */
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, true, 0), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(5000)), 0);
    CU_ASSERT_TRUE(ready(0, 0));
}

/* A readiness with a ttl is worth nothing after it: at 2,999 ms it leads, at 3,001 ms not. */
static void readiness_lapses_unless_it_is_repeated(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, true, 1000), 0);
    world_run(MS(900));
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, true, 2100), 0);
    world_run(from_us + MS(2999) - world.now_us);
    CU_ASSERT_TRUE(world_acts(0));
    world_run(MS(2));
    CU_ASSERT_FALSE(world_acts(0));
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_NOT_READY);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 1);
    CU_ASSERT_EQUAL(world_ready(1, SCOPE, true, 5000), 0);
    CU_ASSERT_EQUAL(world_ready(1, SCOPE, true, 0), 0); /* from now on without an end */
    world_run(MS(20000));
    CU_ASSERT_TRUE(world_acts(1));
}

/* A promise is not pushed back because we slept: what lapsed meanwhile has lapsed. */
static void readiness_lapses_while_asleep(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    CU_ASSERT_EQUAL(world_ready(1, SCOPE, true, 3000), 0);
    world_pause(1);
    world_run(MS(4000));
    world_resume(1);
    world_run(MS(200));
    CU_ASSERT_FALSE(ready(0, 1));
    CU_ASSERT_FALSE(ready(1, 1));
}

static void a_gate_and_a_stepdown_are_two_things(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 5000), 0);
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, false, 0), 0);
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, true, 0), 0);
    world_run(MS(4900));
    CU_ASSERT_FALSE(ready(1, 0)); /* ready, and still stepped down */
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, false, 0), 0);
    world_run(MS(5000));
    CU_ASSERT_FALSE(ready(1, 0)); /* its time is over, and it is not ready */
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, true, 0), 0);
    world_run(MS(200));
    CU_ASSERT_TRUE(ready(1, 0));
    CU_ASSERT_EQUAL(world_ready(0, "nothing", true, 0), BW_ERR_NOT_FOUND);
}

static void a_changed_priority_counts_for_the_next_leader(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(4), 0);
    CU_ASSERT_EQUAL(world_priority(2, SCOPE, 500), 0);
    CU_ASSERT_EQUAL(world_priority(2, SCOPE, 500), 0);
    world_run(MS(20000));
    CU_ASSERT_TRUE(world_acts(0)); /* it moves nothing by itself */
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 0);
    CU_ASSERT(world_hits(BW_RULE_PRIORITY_CHANGES) > 0);
    struct bw_candidate_info best;
    CU_ASSERT_EQUAL(bw_election_candidate(world.nodes[1].election, SCOPE, 0, &best), 0);
    CU_ASSERT(bw_id_equal(&best.id, &world.nodes[2].id) && best.priority == 500);
    world_crash(0, true);
    CU_ASSERT_EQUAL(world_until_led(MS(5000)), 2);
    CU_ASSERT_EQUAL(world_priority(1, "nothing", 1), BW_ERR_NOT_FOUND);
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
    TAP_TEST(who_is_not_ready_hands_over_and_does_not_stand),
    TAP_TEST(readiness_lapses_unless_it_is_repeated),
    TAP_TEST(readiness_lapses_while_asleep),
    TAP_TEST(a_gate_and_a_stepdown_are_two_things),
    TAP_TEST(a_changed_priority_counts_for_the_next_leader),
};
const struct tap_suite election_standing_suite = TAP_SUITE_WITH("election standing", tests, set_up, world_end);
