/* The node's inside, for the files of node/ and (the trace alone) for the simulator and the tests. */
#ifndef BW_NODE_INTERNAL_H
#define BW_NODE_INTERNAL_H

#include "base/base.h"
#include "base/trace.h"
#include "crypto/channel.h"
#include "crypto/keyring.h"
#include "election/election.h"
#include "gossip/buffer.h"
#include "gossip/gossip.h"
#include <bellwether/node.h>

#define BW_CHANNEL_ELECTION 1u               /* direct messages of the election */
#define BW_EVENT_PAYLOAD_MAX (1024u * 1024u) /* of events that the host has not taken, bytes */
#define BW_RECORD_KIND_CLAIM 1u              /* keyed records that are claims of leadership; key = scope */
#define BW_RECORD_KIND_FREEZE 2u             /* whether the scope is frozen; key = scope */

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

struct bw_node {
    struct bw_allocator allocator;
    struct bw_trace trace;
    struct bw_keyring *keyring;
    struct bw_channel *channel;
    struct bw_gossip *gossip;
    struct bw_election *election;
    struct bw_id id;
    char name[BW_NAME_MAX + 1];
    char cluster[BW_NAME_MAX + 1];
    uint64_t boot;
    uint64_t incarnation_ceiling; /* the next boot starts above this */
    struct bw_persistence persistence;
    struct bw_event_queue events;
    struct bw_history history;
    struct bw_node_voters *voters; /* of scopes in quorum mode, by name */
    size_t voters_count;
    bool voters_due;              /* somebody came or went since names were looked for */
    struct bw_buffer messages;    /* direct ones, for the host */
    struct bw_election_view view; /* as last told to the election */
    struct bw_time now;           /* the newest time given: time never goes back */
    struct bw_node_stats traffic; /* the counters of datagrams */
    struct bw_bound_told bounds[BW_BOUND_COUNT];
    uint64_t bounds_told; /* the sum of all counts when they were last told; 0: some are yet to be */
    bool leaving;
    bool leave_due;        /* once the work under our leads has stopped */
    bool candidacies_due;  /* ours have changed, and gossip has not taken them yet */
    int candidacies_error; /* ... for this reason */
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
};

struct bw_trace *bw_node_trace(struct bw_node *node);

/* state.c. load: 0, BW_ERR_CORRUPT, BW_ERR_VERSION, BW_ERR_MEMORY. */
int bw_node_state_load(struct bw_node_state *state, const struct bw_allocator *allocator, struct bw_bytes blob,
                       const char *cluster);
void bw_node_state_free(struct bw_node_state *state, const struct bw_allocator *allocator);
int bw_node_state_store(struct bw_node *node, struct bw_bytes *blob);

/* pump.c: joins the machines until neither has anything for the other. */
void bw_node_pump(struct bw_node *node);
struct bw_time bw_node_clamp(struct bw_node *node, struct bw_time now);

/* voters.c */
/* Whether a scope of the configuration has voters if it needs them, all of them named once, and somewhere to keep its votes. */
bool bw_voters_valid(const struct bw_scope_config *scope, bool durable);
/* Keeps the names until all are there. 0 or BW_ERR_MEMORY. */
int bw_voters_declare(struct bw_node *node, const struct bw_scope_config *scope);
void bw_voters_free(struct bw_node *node);
bool bw_voters_resolve(struct bw_node *node);

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
