/* The table of members: found by id, and in the shuffled order in which they are probed. */
#ifndef BW_GOSSIP_MEMBER_H
#define BW_GOSSIP_MEMBER_H

#include "base/rng.h"
#include "gossip/claim.h"
#include "gossip/frames.h"

struct bw_suspicion;
struct bw_update;

/* A member's record, as its owner made it: one block. */
struct bw_info {
    struct bw_addr addr;
    uint16_t tags_size;
    uint16_t candidacies_size;
    uint8_t name_size;
    uint8_t protocol_min;
    uint8_t protocol_max;
    uint8_t refutations;       /* decaying; makes the member unstable */
    bool shared;               /* by several tables (the simulator's): not ours to free */
    uint8_t word;              /* identity mode: what its owner signed, alive or left */
    uint16_t certificate_size; /* 0: no identity mode */
    char bytes[];              /* name, zero, tags, candidacies; in identity mode the seal, certificate */
};

/* What shows that a record is its owner's. NULL where one is asked for: no identity mode. */
struct bw_proof {
    uint8_t word;
    struct bw_bytes certificate;
    const uint8_t *exchange;  /* BW_EXCHANGE_SIZE bytes */
    const uint8_t *signature; /* BW_SIGNATURE_SIZE bytes */
};

/* What we know of a member because we spoke with it. */
struct bw_peer {
    int64_t heard_us; /* something proven came from it */
    int64_t echo_us;  /* when we sent the newest datagram that it has received */
    uint32_t srtt_us; /* RFC 6298; 0: not measured */
    uint32_t rttvar_us;
    uint32_t rtts[BW_VIVALDI_FILTER]; /* the last ones measured, for coordinates */
    struct bw_coordinate_packed coordinate;
    uint8_t rtt_next;
    uint8_t rtt_count;
    bool located; /* its coordinate is known */
};

struct bw_member {
    struct bw_id id;
    uint64_t incarnation;
    uint64_t session;
    struct bw_info *info;
    struct bw_peer *peer;           /* NULL: never heard */
    struct bw_suspicion *suspicion; /* who accused it; kept while it is dead */
    struct bw_update *update;       /* queued */
    struct bw_member *changed;      /* the next one that the owner must be told of */
    int64_t since_us;    /* when the status became what it is; for dead and left: less the age it came with */
    uint32_t evidence_s; /* when somebody fresh heard it, mono seconds + 1; 0: unknown */
    uint16_t bucket;     /* see bw_digest_bucket */
    uint8_t name_hash;   /* tells most names apart without a look at the record */
    uint8_t status;      /* of the claim */
    uint8_t told;        /* status at the last event */
    bool lost : 1;       /* we are alone: dead to us, though nobody claims so */
    bool pending : 1;    /* in the list of changed ones */
    bool first : 1;      /* no event yet */
    bool updated : 1;    /* its record changed since the last event */
    bool faded : 1;      /* too long dead to be in digest and sync */
    bool renewed : 1;    /* heard in a newer session than its record's: it may have moved */
};

struct bw_members {
    struct bw_member **ring; /* all members in probing order */
    size_t count;
    size_t ring_capacity;
    size_t cursor;            /* those before it have had their turn in this round */
    struct bw_member **slots; /* by id, open addressing */
    size_t slot_count;        /* power of two, or 0 */
    size_t limit;
    struct bw_allocator allocator;
};

void bw_members_init(struct bw_members *members, struct bw_allocator allocator, size_t limit);
void bw_members_free(struct bw_members *members); /* the tables, not the members */
struct bw_member *bw_members_find(const struct bw_members *members, const struct bw_id *id);
/* Where the search for it will begin, NULL in an empty table: to be asked of the memory ahead of time. */
struct bw_member *const *bw_members_place(const struct bw_members *members, const struct bw_id *id);
/* Inserts at a random place. BW_ERR_FULL, BW_ERR_MEMORY: nothing changed. */
int bw_members_add(struct bw_members *members, struct bw_member *member, struct bw_rng *rng);
void bw_members_remove(struct bw_members *members, struct bw_member *member);
/* The next in the ring; NULL at the end of the round, and the next round is shuffled. */
struct bw_member *bw_members_next(struct bw_members *members, struct bw_rng *rng);

struct bw_info *bw_info_create(const struct bw_allocator *allocator, const struct bw_frame_member *frame,
                               const struct bw_proof *proof);
size_t bw_info_size(const struct bw_info *info);
void bw_info_free(const struct bw_allocator *allocator, struct bw_info *info);
struct bw_bytes bw_info_tags(const struct bw_info *info);
struct bw_bytes bw_info_candidacies(const struct bw_info *info);
/* Identity mode: the session and the X25519 key that the owner signed, its signature, its certificate. */
uint64_t bw_info_session(const struct bw_info *info);
const uint8_t *bw_info_exchange(const struct bw_info *info);
uint8_t *bw_info_signature(struct bw_info *info);
struct bw_bytes bw_info_certificate(const struct bw_info *info);

struct bw_claim bw_member_claim(const struct bw_member *member);
enum bw_status bw_member_status(const struct bw_member *member); /* as it is to us */
bool bw_member_living(const struct bw_member *member);           /* claimed alive or suspect */

#endif
