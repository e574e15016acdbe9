/* The settings by name, their ranges and how they must fit together (config.h). */
#include <bellwether/config.h>

#include <string.h>

#include "base/base.h"
#include "gossip/formula.h"

#define NACK_PERCENT_LEAST 50u

struct parameter {
    const char *name;
    const char *text;
    size_t offset;
    uint32_t least;
    uint32_t largest;
    uint32_t values[3]; /* by enum bw_profile */
};

#define PARAMETER(name, least, largest, local, lan, wan, text) \
    {#name, text, offsetof(struct bw_params, name), least, largest, {local, lan, wan}},
static const struct parameter parameters[] = {BW_PARAMS(PARAMETER)};

static uint32_t *field_of(struct bw_params *params, const struct parameter *parameter) {
    return (uint32_t *)(void *)((char *)params + parameter->offset);
}

void bw_config_init(struct bw_config *config, enum bw_profile profile) {
    BW_ASSERT((unsigned)profile < BW_COUNT(parameters[0].values));
    *config = (struct bw_config){.size = sizeof(*config), .cluster = "default"};
    for (size_t i = 0; i < BW_COUNT(parameters); i++) {
        *field_of(&config->params, &parameters[i]) = parameters[i].values[profile];
    }
}

#define PREEMPT_MS 10000u

void bw_scope_config_init(struct bw_scope_config *scope, const char *name) {
    *scope = (struct bw_scope_config){.name = name,
                                      .mode = BW_MODE_PRIORITY,
                                      .failover = BW_FAILOVER_FAST,
                                      .priority = 100,
                                      .min_ack = 1,
                                      .min_confirm = 1,
                                      .preempt_ms = PREEMPT_MS};
}

int bw_params_set(struct bw_params *params, const char *name, uint32_t value) {
    for (size_t i = 0; i < BW_COUNT(parameters); i++) {
        if (strcmp(parameters[i].name, name) != 0) {
            continue;
        }
        if (value < parameters[i].least || value > parameters[i].largest) {
            return BW_ERR_INVALID;
        }
        *field_of(params, &parameters[i]) = value;
        return 0;
    }
    return BW_ERR_NOT_FOUND;
}

const char *bw_params_describe(size_t index, const char **text, uint32_t *least, uint32_t *largest) {
    if (index >= BW_COUNT(parameters)) {
        return NULL;
    }
    const struct parameter *parameter = &parameters[index];
    if (text) {
        *text = parameter->text;
    }
    if (least) {
        *least = parameter->least;
    }
    if (largest) {
        *largest = parameter->largest;
    }
    return parameter->name;
}

static const char *contradiction(const struct bw_params *p) {
    if (p->probe_timeout_min_ms > p->probe_timeout_max_ms) {
        return "probe_timeout_min_ms is above probe_timeout_max_ms";
    }
    if (p->probe_timeout_max_ms >= p->probe_interval_ms) {
        return "probe_timeout_max_ms leaves no time for indirect probes: it must be below probe_interval_ms";
    }
    if (p->nack_percent > 0 && p->nack_percent < NACK_PERCENT_LEAST) {
        return "nack_percent is 0 (never), or at least 50: a helper must wait for the ack before it says that none "
               "came";
    }
    if (p->gossip_interval_ms > p->probe_interval_ms) {
        return "gossip_interval_ms is above probe_interval_ms";
    }
    if (p->lease_margin_ms >= p->lease_ms) {
        return "lease_margin_ms must be below lease_ms";
    }
    if (p->stagger_ms >= p->lease_ms) {
        return "stagger_ms must be below lease_ms";
    }
    if (p->alone_ms < p->settle_ms) {
        return "alone_ms is below settle_ms";
    }
    if (p->late_ms > p->probe_interval_ms) {
        return "late_ms is above probe_interval_ms: oversleeping would go unnoticed";
    }
    if ((uint64_t)p->reap_after_s * 1000 < (uint64_t)p->probe_interval_ms * 20) {
        return "reap_after_s is below 20 probe intervals: the dead would be forgotten before all know of them";
    }
    return NULL;
}

int bw_params_check(const struct bw_params *params, const char **why) {
    const char *reason = NULL;
    for (size_t i = 0; i < BW_COUNT(parameters) && !reason; i++) {
        uint32_t value = *(const uint32_t *)(const void *)((const char *)params + parameters[i].offset);
        if (value < parameters[i].least || value > parameters[i].largest) {
            reason = parameters[i].name;
        }
    }
    if (!reason) {
        reason = contradiction(params);
    }
    if (why && reason) {
        *why = reason;
    }
    return reason ? BW_ERR_INVALID : 0;
}

/* Who hears nobody finds itself alone, at the earliest, after so long: then it needs nobody to lead. */
static uint32_t alone_ms(const struct bw_params *p) {
    int64_t alone_us =
        p->hear_others != 0 ? bw_alone_us(p, 3) : p->probe_interval_ms * BW_US_PER_MS + bw_suspicion_min_us(p, 3);
    return (uint32_t)(alone_us / BW_US_PER_MS);
}

int bw_scope_check(const struct bw_params *params, const struct bw_scope_config *scope, struct bw_scope_conflict *why) {
    uint32_t lease = scope->lease_ms != 0 ? scope->lease_ms : params->lease_ms;
    uint32_t alone = alone_ms(params);
    bool quorum = scope->mode == BW_MODE_QUORUM; /* its promises do not depend on who finds itself alone */
    struct bw_scope_conflict found = {.text = NULL};
    if (lease <= params->lease_margin_ms) {
        found = (struct bw_scope_conflict){"lease", lease, params->lease_margin_ms + 1,
                                           "at least: it must be longer than lease_margin_ms"};
    } else if (lease <= params->stagger_ms) {
        found = (struct bw_scope_conflict){"lease", lease, params->stagger_ms + 1,
                                           "at least: it must be longer than stagger_ms"};
    } else if (!quorum && scope->min_ack > 0 && lease > alone) {
        found = (struct bw_scope_conflict){
            "lease", lease, alone,
            "at most: a leader that is cut off finds itself alone then, and would lead on beside its successor"};
    } else if (scope->min_ack > params->successor_count) {
        found = (struct bw_scope_conflict){"min_ack", scope->min_ack, params->successor_count,
                                           "at most: a leader has no more successors (successor_count)"};
    } else if (scope->min_view > BW_MIN_VIEW_MAX) {
        found = (struct bw_scope_conflict){"min_view", scope->min_view, BW_MIN_VIEW_MAX, "at most"};
    } else if (quorum && scope->min_view > 0) {
        found = (struct bw_scope_conflict){"min_view", scope->min_view, 0,
                                           "in mode quorum: there the majority of the voters decides"};
    }
    if (why && found.text) {
        *why = found;
    }
    return found.text ? BW_ERR_INVALID : 0;
}
