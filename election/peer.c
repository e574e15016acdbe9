/* Members other than ourselves, as gossip tells of them, and what they stand for. */
#include "election/state.h"

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

/* Well-formed candidacies only: a member with others stands for nothing. */
static bool candidacies_valid(struct bw_bytes data) {
    struct bw_reader reader = {.data = data.data, .size = data.size};
    struct bw_bytes body;
    uint8_t type;
    int more;
    while ((more = bw_wire_next(&reader, &type, &body)) == 1) {
        struct bw_message_candidacy candidacy;
        if (type != BW_FRAME_candidacy)
            continue;
        if (bw_wire_get(&bw_message_schema_candidacy, body, &candidacy) != 0 ||
            !bw_text_valid(candidacy.scope.data, candidacy.scope.size, BW_NAME_MAX))
            return false;
    }
    return more == 0;
}

static bool candidacy_of(struct bw_bytes data, struct bw_bytes scope, struct bw_message_candidacy *candidacy) {
    struct bw_reader reader = {.data = data.data, .size = data.size};
    struct bw_bytes body;
    uint8_t type;
    while (bw_wire_next(&reader, &type, &body) == 1)
        if (type == BW_FRAME_candidacy && bw_wire_get(&bw_message_schema_candidacy, body, candidacy) == 0 &&
            bw_name_compare(candidacy->scope, scope) == 0)
            return true;
    return false;
}

/* Takes over what the member stands for. False when something had to be left out for want of memory. */
static bool candidacies_apply(struct bw_election *e, struct bw_peer *peer, struct bw_bytes data) {
    struct bw_message_candidacy candidacy;
    struct bw_reader reader = {.data = data.data, .size = data.size};
    struct bw_bytes body;
    uint8_t type;
    bool whole = true;
    for (size_t i = 0; i < e->scope_count; i++)
        if (!candidacy_of(data, bw_scope_name(e->scopes[i]), &candidacy))
            bw_candidate_remove(e, e->scopes[i], peer);
    while (bw_wire_next(&reader, &type, &body) == 1) {
        if (type != BW_FRAME_candidacy || bw_wire_get(&bw_message_schema_candidacy, body, &candidacy) != 0)
            continue;
        struct bw_scope *scope = bw_scope_get(e, candidacy.scope);
        const struct bw_candidate candidate = {
            .peer = peer,
            .priority = candidacy.priority,
            .ready = (candidacy.flags & BW_CANDIDACY_READY) != 0,
            .half = (candidacy.flags & BW_CANDIDACY_HALF) != 0,
            .safe = (candidacy.flags & BW_CANDIDACY_SAFE) != 0,
            .mode = candidacy.mode,
        };
        whole = scope != NULL && bw_candidate_put(e, scope, &candidate) == 0 && whole;
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

void bw_election_member(struct bw_election *e, const struct bw_election_member *member, struct bw_time now) {
    bw_enter(e, now);
    BW_ASSERT(!bw_id_equal(&member->id, &e->self));
    struct bw_peer *peer = peer_get(e, &member->id);
    if (peer == NULL)
        return; /* counts as never heard of; the next change tries again */
    bool lived = bw_peer_lives(peer);
    bool changed = peer->unstable != member->unstable;
    struct bw_bytes candidacies = candidacies_valid(member->candidacies) ? member->candidacies : (struct bw_bytes){0};
    uint64_t hash = bytes_hash(candidacies);
    peer->status = member->status;
    peer->unstable = member->unstable;
    if (hash != peer->candidacies)
        peer->candidacies = candidacies_apply(e, peer, candidacies) ? hash : 0;
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
