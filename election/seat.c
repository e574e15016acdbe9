#include "election/seat.h"

#include "election/quorum.h"

#include <string.h>

static struct bw_scope *seat_of(const struct bw_list *at) {
    return bw_container(at, struct bw_scope, seats);
}

void bw_seat_join(struct bw_election *e, struct bw_scope *scope) {
    char base[BW_NAME_MAX + 1] = "";
    char name[BW_NAME_MAX + 1];
    size_t size = 0;
    if (bw_scope_seat(scope->name, &size) < 0)
        return;
    memcpy(base, scope->name, size);
    for (unsigned seat = 0; seat < BW_SEATS_MAX; seat++) {
        bw_scope_seat_name(base, seat, name);
        struct bw_scope *other = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
        if (other == NULL || other == scope)
            continue;
        bw_list_append(&other->seats, &scope->seats);
        return;
    }
}

bool bw_seat_holds(const struct bw_scope *scope, const struct bw_id *id) {
    for (const struct bw_list *at = scope->seats.next; at != &scope->seats; at = at->next)
        if (bw_reign_current(seat_of(at)) && bw_id_equal(&seat_of(at)->claim.token.id, id))
            return true;
    return false;
}

/* To whom this seat is on its way. */
static bool goes_to(const struct bw_scope *scope, const struct bw_id *id) {
    const struct bw_id none = {{0}};
    const struct bw_id *heir = scope->stopping                            ? &scope->stop_heir
                               : scope->claim.state == BW_CLAIM_RESIGNING ? &scope->claim.successor
                                                                          : &none;
    return !bw_id_none(heir) && bw_id_equal(heir, id);
}

bool bw_seat_promised(const struct bw_scope *scope, const struct bw_id *id) {
    for (const struct bw_list *at = scope->seats.next; at != &scope->seats; at = at->next)
        if (goes_to(seat_of(at), id))
            return true;
    return false;
}

bool bw_seat_full(const struct bw_scope *scope, const struct bw_id *id) {
    size_t held = 0;
    for (const struct bw_list *at = scope->seats.next; at != &scope->seats; at = at->next) {
        const struct bw_scope *seat = seat_of(at);
        held += (bw_reign_current(seat) && bw_id_equal(&seat->claim.token.id, id)) || goes_to(seat, id);
    }
    return scope->own.seat_limit > 0 && held >= scope->own.seat_limit;
}

/* Our claim, or what comes before it in quorum mode, is under way. */
static bool claims(const struct bw_scope *scope) {
    bool asks = scope->quorum != NULL && scope->quorum->phase != BW_QUORUM_IDLE && scope->phase != BW_PHASE_LEAD;
    return scope->phase == BW_PHASE_PERSIST || scope->phase == BW_PHASE_CLAIM || asks;
}

/* Others hear of the first claim before the second begins, and rank us by it: so at a start each of k equal members gets one seat. */
bool bw_seat_waits(const struct bw_election *e, const struct bw_scope *scope) {
    size_t held = 0;
    bool busy = false;
    for (const struct bw_list *at = scope->seats.next; at != &scope->seats; at = at->next) {
        held += seat_of(at)->phase == BW_PHASE_LEAD;
        busy = busy || claims(seat_of(at));
    }
    bool full = scope->own.seat_limit > 0 && held >= scope->own.seat_limit;
    if (busy || full)
        bw_trace_rule(e->trace, BW_RULE_ONE_SEAT_AT_A_TIME, NULL, held);
    return busy || full;
}

bool bw_seat_owed(const struct bw_scope *scope, const struct bw_rank *leader, const struct bw_rank *candidate) {
    return !bw_list_empty(&scope->seats) && leader->seated && !candidate->seated && leader->shaky >= candidate->shaky;
}

/* The leader as the candidate that it is; NULL: nobody leads, or we do not know its candidacy. */
static const struct bw_candidate *leader_of(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_id *id = &scope->claim.token.id;
    const struct bw_peer *peer = bw_peer_find(e, id);
    bool known = peer != NULL || bw_id_equal(id, &e->self);
    return bw_reign_current(scope) && known ? bw_candidate_find(scope, peer) : NULL;
}

bool bw_seat_to_ask(const struct bw_election *e, const struct bw_scope *scope) {
    const struct bw_candidate *leader = leader_of(e, scope);
    if (bw_list_empty(&scope->seats))
        return true;
    if (leader == NULL || bw_seat_waits(e, scope))
        return false;
    const struct bw_rank last = bw_scope_rank(scope, e, leader);
    for (const struct bw_list *at = scope->seats.next; at != &scope->seats; at = at->next) {
        const struct bw_scope *other = seat_of(at);
        const struct bw_candidate *holder = leader_of(e, other);
        if (!bw_reign_current(other) && other->candidate && !other->freeze.frozen)
            return false; /* this one is to be had without asking */
        if (holder == NULL)
            continue;
        const struct bw_rank rank = bw_scope_rank(other, e, holder);
        int order = bw_rank_compare(&rank, &last);
        if (order > 0 || (order == 0 && bw_scope_seat(other->name, NULL) > bw_scope_seat(scope->name, NULL)))
            return false;
    }
    return true;
}

bool bw_seat_wanted(const struct bw_election *e, const struct bw_scope *scope) {
    for (size_t i = 0; i < scope->candidate_count && !bw_list_empty(&scope->seats); i++) {
        const struct bw_candidate *candidate = &scope->candidates[i];
        const struct bw_rank rank = bw_scope_rank(scope, e, candidate);
        bool lives =
            candidate->peer == NULL || (bw_peer_lives(candidate->peer) && candidate->peer->refused_pt == BW_PAST);
        if (candidate->ready && lives && !rank.seated && !rank.shaky && !bw_id_equal(&rank.id, &scope->claim.token.id))
            return true;
    }
    return false;
}

void bw_seat_changed(struct bw_election *e, struct bw_scope *scope) {
    for (const struct bw_list *at = scope->seats.next; at != &scope->seats; at = at->next)
        bw_wake(e, seat_of(at), e->patience_us);
}
