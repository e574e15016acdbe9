/* Members other than ourselves, as gossip tells of them, and what they stand for. */
#include "election/range.h"

#include <string.h>

struct bw_peer *bw_peer_find(const struct bw_election *e, const struct bw_id *id) {
    return bw_table_get(&e->peer_table, id);
}

bool bw_peer_lives(const struct bw_peer *peer) {
    return peer != NULL && (peer->status == BW_STATUS_ALIVE || peer->status == BW_STATUS_SUSPECT);
}

size_t bw_others(const struct bw_election *e, const struct bw_id *replaced) {
    return e->living - (bw_peer_lives(bw_peer_find(e, replaced)) ? 1 : 0);
}

static struct bw_peer *peer_get(struct bw_election *e, const struct bw_id *id) {
    struct bw_peer *peer = bw_peer_find(e, id);
    if (peer != NULL)
        return peer;
    peer = bw_alloc(&e->allocator, sizeof *peer);
    if (peer == NULL)
        return NULL;
    peer->id = *id;
    peer->status = BW_STATUS_DEAD;
    peer->heartbeat_pt = peer->refused_pt = peer->question_pt = peer->answer_pt = BW_PAST;
    peer->echo_us = BW_NOT_HEARD;
    if (bw_table_put(&e->peer_table, id, peer) != 0) {
        bw_free(&e->allocator, peer, sizeof *peer);
        return NULL;
    }
    bw_list_init(&peer->probe);
    bw_list_append(&e->peers, &peer->all);
    return peer;
}

static void peer_free(struct bw_election *e, struct bw_peer *peer) {
    bw_list_remove(&peer->all);
    bw_list_remove(&peer->probe);
    bw_free(&e->allocator, peer, sizeof *peer);
}

void bw_peer_free_all(struct bw_election *e) {
    while (!bw_list_empty(&e->peers))
        peer_free(e, bw_container(e->peers.next, struct bw_peer, all));
    bw_table_free(&e->peer_table);
}

static uint64_t bytes_hash(struct bw_bytes bytes) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a: only to see whether something changed */
    for (size_t i = 0; i < bytes.size; i++)
        hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#define FRAME_MIN 10u /* bytes: no candidacy is told in fewer */

/* What a member says that it stands for, taken apart. */
struct stood {
    struct {
        struct bw_message_candidacy as; /* of a range: scope is its base */
        bool range;
        uint32_t first;
        uint32_t last;
    } frames[BW_CANDIDACIES_MAX / FRAME_MIN];
    size_t count;
};

static bool stood_add(struct stood *stood, uint8_t type, struct bw_bytes body) {
    struct bw_message_candidacy one;
    struct bw_message_range range;
    if (type != BW_FRAME_candidacy && type != BW_FRAME_range)
        return true;
    if (stood->count == BW_COUNT(stood->frames))
        return false;
    if (type == BW_FRAME_candidacy) {
        if (bw_wire_get(&bw_message_schema_candidacy, body, &one) != 0 ||
            !bw_text_valid(one.scope.data, one.scope.size, BW_NAME_MAX))
            return false;
        stood->frames[stood->count].range = false;
    } else {
        if (bw_wire_get(&bw_message_schema_range, body, &range) != 0 || !bw_range_valid(&range))
            return false;
        one = (struct bw_message_candidacy){
            .scope = range.scope, .priority = range.priority, .flags = range.flags, .mode = range.mode};
        stood->frames[stood->count].range = true;
        stood->frames[stood->count].first = range.first;
        stood->frames[stood->count].last = range.last;
    }
    stood->frames[stood->count++].as = one;
    return true;
}

/* Well-formed candidacies only: a member with others stands for nothing. */
static bool stood_parse(struct stood *stood, struct bw_bytes data) {
    struct bw_reader reader = {.data = data.data, .size = data.size};
    struct bw_bytes body;
    uint8_t type;
    int more;
    stood->count = 0;
    while ((more = bw_wire_next(&reader, &type, &body)) == 1)
        if (!stood_add(stood, type, body))
            return false;
    return more == 0;
}

bool bw_election_stands(struct bw_bytes candidacies,
                        bool (*allowed)(const void *context, struct bw_bytes scope, bool range, uint16_t priority),
                        const void *context) {
    struct stood stood;
    bool all = stood_parse(&stood, candidacies);
    for (size_t i = 0; all && i < stood.count; i++)
        all = allowed(context, stood.frames[i].as.scope, stood.frames[i].range, stood.frames[i].as.priority);
    return all;
}

static bool stood_for(const struct stood *stood, struct bw_bytes scope) {
    struct bw_bytes base;
    uint32_t index;
    bool shard = bw_range_split(scope, &base, &index);
    for (size_t i = 0; i < stood->count; i++) {
        bool range = stood->frames[i].range;
        if (!range && bw_name_compare(stood->frames[i].as.scope, scope) == 0)
            return true;
        if (range && shard && index >= stood->frames[i].first && index <= stood->frames[i].last &&
            bw_name_compare(stood->frames[i].as.scope, base) == 0)
            return true;
    }
    return false;
}

/* False: it had to be left out for want of memory. */
static bool candidacy_apply(struct bw_election *e, struct bw_peer *peer, const struct bw_message_candidacy *candidacy) {
    struct bw_scope *scope = bw_scope_get(e, candidacy->scope);
    const struct bw_candidate candidate = {
        .peer = peer,
        .priority = candidacy->priority,
        .ready = (candidacy->flags & BW_CANDIDACY_READY) != 0,
        .half = (candidacy->flags & BW_CANDIDACY_HALF) != 0,
        .safe = (candidacy->flags & BW_CANDIDACY_SAFE) != 0,
        .spread = (candidacy->flags & BW_CANDIDACY_SPREAD) != 0,
        .aside = (candidacy->flags & BW_CANDIDACY_ASIDE) != 0,
        .mode = candidacy->mode,
    };
    if (scope == NULL && e->scope_count >= e->params.scope_max) {
        peer->crowded = true;
        return true;
    }
    return scope != NULL && bw_candidate_put(e, scope, &candidate) == 0;
}

/* room: what is told beyond it is left aside. */
static bool range_apply(struct bw_election *e, struct bw_peer *peer, struct bw_message_candidacy one, uint32_t first,
                        uint32_t last, size_t *room) {
    const struct bw_bytes base = one.scope;
    char name[BW_NAME_MAX + 1];
    bool whole = true;
    for (uint32_t i = first; i <= last && *room > 0; i++, --*room) {
        (void)bw_range_name(base, i, name);
        one.scope = (struct bw_bytes){.data = (const uint8_t *)name, .size = strlen(name)};
        whole = candidacy_apply(e, peer, &one) && whole; /* those behind it may be known already */
    }
    return whole;
}

/* Takes over what the member stands for. False when something had to be left out for want of memory. */
static bool candidacies_apply(struct bw_election *e, struct bw_peer *peer, const struct stood *stood) {
    size_t room = e->params.scope_max; /* nobody stands for more: ranges over ranges must not cost more */
    bool whole = true;
    peer->crowded = false;
    for (size_t i = 0; i < e->scope_count; i++)
        if (!stood_for(stood, bw_scope_name(e->scopes[i])))
            bw_candidate_remove(e, e->scopes[i], peer);
    for (size_t i = 0; i < stood->count; i++) {
        if (stood->frames[i].range)
            whole = range_apply(e, peer, stood->frames[i].as, stood->frames[i].first, stood->frames[i].last, &room) &&
                    whole;
        else
            whole = candidacy_apply(e, peer, &stood->frames[i].as) && whole;
    }
    return whole;
}

/* The member came or went: what that means to each scope. */
static void living_changed(struct bw_election *e, struct bw_peer *peer) {
    bool lives = bw_peer_lives(peer);
    e->living = lives ? e->living + 1 : e->living - 1;
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        struct bw_candidate *candidate = bw_candidate_find(scope, peer);
        if (!lives && peer->refused_pt == BW_PAST)
            bw_watch_gone(e, scope, peer);
        scope->successors_stale = true;
        if (candidate != NULL)
            bw_candidate_changed(e, scope, candidate);
        if (lives && bw_id_equal(&scope->replaced, &peer->id))
            scope->replaced = (struct bw_id){{0}}; /* heard again: somebody else, from now on */
    }
    if (lives)
        peer->refused_pt = BW_PAST;
}

/* A follower that does not watch the leader itself goes by the membership. */
static void leader_status_changed(struct bw_election *e, struct bw_peer *peer) {
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        if (!bw_id_equal(&scope->claim.token.id, &peer->id))
            continue;
        if (bw_peer_lives(peer))
            bw_reign_stays(e, scope);
        if (!bw_reign_current(scope))
            continue;
        bw_successors_refresh(e, scope);
        if (bw_peer_lives(peer))
            bw_announce(e, scope);
        else if (!scope->candidate || !scope->is_successor)
            bw_lose(e, scope, peer->status == BW_STATUS_LEFT ? BW_LOSS_LEFT : BW_LOSS_DIED);
    }
}

bool bw_election_member(struct bw_election *e, const struct bw_election_member *member, struct bw_time now) {
    bw_enter(e, now);
    BW_ASSERT(!bw_id_equal(&member->id, &e->self));
    struct bw_peer *peer = peer_get(e, &member->id);
    if (peer == NULL)
        return false; /* counts as never heard of */
    bool whole = true;
    bool lived = bw_peer_lives(peer);
    bool changed = peer->unstable != member->unstable;
    struct stood stood;
    uint64_t hash = bytes_hash(member->candidacies);
    peer->status = member->status;
    peer->unstable = member->unstable;
    if (hash != peer->candidacies || (peer->crowded && e->scope_count < e->params.scope_max)) {
        if (!stood_parse(&stood, member->candidacies))
            stood.count = 0;
        whole = candidacies_apply(e, peer, &stood);
        peer->candidacies = whole ? hash : 0;
    }
    if (lived != bw_peer_lives(peer))
        living_changed(e, peer);
    else if (changed)
        for (size_t i = 0; i < e->scope_count; i++) {
            struct bw_candidate *candidate = bw_candidate_find(e->scopes[i], peer);
            if (candidate != NULL)
                bw_candidate_changed(e, e->scopes[i], candidate);
        }
    leader_status_changed(e, peer);
    bw_scope_step_all(e);
    return whole;
}

void bw_election_reaped(struct bw_election *e, const struct bw_id *id, struct bw_time now) {
    bw_enter(e, now);
    struct bw_peer *peer = bw_peer_find(e, id);
    if (peer == NULL)
        return;
    bool lived = bw_peer_lives(peer);
    peer->status = BW_STATUS_DEAD;
    if (lived)
        living_changed(e, peer);
    for (size_t i = 0; i < e->scope_count; i++) {
        bw_candidate_remove(e, e->scopes[i], peer);
        e->scopes[i]->successors_stale = true;
        bw_successors_refresh(e, e->scopes[i]); /* no pointer to the peer stays */
    }
    bw_table_remove(&e->peer_table, id);
    peer_free(e, peer);
    bw_scope_step_all(e);
}
