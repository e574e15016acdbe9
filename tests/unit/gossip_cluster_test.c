/* Whole clusters: joining, crashing, partitions, loss, sleep. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 11);
}

static void tear_down(void) {
    net_close(&net);
}

static size_t deaths(void) {
    size_t count = 0;
    for (size_t i = 0; i < net.count; i++) {
        count += net.nodes[i].status_events[BW_STATUS_DEAD];
    }
    return count;
}

static void a_hundred_start_at_once(void) {
    for (size_t i = 0; i < 100; i++) {
        net_start(&net, i);
    }
    int64_t begin_us = net.now_us;
    while (!net_complete(&net) && net.now_us < begin_us + MS(2000)) {
        net_run(&net, 10);
    }
    tap_note("complete after %lld ms", (long long)(net.now_us - begin_us) / 1000);
    CU_ASSERT_TRUE(net_complete(&net));
    CU_ASSERT(net_wait_converged(&net, 10000));
    CU_ASSERT_TRUE(bw_gossip_synchronised(net.nodes[99].gossip));
    CU_ASSERT(net_hits(&net, 50, BW_RULE_CLAIM_ONLY_WHEN_PROVEN) > 0);
    CU_ASSERT(net_hits(&net, 50, BW_RULE_JOINER_ASKS_MORE) > 0);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_ANSWER_UNPROVEN_PINGS_ONLY) >= 99);
}

static void a_line_becomes_a_mesh(void) {
    for (size_t i = 5; i-- > 0;) {
        net_start_seeded(&net, i, i + 1 < 5 ? i + 1 : i);
    }
    CU_ASSERT(net_wait_converged(&net, 5000));
}

static void seeds_that_are_late(void) {
    net_start(&net, 1); /* its seed is not there */
    net.nodes[0].addr = (struct bw_addr){.ip = {10, 0, 0, 0}, .port = 7000, .family = 4};
    CU_ASSERT_TRUE(bw_gossip_alone(net.nodes[1].gossip));
    CU_ASSERT_FALSE(bw_gossip_synchronised(net.nodes[1].gossip));
    net_run(&net, 60000);
    CU_ASSERT(net_hits(&net, 1, BW_RULE_RETRY_SEEDS_FOR_EVER) > 8);
    CU_ASSERT(net_hits(&net, 1, BW_RULE_RETRY_SEEDS_FOR_EVER) < 20); /* with back-off */
    net_start(&net, 0);
    CU_ASSERT(net_wait_status(&net, 1, BW_STATUS_ALIVE, 13000));
    CU_ASSERT(net_wait_converged(&net, 5000));
    CU_ASSERT_TRUE(bw_gossip_synchronised(net.nodes[1].gossip));
}

static void the_seed_restarts_and_knows_nobody(void) {
    net_form(&net, 5);
    net_crash(&net, 0);
    net_run(&net, 200);
    net_start(&net, 0); /* it is its own seed: only the others can find it */
    CU_ASSERT(net_wait_converged(&net, 15000));
    CU_ASSERT(net_hits(&net, 1, BW_RULE_REOPEN_UNBOUND) + net_hits(&net, 2, BW_RULE_REOPEN_UNBOUND) +
                  net_hits(&net, 3, BW_RULE_REOPEN_UNBOUND) + net_hits(&net, 4, BW_RULE_REOPEN_UNBOUND) >
              0);
}

static void the_dead_come_back(void) {
    net_form(&net, 5);
    net_crash(&net, 0);
    CU_ASSERT(net_wait_status(&net, 0, BW_STATUS_DEAD, 20000));
    net_run(&net, 60000);
    net_start(&net, 0);
    CU_ASSERT(net_wait_converged(&net, 30000));
}

static void a_crash_is_known_everywhere(void) {
    net.refuse = true;
    net_form(&net, 50);
    for (size_t i = 0; i < 5; i++) {
        size_t victim = 3 + i * 7;
        net_crash(&net, victim);
        CU_ASSERT(net_wait_status(&net, victim, BW_STATUS_DEAD, 3500));
        net_run(&net, 300);
    }
}

static void a_quarter_crashes_silently(void) {
    net_form(&net, 40);
    for (size_t i = 0; i < 10; i++) {
        net_crash(&net, i * 4 + 1);
    }
    for (size_t i = 0; i < 10; i++) {
        CU_ASSERT(net_wait_status(&net, i * 4 + 1, BW_STATUS_DEAD, 30000));
    }
    CU_ASSERT_EQUAL(deaths(), 10 * 30 + 0);
}

static void cut_in_two(size_t size, bool cut) {
    for (size_t a = 0; a < net.count; a++) {
        for (size_t b = 0; b < net.count; b++) {
            net.cut[a][b] = cut && (a < size) != (b < size);
        }
    }
}

static void partitions_heal_by_themselves(void) {
    static const size_t sizes[] = {10, 2};
    for (size_t k = 0; k < BW_COUNT(sizes); k++) {
        net_form(&net, 20);
        cut_in_two(sizes[k], true);
        net_run(&net, 150000);
        CU_ASSERT_EQUAL(net_status(&net, 0, 19), BW_STATUS_DEAD);
        CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_ALIVE); /* the few that are left find each other */
        CU_ASSERT(k == 0 || net_hits(&net, 0, BW_RULE_DEAF_LISTEN_WIDER) > 0);
        bw_gossip_leave(net.nodes[18].gossip, net_now(&net)); /* one leaves, one dies meanwhile */
        net_drain(&net, 18);
        net_run(&net, 1000);
        net_crash(&net, 18);
        net_crash(&net, 17);
        net_run(&net, 30000);
        for (size_t i = 0; i < 20; i++) {
            memset(net.nodes[i].status_us, 0, sizeof(net.nodes[i].status_us));
        }
        cut_in_two(sizes[k], false);
        CU_ASSERT(net_wait_converged(&net, 60000));
        CU_ASSERT_EQUAL(net_status(&net, 0, 18), BW_STATUS_LEFT);
        CU_ASSERT_EQUAL(net_status(&net, 0, 17), BW_STATUS_DEAD);
        for (size_t a = 0; a < 17; a++) { /* nobody is declared dead by healing */
            for (size_t b = 0; b < 17; b++) {
                CU_ASSERT_EQUAL(net.nodes[a].status_us[b][BW_STATUS_DEAD], 0);
            }
        }
        net_close(&net);
        net_open(&net, 12);
    }
}

static void loss_kills_nobody(void) {
    net_form(&net, 20);
    net.loss_percent = 20;
    net_run(&net, 120000);
    CU_ASSERT_EQUAL(deaths(), 0);
    net_crash(&net, 5);
    CU_ASSERT(net_wait_status(&net, 5, BW_STATUS_DEAD, 20000));
}

static void stopped_processes_accuse_nobody_and_are_forgiven(void) {
    net_form(&net, 16);
    for (size_t i = 0; i < 4; i++) {
        net.nodes[i].paused = true;
    }
    net_run(&net, 8000);
    for (size_t i = 0; i < 4; i++) {
        net.nodes[i].paused = false;
    }
    CU_ASSERT(net_wait_converged(&net, 30000));
    for (size_t a = 0; a < 16; a++) {
        for (size_t b = 4; b < 16; b++) {
            CU_ASSERT_EQUAL(net.nodes[a].status_us[b][BW_STATUS_DEAD], 0);
            CU_ASSERT_EQUAL(net.nodes[a].status_us[b][BW_STATUS_SUSPECT], 0);
        }
    }
}

static void all_starved_at_once(void) {
    net_form(&net, 10);
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < 10; i++) {
            net.nodes[i].paused = true;
        }
        net_run(&net, 3000);
        for (size_t i = 0; i < 10; i++) {
            net.nodes[i].paused = false;
        }
        net_run(&net, 500);
    }
    net_run(&net, 10000);
    CU_ASSERT_EQUAL(deaths(), 0);
    CU_ASSERT(net_complete(&net));
}

static void the_deaf_and_the_mute(void) {
    net_form(&net, 10);
    for (size_t i = 0; i < 10; i++) {
        net.cut[i][3] = true;
    }
    net_run(&net, 120000);
    for (size_t i = 0; i < 10; i++) {
        for (size_t of = 0; of < 10 && i != 3; of++) {
            CU_ASSERT(of == 3 || net.nodes[i].status_us[of][BW_STATUS_DEAD] == 0);
        }
        net.cut[i][3] = false;
        net.cut[3][i] = true;
    }
    net_run(&net, 120000);
    for (size_t i = 0; i < 10; i++) {
        net.cut[3][i] = false;
        for (size_t of = 0; of < 10 && i != 3; of++) {
            CU_ASSERT(of == 3 || net.nodes[i].status_us[of][BW_STATUS_DEAD] == 0);
        }
    }
    CU_ASSERT(net_wait_converged(&net, 30000));
}

/* The same seed gives the same run; extra ticks change nothing. */
static void determinism(void) {
    size_t sent[2];
    uint64_t digest[2];
    for (int run = 0; run < 2; run++) {
        net_close(&net);
        net_open(&net, 21);
        for (size_t i = 0; i < 12; i++) {
            net_start(&net, i);
        }
        net.loss_percent = 10;
        for (int i = 0; i < 3000; i++) {
            net_run(&net, 10);
            for (size_t k = 0; run == 1 && k < net.count; k++) {
                bw_gossip_tick(net.nodes[k].gossip, net_now(&net));
                net_drain(&net, k);
            }
        }
        sent[run] = 0;
        for (size_t i = 0; i < 12; i++) {
            sent[run] += net.nodes[i].sent;
        }
        digest[run] = bw_gossip_digest(net.nodes[0].gossip);
    }
    CU_ASSERT_EQUAL(sent[0], sent[1]);
    CU_ASSERT_EQUAL(digest[0], digest[1]);
}

static void detection_bounds_hold(void) {
    int64_t least_us = 0;
    int64_t most_us = 0;
    bw_gossip_detection_bounds(&net.params, 10, &least_us, &most_us);
    CU_ASSERT_EQUAL(least_us, MS(500));
    net_form(&net, 10);
    net.nodes[4].muted = true;
    int64_t silent_us = net.now_us;
    CU_ASSERT(net_wait_status(&net, 4, BW_STATUS_DEAD, most_us / 1000));
    CU_ASSERT(net.now_us - silent_us >= least_us);
}

/* What one that says that it is from elsewhere is answered with, and where. */
static struct bw_addr answered_at(uint64_t session, bool proven, const struct bw_schema *schema, const void *message) {
    uint8_t bytes[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = bytes, .capacity = sizeof(bytes)};
    struct bw_outbound out = {.addr = {.family = 0}};
    net_drain(&net, 0);
    CU_ASSERT_EQUAL(bw_wire_put(&writer, schema, message), 0);
    struct bw_inbound in = {.from = net.nodes[1].id,
                            .session = session,
                            .addr = {.ip = {10, 9, 9, 9}, .port = 9, .family = 4},
                            .proven = proven,
                            .heard_us = BW_NOT_HEARD,
                            .frames = {bytes, writer.used}};
    CU_ASSERT_EQUAL(bw_gossip_receive(net.nodes[0].gossip, &in, net_now(&net)), 0);
    CU_ASSERT(bw_gossip_transmit(net.nodes[0].gossip, &out, net_now(&net)));
    return out.addr;
}

static void answers_go_to_the_members_own_address(void) {
    static const uint8_t digests[8];
    const struct bw_frame_ping ping = {1, 0, 0};
    const struct bw_frame_survey survey = {3};
    const struct bw_frame_sync sync = {4, 0, 64, 0, {digests, 8}};
    const struct bw_addr elsewhere = {.ip = {10, 9, 9, 9}, .port = 9, .family = 4};
    net_form(&net, 3);
    const struct bw_addr own = net.nodes[1].addr;
    const uint64_t session = net.nodes[1].session;
    struct bw_addr at = answered_at(session, true, &bw_schema_ping, &ping);
    CU_ASSERT(bw_addr_equal(&at, &own));
    at = answered_at(session, true, &bw_schema_survey, &survey);
    CU_ASSERT(bw_addr_equal(&at, &own));
    at = answered_at(session, true, &bw_schema_sync, &sync);
    CU_ASSERT(bw_addr_equal(&at, &own));
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_ANSWER_TO_OWN_ADDRESS), 3);
    /* who is not proven has no other address, and who has started anew may have moved */
    at = answered_at(session + 2, false, &bw_schema_ping, &ping);
    CU_ASSERT(bw_addr_equal(&at, &elsewhere));
    at = answered_at(session + 2, true, &bw_schema_ping, &ping);
    CU_ASSERT(bw_addr_equal(&at, &elsewhere));
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_ANSWER_TO_OWN_ADDRESS), 3);
}

static const struct tap_test tests[] = {
    TAP_TEST(answers_go_to_the_members_own_address),
    TAP_TEST(a_hundred_start_at_once),
    TAP_TEST(a_line_becomes_a_mesh),
    TAP_TEST(seeds_that_are_late),
    TAP_TEST(the_seed_restarts_and_knows_nobody),
    TAP_TEST(the_dead_come_back),
    TAP_TEST(a_crash_is_known_everywhere),
    TAP_TEST(a_quarter_crashes_silently),
    TAP_TEST(partitions_heal_by_themselves),
    TAP_TEST(loss_kills_nobody),
    TAP_TEST(stopped_processes_accuse_nobody_and_are_forgiven),
    TAP_TEST(all_starved_at_once),
    TAP_TEST(the_deaf_and_the_mute),
    TAP_TEST(determinism),
    TAP_TEST(detection_bounds_hold),
};
const struct tap_suite gossip_cluster_suite = TAP_SUITE_WITH("gossip cluster", tests, set_up, tear_down);
