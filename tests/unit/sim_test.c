/* The simulator by itself: time, network, processes, disks and clocks, and that every invariant can fire. The nodes are fakes
 * (sim_fake.h): each sends 100 bytes every 100 ms, all to host 0. */
#include "sim/sim.h"

#include "base/base.h"
#include "tests/lib/tap.h"
#include "tests/unit/sim_fake.h"

#include <string.h>

static struct bw_sim_options options;
static struct bw_sim *sim;

static void set_up(void) {
    fake_reset();
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.jitter_us = 0;
    options.tick_late_us = 0;
    sim = NULL;
}

static void tear_down(void) {
    bw_sim_destroy(sim);
}

static void start(size_t count) {
    sim = bw_sim_create(1, count, &options);
    bw_sim_start_all(sim);
}

/* Makes the node do what the test has just told it. */
static void poke(size_t host) {
    uint8_t nothing[16] = {0};
    bw_sim_inject(sim, host, host, nothing, sizeof nothing);
    bw_sim_run_ms(sim, 1);
}

static bool violated(const char *words) {
    const char *violation = bw_sim_violation(sim);
    if (violation != NULL && strstr(violation, words) != NULL)
        return true;
    tap_note("violation: %s", violation != NULL ? violation : "none");
    return false;
}

/* -- network -- */

static void a_datagram_takes_its_latency(void) {
    start(2);
    bw_sim_run_us(sim, 100000 + 99);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 0);
    bw_sim_run_us(sim, 1);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 2); /* its own, too */
    CU_ASSERT_EQUAL(fake_hosts[0].heard[0].size, 100);
}

static void jitter_adds_up_to_its_limit(void) {
    options.jitter_us = 1000;
    start(2);
    bw_sim_run_us(sim, 100000 + 1100);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 2);
}

static size_t heard_with_loss(uint32_t ppm) {
    set_up();
    options.loss_ppm = ppm;
    start(2);
    bw_sim_run_ms(sim, 50000);
    size_t count = fake_hosts[0].heard_count;
    bw_sim_destroy(sim);
    sim = NULL;
    return count;
}

static void loss_takes_its_share(void) {
    CU_ASSERT(heard_with_loss(0) >= 998);
    size_t third = heard_with_loss(300000);
    CU_ASSERT(third > 620 && third < 780);
    CU_ASSERT_EQUAL(heard_with_loss(1000000), 0);
}

static void duplicates_come_twice(void) {
    options.duplicate_ppm = 1000000;
    start(2);
    bw_sim_run_ms(sim, 101);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 4);
}

static void reordered_datagrams_are_overtaken(void) {
    options.reorder_ppm = 500000;
    options.reorder_us = 400000;
    start(2);
    bw_sim_run_ms(sim, 5000);
    size_t overtaken = 0;
    for (size_t i = 1; i < fake_hosts[0].heard_count; i++)
        overtaken += fake_hosts[0].heard[i].number < fake_hosts[0].heard[i - 1].number;
    CU_ASSERT(overtaken > 5);
}

static void a_cut_is_one_way_if_asked(void) {
    start(3);
    bw_sim_cut_one_way(sim, 1, 0);
    bw_sim_inject(sim, 0, 1, "hello hello", 11);
    bw_sim_run_ms(sim, 101);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 2); /* from 0 and 2 */
    CU_ASSERT_EQUAL(fake_hosts[1].heard_count, 1);
    bw_sim_mend(sim, 1, 0);
    bw_sim_run_ms(sim, 100);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 5);
}

static void partitions_part_and_heal(void) {
    static const unsigned groups[] = {0, 1, 1};
    start(3);
    bw_sim_partition(sim, groups);
    bw_sim_inject(sim, 1, 2, "hello hello", 11);
    bw_sim_run_ms(sim, 101);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 1);
    CU_ASSERT_EQUAL(fake_hosts[2].heard_count, 1);
    bw_sim_heal(sim);
    bw_sim_run_ms(sim, 100);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 4);
    bw_sim_split(sim, 2);
    bw_sim_run_ms(sim, 100);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 6);
}

static void a_link_goes_on_and_off(void) {
    start(2);
    bw_sim_out(sim, 1)->up_ms = 1000;
    bw_sim_out(sim, 1)->down_ms = 1000;
    bw_sim_run_ms(sim, 4050);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 40 + 20); /* at 0.1-0.9 s, 2.0-2.9 s, 4.0 s */
}

static void what_is_above_the_mtu_vanishes(void) {
    start(2);
    bw_sim_node(sim, 1)->size = 1000;
    bw_sim_link(sim, 1, 0)->mtu = 999;
    bw_sim_run_ms(sim, 150);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 1);
    bw_sim_link(sim, 1, 0)->mtu = 1000;
    bw_sim_run_ms(sim, 100);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 3);
}

static void a_crashed_process_port_refuses(void) {
    start(2);
    bw_sim_crash(sim, 0);
    bw_sim_run_us(sim, 100000 + 199);
    CU_ASSERT_EQUAL(fake_hosts[1].heard_count, 0);
    bw_sim_run_us(sim, 1); /* there and back */
    CU_ASSERT_EQUAL_FATAL(fake_hosts[1].heard_count, 1);
    struct bw_addr refuser = bw_sim_addr(0);
    CU_ASSERT(fake_hosts[1].heard[0].refusal);
    CU_ASSERT(bw_addr_equal(&fake_hosts[1].heard[0].from, &refuser));
    CU_ASSERT_EQUAL(fake_hosts[1].heard[0].number, 1); /* our first datagram is quoted */
}

static void refusals_are_rationed_as_by_linux(void) {
    start(2);
    bw_sim_crash(sim, 0);
    bw_sim_run_ms(sim, 5050);                                                      /* 50 datagrams */
    CU_ASSERT(fake_hosts[1].heard_count >= 10 && fake_hosts[1].heard_count <= 11); /* six at once, one a second */
}

static void a_silent_host_refuses_nothing(void) {
    start(2);
    bw_sim_crash(sim, 0);
    bw_sim_host_silent(sim, 0, true);
    bw_sim_run_ms(sim, 1000);
    CU_ASSERT_EQUAL(fake_hosts[1].heard_count, 0);
}

/* -- processes -- */

static void a_paused_process_reads_its_socket_before_the_clock(void) {
    start(2);
    bw_sim_pause(sim, 0);
    bw_sim_run_ms(sim, 1050);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 0);
    CU_ASSERT(!bw_sim_running(sim, 0));
    bw_sim_continue(sim, 0);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 10);
    CU_ASSERT_EQUAL(fake_hosts[0].last_tick_heard_count, 10);
    CU_ASSERT_EQUAL(fake_hosts[0].heard[0].now.mono_us, bw_sim_clock(sim, 0).mono_us);
}

static void a_socket_holds_only_so_much(void) {
    options.socket_buffer_size = 350;
    start(2);
    bw_sim_pause(sim, 0);
    bw_sim_run_ms(sim, 1050);
    bw_sim_continue(sim, 0);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 3);
}

static void a_slow_process_is_late_but_not_too_late(void) {
    start(2);
    bw_sim_slow(sim, 0, 500);
    bw_sim_run_ms(sim, 10000);
    int64_t previous_us = 0;
    int64_t longest_us = 0;
    for (size_t i = 0; i < fake_hosts[0].heard_count; i++) {
        int64_t at_us = fake_hosts[0].heard[i].now.mono_us;
        if (i > 0 && at_us - previous_us > longest_us)
            longest_us = at_us - previous_us;
        previous_us = at_us;
    }
    CU_ASSERT(longest_us > 300000 && longest_us <= 600200);
}

static void a_restarted_process_gets_what_is_on_the_disk(void) {
    options.durable = true;
    start(1);
    CU_ASSERT_EQUAL(fake_hosts[0].state_size, 0);
    fake_write(bw_sim_node(sim, 0), 5);
    poke(0);
    bw_sim_run_ms(sim, 10);
    CU_ASSERT_EQUAL(fake_hosts[0].answer_count, 1);
    CU_ASSERT(fake_hosts[0].answer);
    bw_sim_restart(sim, 0);
    CU_ASSERT_EQUAL(fake_hosts[0].state_size, 8);
    bw_sim_disk_tear(sim, 0, 3);
    bw_sim_restart(sim, 0);
    CU_ASSERT_EQUAL(fake_hosts[0].state_size, 3);
    bw_sim_restart_blank(sim, 0);
    CU_ASSERT_EQUAL(fake_hosts[0].state_size, 0);
}

static void a_crash_loses_the_write_under_way(void) {
    options.durable = true;
    options.write_us = 5000;
    start(1);
    fake_write(bw_sim_node(sim, 0), 5);
    poke(0);
    bw_sim_crash(sim, 0);
    bw_sim_run_ms(sim, 100);
    CU_ASSERT_EQUAL(bw_sim_disk_size(sim, 0), 0);
    CU_ASSERT_EQUAL(fake_hosts[0].answer_count, 0);
}

static void a_failing_disk_says_so(void) {
    options.durable = true;
    start(1);
    bw_sim_disk_fails(sim, 0, true);
    fake_write(bw_sim_node(sim, 0), 5);
    poke(0);
    bw_sim_run_ms(sim, 10);
    CU_ASSERT_EQUAL(fake_hosts[0].answer_count, 1);
    CU_ASSERT(!fake_hosts[0].answer);
    CU_ASSERT_EQUAL(bw_sim_disk_size(sim, 0), 0);
}

/* -- time -- */

static void a_fast_clock_ticks_early(void) {
    start(1);
    bw_sim_clock_rate(sim, 0, 100000); /* 10 %: 100 ms of its own are 90.9 ms */
    int64_t before_us = bw_sim_clock(sim, 0).mono_us;
    bw_sim_run_us(sim, 90909 + 99);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 0);
    bw_sim_run_us(sim, 2);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 1);
    bw_sim_run_us(sim, 1000000 - 90909 - 101);
    int64_t passed_us = bw_sim_clock(sim, 0).mono_us - before_us;
    CU_ASSERT(passed_us >= 1099999 && passed_us <= 1100001);
}

static void a_wall_clock_is_stepped_alone(void) {
    start(1);
    struct bw_time before = bw_sim_clock(sim, 0);
    bw_sim_wall_step(sim, 0, -3600000);
    struct bw_time after = bw_sim_clock(sim, 0);
    CU_ASSERT_EQUAL(after.mono_us, before.mono_us);
    CU_ASSERT_EQUAL(after.wall_us, before.wall_us - INT64_C(3600000000));
}

static uint64_t hash_of(uint64_t seed, uint32_t extra_tick_ppm, bool minds_ticks) {
    set_up();
    options.jitter_us = 300;
    options.loss_ppm = 100000;
    options.tick_late_us = 100;
    options.extra_tick_ppm = extra_tick_ppm;
    sim = bw_sim_create(seed, 4, &options);
    bw_sim_start_all(sim);
    bw_sim_node(sim, 1)->minds_ticks = minds_ticks;
    bw_sim_run_ms(sim, 5000);
    uint64_t hash = bw_sim_hash(sim);
    bw_sim_destroy(sim);
    sim = NULL;
    return hash;
}

static void a_seed_makes_the_run(void) {
    CU_ASSERT_EQUAL(hash_of(1, 0, false), hash_of(1, 0, false));
    CU_ASSERT_NOT_EQUAL(hash_of(1, 0, false), hash_of(2, 0, false));
}

static void needless_ticks_are_told_by_the_hash(void) {
    CU_ASSERT_EQUAL(hash_of(1, 0, false), hash_of(1, 500000, false));
    CU_ASSERT_NOT_EQUAL(hash_of(1, 0, true), hash_of(1, 500000, true));
}

static void note_time(struct bw_sim *world, void *context) {
    *(int64_t *)context = bw_sim_now_us(world);
}

static void an_action_happens_at_its_time(void) {
    int64_t at_us = -1;
    start(1);
    bw_sim_schedule(sim, 250, note_time, &at_us);
    bw_sim_run_ms(sim, 249);
    CU_ASSERT_EQUAL(at_us, -1);
    bw_sim_run_ms(sim, 1);
    CU_ASSERT_EQUAL(at_us, 250000);
}

static bool heard_five(struct bw_sim *world, void *context) {
    (void)world;
    (void)context;
    return fake_hosts[0].heard_count >= 5;
}

static void waiting_ends_when_it_is_so(void) {
    start(1);
    CU_ASSERT(!bw_sim_run_until(sim, heard_five, NULL, 499));
    CU_ASSERT_EQUAL(bw_sim_now_ms(sim), 499);
    CU_ASSERT(bw_sim_run_until(sim, heard_five, NULL, 499));
    CU_ASSERT_EQUAL(bw_sim_now_us(sim), 500100);
}

/* -- invariants, each with what breaks it -- */

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

static void two_at_once_fire_if_forbidden(void) {
    options.forbid_overlap = true;
    start(2);
    fake_lead(bw_sim_node(sim, 0), 1, in_ms(0, 500));
    poke(0);
    fake_lead(bw_sim_node(sim, 1), 2, in_ms(1, 500));
    poke(1);
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

static void an_allocation_can_fail(void) {
    sim = bw_sim_create(1, 1, &options);
    bw_sim_fail_allocation(sim, 0, 1, false);
    CU_ASSERT_EQUAL(bw_sim_start(sim, 0), BW_ERR_MEMORY);
    CU_ASSERT_PTR_NULL(bw_sim_node(sim, 0));
    CU_ASSERT_EQUAL(bw_sim_start(sim, 0), 0);
    CU_ASSERT_EQUAL(bw_sim_allocation_count(sim), 1);
}

static const struct tap_test network_tests[] = {
    TAP_TEST(a_datagram_takes_its_latency),
    TAP_TEST(jitter_adds_up_to_its_limit),
    TAP_TEST(loss_takes_its_share),
    TAP_TEST(duplicates_come_twice),
    TAP_TEST(reordered_datagrams_are_overtaken),
    TAP_TEST(a_cut_is_one_way_if_asked),
    TAP_TEST(partitions_part_and_heal),
    TAP_TEST(a_link_goes_on_and_off),
    TAP_TEST(what_is_above_the_mtu_vanishes),
    TAP_TEST(a_crashed_process_port_refuses),
    TAP_TEST(refusals_are_rationed_as_by_linux),
    TAP_TEST(a_silent_host_refuses_nothing),
};
static const struct tap_test process_tests[] = {
    TAP_TEST(a_paused_process_reads_its_socket_before_the_clock),
    TAP_TEST(a_socket_holds_only_so_much),
    TAP_TEST(a_slow_process_is_late_but_not_too_late),
    TAP_TEST(a_restarted_process_gets_what_is_on_the_disk),
    TAP_TEST(a_crash_loses_the_write_under_way),
    TAP_TEST(a_failing_disk_says_so),
    TAP_TEST(an_allocation_can_fail),
};
static const struct tap_test time_tests[] = {
    TAP_TEST(a_fast_clock_ticks_early),      TAP_TEST(a_wall_clock_is_stepped_alone),
    TAP_TEST(a_seed_makes_the_run),          TAP_TEST(needless_ticks_are_told_by_the_hash),
    TAP_TEST(an_action_happens_at_its_time), TAP_TEST(waiting_ends_when_it_is_so),
};
static const struct tap_test invariant_tests[] = {
    TAP_TEST(a_sound_reign_is_no_violation),
    TAP_TEST(a_reign_in_another_name_fires),
    TAP_TEST(a_token_for_two_reigns_fires),
    TAP_TEST(a_term_that_does_not_rise_fires),
    TAP_TEST(elected_twice_fires),
    TAP_TEST(deposed_without_a_reign_fires),
    TAP_TEST(a_reign_without_a_durable_term_fires),
    TAP_TEST(a_falling_durable_term_fires),
    TAP_TEST(acting_past_the_lease_fires),
    TAP_TEST(acting_without_a_lease_fires),
    TAP_TEST(acting_without_a_reign_fires),
    TAP_TEST(two_at_once_are_measured),
    TAP_TEST(two_at_once_fire_if_forbidden),
    TAP_TEST(a_paused_leader_does_not_overlap),
    TAP_TEST(a_leader_of_the_past_fires),
    TAP_TEST(an_incarnation_that_goes_back_fires),
    TAP_TEST(a_healthy_member_held_for_dead_fires),
    TAP_TEST(accusations_are_counted),
    TAP_TEST(a_datagram_too_large_fires),
    TAP_TEST(a_stuck_deadline_fires),
    TAP_TEST(endless_sending_fires),
    TAP_TEST(a_write_without_a_disk_fires),
    TAP_TEST(memory_that_is_kept_fires),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("sim network", network_tests, set_up, tear_down),
    TAP_SUITE_WITH("sim processes", process_tests, set_up, tear_down),
    TAP_SUITE_WITH("sim time", time_tests, set_up, tear_down),
    TAP_SUITE_WITH("sim invariants", invariant_tests, set_up, tear_down),
};

TAP_MAIN(suites)
