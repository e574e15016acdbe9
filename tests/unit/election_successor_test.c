/* Watching the leader: when a successor may stand, and when it must not. */
#include "tests/unit/election_test.h"

#include <string.h>

static void set_up(void) {
    world_begin();
}

#define ROUND_MS 250
#define WAIT_US (MS(1500) + 2 * MS(1500) / 1000 + MS(100))

/* Crashes the leader right after a heartbeat was heard, so that times are exact. */
static size_t crash_after_heartbeat(size_t count, bool refusing) {
    size_t leader = world_lead(count);
    world_run(ROUND_MS * 1000 - (world.now_us - world_last(leader, BW_EVENT_SELF_ELECTED)->at_us) % MS(ROUND_MS) +
              MS(1));
    world_crash(leader, refusing);
    return leader;
}

static void a_silent_leader_is_waited_for_as_long_as_its_lease_may_run(void) {
    crash_after_heartbeat(5, false);
    world_run(WAIT_US - MS(2));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_REFUSAL_ENDS_THE_WAIT), 0);
    world_run(MS(12));
    size_t successor = world_leader();
    CU_ASSERT_FATAL(successor < 5);
    CU_ASSERT(world_all_follow(successor));
    CU_ASSERT_EQUAL(world.claims, 2);
    CU_ASSERT_EQUAL(world_last(successor, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_DIED);
}

static void a_refused_port_ends_the_wait(void) {
    size_t leader = crash_after_heartbeat(5, true);
    world_run(MS(ROUND_MS * 12 / 10 - 3));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    world_run(MS(10));
    size_t successor = world_leader();
    CU_ASSERT_FATAL(successor < 5 && successor != leader);
    CU_ASSERT(world_all_follow(successor));
    CU_ASSERT(world_hits(BW_RULE_REFUSAL_ENDS_THE_WAIT) >= 2);
    CU_ASSERT_EQUAL(world.claims, 2);
}

static void the_only_successor_needs_no_second_refusal(void) {
    size_t leader = crash_after_heartbeat(2, true);
    world_run(MS(310));
    CU_ASSERT_EQUAL(world_leader(), 1 - leader);
}

/* Seen by one of two only - the other's error queue is deaf to it -, a refusal shortens nothing. */
static void one_refusal_of_two_successors_shortens_nothing(void) {
    size_t leader = crash_after_heartbeat(3, true);
    size_t blind = leader == 0 ? 1 : 0;
    world_cut(blind, leader, true);
    world_run(WAIT_US - MS(2));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_REFUSAL_ENDS_THE_WAIT), 0);
    world_run(MS(100));
    CU_ASSERT(world_leader() < 3);
}

static void with_failover_safe_a_refusal_shortens_nothing(void) {
    for (size_t i = 0; i < 3; i++)
        world.nodes[world_add(100)].failover = BW_FAILOVER_SAFE;
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    size_t leader = world_until_led(MS(10000));
    CU_ASSERT_FATAL(leader < 3);
    world_run(MS(1000));
    world_crash(leader, true);
    world_run(MS(1300));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    world_run(MS(400));
    CU_ASSERT(world_leader() < 3);
}

/* A refusal is void once something authentic came: a stray one deposes nobody. */
static void a_refusal_of_a_living_leader_deposes_nobody(void) {
    size_t leader = world_lead(3);
    for (size_t i = 0; i < 3; i++)
        if (i != leader) {
            bw_election_refused(world.nodes[i].election, &world.nodes[leader].id, world_time(i));
            if (i == (leader + 1) % 3) /* one forged: not enough */
                world_pump(i);
            world_run(MS(1000));
        }
    CU_ASSERT(world_acts(leader));
    CU_ASSERT_EQUAL(world.claims, 1);
}

static void a_leader_cut_off_from_all_stops_before_its_successor_claims(void) {
    for (int64_t phase = 0; phase < 250; phase += 31) {
        size_t leader = world_lead(4);
        world_run(MS(phase));
        world_isolate(leader, true);
        int64_t from_us = world.now_us;
        size_t successor = (world_run(MS(1510)), world_until_led(MS(1000)));
        CU_ASSERT_FATAL(successor < 4 && successor != leader);
        CU_ASSERT(world.last_act_us < world.now_us);
        CU_ASSERT(world_events(leader, BW_EVENT_SELF_DEPOSED) == 1);
        CU_ASSERT_FALSE(world.overlap);
        CU_ASSERT(world.now_us - from_us <= MS(1700));
        world_end();
        world_begin();
    }
}

/* One bad link is not a dead leader: the others say so. */
static void the_other_successors_objection_holds_a_cut_off_successor_back(void) {
    size_t leader = world_lead(4);
    size_t cut = (leader + 1) % 4;
    world_cut(leader, cut, true);
    world_cut(cut, leader, true);
    world_run(MS(60000));
    CU_ASSERT(world_acts(leader));
    CU_ASSERT_EQUAL(world.claims, 1);
}

static bool drop_heartbeats_and_answers_to_1(size_t from, size_t to, uint8_t type) {
    return !(from == 0 && to == 1 && (type == BW_FRAME_heartbeat || type == BW_FRAME_answer || type == BW_FRAME_set));
}

/* No probe either: only the third member's word is left. */
static void the_objection_alone_is_enough(void) {
    size_t leader = world_lead(3);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    world.filter = drop_heartbeats_and_answers_to_1;
    world_cut(0, 1, true);
    world_cut(1, 0, true);
    world_cut(2, 0, false);
    for (int i = 0; i < 40; i++) {
        world_run(MS(250));
        bw_election_answered(world.nodes[1].election, &world.nodes[0].id, false, world_time(1));
        world_pump(1);
    }
    CU_ASSERT(world_acts(0));
    CU_ASSERT_EQUAL(world.claims, 1);
}

static bool quiet_3(size_t from, size_t to, uint8_t type) {
    (void)to;
    return !(from == 3 && type == BW_FRAME_reply);
}

/* It may have heard what we did not: it counts as having heard the leader when the third question was sent. */
static void silence_is_not_consent(void) {
    size_t leader = world_lead(4);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    world.filter = quiet_3;
    world_run(ROUND_MS * 1000 - (world.now_us - world_last(leader, BW_EVENT_SELF_ELECTED)->at_us) % MS(ROUND_MS) +
              MS(1));
    world_crash(leader, false);
    world_run(WAIT_US + MS(20));
    CU_ASSERT(!world_acts(1) && !world_acts(2)); /* node 3 itself has the others' consent, and ranks last */
    CU_ASSERT(world_hits(BW_RULE_SILENCE_IS_NOT_CONSENT) >= 1);
    world_run(MS(100));
    CU_ASSERT_EQUAL(world_leader(), 3);
}

static void the_silent_are_waited_for_once(void) {
    size_t leader = world_lead(3);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    world_crash(0, false);
    world_pause(1);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_until_led(MS(2200)), WORLD_NODES);
    CU_ASSERT(world_hits(BW_RULE_WAIT_FOR_OTHER_SUCCESSORS) > 0);
    world_run(MS(300));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES); /* nobody confirms: node 1 is not dead yet */
    CU_ASSERT_EQUAL(world.claims, 1);
    world_resume(1);
    CU_ASSERT(world_until_led(MS(2500)) < 3);
    CU_ASSERT(world.now_us - from_us < MS(5000));
    CU_ASSERT_FALSE(world.overlap);
}

/* A hung best candidate - it is alive for the others - costs little more. */
static void a_hung_best_candidate_does_not_block(void) {
    size_t leader = world_lead(5);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    world_crash(0, false);
    world_pause(1);
    CU_ASSERT_EQUAL((world_run(MS(1700)), world_until_led(MS(1500))), 2);
}

static void top_three_crashed_at_once(void) {
    size_t leader = world_lead(6);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    for (size_t i = 0; i < 3; i++)
        world_crash(i, true);
    int64_t from_us = world.now_us;
    CU_ASSERT_EQUAL(world_until_led(MS(5000)), 3);
    CU_ASSERT(world.now_us - from_us <= MS(1000));
}

static void witnesses_acknowledge_and_never_claim(void) {
    world_add(100);
    for (size_t i = 0; i < 3; i++)
        world_add(-1);
    for (size_t i = 0; i < 4; i++)
        world_start(i);
    CU_ASSERT_EQUAL(world_until_led(MS(10000)), 0);
    world_run(MS(20000));
    CU_ASSERT(world_acts(0));
    CU_ASSERT(world_all_follow(0));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 0);
    size_t claims = world.claims;
    world_crash(0, true);
    world_run(MS(20000));
    CU_ASSERT_EQUAL(world.claims, claims);
    for (size_t i = 1; i < 4; i++) {
        CU_ASSERT_EQUAL(world_events(i, BW_EVENT_SELF_ELECTED), 0);
        CU_ASSERT_EQUAL(world_last(i, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_DIED);
    }
}

/* Two candidates among observers do not pause when one of them is gone. */
static void a_witness_keeps_the_leader_acting(void) {
    world_add(200);
    world_add(100);
    world_add(-1);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL(world_until_led(MS(10000)), 0);
    world_run(MS(1000));
    world_crash(1, false);
    world_run(MS(20000));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 0);
    world_start(1);
    world_run(MS(5000));
    world_crash(0, true); /* and its refusal counts */
    CU_ASSERT_EQUAL(world_until_led(MS(400)), 1);
}

/* Restarted within its lease it says "no", and that is enough. */
static void a_no_from_a_later_boot_is_a_resignation(void) {
    size_t leader = world_lead(3);
    world.no_records = true; /* so that only the question can tell */
    world_crash(leader, false);
    world_run(MS(20));
    world_start(leader);
    world_run(MS(330));
    CU_ASSERT(world_hits(BW_RULE_NO_IS_A_RESIGNATION) > 0);
    size_t successor = world_until_led(MS(700));
    CU_ASSERT(successor < 3 && successor != leader);
}

static void loss_of_a_fifth_changes_no_leader(void) {
    size_t leader = world_lead(5);
    world.loss_percent = 20;
    world_run(MS(120000));
    CU_ASSERT(world_acts(leader));
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_DEPOSED), 0);
    CU_ASSERT_EQUAL(world.claims, 1);
    world_crash(leader, false);
    CU_ASSERT(world_until_led(MS(4000)) < 5);
    CU_ASSERT_FALSE(world.overlap);
}

static bool no_records_and_no_word_to_1(size_t from, size_t to, uint8_t type) {
    return type != BW_FRAME_record && !(from == 0 && to == 1);
}

/* Another claimed over a leader that it had not heard of, and gave up; the record says "vacant", but that leader may act. */
static void a_leader_put_aside_is_waited_for(void) {
    size_t leader = world_lead(4);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    uint64_t term = world_believes(0).term;
    world.no_records = true;
    world.filter = no_records_and_no_word_to_1;
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, term + 1, 3, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, term + 1, 3, 2, BW_CLAIM_VACANT), 0);
    world_run(WAIT_US - MS(100));
    CU_ASSERT(world_hits(BW_RULE_PROMISE_OUTLIVES_THE_RECORD) > 0);
    CU_ASSERT_EQUAL(world.claims, 1);
    world_run(MS(3000));
    CU_ASSERT(world.claims > 1);
    CU_ASSERT(world_acts(0)); /* the others object */
    CU_ASSERT_FALSE(world.overlap);
}

/* ... nor do those who put it aside confirm who did not know of it. */
static void a_claim_over_a_leader_put_aside_is_objected_to(void) {
    size_t leader = world_lead(4);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    uint64_t term = world_believes(0).term;
    struct bw_message_object object = {0};
    const struct bw_message_claim claim = {.scope = {.data = (const uint8_t *)SCOPE, .size = strlen(SCOPE)},
                                           .term = term + 2,
                                           .number = 1,
                                           .lease_ms = 1500};
    world.no_records = true;
    world.filter = no_records_and_no_word_to_1;
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, term + 1, 3, 1, BW_CLAIM_LEADING), 0);
    CU_ASSERT_EQUAL(world_record(2, 1, BW_NOT_HEARD, SCOPE, term + 1, 3, 2, BW_CLAIM_VACANT), 0);
    CU_ASSERT_EQUAL(world_say(3, 1, &bw_message_schema_claim, &claim), 0);
    world_heard(&bw_message_schema_object, &object);
    CU_ASSERT_EQUAL(object.reason, BW_OBJECT_LIVE_LEADER);
    CU_ASSERT_EQUAL(object.token_term, term);
    CU_ASSERT(world_believes(1).term < term + 2);
}

/* Whoever was away, and so has waited long enough for its own part, is told by those who heard the leader within its lease. */
static void who_heard_the_leader_within_its_lease_objects(void) {
    size_t leader = world_lead(4);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    uint64_t term = world_believes(0).term;
    struct bw_message_object object = {0};
    const struct bw_message_claim claim = {.scope = {.data = (const uint8_t *)SCOPE, .size = strlen(SCOPE)},
                                           .term = term + 1,
                                           .number = 1,
                                           .lease_ms = 1500};
    world_isolate(0, true);
    world_run(MS(1200)); /* long late, but its lease may run */
    CU_ASSERT_EQUAL(world_say(3, 1, &bw_message_schema_claim, &claim), 0);
    world_heard(&bw_message_schema_object, &object);
    CU_ASSERT_EQUAL(object.reason, BW_OBJECT_LIVE_LEADER);
    CU_ASSERT_EQUAL(world_believes(1).term, term);
    world_run(MS(600)); /* somebody else may have claimed by now; nobody holds to the old one */
    CU_ASSERT(world_until_led(MS(1000)) != 0);
    CU_ASSERT_FALSE(world.overlap);
}

/* Node 0 leads; only node 1 hears it, and of node 2 it knows that it does not. Then 0 is cut off from both, and 1 restarts at
 * the same moment: what it acknowledged last it knows no more, but the leader acts on it for a lease. */
static void restart_the_only_acknowledger(size_t leader, size_t witness, size_t rival) {
    world_cut(leader, rival, true);
    world_cut(rival, leader, true);
    world_run(MS(4000));
    CU_ASSERT_FATAL(world_acts(leader));
    world_isolate(leader, true);
    world_crash(witness, false);
    world_run(MS(5));
    world_start(witness);
    CU_ASSERT(world_acts(leader));
}

static void who_restarts_objects_for_a_leader_it_may_have_acknowledged(void) {
    for (int gossip = 0; gossip < 2; gossip++) {
        size_t leader = world_lead(3);
        CU_ASSERT_EQUAL_FATAL(leader, 0);
        world.no_records = gossip == 0; /* then it never hears of the reign again */
        restart_the_only_acknowledger(0, 1, 2);
        int64_t from_us = world.now_us;
        world_run(MS(1000));
        CU_ASSERT(world_acts(0));
        world_run(MS(500));
        size_t successor = world_until_led(MS(4000));
        CU_ASSERT(successor == 1 || successor == 2);
        CU_ASSERT_FALSE(world.overlap);
        CU_ASSERT(world.now_us - from_us < MS(3000));
        world_end();
        world_begin();
    }
}

static size_t confirms_of_1;

static bool count_confirms_of_1(size_t from, size_t to, uint8_t type) {
    (void)to;
    confirms_of_1 += from == 1 && type == BW_FRAME_confirm;
    return true;
}

/* A rival that never heard of the leader asks nobody when it was heard: its claim itself has to wait. */
static void who_restarts_confirms_nobody_while_it_listens(void) {
    for (uint64_t boot = 1; boot <= 2; boot++) {
        world_lead(3);
        world_isolate(0, true);
        world_crash(1, false);
        world.no_records = true;
        world.nodes[1].boot = boot - 1;
        world_start(1);
        world_run(MS(10));
        confirms_of_1 = 0;
        world.filter = count_confirms_of_1;
        const struct bw_message_claim claim = {.scope = {(const uint8_t *)SCOPE, strlen(SCOPE)},
                                               .term = world_believes(2).term + 9,
                                               .number = 1,
                                               .boot = 1,
                                               .lease_ms = 1500};
        const struct bw_election_member alive = {.id = world.nodes[2].id, .status = BW_STATUS_ALIVE};
        bw_election_member(world.nodes[1].election, &alive, world_time(1));
        CU_ASSERT_EQUAL(world_say(2, 1, &bw_message_schema_claim, &claim), 0);
        CU_ASSERT_EQUAL(confirms_of_1, boot == 1 ? 1 : 0); /* in its first life it has acknowledged nobody */
        world_run(MS(1580));
        confirms_of_1 = 0;
        CU_ASSERT_EQUAL(world_say(2, 1, &bw_message_schema_claim, &claim), 0);
        CU_ASSERT_EQUAL(confirms_of_1, boot == 1 ? 1 : 0);
        world_run(MS(15));
        CU_ASSERT_EQUAL(world_say(2, 1, &bw_message_schema_claim, &claim), 0);
        CU_ASSERT_EQUAL(confirms_of_1, boot == 1 ? 2 : 1);
        CU_ASSERT(boot == 1 || world_hits(BW_RULE_LISTEN_BEFORE_CONFIRMING) >= 2);
        world_end();
        world_begin();
    }
}

static bool quiet_leader_to_3(size_t from, size_t to, uint8_t type) {
    return !(from == 0 && to == 3) && type != BW_FRAME_record;
}

/* Cut off for a little longer than it waits, it gives the leader up; back among the others it hears of it before it claims. */
static void who_was_cut_off_hears_of_the_leader_before_it_claims(void) {
    size_t leader = world_lead(4);
    world.detect_us = MS(10000);
    for (size_t i = 0; i < 3; i++)
        world.cut[i][3] = world.cut[3][i] = true;
    world_run(3 * WAIT_US);
    CU_ASSERT_EQUAL(world_events(3, BW_EVENT_LEADER_LOST), 1);
    world.no_records = true;
    world.filter = quiet_leader_to_3;
    for (size_t i = 0; i < 3; i++)
        world.cut[i][3] = world.cut[3][i] = false;
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world.claims, 1);
    CU_ASSERT(world_acts(leader));
    CU_ASSERT(world_hits(BW_RULE_ANOTHER_HEARD_IT_SINCE) > 0);
}

/* To whose claim somebody objects for a living leader, confirms nobody else while that may act. */
static void who_was_told_of_a_living_leader_confirms_nobody_else(void) {
    size_t leader = world_lead(4);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    uint64_t term = world_believes(0).term;
    const struct bw_bytes scope = {.data = (const uint8_t *)SCOPE, .size = strlen(SCOPE)};
    struct bw_message_object object = {0};
    const struct bw_message_resign resign = {
        .scope = scope, .term = term, .sequence = 5, .reason = BW_LOSS_RESIGNED, .successor = world.nodes[3].id};
    world.no_records = true;
    world.filter = quiet_leader_to_3;
    CU_ASSERT_EQUAL(world_say(0, 3, &bw_message_schema_resign, &resign), 0); /* it never said so: it claims, in vain */
    world_run(MS(200));
    CU_ASSERT(world.claims > 1);
    CU_ASSERT(world_acts(0));
    const struct bw_message_claim claim = {.scope = scope, .term = term + 9, .number = 1, .lease_ms = 1500};
    CU_ASSERT_EQUAL(world_say(2, 3, &bw_message_schema_claim, &claim), 0);
    world_heard(&bw_message_schema_object, &object);
    CU_ASSERT_EQUAL(object.term, claim.term);
    CU_ASSERT_EQUAL(object.reason, BW_OBJECT_LIVE_LEADER);
    CU_ASSERT_EQUAL(object.token_term, term);
}

/* Restarted a moment before the leader goes, as in a rolling restart: it saw it lead, so it need not listen to its successor's claim
 * first, nor before its own if it is named. */
static void who_restarts_helps_a_leader_that_goes_orderly(void) {
    for (size_t count = 2; count <= 3; count++) {
        size_t leader = world_lead(count);
        CU_ASSERT_EQUAL_FATAL(leader, 0);
        world_crash(1, false);
        world_run(MS(100));
        world_start(1);
        world_run(MS(500));
        CU_ASSERT_EQUAL(world_believes(1).term, world_believes(0).term);
        world_leave(0);
        CU_ASSERT_EQUAL(world_until_led(MS(100)), 1);
        CU_ASSERT_FALSE(world.overlap);
        world_end();
        world_begin();
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(who_restarts_helps_a_leader_that_goes_orderly),
    TAP_TEST(who_was_cut_off_hears_of_the_leader_before_it_claims),
    TAP_TEST(who_was_told_of_a_living_leader_confirms_nobody_else),
    TAP_TEST(who_restarts_objects_for_a_leader_it_may_have_acknowledged),
    TAP_TEST(who_restarts_confirms_nobody_while_it_listens),
    TAP_TEST(a_silent_leader_is_waited_for_as_long_as_its_lease_may_run),
    TAP_TEST(a_refused_port_ends_the_wait),
    TAP_TEST(the_only_successor_needs_no_second_refusal),
    TAP_TEST(one_refusal_of_two_successors_shortens_nothing),
    TAP_TEST(with_failover_safe_a_refusal_shortens_nothing),
    TAP_TEST(a_refusal_of_a_living_leader_deposes_nobody),
    TAP_TEST(a_leader_cut_off_from_all_stops_before_its_successor_claims),
    TAP_TEST(the_other_successors_objection_holds_a_cut_off_successor_back),
    TAP_TEST(the_objection_alone_is_enough),
    TAP_TEST(silence_is_not_consent),
    TAP_TEST(the_silent_are_waited_for_once),
    TAP_TEST(a_hung_best_candidate_does_not_block),
    TAP_TEST(top_three_crashed_at_once),
    TAP_TEST(witnesses_acknowledge_and_never_claim),
    TAP_TEST(a_witness_keeps_the_leader_acting),
    TAP_TEST(a_no_from_a_later_boot_is_a_resignation),
    TAP_TEST(loss_of_a_fifth_changes_no_leader),
    TAP_TEST(a_leader_put_aside_is_waited_for),
    TAP_TEST(a_claim_over_a_leader_put_aside_is_objected_to),
    TAP_TEST(who_heard_the_leader_within_its_lease_objects),
};
const struct tap_suite election_successor_suite = TAP_SUITE_WITH("election/successor", tests, set_up, world_end);
