/* Sliding replay window (RFC 6479 style): 1024 numbers behind the largest seen. Moved only after the AEAD has passed. */
#ifndef BW_CRYPTO_REPLAY_H
#define BW_CRYPTO_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define BW_REPLAY_WINDOW 1024u

struct bw_replay {
    uint64_t newest; /* 0: nothing yet; counters start at 1 */
    uint64_t floor;  /* at or below: refused. The proving datagram's counter - 1 */
    uint64_t seen[BW_REPLAY_WINDOW / 64u + 1u];
};

void bw_replay_init(struct bw_replay *replay, uint64_t floor);
bool bw_replay_fresh(const struct bw_replay *replay, uint64_t counter); /* pure look */
void bw_replay_mark(struct bw_replay *replay, uint64_t counter);

#endif
