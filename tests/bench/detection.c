/* A silent host: when the first suspects it, when the first and the last hold it for dead.
 *
 *   detection MEMBERS [RUNS]
 *
 * One world, and one host after another falls silent at a random moment; LAN profile, means over the runs. SWIM's expectation for
 * the first suspicion: a member is probed for the first time after e/(e-1) = 1.58 intervals, by one of many, and is suspected
 * when that interval is over. */
#include "base/rng.h"
#include "sim/sim.h"

#include <stdlib.h>

struct times {
    size_t host; /* that is silent */
    size_t members;
    int64_t suspected_us;
    int64_t first_us;
    int64_t last_us;
    size_t count;
    uint64_t healthy; /* others held for dead */
};

static void on_event(void *context, size_t host, const struct bw_event *event, int64_t at_us) {
    struct times *times = context;
    struct bw_addr addr = bw_sim_addr(times->host);
    bool it = event->addr.ip[2] == addr.ip[2] && event->addr.ip[3] == addr.ip[3];
    if (event->type == BW_EVENT_MEMBER_SUSPECT && it && host != times->host && times->suspected_us < 0)
        times->suspected_us = at_us;
    if (event->type != BW_EVENT_MEMBER_DEAD || host == times->host)
        return;
    times->healthy += !it;
    if (it && times->count++ == 0)
        times->first_us = at_us;
    if (it)
        times->last_us = at_us;
}

static bool all_know(struct bw_sim *sim, void *context) {
    const struct times *times = context;
    (void)sim;
    return times->count + 1 >= times->members;
}

int main(int argc, char **argv) {
    size_t members = argc > 1 ? strtoull(argv[1], NULL, 10) : 100;
    size_t runs = argc > 2 ? strtoull(argv[2], NULL, 10) : members >= 1000 ? 20 : 200;
    double suspected_s = 0;
    double first_s = 0;
    double last_s = 0;
    double worst_s = 0;
    uint64_t healthy = 0;
    size_t done = 0;
    for (size_t run = 0; run < runs; run++) {
        struct times times = {.host = run % members, .members = members, .suspected_us = -1};
        struct bw_sim_options options;
        struct bw_rng rng;
        bw_sim_options_init(&options, BW_PROFILE_LAN);
        options.unsealed = options.pooled = true;
        options.scope = NULL;
        options.on_event = on_event;
        options.context = &times;
        bw_rng_seed(&rng, run);
        struct bw_sim *sim = bw_sim_create(run + 1, members, &options);
        bw_sim_start_converged(sim);
        bw_sim_run_us(sim, 5000000 + (int64_t)bw_rng_below(&rng, 1000000));
        int64_t begin_us = bw_sim_now_us(sim);
        bw_sim_host_silent(sim, times.host, true);
        if (bw_sim_run_until(sim, all_know, &times, 60000)) {
            double took_s = (double)(times.last_us - begin_us) / 1e6;
            suspected_s += (double)(times.suspected_us - begin_us) / 1e6;
            first_s += (double)(times.first_us - begin_us) / 1e6;
            last_s += took_s;
            worst_s = took_s > worst_s ? took_s : worst_s;
            healthy += times.healthy;
            done++;
        }
        bw_sim_destroy(sim);
    }
    double n = (double)done;
    printf("{\"members\": %zu, \"runs\": %zu, \"known\": %zu, \"suspected_s\": %.2f, \"first_dead_s\": %.2f, "
           "\"everywhere_s\": %.2f, \"everywhere_most_s\": %.2f, \"healthy_dead\": %llu}\n",
           members, runs, done, suspected_s / n, first_s / n, last_s / n, worst_s, (unsigned long long)healthy);
    return done == runs ? 0 : 1;
}
