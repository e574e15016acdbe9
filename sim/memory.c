/* Memory of the simulator's own, of datagrams on their way, and of nodes. Small blocks of nodes and datagrams may come from
 * pools (options.pooled): ten thousand members know ten thousand each, and a malloc block's head is a fifth of what one takes.
 * Without pools every block is malloc's own, so that sanitizers and valgrind see each. */
#include "sim/internal.h"

#include <stdlib.h>
#include <string.h>

#define STEP 16u
#define CHUNK_SIZE (32u * 1024u * 1024u)

struct chunk {
    struct chunk *next;
    max_align_t data[];
};

void *bw_sim_memory(size_t size) {
    void *memory = calloc(1, size > 0 ? size : 1);
    BW_ASSERT(memory != NULL);
    return memory;
}

void *bw_sim_memory_copy(const void *data, size_t size) {
    void *memory = bw_sim_memory(size);
    if (size > 0)
        memcpy(memory, data, size);
    return memory;
}

static void *resize(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context;
    if (new_size == 0) {
        free(memory);
        return NULL;
    }
    return old_size == 0 ? calloc(1, new_size) : realloc(memory, new_size);
}

const struct bw_allocator bw_sim_allocator = {resize, NULL};

static bool pooled(const struct bw_sim *sim, size_t size) {
    return sim->options.pooled && size > 0 && size <= BW_SIM_POOLED_MAX;
}

static size_t class_of(size_t size) {
    return (size - 1) / STEP;
}

static void *carve(struct bw_sim_pool *pool, size_t size) {
    if (pool->left < size) { /* what is left of the last chunk is lost: less than a block in a megabyte */
        struct chunk *chunk = malloc(sizeof *chunk + CHUNK_SIZE);
        BW_ASSERT(chunk != NULL);
        chunk->next = pool->chunks;
        pool->chunks = chunk;
        pool->at = (char *)chunk->data;
        pool->left = CHUNK_SIZE;
    }
    void *memory = pool->at;
    pool->at += size;
    pool->left -= size;
    return memory;
}

void *bw_sim_take(struct bw_sim *sim, size_t size) {
    if (!pooled(sim, size))
        return malloc(size > 0 ? size : 1);
    void **free_list = &sim->pool.free[class_of(size)];
    void *memory = *free_list;
    if (memory == NULL)
        return carve(&sim->pool, (class_of(size) + 1) * STEP);
    memcpy(free_list, memory, sizeof *free_list);
    return memory;
}

void bw_sim_give(struct bw_sim *sim, void *memory, size_t size) {
    if (memory == NULL)
        return;
    if (!pooled(sim, size)) {
        free(memory);
        return;
    }
    void **free_list = &sim->pool.free[class_of(size)];
    memcpy(memory, free_list, sizeof *free_list);
    *free_list = memory;
}

/* As realloc: a block stays where it is only if neither size is pooled. */
void *bw_sim_retake(struct bw_sim *sim, void *memory, size_t old_size, size_t new_size) {
    if (!sim->options.pooled || (memory != NULL && !pooled(sim, old_size) && !pooled(sim, new_size)))
        return realloc(memory, new_size);
    void *moved = bw_sim_take(sim, new_size);
    if (moved != NULL && memory != NULL) {
        memcpy(moved, memory, old_size < new_size ? old_size : new_size);
        bw_sim_give(sim, memory, old_size);
    }
    return moved;
}

void bw_sim_pool_free(struct bw_sim_pool *pool) {
    for (struct chunk *chunk = pool->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
}
