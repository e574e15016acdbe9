/* Why a candidate does not lead, and why nobody does: what decides, told in words. Nothing here decides or changes anything. */
#include "election/quorum.h"

#include <string.h>

/* ------------------------------------------------------------------ a candidate */

static bool eligible(const struct bw_election *e, const struct bw_scope *scope, const struct bw_candidate *candidate) {
    const struct bw_id *id = candidate->peer != NULL ? &candidate->peer->id : &e->self;
    bool able = candidate->peer == NULL ? bw_stands(e, scope) : candidate->ready && bw_peer_lives(candidate->peer);
    return able && bw_quorum_may_lead(scope, id);
}

/* The best that could lead; NULL: nobody could. */
static const struct bw_candidate *best_of(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_candidate *best = NULL;
    for (size_t i = 0; i < scope->candidate_count; i++) {
        const struct bw_candidate *candidate = &scope->candidates[i];
        if (!eligible(e, scope, candidate))
            continue;
        const struct bw_rank rank = bw_scope_rank(scope, e, candidate);
        const struct bw_rank other = best != NULL ? bw_scope_rank(scope, e, best) : rank;
        best = best == NULL || bw_rank_compare(&rank, &other) < 0 ? candidate : best;
    }
    return best;
}

static enum bw_why_not why_not_eligible(const struct bw_scope *scope, const struct bw_candidate *candidate,
                                        const struct bw_id *self) {
    const struct bw_peer *peer = candidate->peer;
    if (peer != NULL && !bw_peer_lives(peer))
        return peer->status == BW_STATUS_LEFT ? BW_WHY_NOT_LEFT : BW_WHY_NOT_DEAD;
    if (!bw_quorum_may_lead(scope, peer != NULL ? &peer->id : self))
        return BW_WHY_NOT_VOTER;
    return candidate->aside ? BW_WHY_NOT_STEPPED_DOWN : BW_WHY_NOT_READY;
}

/* What bw_rank_compare saw between two of which ours ranks behind theirs. */
static enum bw_why_not why_behind(const struct bw_candidate *candidate, const struct bw_rank *ours,
                                  const struct bw_rank *theirs) {
    if (ours->shaky != theirs->shaky)
        return candidate->half ? BW_WHY_NOT_HALF : BW_WHY_NOT_UNSTABLE;
    if (ours->seated != theirs->seated)
        return BW_WHY_NOT_SEATED;
    if (ours->priority != theirs->priority)
        return BW_WHY_NOT_PRIORITY;
    if (ours->score != theirs->score)
        return ours->score < theirs->score ? BW_WHY_NOT_SMALLER_SCORE : BW_WHY_NOT_INCUMBENT;
    return bw_id_compare(&ours->id, &theirs->id) < 0 ? BW_WHY_NOT_SMALLER_ID : BW_WHY_NOT_INCUMBENT;
}

const struct bw_candidate *bw_candidate_ahead(const struct bw_election *e, const struct bw_scope *scope) {
    if (!scope->announced)
        return best_of(e, scope);
    const struct bw_id *id = &scope->claim.token.id;
    const struct bw_peer *peer = bw_peer_find(e, id);
    return peer != NULL || bw_id_equal(id, &e->self) ? bw_candidate_find(scope, peer) : NULL;
}

void bw_candidate_why(const struct bw_election *e, const struct bw_scope *scope, const struct bw_candidate *candidate,
                      const struct bw_candidate *other, struct bw_candidate_info *info) {
    const struct bw_rank ours = bw_scope_rank(scope, e, candidate);
    bool led = scope->announced;
    info->why = BW_WHY_NOT_LEADS;
    if (led && bw_id_equal(&scope->claim.token.id, &ours.id))
        return;
    info->why = why_not_eligible(scope, candidate, &e->self);
    if (!eligible(e, scope, candidate))
        return;
    info->why = led ? BW_WHY_NOT_LED : BW_WHY_NOT_YET;
    info->behind = led ? scope->claim.token.id : (struct bw_id){{0}};
    if (other == NULL || other == candidate)
        return; /* a leader whose candidacy we do not know; or the best of all */
    const struct bw_rank theirs = bw_scope_rank(scope, e, other);
    if (bw_rank_compare(&theirs, &ours) > 0)
        return;
    info->why = why_behind(candidate, &ours, &theirs);
    info->behind = theirs.id;
}

/* ------------------------------------------------------------------ a scope without a leader */

/* What our own campaign waits for, in the order of its gates. */
static enum bw_vacancy campaign_waits(const struct bw_election *e, const struct bw_scope *scope, int64_t now_pt,
                                      int64_t *until_pt) {
    int64_t lease_us = bw_scope_lease_us(e, scope);
    int64_t listened = e->started_pt + lease_us + e->params.lease_margin_ms * BW_US_PER_MS;
    int64_t knows = bw_gate_knows(e);
    *until_pt = scope->not_before_pt;
    if (scope->not_before_pt > now_pt)
        return scope->unwritten ? BW_VACANCY_STORAGE : BW_VACANCY_RETRY;
    *until_pt = listened;
    if (listened > now_pt)
        return BW_VACANCY_LISTENING;
    *until_pt = knows;
    if (knows > now_pt)
        return knows == BW_NEVER ? BW_VACANCY_UNKNOWN : BW_VACANCY_ALONE;
    *until_pt = scope->campaign_pt == BW_PAST ? now_pt : bw_gate_settled(e, scope);
    if (*until_pt > now_pt)
        return BW_VACANCY_SETTLING;
    *until_pt = BW_NEVER;
    bool heard = scope->contact_pt != BW_PAST && scope->contact_pt != BW_NEVER;
    bool small = scope->own.min_view > e->living + 1;
    return heard ? BW_VACANCY_SUCCESSION : small ? BW_VACANCY_VIEW : BW_VACANCY_UNHEARD;
}

static enum bw_vacancy vacancy(const struct bw_election *e, const struct bw_scope *scope, int64_t now_pt,
                               struct bw_id *of, int64_t *until_pt) {
    const struct bw_candidate *best = best_of(e, scope);
    *until_pt = BW_NEVER;
    if (e->leaving)
        return BW_VACANCY_LEAVING;
    if (scope->freeze.frozen && (bw_freeze_forbids(scope) || !bw_stands(e, scope))) {
        *of = scope->freeze.by;
        *until_pt = scope->freeze.until_us == BW_NEVER ? BW_NEVER : scope->freeze.until_us - e->lag_us;
        return BW_VACANCY_FROZEN;
    }
    if (best == NULL && (scope->quorum == NULL || scope->quorum->vote.voters.count > 0))
        return scope->candidate_count == 0 ? BW_VACANCY_NO_CANDIDATE : BW_VACANCY_NOT_READY;
    if (scope->quorum != NULL)
        return bw_quorum_vacancy(e, scope, now_pt, of, until_pt);
    if (scope->candidate && bw_quorum_heard(scope, now_pt))
        return BW_VACANCY_MODE;
    if (scope->phase == BW_PHASE_PERSIST || scope->phase == BW_PHASE_CLAIM)
        return BW_VACANCY_CLAIMING;
    *of = scope->claim.token.id;
    if (scope->phase == BW_PHASE_LEAD)
        return BW_VACANCY_LEASE;
    *of = scope->promised.id;
    *until_pt = bw_gate_promised(e, scope);
    if (*until_pt > now_pt)
        return BW_VACANCY_LEASE;
    *of = scope->claim.successor;
    *until_pt = bw_gate_named(e, scope);
    if (*until_pt > now_pt)
        return BW_VACANCY_NAMED;
    const struct bw_rank rank = bw_scope_rank(scope, e, best);
    *of = rank.id;
    *until_pt = BW_NEVER;
    if (rank.seated)
        return BW_VACANCY_SEATED;
    bool own = bw_stands(e, scope) && !bw_reign_current(scope);
    enum bw_vacancy reason = own ? campaign_waits(e, scope, now_pt, until_pt) : BW_VACANCY_SUCCESSION;
    *of = reason == BW_VACANCY_SUCCESSION ? *of : (struct bw_id){{0}};
    return reason;
}

int bw_election_vacancy(const struct bw_election *e, const char *name, struct bw_vacancy_info *info,
                        struct bw_time now) {
    const struct bw_bytes bytes = {.data = (const uint8_t *)name, .size = strlen(name)};
    const struct bw_scope *scope = bw_scope_find(e, bytes);
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    int64_t until_pt = BW_NEVER;
    *info = (struct bw_vacancy_info){.reason = BW_VACANCY_NONE, .wait_us = -1};
    if (scope->announced && (scope->phase != BW_PHASE_LEAD || now.mono_us < scope->act_until_us))
        return 0;
    int64_t now_pt = now.mono_us - e->lag_us;
    info->reason = vacancy(e, scope, now_pt, &info->of_id, &until_pt);
    if (until_pt != BW_NEVER)
        info->wait_us = until_pt > now_pt ? until_pt - now_pt : 0;
    return 0;
}
