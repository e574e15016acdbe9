/* Echo to send time, by a search in a ring of checkpoints (clock.h). */
#include "crypto/clock.h"

#include "base/envelope.h"

static const struct bw_checkpoint *at(const struct bw_clock *clock, uint64_t number) {
    return &clock->ring[number % BW_CLOCK_COUNT];
}

const void *bw_clock_place(const struct bw_clock *clock) {
    return at(clock, clock->count);
}

static void add(struct bw_clock *clock, uint64_t counter, int64_t sent_us) {
    clock->ring[clock->count++ % BW_CLOCK_COUNT] = (struct bw_checkpoint){.counter = counter, .sent_us = sent_us};
}

void bw_clock_sent(struct bw_clock *clock, uint64_t counter, int64_t now_us) {
    const struct bw_checkpoint *last = clock->count > 0 ? at(clock, clock->count - 1) : NULL;
    if (!last || last->sent_us == BW_NOT_HEARD || now_us - last->sent_us >= BW_CLOCK_STEP_US ||
        now_us < last->sent_us) {
        add(clock, counter, now_us);
    }
}

void bw_clock_unknown(struct bw_clock *clock, uint64_t counter) {
    add(clock, counter, BW_NOT_HEARD);
}

int64_t bw_clock_when(const struct bw_clock *clock, uint64_t counter) {
    uint64_t low = clock->count > BW_CLOCK_COUNT ? clock->count - BW_CLOCK_COUNT : 0;
    uint64_t high = clock->count; /* the first checkpoint after the counter is in [low, high] */
    uint64_t oldest = low;
    for (uint64_t step = 1; high - low > step; step *= 2) { /* most echoes are of something new */
        if (at(clock, high - step)->counter <= counter) {
            low = high - step + 1;
            break;
        }
        high -= step;
    }
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (at(clock, middle)->counter <= counter) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > oldest ? at(clock, low - 1)->sent_us : BW_NOT_HEARD;
}
