/* Scopes that are declared and withdrawn while members run, and work that must stop before its leader resigns. */
#include "tests/unit/election_test.h"

#include <stdio.h>
#include <string.h>

#define JOB "job"

static void set_up(void) {
    world_begin();
}

/* count observers of everything, who know each other. */
static void members(size_t count) {
    for (size_t i = 0; i < count; i++)
        world_add(-1);
    for (size_t i = 0; i < count; i++)
        world_start(i);
    world_run(MS(8000));
}

static size_t job_leader(void) {
    size_t leader = WORLD_NODES;
    for (size_t i = 0; i < world.count; i++)
        if (world.nodes[i].up && bw_election_may_act(world.nodes[i].election, JOB, world_time(i))) {
            CU_ASSERT_EQUAL(leader, WORLD_NODES);
            leader = i;
        }
    return leader;
}

static size_t until_job_led(int64_t limit_us) {
    int64_t end_us = world.now_us + limit_us;
    while (job_leader() == WORLD_NODES && world.now_us < end_us)
        world_run(MS(1));
    return job_leader();
}

static bool job_info(size_t node, struct bw_scope_info *info) {
    for (size_t i = 0; bw_election_scope(world.nodes[node].election, i, info, world_time(node)) == 0; i++)
        if (strcmp(info->scope, JOB) == 0)
            return true;
    return false;
}

static bool is_candidate(size_t at, size_t about) {
    struct bw_candidate_info info;
    for (size_t i = 0; bw_election_candidate(world.nodes[at].election, JOB, i, &info) == 0; i++)
        if (bw_id_equal(&info.id, &world.nodes[about].id))
            return true;
    return false;
}

static void an_observer_declares_a_scope_and_leads_it(void) {
    struct bw_scope_info info;
    members(3);
    CU_ASSERT_EQUAL(job_info(2, &info), false);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), BW_ERR_BUSY);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
    CU_ASSERT(world.now_us - from_us >= world.params.settle_ms * MS(1)); /* who came before is heard first */
    world_run(MS(1000));
    CU_ASSERT_TRUE(is_candidate(2, 0));
    CU_ASSERT_TRUE(job_info(2, &info) && info.has_leader && info.role == BW_ROLE_OBSERVER);
    CU_ASSERT_TRUE(job_info(0, &info) && info.role == BW_ROLE_LEADER && info.lease_us > 0 && info.stop_us == -1);
    CU_ASSERT_EQUAL(info.previous.term, 0);
}

/* The one that joins does not usurp; with all gone nobody leads, and the scope is still known. */
static void withdrawing_while_leading_hands_over_and_stands_no_more(void) {
    struct bw_scope_info info;
    members(3);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
    CU_ASSERT_EQUAL(world_declare(1, JOB, BW_FAILOVER_SAFE, 0), 0);
    world_run(MS(5000));
    CU_ASSERT_EQUAL(job_leader(), 0);
    int64_t from_us = world.now_us;
    struct bw_token first = world_last(0, BW_EVENT_SELF_ELECTED)->event.token;
    CU_ASSERT_EQUAL(world_withdraw(0, JOB), 0);
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_RESIGNED);
    CU_ASSERT_EQUAL(until_job_led(MS(1000)), 1);
    CU_ASSERT(world.now_us - from_us <= 3 * world.delay_us + MS(3)); /* named, as by any resignation */
    CU_ASSERT_TRUE(job_info(1, &info) && bw_token_compare(&info.previous, &first) == 0);
    CU_ASSERT_EQUAL(world_withdraw(0, JOB), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(world_stepdown(0, JOB, 1000), BW_ERR_NOT_FOUND);
    world_crash(1, false);
    world_run(MS(30000));
    CU_ASSERT_EQUAL(job_leader(), WORLD_NODES);
    CU_ASSERT_FALSE(is_candidate(2, 0));
    CU_ASSERT_TRUE(job_info(0, &info) && info.role == BW_ROLE_OBSERVER && !info.has_leader);
    CU_ASSERT(world_hits(BW_RULE_WITHDRAW) > 0);
}

/* note_event checks that elected and deposed alternate and terms rise. */
static void withdrawn_and_declared_at_once_it_leads_in_a_later_term(void) {
    members(2);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
    for (int i = 0; i < 5; i++) {
        uint64_t term = world_last(0, BW_EVENT_SELF_ELECTED)->event.token.term;
        CU_ASSERT_EQUAL(world_withdraw(0, JOB), 0);
        CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
        CU_ASSERT_EQUAL(job_leader(), WORLD_NODES);
        CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
        CU_ASSERT(world_last(0, BW_EVENT_SELF_ELECTED)->event.token.term > term);
    }
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 5);
}

static void withdrawing_during_the_claim_leaves_nobody_leading(void) {
    members(3);
    for (int64_t delay_us = 0; delay_us < MS(4); delay_us += 100) { /* before, while persisting, while claiming */
        CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
        size_t claims = world.claims;
        while (world.claims == claims)
            world_run(100);
        world_run(delay_us);
        CU_ASSERT_EQUAL(world_withdraw(0, JOB), 0);
        world_run(MS(100));
        CU_ASSERT_EQUAL(job_leader(), WORLD_NODES);
        world_run(MS(4000));
    }
}

/* Somebody else is about to claim: the newcomer, better by rank, changes nothing about there being one leader. */
static void declaring_during_an_election_gives_one_leader(void) {
    members(5);
    for (int64_t delay_us = 0; delay_us < MS(1200); delay_us += MS(40)) {
        CU_ASSERT_EQUAL(world_declare(4, JOB, BW_FAILOVER_SAFE, 0), 0);
        world_run(delay_us);
        CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
        CU_ASSERT_EQUAL(world_declare(2, JOB, BW_FAILOVER_SAFE, 0), 0);
        CU_ASSERT_NOT_EQUAL(until_job_led(MS(6000)), WORLD_NODES);
        world_run(MS(2000));
        CU_ASSERT_NOT_EQUAL(job_leader(), WORLD_NODES);
        for (size_t i = 0; i < 5; i += 2)
            CU_ASSERT_EQUAL(world_withdraw(i, JOB), 0);
        world_run(MS(2500));
        CU_ASSERT_EQUAL(job_leader(), WORLD_NODES);
    }
}

/* ------------------------------------------------------------------ work that stops first */

static void the_resignation_waits_for_the_work(void) {
    struct bw_scope_info info;
    members(3);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 20000), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
    CU_ASSERT_EQUAL(world_declare(1, JOB, BW_FAILOVER_SAFE, 20000), 0);
    world_run(MS(2000));
    CU_ASSERT_EQUAL(world_stopped(0, JOB), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(world_stepdown(0, JOB, 60000), 0);
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 1);
    CU_ASSERT_EQUAL(job_leader(), WORLD_NODES); /* it may not act any more */
    for (int i = 0; i < 10; i++) {              /* but is the leader to all others, for many leases */
        world_run(MS(1000));
        CU_ASSERT_EQUAL(job_leader(), WORLD_NODES);
        CU_ASSERT_TRUE(job_info(0, &info) && info.lease_us == -1 && info.stop_us > 0 && info.has_leader);
        CU_ASSERT_TRUE(job_info(1, &info) && info.has_leader &&
                       info.token.term == world_last(0, BW_EVENT_SELF_ELECTED)->event.token.term);
    }
    CU_ASSERT_EQUAL(world_stepdown(0, JOB, 60000), 0); /* a second word changes nothing */
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_stopped(0, JOB), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(1000)), 1);
    CU_ASSERT(world.now_us - from_us <= 3 * world.delay_us + MS(3));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 1);
    CU_ASSERT_EQUAL(world_last(2, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_RESIGNED);
    CU_ASSERT(world_hits(BW_RULE_STOP_BEFORE_RESIGNING) > 0);
}

/* Work that does not stop has the lease, renewed for stop_ms: at its end the next one leads, not before. */
static void work_that_never_stops_has_its_time_and_the_lease(void) {
    struct bw_scope_info info;
    members(3);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 3000), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
    CU_ASSERT_EQUAL(world_declare(1, JOB, BW_FAILOVER_SAFE, 3000), 0);
    world_run(MS(2000));
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_withdraw(0, JOB), 0);
    int64_t end_us = 0; /* of the last lease that the work was told of */
    while (until_job_led(MS(1)) == WORLD_NODES && world.now_us < from_us + MS(10000))
        if (job_info(0, &info) && info.stop_us > 0)
            end_us = world.now_us + info.stop_us;
    CU_ASSERT_EQUAL(job_leader(), 1);
    CU_ASSERT(world.now_us >= end_us);
    CU_ASSERT(end_us > from_us + MS(3000) && end_us <= from_us + MS(4500));
    CU_ASSERT_EQUAL(world_stopped(0, JOB), BW_ERR_NOT_FOUND);
    CU_ASSERT_FALSE(is_candidate(2, 0));
}

/* Declared again while its work stops: it counts from when it has. */
static void a_declaration_waits_for_the_resignation_before(void) {
    members(2);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 5000), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
    CU_ASSERT_EQUAL(world_withdraw(0, JOB), 0);
    CU_ASSERT_EQUAL(world_withdraw(0, JOB), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), BW_ERR_BUSY);
    CU_ASSERT_EQUAL(world_withdraw(0, JOB), 0); /* taken back */
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
    world_run(MS(3000));
    CU_ASSERT_EQUAL(job_leader(), WORLD_NODES);
    CU_ASSERT_FALSE(is_candidate(1, 0));
    CU_ASSERT_EQUAL(world_stopped(0, JOB), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(3000)), 0);
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_ELECTED), 2);
}

/* Cut off while it stops: the lease ends by itself, for both sides, and is not said to end twice. */
static void who_is_cut_off_while_stopping_ends_with_its_lease(void) {
    members(3);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 20000), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
    CU_ASSERT_EQUAL(world_declare(1, JOB, BW_FAILOVER_SAFE, 20000), 0);
    world_run(MS(2000));
    CU_ASSERT_EQUAL(world_stepdown(0, JOB, 60000), 0);
    world_run(MS(1000));
    world_isolate(0, true);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 1);
    CU_ASSERT(world.now_us - from_us > MS(1250));
    CU_ASSERT_EQUAL(world_stopped(0, JOB), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 1);
}

static void who_leaves_lets_its_work_stop_first(void) {
    for (size_t i = 0; i < 2; i++)
        world.nodes[world_add(100)].stop_ms = 5000;
    world_start(0);
    world_start(1);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(8000)), 0);
    world_run(MS(1000));
    bw_election_leave(world.nodes[0].election, world_time(0));
    world_pump(0);
    CU_ASSERT_TRUE(bw_election_stopping(world.nodes[0].election));
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world_stopped(0, SCOPE), 0);
    CU_ASSERT_FALSE(bw_election_stopping(world.nodes[0].election));
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 1);
}

/* ------------------------------------------------------------------ what may outlive its process */

/* The watcher is fast by its own setting: the leader's word counts. */
static int64_t succession_after_a_crash(enum bw_failover leader, uint64_t *hits) {
    world_begin();
    members(3);
    CU_ASSERT_EQUAL(world_declare(0, JOB, leader, 0), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
    CU_ASSERT_EQUAL(world_declare(1, JOB, BW_FAILOVER_FAST, 0), 0);
    world_run(MS(3000));
    int64_t from_us = world.now_us;
    world_crash(0, true);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 1);
    int64_t took_us = world.now_us - from_us;
    *hits = world_hits(BW_RULE_SAFE_LEADER_HAS_ITS_LEASE);
    world_end();
    return took_us;
}

static void a_safe_leader_has_its_lease_though_others_are_fast(void) {
    uint64_t hits;
    world_end();
    CU_ASSERT(succession_after_a_crash(BW_FAILOVER_FAST, &hits) < MS(700));
    CU_ASSERT_EQUAL(hits, 0);
    CU_ASSERT(succession_after_a_crash(BW_FAILOVER_SAFE, &hits) >= MS(1250)); /* a heartbeat may be a round old */
    CU_ASSERT(hits > 0);
    world_begin();
}

/* Who was fast a moment ago does not lead before others had time to hear that it is not any more. */
static void from_fast_to_safe_takes_two_leases(void) {
    members(2);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_FAST, 0), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(5000)), 0);
    CU_ASSERT_EQUAL(world_withdraw(0, JOB), 0);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
    world_run(MS(2990));
    CU_ASSERT_EQUAL(job_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(until_job_led(MS(1000)), 0);
}

/* ------------------------------------------------------------------ bounds, terms, memory */

static void declarations_have_bounds(void) {
    char name[BW_NAME_MAX + 1];
    members(2);
    CU_ASSERT_EQUAL(world_declare(0, "", BW_FAILOVER_SAFE, 0), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 3600001), BW_ERR_INVALID);
    int declared = 0, error = 0;
    while (error == 0) {
        memset(name, 'x', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        name[0] = (char)('a' + declared);
        error = world_declare(0, name, BW_FAILOVER_SAFE, 0);
        declared += error == 0;
    }
    CU_ASSERT_EQUAL(error, BW_ERR_SPACE);
    CU_ASSERT_EQUAL(declared, 7); /* of 72 bytes each */
    CU_ASSERT_EQUAL(world_declare(1, "other", BW_FAILOVER_SAFE, 0), 0);
    world_run(MS(5000));
    CU_ASSERT_TRUE(bw_election_may_act(world.nodes[1].election, "other", world_time(1)));
    world_end();
    world_begin();
    world.params.scope_max = 1;
    members(1);
    CU_ASSERT_EQUAL(world_declare(0, "one", BW_FAILOVER_SAFE, 0), 0);
    CU_ASSERT_EQUAL(world_declare(0, "two", BW_FAILOVER_SAFE, 0), BW_ERR_FULL);
    CU_ASSERT_EQUAL(world_withdraw(0, "one"), 0);
    CU_ASSERT_EQUAL(world_declare(0, "one", BW_FAILOVER_SAFE, 0), 0);
}

static uint64_t term_on_disk(size_t node, const char *scope) {
    for (size_t i = 0; i < world.nodes[node].disk_count; i++)
        if (strcmp(world.nodes[node].disk[i].scope, scope) == 0)
            return world.nodes[node].disk[i].term;
    return 0;
}

/* The clock goes back by a year, nobody else remembers: the disk does, also of a scope that is not stood for at the start. */
static void terms_rise_though_the_scope_was_withdrawn_and_all_restarted(void) {
    members(1);
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(8000)), 0);
    uint64_t term = world_last(0, BW_EVENT_SELF_ELECTED)->event.token.term;
    CU_ASSERT_EQUAL(term_on_disk(0, JOB), term);
    CU_ASSERT_EQUAL(world_withdraw(0, JOB), 0);
    CU_ASSERT_EQUAL(world_declare(0, "other", BW_FAILOVER_SAFE, 0), 0); /* whose claim writes the state anew */
    world_run(MS(3000));
    CU_ASSERT_EQUAL(term_on_disk(0, JOB), term);
    world_crash(0, false);
    world.nodes[0].wall_skew_us = -INT64_C(31536000000000);
    world_start(0);
    world_run(MS(8000));
    struct bw_scope_info info;
    CU_ASSERT_FALSE(job_info(0, &info)); /* remembered is not known */
    CU_ASSERT_EQUAL(world_declare(0, JOB, BW_FAILOVER_SAFE, 0), 0);
    CU_ASSERT_EQUAL(until_job_led(MS(8000)), 0);
    CU_ASSERT(world_last(0, BW_EVENT_SELF_ELECTED)->event.token.term > term);
    CU_ASSERT_EQUAL(term_on_disk(0, "other") > 0, true);
}

/* Of many scopes the ones claimed last are remembered. */
static void so_many_terms_are_remembered(void) {
    struct bw_durable_term term;
    char name[16];
    size_t cursor = 0;
    size_t count = 0;
    bool first = false, last = false;
    members(1);
    for (int i = 0; i < 70; i++) {
        snprintf(name, sizeof name, "job-%02d", i);
        CU_ASSERT_EQUAL(world_declare(0, name, BW_FAILOVER_SAFE, 0), 0);
        world_run(MS(1500));
        CU_ASSERT_TRUE(bw_election_may_act(world.nodes[0].election, name, world_time(0)));
        CU_ASSERT_EQUAL(world_withdraw(0, name), 0);
    }
    for (; bw_election_term(world.nodes[0].election, &cursor, &term) == 0; count++) {
        first = first || strcmp(term.scope, "job-00") == 0;
        last = last || strcmp(term.scope, "job-69") == 0;
    }
    CU_ASSERT_EQUAL(count, 64);
    CU_ASSERT_TRUE(last && !first);
}

static const struct tap_test tests[] = {
    TAP_TEST(an_observer_declares_a_scope_and_leads_it),
    TAP_TEST(withdrawing_while_leading_hands_over_and_stands_no_more),
    TAP_TEST(withdrawn_and_declared_at_once_it_leads_in_a_later_term),
    TAP_TEST(withdrawing_during_the_claim_leaves_nobody_leading),
    TAP_TEST(declaring_during_an_election_gives_one_leader),
    TAP_TEST(the_resignation_waits_for_the_work),
    TAP_TEST(work_that_never_stops_has_its_time_and_the_lease),
    TAP_TEST(a_declaration_waits_for_the_resignation_before),
    TAP_TEST(who_is_cut_off_while_stopping_ends_with_its_lease),
    TAP_TEST(who_leaves_lets_its_work_stop_first),
    TAP_TEST(a_safe_leader_has_its_lease_though_others_are_fast),
    TAP_TEST(from_fast_to_safe_takes_two_leases),
    TAP_TEST(declarations_have_bounds),
    TAP_TEST(terms_rise_though_the_scope_was_withdrawn_and_all_restarted),
    TAP_TEST(so_many_terms_are_remembered),
};
const struct tap_suite election_declare_suite = TAP_SUITE_WITH("election declare", tests, set_up, world_end);
