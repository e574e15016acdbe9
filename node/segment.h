/* One network's multicast socket: beacons go out there, and come in if they were meant for the group and began on that very link. */
#ifndef BW_NODE_SEGMENT_H
#define BW_NODE_SEGMENT_H

#include "node/interfaces.h"

#include <bellwether/discover.h>

/* Opens. group is the IPv4 one; IPv6's follows from it. Returns the socket, or -1 with errno. */
int bw_segment_open(const struct bw_network *network, const struct bw_addr *group);

/* Sends to the group. source: from that address; family 0: the kernel chooses. False with errno. */
bool bw_segment_send(int fd, const struct bw_network *network, const struct bw_addr *group,
                     const struct bw_addr *source, const uint8_t beacon[BW_BEACON_SIZE]);

/* Takes one datagram, one byte more than a beacon at most. 1: taken; 0: one that was not for us (not to the group, or from off the
 * link); -1: there is none; -2: the system failed it, with errno. */
int bw_segment_receive(int fd, const struct bw_network *network, const struct bw_addr *group,
                       uint8_t data[BW_BEACON_SIZE + 1], size_t *size, struct bw_addr *from);

/* The group of a family, with the port. */
struct bw_addr bw_segment_group(const struct bw_addr *group, uint8_t family);

#endif
