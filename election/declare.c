/* Scopes that we stand for: from the start, or declared and withdrawn while we run. Who withdraws resigns first (election.md
 * rule 6). The terms of scopes that we do not stand in any more are remembered, so that a later declaration claims above them
 * whatever became of the clock and of the others (rule 3). */
#include "election/quorum.h"
#include "election/range.h"
#include "election/seat.h"

#include <string.h>

#define STOP_MS_MAX 3600000u

/* Names of seats are those of scopes with seats alone: what somebody declared as one by itself would rank as one. */
static bool seats_valid(const struct bw_scope_config *config) {
    char name[BW_NAME_MAX + 1] = "";
    if (config->seats > 1)
        bw_scope_seat_name(config->name, config->seats - 1u, name);
    return bw_scope_seat(config->name, NULL) < 0 &&
           (config->seats > 1 ? name[0] != '\0' && config->seat_limit <= config->seats : config->seat_limit == 0);
}

static bool config_valid(const struct bw_params *params, const struct bw_scope_config *config) {
    size_t size = config->name != NULL ? strlen(config->name) : 0;
    return bw_text_valid((const uint8_t *)config->name, size, BW_NAME_MAX) && seats_valid(config) &&
           config->mode <= BW_MODE_BULLY && (!config->witness || config->mode == BW_MODE_QUORUM) &&
           config->failover <= BW_FAILOVER_SAFE && config->lease_ms <= BW_LEASE_MS_MAX &&
           config->min_ack <= params->successor_count && config->min_view <= BW_MIN_VIEW_MAX &&
           config->min_confirm <= BW_CLAIM_FANOUT_MAX && config->stop_ms <= STOP_MS_MAX;
}

/* ------------------------------------------------------------------ terms */

static struct bw_bytes term_name(const struct bw_durable_term *term) {
    const char *end = memchr(term->scope, 0, sizeof term->scope);
    return (struct bw_bytes){.data = (const uint8_t *)term->scope,
                             .size = end != NULL ? (size_t)(end - term->scope) : 0};
}

static void term_of(const struct bw_election *e, const struct bw_scope *scope, struct bw_durable_term *term) {
    memset(term, 0, sizeof *term);
    memcpy(term->scope, scope->name, scope->name_size);
    term->term = scope->seen;
    term->own = scope->seen == scope->pending.term ||
                (scope->seen == scope->reigned.term && bw_id_equal(&scope->reigned.id, &e->self));
}

static void term_take(struct bw_election *e, struct bw_scope *scope, const struct bw_durable_term *term) {
    const struct bw_token reigned = {.term = term->term, .id = term->own ? e->self : (struct bw_id){{0}}};
    scope->seen = term->term > scope->seen ? term->term : scope->seen;
    scope->floor = scope->seen > scope->floor ? scope->seen : scope->floor;
    scope->reigned = bw_token_compare(&reigned, &scope->reigned) > 0 ? reigned : scope->reigned;
}

int bw_remember(struct bw_election *e, const struct bw_durable_term *term) {
    struct bw_scope *scope = bw_scope_find(e, term_name(term));
    if (scope != NULL && scope->candidate) {
        term_take(e, scope, term);
        return 0;
    }
    if (e->remembered == NULL)
        e->remembered = bw_alloc(&e->allocator, BW_REMEMBERED_MAX * sizeof *e->remembered);
    if (e->remembered == NULL)
        return BW_ERR_MEMORY;
    size_t at = e->remembered_count;
    if (at < BW_REMEMBERED_MAX)
        e->remembered_count++;
    else /* terms are seconds: the smallest was claimed longest ago */
        for (size_t i = at = 0; i < e->remembered_count; i++)
            at = e->remembered[i].term < e->remembered[at].term ? i : at;
    e->remembered[at] = *term;
    return 0;
}

static void recall(struct bw_election *e, struct bw_scope *scope) {
    for (size_t i = 0; i < e->remembered_count; i++)
        if (bw_name_compare(term_name(&e->remembered[i]), bw_scope_name(scope)) == 0) {
            term_take(e, scope, &e->remembered[i]);
            e->remembered[i] = e->remembered[--e->remembered_count];
            return;
        }
}

int bw_election_term(const struct bw_election *e, size_t *cursor, struct bw_durable_term *term) {
    for (; *cursor < e->scope_count; ++*cursor) {
        const struct bw_scope *scope = e->scopes[*cursor];
        if (!scope->candidate || scope->seen == 0)
            continue;
        term_of(e, scope, term);
        ++*cursor;
        return 0;
    }
    if (*cursor - e->scope_count >= e->remembered_count)
        return BW_ERR_NOT_FOUND;
    *term = e->remembered[(*cursor)++ - e->scope_count];
    return 0;
}

/* ------------------------------------------------------------------ standing */

/* Others that took us for gone at a refused port hear of the change, and so long we do not claim. */
static void slow_down(struct bw_election *e, struct bw_scope *scope) {
    int64_t until_pt = e->patience_us + 2 * bw_scope_lease_us(e, scope);
    if (scope->told_fast && scope->own.failover == BW_FAILOVER_SAFE && until_pt > scope->not_before_pt)
        scope->not_before_pt = until_pt;
    scope->told_fast = scope->own.failover == BW_FAILOVER_FAST;
}

/* Ourselves are in the list while nobody leads; holders of other seats must not push out all that hold none. */
static size_t successor_limit(const struct bw_election *e, const struct bw_scope_config *config) {
    size_t limit = config->seats > 1 ? e->params.successor_count + config->seats - 1u : 0;
    limit = limit > config->min_view ? limit : config->min_view;
    return limit < BW_SUCCESSORS_MAX ? limit : BW_SUCCESSORS_MAX;
}

static int stand(struct bw_election *e, struct bw_scope *scope, const struct bw_scope_config *config) {
    int error = bw_quorum_declare(e, scope, config);
    if (error != 0 || config->witness)
        return error;
    const struct bw_candidate self = {.priority = config->priority,
                                      .ready = !config->gate && !bw_twice(e),
                                      .spread = config->spread,
                                      .safe = config->failover == BW_FAILOVER_SAFE,
                                      .mode = (uint8_t)config->mode};
    uint16_t least = config->min_view > 0 ? (uint16_t)(config->min_view - 1) : 0;
    error = bw_successors_reserve(e, scope, successor_limit(e, config));
    if (error == 0)
        error = bw_candidate_put(e, scope, &self);
    if (error != 0)
        return error;
    scope->candidate = true;
    scope->gate_open = !config->gate;
    scope->own = *config;
    scope->own.name = NULL; /* scope->name is our copy */
    scope->own.voters = NULL;
    scope->own.min_ack = config->min_ack > least ? config->min_ack : least;
    scope->own.min_confirm = config->min_confirm > least ? config->min_confirm : least;
    recall(e, scope);
    slow_down(e, scope);
    e->candidacies_changed = true;
    return 0;
}

static size_t candidacy_size(struct bw_bytes name) {
    const struct bw_message_candidacy candidacy = {.scope = name};
    return bw_wire_size(&bw_message_schema_candidacy, &candidacy);
}

/* The scopes that a configuration stands for: itself, or its seats. False: there are no more. */
static bool scope_number(const struct bw_scope_config *config, unsigned index, char name[BW_NAME_MAX + 1]) {
    if (config->seats > 1)
        bw_scope_seat_name(config->name, index, name);
    else
        memcpy(name, config->name, strlen(config->name) + 1);
    return name[0] != '\0' && index < (config->seats > 1 ? config->seats + (BW_MUTANT(SEAT_TOO_MANY) ? 1u : 0u) : 1u);
}

static struct bw_bytes text(const char *name) {
    return (struct bw_bytes){.data = (const uint8_t *)name, .size = strlen(name)};
}

/* Whether there is room for all, and none of them is declared already. */
static int declarable(struct bw_election *e, const struct bw_scope_config *config) {
    char name[BW_NAME_MAX + 1];
    size_t size = bw_candidacies_size(e);
    size_t count = e->scope_count;
    for (unsigned i = 0; scope_number(config, i, name); i++) {
        const struct bw_scope *scope = bw_scope_find(e, text(name));
        size += candidacy_size(text(name));
        count += scope == NULL;
        if (scope != NULL && scope->candidate && (!scope->withdrawn || scope->redeclared))
            return BW_ERR_BUSY;
        if (scope != NULL && scope->quorum != NULL && config->mode != BW_MODE_QUORUM)
            return BW_ERR_INVALID; /* its votes would count for nothing */
    }
    return count > e->params.scope_max ? BW_ERR_FULL : size > BW_CANDIDACIES_MAX ? BW_ERR_SPACE : 0;
}

/* We stand anew when our reign has ended, and then nothing may be missing. */
static int redeclare(struct bw_election *e, struct bw_scope *scope, const struct bw_scope_config *config) {
    int error = config->mode == BW_MODE_QUORUM ? bw_quorum_reserve(e, scope) : 0;
    if (error == 0 && !config->witness)
        error = bw_successors_reserve(e, scope, successor_limit(e, config));
    if (error == 0 && !config->witness)
        error = bw_candidates_reserve(e, scope, 1);
    if (error != 0)
        return error;
    scope->redeclared = true;
    scope->next = *config;
    scope->next.name = NULL;
    return 0;
}

static int declare_as(struct bw_election *e, struct bw_bytes name, const struct bw_scope_config *config, bool ranged) {
    struct bw_scope *scope = bw_scope_find(e, name);
    if (scope != NULL && scope->candidate && (!scope->withdrawn || scope->redeclared))
        return BW_ERR_BUSY;
    if (scope == NULL && e->scope_count >= e->params.scope_max)
        return BW_ERR_FULL;
    if (scope != NULL && scope->quorum != NULL && config->mode != BW_MODE_QUORUM)
        return BW_ERR_INVALID; /* its votes would count for nothing */
    ranged = ranged || (scope != NULL && scope->ranged);
    if (ranged && config->mode == BW_MODE_QUORUM)
        return BW_ERR_INVALID; /* it would be told of others in the same frame */
    if (!ranged && bw_candidacies_size(e) + candidacy_size(name) > BW_CANDIDACIES_MAX)
        return BW_ERR_SPACE;
    if (scope != NULL && scope->withdrawn)
        return redeclare(e, scope, config);
    scope = bw_scope_get(e, name);
    if (scope == NULL)
        return BW_ERR_MEMORY;
    scope->ranged = ranged;
    return stand(e, scope, config);
}

int bw_declare_one(struct bw_election *e, const struct bw_scope_config *config, bool ranged) {
    if (!config_valid(&e->params, config) || config->seats > 1)
        return BW_ERR_INVALID;
    return declare_as(e, text(config->name), config, ranged);
}

static int declare_seats(struct bw_election *e, const struct bw_scope_config *config) {
    char name[BW_NAME_MAX + 1];
    int error = config_valid(&e->params, config) ? declarable(e, config) : BW_ERR_INVALID;
    for (unsigned i = 0; error == 0 && scope_number(config, i, name); i++)
        error = declare_as(e, text(name), config, false);
    return error;
}

int bw_declare(struct bw_election *e, const struct bw_scope_config *config) {
    if (config->range_count > 0)
        return bw_range_declare(e, config);
    return config->seats > 1 ? declare_seats(e, config) : bw_declare_one(e, config, false);
}

int bw_election_scope_add(struct bw_election *e, const struct bw_scope_config *config, struct bw_time now) {
    char name[BW_NAME_MAX + 1];
    bw_enter(e, now);
    int error = config->range_count > 0 ? BW_ERR_INVALID : bw_declare(e, config);
    for (unsigned i = 0; error == BW_ERR_MEMORY && config->seats > 1 && scope_number(config, i, name); i++)
        (void)bw_election_scope_remove(e, name, now); /* all of them, or none */
    for (unsigned i = 0; error == 0 && scope_number(config, i, name); i++) {
        struct bw_scope *scope = bw_scope_find(e, text(name));
        if (scope->withdrawn)
            continue;
        scope->better_pt = e->patience_us; /* whoever declared it a moment ago is heard first */
        bw_scope_step(e, scope);
    }
    return error;
}

void bw_withdraw_end(struct bw_election *e, struct bw_scope *scope) {
    struct bw_durable_term term;
    scope->withdrawn = scope->candidate = false;
    if (scope->redeclared) {
        scope->redeclared = false;
        int error = stand(e, scope, &scope->next);
        BW_ASSERT(error == 0); /* redeclare has reserved what it takes */
        scope->better_pt = e->patience_us;
        return;
    }
    term_of(e, scope, &term);
    if (term.term != 0)
        (void)bw_remember(e, &term); /* without memory it is what others remember, and the clock */
}

int bw_election_scope_remove(struct bw_election *e, const char *name, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
    if (scope == NULL || !scope->candidate || (scope->withdrawn && !scope->redeclared))
        return BW_ERR_NOT_FOUND;
    if (scope->withdrawn) {
        scope->redeclared = false;
        return 0;
    }
    bw_trace_rule(e->trace, BW_RULE_WITHDRAW, NULL, scope->claim.token.term);
    bw_timer_cancel(&e->authority, &scope->gate);
    bw_candidate_remove(e, scope, NULL);
    scope->withdrawn = e->candidacies_changed = true;
    scope->aside_pt = BW_PAST;
    bw_resign(e, scope, BW_LOSS_RESIGNED);
    scope->reclaim = false;
    if (scope->withdrawn && scope->phase != BW_PHASE_LEAD)
        bw_withdraw_end(e, scope);
    scope->campaign_pt = scope->contact_pt = BW_PAST;
    bw_scope_step(e, scope);
    return 0;
}
