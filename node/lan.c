/* Discovery's sockets, one for each interface and family, and what wakes them. Interfaces are looked at again when the kernel says that
 * links or addresses have changed (rtnetlink), or every so often where it does not. */
#include "node/lan.h"

#include "base/base.h"
#include "node/segment.h"

#include <bellwether/loop.h>
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#define PRIORITY (-1)   /* gossip and its timers come first */
#define BATCH 64        /* datagrams of one socket in a row */
#define SLICE_S 0.1     /* in so long ... */
#define SLICE_MAX 2000  /* ... so many are looked at, and the kernel drops the rest */
#define SETTLE_S 0.05   /* changes of links and addresses come in bursts */
#define LOOK_S 10.      /* where the kernel does not tell */
#define QUIET_S 10.     /* between two problems that are told */
#define GROUP_FIRST 239 /* RFC 2365: 239.255.0.0/16 is the local scope */
#define GROUP_SECOND 255
static const uint8_t usual_group[4] = {GROUP_FIRST, GROUP_SECOND, 'B', 'W'};

struct segment {
    struct bw_lan *lan;
    struct bw_network network;
    int fd;      /* -1: the place is free */
    bool unsent; /* the last beacon did not go out */
    bool told;   /* of it */
    struct ev_io readable;
};

struct bw_lan {
    struct ev_loop *loop;
    struct bw_lan_config config;
    struct segment segments[BW_NETWORK_MAX];
    int changes; /* rtnetlink, -1: there is none */
    struct ev_io changed;
    struct ev_timer look; /* soon, or every so often */
    struct ev_timer rest; /* a flood is not looked at until then */
    double slice_s;
    unsigned slice_count;
    double failed_s; /* when a failure was told last */
    double none_s;   /* and that there is no network: one must not hide the other */
};

/* ---- What is wanted ---- */

int bw_discover_group(struct bw_addr *group, const char *text) {
    struct bw_addr parsed = {.family = 4, .port = BW_DISCOVER_PORT};
    char whole[64];
    memcpy(parsed.ip, usual_group, sizeof(usual_group));
    if (snprintf(whole, sizeof(whole), "%s%s", text[0] == ':' ? "239.255.66.87" : "", text) >= (int)sizeof(whole) ||
        bw_addr_parse(&parsed, whole, BW_DISCOVER_PORT) != 0 || parsed.family != 4 || parsed.ip[0] != GROUP_FIRST ||
        parsed.ip[1] != GROUP_SECOND || parsed.port == 0) {
        return BW_ERR_INVALID;
    }
    *group = parsed;
    return 0;
}

static int choose_group(struct bw_lan_config *config, const struct bw_addr *wanted, char *why, size_t why_size) {
    config->group = *wanted;
    if (wanted->family == 0) {
        config->group = (struct bw_addr){.family = 4, .port = wanted->port};
        memcpy(config->group.ip, usual_group, sizeof(usual_group));
    }
    config->group.port = config->group.port == 0 ? BW_DISCOVER_PORT : config->group.port;
    if (config->group.family == 4 && config->group.ip[0] == GROUP_FIRST && config->group.ip[1] == GROUP_SECOND) {
        return 0;
    }
    snprintf(why, why_size, "the group for discovery must be an IPv4 address in 239.255.0.0/16");
    return BW_ERR_INVALID;
}

int bw_lan_choose(struct bw_lan_config *config, const struct bw_discover_config *wanted, char *why, size_t why_size) {
    struct bw_discover_config known = {.size = 0};
    memcpy(&known, wanted, wanted->size < sizeof(known) ? wanted->size : sizeof(known));
    if (known.interface_count > BW_DISCOVER_INTERFACE_MAX) {
        snprintf(why, why_size, "at most %d interfaces can be named for discovery", BW_DISCOVER_INTERFACE_MAX);
        return BW_ERR_INVALID;
    }
    for (size_t i = 0; i < known.interface_count; i++) {
        size_t size = strlen(known.interfaces[i]);
        if (size == 0 || size >= BW_INTERFACE_NAME_SIZE) {
            snprintf(why, why_size, "an interface's name has 1 to %u bytes", BW_INTERFACE_NAME_SIZE - 1);
            return BW_ERR_INVALID;
        }
        memcpy(config->choice.names[i], known.interfaces[i], size + 1);
    }
    config->choice.name_count = known.interface_count;
    return choose_group(config, &known.group, why, why_size);
}

/* ---- Networks that come and go ---- */

static void tell(struct bw_lan *lan, double *told_s, const char *text) {
    double now_s = ev_now(lan->loop);
    if (lan->config.on_problem != NULL && (*told_s == 0. || now_s - *told_s >= QUIET_S)) {
        *told_s = now_s;
        lan->config.on_problem(lan->config.context, text);
    }
}

static void tell_failed(struct bw_lan *lan, const struct bw_network *network, const char *what, int error) {
    char text[256];
    snprintf(text, sizeof(text), "discovery: %.40s on %.15s (IPv%u) failed: %.80s; check firewall and routes there",
             what, network->name, network->family, strerror(error));
    tell(lan, &lan->failed_s, text);
}

/* False if the socket cannot be read: it stays readable, and is left alone for a while. */
static bool take(struct segment *segment) {
    struct bw_lan *lan = segment->lan;
    uint8_t data[BW_BEACON_SIZE + 1];
    struct bw_addr from;
    size_t size = 0;
    int got = 0;
    for (unsigned i = 0; i < BATCH && got >= 0; i++) {
        got = bw_segment_receive(segment->fd, &segment->network, &lan->config.group, data, &size, &from);
        lan->slice_count += got >= 0;
        if (got == 1) {
            lan->config.on_datagram(lan->config.context, &segment->network, &from, (struct bw_bytes){data, size});
        }
    }
    if (got == -2) {
        tell_failed(lan, &segment->network, "receiving", errno);
    }
    return got != -2;
}

static void on_rested(struct ev_loop *loop, struct ev_timer *watcher, int events) {
    (void)events;
    struct bw_lan *lan = watcher->data;
    for (size_t i = 0; i < BW_NETWORK_MAX; i++) {
        if (lan->segments[i].fd >= 0) {
            ev_io_start(loop, &lan->segments[i].readable);
        }
    }
}

static void on_readable(struct ev_loop *loop, struct ev_io *watcher, int events) {
    (void)events;
    struct segment *segment = watcher->data;
    struct bw_lan *lan = segment->lan;
    double now_s = ev_now(loop);
    if (now_s - lan->slice_s >= SLICE_S || now_s < lan->slice_s) {
        lan->slice_s = now_s;
        lan->slice_count = 0;
    }
    if (take(segment) && lan->slice_count < SLICE_MAX) {
        return;
    }
    for (size_t i = 0; i < BW_NETWORK_MAX; i++) {
        ev_io_stop(loop, &lan->segments[i].readable);
    }
    ev_timer_stop(loop, &lan->rest);
    ev_timer_set(&lan->rest, SLICE_S, 0.);
    ev_timer_start(loop, &lan->rest);
}

static void close_segment(struct bw_lan *lan, struct segment *segment) {
    if (segment->fd >= 0) {
        ev_io_stop(lan->loop, &segment->readable);
        close(segment->fd);
        segment->fd = -1;
    }
}

static void open_segment(struct bw_lan *lan, struct segment *segment, const struct bw_network *network) {
    segment->fd = bw_segment_open(network, &lan->config.group);
    if (segment->fd < 0) {
        tell_failed(lan, network, "opening the socket", errno);
        return;
    }
    segment->network = *network;
    segment->unsent = true;
    segment->told = false;
    ev_io_set(&segment->readable, segment->fd, EV_READ);
    ev_io_start(lan->loop, &segment->readable);
}

static bool same(const struct bw_network *a, const struct bw_network *b) {
    return a->index == b->index && a->family == b->family && strcmp(a->name, b->name) == 0;
}

/* Which of count networks the segment is on; count: none. */
static size_t place_of(const struct segment *segment, const struct bw_network *networks, size_t count) {
    size_t i = 0;
    while (i < count && !(segment->fd >= 0 && same(&segment->network, &networks[i]))) {
        i++;
    }
    return i;
}

/* False if one of them could not be opened. */
static bool open_new(struct bw_lan *lan, const struct bw_network *networks, size_t count, const bool *known) {
    bool all = true;
    for (size_t i = 0, at = 0; i < count; i++) {
        while (!known[i] && at < BW_NETWORK_MAX && lan->segments[at].fd >= 0) {
            at++;
        }
        if (!known[i] && at < BW_NETWORK_MAX) {
            open_segment(lan, &lan->segments[at], &networks[i]);
            all = all && lan->segments[at].fd >= 0;
        }
    }
    return all;
}

/* Its addresses may be others. */
static void renew(struct segment *segment, const struct bw_network *network) {
    struct bw_addr before = bw_network_own(&segment->network);
    struct bw_addr own = bw_network_own(network);
    segment->network = *network;
    segment->unsent = segment->unsent || !bw_addr_equal(&before, &own);
}

static void look_within(struct bw_lan *lan, double wait_s) {
    bool soon = ev_is_active(&lan->look) && ev_timer_remaining(lan->loop, &lan->look) <= wait_s;
    if (!soon) {
        ev_timer_stop(lan->loop, &lan->look);
        ev_timer_set(&lan->look, wait_s, lan->changes < 0 ? LOOK_S : 0.);
        ev_timer_start(lan->loop, &lan->look);
    }
}

static void look(struct bw_lan *lan) {
    struct bw_network networks[BW_NETWORK_MAX];
    bool known[BW_NETWORK_MAX] = {false};
    char why[300] = "";
    char text[384];
    bool some = bw_lan_count(lan) > 0;
    size_t count = bw_networks_look(&lan->config.choice, networks, why, sizeof(why));
    if (count == BW_NETWORKS_UNKNOWN) { /* those that there were are kept */
        look_within(lan, LOOK_S);
        if (!some) {
            tell(lan, &lan->none_s, why);
        }
        return;
    }
    for (size_t i = 0; i < BW_NETWORK_MAX; i++) {
        size_t place = place_of(&lan->segments[i], networks, count);
        if (place == count) {
            close_segment(lan, &lan->segments[i]);
        } else {
            known[place] = true;
            renew(&lan->segments[i], &networks[place]);
        }
    }
    if (!open_new(lan, networks, count, known)) {
        look_within(lan, LOOK_S);
    }
    if (count == 0 && (some || lan->none_s == 0.)) {
        snprintf(text, sizeof(text), "%s; waiting for one, or name it (--discover-interface)", why);
        tell(lan, &lan->none_s, text);
    }
}

static bool any_unsent(const struct bw_lan *lan) {
    bool any = false;
    for (size_t i = 0; i < BW_NETWORK_MAX; i++) {
        const struct segment *segment = &lan->segments[i];
        any = any || (segment->fd >= 0 && segment->unsent && bw_network_own(&segment->network).family != 0);
    }
    return any;
}

static void on_look(struct ev_loop *loop, struct ev_timer *watcher, int events) {
    (void)loop;
    (void)events;
    struct bw_lan *lan = watcher->data;
    look(lan);
    if (any_unsent(lan) && lan->config.on_change != NULL) {
        lan->config.on_change(lan->config.context);
    }
}

/* What exactly has changed is not read: it is looked at. */
static void on_changed(struct ev_loop *loop, struct ev_io *watcher, int events) {
    (void)loop;
    (void)events;
    struct bw_lan *lan = watcher->data;
    char news[4096];
    for (int i = 0; i < BATCH && (recv(lan->changes, news, sizeof(news), MSG_DONTWAIT) >= 0 || errno == ENOBUFS); i++) {
    }
    look_within(lan, SETTLE_S);
}

static void follow_changes(struct bw_lan *lan) {
    const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
                                       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    lan->changes = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (lan->changes >= 0 && bind(lan->changes, (const struct sockaddr *)&groups, sizeof(groups)) != 0) {
        close(lan->changes);
        lan->changes = -1;
    }
    if (lan->changes < 0) { /* forbidden to this process, or not Linux's own kernel */
        look_within(lan, LOOK_S);
        return;
    }
    ev_io_init(&lan->changed, on_changed, lan->changes, EV_READ);
    ev_set_priority(&lan->changed, PRIORITY);
    lan->changed.data = lan;
    ev_io_start(lan->loop, &lan->changed);
}

/* ---- Opening, closing, sending ---- */

int bw_lan_open(struct bw_lan **lan, struct ev_loop *loop, const struct bw_lan_config *config) {
    struct bw_lan *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return BW_ERR_MEMORY;
    }
    made->loop = loop;
    made->config = *config;
    for (size_t i = 0; i < BW_NETWORK_MAX; i++) {
        struct segment *segment = &made->segments[i];
        segment->lan = made;
        segment->fd = -1;
        ev_io_init(&segment->readable, on_readable, -1, EV_READ);
        ev_set_priority(&segment->readable, PRIORITY);
        segment->readable.data = segment;
    }
    ev_timer_init(&made->look, on_look, 0., 0.);
    made->look.data = made;
    ev_timer_init(&made->rest, on_rested, 0., 0.);
    made->rest.data = made;
    follow_changes(made); /* before the first look, so that nothing is missed */
    look(made);
    *lan = made;
    return 0;
}

void bw_lan_close(struct bw_lan *lan) {
    if (lan == NULL) {
        return;
    }
    for (size_t i = 0; i < BW_NETWORK_MAX; i++) {
        close_segment(lan, &lan->segments[i]);
    }
    ev_timer_stop(lan->loop, &lan->look);
    ev_timer_stop(lan->loop, &lan->rest);
    if (lan->changes >= 0) {
        ev_io_stop(lan->loop, &lan->changed);
        close(lan->changes);
    }
    free(lan);
}

size_t bw_lan_count(const struct bw_lan *lan) {
    size_t count = 0;
    for (size_t i = 0; i < BW_NETWORK_MAX; i++) {
        count += lan->segments[i].fd >= 0;
    }
    return count;
}

void bw_lan_announce(struct bw_lan *lan,
                     void (*make)(void *context, const struct bw_addr *own, uint8_t beacon[BW_BEACON_SIZE])) {
    for (size_t i = 0; i < BW_NETWORK_MAX; i++) {
        struct segment *segment = &lan->segments[i];
        uint8_t beacon[BW_BEACON_SIZE];
        struct bw_addr own =
            lan->config.choice.only.family != 0 ? lan->config.choice.only : bw_network_own(&segment->network);
        if (segment->fd < 0 || own.family == 0) {
            continue;
        }
        make(lan->config.context, &own, beacon);
        segment->unsent =
            !bw_segment_send(segment->fd, &segment->network, &lan->config.group, &lan->config.choice.only, beacon);
        if (segment->unsent && !segment->told) {
            tell_failed(lan, &segment->network, "sending a beacon", errno);
        }
        segment->told = segment->unsent;
    }
}
