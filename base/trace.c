/* Reporting of applied rules, and the rules' words. */
#include "trace.h"

#include "base.h"
#include "textname.h"

#define RULE_FITS(name, citation, text) _Static_assert(sizeof(#name) <= BW_TEXT_NAME_MAX + 1, "rule name too long");
BW_RULES(RULE_FITS)

#define RULE_NAME(name, citation, text) BW_TEXT_NAME(#name),
static const char rule_names[][BW_TEXT_NAME_MAX + 1] = {BW_RULES(RULE_NAME)};

#define RULE_TEXT(name, citation, text) text,
static const char *const rule_texts[] = {BW_RULES(RULE_TEXT)};

#define RULE_CITATION(name, citation, text) citation,
static const char *const rule_citations[] = {BW_RULES(RULE_CITATION)};

void bw_trace_rule(struct bw_trace *trace, enum bw_rule rule, const struct bw_id *subject, uint64_t detail) {
    BW_ASSERT((unsigned)rule < BW_RULE_COUNT);
    if (!trace) {
        return;
    }
    trace->counts[rule]++;
    if (trace->hook) {
        trace->hook(trace->context, rule, subject, detail);
    }
}

const char *bw_rule_name(enum bw_rule rule) {
    BW_ASSERT((unsigned)rule < BW_RULE_COUNT);
    return rule_names[rule];
}

const char *bw_rule_text(enum bw_rule rule) {
    BW_ASSERT((unsigned)rule < BW_RULE_COUNT);
    return rule_texts[rule];
}

const char *bw_rule_citation(enum bw_rule rule) {
    BW_ASSERT((unsigned)rule < BW_RULE_COUNT);
    return rule_citations[rule];
}
