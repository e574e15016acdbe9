/* What loop.h offers about scopes: each call is the node's, followed by what every call is followed by. */
#include "node/host.h"

int bw_loop_stepdown(struct bw_loop *host, const char *scope, uint32_t for_ms) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_stepdown(bw_loop_node(host), scope, for_ms, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_transfer(struct bw_loop *host, const char *scope, const struct bw_id *to, const char **why) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_transfer(bw_loop_node(host), scope, to, why, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_claim_above(struct bw_loop *host, const char *scope, const struct bw_token *token) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_claim_above(bw_loop_node(host), scope, token, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_change_voters(struct bw_loop *host, const char *scope, const struct bw_id *id, bool add, const char **why) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_change_voters(bw_loop_node(host), scope, id, add, why, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_ready(struct bw_loop *host, const char *scope, bool ready, uint32_t ttl_ms) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_ready(bw_loop_node(host), scope, ready, ttl_ms, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_priority(struct bw_loop *host, const char *scope, uint16_t priority) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_priority(bw_loop_node(host), scope, priority, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_scope_add(struct bw_loop *host, const struct bw_scope_config *config) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_scope_add(bw_loop_node(host), config, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_scope_remove(struct bw_loop *host, const char *scope) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_scope_remove(bw_loop_node(host), scope, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_stopped(struct bw_loop *host, const char *scope) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_stopped(bw_loop_node(host), scope, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_freeze(struct bw_loop *host, const char *scope, uint32_t for_ms) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_freeze(bw_loop_node(host), scope, for_ms, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_thaw(struct bw_loop *host, const char *scope) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_thaw(bw_loop_node(host), scope, now);
    bw_host_pump(host, now);
    return error;
}
