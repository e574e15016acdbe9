/* The fake's durable state is a term: 8 bytes. Apart from sim_fake.c, because there struct bw_node is the fake's. */
#include "node/internal.h"

#include <stdlib.h>
#include <string.h>

int bw_node_state_load(struct bw_node_state *state, const struct bw_allocator *allocator, struct bw_bytes blob,
                       const char *cluster) {
    (void)cluster;
    memset(state, 0, sizeof *state);
    if (blob.size != 8)
        return BW_ERR_CORRUPT;
    state->terms = bw_alloc(allocator, sizeof state->terms[0]);
    if (state->terms == NULL)
        return BW_ERR_MEMORY;
    state->term_count = 1;
    strcpy(state->terms[0].scope, "default");
    state->terms[0].term = bw_get_u64(blob.data);
    return 0;
}

void bw_node_state_free(struct bw_node_state *state, const struct bw_allocator *allocator) {
    bw_free(allocator, state->terms, state->term_count * sizeof state->terms[0]);
}
