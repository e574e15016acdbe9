/* Why nobody leads a scope, in words. */
#ifndef BW_TOOLS_VACANCY_H
#define BW_TOOLS_VACANCY_H

#include <jansson.h>
#include <stddef.h>

/* Of an object of `leader --json` without a leader. */
void vacancy_text(const json_t *scope, char *text, size_t size);
/* Appends how long it lasts at most, if wait is a number of milliseconds. */
void vacancy_append_wait(const json_t *wait, char *text, size_t size);

#endif
