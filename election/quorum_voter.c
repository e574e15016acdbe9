/* The voter of quorum mode: one vote in a term, durable before it is spoken; a promise that a renewal extends; abstention after
 * whatever made it forget a promise. */
#include "election/quorum.h"

#include <string.h>

static bool same_vote(const struct bw_quorum *q, const struct bw_asked *asked) {
    return q->vote.term == asked->term && q->vote.boot == asked->boot && bw_id_equal(&q->vote.candidate, &asked->from);
}

bool bw_voter_promised_to_another(const struct bw_election *e, const struct bw_quorum *q, const struct bw_id *id) {
    return e->now.mono_us < q->promise_us && !bw_id_equal(&q->vote.candidate, id);
}

bool bw_voter_durable(const struct bw_quorum *q) {
    if (BW_MUTANT(VOTE_NOT_DURABLE))
        return true;
    return q->vote_version <= q->durable && q->voters_version <= q->durable;
}

static bool agrees(const struct bw_quorum *q, const struct bw_voters *voters) {
    if (BW_MUTANT(VOTERS_BY_NUMBER_ALONE))
        return voters->number == q->vote.voters.number;
    return bw_voters_compare(voters, &q->vote.voters) == 0 && voters->count == q->vote.voters.count &&
           memcmp(voters->ids, q->vote.voters.ids, voters->count * sizeof voters->ids[0]) == 0;
}

enum bw_refusal bw_voter_judge(const struct bw_election *e, const struct bw_scope *scope,
                               const struct bw_asked *asked) {
    const struct bw_quorum *q = scope->quorum;
    bool same = same_vote(q, asked);
    if (!agrees(q, &asked->voters))
        return BW_REFUSED_VOTERS;
    if (!bw_voters_has(&q->vote.voters, &e->self))
        return BW_REFUSED_NO_VOTER;
    if (asked->lease_ms != q->vote.lease_ms)
        return BW_REFUSED_LEASE;
    if (e->now.mono_us < q->abstain_us || bw_twice(e))
        return BW_REFUSED_ABSTAINS;
    if (same && q->vote.released)
        return BW_REFUSED_RELEASED;
    if (asked->kind == BW_BALLOT_RENEW)
        return same || BW_MUTANT(STALE_RENEWAL_ACKNOWLEDGED) ? BW_GRANTED : BW_REFUSED_TERM;
    if (asked->kind == BW_BALLOT_VOTE && same)
        return BW_GRANTED;
    if (asked->term <= q->vote.term || !bw_term_near(scope->seen, asked->term))
        return BW_REFUSED_TERM;
    if (bw_voter_promised_to_another(e, q, &asked->from) && !BW_MUTANT(PROMISE_IGNORED))
        return BW_REFUSED_PROMISED;
    return BW_GRANTED;
}

void bw_voter_cast(struct bw_election *e, struct bw_scope *scope, const struct bw_asked *asked) {
    struct bw_durable_vote *vote = &scope->quorum->vote;
    BW_ASSERT(asked->term > vote->term);
    vote->term = asked->term;
    vote->candidate = asked->from;
    vote->boot = asked->boot;
    vote->released = false;
    vote->lease_max_ms = vote->lease_ms > vote->lease_max_ms ? vote->lease_ms : vote->lease_max_ms;
    scope->quorum->promise_us = e->now.mono_us + bw_promise_us(e, vote->lease_ms);
    scope->quorum->vote_version = ++scope->quorum->version;
    scope->quorum->wanted = true;
    scope->seen = asked->term > scope->seen ? asked->term : scope->seen;
    scope->floor = scope->seen > scope->floor ? scope->seen : scope->floor;
    bw_trace_rule(e->trace, BW_RULE_VOTE_ONCE_IN_A_TERM, &asked->from, asked->term);
}

void bw_voter_renew(struct bw_election *e, struct bw_quorum *q) {
    int64_t until_us = e->now.mono_us + bw_promise_us(e, q->vote.lease_ms);
    q->promise_us = until_us > q->promise_us ? until_us : q->promise_us;
}

void bw_voter_release(struct bw_election *e, struct bw_quorum *q, const struct bw_id *candidate, uint64_t term,
                      uint64_t boot) {
    bool same = q->vote.term == term && q->vote.boot == boot && bw_id_equal(&q->vote.candidate, candidate);
    if (!same || q->vote.released)
        return;
    q->vote.released = true; /* written with whatever is next: a restarted voter abstains anyway */
    q->version++;
    q->promise_us = BW_PAST;
    bw_trace_rule(e->trace, BW_RULE_RELEASED_IS_OVER, candidate, term);
}

static enum bw_rule rule_of(enum bw_refusal refusal) {
    static const enum bw_rule rules[] = {
        [BW_REFUSED_ABSTAINS] = BW_RULE_VOTER_ABSTAINS,     [BW_REFUSED_PROMISED] = BW_RULE_PROMISE_BINDS_THE_VOTER,
        [BW_REFUSED_TERM] = BW_RULE_VOTE_ONCE_IN_A_TERM,    [BW_REFUSED_RELEASED] = BW_RULE_RELEASED_IS_OVER,
        [BW_REFUSED_LEASE] = BW_RULE_VOTER_KEEPS_ITS_LEASE, [BW_REFUSED_VOTERS] = BW_RULE_NEWER_VOTERS_FIRST,
        [BW_REFUSED_NO_VOTER] = BW_RULE_NEWER_VOTERS_FIRST,
    };
    return rules[refusal];
}

static void answer_send(struct bw_election *e, struct bw_scope *scope, const struct bw_asked *asked,
                        enum bw_refusal refusal) {
    const struct bw_quorum *q = scope->quorum;
    const struct bw_voters *voters = &q->vote.voters;
    bool promised = e->now.mono_us < q->promise_us;
    struct bw_message_vote message = {
        .scope = bw_scope_name(scope),
        .kind = (uint8_t)asked->kind,
        .refusal = (uint8_t)refusal,
        .term = asked->term,
        .number = asked->number,
        .seen = q->vote.term,
        .holder_term = promised ? q->vote.term : 0,
        .holder = promised ? q->vote.candidate : (struct bw_id){{0}},
        .voters_term = voters->term,
        .voters_number = voters->number,
    };
    if (bw_voters_compare(voters, &asked->voters) > 0)
        message.voters = (struct bw_bytes){voters->ids[0].bytes, voters->count * sizeof voters->ids[0]};
    bw_send(e, &asked->from, BW_FRAME_vote, &message);
}

/* What is granted waits for the disk; a refusal needs none. */
void bw_voter_answer(struct bw_election *e, struct bw_scope *scope, const struct bw_asked *asked) {
    struct bw_quorum *q = scope->quorum;
    enum bw_refusal refusal = bw_voter_judge(e, scope, asked);
    if (refusal != BW_GRANTED) {
        bw_trace_rule(e->trace, rule_of(refusal), &asked->from, (uint64_t)refusal);
        answer_send(e, scope, asked, refusal);
        return;
    }
    if (asked->kind == BW_BALLOT_VOTE && asked->term > q->vote.term)
        bw_voter_cast(e, scope, asked); /* a repeated VOTE does not extend the promise */
    if (asked->kind == BW_BALLOT_RENEW && same_vote(q, asked)) {
        const struct bw_token token = {.term = asked->term, .id = asked->from};
        bw_voter_renew(e, q);
        if (bw_token_compare(&token, &scope->claim.token) == 0) {
            bw_reign_lives(e, scope, &token);
            scope->heard_pt = e->patience_us;
        }
    }
    if (asked->kind != BW_BALLOT_PREVOTE && !bw_voter_durable(q)) {
        bw_trace_rule(e->trace, BW_RULE_VOTE_IS_DURABLE_FIRST, &asked->from, asked->term);
        q->waiting = *asked;
        q->waits = q->wanted = true;
        return;
    }
    answer_send(e, scope, asked, BW_GRANTED);
}

void bw_ballot_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_ballot *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    struct bw_asked asked = {
        .from = peer->id,
        .kind = (enum bw_ballot)m->kind,
        .term = m->term,
        .boot = m->boot,
        .number = m->number,
        .lease_ms = m->lease_ms,
    };
    if (scope == NULL || scope->quorum == NULL || !bw_may_lead(e, scope, &peer->id))
        return; /* no part of ours in it, or none of the asker's */
    bw_voters_read(&asked.voters, m->voters_term, m->voters_number, m->voters);
    bw_voters_take(e, scope, &asked.voters, &peer->id);
    if (!bw_term_near(scope->seen, m->term))
        bw_refuse_term(e, scope, m->term, &peer->id, &peer->id); /* as the answer says, too */
    if (asked.kind == BW_BALLOT_RELEASE)
        bw_voter_release(e, scope->quorum, &peer->id, m->term, m->boot);
    else
        bw_voter_answer(e, scope, &asked);
    bw_scope_step(e, scope);
}
