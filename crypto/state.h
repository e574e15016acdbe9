/* What a channel consists of, for channel.c, which seals, and open.c. */
#ifndef BW_CRYPTO_STATE_H
#define BW_CRYPTO_STATE_H

#include "crypto/aead.h"
#include "crypto/channel.h"
#include "crypto/clock.h"
#include "crypto/sent.h"
#include "crypto/sessions.h"

#include <sodium.h>

#define FLAG_BOUND 1u
#define FLAG_PAIR 2u /* sealed with the keys of a pair; only with the other */
#define HEADER_SIZE 4u
#define COUNTER_AT 12u /* header, session */
#define HASH_AT 20u
#define BODY_AT (HEADER_SIZE + BW_NONCE_SIZE)
#define PREFIX_SIZE 24u /* of the plaintext: sender, echo */
#define ASSOCIATED_MAX (HEADER_SIZE + 1u + BW_NAME_MAX + 24u)
#define PLAIN_MAX (BW_DATAGRAM_MAX - BODY_AT - BW_TAG_SIZE)

_Static_assert(BODY_AT == BW_QUOTE_SIZE, "a refusal has to quote header and nonce");
_Static_assert(BODY_AT + PREFIX_SIZE + BW_TAG_SIZE == BW_SEAL_OVERHEAD, "the overhead that the layers above count on");
_Static_assert(crypto_shorthash_BYTES == BW_NONCE_SIZE - 16u, "session and counter leave 8 bytes to the hash");

struct bw_channel {
    struct bw_allocator allocator;
    struct bw_trace *trace;
    const struct bw_keyring *keyring;
    const struct bw_aead *aead;
    struct bw_id self;
    uint64_t session;
    uint64_t counter; /* of the newest datagram that we sealed, 0 before the first */
    uint8_t label[1u + BW_NAME_MAX];
    size_t label_size; /* with its size byte */
    struct bw_sessions sessions;
    struct bw_pairs pairs;
    struct bw_clock clock;
    int64_t again_us;  /* when a datagram whose counter was used may be opened next */
    int64_t caught_us; /* when our counter may be caught up with next */
    uint64_t dropped[BW_ERROR_COUNT];
    uint8_t plain[PLAIN_MAX]; /* what was opened last */
    struct bw_sent_ring sent;
};

/* Of a header, and of the recipient's id and session if it is bound; returns the size. */
size_t bw_channel_associated(const struct bw_channel *channel, uint8_t *to, const uint8_t header[HEADER_SIZE],
                             const struct bw_id *id, uint64_t session);

#endif
