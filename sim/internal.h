/* The world's insides, shared by the files of sim/ alone. */
#ifndef BW_SIM_INTERNAL_H
#define BW_SIM_INTERNAL_H

#include "base/base.h"
#include "base/rng.h"
#include "base/table.h"
#include "base/trace.h"
#include "election/guard.h"
#include "sim/sim.h"

#define BW_SIM_REFUSAL_BURST 6u /* Linux: port-unreachable answers to one peer, then one a second */
#define BW_SIM_CLUSTER "sim"
#define BW_SIM_KEYS_SIZE 512u  /* a key file */
#define BW_SIM_QUOTE_SIZE 128u /* how much of a datagram a port-unreachable answer quotes */

enum bw_sim_kind {
    BW_SIM_DELIVER,
    BW_SIM_REFUSE,
    BW_SIM_TICK,
    BW_SIM_EXTRA,
    BW_SIM_WAKE,
    BW_SIM_WRITTEN,
    BW_SIM_ACTION
};

/* Something that will happen. */
struct bw_sim_item {
    int64_t at_us;
    enum bw_sim_kind kind;
    size_t host;
    size_t from;    /* deliver: the sender; refuse: the host that refused */
    uint64_t stamp; /* tick, wake, written: void unless the host's stamp is the same */
    uint8_t *data;  /* deliver, refuse */
    size_t size;
    void (*action)(struct bw_sim *sim, void *context);
    void *context;
};

struct bw_sim_place {
    int64_t at_us;
    uint64_t order; /* ties go by it */
    size_t item;
};

/* As many items as places: those behind the heap's end are free. */
struct bw_sim_heap {
    struct bw_sim_place *places;
    struct bw_sim_item *items; /* stay where they are while their places move */
    size_t count;
    size_t capacity;
    uint64_t next_order;
};

/* A datagram or a refusal that waits in a socket because the process does not run. */
struct bw_sim_packet {
    struct bw_sim_packet *next;
    size_t from;
    bool refusal;
    size_t size;
    uint8_t data[];
};

struct bw_sim_path { /* from one host to another */
    struct bw_sim_link link;
    int64_t refusals_us; /* token bucket: it is full again at this time */
};

/* What every event looks at stands together, first. */
struct bw_sim_host {
    struct bw_node *node; /* NULL: no process */
    struct bw_sim *sim;
    /* clocks: since base_us (real) both run by the same rate */
    int64_t base_us;
    int64_t mono_base_us;
    int64_t wall_base_us;
    int32_t rate_ppm;
    /* scheduling */
    uint32_t slow_us;
    bool paused;
    bool leaving;
    bool asleep; /* paused, or slow and not yet on the processor: datagrams wait in the socket */
    bool silent; /* network */
    enum bw_sim_refusals refusals;
    unsigned group;
    uint32_t stuck_count;
    uint64_t tick_stamp;
    int64_t tick_at_us; /* real; BW_NEVER: not armed */
    size_t allocated_size;
    uint64_t allocation_count;
    uint64_t fail_allocation;  /* the nth from now */
    struct bw_sim_path *paths; /* by destination; NULL: nothing special */
    struct bw_sim_link in;
    struct bw_sim_link out;
    struct bw_sim_counts counts;
    /* who it is */
    struct bw_id id; /* of the last process */
    char name[BW_NAME_MAX + 1];
    uint16_t priority;
    struct bw_rng entropy;
    int64_t touched_us;  /* when it was last started, stopped, continued, cut off or put elsewhere */
    int64_t rejoined_us; /* when it last came among others out of a part in which nobody else ran; 0: never */
    bool fail_for_ever;
    bool protect;
    /* what waits in its socket */
    uint64_t wake_stamp;
    struct bw_sim_packet *queue;
    struct bw_sim_packet **queue_end;
    size_t queue_size;
    /* keys, by their numbers; the first seals */
    uint16_t keys[BW_SIM_KEYS_MAX];
    size_t key_count;            /* 0: number 0 alone */
    bool keys_due;               /* its process has not taken them yet */
    char ring[BW_SIM_KEYS_SIZE]; /* its file, once the cluster has changed the ring; numbers count no more */
    size_t ring_size;
    bool ring_fails; /* its file cannot be written */
    /* disk */
    uint8_t *state;
    size_t state_size;
    uint8_t *former_state; /* before the last write; NULL: there was none */
    size_t former_size;
    uint8_t *writing;
    size_t writing_size;
    uint64_t write_stamp;
    bool write_done; /* while asleep */
    bool disk_fails;
    uint32_t write_us;
    /* records */
    struct bw_table seen; /* by the subject's id: the incarnation that it was told of last, as a pointer */
    uint64_t event_counts[BW_EVENT_COUNT];
    uint64_t rule_counts[BW_RULE_COUNT]; /* of former processes, less what the last one counted before it was heard */
    uint64_t accused_count;
    uint64_t suspected_count;
    uint64_t dead_count;
};

/* One reign, from self-elected to self-deposed or the process's end. */
struct bw_sim_reign {
    size_t scope;
    size_t host;
    struct bw_token token;
    int64_t begin_us;
    bool alone; /* to its holder nobody else lived when it began */
    int64_t
        met_us; /* when its holder met the first other member of its life, as seen by a check; 0: not yet; -1: before */
    bool over;
};

/* What is on a voter's disk. */
struct bw_sim_vote {
    uint64_t term;
    struct bw_id candidate;
    uint64_t boot;
    uint64_t voters_term;
};

struct bw_sim_scope {
    char name[BW_NAME_MAX + 1];
    bool quorum; /* somebody has led it in that mode */
    struct bw_guard_record guard;
    struct bw_token taken; /* by the guard's resource, last */
    uint64_t guard_refused;
    int64_t overlap_us;
    struct bw_token *known;   /* by host: the newest leader that it was told of in this life */
    struct bw_token *reigned; /* by host: its last reign */
    uint64_t *former;         /* by host: the term on its disk when it started */
    bool *frozen;             /* by host: it was told so in this life */
    int64_t *followed_us;     /* by host: when it began to follow another, having led last itself, in this life */
    uint64_t *durable;        /* by host: the term on its disk */
    uint32_t *preempt_ms;     /* by host: its policy */
    uint16_t *seats;          /* by host: of a seat, how many its scope has */
    struct bw_sim_vote *votes;
};

enum bw_sim_line { BW_SIM_LINE_SENT, BW_SIM_LINE_LOST, BW_SIM_LINE_TEXT, BW_SIM_LINE_RULE };

#define BW_SIM_RECORD_COUNT 2048u
#define BW_SIM_TEXT_SIZE 120u

/* One line of the cache; the texts stand apart, since most lines have none. */
struct bw_sim_record {
    int64_t at_us;
    size_t host;
    size_t peer;
    uint64_t detail;
    struct bw_id subject;
    const char *text; /* "": none */
    enum bw_sim_line line;
    enum bw_rule rule;
};

struct bw_sim_demand;

#define BW_SIM_CAPTURE_COUNT 256u

/* A datagram that somebody overheard. */
struct bw_sim_capture {
    size_t from;
    size_t to;
    size_t size;
    uint8_t data[BW_DATAGRAM_MAX];
};

struct bw_sim_captures {
    struct bw_rng rng;
    struct bw_attack *attack;                             /* lies in wait for what is on its way */
    uint64_t count;                                       /* ever */
    struct bw_sim_capture captures[BW_SIM_CAPTURE_COUNT]; /* the newest, then some of all times */
};

#define BW_SIM_AHEAD_LEAST 32u /* hosts; what fewer of them need is in the cache anyway */

/* Where a host's process keeps what every call on it looks at; NULL: no process. */
struct bw_sim_ahead {
    const void *node;
    const void *channel;
    const void *gossip;
    const void *election;
};

#define BW_SIM_POOLED_MAX 2048u /* bytes of the largest pooled block */

struct bw_sim_pool {
    void *free[BW_SIM_POOLED_MAX / 16u]; /* lists, by size */
    struct chunk *chunks;
    char *at;
    size_t left;
};

struct bw_sim {
    struct bw_sim_options options;
    int64_t collision_us;
    char scope[BW_NAME_MAX + 1];
    uint64_t seed;
    int64_t now_us;
    struct bw_rng network;
    struct bw_rng extra; /* for needless ticks alone */
    struct bw_sim_heap heap;
    struct bw_sim_pool pool;
    struct bw_keyring *keyring;       /* unsealed.c: of all that have the first key alone; NULL: none yet */
    struct bw_rotation *rotations;    /* of keys, all that ever began; the plan's */
    struct bw_sim_captures *captures; /* NULL: nobody listens */
    uint64_t hostile_count;           /* datagrams that were slipped in */
    void **shared;                    /* records that all tables share, by host; NULL: none */
    struct bw_sim_host *hosts;
    struct bw_sim_ahead *ahead; /* by host; NULL: there are few */
    uint64_t asked;             /* for the process of the item with this number */
    size_t host_count;
    uint64_t change_count; /* grows whenever a node said something or was acted upon */
    uint64_t hash;
    struct bw_sim_record *records;   /* a ring */
    char (*texts)[BW_SIM_TEXT_SIZE]; /* of the records with the same numbers */
    uint64_t record_count;
    struct bw_sim_scope *scopes;
    size_t scope_count;
    struct bw_sim_reign *reigns; /* all ever, in order */
    size_t reign_count;
    size_t reign_capacity;
    size_t open_count; /* reigns that are not over */
    size_t memory_max; /* of one node; bytes */
    struct bw_sim_demand *demands;
    enum bw_invariant broken;
    char violation[240];
};

/* memory.c: the simulator's own; ends the program when there is none */
void *bw_sim_memory(size_t size);
void *bw_sim_memory_copy(const void *data, size_t size);
extern const struct bw_allocator bw_sim_allocator;
/* From the pools, if the world has them; not cleared, NULL without memory. */
void *bw_sim_take(struct bw_sim *sim, size_t size);
void *bw_sim_retake(struct bw_sim *sim, void *memory, size_t old_size, size_t new_size);
void bw_sim_give(struct bw_sim *sim, void *memory, size_t size);
void bw_sim_pool_free(struct bw_sim_pool *pool);

/* unsealed.c */
void bw_sim_unsealed(struct bw_sim *sim, size_t index); /* its process, from now on */
void bw_sim_unsealed_free(struct bw_sim *sim);

/* ahead.c */
void bw_sim_ahead_know(struct bw_sim *sim, size_t host); /* its process has begun or ended */
void bw_sim_ahead(struct bw_sim *sim, const struct bw_sim_item *now);

/* heap.c */
/* The next one that will happen (n is 0), or the one after it (1), and its number in the order of planning; NULL: there is none. */
const struct bw_sim_item *bw_sim_heap_next(const struct bw_sim_heap *heap, size_t n, uint64_t *order);
void bw_sim_heap_push(struct bw_sim_heap *heap, const struct bw_sim_item *item);
bool bw_sim_heap_pop(struct bw_sim_heap *heap, int64_t until_us, struct bw_sim_item *item);
void bw_sim_heap_free(struct bw_sim *sim);

/* clock.c */
void bw_sim_clock_start(struct bw_sim *sim, struct bw_sim_host *host);
struct bw_time bw_sim_clock_at(const struct bw_sim_host *host, int64_t real_us);
int64_t bw_sim_clock_real(const struct bw_sim_host *host,
                          int64_t mono_us); /* the first instant at which it shows mono_us */

/* host.c */
void bw_sim_host_deliver(struct bw_sim *sim, size_t index, const struct bw_sim_item *item, bool refusal);
void bw_sim_host_tick(struct bw_sim *sim, size_t index, const struct bw_sim_item *item);
void bw_sim_host_extra(struct bw_sim *sim, size_t index);
void bw_sim_host_wake(struct bw_sim *sim, size_t index, const struct bw_sim_item *item);
void bw_sim_host_written(struct bw_sim *sim, size_t index, const struct bw_sim_item *item);
void bw_sim_host_end(struct bw_sim *sim, size_t index); /* the process is gone */
void bw_sim_host_pump(struct bw_sim *sim, size_t index);

/* network.c */
void bw_sim_send(struct bw_sim *sim, size_t from, const struct bw_datagram *datagram);
void bw_sim_refuse(struct bw_sim *sim, size_t host, size_t sender, const uint8_t *data, size_t size);
size_t bw_sim_host_at(const struct bw_sim *sim, const struct bw_addr *addr); /* BW_SIM_NONE */
/* A datagram that nobody sent arrives after so long, whatever the network is like. */
void bw_sim_slip_in(struct bw_sim *sim, size_t from, size_t to, const uint8_t *data, size_t size, int64_t after_us);

/* fault_hostile.c: from now on somebody listens */
void bw_sim_listen(struct bw_sim *sim);
void bw_sim_capture(struct bw_sim *sim, size_t from, size_t to, const uint8_t *data, size_t size);

/* keys.c */
size_t bw_sim_key_text(const struct bw_sim_host *host, char *text, size_t size); /* its file; returns its size */
void bw_sim_keys_changed(struct bw_sim *sim, size_t index); /* its process has another ring: it goes to its file */
void bw_sim_keys_due(struct bw_sim *sim, size_t index);     /* its process takes them, if it is on the processor */
size_t bw_sim_keys(const struct bw_sim *sim, size_t index, uint16_t numbers[BW_SIM_KEYS_MAX]);

/* check.c */
void bw_sim_violate(struct bw_sim *sim, enum bw_invariant invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void bw_sim_check_event(struct bw_sim *sim, size_t index, const struct bw_event *event);
void bw_sim_check_host(struct bw_sim *sim, size_t index); /* after each call on its node */
void bw_sim_check_policy(struct bw_sim *sim, size_t index, const struct bw_scope_config *scope); /* before a start */
void bw_sim_check_start(struct bw_sim *sim, size_t index);
void bw_sim_check_end(struct bw_sim *sim, size_t index);
void bw_sim_check_state(struct bw_sim *sim, size_t index);    /* after a durable write */
void bw_sim_check_undo(struct bw_sim *sim, size_t index);     /* what is on its disk has come back from earlier */
void bw_sim_check_time(struct bw_sim *sim, int64_t until_us); /* before time goes on */

/* The scope of this name; NULL: nothing happened in it yet. */
struct bw_sim_scope *bw_sim_scope_find(const struct bw_sim *sim, const char *name);

/* check_guard.c: the holder of this reign may act, and uses the scope's resource */
void bw_sim_check_guard(struct bw_sim *sim, struct bw_sim_scope *scope, const struct bw_sim_reign *reign);

/* check_seats.c: a reign over this scope has begun */
void bw_sim_check_seats(struct bw_sim *sim, size_t host, const char *seat);

/* check_quorum.c */
struct bw_durable_vote;
void bw_sim_check_vote(struct bw_sim *sim, struct bw_sim_scope *scope, size_t index,
                       const struct bw_durable_vote *vote);
void bw_sim_check_term(struct bw_sim *sim, size_t scope, size_t host, const struct bw_token *token);

/* record.c */
void bw_sim_record_text(struct bw_sim *sim, size_t host, const char *format, ...) __attribute__((format(printf, 3, 4)));
void bw_sim_record_datagram(struct bw_sim *sim, enum bw_sim_line line, size_t from, size_t to, const uint8_t *data,
                            size_t size);
void bw_sim_record_rule(struct bw_sim *sim, size_t host, enum bw_rule rule, const struct bw_id *subject,
                        uint64_t detail);

/* count.c: its process counts the rules that it applies; before is true when it starts to be heard, false when it ends */
void bw_sim_take_rule_counts(struct bw_sim_host *host, bool before);

/* demand.c */
void bw_sim_demands_free(struct bw_sim *sim);
void bw_sim_touched(struct bw_sim_host *host);

/* tell.c */
void bw_sim_tell(struct bw_sim *sim, enum bw_story_kind kind, size_t host);
void bw_sim_tell_event(struct bw_sim *sim, size_t host, const struct bw_event *event);

/* world.c */
int bw_sim_create_node(struct bw_sim *sim, size_t index); /* all of a start but the first pump */
struct bw_sim_host *bw_sim_host(const struct bw_sim *sim, size_t index);

#endif
