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
 * Checks run cheapest first: length, version, hint, window, AEAD. No allocation before the AEAD has passed, none at all
 * for a known session. The AEAD is a pair of functions so that the simulator can use a stand-in of the same size. */
#ifndef BW_CRYPTO_CHANNEL_H
#define BW_CRYPTO_CHANNEL_H

#include "base/envelope.h"
#include "base/trace.h"
#include "crypto/keyring.h"
#include <bellwether/error.h>
#include <bellwether/types.h>

#define BW_PACKET_VERSION 1u
#define BW_QUOTE_SIZE 28u /* header and nonce: what an ICMP error must quote */

struct bw_channel;

struct bw_channel_config {
    struct bw_allocator allocator;
    struct bw_trace *trace;
    struct bw_keyring *keyring; /* borrowed */
    struct bw_id self;
    uint64_t session;  /* random per boot, not 0 */
    const char *label; /* copied */
    size_t member_max; /* proven sessions at most */
};

int bw_channel_create(struct bw_channel **channel, const struct bw_channel_config *config);
void bw_channel_destroy(struct bw_channel *channel);
/* From now on with other keys. The ring is borrowed. */
void bw_channel_set_keyring(struct bw_channel *channel, const struct bw_keyring *keyring);

/* Seals into datagram (BW_DATAGRAM_MAX bytes); returns the size. Remembers the nonce for bw_channel_refused. */
size_t bw_channel_seal(struct bw_channel *channel, const struct bw_outbound *out, uint8_t *datagram,
                       struct bw_time now);

/* Opens. inbound->frames point into the channel's buffer, valid until the next open. 0 or why it was dropped (counted):
 * BW_ERR_DROP_…, or BW_ERR_FULL or BW_ERR_MEMORY when there is no room for one more proven session. */
int bw_channel_open(struct bw_channel *channel, struct bw_bytes datagram, const struct bw_addr *from,
                    struct bw_inbound *inbound, struct bw_time now);

/* A refusal counts only if it quotes the nonce of a datagram that we sent to that very address within the last
 * window_us, bound to a member from whom nothing authentic came since. 0 and the member's id, or BW_ERR_NOT_FOUND. */
int bw_channel_refused(struct bw_channel *channel, struct bw_bytes quoted, const struct bw_addr *to, int64_t window_us,
                       struct bw_id *id, struct bw_time now);

/* Forgets a member's session (reaped). */
void bw_channel_forget(struct bw_channel *channel, const struct bw_id *id);

uint64_t bw_channel_dropped(const struct bw_channel *channel, int error);
/* The node counts drops of later stages with the same counters. */
void bw_channel_count_drop(struct bw_channel *channel, int error);

#endif
