/* Two nodes for programs that measure: pair.h. */
#include "tests/bench/pair.h"

#include "base/base.h"
#include "crypto/armour.h"
#include "crypto/certificate.h"

#include <stdio.h>
#include <string.h>

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define WALL_S INT64_C(1790000000)

static const char *const names[2] = {"n0", "n1"};

/* Texts of one member's key and certificate, as they stand in files. */
struct papers {
    char identity[BW_ARMOUR_TEXT_SIZE(BW_SECRET_SIZE)];
    char certificate[BW_ARMOUR_TEXT_SIZE(BW_CERTIFICATE_MAX)];
    char authority[BW_PUBLIC_TEXT_SIZE];
};

static int issue(struct papers *papers, unsigned index) {
    const uint8_t authority_secret[BW_SECRET_SIZE] = {99}, secret[BW_SECRET_SIZE] = {(uint8_t)(index + 1)};
    const struct bw_grant grant = {{(const uint8_t *)"default", sizeof("default") - 1}, 100};
    struct bw_identity *authority = NULL, *own = NULL;
    uint8_t encoded[BW_CERTIFICATE_MAX];
    size_t size = 0;
    int error = bw_identity_create(&authority, authority_secret);
    if (error == 0)
        error = bw_identity_create(&own, secret);
    if (error == 0) {
        struct bw_certificate certificate = {.serial = index + 1,
                                             .not_before_s = (uint64_t)WALL_S,
                                             .not_after_s = (uint64_t)WALL_S + UINT64_C(86400) * 365,
                                             .name = {(const uint8_t *)names[index], strlen(names[index])}};
        memcpy(certificate.key, bw_identity_public(own), BW_PUBLIC_SIZE);
        error = bw_certificate_make(&certificate, &grant, 1, authority, encoded, &size);
    }
    if (error == 0) {
        bw_armour_write(BW_ARMOUR_CERTIFICATE, (struct bw_bytes){encoded, size}, papers->certificate);
        bw_armour_write(BW_ARMOUR_IDENTITY, (struct bw_bytes){secret, sizeof(secret)}, papers->identity);
        bw_public_text(bw_identity_public(authority), papers->authority);
    }
    bw_identity_destroy(own);
    bw_identity_destroy(authority);
    return error;
}

static void entropy(void *context, void *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)data)[i] = (uint8_t)bw_rng_next(context);
}

struct bw_time pair_time(const struct pair *pair) {
    return (struct bw_time){pair->now_ms * BW_US_PER_MS, WALL_S * BW_US_PER_S + pair->now_ms * BW_US_PER_MS};
}

static int start(struct pair *pair, unsigned index, bool identity) {
    struct papers papers;
    struct bw_config config;
    struct bw_scope_config scope;
    int error = identity ? issue(&papers, index) : 0;
    if (error != 0)
        return error;
    bw_config_init(&config, BW_PROFILE_LAN);
    bw_scope_config_init(&scope, "default");
    bw_rng_seed(&pair->rng[index], index + 1);
    config.allocator = counted_allocator(&pair->memory[index]);
    config.entropy = entropy;
    config.entropy_context = &pair->rng[index];
    config.name = names[index];
    config.addr = pair->addr[index];
    config.keys = KEY;
    config.keys_size = sizeof(KEY) - 1;
    config.scopes = &scope;
    config.scope_count = 1;
    config.seeds = &pair->addr[0];
    config.seed_count = 1;
    if (identity) {
        config.identity = papers.identity;
        config.identity_size = strlen(papers.identity);
        config.certificate = papers.certificate;
        config.certificate_size = strlen(papers.certificate);
        config.authority = papers.authority;
    }
    return bw_node_create(&pair->node[index], &config, pair_time(pair));
}

bool pair_open(struct pair *pair, bool identity) {
    memset(pair, 0, sizeof(*pair));
    for (unsigned i = 0; i < 2; i++)
        pair->addr[i] = (struct bw_addr){.ip = {127, 0, 0, 1}, .port = (uint16_t)(7000 + i), .family = 4};
    for (unsigned i = 0; i < 2; i++) {
        int error = start(pair, i, identity);
        if (error != 0) {
            fprintf(stderr, "pair: node %u: %s\n", i, bw_error_text(error));
            return false;
        }
    }
    return true;
}

void pair_close(struct pair *pair) {
    for (size_t i = 0; i < 2; i++)
        bw_node_destroy(pair->node[i]);
}

void pair_take(struct pair *pair, size_t index) {
    struct bw_event event;
    struct bw_message message;
    while (bw_node_event(pair->node[index], &event)) {
    }
    while (bw_node_message(pair->node[index], &message)) {
    }
}

static void pass(struct pair *pair, size_t from) {
    struct bw_datagram out;
    while (bw_node_transmit(pair->node[from], &out, pair_time(pair))) {
        bw_node_receive(pair->node[1 - from], out.data, out.size, &pair->addr[from], pair_time(pair));
        pair_take(pair, 1 - from);
    }
    pair_take(pair, from);
}

void pair_run(struct pair *pair, int64_t ms) {
    for (int64_t end_ms = pair->now_ms + ms; pair->now_ms < end_ms; pair->now_ms++)
        for (size_t i = 0; i < 2; i++) {
            bw_node_tick(pair->node[i], pair_time(pair));
            pass(pair, i);
            pass(pair, 1 - i);
        }
}

bool pair_agrees(const struct pair *pair) {
    struct bw_scope_info info[2];
    for (size_t i = 0; i < 2; i++)
        if (bw_node_scope(pair->node[i], 0, &info[i], pair_time(pair)) != 0 || !info[i].has_leader)
            return false;
    return bw_token_compare(&info[0].token, &info[1].token) == 0;
}

size_t pair_allocations(const struct pair *pair) {
    return pair->memory[0].calls + pair->memory[1].calls;
}
