/* Identity mode: a claim, and the end of a reign, are signed by their leader, whoever tells of them. What is signed is the record, of
 * which the leader's own words (claim, answer, an entry of a set, resign) are other forms: so who hears those can pass the record
 * on. One signature for each record, however often it is sent; one look at it, however often it is heard. */
#include "election/state.h"

#include <string.h>

/* The last record that was signed, or looked at. */
struct bw_sealed {
    uint8_t said[BW_CLAIM_SAID_MAX];
    size_t said_size; /* 0: none yet */
    uint8_t signature[BW_CLAIM_SIGNATURE_SIZE];
};

struct bw_seals {
    struct bw_sealed own;
    struct bw_sealed theirs;                   /* looked at, and sound */
    uint8_t accepted[BW_CLAIM_SIGNATURE_SIZE]; /* of scope->claim, if that is another's */
};

bool bw_seals_make(const struct bw_election *e, struct bw_scope *scope) {
    scope->seals = e->sign != NULL ? bw_alloc(&e->allocator, sizeof *scope->seals) : NULL;
    return e->sign == NULL || scope->seals != NULL;
}

void bw_seals_free(const struct bw_election *e, struct bw_scope *scope) {
    bw_free(&e->allocator, scope->seals, scope->seals != NULL ? sizeof *scope->seals : 0);
}

/* The leader's own words do not say of a mode more than whether it is quorum. */
size_t bw_claim_said(struct bw_bytes scope, const struct bw_claim *claim, uint8_t said[BW_CLAIM_SAID_MAX]) {
    struct bw_writer writer = {.data = said, .capacity = BW_CLAIM_SAID_MAX, .used = 1 + scope.size};
    struct bw_message_body body;
    said[0] = (uint8_t)scope.size;
    memcpy(said + 1, scope.data, scope.size);
    bw_claim_rank(claim, said + writer.used);
    writer.used += BW_CLAIM_RANK_SIZE;
    bw_claim_body(claim, &body);
    body.mode = claim->mode == BW_MODE_QUORUM;
    int error = bw_wire_put_body(&writer, &bw_message_schema_body, &body);
    BW_ASSERT(error == 0);
    return writer.used;
}

static bool is_same(const struct bw_sealed *sealed, const uint8_t *said, size_t size) {
    return sealed->said_size == size && memcmp(sealed->said, said, size) == 0;
}

static void keep(struct bw_sealed *sealed, const uint8_t *said, size_t size, const uint8_t *signature) {
    memcpy(sealed->said, said, size);
    sealed->said_size = size;
    memcpy(sealed->signature, signature, sizeof sealed->signature);
}

const uint8_t *bw_claim_sign(struct bw_election *e, struct bw_scope *scope, const struct bw_claim *claim) {
    uint8_t said[BW_CLAIM_SAID_MAX];
    if (e->sign == NULL)
        return NULL;
    if (!bw_id_equal(&claim->token.id, &e->self))
        return claim->signature;
    struct bw_sealed *own = &scope->seals->own;
    size_t size = bw_claim_said(bw_scope_name(scope), claim, said);
    if (!is_same(own, said, size)) {
        uint8_t signature[BW_CLAIM_SIGNATURE_SIZE];
        e->sign(e->sign_context, (struct bw_bytes){said, size}, signature);
        keep(own, said, size, signature);
    }
    return own->signature;
}

struct bw_claim bw_claim_pending(const struct bw_election *e, const struct bw_scope *scope) {
    return (struct bw_claim){
        .token = scope->pending,
        .sequence = 1,
        .state = BW_CLAIM_LEADING,
        .mode = (uint8_t)scope->own.mode,
        .lease_ms = (uint32_t)(bw_scope_lease_us(e, scope) / BW_US_PER_MS),
        .boot = e->boot,
    };
}

bool bw_claim_signed(struct bw_election *e, struct bw_scope *scope, const struct bw_id *from,
                     const struct bw_claim *claim) {
    uint8_t said[BW_CLAIM_SAID_MAX];
    if (e->sign == NULL)
        return true;
    struct bw_sealed *theirs = &scope->seals->theirs;
    size_t size = bw_claim_said(bw_scope_name(scope), claim, said);
    bool sound = claim->signature != NULL;
    bool known = sound && is_same(theirs, said, size) &&
                 memcmp(theirs->signature, claim->signature, sizeof theirs->signature) == 0;
    if (sound && !known)
        sound = e->signed_by(e->sign_context, from, &claim->token.id, (struct bw_bytes){said, size}, claim->signature);
    if (sound && !known)
        keep(theirs, said, size, claim->signature);
    if (!sound) {
        bw_trace_rule(e->trace, BW_RULE_SIGNED_BY_ITS_LEADER, &claim->token.id, claim->token.term);
        e->refused = true;
    }
    return sound;
}

void bw_claim_keep(struct bw_scope *scope) {
    if (scope->seals == NULL) {
        scope->claim.signature = NULL;
    } else if (scope->claim.signature != NULL) {
        memmove(scope->seals->accepted, scope->claim.signature, sizeof scope->seals->accepted);
        scope->claim.signature = scope->seals->accepted;
    }
}

void bw_claim_write(struct bw_election *e, struct bw_scope *scope, uint8_t rank[BW_CLAIM_RANK_SIZE],
                    uint8_t body[BW_CLAIM_BODY_MAX], size_t *body_size) {
    struct bw_claim claim = scope->claim;
    claim.signature = bw_claim_sign(e, scope, &claim);
    bw_claim_encode(&claim, rank, body, body_size);
}
