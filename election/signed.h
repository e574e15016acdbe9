/* Identity mode: claims are signed (signed.c). Without it all of this stands aside. Part of state.h. */
#ifndef BW_ELECTION_SIGNED_H
#define BW_ELECTION_SIGNED_H

#include "election/state.h"

#define BW_CLAIM_SAID_MAX (1u + BW_NAME_MAX + BW_CLAIM_RANK_SIZE + 32u) /* what a signature is over */
size_t bw_claim_said(struct bw_bytes scope, const struct bw_claim *claim, uint8_t said[BW_CLAIM_SAID_MAX]);
bool bw_seals_make(const struct bw_election *e, struct bw_scope *scope); /* false: no memory */
void bw_seals_free(const struct bw_election *e, struct bw_scope *scope);
/* The claim's signature: made now, if the claim is ours. NULL: no identity mode, or none is known. */
const uint8_t *bw_claim_sign(struct bw_election *e, struct bw_scope *scope, const struct bw_claim *claim);
/* Whether its leader signed what `from` told us. */
bool bw_claim_signed(struct bw_election *e, struct bw_scope *scope, const struct bw_id *from,
                     const struct bw_claim *claim);
/* scope->claim is accepted: its signature stays. */
void bw_claim_keep(struct bw_scope *scope);
/* The record as others are told of it. */
void bw_claim_write(struct bw_election *e, struct bw_scope *scope, uint8_t rank[BW_CLAIM_RANK_SIZE],
                    uint8_t body[BW_CLAIM_BODY_MAX], size_t *body_size);
/* Our claim that is under way, as the record that it stands for. */
struct bw_claim bw_claim_pending(const struct bw_election *e, const struct bw_scope *scope);
/* queue.c: a message, and its signature behind it, if there is one. */
void bw_send_signed(struct bw_election *e, const struct bw_id *to, enum bw_election_frame type, const void *message,
                    const uint8_t *signature);

#endif
