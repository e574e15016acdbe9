/* The addresses of some other members are part of the durable state, so that a restarted member finds the cluster again though
 * nobody answers at its seeds (as Serf does by its snapshot).
 *
 * They are written some seconds after a change, when an election that it may have led to is over and has the disk no more, and
 * seldom; and with every other write. */
#include "node/internal.h"

#include <string.h>

#define QUIET_US (5 * BW_US_PER_S)
#define INTERVAL_US (60 * BW_US_PER_S)

/* Who leaves, or has left, keeps those that it had. */
static bool waits(const struct bw_node *node) {
    return node->peers.due && !node->leaving;
}

void bw_peers_changed(struct bw_node *node) {
    struct bw_node_peers *peers = &node->peers;
    if (!peers->due && !peers->forgotten && node->persistence.durable) {
        int64_t quiet_us = node->now.mono_us + QUIET_US;
        peers->due = true;
        peers->look_us = peers->look_us > quiet_us ? peers->look_us : quiet_us;
    }
}

static bool same_set(const struct bw_addr *a, size_t a_count, const struct bw_addr *b, size_t b_count) {
    size_t found = 0;
    for (size_t i = 0; i < a_count; i++) {
        for (size_t k = 0; k < b_count; k++) {
            found += bw_addr_equal(&a[i], &b[k]);
        }
    }
    return a_count == b_count && found == a_count;
}

void bw_peers_look_now(struct bw_node *node) {
    struct bw_node_peers *peers = &node->peers;
    struct bw_addr chosen[BW_REMEMBERED_MAX];
    if (!peers->due) {
        return;
    }
    peers->due = false;
    size_t count = bw_gossip_peers(node->gossip, peers->addrs, peers->count, chosen);
    if (!same_set(chosen, count, peers->addrs, peers->count)) {
        memcpy(peers->addrs, chosen, sizeof(chosen[0]) * count);
        peers->count = count;
        peers->look_us = node->now.mono_us + INTERVAL_US;
        node->persistence.want_node = true;
    }
}

void bw_peers_look(struct bw_node *node) {
    if (waits(node) && node->now.mono_us >= node->peers.look_us) {
        bw_peers_look_now(node);
    }
}

int64_t bw_peers_deadline(const struct bw_node *node) {
    return waits(node) ? node->peers.look_us : BW_NEVER;
}

void bw_peers_return(struct bw_node *node) {
    if (node->peers.forgotten) {
        node->peers.forgotten = false;
        bw_peers_changed(node);
    }
}

void bw_node_forget_peers(struct bw_node *node, struct bw_time now) {
    now = bw_node_clamp(node, now);
    node->persistence.want_node = node->persistence.want_node || node->peers.count > 0;
    node->peers.count = 0;
    node->peers.due = false;
    node->peers.forgotten = true;
    bw_gossip_forget_peers(node->gossip, now);
    bw_node_pump(node);
}
