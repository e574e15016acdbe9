/* The last events, numbered from 1: what `monitor --since` resumes from, and what feeds each stream. */
#ifndef BW_TOOLS_EVENT_RING_H
#define BW_TOOLS_EVENT_RING_H

#include <stddef.h>
#include <stdint.h>

#include <bellwether/event.h>

enum { EVENT_RING_COUNT = 4096 };

struct event_ring {
    struct event_entry {
        char *line; /* JSON without a line end */
        enum bw_event_type type;
    } entries[EVENT_RING_COUNT];
    uint64_t newest; /* 0: none yet */
};

/* The number that the next event gets. */
uint64_t event_ring_next(const struct event_ring *ring);
/* Takes line, which is freed when it falls out. */
void event_ring_add(struct event_ring *ring, enum bw_event_type type, char *line);
/* The oldest number still held; newest + 1 if there is none. */
uint64_t event_ring_oldest(const struct event_ring *ring);
/* NULL if it is not held. */
const struct event_entry *event_ring_at(const struct event_ring *ring, uint64_t seq);
void event_ring_free(struct event_ring *ring);

#endif
