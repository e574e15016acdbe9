/* Scenarios of user events and queries: delivery under loss and over partitions, and storms (scenario 24). */
#include "tests/scenario/story.h"

#include <stdio.h>
#include <string.h>

#define HOST_MAX 100u

static struct {
    uint64_t told[HOST_MAX];  /* events, by host */
    uint64_t asked[HOST_MAX]; /* queries */
    uint64_t responses;
    uint64_t ends;
    uint32_t expected;
    bool twice; /* somebody was told of one event twice */
    uint8_t seen[HOST_MAX][1024];
} world_told;

/* Events are called by a number, so that each can be told apart. */
static void on_event(void *context, size_t host, const struct bw_event *event, int64_t at_us) {
    (void)context, (void)at_us;
    unsigned number = 0;
    switch (event->type) {
    case BW_EVENT_USER_EVENT:
        world_told.told[host]++;
        if (sscanf(event->topic, "e%u", &number) == 1 && number < sizeof(world_told.seen[0])) {
            world_told.twice = world_told.twice || world_told.seen[host][number] > 0;
            world_told.seen[host][number] = 1;
        }
        break;
    case BW_EVENT_QUERY:
        world_told.asked[host]++;
        break;
    case BW_EVENT_QUERY_RESPONSE:
        world_told.responses++;
        break;
    case BW_EVENT_QUERY_END:
        world_told.ends++;
        world_told.expected = event->expected;
        break;
    default:
        break;
    }
}

static void users_only(void) {
    story_set_up();
    options.scope = NULL;
    options.on_event = on_event;
    memset(&world_told, 0, sizeof(world_told));
}

static struct bw_bytes bytes_of(const char *text) {
    return (struct bw_bytes){(const uint8_t *)text, strlen(text)};
}

static int tell(size_t host, unsigned number, const char *payload) {
    char name[16];
    snprintf(name, sizeof(name), "e%u", number);
    return bw_sim_user_event(sim, host, name, bytes_of(payload));
}

static uint64_t told_in(size_t first, size_t count) {
    uint64_t sum = 0;
    for (size_t i = first; i < first + count; i++)
        sum += world_told.told[i];
    return sum;
}

static void fifty_are_told_once_with_loss(void) {
    uint64_t at_once = 0;
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        users_only();
        cluster(seed, 50);
        bw_sim_loss(sim, 200000);
        for (unsigned i = 0; i < 20; i++) {
            CHECK(tell(i, i, "payload") == 0);
            run_ms(50);
        }
        run_ms(3000);
        at_once += told_in(0, 50);
        run_ms(60000);
        CHECK(told_in(0, 50) == 50 * 20);
        CHECK(!world_told.twice);
    }
    tap_note("with 20 %% loss %llu of %llu within 3 s, then all", (unsigned long long)at_once,
             (unsigned long long)(seed_count(3) * 50 * 20));
}

static void a_partition_is_told_afterwards(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        users_only();
        cluster(seed, 20);
        bw_sim_split(sim, 6);
        run_ms(60000); /* both sides hold each other for dead */
        for (unsigned i = 0; i < 30; i++) {
            CHECK(tell(0, i, "few") == 0);
            CHECK(tell(19, 100 + i, "many") == 0);
            run_ms(200);
        }
        run_ms(3000);
        CHECK(told_in(0, 6) == 6 * 30 && told_in(6, 14) == 14 * 30);
        bw_sim_heal(sim);
        CHECK(wait_converged(60000));
        run_ms(30000);
        CHECK(told_in(0, 20) == 20 * 60);
        CHECK(!world_told.twice);
    }
}

static void late_ones_and_restarted_ones_are_told_of_the_present_only(void) {
    users_only();
    options.durable = true;
    world(1, 6);
    for (size_t i = 0; i < 5; i++)
        bw_sim_start(sim, i);
    CHECK(wait_converged(10000));
    for (unsigned i = 0; i < 10; i++)
        CHECK(tell(0, i, "") == 0);
    run_ms(5000);
    bw_sim_start(sim, 5);
    bw_sim_restart(sim, 4);
    run_ms(30000);
    CHECK(world_told.told[5] == 0 && world_told.told[4] == 10);
    CHECK(tell(5, 10, "") == 0); /* its clock is not behind: nobody takes it for an old one */
    run_ms(3000);
    CHECK(told_in(0, 6) == 5 * 10 + 6);
}

/* -- queries -- */

static void tag_one(void *context, size_t host, struct bw_config *config) {
    static const struct bw_tag web = {"role", "web"};
    (void)context;
    if (host % 5 == 0) {
        config->tags = &web;
        config->tag_count = 1;
    }
}

static void a_tag_chooses_who_is_asked(void) {
    static const struct bw_tag wanted = {"role", "web"};
    uint64_t number = 0;
    users_only();
    options.configure = tag_one;
    cluster(1, 50);
    struct bw_query query = {.name = "uptime", .tags = &wanted, .tag_count = 1, .timeout_ms = 5000};
    CHECK(bw_sim_query(sim, 1, &query, &number) == 0);
    run_ms(2000);
    for (size_t i = 0; i < 50; i++) {
        CHECK(world_told.asked[i] == (i % 5 == 0));
        if (i % 5 == 0 && i != 45)
            CHECK(bw_sim_respond(sim, i, number, bytes_of("1 day")) == 0);
    }
    run_ms(2000);
    CHECK(world_told.responses == 9 && world_told.ends == 0);
    CHECK(bw_sim_respond(sim, 45, number, bytes_of("1 day")) == 0);
    run_ms(100);
    CHECK(world_told.responses == 10 && world_told.ends == 1 && world_told.expected == 10);
}

/* -- scenario 24 -- */

struct storm {
    bool on;
    unsigned next;
    uint64_t taken;
};

/* Each of ten members says as much as it may. */
static void blow(struct bw_sim *blowing, void *context) {
    static char payload[900];
    struct storm *storm = context;
    memset(payload, 'x', sizeof(payload) - 1);
    if (!storm->on)
        return;
    for (size_t host = 0; host < 10; host++)
        storm->taken += tell(host, 2000 + storm->next++, payload) == 0;
    bw_sim_schedule(blowing, now_ms() + 20, blow, storm);
}

/* From the crash until one of 30 suspects it, and until all know of its death. */
static void detect(uint64_t seed, bool stormy, struct sample *suspected, struct sample *known) {
    struct storm storm = {.on = stormy};
    users_only();
    cluster(seed, 30);
    protect(0, 29);
    if (stormy) {
        blow(sim, &storm);
        run_ms(3000);
    }
    int64_t from_ms = now_ms();
    bw_sim_host_silent(sim, 29, true);
    CHECK(wait_anywhere(29, BW_STATUS_SUSPECT, 60000));
    sample_add(suspected, now_ms() - from_ms);
    from_ms = now_ms();
    while (bw_sim_status_count(sim, 29, BW_STATUS_DEAD) < 29 && now_ms() - from_ms < 60000)
        run_ms(10);
    sample_add(known, now_ms() - from_ms);
    storm.on = false;
    CHECK(!stormy || storm.taken > 100);
    run_ms(100); /* the last turn of the storm has its context here */
}

static void a_storm_of_events_does_not_delay_a_suspicion(void) {
    struct sample calm[2] = {{.count = 0}, {.count = 0}};
    struct sample storm[2] = {{.count = 0}, {.count = 0}};
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        detect(seed, false, &calm[0], &calm[1]);
        detect(seed, true, &storm[0], &storm[1]);
    }
    sample_note(&calm[0], "suspected, calm");
    sample_note(&storm[0], "suspected, in the storm");
    sample_note(&calm[1], "then dead everywhere, calm");
    sample_note(&storm[1], "then dead everywhere, in the storm");
    CHECK(sample_percentile(&storm[0], 50) <= sample_percentile(&calm[0], 50) + 1000);
    CHECK(sample_percentile(&storm[1], 50) <= sample_percentile(&calm[1], 50) + 1000);
}

/* Thirty restart again and again, so that there is always membership news for more than a datagram. */
static void a_storm_of_membership_does_not_starve_events(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        users_only();
        cluster(seed, 60);
        int64_t worst_ms = 0;
        for (unsigned i = 0; i < 20; i++) {
            for (size_t host = 30; host < 60; host++)
                bw_sim_restart_blank(sim, host);
            run_ms(150);
            uint64_t before = told_in(0, 30);
            int64_t from_ms = now_ms();
            CHECK(tell(i % 30, i, "in between") == 0);
            while (told_in(0, 30) < before + 30 && now_ms() - from_ms < 5000)
                run_ms(5);
            CHECK(told_in(0, 30) == before + 30);
            worst_ms = now_ms() - from_ms > worst_ms ? now_ms() - from_ms : worst_ms;
        }
        tap_note("all that stay are told within %lld ms", (long long)worst_ms);
        CHECK(worst_ms <= 2000);
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(fifty_are_told_once_with_loss),
    TAP_TEST(a_partition_is_told_afterwards),
    TAP_TEST(late_ones_and_restarted_ones_are_told_of_the_present_only),
    TAP_TEST(a_tag_chooses_who_is_asked),
    TAP_TEST(a_storm_of_events_does_not_delay_a_suspicion),
    TAP_TEST(a_storm_of_membership_does_not_starve_events),
};
static const struct tap_suite suites[] = {TAP_SUITE_WITH("users", tests, users_only, story_tear_down)};
TAP_MAIN(suites)
