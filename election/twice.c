/* Another process has our id, or had it: a copy, or ourselves before we were set back to a snapshot (scenario 44). What was confirmed or
 * voted by it we do not know, nor do others know which of us did: so we neither stand nor vote. What is promised to others is kept. */
#include "election/state.h"

bool bw_twice(const struct bw_election *e) {
    return e->twice_pt != BW_PAST && e->patience_us < e->twice_pt;
}

static void stand_back_until(struct bw_election *e, int64_t until_pt) {
    bool known = e->twice_pt != BW_PAST;
    bool sooner = until_pt < e->twice_pt;
    e->twice_pt = until_pt;
    for (size_t i = 0; i < e->scope_count && !known; i++)
        if (e->scopes[i]->candidate)
            bw_stand_back(e, e->scopes[i]);
    if (!known || sooner)
        bw_scope_step_all(e); /* so that it wakes up then */
}

void bw_election_twice(struct bw_election *e, int64_t for_us, struct bw_time now) {
    bw_enter(e, now);
    stand_back_until(e, for_us == BW_NEVER ? BW_NEVER : e->patience_us + for_us);
}

void bw_election_set_back(struct bw_election *e, int64_t for_us, struct bw_time now) {
    bw_enter(e, now);
    if (e->patience_us + for_us > e->twice_pt)
        stand_back_until(e, e->patience_us + for_us);
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
