/* The unit tests of election/: one file for each concern. With WORLD_SIGNS, which is another program, all members sign what they
 * claim: what holds without identity mode has to hold with it. */
#include "tests/unit/election_test.h"

int main(int argc, char **argv) {
    const struct tap_suite suites[] = {
        election_range_suite,     election_rank_suite,   election_message_suite,  election_lease_suite,
        election_successor_suite, election_claim_suite,  election_evidence_suite, election_heal_suite,
        election_memory_suite,    election_word_suite,   election_standing_suite, election_handover_suite,
        election_declare_suite,   election_why_suite,    election_quorum_suite,   election_preempt_suite,
        election_reach_suite,     election_bully_suite,  election_freeze_suite,   election_orders_suite,
        election_seat_suite,      election_signed_suite, election_term_suite,
    };
#ifdef WORLD_SIGNS
    world_signs = true;
#endif
    return tap_run(suites, sizeof(suites) / sizeof(suites[0]), argc, argv);
}
