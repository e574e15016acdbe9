/* What can be asked of the election at any time, and what it tells others of our candidacies. */
#include "election/quorum.h"
#include "election/range.h"

#include <string.h>

struct bw_message_candidacy bw_own_candidacy(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_candidate *self = bw_candidate_self(scope);
    return (struct bw_message_candidacy){
        .scope = bw_scope_name(scope),
        .priority = self->priority,
        .flags = (uint8_t)((bw_stands(e, scope) ? BW_CANDIDACY_READY : 0) | (self->half ? BW_CANDIDACY_HALF : 0) |
                           (self->safe ? BW_CANDIDACY_SAFE : 0) | (self->aside ? BW_CANDIDACY_ASIDE : 0) |
                           (self->spread ? BW_CANDIDACY_SPREAD : 0)),
        .mode = self->mode,
    };
}

size_t bw_candidacies_size(const struct bw_election *e) {
    size_t size = bw_ranges_size(e);
    for (size_t i = 0; i < e->scope_count; i++)
        if (e->scopes[i]->candidate && !e->scopes[i]->ranged &&
            (!e->scopes[i]->withdrawn || e->scopes[i]->redeclared)) {
            const struct bw_message_candidacy candidacy = {.scope = bw_scope_name(e->scopes[i])};
            size += bw_wire_size(&bw_message_schema_candidacy, &candidacy);
        }
    return size;
}

size_t bw_election_candidacies(const struct bw_election *e, uint8_t data[BW_CANDIDACIES_MAX]) {
    struct bw_writer writer = {.data = data, .capacity = BW_CANDIDACIES_MAX};
    for (size_t i = 0; i < e->scope_count; i++)
        if (e->scopes[i]->candidate && !e->scopes[i]->withdrawn && !e->scopes[i]->ranged) {
            const struct bw_message_candidacy candidacy = bw_own_candidacy(e, e->scopes[i]);
            int error = bw_wire_put(&writer, &bw_message_schema_candidacy, &candidacy);
            BW_ASSERT(error == 0); /* bw_declare looked at the size */
        }
    bw_ranges_put(e, &writer);
    return writer.used;
}

size_t bw_election_scope_count(const struct bw_election *e) {
    return e->scope_count;
}

int bw_election_scope_index(const struct bw_election *e, const char *name, size_t *index) {
    bool found;
    *index = bw_scope_index(e, (struct bw_bytes){.data = (const uint8_t *)name, .size = strlen(name)}, &found);
    return found ? 0 : BW_ERR_NOT_FOUND;
}

/* Ours, if we have a part in it, else by the leader's record, as far as we know such a mode. */
static enum bw_mode mode_of(const struct bw_scope *scope) {
    if (scope->quorum != NULL)
        return BW_MODE_QUORUM;
    uint8_t mode = scope->candidate ? (uint8_t)scope->own.mode : scope->claim.mode;
    return mode <= BW_MODE_BULLY ? (enum bw_mode)mode : BW_MODE_PRIORITY;
}

int bw_election_scope(const struct bw_election *e, size_t index, struct bw_scope_info *info, struct bw_time now) {
    if (index >= e->scope_count)
        return BW_ERR_NOT_FOUND;
    const struct bw_scope *scope = e->scopes[index];
    bool holds = scope->phase == BW_PHASE_LEAD && now.mono_us < scope->act_until_us;
    bool leads = holds && !scope->stopping;
    bool has_leader = scope->announced && (scope->phase != BW_PHASE_LEAD || holds);
    *info = (struct bw_scope_info){
        .scope = scope->name,
        .mode = mode_of(scope),
        .has_leader = has_leader,
        .role = BW_ROLE_OBSERVER,
        .since_wall_us = scope->since_wall_us,
        .lease_us = leads ? scope->act_until_us - now.mono_us : -1,
        .stop_us = holds && !leads ? scope->act_until_us - now.mono_us : -1,
        .previous = scope->previous,
        .frozen = scope->freeze.frozen,
        .frozen_us = -1,
    };
    if (scope->freeze.frozen)
        info->frozen_id = scope->freeze.by;
    if (scope->freeze.frozen && scope->freeze.until_us != BW_NEVER)
        info->frozen_us = scope->freeze.until_us > now.mono_us ? scope->freeze.until_us - now.mono_us : 0;
    if (has_leader)
        info->token = scope->claim.token;
    if (scope->candidate && !scope->withdrawn)
        info->role = leads ? BW_ROLE_LEADER : has_leader || !bw_stands(e, scope) ? BW_ROLE_FOLLOWER : BW_ROLE_CANDIDATE;
    return 0;
}

static struct bw_scope *scope_named(const struct bw_election *e, const char *name) {
    return bw_scope_find(e, (struct bw_bytes){.data = (const uint8_t *)name, .size = strlen(name)});
}

struct ranked {
    struct bw_rank rank;
    const struct bw_candidate *candidate;
};

static void sift_down(struct ranked *heap, size_t count, size_t at) {
    const struct ranked moved = heap[at];
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        child += child + 1 < count && bw_rank_compare(&heap[child + 1].rank, &heap[child].rank) > 0;
        if (bw_rank_compare(&heap[child].rank, &moved.rank) <= 0)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

/* Best first. A heap sort, as there may be thousands, and qsort may allocate. */
static void sort(struct ranked *ranked, size_t count) {
    for (size_t i = count / 2; i-- > 0;)
        sift_down(ranked, count, i);
    for (size_t left = count; left-- > 1;) {
        const struct ranked last = ranked[0];
        ranked[0] = ranked[left];
        ranked[left] = last;
        sift_down(ranked, left, 0);
    }
}

int bw_election_candidates(const struct bw_election *e, const char *name, struct bw_candidate_info *infos,
                           size_t capacity, size_t *count) {
    const struct bw_scope *scope = scope_named(e, name);
    *count = scope != NULL ? scope->candidate_count : 0;
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    if (capacity == 0 || *count == 0)
        return 0;
    struct ranked *ranked = bw_alloc(&e->allocator, *count * sizeof *ranked);
    if (ranked == NULL)
        return BW_ERR_MEMORY;
    for (size_t i = 0; i < *count; i++)
        ranked[i] = (struct ranked){bw_scope_rank(scope, e, &scope->candidates[i]), &scope->candidates[i]};
    sort(ranked, *count);
    const struct bw_candidate *other = bw_candidate_ahead(e, scope);
    for (size_t i = 0; i < *count && i < capacity; i++) {
        infos[i] = (struct bw_candidate_info){
            .id = ranked[i].rank.id, .priority = ranked[i].rank.priority, .ready = ranked[i].candidate->ready};
        bw_candidate_why(e, scope, ranked[i].candidate, other, &infos[i]);
    }
    bw_free(&e->allocator, ranked, *count * sizeof *ranked);
    return 0;
}

/* Found by counting who ranks before each: takes no memory, but not for use on all of many. */
int bw_election_candidate(const struct bw_election *e, const char *name, size_t index, struct bw_candidate_info *info) {
    const struct bw_scope *scope = scope_named(e, name);
    if (scope == NULL || index >= scope->candidate_count)
        return BW_ERR_NOT_FOUND;
    for (size_t i = 0; i < scope->candidate_count; i++) {
        const struct bw_rank rank = bw_scope_rank(scope, e, &scope->candidates[i]);
        size_t before = 0;
        for (size_t k = 0; k < scope->candidate_count; k++) {
            const struct bw_rank other = bw_scope_rank(scope, e, &scope->candidates[k]);
            before += bw_rank_compare(&other, &rank) < 0;
        }
        if (before == index) {
            *info = (struct bw_candidate_info){
                .id = rank.id, .priority = rank.priority, .ready = scope->candidates[i].ready};
            bw_candidate_why(e, scope, &scope->candidates[i], bw_candidate_ahead(e, scope), info);
            return 0;
        }
    }
    BW_ASSERT(false); /* the order is total */
    return BW_ERR_NOT_FOUND;
}

bool bw_election_may_act(const struct bw_election *e, const char *name, struct bw_time now) {
    const struct bw_scope *scope = scope_named(e, name);
    return scope != NULL && !scope->stopping && now.mono_us < scope->act_until_us;
}
