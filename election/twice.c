/* Another process has our id (scenario 44). Which of the two somebody has confirmed or voted for cannot be told apart: so neither
 * stands, nor votes. What is promised to others is kept. */
#include "election/state.h"

bool bw_twice(const struct bw_election *e) {
    return e->twice_pt != BW_PAST && e->patience_us < e->twice_pt;
}

void bw_election_twice(struct bw_election *e, int64_t for_us, struct bw_time now) {
    bw_enter(e, now);
    int64_t until_pt = for_us == BW_NEVER ? BW_NEVER : e->patience_us + for_us;
    bool known = e->twice_pt != BW_PAST;
    e->twice_pt = until_pt;
    if (known)
        return;
    for (size_t i = 0; i < e->scope_count; i++)
        if (e->scopes[i]->candidate)
            bw_stand_back(e, e->scopes[i]);
    bw_scope_step_all(e);
}

void bw_twice_step(struct bw_election *e, struct bw_scope *scope) {
    if (e->twice_pt == BW_PAST)
        return;
    if (bw_twice(e)) {
        bw_wake(e, scope, e->twice_pt);
        return;
    }
    e->twice_pt = BW_PAST;
    for (size_t i = 0; i < e->scope_count; i++)
        if (e->scopes[i]->candidate && !e->scopes[i]->withdrawn)
            bw_standing_changed(e, e->scopes[i]);
}
