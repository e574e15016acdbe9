/* What gossip's table takes for each member that it knows:
 *
 *   row [identity] MEMBERS...
 *
 * A node is told of so many members, and what its allocator gave more by then is divided by their number: the row, its place in the
 * ring and in the index. The record, which is a block of its own (address, name, tags, candidacies, in identity mode the signature and
 * certificate), is counted apart; so is what is kept of peers that it has spoken with, and of suspects. */
#include "crypto/certificate.h"
#include "gossip/machine.h"
#include "tests/bench/counted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bw_frame_member frame_of(size_t number) {
    static char name[16];
    int size = snprintf(name, sizeof name, "host-%zu", number);
    struct bw_frame_member frame = {
        .incarnation = 1,
        .session = number + 1,
        .addr = {.ip = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number},
                 .port = 7000,
                 .family = 4},
        .protocol_min = 1,
        .protocol_max = 1,
        .name = {(const uint8_t *)name, (size_t)size}};
    bw_put_u32(frame.id.bytes, (uint32_t)(number * 2654435761u));
    bw_put_u32(frame.id.bytes + 12, (uint32_t)number + 1);
    return frame;
}

/* As a member's with one scope. */
static size_t certify(uint8_t encoded[BW_CERTIFICATE_MAX]) {
    const uint8_t secret[BW_SECRET_SIZE] = {99};
    const struct bw_grant grant = {{(const uint8_t *)"default", sizeof("default") - 1}, 100};
    const struct bw_certificate certificate = {
        .serial = 1, .not_after_s = 86400, .name = {(const uint8_t *)"host-1000", sizeof("host-1000") - 1}};
    struct bw_identity *authority = NULL;
    size_t size = 0;
    if (bw_identity_create(&authority, secret) != 0)
        return 0;
    if (bw_certificate_make(&certificate, &grant, 1, authority, encoded, &size) != 0)
        size = 0;
    bw_identity_destroy(authority);
    return size;
}

static int measure(size_t members, bool identity) {
    static uint8_t certificate[BW_CERTIFICATE_MAX], signature[BW_SIGNATURE_SIZE], exchange[BW_EXCHANGE_SIZE];
    size_t certificate_size = identity ? certify(certificate) : 0;
    const struct bw_proof proof = {
        .certificate = {certificate, certificate_size}, .exchange = exchange, .signature = signature};
    if (identity && certificate_size == 0)
        return 1;
    struct counted memory = {0};
    struct bw_trace trace = {0};
    struct bw_config config;
    bw_config_init(&config, BW_PROFILE_LAN);
    config.params.member_max = 65536;
    struct bw_frame_member self = frame_of(0);
    struct bw_gossip_config own = {.allocator = counted_allocator(&memory),
                                   .trace = &trace,
                                   .params = config.params,
                                   .seed = 1,
                                   .self = self.id,
                                   .session = self.session,
                                   .incarnation = 1,
                                   .name = "host-0",
                                   .label = "default",
                                   .addr = self.addr};
    struct bw_gossip *g = NULL;
    if (bw_gossip_create(&g, &own, (struct bw_time){0}) != 0)
        return 1;
    size_t before = memory.used_size;
    size_t records = 0, strings = 0;
    for (size_t i = 1; i < members; i++) {
        struct bw_frame_member frame = frame_of(i);
        struct bw_member *member = bw_view_create(g, &frame, identity ? &proof : NULL);
        if (member == NULL || bw_view_add(g, member) != 0)
            return 1;
        records += bw_info_size(member->info);
        strings += member->info->name_size + 1u + member->info->tags_size + member->info->candidacies_size;
    }
    double others = (double)members - 1;
    printf("{\"members\": %zu, \"mode\": \"%s\", \"row\": %.1f, \"of_that_struct\": %zu, \"record\": %.1f, "
           "\"of_that_strings\": %.1f, \"peer\": %zu, \"suspicion\": %zu, \"fixed\": %zu}\n",
           members, identity ? "identity" : "key", (double)(memory.used_size - before - records) / others,
           sizeof(struct bw_member), (double)records / others, (double)strings / others, sizeof(struct bw_peer),
           sizeof(struct bw_suspicion), before);
    bw_gossip_destroy(g);
    return memory.used_size == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    bool identity = argc > 1 && strcmp(argv[1], "identity") == 0;
    int failed = 0;
    for (int i = identity ? 2 : 1; i < argc; i++) {
        size_t members = strtoull(argv[i], NULL, 10);
        if (members < 2) {
            fprintf(stderr, "row [identity] MEMBERS...: '%s' is no number above 1\n", argv[i]);
            return 2;
        }
        failed |= measure(members, identity);
    }
    return failed;
}
