/* Queries (gossip.md, Also for users; as Serf's): a question that spreads like a user event, and is answered by whom its filters name,
 * straight to the asker, until its deadline. Acks and responses are single datagrams: what is lost is not said again. */
#include <string.h>

#include "gossip/machine.h"

#define ACKED 1u
#define RESPONDED 2u

int bw_query_write(const struct bw_gossip *g, const struct bw_rumour *rumour, struct bw_writer *writer) {
    int64_t left_us = rumour->until_us - g->now.mono_us;
    struct bw_frame_query frame = {.ltime = rumour->ltime,
                                   .number = rumour->number,
                                   .origin = rumour->origin,
                                   .left_ms = left_us > 0 ? (uint32_t)(left_us / BW_US_PER_MS) : 0,
                                   .ack = rumour->ack,
                                   .name = bw_rumour_part(rumour, BW_RUMOUR_NAME),
                                   .payload = bw_rumour_part(rumour, BW_RUMOUR_PAYLOAD),
                                   .nodes = bw_rumour_part(rumour, BW_RUMOUR_NODES),
                                   .tags = bw_rumour_part(rumour, BW_RUMOUR_TAGS)};
    return bw_wire_put(writer, &bw_schema_query, &frame);
}

/* ------------------------------------------------------------------ whom it is for */

static bool same(struct bw_bytes a, struct bw_bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool has_tag(struct bw_bytes tags, struct bw_bytes name, struct bw_bytes value) {
    struct bw_bytes own_name;
    struct bw_bytes own_value;
    for (size_t at = 0; bw_tag_next(tags, &at, &own_name, &own_value);) {
        if (same(own_name, name)) {
            return same(own_value, value);
        }
    }
    return false;
}

static bool is_for(const struct bw_member *member, const struct bw_rumour *query) {
    struct bw_bytes nodes = bw_rumour_part(query, BW_RUMOUR_NODES);
    struct bw_bytes tags = bw_rumour_part(query, BW_RUMOUR_TAGS);
    struct bw_bytes own = {(const uint8_t *)member->info->bytes, member->info->name_size};
    struct bw_bytes name;
    struct bw_bytes value;
    bool named = nodes.size == 0;
    for (size_t at = 0; !named && bw_names_next(nodes, &at, &name);) {
        named = same(name, own);
    }
    for (size_t at = 0; named && bw_tag_next(tags, &at, &name, &value);) {
        named = has_tag(bw_info_tags(member->info), name, value);
    }
    return named;
}

static uint32_t count_for(const struct bw_gossip *g, const struct bw_rumour *query) {
    uint32_t count = 0;
    for (size_t i = 0; i < g->members.count; i++) {
        const struct bw_member *member = g->members.ring[i];
        count += bw_member_status(member) <= BW_STATUS_SUSPECT && is_for(member, query);
    }
    return count;
}

/* ------------------------------------------------------------------ the asker */

static struct bw_asked **asked_of(struct bw_gossip *g, uint64_t number) {
    for (size_t i = 0; i < BW_ASKED_MAX; i++) {
        if (g->asked[i] && g->asked[i]->number == number) {
            return &g->asked[i];
        }
    }
    return NULL;
}

static void free_asked(struct bw_gossip *g, struct bw_asked **slot) {
    bw_gossip_cancel(g, &(*slot)->timer);
    bw_table_free(&(*slot)->answered);
    bw_free(&g->allocator, *slot, sizeof(**slot));
    *slot = NULL;
}

void bw_query_free_all(struct bw_gossip *g) {
    for (size_t i = 0; i < BW_ASKED_MAX; i++) {
        if (g->asked[i]) {
            free_asked(g, &g->asked[i]);
        }
    }
}

void bw_query_timeout(struct bw_gossip *g, struct bw_asked *asked) {
    bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_QUERY_END,
                                               .number = asked->number,
                                               .acks = asked->acks,
                                               .responses = asked->responses,
                                               .expected = asked->expected});
    free_asked(g, asked_of(g, asked->number));
}

/* Each member counts once for each. */
static bool note(struct bw_gossip *g, struct bw_asked *asked, const struct bw_id *from, bool ack) {
    static const uint8_t marks[4] = {0, ACKED, RESPONDED, ACKED | RESPONDED};
    const uint8_t *before = bw_table_get(&asked->answered, from);
    unsigned mark = ack ? ACKED : RESPONDED;
    unsigned old = before ? *before : 0;
    if ((old & mark) != 0 || bw_table_put(&asked->answered, from, (void *)(uintptr_t)&marks[old | mark]) != 0) {
        bw_trace_rule(g->trace, BW_RULE_QUERY_ANSWERED_ONCE, from, asked->number);
        return false;
    }
    asked->acks += ack;
    asked->responses += !ack;
    return true;
}

static void take_answer(struct bw_gossip *g, const struct bw_id *from, uint64_t number, bool ack,
                        struct bw_bytes payload) {
    struct bw_asked **slot = asked_of(g, number);
    if (!slot) {
        bw_trace_rule(g->trace, BW_RULE_QUERY_ANSWERED_ONCE, from, number);
        return;
    }
    if (!note(g, *slot, from, ack)) {
        return;
    }
    bw_event_push(g, &(struct bw_gossip_event){.type = ack ? BW_GOSSIP_QUERY_ACK : BW_GOSSIP_QUERY_RESPONSE,
                                               .id = *from,
                                               .number = number,
                                               .message = payload});
    if ((*slot)->responses >= (*slot)->expected && (!(*slot)->ack || (*slot)->acks >= (*slot)->expected)) {
        bw_query_timeout(g, *slot); /* nobody else can be waited for */
    }
}

void bw_query_replied(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_reply *frame) {
    take_answer(g, &in->from, frame->number, frame->ack != 0, frame->payload);
}

/* ------------------------------------------------------------------ who is asked */

static int reply(struct bw_gossip *g, const struct bw_rumour *query, bool ack, struct bw_bytes payload) {
    if (bw_id_equal(&query->origin, &g->self->id)) {
        take_answer(g, &g->self->id, query->number, ack, payload);
        return 0;
    }
    const struct bw_member *member = bw_members_find(&g->members, &query->origin);
    if (!member) {
        return BW_ERR_NOT_FOUND;
    }
    struct bw_dest to = bw_view_dest(member);
    struct bw_frame_reply frame = {.number = query->number, .ack = ack, .payload = payload};
    return bw_outbox_put(g, &to, &bw_schema_reply, &frame);
}

static void deliver(struct bw_gossip *g, struct bw_rumour *query) {
    if (!is_for(g->self, query)) {
        bw_trace_rule(g->trace, BW_RULE_QUERY_ONLY_WHOM_IT_IS_FOR, &query->origin, query->number);
        return;
    }
    query->for_us = true;
    bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_QUERY,
                                               .id = query->origin,
                                               .ltime = query->ltime,
                                               .number = query->number,
                                               .left_us = query->until_us - g->now.mono_us,
                                               .name = bw_rumour_part(query, BW_RUMOUR_NAME),
                                               .message = bw_rumour_part(query, BW_RUMOUR_PAYLOAD)});
    if (query->ack) {
        (void)reply(g, query, true, (struct bw_bytes){NULL, 0});
    }
}

void bw_query_receive(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_query *frame) {
    struct bw_rumour *query = NULL;
    if (!bw_rumours_witness(&g->queries, frame->ltime)) {
        bw_bound_passed(g, BW_BOUND_QUERIES, &in->from, frame->ltime);
        return;
    }
    struct bw_rumour_source source = {.ltime = frame->ltime,
                                      .number = frame->number,
                                      .origin = frame->origin,
                                      .began_us = g->now.mono_us,
                                      .until_us = g->now.mono_us + frame->left_ms * BW_US_PER_MS,
                                      .parts = {frame->name, frame->payload, frame->nodes, frame->tags}};
    int error = bw_rumours_add(&g->queries, &source, g->now.mono_us, &query);
    if (error == BW_ERR_BUSY) {
        bw_trace_rule(g->trace, BW_RULE_TELL_USERS_ONCE, &frame->origin, frame->ltime);
    } else if (error == BW_ERR_FULL) {
        bw_trace_rule(g->trace, BW_RULE_TOO_OLD_TO_TELL_APART, &frame->origin, frame->ltime);
    }
    if (error || frame->left_ms == 0 || g->leave.leaving) {
        return;
    }
    query->ack = frame->ack != 0;
    bw_rumour_relay(g, &g->queries, query);
    deliver(g, query);
}

int bw_gossip_respond(struct bw_gossip *g, uint64_t number, struct bw_bytes payload, struct bw_time now) {
    bw_gossip_enter(g, now);
    struct bw_rumour *query = bw_rumours_find(&g->queries, number);
    if (payload.size > BW_USER_SIZE_MAX) {
        return BW_ERR_SPACE;
    }
    if (!query || !query->for_us || query->until_us <= g->now.mono_us) {
        return BW_ERR_NOT_FOUND;
    }
    if (query->answered) {
        return BW_ERR_INVALID;
    }
    int error = reply(g, query, false, payload);
    query->answered = error == 0;
    bw_gossip_exit(g);
    return error;
}

/* ------------------------------------------------------------------ asking */

static int check(const struct bw_gossip *g, const struct bw_gossip_query *query) {
    struct bw_frame_query frame = {
        .ltime = 1, .origin = g->self->id, .name = query->name, .nodes = query->nodes, .tags = query->tags};
    if (!bw_query_valid(&frame) || query->timeout_ms > BW_QUERY_MS_MAX) {
        return BW_ERR_INVALID;
    }
    size_t size = query->name.size + query->nodes.size + query->tags.size;
    if (size > BW_USER_SIZE_MAX || query->payload.size > BW_USER_SIZE_MAX - size) {
        return BW_ERR_SPACE;
    }
    return g->leave.leaving ? BW_ERR_BUSY : g->queries.clock >= BW_LTIME_MAX ? BW_ERR_FULL : 0;
}

static struct bw_asked *create_asked(struct bw_gossip *g, uint64_t number, int *error) {
    for (size_t i = 0; i < BW_ASKED_MAX; i++) {
        if (g->asked[i]) {
            continue;
        }
        struct bw_asked *asked = bw_alloc(&g->allocator, sizeof(*asked));
        *error = asked ? 0 : BW_ERR_MEMORY;
        if (asked) {
            asked->number = number;
            asked->timer.kind = BW_TIMER_QUERY;
            bw_table_init(&asked->answered, g->allocator, g->params.member_max);
            g->asked[i] = asked;
        }
        return asked;
    }
    *error = BW_ERR_FULL;
    return NULL;
}

int bw_gossip_query(struct bw_gossip *g, const struct bw_gossip_query *query, uint64_t *number, struct bw_time now) {
    bw_gossip_enter(g, now);
    int error = check(g, query);
    if (error) {
        return error;
    }
    int64_t wait_us =
        query->timeout_ms > 0 ? query->timeout_ms * BW_US_PER_MS : bw_query_timeout_us(&g->params, g->living);
    wait_us = wait_us < BW_QUERY_MS_MAX * BW_US_PER_MS ? wait_us : BW_QUERY_MS_MAX * BW_US_PER_MS;
    struct bw_rumour_source source = {.ltime = g->queries.clock + 1,
                                      .number = bw_rng_next(&g->rng),
                                      .origin = g->self->id,
                                      .began_us = g->now.mono_us,
                                      .until_us = g->now.mono_us + wait_us,
                                      .parts = {query->name, query->payload, query->nodes, query->tags}};
    struct bw_rumour *rumour = NULL;
    struct bw_asked *asked = create_asked(g, source.number, &error);
    if (!asked) {
        return error;
    }
    error = bw_rumours_add(&g->queries, &source, g->now.mono_us, &rumour);
    if (error) {
        free_asked(g, asked_of(g, source.number));
        return error;
    }
    g->queries.clock = source.ltime;
    rumour->ack = asked->ack = query->ack;
    asked->expected = count_for(g, rumour);
    bw_gossip_arm(g, &asked->timer, BW_TIMER_QUERY, source.until_us);
    *number = source.number;
    bw_rumour_relay(g, &g->queries, rumour);
    deliver(g, rumour);
    bw_gossip_exit(g);
    return 0;
}
