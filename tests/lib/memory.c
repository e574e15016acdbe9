#include "tests/lib/memory.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

static void *resize(void *context, void *memory, size_t old_size, size_t new_size) {
    struct test_memory *state = context;
    CU_ASSERT_EQUAL(memory != NULL, old_size > 0);
    if (new_size == 0) {
        state->used_size -= old_size;
        free(memory);
        return NULL;
    }
    state->calls++;
    if (state->fail_at != 0 && (state->calls == state->fail_at || (state->fail_on && state->calls > state->fail_at))) {
        return NULL;
    }
    void *resized = realloc(memory, new_size);
    if (resized && new_size > old_size) {
        memset((char *)resized + old_size, 0xa5, new_size - old_size); /* what is not cleared shows */
    }
    state->used_size += new_size - old_size;
    return resized;
}

struct bw_allocator test_allocator(struct test_memory *memory) {
    return (struct bw_allocator){.resize = resize, .context = memory};
}
