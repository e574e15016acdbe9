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

/* Told once, it would be unknown for as long as nothing changes about it. */
static void who_found_no_memory_is_taken_when_told_again(void) {
    uint8_t data[BW_CANDIDACIES_MAX];
    size_t failures = 0;
    for (bool whole = false; !whole; failures += !whole) {
        struct test_memory memory = {0};
        struct bw_election_config config = config_with(&memory, 2);
        struct bw_election *election = NULL;
        struct bw_time now = {.mono_us = MS(1000)};
        CU_ASSERT_EQUAL_FATAL(bw_election_create(&election, &config, now), 0);
        const struct bw_election_member member = {
            .id.bytes = {2}, .candidacies = {.data = data, .size = bw_election_candidacies(election, data)}};
        memory.fail_at = memory.calls + failures + 1;
        whole = bw_election_member(election, &member, now);
        CU_ASSERT(whole || bw_election_member(election, &member, now));
        CU_ASSERT(bw_election_member(election, &member, now));
        bw_election_destroy(election);
    }
    CU_ASSERT(failures >= 2); /* for itself, and for what it stands for */
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
        struct bw_claim claim = {.token = {.term = ++term, .id = world.nodes[leader].id},
                                 .sequence = 1,
                                 .state = BW_CLAIM_LEADING,
                                 .lease_ms = 1500,
                                 .boot = 1};
        uint8_t rank[BW_CLAIM_RANK_SIZE];
        uint8_t body[BW_CLAIM_BODY_MAX];
        uint8_t signature[64];
        struct bw_bytes bytes = {.data = body};
        if (world.signing)
            world_sign_claim(SCOPE, &claim, signature);
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

#define MANY 600u

static size_t fetch(struct bw_election *election, enum bw_event_type type) {
    struct bw_event event;
    size_t count = 0;
    while (bw_election_event(election, &event))
        count += event.type == type;
    return count;
}

/* All reigns of a member end in one call, and there is no memory: whoever acts for them hears of each end, even where the events
 * before were not fetched. */
static void without_memory_the_end_of_each_reign_is_told(void) {
    for (int fetched = 0; fetched <= 1; fetched++) {
        struct test_memory memory = {0};
        const struct bw_scope_config range = {.name = "many", .range_count = MANY, .min_ack = 1, .min_confirm = 1};
        const struct bw_election_view view = {.synchronised = true, .agreed = true, .alone = true};
        struct bw_election_config config = config_with(&memory, 1);
        struct bw_election *e = NULL;
        struct bw_time now = {.mono_us = MS(1000)};
        config.scopes = &range;
        CU_ASSERT_EQUAL_FATAL(bw_election_create(&e, &config, now), 0);
        memory.fail_at = memory.calls + 1;
        memory.fail_on = true;
        bw_election_view(e, &view, now);
        while (!bw_election_may_act(e, "many/599", now) && now.mono_us < MS(60000)) {
            now.mono_us += MS(10);
            bw_election_tick(e, now);
            if (bw_election_persist(e))
                bw_election_persisted(e, true, now);
        }
        CU_ASSERT_TRUE(bw_election_may_act(e, "many/599", now));
        if (fetched)
            CU_ASSERT(fetch(e, BW_EVENT_SELF_ELECTED) > 0);
        bw_election_leave(e, now);
        CU_ASSERT_EQUAL(fetch(e, BW_EVENT_SELF_DEPOSED), MANY);
        CU_ASSERT(bw_election_overflowed(e) > 0);
        CU_ASSERT_EQUAL(fetch(e, BW_EVENT_SELF_DEPOSED), 0);
        bw_election_destroy(e);
        CU_ASSERT_EQUAL(memory.used_size, 0);
    }
}

/* Declared anew while the work stops: what was promised then is kept though there is no memory when it has stopped. */
static void what_is_declared_while_stopping_needs_no_memory_later(void) {
    const struct bw_scope_config next[] = {
        {.name = "job", .priority = 100, .min_ack = 1, .min_confirm = 1},
        {.name = "job", .priority = 100, .min_ack = 1, .min_confirm = 1, .min_view = 20},
        {.name = "job", .priority = 100, .min_ack = 1, .min_confirm = 1, .mode = BW_MODE_QUORUM},
    };
    for (size_t i = 0; i < BW_COUNT(next); i++) {
        struct test_memory memory = {0};
        world.allocator = test_allocator(&memory);
        for (size_t k = 0; k < 5; k++)
            world_add(-1);
        for (size_t k = 0; k < 5; k++)
            world_start(k);
        world_run(MS(8000));
        CU_ASSERT_EQUAL(world_declare(0, "job", BW_FAILOVER_SAFE, 5000), 0);
        world_run(MS(3000));
        struct bw_election *e = world.nodes[0].election;
        CU_ASSERT_TRUE(bw_election_may_act(e, "job", world_time(0)));
        CU_ASSERT_EQUAL(world_withdraw(0, "job"), 0);
        CU_ASSERT_EQUAL(bw_election_scope_add(e, &next[i], world_time(0)), 0);
        for (size_t k = 1; k < 5; k++) /* they take the place that it left among the candidates */
            CU_ASSERT_EQUAL(world_declare(k, "job", BW_FAILOVER_SAFE, 0), 0);
        world_run(MS(1000));
        memory.fail_at = memory.calls + 1;
        memory.fail_on = true;
        CU_ASSERT_EQUAL(bw_election_stopped(e, "job", world_time(0)), 0);
        memory.fail_on = false;
        world_pump(0);
        struct bw_scope_info info;
        size_t index;
        CU_ASSERT_EQUAL(bw_election_scope_index(e, "job", &index), 0);
        CU_ASSERT_EQUAL(bw_election_scope(e, index, &info, world_time(0)), 0);
        CU_ASSERT(info.mode == next[i].mode && info.role != BW_ROLE_OBSERVER);
        world_end();
        CU_ASSERT_EQUAL(memory.used_size, 0);
        world_begin();
    }
}

static void candidates_are_told_or_there_is_no_memory(void) {
    struct test_memory memory = {0};
    struct bw_election_config config = config_with(&memory, 1);
    struct bw_election *e = NULL;
    struct bw_candidate_info infos[2];
    size_t count = 9;
    CU_ASSERT_EQUAL_FATAL(bw_election_create(&e, &config, (struct bw_time){.mono_us = 1}), 0);
    CU_ASSERT_EQUAL(bw_election_candidates(e, "a", infos, 2, &count), 0);
    CU_ASSERT_EQUAL(count, 1);
    memory.fail_at = memory.calls + 1;
    CU_ASSERT_EQUAL(bw_election_candidates(e, "a", infos, 2, &count), BW_ERR_MEMORY);
    CU_ASSERT_EQUAL(bw_election_candidates(e, "z", infos, 2, &count), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(count, 0);
    bw_election_destroy(e);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(without_memory_the_end_of_each_reign_is_told),
    TAP_TEST(what_is_declared_while_stopping_needs_no_memory_later),
    TAP_TEST(candidates_are_told_or_there_is_no_memory),
    TAP_TEST(creation_survives_each_failure),
    TAP_TEST(bad_configurations_are_refused),
    TAP_TEST(a_life_survives_each_failure),
    TAP_TEST(who_found_no_memory_is_taken_when_told_again),
    TAP_TEST(nothing_is_allocated_in_steady_state),
    TAP_TEST(messages_past_the_bound_are_lost_and_counted),
    TAP_TEST(events_past_the_bound_are_lost_and_counted),
};
const struct tap_suite election_memory_suite = TAP_SUITE_WITH("election/memory", tests, set_up, world_end);
