/* What voter and leader of quorum mode share: how long a promise is, what is durable, why nobody leads. */
#include "election/quorum.h"

#include <string.h>

int64_t bw_promise_us(const struct bw_election *e, uint32_t lease_ms) {
    int64_t lease_us = lease_ms * BW_US_PER_MS;
    uint32_t least = BW_QUORUM_DRIFT_MIN_PPM;
    int64_t drift_ppm = e->params.drift_ppm > least ? e->params.drift_ppm : least;
    if (BW_MUTANT(PROMISE_TOO_SHORT))
        return lease_us / 2;
    int64_t whole = INT64_C(1000000) - drift_ppm;
    return (lease_us * (INT64_C(1000000) + drift_ppm) + whole - 1) / whole;
}

int bw_quorum_reserve(struct bw_election *e, struct bw_scope *scope) {
    if (scope->quorum == NULL && scope->spare == NULL)
        scope->spare = bw_alloc(&e->allocator, sizeof *scope->spare);
    return scope->quorum == NULL && scope->spare == NULL ? BW_ERR_MEMORY : 0;
}

static int create(struct bw_election *e, struct bw_scope *scope) {
    if (bw_quorum_reserve(e, scope) != 0)
        return BW_ERR_MEMORY;
    struct bw_quorum *q = scope->spare;
    scope->spare = NULL;
    memcpy(q->vote.scope, scope->name, scope->name_size);
    q->promise_us = q->abstain_us = BW_PAST;
    q->again_pt = q->release_pt = BW_PAST;
    scope->quorum = q;
    e->any_quorum = true;
    return 0;
}

/* As long as any promise that it may have given lasts. */
static void abstain(struct bw_election *e, struct bw_quorum *q) {
    int64_t for_us = bw_promise_us(e, q->vote.lease_max_ms);
    if (BW_MUTANT(ABSTENTION_TOO_SHORT))
        for_us = q->vote.lease_max_ms * BW_US_PER_MS / 2;
    if (q->vote.lease_max_ms > 0 && !BW_MUTANT(NO_ABSTENTION))
        q->abstain_us = e->now.mono_us + for_us;
}

int bw_quorum_declare(struct bw_election *e, struct bw_scope *scope, const struct bw_scope_config *config) {
    uint32_t lease_ms = config->lease_ms != 0 ? config->lease_ms : e->params.lease_ms;
    if (config->mode != BW_MODE_QUORUM)
        return scope->quorum != NULL ? BW_ERR_INVALID : 0;
    if (scope->quorum == NULL && create(e, scope) != 0)
        return BW_ERR_MEMORY;
    struct bw_quorum *q = scope->quorum;
    if (q->vote.lease_ms != 0 && q->vote.lease_ms != lease_ms) {
        abstain(e, q);
        q->version++;
        q->wanted = true;
    }
    q->vote.lease_ms = lease_ms;
    return 0;
}

/* From the disk. Promises are not there: so it abstains for the longest that it may have given. Who is not told any more that it
 * has a part in the scope votes all the same, as others count on it. */
int bw_quorum_restore(struct bw_election *e, const struct bw_durable_vote *vote) {
    const char *end = memchr(vote->scope, 0, sizeof vote->scope);
    const struct bw_bytes name = {(const uint8_t *)vote->scope, end != NULL ? (size_t)(end - vote->scope) : 0};
    if (!bw_text_valid(name.data, name.size, BW_NAME_MAX) || vote->lease_ms == 0)
        return BW_ERR_INVALID;
    struct bw_scope *scope = bw_scope_get(e, name);
    if (scope == NULL)
        return BW_ERR_MEMORY;
    if (scope->quorum == NULL && scope->candidate)
        return BW_ERR_INVALID; /* of another mode now: its votes would count for nothing */
    if (scope->quorum == NULL && create(e, scope) != 0)
        return BW_ERR_MEMORY;
    struct bw_quorum *q = scope->quorum;
    uint32_t lease_ms = q->vote.lease_ms;
    q->vote = *vote;
    q->vote.lease_ms = lease_ms != 0 ? lease_ms : vote->lease_ms; /* as it is configured now, if it is */
    q->version = q->durable = 1;
    scope->seen = vote->term > scope->seen ? vote->term : scope->seen;
    scope->floor = scope->seen > scope->floor ? scope->seen : scope->floor;
    abstain(e, q);
    return 0;
}

bool bw_quorum_may_lead(const struct bw_scope *scope, const struct bw_id *id) {
    return scope->quorum == NULL || scope->quorum->vote.voters.count == 0 ||
           bw_voters_has(&scope->quorum->vote.voters, id);
}

bool bw_quorum_heard(const struct bw_scope *scope, int64_t now_pt) {
    if (scope->quorum_pt > now_pt)
        return true;
    for (size_t i = 0; i < scope->candidate_count; i++) {
        const struct bw_candidate *candidate = &scope->candidates[i];
        if (candidate->mode == BW_MODE_QUORUM && candidate->peer != NULL && candidate->peer->status != BW_STATUS_LEFT)
            return true; /* the dead, too: they may lead where we do not reach */
    }
    return false;
}

bool bw_quorum_fits(const struct bw_scope *scope, const struct bw_claim *claim) {
    bool ours = scope->quorum != NULL || scope->candidate;
    return !ours || (claim->mode == BW_MODE_QUORUM) == (scope->quorum != NULL);
}

enum bw_vacancy bw_quorum_vacancy(const struct bw_election *e, const struct bw_scope *scope, int64_t now_pt,
                                  struct bw_id *of, int64_t *until_pt) {
    const struct bw_quorum *q = scope->quorum;
    *until_pt = BW_NEVER;
    if (q->vote.voters.count == 0)
        return BW_VACANCY_VOTERS;
    *until_pt = q->abstain_us == BW_PAST ? BW_PAST : q->abstain_us - e->lag_us;
    if (*until_pt > now_pt)
        return BW_VACANCY_ABSTAINS;
    *until_pt = BW_NEVER;
    if (q->why != BW_VACANCY_NONE) {
        *until_pt = q->why == BW_VACANCY_STORAGE ? scope->not_before_pt : BW_NEVER;
        return q->why;
    }
    if (scope->candidate && !bw_voters_has(&q->vote.voters, &e->self))
        return BW_VACANCY_NO_VOTER;
    if (bw_voter_promised_to_another(e, q, &e->self)) {
        *until_pt = q->promise_us - e->lag_us;
        *of = q->vote.candidate;
        return BW_VACANCY_PROMISED;
    }
    return q->phase != BW_QUORUM_IDLE ? BW_VACANCY_ASKING : BW_VACANCY_NO_VOTES;
}

void bw_quorum_step(struct bw_election *e, struct bw_scope *scope) {
    bw_quorum_candidate_step(e, scope);
}

/* ------------------------------------------------------------------ durability */

bool bw_quorum_persist(struct bw_quorum *q) {
    if (!q->wanted)
        return false;
    q->wanted = false;
    q->writing = q->version;
    return true;
}

void bw_quorum_persisted(struct bw_election *e, struct bw_scope *scope, bool ok) {
    struct bw_quorum *q = scope->quorum;
    if (q->writing == 0)
        return;
    q->durable = ok && q->writing > q->durable ? q->writing : q->durable;
    q->writing = 0;
    bool waits = q->waits;
    q->waits = false;
    if (!ok)
        bw_trace_rule(e->trace, BW_RULE_NO_CLAIM_WITHOUT_STORAGE, NULL, q->vote.term);
    bw_quorum_vote_durable(e, scope, ok);
    if (ok && waits)
        bw_voter_answer(e, scope, &q->waiting); /* as if it came now: it may have to wait again, or be refused */
    bw_scope_step(e, scope);
}

int bw_election_vote(const struct bw_election *e, size_t index, struct bw_durable_vote *vote) {
    for (size_t i = 0; i < e->scope_count; i++) {
        const struct bw_quorum *q = e->scopes[i]->quorum;
        if (q == NULL || (q->vote.voters.count == 0 && q->vote.term == 0))
            continue;
        if (index-- == 0) {
            *vote = q->vote;
            return 0;
        }
    }
    return BW_ERR_NOT_FOUND;
}
