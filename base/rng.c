/* xoshiro256** 1.0 and splitmix64 as their authors give them (prng.di.unimi.it, public domain). */
#include "rng.h"

#include "base.h"

static uint64_t rotate_left(uint64_t value, unsigned bits) {
    return value << bits | value >> (64 - bits);
}

static uint64_t splitmix64(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Four successive outputs of splitmix64 are never all zero, the one state xoshiro cannot leave. */
void bw_rng_seed(struct bw_rng *rng, uint64_t seed) {
    for (size_t i = 0; i < BW_COUNT(rng->state); i++) {
        rng->state[i] = splitmix64(&seed);
    }
}

uint64_t bw_rng_next(struct bw_rng *rng) {
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t bw_rng_below(struct bw_rng *rng, uint64_t bound) {
    BW_ASSERT(bound > 0);
    /* 2^64 mod bound: the outputs below it are the ones too many, so what remains is a multiple of bound. */
    uint64_t surplus = (0 - bound) % bound;
    for (;;) {
        uint64_t output = bw_rng_next(rng);
        if (output >= surplus) {
            return output % bound;
        }
    }
}
