/* Beacons: what a member says on the LAN to whoever may hear it, sealed. Nothing of the cluster is in clear, all beacons have one
 * size, and two of them cannot be told to be of one cluster without its key.
 *
 * "bwd" and version(1), nonce(24), hint(8), ciphertext(332), tag(16); XChaCha20-Poly1305 with a subkey of its own, the first four
 * bytes being the associated data. Nonce = BLAKE2b of the plaintext under a second subkey: it needs no chance, and only equal
 * beacons share one. Hint = SipHash of the nonce under a third: it says to who has the key that it opens, and nothing to others. */
#ifndef BW_CRYPTO_BEACON_H
#define BW_CRYPTO_BEACON_H

#include "base/wire.h"
#include "crypto/keyring.h"
#include <bellwether/discover.h>

extern const struct bw_schema bw_schema_beacon; /* its frame */

/* Seals with the first key. Every field is as a member may have it (the caller's business). */
void bw_beacon_seal(const struct bw_keyring *ring, const struct bw_beacon *beacon, uint8_t sealed[BW_BEACON_SIZE]);

/* Opens with whatever key of the ring fits; ring NULL: with none. 0, or BW_ERR_DROP_SHORT, BW_ERR_DROP_LONG, BW_ERR_DROP_VERSION
 * (no beacon, or of another version), BW_ERR_DROP_KEY (a beacon that no key of ours made), BW_ERR_DROP_AUTH (forged or damaged),
 * BW_ERR_DROP_MALFORMED. */
int bw_beacon_open(const struct bw_keyring *ring, struct bw_bytes sealed, struct bw_beacon *beacon);

#endif
