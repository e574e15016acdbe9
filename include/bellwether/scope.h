/** @file scope.h
 *  What a node tells of scopes when it is asked: who leads, since when, why somebody else does not, and who led before.
 */
#ifndef BELLWETHER_SCOPE_H
#define BELLWETHER_SCOPE_H

#include <bellwether/config.h>
#include <bellwether/event.h>
#include <bellwether/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bw_node;

/** Our part in a scope. */
enum bw_role { BW_ROLE_OBSERVER, BW_ROLE_FOLLOWER, BW_ROLE_CANDIDATE, BW_ROLE_LEADER };

/** The number of a seat, by its name: 2 for "db#2", seat 2 of the scope "db" (bw_scope_config.seats). Any such name is one.
 *  @param name_size gets the size of the scope's own name, without "#2"; may be NULL @return -1: it is no seat */
int bw_scope_seat(const char *scope, size_t *name_size);

/** Takes the name of a scope of a range apart: "orders/7" is number 7 of "orders".
 *  @param base_size gets the bytes of "orders", 0 if it is none; may be NULL
 *  @return the number, -1 if it is none */
int32_t bw_scope_shard(const char *scope, size_t *base_size);

/** The name of a scope's seat. @param name gets "db#2", or "" if it would be too long, or there is no such seat */
void bw_scope_seat_name(const char *scope, unsigned seat, char name[BW_NAME_MAX + 1]);

/** "observer", "follower", "candidate" (there is no leader and we stand) or "leader". */
const char *bw_role_name(enum bw_role role);

/** What is known of a scope. Pointers as in bw_member_info. */
struct bw_scope_info {
    const char *scope;
    enum bw_mode mode;
    bool has_leader;
    struct bw_token token; /**< the reign, if has_leader; term = token.term */
    const char *leader;    /**< name, "" if unknown */
    enum bw_role role;
    int64_t since_wall_us;  /**< when we learnt of the leader */
    int64_t lease_us;       /**< what is left of my own lease, -1 if I do not lead */
    bool frozen;            /**< nobody but the last leader claims it: see bw_node_freeze */
    struct bw_id frozen_id; /**< frozen: by which member's operator */
    const char *frozen_by;  /**< its name, "" if unknown or not frozen */
    int64_t frozen_us;      /**< frozen: for so long, -1: until it is thawed */
    int64_t stop_us; /**< I gave the lead up, and this is left for its work to stop; -1: there is nothing to stop */
    struct bw_token
        previous; /**< the reign that my last one followed, as far as I knew; term 0: none. Its id may be none */
    const char *previous_leader; /**< its leader's name, "" if unknown */
};

/** Why a candidate does not lead. X(NAME, "word", "sentence"), %s: the member `behind`. Append only. */
#define BW_WHY_NOTS(X)                                                                               \
    X(LEADS, "leads", "leads")                                                                       \
    X(DEAD, "dead", "dead")                                                                          \
    X(LEFT, "left", "left")                                                                          \
    X(READY, "not-ready", "not ready")                                                               \
    X(STEPPED_DOWN, "stepped-down", "stepped down")                                                  \
    X(UNSTABLE, "unstable", "unstable: ranks behind all that are not, as %s")                        \
    X(HALF, "half-reachable", "half reachable: ranks behind all that are not, as %s")                \
    X(PRIORITY, "lower-priority", "lower priority than %s")                                          \
    X(SMALLER_ID, "smaller-id", "ranks behind %s: larger id wins the tie")                           \
    X(INCUMBENT, "incumbent", "ranks behind %s: of equal ones who led last stays")                   \
    X(LED, "led", "ranks before %s, which leads")                                                    \
    X(YET, "best", "the best candidate, but nobody leads yet")                                       \
    X(VOTER, "not-a-voter", "not among the voters")                                                  \
    X(SMALLER_SCORE, "smaller-score", "ranks behind %s, whose score in this spread scope is larger") \
    X(SEATED, "seated", "holds another seat: ranks behind all that hold none, as %s")

#define BW_WHY_NOT_VALUE_(name, word, text) BW_WHY_NOT_##name,
enum bw_why_not { BW_WHY_NOTS(BW_WHY_NOT_VALUE_) BW_WHY_NOT_COUNT };
#undef BW_WHY_NOT_VALUE_

/** The word of a reason. @param text gets its sentence, with %s or without; may be NULL @return a static string */
const char *bw_why_not_name(enum bw_why_not why, const char **text);

/** One candidate of a scope. */
struct bw_candidate_info {
    struct bw_id id;
    const char *name;
    uint16_t priority;
    bool ready;
    enum bw_status status;
    enum bw_why_not why;     /**< why it does not lead, as this node sees it */
    struct bw_id behind;     /**< the leader, or the best candidate, that it is compared with; none: with nobody */
    const char *behind_name; /**< "" if unknown */
};

/** Scopes known: ours and those that others stand in. */
size_t bw_node_scope_count(const struct bw_node *node);

/** Scope number index. @return 0 or BW_ERR_NOT_FOUND past the end */
int bw_node_scope(const struct bw_node *node, size_t index, struct bw_scope_info *info, struct bw_time now);

/** The scope of that name. @return 0 or BW_ERR_NOT_FOUND: not known */
int bw_node_scope_find(const struct bw_node *node, const char *scope, struct bw_scope_info *info, struct bw_time now);

/** The shard of a key, the same for all members and in all languages (docs/PROTOCOL.md: hash(key) mod shards).
 *  @param key any bytes; @param size of them; @param shards at least 1 @return 0 to shards - 1 */
uint32_t bw_shard_of(const void *key, size_t size, uint32_t shards);

/** Who leads the shard of a key. */
struct bw_owner_info {
    uint32_t shard;
    uint32_t shards;            /**< of "orders/0" to "orders/63": 64 */
    struct bw_scope_info scope; /**< of "orders/<shard>"; has_leader false: nobody leads it now */
};

/** Maps a key to the shard that it belongs to and to the member that leads it, as far as this node knows: it asks nobody, and any
 *  member can say it, also one that stands for none of them. There are as many shards as scopes "orders/0", "orders/1" and so on
 *  up to the last one for which a living member stands, or if nobody does, up to the last one known; members that declare
 *  different numbers of them are to be avoided, for then the larger number counts, and it changes with the members.
 *  @param scopes the name in front of the slash: "orders"; @param key any bytes
 *  @return 0, or BW_ERR_NOT_FOUND: no such scopes are known */
int bw_node_owner(const struct bw_node *node, const char *scopes, const void *key, size_t key_size,
                  struct bw_owner_info *info, struct bw_time now);

/** All candidates of a scope, best first. To look at many it is much faster than bw_node_candidate.
 *  @param infos room for capacity of them, and gets the first ones; NULL with capacity 0: they are only counted
 *  @param count how many there are, also where capacity is less
 *  @return 0, BW_ERR_NOT_FOUND: no such scope, or BW_ERR_MEMORY */
int bw_node_candidates(const struct bw_node *node, const char *scope, struct bw_candidate_info *infos, size_t capacity,
                       size_t *count);

/** One of the scope's candidates, best first; its cost grows with the square of their number. @return 0 or BW_ERR_NOT_FOUND (no such scope, or index past the end) */
int bw_node_candidate(const struct bw_node *node, const char *scope, size_t index, struct bw_candidate_info *info);

/** Settings that all who stand for a scope are meant to have alike, as far as members tell each other. X(NAME, "word"). Append
 *  only. */
#define BW_SHARED_SETTINGS(X) \
    X(LEASE, "lease")         \
    X(MODE, "mode")           \
    X(SPREAD, "spread")

#define BW_SHARED_SETTING_VALUE_(name, word) BW_SHARED_SETTING_##name,
enum bw_shared_setting { BW_SHARED_SETTINGS(BW_SHARED_SETTING_VALUE_) BW_SHARED_SETTING_COUNT };
#undef BW_SHARED_SETTING_VALUE_

/** The word of a setting, as a configuration has it. @return a static string */
const char *bw_shared_setting_name(enum bw_shared_setting setting);

/** A setting of a scope that a living member has otherwise than this node. */
struct bw_difference_info {
    struct bw_id id;
    const char *name; /**< as in bw_member_info */
    enum bw_shared_setting setting;
    uint32_t
        theirs; /**< lease: milliseconds; mode: enum bw_mode, or one that this node does not know; spread: 0 or 1 */
    uint32_t ours;
};

/** Where the settings of others differ from ours: of those who stand for the scope beside us, the mode and spread; of who leads
 *  it, the lease, too, which others do not tell. What a leader has promised holds all the same.
 *  @param infos room for capacity of them, and gets the first ones; NULL with capacity 0: they are only counted
 *  @param count how many there are, also where capacity is less; 0: of a scope that we do not stand for
 *  @return 0 or BW_ERR_NOT_FOUND: no such scope */
int bw_node_differences(const struct bw_node *node, const char *scope, struct bw_difference_info *infos,
                        size_t capacity, size_t *count);

/** A voter of a scope in quorum mode. */
struct bw_voter_info {
    struct bw_id id;
    const char *name; /**< "" if it is not known; as in bw_member_info */
    bool known;       /**< as a member; the status is its own then */
    enum bw_status status;
};

/** The scope's voters, as the newest list has it that this member knows: voter number index, in order of their ids.
 *  @return 0 or BW_ERR_NOT_FOUND: no part of ours in such a scope, its voters are not known yet, or index past the end */
int bw_node_voter(const struct bw_node *node, const char *scope, size_t index, struct bw_voter_info *info);

/** Makes a member a voter of a scope that we lead in quorum mode, or takes the vote from one; one at a time. It counts once
 *  majorities of the voters before and after have taken it over. A new voter needs the scope in its own configuration, and
 *  abstains for as long as a promise lasts.
 *  @param add whether the member becomes a voter
 *  @param why gets a static sentence with the reason of an error; may be NULL
 *  @return 0; BW_ERR_NOT_FOUND: no part of ours in such a scope; BW_ERR_BUSY: we do not lead it, or the last change is not done;
 *          BW_ERR_INVALID: not alive, a voter already or none, or ourselves; BW_ERR_FULL */
int bw_node_change_voters(struct bw_node *node, const char *scope, const struct bw_id *id, bool add, const char **why,
                          struct bw_time now);

/** Why a scope has no leader. X(NAME, "word", "sentence"), %s: the member `of`. Append only. */
#define BW_VACANCIES(X)                                                                                         \
    X(NONE, "led", "it has a leader")                                                                           \
    X(LEAVING, "leaving", "this agent is leaving")                                                              \
    X(NO_CANDIDATE, "no-candidate", "no member stands for it")                                                  \
    X(NOT_READY, "not-ready", "no candidate is alive and ready")                                                \
    X(LEASE, "lease", "the lease of %s may still run")                                                          \
    X(NAMED, "named", "%s was named by the last leader and has not claimed it yet")                             \
    X(SUCCESSION, "succession", "%s is the best candidate and has not claimed it yet")                          \
    X(CLAIMING, "claiming", "this agent claims it, and waits for others to confirm")                            \
    X(LISTENING, "listening", "this agent has just started, and listens first")                                 \
    X(UNKNOWN, "not-synchronised", "this agent has not got the view of any member yet")                         \
    X(ALONE, "alone", "nobody answers this agent, which waits before it leads a cluster of one")                \
    X(SETTLING, "settling", "better candidates have come or gone just now")                                     \
    X(UNHEARD, "not-heard", "too few members show that they hear this agent")                                   \
    X(RETRY, "retry", "this agent's claim did not get through, and it waits before it tries again")             \
    X(STORAGE, "storage", "this agent could not write its term to its state directory, and tries again")        \
    X(VOTERS, "voters-unknown", "not all voters that this agent was told to wait for have been seen alive yet") \
    X(NO_VOTER, "not-a-voter", "this agent is not among the voters, and leads nothing")                         \
    X(ABSTAINS, "abstains", "this agent, as a voter, waits until all that it may have promised is over")        \
    X(PROMISED, "promised", "this agent has promised its vote to %s")                                           \
    X(NO_MAJORITY, "no-majority", "no majority of the voters answers this agent")                               \
    X(NO_VOTES, "no-votes", "no majority of the voters grants this agent its vote yet")                         \
    X(ASKING, "asking", "this agent asks the voters for their votes")                                           \
    X(FROZEN, "frozen", "it is frozen by %s, and its last leader has not come back")                            \
    X(VIEW, "view-too-small", "fewer members are alive to this agent than min_view asks for")                   \
    X(MODE, "another-mode", "others have it in quorum mode, and this agent has not")                            \
    X(SEATED, "seated", "all that stand for it lead another seat, and %s takes no second one yet")

#define BW_VACANCY_VALUE_(name, word, text) BW_VACANCY_##name,
enum bw_vacancy { BW_VACANCIES(BW_VACANCY_VALUE_) BW_VACANCY_COUNT };
#undef BW_VACANCY_VALUE_

/** The word of a reason. @param text gets its sentence, with %s or without; may be NULL @return a static string */
const char *bw_vacancy_name(enum bw_vacancy reason, const char **text);

/** Why nobody leads a scope, as this node sees it. of as in bw_member_info. */
struct bw_vacancy_info {
    enum bw_vacancy reason;
    struct bw_id of_id; /**< the member that it is about; none */
    const char *of;     /**< its name, "" if unknown */
    int64_t wait_us;    /**< so long at most until that is over; -1: not known */
};

/** Why nobody leads the scope: BW_VACANCY_NONE if somebody does. @return 0 or BW_ERR_NOT_FOUND: no such scope */
int bw_node_vacancy(const struct bw_node *node, const char *scope, struct bw_vacancy_info *info, struct bw_time now);

/** So many entries are kept of each scope's history, the newest. */
#define BW_HISTORY_MAX 32u

/** One entry of a scope's history: a reign that this node saw or, if `healed`, two that met. All times are readings of this
 *  node's own wall clock when it learnt of the matter, which may be later than it happened. leader as in bw_member_info. */
struct bw_history_info {
    uint64_t number;       /**< counts the scope's entries from 1 on: a gap shows what is not kept any more */
    bool healed;           /**< false: a reign; true: split-brain-healed */
    bool over;             /**< a reign that has ended; always true if healed */
    const char *leader;    /**< its name at that time, "" if it was not known; healed: of the one that stays */
    struct bw_token token; /**< the reign; healed: the one that stays */
    struct bw_token other; /**< healed: the one that ended */
    int64_t from_wall_us;  /**< when this node learnt of the reign, or of the healing */
    int64_t until_wall_us; /**< over: when it learnt of its end */
    int64_t overlap_ms;    /**< healed: both are known to have reigned so long, -1 unknown */
    enum bw_loss reason;   /**< a reign that is over: why */
};

/** What this node saw of a scope's leaders since it was made; nothing of it survives the node.
 *  @param index 0: the oldest that is kept, at most BW_HISTORY_MAX
 *  @return 0 or BW_ERR_NOT_FOUND: no such scope, or past the end */
int bw_node_history(const struct bw_node *node, const char *scope, size_t index, struct bw_history_info *info);

/** Whether this node leads the scope and its lease still runs: one comparison, to be made before each protected action.
 *  The token (see bw_node_scope) is what protects a resource even when the process is paused in between. */
bool bw_node_may_act(const struct bw_node *node, const char *scope, struct bw_time now);

#ifdef __cplusplus
}
#endif
#endif
