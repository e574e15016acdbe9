/* This machine's networks as discovery sees them: which there are now, and which of them are fit. */
#ifndef BW_NODE_INTERFACES_H
#define BW_NODE_INTERFACES_H

#include <bellwether/discover.h>

#define BW_NETWORK_MAX 32u /* interfaces, counted once for each family */
#define BW_PREFIX_MAX 8u   /* addresses of one of them that are known */

struct bw_prefix {
    struct bw_addr addr; /* an own one */
    uint8_t bits;        /* of it that all on the link share */
};

/* One interface and one family. */
struct bw_network {
    char name[BW_INTERFACE_NAME_SIZE];
    unsigned index; /* the kernel's number */
    uint8_t family; /* 4 or 6 */
    size_t prefix_count;
    struct bw_prefix prefixes[BW_PREFIX_MAX];
};

/* Which are wanted. */
struct bw_network_choice {
    bool v4;
    bool v6;
    struct bw_addr only; /* family 0: all; else that which has this address, loopback too */
    size_t name_count;   /* 0: all that are fit */
    char names[BW_DISCOVER_INTERFACE_MAX][BW_INTERFACE_NAME_SIZE];
};

#define BW_NETWORKS_UNKNOWN SIZE_MAX

/* Looks. Returns how many; why gets, if it is none, a sentence that says what was left out. BW_NETWORKS_UNKNOWN: the system does not
 * tell, so that nothing is known to have changed. */
size_t bw_networks_look(const struct bw_network_choice *choice, struct bw_network networks[BW_NETWORK_MAX], char *why,
                        size_t why_size);

/* Whether the sender is on that very network: by one of its prefixes, or link-local. */
bool bw_network_on_link(const struct bw_network *network, const struct bw_addr *from);

/* Our address there that others can join: not link-local. Family 0 if there is none. */
struct bw_addr bw_network_own(const struct bw_network *network);

#endif
