/* The candidate and leader of quorum mode. PREVOTE changes nothing; VOTE elects; a reign begins with the first round of
 * renewals that a majority acknowledges, and each later one extends it, counted from the round's sending. */
#include "election/quorum.h"
#include "election/seat.h"

#define ASK_ROUNDS 2      /* a pre-vote waits so many rounds for answers */
#define TRIES_MAX 6u      /* so many sendings make an election or none */
#define RELEASE_REPEATS 3 /* as words are lost */

static int64_t round_us(const struct bw_quorum *q) {
    return q->vote.lease_ms * BW_US_PER_MS / BW_ROUNDS_PER_LEASE;
}

size_t bw_quorum_index(const struct bw_quorum *q, const struct bw_id *id) {
    for (size_t i = 0; i < q->member_count; i++)
        if (bw_id_equal(&q->members[i], id))
            return i;
    return BW_QUORUM_MEMBERS_MAX;
}

bool bw_quorum_majority(const struct bw_quorum *q, uint32_t set, const struct bw_voters *list) {
    size_t count = 0;
    for (size_t i = 0; i < q->member_count; i++)
        count += ((set >> i) & 1u) != 0 && bw_voters_has(list, &q->members[i]);
    return 2 * count > list->count;
}

void bw_quorum_send(struct bw_election *e, struct bw_scope *scope, const struct bw_id *to, enum bw_ballot kind,
                    uint64_t term, uint64_t number) {
    const struct bw_quorum *q = scope->quorum;
    const struct bw_voters *voters = &q->vote.voters;
    const struct bw_message_ballot message = {
        .scope = bw_scope_name(scope),
        .kind = (uint8_t)kind,
        .term = term,
        .boot = e->boot,
        .number = number,
        .lease_ms = q->vote.lease_ms,
        .voters_term = voters->term,
        .voters_number = voters->number,
        .voters = {voters->ids[0].bytes, voters->count * sizeof voters->ids[0]},
    };
    bw_send(e, to, BW_FRAME_ballot, &message);
}

static struct bw_asked own_asking(const struct bw_election *e, const struct bw_quorum *q, enum bw_ballot kind) {
    return (struct bw_asked){
        .from = e->self,
        .kind = kind,
        .term = q->term,
        .boot = e->boot,
        .number = q->number,
        .lease_ms = q->vote.lease_ms,
        .voters = q->vote.voters,
    };
}

static uint32_t self_bit(const struct bw_election *e, const struct bw_quorum *q) {
    size_t at = bw_quorum_index(q, &e->self);
    return at < BW_QUORUM_MEMBERS_MAX ? 1u << at : 0;
}

static void ask_members(struct bw_election *e, struct bw_scope *scope, enum bw_ballot kind, uint32_t but) {
    struct bw_quorum *q = scope->quorum;
    for (size_t i = 0; i < q->member_count; i++)
        if (((but >> i) & 1u) == 0 && !bw_id_equal(&q->members[i], &e->self))
            bw_quorum_send(e, scope, &q->members[i], kind, q->term, q->number);
}

/* ------------------------------------------------------------------ giving back */

static void release_send(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    for (size_t i = 0; i < q->member_count; i++)
        if (!bw_id_equal(&q->members[i], &e->self))
            bw_quorum_send(e, scope, &q->members[i], BW_BALLOT_RELEASE, q->release_term, 0);
    q->release_count--;
    q->release_pt = e->patience_us + round_us(q);
}

static void release(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    q->release_term = q->term;
    q->release_count = RELEASE_REPEATS;
    q->phase = BW_QUORUM_IDLE;
    bw_voter_release(e, q, &e->self, q->term, e->boot);
    release_send(e, scope);
}

void bw_quorum_give_up(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    BW_ASSERT(scope->phase != BW_PHASE_LEAD);
    if (q->phase == BW_QUORUM_VOTES || q->phase == BW_QUORUM_ELECTED)
        release(e, scope);
    else if (q->phase == BW_QUORUM_SELF)
        bw_voter_release(e, q, &e->self, q->term, e->boot); /* nobody else has heard of it */
    q->phase = BW_QUORUM_IDLE;
}

/* Who gets no majority gives back what it got, and tries again after a time that nobody else draws. */
static void lose(struct bw_election *e, struct bw_scope *scope, enum bw_vacancy why) {
    struct bw_quorum *q = scope->quorum;
    bw_trace_rule(e->trace, BW_RULE_LOSER_RELEASES, NULL, q->term);
    bw_quorum_give_up(e, scope);
    q->why = why;
    scope->not_before_pt =
        e->patience_us + round_us(q) + (int64_t)bw_rng_below(&e->rng, q->vote.lease_ms * (uint64_t)BW_US_PER_MS);
}

void bw_quorum_ended(struct bw_election *e, struct bw_scope *scope) {
    BW_ASSERT(scope->phase != BW_PHASE_LEAD);
    bw_trace_rule(e->trace, BW_RULE_STOP_BEFORE_RELEASE, NULL, scope->quorum->term);
    release(e, scope);
}

bool bw_quorum_mutant_release(struct bw_election *e, struct bw_scope *scope) {
    if (!BW_MUTANT(RELEASE_BEFORE_STOP) || scope->quorum == NULL)
        return false;
    scope->quorum->release_term = scope->quorum->term;
    scope->quorum->release_count = RELEASE_REPEATS;
    release_send(e, scope);
    return true;
}

void bw_quorum_accepted(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    bool theirs = scope->claim.state == BW_CLAIM_LEADING && !bw_id_equal(&scope->claim.token.id, &e->self);
    bool asks =
        q->phase == BW_QUORUM_ASK; /* whether there is none: here is one, and its silence has not been waited for */
    if (theirs && q->phase != BW_QUORUM_IDLE && (asks || scope->claim.token.term >= q->term))
        bw_quorum_give_up(e, scope);
}

/* ------------------------------------------------------------------ the campaign */

static void votes_send(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    q->number++;
    q->tries++;
    q->refused = 0;
    q->again_pt = e->patience_us + round_us(q);
    ask_members(e, scope, BW_BALLOT_VOTE, q->granted);
}

static void elected(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    q->phase = BW_QUORUM_ELECTED;
    q->tries = 0;
    q->again_pt = e->patience_us;
    bw_voters_stamp(e, scope);
}

static void elected_if(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    if (q->phase == BW_QUORUM_VOTES && bw_quorum_majority(q, q->granted, &q->list))
        elected(e, scope);
}

static void stand(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    if (bw_freeze_stops(e, scope)) {
        lose(e, scope, BW_VACANCY_FROZEN);
        if (bw_reign_current(scope)) /* a majority would vote for another: it is gone */
            bw_reign_over(e, scope, BW_LOSS_DIED);
        return;
    }
    struct bw_asked own = own_asking(e, q, BW_BALLOT_VOTE);
    bool again = BW_MUTANT(ASKS_AGAIN_AFTER_RELEASE) && own.term == q->vote.term;
    if (!again && bw_voter_judge(e, scope, &own) != BW_GRANTED) {
        q->phase = BW_QUORUM_IDLE;
        return;
    }
    q->granted = self_bit(e, q);
    q->phase = BW_QUORUM_SELF;
    q->tries = 0;
    if (again)
        q->vote.released = false;
    else
        bw_voter_cast(e, scope, &own);
}

void bw_quorum_vote_durable(struct bw_election *e, struct bw_scope *scope, bool ok) {
    struct bw_quorum *q = scope->quorum;
    if (ok || q->phase == BW_QUORUM_IDLE || q->phase == BW_QUORUM_ASK || bw_voter_durable(q))
        return; /* a campaign goes on by bw_quorum_candidate_step */
    if (scope->phase == BW_PHASE_LEAD)
        bw_vacate(e, scope, BW_LOSS_STORAGE, &(struct bw_id){{0}});
    else
        lose(e, scope, BW_VACANCY_STORAGE);
    scope->not_before_pt = e->patience_us + 4 * bw_scope_lease_us(e, scope);
}

static void ask_begin(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    uint64_t term = bw_term_next(scope->seen, scope->floor, e->now.wall_us);
    if (BW_MUTANT(ASKS_AGAIN_AFTER_RELEASE) && bw_id_equal(&q->vote.candidate, &e->self) && q->vote.boot == e->boot)
        term = q->vote.term;
    if (term == 0)
        return;
    bw_trace_rule(e->trace, BW_RULE_ASK_BEFORE_STANDING, NULL, term);
    q->term = term;
    q->phase = BW_QUORUM_ASK;
    q->list = q->vote.voters;
    bw_voters_collect(q);
    q->number++;
    q->granted = self_bit(e, q);
    q->refused = 0;
    q->again_pt = e->patience_us + ASK_ROUNDS * round_us(q);
    ask_members(e, scope, BW_BALLOT_PREVOTE, q->granted);
    if (bw_quorum_majority(q, q->granted, &q->list) || BW_MUTANT(ASKS_AGAIN_AFTER_RELEASE))
        stand(e, scope);
}

static void ask_failed(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    bool reached = bw_quorum_majority(q, q->heard | self_bit(e, q), &q->list);
    lose(e, scope, reached ? BW_VACANCY_NO_VOTES : BW_VACANCY_NO_MAJORITY);
    if (bw_reign_current(scope))
        bw_reign_over(e, scope, BW_LOSS_DIED);
}

/* ------------------------------------------------------------------ when to stand */

static int64_t latest(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* Others leave a named successor some time. */
static int64_t named_gate(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_peer *successor = bw_peer_find(e, &scope->claim.successor);
    const struct bw_candidate *candidate = successor != NULL ? bw_candidate_find(scope, successor) : NULL;
    bool waiting = scope->claim.state == BW_CLAIM_RESIGNING && candidate != NULL && candidate->ready &&
                   bw_peer_lives(successor) && successor->refused_pt == BW_PAST;
    return waiting ? scope->over_pt + BW_NAMED_WAIT_US : BW_PAST;
}

/* On the patience clock: not before we may vote for ourselves, and the leader that we know of may be gone. */
static int64_t stand_at(struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_quorum *q = scope->quorum;
    int64_t until_us = q->abstain_us;
    if (bw_voter_promised_to_another(e, q, &e->self))
        until_us = latest(until_us, q->promise_us);
    int64_t at = latest(until_us == BW_PAST ? BW_PAST : until_us - e->lag_us, scope->not_before_pt);
    if (bw_reign_current(scope))
        return latest(at, scope->heard_pt + bw_promise_us(e, scope->claim.lease_ms));
    bool at_once =
        scope->reclaim || (scope->claim.state == BW_CLAIM_RESIGNING && bw_id_equal(&scope->claim.successor, &e->self));
    if (at_once)
        return at;
    at = latest(at, latest(scope->over_pt, named_gate(e, scope)));
    return at + (int64_t)bw_scope_position(e, scope) * e->params.stagger_ms * BW_US_PER_MS;
}

static void idle_step(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    if (!bw_stands(e, scope) || !bw_voters_has(&q->vote.voters, &e->self) ||
        (!bw_reign_current(scope) && bw_freeze_stops(e, scope)))
        return;
    int64_t at = stand_at(e, scope);
    if (e->patience_us >= at && bw_seat_waits(e, scope))
        at = e->patience_us + round_us(q);
    if (e->patience_us >= at)
        ask_begin(e, scope);
    else
        bw_wake(e, scope, at);
    if (q->phase == BW_QUORUM_IDLE && bw_reign_current(scope))
        bw_preempt_step(e, scope);
}

bool bw_quorum_hears(const struct bw_scope *scope, const struct bw_id *id) {
    const struct bw_quorum *q = scope->quorum;
    size_t at = bw_quorum_index(q, id);
    uint32_t acked = q->rounds[q->round % BW_QUORUM_ROUNDS].acked;
    acked |= q->rounds[(q->round + BW_QUORUM_ROUNDS - 1) % BW_QUORUM_ROUNDS].acked;
    return at < BW_QUORUM_MEMBERS_MAX && ((acked >> at) & 1u) != 0;
}

/* ------------------------------------------------------------------ the reign */

static void lease_begin(struct bw_election *e, struct bw_scope *scope, int64_t sent_us) {
    scope->pending = (struct bw_token){.term = scope->quorum->term, .id = e->self};
    scope->claim_sent_us = sent_us;
    scope->claim_count = 1;
    scope->phase = BW_PHASE_CLAIM;
    scope->quorum->why = BW_VACANCY_NONE;
    bw_reign_begin(e, scope);
}

static void lease_of(struct bw_election *e, struct bw_scope *scope, const struct bw_quorum_round *round) {
    struct bw_quorum *q = scope->quorum;
    int64_t sent_us = BW_MUTANT(QUORUM_LEASE_FROM_ACK) ? e->now.mono_us : round->sent_us;
    int64_t until_us = sent_us + bw_scope_lease_us(e, scope);
    if (!bw_quorum_majority(q, round->acked, &q->list) || until_us <= e->now.mono_us ||
        (scope->stopping && e->now.mono_us >= scope->stop_until_us))
        return;
    bw_trace_rule(e->trace, BW_RULE_MAJORITY_RENEWS_THE_LEASE, NULL, round->number);
    if (scope->phase != BW_PHASE_LEAD) {
        lease_begin(e, scope, sent_us);
    } else if (until_us > scope->act_until_us) {
        scope->act_until_us = until_us;
        bw_timer_arm(&e->authority, &scope->lease, until_us);
    }
    bw_voters_agreed(e, scope, round->acked);
}

static void round_send(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    struct bw_quorum_round *round = &q->rounds[++q->round % BW_QUORUM_ROUNDS];
    const struct bw_asked own = own_asking(e, q, BW_BALLOT_RENEW);
    *round = (struct bw_quorum_round){.number = q->round, .sent_us = e->now.mono_us};
    q->number = q->round;
    q->tries++;
    q->again_pt = e->patience_us + round_us(q);
    if (bw_voter_judge(e, scope, &own) == BW_GRANTED) {
        bw_voter_renew(e, q);
        round->acked = self_bit(e, q);
    }
    for (size_t i = 0; i < q->member_count; i++) {
        bool voted = ((q->granted >> i) & 1u) != 0 && !BW_MUTANT(REPEATED_VOTE_LEASES);
        if (!bw_id_equal(&q->members[i], &e->self))
            bw_quorum_send(e, scope, &q->members[i], voted ? BW_BALLOT_RENEW : BW_BALLOT_VOTE, q->term, q->round);
    }
    lease_of(e, scope, round);
}

static void elected_step(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    if (!bw_voter_durable(q))
        return; /* bw_quorum_persisted goes on */
    if (scope->phase != BW_PHASE_LEAD && (q->tries > TRIES_MAX || !bw_stands(e, scope))) {
        lose(e, scope, BW_VACANCY_NO_MAJORITY);
        bw_wake(e, scope, scope->not_before_pt);
        return;
    }
    if (e->patience_us >= q->again_pt)
        round_send(e, scope);
    if (q->phase == BW_QUORUM_ELECTED)
        bw_wake(e, scope, q->again_pt);
}

void bw_quorum_candidate_step(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    if (q->phase == BW_QUORUM_IDLE && q->release_count > 0 && e->patience_us >= q->release_pt)
        release_send(e, scope);
    if (q->phase == BW_QUORUM_ASK && (e->patience_us >= q->again_pt || !bw_stands(e, scope)))
        ask_failed(e, scope);
    if (q->phase == BW_QUORUM_SELF && bw_voter_durable(q)) {
        q->phase = BW_QUORUM_VOTES;
        votes_send(e, scope);
    }
    elected_if(e, scope);
    if (q->phase == BW_QUORUM_VOTES && e->patience_us >= q->again_pt) {
        if (q->tries >= TRIES_MAX)
            lose(e, scope, BW_VACANCY_NO_MAJORITY);
        else
            votes_send(e, scope);
    }
    if (q->phase == BW_QUORUM_ELECTED)
        elected_step(e, scope);
    if (q->phase == BW_QUORUM_IDLE)
        idle_step(e, scope);
    if (q->phase == BW_QUORUM_ASK || q->phase == BW_QUORUM_VOTES)
        bw_wake(e, scope, q->again_pt);
    if (q->phase == BW_QUORUM_IDLE && q->release_count > 0)
        bw_wake(e, scope, q->release_pt);
}

/* ------------------------------------------------------------------ answers */

/* A voter is bound to a leader that we thought gone: it heard it since. */
static void leader_lives(struct bw_election *e, struct bw_scope *scope, const struct bw_message_vote *m) {
    const struct bw_token token = {.term = m->holder_term, .id = m->holder};
    if (m->holder_term == 0 || bw_token_compare(&token, &scope->claim.token) != 0 ||
        scope->claim.state != BW_CLAIM_LEADING || bw_id_equal(&m->holder, &e->self))
        return;
    bw_reign_lives(e, scope, &token);
    scope->heard_pt = e->patience_us;
    if (scope->quorum->phase == BW_QUORUM_ASK)
        scope->quorum->phase = BW_QUORUM_IDLE;
}

static void take_ack(struct bw_election *e, struct bw_scope *scope, const struct bw_message_vote *m, uint32_t bit) {
    struct bw_quorum *q = scope->quorum;
    bool held = m->voters_term == q->vote.voters.term && m->voters_number == q->vote.voters.number;
    uint64_t number = BW_MUTANT(OLD_ROUNDS_COUNT) ? q->round : m->number;
    struct bw_quorum_round *round = &q->rounds[number % BW_QUORUM_ROUNDS];
    if (!held || round->number != number)
        return; /* of another list, or of a round that is over */
    round->acked |= bit;
    lease_of(e, scope, round);
}

static void take_vote(struct bw_election *e, struct bw_scope *scope, const struct bw_message_vote *m, uint32_t bit) {
    struct bw_quorum *q = scope->quorum;
    bool leads = q->phase == BW_QUORUM_ELECTED;
    if (m->kind == BW_BALLOT_PREVOTE) {
        if (q->phase != BW_QUORUM_ASK || m->number != q->number)
            return;
        q->granted |= m->refusal == BW_GRANTED ? bit : 0;
        if (bw_quorum_majority(q, q->granted, &q->list))
            stand(e, scope);
    } else if (m->kind == BW_BALLOT_VOTE && m->refusal == BW_GRANTED && (leads || q->phase == BW_QUORUM_VOTES)) {
        q->granted |= bit;
        if (leads && BW_MUTANT(REPEATED_VOTE_LEASES))
            take_ack(e, scope, m, bit);
    } else if (m->kind == BW_BALLOT_VOTE && q->phase == BW_QUORUM_VOTES) {
        q->refused |= bit;
        if (m->number == q->number && !bw_quorum_majority(q, ~q->refused, &q->list))
            lose(e, scope, BW_VACANCY_NO_VOTES);
    } else if (m->kind == BW_BALLOT_RENEW && leads) {
        if (m->refusal == BW_GRANTED)
            take_ack(e, scope, m, bit);
        else if (m->refusal == BW_REFUSED_TERM && m->seen < q->term)
            q->granted &= ~bit; /* it forgot its vote, or never could write it: asked again */
    }
}

void bw_vote_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_vote *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    struct bw_voters theirs;
    if (scope == NULL || scope->quorum == NULL || !bw_saw_term(e, scope, m->seen, &peer->id, NULL))
        return;
    struct bw_quorum *q = scope->quorum;
    q->asked_answers = q->asked_answers || bw_id_equal(&q->asked, &peer->id);
    bw_voters_read(&theirs, m->voters_term, m->voters_number, m->voters);
    bw_voters_take(e, scope, &theirs, &peer->id);
    if (m->kind == BW_BALLOT_PREVOTE && m->refusal != BW_GRANTED && m->term == q->term && m->number == q->number)
        leader_lives(
            e, scope,
            m); /* also to who learns by this answer that it is no voter, and will hear of it from nobody else */
    size_t at = bw_quorum_index(q, &peer->id);
    if (q->phase != BW_QUORUM_IDLE && m->term == q->term && at < BW_QUORUM_MEMBERS_MAX) {
        q->heard |= 1u << at;
        take_vote(e, scope, m, 1u << at);
    }
    bw_scope_step(e, scope);
}
