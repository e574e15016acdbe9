/* Ranges of scopes: "orders/0" to "orders/999" declared at once, and told to others in as few words. */
#ifndef BW_ELECTION_RANGE_H
#define BW_ELECTION_RANGE_H

#include "election/message.h"
#include "election/state.h"

#define BW_RANGE_INDEX_MAX 65535u

struct bw_range {
    char base[BW_NAME_MAX + 1];
    uint32_t first;
    uint32_t last;
    int64_t uneven_pt; /* since when we lead too many of it; BW_NEVER: we do not */
};

/* The name of scope number index of that base. False: longer than a name can be. */
bool bw_range_name(struct bw_bytes base, uint32_t index, char name[BW_NAME_MAX + 1]);

/* Takes a name apart, as bw_range_name makes it. False: it is not one of a range. */
bool bw_range_split(struct bw_bytes name, struct bw_bytes *base, uint32_t *index);

/* Stands for all of the range: config->name is the base, config->range_count not 0. 0, or as bw_declare. */
int bw_range_declare(struct bw_election *e, const struct bw_scope_config *config);

/* Bytes that our ranges take in our candidacies, at least. */
size_t bw_ranges_size(const struct bw_election *e);

/* Appends our candidacies for all ranges: one frame for each run of scopes about which the same is to be said. Where they do not
 * fit the last frame speaks for all the rest, as for the least fit of them. */
void bw_ranges_put(const struct bw_election *e, struct bw_writer *writer);

/* What others say is well formed. */
bool bw_range_valid(const struct bw_message_range *range);

void bw_ranges_free(struct bw_election *e);

#endif
