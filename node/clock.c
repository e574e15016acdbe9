/* The clocks that the libev host gives to the node (election rule 10). */
#include <bellwether/loop.h>

#include "base/base.h"

#include <time.h>

/* Leases must not stand still while the machine sleeps: CLOCK_MONOTONIC stops in suspend, CLOCK_BOOTTIME does not. */
#ifdef CLOCK_BOOTTIME
#define MONO_CLOCK CLOCK_BOOTTIME
#else
#define MONO_CLOCK CLOCK_MONOTONIC
#endif

static int64_t read_us(clockid_t clock) {
    struct timespec time = {0};
    BW_ASSERT(clock_gettime(clock, &time) == 0);
    return (int64_t)time.tv_sec * BW_US_PER_S + (int64_t)time.tv_nsec / 1000;
}

struct bw_time bw_loop_now(void) {
    return (struct bw_time){.mono_us = read_us(MONO_CLOCK), .wall_us = read_us(CLOCK_REALTIME)};
}
