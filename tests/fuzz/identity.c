/* Target: what identity mode reads – certificates, lines of keys, revocations –, raw or signed by the authority; then a node that is given
 * them. What is well formed has one encoding; and whatever a node is given, its certificate is the authority's, on its key and name. */
#include "base/rng.h"
#include "crypto/armour.h"
#include "crypto/certificate.h"
#include "tests/fuzz/fuzz.h"

#include <bellwether/node.h>
#include <stdlib.h>
#include <string.h>

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define NOW_S INT64_C(1790000000)
#define WORDS "bellwether-certificate-1"
#define NODE_NAME "n0"

static const uint8_t authority_secret[BW_SECRET_SIZE] = {1}, node_secret[BW_SECRET_SIZE] = {2};

struct people {
    struct bw_identity *authority, *node;
    char authority_key[BW_PUBLIC_TEXT_SIZE];
};

static void certificate(const struct people *people, struct bw_bytes encoded) {
    struct bw_certificate read;
    struct bw_grant grants[BW_GRANT_MAX], grant;
    uint8_t again[BW_CERTIFICATE_MAX];
    uint16_t priority = 0;
    size_t count = 0, size = 0;
    if (bw_certificate_read(&read, encoded) != 0)
        return;
    for (size_t at = 0; bw_grant_next(read.grants, &at, &grant); count++) {
        FUZZ_CHECK(count < BW_GRANT_MAX);
        FUZZ_CHECK(bw_certificate_grants(&read, grant.scope, &priority));
        grants[count] = grant;
    }
    FUZZ_CHECK(bw_certificate_make(&read, grants, count, people->authority, again, &size) == 0);
    FUZZ_CHECK(size == encoded.size && memcmp(again, encoded.data, size - BW_SIGNATURE_SIZE) == 0);
    FUZZ_CHECK(bw_certificate_signed_by((struct bw_bytes){again, size}, bw_identity_public(people->authority)));
    (void)bw_certificate_time(&read, NOW_S * BW_US_PER_S);
}

static void lines(struct fuzz_input *in) {
    static const char *const words[] = {BW_ARMOUR_IDENTITY, BW_ARMOUR_AUTHORITY, BW_ARMOUR_PUBLIC,
                                        BW_ARMOUR_CERTIFICATE, BW_ARMOUR_REVOCATION};
    const char *word = words[fuzz_below(in, BW_COUNT(words))];
    uint8_t data[BW_CERTIFICATE_MAX], again[BW_CERTIFICATE_MAX], key[BW_PUBLIC_SIZE];
    char line[BW_ARMOUR_TEXT_SIZE(BW_CERTIFICATE_MAX)];
    struct bw_identity *identity = NULL;
    size_t size = 0, again_size = 0;
    char *text = fuzz_text((struct bw_bytes){in->data, in->size});
    if (bw_armour_read(word, text, in->size, data, sizeof(data), &size) == 0) {
        FUZZ_CHECK(size <= sizeof(data));
        bw_armour_write(word, (struct bw_bytes){data, size}, line);
        FUZZ_CHECK(bw_armour_read(word, line, strlen(line), again, sizeof(again), &again_size) == 0);
        FUZZ_CHECK(size == again_size && memcmp(data, again, size) == 0);
    }
    if (bw_identity_read(&identity, word, text, in->size) == 0)
        bw_identity_destroy(identity);
    if (bw_public_parse(key, text) == 0) {
        bw_public_text(key, line);
        FUZZ_CHECK(strcmp(line, text) == 0);
    }
    free(text);
}

static void entropy(void *context, void *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)data)[i] = (uint8_t)bw_rng_next(context);
}

static struct bw_node *certified(const struct people *people, struct fuzz_memory *memory, struct bw_rng *rng) {
    char identity[BW_ARMOUR_TEXT_SIZE(BW_SECRET_SIZE)], text[BW_ARMOUR_TEXT_SIZE(BW_CERTIFICATE_MAX)];
    uint8_t encoded[BW_CERTIFICATE_MAX];
    size_t size = 0;
    struct bw_node *node = NULL;
    struct bw_config config;
    struct bw_certificate first = {.serial = 1,
                                   .not_before_s = (uint64_t)NOW_S,
                                   .not_after_s = (uint64_t)NOW_S + 86400,
                                   .name = {(const uint8_t *)NODE_NAME, strlen(NODE_NAME)}};
    memcpy(first.key, bw_identity_public(people->node), sizeof(first.key));
    FUZZ_CHECK(bw_certificate_make(&first, NULL, 0, people->authority, encoded, &size) == 0);
    bw_armour_write(BW_ARMOUR_CERTIFICATE, (struct bw_bytes){encoded, size}, text);
    bw_armour_write(BW_ARMOUR_IDENTITY, (struct bw_bytes){node_secret, sizeof(node_secret)}, identity);
    bw_config_init(&config, BW_PROFILE_LAN);
    bw_rng_seed(rng, 1);
    config.allocator = fuzz_allocator(memory);
    config.entropy = entropy;
    config.entropy_context = rng;
    config.name = NODE_NAME;
    config.addr = (struct bw_addr){.ip = {127, 0, 0, 1}, .port = 7000, .family = 4};
    config.keys = KEY;
    config.keys_size = strlen(KEY);
    config.identity = identity;
    config.identity_size = strlen(identity);
    config.certificate = text;
    config.certificate_size = strlen(text);
    config.authority = people->authority_key;
    FUZZ_CHECK(bw_node_create(&node, &config, (struct bw_time){BW_US_PER_S, NOW_S * BW_US_PER_S}) == 0);
    return node;
}

/* As the input says, signed by the authority or not, for the node or for anybody. */
static size_t write_certificate(const struct people *people, struct fuzz_input *in,
                                uint8_t encoded[BW_CERTIFICATE_MAX]) {
    size_t signed_by_us = fuzz_below(in, 2), ours = fuzz_below(in, 2);
    struct bw_bytes raw = fuzz_bytes(in, fuzz_take(in, 2) % (BW_CERTIFICATE_MAX - BW_SIGNATURE_SIZE));
    memset(encoded, 0, BW_CERTIFICATE_MAX);
    if (raw.size > 0)
        memcpy(encoded, raw.data, raw.size);
    if (ours == 1 && raw.size > 9 + BW_PUBLIC_SIZE)
        memcpy(encoded + 9, bw_identity_public(people->node), BW_PUBLIC_SIZE);
    if (signed_by_us == 1)
        bw_identity_sign(people->authority, WORDS, (struct bw_bytes){encoded, raw.size}, encoded + raw.size);
    return raw.size + BW_SIGNATURE_SIZE;
}

/* Hurt, or not. What is revoked already is not looked at again. */
static void revoke(const struct people *people, struct bw_node *node, struct fuzz_input *in, bool revoked[256],
                   struct bw_time now) {
    uint8_t data[BW_REVOCATION_SIZE];
    char text[BW_ARMOUR_TEXT_SIZE(BW_REVOCATION_SIZE)];
    bw_revocation_make(fuzz_take(in, 1), people->authority, data);
    data[fuzz_below(in, BW_REVOCATION_SIZE)] ^= (uint8_t)fuzz_take(in, 1);
    bw_armour_write(BW_ARMOUR_REVOCATION, (struct bw_bytes){data, BW_REVOCATION_SIZE}, text);
    if (bw_node_revoke(node, text, strlen(text), now) == 0) {
        bool ours = bw_revocation_signed_by(data, bw_identity_public(people->authority));
        FUZZ_CHECK(ours || (bw_get_u64(data) < 256 && revoked[bw_get_u64(data)]));
        revoked[data[7]] |= ours;
    }
}

static void live(const struct people *people, struct fuzz_input *in) {
    bool revoked[256] = {false};
    struct fuzz_memory memory = {0};
    struct bw_rng rng;
    struct bw_node *node = certified(people, &memory, &rng);
    struct bw_time now = {BW_US_PER_S, NOW_S * BW_US_PER_S};
    char text[BW_ARMOUR_TEXT_SIZE(BW_CERTIFICATE_MAX)];
    uint8_t data[BW_CERTIFICATE_MAX];
    for (size_t step = 0; step < 32 && in->size > 0; step++) {
        size_t how = fuzz_below(in, 4);
        int64_t until_s = bw_node_certified_until(node);
        if (how < 2) {
            struct bw_certificate read;
            struct bw_bytes encoded = {data, write_certificate(people, in, data)};
            bw_armour_write(BW_ARMOUR_CERTIFICATE, encoded, text);
            certificate(people, encoded);
            if (bw_node_set_certificate(node, text, strlen(text), now) == 0) {
                FUZZ_CHECK(bw_certificate_read(&read, encoded) == 0);
                FUZZ_CHECK(bw_certificate_signed_by(encoded, bw_identity_public(people->authority)));
                FUZZ_CHECK(memcmp(read.key, bw_identity_public(people->node), sizeof(read.key)) == 0);
                FUZZ_CHECK(read.name.size == strlen(NODE_NAME) &&
                           memcmp(read.name.data, NODE_NAME, read.name.size) == 0);
            } else {
                FUZZ_CHECK(bw_node_certified_until(node) == until_s);
            }
        } else if (how == 2) {
            revoke(people, node, in, revoked, now);
        } else {
            struct bw_datagram datagram;
            int64_t step_us = (int64_t)fuzz_take(in, 4);
            now.mono_us += step_us;
            now.wall_us += step_us * (int64_t)(1 + fuzz_take(in, 1));
            bw_node_tick(node, now);
            while (bw_node_transmit(node, &datagram, now))
                FUZZ_CHECK(datagram.size <= BW_DATAGRAM_MAX);
        }
    }
    bw_node_destroy(node);
    FUZZ_CHECK(memory.used_size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct people people;
    FUZZ_CHECK(bw_identity_create(&people.authority, authority_secret) == 0);
    FUZZ_CHECK(bw_identity_create(&people.node, node_secret) == 0);
    bw_public_text(bw_identity_public(people.authority), people.authority_key);
    size_t how = fuzz_below(&in, 3);
    if (how == 0) {
        char *copy = fuzz_text((struct bw_bytes){in.data, in.size});
        certificate(&people, (struct bw_bytes){(const uint8_t *)copy, in.size});
        free(copy);
    } else if (how == 1) {
        lines(&in);
    } else {
        live(&people, &in);
    }
    bw_identity_destroy(people.node);
    bw_identity_destroy(people.authority);
    return 0;
}
