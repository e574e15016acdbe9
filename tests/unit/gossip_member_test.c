/* The table and the ring. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/gossip_test.h"

#define COUNT 200u

static struct bw_member all[COUNT];
static struct bw_members members;
static struct test_memory memory;
static struct bw_rng rng;

static void set_up(void) {
    memset(all, 0, sizeof(all));
    memset(&memory, 0, sizeof(memory));
    for (size_t i = 0; i < COUNT; i++) {
        all[i].id = net_id(i);
    }
    bw_rng_seed(&rng, 7);
    bw_members_init(&members, test_allocator(&memory), COUNT - 1);
}

static void tear_down(void) {
    bw_members_free(&members);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

static void add(size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        CU_ASSERT_EQUAL_FATAL(bw_members_add(&members, &all[i], &rng), 0);
    }
}

static void found_by_id_after_additions_and_removals(void) {
    add(0, COUNT - 1);
    CU_ASSERT_EQUAL(bw_members_add(&members, &all[COUNT - 1], &rng), BW_ERR_FULL);
    for (size_t i = 0; i < COUNT - 1; i += 3) {
        bw_members_remove(&members, &all[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        bool there = i < COUNT - 1 && i % 3 != 0;
        CU_ASSERT_PTR_EQUAL(bw_members_find(&members, &all[i].id), there ? &all[i] : NULL);
    }
    CU_ASSERT_EQUAL(members.count, (COUNT - 1) - (COUNT + 1) / 3);
}

/* How often each is met until the round ends, beginning in the middle of one. */
static void count_round(size_t *met) {
    memset(met, 0, COUNT * sizeof(*met));
    struct bw_member *member = NULL;
    while ((member = bw_members_next(&members, &rng))) {
        met[member - all]++;
    }
}

static void each_once_per_round_in_another_order(void) {
    size_t met[COUNT];
    struct bw_member *first[3][5];
    add(0, 50);
    count_round(met);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 5; i++) {
            first[round][i] = members.ring[i];
        }
        count_round(met);
        for (size_t i = 0; i < 50; i++) {
            CU_ASSERT_EQUAL(met[i], 1);
        }
    }
    CU_ASSERT(memcmp(first[0], first[1], sizeof(first[0])) != 0);
    CU_ASSERT(memcmp(first[1], first[2], sizeof(first[1])) != 0);
}

/* Whoever joins in the middle of a round leaves everybody else's turn as it was, and has its own at most once in it. */
static void joiners_in_the_middle_of_a_round(void) {
    size_t joined_in_round = 0;
    for (unsigned trial = 0; trial < 100; trial++) {
        bw_members_free(&members);
        add(0, 20);
        size_t met[COUNT] = {0};
        for (size_t i = 0; i < 10; i++) {
            met[bw_members_next(&members, &rng) - all]++;
        }
        add(20, 30);
        bw_members_remove(&members, &all[trial % 20]);
        struct bw_member *member = NULL;
        while ((member = bw_members_next(&members, &rng))) {
            met[member - all]++;
        }
        for (size_t i = 0; i < 20; i++) {
            CU_ASSERT(met[i] == 1 || (i == trial % 20 && met[i] == 0));
        }
        for (size_t i = 20; i < 30; i++) {
            CU_ASSERT(met[i] <= 1);
            joined_in_round += met[i];
        }
    }
    CU_ASSERT(joined_in_round > 300 && joined_in_round < 700); /* positions are random */
}

static void out_of_memory_changes_nothing(void) {
    add(0, 8);
    for (size_t n = 1; n <= 2; n++) {
        memory.fail_at = memory.calls + n;
        for (size_t i = members.count; memory.fail_at > memory.calls; i++) {
            int error = bw_members_add(&members, &all[i], &rng);
            CU_ASSERT(error == 0 || error == BW_ERR_MEMORY);
            CU_ASSERT_EQUAL(members.count, i + (error == 0));
            CU_ASSERT_PTR_EQUAL(bw_members_find(&members, &all[i].id), error ? NULL : &all[i]);
        }
    }
}

/* performance.md: at most 128 bytes beside strings (the record), and peers actually spoken to. */
static void table_is_small(void) {
    add(0, COUNT - 1);
    double per_member = (double)sizeof(struct bw_member) + (double)memory.used_size / (COUNT - 1);
    tap_note("%.0f bytes per member", per_member);
    CU_ASSERT(per_member <= 128);
}

static const struct tap_test tests[] = {
    TAP_TEST(found_by_id_after_additions_and_removals),
    TAP_TEST(each_once_per_round_in_another_order),
    TAP_TEST(joiners_in_the_middle_of_a_round),
    TAP_TEST(out_of_memory_changes_nothing),
    TAP_TEST(table_is_small),
};
const struct tap_suite gossip_member_suite = TAP_SUITE_WITH("gossip member", tests, set_up, tear_down);
