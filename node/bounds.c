/* Everything that grows has a bound. Past it the least useful thing is dropped and counted, and the host is told: at once, and
 * while it goes on every so often. */
#include "node/internal.h"

#define AGAIN_US (10 * BW_US_PER_S)

static const struct bound {
    const char *word;
    const char *text;
} bounds[] = {
#define BOUND_(name, word, text) {word, text},
    BW_BOUNDS(BOUND_)
#undef BOUND_
};

static uint64_t count_of(const struct bw_node *node, enum bw_bound bound) {
    switch (bound) {
    case BW_BOUND_EVENTS:
        return node->events.lost;
    case BW_BOUND_MESSAGES:
        return node->traffic.messages_lost;
    case BW_BOUND_ELECTION:
        return bw_election_overflowed(node->election);
    default:
        return bw_gossip_bound(node->gossip, bound);
    }
}

int bw_node_bound(const struct bw_node *node, size_t index, const char **word, const char **text, uint64_t *count) {
    if (index >= BW_BOUND_COUNT) {
        return BW_ERR_NOT_FOUND;
    }
    if (word != NULL) {
        *word = bounds[index].word;
    }
    if (text != NULL) {
        *text = bounds[index].text;
    }
    *count = count_of(node, (enum bw_bound)index);
    return 0;
}

/* Called after every datagram: in the usual case nothing was passed, and one sum says so. What finds no room among the events is told
 * when there is some. */
void bw_bounds_tell(struct bw_node *node) {
    uint64_t passed = bw_gossip_bounds_passed(node->gossip) + bw_election_overflowed(node->election) +
                      node->traffic.messages_lost + node->events.lost;
    if (passed == node->bounds_told || node->events.count >= node->events.limit) {
        return;
    }
    node->bounds_told = passed;
    for (size_t i = 0; i < BW_BOUND_COUNT; i++) {
        struct bw_bound_told *told = &node->bounds[i];
        uint64_t count = count_of(node, (enum bw_bound)i);
        if (count == told->count) {
            continue;
        }
        if (told->count > 0 && node->now.mono_us - told->at_us < AGAIN_US) {
            node->bounds_told = 0; /* later */
            continue;
        }
        struct bw_event event = {
            .type = BW_EVENT_BOUND_PASSED, .time = node->now, .dropped = count - told->count, .bound = bounds[i].word};
        *told = (struct bw_bound_told){count, node->now.mono_us};
        bw_event_queue_push(&node->events, &node->allocator, &event);
    }
}
