/* Opens the host's UDP sockets. */
#include "node/udp.h"

#include "node/addr.h"
#include "node/udp_socket.h"

#include <bellwether/loop.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_BUFFER_SIZE (1 << 20) /* what may wait while we are stopped or busy, bytes; the kernel may allow less */
#define PORT_TRIES 32                 /* a port that is free for v4 can be taken for v6: then another is tried */

static struct bw_addr any_addr(enum bw_udp_family family, uint16_t port) {
    return (struct bw_addr){.family = family == BW_UDP_V4 ? 4 : 6, .port = port};
}

static int set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof(value));
}

/* Errors that ICMP reports are queued with the datagram that they quote (fast failover), not only as an errno. */
static int set_options(int fd, bool v6) {
    int size = 0;
    socklen_t length = sizeof(size);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &length) == 0 && size < RECEIVE_BUFFER_SIZE) {
        (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_SIZE);
    }
    if (v6) {
        int error = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        return error != 0 ? error : set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    }
    return set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
}

/* Returns 0 or an errno. */
static int open_socket(struct bw_udp *udp, const struct bw_addr *addr) {
    struct sockaddr_storage storage;
    socklen_t size = bw_addr_to_socket(addr, &storage);
    enum bw_udp_family family = addr->family == 4 ? BW_UDP_V4 : BW_UDP_V6;
    int fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    if (set_options(fd, family == BW_UDP_V6) == 0 && bind(fd, (const struct sockaddr *)&storage, size) == 0) {
        size = sizeof(storage);
        if (getsockname(fd, (struct sockaddr *)&storage, &size) == 0 &&
            bw_addr_from_socket(&udp->bound[family], &storage)) {
            udp->fds[family] = fd;
            return 0;
        }
    }
    int error = errno;
    close(fd);
    return error;
}

static void close_socket(struct bw_udp *udp, enum bw_udp_family family) {
    if (udp->fds[family] >= 0) {
        close(udp->fds[family]);
    }
    udp->fds[family] = -1;
    memset(&udp->bound[family], 0, sizeof(udp->bound[family]));
}

/* The machine does not have that family at all, or has it switched off. */
static bool family_missing(int error) {
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
}

/* Both families on one port, or the one that the machine has. Returns 0 or an errno; failed gets the address. */
static int open_both(struct bw_udp *udp, uint16_t wanted, struct bw_addr *failed) {
    int error = 0;
    for (int tries = 0; tries < PORT_TRIES; tries++) {
        *failed = any_addr(BW_UDP_V4, wanted);
        error = open_socket(udp, failed);
        if (error != 0 && !family_missing(error)) {
            return error;
        }
        int v4_error = error;
        *failed = any_addr(BW_UDP_V6, v4_error == 0 ? udp->bound[BW_UDP_V4].port : wanted);
        error = open_socket(udp, failed);
        if (error == 0 || (v4_error == 0 && family_missing(error))) {
            return 0;
        }
        close_socket(udp, BW_UDP_V4);
        if (wanted != 0 || error != EADDRINUSE) {
            return error;
        }
    }
    return error;
}

static const char *mend(int error) {
    switch (error) {
    case EADDRINUSE:
        return "another program has that port: stop it or choose another port";
    case EADDRNOTAVAIL:
        return "this machine has no such address: choose one that `ip addr` shows";
    case EACCES:
    case EPERM:
        return "this user may not use that port: choose one above 1023";
    case EMFILE:
    case ENFILE:
        return "raise the limit of open files";
    case ENOBUFS:
    case ENOMEM:
        return "the machine is short of memory";
    default:
        return "choose another address";
    }
}

static void explain(const struct bw_addr *addr, int error, char *why, size_t why_size) {
    char text[BW_ADDR_TEXT_SIZE];
    bw_addr_text(addr, text);
    snprintf(why, why_size, "cannot bind UDP %s: %s; %s", text, strerror(error), mend(error));
}

int bw_udp_open(struct bw_udp **udp, const struct bw_addr *bind, char *why, size_t why_size) {
    struct bw_udp *made = calloc(1, sizeof(*made)); /* large, but only what is used becomes resident */
    if (made == NULL) {
        snprintf(why, why_size, "out of memory");
        return BW_ERR_MEMORY;
    }
    made->fds[BW_UDP_V4] = -1;
    made->fds[BW_UDP_V6] = -1;
    struct bw_addr failed = *bind;
    int error = bind->family == 0 ? open_both(made, bind->port, &failed) : open_socket(made, bind);
    if (error != 0) {
        explain(&failed, error, why, why_size);
        bw_udp_close(made);
        return BW_ERR_SYSTEM;
    }
    *udp = made;
    return 0;
}

void bw_udp_close(struct bw_udp *udp) {
    if (udp != NULL) {
        close_socket(udp, BW_UDP_V4);
        close_socket(udp, BW_UDP_V6);
        free(udp);
    }
}

int bw_udp_fd(const struct bw_udp *udp, enum bw_udp_family family) {
    return udp->fds[family];
}

struct bw_addr bw_udp_bound(const struct bw_udp *udp, enum bw_udp_family family) {
    return udp->bound[family];
}

const struct bw_udp_stats *bw_udp_stats(const struct bw_udp *udp) {
    return &udp->stats;
}
