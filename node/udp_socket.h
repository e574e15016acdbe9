/* Inside the UDP sockets: shared by udp.c (opening) and udp_io.c (moving datagrams). */
#ifndef BW_NODE_UDP_SOCKET_H
#define BW_NODE_UDP_SOCKET_H

#include "node/udp.h"

#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h> /* needs struct timespec */

#define BW_UDP_BUFFER_SIZE (BW_DATAGRAM_MAX + 1u) /* one more, so that a longer datagram is seen to be too long */

/* Datagrams on their way in one direction. */
struct bw_udp_batch {
    struct mmsghdr headers[BW_UDP_BATCH];
    struct iovec vectors[BW_UDP_BATCH];
    struct sockaddr_storage addrs[BW_UDP_BATCH];
    uint8_t data[BW_UDP_BATCH][BW_UDP_BUFFER_SIZE];
};

struct bw_udp {
    int fds[BW_UDP_FAMILIES];
    struct bw_addr bound[BW_UDP_FAMILIES];
    struct bw_udp_stats stats;
    bool error_seen[BW_UDP_FAMILIES];
    struct bw_udp_batch in;
    struct bw_udp_batch out;
    unsigned out_count;
    enum bw_udp_family out_family;
    uint8_t quoted[BW_UDP_BUFFER_SIZE];
};

/* Whether an error means that nobody listens at `to`: port unreachable, said by that very host. A router or firewall on
 * the way, which answers in its own name, does not know. */
bool bw_udp_is_refusal(const struct sock_extended_err *error, const struct sockaddr_storage *offender,
                       const struct bw_addr *to);

#endif
