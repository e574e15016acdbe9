/* Identity mode, first contact: what comes of words under the cluster's key alone, and of those whose certificate is over. */
#include <string.h>

#include "tests/unit/gossip_attest.h"

static const struct bw_id *victim(void) {
    return &attest.net.nodes[VICTIM].id;
}

/* Frames for node 0, in the victim's name and session; whoever has the cluster's key can seal that. */
static int whisper_all(bool bound, const struct bw_writer *writer) {
    struct bw_inbound in = {.from = *victim(),
                            .session = attest.net.nodes[VICTIM].session,
                            .addr = attest.net.nodes[VICTIM].addr,
                            .bound = bound,
                            .heard_us = BW_NOT_HEARD,
                            .frames = {writer->data, writer->used}};
    int error = bw_gossip_receive(attest.net.nodes[0].gossip, &in, net_now(&attest.net));
    net_drain(&attest.net, 0);
    return error;
}

static int whisper(bool bound, const struct bw_schema *schema, const void *message) {
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, schema, message), 0);
    return whisper_all(bound, &writer);
}

static size_t told(enum bw_gossip_event_type type) {
    return attest.net.nodes[0].events[type];
}

static void a_record_of_its_own_says_who_it_is(void) {
    struct record record;
    struct bw_frame_signed_member *frame = attest_record(&record, BAD, VICTIM);
    CU_ASSERT_EQUAL(whisper(false, &bw_schema_signed_member, frame), 0); /* it may be from any time */
    CU_ASSERT_EQUAL(told(BW_GOSSIP_CREDENTIAL), 0);
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_signed_member, frame), 0);
    CU_ASSERT_EQUAL(told(BW_GOSSIP_CREDENTIAL), 1);
    frame->incarnation += 5;
    frame->exchange.data = frame->certificate.data; /* another key, that the victim has not signed */
    uint64_t incarnation = attest_incarnation();
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_signed_member, frame), BW_ERR_DROP_UNSIGNED);
    attest_sign(&record, attest.keys[BAD]);
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_signed_member, frame), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(told(BW_GOSSIP_CREDENTIAL), 1);
    attest_sign(&record, attest.keys[VICTIM]);
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_signed_member, frame), 0);
    CU_ASSERT_EQUAL(told(BW_GOSSIP_CREDENTIAL), 2);
    CU_ASSERT_EQUAL(attest_incarnation(), incarnation); /* it enters no table by that */
    frame = attest_record(&record, VICTIM, BAD);
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_signed_member, frame), BW_ERR_DROP_UNSIGNED); /* another one's */
    CU_ASSERT_EQUAL(told(BW_GOSSIP_CREDENTIAL), 2);
}

static void nothing_else_is_heard(void) {
    struct bw_gossip *g = attest.net.nodes[0].gossip;
    const struct bw_frame_message message = {.channel = 16, .data = {(const uint8_t *)"x", 1}};
    const struct bw_frame_ack ack = {.seq = 7};
    const struct bw_frame_query query = {
        .ltime = 9, .number = 9, .origin = *victim(), .left_ms = 5000, .name = {(const uint8_t *)"q", 1}};
    uint64_t digest = bw_gossip_digest(g);
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_message, &message), BW_ERR_DROP_UNPROVEN);
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_ack, &ack), BW_ERR_DROP_UNPROVEN);
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_query, &query), BW_ERR_DROP_UNPROVEN);
    CU_ASSERT_EQUAL(told(BW_GOSSIP_MESSAGE) + told(BW_GOSSIP_QUERY), 0);
    CU_ASSERT_EQUAL(bw_gossip_digest(g), digest);
    CU_ASSERT_EQUAL(
        net_inject(&attest.net, 0, victim(), attest.net.nodes[VICTIM].session, true, &bw_schema_message, &message),
        0); /* its own word is */
    CU_ASSERT_EQUAL(told(BW_GOSSIP_MESSAGE), 1);
}

static void what_is_enclosed_needs_an_introduction(void) {
    static const uint8_t datagram[BW_SEAL_OVERHEAD] = {1, 3};
    const struct bw_frame_sealed sealed = {{datagram, sizeof(datagram)}};
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_sealed, &sealed), BW_ERR_DROP_UNPROVEN);
    CU_ASSERT_EQUAL(told(BW_GOSSIP_SEALED), 0);
}

/* With the right keys. */
static void the_revoked_are_heard_no_more(void) {
    uint8_t revocation[BW_REVOCATION_SIZE];
    struct bw_gossip *g = attest.net.nodes[0].gossip;
    const struct bw_frame_message message = {.channel = 16, .data = {(const uint8_t *)"x", 1}};
    const struct bw_frame_ping ping = {.seq = 5};
    struct record record;
    bw_revocation_make(8, attest.authority, revocation);
    uint8_t renewed[BW_CERTIFICATE_MAX];
    struct bw_bytes other = {renewed, attest_certify_as(8, attest.authority, attest.keys[VICTIM], attest.names[VICTIM],
                                                        attest_wall_s(), attest_wall_s() + YEAR_S, renewed)};
    CU_ASSERT_EQUAL(bw_gossip_set_certificate(attest.net.nodes[VICTIM].gossip, other, net_now(&attest.net)), 0);
    net_drain(&attest.net, VICTIM);
    CU_ASSERT(net_wait_converged(&attest.net, 5000));
    CU_ASSERT_EQUAL(bw_gossip_revoke(g, (struct bw_bytes){revocation, sizeof(revocation)}, net_now(&attest.net)), 0);
    uint64_t session = attest.net.nodes[VICTIM].session;
    CU_ASSERT_EQUAL(net_inject(&attest.net, 0, victim(), session, true, &bw_schema_message, &message),
                    BW_ERR_DROP_UNPROVEN);
    CU_ASSERT_EQUAL(told(BW_GOSSIP_MESSAGE), 0);
    CU_ASSERT_EQUAL(net_inject(&attest.net, 0, victim(), session, true, &bw_schema_ping, &ping), 0);
    CU_ASSERT_EQUAL(net_hits(&attest.net, 0, BW_RULE_TELL_THE_REVOKED), 1); /* it is told why */
    CU_ASSERT_EQUAL(whisper(true, &bw_schema_signed_member, attest_record(&record, VICTIM, VICTIM)),
                    BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(told(BW_GOSSIP_CREDENTIAL), 0);
    uint64_t hits = net_hits(&attest.net, 0, BW_RULE_TELL_THE_REVOKED);
    size_t packets = attest.net.packet_count;
    int error = 0;
    for (size_t i = 0; i < 100; i++) {
        error = net_inject(&attest.net, 0, victim(), session, true, &bw_schema_ping, &ping);
    }
    CU_ASSERT_EQUAL(error, BW_ERR_DROP_RATE);
    CU_ASSERT(net_hits(&attest.net, 0, BW_RULE_TELL_THE_REVOKED) > hits); /* acks and revocations share a ration */
    CU_ASSERT(attest.net.packet_count - packets <= 8);
}

/* The owner encloses an answer behind our record, where it may be sealed with any keys. */
static void an_answer_introduces_us_only_within_the_questions_size(void) {
    uint8_t frames[BW_FRAMES_MAX] = {0};
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    const struct bw_frame_ping ping = {.seq = 9};
    const struct bw_frame_ack ack = {.seq = 9};
    struct record record;
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_schema_ping, &ping), 0);
    size_t own = bw_wire_size(&bw_schema_signed_member, attest_record(&record, 0, 0));
    size_t answer = own + BW_SEALED_HEAD + BW_SEAL_OVERHEAD + bw_wire_size(&bw_schema_ack, &ack);
    const size_t sizes[] = {writer.used, answer - 1, answer, BW_FRAMES_MAX};
    for (size_t i = 0; i < 4; i++) {
        if (sizes[i] > writer.used) {
            bw_put_u16(frames + writer.used + 1, (uint16_t)(sizes[i] - writer.used - 3));
        }
        struct bw_writer question = {.data = frames, .capacity = sizeof(frames), .used = sizes[i]};
        size_t before = attest.net.packet_count;
        CU_ASSERT_EQUAL(whisper_all(true, &question), 0);
        CU_ASSERT_EQUAL_FATAL(attest.net.packet_count, before + 1);
        CU_ASSERT_EQUAL(attest.net.packets[before].out.frames_size, bw_wire_size(&bw_schema_ack, &ack));
        CU_ASSERT_EQUAL(attest.net.packets[before].out.with, sizes[i] < answer ? BW_SEAL_WITH_KNOWN : BW_SEAL_WITH_ANY);
    }
}

/* Nobody has looked at the signature of who shows a revoked certificate. */
static void revocations_are_told_once_a_datagram_and_rationed(void) {
    uint8_t revocation[BW_REVOCATION_SIZE];
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    struct bw_gossip *g = attest.net.nodes[0].gossip;
    struct record record;
    uint8_t revoked[BW_CERTIFICATE_MAX];
    struct bw_frame_signed_member *frame = attest_record(&record, VICTIM, VICTIM);
    frame->certificate =
        (struct bw_bytes){revoked, attest_certify_as(8, attest.authority, attest.keys[VICTIM], attest.names[VICTIM],
                                                     attest_wall_s(), attest_wall_s() + YEAR_S, revoked)};
    frame->incarnation++;
    bw_revocation_make(8, attest.authority, revocation);
    CU_ASSERT_EQUAL(bw_gossip_revoke(g, (struct bw_bytes){revocation, sizeof(revocation)}, net_now(&attest.net)), 0);
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_schema_signed_member, frame), 0);
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_schema_signed_member, frame), 0);
    size_t sent = attest.net.nodes[0].sent_bytes;
    CU_ASSERT_EQUAL(whisper_all(true, &writer), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(net_hits(&attest.net, 0, BW_RULE_TELL_THE_REVOKED), 1);
    sent = attest.net.nodes[0].sent_bytes - sent;
    CU_ASSERT(sent > BW_SEAL_OVERHEAD && sent <= BW_SEAL_OVERHEAD + writer.used);
    for (size_t i = 0; i < 100; i++) {
        CU_ASSERT_EQUAL(whisper_all(true, &writer), BW_ERR_DROP_UNSIGNED);
    }
    CU_ASSERT(net_hits(&attest.net, 0, BW_RULE_TELL_THE_REVOKED) > 1);
    CU_ASSERT(net_hits(&attest.net, 0, BW_RULE_TELL_THE_REVOKED) <= 8);
}

static const struct tap_test tests[] = {
    TAP_TEST(revocations_are_told_once_a_datagram_and_rationed),
    TAP_TEST(an_answer_introduces_us_only_within_the_questions_size),
    TAP_TEST(a_record_of_its_own_says_who_it_is),
    TAP_TEST(nothing_else_is_heard),
    TAP_TEST(what_is_enclosed_needs_an_introduction),
    TAP_TEST(the_revoked_are_heard_no_more),
};
const struct tap_suite gossip_opening_suite = TAP_SUITE_WITH("gossip opening", tests, attest_open, attest_close);
