/* What the tests of gossip/ share: a cluster in virtual time. Datagrams pass from one machine to the next as the sealed network
 * would pass them: bound to a session, with the echo of what was received. */
#ifndef BW_TESTS_GOSSIP_TEST_H
#define BW_TESTS_GOSSIP_TEST_H

#include "base/base.h"
#include "base/rng.h"
#include "gossip/machine.h"
#include "tests/lib/marks.h"
#include "tests/lib/memory.h"
#include "tests/lib/tap.h"

extern const struct tap_suite gossip_pure_suite;
extern const struct tap_suite gossip_member_suite;
extern const struct tap_suite gossip_frames_suite;
extern const struct tap_suite gossip_detector_suite;
extern const struct tap_suite gossip_protocol_suite;
extern const struct tap_suite gossip_switches_suite;
extern const struct tap_suite gossip_claims_suite;
extern const struct tap_suite gossip_network_suite;
extern const struct tap_suite gossip_operator_suite;
extern const struct tap_suite gossip_view_suite;
extern const struct tap_suite gossip_cost_suite;
extern const struct tap_suite gossip_bounds_suite;
extern const struct tap_suite gossip_cluster_suite;
extern const struct tap_suite gossip_user_suite;
extern const struct tap_suite gossip_query_suite;
extern const struct tap_suite gossip_rush_suite;
extern const struct tap_suite gossip_remember_suite;
extern const struct tap_suite gossip_identity_suite;
extern const struct tap_suite gossip_opening_suite;
extern const struct tap_suite gossip_checks_suite;
extern const struct tap_suite gossip_accuse_suite;
extern const struct tap_suite gossip_back_suite;

#define NET_MAX 128u
#define MS(ms) ((int64_t)(ms)*1000)

struct net_node {
    struct bw_gossip *gossip;
    struct test_memory memory;
    struct bw_trace trace;
    struct bw_id id;
    uint64_t session;
    struct bw_addr addr;
    bool up;     /* its process runs */
    bool paused; /* neither receives nor ticks */
    bool muted;  /* its port swallows everything: a silent host */
    size_t sent, sent_bytes;
    size_t events[24];
    struct bw_gossip_event last; /* the last event; what it points at is gone */
    struct bw_gossip_event last_member;
    size_t status_events[4];
    int64_t status_us[NET_MAX][4]; /* when it was told so of each */
    uint8_t text[2048];            /* of the last record or message */
    size_t text_size;
    bool accept_records;
    uint8_t protocol_min, protocol_max; /* 0: as the program */
};

struct net_packet {
    int64_t at_us;
    uint64_t order;
    size_t from;
    uint64_t session; /* the sender's */
    int64_t sent_us;
    int64_t echo_us;
    struct bw_outbound out;
    uint8_t frames[BW_FRAMES_MAX];
};

struct net {
    struct net_node nodes[NET_MAX];
    size_t count;
    int64_t now_us;
    int64_t latency_us;
    uint32_t loss_percent;
    bool refuse; /* ports of processes that are down refuse */
    struct bw_rng rng;
    bool cut[NET_MAX][NET_MAX];         /* from, to */
    int64_t received[NET_MAX][NET_MAX]; /* [a][b]: when b sent the newest datagram that a has */
    struct net_packet *packets;         /* a heap would be nicer than a scan */
    size_t packet_count, packet_capacity;
    uint64_t order;
    struct bw_params params;
    /* Sees each datagram before it is delivered; false drops it. */
    bool (*filter)(struct net *net, const struct net_packet *packet, size_t to);
    /* Sees each event before it is gone. */
    void (*on_event)(struct net *net, size_t at, const struct bw_gossip_event *event);
    void *context;
};

void net_open(struct net *net, uint64_t seed);
void net_close(struct net *net);
struct bw_gossip_config net_config(struct net *net, size_t index);
/* Starts node number index, with node 0 as its seed (unless it is node 0). */
void net_start(struct net *net, size_t index);
void net_start_seeded(struct net *net, size_t index, size_t seed);
void net_crash(struct net *net, size_t index);
/* All of them, joined and converged. */
void net_form(struct net *net, size_t count);
void net_run(struct net *net, int64_t ms);
/* Runs until all nodes that are up say so of this one; false if that takes longer than ms. */
bool net_wait_status(struct net *net, size_t of, enum bw_status status, int64_t ms);
bool net_wait_converged(struct net *net, int64_t ms);
bool net_complete(const struct net *net);
enum bw_status net_status(const struct net *net, size_t at, size_t of);
const struct bw_member *net_member(const struct net *net, size_t at, size_t of);
void net_drain(struct net *net, size_t index);
struct bw_time net_now(const struct net *net);
uint64_t net_hits(const struct net *net, size_t at, enum bw_rule rule);
/* Frames from nobody in the cluster, or forged in a member's name. */
int net_inject(struct net *net, size_t to, const struct bw_id *from, uint64_t session, bool proven,
               const struct bw_schema *schema, const void *message);
struct bw_id net_id(size_t index);

#endif
