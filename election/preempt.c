/* Preemption is a request (election.md rule 7): the better candidate asks, the leader hands over. Neither does so before the
 * hold-down, and each time that the candidate went away of late doubles the leader's. */
#include "election/quorum.h"
#include "election/seat.h"

#define FLAPS_MAX 6u                       /* 64 times the hold-down */
#define FLAP_ONCE_US (10 * BW_US_PER_S)    /* what is noticed in several ways within so long is one flap */
#define FLAP_DECAY_US (600 * BW_US_PER_S)  /* one is forgotten for each such time without another */
#define SECOND_SEAT_US (10 * BW_US_PER_S)  /* the hold-down of a second seat where there is no preemption */
#define HEARING_ROUNDS BW_ROUNDS_PER_LEASE /* who acknowledged none of so many is not there */

/* ------------------------------------------------------------------ how steady candidates are */

uint32_t bw_flaps(const struct bw_election *e, const struct bw_candidate *candidate) {
    if (candidate->seen.flaps == 0)
        return 0;
    int64_t forgotten = (e->patience_us - candidate->seen.flap_pt) / FLAP_DECAY_US;
    return forgotten >= (int64_t)candidate->seen.flaps ? 0 : candidate->seen.flaps - (uint32_t)forgotten;
}

void bw_flap(struct bw_election *e, struct bw_candidate *candidate) {
    candidate->seen.able_pt = e->patience_us;
    if (candidate->seen.flaps > 0 && e->patience_us < candidate->seen.flap_pt + FLAP_ONCE_US)
        return;
    uint32_t flaps = bw_flaps(e, candidate) + 1;
    candidate->seen.flaps = flaps < FLAPS_MAX ? flaps : FLAPS_MAX;
    candidate->seen.flap_pt = e->patience_us;
    bw_trace_rule(e->trace, BW_RULE_FLAPS_DOUBLE_THE_HOLD_DOWN, candidate->peer != NULL ? &candidate->peer->id : NULL,
                  candidate->seen.flaps);
}

void bw_flap_unless_able(struct bw_election *e, struct bw_candidate *candidate) {
    const struct bw_peer *peer = candidate->peer;
    bool able = candidate->ready && !candidate->half && (peer == NULL || (bw_peer_lives(peer) && !peer->unstable));
    if (able == candidate->seen.able)
        return;
    candidate->seen.able = able;
    candidate->seen.able_pt = e->patience_us;
    candidate->seen.able_round = e->round;
    if (!able)
        bw_flap(e, candidate);
}

void bw_flap_of(struct bw_election *e, struct bw_scope *scope, const struct bw_id *id) {
    struct bw_peer *peer = bw_peer_find(e, id);
    struct bw_candidate *candidate = peer != NULL ? bw_candidate_find(scope, peer) : NULL;
    if (candidate != NULL)
        bw_flap(e, candidate);
}

bool bw_steady(const struct bw_election *e, const struct bw_scope *scope, const struct bw_candidate *candidate,
               int64_t hold_us) {
    uint32_t flaps = bw_flaps(e, candidate);
    int64_t lease_us = bw_scope_lease_us(e, scope);
    int64_t steady_us = flaps == 0 ? hold_us : (hold_us > lease_us ? hold_us : lease_us) << flaps;
    return e->patience_us - candidate->seen.able_pt >= steady_us;
}

/* Whether it acknowledges our rounds: a sick link is found so long before anybody is held dead. */
static bool hears(const struct bw_election *e, const struct bw_peer *peer, uint64_t rounds) {
    return peer->acked_round + rounds >= e->round;
}

void bw_preempt_round(struct bw_election *e, struct bw_scope *scope) {
    if (scope->stopping || e->round < scope->first_round + HEARING_ROUNDS)
        return;
    const struct bw_rank ours = bw_scope_rank(scope, e, bw_candidate_self(scope));
    for (size_t i = 0; i < scope->successor_count && !scope->successors[i].witness; i++) {
        struct bw_peer *peer = scope->successors[i].peer;
        struct bw_candidate *candidate = peer != NULL ? bw_candidate_find(scope, peer) : NULL;
        const struct bw_rank theirs = candidate != NULL ? bw_scope_rank(scope, e, candidate) : ours;
        if (bw_rank_compare(&theirs, &ours) >= 0 && bw_list_empty(&scope->seats))
            return; /* nor do those behind it rank before us */
        if (bw_rank_compare(&theirs, &ours) >= 0)
            continue;
        bool missed = e->round >= candidate->seen.able_round + HEARING_ROUNDS && !hears(e, peer, HEARING_ROUNDS);
        if (missed && !candidate->seen.missed)
            bw_flap(e, candidate);
        else if (missed)
            candidate->seen.able_pt = e->patience_us;
        candidate->seen.missed = missed;
    }
}

/* ------------------------------------------------------------------ the better candidate's side */

/* So long both the reign and the candidate must have lasted; BW_NEVER: a better candidate does not count. Who comes gets a second
 * seat whatever the policy, but not before it is known to stay. */
static int64_t hold_down_us(const struct bw_election *e, const struct bw_scope *scope, const struct bw_rank *leader,
                            const struct bw_rank *candidate) {
    bool owed = bw_seat_owed(scope, leader, candidate);
    int64_t lease_us = bw_scope_lease_us(e, scope);
    int64_t hold_us = scope->own.preempt_ms * BW_US_PER_MS;
    if (scope->own.preempt_ms == BW_PREEMPT_NEVER)
        return owed ? SECOND_SEAT_US : BW_NEVER;
    return owed && hold_us < lease_us ? lease_us : hold_us;
}

/* We are the best, and would lead if there were no leader. */
static bool better(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
    const struct bw_candidate *incumbent = leader != NULL ? bw_candidate_find(scope, leader) : NULL;
    if (scope->freeze.frozen || incumbent == NULL || !bw_peer_lives(leader) || leader->refused_pt != BW_PAST ||
        !e->view.synchronised || !bw_stands(e, scope))
        return false;
    const struct bw_rank ours = bw_scope_rank(scope, e, bw_candidate_self(scope));
    const struct bw_rank theirs = bw_scope_rank(scope, e, incumbent);
    return hold_down_us(e, scope, &theirs, &ours) != BW_NEVER && bw_rank_compare(&ours, &theirs) < 0 &&
           bw_scope_position(e, scope) == 0 && bw_seat_to_ask(e, scope);
}

void bw_preempt_step(struct bw_election *e, struct bw_scope *scope) {
    int64_t lease_us = bw_scope_lease_us(e, scope);
    if (!better(e, scope)) {
        scope->better_since_pt = BW_PAST;
        return;
    }
    if (scope->better_since_pt == BW_PAST)
        scope->better_since_pt = scope->want_pt = e->patience_us;
    const struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
    const struct bw_rank ours = bw_scope_rank(scope, e, bw_candidate_self(scope));
    const struct bw_rank theirs = bw_scope_rank(scope, e, bw_candidate_find(scope, leader));
    /* a second seat is the leader's to keep for the hold-down: so those that wait for one need not wait one after the other */
    bool owed = bw_seat_owed(scope, &theirs, &ours);
    int64_t at = scope->better_since_pt + (owed ? lease_us : hold_down_us(e, scope, &theirs, &ours));
    int64_t listened = e->started_pt + lease_us + e->params.lease_margin_ms * BW_US_PER_MS;
    at = at > listened ? at : listened;
    at = at > scope->want_pt ? at : scope->want_pt;
    if (e->patience_us >= at) {
        const struct bw_message_want message = {.scope = bw_scope_name(scope), .term = scope->claim.token.term};
        bw_send(e, &scope->claim.token.id, BW_FRAME_want, &message);
        at = scope->want_pt = e->patience_us + lease_us;
    }
    bw_wake(e, scope, at);
}

/* ------------------------------------------------------------------ the leader's side */

/* Whether the hold-down still runs: of this reign, or of the candidate, since it came or was missed last. */
static bool held_down(const struct bw_election *e, const struct bw_scope *scope, const struct bw_candidate *candidate,
                      int64_t hold_us) {
    return e->now.mono_us - scope->reign_us < hold_us || !bw_steady(e, scope, candidate, hold_us);
}

void bw_want_receive(struct bw_election *e, struct bw_peer *peer, int64_t heard_us, const struct bw_message_want *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    if (scope == NULL || scope->phase != BW_PHASE_LEAD || scope->stopping || m->term != scope->claim.token.term ||
        scope->freeze.frozen || !bw_evidence_echo(e, scope, heard_us))
        return;
    struct bw_candidate *candidate = bw_candidate_find(scope, peer);
    if (candidate == NULL || !candidate->ready || !bw_quorum_may_lead(scope, &peer->id) ||
        peer->status != BW_STATUS_ALIVE)
        return;
    const struct bw_rank ours = bw_scope_rank(scope, e, bw_candidate_self(scope));
    const struct bw_rank theirs = bw_scope_rank(scope, e, candidate);
    int64_t hold_us = hold_down_us(e, scope, &ours, &theirs);
    if (hold_us == BW_NEVER || bw_rank_compare(&theirs, &ours) >= 0 ||
        !(scope->quorum != NULL ? bw_quorum_hears(scope, &peer->id) : hears(e, peer, 2)) ||
        held_down(e, scope, candidate, hold_us))
        return;
    bool owed = bw_seat_owed(scope, &ours, &theirs);
    bw_trace_rule(e->trace, owed ? BW_RULE_SECOND_SEAT_IS_OWED : BW_RULE_PREEMPT_BY_REQUEST, &peer->id, m->term);
    bw_resign_to(e, scope, owed ? BW_LOSS_SECOND_SEAT : BW_LOSS_PREEMPTED, &peer->id);
    bw_scope_step(e, scope);
}
