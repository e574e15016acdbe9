/* Keeps the simulator honest about quorum mode: each rule of it taken away is noticed, and so are clocks that run further apart
 * than they may. The list is election.md's, and one that the model found. */
#include "tests/scenario/quorum_chaos.h"

#include "base/mutant.h"
#include "tests/lib/tap.h"

#define SEED_COUNT 1000u

enum bw_mutant bw_mutant_chosen;

static bool run(enum bw_mutant mutant, uint64_t seed, char violation[256]) {
    bool listed = mutant == BW_MUTANT_VOTERS_BY_NUMBER_ALONE || mutant == BW_MUTANT_VOTERS_NOT_STAMPED;
    bool in_turn = mutant == BW_MUTANT_STALE_RENEWAL_ACKNOWLEDGED;
    bw_mutant_chosen = mutant;
    bool passed = listed    ? quorum_forgotten_change(seed, violation)
                  : in_turn ? quorum_in_turn(seed, violation)
                            : quorum_chaos(seed, 1000, violation);
    bw_mutant_chosen = BW_MUTANT_NONE;
    return passed;
}

/* The seed that caught it last is tried first. */
static bool catches(enum bw_mutant mutant, const char *name, uint64_t last) {
    char violation[256];
    for (uint64_t i = 0; i <= SEED_COUNT; i++) {
        uint64_t seed = i == 0 ? last : i;
        if (run(mutant, seed, violation))
            continue;
        tap_note("%s: seed %llu: %s", name, (unsigned long long)seed, violation);
        return quorum_chaos(seed, 1000, violation) && quorum_in_turn(seed, violation) &&
               quorum_forgotten_change(seed, violation); /* as it is, it passes */
    }
    tap_note("%s: not caught", name);
    return false;
}

#define CAUGHT(test, name, seed)                           \
    static void test(void) {                               \
        CU_ASSERT(catches(BW_MUTANT_##name, #name, seed)); \
    }
CAUGHT(a_lease_from_the_acknowledgement_is_caught, QUORUM_LEASE_FROM_ACK, 20)
CAUGHT(no_abstention_is_caught, NO_ABSTENTION, 342)
CAUGHT(a_vote_that_is_not_durable_is_caught, VOTE_NOT_DURABLE, 1)
CAUGHT(an_acknowledged_stale_renewal_is_caught, STALE_RENEWAL_ACKNOWLEDGED, 5)
CAUGHT(an_ignored_promise_is_caught, PROMISE_IGNORED, 5)
CAUGHT(old_rounds_that_count_are_caught, OLD_ROUNDS_COUNT, 112)
CAUGHT(a_release_before_the_stop_is_caught, RELEASE_BEFORE_STOP, 4)
CAUGHT(asking_again_after_a_release_is_caught, ASKS_AGAIN_AFTER_RELEASE, 2)
CAUGHT(a_repeated_vote_that_leases_is_caught, REPEATED_VOTE_LEASES, 2)
CAUGHT(voters_by_number_alone_are_caught, VOTERS_BY_NUMBER_ALONE, 1)
CAUGHT(a_promise_too_short_is_caught, PROMISE_TOO_SHORT, 5)
CAUGHT(an_abstention_too_short_is_caught, ABSTENTION_TOO_SHORT, 238)
CAUGHT(two_voters_at_once_are_caught, TWO_VOTERS_AT_ONCE, 63)
CAUGHT(voters_that_are_not_stamped_are_caught, VOTERS_NOT_STAMPED, 1)

/* Ten times as far as the promise allows for. */
static void clocks_too_far_apart_are_caught(void) {
    char violation[256];
    uint64_t seed = 2343; /* the one that caught it last is tried first */
    for (uint64_t i = 1; quorum_chaos(seed, 10000, violation); i++) {
        if (i > SEED_COUNT) {
            CU_FAIL("not caught");
            return;
        }
        seed = i;
    }
    tap_note("seed %llu: %s", (unsigned long long)seed, violation);
    CU_ASSERT(quorum_chaos(seed, 1000, violation));
}

static const struct tap_test mutant_tests[] = {
    TAP_TEST(clocks_too_far_apart_are_caught),
    TAP_TEST(a_lease_from_the_acknowledgement_is_caught),
    TAP_TEST(no_abstention_is_caught),
    TAP_TEST(a_vote_that_is_not_durable_is_caught),
    TAP_TEST(an_acknowledged_stale_renewal_is_caught),
    TAP_TEST(an_ignored_promise_is_caught),
    TAP_TEST(old_rounds_that_count_are_caught),
    TAP_TEST(a_release_before_the_stop_is_caught),
    TAP_TEST(asking_again_after_a_release_is_caught),
    TAP_TEST(a_repeated_vote_that_leases_is_caught),
    TAP_TEST(voters_by_number_alone_are_caught),
    TAP_TEST(a_promise_too_short_is_caught),
    TAP_TEST(an_abstention_too_short_is_caught),
    TAP_TEST(two_voters_at_once_are_caught),
    TAP_TEST(voters_that_are_not_stamped_are_caught),
};
static const struct tap_suite suites[] = {TAP_SUITE("quorum mutants", mutant_tests)};

TAP_MAIN(suites)
