/** @file event.h
 *  What a node tells its host: one flat struct, in order, nothing lost. The host asks with bw_node_event.
 */
#ifndef BELLWETHER_EVENT_H
#define BELLWETHER_EVENT_H

#include <bellwether/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** X(NAME, "text as in monitor --json"). Append only. */
#define BW_EVENTS(X)                              \
    X(MEMBER_ALIVE, "member-alive")               \
    X(MEMBER_SUSPECT, "member-suspect")           \
    X(MEMBER_DEAD, "member-dead")                 \
    X(MEMBER_LEFT, "member-left")                 \
    X(MEMBER_UPDATE, "member-update")             \
    X(MEMBER_CONFLICT, "member-conflict")         \
    X(LEADER_ELECTED, "leader-elected")           \
    X(LEADER_LOST, "leader-lost")                 \
    X(SELF_ELECTED, "self-elected")               \
    X(SELF_DEPOSED, "self-deposed")               \
    X(SPLIT_BRAIN_HEALED, "split-brain-healed")   \
    X(CONVERGED, "converged")                     \
    X(DIVERGED, "diverged")                       \
    X(USER_EVENT, "user-event")                   \
    X(QUERY, "query")                             \
    X(QUERY_ACK, "query-ack")                     \
    X(QUERY_RESPONSE, "query-response")           \
    X(QUERY_END, "query-end")                     \
    X(BOUND_PASSED, "bound-passed")               \
    X(MEMBER_INCOMPATIBLE, "member-incompatible") \
    X(SCOPE_FROZEN, "scope-frozen")               \
    X(SCOPE_THAWED, "scope-thawed")               \
    X(KEYS_CHANGED, "keys-changed")               \
    X(STRANGER, "stranger")                       \
    X(TERM_REFUSED, "term-refused")               \
    X(MEMBER_TWICE, "member-twice")

#define BW_EVENT_VALUE_(name, text) BW_EVENT_##name,
enum bw_event_type { BW_EVENTS(BW_EVENT_VALUE_) BW_EVENT_COUNT };
#undef BW_EVENT_VALUE_

/** Why a reign ended. X(NAME, "text"). Append only. */
#define BW_LOSSES(X)                    \
    X(NONE, "none")                     \
    X(DIED, "died")                     \
    X(RESIGNED, "resigned")             \
    X(DEPOSED, "deposed")               \
    X(LEASE_EXPIRED, "lease-expired")   \
    X(LEFT, "left")                     \
    X(STORAGE, "storage")               \
    X(NOT_READY, "not-ready")           \
    X(PREEMPTED, "preempted")           \
    X(HALF_REACHABLE, "half-reachable") \
    X(VIEW_TOO_SMALL, "view-too-small") \
    X(SECOND_SEAT, "second-seat")

#define BW_LOSS_VALUE_(name, text) BW_LOSS_##name,
enum bw_loss { BW_LOSSES(BW_LOSS_VALUE_) BW_LOSS_COUNT };
#undef BW_LOSS_VALUE_

/** One event. Fields that a type does not name below are zero. A copy of it does not copy the payload. */
struct bw_event {
    enum bw_event_type type;
    struct bw_time time; /**< when the node noticed */
    /* member-*: the member; leader-*, self-*: the leader */
    char name[BW_NAME_MAX + 1];
    struct bw_id id;
    struct bw_addr
        addr; /**< member-*, stranger; member-twice: of the other one; member-conflict: of the other one, other.id; bw_node_member tells
                                   where id is */
    uint64_t incarnation;     /**< member-* */
    char by[BW_NAME_MAX + 1]; /**< member-suspect, member-dead: the accuser's name; member-left: who forgot it, "" if
                                      it left by its own word */
    /* scope-frozen, scope-thawed: id and by are whose operator said so, none and "" if its time was over */
    /* term-refused: name and id are who sent a term that is out of bounds; token: that term, and whose claim it is of, with the
     * name in by; none and "" if of no claim */
    bool own;                    /**< member-suspect, member-dead, member-left, member-twice: that is this node */
    char scope[BW_NAME_MAX + 1]; /**< leader-*, self-*, split-brain-healed, scope-*, term-refused */
    struct bw_token token;       /**< leader-*, self-*: the reign; split-brain-healed: the one that stays */
    struct bw_token other;       /**< split-brain-healed: the one that ended; member-conflict: its id is the other
                                      member's of that name, its term 0 */
    int64_t overlap_ms;          /**< split-brain-healed: both are known to have reigned so long, -1 unknown */
    enum bw_loss reason;         /**< leader-lost, self-deposed */
    /* user-event, query: name and id are who began it; query-ack, query-response: who answers a query of ours */
    char topic[BW_NAME_MAX + 1]; /**< user-event, query: its name */
    struct bw_bytes payload;     /**< user-event, query, query-response: any bytes, not zero-terminated. They are the
                                      node's, and valid until the next bw_node_event or bw_node_destroy */
    uint64_t ltime;       /**< user-event, query: Lamport's. What was begun by somebody who had been told of another
                                      one has a larger one; of two with the same neither knew of the other */
    uint64_t query;       /**< query-*: the number that bw_node_query gave, and that bw_node_respond takes */
    int64_t left_ms;      /**< query: until its deadline; scope-frozen: until it expires, -1: it does not */
    uint32_t acks;        /**< query-end */
    uint32_t responses;   /**< query-end */
    uint32_t expected;    /**< query-end: living members that it was for, as we knew them when it began */
    const char *bound;    /**< bound-passed: the word of one of BW_BOUNDS (node.h), a static string */
    uint8_t protocol_min; /**< member-incompatible: the oldest protocol version that it speaks, and none is ours: it is
                               kept out of the view. At most one event in 30 s */
    uint8_t protocol_max; /**< member-incompatible: the newest */
    uint64_t
        dropped; /**< bound-passed: so many times since the last event about this bound, at most one in 10 s; stranger:
                           so many datagrams of its kind since the last event, at most one a minute; term-refused: so
                           many such terms since the last event, of one member at most one in 10 s */
    /* keys-changed: the ring is another one, and waits to be made durable (keys.h) */
    uint64_t version; /**< keys-changed: of the ring */
    uint32_t keys;    /**< keys-changed: so many are in it */
    int error; /**< stranger: why the datagram from addr was dropped. BW_ERR_DROP_KEY: sealed with a key that is not in our
                           ring; BW_ERR_DROP_AUTH: for another cluster or recipient, or damaged (not told of in the
                           first 10 s: others still send to our former life). The address may be forged */
};

/** The name of an event type as in `monitor --json`. @return a static string */
const char *bw_event_name(enum bw_event_type type);

/** The name of a reason. @return a static string */
const char *bw_loss_name(enum bw_loss reason);

#ifdef __cplusplus
}
#endif
#endif
