/* Key rings on their way to another member. The keys are sealed once more, between a pair of X25519 keys that both members drew at
 * their boot (crypto_box): who recorded the datagrams, and comes by the cluster's old key later, still learns no newer one
 * from them. */
#ifndef BW_CRYPTO_EXCHANGE_H
#define BW_CRYPTO_EXCHANGE_H

#include "crypto/keyring.h"

#define BW_EXCHANGE_SIZE 32u /* a public key, a seed */
#define BW_RING_BOX_MAX (BW_KEY_COUNT_MAX * BW_KEY_SIZE + 16u)

struct bw_exchange;

/* From 32 random bytes, which the caller zeroes. BW_ERR_MEMORY, BW_ERR_SYSTEM. */
int bw_exchange_create(struct bw_exchange **exchange, const uint8_t seed[BW_EXCHANGE_SIZE]);
void bw_exchange_destroy(struct bw_exchange *exchange);
const uint8_t *bw_exchange_public(const struct bw_exchange *exchange);

/* The ring for whoever has that public key; returns the size, 0 if the public key is none. */
size_t bw_exchange_seal(const struct bw_exchange *exchange, const uint8_t to[BW_EXCHANGE_SIZE],
                        const struct bw_keyring *ring, uint8_t box[BW_RING_BOX_MAX]);
/* The ring of that rank. BW_ERR_DROP_MALFORMED: it is none, or another; BW_ERR_MEMORY. */
int bw_exchange_open(const struct bw_exchange *exchange, const uint8_t from[BW_EXCHANGE_SIZE],
                     const uint8_t rank[BW_RING_RANK_SIZE], struct bw_bytes box, struct bw_keyring **ring);

/* What both sides compute, each from its own secret and the other's public key: X25519. False: that one is none. The caller
 * zeroes it. */
bool bw_exchange_agree(const struct bw_exchange *exchange, const uint8_t with[BW_EXCHANGE_SIZE],
                       uint8_t shared[BW_EXCHANGE_SIZE]);

#endif
