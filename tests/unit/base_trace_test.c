#include "base/trace.h"

#include <string.h>

#include "base/base.h"
#include "tests/unit/base_test.h"

static void every_rule_has_a_name_a_sentence_and_a_source(void) {
    CU_ASSERT_STRING_EQUAL(bw_rule_name(BW_RULE_REFUTE_OWN_SUSPICION), "refute-own-suspicion");
    CU_ASSERT_STRING_EQUAL(bw_rule_citation(BW_RULE_REFUTE_OWN_SUSPICION), "SWIM 4.2");
    CU_ASSERT_STRING_EQUAL(bw_rule_text(BW_RULE_REFUTE_OWN_SUSPICION), "only the accused raises its own incarnation");
    for (int i = 0; i < BW_RULE_COUNT; i++) {
        const char *name = bw_rule_name((enum bw_rule)i);
        const char *text = bw_rule_text((enum bw_rule)i);
        CU_ASSERT_TRUE(strlen(name) > 4);
        CU_ASSERT_EQUAL(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(name));
        CU_ASSERT_TRUE(strlen(text) > 10);
        CU_ASSERT_NOT_EQUAL(text[strlen(text) - 1], '.'); /* it is quoted inside other sentences */
        CU_ASSERT_TRUE(strlen(bw_rule_citation((enum bw_rule)i)) > 3);
        for (int j = 0; j < i; j++) {
            CU_ASSERT_STRING_NOT_EQUAL(name, bw_rule_name((enum bw_rule)j));
        }
    }
}

struct seen {
    int count;
    enum bw_rule rule;
    const struct bw_id *subject;
    uint64_t detail;
};

static void note(void *context, enum bw_rule rule, const struct bw_id *subject, uint64_t detail) {
    struct seen *seen = context;
    *seen = (struct seen){seen->count + 1, rule, subject, detail};
}

static void rules_are_counted_and_shown(void) {
    struct seen seen = {0};
    struct bw_trace trace = {.hook = note, .context = &seen};
    struct bw_id subject = {{1}};
    bw_trace_rule(&trace, BW_RULE_PROBE_INDIRECTLY, &subject, 42);
    bw_trace_rule(&trace, BW_RULE_PROBE_INDIRECTLY, NULL, 43);
    CU_ASSERT_EQUAL(trace.counts[BW_RULE_PROBE_INDIRECTLY], 2);
    CU_ASSERT_EQUAL(trace.counts[BW_RULE_REFUTE_OWN_SUSPICION], 0);
    CU_ASSERT_EQUAL(seen.count, 2);
    CU_ASSERT_EQUAL(seen.rule, BW_RULE_PROBE_INDIRECTLY);
    CU_ASSERT_PTR_NULL(seen.subject);
    CU_ASSERT_EQUAL(seen.detail, 43);
    trace.hook = NULL;
    bw_trace_rule(&trace, BW_RULE_PROBE_INDIRECTLY, NULL, 0);
    CU_ASSERT_EQUAL(trace.counts[BW_RULE_PROBE_INDIRECTLY], 3);
    bw_trace_rule(NULL, BW_RULE_PROBE_INDIRECTLY, NULL, 0);
}

static void name_no_rule(void *context) {
    (void)context;
    bw_rule_name(BW_RULE_COUNT);
}

static void a_rule_that_does_not_exist_stops_the_program(void) {
    CU_ASSERT_TRUE(test_stops(name_no_rule, NULL));
}

static const struct tap_test tests[] = {
    TAP_TEST(every_rule_has_a_name_a_sentence_and_a_source),
    TAP_TEST(rules_are_counted_and_shown),
    TAP_TEST(a_rule_that_does_not_exist_stops_the_program),
};
const struct tap_suite base_trace_suite = TAP_SUITE("base/trace", tests);
