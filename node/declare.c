/* Scopes that come and go while the node runs. */
#include "node/internal.h"

int bw_node_scope_add(struct bw_node *node, const struct bw_scope_config *config, struct bw_time now) {
    now = bw_node_clamp(node, now);
    if (!bw_voters_valid(config, node->persistence.durable)) {
        return BW_ERR_INVALID;
    }
    int error = bw_scope_check(bw_gossip_params(node->gossip), config, NULL);
    if (error == 0) {
        error = bw_election_scope_add(node->election, config, now);
    }
    if (error == 0 && bw_voters_declare(node, config) != 0) {
        (void)bw_election_scope_remove(node->election, config->name, now); /* it would wait for its voters for ever */
        error = BW_ERR_MEMORY;
    }
    bw_node_pump(node);
    if (error == 0 && node->candidacies_due && node->candidacies_error == BW_ERR_SPACE) {
        (void)bw_election_scope_remove(node->election, config->name, now); /* nobody would ever hear of it */
        bw_node_pump(node);
        return BW_ERR_SPACE;
    }
    return error;
}

int bw_node_scope_remove(struct bw_node *node, const char *scope, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_election_scope_remove(node->election, scope, now);
    bw_node_pump(node);
    return error;
}

int bw_node_stopped(struct bw_node *node, const char *scope, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_election_stopped(node->election, scope, now);
    bw_node_pump(node);
    return error;
}
