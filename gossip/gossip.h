/* Membership and failure detection: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2018),
 * as a pure state machine. Opened datagrams, refusals and time go in; frames to seal, events and the next deadline come
 * out. It knows nothing of sealing (sessions are numbers to it) nor of elections (records and messages are bytes to it). */
#ifndef BW_GOSSIP_GOSSIP_H
#define BW_GOSSIP_GOSSIP_H

#include "base/envelope.h"
#include "base/trace.h"
#include "crypto/certificate.h"
#include "crypto/pair.h"
#include <bellwether/config.h>
#include <bellwether/error.h>
#include <bellwether/node.h>
#include <bellwether/types.h>

#define BW_RECORD_KEY_MAX 64u
#define BW_RECORD_RANK_SIZE 32u
#define BW_RECORD_BODY_MAX 256u
#define BW_MESSAGE_MAX 1024u /* a direct message, bytes */
#define BW_SAID_MAX 1024u    /* bytes that a signature of a user of gossip is over */
#define BW_CANDIDACY_SIZE_MAX 512u
#define BW_ASKED_MAX 16u /* queries of ours that wait for answers at a time */
#define BW_SEED_MAX 64u
#define BW_REMEMBERED_MAX 16u /* addresses of others that are kept over a restart */

struct bw_gossip;

/* Identity mode: whose words are signed, and by whose authority. */
struct bw_attest {
    const struct bw_identity *identity; /* our own key pair, borrowed; NULL: no identity mode */
    struct bw_bytes certificate;        /* our own; copied */
    const uint8_t *authority;           /* its public key; copied */
    const uint8_t *exchange;            /* our X25519 key of this session; copied */
    /* Whether candidacies keep within a certificate. */
    bool (*fits)(const struct bw_certificate *certificate, struct bw_bytes candidacies);
};

struct bw_gossip_config {
    struct bw_allocator allocator;
    struct bw_trace *trace;
    struct bw_params params;
    uint64_t seed; /* of the PRNG */
    struct bw_id self;
    uint64_t session;     /* our own, shown in our record so that others can bind datagrams to it */
    uint64_t incarnation; /* first one of this life */
    const char *name;
    const char *label; /* the digest's key derives from it */
    struct bw_addr addr;
    uint8_t protocol_min, protocol_max; /* versions that we speak; max 0: BW_PROTOCOL alone */
    struct bw_bytes tags;               /* encoded: see bw_gossip_encode_tags */
    struct bw_bytes candidacies;        /* opaque, the election's */
    const struct bw_addr *seeds;
    size_t seed_count;
    const struct bw_addr *remembered; /* what bw_gossip_peers chose in an earlier life */
    size_t remembered_count;          /* at most BW_REMEMBERED_MAX */
    struct bw_attest attest;
};

/* A keyed record: larger (rank, bytewise) wins. Gossip stores, digests and relays a record only once its owner put it. */
struct bw_record {
    uint8_t kind;
    struct bw_bytes key;               /* 1..BW_RECORD_KEY_MAX */
    uint8_t rank[BW_RECORD_RANK_SIZE]; /* fixed size, compared bytewise */
    struct bw_bytes body;              /* at most BW_RECORD_BODY_MAX */
    bool urgent;                       /* goes ahead of member updates (leadership claims) */
};

enum bw_gossip_event_type {
    BW_GOSSIP_MEMBER, /* a member appeared or changed: status, record, unstable. Once per change of status or record */
    BW_GOSSIP_REAPED, /* a member was forgotten; identity mode: or one that was never taken in */
    BW_GOSSIP_CONFLICT, /* a name is claimed at another living address */
    BW_GOSSIP_TWICE, /* two processes have one id, the member's or our own; the other speaks from addr. ok: ours, and it is the other that
                        the members take for us; no address: they take us for it again */
    BW_GOSSIP_INCOMPATIBLE, /* a member has no protocol version in common with us: it is kept out */
    BW_GOSSIP_RECORD, /* a record with a larger rank than the stored one (or none stored) arrived: pending, the owner decides;
                            if it accepts it calls bw_gossip_put */
    BW_GOSSIP_MESSAGE,   /* a direct message */
    BW_GOSSIP_ANSWERED,  /* the answer to bw_gossip_probe: ok = it answered (directly or through a helper) */
    BW_GOSSIP_CONVERGED, /* the last peers heard have our view */
    BW_GOSSIP_DIVERGED,
    BW_GOSSIP_USER_EVENT,     /* a user event, once */
    BW_GOSSIP_QUERY,          /* a query that is for us, once */
    BW_GOSSIP_QUERY_ACK,      /* a member has heard our query */
    BW_GOSSIP_QUERY_RESPONSE, /* a member answers it */
    BW_GOSSIP_QUERY_END,      /* it is over */
    BW_GOSSIP_CREDENTIAL, /* identity mode: somebody who need not be a member has signed which session it is in (number), and with
                             which key to exchange (message) */
    BW_GOSSIP_SEALED, /* identity mode: a datagram (message) that came in another one from addr, behind such a credential */
};

struct bw_gossip_event {
    enum bw_gossip_event_type type;
    struct bw_id id;  /* member; record and message: the sender (relayer) */
    int64_t heard_us; /* record, message: the sender's echo (see bw_inbound) */
    /* member */
    enum bw_status status;
    enum bw_status before; /* the status at the last event; equal to status for an update */
    bool first;            /* the member is new */
    struct bw_id by;       /* suspect, dead: the (first) accuser; left: who forgot it, none if it left by its own word;
                             conflict: the other one of that name */
    struct bw_addr addr;   /* conflict, twice: that one's address; incompatible: its address */
    uint64_t incarnation;  /* incompatible, like its name below */
    uint8_t protocol_min, protocol_max; /* incompatible: the versions that it speaks */
    bool ok;                            /* answered, twice */
    /* record */
    struct bw_record record;
    /* message */
    uint8_t channel;
    struct bw_bytes message; /* bytes are valid until the next call that takes `now` */
    /* incompatible: the member's name. user event, query: id is who began it, message the payload. query ack, response: id is who answers, message what */
    struct bw_bytes name;
    uint64_t ltime;
    uint64_t number; /* of the query */
    int64_t left_us; /* query: until its deadline */
    uint32_t acks;   /* query end */
    uint32_t responses;
    uint32_t expected; /* query end: living members that it was for, by our view when it began */
};

/* For members with one of the names, if there are any (size 1, name, and so on), and with all of the tags, if there are any
 * (encoded as bw_gossip_encode_tags does). */
struct bw_gossip_query {
    struct bw_bytes name; /* as a member's */
    struct bw_bytes payload;
    struct bw_bytes nodes;
    struct bw_bytes tags;
    bool ack;            /* each of them says that it has heard it */
    uint32_t timeout_ms; /* 0: bw_query_timeout_us */
};

int bw_gossip_create(struct bw_gossip **gossip, const struct bw_gossip_config *config, struct bw_time now);
void bw_gossip_destroy(struct bw_gossip *gossip);

/* The five verbs (architecture.md). receive: 0 or BW_ERR_DROP_MALFORMED, BW_ERR_DROP_UNPROVEN, BW_ERR_DROP_RATE…
 * A datagram is decoded whole, validated, then applied; never half. */
/* Also what the channel dropped as being of an ended session, or replayed: in->ended, in->replayed. */
int bw_gossip_receive(struct bw_gossip *gossip, const struct bw_inbound *in, struct bw_time now);
void bw_gossip_tick(struct bw_gossip *gossip, struct bw_time now);
int64_t bw_gossip_deadline(const struct bw_gossip *gossip);
/* Fills out; out->frames is valid until the next call. Piggybacked updates are chosen (and counted as sent) here. */
bool bw_gossip_transmit(struct bw_gossip *gossip, struct bw_outbound *out, struct bw_time now);
/* To be drained after every call. Events point into memory that the next call with `now` reuses. */
bool bw_gossip_event(struct bw_gossip *gossip, struct bw_gossip_event *event);

/* The port at this member's address refused a datagram of ours (already validated). */
void bw_gossip_refused(struct bw_gossip *gossip, const struct bw_id *id, struct bw_time now);

/* Commands. */
int bw_gossip_join(struct bw_gossip *gossip, const struct bw_addr *seeds, size_t count, struct bw_time now);
/* Tries an address once, as a seed is tried; who answers there is joined. BW_ERR_BUSY (leaving, or it is our own), BW_ERR_FULL. */
int bw_gossip_knock(struct bw_gossip *gossip, const struct bw_addr *addr, struct bw_time now);
/* Whether the member is alive or suspect to us, in that very session. */
bool bw_gossip_knows(const struct bw_gossip *gossip, const struct bw_id *id, uint64_t session);
/* Whether we are among the first `count` of the living members by their rendezvous hash with the subject (Thaler, Ravishankar 1998):
 * members with one view agree on who they are. */
bool bw_gossip_chosen(const struct bw_gossip *gossip, uint64_t subject, size_t count);
size_t bw_gossip_living(const struct bw_gossip *gossip); /* alive or suspect, ourselves included */
void bw_gossip_leave(struct bw_gossip *gossip, struct bw_time now);
bool bw_gossip_left(const struct bw_gossip *gossip);
/* Pings a member at once, directly and (after the probe timeout) through helpers; BW_GOSSIP_ANSWERED follows. A probe of the
 * same member under way is shared. It is not the detector's probe: it raises no suspicion. */
int bw_gossip_probe(struct bw_gossip *gossip, const struct bw_id *id, struct bw_time now);
/* Queues a direct message; unreliable. BW_ERR_NOT_FOUND (no such member, or ourselves), BW_ERR_FULL, BW_ERR_SPACE.
 * Several messages to one member share a datagram. */
int bw_gossip_send(struct bw_gossip *gossip, const struct bw_id *to, uint8_t channel, struct bw_bytes message,
                   struct bw_time now);
/* Stores a record (own, or accepted) and disseminates it if its rank is larger than the stored one's. BW_ERR_FULL,
 * BW_ERR_MEMORY: nothing changed, and the owner puts it again. */
int bw_gossip_put(struct bw_gossip *gossip, const struct bw_record *record, struct bw_time now);
/* Tells all members, ourselves included: Lamport-ordered, once each. ltime gets its time; may be NULL. BW_ERR_INVALID (the name),
 * BW_ERR_SPACE (name and payload are more than BW_USER_SIZE_MAX), BW_ERR_BUSY (leaving, or 64 have not been
 * sent to anybody yet), BW_ERR_MEMORY. */
int bw_gossip_user_event(struct bw_gossip *gossip, struct bw_bytes name, struct bw_bytes payload, uint64_t *ltime,
                         struct bw_time now);
/* Asks; BW_GOSSIP_QUERY_END follows, at the deadline or when all have answered. number gets the query's. Errors as above;
 * BW_ERR_FULL: BW_ASKED_MAX queries of ours wait for answers. */
int bw_gossip_query(struct bw_gossip *gossip, const struct bw_gossip_query *query, uint64_t *number,
                    struct bw_time now);
/* Answers a query that BW_GOSSIP_QUERY told of, once. BW_ERR_NOT_FOUND (no such query for us, its deadline is over, or who asked
 * is unknown), BW_ERR_INVALID (it is answered already), BW_ERR_SPACE, BW_ERR_FULL. */
int bw_gossip_respond(struct bw_gossip *gossip, uint64_t number, struct bw_bytes payload, struct bw_time now);
/* Changes our own record: a new incarnation. */
int bw_gossip_set_candidacies(struct bw_gossip *gossip, struct bw_bytes candidacies, struct bw_time now);
/* The same of our tags, as bw_gossip_encode_tags gives them. BW_ERR_SPACE, BW_ERR_MEMORY: nothing changed. */
int bw_gossip_set_tags(struct bw_gossip *gossip, struct bw_bytes tags, struct bw_time now);
/* Identity mode: the same of our certificate, as bw_certificate_read accepts it. BW_ERR_IDENTITY: it is not the authority's
 * word on our key and name; BW_ERR_NOT_GRANTED: it grants less than what we stand for. */
int bw_gossip_set_certificate(struct bw_gossip *gossip, struct bw_bytes certificate, struct bw_time now);
/* Identity mode: a member's certificate; its texts point into the table. BW_ERR_NOT_FOUND. */
int bw_gossip_certificate(const struct bw_gossip *gossip, const struct bw_id *id, struct bw_certificate *certificate);
/* Identity mode: what a member, or one that may become one, has signed of its session; points into the table. BW_ERR_NOT_FOUND. */
int bw_gossip_credential(const struct bw_gossip *gossip, const struct bw_id *id, struct bw_credential *credential);
/* Identity mode: frames that say who we are; returns their size. */
size_t bw_gossip_introduction(const struct bw_gossip *gossip, uint8_t frames[BW_FRAMES_MAX]);
/* Identity mode: the authority's word that a certificate counts no more: whoever has it is dead, here and everywhere.
 * BW_ERR_IDENTITY: it is not the authority's; BW_ERR_FULL, BW_ERR_MEMORY: not taken. */
int bw_gossip_revoke(struct bw_gossip *gossip, struct bw_bytes revocation, struct bw_time now);
/* Identity mode: signs, in our name, what a user of gossip says in records and messages; words say what it is. said: at most
 * BW_SAID_MAX. */
void bw_gossip_sign(const struct bw_gossip *gossip, const char *words, struct bw_bytes said,
                    uint8_t signature[BW_SIGNATURE_SIZE]);
/* Whether that member signed it. The look is charged to whom we have it from; false as well if that one had its share. */
bool bw_gossip_signed(struct bw_gossip *gossip, const struct bw_id *from, const struct bw_id *by, const char *words,
                      struct bw_bytes said, const uint8_t signature[BW_SIGNATURE_SIZE]);
bool bw_gossip_revoked(const struct bw_gossip *gossip, const struct bw_id *id); /* the member's certificate */
/* An operator declares a dead member gone: it becomes left, everywhere; one that lives after all refutes that and comes back.
 * BW_ERR_NOT_FOUND; BW_ERR_BUSY: it is not dead to us (or is ourselves). */
int bw_gossip_forget(struct bw_gossip *gossip, const struct bw_id *id, struct bw_time now);

/* Whose addresses are worth keeping for the next life: living members first, then dead ones, then those of an earlier life that are
 * still tried; never ourselves, nor who left. last: the choice before, of which as much as possible stays. Returns how many. */
size_t bw_gossip_peers(const struct bw_gossip *gossip, const struct bw_addr *last, size_t last_count,
                       struct bw_addr peers[BW_REMEMBERED_MAX]);
/* Those of an earlier life are tried no more. */
void bw_gossip_forget_peers(struct bw_gossip *gossip, struct bw_time now);

/* Views. */
size_t bw_gossip_member_count(const struct bw_gossip *gossip);
int bw_gossip_member(const struct bw_gossip *gossip, size_t index, struct bw_member_info *info);
/* By id; info may be NULL. BW_ERR_NOT_FOUND. */
int bw_gossip_find(const struct bw_gossip *gossip, const struct bw_id *id, struct bw_member_info *info);
struct bw_bytes bw_gossip_candidacies(const struct bw_gossip *gossip, const struct bw_id *id);
/* See bw_node_rtt. */
int bw_gossip_rtt(struct bw_gossip *gossip, const struct bw_id *a, const struct bw_id *b, struct bw_rtt *rtt,
                  struct bw_time now);
/* See bw_node_survey, bw_node_surveying, bw_node_reach. */
int bw_gossip_survey(struct bw_gossip *gossip, struct bw_time now);
bool bw_gossip_surveying(const struct bw_gossip *gossip);
int bw_gossip_reach(const struct bw_gossip *gossip, size_t index, struct bw_reach *reach);
/* See bw_node_why. BW_ERR_NOT_FOUND. */
int bw_gossip_why(const struct bw_gossip *gossip, const struct bw_id *id, struct bw_why *why);
/* How long a member's answer is waited for, by its measured round trips; of who is not known the largest probe timeout. */
int64_t bw_gossip_timeout_us(const struct bw_gossip *gossip, const struct bw_id *id);
bool bw_gossip_unstable(const struct bw_gossip *gossip, const struct bw_id *id);
uint64_t bw_gossip_digest(const struct bw_gossip *gossip);
bool bw_gossip_converged(const struct bw_gossip *gossip);
uint64_t bw_gossip_incarnation(const struct bw_gossip *gossip); /* our own, now */
/* Synchronised since boot: a seed or another member answered and a sync with it ended with equal digests. */
bool bw_gossip_synchronised(const struct bw_gossip *gossip);
/* Whether we count as alone (gossip.md, Alone): heard nobody for long enough, or never heard anybody. */
bool bw_gossip_alone(const struct bw_gossip *gossip);
/* See bw_node_set_params, which has checked them: the sizes of tables are as they were. */
const struct bw_params *bw_gossip_params(const struct bw_gossip *gossip);
void bw_gossip_set_params(struct bw_gossip *gossip, const struct bw_params *params, struct bw_time now);
/* How often it was passed; those of the election and of the node itself: never. */
uint64_t bw_gossip_bounds_passed(const struct bw_gossip *gossip); /* all of them together */
uint64_t bw_gossip_bound(const struct bw_gossip *gossip, enum bw_bound bound);
/* Lifeguard's local health: 0 healthy, rising to health_max - 1. */
uint32_t bw_gossip_health(const struct bw_gossip *gossip);

/* The shortest and the longest time from the last word of a member (its own, or passed on) to "dead"; n counts ourselves.
 *
 * Shortest: BW_REFUSED_TIMEOUT_MS (the port refuses two members), or an interval and the least suspicion if that is less.
 * Longest: 2 (n - 1) probe intervals (probed first in one round, last in the next, suspected an interval later), each
 * stretched health_max times, and the longest suspicion, which local health does not stretch; or, if more, the time after
 * which who hears nobody is alone. It holds for an observer that trusts its own ears least all the time and learns nothing
 * from others: a healthy one needs health_max times less for its part, and the first of all observers tells the rest.
 * Not counted: pauses of our process, which push all of this back, and members that are deaf to some but not to all. */
void bw_gossip_detection_bounds(const struct bw_params *params, size_t member_count, int64_t *least_us,
                                int64_t *most_us);

/* Tags: pairs (size 1, name, size 2, value). BW_ERR_SPACE, BW_ERR_INVALID (not valid text, or twice the same name). */
int bw_gossip_encode_tags(const struct bw_tag *tags, size_t count, uint8_t *data, size_t *size);

#endif
