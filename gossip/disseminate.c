/* Infection-style dissemination (SWIM 4.1): updates ride on every datagram, fewest-transmitted first, each at most
 * retransmit_mult * ceil(log10(n + 1)) times; while there are any, extra datagrams go out as well. An update is a reference: what
 * is sent is the claim as it stands, so a newer one replaces a queued one by itself. */
#include "gossip/machine.h"

#define SMALLEST_UPDATE 40u /* bytes; a fuller datagram is not looked at */
#define FIRST_HOP_PART 4    /* of the gossip interval */
#define MISFIT_MAX 16u      /* updates that do not fit, before the rest waits for the next datagram */

static void dequeue(struct bw_gossip *g, struct bw_update *update) {
    bw_list_remove(&update->link);
    g->update_count--;
    g->urgent_count -= update->class == 0;
}

static void unlink_update(struct bw_gossip *g, struct bw_update *update) {
    dequeue(g, update);
    if (update->member) {
        update->member->update = NULL;
    } else {
        update->entry->update = NULL;
    }
}

void bw_update_drop(struct bw_gossip *g, struct bw_update *update) {
    if (update) {
        unlink_update(g, update);
        bw_free(&g->allocator, update, sizeof(*update));
    }
}

/* The one that most have heard of. */
static struct bw_update *least_useful(const struct bw_gossip *g) {
    for (size_t level = BW_UPDATE_LEVELS; level-- > 0;) {
        for (size_t class = 2; class -- > 0;) {
            const struct bw_list *list = &g->levels[class][level];
            if (!bw_list_empty(list)) {
                return bw_container(list->prev, struct bw_update, link);
            }
        }
    }
    return NULL;
}

/* Once the last extra datagrams are long enough ago. What is new waits less: first hops take network time, not ticks. */
static void wake(struct bw_gossip *g, int64_t pause_us) {
    int64_t at_us = g->gossiped_us + pause_us;
    at_us = at_us > g->now.mono_us ? at_us : g->now.mono_us;
    if (g->update_count > 0 && g->living > 1 && at_us < bw_timer_at(&g->patience, &g->gossip)) {
        bw_gossip_arm(g, &g->gossip, BW_TIMER_GOSSIP, at_us);
    }
}

static void enqueue(struct bw_gossip *g, struct bw_update **slot, struct bw_update wanted) {
    struct bw_update *update = *slot;
    if (update) {
        dequeue(g, update);
    } else {
        if (g->update_count >= BW_UPDATE_MAX) {
            bw_bound_passed(g, BW_BOUND_UPDATES, NULL, g->update_count);
            bw_update_drop(g, least_useful(g));
        }
        update = bw_alloc(&g->allocator, sizeof(*update));
        if (!update) {
            return; /* comparing views will repair it */
        }
        *slot = update;
    }
    *update = wanted;
    g->update_count++;
    g->urgent_count += update->class == 0;
    bw_list_append(&g->levels[update->class][0], &update->link);
    wake(g, g->params.gossip_interval_ms * BW_US_PER_MS / FIRST_HOP_PART);
}

void bw_update_member(struct bw_gossip *g, struct bw_member *member) {
    enqueue(g, &member->update, (struct bw_update){.member = member, .class = member == g->self ? 0 : 1});
}

void bw_update_entry(struct bw_gossip *g, struct bw_entry *entry) {
    enqueue(g, &entry->update, (struct bw_update){.entry = entry, .class = entry->urgent ? 0 : 1});
}

int bw_update_claim(const struct bw_gossip *g, const struct bw_member *member, struct bw_writer *writer) {
    if (member->status == BW_STATUS_ALIVE || bw_signed_leave(member)) {
        return bw_signed_put(g, member, writer);
    }
    const struct bw_suspicion *suspicion = member->suspicion;
    if (g->attest.identity && member->status != BW_STATUS_LEFT) {
        bool accused = suspicion && suspicion->accuser_count > 0; /* by those we know of, if it is dead */
        return accused ? bw_accuse_put(g, member, writer) : bw_signed_put(g, member, writer);
    }
    if (member->status == BW_STATUS_SUSPECT) {
        struct bw_bytes accusers = {suspicion->accusers[0].bytes, suspicion->accuser_count * sizeof(struct bw_id)};
        struct bw_frame_suspect frame = {member->id, member->incarnation, accusers};
        return bw_wire_put(writer, &bw_schema_suspect, &frame);
    }
    struct bw_frame_verdict frame = {.id = member->id,
                                     .incarnation = member->incarnation,
                                     .status = member->status,
                                     .age_ms = bw_view_age_ms(g, member)};
    if (suspicion && suspicion->accuser_count > 0) {
        frame.by = suspicion->accusers[0];
    }
    return bw_wire_put(writer, &bw_schema_verdict, &frame);
}

static int write_update(const struct bw_gossip *g, const struct bw_update *update, struct bw_writer *writer) {
    if (update->member) {
        return bw_update_claim(g, update->member, writer);
    }
    struct bw_frame_record frame;
    bw_record_frame(update->entry, &frame);
    return bw_wire_put(writer, &bw_schema_record, &frame);
}

static void count_sent(struct bw_gossip *g, struct bw_update *update, uint32_t limit) {
    update->sent++;
    if (update->sent >= limit) {
        bw_trace_rule(g->trace, BW_RULE_STOP_OLD_NEWS, update->member ? &update->member->id : NULL, update->sent);
        bw_update_drop(g, update);
    } else {
        bw_list_append(&g->levels[update->class][update->sent], &update->link);
    }
}

void bw_update_piggyback(struct bw_gossip *g, struct bw_writer *writer, const struct bw_member *to) {
    if (g->update_count == 0) {
        return;
    }
    struct bw_list sent;
    bw_list_init(&sent);
    size_t misfits = 0;
    size_t left = g->update_count;
    for (size_t i = g->urgent_count > 0 ? 0 : BW_UPDATE_LEVELS; left > 0; i++) {
        struct bw_list *list = &g->levels[i / BW_UPDATE_LEVELS][i % BW_UPDATE_LEVELS];
        for (struct bw_list *at = list->next, *next; at != list; at = next, left--) {
            next = at->next;
            struct bw_update *update = bw_container(at, struct bw_update, link);
            if (writer->capacity - writer->used < SMALLEST_UPDATE || misfits == MISFIT_MAX) {
                goto full;
            }
            if (update->member && update->member == to && (to->status != BW_STATUS_SUSPECT || g->params.buddy)) {
                continue; /* it knows itself, or has been told */
            }
            if (write_update(g, update, writer) == 0) {
                bw_list_remove(at);
                bw_list_append(&sent, at);
            } else {
                misfits++;
            }
        }
    }
full:;
    uint32_t limit = bw_transmit_limit(&g->params, g->living);
    while (!bw_list_empty(&sent)) {
        struct bw_update *update = bw_container(sent.next, struct bw_update, link);
        bw_list_remove(&update->link);
        count_sent(g, update, limit);
    }
}

void bw_update_wake(struct bw_gossip *g) {
    wake(g, g->params.gossip_interval_ms * BW_US_PER_MS);
}

void bw_update_tick(struct bw_gossip *g) {
    struct bw_member *picked[16];
    if (g->update_count == 0) {
        return;
    }
    g->gossiped_us = g->now.mono_us;
    size_t count = bw_view_pick(g, NULL, picked, g->params.gossip_fanout);
    for (size_t i = 0; i < count; i++) {
        struct bw_dest to = bw_view_dest(picked[i]);
        bw_outbox_put_frames(g, &to, NULL, 0, false);
    }
    bw_update_wake(g);
}
