/* Who ranks before whom: (steady and reaching at least half, no seat yet, priority, sticky incumbent, larger score in a spread
 * scope, larger id). Pure functions. */
#ifndef BW_ELECTION_RANK_H
#define BW_ELECTION_RANK_H

#include "base/wire.h"
#include <bellwether/types.h>

struct bw_rank {
    struct bw_id id;
    uint64_t score; /* of a spread scope: see bw_rank_score; else 0 */
    uint16_t priority;
    bool shaky;     /* flagged unstable, or reaches less than half: behind all others, yet not forbidden to lead */
    bool seated;    /* leads another seat of the same scope: behind all steady ones that do not */
    bool incumbent; /* led last: wins ties of priority, so that leadership does not move without need */
};

/* < 0: a ranks before b; 0 only for one id. A total order. */
int bw_rank_compare(const struct bw_rank *a, const struct bw_rank *b);

/* The 64 bits of a text that shards and scores come from: FNV-1a, then the finisher of SplitMix64. Part of the protocol. */
uint64_t bw_rank_hash(struct bw_bytes text);

/* A member's score in a spread scope, whose name has that hash: rendezvous hashing, so who goes leaves its scopes alone to others,
 * evenly. Part of the protocol. */
uint64_t bw_rank_score(uint64_t scope_hash, const struct bw_id *id);

/* Keeps the best `limit` ranks in best[], sorted, best first. Returns the new count. */
size_t bw_rank_insert(struct bw_rank *best, size_t count, size_t limit, const struct bw_rank *rank);

#endif
