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
};
extern enum bw_mutant bw_mutant_chosen; /* the test's */
#define BW_MUTANT(name) (bw_mutant_chosen == BW_MUTANT_##name)
#else
#define BW_MUTANT(name) 0
#endif

#endif
