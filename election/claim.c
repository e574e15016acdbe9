/* The campaign (election.md, rules 3 and 4, and priority mode): wait for what must be known first, in the order of rank;
 * make the term durable; claim; become leader when enough members confirmed. */
#include "election/quorum.h"
#include "election/seat.h"

static const struct bw_id nobody;

static bool named(const struct bw_election *e, const struct bw_scope *scope) {
    return scope->claim.state == BW_CLAIM_RESIGNING && bw_id_equal(&scope->claim.successor, &e->self);
}

/* Whomever an earlier life of ours acknowledged, the leader before has led since, and lets this one begin. */
static bool handed_to(const struct bw_scope *scope, const struct bw_id *id) {
    return scope->handed && bw_id_equal(&scope->claim.successor, id);
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t margin_us(const struct bw_election *e) {
    return e->params.lease_margin_ms * BW_US_PER_MS;
}

/* When we count as knowing the cluster. */
int64_t bw_gate_knows(const struct bw_election *e) {
    if (e->view.synchronised)
        return BW_PAST;
    if (!e->view.alone)
        return BW_NEVER;
    bool awaited = e->has_seeds || e->boot > 1; /* who has been here before may be looked for: the others' first seed */
    return awaited ? e->started_pt + e->params.alone_ms * BW_US_PER_MS : BW_PAST;
}

int64_t bw_gate_settled(const struct bw_election *e, const struct bw_scope *scope) {
    int64_t settle_us = e->params.settle_ms * BW_US_PER_MS;
    struct bw_id replaced = bw_scope_replaced(e, scope);
    bool agreed = e->agreed_once || bw_others(e, &replaced) == 0;
    int64_t at = scope->better_pt == BW_PAST ? BW_PAST : scope->better_pt + settle_us;
    int64_t last = scope->campaign_pt + 4 * settle_us;
    return agreed && at < last ? at : last;
}

/* Others leave a named successor some time to claim, unless it is gone, or does not stand any more. */
int64_t bw_gate_named(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_peer *successor = bw_peer_find(e, &scope->claim.successor);
    const struct bw_candidate *candidate = successor != NULL ? bw_candidate_find(scope, successor) : NULL;
    bool waiting = scope->claim.state == BW_CLAIM_RESIGNING && candidate != NULL && candidate->ready &&
                   bw_peer_lives(successor) && successor->refused_pt == BW_PAST;
    return waiting ? scope->over_pt + BW_NAMED_WAIT_US : BW_PAST;
}

/* Until when a leader that another record hides may act: a vacant scope does not mean that the reign before is over. */
int64_t bw_gate_promised(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_peer *leader = bw_peer_find(e, &scope->promised.id);
    bool refused = leader != NULL && leader->refused_pt != BW_PAST && !bw_candidate_safe(scope, leader);
    bool gone = leader == NULL || leader->status == BW_STATUS_LEFT || refused;
    return scope->promised_pt <= e->patience_us || gone ? BW_PAST : scope->promised_pt;
}

/* The same, noted where it makes somebody wait. */
static int64_t promised_gate(struct bw_election *e, const struct bw_scope *scope) {
    int64_t at = bw_gate_promised(e, scope);
    if (at != BW_PAST)
        bw_trace_rule(e->trace, BW_RULE_PROMISE_OUTLIVES_THE_RECORD, &scope->promised.id, scope->promised.term);
    return at;
}

/* The earliest time at which all that must be known is known, our own rank aside. BW_NEVER: not by waiting alone. */
static int64_t campaign_gate(struct bw_election *e, struct bw_scope *scope) {
    int64_t at = later(scope->over_pt, scope->not_before_pt);
    if (scope->reclaim)
        return at;
    at = later(at, promised_gate(e, scope));
    if (named(e, scope))
        return handed_to(scope, &e->self) ? at : later(at, bw_forgotten_pt(e, scope, 0));
    int64_t listened = e->started_pt + bw_scope_lease_us(e, scope) + margin_us(e);
    if (listened > e->patience_us)
        bw_trace_rule(e->trace, BW_RULE_LISTEN_BEFORE_STANDING, NULL, 0);
    at = later(at, listened);
    at = later(at, bw_gate_knows(e));
    at = later(at, bw_gate_named(e, scope));
    if (at == BW_NEVER)
        return BW_NEVER;
    int64_t settled = bw_gate_settled(e, scope);
    if (settled > e->patience_us)
        bw_trace_rule(e->trace, BW_RULE_WAIT_FOR_SETTLED_RANKING, NULL, 0);
    return later(at, settled);
}

static bool alone(const struct bw_election *e, const struct bw_scope *scope) {
    struct bw_id replaced = bw_scope_replaced(e, scope);
    return bw_others(e, &replaced) == 0;
}

/* Whether as many members as must confirm have shown of late that they hear us. Without that a claim would only run the
 * term ahead: so one who is cut off waits until it is heard again, or finds itself alone. */
static bool in_contact(struct bw_election *e, struct bw_scope *scope) {
    bool bound = scope->own.min_view > 1;
    size_t need = alone(e, scope) && !bound ? 0 : scope->own.min_confirm;
    size_t asked = 0;
    size_t heard = 0;
    bw_successors_refresh(e, scope);
    for (size_t i = 0; i < scope->successor_count; i++) {
        const struct bw_peer *peer = scope->successors[i].peer;
        asked += peer != NULL;
        heard += peer != NULL && bw_evidence_echo(e, scope, peer->echo_us);
    }
    return BW_MUTANT(CLAIMS_UNHEARD) || heard >= (need < asked || bound ? need : asked);
}

static void claim_begin(struct bw_election *e, struct bw_scope *scope) {
    uint64_t term = bw_term_next(scope->seen, scope->floor, e->now.wall_us);
    if (term == 0)
        return;
    if (scope->reclaim)
        bw_trace_rule(e->trace, BW_RULE_CLAIM_ABOVE_LARGEST_SEEN, NULL, term);
    scope->pending = (struct bw_token){.term = term, .id = e->self};
    scope->seen = scope->floor = term;
    scope->phase = BW_PHASE_PERSIST;
    e->persist_due = true;
    scope->persist = BW_MUTANT(TERM_NOT_DURABLE) ? BW_PERSIST_NONE : BW_PERSIST_WANTED;
    if (BW_MUTANT(TERM_NOT_DURABLE))
        bw_claim_persisted(e, scope, true);
}

void bw_campaign_step(struct bw_election *e, struct bw_scope *scope) {
    int64_t round_us = bw_scope_lease_us(e, scope) / BW_ROUNDS_PER_LEASE;
    bool at_once = named(e, scope) || scope->reclaim;
    bool hurried = at_once && (!scope->in_vain || BW_MUTANT(AT_ONCE_FOR_EVER));
    if (bw_freeze_stops(e, scope))
        return;
    if (bw_quorum_heard(scope, e->patience_us)) {
        bw_trace_rule(e->trace, BW_RULE_REFUSE_ANOTHER_MODE, NULL, BW_MODE_QUORUM);
        if (scope->quorum_pt > e->patience_us)
            bw_wake(e, scope, scope->quorum_pt);
        return; /* by mistake we have it in another mode: there would be two leaders */
    }
    if (scope->campaign_pt == BW_PAST) {
        scope->campaign_pt = e->patience_us;
        bw_bully_begin(scope);
    }
    int64_t gate = campaign_gate(e, scope);
    if (gate == BW_NEVER)
        return;
    bool contact = hurried || in_contact(e, scope);
    if (!contact && e->patience_us + round_us >= gate) {
        if (e->patience_us >= gate) {
            bw_trace_rule(e->trace, BW_RULE_CLAIM_ONLY_WHEN_HEARD, NULL, 0);
            bool seat = !bw_list_empty(&scope->seats); /* whose others lead beside us: we are often the first for it */
            if (e->patience_us >= gate + (seat ? 0 : 2 * round_us)) /* not for one lost answer */
                scope->contact_pt = BW_NEVER;
        }
        if (scope->ask_pt == BW_PAST || e->patience_us >= scope->ask_pt) {
            struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
            if (leader != NULL && scope->claim.state == BW_CLAIM_LEADING)
                bw_ask_leader(e, scope, leader); /* that we gave up while nobody heard us: it may lead still */
            bw_ask_all(e, scope);
            scope->ask_pt = e->patience_us + round_us;
        }
        bw_wake(e, scope, scope->ask_pt);
    }
    if (!contact && e->patience_us + round_us < gate)
        bw_wake(e, scope, gate - round_us);
    if (!contact)
        return;
    if (scope->contact_pt == BW_PAST)
        scope->contact_pt = e->patience_us;
    else if (scope->contact_pt == BW_NEVER) /* back among others: they may have a leader, and are asked first */
        scope->contact_pt = alone(e, scope) ? e->patience_us : e->patience_us + 2 * round_us;
    int64_t at = later(gate, scope->contact_pt);
    size_t position = at_once ? 0 : bw_scope_position(e, scope);
    bool bully = scope->own.mode == BW_MODE_BULLY;
    if (position > 0)
        at = bully ? bw_bully_gate(e, scope, at) : at + (int64_t)position * e->params.stagger_ms * BW_US_PER_MS;
    if (e->patience_us >= at && bw_seat_waits(e, scope))
        at = e->patience_us + round_us;
    if (e->patience_us >= at) {
        claim_begin(e, scope);
        return;
    }
    if (bw_seat_holds(scope, &e->self))
        bw_trace_rule(e->trace, BW_RULE_HOLDERS_RANK_LAST, NULL, position);
    if (position > 0 && !bully)
        bw_trace_rule(e->trace, BW_RULE_STAGGER_BY_RANK, NULL, position);
    bw_wake(e, scope, at);
}

void bw_campaign_abort(struct bw_election *e, struct bw_scope *scope) {
    if (scope->phase != BW_PHASE_PERSIST && scope->phase != BW_PHASE_CLAIM)
        return;
    scope->phase = BW_PHASE_FOLLOW;
    scope->successors_stale = true;
    scope->campaign_pt = scope->contact_pt = BW_PAST;
    (void)e;
}

/* ------------------------------------------------------------------ the claim */

void bw_send_widely(struct bw_election *e, struct bw_scope *scope, enum bw_election_frame type, const void *message,
                    const uint8_t *signature) {
    size_t sent = 0;
    bw_successors_refresh(e, scope);
    for (size_t i = 0; i < scope->successor_count; i++)
        if (scope->successors[i].peer != NULL) {
            bw_send_signed(e, &scope->successors[i].id, type, message, signature);
            sent++;
        }
    for (struct bw_list *at = e->peers.next; at != &e->peers && sent < BW_CLAIM_FANOUT_MAX; at = at->next) {
        const struct bw_peer *peer = bw_container(at, struct bw_peer, all);
        if (!bw_peer_lives(peer) || bw_successor_find(scope, &peer->id) != NULL)
            continue;
        bw_send_signed(e, &peer->id, type, message, signature);
        sent++;
    }
}

static void reign_if_confirmed(struct bw_election *e, struct bw_scope *scope) {
    size_t acknowledged = 0;
    bw_successors_refresh(e, scope);
    for (size_t i = 0; i < scope->confirm_count; i++)
        acknowledged += bw_successor_find(scope, &scope->confirms[i]) != NULL;
    if (scope->confirm_count < bw_required(e, scope, scope->own.min_confirm) ||
        acknowledged < bw_required(e, scope, scope->own.min_ack))
        return;
    bw_trace_rule(e->trace, BW_RULE_CONFIRMED_CLAIM_REIGNS, NULL, scope->confirm_count);
    bw_reign_begin(e, scope);
}

static void claim_transmit(struct bw_election *e, struct bw_scope *scope) {
    const struct bw_message_claim message = {
        .scope = bw_scope_name(scope),
        .term = scope->pending.term,
        .number = ++scope->number,
        .boot = e->boot,
        .lease_ms = (uint32_t)(bw_scope_lease_us(e, scope) / BW_US_PER_MS),
    };
    scope->claim_sent_us = e->now.mono_us;
    scope->claim_again_pt = e->patience_us + bw_scope_lease_us(e, scope) / BW_ROUNDS_PER_LEASE;
    scope->claim_count++;
    scope->confirm_count = 0; /* each transmission counts for itself: the lease runs from its sending */
    const struct bw_claim pending = bw_claim_pending(e, scope);
    bw_send_widely(e, scope, BW_FRAME_claim, &message, bw_claim_sign(e, scope, &pending));
    reign_if_confirmed(e, scope);
}

void bw_claim_persisted(struct bw_election *e, struct bw_scope *scope, bool ok) {
    if (scope->phase != BW_PHASE_PERSIST)
        return;
    scope->unwritten = !ok;
    if (!ok) {
        bw_trace_rule(e->trace, BW_RULE_NO_CLAIM_WITHOUT_STORAGE, NULL, scope->pending.term);
        bw_campaign_abort(e, scope);
        scope->reclaim = false;
        scope->not_before_pt = e->patience_us + 4 * bw_scope_lease_us(e, scope);
        return;
    }
    bw_trace_rule(e->trace, BW_RULE_PERSIST_BEFORE_SPEAKING, NULL, scope->pending.term);
    scope->phase = BW_PHASE_CLAIM;
    scope->successors_stale = true;
    scope->claim_count = 0;
    scope->confirmed = false;
    scope->replaced = bw_scope_replaced(e, scope);
    claim_transmit(e, scope);
}

void bw_claim_withdraw(struct bw_election *e, struct bw_scope *scope, int64_t pause_us, const struct bw_id *lives) {
    const struct bw_token token = scope->pending;
    bw_campaign_abort(e, scope);
    scope->not_before_pt = e->patience_us + pause_us;
    if (!scope->confirmed || bw_token_compare(&token, &scope->claim.token) <= 0)
        return;
    const struct bw_claim vacant = {
        .token = token,
        .sequence = 2,
        .state = bw_id_none(lives) ? BW_CLAIM_VACANT : BW_CLAIM_RESIGNING,
        .mode = (uint8_t)scope->own.mode,
        .lease_ms = (uint32_t)(bw_scope_lease_us(e, scope) / BW_US_PER_MS),
        .boot = e->boot,
        .successor = *lives,
    };
    bw_accept(e, scope, &vacant);
}

void bw_claim_step(struct bw_election *e, struct bw_scope *scope) {
    int64_t lease_us = bw_scope_lease_us(e, scope);
    reign_if_confirmed(e, scope);
    if (scope->phase != BW_PHASE_CLAIM)
        return;
    if (e->patience_us >= scope->claim_again_pt && scope->claim_count >= BW_ROUNDS_PER_LEASE) {
        bw_claim_withdraw(e, scope, lease_us + (int64_t)bw_rng_below(&e->rng, (uint64_t)lease_us), &nobody);
        scope->in_vain = true; /* until there is another leader: who hears nobody must not run the terms ahead */
        bw_scope_step(e, scope);
        return;
    }
    if (e->patience_us >= scope->claim_again_pt)
        claim_transmit(e, scope);
    if (scope->phase == BW_PHASE_CLAIM)
        bw_wake(e, scope, scope->claim_again_pt);
}

/* ------------------------------------------------------------------ what others say */

static void object(struct bw_election *e, struct bw_scope *scope, const struct bw_id *to, uint64_t term,
                   enum bw_objection reason, const struct bw_token *token) {
    const struct bw_message_object message = {
        .scope = bw_scope_name(scope),
        .term = term,
        .reason = (uint8_t)reason,
        .token_term = token->term,
        .token_id = token->id,
    };
    bw_trace_rule(e->trace, BW_RULE_OBJECT_TO_CLAIM, to, (uint64_t)reason);
    bw_send(e, to, BW_FRAME_object, &message);
}

/* A leader whose lease may run as far as we know, whose port refused nobody that we know of. */
static bool leader_lives(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_peer *leader = bw_peer_find(e, &scope->claim.token.id);
    int64_t wait_us = bw_wait_us(scope->claim.lease_ms, e->params.drift_ppm, e->params.lease_margin_ms);
    if (scope->phase == BW_PHASE_LEAD)
        return e->now.mono_us < scope->act_until_us;
    if (BW_MUTANT(LIVE_LEADER_IGNORED) || !bw_reign_current(scope) || leader == NULL)
        return false;
    bool safe = bw_candidate_safe(scope, leader);
    if (!(scope->is_successor || bw_peer_lives(leader)) || (leader->refused_pt != BW_PAST && !safe))
        return false;
    for (size_t i = 0; i < scope->successor_count && !safe; i++)
        if (scope->successors[i].refused)
            return false;
    /* a dead leader's record may come long after it; its own heartbeats are worth a lease whatever others believe */
    int64_t heard_pt = bw_peer_lives(leader) ? bw_heard_pt(e, scope) : leader->heartbeat_pt;
    return e->patience_us <= heard_pt + wait_us;
}

/* Who met a larger token and claims above it names itself in its resignation: both have reigned already. */
static bool promised_to_another(struct bw_election *e, const struct bw_scope *scope, const struct bw_id *claimant) {
    bool above = scope->claim.state == BW_CLAIM_RESIGNING && bw_id_equal(&scope->claim.successor, claimant);
    bool knows = bw_id_equal(&scope->promised.id, claimant) || bw_id_equal(&scope->promised_by, claimant);
    return !above && !knows && !BW_MUTANT(LIVE_LEADER_IGNORED) && promised_gate(e, scope) != BW_PAST;
}

/* The better candidate may object in its own name, if it would claim now: then it does. */
static bool better_than(struct bw_election *e, struct bw_scope *scope, const struct bw_id *other) {
    const struct bw_candidate *self = bw_candidate_self(scope);
    const struct bw_peer *peer = bw_peer_find(e, other);
    const struct bw_candidate *candidate = peer != NULL ? bw_candidate_find(scope, peer) : NULL;
    if (!bw_stands(e, scope) || candidate == NULL || scope->phase != BW_PHASE_FOLLOW || scope->campaign_pt == BW_PAST ||
        bw_reign_current(scope) || bw_id_equal(&scope->claim.successor, other))
        return false;
    struct bw_rank ours = bw_scope_rank(scope, e, self);
    struct bw_rank theirs = bw_scope_rank(scope, e, candidate);
    bool better = bw_rank_compare(&ours, &theirs) < 0 || BW_MUTANT(ANYBODY_OBJECTS);
    return better && campaign_gate(e, scope) <= e->patience_us && in_contact(e, scope) && !bw_seat_waits(e, scope);
}

/* Whoever may have acknowledged another of late and does not know it: it has nobody to object for, and leaves the claimant
 * the time to repeat its claim. */
static bool must_listen(const struct bw_election *e, const struct bw_scope *scope, const struct bw_id *from,
                        const struct bw_message_claim *m) {
    return !handed_to(scope, from) && e->patience_us < bw_forgotten_pt(e, scope, m->lease_ms);
}

static void listen(struct bw_election *e, struct bw_scope *scope, const struct bw_id *from,
                   const struct bw_message_claim *m) {
    bw_trace_rule(e->trace, BW_RULE_LISTEN_BEFORE_CONFIRMING, NULL, m->term);
    scope->not_before_pt =
        later(scope->not_before_pt, e->patience_us + margin_us(e) + m->lease_ms * BW_US_PER_MS / BW_ROUNDS_PER_LEASE);
    (void)bw_saw_term(e, scope, m->term, from, from);
}

static void confirm(struct bw_election *e, struct bw_scope *scope, const struct bw_id *to,
                    const struct bw_message_claim *m) {
    const struct bw_message_confirm message = {.scope = m->scope, .term = m->term, .number = m->number};
    if (scope->claim.state == BW_CLAIM_LEADING && !scope->over)
        bw_send(e, to, BW_FRAME_confirm, &message);
}

/* Who leads other scopes and claims this one sends sets without it: what was concluded from them is taken back. */
static void claim_repeated(struct bw_election *e, struct bw_scope *scope, const struct bw_token *token,
                           int64_t heard_us) {
    if (scope->phase != BW_PHASE_FOLLOW || scope->claim.state != BW_CLAIM_LEADING ||
        bw_token_compare(token, &scope->claim.token) != 0 || !bw_evidence_echo(e, scope, heard_us))
        return; /* a word that was long on its way keeps nobody alive */
    scope->heard_pt = e->patience_us;
    bw_reign_lives(e, scope, token);
}

void bw_claim_receive(struct bw_election *e, const struct bw_id *from, int64_t heard_us,
                      const struct bw_message_claim *m, const uint8_t *signature) {
    struct bw_scope *scope = bw_scope_get(e, m->scope);
    if (scope == NULL || !bw_may_lead(e, scope, from))
        return;
    const struct bw_claim claim = {
        .token = {.term = m->term, .id = *from},
        .sequence = 1,
        .state = BW_CLAIM_LEADING,
        .lease_ms = m->lease_ms,
        .boot = m->boot,
        .signature = signature,
    };
    int order = bw_token_compare(&claim.token, &scope->claim.token);
    if (order > 0 && !bw_claim_signed(e, scope, from, &claim))
        return;
    bool ours = scope->phase == BW_PHASE_CLAIM && bw_token_compare(&scope->pending, &claim.token) > 0;
    bw_successors_refresh(e, scope);
    if (order < 0 && BW_MUTANT(LOWER_TERM_DEPOSES) && scope->phase == BW_PHASE_LEAD)
        bw_vacate(e, scope, BW_LOSS_DEPOSED, &nobody);
    if (order < 0 || ours) {
        object(e, scope, from, m->term, BW_OBJECT_HIGHER_TERM, ours ? &scope->pending : &scope->claim.token);
        bw_send_record(e, scope, from);
    } else if (order > 0 && !bw_term_near(scope->seen, m->term)) {
        (void)bw_saw_term(e, scope, m->term, from, from);
    } else if (order > 0 && leader_lives(e, scope)) {
        (void)bw_saw_term(e, scope, m->term, from, from);
        object(e, scope, from, m->term, BW_OBJECT_LIVE_LEADER, &scope->claim.token);
        bw_send_record(e, scope, from);
    } else if (order > 0 && promised_to_another(e, scope, from)) {
        (void)bw_saw_term(e, scope, m->term, from, from);
        object(e, scope, from, m->term, BW_OBJECT_LIVE_LEADER, &scope->promised);
        bw_send_record(e, scope, from);
    } else if (must_listen(e, scope, from, m)) {
        listen(e, scope, from, m);
    } else if (order > 0 && m->term < scope->quarantined && !BW_MUTANT(CONFIRMS_BELOW_QUARANTINE)) {
        const struct bw_token above = {.term = scope->quarantined}; /* a resource may have seen it */
        object(e, scope, from, m->term, BW_OBJECT_HIGHER_TERM, &above);
    } else if (order > 0 && better_than(e, scope, from)) {
        (void)bw_saw_term(e, scope, m->term, from, from);
        object(e, scope, from, m->term, BW_OBJECT_BETTER_CANDIDATE, &scope->claim.token);
        claim_begin(e, scope);
    } else if (bw_evidence_take(e, scope, from, heard_us, &claim) || order == 0) {
        claim_repeated(e, scope, &claim.token, heard_us);
        confirm(e, scope, from, m);
    }
    bw_scope_step(e, scope);
}

void bw_confirm_receive(struct bw_election *e, const struct bw_id *from, const struct bw_message_confirm *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    bool claiming = scope != NULL && scope->phase == BW_PHASE_CLAIM && m->term == scope->pending.term;
    if (!claiming || m->number != scope->number)
        return;
    for (size_t i = 0; i < scope->confirm_count; i++)
        if (bw_id_equal(&scope->confirms[i], from))
            return;
    if (scope->confirm_count == BW_CLAIM_FANOUT_MAX)
        return;
    if (bw_id_equal(&scope->replaced, from))
        scope->replaced = (struct bw_id){{0}};
    scope->confirms[scope->confirm_count++] = *from;
    scope->confirmed = true;
    reign_if_confirmed(e, scope);
    bw_scope_step(e, scope);
}

/* Somebody saw a larger token than ours: a resource that saw it would refuse us for ever, so we claim again above it. */
static void claim_above(struct bw_election *e, struct bw_scope *scope, const struct bw_token *token) {
    if (scope->phase == BW_PHASE_LEAD && bw_token_compare(token, &scope->claim.token) > 0)
        bw_vacate(e, scope, BW_LOSS_DEPOSED, &e->self);
    else if (scope->phase == BW_PHASE_CLAIM && bw_token_compare(token, &scope->pending) > 0)
        bw_claim_withdraw(e, scope, 0, &nobody);
    else
        return;
    scope->reclaim = true;
}

/* That a leader lives is worth one wait to us, once: those who object for its sake must not keep it alive among themselves. */
static void promise_told(struct bw_election *e, struct bw_scope *scope, const struct bw_token *lives,
                         const struct bw_id *by) {
    if (bw_token_compare(lives, &scope->promised) == 0)
        return;
    bool known = bw_token_compare(lives, &scope->claim.token) == 0;
    uint32_t lease_ms = known ? scope->claim.lease_ms : (uint32_t)(bw_scope_lease_us(e, scope) / BW_US_PER_MS);
    bw_promise(scope, lives, e->patience_us + bw_wait_us(lease_ms, e->params.drift_ppm, e->params.lease_margin_ms), by);
}

void bw_object_receive(struct bw_election *e, const struct bw_id *from, const struct bw_message_object *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    if (scope == NULL || (m->token_term != 0 && !bw_saw_term(e, scope, m->token_term, from, &m->token_id)))
        return;
    int64_t round_us = bw_scope_lease_us(e, scope) / BW_ROUNDS_PER_LEASE;
    bool claiming = scope->phase == BW_PHASE_CLAIM && m->term == scope->pending.term;
    if (m->reason == BW_OBJECT_SEEN_LARGER) {
        claim_above(e, scope, &(struct bw_token){.term = m->token_term, .id = m->token_id});
    } else if (claiming && m->reason == BW_OBJECT_HIGHER_TERM) {
        bw_claim_withdraw(e, scope, round_us, &nobody);
    } else if (claiming && m->reason == BW_OBJECT_LIVE_LEADER) {
        bool itself = bw_id_equal(from, &m->token_id);
        if (itself || !scope->refusals) { /* two refused ports say that the process is gone since */
            const struct bw_token lives = {.term = m->token_term, .id = m->token_id};
            bw_claim_withdraw(e, scope, round_us, &lives.id); /* who believed us leaves it the time to claim above */
            promise_told(e, scope, &lives, from);
            bw_reign_lives(e, scope, &lives);
        }
    } else if (claiming && m->reason == BW_OBJECT_BETTER_CANDIDATE && !bw_id_equal(&scope->better, from)) {
        bw_claim_withdraw(e, scope, round_us + 4 * e->params.stagger_ms * BW_US_PER_MS, &nobody);
        scope->better = *from; /* if it does not claim then, it is not asked again */
    }
    bw_scope_step(e, scope);
}
