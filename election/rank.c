/* Ranking of candidates (election.md, Words: rank; rule 5). */
#include "election/rank.h"

#include "base/base.h"

int bw_rank_compare(const struct bw_rank *a, const struct bw_rank *b) {
    if (a->shaky != b->shaky)
        return a->shaky ? 1 : -1;
    if (a->seated != b->seated)
        return a->seated ? 1 : -1;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    if (a->incumbent != b->incumbent)
        return a->incumbent ? -1 : 1;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return bw_id_compare(&b->id, &a->id); /* the larger id, as it also wins between equal terms */
}

static uint64_t mix(uint64_t value) {
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

uint64_t bw_rank_hash(struct bw_bytes text) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ text.data[i]) * UINT64_C(0x100000001b3);
    return mix(hash);
}

uint64_t bw_rank_score(uint64_t scope_hash, const struct bw_id *id) {
    return mix(mix(scope_hash ^ bw_get_u64(id->bytes)) ^ bw_get_u64(id->bytes + 8));
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
