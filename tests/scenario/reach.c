/* Scenarios of leaders that reach only some (42, 50): the leadership goes to who reaches more, and stays there. */
#include "tests/scenario/story.h"

#define MINUTE_MS 60000

static void durable_candidates(void) {
    story_set_up();
    options.durable = true;
}

/* Node 0 has the highest priority, and leads. */
static void ranked(uint64_t seed, size_t count) {
    world(seed, count);
    for (size_t i = 0; i < count; i++)
        bw_sim_set_priority(sim, i, (uint16_t)(300 - 10 * i));
    bw_sim_start_all(sim);
    CHECK(wait_leader(20000) == 0);
    run_ms(5000 + (int64_t)(seed * 137 % 1009));
}

static void a_leader_that_reaches_one_of_four_hands_over(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        options.forbid_overlap = true;
        ranked(seed, 5);
        for (size_t i = 1; i < 4; i++)
            bw_sim_cut(sim, 0, i);
        CHECK(wait_other_leader(0, 6000) != NOBODY);
        run_ms(5 * MINUTE_MS);
        CHECK(events(0, BW_EVENT_SELF_ELECTED) == 1);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= 3); /* to the one that it reached, and on to the best */
        bw_sim_heal(sim);
        CHECK(bw_sim_wait_other_leader(sim, SCOPE, 1, 3 * MINUTE_MS) == 0); /* and back, by request */
    }
}

/* Its whole link, both ways, for an hour. */
static void a_leaders_link_on_and_off_moves_the_lead_six_times_at_most(void) {
    for (uint64_t seed = 1; seed <= seed_count(2); seed++) {
        ranked(seed, 5);
        *bw_sim_in(sim, 0) = *bw_sim_out(sim, 0) = (struct bw_sim_link){.up_ms = 5000, .down_ms = 5000};
        run_ms(60 * MINUTE_MS);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= 1 + 6);
        bw_sim_heal(sim);
        CHECK(wait_leader(MINUTE_MS) != NOBODY);
    }
}

/* Only its links to three of four are so. */
static void a_bridge_on_and_off_moves_the_lead_six_times_at_most(void) {
    for (uint64_t seed = 1; seed <= seed_count(2); seed++) {
        ranked(seed, 5);
        for (size_t i = 1; i < 4; i++) {
            bw_sim_link(sim, 0, i)->up_ms = bw_sim_link(sim, i, 0)->up_ms = 5000;
            bw_sim_link(sim, 0, i)->down_ms = bw_sim_link(sim, i, 0)->down_ms = 5000;
        }
        run_ms(60 * MINUTE_MS);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= 1 + 6);
        CHECK(acting_count() == 1);
    }
}

/* Each hears its two neighbours alone, and now and then holds a distant one for dead. Nobody is better than the others: the lead
 * may move for a while, ever more seldom, but it is there. */
static void in_a_ring_of_six_there_is_a_leader(void) {
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        unsigned led = 0;
        cluster(seed, 6);
        for (size_t i = 0; i < 6; i++)
            for (size_t k = 0; k < i; k++)
                if (i - k != 1 && i - k != 5)
                    bw_sim_cut(sim, i, k);
        for (int second = 0; second < 1200; second++) {
            run_ms(1000);
            led += acting_count() == 1;
        }
        CHECK(led >= 1180);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= 40);
        bw_sim_heal(sim);
        CHECK(wait_leader(MINUTE_MS) != NOBODY);
        CHECK(wait_converged(MINUTE_MS));
    }
}

/* Three of five successors die at one moment: nobody's reach has become less. */
static void the_dead_do_not_count(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        ranked(seed, 7);
        for (size_t i = 2; i < 6; i++) {
            bw_sim_crash(sim, i);
            bw_sim_host_silent(sim, i, seed % 2 == 0);
        }
        run_ms(2 * MINUTE_MS);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == 0);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == 1);
    }
}

static const struct tap_test reach_tests[] = {
    TAP_TEST(a_leader_that_reaches_one_of_four_hands_over),
    TAP_TEST(a_leaders_link_on_and_off_moves_the_lead_six_times_at_most),
    TAP_TEST(a_bridge_on_and_off_moves_the_lead_six_times_at_most),
    TAP_TEST(in_a_ring_of_six_there_is_a_leader),
    TAP_TEST(the_dead_do_not_count),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("reach", reach_tests, durable_candidates, story_tear_down),
};

TAP_MAIN(suites)
