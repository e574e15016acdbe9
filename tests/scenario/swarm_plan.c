/* What a seed means: its faults. */
#include "tests/scenario/swarm.h"

#include "gossip/formula.h"

#include <stdlib.h>

static uint64_t below(struct bw_rng *rng, uint64_t limit) {
    return bw_rng_below(rng, limit);
}

static void add(struct swarm_draw *draw, int64_t at_ms, enum swarm_fault fault, size_t host, size_t other,
                uint64_t value) {
    BW_ASSERT(draw->step_count < SWARM_STEPS_MAX);
    draw->steps[draw->step_count++] = (struct swarm_step){at_ms, fault, host, other, value};
    if (at_ms > draw->end_ms)
        draw->end_ms = at_ms;
}

/* Goes wrong at a time, and is mended some time later. */
static void trouble(struct swarm_draw *draw, int64_t at_ms, int64_t for_ms, enum swarm_fault fault, size_t host,
                    size_t other, uint64_t value) {
    add(draw, at_ms, fault, host, other, value);
    add(draw, at_ms + for_ms, SWARM_MEND, host, other, fault);
}

static size_t another(struct bw_rng *rng, const struct swarm_draw *draw, size_t host) {
    return (host + 1 + below(rng, draw->host_count - 1)) % draw->host_count;
}

static void restart(struct swarm_draw *draw, struct bw_rng *rng, int64_t at_ms, size_t host) {
    static const enum swarm_fault ways[] = {SWARM_RESTART, SWARM_RESTART_BLANK, SWARM_RESTART_TORN};
    enum swarm_fault way = ways[below(rng, BW_COUNT(ways))];
    if (below(rng, 2) == 0)
        add(draw, at_ms, SWARM_CRASH, host, 0, 0);
    add(draw, at_ms + (int64_t)below(rng, 8000), way, host, 0, below(rng, 1000));
}

/* One fault of any kind. */
static void draw_fault(struct swarm_draw *draw, struct bw_rng *rng, int64_t at_ms) {
    size_t host = below(rng, draw->host_count);
    size_t other = another(rng, draw, host);
    int64_t for_ms = 200 + (int64_t)below(rng, below(rng, 2) == 0 ? 3000 : 15000);
    switch (below(rng, 16)) {
    case 0:
    case 1:
        restart(draw, rng, at_ms, host);
        break;
    case 2:
        add(draw, at_ms, SWARM_PAUSE, host, 0, 0);
        add(draw, at_ms + for_ms, SWARM_CONTINUE, host, 0, 0);
        break;
    case 3:
        trouble(draw, at_ms, for_ms, SWARM_SLOW, host, 0, 50 + below(rng, 1500));
        break;
    case 4:
    case 5:
        trouble(draw, at_ms, for_ms, SWARM_PARTITION, 0, 0, below(rng, UINT64_MAX));
        break;
    case 6:
        trouble(draw, at_ms, for_ms, SWARM_CUT_ONE_WAY, host, other, 0);
        break;
    case 7:
        trouble(draw, at_ms, for_ms, SWARM_LINK_ON_OFF, host, other, 100 + below(rng, 3000));
        break;
    case 8:
        trouble(draw, at_ms, for_ms, SWARM_LOSS, 0, 0, 50000 + below(rng, 750000));
        break;
    case 9:
        add(draw, at_ms, SWARM_WALL_STEP, host, 0, below(rng, 7200000));
        break;
    case 10:
        add(draw, at_ms, SWARM_CLOCK_RATE, host, 0, below(rng, 2 * draw->options.params.drift_ppm + 1));
        break;
    case 11:
        trouble(draw, at_ms, for_ms, SWARM_DISK_FAILS, host, 0, 0);
        break;
    case 12:
        trouble(draw, at_ms, for_ms, SWARM_SILENT, host, 0, 0);
        break;
    case 13:
        add(draw, at_ms, SWARM_LEAVE, host, 0, 0);
        add(draw, at_ms + 1000 + for_ms, SWARM_RETURN, host, 0, 0);
        break;
    case 14:
        add(draw, at_ms, below(rng, 3) == 0 ? SWARM_RESTART_ALL : SWARM_STEPDOWN, host, 0, below(rng, 2000));
        break;
    default:
        add(draw, at_ms, SWARM_NO_MEMORY, host, 0, 1 + below(rng, 30));
        break;
    }
}

static void draw_chaos(struct swarm_draw *draw, struct bw_rng *rng) {
    size_t count = 1 + below(rng, 5);
    for (size_t i = 0; i < count; i++)
        draw_fault(draw, rng, (int64_t)below(rng, 12000));
}

/* Less than half of them sleep, some once, some more often. */
static void draw_sleep(struct swarm_draw *draw, struct bw_rng *rng) {
    size_t first = below(rng, draw->host_count);
    size_t count = 1 + below(rng, (draw->host_count - 1) / 2);
    for (size_t i = 0; i < count; i++) {
        size_t host = (first + i) % draw->host_count;
        int64_t at_ms = (int64_t)below(rng, 3000);
        for (uint64_t naps = 1 + below(rng, 3); naps > 0; naps--) {
            int64_t for_ms = 100 + (int64_t)below(rng, below(rng, 3) == 0 ? 30000 : 4000);
            add(draw, at_ms, SWARM_PAUSE, host, 0, below(rng, 2));
            add(draw, at_ms + for_ms, SWARM_CONTINUE, host, 0, 0);
            at_ms += for_ms + 500 + (int64_t)below(rng, 4000);
        }
    }
}

/* Long enough to believe itself alone and to claim. */
static void draw_deaf(struct swarm_draw *draw, struct bw_rng *rng) {
    int64_t alone_ms = bw_alone_us(&draw->options.params, draw->host_count) / BW_US_PER_MS;
    int64_t for_ms = alone_ms + 5000 + (int64_t)below(rng, 10000);
    trouble(draw, (int64_t)below(rng, 1000), for_ms, SWARM_IN_CUT, below(rng, draw->host_count), 0, 0);
}

/* Answers to the leader travel slowly; then it is cut off, for longer than its lease, not so long that it finds itself alone. */
static void draw_isolate(struct swarm_draw *draw, struct bw_rng *rng) {
    const struct bw_params *p = &draw->options.params;
    int64_t alone_ms = bw_alone_us(p, draw->host_count) / BW_US_PER_MS;
    int64_t for_ms = p->lease_ms + p->lease_margin_ms + 500 + (int64_t)below(rng, 1000);
    if (for_ms > alone_ms / 2)
        for_ms = alone_ms / 2;
    int64_t at_ms = 1000 + (int64_t)below(rng, 1000);
    for (uint64_t times = 1 + below(rng, 3); times > 0; times--) {
        add(draw, at_ms - 1000, SWARM_LINK_SLOW, 0, 0, 20 + below(rng, p->lease_ms / 4));
        trouble(draw, at_ms, for_ms, SWARM_ISOLATE_LEADER, below(rng, draw->scope_count), 0, 0);
        at_ms += for_ms + 6000;
    }
}

static void draw_processes(struct swarm_draw *draw, struct bw_rng *rng) {
    size_t count = 1 + below(rng, 4);
    for (size_t i = 0; i < count; i++) {
        int64_t at_ms = (int64_t)(i * 3000 + below(rng, 3000));
        size_t host = below(rng, draw->host_count);
        if (below(rng, 4) == 0) {
            add(draw, at_ms, SWARM_LEAVE, host, 0, 0);
            add(draw, at_ms + 2000 + (int64_t)below(rng, 5000), SWARM_RETURN, host, 0, 0);
        } else {
            restart(draw, rng, at_ms, host);
        }
    }
}

/* As on a machine that has far too much to do: about as late as a suspicion lasts at least. */
static void draw_starve(struct swarm_draw *draw, struct bw_rng *rng) {
    int64_t least_ms = bw_suspicion_min_us(&draw->options.params, draw->host_count) / BW_US_PER_MS;
    uint64_t late_ms = (uint64_t)least_ms / 2 + below(rng, (uint64_t)least_ms);
    int64_t for_ms = 15000 + (int64_t)below(rng, 15000);
    for (size_t host = 0; host < draw->host_count; host++)
        trouble(draw, (int64_t)below(rng, 500), for_ms, SWARM_SLOW, host, 0, late_ms);
}

/* Every eighth seed: keys are rotated, or somebody without them attacks, or both. It excuses nothing. The draws of a seed do
 * not depend on it, and none of the seeds that found something is among these. */
static void draw_hostilities(struct swarm_draw *draw, struct bw_rng *rng) {
    uint64_t which = below(rng, 3);
    if (draw->seed % 8 != 5)
        return;
    if (which != 0)
        add(draw, (int64_t)below(rng, 8000), SWARM_ROTATE, 0, 0, 100 + below(rng, 15000));
    if (which != 1)
        add(draw, (int64_t)below(rng, 8000), SWARM_HOSTILE, 0, 5 + below(rng, 60), 1000 + below(rng, 15000));
}

/* In a third of the runs in which leaders change: scopes are frozen, and perhaps thawed. Drawn apart, as the hostilities. */
static void draw_freezes(struct swarm_draw *draw) {
    struct bw_rng rng;
    bw_rng_seed(&rng, draw->seed ^ UINT64_C(0x667265657a65)); /* "freeze" */
    if ((draw->plan != SWARM_CHAOS && draw->plan != SWARM_PROCESSES) || below(&rng, 3) != 0)
        return;
    for (uint64_t times = 1 + below(&rng, 3); times > 0; times--) {
        int64_t at_ms = (int64_t)below(&rng, 10000);
        size_t scope = below(&rng, draw->scope_count);
        add(draw, at_ms, SWARM_FREEZE, below(&rng, draw->host_count), scope, 0);
        if (below(&rng, 2) == 0)
            add(draw, at_ms + (int64_t)below(&rng, 10000), SWARM_THAW, below(&rng, draw->host_count), scope, 0);
    }
}

/* Scopes are withdrawn, as when a command ends that runs while its member leads, and declared again. */
static void draw_declarations(struct swarm_draw *draw) {
    struct bw_rng rng;
    bw_rng_seed(&rng, draw->seed ^ UINT64_C(0x6465636c617265)); /* "declare" */
    bool changing = draw->plan == SWARM_CHAOS || draw->plan == SWARM_PROCESSES;
    if (!changing || !swarm_has_news(draw->seed) || below(&rng, 2) != 0)
        return;
    for (uint64_t times = 1 + below(&rng, 5); times > 0; times--) {
        int64_t at_ms = (int64_t)below(&rng, 10000);
        size_t host = below(&rng, draw->host_count);
        size_t scope = below(&rng, draw->scope_count);
        add(draw, at_ms, SWARM_WITHDRAW, host, scope, 0);
        if (below(&rng, 3) != 0)
            add(draw, at_ms + (int64_t)below(&rng, below(&rng, 2) == 0 ? 50 : 8000), SWARM_DECLARE, host, scope, 0);
    }
}

static int by_time(const void *a, const void *b) {
    const struct swarm_step *x = a;
    const struct swarm_step *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->fault != y->fault ? (x->fault < y->fault ? -1 : 1) : (x->host > y->host) - (x->host < y->host);
}

void swarm_draw_steps(struct swarm_draw *draw, struct bw_rng *rng) {
    static void (*const draws[])(struct swarm_draw *, struct bw_rng *) = {draw_chaos,   draw_sleep,     draw_deaf,
                                                                          draw_isolate, draw_processes, draw_starve};
    draws[draw->plan](draw, rng);
    draw_hostilities(draw, rng);
    draw_freezes(draw);
    draw_declarations(draw);
    qsort(draw->steps, draw->step_count, sizeof draw->steps[0], by_time);
}
