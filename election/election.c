/* The election's verbs: made, told of the world, asked for what is to be made durable. See election.h and state.h. */
#include "election/quorum.h"
#include "election/range.h"

static int add_scopes(struct bw_election *e, const struct bw_election_config *config) {
    int error = 0;
    for (size_t i = 0; i < config->scope_count && error == 0; i++)
        error = bw_declare(e, &config->scopes[i]);
    if (error == BW_ERR_BUSY)
        error = BW_ERR_INVALID; /* one twice */
    for (size_t i = 0; i < config->term_count && error == 0; i++)
        error = bw_remember(e, &config->terms[i]);
    for (size_t i = 0; i < config->vote_count && error == 0; i++)
        error = bw_quorum_restore(e, &config->votes[i]);
    return error;
}

int bw_election_create(struct bw_election **election, const struct bw_election_config *config, struct bw_time now) {
    struct bw_election *e = bw_alloc(&config->allocator, sizeof *e);
    if (e == NULL)
        return BW_ERR_MEMORY;
    BW_ASSERT(config->params.successor_count > 0 && config->params.successor_count <= BW_SUCCESSORS_MAX &&
              !bw_id_none(&config->self));
    e->allocator = config->allocator;
    e->trace = config->trace;
    e->params = config->params;
    e->self = config->self;
    e->boot = config->boot;
    e->forgetful = config->forgetful && !BW_MUTANT(NO_LISTENING);
    e->has_seeds = config->has_seeds;
    e->timeout_us = config->timeout_us;
    e->timeout_context = config->timeout_context;
    e->may_lead = config->may_lead;
    e->may_lead_context = config->may_lead_context;
    e->sign = config->sign;
    e->signed_by = config->signed_by;
    e->sign_context = config->sign_context;
    e->now = now;
    e->patience_us = e->started_pt = now.mono_us;
    e->counted_us = e->twice_pt = BW_PAST;
    e->round_timer.kind = BW_TIMER_ROUND;
    bw_rng_seed(&e->rng, config->seed);
    bw_list_init(&e->peers);
    bw_list_init(&e->dirty);
    bw_list_init(&e->freeze_dirty);
    bw_list_init(&e->probes);
    bw_table_init(&e->peer_table, config->allocator, config->params.member_max);
    int error = add_scopes(e, config);
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
    bw_ranges_free(e);
    bw_peer_free_all(e);
    bw_queue_free(e);
    bw_free(&allocator, e->remembered, BW_REMEMBERED_MAX * sizeof *e->remembered);
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
    if (e->persisting || (!e->persist_due && !e->any_quorum))
        return false; /* one write at a time */
    e->persist_due = false;
    for (size_t i = 0; i < e->scope_count; i++) {
        if (e->scopes[i]->quorum != NULL && bw_quorum_persist(e->scopes[i]->quorum))
            wanted = true;
        if (e->scopes[i]->persist == BW_PERSIST_WANTED) {
            e->scopes[i]->persist = BW_PERSIST_UNDER_WAY;
            wanted = true;
        }
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
        if (scope->quorum != NULL)
            bw_quorum_persisted(e, scope, ok);
        if (scope->persist != BW_PERSIST_UNDER_WAY)
            continue;
        scope->persist = BW_PERSIST_NONE;
        bw_claim_persisted(e, scope, ok);
        bw_scope_step(e, scope);
    }
}
