/* The keys of the hosts: numbers, of which number 0 is everybody's at first. A host's file is changed at once; a process that
 * is not on the processor takes it when it is. */
#include "sim/internal.h"

#include "crypto/keyring.h"
#include <bellwether/keys.h>

#include <string.h>

_Static_assert(BW_SIM_KEYS_MAX == BW_KEY_COUNT_MAX && BW_SIM_KEYS_SIZE > BW_KEY_COUNT_MAX * BW_KEY_TEXT_SIZE, "a ring");

/* 32 bytes, of which the first two tell the keys apart. */
static void key_text(uint16_t number, char text[BW_KEY_TEXT_SIZE]) {
    uint8_t key[BW_KEY_SIZE];
    memset(key, 1, sizeof key);
    key[0] ^= (uint8_t)number;
    key[1] ^= (uint8_t)(number >> 8);
    bw_key_text(key, text);
}

size_t bw_sim_key_text(const struct bw_sim_host *host, char *text, size_t size) {
    size_t used = 0;
    if (host->ring_size > 0) {
        BW_ASSERT(host->ring_size < size);
        memcpy(text, host->ring, host->ring_size + 1);
        return host->ring_size;
    }
    size_t count = host->key_count > 0 ? host->key_count : 1;
    for (size_t i = 0; i < count; i++) {
        char key[BW_KEY_TEXT_SIZE];
        key_text(host->keys[i], key);
        used += (size_t)snprintf(text + used, size - used, "%s\n", key);
        BW_ASSERT(used < size);
    }
    return used;
}

void bw_sim_keys_changed(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    _Static_assert(sizeof host->ring >= BW_KEYS_TEXT_SIZE, "a ring's text fits");
    if (!host->ring_fails)
        host->ring_size = bw_node_keys_text(host->node, host->ring);
    bw_node_keys_stored(host->node, !host->ring_fails, bw_sim_clock_at(host, sim->now_us));
}

void bw_sim_ring_fails(struct bw_sim *sim, size_t index, bool fails) {
    bw_sim_host(sim, index)->ring_fails = fails;
}

static struct bw_sim_host *ready(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(host->node != NULL && !host->asleep);
    return host;
}

int bw_sim_key_add(struct bw_sim *sim, size_t index, uint16_t number) {
    struct bw_sim_host *host = ready(sim, index);
    char key[BW_KEY_TEXT_SIZE];
    key_text(number, key);
    bw_sim_record_text(sim, index, "adds key %u to the ring of all", (unsigned)number);
    int error = bw_node_key_add(host->node, key, BW_KEY_TEXT_SIZE - 1, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
    return error;
}

int bw_sim_key_use(struct bw_sim *sim, size_t index, uint64_t id, bool force) {
    struct bw_sim_host *host = ready(sim, index);
    bw_sim_record_text(sim, index, "has all use key %016llx", (unsigned long long)id);
    int error = bw_node_key_use(host->node, id, force, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
    return error;
}

int bw_sim_key_remove(struct bw_sim *sim, size_t index, uint64_t id, bool force) {
    struct bw_sim_host *host = ready(sim, index);
    bw_sim_record_text(sim, index, "removes key %016llx from the ring of all", (unsigned long long)id);
    int error = bw_node_key_remove(host->node, id, force, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
    return error;
}

void bw_sim_keys_ask(struct bw_sim *sim, size_t index, uint32_t for_ms) {
    struct bw_sim_host *host = ready(sim, index);
    bw_node_keys_ask(host->node, for_ms, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
}

void bw_sim_keys_due(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    char text[BW_SIM_KEYS_SIZE];
    if (!host->keys_due || host->node == NULL || host->asleep)
        return;
    host->keys_due = false;
    size_t size = bw_sim_key_text(host, text, sizeof text);
    int error = bw_node_set_keys(host->node, text, size, bw_sim_clock_at(host, sim->now_us));
    BW_ASSERT(error == 0);
    bw_sim_host_pump(sim, index);
}

void bw_sim_set_keys(struct bw_sim *sim, size_t index, const uint16_t *numbers, size_t count) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(count > 0 && count <= BW_COUNT(host->keys));
    bw_sim_record_text(sim, index, "gets %zu keys, number %u first", count, (unsigned)numbers[0]);
    memcpy(host->keys, numbers, count * sizeof numbers[0]);
    host->key_count = count;
    host->keys_due = host->node != NULL;
    bw_sim_keys_due(sim, index);
}

size_t bw_sim_keys(const struct bw_sim *sim, size_t index, uint16_t numbers[BW_SIM_KEYS_MAX]) {
    const struct bw_sim_host *host = bw_sim_host(sim, index);
    memcpy(numbers, host->keys, sizeof host->keys);
    return host->key_count > 0 ? host->key_count : 1; /* all zero at first */
}
