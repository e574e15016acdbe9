/* An allocator for tests that checks sizes, counts what is out, and fails on demand. */
#ifndef BW_TESTS_MEMORY_H
#define BW_TESTS_MEMORY_H

#include <bellwether/types.h>

struct test_memory {
    size_t used_size; /* allocated now */
    size_t calls;     /* that asked for memory */
    size_t fail_at;   /* the call that fails, counted from 1; 0: none */
    bool fail_on;     /* and all after it */
};
struct bw_allocator test_allocator(struct test_memory *memory);

#endif
