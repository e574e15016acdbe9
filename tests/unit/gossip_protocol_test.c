/* Ranges of protocol versions: what two members speak, and who is kept out. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 7);
}

static void tear_down(void) {
    net_close(&net);
}

static void start(size_t index, size_t seed, uint8_t min, uint8_t max) {
    net.nodes[index].protocol_min = min;
    net.nodes[index].protocol_max = max;
    net_start_seeded(&net, index, seed);
}

static uint8_t spoken(size_t at, size_t with) {
    struct bw_member_info info;
    CU_ASSERT_EQUAL_FATAL(bw_gossip_find(net.nodes[at].gossip, &net.nodes[with].id, &info), 0);
    return info.protocol;
}

static void a_cluster_is_upgraded_member_by_member(void) {
    start(0, 0, 1, 1);
    start(1, 0, 1, 1);
    start(2, 0, 1, 2);
    CU_ASSERT(net_wait_converged(&net, 20000));
    CU_ASSERT(net_complete(&net));
    CU_ASSERT_EQUAL(spoken(0, 2), 1);
    CU_ASSERT_EQUAL(spoken(2, 0), 1);
    CU_ASSERT_EQUAL(spoken(2, 2), 2);
    net_crash(&net, 1);
    net_run(&net, 100);
    start(1, 0, 1, 2);
    net_run(&net, 5000);
    CU_ASSERT_EQUAL(spoken(2, 1), 2);
    CU_ASSERT_EQUAL(spoken(1, 2), 2);
    CU_ASSERT_EQUAL(spoken(1, 0), 1);
}

static void without_a_version_in_common_neither_takes_the_other(void) {
    start(0, 0, 1, 2);
    start(1, 0, 3, 4);
    net_run(&net, 20000);
    CU_ASSERT_PTR_NULL(net_member(&net, 0, 1));
    CU_ASSERT_PTR_NULL(net_member(&net, 1, 0));
    CU_ASSERT(net.nodes[0].events[BW_GOSSIP_INCOMPATIBLE] >= 1 && net.nodes[0].events[BW_GOSSIP_INCOMPATIBLE] <= 2);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_PROTOCOL_IN_COMMON) >= net.nodes[0].events[BW_GOSSIP_INCOMPATIBLE]);
}

static struct bw_gossip_event kept_out;

static void keep(struct net *n, size_t at, const struct bw_gossip_event *event) {
    (void)n;
    if (at == 0 && event->type == BW_GOSSIP_INCOMPATIBLE) {
        kept_out = *event;
        CU_ASSERT(event->name.size == 4 && memcmp(event->name.data, "n002", 4) == 0);
    }
}

static void who_speaks_with_both_knows_both(void) {
    net.on_event = keep;
    start(1, 1, 1, 2);
    start(0, 1, 1, 1);
    start(2, 1, 2, 3);
    net_run(&net, 10000);
    CU_ASSERT_EQUAL(net_status(&net, 1, 0), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net_status(&net, 1, 2), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(spoken(1, 2), 2);
    CU_ASSERT_PTR_NULL(net_member(&net, 0, 2));
    CU_ASSERT_PTR_NULL(net_member(&net, 2, 0));
    CU_ASSERT(bw_id_equal(&kept_out.id, &net.nodes[2].id) && bw_addr_equal(&kept_out.addr, &net.nodes[2].addr));
    CU_ASSERT(kept_out.protocol_min == 2 && kept_out.protocol_max == 3 && kept_out.incarnation > 0);
}

static void who_comes_back_with_other_versions_is_dead(void) {
    net_form(&net, 3);
    net_crash(&net, 2);
    start(2, 0, 2, 3);
    net_run(&net, 10000);
    CU_ASSERT_EQUAL(net_status(&net, 0, 2), BW_STATUS_DEAD);
    CU_ASSERT_EQUAL(net_status(&net, 1, 2), BW_STATUS_DEAD);
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_ALIVE);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_cluster_is_upgraded_member_by_member),
    TAP_TEST(without_a_version_in_common_neither_takes_the_other),
    TAP_TEST(who_speaks_with_both_knows_both),
    TAP_TEST(who_comes_back_with_other_versions_is_dead),
};
const struct tap_suite gossip_protocol_suite = TAP_SUITE_WITH("gossip protocol", tests, set_up, tear_down);
