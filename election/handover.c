/* Leadership that is given away (election.md rule 6): a leader stops first, then resigns in a message that may name its
 * successor, who claims without waiting. */
#include "election/quorum.h"
#include "election/seat.h"

void bw_resign_receive(struct bw_election *e, const struct bw_id *from, const struct bw_message_resign *m,
                       const uint8_t *signature) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    const struct bw_token token = {.term = m->term, .id = *from};
    if (scope == NULL || bw_token_compare(&token, &scope->claim.token) != 0 || m->sequence <= scope->claim.sequence)
        return;
    struct bw_claim claim = scope->claim;
    claim.sequence = m->sequence;
    claim.state = bw_id_none(&m->successor) ? BW_CLAIM_VACANT : BW_CLAIM_RESIGNING;
    claim.reason = m->reason;
    claim.successor = m->successor;
    claim.signature = signature;
    if (!bw_claim_signed(e, scope, from, &claim))
        return;
    bw_accept(e, scope, &claim);
    bw_scope_step(e, scope);
}

void bw_resign_now(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason, const struct bw_id *heir) {
    if (bw_quorum_mutant_release(e, scope))
        return;
    if (BW_MUTANT(RESIGNS_BEFORE_STOPPING))
        scope->claim.sequence++; /* says so, and goes on */
    else
        bw_vacate(e, scope, reason, heir);
    bw_trace_rule(e->trace, BW_RULE_RESIGN_TO_A_SUCCESSOR, heir, scope->claim.token.term);
    const struct bw_message_resign message = {
        .scope = bw_scope_name(scope),
        .term = scope->claim.token.term,
        .sequence = scope->claim.sequence,
        .reason = scope->claim.reason,
        .successor = *heir,
    };
    const uint8_t *signature = bw_claim_sign(e, scope, &scope->claim);
    bw_send_widely(e, scope, BW_FRAME_resign, &message, signature);
    if (bw_peer_find(e, heir) != NULL && bw_successor_find(scope, heir) == NULL)
        bw_send_signed(e, heir, BW_FRAME_resign, &message,
                       signature); /* of many members the one that must hear it at once */
}

void bw_resign_to(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason, const struct bw_id *heir) {
    if (!bw_stop_first(e, scope, reason, heir))
        bw_resign_now(e, scope, reason, heir);
}

void bw_resign(struct bw_election *e, struct bw_scope *scope, enum bw_loss reason) {
    if (scope->quorum != NULL && scope->phase != BW_PHASE_LEAD) {
        bw_quorum_give_up(e, scope);
    } else if (scope->phase == BW_PHASE_LEAD) {
        const struct bw_id heir = bw_scope_heir(e, scope);
        bw_resign_to(e, scope, reason, &heir);
    } else if (scope->phase == BW_PHASE_CLAIM) {
        bw_claim_withdraw(e, scope, 0, &(struct bw_id){{0}});
    } else {
        bw_campaign_abort(e, scope);
    }
}

/* Why the member cannot take the lead over, as far as we know; NULL: it can. */
static const char *unfit(const struct bw_election *e, const struct bw_scope *scope, const struct bw_peer *peer,
                         const struct bw_candidate *candidate) {
    if (peer == NULL)
        return "it is no member";
    if (peer->status != BW_STATUS_ALIVE || peer->refused_pt != BW_PAST)
        return "it is not alive";
    if (candidate == NULL)
        return "it does not stand for the scope";
    if (!bw_quorum_may_lead(scope, &peer->id))
        return "it is no voter of the scope";
    if (bw_seat_holds(scope, &peer->id) && bw_seat_wanted(e, scope))
        return "it holds another seat, and there are candidates that hold none";
    if (bw_seat_full(scope, &peer->id))
        return "it holds as many seats as a member takes";
    return candidate->ready ? NULL : "it is not ready";
}

int bw_election_transfer(struct bw_election *e, const char *name, const struct bw_id *to, const char **why,
                         struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_own(e, name);
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    if (scope->phase != BW_PHASE_LEAD)
        return BW_ERR_BUSY;
    if (bw_id_equal(to, &e->self))
        return 0;
    if (scope->freeze.frozen)
        return BW_ERR_FROZEN;
    const struct bw_peer *peer = bw_peer_find(e, to);
    *why = unfit(e, scope, peer, peer != NULL ? bw_candidate_find(scope, peer) : NULL);
    if (*why != NULL)
        return BW_ERR_INVALID;
    bw_trace_rule(e->trace, BW_RULE_TRANSFER, to, scope->claim.token.term);
    bw_resign_to(e, scope, BW_LOSS_RESIGNED, to);
    bw_scope_step(e, scope);
    return 0;
}

int bw_election_claim_above(struct bw_election *e, const char *name, const struct bw_token *token, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_own(e, name);
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    if (scope->phase != BW_PHASE_LEAD)
        return BW_ERR_BUSY;
    if (bw_token_compare(token, &scope->claim.token) <= 0)
        return 0;
    if (token->term == UINT64_MAX || !bw_term_near(scope->seen, token->term + 1))
        return BW_ERR_INVALID; /* others would refuse a claim above it */
    bw_trace_rule(e->trace, BW_RULE_CLAIM_ABOVE_A_GUARD, &token->id, token->term);
    (void)bw_saw_term(e, scope, token->term, &e->self, &token->id);
    scope->reigned = bw_token_compare(token, &scope->reigned) > 0 ? *token : scope->reigned; /* whoever leads is told */
    if (scope->stopping)
        return 0; /* it is given up already, to whom it was to go */
    bw_resign_to(e, scope, BW_LOSS_RESIGNED, &e->self);
    if (scope->phase == BW_PHASE_FOLLOW)
        scope->reclaim = bw_stands(e, scope);
    bw_scope_step(e, scope);
    return 0;
}
