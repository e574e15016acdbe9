/* Who has heard nobody for long enough is alone (gossip.md, Alone): to it all others become dead in one step. It says so to nobody,
 * and takes it back as soon as anybody is heard. */
#include "gossip/machine.h"

static void set_lost(struct bw_gossip *g, bool lost) {
    g->alone = lost;
    for (size_t i = 0; i < g->members.count; i++) {
        struct bw_member *member = g->members.ring[i];
        if (member != g->self && member->lost != lost) {
            member->lost = lost;
            bw_event_member(g, member);
        }
    }
}

static void arm(struct bw_gossip *g) {
    int64_t at_us = g->heard[0].at_us + bw_alone_us(&g->params, g->living);
    bw_gossip_arm(g, &g->alone_timer, BW_TIMER_ALONE, at_us > g->now.mono_us ? at_us : g->now.mono_us + 1);
}

void bw_alone_heard(struct bw_gossip *g, const struct bw_id *from) {
    if (!bw_id_equal(&g->heard[0].id, from)) {
        g->heard[1] = g->heard[0];
        g->heard[0].id = *from;
    }
    g->heard[0].at_us = g->now.mono_us;
    if (g->alone) {
        set_lost(g, false);
    }
    if (!g->alone_timer.armed) {
        arm(g);
    }
}

void bw_alone_timeout(struct bw_gossip *g) {
    if (g->now.mono_us < g->heard[0].at_us + bw_alone_us(&g->params, g->living)) {
        arm(g); /* heard since */
        return;
    }
    if (g->living > 1) {
        bw_trace_rule(g->trace, BW_RULE_ALONE_IN_ONE_STEP, NULL, g->living);
        set_lost(g, true);
    }
}

int64_t bw_alone_heard_but(const struct bw_gossip *g, const struct bw_id *id) {
    return g->heard[bw_id_equal(&g->heard[0].id, id) ? 1 : 0].at_us;
}

void bw_alone_shift(struct bw_gossip *g, int64_t late_us) {
    for (size_t i = 0; i < BW_COUNT(g->heard); i++) {
        if (g->heard[i].at_us != BW_NOT_HEARD) {
            int64_t at_us = g->heard[i].at_us + late_us;
            g->heard[i].at_us = at_us < g->now.mono_us ? at_us : g->now.mono_us;
        }
    }
}

bool bw_gossip_alone(const struct bw_gossip *g) {
    return g->alone || g->living <= 1 || g->heard[0].at_us == BW_NOT_HEARD;
}
