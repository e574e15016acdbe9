/* Whether others have our view. Only a peer counts that has shown that it hears us: the digest of one that does not may be right
 * for ever and still not follow ours. */
#include "gossip/machine.h"

/* Intervals, and the time that a probe's answer takes. What differs is news only for as long as three probes; but of five in a row
 * at least three reach different peers, whereas three may fall around the end of a round, and reach one of them twice. */
#define DIFFERENT_INTERVALS 3
#define EQUAL_INTERVALS 5
#define JOINER_PAUSE_US 100000 /* a joiner does not wait for stillness */

bool bw_converge_still(const struct bw_gossip *g) {
    return g->now.mono_us - g->changed_us >= bw_dissemination_us(&g->params, g->living);
}

static void remember(struct bw_gossip *g, const struct bw_id *from, uint64_t digest) {
    size_t at = 0;
    while (at < g->recent_count && !bw_id_equal(&g->recent[at].id, from)) {
        at++;
    }
    if (at == g->recent_count && at < BW_RECENT_MAX) {
        g->recent_count++;
    }
    for (at = at < BW_RECENT_MAX ? at : BW_RECENT_MAX - 1; at > 0; at--) {
        g->recent[at] = g->recent[at - 1];
    }
    g->recent[0].id = *from;
    g->recent[0].at_us = g->now.mono_us;
    g->recent[0].digest = digest;
}

/* Views are compared when both have been still, so that dissemination had its chance, or have differed for too long. */
static void consider_sync(struct bw_gossip *g, const struct bw_inbound *in, bool still) {
    if (g->differ_us == BW_NEVER) {
        g->differ_us = g->now.mono_us;
    }
    bool overdue = g->now.mono_us - g->differ_us >= g->params.sync_delay_max_ms * BW_US_PER_MS;
    bool joining = g->resync_ms > 0 && g->now.mono_us - g->sync.began_us >= JOINER_PAUSE_US;
    if (!overdue && !joining && !(still && bw_converge_still(g))) {
        return;
    }
    struct bw_dest peer = bw_view_answer(g, in);
    if (bw_sync_start(g, &peer, true)) {
        bw_trace_rule(g->trace, BW_RULE_SYNC_WHEN_STILL, &in->from, overdue);
        g->differ_us = BW_NEVER;
    }
}

/* Whoever is no member to us need not agree with us. */
static bool counts(const struct bw_gossip *g, const struct bw_id *id) {
    const struct bw_member *member = bw_members_find(&g->members, id);
    return member && bw_member_living(member);
}

void bw_converge_heard(struct bw_gossip *g, const struct bw_inbound *in, uint64_t digest, bool still) {
    bool echoed =
        in->heard_us != BW_NOT_HEARD && g->now.mono_us - in->heard_us <= bw_two_rounds_us(&g->params, g->living);
    if (!echoed || g->leave.leaving) {
        bw_trace_rule(g->trace, BW_RULE_COUNT_WHO_HEARS_US, &in->from, digest);
        return;
    }
    if (!g->attest.identity || counts(g, &in->from)) {
        remember(g, &in->from, digest);
    }
    if (digest != g->digest) {
        consider_sync(g, in, still);
    } else {
        g->differ_us = BW_NEVER;
        g->synchronised = g->synchronised || g->living > 1;
    }
}

static int64_t window_us(const struct bw_gossip *g, uint32_t intervals) {
    return bw_health_stretch(g, intervals * g->params.probe_interval_ms + g->params.probe_timeout_max_ms);
}

static bool agreed(const struct bw_gossip *g) {
    size_t others = g->living - 1;
    size_t wanted = others < BW_RECENT_MAX ? others : BW_RECENT_MAX;
    size_t equal = 0;
    for (size_t i = 0; i < g->recent_count; i++) {
        bool same = g->recent[i].digest == g->digest;
        if (g->now.mono_us - g->recent[i].at_us > window_us(g, same ? EQUAL_INTERVALS : DIFFERENT_INTERVALS)) {
            continue;
        }
        if (!same) {
            return false;
        }
        equal++;
    }
    return equal >= wanted;
}

void bw_converge_settle(struct bw_gossip *g) {
    bool converged = agreed(g);
    if (converged != g->converged) {
        g->converged = converged;
        bw_event_push(g, &(struct bw_gossip_event){.type = converged ? BW_GOSSIP_CONVERGED : BW_GOSSIP_DIVERGED});
    }
}

bool bw_gossip_converged(const struct bw_gossip *g) {
    return g->converged;
}

uint64_t bw_gossip_digest(const struct bw_gossip *g) {
    return g->digest;
}

bool bw_gossip_synchronised(const struct bw_gossip *g) {
    return g->synchronised;
}
