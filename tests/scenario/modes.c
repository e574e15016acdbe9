/* The faults of docs/GUARANTEES.md's first table, each in every mode: five members, all of them candidates, in quorum mode voters, too. What
 * the table says of each mode is checked here, and how long it took is printed. */
#include "tests/scenario/story.h"

#define LIMIT_MS 10000 /* for a successor; what is promised is checked apart */
#define ALONE_MS 60000 /* for one that is cut off to find itself alone */
#define QUORUM_MS 6000 /* promises that run out, a pre-vote, votes, a first renewal; losers try again */
#define AVAILABLE_MS 2500
#define MEMBERS 5
#define SEEDS 3

static const enum bw_mode modes[] = {BW_MODE_PRIORITY, BW_MODE_BULLY, BW_MODE_QUORUM};
static const char *const names[] = {
    [BW_MODE_PRIORITY] = "priority", [BW_MODE_BULLY] = "bully", [BW_MODE_QUORUM] = "quorum"};

/* One fault, once. Returns how long there was no leader that everybody knew, in ms; -1: that does not matter. */
typedef int64_t (*fault)(enum bw_mode mode, size_t leader);

static void in_each_mode(const char *what, fault happens) {
    for (size_t i = 0; i < BW_COUNT(modes); i++) {
        struct sample sample = {.count = 0};
        char text[96];
        for (uint64_t seed = 1; seed <= seed_count(SEEDS); seed++) {
            options.durable = true;
            options.mode = modes[i];
            options.voter_count = modes[i] == BW_MODE_QUORUM ? MEMBERS : 0;
            options.seed_count = MEMBERS;
            size_t leader = cluster(seed, MEMBERS);
            if (leader == NOBODY)
                return;
            sample_add(&sample, happens(modes[i], leader));
        }
        snprintf(text, sizeof text, "%s: %s", names[modes[i]], what);
        if (sample.values[0] >= 0)
            sample_note(&sample, text);
    }
}

/* Another one leads everywhere, but to the old leader, with a larger token, and in time. Returns when. */
static int64_t succeeded(enum bw_mode mode, size_t leader, const struct bw_token *before, size_t *successor) {
    int64_t from_us = bw_sim_now_us(sim);
    *successor = wait_other_leader(leader, LIMIT_MS);
    int64_t took_ms = (bw_sim_now_us(sim) - from_us) / BW_US_PER_MS;
    if (!CHECK(*successor != NOBODY))
        return INT64_MAX;
    struct bw_token after = token_of(*successor);
    CHECK(token_rises(before, &after));
    CHECK(took_ms <= (mode == BW_MODE_QUORUM ? QUORUM_MS : AVAILABLE_MS));
    CHECK(bw_sim_overlap_us(sim, SCOPE) == 0);
    return took_ms;
}

static int64_t least_ms(void) {
    return options.params.lease_ms - options.params.lease_ms / 6; /* the last round may have been so long ago */
}

static int64_t crashes(enum bw_mode mode, size_t leader) {
    struct bw_token before = token_of(leader);
    size_t next;
    bw_sim_crash(sim, leader);
    int64_t took_ms = succeeded(mode, leader, &before, &next);
    CHECK(mode == BW_MODE_QUORUM ? took_ms >= least_ms() : took_ms <= 1000); /* a refused port shortens no promise */
    CHECK(bw_sim_restart(sim, leader) == 0);
    run_ms(10000);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) == next && acting_count() == 1);
    return took_ms;
}

static int64_t loses_its_host(enum bw_mode mode, size_t leader) {
    struct bw_token before = token_of(leader);
    size_t next;
    bw_sim_crash(sim, leader);
    bw_sim_host_silent(sim, leader, true);
    int64_t took_ms = succeeded(mode, leader, &before, &next);
    CHECK(took_ms >= least_ms());
    return took_ms;
}

static int64_t is_paused(enum bw_mode mode, size_t leader) {
    struct bw_token before = token_of(leader);
    size_t next;
    bw_sim_pause(sim, leader);
    int64_t took_ms = succeeded(mode, leader, &before, &next);
    run_ms(5000);
    bw_sim_continue(sim, leader);
    CHECK(!may_act(leader));
    CHECK(events(leader, BW_EVENT_SELF_DEPOSED) == events(leader, BW_EVENT_SELF_ELECTED));
    run_ms(10000);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) == next && acting_count() == 1);
    return took_ms;
}

static size_t any_other_acting(size_t than) {
    for (size_t i = 0; i < MEMBERS; i++)
        if (i != than && may_act(i))
            return i;
    return NOBODY;
}

/* Neither in nor out: it stops in time, and leads a cluster of its own later, or not. */
static int64_t is_cut_off(enum bw_mode mode, size_t leader) {
    bw_sim_host_silent(sim, leader, true);
    run_ms(options.params.lease_ms);
    CHECK(!may_act(leader));
    run_ms(mode == BW_MODE_QUORUM ? QUORUM_MS : AVAILABLE_MS);
    size_t next = any_other_acting(leader);
    CHECK(next != NOBODY && bw_sim_overlap_us(sim, SCOPE) == 0);
    run_ms(ALONE_MS);
    CHECK(may_act(leader) == (mode != BW_MODE_QUORUM));
    bw_sim_host_silent(sim, leader, false);
    CHECK(wait_leader(ALONE_MS) != NOBODY);
    run_ms(15000);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) != NOBODY && acting_count() == 1);
    return -1;
}

/* Two with the leader, and three. */
static int64_t falls_in_two(enum bw_mode mode, size_t leader) {
    unsigned groups[MEMBERS] = {0};
    groups[leader] = groups[(leader + 1) % MEMBERS] = 1;
    bw_sim_partition(sim, groups);
    run_ms(ALONE_MS);
    size_t next = any_other_acting(leader);
    CHECK(next != NOBODY);
    CHECK(acting_count() == (mode == BW_MODE_QUORUM ? 1 : 2));
    CHECK(mode != BW_MODE_QUORUM || bw_sim_overlap_us(sim, SCOPE) == 0);
    bw_sim_heal(sim);
    CHECK(wait_leader(ALONE_MS) != NOBODY);
    run_ms(15000);
    size_t winner = bw_sim_leader_everywhere(sim, SCOPE);
    CHECK(winner != NOBODY && acting_count() == 1);
    CHECK(mode != BW_MODE_QUORUM || winner == next);
    return -1;
}

static int64_t one_way(enum bw_mode mode, size_t leader, struct bw_sim_link *direction) {
    uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
    direction->cut = true;
    run_ms(options.params.lease_ms + 1);
    CHECK(!may_act(leader));
    run_ms(mode == BW_MODE_QUORUM ? QUORUM_MS : AVAILABLE_MS);
    size_t next = any_other_acting(leader);
    CHECK(next != NOBODY && bw_sim_overlap_us(sim, SCOPE) == 0);
    run_ms(ALONE_MS);
    CHECK(any_other_acting(leader) == next); /* it is not disturbed */
    CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= elected + (mode == BW_MODE_QUORUM ? 1 : 2)); /* and its own */
    bw_sim_heal(sim);
    CHECK(wait_leader(ALONE_MS) != NOBODY);
    run_ms(15000);
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) != NOBODY && acting_count() == 1);
    return -1;
}

static int64_t goes_mute(enum bw_mode mode, size_t leader) {
    return one_way(mode, leader, bw_sim_out(sim, leader));
}

static int64_t goes_deaf(enum bw_mode mode, size_t leader) {
    return one_way(mode, leader, bw_sim_in(sim, leader));
}

static int64_t has_its_clock_set(enum bw_mode mode, size_t leader) {
    struct bw_token before = token_of(leader);
    uint64_t deposed = events(leader, BW_EVENT_SELF_DEPOSED);
    int64_t from_us = bw_sim_now_us(sim);
    bw_sim_wall_step(sim, leader, leader % 2 == 0 ? 3600000 : -3600000);
    run_ms(options.params.lease_ms / 6 + 50); /* to its next round */
    CHECK(events(leader, BW_EVENT_SELF_DEPOSED) == deposed + 1);
    size_t next = wait_leader(LIMIT_MS);
    int64_t took_ms = (bw_sim_now_us(sim) - from_us) / BW_US_PER_MS;
    if (!CHECK(next != NOBODY && took_ms <= (mode == BW_MODE_QUORUM ? QUORUM_MS : AVAILABLE_MS)))
        return INT64_MAX;
    struct bw_token after = token_of(next);
    CHECK(token_rises(&before, &after));
    run_ms(10000);
    CHECK(acting_count() == 1 && bw_sim_overlap_us(sim, SCOPE) == 0);
    return took_ms;
}

/* It is somebody new: welcome where everybody counts, and no voter. */
static int64_t loses_its_disk(enum bw_mode mode, size_t leader) {
    CHECK(bw_sim_restart_blank(sim, leader) == 0);
    CHECK(wait_leader(LIMIT_MS) != NOBODY);
    run_ms(10000);
    CHECK(acting_count() == 1 && bw_sim_overlap_us(sim, SCOPE) == 0);
    bw_sim_crash(sim, (leader + 1) % MEMBERS);
    bw_sim_crash(sim, (leader + 2) % MEMBERS);
    run_ms(20000);
    CHECK(acting_count() == (mode == BW_MODE_QUORUM ? 0 : 1)); /* two of five voters are left */
    return -1;
}

static int64_t all_lose_their_power(enum bw_mode mode, size_t leader) {
    struct bw_token before = token_of(leader);
    for (size_t i = 0; i < MEMBERS; i++)
        bw_sim_crash(sim, i);
    run_ms(500);
    for (size_t i = 0; i < MEMBERS; i++)
        CHECK(bw_sim_restart(sim, i) == 0);
    int64_t from_us = bw_sim_now_us(sim);
    size_t next = wait_leader(LIMIT_MS);
    int64_t took_ms = (bw_sim_now_us(sim) - from_us) / BW_US_PER_MS;
    if (!CHECK(next != NOBODY && took_ms <= QUORUM_MS))
        return INT64_MAX;
    struct bw_token after = token_of(next);
    CHECK(token_rises(&before, &after));
    CHECK(mode != BW_MODE_QUORUM || took_ms >= options.params.lease_ms); /* all abstain */
    run_ms(10000);
    CHECK(acting_count() == 1 && bw_sim_overlap_us(sim, SCOPE) == 0);
    return took_ms;
}

static void the_leaders_process_crashes(void) {
    in_each_mode("the leader's process crashes, a new leader known everywhere", crashes);
}
static void the_leaders_host_is_lost(void) {
    in_each_mode("the leader's host is lost, a new leader known everywhere", loses_its_host);
}
static void the_leader_is_paused(void) {
    in_each_mode("the leader is paused, a new leader known everywhere", is_paused);
}
static void the_leader_is_cut_off_from_all(void) {
    in_each_mode("", is_cut_off);
}
static void the_network_falls_in_two(void) {
    in_each_mode("", falls_in_two);
}
static void the_leader_can_only_hear(void) {
    in_each_mode("", goes_mute);
}
static void the_leader_can_only_speak(void) {
    in_each_mode("", goes_deaf);
}
static void the_leaders_clock_is_set(void) {
    in_each_mode("the leader's clock is set by an hour, a leader known everywhere", has_its_clock_set);
}
static void the_leaders_disk_is_lost(void) {
    in_each_mode("", loses_its_disk);
}
static void the_power_of_all_is_lost(void) {
    in_each_mode("all restart at once, a leader known everywhere", all_lose_their_power);
}

static const struct tap_test mode_tests[] = {
    TAP_TEST(the_leaders_process_crashes),    TAP_TEST(the_leaders_host_is_lost), TAP_TEST(the_leader_is_paused),
    TAP_TEST(the_leader_is_cut_off_from_all), TAP_TEST(the_network_falls_in_two), TAP_TEST(the_leader_can_only_hear),
    TAP_TEST(the_leader_can_only_speak),      TAP_TEST(the_leaders_clock_is_set), TAP_TEST(the_leaders_disk_is_lost),
    TAP_TEST(the_power_of_all_is_lost),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("every fault in every mode", mode_tests, story_set_up, story_tear_down),
};

TAP_MAIN(suites)
