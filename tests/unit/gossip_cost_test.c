/* Leaving, messages, and what it all costs. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 7);
}

static void tear_down(void) {
    net_close(&net);
}

static void leave(size_t index) {
    bw_gossip_leave(net.nodes[index].gossip, net_now(&net));
    net_drain(&net, index);
}

static void leaving_waits_for_three(void) {
    net_form(&net, 5);
    for (size_t i = 2; i < 5; i++) {
        net.cut[1][i] = true;
    }
    leave(1);
    net_run(&net, 50);
    CU_ASSERT_EQUAL(net.nodes[1].gossip->leave.acks, 1);
    CU_ASSERT_FALSE(bw_gossip_left(net.nodes[1].gossip));
    net.cut[1][2] = net.cut[1][3] = false;
    net_run(&net, 52);
    CU_ASSERT_TRUE(bw_gossip_left(net.nodes[1].gossip));
    CU_ASSERT(net_wait_status(&net, 1, BW_STATUS_LEFT, 1000));
    CU_ASSERT_EQUAL(net_hits(&net, 1, BW_RULE_LEAVE_ACKNOWLEDGED), 1);
    net_run(&net, 60000);
    CU_ASSERT_EQUAL(net.nodes[0].status_events[BW_STATUS_DEAD] + net.nodes[0].status_events[BW_STATUS_SUSPECT], 0);
}

/* One that missed it accuses the member that left, and asks others to reach it: they tell it. */
static void who_missed_a_leave_is_told(void) {
    net_form(&net, 5);
    for (size_t i = 0; i < 5; i++) {
        net.cut[i][4] = true;
    }
    leave(1);
    net_run(&net, 700);
    net_crash(&net, 1);
    for (size_t i = 0; i < 5; i++) {
        net.cut[i][4] = false;
    }
    CU_ASSERT_EQUAL_FATAL(net_status(&net, 4, 1), BW_STATUS_ALIVE);
    const struct bw_member *gone = net_member(&net, 4, 1);
    struct bw_id accuser = net_id(2);
    struct bw_frame_suspect suspect = {net_id(1), gone->incarnation, {accuser.bytes, sizeof(accuser)}};
    uint64_t hits = net_hits(&net, 3, BW_RULE_TELL_WHO_LEFT);
    CU_ASSERT_EQUAL(net_inject(&net, 3, &net.nodes[4].id, net.nodes[4].session, true, &bw_schema_suspect, &suspect), 0);
    net_run(&net, 5);
    CU_ASSERT_EQUAL(net_hits(&net, 3, BW_RULE_TELL_WHO_LEFT), hits + 1);
    CU_ASSERT_EQUAL(net_status(&net, 4, 1), BW_STATUS_LEFT);
    struct bw_frame_ping_req ask = {.seq = 77, .target = net_id(1)};
    size_t sent = net.nodes[3].sent;
    CU_ASSERT_EQUAL(net_inject(&net, 3, &net.nodes[4].id, net.nodes[4].session, true, &bw_schema_ping_req, &ask), 0);
    net_drain(&net, 3);
    CU_ASSERT_EQUAL(net_hits(&net, 3, BW_RULE_TELL_WHO_LEFT), hits + 2);
    CU_ASSERT_EQUAL(net.nodes[3].sent, sent + 1); /* the answer and the nack, and no ping */
    CU_ASSERT_EQUAL(net.nodes[4].status_events[BW_STATUS_DEAD], 0);
}

static void leaving_waits_no_longer_than_three_intervals(void) {
    net_form(&net, 3);
    net.nodes[1].muted = true;
    leave(1);
    net_run(&net, 2999);
    CU_ASSERT_FALSE(bw_gossip_left(net.nodes[1].gossip));
    net_run(&net, 2);
    CU_ASSERT_TRUE(bw_gossip_left(net.nodes[1].gossip));
}

/* A closed port is not waited for; it counts once, so that the one who lives is. */
static void leaving_does_not_wait_for_the_crashed(void) {
    net_form(&net, 3);
    net_crash(&net, 0);
    net.refuse = true;
    net.cut[1][2] = true;
    leave(1);
    net_run(&net, 450);
    CU_ASSERT_FALSE(bw_gossip_left(net.nodes[1].gossip));
    net.cut[1][2] = false;
    net_run(&net, 102);
    CU_ASSERT_TRUE(bw_gossip_left(net.nodes[1].gossip));
    CU_ASSERT_EQUAL(net.nodes[1].gossip->leave.acks, 1);
    leave(2);
    net_run(&net, 10);
    CU_ASSERT_TRUE(bw_gossip_left(net.nodes[2].gossip));
}

/* It may live and is told; but it has long been silent. */
static void leaving_does_not_wait_for_a_suspect(void) {
    net_form(&net, 2);
    net.nodes[0].muted = true;
    for (int ms = 0; ms < 5000 && net_status(&net, 1, 0) != BW_STATUS_SUSPECT; ms++) {
        net_run(&net, 1);
    }
    CU_ASSERT_EQUAL_FATAL(net_status(&net, 1, 0), BW_STATUS_SUSPECT);
    net.nodes[0].muted = false;
    leave(1);
    CU_ASSERT_TRUE(bw_gossip_left(net.nodes[1].gossip));
    net_run(&net, 10);
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_LEFT);
}

static void the_last_one_leaves_at_once(void) {
    net_form(&net, 2);
    leave(1);
    net_run(&net, 10);
    CU_ASSERT_TRUE(bw_gossip_left(net.nodes[1].gossip));
    net_crash(&net, 1);
    CU_ASSERT_TRUE(bw_gossip_alone(net.nodes[0].gossip));
    leave(0);
    CU_ASSERT_TRUE(bw_gossip_left(net.nodes[0].gossip));
}

static void leaving_with_loss_is_not_dying(void) {
    net_form(&net, 20);
    net.loss_percent = 30;
    leave(7);
    CU_ASSERT(net_wait_status(&net, 7, BW_STATUS_LEFT, 20000));
    net_crash(&net, 7);
    for (size_t i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(net.nodes[i].status_us[7][BW_STATUS_DEAD], 0);
    }
}

static void left_and_back_without_a_restart(void) {
    net_form(&net, 3);
    leave(1);
    CU_ASSERT(net_wait_status(&net, 1, BW_STATUS_LEFT, 1000));
    net_run(&net, 10000);
    CU_ASSERT_EQUAL(bw_gossip_join(net.nodes[1].gossip, &net.nodes[0].addr, 1, net_now(&net)), 0);
    net_drain(&net, 1);
    CU_ASSERT(net_wait_status(&net, 1, BW_STATUS_ALIVE, 2000));
    CU_ASSERT_FALSE(bw_gossip_left(net.nodes[1].gossip));
    CU_ASSERT(net_wait_converged(&net, 5000));
}

static void crash_after_leave_of_a_node_that_joins(void) {
    net_form(&net, 2);
    net_start(&net, 2);
    leave(2); /* in the middle of its join */
    net_run(&net, 5000);
    CU_ASSERT_TRUE(bw_gossip_left(net.nodes[2].gossip));
}

/* ------------------------------------------------------------------ messages */

static void messages_arrive(void) {
    net_form(&net, 3);
    struct bw_gossip *g = net.nodes[0].gossip;
    static uint8_t data[BW_MESSAGE_MAX + 1] = {7, 8, 9};
    struct bw_bytes message = {data, BW_MESSAGE_MAX};
    CU_ASSERT_EQUAL(bw_gossip_send(g, &net.nodes[1].id, 4, message, net_now(&net)), 0);
    net_drain(&net, 0);
    net_run(&net, 1);
    const struct net_node *node = &net.nodes[1];
    CU_ASSERT(node->events[BW_GOSSIP_MESSAGE] == 1 && node->last.channel == 4 && node->text_size == BW_MESSAGE_MAX);
    CU_ASSERT(bw_id_equal(&node->last.id, &net.nodes[0].id) && memcmp(node->text, data, BW_MESSAGE_MAX) == 0);
    CU_ASSERT(node->last.heard_us > net.now_us - MS(5000) && node->last.heard_us < net.now_us);
    message.size++;
    CU_ASSERT_EQUAL(bw_gossip_send(g, &net.nodes[1].id, 4, message, net_now(&net)), BW_ERR_SPACE);
    CU_ASSERT_EQUAL(bw_gossip_send(g, &(struct bw_id){{1}}, 4, message, net_now(&net)), BW_ERR_SPACE);
    message.size = 3;
    CU_ASSERT_EQUAL(bw_gossip_send(g, &(struct bw_id){{1}}, 4, message, net_now(&net)), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(bw_gossip_send(g, &net.nodes[0].id, 4, message, net_now(&net)), BW_ERR_NOT_FOUND);
}

static void messages_to_one_member_share_a_datagram(void) {
    net_form(&net, 3);
    struct bw_bytes message = {(const uint8_t *)"abc", 3};
    size_t sent = net.nodes[0].sent;
    for (size_t i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(bw_gossip_send(net.nodes[0].gossip, &net.nodes[1 + i % 2].id, 4, message, net_now(&net)), 0);
    }
    net_drain(&net, 0);
    net_run(&net, 1);
    CU_ASSERT_EQUAL(net.nodes[0].sent, sent + 2);
    CU_ASSERT(net.nodes[1].events[BW_GOSSIP_MESSAGE] == 5 && net.nodes[2].events[BW_GOSSIP_MESSAGE] == 5);
}

static void the_outbox_has_a_bound(void) {
    net_form(&net, 2);
    static uint8_t data[BW_MESSAGE_MAX];
    int error = 0;
    for (size_t i = 0; i < 600 && !error; i++) {
        error = bw_gossip_send(net.nodes[0].gossip, &net.nodes[1].id, 4, (struct bw_bytes){data, sizeof(data)},
                               net_now(&net));
    }
    CU_ASSERT_EQUAL(error, BW_ERR_FULL);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING) > 0);
    net_drain(&net, 0);
}

/* ------------------------------------------------------------------ cost */

static void idle_is_one_ping_and_one_ack(void) {
    static const size_t sizes[] = {3, 10, 40};
    for (size_t k = 0; k < BW_COUNT(sizes); k++) {
        net_form(&net, sizes[k]);
        size_t sent = 0;
        size_t bytes = 0;
        net_run(&net, 5000);
        for (size_t i = 0; i < sizes[k]; i++) {
            net.nodes[i].sent = net.nodes[i].sent_bytes = 0;
        }
        net_run(&net, 30000);
        for (size_t i = 0; i < sizes[k]; i++) {
            sent += net.nodes[i].sent;
            bytes += net.nodes[i].sent_bytes;
        }
        CU_ASSERT_EQUAL(sent, 2 * 30 * sizes[k]);
        CU_ASSERT_EQUAL(bytes, sent * (16 + BW_SEAL_OVERHEAD) + sent / 2 * 27); /* a coordinate on each ack */
        CU_ASSERT(bytes <= 220 * 30 * sizes[k]);
        net_close(&net);
        net_open(&net, 8);
    }
}

static void nothing_is_allocated_in_steady_state(void) {
    net_form(&net, 10);
    net_run(&net, 20000);
    size_t calls = 0;
    for (size_t i = 0; i < 10; i++) {
        calls += net.nodes[i].memory.calls;
    }
    struct bw_bytes message = {(const uint8_t *)"abc", 3};
    for (size_t i = 0; i < 100; i++) {
        bw_gossip_send(net.nodes[i % 10].gossip, &net.nodes[(i + 1) % 10].id, 4, message, net_now(&net));
        net_drain(&net, i % 10);
        net_run(&net, 500);
    }
    for (size_t i = 0; i < 10; i++) {
        calls -= net.nodes[i].memory.calls;
    }
    CU_ASSERT_EQUAL(calls, 0);
}

/* The n-th allocation fails, once and from then on, in a member that lives through everything; for each n. */
static bool live(size_t fail_at, bool for_ever) {
    net.params.sync_delay_max_ms = 2000;
    net_start(&net, 0);
    net_start(&net, 1);
    net.nodes[0].accept_records = net.nodes[1].accept_records = false;
    net.nodes[2].memory.fail_at = fail_at;
    net.nodes[2].memory.fail_on = for_ever;
    struct bw_gossip_config config = net_config(&net, 2);
    config.seeds = &net.nodes[0].addr;
    config.seed_count = 1;
    int error = bw_gossip_create(&net.nodes[2].gossip, &config, net_now(&net));
    CU_ASSERT(error == 0 || error == BW_ERR_MEMORY);
    if (error) {
        CU_ASSERT_EQUAL(net.nodes[2].memory.used_size, 0);
        return true;
    }
    net.nodes[2].up = true;
    net.count = 3;
    net_drain(&net, 2);
    net_run(&net, 1500);
    struct bw_record made = {.kind = 1, .key = {(const uint8_t *)"k", 1}, .rank = {1}};
    error = bw_gossip_put(net.nodes[2].gossip, &made, net_now(&net));
    CU_ASSERT(error == 0 || error == BW_ERR_MEMORY);
    error = bw_gossip_set_candidacies(net.nodes[2].gossip, (struct bw_bytes){(const uint8_t *)"c", 1}, net_now(&net));
    CU_ASSERT(error == 0 || error == BW_ERR_MEMORY);
    bw_gossip_send(net.nodes[2].gossip, &net.nodes[0].id, 1, made.key, net_now(&net));
    net_drain(&net, 2);
    net_run(&net, 500);
    net_crash(&net, 1);
    net_run(&net, 8000);
    bool failed = net.nodes[2].memory.calls >= fail_at;
    if (!for_ever) {
        net_start(&net, 1);
        for (size_t i = 0; i < 2; i++) {
            bw_gossip_put(net.nodes[i].gossip, &made, net_now(&net));
        }
        bw_gossip_put(net.nodes[2].gossip, &made, net_now(&net));
        for (size_t i = 0; i < 3; i++) {
            net_drain(&net, i);
        }
        CU_ASSERT(net_wait_converged(&net, 60000));
    }
    return failed;
}

static void every_allocation_may_fail(void) {
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
        bool failed = true;
        for (size_t n = 1; failed; n++) {
            failed = live(n, for_ever);
            CU_ASSERT_FATAL(n < 200);
            if (!failed) {
                tap_note("%zu allocations", n - 1);
            }
            net_close(&net);
            net_open(&net, 7);
        }
    }
}

static void candidacies_change_as_one_update(void) {
    net_form(&net, 5);
    struct bw_bytes bytes = {(const uint8_t *)"abcd", 4};
    uint64_t incarnation = bw_gossip_incarnation(net.nodes[1].gossip);
    CU_ASSERT_EQUAL(bw_gossip_set_candidacies(net.nodes[1].gossip, bytes, net_now(&net)), 0);
    CU_ASSERT_EQUAL(bw_gossip_set_candidacies(net.nodes[1].gossip, bytes, net_now(&net)), 0); /* no change */
    net_drain(&net, 1);
    net_run(&net, 1000);
    for (size_t i = 0; i < 5; i++) {
        struct bw_bytes seen = bw_gossip_candidacies(net.nodes[i].gossip, &net.nodes[1].id);
        CU_ASSERT(seen.size == 4 && memcmp(seen.data, bytes.data, 4) == 0);
    }
    CU_ASSERT_EQUAL(bw_gossip_incarnation(net.nodes[1].gossip), incarnation + 1);
    CU_ASSERT(net.nodes[0].last_member.status == BW_STATUS_ALIVE && !net.nodes[0].last_member.first);
    static uint8_t large[BW_CANDIDACY_SIZE_MAX + 1];
    CU_ASSERT_EQUAL(
        bw_gossip_set_candidacies(net.nodes[1].gossip, (struct bw_bytes){large, sizeof(large)}, net_now(&net)),
        BW_ERR_SPACE);
}

static const struct tap_test tests[] = {
    TAP_TEST(leaving_waits_for_three),
    TAP_TEST(who_missed_a_leave_is_told),
    TAP_TEST(leaving_waits_no_longer_than_three_intervals),
    TAP_TEST(leaving_does_not_wait_for_the_crashed),
    TAP_TEST(leaving_does_not_wait_for_a_suspect),
    TAP_TEST(the_last_one_leaves_at_once),
    TAP_TEST(leaving_with_loss_is_not_dying),
    TAP_TEST(left_and_back_without_a_restart),
    TAP_TEST(crash_after_leave_of_a_node_that_joins),
    TAP_TEST(messages_arrive),
    TAP_TEST(messages_to_one_member_share_a_datagram),
    TAP_TEST(the_outbox_has_a_bound),
    TAP_TEST(idle_is_one_ping_and_one_ack),
    TAP_TEST(nothing_is_allocated_in_steady_state),
    TAP_TEST(every_allocation_may_fail),
    TAP_TEST(candidacies_change_as_one_update),
};
const struct tap_suite gossip_cost_suite = TAP_SUITE_WITH("gossip cost", tests, set_up, tear_down);
