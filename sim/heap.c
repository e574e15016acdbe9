/* What will happen, soonest first; what was planned first goes first among equals. A binary heap in an array. */
#include "sim/internal.h"

#include <stdlib.h>

static bool before(const struct bw_sim_item *a, const struct bw_sim_item *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(struct bw_sim_item *a, struct bw_sim_item *b) {
    struct bw_sim_item held = *a;
    *a = *b;
    *b = held;
}

void bw_sim_heap_push(struct bw_sim_heap *heap, const struct bw_sim_item *item) {
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity > 0 ? heap->capacity * 2 : 256;
        heap->items = realloc(heap->items, heap->capacity * sizeof heap->items[0]);
        BW_ASSERT(heap->items != NULL);
    }
    size_t at = heap->count++;
    heap->items[at] = *item;
    heap->items[at].order = heap->next_order++;
    while (at > 0 && before(&heap->items[at], &heap->items[(at - 1) / 2])) {
        swap(&heap->items[at], &heap->items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

/* Moves the item at the root down to its place. */
static void sink(struct bw_sim_heap *heap) {
    size_t at = 0;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap->count; child++)
            if (before(&heap->items[child], &heap->items[least]))
                least = child;
        if (least == at)
            return;
        swap(&heap->items[at], &heap->items[least]);
        at = least;
    }
}

bool bw_sim_heap_pop(struct bw_sim_heap *heap, int64_t until_us, struct bw_sim_item *item) {
    if (heap->count == 0 || heap->items[0].at_us > until_us)
        return false;
    *item = heap->items[0];
    heap->items[0] = heap->items[--heap->count];
    sink(heap);
    return true;
}

void bw_sim_heap_free(struct bw_sim_heap *heap) {
    for (size_t i = 0; i < heap->count; i++)
        free(heap->items[i].data);
    free(heap->items);
}
