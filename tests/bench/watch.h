/* What the measuring programs share: who came to hold whom for what. */
#ifndef BW_TESTS_BENCH_WATCH_H
#define BW_TESTS_BENCH_WATCH_H

#include "sim/measure.h"

/* The host with this address. */
static inline size_t watch_host(const struct bw_event *event) {
    return ((size_t)event->addr.ip[1] << 16 | (size_t)event->addr.ip[2] << 8 | event->addr.ip[3]) - 1;
}

/* A setting by its name, as on the command line: NAME=VALUE. False: there is none of that name, or not with that value. */
bool watch_set(struct bw_params *params, const char *text);
/* A list of them, divided by spaces; ends the program if one is wrong. */
void watch_set_all(struct bw_params *params, const char *list);
/* Seconds; -1: no value. Sorts. */
double watch_percentile_s(struct bw_sample *sample, unsigned percent);
double watch_mean_s(const struct bw_sample *sample);

#endif
