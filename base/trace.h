/* Where each applied rule is reported: counted, and shown to whoever set a hook. */
#ifndef BW_BASE_TRACE_H
#define BW_BASE_TRACE_H

#include <bellwether/types.h>

#include "rules.h"

/* All zero is a valid trace that only counts. The hook must not call back into the machine that reports. */
struct bw_trace {
    void (*hook)(void *context, enum bw_rule rule, const struct bw_id *subject, uint64_t detail);
    void *context;
    uint64_t counts[BW_RULE_COUNT];
};

/* Reports that a rule was applied, to whom (NULL: nobody in particular), with one number that the rule
 * defines. trace may be NULL: then nothing happens. */
void bw_trace_rule(struct bw_trace *trace, enum bw_rule rule, const struct bw_id *subject, uint64_t detail);

const char *bw_rule_name(enum bw_rule rule);     /* "refute-own-suspicion" */
const char *bw_rule_text(enum bw_rule rule);     /* the sentence */
const char *bw_rule_citation(enum bw_rule rule); /* "SWIM 4.2" */

#endif
