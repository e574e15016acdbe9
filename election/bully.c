/* Bully mode (Garcia-Molina 1982, the bully algorithm): who finds that there is no leader asks the better candidates; whom none
 * of them answers claims (COORDINATOR is the claim of claim.c), and who was answered waits for the better one's claim. What the
 * paper leaves to perfect links and clocks is mended here (election.md, bully): questions are sent again, an answer without a
 * claim expires, only the ready answer, and those that rank lower start later and ask the best few alone. */
#include "election/seat.h"

#define ASKED_MAX BW_BULLY_ASKED_MAX
#define TRANSMISSIONS 2u

static bool among(const struct bw_id *ids, size_t count, const struct bw_id *id) {
    for (size_t i = 0; i < count; i++)
        if (bw_id_equal(&ids[i], id))
            return true;
    return false;
}

void bw_bully_reset(struct bw_scope *scope) {
    scope->bully.hung_count = 0;
    bw_bully_begin(scope);
}

void bw_bully_begin(struct bw_scope *scope) {
    struct bw_bully *bully = &scope->bully;
    bully->asked_count = bully->sent = 0;
    bully->until_pt = bully->promised_pt = BW_PAST;
}

static int64_t timeout_us(const struct bw_election *e, const struct bw_id *id) {
    int64_t largest = e->params.probe_timeout_max_ms * BW_US_PER_MS;
    int64_t measured = e->timeout_us != NULL ? e->timeout_us(e->timeout_context, id) : largest;
    return measured < largest ? measured : largest;
}

/* The best few that rank before us, live, are ready, and have not answered for nothing already. */
static void choose(struct bw_election *e, struct bw_scope *scope) {
    struct bw_bully *bully = &scope->bully;
    struct bw_rank best[ASKED_MAX];
    const struct bw_rank ours = bw_scope_rank(scope, e, bw_candidate_self(scope));
    const struct bw_id replaced = bw_scope_replaced(e, scope);
    bully->asked_count = 0;
    for (size_t i = 0; i < scope->candidate_count; i++) {
        const struct bw_candidate *candidate = &scope->candidates[i];
        const struct bw_peer *peer = candidate->peer;
        const struct bw_rank rank = bw_scope_rank(scope, e, candidate);
        if (peer == NULL || !candidate->ready || !bw_peer_lives(peer) || peer->refused_pt != BW_PAST ||
            bw_id_equal(&peer->id, &replaced) || bw_rank_compare(&rank, &ours) > 0 ||
            among(bully->hung, bully->hung_count, &peer->id))
            continue;
        bully->asked_count = bw_rank_insert(best, bully->asked_count, ASKED_MAX, &rank);
    }
    for (size_t i = 0; i < bully->asked_count; i++)
        bully->asked[i] = best[i].id;
}

/* ELECTION; again to those that did not answer. */
static void enquire(struct bw_election *e, struct bw_scope *scope) {
    struct bw_bully *bully = &scope->bully;
    const struct bw_message_elect message = {.scope = bw_scope_name(scope), .number = ++bully->number};
    int64_t wait_us = 0;
    bw_trace_rule(e->trace, BW_RULE_BULLY_ASK_THE_BETTER, &bully->asked[0], bully->asked_count);
    for (size_t i = 0; i < bully->asked_count; i++) {
        bw_send(e, &bully->asked[i], BW_FRAME_elect, &message);
        int64_t needs_us = timeout_us(e, &bully->asked[i]);
        wait_us = needs_us > wait_us ? needs_us : wait_us;
    }
    bully->sent++;
    bully->until_pt = e->patience_us + wait_us;
}

/* Whoever answered had its time: we do without it until there is a leader again. */
static void give_up_on_promise(struct bw_election *e, struct bw_scope *scope) {
    struct bw_bully *bully = &scope->bully;
    bw_trace_rule(e->trace, BW_RULE_BULLY_OK_EXPIRES, &bully->promised_by, 0);
    if (bully->hung_count < ASKED_MAX)
        bully->hung[bully->hung_count++] = bully->promised_by;
    bw_bully_begin(scope);
}

int64_t bw_bully_gate(struct bw_election *e, struct bw_scope *scope, int64_t at) {
    struct bw_bully *bully = &scope->bully;
    int64_t start_pt = at + e->params.stagger_ms * BW_US_PER_MS; /* the best has claimed by then, if it is there */
    if (e->patience_us < start_pt)
        return start_pt;
    if (bully->promised_pt != BW_PAST && e->patience_us < bully->promised_pt)
        return bully->promised_pt;
    if (bully->promised_pt != BW_PAST)
        give_up_on_promise(e, scope);
    if (bully->until_pt != BW_PAST && e->patience_us < bully->until_pt)
        return bully->until_pt;
    if (bully->sent == TRANSMISSIONS || bully->hung_count == ASKED_MAX)
        return e->patience_us; /* nobody better answers */
    if (bully->sent == 0)
        choose(e, scope);
    if (bully->asked_count == 0)
        return e->patience_us;
    enquire(e, scope);
    return bully->until_pt;
}

void bw_elect_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_elect *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    const struct bw_candidate *asker = scope != NULL ? bw_candidate_find(scope, peer) : NULL;
    if (asker == NULL || !bw_stands(e, scope))
        return; /* only the ready answer */
    if (bw_reign_current(scope) || scope->phase == BW_PHASE_LEAD) {
        bw_send_record(e, scope, &peer->id); /* it missed the claim, or nobody told it yet that the leader lives */
        return;
    }
    const struct bw_rank ours = bw_scope_rank(scope, e, bw_candidate_self(scope));
    const struct bw_rank theirs = bw_scope_rank(scope, e, asker);
    if (bw_rank_compare(&ours, &theirs) >= 0 || bw_freeze_forbids(scope) || bw_seat_waits(e, scope))
        return; /* or would not claim */
    const struct bw_message_ok message = {.scope = m->scope, .number = m->number};
    bw_send(e, &peer->id, BW_FRAME_ok, &message);
    bw_scope_step(e, scope);
}

void bw_ok_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_ok *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    struct bw_bully *bully = scope != NULL ? &scope->bully : NULL;
    if (bully == NULL || scope->phase != BW_PHASE_FOLLOW || bully->until_pt == BW_PAST || m->number != bully->number ||
        !among(bully->asked, bully->asked_count, &peer->id) || bully->promised_pt != BW_PAST)
        return;
    bully->promised_by = peer->id;
    bully->promised_pt = e->patience_us + 2 * timeout_us(e, &peer->id) + 4 * e->params.stagger_ms * BW_US_PER_MS;
    bw_scope_step(e, scope);
}
