/* The election's verbs: made, told of the world, asked for what is to be made durable. See election.h and state.h. */
#include "election/state.h"

#include <string.h>

static bool scope_config_valid(const struct bw_params *params, const struct bw_scope_config *config) {
    size_t size = config->name != NULL ? strlen(config->name) : 0;
    return bw_text_valid((const uint8_t *)config->name, size, BW_NAME_MAX) && config->mode == BW_MODE_PRIORITY &&
           config->failover <= BW_FAILOVER_SAFE && config->lease_ms <= BW_LEASE_MS_MAX &&
           config->min_ack <= params->successor_count && config->min_confirm <= BW_CLAIM_FANOUT_MAX;
}

static int add_own_scope(struct bw_election *e, const struct bw_scope_config *config) {
    if (!scope_config_valid(&e->params, config))
        return BW_ERR_INVALID;
    struct bw_bytes name = {.data = (const uint8_t *)config->name, .size = strlen(config->name)};
    if (bw_scope_find(e, name) != NULL)
        return BW_ERR_INVALID; /* twice */
    if (e->scope_count >= e->params.scope_max)
        return BW_ERR_FULL;
    struct bw_scope *scope = bw_scope_get(e, name);
    if (scope == NULL)
        return BW_ERR_MEMORY;
    const struct bw_candidate self = {
        .priority = config->priority, .ready = !config->gate, .mode = (uint8_t)config->mode};
    scope->candidate = true;
    scope->gate_open = !config->gate;
    scope->own = *config;
    scope->own.name = NULL; /* scope->name is our copy */
    return bw_candidate_put(e, scope, &self);
}

static int add_scopes(struct bw_election *e, const struct bw_election_config *config) {
    int error = 0;
    for (size_t i = 0; i < config->scope_count && error == 0; i++)
        error = add_own_scope(e, &config->scopes[i]);
    for (size_t i = 0; i < config->term_count && error == 0; i++) {
        const char *name = config->terms[i].scope;
        const char *end = memchr(name, 0, sizeof config->terms[i].scope);
        const struct bw_bytes bytes = {.data = (const uint8_t *)name, .size = end != NULL ? (size_t)(end - name) : 0};
        struct bw_scope *scope = bw_scope_find(e, bytes);
        if (scope == NULL)
            continue; /* terms of scopes that we do not stand for are of no use */
        scope->seen = scope->floor = scope->reigned.term = config->terms[i].term;
        scope->reigned.id = config->terms[i].own ? e->self : (struct bw_id){{0}};
    }
    if (error == 0 && bw_candidacies_size(e) > BW_CANDIDACIES_MAX)
        error = BW_ERR_SPACE;
    return error;
}

int bw_election_create(struct bw_election **election, const struct bw_election_config *config, struct bw_time now) {
    struct bw_election *e = bw_alloc(&config->allocator, sizeof *e);
    if (e == NULL)
        return BW_ERR_MEMORY;
    BW_ASSERT(config->params.successor_count > 0 && !bw_id_none(&config->self));
    e->allocator = config->allocator;
    e->trace = config->trace;
    e->params = config->params;
    e->self = config->self;
    e->boot = config->boot;
    e->forgetful = config->forgetful;
    e->has_seeds = config->has_seeds;
    e->now = now;
    e->patience_us = e->started_pt = now.mono_us;
    e->counted_us = BW_PAST;
    e->round_timer.kind = BW_TIMER_ROUND;
    bw_rng_seed(&e->rng, config->seed);
    bw_list_init(&e->peers);
    bw_list_init(&e->dirty);
    bw_list_init(&e->probes);
    bw_table_init(&e->peer_table, config->allocator, config->params.member_max);
    e->best = bw_alloc(&e->allocator, e->params.successor_count * sizeof *e->best);
    int error = e->best == NULL ? BW_ERR_MEMORY : add_scopes(e, config);
    if (error != 0) {
        bw_election_destroy(e);
        return error;
    }
    bw_scope_step_all(e);
    *election = e;
    return 0;
}

void bw_election_destroy(struct bw_election *e) {
    if (e == NULL)
        return;
    struct bw_allocator allocator = e->allocator;
    bw_scope_free_all(e);
    bw_peer_free_all(e);
    bw_queue_free(e);
    bw_free(&allocator, e->best, e->params.successor_count * sizeof *e->best);
    bw_free(&allocator, e, sizeof *e);
}

/* ------------------------------------------------------------------ what node tells */

void bw_election_view(struct bw_election *e, const struct bw_election_view *view, struct bw_time now) {
    bw_enter(e, now);
    e->view = *view;
    e->agreed_once = e->agreed_once || view->agreed;
    bw_scope_step_all(e);
}

void bw_election_refused(struct bw_election *e, const struct bw_id *id, struct bw_time now) {
    bw_enter(e, now);
    struct bw_peer *peer = bw_peer_find(e, id);
    if (peer != NULL)
        bw_watch_refused(e, peer);
}

/* It lives, and who leads a scope would say in time that it does not any more: as good as a heartbeat to a watcher. */
void bw_election_answered(struct bw_election *e, const struct bw_id *id, bool ok, struct bw_time now) {
    bw_enter(e, now);
    struct bw_peer *peer = bw_peer_find(e, id);
    if (peer == NULL || !ok)
        return;
    peer->refused_pt = BW_PAST;
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        if (bw_id_equal(&scope->claim.token.id, id) && bw_reign_current(scope) && scope->ask_pt != BW_PAST) {
            scope->heard_pt = e->patience_us;
            bw_scope_step(e, scope);
        }
    }
}

/* ------------------------------------------------------------------ durability */

bool bw_election_persist(struct bw_election *e) {
    bool wanted = false;
    if (e->persisting)
        return false; /* one write at a time */
    for (size_t i = 0; i < e->scope_count; i++)
        if (e->scopes[i]->persist == BW_PERSIST_WANTED) {
            e->scopes[i]->persist = BW_PERSIST_UNDER_WAY;
            wanted = true;
        }
    e->persisting = wanted;
    return wanted;
}

void bw_election_persisted(struct bw_election *e, bool ok, struct bw_time now) {
    bw_enter(e, now);
    if (!e->persisting)
        return;
    e->persisting = false;
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        if (scope->persist != BW_PERSIST_UNDER_WAY)
            continue;
        scope->persist = BW_PERSIST_NONE;
        bw_claim_persisted(e, scope, ok);
        bw_scope_step(e, scope);
    }
}

int bw_election_term(const struct bw_election *e, size_t index, struct bw_durable_term *term) {
    for (size_t i = 0; i < e->scope_count; i++) {
        const struct bw_scope *scope = e->scopes[i];
        if (!scope->candidate || scope->seen == 0)
            continue;
        if (index-- == 0) {
            memset(term, 0, sizeof *term);
            memcpy(term->scope, scope->name, scope->name_size);
            term->term = scope->seen;
            term->own = scope->seen == scope->pending.term ||
                        (scope->seen == scope->reigned.term && bw_id_equal(&scope->reigned.id, &e->self));
            return 0;
        }
    }
    return BW_ERR_NOT_FOUND;
}
