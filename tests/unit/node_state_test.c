#include "tests/unit/node_test.h"

#include <sodium.h>
#include <string.h>

#define BLOB_MAX 1024u
#define SUM_SIZE 16u
#define PEER_FRAME 4u

struct saved {
    uint8_t data[BLOB_MAX];
    size_t size;
    struct bw_id id;
    uint64_t incarnation;
};

/* Starts a node on an earlier state and keeps what it wants to be durable. */
static int start(struct saved *saved, const char *cluster, struct bw_bytes state, int64_t ms) {
    struct test_memory memory = {0};
    struct bw_rng rng;
    bw_rng_seed(&rng, (uint64_t)ms + 1);
    struct bw_config config = node_test_config(&memory, &rng, 1);
    struct bw_scope_config scope;
    bw_scope_config_init(&scope, "default");
    config.scopes = &scope;
    config.scope_count = 1;
    config.cluster = cluster;
    config.durable = true;
    config.state = state;
    struct bw_node *node = NULL;
    int error = bw_node_create(&node, &config, node_test_time(ms));
    if (error == 0) {
        struct bw_bytes blob;
        CU_ASSERT_TRUE_FATAL(bw_node_persist(node, &blob) && blob.size <= BLOB_MAX);
        memcpy(saved->data, blob.data, blob.size);
        saved->size = blob.size;
        saved->id = bw_node_id(node);
        saved->incarnation = bw_gossip_incarnation(node->gossip);
    }
    bw_node_destroy(node);
    CU_ASSERT_EQUAL(memory.used_size, 0);
    return error;
}

static struct bw_bytes bytes_of(const struct saved *saved) {
    return (struct bw_bytes){saved->data, saved->size};
}

static void a_restart_keeps_the_id_and_counts_the_boot(void) {
    struct saved first;
    struct saved second;
    CU_ASSERT_EQUAL_FATAL(start(&first, "c1", (struct bw_bytes){NULL, 0}, 0), 0);
    CU_ASSERT_EQUAL_FATAL(start(&second, "c1", bytes_of(&first), 1000), 0);
    CU_ASSERT_TRUE(bw_id_equal(&first.id, &second.id));
    struct test_memory memory = {0};
    struct bw_allocator allocator = test_allocator(&memory);
    struct bw_node_state state;
    CU_ASSERT_EQUAL_FATAL(bw_node_state_load(&state, &allocator, bytes_of(&second), "c1"), 0);
    CU_ASSERT_EQUAL(state.boot, 2);
    bw_node_state_free(&state, &allocator);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

/* Of a lone member that comes to lead: the term that it claimed is kept, and that it was its own. */
static void a_claimed_term_is_kept_as_ones_own(void) {
    struct test_memory memory = {0};
    struct bw_rng rng;
    bw_rng_seed(&rng, 1);
    struct bw_config config = node_test_config(&memory, &rng, 1);
    struct bw_scope_config scope;
    bw_scope_config_init(&scope, "default");
    config.scopes = &scope;
    config.scope_count = 1;
    config.durable = true;
    struct bw_node *node = NULL;
    struct bw_bytes blob = {NULL, 0};
    struct bw_node_state state;
    CU_ASSERT_EQUAL_FATAL(bw_node_create(&node, &config, node_test_time(0)), 0);
    CU_ASSERT_TRUE_FATAL(bw_node_persist(node, &blob));
    bw_node_persisted(node, true, node_test_time(0));
    for (int64_t ms = 50; ms < 20000 && !bw_node_persist(node, &blob); ms += 50) {
        bw_node_tick(node, node_test_time(ms));
    }
    CU_ASSERT_EQUAL_FATAL(bw_node_state_load(&state, &config.allocator, blob, config.cluster), 0);
    CU_ASSERT_EQUAL_FATAL(state.term_count, 1);
    CU_ASSERT_TRUE(state.terms[0].term > 0 && state.terms[0].own);
    bw_node_state_free(&state, &config.allocator);
    bw_node_destroy(node);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

static void a_clock_set_back_does_not_lower_the_incarnation(void) {
    struct saved first;
    struct saved second;
    CU_ASSERT_EQUAL_FATAL(start(&first, "c1", (struct bw_bytes){NULL, 0}, 0), 0);
    CU_ASSERT_EQUAL_FATAL(start(&second, "c1", bytes_of(&first), INT64_C(-365) * 86400 * 1000), 0);
    CU_ASSERT_TRUE(second.incarnation > first.incarnation);
}

static void without_state_each_boot_has_a_new_id(void) {
    struct saved first;
    struct saved second;
    CU_ASSERT_EQUAL_FATAL(start(&first, "c1", (struct bw_bytes){NULL, 0}, 0), 0);
    CU_ASSERT_EQUAL_FATAL(start(&second, "c1", (struct bw_bytes){NULL, 0}, 5), 0);
    CU_ASSERT_FALSE(bw_id_equal(&first.id, &second.id));
}

static void state_of_another_cluster_is_refused(void) {
    struct saved first;
    struct saved second;
    CU_ASSERT_EQUAL_FATAL(start(&first, "c1", (struct bw_bytes){NULL, 0}, 0), 0);
    CU_ASSERT_EQUAL(start(&second, "c2", bytes_of(&first), 0), BW_ERR_CORRUPT);
}

static void every_truncation_and_every_flipped_bit_is_refused(void) {
    struct saved whole;
    struct saved other;
    CU_ASSERT_EQUAL_FATAL(start(&whole, "c1", (struct bw_bytes){NULL, 0}, 0), 0);
    for (size_t size = 1; size < whole.size; size++) {
        CU_ASSERT_EQUAL(start(&other, "c1", (struct bw_bytes){whole.data, size}, 0), BW_ERR_CORRUPT);
    }
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        whole.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CU_ASSERT_EQUAL(start(&other, "c1", bytes_of(&whole), 0), BW_ERR_CORRUPT);
        whole.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    CU_ASSERT_EQUAL(start(&other, "c1", bytes_of(&whole), 0), 0);
}

/* Adds a frame to a state, whose checksum holds again. */
static void append(struct saved *saved, uint8_t type, const void *body, uint8_t size) {
    size_t summed_size = saved->size - SUM_SIZE;
    const uint8_t head[] = {type, 0, size};
    CU_ASSERT_TRUE_FATAL(saved->size + sizeof(head) + size <= BLOB_MAX);
    memcpy(saved->data + summed_size, head, sizeof(head));
    memcpy(saved->data + summed_size + sizeof(head), body, size);
    summed_size += sizeof(head) + size;
    CU_ASSERT_EQUAL(crypto_generichash(saved->data + summed_size, SUM_SIZE, saved->data, summed_size, NULL, 0), 0);
    saved->size = summed_size + SUM_SIZE;
}

/* What a life had of others the next one has, and hands on; whoever gave more than is kept is no error. */
static void addresses_of_others_go_from_life_to_life(void) {
    struct saved first;
    struct saved second;
    struct test_memory memory = {0};
    struct bw_allocator allocator = test_allocator(&memory);
    struct bw_node_state state;
    CU_ASSERT_EQUAL_FATAL(start(&first, "c1", (struct bw_bytes){NULL, 0}, 0), 0);
    CU_ASSERT_EQUAL_FATAL(bw_node_state_load(&state, &allocator, bytes_of(&first), "c1"), 0);
    CU_ASSERT_EQUAL(state.peer_count, 0); /* as in a file that was written before there were any */
    bw_node_state_free(&state, &allocator);
    for (uint8_t i = 0; i < BW_REMEMBERED_MAX + 4; i++) {
        append(&first, PEER_FRAME, (const uint8_t[]){4, 0x1f, 0x0b, 10, 0, 0, i}, 7);
    }
    CU_ASSERT_EQUAL_FATAL(start(&second, "c1", bytes_of(&first), 1000), 0);
    CU_ASSERT_EQUAL_FATAL(bw_node_state_load(&state, &allocator, bytes_of(&second), "c1"), 0);
    CU_ASSERT_EQUAL(state.peer_count, BW_REMEMBERED_MAX);
    for (uint8_t i = 0; i < state.peer_count; i++) {
        const struct bw_addr addr = {.family = 4, .port = 7947, .ip = {10, 0, 0, i}};
        CU_ASSERT_TRUE(bw_addr_equal(&state.peers[i], &addr));
    }
    bw_node_state_free(&state, &allocator);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

/* So does a program that does not know addresses with them. */
static void a_frame_of_a_later_program_is_skipped(void) {
    struct saved saved;
    struct saved other;
    CU_ASSERT_EQUAL_FATAL(start(&saved, "c1", (struct bw_bytes){NULL, 0}, 0), 0);
    append(&saved, 200, "whatever", 8);
    CU_ASSERT_EQUAL(start(&other, "c1", bytes_of(&saved), 0), 0);
}

static void an_address_that_is_none_is_refused(void) {
    const uint8_t bodies[][7] = {{4, 0, 0, 10, 0, 0, 1}, {5, 0x1f, 0x0b, 10, 0, 0, 1}, {6, 0x1f, 0x0b, 10, 0, 0, 1}};
    struct saved other;
    for (size_t i = 0; i < BW_COUNT(bodies); i++) {
        struct saved saved;
        CU_ASSERT_EQUAL_FATAL(start(&saved, "c1", (struct bw_bytes){NULL, 0}, 0), 0);
        append(&saved, PEER_FRAME, bodies[i], sizeof(bodies[i]));
        CU_ASSERT_EQUAL(start(&other, "c1", bytes_of(&saved), 0), BW_ERR_CORRUPT);
    }
}

static void another_format_is_told_apart_from_damage(void) {
    struct saved saved;
    struct saved other;
    CU_ASSERT_EQUAL_FATAL(start(&saved, "c1", (struct bw_bytes){NULL, 0}, 0), 0);
    uint8_t own = saved.data[7];
    size_t summed_size = saved.size - 16;
    CU_ASSERT_EQUAL(own, 2);
    for (uint8_t format = 1; format <= own + 2; format++) { /* 3 is one with votes */
        saved.data[7] = format;
        CU_ASSERT_EQUAL(crypto_generichash(saved.data + summed_size, 16, saved.data, summed_size, NULL, 0), 0);
        CU_ASSERT_EQUAL(start(&other, "c1", bytes_of(&saved), 0),
                        format == own || format == own + 1 ? 0 : BW_ERR_VERSION);
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(a_restart_keeps_the_id_and_counts_the_boot),
    TAP_TEST(a_claimed_term_is_kept_as_ones_own),
    TAP_TEST(a_clock_set_back_does_not_lower_the_incarnation),
    TAP_TEST(without_state_each_boot_has_a_new_id),
    TAP_TEST(state_of_another_cluster_is_refused),
    TAP_TEST(every_truncation_and_every_flipped_bit_is_refused),
    TAP_TEST(addresses_of_others_go_from_life_to_life),
    TAP_TEST(a_frame_of_a_later_program_is_skipped),
    TAP_TEST(an_address_that_is_none_is_refused),
    TAP_TEST(another_format_is_told_apart_from_damage),
};
const struct tap_suite node_state_suite = TAP_SUITE("node state", tests);
