/* From an echo to the time of sending: never later than the truth, at most 10 ms earlier. */
#include "crypto/clock.h"

#include "base/envelope.h"
#include "tests/unit/crypto_test.h"

static struct bw_clock timing;

static void reset(void) {
    timing = (struct bw_clock){.count = 0};
}

static void an_empty_clock_knows_nothing(void) {
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 1), BW_NOT_HEARD);
    bw_clock_sent(&timing, 1, 500);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 1), 500);
}

static void checkpoints_are_10_ms_apart(void) {
    bw_clock_sent(&timing, 1, 0);
    bw_clock_sent(&timing, 2, 9999);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 2), 0);
    bw_clock_sent(&timing, 3, 10000);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 3), 10000);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 2), 0);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 1), 0);
}

static void a_time_that_went_back_is_not_overestimated(void) {
    bw_clock_sent(&timing, 1, 1000);
    bw_clock_sent(&timing, 2, 900);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 2), 900);
}

static void what_is_older_than_the_ring_is_unknown(void) {
    for (uint64_t i = 1; i <= 1025; i++) {
        bw_clock_sent(&timing, 2 * i, (int64_t)i * 10000);
    }
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 2), BW_NOT_HEARD);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 3), BW_NOT_HEARD);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 4), 20000);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 5), 20000);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 2050), 10250000);
}

static void the_answer_is_within_10_ms_of_the_truth(void) {
    static int64_t sent[3001];
    for (uint64_t i = 1; i <= 3000; i++) {
        sent[i] = (int64_t)(i * 2700 + i * i % 1700);
        bw_clock_sent(&timing, i, sent[i]);
    }
    for (uint64_t i = 1; i <= 3000; i++) {
        int64_t when = bw_clock_when(&timing, i);
        CU_ASSERT_TRUE(when <= sent[i] && when > sent[i] - 10000);
    }
}

static void a_stretch_may_be_unknown(void) {
    bw_clock_sent(&timing, 1, 0);
    bw_clock_unknown(&timing, 2);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 1), 0);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 2), BW_NOT_HEARD);
    bw_clock_sent(&timing, 1000, 5);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 999), BW_NOT_HEARD);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 1000), 5);
    CU_ASSERT_EQUAL(bw_clock_when(&timing, 1), 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(an_empty_clock_knows_nothing),
    TAP_TEST(checkpoints_are_10_ms_apart),
    TAP_TEST(a_time_that_went_back_is_not_overestimated),
    TAP_TEST(what_is_older_than_the_ring_is_unknown),
    TAP_TEST(a_stretch_may_be_unknown),
    TAP_TEST(the_answer_is_within_10_ms_of_the_truth),
};
const struct tap_suite crypto_clock_suite = TAP_SUITE_WITH("crypto/clock", tests, reset, NULL);
