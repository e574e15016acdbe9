/* Planted faults that the swarm test must find (tests/scenario/swarm_mutants.c): each switches one rule off. They exist only
 * where BW_MUTANTS is defined, which is a second build of the core that only that test links; elsewhere each is constant 0. */
#ifndef BW_BASE_MUTANT_H
#define BW_BASE_MUTANT_H

#ifdef BW_MUTANTS
enum bw_mutant {
    BW_MUTANT_NONE,
    BW_MUTANT_EVIDENCE_RULE_OFF,
    BW_MUTANT_LATE_TICK_RULE_OFF,
    BW_MUTANT_LEASE_FROM_ACK,
    /* of quorum mode: election.md's thirteen, and one that the model found */
    BW_MUTANT_QUORUM_LEASE_FROM_ACK,
    BW_MUTANT_NO_ABSTENTION,
    BW_MUTANT_VOTE_NOT_DURABLE,
    BW_MUTANT_STALE_RENEWAL_ACKNOWLEDGED,
    BW_MUTANT_PROMISE_IGNORED,
    BW_MUTANT_OLD_ROUNDS_COUNT,
    BW_MUTANT_RELEASE_BEFORE_STOP,
    BW_MUTANT_ASKS_AGAIN_AFTER_RELEASE,
    BW_MUTANT_REPEATED_VOTE_LEASES,
    BW_MUTANT_VOTERS_BY_NUMBER_ALONE,
    BW_MUTANT_PROMISE_TOO_SHORT,
    BW_MUTANT_ABSTENTION_TOO_SHORT,
    BW_MUTANT_TWO_VOTERS_AT_ONCE,
    BW_MUTANT_VOTERS_NOT_STAMPED,
    BW_MUTANT_FREEZE_RULE_OFF,
    BW_MUTANT_SEAT_TOO_MANY,
    /* of the availability modes' claims: as in model/claim.pml, which has EVIDENCE_RULE_OFF, too */
    BW_MUTANT_QUARANTINE_FORGOTTEN,
    BW_MUTANT_NO_CLAIM_ABOVE,
    BW_MUTANT_NO_LISTENING,
    BW_MUTANT_NO_VACANT_RECORD,
    BW_MUTANT_TERM_NOT_DURABLE,
    BW_MUTANT_LOWER_TERM_DEPOSES,
    BW_MUTANT_ALONE_CLAIMS_AGAIN,
    BW_MUTANT_RESIGNS_BEFORE_STOPPING,
    BW_MUTANT_ANYBODY_OBJECTS,
    BW_MUTANT_LIVE_LEADER_IGNORED,
    BW_MUTANT_CLAIMS_UNHEARD,
    BW_MUTANT_LARGER_NOT_TOLD,
    BW_MUTANT_WALL_CLOCK_IGNORED,
    BW_MUTANT_TERM_NOT_ABOVE_SEEN,
    BW_MUTANT_AT_ONCE_FOR_EVER,
    BW_MUTANT_CONFIRMS_BELOW_QUARANTINE,
};
extern enum bw_mutant bw_mutant_chosen; /* the test's */
#define BW_MUTANT(name) (bw_mutant_chosen == BW_MUTANT_##name)
#else
#define BW_MUTANT(name) 0
#endif

#endif
