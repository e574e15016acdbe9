/* What others say of members: see claims.c. */
#ifndef BW_GOSSIP_CLAIMS_H
#define BW_GOSSIP_CLAIMS_H

#include "gossip/member.h"

/* Who says it. */
struct bw_source {
    struct bw_id from;
    bool synced;                  /* in a page */
    const struct bw_proof *proof; /* of the member's record, checked */
};
void bw_claims_member(struct bw_gossip *g, const struct bw_source *source, const struct bw_frame_member *frame);
void bw_claims_suspect(struct bw_gossip *g, const struct bw_source *source, const struct bw_frame_suspect *frame);
void bw_claims_verdict(struct bw_gossip *g, const struct bw_source *source, const struct bw_frame_verdict *frame);
/* The newest protocol version that both we and who speaks those from min to max know; 0: there is none. */
uint8_t bw_protocol_common(const struct bw_gossip *g, uint8_t min, uint8_t max);
void bw_claims_admit(struct bw_gossip *g, struct bw_member *member, bool relay); /* a ghost has answered */

#endif
