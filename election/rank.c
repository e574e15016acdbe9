/* Ranking of candidates (election.md, Words: rank; rule 5). */
#include "election/rank.h"

#include "base/base.h"

int bw_rank_compare(const struct bw_rank *a, const struct bw_rank *b) {
    if (a->shaky != b->shaky)
        return a->shaky ? 1 : -1;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    if (a->incumbent != b->incumbent)
        return a->incumbent ? -1 : 1;
    return bw_id_compare(&b->id, &a->id); /* the larger id, as it also wins between equal terms */
}

size_t bw_rank_insert(struct bw_rank *best, size_t count, size_t limit, const struct bw_rank *rank) {
    size_t at = count;
    while (at > 0 && bw_rank_compare(rank, &best[at - 1]) < 0)
        at--;
    if (at >= limit)
        return count;
    size_t kept = count < limit ? count + 1 : limit;
    for (size_t i = kept - 1; i > at; i--)
        best[i] = best[i - 1];
    best[at] = *rank;
    return kept;
}
