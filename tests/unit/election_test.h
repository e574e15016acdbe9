/* What the tests of election/ share: a suite for each concern, and the little world that they happen in. */
#ifndef BW_TESTS_ELECTION_TEST_H
#define BW_TESTS_ELECTION_TEST_H

#include "election/message.h"
#include "election/record.h"
#include "tests/lib/memory.h"
#include "tests/lib/tap.h"
#include "tests/unit/election_world.h"

extern const struct tap_suite election_range_suite;
extern const struct tap_suite election_rank_suite;
extern const struct tap_suite election_message_suite;
extern const struct tap_suite election_lease_suite;
extern const struct tap_suite election_successor_suite;
extern const struct tap_suite election_claim_suite;
extern const struct tap_suite election_bully_suite;
extern const struct tap_suite election_evidence_suite;
extern const struct tap_suite election_orders_suite;
extern const struct tap_suite election_heal_suite;
extern const struct tap_suite election_memory_suite;
extern const struct tap_suite election_standing_suite;
extern const struct tap_suite election_declare_suite;
extern const struct tap_suite election_why_suite;
extern const struct tap_suite election_quorum_suite;
extern const struct tap_suite election_freeze_suite;
extern const struct tap_suite election_word_suite;
extern const struct tap_suite election_handover_suite;
extern const struct tap_suite election_preempt_suite;
extern const struct tap_suite election_reach_suite;
extern const struct tap_suite election_seat_suite;
extern const struct tap_suite election_signed_suite;
extern const struct tap_suite election_term_suite;

#endif
