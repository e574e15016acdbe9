/** @file config.h
 *  Everything that a node is told when it is made.
 *
 *  Each numeric parameter is declared once, in BW_PARAMS: name (with its unit), least and largest
 *  value, the value in the profiles `local`, `lan` and `wan`, and what it means. The struct, the
 *  command's `--set NAME=VALUE`, the validation and the manual are made from that list.
 */
#ifndef BELLWETHER_CONFIG_H
#define BELLWETHER_CONFIG_H

#include <bellwether/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where the cluster lives: one host, one network, several sites. Sets every parameter. */
enum bw_profile { BW_PROFILE_LOCAL, BW_PROFILE_LAN, BW_PROFILE_WAN };

/** X(name, least, largest, local, lan, wan, text). */
#define BW_PARAMS(X)                                                                                                   \
    X(probe_interval_ms, 20, 600000, 500, 1000, 5000, "one member is probed every so often (SWIM's protocol period)")  \
    X(probe_timeout_min_ms, 5, 60000, 20, 50, 300, "least wait for a direct ack, whatever the round trip")             \
    X(probe_timeout_max_ms, 5, 60000, 200, 500, 3000, "longest wait for a direct ack; below the probe interval")       \
    X(indirect_count, 0, 16, 3, 3, 3, "helpers asked to probe when the direct ack is missing (SWIM's k)")              \
    X(nack_percent, 0, 95, 80, 80, 80, "a helper says that it got no ack after this part of the timeout; 0: never")    \
    X(confirm_mult, 0, 16, 3, 3, 3, "members that look into a suspicion, for each confirmation that counts")           \
    X(hear_others, 0, 1, 1, 1, 1, "1: who hears nobody else accuses nobody; 0: it accuses all the same")               \
    X(buddy, 0, 1, 1, 1, 1, "1: a suspect is told with the first datagram that goes to it, as Lifeguard does")         \
    X(suspicion_alpha, 1, 100, 1, 1, 2, "least suspicion = alpha * max(1, log10 n) * probe interval")                  \
    X(suspicion_beta, 1, 100, 18, 24, 18, "longest suspicion = beta * least suspicion")                                \
    X(damping, 1, 16, 4, 4, 4, "each refutation above one makes the least suspicion so many times as long")            \
    X(retransmit_mult, 1, 16, 3, 4, 4, "an update is sent mult * ceil(log10(n + 1)) times by each member")             \
    X(gossip_interval_ms, 10, 60000, 100, 200, 500, "extra gossip is sent this often while there is news")             \
    X(gossip_fanout, 1, 16, 3, 3, 4, "members that extra gossip goes to each time")                                    \
    X(health_max, 1, 32, 8, 8, 8, "Lifeguard's local health multiplier stretches waits at most so many times")         \
    X(late_ms, 0, 10000, 50, 50, 200, "a tick later than this means that we slept, and accuse nobody; 0: it does not") \
    X(sync_delay_max_ms, 100, 600000, 10000, 30000, 60000, "views that differ are compared at the latest after this")  \
    X(seed_retry_max_ms, 100, 600000, 5000, 10000, 30000, "silent seeds are tried with back-off up to this, for ever") \
    X(reap_after_s, 60, 31536000, 86400, 86400, 86400, "dead and left members are remembered so long")                 \
    X(member_max, 2, 65536, 16384, 16384, 16384, "most members in the table, dead ones included")                      \
    X(lease_ms, 100, 600000, 600, 1500, 10000, "a leader may act so long after proof that others hear it")             \
    X(lease_margin_ms, 10, 60000, 50, 100, 500, "a successor waits so much longer than the lease")                     \
    X(stagger_ms, 5, 60000, 50, 50, 200, "the candidate at position k waits k times this before it claims")            \
    X(settle_ms, 10, 60000, 200, 500, 2000, "no claim until the better candidates have not changed for so long")       \
    X(alone_ms, 100, 600000, 2000, 5000, 20000,                                                                        \
      "with silent seeds, lead a cluster of one only so long after the start")                                         \
    X(successor_count, 1, 32, 5, 5, 5, "best other candidates that get the leader's heartbeats")                       \
    X(drift_ppm, 0, 100000, 1000, 1000, 1000, "clocks may run fast or slow by so much, parts in a million")            \
    X(scope_max, 1, 65536, 4096, 4096, 4096, "most scopes known, others' included")

#define BW_PARAM_FIELD_(name, least, largest, local, lan, wan, text) uint32_t name; /**< text, see BW_PARAMS */
#define BW_PARAM_ONE_(name, least, largest, local, lan, wan, text) +1u
#define BW_PARAMS_ROOM 64u /**< parameters that struct bw_params has room for */
/** The parameters, one field each. A later one takes room from `reserved`, and the size stays. */
struct bw_params {
    BW_PARAMS(BW_PARAM_FIELD_)
    uint32_t reserved[BW_PARAMS_ROOM - (0u BW_PARAMS(BW_PARAM_ONE_))]; /**< left as bw_config_init sets it */
};
#undef BW_PARAM_FIELD_
#undef BW_PARAM_ONE_

/** How the leader of a scope is found. */
enum bw_mode {
    BW_MODE_PRIORITY, /**< availability: one leader in each part of a divided cluster; candidates claim in the order of their
                           ranks, each a little later than the one before */
    BW_MODE_QUORUM, /**< at most one valid lease at any instant: only a majority of the voters elects and renews */
    BW_MODE_BULLY   /**< as priority, but candidates ask those that rank before them first (Garcia-Molina's bully
                           algorithm): for small groups */
};

#define BW_VOTERS_MAX 16u /**< voters of a scope in quorum mode */

/** When a successor may believe that a leader's process is gone: on a refused port (fast) or only by the lease (safe). */
enum bw_failover { BW_FAILOVER_FAST, BW_FAILOVER_SAFE };

#define BW_MIN_VIEW_MAX 32u         /**< as many as successor_count can be */
#define BW_SEATS_MAX 16u            /**< seats of a scope */
#define BW_PREEMPT_NEVER UINT32_MAX /**< for preempt_ms: as long as the leader lives it stays */

/** A scope that this member stands in. Set by bw_scope_config_init, then changed by the caller. Pointers are copied. */
struct bw_scope_config {
    size_t size;       /**< set by bw_scope_config_init: callers built against an older header get defaults */
    const char *name;  /**< 1..BW_NAME_MAX bytes of UTF-8 without control characters; of a range with its number */
    enum bw_mode mode; /**< default BW_MODE_PRIORITY */
    enum bw_failover failover; /**< default BW_FAILOVER_FAST */
    uint16_t priority;         /**< higher wins; default 100 */
    uint16_t min_ack;          /**< successors that must acknowledge a round, if anybody else is alive; default 1 */
    uint16_t min_confirm;      /**< members that must confirm a claim, if anybody else is alive; default 1 */
    uint32_t lease_ms;         /**< 0: the parameter lease_ms */
    bool gate;                 /**< not ready, and so no leader, until bw_node_ready says that it is */
    uint32_t stop_ms;  /**< how long the work may take to stop when we give the lead up of our own will: we resign when
                                    bw_node_stopped says that it has, or when the lease ends that was renewed last within so
                                    long; at most an hour; 0: at once */
    uint16_t min_view; /**< lead only in a view of so many members, ourselves included, that hear us: so many less one
                                    must acknowledge and confirm, whoever else is alive, and heartbeats go to as many; 0: no
                                    such bound; at most BW_MIN_VIEW_MAX */
    uint32_t preempt_ms; /**< hold-down: as a better candidate than the leader, ask for the lead after so long; as
                                    leader, hand over to a better candidate that asks, when both this reign and the candidate
                                    have lasted so long, the latter twice as long for each time that it went away of late;
                                    BW_PREEMPT_NEVER: neither; default 10000 */
    bool witness;        /**< BW_MODE_QUORUM: votes, and never leads */
    const char *const
        *voters; /**< BW_MODE_QUORUM: names of members. They are resolved to ids once, when all are there, and are
                                    not looked at again: see bw_node_change_voters. Needs bw_config.durable */
    size_t voter_count; /**< 1 to BW_VOTERS_MAX in BW_MODE_QUORUM, else 0 */
    uint32_t range_first;
    uint32_t
        range_count; /**< 0: one scope, `name`. Else so many, from "name/range_first" on, "name/65535" at most: each has a
                                    leader of its own, as if declared alone, but others are told of them in one frame. At the
                                    start only, and not in BW_MODE_QUORUM */
    bool
        spread; /**< ties of priority go by a hash of scope and member, not by the id: so many scopes spread evenly over
                                    the members, and those of a member that went are shared out among the others */
    uint16_t
        seats; /**< 2 to BW_SEATS_MAX: so many members lead at once, each in a seat of its own: seat i of "s" is the
                                    scope "s#i", see bw_scope_seat. A member leads a second seat only where no candidate is
                                    steady, ready and without one, and gives it to the first that comes. All members must give
                                    the same number; 0 or 1: there is one leader, and no seat */
    uint16_t
        seat_limit; /**< with seats: this member leads at most so many at once, and leaves further ones vacant rather
                                    than to take them; 0: no such bound */
};

/** A tag: a name and a value that the member shows to all. */
struct bw_tag {
    const char *name;
    const char *value;
};

/** What bw_node_create needs. Set by bw_config_init, then changed by the caller. Nothing is kept by pointer after
 *  bw_node_create returns, the allocator's and the hook's contexts aside. */
struct bw_config {
    size_t size;             /**< set by bw_config_init: callers built against an older header get defaults */
    struct bw_params params; /**< from the profile */
    struct bw_allocator
        allocator; /**< default: malloc's family through a function of the library's host part; must be set by embedders of the core alone */
    void (*entropy)(void *context, void *data, size_t size); /**< fills data with random bytes; must be set. May be
                                                                   called as long as the node lives */
    void *entropy_context;
    const char *name;            /**< label for people, 1..BW_NAME_MAX bytes */
    const char *cluster;         /**< cluster label, bound into every datagram; default "default" */
    struct bw_addr addr;         /**< where the others reach us (the advertised address); must be set */
    const char *keys;            /**< key ring: lines of 32 bytes in base64, the first seals; must be set */
    size_t keys_size;            /**< bytes of keys */
    const struct bw_addr *seeds; /**< addresses to join; our own is harmless */
    size_t seed_count;
    const struct bw_tag *tags;
    size_t tag_count;
    const struct bw_scope_config *scopes; /**< scopes that we may lead, all of one size; none: an observer */
    size_t scope_count;
    bool durable;          /**< true: terms are made durable through bw_node_persist before they are spoken */
    struct bw_bytes state; /**< what bw_node_persist gave at last, empty at the very first start */
    bool discover; /**< announce ourselves by beacons, and join who does: see discover.h. It waits as with silent seeds
                                    (alone_ms) before it leads a cluster of one */
    /* Identity mode (docs/IDENTITY.md): all three, or none. */
    const char
        *identity; /**< this member's own key, the text of a file that `keygen --identity` made; NULL: no identity
                                    mode. The id is then the hash of the key */
    size_t identity_size;    /**< bytes of identity */
    const char *certificate; /**< the text of the certificate that the authority signed for that key and `name` */
    size_t certificate_size; /**< bytes of certificate */
    const char *authority;   /**< the authority's public key, 32 bytes in base64, ending with a zero */
};

/** As bw_config_init, for bindings of other languages.
 *  @param size of the struct as the caller knows it; larger than what this library knows: the rest is zeroed */
void bw_config_init_sized(struct bw_config *config, size_t size, enum bw_profile profile);

/** As bw_scope_config_init, for bindings of other languages. @param size as in bw_config_init_sized */
void bw_scope_config_init_sized(struct bw_scope_config *scope, size_t size, const char *name);

/** Sets every field to its default for a profile. Inline, so that the size is the caller's, whatever library it runs with.
 *  @param config filled; @param profile one of enum bw_profile */
static inline void bw_config_init(struct bw_config *config, enum bw_profile profile) {
    bw_config_init_sized(config, sizeof(*config), profile);
}

/** A scope's defaults. @param scope filled; @param name kept as given */
static inline void bw_scope_config_init(struct bw_scope_config *scope, const char *name) {
    bw_scope_config_init_sized(scope, sizeof(*scope), name);
}

/** Sets one parameter by its name, as `--set` does.
 *  @return 0, BW_ERR_NOT_FOUND (no such parameter), BW_ERR_INVALID (not in its range) */
int bw_params_set(struct bw_params *params, const char *name, uint32_t value);

/** Describes parameter number index, for manuals and completion.
 *  @return its name, NULL past the last; the other pointers may be NULL */
const char *bw_params_describe(size_t index, const char **text, uint32_t *least, uint32_t *largest);

/** Why bw_scope_check refuses. */
struct bw_scope_conflict {
    const char *setting; /**< of the scope: "lease" */
    uint32_t value;      /**< what it is, as --scope has it: milliseconds, or a count */
    uint32_t limit;      /**< what it could be: at most, or at least, as text says */
    const char *text;    /**< a static sentence */
};

/** Checks that a scope's settings fit to the parameters and break no promise, as bw_node_create does: that a leader cut off from
 *  all stops before another starts needs a lease that is over before the leader finds itself alone (in a cluster of three or
 *  more; of two: probe_interval_ms * (1 + suspicion_alpha) is the longest lease for which that holds).
 *  @param why filled if there is a conflict; may be NULL
 *  @return 0 or BW_ERR_INVALID */
int bw_scope_check(const struct bw_params *params, const struct bw_scope_config *scope, struct bw_scope_conflict *why);

/** Checks that the parameters fit together.
 *  @param why gets a static sentence with the reason; may be NULL
 *  @return 0 or BW_ERR_INVALID */
int bw_params_check(const struct bw_params *params, const char **why);

#ifdef __cplusplus
}
#endif
#endif
