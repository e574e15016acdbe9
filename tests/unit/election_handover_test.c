/* Leadership that is given away: to a member that an operator names. */
#include "tests/unit/election_test.h"

#include <string.h>

static const char *why;

static void set_up(void) {
    world_begin();
}

/* There, the claim's round trip, the disk. */
static int64_t at_once_us(void) {
    return 3 * world.delay_us + MS(2);
}

/* Priorities fall from node 0 on, and all run; it leads. */
static void ranked(size_t count) {
    for (size_t i = 0; i < count; i++)
        world_add(200 - 10 * (int)i);
    for (size_t i = 0; i < count; i++)
        world_start(i);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    world_run(MS(1000));
}

static void a_transfer_makes_the_last_one_leader_at_once(void) {
    ranked(5);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_transfer(0, SCOPE, 4, &why), 0);
    CU_ASSERT_FALSE(world_acts(0));
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_RESIGNED);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 4);
    CU_ASSERT(world.now_us - from_us <= at_once_us());
    world_run(MS(1000));
    CU_ASSERT(world_all_follow(4));
    CU_ASSERT_EQUAL(world_last(1, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_RESIGNED);
    CU_ASSERT(world_hits(BW_RULE_TRANSFER) > 0);
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_SELF_ELECTED), 0);
    CU_ASSERT_FALSE(world.overlap);
}

/* It has had no heartbeats, and others are before it in every list. */
static void one_that_is_no_successor_can_be_named(void) {
    world.params.successor_count = 1;
    ranked(4);
    world.no_records = true; /* it hears of it directly, or not at all */
    CU_ASSERT_EQUAL(world_transfer(0, SCOPE, 3, &why), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 3);
}

/* Scenario 47. At 1,999 ms nobody claims, then the best one does. */
static void a_named_one_that_dies_is_waited_for_two_seconds(void) {
    ranked(4);
    world_crash(3, false); /* nobody knows yet */
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_transfer(0, SCOPE, 3, &why), 0);
    world_run(from_us + MS(1999) - world.now_us);
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world_until_led(MS(100)), 0);
    world_run(MS(20000));
    CU_ASSERT(world_all_follow(0));
    CU_ASSERT_FALSE(world.overlap);
}

/* Dead on a living host: its port refuses, and nobody waits. */
static void a_named_one_whose_port_refuses_is_not_waited_for(void) {
    ranked(4);
    world_crash(3, true);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_transfer(0, SCOPE, 3, &why), 0);
    struct bw_id id = world.nodes[3].id;
    for (size_t i = 0; i < 3; i++) {
        bw_election_refused(world.nodes[i].election, &id, world_time(i));
        world_pump(i);
    }
    CU_ASSERT_EQUAL(world_until_led(MS(3000)), 0);
    CU_ASSERT(world.now_us - from_us < MS(1000));
}

static void refused(size_t at, size_t to, int error, const char *word) {
    CU_ASSERT_EQUAL(world_transfer(at, SCOPE, to, &why), error);
    CU_ASSERT_EQUAL(why != NULL, word != NULL);
    if (why != NULL && word != NULL)
        CU_ASSERT_PTR_NOT_NULL(strstr(why, word));
}

static void who_cannot_lead_is_refused_and_nothing_changes(void) {
    ranked(4);
    size_t observer = world_add(-1);
    world_start(observer);
    world_run(MS(1000));
    CU_ASSERT_EQUAL(world_ready(3, SCOPE, false, 0), 0);
    world_run(MS(1000));
    world_crash(2, false);
    world_run(MS(10000));
    refused(0, observer, BW_ERR_INVALID, "stand");
    refused(0, 3, BW_ERR_INVALID, "ready");
    refused(0, 2, BW_ERR_INVALID, "alive");
    refused(1, 1, BW_ERR_BUSY, NULL); /* it does not lead */
    refused(observer, 1, BW_ERR_NOT_FOUND, NULL);
    CU_ASSERT_EQUAL(world_transfer(0, "nothing", 1, &why), BW_ERR_NOT_FOUND);
    struct bw_id nobody = {{1}};
    CU_ASSERT_EQUAL(bw_election_transfer(world.nodes[0].election, SCOPE, &nobody, &why, world_time(0)), BW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "member"));
    refused(0, 0, 0, NULL); /* it leads already */
    CU_ASSERT(world_acts(0));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 0);
}

/* One cannot wait: the second order comes when the first is being obeyed. */
static void the_first_of_two_transfers_counts(void) {
    ranked(4);
    CU_ASSERT_EQUAL(world_transfer(0, SCOPE, 3, &why), 0);
    refused(0, 2, BW_ERR_BUSY, NULL);
    world_run(MS(1000));
    CU_ASSERT(world_acts(3) && world_all_follow(3));
    CU_ASSERT_EQUAL(world_transfer(3, SCOPE, 2, &why), 0);
    world_run(MS(1000));
    CU_ASSERT(world_acts(2) && world_all_follow(2));
}

/* It stands no more when it is named: the others do not wait once they know. */
static void a_named_one_that_is_not_ready_any_more_is_not_waited_for(void) {
    ranked(3);
    CU_ASSERT_EQUAL(world_transfer(0, SCOPE, 2, &why), 0);
    CU_ASSERT_EQUAL(world_ready(2, SCOPE, false, 0), 0);
    int64_t from_us = world.now_us;
    size_t leader = world_until_led(MS(5000));
    CU_ASSERT(leader < 2);
    CU_ASSERT(world.now_us - from_us <= MS(2100));
    world_run(MS(5000));
    CU_ASSERT(world_all_follow(leader));
}

/* ------------------------------------------------------------------ refused by a guard */

/* The leader's own, with a term so much larger. */
static struct bw_token ahead(size_t of, uint64_t by) {
    struct bw_token token = world_believes(of);
    token.term += by;
    memset(token.id.bytes, 0xff, 8);
    memset(token.id.bytes + 8, 0, sizeof token.id.bytes - 8); /* as a guard knows it */
    return token;
}

static void a_leader_whom_a_guard_refuses_claims_above_its_token(void) {
    ranked(4);
    struct bw_token guard = ahead(0, 1000000000);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &guard), 0);
    CU_ASSERT_FALSE(world_acts(0));
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_RESIGNED);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 0);
    CU_ASSERT(world.now_us - from_us <= at_once_us());
    struct bw_token token = world_believes(0);
    CU_ASSERT(bw_token_compare(&token, &guard) > 0);
    CU_ASSERT(world_hits(BW_RULE_CLAIM_ABOVE_A_GUARD) == 1);
    world_run(MS(20000));
    CU_ASSERT(world_acts(0) && world_all_follow(0));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_ELECTED), 2);
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_SELF_ELECTED), 0);
    CU_ASSERT_FALSE(world.overlap);
}

/* The same term and a larger id is a larger token, too. */
static void a_token_of_the_same_term_is_outbid(void) {
    ranked(2);
    struct bw_token guard = ahead(0, 0);
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &guard), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 0);
    CU_ASSERT_EQUAL(world_believes(0).term, guard.term + 1);
}

static void what_a_guard_cannot_have_refused_changes_nothing(void) {
    ranked(3);
    struct bw_token own = world_believes(0);
    struct bw_token passes = own; /* the guard knows the first half of the id */
    memset(passes.id.bytes + 8, 0, sizeof passes.id.bytes - 8);
    struct bw_token last = {.term = own.term - 1, .id = {{0xff}}};
    struct bw_token far = ahead(0, UINT64_C(1) << 32);
    struct bw_token end = {.term = UINT64_MAX, .id = {{1}}};
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &own), 0);
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &passes), 0);
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &last), 0);
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &far), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &end), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(world_claim_above(1, SCOPE, &far), BW_ERR_BUSY);
    CU_ASSERT_EQUAL(world_claim_above(0, "nothing", &far), BW_ERR_NOT_FOUND);
    world_run(MS(5000));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_CLAIM_ABOVE_A_GUARD), 0);
    struct bw_token near = ahead(0, (UINT64_C(1) << 32) - 1); /* the largest that can be outbid */
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &near), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 0);
    CU_ASSERT_EQUAL(world_believes(0).term, near.term + 1);
    world_run(MS(1000));
    CU_ASSERT(world_all_follow(0));
}

static void the_holder_of_a_frozen_scope_claims_above(void) {
    ranked(3);
    CU_ASSERT_EQUAL(world_freeze(1, SCOPE, 0), 0);
    world_run(MS(500));
    struct bw_token guard = ahead(0, 1000000);
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &guard), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 0);
    CU_ASSERT(world_believes(0).term > guard.term);
}

static void with_work(void) {
    for (size_t i = 0; i < 3; i++)
        world.nodes[world_add(200 - 10 * (int)i)].stop_ms = 20000;
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    world_run(MS(1000));
}

static void its_work_stops_before_it_claims_above(void) {
    with_work();
    struct bw_token guard = ahead(0, 1000);
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &guard), 0);
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 1);
    guard.term += 1000; /* refused again, by another guard */
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &guard), 0);
    world_run(MS(5000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT(world_believes(1).term < guard.term);
    CU_ASSERT_EQUAL(world_stopped(0, SCOPE), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(1000)), 0);
    CU_ASSERT(world_believes(0).term > guard.term);
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 1);
}

/* It is refused, and told to step down before it could claim: whoever follows is told of the token. */
static void who_follows_instead_claims_above_as_well(void) {
    with_work();
    struct bw_token guard = ahead(0, 1000);
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &guard), 0);
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 600000), 0);
    world_run(MS(1000));
    CU_ASSERT_EQUAL(world_claim_above(0, SCOPE, &guard), 0); /* on its way to another: it stays so */
    CU_ASSERT_EQUAL(world_stopped(0, SCOPE), 0);
    world_run(MS(5000));
    CU_ASSERT(world_acts(1) && world_all_follow(1));
    CU_ASSERT(world_believes(1).term > guard.term);
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_ELECTED), 1);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_leader_whom_a_guard_refuses_claims_above_its_token),
    TAP_TEST(a_token_of_the_same_term_is_outbid),
    TAP_TEST(what_a_guard_cannot_have_refused_changes_nothing),
    TAP_TEST(the_holder_of_a_frozen_scope_claims_above),
    TAP_TEST(its_work_stops_before_it_claims_above),
    TAP_TEST(who_follows_instead_claims_above_as_well),
    TAP_TEST(a_transfer_makes_the_last_one_leader_at_once),
    TAP_TEST(one_that_is_no_successor_can_be_named),
    TAP_TEST(a_named_one_that_dies_is_waited_for_two_seconds),
    TAP_TEST(a_named_one_whose_port_refuses_is_not_waited_for),
    TAP_TEST(who_cannot_lead_is_refused_and_nothing_changes),
    TAP_TEST(the_first_of_two_transfers_counts),
    TAP_TEST(a_named_one_that_is_not_ready_any_more_is_not_waited_for),
};
const struct tap_suite election_handover_suite = TAP_SUITE_WITH("election handover", tests, set_up, world_end);
