/* What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput; libFuzzer drives it, or replay.c, which only goes
 * through the corpus (docs/FUZZING.md). */
#ifndef BW_TESTS_FUZZ_H
#define BW_TESTS_FUZZ_H

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise ends the program, for the fuzzer and for the replay alike. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_broken(const char *file, int line, const char *what);

/* The input, taken from its front. At its end everything is 0 or empty. */
struct fuzz_input {
    const uint8_t *data;
    size_t size;
};

uint64_t fuzz_take(struct fuzz_input *in, size_t width); /* big-endian, width 1 to 8 bytes */
size_t fuzz_below(struct fuzz_input *in, size_t bound);  /* of one byte */
struct bw_bytes fuzz_bytes(struct fuzz_input *in, size_t size);

/* An allocator that checks sizes, and how much is out. */
struct fuzz_memory {
    size_t used_size;
    size_t largest;
};
struct bw_allocator fuzz_allocator(struct fuzz_memory *memory);

/* A file in memory with these bytes; path gets a name to open it by. Returns its descriptor. */
#define FUZZ_PATH_SIZE 32u
int fuzz_file(const void *data, size_t size, char path[FUZZ_PATH_SIZE]);

/* A copy with a zero behind it, to be freed: of exactly its size, so that a sanitizer sees each byte read beyond it. */
char *fuzz_text(struct bw_bytes bytes);

/* What is said to people goes nowhere: a fuzzer makes thousands of mistakes a second. */
void fuzz_quiet(void);

#endif
