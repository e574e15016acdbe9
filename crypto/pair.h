/* Identity mode: keys that two members share and nobody else has (security.md, Identity mode).
 *
 * Of each member is kept which session it is in and which X25519 key it drew for that, as its signed record says. From our own
 * key and that one come the keys of the pair, bound to both sessions, to the cluster's label, and to the key of the ring that the
 * datagram's hint names: so a ring that somebody has no part in keeps it out as before. X25519 is computed when a pair is used
 * first, and kept; for another key of the ring only a hash is computed again. The secrets stand in guarded memory, a page for
 * many pairs, and are zeroed when a member is forgotten or begins a new session.
 *
 * Session numbers are chosen by their owners. Two members may have the same one, by malice alone; then each datagram is tried with
 * both. */
#ifndef BW_CRYPTO_PAIR_H
#define BW_CRYPTO_PAIR_H

#include "base/table.h"
#include "crypto/exchange.h"
#include "crypto/keyring.h"

#define BW_PAIR_STRANGERS 64u /* kept beside as many as there may be members */

#define BW_PAIR_UNUSED SIZE_MAX /* no secrets are derived yet */

/* What a member has signed of its session. */
struct bw_credential {
    struct bw_id id;
    uint64_t session;
    uint64_t incarnation; /* of the record: of two the larger one counts */
    const uint8_t *exchange;
};

struct bw_pair {
    struct bw_id id;
    uint64_t session;
    uint64_t incarnation;
    struct bw_pair *next; /* another member's, of the same session number */
    size_t slab;          /* where its secrets are, or BW_PAIR_UNUSED */
    uint8_t place;
    bool none; /* the public key has turned out to be none: nothing comes of it, however often a datagram names it */
    uint8_t exchange[BW_EXCHANGE_SIZE];
};

struct bw_pair_slab;

struct bw_pairs {
    struct bw_allocator allocator;
    const struct bw_exchange *exchange; /* our own, borrowed; NULL: no identity mode, and nothing here is used */
    struct bw_id self;
    uint64_t session;
    struct bw_bytes label;      /* borrowed, with its size */
    struct bw_table by_id;      /* id -> pair */
    struct bw_table by_session; /* session -> the first pair with it */
    struct bw_pair_slab *slabs;
    size_t slab_count;
    size_t slab_capacity;
    size_t full_slabs; /* so many of the first have no free place */
    size_t hand;       /* where strangers are looked for next */
};

void bw_pairs_init(struct bw_pairs *pairs, struct bw_allocator allocator, size_t member_max);
void bw_pairs_free(struct bw_pairs *pairs);

/* Takes over what a member has signed, unless it has signed something newer. BW_ERR_FULL, BW_ERR_MEMORY: nothing is known of it. */
int bw_pairs_put(struct bw_pairs *pairs, const struct bw_credential *credential);
void bw_pairs_remove(struct bw_pairs *pairs, const struct bw_id *id);
/* Forgets one of a stranger; few are looked at in one call. */
bool bw_pairs_make_room(struct bw_pairs *pairs, bool (*known)(void *context, const struct bw_id *id), void *context);

/* The member's in that session, NULL if it is not known to be in it. */
struct bw_pair *bw_pairs_find(const struct bw_pairs *pairs, const struct bw_id *id, uint64_t session);
/* Where it will be looked for: see bw_table_place. */
const void *bw_pairs_place(const struct bw_pairs *pairs, uint64_t session);
/* The first of those with that session; the others follow by `next`. */
struct bw_pair *bw_pairs_first(const struct bw_pairs *pairs, uint64_t session);
/* Puts the pair's keys in the place of the ring's key number index, whose hint stays. False: there are none, for want of memory or
 * because its public key is none. */
bool bw_pairs_use(struct bw_pairs *pairs, struct bw_pair *pair, const struct bw_keyring *ring, size_t index,
                  struct bw_key_use *use);

#endif
