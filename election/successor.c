/* Watching the leader (election.md, Availability modes and Fast failover): a successor whose heartbeats stop asks the
 * leader, directly and through others, and all other successors; it stands only when the lease that was promised must have
 * ended for everybody, or when two refused ports show that the process is gone. */
#include "election/state.h"

int64_t bw_heard_pt(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
    int64_t heartbeat_pt = leader != NULL ? leader->heartbeat_pt : BW_PAST;
    return heartbeat_pt > scope->heard_pt ? heartbeat_pt : scope->heard_pt;
}

void bw_watch_reset(struct bw_scope *scope) {
    scope->ask_pt = scope->gone_pt = BW_PAST;
    for (size_t i = 0; i < scope->successor_count; i++) {
        struct bw_successor *successor = &scope->successors[i];
        successor->unanswered = 0;
        successor->answered = successor->refused = false;
        successor->heard_pt = BW_PAST;
    }
}

/* Silence is not consent: who leaves three questions unanswered counts as having heard the leader at the third. */
static void count_question(struct bw_election *e, struct bw_successor *successor) {
    if (successor->unanswered < BW_UNANSWERED_MAX)
        successor->unanswered++;
    else
        return;
    if (successor->unanswered == BW_UNANSWERED_MAX) {
        bw_trace_rule(e->trace, BW_RULE_SILENCE_IS_NOT_CONSENT, &successor->id, 0);
        successor->heard_pt = e->patience_us;
    }
}

static bool refused_us(const struct bw_peer *peer) {
    return peer != NULL && peer->refused_pt != BW_PAST;
}

void bw_watch_gone(struct bw_election *e, struct bw_scope *scope, const struct bw_peer *peer) {
    const struct bw_successor *successor = bw_successor_find(scope, &peer->id);
    if (successor == NULL)
        return;
    int64_t at = successor->unanswered < BW_UNANSWERED_MAX ? e->patience_us : successor->heard_pt;
    scope->gone_pt = at > scope->gone_pt ? at : scope->gone_pt;
    bw_trace_rule(e->trace, BW_RULE_SILENCE_IS_NOT_CONSENT, &peer->id, 1);
}

void bw_ask_all(struct bw_election *e, struct bw_scope *scope) {
    bool current = bw_reign_current(scope);
    const struct bw_message_ask message = {
        .scope = bw_scope_name(scope),
        .term = scope->claim.token.term,
        .leader = scope->claim.token.id,
        .sequence = scope->claim.sequence,
        .number = ++scope->number,
        .refused = current && refused_us(bw_peer_find(e, &scope->claim.token.id)),
    };
    bw_successors_refresh(e, scope);
    for (size_t i = 0; i < scope->successor_count; i++) {
        struct bw_successor *successor = &scope->successors[i];
        if (successor->peer == NULL)
            continue;
        bw_send(e, &successor->id, BW_FRAME_ask, &message);
        count_question(e, successor);
    }
}

void bw_ask_leader(struct bw_election *e, struct bw_scope *scope, struct bw_peer *leader) {
    const struct bw_message_question message = {.scope = bw_scope_name(scope), .term = scope->claim.token.term};
    bw_send(e, &leader->id, BW_FRAME_question, &message);
    bw_want_probe(e, leader); /* the indirect question; on a dead port it also draws the refusal */
}

/* From when on no other successor objects: BW_PAST if none ever did, BW_NEVER while one has still to answer. */
static int64_t consent_pt(const struct bw_scope *scope, int64_t wait_us) {
    int64_t consent = scope->gone_pt == BW_PAST ? BW_PAST : scope->gone_pt + wait_us;
    for (size_t i = 0; i < scope->successor_count; i++) {
        const struct bw_successor *successor = &scope->successors[i];
        if (!bw_peer_lives(successor->peer) || refused_us(successor->peer))
            continue; /* ourselves; or gone: see bw_watch_gone */
        if (!successor->answered && successor->unanswered < BW_UNANSWERED_MAX)
            return BW_NEVER;
        int64_t at = successor->heard_pt == BW_PAST ? BW_PAST : successor->heard_pt + wait_us;
        consent = at > consent ? at : consent;
    }
    return consent;
}

/* Two successors saw the leader's port refuse, or the only one that there is. */
static bool refused_enough(struct bw_election *e, const struct bw_scope *scope, const struct bw_peer *leader) {
    bool only = true;
    if (!refused_us(leader) || scope->own.failover != BW_FAILOVER_FAST)
        return false;
    if (bw_candidate_safe(scope, leader)) {
        bw_trace_rule(e->trace, BW_RULE_SAFE_LEADER_HAS_ITS_LEASE, &leader->id, scope->claim.token.term);
        return false;
    }
    for (size_t i = 0; i < scope->successor_count; i++) {
        const struct bw_successor *successor = &scope->successors[i];
        if (!bw_peer_lives(successor->peer) || refused_us(successor->peer))
            continue;
        if (successor->refused)
            return true;
        only = false;
    }
    return only;
}

/* From the first late heartbeat on. */
static void watch_late(struct bw_election *e, struct bw_scope *scope, struct bw_peer *leader, int64_t round_us,
                       int64_t until_pt) {
    if (scope->ask_pt == BW_PAST || e->patience_us >= scope->ask_pt) {
        if (leader != NULL)
            bw_ask_leader(e, scope, leader);
        bw_ask_all(e, scope);
        scope->ask_pt = e->patience_us + round_us;
    }
    int64_t wait_us = bw_wait_us(scope->claim.lease_ms, e->params.drift_ppm, e->params.lease_margin_ms);
    int64_t consent = consent_pt(scope, wait_us);
    if (refused_enough(e, scope, leader)) {
        bw_trace_rule(e->trace, BW_RULE_REFUSAL_ENDS_THE_WAIT, &scope->claim.token.id, 0);
        scope->refusals = true;
        bw_reign_over(e, scope, BW_LOSS_DIED);
        scope->over_pt = e->patience_us;
    } else if (e->patience_us >= until_pt && consent <= e->patience_us) {
        bw_reign_over(e, scope, BW_LOSS_DIED);
    } else {
        if (e->patience_us >= until_pt)
            bw_trace_rule(e->trace, BW_RULE_WAIT_FOR_OTHER_SUCCESSORS, NULL, 0);
        bw_wake(e, scope, scope->ask_pt);
        if (e->patience_us < until_pt)
            bw_wake(e, scope, until_pt);
        else if (consent != BW_NEVER)
            bw_wake(e, scope, consent);
    }
}

void bw_watch_step(struct bw_election *e, struct bw_scope *scope) {
    struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
    int64_t round_us = scope->claim.lease_ms * BW_US_PER_MS / BW_ROUNDS_PER_LEASE;
    int64_t since_pt = bw_heard_pt(e, scope);
    bw_successors_refresh(e, scope);
    if (leader != NULL && leader->status == BW_STATUS_LEFT) {
        bw_reign_over(e, scope, BW_LOSS_LEFT); /* its own word: it is no more */
        return;
    }
    if (!scope->is_successor && bw_peer_lives(leader))
        return; /* others watch it for us */
    if (scope->is_successor && scope->successor_pt > since_pt)
        since_pt = scope->successor_pt; /* heartbeats come to us only since then */
    int64_t late_pt = since_pt + round_us * (100 + BW_LATE_PERCENT) / 100;
    bool told = false;
    for (size_t i = 0; i < scope->successor_count; i++)
        told = told || scope->successors[i].refused;
    if (e->patience_us < late_pt && !refused_us(leader) && !told) {
        scope->ask_pt = BW_PAST;
        bw_wake(e, scope, late_pt);
        return;
    }
    watch_late(e, scope, leader, round_us,
               since_pt + bw_wait_us(scope->claim.lease_ms, e->params.drift_ppm, e->params.lease_margin_ms));
}

/* ------------------------------------------------------------------ between successors */

static uint32_t age_ms(const struct bw_election *e, int64_t heard_pt) {
    if (heard_pt == BW_PAST)
        return BW_AGE_NEVER;
    int64_t age = (e->patience_us - heard_pt) / BW_US_PER_MS; /* rounded down: rather too young */
    return age < (int64_t)BW_AGE_NEVER ? (uint32_t)age : BW_AGE_NEVER - 1;
}

/* The asker's own refusal is worth looking at once. */
static void take_refusal(struct bw_election *e, struct bw_scope *scope, struct bw_peer *peer) {
    struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
    bw_successors_refresh(e, scope);
    struct bw_successor *successor = bw_successor_find(scope, &peer->id);
    if (successor == NULL || leader == NULL || successor->refused)
        return;
    successor->refused = true;
    if (scope->ask_pt == BW_PAST)
        scope->ask_pt = e->patience_us; /* in doubt: the next heartbeat clears it */
    if (!refused_us(leader))
        bw_want_probe(e, leader);
}

void bw_ask_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_ask *m) {
    struct bw_scope *scope = bw_scope_get(e, m->scope);
    if (scope == NULL)
        return;
    const struct bw_claim asked = {.token = {.term = m->term, .id = m->leader}, .sequence = m->sequence};
    int order = bw_claim_compare(&asked, &scope->claim);
    struct bw_message_reply reply = {
        .scope = m->scope,
        .term = m->term,
        .leader = m->leader,
        .number = m->number,
        .age_ms = age_ms(e, e->forgetful ? e->started_pt : BW_PAST), /* an earlier life may have heard it */
    };
    if (order < 0)
        bw_send_record(e, scope, &peer->id);
    if (order == 0 && bw_reign_current(scope)) {
        if (m->refused)
            take_refusal(e, scope, peer);
        reply.age_ms = age_ms(e, bw_heard_pt(e, scope));
        reply.refused = refused_us(bw_peer_find(e, &scope->claim.token.id));
    }
    bw_send(e, &peer->id, BW_FRAME_reply, &reply);
    bw_scope_step(e, scope);
}

/* Heard by another after we gave it up, and not only as late as the word of it was on its way: it lives. */
static void heard_since(struct bw_election *e, struct bw_scope *scope, int64_t heard_pt, const struct bw_token *token) {
    if (!scope->over || scope->refusals || heard_pt - e->params.lease_margin_ms * BW_US_PER_MS <= scope->over_pt)
        return;
    bw_trace_rule(e->trace, BW_RULE_ANOTHER_HEARD_IT_SINCE, &token->id, token->term);
    bw_reign_lives(e, scope, token);
}

void bw_reply_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_reply *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    const struct bw_token token = {.term = m->term, .id = m->leader};
    if (scope == NULL || bw_token_compare(&token, &scope->claim.token) != 0 || scope->number - m->number > 1)
        return; /* about another reign, or older than two rounds */
    struct bw_successor *successor = bw_successor_find(scope, &peer->id);
    if (successor != NULL) {
        successor->unanswered = 0;
        successor->answered = true;
        successor->heard_pt = m->age_ms == BW_AGE_NEVER ? BW_PAST : e->patience_us - (int64_t)m->age_ms * BW_US_PER_MS;
        if (m->refused)
            take_refusal(e, scope, peer);
        else if (successor->heard_pt != BW_PAST)
            heard_since(e, scope, successor->heard_pt, &token);
    }
    bw_scope_step(e, scope);
}

/* ------------------------------------------------------------------ between a successor and the leader */

void bw_question_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_question *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    bool leads = scope != NULL && scope->phase == BW_PHASE_LEAD;
    if (scope != NULL && scope->phase == BW_PHASE_CLAIM && m->term == scope->pending.term) {
        const struct bw_message_claim claim = {
            .scope = m->scope,
            .term = scope->pending.term,
            .number = scope->number,
            .boot = e->boot,
            .lease_ms = (uint32_t)(bw_scope_lease_us(e, scope) / BW_US_PER_MS),
        };
        const struct bw_claim pending = bw_claim_pending(e, scope);
        bw_send_signed(e, &peer->id, BW_FRAME_claim, &claim, bw_claim_sign(e, scope, &pending));
        return;
    }
    if (leads && scope->quorum != NULL) {
        bw_send_record(e, scope, &peer->id); /* an answer would not say the mode */
        return;
    }
    const struct bw_message_answer answer = {
        .scope = m->scope,
        .about = m->term,
        .leads = leads ? BW_ANSWER_YES : BW_ANSWER_NO,
        .term = leads ? scope->claim.token.term : 0,
        .sequence = leads ? scope->claim.sequence : 0,
        .boot = e->boot,
        .lease_ms = leads ? scope->claim.lease_ms : 0,
    };
    bw_send_signed(e, &peer->id, BW_FRAME_answer, &answer, leads ? bw_claim_sign(e, scope, &scope->claim) : NULL);
}

void bw_answer_receive(struct bw_election *e, struct bw_peer *peer, int64_t heard_us, const struct bw_message_answer *m,
                       const uint8_t *signature) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    bw_reach_answer(e, peer);
    if (scope == NULL)
        return;
    if (m->leads == BW_ANSWER_YES) {
        const struct bw_claim claim = {
            .token = {.term = m->term, .id = peer->id},
            .sequence = m->sequence,
            .state = BW_CLAIM_LEADING,
            .lease_ms = m->lease_ms,
            .boot = m->boot,
            .signature = signature,
        };
        if (bw_evidence_take(e, scope, &peer->id, heard_us, &claim) && bw_evidence_echo(e, scope, heard_us))
            bw_reign_heard(e, scope);
    }
    /* an authentic "no", or any answer from a later boot, is as good as a resignation */
    bool about_it = bw_id_equal(&peer->id, &scope->claim.token.id) && m->about == scope->claim.token.term;
    bool gone = m->leads == BW_ANSWER_NO || m->boot > scope->claim.boot;
    if (about_it && gone && scope->phase == BW_PHASE_FOLLOW && bw_reign_current(scope)) {
        bw_trace_rule(e->trace, BW_RULE_NO_IS_A_RESIGNATION, &peer->id, m->about);
        bw_reign_over(e, scope, BW_LOSS_RESIGNED);
    }
    bw_scope_step(e, scope);
}

/* ------------------------------------------------------------------ what node tells */

void bw_watch_refused(struct bw_election *e, struct bw_peer *peer) {
    bool first = peer->refused_pt == BW_PAST;
    peer->refused_pt = e->patience_us;
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        bw_successors_refresh(e, scope);
        if (first)
            bw_watch_gone(e, scope, peer);
        bool watches = bw_id_equal(&scope->claim.token.id, &peer->id) && bw_reign_current(scope) && scope->is_successor;
        if (watches && first) {
            bw_ask_all(e, scope); /* tells the others, witnesses' refusals too */
            scope->ask_pt = e->patience_us + scope->claim.lease_ms * BW_US_PER_MS / BW_ROUNDS_PER_LEASE;
        }
        bw_scope_step(e, scope);
    }
}
