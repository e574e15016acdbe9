/* The rules of claims, leases and votes, applied in election/. See rules.h for how to read and add one. */
#ifndef BW_BASE_RULES_ELECTION_H
#define BW_BASE_RULES_ELECTION_H

#define BW_RULES_ELECTION(X)                                                                                 \
    X(QUARANTINE_UNEVIDENCED_CLAIM, "election rule 2",                                                       \
      "a higher claim deposes nobody until a third member confirms it or its sender shows that it hears us") \
    X(PERSIST_BEFORE_SPEAKING, "election rule 3",                                                            \
      "term and vote are durable before a message that depends on them leaves")

#endif
