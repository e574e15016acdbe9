/* What loop.h offers about members: each call is the node's, followed by what every call is followed by. */
#include "node/host.h"

int bw_loop_set_tags(struct bw_loop *host, const struct bw_tag *tags, size_t count) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_set_tags(bw_loop_node(host), tags, count, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_set_certificate(struct bw_loop *host, const char *certificate, size_t size) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_set_certificate(bw_loop_node(host), certificate, size, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_revoke(struct bw_loop *host, const char *revocation, size_t size) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_revoke(bw_loop_node(host), revocation, size, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_set_params(struct bw_loop *host, const struct bw_params *params, const char **why) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_set_params(bw_loop_node(host), params, why, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_forget(struct bw_loop *host, const struct bw_id *id) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_forget(bw_loop_node(host), id, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_rtt(struct bw_loop *host, const struct bw_id *a, const struct bw_id *b, struct bw_rtt *rtt) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_rtt(bw_loop_node(host), a, b, rtt, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_survey(struct bw_loop *host) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_survey(bw_loop_node(host), now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_send(struct bw_loop *host, const struct bw_id *to, uint8_t channel, const void *data, size_t size) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_send(bw_loop_node(host), to, channel, data, size, now);
    bw_host_pump(host, now);
    return error;
}
