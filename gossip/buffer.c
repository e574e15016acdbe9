/* A byte queue with a bound. See buffer.h. */
#include "gossip/buffer.h"

#include "base/base.h"

#define CAPACITY_MIN 1024u

void bw_buffer_init(struct bw_buffer *buffer, struct bw_allocator allocator, size_t limit) {
    *buffer = (struct bw_buffer){.limit = limit, .allocator = allocator};
}

void bw_buffer_free(struct bw_buffer *buffer) {
    bw_free(&buffer->allocator, buffer->data, buffer->capacity);
    bw_buffer_init(buffer, buffer->allocator, buffer->limit);
}

static bool grow(struct bw_buffer *buffer, size_t wanted) {
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : CAPACITY_MIN;
    while (capacity < wanted) {
        capacity *= 2;
    }
    uint8_t *data = bw_resize(&buffer->allocator, buffer->data, buffer->capacity, capacity);
    if (!data) {
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

uint8_t *bw_buffer_append(struct bw_buffer *buffer, size_t size) {
    if (buffer->at == buffer->used) {
        buffer->at = buffer->used = 0;
    }
    if (size > buffer->limit - buffer->used) {
        return NULL;
    }
    if (buffer->used + size > buffer->capacity && !grow(buffer, buffer->used + size)) {
        return NULL;
    }
    uint8_t *data = buffer->data + buffer->used;
    buffer->used += size;
    return data;
}
