/* Scenarios of quorum mode: whatever happens, no two leases are valid at one instant of real time (sim/check_quorum.c looks at
 * every step of every one of these), and a majority that is connected has a leader. */
#include "tests/scenario/story.h"

#include <string.h>

/* A reign is over a promise after its last renewal, then there are a pre-vote, votes and a first renewal. */
#define ELECTED_MS 6000

static void quorum_set_up(void) {
    story_set_up();
    options.durable = true;
    options.voter_count = 3;
}

static struct bw_scope_info info_of(size_t host) {
    struct bw_scope_info info = {.scope = NULL};
    struct bw_scope_info found = {.scope = NULL};
    for (size_t i = 0; bw_node_scope(bw_sim_node(sim, host), i, &info, bw_sim_clock(sim, host)) == 0; i++)
        if (strcmp(info.scope, SCOPE) == 0)
            found = info;
    return found;
}

static int64_t lease_ms(void) {
    return options.params.lease_ms;
}

/* -- 34 -- */

static void a_majority_elects(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = cluster(seed, 3);
        CHECK(acting_count() == 1);
        for (size_t i = 0; i < 3; i++)
            CHECK(info_of(i).mode == BW_MODE_QUORUM);
        CHECK(rules(leader, BW_RULE_MAJORITY_RENEWS_THE_LEASE) > 0);
    }
}

static void a_dead_leader_is_followed_by_another(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = cluster(seed, 3);
        struct bw_token old = token_of(leader);
        bw_sim_crash(sim, leader);
        size_t next = wait_other_leader(leader, ELECTED_MS);
        CHECK(next != NOBODY);
        struct bw_token token = token_of(next);
        CHECK(old.term < token.term);
        CHECK(bw_sim_restart(sim, leader) == 0);
        run_ms(10000); /* who comes back changes nothing */
        CHECK(wait_leader(1) == next);
        struct bw_token after = token_of(next);
        CHECK(bw_token_compare(&token, &after) == 0);
    }
}

static void a_minority_never_leads(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = cluster(seed, 3);
        size_t other = (leader + 1) % 3;
        bw_sim_crash(sim, (leader + 2) % 3);
        run_ms(3000);
        CHECK(may_act(leader)); /* two of three */
        bw_sim_crash(sim, other);
        run_ms(lease_ms());
        CHECK(!may_act(leader));
        run_ms(30000);
        CHECK(acting_count() == 0);
        struct bw_vacancy_info why;
        CHECK(!info_of(leader).has_leader);
        CHECK(bw_node_vacancy(bw_sim_node(sim, leader), SCOPE, &why, bw_sim_clock(sim, leader)) == 0);
        CHECK(why.reason == BW_VACANCY_NO_MAJORITY);
        CHECK(bw_sim_restart(sim, other) == 0);
        CHECK(wait_leader(3 * ELECTED_MS) != NOBODY);
    }
}

/* Both ways round: the leader is cut off from the majority, or a follower is. */
static void a_part_without_a_majority_has_no_leader(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        unsigned groups[5] = {0};
        options.voter_count = 5;
        size_t leader = cluster(seed, 5);
        groups[leader] = groups[(leader + 1) % 5] = 1;
        bw_sim_partition(sim, groups);
        run_ms(lease_ms());
        CHECK(!may_act(leader));
        size_t next = wait_leader_in_group(0, 2 * ELECTED_MS);
        CHECK(next != NOBODY);
        run_ms(10000);
        CHECK(acting_count() == 1 && may_act(next));
        CHECK(!info_of(leader).has_leader);
        bw_sim_heal(sim);
        run_ms(15000);
        CHECK(wait_leader(ELECTED_MS) == next); /* the minority comes back and disturbs nobody */
    }
}

static void five_voters_with_two_down_work_and_with_three_do_not(void) {
    options.voter_count = 5;
    size_t leader = cluster(3, 5);
    bw_sim_crash(sim, leader);
    bw_sim_crash(sim, (leader + 1) % 5);
    size_t next = wait_other_leader(leader, 2 * ELECTED_MS);
    CHECK(next != NOBODY);
    bw_sim_crash(sim, next);
    run_ms(30000);
    CHECK(acting_count() == 0);
    CHECK(bw_sim_restart(sim, leader) == 0);
    CHECK(wait_leader(3 * ELECTED_MS) != NOBODY);
}

static void a_voter_that_lost_its_vote_is_no_voter_any_more(void) {
    size_t leader = cluster(1, 3);
    size_t lost = (leader + 1) % 3;
    CHECK(bw_sim_restart_blank(sim, lost) == 0);
    run_ms(10000);
    CHECK(may_act(leader));
    struct bw_scope_info info = info_of(lost);
    CHECK(info.has_leader);
    bw_sim_crash(sim, leader); /* of the three ids one is left: no majority */
    run_ms(20000);
    CHECK(acting_count() == 0);
    CHECK(bw_sim_restart(sim, leader) == 0);
    CHECK(wait_leader(3 * ELECTED_MS) != NOBODY);
}

static void no_overlap_while_clocks_run_as_fast_and_as_slow_as_they_may(void) {
    for (uint64_t seed = 1; seed <= seed_count(10); seed++) {
        size_t leader = cluster(seed, 3);
        int32_t ppm = (int32_t)options.params.drift_ppm;
        for (size_t i = 0; i < 3; i++)
            bw_sim_clock_rate(sim, i, i == leader ? -ppm : ppm);
        run_ms(3000);
        bw_sim_partition(sim, (unsigned[]){leader == 0, leader == 1, leader == 2});
        run_ms(2 * ELECTED_MS);
        CHECK(acting_count() == 1 && !may_act(leader));
        bw_sim_heal(sim);
        run_ms(5000);
    }
}

/* The vote is on the disk, the answer was not sent; or it was sent, and the voter restarts. */
static void a_voter_restarts_between_vote_and_answer(void) {
    for (uint64_t seed = 1; seed <= seed_count(20); seed++) {
        options.write_us = 40000;
        size_t leader = cluster(seed, 3);
        size_t voter = (leader + 1 + seed % 2) % 3;
        bw_sim_crash(sim, leader);
        run_ms(1400 + (int64_t)seed * 37 % 700);
        CHECK(bw_sim_restart(sim, voter) == 0);
        CHECK(bw_sim_restart(sim, leader) == 0);
        CHECK(wait_leader(4 * ELECTED_MS) != NOBODY);
        CHECK(rules(voter, BW_RULE_VOTER_ABSTAINS) > 0 || acting_count() == 1);
    }
}

static void whose_disk_fails_does_not_vote(void) {
    size_t leader = cluster(2, 3);
    size_t bad = (leader + 1) % 3;
    bw_sim_disk_fails(sim, bad, true);
    bw_sim_crash(sim, leader);
    run_ms(20000);
    CHECK(acting_count() == 0);
    CHECK(rules(bad, BW_RULE_NO_CLAIM_WITHOUT_STORAGE) > 0);
    bw_sim_disk_fails(sim, bad, false);
    CHECK(wait_leader_in_group(0, 3 * ELECTED_MS) != NOBODY);
}

static void a_paused_leader_does_not_act_when_it_wakes(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = cluster(seed, 3);
        bw_sim_pause(sim, leader);
        size_t next = NOBODY;
        run_ms(ELECTED_MS);
        for (size_t i = 0; i < 3; i++)
            if (i != leader && may_act(i))
                next = i;
        CHECK(next != NOBODY);
        bw_sim_continue(sim, leader);
        CHECK(!may_act(leader));
        run_ms(10000);
        CHECK(wait_leader(ELECTED_MS) == next);
    }
}

static void a_witness_votes_and_never_leads(void) {
    options.candidate_count = 2;
    size_t leader = cluster(1, 3);
    CHECK(leader < 2);
    bw_sim_crash(sim, leader);
    size_t next = wait_other_leader(leader, ELECTED_MS);
    CHECK(next == 1 - leader);
    bw_sim_crash(sim, next);
    run_ms(20000);
    CHECK(acting_count() == 0);
}

/* -- 49 -- */

static void who_steps_down_hands_over(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = cluster(seed, 3);
        CHECK(bw_sim_stepdown(sim, leader, SCOPE, 60000) == 0);
        CHECK(!may_act(leader));
        size_t next = wait_other_leader(leader, 500); /* nobody's promise has to end */
        CHECK(next != NOBODY);
        CHECK(rules(leader, BW_RULE_STOP_BEFORE_RELEASE) == 1);
    }
}

/* Every datagram may come 3 s late, after anything that was sent later. */
static void what_comes_late_frees_no_living_promise(void) {
    for (uint64_t seed = 1; seed <= seed_count(10); seed++) {
        options.reorder_ppm = 200000;
        options.reorder_us = 3000000;
        options.duplicate_ppm = 200000;
        size_t leader = cluster(seed, 3);
        for (int i = 0; i < 4; i++) {
            bw_sim_stepdown(sim, leader, SCOPE, 1000);
            run_ms(4000);
            leader = wait_leader(4 * ELECTED_MS);
            if (!CHECK(leader != NOBODY))
                return;
        }
    }
}

static void two_losers_are_not_two_losers_for_ever(void) {
    for (uint64_t seed = 1; seed <= seed_count(20); seed++) {
        options.params.stagger_ms = 5; /* all stand at once */
        options.latency_us = 20000;
        options.tick_late_us = 0;
        options.voter_count = 4;
        size_t leader = cluster(seed, 5);
        bw_sim_crash(sim, leader < 4 ? leader : 0);
        CHECK(wait_other_leader(leader, 2 * ELECTED_MS) != NOBODY);
    }
}

static void a_voter_that_missed_the_vote_is_asked_again(void) {
    unsigned groups[3] = {0};
    size_t leader = cluster(1, 3);
    size_t away = (leader + 1) % 3;
    groups[away] = 1;
    bw_sim_partition(sim, groups);
    CHECK(bw_sim_stepdown(sim, leader, SCOPE, 1000) == 0);
    size_t next = wait_leader_in_group(0, 2 * ELECTED_MS);
    CHECK(next != NOBODY && next != away);
    bw_sim_heal(sim);
    run_ms(12000);
    CHECK(wait_leader(ELECTED_MS) == next);
    bw_sim_crash(sim, 3 - next - away); /* now the one that missed it is needed */
    run_ms(10000);
    CHECK(may_act(next));
}

static int lease_is_longer_at;

static void longer_lease(void *context, size_t host, struct bw_config *config) {
    static struct bw_scope_config scope;
    (void)context;
    scope = config->scopes[0];
    scope.lease_ms = (int)host < lease_is_longer_at ? 4000 : 0;
    config->scopes = &scope;
}

/* A new length is rolled out one by one: a majority of one length leads, the others refuse it. */
static void lease_lengths_are_changed_one_by_one(void) {
    options.configure = longer_lease;
    lease_is_longer_at = 0;
    size_t leader = cluster(1, 3);
    CHECK(leader != NOBODY);
    for (lease_is_longer_at = 1; lease_is_longer_at <= 3; lease_is_longer_at++) {
        CHECK(bw_sim_restart(sim, (size_t)lease_is_longer_at - 1) == 0);
        run_ms(20000);
        CHECK(acting_count() == 1);
    }
    CHECK(rules(EVERYBODY, BW_RULE_VOTER_KEEPS_ITS_LEASE) > 0);
    CHECK(wait_leader(ELECTED_MS) != NOBODY);
}

/* It is heard and hears nobody: it cannot renew, and its pre-votes bind nobody. */
static void a_deaf_leader_ends_and_disturbs_nobody(void) {
    size_t leader = cluster(1, 3);
    bw_sim_in(sim, leader)->cut = true;
    run_ms(lease_ms());
    CHECK(!may_act(leader));
    size_t next = (leader + 1) % 3;
    run_ms(2 * ELECTED_MS);
    next = may_act(next) ? next : (leader + 2) % 3;
    CHECK(may_act(next));
    struct bw_token token = token_of(next);
    run_ms(30000);
    struct bw_token after = token_of(next);
    CHECK(may_act(next) && bw_token_compare(&token, &after) == 0);
}

static int freeze_it(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_freeze(node, SCOPE, 0, now) + (context != NULL);
}

static int thaw_it(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_thaw(node, SCOPE, now) + (context != NULL);
}

/* Frozen, a majority could elect and does not; only the last leader comes back. */
static void what_is_frozen_elects_nobody_else(void) {
    size_t leader = cluster(1, 3);
    size_t other = (leader + 1) % 3;
    CHECK(bw_sim_call(sim, other, "freezes", freeze_it, NULL) == 0);
    run_ms(2000);
    CHECK(may_act(leader));
    bw_sim_crash(sim, leader);
    run_ms(20000);
    CHECK(acting_count() == 0 && !info_of(other).has_leader);
    CHECK(bw_sim_restart(sim, leader) == 0);
    CHECK(wait_leader(3 * ELECTED_MS) == leader);
    bw_sim_crash(sim, leader);
    CHECK(bw_sim_call(sim, other, "thaws", thaw_it, NULL) == 0);
    CHECK(wait_other_leader(leader, 3 * ELECTED_MS) != NOBODY);
}

static size_t in_another_mode;

static void another_mode(void *context, size_t host, struct bw_config *config) {
    static struct bw_scope_config scope;
    (void)context;
    if (host != in_another_mode)
        return;
    bw_scope_config_init(&scope, SCOPE);
    config->scopes = &scope;
}

/* By mistake one member has the scope in priority mode: it leads nothing, and says why. */
static void who_has_another_mode_does_not_lead(void) {
    options.configure = another_mode;
    in_another_mode = 3;
    world(1, 4);
    bw_sim_start_all(sim);
    run_ms(20000);
    CHECK(acting_count() == 1 && !may_act(3));
    bw_sim_crash(sim, 0);
    bw_sim_crash(sim, 1); /* no leader among the voters: none at all */
    run_ms(30000);
    CHECK(acting_count() == 0);
    struct bw_vacancy_info why;
    CHECK(bw_node_vacancy(bw_sim_node(sim, 3), SCOPE, &why, bw_sim_clock(sim, 3)) == 0);
    CHECK(why.reason == BW_VACANCY_MODE);
}

/* -- voters that change -- */

struct change {
    const struct bw_id *id;
    bool add;
};

static int change_call(struct bw_node *node, struct bw_time now, void *context) {
    const struct change *change = context;
    return bw_node_change_voters(node, SCOPE, change->id, change->add, NULL, now);
}

static int change_voter(size_t at, size_t host, bool add) {
    struct bw_id id = bw_node_id(bw_sim_node(sim, host));
    struct change change = {&id, add};
    return bw_sim_call(sim, at, add ? "adds a voter" : "removes a voter", change_call, &change);
}

static size_t voter_count_at(size_t host) {
    struct bw_voter_info voter;
    size_t count = 0;
    while (bw_node_voter(bw_sim_node(sim, host), SCOPE, count, &voter) == 0)
        count++;
    return count;
}

static bool is_voter_at(size_t host, size_t of) {
    struct bw_voter_info voter;
    struct bw_id id = bw_node_id(bw_sim_node(sim, of));
    for (size_t i = 0; bw_node_voter(bw_sim_node(sim, host), SCOPE, i, &voter) == 0; i++)
        if (bw_id_equal(&voter.id, &id))
            return true;
    return false;
}

static void one_voter_takes_the_place_of_another(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = cluster(seed, 4);
        if (!CHECK(leader < 3)) /* 3 is no voter yet, and so no leader */
            return;
        size_t gone = (leader + 1) % 3;
        CHECK(change_voter(gone, 3, true) == BW_ERR_BUSY); /* it does not lead */
        CHECK(change_voter(leader, leader, false) == BW_ERR_INVALID);
        CHECK(change_voter(leader, gone, true) == BW_ERR_INVALID);
        CHECK(change_voter(leader, 3, true) == 0);
        CHECK(change_voter(leader, gone, false) == BW_ERR_BUSY); /* one at a time */
        run_ms(3000);
        CHECK(change_voter(leader, gone, false) == 0);
        run_ms(3000);
        for (size_t i = 0; i < 4; i++)
            CHECK(i == gone || (voter_count_at(i) == 3 && is_voter_at(i, 3) && !is_voter_at(i, gone)));
        CHECK(rules(leader, BW_RULE_BOTH_LISTS_AGREE) == 2);
        CHECK(may_act(leader));
        bw_sim_crash(sim, gone);
        bw_sim_crash(sim, leader); /* the new one and one of the old are a majority */
        CHECK(wait_other_leader(leader, 3 * ELECTED_MS) != NOBODY);
    }
}

/* Its agent has not got the scope: it would never answer, and a list that needs it would elect nobody. */
static void who_has_no_part_in_the_scope_becomes_no_voter(void) {
    options.candidate_count = 3;
    size_t leader = cluster(1, 4);
    for (int i = 0; i < 5; i++) {
        CHECK(change_voter(leader, 3, true) == BW_ERR_BUSY);
        run_ms(500);
    }
    CHECK(voter_count_at(leader) == 3 && may_act(leader));
}

/* The list changes while its leader is being lost: whichever list comes out, there is one leader. */
static void the_list_changes_with_votes_in_flight(void) {
    for (uint64_t seed = 1; seed <= seed_count(20); seed++) {
        unsigned groups[5] = {0};
        size_t leader = cluster(seed, 5);
        CHECK(change_voter(leader, 3, true) == 0);
        run_ms((int64_t)seed % 4 * 3); /* somebody has heard of it, or nobody */
        groups[leader] = 1;
        groups[3] = (unsigned)(seed / 4 % 2);
        bw_sim_partition(sim, groups);
        run_ms(3 * ELECTED_MS);
        CHECK(acting_count() == 1 || (acting_count() == 0 && groups[3] == 1)); /* two of four are no majority */
        bw_sim_heal(sim);
        CHECK(wait_leader(3 * ELECTED_MS) != NOBODY);
        run_ms(10000);
        size_t now = wait_leader(ELECTED_MS);
        size_t count = voter_count_at(now);
        CHECK(count == 3 || count == 4);
    }
}

static const struct tap_test voter_tests[] = {
    TAP_TEST(a_majority_elects),
    TAP_TEST(a_dead_leader_is_followed_by_another),
    TAP_TEST(a_minority_never_leads),
    TAP_TEST(a_part_without_a_majority_has_no_leader),
    TAP_TEST(five_voters_with_two_down_work_and_with_three_do_not),
    TAP_TEST(a_voter_that_lost_its_vote_is_no_voter_any_more),
    TAP_TEST(no_overlap_while_clocks_run_as_fast_and_as_slow_as_they_may),
    TAP_TEST(a_voter_restarts_between_vote_and_answer),
    TAP_TEST(whose_disk_fails_does_not_vote),
    TAP_TEST(a_paused_leader_does_not_act_when_it_wakes),
    TAP_TEST(a_witness_votes_and_never_leads),
    TAP_TEST(who_steps_down_hands_over),
    TAP_TEST(what_comes_late_frees_no_living_promise),
    TAP_TEST(two_losers_are_not_two_losers_for_ever),
    TAP_TEST(a_voter_that_missed_the_vote_is_asked_again),
    TAP_TEST(lease_lengths_are_changed_one_by_one),
    TAP_TEST(a_deaf_leader_ends_and_disturbs_nobody),
    TAP_TEST(what_is_frozen_elects_nobody_else),
    TAP_TEST(who_has_another_mode_does_not_lead),
    TAP_TEST(one_voter_takes_the_place_of_another),
    TAP_TEST(who_has_no_part_in_the_scope_becomes_no_voter),
    TAP_TEST(the_list_changes_with_votes_in_flight),
};
static const struct tap_suite suites[] = {TAP_SUITE_WITH("quorum", voter_tests, quorum_set_up, story_tear_down)};

TAP_MAIN(suites)
