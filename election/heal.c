/* Two leaders met (election.md rule 8): the larger token won, the loser has stopped and tells the winner, so that both can
 * say how long both reigned. */
#include "election/state.h"

#define HEAL_SENDINGS 6u
#define AGE_UNKNOWN UINT64_MAX

static void heal_send(struct bw_election *e, struct bw_scope *scope, const struct bw_id *to,
                      const struct bw_token *winner, const struct bw_token *loser, uint64_t winner_age_ms,
                      uint64_t loser_age_ms) {
    const struct bw_message_healed message = {
        .scope = bw_scope_name(scope),
        .winner_term = winner->term,
        .winner_id = winner->id,
        .loser_term = loser->term,
        .loser_id = loser->id,
        .winner_age_ms = winner_age_ms,
        .loser_age_ms = loser_age_ms,
    };
    bw_send(e, to, BW_FRAME_healed, &message);
}

/* Both reigned since the later of them began. */
static int64_t overlap_ms(uint64_t a_ms, uint64_t b_ms) {
    uint64_t overlap = a_ms < b_ms ? a_ms : b_ms;
    return a_ms == AGE_UNKNOWN || b_ms == AGE_UNKNOWN || overlap > INT64_MAX ? -1 : (int64_t)overlap;
}

static void heal_end(struct bw_election *e, struct bw_scope *scope, uint64_t winner_age_ms) {
    scope->healed_count = 0;
    bw_emit_healed(e, scope, &scope->healed_winner, &scope->healed_loser,
                   overlap_ms(winner_age_ms, scope->healed_age_ms));
}

void bw_heal_prepare(struct bw_election *e, struct bw_scope *scope, const struct bw_token *winner,
                     const struct bw_token *loser, int64_t loser_since_us) {
    if (scope->healed_count > 0)
        heal_end(e, scope, AGE_UNKNOWN);
    scope->healed_winner = *winner;
    scope->healed_loser = *loser;
    scope->healed_age_ms = (uint64_t)((e->now.mono_us - loser_since_us) / BW_US_PER_MS);
}

void bw_heal_begin(struct bw_election *e, struct bw_scope *scope) {
    bw_trace_rule(e->trace, BW_RULE_LARGEST_TOKEN_WINS, &scope->healed_winner.id, scope->healed_winner.term);
    scope->healed_count = HEAL_SENDINGS;
    scope->healed_again_pt = e->patience_us;
    bw_heal_step(e, scope);
}

/* Repeats until the winner answers; then, or in the end, says that it healed. */
void bw_heal_step(struct bw_election *e, struct bw_scope *scope) {
    if (scope->healed_count == 0)
        return;
    if (e->patience_us >= scope->healed_again_pt) {
        if (--scope->healed_count == 0) {
            heal_end(e, scope, AGE_UNKNOWN);
            return;
        }
        heal_send(e, scope, &scope->healed_winner.id, &scope->healed_winner, &scope->healed_loser, AGE_UNKNOWN,
                  scope->healed_age_ms);
        scope->healed_again_pt = e->patience_us + bw_scope_lease_us(e, scope) / BW_ROUNDS_PER_LEASE;
    }
    bw_wake(e, scope, scope->healed_again_pt);
}

void bw_healed_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_healed *m) {
    struct bw_scope *scope = bw_scope_find(e, m->scope);
    const struct bw_token winner = {.term = m->winner_term, .id = m->winner_id};
    const struct bw_token loser = {.term = m->loser_term, .id = m->loser_id};
    if (scope == NULL)
        return;
    bool answer = scope->healed_count > 0 && bw_id_equal(&peer->id, &winner.id) &&
                  bw_token_compare(&winner, &scope->healed_winner) == 0 &&
                  bw_token_compare(&loser, &scope->healed_loser) == 0;
    if (answer) {
        heal_end(e, scope, m->winner_age_ms);
        return;
    }
    bool leads = scope->phase == BW_PHASE_LEAD && bw_token_compare(&winner, &scope->claim.token) == 0;
    if (!leads || !bw_id_equal(&peer->id, &loser.id) || bw_token_compare(&loser, &winner) >= 0)
        return;
    uint64_t age_ms = (uint64_t)((e->now.mono_us - scope->reign_us) / BW_US_PER_MS);
    if (bw_token_compare(&loser, &scope->healed_told) != 0)
        bw_emit_healed(e, scope, &winner, &loser, overlap_ms(age_ms, m->loser_age_ms));
    scope->healed_told = loser;
    heal_send(e, scope, &peer->id, &winner, &loser, age_ms, m->loser_age_ms);
}
