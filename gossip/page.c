/* Comparing views, the answering side: no state between requests. Members and records fall into buckets by the top bits of a keyed
 * hash; an answer covers whole buckets, as many as fit in a small window of datagrams. */
#include <string.h>

#include "gossip/machine.h"

#define WINDOW 8u /* datagrams per answer, one bucket at least */
#define MEMBERS_PER_BUCKET 16u
#define PAGE_SIZE (BW_FRAMES_MAX - 24u) /* bytes left beside the page's own frame */

uint16_t bw_page_buckets(const struct bw_gossip *g) {
    uint16_t buckets = BW_BUCKETS_MIN;
    size_t things = g->members.count + g->records.count;
    while (buckets < BW_BUCKETS_MAX && (size_t)buckets * MEMBERS_PER_BUCKET < things) {
        buckets = (uint16_t)(buckets * 2);
    }
    return buckets;
}

static size_t bucket_of(uint16_t bucket, uint16_t buckets) {
    return (size_t)bucket * buckets / BW_BUCKETS_MAX;
}

/* A member's frame does not say who suspects it, held it for dead or forgot it. */
static bool has_accuser(const struct bw_member *member) {
    return member->status != BW_STATUS_ALIVE && member->suspicion && member->suspicion->accuser_count > 0;
}

static uint32_t size_of(const struct bw_gossip *g, const struct bw_member *member) {
    uint8_t claim[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = claim, .capacity = sizeof(claim)};
    if (has_accuser(member)) {
        bw_update_claim(g, member, &writer);
    }
    return (uint32_t)(bw_signed_size(g, member) + writer.used);
}

static uint32_t size_of_entry(const struct bw_entry *entry) {
    struct bw_frame_record frame;
    bw_record_frame(entry, &frame);
    return (uint32_t)bw_wire_size(&bw_schema_record, &frame);
}

/* The sums of count buckets from first on. */
void bw_page_digests(const struct bw_gossip *g, uint16_t buckets, uint16_t first, uint64_t *sums, size_t count) {
    size_t width = BW_BUCKETS_MAX / buckets;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *parts = &g->parts[(first + i) * width];
        sums[i] = 0;
        for (size_t k = 0; k < width; k++) {
            sums[i] += parts[k];
        }
    }
}

/* What those buckets would take that differ. */
static void measure(const struct bw_gossip *g, const struct bw_frame_sync *frame, const bool *differs, uint32_t *sizes,
                    size_t count) {
    memset(sizes, 0, count * sizeof(*sizes));
    for (size_t i = 0; i < g->members.count; i++) {
        const struct bw_member *member = g->members.ring[i];
        size_t at = bucket_of(member->bucket, frame->buckets) - frame->first; /* below first wraps around */
        if (at < count && differs[at] && !member->faded) {
            sizes[at] += size_of(g, member);
        }
    }
    for (size_t i = 0; i < g->records.capacity; i++) {
        const struct bw_entry *entry = g->records.slots[i].value;
        size_t at = entry ? bucket_of(entry->bucket, frame->buckets) - frame->first : count;
        if (at < count && differs[at]) {
            sizes[at] += size_of_entry(entry);
        }
    }
}

/* An answer under way. */
struct answer {
    struct bw_gossip *g;
    struct bw_dest to;
    struct bw_frame_page page;
    struct bw_writer writer;
    uint8_t frames[BW_FRAMES_MAX];
};

static void open_page(struct answer *answer) {
    answer->writer = (struct bw_writer){.data = answer->frames, .capacity = sizeof(answer->frames)};
    bw_wire_put(&answer->writer, &bw_schema_page, &answer->page);
}

static void close_page(struct answer *answer, bool last) {
    struct bw_writer head = {.data = answer->frames, .capacity = sizeof(answer->frames)};
    answer->page.last = last;
    bw_wire_put(&head, &bw_schema_page, &answer->page);
    bw_outbox_put_frames(answer->g, &answer->to, answer->frames, answer->writer.used, false);
    answer->page.page++;
}

static void next_page(struct answer *answer) {
    close_page(answer, false);
    open_page(answer);
}

static void add_frame(struct answer *answer, const struct bw_schema *schema, const void *message) {
    if (bw_wire_put(&answer->writer, schema, message) != 0) {
        next_page(answer);
        bw_wire_put(&answer->writer, schema, message);
    }
}

static void add_claim(struct answer *answer, const struct bw_member *member) {
    if (bw_update_claim(answer->g, member, &answer->writer) != 0) {
        next_page(answer);
        bw_update_claim(answer->g, member, &answer->writer);
    }
}

/* A verdict goes before the record, which would be the end of it without the one who is behind it; a suspicion after it, for who
 * does not know the member yet. Beside the largest record there is no room: each may go on the next page. */
static void add_member(struct answer *answer, const struct bw_member *member) {
    if (has_accuser(member) && member->status != BW_STATUS_SUSPECT) {
        add_claim(answer, member);
    }
    if (bw_signed_put(answer->g, member, &answer->writer) != 0) {
        next_page(answer);
        bw_signed_put(answer->g, member, &answer->writer);
    }
    if (member->status == BW_STATUS_SUSPECT) {
        add_claim(answer, member);
    }
}

static void add_entry(struct answer *answer, const struct bw_entry *entry) {
    struct bw_frame_record frame;
    bw_record_frame(entry, &frame);
    add_frame(answer, &bw_schema_record, &frame);
}

/* Those of the buckets that differ, up to `end`. */
static void add_all(struct answer *answer, const struct bw_frame_sync *frame, const bool *differs, size_t end) {
    const struct bw_gossip *g = answer->g;
    for (size_t i = 0; i < g->members.count; i++) {
        const struct bw_member *member = g->members.ring[i];
        size_t at = bucket_of(member->bucket, frame->buckets) - frame->first;
        if (at < end && differs[at] && !member->faded) {
            add_member(answer, member);
        }
    }
    for (size_t i = 0; i < g->records.capacity; i++) {
        const struct bw_entry *entry = g->records.slots[i].value;
        size_t at = entry ? bucket_of(entry->bucket, frame->buckets) - frame->first : end;
        if (at < end && differs[at]) {
            add_entry(answer, entry);
        }
    }
}

/* How many of the buckets fit in one answer: one at least. */
static size_t window(const struct bw_gossip *g, const struct bw_frame_sync *frame, const bool *differs, size_t count) {
    uint32_t sizes[BW_BUCKETS_PER_REQUEST];
    size_t end = 0;
    measure(g, frame, differs, sizes, count);
    for (size_t size = 0; end < count; end++) {
        size += sizes[end];
        if (end > 0 && size > (size_t)WINDOW * PAGE_SIZE) {
            break;
        }
    }
    return end;
}

void bw_page_serve(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_sync *frame) {
    if (frame->first == 0 && frame->mutual && bw_rush_puts_off(g, in, frame)) {
        return;
    }
    uint64_t sums[BW_BUCKETS_PER_REQUEST];
    bool differs[BW_BUCKETS_PER_REQUEST] = {false};
    size_t count = frame->digests.size / 8;
    bool any = false;
    bw_page_digests(g, frame->buckets, frame->first, sums, count);
    for (size_t i = 0; i < count; i++) {
        differs[i] = sums[i] != bw_get_u64(frame->digests.data + 8 * i);
        any = any || differs[i];
    }
    size_t end = any ? window(g, frame, differs, count) : count;
    struct answer answer = {.g = g, .to = bw_view_answer(g, in)};
    answer.page = (struct bw_frame_page){
        .sync = frame->sync, .first = frame->first, .next = (uint16_t)(frame->first + end), .digest = g->digest};
    open_page(&answer);
    add_all(&answer, frame, differs, end);
    close_page(&answer, true);
    bw_trace_rule(g->trace, BW_RULE_PAGE_ONLY_WHAT_DIFFERS, &in->from, answer.page.page);
    if (frame->mutual && any) {
        bw_sync_start(g, &answer.to, false);
    }
}
