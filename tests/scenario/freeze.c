/* Scenarios of frozen scopes: the leader stays, and nobody else takes the lead. */
#include "tests/scenario/story.h"

#include <string.h>

static void durable_candidates(void) {
    story_set_up();
    options.durable = true;
    options.forbid_overlap = true;
}

static bool frozen(size_t host) {
    struct bw_scope_info info;
    struct bw_time now = bw_sim_clock(sim, host);
    for (size_t i = 0; bw_node_scope(bw_sim_node(sim, host), i, &info, now) == 0; i++)
        if (strcmp(info.scope, SCOPE) == 0)
            return info.frozen;
    return false;
}

static bool frozen_everywhere(size_t count, bool yes) {
    for (size_t i = 0; i < count; i++)
        if (bw_sim_running(sim, i) && frozen(i) != yes)
            return false;
    return true;
}

/* 47: the leader dies, and nobody follows; then it is thawed, by another one. */
static void nobody_follows_a_dead_leader_of_a_frozen_scope(void) {
    for (uint64_t seed = 1; seed <= seed_count(6); seed++) {
        size_t leader = cluster(seed, 5);
        struct bw_token before = token_of(leader);
        CHECK(bw_sim_freeze(sim, (leader + 1) % 5, SCOPE, true) == 0);
        run_ms(2000);
        CHECK(frozen_everywhere(5, true));
        bw_sim_crash(sim, leader);
        bw_sim_host_silent(sim, leader, seed % 2 == 0);
        run_ms(60000);
        CHECK(acting_count() == 0);
        CHECK(rules(EVERYBODY, BW_RULE_FROZEN_KEEPS_ITS_HOLDER) > 0);
        CHECK(bw_sim_freeze(sim, (leader + 3) % 5, SCOPE, false) == 0);
        size_t next = wait_other_leader(leader, 5000);
        if (!CHECK(next != NOBODY))
            return;
        struct bw_token after = token_of(next);
        CHECK(token_rises(&before, &after));
        CHECK(frozen_everywhere(5, false));
    }
}

/* It was the last holder: it leads again, and only it does; who joins meanwhile hears of the freeze. */
static void the_leader_of_a_frozen_scope_comes_back(void) {
    for (uint64_t seed = 1; seed <= seed_count(6); seed++) {
        size_t leader = cluster(seed, 5);
        CHECK(bw_sim_freeze(sim, leader, SCOPE, true) == 0);
        run_ms(1000);
        bw_sim_crash(sim, leader);
        run_ms(10000);
        size_t other = (leader + 2) % 5;
        CHECK(bw_sim_restart_blank(sim, other) == 0); /* a new member: it knows nothing by itself */
        run_ms(10000);
        CHECK(frozen_everywhere(5, true));
        CHECK(acting_count() == 0);
        CHECK(bw_sim_restart(sim, leader) == 0);
        CHECK(wait_leader(20000) == leader);
        run_ms(20000);
        CHECK(may_act(leader) && frozen_everywhere(5, true));
    }
}

/* 32: the side that has not heard of it elects; after healing the larger token stays, frozen. */
static void a_partition_that_has_not_heard_of_the_freeze_elects(void) {
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        options.forbid_overlap = false;
        size_t leader = cluster(seed, 6);
        unsigned groups[6] = {0};
        for (size_t i = 0; i < 3; i++)
            groups[(leader + i + 1) % 6] = 1;
        bw_sim_partition(sim, groups);
        CHECK(bw_sim_freeze(sim, leader, SCOPE, true) == 0);
        run_ms(40000);
        size_t other = NOBODY;
        for (size_t i = 0; i < 6; i++)
            other = groups[i] == 1 && may_act(i) ? i : other;
        if (!CHECK(other != NOBODY))
            return;
        CHECK(may_act(other) && !frozen(other) && frozen(leader));
        bw_sim_heal(sim);
        run_ms(30000);
        size_t winner = wait_leader(60000);
        if (!CHECK(winner != NOBODY))
            return;
        CHECK(winner == leader || winner == other); /* nobody third */
        CHECK(acting_count() == 1 && frozen_everywhere(6, true));
        bw_sim_crash(sim, winner);
        run_ms(30000);
        CHECK(acting_count() == 0);
    }
}

/* 32: an election is under way. Whoever has won before it heard stays; else nobody does. Who began a reign knowing of the
 * freeze would be a violation. */
static void a_freeze_that_races_an_election_leaves_one_leader_or_none(void) {
    size_t led = 0;
    uint64_t count = seed_count(30);
    for (uint64_t seed = 1; seed <= count; seed++) {
        size_t leader = cluster(seed, 5);
        bw_sim_crash(sim, leader);
        run_ms((int64_t)(seed * 10 % 400));
        CHECK(bw_sim_freeze(sim, (leader + 1 + (size_t)seed % 4) % 5, SCOPE, true) == 0);
        run_ms(3000);
        size_t acting = acting_count();
        CHECK(acting <= 1);
        led += acting;
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        run_ms(30000);
        CHECK(acting_count() == acting);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == elected);
        CHECK(bw_sim_freeze(sim, (leader + 2) % 5, SCOPE, false) == 0);
        CHECK(wait_other_leader(leader, 10000) != NOBODY);
    }
    tap_note("%zu of %llu elections were won before the freeze was heard of", led, (unsigned long long)count);
    CHECK(led > 0 && led < count);
}

/* The majority would elect another, and does not while it is frozen. */
static void in_quorum_mode_nobody_follows_either(void) {
    options.voter_count = 3;
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        size_t leader = cluster(seed, 3);
        if (leader == NOBODY)
            return;
        CHECK(bw_sim_freeze(sim, (leader + 1) % 3, SCOPE, true) == 0);
        run_ms(1000);
        bw_sim_crash(sim, leader);
        run_ms(30000);
        CHECK(acting_count() == 0);
        struct bw_vacancy_info why;
        size_t other = (leader + 2) % 3;
        CHECK(bw_node_vacancy(bw_sim_node(sim, other), SCOPE, &why, bw_sim_clock(sim, other)) == 0);
        CHECK(why.reason == BW_VACANCY_FROZEN);
        if (seed % 2 == 0) {
            CHECK(bw_sim_restart(sim, leader) == 0); /* the last holder */
            CHECK(wait_leader(30000) == leader);
            continue;
        }
        CHECK(bw_sim_freeze(sim, other, SCOPE, false) == 0);
        CHECK(wait_other_leader(leader, 15000) != NOBODY);
    }
}

/* A third of all datagrams is lost, and it is frozen and thawed again and again by all: they agree in the end. */
static void all_come_to_agree_on_it(void) {
    options.forbid_overlap = false;
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 8);
        bw_sim_loss(sim, 300000);
        for (size_t i = 0; i < 40; i++) {
            CHECK(bw_sim_freeze(sim, (i * 5) % 8, SCOPE, i % 3 != 1) == 0);
            run_ms((int64_t)(i * 37) % 500);
        }
        run_ms(60000);
        CHECK(frozen_everywhere(8, frozen(0)));
    }
}

/* One after the other all restart, and it is still frozen; all at one moment, and nobody knows any more. */
static void a_freeze_lasts_as_long_as_anybody_who_knows_of_it(void) {
    size_t leader = cluster(1, 4);
    CHECK(leader != NOBODY && bw_sim_freeze(sim, leader, SCOPE, true) == 0);
    run_ms(1000);
    for (size_t i = 0; i < 4; i++) {
        CHECK(bw_sim_restart(sim, i) == 0);
        run_ms(8000);
    }
    CHECK(frozen_everywhere(4, true));
    CHECK(acting_count() == 1 && may_act(leader)); /* it came back */
    for (size_t i = 0; i < 4; i++)
        bw_sim_crash(sim, i);
    for (size_t i = 0; i < 4; i++)
        CHECK(bw_sim_restart(sim, i) == 0);
    CHECK(wait_leader(20000) != NOBODY);
    CHECK(frozen_everywhere(4, false));
}

static const struct tap_test freeze_tests[] = {
    TAP_TEST(nobody_follows_a_dead_leader_of_a_frozen_scope),
    TAP_TEST(the_leader_of_a_frozen_scope_comes_back),
    TAP_TEST(a_partition_that_has_not_heard_of_the_freeze_elects),
    TAP_TEST(a_freeze_that_races_an_election_leaves_one_leader_or_none),
    TAP_TEST(in_quorum_mode_nobody_follows_either),
    TAP_TEST(a_freeze_lasts_as_long_as_anybody_who_knows_of_it),
    TAP_TEST(all_come_to_agree_on_it),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("frozen scopes", freeze_tests, durable_candidates, story_tear_down),
};

TAP_MAIN(suites)
