/* Identity mode: accusations, each signed by who accuses. Without it all of this stands aside. */
#ifndef BW_GOSSIP_ACCUSE_H
#define BW_GOSSIP_ACCUSE_H

#include "gossip/claims.h"
#include "gossip/frames.h"

struct bw_dest;
struct bw_suspicion;
struct bw_writer;

/* As it travels: the accuser's id, whether the member's port refused it, the signature. A suspicion keeps what follows the id. */
#define BW_CHARGE_SIZE (BW_ACCUSATION_SIZE - 16u)

/* How accusers are listed, in a frame and to suspect.c: ids, or accusations. */
size_t bw_accuser_size(const struct bw_gossip *g);
/* Our own accusation of the member in its present incarnation, as one that is listed; without identity mode our id. */
struct bw_bytes bw_accuse_own(struct bw_gossip *g, const struct bw_member *member, bool refused,
                              uint8_t accusation[BW_ACCUSATION_SIZE]);
/* Tells who asked for help that the member's port refused us: our word, that it can pass on. */
void bw_accuse_tell(struct bw_gossip *g, const struct bw_dest *to, const struct bw_member *member);
/* Who accuses a suspect, or killed who is dead. BW_ERR_SPACE, and the writer is as it was. */
int bw_accuse_put(const struct bw_gossip *g, const struct bw_member *member, struct bw_writer *writer);
void bw_accuse_receive(struct bw_gossip *g, struct bw_source *source, const struct bw_frame_accusation *frame);

/* suspect.c: whether an accuser would count: it does not yet, and there is use for one more. */
bool bw_suspect_lacks(const struct bw_gossip *g, const struct bw_member *member, uint64_t incarnation,
                      const struct bw_id *accuser, bool refused);
/* Whether those who accuse it are enough to believe another's word that it is dead. */
bool bw_suspect_proven(const struct bw_gossip *g, const struct bw_member *member);
/* view.c: for how long it has been dead or gone, as frames say it; 0: it lives. */
uint64_t bw_view_age_ms(const struct bw_gossip *g, const struct bw_member *member);
/* claims.c: somebody says that a suspect is dead. */
void bw_claims_sentence(struct bw_gossip *g, struct bw_member *member, uint64_t age_ms);
/* claims.c: what was said of the member is over; who left is told of to whoever says it. */
void bw_claims_outdated(struct bw_gossip *g, const struct bw_source *source, const struct bw_member *member);
/* refute.c: an accusation of that incarnation was refuted, and has not been counted. */
bool bw_refute_uncounted(const struct bw_gossip *g, uint64_t incarnation);
/* refute.c: somebody holds us for dead or forgotten, and shows nobody's signature: it is outbid now and then, and never counted. */
void bw_refute_hearsay(struct bw_gossip *g, const struct bw_id *from, struct bw_claim claim);

#endif
