/* A small world for elections alone: instances, a message shuttle and a membership in virtual time. No gossip: records are
 * handed to everybody who can be reached and are relayed by those who accept them; the membership follows the links after
 * detect_us. Checks at every moment what must hold at every moment. */
#ifndef BW_TESTS_ELECTION_WORLD_H
#define BW_TESTS_ELECTION_WORLD_H

#include "base/base.h"
#include "base/wire.h"
#include "election/election.h"

#define WORLD_NODES 16
#define WORLD_EVENTS 4096
#define MS(n) ((int64_t)(n)*1000)
#define SCOPE "default"

struct world_record {
    uint8_t scope[BW_NAME_MAX];
    size_t scope_size;
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    size_t body_size;
    bool freeze; /* not a claim */
};

struct world_node {
    struct bw_election *election;
    struct bw_id id;
    uint64_t boot;
    bool up;
    bool paused;
    bool refusing; /* down, on a living host */
    bool left;
    bool disk_fails;
    bool observer;
    bool has_seeds;
    uint16_t priority;
    uint16_t min_ack;
    uint16_t min_confirm;
    uint16_t min_view;
    uint32_t preempt_ms; /* world_add: BW_PREEMPT_NEVER */
    enum bw_failover failover;
    enum bw_mode mode;
    bool spread;
    uint32_t stop_ms;
    const char *scopes[4]; /* NULL ends; default: SCOPE alone */
    int64_t wall_skew_us;
    int64_t persist_us;
    struct bw_durable_term disk[8];
    size_t disk_count;
    int64_t started_us;
    /* what it believes */
    enum bw_status status[WORLD_NODES];
    bool told[WORLD_NODES];
    bool outdated[WORLD_NODES];        /* the other stands for something else by now */
    int64_t unreached_us[WORLD_NODES]; /* since when; 0: reached */
    int64_t heard_us[WORLD_NODES];     /* newest send time of the other that arrived here */
    int64_t echoed_us[WORLD_NODES];    /* newest of that which the other has said to have heard */
    struct bw_election_view view;
    struct {
        char name[BW_NAME_MAX + 1];
        bool leading; /* by events */
        uint64_t last_term;
    } reigns[8];
    size_t elections; /* self-elected events */
    struct world_record records[8];
    size_t record_count;
};

struct world_event {
    size_t node;
    int64_t at_us;
    struct bw_event event;
};

extern struct world {
    struct world_node nodes[WORLD_NODES];
    size_t count;
    struct bw_trace trace;
    struct bw_params params;
    struct bw_allocator allocator;
    int64_t now_us;
    int64_t delay_us;
    int64_t detect_us;
    uint32_t loss_percent;
    bool cut[WORLD_NODES][WORLD_NODES]; /* from, to */
    bool no_records;                    /* gossip is silent */
    size_t looks;                       /* at signatures */
    bool signing;                       /* identity mode, by a hash that takes no time */
    struct world_event events[WORLD_EVENTS];
    size_t event_count;
    bool overlap;        /* two acted at one instant */
    int64_t last_act_us; /* when the last reign that ended did end */
    size_t messages;
    size_t claims; /* CLAIM messages' distinct terms: counted by persist requests */
    struct {
        uint8_t data[BW_ELECTION_MESSAGE_MAX];
        size_t size;
    } last[256]; /* the newest message sent of each type */
    /* called for each message on its way; false drops it */
    bool (*filter)(size_t from, size_t to, uint8_t type);
    /* How many copies of it arrive, and when: delay_us may be raised. */
    unsigned (*post)(size_t from, size_t to, uint8_t type, int64_t *delay_us);
    size_t sent[256]; /* messages, by the type of their first frame */
    /* Which of count messages on their way arrives next, in the order of their sending; count: whichever is due. */
    size_t (*choose)(size_t count);
} world;

extern bool world_signs; /* whether world_begin makes worlds that sign */
/* What member number node signs that with; nobody else can tell. */
void world_sign(size_t node, struct bw_bytes said, uint8_t signature[64]);
struct bw_claim;
void world_sign_claim(const char *scope, struct bw_claim *claim, uint8_t signature[64]); /* as its leader */

/* The allocator and the trace hook, for tests with instances of their own. */
void *world_resize(void *context, void *memory, size_t old_size, size_t new_size);
void world_on_rule(void *context, enum bw_rule rule, const struct bw_id *subject, uint64_t detail);

void world_begin(void); /* empty world, lan profile */
void world_end(void);
/* Adds a node that is not started. priority < 0: an observer. Returns its number. */
size_t world_add(int priority);
void world_start(size_t node);
/* count candidates of equal priority, started and run until one leads. Returns the leader. */
size_t world_lead(size_t count);
void world_run(int64_t for_us);
void world_crash(size_t node, bool refusing);
void world_leave(size_t node);
void world_return(size_t node);
int world_stepdown(size_t node, const char *scope, uint32_t for_ms);
/* A leader is told to hand over. */
int world_transfer(size_t node, const char *scope, size_t to, const char **why);
/* A guard refused it and named that token. */
int world_claim_above(size_t node, const char *scope, const struct bw_token *token);
int world_ready(size_t node, const char *scope, bool ready, uint32_t ttl_ms);
int world_freeze(size_t node, const char *scope, uint32_t for_ms);
int world_thaw(size_t node, const char *scope);
int world_priority(size_t node, const char *scope, uint16_t priority);
/* Declares a scope with priority 100 and this failover and stop_ms. */
int world_declare(size_t node, const char *scope, enum bw_failover failover, uint32_t stop_ms);
int world_withdraw(size_t node, const char *scope);
int world_stopped(size_t node, const char *scope);
void world_pause(size_t node);
void world_resume(size_t node);
void world_isolate(size_t node, bool cut); /* both ways, from everybody */
void world_cut(size_t from, size_t to, bool cut);
struct bw_time world_time(size_t node);

/* The number of the node that acts now; WORLD_NODES if none, or more than one. */
size_t world_leader(void);
/* Runs until somebody acts, at most limit_us; returns who, or WORLD_NODES. */
size_t world_until_led(int64_t limit_us);
bool world_acts(size_t node);
/* Whom this node believes to lead, by its view; none if nobody. */
struct bw_token world_believes(size_t node);
bool world_all_follow(size_t leader);
size_t world_events(size_t node, enum bw_event_type type); /* how many */
const struct world_event *world_last(size_t node, enum bw_event_type type);
uint64_t world_hits(enum bw_rule rule);
size_t world_of(const struct bw_id *id);
/* Injects a message as if from sent it now, with that echo. */
int world_inject(size_t from, size_t to, int64_t heard_us, struct bw_bytes message);
/* The same with nothing added: world_inject signs a claim in a world that signs. */
int world_inject_raw(size_t from, size_t to, int64_t heard_us, struct bw_bytes message);
/* Encodes it, then as world_inject; with a fresh echo. */
int world_say(size_t from, size_t to, const struct bw_schema *schema, const void *message);
/* Decodes the newest message of the schema's type. */
void world_heard(const struct bw_schema *schema, void *message);
int world_record(size_t from, size_t to, int64_t heard_us, const char *scope, uint64_t term, size_t leader,
                 uint64_t sequence, uint8_t state);
void world_pump(size_t node);

#endif
