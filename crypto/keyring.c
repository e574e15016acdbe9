/* The key ring (security.md, Keys). A key is used for nothing itself: what seals is derived from it by libsodium's
 * crypto_kdf (BLAKE2b, context "bw-seal1"): number 1 the AEAD key, 2 the nonce subkey, 3 the public hint. So only derived
 * keys are kept. */
#include "crypto/keyring.h"

#include "base/base.h"

#include <sodium.h>
#include <string.h>

#define CONTEXT "bw-seal1"
#define STACK_USED 8192u /* at least what BLAKE2b leaves behind on the stack */

_Static_assert(BW_KEY_SIZE == crypto_kdf_KEYBYTES, "a key of the ring is a key of crypto_kdf");
_Static_assert(sizeof(CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES, "the context has 8 characters");
_Static_assert(BW_KEY_TEXT_SIZE == sodium_base64_ENCODED_LEN(BW_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL), "base64");

struct derived {
    uint8_t seal[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    uint8_t nonce[crypto_shorthash_KEYBYTES];
    uint8_t hint[crypto_kdf_BYTES_MIN]; /* the first two bytes of it go on the wire */
};

struct bw_keyring {
    size_t count;
    struct derived keys[BW_KEY_COUNT_MAX];
};

static void derive(struct derived *to, const uint8_t key[BW_KEY_SIZE]) {
    crypto_kdf_derive_from_key(to->seal, sizeof(to->seal), 1, CONTEXT, key);
    crypto_kdf_derive_from_key(to->nonce, sizeof(to->nonce), 2, CONTEXT, key);
    crypto_kdf_derive_from_key(to->hint, sizeof(to->hint), 3, CONTEXT, key);
}

static bool has(const struct bw_keyring *ring, const struct derived *key) {
    bool found = false;
    for (size_t i = 0; i < ring->count; i++) {
        found |= sodium_memcmp(ring->keys[i].seal, key->seal, sizeof(key->seal)) == 0;
    }
    return found;
}

static int add_line(struct bw_keyring *ring, const char *line, size_t size) {
    uint8_t key[BW_KEY_SIZE];
    size_t key_size = 0;
    const char *end = NULL;
    int error = 0;
    if (sodium_base642bin(key, sizeof(key), line, size, NULL, &key_size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != line + size || key_size != sizeof(key)) {
        error = BW_ERR_KEY;
    } else if (ring->count == BW_KEY_COUNT_MAX) {
        error = BW_ERR_FULL;
    } else {
        derive(&ring->keys[ring->count], key);
        error = has(ring, &ring->keys[ring->count]) ? BW_ERR_KEY : 0;
        ring->count += error == 0;
    }
    sodium_memzero(key, sizeof(key));
    return error;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static size_t trimmed(const char *line, size_t size) {
    while (size > 0 && is_space(line[size - 1])) {
        size--;
    }
    return size;
}

static int parse(struct bw_keyring *ring, const char *text, size_t size, size_t *bad_line) {
    size_t number = 0;
    for (size_t at = 0; at < size;) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t end = newline ? (size_t)(newline - text) : size;
        size_t line_size = trimmed(text + at, end - at);
        number++;
        if (line_size > 0 && text[at] != '#') {
            int error = add_line(ring, text + at, line_size);
            if (error) {
                *bad_line = number;
                return error;
            }
        }
        at = end + 1;
    }
    *bad_line = 0;
    return ring->count > 0 ? 0 : BW_ERR_KEY;
}

int bw_keyring_create(struct bw_keyring **ring, const char *text, size_t size, size_t *bad_line) {
    size_t ignored;
    bad_line = bad_line ? bad_line : &ignored;
    *bad_line = 0;
    *ring = NULL;
    if (sodium_init() < 0) {
        return BW_ERR_SYSTEM;
    }
    struct bw_keyring *made = sodium_malloc(sizeof(*made));
    if (!made) {
        return BW_ERR_MEMORY;
    }
    sodium_memzero(made, sizeof(*made));
    int error = parse(made, text, size, bad_line);
    sodium_stackzero(STACK_USED);
    if (error) {
        sodium_free(made);
        return error;
    }
    sodium_mprotect_readonly(made);
    *ring = made;
    return 0;
}

void bw_keyring_destroy(struct bw_keyring *ring) {
    sodium_free(ring); /* zeroes first; NULL is fine */
}

size_t bw_keyring_count(const struct bw_keyring *ring) {
    return ring->count;
}

void bw_keyring_use(const struct bw_keyring *ring, size_t index, struct bw_key_use *use) {
    BW_ASSERT(index < ring->count);
    const struct derived *key = &ring->keys[index];
    *use = (struct bw_key_use){.seal_key = key->seal, .nonce_key = key->nonce, .hint = bw_get_u16(key->hint)};
}

void bw_key_text(const uint8_t key[BW_KEY_SIZE], char text[BW_KEY_TEXT_SIZE]) {
    sodium_bin2base64(text, BW_KEY_TEXT_SIZE, key, BW_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL);
}
