/* Scenarios of the cluster's key ring (keys.h): a rotation under loss, a member that was away, two sides of a partition. */
#include "tests/scenario/rotation.h"
#include "tests/scenario/story.h"

#include <bellwether/keys.h>
#include <bellwether/node.h>
#include <stdio.h>

#define SECOND_MS 1000
#define COUNT 20u

static size_t key_count(size_t host) {
    size_t count = 0;
    while (rotation_key(host, count) != 0)
        count++;
    return count;
}

/* How many of the first hosts have just the keys that host 0 has. */
static size_t alike(size_t hosts) {
    size_t found = 0;
    for (size_t i = 0; i < hosts; i++) {
        bool same = key_count(i) == key_count(0);
        for (size_t k = 0; k < key_count(0); k++)
            same = same && rotation_key(i, k) == rotation_key(0, k);
        found += same;
    }
    return found;
}

/* The three steps, each from another host; returns the new key. */
static uint64_t rotate(uint16_t number) {
    uint64_t old = rotation_key(0, 0);
    CHECK(bw_sim_key_add(sim, 0, number) == 0 && rotation_confirm(0));
    uint64_t new = rotation_key(0, key_count(0) - 1);
    CHECK(rotation_confirm(1) && bw_sim_key_use(sim, 1, new, false) == 0 && rotation_confirm(1));
    CHECK(rotation_confirm(2) && bw_sim_key_remove(sim, 2, old, false) == 0 && rotation_confirm(2));
    return new;
}

static void ring_only(void) {
    story_set_up();
    options.scope = NULL;
    options.durable = true;
}

/* A minute of such loss without a rotation, then one with it: nobody is suspected. */
static void a_rotation_under_a_fifth_of_loss_suspects_nobody(void) {
    uint64_t before = 0;
    uint64_t during = 0;
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        ring_only();
        cluster(seed, COUNT);
        protect(0, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            bw_sim_out(sim, i)->loss_ppm = 200000;
        uint64_t start = accused_in(0, COUNT);
        CHECK(run_ms(60 * SECOND_MS));
        before += accused_in(0, COUNT) - start;
        start = accused_in(0, COUNT);
        int64_t from_ms = now_ms();
        uint64_t old = rotation_key(0, 0);
        uint64_t new = rotate(7);
        tap_note("seed %llu: %lld ms", (unsigned long long)seed, (long long)(now_ms() - from_ms));
        if (now_ms() - from_ms < 60 * SECOND_MS)
            CHECK(run_ms(60 * SECOND_MS - (now_ms() - from_ms)));
        during += accused_in(0, COUNT) - start;
        CHECK(new != old &&alike(COUNT) == COUNT &&key_count(0) == 1 && rotation_key(0, 0) == new);
        for (size_t i = 0; i < COUNT; i++)
            CHECK(everywhere(i, BW_STATUS_ALIVE));
    }
    tap_note("suspected: %llu times before, %llu with a rotation", (unsigned long long)before,
             (unsigned long long)during);
    CHECK(before == 0 && during == 0);
}

static void a_rotation_without_loss_is_not_noticed(void) {
    ring_only();
    cluster(1, COUNT);
    rotate(7);
    CHECK(accused_in(0, COUNT) == 0);
    CHECK(now_ms() < 60 * SECOND_MS);
    for (size_t i = 0; i < COUNT; i++)
        bw_sim_restart(sim, i);
    CHECK(wait_converged(30 * SECOND_MS));
    CHECK(alike(COUNT) == COUNT && key_count(0) == 1);
    CHECK(bw_node_keys_version(bw_sim_node(sim, 3)) == 3);
}

static void who_was_away_gets_in_with_any_key_of_the_ring(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        ring_only();
        cluster(seed, COUNT);
        bw_sim_crash(sim, 9);
        CHECK(wait_everywhere(9, BW_STATUS_DEAD, 60 * SECOND_MS));
        CHECK(bw_sim_key_add(sim, 0, 7) == 0 && rotation_confirm(0));
        CHECK(bw_sim_key_use(sim, 0, rotation_key(0, 1), false) == 0 && rotation_confirm(0));
        for (size_t i = 0; i < COUNT; i++)
            bw_sim_out(sim, i)->loss_ppm = 200000;
        uint64_t answered = 0;
        for (size_t i = 0; i < COUNT; i++)
            answered += rules(i, BW_RULE_ANSWER_IN_ITS_KEY);
        uint64_t answered_before = answered;
        CHECK(bw_sim_start(sim, 9) == 0);
        CHECK(wait_everywhere(9, BW_STATUS_ALIVE, 30 * SECOND_MS));
        CHECK(rotation_confirm(0));
        CHECK(alike(COUNT) == COUNT);
        for (size_t i = 0; i < COUNT; i++)
            answered += rules(i, BW_RULE_ANSWER_IN_ITS_KEY);
        CHECK(answered > answered_before);
    }
}

static void who_has_no_key_of_the_ring_stays_outside_and_is_told_of(void) {
    ring_only();
    cluster(1, 5);
    bw_sim_crash(sim, 4);
    CHECK(wait_everywhere(4, BW_STATUS_DEAD, 60 * SECOND_MS));
    rotate(7);
    CHECK(bw_sim_start(sim, 4) == 0);
    CHECK(run_ms(60 * SECOND_MS));
    CHECK(bw_sim_status_at(sim, 0, 4) == BW_STATUS_DEAD);
    uint64_t told = 0;
    for (size_t i = 0; i < 4; i++) {
        told += events(i, BW_EVENT_STRANGER);
        CHECK(events(i, BW_EVENT_STRANGER) <= 2); /* once a minute, however often it knocks */
    }
    CHECK(told > 0 && events(4, BW_EVENT_STRANGER) > 0);
    CHECK(bw_node_dropped(bw_sim_node(sim, 4), BW_ERR_DROP_KEY) > 0);
}

/* Both sides have changed the ring: they share the old key still, and the newer ring wins. */
static void two_sides_of_a_partition_agree_on_one_ring(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        ring_only();
        cluster(seed, 6);
        bw_sim_split(sim, 3);
        CHECK(run_ms(60 * SECOND_MS));
        CHECK(bw_sim_key_add(sim, 0, 7) == 0 && rotation_confirm(0));
        CHECK(bw_sim_key_use(sim, 0, rotation_key(0, 1), false) == 0 && rotation_confirm(0));
        CHECK(bw_sim_key_add(sim, 4, 8) == 0 && rotation_confirm(4));
        CHECK(bw_sim_key_use(sim, 4, rotation_key(4, 1), false) == 0 && rotation_confirm(4));
        CHECK(rotation_key(0, 0) != rotation_key(4, 0) && rotation_key(0, 1) == rotation_key(4, 1));
        bw_sim_heal(sim);
        CHECK(wait_converged(300 * SECOND_MS));
        CHECK(run_ms(10 * SECOND_MS) && alike(6) == 6);
        uint64_t tried = 0;
        for (size_t i = 0; i < 6; i++)
            tried += rules(i, BW_RULE_TRY_EACH_KEY_ON_THE_SILENT);
        CHECK(tried > 0);
    }
}

static void what_is_not_stored_is_not_confirmed_and_not_used(void) {
    ring_only();
    cluster(1, 5);
    bw_sim_ring_fails(sim, 3, true);
    CHECK(bw_sim_key_add(sim, 0, 7) == 0);
    bw_sim_keys_ask(sim, 0, 5 * SECOND_MS);
    CHECK(run_ms(5 * SECOND_MS));
    struct bw_key_holder holder;
    size_t missing = 0;
    for (size_t i = 0; bw_node_key_holder(bw_sim_node(sim, 0), i, &holder) == 0; i++) {
        missing += !holder.stored;
        CHECK(holder.stored || (holder.holds && holder.asked && !holder.self));
    }
    CHECK(missing == 1 && alike(5) == 5);
    CHECK(bw_sim_key_use(sim, 0, rotation_key(0, 1), false) == BW_ERR_STALE);
    CHECK(bw_sim_key_remove(sim, 0, rotation_key(0, 1), false) == BW_ERR_STALE);
    CHECK(bw_sim_key_remove(sim, 0, rotation_key(0, 0), true) == BW_ERR_INVALID);
    bw_sim_restart(sim, 3); /* the file is the old one: it is brought to the ring again */
    bw_sim_ring_fails(sim, 3, false);
    CHECK(rotation_confirm(0));
    CHECK(bw_sim_key_use(sim, 0, rotation_key(0, 1), false) == 0 && rotation_confirm(0) && alike(5) == 5);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_rotation_under_a_fifth_of_loss_suspects_nobody),
    TAP_TEST(a_rotation_without_loss_is_not_noticed),
    TAP_TEST(who_was_away_gets_in_with_any_key_of_the_ring),
    TAP_TEST(who_has_no_key_of_the_ring_stays_outside_and_is_told_of),
    TAP_TEST(two_sides_of_a_partition_agree_on_one_ring),
    TAP_TEST(what_is_not_stored_is_not_confirmed_and_not_used),
};

static const struct tap_suite suites[] = {TAP_SUITE_WITH("keyring", tests, story_set_up, story_tear_down)};

TAP_MAIN(suites)
