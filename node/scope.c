/* What the host may do about our own part in scopes. */
#include "node/internal.h"

#define STEPDOWN_MS 60000u /* where no time is given */

int bw_node_stepdown(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_election_stepdown(node->election, scope, for_ms > 0 ? for_ms : STEPDOWN_MS, now);
    bw_node_pump(node);
    return error;
}

int bw_node_transfer(struct bw_node *node, const char *scope, const struct bw_id *to, const char **why,
                     struct bw_time now) {
    now = bw_node_clamp(node, now);
    const char *reason = NULL;
    int error = bw_election_transfer(node->election, scope, to, &reason, now);
    if (why != NULL && reason != NULL) {
        *why = reason;
    }
    bw_node_pump(node);
    return error;
}

int bw_node_ready(struct bw_node *node, const char *scope, bool ready, uint32_t ttl_ms, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_election_ready(node->election, scope, ready, ttl_ms, now);
    bw_node_pump(node);
    return error;
}

int bw_node_priority(struct bw_node *node, const char *scope, uint16_t priority, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_election_priority(node->election, scope, priority, now);
    bw_node_pump(node);
    return error;
}

int bw_node_freeze(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_election_freeze(node->election, scope, for_ms, now);
    bw_node_pump(node);
    return error;
}

int bw_node_thaw(struct bw_node *node, const char *scope, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_election_thaw(node->election, scope, now);
    bw_node_pump(node);
    return error;
}
