/* A cluster of thousands that begins as if all had been told of all long ago. */
#include "sim/internal.h"

#include "gossip/formula.h"
#include "gossip/machine.h"
#include "node/internal.h"

#include <stdlib.h>

/* What one node tells of itself, in the form in which all others keep it: its record is one block for all. */
struct bw_sim_told {
    struct bw_member member;
    uint64_t worth;
};

static struct bw_sim_told told_of(struct bw_sim *sim, size_t host) {
    const struct bw_gossip *gossip = sim->hosts[host].node->gossip;
    const struct bw_member *self = gossip->self;
    struct bw_info *info = bw_sim_memory_copy(self->info, bw_info_size(self->info));
    info->shared = true;
    sim->shared[host] = info;
    struct bw_sim_told told = {.worth = bw_digest_claim(&gossip->key, &self->id, bw_member_claim(self))};
    told.member = (struct bw_member){.id = self->id,
                                     .incarnation = self->incarnation,
                                     .session = self->session,
                                     .info = info,
                                     .bucket = self->bucket,
                                     .name_hash = self->name_hash,
                                     .status = BW_STATUS_ALIVE,
                                     .told = BW_STATUS_ALIVE};
    return told;
}

static void know(struct bw_gossip *gossip, const struct bw_sim_told *told) {
    struct bw_member *member = bw_alloc(&gossip->allocator, sizeof *member);
    BW_ASSERT(member != NULL);
    *member = told->member;
    member->since_us = gossip->now.mono_us;
    member->evidence_s = (uint32_t)(gossip->now.mono_us / BW_US_PER_S) + 1;
    int error = bw_members_add(&gossip->members, member, &gossip->rng);
    BW_ASSERT(error == 0);
    gossip->living++;
    bw_view_add_digest(gossip, member->bucket, told->worth);
}

/* No news of ourselves is on its way, and the seeds are known. */
static void settle(struct bw_sim *sim, struct bw_gossip *gossip) {
    bw_update_drop(gossip, gossip->self->update);
    bw_gossip_cancel(gossip, &gossip->gossip);
    for (size_t i = 0; i < gossip->seed_count; i++) {
        size_t host = bw_sim_host_at(sim, &gossip->seeds[i].addr);
        if (host != BW_SIM_NONE)
            gossip->seeds[i].id = sim->hosts[host].id;
    }
    gossip->synchronised = true;
    gossip->changed_us = gossip->now.mono_us - bw_dissemination_us(&gossip->params, gossip->living);
}

static void tell_election(struct bw_sim *sim, struct bw_node *node) {
    for (size_t i = 0; sim->scope[0] != '\0' && i < node->gossip->members.count; i++) {
        const struct bw_member *member = node->gossip->members.ring[i];
        struct bw_election_member told = {.id = member->id,
                                          .status = BW_STATUS_ALIVE,
                                          .unstable = false,
                                          .candidacies = bw_info_candidacies(member->info)};
        if (member != node->gossip->self)
            bw_election_member(node->election, &told, node->now);
    }
}

void bw_sim_start_converged(struct bw_sim *sim) {
    struct bw_sim_told *all = bw_sim_memory(sim->host_count * sizeof *all);
    BW_ASSERT(sim->shared == NULL);
    sim->shared = bw_sim_memory(sim->host_count * sizeof *sim->shared);
    for (size_t i = 0; i < sim->host_count; i++) {
        int error = bw_sim_create_node(sim, i);
        BW_ASSERT(error == 0);
        all[i] = told_of(sim, i);
    }
    for (size_t i = 0; i < sim->host_count; i++) {
        struct bw_node *node = sim->hosts[i].node;
        for (size_t k = 0; k < sim->host_count; k++)
            if (k != i)
                know(node->gossip, &all[k]);
        settle(sim, node->gossip);
        tell_election(sim, node);
    }
    free(all);
    for (size_t i = 0; i < sim->host_count; i++)
        bw_sim_host_pump(sim, i);
}
