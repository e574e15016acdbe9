/** @file discover.h
 *  Members on one LAN find each other: beacons, announced and never answered.
 *
 *  A beacon is one multicast datagram of BW_BEACON_SIZE bytes that says, sealed with the cluster's key, who is where. Who hears one of
 *  a member that it does not know joins it, as it joins an address that somebody gave it: nothing is believed because of a
 *  beacon. Of a cluster at most three members do so for one beacon, chosen by a hash that all of them reckon alike.
 *
 *  On libev: set bw_loop_config.discover, and all is done. To look around without being a member: bw_listener_create.
 *
 *  With a host of your own: set bw_config.discover, and after every call that takes `now`
 *
 *      if (bw_node_announce(node, now)) for each network: bw_node_beacon(node, &own_address, beacon, now), and multicast it;
 *
 *  and hand each datagram that the group receives to bw_node_hear, if its sender is on that very network. bw_node_deadline counts
 *  the next announcement in.
 */
#ifndef BELLWETHER_DISCOVER_H
#define BELLWETHER_DISCOVER_H

#include <bellwether/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bw_node;
struct ev_loop;

#define BW_BEACON_SIZE 384u        /**< every beacon, bytes of UDP payload */
#define BW_INTERFACE_NAME_SIZE 16u /**< the longest name of an interface and a zero */
#define BW_DISCOVER_PORT 7948u /**< the group's port, where none is given; not the agents' own, which they bind alone */
#define BW_DISCOVER_INTERFACE_MAX 16 /**< interfaces named in struct bw_discover_config, at most */

/** What a beacon says. */
struct bw_beacon {
    struct bw_id id;       /**< of the member that announces itself */
    uint64_t session;      /**< its present life */
    uint64_t number;       /**< rises with each beacon of a session: what is not larger was heard before */
    struct bw_addr addr;   /**< where it can be joined */
    uint32_t member_count; /**< members alive to it, itself included */
    uint8_t protocol_min;  /**< protocol versions that it speaks */
    uint8_t protocol_max;
    char name[BW_NAME_MAX + 1];
    char cluster[BW_NAME_MAX + 1]; /**< its cluster's label */
};

/** Whether beacons are to be sent now: one on each network, by bw_node_beacon. To be asked after each call that takes `now`; true
 *  once for each announcement. The first one is within 0.1 s of the start, then after 1 s, 2 s more, and 30 s, a quarter more or
 *  less; in a cluster of n members not before n seconds, so that a network carries about one a second. Never of a node that
 *  leaves. */
bool bw_node_announce(struct bw_node *node, struct bw_time now);

/** Makes a beacon for one network.
 *  @param addr where this node is reached from there @param beacon filled */
void bw_node_beacon(struct bw_node *node, const struct bw_addr *addr, uint8_t beacon[BW_BEACON_SIZE],
                    struct bw_time now);

/** Announces again from the start, and at once: a network has come. At most once a second. */
void bw_node_announce_again(struct bw_node *node, struct bw_time now);

/** Takes a datagram that came to the group. One of a member of our cluster that we do not know makes us join that (by one small
 *  probe; a few in a second at most), if we are among the three that are to.
 *  @param heard what it says, filled unless an error is returned, other than BW_ERR_DROP_REPLAY and BW_ERR_DROP_SELF; may be NULL
 *  @return 0, also for a beacon of another cluster: heard->cluster tells; BW_ERR_DROP_KEY: a beacon of a cluster whose key is not
 *          in the ring; BW_ERR_DROP_REPLAY: heard before; BW_ERR_DROP_SELF: our own; BW_ERR_DROP_SHORT, _LONG, _VERSION: no beacon;
 *          BW_ERR_DROP_AUTH, _MALFORMED: forged or damaged; BW_ERR_INVALID: the node does not discover */
int bw_node_hear(struct bw_node *node, const void *data, size_t size, struct bw_beacon *heard, struct bw_time now);

/** A beacon that was heard. */
struct bw_heard {
    struct bw_addr from;                    /**< who sent it */
    char interface[BW_INTERFACE_NAME_SIZE]; /**< where */
    bool opened;                            /**< false: none of our keys opens it, and nothing is known of it */
    struct bw_beacon beacon;                /**< if it was opened */
};

/** Where to discover. All zero but the size: the usual group, on all interfaces that are up and can multicast, other than loopback,
 *  point-to-point and virtual ones (tunnels, bridges, dummies; containers' own interfaces are used). */
struct bw_discover_config {
    size_t size; /**< sizeof(struct bw_discover_config) */
    struct bw_addr
        group; /**< family 0: 239.255.66.87, port 7948; else an IPv4 group in 239.255.0.0/16, port 0: 7948. IPv6 uses
                               ff12::/96 with the same last four bytes, and the same port */
    const char *const *interfaces; /**< only these, whatever they are; copied */
    size_t interface_count;        /**< 0: all that are fit; at most BW_DISCOVER_INTERFACE_MAX */
    void (*on_heard)(void *context,
                     const struct bw_heard *heard); /**< may be NULL. A listener: for each beacon. A loop: for one
                               of another cluster, once an hour for each sender, and few in all: it is never joined */
    void (*on_problem)(void *context,
                       const char *message); /**< a listener's: something does not work, in words; may be NULL. A
                               loop has its own */
    void *context;                           /**< given to both */
};

/** Reads a group: "239.255.1.2", "239.255.1.2:7948", or ":7948" alone.
 *  @return 0 or BW_ERR_INVALID, and group is as it was */
int bw_discover_group(struct bw_addr *group, const char *text);

struct bw_listener;

/** Listens for beacons without being a member: it sends nothing.
 *  @param keys lines of keys as in bw_config; NULL: none, and all that is heard is that somebody is there
 *  @param why gets a message that says what failed and what to do (text of at most why_size bytes, may be NULL)
 *  @return 0; BW_ERR_KEY, BW_ERR_FULL: the keys; BW_ERR_INVALID: the group, or an interface's name; BW_ERR_MEMORY; BW_ERR_SYSTEM:
 *          there is no interface to listen on */
int bw_listener_create(struct bw_listener **listener, struct ev_loop *loop, const struct bw_discover_config *config,
                       const char *keys, size_t keys_size, char *why, size_t why_size);

/** Listens no more. NULL is harmless. Not to be called by on_heard or on_problem. */
void bw_listener_destroy(struct bw_listener *listener);

#ifdef __cplusplus
}
#endif
#endif
