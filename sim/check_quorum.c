/* What holds in quorum mode beside all else: one vote in a term, whatever happens to a voter; one reign in a term; and at no
 * instant of real time two valid leases. */
#include "sim/internal.h"

#include "node/internal.h"

void bw_sim_check_vote(struct bw_sim *sim, struct bw_sim_scope *scope, size_t index,
                       const struct bw_durable_vote *vote) {
    struct bw_sim_vote *last = &scope->votes[index];
    bool same = bw_id_equal(&vote->candidate, &last->candidate) && vote->boot == last->boot;
    if (vote->term < last->term || (vote->term == last->term && vote->term > 0 && !same))
        bw_sim_violate(sim, BW_INVARIANT_ONE_VOTE, "n%zu: its vote in term %llu of %s becomes another in term %llu",
                       index, (unsigned long long)last->term, scope->name, (unsigned long long)vote->term);
    if (vote->voters.term < last->voters_term)
        bw_sim_violate(sim, BW_INVARIANT_ONE_VOTE, "n%zu: its list of the voters of %s goes back", index, scope->name);
    *last = (struct bw_sim_vote){vote->term, vote->candidate, vote->boot, vote->voters.term};
}

void bw_sim_check_term(struct bw_sim *sim, size_t scope, size_t host, const struct bw_token *token) {
    for (size_t i = 0; i < sim->reign_count; i++)
        if (sim->reigns[i].scope == scope && sim->reigns[i].token.term == token->term)
            bw_sim_violate(sim, BW_INVARIANT_ONE_REIGN, "n%zu and n%zu both reign in term %llu of %s",
                           sim->reigns[i].host, host, (unsigned long long)token->term, sim->scopes[scope].name);
}
