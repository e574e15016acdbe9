/* Clusters of hundreds, and what the simulator does to run them. */
#include "tests/scenario/story.h"

#include <string.h>

#define MANY 200u

static void fast(void) {
    options.unsealed = options.pooled = true;
    options.scope = NULL;
    options.seed_count = 3;
}

static void who_begins_converged_is_converged(void) {
    fast();
    world(1, MANY);
    bw_sim_start_converged(sim);
    CHECK(bw_sim_converged(sim));
    run_ms(10000);
    CHECK(bw_sim_converged(sim));
    CHECK(events(EVERYBODY, BW_EVENT_MEMBER_SUSPECT) == 0);
    bw_sim_crash(sim, MANY - 1);
    CHECK(wait_everywhere(MANY - 1, BW_STATUS_DEAD, 10000));
    CHECK(wait_converged(10000));
}

static void who_begins_converged_finds_a_leader(void) {
    options.unsealed = options.pooled = true;
    world(1, 20);
    bw_sim_start_converged(sim);
    CHECK(wait_leader(10000) != NOBODY);
}

static struct {
    size_t size;
    uint8_t data[BW_DATAGRAM_MAX];
} kept; /* the first from host 0 to host 1 */

static void keep(void *context, size_t from, size_t to, const uint8_t *data, size_t size) {
    (void)context;
    if (from == 0 && to == 1 && kept.size == 0 && size <= sizeof kept.data) {
        memcpy(kept.data, data, size);
        kept.size = size;
    }
}

static uint64_t dropped(size_t host) {
    struct bw_sim_counts counts;
    bw_sim_counts(sim, host, &counts);
    return counts.dropped;
}

/* What is bound to one member is for no other, and nothing is taken twice: the stand-in seals as far as that goes. */
static void without_seals_a_datagram_is_still_for_one_and_once(void) {
    options.unsealed = true;
    options.on_datagram = keep;
    kept.size = 0;
    world(1, 3);
    bw_sim_start_converged(sim);
    run_ms(5000);
    CHECK(kept.size > 0);
    CHECK(dropped(1) == 0 && dropped(2) == 0);
    bw_sim_inject(sim, 0, 2, kept.data, kept.size);
    bw_sim_inject(sim, 0, 1, kept.data, kept.size);
    run_ms(100);
    CHECK(dropped(1) == 1);
    CHECK(dropped(2) == 1);
}

/* All start at once and know three of themselves. (make bench-scale: 2,000.) */
static void two_hundred_find_each_other_within_three_seconds(void) {
    fast();
    world(1, MANY);
    bw_sim_start_all(sim);
    CHECK(wait_converged(3000));
    tap_note("%u members through 3 seeds: all know all after %lld ms", MANY, (long long)now_ms());
}

#define CROWD 600u

/* How many different numbers of living members the hosts see in ten looks a second, until all see all; 0: they do not in time. */
static size_t sizes_until_whole(int64_t limit_ms) {
    static bool seen[CROWD + 1];
    size_t sizes = 0;
    memset(seen, 0, sizeof seen);
    while (!wait_converged(0)) {
        for (size_t i = 0; i < CROWD; i++) {
            size_t size = bw_sim_alive_count(sim, i);
            sizes += !seen[size];
            seen[size] = true;
        }
        if (now_ms() >= limit_ms || !run_ms(100))
            return 0;
    }
    return sizes + 1;
}

/* Whoever comes while many come waits until the seeds know all of them, and then is told once. In a record of 80 bytes nobody is told
 * of much more than twice. */
static void a_crowd_is_told_of_itself_once(void) {
    for (uint64_t seed = 1; seed <= seed_count(1); seed++) {
        struct bw_sim_counts counts;
        fast();
        world(seed, CROWD);
        bw_sim_start_all(sim);
        size_t sizes = sizes_until_whole(1000);
        CHECK(sizes > 0 && sizes < CROWD / 4);
        bw_sim_counts(sim, EVERYBODY, &counts);
        CHECK(counts.sent / CROWD < 100);
        CHECK(counts.sent_size / CROWD < (uint64_t)CROWD * 200);
        tap_note("%u members: %lld ms, %zu sizes, %llu datagrams and %llu bytes each", CROWD, (long long)now_ms(),
                 sizes, (unsigned long long)(counts.sent / CROWD), (unsigned long long)(counts.sent_size / CROWD));
    }
}

/* Those who come one after the other, without an end, are not put off for long: each knows all that came before it. */
static void who_comes_in_an_endless_stream_is_let_in(void) {
    fast();
    world(1, MANY);
    for (size_t i = 0; i < MANY; i++) {
        bw_sim_start(sim, i);
        run_ms(10);
        if (i >= 150)
            CHECK(bw_sim_alive_count(sim, i - 100) + 50 > i);
    }
    CHECK(wait_converged(3000));
}

static const struct tap_test scale_tests[] = {
    TAP_TEST(who_begins_converged_is_converged),
    TAP_TEST(who_begins_converged_finds_a_leader),
    TAP_TEST(without_seals_a_datagram_is_still_for_one_and_once),
    TAP_TEST(two_hundred_find_each_other_within_three_seconds),
    TAP_TEST(a_crowd_is_told_of_itself_once),
    TAP_TEST(who_comes_in_an_endless_stream_is_let_in),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("scale", scale_tests, story_set_up, story_tear_down),
};

TAP_MAIN(suites)
