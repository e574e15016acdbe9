/* Scenarios of leadership that moves because somebody wants it to: transfers, and preemption by a better candidate. */
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

/* -- a better candidate (scenario 30) -- */

/* Three run for a while, then a better one starts. Returns who led until then. */
static size_t better_one_joins(uint64_t seed, uint32_t preempt_ms) {
    options.preempt_ms = preempt_ms;
    options.forbid_overlap = true;
    world(seed, 4);
    bw_sim_set_priority(sim, 3, 200);
    for (size_t i = 0; i < 3; i++)
        bw_sim_start(sim, i);
    size_t leader = wait_leader(10000);
    CHECK(leader != NOBODY);
    run_ms(30000);
    bw_sim_start(sim, 3);
    return leader;
}

static void a_better_candidate_leads_after_the_hold_down(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = better_one_joins(seed, 10000);
        run_ms(9900);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == leader);
        CHECK(wait_other_leader(leader, 4000) == 3);
        run_ms(60000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == 3);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == 2);
    }
}

static void with_preempt_never_the_leader_stays(void) {
    size_t leader = better_one_joins(1, BW_PREEMPT_NEVER);
    run_ms(600000);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) == leader);
    CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == 1);
}

static void with_preempt_0_it_leads_when_it_knows_the_cluster(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t leader = better_one_joins(seed, 0);
        CHECK(wait_other_leader(leader, 4000) == 3);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == 2);
    }
}

/* Up for five seconds, down for five, for ten minutes: the lead goes to it a few times at first, and then not any more. */
static void leadership_does_not_follow_a_better_one_that_flaps(void) {
    static const uint32_t policies[] = {0, 2000, 10000};
    for (size_t p = 0; p < BW_COUNT(policies); p++) {
        better_one_joins(p + 1, policies[p]);
        for (size_t flap = 0; flap < 60; flap++) {
            run_ms(5000);
            bw_sim_crash(sim, 3);
            run_ms(5000);
            bw_sim_start(sim, 3);
        }
        CHECK(events(3, BW_EVENT_SELF_ELECTED) <= (policies[p] == 10000 ? 0 : 3));
        uint64_t before = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        CHECK(before <= 8);
        run_ms(60000);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == before);
    }
}

/* Its link to the leader alone goes on and off; nobody is held dead for it. */
static void a_better_one_with_a_sick_link_does_not_get_the_lead(void) {
    size_t leader = better_one_joins(2, 10000);
    bw_sim_link(sim, leader, 3)->up_ms = bw_sim_link(sim, 3, leader)->up_ms = 5000;
    bw_sim_link(sim, leader, 3)->down_ms = bw_sim_link(sim, 3, leader)->down_ms = 5000;
    run_ms(600000);
    CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == 1);
    bw_sim_heal(sim);
    CHECK(wait_other_leader(leader, 700000) == 3); /* 64 hold-downs at most */
}

struct order {
    uint16_t priority;
    bool ready;
};

static int set_priority(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_priority(node, SCOPE, ((struct order *)context)->priority, now);
}

static void a_changed_priority_moves_the_lead_after_the_hold_down(void) {
    options.preempt_ms = 3000;
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        options.forbid_overlap = true;
        size_t leader = cluster(seed, 5);
        size_t other = (leader + 2) % 5;
        struct order up = {.priority = 300}, down = {.priority = 10};
        CHECK(bw_sim_call(sim, other, "gets another priority", set_priority, &up) == 0);
        run_ms(2900);
        CHECK(may_act(leader));
        CHECK(wait_other_leader(leader, 2500) == other);
        CHECK(bw_sim_call(sim, other, "gets another priority", set_priority, &down) == 0);
        size_t next = wait_other_leader(other, 5500);
        CHECK(next != NOBODY && next != other);
        run_ms(20000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == next);
    }
}

/* A transferred lead is a lead as any other: the better one asks for it back. */
static void a_transfer_to_a_worse_one_lasts_for_the_hold_down(void) {
    better_one_joins(3, 5000);
    run_ms(20000);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) == 3);
    CHECK(transfer(3, 1) == 0);
    CHECK(wait_other_leader(3, 1000) == 1);
    run_ms(4800);
    CHECK(may_act(1));
    CHECK(wait_other_leader(1, 2500) == 3);
}

/* -- refused by a guard (rule 2) -- */

static int claim_above(struct bw_node *node, struct bw_time now, void *token) {
    return bw_node_claim_above(node, SCOPE, token, now);
}

static int refused(size_t host, struct bw_token *newest) {
    return bw_sim_call(sim, host, "is refused by a guard", claim_above, newest);
}

/* A member that hears nobody, and whose clock is an hour ahead, has used the resource once; nobody follows it, so the leader
 * stays, and is refused. */
static void a_leader_refused_for_a_deaf_ones_token_claims_above_it(void) {
    options.mode = BW_MODE_PRIORITY;
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        size_t leader = cluster(seed, 5);
        size_t deaf = (leader + 1) % 5;
        bw_sim_wall_step(sim, deaf, 3600000);
        bw_sim_in(sim, deaf)->cut = true;
        run_ms(120000);
        struct bw_token guard = bw_sim_guard_token(sim, SCOPE);
        struct bw_token before = token_of(leader);
        if (!CHECK(may_act(leader) && token_rises(&before, &guard)))
            return;
        bw_sim_crash(sim, deaf);
        uint64_t count = bw_sim_guard_refused(sim, SCOPE);
        run_ms(5000);
        CHECK(may_act(leader) && bw_sim_guard_refused(sim, SCOPE) > count); /* and so for ever */
        CHECK(refused(leader, &guard) == 0);
        CHECK(!may_act(leader));
        count = bw_sim_guard_refused(sim, SCOPE);
        run_ms(1000);
        struct bw_token after = token_of(leader);
        CHECK(may_act(leader) && token_rises(&guard, &after));
        run_ms(20000);
        CHECK(bw_sim_guard_refused(sim, SCOPE) == count);
        CHECK(acting_count() == 1 && may_act(leader));
    }
}

/* The resource is older than the cluster: its guard has the token of one that is gone. In each mode, with loss. */
static void a_leader_refused_for_a_lost_clusters_token_claims_above_it(void) {
    static const enum bw_mode modes[] = {BW_MODE_PRIORITY, BW_MODE_BULLY, BW_MODE_QUORUM};
    for (size_t i = 0; i < BW_COUNT(modes); i++) {
        for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
            options.forbid_overlap = true;
            options.mode = modes[i];
            options.voter_count = modes[i] == BW_MODE_QUORUM ? 5 : 0;
            size_t leader = cluster(seed, 5);
            if (leader == NOBODY)
                return;
            struct bw_token guard = token_of(leader);
            guard.term += 100000000;
            bw_sim_loss(sim, seed % 2 == 0 ? 100000 : 0);
            CHECK(refused((leader + 1) % 5, &guard) == BW_ERR_BUSY);
            int64_t from_ms = now_ms();
            CHECK(refused(leader, &guard) == 0);
            CHECK(!may_act(leader));
            CHECK(wait_leader(8000) == leader || seed % 2 == 0);
            CHECK(seed % 2 == 0 || now_ms() - from_ms <= 1000);
            bw_sim_loss(sim, 0);
            run_ms(20000);
            size_t next = bw_sim_leader_everywhere(sim, SCOPE);
            struct bw_token after = next != NOBODY ? token_of(next) : (struct bw_token){0};
            CHECK(token_rises(&guard, &after));
        }
    }
}

static const struct tap_test refused_tests[] = {
    TAP_TEST(a_leader_refused_for_a_deaf_ones_token_claims_above_it),
    TAP_TEST(a_leader_refused_for_a_lost_clusters_token_claims_above_it),
};
static const struct tap_test transfer_tests[] = {
    TAP_TEST(a_transfer_makes_the_named_member_leader),
    TAP_TEST(one_of_many_is_told_at_once),
    TAP_TEST(a_transfer_to_one_that_dies_costs_two_seconds_at_most),
    TAP_TEST(a_transfer_survives_loss_and_a_broken_link),
};
static const struct tap_test preempt_tests[] = {
    TAP_TEST(a_better_candidate_leads_after_the_hold_down),
    TAP_TEST(with_preempt_never_the_leader_stays),
    TAP_TEST(with_preempt_0_it_leads_when_it_knows_the_cluster),
    TAP_TEST(leadership_does_not_follow_a_better_one_that_flaps),
    TAP_TEST(a_better_one_with_a_sick_link_does_not_get_the_lead),
    TAP_TEST(a_changed_priority_moves_the_lead_after_the_hold_down),
    TAP_TEST(a_transfer_to_a_worse_one_lasts_for_the_hold_down),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("preemption", preempt_tests, durable_candidates, story_tear_down),
    TAP_SUITE_WITH("refused by a guard", refused_tests, durable_candidates, story_tear_down),
    TAP_SUITE_WITH("transfers", transfer_tests, durable_candidates, story_tear_down),
};

TAP_MAIN(suites)
