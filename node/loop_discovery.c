/* Beacons of a node on the libev loop. Those of other clusters are told of, and not joined. */
#include "node/loop_discovery.h"

#include "base/base.h"
#include "node/addr.h"
#include "node/host.h"
#include "node/lan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRANGERS 64u                   /* that are remembered; the one that was told of first makes room */
#define AGAIN_US (3600 * BW_US_PER_S)   /* each is told of so often */
#define TOLD_BURST 8                    /* so many at once */
#define TOLD_STEP_US (60 * BW_US_PER_S) /* and one more after so long: senders can be made up */

/* Somebody of another cluster. */
struct stranger {
    struct bw_addr from; /* family 0: free */
    bool opened;
    int64_t told_us;
};

struct bw_host_discovery {
    struct bw_loop *host;
    struct bw_lan *lan;
    uint16_t port; /* ours */
    char cluster[BW_NAME_MAX + 1];
    struct bw_discover_config config;                       /* the caller's, for on_heard */
    void (*on_problem)(void *context, const char *message); /* the loop's */
    void *context;
    int64_t allowance_us; /* when as many can be told of as at first */
    struct stranger strangers[STRANGERS];
};

/* Whether it is time to tell of that one. */
static bool worth_telling(struct bw_host_discovery *d, const struct bw_heard *heard, int64_t now_us) {
    struct stranger *place = &d->strangers[0];
    for (size_t i = 0; i < STRANGERS; i++) {
        struct stranger *known = &d->strangers[i];
        if (bw_addr_same_ip(&known->from, &heard->from) && known->opened == heard->opened) {
            place = known;
            break;
        }
        place = known->told_us < place->told_us ? known : place;
    }
    bool is_known = bw_addr_same_ip(&place->from, &heard->from) && place->opened == heard->opened;
    int64_t from_us = d->allowance_us > now_us ? d->allowance_us : now_us;
    if ((is_known && now_us - place->told_us < AGAIN_US) || from_us - now_us > TOLD_STEP_US * (TOLD_BURST - 1)) {
        return false;
    }
    *place = (struct stranger){.from = heard->from, .opened = heard->opened, .told_us = now_us};
    d->allowance_us = from_us + TOLD_STEP_US;
    return true;
}

static void on_datagram(void *context, const struct bw_network *network, const struct bw_addr *from,
                        struct bw_bytes datagram) {
    struct bw_host_discovery *d = context;
    struct bw_heard heard = {.from = *from};
    struct bw_time now = bw_loop_now();
    int error = bw_node_hear(bw_loop_node(d->host), datagram.data, datagram.size, &heard.beacon, now);
    heard.opened = error == 0;
    memcpy(heard.interface, network->name, sizeof(heard.interface));
    if (error == 0) {
        bw_host_pump(d->host, now);
    }
    bool other = error == BW_ERR_DROP_KEY || (error == 0 && strcmp(heard.beacon.cluster, d->cluster) != 0);
    if (other && d->config.on_heard != NULL && worth_telling(d, &heard, now.mono_us)) {
        d->config.on_heard(d->config.context, &heard);
    }
}

static void on_change(void *context) {
    struct bw_host_discovery *d = context;
    struct bw_time now = bw_loop_now();
    bw_node_announce_again(bw_loop_node(d->host), now);
    bw_host_pump(d->host, now);
}

static void on_problem(void *context, const char *message) {
    struct bw_host_discovery *d = context;
    if (d->on_problem != NULL) {
        d->on_problem(d->context, message);
    }
}

static void make(void *context, const struct bw_addr *own, uint8_t beacon[BW_BEACON_SIZE]) {
    struct bw_host_discovery *d = context;
    struct bw_addr addr = *own;
    addr.port = d->port;
    bw_node_beacon(bw_loop_node(d->host), &addr, beacon, bw_loop_now());
}

/* Bound to one address, we can be reached through its interface alone. */
static void choose_families(struct bw_network_choice *choice, const struct bw_udp *udp, uint16_t *port) {
    struct bw_addr v4 = bw_udp_bound(udp, BW_UDP_V4);
    struct bw_addr v6 = bw_udp_bound(udp, BW_UDP_V6);
    const struct bw_addr *one = v4.family != 0 ? &v4 : &v6;
    choice->v4 = v4.family != 0;
    choice->v6 = v6.family != 0;
    if (!bw_addr_unspecified(one)) {
        choice->only = *one;
    }
    *port = one->port;
}

int bw_host_discovery_open(struct bw_host_discovery **discovery, struct bw_loop *host, struct ev_loop *loop,
                           const struct bw_loop_config *config, const char *cluster, const struct bw_udp *udp,
                           char *why, size_t why_size) {
    struct bw_host_discovery *d = calloc(1, sizeof(*d));
    if (d == NULL) {
        snprintf(why, why_size, "out of memory");
        return BW_ERR_MEMORY;
    }
    const struct bw_discover_config *wanted = config->discover;
    struct bw_lan_config lan = {
        .on_datagram = on_datagram, .on_change = on_change, .on_problem = on_problem, .context = d};
    d->host = host;
    memcpy(&d->config, wanted, wanted->size < sizeof(d->config) ? wanted->size : sizeof(d->config));
    d->config.interfaces = NULL; /* the caller's; the networks have their own copy */
    d->on_problem = config->on_problem;
    d->context = config->context;
    memcpy(d->cluster, cluster, strlen(cluster) + 1);
    choose_families(&lan.choice, udp, &d->port);
    int error = bw_lan_choose(&lan, wanted, why, why_size);
    if (error == 0 && (error = bw_lan_open(&d->lan, loop, &lan)) != 0) {
        snprintf(why, why_size, "%s", bw_error_text(error));
    }
    if (error != 0) {
        free(d);
        return error;
    }
    *discovery = d;
    return 0;
}

void bw_host_discovery_close(struct bw_host_discovery *discovery) {
    if (discovery != NULL) {
        bw_lan_close(discovery->lan);
        free(discovery);
    }
}

void bw_host_discovery_announce(struct bw_host_discovery *discovery, struct bw_time now) {
    if (discovery != NULL && bw_node_announce(bw_loop_node(discovery->host), now)) {
        bw_lan_announce(discovery->lan, make);
    }
}
