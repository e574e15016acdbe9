/* What will happen, soonest first; what was planned first goes first among equals. A binary heap in an array. */
#include "sim/internal.h"

#include <stdlib.h>

static bool before(const struct bw_sim_item *a, const struct bw_sim_item *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void bw_sim_heap_push(struct bw_sim_heap *heap, const struct bw_sim_item *item) {
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity > 0 ? heap->capacity * 2 : 256;
        heap->items = realloc(heap->items, heap->capacity * sizeof heap->items[0]);
        BW_ASSERT(heap->items != NULL);
    }
    struct bw_sim_item risen = *item;
    size_t at = heap->count++;
    for (risen.order = heap->next_order++; at > 0 && before(&risen, &heap->items[(at - 1) / 2]); at = (at - 1) / 2)
        heap->items[at] = heap->items[(at - 1) / 2];
    heap->items[at] = risen;
}

/* Finds the place of an item that was put in at the root. */
static void sink(struct bw_sim_heap *heap, const struct bw_sim_item *sunk) {
    size_t at = 0;
    for (size_t child = 1; child < heap->count; child = 2 * at + 1) {
        if (child + 1 < heap->count && before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!before(&heap->items[child], sunk))
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = *sunk;
}

bool bw_sim_heap_pop(struct bw_sim_heap *heap, int64_t until_us, struct bw_sim_item *item) {
    if (heap->count == 0 || heap->items[0].at_us > until_us)
        return false;
    *item = heap->items[0];
    struct bw_sim_item last = heap->items[--heap->count];
    sink(heap, &last);
    return true;
}

void bw_sim_heap_free(struct bw_sim *sim) {
    for (size_t i = 0; i < sim->heap.count; i++)
        bw_sim_give(sim, sim->heap.items[i].data, sim->heap.items[i].size);
    free(sim->heap.items);
}
