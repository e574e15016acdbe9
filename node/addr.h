/* Addresses between the node's form and the sockets'. Text form: bw_addr_text, bw_addr_parse in <bellwether/loop.h>. */
#ifndef BW_NODE_ADDR_H
#define BW_NODE_ADDR_H

#include <bellwether/types.h>
#include <sys/socket.h>

/* Fills `to`. Returns its size; 0 if the address has no family. */
socklen_t bw_addr_to_socket(const struct bw_addr *addr, struct sockaddr_storage *to);

/* A v4 address mapped into v6 becomes a v4 address. Returns false, and a zero address, for other families. */
bool bw_addr_from_socket(struct bw_addr *addr, const struct sockaddr_storage *from);

bool bw_addr_same_ip(const struct bw_addr *a, const struct bw_addr *b);
bool bw_addr_unspecified(const struct bw_addr *addr); /* 0.0.0.0, ::, or no family */
bool bw_addr_link_local(const struct bw_addr *addr);  /* fe80::/10: means nothing without an interface */
bool bw_addr_loopback(const struct bw_addr *addr);    /* 127.0.0.0/8, ::1 */

#endif
