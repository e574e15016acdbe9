/* The table of scopes, and of each scope its candidates in the order of rank: who succeeds, who stands before whom. */
#include "election/quorum.h"
#include "election/seat.h"

#include <string.h>

struct bw_bytes bw_scope_name(const struct bw_scope *scope) {
    return (struct bw_bytes){.data = (const uint8_t *)scope->name, .size = scope->name_size};
}

int64_t bw_scope_lease_us(const struct bw_election *e, const struct bw_scope *scope) {
    if (scope->quorum != NULL)
        return scope->quorum->vote.lease_ms * BW_US_PER_MS;
    uint32_t lease_ms = scope->candidate && scope->own.lease_ms != 0 ? scope->own.lease_ms : e->params.lease_ms;
    return lease_ms * BW_US_PER_MS;
}

/* Where the name is, or would be. */
size_t bw_scope_index(const struct bw_election *e, struct bw_bytes name, bool *found) {
    size_t low = 0;
    size_t high = e->scope_count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = bw_name_compare(bw_scope_name(e->scopes[middle]), name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct bw_scope *bw_scope_find(const struct bw_election *e, struct bw_bytes name) {
    bool found;
    size_t index = bw_scope_index(e, name, &found);
    return found ? e->scopes[index] : NULL;
}

static void scope_free(struct bw_election *e, struct bw_scope *scope) {
    bw_free(&e->allocator, scope->candidates, scope->candidate_capacity * sizeof *scope->candidates);
    bw_free(&e->allocator, scope->successors, scope->successor_limit * sizeof *scope->successors);
    bw_free(&e->allocator, scope->quorum, scope->quorum != NULL ? sizeof *scope->quorum : 0);
    bw_seals_free(e, scope);
    bw_free(&e->allocator, scope->spare, scope->spare != NULL ? sizeof *scope->spare : 0);
    bw_free(&e->allocator, scope->confirms, BW_CLAIM_FANOUT_MAX * sizeof *scope->confirms);
    bw_free(&e->allocator, scope, sizeof *scope);
}

static struct bw_scope *scope_new(struct bw_election *e, struct bw_bytes name) {
    struct bw_scope *scope = bw_alloc(&e->allocator, sizeof *scope);
    if (scope == NULL)
        return NULL;
    scope->successor_limit = e->params.successor_count;
    scope->successors = bw_alloc(&e->allocator, scope->successor_limit * sizeof *scope->successors);
    scope->confirms = bw_alloc(&e->allocator, BW_CLAIM_FANOUT_MAX * sizeof *scope->confirms);
    memcpy(scope->name, name.data, name.size);
    scope->name_size = name.size;
    scope->name_hash = bw_rank_hash(name);
    scope->wake.kind = BW_TIMER_SCOPE;
    scope->lease.kind = BW_TIMER_LEASE;
    scope->gate.kind = BW_TIMER_GATE;
    scope->thaw.kind = BW_TIMER_THAW;
    scope->freeze.until_us = BW_NEVER;
    bw_list_init(&scope->seats);
    bw_list_init(&scope->dirty);
    bw_list_init(&scope->freeze_dirty);
    scope->successors_stale = true;
    scope->over_pt = e->patience_us;
    scope->heard_pt = scope->successor_pt = scope->gone_pt = scope->better_pt = scope->larger_again_pt = BW_PAST;
    scope->promised_pt = scope->aside_pt = scope->campaign_pt = scope->contact_pt = scope->not_before_pt =
        scope->ask_pt = scope->better_since_pt = scope->half_since_pt = scope->reach_pt = scope->quorum_pt =
            scope->raised_pt = BW_PAST;
    scope->act_until_us = BW_PAST;
    bw_bully_reset(scope);
    if (!bw_seals_make(e, scope) || scope->successors == NULL || scope->confirms == NULL) {
        scope_free(e, scope);
        return NULL;
    }
    return scope;
}

static bool scopes_grow(struct bw_election *e) {
    if (e->scope_count < e->scope_capacity)
        return true;
    size_t capacity = e->scope_capacity == 0 ? 4 : e->scope_capacity * 2;
    void *scopes = bw_resize(&e->allocator, e->scopes, e->scope_capacity * sizeof(void *), capacity * sizeof(void *));
    if (scopes == NULL)
        return false;
    e->scopes = scopes;
    e->scope_capacity = capacity;
    return true;
}

struct bw_scope *bw_scope_get(struct bw_election *e, struct bw_bytes name) {
    bool found;
    size_t index = bw_scope_index(e, name, &found);
    if (found)
        return e->scopes[index];
    if (e->scope_count >= e->params.scope_max || !scopes_grow(e) || bw_queue_reserve(e) != 0)
        return NULL;
    struct bw_scope *scope = scope_new(e, name);
    if (scope == NULL)
        return NULL;
    memmove(e->scopes + index + 1, e->scopes + index, (e->scope_count - index) * sizeof(struct bw_scope *));
    e->scopes[index] = scope;
    e->scope_count++;
    bw_seat_join(e, scope);
    return scope;
}

void bw_scope_free_all(struct bw_election *e) {
    for (size_t i = 0; i < e->scope_count; i++)
        scope_free(e, e->scopes[i]);
    bw_free(&e->allocator, e->scopes, e->scope_capacity * sizeof(struct bw_scope *));
}

/* ------------------------------------------------------------------ candidates */

static const struct bw_id *candidate_id(const struct bw_election *e, const struct bw_candidate *candidate) {
    return candidate->peer != NULL ? &candidate->peer->id : &e->self;
}

static bool candidate_lives(const struct bw_candidate *candidate) {
    return candidate->peer == NULL || bw_peer_lives(candidate->peer);
}

struct bw_rank bw_scope_rank(const struct bw_scope *scope, const struct bw_election *e,
                             const struct bw_candidate *candidate) {
    const struct bw_id *id = candidate_id(e, candidate);
    return (struct bw_rank){
        .id = *id,
        .score = scope->spread ? bw_rank_score(scope->name_hash, id) : 0,
        .priority = candidate->priority,
        .shaky = candidate->half || (candidate->peer != NULL ? candidate->peer->unstable : e->view.unstable),
        .seated = bw_seat_holds(scope, id),
        .incumbent = bw_id_equal(&scope->claim.token.id, id),
    };
}

struct bw_candidate *bw_candidate_find(const struct bw_scope *scope, const struct bw_peer *peer) {
    for (size_t i = 0; i < scope->candidate_count; i++)
        if (scope->candidates[i].peer == peer)
            return &scope->candidates[i];
    return NULL;
}

bool bw_candidate_safe(const struct bw_scope *scope, const struct bw_peer *peer) {
    const struct bw_candidate *candidate = bw_candidate_find(scope, peer);
    return candidate == NULL || candidate->safe;
}

const struct bw_candidate *bw_candidate_self(const struct bw_scope *scope) {
    return bw_candidate_find(scope, NULL);
}

/* The old leader, silent or leaving: nobody's better, and nobody to wait for. One whose lease ended lives on as any other. */
static bool being_replaced(const struct bw_scope *scope, const struct bw_id *id) {
    return scope->claim.state != BW_CLAIM_VACANT && bw_id_equal(&scope->claim.token.id, id);
}

struct bw_id bw_scope_replaced(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_id *id = &scope->claim.token.id;
    return being_replaced(scope, id) && !bw_id_equal(id, &e->self) ? *id : (struct bw_id){{0}};
}

void bw_candidate_changed(struct bw_election *e, struct bw_scope *scope, struct bw_candidate *candidate) {
    const struct bw_candidate *self = bw_candidate_self(scope);
    scope->successors_stale = true;
    bw_flap_unless_able(e, candidate);
    if (self == NULL || self == candidate || being_replaced(scope, candidate_id(e, candidate)))
        return;
    struct bw_rank theirs = bw_scope_rank(scope, e, candidate);
    struct bw_rank ours = bw_scope_rank(scope, e, self);
    if (bw_rank_compare(&theirs, &ours) < 0)
        scope->better_pt = e->patience_us;
}

static bool candidate_same(const struct bw_candidate *a, const struct bw_candidate *b) {
    return a->priority == b->priority && a->ready == b->ready && a->half == b->half && a->safe == b->safe &&
           a->spread == b->spread && a->aside == b->aside && a->mode == b->mode;
}

/* One candidate's word is enough, so that members whose settings differ rank alike. */
static void spread_refresh(struct bw_scope *scope) {
    scope->spread = false;
    for (size_t i = 0; i < scope->candidate_count; i++)
        scope->spread = scope->spread || scope->candidates[i].spread;
}

int bw_candidates_reserve(struct bw_election *e, struct bw_scope *scope, size_t more) {
    size_t capacity = scope->candidate_capacity == 0 ? 4 : scope->candidate_capacity;
    while (capacity < scope->candidate_count + more)
        capacity *= 2;
    if (capacity == scope->candidate_capacity)
        return 0;
    void *grown = bw_resize(&e->allocator, scope->candidates, scope->candidate_capacity * sizeof *scope->candidates,
                            capacity * sizeof *scope->candidates);
    if (grown == NULL)
        return BW_ERR_MEMORY;
    scope->candidates = grown;
    scope->candidate_capacity = capacity;
    return 0;
}

int bw_candidate_put(struct bw_election *e, struct bw_scope *scope, const struct bw_candidate *candidate) {
    struct bw_candidate *old = bw_candidate_find(scope, candidate->peer);
    if (old != NULL) {
        if (candidate_same(old, candidate))
            return 0;
        bw_candidate_changed(e, scope, old);
        struct bw_candidate changed = *candidate;
        changed.seen = old->seen;
        *old = changed;
        spread_refresh(scope);
        bw_candidate_changed(e, scope, old);
        return 0;
    }
    const size_t kept = scope->redeclared && candidate->peer != NULL ? 1 : 0; /* the place that is to be ours again */
    if (bw_candidates_reserve(e, scope, kept + 1) != 0)
        return BW_ERR_MEMORY;
    scope->candidates[scope->candidate_count++] = *candidate;
    spread_refresh(scope);
    bw_candidate_changed(e, scope, &scope->candidates[scope->candidate_count - 1]);
    return 0;
}

void bw_candidate_remove(struct bw_election *e, struct bw_scope *scope, const struct bw_peer *peer) {
    struct bw_candidate *candidate = bw_candidate_find(scope, peer);
    if (candidate == NULL)
        return;
    bw_candidate_changed(e, scope, candidate);
    *candidate = scope->candidates[--scope->candidate_count];
    spread_refresh(scope);
}

size_t bw_scope_position(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_candidate *self = bw_candidate_self(scope);
    BW_ASSERT(self != NULL);
    struct bw_rank ours = bw_scope_rank(scope, e, self);
    size_t position = 0;
    for (size_t i = 0; i < scope->candidate_count; i++) {
        const struct bw_candidate *candidate = &scope->candidates[i];
        struct bw_rank theirs = bw_scope_rank(scope, e, candidate);
        bool refused = candidate->peer != NULL && candidate->peer->refused_pt != BW_PAST;
        if (candidate->ready && !refused && candidate_lives(candidate) && !being_replaced(scope, &theirs.id) &&
            bw_quorum_may_lead(scope, &theirs.id) && bw_rank_compare(&theirs, &ours) < 0)
            position++;
    }
    return position;
}

struct bw_id bw_scope_heir(const struct bw_election *e, const struct bw_scope *scope) {
    struct bw_rank best = {0};
    bool best_answers = false;
    bool any = false;
    for (size_t i = 0; i < scope->candidate_count && !scope->freeze.frozen; i++) {
        const struct bw_candidate *candidate = &scope->candidates[i];
        if (candidate->peer == NULL || !candidate->ready || !bw_peer_lives(candidate->peer) ||
            candidate->peer->refused_pt != BW_PAST || !bw_quorum_may_lead(scope, &candidate->peer->id) ||
            bw_seat_full(scope, &candidate->peer->id))
            continue;
        struct bw_rank rank = bw_scope_rank(scope, e, candidate);
        rank.seated = rank.seated || bw_seat_promised(scope, &rank.id); /* two seats are not for the same one */
        bool answers = candidate->peer->acked_round + 2 >= e->round;    /* acknowledged one of the last rounds */
        if (!any || (answers && !best_answers) || (answers == best_answers && bw_rank_compare(&rank, &best) < 0)) {
            best = rank;
            best_answers = answers;
            any = true;
        }
    }
    return best.id;
}

/* ------------------------------------------------------------------ successors */

static size_t best_candidates(struct bw_election *e, struct bw_scope *scope, const struct bw_id *leader) {
    size_t count = 0;
    for (size_t i = 0; i < scope->candidate_count; i++) {
        const struct bw_candidate *candidate = &scope->candidates[i];
        struct bw_rank rank = bw_scope_rank(scope, e, candidate);
        rank.incumbent = rank.seated =
            false; /* a leader's successors do not depend on who led before, or leads beside it */
        if (!bw_id_equal(&rank.id, leader) && candidate_lives(candidate))
            count = bw_rank_insert(e->best, count, scope->successor_limit, &rank);
    }
    return count;
}

/* Other living members, by id: they acknowledge, confirm and object like the rest, but never claim. */
static size_t add_witnesses(struct bw_election *e, struct bw_scope *scope, const struct bw_id *leader, size_t count) {
    size_t limit = scope->successor_limit - count;
    size_t witnesses = 0;
    if (limit == 0)
        return count;
    if (bw_candidate_self(scope) == NULL && !bw_id_equal(&e->self, leader))
        witnesses = bw_rank_insert(e->best + count, witnesses, limit, &(struct bw_rank){.id = e->self});
    for (struct bw_list *at = e->peers.next; at != &e->peers; at = at->next) {
        const struct bw_peer *peer = bw_container(at, struct bw_peer, all);
        if (bw_peer_lives(peer) && !bw_id_equal(&peer->id, leader) && bw_candidate_find(scope, peer) == NULL)
            witnesses = bw_rank_insert(e->best + count, witnesses, limit, &(struct bw_rank){.id = peer->id});
    }
    return count + witnesses;
}

struct bw_successor *bw_successor_find(struct bw_scope *scope, const struct bw_id *id) {
    for (size_t i = 0; i < scope->successor_count; i++)
        if (bw_id_equal(&scope->successors[i].id, id))
            return &scope->successors[i];
    return NULL;
}

int bw_successors_reserve(struct bw_election *e, struct bw_scope *scope, size_t limit) {
    BW_ASSERT(limit <= BW_SUCCESSORS_MAX);
    if (limit <= scope->successor_limit)
        return 0;
    void *grown = bw_resize(&e->allocator, scope->successors, scope->successor_limit * sizeof *scope->successors,
                            limit * sizeof *scope->successors);
    if (grown == NULL)
        return BW_ERR_MEMORY;
    scope->successors = grown;
    scope->successor_limit = limit;
    scope->successors_stale = true;
    return 0;
}

/* Whose successors: of a vacant scope nobody's. */
static struct bw_id leader_of(const struct bw_election *e, const struct bw_scope *scope) {
    if (scope->phase == BW_PHASE_LEAD || scope->phase == BW_PHASE_CLAIM)
        return e->self;
    return scope->claim.state == BW_CLAIM_VACANT ? (struct bw_id){{0}} : scope->claim.token.id;
}

void bw_successors_refresh(struct bw_election *e, struct bw_scope *scope) {
    struct bw_successor old[BW_SUCCESSORS_MAX];
    if (!scope->successors_stale)
        return;
    scope->successors_stale = false;
    struct bw_id leader = leader_of(e, scope);
    size_t candidates = best_candidates(e, scope, &leader);
    size_t count = add_witnesses(e, scope, &leader, candidates);
    size_t old_count = scope->successor_count;
    memcpy(old, scope->successors, old_count * sizeof *old);
    bool was_successor = scope->is_successor;
    scope->is_successor = false;
    scope->successor_count = count;
    for (size_t i = 0; i < count; i++) {
        struct bw_successor *successor = &scope->successors[i];
        *successor = (struct bw_successor){.id = e->best[i].id, .heard_pt = BW_PAST};
        for (size_t k = 0; k < old_count; k++)
            if (bw_id_equal(&old[k].id, &successor->id))
                *successor = old[k];
        successor->peer = bw_peer_find(e, &successor->id);
        successor->witness = i >= candidates;
        scope->is_successor = scope->is_successor || successor->peer == NULL;
    }
    if (scope->is_successor && !was_successor)
        scope->successor_pt = e->patience_us;
}
