/* The small words that faults are made of; shared by fault_parse.c, fault_run.c and the command. */
#ifndef BW_SIM_FAULT_WORDS_H
#define BW_SIM_FAULT_WORDS_H

#include "sim/fault.h"

/* "2Mbit/s", "500kB/s". */
bool bw_rate_parse(const char *text, int64_t *bytes_per_s);
/* Digits alone. */
bool bw_number_parse(const char *text, int64_t most, int64_t *number);
/* False: why says what is wrong. */
bool bw_who_parse(const char *text, size_t host_count, struct bw_who *who, char *why, size_t why_size);
/* Whether it lists this host, or all. */
bool bw_who_lists(const struct bw_who *who, size_t host);

#endif
