/* Rotation of keys, as an operator does it: a new key is added everywhere, then used everywhere, then the old one is taken away
 * everywhere, unless somebody still uses it. */
#include "sim/fault_parts.h"

#include <stdlib.h>
#include <string.h>

enum step { ADD, USE, REMOVE, STEP_COUNT };

struct turn {
    struct bw_rotation *rotation;
    size_t host;
    enum step next;
    int64_t at_us[STEP_COUNT];
};

struct bw_rotation {
    struct bw_rotation *next; /* of all in this world */
    struct bw_sim *sim;
    uint16_t key;
    int64_t until_us;
    struct turn *turns; /* by host */
};

static bool has(const uint16_t *keys, size_t count, uint16_t key) {
    for (size_t i = 0; i < count; i++)
        if (keys[i] == key)
            return true;
    return false;
}

static size_t add(uint16_t *keys, size_t count, uint16_t key) {
    if (has(keys, count, key))
        return count;
    count += count < BW_SIM_KEYS_MAX;
    keys[count - 1] = key;
    return count;
}

static void put_first(uint16_t *keys, uint16_t key) {
    size_t at = 0;
    while (keys[at] != key)
        at++;
    memmove(keys + 1, keys, at * sizeof keys[0]);
    keys[0] = key;
}

/* Somebody seals with it, or will. */
static bool is_needed(const struct bw_sim *sim, uint16_t key) {
    for (const struct bw_rotation *rotation = sim->rotations; rotation != NULL; rotation = rotation->next)
        if (rotation->key == key && rotation->until_us > sim->now_us)
            return true;
    for (size_t i = 0; i < sim->host_count; i++)
        if (sim->hosts[i].keys[0] == key)
            return true;
    return false;
}

static size_t remove_others(const struct bw_sim *sim, uint16_t *keys, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (is_needed(sim, keys[i]))
            keys[kept++] = keys[i];
    return kept;
}

static void change(const struct turn *turn, enum step step) {
    struct bw_sim *sim = turn->rotation->sim;
    uint16_t key = turn->rotation->key;
    uint16_t keys[BW_SIM_KEYS_MAX];
    size_t count = bw_sim_keys(sim, turn->host, keys);
    if (step != REMOVE)
        count = add(keys, count, key);
    if (step == USE)
        put_first(keys, key);
    if (step == REMOVE)
        count = remove_others(sim, keys, count);
    bw_sim_set_keys(sim, turn->host, keys, count);
}

static void take_turn(struct bw_sim *sim, void *context) {
    struct turn *turn = context;
    change(turn, turn->next++);
    if (turn->next < STEP_COUNT)
        bw_sim_schedule_us(sim, turn->at_us[turn->next], take_turn, turn);
}

struct bw_rotation *bw_rotation_begin(struct bw_sim *sim, const bool *hosts, uint16_t key, int64_t for_us) {
    struct bw_rotation *rotation = bw_sim_memory(sizeof *rotation);
    struct bw_rng rng;
    bw_rng_seed(&rng, sim->seed ^ (UINT64_C(0x6b657973) + key)); /* "keys" */
    rotation->sim = sim;
    rotation->key = key;
    rotation->until_us = sim->now_us + for_us;
    rotation->next = sim->rotations;
    sim->rotations = rotation;
    rotation->turns = bw_sim_memory(sim->host_count * sizeof rotation->turns[0]);
    int64_t third_us = for_us / STEP_COUNT;
    for (size_t i = 0; i < sim->host_count; i++) {
        struct turn *turn = &rotation->turns[i];
        *turn = (struct turn){.rotation = rotation, .host = i};
        for (int step = 0; step < STEP_COUNT; step++)
            turn->at_us[step] = sim->now_us + step * third_us + (int64_t)bw_rng_below(&rng, (uint64_t)third_us + 1);
        if (hosts[i])
            bw_sim_schedule_us(sim, turn->at_us[ADD], take_turn, turn);
    }
    return rotation;
}

void bw_rotation_free(struct bw_rotation *rotation) {
    if (rotation == NULL)
        return;
    free(rotation->turns);
    free(rotation);
}
