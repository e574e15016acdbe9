/* Identity mode: first contact. The cluster's key alone shows nothing of who seals with it. So what comes under it leads to this and no
 * more: a ping is answered, by something no larger; a sender's own signed record tells which key to exchange with, and from then on
 * both seal with keys that nobody else has; an answer to a ping of ours that went to nobody in particular is the occasion to say who
 * we are and to ask again. */
#ifndef BW_GOSSIP_OPENING_H
#define BW_GOSSIP_OPENING_H

#include "gossip/frames.h"
#include "gossip/gossip.h"

#define BW_HINTS_MAX 4u /* answers to one ping that we follow up */

struct bw_dest;
struct bw_member;
struct bw_ping;
struct bw_schema;

/* A datagram that is not believed, or from somebody who is shut out. 0, or why nothing came of it. */
int bw_opening_receive(struct bw_gossip *g, const struct bw_inbound *in);
/* Whether that member's certificate counts no more, so that it is dead to us whatever it says: revoked, or expired. */
bool bw_opening_shut(const struct bw_gossip *g, const struct bw_id *id);

/* outbox.c: queues a bare frame for somebody whose address is not proven. Who we are goes with it only if both are no larger than the
 * question, whose frames were that large. */
int bw_outbox_put_answer(struct bw_gossip *g, const struct bw_dest *to, const struct bw_schema *schema,
                         const void *message, size_t asked);
/* ping.c: the one under way with that number, NULL if there is none. */
struct bw_ping *bw_ping_open(struct bw_gossip *g, uint32_t seq);
/* view.c: frees one that has not got into the table, and what was kept to talk with it. */
void bw_view_free_ghost(struct bw_gossip *g, struct bw_member *member);

#endif
