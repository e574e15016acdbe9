/* The gossiped claim record: a lattice ordered by (term, id, sequence), written by its leader alone (election.md rule 1). */
#ifndef BW_ELECTION_RECORD_H
#define BW_ELECTION_RECORD_H

#include "election/election.h"
#include "election/message.h"

struct bw_claim {
    struct bw_token token; /* none: no claim is known */
    uint64_t sequence;
    enum bw_claim_state state;
    uint8_t mode;
    uint8_t reason; /* enum bw_loss: why it is resigning or vacant */
    uint32_t lease_ms;
    uint64_t boot;
    struct bw_id successor;   /* resigning: to whom; may be none */
    const uint8_t *signature; /* identity mode: its leader's; NULL: none. Borrowed: see signed.c */
};

/* Larger wins: merging is commutative, associative and idempotent. */
int bw_claim_compare(const struct bw_claim *a, const struct bw_claim *b);
bool bw_claim_none(const struct bw_claim *claim);

void bw_claim_body(const struct bw_claim *claim, struct bw_message_body *body);
void bw_claim_rank(const struct bw_claim *claim, uint8_t rank[BW_CLAIM_RANK_SIZE]);
void bw_claim_encode(const struct bw_claim *claim, uint8_t rank[BW_CLAIM_RANK_SIZE], uint8_t body[BW_CLAIM_BODY_MAX],
                     size_t *body_size);
/* 0 or BW_ERR_DROP_MALFORMED. */
int bw_claim_decode(struct bw_claim *claim, const uint8_t rank[BW_CLAIM_RANK_SIZE], struct bw_bytes body);

/* The next term: above all that was seen, and not below the wall clock, so that order survives lost disks. A wall clock so
 * wrong that others would refuse its term is left aside. 0 when no term is left. */
uint64_t bw_term_next(uint64_t held, uint64_t floor, int64_t wall_us);
/* Whether a term may follow the largest held (0: none). */
bool bw_term_near(uint64_t held, uint64_t term);

#endif
