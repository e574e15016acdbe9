/* Settings of a scope that members should have alike, and have not (election.md rule 11). What was promised holds, so nothing
 * here decides or changes anything: whoever asks is told. */
#include "election/state.h"

#include <string.h>

struct found {
    struct bw_difference_info *infos;
    size_t capacity;
    size_t count;
};

static void compare(struct found *found, const struct bw_id *id, enum bw_shared_setting setting, uint32_t theirs,
                    uint32_t ours) {
    if (theirs == ours)
        return;
    if (found->count < found->capacity)
        found->infos[found->count] =
            (struct bw_difference_info){.id = *id, .setting = setting, .theirs = theirs, .ours = ours};
    found->count++;
}

int bw_election_differences(const struct bw_election *e, const char *name, struct bw_difference_info *infos,
                            size_t capacity, size_t *count) {
    const struct bw_scope *scope =
        bw_scope_find(e, (struct bw_bytes){.data = (const uint8_t *)name, .size = strlen(name)});
    struct found found = {.infos = infos, .capacity = capacity};
    *count = 0;
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    if (!scope->candidate || scope->withdrawn)
        return 0;
    const struct bw_id *leader = &scope->claim.token.id;
    uint32_t lease_ms = scope->own.lease_ms != 0 ? scope->own.lease_ms : e->params.lease_ms;
    if (scope->announced && !bw_id_equal(leader, &e->self))
        compare(&found, leader, BW_SHARED_SETTING_LEASE, scope->claim.lease_ms, lease_ms);
    for (size_t i = 0; i < scope->candidate_count; i++) {
        const struct bw_candidate *candidate = &scope->candidates[i];
        if (candidate->peer == NULL || !bw_peer_lives(candidate->peer))
            continue;
        compare(&found, &candidate->peer->id, BW_SHARED_SETTING_MODE, candidate->mode, scope->own.mode);
        compare(&found, &candidate->peer->id, BW_SHARED_SETTING_SPREAD, candidate->spread, scope->own.spread);
    }
    *count = found.count;
    return 0;
}
