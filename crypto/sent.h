/* The datagrams that we sent last, to know a genuine refusal: an ICMP error quotes the beginning of the datagram that was
 * refused, and nobody who did not see that datagram can quote its nonce (security.md, Packets). */
#ifndef BW_CRYPTO_SENT_H
#define BW_CRYPTO_SENT_H

#include "crypto/channel.h"
#include <bellwether/types.h>

#define BW_SENT_COUNT 1024u

struct bw_sent {
    uint8_t head[BW_QUOTE_SIZE]; /* header and nonce */
    struct bw_addr addr;
    struct bw_id to; /* none: not bound to a member */
    int64_t sent_us;
    uint64_t counter;
};

/* All zero is an empty ring. */
struct bw_sent_ring {
    struct bw_sent ring[BW_SENT_COUNT];
};

void bw_sent_add(struct bw_sent_ring *ring, const struct bw_sent *sent);
const void *bw_sent_place(const struct bw_sent_ring *ring, uint64_t counter);
/* The datagram whose beginning is quoted, NULL if it is not one of ours or no longer known. */
const struct bw_sent *bw_sent_find(const struct bw_sent_ring *ring, struct bw_bytes quoted, uint64_t counter);

#endif
