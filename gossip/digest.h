/* The view digest (gossip.md): a keyed hash of each claim and record, summed mod 2^64, so that it is kept up to date by one
 * subtraction and one addition. Equal digests mean equal views, almost surely. */
#ifndef BW_GOSSIP_DIGEST_H
#define BW_GOSSIP_DIGEST_H

#include "gossip/claim.h"
#include "gossip/frames.h"

struct bw_digest_key {
    uint64_t words[2];
};

/* From the cluster's label. */
struct bw_digest_key bw_digest_key(const char *label);
/* SipHash-2-4 (Aumasson, Bernstein 2012). */
uint64_t bw_digest_hash(const struct bw_digest_key *key, const void *data, size_t size);
/* Into which of BW_BUCKETS_MAX a member or a record falls: of fewer, its first bits say into which. */
uint16_t bw_digest_bucket(const struct bw_digest_key *key, const struct bw_id *id);
/* A suspect counts as alive. */
uint64_t bw_digest_claim(const struct bw_digest_key *key, const struct bw_id *id, struct bw_claim claim);

#endif
