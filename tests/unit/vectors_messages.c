/* tests/vectors/messages.json: each of the election's frames, and what is not one. */
#include "tests/unit/vectors_test.h"

#include "base/base.h"
#include "election/message.h"
#include <string.h>

static const uint8_t ids[3][16] = {{1, [15] = 1}, {1, [15] = 2}, {2}};
static const uint8_t a_signature[64] = {1, 2, 3, [63] = 64};
static const struct bw_bytes nothing = {NULL, 0};
static const struct bw_bytes scope = {(const uint8_t *)"orders", 6};
#define TERM 1790000000u

static struct bw_id an_id(unsigned number) {
    struct bw_id id;
    memset(id.bytes, (int)number, sizeof(id.bytes));
    return id;
}

static struct bw_bytes text(const char *text) {
    return (struct bw_bytes){(const uint8_t *)text, strlen(text)};
}

/* The entries of a set, in a buffer of the caller's. */
static struct bw_bytes entries(uint8_t *room, size_t capacity, const char *const *names, size_t count) {
    struct bw_writer writer = {.data = room, .capacity = capacity};
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_entry,
                                    &(struct bw_message_entry){text(names[i]), TERM + i, 1, 3, 1500}),
                        0);
    return (struct bw_bytes){room, writer.used};
}

static bool whole(const uint8_t *bytes, size_t size) {
    struct bw_reader reader = {.data = bytes, .size = size};
    struct bw_election_frame_any frame;
    int more;
    while ((more = bw_message_next(&reader, &frame)) == 1) {
    }
    return more == 0;
}

static void good(struct vectors_list *list, const char *layer, const struct bw_schema *schema, const void *message) {
    uint8_t frame[BW_DATAGRAM_MAX];
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    vectors_accept(list, layer, schema, message);
    CU_ASSERT_EQUAL(bw_wire_put(&writer, schema, message), 0);
    CU_ASSERT_EQUAL(whole(frame, writer.used), strcmp(layer, "election") == 0);
}

#define GOOD(name, ...) good(list, "election", &bw_message_schema_##name, &(struct bw_message_##name){__VA_ARGS__})
#define PART(name, ...) good(list, "part", &bw_message_schema_##name, &(struct bw_message_##name){__VA_ARGS__})

static void accept_leases(struct vectors_list *list) {
    static const char *const names[] = {"billing", "orders"};
    uint8_t room[256];
    uint8_t body[64];
    struct bw_writer writer = {.data = body, .capacity = sizeof(body)};
    GOOD(heartbeat, 1, 0);
    GOOD(ack, 7, UINT64_MAX, 1);
    GOOD(set, nothing, nothing, nothing);
    GOOD(set, text("a"), text("orders"), entries(room, sizeof(room), names, 2));
    GOOD(question, scope, TERM);
    GOOD(answer, scope, TERM, 0, 0, 0, 0, 0);
    GOOD(answer, scope, TERM, 1, TERM, 1, 3, BW_LEASE_MS_MAX);
    GOOD(ask, scope, TERM, an_id(5), 1, 9, 1);
    GOOD(ask, scope, 0, {{0}}, 0, 9, 0);
    GOOD(reply, scope, TERM, an_id(5), 9, UINT32_MAX, 0);
    GOOD(claim, scope, TERM, 9, 3, 1500);
    GOOD(confirm, scope, TERM, 9);
    GOOD(object, scope, TERM, 3, TERM + 1, an_id(6));
    GOOD(resign, scope, TERM, 2, 2, an_id(6));
    GOOD(healed, scope, TERM + 1, an_id(6), TERM, an_id(5), 1000, UINT64_MAX);
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_body, &(struct bw_message_body){0, 0, 0, 1500, 3, {{0}}}),
                    0);
    GOOD(record, scope, TERM, an_id(5), 1, {body, writer.used});
    GOOD(want, scope, TERM);
    GOOD(elect, scope, 9);
    GOOD(ok, scope, 9);
    GOOD(signature, {a_signature, 64});
    static const char *const names_signed[] = {"billing"};
    struct bw_writer signed_entry = {.data = room, .capacity = sizeof(room)};
    signed_entry.used = entries(room, sizeof(room), names_signed, 1).size;
    CU_ASSERT_EQUAL(
        bw_wire_put(&signed_entry, &bw_message_schema_signature, &(struct bw_message_signature){{a_signature, 64}}), 0);
    GOOD(set, nothing, nothing, {room, signed_entry.used});
}

static void accept_quorum_and_parts(struct vectors_list *list) {
    GOOD(ballot, scope, BW_BALLOT_VOTE, TERM, 3, 9, 1500, TERM - 1, 4, {ids[0], sizeof(ids)});
    GOOD(vote, scope, BW_BALLOT_RENEW, 0, TERM, 9, TERM, TERM, an_id(5), TERM - 1, 4, nothing);
    GOOD(vote, scope, BW_BALLOT_VOTE, 6, TERM, 9, TERM, 0, {{0}}, TERM - 1, 5, {ids[0], 32});
    PART(entry, scope, TERM, 1, 3, 1500);
    PART(body, 1, 1, 2, 1500, 3, an_id(6));
    PART(candidacy, scope, 65535, 31, 2);
    PART(range, scope, 0, 65535, 100, 17, 0);
    PART(freeze, 1, UINT32_MAX);
}

/* ------------------------------------------------------------------ what is refused */

static void refuse(struct vectors_list *list, const char *why, const struct bw_schema *schema, const void *message) {
    uint8_t frame[BW_DATAGRAM_MAX];
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, schema, message), 0);
    CU_ASSERT_FALSE(whole(frame, writer.used));
    vectors_next(list);
    fprintf(list->to, "{\"layer\": \"election\", \"why\": \"%s\"", why);
    vectors_hex(list->to, "frame", frame, writer.used);
    fputc('}', list->to);
}

#define BAD(why, name, ...) refuse(list, why, &bw_message_schema_##name, &(struct bw_message_##name){__VA_ARGS__})

static void refuse_leases(struct vectors_list *list) {
    static const char *const falling[] = {"orders", "billing"};
    static const char *const rising[] = {"billing", "orders"};
    uint8_t room[256];
    uint8_t body[64];
    struct bw_writer writer = {.data = body, .capacity = sizeof(body)};
    BAD("round 0", heartbeat, 0, 5);
    BAD("names that fall", set, nothing, nothing, entries(room, sizeof(room), falling, 2));
    BAD("a name not above after", set, text("billing"), nothing, entries(room, sizeof(room), rising, 2));
    BAD("a name above until", set, nothing, text("c"), entries(room, sizeof(room), rising, 2));
    struct bw_writer signature = {.data = room, .capacity = sizeof(room)};
    CU_ASSERT_EQUAL(
        bw_wire_put(&signature, &bw_message_schema_signature, &(struct bw_message_signature){{a_signature, 64}}), 0);
    BAD("a signature of no entry", set, nothing, nothing, {room, signature.used});
    BAD("a signature of 63 bytes", signature, {a_signature, 63});
    BAD("no scope", question, nothing, TERM);
    BAD("term 0", question, scope, 0);
    BAD("leads, term 0", answer, scope, TERM, 1, 0, 1, 3, 1500);
    BAD("leads, lease 0", answer, scope, TERM, 1, TERM, 1, 3, 0);
    BAD("a term and no leader", ask, scope, TERM, {{0}}, 1, 9, 1);
    BAD("a leader and no term", ask, scope, 0, an_id(5), 1, 9, 1);
    BAD("lease 0", claim, scope, TERM, 9, 3, 0);
    BAD("term 0", confirm, scope, 0, 9);
    BAD("sequence 0", resign, scope, TERM, 0, 2, an_id(6));
    BAD("no winner", healed, scope, TERM + 1, {{0}}, TERM, an_id(5), 1000, 1000);
    CU_ASSERT_EQUAL(
        bw_wire_put(&writer, &bw_message_schema_body, &(struct bw_message_body){0, 0, 0, 1500, 3, an_id(6)}), 0);
    BAD("a successor of one that leads", record, scope, TERM, an_id(5), 1, {body, writer.used});
    BAD("no body", record, scope, TERM, an_id(5), 1, nothing);
    BAD("scope with a control character", elect, text("a\tb"), 9);
}

static void refuse_quorum_and_parts(struct vectors_list *list) {
    BAD("no voters", ballot, scope, 0, TERM, 3, 9, 1500, TERM, 4, nothing);
    uint8_t falling[32];
    memcpy(falling, ids[1], 16);
    memcpy(falling + 16, ids[0], 16);
    BAD("voters that fall", ballot, scope, 0, TERM, 3, 9, 1500, TERM, 4, {falling, 32});
    BAD("half a voter", ballot, scope, 0, TERM, 3, 9, 1500, TERM, 4, {ids[0], 24});
    BAD("a vote on a release", vote, scope, BW_BALLOT_RELEASE, 0, TERM, 9, TERM, TERM, an_id(5), TERM, 4, nothing);
    BAD("a part alone", entry, scope, TERM, 1, 3, 1500);
    BAD("a part alone", body, 0, 0, 0, 1500, 3, {{0}});
    BAD("a part alone", candidacy, scope, 1, 1, 0);
    BAD("a part alone", range, scope, 0, 1, 1, 1, 0);
    BAD("a part alone", freeze, 1, 0);
}

void vectors_messages(FILE *to) {
    fputs("{\n\"about\": \"docs/PROTOCOL.md, Election: frames of a message on channel 1, and parts of records; then "
          "what is "
          "malformed as a message.\",\n\"accepted\": [",
          to);
    struct vectors_list accepted = {.to = to};
    accept_leases(&accepted);
    accept_quorum_and_parts(&accepted);
    fputs("\n],\n\"refused\": [", to);
    struct vectors_list refused = {.to = to};
    refuse_leases(&refused);
    refuse_quorum_and_parts(&refused);
    fputs("\n]\n}\n", to);
}
