/* Who ranks before whom: (steady and reaching at least half, priority, sticky incumbent, larger id). Pure functions. */
#ifndef BW_ELECTION_RANK_H
#define BW_ELECTION_RANK_H

#include <bellwether/types.h>

struct bw_rank {
    struct bw_id id;
    uint16_t priority;
    bool shaky;     /* flagged unstable, or reaches less than half: behind all others, yet not forbidden to lead */
    bool incumbent; /* led last: wins ties of priority, so that leadership does not move without need */
};

/* < 0: a ranks before b; 0 only for one id. A total order. */
int bw_rank_compare(const struct bw_rank *a, const struct bw_rank *b);

/* Keeps the best `limit` ranks in best[], sorted, best first. Returns the new count. */
size_t bw_rank_insert(struct bw_rank *best, size_t count, size_t limit, const struct bw_rank *rank);

#endif
