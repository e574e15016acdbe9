/* Keeps the swarm test honest: with one rule switched off it must fail within the same seeds. */
#include "tests/scenario/swarm.h"

#include "base/mutant.h"
#include "tests/lib/tap.h"

#include <stdlib.h>
#include <string.h>

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
/* A scope that is taken though it is frozen needs somebody who froze it; and what else is named is needed, too. */
static void the_steps_that_a_failure_needs_are_found(void) {
    static struct swarm_draw draw;
    struct swarm_result all, result;
    bool steps[SWARM_STEPS_MAX], less[SWARM_STEPS_MAX], froze = false;
    uint64_t seed = caught_by(BW_MUTANT_FREEZE_RULE_OFF);
    bw_mutant_chosen = BW_MUTANT_FREEZE_RULE_OFF;
    swarm_draw(&draw, seed);
    CU_ASSERT_FALSE(swarm_run(seed, false, NULL, &all));
    size_t count = swarm_least(seed, &all, steps);
    tap_note("%zu of %zu steps", count, draw.step_count);
    CU_ASSERT(count > 0 && count < draw.step_count);
    CU_ASSERT_FALSE(swarm_run_steps(seed, steps, false, NULL, &result));
    CU_ASSERT_EQUAL(strncmp(result.violation, "frozen: ", 8), 0);
    for (size_t i = 0; i < draw.step_count; i++) {
        froze |= steps[i] && draw.steps[i].fault == SWARM_FREEZE;
        CU_ASSERT_FALSE(swarm_fails_without(&draw, &all, steps, i, less));
    }
    CU_ASSERT(froze);
    bw_mutant_chosen = BW_MUTANT_NONE;
}

/* A fault that nothing ends any more is another one: members that are cut off for ever lead alone. */
static void a_fault_is_left_out_with_what_ends_it(void) {
    static struct swarm_draw draw;
    struct swarm_result result;
    bool steps[SWARM_STEPS_MAX];
    uint64_t seed = caught_by(BW_MUTANT_LEASE_FROM_ACK);
    size_t begun = 0, ended = 0;
    bw_mutant_chosen = BW_MUTANT_LEASE_FROM_ACK;
    swarm_draw(&draw, seed);
    CU_ASSERT(draw.plan == SWARM_ISOLATE && !swarm_run(seed, false, NULL, &result));
    swarm_least(seed, &result, steps);
    bw_mutant_chosen = BW_MUTANT_NONE;
    for (size_t i = 0; i < draw.step_count; i++) {
        begun += steps[i] && draw.steps[i].fault == SWARM_ISOLATE_LEADER;
        ended += steps[i] && draw.steps[i].fault == SWARM_MEND;
    }
    tap_note("%zu times cut off and mended", begun);
    CU_ASSERT(begun > 0 && ended == begun);
}

static void steps_are_read(void) {
    static const char *const wrong[] = {"", "x", "1,", ",1", "1 2", "64", "1,,2", "-1"};
    bool steps[SWARM_STEPS_MAX];
    CU_ASSERT(swarm_read_steps("63,0", steps) && steps[0] && steps[63] && !steps[1]);
    CU_ASSERT(swarm_read_steps("none", steps) && !steps[0]);
    for (size_t i = 0; i < BW_COUNT(wrong); i++)
        CU_ASSERT_FALSE(swarm_read_steps(wrong[i], steps));
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
    TAP_TEST(the_steps_that_a_failure_needs_are_found),
    TAP_TEST(a_fault_is_left_out_with_what_ends_it),
    TAP_TEST(steps_are_read),
    TAP_TEST(with_all_rules_it_passes),
};
static const struct tap_suite suites[] = {TAP_SUITE("swarm mutants", mutant_tests)};

TAP_MAIN(suites)
