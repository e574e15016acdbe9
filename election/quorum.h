/* Quorum mode (election.md, "Quorum mode"; model/quorum.pml is the model of these rules): at most one valid lease at any
 * instant, because each rests on promises of a majority of the voters, and majorities of a list meet.
 *
 * Promises, abstention and leases run on the authority clock; only waiting for answers is patience. */
#ifndef BW_ELECTION_QUORUM_H
#define BW_ELECTION_QUORUM_H

#include "base/mutant.h"
#include "election/state.h"

#define BW_QUORUM_MEMBERS_MAX (BW_VOTERS_MAX + 1u) /* of a list and of the next one, which has one more */
#define BW_QUORUM_ROUNDS 8u                        /* of renewals whose acknowledgements may still come */
#define BW_QUORUM_DRIFT_MIN_PPM 1000u              /* clocks are not trusted further, whatever drift_ppm says */

enum bw_quorum_phase {
    BW_QUORUM_IDLE,
    BW_QUORUM_ASK,    /* pre-vote */
    BW_QUORUM_SELF,   /* our vote for ourselves is on its way to the disk */
    BW_QUORUM_VOTES,  /* the others are asked for theirs */
    BW_QUORUM_ELECTED /* by a majority; leads while a round's lease is valid */
};

/* A request to a voter, taken apart. */
struct bw_asked {
    struct bw_id from;
    enum bw_ballot kind;
    uint64_t term;
    uint64_t boot;
    uint64_t number;
    uint32_t lease_ms;
    struct bw_voters voters;
};

struct bw_quorum_round {
    uint64_t number;
    int64_t sent_us;
    uint32_t acked; /* set of members */
};

struct bw_quorum {
    /* the voter */
    struct bw_durable_vote vote;
    uint64_t version;        /* of what must be durable; grows with each change */
    uint64_t vote_version;   /* in which the vote became what it is */
    uint64_t voters_version; /* ... and the list */
    uint64_t writing;        /* 0: nothing is being written */
    uint64_t durable;
    bool wanted;
    int64_t promise_us;      /* to the vote's candidate until then; BW_PAST: none */
    int64_t abstain_us;      /* until then; BW_PAST: no */
    bool waits;              /* an answer waits for the disk: */
    struct bw_asked waiting; /* the newest one only, as its asker repeats itself */
    /* the candidate and leader */
    enum bw_quorum_phase phase;
    uint64_t term;
    uint64_t number; /* of sendings */
    uint32_t tries;
    int64_t again_pt;
    struct bw_voters list; /* that counts; vote.voters is the next one while a change is under way */
    size_t member_count;   /* of both lists */
    struct bw_id members[BW_QUORUM_MEMBERS_MAX];
    uint32_t granted; /* sets of members: pre-votes, votes */
    uint32_t refused;
    uint32_t heard; /* answered anything in this campaign */
    struct bw_quorum_round rounds[BW_QUORUM_ROUNDS];
    uint64_t round;
    /* what was given back is said again, as words are lost */
    uint64_t release_term;
    uint32_t release_count;
    int64_t release_pt;
    struct bw_id asked;  /* whether it has a part in this scope, before it becomes a voter */
    bool asked_answers;  /* it has */
    enum bw_vacancy why; /* the last campaign failed; BW_VACANCY_NONE: it did not */
};

/* -- quorum.c: lists, what others ask for, and what both sides share -- */
int bw_voters_compare(const struct bw_voters *a, const struct bw_voters *b);
bool bw_voters_has(const struct bw_voters *voters, const struct bw_id *id);
/* L' = L (1 + rho) / (1 - rho), rounded up: what a voter promises for a lease of L. */
int64_t bw_promise_us(const struct bw_election *e, uint32_t lease_ms);
/* Room to declare the scope in quorum mode later. 0 or BW_ERR_MEMORY. */
int bw_quorum_reserve(struct bw_election *e, struct bw_scope *scope);
/* 0, BW_ERR_MEMORY, BW_ERR_INVALID */
int bw_quorum_declare(struct bw_election *e, struct bw_scope *scope, const struct bw_scope_config *config);
int bw_quorum_restore(struct bw_election *e, const struct bw_durable_vote *vote);
void bw_quorum_step(struct bw_election *e, struct bw_scope *scope);
/* Whether somebody may lead the scope by what we know of its voters; true in other modes. */
bool bw_quorum_may_lead(const struct bw_scope *scope, const struct bw_id *id);
/* Whether the claim is of the scope's mode, as far as we have a part in it. */
bool bw_quorum_fits(const struct bw_scope *scope, const struct bw_claim *claim);
/* Whether others have the scope in quorum mode: a member that stands so and has not left, or a record refused of late. */
bool bw_quorum_heard(const struct bw_scope *scope, int64_t now_pt);
/* Why nobody leads, as far as we can tell; see bw_election_vacancy. */
enum bw_vacancy bw_quorum_vacancy(const struct bw_election *e, const struct bw_scope *scope, int64_t now_pt,
                                  struct bw_id *of, int64_t *until_pt);
/* Whether the member acknowledged one of our last two rounds as leader. */
bool bw_quorum_hears(const struct bw_scope *scope, const struct bw_id *id);
bool bw_quorum_persist(struct bw_quorum *q);
void bw_quorum_persisted(struct bw_election *e, struct bw_scope *scope, bool ok);

/* -- quorum_voter.c -- */
enum bw_refusal bw_voter_judge(const struct bw_election *e, const struct bw_scope *scope, const struct bw_asked *asked);
bool bw_voter_promised_to_another(const struct bw_election *e, const struct bw_quorum *q, const struct bw_id *id);
void bw_voter_cast(struct bw_election *e, struct bw_scope *scope, const struct bw_asked *asked);
void bw_voter_renew(struct bw_election *e, struct bw_quorum *q);
void bw_voter_release(struct bw_election *e, struct bw_quorum *q, const struct bw_id *candidate, uint64_t term,
                      uint64_t boot);
bool bw_voter_durable(const struct bw_quorum *q); /* vote and list */
void bw_voter_answer(struct bw_election *e, struct bw_scope *scope, const struct bw_asked *asked);
void bw_ballot_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_ballot *m);

/* -- quorum_leader.c -- */
void bw_quorum_candidate_step(struct bw_election *e, struct bw_scope *scope);
void bw_quorum_vote_durable(struct bw_election *e, struct bw_scope *scope, bool ok);
/* Gives a campaign up, and back what was got in it. */
void bw_quorum_give_up(struct bw_election *e, struct bw_scope *scope);
/* We led and do not any more: the promises are given back. */
void bw_quorum_ended(struct bw_election *e, struct bw_scope *scope);
/* A planted fault (base/mutant.h): gives the promises back and goes on leading. False: not planted. */
bool bw_quorum_mutant_release(struct bw_election *e, struct bw_scope *scope);
void bw_quorum_accepted(struct bw_election *e, struct bw_scope *scope);
void bw_vote_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_vote *m);
void bw_quorum_send(struct bw_election *e, struct bw_scope *scope, const struct bw_id *to, enum bw_ballot kind,
                    uint64_t term, uint64_t number);
bool bw_quorum_majority(const struct bw_quorum *q, uint32_t set, const struct bw_voters *list);
size_t bw_quorum_index(const struct bw_quorum *q, const struct bw_id *id); /* BW_QUORUM_MEMBERS_MAX: none */

/* -- quorum_config.c: which list of voters counts -- */
void bw_voters_read(struct bw_voters *voters, uint64_t term, uint64_t number, struct bw_bytes ids);
/* The list that from told us: taken over if it is newer than ours. */
void bw_voters_take(struct bw_election *e, struct bw_scope *scope, const struct bw_voters *voters,
                    const struct bw_id *from);
void bw_voters_stamp(struct bw_election *e, struct bw_scope *scope);
/* The members of both lists; what is known of each stays. */
void bw_voters_collect(struct bw_quorum *q);
/* The new list counts once majorities of both hold it. */
void bw_voters_agreed(struct bw_election *e, struct bw_scope *scope, uint32_t acked);

#endif
