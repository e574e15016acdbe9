/* What can change while a node runs: its keys, and the parameters that nobody else relies on. */
#include "node/internal.h"

/* The detector's and dissemination's own patience. The election's times are promises to others, sizes were given to tables, and
 * how long the dead are kept is the same everywhere. */
#define LIVE(X)             \
    X(probe_interval_ms)    \
    X(probe_timeout_min_ms) \
    X(probe_timeout_max_ms) \
    X(indirect_count)       \
    X(nack_percent)         \
    X(suspicion_alpha)      \
    X(suspicion_beta)       \
    X(retransmit_mult)      \
    X(gossip_interval_ms)   \
    X(gossip_fanout)        \
    X(health_max)           \
    X(confirm_mult)         \
    X(hear_others)          \
    X(buddy)                \
    X(damping)              \
    X(sync_delay_max_ms)    \
    X(seed_retry_max_ms)

/* The first one that would have to change and cannot, in a sentence; NULL: none. */
static const char *fixed(const struct bw_params *running, const struct bw_params *wanted) {
    struct bw_params rest = *wanted;
#define KEEP_(name) rest.name = running->name;
    LIVE(KEEP_)
#undef KEEP_
#define COMPARE_(name, least, largest, local, lan, wan, text)                            \
    if (rest.name != running->name) {                                                    \
        return #name " cannot change while the node runs: it takes effect at its start"; \
    }
    BW_PARAMS(COMPARE_)
#undef COMPARE_
    return NULL;
}

void bw_node_params(const struct bw_node *node, struct bw_params *params) {
    *params = *bw_gossip_params(node->gossip);
}

int bw_node_set_params(struct bw_node *node, const struct bw_params *params, const char **why, struct bw_time now) {
    now = bw_node_clamp(node, now);
    const char *reason = NULL;
    int error = bw_params_check(params, &reason);
    if (error == 0) {
        reason = fixed(bw_gossip_params(node->gossip), params);
        error = reason != NULL ? BW_ERR_BUSY : 0;
    }
    if (error == 0) {
        bw_gossip_set_params(node->gossip, params, now);
        bw_node_pump(node);
    } else if (why != NULL) {
        *why = reason;
    }
    return error;
}
