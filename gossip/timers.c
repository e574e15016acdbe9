/* All time-driven rules on one screen. */
#include "gossip/machine.h"

static struct bw_timers *set_of(struct bw_gossip *g, enum bw_timer_kind kind) {
    return kind >= BW_TIMER_REAP ? &g->promises : &g->patience;
}

void bw_gossip_arm(struct bw_gossip *g, struct bw_timer *timer, enum bw_timer_kind kind, int64_t at_us) {
    timer->kind = (uint8_t)kind;
    bw_timer_arm(set_of(g, kind), timer, at_us);
}

void bw_gossip_cancel(struct bw_gossip *g, struct bw_timer *timer) {
    bw_timer_cancel(set_of(g, (enum bw_timer_kind)timer->kind), timer);
}

void bw_gossip_fire(struct bw_gossip *g, struct bw_timer *timer) {
    switch ((enum bw_timer_kind)timer->kind) {
    case BW_TIMER_PERIOD:
        bw_probe_period(g);
        break;
    case BW_TIMER_PING:
        bw_ping_timeout(g, bw_container(timer, struct bw_ping, timer));
        break;
    case BW_TIMER_SUSPICION:
        bw_suspect_timeout(g, bw_container(timer, struct bw_suspicion, timer));
        break;
    case BW_TIMER_ALONE:
        bw_alone_timeout(g);
        break;
    case BW_TIMER_GOSSIP:
        bw_update_tick(g);
        break;
    case BW_TIMER_SEED:
        bw_join_seeds(g);
        break;
    case BW_TIMER_RESYNC:
        bw_join_resync(g);
        break;
    case BW_TIMER_SYNC:
        bw_sync_timeout(g);
        break;
    case BW_TIMER_SURVEY:
        bw_survey_step(g);
        break;
    case BW_TIMER_LEAVE:
        bw_leave_timeout(g);
        break;
    case BW_TIMER_REAP:
        bw_view_reap(g);
        break;
    case BW_TIMER_DECAY:
        bw_refute_decay(g);
        break;
    case BW_TIMER_RUMOUR:
        bw_rumour_tick(g);
        break;
    case BW_TIMER_QUERY:
        bw_query_timeout(g, bw_container(timer, struct bw_asked, timer));
        break;
    }
}
