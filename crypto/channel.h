/* Sealing and opening of datagrams, sessions, freshness (security.md, Packets).
 *
 * Packet: version(1) flags(1) key-hint(2) nonce(24) ciphertext tag(16), XChaCha20-Poly1305.
 * Nonce = session(8) + counter(8) + SipHash(8) over counter, associated data and plaintext.
 * Associated data = header + cluster label + (when bound) the recipient's id and session.
 * Plaintext = sender id(16) + echo(8) + frames. echo: the newest counter that the sender has opened from the
 * recipient's session, 0 if none: it is how a sender shows that it hears us, for liveness, evidence and heartbeats alike.
 *
 * A datagram bound to our id and session was made for us after our boot: it proves the first session of its sender.
 * Unbound ones may only open a session. One proven session per member id; a newer one ends the older by echoing something
 * that we sent after that one was proven (sessions.h says why); the older is remembered (last 4) and refused. So a member
 * that restarted is believed from its first datagram that answers one of ours. Unproven sessions live in a fixed table,
 * oldest out; proven ones are never pushed out by them.
 *
 * In identity mode members seal with keys of pairs (pair.h), and the header says so. What is sealed with the cluster's key alone
 * proves nothing, moves no window and is no echo, whoever it says that it is from.
 *
 * Checks run cheapest first: length, version, hint, window, AEAD. No allocation before the AEAD has passed, none at all
 * for a known session; but for the keys of a pair, which are computed once for two sessions when a header names them. The AEAD is a pair of functions so that the simulator can use a stand-in of the same size. */
#ifndef BW_CRYPTO_CHANNEL_H
#define BW_CRYPTO_CHANNEL_H

#include "base/envelope.h"
#include "base/trace.h"
#include "crypto/keyring.h"
#include "crypto/pair.h"
#include <bellwether/error.h>
#include <bellwether/types.h>

#define BW_PACKET_VERSION 1u
#define BW_QUOTE_SIZE 28u /* header and nonce: what an ICMP error must quote */

#define BW_CHANNEL_PLACES 7u

struct bw_channel;

struct bw_channel_config {
    struct bw_allocator allocator;
    struct bw_trace *trace;
    struct bw_keyring *keyring; /* borrowed */
    struct bw_id self;
    uint64_t session;                   /* random per boot, not 0 */
    const char *label;                  /* copied */
    size_t member_max;                  /* proven sessions at most */
    const struct bw_exchange *exchange; /* identity mode: our X25519 key of this session, borrowed; else NULL */
};

int bw_channel_create(struct bw_channel **channel, const struct bw_channel_config *config);
void bw_channel_destroy(struct bw_channel *channel);
/* From now on with other keys. The ring is borrowed. */
void bw_channel_set_keyring(struct bw_channel *channel, const struct bw_keyring *keyring);

/* Seals into datagram (BW_DATAGRAM_MAX bytes); returns the size. Remembers the nonce for bw_channel_refused. Identity mode: 0 if it
 * has to be sealed with a pair's keys, and we have none with the recipient in that session. */
size_t bw_channel_seal(struct bw_channel *channel, const struct bw_outbound *out, uint8_t *datagram,
                       struct bw_time now);

/* Identity mode: what a member has signed of its session (pair.h), which has been looked at. Errors as bw_pairs_put. */
int bw_channel_credential(struct bw_channel *channel, const struct bw_credential *credential);
/* Identity mode: 1 if its recipient may not know our own credential yet, and is to be told with it; 0 if not. BW_ERR_NOT_FOUND: we do not
 * know the recipient's for the session that the datagram is bound to. */
int bw_channel_introduces(const struct bw_channel *channel, const struct bw_outbound *out);
/* Whether a datagram says that it is sealed with a pair's keys. */
bool bw_channel_is_paired(struct bw_bytes datagram);

/* Opens. inbound->frames point into the channel's buffer, valid until the next open. 0 or why it was dropped (counted):
 * BW_ERR_DROP_…, or BW_ERR_FULL or BW_ERR_MEMORY when there is no room for one more proven session. Of a datagram of an ended session
 * inbound is filled all the same, with `ended`; and, once a second at most, of one whose counter was used or is too old, with `replayed`. */
int bw_channel_open(struct bw_channel *channel, struct bw_bytes datagram, const struct bw_addr *from,
                    struct bw_inbound *inbound, struct bw_time now);

/* A refusal counts only if it quotes the nonce of a datagram that we sent to that very address within the last
 * window_us, bound to a member from whom nothing authentic came since. 0 and the member's id, or BW_ERR_NOT_FOUND. */
int bw_channel_refused(struct bw_channel *channel, struct bw_bytes quoted, const struct bw_addr *to, int64_t window_us,
                       struct bw_id *id, struct bw_time now);

/* Of which session a datagram says that it is; 0: of none. */
uint64_t bw_channel_session(struct bw_bytes datagram);
/* What will be looked at and written to when a datagram of that session comes, or one is sent there: to be asked of the memory
 * ahead of time, not to be read. Some may be NULL. */
void bw_channel_places(const struct bw_channel *channel, uint64_t session, const struct bw_id *id,
                       const void *places[BW_CHANNEL_PLACES]);

/* Forgets a member's session (reaped). */
void bw_channel_forget(struct bw_channel *channel, const struct bw_id *id);
/* After BW_ERR_FULL: forgets the proven session of somebody who is no member. False: none was found among those that it looked
 * at; the next call looks at others. */
bool bw_channel_make_room(struct bw_channel *channel, bool (*is_member)(void *context, const struct bw_id *id),
                          void *context);
/* The same with a pair. */
bool bw_channel_make_pair_room(struct bw_channel *channel, bool (*is_member)(void *context, const struct bw_id *id),
                               void *context);

uint64_t bw_channel_dropped(const struct bw_channel *channel, int error);
/* The node counts drops of later stages with the same counters. */
void bw_channel_count_drop(struct bw_channel *channel, int error);

#endif
