/* What will happen, soonest first; what was planned first goes first among equals. A binary heap of places in an array. */
#include "sim/internal.h"

#include <stdlib.h>

static bool before(const struct bw_sim_place *a, const struct bw_sim_place *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void grow(struct bw_sim_heap *heap) {
    size_t old = heap->capacity;
    heap->capacity = old > 0 ? old * 2 : 256;
    heap->places = realloc(heap->places, heap->capacity * sizeof heap->places[0]);
    heap->items = realloc(heap->items, heap->capacity * sizeof heap->items[0]);
    BW_ASSERT(heap->places != NULL && heap->items != NULL);
    for (size_t i = old; i < heap->capacity; i++)
        heap->places[i].item = i;
}

void bw_sim_heap_push(struct bw_sim_heap *heap, const struct bw_sim_item *item) {
    if (heap->count == heap->capacity)
        grow(heap);
    size_t at = heap->count++;
    struct bw_sim_place risen = {item->at_us, heap->next_order++, heap->places[at].item};
    heap->items[risen.item] = *item;
    for (; at > 0 && before(&risen, &heap->places[(at - 1) / 2]); at = (at - 1) / 2)
        heap->places[at] = heap->places[(at - 1) / 2];
    heap->places[at] = risen;
}

/* Finds a place for one that was taken from the end: the first is free. */
static void sink(struct bw_sim_heap *heap, const struct bw_sim_place *sunk) {
    size_t at = 0;
    for (size_t child = 1; child < heap->count; child = 2 * at + 1) {
        if (child + 1 < heap->count && before(&heap->places[child + 1], &heap->places[child]))
            child++;
        if (!before(&heap->places[child], sunk))
            break;
        heap->places[at] = heap->places[child];
        at = child;
    }
    heap->places[at] = *sunk;
}

bool bw_sim_heap_pop(struct bw_sim_heap *heap, int64_t until_us, struct bw_sim_item *item) {
    if (heap->count == 0 || heap->places[0].at_us > until_us)
        return false;
    size_t taken = heap->places[0].item;
    *item = heap->items[taken];
    struct bw_sim_place last = heap->places[--heap->count];
    sink(heap, &last);
    heap->places[heap->count].item = taken;
    return true;
}

const struct bw_sim_item *bw_sim_heap_next(const struct bw_sim_heap *heap, size_t n, uint64_t *order) {
    BW_ASSERT(n < 2);
    size_t at = n == 1 && heap->count > 2 && before(&heap->places[2], &heap->places[1]) ? 2 : n;
    if (at >= heap->count)
        return NULL;
    *order = heap->places[at].order;
    return &heap->items[heap->places[at].item];
}

void bw_sim_heap_free(struct bw_sim *sim) {
    for (size_t i = 0; i < sim->heap.count; i++) {
        const struct bw_sim_item *item = &sim->heap.items[sim->heap.places[i].item];
        bw_sim_give(sim, item->data, item->size);
    }
    free(sim->heap.places);
    free(sim->heap.items);
}
