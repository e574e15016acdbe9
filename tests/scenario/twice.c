/* Scenario 44: a disk is copied while its member runs, and the copy starts as well: one id, two processes. */
#include "tests/scenario/story.h"

#include <stdio.h>
#include <string.h>

#define COPY 4u
#define QUIET_MS 60000 /* so long after the other was heard last the one that is taken for the member stands again */

static struct {
    size_t to;
    size_t size;
    uint8_t data[BW_DATAGRAM_MAX];
} captures[200];
static size_t capture_count;
static size_t captured_of = NOBODY;

static void capture(void *context, size_t from, size_t to, const uint8_t *data, size_t size) {
    (void)context;
    if (from != captured_of || to >= COPY || capture_count == BW_COUNT(captures))
        return;
    captures[capture_count].to = to;
    captures[capture_count].size = size;
    memcpy(captures[capture_count++].data, data, size);
}

static size_t acting(void) {
    size_t host = 0;
    while (host < COPY && !may_act(host))
        host++;
    return host;
}

/* Four members, of which one leads; its disk, or another's, is copied, and the copy starts. The host that was copied. */
static size_t copied(uint64_t seed, bool leads) {
    char name[8];
    options.durable = true;
    world(seed, COPY + 1);
    for (size_t i = 0; i < COPY; i++)
        bw_sim_start(sim, i);
    run_ms(20000);
    size_t host = acting();
    CHECK(host < COPY);
    if (!leads)
        host = (host + 1) % COPY;
    snprintf(name, sizeof(name), "n%zu", host);
    bw_sim_disk_copy(sim, host, COPY);
    bw_sim_set_name(sim, COPY, name);
    CHECK(bw_sim_start(sim, COPY) == 0);
    return host;
}

static void both_are_told_and_neither_leads(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t host = copied(seed, seed % 2 == 0);
        run_ms(20000);
        CHECK(events(host, BW_EVENT_MEMBER_TWICE) > 0);
        CHECK(events(COPY, BW_EVENT_MEMBER_TWICE) > 0);
        for (int i = 0; i < 60; i++) {
            CHECK(acting_count() == 1);
            CHECK(!may_act(host) && !may_act(COPY));
            run_ms(1000);
        }
    }
}

/* Also alone it does not lead: the others know it as one that has ended. */
static void the_former_one_leads_no_more_without_the_copy_either(void) {
    size_t host = copied(2, true);
    run_ms(10000);
    bw_sim_crash(sim, COPY);
    for (int i = 0; i < 180; i++) {
        run_ms(1000);
        CHECK(acting_count() <= 1 && !may_act(host));
    }
    CHECK(acting_count() == 1);
}

static void the_one_that_is_taken_for_it_may_lead_once_the_other_is_gone(void) {
    size_t host = copied(1, true);
    run_ms(10000);
    bw_sim_crash(sim, host);
    for (size_t i = 0; i < COPY; i++)
        if (i != host)
            bw_sim_crash(sim, i);
    run_ms(QUIET_MS / 2);
    CHECK(!may_act(COPY));
    run_ms(QUIET_MS);
    CHECK(may_act(COPY));
}

/* The copy is stopped, and who remembers it as the newer one starts again: the former one is the member again. */
static void who_is_taken_for_the_member_again_stands_again(void) {
    size_t host = copied(1, true);
    run_ms(10000);
    CHECK(events(host, BW_EVENT_MEMBER_TWICE) > 0);
    bw_sim_crash(sim, COPY);
    run_ms(20000);
    for (size_t i = 0; i < COPY; i++) {
        if (i == host)
            continue;
        bw_sim_restart(sim, i);
        run_ms(30000);
    }
    run_ms(2 * QUIET_MS);
    for (size_t i = 0; i < COPY; i++)
        if (i != host)
            bw_sim_crash(sim, i);
    run_ms(QUIET_MS);
    CHECK(may_act(host));
}

/* Nobody has the key; what the former one said in its last seconds is sent again and again, to whom it was for. */
static void captures_show_no_second_one(void) {
    options.on_datagram = capture;
    size_t host = copied(1, true);
    run_ms(10000);
    captured_of = host;
    run_ms(3000);
    captured_of = NOBODY;
    bw_sim_crash(sim, host);
    run_ms(QUIET_MS + 5000);
    CHECK(capture_count > 0);
    uint64_t told = events(EVERYBODY, BW_EVENT_MEMBER_TWICE);
    uint64_t answered = rules(EVERYBODY, BW_RULE_ANSWER_UNPROVEN_PINGS_ONLY);
    for (int i = 0; i < 3; i++) {
        for (size_t k = 0; k < capture_count; k++)
            bw_sim_inject(sim, host, captures[k].to, captures[k].data, captures[k].size);
        run_ms(2000);
    }
    CHECK(events(EVERYBODY, BW_EVENT_MEMBER_TWICE) == told);
    CHECK(rules(EVERYBODY, BW_RULE_ANSWER_UNPROVEN_PINGS_ONLY) == answered);
    CHECK(rules(EVERYBODY, BW_RULE_TELL_BOTH_OF_ONE_ID) > 0);
}

/* A voter whose disk is older than what it said: it votes for nobody. */
static void in_quorum_mode_neither_votes(void) {
    options.voter_count = COPY;
    size_t host = copied(1, false);
    run_ms(10000);
    CHECK(events(host, BW_EVENT_MEMBER_TWICE) > 0);
    size_t leader = acting();
    size_t third = 0; /* of the four voters two are left, the leader among them */
    while (third == host || third == leader)
        third++;
    bw_sim_crash(sim, third);
    run_ms(30000);
    CHECK(acting_count() == 0);
    CHECK(bw_sim_start(sim, third) == 0);
    run_ms(30000);
    CHECK(acting_count() == 1);
}

static void a_restart_is_nothing_of_the_kind(void) {
    options.durable = true;
    options.reorder_ppm = 200000;
    options.reorder_us = 2000000;
    options.duplicate_ppm = 200000;
    CHECK(cluster(1, 5) != NOBODY);
    for (int i = 0; i < 20; i++) {
        bw_sim_crash(sim, (size_t)i % 5);
        run_ms(i * 10);
        CHECK(bw_sim_start(sim, (size_t)i % 5) == 0);
        run_ms(5000);
    }
    CHECK(events(EVERYBODY, BW_EVENT_MEMBER_TWICE) == 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(both_are_told_and_neither_leads),
    TAP_TEST(the_former_one_leads_no_more_without_the_copy_either),
    TAP_TEST(the_one_that_is_taken_for_it_may_lead_once_the_other_is_gone),
    TAP_TEST(who_is_taken_for_the_member_again_stands_again),
    TAP_TEST(captures_show_no_second_one),
    TAP_TEST(in_quorum_mode_neither_votes),
    TAP_TEST(a_restart_is_nothing_of_the_kind),
};
static const struct tap_suite suites[] = {TAP_SUITE_WITH("twice", tests, story_set_up, story_tear_down)};

TAP_MAIN(suites)
