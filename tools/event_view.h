/* One event of the stream as a line for people. */
#ifndef BW_TOOLS_EVENT_VIEW_H
#define BW_TOOLS_EVENT_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

void event_print(FILE *file, const json_t *event, bool color);
/* What happened, without number and time: "n3 leads default (token …)". The caller frees it. */
char *event_sentence(const json_t *event);
/* The terminal's code for its colour, "" if it has none. */
const char *event_color(const json_t *event);

#endif
