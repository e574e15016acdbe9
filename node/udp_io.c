/* Moves datagrams in batches, and reads what ICMP says of those sent (fast failover). */
#include "node/udp_socket.h"

#include "base/base.h"
#include "node/addr.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>

#define ERROR_TRIES 8     /* errors of earlier datagrams that one call steps over */
#define QUEUED_ERRORS 256 /* errors that one call takes out in search of a refusal */

/* What ICMP reported of some earlier datagram comes out of the next call, whatever that one is about: the call did
 * nothing, the error is used up, the error queue has the details. Ours are the errors that are about this call. */
static bool from_earlier(int error) {
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN ||
           error == ENETDOWN || error == ENOPROTOOPT || error == EPROTO || error == EOPNOTSUPP || error == EACCES ||
           error == EINTR;
}

bool bw_udp_waiting(const struct bw_udp *udp, enum bw_udp_family family) {
    struct pollfd waiting = {.fd = udp->fds[family], .events = POLLIN};
    return waiting.fd >= 0 && poll(&waiting, 1, 0) > 0;
}

static void prepare_in(struct bw_udp_batch *in) {
    for (unsigned i = 0; i < BW_UDP_BATCH; i++) {
        in->vectors[i] = (struct iovec){.iov_base = in->data[i], .iov_len = sizeof(in->data[i])};
        in->headers[i].msg_hdr = (struct msghdr){.msg_name = &in->addrs[i],
                                                 .msg_namelen = sizeof(in->addrs[i]),
                                                 .msg_iov = &in->vectors[i],
                                                 .msg_iovlen = 1};
    }
}

static void note_deaf(struct bw_udp_stats *stats, int error) {
    if (error != EAGAIN) {
        stats->deaf++;
        stats->deaf_error = error;
    }
}

size_t bw_udp_receive(struct bw_udp *udp, enum bw_udp_family family, struct bw_udp_packet packets[BW_UDP_BATCH]) {
    struct bw_udp_batch *in = &udp->in;
    int count = -1;
    prepare_in(in);
    for (int tries = 0; count < 0 && tries < ERROR_TRIES; tries++) {
        count = recvmmsg(udp->fds[family], in->headers, BW_UDP_BATCH, MSG_DONTWAIT, NULL);
        if (count < 0 && !from_earlier(errno)) {
            note_deaf(&udp->stats, errno);
            break;
        }
        udp->error_seen[family] |= count < 0;
    }
    size_t taken = 0;
    for (int i = 0; i < count; i++) {
        struct bw_udp_packet *packet = &packets[taken];
        if (bw_addr_from_socket(&packet->addr, &in->addrs[i])) {
            packet->data = in->data[i];
            packet->size = in->headers[i].msg_len;
            taken++;
        }
    }
    udp->stats.received += taken;
    return taken;
}

bool bw_udp_error_seen(struct bw_udp *udp, enum bw_udp_family family) {
    bool seen = udp->error_seen[family];
    udp->error_seen[family] = false;
    return seen;
}

/* The sock_extended_err of a message from the error queue, or NULL. */
static const struct sock_extended_err *extended_error(struct msghdr *message) {
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        if ((part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
            (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR)) {
            return (const void *)CMSG_DATA(part);
        }
    }
    return NULL;
}

static bool port_unreachable(const struct sock_extended_err *error) {
    return (error->ee_origin == SO_EE_ORIGIN_ICMP && error->ee_type == ICMP_DEST_UNREACH &&
            error->ee_code == ICMP_PORT_UNREACH) ||
           (error->ee_origin == SO_EE_ORIGIN_ICMP6 && error->ee_type == ICMP6_DST_UNREACH &&
            error->ee_code == ICMP6_DST_UNREACH_NOPORT);
}

bool bw_udp_is_refusal(const struct sock_extended_err *error, const struct sockaddr_storage *offender,
                       const struct bw_addr *to) {
    struct bw_addr from;
    return port_unreachable(error) && bw_addr_from_socket(&from, offender) && bw_addr_same_ip(&from, to);
}

/* Looks into one message of the error queue. */
static bool is_refusal(struct bw_udp *udp, struct msghdr *message, struct bw_addr *to) {
    const struct sock_extended_err *error = extended_error(message);
    struct sockaddr_storage offender = {0};
    if (error == NULL || message->msg_namelen == 0 || !bw_addr_from_socket(to, message->msg_name)) {
        return false;
    }
    /* A local one was counted when the send failed. */
    udp->stats.too_big += error->ee_errno == EMSGSIZE && error->ee_origin != SO_EE_ORIGIN_LOCAL;
    memcpy(&offender, SO_EE_OFFENDER(error),
           to->family == 4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    return bw_udp_is_refusal(error, &offender, to);
}

bool bw_udp_refused(struct bw_udp *udp, enum bw_udp_family family, struct bw_udp_packet *refused) {
    for (int taken = 0; taken < QUEUED_ERRORS; taken++) {
        struct sockaddr_storage to = {0};
        union {
            char bytes[512];
            struct cmsghdr align;
        } control;
        struct iovec vector = {.iov_base = udp->quoted, .iov_len = sizeof(udp->quoted)};
        struct msghdr message = {.msg_name = &to,
                                 .msg_namelen = sizeof(to),
                                 .msg_iov = &vector,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof(control.bytes)};
        ssize_t size = recvmsg(udp->fds[family], &message, MSG_ERRQUEUE | MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return false;
        }
        if (is_refusal(udp, &message, &refused->addr)) {
            refused->data = udp->quoted;
            refused->size = (size_t)size;
            udp->stats.refused++;
            return true;
        }
    }
    return false;
}

static void count_unsent(struct bw_udp *udp, int error, const struct sockaddr_storage *to) {
    struct bw_udp_stats *stats = &udp->stats;
    if (error == EMSGSIZE) {
        stats->too_big++;
    } else if (error == EAGAIN || error == ENOBUFS || error == ENOMEM) {
        stats->full++;
    } else {
        stats->failed++;
        stats->failed_error = error;
        (void)bw_addr_from_socket(&stats->failed_to, to);
    }
}

/* A datagram that fails is given up, and the rest goes on; an error of an earlier one costs another try. */
void bw_udp_flush(struct bw_udp *udp) {
    unsigned next = 0;
    int tries = 0;
    while (next < udp->out_count) {
        int sent = sendmmsg(udp->fds[udp->out_family], &udp->out.headers[next], udp->out_count - next, MSG_DONTWAIT);
        if (sent > 0) {
            next += (unsigned)sent;
            udp->stats.sent += (unsigned)sent;
            tries = 0;
        } else if (!from_earlier(errno) || ++tries == ERROR_TRIES) {
            count_unsent(udp, errno, &udp->out.addrs[next]);
            next++;
            tries = 0;
        } else {
            udp->error_seen[udp->out_family] = true;
        }
    }
    udp->out_count = 0;
}

void bw_udp_send(struct bw_udp *udp, const struct bw_addr *to, const void *data, size_t size) {
    enum bw_udp_family family = to->family == 4 ? BW_UDP_V4 : BW_UDP_V6;
    struct bw_udp_batch *out = &udp->out;
    BW_ASSERT(size <= BW_DATAGRAM_MAX);
    if (udp->out_count == BW_UDP_BATCH || (udp->out_count > 0 && udp->out_family != family)) {
        bw_udp_flush(udp);
    }
    unsigned i = udp->out_count;
    socklen_t addr_size = bw_addr_to_socket(to, &out->addrs[i]);
    if (addr_size == 0 || udp->fds[family] < 0) {
        count_unsent(udp, EAFNOSUPPORT, &out->addrs[i]);
        return;
    }
    memcpy(out->data[i], data, size);
    out->vectors[i] = (struct iovec){.iov_base = out->data[i], .iov_len = size};
    out->headers[i].msg_hdr = (struct msghdr){
        .msg_name = &out->addrs[i], .msg_namelen = addr_size, .msg_iov = &out->vectors[i], .msg_iovlen = 1};
    udp->out_family = family;
    udp->out_count++;
}
