/* A live node, and members that hold the cluster's key and say what a fuzzer makes them say. Time is virtual. */
#ifndef BW_TESTS_FUZZ_WORLD_H
#define BW_TESTS_FUZZ_WORLD_H

#include "base/rng.h"
#include "node/internal.h"
#include "tests/fuzz/grammar.h"

#define BAD_COUNT 4u
#define MEMBER_MAX 12u
#define SCOPE_MAX 24u

/* A member gone bad: it has the key, and a session of its own. */
struct bad {
    struct bw_channel *channel;
    struct bw_id id;
    struct bw_addr addr;
    bool mute; /* it does not answer pings */
    uint8_t last[BW_DATAGRAM_MAX];
    size_t last_size; /* of the node's newest datagram to it */
};

/* The node under attack is number 0, the honest one that comes afterwards number 1. */
struct world {
    struct bw_node *node[2];
    struct bw_rng rng[2];
    struct fuzz_memory memory[2];
    struct bw_addr addr[2];
    struct bad bad[BAD_COUNT];
    struct fuzz_known known;
    int64_t now_us;
    uint64_t victim_session;
    uint64_t incarnation; /* the victim's newest */
    uint64_t query;       /* the newest that it was told of */
    char *state;          /* the victim's, as it wrote it last */
    size_t state_size;
    size_t sent; /* by the victim, since the input that is handled */
    size_t sent_most;
    bool disk_fails;
    bool leaving;
    bool heard; /* the honest one has got the victim's user event */
};

void world_begin(struct world *world);
void world_end(struct world *world);
struct bw_time world_time(const struct world *world);
/* Lets the victim (and the honest one) live for so long. */
void world_run(struct world *world, int64_t us);
/* What the victim has to say is said and heard. */
void world_drain(struct world *world);
/* Seals frames as bad member number `as`, and hands them to the victim as from this address. */
void world_say(struct world *world, size_t as, const struct bw_addr *from, bool bound, struct bw_bytes frames);
void world_receive(struct world *world, const uint8_t *data, size_t size, const struct bw_addr *from);
void world_renew(struct world *world, size_t as, bool with_other_id);
/* What must hold whatever is said. */
void world_check(struct world *world);
/* With what it wrote it can start again, as the same member. */
void world_start_again(struct world *world);
/* All that can be asked of the victim is asked. */
void world_look(const struct world *world);
/* The bad ones are gone: an honest newcomer becomes a member, and hears what the victim says. */
void world_converse(struct world *world);

#endif
