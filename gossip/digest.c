/* SipHash-2-4, and what a claim is worth in the digest. The key is no secret: it keeps clusters with other labels apart. */
#include "gossip/digest.h"

#include <string.h>

#include "base/base.h"

static uint64_t rotate_left(uint64_t value, unsigned bits) {
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[1] = rotate_left(v[1], 13) ^ v[0];
    v[0] = rotate_left(v[0], 32);
    v[2] += v[3];
    v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate_left(v[1], 17) ^ v[2];
    v[2] = rotate_left(v[2], 32);
}

static uint64_t little_endian(const uint8_t *from, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value |= (uint64_t)from[i] << (8 * i);
    }
    return value;
}

static void absorb(uint64_t v[4], uint64_t word) {
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

uint64_t bw_digest_hash(const struct bw_digest_key *key, const void *data, size_t size) {
    const uint8_t *bytes = data;
    uint64_t v[4] = {key->words[0] ^ UINT64_C(0x736f6d6570736575), key->words[1] ^ UINT64_C(0x646f72616e646f6d),
                     key->words[0] ^ UINT64_C(0x6c7967656e657261), key->words[1] ^ UINT64_C(0x7465646279746573)};
    size_t whole = size / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        absorb(v, little_endian(bytes + i, 8));
    }
    absorb(v, little_endian(bytes + whole, size - whole) | (uint64_t)size << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct bw_digest_key bw_digest_key(const char *label) {
    struct bw_digest_key first = {{UINT64_C(0x62656c6c77657468), UINT64_C(0x65722d7669657721)}};
    struct bw_digest_key second = {{first.words[1], first.words[0]}};
    size_t size = strlen(label);
    return (struct bw_digest_key){{bw_digest_hash(&first, label, size), bw_digest_hash(&second, label, size)}};
}

uint16_t bw_digest_bucket(const struct bw_digest_key *key, const struct bw_id *id) {
    return (uint16_t)((bw_digest_hash(key, id, sizeof(*id)) >> 32) * BW_BUCKETS_MAX >> 32);
}

uint64_t bw_digest_claim(const struct bw_digest_key *key, const struct bw_id *id, struct bw_claim claim) {
    uint8_t bytes[sizeof(*id) + 8 + 1];
    memcpy(bytes, id, sizeof(*id));
    bw_put_u64(bytes + sizeof(*id), claim.incarnation);
    bytes[sizeof(*id) + 8] = claim.status == BW_STATUS_SUSPECT ? BW_STATUS_ALIVE : (uint8_t)claim.status;
    return bw_digest_hash(key, bytes, sizeof(bytes));
}
