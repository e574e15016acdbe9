/* The one cipher, as a pair of functions: the simulator, which needs no secrets but many datagrams, may use a stand-in
 * of the same sizes. There is no other way to choose a cipher. */
#ifndef BW_CRYPTO_AEAD_H
#define BW_CRYPTO_AEAD_H

#include "crypto/channel.h"
#include <bellwether/types.h>

#define BW_NONCE_SIZE 24u
#define BW_TAG_SIZE 16u

struct bw_aead {
    /* Writes plain.size + BW_TAG_SIZE bytes. */
    void (*seal)(uint8_t *sealed, struct bw_bytes plain, struct bw_bytes associated, const uint8_t nonce[BW_NONCE_SIZE],
                 const uint8_t *key);
    /* Writes sealed.size - BW_TAG_SIZE bytes; sealed.size is at least BW_TAG_SIZE. False if it is not authentic. */
    bool (*open)(uint8_t *plain, struct bw_bytes sealed, struct bw_bytes associated, const uint8_t nonce[BW_NONCE_SIZE],
                 const uint8_t *key);
};

extern const struct bw_aead bw_aead_xchacha20poly1305;

/* bw_channel_create with another cipher. */
int bw_channel_create_with(struct bw_channel **channel, const struct bw_channel_config *config,
                           const struct bw_aead *aead);
/* Before the first datagram. */
void bw_channel_set_aead(struct bw_channel *channel, const struct bw_aead *aead);

#endif
