/* The host's part of discovery: the node decides, the networks carry. */
#ifndef BW_NODE_LOOP_DISCOVERY_H
#define BW_NODE_LOOP_DISCOVERY_H

#include "node/udp.h"

#include <bellwether/loop.h>

struct ev_loop;
struct bw_host_discovery;

/* config->discover is not NULL; cluster is our label. udp tells where we can be reached. why gets a sentence. BW_ERR_INVALID,
 * BW_ERR_MEMORY. */
int bw_host_discovery_open(struct bw_host_discovery **discovery, struct bw_loop *host, struct ev_loop *loop,
                           const struct bw_loop_config *config, const char *cluster, const struct bw_udp *udp,
                           char *why, size_t why_size);
void bw_host_discovery_close(struct bw_host_discovery *discovery); /* NULL is harmless */

/* Sends beacons if the node wants to. NULL is harmless. */
void bw_host_discovery_announce(struct bw_host_discovery *discovery, struct bw_time now);

#endif
