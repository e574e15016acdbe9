#include "tools/seeds.h"

#include <arpa/inet.h>
#include <ev.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/addr.h"
#include "tools/agent_options.h"
#include "tools/log.h"
#include "tools/text.h"

enum { LIST_MAX = SEED_COUNT_MAX, HOST_SIZE = 256 }; /* a node takes no more; a name may have many addresses */
static const double poll_s = 0.1;
static const double retry_s = 5;

struct lookup {
    struct gaicb request;
    struct addrinfo hints;
    char host[HOST_SIZE];
    uint16_t port;
    bool running;
    bool done;
    bool told; /* that it fails */
    double retry_at;
};

struct seeds {
    struct bw_addr list[LIST_MAX];
    size_t count;
    bool told_full;
    struct lookup *lookups[SEED_COUNT_MAX];
    size_t lookup_count;
    uint8_t family;
    ev_timer timer;
    struct ev_loop *loop;
    struct bw_loop *host;
};

static void add(struct seeds *seeds, const struct bw_addr *addr) {
    if (seeds->family != 0 && addr->family != seeds->family)
        return; /* no socket of ours could send there */
    for (size_t i = 0; i < seeds->count; i++)
        if (bw_addr_equal(&seeds->list[i], addr))
            return;
    if (seeds->count < LIST_MAX) {
        seeds->list[seeds->count++] = *addr;
    } else if (!seeds->told_full) {
        log_line(LOG_LEVEL_WARN, "there are more than %d addresses to join: the rest is left out", LIST_MAX);
        seeds->told_full = true;
    }
}

static void lookup_start(struct lookup *lookup) {
    struct gaicb *list[] = {&lookup->request};
    lookup->hints.ai_socktype = SOCK_DGRAM;
    lookup->request.ar_name = lookup->host;
    lookup->request.ar_request = &lookup->hints;
    lookup->running = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) == 0;
}

static void take_result(struct seeds *seeds, const struct lookup *lookup) {
    for (const struct addrinfo *at = lookup->request.ar_result; at != NULL; at = at->ai_next) {
        struct bw_addr addr = {.port = lookup->port};
        if (at->ai_family == AF_INET) {
            addr.family = 4;
            memcpy(addr.ip, &((const struct sockaddr_in *)(const void *)at->ai_addr)->sin_addr, 4);
        } else if (at->ai_family == AF_INET6) {
            addr.family = 6;
            memcpy(addr.ip, &((const struct sockaddr_in6 *)(const void *)at->ai_addr)->sin6_addr, 16);
        }
        if (addr.family != 0)
            add(seeds, &addr);
    }
}

/* Looks whether the lookup has ended. True if it has given addresses just now. */
static bool lookup_check(struct seeds *seeds, struct lookup *lookup, double now_s) {
    if (lookup->done || (!lookup->running && now_s < lookup->retry_at))
        return false;
    if (!lookup->running) {
        lookup_start(lookup);
        return false;
    }
    int error = gai_error(&lookup->request);
    if (error == EAI_INPROGRESS)
        return false;
    lookup->running = false;
    if (error == 0) {
        take_result(seeds, lookup);
        freeaddrinfo(lookup->request.ar_result);
        lookup->request.ar_result = NULL;
        lookup->done = true;
        return true;
    }
    if (!lookup->told)
        log_line(LOG_LEVEL_WARN, "cannot resolve %s: %s; it is tried again", lookup->host, gai_strerror(error));
    lookup->told = true;
    lookup->retry_at = now_s + retry_s;
    return false;
}

/* Names in the hosts file or in a name server near by are there in time for the node's start. */
static void wait_a_moment(struct seeds *seeds) {
    const struct timespec moment = {.tv_nsec = 500000000};
    for (size_t i = 0; i < seeds->lookup_count; i++) {
        struct lookup *lookup = seeds->lookups[i];
        const struct gaicb *list[] = {&lookup->request};
        if (lookup->running && (i == 0 || gai_error(&lookup->request) == EAI_INPROGRESS))
            gai_suspend(list, 1, &moment);
        lookup_check(seeds, lookup, 0);
    }
}

static bool is_pending(const struct seeds *seeds) {
    for (size_t i = 0; i < seeds->lookup_count; i++)
        if (!seeds->lookups[i]->done)
            return true;
    return false;
}

struct seeds *seeds_create(char *const *joins, size_t count, uint8_t bind_family) {
    struct seeds *seeds = calloc(1, sizeof(*seeds));
    if (seeds == NULL)
        return NULL;
    seeds->family = bind_family;
    for (size_t i = 0; i < count; i++) {
        struct bw_addr addr;
        struct lookup *lookup;
        if (bw_addr_parse(&addr, joins[i], DEFAULT_PORT) == 0) {
            add(seeds, &addr);
        } else if ((lookup = calloc(1, sizeof(*lookup))) != NULL) {
            addr_split(joins[i], DEFAULT_PORT, lookup->host, sizeof(lookup->host), &lookup->port);
            lookup_start(lookup);
            seeds->lookups[seeds->lookup_count++] = lookup;
        } else {
            complain("out of memory: %s is not looked up, and not joined", joins[i]);
        }
    }
    wait_a_moment(seeds);
    if (seeds->count == 0 && is_pending(seeds)) {
        struct bw_addr nobody; /* RFC 5737, RFC 6666: addresses that are nobody's */
        if (bw_addr_parse(&nobody, bind_family == 4 ? "192.0.2.1" : "100::1", DEFAULT_PORT) == 0)
            add(seeds, &nobody);
    }
    return seeds;
}

const struct bw_addr *seeds_list(const struct seeds *seeds, size_t *count) {
    *count = seeds->count;
    return seeds->list;
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events) {
    struct seeds *seeds = timer->data;
    (void)events;
    for (size_t i = 0; i < seeds->lookup_count; i++) {
        seeds->count = 0;
        if (lookup_check(seeds, seeds->lookups[i], ev_now(loop)) && seeds->count > 0 &&
            bw_loop_join(seeds->host, seeds->list, seeds->count) != 0)
            log_line(LOG_LEVEL_WARN, "there are too many addresses to join: some of %s are left out",
                     seeds->lookups[i]->host);
    }
    if (!is_pending(seeds))
        ev_timer_stop(loop, timer);
}

void seeds_watch(struct seeds *seeds, struct ev_loop *loop, struct bw_loop *host) {
    seeds->loop = loop;
    seeds->host = host;
    ev_timer_init(&seeds->timer, on_timer, poll_s, poll_s);
    seeds->timer.data = seeds;
    if (is_pending(seeds))
        ev_timer_start(loop, &seeds->timer);
}

void seeds_stop(struct seeds *seeds) {
    if (seeds->loop != NULL)
        ev_timer_stop(seeds->loop, &seeds->timer);
}

void seeds_destroy(struct seeds *seeds) {
    if (seeds == NULL)
        return;
    seeds_stop(seeds);
    for (size_t i = 0; i < seeds->lookup_count; i++) {
        /* One that still runs belongs to the resolver's thread: it is left to the end of the process. */
        if (!seeds->lookups[i]->running || gai_cancel(&seeds->lookups[i]->request) == EAI_CANCELED)
            free(seeds->lookups[i]);
    }
    free(seeds);
}
