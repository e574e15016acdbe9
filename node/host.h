/* Inside the libev host: what its tests and files reach beyond <bellwether/loop.h>. */
#ifndef BW_NODE_HOST_H
#define BW_NODE_HOST_H

#include "node/store.h"
#include "node/udp.h"

#include <bellwether/loop.h>

/* As bw_loop_create, with a file system of the caller's. */
int bw_host_create(struct bw_loop **host, struct ev_loop *loop, const struct bw_loop_config *loop_config,
                   const struct bw_config *node_config, const struct bw_file_ops *files, char *why, size_t why_size);

/* What bw_node_create's error means to whoever started it. */
void bw_host_explain(int error, const struct bw_config *config, const char *state_dir, char *why, size_t why_size);

/* Whether bw_loop_create would take this configuration: makes the node, without its state, and ends it. Nothing is opened. */
int bw_host_check(const struct bw_config *node_config, const char *state_dir, char *why, size_t why_size);

/* As bw_node_certified_until, of any member: of the certificate that it was heard with last. */
int64_t bw_host_certified_until(const struct bw_node *node, const struct bw_id *id);

/* As bw_node_member, of the member of that id, found at once among many. */
int bw_host_member(const struct bw_node *node, const struct bw_id *id, struct bw_member_info *info);

/* After a call on the node: sends, tells, writes, arms. */
void bw_host_pump(struct bw_loop *host, struct bw_time now);

const struct bw_udp_stats *bw_host_udp_stats(const struct bw_loop *host);

#endif
