/* Scenarios of several scopes per member: each has its own leader, lease and fate; they share what goes over the wire. */
#include "tests/scenario/story.h"

#include <string.h>

#define HOSTS 4u

/* Host i is the best for scope "s<i>", and the next host in turn is the second best. */
static void rotate(void *context, size_t host, struct bw_config *config) {
    static struct bw_scope_config scopes[HOSTS];
    static const char *const names[HOSTS] = {"s0", "s1", "s2", "s3"};
    (void)context;
    for (size_t i = 0; i < HOSTS; i++) {
        bw_scope_config_init(&scopes[i], names[i]);
        scopes[i].priority = (uint16_t)(400 - 100 * ((host + HOSTS - i) % HOSTS));
    }
    config->scopes = scopes;
    config->scope_count = HOSTS;
}

static size_t leader_of(const char *scope) {
    return bw_sim_leader_everywhere(sim, scope);
}

static void each_scope_has_its_own_best_leader(void) {
    options.configure = rotate;
    options.forbid_overlap = true;
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        world(seed, HOSTS);
        bw_sim_start_all(sim);
        CHECK(wait_converged(5000));
        run_ms(5000);
        CHECK(leader_of("s0") == 0 && leader_of("s1") == 1 && leader_of("s2") == 2 && leader_of("s3") == 3);
        struct bw_token before = bw_sim_token(sim, 0, "s0");
        bw_sim_crash(sim, 2);
        run_ms(4000);
        CHECK(leader_of("s0") == 0 && leader_of("s1") == 1 && leader_of("s3") == 3); /* the others' are not touched */
        CHECK(leader_of("s2") == 3);
        struct bw_token after = bw_sim_token(sim, 0, "s0");
        CHECK(bw_token_compare(&before, &after) == 0);
        bw_sim_leave(sim, 3);
        CHECK(bw_sim_wait_left(sim, 3, 1000));
        bw_sim_crash(sim, 3);
        run_ms(50);
        CHECK(leader_of("s0") == 0 && leader_of("s1") == 1);
        CHECK(leader_of("s3") == 0 && leader_of("s2") == 0);
        run_ms(10000);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == 7);
    }
}

#define SHORT_MS 600u
#define LONG_MS 6000u

/* Both scopes are led by host 0. */
static void two_leases(void *context, size_t host, struct bw_config *config) {
    static struct bw_scope_config scopes[2];
    (void)context;
    bw_scope_config_init(&scopes[0], "short");
    bw_scope_config_init(&scopes[1], "long");
    scopes[0].lease_ms = SHORT_MS;
    scopes[1].lease_ms = LONG_MS;
    scopes[0].priority = scopes[1].priority = (uint16_t)(100 - host);
    config->scopes = scopes;
    config->scope_count = 2;
}

/* Runs until that host may not act any more, or any but it may; the time it took, ms. */
static int64_t until_stopped(size_t host, const char *scope, int64_t from_ms) {
    while (bw_sim_may_act(sim, host, scope) && now_ms() < from_ms + 20000)
        run_ms(1);
    return now_ms() - from_ms;
}

static int64_t until_replaced(size_t host, const char *scope, int64_t from_ms) {
    for (size_t i = 0; now_ms() < from_ms + 20000; i = (i + 1) % HOSTS) {
        if (i != host && bw_sim_may_act(sim, i, scope))
            break;
        if (i == HOSTS - 1)
            run_ms(1);
    }
    return now_ms() - from_ms;
}

/* Each promise has its own length, though one heartbeat renews both. */
static void each_scope_has_its_own_lease(void) {
    options.configure = two_leases;
    options.forbid_overlap = true;
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        world(seed, HOSTS);
        bw_sim_start_all(sim);
        CHECK(wait_converged(5000));
        run_ms(15000 + (int64_t)seed * 37);
        CHECK(leader_of("short") == 0 && leader_of("long") == 0);
        CHECK(bw_sim_lease_us(sim, 0, "short") <= (int64_t)SHORT_MS * 1000);
        CHECK(bw_sim_lease_us(sim, 0, "long") > (int64_t)(LONG_MS - SHORT_MS) * 1000);
        uint64_t elected = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
        int64_t from_ms = now_ms();
        bw_sim_host_silent(sim, 0, true);
        int64_t short_ms = until_stopped(0, "short", from_ms);
        CHECK(short_ms >= (int64_t)SHORT_MS * 4 / 6 && short_ms <= (int64_t)SHORT_MS + 1);
        CHECK(bw_sim_may_act(sim, 0, "long"));
        CHECK(until_replaced(0, "short", from_ms) <= 3 * (int64_t)SHORT_MS);
        CHECK(bw_sim_may_act(sim, 0, "long"));
        int64_t long_ms = until_stopped(0, "long", from_ms);
        CHECK(long_ms >= (int64_t)LONG_MS - (int64_t)SHORT_MS && long_ms <= (int64_t)LONG_MS + 1);
        CHECK(until_replaced(0, "long", from_ms) <= (int64_t)LONG_MS * 3 / 2);
        run_ms(3000);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == elected + 2);
    }
}

static const struct tap_test scope_tests[] = {
    TAP_TEST(each_scope_has_its_own_best_leader),
    TAP_TEST(each_scope_has_its_own_lease),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("several scopes", scope_tests, story_set_up, story_tear_down),
};

TAP_MAIN(suites)
