/* A scope that is frozen keeps its leader as long as that lives (election.md rule 9): of those who have heard of it nobody but
 * the last holder claims until it is thawed. It is a record of its own, written by whoever was asked, and merged by itself;
 * it is in no state file, so it lasts as long as anybody who has heard of it runs. Its expiry is an authority deadline; who
 * notices first that it is over says so, in a record that is the same whoever writes it. */
#include "election/quorum.h"

#include "base/mutant.h"
#include "election/quorum.h"

#include <string.h>

#define COUNTER_STEP_MAX (UINT64_C(1) << 42) /* milliseconds: 139 years */
#define COUNTER_FIRST_MAX (UINT64_C(1) << 43)

/* Nobody's word is so far ahead that no later one could be above it. */
static bool counter_near(uint64_t held, uint64_t counter) {
    return held == 0 ? counter <= COUNTER_FIRST_MAX : counter <= held || counter - held <= COUNTER_STEP_MAX;
}

/* Above all that was seen, and not below the wall clock in milliseconds: so mostly above what was said just before by somebody
 * whom we have not heard yet, too. */
static uint64_t counter_next(uint64_t held, int64_t wall_us) {
    uint64_t wall_ms = wall_us > 0 ? (uint64_t)(wall_us / BW_US_PER_MS) : 0;
    return wall_ms > held && counter_near(held, wall_ms) ? wall_ms : held + 1;
}

/* Larger wins: merging is commutative, associative and idempotent. */
static int freeze_compare(const struct bw_freeze *a, const struct bw_freeze *b) {
    if (a->counter != b->counter)
        return a->counter < b->counter ? -1 : 1;
    int order = bw_id_compare(&a->by, &b->by);
    return order != 0 ? order : (int)a->over - (int)b->over;
}

static uint64_t left_ms(const struct bw_election *e, const struct bw_freeze *freeze) {
    int64_t left_us = freeze->until_us - e->now.mono_us;
    if (freeze->until_us == BW_NEVER)
        return 0;
    return left_us < BW_US_PER_MS ? 1 : (uint64_t)(left_us / BW_US_PER_MS); /* 0 would be for ever */
}

bool bw_freeze_forbids(const struct bw_scope *scope) {
    bool holder = scope->held || scope->reclaim; /* who led until a larger token of a dead leader came, too */
    return scope->freeze.frozen && !holder && !BW_MUTANT(FREEZE_RULE_OFF);
}

bool bw_freeze_stops(struct bw_election *e, struct bw_scope *scope) {
    if (!bw_freeze_forbids(scope))
        return false;
    bw_trace_rule(e->trace, BW_RULE_FROZEN_KEEPS_ITS_HOLDER, &scope->freeze.by, scope->freeze.counter);
    return true;
}

void bw_freeze_held(struct bw_election *e, struct bw_scope *scope, const struct bw_claim *claim) {
    bool reigned = claim->state == BW_CLAIM_LEADING || claim->reason != BW_LOSS_NONE; /* not a withdrawn claim */
    bool ours = bw_id_equal(&claim->token.id, &e->self);
    if (reigned && !(ours && claim->boot == e->boot)) /* what became of our claims in this life we know */
        scope->held = ours;
}

/* Who is on its way to the lead stops, unless it held it last. */
static void stop_campaign(struct bw_election *e, struct bw_scope *scope) {
    if (scope->quorum != NULL)
        bw_quorum_give_up(e, scope);
    else if (scope->phase == BW_PHASE_CLAIM)
        bw_claim_withdraw(e, scope, 0, &(struct bw_id){{0}});
    else
        bw_campaign_abort(e, scope);
    scope->campaign_pt = scope->contact_pt = BW_PAST;
}

static void freeze_take(struct bw_election *e, struct bw_scope *scope, const struct bw_freeze *freeze) {
    bool was = scope->freeze.frozen;
    scope->freeze = *freeze;
    bw_timer_arm(&e->authority, &scope->thaw, freeze->frozen ? freeze->until_us : BW_NEVER);
    bw_publish_freeze(e, scope);
    if (freeze->frozen || was)
        bw_emit_freeze(e, scope, freeze->until_us == BW_NEVER ? -1 : (int64_t)left_ms(e, freeze));
    if (bw_freeze_forbids(scope) && scope->phase != BW_PHASE_LEAD)
        stop_campaign(e, scope);
    bw_scope_step(e, scope);
}

void bw_freeze_expire(struct bw_election *e, struct bw_scope *scope) {
    struct bw_freeze over = scope->freeze;
    over.over = true;
    over.frozen = false;
    over.until_us = BW_NEVER;
    freeze_take(e, scope, &over);
}

/* ------------------------------------------------------------------ the record */

void bw_freeze_encode(const struct bw_election *e, const struct bw_freeze *freeze, uint8_t rank[BW_CLAIM_RANK_SIZE],
                      uint8_t body[BW_CLAIM_BODY_MAX], size_t *body_size) {
    struct bw_writer writer = {.data = body, .capacity = BW_CLAIM_BODY_MAX};
    const struct bw_message_freeze fields = {.frozen = freeze->frozen, .left_ms = left_ms(e, freeze)};
    bw_put_u64(rank, freeze->counter);
    memcpy(rank + 8, freeze->by.bytes, sizeof freeze->by.bytes);
    bw_put_u64(rank + 24, freeze->over);
    int error = bw_wire_put(&writer, &bw_message_schema_freeze, &fields);
    BW_ASSERT(error == 0);
    *body_size = writer.used;
}

static int decode(const struct bw_election *e, struct bw_freeze *freeze, const uint8_t rank[BW_CLAIM_RANK_SIZE],
                  struct bw_bytes body) {
    struct bw_reader reader = {.data = body.data, .size = body.size};
    struct bw_message_freeze fields = {0};
    struct bw_bytes frame;
    uint8_t type;
    int more;
    bool found = false;
    while ((more = bw_wire_next(&reader, &type, &frame)) == 1) {
        if (type != BW_FRAME_freeze)
            continue; /* of a later version */
        if (found || bw_wire_get(&bw_message_schema_freeze, frame, &fields) != 0)
            return BW_ERR_DROP_MALFORMED;
        found = true;
    }
    const uint64_t over = bw_get_u64(rank + 24);
    *freeze = (struct bw_freeze){.counter = bw_get_u64(rank), .over = over != 0, .frozen = fields.frozen != 0};
    memcpy(freeze->by.bytes, rank + 8, sizeof freeze->by.bytes);
    freeze->until_us =
        freeze->frozen && fields.left_ms != 0 ? e->now.mono_us + (int64_t)fields.left_ms * BW_US_PER_MS : BW_NEVER;
    bool sound = more == 0 && found && over <= 1 && freeze->counter != 0 && !bw_id_none(&freeze->by);
    return sound && !(freeze->over && freeze->frozen) ? 0 : BW_ERR_DROP_MALFORMED;
}

int bw_election_freeze_record(struct bw_election *e, struct bw_bytes name, const uint8_t rank[BW_CLAIM_RANK_SIZE],
                              struct bw_bytes body, struct bw_time now) {
    struct bw_freeze freeze;
    bw_enter(e, now);
    if (!bw_text_valid(name.data, name.size, BW_NAME_MAX) || decode(e, &freeze, rank, body) != 0)
        return BW_ERR_DROP_MALFORMED;
    struct bw_scope *scope = bw_scope_get(e, name);
    if (scope == NULL || freeze_compare(&freeze, &scope->freeze) <= 0)
        return 0;
    if (!counter_near(scope->freeze.counter, freeze.counter)) {
        bw_trace_rule(e->trace, BW_RULE_REFUSE_FAR_TERM, &freeze.by, freeze.counter);
        return 0;
    }
    freeze_take(e, scope, &freeze);
    return 0;
}

/* ------------------------------------------------------------------ the operator's hand */

static void write(struct bw_election *e, struct bw_scope *scope, bool frozen, int64_t until_us) {
    const struct bw_freeze freeze = {
        .counter = counter_next(scope->freeze.counter, e->now.wall_us),
        .by = e->self,
        .frozen = frozen,
        .until_us = until_us,
    };
    freeze_take(e, scope, &freeze);
}

int bw_election_freeze(struct bw_election *e, const char *name, uint32_t for_ms, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    write(e, scope, true, for_ms == 0 ? BW_NEVER : e->now.mono_us + for_ms * BW_US_PER_MS);
    return 0;
}

int bw_election_thaw(struct bw_election *e, const char *name, struct bw_time now) {
    bw_enter(e, now);
    struct bw_scope *scope = bw_scope_find(e, (struct bw_bytes){(const uint8_t *)name, strlen(name)});
    if (scope == NULL)
        return BW_ERR_NOT_FOUND;
    write(e, scope, false, BW_NEVER); /* also of what is not frozen: another's word may be on its way */
    return 0;
}
