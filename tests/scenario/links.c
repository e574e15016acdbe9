/* Scenarios of bad links and bad hosts (6 and 7): the view and the leadership hold still while the fault lasts. */
#include "tests/scenario/story.h"

#define MINUTE_MS 60000
#define HOSTS 32u

static void a_cut_link_is_bridged(bool both_ways) {
    static const size_t sizes[] = {3, 5, 20};
    for (size_t s = 0; s < BW_COUNT(sizes); s++) {
        for (uint64_t seed = 1; seed <= seed_count(2); seed++) {
            size_t leader = cluster(seed, sizes[s]);
            size_t other = (leader + 1) % sizes[s];
            uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
            bw_sim_cut_one_way(sim, leader, other);
            if (both_ways)
                bw_sim_cut_one_way(sim, other, leader);
            run_ms(10 * MINUTE_MS);
            CHECK(bw_sim_suspected_count(sim, leader) == 0);
            CHECK(bw_sim_suspected_count(sim, other) == 0);
            CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == elected);
        }
    }
}

static void a_link_cut_both_ways_is_bridged(void) {
    a_cut_link_is_bridged(true);
}

static void a_link_cut_one_way_is_bridged(void) {
    a_cut_link_is_bridged(false);
}

/* For ten minutes. The healthy are never dead to each other; the bad one is dead a few times, and from then on, as unstable as it
 * is, the view holds still: it is suspected, and refutes. */
static void a_bad_host(const struct bw_sim_link *in, const struct bw_sim_link *out) {
    for (uint64_t seed = 1; seed <= seed_count(2); seed++) {
        size_t leader = cluster(seed, HOSTS);
        size_t bad = (leader + 3) % HOSTS;
        for (size_t i = 0; i < HOSTS; i++)
            bw_sim_protect(sim, i, i != bad);
        *bw_sim_in(sim, bad) = *in;
        *bw_sim_out(sim, bad) = *out;
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        run_ms(5 * MINUTE_MS);
        uint64_t dead = bw_sim_dead_count(sim, bad);
        CHECK(dead <= (uint64_t)3 * (HOSTS - 1));
        run_ms(5 * MINUTE_MS);
        CHECK(bw_sim_dead_count(sim, bad) == dead);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == elected);
        CHECK(bw_sim_leader_of(sim, (leader + 1) % HOSTS, SCOPE) == leader);
        bw_sim_crash(sim, bad); /* unstable or not: its crash is known */
        bw_sim_host_silent(sim, bad, true);
        CHECK(wait_everywhere(bad, BW_STATUS_DEAD, 90000));
    }
}

static const struct bw_sim_link good;
static const struct bw_sim_link on_off = {.up_ms = 20000, .down_ms = 20000};
static const struct bw_sim_link lossy = {.loss_ppm = 800000};

static void a_host_that_is_deaf_on_and_off_is_damped(void) {
    a_bad_host(&on_off, &good);
}

static void a_host_that_is_mute_on_and_off_is_damped(void) {
    a_bad_host(&good, &on_off);
}

static void a_host_that_loses_nearly_all_is_damped(void) {
    a_bad_host(&lossy, &lossy);
}

/* Who led before is deaf, or mute, on and off: it loses the lead once. Each time that it is back among the others it learns that its
 * successor leads, and does not claim. */
static void a_bad_leader(const struct bw_sim_link *in, const struct bw_sim_link *out) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        size_t bad = cluster(seed, HOSTS);
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        *bw_sim_in(sim, bad) = *in;
        *bw_sim_out(sim, bad) = *out;
        run_ms(10 * MINUTE_MS);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == elected + 1);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) != bad);
    }
}

static void a_leader_that_is_deaf_on_and_off_loses_the_lead_once(void) {
    a_bad_leader(&on_off, &good);
}

static void a_leader_that_is_mute_on_and_off_loses_the_lead_once(void) {
    a_bad_leader(&good, &on_off);
}

static const struct tap_test link_tests[] = {
    TAP_TEST(a_link_cut_both_ways_is_bridged),
    TAP_TEST(a_link_cut_one_way_is_bridged),
    TAP_TEST(a_host_that_is_deaf_on_and_off_is_damped),
    TAP_TEST(a_host_that_is_mute_on_and_off_is_damped),
    TAP_TEST(a_host_that_loses_nearly_all_is_damped),
    TAP_TEST(a_leader_that_is_deaf_on_and_off_loses_the_lead_once),
    TAP_TEST(a_leader_that_is_mute_on_and_off_loses_the_lead_once),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("bad links", link_tests, story_set_up, story_tear_down),
};

TAP_MAIN(suites)
