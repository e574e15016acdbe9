/* Finding the others. Seeds are tried until they answer, for ever and with back-off; an unbound ping opens the session (it claims
 * nothing and is answered by something no larger), its ack proves who is there, then we say who we are and compare views. */
#include "gossip/machine.h"

#define BACKOFF_MIN_MS 100u
#define REMEMBERED_STEP_MS 25u
#define REMEMBERED_TRIES 20u /* some minutes, once others have answered */
#define RESYNC_MIN_MS 100u
#define RESYNC_ENOUGH_MS 800u /* after 100, 200, 400 */
#define RATE_BURST 8          /* answers to one unproven address at once */
#define RATE_STEP_US 250000   /* and one more after so long */
#define RATE_ALL_BURST 2048   /* to all of them */
#define RATE_ALL_STEP_US 1000

static void arm(struct bw_gossip *g) {
    int64_t next_us = BW_NEVER;
    for (size_t i = 0; i < g->seed_count; i++) {
        next_us = g->seeds[i].due_us < next_us ? g->seeds[i].due_us : next_us;
    }
    bw_gossip_arm(g, &g->seed, BW_TIMER_SEED, next_us);
}

static size_t configured(const struct bw_gossip *g) {
    size_t count = 0;
    for (size_t i = 0; i < g->seed_count; i++) {
        count += !g->seeds[i].remembered;
    }
    return count;
}

static bool add_seed(struct bw_gossip *g, const struct bw_addr *addr) {
    for (size_t i = 0; i < g->seed_count; i++) {
        if (bw_addr_equal(&g->seeds[i].addr, addr)) {
            g->seeds[i].due_us = g->now.mono_us;
            g->seeds[i].backoff_ms = BACKOFF_MIN_MS;
            g->seeds[i].remembered = g->seeds[i].remembered && configured(g) == BW_SEED_MAX;
            return !g->seeds[i].remembered;
        }
    }
    if (bw_addr_equal(addr, &g->self->info->addr)) {
        return true;
    }
    if (configured(g) == BW_SEED_MAX) {
        return false;
    }
    g->seeds[g->seed_count++] = (struct bw_seed){.addr = *addr, .due_us = g->now.mono_us, .backoff_ms = BACKOFF_MIN_MS};
    return true;
}

/* A little after the seeds, who may know them, and one after the other. */
void bw_join_remembered(struct bw_gossip *g, const struct bw_addr *addrs, size_t count) {
    int64_t due_us = g->now.mono_us + (g->seed_count > 0 ? BACKOFF_MIN_MS * BW_US_PER_MS : 0);
    for (size_t i = 0; i < count && i < BW_REMEMBERED_MAX; i++) {
        bool known = bw_addr_equal(&addrs[i], &g->self->info->addr);
        for (size_t k = 0; k < g->seed_count; k++) {
            known = known || bw_addr_equal(&g->seeds[k].addr, &addrs[i]);
        }
        if (!known) {
            g->seeds[g->seed_count++] =
                (struct bw_seed){.addr = addrs[i], .due_us = due_us, .backoff_ms = BACKOFF_MIN_MS, .remembered = true};
            due_us += REMEMBERED_STEP_MS * BW_US_PER_MS;
        }
    }
    arm(g);
}

void bw_gossip_forget_peers(struct bw_gossip *g, struct bw_time now) {
    bw_gossip_enter(g, now);
    size_t kept = 0;
    for (size_t i = 0; i < g->seed_count; i++) {
        if (!g->seeds[i].remembered) {
            g->seeds[kept++] = g->seeds[i];
        }
    }
    g->seed_count = kept;
    bw_gossip_exit(g);
}

/* Whoever answered there last, or has that address, is alive in our view. */
static bool in_view(const struct bw_gossip *g, const struct bw_seed *seed) {
    if (!bw_id_none(&seed->id)) {
        const struct bw_member *member = bw_members_find(&g->members, &seed->id);
        if (bw_id_equal(&seed->id, &g->self->id) || (member && bw_member_status(member) <= BW_STATUS_SUSPECT)) {
            return true;
        }
    }
    for (size_t i = 0; i < g->members.count; i++) {
        const struct bw_member *member = g->members.ring[i];
        if (member != g->self && bw_member_status(member) <= BW_STATUS_SUSPECT &&
            bw_addr_equal(&member->info->addr, &seed->addr)) {
            return true;
        }
    }
    return false;
}

static void knock(struct bw_gossip *g, const struct bw_seed *seed) {
    struct bw_dest to = {.addr = seed->addr};
    bw_ping_send(g, BW_PURPOSE_SEED, &to, bw_health_stretch(g, g->params.probe_timeout_max_ms));
}

/* Whether an address of an earlier life is not tried any more: its member is known again; or others are, and it does not answer. */
static bool done_with(struct bw_gossip *g, const struct bw_seed *seed) {
    if (!seed->remembered || in_view(g, seed)) {
        return seed->remembered;
    }
    bool silent = g->synchronised && seed->tries >= REMEMBERED_TRIES;
    if (silent) {
        bw_trace_rule(g->trace, BW_RULE_GIVE_UP_THE_REMEMBERED, NULL, seed->tries);
    }
    return silent;
}

static void try_seed(struct bw_gossip *g, struct bw_seed *seed) {
    uint32_t most_ms = g->params.seed_retry_max_ms;
    if (in_view(g, seed)) { /* looked at again, in case it goes */
        seed->backoff_ms = BACKOFF_MIN_MS;
        seed->due_us = g->now.mono_us + most_ms * BW_US_PER_MS;
        return;
    }
    knock(g, seed);
    seed->tries = seed->tries < REMEMBERED_TRIES ? (uint8_t)(seed->tries + 1) : seed->tries;
    bw_trace_rule(g->trace, seed->remembered ? BW_RULE_TRY_THE_REMEMBERED : BW_RULE_RETRY_SEEDS_FOR_EVER, NULL,
                  seed->backoff_ms);
    int64_t wait_us = (int64_t)seed->backoff_ms * 750 + (int64_t)bw_rng_below(&g->rng, seed->backoff_ms * 500u + 1);
    seed->due_us = g->now.mono_us + wait_us;
    seed->backoff_ms = seed->backoff_ms > most_ms / 2 ? most_ms : seed->backoff_ms * 2;
}

void bw_join_seeds(struct bw_gossip *g) {
    for (size_t i = 0; i < g->seed_count && !g->leave.leaving;) {
        bool due = g->seeds[i].due_us <= g->now.mono_us;
        if (due && done_with(g, &g->seeds[i])) {
            g->seeds[i] = g->seeds[--g->seed_count];
            continue;
        }
        if (due) {
            try_seed(g, &g->seeds[i]);
        }
        i++;
    }
    if (!g->leave.leaving) {
        arm(g);
    }
}

static void start_resync(struct bw_gossip *g) {
    if (g->resync_ms == 0) {
        g->resync_ms = RESYNC_MIN_MS;
        bw_gossip_arm(g, &g->resync, BW_TIMER_RESYNC, g->now.mono_us + g->resync_ms * BW_US_PER_MS);
    }
}

/* Come back after a leave: a new incarnation of the same member, that joins as at first. Seeds are asked though they are in the
 * view: it is the former life's. */
static void return_to_life(struct bw_gossip *g) {
    bw_gossip_cancel(g, &g->leave.timer);
    bw_ping_close_all(g);
    g->leave.leaving = g->leave.left = false;
    g->leave.acks = 0;
    g->synchronised = false;
    g->recent_count = 0;
    g->life_us = g->now.mono_us;
    bw_refute_renew(g, bw_incarnation_above(g->self->incarnation));
    bw_trace_rule(g->trace, BW_RULE_RETURN_AS_NEW, &g->self->id, g->self->incarnation);
    for (size_t i = 0; i < g->seed_count; i++) {
        knock(g, &g->seeds[i]);
    }
    start_resync(g);
}

int bw_gossip_join(struct bw_gossip *g, const struct bw_addr *seeds, size_t count, struct bw_time now) {
    bw_gossip_enter(g, now);
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        all = add_seed(g, &seeds[i]) && all;
    }
    if (g->leave.leaving) {
        return_to_life(g);
    }
    arm(g);
    bw_gossip_exit(g);
    return all ? 0 : BW_ERR_FULL;
}

void bw_join_answered(struct bw_gossip *g, const struct bw_ping *ping, const struct bw_inbound *in) {
    for (size_t i = 0; i < g->seed_count; i++) {
        if (bw_addr_equal(&g->seeds[i].addr, &ping->to.addr)) {
            g->seeds[i].id = in->from;
        }
    }
    struct bw_dest to = {in->from, in->session, in->addr};
    bw_outbox_put_member(g, &to, g->self);
    bw_trace_rule(g->trace, BW_RULE_CLAIM_ONLY_WHEN_PROVEN, &in->from, in->session);
    start_resync(g);
    bw_sync_start(g, &to, true);
}

/* The seed may have been as new as we are: others are asked, too, less and less often. */
void bw_join_resync(struct bw_gossip *g) {
    struct bw_member *picked[1];
    if (g->resync_ms == 0 || g->leave.leaving) {
        return;
    }
    size_t count = bw_view_pick(g, NULL, picked, 1);
    struct bw_member *heard = g->sync.answered ? NULL : bw_members_find(&g->members, &g->heard[0].id);
    if (heard && bw_view_others(g, heard)) {
        picked[0] = heard; /* the last one asked was silent: somebody who is there */
    }
    if (count == 1) {
        struct bw_dest to = bw_view_dest(picked[0]);
        bw_sync_start(g, &to, true);
        bw_trace_rule(g->trace, BW_RULE_JOINER_ASKS_MORE, &picked[0]->id, g->resync_ms);
    }
    uint32_t most_ms = g->params.sync_delay_max_ms;
    g->resync_ms = g->resync_ms > most_ms / 2 ? most_ms : g->resync_ms * 2;
    bw_gossip_arm(g, &g->resync, BW_TIMER_RESYNC, g->now.mono_us + g->resync_ms * BW_US_PER_MS);
}

/* A sync has ended; agreed: with equal views, and nothing new came. Early on that may be two newcomers agreeing. */
void bw_join_synced(struct bw_gossip *g, bool answered, bool agreed) {
    if (!answered && g->resync_ms > 0) { /* another one, soon */
        bw_gossip_arm(g, &g->resync, BW_TIMER_RESYNC, g->now.mono_us + RESYNC_MIN_MS * BW_US_PER_MS);
    }
    if (agreed && g->resync_ms >= RESYNC_ENOUGH_MS) {
        g->resync_ms = 0;
        bw_gossip_cancel(g, &g->resync);
    }
}

static bool ration(int64_t *full_us, int64_t now_us, int64_t step_us, int64_t burst) {
    int64_t from_us = *full_us > now_us ? *full_us : now_us;
    if (from_us - now_us > step_us * (burst - 1)) {
        return true;
    }
    *full_us = from_us + step_us;
    return false;
}

/* Whether an unproven address has had its answers. The table is bounded: the longest silent one makes room. */
bool bw_join_rationed(struct bw_gossip *g, const struct bw_addr *addr) {
    struct bw_rate *rate = &g->rates[0];
    for (size_t i = 0; i < BW_RATE_MAX; i++) {
        if (bw_addr_equal(&g->rates[i].addr, addr)) {
            rate = &g->rates[i];
            break;
        }
        rate = g->rates[i].full_us < rate->full_us ? &g->rates[i] : rate;
    }
    if (!bw_addr_equal(&rate->addr, addr)) {
        *rate = (struct bw_rate){.addr = *addr, .full_us = g->now.mono_us};
    }
    if (ration(&rate->full_us, g->now.mono_us, RATE_STEP_US, RATE_BURST) ||
        ration(&g->rate_full_us, g->now.mono_us, RATE_ALL_STEP_US, RATE_ALL_BURST)) {
        bw_bound_passed(g, BW_BOUND_ANSWERS, NULL, g->rate_full_us > 0);
        return true;
    }
    return false;
}
