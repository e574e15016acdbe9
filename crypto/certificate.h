/* Certificates (security.md, Identity mode): an authority's word on whose a public key is, which scopes it may lead with what
 * priority at most, and for how long. One encoding, bounded:
 *
 *   version(1) = 1, serial(8), public key(32), not before(8), not after(8), name size(1), name,
 *   grants(1), each: scope size(1), scope, priority(2); signature(64) over all before it
 *
 * Times are seconds since 1970. Grants rise by scope, byte by byte. A scope that ends with * stands for all that begin so. */
#ifndef BW_CRYPTO_CERTIFICATE_H
#define BW_CRYPTO_CERTIFICATE_H

#include "crypto/identity.h"

#define BW_CERTIFICATE_MAX 400u
#define BW_GRANT_MAX 32u

struct bw_certificate {
    uint64_t serial; /* not 0 */
    uint8_t key[BW_PUBLIC_SIZE];
    uint64_t not_before_s;
    uint64_t not_after_s;
    struct bw_bytes name;
    struct bw_bytes grants; /* encoded: see bw_grant_next */
};

struct bw_grant {
    struct bw_bytes scope;
    uint16_t priority; /* at most */
};

/* Takes one apart that stands alone in `encoded`, into which name and grants point. It says nothing of the signature.
 * BW_ERR_DROP_MALFORMED unless it is exactly one well-formed certificate. */
int bw_certificate_read(struct bw_certificate *certificate, struct bw_bytes encoded);
/* The serial of what bw_certificate_read has taken apart once. */
uint64_t bw_certificate_serial(struct bw_bytes encoded);
/* Signs and encodes. `grants` of the certificate are not looked at: grants stand in the list, in any order.
 * BW_ERR_INVALID (a scope or name that is none, a scope twice, a time that ends before it begins), BW_ERR_SPACE. */
int bw_certificate_make(const struct bw_certificate *certificate, const struct bw_grant *grants, size_t grant_count,
                        const struct bw_identity *authority, uint8_t encoded[BW_CERTIFICATE_MAX], size_t *size);
/* Whether this authority signed what bw_certificate_read has taken apart. */
bool bw_certificate_signed_by(struct bw_bytes encoded, const uint8_t authority[BW_PUBLIC_SIZE]);

/* Steps through the grants; at begins with 0. */
bool bw_grant_next(struct bw_bytes grants, size_t *at, struct bw_grant *grant);
/* Whether it may lead the scope, and with what priority at most; may be NULL. */
bool bw_certificate_grants(const struct bw_certificate *certificate, struct bw_bytes scope, uint16_t *priority);
/* The same of all scopes that begin so: one grant covers them. */
bool bw_certificate_grants_all(const struct bw_certificate *certificate, struct bw_bytes beginning, uint16_t *priority);
/* An authority's word that a certificate counts no more: serial(8) signature(64). */
#define BW_REVOCATION_SIZE (8u + BW_SIGNATURE_SIZE)
void bw_revocation_make(uint64_t serial, const struct bw_identity *authority, uint8_t revocation[BW_REVOCATION_SIZE]);
bool bw_revocation_signed_by(const uint8_t revocation[BW_REVOCATION_SIZE], const uint8_t authority[BW_PUBLIC_SIZE]);

/* Negative: not yet valid; 0: valid; positive: expired. Clocks may differ by BW_CLOCKS_DIFFER_S. */
#define BW_CLOCKS_DIFFER_S 300
int bw_certificate_time(const struct bw_certificate *certificate, int64_t wall_us);

#endif
