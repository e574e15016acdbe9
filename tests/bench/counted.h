/* An allocator that counts: bytes that are out, and how often more were asked for. */
#ifndef BW_TESTS_BENCH_COUNTED_H
#define BW_TESTS_BENCH_COUNTED_H

#include <bellwether/types.h>

#include <stdlib.h>

struct counted {
    size_t used_size;
    size_t calls;
};

static inline void *counted_resize(void *context, void *memory, size_t old_size, size_t new_size) {
    struct counted *counted = context;
    if (new_size == 0) {
        counted->used_size -= old_size;
        free(memory);
        return NULL;
    }
    void *resized = realloc(memory, new_size);
    counted->calls++;
    if (resized != NULL)
        counted->used_size += new_size - old_size;
    return resized;
}

static inline struct bw_allocator counted_allocator(struct counted *counted) {
    return (struct bw_allocator){counted_resize, counted};
}

#endif
