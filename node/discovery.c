/* Discovery without any I/O (<bellwether/discover.h>): when we announce ourselves, and whom of those that do we join. What a beacon
 * leads to is one probe, as for an address that somebody gave us; it is neither answered nor believed. */
#include "node/internal.h"

#include "base/rng.h"
#include "crypto/beacon.h"
#include "gossip/frames.h"

#include <string.h>

#define FIRST_US \
    (100 *       \
     BW_US_PER_MS) /* the first beacon is within so long: of many that start at once most can then hear one first */
#define ANOTHER_US (1 * BW_US_PER_S)       /* the time between two members' beacons, on average */
#define AGAIN_US (1 * BW_US_PER_S)         /* networks that come and go make us announce at most so often */
#define ANSWERED_BY 3u                     /* members of a cluster, for one beacon */
#define KNOCK_BURST 8                      /* members joined at once */
#define KNOCK_STEP_US (250 * BW_US_PER_MS) /* and one more after so long */
#define COPIES 64u                         /* numbers of one announcement's beacons */
#define LIVES 256u /* sessions of others whose numbers are kept; the longest silent one makes room */

/* What was heard of one life of a member. */
struct life {
    struct bw_id id;
    uint64_t session; /* 0: free */
    uint64_t number;
    int64_t at_us;
};

struct bw_discovery {
    struct bw_rng rng;
    unsigned stage;   /* beacons since the start, up to the steady ones */
    bool due;         /* the host is to be told */
    int64_t due_us;   /* when we look whether it is time */
    int64_t since_us; /* the last announcement, or what stands for it */
    int64_t permille; /* of the next wait: chance keeps members apart */
    uint64_t number;
    int64_t knocks_us; /* when the allowance of knocks is whole again */
    struct life lives[LIVES];
};

static const int64_t waits_us[] = {0, 1 * BW_US_PER_S, 2 * BW_US_PER_S, 30 * BW_US_PER_S};

static void plan(struct bw_discovery *d, unsigned stage, int64_t now_us) {
    d->stage = stage < BW_COUNT(waits_us) ? stage : (unsigned)BW_COUNT(waits_us) - 1;
    d->since_us = now_us;
    d->permille = 750 + (int64_t)bw_rng_below(&d->rng, 501);
    d->due_us = now_us + waits_us[d->stage] * d->permille / 1000;
}

int bw_discovery_create(struct bw_node *node, uint64_t seed) {
    struct bw_discovery *d = bw_alloc(&node->allocator, sizeof(*d));
    if (d == NULL) {
        return BW_ERR_MEMORY;
    }
    bw_rng_seed(&d->rng, seed);
    d->since_us = node->now.mono_us - AGAIN_US;
    d->knocks_us = node->now.mono_us;
    node->discovery = d;
    bw_node_announce_again(node, node->now);
    return 0;
}

void bw_discovery_free(struct bw_node *node) {
    bw_free(&node->allocator, node->discovery, sizeof(*node->discovery));
}

void bw_node_announce_again(struct bw_node *node, struct bw_time now) {
    struct bw_discovery *d = node->discovery;
    now = bw_node_clamp(node, now);
    if (d != NULL && !(d->stage == 0 && d->due_us > now.mono_us)) {
        int64_t soon_us = now.mono_us + (int64_t)bw_rng_below(&d->rng, (uint64_t)FIRST_US);
        d->stage = 0;
        d->due_us = soon_us > d->since_us + AGAIN_US ? soon_us : d->since_us + AGAIN_US;
    }
}

int64_t bw_discovery_deadline(const struct bw_node *node) {
    const struct bw_discovery *d = node->discovery;
    return d == NULL || node->leaving || d->due ? BW_NEVER : d->due_us;
}

void bw_discovery_tick(struct bw_node *node) {
    struct bw_discovery *d = node->discovery;
    if (bw_discovery_deadline(node) > node->now.mono_us) {
        return;
    }
    int64_t share_us = (int64_t)bw_gossip_living(node->gossip) * ANOTHER_US * d->permille / 1000;
    if (d->stage > 0 && d->since_us + share_us > node->now.mono_us) {
        d->due_us = d->since_us + share_us;
        bw_trace_rule(&node->trace, BW_RULE_STRETCH_BEACONS, NULL, (uint64_t)share_us);
        return;
    }
    d->due = true;
    plan(d, d->stage + 1, node->now.mono_us);
}

bool bw_node_announce(struct bw_node *node, struct bw_time now) {
    struct bw_discovery *d = node->discovery;
    bw_node_clamp(node, now);
    if (d == NULL || !d->due || node->leaving || !node->persistence.started) {
        return false;
    }
    d->due = false;
    d->number = (d->number / COPIES + 1) * COPIES;
    return true;
}

void bw_node_beacon(struct bw_node *node, const struct bw_addr *addr, uint8_t beacon[BW_BEACON_SIZE],
                    struct bw_time now) {
    struct bw_discovery *d = node->discovery;
    BW_ASSERT(d != NULL && addr->family != 0 && addr->port != 0);
    bw_node_clamp(node, now);
    struct bw_beacon says = {.id = node->id,
                             .session = node->session,
                             .number = ++d->number,
                             .addr = *addr,
                             .member_count = (uint32_t)bw_gossip_living(node->gossip),
                             .protocol_min = BW_PROTOCOL,
                             .protocol_max = BW_PROTOCOL};
    memcpy(says.name, node->name, sizeof(says.name));
    memcpy(says.cluster, node->cluster, sizeof(says.cluster));
    bw_beacon_seal(node->keyring, &says, beacon);
}

/* Takes note of it. False if it is no newer than what was heard of that life before. */
static bool note_newer(struct bw_discovery *d, const struct bw_beacon *beacon, int64_t now_us) {
    struct life *place = &d->lives[0];
    for (size_t i = 0; i < LIVES; i++) {
        struct life *life = &d->lives[i];
        if (life->session == beacon->session && bw_id_equal(&life->id, &beacon->id)) {
            bool newer = beacon->number > life->number;
            life->number = newer ? beacon->number : life->number;
            life->at_us = newer ? now_us : life->at_us;
            return newer;
        }
        bool better = life->session == 0 ? place->session != 0 : place->session != 0 && life->at_us < place->at_us;
        place = better ? life : place;
    }
    *place = (struct life){.id = beacon->id, .session = beacon->session, .number = beacon->number, .at_us = now_us};
    return true;
}

static bool rationed(struct bw_discovery *d, int64_t now_us) {
    int64_t from_us = d->knocks_us > now_us ? d->knocks_us : now_us;
    if (from_us - now_us > KNOCK_STEP_US * (KNOCK_BURST - 1)) {
        return true;
    }
    d->knocks_us = from_us + KNOCK_STEP_US;
    return false;
}

/* Somebody of our cluster whom we do not know, in this life of its. */
static void follow(struct bw_node *node, const struct bw_beacon *beacon) {
    struct bw_discovery *d = node->discovery;
    if (d->stage == 0 && d->due_us > node->now.mono_us) {
        plan(d, 1, node->now.mono_us);
        bw_trace_rule(&node->trace, BW_RULE_HUSH_BEFORE_THE_FIRST, &beacon->id, 0);
    }
    uint64_t subject = bw_get_u64(beacon->id.bytes) ^ bw_get_u64(beacon->id.bytes + 8) ^ beacon->session ^
                       beacon->number / COPIES; /* another three for the next announcement */
    if (!bw_gossip_chosen(node->gossip, subject, ANSWERED_BY)) {
        bw_trace_rule(&node->trace, BW_RULE_THREE_ANSWER_A_BEACON, &beacon->id, beacon->number);
    } else if (rationed(d, node->now.mono_us)) {
        bw_trace_rule(&node->trace, BW_RULE_RATION_KNOCKS, &beacon->id, beacon->number);
    } else {
        (void)bw_gossip_knock(node->gossip, &beacon->addr, node->now); /* if it cannot: the next beacon comes */
    }
}

int bw_node_hear(struct bw_node *node, const void *data, size_t size, struct bw_beacon *heard, struct bw_time now) {
    struct bw_beacon unwanted;
    bw_node_clamp(node, now);
    heard = heard == NULL ? &unwanted : heard;
    if (node->discovery == NULL) {
        return BW_ERR_INVALID;
    }
    int error = bw_beacon_open(node->keyring, (struct bw_bytes){data, size}, heard);
    if (error != 0 || strcmp(heard->cluster, node->cluster) != 0) {
        return error;
    }
    if (bw_id_equal(&heard->id, &node->id)) {
        return BW_ERR_DROP_SELF;
    }
    if (!note_newer(node->discovery, heard, node->now.mono_us)) {
        bw_trace_rule(&node->trace, BW_RULE_HEARD_BEACONS_ARE_OLD, &heard->id, heard->number);
        return BW_ERR_DROP_REPLAY;
    }
    if (!bw_gossip_knows(node->gossip, &heard->id, heard->session)) {
        follow(node, heard);
        bw_node_pump(node);
    }
    return 0;
}
