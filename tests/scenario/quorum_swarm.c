/* Random faults over quorum mode: no two leases, one vote and one reign in a term, and a leader once all is mended. */
#include "tests/scenario/quorum_chaos.h"

#include "tests/lib/tap.h"

#include <stdlib.h>

static void seeds(uint64_t first, uint64_t last, int32_t ppm) {
    char violation[256];
    for (uint64_t seed = first; seed <= last; seed++) {
        bool passed = quorum_chaos(seed, ppm, violation);
        CU_ASSERT(passed);
        if (!passed)
            tap_note("seed %llu: %s", (unsigned long long)seed, violation);
    }
}

static void with_clocks_that_agree(void) {
    seeds(1, 100, 0);
}

static void with_clocks_as_far_apart_as_they_may_be(void) {
    seeds(101, 200, 1000);
}

static void a_change_that_nobody_heard_of_is_over_with_the_next_leader(void) {
    char violation[256];
    for (uint64_t seed = 1; seed <= 5; seed++)
        CU_ASSERT(quorum_forgotten_change(seed, violation));
}

static void two_that_are_voted_for_in_turn_never_both_lead(void) {
    char violation[256];
    for (uint64_t seed = 1; seed <= 20; seed++)
        CU_ASSERT(quorum_in_turn(seed, violation));
}

static const struct tap_test swarm_tests[] = {
    TAP_TEST(two_that_are_voted_for_in_turn_never_both_lead),
    TAP_TEST(a_change_that_nobody_heard_of_is_over_with_the_next_leader),
    TAP_TEST(with_clocks_that_agree),
    TAP_TEST(with_clocks_as_far_apart_as_they_may_be),
};
static const struct tap_suite suites[] = {TAP_SUITE("quorum swarm", swarm_tests)};

TAP_MAIN(suites)
