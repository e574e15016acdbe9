/* Scenarios of datagrams that come late (15): what a member said, or what was said of it, before it left, died or restarted. They were
 * never delivered before, so they are no replays: they may be opened, and must change nothing. */
#include "tests/scenario/story.h"

#include <string.h>

#define KEPT_MAX 256u

static struct {
    size_t from, to;
    size_t size;
    uint8_t data[BW_DATAGRAM_MAX];
} kept[KEPT_MAX];
static size_t kept_count;
static size_t held_from, held_to;

static void keep(void *context, size_t from, size_t to, const uint8_t *data, size_t size) {
    (void)context;
    if (from != held_from || to != held_to || kept_count == KEPT_MAX || size > BW_DATAGRAM_MAX)
        return;
    kept[kept_count].from = from;
    kept[kept_count].to = to;
    kept[kept_count].size = size;
    memcpy(kept[kept_count++].data, data, size);
}

static void late_set_up(void) {
    story_set_up();
    options.scope = NULL;
    options.durable = true;
    options.on_datagram = keep;
    held_from = held_to = NOBODY;
}

/* What goes from here to there is on its way for long. */
static void hold_back(size_t from, size_t to) {
    kept_count = 0;
    held_from = from;
    held_to = to;
    bw_sim_cut_one_way(sim, from, to);
}

static void hold_no_more(void) {
    bw_sim_mend(sim, held_from, held_to);
    held_from = held_to = NOBODY;
}

/* All of it arrives; how many were opened. */
static size_t arrive(void) {
    struct bw_sim_counts before, after;
    size_t to = kept[0].to;
    bw_sim_counts(sim, to, &before);
    for (size_t i = 0; i < kept_count; i++)
        bw_sim_inject(sim, kept[i].from, to, kept[i].data, kept[i].size);
    bw_sim_run_us(sim, 400);
    bw_sim_counts(sim, to, &after);
    return (size_t)((after.received - before.received) - (after.dropped - before.dropped));
}

static uint64_t all_events(void) {
    uint64_t sum = 0;
    for (int type = 0; type < BW_EVENT_COUNT; type++)
        sum += events(EVERYBODY, (enum bw_event_type)type);
    return sum;
}

/* It arrives, and for half a minute nobody thinks or says anything else than before. How many were opened. */
static size_t arrive_in_vain(size_t subject, enum bw_status status) {
    size_t observer = (subject + 1) % 5;
    uint64_t told = all_events();
    uint64_t digest = bw_node_digest(bw_sim_node(sim, observer));
    uint64_t suspected = bw_sim_suspected_count(sim, subject);
    size_t opened = arrive();
    CHECK(everywhere(subject, status));
    run_ms(30000);
    CHECK(everywhere(subject, status));
    CHECK(bw_sim_converged(sim));
    CHECK(bw_node_digest(bw_sim_node(sim, observer)) == digest);
    CHECK(bw_sim_suspected_count(sim, subject) == suspected);
    CHECK(all_events() == told);
    return opened;
}

/* n1 never hears n3's own claim before n3 has left. */
static void its_own_alive_after_it_left(void) {
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        world(seed, 5);
        for (size_t i = 0; i < 5; i++)
            if (i != 3)
                bw_sim_start(sim, i);
        CHECK(wait_converged(10000));
        hold_back(3, 1);
        bw_sim_start(sim, 3);
        CHECK(wait_everywhere(3, BW_STATUS_ALIVE, 10000));
        run_ms(2000);
        bw_sim_leave(sim, 3);
        CHECK(bw_sim_wait_left(sim, 3, 10000));
        CHECK(wait_everywhere(3, BW_STATUS_LEFT, 10000));
        bw_sim_crash(sim, 3);
        hold_no_more();
        run_ms(10000);
        CHECK(arrive_in_vain(3, BW_STATUS_LEFT) > 0);
    }
}

/* What n0 tells n1 of n3's death comes when n3 is back; so does what it tells n3 itself. */
static void its_own_death_after_it_restarted(void) {
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        size_t to = seed % 2 == 0 ? 3 : 1;
        cluster(seed, 5);
        hold_back(0, to);
        bw_sim_crash(sim, 3);
        CHECK(wait_everywhere(3, BW_STATUS_DEAD, 20000));
        run_ms(2000);
        bw_sim_restart(sim, 3);
        CHECK(wait_everywhere(3, BW_STATUS_ALIVE, 20000));
        hold_no_more();
        CHECK(wait_converged(20000));
        run_ms(10000);
        uint64_t refuted = rules(3, BW_RULE_REFUTE_OWN_SUSPICION);
        CHECK(kept_count > 0);
        size_t opened = arrive_in_vain(3, BW_STATUS_ALIVE);
        CHECK(to == 3 || opened == kept_count); /* n0 has only one life, and n1 believes it */
        CHECK(rules(3, BW_RULE_REFUTE_OWN_SUSPICION) == refuted);
    }
}

/* What n3 said in its earlier life, in the next one. */
static void words_of_the_earlier_session_after_a_restart(void) {
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        cluster(seed, 5);
        hold_back(3, 0);
        run_ms(5000);
        hold_no_more();
        CHECK(kept_count > 0);
        uint64_t dead = bw_sim_dead_count(sim, 3);
        bw_sim_restart(sim, 3);
        arrive(); /* before it has spoken again: the old session is the one that n0 knows */
        CHECK(wait_converged(10000));
        run_ms(10000);
        CHECK(bw_sim_dead_count(sim, 3) == dead);
        CHECK(arrive_in_vain(3, BW_STATUS_ALIVE) == 0);
    }
}

/* The same in slow motion: all that n3 says is on its way for seconds, while it ends and starts again. */
static void words_that_overtake_each_other_around_a_restart(void) {
    for (uint64_t seed = 1; seed <= seed_count(8); seed++) {
        cluster(seed, 5);
        protect(0, 5);
        bw_sim_link(sim, 3, 0)->latency_us = 2500000;
        bw_sim_link(sim, 3, 1)->latency_us = 2500000;
        run_ms(2000 + (int64_t)(seed * 97 % 501));
        bw_sim_restart(sim, 3);
        bw_sim_link(sim, 3, 0)->latency_us = 0;
        bw_sim_link(sim, 3, 1)->latency_us = 0;
        CHECK(wait_converged(10000));
        run_ms(30000);
        CHECK(bw_sim_converged(sim));
        CHECK(bw_sim_dead_count(sim, 3) == 0);
    }
}

static void heartbeats_of_an_ended_reign(bool leaves) {
    options.scope = SCOPE;
    for (uint64_t seed = 1; seed <= seed_count(4); seed++) {
        size_t leader = cluster(seed, 5);
        if (leader == NOBODY)
            return;
        size_t follower = (leader + 1) % 5;
        hold_back(leader, follower);
        run_ms(700);
        hold_no_more();
        CHECK(kept_count > 1);
        if (leaves) {
            bw_sim_leave(sim, leader);
            CHECK(bw_sim_wait_left(sim, leader, 5000));
            bw_sim_crash(sim, leader);
        } else {
            bw_sim_restart(sim, leader);
        }
        CHECK(wait_other_leader(leader, 5000) != NOBODY);
        run_ms(10000);
        size_t successor = bw_sim_leader_everywhere(sim, SCOPE);
        CHECK(successor != NOBODY);
        arrive_in_vain(leader, leaves ? BW_STATUS_LEFT : BW_STATUS_ALIVE);
        CHECK(bw_sim_leader_everywhere(sim, SCOPE) == successor);
        CHECK(acting_count() == 1);
    }
}

static void heartbeats_after_the_leader_left(void) {
    heartbeats_of_an_ended_reign(true);
}

static void heartbeats_after_the_leader_restarted(void) {
    heartbeats_of_an_ended_reign(false);
}

static const struct tap_test late_tests[] = {
    TAP_TEST(its_own_alive_after_it_left),
    TAP_TEST(its_own_death_after_it_restarted),
    TAP_TEST(words_of_the_earlier_session_after_a_restart),
    TAP_TEST(words_that_overtake_each_other_around_a_restart),
    TAP_TEST(heartbeats_after_the_leader_left),
    TAP_TEST(heartbeats_after_the_leader_restarted),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("late words", late_tests, late_set_up, story_tear_down),
};

TAP_MAIN(suites)
