/* The settings by name, their ranges and how they must fit together (config.h). */
#include <bellwether/config.h>
#include <bellwether/scope.h>

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

/* Fills in a struct of the caller's, whose header may be older or newer than this library. */
static void fill(void *to, size_t to_size, const void *from, size_t from_size) {
    memcpy(to, from, to_size < from_size ? to_size : from_size);
    if (to_size > from_size) {
        memset((char *)to + from_size, 0, to_size - from_size);
    }
}

void bw_config_init_sized(struct bw_config *config, size_t size, enum bw_profile profile) {
    BW_ASSERT((unsigned)profile < BW_COUNT(parameters[0].values));
    struct bw_config full = {.size = size, .cluster = "default"};
    for (size_t i = 0; i < BW_COUNT(parameters); i++) {
        *field_of(&full.params, &parameters[i]) = parameters[i].values[profile];
    }
    fill(config, size, &full, sizeof(full));
}

#define PREEMPT_MS 10000u

void bw_scope_config_init_sized(struct bw_scope_config *scope, size_t size, const char *name) {
    struct bw_scope_config full = {.size = size,
                                   .name = name,
                                   .mode = BW_MODE_PRIORITY,
                                   .failover = BW_FAILOVER_FAST,
                                   .priority = 100,
                                   .min_ack = 1,
                                   .min_confirm = 1,
                                   .preempt_ms = PREEMPT_MS};
    fill(scope, size, &full, sizeof(full));
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

#define RANGE_LAST_MAX 65535u

/* Who hears nobody finds itself alone, at the earliest, after so long: then it needs nobody to lead. */
static uint32_t alone_ms(const struct bw_params *p) {
    int64_t alone_us =
        p->hear_others != 0 ? bw_alone_us(p, 3) : p->probe_interval_ms * BW_US_PER_MS + bw_suspicion_min_us(p, 3);
    return (uint32_t)(alone_us / BW_US_PER_MS);
}

static struct bw_scope_conflict range_conflict(const struct bw_params *params, const struct bw_scope_config *scope) {
    if (scope->mode == BW_MODE_QUORUM) {
        return (struct bw_scope_conflict){"range", scope->range_count, 0,
                                          "in mode quorum: declare such scopes one by one"};
    }
    if (scope->range_count > params->scope_max) {
        return (struct bw_scope_conflict){"range", scope->range_count, params->scope_max,
                                          "at most: no more scopes are known in all (scope_max)"};
    }
    const uint32_t more = scope->range_count - 1;
    if (more > RANGE_LAST_MAX || scope->range_first > RANGE_LAST_MAX - more) {
        return (struct bw_scope_conflict){"range", scope->range_first,
                                          more > RANGE_LAST_MAX ? 0 : RANGE_LAST_MAX - more,
                                          "at most: the last number of a range is 65535"};
    }
    const size_t size = (scope->name != NULL ? strlen(scope->name) : 0) + sizeof "/0" - 1;
    const uint32_t last = scope->range_first + more;
    uint32_t largest = 9; /* whose name is not too long */
    for (size_t i = size; i < BW_NAME_MAX && largest < RANGE_LAST_MAX; i++) {
        largest = largest * 10 + 9;
    }
    if (size > BW_NAME_MAX) {
        return (struct bw_scope_conflict){"range", scope->range_count, 0,
                                          "with so long a name: scopes NAME/0, NAME/1 and so on have at most 63 bytes"};
    }
    if (last > largest) {
        return (struct bw_scope_conflict){
            "range", last, largest, "at most with so long a name: NAME/0, NAME/1 and so on have at most 63 bytes"};
    }
    return (struct bw_scope_conflict){.text = NULL};
}

static void seats_conflict(const struct bw_scope_config *scope, struct bw_scope_conflict *found) {
    char last[BW_NAME_MAX + 1] = "";
    const char *name = scope->name != NULL ? scope->name : "";
    if (scope->seats > BW_SEATS_MAX) {
        *found = (struct bw_scope_conflict){"seats", scope->seats, BW_SEATS_MAX, "at most"};
        return;
    }
    if (scope->seats > 1 && scope->range_count > 0) {
        *found = (struct bw_scope_conflict){"seats", scope->seats, 1,
                                            "at most in a range of scopes: give each its seats by itself"};
        return;
    }
    if (bw_scope_seat(name, NULL) >= 0) {
        *found = (struct bw_scope_conflict){"seats", scope->seats, 2,
                                            "at least, of a scope without '#N': NAME#N is the name of a seat of NAME"};
    }
    if (scope->seats > 1) {
        bw_scope_seat_name(name, scope->seats - 1u, last);
    }
    if (scope->seats > 1 && last[0] == '\0') {
        *found = (struct bw_scope_conflict){"seats", scope->seats, 1,
                                            "at most with so long a name: seats are scopes NAME#0, NAME#1 and so on"};
    }
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
    } else if (quorum && (scope->min_ack != 1 || scope->min_confirm != 1)) { /* the defaults */
        bool ack = scope->min_ack != 1;
        found = (struct bw_scope_conflict){ack ? "min_ack" : "min_confirm", ack ? scope->min_ack : scope->min_confirm,
                                           1, "in mode quorum: there the majority of the voters decides"};
    } else if (scope->min_view > BW_MIN_VIEW_MAX) {
        found = (struct bw_scope_conflict){"min_view", scope->min_view, BW_MIN_VIEW_MAX, "at most"};
    } else if (quorum && scope->min_view > 0) {
        found = (struct bw_scope_conflict){"min_view", scope->min_view, 0,
                                           "in mode quorum: there the majority of the voters decides"};
    }
    if (!found.text && scope->range_count > 0) {
        found = range_conflict(params, scope);
    }
    if (!found.text) {
        seats_conflict(scope, &found);
    }
    if (why && found.text) {
        *why = found;
    }
    return found.text ? BW_ERR_INVALID : 0;
}
