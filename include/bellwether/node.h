/** @file node.h
 *  A cluster member without any I/O: membership, failure detection and elections as one state machine.
 *
 *  The host's contract is four lines, after every call that takes `now`:
 *
 *      while (bw_node_transmit(node, &datagram)) send it;
 *      while (bw_node_event(node, &event)) look at it;
 *      if (bw_node_persist(node, &state)) write it durably, then call bw_node_persisted;
 *      arm a timer for bw_node_deadline(node), then call bw_node_tick.
 *
 *  A host drains its socket before it ticks. Extra or early ticks change nothing. `now` is taken from one
 *  clock (see bw_time); a `now` that goes back is clamped. A node is not thread-safe; nodes are independent.
 *  loop.h has this done for libev.
 */
#ifndef BELLWETHER_NODE_H
#define BELLWETHER_NODE_H

#include <bellwether/config.h>
#include <bellwether/error.h>
#include <bellwether/event.h>
#include <bellwether/scope.h>
#include <bellwether/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bw_node;

/** Makes a node.
 *  @param node gets the node, owned by the caller, who ends it with bw_node_destroy
 *  @param config see config.h; not kept
 *  @param now the time
 *  @return 0; BW_ERR_INVALID, BW_ERR_MEMORY, BW_ERR_KEY, BW_ERR_CORRUPT or BW_ERR_VERSION (config->state); in identity mode
 *  BW_ERR_IDENTITY (what was given does not belong together) or BW_ERR_NOT_GRANTED (a scope) */
int bw_node_create(struct bw_node **node, const struct bw_config *config, struct bw_time now);

/** Frees everything; says nothing to anybody (see bw_node_leave). NULL is harmless. */
void bw_node_destroy(struct bw_node *node);

/** Takes one datagram that came from the network.
 *  @return 0 or why it was dropped (BW_ERR_DROP_…), which is counted as well */
int bw_node_receive(struct bw_node *node, const void *data, size_t size, const struct bw_addr *from,
                    struct bw_time now);

/** Takes the news that the host at `to` refused one of our datagrams (ICMP port unreachable).
 *  @param quoted the start of our datagram as the error quoted it; fewer than 28 bytes are ignored
 *  @return 0 if it counts, BW_ERR_NOT_FOUND if it quotes nothing that is outstanding */
int bw_node_refused(struct bw_node *node, const void *quoted, size_t size, const struct bw_addr *to,
                    struct bw_time now);

/** Lets time pass: does all that is due at `now`. */
void bw_node_tick(struct bw_node *node, struct bw_time now);

/** When bw_node_tick wants to be called next, on the mono_us clock; BW_NEVER if not. */
int64_t bw_node_deadline(const struct bw_node *node);

/** A datagram to send. `data` is valid until the next call on the node. */
struct bw_datagram {
    struct bw_addr to;
    const uint8_t *data;
    size_t size;
};

/** The next datagram to send. @return false if there is none */
bool bw_node_transmit(struct bw_node *node, struct bw_datagram *datagram, struct bw_time now);

/** The next event. @return false if there is none */
bool bw_node_event(struct bw_node *node, struct bw_event *event);

/** State that must be durable before the node goes on (config->durable only). Until bw_node_persisted is called the same
 *  request is not repeated and what depends on it waits.
 *  @param state gets bytes valid until the next call on the node: the whole state, replacing the former
 *  @return false if there is nothing to write */
bool bw_node_persist(struct bw_node *node, struct bw_bytes *state);

/** Answers bw_node_persist. @param ok false: it could not be made durable, and the node gives up what depended on it */
void bw_node_persisted(struct bw_node *node, bool ok, struct bw_time now);

/** Leaves orderly: resigns leaderships, tells the others, and is done when bw_node_left is true. */
void bw_node_leave(struct bw_node *node, struct bw_time now);

/** Forgets the addresses of other members that the state keeps (config->durable): for who leaves for good. Without them the next
 *  start on this state tries its seeds alone. To be called before bw_node_leave; after bw_node_join they are collected anew. */
void bw_node_forget_peers(struct bw_node *node, struct bw_time now);

/** Whether a leave has been acknowledged by several members (or nobody is there to do so). */
bool bw_node_left(const struct bw_node *node);

/** Adds addresses to join; they are tried until they answer. A node that has left comes back: a new life with the same
 *  id, which stands again for its scopes. @return 0 or BW_ERR_FULL */
int bw_node_join(struct bw_node *node, const struct bw_addr *seeds, size_t count, struct bw_time now);

/** Gives up the leadership of a scope gracefully, in favour of the best other candidate, and does not stand for it
 *  for for_ms milliseconds (0: 60 s).
 *  @return 0; BW_ERR_NOT_FOUND: no such scope, or we never stand for it; BW_ERR_FROZEN: we lead it, and it is frozen */
int bw_node_stepdown(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now);

/** Hands the leadership of a scope over to another member, whatever its rank: we stop first, then name it as the successor, who
 *  claims without waiting. If it does not claim within 2 s the best candidate does. To ourselves: nothing changes. Where
 *  a better candidate preempts it takes the lead back in time.
 *  @param to a member that stands for the scope, is alive and ready
 *  @param why gets a static sentence with the reason of BW_ERR_INVALID; may be NULL
 *  @return 0; BW_ERR_NOT_FOUND: no such scope, or we never stand for it; BW_ERR_BUSY: we do not lead it;
 *          BW_ERR_INVALID: the member cannot take it; BW_ERR_FROZEN. Then nothing has changed */
int bw_node_transfer(struct bw_node *node, const char *scope, const struct bw_id *to, const char **why,
                     struct bw_time now);

/** Says that a guard (a protected resource, see guard.h) refused the token that we lead with, and which larger one it has let
 *  through: that of a cluster that is gone, of a backup that was put back, of a member that nobody else heard. It would refuse us for
 *  ever, so we end this reign (where the scope's stop_ms is not 0, as soon as the work under it has stopped: bw_node_stopped) and
 *  claim again above that token, without waiting, also if the scope is frozen. Others do not claim meanwhile, for 2 s. Not to be
 *  called where another leader of the other side of a partition may be at work: the two would outbid each other.
 *  @param scope of a scope with seats the seat's own name
 *  @param token as bw_guard_enter gives it in newest, or bw_token_parse; not larger than the one that we lead with: nothing is done
 *  @return 0; BW_ERR_NOT_FOUND: no such scope, or we never stand for it; BW_ERR_BUSY: we do not lead it; BW_ERR_INVALID: its
 *          term is more than 2^32 above all that we know of, and the others would refuse one above it. Then nothing has changed */
int bw_node_claim_above(struct bw_node *node, const char *scope, const struct bw_token *token, struct bw_time now);

/** Freezes a scope, for all members: its leader stays as long as it lives, and nobody else claims it, until it is thawed. A
 *  leader whose lease ended, or that comes back after a restart with its state, may claim again. Who has not heard of it,
 *  beyond a partition, is not bound by it; after healing the larger token stays, frozen. It is forgotten when all members that
 *  have heard of it have ended. Any member may say it, also one that does not stand for the scope.
 *  @param for_ms it expires after so long, 0: never. Frozen again, the new time counts
 *  @return 0; BW_ERR_NOT_FOUND: no such scope is known */
int bw_node_freeze(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now);

/** Ends a freeze, for all members: whoever began it, and wherever. Said before the news of
 *  the freeze has come here, it counts all the same, if the two members' wall clocks agree.
 *  @return as bw_node_freeze */
int bw_node_thaw(struct bw_node *node, const char *scope, struct bw_time now);

/** Says whether we are ready to lead a scope, as a health check finds it (the gate). Who is not ready resigns, in favour of the
 *  best candidate that is, and does not stand.
 *  @param ttl_ms a readiness that is not repeated within so long lapses; 0: it holds until it is taken back
 *  @return 0; BW_ERR_NOT_FOUND: no such scope, or we never stand for it */
int bw_node_ready(struct bw_node *node, const char *scope, bool ready, uint32_t ttl_ms, struct bw_time now);

/** Changes our priority for a scope; the others learn of it. If that makes another candidate better than the leader the lead moves
 *  to it when the hold-down is over (preempt_ms of struct bw_scope_config). Not durable: the next start begins with the
 *  configuration's.
 *  @return 0; BW_ERR_NOT_FOUND: no such scope, or we never stand for it; BW_ERR_NOT_GRANTED: our certificate does not grant that */
int bw_node_priority(struct bw_node *node, const char *scope, uint16_t priority, struct bw_time now);

/** Stands for one more scope, as if it had been in the configuration; the others learn of it. It claims nothing before settle_ms.
 *  Not durable: the next start begins with the configuration's. Of a scope that was withdrawn a moment ago and whose work still
 *  stops, this counts from when it has.
 *  @param config as in bw_config; copied
 *  @return 0; BW_ERR_BUSY: we stand for it already; BW_ERR_INVALID; BW_ERR_FULL: scope_max; BW_ERR_SPACE: our candidacies are more
 *          than a member's record holds (512 bytes; 8 and the name for each); BW_ERR_NOT_GRANTED: our certificate does not grant it; BW_ERR_MEMORY */
int bw_node_scope_add(struct bw_node *node, const struct bw_scope_config *config, struct bw_time now);

/** Stands for a scope no more. A leader gives the lead up first, as in bw_node_stepdown, and its resignation goes on after this. The
 *  scope stays in the views: its record does, and others may stand for it. The term that was reached is remembered, for
 *  the 64 scopes used last.
 *  @return 0; BW_ERR_NOT_FOUND: we do not stand for it */
int bw_node_scope_remove(struct bw_node *node, const char *scope, struct bw_time now);

/** Says that the work under a scope's lead has stopped, after BW_EVENT_SELF_DEPOSED for a lead that was given up (reasons
 *  resigned, not-ready), where the scope's stop_ms is not 0: we resign now, and so let the next one lead.
 *  @return 0; BW_ERR_NOT_FOUND: that is not waited for */
int bw_node_stopped(struct bw_node *node, const char *scope, struct bw_time now);

/** Replaces our tags; the others learn of it as one update (their BW_EVENT_MEMBER_UPDATE, and ours). Not durable: the next
 *  start begins with the configuration's.
 *  @param tags count of them, may be NULL for none; copied
 *  @return 0; BW_ERR_INVALID: not valid text, or a name twice; BW_ERR_SPACE: more than a record holds; BW_ERR_MEMORY */
int bw_node_set_tags(struct bw_node *node, const struct bw_tag *tags, size_t count, struct bw_time now);

/** Replaces the key ring, here alone: for key files that the operator keeps on all hosts. (keys.h changes it everywhere.) The first
 *  seals from the next datagram on, all open. Nobody loses a datagram if a new key is first added on all members, then put
 *  first on all, and only then the old one taken away. A text that says a larger version than ours is the cluster's next ring.
 *  @param keys as in bw_config; copied
 *  @return 0; BW_ERR_KEY: no key, or a line that is none, or one twice; BW_ERR_FULL: more than 8; BW_ERR_STALE: other keys than
 *          ours, and the cluster keeps its ring itself (version above 0); BW_ERR_MEMORY. Then nothing has changed */
int bw_node_set_keys(struct bw_node *node, const char *keys, size_t size, struct bw_time now);

/** Identity mode: from now on with another certificate for the same key and name, before the one in use expires. The others
 *  learn of it as of a change of tags.
 *  @param certificate as in bw_config; copied
 *  @return 0; BW_ERR_IDENTITY: no identity mode, or it is not the authority's word on our key and name, or does not hold now;
 *          BW_ERR_NOT_GRANTED: it grants less than what we stand for; BW_ERR_SPACE; BW_ERR_MEMORY. Then nothing has changed */
int bw_node_set_certificate(struct bw_node *node, const char *certificate, size_t size, struct bw_time now);

/** Identity mode: a certificate counts no more. The others learn of it, and whoever has it is dead to all, for as long as one
 *  member remembers: that is until all have stopped, or each time until you say it again.
 *  @param revocation the line that `authority revoke` printed @return 0; BW_ERR_IDENTITY: no identity mode, or not this
 *  authority's word; BW_ERR_FULL, BW_ERR_MEMORY: not taken */
int bw_node_revoke(struct bw_node *node, const char *revocation, size_t size, struct bw_time now);

/** Identity mode: until when our certificate holds. @return seconds since 1970; 0: no identity mode; -1: it is revoked */
int64_t bw_node_certified_until(const struct bw_node *node);

/** The parameters that the node runs with. */
void bw_node_params(const struct bw_node *node, struct bw_params *params);

/** Changes parameters while the node runs: those of the detector and of dissemination, from probe_interval_ms to
 *  sync_delay_max_ms and seed_retry_max_ms (late_ms aside). What has begun goes on as it began. The others are promises that the
 *  other members rely on, or sizes of tables, and take effect at a start.
 *  @param params all of them, as bw_node_params gave them and changed
 *  @param why gets a static sentence with the reason; may be NULL
 *  @return 0; BW_ERR_INVALID: they do not fit together, or one is not in its range; BW_ERR_BUSY: one of them cannot change
 *          now. Then nothing has changed */
int bw_node_set_params(struct bw_node *node, const struct bw_params *params, const char **why, struct bw_time now);

/** Declares a dead member gone: it becomes `left`, here and everywhere, and is not tried any more. If it lives after all it
 *  refutes that once it hears of it, and is back. Elections go on treating it as dead.
 *  @return 0, also if it has left already; BW_ERR_NOT_FOUND; BW_ERR_BUSY: it is not dead to us, or it is this node */
int bw_node_forget(struct bw_node *node, const struct bw_id *id, struct bw_time now);

/** Tells all members, this one included, by BW_EVENT_USER_EVENT: at most once each, almost surely at all that are members by
 *  then. Who was cut off gets it afterwards, if it is one of the last 256 events and 128 KiB; who joins later does not.
 *  @param name 1..BW_NAME_MAX bytes of UTF-8 without control characters
 *  @param payload any bytes; with the name at most BW_USER_SIZE_MAX
 *  @param ltime gets its Lamport time; may be NULL
 *  @return 0; BW_ERR_INVALID: the name; BW_ERR_SPACE: too large; BW_ERR_BUSY: we have left, or 64 earlier ones have not
 *          been sent yet; BW_ERR_MEMORY */
int bw_node_user_event(struct bw_node *node, const char *name, struct bw_bytes payload, uint64_t *ltime,
                       struct bw_time now);

/** A question to the members. All zero but the name is one to everybody. Pointers are copied. */
struct bw_query {
    const char *name; /**< as a user event's */
    struct bw_bytes payload;
    const char *const *nodes; /**< names: only members with one of them; none: all */
    size_t node_count;
    const struct bw_tag *tags; /**< only members with all of them */
    size_t tag_count;
    bool ack; /**< each says at once that it has been asked: BW_EVENT_QUERY_ACK */
    uint32_t
        timeout_ms; /**< how long answers are waited for, at most an hour; 0: 16 gossip intervals * ceil(log10(n + 1)) */
};

/** Asks. BW_EVENT_QUERY tells each member of it that it is for, us included, at most once. BW_EVENT_QUERY_RESPONSE follows for
 *  each answer, and BW_EVENT_QUERY_END at the deadline, or when all members that it is for have answered. An ack or response is one datagram,
 *  straight to us, and is not repeated when it is lost.
 *  @param query name, payload and filters together at most BW_USER_SIZE_MAX
 *  @param number gets what the events name it by
 *  @return 0; BW_ERR_INVALID: a name, a tag, or the time; BW_ERR_SPACE: too large; BW_ERR_BUSY: we have left; BW_ERR_FULL: 16
 *          of ours wait for answers; BW_ERR_MEMORY */
int bw_node_query(struct bw_node *node, const struct bw_query *query, uint64_t *number, struct bw_time now);

/** Answers a query that BW_EVENT_QUERY has told of, once.
 *  @param payload any bytes, at most BW_USER_SIZE_MAX
 *  @return 0; BW_ERR_NOT_FOUND: no query for us has this number, its deadline is over, or we do not know who asked;
 *          BW_ERR_INVALID: it is answered already; BW_ERR_SPACE: too large; BW_ERR_FULL: too much waits to be sent */
int bw_node_respond(struct bw_node *node, uint64_t number, struct bw_bytes payload, struct bw_time now);

/** What is known of a member. Pointers are valid until the next call that takes `now`. */
struct bw_member_info {
    struct bw_id id;
    const char *name;
    struct bw_addr addr;
    enum bw_status status;
    uint64_t incarnation;
    struct bw_bytes tags;  /**< iterate with bw_tag_next */
    int64_t rtt_us;        /**< smoothed round trip, -1 if not measured */
    int64_t since_wall_us; /**< when the status became what it is, by our wall clock */
    uint8_t protocol;      /**< newest protocol version that both it and we speak */
    bool self;
};

/** Members known, ourselves, dead and left ones included. */
size_t bw_node_member_count(const struct bw_node *node);

/** Member number index; the order is stable while no `now` call is made.
 *  @return 0 or BW_ERR_NOT_FOUND past the end */
int bw_node_member(const struct bw_node *node, size_t index, struct bw_member_info *info);

/** Steps through a member's tags.
 *  @param at 0 at first, then left alone
 *  @return false at the end; name and value point into tags and are not zero-terminated */
bool bw_tag_next(struct bw_bytes tags, size_t *at, struct bw_bytes *name, struct bw_bytes *value);

/** The round trip between two members. */
struct bw_rtt {
    int64_t estimate_us; /**< from their network coordinates (Vivaldi) */
    uint32_t
        error_percent;   /**< how far off estimates of the less sure one have been lately; 150: nothing is known yet */
    int64_t measured_us; /**< smoothed, if one of them is this node and it measured; else -1 */
};

/** Estimates the round trip between two members, of which one may be this node.
 *  @return 0; BW_ERR_NOT_FOUND: no such member; BW_ERR_BUSY: a coordinate was not known and is asked for: call again after a
 *          round trip */
int bw_node_rtt(struct bw_node *node, const struct bw_id *a, const struct bw_id *b, struct bw_rtt *rtt,
                struct bw_time now);

/** Asks every living member whom it has not heard within two rounds of probes. One survey at a time: while one runs this
 *  changes nothing. @return 0 or BW_ERR_MEMORY */
int bw_node_survey(struct bw_node *node, struct bw_time now);

/** Whether answers to the survey are still waited for; a few seconds at most. */
bool bw_node_surveying(const struct bw_node *node);

/** What a member answered. unheard is valid until the next call that takes `now`. */
struct bw_reach {
    struct bw_id id;
    bool answered;
    size_t living_count;  /**< members alive to it, itself included */
    size_t unheard_count; /**< members, dead ones included, that it has not heard within two rounds */
    const struct bw_id *unheard;
    size_t id_count; /**< ids in unheard: the first 60, the living ahead */
};

/** Answer number index of the last survey; who did not answer is there, too. @return 0 or BW_ERR_NOT_FOUND past the end */
int bw_node_reach(const struct bw_node *node, size_t index, struct bw_reach *reach);

#define BW_CHANNEL_MIN 16u        /**< channels below are the library's own */
#define BW_MESSAGE_SIZE_MAX 1024u /**< a message, bytes */

/** A direct message from a member. data is valid until the next call on the node. */
struct bw_message {
    struct bw_id from;
    uint8_t channel;
    const uint8_t *data;
    size_t size;
};

/** Sends a message to a member, once: it may be lost, come late or out of order, never twice and never damaged. Both ends are
 *  authenticated as the cluster's members. Several to one member share a datagram.
 *  @param channel BW_CHANNEL_MIN to 255, what the two sides agree on
 *  @param data copied; at most BW_MESSAGE_SIZE_MAX bytes
 *  @return 0; BW_ERR_NOT_FOUND: no such member, or this node; BW_ERR_SPACE: too large; BW_ERR_INVALID: the channel;
 *          BW_ERR_FULL: too much waits to be sent */
int bw_node_send(struct bw_node *node, const struct bw_id *to, uint8_t channel, const void *data, size_t size,
                 struct bw_time now);

/** The next message that came. Up to 256 KiB wait; what comes beyond that is dropped and counted (bw_node_stats): drain it
 *  after each call, as events. @return false if there is none */
bool bw_node_message(struct bw_node *node, struct bw_message *message);

/** What a suspicion rests on, as far as this node knows. X(NAME, "word", "sentence"). Append only. */
#define BW_EVIDENCES(X)                                                                       \
    X(NONE, "none", "it was not suspected")                                                   \
    X(PROBE, "probe", "it did not answer this agent's probe, nor any helper's")               \
    X(REFUSED, "refused", "its port refused this agent's probe, and no helper got an answer") \
    X(REFUSED_TWICE, "refused-twice", "its port refused this agent's probe and a helper's")   \
    X(TOLD, "told", "another member said that it suspects it")                                \
    X(VERDICT, "verdict", "another member said that it is dead")                              \
    X(TABLE, "table", "another member's table held it for dead")                              \
    X(HELPED, "helped", "its port refused this agent, which probed it for another member")    \
    X(CERTIFICATE, "certificate", "its certificate is revoked or has expired")

#define BW_EVIDENCE_VALUE_(name, word, text) BW_EVIDENCE_##name,
enum bw_evidence { BW_EVIDENCES(BW_EVIDENCE_VALUE_) BW_EVIDENCE_COUNT };
#undef BW_EVIDENCE_VALUE_

/** The word of an evidence; its sentence, too, if text is not NULL. @return static strings */
const char *bw_evidence_name(enum bw_evidence evidence, const char **text);

#define BW_WHY_ACCUSERS_MAX 6u /**< accusers named, at most */

/** Why a member's status is what it is: its last suspicion, as this node saw it. Kept for the 256 members suspected last. */
struct bw_why {
    int64_t heard_us;          /**< so long ago the member itself was heard, -1: never */
    bool alone;                /**< dead to us because we hear nobody at all */
    uint8_t refutations;       /**< by its own record, decaying: they lengthen its suspicions */
    bool unstable;             /**< ... and make it the last choice for leading */
    bool suspected;            /**< the rest is known */
    bool runs;                 /**< the suspicion has not ended */
    bool own;                  /**< we are among the accusers */
    bool damped;               /**< its refutations lengthened the wait */
    enum bw_evidence evidence; /**< ours, if we have any, else what we were told */
    enum bw_status outcome;    /**< alive: refuted */
    uint8_t helper_count;      /**< asked by us to probe it */
    uint8_t nack_count;        /**< of them said that they got no answer either */
    uint16_t refuted_count;    /**< suspicions of it that we saw refuted */
    int64_t began_wall_us;     /**< by our wall clock */
    int64_t lasted_us;         /**< until now or its end */
    int64_t wait_us;           /**< the time that it had to refute, as granted last */
    struct bw_id forgotten_by; /**< by whose operator; none: by nobody's */
    size_t accuser_count;
    struct bw_id accusers[BW_WHY_ACCUSERS_MAX]; /**< the first accuser first; the others confirmed it */
};

/** Says why a member's status is what it is. @return 0 or BW_ERR_NOT_FOUND: no such member */
int bw_node_why(const struct bw_node *node, const struct bw_id *id, struct bw_why *why);

/** Our own id. */
struct bw_id bw_node_id(const struct bw_node *node);

/** Whether the last peers that we heard of had exactly our view. */
bool bw_node_converged(const struct bw_node *node);

/** 8 bytes that are equal, almost surely, on members with equal views. */
uint64_t bw_node_digest(const struct bw_node *node);

/** What a node has done since it was made. */
struct bw_node_stats {
    size_t size;            /**< sizeof(struct bw_node_stats), set by the caller */
    uint64_t sent;          /**< datagrams */
    uint64_t sent_size;     /**< bytes of UDP payload */
    uint64_t received;      /**< datagrams, dropped ones included */
    uint64_t received_size; /**< bytes of UDP payload */
    uint64_t events_lost;   /**< events that no memory was left for */
    uint32_t health;        /**< Lifeguard's local health, 0: healthy */
    uint64_t messages_lost; /**< direct messages that found no room, see bw_node_message */
};

/** Fills in stats as far as its size says. */
void bw_node_stats(const struct bw_node *node, struct bw_node_stats *stats);

/** How often each rule of the protocols was applied: rule number index.
 *  @param name gets its name, as in the list of rules; may be NULL
 *  @param count gets the count
 *  @return 0 or BW_ERR_NOT_FOUND past the end */
int bw_node_rule(const struct bw_node *node, size_t index, const char **name, uint64_t *count);

/** Everything that grows has a bound; past it the least useful thing is dropped, and counted. X(NAME, "word", "what was
 *  dropped"). Append only. */
#define BW_BOUNDS(X)                                                                                         \
    X(MEMBERS, "members",                                                                                    \
      "the member that is gone for the longest time, or one that is not taken, for want of a place")         \
    X(RECORDS, "records", "a scope's claim that found no place")                                             \
    X(UPDATES, "updates", "the piece of news that was sent most often")                                      \
    X(PINGS, "pings", "a ping for others, as too many are outstanding")                                      \
    X(PAGES, "pages", "a page of a comparison of views beyond the window")                                   \
    X(ANSWERS, "answers", "an answer to an address that has not shown that it hears us, and asks too often") \
    X(DATAGRAMS, "datagrams", "a datagram, as too many wait to be sent")                                     \
    X(NEWS, "news", "what a datagram said, as too much waits to be taken up")                                \
    X(USER_EVENTS, "user-events", "a user event: too many at once, or one with a time that is made up")      \
    X(QUERIES, "queries", "a query with a time that is made up")                                             \
    X(REASONS, "reasons", "the oldest of the reasons that are kept for why")                                 \
    X(ELECTION, "election", "a message or an event of the election")                                         \
    X(MESSAGES, "messages", "a direct message that the host did not take in time")                           \
    X(EVENTS, "events", "an event that the host did not take in time, or that found no memory")              \
    X(SIGNATURES, "signatures", "a word that somebody signed, as its sender had too many looked at")         \
    X(REVOCATIONS, "revocations", "a revocation that found no place")

#define BW_BOUND_VALUE_(name, word, text) BW_BOUND_##name,
enum bw_bound { BW_BOUNDS(BW_BOUND_VALUE_) BW_BOUND_COUNT };
#undef BW_BOUND_VALUE_

/** How often bound number index was passed. BW_EVENT_BOUND_PASSED tells of it as it happens.
 *  @param word, text get what BW_BOUNDS says, may be NULL @param count gets the count
 *  @return 0 or BW_ERR_NOT_FOUND past the end */
int bw_node_bound(const struct bw_node *node, size_t index, const char **word, const char **text, uint64_t *count);

/** Counters: datagrams dropped for reason error, a negative enum bw_error. */
uint64_t bw_node_dropped(const struct bw_node *node, int error);

#ifdef __cplusplus
}
#endif
#endif
