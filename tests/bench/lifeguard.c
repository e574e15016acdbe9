/* Lifeguard's experiment (Dadgar, Phillips, Currey 2018, section V): 128 members, of which 1 to 32 stop at once for 0.5 to 32 s,
 * go on, and stop again, as under a starved CPU.
 *
 *   lifeguard [RUNS]
 *
 * One line for each way of running: all of it; local health off (health_max = 1); the suspicion always short or always long, as
 * without confirmations. False positives: views that came to hold a healthy member, or anybody, for dead, or a healthy one for
 * suspect by their own probe. The stops are seven times as long as the steps between them. */
#include "sim/sim.h"

#include <stdlib.h>

#define MEMBERS 128u
#define TIMES 4

struct way {
    const char *name;
    uint32_t health_max;  /* 0: the profile's */
    uint32_t alpha, beta; /* 0: the profile's */
};

static const struct way ways[] = {
    {"all", 0, 0, 0}, {"no local health", 1, 0, 0}, {"suspicion always shortest", 0, 0, 1}, {"neither", 1, 0, 1}};

struct sums {
    uint64_t accused;
    uint64_t healthy;
    uint64_t any;
};

static struct sums run(uint64_t seed, const struct way *way, size_t stopped, int64_t for_ms) {
    struct bw_sim_options options;
    struct sums sums = {0};
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.unsealed = options.pooled = true;
    options.scope = NULL;
    options.params.health_max = way->health_max > 0 ? way->health_max : options.params.health_max;
    options.params.suspicion_beta = way->beta > 0 ? way->beta : options.params.suspicion_beta;
    struct bw_sim *sim = bw_sim_create(seed, MEMBERS, &options);
    bw_sim_start_converged(sim);
    bw_sim_run_ms(sim, 5000 + (int64_t)(seed * 331 % 1000));
    for (int i = 0; i < TIMES; i++) {
        for (size_t k = 0; k < stopped; k++)
            bw_sim_pause(sim, k);
        bw_sim_run_ms(sim, for_ms);
        for (size_t k = 0; k < stopped; k++)
            bw_sim_continue(sim, k);
        bw_sim_run_ms(sim, 20);
    }
    bw_sim_run_ms(sim, 20000);
    for (size_t i = 0; i < MEMBERS; i++) {
        sums.any += bw_sim_dead_count(sim, i);
        sums.healthy += i >= stopped ? bw_sim_dead_count(sim, i) : 0;
        sums.accused += i >= stopped ? bw_sim_accused_count(sim, i) : 0;
    }
    bw_sim_destroy(sim);
    return sums;
}

static void cell(const struct way *way, size_t stopped, int64_t for_ms, uint64_t runs) {
    struct sums sums = {0};
    for (uint64_t seed = 1; seed <= runs; seed++) {
        struct sums one = run(seed, way, stopped, for_ms);
        sums.accused += one.accused;
        sums.healthy += one.healthy;
        sums.any += one.any;
    }
    printf("{\"way\": \"%s\", \"stopped\": %zu, \"for_s\": %.1f, \"runs\": %llu, \"healthy_accused\": %llu, "
           "\"healthy_dead\": %llu, \"any_dead\": %llu}\n",
           way->name, stopped, (double)for_ms / 1000, (unsigned long long)runs, (unsigned long long)sums.accused,
           (unsigned long long)sums.healthy, (unsigned long long)sums.any);
    fflush(stdout);
}

int main(int argc, char **argv) {
    static const size_t stopped[] = {1, 4, 8, 16, 32};
    static const int64_t for_ms[] = {500, 2000, 8000, 32000};
    uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : 3;
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++)
        for (size_t s = 0; s < sizeof stopped / sizeof stopped[0]; s++)
            for (size_t f = 0; f < sizeof for_ms / sizeof for_ms[0]; f++)
                cell(&ways[w], stopped[s], for_ms[f], runs);
    return 0;
}
