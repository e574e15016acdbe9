/* All networks that beacons go out on and come in from, on a libev loop, as they come and go. */
#ifndef BW_NODE_LAN_H
#define BW_NODE_LAN_H

#include "node/interfaces.h"

#include <bellwether/discover.h>

struct ev_loop;
struct bw_lan;

struct bw_lan_config {
    struct bw_addr group; /* the IPv4 one, with the port */
    struct bw_network_choice choice;
    /* A datagram that came to the group from the link itself. */
    void (*on_datagram)(void *context, const struct bw_network *network, const struct bw_addr *from,
                        struct bw_bytes datagram);
    void (*on_change)(void *context); /* a network has come, or can be sent on now; from the loop */
    void (*on_problem)(void *context, const char *message);
    void *context;
};

/* The group and the interfaces of the caller's; the rest is as it was. why gets a sentence. BW_ERR_INVALID. */
int bw_lan_choose(struct bw_lan_config *config, const struct bw_discover_config *wanted, char *why, size_t why_size);

/* Opens what there is, and follows what comes. That there is nothing yet is a problem and no error. BW_ERR_MEMORY. */
int bw_lan_open(struct bw_lan **lan, struct ev_loop *loop, const struct bw_lan_config *config);
void bw_lan_close(struct bw_lan *lan); /* NULL is harmless */
size_t bw_lan_count(const struct bw_lan *lan);

/* Sends a beacon on each network where we have an address: make is called with that address, its port being 0. */
void bw_lan_announce(struct bw_lan *lan,
                     void (*make)(void *context, const struct bw_addr *own, uint8_t beacon[BW_BEACON_SIZE]));

#endif
