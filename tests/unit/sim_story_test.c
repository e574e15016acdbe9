#include "sim/story.h"

#include "sim/sim.h"
#include "tests/lib/tap.h"

#include <string.h>

static void names_are_kept_once(void) {
    struct bw_story *story = bw_story_create(0);
    CU_ASSERT_EQUAL(bw_story_member(story, "a"), 0);
    CU_ASSERT_EQUAL(bw_story_member(story, "b"), 1);
    CU_ASSERT_EQUAL(bw_story_member(story, "a"), 0);
    CU_ASSERT_EQUAL(bw_story_text(story, ""), 0);
    CU_ASSERT_EQUAL(bw_story_text(story, "default"), 1);
    CU_ASSERT_EQUAL(bw_story_text(story, "default"), 1);
    CU_ASSERT_STRING_EQUAL(story->texts[1], "default");
    CU_ASSERT_EQUAL(story->member_count, 2);
    CU_ASSERT_STRING_EQUAL(story->title, "");
    bw_story_title(story, "what happened");
    CU_ASSERT_STRING_EQUAL(story->title, "what happened");
    bw_story_destroy(story);
}

static void it_has_a_bound_and_counts_what_did_not_fit(void) {
    struct bw_story *story = bw_story_create(100);
    for (int64_t i = 0; i < 103; i++) {
        struct bw_story_item item = bw_story_item(i, BW_STORY_UP, 0);
        CU_ASSERT_EQUAL(bw_story_add(story, &item), i < 100);
    }
    CU_ASSERT_EQUAL(story->item_count, 100);
    CU_ASSERT_EQUAL(story->dropped_count, 3);
    CU_ASSERT_EQUAL(story->end_us, 102);
    bw_story_destroy(story);
}

static void time_does_not_go_back(void) {
    struct bw_story *story = bw_story_create(0);
    struct bw_story_item first = bw_story_item(50, BW_STORY_UP, 0);
    struct bw_story_item second = bw_story_item(40, BW_STORY_DOWN, 0);
    bw_story_add(story, &first);
    bw_story_add(story, &second);
    CU_ASSERT_EQUAL(story->items[1].at_us, 50);
    bw_story_destroy(story);
}

/* How many items of this kind there are, from this time on. */
static size_t count_of(const struct bw_story *story, enum bw_story_kind kind, uint32_t who, uint32_t whom) {
    size_t count = 0;
    for (size_t i = 0; i < story->item_count; i++) {
        const struct bw_story_item *item = &story->items[i];
        count += item->kind == kind && (who == BW_STORY_NOBODY || item->who == who) && item->whom == whom;
    }
    return count;
}

static size_t status_count(const struct bw_story *story, enum bw_status status, uint32_t whom) {
    size_t count = 0;
    for (size_t i = 0; i < story->item_count; i++)
        count += story->items[i].kind == BW_STORY_STATUS && story->items[i].whom == whom &&
                 story->items[i].status == (uint8_t)status;
    return count;
}

static void a_run_is_told(void) {
    struct bw_story *story = bw_story_create(0);
    struct bw_sim_options options;
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.story = story;
    struct bw_sim *sim = bw_sim_create(1, 5, &options);
    bw_sim_start_all(sim);
    size_t leader = bw_sim_wait_leader_everywhere(sim, "default", 20000);
    size_t other = (leader + 1) % 5;
    bw_sim_run_ms(sim, 5000);
    bw_sim_tell_fault(sim, "crash", leader, BW_SIM_NONE, bw_sim_now_us(sim));
    bw_sim_crash(sim, leader);
    bw_sim_wait_status_everywhere(sim, leader, BW_STATUS_DEAD, 20000);
    bw_sim_pause(sim, other);
    bw_sim_continue(sim, other);
    bw_sim_split(sim, 2);
    bw_sim_heal(sim);
    bw_sim_leave(sim, other);
    bw_sim_wait_left(sim, other, 5000);
    bw_sim_fail(sim, "of the test's own");
    bw_sim_destroy(sim);

    CU_ASSERT_EQUAL(story->member_count, 5);
    CU_ASSERT_STRING_EQUAL(story->members[4], "n4");
    CU_ASSERT_EQUAL(count_of(story, BW_STORY_UP, BW_STORY_NOBODY, BW_STORY_NOBODY), 5);
    CU_ASSERT_EQUAL(count_of(story, BW_STORY_DOWN, BW_STORY_NOBODY, BW_STORY_NOBODY),
                    1); /* not those of the world's end */
    CU_ASSERT_EQUAL(count_of(story, BW_STORY_DOWN, (uint32_t)leader, BW_STORY_NOBODY), 1);
    CU_ASSERT_EQUAL(count_of(story, BW_STORY_PAUSED, (uint32_t)other, BW_STORY_NOBODY), 1);
    CU_ASSERT_EQUAL(count_of(story, BW_STORY_CONTINUED, (uint32_t)other, BW_STORY_NOBODY), 1);
    CU_ASSERT_EQUAL(count_of(story, BW_STORY_GONE, (uint32_t)other, BW_STORY_NOBODY), 1);
    CU_ASSERT_EQUAL(count_of(story, BW_STORY_GROUP, BW_STORY_NOBODY, BW_STORY_NOBODY), 6); /* three, there and back */
    CU_ASSERT_EQUAL(count_of(story, BW_STORY_REIGN, (uint32_t)leader, (uint32_t)leader), 1);
    CU_ASSERT(count_of(story, BW_STORY_LEADER, BW_STORY_NOBODY, (uint32_t)leader) >= 5);
    CU_ASSERT(count_of(story, BW_STORY_LEADERLESS, BW_STORY_NOBODY, (uint32_t)leader) >= 4);
    CU_ASSERT_EQUAL(status_count(story, BW_STATUS_DEAD, (uint32_t)leader), 4);
    CU_ASSERT(count_of(story, BW_STORY_CONVERGED, BW_STORY_NOBODY, BW_STORY_NOBODY) >= 5);
    CU_ASSERT_EQUAL(count_of(story, BW_STORY_FAULT, (uint32_t)leader, BW_STORY_NOBODY), 1);
    const struct bw_story_item *last = &story->items[story->item_count - 1];
    CU_ASSERT_EQUAL(last->kind, BW_STORY_VIOLATION);
    CU_ASSERT_STRING_EQUAL(story->texts[last->text], "demanded: of the test's own");
    CU_ASSERT_STRING_EQUAL(bw_story_kind_name((enum bw_story_kind)last->kind), "violation");
    bw_story_destroy(story);
}

/* Being told changes nothing. */
static void a_run_that_is_told_has_the_same_hash(void) {
    uint64_t hashes[2];
    for (size_t told = 0; told < 2; told++) {
        struct bw_story *story = told ? bw_story_create(0) : NULL;
        struct bw_sim_options options;
        bw_sim_options_init(&options, BW_PROFILE_LAN);
        options.story = story;
        struct bw_sim *sim = bw_sim_create(7, 4, &options);
        bw_sim_start_all(sim);
        bw_sim_run_ms(sim, 10000);
        hashes[told] = bw_sim_hash(sim);
        bw_sim_destroy(sim);
        bw_story_destroy(story);
    }
    CU_ASSERT_EQUAL(hashes[0], hashes[1]);
}

static const struct tap_test story_tests[] = {
    TAP_TEST(names_are_kept_once),
    TAP_TEST(it_has_a_bound_and_counts_what_did_not_fit),
    TAP_TEST(time_does_not_go_back),
    TAP_TEST(a_run_is_told),
    TAP_TEST(a_run_that_is_told_has_the_same_hash),
};
static const struct tap_suite suites[] = {TAP_SUITE("story", story_tests)};

TAP_MAIN(suites)
