/* Precedence of claims: alive < suspect < dead < left within one incarnation (SWIM 4.2, with left on top). */
#include "gossip/claim.h"

int bw_precedence(struct bw_claim a, struct bw_claim b) {
    if (a.incarnation != b.incarnation) {
        return a.incarnation < b.incarnation ? -1 : 1;
    }
    return (int)a.status - (int)b.status;
}

struct bw_claim bw_claim_merge(struct bw_claim a, struct bw_claim b) {
    return bw_precedence(a, b) >= 0 ? a : b;
}

uint64_t bw_incarnation_above(uint64_t incarnation) {
    return incarnation < BW_INCARNATION_MAX ? incarnation + 1 : BW_INCARNATION_MAX;
}
