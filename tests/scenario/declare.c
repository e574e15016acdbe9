/* Scopes that members declare and withdraw while they run, as a command does that runs as long as its member leads; and work
 * that takes its time to stop. */
#include "base/rng.h"
#include "tests/scenario/story.h"

#include <stdio.h>
#include <string.h>

#define JOB "job"
#define HOSTS 5u
#define STOP_MS 2000u

static void members_only(void) {
    story_set_up();
    options.scope = NULL;
}

static int declare_call(struct bw_node *node, struct bw_time now, void *context) {
    struct bw_scope_config config;
    bw_scope_config_init(&config, context);
    config.failover = BW_FAILOVER_SAFE;
    config.stop_ms = STOP_MS;
    return bw_node_scope_add(node, &config, now);
}

static int withdraw_call(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_scope_remove(node, context, now);
}

static int stepdown_call(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_stepdown(node, context, 3000, now);
}

static int stopped_call(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_stopped(node, context, now);
}

static char job[] = JOB;

static int declare(size_t host) {
    return bw_sim_call(sim, host, "declares", declare_call, job);
}

static int withdraw(size_t host) {
    return bw_sim_call(sim, host, "withdraws", withdraw_call, job);
}

/* What is left to the host's work, by its own words: to act, or to stop. -1: nothing. */
static int64_t left_us(size_t host, bool *stopping) {
    struct bw_scope_info info;
    for (size_t i = 0; bw_node_scope(bw_sim_node(sim, host), i, &info, bw_sim_clock(sim, host)) == 0; i++)
        if (strcmp(info.scope, JOB) == 0) {
            *stopping = info.stop_us >= 0;
            return info.lease_us >= 0 ? info.lease_us : info.stop_us;
        }
    return -1;
}

/* The work of each host: it begins when the host may act, and needs so long to stop when it may not any more. */
static struct work {
    bool runs;
    int64_t needs_ms;
    int64_t stop_at_ms; /* 0: it was not told to */
} works[HOSTS];

static void look_at_work(size_t host, struct bw_rng *rng) {
    struct work *work = &works[host];
    bool stopping = false;
    int64_t left = left_us(host, &stopping);
    if (!work->runs && left > 0 && !stopping)
        *work = (struct work){.runs = true, .needs_ms = (int64_t)bw_rng_below(rng, 1500)};
    if (!work->runs)
        return;
    if (work->stop_at_ms == 0 && stopping)
        work->stop_at_ms = now_ms() + work->needs_ms;
    if (left <= 0) /* killed by the deadline */
        work->runs = false;
    else if (work->stop_at_ms != 0 && now_ms() >= work->stop_at_ms) {
        work->runs = false;
        CHECK(bw_sim_call(sim, host, "has stopped", stopped_call, job) == 0);
    }
}

static void look(int64_t ms, struct bw_rng *rng) {
    for (int64_t end_ms = now_ms() + ms; now_ms() < end_ms; run_ms(5)) {
        size_t running = 0;
        for (size_t host = 0; host < HOSTS; host++)
            look_at_work(host, rng);
        for (size_t host = 0; host < HOSTS; host++)
            running += works[host].runs;
        if (running > 1)
            bw_sim_fail(sim, "two work at one time");
    }
}

/* Members come and go, step down, and take their time: nowhere do two work at one time; and left alone, one works. */
static void work_never_overlaps_whoever_declares_and_withdraws(void) {
    uint64_t moves = 0, reigns = 0;
    for (uint64_t seed = 1; seed <= seed_count(12); seed++) {
        struct bw_rng rng;
        memset(works, 0, sizeof works);
        cluster(seed, HOSTS);
        bw_rng_seed(&rng, seed);
        for (int step = 0; step < 80; step++) {
            size_t host = bw_rng_below(&rng, HOSTS);
            if (withdraw(host) != 0)
                CHECK(declare(host) == 0);
            if (bw_rng_below(&rng, 3) == 0) {
                (void)withdraw(host);
                (void)declare(host);
            }
            if (bw_rng_below(&rng, 4) == 0)
                moves += bw_sim_call(sim, bw_rng_below(&rng, HOSTS), "steps down", stepdown_call, job) == 0;
            look((int64_t)bw_rng_below(&rng, 1500), &rng);
        }
        (void)declare(0);
        look(15000, &rng);
        CHECK(bw_sim_leader_everywhere(sim, JOB) != NOBODY);
        reigns += events(EVERYBODY, BW_EVENT_SELF_ELECTED);
    }
    CHECK(moves > 12 && reigns > 100);
}

static void do_harm(size_t host, struct bw_rng *rng) {
    switch (bw_rng_below(rng, 5)) {
    case 0:
        bw_sim_pause(sim, host);
        run_ms((int64_t)bw_rng_below(rng, 4000));
        bw_sim_continue(sim, host);
        return;
    case 1:
        bw_sim_crash(sim, host);
        run_ms((int64_t)bw_rng_below(rng, 3000));
        CHECK(bw_sim_restart(sim, host) == 0);
        return;
    case 2:
        bw_sim_host_silent(sim, host, true);
        run_ms((int64_t)bw_rng_below(rng, 4000));
        bw_sim_host_silent(sim, host, false);
        return;
    default:
        bw_sim_loss(sim, (uint32_t)bw_rng_below(rng, 300000));
    }
}

/* With crashes, pauses, silence and loss: elected and deposed alternate, terms rise, no token is used twice (the simulator looks
 * at all of it), and in the end one leads. Work that is never said to have stopped holds nobody up for ever. */
static void whatever_happens_reigns_alternate_and_terms_rise(void) {
    uint64_t reigns = 0;
    for (uint64_t seed = 1; seed <= seed_count(10); seed++) {
        struct bw_rng rng;
        options.durable = seed % 2 == 0;
        cluster(seed, HOSTS);
        bw_rng_seed(&rng, seed);
        for (int step = 0; step < 60; step++) {
            size_t host = bw_rng_below(&rng, HOSTS);
            if (withdraw(host) != 0)
                CHECK(declare(host) == 0);
            if (bw_rng_below(&rng, 2) == 0)
                (void)bw_sim_call(sim, host, "steps down", stepdown_call, job);
            if (bw_rng_below(&rng, 2) == 0)
                (void)bw_sim_call(sim, bw_rng_below(&rng, HOSTS), "has stopped", stopped_call, job);
            if (bw_rng_below(&rng, 3) == 0)
                do_harm(bw_rng_below(&rng, HOSTS), &rng);
            run_ms((int64_t)bw_rng_below(&rng, 2000));
        }
        bw_sim_loss(sim, 0);
        (void)declare(0);
        run_ms(60000);
        CHECK(bw_sim_leader_everywhere(sim, JOB) != NOBODY);
        reigns += events(EVERYBODY, BW_EVENT_SELF_ELECTED);
    }
    CHECK(reigns > 100);
}

/* Who leaves is the leader until its work has stopped, and a member until then. */
static void who_leaves_is_a_member_until_its_work_has_stopped(void) {
    cluster(3, 3);
    CHECK(declare(1) == 0);
    run_ms(2000);
    CHECK(bw_sim_may_act(sim, 1, JOB));
    CHECK(declare(2) == 0);
    run_ms(2000);
    bw_sim_leave(sim, 1);
    CHECK(!bw_sim_may_act(sim, 1, JOB));
    run_ms(1500);
    CHECK(!bw_sim_left(sim, 1));
    CHECK(!anywhere(1, BW_STATUS_LEFT));
    CHECK(bw_sim_leader_of(sim, 0, JOB) == 1);
    CHECK(bw_sim_call(sim, 1, "has stopped", stopped_call, job) == 0);
    CHECK(bw_sim_wait_left(sim, 1, 1000));
    run_ms(100);
    CHECK(bw_sim_may_act(sim, 2, JOB));
    CHECK(wait_everywhere(1, BW_STATUS_LEFT, 1000));
}

/* ... or until its time and its lease are over. */
static void who_leaves_with_work_that_hangs_leaves_all_the_same(void) {
    cluster(4, 3);
    CHECK(declare(1) == 0);
    run_ms(2000);
    CHECK(bw_sim_may_act(sim, 1, JOB));
    bw_sim_leave(sim, 1);
    run_ms(STOP_MS);
    CHECK(!bw_sim_left(sim, 1));
    CHECK(bw_sim_wait_left(sim, 1, 2000));
}

static int tags_call(struct bw_node *node, struct bw_time now, void *context) {
    const struct bw_tag tags[2] = {{"one", context}, {"two", context}};
    return bw_node_set_tags(node, tags, 2, now);
}

/* A candidacy that no record has room for is refused, not kept from the others. */
static void a_candidacy_that_fits_no_record_is_refused(void) {
    static char filler[240];
    char name[BW_NAME_MAX + 1];
    int declared = 0, error = 0;
    memset(filler, 'x', sizeof filler - 1);
    world(5, 2);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    bw_sim_set_name(sim, 0, name);
    bw_sim_start_all(sim);
    CHECK(wait_converged(20000));
    run_ms(3000);
    CHECK(bw_sim_call(sim, 0, "changes its tags", tags_call, filler) == 0);
    for (; error == 0 && declared < 8; declared += error == 0) {
        memset(name, 'y', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        name[0] = (char)('a' + declared);
        error = bw_sim_call(sim, 0, "declares", declare_call, name);
    }
    CHECK(error == BW_ERR_SPACE);
    CHECK(declared > 0 && declared < 7);
    CHECK(bw_sim_call(sim, 0, "withdraws", withdraw_call, name) == BW_ERR_NOT_FOUND);
    run_ms(3000);
    name[0] = 'a';
    CHECK(bw_sim_leader_everywhere(sim, name) == 0);
    CHECK(wait_converged(5000));
}

static const struct tap_test tests[] = {
    TAP_TEST(work_never_overlaps_whoever_declares_and_withdraws),
    TAP_TEST(whatever_happens_reigns_alternate_and_terms_rise),
    TAP_TEST(who_leaves_is_a_member_until_its_work_has_stopped),
    TAP_TEST(who_leaves_with_work_that_hangs_leaves_all_the_same),
    TAP_TEST(a_candidacy_that_fits_no_record_is_refused),
};
static const struct tap_suite suites[] = {TAP_SUITE_WITH("declare", tests, members_only, story_tear_down)};

TAP_MAIN(suites)
