/* What the tests of the pure node share. */
#ifndef BW_TESTS_NODE_TEST_H
#define BW_TESTS_NODE_TEST_H

#include "base/base.h"
#include "base/rng.h"
#include "node/internal.h"
#include "tests/lib/memory.h"
#include "tests/lib/tap.h"

extern const struct tap_suite node_history_suite;
extern const struct tap_suite node_state_suite;
extern const struct tap_suite node_node_suite;
extern const struct tap_suite node_pair_suite;

/* A configuration that works: member number `number`, at 127.0.0.1:7000 + number, entropy from rng. */
struct bw_config node_test_config(struct test_memory *memory, struct bw_rng *rng, unsigned number);
struct bw_time node_test_time(int64_t ms);

#endif
