/* A stand-in for sealing, for speed: as large as the seal, tells other keys, recipients and nonces apart, and keeps no secret. It
 * does not notice a changed plaintext. */
#include "sim/internal.h"

#include "crypto/aead.h"
#include "crypto/keyring.h"
#include "node/internal.h"

#include <string.h>

#define MIX UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t hash, const uint8_t *data, size_t size) {
    uint64_t word = 0;
    for (; size >= sizeof word; data += sizeof word, size -= sizeof word) {
        memcpy(&word, data, sizeof word);
        hash = (hash ^ word) * MIX;
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, data, size);
    return (hash ^ word ^ (uint64_t)size << 56) * MIX;
}

static uint64_t tag_of(struct bw_bytes associated, const uint8_t nonce[BW_NONCE_SIZE], const uint8_t *key) {
    return mix(mix(mix(0, key, 8), nonce, BW_NONCE_SIZE), associated.data, associated.size);
}

static void seal(uint8_t *sealed, struct bw_bytes plain, struct bw_bytes associated, const uint8_t nonce[BW_NONCE_SIZE],
                 const uint8_t *key) {
    uint64_t tag = tag_of(associated, nonce, key);
    memcpy(sealed, plain.data, plain.size);
    memset(sealed + plain.size, 0, BW_TAG_SIZE);
    memcpy(sealed + plain.size, &tag, sizeof tag);
}

static bool open_sealed(uint8_t *plain, struct bw_bytes sealed, struct bw_bytes associated,
                        const uint8_t nonce[BW_NONCE_SIZE], const uint8_t *key) {
    uint64_t tag = tag_of(associated, nonce, key);
    size_t size = sealed.size - BW_TAG_SIZE;
    if (memcmp(sealed.data + size, &tag, sizeof tag) != 0)
        return false;
    memcpy(plain, sealed.data, size);
    return true;
}

/* A ring has pages of its own; with a thousand of them no cache holds the way there. */
static const struct bw_keyring *shared_ring(struct bw_sim *sim, const struct bw_sim_host *host) {
    char keys[BW_SIM_KEYS_SIZE];
    if (sim->keyring == NULL) {
        int error = bw_keyring_create(&sim->keyring, keys, bw_sim_key_text(host, keys, sizeof keys), NULL);
        BW_ASSERT(error == 0);
    }
    return sim->keyring;
}

void bw_sim_unsealed(struct bw_sim *sim, size_t index) {
    static const struct bw_aead stand_in = {.seal = seal, .open = open_sealed};
    struct bw_sim_host *host = &sim->hosts[index];
    bw_channel_set_aead(host->node->channel, &stand_in);
    if (host->key_count == 0)
        bw_channel_set_keyring(host->node->channel, shared_ring(sim, host));
}

void bw_sim_unsealed_free(struct bw_sim *sim) {
    bw_keyring_destroy(sim->keyring);
}
