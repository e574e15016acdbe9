/* Every invariant of the simulator, with what breaks it. */
#include "tests/unit/sim_test.h"

#include "sim/fault.h"

#include <string.h>

static bool fired[BW_INVARIANT_COUNT];

static bool violated(const char *words) {
    const char *violation = bw_sim_violation(sim);
    if (violation != NULL)
        fired[bw_sim_broken(sim)] = true;
    if (violation != NULL && strstr(violation, words) != NULL)
        return true;
    tap_note("violation: %s", violation != NULL ? violation : "none");
    return false;
}

static int64_t in_ms(size_t host, int64_t ms) {
    return bw_sim_clock(sim, host).mono_us + ms * BW_US_PER_MS;
}

static void a_sound_reign_is_no_violation(void) {
    start(2);
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 1000));
    poke(0);
    fake_resign(bw_sim_node(sim, 0));
    poke(0);
    fake_lead(bw_sim_node(sim, 1), 2, in_ms(1, 1000));
    poke(1);
    fake_resign(bw_sim_node(sim, 1));
    poke(1);
    fake_lead(bw_sim_node(sim, 0), 3, in_ms(0, 1000));
    poke(0);
    bw_sim_run_ms(sim, 2000);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    CU_ASSERT_EQUAL(bw_sim_overlap_us(sim, "default"), 0);
    CU_ASSERT_EQUAL(bw_sim_guard_refused(sim, "default"), 0);
    CU_ASSERT_EQUAL(bw_sim_guard_token(sim, "default").term, 3);
}

static void reign_for_ms(int64_t ms) {
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 60000));
    poke(0);
    bw_sim_run_ms(sim, ms);
    fake_preempted(bw_sim_node(sim, 0));
    poke(0);
}

static void a_preemption_before_its_time_fires(void) {
    options.preempt_ms = 3000;
    start(2);
    reign_for_ms(3000);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    fake_lead(bw_sim_node(sim, 0), 2, in_ms(0, 60000));
    poke(0);
    bw_sim_run_ms(sim, 2900);
    fake_preempted(bw_sim_node(sim, 0));
    poke(0);
    CU_ASSERT(violated("is preempted in default after 29"));
}

static void a_preemption_against_the_policy_fires(void) {
    options.preempt_ms = BW_PREEMPT_NEVER;
    start(2);
    reign_for_ms(20000);
    CU_ASSERT(violated("is preempted in default, and never"));
}

static void a_reign_in_another_name_fires(void) {
    start(2);
    bw_sim_node(sim, 1)->id = bw_sim_node(sim, 0)->id;
    fake_lead(bw_sim_node(sim, 1), 1, in_ms(1, 1000));
    poke(1);
    CU_ASSERT(violated("another's name"));
}

static void a_token_for_two_reigns_fires(void) {
    options.durable = true;
    start(2);
    fake_write(bw_sim_node(sim, 0), 9);
    poke(0);
    bw_sim_run_ms(sim, 10);
    bw_sim_disk_copy(sim, 0, 1);
    bw_sim_restart(sim, 0);
    bw_sim_restart(sim, 1); /* a clone: the same id */
    for (size_t host = 0; host < 2; host++) {
        fake_write(bw_sim_node(sim, host), 9);
        poke(host);
        bw_sim_run_ms(sim, 10);
        CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
        fake_lead(bw_sim_node(sim, host), 9, in_ms(host, 1000));
        poke(host);
    }
    CU_ASSERT(violated("one token for two reigns"));
}

static void a_term_that_does_not_rise_fires(void) {
    start(1);
    fake_lead(bw_sim_node(sim, 0), 7, in_ms(0, 1000));
    poke(0);
    fake_resign(bw_sim_node(sim, 0));
    poke(0);
    fake_lead(bw_sim_node(sim, 0), 7, in_ms(0, 1000));
    poke(0);
    CU_ASSERT(violated("do not rise"));
}

static void elected_twice_fires(void) {
    start(1);
    fake_lead(bw_sim_node(sim, 0), 7, in_ms(0, 1000));
    fake_lead(bw_sim_node(sim, 0), 8, in_ms(0, 1000));
    poke(0);
    CU_ASSERT(violated("twice in a row"));
}

static void deposed_without_a_reign_fires(void) {
    start(1);
    fake_resign(bw_sim_node(sim, 0));
    poke(0);
    CU_ASSERT(violated("did not have"));
}

static void a_reign_without_a_durable_term_fires(void) {
    options.durable = true;
    start(1);
    fake_write(bw_sim_node(sim, 0), 7);
    poke(0);
    bw_sim_run_ms(sim, 10);
    fake_lead(bw_sim_node(sim, 0), 7, in_ms(0, 1000));
    poke(0);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    fake_resign(bw_sim_node(sim, 0));
    fake_lead(bw_sim_node(sim, 0), 8, in_ms(0, 1000));
    poke(0);
    CU_ASSERT(violated("on its disk"));
}

static void a_falling_durable_term_fires(void) {
    options.durable = true;
    start(1);
    fake_write(bw_sim_node(sim, 0), 7);
    poke(0);
    bw_sim_run_ms(sim, 10);
    fake_write(bw_sim_node(sim, 0), 6);
    poke(0);
    bw_sim_run_ms(sim, 10);
    CU_ASSERT(violated("falls from 7 to 6"));
}

static void write_term(uint64_t term) {
    fake_write(bw_sim_node(sim, 0), term);
    poke(0);
    bw_sim_run_ms(sim, 10);
}

static void a_disk_that_forgets_is_no_fault_of_its_node(void) {
    options.durable = true;
    start(1);
    write_term(6);
    write_term(8);
    bw_sim_disk_undo(sim, 0);
    write_term(7);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_sim_disk_undo(sim, 0);
    write_term(5); /* this time it is one: 6 had been there */
    CU_ASSERT(violated("falls from 6 to 5"));
}

static void acting_past_the_lease_fires(void) {
    start(1);
    fake_lead(bw_sim_node(sim, 0), 7, in_ms(0, 50));
    poke(0);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_sim_node(sim, 0)->never_stops = true;
    poke(0);
    CU_ASSERT(violated("past its lease's end"));
}

static void acting_without_a_lease_fires(void) {
    start(1);
    bw_sim_node(sim, 0)->no_lease = true;
    fake_lead(bw_sim_node(sim, 0), 7, in_ms(0, 50));
    poke(0);
    CU_ASSERT(violated("without a lease"));
}

static void acting_without_a_reign_fires(void) {
    start(1);
    bw_sim_node(sim, 0)->never_stops = true;
    poke(0);
    CU_ASSERT(violated("without a reign"));
}

static void two_at_once_are_measured(void) {
    start(2);
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 500));
    poke(0);
    bw_sim_run_ms(sim, 299);
    fake_lead(bw_sim_node(sim, 1), 2, in_ms(1, 1000));
    int64_t from_us = bw_sim_now_us(sim);
    poke(1);
    bw_sim_run_ms(sim, 2000);
    int64_t expected_us = 500000 - from_us - 100; /* the second reign is known with its event, 100 us later */
    CU_ASSERT_EQUAL(bw_sim_overlap_us(sim, "default"), expected_us);
    CU_ASSERT(bw_sim_guard_refused(sim, "default") > 0); /* the older token after the newer */
    CU_ASSERT_EQUAL(bw_sim_guard_token(sim, "default").term, 2);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
}

/* Two could act at once, and a guard is there for that: but this one forgets the newer token. */
static void an_older_token_that_a_guard_takes_fires(void) {
    start(2);
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 500));
    poke(0);
    fake_lead(bw_sim_node(sim, 1), 2, in_ms(1, 1000));
    poke(1);
    uint64_t refused = bw_sim_guard_refused(sim, "default");
    poke(0);
    CU_ASSERT_EQUAL(bw_sim_guard_refused(sim, "default"), refused + 1);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_sim_guard_lose(sim, "default");
    poke(0);
    CU_ASSERT(violated("the guard of default lets n0 pass with term 1, after term 2"));
}

static void know(size_t host, size_t friend, enum bw_status status) {
    struct bw_node *node = bw_sim_node(sim, host);
    node->has_friend = true;
    node->friend = (struct bw_member_info){
        .id = bw_node_id(bw_sim_node(sim, friend)), .addr = bw_sim_addr(friend), .status = status};
}

/* They have met, and hold each other for dead now. */
static void estrange(void) {
    know(0, 1, BW_STATUS_DEAD);
    know(1, 0, BW_STATUS_DEAD);
}

static void two_at_once_fire_if_forbidden(void) {
    options.forbid_overlap = true;
    start(2);
    estrange();
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 500));
    poke(0);
    fake_lead(bw_sim_node(sim, 1), 2, in_ms(1, 500));
    poke(1);
    CU_ASSERT(violated("may both act"));
}

/* n0 begins to reign with nobody alive to it, n1 reigns as well. */
static void lead_both(void) {
    estrange();
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 4000));
    poke(0);
    bw_sim_run_ms(sim, 1);
    fake_lead(bw_sim_node(sim, 1), 2, in_ms(1, 4000));
    poke(1);
}

static void who_never_met_anybody_may_lead_a_cluster_of_one(void) {
    options.forbid_overlap = true;
    start(2);
    know(0, 1, BW_STATUS_DEAD);
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 500));
    poke(0);
    fake_lead(bw_sim_node(sim, 1), 2, in_ms(1, 500));
    poke(1);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
}

static void who_had_met_nobody_may_lead_for_a_lease_after_it_is_met(void) {
    options.forbid_overlap = true;
    options.params.lease_ms = 1500;
    start(2);
    know(0, 1, BW_STATUS_DEAD);
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 4000));
    poke(0);
    fake_lead(bw_sim_node(sim, 1), 2, in_ms(1, 4000));
    poke(1);
    know(1, 0, BW_STATUS_ALIVE);
    poke(1);
    bw_sim_run_ms(sim, options.params.lease_ms - 10);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_sim_run_ms(sim, 20);
    poke(1);
    bw_sim_run_ms(sim, 20);
    CU_ASSERT(violated("may both act"));
}

static void who_was_alone_may_lead_for_a_lease_after_it_is_back(void) {
    static const unsigned apart[] = {1, 0, 0}, together[] = {0, 0, 0};
    options.forbid_overlap = true;
    options.params.lease_ms = 1500;
    start(3);
    bw_sim_partition(sim, apart);
    bw_sim_run_ms(sim, 100);
    bw_sim_partition(sim, together);
    lead_both();
    bw_sim_run_ms(sim, options.params.lease_ms - 10);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_sim_run_ms(sim, 20);
    poke(0);
    bw_sim_run_ms(sim, 20);
    CU_ASSERT(violated("may both act"));
}

static void another_change_of_parts_is_no_excuse(void) {
    static const unsigned apart[] = {1, 0, 0, 1}, together[] = {0, 0, 0, 0};
    options.forbid_overlap = true;
    options.params.lease_ms = 1500;
    start(4);
    bw_sim_partition(sim, apart);
    bw_sim_run_ms(sim, 100);
    bw_sim_partition(sim, together);
    lead_both();
    CU_ASSERT(violated("may both act"));
}

static void nor_is_being_cut_off(void) {
    static const unsigned apart[] = {1, 0, 0};
    options.forbid_overlap = true;
    options.params.lease_ms = 1500;
    start(3);
    bw_sim_partition(sim, apart);
    lead_both();
    CU_ASSERT(violated("may both act"));
}

static void a_paused_leader_does_not_overlap(void) {
    options.forbid_overlap = true;
    start(2);
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 500));
    poke(0);
    bw_sim_pause(sim, 0);
    fake_lead(bw_sim_node(sim, 1), 2, in_ms(1, 1000));
    poke(1);
    bw_sim_run_ms(sim, 600);
    bw_sim_continue(sim, 0);
    bw_sim_run_ms(sim, 600);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
}

static void say_leader(size_t host, uint64_t term) {
    struct bw_event event = {.type = BW_EVENT_LEADER_ELECTED, .scope = "default", .token = {.term = term}};
    fake_say(bw_sim_node(sim, host), &event);
    poke(host);
}

static void a_leader_of_the_past_fires(void) {
    start(1);
    say_leader(0, 5);
    say_leader(0, 6);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    say_leader(0, 5);
    CU_ASSERT(violated("goes back"));
}

static void two_seats(void *context, size_t host, struct bw_config *config) {
    static struct bw_scope_config scope;
    (void)context;
    (void)host;
    bw_scope_config_init(&scope, "db");
    scope.seats = 2;
    config->scopes = &scope;
    config->scope_count = 1;
}

static void take_seat(size_t host, const char *seat, uint64_t term) {
    bw_sim_node(sim, host)->scope = seat;
    fake_lead(bw_sim_node(sim, host), term, in_ms(host, 60000));
    poke(host);
}

static void a_seat_too_many_fires(void) {
    options.configure = two_seats;
    start(4);
    take_seat(0, "db#0", 1);
    take_seat(1, "db#1", 2);
    take_seat(2, "other", 3);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    take_seat(3, "db#2", 4);
    CU_ASSERT(violated("3 seats are led where n3 takes db#2, of a scope of 2"));
}

static void say_of_scope(enum bw_event_type type, uint64_t term) {
    struct bw_event event = {.type = type, .scope = "default"};
    event.token = (struct bw_token){.term = term, .id = bw_node_id(bw_sim_node(sim, 0))};
    fake_say(bw_sim_node(sim, 0), &event);
    poke(0);
}

static void who_takes_a_frozen_scope_fires(void) {
    start(1);
    say_of_scope(BW_EVENT_SCOPE_FROZEN, 0);
    say_of_scope(BW_EVENT_SCOPE_THAWED, 0);
    say_of_scope(BW_EVENT_LEADER_ELECTED, 5);
    say_of_scope(BW_EVENT_SCOPE_FROZEN, 0);
    say_of_scope(BW_EVENT_LEADER_ELECTED, 6); /* it led before */
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    say_of_scope(BW_EVENT_SCOPE_THAWED, 0);
    say_leader(0, 7);
    say_of_scope(BW_EVENT_SCOPE_FROZEN, 0);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    say_of_scope(BW_EVENT_LEADER_ELECTED, 8);
    CU_ASSERT(violated("which it knows to be frozen"));
}

static void say_member(size_t host, size_t subject, enum bw_event_type type, uint64_t incarnation, bool own) {
    struct bw_event event = {.type = type,
                             .id = bw_node_id(bw_sim_node(sim, subject)),
                             .addr = bw_sim_addr(subject),
                             .incarnation = incarnation,
                             .own = own};
    fake_say(bw_sim_node(sim, host), &event);
    poke(host);
}

static void an_incarnation_that_goes_back_fires(void) {
    start(2);
    say_member(0, 1, BW_EVENT_MEMBER_ALIVE, 5, false);
    say_member(0, 1, BW_EVENT_MEMBER_SUSPECT, 5, false);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    say_member(0, 1, BW_EVENT_MEMBER_ALIVE, 4, false);
    CU_ASSERT(violated("incarnation of n1 goes back"));
}

static void a_healthy_member_held_for_dead_fires(void) {
    start(3);
    bw_sim_protect(sim, 0, true);
    bw_sim_protect(sim, 1, true);
    say_member(2, 1, BW_EVENT_MEMBER_DEAD, 5, true); /* who is not protected may be wrong */
    say_member(0, 2, BW_EVENT_MEMBER_DEAD, 5, true);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    say_member(0, 1, BW_EVENT_MEMBER_DEAD, 5, true);
    CU_ASSERT(violated("holds the healthy n1 for dead"));
}

static void accusations_are_counted(void) {
    start(3);
    say_member(0, 1, BW_EVENT_MEMBER_SUSPECT, 5, true);
    say_member(2, 1, BW_EVENT_MEMBER_SUSPECT, 5, false);
    say_member(2, 1, BW_EVENT_MEMBER_DEAD, 5, false);
    CU_ASSERT_EQUAL(bw_sim_accused_count(sim, 1), 1);
    CU_ASSERT_EQUAL(bw_sim_suspected_count(sim, 1), 2);
    CU_ASSERT_EQUAL(bw_sim_dead_count(sim, 1), 1);
    CU_ASSERT_EQUAL(bw_sim_event_count(sim, 2, BW_EVENT_MEMBER_SUSPECT), 1);
    CU_ASSERT_EQUAL(bw_sim_event_count(sim, BW_SIM_ALL, BW_EVENT_MEMBER_SUSPECT), 2);
}

static void a_datagram_too_large_fires(void) {
    start(1);
    bw_sim_node(sim, 0)->size = BW_DATAGRAM_MAX;
    bw_sim_run_ms(sim, 150);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_sim_node(sim, 0)->size = BW_DATAGRAM_MAX + 1;
    bw_sim_run_ms(sim, 100);
    CU_ASSERT(violated("a datagram of 1233 bytes"));
}

static void a_stuck_deadline_fires(void) {
    start(1);
    bw_sim_node(sim, 0)->stuck = true;
    bw_sim_run_ms(sim, 150);
    CU_ASSERT(violated("stays in the past"));
}

static void endless_sending_fires(void) {
    start(1);
    bw_sim_node(sim, 0)->endless = true;
    poke(0);
    CU_ASSERT(violated("does not stop sending"));
}

static void a_write_without_a_disk_fires(void) {
    start(1);
    fake_write(bw_sim_node(sim, 0), 5);
    poke(0);
    CU_ASSERT(violated("without a disk"));
}

static void memory_that_is_kept_fires(void) {
    start(1);
    struct bw_node *node = bw_sim_node(sim, 0);
    void *kept = bw_alloc(&node->allocator, 24);
    struct bw_allocator allocator = node->allocator;
    bw_sim_crash(sim, 0);
    CU_ASSERT(violated("24 bytes were not given back"));
    bw_free(&allocator, kept, 24);
}

static void who_never_learns_of_a_crash_fires(void) {
    start(2);
    know(0, 1, BW_STATUS_ALIVE);
    bw_sim_crash(sim, 1);
    bw_sim_demand_known(sim, 1, 5000 * BW_US_PER_MS);
    bw_sim_run_ms(sim, 4999);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_sim_run_ms(sim, 1);
    CU_ASSERT(violated("completeness: n1 is gone for 5000 ms, and n0 does not know"));
}

static void who_suspects_for_ever_fires(void) {
    start(2);
    know(0, 1, BW_STATUS_SUSPECT);
    bw_sim_crash(sim, 1);
    bw_sim_demand_known(sim, 1, 1000);
    bw_sim_run_ms(sim, 1);
    CU_ASSERT(violated("completeness"));
}

static void who_learns_of_a_crash_is_complete(void) {
    start(4);
    know(0, 1, BW_STATUS_DEAD);
    know(2, 1, BW_STATUS_ALIVE);
    know(3, 1, BW_STATUS_ALIVE);
    bw_sim_crash(sim, 1);
    bw_sim_demand_known(sim, 1, 5000 * BW_US_PER_MS);
    bw_sim_run_ms(sim, 100);
    bw_sim_pause(sim, 2); /* it was away meanwhile */
    bw_sim_continue(sim, 2);
    bw_sim_host_silent(sim, 3, true);
    bw_sim_run_ms(sim, 5000);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
}

static void who_comes_back_need_not_be_missed(void) {
    start(2);
    know(0, 1, BW_STATUS_ALIVE);
    bw_sim_crash(sim, 1);
    bw_sim_demand_known(sim, 1, 5000 * BW_US_PER_MS);
    bw_sim_run_ms(sim, 100);
    bw_sim_restart(sim, 1);
    bw_sim_run_ms(sim, 5000);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
}

static void views_that_stay_wrong_fire(void) {
    options.scope = NULL;
    start(2); /* each knows itself alone */
    bw_sim_demand_converged(sim, 3000 * BW_US_PER_MS);
    bw_sim_run_ms(sim, 2999);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_sim_run_ms(sim, 1);
    CU_ASSERT(violated("agreement: 3000 ms after the last fault"));
}

static void digests_that_stay_different_fire(void) {
    options.scope = NULL;
    start(2);
    know(0, 1, BW_STATUS_ALIVE);
    know(1, 0, BW_STATUS_ALIVE);
    bw_sim_node(sim, 1)->digest = 1;
    bw_sim_demand_converged(sim, 3000 * BW_US_PER_MS);
    bw_sim_run_ms(sim, 3000);
    CU_ASSERT(violated("agreement"));
}

static void one_view_within_its_time_is_agreement(void) {
    options.scope = NULL;
    start(2);
    know(0, 1, BW_STATUS_ALIVE);
    bw_sim_demand_converged(sim, 3000 * BW_US_PER_MS);
    bw_sim_run_ms(sim, 2000);
    know(1, 0, BW_STATUS_ALIVE);
    bw_sim_run_ms(sim, 2000);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
}

static void one_view_without_a_leader_fires(void) {
    start(1); /* of a scope */
    bw_sim_demand_converged(sim, 3000 * BW_US_PER_MS);
    bw_sim_run_ms(sim, 3000);
    CU_ASSERT(violated("not all know one leader"));
}

static void too_much_memory_fires(void) {
    start(1);
    struct bw_node *node = bw_sim_node(sim, 0);
    struct bw_allocator allocator = node->allocator;
    size_t size = BW_SIM_MEMORY_LEAST + BW_SIM_MEMORY_PER_HOST;
    void *hoard = bw_alloc(&allocator, size - sizeof *node);
    poke(0);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    void *more = bw_alloc(&allocator, 1);
    poke(0);
    CU_ASSERT(violated("bounded-memory: n0 has"));
    bw_free(&allocator, hoard, size - sizeof *node);
    bw_free(&allocator, more, 1);
}

static void an_unknown_event_fires(void) {
    struct bw_event event = {.type = BW_EVENT_COUNT};
    start(1);
    fake_say(bw_sim_node(sim, 0), &event);
    poke(0);
    CU_ASSERT(violated("known-events: n0: unknown event"));
}

static void a_second_write_before_the_first_is_answered_fires(void) {
    options.durable = true;
    options.write_us = 10000;
    start(1);
    fake_write(bw_sim_node(sim, 0), 5);
    poke(0);
    fake_write(bw_sim_node(sim, 0), 6);
    poke(0);
    CU_ASSERT(violated("one-write: n0 asks for a second write"));
}

static void a_node_that_does_not_start_again_fires(void) {
    static const struct bw_fault_hooks none = {NULL, NULL, NULL};
    struct bw_fault fault;
    char why[64];
    start(1);
    CU_ASSERT(bw_fault_parse("restart:n0@1s", 1, &fault, why, sizeof why));
    struct bw_fault_run *run = bw_fault_run_create(sim, &fault, 1, &none);
    bw_sim_run_ms(sim, 999);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_sim_fail_allocation(sim, 0, 1, false);
    bw_sim_run_ms(sim, 1);
    CU_ASSERT(violated("restart: n0 does not start: "));
    bw_fault_run_destroy(run);
}

static void what_a_test_demands_fires(void) {
    start(1);
    bw_sim_fail(sim, "of its own");
    CU_ASSERT(violated("demanded: of its own"));
}

static void another_vote_in_one_term_fires(void) {
    static const uint64_t votes[][3] = {
        {7, 2, 1}, {6, 1, 1}, {7, 1, 0}}; /* for another; of a smaller term; an older list */
    for (size_t i = 0; i < BW_COUNT(votes); i++) {
        options.durable = true;
        start(1);
        fake_vote(bw_sim_node(sim, 0), 7, 1, 1);
        poke(0);
        bw_sim_run_ms(sim, 10);
        CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
        fake_vote(bw_sim_node(sim, 0), votes[i][0], votes[i][1], votes[i][2]);
        poke(0);
        bw_sim_run_ms(sim, 10);
        CU_ASSERT(violated(i < 2 ? "becomes another" : "goes back"));
    }
}

static void two_reigns_in_one_term_fire(void) {
    start(2);
    for (size_t host = 0; host < 2; host++) {
        bw_sim_node(sim, host)->quorum = true;
        fake_lead(bw_sim_node(sim, host), 7, in_ms(host, 1000));
        poke(host);
        fake_resign(bw_sim_node(sim, host));
        poke(host);
    }
    CU_ASSERT(violated("both reign in term"));
}

/* However short, and whoever is excused elsewhere. */
static void two_leases_at_one_instant_fire(void) {
    start(2);
    for (size_t host = 0; host < 2; host++) {
        bw_sim_node(sim, host)->quorum = true;
        fake_lead(bw_sim_node(sim, host), 7 + host, in_ms(host, 1000));
        poke(host);
    }
    bw_sim_run_ms(sim, 1);
    CU_ASSERT(violated("both have a valid lease"));
}

/* The last of them. */
static void every_invariant_has_fired(void) {
    if (!fired[BW_INVARIANT_KNOWN_EVENTS]) {
        tap_skip("the others have not run");
        return;
    }
    for (int i = 0; i < BW_INVARIANT_COUNT; i++) {
        CU_ASSERT(fired[i]);
        if (!fired[i])
            tap_note("%s has not fired", bw_sim_invariant_name((enum bw_invariant)i));
    }
}

const struct tap_test sim_invariant_tests[] = {
    TAP_TEST(an_unknown_event_fires),
    TAP_TEST(a_second_write_before_the_first_is_answered_fires),
    TAP_TEST(a_node_that_does_not_start_again_fires),
    TAP_TEST(what_a_test_demands_fires),
    TAP_TEST(who_never_learns_of_a_crash_fires),
    TAP_TEST(who_suspects_for_ever_fires),
    TAP_TEST(who_learns_of_a_crash_is_complete),
    TAP_TEST(who_comes_back_need_not_be_missed),
    TAP_TEST(views_that_stay_wrong_fire),
    TAP_TEST(digests_that_stay_different_fire),
    TAP_TEST(one_view_within_its_time_is_agreement),
    TAP_TEST(one_view_without_a_leader_fires),
    TAP_TEST(too_much_memory_fires),
    TAP_TEST(a_sound_reign_is_no_violation),
    TAP_TEST(a_preemption_before_its_time_fires),
    TAP_TEST(a_preemption_against_the_policy_fires),
    TAP_TEST(a_reign_in_another_name_fires),
    TAP_TEST(a_token_for_two_reigns_fires),
    TAP_TEST(a_term_that_does_not_rise_fires),
    TAP_TEST(elected_twice_fires),
    TAP_TEST(deposed_without_a_reign_fires),
    TAP_TEST(a_reign_without_a_durable_term_fires),
    TAP_TEST(a_falling_durable_term_fires),
    TAP_TEST(a_disk_that_forgets_is_no_fault_of_its_node),
    TAP_TEST(acting_past_the_lease_fires),
    TAP_TEST(acting_without_a_lease_fires),
    TAP_TEST(acting_without_a_reign_fires),
    TAP_TEST(two_at_once_are_measured),
    TAP_TEST(an_older_token_that_a_guard_takes_fires),
    TAP_TEST(two_at_once_fire_if_forbidden),
    TAP_TEST(who_never_met_anybody_may_lead_a_cluster_of_one),
    TAP_TEST(who_had_met_nobody_may_lead_for_a_lease_after_it_is_met),
    TAP_TEST(who_was_alone_may_lead_for_a_lease_after_it_is_back),
    TAP_TEST(another_change_of_parts_is_no_excuse),
    TAP_TEST(nor_is_being_cut_off),
    TAP_TEST(a_paused_leader_does_not_overlap),
    TAP_TEST(a_leader_of_the_past_fires),
    TAP_TEST(who_takes_a_frozen_scope_fires),
    TAP_TEST(a_seat_too_many_fires),
    TAP_TEST(an_incarnation_that_goes_back_fires),
    TAP_TEST(a_healthy_member_held_for_dead_fires),
    TAP_TEST(accusations_are_counted),
    TAP_TEST(a_datagram_too_large_fires),
    TAP_TEST(a_stuck_deadline_fires),
    TAP_TEST(endless_sending_fires),
    TAP_TEST(a_write_without_a_disk_fires),
    TAP_TEST(memory_that_is_kept_fires),
    TAP_TEST(another_vote_in_one_term_fires),
    TAP_TEST(two_reigns_in_one_term_fire),
    TAP_TEST(two_leases_at_one_instant_fire),
    TAP_TEST(every_invariant_has_fired),
};
const size_t sim_invariant_test_count = BW_COUNT(sim_invariant_tests);
