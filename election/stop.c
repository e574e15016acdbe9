/* Graceful first (election.md rule 6), where work under a lead takes time to stop: who gives the lead up says so to its
 * application, which may not begin anything from then on, and is the leader to all others until that has stopped. The lease
 * that covers the work is renewed for a time; when it ends, what was done under it must have ended as well. */
#include "election/quorum.h"

#include <string.h>

bool bw_stop_first(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason, const struct bw_id *heir) {
    if (scope->stopping) {
        scope->stop_heir = *heir; /* the later word counts */
        return true;
    }
    if (scope->own.stop_ms == 0)
        return false;
    bw_trace_rule(e->trace, BW_RULE_STOP_BEFORE_RESIGNING, NULL, scope->own.stop_ms);
    scope->stopping = true;
    scope->stop_until_us = e->now.mono_us + scope->own.stop_ms * BW_US_PER_MS;
    scope->stop_reason = reason;
    scope->stop_heir = *heir;
    bw_emit(e, scope, BW_EVENT_SELF_DEPOSED, &scope->claim.token, reason);
    return true;
}

/* Whom the lead was to go to, if it still can. */
static bool fit(const struct bw_election *e, const struct bw_scope *scope, const struct bw_id *heir) {
    const struct bw_peer *peer = bw_peer_find(e, heir);
    const struct bw_candidate *candidate = peer != NULL ? bw_candidate_find(scope, peer) : NULL;
    return candidate != NULL && candidate->ready && bw_quorum_may_lead(scope, heir) && bw_peer_lives(peer) &&
           peer->refused_pt == BW_PAST;
}

void bw_stop_end(struct bw_election *e, struct bw_scope *scope) {
    BW_ASSERT(scope->stopping && scope->phase == BW_PHASE_LEAD);
    const bool again = bw_id_equal(&scope->stop_heir, &e->self) && bw_stands(e, scope); /* above a guard's token */
    const bool named = again || fit(e, scope, &scope->stop_heir);
    const struct bw_id heir = named ? scope->stop_heir : bw_scope_heir(e, scope);
    bw_resign_now(e, scope, scope->stop_reason, &heir);
    if (scope->phase == BW_PHASE_FOLLOW)
        scope->reclaim = again;
    bw_scope_step(e, scope);
}

int bw_election_stopped(struct bw_election *e, const char *name, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
    if (scope == NULL || !scope->stopping)
        return BW_ERR_NOT_FOUND;
    bw_stop_end(e, scope);
    return 0;
}

bool bw_election_stopping(const struct bw_election *e) {
    for (size_t i = 0; i < e->scope_count; i++)
        if (e->scopes[i]->stopping)
            return true;
    return false;
}
