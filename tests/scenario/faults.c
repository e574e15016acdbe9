/* Scenarios of the election under faults that last: partitions, half-deaf members, disks and clocks. */
#include "tests/scenario/story.h"

#define LONG_MS 60000

static void durable_candidates(void) {
    story_set_up();
    options.durable = true;
}

/* -- partitions -- */

/* 31: a leader on both sides; after healing the larger token stays, or one above both. */
static void both_sides_lead_and_healing_leaves_one(void) {
    struct bw_token last = {0};
    options.seed_count = 5;
    size_t leader = cluster(1, 5);
    CHECK(leader != NOBODY);
    for (size_t round = 0; round < 10; round++) {
        bw_sim_split(sim, 2);
        run_ms(40000);
        size_t one = wait_leader_in_group(0, LONG_MS);
        size_t other = wait_leader_in_group(1, LONG_MS);
        if (!CHECK(one != NOBODY && other != NOBODY))
            return;
        CHECK(acting_count() == 2);
        struct bw_token first = token_of(one);
        struct bw_token second = token_of(other);
        uint64_t deposed = events(EVERYBODY, BW_EVENT_SELF_DEPOSED);
        uint64_t healed[] = {events(one, BW_EVENT_SPLIT_BRAIN_HEALED), events(other, BW_EVENT_SPLIT_BRAIN_HEALED)};
        bw_sim_heal(sim);
        CHECK(wait_leader(LONG_MS) != NOBODY);
        run_ms(15000);
        CHECK(bw_sim_converged(sim));
        size_t winner = bw_sim_leader_everywhere(sim, SCOPE);
        if (!CHECK(winner != NOBODY))
            return;
        struct bw_token stays = token_of(winner);
        CHECK(!token_rises(&stays, &first) && !token_rises(&stays, &second));
        CHECK(token_rises(&last, &stays));
        CHECK(winner == (token_rises(&first, &second) ? other : one));
        CHECK(events(EVERYBODY, BW_EVENT_SELF_DEPOSED) >= deposed + 1);
        CHECK(events(one, BW_EVENT_SPLIT_BRAIN_HEALED) == healed[0] + 1); /* once, on both sides */
        CHECK(events(other, BW_EVENT_SPLIT_BRAIN_HEALED) == healed[1] + 1);
        CHECK(acting_count() == 1);
        struct bw_token guard = bw_sim_guard_token(sim, SCOPE);
        CHECK(bw_token_compare(&guard, &stays) == 0); /* the resource would take no other */
        last = stays;
    }
}

/* 43: the side with the larger token has lost its leader; the other's claims above it. */
static void the_survivor_claims_above_a_dead_leader_of_the_other_side(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        options.seed_count = 3;
        size_t leader = cluster(seed, 6);
        if (leader == NOBODY)
            return;
        unsigned groups[6] = {0};
        for (size_t i = 0; i < 3; i++) /* the leader and two others; the rest elects one with a larger token */
            groups[(leader + i + 1) % 6] = 1;
        bw_sim_partition(sim, groups);
        run_ms(40000);
        size_t other = wait_leader_in_group(1, LONG_MS);
        size_t survivor = wait_leader_in_group(0, LONG_MS);
        if (!CHECK(other != NOBODY && survivor != NOBODY))
            return;
        struct bw_token larger = token_of(other);
        for (size_t i = 0; i < 6; i++)
            if (groups[i] == 1 && i != other)
                bw_sim_set_priority(sim, i, 1);
        bw_sim_crash(sim, other);
        bw_sim_heal(sim);
        size_t winner = wait_leader(LONG_MS);
        run_ms(20000);
        winner = bw_sim_leader_everywhere(sim, SCOPE);
        if (!CHECK(winner != NOBODY))
            return;
        struct bw_token stays = token_of(winner);
        CHECK(token_rises(&larger, &stays));
    }
}

/* -- half-deaf members (27, 41) -- */

static void a_deaf_candidate_deposes_nobody(void) {
    world(1, 5);
    bw_sim_set_priority(sim, 4, 900);
    bw_sim_set_priority(sim, 0, 500);
    for (size_t i = 0; i < 4; i++)
        bw_sim_start(sim, i);
    size_t leader = wait_leader(10000);
    bw_sim_start(sim, 4);
    CHECK(wait_converged(10000));
    run_ms(5000);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) == leader);
    struct bw_token before = token_of(leader);
    uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
    bw_sim_in(sim, 4)->cut = true;
    run_ms(60 * LONG_MS);
    struct bw_token after = token_of(leader);
    CHECK(bw_token_compare(&before, &after) == 0);
    CHECK(may_act(leader));
    CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= elected + 1); /* it leads its own component of one, once */
    for (size_t i = 0; i < 4; i++)
        CHECK(bw_sim_leader_of(sim, i, SCOPE) == leader);
}

/* It is believed dead, so nobody speaks to it any more: when it finds itself alone it leads a cluster of one, which nobody
 * hears of. */
static void a_mute_leader_drops_its_lease(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        size_t leader = cluster(seed, 5);
        if (leader == NOBODY)
            return;
        struct bw_token before = token_of(leader);
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        bw_sim_out(sim, leader)->cut = true;
        run_ms(options.params.lease_ms + 1);
        CHECK(!may_act(leader));
        run_ms(500);
        CHECK(acting_count() == 1);
        run_ms(10000);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == elected + 1);
        CHECK(bw_sim_overlap_us(sim, SCOPE) == 0);
        run_ms(2 * LONG_MS);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= elected + 2); /* no flapping */
        size_t successor = bw_sim_leader_of(sim, (leader + 1) % 5, SCOPE);
        if (!CHECK(successor != NOBODY && successor != leader))
            return;
        struct bw_token after = token_of(successor);
        CHECK(token_rises(&before, &after));
        for (size_t i = 0; i < 5; i++)
            CHECK(i == leader || bw_sim_leader_of(sim, i, SCOPE) == successor);
        bw_sim_heal(sim);
        CHECK(wait_leader(LONG_MS) != NOBODY);
        run_ms(20000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) != NOBODY);
        CHECK(acting_count() == 1);
    }
}

static void a_leader_that_sees_one_other_member_keeps_the_peace(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        size_t leader = cluster(seed, 5);
        if (leader == NOBODY)
            return;
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        for (size_t i = 0; i < 5; i++)
            if (i != leader && i != (leader + 1) % 5)
                bw_sim_cut(sim, leader, i);
        run_ms(2 * LONG_MS);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= elected + 1);
        CHECK(acting_count() == 1);
    }
}

/* The only one whom the leader reaches crashes, and leaves with it what it knew of the leader's lease. */
static void a_leader_whose_last_link_dies_stops_before_another_starts(void) {
    for (uint64_t seed = 1; seed <= seed_count(16); seed++) {
        options.seed_count = 5;
        size_t leader = cluster(seed, 5);
        size_t last = (leader + 1 + seed % 4) % 5;
        if (leader == NOBODY)
            return;
        for (size_t i = 0; i < 5; i++)
            if (i != leader && i != last)
                bw_sim_cut(sim, leader, i);
        run_ms(2000 +
               (int64_t)(seed * 37 % 900)); /* less than two leases: then it hands over, as it reaches less than half */
        CHECK(may_act(leader));
        bw_sim_crash(sim, last);
        run_ms(4000);
        CHECK(!may_act(leader));
        CHECK(acting_count() == 1);
        CHECK(bw_sim_overlap_us(sim, SCOPE) == 0);
    }
}

static void a_bridge_does_not_make_the_leadership_flap(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 3);
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        bw_sim_cut(sim, 0, 2);
        run_ms(10 * LONG_MS);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= elected + 1);
        CHECK(acting_count() == 1);
    }
}

/* -- disks -- */

static void without_a_disk_there_is_no_claim(void) {
    world(1, 3);
    for (size_t i = 0; i < 3; i++)
        bw_sim_set_priority(sim, i, (uint16_t)(300 - 100 * i));
    bw_sim_start_all(sim);
    size_t leader = wait_leader(10000);
    CHECK(leader == 0);
    run_ms(5000);
    bw_sim_disk_fails(sim, 1, true);
    bw_sim_crash(sim, 0);
    CHECK(wait_other_leader(0, 5000) == 2); /* the next candidate leads */
    CHECK(events(1, BW_EVENT_SELF_ELECTED) == 0);
}

static void a_restarted_winner_does_not_continue_its_old_term(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        size_t leader = cluster(seed, 3);
        if (leader == NOBODY)
            return;
        struct bw_token before = token_of(leader);
        bw_sim_restart(sim, leader);
        CHECK(!may_act(leader));
        CHECK(wait_leader(5000) != NOBODY);
        run_ms(10000);
        size_t now = bw_sim_leader_everywhere(sim, SCOPE);
        if (!CHECK(now != NOBODY))
            return;
        struct bw_token after = token_of(now);
        CHECK(token_rises(&before, &after));
        CHECK(acting_count() == 1);
    }
}

/* The others' first seed has no seed but itself: it waits to be found, rather than lead beside the others. */
static void a_restarted_first_seed_is_found_before_it_leads_alone(void) {
    options.forbid_overlap = true;
    for (uint64_t seed = 1; seed <= seed_count(6); seed++) {
        world(seed, 3);
        bw_sim_set_priority(sim, 0, 200);
        bw_sim_start_all(sim);
        CHECK(wait_leader(10000) == 0);
        run_ms(3000 + (int64_t)(seed * 137 % 1009));
        bw_sim_restart(sim, 0);
        CHECK(wait_leader(10000) != NOBODY);
        run_ms(10000);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) != NOBODY);
        CHECK(bw_sim_converged(sim));
    }
}

static void tokens_rise_though_all_disks_are_lost_at_once(void) {
    size_t leader = cluster(1, 3);
    if (leader == NOBODY)
        return;
    struct bw_token before = token_of(leader);
    for (size_t i = 0; i < 3; i++)
        bw_sim_crash(sim, i);
    run_ms(2000);
    for (size_t i = 0; i < 3; i++)
        bw_sim_restart_blank(sim, i);
    size_t again = wait_leader(10000);
    if (!CHECK(again != NOBODY))
        return;
    struct bw_token after = token_of(again);
    CHECK(token_rises(&before, &after));
}

/* A clock in 1970, another in 2100: neither refuses leaders nor moves terms. */
static void members_with_wrong_clocks_do_no_harm(void) {
    world(1, 5);
    bw_sim_wall_step(sim, 3, INT64_C(-1750000000) * 1000);
    bw_sim_wall_step(sim, 4, INT64_C(2400000000) * 1000);
    bw_sim_set_priority(sim, 0, 300);
    bw_sim_set_priority(sim, 1, 200);
    bw_sim_start_all(sim);
    CHECK(wait_leader(10000) == 0);
    run_ms(LONG_MS);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) == 0);
    bw_sim_crash(sim, 0);
    CHECK(wait_other_leader(0, 3000) == 1);
}

static const struct tap_test partition_tests[] = {
    TAP_TEST(both_sides_lead_and_healing_leaves_one),
    TAP_TEST(the_survivor_claims_above_a_dead_leader_of_the_other_side),
};
static const struct tap_test half_tests[] = {
    TAP_TEST(a_deaf_candidate_deposes_nobody),
    TAP_TEST(a_mute_leader_drops_its_lease),
    TAP_TEST(a_leader_that_sees_one_other_member_keeps_the_peace),
    TAP_TEST(a_leader_whose_last_link_dies_stops_before_another_starts),
    TAP_TEST(a_bridge_does_not_make_the_leadership_flap),
};
static const struct tap_test disk_tests[] = {
    TAP_TEST(without_a_disk_there_is_no_claim),
    TAP_TEST(a_restarted_winner_does_not_continue_its_old_term),
    TAP_TEST(a_restarted_first_seed_is_found_before_it_leads_alone),
    TAP_TEST(tokens_rise_though_all_disks_are_lost_at_once),
    TAP_TEST(members_with_wrong_clocks_do_no_harm),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("divided clusters", partition_tests, durable_candidates, story_tear_down),
    TAP_SUITE_WITH("half-deaf members", half_tests, durable_candidates, story_tear_down),
    TAP_SUITE_WITH("disks and clocks", disk_tests, durable_candidates, story_tear_down),
};

TAP_MAIN(suites)
