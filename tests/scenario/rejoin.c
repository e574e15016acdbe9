/* Scenarios of members that restart with their state and find nobody at the addresses that they were told to join. */
#include "tests/scenario/story.h"

#define SECOND_MS 1000

static size_t seed_of[16]; /* whom a host is told to join; NOBODY: as usual */

static void configure(void *context, size_t host, struct bw_config *config) {
    static struct bw_addr seed;
    (void)context;
    if (seed_of[host] != NOBODY) {
        seed = bw_sim_addr(seed_of[host]);
        config->seeds = &seed;
        config->seed_count = 1;
    }
}

static void set_up(void) {
    story_set_up();
    for (size_t i = 0; i < BW_COUNT(seed_of); i++)
        seed_of[i] = NOBODY;
    options.durable = true;
    options.forbid_overlap = true;
    options.configure = configure;
}

/* Long enough for addresses to be written. */
static size_t settled_cluster(uint64_t seed, size_t count) {
    size_t leader = cluster(seed, count);
    CHECK(run_ms(10 * SECOND_MS));
    return leader;
}

/* Otherwise they would agree with each other at once, and lead a cluster of two. */
static void two_whose_only_seeds_are_each_other_find_the_cluster_again(void) {
    for (uint64_t seed = 1; seed <= seed_count(10); seed++) {
        options.loss_ppm = seed % 2 == 0 ? 100000 : 0;
        size_t leader = settled_cluster(seed, 5);
        size_t one = (leader + 1) % 5, two = (leader + 2) % 5;
        struct bw_token token = token_of(leader);
        seed_of[one] = two;
        seed_of[two] = one;
        bw_sim_crash(sim, one);
        bw_sim_crash(sim, two);
        CHECK(run_ms(100));
        CHECK(bw_sim_start(sim, one) == 0 && bw_sim_start(sim, two) == 0);
        CHECK(wait_converged(30 * SECOND_MS));
        CHECK(run_ms(10 * SECOND_MS));
        struct bw_token now = token_of(one);
        CHECK(wait_leader(10) == leader);
        CHECK(bw_token_compare(&now, &token) == 0);
        CHECK(events(one, BW_EVENT_SELF_ELECTED) == 0 && events(two, BW_EVENT_SELF_ELECTED) == 0);
        seed_of[one] = seed_of[two] = NOBODY;
    }
}

static void a_member_whose_seed_is_gone_finds_the_others(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        settled_cluster(seed, 5);
        bw_sim_crash(sim, 0); /* the only seed of all */
        bw_sim_host_silent(sim, 0, true);
        CHECK(wait_everywhere(0, BW_STATUS_DEAD, 30 * SECOND_MS));
        bw_sim_crash(sim, 4);
        CHECK(run_ms(SECOND_MS));
        CHECK(bw_sim_start(sim, 4) == 0);
        CHECK(wait_converged(5 * SECOND_MS));
        CHECK(rules(4, BW_RULE_TRY_THE_REMEMBERED) > 0);
    }
}

/* All at once, none of them at the seed's address: each knows others. */
static void all_find_each_other_without_the_seed(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        settled_cluster(seed, 6);
        for (size_t i = 0; i < 6; i++)
            bw_sim_crash(sim, i);
        CHECK(run_ms(SECOND_MS));
        for (size_t i = 1; i < 6; i++)
            CHECK(bw_sim_start(sim, i) == 0);
        CHECK(wait_converged(5 * SECOND_MS));
        CHECK(wait_leader(10 * SECOND_MS) != NOBODY);
    }
}

/* 29: who remembers others and hears none of them waits as one whose seeds are silent, and goes on trying. */
static void who_remembers_others_leads_alone_only_after_its_time(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        options.seeds = BW_SIM_SEEDS_FIRST;
        settled_cluster(seed, 4);
        bw_sim_forbid_overlap(sim, false, 0); /* a partition */
        seed_of[3] = 3;
        bw_sim_crash(sim, 3);
        bw_sim_split(sim, 3);
        CHECK(run_ms(SECOND_MS));
        CHECK(bw_sim_start(sim, 3) == 0);
        CHECK(run_ms(options.params.alone_ms - 1));
        CHECK(!may_act(3));
        CHECK(wait_leader_in_group(1, 5 * SECOND_MS) == 3);
        CHECK(run_ms(60 * 60 * SECOND_MS));
        bw_sim_heal(sim);
        CHECK(wait_converged(60 * SECOND_MS));
        seed_of[3] = NOBODY;
    }
}

static int forget(struct bw_node *node, struct bw_time now, void *context) {
    (void)context;
    bw_node_forget_peers(node, now);
    return 0;
}

/* A stop is followed by a start; who leaves for good is told so, and stays so whoever dies before it has left. */
static void who_stops_comes_back_and_who_left_for_good_does_not(void) {
    for (int good = 0; good <= 2; good++) {
        settled_cluster(1, 5);
        seed_of[4] = 4; /* so it has none */
        if (good > 0)
            bw_sim_call(sim, 4, "forgets the others", forget, NULL);
        if (good == 2) {
            bw_sim_crash(sim, 3);
            while (bw_sim_status_at(sim, 4, 3) != BW_STATUS_DEAD)
                CHECK(run_ms(1));
        }
        bw_sim_leave(sim, 4);
        CHECK(bw_sim_wait_left(sim, 4, 5 * SECOND_MS));
        CHECK(run_ms(100)); /* it is written */
        bw_sim_crash(sim, 4);
        CHECK(run_ms(SECOND_MS));
        CHECK(bw_sim_start(sim, 4) == 0);
        CHECK(run_ms(60 * SECOND_MS));
        CHECK(bw_sim_converged(sim) == !good);
        CHECK(bw_sim_status_at(sim, 0, 4) == (good ? BW_STATUS_LEFT : BW_STATUS_ALIVE));
        seed_of[4] = NOBODY;
    }
}

/* Its seed leaves while it is down: nobody is there any more, and trying ends. */
static void what_stays_silent_while_others_answer_is_given_up(void) {
    settled_cluster(1, 5);
    for (size_t i = 2; i < 5; i++)
        bw_sim_crash(sim, i);
    bw_sim_restart_blank(sim, 0); /* forgets who was there */
    bw_sim_restart(sim, 1);
    CHECK(run_ms(60 * SECOND_MS));
    CHECK(rules(1, BW_RULE_GIVE_UP_THE_REMEMBERED) == 0);
    CHECK(run_ms(10 * 60 * SECOND_MS));
    CHECK(rules(1, BW_RULE_GIVE_UP_THE_REMEMBERED) == 3);
    uint64_t tried = rules(1, BW_RULE_TRY_THE_REMEMBERED);
    CHECK(run_ms(60 * 60 * SECOND_MS));
    CHECK(rules(1, BW_RULE_TRY_THE_REMEMBERED) == tried);
}

/* Members come and go all the time: the disk has rest. */
static void addresses_are_written_seldom(void) {
    settled_cluster(1, 6);
    struct bw_sim_counts before, after;
    bw_sim_counts(sim, 1, &before);
    for (int i = 0; i < 60; i++) {
        size_t host = (size_t)(3 + i % 3);
        bw_sim_leave(sim, host);
        CHECK(bw_sim_wait_left(sim, host, 5 * SECOND_MS));
        bw_sim_crash(sim, host);
        CHECK(run_ms(7 * SECOND_MS));
        bw_sim_start(sim, host);
        CHECK(run_ms(3 * SECOND_MS));
    }
    bw_sim_counts(sim, 1, &after);
    tap_note("%llu writes in ten minutes", (unsigned long long)(after.writes - before.writes));
    CHECK(after.writes > before.writes && after.writes - before.writes <= 12);
}

static const struct tap_test tests[] = {
    TAP_TEST(two_whose_only_seeds_are_each_other_find_the_cluster_again),
    TAP_TEST(a_member_whose_seed_is_gone_finds_the_others),
    TAP_TEST(all_find_each_other_without_the_seed),
    TAP_TEST(who_remembers_others_leads_alone_only_after_its_time),
    TAP_TEST(who_stops_comes_back_and_who_left_for_good_does_not),
    TAP_TEST(what_stays_silent_while_others_answer_is_given_up),
    TAP_TEST(addresses_are_written_seldom),
};

static const struct tap_suite suites[] = {TAP_SUITE_WITH("rejoin", tests, set_up, story_tear_down)};

TAP_MAIN(suites)
