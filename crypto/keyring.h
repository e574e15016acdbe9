/* The key ring: up to 8 keys of 32 bytes in guarded memory. The first seals, all open (security.md, Keys). */
#ifndef BW_CRYPTO_KEYRING_H
#define BW_CRYPTO_KEYRING_H

#include <bellwether/error.h>
#include <bellwether/types.h>

#define BW_KEY_SIZE 32u
#define BW_KEY_TEXT_SIZE 45u /* base64 of a key and a zero */
#define BW_KEY_COUNT_MAX 8u

struct bw_keyring;

/* Parses lines of base64 (blank lines and lines that begin with # are skipped; trailing white space ignored).
 * The memory is sodium_malloc'ed, read-only after, zeroed when freed.
 * bad_line gets the number of the offending line, from 1 (0: there is no key at all); may be NULL.
 * BW_ERR_KEY, BW_ERR_FULL (more than 8), BW_ERR_MEMORY. A key given twice is BW_ERR_KEY. */
int bw_keyring_create(struct bw_keyring **ring, const char *text, size_t size, size_t *bad_line);
void bw_keyring_destroy(struct bw_keyring *ring);
size_t bw_keyring_count(const struct bw_keyring *ring);

/* What the channel needs of key number index: the AEAD key, the nonce subkey (SipHash), the public hint. All are derived
 * from the key and the cluster label is NOT part of it (it is associated data). */
struct bw_key_use {
    const uint8_t *seal_key;  /* 32 bytes */
    const uint8_t *nonce_key; /* 16 bytes */
    uint16_t hint;
};
void bw_keyring_use(const struct bw_keyring *ring, size_t index, struct bw_key_use *use);

/* Text of a new key from 32 random bytes. */
void bw_key_text(const uint8_t key[BW_KEY_SIZE], char text[BW_KEY_TEXT_SIZE]);

#endif
