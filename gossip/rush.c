/* Many who join at once. Whoever compares views with us while others still arrive gets a part of them, and has to be told of the rest
 * piece by piece, as all others have: that costs each member the more the more there are. So they are asked to come again when nobody
 * new has arrived for a moment, for a bounded time, and are then told all at once. */
#include "gossip/machine.h"

#define FEW 32u        /* arrivals that spread well enough by gossip alone */
#define QUIET_PART 8   /* of the gossip interval, without an arrival: the rush is over */
#define LONGEST_MULT 4 /* gossip intervals; whoever asks later is answered, though they still come */

static int64_t quiet_us(const struct bw_gossip *g) {
    return g->params.gossip_interval_ms * BW_US_PER_MS / QUIET_PART;
}

void bw_rush_arrived(struct bw_gossip *g) {
    if (g->now.mono_us - g->rush.last_us > quiet_us(g)) {
        g->rush.began_us = g->now.mono_us;
        g->rush.count = 0;
    }
    g->rush.count++;
    g->rush.last_us = g->now.mono_us;
}

bool bw_rush_puts_off(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_sync *frame) {
    int64_t quiet_since_us = g->now.mono_us - g->rush.last_us;
    int64_t longest_us = g->params.gossip_interval_ms * BW_US_PER_MS * LONGEST_MULT;
    if (g->rush.count <= FEW || quiet_since_us > quiet_us(g) || g->now.mono_us - g->rush.began_us > longest_us) {
        return false;
    }
    /* those who wait do not come back all in one moment */
    int64_t wait_us = quiet_us(g) - quiet_since_us + (int64_t)bw_rng_below(&g->rng, (uint64_t)quiet_us(g) + 1);
    int64_t wait_ms = wait_us / BW_US_PER_MS + 1;
    wait_ms = wait_ms < BW_LATER_MS_MAX ? wait_ms : BW_LATER_MS_MAX;
    struct bw_frame_later later = {.sync = frame->sync, .wait_ms = (uint16_t)wait_ms};
    struct bw_dest to = bw_view_answer(g, in);
    bw_outbox_put_bare(g, &to, &bw_schema_later, &later);
    bw_trace_rule(g->trace, BW_RULE_PUT_OFF_A_RUSH, &in->from, later.wait_ms);
    return true;
}
