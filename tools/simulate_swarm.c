/* The swarm: random clusters with random settings and random faults, and then quiet, in which all must come to one view
 * and one leader. What fails is made as small as it still fails with, and printed as a command. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/rng.h"
#include "tools/command.h"
#include "tools/simulate.h"
#include "tools/text.h"

#define FIRST_FAULT_S 20u
#define STEPS_MAX 6u
#define OLD_SEEDS 1000u
#define MARGIN_US (10 * BW_US_PER_S)

static uint64_t below(struct bw_rng *rng, uint64_t limit) {
    return bw_rng_below(rng, limit);
}

#define PICK(rng, list) ((list)[below(rng, BW_COUNT(list))])

/* A fault without its time. False: it takes none. */
static bool draw_fault(struct bw_rng *rng, uint64_t nodes, char *text, size_t size) {
    static const char *const few[] = {"any", "any", "any2", "leader"};
    static const char *const plain[] = {"crash", "stop", "sleep", "silent", "leave", "disk", "stepdown"};
    static const char *const links[] = {"n0>n1", "n0-n1", "all>any", "any>all", "any>any", "leader>all", "all>leader"};
    static const char *const parts[] = {"50/50", "1/2", "n0/n1", "leader/any", "n0>n1", "leader>any"};
    static const struct {
        const char *kind, *value;
    } on_links[] = {{"loss", "60%"},      {"loss", "90%"},    {"latency", "80ms"},
                    {"latency", "700ms"}, {"flap", "1s/2s"},  {"mtu", "500"},
                    {"duplicate", "30%"}, {"reorder", "30%"}, {"bandwidth", "32kbit/s"}},
      on_hosts[] = {{"slow", "400ms"}, {"rate", "+800"}, {"rate", "-800"}, {"refuse", "yes"}, {"refuse", "no"}},
      instants[] = {{"restart", "kept"}, {"restart", "blank"}, {"clock", "+1h"}, {"clock", "-10d"}};
    const char *who = nodes > 2 ? PICK(rng, few) : "any";
    switch (below(rng, 6)) {
    case 0:
        snprintf(text, size, "partition:%s", nodes > 2 ? PICK(rng, parts) : "n0/n1");
        return true;
    case 1: {
        size_t i = below(rng, BW_COUNT(on_links));
        snprintf(text, size, "%s:%s:%s", on_links[i].kind, below(rng, 2) == 0 ? who : PICK(rng, links),
                 on_links[i].value);
        return true;
    }
    case 2: {
        size_t i = below(rng, BW_COUNT(on_hosts));
        snprintf(text, size, "%s:%s:%s", on_hosts[i].kind, who, on_hosts[i].value);
        return true;
    }
    case 3: {
        size_t i = below(rng, BW_COUNT(instants));
        snprintf(text, size, "%s:%s:%s", instants[i].kind, who, instants[i].value);
        return false;
    }
    default:
        snprintf(text, size, "%s:%s", PICK(rng, plain), who);
        return true;
    }
}

static void draw_faults(struct bw_rng *rng, struct simulation *s) {
    static const unsigned lengths_ms[] = {300, 1000, 3000, 10000, 30000, 60000};
    uint64_t at_ms = FIRST_FAULT_S * 1000u;
    char text[BW_FAULT_TEXT_MAX - 48], whole[BW_FAULT_TEXT_MAX + 1], why[64];
    for (uint64_t i = 1 + below(rng, STEPS_MAX); i > 0; i--) {
        at_ms += below(rng, 20000);
        uint64_t end_ms = at_ms + PICK(rng, lengths_ms);
        if (draw_fault(rng, s->nodes, text, sizeof(text)))
            snprintf(whole, sizeof(whole), "%s@%llums-%llums", text, (unsigned long long)at_ms,
                     (unsigned long long)end_ms);
        else
            snprintf(whole, sizeof(whole), "%s@%llums", text, (unsigned long long)at_ms);
        simulation_add_fault(s, whole, "swarm", why, sizeof(why));
    }
}

/* From chances of their own. Hostile packets and a rotation of keys excuse nothing. */
static void draw_hostilities(struct simulation *s, uint64_t seed) {
    static const char *const whom[] = {"all", "all", "any", "leader"};
    struct bw_rng rng;
    char text[BW_FAULT_TEXT_MAX + 1], why[64];
    bw_rng_seed(&rng, seed ^ UINT64_C(0x6b657973)); /* "keys" */
    uint64_t which = below(&rng, 6);
    uint64_t at_ms = FIRST_FAULT_S * 1000u + below(&rng, 40000);
    if (which < 2) {
        uint64_t until_ms = at_ms + 300 + below(&rng, 20000);
        snprintf(text, sizeof(text), "rotate:all@%llums-%llums", (unsigned long long)at_ms,
                 (unsigned long long)until_ms);
        simulation_add_fault(s, text, "swarm", why, sizeof(why));
    }
    if (which == 1 || which == 2) {
        uint64_t per_s = 5 + below(&rng, 40);
        uint64_t until_ms = at_ms + 300 + below(&rng, 40000);
        snprintf(text, sizeof(text), "hostile:%s:%llu@%llums-%llums", PICK(&rng, whom), (unsigned long long)per_s,
                 (unsigned long long)at_ms, (unsigned long long)until_ms);
        simulation_add_fault(s, text, "swarm", why, sizeof(why));
    }
}

/* What operators do, from chances of their own. */
static void draw_orders(struct simulation *s, uint64_t seed) {
    static const char *const orders[] = {"transfer:any", "priority:any:200", "priority:leader:50", "unready:leader",
                                         "unready:any2"};
    static const uint32_t policies[] = {0, 3000, SIMULATE_PREEMPT_MS, BW_PREEMPT_NEVER};
    struct bw_rng rng;
    char text[BW_FAULT_TEXT_MAX + 1], why[64];
    bw_rng_seed(&rng, seed ^ UINT64_C(0x6f7264657273)); /* "orders" */
    if (below(&rng, 2) == 0)
        return;
    s->preempt_ms = PICK(&rng, policies);
    s->mode = below(&rng, 4) == 0 ? BW_MODE_BULLY : BW_MODE_PRIORITY;
    uint64_t at_ms = FIRST_FAULT_S * 1000u;
    for (uint64_t i = 1 + below(&rng, 3); i > 0; i--) {
        const char *order = PICK(&rng, orders);
        at_ms += below(&rng, 20000);
        snprintf(text, sizeof(text), "%s@%llums", order, (unsigned long long)at_ms);
        if (order[0] == 'u') { /* it ends */
            uint64_t until_ms = at_ms + 300 + below(&rng, 20000);
            snprintf(text, sizeof(text), "%s@%llums-%llums", order, (unsigned long long)at_ms,
                     (unsigned long long)until_ms);
        }
        simulation_add_fault(s, text, "swarm", why, sizeof(why));
    }
}

/* The one word becomes the other, which is not longer. */
static void reword(char *text, const char *from, const char *to) {
    char *at = strstr(text, from);
    if (at == NULL)
        return;
    memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
    memcpy(at, to, strlen(to));
}

/* Voters that lose their state vote no more: here they keep it. From chances of its own. */
static void draw_quorum(struct simulation *s, uint64_t seed) {
    struct bw_rng rng;
    bw_rng_seed(&rng, seed ^ UINT64_C(0x71756f72756d)); /* "quorum" */
    if (below(&rng, 4) != 0 || simulation_voters(s) == 0)
        return;
    s->mode = BW_MODE_QUORUM;
    for (size_t i = 0; i < s->fault_count; i++)
        reword(s->faults[i].text, ":blank", ":kept");
}

/* Some of those that lose their state lose it, or the last of it, in another way. From chances of its own; the first seeds go on
 * to mean what they meant. */
static void draw_disks(struct simulation *s, uint64_t seed) {
    static const char *const ways[] = {":blank", ":torn", ":old"};
    struct bw_rng rng;
    bw_rng_seed(&rng, seed ^ UINT64_C(0x6469736b73)); /* "disks" */
    for (size_t i = 0; seed > OLD_SEEDS && i < s->fault_count; i++)
        reword(s->faults[i].text, ":blank", PICK(&rng, ways));
}

static void draw_param(struct bw_rng *rng, struct simulation *s, const char *name, uint64_t least, uint64_t largest) {
    char value[SIMULATE_VALUE_SIZE], why[256];
    uint64_t drawn = least + below(rng, largest - least + 1);
    snprintf(value, sizeof(value), "%llu", (unsigned long long)drawn);
    simulation_set(s, name, value, why, sizeof(why));
}

/* Within what fits together. */
static void draw_params(struct bw_rng *rng, struct simulation *s) {
    draw_param(rng, s, "indirect_count", 1, 4);
    draw_param(rng, s, "nack_percent", 60, 90);
    draw_param(rng, s, "suspicion_alpha", 1, 3);
    draw_param(rng, s, "suspicion_beta", 6, 24);
    draw_param(rng, s, "retransmit_mult", 3, 5);
    draw_param(rng, s, "gossip_interval_ms", 50, 200);
    draw_param(rng, s, "gossip_fanout", 2, 4);
    draw_param(rng, s, "health_max", 1, 8);
    draw_param(rng, s, "sync_delay_max_ms", 2000, 30000);
    draw_param(rng, s, "lease_ms", 1000, 3000);
    draw_param(rng, s, "stagger_ms", 20, 100);
    draw_param(rng, s, "settle_ms", 100, 500);
    draw_param(rng, s, "successor_count", 1, 6);
}

static void draw(struct simulation *s, uint64_t seed) {
    static const unsigned sizes[] = {2, 3, 3, 4, 5, 5, 5, 7, 10, 16};
    static const uint32_t losses_ppm[] = {0, 0, 0, 1000, 10000, 50000};
    static const unsigned latencies_us[] = {50, 300, 1000, 5000};
    struct bw_rng rng;
    bw_rng_seed(&rng, seed ^ UINT64_C(0x737761726d)); /* "swarm" */
    simulation_init(s);
    s->nodes = PICK(&rng, sizes);
    s->loss_ppm = PICK(&rng, losses_ppm);
    s->latency_us = PICK(&rng, latencies_us);
    s->latency_max_us = s->latency_us + (int64_t)below(&rng, 5000);
    s->duplicate_ppm = below(&rng, 3) == 0 ? 20000 : 0;
    s->reorder_ppm = below(&rng, 3) == 0 ? 20000 : 0;
    s->safe = below(&rng, 3) == 0;
    s->no_state = below(&rng, 3) == 0;
    s->extra_tick_ppm = below(&rng, 8) == 0 ? 50000 : 0;
    if (below(&rng, 2) == 0)
        draw_params(&rng, s);
    draw_faults(&rng, s);
    draw_hostilities(s, seed);
    draw_orders(s, seed);
    draw_quorum(s, seed);
    draw_disks(s, seed);
}

/* So that what is demanded after the last fault falls due. */
static bool set_duration(struct simulation *s) {
    struct bw_measure measure;
    struct bw_fault *faults;
    int64_t last_us = 0;
    s->duration_us = INT64_MAX / 2;
    if (!simulation_resolve(s, &measure, &faults))
        return false;
    for (size_t i = 0; i < measure.fault_count; i++) {
        int64_t end_us = faults[i].until_us != BW_FAULT_FOR_EVER ? faults[i].until_us : faults[i].from_us;
        last_us = end_us > last_us ? end_us : last_us;
    }
    s->duration_us = last_us + bw_measure_whole_bound(&measure) + MARGIN_US;
    s->duration_us -= s->duration_us % BW_US_PER_S;
    free(faults);
    return true;
}

/* Whether it breaks an invariant; violation: the first. Silent. */
static bool breaks(const struct simulation *s, uint64_t seed, char *violation, size_t size) {
    struct bw_measure measure;
    struct bw_fault *faults;
    struct bw_figures figures;
    struct bw_measure_result result;
    if (!simulation_resolve(s, &measure, &faults))
        return false;
    bw_figures_init(&figures, measure.fault_count);
    bool passed = bw_measure_run(&measure, seed, &figures, &result, NULL);
    snprintf(violation, size, "%s", result.violation);
    bw_figures_free(&figures);
    free(faults);
    return !passed;
}

/* The same invariant: names stand before the colon. */
static bool same_kind(const char *a, const char *b) {
    return strncmp(a, b, strcspn(a, ":") + 1) == 0;
}

/* Leaves out each fault that the violation does not need. False: it needs them all. */
static bool leave_out_faults(struct simulation *s, uint64_t seed, const char *violation) {
    char other[256];
    size_t before = s->fault_count;
    for (size_t i = s->fault_count; i-- > 0;) {
        struct simulate_fault left_out = s->faults[i];
        memmove(&s->faults[i], &s->faults[i + 1], (s->fault_count - i - 1) * sizeof(s->faults[0]));
        s->fault_count--;
        if (breaks(s, seed, other, sizeof(other)) && same_kind(other, violation)) {
            free(left_out.text);
            free(left_out.origin);
            continue;
        }
        memmove(&s->faults[i + 1], &s->faults[i], (s->fault_count - i) * sizeof(s->faults[0]));
        s->faults[i] = left_out;
        s->fault_count++;
    }
    return s->fault_count < before;
}

/* Leaves out faults and settings that the violation does not need, one by one. */
static void minimise(struct simulation *s, uint64_t seed, const char *violation) {
    char other[256];
    while (leave_out_faults(s, seed, violation)) {
        /* without the later ones an earlier one may be needless, too */
    }
    for (size_t i = s->set_count; i-- > 0;) {
        struct simulation less = *s;
        memmove(less.sets[i], less.sets[i + 1], (s->set_count - i - 1) * sizeof(s->sets[0]));
        less.set_count--;
        struct bw_measure measure;
        struct bw_fault *faults;
        if (!simulation_resolve(&less, &measure, &faults))
            continue;
        free(faults);
        if (breaks(&less, seed, other, sizeof(other)) && same_kind(other, violation))
            *s = less;
    }
}

static double now_s(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* One scenario; false: it failed, and the command is printed. */
static bool run_one(uint64_t seed, bool forbid_overlap, double *virtual_s) {
    struct simulation s;
    char violation[256];
    draw(&s, seed);
    s.forbid_overlap = forbid_overlap;
    bool good = set_duration(&s);
    *virtual_s += (double)s.duration_us / 1e6 * (double)s.nodes;
    if (good && breaks(&s, seed, violation, sizeof(violation))) {
        minimise(&s, seed, violation);
        char *command = simulation_command(&s, seed);
        printf("%s  # %s\n", command != NULL ? command : "out of memory", violation);
        fflush(stdout);
        free(command);
        good = false;
    }
    simulation_free(&s);
    return good;
}

int simulate_swarm(uint64_t first_seed, uint64_t count, int64_t for_us, bool forbid_overlap) {
    double until_s = now_s() + (double)for_us / 1e6;
    double node_s = 0;
    uint64_t failed = 0, seed = first_seed;
    for (; count > 0 ? seed - first_seed < count : now_s() < until_s; seed++)
        failed += !run_one(seed, forbid_overlap, &node_s);
    printf("%llu scenarios, seeds %llu to %llu, %.1f hours of nodes: %llu failed\n",
           (unsigned long long)(seed - first_seed), (unsigned long long)first_seed,
           (unsigned long long)(seed > first_seed ? seed - 1 : seed), node_s / 3600, (unsigned long long)failed);
    return failed > 0 ? EXIT_NO : EXIT_DONE;
}
