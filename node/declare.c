/* Scopes that come and go while the node runs. */
#include "node/internal.h"

int bw_node_scope_add(struct bw_node *node, const struct bw_scope_config *given, struct bw_time now) {
    const struct bw_scope_config known = bw_scope_known(given), *config = &known;
    now = bw_node_clamp(node, now);
    if (config->size == 0 || !bw_voters_valid(config, node->persistence.durable)) {
        return BW_ERR_INVALID;
    }
    if (!config->witness && !bw_identity_may_stand(node, config->name, config->range_count, config->priority)) {
        return BW_ERR_NOT_GRANTED;
    }
    int error = bw_scope_check(bw_gossip_params(node->gossip), config, NULL);
    if (error == 0) {
        error = bw_election_scope_add(node->election, config, now);
    }
    if (error == 0 && bw_voters_declare(node, config) != 0) {
        (void)bw_node_scope_remove(node, config->name, now); /* it would wait for its voters for ever */
        error = BW_ERR_MEMORY;
    }
    bw_node_pump(node);
    if (error == 0 && node->candidacies_due && node->candidacies_error == BW_ERR_SPACE) {
        (void)bw_node_scope_remove(node, config->name, now); /* nobody would ever hear of it */
        return BW_ERR_SPACE;
    }
    return error;
}
