/* Scenarios in identity mode: what members do all the time must go on though each pair of them has keys of its own, and nobody who
 * lives may be suspected because two of them do not know each other yet. */
#include "tests/scenario/certified.h"
#include "tests/scenario/rotation.h"
#include "tests/scenario/story.h"

#include <bellwether/keys.h>
#include <bellwether/node.h>
#include <stdio.h>
#include <string.h>

#define SECOND_MS 1000
#define COUNT 20u

static void in_identity_mode(void) {
    story_set_up();
    options.durable = true;
    options.configure = certified;
}

/* How often all of them did that. */
static uint64_t all_rules(enum bw_rule rule) {
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT; i++)
        sum += rules(i, rule);
    return sum;
}

static void all_start_at_once(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        in_identity_mode();
        options.scope = SCOPE;
        CHECK(cluster(seed, COUNT) != NOBODY);
        CHECK(run_ms(60 * SECOND_MS));
        CHECK(accused_in(0, COUNT) == 0);
        CHECK(all_rules(BW_RULE_SEAL_FOR_ONE_MEMBER) > 0 && all_rules(BW_RULE_INTRODUCE_OURSELVES) > 0);
        uint64_t introduced = all_rules(BW_RULE_INTRODUCE_OURSELVES);
        CHECK(introduced < 3 * COUNT * COUNT); /* once or twice for each pair and direction */
        tap_note("seed %llu: %llu introductions", (unsigned long long)seed, (unsigned long long)introduced);
        CHECK(run_ms(60 * SECOND_MS) && all_rules(BW_RULE_INTRODUCE_OURSELVES) == introduced);
    }
}

static void all_are_restarted_one_by_one_and_then_at_once(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        in_identity_mode();
        options.seed_count = 2;
        cluster(seed, COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            CHECK(bw_sim_restart(sim, i) == 0);
            CHECK(wait_converged(20 * SECOND_MS));
        }
        CHECK(run_ms(30 * SECOND_MS));
        CHECK(accused_in(0, COUNT) == 0);
        for (size_t i = 0; i < COUNT; i++)
            bw_sim_crash(sim, i);
        bw_sim_start_all(sim);
        CHECK(wait_converged(30 * SECOND_MS));
        CHECK(run_ms(60 * SECOND_MS));
        CHECK(accused_in(0, COUNT) == 0);
    }
}

static void a_partition_heals(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        in_identity_mode();
        cluster(seed, COUNT);
        bw_sim_split(sim, 7);
        CHECK(run_ms(120 * SECOND_MS));
        CHECK(bw_sim_status_at(sim, 0, 12) == BW_STATUS_DEAD);
        bw_sim_restart(sim, 3); /* one of them in another session */
        CHECK(run_ms(20 * SECOND_MS));
        bw_sim_heal(sim);
        CHECK(wait_converged(120 * SECOND_MS));
        uint64_t before = accused_in(0, COUNT);
        CHECK(run_ms(60 * SECOND_MS) && accused_in(0, COUNT) == before);
        for (size_t i = 0; i < COUNT; i++)
            CHECK(everywhere(i, BW_STATUS_ALIVE));
    }
}

/* One is away meanwhile, and gets in with the old key while that is in the ring. */
static void the_ring_is_rotated(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        in_identity_mode();
        cluster(seed, COUNT);
        uint64_t old = rotation_key(0, 0);
        bw_sim_crash(sim, 9);
        CHECK(wait_everywhere(9, BW_STATUS_DEAD, 60 * SECOND_MS));
        CHECK(run_ms(3 * SECOND_MS)); /* probes of it that are under way end */
        uint64_t before = accused_in(0, COUNT);
        CHECK(bw_sim_key_add(sim, 0, 7) == 0 && rotation_confirm(0));
        uint64_t new = rotation_key(0, 1);
        CHECK(rotation_confirm(1) && bw_sim_key_use(sim, 1, new, false) == 0 && rotation_confirm(1));
        CHECK(bw_sim_start(sim, 9) == 0);
        CHECK(wait_everywhere(9, BW_STATUS_ALIVE, 60 * SECOND_MS));
        CHECK(rotation_confirm(2) && bw_sim_key_remove(sim, 2, old, false) == 0 && rotation_confirm(2));
        CHECK(run_ms(30 * SECOND_MS));
        for (size_t i = 0; i < COUNT; i++)
            CHECK(rotation_key(i, 0) == new &&rotation_key(i, 1) == 0);
        CHECK(accused_in(0, COUNT) == before);
        CHECK(bw_sim_converged(sim));
    }
}

static int renew(struct bw_node *node, struct bw_time now, void *context) {
    const char *text = context;
    return bw_node_set_certificate(node, text, strlen(text), now);
}

static int revoke(struct bw_node *node, struct bw_time now, void *context) {
    const char *text = context;
    return bw_node_revoke(node, text, strlen(text), now);
}

static void certificates_are_renewed(void) {
    in_identity_mode();
    cluster(1, COUNT);
    CHECK(run_ms(60 * SECOND_MS)); /* all have met */
    uint64_t introduced = all_rules(BW_RULE_INTRODUCE_OURSELVES);
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(bw_sim_call(sim, i, "renew", renew, (void *)certified_anew(i, 100 + i)) == 0);
        CHECK(run_ms(500));
    }
    CHECK(wait_converged(20 * SECOND_MS));
    CHECK(run_ms(60 * SECOND_MS));
    CHECK(accused_in(0, COUNT) == 0);
    CHECK(all_rules(BW_RULE_INTRODUCE_OURSELVES) == introduced); /* the session and its key are the same */
    bw_sim_restart(sim, 4);                                      /* with the first one, which is as good */
    CHECK(wait_converged(20 * SECOND_MS));
}

/* It goes on sending, and nobody minds: the others agree among themselves. */
static void who_is_revoked_counts_no_more(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        in_identity_mode();
        cluster(seed, 5);
        CHECK(bw_sim_call(sim, 0, "revoke", revoke, (void *)certified_revocation(4 + 1)) == 0);
        CHECK(run_ms(60 * SECOND_MS));
        CHECK(bw_node_certified_until(bw_sim_node(sim, 4)) == -1); /* it was told */
        for (size_t i = 0; i < 4; i++) {
            CHECK(bw_sim_status_at(sim, i, 4) == BW_STATUS_DEAD);
            CHECK(bw_node_converged(bw_sim_node(sim, i)));
            CHECK(accused(i) <= 1); /* by the revoked one, before it is told */
        }
        bw_sim_restart(sim, 4);
        CHECK(run_ms(60 * SECOND_MS));
        CHECK(bw_node_certified_until(bw_sim_node(sim, 4)) == -1);
        for (size_t i = 0; i < 4; i++) {
            CHECK(bw_sim_status_at(sim, i, 4) == BW_STATUS_DEAD);
            CHECK(bw_node_converged(bw_sim_node(sim, i)));
        }
        CHECK(bw_sim_call(sim, 4, "renew", renew, (void *)certified_anew(4, 100)) == 0);
        CHECK(wait_everywhere(4, BW_STATUS_ALIVE, 60 * SECOND_MS));
        CHECK(wait_converged(60 * SECOND_MS));
    }
}

/* First contact as well is lost now and then. */
static void a_fifth_of_loss_is_borne(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        in_identity_mode();
        options.loss_ppm = 200000;
        options.reorder_ppm = 200000;
        options.reorder_us = 5000;
        world(seed, COUNT);
        protect(0, COUNT);
        bw_sim_start_all(sim);
        CHECK(run_ms(120 * SECOND_MS));
        for (size_t i = 0; i < COUNT; i++)
            CHECK(bw_sim_status_count(sim, i, BW_STATUS_DEAD) == 0);
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(all_start_at_once),        TAP_TEST(all_are_restarted_one_by_one_and_then_at_once),
    TAP_TEST(a_partition_heals),        TAP_TEST(the_ring_is_rotated),
    TAP_TEST(certificates_are_renewed), TAP_TEST(who_is_revoked_counts_no_more),
    TAP_TEST(a_fifth_of_loss_is_borne),
};

static const struct tap_suite suites[] = {TAP_SUITE_WITH("identity", tests, story_set_up, story_tear_down)};

TAP_MAIN(suites)
