/* What the host may do about members: our own tags, the dead, and where the others are. */
#include "node/internal.h"

#include <string.h>

static void announce_update(struct bw_node *node) {
    struct bw_member_info self;
    struct bw_event event = {.type = BW_EVENT_MEMBER_UPDATE, .time = node->now, .id = node->id};
    int error = bw_gossip_find(node->gossip, &node->id, &self);
    BW_ASSERT(error == 0);
    event.addr = self.addr;
    event.incarnation = self.incarnation;
    memcpy(event.name, node->name, sizeof(event.name));
    bw_event_queue_push(&node->events, &node->allocator, &event);
}

int bw_node_set_tags(struct bw_node *node, const struct bw_tag *tags, size_t count, struct bw_time now) {
    now = bw_node_clamp(node, now);
    uint8_t data[BW_TAG_SIZE_MAX];
    size_t size = sizeof(data);
    uint64_t before = bw_gossip_incarnation(node->gossip);
    int error = bw_gossip_encode_tags(tags, count, data, &size);
    if (error == 0) {
        error = bw_gossip_set_tags(node->gossip, (struct bw_bytes){data, size}, now);
    }
    if (bw_gossip_incarnation(node->gossip) != before) {
        announce_update(node);
    }
    bw_node_pump(node);
    return error;
}

int bw_node_forget(struct bw_node *node, const struct bw_id *id, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_gossip_forget(node->gossip, id, now);
    bw_node_pump(node);
    return error;
}

int bw_node_rtt(struct bw_node *node, const struct bw_id *a, const struct bw_id *b, struct bw_rtt *rtt,
                struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_gossip_rtt(node->gossip, a, b, rtt, now);
    bw_node_pump(node);
    return error;
}

int bw_node_survey(struct bw_node *node, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_gossip_survey(node->gossip, now);
    bw_node_pump(node);
    return error;
}

bool bw_node_surveying(const struct bw_node *node) {
    return bw_gossip_surveying(node->gossip);
}

int bw_node_reach(const struct bw_node *node, size_t index, struct bw_reach *reach) {
    return bw_gossip_reach(node->gossip, index, reach);
}
