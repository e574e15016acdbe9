/* The queue of events that the host polls, and the names of what is in it. */
#include "node/internal.h"

#include <string.h>

void bw_event_queue_init(struct bw_event_queue *queue, size_t limit) {
    memset(queue, 0, sizeof(*queue));
    queue->limit = limit;
}

static void free_payload(const struct bw_allocator *allocator, struct bw_bytes *payload) {
    bw_free(allocator, (void *)(uintptr_t)payload->data, payload->size);
    *payload = (struct bw_bytes){NULL, 0};
}

void bw_event_queue_free(struct bw_event_queue *queue, const struct bw_allocator *allocator) {
    for (size_t i = 0; i < queue->count; i++) {
        free_payload(allocator, &queue->events[(queue->first + i) % queue->capacity].payload);
    }
    free_payload(allocator, &queue->popped);
    bw_free(allocator, queue->events, queue->capacity * sizeof(*queue->events));
    bw_event_queue_init(queue, queue->limit);
}

static bool grow(struct bw_event_queue *queue, const struct bw_allocator *allocator) {
    size_t capacity = queue->capacity > 0 ? queue->capacity * 2 : 16;
    capacity = capacity < queue->limit ? capacity : queue->limit;
    if (capacity == queue->capacity) {
        return false;
    }
    struct bw_event *events = bw_alloc(allocator, capacity * sizeof(*events));
    if (events == NULL) {
        return false;
    }
    for (size_t i = 0; i < queue->count; i++) {
        events[i] = queue->events[(queue->first + i) % queue->capacity];
    }
    bw_free(allocator, queue->events, queue->capacity * sizeof(*queue->events));
    queue->events = events;
    queue->capacity = capacity;
    queue->first = 0;
    return true;
}

/* The queue's own copy. False: no memory, or too much waits. */
static bool copy_payload(struct bw_event_queue *queue, const struct bw_allocator *allocator, struct bw_bytes *payload) {
    uint8_t *copy = NULL;
    if (payload->size > 0) {
        copy = payload->size <= BW_EVENT_PAYLOAD_MAX - queue->payload_size ? bw_alloc(allocator, payload->size) : NULL;
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, payload->data, payload->size);
    }
    payload->data = copy;
    queue->payload_size += payload->size;
    return true;
}

void bw_event_queue_push(struct bw_event_queue *queue, const struct bw_allocator *allocator,
                         const struct bw_event *event) {
    struct bw_event copy = *event;
    if ((queue->count == queue->capacity && !grow(queue, allocator)) ||
        !copy_payload(queue, allocator, &copy.payload)) {
        queue->lost++;
        return;
    }
    queue->events[(queue->first + queue->count) % queue->capacity] = copy;
    queue->count++;
}

bool bw_event_queue_pop(struct bw_event_queue *queue, const struct bw_allocator *allocator, struct bw_event *event) {
    free_payload(allocator, &queue->popped);
    if (queue->count == 0) {
        return false;
    }
    *event = queue->events[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    queue->payload_size -= event->payload.size;
    queue->popped = event->payload;
    return true;
}

#define EVENT_TEXT_(name, text) text,
const char *bw_event_name(enum bw_event_type type) {
    static const char *const names[] = {BW_EVENTS(EVENT_TEXT_)};
    return (size_t)type < BW_COUNT(names) ? names[type] : "unknown";
}

#define LOSS_TEXT_(name, text) text,
const char *bw_loss_name(enum bw_loss reason) {
    static const char *const names[] = {BW_LOSSES(LOSS_TEXT_)};
    return (size_t)reason < BW_COUNT(names) ? names[reason] : "unknown";
}

const char *bw_role_name(enum bw_role role) {
    static const char *const names[] = {"observer", "follower", "candidate", "leader"};
    return (size_t)role < BW_COUNT(names) ? names[role] : "unknown";
}
