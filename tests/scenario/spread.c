/* Scenario 35: 1,000 spread scopes on 10 members. Balance, what a death moves and costs, and what they cost while nothing happens. */
#include "tests/scenario/story.h"

#include <stdio.h>
#include <string.h>

#define HOSTS 10u
#define SCOPES 1000u
#define BEATS_MAX \
    740.0 /* heartbeats and their answers a second, see the performance plan: 4 a second for each of 90 pairs, twice */
#define MEMORY_MAX (6u << 20) /* of a member, bytes */
#define PROBES_MAX 25.0       /* SWIM's pings and acks beside them */

static uint32_t range_count; /* of these scopes */
static uint32_t stop_ms;

static struct {
    size_t leader[SCOPES];
    struct bw_token token[SCOPES];
    size_t led[HOSTS];
} before, after;

static void thousand(void *context, size_t host, struct bw_config *config) {
    static struct bw_scope_config scopes;
    (void)context;
    (void)host;
    bw_scope_config_init(&scopes, "orders");
    scopes.range_count = range_count;
    scopes.stop_ms = stop_ms;
    scopes.spread = true;
    config->scopes = &scopes;
    config->scope_count = 1;
}

static void prepare(uint32_t count) {
    range_count = count;
    stop_ms = 0;
    options.configure = thousand;
    options.many_scopes = true;
    options.scope = "orders/0";
}

static const char *scope_name(size_t number) {
    static char name[32];
    snprintf(name, sizeof name, "orders/%zu", number);
    return name;
}

/* How many scopes have one leader, the same for all who run. */
static size_t look(void *to) {
    size_t led = 0;
    memset(to, 0, sizeof before);
    for (size_t i = 0; i < range_count; i++) {
        size_t leader = bw_sim_leader_everywhere(sim, scope_name(i));
        (to == &before ? before.leader : after.leader)[i] = leader;
        if (leader == NOBODY)
            continue;
        (to == &before ? before.token : after.token)[i] = bw_sim_token(sim, leader, scope_name(i));
        (to == &before ? before.led : after.led)[leader]++;
        led++;
    }
    return led;
}

static bool wait_all_led(void *to, int64_t limit_ms) {
    int64_t end_ms = now_ms() + limit_ms;
    while (look(to) < range_count && now_ms() < end_ms && run_ms(100))
        continue;
    return look(to) == range_count;
}

static struct bw_sim_counts traffic(void) {
    struct bw_sim_counts counts;
    bw_sim_counts(sim, EVERYBODY, &counts);
    return counts;
}

static double sent_per_s(int64_t ms) {
    struct bw_sim_counts from = traffic();
    run_ms(ms);
    struct bw_sim_counts to = traffic();
    return (double)(to.sent - from.sent) * 1000 / (double)ms;
}

static void thousand_spread_scopes(void) {
    prepare(SCOPES);
    for (uint64_t seed = 1; seed <= seed_count(1); seed++) {
        world(seed, HOSTS);
        bw_sim_demand_memory(sim, MEMORY_MAX);
        bw_sim_start_all(sim);
        CHECK(wait_all_led(&before, 20000));
        run_ms(5000);
        look(&before);
        for (size_t i = 0; i < HOSTS; i++)
            CHECK(before.led[i] >= SCOPES / HOSTS * 3 / 4 && before.led[i] <= SCOPES / HOSTS * 5 / 4);
        double idle = sent_per_s(10000);
        tap_note("idle: %.0f datagrams a second", idle);
        CHECK(idle <= BEATS_MAX + PROBES_MAX);
        struct bw_sim_counts from = traffic();
        int64_t from_ms = now_ms();
        bw_sim_host_silent(sim, 3, true);
        bw_sim_crash(sim, 3);
        CHECK(wait_all_led(&after, 10000));
        int64_t took_ms = now_ms() - from_ms;
        run_ms(10000 - took_ms);
        struct bw_sim_counts to = traffic();
        double more = (double)(to.sent - from.sent) - idle * 10;
        tap_note("a death: %lld ms, %.0f datagrams more, %zu scopes", (long long)took_ms, more, before.led[3]);
        CHECK(more <= 100 * (double)before.led[3]);
        look(&after);
        for (size_t i = 0; i < SCOPES; i++)
            CHECK(before.leader[i] == 3 ? after.leader[i] != 3
                                        : bw_token_compare(&before.token[i], &after.token[i]) == 0);
        for (size_t i = 0; i < HOSTS; i++)
            CHECK(i == 3 || after.led[i] <= (SCOPES * 5 / 4 + HOSTS - 2) / (HOSTS - 1));
    }
}

/* A member that comes back has nothing by rank: those who have more than the mean hand over to it, after the hold-down, one a
 * second each, until it is within a quarter; and then nothing moves any more. */
static void who_returns_gets_its_share(void) {
    prepare(SCOPES);
    for (uint64_t seed = 1; seed <= seed_count(1); seed++) {
        world(seed, HOSTS);
        bw_sim_demand_memory(sim, MEMORY_MAX);
        bw_sim_start_all(sim);
        CHECK(wait_all_led(&before, 20000));
        bw_sim_crash(sim, 3);
        CHECK(run_ms(15000));
        bw_sim_start(sim, 3);
        CHECK(run_ms(8000));
        look(&before);
        CHECK(before.led[3] == 0); /* the hold-down, doubled for having been away */
        CHECK(run_ms(22000));
        CHECK(wait_all_led(&after, 5000));
        for (size_t i = 0; i < HOSTS; i++)
            CHECK(after.led[i] >= SCOPES / HOSTS * 3 / 4 && after.led[i] <= SCOPES / HOSTS * 5 / 4);
        size_t moved = 0;
        for (size_t i = 0; i < SCOPES; i++)
            moved += before.leader[i] != after.leader[i];
        uint64_t orders = rules(EVERYBODY, BW_RULE_EVEN_OUT_SPREAD_SCOPES);
        tap_note("%zu scopes came back, %zu moved, by %llu orders", after.led[3], moved, (unsigned long long)orders);
        CHECK(moved <= after.led[3] * 5 / 4); /* hardly anything else did */
        uint64_t lost = events(EVERYBODY, BW_EVENT_SELF_DEPOSED);
        CHECK(run_ms(10000));
        CHECK(events(EVERYBODY, BW_EVENT_SELF_DEPOSED) == lost);
        CHECK(rules(EVERYBODY, BW_RULE_EVEN_OUT_SPREAD_SCOPES) == orders);
    }
}

/* One that comes back and cannot write cannot claim either: it is handed ever less, and hardly anything is without a leader for it. */
static void who_cannot_write_is_handed_ever_less(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        prepare(24);
        options.durable = true;
        world(seed, 3);
        bw_sim_start_all(sim);
        CHECK(wait_all_led(&before, 20000));
        bw_sim_crash(sim, 2);
        CHECK(run_ms(15000));
        bw_sim_start(sim, 2);
        CHECK(run_ms(2000));
        bw_sim_disk_fails(sim, 2, true);
        CHECK(run_ms(300000));
        uint64_t orders = rules(EVERYBODY, BW_RULE_EVEN_OUT_SPREAD_SCOPES);
        tap_note("%llu orders in vain", (unsigned long long)orders);
        CHECK(orders > 0 && orders <= 40); /* one a second and leader otherwise: 600 */
        look(&after);
        CHECK(after.led[2] == 0);
        bw_sim_disk_fails(sim, 2, false);
        CHECK(run_ms(900000));
        CHECK(wait_all_led(&after, 5000));
        CHECK(after.led[2] >= 6); /* it has its share in the end */
    }
}

/* Where the work takes time to stop, what is on its way counts as given. */
static void work_that_stops_slowly_is_handed_over_once(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        prepare(24);
        stop_ms = 20000;
        world(seed, 3);
        bw_sim_start_all(sim);
        CHECK(wait_all_led(&before, 20000));
        bw_sim_crash(sim, 2);
        CHECK(run_ms(15000));
        look(&before);
        bw_sim_start(sim, 2);
        CHECK(run_ms(120000));
        CHECK(wait_all_led(&after, 5000));
        uint64_t orders = rules(EVERYBODY, BW_RULE_EVEN_OUT_SPREAD_SCOPES);
        tap_note("%zu, %zu, %zu led, by %llu orders", after.led[0], after.led[1], after.led[2],
                 (unsigned long long)orders);
        for (size_t i = 0; i < 3; i++)
            CHECK(after.led[i] >= 6 && after.led[i] <= 10);
        CHECK(orders <= 10);
    }
}

static const struct tap_test spread_tests[] = {
    TAP_TEST(who_returns_gets_its_share),
    TAP_TEST(thousand_spread_scopes),
    TAP_TEST(who_cannot_write_is_handed_ever_less),
    TAP_TEST(work_that_stops_slowly_is_handed_over_once),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("spread scopes", spread_tests, story_set_up, story_tear_down),
};

TAP_MAIN(suites)
