/* Which claims count: the deaf, the mute, the far-off and the restarted. */
#include "election/state.h"
#include "tests/unit/election_test.h"

#include <string.h>

static void set_up(void) {
    world_begin();
}

static void deafen(size_t node, bool deaf) {
    for (size_t i = 0; i < WORLD_NODES; i++)
        world_cut(i, node, deaf);
}

static void mute(size_t node, bool silent) {
    for (size_t i = 0; i < WORLD_NODES; i++)
        world_cut(node, i, silent);
}

static void a_deaf_member_deposes_nobody_for_an_hour(void) {
    size_t leader = world_lead(4);
    size_t deaf = (leader + 1) % 4;
    struct bw_token token = world_believes(leader);
    deafen(deaf, true);
    world_run(MS(60000));
    struct bw_token alone = world_believes(deaf);
    CU_ASSERT(world_acts(deaf)); /* it believes itself alone */
    world_run(MS(3540000));
    CU_ASSERT(world_acts(leader));
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_DEPOSED), 0);
    struct bw_token after = world_believes(leader);
    CU_ASSERT_EQUAL(bw_token_compare(&token, &after), 0);
    CU_ASSERT(world_hits(BW_RULE_QUARANTINE_UNEVIDENCED_CLAIM) > 0);
    CU_ASSERT_EQUAL(world.nodes[deaf].elections, 1); /* claimed once, and its term does not run */
    after = world_believes(deaf);
    CU_ASSERT_EQUAL(bw_token_compare(&alone, &after), 0);
    for (size_t i = 0; i < 4; i++)
        if (i != deaf)
            CU_ASSERT_EQUAL(world_events(i, BW_EVENT_LEADER_ELECTED), 1);
}

/* Named as the successor, it claims without waiting to be heard; not again and again, though min_view never lets it lead alone. */
static void a_named_member_that_turns_deaf_claims_once(void) {
    const char *why;
    for (size_t i = 0; i < 4; i++)
        world.nodes[world_add(100)].min_view = 2;
    for (size_t i = 0; i < 4; i++)
        world_start(i);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    world_run(MS(2000));
    size_t claims = world.claims;
    CU_ASSERT_EQUAL(world_transfer(0, SCOPE, 1, &why), 0);
    while (world.claims == claims)
        world_run(100);
    deafen(1, true);
    world_run(MS(120000));
    CU_ASSERT_EQUAL(world.nodes[1].elections, 0);
    CU_ASSERT_EQUAL(world.claims, claims + 2); /* its own, and that of who leads in its place */
    CU_ASSERT(world_leader() < 4);
    deafen(1, false);
    world_run(MS(20000));
    CU_ASSERT(world_leader() < 4 && world_all_follow(world_leader()));
    CU_ASSERT_FALSE(world.overlap);
}

/* What it did not believe a member keeps others below, too: who claimed that may lead alone, and a resource have seen it. */
static void a_claim_below_a_quarantined_term_is_objected_to(void) {
    size_t leader = world_lead(4);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    uint64_t term = world_believes(0).term;
    world.no_records = true;
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, term + 500, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_QUARANTINE_UNEVIDENCED_CLAIM), 1);
    world_crash(0, true);
    world_run(MS(10000));
    CU_ASSERT_FATAL(world_leader() < 4);
    CU_ASSERT(world_believes(world_leader()).term > term + 500);
    const struct bw_message_claim claim = {
        .scope = {.data = (const uint8_t *)SCOPE, .size = 7}, .term = term + 400, .number = 1, .lease_ms = 1500};
    world_end();
    world_begin();
    world_add(100);
    world_add(-1);
    world_add(-1);
    world_start(0);
    world_start(1);
    world_run(MS(100));
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, term + 500, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_say(0, 1, &bw_message_schema_claim, &claim), 0);
    struct bw_message_object object;
    world_heard(&bw_message_schema_object, &object);
    CU_ASSERT_EQUAL(object.reason, BW_OBJECT_HIGHER_TERM);
    CU_ASSERT_EQUAL(object.token_term, term + 500);
}

/* One who sends ever higher terms and shows nothing for them stands in nobody's way but once in half a lease. */
static void a_stream_of_unevidenced_claims_blocks_nobody(void) {
    world_add(100);
    world_add(100);
    world_add(-1);
    world_add(-1);
    for (size_t i = 0; i < 4; i++)
        world_start(i);
    size_t leader = world_until_led(MS(10000));
    CU_ASSERT_FATAL(leader < 2);
    uint64_t term = world_believes(leader).term;
    world_run(MS(1000));
    world_crash(leader, true);
    world_isolate(3, true); /* does not confirm either */
    for (uint64_t i = 1; i <= 800; i++) {
        CU_ASSERT_EQUAL(world_record(3, 2, BW_NOT_HEARD, SCOPE, term + 100 * i, 3, 1, BW_CLAIM_LEADING), 0);
        world_run(MS(10));
    }
    CU_ASSERT_EQUAL(world_leader(), 1 - leader);
}

/* A term so large that the next one is out of bounds keeps nobody below: they could not claim above it. */
static void a_term_at_the_bound_blocks_nobody(void) {
    const uint64_t step = UINT64_C(1) << 32;
    world_add(100);
    world_add(-1);
    world_add(-1);
    world_start(0);
    world_start(1);
    world_run(MS(100));
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, 500, 2, 1, BW_CLAIM_LEADING), 0);
    const struct bw_scope *scope =
        bw_scope_find(world.nodes[1].election, (struct bw_bytes){(const uint8_t *)SCOPE, strlen(SCOPE)});
    CU_ASSERT_PTR_NOT_NULL_FATAL(scope);
    CU_ASSERT_EQUAL(scope->quarantined, 500);
    world.no_records = true;
    CU_ASSERT_EQUAL(world_record(0, 1, world.now_us, SCOPE, 600, 0, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(scope->seen, 600);
    world_run(MS(3000));
    uint64_t seen = scope->seen;
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, seen + step, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT(scope->seen == seen && scope->quarantined == 500);
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, seen + step - 1, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(scope->quarantined, seen + step - 1);
}

static void tell(size_t to, size_t about, struct bw_bytes candidacies) {
    const struct bw_election_member member = {
        .id = world.nodes[about].id, .status = BW_STATUS_ALIVE, .candidacies = candidacies};
    bw_election_member(world.nodes[to].election, &member, world_time(to));
}

/* Who has the scope in quorum mode keeps the others from leading it as long as it stands so, and no longer. */
static void another_mode_blocks_while_somebody_has_it(void) {
    uint8_t data[64];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    const struct bw_message_candidacy candidacy = {
        .scope = {(const uint8_t *)SCOPE, strlen(SCOPE)}, .flags = BW_CANDIDACY_READY, .mode = BW_MODE_QUORUM};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_candidacy, &candidacy), 0);
    for (size_t i = 0; i < 4; i++)
        world_start(world_add(i < 3 ? 100 : -1));
    size_t leader = world_until_led(MS(10000));
    CU_ASSERT_FATAL(leader < 3);
    world_run(MS(1000));
    for (size_t i = 0; i < 3; i++)
        tell(i, 3, (struct bw_bytes){data, writer.used});
    world_crash(leader, true);
    world_run(MS(20000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    for (size_t i = 0; i < 3; i++)
        if (i != leader)
            tell(i, 3, (struct bw_bytes){0});
    CU_ASSERT(world_until_led(MS(5000)) < 3);
}

/* A record in quorum mode counts for the lease that it tells of. */
static void a_record_of_another_mode_counts_for_its_lease(void) {
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    size_t leader = world_lead(3);
    struct bw_bytes bytes = {.data = body};
    const struct bw_bytes name = {(const uint8_t *)SCOPE, strlen(SCOPE)};
    struct bw_claim claim = {.token = {.term = world_believes(leader).term + 1, .id.bytes = {99}},
                             .sequence = 1,
                             .mode = BW_MODE_QUORUM,
                             .lease_ms = 9000,
                             .boot = 1};
    uint8_t signature[64];
    if (world.signing)
        world_sign_claim(SCOPE, &claim, signature);
    bw_claim_encode(&claim, rank, body, &bytes.size);
    world_crash(leader, true);
    for (size_t i = 0; i < 3; i++)
        if (i != leader)
            CU_ASSERT_EQUAL(bw_election_record(world.nodes[i].election, &world.nodes[3 - leader - i].id, world.now_us,
                                               name, rank, bytes, world_time(i)),
                            0);
    world_run(MS(8900));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT(world_until_led(MS(3000)) < 3);
}

static void a_deaf_leader_gives_way(void) {
    size_t leader = world_lead(4);
    deafen(leader, true);
    size_t successor = (world_run(MS(1600)), world_until_led(MS(1500)));
    CU_ASSERT(successor < 4 && successor != leader);
    CU_ASSERT_FALSE(world.overlap);
    uint64_t term = world_believes(successor).term;
    world_run(MS(60000));
    CU_ASSERT(world_acts(successor));
    CU_ASSERT_EQUAL(world_believes(successor).term, term);
}

static void a_mute_leader_gives_way_without_flapping(void) {
    size_t leader = world_lead(4);
    mute(leader, true);
    size_t successor = (world_run(MS(1600)), world_until_led(MS(1000)));
    CU_ASSERT(successor < 4 && successor != leader);
    CU_ASSERT_FALSE(world.overlap);
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_DEPOSED), 1);
    world_run(MS(60000));
    CU_ASSERT(world_acts(successor));
    CU_ASSERT_EQUAL(world_events(successor, BW_EVENT_SELF_DEPOSED), 0);
}

static void a_claim_needs_a_third_member_or_an_echo(void) {
    size_t leader = world_lead(4);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    world.no_records = true;
    uint64_t term = world_believes(0).term;
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, term + 5, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_believes(1).term, term);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_QUARANTINE_UNEVIDENCED_CLAIM), 1);
    CU_ASSERT_EQUAL(world_record(2, 1, world.now_us - MS(1501), SCOPE, term + 5, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_believes(1).term, term); /* an echo is fresh for one lease */
    CU_ASSERT_EQUAL(world_record(2, 1, world.now_us - MS(1499), SCOPE, term + 5, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_believes(1).term, term + 5);
    CU_ASSERT_EQUAL(world_record(3, 1, BW_NOT_HEARD, SCOPE, term + 6, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_believes(1).term, term + 6); /* relayed by a third */
    const struct bw_election_member dead = {.id = world.nodes[3].id, .status = BW_STATUS_DEAD};
    bw_election_member(world.nodes[1].election, &dead, world_time(1));
    CU_ASSERT_EQUAL(world_record(3, 1, BW_NOT_HEARD, SCOPE, term + 7, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_believes(1).term, term + 6); /* who does not live does not confirm */
}

/* The record of a reign may come before that of who reigns: an event that could not name it waits. */
static void a_leader_is_announced_once_it_is_known(void) {
    for (size_t i = 0; i < 3; i++)
        world_add(i == 2 ? 100 : -1);
    world_start(0);
    world_start(1);
    world_run(MS(1000));
    CU_ASSERT_EQUAL(world_record(0, 1, world.now_us, SCOPE, 500, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_ELECTED), 0);
    CU_ASSERT_EQUAL(world_believes(1).term, 0);
    tell(1, 2, (struct bw_bytes){NULL, 0});
    world_pump(1);
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_ELECTED), 1);
    CU_ASSERT_EQUAL(world_believes(1).term, 500);
}

/* What was not accepted is not published either: relaying is confirming. */
static void a_quarantined_claim_is_not_relayed(void) {
    world_lead(3);
    uint64_t term = world_believes(0).term;
    size_t messages = world.messages;
    size_t records = world.nodes[1].record_count;
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, "other", term, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world.nodes[1].record_count, records);
    CU_ASSERT_EQUAL(world.messages, messages + 1); /* but the claimant is asked */
    CU_ASSERT_EQUAL(world_record(0, 1, BW_NOT_HEARD, "other", term, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world.nodes[1].record_count, records + 1);
}

static void a_quarantined_term_raises_the_floor_of_the_next_claim(void) {
    size_t leader = world_lead(3);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    world.no_records = true;
    uint64_t term = world_believes(0).term + 1000;
    for (size_t i = 1; i < 3; i++)
        CU_ASSERT_EQUAL(world_record(0, i, BW_NOT_HEARD, SCOPE, term, 0, 1, BW_CLAIM_LEADING), 0);
    world_crash(0, true);
    size_t successor = world_until_led(MS(1000));
    CU_ASSERT_FATAL(successor < 3);
    CU_ASSERT_EQUAL(world_believes(successor).term, term + 1);
}

static void a_joiner_learns_the_leader(void) {
    size_t leader = world_lead(3);
    size_t joiner = world_add(100);
    world_start(joiner);
    world_run(MS(2000));
    CU_ASSERT(world_all_follow(leader));
    CU_ASSERT_EQUAL(world_events(joiner, BW_EVENT_LEADER_ELECTED), 1);
}

/* Its only peer is the leader: nobody else can relay, so the leader's echo has to do. */
static void a_joiner_with_the_leader_as_only_peer_learns_it(void) {
    size_t leader = world_add(100);
    world.nodes[leader].has_seeds = false;
    world_start(leader);
    CU_ASSERT_EQUAL(world_until_led(MS(3000)), leader);
    size_t joiner = world_add(200);
    size_t observer = world_add(-1);
    world_cut(joiner, observer, true);
    world_cut(observer, joiner, true);
    world_start(joiner);
    world_run(MS(1500));
    CU_ASSERT(world_all_follow(leader));
    world_run(MS(10000));
    CU_ASSERT(world_acts(leader));
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_DEPOSED), 0);
}

/* The reign of a former life: published as vacant, one sequence later. */
static void a_reign_that_we_do_not_hold_is_vacated(void) {
    world_lead(3);
    uint64_t term = world_believes(0).term;
    CU_ASSERT_EQUAL(world_record(0, 2, world.now_us, "other", term, 2, 4, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_VACATE_REIGN_NOT_HELD), 1);
    const struct world_record *record = &world.nodes[2].records[world.nodes[2].record_count - 1];
    struct bw_claim claim;
    CU_ASSERT_EQUAL(bw_claim_decode(&claim, record->rank, (struct bw_bytes){record->body, record->body_size}), 0);
    CU_ASSERT(claim.state == BW_CLAIM_VACANT && claim.sequence == 5 && claim.token.term == term);
}

static void a_record_of_our_own_reign_is_topped(void) {
    size_t leader = world_lead(3);
    struct bw_token token = world_believes(leader);
    CU_ASSERT_EQUAL(world_record((leader + 1) % 3, leader, world.now_us, SCOPE, token.term, leader, 7, BW_CLAIM_VACANT),
                    0);
    CU_ASSERT(world_acts(leader));
    const struct world_record *record = &world.nodes[leader].records[0];
    CU_ASSERT_EQUAL(record->rank[31], 8);
    world_run(MS(3000));
    CU_ASSERT(world_all_follow(leader));
}

static void tables_have_bounds(void) {
    world.params.scope_max = 4;
    world_lead(3);
    char name[] = "s0";
    for (; name[1] <= '9'; name[1]++)
        CU_ASSERT_EQUAL(world_record(2, 1, world.now_us, name, 9, 2, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(bw_election_scope_count(world.nodes[1].election), 4);
    struct bw_scope_info info;
    CU_ASSERT_EQUAL(bw_election_scope(world.nodes[1].election, 4, &info, world_time(1)), BW_ERR_NOT_FOUND);
}

/* A transmission of the claim that comes when its sender is long dead: only one that shows that it heard us of late counts. */
static void a_late_claim_does_not_raise_the_dead(void) {
    size_t leader = world_lead(3);
    for (size_t i = 0; i < 3; i++)
        if (i != leader)
            CU_ASSERT_EQUAL(world_stepdown(i, SCOPE, 600000), 0);
    struct bw_token token = world_believes(leader);
    size_t other = (leader + 1) % 3;
    world_crash(leader, false);
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world_believes(other).term, 0);
    uint8_t data[BW_ELECTION_MESSAGE_MAX];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    const struct bw_message_claim claim = {
        .scope = {(const uint8_t *)SCOPE, strlen(SCOPE)}, .term = token.term, .number = 2, .boot = 1, .lease_ms = 1500};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_claim, &claim), 0);
    const struct bw_bytes bytes = {.data = data, .size = writer.used};
    CU_ASSERT_EQUAL(world_inject(leader, other, BW_NOT_HEARD, bytes), 0);
    CU_ASSERT_EQUAL(world_inject(leader, other, world.now_us - MS(1600), bytes), 0);
    CU_ASSERT_EQUAL(world_believes(other).term, 0);
    CU_ASSERT_EQUAL(world_inject(leader, other, world.now_us - MS(100), bytes), 0);
    CU_ASSERT_EQUAL(world_believes(other).term, token.term);
}

static size_t barred;

static bool may_lead(void *context, const struct bw_id *id, struct bw_bytes scope) {
    (void)context;
    CU_ASSERT(scope.size == strlen(SCOPE) && memcmp(scope.data, SCOPE, scope.size) == 0);
    return world_of(id) != barred;
}

/* The member that may not lead is the best candidate, and is the only one that does not know that. */
static void who_may_not_lead_is_not_followed(void) {
    for (size_t i = 0; i < 4; i++)
        world_add(i == 3 ? 200 : 100);
    barred = 3;
    for (size_t i = 0; i < 4; i++) {
        world_start(i);
        world.nodes[i].election->may_lead = i != barred ? may_lead : NULL;
    }
    world_run(MS(20000));
    CU_ASSERT(world.nodes[barred].elections == 0 && world_hits(BW_RULE_LEAD_WHAT_IS_GRANTED) > 0);
    for (size_t i = 0; i < 3; i++) {
        struct bw_token token = world_believes(i);
        CU_ASSERT(!bw_id_equal(&token.id, &world.nodes[barred].id));
    }
}

/* A leader's certificate is revoked: it runs on, and does not care. */
static void who_may_not_lead_any_more_is_not_followed_any_more(void) {
    barred = world_lead(4);
    CU_ASSERT_FATAL(barred < 4);
    for (size_t i = 0; i < 4; i++)
        world.nodes[i].election->may_lead = i != barred ? may_lead : NULL;
    world_run(MS(20000));
    CU_ASSERT(world_leader() < 4 && world_leader() != barred);
    CU_ASSERT_FALSE(world_acts(barred));
    CU_ASSERT_FALSE(world.overlap);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_late_claim_does_not_raise_the_dead),
    TAP_TEST(a_deaf_member_deposes_nobody_for_an_hour),
    TAP_TEST(a_named_member_that_turns_deaf_claims_once),
    TAP_TEST(a_claim_below_a_quarantined_term_is_objected_to),
    TAP_TEST(a_deaf_leader_gives_way),
    TAP_TEST(a_stream_of_unevidenced_claims_blocks_nobody),
    TAP_TEST(a_term_at_the_bound_blocks_nobody),
    TAP_TEST(another_mode_blocks_while_somebody_has_it),
    TAP_TEST(a_record_of_another_mode_counts_for_its_lease),
    TAP_TEST(a_mute_leader_gives_way_without_flapping),
    TAP_TEST(a_claim_needs_a_third_member_or_an_echo),
    TAP_TEST(a_leader_is_announced_once_it_is_known),
    TAP_TEST(who_may_not_lead_any_more_is_not_followed_any_more),
    TAP_TEST(a_quarantined_claim_is_not_relayed),
    TAP_TEST(a_quarantined_term_raises_the_floor_of_the_next_claim),
    TAP_TEST(a_joiner_learns_the_leader),
    TAP_TEST(a_joiner_with_the_leader_as_only_peer_learns_it),
    TAP_TEST(a_reign_that_we_do_not_hold_is_vacated),
    TAP_TEST(a_record_of_our_own_reign_is_topped),
    TAP_TEST(who_may_not_lead_is_not_followed),
    TAP_TEST(tables_have_bounds),
};
const struct tap_suite election_evidence_suite = TAP_SUITE_WITH("election/evidence", tests, set_up, world_end);
