/* What the owner must be told. Members that changed are in a list through themselves, so that none is lost even when all change
 * at once; the rest is copied into a bounded buffer. */
#include <string.h>

#include "gossip/machine.h"

void bw_event_member(struct bw_gossip *g, struct bw_member *member) {
    if (member->pending || member == g->self) {
        return;
    }
    member->pending = true;
    member->changed = NULL;
    if (g->changed_tail) {
        g->changed_tail->changed = member;
    } else {
        g->changed_head = member;
    }
    g->changed_tail = member;
}

void bw_event_forget(struct bw_gossip *g, const struct bw_member *member) {
    if (!member->pending) {
        return;
    }
    struct bw_member *before = NULL;
    for (struct bw_member *at = g->changed_head; at != member; at = at->changed) {
        before = at;
    }
    *(before ? &before->changed : &g->changed_head) = member->changed;
    if (g->changed_tail == member) {
        g->changed_tail = before;
    }
}

void bw_event_push(struct bw_gossip *g, const struct bw_gossip_event *event) {
    size_t sizes[4] = {event->record.key.size, event->record.body.size, event->message.size, event->name.size};
    const uint8_t *parts[4] = {event->record.key.data, event->record.body.data, event->message.data, event->name.data};
    uint8_t *to = bw_buffer_append(&g->events, sizeof(*event) + sizes[0] + sizes[1] + sizes[2] + sizes[3]);
    if (!to) {
        bw_bound_passed(g, BW_BOUND_NEWS, &event->id, event->type);
        return;
    }
    memcpy(to, event, sizeof(*event));
    to += sizeof(*event);
    for (size_t i = 0; i < BW_COUNT(sizes); i++) {
        if (sizes[i] > 0) {
            memcpy(to, parts[i], sizes[i]);
            to += sizes[i];
        }
    }
}

/* The link to the next change to tell of. That a member left comes after what it said before it went: NULL, there is more of that. */
static struct bw_member **next_change(struct bw_gossip *g, struct bw_member **before) {
    *before = NULL;
    for (struct bw_member **at = &g->changed_head; *at; at = &(*at)->changed) {
        if ((*at)->status != BW_STATUS_LEFT) {
            return at;
        }
        *before = *at;
    }
    *before = NULL;
    return g->changed_head && g->events.at == g->events.used ? &g->changed_head : NULL;
}

static bool take_member(struct bw_gossip *g, struct bw_member **link, struct bw_member *before,
                        struct bw_gossip_event *event) {
    struct bw_member *member = *link;
    *link = member->changed;
    if (g->changed_tail == member) {
        g->changed_tail = before;
    }
    enum bw_status status = bw_member_status(member);
    bool news = member->first || member->updated || member->told != status;
    *event = (struct bw_gossip_event){.type = BW_GOSSIP_MEMBER,
                                      .id = member->id,
                                      .status = status,
                                      .before = member->first ? status : (enum bw_status)member->told,
                                      .first = member->first,
                                      .addr = member->info->addr,
                                      .heard_us = member->peer ? member->peer->echo_us : BW_NOT_HEARD};
    if (member->suspicion && member->suspicion->accuser_count > 0) {
        event->by = member->suspicion->accusers[0];
    }
    member->pending = member->first = member->updated = false;
    member->told = (uint8_t)status;
    member->changed = NULL;
    return news;
}

static struct bw_bytes take_bytes(struct bw_buffer *buffer, size_t size) {
    struct bw_bytes bytes = {buffer->data + buffer->at, size};
    buffer->at += size;
    return bytes;
}

bool bw_gossip_event(struct bw_gossip *g, struct bw_gossip_event *event) {
    struct bw_member *before = NULL;
    struct bw_member **link = NULL;
    while ((link = next_change(g, &before))) {
        if (take_member(g, link, before, event)) {
            return true;
        }
    }
    if (g->events.at == g->events.used) {
        return false;
    }
    memcpy(event, g->events.data + g->events.at, sizeof(*event));
    g->events.at += sizeof(*event);
    event->record.key = take_bytes(&g->events, event->record.key.size);
    event->record.body = take_bytes(&g->events, event->record.body.size);
    event->message = take_bytes(&g->events, event->message.size);
    event->name = take_bytes(&g->events, event->name.size);
    return true;
}
