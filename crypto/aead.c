/* XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) by libsodium, behind the channel's pair of functions. */
#include "crypto/aead.h"

#include <sodium.h>

_Static_assert(BW_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce size");
_Static_assert(BW_TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag size");
_Static_assert(BW_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");

static void seal(uint8_t *sealed, struct bw_bytes plain, struct bw_bytes associated, const uint8_t nonce[BW_NONCE_SIZE],
                 const uint8_t *key) {
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, plain.data, plain.size, associated.data, associated.size,
                                               NULL, nonce, key);
}

static bool open(uint8_t *plain, struct bw_bytes sealed, struct bw_bytes associated, const uint8_t nonce[BW_NONCE_SIZE],
                 const uint8_t *key) {
    return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed.data, sealed.size, associated.data,
                                                      associated.size, nonce, key) == 0;
}

const struct bw_aead bw_aead_xchacha20poly1305 = {.seal = seal, .open = open};
