/* Comparing views, the asking side (gossip.md, Sync): digests of buckets go out, claims and records of those that differ come back
 * in pages. Pages are idempotent; what is missing is asked for again, with digests that then differ less. One at a time. */
#include <string.h>

#include "gossip/machine.h"

#define TRIES_MAX 24u     /* of one range */
#define ANSWER_TIMEOUTS 2 /* an answer may be a burst of pages */
#define SILENT_MAX 4u     /* requests in a row that nothing answers */

static void request(struct bw_gossip *g) {
    size_t count = (size_t)g->sync.buckets - g->sync.first;
    count = count < BW_BUCKETS_PER_REQUEST ? count : BW_BUCKETS_PER_REQUEST;
    uint64_t sums[BW_BUCKETS_PER_REQUEST];
    uint8_t digests[8 * BW_BUCKETS_PER_REQUEST];
    bw_page_digests(g, g->sync.buckets, g->sync.first, sums, count);
    for (size_t i = 0; i < count; i++) {
        bw_put_u64(digests + 8 * i, sums[i]);
    }
    g->sync.id = (uint32_t)bw_rng_next(&g->rng);
    g->sync.page_count = 0;
    g->sync.asked_us = g->sync.requested_us = g->now.mono_us;
    memset(g->sync.pages, 0, sizeof(g->sync.pages));
    struct bw_frame_sync frame = {.sync = g->sync.id,
                                  .mutual = g->sync.mutual,
                                  .buckets = g->sync.buckets,
                                  .first = g->sync.first,
                                  .digests = {digests, 8 * count}};
    bw_outbox_put(g, &g->sync.peer, &bw_schema_sync, &frame);
    const struct bw_member *peer = bw_members_find(&g->members, &g->sync.peer.id);
    int64_t wait_us =
        peer ? ANSWER_TIMEOUTS * bw_probe_timeout_us(g, peer) : bw_health_stretch(g, g->params.probe_timeout_max_ms);
    bw_gossip_arm(g, &g->sync.timer, BW_TIMER_SYNC, g->now.mono_us + wait_us);
}

bool bw_sync_start(struct bw_gossip *g, const struct bw_dest *peer, bool mutual) {
    if (g->sync.active) {
        return false;
    }
    g->sync.active = true;
    g->sync.mutual = mutual;
    g->sync.before = g->digest;
    g->sync.began_us = g->now.mono_us;
    g->sync.peer = *peer;
    g->sync.buckets = bw_page_buckets(g);
    g->sync.first = 0;
    g->sync.tries = g->sync.silent = 0;
    g->sync.answered = false;
    request(g);
    return true;
}

static void finish(struct bw_gossip *g, bool answered) {
    g->sync.active = false;
    bw_gossip_cancel(g, &g->sync.timer);
    bool agreed = answered && g->sync.digest == g->digest;
    if (agreed) {
        g->synchronised = true;
        g->differ_us = BW_NEVER;
    }
    bw_trace_rule(g->trace, BW_RULE_SYNC_BY_DIGESTS, &g->sync.peer.id, agreed);
    bw_join_synced(g, answered, agreed && g->sync.before == g->digest);
}

void bw_sync_timeout(struct bw_gossip *g) {
    if (++g->sync.tries > TRIES_MAX || ++g->sync.silent > SILENT_MAX) {
        finish(g, false);
        return;
    }
    bw_trace_rule(g->trace, BW_RULE_ASK_FOR_MISSING_PAGES, &g->sync.peer.id, g->sync.tries);
    request(g);
}

/* The first page of an answer is as good as an ack. */
static void measure(struct bw_gossip *g) {
    struct bw_member *member = bw_members_find(&g->members, &g->sync.peer.id);
    if (member && member->peer && g->sync.requested_us != BW_NEVER) {
        bw_probe_measure(member->peer, g->now.mono_us - g->sync.requested_us);
        g->sync.requested_us = BW_NEVER;
    }
}

void bw_sync_page(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_page *frame) {
    if (!g->sync.active || frame->sync != g->sync.id || !bw_id_equal(&in->from, &g->sync.peer.id) ||
        frame->first != g->sync.first) {
        return; /* its claims count all the same */
    }
    if (frame->page >= BW_SYNC_PAGE_MAX) {
        bw_bound_passed(g, BW_BOUND_PAGES, &in->from, frame->page);
        return;
    }
    measure(g);
    g->sync.pages[frame->page / 64] |= UINT64_C(1) << (frame->page % 64);
    g->sync.paged = g->sync.answered = true;
    g->sync.silent = 0;
    if (frame->last) {
        g->sync.page_count = (uint16_t)(frame->page + 1);
        g->sync.next = frame->next;
        g->sync.digest = frame->digest;
    }
}

/* It asks us to come again: it is there, but so many come that its view would be old in a moment. Often: TRIES_MAX. */
void bw_sync_later(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_later *frame) {
    if (!g->sync.active || frame->sync != g->sync.id || !bw_id_equal(&in->from, &g->sync.peer.id)) {
        return;
    }
    g->sync.answered = true;
    g->sync.silent = 0;
    bw_gossip_arm(g, &g->sync.timer, BW_TIMER_SYNC, g->now.mono_us + frame->wait_ms * BW_US_PER_MS);
}

static bool complete(const struct bw_gossip *g) {
    for (size_t i = 0; i < g->sync.page_count; i++) {
        if (!(g->sync.pages[i / 64] >> (i % 64) & 1)) {
            return false;
        }
    }
    return true;
}

/* The last page is here, others are not: overtaken or lost. A page late by more than a round trip is lost. */
static void wait_for_overtaken(struct bw_gossip *g) {
    int64_t until_us = g->now.mono_us + (g->now.mono_us - g->sync.asked_us);
    if (until_us < bw_timer_at(&g->patience, &g->sync.timer)) {
        bw_gossip_arm(g, &g->sync.timer, BW_TIMER_SYNC, until_us);
    }
}

/* After a datagram with a page has been taken as a whole. */
void bw_sync_advance(struct bw_gossip *g) {
    if (!g->sync.paged) {
        return;
    }
    g->sync.paged = false;
    if (g->sync.page_count == 0) {
        return;
    }
    if (!complete(g)) {
        wait_for_overtaken(g);
        return;
    }
    if (g->sync.next >= g->sync.buckets) {
        finish(g, true);
        return;
    }
    g->sync.first = g->sync.next;
    g->sync.tries = 0;
    request(g);
}
