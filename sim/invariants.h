/* Every invariant that the simulator checks, once: X(NAME, "name", "what holds"). docs/SIMULATOR.md explains them, and
 * tests/unit/sim_check_test.c breaks each. */
#ifndef BW_SIM_INVARIANTS_H
#define BW_SIM_INVARIANTS_H

#define BW_INVARIANTS(X)                                                                                             \
    X(LATTICE, "lattice", "to one observer a member's incarnation never goes back")                                  \
    X(COMPLETENESS, "completeness", "who is gone is known to be gone, within the published bound")                   \
    X(ACCURACY, "accuracy", "no protected member is held dead by another")                                           \
    X(AGREEMENT, "agreement", "after the last fault all views become right and equal, within a bound")               \
    X(ONE_TOKEN, "one-token", "no two reigns have one token")                                                        \
    X(RISING_TERMS, "rising-terms", "terms rise: of a member's reigns, and of the leaders that one is told of")      \
    X(OWN_NAME, "own-name", "a member reigns in its own name, and is elected and deposed in turn")                   \
    X(DURABLE_TERM, "durable-term", "no reign's term is newer than the disk's, which never falls")                   \
    X(FROZEN, "frozen", "who knows that a scope is frozen does not begin a reign, unless the last one was its own")  \
    X(LEASE, "lease", "who may act has a reign and a lease, and not past its end")                                   \
    X(NO_OVERLAP, "no-overlap", "where it is forbidden, no two may act at one instant")                              \
    X(GUARD, "guard", "the tokens that a resource behind a guard takes never fall")                                  \
    X(ONE_PREEMPTION, "one-preemption", "no reign is preempted before its hold-down is over, or against the policy") \
    X(SEATS, "seats", "in no part more seats of a scope are led at once than it has")                                \
    X(DATAGRAM_SIZE, "datagram-size", "no datagram is empty, or larger than the smallest MTU")                       \
    X(BOUNDED_OUTPUT, "bounded-output", "a call leads to a bounded number of datagrams, and deadlines move on")      \
    X(BOUNDED_MEMORY, "bounded-memory", "no node takes more memory than the size of its cluster explains")           \
    X(NO_LEAK, "no-leak", "a node that ends gives all memory back")                                                  \
    X(ONE_WRITE, "one-write", "one durable write at a time, only with a disk, and readable")                         \
    X(KNOWN_EVENTS, "known-events", "every event is one of the documented types")                                    \
    X(RESTART, "restart", "a node starts again with what it has written itself")                                     \
    X(ONE_VOTE, "one-vote", "a voter's vote on its disk is never another in one term, nor in a smaller one")         \
    X(ONE_REIGN, "one-reign", "in quorum mode nobody reigns in a term in which another has reigned")                 \
    X(ONE_LEASE, "one-lease", "in quorum mode no two leases are valid at one instant of real time")                  \
    X(DEMANDED, "demanded", "what a test or a plan demands besides")

#define BW_INVARIANT_VALUE_(name, text, meaning) BW_INVARIANT_##name,
enum bw_invariant { BW_INVARIANTS(BW_INVARIANT_VALUE_) BW_INVARIANT_COUNT };
#undef BW_INVARIANT_VALUE_

const char *bw_sim_invariant_name(enum bw_invariant invariant);

#endif
