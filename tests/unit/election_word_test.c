/* Single messages at single moments: what each one does, and what it does not. */
#include "tests/unit/election_test.h"

static void set_up(void) {
    world_begin();
}

static const struct bw_bytes scope = {.data = (const uint8_t *)SCOPE, .size = sizeof SCOPE - 1};

/* Says a heartbeat to both followers of 0 as if it came from there, ten times a second for 2.5 s. */
static size_t keep_saying(struct bw_message_heartbeat heartbeat, bool echo) {
    for (int i = 0; i < 25; i++) {
        heartbeat.round++;
        for (size_t node = 1; node < 3; node++) {
            uint8_t data[40];
            struct bw_writer writer = {.data = data, .capacity = sizeof data};
            CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_heartbeat, &heartbeat), 0);
            (void)world_inject(0, node, echo ? world.now_us - 1 : BW_NOT_HEARD,
                               (struct bw_bytes){.data = data, .size = writer.used});
        }
        world_run(MS(100));
    }
    return world_leader();
}

static void delayed_heartbeats_keep_no_dead_leader_alive(void) {
    struct bw_message_heartbeat heartbeat;
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world_heard(&bw_message_schema_heartbeat, &heartbeat);
    world_crash(0, false);
    CU_ASSERT_EQUAL(keep_saying(heartbeat, false), 1);
    CU_ASSERT(world_hits(BW_RULE_STALE_HEARTBEAT_IS_SILENCE) > 0);
}

static void fresh_ones_of_the_same_set_would(void) {
    struct bw_message_heartbeat heartbeat;
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world_heard(&bw_message_schema_heartbeat, &heartbeat);
    world_crash(0, false);
    CU_ASSERT_EQUAL(keep_saying(heartbeat, true), WORLD_NODES);
}

static void heartbeats_of_another_set_do_not_count(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world_crash(0, false);
    CU_ASSERT_EQUAL(keep_saying((struct bw_message_heartbeat){.round = 1000, .digest = 1}, true), 1);
}

static bool to_0_nothing(size_t from, size_t to, uint8_t type) {
    (void)from;
    (void)type;
    return to != 0;
}

static void acknowledge(struct bw_message_ack ack, bool foreign) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world.filter = to_0_nothing;
    for (int i = 0; i < 8; i++) {
        struct bw_message_heartbeat heartbeat;
        world_run(MS(250));
        world_heard(&bw_message_schema_heartbeat, &heartbeat);
        ack.round = heartbeat.round;
        ack.digest = foreign ? ~heartbeat.digest : heartbeat.digest;
        if (world_acts(0))
            CU_ASSERT_EQUAL(world_say(1, 0, &bw_message_schema_ack, &ack), 0);
    }
}

static void a_counted_acknowledgement_renews(void) {
    acknowledge((struct bw_message_ack){.counted = 1}, false);
    CU_ASSERT(world_acts(0));
}

static void an_acknowledgement_that_did_not_count_renews_nothing(void) {
    acknowledge((struct bw_message_ack){.counted = 0}, false);
    CU_ASSERT_FALSE(world_acts(0));
}

static void an_acknowledgement_of_another_set_renews_nothing(void) {
    acknowledge((struct bw_message_ack){.counted = 1}, true);
    CU_ASSERT_FALSE(world_acts(0));
}

static void the_set_is_sent_once_a_round(void) {
    struct bw_message_heartbeat heartbeat;
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world_heard(&bw_message_schema_heartbeat, &heartbeat);
    const struct bw_message_ack ack = {.round = heartbeat.round, .digest = 5};
    size_t messages = world.messages;
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(world_say(1, 0, &bw_message_schema_ack, &ack), 0);
    CU_ASSERT_EQUAL(world.messages, messages + 1);
}

/* A page that does not name the scope: its sender does not lead it. */
static void a_set_without_the_scope_is_a_no(void) {
    const struct bw_message_set set = {.entries.data = (const uint8_t *)""};
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    CU_ASSERT_EQUAL(world_say(0, 1, &bw_message_schema_set, &set), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_NO_IS_A_RESIGNATION), 1);
    CU_ASSERT_EQUAL(world_last(1, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_RESIGNED);
    world_run(MS(300)); /* it was not true: the next heartbeat says so */
    CU_ASSERT(world_all_follow(0));
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_ELECTED), 2);
}

static void a_page_older_than_the_reign_says_nothing(void) {
    const struct bw_message_set set = {.entries.data = (const uint8_t *)""};
    for (size_t i = 0; i < 3; i++)
        world_add(100);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(3000)), 0);
    CU_ASSERT_EQUAL(world_say(0, 1, &bw_message_schema_set, &set), 0);
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_LOST), 0);
}

static void answer(struct bw_message_answer m) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    m.scope = scope;
    m.about += world_believes(0).term;
    m.term = world_believes(0).term;
    CU_ASSERT_EQUAL(world_say(0, 1, &bw_message_schema_answer, &m), 0);
}

static void a_no_is_a_resignation(void) {
    answer((struct bw_message_answer){.leads = BW_ANSWER_NO, .boot = 1});
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_LOST), 1);
}

static void a_no_about_another_term_is_none(void) {
    answer((struct bw_message_answer){.leads = BW_ANSWER_NO, .boot = 1, .about = (uint64_t)-1});
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_LOST), 0);
}

static void an_answer_from_a_later_boot_is_a_resignation(void) {
    answer((struct bw_message_answer){.leads = BW_ANSWER_YES, .boot = 2, .sequence = 1, .lease_ms = 1500});
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_LOST), 1);
}

static void a_yes_is_none(void) {
    answer((struct bw_message_answer){.leads = BW_ANSWER_YES, .boot = 1, .sequence = 1, .lease_ms = 1500});
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_LOST), 0);
}

/* ------------------------------------------------------------------ refusals */

static void refuse_at_1(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    bw_election_refused(world.nodes[1].election, &world.nodes[0].id, world_time(1));
    world_pump(1);
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_LOST), 0);
}

static void second_refusal(void) {
    struct bw_message_ask ask;
    world_heard(&bw_message_schema_ask, &ask);
    CU_ASSERT_EQUAL(ask.refused, 1);
    const struct bw_message_reply reply = {
        .scope = scope, .term = ask.term, .leader = ask.leader, .number = ask.number, .age_ms = 5, .refused = 1};
    CU_ASSERT_EQUAL(world_say(2, 1, &bw_message_schema_reply, &reply), 0);
}

static void a_second_refusal_in_a_reply_counts(void) {
    refuse_at_1();
    second_refusal();
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_LOST), 1);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_REFUSAL_ENDS_THE_WAIT), 1);
}

static void a_refusal_is_void_once_something_authentic_came(void) {
    struct bw_message_heartbeat heartbeat;
    refuse_at_1();
    world_heard(&bw_message_schema_heartbeat, &heartbeat);
    heartbeat.round++;
    CU_ASSERT_EQUAL(world_say(0, 1, &bw_message_schema_heartbeat, &heartbeat), 0);
    second_refusal();
    CU_ASSERT_EQUAL(world_events(1, BW_EVENT_LEADER_LOST), 0);
}

/* Another successor heard the leader just before: two refusals know better. The leader itself would be believed. */
static void object_to_a_claim_on_refusals(size_t from) {
    struct bw_message_claim claim;
    refuse_at_1();
    world_crash(0, true);
    second_refusal();
    for (int i = 0; i < 100 && world_hits(BW_RULE_PERSIST_BEFORE_SPEAKING) < 2; i++)
        world_run(100);
    world_heard(&bw_message_schema_claim, &claim);
    const struct bw_message_object object = {.scope = scope,
                                             .term = claim.term,
                                             .reason = BW_OBJECT_LIVE_LEADER,
                                             .token_term = world_believes(0).term,
                                             .token_id = world.nodes[0].id};
    CU_ASSERT_EQUAL(world_say(from, 1, &bw_message_schema_object, &object), 0);
}

static void an_objection_does_not_undo_two_refusals(void) {
    object_to_a_claim_on_refusals(2);
    struct bw_message_claim claim;
    world_heard(&bw_message_schema_claim, &claim);
    const struct bw_message_confirm yes = {.scope = scope, .term = claim.term, .number = claim.number};
    CU_ASSERT_EQUAL(world_say(2, 1, &bw_message_schema_confirm, &yes), 0);
    CU_ASSERT(world_acts(1));
}

static void the_leaders_own_objection_does(void) {
    struct bw_message_claim claim;
    object_to_a_claim_on_refusals(0);
    world_heard(&bw_message_schema_claim, &claim);
    const struct bw_message_confirm yes = {.scope = scope, .term = claim.term, .number = claim.number};
    CU_ASSERT_EQUAL(world_say(2, 1, &bw_message_schema_confirm, &yes), 0);
    CU_ASSERT_FALSE(world_acts(1));
}

/* ------------------------------------------------------------------ who stands */

/* The membership's "dead" alone never shortens the wait, not even for who does not watch the leader. */
static void dead_in_the_view_is_not_enough(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(7), 0); /* five successors: the last one is none */
    world_run(MS(5000));
    const struct bw_election_member dead = {.id = world.nodes[0].id, .status = BW_STATUS_DEAD};
    bw_election_member(world.nodes[6].election, &dead, world_time(6));
    world_pump(6);
    CU_ASSERT_EQUAL(world.claims, 1);
    CU_ASSERT_EQUAL(world_last(6, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_DIED); /* though it says so */
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world.claims, 1);
    CU_ASSERT(world_acts(0));
    CU_ASSERT(world_hits(BW_RULE_WAIT_FOR_OTHER_SUCCESSORS) > 0);
}

/* The best hangs on its disk; the next one waits its stagger; a worse one claims: the next one objects, and claims. */
static void the_better_candidate_objects_in_its_own_name(void) {
    world_add(300);
    world_add(200);
    world_add(100);
    world.nodes[0].persist_us = MS(10000);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    world_run(MS(1610));
    CU_ASSERT_EQUAL(world.claims, 1);
    const struct bw_message_claim claim = {.scope = scope, .term = 1700001005, .number = 1, .lease_ms = 1500};
    CU_ASSERT_EQUAL(world_say(2, 1, &bw_message_schema_claim, &claim), 0);
    CU_ASSERT_EQUAL(world.claims, 2);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_OBJECT_TO_CLAIM), 1);
    struct bw_message_object object;
    world_heard(&bw_message_schema_object, &object);
    CU_ASSERT_EQUAL(object.reason, BW_OBJECT_BETTER_CANDIDATE);
    CU_ASSERT_EQUAL(world_until_led(MS(100)), 1);
    CU_ASSERT(world_believes(1).term > claim.term);
}

/* The old leader is left out only until it is heard under the new term. */
static void a_returned_leader_counts_as_somebody_else(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    world_crash(0, false);
    CU_ASSERT_EQUAL(world_until_led(MS(2000)), 1);
    world_run(MS(1600));
    CU_ASSERT(world_acts(1)); /* nobody acknowledges, nobody else is there */
    world_start(0);
    world_run(MS(1000));
    world_crash(0, false);
    world_run(MS(1600));
    CU_ASSERT_FALSE(world_acts(1));
}

static bool from_0_nothing(size_t from, size_t to, uint8_t type) {
    (void)to;
    (void)type;
    return from != 0;
}

static void so_it_does_when_the_membership_hears_it(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(2), 0);
    world_crash(0, false);
    world_run(MS(7000));
    CU_ASSERT(world_acts(1));
    world.filter = from_0_nothing;
    world_start(0);
    world_run(MS(1700));
    CU_ASSERT_FALSE(world_acts(1));
}

/* What it slept through it did not wait: the leader's heartbeats come to it again before it stands. */
static void a_sleepers_patience_is_not_used_up(void) {
    for (size_t i = 0; i < 2; i++) {
        size_t node = world_add(100);
        world.nodes[node].min_ack = world.nodes[node].min_confirm = 0;
    }
    world_start(0);
    world_start(1);
    CU_ASSERT_EQUAL(world_until_led(MS(3000)), 0);
    world_run(MS(1000));
    world_isolate(1, true);
    world_pause(1);
    world_run(MS(3000));
    world_isolate(1, false);
    world_resume(1);
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world.claims, 1);
    CU_ASSERT(world_hits(BW_RULE_SLEEP_PUSHES_PATIENCE) > 0);
    CU_ASSERT(world_all_follow(0));
}

static void a_repeated_healing_is_said_once(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    struct bw_token token = world_believes(0);
    const struct bw_message_healed healed = {.scope = scope,
                                             .winner_term = token.term,
                                             .winner_id = token.id,
                                             .loser_term = token.term - 1,
                                             .loser_id = world.nodes[1].id,
                                             .winner_age_ms = UINT64_MAX,
                                             .loser_age_ms = 70};
    size_t messages = world.messages;
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(world_say(1, 0, &bw_message_schema_healed, &healed), 0);
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SPLIT_BRAIN_HEALED), 1);
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SPLIT_BRAIN_HEALED)->event.overlap_ms, 70);
    CU_ASSERT_EQUAL(world.messages, messages + 3); /* each is answered: an answer may be lost */
}

static const struct tap_test tests[] = {
    TAP_TEST(delayed_heartbeats_keep_no_dead_leader_alive),
    TAP_TEST(fresh_ones_of_the_same_set_would),
    TAP_TEST(heartbeats_of_another_set_do_not_count),
    TAP_TEST(a_counted_acknowledgement_renews),
    TAP_TEST(an_acknowledgement_that_did_not_count_renews_nothing),
    TAP_TEST(an_acknowledgement_of_another_set_renews_nothing),
    TAP_TEST(the_set_is_sent_once_a_round),
    TAP_TEST(a_set_without_the_scope_is_a_no),
    TAP_TEST(a_page_older_than_the_reign_says_nothing),
    TAP_TEST(a_no_is_a_resignation),
    TAP_TEST(a_no_about_another_term_is_none),
    TAP_TEST(an_answer_from_a_later_boot_is_a_resignation),
    TAP_TEST(a_yes_is_none),
    TAP_TEST(a_second_refusal_in_a_reply_counts),
    TAP_TEST(a_refusal_is_void_once_something_authentic_came),
    TAP_TEST(an_objection_does_not_undo_two_refusals),
    TAP_TEST(the_leaders_own_objection_does),
    TAP_TEST(dead_in_the_view_is_not_enough),
    TAP_TEST(the_better_candidate_objects_in_its_own_name),
    TAP_TEST(a_returned_leader_counts_as_somebody_else),
    TAP_TEST(so_it_does_when_the_membership_hears_it),
    TAP_TEST(a_sleepers_patience_is_not_used_up),
    TAP_TEST(a_repeated_healing_is_said_once),
};
const struct tap_suite election_word_suite = TAP_SUITE_WITH("election/word", tests, set_up, world_end);
