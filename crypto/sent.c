/* The ring of sent datagrams, indexed by counter (sent.h). */
#include "crypto/sent.h"

#include <string.h>

void bw_sent_add(struct bw_sent_ring *ring, const struct bw_sent *sent) {
    ring->ring[sent->counter % BW_SENT_COUNT] = *sent;
}

const void *bw_sent_place(const struct bw_sent_ring *ring, uint64_t counter) {
    return &ring->ring[counter % BW_SENT_COUNT];
}

const struct bw_sent *bw_sent_find(const struct bw_sent_ring *ring, struct bw_bytes quoted, uint64_t counter) {
    const struct bw_sent *sent = &ring->ring[counter % BW_SENT_COUNT];
    bool same = counter != 0 && sent->counter == counter && quoted.size >= BW_QUOTE_SIZE &&
                memcmp(sent->head, quoted.data, BW_QUOTE_SIZE) == 0;
    return same ? sent : NULL;
}
