/* The simulator by itself: time, network, processes, disks and clocks. The nodes are fakes (sim_fake.h): each sends 100 bytes
 * every 100 ms, all to host 0. */
#include "tests/unit/sim_test.h"

struct bw_sim_options options;
struct bw_sim *sim;

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

void start(size_t count) {
    bw_sim_destroy(sim);
    sim = bw_sim_create(1, count, &options);
    bw_sim_start_all(sim);
}

void poke(size_t host) {
    uint8_t nothing[16] = {0};
    bw_sim_inject(sim, host, host, nothing, sizeof nothing);
    bw_sim_run_ms(sim, 1);
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

static void a_narrow_link_makes_datagrams_wait(void) {
    start(2);
    bw_sim_in(sim, 0)->bytes_per_s = 10000; /* 100 bytes: 10 ms; two every 100 ms */
    bw_sim_run_us(sim, 100000 + 10099);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 0);
    bw_sim_run_us(sim, 1);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 1);
    bw_sim_run_us(sim, 9999);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 1);
    bw_sim_run_us(sim, 1);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 2);
}

static void what_a_narrow_link_cannot_hold_is_lost(void) {
    struct bw_sim_counts counts;
    start(2);
    bw_sim_in(sim, 0)->bytes_per_s = 100; /* a twentieth of what comes */
    bw_sim_run_ms(sim, 20000);
    bw_sim_counts(sim, BW_SIM_ALL, &counts);
    CU_ASSERT_EQUAL(counts.lost, 0);
    bw_sim_run_ms(sim, 80000);
    bw_sim_counts(sim, BW_SIM_ALL, &counts);
    CU_ASSERT(counts.lost > 1000 && counts.lost < 2000);
}

static void a_link_duplicates_and_holds_back(void) {
    start(2);
    bw_sim_out(sim, 1)->duplicate_ppm = BW_SIM_PPM_MAX;
    bw_sim_run_ms(sim, 110);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 3);
    bw_sim_link(sim, 1, 0)->reorder_ppm = BW_SIM_PPM_MAX;
    bw_sim_run_us(sim, 90100);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 4); /* its own; the others are held back */
    bw_sim_run_ms(sim, 5);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 6);
}

static void a_host_may_refuse_always_or_never(void) {
    struct bw_sim_counts counts;
    start(2);
    bw_sim_refusals(sim, 0, BW_SIM_REFUSALS_ALWAYS);
    bw_sim_run_ms(sim, 150);
    bw_sim_counts(sim, 1, &counts);
    CU_ASSERT_EQUAL(counts.refused, 1);
    CU_ASSERT_EQUAL(fake_hosts[0].heard_count, 1); /* the refusal of its own */
    bw_sim_refusals(sim, 0, BW_SIM_REFUSALS_NEVER);
    bw_sim_crash(sim, 0);
    bw_sim_run_ms(sim, 500);
    bw_sim_counts(sim, 1, &counts);
    CU_ASSERT_EQUAL(counts.refused, 1);
    bw_sim_refusals(sim, 0, BW_SIM_REFUSALS_USUAL);
    bw_sim_run_ms(sim, 100);
    bw_sim_counts(sim, 1, &counts);
    CU_ASSERT_EQUAL(counts.refused, 2);
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

/* What it slept through is over when its slowness is. */
static void a_process_that_is_slow_no_more_is_not_late_any_more(void) {
    start(2);
    bw_sim_slow(sim, 0, 3600000);
    bw_sim_run_ms(sim, 5000);
    size_t heard = fake_hosts[0].heard_count;
    bw_sim_slow(sim, 0, 0);
    bw_sim_run_ms(sim, 1);
    CU_ASSERT(fake_hosts[0].heard_count > heard);
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

static void of_a_lost_write_the_one_before_it_is_left(void) {
    options.durable = true;
    start(1);
    for (uint64_t write = 0; write < 2; write++) {
        if (write == 0)
            fake_write(bw_sim_node(sim, 0), 5);
        else
            fake_vote(bw_sim_node(sim, 0), 6, 1, 1);
        poke(0);
        bw_sim_run_ms(sim, 10);
    }
    bw_sim_crash(sim, 0);
    CU_ASSERT_EQUAL(bw_sim_disk_size(sim, 0), 24);
    bw_sim_disk_undo(sim, 0);
    bw_sim_start(sim, 0);
    CU_ASSERT_EQUAL(fake_hosts[0].state_size, 8);
    bw_sim_disk_undo(sim, 0); /* nothing stood there before */
    CU_ASSERT_EQUAL(bw_sim_disk_size(sim, 0), 0);
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

static void an_allocation_can_fail(void) {
    sim = bw_sim_create(1, 1, &options);
    bw_sim_fail_allocation(sim, 0, 1, false);
    CU_ASSERT_EQUAL(bw_sim_start(sim, 0), BW_ERR_MEMORY);
    CU_ASSERT_PTR_NULL(bw_sim_node(sim, 0));
    CU_ASSERT_EQUAL(bw_sim_start(sim, 0), 0);
    CU_ASSERT_EQUAL(bw_sim_allocation_count(sim), 1);
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

static const struct tap_test network_tests[] = {
    TAP_TEST(a_datagram_takes_its_latency),
    TAP_TEST(jitter_adds_up_to_its_limit),
    TAP_TEST(a_narrow_link_makes_datagrams_wait),
    TAP_TEST(what_a_narrow_link_cannot_hold_is_lost),
    TAP_TEST(a_link_duplicates_and_holds_back),
    TAP_TEST(a_host_may_refuse_always_or_never),
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
    TAP_TEST(a_process_that_is_slow_no_more_is_not_late_any_more),
    TAP_TEST(a_restarted_process_gets_what_is_on_the_disk),
    TAP_TEST(of_a_lost_write_the_one_before_it_is_left),
    TAP_TEST(a_crash_loses_the_write_under_way),
    TAP_TEST(a_failing_disk_says_so),
    TAP_TEST(an_allocation_can_fail),
};
static const struct tap_test time_tests[] = {
    TAP_TEST(a_fast_clock_ticks_early),      TAP_TEST(a_wall_clock_is_stepped_alone),
    TAP_TEST(a_seed_makes_the_run),          TAP_TEST(needless_ticks_are_told_by_the_hash),
    TAP_TEST(an_action_happens_at_its_time), TAP_TEST(waiting_ends_when_it_is_so),
};
int main(int argc, char **argv) {
    const struct tap_suite suites[] = {
        TAP_SUITE_WITH("sim network", network_tests, set_up, tear_down),
        TAP_SUITE_WITH("sim processes", process_tests, set_up, tear_down),
        TAP_SUITE_WITH("sim time", time_tests, set_up, tear_down),
        {"sim invariants", sim_invariant_tests, sim_invariant_test_count, set_up, tear_down},
    };
    return tap_run(suites, BW_COUNT(suites), argc, argv);
}
