/* The campaign: who may claim when; durability; confirmation; resignation. */
#include "tests/unit/election_test.h"

static void set_up(void) {
    world_begin();
}

static void simultaneous_starts_give_one_leader_and_one_claim(void) {
    for (size_t i = 0; i < 10; i++)
        world_add(100);
    for (size_t i = 0; i < 10; i++)
        world_start(i);
    world_run(MS(1599));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES); /* lease and margin are listened first */
    CU_ASSERT(world_hits(BW_RULE_LISTEN_BEFORE_STANDING) > 0);
    CU_ASSERT_EQUAL(world_until_led(MS(20)), 0);
    world_run(MS(2000));
    CU_ASSERT(world_all_follow(0));
    CU_ASSERT_EQUAL(world.claims, 1);
    for (size_t i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(world_events(i, BW_EVENT_LEADER_ELECTED), 1);
}

static void starts_with_loss_give_one_leader_soon(void) {
    world.loss_percent = 20;
    for (size_t i = 0; i < 10; i++)
        world_add(100);
    for (size_t i = 0; i < 10; i++)
        world_start(i);
    size_t leader = world_until_led(MS(3000));
    CU_ASSERT_FATAL(leader < 10);
    world_run(MS(3000));
    CU_ASSERT(world_leader() < 10);
    CU_ASSERT(world_all_follow(world_leader()));
    CU_ASSERT(world.claims <= 3);
}

static void the_better_ranked_leads(void) {
    world_add(100);
    world_add(300);
    world_add(200);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL(world_until_led(MS(10000)), 1);
    world_crash(1, false);
    CU_ASSERT_EQUAL((world_run(MS(1)), world_until_led(MS(3000))), 2);
    struct bw_candidate_info info;
    CU_ASSERT_EQUAL(bw_election_candidate(world.nodes[0].election, SCOPE, 0, &info), 0);
    CU_ASSERT_EQUAL(info.priority, 300);
    CU_ASSERT_EQUAL(bw_election_candidate(world.nodes[0].election, SCOPE, 2, &info), 0);
    CU_ASSERT(info.priority == 100 && info.ready);
    CU_ASSERT_EQUAL(bw_election_candidate(world.nodes[0].election, SCOPE, 3, &info), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(bw_election_candidate(world.nodes[0].election, "other", 0, &info), BW_ERR_NOT_FOUND);
}

static void never_preempted_by_a_better_one(void) {
    world_lead(3);
    size_t better = world_add(500);
    size_t leader = world_leader();
    world_start(better);
    world_run(MS(30000));
    CU_ASSERT_EQUAL(world_leader(), leader);
    CU_ASSERT(world_all_follow(leader));
    CU_ASSERT_EQUAL(world.claims, 1);
}

static void a_member_with_silent_seeds_waits_for_alone_ms(void) {
    size_t node = world_add(100);
    world_start(node);
    world_run(MS(4999));
    CU_ASSERT_FALSE(world_acts(node));
    world_run(MS(10));
    CU_ASSERT(world_acts(node));
}

static void a_member_without_seeds_only_listens(void) {
    size_t node = world_add(100);
    world.nodes[node].has_seeds = false;
    world_start(node);
    world_run(MS(1599));
    CU_ASSERT_FALSE(world_acts(node));
    world_run(MS(10));
    CU_ASSERT(world_acts(node));
    CU_ASSERT_EQUAL(world_believes(node).term, 1700001001);
}

static void who_is_not_synchronised_does_not_claim(void) {
    world_add(100);
    world_add(100);
    world_start(0);
    world_start(1);
    world_run(MS(1));
    for (size_t i = 0; i < 2; i++) { /* not alone, and yet nobody agrees with it */
        const struct bw_election_view view = {0};
        world.nodes[i].started_us = world.now_us + MS(8000);
        bw_election_view(world.nodes[i].election, &view, world_time(i));
        world_pump(i);
    }
    world_run(MS(7500));
    CU_ASSERT_EQUAL(world.claims, 0);
    CU_ASSERT(world_until_led(MS(2000)) < 2);
}

/* A better candidate that comes shortly before the claim is given time to settle. */
static void the_ranking_settles_first(void) {
    world_add(100);
    world_add(100);
    world_start(0);
    world_start(1);
    world_run(MS(1400));
    size_t better = world_add(200);
    world_start(better);
    world_run(MS(450));
    CU_ASSERT(world_hits(BW_RULE_WAIT_FOR_SETTLED_RANKING) > 0);
    CU_ASSERT_EQUAL(world.claims, 0);
    CU_ASSERT_EQUAL(world_until_led(MS(2000)), 0); /* it listens still: after its stagger the next one leads */
    CU_ASSERT(world.now_us >= MS(1000000) + MS(1900));
    CU_ASSERT(world_hits(BW_RULE_STAGGER_BY_RANK) > 0);
}

static void a_worse_candidate_that_comes_does_not_delay(void) {
    world_add(100);
    world_add(100);
    world_start(0);
    world_start(1);
    world_run(MS(1400));
    world_start(world_add(50));
    CU_ASSERT_EQUAL(world_until_led(MS(250)), 0);
}

static bool no_claims_leave(size_t from, size_t to, uint8_t type) {
    (void)from;
    (void)to;
    CU_ASSERT(type != BW_FRAME_claim);
    return true;
}

static void nothing_leaves_before_it_is_durable(void) {
    for (size_t i = 0; i < 3; i++)
        world.nodes[world_add(100)].persist_us = MS(40);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    world.filter = no_claims_leave;
    world_run(MS(1639));
    CU_ASSERT_EQUAL(world.claims, 1);
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    world.filter = NULL;
    CU_ASSERT_EQUAL(world_until_led(MS(10)), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_PERSIST_BEFORE_SPEAKING), 1);
    CU_ASSERT_EQUAL(world.nodes[0].disk_count, 1);
    CU_ASSERT_EQUAL(world.nodes[0].disk[0].term, world_believes(0).term);
}

static void a_full_disk_lets_the_next_candidate_lead(void) {
    for (size_t i = 0; i < 3; i++)
        world_add(100);
    world.nodes[0].disk_fails = true;
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL(world_until_led(MS(2000)), 1);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_NO_CLAIM_WITHOUT_STORAGE), 1);
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_ELECTED), 0);
    world_run(MS(20000));
    CU_ASSERT_EQUAL(world_leader(), 1);
}

static void a_disk_that_recovers_is_tried_again(void) {
    size_t node = world_add(100);
    world.nodes[node].has_seeds = false;
    world.nodes[node].disk_fails = true;
    world_start(node);
    world_run(MS(20000));
    CU_ASSERT_FALSE(world_acts(node));
    CU_ASSERT(world.claims >= 3 && world.claims <= 4); /* four leases between two attempts */
    world.nodes[node].disk_fails = false;
    world_run(MS(6100));
    CU_ASSERT(world_acts(node));
}

static bool drop_confirms(size_t from, size_t to, uint8_t type) {
    (void)from;
    (void)to;
    return type != BW_FRAME_confirm;
}

static void without_confirmation_there_is_no_reign(void) {
    for (size_t i = 0; i < 3; i++)
        world_add(100);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    world.filter = drop_confirms;
    world_run(MS(10000));
    CU_ASSERT(world.claims > 1);
    CU_ASSERT(world.claims <= 12);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_CONFIRMED_CLAIM_REIGNS), 0);
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(world_events(i, BW_EVENT_SELF_ELECTED), 0);
    world.filter = NULL;
    CU_ASSERT(world_until_led(MS(5000)) < 3);
    CU_ASSERT(world_hits(BW_RULE_CONFIRMED_CLAIM_REIGNS) > 0);
}

static void min_confirm_counts_members(void) {
    for (size_t i = 0; i < 3; i++)
        world.nodes[world_add(100)].min_confirm = 2;
    world_start(0);
    world_start(1);
    world_run(MS(8000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    world_start(2);
    CU_ASSERT(world_until_led(MS(8000)) < 3);
}

static void a_resignation_names_the_successor_who_claims_at_once(void) {
    size_t leader = world_lead(5);
    int64_t from_us = world.now_us;
    world_leave(leader);
    CU_ASSERT_FALSE(world_acts(leader));
    CU_ASSERT_EQUAL(world_last(leader, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_RESIGNED);
    size_t successor = world_until_led(MS(1000));
    CU_ASSERT_EQUAL(successor, leader == 0 ? 1 : 0);
    CU_ASSERT(world.now_us - from_us <=
              3 * world.delay_us + MS(2)); /* there, and the claim's round trip, and the disk */
    world_run(MS(1));
    CU_ASSERT(world_all_follow(successor));
    CU_ASSERT_EQUAL(world.claims, 2);
    CU_ASSERT(world_hits(BW_RULE_RESIGN_TO_A_SUCCESSOR) > 0);
    CU_ASSERT_EQUAL(world_last(successor, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_RESIGNED);
    world_run(MS(20000));
    CU_ASSERT_EQUAL(world_leader(), successor); /* who left stands no more */
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_ELECTED), 1);
}

static void a_named_successor_that_is_gone_is_waited_for_two_seconds(void) {
    size_t leader = world_lead(4);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    world_crash(1, false); /* the best; the leader does not know yet */
    world_leave(0);
    world_run(MS(1900));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    CU_ASSERT_EQUAL(world_until_led(MS(400)), 2);
}

static void the_last_but_one_leaves(void) {
    size_t leader = world_lead(2);
    world_leave(1 - leader);
    world_run(MS(20));
    const struct bw_election_member left = {.id = world.nodes[1 - leader].id, .status = BW_STATUS_LEFT};
    bw_election_member(world.nodes[leader].election, &left, world_time(leader));
    world.nodes[leader].status[1 - leader] = BW_STATUS_LEFT;
    world_crash(1 - leader, true);
    world_run(MS(20000));
    CU_ASSERT(world_acts(leader));
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_DEPOSED), 0);
}

static void a_leader_known_to_have_left_is_not_waited_for(void) {
    size_t leader = world_lead(3);
    world_crash(leader, false);
    for (size_t i = 0; i < 3; i++)
        if (i != leader) {
            const struct bw_election_member left = {.id = world.nodes[leader].id, .status = BW_STATUS_LEFT};
            world.nodes[i].status[leader] = BW_STATUS_LEFT;
            bw_election_member(world.nodes[i].election, &left, world_time(i));
            world_pump(i);
            CU_ASSERT_EQUAL(world_last(i, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_LEFT);
        }
    world.nodes[leader].left = true;
    CU_ASSERT(world_until_led(MS(300)) < 3);
}

static void a_restarted_winner_never_continues_its_old_term(void) {
    size_t leader = world_lead(3);
    struct bw_token before = world_believes(leader);
    for (size_t i = 0; i < 3; i++) /* a power cut */
        world_crash(i, false);
    world_run(MS(500));
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL(world_until_led(MS(5000)), leader);
    struct bw_token after = world_believes(leader);
    CU_ASSERT(after.term > before.term);
    world_run(MS(2000) - world.now_us % MS(1000) - MS(60)); /* to just before everybody shows its records */
    world_crash(leader, false); /* and with the others up: its record is vacated, and no wait is due */
    world_run(MS(50));
    world_start(leader);
    size_t next = world_until_led(MS(1500));
    CU_ASSERT(next < 3);
    CU_ASSERT(world_believes(next).term > after.term);
    CU_ASSERT(world_hits(BW_RULE_VACATE_REIGN_NOT_HELD) > 0);
}

static void a_disk_from_the_future_counts(void) {
    size_t node = world_add(100);
    world.nodes[node].has_seeds = false;
    world.nodes[node].disk_count = 1;
    world.nodes[node].disk[0] = (struct bw_durable_term){.scope = SCOPE, .term = UINT64_C(1800000000)};
    world_start(node);
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world_believes(node).term, UINT64_C(1800000001));
}

static void scopes_are_independent(void) {
    for (size_t i = 0; i < 2; i++)
        world_add(100);
    world.nodes[0].scopes[1] = "cron";
    world.nodes[1].scopes[0] = "cron";
    world.nodes[1].scopes[1] = "orders/17";
    world_add(-1);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    world_run(MS(5000));
    CU_ASSERT(bw_election_may_act(world.nodes[0].election, SCOPE, world_time(0)));
    CU_ASSERT(bw_election_may_act(world.nodes[0].election, "cron", world_time(0)));
    CU_ASSERT_FALSE(bw_election_may_act(world.nodes[1].election, "cron", world_time(1)));
    CU_ASSERT(bw_election_may_act(world.nodes[1].election, "orders/17", world_time(1)));
    CU_ASSERT_FALSE(bw_election_may_act(world.nodes[1].election, "unheard of", world_time(1)));
    CU_ASSERT_EQUAL(bw_election_scope_count(world.nodes[2].election), 3);
    struct bw_scope_info info;
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(bw_election_scope(world.nodes[2].election, i, &info, world_time(2)), 0);
        CU_ASSERT(info.has_leader && info.role == BW_ROLE_OBSERVER && info.lease_us == -1);
    }
    world_crash(0, true);
    world_run(MS(1000));
    CU_ASSERT(bw_election_may_act(world.nodes[1].election, "cron", world_time(1)));
    CU_ASSERT(bw_election_may_act(world.nodes[1].election, "orders/17", world_time(1)));
}

static const struct tap_test tests[] = {
    TAP_TEST(simultaneous_starts_give_one_leader_and_one_claim),
    TAP_TEST(starts_with_loss_give_one_leader_soon),
    TAP_TEST(the_better_ranked_leads),
    TAP_TEST(never_preempted_by_a_better_one),
    TAP_TEST(a_member_with_silent_seeds_waits_for_alone_ms),
    TAP_TEST(a_member_without_seeds_only_listens),
    TAP_TEST(who_is_not_synchronised_does_not_claim),
    TAP_TEST(the_ranking_settles_first),
    TAP_TEST(a_worse_candidate_that_comes_does_not_delay),
    TAP_TEST(nothing_leaves_before_it_is_durable),
    TAP_TEST(a_full_disk_lets_the_next_candidate_lead),
    TAP_TEST(a_disk_that_recovers_is_tried_again),
    TAP_TEST(without_confirmation_there_is_no_reign),
    TAP_TEST(min_confirm_counts_members),
    TAP_TEST(a_resignation_names_the_successor_who_claims_at_once),
    TAP_TEST(a_named_successor_that_is_gone_is_waited_for_two_seconds),
    TAP_TEST(the_last_but_one_leaves),
    TAP_TEST(a_leader_known_to_have_left_is_not_waited_for),
    TAP_TEST(a_restarted_winner_never_continues_its_old_term),
    TAP_TEST(a_disk_from_the_future_counts),
    TAP_TEST(scopes_are_independent),
};
const struct tap_suite election_claim_suite = TAP_SUITE_WITH("election/claim", tests, set_up, world_end);
