/* The member lattice (gossip.md): of two claims about one member the larger (incarnation, state) wins. Pure functions. */
#ifndef BW_GOSSIP_CLAIM_H
#define BW_GOSSIP_CLAIM_H

#include <bellwether/node.h>
#include <bellwether/types.h>

#define BW_INCARNATION_MAX (UINT64_C(1) << 62)

struct bw_claim {
    uint64_t incarnation;
    enum bw_status status;
};

/* Negative, 0, positive: how a stands to b. */
int bw_precedence(struct bw_claim a, struct bw_claim b);
struct bw_claim bw_claim_merge(struct bw_claim a, struct bw_claim b);
/* The incarnation that outbids another, never past BW_INCARNATION_MAX. */
uint64_t bw_incarnation_above(uint64_t incarnation);

#endif
