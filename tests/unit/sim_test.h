/* What the simulator's own tests share: one world of fakes. */
#ifndef BW_TESTS_SIM_TEST_H
#define BW_TESTS_SIM_TEST_H

#include "base/base.h"
#include "sim/sim.h"
#include "tests/lib/tap.h"
#include "tests/unit/sim_fake.h"

extern struct bw_sim_options options; /* set anew before each test */
extern struct bw_sim *sim;            /* destroyed after it */
extern const struct tap_test sim_invariant_tests[];
extern const size_t sim_invariant_test_count;

void start(size_t count);
void poke(size_t host); /* makes the node do what the test has just told it */

#endif
