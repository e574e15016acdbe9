/* Scenarios of clocks that jump, machines that sleep, leases that differ, and starts in a hurry. */
#include "tests/scenario/story.h"

#define HOUR_MS INT64_C(3600000)
#define YEAR_MS (INT64_C(365) * 24 * HOUR_MS)

static void durable_candidates(void) {
    story_set_up();
    options.durable = true;
    options.forbid_overlap = true;
}

/* -- real time (45, 52) -- */

static const int64_t jumps_ms[] = {HOUR_MS, -HOUR_MS, 10 * YEAR_MS, -10 * YEAR_MS};

/* What it may not know: how long it was away. It gives the lead up at once; the next term is above, whatever the clock says. */
static void a_leader_whose_real_time_jumps_gives_the_lead_up(void) {
    for (size_t i = 0; i < BW_COUNT(jumps_ms); i++) {
        size_t leader = cluster(i + 1, 5);
        if (leader == NOBODY)
            return;
        struct bw_token before = token_of(leader);
        uint64_t deposed = events(leader, BW_EVENT_SELF_DEPOSED);
        bw_sim_wall_step(sim, leader, jumps_ms[i]);
        run_ms(options.params.lease_ms / 6 + 50); /* to its next round */
        CHECK(events(leader, BW_EVENT_SELF_DEPOSED) == deposed + 1);
        size_t next = wait_leader(10000);
        if (!CHECK(next != NOBODY))
            return;
        struct bw_token after = token_of(next);
        CHECK(token_rises(&before, &after));
        run_ms(30000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == next && acting_count() == 1);
        CHECK(accused_in(0, 5) == 0);
    }
}

/* A follower's clock moves nothing, neither then nor when it has to lead: its terms may only skip numbers. */
static void a_follower_whose_real_time_jumps_disturbs_nothing(void) {
    for (size_t i = 0; i < BW_COUNT(jumps_ms); i++) {
        world(i + 1, 4);
        for (size_t k = 0; k < 4; k++)
            bw_sim_set_priority(sim, k, (uint16_t)(400 - 100 * k));
        bw_sim_start_all(sim);
        CHECK(wait_leader(10000) == 0);
        run_ms(5000);
        struct bw_token before = token_of(0);
        uint64_t elected = events(EVERYBODY, BW_EVENT_LEADER_ELECTED);
        bw_sim_wall_step(sim, 1, jumps_ms[i]);
        run_ms(60000);
        CHECK(may_act(0) && events(EVERYBODY, BW_EVENT_LEADER_ELECTED) == elected);
        CHECK(accused_in(0, 4) == 0 && bw_sim_converged(sim));
        bw_sim_crash(sim, 0);
        CHECK(wait_other_leader(0, 3000) == 1);
        struct bw_token after = token_of(1);
        CHECK(token_rises(&before, &after));
        bw_sim_crash(sim, 1); /* the next one's clock is right: it goes on from there */
        CHECK(wait_other_leader(1, 8000) == 2);
        struct bw_token last = token_of(2);
        CHECK(token_rises(&after, &last));
    }
}

/* -- sleep (45) -- */

static void after_ten_minutes_of_sleep_a_leader_wakes_up_as_a_follower(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        size_t leader = cluster(seed, 5);
        if (leader == NOBODY)
            return;
        struct bw_token before = token_of(leader);
        bw_sim_pause(sim, leader);
        bw_sim_host_silent(sim, leader, true);
        size_t next = wait_other_leader(leader, 10000);
        CHECK(next != NOBODY);
        run_ms(600000);
        CHECK(!may_act(leader)); /* by its own clocks, before it has done anything */
        uint64_t dead = events(leader, BW_EVENT_MEMBER_DEAD);
        bw_sim_host_silent(sim, leader, false);
        bw_sim_continue(sim, leader);
        run_ms(100);
        CHECK(!may_act(leader));
        run_ms(30000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == next && acting_count() == 1);
        CHECK(events(leader, BW_EVENT_MEMBER_DEAD) == dead); /* and it accuses nobody */
        struct bw_token after = token_of(next);
        CHECK(token_rises(&before, &after));
        CHECK(wait_converged(30000));
    }
}

/* -- leases that differ (46) -- */

static void lease_of_its_own(void *context, size_t host, struct bw_config *config) {
    static struct bw_scope_config scope; /* copied by the node */
    (void)context;
    scope = config->scopes[0];
    scope.lease_ms = (uint32_t)(500 << host % 4); /* 500, 1000, 2000, 4000 */
    config->scopes = &scope;
}

/* Whoever leads and falls silent, its successor waits for the lease that was promised, not for its own. */
static void with_leases_that_differ_the_promised_one_counts(void) {
    options.configure = lease_of_its_own;
    for (uint64_t seed = 1; seed <= seed_count(8); seed++) {
        world(seed, 4);
        for (size_t i = 0; i < 4; i++)
            bw_sim_set_priority(sim, i, (uint16_t)(100 + 100 * ((i + seed) % 4)));
        bw_sim_start_all(sim);
        size_t leader = wait_leader(15000);
        if (!CHECK(leader != NOBODY))
            return;
        run_ms(6000 + (int64_t)(seed * 97 % 500));
        int64_t lease_ms = INT64_C(500) << leader % 4;
        CHECK(bw_sim_lease_us(sim, leader, SCOPE) <= lease_ms * BW_US_PER_MS);
        bw_sim_host_silent(sim, leader, true); /* an overlap in real time would be a violation */
        int64_t from_ms = now_ms();
        CHECK(wait_other_leader(leader, lease_ms + 8000) != NOBODY);
        CHECK(now_ms() - from_ms >= lease_ms - lease_ms / 6);
        bw_sim_host_silent(sim, leader, false);
        run_ms(20000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) != NOBODY && acting_count() == 1);
    }
}

/* -- in a hurry (46) -- */

/* Started, stopped and started within 100 ms, again and again, in order or not: events alternate and terms rise (else it is
 * a violation), and in the end all is as if nothing had been. */
static void starts_and_stops_within_100_ms(bool leave) {
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        size_t leader = cluster(seed, 4);
        if (leader == NOBODY)
            return;
        size_t host = seed % 2 == 0 ? leader : (leader + 1) % 4;
        for (size_t i = 0; i < 20; i++) {
            if (leave)
                bw_sim_leave(sim, host);
            run_ms((int64_t)(seed + i) * 13 % 60);
            bw_sim_crash(sim, host);
            run_ms((int64_t)(seed + i) * 7 % 40);
            CHECK(bw_sim_start(sim, host) == 0);
            run_ms((int64_t)(seed + i) * 11 % 50);
        }
        CHECK(wait_leader(15000) != NOBODY);
        run_ms(20000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) != NOBODY && acting_count() == 1);
        CHECK(wait_converged(30000));
        for (size_t i = 0; i < 4; i++)
            CHECK(everywhere(i, BW_STATUS_ALIVE));
    }
}

static void a_member_that_crashes_and_starts_within_100_ms(void) {
    starts_and_stops_within_100_ms(false);
}

static void a_member_that_leaves_and_starts_within_100_ms(void) {
    starts_and_stops_within_100_ms(true);
}

/* -- clocks that drift (45) -- */

static void three_voters(void) {
    story_set_up();
    options.durable = true;
    options.voter_count = 3;
}

/* The leader's clock is slow, and so its lease is long; the voters' are fast, and so their promises are short. */
static void drift(size_t leader, int32_t ppm) {
    for (size_t i = 0; i < 3; i++)
        bw_sim_clock_rate(sim, i, i == leader ? -ppm : ppm);
}

/* Two valid leases at one instant would be a violation. */
static void cut_off(size_t leader) {
    bw_sim_partition(sim, (unsigned[]){leader == 0, leader == 1, leader == 2});
    run_ms(2 * options.params.lease_ms + 10000);
}

/* After a day the clocks are minutes apart. Nobody notices, and the lease still ends in time. */
static void a_day_of_drift_moves_nothing(void) {
    options.params.lease_ms = 5000; /* few renewals: a day of them is to be had in seconds */
    size_t leader = cluster(1, 3);
    if (leader == NOBODY)
        return;
    struct bw_token before = token_of(leader);
    drift(leader, (int32_t)options.params.drift_ppm);
    protect(0, 3);
    run_ms(24 * HOUR_MS);
    int64_t apart_us = bw_sim_clock(sim, (leader + 1) % 3).mono_us - bw_sim_clock(sim, leader).mono_us;
    CHECK(apart_us >= 24 * HOUR_MS * 2 * options.params.drift_ppm / 1000);
    struct bw_token after = token_of(leader);
    CHECK(may_act(leader) && bw_token_compare(&before, &after) == 0);
    CHECK(accused_in(0, 3) == 0);
    bw_sim_protect(sim, leader, false);
    cut_off(leader);
    CHECK(acting_count() == 1 && !may_act(leader));
}

/* In how many of the runs the leases overlap. */
static size_t overlaps(int32_t ppm) {
    size_t count = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        options.params.stagger_ms = 5; /* as soon as a promise is over, somebody claims */
        options.params.settle_ms = 50;
        size_t leader = cluster(seed, 3);
        if (leader == NOBODY)
            return 0;
        drift(leader, ppm);
        run_ms(3000);
        cut_off(leader);
        if (bw_sim_violation(sim) == NULL)
            continue;
        count += CHECK(bw_sim_broken(sim) == BW_INVARIANT_ONE_LEASE);
        bw_sim_destroy(sim); /* it is what was to be seen */
        sim = NULL;
    }
    return count;
}

static void ten_times_the_drift_is_caught(void) {
    int32_t ppm = (int32_t)options.params.drift_ppm;
    CHECK(overlaps(ppm) == 0);
    size_t caught = overlaps(10 * ppm);
    tap_note("two valid leases at one instant in %zu of 30 runs", caught);
    CHECK(caught > 0);
}

static const struct tap_test clock_tests[] = {
    TAP_TEST(a_leader_whose_real_time_jumps_gives_the_lead_up),
    TAP_TEST(a_follower_whose_real_time_jumps_disturbs_nothing),
    TAP_TEST(after_ten_minutes_of_sleep_a_leader_wakes_up_as_a_follower),
    TAP_TEST(with_leases_that_differ_the_promised_one_counts),
    TAP_TEST(a_member_that_crashes_and_starts_within_100_ms),
    TAP_TEST(a_member_that_leaves_and_starts_within_100_ms),
};
static const struct tap_test drift_tests[] = {
    TAP_TEST(a_day_of_drift_moves_nothing),
    TAP_TEST(ten_times_the_drift_is_caught),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("clocks and haste", clock_tests, durable_candidates, story_tear_down),
    TAP_SUITE_WITH("drift", drift_tests, three_voters, story_tear_down),
};

TAP_MAIN(suites)
