/* tests/vectors/identity.json: claims that their leaders signed. */
#include "tests/unit/vectors_test.h"

#include "election/signed.h"
#include <stdio.h>
#include <string.h>

#define SCOPE "orders/17"

static void put_claim(struct vectors_list *list, const struct bw_gossip *g, struct bw_claim claim) {
    const struct bw_bytes scope = {(const uint8_t *)SCOPE, strlen(SCOPE)};
    uint8_t said[BW_CLAIM_SAID_MAX];
    uint8_t signature[BW_SIGNATURE_SIZE];
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    size_t size = 0;
    struct bw_claim back;
    vectors_sign(g, "bellwether-claim-1", (struct bw_bytes){said, bw_claim_said(scope, &claim, said)}, signature);
    claim.signature = signature;
    bw_claim_encode(&claim, rank, body, &size);
    CU_ASSERT_EQUAL(bw_claim_decode(&back, rank, (struct bw_bytes){body, size}), 0);
    CU_ASSERT(back.signature != NULL && memcmp(back.signature, signature, sizeof(signature)) == 0);
    vectors_next(list);
    fprintf(list->to, "{\"secret\": \"01\", \"label\": \"prod\", \"scope\": \"" SCOPE "\"");
    vectors_hex(list->to, "rank", rank, sizeof(rank));
    vectors_hex(list->to, "body", body, size);
    fputc('}', list->to);
}

void vectors_claims(struct vectors_list *list) {
    static struct test_memory heap;
    struct bw_identity *key = vectors_key(1);
    struct bw_gossip *g = vectors_member(&heap, key);
    struct bw_claim claim = {.token = {1790000000, bw_identity_id(bw_identity_public(key))},
                             .sequence = 1,
                             .state = BW_CLAIM_LEADING,
                             .mode = BW_MODE_BULLY,
                             .lease_ms = 1500,
                             .boot = 3};
    put_claim(list, g, claim);
    claim.mode = BW_MODE_QUORUM;
    put_claim(list, g, claim);
    claim.sequence = 2;
    claim.state = BW_CLAIM_RESIGNING;
    claim.reason = BW_LOSS_RESIGNED;
    memset(claim.successor.bytes, 6, sizeof(claim.successor.bytes));
    put_claim(list, g, claim);
    vectors_part(g);
    bw_identity_destroy(key);
}
