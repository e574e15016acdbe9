/* Whether we stand: who leaves or steps down resigns first (election.md rule 6), and stands again when it returns or when its
 * time is over. Others hear of it by our candidacies. */
#include "election/state.h"

#include <string.h>

bool bw_stands(const struct bw_election *e, const struct bw_scope *scope) {
    return scope->candidate && !e->leaving && scope->aside_pt == BW_PAST;
}

static void stand_again(struct bw_election *e, struct bw_scope *scope) {
    if (scope->aside_pt == BW_PAST)
        return;
    scope->aside_pt = BW_PAST;
    bw_candidate_find(scope, NULL)->ready = true;
    e->candidacies_changed = true;
}

void bw_aside_step(struct bw_election *e, struct bw_scope *scope) {
    if (scope->aside_pt == BW_PAST)
        return;
    if (e->patience_us < scope->aside_pt)
        bw_wake(e, scope, scope->aside_pt);
    else
        stand_again(e, scope);
}

int bw_election_stepdown(struct bw_election *e, const char *name, uint32_t for_ms, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
    if (scope == NULL || !scope->candidate)
        return BW_ERR_NOT_FOUND;
    bw_trace_rule(e->trace, BW_RULE_STEP_ASIDE, NULL, for_ms);
    e->candidacies_changed = e->candidacies_changed || scope->aside_pt == BW_PAST;
    scope->aside_pt = e->patience_us + for_ms * BW_US_PER_MS;
    bw_candidate_find(scope, NULL)->ready = false;
    bw_resign(e, scope);
    scope->campaign_pt = scope->contact_pt = BW_PAST;
    scope->reclaim = false;
    bw_scope_step(e, scope);
    return 0;
}

void bw_election_leave(struct bw_election *e, struct bw_time now) {
    bw_enter(e, now);
    if (e->leaving)
        return;
    e->leaving = true;
    for (size_t i = 0; i < e->scope_count; i++)
        bw_resign(e, e->scopes[i]);
    bw_scope_step_all(e);
}

/* A new life: it listens before it stands, and somebody may look for it, as after a restart. */
void bw_election_return(struct bw_election *e, struct bw_time now) {
    bw_enter(e, now);
    if (!e->leaving)
        return;
    e->leaving = e->agreed_once = false;
    e->has_seeds = true;
    e->started_pt = e->patience_us;
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        stand_again(e, scope);
        scope->campaign_pt = scope->contact_pt = BW_PAST;
        scope->reclaim = false;
    }
    bw_scope_step_all(e);
}

bool bw_election_candidacies_changed(struct bw_election *e) {
    bool changed = e->candidacies_changed;
    e->candidacies_changed = false;
    return changed;
}
