/* Listening for beacons without being a member. */
#include "node/lan.h"

#include "base/base.h"
#include "crypto/beacon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bw_listener {
    struct bw_lan *lan;
    struct bw_keyring *ring; /* NULL: none */
    struct bw_discover_config config;
    char problem[384]; /* what was wrong at the start */
};

static void on_datagram(void *context, const struct bw_network *network, const struct bw_addr *from,
                        struct bw_bytes datagram) {
    struct bw_listener *listener = context;
    struct bw_heard heard = {.from = *from};
    int error = bw_beacon_open(listener->ring, datagram, &heard.beacon);
    heard.opened = error == 0;
    memcpy(heard.interface, network->name, sizeof(heard.interface));
    if ((error == 0 || error == BW_ERR_DROP_KEY) && listener->config.on_heard != NULL) {
        listener->config.on_heard(listener->config.context, &heard);
    }
}

static void on_problem(void *context, const char *message) {
    struct bw_listener *listener = context;
    if (listener->lan == NULL) { /* still being opened */
        snprintf(listener->problem, sizeof(listener->problem), "%s", message);
    } else if (listener->config.on_problem != NULL) {
        listener->config.on_problem(listener->config.context, message);
    }
}

static int open_all(struct bw_listener *listener, struct ev_loop *loop, const struct bw_discover_config *config,
                    const char *keys, size_t keys_size, char *why, size_t why_size) {
    struct bw_lan_config lan = {
        .choice = {.v4 = true, .v6 = true}, .on_datagram = on_datagram, .on_problem = on_problem, .context = listener};
    size_t line = 0;
    int error = bw_lan_choose(&lan, config, why, why_size);
    if (error == 0 && keys != NULL) {
        error = bw_keyring_create(&listener->ring, keys, keys_size, &line);
        if (error != 0) {
            snprintf(why, why_size, "the keys, line %zu: %s", line, bw_error_text(error));
        }
    }
    if (error == 0 && (error = bw_lan_open(&listener->lan, loop, &lan)) != 0) {
        snprintf(why, why_size, "%s", bw_error_text(error));
    }
    if (error == 0 && bw_lan_count(listener->lan) == 0) {
        snprintf(why, why_size, "%s", listener->problem);
        error = BW_ERR_SYSTEM;
    }
    return error;
}

int bw_listener_create(struct bw_listener **listener, struct ev_loop *loop, const struct bw_discover_config *config,
                       const char *keys, size_t keys_size, char *why, size_t why_size) {
    struct bw_listener *made = calloc(1, sizeof(*made));
    why_size = why == NULL ? 0 : why_size;
    if (made == NULL) {
        snprintf(why, why_size, "out of memory");
        return BW_ERR_MEMORY;
    }
    memcpy(&made->config, config, config->size < sizeof(made->config) ? config->size : sizeof(made->config));
    int error = open_all(made, loop, config, keys, keys_size, why, why_size);
    if (error != 0) {
        bw_listener_destroy(made);
        return error;
    }
    *listener = made;
    return 0;
}

void bw_listener_destroy(struct bw_listener *listener) {
    if (listener != NULL) {
        bw_lan_close(listener->lan);
        bw_keyring_destroy(listener->ring);
        free(listener);
    }
}
