/* Frozen scopes: the leader stays, nobody else claims, until it is thawed. */
#include "tests/unit/election_test.h"

#include <string.h>

static void set_up(void) {
    world_begin();
}

static struct bw_scope_info scope_at(size_t node) {
    struct bw_scope_info info;
    for (size_t i = 0; bw_election_scope(world.nodes[node].election, i, &info, world_time(node)) == 0; i++)
        if (strcmp(info.scope, SCOPE) == 0)
            return info;
    return (struct bw_scope_info){.frozen = false};
}

static bool all_frozen(bool frozen) {
    for (size_t i = 0; i < world.count; i++)
        if (world.nodes[i].up && scope_at(i).frozen != frozen)
            return false;
    return true;
}

static enum bw_vacancy vacancy(size_t at) {
    struct bw_vacancy_info info = {.reason = BW_VACANCY_COUNT};
    CU_ASSERT_EQUAL(bw_election_vacancy(world.nodes[at].election, SCOPE, &info, world_time(at)), 0);
    return info.reason;
}

/* Scenario 47: nobody follows, until it is thawed. */
static void nobody_follows_a_dead_leader_until_it_is_thawed(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(4), 0);
    CU_ASSERT_EQUAL(world_freeze(2, SCOPE, 0), 0);
    world_run(MS(10));
    CU_ASSERT(all_frozen(true));
    CU_ASSERT(world_acts(0));
    struct bw_scope_info info = scope_at(1);
    CU_ASSERT(bw_id_equal(&info.frozen_id, &world.nodes[2].id) && info.frozen_us == -1);
    CU_ASSERT(bw_id_equal(&world_last(3, BW_EVENT_SCOPE_FROZEN)->event.id, &world.nodes[2].id));
    CU_ASSERT_EQUAL(world_last(3, BW_EVENT_SCOPE_FROZEN)->event.left_ms, -1);
    world_crash(0, true);
    world_run(MS(30000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world.claims, 1);
    CU_ASSERT(world_hits(BW_RULE_FROZEN_KEEPS_ITS_HOLDER) > 0);
    CU_ASSERT_EQUAL(vacancy(1), BW_VACANCY_FROZEN);
    CU_ASSERT_EQUAL(world_thaw(3, SCOPE), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(2000)), 1);
    world_run(MS(100));
    CU_ASSERT(all_frozen(false));
    CU_ASSERT(world_all_follow(1));
    CU_ASSERT(bw_id_equal(&world_last(2, BW_EVENT_SCOPE_THAWED)->event.id, &world.nodes[3].id));
    for (size_t i = 1; i < 4; i++)
        CU_ASSERT(world_events(i, BW_EVENT_SCOPE_FROZEN) == 1 && world_events(i, BW_EVENT_SCOPE_THAWED) == 1);
}

/* The same member, restarted with its state, was the last holder. */
static void the_last_holder_comes_back(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    CU_ASSERT_EQUAL(world_freeze(0, SCOPE, 0), 0);
    world_run(MS(1100));
    uint64_t term = world_believes(0).term;
    world_crash(0, true);
    world_run(MS(3000));
    world_start(0);
    CU_ASSERT_EQUAL(world_until_led(MS(6000)), 0);
    CU_ASSERT(world_believes(0).term > term);
    world_run(MS(1500));
    CU_ASSERT(all_frozen(true));
    CU_ASSERT(world_all_follow(0));
}

/* A hiccup is no outage: its lease ends, it claims again, and nobody else did meanwhile. */
static void a_cut_off_leader_claims_again(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(4), 0);
    CU_ASSERT_EQUAL(world_freeze(1, SCOPE, 0), 0);
    world_run(MS(100));
    world_isolate(0, true);
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    world_isolate(0, false);
    CU_ASSERT_EQUAL(world_until_led(MS(3000)), 0);
    world_run(MS(2000));
    CU_ASSERT(world_all_follow(0));
    CU_ASSERT_EQUAL(world.claims, 2);
}

static void it_expires_by_itself(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_freeze(1, SCOPE, 10000), 0);
    world_run(MS(100));
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SCOPE_FROZEN)->event.left_ms, 10000);
    world_crash(0, true);
    world_run(from_us + MS(9990) - world.now_us);
    CU_ASSERT(all_frozen(true) && world_leader() == WORLD_NODES);
    CU_ASSERT(scope_at(2).frozen_us > 0 && scope_at(2).frozen_us <= MS(20));
    world_run(MS(11));
    CU_ASSERT(all_frozen(false));
    for (size_t i = 1; i < 3; i++) {
        CU_ASSERT_EQUAL(world_events(i, BW_EVENT_SCOPE_THAWED), 1);
        CU_ASSERT(bw_id_none(&world_last(i, BW_EVENT_SCOPE_THAWED)->event.id));
    }
    CU_ASSERT(world_until_led(MS(2000)) < 3);
    size_t late = world_add(100); /* it is told of what is over, not of the freeze */
    world_start(late);
    world_run(MS(2000));
    CU_ASSERT_FALSE(scope_at(late).frozen);
    CU_ASSERT_EQUAL(world_events(late, BW_EVENT_SCOPE_FROZEN) + world_events(late, BW_EVENT_SCOPE_THAWED), 0);
}

static void the_time_goes_on_in_sleep(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    CU_ASSERT_EQUAL(world_freeze(1, SCOPE, 10000), 0);
    world_run(MS(100));
    world_pause(0);
    world_pause(1);
    world_run(MS(20000));
    world_resume(1);
    world_run(MS(1));
    CU_ASSERT_FALSE(scope_at(1).frozen);
}

static bool drop_confirms(size_t from, size_t to, uint8_t type) {
    (void)from;
    (void)to;
    return type != BW_FRAME_confirm;
}

/* Scenario 32: racing an election. Who is on its way to the lead stops. */
static void a_claim_under_way_is_given_up(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world.filter = drop_confirms;
    world_crash(0, true);
    while (world.claims < 2)
        world_run(MS(1));
    world_run(MS(5));
    CU_ASSERT_EQUAL(world_freeze(1, SCOPE, 0), 0);
    world.filter = NULL;
    world_run(MS(20000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world.claims, 2);
    CU_ASSERT_EQUAL(world_thaw(2, SCOPE), 0);
    CU_ASSERT(world_until_led(MS(3000)) < 3);
}

static void a_claim_that_waits_for_the_disk_is_given_up(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    for (size_t i = 1; i < 3; i++)
        world.nodes[i].persist_us = MS(500);
    world_crash(0, true);
    while (world.claims < 2)
        world_run(MS(1));
    for (size_t i = 1; i < 3; i++)
        CU_ASSERT_EQUAL(world_freeze(i, SCOPE, 0), 0);
    world_run(MS(20000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_SELF_ELECTED) + world_events(2, BW_EVENT_SELF_ELECTED), 0);
}

/* The side that has not heard of it elects; afterwards the larger token stays, frozen. */
static void a_partition_that_has_not_heard_elects(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(5), 0);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 2; k < 5; k++) {
            world_cut(i, k, true);
            world_cut(k, i, true);
        }
    CU_ASSERT_EQUAL(world_freeze(0, SCOPE, 0), 0);
    world_run(MS(15000));
    CU_ASSERT(world_acts(0) && world_acts(2));
    CU_ASSERT(scope_at(1).frozen && !scope_at(2).frozen);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 2; k < 5; k++) {
            world_cut(i, k, false);
            world_cut(k, i, false);
        }
    world_run(MS(5000));
    CU_ASSERT_EQUAL(world_leader(), 2);
    CU_ASSERT(world_all_follow(2));
    CU_ASSERT(all_frozen(true));
    world_crash(2, true);
    world_run(MS(10000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
}

/* Rule 8: somebody had seen a larger token, whose leader is dead. The winner's second claim is no new leader. */
static void a_frozen_leader_claims_above_a_larger_token(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(4), 0);
    CU_ASSERT_EQUAL(world_freeze(0, SCOPE, 0), 0);
    world_run(MS(100));
    uint64_t term = world_believes(0).term;
    world_crash(3, false);
    world_run(MS(7000));
    CU_ASSERT_EQUAL(world_record(1, 0, world.now_us, SCOPE, term + 7, 3, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(3000)), 0);
    world_run(MS(1000));
    CU_ASSERT_EQUAL(world_leader(), 0);
    CU_ASSERT(world_believes(0).term > term + 7);
}

static void a_resignation_names_nobody(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    CU_ASSERT_EQUAL(world_freeze(0, SCOPE, 0), 0);
    world_run(MS(100));
    const char *why = NULL;
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 1000), BW_ERR_FROZEN);
    CU_ASSERT_EQUAL(bw_election_transfer(world.nodes[0].election, SCOPE, &world.nodes[1].id, &why, world_time(0)),
                    BW_ERR_FROZEN);
    CU_ASSERT(world_acts(0));
    CU_ASSERT_EQUAL(world_stepdown(1, SCOPE, 1000), 0); /* it does not lead */
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, false, 0), 0);
    world_run(MS(10000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, true, 0), 0);
    CU_ASSERT_EQUAL(world_until_led(MS(3000)), 0);
}

static void nobody_is_preempted(void) {
    for (size_t i = 0; i < 3; i++)
        world.nodes[world_add(i < 2 ? 100 : 200)].preempt_ms = 0;
    world_start(0);
    world_start(1);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    CU_ASSERT_EQUAL(world_freeze(1, SCOPE, 0), 0);
    world_start(2);
    world_run(MS(30000));
    CU_ASSERT(world_acts(0));
    CU_ASSERT_EQUAL(world.claims, 1);
    CU_ASSERT_EQUAL(world_thaw(2, SCOPE), 0);
    world_run(MS(5000));
    CU_ASSERT(world_acts(2));
}

/* It cannot hand over to anybody who could take it. */
static void a_leader_below_half_stays(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(5), 0);
    CU_ASSERT_EQUAL(world_freeze(0, SCOPE, 0), 0);
    world_run(MS(100));
    for (size_t i = 2; i < 5; i++) {
        world_cut(0, i, true);
        world_cut(i, 0, true);
    }
    world_run(MS(30000));
    CU_ASSERT(world_acts(0));
    CU_ASSERT_EQUAL(world_thaw(1, SCOPE), 0);
    world_run(MS(10000));
    CU_ASSERT(!world_acts(0) && world_leader() < 5);
}

static void freeze_and_thaw_merge_in_any_order(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(5), 0);
    for (size_t round = 0; round < 20; round++) {
        CU_ASSERT_EQUAL(world_freeze(round % 5, SCOPE, (uint32_t)(round % 3 * 60000)), 0);
        CU_ASSERT_EQUAL(world_thaw((round + 2) % 5, SCOPE), 0);
        CU_ASSERT_EQUAL(world_freeze((round + 3) % 5, SCOPE, 0), 0);
        world_run(MS(300));
        bool frozen = scope_at(0).frozen;
        CU_ASSERT(all_frozen(frozen));
        CU_ASSERT_EQUAL(world_thaw(4, SCOPE), 0);
        world_run(MS(300));
        CU_ASSERT(all_frozen(false));
    }
    CU_ASSERT(world_acts(0));
    CU_ASSERT_EQUAL(world_freeze(0, "nothing", 0), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(world_thaw(0, "nothing"), BW_ERR_NOT_FOUND);
}

/* Who thaws before it has heard of the freeze is not overruled by it. */
static void a_thaw_that_overtakes_the_freeze_counts(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world.delay_us = MS(50);
    CU_ASSERT_EQUAL(world_freeze(0, SCOPE, 0), 0);
    world_run(MS(10));
    CU_ASSERT_FALSE(scope_at(1).frozen);
    CU_ASSERT_EQUAL(world_thaw(1, SCOPE), 0);
    world_run(MS(200));
    CU_ASSERT(all_frozen(false));
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_SCOPE_FROZEN), 0);
}

static int give(size_t to, uint64_t counter, size_t by, uint64_t over, uint8_t frozen, uint64_t left_ms) {
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[64];
    struct bw_writer writer = {.data = body, .capacity = sizeof body};
    const struct bw_message_freeze fields = {.frozen = frozen, .left_ms = left_ms};
    bw_put_u64(rank, counter);
    memcpy(rank + 8, by < WORLD_NODES ? world.nodes[by].id.bytes : (struct bw_id){{0}}.bytes, 16);
    bw_put_u64(rank + 24, over);
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_freeze, &fields), 0);
    const struct bw_bytes name = {(const uint8_t *)SCOPE, strlen(SCOPE)};
    int error = bw_election_freeze_record(world.nodes[to].election, name, rank, (struct bw_bytes){body, writer.used},
                                          world_time(to));
    world_pump(to);
    return error;
}

static void malformed_and_far_records_are_not_taken(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    world.no_records = true;
    CU_ASSERT_EQUAL(give(0, 0, 1, 0, 1, 0), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(give(0, 5, WORLD_NODES, 0, 1, 0), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(give(0, 5, 1, 2, 0, 0), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(give(0, 5, 1, 1, 1, 0), BW_ERR_DROP_MALFORMED); /* over, and frozen */
    const struct bw_bytes name = {(const uint8_t *)SCOPE, strlen(SCOPE)};
    uint8_t rank[BW_CLAIM_RANK_SIZE] = {[7] = 1, [8] = 1};
    CU_ASSERT_EQUAL(
        bw_election_freeze_record(world.nodes[0].election, name, rank, (struct bw_bytes){NULL, 0}, world_time(0)),
        BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(give(0, UINT64_MAX, 1, 0, 1, 0), 0);
    CU_ASSERT(!scope_at(0).frozen && world_hits(BW_RULE_REFUSE_FAR_TERM) > 0);
    CU_ASSERT_EQUAL(give(0, 50, 1, 0, 1, 0), 0);
    CU_ASSERT(scope_at(0).frozen);
    CU_ASSERT_EQUAL(give(0, 49, 1, 1, 0, 0), 0); /* older */
    CU_ASSERT(scope_at(0).frozen);
    CU_ASSERT_EQUAL(give(0, 50, 1, 1, 0, 0), 0);
    CU_ASSERT_FALSE(scope_at(0).frozen);
}

static const struct tap_test tests[] = {
    TAP_TEST(nobody_follows_a_dead_leader_until_it_is_thawed),
    TAP_TEST(the_last_holder_comes_back),
    TAP_TEST(a_cut_off_leader_claims_again),
    TAP_TEST(it_expires_by_itself),
    TAP_TEST(the_time_goes_on_in_sleep),
    TAP_TEST(a_claim_under_way_is_given_up),
    TAP_TEST(a_claim_that_waits_for_the_disk_is_given_up),
    TAP_TEST(a_partition_that_has_not_heard_elects),
    TAP_TEST(a_frozen_leader_claims_above_a_larger_token),
    TAP_TEST(a_resignation_names_nobody),
    TAP_TEST(nobody_is_preempted),
    TAP_TEST(a_leader_below_half_stays),
    TAP_TEST(freeze_and_thaw_merge_in_any_order),
    TAP_TEST(a_thaw_that_overtakes_the_freeze_counts),
    TAP_TEST(malformed_and_far_records_are_not_taken),
};
const struct tap_suite election_freeze_suite = TAP_SUITE_WITH("election/freeze", tests, set_up, world_end);
