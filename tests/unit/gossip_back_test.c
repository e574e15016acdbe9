/* Pings of a member that went back to a snapshot, whose counters others have seen (bw_inbound.replayed). */
#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 29);
    net_form(&net, 3);
}

static void tear_down(void) {
    net_close(&net);
}

/* A ping of node 1's, that node 0 has from another address. How many datagrams are the answer; the last is in out. */
static size_t answers(const struct bw_schema *schema, const void *message, uint64_t session, struct bw_outbound *out) {
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    struct bw_gossip *g = net.nodes[0].gossip;
    CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, schema, message), 0);
    struct bw_inbound in = {.from = net.nodes[1].id,
                            .session = session,
                            .addr = {.ip = {192, 0, 2, 1}, .port = 9, .family = 4},
                            .bound = true,
                            .heard_us = BW_NOT_HEARD,
                            .frames = {frames, writer.used},
                            .replayed = true};
    net_drain(&net, 0);
    uint64_t digest = bw_gossip_digest(g);
    CU_ASSERT_EQUAL(bw_gossip_receive(g, &in, net_now(&net)), BW_ERR_DROP_REPLAY);
    CU_ASSERT_EQUAL(bw_gossip_digest(g), digest);
    size_t count = 0;
    while (bw_gossip_transmit(g, out, net_now(&net))) {
        CU_ASSERT(out->frames_size <= writer.used);
        count++;
    }
    return count;
}

static size_t answers_to_ping(struct bw_outbound *out) {
    struct bw_frame_ping ping = {.seq = 7};
    return answers(&bw_schema_ping, &ping, net.nodes[1].session, out);
}

static void of_the_dead_they_are_answered_at_the_members_own_address(void) {
    struct bw_outbound out;
    struct bw_frame_ack ack = {.seq = 7};
    net_crash(&net, 1);
    CU_ASSERT_TRUE(net_wait_status(&net, 1, BW_STATUS_DEAD, 60000));
    int64_t heard_us = net_member(&net, 0, 1)->peer->heard_us;
    CU_ASSERT_EQUAL(answers_to_ping(&out), 1);
    CU_ASSERT_EQUAL(out.frames[0], BW_FRAME_NUMBER_ack);
    CU_ASSERT_TRUE(bw_addr_equal(&out.addr, &net.nodes[1].addr));
    CU_ASSERT_TRUE(bw_id_equal(&out.to, &net.nodes[1].id));
    CU_ASSERT_EQUAL(out.session, net.nodes[1].session);
    CU_ASSERT_EQUAL(net_member(&net, 0, 1)->peer->heard_us, heard_us);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_ANSWER_THE_SET_BACK), 1);
    CU_ASSERT_EQUAL(answers(&bw_schema_ack, &ack, net.nodes[1].session, &out), 0);
    CU_ASSERT_EQUAL(answers(&bw_schema_ping, &(struct bw_frame_ping){.seq = 7}, net.nodes[1].session + 1, &out), 0);
}

/* We ping them ourselves. */
static void of_the_living_they_are_not(void) {
    struct bw_outbound out;
    CU_ASSERT_EQUAL(answers_to_ping(&out), 0);
    net.nodes[1].muted = true;
    CU_ASSERT_TRUE(net_wait_status(&net, 1, BW_STATUS_SUSPECT, 60000));
    CU_ASSERT_EQUAL(answers_to_ping(&out), 0);
}

/* An answer that somebody provoked with an old capture. */
static void who_did_not_ask_ignores_the_answer(void) {
    struct bw_frame_ack ack = {.seq = 7};
    uint64_t ignored = net_hits(&net, 1, BW_RULE_IGNORE_FOREIGN_ACK);
    CU_ASSERT_EQUAL(net_inject(&net, 1, &net.nodes[0].id, net.nodes[0].session, true, &bw_schema_ack, &ack), 0);
    CU_ASSERT_EQUAL(net_hits(&net, 1, BW_RULE_IGNORE_FOREIGN_ACK), ignored + 1);
}

static const struct tap_test tests[] = {
    TAP_TEST(of_the_dead_they_are_answered_at_the_members_own_address),
    TAP_TEST(of_the_living_they_are_not),
    TAP_TEST(who_did_not_ask_ignores_the_answer),
};
const struct tap_suite gossip_back_suite = TAP_SUITE_WITH("gossip/back", tests, set_up, tear_down);
