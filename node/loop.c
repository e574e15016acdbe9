/* The libev host: runs a node on sockets, clocks and a disk. The node decides everything; what stands here is the contract
 * of <bellwether/node.h>, in pump(), and the watchers that call it. */
#include "node/host.h"

#include "base/base.h"
#include "node/addr.h"
#include "node/advertise.h"
#include "node/loop_discovery.h"
#include "node/problem.h"
#include "node/writer.h"

#include <ev.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET_PRIORITY 1   /* above the timer's 0: libev runs timers first at equal priority */
#define BATCHES_PER_WAKE 64 /* so that a flood cannot keep the timer waiting */
#define DEAF_PAUSE_S 0.05   /* a socket that cannot be read stays readable: it is left alone for so long */
#define US_PER_S 1e6

enum leave_step { STAYING, LEAVING, LEFT };

struct bw_loop {
    struct ev_loop *loop;
    struct bw_loop_config config;
    struct bw_node *node;
    struct bw_udp *udp;
    struct bw_host_discovery *discovery; /* NULL: not wanted */
    struct bw_store store;
    struct bw_writer writer;
    bool durable;
    bool watching; /* the watchers run */
    bool pumping;  /* we are in pump(): a call from on_event */
    bool again;    /* ... asks for another round */
    enum leave_step leave_step;
    int64_t armed_us; /* the deadline that the timer is set to, BW_NEVER if it is not */
    struct ev_io readable[BW_UDP_FAMILIES];
    struct ev_timer timer;
    struct ev_timer deaf_timer;  /* the sockets are watched again */
    struct ev_timer leave_timer; /* the leave's time limit, then the call of on_left */
    struct bw_problems problems;
};

/* ---- The contract ---- */

/* Queues what is to be sent; flush() sends it. */
static void transmit(struct bw_loop *host, struct bw_time now) {
    struct bw_datagram datagram;
    while (bw_node_transmit(host->node, &datagram, now)) {
        bw_udp_send(host->udp, &datagram.to, datagram.data, datagram.size);
    }
    bw_host_discovery_announce(host->discovery, now);
}

static void flush(struct bw_loop *host, struct bw_time now) {
    bw_udp_flush(host->udp);
    bw_problems_udp(&host->problems, bw_udp_stats(host->udp), now.mono_us);
}

static void deliver_events(struct bw_loop *host) {
    struct bw_event event;
    while (bw_node_event(host->node, &event)) {
        bw_udp_flush(host->udp); /* whatever the caller does now, no answer waits for it */
        if (host->config.on_event != NULL) {
            host->config.on_event(host->config.context, &event);
        }
    }
}

static void deliver_messages(struct bw_loop *host) {
    struct bw_message message;
    while (bw_node_message(host->node, &message)) {
        if (host->config.on_message != NULL) {
            host->config.on_message(host->config.context, &message);
        }
    }
}

static void persist(struct bw_loop *host, struct bw_time now) {
    struct bw_bytes state;
    if (!host->durable || bw_writer_busy(&host->writer) || !bw_node_persist(host->node, &state)) {
        return;
    }
    if (bw_writer_submit(&host->writer, state.data, state.size) != 0) {
        bw_node_persisted(host->node, false, now);
        host->again = true;
    }
}

static void arm(struct bw_loop *host, struct bw_time now) {
    int64_t deadline_us = bw_node_deadline(host->node);
    if (deadline_us == host->armed_us) {
        return;
    }
    host->armed_us = deadline_us;
    ev_timer_stop(host->loop, &host->timer);
    if (deadline_us == BW_NEVER) {
        return;
    }
    int64_t delay_us = deadline_us > now.mono_us ? deadline_us - now.mono_us : 0;
    ev_timer_set(&host->timer, (double)delay_us / US_PER_S, 0.);
    ev_timer_start(host->loop, &host->timer);
}

static void call_on_left_soon(struct bw_loop *host) {
    host->leave_step = LEFT;
    ev_timer_stop(host->loop, &host->leave_timer);
    ev_timer_set(&host->leave_timer, 0., 0.);
    ev_timer_start(host->loop, &host->leave_timer);
}

/* The host's contract, after every call that gave the node something. With more to be given at once, what is to be sent
 * is gathered, so that one system call sends it. */
static void pump_some(struct bw_loop *host, struct bw_time now, bool more) {
    if (host->pumping) {
        host->again = true;
        return;
    }
    host->pumping = true;
    do {
        host->again = false;
        transmit(host, now);
        deliver_events(host);
        deliver_messages(host);
        persist(host, now);
        if (!more) {
            flush(host, now);
        }
    } while (host->again);
    host->pumping = false;
    if (more) {
        return;
    }
    if (host->leave_step == LEAVING && bw_node_left(host->node)) {
        call_on_left_soon(host);
    }
    arm(host, now);
}

static void pump(struct bw_loop *host, struct bw_time now) {
    pump_some(host, now, false);
}

/* ---- What wakes us ---- */

static void take_refusals(struct bw_loop *host, enum bw_udp_family family) {
    struct bw_udp_packet refused;
    for (unsigned i = 0; i < BW_UDP_BATCH && bw_udp_refused(host->udp, family, &refused); i++) {
        struct bw_time now = bw_loop_now();
        (void)bw_node_refused(host->node, refused.data, refused.size, &refused.addr, now);
        pump(host, now);
    }
}

/* Takes what waits on a socket, up to a bound; then the error queue, if it is what woke us or was seen to have something. */
static void drain(struct bw_loop *host, enum bw_udp_family family) {
    struct bw_udp_packet packets[BW_UDP_BATCH];
    size_t count = BW_UDP_BATCH;
    bool nothing = true;
    for (unsigned batch = 0; batch < BATCHES_PER_WAKE && count == BW_UDP_BATCH; batch++) {
        count = bw_udp_receive(host->udp, family, packets);
        struct bw_time now = bw_loop_now();
        for (size_t i = 0; i < count; i++) {
            (void)bw_node_receive(host->node, packets[i].data, packets[i].size, &packets[i].addr, now); /* it counts */
            pump_some(host, now, i + 1 < count);
        }
        nothing = nothing && count == 0;
    }
    if (bw_udp_error_seen(host->udp, family) || nothing) {
        take_refusals(host, family);
    }
    bw_problems_udp(&host->problems, bw_udp_stats(host->udp), bw_loop_now().mono_us);
}

static void watch_sockets(struct bw_loop *host) {
    for (int family = 0; family < BW_UDP_FAMILIES; family++) {
        if (bw_udp_fd(host->udp, (enum bw_udp_family)family) >= 0) {
            ev_io_start(host->loop, &host->readable[family]);
        }
    }
}

static void on_deaf_timer(struct ev_loop *loop, struct ev_timer *watcher, int events) {
    (void)loop;
    (void)events;
    watch_sockets(watcher->data);
}

static void on_readable(struct ev_loop *loop, struct ev_io *watcher, int events) {
    (void)events;
    struct bw_loop *host = watcher->data;
    uint64_t deaf = bw_udp_stats(host->udp)->deaf;
    drain(host, watcher == &host->readable[BW_UDP_V4] ? BW_UDP_V4 : BW_UDP_V6);
    if (bw_udp_stats(host->udp)->deaf != deaf) {
        ev_io_stop(loop, watcher);
        ev_timer_stop(loop, &host->deaf_timer);
        ev_timer_set(&host->deaf_timer, DEAF_PAUSE_S, 0.);
        ev_timer_start(loop, &host->deaf_timer);
    }
}

/* After a pause (a stopped process, a blocked loop) answers may wait: they are heard before time is let pass. */
static void on_timer(struct ev_loop *loop, struct ev_timer *watcher, int events) {
    (void)loop;
    (void)events;
    struct bw_loop *host = watcher->data;
    host->armed_us = BW_NEVER;
    for (int family = 0; family < BW_UDP_FAMILIES; family++) {
        if (bw_udp_waiting(host->udp, (enum bw_udp_family)family)) {
            drain(host, (enum bw_udp_family)family);
        }
    }
    struct bw_time now = bw_loop_now();
    bw_node_tick(host->node, now);
    pump(host, now);
}

static void on_written(void *context, const struct bw_store_failure *failure) {
    struct bw_loop *host = context;
    struct bw_time now = bw_loop_now();
    bw_problems_state(&host->problems, &host->store, failure, now.mono_us);
    bw_node_persisted(host->node, failure == NULL, now);
    pump(host, now);
}

/* on_left may destroy the host: nothing comes after it. */
static void on_leave_timer(struct ev_loop *loop, struct ev_timer *watcher, int events) {
    (void)loop;
    (void)events;
    struct bw_loop *host = watcher->data;
    host->leave_step = LEFT;
    if (host->config.on_left != NULL) {
        host->config.on_left(host->config.context);
    }
}

/* ---- Making and ending ---- */

static void *system_resize(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        free(memory);
        return NULL;
    }
    return realloc(memory, new_size);
}

static void system_entropy(void *context, void *data, size_t size) {
    (void)context;
    randombytes_buf(data, size);
}

/* The address to advertise and its port, as far as the caller left them open. */
static void fill_addr(struct bw_config *config, const struct bw_loop *host) {
    struct bw_addr bound = bw_loop_bound(host);
    if (config->addr.family == 0) {
        uint16_t port = config->addr.port;
        config->addr = bound;
        if (bw_addr_unspecified(&bound)) {
            config->addr = bw_advertise(bw_udp_fd(host->udp, BW_UDP_V4) >= 0, bw_udp_fd(host->udp, BW_UDP_V6) >= 0,
                                        config->seeds, config->seed_count);
        }
        config->addr.port = port;
    }
    if (config->addr.port == 0) {
        config->addr.port = bound.port;
    }
}

/* A node that cannot keep its promises must not begin: its first state is written here, not in the helper thread. */
static int make_first_state_durable(struct bw_loop *host, char *why, size_t why_size) {
    struct bw_bytes state;
    struct bw_store_failure failure;
    if (!host->durable || !bw_node_persist(host->node, &state)) {
        return 0;
    }
    int error = bw_store_save(&host->store, state.data, state.size, &failure);
    bw_node_persisted(host->node, error == 0, bw_loop_now());
    if (error != 0) {
        bw_store_explain(&host->store, &failure, why, why_size);
    }
    return error;
}

/* What the caller gave, as far as this library knows it, and what it left to the host. */
static struct bw_config take_config(const struct bw_config *given) {
    struct bw_config config = {0};
    size_t known_size = given->size < sizeof(config) ? given->size : sizeof(config);
    memcpy(&config, given, known_size);
    config.size = known_size;
    if (config.allocator.resize == NULL) {
        config.allocator = (struct bw_allocator){.resize = system_resize};
    }
    if (config.entropy == NULL) {
        config.entropy = system_entropy;
    }
    return config;
}

int bw_host_check(const struct bw_config *node_config, const char *state_dir, char *why, size_t why_size) {
    struct bw_config config = take_config(node_config);
    struct bw_node *node = NULL;
    config.addr = (struct bw_addr){.family = 4, .port = 1, .ip = {127, 0, 0, 1}}; /* where it is bound comes later */
    config.durable = state_dir != NULL;
    int error = bw_node_create(&node, &config, bw_loop_now());
    if (error != 0) {
        bw_host_explain(error, &config, state_dir, why, why_size);
        return error;
    }
    bw_node_destroy(node);
    return 0;
}

static int make_node(struct bw_loop *host, const struct bw_config *node_config, char *why, size_t why_size) {
    struct bw_config config = take_config(node_config);
    uint8_t *state = NULL;
    size_t state_size = 0;
    fill_addr(&config, host);
    if (host->durable) {
        int error = bw_store_load(&host->store, &state, &state_size, why, why_size);
        if (error != 0) {
            return error;
        }
    }
    config.discover = config.discover || host->config.discover != NULL;
    config.durable = host->durable;
    config.state = (struct bw_bytes){.data = state, .size = state_size};
    int error = bw_node_create(&host->node, &config, bw_loop_now());
    free(state);
    if (error != 0) {
        bw_host_explain(error, &config, host->config.state_dir, why, why_size);
        return error;
    }
    return make_first_state_durable(host, why, why_size);
}

static void watch(struct bw_loop *host) {
    for (int family = 0; family < BW_UDP_FAMILIES; family++) {
        int fd = bw_udp_fd(host->udp, (enum bw_udp_family)family);
        struct ev_io *watcher = &host->readable[family];
        ev_io_init(watcher, on_readable, fd, EV_READ);
        ev_set_priority(watcher, SOCKET_PRIORITY);
        watcher->data = host;
    }
    watch_sockets(host);
    ev_timer_init(&host->deaf_timer, on_deaf_timer, 0., 0.);
    host->deaf_timer.data = host;
    ev_timer_init(&host->timer, on_timer, 0., 0.);
    host->timer.data = host;
    ev_timer_start(host->loop, &host->timer); /* the first tick, in the loop */
    ev_timer_init(&host->leave_timer, on_leave_timer, 0., 0.);
    host->leave_timer.data = host;
    host->watching = true;
}

static int start(struct bw_loop *host, const struct bw_config *node_config, const struct bw_file_ops *files, char *why,
                 size_t why_size) {
    int error = 0;
    if (host->config.state_dir != NULL) {
        error = bw_store_open(&host->store, host->config.state_dir, files, why, why_size);
        host->durable = error == 0;
    }
    if (error == 0) {
        error = bw_udp_open(&host->udp, &host->config.bind, why, why_size);
    }
    if (error == 0) {
        error = make_node(host, node_config, why, why_size);
    }
    if (error == 0 && host->config.discover != NULL) {
        error = bw_host_discovery_open(&host->discovery, host, host->loop, &host->config, node_config->cluster,
                                       host->udp, why, why_size);
    }
    if (error == 0 && host->durable) {
        error = bw_writer_start(&host->writer, host->loop, &host->store, on_written, host);
        if (error != 0) {
            snprintf(why, why_size, "cannot start the thread that writes the state; raise the limit of processes");
        }
    }
    return error;
}

int bw_host_create(struct bw_loop **host, struct ev_loop *loop, const struct bw_loop_config *loop_config,
                   const struct bw_config *node_config, const struct bw_file_ops *files, char *why, size_t why_size) {
    struct bw_loop *made = calloc(1, sizeof(*made));
    size_t known_size = loop_config->size < sizeof(made->config) ? loop_config->size : sizeof(made->config);
    why_size = why == NULL ? 0 : why_size;
    if (made == NULL) {
        snprintf(why, why_size, "out of memory");
        return BW_ERR_MEMORY;
    }
    memcpy(&made->config, loop_config, known_size);
    made->loop = loop;
    made->armed_us = BW_NEVER;
    made->problems.say = made->config.on_problem;
    made->problems.context = made->config.context;
    int error = start(made, node_config, files, why, why_size);
    if (error != 0) {
        bw_loop_destroy(made);
        return error;
    }
    made->config.state_dir = NULL; /* the caller's; the store has its own copy */
    made->config.discover = NULL;
    watch(made);
    *host = made;
    return 0;
}

int bw_loop_create(struct bw_loop **host, struct ev_loop *loop, const struct bw_loop_config *loop_config,
                   const struct bw_config *node_config, char *why, size_t why_size) {
    return bw_host_create(host, loop, loop_config, node_config, &bw_file_ops_system, why, why_size);
}

static void unwatch(struct bw_loop *host) {
    for (int family = 0; family < BW_UDP_FAMILIES; family++) {
        ev_io_stop(host->loop, &host->readable[family]);
    }
    ev_timer_stop(host->loop, &host->timer);
    ev_timer_stop(host->loop, &host->deaf_timer);
    ev_timer_stop(host->loop, &host->leave_timer);
    if (host->durable) {
        bw_writer_stop(&host->writer);
    }
}

void bw_loop_destroy(struct bw_loop *host) {
    if (host == NULL) {
        return;
    }
    BW_ASSERT(!host->pumping);
    if (host->watching) {
        unwatch(host);
    }
    bw_host_discovery_close(host->discovery);
    bw_node_destroy(host->node);
    bw_udp_close(host->udp);
    if (host->durable) {
        bw_store_close(&host->store);
    }
    free(host);
}

struct bw_node *bw_loop_node(struct bw_loop *host) {
    return host->node;
}

struct bw_addr bw_loop_bound(const struct bw_loop *host) {
    struct bw_addr v4 = bw_udp_bound(host->udp, BW_UDP_V4);
    return v4.family != 0 ? v4 : bw_udp_bound(host->udp, BW_UDP_V6);
}

const struct bw_udp_stats *bw_host_udp_stats(const struct bw_loop *host) {
    return bw_udp_stats(host->udp);
}

void bw_loop_leave(struct bw_loop *host, uint32_t timeout_ms) {
    struct bw_time now = bw_loop_now();
    if (host->leave_step != STAYING) {
        return;
    }
    host->leave_step = LEAVING;
    ev_now_update(host->loop); /* the limit counts from now */
    ev_timer_set(&host->leave_timer, (double)timeout_ms / 1e3, 0.);
    ev_timer_start(host->loop, &host->leave_timer);
    bw_node_leave(host->node, now);
    pump(host, now);
}

int bw_loop_join(struct bw_loop *host, const struct bw_addr *seeds, size_t count) {
    struct bw_time now = bw_loop_now();
    int error = bw_node_join(host->node, seeds, count, now);
    if (!bw_node_left(host->node)) {
        host->leave_step = STAYING;
        ev_timer_stop(host->loop, &host->leave_timer);
    }
    pump(host, now);
    return error;
}

void bw_host_pump(struct bw_loop *host, struct bw_time now) {
    pump(host, now);
}
