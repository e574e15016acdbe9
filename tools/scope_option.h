/* NAME[:OPT=VAL,...] */
#ifndef BW_TOOLS_SCOPE_OPTION_H
#define BW_TOOLS_SCOPE_OPTION_H

#include <bellwether/config.h>

/* "never", or a hold-down in milliseconds. */
bool preempt_parse(const char *value, uint32_t *preempt_ms);

void scope_free(struct bw_scope_config *scope);

/* The scope has copies, which scope_free frees; false: why says what is wrong. */
bool scope_parse(const char *text, struct bw_scope_config *scope, char *why, size_t why_size);

#endif
