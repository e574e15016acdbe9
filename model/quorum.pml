/* Quorum mode (docs/MODEL.md says in words what this is, what it leaves out, and how to run it).
 *
 * One process that does one thing at a time: an action is one d_step of `world`. Members 0 to MEMBERS-1; 0 and 1 may lead,
 * all vote. A *reign* is (term, candidate); its number is (term - 1) * 2 + candidate, and a vote names a reign. A candidate
 * votes for itself first, which makes its term durable: so a restarted one, whose boot is another, has to take a new term,
 * and a reign has one boot.
 *
 * The network is a set that only grows: what was sent may arrive never, once, often, in any order, however late. Not stored
 * is what could arrive only in vain (an acknowledgement to a reign or of a round that is over), and, unless LATE, what could
 * only make a voter refuse more, which is as good as losing what it then refuses (VOTE and RENEW of a reign that is over,
 * RENEW of a round that is over, RELEASE before the VOTE).
 *
 * Time goes by in ticks. A lease of L lasts at most L + SKEW real ticks (a slow clock), a promise of L' at least L' - SKEW (a
 * fast one), and L' = L + 2 * SKEW. A lease that ends early is a leader that gives up; a promise that ends late is a
 * request that got lost: both are in the model without a clock. */

#ifndef CHANGES
#define CHANGES 0 /* of the voters: there are 4 members then, BEGINNERS are the voters at first */
#endif
#if CHANGES
#define MEMBERS 4
#else
#define MEMBERS 3
#endif
#ifndef BEGINNERS
#define BEGINNERS MEMBERS
#endif
#ifndef TERMS
#define TERMS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef L
#define L 1
#endif
#ifndef SKEW
#define SKEW 1
#endif

#ifndef PROGRESS
#define PROGRESS 0 /* at any moment a calm may begin, in which all is delivered at once: somebody leads within CALM ticks */
#endif
#define CALM (3 * (L + SKEW) + 1)
#ifndef EVERY_CHANGE
#define EVERY_CHANGE 1
#endif
#ifndef RELEASES
#define RELEASES 1
#endif
#ifndef LATE
#define LATE 0
#endif

/* Each mutant takes one rule away. MUTANT is a number, or else read at the start: then one verifier serves for all. */
#define LEASE_FROM_ACK 1
#define NO_ABSTENTION 2
#define VOTE_NOT_DURABLE 3
#define ACK_STALE_TERM 4
#define PROMISE_IGNORED 5
#define OLD_ROUNDS_COUNT 6
#define RELEASE_BEFORE_STOP 7
#define REVOTE_AFTER_RELEASE 8
#define REPEATED_VOTE_LEASES 9
#define CONFIGURATION_BY_NUMBER 10
#define PROMISE_TOO_SHORT 11
#define ABSTENTION_TOO_SHORT 12
#define TWO_VOTERS_AT_ONCE 13
#define BOOT_IGNORED 14
#define VOTE_TWICE 15
#define CONFIGURATION_NOT_STAMPED 16
#define PROMISE_FOR_EVER 17
#define STANDS_WITHOUT_PREVOTE 18
#ifdef MUTANT
#define mutant MUTANT
#else
byte mutant;
#endif
#define IS(m) (mutant == m)

#define LEASE (L + SKEW)
#define PROMISE (L + SKEW - (IS(PROMISE_TOO_SHORT) -> 1 : 0))
#define ABSTENTION (IS(NO_ABSTENTION) -> 0 : L + SKEW - (IS(ABSTENTION_TOO_SHORT) -> 1 : 0))

/* Reigns are numbered from 1; 0 is none. */
#define REIGNS (TERMS * 2)
#define R(term, c) (((term) - 1) * 2 + (c) + 1)
#define C_OF(r) (((r) + 1) % 2)
#define T_OF(r) (((r) + 1) / 2)
#define BIT(i) (1 << (i))
#define HAS(set, i) (((set) >> (i)) & 1)
#define COUNT(set) (HAS(set, 0) + HAS(set, 1) + HAS(set, 2) + HAS(set, 3))
#define MAJORITY(set, list) (2 * COUNT((set) & (list)) > COUNT(list))

/* ------------------------------------------------------------------ state */

/* Durable at a member: its vote. Its largest term is the vote's. */
byte vote[MEMBERS];
byte cast[MEMBERS]; /* what it ever answered: the vote, unless that got lost */
/* Not durable. The promise is to the vote's candidate. */
byte promise[MEMBERS], abstain[MEMBERS], released[MEMBERS];

#define IDLE 0
#define ASK 1
#define LEAD 2 /* a majority voted; it leads only while its lease is valid */
byte phase[2], reign[2];
byte lease[2]; /* ticks left */
byte round[2]; /* ticks left of the lease that the newest round would give */
bit renewed[2];

/* In the network, by reign. */
byte asked, freed;            /* VOTE, RELEASE: sets of reigns */
byte votes[REIGNS + 1];       /* answers to VOTE: sets of voters */
byte renews, stale;           /* RENEW of the newest round, of older ones: sets of reigns */
byte acks[REIGNS + 1];        /* answers to the newest round: sets of voters */
byte old_acks[REIGNS + 1];    /* for a mutant */

#if PROGRESS
byte calm; /* who stands in it: candidate + 1 */
byte calm_ticks;
#else
#define calm 0
#endif
byte crashes;
byte won[TERMS + 1]; /* who got a majority in a term: candidate + 1 */
byte top;            /* the largest term that ever led: what a guard has seen */

/* Configurations: number 2 * term + n, n = 0 as its leader took it over, n = 1 as it changed it. */
#if CHANGES
#define CONFIGURATIONS (2 * TERMS + 2)
byte conf[MEMBERS];                              /* durable */
byte list[CONFIGURATIONS], count[CONFIGURATIONS]; /* voters; how many changes led to it */
byte using[2];                                   /* with which a leader counts */
byte changes;
#define MAY_STAND(c) HAS(list[conf[c]], c)
#define ASKS_OF(c) list[conf[c]]
#define LEADS_OF(c) list[using[c]]
#define NEWER(k, v) (IS(CONFIGURATION_BY_NUMBER) * (count[k] > count[conf[v]]) + !IS(CONFIGURATION_BY_NUMBER) * ((k) > conf[v]))
#define AGREES(v, c) (conf[v] == conf[c] || (IS(CONFIGURATION_BY_NUMBER) && count[conf[v]] == count[conf[c]]))
#else
#define ASKS_OF(c) (BIT(MEMBERS) - 1)
#define LEADS_OF(c) (BIT(MEMBERS) - 1)
#define AGREES(v, c) true
#define MAY_STAND(c) true
#endif

#include "quorum_rules.pml"

/* ------------------------------------------------------------------ what may happen next */

/* PREVOTE changes nothing and only keeps a candidate from standing: safety is shown for those who stand whenever they like. */
#define WOULD_VOTE(v, r) ((OPEN(v, r) && NEW_VOTE(v, r)) << (v))
#define PREVOTED(r) (MAJORITY(WOULD_VOTE(0, r) | WOULD_VOTE(1, r) | WOULD_VOTE(2, r), 7) || IS(STANDS_WITHOUT_PREVOTE))
#if PROGRESS
/* The last two terms are for the calm, the second if a renewal came between pre-vote and vote. */
#define NEXT_TERM(c) (T_OF(vote[c]) < TERMS - 1 -> TERMS - 1 : TERMS)
#define TURN(c, r) \
    ((calm == 0 && T_OF(r) < TERMS - 1) || (calm == c + 1 && T_OF(r) == NEXT_TERM(c) && PREVOTED(r)))
#else
/* Candidate 0 is the first to ask: else the same with the names exchanged. */
#define TURN(c, r) (c == 0 || cast[0] + cast[1] > 0)
#endif

#define STANDS(c, r) \
    :: d_step { \
        phase[c] == IDLE && OPEN(c, r) && NEW_VOTE(c, r) && MAY_STAND(c) && TURN(c, r) -> begin_asking(c, r) \
       } \
    :: d_step { \
        IS(REVOTE_AFTER_RELEASE) && phase[c] == IDLE && vote[c] == (r) && HAS(asked, r) -> \
        phase[c] = ASK; \
        reign[c] = r \
       }

#define REPEATS(v, r) ((OPEN(v, r) && vote[v] == (r)) << (v))
#define WOULD_REPEAT(r) (REPEATS(0, r) | REPEATS(1, r) | REPEATS(2, r))

#define CAMPAIGN(c) \
    :: d_step { phase[c] == ASK && MAJORITY(votes[reign[c]], ASKS_OF(c)) -> win(c) } \
    :: d_step { phase[c] == LEAD && round[c] < LEASE && (lease[c] > 0 || !renewed[c]) -> begin_round(c) } \
    :: d_step { \
        phase[c] == LEAD && round[c] > lease[c] && MAJORITY(acks[reign[c]] | old_acks[reign[c]], LEADS_OF(c)) -> \
        lead(c, IS(LEASE_FROM_ACK) * LEASE + !IS(LEASE_FROM_ACK) * round[c]) \
       } \
    :: d_step { \
        IS(REPEATED_VOTE_LEASES) && phase[c] == LEAD && lease[c] < LEASE && MAJORITY(WOULD_REPEAT(reign[c]), LEADS_OF(c)) -> \
        lead(c, LEASE) \
       } \
    :: d_step { calm == 0 && phase[c] != IDLE -> end_reign(c) } \
    :: d_step { \
        RELEASES && calm == 0 && phase[c] != IDLE && !HAS(freed, reign[c]) -> \
        freed = freed | BIT(reign[c]); \
        if \
        :: IS(RELEASE_BEFORE_STOP) \
        :: else -> end_reign(c) \
        fi \
       }

#define RECEIVES(v, r) \
    :: d_step { \
        HAS(asked, r) && AGREES(v, C_OF(r)) && OPEN(v, r) && (NEW_VOTE(v, r) || SAME_VOTE(v, r) || SECOND_VOTE(v, r)) -> cast_vote(v, r) \
       } \
    :: d_step { \
        HAS(renews, r) && AGREES(v, C_OF(r)) && OPEN(v, r) && (vote[v] == (r) || IS(ACK_STALE_TERM)) && \
            !((promise[v] == PROMISE || vote[v] != (r)) && HAS(acks[r], v)) -> \
        if \
        :: vote[v] == (r) -> promise[v] = PROMISE \
        :: else \
        fi; \
        acks[r] = acks[r] | BIT(v) \
       } \
    :: d_step { \
        HAS(stale, r) && OPEN(v, r) && vote[v] == (r) && promise[v] < PROMISE -> promise[v] = PROMISE \
       } \
    :: d_step { \
        HAS(freed, r) && !HAS(released[v], r) && (vote[v] == (r) || (LATE && T_OF(r) > T_OF(vote[v]))) -> \
        released[v] = released[v] | BIT(r); \
        if \
        :: vote[v] == (r) -> promise[v] = 0 \
        :: else \
        fi \
       }

#define MEMBER(v) \
    :: d_step { crashes < CRASHES && calm == 0 -> restart(v) }

#if CHANGES
/* Any message may bring a newer configuration. A candidate asks again under it; a leader that it comes to leads no more. */
#define TAKES_OVER(v, k) \
    :: d_step { list[k] != 0 && NEWER(k, v) -> take_over(v, k) }

#define CANDIDATE_TAKES_OVER(c, k) \
    :: d_step { \
        list[k] != 0 && NEWER(k, c) -> \
        if \
        :: phase[c] == LEAD -> end_reign(c) \
        :: phase[c] == ASK -> votes[reign[c]] = votes[reign[c]] & BIT(c) \
        :: else \
        fi; \
        take_over(c, k) \
       }

#define MEMBERS_TAKE_OVER(k) \
    CANDIDATE_TAKES_OVER(0, k) CANDIDATE_TAKES_OVER(1, k) TAKES_OVER(2, k) TAKES_OVER(3, k)

#define MAY_CHANGE(c) \
    (phase[c] == LEAD && lease[c] > 0 && using[c] == conf[c] && changes < CHANGES && list[2 * T_OF(reign[c]) + 1] == 0)

#define CHANGES_VOTERS(c) \
    :: d_step { MAY_CHANGE(c) -> change(c, BIT(1 - c)) } \
    :: d_step { MAY_CHANGE(c) && EVERY_CHANGE -> change(c, BIT(2)) } \
    :: d_step { MAY_CHANGE(c) && EVERY_CHANGE -> change(c, BIT(3)) } \
    :: d_step { MAY_CHANGE(c) && IS(TWO_VOTERS_AT_ONCE) -> change(c, BIT(2) | BIT(3)) } \
    :: d_step { \
        phase[c] == LEAD && using[c] != conf[c] && MAJORITY(acks[reign[c]], list[using[c]]) && \
            MAJORITY(acks[reign[c]], list[conf[c]]) -> \
        using[c] = conf[c] \
       }
#endif

#define CANDIDATE(v) \
    :: d_step { \
        crashes < CRASHES && calm == 0 -> \
        if \
        :: phase[v] != IDLE -> end_reign(v) \
        :: else \
        fi; \
        if \
        :: IS(BOOT_IGNORED) && vote[v] != 0 && C_OF(vote[v]) == v -> \
            phase[v] = ASK; \
            reign[v] = vote[v] \
        :: else \
        fi; \
        restart(v) \
       }

#if CHANGES
#define MEMBERS_RECEIVE(r) RECEIVES(0, r) RECEIVES(1, r) RECEIVES(2, r) RECEIVES(3, r)
#else
#define MEMBERS_RECEIVE(r) RECEIVES(0, r) RECEIVES(1, r) RECEIVES(2, r)
#endif

active proctype world() {
#ifndef MUTANT
    c_code { const char *word = getenv("MUTANT"); now.mutant = word ? atoi(word) : 0; };
#endif
#if CHANGES
    list[0] = BIT(BEGINNERS) - 1;
#endif
    do
    CAMPAIGN(0)
    CAMPAIGN(1)
    STANDS(0, 1)
    STANDS(1, 2)
    MEMBERS_RECEIVE(1)
    MEMBERS_RECEIVE(2)
#if TERMS > 1
    STANDS(0, 3)
    STANDS(1, 4)
    MEMBERS_RECEIVE(3)
    MEMBERS_RECEIVE(4)
#endif
#if TERMS > 2
    STANDS(0, 5)
    STANDS(1, 6)
    MEMBERS_RECEIVE(5)
    MEMBERS_RECEIVE(6)
#endif
#if CHANGES
    CHANGES_VOTERS(0)
    CHANGES_VOTERS(1)
    MEMBERS_TAKE_OVER(2)
    MEMBERS_TAKE_OVER(3)
#if TERMS > 1
    MEMBERS_TAKE_OVER(4)
    MEMBERS_TAKE_OVER(5)
#endif
#if TERMS > 2
    MEMBERS_TAKE_OVER(6)
    MEMBERS_TAKE_OVER(7)
#endif
    MEMBER(3)
#endif
    CANDIDATE(0)
    CANDIDATE(1)
    MEMBER(2)
#if PROGRESS
    :: d_step { calm == 0 -> calm = 1 }
    :: d_step { calm == 0 -> calm = 2 }
    :: else -> d_step {
        assert(calm_ticks < CALM || lease[0] > 0 || lease[1] > 0); /* somebody leads */
        calm_ticks = calm_ticks + (calm_ticks < CALM);
        give_up(0);
        give_up(1);
        tick()
       }
#endif
    :: d_step { calm == 0 -> tick() }
    od
}
