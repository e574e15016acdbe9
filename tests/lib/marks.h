/* Coverage marks: which rules of base/rules.h the tests have reached.
 *
 * A test's trace hook calls marks_hit(rule). If the environment names a directory in BW_RULE_MARKS, each program leaves
 * a file of rule names there, and tests/lint/rules.py fails for a rule that is in none. */
#ifndef BW_TESTS_MARKS_H
#define BW_TESTS_MARKS_H

#include "base/rules.h"

#include <stdbool.h>

void marks_hit(enum bw_rule rule);
const char *marks_name(enum bw_rule rule);

/* Called by tap_run. A partial run (not all) adds to the file of the last whole one. */
void marks_open(const char *program, bool all);
void marks_close(void);

#endif
