/* Signatures (security.md, Identity mode): Ed25519 (RFC 8032). A member's id is the hash of its public key. What is signed begins
 * with words that say what it is, so that no signature can be taken for one of another kind. */
#ifndef BW_CRYPTO_IDENTITY_H
#define BW_CRYPTO_IDENTITY_H

#include <bellwether/error.h>
#include <bellwether/types.h>

#define BW_SECRET_SIZE 32u /* what a key pair is made from */
#define BW_PUBLIC_SIZE 32u
#define BW_PUBLIC_TEXT_SIZE 45u /* base64 and a zero */
#define BW_SIGNATURE_SIZE 64u
#define BW_SIGNED_MAX 2048u /* bytes that one signature is over, beside the words */

/* A key pair, in guarded memory, zeroed when freed. */
struct bw_identity;

/* From the secret. BW_ERR_MEMORY, BW_ERR_SYSTEM. The caller zeroes the secret. */
int bw_identity_create(struct bw_identity **identity, const uint8_t secret[BW_SECRET_SIZE]);
/* From the line of a file (armour.h) that begins with the word. BW_ERR_KEY as well. */
int bw_identity_read(struct bw_identity **identity, const char *word, const char *text, size_t size);
void bw_identity_destroy(struct bw_identity *identity); /* NULL is harmless */
const uint8_t *bw_identity_public(const struct bw_identity *identity);

struct bw_id bw_identity_id(const uint8_t key[BW_PUBLIC_SIZE]);

/* message: at most BW_SIGNED_MAX. */
void bw_identity_sign(const struct bw_identity *identity, const char *words, struct bw_bytes message,
                      uint8_t signature[BW_SIGNATURE_SIZE]);
bool bw_identity_verify(const uint8_t key[BW_PUBLIC_SIZE], const char *words, struct bw_bytes message,
                        const uint8_t signature[BW_SIGNATURE_SIZE]);

/* A public key in base64, as an agent is given its authority's. */
void bw_public_text(const uint8_t key[BW_PUBLIC_SIZE], char text[BW_PUBLIC_TEXT_SIZE]);
int bw_public_parse(uint8_t key[BW_PUBLIC_SIZE], const char *text); /* BW_ERR_KEY */

#endif
