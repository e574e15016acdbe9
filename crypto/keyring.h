/* The key ring: up to 8 keys of 32 bytes in guarded memory. The first seals, all open (security.md, Keys). */
#ifndef BW_CRYPTO_KEYRING_H
#define BW_CRYPTO_KEYRING_H

#include <bellwether/error.h>
#include <bellwether/types.h>

#define BW_KEY_SIZE 32u
#define BW_KEY_TEXT_SIZE 45u /* base64 of a key and a zero */
#define BW_KEY_COUNT_MAX 8u
#define BW_RING_DIGEST_SIZE 16u
#define BW_RING_VERSION_MAX (UINT64_C(1) << 62)
#define BW_RING_RANK_SIZE (8u + BW_RING_DIGEST_SIZE)      /* version, digest */
#define BW_RING_TEXT_SIZE (80u + 8u * (BW_KEY_TEXT_SIZE)) /* line of the version, keys, a zero */

struct bw_keyring;

/* Parses lines of base64 (blank lines and lines that begin with # are skipped; trailing white space ignored).
 * The memory is sodium_malloc'ed, read-only after, zeroed when freed.
 * bad_line gets the number of the offending line, from 1 (0: there is no key at all); may be NULL.
 * BW_ERR_KEY, BW_ERR_FULL (more than 8), BW_ERR_MEMORY. A key given twice is BW_ERR_KEY. */
int bw_keyring_create(struct bw_keyring **ring, const char *text, size_t size, size_t *bad_line);
/* A line "# bellwether ring VERSION DIGEST" says which version of the cluster's ring these keys are; if the digest is
 * not theirs somebody has edited them, and the version is 0. */
void bw_keyring_destroy(struct bw_keyring *ring);
size_t bw_keyring_count(const struct bw_keyring *ring);

/* What the channel needs of key number index: the AEAD key, the nonce subkey (SipHash), the subkey of pairs, the public hint. All are derived
 * from the key and the cluster label is NOT part of it (it is associated data). */
struct bw_key_use {
    const uint8_t *seal_key;  /* 32 bytes */
    const uint8_t *nonce_key; /* 16 bytes */
    const uint8_t *pair_key;  /* 32 bytes: identity mode, see pair.h */
    uint16_t hint;
};
void bw_keyring_use(const struct bw_keyring *ring, size_t index, struct bw_key_use *use);

/* Which of two rings is newer: the larger rank is. Version 0: not known to the cluster, a file that was written by hand. */
uint64_t bw_keyring_version(const struct bw_keyring *ring);
void bw_keyring_rank(const struct bw_keyring *ring, uint8_t rank[BW_RING_RANK_SIZE]);
/* The public name of a key: derived from it one way, so that it tells nothing of the key. Never 0. */
uint64_t bw_keyring_id(const struct bw_keyring *ring, size_t index);
/* The index of a key, the count if it is not there. */
size_t bw_keyring_find(const struct bw_keyring *ring, uint64_t id);
/* The keys themselves, 32 bytes each in their order. */
const uint8_t *bw_keyring_keys(const struct bw_keyring *ring);

/* A ring of count keys that write puts into guarded memory; write returns whether it could. BW_ERR_KEY: it could not, there is none, or one is
 * there twice; BW_ERR_MEMORY, BW_ERR_SYSTEM. */
int bw_keyring_create_with(struct bw_keyring **ring, uint64_t version, size_t count,
                           bool (*write)(void *context, uint8_t *keys), void *context);
/* The next version of a ring: key number `index` first, the others in their order behind it; without key number
 * `index`; with one more at the end, as text. Errors as bw_keyring_create. */
int bw_keyring_used(struct bw_keyring **made, const struct bw_keyring *ring, size_t index);
int bw_keyring_without(struct bw_keyring **made, const struct bw_keyring *ring, size_t index);
int bw_keyring_with(struct bw_keyring **made, const struct bw_keyring *ring, const char *key, size_t size);

/* As bw_keyring_create reads it; returns the size, without the zero. The caller zeroes it. */
size_t bw_keyring_text(const struct bw_keyring *ring, char text[BW_RING_TEXT_SIZE]);

/* What beacons need of it, derived as well, and used for nothing else (beacon.h). */
struct bw_beacon_key {
    const uint8_t *seal_key;  /* 32 bytes */
    const uint8_t *nonce_key; /* 32 bytes */
    const uint8_t *hint_key;  /* 16 bytes */
};
void bw_keyring_beacon(const struct bw_keyring *ring, size_t index, struct bw_beacon_key *key);

/* Text of a new key from 32 random bytes. */
void bw_key_text(const uint8_t key[BW_KEY_SIZE], char text[BW_KEY_TEXT_SIZE]);

#endif
