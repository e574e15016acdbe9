/* The history: rings of reigns, one for each scope. */
#include "tests/unit/node_test.h"

#include <string.h>

static struct test_memory memory;
static struct bw_node node;

static void set_up(void) {
    memset(&memory, 0, sizeof(memory));
    memset(&node, 0, sizeof(node));
    node.allocator = test_allocator(&memory);
}

static void tear_down(void) {
    bw_history_free(&node.history, &node.allocator);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

static void note(enum bw_event_type type, const char *scope, uint64_t term, enum bw_loss reason) {
    struct bw_event event = {.type = type, .reason = reason, .overlap_ms = 7};
    event.time.wall_us = (int64_t)term * 1000 + type;
    event.token.term = term;
    event.other.term = term - 1;
    memcpy(event.name, "n1", 3);
    memcpy(event.scope, scope, strlen(scope) + 1);
    bw_history_note(&node.history, &node.allocator, &event);
}

static void reigns_begin_and_end(void) {
    struct bw_history_info info;
    CU_ASSERT_EQUAL(bw_node_history(&node, "a", 0, &info), BW_ERR_NOT_FOUND);
    note(BW_EVENT_LEADER_LOST, "a", 4, BW_LOSS_DIED); /* of what was never noted: nothing */
    CU_ASSERT_EQUAL(bw_node_history(&node, "a", 0, &info), BW_ERR_NOT_FOUND);
    note(BW_EVENT_LEADER_ELECTED, "a", 5, BW_LOSS_NONE);
    note(BW_EVENT_LEADER_ELECTED, "b", 6, BW_LOSS_NONE);
    note(BW_EVENT_SELF_ELECTED, "b", 6, BW_LOSS_NONE); /* the same reign */
    CU_ASSERT_EQUAL_FATAL(bw_node_history(&node, "a", 0, &info), 0);
    CU_ASSERT(!info.over && !info.healed && info.number == 1 && info.token.term == 5);
    CU_ASSERT_STRING_EQUAL(info.leader, "n1");
    CU_ASSERT_EQUAL(info.from_wall_us, 5000 + BW_EVENT_LEADER_ELECTED);
    note(BW_EVENT_LEADER_LOST, "a", 5, BW_LOSS_RESIGNED);
    CU_ASSERT_EQUAL_FATAL(bw_node_history(&node, "a", 0, &info), 0);
    CU_ASSERT(info.over && info.reason == BW_LOSS_RESIGNED);
    CU_ASSERT_EQUAL(info.until_wall_us, 5000 + BW_EVENT_LEADER_LOST);
    CU_ASSERT_EQUAL_FATAL(bw_node_history(&node, "b", 0, &info), 0);
    CU_ASSERT_FALSE(info.over);
    CU_ASSERT_EQUAL(bw_node_history(&node, "b", 1, &info), BW_ERR_NOT_FOUND);
}

static void a_healing_is_kept_with_both_tokens(void) {
    struct bw_history_info info;
    note(BW_EVENT_LEADER_ELECTED, "a", 9, BW_LOSS_NONE);
    note(BW_EVENT_SPLIT_BRAIN_HEALED, "a", 9, BW_LOSS_NONE);
    CU_ASSERT_EQUAL_FATAL(bw_node_history(&node, "a", 1, &info), 0);
    CU_ASSERT(info.healed && info.over && info.token.term == 9 && info.other.term == 8 && info.overlap_ms == 7);
    note(BW_EVENT_LEADER_LOST, "a", 9, BW_LOSS_LEFT); /* ends the reign, not the healing */
    CU_ASSERT_EQUAL_FATAL(bw_node_history(&node, "a", 0, &info), 0);
    CU_ASSERT(info.over && info.reason == BW_LOSS_LEFT);
    CU_ASSERT_EQUAL_FATAL(bw_node_history(&node, "a", 1, &info), 0);
    CU_ASSERT_EQUAL(info.reason, BW_LOSS_NONE);
}

static void the_oldest_go_and_the_numbers_show_it(void) {
    struct bw_history_info info;
    for (uint64_t term = 1; term <= 100; term++) {
        note(BW_EVENT_LEADER_ELECTED, "a", term, BW_LOSS_NONE);
        note(BW_EVENT_LEADER_LOST, "a", term, BW_LOSS_DIED);
    }
    for (size_t i = 0; i < BW_HISTORY_MAX; i++) {
        CU_ASSERT_EQUAL_FATAL(bw_node_history(&node, "a", i, &info), 0);
        CU_ASSERT(info.number == 100 - BW_HISTORY_MAX + 1 + i && info.token.term == info.number && info.over);
    }
    CU_ASSERT_EQUAL(bw_node_history(&node, "a", BW_HISTORY_MAX, &info), BW_ERR_NOT_FOUND);
    size_t size = memory.used_size;
    note(BW_EVENT_LEADER_ELECTED, "a", 101, BW_LOSS_NONE);
    CU_ASSERT_EQUAL(memory.used_size, size);
}

static void what_no_memory_is_left_for_is_not_kept(void) {
    struct bw_history_info info;
    memory.fail_on = true;
    memory.fail_at = 1;
    note(BW_EVENT_LEADER_ELECTED, "a", 1, BW_LOSS_NONE);
    memory.fail_at = memory.calls + 3; /* the scope is there, its first entries are not */
    note(BW_EVENT_LEADER_ELECTED, "a", 2, BW_LOSS_NONE);
    CU_ASSERT_EQUAL(bw_node_history(&node, "a", 0, &info), BW_ERR_NOT_FOUND);
    memory.fail_at = memory.calls + 2; /* room for two, and no more */
    for (uint64_t term = 3; term <= 6; term++)
        note(BW_EVENT_LEADER_ELECTED, "a", term, BW_LOSS_NONE);
    CU_ASSERT_EQUAL_FATAL(bw_node_history(&node, "a", 1, &info), 0);
    CU_ASSERT(info.token.term == 6 && info.number == 5);
    CU_ASSERT_EQUAL(bw_node_history(&node, "a", 2, &info), BW_ERR_NOT_FOUND);
}

static const struct tap_test tests[] = {
    TAP_TEST(reigns_begin_and_end),
    TAP_TEST(a_healing_is_kept_with_both_tokens),
    TAP_TEST(the_oldest_go_and_the_numbers_show_it),
    TAP_TEST(what_no_memory_is_left_for_is_not_kept),
};
const struct tap_suite node_history_suite = TAP_SUITE_WITH("node history", tests, set_up, tear_down);
