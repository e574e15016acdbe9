/* One leader per scope on top of a membership view: a pure state machine (election.md). It sees base's types and what node
 * tells it of members, never gossip's tables. */
#ifndef BW_ELECTION_ELECTION_H
#define BW_ELECTION_ELECTION_H

#include "base/envelope.h"
#include "base/trace.h"
#include <bellwether/config.h>
#include <bellwether/error.h>
#include <bellwether/event.h>
#include <bellwether/node.h>
#include <bellwether/types.h>

#define BW_CLAIM_RANK_SIZE 32u /* term(8) id(16) sequence(8): bytewise order is token order */
#define BW_CLAIM_BODY_MAX 256u
#define BW_ELECTION_MESSAGE_MAX 1024u
#define BW_CANDIDACIES_MAX 512u

struct bw_election;

/* A term that must survive a restart. */
struct bw_durable_term {
    char scope[BW_NAME_MAX + 1];
    uint64_t term; /* largest that we claimed or saw */
    bool own;      /* we claimed in it */
};

/* A list of voters. Of two the one with the larger (term, number) is newer; ids rise. */
struct bw_voters {
    uint64_t term;
    uint64_t number;
    size_t count; /* 0: not known yet */
    struct bw_id ids[BW_VOTERS_MAX];
};

/* What a voter of a scope in quorum mode must not forget. */
struct bw_durable_vote {
    char scope[BW_NAME_MAX + 1];
    uint64_t term; /* largest that we voted in; 0: never */
    struct bw_id candidate;
    uint64_t boot;         /* the candidate's */
    bool released;         /* the candidate gave it back */
    uint32_t lease_ms;     /* L: another one is refused */
    uint32_t lease_max_ms; /* longest that we may ever have promised */
    struct bw_voters voters;
};

struct bw_election_config {
    struct bw_allocator allocator;
    struct bw_trace *trace;
    struct bw_params params;
    uint64_t seed;
    struct bw_id self;
    uint64_t boot;  /* counts starts; part of a candidate's identity */
    bool forgetful; /* an earlier life of ours may have acknowledged a leader that we do not know of */
    bool has_seeds; /* seeds other than ourselves are configured: a cluster of one waits for alone_ms */
    const struct bw_scope_config *scopes;
    size_t scope_count;
    const struct bw_durable_term *terms; /* from the state directory */
    size_t term_count;
    const struct bw_durable_vote *votes;
    size_t vote_count;
    /* How long a member's answer takes at most, in microseconds, by its measured round trips (bully mode). It changes nothing.
     * NULL: the parameter probe_timeout_max_ms for everybody. */
    int64_t (*timeout_us)(void *context, const struct bw_id *id);
    void *timeout_context;
    /* Whether a member may lead the scope. NULL: everybody may. */
    bool (*may_lead)(void *context, const struct bw_id *id, struct bw_bytes scope);
    void *may_lead_context;
    /* Identity mode: signs what we claim, and says whether that member signed what `from` tells of it. Both NULL: nothing is
     * signed. A signature has 64 bytes. */
    void (*sign)(void *context, struct bw_bytes said, uint8_t *signature);
    bool (*signed_by)(void *context, const struct bw_id *from, const struct bw_id *leader, struct bw_bytes said,
                      const uint8_t *signature);
    void *sign_context;
};

/* What gossip knows of a member, as far as elections care. */
struct bw_election_member {
    struct bw_id id;
    enum bw_status status;
    bool unstable;
    struct bw_bytes candidacies; /* its own bw_election_candidacies */
};

int bw_election_create(struct bw_election **election, const struct bw_election_config *config, struct bw_time now);
void bw_election_destroy(struct bw_election *election);

/* Asks of each scope that candidacies name, or (range) of all that begin so. False as soon as one is not allowed, or if they are
 * not well formed. */
bool bw_election_stands(struct bw_bytes candidacies,
                        bool (*allowed)(const void *context, struct bw_bytes scope, bool range, uint16_t priority),
                        const void *context);
/* Our own candidacies for our gossiped record. Returns the size, at most BW_CANDIDACIES_MAX. */
size_t bw_election_candidacies(const struct bw_election *election, uint8_t data[BW_CANDIDACIES_MAX]);

/* -- what goes in -- */
/* A member appeared or changed (never ourselves). False: there was no memory for all of it, and it is to be told again. */
bool bw_election_member(struct bw_election *election, const struct bw_election_member *member, struct bw_time now);
void bw_election_reaped(struct bw_election *election, const struct bw_id *id, struct bw_time now);
/* A direct message on the election's channel. heard_us: the sender's echo (see bw_inbound): "I heard what you sent then".
 * 0, BW_ERR_DROP_MALFORMED, or BW_ERR_DROP_UNSIGNED: a claim in it is not its leader's. */
int bw_election_receive(struct bw_election *election, const struct bw_id *from, int64_t heard_us,
                        struct bw_bytes message, struct bw_time now);
/* A pending claim record, relayed (or sent) by from. The election decides: what it accepts, now or later, it publishes
 * (bw_election_publish); until then nobody relays it. 0, BW_ERR_DROP_MALFORMED or BW_ERR_DROP_UNSIGNED. */
int bw_election_record(struct bw_election *election, const struct bw_id *from, int64_t heard_us, struct bw_bytes scope,
                       const uint8_t rank[BW_CLAIM_RANK_SIZE], struct bw_bytes body, struct bw_time now);
/* The same of a record that says whether a scope is frozen. */
int bw_election_freeze_record(struct bw_election *election, struct bw_bytes scope,
                              const uint8_t rank[BW_CLAIM_RANK_SIZE], struct bw_bytes body, struct bw_time now);
/* A validated refused port at the member's address. */
void bw_election_refused(struct bw_election *election, const struct bw_id *id, struct bw_time now);
/* The answer to a probe that was asked for with bw_election_probe. */
void bw_election_answered(struct bw_election *election, const struct bw_id *id, bool ok, struct bw_time now);
/* What gossip thinks of our view; told after every change. */
struct bw_election_view {
    bool synchronised; /* since boot */
    bool agreed;       /* digest equals that of the last peers heard */
    bool alone;        /* nobody else lives, as far as we hear */
    bool unstable;     /* our own refutations make us so */
};
void bw_election_view(struct bw_election *election, const struct bw_election_view *view, struct bw_time now);
/* Answers bw_election_persist. */
void bw_election_persisted(struct bw_election *election, bool ok, struct bw_time now);
/* Resigns all leaderships and stands no more, until it returns: a new life, that listens first. */
void bw_election_leave(struct bw_election *election, struct bw_time now);
void bw_election_return(struct bw_election *election, struct bw_time now);
/* Resigns the scope's leadership and does not stand for it for a time. BW_ERR_NOT_FOUND: we never stand for it. */
int bw_election_stepdown(struct bw_election *election, const char *scope, uint32_t for_ms, struct bw_time now);
/* The leader hands over to that member, whatever its rank; to ourselves: nothing to do. BW_ERR_NOT_FOUND: we never stand for
 * the scope; BW_ERR_BUSY: we do not lead it; BW_ERR_INVALID: the member cannot take it, for the reason in *why. */
int bw_election_transfer(struct bw_election *election, const char *scope, const struct bw_id *to, const char **why,
                         struct bw_time now);
/* A guard refused us and named a larger token: the leader ends its reign and claims again above it. Not larger than ours: nothing
 * to do. BW_ERR_NOT_FOUND, BW_ERR_BUSY as above; BW_ERR_INVALID: its term is out of bounds. */
int bw_election_claim_above(struct bw_election *election, const char *scope, const struct bw_token *token,
                            struct bw_time now);
/* Another process has our id: for so long, microseconds, or BW_NEVER, we neither stand nor vote. */
void bw_election_twice(struct bw_election *election, int64_t for_us, struct bw_time now);
/* The same, at least: we are an older state of ourselves, and have forgotten what we promised. */
void bw_election_set_back(struct bw_election *election, int64_t for_us, struct bw_time now);

/* The gate: whether we are ready to lead; who is not resigns. ttl_ms 0: until told otherwise. BW_ERR_NOT_FOUND as above. */
int bw_election_ready(struct bw_election *election, const char *scope, bool ready, uint32_t ttl_ms, struct bw_time now);
/* The voters that were configured, ids that rise: they count if no list is known yet. */
void bw_election_voters(struct bw_election *election, const char *scope, const struct bw_id *ids, size_t count,
                        struct bw_time now);
/* As its leader: one voter more, or one less. See bw_node_change_voters. */
int bw_election_change_voters(struct bw_election *election, const char *scope, const struct bw_id *id, bool add,
                              const char **why, struct bw_time now);
/* Our priority from now on; it counts at once. BW_ERR_NOT_FOUND as above. */
int bw_election_priority(struct bw_election *election, const char *scope, uint16_t priority, struct bw_time now);

/* The leader stays, and nobody else claims, until it is thawed or, if that is not 0, for_ms are over. BW_ERR_NOT_FOUND: no such
 * scope. */
int bw_election_freeze(struct bw_election *election, const char *scope, uint32_t for_ms, struct bw_time now);
int bw_election_thaw(struct bw_election *election, const char *scope, struct bw_time now);

/* Stands for one more scope, or not any more (see bw_node_scope_add, bw_node_scope_remove). */
int bw_election_scope_add(struct bw_election *election, const struct bw_scope_config *config, struct bw_time now);
int bw_election_scope_remove(struct bw_election *election, const char *scope, struct bw_time now);
/* The work under a lead that was given up has stopped. BW_ERR_NOT_FOUND: that is not waited for. */
int bw_election_stopped(struct bw_election *election, const char *scope, struct bw_time now);
/* Whether a resignation waits for that. */
bool bw_election_stopping(const struct bw_election *election);

void bw_election_tick(struct bw_election *election, struct bw_time now);
int64_t bw_election_deadline(const struct bw_election *election);

/* -- what comes out; drained after every call, pointers valid until the next call with `now` -- */
struct bw_election_message {
    struct bw_id to;
    struct bw_bytes data;
};
bool bw_election_transmit(struct bw_election *election, struct bw_election_message *message, struct bw_time now);
struct bw_election_claim {
    struct bw_bytes scope;
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    struct bw_bytes body;
    bool freeze; /* not a claim: whether the scope is frozen */
};
bool bw_election_publish(struct bw_election *election, struct bw_election_claim *claim);
/* The claim that bw_election_publish gave last could not be stored: it is given again, after all others. */
void bw_election_unpublished(struct bw_election *election, struct bw_bytes scope, bool freeze);
/* A member to ping at once. */
bool bw_election_probe(struct bw_election *election, struct bw_id *id);
/* True when bw_election_candidacies gives something new; not repeated. */
bool bw_election_candidacies_changed(struct bw_election *election);
/* True when terms must be made durable; not repeated until answered. */
bool bw_election_persist(struct bw_election *election);
/* leader-elected, leader-lost, self-elected, self-deposed, split-brain-healed; name is left empty, node fills it in. */
bool bw_election_event(struct bw_election *election, struct bw_event *event);

/* -- views -- */
size_t bw_election_scope_count(const struct bw_election *election);
/* info->leader and previous_leader are left NULL (node fills them in from the tokens' ids). */
int bw_election_scope(const struct bw_election *election, size_t index, struct bw_scope_info *info, struct bw_time now);
/* The index of the scope of that name; BW_ERR_NOT_FOUND. */
int bw_election_scope_index(const struct bw_election *election, const char *scope, size_t *index);
/* How many shards there are of scopes "base/0" and on (see bw_node_owner); 0: none is known. */
uint32_t bw_election_shards(const struct bw_election *election, const char *base);
/* shard: below what bw_election_shards says. */
void bw_election_shard_name(const char *base, uint32_t shard, char name[BW_NAME_MAX + 1]);
/* All of them: see bw_node_candidates. The infos' name, status and behind_name are node's. */
int bw_election_candidates(const struct bw_election *election, const char *scope, struct bw_candidate_info *infos,
                           size_t capacity, size_t *count);
/* info->name, status and behind_name are node's. */
int bw_election_candidate(const struct bw_election *election, const char *scope, size_t index,
                          struct bw_candidate_info *info);
/* Whose settings differ from ours: see bw_node_differences. The infos' name is node's. BW_ERR_NOT_FOUND: no such scope. */
int bw_election_differences(const struct bw_election *election, const char *scope, struct bw_difference_info *infos,
                            size_t capacity, size_t *count);
/* info->of is node's. BW_ERR_NOT_FOUND: no such scope. */
int bw_election_vacancy(const struct bw_election *election, const char *scope, struct bw_vacancy_info *info,
                        struct bw_time now);
bool bw_election_may_act(const struct bw_election *election, const char *scope, struct bw_time now);
/* The durable terms, one after the other: cursor is 0 at first. BW_ERR_NOT_FOUND after the last. */
int bw_election_term(const struct bw_election *election, size_t *cursor, struct bw_durable_term *term);
/* The durable votes, number index; BW_ERR_NOT_FOUND past the end. */
int bw_election_vote(const struct bw_election *election, size_t index, struct bw_durable_vote *vote);
/* The list of voters that we know, whether it is ours to vote with or only somebody's word; BW_ERR_NOT_FOUND. */
int bw_election_voter_list(const struct bw_election *election, const char *scope, struct bw_voters *voters);
/* Messages and events that found no room, so far. */
uint64_t bw_election_overflowed(const struct bw_election *election);

#endif
