/* Multicast sockets. Bound to the group's address, so that what is addressed to this host does not arrive; what another interface's
 * membership brings is left out by the interface's number. */
#include "node/segment.h"

#include "node/addr.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER_SIZE (256 * 1024) /* a flood that we do not keep up with costs no more memory, bytes */

static int set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof(value));
}

struct bw_addr bw_segment_group(const struct bw_addr *group, uint8_t family) {
    struct bw_addr v6 = {.family = 6, .port = group->port, .ip = {0xff, 0x12}};
    memcpy(v6.ip + 12, group->ip, 4);
    return family == 4 ? *group : v6;
}

static socklen_t group_address(const struct bw_network *network, const struct bw_addr *group,
                               struct sockaddr_storage *to) {
    struct bw_addr addr = bw_segment_group(group, network->family);
    socklen_t size = bw_addr_to_socket(&addr, to);
    if (network->family == 6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, to, sizeof(v6));
        v6.sin6_scope_id = network->index;
        memcpy(to, &v6, sizeof(v6));
    }
    return size;
}

/* TTL 1: no router passes it on. Loop: other agents on this host hear it. Not all: only what this socket has joined. */
static int join_v4(int fd, const struct bw_network *network, const struct bw_addr *group) {
    struct ip_mreqn join = {.imr_ifindex = (int)network->index};
    memcpy(&join.imr_multiaddr, group->ip, sizeof(join.imr_multiaddr));
    return set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) != 0 || set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) != 0 ||
                   set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, 1) != 0 ||
                   set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1) != 0 ||
                   setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &join, sizeof(join)) != 0 ||
                   setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)) != 0
               ? -1
               : 0;
}

static int join_v6(int fd, const struct bw_network *network, const struct bw_addr *group) {
    struct bw_addr v6 = bw_segment_group(group, 6);
    struct ipv6_mreq join = {.ipv6mr_interface = network->index};
    memcpy(&join.ipv6mr_multiaddr, v6.ip, sizeof(join.ipv6mr_multiaddr));
    return set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) != 0 ||
                   set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1) != 0 ||
                   set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1) != 0 ||
                   set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)network->index) != 0 ||
                   setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof(join)) != 0
               ? -1
               : 0;
}

int bw_segment_open(const struct bw_network *network, const struct bw_addr *group) {
    struct sockaddr_storage to;
    socklen_t size = group_address(network, group, &to);
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_SIZE);
    bool ok =
        set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0; /* of several agents on this host each gets each beacon */
    ok = ok && (network->family == 4 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == 0);
    ok = ok && bind(fd, (const struct sockaddr *)&to, size) == 0;
    ok = ok && (network->family == 4 ? join_v4(fd, network, group) : join_v6(fd, network, group)) == 0;
    if (!ok) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

union control {
    char bytes[128];
    struct cmsghdr align;
};

/* Asks for a source: of the loopback interface the kernel would choose another interface's. */
static void put_source(struct msghdr *message, union control *control, const struct bw_network *network,
                       const struct bw_addr *source) {
    struct in_pktinfo v4 = {.ipi_ifindex = (int)network->index};
    struct in6_pktinfo v6 = {.ipi6_ifindex = network->index};
    bool is_v4 = source->family == 4;
    size_t size = is_v4 ? sizeof(v4) : sizeof(v6);
    memcpy(&v4.ipi_spec_dst, source->ip, sizeof(v4.ipi_spec_dst));
    memcpy(&v6.ipi6_addr, source->ip, sizeof(v6.ipi6_addr));
    message->msg_control = control->bytes;
    message->msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    part->cmsg_level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
    part->cmsg_type = is_v4 ? IP_PKTINFO : IPV6_PKTINFO;
    part->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(part), is_v4 ? (const void *)&v4 : (const void *)&v6, size);
}

bool bw_segment_send(int fd, const struct bw_network *network, const struct bw_addr *group,
                     const struct bw_addr *source, const uint8_t beacon[BW_BEACON_SIZE]) {
    struct sockaddr_storage to;
    union control control = {.bytes = {0}};
    struct iovec vector = {.iov_base = (void *)(uintptr_t)beacon, .iov_len = BW_BEACON_SIZE};
    struct msghdr message = {
        .msg_name = &to, .msg_namelen = group_address(network, group, &to), .msg_iov = &vector, .msg_iovlen = 1};
    if (source->family == network->family) {
        put_source(&message, &control, network, source);
    }
    return sendmsg(fd, &message, MSG_DONTWAIT) == (ssize_t)BW_BEACON_SIZE;
}

/* Whether it came in on this interface, and was addressed to the group. */
static bool for_us(struct msghdr *message, const struct bw_network *network, const struct bw_addr *group) {
    struct bw_addr wanted = bw_segment_group(group, network->family);
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(part), sizeof(info));
            return info.ipi_ifindex == (int)network->index && memcmp(&info.ipi_addr, wanted.ip, 4) == 0;
        }
        if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(part), sizeof(info));
            return info.ipi6_ifindex == network->index && memcmp(&info.ipi6_addr, wanted.ip, 16) == 0;
        }
    }
    return false;
}

int bw_segment_receive(int fd, const struct bw_network *network, const struct bw_addr *group,
                       uint8_t data[BW_BEACON_SIZE + 1], size_t *size, struct bw_addr *from) {
    struct sockaddr_storage sender = {0};
    union control control;
    struct iovec vector = {.iov_base = data, .iov_len = BW_BEACON_SIZE + 1};
    struct msghdr message = {.msg_name = &sender,
                             .msg_namelen = sizeof(sender),
                             .msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    if (got < 0) {
        return errno == EINTR ? 0 : errno == EAGAIN ? -1 : -2;
    }
    *size = (size_t)got;
    return bw_addr_from_socket(from, &sender) && for_us(&message, network, group) && bw_network_on_link(network, from);
}
