/* Scenarios of members with more than one life: elsewhere, after leaving, in full tables, without memory. */
#include "tests/scenario/story.h"

#include <string.h>

#define MINUTE_MS 60000

static void members_only(void) {
    story_set_up();
    options.scope = NULL;
}

/* -- coming back -- */

/* 14: its disk goes to another machine: the same member at another address. */
static void a_restart_at_a_new_address_keeps_the_id(void) {
    options.durable = true;
    world(1, 6);
    for (size_t i = 0; i < 5; i++)
        bw_sim_start(sim, i);
    CHECK(wait_converged(10000));
    run_ms(5000);
    struct bw_id id = bw_node_id(bw_sim_node(sim, 4));
    bw_sim_crash(sim, 4);
    bw_sim_disk_copy(sim, 4, 5);
    bw_sim_set_name(sim, 5, "n4");
    CHECK(bw_sim_start(sim, 5) == 0);
    struct bw_id again = bw_node_id(bw_sim_node(sim, 5));
    CHECK(bw_id_equal(&id, &again));
    CHECK(wait_converged(5000));
    run_ms(30000);
    CHECK(bw_sim_converged(sim)); /* nobody looks for it at the old address */
}

/* 16 */
static void who_left_may_join_again(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 5);
        struct bw_id id = bw_node_id(bw_sim_node(sim, 3));
        bw_sim_leave(sim, 3);
        CHECK(bw_sim_wait_left(sim, 3, 5000));
        CHECK(wait_everywhere(3, BW_STATUS_LEFT, 2000));
        run_ms(10000);
        CHECK(everywhere(3, BW_STATUS_LEFT));
        CHECK(bw_sim_join(sim, 3, 0) == 0);
        CHECK(wait_everywhere(3, BW_STATUS_ALIVE, 5000));
        CHECK(wait_converged(5000));
        struct bw_id again = bw_node_id(bw_sim_node(sim, 3));
        CHECK(bw_id_equal(&id, &again));
    }
}

/* 16: told to leave before it has heard anybody, and in the middle of its first sync. */
static void a_leave_during_a_join_ends(void) {
    static const int64_t after_ms[] = {0, 1, 5, 50};
    for (size_t i = 0; i < BW_COUNT(after_ms); i++) {
        world(i + 1, 5);
        for (size_t k = 0; k < 4; k++)
            bw_sim_start(sim, k);
        CHECK(wait_converged(5000));
        bw_sim_start(sim, 4);
        run_ms(after_ms[i]);
        bw_sim_leave(sim, 4);
        CHECK(bw_sim_wait_left(sim, 4, 10000));
        bw_sim_crash(sim, 4);
        run_ms(30000);
        CHECK(!anywhere(4, BW_STATUS_ALIVE));
        CHECK(bw_sim_converged(sim));
    }
}

/* 17: who died meanwhile stays dead, who left stays left; the parts are told by a digit for each member. */
static void a_partition_heals_and_brings_nobody_back(uint64_t seed, const char *parts, int64_t for_ms) {
    unsigned groups[10] = {0};
    size_t count = strlen(parts);
    BW_ASSERT(count <= BW_COUNT(groups) && strncmp(parts, "000", 3) == 0);
    for (size_t i = 0; i < count; i++)
        groups[i] = (unsigned)(parts[i] - '0');
    options.seed_count = 4;
    cluster(seed, count);
    bw_sim_partition(sim, groups);
    run_ms(for_ms / 5);
    bw_sim_crash(sim, 2);
    bw_sim_leave(sim, 1);
    CHECK(bw_sim_wait_left(sim, 1, 10000));
    bw_sim_crash(sim, 1);
    run_ms(for_ms - for_ms / 5);
    CHECK(bw_sim_status_at(sim, count - 1, 0) == BW_STATUS_DEAD);
    CHECK(bw_sim_status_at(sim, count - 1, 1) == BW_STATUS_DEAD); /* it has not heard of the leave */
    bw_sim_heal(sim);
    int64_t from_ms = now_ms();
    CHECK(wait_converged(MINUTE_MS));
    tap_note("%s: healed after %lld ms", parts, (long long)(now_ms() - from_ms));
    CHECK(wait_everywhere(1, BW_STATUS_LEFT, MINUTE_MS));
    CHECK(wait_everywhere(2, BW_STATUS_DEAD, MINUTE_MS));
    run_ms(2 * MINUTE_MS);
    CHECK(everywhere(1, BW_STATUS_LEFT) && everywhere(2, BW_STATUS_DEAD));
    CHECK(bw_sim_converged(sim));
}

static const char *const parts_of_ten[] = {"0000011111", "0000000001", "0000111222"};

static void a_partition_of_a_minute_heals_and_brings_nobody_back(void) {
    for (size_t i = 0; i < BW_COUNT(parts_of_ten); i++)
        a_partition_heals_and_brings_nobody_back(i + 1, parts_of_ten[i], MINUTE_MS);
}

static void a_partition_of_an_hour_heals_and_brings_nobody_back(void) {
    for (size_t i = 0; i < BW_COUNT(parts_of_ten); i++)
        a_partition_heals_and_brings_nobody_back(i + 1, parts_of_ten[i], 60 * MINUTE_MS);
}

/* Fewer: it takes a processor's time. */
static void a_partition_of_twenty_hours_heals_and_brings_nobody_back(void) {
    static const char *const parts_of_five[] = {"00011", "00001", "00012"};
    for (size_t i = 0; i < BW_COUNT(parts_of_five); i++)
        a_partition_heals_and_brings_nobody_back(i + 1, parts_of_five[i], 20 * 60 * MINUTE_MS);
}

static size_t dead_to(size_t observer, size_t first, size_t end) {
    size_t count = 0;
    for (size_t i = first; i < end; i++)
        count += bw_sim_status_at(sim, observer, i) == BW_STATUS_DEAD;
    return count;
}

static bool minority_knows(struct bw_sim *asked, void *context) {
    (void)asked, (void)context;
    return dead_to(0, 2, 20) == 18 && dead_to(1, 2, 20) == 18;
}

static bool majority_knows(struct bw_sim *asked, void *context) {
    (void)asked, (void)context;
    return bw_sim_status_count(sim, 0, BW_STATUS_DEAD) == 18 && bw_sim_status_count(sim, 1, BW_STATUS_DEAD) == 18;
}

/* 17: the smaller side takes longer. It must ask each of the many in turn; hardly a helper that it asks can answer, so it trusts its
 * own ears less and waits longer (Lifeguard); and only one other confirms. */
static void two_of_twenty_are_slow_to_give_the_others_up_and_keep_each_other(void) {
    static struct sample minority, majority;
    minority.count = majority.count = 0;
    for (uint64_t seed = 1; seed <= seed_count(12); seed++) {
        cluster(seed, 20);
        bw_sim_split(sim, 2);
        protect(0, 2);
        int64_t from_ms = now_ms();
        CHECK(bw_sim_run_until(sim, majority_knows, NULL, 40000));
        sample_add(&majority, now_ms() - from_ms);
        CHECK(bw_sim_run_until(sim, minority_knows, NULL, 200000));
        sample_add(&minority, now_ms() - from_ms);
    }
    sample_note(&majority, "18 of 20 have given the other two up");
    sample_note(&minority, "2 of 20 have given the other 18 up");
    CHECK(sample_percentile(&minority, 0) > sample_percentile(&majority, 50));
}

/* -- bounds -- */

/* 20: more members than the table holds: those that fit live on undisturbed, and nothing is lost when the rest goes. */
static void a_full_table_disturbs_nobody_in_it(void) {
    uint64_t refused = 0;
    options.params.member_max = 8;
    world(1, 12);
    for (size_t i = 0; i < 8; i++)
        bw_sim_start(sim, i);
    CHECK(wait_converged(10000));
    protect(0, 8);
    for (size_t i = 8; i < 12; i++)
        bw_sim_start(sim, i);
    run_ms(MINUTE_MS);
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < 8; k++)
            CHECK(bw_sim_status_at(sim, i, k) == BW_STATUS_ALIVE);
    for (size_t i = 0; i < 12; i++) {
        CHECK(bw_node_member_count(bw_sim_node(sim, i)) <= 8);
        refused += rules(i, BW_RULE_BOUND_EVERYTHING);
    }
    CHECK(refused > 0);
}

/* 20: every allocation of one member fails in turn, once, while another joins and the leader goes. */
static void any_one_failing_allocation_is_survived(void) {
    options.scope = SCOPE;
    options.durable = true;
    for (uint64_t nth = 1; nth <= 40; nth++) {
        world(nth, 4);
        for (size_t i = 0; i < 3; i++)
            bw_sim_start(sim, i);
        size_t leader = wait_leader(10000);
        if (!CHECK(leader != NOBODY))
            return;
        bw_sim_fail_allocation(sim, 1, nth, false);
        bw_sim_start(sim, 3);
        run_ms(2000);
        bw_sim_restart(sim, leader);
        if (bw_sim_node(sim, leader) == NULL) /* the start was what failed */
            CHECK(bw_sim_start(sim, leader) == 0);
        CHECK(wait_converged(40000));
        CHECK(wait_leader(10000) != NOBODY);
    }
}

/* 20: a member without any more memory goes on with what it has; the others are not disturbed. */
static void without_memory_for_ever_the_others_go_on(void) {
    options.scope = SCOPE;
    world(1, 6);
    for (size_t i = 0; i < 5; i++)
        bw_sim_start(sim, i);
    CHECK(wait_leader(10000) != NOBODY);
    run_ms(5000);
    protect(0, 5);
    bw_sim_fail_allocation(sim, 2, 1, true);
    bw_sim_start(sim, 5);
    run_ms(MINUTE_MS);
    for (size_t i = 0; i < 6; i++)
        CHECK(i == 2 || bw_sim_leader_of(sim, i, SCOPE) != NOBODY);
    CHECK(acting_count() == 1);
    bw_sim_fail_allocation(sim, 2, 0, false);
    CHECK(wait_converged(MINUTE_MS));
}

/* -- a leader that hears nobody -- */

static void a_deaf_leader_drops_its_lease(void) {
    options.scope = SCOPE;
    options.durable = true;
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        size_t leader = cluster(seed, 5);
        if (!CHECK(leader != NOBODY))
            return;
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        bw_sim_in(sim, leader)->cut = true;
        run_ms(options.params.lease_ms + 1);
        CHECK(!may_act(leader)); /* it is heard, but cannot know it */
        run_ms(MINUTE_MS);
        size_t successor = bw_sim_leader_of(sim, (leader + 1) % 5, SCOPE);
        CHECK(successor != NOBODY && successor != leader && may_act(successor));
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= elected + 2); /* a successor, and its own component of one */
        bw_sim_heal(sim);
        CHECK(wait_leader(MINUTE_MS) != NOBODY);
        CHECK(wait_converged(MINUTE_MS));
    }
}

static const struct tap_test return_tests[] = {
    TAP_TEST(a_restart_at_a_new_address_keeps_the_id),
    TAP_TEST(who_left_may_join_again),
    TAP_TEST(a_leave_during_a_join_ends),
    TAP_TEST(a_partition_of_a_minute_heals_and_brings_nobody_back),
    TAP_TEST(a_partition_of_an_hour_heals_and_brings_nobody_back),
    TAP_TEST(a_partition_of_twenty_hours_heals_and_brings_nobody_back),
    TAP_TEST(two_of_twenty_are_slow_to_give_the_others_up_and_keep_each_other),
};
static const struct tap_test bound_tests[] = {
    TAP_TEST(a_full_table_disturbs_nobody_in_it),
    TAP_TEST(any_one_failing_allocation_is_survived),
    TAP_TEST(without_memory_for_ever_the_others_go_on),
};
static const struct tap_test leader_tests[] = {TAP_TEST(a_deaf_leader_drops_its_lease)};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("coming back", return_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("bounds and memory", bound_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("deaf leader", leader_tests, members_only, story_tear_down),
};

TAP_MAIN(suites)
