#include "crypto/certificate.h"

#include "base/base.h"

#include <string.h>

#define VERSION 1u
#define WORDS "bellwether-certificate-1"
#define REVOCATION_WORDS "bellwether-revocation-1"
#define HEAD_SIZE (1u + 8u + BW_PUBLIC_SIZE + 8u + 8u)

/* ------------------------------------------------------------------ grants */

bool bw_grant_next(struct bw_bytes grants, size_t *at, struct bw_grant *grant) {
    size_t left = grants.size - *at;
    if (left < 1 || left < 3u + grants.data[*at]) {
        return false;
    }
    grant->scope = (struct bw_bytes){grants.data + *at + 1, grants.data[*at]};
    grant->priority = bw_get_u16(grant->scope.data + grant->scope.size);
    *at += 3 + grant->scope.size;
    return true;
}

static int order(struct bw_bytes a, struct bw_bytes b) {
    size_t shorter = a.size < b.size ? a.size : b.size;
    int differs = memcmp(a.data, b.data, shorter);
    return differs != 0 ? differs : (a.size > b.size) - (a.size < b.size);
}

static bool begins(struct bw_bytes text, struct bw_bytes beginning) {
    return text.size >= beginning.size && memcmp(text.data, beginning.data, beginning.size) == 0;
}

/* What stands before a final *; nothing otherwise. */
static bool open_ended(struct bw_bytes scope, struct bw_bytes *beginning) {
    bool open = scope.data[scope.size - 1] == '*';
    *beginning = (struct bw_bytes){scope.data, scope.size - 1};
    return open;
}

static bool granted(const struct bw_certificate *certificate, struct bw_bytes scope, bool all, uint16_t *priority) {
    struct bw_grant grant;
    struct bw_bytes beginning;
    bool found = false;
    uint16_t most = 0;
    for (size_t at = 0; bw_grant_next(certificate->grants, &at, &grant);) {
        bool same = !all && order(grant.scope, scope) == 0;
        if (same || (open_ended(grant.scope, &beginning) && begins(scope, beginning))) {
            most = !found || grant.priority > most ? grant.priority : most;
            found = true;
        }
    }
    if (priority) {
        *priority = most;
    }
    return found;
}

bool bw_certificate_grants(const struct bw_certificate *certificate, struct bw_bytes scope, uint16_t *priority) {
    return granted(certificate, scope, false, priority);
}

bool bw_certificate_grants_all(const struct bw_certificate *certificate, struct bw_bytes beginning,
                               uint16_t *priority) {
    return granted(certificate, beginning, true, priority);
}

static bool grants_valid(struct bw_bytes grants, size_t count) {
    struct bw_grant grant;
    struct bw_bytes before = {NULL, 0};
    size_t at = 0;
    size_t found = 0;
    for (; bw_grant_next(grants, &at, &grant); found++) {
        if (!bw_text_valid(grant.scope.data, grant.scope.size, BW_NAME_MAX) ||
            (found > 0 && order(before, grant.scope) >= 0)) {
            return false;
        }
        before = grant.scope;
    }
    return at == grants.size && found == count && count <= BW_GRANT_MAX;
}

/* ------------------------------------------------------------------ the whole */

static bool terms_valid(const struct bw_certificate *certificate) {
    return certificate->serial != 0 && certificate->not_before_s < certificate->not_after_s &&
           certificate->not_after_s <= INT64_MAX / BW_US_PER_S &&
           bw_text_valid(certificate->name.data, certificate->name.size, BW_NAME_MAX);
}

int bw_certificate_read(struct bw_certificate *certificate, struct bw_bytes encoded) {
    const uint8_t *data = encoded.data;
    if (encoded.size > BW_CERTIFICATE_MAX || encoded.size < HEAD_SIZE + 2 + BW_SIGNATURE_SIZE || data[0] != VERSION) {
        return BW_ERR_DROP_MALFORMED;
    }
    size_t end = encoded.size - BW_SIGNATURE_SIZE;
    size_t name_size = data[HEAD_SIZE];
    if (HEAD_SIZE + 1 + name_size + 1 > end) {
        return BW_ERR_DROP_MALFORMED;
    }
    size_t grants_at = HEAD_SIZE + 1 + name_size + 1;
    certificate->serial = bw_get_u64(data + 1);
    memcpy(certificate->key, data + 9, BW_PUBLIC_SIZE);
    certificate->not_before_s = bw_get_u64(data + 9 + BW_PUBLIC_SIZE);
    certificate->not_after_s = bw_get_u64(data + 17 + BW_PUBLIC_SIZE);
    certificate->name = (struct bw_bytes){data + HEAD_SIZE + 1, name_size};
    certificate->grants = (struct bw_bytes){data + grants_at, end - grants_at};
    bool sound = terms_valid(certificate) && grants_valid(certificate->grants, data[grants_at - 1]);
    return sound ? 0 : BW_ERR_DROP_MALFORMED;
}

uint64_t bw_certificate_serial(struct bw_bytes encoded) {
    BW_ASSERT(encoded.size > HEAD_SIZE);
    return bw_get_u64(encoded.data + 1);
}

bool bw_certificate_signed_by(struct bw_bytes encoded, const uint8_t authority[BW_PUBLIC_SIZE]) {
    BW_ASSERT(encoded.size > BW_SIGNATURE_SIZE);
    struct bw_bytes body = {encoded.data, encoded.size - BW_SIGNATURE_SIZE};
    return bw_identity_verify(authority, WORDS, body, encoded.data + body.size);
}

/* The next by scope; NULL: there is none, or one stands there twice. */
static const struct bw_grant *next_of(const struct bw_grant *grants, size_t count, const struct bw_grant *before) {
    const struct bw_grant *next = NULL;
    size_t alike = 0;
    for (size_t i = 0; i < count; i++) {
        if (before && order(grants[i].scope, before->scope) <= 0) {
            continue;
        }
        int than_next = next ? order(grants[i].scope, next->scope) : -1;
        alike = than_next < 0 ? 1 : alike + (than_next == 0);
        next = than_next < 0 ? &grants[i] : next;
    }
    return alike == 1 ? next : NULL;
}

static int put_grants(const struct bw_grant *grants, size_t count, uint8_t *to, size_t room, size_t *size) {
    const struct bw_grant *grant = NULL;
    *size = 0;
    for (size_t i = 0; i < count; i++) {
        grant = next_of(grants, count, grant);
        if (!grant || !bw_text_valid(grant->scope.data, grant->scope.size, BW_NAME_MAX)) {
            return BW_ERR_INVALID;
        }
        if (3 + grant->scope.size > room - *size) {
            return BW_ERR_SPACE;
        }
        to[*size] = (uint8_t)grant->scope.size;
        memcpy(to + *size + 1, grant->scope.data, grant->scope.size);
        bw_put_u16(to + *size + 1 + grant->scope.size, grant->priority);
        *size += 3 + grant->scope.size;
    }
    return 0;
}

int bw_certificate_make(const struct bw_certificate *certificate, const struct bw_grant *grants, size_t grant_count,
                        const struct bw_identity *authority, uint8_t encoded[BW_CERTIFICATE_MAX], size_t *size) {
    size_t grants_size = 0;
    if (!terms_valid(certificate)) {
        return BW_ERR_INVALID;
    }
    if (grant_count > BW_GRANT_MAX) {
        return BW_ERR_SPACE;
    }
    encoded[0] = VERSION;
    bw_put_u64(encoded + 1, certificate->serial);
    memcpy(encoded + 9, certificate->key, BW_PUBLIC_SIZE);
    bw_put_u64(encoded + 9 + BW_PUBLIC_SIZE, certificate->not_before_s);
    bw_put_u64(encoded + 17 + BW_PUBLIC_SIZE, certificate->not_after_s);
    encoded[HEAD_SIZE] = (uint8_t)certificate->name.size;
    memcpy(encoded + HEAD_SIZE + 1, certificate->name.data, certificate->name.size);
    size_t at = HEAD_SIZE + 1 + certificate->name.size;
    encoded[at++] = (uint8_t)grant_count;
    int error =
        put_grants(grants, grant_count, encoded + at, BW_CERTIFICATE_MAX - BW_SIGNATURE_SIZE - at, &grants_size);
    if (error == 0) {
        at += grants_size;
        bw_identity_sign(authority, WORDS, (struct bw_bytes){encoded, at}, encoded + at);
        *size = at + BW_SIGNATURE_SIZE;
    }
    return error;
}

void bw_revocation_make(uint64_t serial, const struct bw_identity *authority, uint8_t revocation[BW_REVOCATION_SIZE]) {
    bw_put_u64(revocation, serial);
    bw_identity_sign(authority, REVOCATION_WORDS, (struct bw_bytes){revocation, 8}, revocation + 8);
}

bool bw_revocation_signed_by(const uint8_t revocation[BW_REVOCATION_SIZE], const uint8_t authority[BW_PUBLIC_SIZE]) {
    return bw_identity_verify(authority, REVOCATION_WORDS, (struct bw_bytes){revocation, 8}, revocation + 8);
}

int bw_certificate_time(const struct bw_certificate *certificate, int64_t wall_us) {
    int64_t now_s = wall_us / BW_US_PER_S;
    if (now_s + BW_CLOCKS_DIFFER_S < (int64_t)certificate->not_before_s) {
        return -1;
    }
    return now_s - BW_CLOCKS_DIFFER_S > (int64_t)certificate->not_after_s ? 1 : 0;
}
