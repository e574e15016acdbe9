/* Reigns as this member sees them: a claim accepted, a leader announced, lost or over, our own begun and ended
 * (election.md rule 1 and "What an application sees"). */
#include "election/quorum.h"
#include "election/seat.h"

bool bw_reign_current(const struct bw_scope *scope) {
    return !bw_claim_none(&scope->claim) && scope->claim.state == BW_CLAIM_LEADING && !scope->over;
}

void bw_refuse_term(struct bw_election *e, struct bw_scope *scope, uint64_t term, const struct bw_id *from,
                    const struct bw_id *of) {
    const struct bw_token token = {.term = term, .id = of != NULL ? *of : (struct bw_id){{0}}};
    bw_trace_rule(e->trace, BW_RULE_REFUSE_FAR_TERM, from, term);
    bw_emit_term_refused(e, scope, &token, from);
}

bool bw_saw_term(struct bw_election *e, struct bw_scope *scope, uint64_t term, const struct bw_id *from,
                 const struct bw_id *of) {
    if (!bw_term_near(scope->seen, term)) {
        bw_refuse_term(e, scope, term, from, of);
        return false;
    }
    if (term > scope->floor && bw_term_near(scope->seen, term + 1)) /* ours, above it, must be in bounds too */
        scope->floor = term;
    return true;
}

/* Of whom we do not know yet the record may come first: bw_election_member announces it then. */
void bw_announce(struct bw_election *e, struct bw_scope *scope) {
    const struct bw_id *leader = &scope->claim.token.id;
    if (scope->announced || (!bw_id_equal(leader, &e->self) && bw_peer_find(e, leader) == NULL))
        return;
    scope->announced = true;
    scope->since_wall_us = e->now.wall_us;
    bw_emit(e, scope, BW_EVENT_LEADER_ELECTED, &scope->claim.token, BW_LOSS_NONE);
}

void bw_lose(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason) {
    if (!scope->announced)
        return;
    scope->announced = false;
    if (reason == BW_LOSS_DIED)
        bw_flap_of(e, scope, &scope->claim.token.id);
    bw_emit(e, scope, BW_EVENT_LEADER_LOST, &scope->claim.token, reason);
}

static void begin_anew(struct bw_election *e, struct bw_scope *scope) {
    scope->over_pt = e->patience_us;
    scope->campaign_pt = scope->contact_pt = scope->better_since_pt = BW_PAST;
    scope->better = (struct bw_id){{0}};
    scope->in_vain = false;
    bw_bully_reset(scope);
    bw_watch_reset(scope);
    bw_seat_changed(e, scope);
}

void bw_reign_over(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason) {
    BW_ASSERT(scope->phase == BW_PHASE_FOLLOW);
    scope->over = true;
    bw_lose(e, scope, reason);
    begin_anew(e, scope);
}

void bw_reign_stays(struct bw_election *e, struct bw_scope *scope) {
    if (!scope->reclaim || scope->phase != BW_PHASE_FOLLOW || scope->claim.state != BW_CLAIM_LEADING)
        return;
    scope->reclaim = scope->over = false;
    bw_announce(e, scope);
    if (bw_token_compare(&scope->claim.token, &scope->healed_winner) == 0 && scope->healed_count == 0)
        bw_heal_begin(e, scope);
}

void bw_reign_lives(struct bw_election *e, struct bw_scope *scope, const struct bw_token *token) {
    if (scope->phase != BW_PHASE_FOLLOW || scope->claim.state != BW_CLAIM_LEADING || scope->reclaim || !scope->over ||
        bw_token_compare(token, &scope->claim.token) != 0)
        return;
    scope->over = false;
    bw_watch_reset(scope);
    bw_announce(e, scope);
}

void bw_reign_heard(struct bw_election *e, struct bw_scope *scope) {
    if (scope->phase == BW_PHASE_CLAIM || scope->phase == BW_PHASE_LEAD || scope->claim.state != BW_CLAIM_LEADING)
        return;
    bw_reign_stays(e, scope);
    bw_campaign_abort(e, scope); /* what we acknowledge we do not claim */
    scope->heard_pt = e->patience_us;
    scope->over = scope->refusals = false;
    bw_watch_reset(scope);
    bw_announce(e, scope);
    bw_scope_step(e, scope);
}

void bw_stand_down(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason) {
    BW_ASSERT(scope->phase == BW_PHASE_LEAD);
    scope->phase = BW_PHASE_FOLLOW;
    scope->act_until_us = BW_PAST;
    scope->successors_stale = true;
    bw_timer_cancel(&e->authority, &scope->lease);
    e->led_count--;
    if (!scope->stopping) /* it was said when the work was told to stop */
        bw_emit(e, scope, BW_EVENT_SELF_DEPOSED, &scope->claim.token, reason);
    scope->stopping = false;
    bw_lose(e, scope, reason);
    bw_round_arm(e);
    if (scope->quorum != NULL)
        bw_quorum_ended(e, scope);
    if (scope->withdrawn)
        bw_withdraw_end(e, scope);
}

void bw_vacate(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason, const struct bw_id *successor) {
    bw_stand_down(e, scope, reason);
    scope->claim.sequence++;
    scope->claim.state = bw_id_none(successor) ? BW_CLAIM_VACANT : BW_CLAIM_RESIGNING;
    scope->claim.successor = *successor;
    scope->claim.reason = (uint8_t)reason;
    scope->over = scope->refusals = false;
    begin_anew(e, scope);
    bw_publish_record(e, scope);
}

/* Why the reign that a new claim ends had ended, as far as we can tell. */
static enum bw_loss ended_by(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
    if (leader != NULL && leader->status == BW_STATUS_LEFT)
        return BW_LOSS_LEFT;
    bool gone = !bw_peer_lives(leader) || leader->refused_pt != BW_PAST;
    bool late = scope->is_successor && scope->ask_pt != BW_PAST;
    return gone || late ? BW_LOSS_DIED : BW_LOSS_DEPOSED;
}

/* Who was named and left it to another did not claim in time: as good as away. */
static void passed_over(struct bw_election *e, struct bw_scope *scope, const struct bw_id *winner) {
    if (scope->claim.state == BW_CLAIM_RESIGNING && !bw_id_equal(&scope->claim.successor, winner))
        bw_flap_of(e, scope, &scope->claim.successor);
}

void bw_reign_begin(struct bw_election *e, struct bw_scope *scope) {
    BW_ASSERT(scope->phase == BW_PHASE_CLAIM);
    bw_lose(e, scope, ended_by(e, scope));
    passed_over(e, scope, &e->self);
    scope->phase = BW_PHASE_LEAD;
    scope->previous = bw_claim_none(&scope->claim) ? scope->reigned : scope->claim.token;
    scope->claim = (struct bw_claim){
        .token = scope->pending,
        .sequence = scope->claim_count > 1 ? 2 : 1, /* who has put the claim aside meanwhile hears of it anew */
        .state = BW_CLAIM_LEADING,
        .mode = (uint8_t)scope->own.mode,
        .lease_ms = (uint32_t)(bw_scope_lease_us(e, scope) / BW_US_PER_MS),
        .boot = e->boot,
    };
    scope->reigned = scope->pending;
    scope->held = true;
    scope->over = scope->reclaim = scope->refusals = false;
    scope->campaign_pt = scope->contact_pt = BW_PAST;
    scope->successors_stale = true;
    scope->act_until_us = scope->claim_sent_us + bw_scope_lease_us(e, scope);
    scope->first_round = e->round + 1;
    scope->reign_us = e->now.mono_us;
    scope->heard_pt = e->patience_us;
    e->led_count++;
    bw_timer_arm(&e->authority, &scope->lease, scope->act_until_us);
    bw_seat_changed(e, scope);
    bw_publish_record(e, scope);
    bw_announce(e, scope);
    bw_emit(e, scope, BW_EVENT_SELF_ELECTED, &scope->claim.token, BW_LOSS_NONE);
    bw_round_soon(e, bw_scope_lease_us(e, scope) / BW_ROUNDS_PER_LEASE / 4);
}

static void step_aside(struct bw_election *e, struct bw_scope *scope, const struct bw_claim *claim) {
    const struct bw_peer *other = bw_peer_find(e, &claim->token.id);
    bool ours = bw_id_equal(&claim->token.id, &e->self); /* of an earlier life: nobody leads in it */
    bool lives = claim->state == BW_CLAIM_LEADING && !ours && (other == NULL || bw_peer_lives(other));
    struct bw_token old = scope->claim.token;
    bw_stand_down(e, scope, BW_LOSS_DEPOSED);
    bw_heal_prepare(e, scope, &claim->token, &old, scope->reign_us);
    if (lives) {
        bw_heal_begin(e, scope);
        return;
    }
    /* After a partition a leader's record often comes before the news that it lives: these get some time. */
    scope->reclaim = true;
    if (claim->state == BW_CLAIM_LEADING && !ours)
        scope->not_before_pt = e->patience_us + e->params.settle_ms * BW_US_PER_MS;
}

/* To a leader whose token is below one that once reigned, until it claims above it: words are lost, and its record often comes
 * before the news that it lives. */
void bw_larger_step(struct bw_election *e, struct bw_scope *scope) {
    if (BW_MUTANT(LARGER_NOT_TOLD) || !bw_reign_current(scope) ||
        bw_token_compare(&scope->claim.token, &scope->reigned) >= 0 ||
        !bw_peer_lives(bw_peer_find(e, &scope->claim.token.id)))
        return;
    if (e->patience_us < scope->larger_again_pt) {
        bw_wake(e, scope, scope->larger_again_pt);
        return;
    }
    const struct bw_message_object message = {
        .scope = bw_scope_name(scope),
        .term = scope->claim.token.term,
        .reason = BW_OBJECT_SEEN_LARGER,
        .token_term = scope->reigned.term,
        .token_id = scope->reigned.id,
    };
    bw_send(e, &scope->claim.token.id, BW_FRAME_object, &message);
    scope->larger_again_pt = e->patience_us + bw_scope_lease_us(e, scope);
    bw_wake(e, scope, scope->larger_again_pt);
}

void bw_promise(struct bw_scope *scope, const struct bw_token *token, int64_t until_pt, const struct bw_id *by) {
    if (until_pt <= scope->promised_pt)
        return;
    scope->promised = *token;
    scope->promised_pt = until_pt;
    scope->promised_by = *by;
}

/* A larger token ends a reign in our eyes; its leader may not have heard of that, and acts until its lease ends. */
static void remember_promise(struct bw_election *e, struct bw_scope *scope) {
    const struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
    int64_t until_pt =
        bw_heard_pt(e, scope) + bw_wait_us(scope->claim.lease_ms, e->params.drift_ppm, e->params.lease_margin_ms);
    if (bw_reign_current(scope) && bw_peer_lives(leader))
        bw_promise(scope, &scope->claim.token, until_pt, &(struct bw_id){{0}});
}

void bw_accept(struct bw_election *e, struct bw_scope *scope, const struct bw_claim *claim) {
    bool same = bw_token_compare(&claim->token, &scope->claim.token) == 0;
    BW_ASSERT(bw_claim_compare(claim, &scope->claim) > 0);
    if (scope->phase == BW_PHASE_LEAD)
        step_aside(e, scope, claim);
    else if (scope->phase != BW_PHASE_CLAIM || bw_token_compare(&claim->token, &scope->pending) > 0)
        bw_campaign_abort(e, scope);
    if (claim->state == BW_CLAIM_LEADING && !same)
        bw_lose(e, scope, ended_by(e, scope));
    else if (claim->state != BW_CLAIM_LEADING)
        bw_lose(e, scope, same && claim->reason < BW_LOSS_COUNT ? (enum bw_loss)claim->reason : BW_LOSS_DEPOSED);
    if (!same) {
        remember_promise(e, scope);
        passed_over(e, scope, &claim->token.id);
    }
    bw_freeze_held(e, scope, claim);
    scope->handed = same && scope->claim.state == BW_CLAIM_LEADING && claim->state == BW_CLAIM_RESIGNING;
    scope->claim = *claim;
    bw_claim_keep(scope);
    scope->seen = claim->token.term > scope->seen ? claim->token.term : scope->seen;
    scope->floor = scope->seen > scope->floor ? scope->seen : scope->floor;
    scope->reigned = bw_token_compare(&claim->token, &scope->reigned) > 0 ? claim->token : scope->reigned;
    scope->larger_again_pt = BW_PAST;
    scope->successors_stale = true;
    scope->heard_pt = e->patience_us;
    scope->over = scope->refusals = false;
    begin_anew(e, scope);
    bw_publish_record(e, scope);
    if (scope->quorum != NULL)
        bw_quorum_accepted(e, scope);
    if (claim->state == BW_CLAIM_LEADING && !bw_id_equal(&claim->token.id, &e->self)) {
        scope->reclaim = scope->reclaim && !bw_peer_lives(bw_peer_find(e, &claim->token.id));
        scope->over = scope->reclaim;
        if (!scope->reclaim)
            bw_announce(e, scope);
    }
}
