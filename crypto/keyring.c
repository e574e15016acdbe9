/* The key ring (security.md, Keys). A key is used for nothing itself: what seals is derived from it by libsodium's
 * crypto_kdf (BLAKE2b, context "bw-seal1"): number 1 the AEAD key, 2 the nonce subkey, 3 the public hint, 4 the public
 * id, 5 what pairs of members mix in (pair.h); for beacons (context "bw-beac1") 1 the AEAD key, 2 the key of nonces, 3 that of hints. The keys are kept beside what
 * is derived: a member that was away is given them (exchange.h). */
#include "crypto/keyring.h"

#include "base/base.h"

#include <sodium.h>
#include <string.h>

#define CONTEXT "bw-seal1"
#define VERSION_WORDS "# bellwether ring "
#define BEACON_CONTEXT "bw-beac1"
#define STACK_USED 8192u /* at least what BLAKE2b leaves behind on the stack */

_Static_assert(BW_KEY_SIZE == crypto_kdf_KEYBYTES, "a key of the ring is a key of crypto_kdf");
_Static_assert(sizeof(CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES, "the context has 8 characters");
_Static_assert(sizeof(BEACON_CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES, "the context has 8 characters");
_Static_assert(BW_KEY_TEXT_SIZE == sodium_base64_ENCODED_LEN(BW_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL), "base64");

struct derived {
    uint8_t seal[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    uint8_t nonce[crypto_shorthash_KEYBYTES];
    uint8_t hint[crypto_kdf_BYTES_MIN]; /* the first two bytes of it go on the wire */
    uint8_t id[crypto_kdf_BYTES_MIN];   /* the first eight bytes of it are shown */
    uint8_t pair[BW_KEY_SIZE];
    uint8_t beacon_seal[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    uint8_t beacon_nonce[crypto_generichash_KEYBYTES];
    uint8_t beacon_hint[crypto_shorthash_KEYBYTES];
};

struct bw_keyring {
    size_t count;
    uint64_t version;
    uint8_t digest[BW_RING_DIGEST_SIZE]; /* of the ids in their order */
    uint8_t raw[BW_KEY_COUNT_MAX][BW_KEY_SIZE];
    struct derived keys[BW_KEY_COUNT_MAX];
};

static void derive(struct derived *to, const uint8_t key[BW_KEY_SIZE]) {
    crypto_kdf_derive_from_key(to->seal, sizeof(to->seal), 1, CONTEXT, key);
    crypto_kdf_derive_from_key(to->nonce, sizeof(to->nonce), 2, CONTEXT, key);
    crypto_kdf_derive_from_key(to->hint, sizeof(to->hint), 3, CONTEXT, key);
    crypto_kdf_derive_from_key(to->id, sizeof(to->id), 4, CONTEXT, key);
    crypto_kdf_derive_from_key(to->pair, sizeof(to->pair), 5, CONTEXT, key);
    crypto_kdf_derive_from_key(to->beacon_seal, sizeof(to->beacon_seal), 1, BEACON_CONTEXT, key);
    crypto_kdf_derive_from_key(to->beacon_nonce, sizeof(to->beacon_nonce), 2, BEACON_CONTEXT, key);
    crypto_kdf_derive_from_key(to->beacon_hint, sizeof(to->beacon_hint), 3, BEACON_CONTEXT, key);
}

static bool has(const struct bw_keyring *ring, const struct derived *key) {
    bool found = false;
    for (size_t i = 0; i < ring->count; i++) {
        found |= sodium_memcmp(ring->keys[i].seal, key->seal, sizeof(key->seal)) == 0;
    }
    return found;
}

/* Key number count is in place: takes it in. */
static int take(struct bw_keyring *ring) {
    derive(&ring->keys[ring->count], ring->raw[ring->count]);
    if (has(ring, &ring->keys[ring->count])) {
        return BW_ERR_KEY;
    }
    ring->count++;
    return 0;
}

static int add_line(struct bw_keyring *ring, const char *line, size_t size) {
    uint8_t spare[BW_KEY_SIZE];
    uint8_t *key = ring->count < BW_KEY_COUNT_MAX ? ring->raw[ring->count] : spare;
    size_t key_size = 0;
    const char *end = NULL;
    bool read =
        sodium_base642bin(key, BW_KEY_SIZE, line, size, NULL, &key_size, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
        end == line + size && key_size == BW_KEY_SIZE;
    if (!read) {
        sodium_memzero(key, BW_KEY_SIZE);
        return BW_ERR_KEY;
    }
    if (key == spare) {
        sodium_memzero(spare, sizeof(spare));
        return BW_ERR_FULL;
    }
    return take(ring);
}

static void make_digest(struct bw_keyring *ring) {
    uint8_t ids[BW_KEY_COUNT_MAX * 8u];
    for (size_t i = 0; i < ring->count; i++) {
        bw_put_u64(ids + 8 * i, bw_keyring_id(ring, i));
    }
    crypto_generichash(ring->digest, sizeof(ring->digest), ids, 8 * ring->count, NULL, 0);
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

/* "# bellwether ring 5 9f86…": at most twenty digits, a space, the digest. */
static bool read_version(const char *line, size_t size, uint64_t *version, uint8_t digest[BW_RING_DIGEST_SIZE]) {
    size_t at = sizeof(VERSION_WORDS) - 1;
    size_t digest_size = 0;
    uint64_t number = 0;
    if (size < at || memcmp(line, VERSION_WORDS, at) != 0) {
        return false;
    }
    for (; at < size && line[at] >= '0' && line[at] <= '9' && number < BW_RING_VERSION_MAX; at++) {
        number = 10 * number + (uint64_t)(line[at] - '0');
    }
    if (at == size || line[at] != ' ' || number > BW_RING_VERSION_MAX ||
        sodium_hex2bin(digest, BW_RING_DIGEST_SIZE, line + at + 1, size - at - 1, NULL, &digest_size, NULL) != 0 ||
        digest_size != BW_RING_DIGEST_SIZE) {
        return false;
    }
    *version = number;
    return true;
}

static int parse(struct bw_keyring *ring, const char *text, size_t size, size_t *bad_line) {
    size_t number = 0;
    uint64_t version = 0;
    uint8_t digest[BW_RING_DIGEST_SIZE] = {0};
    for (size_t at = 0; at < size;) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t end = newline ? (size_t)(newline - text) : size;
        size_t line_size = trimmed(text + at, end - at);
        number++;
        if (line_size > 0 && text[at] == '#') {
            (void)read_version(text + at, line_size, &version, digest);
        } else if (line_size > 0) {
            int error = add_line(ring, text + at, line_size);
            if (error) {
                *bad_line = number;
                return error;
            }
        }
        at = end + 1;
    }
    *bad_line = 0;
    make_digest(ring);
    ring->version = memcmp(digest, ring->digest, sizeof(digest)) == 0 ? version : 0;
    return ring->count > 0 ? 0 : BW_ERR_KEY;
}

static int begin(struct bw_keyring **ring) {
    *ring = NULL;
    if (sodium_init() < 0) {
        return BW_ERR_SYSTEM;
    }
    struct bw_keyring *made = sodium_malloc(sizeof(*made));
    if (!made) {
        return BW_ERR_MEMORY;
    }
    sodium_memzero(made, sizeof(*made));
    *ring = made;
    return 0;
}

static int finish(struct bw_keyring **ring, int error) {
    sodium_stackzero(STACK_USED);
    if (error) {
        sodium_free(*ring);
        *ring = NULL;
        return error;
    }
    sodium_mprotect_readonly(*ring);
    return 0;
}

int bw_keyring_create(struct bw_keyring **ring, const char *text, size_t size, size_t *bad_line) {
    size_t ignored;
    bad_line = bad_line ? bad_line : &ignored;
    *bad_line = 0;
    int error = begin(ring);
    return error ? error : finish(ring, parse(*ring, text, size, bad_line));
}

int bw_keyring_create_with(struct bw_keyring **ring, uint64_t version, size_t count,
                           bool (*write)(void *context, uint8_t *keys), void *context) {
    BW_ASSERT(count <= BW_KEY_COUNT_MAX);
    int error = begin(ring);
    if (error) {
        return error;
    }
    error = count > 0 && write(context, (*ring)->raw[0]) ? 0 : BW_ERR_KEY;
    while (!error && (*ring)->count < count) {
        error = take(*ring);
    }
    if (!error) {
        (*ring)->version = version;
        make_digest(*ring);
    }
    return finish(ring, error);
}

struct change {
    const struct bw_keyring *ring;
    size_t index;
    const char *text;
    size_t size;
};

static bool write_used(void *context, uint8_t *keys) {
    const struct change *change = context;
    const struct bw_keyring *ring = change->ring;
    memcpy(keys, ring->raw[change->index], BW_KEY_SIZE);
    memcpy(keys + BW_KEY_SIZE, ring->raw[0], change->index * BW_KEY_SIZE);
    memcpy(keys + (change->index + 1) * BW_KEY_SIZE, ring->raw[change->index + 1 < ring->count ? change->index + 1 : 0],
           (ring->count - change->index - 1) * BW_KEY_SIZE);
    return true;
}

static bool write_without(void *context, uint8_t *keys) {
    const struct change *change = context;
    size_t put = 0;
    for (size_t i = 0; i < change->ring->count; i++) {
        if (i != change->index) {
            memcpy(keys + put++ * BW_KEY_SIZE, change->ring->raw[i], BW_KEY_SIZE);
        }
    }
    return true;
}

static bool write_with(void *context, uint8_t *keys) {
    const struct change *change = context;
    size_t count = change->ring->count;
    size_t key_size = 0;
    const char *end = NULL;
    memcpy(keys, change->ring->raw[0], count * BW_KEY_SIZE);
    return sodium_base642bin(keys + count * BW_KEY_SIZE, BW_KEY_SIZE, change->text, change->size, NULL, &key_size, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           end == change->text + change->size && key_size == BW_KEY_SIZE;
}

int bw_keyring_used(struct bw_keyring **made, const struct bw_keyring *ring, size_t index) {
    BW_ASSERT(index < ring->count);
    struct change change = {.ring = ring, .index = index};
    return bw_keyring_create_with(made, ring->version + 1, ring->count, write_used, &change);
}

int bw_keyring_without(struct bw_keyring **made, const struct bw_keyring *ring, size_t index) {
    BW_ASSERT(index < ring->count);
    struct change change = {.ring = ring, .index = index};
    return bw_keyring_create_with(made, ring->version + 1, ring->count - 1, write_without, &change);
}

int bw_keyring_with(struct bw_keyring **made, const struct bw_keyring *ring, const char *key, size_t size) {
    struct change change = {.ring = ring, .text = key, .size = trimmed(key, size)};
    *made = NULL;
    if (ring->count == BW_KEY_COUNT_MAX) {
        return BW_ERR_FULL;
    }
    return bw_keyring_create_with(made, ring->version + 1, ring->count + 1, write_with, &change);
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
    *use = (struct bw_key_use){
        .seal_key = key->seal, .nonce_key = key->nonce, .pair_key = key->pair, .hint = bw_get_u16(key->hint)};
}

uint64_t bw_keyring_version(const struct bw_keyring *ring) {
    return ring->version;
}

void bw_keyring_rank(const struct bw_keyring *ring, uint8_t rank[BW_RING_RANK_SIZE]) {
    bw_put_u64(rank, ring->version);
    memcpy(rank + 8, ring->digest, sizeof(ring->digest));
}

uint64_t bw_keyring_id(const struct bw_keyring *ring, size_t index) {
    uint64_t id = bw_get_u64(ring->keys[index].id);
    return id != 0 ? id : 1;
}

size_t bw_keyring_find(const struct bw_keyring *ring, uint64_t id) {
    size_t i = 0;
    while (i < ring->count && bw_keyring_id(ring, i) != id) {
        i++;
    }
    return i;
}

const uint8_t *bw_keyring_keys(const struct bw_keyring *ring) {
    return ring->raw[0];
}

static size_t put_number(char *text, uint64_t number) {
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < count; i++) {
        text[i] = digits[count - 1 - i];
    }
    return count;
}

size_t bw_keyring_text(const struct bw_keyring *ring, char text[BW_RING_TEXT_SIZE]) {
    size_t used = 0;
    if (ring->version > 0) {
        memcpy(text, VERSION_WORDS, sizeof(VERSION_WORDS) - 1);
        used = sizeof(VERSION_WORDS) - 1;
        used += put_number(text + used, ring->version);
        text[used++] = ' ';
        sodium_bin2hex(text + used, 2 * sizeof(ring->digest) + 1, ring->digest, sizeof(ring->digest));
        used += 2 * sizeof(ring->digest);
        text[used++] = '\n';
    }
    for (size_t i = 0; i < ring->count; i++) {
        bw_key_text(ring->raw[i], text + used);
        used += BW_KEY_TEXT_SIZE - 1;
        text[used++] = '\n';
    }
    text[used] = '\0';
    return used;
}

void bw_keyring_beacon(const struct bw_keyring *ring, size_t index, struct bw_beacon_key *key) {
    BW_ASSERT(index < ring->count);
    const struct derived *of = &ring->keys[index];
    *key =
        (struct bw_beacon_key){.seal_key = of->beacon_seal, .nonce_key = of->beacon_nonce, .hint_key = of->beacon_hint};
}

void bw_key_text(const uint8_t key[BW_KEY_SIZE], char text[BW_KEY_TEXT_SIZE]) {
    sodium_bin2base64(text, BW_KEY_TEXT_SIZE, key, BW_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL);
}
