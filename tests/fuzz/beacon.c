/* Target: beacons – raw, or with a plaintext of the fuzzer's that a key of the ring seals; then a node hears them, with time between. Whatever
 * it hears, it believes nothing of it: it has no member more, and sends a few small probes in a second at most. */
#include "crypto/beacon.h"
#include "base/rng.h"
#include "crypto/aead.h"
#include "tests/fuzz/fuzz.h"

#include <bellwether/node.h>
#include <sodium.h>
#include <string.h>

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define OTHER_KEY "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n"
#define HINT_AT (4 + BW_NONCE_SIZE)
#define BODY_AT (HINT_AT + crypto_shorthash_BYTES)
#define PLAIN_SIZE (BW_BEACON_SIZE - BODY_AT - BW_TAG_SIZE)
#define SENT_MAX 8u /* datagrams in a second, those to nobody included */

/* As bw_beacon_seal, but with whatever plaintext. */
static void seal(const struct bw_keyring *ring, size_t index, const uint8_t plain[PLAIN_SIZE],
                 uint8_t sealed[BW_BEACON_SIZE]) {
    struct bw_beacon_key key;
    bw_keyring_beacon(ring, index, &key);
    memcpy(sealed, "bwd\1", 4);
    crypto_generichash(sealed + 4, BW_NONCE_SIZE, plain, PLAIN_SIZE, key.nonce_key, crypto_generichash_KEYBYTES);
    crypto_shorthash(sealed + HINT_AT, sealed + 4, BW_NONCE_SIZE, key.hint_key);
    bw_aead_xchacha20poly1305.seal(sealed + BODY_AT, (struct bw_bytes){plain, PLAIN_SIZE}, (struct bw_bytes){sealed, 4},
                                   sealed + 4, key.seal_key);
}

static void put_text(uint8_t *plain, size_t *at, struct fuzz_input *in) {
    struct bw_bytes text = fuzz_bytes(in, fuzz_below(in, BW_NAME_MAX + 2));
    bw_put_u16(plain + *at, (uint16_t)text.size);
    if (text.size > 0)
        memcpy(plain + *at + 2, text.data, text.size);
    *at += 2 + text.size;
}

/* Nearly a beacon: each field as the fuzzer likes, of this cluster and with a name where it likes neither. */
static void made(struct fuzz_input *in, uint8_t plain[PLAIN_SIZE], const struct bw_keyring *ring,
                 uint8_t sealed[BW_BEACON_SIZE]) {
    struct bw_beacon beacon = {
        .session = fuzz_take(in, 2), .number = fuzz_take(in, 2), .name = "n", .cluster = "default"};
    size_t key = fuzz_below(in, 2);
    beacon.id.bytes[0] = (uint8_t)fuzz_take(in, 1);
    beacon.addr = (struct bw_addr){.ip = {127, 0, 0, 1}, .port = (uint16_t)fuzz_take(in, 2), .family = 4};
    beacon.member_count = (uint32_t)fuzz_take(in, 4);
    beacon.protocol_min = (uint8_t)fuzz_take(in, 1);
    beacon.protocol_max = (uint8_t)fuzz_take(in, 1);
    if (key == 0) {
        bw_beacon_seal(ring, &beacon, sealed);
        return;
    }
    size_t at = 0;
    put_text(plain, &at, in); /* no frame at all, or the beginning of one */
    struct bw_bytes rest = fuzz_bytes(in, PLAIN_SIZE - at);
    if (rest.size > 0)
        memcpy(plain + at, rest.data, rest.size);
    seal(ring, 1, plain, sealed);
}

static bool same(const struct bw_beacon *a, const struct bw_beacon *b) {
    return bw_id_equal(&a->id, &b->id) && a->session == b->session && a->number == b->number &&
           bw_addr_equal(&a->addr, &b->addr) && a->member_count == b->member_count &&
           a->protocol_min == b->protocol_min && a->protocol_max == b->protocol_max && strcmp(a->name, b->name) == 0 &&
           strcmp(a->cluster, b->cluster) == 0;
}

/* What opens is what a member may say, and says it again. */
static void check(const struct bw_keyring *ring, struct bw_bytes sealed) {
    struct bw_beacon beacon, again;
    uint8_t resealed[BW_BEACON_SIZE];
    FUZZ_CHECK(bw_beacon_open(NULL, sealed, &beacon) != 0);
    if (bw_beacon_open(ring, sealed, &beacon) != 0)
        return;
    FUZZ_CHECK(bw_text_valid((const uint8_t *)beacon.name, strlen(beacon.name), BW_NAME_MAX));
    FUZZ_CHECK(bw_text_valid((const uint8_t *)beacon.cluster, strlen(beacon.cluster), BW_NAME_MAX));
    FUZZ_CHECK(beacon.session != 0 && beacon.number != 0 && beacon.addr.port != 0);
    bw_beacon_seal(ring, &beacon, resealed);
    FUZZ_CHECK(bw_beacon_open(ring, (struct bw_bytes){resealed, sizeof(resealed)}, &again) == 0 &&
               same(&beacon, &again));
}

static void entropy(void *context, void *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)data)[i] = (uint8_t)bw_rng_next(context);
}

static struct bw_node *listening(struct fuzz_memory *memory, struct bw_rng *rng, struct bw_time now) {
    struct bw_node *node = NULL;
    struct bw_config config;
    bw_config_init(&config, BW_PROFILE_LAN);
    bw_rng_seed(rng, 1);
    config.allocator = fuzz_allocator(memory);
    config.entropy = entropy;
    config.entropy_context = rng;
    config.name = "n0";
    config.addr = (struct bw_addr){.ip = {127, 0, 0, 1}, .port = 7000, .family = 4};
    config.keys = KEY OTHER_KEY;
    config.keys_size = strlen(config.keys);
    config.discover = true;
    FUZZ_CHECK(bw_node_create(&node, &config, now) == 0);
    return node;
}

/* A second: it goes on, and sends little. */
static void live(struct bw_node *node, struct bw_time *now) {
    struct bw_datagram datagram;
    struct bw_event event;
    size_t sent = 0;
    for (int64_t until_us = now->mono_us + BW_US_PER_S; now->mono_us < until_us;) {
        while (bw_node_transmit(node, &datagram, *now))
            sent++;
        while (bw_node_event(node, &event))
            FUZZ_CHECK(event.type != BW_EVENT_MEMBER_ALIVE || strcmp(event.name, "n0") == 0);
        int64_t next_us = bw_node_deadline(node);
        int64_t step_us = next_us > now->mono_us ? next_us - now->mono_us : 1;
        now->mono_us += step_us;
        now->wall_us += step_us;
        bw_node_tick(node, *now);
    }
    FUZZ_CHECK(sent <= SENT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct fuzz_memory memory = {0};
    struct bw_rng rng;
    struct bw_keyring *ring = NULL;
    struct bw_time now = {BW_US_PER_S, INT64_C(1790000000000000)};
    FUZZ_CHECK(bw_keyring_create(&ring, KEY OTHER_KEY, strlen(KEY OTHER_KEY), NULL) == 0);
    struct bw_node *node = listening(&memory, &rng, now);
    for (size_t step = 0; step < 64 && in.size > 0; step++) {
        uint8_t sealed[BW_BEACON_SIZE + 1] = {0};
        uint8_t plain[PLAIN_SIZE] = {0};
        struct bw_bytes beacon = {sealed, BW_BEACON_SIZE};
        struct bw_beacon heard;
        size_t how = fuzz_below(&in, 8);
        if (how == 0) {
            struct bw_bytes raw = fuzz_bytes(&in, sizeof(sealed));
            memcpy(sealed, raw.data, raw.size);
            beacon.size = raw.size;
        } else if (how < 7) {
            made(&in, plain, ring, sealed);
            sealed[fuzz_below(&in, 4) == 3 ? fuzz_take(&in, 1) : BW_BEACON_SIZE] ^= 1; /* hurt, or not */
        } else {
            live(node, &now);
            continue;
        }
        check(ring, beacon);
        (void)bw_node_hear(node, beacon.data, beacon.size, &heard, now);
    }
    live(node, &now);
    bw_node_destroy(node);
    FUZZ_CHECK(memory.used_size == 0);
    bw_keyring_destroy(ring);
    return 0;
}
