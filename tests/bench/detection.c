/* A silent host, or a crashed process whose host refuses its port: when it is first probed, when the first suspects it, when the
 * first and the last hold it for dead.
 *
 *   detection MEMBERS [RUNS] [refused] [NAME=VALUE...]
 *
 * One world a run, and one host falls silent at a random moment; LAN profile. SWIM's expectation (3.2): in each interval in which
 * nobody has probed it yet, somebody does so with probability 1 - (1 - 1/(n-1))^(n-1), about 1 - 1/e; so it is first probed in
 * interval number e/(e-1) = 1.58, counted from the failure on: intervals_until_probed is compared to that. Here members probe at
 * moments of their own, so the time itself, first_probe, is shorter than the number of the interval that it falls into. */
#include "base/rng.h"
#include "tests/bench/watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ANSWERS_US 1000 /* what goes to it so soon after its end may answer its last words */

struct run {
    size_t host; /* that is silent */
    size_t members;
    const struct bw_sim *sim;
    int64_t begin_us; /* BW_NEVER: it is not yet */
    int64_t probed_us;
    int64_t suspected_us;
    int64_t first_us;
    int64_t last_us;
    size_t count;
    uint64_t healthy; /* others held for dead */
};

struct figures {
    struct bw_sample probed, suspected, first, last, spread;
    double intervals;
    uint64_t healthy;
    size_t done;
};

static void on_event(void *context, size_t host, const struct bw_event *event, int64_t at_us) {
    struct run *run = context;
    bool it = watch_host(event) == run->host;
    if (event->type == BW_EVENT_MEMBER_SUSPECT && it && host != run->host && run->suspected_us < 0)
        run->suspected_us = at_us;
    if (event->type != BW_EVENT_MEMBER_DEAD || host == run->host)
        return;
    run->healthy += !it;
    if (it && run->count++ == 0)
        run->first_us = at_us;
    if (it)
        run->last_us = at_us;
}

static void on_datagram(void *context, size_t from, size_t to, const uint8_t *data, size_t size) {
    struct run *run = context;
    int64_t now_us = run->sim ? bw_sim_now_us(run->sim) : 0;
    (void)from, (void)data, (void)size;
    if (run->begin_us != BW_NEVER && to == run->host && run->probed_us < 0 && now_us > run->begin_us + ANSWERS_US)
        run->probed_us = now_us;
}

static bool all_know(struct bw_sim *sim, void *context) {
    const struct run *run = context;
    (void)sim;
    return run->count + 1 >= run->members;
}

static bool one(struct run *run, uint64_t seed, struct bw_sim_options *options, bool refused) {
    struct bw_rng rng;
    options->context = run;
    bw_rng_seed(&rng, seed);
    struct bw_sim *sim = bw_sim_create(seed, run->members, options);
    run->sim = sim;
    bw_sim_start_converged(sim);
    bw_sim_run_us(sim, 5000000 + (int64_t)bw_rng_below(&rng, 1000000));
    run->begin_us = bw_sim_now_us(sim);
    if (refused)
        bw_sim_crash(sim, run->host);
    else
        bw_sim_host_silent(sim, run->host, true);
    bool known = bw_sim_run_until(sim, all_know, run, 60000);
    bw_sim_destroy(sim);
    return known;
}

static void add(struct figures *figures, const struct run *run, double interval_us) {
    bw_sample_add(&figures->probed, run->probed_us - run->begin_us);
    bw_sample_add(&figures->suspected, run->suspected_us - run->begin_us);
    bw_sample_add(&figures->first, run->first_us - run->begin_us);
    bw_sample_add(&figures->last, run->last_us - run->begin_us);
    bw_sample_add(&figures->spread, run->last_us - run->first_us);
    figures->intervals += ceil((double)(run->probed_us - run->begin_us) / interval_us);
    figures->healthy += run->healthy;
    figures->done++;
}

static void print(struct figures *f, size_t members, size_t runs, bool refused, double interval_s) {
    double others = (double)members - 1;
    double expected = 1 / (1 - pow(1 - 1 / others, others));
    double intervals = f->intervals / (double)f->done;
    printf("{\"members\": %zu, \"fault\": \"%s\", \"runs\": %zu, \"known\": %zu, \"first_probe_intervals\": %.3f, "
           "\"intervals_until_probed\": %.3f, \"swim_expects\": %.3f, \"ratio\": %.3f, \"ratio_to_e\": %.3f, "
           "\"suspected_s\": %.2f, \"first_dead_s\": %.2f, \"first_dead_p99_s\": %.2f, \"everywhere_s\": %.2f, "
           "\"everywhere_p99_s\": %.2f, \"everywhere_most_s\": %.2f, \"dissemination_p50_s\": %.2f, "
           "\"dissemination_p99_s\": %.2f, \"healthy_dead\": %llu}\n",
           members, refused ? "crashed, port refused" : "silent", runs, f->done, watch_mean_s(&f->probed) / interval_s,
           intervals, expected, intervals / expected, intervals * (1 - exp(-1)), watch_mean_s(&f->suspected),
           watch_mean_s(&f->first), watch_percentile_s(&f->first, 99), watch_mean_s(&f->last),
           watch_percentile_s(&f->last, 99), watch_percentile_s(&f->last, 100), watch_percentile_s(&f->spread, 50),
           watch_percentile_s(&f->spread, 99), (unsigned long long)f->healthy);
}

int main(int argc, char **argv) {
    size_t members = argc > 1 ? strtoull(argv[1], NULL, 10) : 100;
    size_t runs = argc > 2 ? strtoull(argv[2], NULL, 10) : members >= 1000 ? 20 : 200;
    struct figures figures = {0};
    struct bw_sim_options options;
    bool refused = false;
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.params.member_max = members > 5000 ? (uint32_t)members * 2 : options.params.member_max;
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "refused") == 0)
            refused = true;
        else
            watch_set_all(&options.params, argv[i]);
    }
    if (members < 3 || members > 60000)
        return 2;
    options.unsealed = options.pooled = true;
    options.scope = NULL;
    options.on_event = on_event;
    options.on_datagram = on_datagram;
    double interval_us = (double)options.params.probe_interval_ms * 1e3;
    for (size_t seed = 1; seed <= runs; seed++) {
        struct run run = {.host = seed * 7919 % members,
                          .members = members,
                          .begin_us = BW_NEVER,
                          .probed_us = -1,
                          .suspected_us = -1};
        if (one(&run, seed, &options, refused))
            add(&figures, &run, interval_us);
    }
    print(&figures, members, runs, refused, interval_us / 1e6);
    struct bw_sample *samples[] = {&figures.probed, &figures.suspected, &figures.first, &figures.last, &figures.spread};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        bw_sample_free(samples[i]);
    return figures.done == runs ? 0 : 1;
}
