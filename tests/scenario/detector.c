/* Scenarios of the failure detector: who is suspected, when, and who never. */
#include "tests/scenario/story.h"

#include "gossip/formula.h"
#include "gossip/gossip.h"

static void members_only(void) {
    story_set_up();
    options.scope = NULL;
}

/* What the formulas promise from the last contact on, ms. */
static void bounds(size_t n, int64_t *least_ms, int64_t *most_ms) {
    bw_gossip_detection_bounds(&options.params, n, least_ms, most_ms);
    *least_ms /= BW_US_PER_MS;
    *most_ms /= BW_US_PER_MS;
}

/* The host falls silent; when it is dead to all, since then, ms. */
static int64_t detection_ms(uint64_t seed, size_t n, size_t victim) {
    int64_t least_ms, most_ms;
    bounds(n, &least_ms, &most_ms);
    cluster(seed, n);
    protect(0, n);
    bw_sim_protect(sim, victim, false);
    int64_t from_ms = now_ms();
    bw_sim_crash(sim, victim);
    bw_sim_host_silent(sim, victim, true);
    /* Its last contact was up to an interval ago. */
    run_ms(least_ms - options.params.probe_interval_ms - 1);
    CHECK(!anywhere(victim, BW_STATUS_DEAD));
    CHECK(wait_anywhere(victim, BW_STATUS_SUSPECT, most_ms));
    CHECK(rules(EVERYBODY, BW_RULE_PROBE_INDIRECTLY) > 0 || n == 2);
    CHECK(wait_everywhere(victim, BW_STATUS_DEAD, from_ms + most_ms - now_ms()));
    for (size_t i = 0; i < n; i++)
        if (i != victim)
            CHECK(accused(i) == 0);
    return now_ms() - from_ms;
}

static void a_silent_target_is_suspected_then_dead_as_the_formulas_say(void) {
    static const size_t sizes[] = {2, 3, 5, 50};
    for (size_t s = 0; s < BW_COUNT(sizes); s++) {
        struct sample sample = {.count = 0};
        int64_t least_ms, most_ms;
        bounds(sizes[s], &least_ms, &most_ms);
        for (uint64_t seed = 1; seed <= seed_count(sizes[s] > 10 ? 2 : 4); seed++)
            sample_add(&sample, detection_ms(seed, sizes[s], seed % sizes[s]));
        tap_note("%zu members: bounds %lld to %lld ms from the last contact", sizes[s], (long long)least_ms,
                 (long long)most_ms);
        sample_note(&sample, "silent host known everywhere");
    }
}

/* From the first suspicion to dead at the accuser, ms. */
static int64_t suspicion_ms(uint64_t seed, size_t n) {
    size_t victim = n - 1;
    cluster(seed, n);
    bw_sim_crash(sim, victim);
    bw_sim_host_silent(sim, victim, true);
    CHECK(wait_anywhere(victim, BW_STATUS_SUSPECT, 20000));
    int64_t from_ms = now_ms();
    CHECK(wait_anywhere(victim, BW_STATUS_DEAD, 60000));
    return now_ms() - from_ms;
}

static bool heard_more(struct bw_sim *world_, void *context) {
    struct bw_sim_counts counts;
    bw_sim_counts(world_, 0, &counts);
    return counts.received > *(const uint64_t *)context;
}

/* Nobody can confirm: four intervals, and the one in which it was found. */
static void of_two_members_the_silent_one_is_dead_after_five_intervals(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        struct bw_sim_counts counts;
        cluster(seed, 2);
        bw_sim_counts(sim, 0, &counts);
        CHECK(bw_sim_run_until(sim, heard_more, &counts.received, 5000));
        bw_sim_crash(sim, 1); /* that was its last word */
        bw_sim_host_silent(sim, 1, true);
        run_ms(900);
        CHECK(!anywhere(1, BW_STATUS_SUSPECT));
        run_ms(1200);
        CHECK(anywhere(1, BW_STATUS_SUSPECT));
        run_ms(2800);
        CHECK(!anywhere(1, BW_STATUS_DEAD));
        run_ms(200);
        CHECK(anywhere(1, BW_STATUS_DEAD));
    }
}

/* Never below the minimum, and with confirmations far below the maximum. */
static void the_suspicion_shrinks_with_confirmations(void) {
    for (size_t n = 3; n <= 20; n = n * 2 - 1) {
        int64_t min_ms = bw_suspicion_min_us(&options.params, n) / BW_US_PER_MS;
        int64_t max_ms = bw_suspicion_max_us(&options.params, n) / BW_US_PER_MS;
        int64_t took_ms = suspicion_ms(1, n);
        tap_note("%zu members: %lld ms of suspicion, between %lld and %lld", n, (long long)took_ms, (long long)min_ms,
                 (long long)max_ms);
        CHECK(took_ms >= min_ms - 1);
        CHECK(took_ms < max_ms / 2);
    }
}

/* It can hear, but not speak; then it can again, just before its time is up. */
static void a_suspect_is_told_and_its_refutation_beats_the_timer(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        cluster(seed, 5);
        protect(0, 5);
        struct bw_member_info before, after;
        CHECK(bw_node_member(bw_sim_node(sim, 2), 0, &before) == 0);
        bw_sim_out(sim, 2)->cut = true;
        CHECK(wait_anywhere(2, BW_STATUS_SUSPECT, 10000));
        run_ms(300);
        CHECK(anywhere(2, BW_STATUS_SUSPECT)); /* old news of its life clear nothing */
        bw_sim_out(sim, 2)->cut = false;
        CHECK(wait_everywhere(2, BW_STATUS_ALIVE, 2000));
        CHECK(rules(2, BW_RULE_REFUTE_OWN_SUSPICION) > 0);
        for (size_t i = 0; bw_node_member(bw_sim_node(sim, 2), i, &after) == 0; i++)
            if (after.self)
                break;
        CHECK(after.self);
        CHECK(bw_sim_dead_count(sim, 2) == 0);
        run_ms(5000);
        CHECK(everywhere(2, BW_STATUS_ALIVE));
        CHECK(wait_converged(10000));
    }
}

/* Another process, of another name, at a dead one's address: it does not answer for the dead. */
static void a_newcomer_at_an_address_does_not_answer_for_the_old_one(void) {
    cluster(1, 5);
    struct bw_id old = bw_node_id(bw_sim_node(sim, 4));
    bw_sim_set_name(sim, 4, "another");
    bw_sim_restart_blank(sim, 4);
    struct bw_id new = bw_node_id(bw_sim_node(sim, 4));
    CHECK(!bw_id_equal(&old, &new));
    CHECK(wait_everywhere(4, BW_STATUS_ALIVE, 5000));
    CHECK(wait_converged(15000)); /* the old one no longer counts as alive anywhere */
}

/* -- links -- */

static void a_cut_between_two_is_bridged_by_the_third(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 3);
        bw_sim_cut(sim, 0, 1);
        run_ms(60000);
        CHECK(accused_in(0, 3) == 0);
        CHECK(bw_sim_converged(sim));
    }
}

static void a_one_way_cut_does_not_make_views_oscillate(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 5);
        protect(0, 5);
        bw_sim_cut_one_way(sim, 0, 1);
        run_ms(60000);
        CHECK(accused_in(0, 5) <= 5);
        CHECK(everywhere(1, BW_STATUS_ALIVE));
    }
}

/* -- many -- */

/* With so much loss everywhere healthy members stay alive to all, and a crash is known everywhere. */
static void lose(uint32_t percent, bool healthy_stay) {
    for (uint64_t seed = 1; seed <= seed_count(2); seed++) {
        cluster(seed, 20);
        if (healthy_stay)
            protect(0, 19);
        bw_sim_loss(sim, percent * 10000);
        run_ms(30000);
        bw_sim_crash(sim, 19);
        bw_sim_host_silent(sim, 19, true);
        CHECK(wait_everywhere(19, BW_STATUS_DEAD, 60000));
        run_ms(10000);
    }
}

static void a_crash_is_known_and_the_healthy_live_with_5_10_and_20_percent_loss(void) {
    lose(5, true);
    lose(10, true);
    lose(20, true);
}

static void a_crash_is_known_with_50_percent_loss(void) {
    lose(50, false);
}

static void a_third_may_crash_at_one_instant(void) {
    for (uint64_t seed = 1; seed <= seed_count(2); seed++) {
        int64_t least_ms, most_ms;
        cluster(seed, 30);
        protect(0, 20);
        bounds(30, &least_ms, &most_ms);
        int64_t from_ms = now_ms();
        for (size_t i = 20; i < 30; i++) {
            bw_sim_crash(sim, i);
            bw_sim_host_silent(sim, i, true);
        }
        for (size_t i = 20; i < 30; i++)
            CHECK(wait_everywhere(i, BW_STATUS_DEAD, from_ms + most_ms - now_ms()));
        tap_note("10 of 30 silent at once: known everywhere after %lld ms", (long long)(now_ms() - from_ms));
        CHECK(accused_in(0, 20) == 0);
        CHECK(wait_converged(30000));
    }
}

static void crashed_on_a_living_host(uint64_t seed, size_t n, struct sample *sample) {
    cluster(seed, n);
    protect(0, n - 1);
    int64_t from_ms = now_ms();
    bw_sim_crash(sim, n - 1);
    CHECK(wait_everywhere(n - 1, BW_STATUS_DEAD, 20000));
    sample_add(sample, now_ms() - from_ms);
}

/* The port refuses: known much sooner than when the host is silent. */
static void a_refused_port_is_not_silence(void) {
    static const size_t sizes[] = {3, 5, 20, 50};
    for (size_t s = 0; s < BW_COUNT(sizes); s++) {
        struct sample refused = {.count = 0};
        struct sample silent = {.count = 0};
        uint64_t seeds = seed_count(sizes[s] > 10 ? 3 : 9);
        for (uint64_t seed = 1; seed <= seeds; seed++) {
            crashed_on_a_living_host(seed, sizes[s], &refused);
            sample_add(&silent, detection_ms(seed, sizes[s], sizes[s] - 1));
        }
        tap_note("%zu members", sizes[s]);
        sample_note(&refused, "crashed process known everywhere");
        sample_note(&silent, "silent host known everywhere");
        CHECK(sample_percentile(&refused, 50) <= 2000);
        CHECK(sample_percentile(&refused, 50) < sample_percentile(&silent, 50));
    }
}

/* -- those that slept -- */

static void who_slept_accuses_nobody(void) {
    static const int64_t naps_ms[] = {500, 2000, 8000, 30000};
    for (size_t i = 0; i < BW_COUNT(naps_ms); i++)
        for (size_t count = 1; count <= 8; count *= 2) {
            cluster(i + count, 32);
            protect(count, 32 - count);
            for (size_t sleeper = 0; sleeper < count; sleeper++)
                bw_sim_pause(sim, sleeper);
            run_ms(naps_ms[i]);
            for (size_t sleeper = 0; sleeper < count; sleeper++)
                bw_sim_continue(sim, sleeper);
            run_ms(15000);
            CHECK(accused_in(count, 32 - count) == 0);
            CHECK(wait_converged(40000));
        }
}

static void nobody_dies_when_all_starve(void) {
    for (uint64_t seed = 1; seed <= seed_count(2); seed++) {
        cluster(seed, 10);
        protect(0, 10);
        for (size_t i = 0; i < 10; i++)
            bw_sim_slow(sim, i, 1500);
        run_ms(60000);
        for (size_t i = 0; i < 10; i++)
            bw_sim_slow(sim, i, 0);
        CHECK(wait_converged(30000));
    }
}

static uint64_t hash_of_a_crash(uint64_t seed, uint32_t extra_tick_ppm) {
    story_set_up();
    options.durable = true;
    options.extra_tick_ppm = extra_tick_ppm;
    cluster(seed, 5);
    bw_sim_crash(sim, 0);
    run_ms(10000);
    bw_sim_restart(sim, 0);
    run_ms(5000);
    return bw_sim_hash(sim);
}

static void needless_ticks_change_nothing(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++)
        CHECK(hash_of_a_crash(seed, 0) == hash_of_a_crash(seed, 300000));
}

static void the_same_seed_gives_the_same_run(void) {
    uint64_t hashes[3];
    for (size_t i = 0; i < 3; i++) {
        story_set_up();
        options.scope = SCOPE;
        options.loss_ppm = 50000;
        cluster(i < 2 ? 3 : 4, 5);
        hashes[i] = bw_sim_hash(sim);
    }
    CHECK(hashes[0] == hashes[1]);
    CHECK(hashes[0] != hashes[2]);
}

static const struct tap_test target_tests[] = {
    TAP_TEST(a_silent_target_is_suspected_then_dead_as_the_formulas_say),
    TAP_TEST(of_two_members_the_silent_one_is_dead_after_five_intervals),
    TAP_TEST(the_suspicion_shrinks_with_confirmations),
    TAP_TEST(a_suspect_is_told_and_its_refutation_beats_the_timer),
    TAP_TEST(a_newcomer_at_an_address_does_not_answer_for_the_old_one),
    TAP_TEST(a_refused_port_is_not_silence),
};
static const struct tap_test link_tests[] = {
    TAP_TEST(a_cut_between_two_is_bridged_by_the_third),
    TAP_TEST(a_one_way_cut_does_not_make_views_oscillate),
};
static const struct tap_test many_tests[] = {
    TAP_TEST(a_crash_is_known_and_the_healthy_live_with_5_10_and_20_percent_loss),
    TAP_TEST(a_crash_is_known_with_50_percent_loss),
    TAP_TEST(a_third_may_crash_at_one_instant),
    TAP_TEST(who_slept_accuses_nobody),
    TAP_TEST(nobody_dies_when_all_starve),
};
static const struct tap_test run_tests[] = {
    TAP_TEST(needless_ticks_change_nothing),
    TAP_TEST(the_same_seed_gives_the_same_run),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("silent targets", target_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("bad links", link_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("many at once", many_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("repeatable runs", run_tests, members_only, story_tear_down),
};

TAP_MAIN(suites)
