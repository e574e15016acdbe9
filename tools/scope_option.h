/* NAME[:OPT=VAL,...] */
#ifndef BW_TOOLS_SCOPE_OPTION_H
#define BW_TOOLS_SCOPE_OPTION_H

#include <bellwether/config.h>

/* "priority", "bully" or "quorum"; "unknown" if it is none of these. */
const char *mode_name(enum bw_mode mode);
bool mode_parse(const char *value, enum bw_mode *mode);

/* "never", or a hold-down in milliseconds. */
bool preempt_parse(const char *value, uint32_t *preempt_ms);

void scope_free(struct bw_scope_config *scope);

/* NAME/FIRST..LAST is a range. The scope has copies, which scope_free frees; false: why says what is wrong. */
bool scope_parse(const char *text, struct bw_scope_config *scope, char *why, size_t why_size);

/* Whether the scope is a range that has one of that name. */
bool scope_covers(const struct bw_scope_config *scope, const char *name);

#endif
