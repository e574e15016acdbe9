/* The table of contents of the protocols: every rule once, as X(NAME, "citation", "one sentence").
 *
 * Each rule is applied in one place, which says so with bw_trace_rule. The same list is the log's
 * vocabulary, the counters, the words of golden traces and the coverage marks of the tests.
 *
 * To add a rule, append it to the list of its layer. NAME becomes BW_RULE_NAME and, in text, "name"
 * with dashes; it has at most BW_TEXT_NAME_MAX characters and reads as an order that the code obeys. */
#ifndef BW_BASE_RULES_H
#define BW_BASE_RULES_H

#include "rules_crypto.h"
#include "rules_election.h"
#include "rules_gossip.h"

#define BW_RULES(X)    \
    BW_RULES_CRYPTO(X) \
    BW_RULES_GOSSIP(X) \
    BW_RULES_ELECTION(X)

#define BW_RULE_VALUE_(name, citation, text) BW_RULE_##name,
enum bw_rule { BW_RULES(BW_RULE_VALUE_) BW_RULE_COUNT };
#undef BW_RULE_VALUE_

#endif
