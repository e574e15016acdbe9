/* Whether we stand: who leaves, steps down or is not ready resigns first (election.md rule 6), and stands again when it returns,
 * when its time is over, or when it is ready. Others hear of it by our candidacies. */
#include "election/state.h"

#include <string.h>

bool bw_stands(const struct bw_election *e, const struct bw_scope *scope) {
    return scope->candidate && !scope->withdrawn && !e->leaving && scope->gate_open && scope->aside_pt == BW_PAST &&
           !bw_twice(e);
}

void bw_standing_changed(struct bw_election *e, struct bw_scope *scope) {
    struct bw_candidate self = *bw_candidate_self(scope);
    self.priority = scope->own.priority;
    self.aside = scope->aside_pt != BW_PAST;
    self.ready = scope->gate_open && !self.aside && !bw_twice(e);
    int error = bw_candidate_put(e, scope, &self);
    BW_ASSERT(error == 0); /* it is there already */
    e->candidacies_changed = true;
}

static void stand_again(struct bw_election *e, struct bw_scope *scope) {
    if (scope->aside_pt == BW_PAST)
        return;
    scope->aside_pt = BW_PAST;
    bw_standing_changed(e, scope);
}

void bw_aside_step(struct bw_election *e, struct bw_scope *scope) {
    if (scope->aside_pt == BW_PAST)
        return;
    if (e->patience_us < scope->aside_pt)
        bw_wake(e, scope, scope->aside_pt);
    else
        stand_again(e, scope);
}

/* We do not stand any more: the lead, or what leads to it, is given up. */
static void stand_aside(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason) {
    bw_standing_changed(e, scope);
    bw_resign(e, scope, reason);
    scope->campaign_pt = scope->contact_pt = BW_PAST;
    scope->reclaim = false;
    bw_scope_step(e, scope);
}

void bw_stand_back(struct bw_election *e, struct bw_scope *scope) {
    if (!scope->withdrawn)
        stand_aside(e, scope, BW_LOSS_NOT_READY);
}

struct bw_scope *bw_scope_own(const struct bw_election *e, const char *name) {
    struct bw_scope *scope = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
    return scope != NULL && scope->candidate && !scope->withdrawn ? scope : NULL;
}

int bw_election_stepdown(struct bw_election *e, const char *name, uint32_t for_ms, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_own(e, name);
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    if (scope->freeze.frozen && scope->phase == BW_PHASE_LEAD)
        return BW_ERR_FROZEN; /* nobody would follow */
    bw_trace_rule(e->trace, BW_RULE_STEP_ASIDE, NULL, for_ms);
    scope->aside_pt = e->patience_us + for_ms * BW_US_PER_MS;
    stand_aside(e, scope, BW_LOSS_RESIGNED);
    return 0;
}

void bw_gate_close(struct bw_election *e, struct bw_scope *scope) {
    bw_timer_cancel(&e->authority, &scope->gate);
    if (!scope->gate_open)
        return;
    bw_trace_rule(e->trace, BW_RULE_ONLY_THE_READY_STAND, NULL, scope->claim.token.term);
    scope->gate_open = false;
    stand_aside(e, scope, BW_LOSS_NOT_READY);
}

int bw_election_ready(struct bw_election *e, const char *name, bool ready, uint32_t ttl_ms, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_own(e, name);
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    if (!ready) {
        bw_gate_close(e, scope);
        return 0;
    }
    bw_timer_arm(&e->authority, &scope->gate, ttl_ms == 0 ? BW_NEVER : e->now.mono_us + ttl_ms * BW_US_PER_MS);
    if (!scope->gate_open) {
        scope->gate_open = true;
        bw_standing_changed(e, scope);
        bw_scope_step(e, scope);
    }
    return 0;
}

int bw_election_priority(struct bw_election *e, const char *name, uint16_t priority, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_own(e, name);
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    if (scope->own.priority != priority) {
        bw_trace_rule(e->trace, BW_RULE_PRIORITY_CHANGES, NULL, priority);
        scope->own.priority = priority;
        bw_standing_changed(e, scope);
        bw_scope_step(e, scope);
    }
    return 0;
}

void bw_election_leave(struct bw_election *e, struct bw_time now) {
    bw_enter(e, now);
    if (e->leaving)
        return;
    e->leaving = true;
    for (size_t i = 0; i < e->scope_count; i++)
        bw_resign(e, e->scopes[i], BW_LOSS_RESIGNED);
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
