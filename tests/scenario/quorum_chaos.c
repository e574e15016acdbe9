#include "tests/scenario/quorum_chaos.h"

#include "base/base.h"
#include "base/rng.h"
#include "sim/sim.h"
#include "tests/lib/marks.h"

#include <stdio.h>

#define SCOPE "default"
#define HOSTS_MAX 7u
#define STEPS 40

static struct bw_sim *sim;
static struct bw_rng rng;
static size_t hosts;

static uint64_t below(uint64_t limit) {
    return bw_rng_below(&rng, limit);
}

static void on_rule(void *context, size_t host, enum bw_rule rule) {
    (void)context;
    (void)host;
    marks_hit(rule);
}

static size_t leader(void) {
    for (size_t i = 0; i < hosts; i++)
        if (bw_sim_running(sim, i) && bw_sim_may_act(sim, i, SCOPE))
            return i;
    return below(hosts);
}

static int change(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_change_voters(node, SCOPE, context, below(2) == 0, NULL, now);
}

/* Up to four changes at once, if they were allowed: then who leads is cut off with some. */
static void change_voters(size_t at) {
    for (uint64_t count = 1 + below(4); count > 0; count--) {
        size_t whom = below(hosts);
        if (!bw_sim_running(sim, at) || bw_sim_node(sim, whom) == NULL)
            return;
        struct bw_id id = bw_node_id(bw_sim_node(sim, whom));
        (void)bw_sim_call(sim, at, "changes the voters", change, &id);
    }
    if (below(2) == 0)
        bw_sim_run_ms(sim, (int64_t)below(300));
}

static void partition(size_t with) {
    unsigned groups[HOSTS_MAX] = {0};
    for (size_t i = 0; i < hosts; i++)
        groups[i] = i == with || below(3) == 0;
    bw_sim_partition(sim, groups);
}

static void restart(size_t host, int64_t after_ms) {
    if (bw_sim_node(sim, host) != NULL)
        bw_sim_crash(sim, host);
    bw_sim_run_ms(sim, after_ms);
    if (bw_sim_node(sim, host) == NULL)
        (void)bw_sim_start(sim, host);
}

static void mend(void) {
    bw_sim_heal(sim);
    for (size_t i = 0; i < hosts; i++) {
        *bw_sim_in(sim, i) = *bw_sim_out(sim, i) = (struct bw_sim_link){0};
        bw_sim_disk_fails(sim, i, false);
        if (bw_sim_node(sim, i) == NULL)
            (void)bw_sim_start(sim, i);
        else if (!bw_sim_running(sim, i))
            bw_sim_continue(sim, i);
    }
}

/* The leader is gone; whoever stands then stops for a while, perhaps between its votes and its first renewal. */
static void pause_a_candidate(int64_t lease_ms) {
    size_t gone = leader();
    size_t host = (gone + 1 + below(hosts - 1)) % hosts;
    if (bw_sim_node(sim, gone) != NULL)
        bw_sim_crash(sim, gone);
    bw_sim_run_ms(sim, lease_ms - 100 + (int64_t)below(300));
    if (!bw_sim_running(sim, host))
        return;
    bw_sim_pause(sim, host);
    bw_sim_run_ms(sim, lease_ms + (int64_t)below((uint64_t)lease_ms));
    bw_sim_continue(sim, host);
}

static void fault(int64_t lease_ms) {
    size_t host = below(2) == 0 ? leader() : below(hosts);
    bool runs = bw_sim_running(sim, host);
    switch (below(14)) {
    case 0:
    case 1:
        restart(host, (int64_t)below(below(2) == 0 ? 3 : 3000));
        break;
    case 2:
        for (size_t i = 0; i < hosts; i++) /* voters one after the other, quickly */
            if (i != host && below(2) == 0)
                restart(i, (int64_t)below(20));
        break;
    case 3:
        if (runs)
            bw_sim_pause(sim, host);
        break;
    case 4:
    case 5:
        partition(host);
        break;
    case 6:
        if (runs && below(4) == 0)
            bw_sim_disk_fails(sim, host, true);
        break;
    case 7:
        if (runs)
            (void)bw_sim_stepdown(sim, host, SCOPE, 1 + (uint32_t)below(1000));
        break;
    case 8:
        bw_sim_in(sim, host)->latency_us = (uint32_t)below(600) * 1000;
        break;
    case 9:
        change_voters(host);
        break;
    case 10:
        bw_sim_cut_one_way(sim, host, (host + 1 + below(hosts - 1)) % hosts);
        break;
    case 11:
        pause_a_candidate(lease_ms);
        break;
    default:
        mend();
        break;
    }
}

static bool somebody_leads(struct bw_sim *world, void *context) {
    (void)context;
    return bw_sim_acting_count(world, SCOPE) == 1;
}

static void draw(struct bw_sim_options *options) {
    bw_sim_options_init(options, BW_PROFILE_LAN);
    options->durable = true;
    options->voter_count = below(3) == 0 ? 5 : 3;
    hosts = options->voter_count + below(3);
    options->candidate_count = hosts - below(2);
    options->params.lease_ms = 500 + (uint32_t)below(1000);
    options->params.probe_interval_ms = 300;
    options->params.probe_timeout_max_ms = 150;
    options->latency_us = 50 + (uint32_t)below(3000);
    options->jitter_us = (uint32_t)below(4000);
    options->duplicate_ppm = 50000;
    options->reorder_ppm = 50000 + (uint32_t)below(200000);
    options->reorder_us = below(2) == 0 ? 10000 : 2000000;
    options->write_us = 100 + (uint32_t)below(20000);
    options->on_rule = on_rule;
}

/* Who leads is a, e would; both reach v and w unless it says otherwise, a alone reaches b. e's words to v are slow. */
static void pairs(size_t a, bool a_v, bool a_w, uint32_t slow_ms, int64_t for_ms) {
    enum { B = 2, V, W };
    size_t e = 1 - a;
    bw_sim_heal(sim);
    bw_sim_cut(sim, a, e);
    bw_sim_cut(sim, e, B);
    if (!a_v)
        bw_sim_cut(sim, a, V);
    if (!a_w)
        bw_sim_cut(sim, a, W);
    bw_sim_link(sim, e, V)->latency_us = slow_ms * 1000;
    bw_sim_run_ms(sim, for_ms);
}

bool quorum_in_turn(uint64_t seed, char violation[256]) {
    struct bw_sim_options options;
    bw_rng_seed(&rng, seed ^ UINT64_C(0x7475726e)); /* "turn" */
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.durable = true;
    options.voter_count = hosts = 5;
    options.candidate_count = 2;
    options.params.lease_ms = 1000;
    options.latency_us = 1000;
    sim = bw_sim_create(seed, hosts, &options);
    bw_sim_start_all(sim);
    if (!bw_sim_run_until(sim, somebody_leads, NULL, 60000))
        bw_sim_fail(sim, "nobody leads at first");
    size_t a = leader();
    for (int i = 0; i < 20 && bw_sim_violation(sim) == NULL; i++) {
        uint32_t slow_ms = 200 + (uint32_t)below(130);
        pairs(a, true, false, slow_ms, 1200 + (int64_t)below(1000)); /* w is free */
        pairs(a, false, false, slow_ms, 700 + (int64_t)below(200));  /* v soon will be; e asks both */
        pairs(a, false, true, slow_ms, 170);                         /* one renewal by w */
        pairs(a, false, false, slow_ms, 2 * (int64_t)slow_ms);       /* v votes for e, w does not yet */
        pairs(a, true, false, slow_ms, 1000); /* a's renewal reaches v: refused, or two will lead */
        pairs(a, true, true, 0, (int64_t)below(3000));
        a = bw_sim_may_act(sim, 1 - a, SCOPE) ? 1 - a : a;
    }
    bool passed = bw_sim_violation(sim) == NULL;
    snprintf(violation, 256, "%s", passed ? "" : bw_sim_violation(sim));
    bw_sim_destroy(sim);
    return passed;
}

bool quorum_chaos(uint64_t seed, int32_t ppm, char violation[256]) {
    struct bw_sim_options options;
    bw_rng_seed(&rng, seed ^ UINT64_C(0x71756f72756d)); /* "quorum" */
    draw(&options);
    sim = bw_sim_create(seed, hosts, &options);
    bw_sim_start_all(sim);
    for (size_t i = 0; i < hosts; i++)
        bw_sim_clock_rate(sim, i, below(2) == 0 ? ppm : -ppm);
    if (!bw_sim_run_until(sim, somebody_leads, NULL, 60000))
        bw_sim_fail(sim, "nobody leads at first");
    for (int i = 0; i < STEPS && bw_sim_violation(sim) == NULL; i++) {
        bw_sim_run_ms(sim, (int64_t)below(below(2) == 0 ? 100 : 2 * options.params.lease_ms));
        if (bw_sim_violation(sim) == NULL)
            fault(options.params.lease_ms);
    }
    if (bw_sim_violation(sim) == NULL) {
        mend();
        if (!bw_sim_run_until(sim, somebody_leads, NULL, 90000))
            bw_sim_fail(sim, "nobody leads though a majority is connected");
    }
    bool passed = bw_sim_violation(sim) == NULL;
    snprintf(violation, 256, "%s", passed ? "" : bw_sim_violation(sim));
    bw_sim_destroy(sim);
    return passed;
}

static int remove_voter(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_change_voters(node, SCOPE, context, false, NULL, now);
}

static size_t wait_acting(void) {
    bw_sim_run_ms(sim, 15000);
    return leader();
}

/* docs/MODEL.md, "configurations must be stamped": a's removal of b, of which nobody heard, meets what c, elected since, did. */
bool quorum_forgotten_change(uint64_t seed, char violation[256]) {
    struct bw_sim_options options;
    unsigned groups[4] = {0};
    struct bw_id id;
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.durable = true;
    options.voter_count = hosts = 4;
    sim = bw_sim_create(seed, hosts, &options);
    bw_sim_start_all(sim);
    size_t a = wait_acting();
    size_t b = (a + 1) % 4;
    groups[a] = 1;
    bw_sim_partition(sim, groups);
    id = bw_node_id(bw_sim_node(sim, b));
    if (bw_sim_call(sim, a, "removes a voter", remove_voter, &id) != 0)
        bw_sim_fail(sim, "the leader cannot change its voters");
    size_t c = wait_acting();
    size_t hears = c != b ? b : (a + 2) % 4; /* the one that is left is in a's list */
    for (size_t i = 0; i < 4; i++)
        groups[i] = i == a ? 1 : i == c || i == hears ? 0 : 2;
    bw_sim_partition(sim, groups);
    id = bw_node_id(bw_sim_node(sim, a));
    if (bw_sim_call(sim, c, "removes a voter", remove_voter, &id) != 0)
        bw_sim_fail(sim, "the next leader cannot change its voters");
    bw_sim_run_ms(sim, 3000);
    for (size_t i = 0; i < 4; i++)
        groups[i] = i == c || i == hears ? 0 : 1;
    bw_sim_partition(sim, groups);
    bw_sim_run_ms(sim, 20000);
    bool passed = bw_sim_violation(sim) == NULL;
    snprintf(violation, 256, "%s", passed ? "" : bw_sim_violation(sim));
    bw_sim_destroy(sim);
    return passed;
}
