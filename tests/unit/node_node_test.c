#include "tests/unit/node_test.h"

#include <string.h>

static struct bw_config config_with_scope(struct test_memory *memory, struct bw_rng *rng) {
    static struct bw_scope_config scope;
    bw_scope_config_init(&scope, "default");
    struct bw_config config = node_test_config(memory, rng, 1);
    config.scopes = &scope;
    config.scope_count = 1;
    return config;
}

static int create_changed(void (*change)(struct bw_config *config)) {
    struct test_memory memory = {0};
    struct bw_rng rng;
    bw_rng_seed(&rng, 1);
    struct bw_config config = config_with_scope(&memory, &rng);
    change(&config);
    struct bw_node *node = NULL;
    int error = bw_node_create(&node, &config, node_test_time(0));
    bw_node_destroy(node);
    CU_ASSERT_EQUAL(memory.used_size, 0);
    return error;
}

static void nothing(struct bw_config *config) {
    (void)config;
}
static void no_name(struct bw_config *config) {
    config->name = "";
}
static void escape_in_cluster(struct bw_config *config) {
    config->cluster = "a\033[2J";
}
static void no_address(struct bw_config *config) {
    config->addr.family = 0;
}
static void no_size(struct bw_config *config) {
    config->size = 0;
}
static void no_entropy(struct bw_config *config) {
    config->entropy = NULL;
}
static const char *const some_voters[] = {"a", "b", "a"};
static struct bw_scope_config in_quorum_mode;

static void quorum_of(struct bw_config *config, size_t first, size_t count, bool durable) {
    bw_scope_config_init(&in_quorum_mode, "x");
    in_quorum_mode.mode = BW_MODE_QUORUM;
    in_quorum_mode.voters = some_voters + first;
    in_quorum_mode.voter_count = count;
    config->scopes = &in_quorum_mode;
    config->scope_count = 1;
    config->durable = durable;
}
static void voters_without_a_disk(struct bw_config *config) {
    quorum_of(config, 0, 2, false);
}
static void voters_with_a_disk(struct bw_config *config) {
    quorum_of(config, 0, 2, true);
}
static void no_voters(struct bw_config *config) {
    quorum_of(config, 0, 0, true);
}
static void a_voter_twice(struct bw_config *config) {
    quorum_of(config, 0, 3, true);
}
static void a_witness_of_another_mode(struct bw_config *config) {
    quorum_of(config, 0, 0, true);
    in_quorum_mode.mode = BW_MODE_PRIORITY;
    in_quorum_mode.witness = true;
}

static void scope_twice(struct bw_config *config) {
    static struct bw_scope_config twice[2];
    bw_scope_config_init(&twice[0], "x");
    bw_scope_config_init(&twice[1], "x");
    config->scopes = twice;
    config->scope_count = 2;
}
static void timeout_above_interval(struct bw_config *config) {
    config->params.probe_timeout_max_ms = config->params.probe_interval_ms + 1;
}
static void bad_key(struct bw_config *config) {
    config->keys = "short\n";
    config->keys_size = 6;
}

static void scope_without_a_size(struct bw_config *config) {
    static struct bw_scope_config scope;
    bw_scope_config_init(&scope, "x");
    scope.size = 0;
    config->scopes = &scope;
}
static void scopes_of_two_sizes(struct bw_config *config) {
    static struct bw_scope_config two[2];
    bw_scope_config_init(&two[0], "x");
    bw_scope_config_init(&two[1], "y");
    two[1].size -= 8;
    config->scopes = two;
    config->scope_count = 2;
}

/* A caller that was built against an older header has smaller structs, one of a newer header larger ones. */
static void structs_of_other_sizes_are_taken(void) {
    struct test_memory memory = {0};
    struct bw_rng rng;
    bw_rng_seed(&rng, 1);
    for (size_t size = offsetof(struct bw_scope_config, seats) / 8 * 8; size < sizeof(struct bw_scope_config) + 64;
         size += 8) {
        struct bw_node *node = NULL;
        struct bw_scope_info info;
        union {
            struct bw_config config;
            uint8_t bytes[sizeof(struct bw_config) + 64];
        } one;
        union {
            struct bw_scope_config first;
            uint8_t bytes[3 * sizeof(struct bw_scope_config) + 128];
        } scopes;
        const size_t config_size =
            size < sizeof(struct bw_scope_config) ? offsetof(struct bw_config, identity) : sizeof(one.bytes) - 8;
        struct bw_config full = node_test_config(&memory, &rng, 1);
        memset(&one, 0xa5, sizeof(one));
        memset(&scopes, 0xa5, sizeof(scopes));
        memcpy(&one, &full, config_size < sizeof(full) ? config_size : sizeof(full));
        for (size_t i = 0; i < 2; i++) {
            bw_scope_config_init_sized((void *)(scopes.bytes + i * size), size, i == 0 ? "a" : "b");
        }
        CU_ASSERT_EQUAL(scopes.bytes[2 * size], 0xa5); /* nothing is written past what the caller has */
        one.config.size = config_size;
        one.config.scopes = &scopes.first;
        one.config.scope_count = 2;
        CU_ASSERT_EQUAL_FATAL(bw_node_create(&node, &one.config, node_test_time(0)), 0);
        CU_ASSERT_EQUAL(bw_node_scope_find(node, "b", &info, node_test_time(0)), 0);
        CU_ASSERT_EQUAL(bw_node_scope_count(node), 2);
        bw_scope_config_init_sized(&scopes.first, size, "c");
        CU_ASSERT_EQUAL(bw_node_scope_add(node, &scopes.first, node_test_time(1)), 0);
        scopes.first.size = 0;
        scopes.first.name = "d";
        CU_ASSERT_EQUAL(bw_node_scope_add(node, &scopes.first, node_test_time(1)), BW_ERR_INVALID);
        bw_node_destroy(node);
        CU_ASSERT_EQUAL(memory.used_size, 0);
    }
}

static void a_configuration_is_filled_as_far_as_its_size(void) {
    _Alignas(struct bw_config) uint8_t bytes[sizeof(struct bw_config) + 16];
    struct bw_config *config = (void *)bytes;
    memset(bytes, 0xa5, sizeof(bytes));
    bw_config_init_sized(config, offsetof(struct bw_config, durable), BW_PROFILE_LAN);
    CU_ASSERT_EQUAL(config->size, offsetof(struct bw_config, durable));
    CU_ASSERT_EQUAL(config->params.probe_interval_ms, 1000);
    CU_ASSERT_EQUAL(bytes[offsetof(struct bw_config, durable)], 0xa5);
    bw_config_init_sized(config, sizeof(bytes) - 8, BW_PROFILE_LAN);
    CU_ASSERT_EQUAL(bytes[sizeof(bytes) - 9], 0);
    CU_ASSERT_EQUAL(bytes[sizeof(bytes) - 8], 0xa5);
}

static void only_sound_configurations_are_taken(void) {
    CU_ASSERT_EQUAL(create_changed(nothing), 0);
    CU_ASSERT_EQUAL(create_changed(no_name), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(escape_in_cluster), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(no_address), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(no_size), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(no_entropy), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(scope_twice), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(scope_without_a_size), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(scopes_of_two_sizes), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(voters_without_a_disk), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(no_voters), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(a_voter_twice), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(a_witness_of_another_mode), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(voters_with_a_disk), 0);
    CU_ASSERT_EQUAL(create_changed(timeout_above_interval), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(create_changed(bad_key), BW_ERR_KEY);
}

static void each_failing_allocation_at_creation_is_an_error_without_a_leak(void) {
    size_t needed = 0;
    for (size_t fail_at = 1; fail_at == 1 || fail_at <= needed; fail_at++) {
        struct test_memory memory = {0};
        struct bw_rng rng;
        bw_rng_seed(&rng, 1);
        struct bw_config config = config_with_scope(&memory, &rng);
        struct bw_node *node = NULL;
        if (needed == 0) {
            CU_ASSERT_EQUAL_FATAL(bw_node_create(&node, &config, node_test_time(0)), 0);
            needed = memory.calls;
            bw_node_destroy(node);
            memory = (struct test_memory){0};
            node = NULL;
        }
        memory.fail_at = fail_at;
        int error = bw_node_create(&node, &config, node_test_time(0));
        if (error == 0) { /* only news was lost: the node itself is whole */
            CU_ASSERT_EQUAL(bw_node_member_count(node), 1);
            CU_ASSERT_TRUE(bw_node_deadline(node) < BW_NEVER);
            CU_ASSERT_TRUE(fail_at > needed / 2);
        } else {
            CU_ASSERT_EQUAL(error, BW_ERR_MEMORY);
        }
        bw_node_destroy(node);
        CU_ASSERT_EQUAL(memory.used_size, 0);
    }
    CU_ASSERT_TRUE(needed > 3);
}

static void a_durable_node_is_mute_until_its_boot_is_durable(void) {
    struct test_memory memory = {0};
    struct bw_rng rng;
    bw_rng_seed(&rng, 1);
    struct bw_config config = config_with_scope(&memory, &rng);
    struct bw_addr seed = {.ip = {127, 0, 0, 1}, .port = 7999, .family = 4};
    config.seeds = &seed;
    config.seed_count = 1;
    config.durable = true;
    struct bw_node *node = NULL;
    CU_ASSERT_EQUAL_FATAL(bw_node_create(&node, &config, node_test_time(0)), 0);
    struct bw_datagram datagram;
    struct bw_bytes state;
    bw_node_tick(node, node_test_time(1000));
    CU_ASSERT_FALSE(bw_node_transmit(node, &datagram, node_test_time(1000)));
    CU_ASSERT_TRUE(bw_node_persist(node, &state));
    CU_ASSERT_FALSE(bw_node_persist(node, &state)); /* not repeated while it is being written */
    bw_node_persisted(node, false, node_test_time(1001));
    CU_ASSERT_FALSE(bw_node_transmit(node, &datagram, node_test_time(1001)));
    bw_node_tick(node, node_test_time(2000));
    CU_ASSERT_FALSE(bw_node_persist(node, &state)); /* not at 0.999 s, at 1 s */
    CU_ASSERT_TRUE(bw_node_deadline(node) <= node_test_time(2001).mono_us);
    bw_node_tick(node, node_test_time(2001));
    CU_ASSERT_TRUE(bw_node_persist(node, &state));
    bw_node_persisted(node, true, node_test_time(2002));
    CU_ASSERT_TRUE(bw_node_transmit(node, &datagram, node_test_time(2002)));
    bw_node_destroy(node);
}

/* The queue's copies: the caller's bytes may change, and what the host has taken lasts until it takes the next. */
static void payloads_are_the_queues_own(void) {
    static uint8_t large[BW_EVENT_PAYLOAD_MAX];
    uint8_t bytes[3] = {1, 2, 3};
    struct test_memory memory = {0};
    struct bw_allocator allocator = test_allocator(&memory);
    struct bw_event_queue queue;
    struct bw_event event = {.payload = {bytes, sizeof(bytes)}};
    bw_event_queue_init(&queue, 10);
    bw_event_queue_push(&queue, &allocator, &event);
    bytes[0] = 9;
    event.payload = (struct bw_bytes){large, sizeof(large) - 3};
    bw_event_queue_push(&queue, &allocator, &event); /* as much as may wait */
    event.payload.size = 1;
    bw_event_queue_push(&queue, &allocator, &event);
    CU_ASSERT_EQUAL(queue.lost, 1);
    event.payload.size = 0;
    bw_event_queue_push(&queue, &allocator, &event); /* one without is not in the way */
    memory.fail_at = memory.calls + 1;
    CU_ASSERT_TRUE(bw_event_queue_pop(&queue, &allocator, &event));
    CU_ASSERT_TRUE(event.payload.size == 3 && event.payload.data[0] == 1 && event.payload.data != bytes);
    event.payload = (struct bw_bytes){large, 1};
    bw_event_queue_push(&queue, &allocator, &event); /* no memory */
    CU_ASSERT_EQUAL(queue.lost, 2);
    CU_ASSERT_TRUE(bw_event_queue_pop(&queue, &allocator, &event));
    CU_ASSERT_EQUAL(event.payload.size, sizeof(large) - 3);
    event.payload = (struct bw_bytes){large, sizeof(large)};
    bw_event_queue_push(&queue, &allocator, &event); /* there is room again; it is freed with the queue */
    CU_ASSERT_TRUE(bw_event_queue_pop(&queue, &allocator, &event) && event.payload.size == 0);
    CU_ASSERT_EQUAL(queue.count, 1);
    bw_event_queue_free(&queue, &allocator);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

static void the_event_queue_is_bounded_and_ordered(void) {
    struct test_memory memory = {0};
    struct bw_allocator allocator = test_allocator(&memory);
    struct bw_event_queue queue;
    bw_event_queue_init(&queue, 90); /* no power of two */
    uint64_t popped = 0;
    struct bw_event event = {0};
    for (uint64_t i = 0; i < 40; i++) { /* wraps: one out for two in */
        event.incarnation = 2 * i;
        bw_event_queue_push(&queue, &allocator, &event);
        event.incarnation = 2 * i + 1;
        bw_event_queue_push(&queue, &allocator, &event);
        CU_ASSERT_TRUE(bw_event_queue_pop(&queue, &allocator, &event) && event.incarnation == popped);
        popped++;
    }
    CU_ASSERT_EQUAL(queue.lost, 0);
    for (int i = 0; i < 100; i++) {
        bw_event_queue_push(&queue, &allocator, &event);
    }
    CU_ASSERT_EQUAL(queue.count, 90);
    CU_ASSERT_EQUAL(queue.lost, 50);
    bw_event_queue_free(&queue, &allocator);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

static void every_name_is_known(void) {
    CU_ASSERT_STRING_EQUAL(bw_event_name(BW_EVENT_SPLIT_BRAIN_HEALED), "split-brain-healed");
    CU_ASSERT_STRING_EQUAL(bw_event_name(BW_EVENT_COUNT), "unknown");
    CU_ASSERT_STRING_EQUAL(bw_loss_name(BW_LOSS_LEASE_EXPIRED), "lease-expired");
    CU_ASSERT_STRING_EQUAL(bw_role_name(BW_ROLE_LEADER), "leader");
}

static const struct tap_test tests[] = {
    TAP_TEST(only_sound_configurations_are_taken),
    TAP_TEST(structs_of_other_sizes_are_taken),
    TAP_TEST(a_configuration_is_filled_as_far_as_its_size),
    TAP_TEST(each_failing_allocation_at_creation_is_an_error_without_a_leak),
    TAP_TEST(a_durable_node_is_mute_until_its_boot_is_durable),
    TAP_TEST(payloads_are_the_queues_own),
    TAP_TEST(the_event_queue_is_bounded_and_ordered),
    TAP_TEST(every_name_is_known),
};
const struct tap_suite node_node_suite = TAP_SUITE("node", tests);
