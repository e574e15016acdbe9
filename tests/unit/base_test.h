/* What the tests of base/ share: a suite for each module, random bytes, proof of assertions. */
#ifndef BW_TESTS_BASE_TEST_H
#define BW_TESTS_BASE_TEST_H

#include "base/rng.h"
#include "tests/lib/memory.h"
#include "tests/lib/tap.h"

extern const struct tap_suite base_base_suite;
extern const struct tap_suite base_error_suite;
extern const struct tap_suite base_rng_suite;
extern const struct tap_suite base_table_suite;
extern const struct tap_suite base_timer_suite;
extern const struct tap_suite base_trace_suite;
extern const struct tap_suite base_wire_suite;
extern const struct tap_suite base_wire_hostile_suite;

void test_fill(struct bw_rng *rng, void *data, size_t size);

/* Does the call stop the program, as a broken contract must? Made in a child process. */
bool test_stops(void (*call)(void *context), void *context);

#endif
