/* Bytes that are appended at the end and taken from the front: what waits to be sent or to be told. It grows up to a bound
 * and is empty most of the time, so that in steady state nothing is allocated. */
#ifndef BW_GOSSIP_BUFFER_H
#define BW_GOSSIP_BUFFER_H

#include <bellwether/types.h>

struct bw_buffer {
    uint8_t *data;
    size_t capacity;
    size_t at;   /* taken so far */
    size_t used; /* appended so far */
    size_t limit;
    struct bw_allocator allocator;
};

void bw_buffer_init(struct bw_buffer *buffer, struct bw_allocator allocator, size_t limit);
void bw_buffer_free(struct bw_buffer *buffer);
/* Room for size bytes at the end, already counted as used; NULL past the limit or without memory. Rewinds an empty buffer, and
 * moves the bytes when it grows: pointers into it last until the next append. */
uint8_t *bw_buffer_append(struct bw_buffer *buffer, size_t size);

#endif
