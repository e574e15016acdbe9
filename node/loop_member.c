/* What loop.h offers about members: each call is the node's, followed by what every call is followed by. */
#include "node/host.h"

int bw_loop_set_tags(struct bw_loop *host, const struct bw_tag *tags, size_t count) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_set_tags(bw_loop_node(host), tags, count, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_forget(struct bw_loop *host, const struct bw_id *id) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_forget(bw_loop_node(host), id, now);
    bw_host_pump(host, now);
    return error;
}
