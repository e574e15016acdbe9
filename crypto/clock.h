/* From the counter of a datagram that we sent to the time at which we sent it: what makes an echo an evidence of time
 * (security.md, Packets). A ring of checkpoints, at most one each 10 ms: never later than the truth, and at most 10 ms
 * earlier. */
#ifndef BW_CRYPTO_CLOCK_H
#define BW_CRYPTO_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define BW_CLOCK_COUNT 1024u
#define BW_CLOCK_STEP_US INT64_C(10000)

struct bw_checkpoint {
    uint64_t counter;
    int64_t sent_us;
};

/* All zero is an empty clock. */
struct bw_clock {
    uint64_t count; /* ever made; number i is in ring[i % BW_CLOCK_COUNT] */
    struct bw_checkpoint ring[BW_CLOCK_COUNT];
};

const void *bw_clock_place(const struct bw_clock *clock);                     /* of the next checkpoint */
void bw_clock_sent(struct bw_clock *clock, uint64_t counter, int64_t now_us); /* counters only rise */
/* From that counter on to the next that is sent: no time is known. */
void bw_clock_unknown(struct bw_clock *clock, uint64_t counter);
/* BW_NOT_HEARD if the counter is older than the ring. */
int64_t bw_clock_when(const struct bw_clock *clock, uint64_t counter);

#endif
