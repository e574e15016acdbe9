#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_broken(const char *file, int line, const char *what) {
    dprintf(STDERR_FILENO, "%s:%d: broken: %s\n", file, line, what);
    abort();
}

uint64_t fuzz_take(struct fuzz_input *in, size_t width) {
    uint64_t value = 0;
    for (; width > 0 && in->size > 0; width--) {
        value = value << 8 | *in->data++;
        in->size--;
    }
    return value;
}

size_t fuzz_below(struct fuzz_input *in, size_t bound) {
    return (size_t)fuzz_take(in, 1) % bound;
}

struct bw_bytes fuzz_bytes(struct fuzz_input *in, size_t size) {
    struct bw_bytes bytes = {in->data, size < in->size ? size : in->size};
    in->data += bytes.size;
    in->size -= bytes.size;
    return bytes;
}

static void *resize(void *context, void *memory, size_t old_size, size_t new_size) {
    struct fuzz_memory *state = context;
    FUZZ_CHECK((memory != NULL) == (old_size > 0));
    FUZZ_CHECK(old_size <= state->used_size);
    state->used_size += new_size - old_size;
    if (new_size == 0) {
        free(memory);
        return NULL;
    }
    state->largest = state->used_size > state->largest ? state->used_size : state->largest;
    char *resized = realloc(memory, new_size);
    FUZZ_CHECK(resized != NULL);
    if (new_size > old_size)
        memset(resized + old_size, 0xa5, new_size - old_size);
    return resized;
}

struct bw_allocator fuzz_allocator(struct fuzz_memory *memory) {
    return (struct bw_allocator){.resize = resize, .context = memory};
}

int fuzz_file(const void *data, size_t size, char path[FUZZ_PATH_SIZE]) {
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0);
    FUZZ_CHECK(size == 0 || pwrite(fd, data, size, 0) == (ssize_t)size);
    snprintf(path, FUZZ_PATH_SIZE, "/proc/self/fd/%d", fd);
    return fd;
}

char *fuzz_text(struct bw_bytes bytes) {
    char *text = malloc(bytes.size + 1);
    FUZZ_CHECK(text != NULL);
    if (bytes.size > 0)
        memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    return text;
}

/* The stream alone: a sanitizer and libFuzzer write to the descriptor, or have taken the stream already. */
void fuzz_quiet(void) {
    static bool done;
    if (done)
        return;
    done = true;
    stderr = fopen("/dev/null", "we");
    FUZZ_CHECK(stderr != NULL);
}
