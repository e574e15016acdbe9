/* Who reaches less than half ranks behind all others, and a leader that does hands over to the best successor that does not
 * (election.md rule 5). A leader measures by the acknowledgements of its heartbeats; who was found below half goes on with
 * questions, until it is not any more. Only members that somebody hears are counted: who is suspected may be gone. */
#include "election/seat.h"

#define REACHED_ROUNDS 2u /* an answer to one of the last two rounds */
#define BELOW_LEASES 2    /* so long it must have been so */
#define AGAIN_LEASES 10   /* and so long not so any more, doubled for each time: on and off is bad all the time */

static void half_changed(struct bw_election *e, struct bw_scope *scope, bool half) {
    struct bw_candidate self = *bw_candidate_self(scope);
    bw_trace_rule(e->trace, BW_RULE_BELOW_HALF_RANKS_LAST, NULL, half);
    self.half = half;
    scope->reach_pt = e->patience_us;
    int error = bw_candidate_put(e, scope, &self);
    BW_ASSERT(error == 0); /* it is there already */
    e->candidacies_changed = true;
}

/* What was measured counts when it has been so for long enough. */
static void measured(struct bw_election *e, struct bw_scope *scope, bool below) {
    int64_t leases = below ? BELOW_LEASES : AGAIN_LEASES << bw_flaps(e, bw_candidate_self(scope));
    if (below == bw_candidate_self(scope)->half)
        scope->half_since_pt = BW_PAST;
    else if (scope->half_since_pt == BW_PAST)
        scope->half_since_pt = e->patience_us;
    else if (e->patience_us - scope->half_since_pt >= leases * bw_scope_lease_us(e, scope)) {
        scope->half_since_pt = BW_PAST;
        half_changed(e, scope, below);
    }
}

/* ------------------------------------------------------------------ the leader, by heartbeats */

static bool acknowledges(const struct bw_election *e, const struct bw_peer *peer) {
    return peer->acked_round + REACHED_ROUNDS >= e->round;
}

/* It holds a seat, and would not take this one too, as far as we know: it left one to others of late. */
static bool takes_no_more(const struct bw_election *e, const struct bw_scope *scope,
                          const struct bw_candidate *candidate) {
    const struct bw_id *id = &candidate->peer->id;
    return bw_seat_full(scope, id) || (bw_seat_holds(scope, id) && bw_flaps(e, candidate) > 0);
}

/* The best that is ready, acknowledges, and is not shaky itself; none if there is none. */
static struct bw_id steady_heir(const struct bw_election *e, const struct bw_scope *scope) {
    struct bw_rank best = {.shaky = true};
    for (size_t i = 0; i < scope->successor_count; i++) {
        const struct bw_peer *peer = scope->successors[i].peer;
        const struct bw_candidate *candidate = peer != NULL ? bw_candidate_find(scope, peer) : NULL;
        if (candidate == NULL || !candidate->ready || peer->status != BW_STATUS_ALIVE || peer->refused_pt != BW_PAST ||
            !acknowledges(e, peer) || takes_no_more(e, scope, candidate))
            continue;
        const struct bw_rank rank = bw_scope_rank(scope, e, candidate);
        best = !rank.shaky && (best.shaky || bw_rank_compare(&rank, &best) < 0) ? rank : best;
    }
    return best.id;
}

void bw_reach_round(struct bw_election *e, struct bw_scope *scope) {
    size_t counted = 0;
    size_t reached = 0;
    if (scope->phase != BW_PHASE_LEAD || scope->stopping || e->round < scope->first_round + REACHED_ROUNDS)
        return;
    for (size_t i = 0; i < scope->successor_count; i++) {
        const struct bw_peer *peer = scope->successors[i].peer;
        bool alive = peer != NULL && peer->status == BW_STATUS_ALIVE;
        counted += alive;
        reached += alive && acknowledges(e, peer);
    }
    measured(e, scope, 2 * reached < counted);
    if (!bw_candidate_self(scope)->half || scope->freeze.frozen)
        return;
    const struct bw_id heir = steady_heir(e, scope);
    if (bw_id_none(&heir))
        return; /* in a ring of six nobody reaches half: somebody leads all the same */
    bw_trace_rule(e->trace, BW_RULE_HAND_OVER_BELOW_HALF, &heir, reached);
    bw_resign_to(e, scope, BW_LOSS_HALF_REACHABLE, &heir);
    bw_scope_step(e, scope);
}

/* ------------------------------------------------------------------ others, by questions */

void bw_reach_answer(struct bw_election *e, struct bw_peer *peer) {
    peer->answer_pt = e->patience_us;
}

/* Of the leader and its successors, ourselves aside. */
static void count(const struct bw_election *e, const struct bw_peer *peer, int64_t since_pt, size_t *counted,
                  size_t *reached) {
    bool alive = peer != NULL && peer->status == BW_STATUS_ALIVE;
    *counted += alive;
    *reached += alive && peer->answer_pt >= since_pt && e->patience_us >= since_pt;
}

static void ask(struct bw_election *e, struct bw_scope *scope, struct bw_peer *peer) {
    const struct bw_message_question message = {.scope = bw_scope_name(scope), .term = scope->claim.token.term};
    if (peer != NULL)
        bw_send(e, &peer->id, BW_FRAME_question, &message);
}

void bw_reach_step(struct bw_election *e, struct bw_scope *scope) {
    int64_t round_us = bw_scope_lease_us(e, scope) / BW_ROUNDS_PER_LEASE;
    const struct bw_candidate *self = bw_candidate_self(scope);
    if (self == NULL || !self->half || bw_claim_none(&scope->claim))
        return;
    if (e->patience_us < scope->reach_pt) {
        bw_wake(e, scope, scope->reach_pt);
        return;
    }
    size_t counted = 0;
    size_t reached = 0;
    int64_t since_pt = scope->reach_pt - REACHED_ROUNDS * round_us;
    struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
    bw_successors_refresh(e, scope);
    count(e, leader, since_pt, &counted, &reached);
    ask(e, scope, leader);
    for (size_t i = 0; i < scope->successor_count; i++) {
        count(e, scope->successors[i].peer, since_pt, &counted, &reached);
        ask(e, scope, scope->successors[i].peer);
    }
    scope->reach_pt = e->patience_us + round_us;
    measured(e, scope, 2 * reached < counted);
    bw_wake(e, scope, scope->reach_pt);
}
