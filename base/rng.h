/* xoshiro256** (Blackman, Vigna 2018), seeded through splitmix64. Not for secrets. */
#ifndef BW_BASE_RNG_H
#define BW_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct bw_rng {
    uint64_t state[4];
};

void bw_rng_seed(struct bw_rng *rng, uint64_t seed);
uint64_t bw_rng_next(struct bw_rng *rng);
/* Uniform in [0, bound), without bias; bound > 0. */
uint64_t bw_rng_below(struct bw_rng *rng, uint64_t bound);

#endif
