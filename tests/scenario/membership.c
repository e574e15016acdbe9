/* Scenarios of membership: joining, leaving, restarting, partitions, and what strangers send. */
#include "tests/scenario/story.h"

#include <string.h>

static void members_only(void) {
    story_set_up();
    options.scope = NULL;
}

/* -- joining -- */

static void a_line_of_five_becomes_a_full_mesh(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        options.seeds = BW_SIM_SEEDS_NEXT;
        world(seed, 5);
        bw_sim_start_all(sim);
        CHECK(wait_converged(5000));
        tap_note("after %lld ms", (long long)now_ms());
    }
}

static void a_hundred_start_at_once_with_one_seed(void) {
    struct sample sample = {.count = 0};
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        world(seed, 100);
        bw_sim_start_all(sim);
        CHECK(wait_converged(2000));
        sample_add(&sample, now_ms());
        protect(0, 100);
        run_ms(5000);
    }
    sample_note(&sample, "100 members complete everywhere");
}

/* They start within a second, as hosts do. */
static void start_next(struct bw_sim *starting, void *context) {
    size_t *next = context;
    bw_sim_start(starting, (*next)++);
}

static void fifty_start_one_by_one(void) {
    size_t next = 0;
    world(1, 50);
    for (int64_t i = 0; i < 50; i++)
        bw_sim_schedule(sim, i * 20, start_next, &next);
    run_ms(1000);
    CHECK(wait_converged(1500));
}

/* The seed is dead: the others wait for it, and it comes. */
static void seeds_that_are_dead_are_tried_for_ever(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        options.seed_count = 2;
        world(seed, 6);
        for (size_t i = 2; i < 6; i++)
            bw_sim_start(sim, i);
        run_ms(60000);
        CHECK(bw_sim_alive_count(sim, 3) == 1);
        bw_sim_start(sim, 1);
        CHECK(wait_converged(options.params.seed_retry_max_ms + 2000));
        bw_sim_start(sim, 0);
        CHECK(wait_converged(options.params.seed_retry_max_ms + 2000));
        CHECK(bw_sim_alive_count(sim, 3) == 6);
    }
}

/* Each update reaches everybody within some rounds, and then there is silence again. */
static void news_spread_in_a_few_rounds_and_end(void) {
    struct sample sample = {.count = 0};
    struct bw_sim_counts before, after;
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        world(seed, 50);
        for (size_t i = 0; i < 49; i++)
            bw_sim_start(sim, i);
        CHECK(wait_converged(10000));
        run_ms(10000);
        bw_sim_start(sim, 49);
        int64_t from_ms = now_ms();
        CHECK(
            wait_everywhere(49, BW_STATUS_ALIVE, 8 * options.params.gossip_interval_ms)); /* 4 ceil(log10 51) rounds */
        sample_add(&sample, now_ms() - from_ms);
        run_ms(10000);
        bw_sim_counts(sim, EVERYBODY, &before);
        run_ms(10000);
        bw_sim_counts(sim, EVERYBODY, &after);
        CHECK(after.sent - before.sent <= 50 * 10 * 21 / 10); /* a ping and an ack per member and second, and no more */
        CHECK(after.sent - before.sent >= 50 * 10 * 19 / 10);
    }
    sample_note(&sample, "one of 50 is known everywhere");
}

/* Whoever is heard has the same view: nothing comes between, whatever the order of the probes. */
static void an_idle_cluster_stays_converged(void) {
    static const size_t sizes[] = {2, 3, 4, 5, 8, 20};
    for (size_t i = 0; i < BW_COUNT(sizes); i++) {
        cluster(i + 1, sizes[i]);
        run_ms(5000);
        uint64_t diverged = events(EVERYBODY, BW_EVENT_DIVERGED);
        run_ms(600000);
        CHECK(events(EVERYBODY, BW_EVENT_DIVERGED) == diverged);
    }
}

static void an_idle_cluster_allocates_nothing(void) {
    options.scope = SCOPE; /* a leader's heartbeats included */
    cluster(1, 10);
    run_ms(20000); /* until each has spoken with each */
    uint64_t before = bw_sim_allocation_count(sim);
    run_ms(60000);
    CHECK(bw_sim_allocation_count(sim) == before);
}

/* -- restarting -- */

static void a_restart_with_its_state_keeps_the_id(void) {
    options.durable = true;
    cluster(1, 5);
    struct bw_id id = bw_node_id(bw_sim_node(sim, 3));
    bw_sim_wall_step(sim, 3, INT64_C(-365) * 86400 * 1000); /* its clock is a year behind from now on */
    bw_sim_restart(sim, 3);
    struct bw_id again = bw_node_id(bw_sim_node(sim, 3));
    CHECK(bw_id_equal(&id, &again));
    CHECK(wait_converged(5000));
    CHECK(wait_everywhere(3, BW_STATUS_ALIVE, 5000));
    run_ms(30000);
    CHECK(everywhere(3, BW_STATUS_ALIVE));
    CHECK(bw_sim_converged(sim));
}

static void a_restart_without_state_replaces_its_former_self(void) {
    cluster(1, 5);
    struct bw_id id = bw_node_id(bw_sim_node(sim, 3));
    bw_sim_restart_blank(sim, 3);
    struct bw_id again = bw_node_id(bw_sim_node(sim, 3));
    CHECK(!bw_id_equal(&id, &again));
    CHECK(wait_converged(3000)); /* the old id is out at once: a socket address is bound once */
    run_ms(30000);
    CHECK(bw_sim_converged(sim));
}

static void a_torn_state_is_refused(void) {
    options.durable = true;
    cluster(1, 3);
    bw_sim_crash(sim, 2);
    bw_sim_disk_tear(sim, 2, bw_sim_disk_size(sim, 2) / 2);
    CHECK(bw_sim_start(sim, 2) == BW_ERR_CORRUPT);
    CHECK(bw_sim_node(sim, 2) == NULL);
}

static void two_processes_with_one_name_are_told_apart(void) {
    world(1, 4);
    bw_sim_set_name(sim, 3, "n1");
    bw_sim_start_all(sim);
    CHECK(wait_converged(5000));
    run_ms(10000);
    CHECK(events(EVERYBODY, BW_EVENT_MEMBER_CONFLICT) > 0);
    CHECK(everywhere(1, BW_STATUS_ALIVE));
    CHECK(everywhere(3, BW_STATUS_ALIVE));
}

static void all_may_restart_within_a_second(void) {
    options.durable = true;
    for (uint64_t seed = 1; seed <= seed_count(2); seed++) {
        cluster(seed, 20);
        for (size_t i = 0; i < 20; i++) {
            bw_sim_restart(sim, i);
            run_ms(50);
        }
        CHECK(wait_converged(10000));
        run_ms(10000);
        CHECK(bw_sim_converged(sim));
    }
}

/* -- leaving -- */

static void who_leaves_has_left_and_is_not_dead(void) {
    struct sample sample = {.count = 0};
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 50);
        int64_t from_ms = now_ms();
        bw_sim_leave(sim, 20);
        CHECK(bw_sim_wait_left(sim, 20, 2000));
        bw_sim_crash(sim, 20);
        CHECK(wait_everywhere(20, BW_STATUS_LEFT, 2000));
        sample_add(&sample, now_ms() - from_ms);
        CHECK(bw_sim_dead_count(sim, 20) == 0);
        bw_sim_start(sim, 20);
        CHECK(wait_converged(5000));
    }
    sample_note(&sample, "a leave among 50 is known everywhere");
}

/* The cluster changes meanwhile: who returns learns of it, and is itself again. */
static void who_left_returns_under_the_same_id(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        options.scope = SCOPE;
        size_t leader = cluster(seed, 10);
        size_t away = seed % 2 == 0 ? leader : (leader + 1) % 10;
        struct bw_id id = bw_node_id(bw_sim_node(sim, away));
        bw_sim_leave(sim, away);
        CHECK(bw_sim_wait_left(sim, away, 2000));
        CHECK(wait_everywhere(away, BW_STATUS_LEFT, 2000));
        bw_sim_crash(sim, (away + 5) % 10);
        run_ms(seed == 1 ? 500 : 120000);
        CHECK(bw_sim_join(sim, away, (away + 2) % 10) == 0);
        CHECK(wait_everywhere(away, BW_STATUS_ALIVE, 1000));
        CHECK(wait_everywhere((away + 5) % 10, BW_STATUS_DEAD, 20000));
        CHECK(wait_converged(5000));
        struct bw_id again = bw_node_id(bw_sim_node(sim, away));
        CHECK(bw_id_equal(&id, &again));
        leader = wait_leader(5000);
        CHECK(leader != NOBODY && leader != away);
        run_ms(30000);
        CHECK(bw_sim_converged(sim));
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == leader);
    }
}

static void the_last_but_one_may_leave(void) {
    cluster(1, 2);
    bw_sim_leave(sim, 1);
    CHECK(bw_sim_wait_left(sim, 1, 2000));
    CHECK(wait_everywhere(1, BW_STATUS_LEFT, 1000));
    bw_sim_crash(sim, 1);
    bw_sim_leave(sim, 0);
    CHECK(bw_sim_wait_left(sim, 0, 5000));
}

static void leaving_with_loss_is_seen_as_left_by_all(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 10);
        bw_sim_loss(sim, 300000);
        bw_sim_leave(sim, 7);
        CHECK(bw_sim_wait_left(sim, 7, 10000));
        bw_sim_crash(sim, 7);
        CHECK(wait_everywhere(7, BW_STATUS_LEFT, 30000));
        CHECK(bw_sim_dead_count(sim, 7) == 0);
    }
}

static void who_left_during_a_partition_stays_left(void) {
    cluster(1, 6);
    bw_sim_split(sim, 3);
    run_ms(60000);
    bw_sim_leave(sim, 1);
    CHECK(bw_sim_wait_left(sim, 1, 5000));
    bw_sim_crash(sim, 1);
    run_ms(10000);
    bw_sim_heal(sim);
    CHECK(wait_converged(60000));
    CHECK(wait_everywhere(1, BW_STATUS_LEFT, 30000));
}

/* -- partitions -- */

static void halves_find_each_other_again(void) {
    for (uint64_t seed = 1; seed <= seed_count(2); seed++) {
        cluster(seed, 10);
        bw_sim_split(sim, 5);
        run_ms(60000);
        CHECK(bw_sim_converged(sim));
        bw_sim_crash(sim, 9);
        run_ms(20000);
        bw_sim_heal(sim);
        int64_t from_ms = now_ms();
        CHECK(wait_converged(60000));
        tap_note("healed after %lld ms", (long long)(now_ms() - from_ms));
        CHECK(everywhere(9, BW_STATUS_DEAD));
        protect(0, 9);
        run_ms(20000);
    }
}

static void three_parts_of_different_size_find_each_other_again(void) {
    static const unsigned groups[] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 2};
    cluster(3, 10);
    bw_sim_partition(sim, groups);
    run_ms(120000);
    CHECK(bw_sim_converged(sim));
    bw_sim_heal(sim);
    CHECK(wait_converged(90000));
}

/* -- strangers -- */

#define CAPTURED_MAX 512u

struct capture {
    size_t from, to;
    size_t size;
    uint8_t data[BW_DATAGRAM_MAX];
};
static struct capture captured[CAPTURED_MAX];
static size_t captured_count;

static void capture(void *context, size_t from, size_t to, const uint8_t *data, size_t size) {
    (void)context;
    if (captured_count == CAPTURED_MAX || size > BW_DATAGRAM_MAX)
        return;
    struct capture *kept = &captured[captured_count++];
    kept->from = from;
    kept->to = to;
    kept->size = size;
    memcpy(kept->data, data, size);
}

/* Injects it, and tells whether it was dropped and nothing became of it. */
static bool is_dropped(size_t from, size_t to, const uint8_t *data, size_t size) {
    struct bw_sim_counts before, after;
    uint64_t digest = bw_node_digest(bw_sim_node(sim, to));
    bw_sim_counts(sim, to, &before);
    bw_sim_inject(sim, from, to, data, size);
    bw_sim_run_us(sim, 400); /* it has arrived */
    bw_sim_counts(sim, to, &after);
    return after.dropped == before.dropped + 1 && bw_node_digest(bw_sim_node(sim, to)) == digest;
}

static void every_flipped_bit_and_every_cut_is_dropped(void) {
    options.on_datagram = capture;
    captured_count = 0;
    cluster(1, 3);
    CHECK(captured_count > 20);
    struct capture *original = &captured[captured_count - 1];
    uint8_t changed[BW_DATAGRAM_MAX + 1] = {0};
    for (size_t bit = 0; bit < original->size * 8; bit++) {
        memcpy(changed, original->data, original->size);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (!CHECK(is_dropped(original->from, original->to, changed, original->size)))
            return;
    }
    memcpy(changed, original->data, original->size);
    for (size_t size = 1; size < original->size; size++)
        if (!CHECK(is_dropped(original->from, original->to, changed, size)))
            return;
    CHECK(is_dropped(original->from, original->to, changed, original->size + 1));
    run_ms(5000);
    CHECK(bw_sim_converged(sim));
    CHECK(accused_in(0, 3) == 0);
}

/* Captures of the cluster's start, played again: to whom they were for, to another, from another address, after a restart. */
static void captures_are_worth_nothing(void) {
    options.on_datagram = capture;
    captured_count = 0;
    cluster(1, 4);
    size_t count = captured_count;
    for (size_t i = 0; i < count; i++) {
        struct capture *old = &captured[i];
        CHECK(is_dropped(old->from, old->to, old->data, old->size));
        CHECK(is_dropped((old->from + 1) % 4, old->to, old->data, old->size));
    }
    bw_sim_crash(sim, 3);
    CHECK(wait_everywhere(3, BW_STATUS_DEAD, 20000));
    for (size_t i = 0; i < count; i++)
        if (captured[i].from == 3)
            bw_sim_inject(sim, 3, captured[i].to, captured[i].data, captured[i].size);
    run_ms(5000);
    CHECK(everywhere(3, BW_STATUS_DEAD));
    CHECK(bw_sim_converged(sim));
}

/* All that a cluster said from its first packet on, a day later: to a cluster of the same key and label at the same addresses. */
static void a_capture_of_a_whole_cluster_is_worth_nothing_to_a_new_one(void) {
    options.on_datagram = capture;
    captured_count = 0;
    cluster(1, 4);
    size_t count = captured_count;
    CHECK(count > 20);
    options.on_datagram = NULL;
    cluster(2, 4);
    uint64_t digest = bw_node_digest(bw_sim_node(sim, 0));
    for (size_t i = 0; i < count; i++) {
        bw_sim_inject(sim, captured[i].from, captured[i].to, captured[i].data, captured[i].size);
        bw_sim_inject(sim, captured[i].to, captured[i].from, captured[i].data, captured[i].size);
    }
    run_ms(5000);
    for (size_t i = 0; i < 4; i++) {
        CHECK(bw_sim_alive_count(sim, i) == 4);
        CHECK(bw_node_member_count(bw_sim_node(sim, i)) == 4);
        CHECK(bw_node_digest(bw_sim_node(sim, i)) == digest);
    }
    CHECK(accused_in(0, 4) == 0);
}

static const struct tap_test joining_tests[] = {
    TAP_TEST(a_line_of_five_becomes_a_full_mesh),
    TAP_TEST(a_hundred_start_at_once_with_one_seed),
    TAP_TEST(fifty_start_one_by_one),
    TAP_TEST(seeds_that_are_dead_are_tried_for_ever),
    TAP_TEST(news_spread_in_a_few_rounds_and_end),
    TAP_TEST(an_idle_cluster_stays_converged),
    TAP_TEST(an_idle_cluster_allocates_nothing),
};
static const struct tap_test restarting_tests[] = {
    TAP_TEST(a_restart_with_its_state_keeps_the_id),
    TAP_TEST(a_restart_without_state_replaces_its_former_self),
    TAP_TEST(a_torn_state_is_refused),
    TAP_TEST(two_processes_with_one_name_are_told_apart),
    TAP_TEST(all_may_restart_within_a_second),
};
static const struct tap_test leaving_tests[] = {
    TAP_TEST(who_leaves_has_left_and_is_not_dead),
    TAP_TEST(who_left_returns_under_the_same_id),
    TAP_TEST(the_last_but_one_may_leave),
    TAP_TEST(leaving_with_loss_is_seen_as_left_by_all),
    TAP_TEST(who_left_during_a_partition_stays_left),
};
static const struct tap_test partition_tests[] = {
    TAP_TEST(halves_find_each_other_again),
    TAP_TEST(three_parts_of_different_size_find_each_other_again),
};
static const struct tap_test stranger_tests[] = {
    TAP_TEST(every_flipped_bit_and_every_cut_is_dropped),
    TAP_TEST(captures_are_worth_nothing),
    TAP_TEST(a_capture_of_a_whole_cluster_is_worth_nothing_to_a_new_one),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("joining", joining_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("restarting", restarting_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("leaving", leaving_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("partitions", partition_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("strangers", stranger_tests, members_only, story_tear_down),
};

TAP_MAIN(suites)
