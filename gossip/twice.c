/* A newer session ends the one before, whose process is gone. If it is not, two have one id, and the older one would be mute without
 * knowing why: so its pings are answered (receive.c), and what it says next shows that it lives (bw_inbound.lives). */
#include "gossip/twice.h"

#define AGAIN_US (1 * BW_US_PER_S)

static void tell(struct bw_gossip *g, const struct bw_dest *to, const struct bw_addr *other, bool ended) {
    const struct bw_frame_twice frame = {.addr = *other, .ended = ended};
    bw_outbox_put_bare(g, to, &bw_schema_twice, &frame);
}

void bw_twice_seen(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_member *member) {
    if (g->now.mono_us < g->twice_us) {
        return;
    }
    bw_trace_rule(g->trace, BW_RULE_TELL_BOTH_OF_ONE_ID, &in->from, in->session);
    g->twice_us = g->now.mono_us + AGAIN_US;
    struct bw_dest former = {in->from, in->session, in->addr};
    tell(g, &former, &member->info->addr, true);
    if (bw_member_living(member)) {
        struct bw_dest newer = bw_view_dest(member);
        tell(g, &newer, &in->addr, false);
        bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_TWICE, .id = in->from, .addr = in->addr});
    }
}

void bw_twice_told(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_twice *frame) {
    if (g->attest.identity) {
        return; /* one member's word would depose another */
    }
    bw_trace_rule(g->trace, BW_RULE_STAND_BACK_WHEN_TWICE, &in->from, frame->ended);
    g->twice_ended_us = frame->ended != 0 ? g->now.mono_us : BW_NEVER;
    bw_event_push(g, &(struct bw_gossip_event){
                         .type = BW_GOSSIP_TWICE, .id = g->self->id, .addr = frame->addr, .ok = frame->ended != 0});
}

void bw_twice_taken(struct bw_gossip *g, const struct bw_inbound *in) {
    if (in->heard_us > g->twice_ended_us) {
        g->twice_ended_us = BW_NEVER;
        bw_event_push(g, &(struct bw_gossip_event){.type = BW_GOSSIP_TWICE, .id = g->self->id});
    }
}
