/* All that time drives: lateness and jumps, the leader's lease and rounds (authority), and whatever a scope waits for
 * (patience). Election.md rule 10; gossip.md, "A node that slept does not accuse". */
#include "election/balance.h"
#include "election/quorum.h"

int64_t bw_election_deadline(const struct bw_election *e) {
    int64_t patience = bw_timers_next(&e->patience);
    int64_t authority = bw_timers_next(&e->authority);
    patience = patience == BW_NEVER ? BW_NEVER : patience + e->lag_us;
    return patience < authority ? patience : authority;
}

#define LATE_NEVER_MATTERS_US (5 * BW_US_PER_MS) /* half of the shortest lease that bw_scope_check lets pass */

static int64_t absolute(int64_t value) {
    return value < 0 ? -value : value;
}

/* A leader that was not there for over half a lease, or whose clocks moved against each other by so much, cannot know what
 * happened meanwhile. */
static void end_leases_if(struct bw_election *e, int64_t late_us, int64_t jump_us) {
    if (late_us <= LATE_NEVER_MATTERS_US && absolute(jump_us) <= LATE_NEVER_MATTERS_US)
        return; /* for each datagram, with a thousand scopes, it counts */
    for (size_t i = 0; i < e->scope_count && e->led_count > 0; i++) {
        struct bw_scope *scope = e->scopes[i];
        int64_t half_us = bw_scope_lease_us(e, scope) / 2;
        if (scope->phase != BW_PHASE_LEAD || (late_us <= half_us && absolute(jump_us) <= half_us))
            continue;
        bw_trace_rule(e->trace, BW_RULE_SLEEP_ENDS_THE_LEASE, NULL, (uint64_t)late_us);
        bw_vacate(e, scope, BW_LOSS_LEASE_EXPIRED, &(struct bw_id){{0}});
        bw_scope_step(e, scope);
    }
}

static void authority_due(struct bw_election *e) {
    struct bw_timer *timer;
    while ((timer = bw_timers_pop(&e->authority, e->now.mono_us)) != NULL) {
        if (timer->kind == BW_TIMER_ROUND) {
            bw_round_send(e);
            bw_balance_round(e);
            continue;
        }
        if (timer->kind == BW_TIMER_GATE) {
            bw_gate_close(e, bw_container(timer, struct bw_scope, gate));
            continue;
        }
        if (timer->kind == BW_TIMER_THAW) {
            bw_freeze_expire(e, bw_container(timer, struct bw_scope, thaw));
            continue;
        }
        struct bw_scope *scope = bw_container(timer, struct bw_scope, lease);
        if (scope->stopping) {
            bw_stop_end(e, scope);
            continue;
        }
        bool small = scope->quorum == NULL && scope->own.min_view > 1;
        bw_trace_rule(e->trace, small ? BW_RULE_VIEW_TOO_SMALL : BW_RULE_LEASE_ENDS_UNACKNOWLEDGED, NULL,
                      scope->claim.token.term);
        bw_vacate(e, scope, small ? BW_LOSS_VIEW_TOO_SMALL : BW_LOSS_LEASE_EXPIRED, &(struct bw_id){{0}});
        bw_scope_step(e, scope);
    }
}

void bw_enter(struct bw_election *e, struct bw_time now) {
    if (now.mono_us < e->now.mono_us)
        now.mono_us = e->now.mono_us;
    int64_t due_us = bw_election_deadline(e);
    int64_t from_us = due_us > e->counted_us ? due_us : e->counted_us;
    int64_t late_us = due_us != BW_NEVER && now.mono_us > from_us ? now.mono_us - from_us : 0;
    int64_t jump_us = (now.wall_us - e->now.wall_us) - (now.mono_us - e->now.mono_us);
    e->now = now;
    if (!BW_MUTANT(LATE_TICK_RULE_OFF) && e->params.late_ms > 0 && late_us > e->params.late_ms * BW_US_PER_MS) {
        bw_trace_rule(e->trace, BW_RULE_SLEEP_PUSHES_PATIENCE, NULL, (uint64_t)late_us);
        e->lag_us += late_us;
        e->counted_us = now.mono_us;
    }
    e->patience_us = now.mono_us - e->lag_us;
    end_leases_if(e, late_us, jump_us);
    authority_due(e);
}

void bw_wake(struct bw_election *e, struct bw_scope *scope, int64_t at_pt) {
    int64_t at = at_pt > e->patience_us ? at_pt : e->patience_us + 1;
    if (at < bw_timer_at(&e->patience, &scope->wake))
        bw_timer_arm(&e->patience, &scope->wake, at);
}

/* Does whatever is due for the scope now, and wakes it when the next is. */
void bw_scope_step(struct bw_election *e, struct bw_scope *scope) {
    bw_timer_cancel(&e->patience, &scope->wake);
    bw_heal_step(e, scope);
    bw_larger_step(e, scope);
    if (scope->phase == BW_PHASE_CLAIM)
        bw_claim_step(e, scope);
    bw_twice_step(e, scope);
    bw_aside_step(e, scope);
    if (scope->quorum != NULL) {
        bw_quorum_step(e, scope);
        return;
    }
    if (scope->phase != BW_PHASE_FOLLOW || !scope->candidate || e->leaving)
        return;
    if (bw_reign_current(scope))
        bw_watch_step(e, scope);
    if (bw_reign_current(scope))
        bw_preempt_step(e, scope);
    bw_reach_step(e, scope);
    if (!bw_reign_current(scope) && bw_stands(e, scope))
        bw_campaign_step(e, scope);
}

void bw_scope_step_all(struct bw_election *e) {
    for (size_t i = 0; i < e->scope_count; i++)
        bw_scope_step(e, e->scopes[i]);
}

void bw_election_tick(struct bw_election *e, struct bw_time now) {
    struct bw_timer *timer;
    bw_enter(e, now);
    while ((timer = bw_timers_pop(&e->patience, e->patience_us)) != NULL)
        bw_scope_step(e, bw_container(timer, struct bw_scope, wake));
}
