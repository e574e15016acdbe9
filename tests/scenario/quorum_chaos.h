/* Random faults over a scope in quorum mode: what a seed means depends on the seed alone. */
#ifndef BW_TESTS_QUORUM_CHAOS_H
#define BW_TESTS_QUORUM_CHAOS_H

#include <stdbool.h>
#include <stdint.h>

/* Runs one seed: faults, then all is mended and somebody must lead. ppm: clocks run fast or slow by up to so much.
 * violation: what was seen if it fails. */
bool quorum_chaos(uint64_t seed, int32_t ppm, char violation[256]);
/* The history that docs/MODEL.md tells of two lists of voters; nothing in it is random but delays. */
bool quorum_forgotten_change(uint64_t seed, char violation[256]);

/* A leader renews by two voters in turn while another campaigns among the same two: one of them has voted for the other already
 * when a renewal comes. So many things must meet that random faults alone get there once in thousands of seeds. */
bool quorum_in_turn(uint64_t seed, char violation[256]);
#endif
