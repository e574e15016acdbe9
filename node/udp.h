/* The host's UDP sockets: one for an address, or one for each family on all addresses. Nothing here blocks, and nothing
 * that the network does is an error: what cannot be sent is dropped and counted. */
#ifndef BW_NODE_UDP_H
#define BW_NODE_UDP_H

#include <bellwether/error.h>
#include <bellwether/types.h>

#define BW_UDP_BATCH 32u /* datagrams that one system call moves */

enum bw_udp_family { BW_UDP_V4, BW_UDP_V6, BW_UDP_FAMILIES };

/* A datagram from `addr`, or the start of one of ours that the host at `addr` refused. Valid until the next receive. */
struct bw_udp_packet {
    struct bw_addr addr;
    const uint8_t *data;
    size_t size;
};

struct bw_udp_stats {
    uint64_t received;
    uint64_t deaf;  /* calls to receive that the system failed */
    int deaf_error; /* the errno of the last of these */
    uint64_t sent;
    uint64_t refused; /* port unreachable, from the very host that was sent to */
    uint64_t full;    /* not sent: the socket's buffer is full */
    uint64_t too_big; /* not sent, or lost: larger than the path takes */
    uint64_t failed;  /* not sent for another reason */
    int failed_error; /* the errno of the last of these */
    struct bw_addr failed_to;
};

struct bw_udp;

/* Binds. bind->family 0: all addresses of both families, on one port; port 0: the kernel chooses one.
 * why gets a sentence. BW_ERR_SYSTEM, BW_ERR_MEMORY. */
int bw_udp_open(struct bw_udp **udp, const struct bw_addr *bind, char *why, size_t why_size);
void bw_udp_close(struct bw_udp *udp); /* NULL is harmless */

int bw_udp_fd(const struct bw_udp *udp, enum bw_udp_family family);               /* -1: not bound */
struct bw_addr bw_udp_bound(const struct bw_udp *udp, enum bw_udp_family family); /* family 0: not bound */
const struct bw_udp_stats *bw_udp_stats(const struct bw_udp *udp);

/* Whether a datagram or an error waits on a socket. */
bool bw_udp_waiting(const struct bw_udp *udp, enum bw_udp_family family);

/* Takes up to BW_UDP_BATCH datagrams. Fewer mean that the socket was empty, or had an error (see bw_udp_refused). */
size_t bw_udp_receive(struct bw_udp *udp, enum bw_udp_family family, struct bw_udp_packet packets[BW_UDP_BATCH]);

/* Whether a call since the last look was told that the error queue has something. */
bool bw_udp_error_seen(struct bw_udp *udp, enum bw_udp_family family);

/* The next refusal in the error queue; other errors there are taken out and counted. Returns false if there is none. */
bool bw_udp_refused(struct bw_udp *udp, enum bw_udp_family family, struct bw_udp_packet *refused);

/* Queues a copy of a datagram of at most BW_DATAGRAM_MAX bytes; bw_udp_flush sends what is queued. */
void bw_udp_send(struct bw_udp *udp, const struct bw_addr *to, const void *data, size_t size);
void bw_udp_flush(struct bw_udp *udp);

#endif
