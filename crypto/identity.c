#include "crypto/identity.h"

#include "base/base.h"
#include "crypto/armour.h"

#include <sodium.h>
#include <string.h>

#define ID_WORDS "bellwether-id-1"
#define WORDS_MAX 64u
#define STACK_USED 8192u /* at least what making the pair leaves behind on the stack */

_Static_assert(BW_SECRET_SIZE == crypto_sign_SEEDBYTES, "a secret is a seed of libsodium's");
_Static_assert(BW_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "and so is the public key");
_Static_assert(BW_SIGNATURE_SIZE == crypto_sign_BYTES, "and the signature");
_Static_assert(BW_PUBLIC_TEXT_SIZE == sodium_base64_ENCODED_LEN(BW_PUBLIC_SIZE, sodium_base64_VARIANT_ORIGINAL),
               "base64");

struct bw_identity {
    uint8_t public[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
};

int bw_identity_create(struct bw_identity **identity, const uint8_t secret[BW_SECRET_SIZE]) {
    *identity = NULL;
    if (sodium_init() < 0) {
        return BW_ERR_SYSTEM;
    }
    struct bw_identity *made = sodium_malloc(sizeof(*made));
    if (!made) {
        return BW_ERR_MEMORY;
    }
    crypto_sign_seed_keypair(made->public, made->secret, secret);
    sodium_stackzero(STACK_USED);
    sodium_mprotect_readonly(made);
    *identity = made;
    return 0;
}

int bw_identity_read(struct bw_identity **identity, const char *word, const char *text, size_t size) {
    uint8_t secret[BW_SECRET_SIZE];
    size_t secret_size = 0;
    *identity = NULL;
    int error = bw_armour_read(word, text, size, secret, sizeof(secret), &secret_size);
    if (error == 0) {
        error = secret_size == sizeof(secret) ? bw_identity_create(identity, secret) : BW_ERR_KEY;
    }
    sodium_memzero(secret, sizeof(secret));
    return error;
}

void bw_identity_destroy(struct bw_identity *identity) {
    sodium_free(identity); /* zeroes first; NULL is fine */
}

const uint8_t *bw_identity_public(const struct bw_identity *identity) {
    return identity->public;
}

struct bw_id bw_identity_id(const uint8_t key[BW_PUBLIC_SIZE]) {
    uint8_t hashed[sizeof(ID_WORDS) + BW_PUBLIC_SIZE] = ID_WORDS;
    struct bw_id id;
    memcpy(hashed + sizeof(ID_WORDS), key, BW_PUBLIC_SIZE);
    (void)crypto_generichash(id.bytes, sizeof(id.bytes), hashed, sizeof(hashed), NULL, 0);
    return id;
}

/* The words and their zero, then the message. */
static size_t compose(uint8_t *to, const char *words, struct bw_bytes message) {
    size_t words_size = strlen(words) + 1;
    BW_ASSERT(words_size <= WORDS_MAX && message.size <= BW_SIGNED_MAX);
    memcpy(to, words, words_size);
    if (message.size > 0) {
        memcpy(to + words_size, message.data, message.size);
    }
    return words_size + message.size;
}

void bw_identity_sign(const struct bw_identity *identity, const char *words, struct bw_bytes message,
                      uint8_t signature[BW_SIGNATURE_SIZE]) {
    uint8_t signed_bytes[WORDS_MAX + BW_SIGNED_MAX];
    size_t size = compose(signed_bytes, words, message);
    crypto_sign_detached(signature, NULL, signed_bytes, size, identity->secret);
}

bool bw_identity_verify(const uint8_t key[BW_PUBLIC_SIZE], const char *words, struct bw_bytes message,
                        const uint8_t signature[BW_SIGNATURE_SIZE]) {
    uint8_t signed_bytes[WORDS_MAX + BW_SIGNED_MAX];
    size_t size = compose(signed_bytes, words, message);
    return crypto_sign_verify_detached(signature, signed_bytes, size, key) == 0;
}

void bw_public_text(const uint8_t key[BW_PUBLIC_SIZE], char text[BW_PUBLIC_TEXT_SIZE]) {
    sodium_bin2base64(text, BW_PUBLIC_TEXT_SIZE, key, BW_PUBLIC_SIZE, sodium_base64_VARIANT_ORIGINAL);
}

int bw_public_parse(uint8_t key[BW_PUBLIC_SIZE], const char *text) {
    size_t size = 0;
    const char *end = NULL;
    size_t text_size = strlen(text);
    bool sound = sodium_base642bin(key, BW_PUBLIC_SIZE, text, text_size, NULL, &size, &end,
                                   sodium_base64_VARIANT_ORIGINAL) == 0 &&
                 end == text + text_size && size == BW_PUBLIC_SIZE;
    return sound ? 0 : BW_ERR_KEY;
}
