/* The rules of membership, detection and dissemination, applied in gossip/. See rules.h for how to read and add one. */
#ifndef BW_BASE_RULES_GOSSIP_H
#define BW_BASE_RULES_GOSSIP_H

#define BW_RULES_GOSSIP(X)                                                             \
    X(REFUTE_OWN_SUSPICION, "SWIM 4.2", "only the accused raises its own incarnation") \
    X(PROBE_INDIRECTLY, "SWIM 3.1", "a member that did not answer is probed through others before it is suspected")

#endif
