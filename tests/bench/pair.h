/* Two real nodes side by side, on a virtual clock and without a network, for programs that measure. */
#ifndef BW_TESTS_BENCH_PAIR_H
#define BW_TESTS_BENCH_PAIR_H

#include "base/rng.h"
#include "tests/bench/counted.h"

#include <bellwether/node.h>

struct pair {
    struct counted memory[2];
    struct bw_rng rng[2];
    struct bw_node *node[2];
    struct bw_addr addr[2];
    int64_t now_ms;
};

/* False: a node could not be made, and a line on standard error says why. */
bool pair_open(struct pair *pair, bool identity);
void pair_close(struct pair *pair);
struct bw_time pair_time(const struct pair *pair);
/* Lets virtual time pass, by the millisecond. */
void pair_run(struct pair *pair, int64_t ms);
/* Takes, and leaves, what a node wants to tell its host. */
void pair_take(struct pair *pair, size_t index);
/* Both believe in one leader of the scope "default". */
bool pair_agrees(const struct pair *pair);
/* How often both together have asked for memory. */
size_t pair_allocations(const struct pair *pair);

#endif
