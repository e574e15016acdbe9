/* Identity mode: the key, the certificate and the authority that the host gave, and what a certificate allows. */
#include "crypto/armour.h"
#include "election/message.h"
#include "node/host.h"
#include "node/internal.h"

#include <string.h>

#define CLAIM_WORDS "bellwether-claim-1"

_Static_assert(BW_CLAIM_SIGNATURE_SIZE == BW_SIGNATURE_SIZE, "the election's signatures are these");

struct given {
    struct bw_identity *identity;
    uint8_t authority[BW_PUBLIC_SIZE];
    struct bw_certificate certificate;
    uint8_t encoded[BW_CERTIFICATE_MAX];
    size_t encoded_size;
};

static bool given_any(const struct bw_config *config) {
    return config->identity != NULL || config->certificate != NULL || config->authority != NULL;
}

/* A scope that is a seat is granted with the scope that it is a seat of. */
static bool grants(const struct bw_certificate *certificate, struct bw_bytes scope, uint16_t *priority) {
    char name[BW_NAME_MAX + 1];
    size_t size = scope.size;
    if (bw_certificate_grants(certificate, scope, priority)) {
        return true;
    }
    memcpy(name, scope.data, scope.size);
    name[scope.size] = '\0';
    return bw_scope_seat(name, &size) >= 0 &&
           bw_certificate_grants(certificate, (struct bw_bytes){scope.data, size}, priority);
}

static bool allowed(const void *context, struct bw_bytes scope, bool range, uint16_t priority) {
    const struct bw_certificate *certificate = context;
    uint8_t beginning[BW_NAME_MAX + 1];
    uint16_t most = 0;
    if (!range) {
        return grants(certificate, scope, &most) && priority <= most;
    }
    memcpy(beginning, scope.data, scope.size);
    beginning[scope.size] = '/';
    return bw_certificate_grants_all(certificate, (struct bw_bytes){beginning, scope.size + 1}, &most) &&
           priority <= most;
}

bool bw_identity_fits(const struct bw_certificate *certificate, struct bw_bytes candidacies) {
    return bw_election_stands(candidacies, allowed, certificate);
}

bool bw_identity_may_lead(void *context, const struct bw_id *id, struct bw_bytes scope) {
    const struct bw_node *node = context;
    struct bw_certificate certificate;
    return node->identity == NULL ||
           (bw_gossip_certificate(node->gossip, id, &certificate) == 0 && grants(&certificate, scope, NULL) &&
            bw_certificate_time(&certificate, node->now.wall_us) == 0 && !bw_gossip_revoked(node->gossip, id));
}

void bw_identity_sign_claim(void *context, struct bw_bytes said, uint8_t *signature) {
    const struct bw_node *node = context;
    bw_gossip_sign(node->gossip, CLAIM_WORDS, said, signature);
}

bool bw_identity_claimed(void *context, const struct bw_id *from, const struct bw_id *leader, struct bw_bytes said,
                         const uint8_t *signature) {
    struct bw_node *node = context;
    return bw_gossip_signed(node->gossip, from, leader, CLAIM_WORDS, said, signature);
}

bool bw_identity_may_stand(const struct bw_node *node, const char *scope, size_t range_count, uint16_t priority) {
    struct bw_certificate certificate;
    return node->identity == NULL ||
           (bw_gossip_certificate(node->gossip, &node->id, &certificate) == 0 &&
            allowed(&certificate, (struct bw_bytes){(const uint8_t *)scope, strlen(scope)}, range_count > 0, priority));
}

/* ------------------------------------------------------------------ what was given */

static bool same_text(struct bw_bytes bytes, const char *text) {
    return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

static const char *look(struct given *given, const struct bw_config *config, int64_t wall_us) {
    if (config->identity == NULL || config->certificate == NULL || config->authority == NULL) {
        return "identity mode needs all three: this member's identity, its certificate and the authority's public key";
    }
    if (bw_identity_read(&given->identity, BW_ARMOUR_IDENTITY, config->identity, config->identity_size) != 0) {
        return "the identity is not one; `bellwether keygen --identity` makes one";
    }
    if (bw_public_parse(given->authority, config->authority) != 0) {
        return "the authority is not a public key, 32 bytes in base64; `bellwether authority init` shows it";
    }
    struct bw_bytes encoded = {given->encoded, 0};
    if (bw_armour_read(BW_ARMOUR_CERTIFICATE, config->certificate, config->certificate_size, given->encoded,
                       sizeof(given->encoded), &given->encoded_size) != 0) {
        return "the certificate is not one; `bellwether authority sign` makes one";
    }
    encoded.size = given->encoded_size;
    if (bw_certificate_read(&given->certificate, encoded) != 0) {
        return "the certificate is damaged; `bellwether authority sign` makes another one";
    }
    if (!bw_certificate_signed_by(encoded, given->authority)) {
        return "the certificate is not signed by this authority";
    }
    if (memcmp(given->certificate.key, bw_identity_public(given->identity), BW_PUBLIC_SIZE) != 0) {
        return "the certificate is for another key than this member's identity";
    }
    if (!same_text(given->certificate.name, config->name)) {
        return "the certificate is for another name than this member's";
    }
    int order = bw_certificate_time(&given->certificate, wall_us);
    if (order != 0) {
        return order < 0 ? "the certificate is not valid yet: is this host's clock right?"
                         : "the certificate has expired; `bellwether authority sign` makes another one";
    }
    return NULL;
}

const char *bw_identity_problem(const struct bw_config *config, int64_t wall_us) {
    struct given given = {.identity = NULL};
    const char *problem = given_any(config) ? look(&given, config, wall_us) : NULL;
    bw_identity_destroy(given.identity);
    return problem;
}

static bool scopes_granted(const struct bw_certificate *certificate, const struct bw_config *config) {
    bool all = true;
    for (size_t i = 0; all && i < config->scope_count; i++) {
        const struct bw_scope_config *scope = &config->scopes[i];
        struct bw_bytes name = {(const uint8_t *)scope->name, strlen(scope->name)};
        all = scope->witness || allowed(certificate, name, scope->range_count > 0, scope->priority);
    }
    return all;
}

int bw_identity_take(struct bw_node *node, const struct bw_config *config) {
    struct given given = {.identity = NULL};
    if (!given_any(config)) {
        return 0;
    }
    const char *problem = look(&given, config, node->now.wall_us);
    int error = problem != NULL ? BW_ERR_IDENTITY : scopes_granted(&given.certificate, config) ? 0 : BW_ERR_NOT_GRANTED;
    if (error != 0) {
        bw_identity_destroy(given.identity);
        return error;
    }
    node->identity = given.identity;
    memcpy(node->authority, given.authority, sizeof(node->authority));
    memcpy(node->certificate, given.encoded, given.encoded_size);
    node->certificate_size = given.encoded_size;
    node->id = bw_identity_id(bw_identity_public(given.identity));
    return 0;
}

/* ------------------------------------------------------------------ while it runs */

int bw_node_set_certificate(struct bw_node *node, const char *certificate, size_t size, struct bw_time now) {
    uint8_t encoded[BW_CERTIFICATE_MAX];
    size_t encoded_size = 0;
    now = bw_node_clamp(node, now);
    if (node->identity == NULL ||
        bw_armour_read(BW_ARMOUR_CERTIFICATE, certificate, size, encoded, sizeof(encoded), &encoded_size) != 0) {
        return BW_ERR_IDENTITY;
    }
    int error = bw_gossip_set_certificate(node->gossip, (struct bw_bytes){encoded, encoded_size}, now);
    bw_node_pump(node);
    return error;
}

int bw_node_revoke(struct bw_node *node, const char *revocation, size_t size, struct bw_time now) {
    uint8_t bytes[BW_REVOCATION_SIZE];
    size_t bytes_size = 0;
    now = bw_node_clamp(node, now);
    int error = bw_armour_read(BW_ARMOUR_REVOCATION, revocation, size, bytes, sizeof(bytes), &bytes_size);
    error = error ? BW_ERR_IDENTITY : bw_gossip_revoke(node->gossip, (struct bw_bytes){bytes, bytes_size}, now);
    bw_node_pump(node);
    return error;
}

int64_t bw_host_certified_until(const struct bw_node *node, const struct bw_id *id) {
    struct bw_certificate certificate;
    if (node->identity != NULL && bw_gossip_revoked(node->gossip, id)) {
        return -1;
    }
    bool known = node->identity != NULL && bw_gossip_certificate(node->gossip, id, &certificate) == 0;
    return known ? (int64_t)certificate.not_after_s : 0;
}

int64_t bw_node_certified_until(const struct bw_node *node) {
    return bw_host_certified_until(node, &node->id);
}
