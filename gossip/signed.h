/* Identity mode: each member signs its own record, and an authority's certificate says which key is whose and what it may lead.
 * Without it all of this stands aside. */
#ifndef BW_GOSSIP_SIGNED_H
#define BW_GOSSIP_SIGNED_H

#include "gossip/checks.h"
#include "gossip/gossip.h"
#include "gossip/member.h"
#include "gossip/opening.h"

struct bw_source;
struct bw_dest;

struct bw_signed {
    const struct bw_identity *identity; /* borrowed; NULL: no identity mode */
    uint8_t authority[BW_PUBLIC_SIZE];
    bool (*fits)(const struct bw_certificate *certificate, struct bw_bytes candidacies);
    char label[BW_NAME_MAX + 1];
    struct bw_checks *checks; /* NULL: no identity mode */
    size_t revoked_count;
    int64_t hearsay_us; /* refute.c: not before */
    bool refused;       /* something in this datagram */
};

/* Takes over what bw_gossip_create is given, and says whose the certificate is to be. BW_ERR_INVALID. */
int bw_signed_init(struct bw_gossip *g, const struct bw_gossip_config *config);
/* Our own, to be signed anew; NULL: no identity mode. */
const struct bw_proof *bw_signed_own(const struct bw_gossip *g, struct bw_proof *proof);
/* Whether our own record may look so: by its size, and by what our certificate grants. */
int bw_signed_allows(const struct bw_gossip *g, const struct bw_frame_member *own);
/* Our claim has changed: it is signed anew. */
void bw_signed_renew(struct bw_gossip *g);

/* The member's whole record as others are told of it. BW_ERR_SPACE, and writer is as it was. */
int bw_signed_put(const struct bw_gossip *g, const struct bw_member *member, struct bw_writer *writer);
size_t bw_signed_size(const struct bw_gossip *g, const struct bw_member *member);
/* Who left said so itself: what is told is its record. */
bool bw_signed_leave(const struct bw_member *member);

/* Whether others' word of a member, which it has not signed, may be heard; forgotten: an operator's word. */
bool bw_signed_hears(const struct bw_gossip *g, const struct bw_id *id, struct bw_claim claim, bool forgotten);
bool bw_signed_expired(const struct bw_gossip *g, const struct bw_member *member);

void bw_signed_receive(struct bw_gossip *g, struct bw_source *source, const struct bw_frame_signed_member *frame);
/* Whether a stranger's own record holds now. If not because it is revoked: by which serial. */
bool bw_signed_credential(struct bw_gossip *g, const struct bw_frame_signed_member *frame, uint64_t *revoked);
void bw_signed_plain(struct bw_gossip *g, struct bw_source *source, const struct bw_frame_member *frame);

/* revoked.c: keyed records of a kind that gossip owns itself. */
#define BW_RECORD_KIND_REVOKED 16u
#define BW_REVOKED_MAX 4096u /* that a member remembers: their place is their own, and they are never dropped */
bool bw_record_get(const struct bw_gossip *g, uint8_t kind, struct bw_bytes key, struct bw_frame_record *frame);
bool bw_record_known(const struct bw_gossip *g, uint8_t kind, struct bw_bytes key); /* record.c */
size_t bw_records_max(const struct bw_gossip *g);                                   /* of the other kinds */
bool bw_revoked(const struct bw_gossip *g, uint64_t serial);
/* Tells somebody of the revocation of that certificate, if there is one, in frames no larger than most; rationed. */
void bw_revoked_tell(struct bw_gossip *g, const struct bw_dest *to, uint64_t serial, size_t most);
void bw_revoked_receive(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_record *frame);

#endif
