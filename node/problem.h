/* What the host says of trouble, in words, and not too often. */
#ifndef BW_NODE_PROBLEM_H
#define BW_NODE_PROBLEM_H

#include "node/store.h"
#include "node/udp.h"

enum bw_problem_kind {
    BW_PROBLEM_STATE,
    BW_PROBLEM_SEND,
    BW_PROBLEM_RECEIVE,
    BW_PROBLEM_SIZE,
    BW_PROBLEM_FULL,
    BW_PROBLEM_COUNT
};

struct bw_problems {
    void (*say)(void *context, const char *message); /* may be NULL */
    void *context;
    int64_t said_us[BW_PROBLEM_COUNT]; /* 0: never */
    uint64_t held_back[BW_PROBLEM_COUNT];
    struct bw_udp_stats seen; /* as of the last look */
    bool state_failed;        /* the last write of the state failed */
};

/* failure NULL: the state is durable, which is worth a word only after a failure. */
void bw_problems_state(struct bw_problems *problems, const struct bw_store *store,
                       const struct bw_store_failure *failure, int64_t now_us);

/* Says what became worse since the last look. */
void bw_problems_udp(struct bw_problems *problems, const struct bw_udp_stats *stats, int64_t now_us);

#endif
