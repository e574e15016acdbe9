/* Identity mode: what somebody who can send anything in anybody's name, but has not the leader's key, can say of a reign. */
#include "election/state.h"
#include "tests/unit/election_test.h"

#include <string.h>

static bool signs; /* what world_signs was before */

static void set_up(void) {
    signs = world_signs;
    world_signs = true;
    world_begin();
}

static void tear_down(void) {
    world_end();
    world_signs = signs;
}

/* A record of the leader's as it is now, changed, told by another one. */
static int tell(size_t from, size_t to, const struct bw_claim *claim) {
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    struct bw_bytes bytes = {.data = body};
    const struct bw_bytes scope = {(const uint8_t *)SCOPE, strlen(SCOPE)};
    bw_claim_encode(claim, rank, body, &bytes.size);
    int error = bw_election_record(world.nodes[to].election, &world.nodes[from].id, world.now_us - 1, scope, rank,
                                   bytes, world_time(to));
    world_pump(to);
    return error;
}

static struct bw_claim claim_of(size_t node) {
    const struct world_record *record = &world.nodes[node].records[0];
    struct bw_claim claim;
    CU_ASSERT_EQUAL_FATAL(world.nodes[node].record_count, 1);
    CU_ASSERT_EQUAL_FATAL(bw_claim_decode(&claim, record->rank, (struct bw_bytes){record->body, record->body_size}), 0);
    return claim;
}

/* Three who stand and one who does not; the leader is known to all. */
static size_t lead(void) {
    size_t leader = world_lead(4);
    CU_ASSERT_FATAL(leader < 4 && world_all_follow(leader));
    return leader;
}

static void each_record_on_its_way_is_signed_by_its_leader(void) {
    size_t leader = lead();
    for (size_t i = 0; i < 4; i++) {
        uint8_t right[64];
        struct bw_claim claim = claim_of(i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(claim.signature);
        const uint8_t *signature = claim.signature;
        CU_ASSERT(bw_id_equal(&claim.token.id, &world.nodes[leader].id));
        world_sign_claim(SCOPE, &claim, right);
        CU_ASSERT_EQUAL(memcmp(signature, right, sizeof right), 0);
    }
    world_stepdown(leader, SCOPE, 600000);
    world_run(MS(5000));
    CU_ASSERT(world_leader() < 4 && world_leader() != leader);
    CU_ASSERT_PTR_NOT_NULL(claim_of(3).signature);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_SIGNED_BY_ITS_LEADER), 0);
}

/* Told by a third member, as gossip does, and well formed in all else. */
static void nobody_else_says_that_a_member_leads(void) {
    size_t leader = lead();
    size_t other = (leader + 1) % 3;
    size_t told = (leader + 2) % 3;
    uint8_t signature[64];
    struct bw_token before = world_believes(told);
    for (int how = 0; how < 3; how++) {
        struct bw_claim claim = claim_of(told);
        claim.token = (struct bw_token){.term = claim.token.term + 5, .id = world.nodes[other].id};
        claim.sequence = 1;
        world_sign_claim(SCOPE, &claim, signature);
        signature[0] ^= how == 1; /* not by that key */
        claim.signature = how == 0 ? NULL : signature;
        claim.token.term += how == 2; /* of another reign */
        CU_ASSERT_EQUAL(tell(3, told, &claim), BW_ERR_DROP_UNSIGNED);
        struct bw_token now = world_believes(told);
        CU_ASSERT_EQUAL(bw_token_compare(&now, &before), 0);
        claim.token.term -= how == 2;
        world_sign_claim(SCOPE, &claim, signature); /* so that it is for the signature alone */
        CU_ASSERT_EQUAL(tell(3, told, &claim), 0);
        now = world_believes(told);
        CU_ASSERT_EQUAL(now.term, claim.token.term);
        world_end();
        world_begin();
        lead();
        before = world_believes(told);
    }
}

/* Each field that is signed, of the living leader's own record with a larger sequence. */
static void nobody_else_ends_a_reign_or_changes_its_record(void) {
    size_t leader = lead();
    size_t told = (leader + 1) % 3;
    for (int what = 0; what < 7; what++) {
        uint8_t signature[64];
        struct bw_claim claim = claim_of(told);
        struct bw_token before = world_believes(told);
        claim.sequence += 10;
        claim.state = BW_CLAIM_RESIGNING;
        claim.successor = world.nodes[3].id;
        world_sign_claim(SCOPE, &claim, signature);
        claim.sequence += what == 1;
        claim.state = what == 2 ? BW_CLAIM_VACANT : claim.state;
        claim.successor = what == 0 || what == 2 ? (struct bw_id){{0}} : claim.successor;
        claim.reason = what == 3;
        claim.lease_ms += what == 4;
        claim.boot += what == 5;
        claim.mode = what == 6 ? BW_MODE_QUORUM : claim.mode;
        CU_ASSERT_EQUAL(tell(3, told, &claim), BW_ERR_DROP_UNSIGNED);
        struct bw_token now = world_believes(told);
        CU_ASSERT_EQUAL(bw_token_compare(&now, &before), 0);
    }
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world_leader(), leader);
    CU_ASSERT_EQUAL(world.nodes[leader].elections, 1);
}

/* The leader's own words, in a datagram that says that it is from the leader. */
static int say(size_t from, size_t to, const struct bw_schema *schema, const void *message, const uint8_t *signature) {
    uint8_t data[BW_ELECTION_MESSAGE_MAX];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    const struct bw_message_signature seal = {{signature, 64}};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, schema, message), 0);
    if (signature != NULL)
        CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_signature, &seal), 0);
    return world_inject_raw(from, to, world.now_us - 1, (struct bw_bytes){data, writer.used});
}

static void words_in_the_leaders_name_need_its_signature(void) {
    size_t leader = lead();
    size_t told = (leader + 1) % 3;
    size_t other = (leader + 2) % 3;
    const struct bw_bytes scope = {(const uint8_t *)SCOPE, strlen(SCOPE)};
    struct bw_token before = world_believes(told);
    uint64_t term = before.term + 3;
    uint8_t signature[64] = {1};
    uint8_t data[900];
    struct bw_writer entries = {.data = data, .capacity = sizeof data};
    const struct bw_message_resign resign = {scope, before.term, 9, BW_LOSS_RESIGNED, world.nodes[3].id};
    const struct bw_message_claim claim = {scope, term, 1, 1, 1500};
    const struct bw_message_answer answer = {scope, term, BW_ANSWER_YES, term, 1, 1, 1500};
    const struct bw_message_entry entry = {scope, term, 1, 1, 1500};
    CU_ASSERT_EQUAL(bw_wire_put(&entries, &bw_message_schema_entry, &entry), 0);
    const struct bw_message_set set = {{NULL, 0}, {NULL, 0}, {data, entries.used}};
    for (int i = 0; i < 2; i++) {
        const uint8_t *seal = i == 0 ? NULL : signature;
        CU_ASSERT_EQUAL(say(leader, told, &bw_message_schema_resign, &resign, seal), BW_ERR_DROP_UNSIGNED);
        CU_ASSERT_EQUAL(say(other, told, &bw_message_schema_claim, &claim, seal), BW_ERR_DROP_UNSIGNED);
        CU_ASSERT_EQUAL(say(other, told, &bw_message_schema_answer, &answer, seal), BW_ERR_DROP_UNSIGNED);
        CU_ASSERT_EQUAL(say(other, told, &bw_message_schema_set, &set, seal), BW_ERR_DROP_UNSIGNED);
    }
    struct bw_token now = world_believes(told);
    CU_ASSERT_EQUAL(bw_token_compare(&now, &before), 0);
    world_run(MS(3000));
    CU_ASSERT(world_leader() == leader && !world.overlap);
    CU_ASSERT_EQUAL(world.nodes[leader].elections, 1);
}

/* Of an earlier reign, word for word. */
static void a_signed_claim_that_is_over_changes_nothing(void) {
    size_t leader = lead();
    uint8_t signature[64];
    struct bw_claim old = claim_of(3);
    memcpy(signature, old.signature, sizeof signature);
    old.signature = signature;
    world_stepdown(leader, SCOPE, 600000);
    world_run(MS(5000));
    size_t next = world_leader();
    CU_ASSERT_FATAL(next < 4 && next != leader);
    for (size_t to = 0; to < 4; to++) {
        struct bw_token before = world_believes(to);
        CU_ASSERT_EQUAL(tell((to + 1) % 4, to, &old), 0);
        struct bw_token now = world_believes(to);
        CU_ASSERT_EQUAL(bw_token_compare(&now, &before), 0);
    }
    world_run(MS(3000));
    CU_ASSERT(world_leader() == next && !world.overlap);
}

/* It would make us claim above it, and name it to others. */
static void nobody_else_speaks_of_our_own_reigns(void) {
    size_t leader = lead();
    uint8_t signature[64] = {7};
    for (size_t to = 0; to < 3; to++) {
        struct bw_claim claim = claim_of(to);
        struct bw_token before = world_believes(to);
        claim.token = (struct bw_token){.term = claim.token.term + 9, .id = world.nodes[to].id};
        claim.sequence = 1;
        claim.signature = signature;
        CU_ASSERT_EQUAL(tell(3, to, &claim), BW_ERR_DROP_UNSIGNED);
        struct bw_token now = world_believes(to);
        CU_ASSERT_EQUAL(bw_token_compare(&now, &before), 0);
    }
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world_leader(), leader);
    CU_ASSERT_EQUAL(world.nodes[leader].elections, 1);
}

/* One look for each record at each member, one signature at the leader. */
static void each_record_is_looked_at_once(void) {
    size_t leader = lead();
    CU_ASSERT_EQUAL(world.looks, 3);
    world_run(MS(30000)); /* records are shown again and again */
    CU_ASSERT_EQUAL(world.looks, 3);
    world_stepdown(leader, SCOPE, 600000);
    world_run(MS(5000));
    CU_ASSERT(world_leader() < 4 && world_leader() != leader);
    tap_note("%zu looks for a reign, its end and the next", world.looks);
    CU_ASSERT_EQUAL(world.looks, 3 + 3 + 3);
}

static bool may_lead(void *context, const struct bw_id *id, struct bw_bytes scope) {
    (void)context, (void)scope;
    return world_of(id) != 3;
}

/* The member signs it itself, and others tell of it: its certificate does not grant it. */
static void what_is_not_granted_is_not_taken_from_others_either(void) {
    size_t leader = lead();
    size_t told = (leader + 1) % 3;
    uint8_t signature[64];
    struct bw_claim claim = claim_of(told);
    struct bw_token before = world_believes(told);
    world.nodes[told].election->may_lead = may_lead;
    claim.token = (struct bw_token){.term = claim.token.term + 5, .id = world.nodes[3].id};
    world_sign_claim(SCOPE, &claim, signature);
    CU_ASSERT_EQUAL(tell(leader, told, &claim), 0);
    struct bw_token now = world_believes(told);
    CU_ASSERT_EQUAL(bw_token_compare(&now, &before), 0);
    CU_ASSERT(world_hits(BW_RULE_LEAD_WHAT_IS_GRANTED) > 0);
}

static void without_identity_mode_a_signature_is_left_aside(void) {
    world_end();
    world_signs = false;
    world_begin();
    size_t leader = lead();
    size_t told = (leader + 1) % 3;
    uint8_t signature[64];
    struct bw_claim claim = claim_of(told);
    CU_ASSERT_PTR_NULL(claim.signature);
    claim.sequence += 10;
    claim.state = BW_CLAIM_VACANT;
    world_sign_claim(SCOPE, &claim, signature);
    CU_ASSERT_EQUAL(tell(3, told, &claim), 0);
    CU_ASSERT_EQUAL(claim_of(told).sequence, claim.sequence);
    CU_ASSERT_PTR_NULL(claim_of(told).signature);
}

static const struct tap_test tests[] = {
    TAP_TEST(each_record_on_its_way_is_signed_by_its_leader),
    TAP_TEST(nobody_else_says_that_a_member_leads),
    TAP_TEST(nobody_else_ends_a_reign_or_changes_its_record),
    TAP_TEST(words_in_the_leaders_name_need_its_signature),
    TAP_TEST(a_signed_claim_that_is_over_changes_nothing),
    TAP_TEST(nobody_else_speaks_of_our_own_reigns),
    TAP_TEST(each_record_is_looked_at_once),
    TAP_TEST(what_is_not_granted_is_not_taken_from_others_either),
    TAP_TEST(without_identity_mode_a_signature_is_left_aside),
};
const struct tap_suite election_signed_suite = TAP_SUITE_WITH("election signed", tests, set_up, tear_down);
