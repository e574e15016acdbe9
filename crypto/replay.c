/* Sliding replay window after RFC 6479: a ring of words, so that moving it clears whole words and shifts nothing.
 * Of the 17 words one is always partly ahead of the newest number; the other 16 are the 1024 numbers behind it. */
#include "crypto/replay.h"

#include "base/base.h"

#include <string.h>

#define WORD_BITS 64u
#define WORDS (BW_REPLAY_WINDOW / WORD_BITS + 1u)

static uint64_t bit_of(uint64_t counter) {
    return UINT64_C(1) << (counter % WORD_BITS);
}

static size_t word_of(uint64_t counter) {
    return (size_t)(counter / WORD_BITS % WORDS);
}

void bw_replay_init(struct bw_replay *replay, uint64_t floor) {
    memset(replay, 0, sizeof(*replay));
    replay->floor = floor;
}

bool bw_replay_fresh(const struct bw_replay *replay, uint64_t counter) {
    if (counter <= replay->floor) {
        return false; /* 0 is never fresh: the floor is at least 0 */
    }
    if (counter > replay->newest) {
        return true;
    }
    return replay->newest - counter <= BW_REPLAY_WINDOW && (replay->seen[word_of(counter)] & bit_of(counter)) == 0;
}

void bw_replay_mark(struct bw_replay *replay, uint64_t counter) {
    BW_ASSERT(bw_replay_fresh(replay, counter));
    if (counter > replay->newest) {
        uint64_t words = counter / WORD_BITS - replay->newest / WORD_BITS;
        for (uint64_t i = 0; i < words && i < WORDS; i++) {
            replay->seen[word_of(counter - i * WORD_BITS)] = 0;
        }
        replay->newest = counter;
    }
    replay->seen[word_of(counter)] |= bit_of(counter);
}
