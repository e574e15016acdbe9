#include "tools/event_ring.h"

#include <stdlib.h>

uint64_t event_ring_next(const struct event_ring *ring) {
    return ring->newest + 1;
}

void event_ring_add(struct event_ring *ring, enum bw_event_type type, char *line) {
    struct event_entry *entry = &ring->entries[++ring->newest % EVENT_RING_COUNT];
    free(entry->line);
    entry->line = line;
    entry->type = type;
}

uint64_t event_ring_oldest(const struct event_ring *ring) {
    return ring->newest >= EVENT_RING_COUNT ? ring->newest - EVENT_RING_COUNT + 1 : 1;
}

const struct event_entry *event_ring_at(const struct event_ring *ring, uint64_t seq) {
    if (seq < event_ring_oldest(ring) || seq > ring->newest)
        return NULL;
    return &ring->entries[seq % EVENT_RING_COUNT];
}

void event_ring_free(struct event_ring *ring) {
    for (size_t i = 0; i < EVENT_RING_COUNT; i++)
        free(ring->entries[i].line);
}
