/* The fake's durable state is a term, 8 bytes, or a vote, 24. Apart from sim_fake.c, because there struct bw_node is the fake's. */
#include "node/internal.h"

#include <stdlib.h>
#include <string.h>

int bw_node_state_load(struct bw_node_state *state, const struct bw_allocator *allocator, struct bw_bytes blob,
                       const char *cluster) {
    (void)cluster;
    memset(state, 0, sizeof *state);
    if (blob.size != 8 && blob.size != 24)
        return BW_ERR_CORRUPT;
    if (blob.size == 24) {
        state->votes = bw_alloc(allocator, sizeof state->votes[0]);
        if (state->votes == NULL)
            return BW_ERR_MEMORY;
        state->vote_count = 1;
        strcpy(state->votes[0].scope, "default");
        state->votes[0].term = bw_get_u64(blob.data);
        memcpy(state->votes[0].candidate.bytes, blob.data + 8, 8);
        state->votes[0].voters.term = bw_get_u64(blob.data + 16);
        return 0;
    }
    state->terms = bw_alloc(allocator, sizeof state->terms[0]);
    if (state->terms == NULL)
        return BW_ERR_MEMORY;
    state->term_count = 1;
    strcpy(state->terms[0].scope, "default");
    state->terms[0].term = bw_get_u64(blob.data);
    return 0;
}

void bw_node_state_free(struct bw_node_state *state, const struct bw_allocator *allocator) {
    bw_free(allocator, state->votes, state->vote_count * sizeof state->votes[0]);
    bw_free(allocator, state->terms, state->term_count * sizeof state->terms[0]);
}
