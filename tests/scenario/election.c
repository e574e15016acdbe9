/* Scenarios of the election: one leader per component, larger tokens, and no two that may act at one instant. */
#include "tests/scenario/story.h"

#define LONG_MS 60000

static void durable_candidates(void) {
    story_set_up();
    options.durable = true;
}

/* -- the leader goes (scenario 26) -- */

/* How a leader may go. Afterwards somebody else leads everywhere, with a larger token; and exactly one change was needed. */
enum end { CRASH, SILENCE, ORDERLY };

static int64_t failover_ms(uint64_t seed, size_t n, enum end end) {
    size_t leader = cluster(seed, n);
    if (leader == NOBODY)
        return INT64_MAX;
    struct bw_token before = token_of(leader);
    uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
    int64_t from_us = bw_sim_now_us(sim);
    if (end == ORDERLY) {
        bw_sim_leave(sim, leader);
        CHECK(bw_sim_wait_left(sim, leader, 2000));
    }
    bw_sim_crash(sim, leader);
    bw_sim_host_silent(sim, leader, end == SILENCE);
    size_t successor = wait_other_leader(leader, 10000);
    int64_t took_us = bw_sim_now_us(sim) - from_us;
    if (!CHECK(successor != NOBODY))
        return INT64_MAX;
    struct bw_token after = token_of(successor);
    CHECK(token_rises(&before, &after));
    run_ms(10000);
    CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == elected + 1);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) == successor);
    CHECK(acting_count() == 1);
    return took_us / BW_US_PER_MS;
}

static void fail_over(enum end end, const char *what, struct sample *sample) {
    options.forbid_overlap = true;
    for (uint64_t seed = 1; seed <= seed_count(12); seed++)
        sample_add(sample, failover_ms(seed, 5, end));
    sample_note(sample, what);
}

static void a_crashed_leader_is_replaced_within_a_second(void) {
    struct sample sample = {.count = 0};
    fail_over(CRASH, "leader's process crashes, new leader known everywhere", &sample);
    CHECK(sample_percentile(&sample, 50) <= 300);
    CHECK(sample_percentile(&sample, 99) <= 1000);
}

static void a_silent_leader_is_replaced_after_its_lease(void) {
    struct sample sample = {.count = 0};
    fail_over(SILENCE, "leader's host falls silent, new leader known everywhere", &sample);
    CHECK(sample_percentile(&sample, 0) >= options.params.lease_ms - options.params.lease_ms / 6); /* not before */
    CHECK(sample_percentile(&sample, 50) <= 2000);
    CHECK(sample_percentile(&sample, 99) <= 2500);
}

/* Who ranks next claims unasked: bully costs nothing here. */
static void bully_replaces_a_leader_as_soon(void) {
    struct sample crash = {.count = 0}, silence = {.count = 0};
    options.mode = BW_MODE_BULLY;
    options.preempt_ms = 0;
    fail_over(CRASH, "bully: leader's process crashes, new leader known everywhere", &crash);
    CHECK(sample_percentile(&crash, 50) <= 300);
    CHECK(sample_percentile(&crash, 99) <= 1000);
    fail_over(SILENCE, "bully: leader's host falls silent, new leader known everywhere", &silence);
    CHECK(sample_percentile(&silence, 50) <= 2000);
    CHECK(sample_percentile(&silence, 99) <= 2500);
}

static void an_orderly_leader_hands_over_at_once(void) {
    struct sample sample = {.count = 0};
    fail_over(ORDERLY, "leader leaves, new leader known everywhere", &sample);
    CHECK(sample_percentile(&sample, 50) <= 50);
    CHECK(sample_percentile(&sample, 100) <= 500);
}

static void safe_failover_waits_for_the_lease_even_when_refused(void) {
    options.failover = BW_FAILOVER_SAFE;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        int64_t took_ms = failover_ms(seed, 5, CRASH);
        CHECK(took_ms >= options.params.lease_ms - options.params.lease_ms / 6);
        CHECK(took_ms <= 2500);
    }
}

static void a_stopped_leader_wakes_up_deposed(void) {
    options.forbid_overlap = true;
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = cluster(seed, 5);
        struct bw_token before = token_of(leader);
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        bw_sim_pause(sim, leader);
        size_t successor = wait_other_leader(leader, 2500);
        if (!CHECK(successor != NOBODY))
            return;
        struct bw_token after = token_of(successor);
        CHECK(token_rises(&before, &after));
        run_ms(5000);
        bw_sim_continue(sim, leader);
        CHECK(!may_act(leader));
        CHECK(events(leader, BW_EVENT_SELF_DEPOSED) == events(leader, BW_EVENT_SELF_ELECTED));
        run_ms(10000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == successor);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == elected + 1);
    }
}

/* It stops acting by itself when its lease ends, and its successor starts no sooner than the margin later: in real time. */
static void a_leader_cut_off_from_all_stops_before_its_successor_starts(void) {
    options.forbid_overlap = true;
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = cluster(seed, 5);
        if (leader == NOBODY)
            return;
        struct bw_token before = token_of(leader);
        bw_sim_host_silent(sim, leader, true);
        int64_t lease_us = bw_sim_lease_us(sim, leader, SCOPE);
        CHECK(lease_us >= (options.params.lease_ms - 300) * BW_US_PER_MS);
        bw_sim_run_us(sim, lease_us - 1);
        CHECK(may_act(leader));
        CHECK(acting_count() == 1);
        bw_sim_run_us(sim, 1);
        CHECK(!may_act(leader));
        run_ms(options.params.lease_margin_ms);
        CHECK(acting_count() == 0);
        run_ms(500);
        CHECK(acting_count() == 1);
        CHECK(!may_act(leader));
        CHECK(events(leader, BW_EVENT_SELF_DEPOSED) == 1);
        run_ms(5000);
        bw_sim_host_silent(sim, leader, false);
        size_t successor = wait_leader(40000);
        if (!CHECK(successor != NOBODY && successor != leader))
            return;
        struct bw_token after = token_of(successor);
        CHECK(token_rises(&before, &after));
        CHECK(bw_sim_overlap_us(sim, SCOPE) == 0);
    }
}

/* The first lease runs from the claim's sending, not from its confirmation or later. */
static void a_leader_cut_off_when_it_has_just_been_elected_stops_in_time(void) {
    options.forbid_overlap = true;
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        world(seed, 5);
        bw_sim_start_all(sim);
        size_t leader = wait_leader(10000);
        if (!CHECK(leader != NOBODY))
            return;
        run_ms((int64_t)(seed * 137 % 251)); /* up to one round later */
        CHECK(bw_sim_lease_us(sim, leader, SCOPE) <= options.params.lease_ms * BW_US_PER_MS);
        bw_sim_host_silent(sim, leader, true);
        run_ms(2500);
        CHECK(acting_count() == 1 && !may_act(leader));
    }
}

/* Slow links: a lease that ran from the acknowledgement instead of the sending would overlap. */
static void a_lease_runs_from_the_sending_of_its_round(void) {
    options.forbid_overlap = true;
    options.latency_us = 110000;
    options.jitter_us = 5000;
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = cluster(seed, 5);
        if (leader == NOBODY)
            return;
        bw_sim_host_silent(sim, leader, true);
        run_ms(options.params.lease_ms);
        CHECK(!may_act(leader));
        run_ms(2500);
        CHECK(acting_count() == 1 && !may_act(leader));
    }
}

/* -- beginnings (scenario 29) -- */

static void simultaneous_starts_give_one_leader(void) {
    static const size_t sizes[] = {1, 2, 3, 10, 50};
    for (size_t s = 0; s < BW_COUNT(sizes); s++)
        for (uint64_t seed = 1; seed <= 2; seed++) {
            options.forbid_overlap = true;
            size_t leader = cluster(seed, sizes[s]);
            CHECK(leader != NOBODY);
            CHECK(acting_count() == 1);
            CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == 1);
            CHECK(events(EVERYBODY, BW_EVENT_SELF_DEPOSED) == 0);
        }
}

static void a_new_cluster_has_a_leader_soon(void) {
    struct sample sample = {.count = 0};
    for (uint64_t seed = 1; seed <= seed_count(10); seed++) {
        world(seed, 5);
        bw_sim_start_all(sim);
        CHECK(wait_leader(10000) != NOBODY);
        sample_add(&sample, now_ms());
    }
    sample_note(&sample, "five start, a leader is known everywhere");
    CHECK(sample_percentile(&sample, 100) <= 4000);
}

static void the_best_candidate_is_elected(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        world(seed, 7);
        bw_sim_set_priority(sim, seed % 7, 200);
        bw_sim_start_all(sim);
        CHECK(wait_leader(10000) == seed % 7);
    }
}

static void observers_never_lead(void) {
    options.candidate_count = 2;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        size_t leader = cluster(seed, 6);
        CHECK(leader < 2);
        bw_sim_crash(sim, leader);
        CHECK(wait_other_leader(leader, 3000) == 1 - leader);
        bw_sim_crash(sim, 1 - leader);
        run_ms(LONG_MS);
        CHECK(acting_count() == 0);
        for (size_t i = 2; i < 6; i++)
            CHECK(events(i, BW_EVENT_SELF_ELECTED) == 0);
    }
}

/* Its seed is silent: a cluster of one has to be sure first. */
static void nobody_leads_alone_before_its_time(void) {
    world(1, 2);
    bw_sim_host_silent(sim, 0, true);
    bw_sim_start(sim, 1);
    run_ms(options.params.alone_ms - 1);
    CHECK(!may_act(1));
    CHECK(events(1, BW_EVENT_SELF_ELECTED) == 0);
    run_ms(3001);
    CHECK(may_act(1));
}

static void who_has_no_seeds_leads_soon(void) {
    options.seeds = BW_SIM_SEEDS_NONE;
    world(1, 1);
    bw_sim_start(sim, 0);
    CHECK(wait_leader(3000) == 0);
}

/* -- candidates -- */

/* n1, the next best after the leader n0, does not run when n0's host falls silent, and is not yet known for dead: n2 leads. Who leads
 * when n1 goes on is the policy's business. */
static void best_successor_hangs(size_t in_the_end) {
    options.forbid_overlap = true;
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        world(seed, 5);
        for (size_t i = 0; i < 5; i++)
            bw_sim_set_priority(sim, i, (uint16_t)(500 - 100 * i));
        bw_sim_start_all(sim);
        CHECK(wait_leader(10000) == 0);
        run_ms(20000);
        bw_sim_pause(sim, 1);
        bw_sim_crash(sim, 0);
        bw_sim_host_silent(sim, 0, true);
        CHECK(wait_other_leader(0, 4000) == 2);
        bw_sim_continue(sim, 1);
        run_ms(20000);
        CHECK(acting_count() == 1);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == in_the_end);
    }
}

static void the_best_successor_hangs(void) {
    options.preempt_ms = BW_PREEMPT_NEVER;
    best_successor_hangs(2);
}

/* It is asked first: by round trips measured on these links, not by the profile's longest wait. And takes over in the end. */
static void bully_does_without_a_best_successor_that_hangs(void) {
    options.mode = BW_MODE_BULLY;
    options.preempt_ms = 0;
    best_successor_hangs(1);
}

static void the_top_three_die_at_once(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        world(seed, 7);
        for (size_t i = 0; i < 7; i++)
            bw_sim_set_priority(sim, i, (uint16_t)(700 - 100 * i));
        bw_sim_start_all(sim);
        CHECK(wait_leader(10000) == 0);
        run_ms(5000);
        for (size_t i = 0; i < 3; i++)
            bw_sim_crash(sim, i);
        CHECK(wait_other_leader(0, 4000) == 3);
    }
}

static void a_better_candidate_that_joins_does_not_usurp(void) {
    options.preempt_ms = BW_PREEMPT_NEVER;
    world(1, 4);
    bw_sim_set_priority(sim, 3, 200);
    for (size_t i = 0; i < 3; i++)
        bw_sim_start(sim, i);
    size_t leader = wait_leader(10000);
    CHECK(leader != NOBODY);
    for (size_t flap = 0; flap < 4; flap++) {
        bw_sim_start(sim, 3);
        run_ms(5000);
        bw_sim_crash(sim, 3);
        run_ms(5000);
    }
    bw_sim_start(sim, 3);
    run_ms(LONG_MS);
    CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == 1);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) == leader);
}

/* Scenario 32: there, the disk, and the claim's round trip; and not back before its time, nor after it of itself. */
static void a_stepdown_moves_the_lead_and_not_back(void) {
    for (uint64_t seed = 1; seed <= seed_count(6); seed++) {
        options.forbid_overlap = true;
        size_t leader = cluster(seed, 5);
        int64_t from_us = bw_sim_now_us(sim);
        int64_t way_us = (int64_t)options.latency_us + options.jitter_us;
        CHECK(bw_sim_stepdown(sim, leader, SCOPE, 30000) == 0);
        CHECK(!may_act(leader));
        size_t heir = wait_other_leader(leader, 1000);
        CHECK(heir != NOBODY && heir != leader);
        CHECK(bw_sim_now_us(sim) - from_us <= 4 * way_us + options.write_us + 2 * (int64_t)options.tick_late_us);
        bw_sim_crash(sim, heir);
        size_t next = wait_other_leader(heir, 3000);
        CHECK(next != NOBODY && next != leader);
        run_ms(40000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == next);
        CHECK(bw_sim_converged(sim));
    }
}

static bool somebody_acts(struct bw_sim *asked, void *context) {
    (void)asked, (void)context;
    return acting_count() > 0;
}

/* The others have not listened for as long as each other when it dies, so that their claims may come close to each other. */
static void a_leader_killed_at_its_election_has_one_successor(void) {
    for (uint64_t seed = 1; seed <= seed_count(60); seed++) {
        size_t count = 3 + seed % 3;
        options.write_us = 200 + (uint32_t)(seed * 7919 % 20000);
        world(seed, count);
        for (size_t i = 0; i < count; i++) {
            CHECK(bw_sim_start(sim, i) == 0);
            run_ms(i == 0 ? 300 : (int64_t)(seed * (i + 3) * 31 % 60));
        }
        CHECK(bw_sim_run_until(sim, somebody_acts, NULL, 20000));
        run_ms((int64_t)(seed % 50));
        size_t leader = 0;
        while (leader + 1 < count && !may_act(leader))
            leader++;
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        bw_sim_forbid_overlap(sim, true, 0);
        bw_sim_crash(sim, leader);
        size_t successor = wait_other_leader(leader, 5000);
        CHECK(successor != NOBODY);
        run_ms(5000);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == elected + 1);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == successor);
    }
}

static const struct tap_test end_tests[] = {
    TAP_TEST(a_crashed_leader_is_replaced_within_a_second),
    TAP_TEST(a_leader_killed_at_its_election_has_one_successor),
    TAP_TEST(a_silent_leader_is_replaced_after_its_lease),
    TAP_TEST(bully_replaces_a_leader_as_soon),
    TAP_TEST(an_orderly_leader_hands_over_at_once),
    TAP_TEST(safe_failover_waits_for_the_lease_even_when_refused),
    TAP_TEST(a_stopped_leader_wakes_up_deposed),
    TAP_TEST(a_leader_cut_off_from_all_stops_before_its_successor_starts),
    TAP_TEST(a_leader_cut_off_when_it_has_just_been_elected_stops_in_time),
    TAP_TEST(a_lease_runs_from_the_sending_of_its_round),
};
static const struct tap_test beginning_tests[] = {
    TAP_TEST(simultaneous_starts_give_one_leader), TAP_TEST(a_new_cluster_has_a_leader_soon),
    TAP_TEST(the_best_candidate_is_elected),       TAP_TEST(observers_never_lead),
    TAP_TEST(nobody_leads_alone_before_its_time),  TAP_TEST(who_has_no_seeds_leads_soon),
};
static const struct tap_test candidate_tests[] = {
    TAP_TEST(the_best_successor_hangs),
    TAP_TEST(bully_does_without_a_best_successor_that_hangs),
    TAP_TEST(the_top_three_die_at_once),
    TAP_TEST(a_better_candidate_that_joins_does_not_usurp),
    TAP_TEST(a_stepdown_moves_the_lead_and_not_back),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("the leader goes", end_tests, durable_candidates, story_tear_down),
    TAP_SUITE_WITH("beginnings", beginning_tests, durable_candidates, story_tear_down),
    TAP_SUITE_WITH("candidates", candidate_tests, durable_candidates, story_tear_down),
};

TAP_MAIN(suites)
