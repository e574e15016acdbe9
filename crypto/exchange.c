/* crypto_box of libsodium: X25519, XSalsa20-Poly1305. The nonce is the ring's rank: between two members and under one nonce
 * only one plaintext is ever sealed. */
#include "crypto/exchange.h"

#include "base/base.h"

#include <sodium.h>
#include <string.h>

_Static_assert(BW_EXCHANGE_SIZE == crypto_box_PUBLICKEYBYTES && BW_EXCHANGE_SIZE == crypto_box_SEEDBYTES, "X25519");
_Static_assert(BW_EXCHANGE_SIZE == crypto_scalarmult_BYTES && BW_EXCHANGE_SIZE == crypto_scalarmult_SCALARBYTES,
               "X25519");
_Static_assert(BW_RING_RANK_SIZE == crypto_box_NONCEBYTES, "the rank is the nonce");
_Static_assert(BW_RING_BOX_MAX == BW_KEY_COUNT_MAX * BW_KEY_SIZE + crypto_box_MACBYTES, "a sealed ring");

struct bw_exchange {
    uint8_t public_key[crypto_box_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_box_SECRETKEYBYTES];
};

int bw_exchange_create(struct bw_exchange **exchange, const uint8_t seed[BW_EXCHANGE_SIZE]) {
    *exchange = NULL;
    if (sodium_init() < 0) {
        return BW_ERR_SYSTEM;
    }
    struct bw_exchange *made = sodium_malloc(sizeof(*made));
    if (!made) {
        return BW_ERR_MEMORY;
    }
    crypto_box_seed_keypair(made->public_key, made->secret_key, seed);
    sodium_mprotect_readonly(made);
    *exchange = made;
    return 0;
}

void bw_exchange_destroy(struct bw_exchange *exchange) {
    sodium_free(exchange); /* zeroes first; NULL is fine */
}

const uint8_t *bw_exchange_public(const struct bw_exchange *exchange) {
    return exchange->public_key;
}

size_t bw_exchange_seal(const struct bw_exchange *exchange, const uint8_t to[BW_EXCHANGE_SIZE],
                        const struct bw_keyring *ring, uint8_t box[BW_RING_BOX_MAX]) {
    uint8_t nonce[BW_RING_RANK_SIZE];
    size_t size = bw_keyring_count(ring) * BW_KEY_SIZE;
    bw_keyring_rank(ring, nonce);
    bool sealed = crypto_box_easy(box, bw_keyring_keys(ring), size, nonce, to, exchange->secret_key) == 0;
    return sealed ? size + crypto_box_MACBYTES : 0;
}

struct opening {
    const struct bw_exchange *exchange;
    const uint8_t *from;
    const uint8_t *rank;
    struct bw_bytes box;
};

static bool open_into(void *context, uint8_t *keys) {
    const struct opening *opening = context;
    return crypto_box_open_easy(keys, opening->box.data, opening->box.size, opening->rank, opening->from,
                                opening->exchange->secret_key) == 0;
}

int bw_exchange_open(const struct bw_exchange *exchange, const uint8_t from[BW_EXCHANGE_SIZE],
                     const uint8_t rank[BW_RING_RANK_SIZE], struct bw_bytes box, struct bw_keyring **ring) {
    struct opening opening = {exchange, from, rank, box};
    uint8_t opened_rank[BW_RING_RANK_SIZE];
    *ring = NULL;
    if (box.size <= crypto_box_MACBYTES || box.size > BW_RING_BOX_MAX ||
        (box.size - crypto_box_MACBYTES) % BW_KEY_SIZE != 0) {
        return BW_ERR_DROP_MALFORMED;
    }
    size_t count = (box.size - crypto_box_MACBYTES) / BW_KEY_SIZE;
    int error = bw_keyring_create_with(ring, bw_get_u64(rank), count, open_into, &opening);
    if (error) {
        return error == BW_ERR_KEY ? BW_ERR_DROP_MALFORMED : error;
    }
    bw_keyring_rank(*ring, opened_rank);
    if (memcmp(opened_rank, rank, sizeof(opened_rank)) != 0) {
        bw_keyring_destroy(*ring);
        *ring = NULL;
        return BW_ERR_DROP_MALFORMED;
    }
    return 0;
}

bool bw_exchange_agree(const struct bw_exchange *exchange, const uint8_t with[BW_EXCHANGE_SIZE],
                       uint8_t shared[BW_EXCHANGE_SIZE]) {
    return crypto_scalarmult(shared, exchange->secret_key, with) == 0;
}
