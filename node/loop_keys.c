/* What loop.h offers about the key ring: each call is the node's, followed by what every call is followed by. */
#include "node/host.h"

#include <bellwether/keys.h>

int bw_loop_set_keys(struct bw_loop *host, const char *keys, size_t size) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_set_keys(bw_loop_node(host), keys, size, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_key_add(struct bw_loop *host, const char *key, size_t size) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_key_add(bw_loop_node(host), key, size, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_key_use(struct bw_loop *host, uint64_t id, bool force) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_key_use(bw_loop_node(host), id, force, now);
    bw_host_pump(host, now);
    return error;
}

int bw_loop_key_remove(struct bw_loop *host, uint64_t id, bool force) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_key_remove(bw_loop_node(host), id, force, now);
    bw_host_pump(host, now);
    return error;
}

void bw_loop_keys_ask(struct bw_loop *host, uint32_t for_ms) {
    struct bw_time now = bw_loop_now();
    bw_node_keys_ask(bw_loop_node(host), for_ms, now);
    bw_host_pump(host, now);
}

void bw_loop_keys_stored(struct bw_loop *host, bool ok) {
    struct bw_time now = bw_loop_now();
    bw_node_keys_stored(bw_loop_node(host), ok, now);
    bw_host_pump(host, now);
}
