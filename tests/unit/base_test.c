/* The unit tests of base/: one file for each module, its twin. */
#include "base_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

void test_fill(struct bw_rng *rng, void *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)data)[i] = (uint8_t)bw_rng_next(rng);
    }
}

bool test_stops(void (*call)(void *context), void *context) {
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO); /* a sanitizer would report the trap */
        call(context);
        _exit(0);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && status != 0;
}
