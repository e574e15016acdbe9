/* Datagrams that wait to be fetched. What goes to one member shares a datagram; the updates that ride along are chosen only when
 * it is fetched, and only then count as sent (SWIM 4.1, "piggybacking"). */
#include <string.h>

#include "gossip/machine.h"

#define MERGE_AHEAD 512u /* entries looked at for the same recipient */

struct entry {
    struct bw_dest to;
    uint16_t size;
    enum bw_seal_with with;
    bool bare;
    bool rumours;
    bool taken;
};

static int append(struct bw_gossip *g, struct entry entry, const void *frames) {
    size_t size = entry.size;
    uint8_t *at = bw_buffer_append(&g->outbox, sizeof(entry) + size);
    if (!at) {
        bw_bound_passed(g, BW_BOUND_DATAGRAMS, &entry.to.id, size);
        return BW_ERR_FULL;
    }
    memcpy(at, &entry, sizeof(entry));
    if (size > 0) {
        memcpy(at + sizeof(entry), frames, size);
    }
    return 0;
}

int bw_outbox_put_frames(struct bw_gossip *g, const struct bw_dest *to, const void *frames, size_t size, bool bare) {
    enum bw_seal_with with = bare ? BW_SEAL_WITH_ANY : BW_SEAL_WITH_PAIR;
    return append(g, (struct entry){.to = *to, .size = (uint16_t)size, .with = with, .bare = bare}, frames);
}

int bw_outbox_put_rumours(struct bw_gossip *g, const struct bw_dest *to, const void *frames, size_t size) {
    return append(g, (struct entry){.to = *to, .size = (uint16_t)size, .rumours = true}, frames);
}

static int put(struct bw_gossip *g, const struct bw_dest *to, const struct bw_schema *schema, const void *message,
               bool bare) {
    uint8_t frame[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    int error = bw_wire_put(&writer, schema, message);
    return error ? error : bw_outbox_put_frames(g, to, frame, writer.used, bare);
}

int bw_outbox_put(struct bw_gossip *g, const struct bw_dest *to, const struct bw_schema *schema, const void *message) {
    return put(g, to, schema, message, false);
}

int bw_outbox_put_member(struct bw_gossip *g, const struct bw_dest *to, const struct bw_member *member) {
    uint8_t frame[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    int error = bw_signed_put(g, member, &writer);
    return error ? error : bw_outbox_put_frames(g, to, frame, writer.used, false);
}

int bw_outbox_put_bare(struct bw_gossip *g, const struct bw_dest *to, const struct bw_schema *schema,
                       const void *message) {
    return put(g, to, schema, message, true);
}

int bw_outbox_put_answer(struct bw_gossip *g, const struct bw_dest *to, const struct bw_schema *schema,
                         const void *message, size_t asked) {
    uint8_t frame[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    int error = bw_wire_put(&writer, schema, message);
    if (error) {
        return error;
    }
    struct entry entry = {.to = *to, .size = (uint16_t)writer.used, .with = BW_SEAL_WITH_ANY, .bare = true};
    if (bw_signed_size(g, g->self) + BW_SEALED_HEAD + BW_SEAL_OVERHEAD + writer.used > asked) {
        entry.with = BW_SEAL_WITH_KNOWN;
    }
    return append(g, entry, frame);
}

static void read_entry(const struct bw_gossip *g, size_t at, struct entry *entry) {
    memcpy(entry, g->outbox.data + at, sizeof(*entry));
}

static bool same_dest(const struct bw_dest *a, const struct bw_dest *b) {
    return a->session == b->session && bw_id_equal(&a->id, &b->id) && bw_addr_equal(&a->addr, &b->addr);
}

static void merge(struct bw_gossip *g, const struct bw_dest *to, struct bw_writer *writer) {
    size_t at = g->outbox.at;
    struct entry entry;
    for (size_t i = 0; i < MERGE_AHEAD && at < g->outbox.used; i++, at += sizeof(entry) + entry.size) {
        read_entry(g, at, &entry);
        if (entry.taken || entry.bare || entry.rumours || entry.size > writer->capacity - writer->used ||
            !same_dest(&entry.to, to)) {
            continue;
        }
        memcpy(writer->data + writer->used, g->outbox.data + at + sizeof(entry), entry.size);
        writer->used += entry.size;
        entry.taken = true;
        memcpy(g->outbox.data + at, &entry, sizeof(entry));
    }
}

/* What the recipient itself is accused of goes first: it is the one who can refute (Lifeguard IV-C, "buddy system"). */
static void tell_accused(struct bw_gossip *g, const struct bw_member *to, struct bw_writer *writer) {
    bool forgotten = to && to->status == BW_STATUS_LEFT && to->suspicion;
    bool suspect = to && to->status == BW_STATUS_SUSPECT && g->params.buddy;
    if (to && to != g->self && (suspect || to->status == BW_STATUS_DEAD || forgotten) &&
        bw_update_claim(g, to, writer) == 0) {
        bw_trace_rule(g->trace, BW_RULE_TELL_THE_ACCUSED, &to->id, to->incarnation);
    }
}

/* Identity mode: whom we have not heard yet is told who we are in the same datagram. */
static size_t room_for(const struct bw_gossip *g, const struct entry *entry, const struct bw_member *to) {
    bool heard = to && to->peer && to->peer->heard_us != BW_NOT_HEARD;
    if (heard || entry->to.session == 0) {
        return BW_FRAMES_MAX;
    }
    size_t room = BW_FRAMES_MAX - bw_signed_size(g, g->self) - BW_SEAL_OVERHEAD - BW_SEALED_HEAD;
    return room > entry->size ? room : entry->size;
}

bool bw_gossip_transmit(struct bw_gossip *g, struct bw_outbound *out, struct bw_time now) {
    bw_gossip_enter(g, now);
    while (g->outbox.at < g->outbox.used) {
        struct entry entry;
        read_entry(g, g->outbox.at, &entry);
        const uint8_t *frames = g->outbox.data + g->outbox.at + sizeof(entry);
        g->outbox.at += sizeof(entry) + entry.size;
        if (entry.taken) {
            continue;
        }
        struct bw_writer writer = {.data = g->frames, .capacity = sizeof(g->frames)};
        memcpy(writer.data, frames, entry.size);
        writer.used = entry.size;
        if (!entry.bare) {
            const struct bw_member *to = bw_members_find(&g->members, &entry.to.id);
            writer.capacity = g->attest.identity ? room_for(g, &entry, to) : writer.capacity;
            bw_user_event_tell_clocks(g, &writer, to);
            merge(g, &entry.to, &writer);
            tell_accused(g, to, &writer);
            bw_update_piggyback(g, &writer, to);
            if (to && entry.to.session != 0 && !entry.rumours) { /* an unbound one would not be believed */
                bw_rumour_piggyback(g, &writer);
            }
        }
        if (writer.used > 0) {
            *out = (struct bw_outbound){.to = entry.to.id,
                                        .session = entry.to.session,
                                        .addr = entry.to.addr,
                                        .frames = g->frames,
                                        .frames_size = writer.used,
                                        .with = entry.with};
            return true;
        }
    }
    return false;
}

int bw_gossip_send(struct bw_gossip *g, const struct bw_id *to, uint8_t channel, struct bw_bytes message,
                   struct bw_time now) {
    bw_gossip_enter(g, now);
    if (message.size > BW_MESSAGE_MAX) {
        return BW_ERR_SPACE;
    }
    const struct bw_member *member = bw_members_find(&g->members, to);
    if (!member || member == g->self) {
        return BW_ERR_NOT_FOUND;
    }
    struct bw_dest dest = bw_view_dest(member);
    struct bw_frame_message frame = {.channel = channel, .data = message};
    return bw_outbox_put(g, &dest, &bw_schema_message, &frame);
}
