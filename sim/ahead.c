/* Asks the memory for what events will look at before they happen: a world of a thousand members is in no cache, and each line that
 * is asked for only when it is needed is waited for by itself. Nothing depends on any of this.
 *
 * An event's lines are known in three steps, each from what the one before has brought: of the second next event, what every call on
 * that process looks at; of the next one, where its sender will be looked for, or who is to be pinged; of the one that happens now,
 * the sender.
 *
 * Always inline: compilers drop calls of a function that does nothing but ask, as one without effect. */
#include "sim/internal.h"

#include "gossip/machine.h"
#include "node/internal.h"

#define LINE 64u

#if defined(__GNUC__)
#define ASK(line) __builtin_prefetch(line)
#define INLINE static inline __attribute__((always_inline))
#else
#define ASK(line) ((void)(line))
#define INLINE static inline
#endif

#define HOST_SIZE offsetof(struct bw_sim_host, id)
#define NODE_SIZE (offsetof(struct bw_node, trace) + LINE) /* it counts many rules, but few of them often */
#define GOSSIP_SIZE (offsetof(struct bw_gossip, pings) + sizeof(struct bw_ping))
#define CHANNEL_SIZE 256u  /* the head of what only crypto/ knows */
#define ELECTION_SIZE 320u /* ... and of what only election/ knows */
#define FRAMES_SIZE 128u   /* of a datagram while nothing happens */

INLINE void ask_for(const void *from, size_t size) {
    for (size_t i = 0; from != NULL && i < size; i += LINE)
        ASK((const char *)from + i);
}

void bw_sim_ahead_know(struct bw_sim *sim, size_t host) {
    const struct bw_node *node = sim->hosts[host].node;
    if (sim->ahead == NULL)
        return;
    sim->ahead[host] = (struct bw_sim_ahead){0};
    if (node != NULL)
        sim->ahead[host] = (struct bw_sim_ahead){node, node->channel, node->gossip, node->election};
}

/* Whatever the call will be. */
INLINE void ask_for_process(const struct bw_sim *sim, size_t host) {
    const struct bw_sim_ahead *ahead = &sim->ahead[host];
    ask_for(&sim->hosts[host], HOST_SIZE);
    if (ahead->node == NULL)
        return;
    ask_for(ahead->node, NODE_SIZE);
    ASK((const char *)ahead->node + offsetof(struct bw_node, peers));
    ask_for(ahead->channel, CHANNEL_SIZE);
    ask_for(ahead->gossip, GOSSIP_SIZE);
    ask_for(ahead->election, ELECTION_SIZE);
}

INLINE void ask_for_output(const struct bw_node *node) {
    ask_for(node->gossip->frames, FRAMES_SIZE);
    ask_for(node->gossip->outbox.data, FRAMES_SIZE + LINE);
    ask_for(node->datagram, FRAMES_SIZE + 2 * LINE);
}

INLINE void ask_for_peer(const struct bw_node *node, uint64_t session, const struct bw_id *id) {
    const void *places[BW_CHANNEL_PLACES];
    bw_channel_places(node->channel, session, id, places);
    for (size_t i = 0; i < BW_CHANNEL_PLACES; i++)
        ASK(places[i]);
    ASK(bw_members_place(&node->gossip->members, id));
}

/* Of a datagram where its sender will be looked for, of a tick who is to be pinged. */
INLINE void ask_for_places(const struct bw_sim *sim, const struct bw_sim_item *item) {
    const struct bw_node *node = sim->hosts[item->host].node;
    const struct bw_members *members = &node->gossip->members;
    if (item->kind == BW_SIM_DELIVER) {
        const struct bw_id *from = &sim->hosts[item->from].id;
        ask_for_peer(node, bw_channel_session((struct bw_bytes){item->data, item->size}), from);
    } else if (members->cursor < members->count) {
        ask_for(members->ring[members->cursor], sizeof(struct bw_member));
    }
    ask_for_output(node);
}

INLINE void ask_for_sender(const struct bw_sim *sim, const struct bw_sim_item *item) {
    const struct bw_members *members = &sim->hosts[item->host].node->gossip->members;
    struct bw_member *const *place = bw_members_place(members, &sim->hosts[item->from].id);
    struct bw_member *const *end = members->slots + members->slot_count;
    for (size_t i = 0; place != NULL && place < end && *place != NULL && i < 2; i++, place++)
        ask_for(*place, sizeof(struct bw_member));
}

INLINE void ask_for_target(const struct bw_node *node) {
    const struct bw_members *members = &node->gossip->members;
    if (members->cursor < members->count) {
        const struct bw_member *target = members->ring[members->cursor];
        ask_for_peer(node, target->session, &target->id);
    }
}

/* Only a datagram or a timer that is still armed, at a process that runs, makes a call. */
static bool calls(const struct bw_sim *sim, const struct bw_sim_item *item) {
    const struct bw_sim_host *host = &sim->hosts[item->host];
    return host->node != NULL &&
           (item->kind == BW_SIM_DELIVER || (item->kind == BW_SIM_TICK && item->stamp == host->tick_stamp));
}

void bw_sim_ahead(struct bw_sim *sim, const struct bw_sim_item *now) {
    uint64_t order = 0;
    if (calls(sim, now)) {
        ask_for_places(sim, now); /* once more: it may not have been the next one before */
        if (now->kind == BW_SIM_DELIVER)
            ask_for_sender(sim, now);
        else
            ask_for_target(sim->hosts[now->host].node);
    }
    const struct bw_sim_item *next = bw_sim_heap_next(&sim->heap, 0, &order);
    if (next != NULL && order != sim->asked)
        ask_for_process(sim, next->host);
    else if (next != NULL && calls(sim, next))
        ask_for_places(sim, next);
    next = bw_sim_heap_next(&sim->heap, 1, &order);
    if (next != NULL) {
        ask_for_process(sim, next->host);
        sim->asked = order;
    }
}
