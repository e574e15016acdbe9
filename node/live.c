/* What can change while a node runs: its keys. */
#include "node/internal.h"

int bw_node_set_keys(struct bw_node *node, const char *keys, size_t size, struct bw_time now) {
    bw_node_clamp(node, now);
    struct bw_keyring *ring = NULL;
    int error = bw_keyring_create(&ring, keys, size, NULL);
    if (error != 0) {
        return error;
    }
    bw_channel_set_keyring(node->channel, ring);
    bw_keyring_destroy(node->keyring);
    node->keyring = ring;
    return 0;
}
