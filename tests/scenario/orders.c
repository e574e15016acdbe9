/* Scenario 32: what operators and health checks order - priority, readiness, transfer, stepdown - during an election, during a
 * partition, and one against another. Whatever comes of it: one leader, no overlap, and the orders hold. */
#include "tests/scenario/story.h"

#define ASIDE_MS 60000u

enum order { PRIORITY, UNREADY, TRANSFER, STEPDOWN, ORDERS };

struct word {
    uint16_t priority;
    bool ready;
};

static void durable_candidates(void) {
    story_set_up();
    options.durable = true;
    options.preempt_ms = 3000;
}

static int set_priority(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_priority(node, SCOPE, ((struct word *)context)->priority, now);
}

static int set_ready(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_ready(node, SCOPE, ((struct word *)context)->ready, 0, now);
}

/* Orders the host; a transfer: to that one, which only a leader can do. */
static void give(enum order order, size_t host, size_t to) {
    struct word word = {.priority = 300, .ready = false};
    int error = 0;
    bool leads = may_act(host);
    if (order == PRIORITY)
        error = bw_sim_call(sim, host, "gets another priority", set_priority, &word);
    else if (order == UNREADY)
        error = bw_sim_call(sim, host, "is not ready", set_ready, &word);
    else if (order == STEPDOWN)
        error = bw_sim_stepdown(sim, host, SCOPE, ASIDE_MS);
    else
        error = bw_sim_transfer(sim, host, SCOPE, to) == (leads ? 0 : BW_ERR_BUSY) ? 0 : -1;
    CHECK(error == 0);
}

/* Whether the order, given to the host a while ago, holds now. */
static bool holds(enum order order, size_t host) {
    bool leads = may_act(host);
    return order == PRIORITY ? leads : order == TRANSFER ? true : !leads;
}

static void one_leader_soon(void) {
    CHECK(wait_leader(10000) != NOBODY);
    run_ms(20000); /* hold-downs are over */
    CHECK(bw_sim_leader_everywhere(sim, SCOPE) != NOBODY);
    CHECK(acting_count() == 1);
}

static void each_order_during_an_election(void) {
    for (unsigned order = 0; order < ORDERS; order++)
        for (uint64_t seed = 1; seed <= seed_count(6); seed++) {
            options.forbid_overlap = true;
            size_t leader = cluster(seed, 5);
            size_t host = (leader + 1 + (size_t)seed % 4) % 5;
            bw_sim_crash(sim, leader);
            bw_sim_host_silent(sim, leader, seed % 2 == 0); /* else its port refuses, and it is quick */
            run_ms(seed % 2 == 0 ? 1400 + (int64_t)seed * 71 : (int64_t)seed * 13);
            give((enum order)order, host, (host + 1) % 5);
            one_leader_soon();
            CHECK(holds((enum order)order, host));
            CHECK(!may_act(leader));
        }
}

/* On both sides, at the side's leader and at another; then the sides meet. */
static void each_order_during_a_partition(void) {
    for (unsigned order = 0; order < ORDERS; order++)
        for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
            cluster(seed, 6);
            bw_sim_split(sim, 3);
            size_t leaders[2] = {wait_leader_in_group(0, 20000), wait_leader_in_group(1, 20000)};
            if (!CHECK(leaders[0] != NOBODY && leaders[1] != NOBODY))
                return;
            size_t host = seed % 2 == 0 ? leaders[0] : (leaders[0] + 1) % 3;
            give((enum order)order, host, (host + 1) % 3);
            run_ms((int64_t)seed * 411);
            CHECK(bw_sim_acting_count(sim, SCOPE) <= 2);
            bw_sim_heal(sim);
            CHECK(wait_converged(60000));
            one_leader_soon();
            CHECK(holds((enum order)order, host));
            CHECK(bw_sim_guard_refused(sim, SCOPE) == 0 || events(EVERYBODY, BW_EVENT_SPLIT_BRAIN_HEALED) > 0);
        }
}

/* Two at one instant, or a moment apart: the leader is told one thing, and it or another one another. */
static void each_order_against_each_other(void) {
    for (unsigned a = 0; a < ORDERS; a++)
        for (unsigned b = 0; b < ORDERS; b++) {
            options.forbid_overlap = true;
            size_t leader = cluster(1 + a * ORDERS + b, 5);
            size_t other = (leader + 2) % 5;
            size_t second = (a + b) % 2 == 0 ? other : leader;
            uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
            give((enum order)a, leader, other);
            bw_sim_run_us(sim, (int64_t)(a * 700 + b * 90)); /* none, or while the first is on its way */
            if (b != TRANSFER || may_act(second))
                give((enum order)b, second, (leader + 3) % 5);
            one_leader_soon();
            bool contrary = second == leader && (a == PRIORITY) != (b == PRIORITY); /* best of all, and not to lead */
            contrary = contrary || (a == PRIORITY && b == PRIORITY);                /* equals: the incumbent stays */
            CHECK(contrary || b == TRANSFER || holds((enum order)b, second));
            CHECK(a != UNREADY || !may_act(leader));
            CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) - elected <= 4);
        }
}

static const struct tap_test order_tests[] = {
    TAP_TEST(each_order_during_an_election),
    TAP_TEST(each_order_during_a_partition),
    TAP_TEST(each_order_against_each_other),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("orders", order_tests, durable_candidates, story_tear_down),
};

TAP_MAIN(suites)
