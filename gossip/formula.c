/* Pure timing formulas. n is always the number of members thought alive, ourselves included. */
#include "gossip/formula.h"

#include "base/base.h"
#include "gossip/gossip.h"

#define LOG10_2 0.30102999566398119521
#define QUERY_MULT 16    /* gossip intervals per digit of n: Serf's QueryTimeoutMult */
#define PAIR_INTERVALS 4 /* suspicion of the only other member: nobody can confirm it */

double bw_log2(double value) {
    double result = 0;
    while (value >= 2) {
        value /= 2;
        result += 1;
    }
    double bit = 1;
    for (int i = 0; i < 40; i++) {
        bit /= 2;
        value *= value;
        if (value >= 2) {
            value /= 2;
            result += bit;
        }
    }
    return result;
}

static double log10_of(size_t n) {
    return bw_log2((double)(n > 1 ? n : 1)) * LOG10_2;
}

static int64_t interval_us(const struct bw_params *params) {
    return params->probe_interval_ms * BW_US_PER_MS;
}

uint32_t bw_confirmations_needed(const struct bw_params *params, size_t n) {
    uint32_t wanted = params->indirect_count;
    wanted = wanted < 1 ? 1 : wanted > BW_CONFIRM_MAX ? BW_CONFIRM_MAX : wanted;
    size_t others = n > 2 ? n - 2 : 0; /* neither the accuser nor the accused */
    return others < wanted ? (uint32_t)others : wanted;
}

int64_t bw_suspicion_min_us(const struct bw_params *params, size_t n) {
    if (n <= 2) {
        return PAIR_INTERVALS * interval_us(params);
    }
    double scale = log10_of(n);
    return (int64_t)((double)params->suspicion_alpha * (scale > 1 ? scale : 1) * (double)interval_us(params));
}

int64_t bw_suspicion_max_us(const struct bw_params *params, size_t n) {
    int64_t least_us = bw_suspicion_min_us(params, n);
    return n <= 2 ? least_us : least_us * params->suspicion_beta;
}

int64_t bw_suspicion_timeout_us(const struct bw_params *params, size_t n, uint32_t confirmations) {
    int64_t least_us = bw_suspicion_min_us(params, n);
    int64_t most_us = bw_suspicion_max_us(params, n);
    uint32_t needed = bw_confirmations_needed(params, n);
    if (confirmations >= needed) {
        return least_us;
    }
    double part = bw_log2(confirmations + 1.0) / bw_log2(needed + 1.0);
    return most_us - (int64_t)((double)(most_us - least_us) * part);
}

int64_t bw_suspicion_damped_us(const struct bw_params *params, size_t n, uint8_t refutations) {
    int64_t least_us = bw_suspicion_min_us(params, n);
    int64_t most_us = bw_suspicion_max_us(params, n);
    int64_t wait_us = least_us;
    for (unsigned i = 1; i < refutations && wait_us < most_us; i++) {
        wait_us *= params->damping;
    }
    return wait_us < most_us ? wait_us : most_us;
}

/* ceil(log10(n + 1)) */
static uint32_t digits_of(size_t n) {
    uint32_t digits = 1;
    for (size_t power = 10; power < n + 1; power *= 10) {
        digits++;
    }
    return digits;
}

uint32_t bw_transmit_limit(const struct bw_params *params, size_t n) {
    return params->retransmit_mult * digits_of(n);
}

int64_t bw_query_timeout_us(const struct bw_params *params, size_t n) {
    return (int64_t)params->gossip_interval_ms * BW_US_PER_MS * QUERY_MULT * digits_of(n);
}

int64_t bw_dissemination_us(const struct bw_params *params, size_t n) {
    uint32_t rounds = bw_transmit_limit(params, n) / params->gossip_fanout + 2;
    return rounds * params->gossip_interval_ms * BW_US_PER_MS;
}

int64_t bw_two_rounds_us(const struct bw_params *params, size_t n) {
    return 2 * (int64_t)(n > 2 ? n : 2) * interval_us(params);
}

int64_t bw_alone_us(const struct bw_params *params, size_t n) {
    return interval_us(params) + (n <= 2 ? bw_suspicion_min_us(params, n) : bw_suspicion_max_us(params, n));
}

void bw_gossip_detection_bounds(const struct bw_params *params, size_t member_count, int64_t *least_us,
                                int64_t *most_us) {
    size_t n = member_count > 2 ? member_count : 2;
    int64_t refused_us = BW_REFUSED_TIMEOUT_MS * BW_US_PER_MS;
    int64_t silent_us = interval_us(params) + bw_suspicion_min_us(params, n);
    *least_us = n > 2 && refused_us < silent_us ? refused_us : silent_us;
    /* Probed first in one round and last in the next, and suspected an interval later: so long as two rounds of the other
     * n - 1, each interval stretched by local health. The suspicion, which nobody confirms, is not. Or we are alone. */
    int64_t probed_us = 2 * (int64_t)(n - 1) * interval_us(params) * params->health_max;
    int64_t accused_us = probed_us + bw_suspicion_max_us(params, n);
    int64_t alone_us = bw_alone_us(params, n);
    *most_us = accused_us > alone_us ? accused_us : alone_us;
}
