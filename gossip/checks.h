/* Identity mode: what looking at signatures may cost. Each look is charged to whoever sent what was looked at, and to all together:
 * so a sender uses up its own allowance, and others' words are looked at all the same. */
#ifndef BW_GOSSIP_CHECKS_H
#define BW_GOSSIP_CHECKS_H

#include "crypto/identity.h"

struct bw_gossip;

#define BW_CHECKERS_MAX 64u /* senders that are told apart; the one that was looked at longest ago makes room */

/* Allowances: of looks in vain, and of all. Each says when it is whole again. */
struct bw_allowances {
    int64_t vain_us;
    int64_t looks_us;
};

struct bw_checker {
    struct bw_id from;
    struct bw_allowances left;
    int64_t used_us;
};

struct bw_checks {
    struct bw_checker senders[BW_CHECKERS_MAX]; /* members; the first one is all that are none */
    size_t count;
    struct bw_allowances all;
};

/* Allocated in identity mode alone. BW_ERR_MEMORY. */
int bw_checks_create(struct bw_gossip *g);
void bw_checks_free(struct bw_gossip *g);

/* Whether something that this member (or stranger) sent may be looked at; if not it is left aside, and comes again. */
bool bw_checks_may(struct bw_gossip *g, const struct bw_id *from);
/* It was, with so many signatures, and was sound or not. */
void bw_checks_charge(struct bw_gossip *g, const struct bw_id *from, unsigned looks, bool sound);
/* Both, and between them the look itself. */
bool bw_checks_verify(struct bw_gossip *g, const struct bw_id *from, const uint8_t key[BW_PUBLIC_SIZE],
                      const char *words, struct bw_bytes message, const uint8_t signature[BW_SIGNATURE_SIZE]);

#endif
