/* A resource of each scope, behind the rule of a guard (election/guard.h): whoever may act uses it at each of its steps. */
#include "sim/internal.h"

#include <string.h>

void bw_sim_check_guard(struct bw_sim *sim, struct bw_sim_scope *scope, const struct bw_sim_reign *reign) {
    uint8_t token[BW_GUARD_TOKEN_SIZE];
    bw_guard_token(&reign->token, token);
    if (!bw_guard_passes(&scope->guard, token)) {
        scope->guard_refused++;
        return;
    }
    if (bw_token_compare(&reign->token, &scope->taken) < 0)
        bw_sim_violate(sim, BW_INVARIANT_GUARD, "the guard of %s lets n%zu pass with term %llu, after term %llu",
                       scope->name, reign->host, (unsigned long long)reign->token.term,
                       (unsigned long long)scope->taken.term);
    scope->taken = reign->token;
    memcpy(scope->guard.token, token, sizeof token);
}

uint64_t bw_sim_guard_refused(const struct bw_sim *sim, const char *scope) {
    const struct bw_sim_scope *found = bw_sim_scope_find(sim, scope);
    return found != NULL ? found->guard_refused : 0;
}

struct bw_token bw_sim_guard_token(const struct bw_sim *sim, const char *scope) {
    const struct bw_sim_scope *found = bw_sim_scope_find(sim, scope);
    return found != NULL ? found->taken : (struct bw_token){0};
}

void bw_sim_guard_lose(struct bw_sim *sim, const char *scope) {
    struct bw_sim_scope *found = bw_sim_scope_find(sim, scope);
    bw_sim_record_text(sim, BW_SIM_NONE, "the guard of %s loses its record", scope);
    if (found != NULL)
        found->guard = (struct bw_guard_record){0};
}
