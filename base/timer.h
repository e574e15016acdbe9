/* Timers of the pure machines: an intrusive pairing heap, so that arming never allocates.
 * Ties are broken by the order of arming, which makes runs repeatable.
 *
 * A machine keeps two sets: *patience* (waiting for others), which bw_timers_shift pushes back as a
 * whole when a tick came late, and *authority* (what we promised), which is never pushed back. */
#ifndef BW_BASE_TIMER_H
#define BW_BASE_TIMER_H

#include <bellwether/types.h>

struct bw_timer {
    struct bw_timer *child;
    struct bw_timer *next;
    struct bw_timer *prev; /* parent, when first among its siblings */
    int64_t at_us;         /* relative to the set's shift */
    uint64_t order;
    uint8_t kind; /* the machine's enum */
    bool armed;
};

struct bw_timers {
    struct bw_timer *root;
    uint64_t next_order;
    int64_t shift_us;
};

/* (Re)arms: an armed timer is moved. at_us is on the mono_us clock; BW_NEVER cancels. */
void bw_timer_arm(struct bw_timers *timers, struct bw_timer *timer, int64_t at_us);
void bw_timer_cancel(struct bw_timers *timers, struct bw_timer *timer);
/* When an armed timer is due (shift included); BW_NEVER if it is not armed. */
int64_t bw_timer_at(const struct bw_timers *timers, const struct bw_timer *timer);
/* The earliest deadline, BW_NEVER if none. */
int64_t bw_timers_next(const struct bw_timers *timers);
/* Removes and returns the earliest timer due at or before now_us; NULL if none is. */
struct bw_timer *bw_timers_pop(struct bw_timers *timers, int64_t now_us);
/* Pushes back every armed timer by late_us (>= 0): the late-tick rule. O(1). */
void bw_timers_shift(struct bw_timers *timers, int64_t late_us);

#endif
