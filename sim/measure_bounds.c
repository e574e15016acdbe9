/* What a run may be held to: for how long something may remain unknown, and when that can be demanded at all. */
#include "sim/measure.h"

#include "base/base.h"
#include "gossip/formula.h"
#include "gossip/gossip.h"

static bool is_harmless(const struct bw_fault *fault) {
    return fault->kind == BW_FAULT_DUPLICATE || fault->kind == BW_FAULT_REORDER || fault->kind == BW_FAULT_CLOCK ||
           fault->kind == BW_FAULT_STEPDOWN || fault->kind == BW_FAULT_THAW || fault->kind == BW_FAULT_HOSTILE ||
           (fault->kind == BW_FAULT_ROTATE && fault->who.kind == BW_WHO_ALL) || bw_fault_removes(fault);
}

/* The published bounds are those of a network that carries most of what is sent. */
bool bw_measure_network_is_fair(const struct bw_measure *measure, int64_t from_us, int64_t until_us) {
    if (measure->options.loss_ppm > BW_SIM_PPM_MAX / 5)
        return false;
    for (size_t i = 0; i < measure->fault_count; i++) {
        const struct bw_fault *fault = &measure->faults[i];
        if (!is_harmless(fault) && fault->until_us >= from_us && fault->from_us <= until_us)
            return false;
    }
    return true;
}

int64_t bw_measure_known_bound(const struct bw_measure *measure) {
    const struct bw_params *params = &measure->options.params;
    int64_t least_us, most_us;
    bw_gossip_detection_bounds(params, measure->node_count, &least_us, &most_us);
    return most_us + bw_dissemination_us(params, measure->node_count);
}

int64_t bw_measure_whole_bound(const struct bw_measure *measure) {
    const struct bw_params *p = &measure->options.params;
    return bw_measure_known_bound(measure) + (2 * (int64_t)p->seed_retry_max_ms + 2 * (int64_t)p->sync_delay_max_ms +
                                              (int64_t)measure->node_count * p->probe_interval_ms) *
                                                 BW_US_PER_MS;
}

/* Some got keys that the others have not, and nobody gave all the same ones afterwards. */
static bool leaves_keys_apart(const struct bw_measure *measure, const struct bw_fault *some) {
    if (some->kind != BW_FAULT_ROTATE || some->who.kind == BW_WHO_ALL)
        return false;
    for (size_t i = 0; i < measure->fault_count; i++) {
        const struct bw_fault *fault = &measure->faults[i];
        if (fault->kind == BW_FAULT_ROTATE && fault->who.kind == BW_WHO_ALL && fault->from_us >= some->until_us)
            return false;
    }
    return true;
}

bool bw_measure_settles(const struct bw_measure *measure) {
    for (size_t i = 0; i < measure->fault_count; i++) {
        const struct bw_fault *fault = &measure->faults[i];
        if (leaves_keys_apart(measure, fault))
            return false;
        if (!is_harmless(fault) && fault->shape != BW_SHAPE_PARTS && fault->until_us == BW_FAULT_FOR_EVER)
            return false;
    }
    return measure->options.loss_ppm <= BW_SIM_PPM_MAX / 5;
}
