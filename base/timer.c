/* A pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986): arming and cancelling are O(1), taking the
 * earliest is O(log n) amortized. Times are kept relative to the set's shift, so a late tick pushes all
 * of them back by one addition. */
#include "timer.h"

#include "base.h"

static int64_t add_saturated(int64_t a, int64_t b) {
    int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? BW_NEVER : sum;
}

static bool before(const struct bw_timer *a, const struct bw_timer *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

/* Joins two heaps without siblings; either may be NULL. */
static struct bw_timer *meld(struct bw_timer *a, struct bw_timer *b) {
    if (!a || !b) {
        return a ? a : b;
    }
    struct bw_timer *parent = before(a, b) ? a : b;
    struct bw_timer *child = parent == a ? b : a;
    child->prev = parent;
    child->next = parent->child;
    if (child->next) {
        child->next->prev = child;
    }
    parent->child = child;
    return parent;
}

/* Melds siblings into one heap: in pairs from the left, then all from the right. No recursion: the
 * list can be as long as there are timers. Finished pairs wait in a list through `next`. */
static struct bw_timer *meld_siblings(struct bw_timer *first) {
    struct bw_timer *pairs = NULL;
    while (first) {
        struct bw_timer *a = first;
        struct bw_timer *b = a->next;
        first = b ? b->next : NULL;
        a->next = NULL;
        if (b) {
            b->next = NULL;
        }
        struct bw_timer *pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    struct bw_timer *root = NULL;
    while (pairs) {
        struct bw_timer *rest = pairs->next;
        pairs->next = NULL;
        root = meld(root, pairs);
        pairs = rest;
    }
    return root;
}

static void detach(struct bw_timer *timer) {
    if (timer->prev->child == timer) {
        timer->prev->child = timer->next;
    } else {
        timer->prev->next = timer->next;
    }
    if (timer->next) {
        timer->next->prev = timer->prev;
    }
}

void bw_timer_cancel(struct bw_timers *timers, struct bw_timer *timer) {
    if (!timer->armed) {
        return;
    }
    struct bw_timer *orphans = meld_siblings(timer->child);
    if (timer == timers->root) {
        timers->root = orphans;
    } else {
        detach(timer);
        timers->root = meld(timers->root, orphans);
    }
    timer->child = timer->next = timer->prev = NULL;
    timer->armed = false;
}

void bw_timer_arm(struct bw_timers *timers, struct bw_timer *timer, int64_t at_us) {
    bw_timer_cancel(timers, timer);
    if (at_us == BW_NEVER) {
        return;
    }
    int64_t relative_us = 0;
    if (__builtin_sub_overflow(at_us, timers->shift_us, &relative_us)) {
        relative_us = INT64_MIN;
    }
    timer->at_us = relative_us;
    timer->order = timers->next_order++;
    timer->armed = true;
    timers->root = meld(timers->root, timer);
}

int64_t bw_timer_at(const struct bw_timers *timers, const struct bw_timer *timer) {
    return timer->armed ? add_saturated(timer->at_us, timers->shift_us) : BW_NEVER;
}

int64_t bw_timers_next(const struct bw_timers *timers) {
    return timers->root ? bw_timer_at(timers, timers->root) : BW_NEVER;
}

struct bw_timer *bw_timers_pop(struct bw_timers *timers, int64_t now_us) {
    struct bw_timer *earliest = timers->root;
    if (!earliest || bw_timer_at(timers, earliest) > now_us) {
        return NULL;
    }
    bw_timer_cancel(timers, earliest);
    return earliest;
}

void bw_timers_shift(struct bw_timers *timers, int64_t late_us) {
    BW_ASSERT(late_us >= 0);
    timers->shift_us = add_saturated(timers->shift_us, late_us);
}
