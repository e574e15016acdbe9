/* What a seed means: its cluster. All choices are made here and in swarm_plan.c, none while the world runs. */
#include "tests/scenario/swarm.h"

static uint32_t between(struct bw_rng *rng, uint32_t least, uint32_t most) {
    return least + (uint32_t)bw_rng_below(rng, (uint64_t)most - least + 1);
}

static bool one_in(struct bw_rng *rng, uint32_t n) {
    return bw_rng_below(rng, n) == 0;
}

const char *swarm_scope_name(size_t scope) {
    static const char *const names[] = {"default", "cron", "orders/17", "ledger"};
    BW_ASSERT(scope < BW_COUNT(names));
    return names[scope];
}

const char *swarm_plan_name(enum swarm_plan plan) {
    static const char *const names[] = {"chaos", "sleep", "deaf", "isolate", "processes", "starve"};
    return names[plan];
}

/* Within the valid ranges, and quick, so that much happens in little virtual time. */
static void draw_params(struct bw_rng *rng, struct bw_params *p) {
    p->probe_interval_ms = between(rng, 200, 1000);
    p->probe_timeout_min_ms = between(rng, 20, 50);
    p->probe_timeout_max_ms = between(rng, p->probe_interval_ms / 4, p->probe_interval_ms / 2);
    if (p->probe_timeout_max_ms < p->probe_timeout_min_ms)
        p->probe_timeout_max_ms = p->probe_timeout_min_ms;
    p->indirect_count = between(rng, 1, 4);
    p->nack_percent = between(rng, 60, 90);
    p->suspicion_alpha = between(rng, 1, 3);
    p->suspicion_beta = between(rng, 6, 24);
    p->retransmit_mult = between(rng, 3, 5);
    p->gossip_interval_ms = between(rng, 50, 200);
    p->gossip_fanout = between(rng, 2, 4);
    p->health_max = between(rng, 1, 8);
    p->late_ms = between(rng, 20, 100);
    p->sync_delay_max_ms = between(rng, 2000, 10000);
    p->seed_retry_max_ms = between(rng, 1000, 5000);
    p->lease_ms = between(rng, 500, 2000);
    uint32_t alone_ms = p->probe_interval_ms * (1 + p->suspicion_alpha * p->suspicion_beta); /* see bw_scope_check */
    p->lease_ms = p->lease_ms < alone_ms ? p->lease_ms : alone_ms;
    p->lease_margin_ms = between(rng, 20, 100);
    p->stagger_ms = between(rng, 20, 100);
    p->settle_ms = between(rng, 100, 500);
    p->alone_ms = between(rng, 1500, 5000);
    p->successor_count = between(rng, 1, 6);
}

static void draw_network(struct bw_rng *rng, struct bw_sim_options *options, enum swarm_plan plan) {
    options->latency_us = between(rng, 50, 3000);
    options->jitter_us = between(rng, 0, 4000);
    options->duplicate_ppm = one_in(rng, 3) ? between(rng, 1000, 100000) : 0;
    options->reorder_ppm = one_in(rng, 3) ? between(rng, 1000, 100000) : 0;
    options->reorder_us = between(rng, 1000, 10000);
    options->tick_late_us = between(rng, 0, 3000);
    options->write_us = between(rng, 100, 20000);
    options->wall_skew_us = between(rng, 0, 500000);
    options->extra_tick_ppm = one_in(rng, 8) ? 50000 : 0;
    if (plan == SWARM_CHAOS && one_in(rng, 3))
        options->loss_ppm = between(rng, 1000, 30000);
}

static void draw_scopes(struct bw_rng *rng, struct swarm_draw *draw) {
    draw->scope_count = between(rng, 1, SWARM_SCOPES_MAX - 1);
    for (size_t s = 0; s < draw->scope_count; s++)
        for (size_t i = 0; i < draw->host_count; i++) {
            draw->stands[s][i] = i < 2 || !one_in(rng, 4);
            draw->priorities[s][i] = (uint16_t)between(rng, 98, 102);
        }
}

/* Four of sixteen seeds run the bully algorithm; the same is said of the others' finds. */
static enum bw_mode draw_mode(uint64_t seed) {
    static const bool bully[16] = {[3] = true, [7] = true, [10] = true, [15] = true};
    return bully[seed % 16] ? BW_MODE_BULLY : BW_MODE_PRIORITY;
}

/* Six of sixteen seeds have a hold-down, or none; the others keep to preempt=never, as do all that found something before there
 * was another policy. The other draws of a seed do not depend on it. */
static void draw_policies(struct swarm_draw *draw) {
    static const uint32_t policies[] = {0, 0, 500, 3000, 10000, BW_PREEMPT_NEVER};
    static const bool policed[16] = {[2] = true, [4] = true, [5] = true, [11] = true, [13] = true, [15] = true};
    struct bw_rng rng;
    bw_rng_seed(&rng, draw->seed ^ UINT64_C(0x706f6c696379)); /* "policy" */
    for (size_t s = 0; s < draw->scope_count; s++)
        draw->preempt_ms[s] =
            policed[draw->seed % 16] ? policies[bw_rng_below(&rng, BW_COUNT(policies))] : BW_PREEMPT_NEVER;
}

bool swarm_has_news(uint64_t seed) {
    static const bool news[16] = {[2] = true, [11] = true, [13] = true, [15] = true};
    return news[seed % 16];
}

/* One scope more, whose leader a majority of the first hosts elects. Drawn apart, as the policies. */
static void draw_quorum(struct swarm_draw *draw) {
    static const uint32_t policies[] = {0, 3000, BW_PREEMPT_NEVER};
    struct bw_rng rng;
    bw_rng_seed(&rng, draw->seed ^ UINT64_C(0x71756f72756d)); /* "quorum" */
    draw->quorum_scope = SWARM_SCOPES_MAX;
    if (!swarm_has_news(draw->seed) || draw->host_count < 3)
        return;
    size_t s = draw->quorum_scope = draw->scope_count++;
    draw->voter_count = draw->host_count >= 5 && one_in(&rng, 3) ? 5 : 3;
    draw->options.durable = true;
    draw->preempt_ms[s] = policies[bw_rng_below(&rng, BW_COUNT(policies))];
    for (size_t i = 0; i < draw->host_count; i++) {
        draw->stands[s][i] = i < 2 || !one_in(&rng, 4);
        draw->priorities[s][i] = (uint16_t)between(&rng, 98, 102);
    }
}

/* A third of the seeds that have a second scope give it seats. Drawn apart, as the policies. */
static void draw_seats(struct swarm_draw *draw) {
    struct bw_rng rng;
    bw_rng_seed(&rng, draw->seed ^ UINT64_C(0x7365617473)); /* "seats" */
    if (draw->scope_count > 1 && draw->quorum_scope != 1 && one_in(&rng, 3))
        draw->seats[1] = (uint16_t)between(&rng, 2, 4);
}

static enum swarm_plan draw_plan(struct bw_rng *rng) {
    static const enum swarm_plan plans[] = {SWARM_CHAOS, SWARM_CHAOS,  SWARM_CHAOS,   SWARM_SLEEP,
                                            SWARM_DEAF,  SWARM_STARVE, SWARM_ISOLATE, SWARM_PROCESSES};
    return plans[bw_rng_below(rng, BW_COUNT(plans))];
}

void swarm_draw(struct swarm_draw *draw, uint64_t seed) {
    struct bw_rng rng;
    *draw = (struct swarm_draw){.seed = seed};
    bw_rng_seed(&rng, seed ^ UINT64_C(0x737761726d)); /* "swarm" */
    draw->plan = draw_plan(&rng);
    draw->mode = draw_mode(seed);
    draw->host_count = between(&rng, one_in(&rng, 4) ? 2 : 3, one_in(&rng, 4) ? SWARM_HOSTS_MAX : 7);
    struct bw_sim_options *options = &draw->options;
    bw_sim_options_init(options, BW_PROFILE_LAN);
    draw_params(&rng, &options->params);
    if (draw->plan != SWARM_CHAOS) { /* the others are enough for each other */
        draw->host_count = draw->host_count < 4 ? 4 : draw->host_count;
        options->params.successor_count += 2;
    }
    draw_network(&rng, options, draw->plan);
    draw_scopes(&rng, draw);
    draw_policies(draw);
    options->durable = one_in(&rng, 2);
    options->scope = swarm_scope_name(0);
    options->failover = one_in(&rng, 3) ? BW_FAILOVER_SAFE : BW_FAILOVER_FAST;
    options->seed_count = between(&rng, 2, 3);
    draw->staggered = one_in(&rng, 3);
    draw_quorum(draw);
    draw_seats(draw);
    swarm_draw_steps(draw, &rng);
}
