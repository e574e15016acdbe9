/* A world of a thousand members is larger than any cache, and each event is another member's: most of the time would go into waiting for
 * memory. Which members come next is known; so their memory is fetched while the one before works. It changes nothing but the time. */
#include "sim/internal.h"

#include "gossip/machine.h"
#include "node/internal.h"

#define LINE 64u
#define FIRST_PING (2u * LINE)    /* seldom is there more than one */
#define CHANNEL_HEAD (16u * LINE) /* its tables of sessions */

static void fetch(const void *memory, size_t size) {
    for (size_t at = 0; at < size; at += LINE)
        __builtin_prefetch((const char *)memory + at, 1);
}

/* Where its pointers stand, of those that come soon; and what they point at, of the next. */
void bw_sim_warm(const struct bw_sim *sim) {
    const struct bw_sim_item *item = NULL;
    for (size_t n = 3; n < 7 && (item = bw_sim_heap_at(&sim->heap, n)) != NULL; n++)
        fetch(&sim->hosts[item->host], LINE);
    for (size_t n = 1; n < 3 && (item = bw_sim_heap_at(&sim->heap, n)) != NULL; n++)
        if (sim->hosts[item->host].node != NULL)
            fetch(sim->hosts[item->host].node, 2 * LINE);
    item = bw_sim_heap_at(&sim->heap, 0);
    const struct bw_sim_host *host = item != NULL ? &sim->hosts[item->host] : NULL;
    if (host == NULL || host->node == NULL)
        return;
    fetch(host, offsetof(struct bw_sim_host, rule_counts));
    fetch(host->node, offsetof(struct bw_node, datagram));
    fetch(host->node->gossip, offsetof(struct bw_gossip, pings) + FIRST_PING);
    fetch(host->node->channel, CHANNEL_HEAD);
    fetch(host->node->keyring, LINE);
}
