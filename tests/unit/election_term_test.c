/* Terms that others speak of: those out of bounds, and what wrong clocks make of them. */
#include "election/quorum.h"
#include "tests/unit/election_test.h"

#include <string.h>

static void set_up(void) {
    world_begin();
}

static void terms_out_of_bounds_are_refused(void) {
    const uint64_t step = UINT64_C(1) << 32;
    size_t leader = world_lead(3);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    uint64_t term = world_believes(0).term;
    CU_ASSERT_EQUAL(world_record(2, 1, world.now_us, SCOPE, UINT64_MAX, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_record(2, 1, world.now_us, SCOPE, term + step + 1, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_REFUSE_FAR_TERM), 2);
    CU_ASSERT_EQUAL(world_record(2, 1, world.now_us, "new", 2 * step + 1, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_REFUSE_FAR_TERM), 3);
    CU_ASSERT_EQUAL(world_believes(1).term, term);
    world_run(MS(100));
    world_crash(0, true);
    size_t successor = world_until_led(MS(1000));
    CU_ASSERT_FATAL(successor < 3);
    CU_ASSERT(world_believes(successor).term < term + 100); /* nor did they raise the floor */
    CU_ASSERT_EQUAL(
        world_record(2, 1, world.now_us, SCOPE, world_believes(successor).term + step, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_REFUSE_FAR_TERM), 3);
}

/* Who sent it, and whose claim it is, is told; of many once in a while, with their number. */
static void who_speaks_of_a_term_out_of_bounds_is_named(void) {
    const uint64_t far = (UINT64_C(1) << 32) + 1;
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    uint64_t term = world_believes(0).term;
    CU_ASSERT_EQUAL(world_record(2, 1, world.now_us, SCOPE, term + far, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL_FATAL(world_events(1, BW_EVENT_TERM_REFUSED), 1);
    const struct bw_event *event = &world_last(1, BW_EVENT_TERM_REFUSED)->event;
    CU_ASSERT(bw_id_equal(&event->id, &world.nodes[2].id) && bw_id_equal(&event->token.id, &world.nodes[2].id));
    CU_ASSERT(event->token.term == term + far && event->dropped == 1 && strcmp(event->scope, SCOPE) == 0);
    for (unsigned i = 0; i < 9; i++) {
        world_run(MS(1000));
        CU_ASSERT_EQUAL(world_record(2, 1, world.now_us, SCOPE, term + far + i, 2, 1, BW_CLAIM_LEADING), 0);
    }
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_TERM_REFUSED), 1);
    world_run(MS(1000));
    const struct bw_message_object object = {.scope = {(const uint8_t *)SCOPE, strlen(SCOPE)},
                                             .term = term,
                                             .reason = BW_OBJECT_SEEN_LARGER,
                                             .token_term = term + far,
                                             .token_id = world.nodes[0].id};
    CU_ASSERT_EQUAL(world_say(2, 1, &bw_message_schema_object, &object), 0);
    CU_ASSERT_EQUAL_FATAL(world_events(1, BW_EVENT_TERM_REFUSED), 2);
    event = &world_last(1, BW_EVENT_TERM_REFUSED)->event;
    CU_ASSERT(bw_id_equal(&event->id, &world.nodes[2].id) && bw_id_equal(&event->token.id, &world.nodes[0].id));
    CU_ASSERT_EQUAL(event->dropped, 10);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_REFUSE_FAR_TERM), 11);
}

/* Nobody hides behind another one that goes on all the time; of very many some are named. */
static void each_of_two_with_terms_out_of_bounds_is_named(void) {
    const uint64_t far = (UINT64_C(1) << 32) + 1;
    CU_ASSERT_EQUAL_FATAL(world_lead(4), 0);
    uint64_t term = world_believes(0).term;
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(world_record(2, 1, world.now_us, SCOPE, term + far, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_TERM_REFUSED), 1);
    CU_ASSERT_EQUAL(world_record(3, 1, world.now_us, SCOPE, term + far, 3, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL_FATAL(world_events(1, BW_EVENT_TERM_REFUSED), 2);
    const struct bw_event *event = &world_last(1, BW_EVENT_TERM_REFUSED)->event;
    CU_ASSERT(bw_id_equal(&event->id, &world.nodes[3].id) && event->dropped == 5);
    for (unsigned i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(world_record(2, 1, world.now_us, SCOPE, term + far, 2, 1, BW_CLAIM_LEADING), 0);
        CU_ASSERT_EQUAL(world_record(3, 1, world.now_us, SCOPE, term + far, 3, 1, BW_CLAIM_LEADING), 0);
    }
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_TERM_REFUSED), 2);
}

/* A voter is asked for its vote, or told of a list. */
static void who_asks_for_a_vote_in_a_term_out_of_bounds_is_named(void) {
    const uint64_t far = (UINT64_C(1) << 32) + 1;
    for (size_t i = 0; i < 3; i++)
        world.nodes[world_add(100)].mode = BW_MODE_QUORUM;
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_FATAL(world_until_led(MS(10000)) < 3);
    uint64_t term = world_believes(world_leader()).term;
    struct bw_message_ballot ballot = {.scope = {(const uint8_t *)SCOPE, strlen(SCOPE)},
                                       .kind = BW_BALLOT_PREVOTE,
                                       .term = term + far,
                                       .number = 1,
                                       .boot = 1,
                                       .lease_ms = 1500,
                                       .voters = {world.nodes[1].id.bytes, sizeof world.nodes[1].id}};
    CU_ASSERT_EQUAL(world_say(2, 1, &bw_message_schema_ballot, &ballot), 0);
    CU_ASSERT_EQUAL_FATAL(world_events(1, BW_EVENT_TERM_REFUSED), 1);
    const struct bw_event *event = &world_last(1, BW_EVENT_TERM_REFUSED)->event;
    CU_ASSERT(bw_id_equal(&event->id, &world.nodes[2].id) && event->token.term == term + far);
    ballot.term = term + 1;
    ballot.voters_term = term + far;
    CU_ASSERT_EQUAL(world_say(0, 1, &bw_message_schema_ballot, &ballot), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_REFUSE_FAR_TERM), 2);
}

static void a_wrong_clock_only_skips_numbers(void) {
    for (size_t i = 0; i < 3; i++)
        world_add(100);
    world.nodes[0].wall_skew_us = INT64_C(-1700000000) * 1000000; /* 1970 */
    world.nodes[1].wall_skew_us = INT64_C(2400000000) * 1000000;  /* 2100 */
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL(world_until_led(MS(3000)), 0);
    uint64_t first = world_believes(0).term;
    CU_ASSERT(first < 2000);
    world_run(MS(1000));
    CU_ASSERT(world_all_follow(0));
    world_crash(0, true);
    CU_ASSERT_EQUAL((world_run(1), world_until_led(MS(1000))), 1);
    world_run(MS(1000));
    CU_ASSERT(world_all_follow(1));
    CU_ASSERT(world_believes(1).term > UINT64_C(4000000000));
    world_crash(1, true);
    CU_ASSERT_EQUAL((world_run(1), world_until_led(MS(6000))), 2);
    CU_ASSERT(world_believes(2).term > UINT64_C(4000000000));
}

static const struct tap_test tests[] = {
    TAP_TEST(terms_out_of_bounds_are_refused),
    TAP_TEST(who_speaks_of_a_term_out_of_bounds_is_named),
    TAP_TEST(each_of_two_with_terms_out_of_bounds_is_named),
    TAP_TEST(who_asks_for_a_vote_in_a_term_out_of_bounds_is_named),
    TAP_TEST(a_wrong_clock_only_skips_numbers),
};
const struct tap_suite election_term_suite = TAP_SUITE_WITH("election/term", tests, set_up, world_end);
