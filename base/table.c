/* Linear probing. A removal moves later slots of the run back (Knuth 6.4, algorithm R), so there are
 * no tombstones and a table that churns for a year is as fast as a fresh one. */
#include "table.h"

#include "base.h"

#define CAPACITY_MIN 8u

void bw_table_init(struct bw_table *table, struct bw_allocator allocator, size_t limit) {
    *table = (struct bw_table){.limit = limit, .allocator = allocator};
}

void bw_table_free(struct bw_table *table) {
    bw_free(&table->allocator, table->slots, table->capacity * sizeof(*table->slots));
    bw_table_init(table, table->allocator, table->limit);
}

/* Ids are random, but a peer chooses its own: all 128 bits count, mixed by murmur3's finalizer. */
static size_t home_of(const struct bw_table *table, const struct bw_id *key) {
    uint64_t hash = bw_get_u64(key->bytes) ^ bw_get_u64(key->bytes + 8) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (size_t)(hash ^ hash >> 33) & (table->capacity - 1);
}

/* The slot that holds the key, or the empty one where it belongs. At least one slot is always empty. */
static struct bw_table_slot *slot_of(const struct bw_table *table, const struct bw_id *key) {
    size_t at = home_of(table, key);
    while (table->slots[at].value && !bw_id_equal(&table->slots[at].key, key)) {
        at = (at + 1) & (table->capacity - 1);
    }
    return &table->slots[at];
}

const void *bw_table_place(const struct bw_table *table, const struct bw_id *key) {
    return table->capacity > 0 ? &table->slots[home_of(table, key)] : NULL;
}

void *bw_table_get(const struct bw_table *table, const struct bw_id *key) {
    return table->count > 0 ? slot_of(table, key)->value : NULL;
}

static int grow(struct bw_table *table) {
    struct bw_table bigger = *table;
    bigger.capacity = table->capacity > 0 ? table->capacity * 2 : CAPACITY_MIN;
    if (bigger.capacity > SIZE_MAX / 2 / sizeof(*bigger.slots)) {
        return BW_ERR_MEMORY;
    }
    bigger.slots = bw_alloc(&table->allocator, bigger.capacity * sizeof(*bigger.slots));
    if (!bigger.slots) {
        return BW_ERR_MEMORY;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].value) {
            *slot_of(&bigger, &table->slots[i].key) = table->slots[i];
        }
    }
    bw_free(&table->allocator, table->slots, table->capacity * sizeof(*table->slots));
    *table = bigger;
    return 0;
}

int bw_table_put(struct bw_table *table, const struct bw_id *key, void *value) {
    BW_ASSERT(value);
    struct bw_table_slot *slot = table->count > 0 ? slot_of(table, key) : NULL;
    if (slot && slot->value) {
        slot->value = value;
        return 0;
    }
    if (table->count >= table->limit) {
        return BW_ERR_FULL;
    }
    if (table->count >= table->capacity / 4 * 3) {
        int error = grow(table);
        if (error) {
            return error;
        }
    }
    *slot_of(table, key) = (struct bw_table_slot){.key = *key, .value = value};
    table->count++;
    return 0;
}

/* Closes the gap: each later slot of the run moves into it unless that would put it before its home. */
static void close_gap(struct bw_table *table, size_t gap) {
    size_t mask = table->capacity - 1;
    for (size_t at = (gap + 1) & mask; table->slots[at].value; at = (at + 1) & mask) {
        size_t from_home = (at - home_of(table, &table->slots[at].key)) & mask;
        size_t from_gap = (at - gap) & mask;
        if (from_home >= from_gap) {
            table->slots[gap] = table->slots[at];
            gap = at;
        }
    }
    table->slots[gap] = (struct bw_table_slot){.value = NULL};
}

void *bw_table_remove(struct bw_table *table, const struct bw_id *key) {
    struct bw_table_slot *slot = table->count > 0 ? slot_of(table, key) : NULL;
    if (!slot || !slot->value) {
        return NULL;
    }
    void *value = slot->value;
    close_gap(table, (size_t)(slot - table->slots));
    table->count--;
    return value;
}
