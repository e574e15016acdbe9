/* Target: the agent's state, torn or hostile. It is refused with a reason, or a node lives with it, and what that writes can be read
 * again. The first byte says how: as it is; or as what stands between head and checksum, which are put around it. */
#include "base/rng.h"
#include "node/internal.h"
#include "tests/fuzz/fuzz.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define SUM_SIZE 16u
#define LIVES_US (3 * BW_US_PER_S)

static void entropy(void *context, void *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)data)[i] = (uint8_t)bw_rng_next(context);
}

static int create(struct bw_node **node, struct fuzz_memory *memory, struct bw_rng *rng, struct bw_bytes state,
                  struct bw_time now) {
    static const char *const voters[] = {"n0", "n1", "n2"};
    struct bw_config config;
    struct bw_scope_config scopes[2];
    bw_config_init(&config, BW_PROFILE_LAN);
    bw_scope_config_init(&scopes[0], "s");
    bw_scope_config_init(&scopes[1], "q");
    scopes[1].mode = BW_MODE_QUORUM;
    scopes[1].voters = voters;
    scopes[1].voter_count = BW_COUNT(voters);
    bw_rng_seed(rng, 1);
    config.allocator = fuzz_allocator(memory);
    config.entropy = entropy;
    config.entropy_context = rng;
    config.name = "n0";
    config.addr = (struct bw_addr){.ip = {127, 0, 0, 1}, .port = 7000, .family = 4};
    config.keys = KEY;
    config.keys_size = strlen(KEY);
    config.params.scope_max = 64;
    config.params.member_max = 16;
    config.scopes = scopes;
    config.scope_count = BW_COUNT(scopes);
    config.durable = true;
    config.state = state;
    return bw_node_create(node, &config, now);
}

/* What was written last, to be freed. */
static struct bw_bytes live(struct bw_node *node, struct bw_time now) {
    struct bw_bytes state;
    struct bw_bytes last = {NULL, 0};
    struct bw_datagram datagram;
    struct bw_event event;
    for (int64_t until_us = now.mono_us + LIVES_US; now.mono_us < until_us;) {
        while (bw_node_persist(node, &state)) {
            free((void *)(uintptr_t)last.data);
            last = (struct bw_bytes){(const uint8_t *)fuzz_text(state), state.size};
            bw_node_persisted(node, true, now);
        }
        while (bw_node_transmit(node, &datagram, now))
            FUZZ_CHECK(datagram.size <= BW_DATAGRAM_MAX);
        while (bw_node_event(node, &event))
            FUZZ_CHECK(bw_event_name(event.type) != NULL);
        int64_t next_us = bw_node_deadline(node);
        int64_t step_us = next_us > now.mono_us ? next_us - now.mono_us : 1;
        now.mono_us += step_us;
        now.wall_us += step_us;
        bw_node_tick(node, now);
    }
    return last;
}

static void try_state(struct bw_bytes blob) {
    struct fuzz_memory memory = {0};
    struct bw_rng rng;
    struct bw_node *node = NULL;
    struct bw_time now = {BW_US_PER_S, INT64_C(1790000000000000)};
    int error = create(&node, &memory, &rng, blob, now);
    if (error != 0) {
        /* invalid: a vote for a scope that is of another mode now, or twice; either format may hold votes */
        FUZZ_CHECK(error == BW_ERR_CORRUPT || error == BW_ERR_VERSION || error == BW_ERR_FULL ||
                   error == BW_ERR_INVALID);
        FUZZ_CHECK(node == NULL && memory.used_size == 0);
        return;
    }
    const struct bw_id id = bw_node_id(node);
    struct bw_bytes written = live(node, now);
    bw_node_destroy(node);
    FUZZ_CHECK(memory.used_size == 0 && written.data != NULL);
    now.mono_us += LIVES_US;
    now.wall_us += LIVES_US;
    FUZZ_CHECK(create(&node, &memory, &rng, written, now) == 0);
    const struct bw_id again = bw_node_id(node);
    FUZZ_CHECK(blob.size == 0 || bw_id_equal(&id, &again));
    free((void *)(uintptr_t)live(node, now).data);
    bw_node_destroy(node);
    free((void *)(uintptr_t)written.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    size_t how = fuzz_below(&in, 4);
    uint8_t blob[8 + 8192 + SUM_SIZE];
    struct bw_bytes inside = fuzz_bytes(&in, 8192);
    if (how == 0) {
        char *copy = fuzz_text(inside);
        try_state((struct bw_bytes){(const uint8_t *)copy, inside.size});
        free(copy);
        return 0;
    }
    memcpy(blob, "BWSTATE", 7);
    blob[7] = (uint8_t)how; /* 2 and 3 are formats */
    if (inside.size > 0)
        memcpy(blob + 8, inside.data, inside.size);
    (void)crypto_generichash(blob + 8 + inside.size, SUM_SIZE, blob, 8 + inside.size, NULL, 0);
    try_state((struct bw_bytes){blob, 8 + inside.size + SUM_SIZE});
    return 0;
}
