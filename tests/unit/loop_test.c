/* The libev host with real sockets, real files and the real node. Bounded: a few seconds in all. */
#include "tests/unit/loop_test.h"

int main(int argc, char **argv) {
    const struct tap_suite suites[] = {loop_addr_suite, loop_store_suite, loop_udp_suite, loop_node_suite,
                                       loop_lan_suite};
    return tap_run(suites, sizeof(suites) / sizeof(suites[0]), argc, argv);
}
