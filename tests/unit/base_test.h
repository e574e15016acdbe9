/* What the tests of base/ share: a suite for each module, an allocator that can fail, proof of assertions. */
#ifndef BW_TESTS_UNIT_BASE_TEST_H
#define BW_TESTS_UNIT_BASE_TEST_H

#include <CUnit/CUnit.h>
#include <bellwether/types.h>

#include "base/rng.h"

extern CU_TestInfo base_base_tests[];
extern CU_TestInfo base_error_tests[];
extern CU_TestInfo base_rng_tests[];
extern CU_TestInfo base_table_tests[];
extern CU_TestInfo base_timer_tests[];
extern CU_TestInfo base_trace_tests[];
extern CU_TestInfo base_wire_tests[];
extern CU_TestInfo base_wire_hostile_tests[];

/* An allocator that checks sizes, counts what is out, and fails on demand. */
struct test_memory {
    size_t used_size; /* allocated now */
    size_t calls;     /* that asked for memory */
    size_t fail_at;   /* the call that fails, counted from 1; 0: none */
    bool fail_on;     /* and all after it */
};
struct bw_allocator test_allocator(struct test_memory *memory);

void test_fill(struct bw_rng *rng, void *data, size_t size);

/* Does the call stop the program, as a broken contract must? Made in a child process. */
bool test_stops(void (*call)(void *context), void *context);

#endif
