/* User events (gossip.md, Also for users; as Serf's): a name and a payload that all members are told, once each, with a Lamport
 * time. Infection reaches almost everybody; who missed one, or was on the other side of a partition, gets it when members compare
 * what they have kept. */
#include "gossip/machine.h"

#define PUSH_MAX 8u     /* datagrams that answer one comparison */
#define WAITING_MAX 64u /* events that nobody has been sent yet: a caller that is faster waits */

static uint32_t age_ms(const struct bw_gossip *g, const struct bw_rumour *rumour) {
    int64_t age = (g->now.mono_us - rumour->began_us) / BW_US_PER_MS;
    return age < 0 ? 0 : age > UINT32_MAX ? UINT32_MAX : (uint32_t)age;
}

int bw_user_event_write(const struct bw_gossip *g, const struct bw_rumour *rumour, struct bw_writer *writer) {
    struct bw_frame_user_event frame = {.ltime = rumour->ltime,
                                        .number = rumour->number,
                                        .origin = rumour->origin,
                                        .age_ms = age_ms(g, rumour),
                                        .name = bw_rumour_part(rumour, BW_RUMOUR_NAME),
                                        .payload = bw_rumour_part(rumour, BW_RUMOUR_PAYLOAD)};
    return bw_wire_put(writer, &bw_schema_user_event, &frame);
}

static void deliver(struct bw_gossip *g, const struct bw_rumour *rumour) {
    bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_USER_EVENT,
                                               .id = rumour->origin,
                                               .ltime = rumour->ltime,
                                               .number = rumour->number,
                                               .name = bw_rumour_part(rumour, BW_RUMOUR_NAME),
                                               .message = bw_rumour_part(rumour, BW_RUMOUR_PAYLOAD)});
}

static bool too_fast(const struct bw_gossip *g) {
    size_t count = 0;
    const struct bw_list *queue = &g->events_of_users.queue;
    for (const struct bw_list *at = queue->next; at != queue && count < WAITING_MAX; at = at->next) {
        if (bw_container(at, const struct bw_rumour, link)->sent > 0) {
            return false;
        }
        count++;
    }
    return count == WAITING_MAX;
}

int bw_gossip_user_event(struct bw_gossip *g, struct bw_bytes name, struct bw_bytes payload, uint64_t *ltime,
                         struct bw_time now) {
    struct bw_rumour *rumour = NULL;
    bw_gossip_enter(g, now);
    if (!bw_text_valid(name.data, name.size, BW_NAME_MAX)) {
        return BW_ERR_INVALID;
    }
    if (payload.size > BW_USER_SIZE_MAX - name.size) {
        return BW_ERR_SPACE;
    }
    if (g->leave.leaving) {
        return BW_ERR_BUSY;
    }
    if (too_fast(g)) {
        bw_bound_passed(g, BW_BOUND_USER_EVENTS, NULL, g->events_of_users.count);
        return BW_ERR_BUSY;
    }
    struct bw_rumour_source source = {.ltime = g->events_of_users.clock + 1,
                                      .number = bw_rng_next(&g->rng),
                                      .origin = g->self->id,
                                      .began_us = g->now.mono_us,
                                      .parts = {name, payload}};
    int error = source.ltime > BW_LTIME_MAX ? BW_ERR_FULL
                                            : bw_rumours_add(&g->events_of_users, &source, g->now.mono_us, &rumour);
    if (error) {
        return error;
    }
    g->events_of_users.clock = source.ltime;
    bw_rumour_relay(g, &g->events_of_users, rumour);
    deliver(g, rumour);
    if (ltime) {
        *ltime = source.ltime;
    }
    bw_gossip_exit(g);
    return 0;
}

void bw_user_event_receive(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_user_event *frame) {
    struct bw_rumour *rumour = NULL;
    if (!bw_rumours_witness(&g->events_of_users, frame->ltime)) {
        bw_bound_passed(g, BW_BOUND_USER_EVENTS, &in->from, frame->ltime);
        return;
    }
    bw_trace_rule(g->trace, BW_RULE_GO_PAST_LTIME, &in->from, frame->ltime);
    struct bw_rumour_source source = {.ltime = frame->ltime,
                                      .number = frame->number,
                                      .origin = frame->origin,
                                      .began_us = g->now.mono_us - frame->age_ms * BW_US_PER_MS,
                                      .parts = {frame->name, frame->payload}};
    int error = bw_rumours_add(&g->events_of_users, &source, g->now.mono_us, &rumour);
    if (error == BW_ERR_BUSY) {
        bw_trace_rule(g->trace, BW_RULE_TELL_USERS_ONCE, &frame->origin, frame->ltime);
    } else if (error == BW_ERR_FULL) {
        bw_trace_rule(g->trace, BW_RULE_TOO_OLD_TO_TELL_APART, &frame->origin, frame->ltime);
    }
    if (error) {
        return;
    }
    if (rumour->began_us < g->life_us || g->leave.leaving) {
        bw_trace_rule(g->trace, BW_RULE_NOT_OF_AN_EARLIER_LIFE, &frame->origin, frame->ltime);
        return;
    }
    bw_rumour_relay(g, &g->events_of_users, rumour);
    deliver(g, rumour);
}

/* ------------------------------------------------------------------ comparing */

void bw_user_event_tell_clocks(const struct bw_gossip *g, struct bw_writer *writer, const struct bw_member *to) {
    uint8_t first = writer->used > 0 ? writer->data[0] : 0;
    /* A page is the first that a newcomer is told: what it begins next is not behind. */
    bool beside = first == BW_FRAME_NUMBER_ping || first == BW_FRAME_NUMBER_ack || first == BW_FRAME_NUMBER_page;
    if (to && beside && (g->events_of_users.clock > 0 || g->queries.clock > 0)) {
        struct bw_frame_clocks frame = {g->events_of_users.clock, g->queries.clock, g->events_of_users.digest};
        (void)bw_wire_put(writer, &bw_schema_clocks, &frame); /* the next one, if there is no room */
    }
}

/* Not while they still spread by themselves, nor more often than others are probed. */
static bool may_compare(const struct bw_gossip *g) {
    int64_t spread_us = bw_dissemination_us(&g->params, g->living);
    return g->now.mono_us - g->events_of_users.changed_us >= spread_us &&
           g->now.mono_us - g->compared_us >= g->params.probe_interval_ms * BW_US_PER_MS / 2;
}

static void tell_what_we_have(struct bw_gossip *g, const struct bw_inbound *in, bool mutual) {
    uint8_t digests[4u * BW_RUMOUR_MAX];
    struct bw_dest to = bw_view_answer(g, in);
    for (size_t i = 0; i < g->events_of_users.count; i++) {
        bw_put_u32(digests + 4 * i, (uint32_t)g->events_of_users.recent[i]->digest);
    }
    struct bw_frame_have frame = {mutual, {digests, 4 * g->events_of_users.count}};
    (void)bw_outbox_put(g, &to, &bw_schema_have, &frame);
}

void bw_user_event_clocks(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_clocks *frame) {
    if (!bw_rumours_witness(&g->events_of_users, frame->events) || !bw_rumours_witness(&g->queries, frame->queries)) {
        bw_bound_passed(g, BW_BOUND_USER_EVENTS, &in->from, frame->events);
        return;
    }
    if (frame->digest == g->events_of_users.digest || !may_compare(g) || g->leave.leaving) {
        return;
    }
    bw_trace_rule(g->trace, BW_RULE_COMPARE_RECENT_EVENTS, &in->from, frame->digest);
    g->compared_us = g->now.mono_us;
    tell_what_we_have(g, in, true);
}

static bool among(struct bw_bytes digests, uint32_t digest) {
    for (size_t at = 0; at < digests.size; at += 4) {
        if (bw_get_u32(digests.data + at) == digest) {
            return true;
        }
    }
    return false;
}

/* The newest first: they are the ones that stay. Returns how many the other has as well. */
static size_t push_missing(struct bw_gossip *g, const struct bw_dest *to, struct bw_bytes theirs) {
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    size_t common = 0;
    size_t datagrams = 0;
    for (size_t i = g->events_of_users.count; i-- > 0;) {
        const struct bw_rumour *rumour = g->events_of_users.recent[i];
        if (among(theirs, (uint32_t)rumour->digest)) {
            common++;
        } else if (datagrams < PUSH_MAX && bw_user_event_write(g, rumour, &writer) != 0) {
            datagrams++;
            (void)bw_outbox_put_rumours(g, to, frames, writer.used);
            writer.used = 0;
            (void)bw_user_event_write(g, rumour, &writer);
        }
    }
    if (writer.used > 0 && datagrams < PUSH_MAX) {
        (void)bw_outbox_put_rumours(g, to, frames, writer.used);
    }
    return common;
}

void bw_user_event_have(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_have *frame) {
    struct bw_dest to = bw_view_answer(g, in);
    size_t common = push_missing(g, &to, frame->digests);
    if (frame->mutual && common < frame->digests.size / 4) {
        tell_what_we_have(g, in, false);
    }
}
