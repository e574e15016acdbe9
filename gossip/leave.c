/* Leaving: said by ourselves, to many at once, and done when several have acknowledged it, or all that can, or after a bounded
 * time. */
#include "gossip/machine.h"

#define TELL_MAX 32u
#define RETRY_MS 100u
#define WAIT_INTERVALS 3u

/* The news of a leave ends when most have it; who missed it would find a dead port. */
bool bw_leave_tell_of(struct bw_gossip *g, const struct bw_dest *to, const struct bw_member *member) {
    uint8_t frame[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    if (member->status != BW_STATUS_LEFT || member->faded || bw_update_claim(g, member, &writer) != 0) {
        return false;
    }
    bw_outbox_put_frames(g, to, frame, writer.used, false);
    bw_trace_rule(g->trace, BW_RULE_TELL_WHO_LEFT, &member->id, member->incarnation);
    return true;
}

/* Whether a port that refused has been counted; but: not by this ping. */
static bool refused(const struct bw_gossip *g, const struct bw_id *id, const struct bw_ping *but) {
    for (size_t i = 0; i < BW_PING_MAX; i++) {
        const struct bw_ping *ping = &g->pings[i];
        if (ping != but && ping->purpose == BW_PURPOSE_LEAVE && ping->refused && bw_id_equal(&ping->to.id, id)) {
            return true;
        }
    }
    return false;
}

static void tell(struct bw_gossip *g) {
    struct bw_member *picked[TELL_MAX];
    struct bw_writer writer;
    uint8_t frame[BW_FRAMES_MAX];
    size_t count = bw_view_pick(g, NULL, picked, TELL_MAX);
    for (size_t i = 0; i < count; i++) {
        struct bw_dest to = bw_view_dest(picked[i]);
        if (refused(g, &to.id, NULL)) {
            continue;
        }
        writer = (struct bw_writer){.data = frame, .capacity = sizeof(frame)};
        bw_update_claim(g, g->self, &writer);
        bw_outbox_put_frames(g, &to, frame, writer.used, false);
        bw_ping_send(g, BW_PURPOSE_LEAVE, &to, bw_health_stretch(g, g->params.probe_timeout_max_ms));
    }
    bw_gossip_arm(g, &g->leave.timer, BW_TIMER_LEAVE, g->now.mono_us + RETRY_MS * BW_US_PER_MS);
}

static void settle(struct bw_gossip *g) {
    size_t wanted = g->leave.others < BW_LEAVE_ACKS ? g->leave.others : BW_LEAVE_ACKS;
    if (g->leave.acks >= wanted) {
        g->leave.left = true;
        bw_gossip_cancel(g, &g->leave.timer);
    }
}

/* Suspects are told, too, but not waited for. */
static size_t others_alive(const struct bw_gossip *g) {
    size_t count = 0;
    for (size_t i = 0; i < g->members.count; i++) {
        const struct bw_member *member = g->members.ring[i];
        count += member != g->self && member->status == BW_STATUS_ALIVE;
    }
    return count;
}

void bw_gossip_leave(struct bw_gossip *g, struct bw_time now) {
    bw_gossip_enter(g, now);
    if (g->leave.leaving) {
        return;
    }
    bw_ping_close_all(g);
    bw_gossip_cancel(g, &g->seed);
    bw_gossip_cancel(g, &g->resync);
    bw_gossip_cancel(g, &g->sync.timer);
    g->sync.active = false;
    g->resync_ms = 0;
    bw_trace_rule(g->trace, BW_RULE_LEAVE_ACKNOWLEDGED, &g->self->id, g->living);
    g->leave.leaving = true;
    g->leave.others = g->alone ? 0 : others_alive(g);
    g->leave.until_us = g->now.mono_us + WAIT_INTERVALS * (int64_t)g->params.probe_interval_ms * BW_US_PER_MS;
    bw_view_set(g, g->self, (struct bw_claim){g->self->incarnation, BW_STATUS_LEFT}, g->now.mono_us);
    bw_update_member(g, g->self);
    if (!g->alone) {
        tell(g);
    }
    settle(g);
    bw_gossip_exit(g);
}

/* Each counts once, however often it was told. */
void bw_leave_acked(struct bw_gossip *g, const struct bw_id *from) {
    for (size_t i = 0; i < g->leave.acks; i++) {
        if (bw_id_equal(&g->leave.acked[i], from)) {
            return;
        }
    }
    if (g->leave.acks < BW_LEAVE_ACKS) {
        g->leave.acked[g->leave.acks++] = *from;
        settle(g);
    }
}

/* Nobody is there any more to be told. The ping stays open, so that the member counts once. */
void bw_leave_refused(struct bw_gossip *g, struct bw_ping *ping) {
    if (refused(g, &ping->to.id, ping)) {
        return;
    }
    bw_gossip_cancel(g, &ping->timer);
    g->leave.others -= g->leave.others > 0;
    settle(g);
}

void bw_leave_timeout(struct bw_gossip *g) {
    if (g->now.mono_us >= g->leave.until_us) {
        g->leave.left = true;
    } else {
        tell(g);
    }
}

bool bw_gossip_left(const struct bw_gossip *g) {
    return g->leave.left;
}
