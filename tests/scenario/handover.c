/* Scenarios of leadership that moves because somebody wants it to: transfers. */
#include "tests/scenario/story.h"

#include <string.h>

static void durable_candidates(void) {
    story_set_up();
    options.durable = true;
}

/* There, the disk, and the claim's round trip. */
static int64_t at_once_us(void) {
    int64_t way_us = (int64_t)options.latency_us + options.jitter_us;
    return 4 * way_us + options.write_us + 2 * (int64_t)options.tick_late_us;
}

static int transfer(size_t from, size_t to) {
    return bw_sim_transfer(sim, from, SCOPE, to);
}

static size_t other_than(size_t a, size_t b) {
    size_t host = 0;
    while (host == a || host == b)
        host++;
    return host;
}

/* -- transfers (scenario 47) -- */

static void a_transfer_makes_the_named_member_leader(void) {
    for (uint64_t seed = 1; seed <= seed_count(6); seed++) {
        options.forbid_overlap = true;
        size_t leader = cluster(seed, 5);
        size_t to = (leader + 1 + (size_t)seed % 4) % 5;
        struct bw_token before = token_of(leader);
        int64_t from_us = bw_sim_now_us(sim);
        CHECK(transfer(leader, to) == 0);
        CHECK(!may_act(leader));
        CHECK(wait_other_leader(leader, 1000) == to);
        CHECK(bw_sim_now_us(sim) - from_us <= at_once_us());
        struct bw_token after = token_of(to);
        CHECK(token_rises(&before, &after));
        run_ms(20000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == to);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == 2);
    }
}

/* The message for all goes to 64 of them: who is named hears of it at once all the same. */
static void one_of_many_is_told_at_once(void) {
    options.forbid_overlap = true;
    size_t leader = cluster(1, 90);
    for (size_t to = 0; to < 90; to += 23) {
        if (to == leader)
            continue;
        int64_t from_us = bw_sim_now_us(sim);
        CHECK(transfer(leader, to) == 0);
        while (!may_act(to) && bw_sim_now_us(sim) - from_us <= at_once_us())
            bw_sim_run_us(sim, 100);
        CHECK(may_act(to));
        CHECK(wait_other_leader(leader, 3000) == to);
        leader = to;
        run_ms(2000);
    }
}

static void a_transfer_to_one_that_dies_costs_two_seconds_at_most(void) {
    for (uint64_t seed = 1; seed <= seed_count(6); seed++) {
        options.forbid_overlap = true;
        size_t leader = cluster(seed, 5);
        size_t to = (leader + 1) % 5;
        bool silent = seed % 2 == 0; /* else its host refuses for it */
        bw_sim_crash(sim, to);
        bw_sim_host_silent(sim, to, silent);
        CHECK(transfer(leader, to) == 0); /* nobody knows yet */
        size_t next = wait_other_leader(to, 3500);
        CHECK(next != NOBODY && next != to);
        run_ms(20000);
        CHECK(acting_count() == 1);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == next);
    }
}

/* The record carries it where messages do not get through. */
static void a_transfer_survives_loss_and_a_broken_link(void) {
    for (uint64_t seed = 1; seed <= seed_count(6); seed++) {
        options.forbid_overlap = true;
        size_t leader = cluster(seed, 5);
        size_t to = (leader + 2) % 5;
        bw_sim_cut(sim, leader, to);
        CHECK(transfer(leader, to) == 0);
        CHECK(wait_other_leader(leader, 1900) == to);
        run_ms(3000);
        CHECK(transfer(to, other_than(leader, to)) == 0);
        CHECK(wait_other_leader(to, 3000) == other_than(leader, to));
    }
}

static const struct tap_test transfer_tests[] = {
    TAP_TEST(a_transfer_makes_the_named_member_leader),
    TAP_TEST(one_of_many_is_told_at_once),
    TAP_TEST(a_transfer_to_one_that_dies_costs_two_seconds_at_most),
    TAP_TEST(a_transfer_survives_loss_and_a_broken_link),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("transfers", transfer_tests, durable_candidates, story_tear_down),
};

TAP_MAIN(suites)
