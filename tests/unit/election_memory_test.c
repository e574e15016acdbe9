/* Memory: every allocation fails once, and for ever; none is made in steady state. */
#include "tests/unit/election_test.h"

#include <string.h>

static void set_up(void) {
    world_begin();
}

static const struct bw_scope_config scopes[] = {
    {.name = "a", .min_ack = 1, .min_confirm = 1},
    {.name = "b", .min_ack = 1, .min_confirm = 1},
    {.name = "c", .min_ack = 1, .min_confirm = 1},
};

static struct bw_election_config config_with(struct test_memory *memory, size_t scope_count) {
    struct bw_election_config config = {
        .allocator = test_allocator(memory),
        .params = world.params,
        .self.bytes = {1},
        .boot = 1,
        .scopes = scopes,
        .scope_count = scope_count,
    };
    return config;
}

static void creation_survives_each_failure(void) {
    size_t calls = 0;
    for (size_t fail_at = 1; calls == 0 || fail_at <= calls + 1; fail_at++) {
        struct test_memory memory = {.fail_at = fail_at};
        struct bw_election_config config = config_with(&memory, 3);
        struct bw_election *election = NULL;
        int error = bw_election_create(&election, &config, (struct bw_time){.mono_us = 1});
        if (error == 0) {
            calls = memory.calls;
            bw_election_destroy(election);
        } else {
            CU_ASSERT_EQUAL(error, BW_ERR_MEMORY);
        }
        CU_ASSERT_EQUAL(memory.used_size, 0);
    }
    CU_ASSERT(calls > 8);
}

static void bad_configurations_are_refused(void) {
    struct test_memory memory = {0};
    struct bw_election *election = NULL;
    struct bw_scope_config bad[2] = {scopes[0], scopes[0]};
    struct bw_election_config config = config_with(&memory, 0);
    config.scopes = bad;
    config.scope_count = 2;
    CU_ASSERT_EQUAL(bw_election_create(&election, &config, (struct bw_time){0}), BW_ERR_INVALID); /* twice */
    config.scope_count = 1;
    bad[0].name = "";
    CU_ASSERT_EQUAL(bw_election_create(&election, &config, (struct bw_time){0}), BW_ERR_INVALID);
    bad[0].name = "a";
    bad[0].min_ack = 6; /* of five successors */
    CU_ASSERT_EQUAL(bw_election_create(&election, &config, (struct bw_time){0}), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

/* A whole life of one member, in which the n-th allocation fails, or all from the n-th on. */
static size_t live(struct test_memory *memory) {
    struct bw_election_config config = config_with(memory, 2);
    struct bw_election *election = NULL;
    struct bw_time now = {.mono_us = MS(1000)};
    if (bw_election_create(&election, &config, now) != 0)
        return memory->calls;
    uint8_t data[BW_CANDIDACIES_MAX];
    struct bw_bytes candidacies = {.data = data, .size = bw_election_candidacies(election, data)};
    for (uint8_t i = 2; i < 12; i++) {
        const struct bw_election_member member = {.id.bytes = {i}, .candidacies = candidacies};
        bw_election_member(election, &member, now);
    }
    const struct bw_election_view view = {.synchronised = true, .agreed = true};
    bw_election_view(election, &view, now);
    const struct bw_claim claim = {.token = {.term = 9, .id.bytes = {3}}, .sequence = 1, .lease_ms = 1500};
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    struct bw_bytes bytes = {.data = body};
    bw_claim_encode(&claim, rank, body, &bytes.size);
    const struct bw_id from = {{4}};
    const struct bw_bytes name = {.data = (const uint8_t *)"zebra", .size = 5};
    CU_ASSERT_EQUAL(bw_election_record(election, &from, now.mono_us, name, rank, bytes, now), 0);
    for (int i = 0; i < 200; i++) {
        struct bw_election_message message;
        struct bw_election_claim publish;
        struct bw_event event;
        now.mono_us =
            bw_election_deadline(election) == BW_NEVER ? now.mono_us + MS(50) : bw_election_deadline(election);
        bw_election_tick(election, now);
        if (bw_election_persist(election))
            bw_election_persisted(election, true, now);
        while (bw_election_transmit(election, &message, now) || bw_election_publish(election, &publish) ||
               bw_election_event(election, &event))
            continue;
    }
    for (uint8_t i = 2; i < 12; i++)
        bw_election_reaped(election, &(struct bw_id){{i}}, now);
    bw_election_destroy(election);
    return memory->calls;
}

static void a_life_survives_each_failure(void) {
    struct test_memory memory = {0};
    size_t calls = live(&memory);
    CU_ASSERT_EQUAL(memory.used_size, 0);
    CU_ASSERT(calls > 30);
    for (size_t fail_at = 1; fail_at <= calls + 2; fail_at++) {
        struct test_memory once = {.fail_at = fail_at};
        live(&once);
        CU_ASSERT_EQUAL(once.used_size, 0);
        struct test_memory ever = {.fail_at = fail_at, .fail_on = true};
        live(&ever);
        CU_ASSERT_EQUAL(ever.used_size, 0);
    }
}

static void nothing_is_allocated_in_steady_state(void) {
    struct test_memory memory = {0};
    world.allocator = test_allocator(&memory);
    size_t leader = world_lead(5);
    world_run(MS(5000));
    size_t calls = memory.calls;
    world_run(MS(60000));
    CU_ASSERT_EQUAL(memory.calls, calls);
    CU_ASSERT(world_acts(leader));
    world_end();
    CU_ASSERT_EQUAL(memory.used_size, 0);
    world_begin();
}

/* A host that fetches nothing: messages are lost as datagrams are, and counted; the rest goes out, and the reign goes on. */
static void messages_past_the_bound_are_lost_and_counted(void) {
    size_t leader = world_lead(3);
    size_t other = (leader + 1) % 3;
    struct bw_election *e = world.nodes[other].election;
    const struct bw_message_heartbeat beat = {.round = 1};
    uint8_t data[BW_ELECTION_MESSAGE_MAX];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, bw_message_schema(BW_FRAME_heartbeat), &beat), 0);
    const struct bw_bytes bytes = {.data = data, .size = writer.used};
    uint64_t hits = world_hits(BW_RULE_BOUND_EVERYTHING);
    uint64_t asked = 0;
    for (; asked < 1000000 && world_hits(BW_RULE_BOUND_EVERYTHING) < hits + 10; asked++)
        CU_ASSERT_EQUAL(bw_election_receive(e, &world.nodes[leader].id, world.now_us - 1, bytes, world_time(other)), 0);
    uint64_t lost = world_hits(BW_RULE_BOUND_EVERYTHING) - hits;
    CU_ASSERT_EQUAL(lost, 10);
    uint64_t sent = 0;
    struct bw_election_message message;
    while (bw_election_transmit(e, &message, world_time(other)))
        sent++;
    CU_ASSERT_EQUAL(sent, asked - lost);
    world_run(MS(10000));
    CU_ASSERT(world_acts(leader) && world_all_follow(leader));
    world_crash(leader, false);
    CU_ASSERT(world_until_led(MS(5000)) != WORLD_NODES);
}

/* The same with events: the oldest are kept, the others counted; what is so is asked, not replayed. */
static void events_past_the_bound_are_lost_and_counted(void) {
    size_t leader = world_lead(3);
    size_t other = (leader + 1) % 3;
    struct bw_election *e = world.nodes[other].election;
    uint64_t hits = world_hits(BW_RULE_BOUND_EVERYTHING);
    uint64_t term = world_believes(other).term;
    size_t told = 0;
    struct bw_event event = {0};
    for (; told < 10000 && world_hits(BW_RULE_BOUND_EVERYTHING) == hits; told++) {
        const struct bw_bytes name = {.data = (const uint8_t *)SCOPE, .size = strlen(SCOPE)};
        const struct bw_claim claim = {.token = {.term = ++term, .id = world.nodes[leader].id},
                                       .sequence = 1,
                                       .state = BW_CLAIM_LEADING,
                                       .lease_ms = 1500,
                                       .boot = 1};
        uint8_t rank[BW_CLAIM_RANK_SIZE];
        uint8_t body[BW_CLAIM_BODY_MAX];
        struct bw_bytes bytes = {.data = body};
        bw_claim_encode(&claim, rank, body, &bytes.size);
        bw_election_record(e, &world.nodes[leader].id, world.now_us - 1, name, rank, bytes, world_time(other));
    }
    CU_ASSERT(world_hits(BW_RULE_BOUND_EVERYTHING) > hits);
    size_t got = 0;
    while (bw_election_event(e, &event))
        got++;
    CU_ASSERT(got >= 64 && got < 2 * told);
    CU_ASSERT(event.token.term < term); /* the last ones were lost */
    CU_ASSERT_EQUAL(world_believes(other).term, term);
    world_run(MS(20000));
    size_t now = world_leader();
    CU_ASSERT_FATAL(now != WORLD_NODES);
    CU_ASSERT(world_all_follow(now));
}

static const struct tap_test tests[] = {
    TAP_TEST(creation_survives_each_failure),
    TAP_TEST(bad_configurations_are_refused),
    TAP_TEST(a_life_survives_each_failure),
    TAP_TEST(nothing_is_allocated_in_steady_state),
    TAP_TEST(messages_past_the_bound_are_lost_and_counted),
    TAP_TEST(events_past_the_bound_are_lost_and_counted),
};
const struct tap_suite election_memory_suite = TAP_SUITE_WITH("election/memory", tests, set_up, world_end);
