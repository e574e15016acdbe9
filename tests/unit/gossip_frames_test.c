/* What may and may not be on the wire; a datagram is dropped whole. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 1);
    net_form(&net, 3);
}

static void tear_down(void) {
    net_close(&net);
}

static struct bw_frame_member some_member(void) {
    static const uint8_t tags[] = {4, 'z', 'o', 'n', 'e', 0, 1, 'a'};
    return (struct bw_frame_member){.id = net_id(50),
                                    .incarnation = 7,
                                    .session = 9,
                                    .addr = {.ip = {10, 9, 9, 9}, .port = 7000, .family = 4},
                                    .protocol_min = 1,
                                    .protocol_max = 2,
                                    .name = {(const uint8_t *)"n50", 3},
                                    .tags = {tags, sizeof(tags)},
                                    .candidacies = {(const uint8_t *)"xy", 2}};
}

/* A datagram with one frame of each kind. */
static size_t everything(uint8_t *bytes, size_t capacity) {
    static uint8_t digests[8 * 3];
    static const uint8_t rank[BW_RECORD_RANK_SIZE] = {1};
    struct bw_writer writer = {.data = bytes, .capacity = capacity};
    struct bw_id a = net_id(60);
    struct bw_frame_ping ping = {1, 1, 2};
    struct bw_frame_ack ack = {1, 0, 2};
    struct bw_frame_ping_req ping_req = {3, a};
    struct bw_frame_nack nack = {4, 1};
    struct bw_frame_relayed relayed = {5};
    struct bw_frame_member member = some_member();
    struct bw_frame_suspect suspect = {a, 6, {a.bytes, 16}};
    struct bw_frame_verdict verdict = {a, 6, BW_STATUS_DEAD, 5, a};
    struct bw_frame_record record = {7, 1, {(const uint8_t *)"k", 1}, {rank, sizeof(rank)}, {(const uint8_t *)"b", 1}};
    struct bw_frame_sync sync = {8, 1, 64, 3, {digests, sizeof(digests)}};
    struct bw_frame_page page = {9, 0, 1, 0, 1, 2};
    struct bw_frame_later later = {9, 100};
    struct bw_frame_message message = {2, {(const uint8_t *)"hello", 5}};
    struct bw_frame_coordinate coordinate = {9, 192, 65535, 65535, {digests, 16}};
    struct bw_frame_survey survey = {10};
    struct bw_frame_heard heard = {10, 3, 2, {a.bytes, 16}};
    static const uint8_t names[] = {1, 'n'};
    struct bw_frame_user_event user_event = {9, 10, a, 11, {(const uint8_t *)"e", 1}, {(const uint8_t *)"\0p", 2}};
    struct bw_frame_query query = {12, 13, a, 14, 1, {(const uint8_t *)"q", 1}, {NULL, 0}, {names, 2}, {NULL, 0}};
    static const uint8_t signature[BW_SIGNATURE_SIZE] = {1};
    struct bw_frame_signed_member signed_member;
    memcpy(&signed_member, &member, sizeof(member));
    signed_member.word = BW_STATUS_ALIVE;
    signed_member.certificate = (struct bw_bytes){(const uint8_t *)"c", 1};
    signed_member.exchange = (struct bw_bytes){signature, BW_EXCHANGE_SIZE};
    signed_member.signature = (struct bw_bytes){signature, sizeof(signature)};
    static const uint8_t accusers[BW_ACCUSATION_SIZE] = {1};
    struct bw_frame_accusation accusation = {a, 6, BW_STATUS_DEAD, 5, {accusers, sizeof(accusers)}};
    static const uint8_t datagram[BW_SEAL_OVERHEAD] = {1, 3};
    struct bw_frame_sealed sealed = {{datagram, sizeof(datagram)}};
    struct bw_frame_twice twice = {member.addr, 1};
    struct bw_frame_reply reply = {15, 0, {(const uint8_t *)"r", 1}};
    struct bw_frame_clocks clocks = {16, 17, 18};
    struct bw_frame_have have = {1, {digests, 8}};
#define PUT(number, name, FIELDS) CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_schema_##name, &name), 0);
    BW_GOSSIP_FRAMES(PUT)
#undef PUT
    return writer.used;
}

static void round_trip_of_each_frame(void) {
    uint8_t bytes[BW_FRAMES_MAX];
    uint8_t again[BW_FRAMES_MAX];
    size_t size = everything(bytes, sizeof(bytes));
    struct bw_reader reader = {.data = bytes, .size = size};
    struct bw_writer writer = {.data = again, .capacity = sizeof(again)};
    struct bw_frame frame;
#define NUMBER(number, name, FIELDS) number,
    static const uint8_t numbers[] = {BW_GOSSIP_FRAMES(NUMBER)};
    size_t count = 0;
    while (bw_frame_next(&reader, &frame) == 1) {
        CU_ASSERT_FATAL(count < BW_COUNT(numbers));
        CU_ASSERT_EQUAL(frame.type, numbers[count++]);
        CU_ASSERT_EQUAL(bw_wire_put(&writer, bw_frame_schema(frame.type), &frame.as), 0);
    }
    CU_ASSERT_EQUAL(count, BW_COUNT(numbers));
    CU_ASSERT(writer.used == size && memcmp(bytes, again, size) == 0);
    CU_ASSERT_PTR_NULL(bw_frame_schema(0));
    CU_ASSERT_PTR_NULL(bw_frame_schema(63));
    CU_ASSERT_PTR_NULL(bw_frame_schema(255));
}

/* An ack is no larger than the ping that it answers, and both are small. */
static void ping_and_ack_are_small(void) {
    struct bw_frame_ping ping = {0};
    struct bw_frame_ack ack = {0};
    CU_ASSERT_EQUAL(bw_wire_size(&bw_schema_ping, &ping), 16);
    CU_ASSERT_EQUAL(bw_wire_size(&bw_schema_ack, &ack), 16);
}

/* Also with the largest record a ping fits beside a member's claim, and a message in a datagram. */
static void largest_frames_fit(void) {
    struct bw_frame_member member = some_member();
    uint8_t name[BW_NAME_MAX];
    uint8_t bytes[BW_MESSAGE_MAX] = {0};
    memset(name, 'n', sizeof(name));
    member.addr.family = 6;
    member.name = (struct bw_bytes){name, sizeof(name)};
    member.tags = (struct bw_bytes){bytes, BW_TAG_SIZE_MAX};
    member.candidacies = (struct bw_bytes){bytes, BW_RECORD_SIZE_MAX - BW_TAG_SIZE_MAX - BW_NAME_MAX};
    struct bw_frame_ping ping = {0};
    struct bw_frame_message message = {0, {bytes, sizeof(bytes)}};
    CU_ASSERT(bw_wire_size(&bw_schema_member, &member) + bw_wire_size(&bw_schema_ping, &ping) <= BW_FRAMES_MAX);
    CU_ASSERT(bw_wire_size(&bw_schema_message, &message) + bw_wire_size(&bw_schema_ping, &ping) <= BW_FRAMES_MAX);
    struct bw_frame_clocks clocks = {0};
    struct bw_frame_user_event event = {.name = {name, sizeof(name)},
                                        .payload = {bytes, BW_USER_SIZE_MAX - sizeof(name)}};
    struct bw_frame_query query = {.name = {name, sizeof(name)}, .payload = {bytes, BW_USER_SIZE_MAX - sizeof(name)}};
    struct bw_frame_have have = {.digests = {bytes, sizeof(bytes)}};
    CU_ASSERT(bw_wire_size(&bw_schema_clocks, &clocks) + bw_wire_size(&bw_schema_ping, &ping) +
                  bw_wire_size(&bw_schema_user_event, &event) <=
              BW_FRAMES_MAX);
    CU_ASSERT(bw_wire_size(&bw_schema_query, &query) <= BW_FRAMES_MAX);
    CU_ASSERT(bw_wire_size(&bw_schema_have, &have) <= BW_FRAMES_MAX);
}

struct picture {
    uint64_t digest;
    size_t members;
    uint64_t health;
    uint64_t incarnation;
};

static struct picture picture_of(const struct bw_gossip *g) {
    return (struct picture){g->digest, g->members.count, g->health, g->self->incarnation};
}

static int receive_bytes(const uint8_t *bytes, size_t size) {
    struct bw_inbound in = {.from = net.nodes[1].id,
                            .session = net.nodes[1].session,
                            .addr = net.nodes[1].addr,
                            .proven = true,
                            .heard_us = net.now_us,
                            .frames = {bytes, size}};
    return bw_gossip_receive(net.nodes[0].gossip, &in, net_now(&net));
}

static void expect_dropped_whole(const uint8_t *bytes, size_t size) {
    struct bw_outbound out;
    struct bw_gossip_event event;
    struct picture before = picture_of(net.nodes[0].gossip);
    CU_ASSERT_EQUAL(receive_bytes(bytes, size), BW_ERR_DROP_MALFORMED);
    struct picture after = picture_of(net.nodes[0].gossip);
    CU_ASSERT(memcmp(&before, &after, sizeof(before)) == 0);
    CU_ASSERT_FALSE(bw_gossip_transmit(net.nodes[0].gossip, &out, net_now(&net)));
    CU_ASSERT_FALSE(bw_gossip_event(net.nodes[0].gossip, &event));
}

static void every_truncation_is_dropped_whole(void) {
    uint8_t bytes[BW_FRAMES_MAX];
    size_t size = everything(bytes, sizeof(bytes));
    struct bw_reader reader = {.data = bytes, .size = size};
    struct bw_bytes body;
    uint8_t type = 0;
    for (size_t cut = 1; cut < size; cut++) {
        if (cut == reader.at) { /* between two frames it is a shorter datagram */
            bw_wire_next(&reader, &type, &body);
            continue;
        }
        if (reader.at == 0) {
            bw_wire_next(&reader, &type, &body);
        }
        expect_dropped_whole(bytes, cut);
    }
    bytes[size] = 0;
    expect_dropped_whole(bytes, size + 1);
}

/* Whatever a flipped bit does, it is dropped whole or it is a well-formed datagram; nothing crashes. */
static void every_flipped_bit(void) {
    uint8_t bytes[BW_FRAMES_MAX];
    size_t size = everything(bytes, sizeof(bytes));
    size_t dropped = 0;
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        struct picture before = picture_of(net.nodes[0].gossip);
        int error = receive_bytes(bytes, size);
        struct picture after = picture_of(net.nodes[0].gossip);
        CU_ASSERT(error == 0 || (error == BW_ERR_DROP_MALFORMED && memcmp(&before, &after, sizeof(before)) == 0));
        dropped += error != 0;
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        net_drain(&net, 0);
    }
    CU_ASSERT(dropped > size); /* sizes, limits, text */
}

static void expect_malformed(const struct bw_schema *schema, const void *message) {
    uint8_t bytes[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = bytes, .capacity = sizeof(bytes)};
    struct bw_frame_ping ping = {1, 0, 0};
    bw_wire_put(&writer, &bw_schema_ping, &ping); /* not even the good frame counts */
    CU_ASSERT_EQUAL(bw_wire_put(&writer, schema, message), 0);
    expect_dropped_whole(bytes, writer.used);
}

static void what_no_member_says(void) {
    struct bw_frame_member good = some_member();
    struct bw_frame_member bad[9];
    for (size_t i = 0; i < BW_COUNT(bad); i++) {
        bad[i] = good;
    }
    bad[0].id = (struct bw_id){{0}};
    bad[1].status = BW_STATUS_SUSPECT;
    bad[2].session = 0;
    bad[3].addr = (struct bw_addr){.family = 0};
    bad[4].addr.port = 0;
    bad[5].protocol_min = 3;
    bad[6].age_ms = 1;
    bad[7].name.size = 0;
    bad[8].tags.size = 3;
    for (size_t i = 0; i < BW_COUNT(bad); i++) {
        expect_malformed(&bw_schema_member, &bad[i]);
    }
    struct bw_id a = net_id(60);
    expect_malformed(&bw_schema_suspect, &(struct bw_frame_suspect){a, 6, {a.bytes, 0}});
    expect_malformed(&bw_schema_suspect, &(struct bw_frame_suspect){a, 6, {a.bytes, 15}});
    expect_malformed(&bw_schema_verdict, &(struct bw_frame_verdict){a, 6, BW_STATUS_ALIVE, 0, a});
    expect_malformed(&bw_schema_record, &(struct bw_frame_record){1, 0, {a.bytes, 1}, {a.bytes, 16}, {a.bytes, 0}});
    expect_malformed(&bw_schema_sync, &(struct bw_frame_sync){1, 0, 65, 0, {a.bytes, 8}});
    expect_malformed(&bw_schema_sync, &(struct bw_frame_sync){1, 0, 64, 64, {a.bytes, 8}});
    expect_malformed(&bw_schema_sync, &(struct bw_frame_sync){1, 0, 64, 63, {a.bytes, 16}});
    expect_malformed(&bw_schema_sync, &(struct bw_frame_sync){1, 0, 32, 0, {a.bytes, 8}});
    expect_malformed(&bw_schema_page, &(struct bw_frame_page){1, 4, 4, 0, 1, 0});
    CU_ASSERT(net_hits(&net, 0, BW_RULE_DROP_MALFORMED_WHOLE) >= 18);
}

/* Each clause of each frame's validity, broken alone. */
static void each_clause_alone(void) {
    const struct bw_id a = net_id(60);
    const struct bw_id none = {{0}};
    const struct bw_bytes name = {(const uint8_t *)"e", 1};
    const struct bw_bytes line = {(const uint8_t *)"a\nb", 3};
    const struct bw_bytes nothing = {NULL, 0};
    static const uint8_t zero[BW_USER_SIZE_MAX];
    static const uint8_t digests[16];
    const struct bw_bytes most = {zero, BW_USER_SIZE_MAX};
    static const uint8_t tag_without_value[] = {1, 'k'};
    static const uint8_t name_cut[] = {2, 'n'};
    static const uint8_t name_bad[] = {1, '\n'};
#define BAD(frame, ...) expect_malformed(&bw_schema_##frame, &(struct bw_frame_##frame){__VA_ARGS__})
    BAD(suspect, none, 6, {a.bytes, 16});
    BAD(verdict, none, 6, BW_STATUS_DEAD, 0, a);
    BAD(record, 7, 1, {zero, 0}, {zero, BW_RECORD_RANK_SIZE}, {zero, 1});
    BAD(coordinate, 9, 192, 65535, 65535, {zero, 14});
    BAD(heard, 10, 3, 2, {a.bytes, 15});
    BAD(heard, 10, 3, 0, {a.bytes, 16});
    BAD(sync, 8, 1, 64, 3, {digests, 12});
    BAD(sync, 8, 1, 64, 3, {digests, 0});
    BAD(page, 9, 0, BW_BUCKETS_MAX + 1, 0, 1, 2);
    BAD(user_event, 0, 10, a, 11, name, nothing);
    BAD(user_event, 9, 10, none, 11, name, nothing);
    BAD(user_event, 9, 10, a, 11, name, most);
    BAD(user_event, 9, 10, a, 11, line, nothing);
    BAD(query, 0, 13, a, 14, 1, name, nothing, nothing, nothing);
    BAD(query, 12, 13, none, 14, 1, name, nothing, nothing, nothing);
    BAD(query, 12, 13, a, 14, 1, name, most, nothing, nothing);
    BAD(query, 12, 13, a, 14, 1, line, nothing, nothing, nothing);
    BAD(query, 12, 13, a, 14, 1, name, nothing, {name_cut, 2}, nothing);
    BAD(query, 12, 13, a, 14, 1, name, nothing, {name_bad, 2}, nothing);
    BAD(query, 12, 13, a, 14, 1, name, nothing, nothing, {tag_without_value, 2});
    BAD(reply, 15, 1, name);
    BAD(have, 1, {digests, 6});
#undef BAD
}

/* An accusation far above what we ever claimed is made up; a little above, an earlier life of ours claimed it. */
static void accusations_of_the_future(void) {
    struct bw_id id = net.nodes[0].id;
    uint64_t own = bw_gossip_incarnation(net.nodes[0].gossip);
    struct bw_id a = net.nodes[2].id;
    uint64_t far = own + (UINT64_C(1) << 48);
    expect_malformed(&bw_schema_suspect, &(struct bw_frame_suspect){id, far, {a.bytes, 16}});
    expect_malformed(&bw_schema_verdict, &(struct bw_frame_verdict){id, far, BW_STATUS_DEAD, 0, a});
    struct bw_frame_suspect near = {id, own + 1000, {a.bytes, 16}};
    CU_ASSERT_EQUAL(net_inject(&net, 0, &a, net.nodes[2].session, true, &bw_schema_suspect, &near), 0);
    CU_ASSERT_EQUAL(bw_gossip_incarnation(net.nodes[0].gossip), own + 1001);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_OUTBID_EARLIER_LIFE), 1);
}

static void frames_of_a_newer_protocol_are_skipped(void) {
    const uint8_t bytes[] = {63, 0, 2, 0xff, 0xff, 200, 0, 0};
    CU_ASSERT_EQUAL(receive_bytes(bytes, sizeof(bytes)), 0);
    const uint8_t cut[] = {63, 0, 3, 0xff, 0xff};
    expect_dropped_whole(cut, sizeof(cut));
}

static const struct tap_test tests[] = {
    TAP_TEST(round_trip_of_each_frame),
    TAP_TEST(ping_and_ack_are_small),
    TAP_TEST(largest_frames_fit),
    TAP_TEST(every_truncation_is_dropped_whole),
    TAP_TEST(every_flipped_bit),
    TAP_TEST(what_no_member_says),
    TAP_TEST(each_clause_alone),
    TAP_TEST(accusations_of_the_future),
    TAP_TEST(frames_of_a_newer_protocol_are_skipped),
};
const struct tap_suite gossip_frames_suite = TAP_SUITE_WITH("gossip frames", tests, set_up, tear_down);
