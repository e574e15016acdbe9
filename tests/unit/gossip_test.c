/* The unit tests of gossip/. */
#include "tests/unit/gossip_test.h"

int main(int argc, char **argv) {
    const struct tap_suite suites[] = {
        gossip_pure_suite,     gossip_member_suite,   gossip_frames_suite,   gossip_detector_suite,
        gossip_claims_suite,   gossip_view_suite,     gossip_cost_suite,     gossip_bounds_suite,
        gossip_cluster_suite,  gossip_operator_suite, gossip_network_suite,  gossip_user_suite,
        gossip_query_suite,    gossip_switches_suite, gossip_protocol_suite, gossip_rush_suite,
        gossip_remember_suite, gossip_identity_suite, gossip_opening_suite,  gossip_checks_suite,
        gossip_accuse_suite,   gossip_back_suite,
    };
    return tap_run(suites, sizeof(suites) / sizeof(suites[0]), argc, argv);
}
