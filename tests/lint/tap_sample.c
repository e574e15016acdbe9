/* Passes, fails, skips and hangs on purpose, for tap_itself.py. */
#include "tests/lib/tap.h"

#include <unistd.h>

static int prepared;

static void prepare(void) {
    prepared++;
}

static void clear(void) {
    prepared = 0;
}

static void passes(void) {
    CU_ASSERT_EQUAL(prepared, 1);
}

static void fails_twice(void) {
    CU_ASSERT_EQUAL(prepared, 2);
    CU_ASSERT_TRUE(prepared == 3);
}

static void stops_at_fatal(void) {
    CU_ASSERT_EQUAL_FATAL(prepared, 2);
    CU_FAIL("not reached");
}

static void is_skipped(void) {
    tap_note("prepared %d", prepared);
    tap_skip("for a reason");
}

static void hangs(void) {
    for (;;)
        pause();
}

static const struct tap_test good[] = {TAP_TEST(passes), TAP_TEST(is_skipped)};
static const struct tap_test bad[] = {TAP_TEST(fails_twice), TAP_TEST(stops_at_fatal)};
static const struct tap_test endless[] = {TAP_TEST(hangs)};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("good", good, prepare, clear),
    TAP_SUITE_WITH("bad", bad, prepare, clear),
    TAP_SUITE("endless", endless),
};

TAP_MAIN(suites)
