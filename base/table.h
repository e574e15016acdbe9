/* Keyed table: 16-byte id -> pointer, open addressing with tombstone-free deletion.
 * It grows by doubling up to a stated bound and never while a datagram is handled without a new key. */
#ifndef BW_BASE_TABLE_H
#define BW_BASE_TABLE_H

#include <bellwether/types.h>

struct bw_table_slot {
    struct bw_id key;
    void *value;
};

struct bw_table {
    struct bw_table_slot *slots;
    size_t capacity; /* power of two, or 0 */
    size_t count;
    size_t limit;
    struct bw_allocator allocator;
};

void bw_table_init(struct bw_table *table, struct bw_allocator allocator, size_t limit);
void bw_table_free(struct bw_table *table);
void *bw_table_get(const struct bw_table *table, const struct bw_id *key);
/* Where the search for the key will begin, NULL in an empty table: to be asked of the memory ahead of time, not to be read. */
const void *bw_table_place(const struct bw_table *table, const struct bw_id *key);
/* Inserts or replaces. BW_ERR_FULL at the limit, BW_ERR_MEMORY. value is not NULL. */
int bw_table_put(struct bw_table *table, const struct bw_id *key, void *value);
/* Removes and returns the value, NULL if there was none. */
void *bw_table_remove(struct bw_table *table, const struct bw_id *key);

#endif
