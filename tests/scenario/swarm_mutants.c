/* Keeps the swarm test honest: with one rule switched off it must fail within the same seeds. */
#include "tests/scenario/swarm.h"

#include "base/mutant.h"
#include "tests/lib/tap.h"

#include <stdlib.h>

#define SEED_COUNT 200u

enum bw_mutant bw_mutant_chosen;

/* The first seed that catches it; 0: none. Prints what was seen. */
static uint64_t caught_by(enum bw_mutant mutant) {
    struct swarm_result result;
    uint64_t seed = 1;
    bw_mutant_chosen = mutant;
    while (seed <= SEED_COUNT && swarm_run(seed, false, NULL, &result))
        seed++;
    bw_mutant_chosen = BW_MUTANT_NONE;
    if (seed > SEED_COUNT)
        return 0;
    tap_note("seed %llu: %s", (unsigned long long)seed, result.violation);
    return seed;
}

static void demand_caught(enum bw_mutant mutant) {
    struct swarm_result result;
    uint64_t seed = caught_by(mutant);
    CU_ASSERT(seed > 0);
    CU_ASSERT(seed == 0 || swarm_run(seed, true, NULL, &result)); /* without it the same seed passes */
}

static void without_the_evidence_rule_it_fails(void) {
    demand_caught(BW_MUTANT_EVIDENCE_RULE_OFF);
}
static void without_the_late_tick_rule_it_fails(void) {
    demand_caught(BW_MUTANT_LATE_TICK_RULE_OFF);
}
static void with_a_lease_counted_from_the_acknowledgement_it_fails(void) {
    demand_caught(BW_MUTANT_LEASE_FROM_ACK);
}
static void with_frozen_scopes_taken_it_fails(void) {
    demand_caught(BW_MUTANT_FREEZE_RULE_OFF);
}
static void with_a_seat_too_many_it_fails(void) {
    demand_caught(BW_MUTANT_SEAT_TOO_MANY);
}
static void with_all_rules_it_passes(void) {
    struct swarm_result result;
    for (uint64_t seed = 1; seed <= 10; seed++)
        CU_ASSERT(swarm_run(seed, true, NULL, &result));
}

static const struct tap_test mutant_tests[] = {
    TAP_TEST(without_the_evidence_rule_it_fails),
    TAP_TEST(without_the_late_tick_rule_it_fails),
    TAP_TEST(with_a_lease_counted_from_the_acknowledgement_it_fails),
    TAP_TEST(with_frozen_scopes_taken_it_fails),
    TAP_TEST(with_a_seat_too_many_it_fails),
    TAP_TEST(with_all_rules_it_passes),
};
static const struct tap_suite suites[] = {TAP_SUITE("swarm mutants", mutant_tests)};

TAP_MAIN(suites)
