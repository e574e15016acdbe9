/* Each host's two clocks, which may be off, run at their own rate, and be set. Monotonic clocks of two hosts have nothing in
 * common; a process that is paused finds that its clock went on. */
#include "sim/internal.h"

#define PPM INT64_C(1000000)
#define EPOCH_US (INT64_C(1750000000) * BW_US_PER_S) /* what an exact wall clock shows at the world's start */
#define UPTIME_MAX_US (INT64_C(100) * 86400 * BW_US_PER_S)

/* A length of real time as the host's clocks measure it; rounded down, so that it never runs back. */
static int64_t scaled(const struct bw_sim_host *host, int64_t real_us) {
    int64_t whole = real_us / PPM;
    int64_t rest = real_us % PPM;
    return real_us + whole * host->rate_ppm + rest * host->rate_ppm / PPM;
}

struct bw_time bw_sim_clock_at(const struct bw_sim_host *host, int64_t real_us) {
    int64_t passed_us = scaled(host, real_us - host->base_us);
    struct bw_time time = {host->mono_base_us + passed_us, host->wall_base_us + passed_us};
    return time;
}

int64_t bw_sim_clock_real(const struct bw_sim_host *host, int64_t mono_us) {
    int64_t left_us = mono_us - host->mono_base_us;
    int64_t whole = left_us / (PPM + host->rate_ppm);
    int64_t rest = left_us % (PPM + host->rate_ppm);
    int64_t real_us = host->base_us + whole * PPM + rest * PPM / (PPM + host->rate_ppm);
    while (bw_sim_clock_at(host, real_us).mono_us < mono_us)
        real_us++;
    return real_us;
}

/* Starts the next stretch of the clocks: what they show stays, the rate may change. */
static void rebase(struct bw_sim *sim, struct bw_sim_host *host) {
    struct bw_time now = bw_sim_clock_at(host, sim->now_us);
    host->base_us = sim->now_us;
    host->mono_base_us = now.mono_us;
    host->wall_base_us = now.wall_us;
}

void bw_sim_clock_start(struct bw_sim *sim, struct bw_sim_host *host) {
    uint64_t skew_us = sim->options.wall_skew_us;
    host->base_us = sim->now_us;
    host->mono_base_us = (int64_t)bw_rng_below(&host->entropy, (uint64_t)UPTIME_MAX_US);
    host->wall_base_us =
        EPOCH_US + sim->now_us - (int64_t)skew_us + (int64_t)bw_rng_below(&host->entropy, 2 * skew_us + 1);
}

void bw_sim_clock_rate(struct bw_sim *sim, size_t host, int32_t ppm) {
    struct bw_sim_host *changed = bw_sim_host(sim, host);
    BW_ASSERT(ppm > -PPM);
    bw_sim_record_text(sim, host, "clock rate %+ld ppm", (long)ppm);
    rebase(sim, changed);
    changed->rate_ppm = ppm;
    changed->tick_at_us = BW_NEVER; /* planned by the old rate */
    if (changed->node != NULL)
        bw_sim_host_pump(sim, host);
}

void bw_sim_wall_step(struct bw_sim *sim, size_t host, int64_t by_ms) {
    bw_sim_record_text(sim, host, "wall clock stepped by %lld ms", (long long)by_ms);
    bw_sim_host(sim, host)->wall_base_us += by_ms * BW_US_PER_MS;
}

struct bw_time bw_sim_clock(const struct bw_sim *sim, size_t host) {
    return bw_sim_clock_at(bw_sim_host(sim, host), sim->now_us);
}
