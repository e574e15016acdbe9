/* The lease without a quorum (election.md, Availability modes): the leader's numbered rounds of heartbeats, the successors'
 * acknowledgements, and what both sides conclude. One heartbeat serves all scopes: it carries a digest of the set that the
 * sender leads, and counts only where both know the same set; the set itself travels when they differ. */
#include "election/state.h"

#include "base/mutant.h"

int64_t bw_wait_us(uint32_t lease_ms, uint32_t drift_ppm, uint32_t margin_ms) {
    int64_t lease_us = lease_ms * BW_US_PER_MS;
    return lease_us + 2 * lease_us * drift_ppm / INT64_C(1000000) + margin_ms * BW_US_PER_MS;
}

size_t bw_required(const struct bw_election *e, const struct bw_scope *scope, size_t minimum) {
    return bw_others(e, &scope->replaced) == 0 && scope->own.min_view < 2 ? 0 : minimum;
}

/* ------------------------------------------------------------------ the set */

static uint64_t hash_u64(uint64_t value) {
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9); /* splitmix64's finisher */
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static uint64_t reign_hash(const struct bw_scope *scope) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < scope->name_size; i++)
        hash = (hash ^ (uint8_t)scope->name[i]) * UINT64_C(0x100000001b3);
    return hash_u64(hash_u64(hash ^ scope->claim.token.term) + scope->claim.lease_ms);
}

/* Leads by these heartbeats: quorum mode has rounds of its own. */
static bool led(const struct bw_scope *scope) {
    return scope->phase == BW_PHASE_LEAD && scope->claim.mode != BW_MODE_QUORUM;
}

/* Whether we acknowledge that this member leads the scope: not while our own claim is out, and not if it may not lead it any
 * more (its certificate has ended, or was revoked): it is heard in vain, and its lease ends, here and there. */
static bool follows(const struct bw_election *e, const struct bw_scope *scope, const struct bw_id *leader) {
    return scope->phase != BW_PHASE_CLAIM && scope->phase != BW_PHASE_LEAD && !bw_claim_none(&scope->claim) &&
           scope->claim.state == BW_CLAIM_LEADING && scope->claim.mode != BW_MODE_QUORUM &&
           bw_id_equal(&scope->claim.token.id, leader) && bw_may_lead(e, scope, leader);
}

static uint64_t own_digest(const struct bw_election *e) {
    uint64_t digest = 0;
    for (size_t i = 0; i < e->scope_count; i++)
        digest += led(e->scopes[i]) ? reign_hash(e->scopes[i]) : 0;
    return digest;
}

static uint64_t followed_digest(const struct bw_election *e, const struct bw_id *leader) {
    uint64_t digest = 0;
    for (size_t i = 0; i < e->scope_count; i++)
        digest += follows(e, e->scopes[i], leader) ? reign_hash(e->scopes[i]) : 0;
    return digest;
}

/* Both, or neither. */
static int put_entry(struct bw_writer *writer, const struct bw_message_entry *entry, const uint8_t *signature) {
    size_t used = writer->used;
    const struct bw_message_signature seal = {{signature, BW_CLAIM_SIGNATURE_SIZE}};
    int error = bw_wire_put(writer, &bw_message_schema_entry, entry);
    if (error == 0 && signature != NULL)
        error = bw_wire_put(writer, &bw_message_schema_signature, &seal);
    writer->used = error == 0 ? writer->used : used;
    return error;
}

/* Sends what we lead, page by page; each page speaks for a range of names and stands for itself. */
static void set_send(struct bw_election *e, const struct bw_id *to) {
    uint8_t data[900];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    struct bw_message_set page = {.entries.data = data};
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        if (!led(scope))
            continue;
        const uint8_t *signature = bw_claim_sign(e, scope, &scope->claim);
        const struct bw_message_entry entry = {
            .scope = bw_scope_name(scope),
            .term = scope->claim.token.term,
            .sequence = scope->claim.sequence,
            .boot = e->boot,
            .lease_ms = scope->claim.lease_ms,
        };
        if (put_entry(&writer, &entry, signature) == 0) {
            page.until = entry.scope;
            continue;
        }
        page.entries.size = writer.used;
        bw_send(e, to, BW_FRAME_set, &page);
        page.after = page.until;
        writer.used = 0;
        int error = put_entry(&writer, &entry, signature);
        BW_ASSERT(error == 0);
        page.until = entry.scope;
    }
    page.entries.size = writer.used;
    page.until = (struct bw_bytes){0};
    bw_send(e, to, BW_FRAME_set, &page);
}

static bool set_has(const struct bw_message_set *set, const struct bw_scope *scope) {
    struct bw_reader reader = {.data = set->entries.data, .size = set->entries.size};
    struct bw_bytes body;
    uint8_t type;
    struct bw_message_entry entry;
    while (bw_wire_next(&reader, &type, &body) == 1)
        if (type == BW_FRAME_entry && bw_wire_get(&bw_message_schema_entry, body, &entry) == 0 &&
            bw_name_compare(entry.scope, bw_scope_name(scope)) == 0)
            return true;
    return false;
}

static void set_entry(struct bw_election *e, struct bw_peer *peer, int64_t heard_us,
                      const struct bw_message_entry *entry, const uint8_t *signature) {
    struct bw_scope *scope = bw_scope_get(e, entry->scope);
    if (scope == NULL)
        return;
    const struct bw_claim claim = {
        .token = {.term = entry->term, .id = peer->id},
        .sequence = entry->sequence,
        .state = BW_CLAIM_LEADING,
        .lease_ms = entry->lease_ms,
        .boot = entry->boot,
        .signature = signature,
    };
    if (bw_evidence_take(e, scope, &peer->id, heard_us, &claim)) {
        if (bw_evidence_echo(e, scope, heard_us))
            bw_reign_heard(e, scope);
    } else if (bw_claim_compare(&claim, &scope->claim) < 0) {
        bw_send_record(e, scope, &peer->id); /* it does not know of its successor */
    }
    bw_scope_step(e, scope);
}

/* What the range should hold and does not: the sender itself says that it does not lead it. A page older than our
 * knowledge of the reign says nothing. */
static void set_missing(struct bw_election *e, struct bw_peer *peer, const struct bw_message_set *set) {
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        struct bw_bytes name = bw_scope_name(scope);
        bool inside =
            bw_name_compare(name, set->after) > 0 && (set->until.size == 0 || bw_name_compare(name, set->until) <= 0);
        int64_t round_us = scope->claim.lease_ms * BW_US_PER_MS / BW_ROUNDS_PER_LEASE;
        if (!inside || scope->phase != BW_PHASE_FOLLOW || !follows(e, scope, &peer->id) || scope->over ||
            e->patience_us < scope->heard_pt + round_us || set_has(set, scope))
            continue;
        bw_trace_rule(e->trace, BW_RULE_NO_IS_A_RESIGNATION, &peer->id, scope->claim.token.term);
        bw_reign_over(e, scope, BW_LOSS_RESIGNED);
        bw_scope_step(e, scope);
    }
}

void bw_set_receive(struct bw_election *e, struct bw_peer *peer, int64_t heard_us, const struct bw_message_set *set) {
    struct bw_reader reader = {.data = set->entries.data, .size = set->entries.size};
    struct bw_bytes body;
    uint8_t type;
    struct bw_message_entry entry;
    while (bw_wire_next(&reader, &type, &body) == 1)
        if (type == BW_FRAME_entry && bw_wire_get(&bw_message_schema_entry, body, &entry) == 0)
            set_entry(e, peer, heard_us, &entry, bw_message_signature(&reader));
    if (heard_us != BW_NOT_HEARD)
        set_missing(e, peer, set);
}

/* ------------------------------------------------------------------ the leader's side */

void bw_round_arm(struct bw_election *e) {
    int64_t every_us = BW_NEVER;
    for (size_t i = 0; i < e->scope_count; i++)
        if (led(e->scopes[i])) {
            int64_t round_us = bw_scope_lease_us(e, e->scopes[i]) / BW_ROUNDS_PER_LEASE;
            every_us = round_us < every_us ? round_us : every_us;
        }
    int64_t last_us = e->rounds[e->round % BW_ROUNDS_KEPT].sent_us;
    bw_timer_arm(&e->authority, &e->round_timer, every_us == BW_NEVER ? BW_NEVER : last_us + every_us);
}

void bw_round_send(struct bw_election *e) {
    struct bw_round *round = &e->rounds[++e->round % BW_ROUNDS_KEPT];
    const struct bw_message_heartbeat message = {.round = e->round, .digest = own_digest(e)};
    *round = (struct bw_round){.number = e->round, .sent_us = e->now.mono_us};
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        if (!led(scope))
            continue;
        bw_successors_refresh(e, scope);
        for (size_t k = 0; k < scope->successor_count; k++) {
            struct bw_peer *peer = scope->successors[k].peer;
            if (peer == NULL || peer->beat_round == e->round)
                continue; /* one datagram serves all scopes */
            peer->beat_round = e->round;
            bw_send(e, &peer->id, BW_FRAME_heartbeat, &message);
        }
        bw_lease_renew(e, scope);
        bw_preempt_round(e, scope);
        bw_reach_round(e, scope);
    }
    bw_round_arm(e);
}

void bw_round_soon(struct bw_election *e, int64_t pause_us) {
    int64_t at = e->rounds[e->round % BW_ROUNDS_KEPT].sent_us + pause_us;
    if (e->round == 0 || e->now.mono_us >= at)
        bw_round_send(e);
    else if (at < bw_timer_at(&e->authority, &e->round_timer))
        bw_timer_arm(&e->authority, &e->round_timer, at);
}

/* The newest round of this reign that `need` successors acknowledged, or one after it; 0 if there is none. */
static uint64_t round_acknowledged_by(const struct bw_scope *scope, size_t need) {
    uint64_t best = 0;
    for (size_t i = 0; i < scope->successor_count; i++) {
        const struct bw_peer *candidate = scope->successors[i].peer;
        size_t as_new = 0;
        if (candidate == NULL || candidate->acked_round <= best || candidate->acked_round < scope->first_round)
            continue;
        for (size_t k = 0; k < scope->successor_count; k++) {
            const struct bw_peer *peer = scope->successors[k].peer;
            as_new += peer != NULL && peer->acked_round >= candidate->acked_round;
        }
        best = as_new >= need ? candidate->acked_round : best;
    }
    return best;
}

void bw_lease_renew(struct bw_election *e, struct bw_scope *scope) {
    size_t need = BW_MUTANT(ALONE_CLAIMS_AGAIN) ? scope->own.min_ack : bw_required(e, scope, scope->own.min_ack);
    if (scope->stopping && e->now.mono_us >= scope->stop_until_us)
        return;
    bw_successors_refresh(e, scope);
    uint64_t number = need == 0 ? e->round : round_acknowledged_by(scope, need);
    const struct bw_round *round = &e->rounds[number % BW_ROUNDS_KEPT];
    if (number < scope->first_round || round->number != number)
        return;
    int64_t from_us = BW_MUTANT(LEASE_FROM_ACK) ? e->now.mono_us : round->sent_us;
    int64_t until_us = from_us + bw_scope_lease_us(e, scope);
    if (until_us <= scope->act_until_us)
        return;
    bw_trace_rule(e->trace, need == 0 ? BW_RULE_ALONE_NEEDS_NOBODY : BW_RULE_LEASE_RUNS_FROM_SENDING, NULL, number);
    scope->act_until_us = until_us;
    bw_timer_arm(&e->authority, &scope->lease, until_us);
}

void bw_ack_receive(struct bw_election *e, struct bw_peer *peer, const struct bw_message_ack *ack) {
    if (ack->round > peer->beat_round || e->led_count == 0)
        return; /* of a former life, or of no round that we sent */
    if (ack->digest != own_digest(e)) {
        if (peer->set_round != e->round)
            set_send(e, &peer->id);
        peer->set_round = e->round;
        return;
    }
    if (ack->counted == 0 || ack->round <= peer->acked_round)
        return;
    peer->acked_round = ack->round;
    for (size_t i = 0; i < e->scope_count; i++) {
        struct bw_scope *scope = e->scopes[i];
        if (!led(scope))
            continue;
        if (ack->round >= scope->first_round && bw_id_equal(&scope->replaced, &peer->id))
            scope->replaced = (struct bw_id){{0}};
        bw_lease_renew(e, scope);
    }
}

/* ------------------------------------------------------------------ the successor's side */

/* A delayed heartbeat keeps no dead leader alive: one counts only if its sender heard us within the lease. */
static bool heartbeat_fresh(const struct bw_election *e, const struct bw_id *leader, int64_t heard_us) {
    for (size_t i = 0; i < e->scope_count; i++)
        if (follows(e, e->scopes[i], leader)) {
            int64_t lease_us = e->scopes[i]->claim.lease_ms * BW_US_PER_MS;
            if (heard_us == BW_NOT_HEARD || heard_us <= e->now.mono_us - lease_us)
                return false;
        }
    return heard_us != BW_NOT_HEARD;
}

void bw_heartbeat_receive(struct bw_election *e, struct bw_peer *peer, int64_t heard_us,
                          const struct bw_message_heartbeat *heartbeat) {
    uint64_t digest = followed_digest(e, &peer->id);
    bool fresh = heartbeat_fresh(e, &peer->id, heard_us);
    bool counted = fresh && digest == heartbeat->digest;
    if (counted) {
        peer->heartbeat_pt = e->patience_us;
        for (size_t i = 0; i < e->scope_count; i++) {
            struct bw_scope *scope = e->scopes[i];
            bool doubted = scope->over || scope->ask_pt != BW_PAST || scope->phase == BW_PHASE_PERSIST;
            if (!follows(e, scope, &peer->id))
                continue;
            if (doubted || !scope->announced)
                bw_reign_heard(e, scope);
            else
                bw_scope_step(e, scope); /* moves its wake, which would come in vain after each heartbeat */
        }
    } else if (!fresh) {
        bw_trace_rule(e->trace, BW_RULE_STALE_HEARTBEAT_IS_SILENCE, &peer->id, heartbeat->round);
    }
    const struct bw_message_ack ack = {.round = heartbeat->round, .digest = digest, .counted = counted};
    bw_send(e, &peer->id, BW_FRAME_ack, &ack);
}
