#include "tests/scenario/certified.h"

#include "base/base.h"
#include "crypto/armour.h"
#include "crypto/certificate.h"

#include <stdio.h>
#include <string.h>

#define AUTHORITY CERTIFIED_MAX /* the number of the authority's own key */

static struct bw_identity *key_of(size_t number) {
    uint8_t secret[BW_SECRET_SIZE] = {0};
    struct bw_identity *made = NULL;
    bw_put_u64(secret, number + 1);
    int error = bw_identity_create(&made, secret);
    BW_ASSERT(error == 0);
    return made;
}

static const char *certificate_of(size_t host, uint64_t serial) {
    static char text[BW_ARMOUR_TEXT_SIZE(BW_CERTIFICATE_MAX)];
    uint8_t encoded[BW_CERTIFICATE_MAX];
    char name[16];
    size_t size = 0;
    const struct bw_grant all = {{(const uint8_t *)"*", 1}, UINT16_MAX};
    struct bw_identity *key = key_of(host);
    struct bw_identity *authority = key_of(AUTHORITY);
    int length = snprintf(name, sizeof name, "n%zu", host);
    struct bw_certificate certificate = {.serial = serial,
                                         .not_before_s = 0,
                                         .not_after_s = INT64_MAX / 2 / BW_US_PER_S,
                                         .name = {(const uint8_t *)name, (size_t)length}};
    memcpy(certificate.key, bw_identity_public(key), BW_PUBLIC_SIZE);
    int error = bw_certificate_make(&certificate, &all, 1, authority, encoded, &size);
    BW_ASSERT(error == 0);
    bw_armour_write(BW_ARMOUR_CERTIFICATE, (struct bw_bytes){encoded, size}, text);
    bw_identity_destroy(key);
    bw_identity_destroy(authority);
    return text;
}

void certified(void *context, size_t host, struct bw_config *config) {
    static char identities[CERTIFIED_MAX][BW_ARMOUR_TEXT_SIZE(BW_SECRET_SIZE)];
    static char certificates[CERTIFIED_MAX][BW_ARMOUR_TEXT_SIZE(BW_CERTIFICATE_MAX)];
    static char authority_text[BW_PUBLIC_TEXT_SIZE];
    uint8_t secret[BW_SECRET_SIZE] = {0};
    (void)context;
    BW_ASSERT(host < CERTIFIED_MAX);
    if (identities[host][0] == '\0') {
        struct bw_identity *authority = key_of(AUTHORITY);
        bw_public_text(bw_identity_public(authority), authority_text);
        bw_identity_destroy(authority);
        bw_put_u64(secret, host + 1);
        bw_armour_write(BW_ARMOUR_IDENTITY, (struct bw_bytes){secret, sizeof secret}, identities[host]);
        strcpy(certificates[host], certificate_of(host, host + 1));
    }
    config->identity = identities[host];
    config->identity_size = strlen(identities[host]);
    config->certificate = certificates[host];
    config->certificate_size = strlen(certificates[host]);
    config->authority = authority_text;
}

const char *certified_anew(size_t host, uint64_t serial) {
    return certificate_of(host, serial);
}

const char *certified_revocation(uint64_t serial) {
    static char text[BW_ARMOUR_TEXT_SIZE(BW_REVOCATION_SIZE)];
    uint8_t revocation[BW_REVOCATION_SIZE];
    struct bw_identity *authority = key_of(AUTHORITY);
    bw_revocation_make(serial, authority, revocation);
    bw_armour_write(BW_ARMOUR_REVOCATION, (struct bw_bytes){revocation, sizeof revocation}, text);
    bw_identity_destroy(authority);
    return text;
}
