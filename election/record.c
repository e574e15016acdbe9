/* Claim records: order, encoding, and the bounds of terms. */
#include "election/record.h"

#include "base/base.h"
#include "base/mutant.h"

#include <string.h>

#define TERM_STEP_MAX (UINT64_C(1) << 32)
#define TERM_FIRST_MAX (UINT64_C(1) << 33)
#define SEQUENCE_MAX (UINT64_C(1) << 62) /* nobody's next one wraps */

int bw_claim_compare(const struct bw_claim *a, const struct bw_claim *b) {
    int order = bw_token_compare(&a->token, &b->token);
    return order != 0 ? order : (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

bool bw_claim_none(const struct bw_claim *claim) {
    return claim->token.term == 0;
}

void bw_claim_rank(const struct bw_claim *claim, uint8_t rank[BW_CLAIM_RANK_SIZE]) {
    bw_put_u64(rank, claim->token.term);
    memcpy(rank + 8, claim->token.id.bytes, sizeof claim->token.id.bytes);
    bw_put_u64(rank + 24, claim->sequence);
}

void bw_claim_body(const struct bw_claim *claim, struct bw_message_body *body) {
    *body = (struct bw_message_body){
        .state = (uint8_t)claim->state,
        .mode = claim->mode,
        .reason = claim->reason,
        .lease_ms = claim->lease_ms,
        .boot = claim->boot,
        .successor = claim->successor,
    };
}

void bw_claim_encode(const struct bw_claim *claim, uint8_t rank[BW_CLAIM_RANK_SIZE], uint8_t body[BW_CLAIM_BODY_MAX],
                     size_t *body_size) {
    struct bw_writer writer = {.data = body, .capacity = BW_CLAIM_BODY_MAX};
    const struct bw_message_signature seal = {{claim->signature, BW_CLAIM_SIGNATURE_SIZE}};
    struct bw_message_body fields;
    bw_claim_body(claim, &fields);
    bw_claim_rank(claim, rank);
    int error = bw_wire_put(&writer, &bw_message_schema_body, &fields);
    BW_ASSERT(error == 0);
    if (claim->signature != NULL)
        error = bw_wire_put(&writer, &bw_message_schema_signature, &seal);
    BW_ASSERT(error == 0);
    *body_size = writer.used;
}

static bool body_valid(const struct bw_message_body *body) {
    bool names = !bw_id_none(&body->successor);
    return body->lease_ms != 0 && (!names || body->state == BW_CLAIM_RESIGNING);
}

int bw_claim_decode(struct bw_claim *claim, const uint8_t rank[BW_CLAIM_RANK_SIZE], struct bw_bytes body) {
    struct bw_reader reader = {.data = body.data, .size = body.size};
    struct bw_message_body fields;
    struct bw_bytes frame;
    uint8_t type;
    int more;
    bool found = false;
    const uint8_t *signature = NULL;
    while ((more = bw_wire_next(&reader, &type, &frame)) == 1) {
        if (type != BW_FRAME_body)
            continue; /* of a later version */
        if (found || bw_wire_get(&bw_message_schema_body, frame, &fields) != 0)
            return BW_ERR_DROP_MALFORMED;
        found = true;
        signature = bw_message_signature(&reader);
    }
    if (more != 0 || !found || !body_valid(&fields))
        return BW_ERR_DROP_MALFORMED;
    *claim = (struct bw_claim){
        .token.term = bw_get_u64(rank),
        .sequence = bw_get_u64(rank + 24),
        .state = (enum bw_claim_state)fields.state,
        .mode = fields.mode,
        .reason = fields.reason,
        .lease_ms = fields.lease_ms,
        .boot = fields.boot,
        .successor = fields.successor,
        .signature = signature,
    };
    memcpy(claim->token.id.bytes, rank + 8, sizeof claim->token.id.bytes);
    if (claim->token.term == 0 || bw_id_none(&claim->token.id) || claim->sequence == 0 ||
        claim->sequence > SEQUENCE_MAX)
        return BW_ERR_DROP_MALFORMED;
    return 0;
}

bool bw_term_near(uint64_t held, uint64_t term) {
    return held == 0 ? term <= TERM_FIRST_MAX : term <= held || term - held <= TERM_STEP_MAX;
}

uint64_t bw_term_next(uint64_t held, uint64_t floor, int64_t wall_us) {
    if (floor == UINT64_MAX)
        return 0;
    uint64_t wall_s = wall_us > 0 && !BW_MUTANT(WALL_CLOCK_IGNORED) ? (uint64_t)(wall_us / BW_US_PER_S) : 0;
    uint64_t next = BW_MUTANT(TERM_NOT_ABOVE_SEEN) ? 1 : floor + 1;
    return wall_s > next && bw_term_near(held, wall_s) ? wall_s : next;
}
