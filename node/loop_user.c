/* The host's part of user events and queries: hand on, then do what the node asks for. */
#include <bellwether/loop.h>

#include "node/host.h"

int bw_loop_user_event(struct bw_loop *host, const char *name, struct bw_bytes payload, uint64_t *ltime) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_user_event(bw_loop_node(host), name, payload, ltime, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_query(struct bw_loop *host, const struct bw_query *query, uint64_t *number) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_query(bw_loop_node(host), query, number, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_respond(struct bw_loop *host, uint64_t number, struct bw_bytes payload) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_respond(bw_loop_node(host), number, payload, now);
    bw_host_pump(host, now);
    return error;
}
