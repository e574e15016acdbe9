/* Spread scopes stay even: who leads too many of a family ("orders/0", "orders/1", ...) hands the ones of its lowest scores over,
 * one a second, to the best members below the mean (election.md, More than one leader). Who leads stays by rank, so without this a
 * member that came back would lead nothing until another goes. */
#include "election/balance.h"

#include "election/range.h"

#define PAUSE_US (1 * BW_US_PER_S)

/* A family, and what each candidate leads of it. */
struct family {
    size_t begin; /* scopes[begin] to scopes[end - 1], those of other families among them aside */
    size_t end;
    struct bw_bytes base;
    size_t led; /* by anybody */
    size_t mine;
    size_t members;       /* that could lead, ourselves included */
    struct bw_scope *any; /* one that we lead */
};

static bool belongs(const struct bw_scope *scope, struct bw_bytes base) {
    struct bw_bytes its;
    uint32_t index;
    return scope->spread && bw_range_split(bw_scope_name(scope), &its, &index) && bw_name_compare(its, base) == 0;
}

static bool leads(const struct bw_scope *scope) {
    return scope->phase == BW_PHASE_LEAD && scope->quorum == NULL;
}

/* Could take the scope over as well as we lead it. */
static bool fit(const struct bw_election *e, const struct bw_scope *scope, const struct bw_candidate *candidate) {
    const struct bw_peer *peer = candidate->peer;
    return peer != NULL && candidate->ready && !candidate->half && !peer->unstable &&
           candidate->priority == scope->own.priority && peer->status == BW_STATUS_ALIVE &&
           peer->refused_pt == BW_PAST && peer->acked_round + 2 >= e->round;
}

/* It has been there for the hold-down, doubled for each time that it went away or did not claim what it was named for. */
static bool steady(const struct bw_election *e, const struct bw_scope *scope, const struct bw_candidate *candidate) {
    return bw_steady(e, scope, candidate, scope->own.preempt_ms * BW_US_PER_MS);
}

static void count_unsteady(const struct bw_election *e, const struct bw_scope *scope) {
    for (size_t i = 0; i < scope->candidate_count; i++)
        if (scope->candidates[i].peer != NULL)
            scope->candidates[i].peer->unsteady += !steady(e, scope, &scope->candidates[i]);
}

/* Who fails with more scopes of the family than it leads would fail with the next. */
static bool reliable(const struct bw_election *e, const struct bw_scope *scope, const struct bw_candidate *candidate) {
    return candidate->peer->unsteady <= candidate->peer->load && steady(e, scope, candidate);
}

static void weigh(struct bw_election *e, struct family *family) {
    for (struct bw_list *at = e->peers.next; at != &e->peers; at = at->next) {
        struct bw_peer *peer = bw_container(at, struct bw_peer, all);
        peer->load = peer->unsteady = 0;
    }
    for (size_t i = family->begin; i < family->end; i++) {
        struct bw_scope *scope = e->scopes[i];
        if (!belongs(scope, family->base))
            continue;
        count_unsteady(e, scope);
        struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
        struct bw_peer *heir = scope->stopping ? bw_peer_find(e, &scope->stop_heir) : NULL;
        if (leads(scope) && scope->stopping) { /* on its way to the heir already */
            if (heir != NULL)
                heir->load++;
        } else if (leads(scope)) {
            family->mine++;
            family->any = scope;
        } else if (scope->announced && leader != NULL) {
            leader->load++;
        } else {
            continue;
        }
        family->led++;
    }
    family->members = 1;
    for (size_t i = 0; family->any != NULL && i < family->any->candidate_count; i++)
        family->members += fit(e, family->any, &family->any->candidates[i]);
}

/* Above the cap; or above the mean while somebody leads less than three quarters of it. */
static bool too_many(const struct bw_election *e, const struct family *family) {
    size_t cap = (5 * family->led + 4 * family->members - 1) / (4 * family->members);
    size_t mean = (family->led + family->members - 1) / family->members;
    if (family->mine > cap)
        return true;
    for (size_t i = 0; family->mine > mean && i < family->any->candidate_count; i++) {
        const struct bw_candidate *candidate = &family->any->candidates[i];
        if (fit(e, family->any, candidate) && (candidate->peer->load + 1) * 4 * family->members <= 3 * family->led)
            return true;
    }
    return false;
}

/* The best of those below the mean; NULL: none. */
static struct bw_peer *taker(const struct bw_election *e, const struct bw_scope *scope, const struct family *family) {
    struct bw_peer *best = NULL;
    struct bw_rank best_rank = {.priority = 0};
    for (size_t i = 0; i < scope->candidate_count; i++) {
        const struct bw_candidate *candidate = &scope->candidates[i];
        const struct bw_rank rank = bw_scope_rank(scope, e, candidate);
        if (!fit(e, scope, candidate) || !reliable(e, scope, candidate) ||
            candidate->peer->load * family->members >= family->led)
            continue;
        if (best == NULL || bw_rank_compare(&rank, &best_rank) < 0) {
            best = candidate->peer;
            best_rank = rank;
        }
    }
    return best;
}

static bool may_move(const struct bw_election *e, const struct bw_scope *scope) {
    return leads(scope) && !scope->stopping && !scope->freeze.frozen && scope->own.preempt_ms != BW_PREEMPT_NEVER &&
           e->now.mono_us - scope->reign_us >= scope->own.preempt_ms * BW_US_PER_MS;
}

/* Hands over the one for which we score lowest. */
static void move_one(struct bw_election *e, const struct family *family) {
    struct bw_scope *lowest = NULL;
    struct bw_peer *heir = NULL;
    uint64_t lowest_score = UINT64_MAX;
    for (size_t i = family->begin; i < family->end; i++) {
        struct bw_scope *scope = e->scopes[i];
        if (!belongs(scope, family->base) || !may_move(e, scope))
            continue;
        uint64_t score = bw_rank_score(scope->name_hash, &e->self);
        struct bw_peer *peer = score < lowest_score ? taker(e, scope, family) : NULL;
        if (peer == NULL)
            continue;
        lowest = scope;
        lowest_score = score;
        heir = peer;
    }
    if (lowest == NULL)
        return;
    bw_trace_rule(e->trace, BW_RULE_EVEN_OUT_SPREAD_SCOPES, &heir->id, family->mine);
    bw_resign_to(e, lowest, BW_LOSS_RESIGNED, &heir->id);
    bw_scope_step(e, lowest);
}

/* The one whose first own range is that, if it is spread and too much of it is ours. */
static bool range_too_much(struct bw_election *e, const struct bw_range *range, struct family *family) {
    bool found;
    *family = (struct family){.base = {.data = (const uint8_t *)range->base}};
    while (range->base[family->base.size] != '\0')
        family->base.size++;
    family->begin = bw_scope_index(e, family->base, &found);
    family->end = family->begin;
    while (family->end < e->scope_count) {
        const struct bw_bytes name = bw_scope_name(e->scopes[family->end]);
        const struct bw_bytes head = {.data = name.data,
                                      .size = name.size < family->base.size ? name.size : family->base.size};
        if (bw_name_compare(head, family->base) != 0)
            break; /* those that begin so stand together */
        family->end++;
    }
    weigh(e, family);
    return family->any != NULL && too_many(e, family);
}

void bw_balance_round(struct bw_election *e) {
    if (e->led_count == 0 || e->leaving || e->patience_us < e->balance_pt)
        return;
    e->balance_pt = e->patience_us + PAUSE_US;
    for (size_t i = 0; i < e->range_count; i++) {
        struct bw_range *range = &e->ranges[i];
        struct family family;
        if (!range_too_much(e, range, &family)) {
            range->uneven_pt = BW_NEVER;
            continue;
        }
        if (range->uneven_pt == BW_NEVER)
            range->uneven_pt = e->patience_us;
        if (family.any->own.preempt_ms != BW_PREEMPT_NEVER &&
            e->patience_us - range->uneven_pt >= family.any->own.preempt_ms * BW_US_PER_MS)
            move_one(e, &family);
    }
}
