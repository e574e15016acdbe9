/* Addresses that outlive a restart: the owner keeps a few of them, and gives them back to the next life, which tries them beside
 * its seeds. */
#include "gossip/machine.h"

struct choice {
    struct bw_addr *peers;
    size_t count;
};

static bool listed(const struct bw_addr *peers, size_t count, const struct bw_addr *addr) {
    for (size_t i = 0; i < count; i++) {
        if (bw_addr_equal(&peers[i], addr)) {
            return true;
        }
    }
    return false;
}

static void choose(const struct bw_gossip *g, struct choice *choice, const struct bw_addr *addr) {
    if (choice->count < BW_REMEMBERED_MAX && !bw_addr_equal(addr, &g->self->info->addr) &&
        !listed(choice->peers, choice->count, addr)) {
        choice->peers[choice->count++] = *addr;
    }
}

/* The dead may be on the other side of a partition; whoever left will not be there. Those of the last choice come first, so that
 * it changes no more than it must; the others as they stand in the ring, which is at random. */
static void choose_members(const struct bw_gossip *g, struct choice *choice, bool living, const struct bw_addr *last,
                           size_t last_count) {
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < g->members.count && choice->count < BW_REMEMBERED_MAX; i++) {
            const struct bw_member *member = g->members.ring[i];
            bool wanted = living ? bw_member_living(member) : member->status == BW_STATUS_DEAD;
            if (wanted && listed(last, last_count, &member->info->addr) == (pass == 0)) {
                choose(g, choice, &member->info->addr);
            }
        }
    }
}

size_t bw_gossip_peers(const struct bw_gossip *g, const struct bw_addr *last, size_t last_count,
                       struct bw_addr peers[BW_REMEMBERED_MAX]) {
    struct choice choice = {peers, 0};
    choose_members(g, &choice, true, last, last_count);
    choose_members(g, &choice, false, last, last_count);
    for (size_t i = 0; i < g->seed_count; i++) {
        if (g->seeds[i].remembered) {
            choose(g, &choice, &g->seeds[i].addr);
        }
    }
    return choice.count;
}
