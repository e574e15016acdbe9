/* tests/vectors/frames.json: each of gossip's frames, and what is not one. */
#include "tests/unit/vectors_test.h"

#include "base/base.h"
#include "gossip/frames.h"
#include <string.h>

static const uint8_t pattern[BW_USER_SIZE_MAX] = {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80};
static const struct bw_bytes nothing = {NULL, 0};

static struct bw_id an_id(unsigned number) {
    struct bw_id id;
    memset(id.bytes, (int)number, sizeof(id.bytes));
    return id;
}

static struct bw_bytes text(const char *text) {
    return (struct bw_bytes){(const uint8_t *)text, strlen(text)};
}

static struct bw_bytes some(size_t size) {
    return (struct bw_bytes){pattern, size};
}

static struct bw_frame_member a_member(void) {
    static const uint8_t tags[] = {4, 'z', 'o', 'n', 'e', 0, 1, 'a', 2, 'o', 's', 0, 0};
    static const uint8_t candidacies[] = {16, 0, 13, 0, 7, 'd', 'e', 'f', 'a', 'u', 'l', 't', 0, 100, 1, 0};
    return (struct bw_frame_member){.id = an_id(5),
                                    .incarnation = 1790000000000000,
                                    .heard_s = 3,
                                    .session = 0x0102030405060708,
                                    .addr = {.ip = {192, 0, 2, 7}, .port = 7946, .family = 4},
                                    .protocol_min = 1,
                                    .protocol_max = 1,
                                    .refutations = 2,
                                    .name = text("n5"),
                                    .tags = {tags, sizeof(tags)},
                                    .candidacies = {candidacies, sizeof(candidacies)}};
}

#define GOOD(frame, ...) vectors_accept(list, "gossip", &bw_schema_##frame, &(struct bw_frame_##frame){__VA_ARGS__})

/* Whose signatures these are is another question. */
static struct bw_bytes some_accusers(size_t count) {
    static uint8_t list[BW_ACCUSERS_MAX * BW_ACCUSATION_SIZE];
    for (size_t i = 0; i < BW_ACCUSERS_MAX; i++) {
        memset(list + i * BW_ACCUSATION_SIZE, (int)i + 6, sizeof(struct bw_id));
        list[i * BW_ACCUSATION_SIZE + 16] = i % 2;
    }
    return (struct bw_bytes){list, count * BW_ACCUSATION_SIZE};
}

/* Well formed; whose certificate and signature these are is another question (identity.json). */
static void accept_signed(struct vectors_list *list) {
    const struct bw_frame_member member = a_member();
    struct bw_frame_signed_member frame = {
        .word = BW_STATUS_ALIVE, .certificate = some(140), .exchange = some(32), .signature = some(64)};
    memcpy(&frame, &member, sizeof(member));
    vectors_accept(list, "gossip", &bw_schema_signed_member, &frame);
    frame.status = frame.word = BW_STATUS_LEFT;
    vectors_accept(list, "gossip", &bw_schema_signed_member, &frame);
}

static void accept_detector(struct vectors_list *list) {
    struct bw_frame_member six = a_member();
    struct bw_frame_member gone = a_member();
    six.addr = (struct bw_addr){.ip = {0x20, 1, 0xd, 0xb8, [15] = 1}, .port = 1, .family = 6};
    six.tags = six.candidacies = nothing;
    gone.status = BW_STATUS_LEFT;
    gone.age_ms = BW_AGE_MS_MAX;
    gone.heard_s = BW_HEARD_UNKNOWN;
    gone.incarnation = BW_INCARNATION_MAX;
    struct bw_frame_member one = a_member();
    const struct bw_id ids[2] = {an_id(6), an_id(7)};
    GOOD(ping, 0, 0, 0);
    GOOD(ping, UINT32_MAX, 1, UINT64_MAX);
    GOOD(ack, 0x01020304, 1, 0x1122334455667788);
    GOOD(ping_req, 3, an_id(6));
    GOOD(nack, 4, 1);
    GOOD(relayed, 5);
    vectors_accept(list, "gossip", &bw_schema_member, &one);
    vectors_accept(list, "gossip", &bw_schema_member, &six);
    vectors_accept(list, "gossip", &bw_schema_member, &gone);
    accept_signed(list);
    GOOD(sealed, some(68));
    GOOD(twice, one.addr, 0);
    GOOD(twice, six.addr, 1);
    GOOD(suspect, an_id(5), 6, {ids[0].bytes, 32});
    GOOD(accusation, an_id(5), 6, BW_STATUS_SUSPECT, 0, some_accusers(2));
    GOOD(accusation, an_id(5), 6, BW_STATUS_DEAD, 5000, some_accusers(BW_ACCUSERS_MAX));
    GOOD(verdict, an_id(5), 6, BW_STATUS_DEAD, 5000, an_id(6));
    GOOD(verdict, an_id(5), 6, BW_STATUS_LEFT, 0, {{0}});
    GOOD(coordinate, 9, 192, 65535, 32768, {pattern, 16});
    GOOD(survey, 10);
    GOOD(heard, 10, 3, 2, {ids[0].bytes, 32});
    GOOD(heard, 10, 3, 2, nothing);
}

static void accept_rest(struct vectors_list *list) {
    static const uint8_t rank[BW_RECORD_RANK_SIZE] = {[7] = 9, [8] = 5, [31] = 1};
    static const uint8_t names[] = {2, 'n', '1', 2, 'n', '2'};
    static const uint8_t tags[] = {4, 'z', 'o', 'n', 'e', 0, 1, 'a'};
    GOOD(record, 7, 1, text("k"), {rank, sizeof(rank)}, text("body"));
    GOOD(record, 255, 0, {pattern, BW_RECORD_KEY_MAX}, {rank, sizeof(rank)}, {pattern, BW_RECORD_BODY_MAX});
    GOOD(sync, 8, 1, 64, 61, {pattern, 24});
    GOOD(sync, 8, 0, 1024, 896, {pattern, 1024});
    GOOD(page, 9, 0, 1, 0, 1, 2);
    GOOD(page, 9, 1023, 1024, 65535, 0, 2);
    GOOD(message, 16, text("hello"));
    GOOD(message, 255, {pattern, BW_MESSAGE_MAX});
    GOOD(later, 9, BW_LATER_MS_MAX);
    GOOD(user_event, 9, 10, an_id(6), 11, text("deploy"), {(const uint8_t *)"\0p", 2});
    GOOD(user_event, BW_LTIME_MAX, UINT64_MAX, an_id(6), UINT32_MAX, text("e"), {pattern, BW_USER_SIZE_MAX - 1});
    GOOD(query, 12, 13, an_id(6), 14, 1, text("q"), nothing, {names, sizeof(names)}, {tags, sizeof(tags)});
    GOOD(reply, 15, 0, text("r"));
    GOOD(reply, 15, 1, nothing);
    GOOD(clocks, 16, 17, 18);
    GOOD(have, 1, {pattern, 8});
}

/* ------------------------------------------------------------------ what is refused */

static void refuse(struct vectors_list *list, const char *why, const uint8_t *bytes, size_t size) {
    struct bw_reader reader = {.data = bytes, .size = size};
    struct bw_frame frame;
    int more;
    while ((more = bw_frame_next(&reader, &frame)) > 0) {
    }
    CU_ASSERT_EQUAL(more, BW_ERR_DROP_MALFORMED);
    vectors_next(list);
    fprintf(list->to, "{\"layer\": \"gossip\", \"why\": \"%s\"", why);
    vectors_hex(list->to, "frame", bytes, size);
    fputc('}', list->to);
}

static void refuse_message(struct vectors_list *list, const char *why, const struct bw_schema *schema,
                           const void *message) {
    uint8_t frame[BW_DATAGRAM_MAX];
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, schema, message), 0);
    refuse(list, why, frame, writer.used);
}

#define BAD(why, frame, ...) refuse_message(list, why, &bw_schema_##frame, &(struct bw_frame_##frame){__VA_ARGS__})

static void refuse_members(struct vectors_list *list) {
    static const uint8_t twice[] = {1, 'a', 0, 0, 1, 'a', 0, 0};
    static uint8_t many[33 * 5];
    struct bw_frame_member bad[13];
    static const char *const why[] = {"no id",           "status suspect", "session 0", "no address",    "port 0",
                                      "no such version", "alive for long", "no name",   "name with \\n", "not UTF-8",
                                      "tags cut short",  "a tag twice",    "33 tags"};
    for (size_t i = 0; i < BW_COUNT(bad); i++)
        bad[i] = a_member();
    for (uint8_t i = 0; i < 33; i++)
        memcpy(many + (size_t)i * 5, (const uint8_t[]){2, 't', (uint8_t)('0' + i), 0, 0}, 5);
    bad[0].id = (struct bw_id){{0}};
    bad[1].status = BW_STATUS_SUSPECT;
    bad[2].session = 0;
    bad[3].addr = (struct bw_addr){.family = 0};
    bad[4].addr.port = 0;
    bad[5].protocol_min = 3;
    bad[6].age_ms = 1;
    bad[7].name.size = 0;
    bad[8].name = text("a\nb");
    bad[9].name = text("a\xff");
    bad[10].tags.size = 3;
    bad[11].tags = (struct bw_bytes){twice, sizeof(twice)};
    bad[12].tags = (struct bw_bytes){many, sizeof(many)};
    for (size_t i = 0; i < BW_COUNT(bad); i++)
        refuse_message(list, why[i], &bw_schema_member, &bad[i]);
    struct bw_frame_member large = a_member();
    large.tags = nothing;
    large.candidacies = (struct bw_bytes){pattern, 512};
    static uint8_t tags[512] = {1, 'k', 1, 252};
    memset(tags + 4, 'v', 508);
    large.tags = (struct bw_bytes){tags, sizeof(tags)};
    refuse_message(list, "name, tags and candidacies above 1024 bytes", &bw_schema_member, &large);
}

static void refuse_signed(struct vectors_list *list) {
    static const char *const why[] = {
        "signed: dead by its own word",  "signed: left, and living", "signed: no certificate",
        "signed: 63 bytes of signature", "signed: no name",          "signed: more than 880 bytes",
        "signed: 31 bytes of exchange"};
    struct bw_frame_signed_member bad[BW_COUNT(why)];
    const struct bw_frame_member member = a_member();
    for (size_t i = 0; i < BW_COUNT(bad); i++) {
        bad[i] = (struct bw_frame_signed_member){
            .word = BW_STATUS_ALIVE, .certificate = some(140), .exchange = some(32), .signature = some(64)};
        memcpy(&bad[i], &member, sizeof(member));
    }
    bad[0].status = bad[0].word = BW_STATUS_DEAD;
    bad[1].word = BW_STATUS_LEFT;
    bad[2].certificate = nothing;
    bad[3].signature = some(63);
    bad[4].name = nothing;
    static uint8_t tags[100] = {1, 'k', 0, 96};
    memset(tags + 4, 'v', 96);
    bad[5].tags = (struct bw_bytes){tags, sizeof(tags)};
    bad[5].candidacies = some(422);
    bad[5].certificate = some(400);
    bad[6].exchange = some(31);
    for (size_t i = 0; i < BW_COUNT(bad); i++)
        refuse_message(list, why[i], &bw_schema_signed_member, &bad[i]);
}

static void refuse_others(struct vectors_list *list) {
    static uint8_t odd[BW_ACCUSATION_SIZE] = {6, [16] = 2};
    BAD("no accuser", accusation, an_id(5), 6, BW_STATUS_SUSPECT, 0, nothing);
    BAD("half an accuser", accusation, an_id(5), 6, BW_STATUS_SUSPECT, 0, {odd, 16});
    BAD("refused 2", accusation, an_id(5), 6, BW_STATUS_SUSPECT, 0, {odd, sizeof(odd)});
    BAD("accused of life", accusation, an_id(5), 6, BW_STATUS_ALIVE, 0, some_accusers(1));
    BAD("suspect for long", accusation, an_id(5), 6, BW_STATUS_SUSPECT, 1, some_accusers(1));
    BAD("nobody accused", accusation, {{0}}, 6, BW_STATUS_SUSPECT, 0, some_accusers(1));
    const struct bw_id id = an_id(5);
    const struct bw_id none = {{0}};
    static const uint8_t name_cut[] = {2, 'n'};
    BAD("67 bytes of a datagram", sealed, some(67));
    BAD("no address", twice, {.family = 0}, 0);
    BAD("port 0", twice, {.ip = {192, 0, 2, 7}, .family = 4}, 0);
    BAD("about nobody", suspect, none, 6, {id.bytes, 16});
    BAD("no accuser", suspect, id, 6, nothing);
    BAD("half an accuser", suspect, id, 6, {id.bytes, 8});
    BAD("about nobody", verdict, none, 6, BW_STATUS_DEAD, 0, id);
    BAD("neither dead nor left", verdict, id, 6, BW_STATUS_ALIVE, 0, id);
    BAD("no key", record, 7, 1, nothing, some(32), some(1));
    BAD("rank of 31 bytes", record, 7, 1, some(1), some(31), some(1));
    BAD("seven dimensions", coordinate, 9, 192, 1, 1, some(14));
    BAD("half an id", heard, 10, 3, 2, some(15));
    BAD("more ids than unheard", heard, 10, 3, 0, some(16));
    BAD("buckets: no power of two", sync, 8, 1, 65, 0, some(8));
    BAD("fewer than 64 buckets", sync, 8, 1, 32, 0, some(8));
    BAD("first above buckets", sync, 8, 1, 64, 64, some(8));
    BAD("digests beyond the last bucket", sync, 8, 1, 64, 63, some(16));
    BAD("half a digest", sync, 8, 1, 64, 3, some(12));
    BAD("no digest", sync, 8, 1, 64, 3, nothing);
    BAD("next not above first", page, 9, 4, 4, 0, 1, 0);
    BAD("next above 1024", page, 9, 0, 1025, 0, 1, 2);
    BAD("ltime 0", user_event, 0, 10, id, 11, text("e"), nothing);
    BAD("no origin", user_event, 9, 10, none, 11, text("e"), nothing);
    BAD("no name", user_event, 9, 10, id, 11, nothing, nothing);
    BAD("name and payload above 1024 bytes", user_event, 9, 10, id, 11, text("e"), some(1024));
    BAD("ltime 0", query, 0, 13, id, 14, 1, text("q"), nothing, nothing, nothing);
    BAD("no origin", query, 12, 13, none, 14, 1, text("q"), nothing, nothing, nothing);
    BAD("above 1024 bytes", query, 12, 13, id, 14, 1, text("q"), some(1024), nothing, nothing);
    BAD("nodes cut short", query, 12, 13, id, 14, 1, text("q"), nothing, {name_cut, 2}, nothing);
    BAD("tags cut short", query, 12, 13, id, 14, 1, text("q"), nothing, nothing, {name_cut, 2});
    BAD("an ack with a payload", reply, 15, 1, text("r"));
    BAD("half a digest", have, 1, some(6));
}

/* Of a well-formed frame: a byte less in its body, and one more. */
static void refuse_sizes(struct vectors_list *list) {
    uint8_t frame[64];
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_schema_ping, &(struct bw_frame_ping){1, 0, 2}), 0);
    frame[2]--;
    refuse(list, "a byte too few in the body", frame, writer.used - 1);
    frame[2] += 2;
    frame[writer.used] = 0;
    refuse(list, "a byte too many in the body", frame, writer.used + 1);
    refuse(list, "size beyond the end", frame, writer.used);
    frame[2]--;
    frame[7] = 2;
    refuse(list, "still is 2", frame, writer.used);
    frame[7] = 1;
    frame[writer.used + 1] = 0;
    refuse(list, "a good frame, then two bytes", frame, writer.used + 2);
    refuse(list, "an unknown type cut short", (const uint8_t[]){63, 0, 3, 1, 2}, 5);
}

void vectors_frames(FILE *to) {
    fputs(
        "{\n\"about\": \"docs/PROTOCOL.md, Gossip: frames and their fields; then what is malformed. Bytes and ids are "
        "hex, u64 decimal text.\",\n\"accepted\": [",
        to);
    struct vectors_list accepted = {.to = to};
    accept_detector(&accepted);
    accept_rest(&accepted);
    fputs("\n],\n\"refused\": [", to);
    struct vectors_list refused = {.to = to};
    refuse_members(&refused);
    refuse_signed(&refused);
    refuse_others(&refused);
    refuse_sizes(&refused);
    fputs("\n]\n}\n", to);
}
