/* The node's inside, for the files of node/ and (the trace alone) for the simulator and the tests. */
#ifndef BW_NODE_INTERNAL_H
#define BW_NODE_INTERNAL_H

#include "base/base.h"
#include "base/table.h"
#include "base/trace.h"
#include "crypto/certificate.h"
#include "crypto/channel.h"
#include "crypto/exchange.h"
#include "crypto/keyring.h"
#include "election/election.h"
#include "gossip/buffer.h"
#include "gossip/gossip.h"
#include <bellwether/discover.h>
#include <bellwether/keys.h>
#include <bellwether/node.h>

#include <string.h>

#define BW_CHANNEL_ELECTION 1u               /* direct messages of the election */
#define BW_CHANNEL_KEYS 2u                   /* direct messages about the key ring */
#define BW_EVENT_PAYLOAD_MAX (1024u * 1024u) /* of events that the host has not taken, bytes */
#define BW_RECORD_KIND_CLAIM 1u              /* keyed records that are claims of leadership; key = scope */
#define BW_RECORD_KIND_FREEZE 2u             /* whether the scope is frozen; key = scope */
#define BW_RECORD_KIND_KEYS 3u /* the newest key ring's version and digest; key = "keys", no body. 16: gossip's own */

/* A scope's settings from a struct of the caller's, whose header may be older or newer. */
static inline struct bw_scope_config bw_scope_known(const struct bw_scope_config *given) {
    struct bw_scope_config known;
    bw_scope_config_init(&known, NULL); /* what an older header does not know has its default */
    memcpy(&known, given, given->size < sizeof(known) ? given->size : sizeof(known));
    known.size = given->size;
    return known;
}

/* The scope number index of the caller's array, in which all have the first one's size. */
static inline struct bw_scope_config bw_config_scope(const struct bw_config *config, size_t index) {
    const char *at = (const char *)config->scopes + index * config->scopes[0].size;
    return bw_scope_known((const struct bw_scope_config *)(const void *)at);
}

/* Events wait here until the host asks. Grows while a burst needs it, up to a bound, and keeps its size. */
struct bw_event_queue {
    struct bw_event *events;
    size_t capacity;
    size_t first;
    size_t count;
    size_t limit;
    size_t payload_size;    /* of those that wait, bytes */
    struct bw_bytes popped; /* the payload of the last one that the host took */
    uint64_t lost;          /* no memory, or past the bound */
};

struct bw_persistence {
    bool durable;       /* a state directory is there */
    bool started;       /* the state of this boot is durable: we may speak */
    bool want_node;     /* id, boot, incarnation must be written */
    bool want_election; /* terms must be written */
    bool writing;
    bool writing_election; /* the write under way has the election's terms */
    int64_t retry_us;      /* when a failed first write is tried again */
    uint8_t *blob;
    size_t blob_capacity;
};

/* The addresses of others that the state keeps. */
struct bw_node_peers {
    bool due;        /* members have changed since they were chosen */
    bool forgotten;  /* for good: until we join again none are chosen */
    int64_t look_us; /* not before are they chosen again */
    size_t count;
    struct bw_addr addrs[BW_REMEMBERED_MAX];
};

struct bw_history_entry {
    uint64_t number;
    struct bw_token token;
    struct bw_token other;
    int64_t from_wall_us;
    int64_t until_wall_us;
    int64_t overlap_ms;
    enum bw_loss reason;
    bool healed;
    bool over;
    char leader[BW_NAME_MAX + 1];
};

struct bw_history_scope;
struct bw_history {
    struct bw_history_scope **scopes; /* as many as the election has */
    size_t scope_count;
    size_t scope_capacity;
};

/* What the host was told of a bound. */
struct bw_bound_told {
    uint64_t count;
    int64_t at_us;
};

struct bw_node_voters;
struct bw_discovery;

/* What a member has said of its ring. */
struct bw_holder {
    uint8_t rank[BW_RING_RANK_SIZE];
    bool stored;
    bool fresh; /* since it was asked last */
};

struct bw_node_keys {
    bool record_due; /* gossip has not taken our ring's record yet */
    bool stored;     /* the host has made the ring durable */
    int64_t told_us; /* when it was told last of one that is not */
    /* a newer ring that somebody holds */
    bool wanted;
    uint8_t wanted_rank[BW_RING_RANK_SIZE];
    struct bw_id wanted_from;
    int64_t want_us; /* when it is asked for next */
    uint32_t wants;
    /* our asking of all */
    int64_t ask_us; /* BW_NEVER: we do not ask */
    int64_t ask_until_us;
    size_t ask_at;                /* the place in the view where the next round begins */
    struct bw_table holders;      /* by member */
    struct bw_exchange *exchange; /* NULL: not needed yet; in identity mode it is in our record */
    /* strangers, by kind */
    int64_t stranger_us[2]; /* when they were told of last */
    uint64_t strangers[2];
    int64_t started_us;
};

/* So long after the other was heard last who is taken for the member stands again; and who was set back, who may have promised. */
#define BW_TWICE_US (60 * BW_US_PER_S)

/* What every call looks at stands together, first. */
struct bw_node {
    struct bw_time now; /* the newest time given: time never goes back */
    struct bw_channel *channel;
    struct bw_gossip *gossip;
    struct bw_election *election;
    struct bw_election_view view; /* as last told to the election */
    bool leaving;
    bool leave_due;        /* once the work under our leads has stopped */
    bool members_due;      /* the election had no memory for what it was told of one */
    bool candidacies_due;  /* ours have changed, and gossip has not taken them yet */
    bool voters_due;       /* somebody came or went since names were looked for */
    int candidacies_error; /* gossip has not taken them for this reason */
    size_t voters_count;
    struct bw_node_voters *voters; /* of scopes in quorum mode, by name */
    uint64_t incarnation_ceiling;  /* the next boot starts above this */
    uint64_t bounds_told;          /* the sum of all counts when they were last told; 0: some are yet to be */
    struct bw_persistence persistence;
    struct bw_event_queue events;
    struct bw_node_stats traffic; /* the counters of datagrams */
    struct bw_keyring *keyring;
    struct bw_node_keys keys;
    void (*entropy)(void *context, void *data, size_t size);
    void *entropy_context;
    struct bw_identity *identity; /* NULL: no identity mode */
    int64_t twice_us[2]; /* not before is somebody told again that another member, or this one, is there twice */
    bool held_back;      /* identity mode: this one goes behind our introduction */
    struct bw_outbound held;
    uint8_t authority[BW_PUBLIC_SIZE];
    struct bw_allocator allocator;
    struct bw_trace trace;
    struct bw_id id;
    uint64_t boot;
    uint64_t session;
    struct bw_discovery *discovery; /* NULL: we neither announce ourselves nor join who does */
    struct bw_node_peers peers;
    struct bw_history history;
    struct bw_buffer messages; /* direct ones, for the host */
    struct bw_bound_told bounds[BW_BOUND_COUNT];
    char name[BW_NAME_MAX + 1];
    char cluster[BW_NAME_MAX + 1];
    size_t certificate_size; /* the first one: gossip has the newest */
    uint8_t certificate[BW_CERTIFICATE_MAX];
    uint8_t datagram[BW_DATAGRAM_MAX];
};

/* What an earlier boot left behind. */
struct bw_node_state {
    struct bw_id id;
    uint64_t boot;
    uint64_t incarnation_ceiling;
    struct bw_durable_term *terms; /* allocated */
    size_t term_count;
    struct bw_durable_vote *votes; /* allocated */
    size_t vote_count;
    struct bw_addr peers[BW_REMEMBERED_MAX];
    size_t peer_count;
};

struct bw_trace *bw_node_trace(struct bw_node *node);

/* state.c. load: 0, BW_ERR_CORRUPT, BW_ERR_VERSION, BW_ERR_MEMORY. */
int bw_node_state_load(struct bw_node_state *state, const struct bw_allocator *allocator, struct bw_bytes blob,
                       const char *cluster);
void bw_node_state_free(struct bw_node_state *state, const struct bw_allocator *allocator);
int bw_node_state_store(struct bw_node *node, struct bw_bytes *blob);

/* identity.c. take: 0 without identity mode; BW_ERR_IDENTITY, BW_ERR_NOT_GRANTED. */
int bw_identity_take(struct bw_node *node, const struct bw_config *config);
/* What is wrong with what the configuration gives, a static sentence; NULL: nothing. */
const char *bw_identity_problem(const struct bw_config *config, int64_t wall_us);
bool bw_identity_fits(const struct bw_certificate *certificate, struct bw_bytes candidacies);
void bw_identity_sign_claim(void *context, struct bw_bytes said, uint8_t *signature);
bool bw_identity_claimed(void *context, const struct bw_id *from, const struct bw_id *leader, struct bw_bytes said,
                         const uint8_t *signature);
bool bw_identity_may_lead(void *context, const struct bw_id *id, struct bw_bytes scope); /* context: the node */
bool bw_identity_may_stand(const struct bw_node *node, const char *scope, size_t range_count, uint16_t priority);

/* opening.c: identity mode. */
void bw_opening_learn(struct bw_node *node, const struct bw_gossip_event *event); /* somebody has said who it is */
void bw_opening_member(struct bw_node *node, const struct bw_id *id);             /* a member's record is new */
void bw_opening_enclosed(struct bw_node *node, const struct bw_gossip_event *event);
/* As bw_gossip_transmit, with what says who we are between it. */
bool bw_opening_transmit(struct bw_node *node, struct bw_outbound *out, uint8_t introduction[BW_FRAMES_MAX]);

/* pump.c: joins the machines until neither has anything for the other. */
void bw_node_pump(struct bw_node *node);
void bw_node_tell_again(struct bw_node *node); /* the election, of all that live, if it had no memory for one */
/* Opens a datagram and hands it to gossip. What came of it is yet to be pumped. */
int bw_node_take(struct bw_node *node, struct bw_bytes datagram, const struct bw_addr *from);
bool bw_node_is_member(void *context, const struct bw_id *id); /* context: the node */
struct bw_time bw_node_clamp(struct bw_node *node, struct bw_time now);

/* voters.c */
/* Whether a scope of the configuration has voters if it needs them, all of them named once, and somewhere to keep its votes. */
bool bw_voters_valid(const struct bw_scope_config *scope, bool durable);
/* Keeps the names until all are there. 0 or BW_ERR_MEMORY. */
int bw_voters_declare(struct bw_node *node, const struct bw_scope_config *scope);
void bw_voters_free(struct bw_node *node);
bool bw_voters_resolve(struct bw_node *node);

/* keys.c: the key ring of the cluster. */
void bw_keys_start(struct bw_node *node);
void bw_keys_free(struct bw_node *node);
void bw_keys_tick(struct bw_node *node);
int64_t bw_keys_deadline(const struct bw_node *node);
bool bw_keys_publish(struct bw_node *node);
/* Takes over a ring, which is ours from then on. */
void bw_keys_take(struct bw_node *node, struct bw_keyring *ring, bool stored);
/* Tells the host again of a ring that it has not made durable, if it is not too soon. */
void bw_keys_store_again(struct bw_node *node);
void bw_keys_reaped(struct bw_node *node, const struct bw_id *id);

/* keys_talk.c: what members tell each other of their rings. 0 or BW_ERR_DROP_MALFORMED. */
int bw_keys_record(struct bw_node *node, const struct bw_id *from, const uint8_t *rank);
int bw_keys_receive(struct bw_node *node, const struct bw_id *from, struct bw_bytes message);
void bw_keys_ask_one(struct bw_node *node, const struct bw_id *to);
void bw_keys_want(struct bw_node *node);
bool bw_keys_exchange(struct bw_node *node); /* draws our X25519 key of this session, once; false: no memory */

/* stranger.c: a datagram from addr was dropped; tells the host of who seems to have other keys. */
void bw_stranger_note(struct bw_node *node, const struct bw_addr *addr, int error);

/* peers.c: which addresses the next life is to find in the state. */
void bw_peers_changed(struct bw_node *node);  /* a member came, went or moved */
void bw_peers_look(struct bw_node *node);     /* chooses them anew if it is time */
void bw_peers_look_now(struct bw_node *node); /* ... if anything has changed */
void bw_peers_return(struct bw_node *node);   /* we join: what was forgotten is collected anew */
int64_t bw_peers_deadline(const struct bw_node *node);

/* discovery.c */
int bw_discovery_create(struct bw_node *node, uint64_t seed);
void bw_discovery_free(struct bw_node *node);
void bw_discovery_tick(struct bw_node *node);
int64_t bw_discovery_deadline(const struct bw_node *node);

/* message.c */
void bw_messages_init(struct bw_node *node);
void bw_messages_free(struct bw_node *node);
void bw_messages_push(struct bw_node *node, const struct bw_id *from, uint8_t channel, struct bw_bytes data);

/* events.c */
void bw_event_queue_init(struct bw_event_queue *queue, size_t limit);
void bw_event_queue_free(struct bw_event_queue *queue, const struct bw_allocator *allocator);
void bw_event_queue_push(struct bw_event_queue *queue, const struct bw_allocator *allocator,
                         const struct bw_event *event);
/* Frees the payload of the one before. */
bool bw_event_queue_pop(struct bw_event_queue *queue, const struct bw_allocator *allocator, struct bw_event *event);

/* history.c: takes note of an event of the election. */
void bw_history_note(struct bw_history *history, const struct bw_allocator *allocator, const struct bw_event *event);
void bw_history_free(struct bw_history *history, const struct bw_allocator *allocator);

/* bounds.c: tells the host of bounds that were passed. */
void bw_bounds_tell(struct bw_node *node);

/* user.c: what gossip tells of user events and queries. */
void bw_node_on_user(struct bw_node *node, const struct bw_gossip_event *told);

#endif
