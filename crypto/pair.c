/* Pairs (pair.h). With q the result of X25519 and each side its id, session and public key, the side with the smaller id first:
 *
 *     base = BLAKE2b-32, key q, of: words, 0, label with its size, side, side
 *     seal key (32) and nonce key (16) = BLAKE2b-48, key number 5 of the ring's key, of: base */
#include "crypto/pair.h"

#include "base/base.h"

#include <sodium.h>
#include <string.h>

#define WORDS "bellwether-pair-1" /* and its zero */
#define SIDE_SIZE (sizeof(struct bw_id) + 8u + BW_EXCHANGE_SIZE)
#define BASE_SIZE crypto_generichash_KEYBYTES
#define SEAL_SIZE crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_SIZE crypto_shorthash_KEYBYTES
#define SLAB_PLACES 46u /* of 88 bytes: a page, with libsodium's canary */
#define ALL_TAKEN ((UINT64_C(1) << SLAB_PLACES) - 1)
#define STACK_USED 8192u /* at least what X25519 and BLAKE2b leave behind on the stack */
#define HAND_STEPS 256u

_Static_assert(BW_EXCHANGE_SIZE == crypto_scalarmult_BYTES, "X25519");

struct secrets {
    uint8_t base[BASE_SIZE];
    uint8_t keys[SEAL_SIZE + NONCE_SIZE];
    uint64_t ring_key; /* which key of the ring they are of, 0: none */
};

struct bw_pair_slab {
    struct secrets *places; /* guarded */
    uint64_t taken;         /* a bit for each place */
};

/* The tables' keys are ids; a session is one with 8 zeros. */
static struct bw_id session_key(uint64_t session) {
    struct bw_id key = {{0}};
    bw_put_u64(key.bytes, session);
    return key;
}

void bw_pairs_init(struct bw_pairs *pairs, struct bw_allocator allocator, size_t member_max) {
    *pairs = (struct bw_pairs){.allocator = allocator};
    bw_table_init(&pairs->by_id, allocator, member_max + BW_PAIR_STRANGERS);
    bw_table_init(&pairs->by_session, allocator, member_max + BW_PAIR_STRANGERS);
}

void bw_pairs_free(struct bw_pairs *pairs) {
    for (size_t i = 0; i < pairs->by_id.capacity; i++) {
        bw_free(&pairs->allocator, pairs->by_id.slots[i].value, sizeof(struct bw_pair));
    }
    for (size_t i = 0; i < pairs->slab_count; i++) {
        sodium_free(pairs->slabs[i].places); /* zeroes first */
    }
    bw_free(&pairs->allocator, pairs->slabs, pairs->slab_capacity * sizeof(*pairs->slabs));
    bw_table_free(&pairs->by_id);
    bw_table_free(&pairs->by_session);
}

/* ------------------------------------------------------------------ secrets */

static struct secrets *secrets_of(const struct bw_pairs *pairs, const struct bw_pair *pair) {
    return &pairs->slabs[pair->slab].places[pair->place];
}

static void forget_secrets(struct bw_pairs *pairs, struct bw_pair *pair) {
    if (pair->slab != BW_PAIR_UNUSED) {
        struct bw_pair_slab *slab = &pairs->slabs[pair->slab];
        sodium_mprotect_readwrite(slab->places);
        sodium_memzero(&slab->places[pair->place], sizeof(struct secrets));
        sodium_mprotect_readonly(slab->places);
        slab->taken &= ~(UINT64_C(1) << pair->place);
        pairs->full_slabs = pair->slab < pairs->full_slabs ? pair->slab : pairs->full_slabs;
        pair->slab = BW_PAIR_UNUSED;
    }
}

static bool grow(struct bw_pairs *pairs) {
    if (pairs->slab_count == pairs->slab_capacity) {
        size_t capacity = pairs->slab_capacity > 0 ? 2 * pairs->slab_capacity : 4;
        struct bw_pair_slab *larger = bw_alloc(&pairs->allocator, capacity * sizeof(*larger));
        if (!larger) {
            return false;
        }
        if (pairs->slab_count > 0) {
            memcpy(larger, pairs->slabs, pairs->slab_count * sizeof(*larger));
        }
        bw_free(&pairs->allocator, pairs->slabs, pairs->slab_capacity * sizeof(*larger));
        pairs->slabs = larger;
        pairs->slab_capacity = capacity;
    }
    struct secrets *places = sodium_malloc(SLAB_PLACES * sizeof(*places));
    if (!places) {
        return false;
    }
    sodium_memzero(places, SLAB_PLACES * sizeof(*places));
    pairs->slabs[pairs->slab_count++] = (struct bw_pair_slab){.places = places};
    return true;
}

static bool find_place(struct bw_pairs *pairs, size_t *slab, uint8_t *place) {
    while (pairs->full_slabs < pairs->slab_count && pairs->slabs[pairs->full_slabs].taken == ALL_TAKEN) {
        pairs->full_slabs++;
    }
    if (pairs->full_slabs == pairs->slab_count && !grow(pairs)) {
        return false;
    }
    *slab = pairs->full_slabs;
    *place = 0;
    while (pairs->slabs[*slab].taken >> *place & 1) {
        ++*place;
    }
    return true;
}

static uint8_t *put_side(uint8_t *to, const struct bw_id *id, uint64_t session, const uint8_t *exchange) {
    memcpy(to, id->bytes, sizeof(id->bytes));
    bw_put_u64(to + sizeof(id->bytes), session);
    memcpy(to + sizeof(id->bytes) + 8, exchange, BW_EXCHANGE_SIZE);
    return to + SIDE_SIZE;
}

static bool agree(const struct bw_pairs *pairs, const struct bw_pair *pair, uint8_t base[BASE_SIZE]) {
    uint8_t message[sizeof(WORDS) + 1u + BW_NAME_MAX + 2 * SIDE_SIZE] = WORDS;
    uint8_t shared[BW_EXCHANGE_SIZE];
    uint8_t *at = message + sizeof(WORDS);
    const uint8_t *own = bw_exchange_public(pairs->exchange);
    memcpy(at, pairs->label.data, pairs->label.size);
    at += pairs->label.size;
    bool first = memcmp(pairs->self.bytes, pair->id.bytes, sizeof(pair->id.bytes)) < 0;
    at = first ? put_side(at, &pairs->self, pairs->session, own)
               : put_side(at, &pair->id, pair->session, pair->exchange);
    at = first ? put_side(at, &pair->id, pair->session, pair->exchange)
               : put_side(at, &pairs->self, pairs->session, own);
    bool sound = bw_exchange_agree(pairs->exchange, pair->exchange, shared);
    if (sound) {
        crypto_generichash(base, BASE_SIZE, message, (size_t)(at - message), shared, sizeof(shared));
    }
    sodium_memzero(shared, sizeof(shared));
    return sound;
}

static bool derive(struct bw_pairs *pairs, struct bw_pair *pair) {
    size_t slab = 0;
    uint8_t place = 0;
    if (!find_place(pairs, &slab, &place)) {
        return false;
    }
    struct secrets *secrets = pairs->slabs[slab].places;
    sodium_mprotect_readwrite(secrets);
    bool sound = agree(pairs, pair, secrets[place].base);
    pair->none = !sound;
    secrets[place].ring_key = 0;
    sodium_mprotect_readonly(secrets);
    sodium_stackzero(STACK_USED);
    if (sound) {
        pairs->slabs[slab].taken |= UINT64_C(1) << place;
        pair->slab = slab;
        pair->place = place;
    }
    return sound;
}

bool bw_pairs_use(struct bw_pairs *pairs, struct bw_pair *pair, const struct bw_keyring *ring, size_t index,
                  struct bw_key_use *use) {
    if (pair->none || (pair->slab == BW_PAIR_UNUSED && !derive(pairs, pair))) {
        return false;
    }
    struct secrets *secrets = secrets_of(pairs, pair);
    uint64_t ring_key = bw_keyring_id(ring, index);
    if (secrets->ring_key != ring_key) {
        sodium_mprotect_readwrite(pairs->slabs[pair->slab].places);
        crypto_generichash(secrets->keys, sizeof(secrets->keys), secrets->base, sizeof(secrets->base), use->pair_key,
                           BW_KEY_SIZE);
        secrets->ring_key = ring_key;
        sodium_mprotect_readonly(pairs->slabs[pair->slab].places);
        sodium_stackzero(STACK_USED);
    }
    use->seal_key = secrets->keys;
    use->nonce_key = secrets->keys + SEAL_SIZE;
    return true;
}

/* ------------------------------------------------------------------ who is in which session */

static void unlink_session(struct bw_pairs *pairs, struct bw_pair *pair) {
    struct bw_id key = session_key(pair->session);
    struct bw_pair *first = bw_table_get(&pairs->by_session, &key);
    if (first != pair) {
        while (first->next != pair) {
            first = first->next;
        }
        first->next = pair->next;
    } else if (pair->next) {
        (void)bw_table_put(&pairs->by_session, &key, pair->next); /* replaces: it cannot fail */
    } else {
        bw_table_remove(&pairs->by_session, &key);
    }
    pair->next = NULL;
}

static int link_session(struct bw_pairs *pairs, struct bw_pair *pair) {
    struct bw_id key = session_key(pair->session);
    struct bw_pair *first = bw_table_get(&pairs->by_session, &key);
    int error = bw_table_put(&pairs->by_session, &key, pair);
    pair->next = error ? NULL : first;
    return error;
}

static void take(struct bw_pair *pair, const struct bw_credential *credential) {
    pair->session = credential->session;
    pair->incarnation = credential->incarnation;
    pair->none = false;
    memcpy(pair->exchange, credential->exchange, BW_EXCHANGE_SIZE);
}

static int add(struct bw_pairs *pairs, const struct bw_credential *credential) {
    struct bw_pair *pair = bw_alloc(&pairs->allocator, sizeof(*pair));
    int error = pair ? bw_table_put(&pairs->by_id, &credential->id, pair) : BW_ERR_MEMORY;
    if (!error) {
        *pair = (struct bw_pair){.id = credential->id, .slab = BW_PAIR_UNUSED};
        take(pair, credential);
        error = link_session(pairs, pair);
    }
    if (error && pair) {
        if (bw_table_get(&pairs->by_id, &credential->id) == pair) {
            bw_table_remove(&pairs->by_id, &credential->id);
        }
        bw_free(&pairs->allocator, pair, sizeof(*pair));
    }
    return error;
}

int bw_pairs_put(struct bw_pairs *pairs, const struct bw_credential *credential) {
    struct bw_pair *pair = bw_table_get(&pairs->by_id, &credential->id);
    if (!pair) {
        return add(pairs, credential);
    }
    if (credential->incarnation <= pair->incarnation) {
        return 0;
    }
    if (credential->session == pair->session &&
        memcmp(credential->exchange, pair->exchange, sizeof(pair->exchange)) == 0) {
        pair->incarnation = credential->incarnation;
        return 0;
    }
    forget_secrets(pairs, pair);
    unlink_session(pairs, pair);
    take(pair, credential);
    int error = link_session(pairs, pair);
    if (error) {
        bw_table_remove(&pairs->by_id, &pair->id);
        bw_free(&pairs->allocator, pair, sizeof(*pair));
    }
    return error;
}

void bw_pairs_remove(struct bw_pairs *pairs, const struct bw_id *id) {
    struct bw_pair *pair = bw_table_remove(&pairs->by_id, id);
    if (pair) {
        forget_secrets(pairs, pair);
        unlink_session(pairs, pair);
        bw_free(&pairs->allocator, pair, sizeof(*pair));
    }
}

bool bw_pairs_make_room(struct bw_pairs *pairs, bool (*known)(void *context, const struct bw_id *id), void *context) {
    size_t capacity = pairs->by_id.capacity;
    for (size_t i = 0; i < HAND_STEPS && i < capacity; i++) {
        pairs->hand = (pairs->hand + 1) % capacity;
        const struct bw_pair *pair = pairs->by_id.slots[pairs->hand].value;
        if (pair && !known(context, &pair->id)) {
            const struct bw_id id = pair->id;
            bw_pairs_remove(pairs, &id);
            return true;
        }
    }
    return false;
}

struct bw_pair *bw_pairs_find(const struct bw_pairs *pairs, const struct bw_id *id, uint64_t session) {
    struct bw_pair *pair = bw_table_get(&pairs->by_id, id);
    return pair && pair->session == session ? pair : NULL;
}

const void *bw_pairs_place(const struct bw_pairs *pairs, uint64_t session) {
    struct bw_id key = session_key(session);
    return bw_table_place(&pairs->by_session, &key);
}

struct bw_pair *bw_pairs_first(const struct bw_pairs *pairs, uint64_t session) {
    struct bw_id key = session_key(session);
    return bw_table_get(&pairs->by_session, &key);
}
