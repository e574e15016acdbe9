/* A program that is run for each event: no shell, a clean environment, a time limit; one at a time, in order. */
#ifndef BW_TOOLS_EVENT_EXEC_H
#define BW_TOOLS_EVENT_EXEC_H

#include <jansson.h>
#include <stdbool.h>

struct event_exec {
    const char *program;
    const char *control; /* passed on to it; NULL: what this process has */
    double limit_s;
};

/* Runs it to its end. It has the event's fields in BELLWETHER_*, the object itself on standard input. Complains of a program that
 * fails, or is ended by the limit. False: the system is out of something, and it was not run. */
bool event_exec_run(const struct event_exec *exec, const json_t *event);

#endif
