/* Which claims count (election.md rule 2). A member that is heard but hears nobody believes all others dead and claims ever
 * higher terms; it must depose nobody. So a claim counts when a third living member relays it - members relay only what
 * they accepted - or when its sender shows that it heard us within one lease. */
#include "election/quorum.h"

void bw_send_record(struct bw_election *e, struct bw_scope *scope, const struct bw_id *to) {
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    struct bw_message_record message = {
        .scope = bw_scope_name(scope),
        .term = scope->claim.token.term,
        .id = scope->claim.token.id,
        .sequence = scope->claim.sequence,
        .body.data = body,
    };
    if (bw_claim_none(&scope->claim))
        return;
    bw_claim_write(e, scope, rank, body, &message.body.size);
    bw_send(e, to, BW_FRAME_record, &message);
}

bool bw_evidence_echo(const struct bw_election *e, const struct bw_scope *scope, int64_t heard_us) {
    return heard_us != BW_NOT_HEARD && heard_us > e->now.mono_us - bw_scope_lease_us(e, scope);
}

int64_t bw_forgotten_pt(const struct bw_election *e, const struct bw_scope *scope, uint32_t lease_ms) {
    uint32_t own_ms = (uint32_t)(bw_scope_lease_us(e, scope) / BW_US_PER_MS);
    lease_ms = own_ms > lease_ms ? own_ms : lease_ms;
    lease_ms =
        scope->claim.lease_ms > lease_ms ? scope->claim.lease_ms : lease_ms; /* which one it was is forgotten, too */
    return e->forgetful ? e->started_pt + bw_wait_us(lease_ms, e->params.drift_ppm, e->params.lease_margin_ms)
                        : BW_PAST;
}

bool bw_may_lead(const struct bw_election *e, const struct bw_scope *scope, const struct bw_id *id) {
    bool may = e->may_lead == NULL || e->may_lead(e->may_lead_context, id, bw_scope_name(scope));
    if (!may)
        bw_trace_rule(e->trace, BW_RULE_LEAD_WHAT_IS_GRANTED, id, scope->claim.token.term);
    return may;
}

/* Its answer, if it hears us, is the evidence. Not asked more than once in a while. */
static void question(struct bw_election *e, struct bw_scope *scope, const struct bw_claim *claim) {
    struct bw_peer *peer = bw_peer_find(e, &claim->token.id);
    int64_t pause_us = bw_scope_lease_us(e, scope) / BW_ROUNDS_PER_LEASE / 4;
    if (peer == NULL || (peer->question_pt != BW_PAST && e->patience_us < peer->question_pt + pause_us))
        return;
    peer->question_pt = e->patience_us;
    const struct bw_message_question message = {.scope = bw_scope_name(scope), .term = claim->token.term};
    bw_send(e, &peer->id, BW_FRAME_question, &message);
}

/* Claims below are objected to. Not where the next one above would be out of bounds, and of one sender once in half a lease:
 * rising terms must not stand above whatever others claim. A member that hears nobody claims more rarely. */
static void quarantine(struct bw_election *e, struct bw_scope *scope, const struct bw_id *from, uint64_t term) {
    bool again = scope->raised_pt != BW_PAST && bw_id_equal(&scope->raised_by, from) &&
                 e->patience_us < scope->raised_pt + bw_scope_lease_us(e, scope) / 2;
    if (again || term <= scope->quarantined || term > scope->floor)
        return;
    scope->quarantined = term;
    scope->raised_by = *from;
    scope->raised_pt = e->patience_us;
}

bool bw_evidence_take(struct bw_election *e, struct bw_scope *scope, const struct bw_id *from, int64_t heard_us,
                      const struct bw_claim *claim) {
    int order = bw_claim_compare(claim, &scope->claim);
    if (order <= 0 || !bw_may_lead(e, scope, &claim->token.id) || !bw_claim_signed(e, scope, from, claim))
        return order == 0;
    uint64_t floor = scope->floor;
    if (!bw_saw_term(e, scope, claim->token.term, from, &claim->token.id))
        return false;
    if (BW_MUTANT(NO_CLAIM_ABOVE) && scope->phase == BW_PHASE_LEAD && !bw_peer_lives(bw_peer_find(e, &claim->token.id)))
        return false;
    if (!bw_quorum_fits(scope, claim)) {
        bw_trace_rule(e->trace, BW_RULE_REFUSE_ANOTHER_MODE, from, claim->mode);
        if (claim->mode == BW_MODE_QUORUM)
            scope->quorum_pt =
                e->patience_us + bw_wait_us(claim->lease_ms, e->params.drift_ppm, e->params.lease_margin_ms);
        return false;
    }
    bool own_word = bw_id_equal(from, &claim->token.id);
    bool same =
        bw_token_compare(&claim->token, &scope->claim.token) == 0; /* its leader's later word on a known reign */
    bool third = !own_word && bw_peer_lives(bw_peer_find(e, from));
    bool echoed = own_word && bw_evidence_echo(e, scope, heard_us);
    if (same || third || echoed || BW_MUTANT(EVIDENCE_RULE_OFF)) {
        bw_accept(e, scope, claim);
        scope->handed = scope->handed && own_word; /* others' may be older than what an earlier life of ours knew */
        return true;
    }
    bw_trace_rule(e->trace, BW_RULE_QUARANTINE_UNEVIDENCED_CLAIM, &claim->token.id, claim->token.term);
    quarantine(e, scope, from, claim->token.term);
    (void)floor; /* without mutants */
    scope->floor = BW_MUTANT(QUARANTINE_FORGOTTEN) ? floor : scope->floor;
    if (claim->state == BW_CLAIM_LEADING)
        question(e, scope, claim);
    return false;
}

/* A record that names us as leader of a reign that we do not hold: from before a restart, or before our lease ended. */
static void own_record(struct bw_election *e, struct bw_scope *scope, const struct bw_id *from,
                       const struct bw_claim *claim) {
    if (!bw_claim_signed(e, scope, from, claim) || !bw_saw_term(e, scope, claim->token.term, from, &claim->token.id))
        return;
    if (scope->phase == BW_PHASE_CLAIM && bw_token_compare(&claim->token, &scope->pending) == 0) {
        scope->confirmed = true; /* who relays our claim has accepted it: its confirmation comes, or is lost */
        return;
    }
    bool leads = scope->phase == BW_PHASE_LEAD;
    if (leads && bw_token_compare(&claim->token, &scope->claim.token) == 0) {
        scope->claim.sequence = claim->sequence + 1; /* our word is the last */
        bw_publish_record(e, scope);
        return;
    }
    bw_accept(e, scope, claim);
    scope->handed = false;
    if (claim->state != BW_CLAIM_LEADING || BW_MUTANT(NO_VACANT_RECORD))
        return;
    bw_trace_rule(e->trace, BW_RULE_VACATE_REIGN_NOT_HELD, NULL, claim->token.term);
    scope->reclaim = leads;
    scope->claim.sequence++;
    scope->claim.state = BW_CLAIM_VACANT;
    scope->claim.reason = BW_LOSS_DIED;
}

static void take_record(struct bw_election *e, const struct bw_id *from, int64_t heard_us, struct bw_bytes name,
                        const struct bw_claim *claim) {
    struct bw_scope *scope = bw_scope_get(e, name);
    if (scope == NULL || bw_claim_compare(claim, &scope->claim) <= 0)
        return;
    if (bw_id_equal(&claim->token.id, &e->self))
        own_record(e, scope, from, claim);
    else
        bw_evidence_take(e, scope, from, heard_us, claim);
    bw_scope_step(e, scope);
}

int bw_election_record(struct bw_election *e, const struct bw_id *from, int64_t heard_us, struct bw_bytes name,
                       const uint8_t rank[BW_CLAIM_RANK_SIZE], struct bw_bytes body, struct bw_time now) {
    struct bw_claim claim;
    bw_enter(e, now);
    e->refused = false;
    if (!bw_text_valid(name.data, name.size, BW_NAME_MAX) || bw_claim_decode(&claim, rank, body) != 0)
        return BW_ERR_DROP_MALFORMED;
    take_record(e, from, heard_us, name, &claim);
    return e->refused ? BW_ERR_DROP_UNSIGNED : 0;
}

void bw_claim_record_receive(struct bw_election *e, const struct bw_id *from, int64_t heard_us,
                             const struct bw_message_record *m) {
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    struct bw_claim claim;
    bw_claim_rank(&(struct bw_claim){.token = {.term = m->term, .id = m->id}, .sequence = m->sequence}, rank);
    int error = bw_claim_decode(&claim, rank, m->body);
    BW_ASSERT(error == 0); /* bw_message_next looked at it */
    take_record(e, from, heard_us, m->scope, &claim);
}
