/* The replay window, by its edges and against a plain model. */
#include "crypto/replay.h"

#include "base/rng.h"
#include "tests/unit/crypto_test.h"

static struct bw_replay window_with(uint64_t floor, uint64_t newest) {
    struct bw_replay replay;
    bw_replay_init(&replay, floor);
    bw_replay_mark(&replay, newest);
    return replay;
}

static void each_number_passes_once(void) {
    struct bw_replay replay;
    bw_replay_init(&replay, 0);
    for (uint64_t i = 1; i <= 5000; i++) {
        CU_ASSERT_TRUE(bw_replay_fresh(&replay, i));
        bw_replay_mark(&replay, i);
        CU_ASSERT_FALSE(bw_replay_fresh(&replay, i));
    }
}

static void zero_never_passes(void) {
    struct bw_replay replay;
    bw_replay_init(&replay, 0);
    CU_ASSERT_FALSE(bw_replay_fresh(&replay, 0));
    CU_ASSERT_TRUE(bw_replay_fresh(&replay, 1));
}

static void the_window_is_1024_wide(void) {
    for (uint64_t newest = 2000; newest < 2200; newest++) {
        struct bw_replay replay = window_with(0, newest);
        CU_ASSERT_TRUE(bw_replay_fresh(&replay, newest - 1024));
        CU_ASSERT_FALSE(bw_replay_fresh(&replay, newest - 1025));
        bw_replay_mark(&replay, newest - 1024);
        CU_ASSERT_FALSE(bw_replay_fresh(&replay, newest - 1024));
        CU_ASSERT_TRUE(bw_replay_fresh(&replay, newest - 1023));
        CU_ASSERT_TRUE(bw_replay_fresh(&replay, newest + 1));
    }
}

static void the_floor_is_below_all(void) {
    struct bw_replay replay = window_with(100, 110);
    CU_ASSERT_FALSE(bw_replay_fresh(&replay, 100));
    CU_ASSERT_TRUE(bw_replay_fresh(&replay, 101));
}

static void the_last_numbers_work(void) {
    struct bw_replay replay = window_with(0, UINT64_MAX - 1);
    CU_ASSERT_TRUE(bw_replay_fresh(&replay, UINT64_MAX));
    bw_replay_mark(&replay, UINT64_MAX);
    CU_ASSERT_FALSE(bw_replay_fresh(&replay, UINT64_MAX));
    CU_ASSERT_FALSE(bw_replay_fresh(&replay, UINT64_MAX - 1));
    CU_ASSERT_TRUE(bw_replay_fresh(&replay, UINT64_MAX - 1024));
    CU_ASSERT_FALSE(bw_replay_fresh(&replay, UINT64_MAX - 1025));
}

/* Jumps of all sizes; the model remembers everything. */
static void agrees_with_a_model(void) {
    static bool seen[1u << 16];
    struct bw_rng rng;
    struct bw_replay replay;
    uint64_t newest = 0;
    size_t passed = 0;
    bw_rng_seed(&rng, 7);
    bw_replay_init(&replay, 0);
    for (size_t i = 0; i < 100000; i++) {
        uint64_t reach = UINT64_C(1) << bw_rng_below(&rng, 12);
        uint64_t counter = newest + bw_rng_below(&rng, reach + 1);
        uint64_t back = bw_rng_below(&rng, 1400);
        counter = bw_rng_below(&rng, 4) > 0 && newest > back ? newest - back : counter;
        if (counter >= sizeof(seen)) {
            break;
        }
        bool fresh = counter > 0 && !seen[counter] && (counter >= newest || newest - counter <= 1024);
        CU_ASSERT_EQUAL(bw_replay_fresh(&replay, counter), fresh);
        if (fresh) {
            bw_replay_mark(&replay, counter);
            seen[counter] = true;
            newest = counter > newest ? counter : newest;
            passed++;
        }
    }
    CU_ASSERT_TRUE(passed > 100);
}

static const struct tap_test tests[] = {
    TAP_TEST(each_number_passes_once), TAP_TEST(zero_never_passes),     TAP_TEST(the_window_is_1024_wide),
    TAP_TEST(the_floor_is_below_all),  TAP_TEST(the_last_numbers_work), TAP_TEST(agrees_with_a_model),
};
const struct tap_suite crypto_replay_suite = TAP_SUITE("crypto/replay", tests);
