#include "tests/unit/election_test.h"

#include "base/rng.h"

#include <string.h>

#define TEXT(s) \
    { .data = (const uint8_t *)(s), .size = sizeof(s) - 1 }

static uint8_t buffer[BW_ELECTION_MESSAGE_MAX];

static struct bw_bytes encode(const struct bw_schema *schema, const void *message) {
    struct bw_writer writer = {.data = buffer, .capacity = sizeof buffer};
    CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, schema, message), 0);
    return (struct bw_bytes){.data = buffer, .size = writer.used};
}

static int decode(struct bw_bytes bytes, struct bw_election_frame_any *frame) {
    struct bw_reader reader = {.data = bytes.data, .size = bytes.size};
    return bw_message_next(&reader, frame);
}

static struct bw_bytes record_body(uint8_t data[BW_CLAIM_BODY_MAX], uint8_t state) {
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    const struct bw_claim claim = {.token.term = 7, .sequence = 1, .state = (enum bw_claim_state)state, .lease_ms = 1};
    struct bw_bytes body = {.data = data};
    bw_claim_encode(&claim, rank, data, &body.size);
    return body;
}

static const uint8_t two_voters[32] = {[0] = 1, [16] = 2};

/* One valid message of each type. */
static struct bw_bytes sample(enum bw_election_frame type) {
    static uint8_t data[BW_CLAIM_BODY_MAX];
    static uint8_t entries[200];
    const struct bw_bytes scope = TEXT("orders/17");
    const struct bw_id id = {{1, 2, 3}};
    struct bw_writer writer = {.data = entries, .capacity = sizeof entries};
    const struct bw_message_entry a = {.scope = TEXT("a"), .term = 9, .sequence = 1, .boot = 2, .lease_ms = 1500};
    const struct bw_message_entry b = {.scope = TEXT("b"), .term = 4, .sequence = 3, .boot = 2, .lease_ms = 100};
    switch (type) {
    case BW_FRAME_heartbeat:
        return encode(&bw_message_schema_heartbeat, &(struct bw_message_heartbeat){.round = 3, .digest = 77});
    case BW_FRAME_ack:
        return encode(&bw_message_schema_ack, &(struct bw_message_ack){.round = 3, .digest = 77, .counted = 1});
    case BW_FRAME_set:
        CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_entry, &a), 0);
        CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_entry, &b), 0);
        return encode(&bw_message_schema_set,
                      &(struct bw_message_set){.until = TEXT("b"), .entries = {.data = entries, .size = writer.used}});
    case BW_FRAME_question:
        return encode(&bw_message_schema_question, &(struct bw_message_question){.scope = scope, .term = 9});
    case BW_FRAME_answer:
        return encode(
            &bw_message_schema_answer,
            &(struct bw_message_answer){
                .scope = scope, .about = 9, .leads = 1, .term = 9, .sequence = 1, .boot = 2, .lease_ms = 1500});
    case BW_FRAME_ask:
        return encode(&bw_message_schema_ask,
                      &(struct bw_message_ask){
                          .scope = scope, .term = 9, .leader = id, .sequence = 1, .number = 5, .refused = 1});
    case BW_FRAME_reply:
        return encode(&bw_message_schema_reply,
                      &(struct bw_message_reply){.scope = scope, .term = 9, .leader = id, .number = 5, .age_ms = 250});
    case BW_FRAME_claim:
        return encode(&bw_message_schema_claim,
                      &(struct bw_message_claim){.scope = scope, .term = 9, .number = 5, .boot = 2, .lease_ms = 1500});
    case BW_FRAME_confirm:
        return encode(&bw_message_schema_confirm, &(struct bw_message_confirm){.scope = scope, .term = 9, .number = 5});
    case BW_FRAME_object:
        return encode(
            &bw_message_schema_object,
            &(struct bw_message_object){.scope = scope, .term = 9, .reason = 1, .token_term = 12, .token_id = id});
    case BW_FRAME_resign:
        return encode(
            &bw_message_schema_resign,
            &(struct bw_message_resign){.scope = scope, .term = 9, .sequence = 2, .reason = 2, .successor = id});
    case BW_FRAME_healed:
        return encode(
            &bw_message_schema_healed,
            &(struct bw_message_healed){
                .scope = scope, .winner_term = 9, .winner_id = id, .loser_term = 8, .loser_id = id, .loser_age_ms = 6});
    case BW_FRAME_elect:
        return encode(&bw_message_schema_elect, &(struct bw_message_elect){.scope = scope, .number = 5});
    case BW_FRAME_ok:
        return encode(&bw_message_schema_ok, &(struct bw_message_ok){.scope = scope, .number = 5});
    case BW_FRAME_record:
        return encode(&bw_message_schema_record,
                      &(struct bw_message_record){
                          .scope = scope, .term = 9, .id = id, .sequence = 1, .body = record_body(data, 0)});
    case BW_FRAME_ballot:
        return encode(&bw_message_schema_ballot,
                      &(struct bw_message_ballot){.scope = scope,
                                                  .kind = BW_BALLOT_RENEW,
                                                  .term = 9,
                                                  .boot = 2,
                                                  .number = 5,
                                                  .lease_ms = 1500,
                                                  .voters_term = 9,
                                                  .voters = {two_voters, sizeof two_voters}});
    case BW_FRAME_vote:
        return encode(&bw_message_schema_vote, &(struct bw_message_vote){.scope = scope,
                                                                         .kind = BW_BALLOT_VOTE,
                                                                         .refusal = BW_REFUSED_PROMISED,
                                                                         .term = 9,
                                                                         .number = 5,
                                                                         .seen = 8,
                                                                         .holder_term = 8,
                                                                         .holder = id,
                                                                         .voters = {two_voters, sizeof two_voters}});
    default:
        return (struct bw_bytes){0};
    }
}

static void each_message_comes_back_as_it_went(void) {
    for (int type = BW_FRAME_heartbeat; type < BW_ELECTION_FRAME_END; type++) {
        struct bw_bytes bytes = sample((enum bw_election_frame)type);
        struct bw_election_frame_any frame;
        uint8_t copy[sizeof buffer];
        if (bytes.size == 0)
            continue;
        memcpy(copy, bytes.data, bytes.size);
        bytes.data = copy;
        CU_ASSERT_EQUAL(decode(bytes, &frame), 1);
        CU_ASSERT_EQUAL((int)frame.type, type);
        struct bw_bytes again = encode(bw_message_schema((uint8_t)type), &frame.as);
        CU_ASSERT(again.size == bytes.size && memcmp(again.data, copy, bytes.size) == 0);
    }
}

/* A list of voters is whole ids that rise, so nobody is in it twice; a request has one. */
static void a_list_of_voters_has_one_form(void) {
    static const uint8_t falling[32] = {[0] = 2, [16] = 1};
    static const uint8_t twice[32] = {[0] = 1, [16] = 1};
    static const uint8_t nobody[16];
    const struct bw_bytes lists[] = {{falling, 32},    {twice, 32},     {nobody, 16},
                                     {two_voters, 31}, {two_voters, 0}, {two_voters, 32}};
    struct bw_election_frame_any frame;
    for (size_t i = 0; i < BW_COUNT(lists); i++) {
        const struct bw_message_ballot ballot = {
            .scope = TEXT("s"), .term = 9, .boot = 2, .lease_ms = 1500, .voters = lists[i]};
        const struct bw_message_vote vote = {.scope = TEXT("s"), .term = 9, .voters = lists[i]};
        bool sound = i == BW_COUNT(lists) - 1;
        CU_ASSERT_EQUAL(decode(encode(&bw_message_schema_ballot, &ballot), &frame) == 1, sound);
        CU_ASSERT_EQUAL(decode(encode(&bw_message_schema_vote, &vote), &frame) == 1, sound || lists[i].size == 0);
    }
    const struct bw_message_vote release = {.scope = TEXT("s"), .term = 9, .kind = BW_BALLOT_RELEASE};
    CU_ASSERT(decode(encode(&bw_message_schema_vote, &release), &frame) < 0);
}

static void what_is_cut_or_longer_is_malformed(void) {
    for (int type = BW_FRAME_heartbeat; type < BW_ELECTION_FRAME_END; type++) {
        struct bw_bytes bytes = sample((enum bw_election_frame)type);
        struct bw_election_frame_any frame;
        for (size_t size = 1; size < bytes.size; size++)
            CU_ASSERT(decode((struct bw_bytes){.data = bytes.data, .size = size}, &frame) < 0);
        if (bytes.size == 0)
            continue;
        bw_put_u16(buffer + 1, (uint16_t)(bytes.size - 3 + 1)); /* the body claims one byte more */
        CU_ASSERT_EQUAL(decode((struct bw_bytes){.data = buffer, .size = bytes.size + 1}, &frame),
                        BW_ERR_DROP_MALFORMED);
    }
}

static void an_unknown_frame_is_skipped(void) {
    uint8_t data[64] = {200, 0, 2, 1, 2};
    struct bw_bytes bytes = sample(BW_FRAME_heartbeat);
    struct bw_election_frame_any frame;
    memcpy(data + 5, bytes.data, bytes.size);
    CU_ASSERT_EQUAL(decode((struct bw_bytes){.data = data, .size = 5 + bytes.size}, &frame), 1);
    CU_ASSERT_EQUAL(frame.type, BW_FRAME_heartbeat);
    CU_ASSERT_EQUAL(decode((struct bw_bytes){.data = data, .size = 5}, &frame), 0);
}

static bool bad(const struct bw_schema *schema, const void *message) {
    struct bw_election_frame_any frame;
    return decode(encode(schema, message), &frame) == BW_ERR_DROP_MALFORMED;
}

static void impossible_values_are_malformed(void) {
    const struct bw_bytes scope = TEXT("s");
    const struct bw_bytes control = TEXT("a\nb");
    const struct bw_id id = {{1}};
    CU_ASSERT(bad(&bw_message_schema_question, &(struct bw_message_question){.scope = control, .term = 1}));
    CU_ASSERT(bad(&bw_message_schema_question, &(struct bw_message_question){.term = 1}));
    CU_ASSERT(bad(&bw_message_schema_question, &(struct bw_message_question){.scope = scope}));
    CU_ASSERT(bad(&bw_message_schema_heartbeat, &(struct bw_message_heartbeat){.round = 0}));
    CU_ASSERT(bad(&bw_message_schema_claim, &(struct bw_message_claim){.scope = scope, .term = 0, .lease_ms = 1}));
    CU_ASSERT(bad(&bw_message_schema_claim, &(struct bw_message_claim){.scope = scope, .term = 1, .lease_ms = 0}));
    CU_ASSERT(bad(&bw_message_schema_answer, &(struct bw_message_answer){.scope = scope, .leads = 1}));
    CU_ASSERT(bad(&bw_message_schema_ask, &(struct bw_message_ask){.scope = scope, .leader = id}));
    CU_ASSERT(
        bad(&bw_message_schema_healed, &(struct bw_message_healed){.scope = scope, .winner_term = 1, .loser_term = 1}));
    CU_ASSERT(bad(&bw_message_schema_resign, &(struct bw_message_resign){.scope = scope, .term = 1}));
    CU_ASSERT(bad(&bw_message_schema_record,
                  &(struct bw_message_record){.scope = scope, .term = 1, .id = id, .sequence = 1}));
    CU_ASSERT(bad(&bw_message_schema_body, &(struct bw_message_body){.lease_ms = 1})); /* a part, no message */
}

/* Each clause of each message's validity, broken alone. */
static void each_clause_alone(void) {
    const struct bw_bytes scope = TEXT("s");
    const struct bw_bytes line = TEXT("a\nb");
    const struct bw_id id = {{1}};
#define BAD(name, ...) CU_ASSERT(bad(&bw_message_schema_##name, &(struct bw_message_##name){__VA_ARGS__}))
    BAD(set, .after = line);
    BAD(set, .until = line);
    BAD(answer, .scope = line);
    BAD(answer, .scope = scope, .leads = 1, .sequence = 1, .lease_ms = 1);
    BAD(answer, .scope = scope, .leads = 1, .term = 1, .lease_ms = 1);
    BAD(answer, .scope = scope, .leads = 1, .term = 1, .sequence = 1);
    BAD(ask, .scope = line);
    BAD(ask, .scope = scope, .term = 1);
    BAD(reply, .scope = line, .term = 1);
    BAD(claim, .scope = line, .term = 1, .lease_ms = 1);
    BAD(confirm, .scope = line, .term = 1);
    BAD(confirm, .scope = scope);
    BAD(object, .scope = line, .term = 1);
    BAD(object, .scope = scope);
    BAD(resign, .scope = line, .term = 1, .sequence = 1);
    BAD(resign, .scope = scope, .sequence = 1);
    BAD(healed, .scope = line, .winner_term = 1, .winner_id = id, .loser_term = 1, .loser_id = id);
    BAD(healed, .scope = scope, .winner_id = id, .loser_term = 1, .loser_id = id);
    BAD(healed, .scope = scope, .winner_term = 1, .winner_id = id, .loser_id = id);
    BAD(healed, .scope = scope, .winner_term = 1, .loser_term = 1, .loser_id = id);
    BAD(healed, .scope = scope, .winner_term = 1, .winner_id = id, .loser_term = 1);
    BAD(elect, .scope = line);
    BAD(ok, .scope = line);
    BAD(record, .scope = line, .term = 1, .id = id, .sequence = 1);
    BAD(want, .scope = line, .term = 1);
    BAD(want, .scope = scope);
#undef BAD
}

/* The same of quorum mode's two, of which each is sound as long as nothing is broken. */
static void each_clause_of_a_ballot_and_of_a_vote_alone(void) {
    const struct bw_message_ballot ballot = {
        .scope = TEXT("s"), .term = 1, .lease_ms = 1, .voters = {two_voters, sizeof two_voters}};
    const struct bw_message_vote vote = {.scope = TEXT("s"), .term = 1};
    struct bw_message_ballot ballots[] = {ballot, ballot, ballot, ballot};
    struct bw_message_vote votes[] = {vote, vote, vote};
    ballots[1].scope = (struct bw_bytes)TEXT("a\nb");
    ballots[2].term = 0;
    ballots[3].lease_ms = 0;
    votes[1].scope = (struct bw_bytes)TEXT("a\nb");
    votes[2].term = 0;
    for (size_t i = 0; i < BW_COUNT(ballots); i++)
        CU_ASSERT_EQUAL(bad(&bw_message_schema_ballot, &ballots[i]), i > 0);
    for (size_t i = 0; i < BW_COUNT(votes); i++)
        CU_ASSERT_EQUAL(bad(&bw_message_schema_vote, &votes[i]), i > 0);
}

/* What stands behind a frame is its signature, or the reader stays where it is. */
static void a_signature_is_the_next_frame_and_whole(void) {
    static const uint8_t bytes[BW_CLAIM_SIGNATURE_SIZE] = {9, 8};
    struct bw_bytes frame = encode(&bw_message_schema_signature, &(struct bw_message_signature){{bytes, sizeof bytes}});
    struct bw_reader reader = {.data = frame.data, .size = frame.size};
    const uint8_t *signature = bw_message_signature(&reader);
    CU_ASSERT(signature != NULL && memcmp(signature, bytes, sizeof bytes) == 0);
    CU_ASSERT_EQUAL(reader.at, frame.size);
    CU_ASSERT_PTR_NULL(bw_message_signature(&reader)); /* at the end */
    buffer[0] = BW_FRAME_body;                         /* in the same form, something else */
    reader = (struct bw_reader){.data = frame.data, .size = frame.size};
    CU_ASSERT_PTR_NULL(bw_message_signature(&reader));
    CU_ASSERT_EQUAL(reader.at, 0);
    for (size_t size = 0; size < sizeof bytes; size++) {
        frame = encode(&bw_message_schema_signature, &(struct bw_message_signature){{bytes, size}});
        reader = (struct bw_reader){.data = frame.data, .size = frame.size};
        CU_ASSERT_PTR_NULL(bw_message_signature(&reader));
        CU_ASSERT_EQUAL(reader.at, 0);
    }
    bw_put_u16(buffer + 3, sizeof bytes); /* longer than its frame */
    reader = (struct bw_reader){.data = frame.data, .size = frame.size};
    CU_ASSERT_PTR_NULL(bw_message_signature(&reader));
    CU_ASSERT_EQUAL(reader.at, 0);
}

static bool bad_entry(const struct bw_message_entry *entry) {
    uint8_t entries[200];
    struct bw_writer writer = {.data = entries, .capacity = sizeof entries};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_entry, entry), 0);
    return bad(&bw_message_schema_set, &(struct bw_message_set){.entries = {.data = entries, .size = writer.used}});
}

static void each_clause_of_an_entry_alone(void) {
    const struct bw_bytes scope = TEXT("s");
    const struct bw_bytes line = TEXT("a\nb");
    CU_ASSERT_FALSE(bad_entry(&(struct bw_message_entry){.scope = scope, .term = 1, .sequence = 1, .lease_ms = 1}));
    CU_ASSERT(bad_entry(&(struct bw_message_entry){.scope = line, .term = 1, .sequence = 1, .lease_ms = 1}));
    CU_ASSERT(bad_entry(&(struct bw_message_entry){.scope = scope, .term = 1, .lease_ms = 1}));
    CU_ASSERT(bad_entry(&(struct bw_message_entry){.scope = scope, .term = 1, .sequence = 1}));
}

static void what_a_record_cannot_say(void) {
    const struct bw_claim good = {.token = {.term = 7, .id.bytes = {9}}, .sequence = 1, .lease_ms = 1500};
    struct bw_claim bad_one[5] = {good, good, good, good, good};
    bad_one[0].token.term = 0;
    bad_one[1].token.id = (struct bw_id){{0}};
    bad_one[2].sequence = 0;
    bad_one[3].lease_ms = 0;
    bad_one[4].successor.bytes[0] = 1; /* and does not resign */
    for (size_t i = 0; i < BW_COUNT(bad_one); i++) {
        uint8_t rank[BW_CLAIM_RANK_SIZE];
        uint8_t body[BW_CLAIM_BODY_MAX];
        struct bw_bytes bytes = {.data = body};
        struct bw_claim back;
        bw_claim_encode(&bad_one[i], rank, body, &bytes.size);
        CU_ASSERT_EQUAL(bw_claim_decode(&back, rank, bytes), BW_ERR_DROP_MALFORMED);
    }
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t twice[2 * BW_CLAIM_BODY_MAX];
    struct bw_bytes bytes = {.data = twice};
    struct bw_claim back;
    bw_claim_encode(&good, rank, twice, &bytes.size);
    memcpy(twice + bytes.size, twice, bytes.size);
    bytes.size *= 2;
    CU_ASSERT_EQUAL(bw_claim_decode(&back, rank, bytes), BW_ERR_DROP_MALFORMED);
}

static void a_set_is_ordered_and_within_its_range(void) {
    uint8_t entries[200];
    const struct bw_message_entry a = {.scope = TEXT("a"), .term = 9, .sequence = 1, .lease_ms = 1};
    const struct bw_message_entry b = {.scope = TEXT("b"), .term = 9, .sequence = 1, .lease_ms = 1};
    const struct bw_message_entry none = {.scope = TEXT("c"), .term = 0, .sequence = 1, .lease_ms = 1};
    struct bw_writer writer = {.data = entries, .capacity = sizeof entries};
    struct bw_message_set set = {.entries.data = entries};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_entry, &b), 0);
    set.entries.size = writer.used;
    CU_ASSERT_FALSE(bad(&bw_message_schema_set, &set));
    set.until = (struct bw_bytes)TEXT("a");
    CU_ASSERT(bad(&bw_message_schema_set, &set));
    set.until = (struct bw_bytes)TEXT("b");
    CU_ASSERT_FALSE(bad(&bw_message_schema_set, &set));
    set.after = (struct bw_bytes)TEXT("b");
    CU_ASSERT(bad(&bw_message_schema_set, &set));
    set.after = (struct bw_bytes){0};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_entry, &a), 0); /* falls */
    set.until = (struct bw_bytes){0};
    set.entries.size = writer.used;
    CU_ASSERT(bad(&bw_message_schema_set, &set));
    writer.used = 0;
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_entry, &none), 0);
    set.entries.size = writer.used;
    CU_ASSERT(bad(&bw_message_schema_set, &set));
}

static void a_record_comes_back_as_it_went(void) {
    const struct bw_claim claim = {.token = {.term = UINT64_C(0x0102030405060708), .id.bytes = {9, 8}},
                                   .sequence = 3,
                                   .state = BW_CLAIM_RESIGNING,
                                   .reason = BW_LOSS_RESIGNED,
                                   .lease_ms = 1500,
                                   .boot = 4,
                                   .successor.bytes = {7}};
    struct bw_claim back;
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    struct bw_bytes bytes = {.data = body};
    bw_claim_encode(&claim, rank, body, &bytes.size);
    CU_ASSERT_EQUAL(rank[0], 1);
    CU_ASSERT_EQUAL(rank[8], 9);
    CU_ASSERT_EQUAL(rank[31], 3);
    CU_ASSERT_EQUAL(bw_claim_decode(&back, rank, bytes), 0);
    CU_ASSERT_EQUAL(bw_claim_compare(&back, &claim), 0);
    CU_ASSERT(back.state == claim.state && back.reason == claim.reason && back.lease_ms == claim.lease_ms);
    CU_ASSERT(back.boot == claim.boot && bw_id_equal(&back.successor, &claim.successor));
    for (size_t size = 0; size < bytes.size; size++)
        CU_ASSERT(bw_claim_decode(&back, rank, (struct bw_bytes){.data = body, .size = size}) < 0);
    memset(rank + 24, 0xff, 8); /* a sequence that nobody could follow */
    CU_ASSERT_EQUAL(bw_claim_decode(&back, rank, bytes), BW_ERR_DROP_MALFORMED);
}

/* Whatever arrives: no crash, and what is malformed changes nothing. */
static void noise_changes_nothing(void) {
    struct bw_rng rng;
    bw_rng_seed(&rng, 11);
    world_begin();
    size_t leader = world_lead(3);
    struct bw_token before = world_believes(1);
    for (size_t i = 0; i < 20000; i++) {
        struct bw_bytes bytes = sample((enum bw_election_frame)(1 + i % 14));
        if (bytes.size == 0)
            continue;
        size_t flips = 1 + (size_t)bw_rng_below(&rng, 4);
        for (size_t k = 0; k < flips; k++)
            buffer[bw_rng_below(&rng, bytes.size)] ^= (uint8_t)(1u << bw_rng_below(&rng, 8));
        (void)world_inject(leader == 2 ? 0 : 2, 1, BW_NOT_HEARD, bytes);
    }
    world_run(MS(3000));
    struct bw_token after = world_believes(1);
    CU_ASSERT_EQUAL(bw_token_compare(&before, &after), 0);
    CU_ASSERT(world_all_follow(leader));
    uint8_t half[40];
    struct bw_bytes good = sample(BW_FRAME_resign);
    memcpy(half, good.data, good.size < sizeof half ? good.size : sizeof half);
    CU_ASSERT_EQUAL(world_inject(leader, 1, BW_NOT_HEARD, (struct bw_bytes){.data = half, .size = 20}),
                    BW_ERR_DROP_MALFORMED);
    world_end();
}

static const struct tap_test tests[] = {
    TAP_TEST(each_message_comes_back_as_it_went),
    TAP_TEST(a_list_of_voters_has_one_form),
    TAP_TEST(what_is_cut_or_longer_is_malformed),
    TAP_TEST(an_unknown_frame_is_skipped),
    TAP_TEST(impossible_values_are_malformed),
    TAP_TEST(each_clause_alone),
    TAP_TEST(each_clause_of_a_ballot_and_of_a_vote_alone),
    TAP_TEST(a_signature_is_the_next_frame_and_whole),
    TAP_TEST(each_clause_of_an_entry_alone),
    TAP_TEST(what_a_record_cannot_say),
    TAP_TEST(a_set_is_ordered_and_within_its_range),
    TAP_TEST(a_record_comes_back_as_it_went),
    TAP_TEST(noise_changes_nothing),
};
const struct tap_suite election_message_suite = TAP_SUITE("election/message", tests);
