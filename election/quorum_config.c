/* Which list of voters counts. Lists are numbered (term of the leader, how often it was changed): a new leader puts its term on
 * the list, unchanged, before anything else, so that nobody who acknowledged it takes over an older change any more. A list
 * changes by one voter at a time, and counts when majorities of the old and of the new hold it. */
#include "election/quorum.h"

#include <string.h>

int bw_voters_compare(const struct bw_voters *a, const struct bw_voters *b) {
    if (BW_MUTANT(VOTERS_BY_NUMBER_ALONE))
        return (a->number > b->number) - (a->number < b->number);
    if (a->term != b->term)
        return a->term > b->term ? 1 : -1;
    return (a->number > b->number) - (a->number < b->number);
}

bool bw_voters_has(const struct bw_voters *voters, const struct bw_id *id) {
    for (size_t i = 0; i < voters->count; i++)
        if (bw_id_equal(&voters->ids[i], id))
            return true;
    return false;
}

void bw_voters_read(struct bw_voters *voters, uint64_t term, uint64_t number, struct bw_bytes ids) {
    *voters = (struct bw_voters){.term = term, .number = number, .count = ids.size / sizeof voters->ids[0]};
    BW_ASSERT(voters->count <= BW_VOTERS_MAX); /* the codec's limit */
    if (ids.size > 0)
        memcpy(voters->ids, ids.data, ids.size);
}

static void changed(struct bw_quorum *q) {
    q->voters_version = ++q->version;
    q->wanted = true;
}

void bw_voters_take(struct bw_election *e, struct bw_scope *scope, const struct bw_voters *voters,
                    const struct bw_id *from) {
    struct bw_quorum *q = scope->quorum;
    struct bw_durable_vote *vote = &q->vote;
    bool first = vote->voters.count == 0;
    if (voters->count == 0 || (!first && bw_voters_compare(voters, &vote->voters) <= 0))
        return;
    if (!bw_term_near(scope->seen, voters->term)) {
        bw_refuse_term(e, scope, voters->term, from, NULL);
        return;
    }
    bw_trace_rule(e->trace, BW_RULE_NEWER_VOTERS_FIRST, NULL, voters->term);
    if (q->phase != BW_QUORUM_IDLE && scope->phase == BW_PHASE_LEAD)
        bw_vacate(e, scope, BW_LOSS_DEPOSED, &(struct bw_id){{0}}); /* it leads no more to whom a newer list comes */
    else
        bw_quorum_give_up(e, scope);
    bool was = bw_voters_has(&vote->voters, &e->self);
    vote->voters = *voters;
    changed(q);
    if (was || !bw_voters_has(voters, &e->self) || (first && voters->term == 0))
        return;
    vote->lease_max_ms = vote->lease_ms > vote->lease_max_ms ? vote->lease_ms : vote->lease_max_ms;
    q->abstain_us = e->now.mono_us + bw_promise_us(e, vote->lease_max_ms); /* a new voter */
}

void bw_voters_collect(struct bw_quorum *q) {
    struct bw_id old[BW_QUORUM_MEMBERS_MAX];
    size_t old_count = q->member_count;
    uint32_t granted = q->granted;
    uint32_t refused = q->refused;
    memcpy(old, q->members, sizeof old);
    q->member_count = 0;
    q->granted = q->refused = q->heard = 0;
    for (size_t i = 0; i < q->list.count; i++)
        q->members[q->member_count++] = q->list.ids[i];
    for (size_t i = 0; i < q->vote.voters.count; i++)
        if (!bw_voters_has(&q->list, &q->vote.voters.ids[i]) && q->member_count < BW_QUORUM_MEMBERS_MAX)
            q->members[q->member_count++] = q->vote.voters.ids[i];
    for (size_t i = 0; i < old_count; i++) {
        size_t at = bw_quorum_index(q, &old[i]);
        if (at == BW_QUORUM_MEMBERS_MAX)
            continue;
        q->granted |= ((granted >> i) & 1u) << at;
        q->refused |= ((refused >> i) & 1u) << at;
    }
    for (size_t i = 0; i < BW_QUORUM_ROUNDS; i++)
        q->rounds[i].acked = 0; /* they were told the old list */
}

void bw_voters_stamp(struct bw_election *e, struct bw_scope *scope) {
    struct bw_quorum *q = scope->quorum;
    bw_trace_rule(e->trace, BW_RULE_STAMP_THE_VOTERS, NULL, q->term);
    if (!BW_MUTANT(VOTERS_NOT_STAMPED) && !BW_MUTANT(VOTERS_BY_NUMBER_ALONE))
        q->vote.voters.term = q->term;
    q->list = q->vote.voters;
    changed(q);
}

void bw_voters_agreed(struct bw_election *e, struct bw_scope *scope, uint32_t acked) {
    struct bw_quorum *q = scope->quorum;
    if (bw_voters_compare(&q->list, &q->vote.voters) == 0 || !bw_quorum_majority(q, acked, &q->list) ||
        !bw_quorum_majority(q, acked, &q->vote.voters))
        return;
    bw_trace_rule(e->trace, BW_RULE_BOTH_LISTS_AGREE, NULL, q->vote.voters.number);
    q->list = q->vote.voters;
    bw_voters_collect(q);
}

void bw_election_voters(struct bw_election *e, const char *name, const struct bw_id *ids, size_t count,
                        struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
    if (scope == NULL || scope->quorum == NULL || scope->quorum->vote.voters.count > 0)
        return; /* from then on only ids count */
    BW_ASSERT(count > 0 && count <= BW_VOTERS_MAX);
    struct bw_voters *voters = &scope->quorum->vote.voters;
    voters->count = count;
    memcpy(voters->ids, ids, count * sizeof ids[0]);
    for (size_t i = 1; i < count; i++)
        BW_ASSERT(bw_id_compare(&ids[i - 1], &ids[i]) < 0);
    changed(scope->quorum);
    bw_scope_step(e, scope);
}

int bw_election_voter_list(const struct bw_election *e, const char *name, struct bw_voters *voters) {
    const struct bw_scope *scope = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
    if (scope == NULL || scope->quorum == NULL || scope->quorum->vote.voters.count == 0)
        return BW_ERR_NOT_FOUND;
    *voters = scope->quorum->vote.voters;
    return 0;
}

/* ------------------------------------------------------------------ a change */

static void insert(struct bw_voters *voters, const struct bw_id *id) {
    size_t at = voters->count++;
    for (; at > 0 && bw_id_compare(&voters->ids[at - 1], id) > 0; at--)
        voters->ids[at] = voters->ids[at - 1];
    voters->ids[at] = *id;
}

static void take_out(struct bw_voters *voters, const struct bw_id *id) {
    size_t kept = 0;
    for (size_t i = 0; i < voters->count; i++)
        if (!bw_id_equal(&voters->ids[i], id))
            voters->ids[kept++] = voters->ids[i];
    voters->count = kept;
    memset(voters->ids + kept, 0, (BW_VOTERS_MAX - kept) * sizeof voters->ids[0]);
}

static int change_error(const struct bw_election *e, const struct bw_scope *scope, const struct bw_id *id, bool add,
                        const char **why) {
    const struct bw_quorum *q = scope->quorum;
    bool pending = bw_voters_compare(&q->list, &q->vote.voters) != 0 || q->voters_version > q->durable;
    *why = "only the scope's leader changes its voters, and this member does not lead it";
    if (scope->phase != BW_PHASE_LEAD || e->now.mono_us >= scope->act_until_us)
        return BW_ERR_BUSY;
    *why = "the last change of the voters has not been taken over by a majority yet: try again in a moment";
    if (pending && !BW_MUTANT(TWO_VOTERS_AT_ONCE))
        return BW_ERR_BUSY;
    *why = add ? "it is a voter already" : "it is no voter";
    if (bw_voters_has(&q->vote.voters, id) == add)
        return BW_ERR_INVALID;
    *why = "a leader does not remove itself: let it step down, and remove it at the next leader";
    if (!add && bw_id_equal(id, &e->self))
        return BW_ERR_INVALID;
    *why = "there are 16 voters already, and no more may be";
    return add && q->vote.voters.count == BW_VOTERS_MAX ? BW_ERR_FULL : 0;
}

/* A voter that is none by its own configuration never answers, and a list that needs it would elect nobody. Who stands says that it has
 * the scope; a witness is asked. */
static bool takes_part(struct bw_election *e, struct bw_scope *scope, const struct bw_id *id) {
    const struct bw_peer *peer = bw_peer_find(e, id);
    const struct bw_candidate *candidate = peer != NULL ? bw_candidate_find(scope, peer) : NULL;
    struct bw_quorum *q = scope->quorum;
    if ((candidate != NULL && candidate->mode == BW_MODE_QUORUM) || (bw_id_equal(&q->asked, id) && q->asked_answers))
        return true;
    q->asked = *id;
    q->asked_answers = false;
    bw_quorum_send(e, scope, id, BW_BALLOT_PREVOTE, scope->quorum->term, scope->quorum->number);
    return false;
}

int bw_election_change_voters(struct bw_election *e, const char *name, const struct bw_id *id, bool add,
                              const char **why, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
    *why = "this member has no part in a scope of this name in quorum mode";
    if (scope == NULL || scope->quorum == NULL)
        return BW_ERR_NOT_FOUND;
    int error = change_error(e, scope, id, add, why);
    if (error != 0) {
        if (error == BW_ERR_BUSY)
            bw_trace_rule(e->trace, BW_RULE_ONE_VOTER_AT_A_TIME, id, add);
        return error;
    }
    *why = "it has not answered yet: does its agent have the scope in quorum mode? Try again in a moment";
    if (add && !takes_part(e, scope, id))
        return BW_ERR_BUSY;
    struct bw_voters *voters = &scope->quorum->vote.voters;
    if (add)
        insert(voters, id);
    else
        take_out(voters, id);
    voters->number++;
    voters->term = BW_MUTANT(VOTERS_BY_NUMBER_ALONE) ? voters->term : scope->quorum->term;
    changed(scope->quorum);
    bw_voters_collect(scope->quorum);
    scope->quorum->again_pt = e->patience_us;
    *why = NULL;
    bw_scope_step(e, scope);
    return 0;
}
