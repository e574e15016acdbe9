/* Rotation of keys and hostile packets: neither changes what members believe of each other. */
#include "node/internal.h"
#include "sim/fault.h"
#include "sim/internal.h"
#include "sim/measure.h"
#include "tests/lib/tap.h"

#include <string.h>

#define NODES 5u

static struct bw_sim *sim;
static struct bw_fault faults[4];
static struct bw_fault_run *run;

static void begin(bool unsealed, const char *const *texts, size_t count) {
    static const struct bw_fault_hooks none = {NULL, NULL, NULL};
    struct bw_sim_options options;
    char why[256] = "";
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.durable = true;
    options.unsealed = unsealed;
    sim = bw_sim_create(7, NODES, &options);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_FATAL(bw_fault_parse(texts[i], NODES, &faults[i], why, sizeof why));
    run = bw_fault_run_create(sim, faults, count, &none);
    bw_sim_start_all(sim);
}

static void finish(void) {
    bw_fault_run_destroy(run);
    bw_sim_destroy(sim);
}

static void until_s(int64_t s) {
    bw_sim_run_us(sim, s * BW_US_PER_S - bw_sim_now_us(sim));
}

static uint64_t dropped(int error) {
    uint64_t sum = 0;
    for (size_t i = 0; i < NODES; i++)
        sum += bw_sim_node(sim, i) != NULL ? bw_node_dropped(bw_sim_node(sim, i), error) : 0;
    return sum;
}

static uint64_t suspicions(void) {
    uint64_t sum = 0;
    for (size_t i = 0; i < NODES; i++)
        sum += bw_sim_suspected_count(sim, i);
    return sum;
}

static bool has_key_alone(size_t host, uint16_t number) {
    uint16_t keys[BW_SIM_KEYS_MAX];
    return bw_sim_keys(sim, host, keys) == 1 && keys[0] == number;
}

static void measured(const char *const *texts, size_t count, uint64_t seed, uint32_t loss_ppm,
                     struct bw_figures *figures) {
    static struct bw_fault planned[4];
    struct bw_measure measure = {.node_count = NODES, .duration_us = 120 * BW_US_PER_S, .demand = true};
    struct bw_measure_result result;
    char why[256];
    bw_sim_options_init(&measure.options, BW_PROFILE_LAN);
    measure.options.loss_ppm = loss_ppm;
    measure.options.seed_count = 3;
    measure.faults = planned;
    for (; measure.fault_count < count; measure.fault_count++)
        CU_ASSERT_FATAL(
            bw_fault_parse(texts[measure.fault_count], NODES, &planned[measure.fault_count], why, sizeof why));
    bw_figures_init(figures, count);
    CU_ASSERT(bw_measure_run(&measure, seed, figures, &result, NULL));
    if (result.violation[0] != '\0')
        tap_note("%s", result.violation);
}

/* -- keys -- */

static void a_rotation_takes_three_seconds_or_what_it_is_given(void) {
    struct bw_fault fault;
    char why[256];
    CU_ASSERT(bw_fault_parse("rotate:all@5s", NODES, &fault, why, sizeof why));
    CU_ASSERT_EQUAL(fault.until_us, 8000000);
    CU_ASSERT_FALSE(bw_fault_disturbs(&fault));
    CU_ASSERT(bw_fault_parse("rotate:n1@5s-20s", NODES, &fault, why, sizeof why));
    CU_ASSERT_EQUAL(fault.until_us, 20000000);
    CU_ASSERT(bw_fault_disturbs(&fault) && !bw_fault_removes(&fault));
    CU_ASSERT_FALSE(bw_fault_parse("rotate:n1:2@5s", NODES, &fault, why, sizeof why));
    CU_ASSERT_STRING_EQUAL(why, "'2' is one piece too many: rotate:HOSTS@TIME[-TIME]");
    CU_ASSERT_FALSE(bw_fault_parse("rotate:n0-n1@5s", NODES, &fault, why, sizeof why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "is a link, but rotate happens to hosts"));
}

static void keys_are_rotated_without_one_suspicion(void) {
    static const char *const texts[] = {"rotate:all@10s-20s", "rotate:all@30s"};
    begin(false, texts, 2);
    until_s(12);
    CU_ASSERT(bw_sim_rule_count(sim, BW_SIM_ALL, BW_RULE_FIRST_KEY_SEALS_ALL_OPEN) == 0);
    until_s(17);
    CU_ASSERT(bw_sim_rule_count(sim, BW_SIM_ALL, BW_RULE_FIRST_KEY_SEALS_ALL_OPEN) > 0);
    until_s(21);
    for (size_t i = 0; i < NODES; i++)
        CU_ASSERT(has_key_alone(i, 1));
    until_s(60);
    for (size_t i = 0; i < NODES; i++)
        CU_ASSERT(has_key_alone(i, 2));
    CU_ASSERT_EQUAL(dropped(BW_ERR_DROP_KEY), 0);
    CU_ASSERT_EQUAL(suspicions(), 0);
    CU_ASSERT(bw_sim_converged(sim));
    finish();
}

static void nor_does_loss_add_one(void) {
    static const char *const texts[] = {"rotate:all@20s-50s", "rotate:all@60s-63s"};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct bw_figures figures;
        measured(texts, 2, seed, 20000, &figures);
        CU_ASSERT_EQUAL(bw_sample_percentile(&figures.suspected, 100), 0);
        CU_ASSERT_EQUAL(bw_sample_percentile(&figures.dead, 100), 0);
        CU_ASSERT_EQUAL(bw_sample_percentile(&figures.reigns, 100), 1);
        bw_figures_free(&figures);
    }
}

static void who_sleeps_through_a_rotation_gets_back_in(void) {
    static const char *const texts[] = {"sleep:n2@9s-60s", "crash:n3@9s-60s", "rotate:all@20s"};
    begin(false, texts, 3);
    until_s(59);
    CU_ASSERT(bw_sim_status_everywhere(sim, 2, BW_STATUS_DEAD));
    until_s(61);
    CU_ASSERT(has_key_alone(2, 3) && has_key_alone(3, 3));
    CU_ASSERT(bw_sim_wait_converged(sim, 15000));
    CU_ASSERT_EQUAL(bw_sim_alive_count(sim, 0), NODES);
    finish();
}

/* It has the old one too: who answers in that one is answered in it. */
static void a_key_that_one_alone_seals_with_cuts_nobody_off(void) {
    static const char *const texts[] = {"rotate:n3@10s", "rotate:all@60s"};
    begin(false, texts, 2);
    until_s(55);
    CU_ASSERT_EQUAL(bw_sim_status_at(sim, 0, 3), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(bw_sim_status_at(sim, 3, 0), BW_STATUS_ALIVE);
    CU_ASSERT(dropped(BW_ERR_DROP_KEY) > 0);
    until_s(64);
    for (size_t i = 0; i < NODES; i++)
        CU_ASSERT(has_key_alone(i, 2));
    CU_ASSERT(bw_sim_wait_converged(sim, 30000));
    finish();
}

/* It shows that the tests above can fail. */
static void who_has_no_key_in_common_is_cut_off(void) {
    static const uint16_t own = 7;
    static const uint16_t common = 0;
    begin(false, NULL, 0);
    until_s(10);
    bw_sim_set_keys(sim, 3, &own, 1);
    until_s(55);
    CU_ASSERT_EQUAL(bw_sim_status_at(sim, 0, 3), BW_STATUS_DEAD);
    CU_ASSERT_EQUAL(bw_sim_status_at(sim, 3, 0), BW_STATUS_DEAD);
    CU_ASSERT(dropped(BW_ERR_DROP_KEY) > 0);
    bw_sim_set_keys(sim, 3, &common, 1);
    CU_ASSERT(bw_sim_wait_converged(sim, 30000));
    finish();
}

static void rotations_that_overlap_lose_nobody(void) {
    static const char *const texts[] = {"rotate:all@10s-40s", "rotate:all@21s-24s", "rotate:all@26s-29s"};
    begin(false, texts, 3);
    until_s(60);
    CU_ASSERT_EQUAL(dropped(BW_ERR_DROP_KEY), 0);
    CU_ASSERT_EQUAL(suspicions(), 0);
    finish();
}

static void keys_that_are_none_change_nothing(void) {
    static const struct {
        const char *text;
        int error;
    } bad[] = {{"", BW_ERR_KEY}, {"short\n", BW_ERR_KEY}};
    begin(false, NULL, 0);
    until_s(5);
    for (size_t i = 0; i < BW_COUNT(bad); i++)
        CU_ASSERT_EQUAL(bw_node_set_keys(bw_sim_node(sim, 1), bad[i].text, strlen(bad[i].text), bw_sim_clock(sim, 1)),
                        bad[i].error);
    until_s(20);
    CU_ASSERT_EQUAL(dropped(BW_ERR_DROP_KEY), 0);
    CU_ASSERT_EQUAL(suspicions(), 0);
    finish();
}

/* -- hostile packets -- */

static void so_many_packets_a_second_are_understood(void) {
    struct bw_fault fault;
    char why[256];
    CU_ASSERT(bw_fault_parse("hostile:n1:200@5s-9s", NODES, &fault, why, sizeof why));
    CU_ASSERT_EQUAL(fault.value, 200);
    CU_ASSERT_FALSE(bw_fault_disturbs(&fault));
    CU_ASSERT_FALSE(bw_fault_parse("hostile:n1@5s", NODES, &fault, why, sizeof why));
    CU_ASSERT_STRING_EQUAL(why, "hostile needs a value: hostile:HOSTS:NUMBER@TIME[-TIME]");
    CU_ASSERT_FALSE(bw_fault_parse("hostile:n1:many@5s", NODES, &fault, why, sizeof why));
    CU_ASSERT_STRING_EQUAL(why, "'many' is no number of packets a second up to 100000");
}

static void each_hostile_packet_is_turned_down_for_its_reason(void) {
    static const char *const texts[] = {"hostile:all:500@10s-30s", "restart:n4@20s"};
    static const int reasons[] = {BW_ERR_DROP_SHORT, BW_ERR_DROP_LONG, BW_ERR_DROP_VERSION,
                                  BW_ERR_DROP_KEY,   BW_ERR_DROP_AUTH, BW_ERR_DROP_REPLAY};
    uint64_t sum = 0;
    begin(false, texts, 2);
    until_s(9);
    size_t memory = bw_sim_allocated_size(sim);
    until_s(32);
    CU_ASSERT_EQUAL(sim->hostile_count, 500u * 20u * NODES);
    for (size_t i = 0; i < BW_COUNT(reasons); i++) {
        CU_ASSERT(dropped(reasons[i]) > 100);
        sum += dropped(reasons[i]);
    }
    CU_ASSERT_EQUAL(dropped(BW_ERR_DROP_MALFORMED), 0);
    CU_ASSERT(sum > sim->hostile_count * 3 / 4); /* those of n4's first life are counted no more */
    for (size_t i = 0; i < NODES; i++)
        CU_ASSERT_EQUAL(bw_node_member_count(bw_sim_node(sim, i)), NODES);
    CU_ASSERT_EQUAL(suspicions(), 0);
    CU_ASSERT(bw_sim_converged(sim));
    CU_ASSERT(bw_sim_allocated_size(sim) < memory + memory / 50);
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    finish();
}

/* The same with and without an attack: who is gone is found out as fast, nobody else is accused, nothing is sent for it. */
static void detection_is_as_without_them(void) {
    static const char *const texts[] = {"silent:n1@40s", "hostile:all:200@20s-110s"};
    int64_t bytes[2] = {0, 0}, memory[2] = {0, 0}, everywhere[2] = {0, 0};
    for (size_t attacked = 0; attacked < 2; attacked++) {
        struct bw_figures figures;
        for (uint64_t seed = 1; seed <= 5; seed++) {
            measured(texts, 1 + attacked, seed, 0, &figures);
            CU_ASSERT_EQUAL(bw_sample_percentile(&figures.suspected_by_healthy, 100), 0);
            CU_ASSERT_EQUAL(bw_sample_percentile(&figures.dead_by_healthy, 100), 0);
            CU_ASSERT_EQUAL(figures.faults[0].everywhere.count, 1);
            everywhere[attacked] += bw_sample_percentile(&figures.faults[0].everywhere, 50) / 5;
            bytes[attacked] += bw_sample_percentile(&figures.bytes_per_s, 50) / 5;
            memory[attacked] += bw_sample_percentile(&figures.memory_per_node, 100) / 5;
            bw_figures_free(&figures);
        }
    }
    tap_note("known everywhere after %lld and %lld ms, %lld and %lld bytes/s, %lld and %lld bytes of memory",
             (long long)everywhere[0] / 1000, (long long)everywhere[1] / 1000, (long long)bytes[0] / 1000,
             (long long)bytes[1] / 1000, (long long)memory[0], (long long)memory[1]);
    CU_ASSERT(everywhere[1] < everywhere[0] + 1500000);
    CU_ASSERT(bytes[1] < bytes[0] + bytes[0] / 10);
    CU_ASSERT(memory[1] < memory[0] + memory[0] / 50);
}

/* So that the attack is one: past a seal that does not notice a changed datagram, changed ones are read. */
static void without_a_seal_the_attack_gets_through(void) {
    static const char *const texts[] = {"hostile:all:500@10s-30s"};
    begin(true, texts, 1);
    sim->options.unsealed = false; /* only so that it is not refused */
    until_s(40);
    CU_ASSERT(dropped(BW_ERR_DROP_MALFORMED) > 10);
    tap_note("%llu changed datagrams were read", (unsigned long long)dropped(BW_ERR_DROP_MALFORMED));
    finish();
}

static void an_unsealed_world_refuses_it(void) {
    static const char *const texts[] = {"hostile:all:500@10s-30s"};
    begin(true, texts, 1);
    until_s(11);
    CU_ASSERT_STRING_EQUAL(
        bw_sim_violation(sim),
        "demanded: hostile packets in an unsealed world: its stand-in does not notice a changed datagram");
    finish();
}

static const struct tap_test key_tests[] = {
    TAP_TEST(a_rotation_takes_three_seconds_or_what_it_is_given),
    TAP_TEST(keys_are_rotated_without_one_suspicion),
    TAP_TEST(nor_does_loss_add_one),
    TAP_TEST(who_sleeps_through_a_rotation_gets_back_in),
    TAP_TEST(a_key_that_one_alone_seals_with_cuts_nobody_off),
    TAP_TEST(who_has_no_key_in_common_is_cut_off),
    TAP_TEST(rotations_that_overlap_lose_nobody),
    TAP_TEST(keys_that_are_none_change_nothing),
};
static const struct tap_test hostile_tests[] = {
    TAP_TEST(so_many_packets_a_second_are_understood),
    TAP_TEST(each_hostile_packet_is_turned_down_for_its_reason),
    TAP_TEST(detection_is_as_without_them),
    TAP_TEST(without_a_seal_the_attack_gets_through),
    TAP_TEST(an_unsealed_world_refuses_it),
};
static const struct tap_suite suites[] = {TAP_SUITE("keys", key_tests), TAP_SUITE("hostile", hostile_tests)};

TAP_MAIN(suites)
