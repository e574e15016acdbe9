/* The lease without a quorum, from the leader's side, and the clocks. */
#include "tests/unit/election_test.h"

static void set_up(void) {
    world_begin();
}

static bool to_0_nothing(size_t from, size_t to, uint8_t type) {
    (void)from;
    (void)type;
    return to != 0;
}

static void acknowledged_rounds_renew_the_lease(void) {
    size_t leader = world_lead(3);
    uint64_t renewed = world_hits(BW_RULE_LEASE_RUNS_FROM_SENDING);
    world_run(MS(60000));
    CU_ASSERT(world_acts(leader));
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_ELECTED), 1);
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_DEPOSED), 0);
    CU_ASSERT(world_hits(BW_RULE_LEASE_RUNS_FROM_SENDING) >= renewed + 239);
    CU_ASSERT_FALSE(world.overlap);
}

/* From the sending of the newest acknowledged round, not from the acknowledgement: acks that take 100 ms gain nothing. */
static void the_lease_runs_from_the_sending(void) {
    size_t leader = world_lead(3);
    struct bw_scope_info info;
    world.delay_us = MS(50);
    world_run(MS(1000));
    CU_ASSERT_EQUAL(bw_election_scope(world.nodes[leader].election, 0, &info, world_time(leader)), 0);
    CU_ASSERT(info.lease_us <= MS(1500));
    int64_t most = 0;
    for (int i = 0; i < 500; i++) {
        world_run(MS(1));
        CU_ASSERT_EQUAL(bw_election_scope(world.nodes[leader].election, 0, &info, world_time(leader)), 0);
        most = info.lease_us > most ? info.lease_us : most;
    }
    CU_ASSERT(most <= MS(1400)); /* a round trip of 100 ms has passed when the ack is there */
    CU_ASSERT(most >= MS(1398));
}

static void a_leader_that_nobody_acknowledges_stops_after_its_lease(void) {
    size_t leader = world_lead(3);
    CU_ASSERT_EQUAL_FATAL(leader, 0);
    world.filter = to_0_nothing;
    int64_t from_us = world.now_us;
    world_run(MS(1200));
    CU_ASSERT(world_acts(leader));
    world_run(MS(301));
    CU_ASSERT_FALSE(world_acts(leader));
    const struct world_event *end = world_last(leader, BW_EVENT_SELF_DEPOSED);
    CU_ASSERT_EQUAL(end->event.reason, BW_LOSS_LEASE_EXPIRED);
    CU_ASSERT(end->at_us >= from_us + MS(1249) && end->at_us <= from_us + MS(1500));
    CU_ASSERT_EQUAL(world_hits(BW_RULE_LEASE_ENDS_UNACKNOWLEDGED), 1);
    size_t other = leader == 0 ? 1 : 0;
    world_run(MS(1));
    CU_ASSERT_EQUAL(world_last(other, BW_EVENT_LEADER_LOST)->event.reason, BW_LOSS_LEASE_EXPIRED);
}

static void min_ack_counts_successors(void) {
    for (size_t i = 0; i < 3; i++)
        world.nodes[world_add(100)].min_ack = 2;
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    size_t leader = world_until_led(MS(10000));
    CU_ASSERT_FATAL(leader < 3);
    world_run(MS(1000));
    world_crash((leader + 1) % 3, false);
    world_run(MS(1600));
    CU_ASSERT_FALSE(world_acts(leader)); /* one is not two */
    world_run(MS(10000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    world_start((leader + 1) % 3);
    CU_ASSERT(world_until_led(MS(5000)) < 3);
}

static void with_min_ack_0_an_isolated_leader_goes_on(void) {
    for (size_t i = 0; i < 2; i++) {
        size_t node = world_add(100);
        world.nodes[node].min_ack = world.nodes[node].min_confirm = 0;
    }
    world_start(0);
    world_start(1);
    size_t leader = world_until_led(MS(10000));
    CU_ASSERT_FATAL(leader < 2);
    world_run(MS(1000));
    world_crash(1 - leader, false);
    world_run(MS(30000));
    CU_ASSERT(world_acts(leader));
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_DEPOSED), 0);
}

/* A silent follower cannot be told from one's own isolation. */
static void of_two_the_leader_pauses_until_the_other_is_dead(void) {
    size_t leader = world_lead(2);
    struct bw_token before = world_believes(leader);
    world_crash(1 - leader, false);
    world_run(MS(1600));
    CU_ASSERT_FALSE(world_acts(leader));
    CU_ASSERT(world_hits(BW_RULE_CLAIM_ONLY_WHEN_HEARD) > 0);
    world_run(MS(3300)); /* 4,900 */
    CU_ASSERT_FALSE(world_acts(leader));
    world_run(MS(300)); /* 5,200: declared dead */
    CU_ASSERT(world_acts(leader));
    struct bw_token after = world_believes(leader);
    CU_ASSERT(bw_token_compare(&before, &after) < 0);
    size_t claims = world.claims;
    world_run(MS(3600) * 1000);
    CU_ASSERT_EQUAL(world.claims, claims); /* claimed once, holds that term */
    CU_ASSERT(world_acts(leader));
    CU_ASSERT(world_hits(BW_RULE_ALONE_NEEDS_NOBODY) > 0);
}

static void a_crashed_follower_that_refused_its_port_is_still_waited_for(void) {
    size_t leader = world_lead(2);
    world_crash(1 - leader, true);
    world_run(MS(1600));
    CU_ASSERT_FALSE(world_acts(leader)); /* the fast path is for successors, not for acknowledgers */
    world_run(MS(4000));
    CU_ASSERT(world_acts(leader));
}

static void a_late_tick_over_half_a_lease_ends_it(void) {
    size_t leader = world_lead(3);
    world_run(MS(100));
    world_pause(leader);
    world_run(MS(1005));           /* the next round was due within 250 ms: at least 755 late */
    CU_ASSERT(world_acts(leader)); /* by its deadline, it might */
    world_resume(leader);
    world_run(MS(1));
    CU_ASSERT_FALSE(world_acts(leader));
    CU_ASSERT_EQUAL(world_hits(BW_RULE_SLEEP_ENDS_THE_LEASE), 1);
    CU_ASSERT_EQUAL(world_last(leader, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_LEASE_EXPIRED);
}

static void a_tick_late_by_less_changes_nothing(void) {
    size_t leader = world_lead(3);
    world_pause(leader);
    world_run(MS(700));
    world_resume(leader);
    world_run(MS(2000));
    CU_ASSERT(world_acts(leader));
    CU_ASSERT_EQUAL(world_hits(BW_RULE_SLEEP_ENDS_THE_LEASE), 0);
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_DEPOSED), 0);
}

static void a_jump_of_the_wall_clock_ends_the_lease(void) {
    size_t leader = world_lead(3);
    world.nodes[leader].wall_skew_us = MS(740);
    world_run(MS(300));
    CU_ASSERT(world_acts(leader));
    world.nodes[leader].wall_skew_us -= MS(760);
    world_run(MS(250));
    CU_ASSERT_EQUAL(world_hits(BW_RULE_SLEEP_ENDS_THE_LEASE), 1);
    CU_ASSERT_EQUAL(world_events(leader, BW_EVENT_SELF_DEPOSED), 1);
    CU_ASSERT_FALSE(world.overlap);
    world_run(MS(3000));
    CU_ASSERT(world_leader() < 3);
}

static void stopped_longer_than_its_lease_it_wakes_up_not_leading(void) {
    size_t leader = world_lead(3);
    world_pause(leader);
    size_t successor = (world_run(MS(2500)), world_until_led(MS(1)));
    CU_ASSERT_FATAL(successor < 3 && successor != leader);
    world_resume(leader);
    world_run(MS(50));
    CU_ASSERT_FALSE(world_acts(leader));
    CU_ASSERT(world_all_follow(successor));
    world_run(MS(10000));
    CU_ASSERT(world_all_follow(successor));
    CU_ASSERT_FALSE(world.overlap);
    CU_ASSERT(world_hits(BW_RULE_SLEEP_PUSHES_PATIENCE) > 0);
}

/* Switched off, lateness counts nowhere: no wait is ever pushed back. */
static void with_late_ms_0_nothing_is_pushed_back(void) {
    world.params.late_ms = 0;
    size_t leader = world_lead(3);
    world_pause((leader + 1) % 3);
    world_run(MS(700));
    world_resume((leader + 1) % 3);
    world_run(MS(700));
    CU_ASSERT_EQUAL(world_hits(BW_RULE_SLEEP_PUSHES_PATIENCE), 0);
}

/* A successor that slept has heard no heartbeat either, and yet does not stand. */
static void a_successor_that_slept_does_not_claim(void) {
    size_t leader = world_lead(3);
    size_t claims = world.claims;
    size_t sleeper = (leader + 1) % 3;
    world_pause(sleeper);
    world_run(MS(8000) / 2);
    world_resume(sleeper);
    world_run(MS(5000));
    CU_ASSERT_EQUAL(world.claims, claims);
    CU_ASSERT(world_all_follow(leader));
    CU_ASSERT(world_hits(BW_RULE_SLEEP_PUSHES_PATIENCE) > 0);
}

static void extra_ticks_change_nothing(void) {
    size_t leader = world_lead(3);
    size_t messages = world.messages;
    for (int i = 0; i < 100; i++)
        for (size_t n = 0; n < 3; n++) {
            bw_election_tick(world.nodes[n].election, world_time(n));
            world_pump(n);
        }
    CU_ASSERT_EQUAL(world.messages, messages);
    CU_ASSERT(world_acts(leader));
}

static void an_idle_pair_exchanges_eight_datagrams_a_second_for_many_scopes(void) {
    for (size_t i = 0; i < 2; i++) {
        size_t node = world_add(i == 0 ? 200 : 100);
        world.nodes[node].scopes[1] = "a";
        world.nodes[node].scopes[2] = "b";
    }
    world_start(0);
    world_start(1);
    world_run(MS(5000));
    CU_ASSERT(world_acts(0));
    CU_ASSERT(bw_election_may_act(world.nodes[0].election, "a", world_time(0)));
    CU_ASSERT(bw_election_may_act(world.nodes[0].election, "b", world_time(0)));
    size_t messages = world.messages;
    world_run(MS(10000));
    CU_ASSERT(world.messages - messages <= 82);
    CU_ASSERT(world.messages - messages >= 78);
}

/* ------------------------------------------------------------------ min_view */

static void start_with_min_view(size_t count, uint16_t min_view) {
    for (size_t i = 0; i < count; i++)
        world.nodes[world_add(100)].min_view = min_view;
    for (size_t i = 0; i < count; i++)
        world_start(i);
}

static void cut_in_two(size_t first_count, bool cut) {
    for (size_t i = 0; i < first_count; i++)
        for (size_t k = first_count; k < world.count; k++)
            world.cut[i][k] = world.cut[k][i] = cut;
}

/* The leader and one more of five: it stops when its lease ends, long before anybody is held dead; and nobody leads there. */
static void a_view_below_the_minimum_has_no_leader(void) {
    start_with_min_view(5, 3);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    world_run(MS(2000));
    cut_in_two(2, true);
    int64_t from_us = world.now_us;
    world_run(MS(1501));
    CU_ASSERT_FALSE(world_acts(0));
    CU_ASSERT_EQUAL(world_last(0, BW_EVENT_SELF_DEPOSED)->event.reason, BW_LOSS_VIEW_TOO_SMALL);
    CU_ASSERT(world_last(0, BW_EVENT_SELF_DEPOSED)->at_us >= from_us + MS(1200));
    CU_ASSERT(world_hits(BW_RULE_VIEW_TOO_SMALL) > 0);
    world_run(MS(60000));
    CU_ASSERT_EQUAL(world_leader(), 2);
    CU_ASSERT_EQUAL(world.nodes[0].elections + world.nodes[1].elections, 1);
    struct bw_vacancy_info info;
    CU_ASSERT_EQUAL(bw_election_vacancy(world.nodes[0].election, SCOPE, &info, world_time(0)), 0);
    CU_ASSERT_EQUAL(info.reason, BW_VACANCY_VIEW);
    CU_ASSERT_FALSE(world.overlap);
    cut_in_two(2, false);
    world_run(MS(20000));
    CU_ASSERT(world_acts(2) && world_all_follow(2));
}

static void who_is_alone_leads_only_without_a_minimum(void) {
    start_with_min_view(1, 2);
    world_run(MS(60000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    world.nodes[world_add(100)].min_view = 2;
    world_start(1);
    CU_ASSERT(world_until_led(MS(10000)) < 2);
    world_run(MS(20000));
    world_crash(1, true);
    world_run(MS(60000));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
}

/* All eight: more than the usual successors must acknowledge, so heartbeats go to all. */
static void heartbeats_go_to_as_many_as_the_minimum_needs(void) {
    CU_ASSERT(world.params.successor_count < 7);
    start_with_min_view(8, 8);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    world_run(MS(60000));
    CU_ASSERT_TRUE(world_acts(0));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_DEPOSED), 0);
    world_crash(7, false);
    world_run(MS(1501));
    CU_ASSERT_EQUAL(world_leader(), WORLD_NODES);
    world_start(7);
    CU_ASSERT(world_until_led(MS(20000)) < 8);
}

static void a_minimum_beyond_the_bound_is_refused(void) {
    const struct bw_scope_config scope = {.name = SCOPE, .min_view = BW_MIN_VIEW_MAX + 1};
    const struct bw_election_config config = {
        .allocator = world.allocator, .params = world.params, .self = {{1}}, .scopes = &scope, .scope_count = 1};
    struct bw_election *election = NULL;
    CU_ASSERT_EQUAL(bw_election_create(&election, &config, (struct bw_time){0}), BW_ERR_INVALID);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_view_below_the_minimum_has_no_leader),
    TAP_TEST(who_is_alone_leads_only_without_a_minimum),
    TAP_TEST(heartbeats_go_to_as_many_as_the_minimum_needs),
    TAP_TEST(a_minimum_beyond_the_bound_is_refused),
    TAP_TEST(acknowledged_rounds_renew_the_lease),
    TAP_TEST(the_lease_runs_from_the_sending),
    TAP_TEST(a_leader_that_nobody_acknowledges_stops_after_its_lease),
    TAP_TEST(min_ack_counts_successors),
    TAP_TEST(with_min_ack_0_an_isolated_leader_goes_on),
    TAP_TEST(of_two_the_leader_pauses_until_the_other_is_dead),
    TAP_TEST(a_crashed_follower_that_refused_its_port_is_still_waited_for),
    TAP_TEST(a_late_tick_over_half_a_lease_ends_it),
    TAP_TEST(a_tick_late_by_less_changes_nothing),
    TAP_TEST(a_jump_of_the_wall_clock_ends_the_lease),
    TAP_TEST(stopped_longer_than_its_lease_it_wakes_up_not_leading),
    TAP_TEST(with_late_ms_0_nothing_is_pushed_back),
    TAP_TEST(a_successor_that_slept_does_not_claim),
    TAP_TEST(extra_ticks_change_nothing),
    TAP_TEST(an_idle_pair_exchanges_eight_datagrams_a_second_for_many_scopes),
};
const struct tap_suite election_lease_suite = TAP_SUITE_WITH("election/lease", tests, set_up, world_end);
