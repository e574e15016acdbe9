/* User events and queries: gossip's, with C strings and member names. */
#include "node/internal.h"

#include <string.h>

static enum bw_event_type type_of(enum bw_gossip_event_type type) {
    switch (type) {
    case BW_GOSSIP_QUERY:
        return BW_EVENT_QUERY;
    case BW_GOSSIP_QUERY_ACK:
        return BW_EVENT_QUERY_ACK;
    case BW_GOSSIP_QUERY_RESPONSE:
        return BW_EVENT_QUERY_RESPONSE;
    case BW_GOSSIP_QUERY_END:
        return BW_EVENT_QUERY_END;
    default:
        return BW_EVENT_USER_EVENT;
    }
}

void bw_node_on_user(struct bw_node *node, const struct bw_gossip_event *told) {
    struct bw_event event = {.type = type_of(told->type),
                             .time = node->now,
                             .id = told->id,
                             .payload = told->message,
                             .ltime = told->ltime,
                             .left_ms = told->left_us / BW_US_PER_MS,
                             .acks = told->acks,
                             .responses = told->responses,
                             .expected = told->expected};
    struct bw_member_info member;
    if (event.type != BW_EVENT_USER_EVENT) {
        event.query = told->number;
    }
    if (bw_gossip_find(node->gossip, &told->id, &member) == 0) {
        memcpy(event.name, member.name, strlen(member.name) + 1);
    }
    if (told->name.size > 0) {
        memcpy(event.topic, told->name.data, told->name.size); /* at most BW_NAME_MAX: gossip has checked it */
    }
    bw_event_queue_push(&node->events, &node->allocator, &event);
}

static struct bw_bytes bytes_of(const char *text) {
    return (struct bw_bytes){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

int bw_node_user_event(struct bw_node *node, const char *name, struct bw_bytes payload, uint64_t *ltime,
                       struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_gossip_user_event(node->gossip, bytes_of(name), payload, ltime, now);
    bw_node_pump(node);
    return error;
}

static int encode_names(const struct bw_query *query, uint8_t *data, size_t *size) {
    *size = 0;
    for (size_t i = 0; i < query->node_count; i++) {
        struct bw_bytes name = bytes_of(query->nodes[i]);
        if (!bw_text_valid(name.data, name.size, BW_NAME_MAX)) {
            return BW_ERR_INVALID;
        }
        if (name.size + 1 > BW_USER_SIZE_MAX - *size) {
            return BW_ERR_SPACE;
        }
        data[*size] = (uint8_t)name.size;
        memcpy(data + *size + 1, name.data, name.size);
        *size += 1 + name.size;
    }
    return 0;
}

int bw_node_query(struct bw_node *node, const struct bw_query *query, uint64_t *number, struct bw_time now) {
    uint8_t nodes[BW_USER_SIZE_MAX];
    uint8_t tags[BW_TAG_SIZE_MAX];
    size_t nodes_size = 0;
    size_t tags_size = 0;
    now = bw_node_clamp(node, now);
    int error = encode_names(query, nodes, &nodes_size);
    if (error == 0) {
        error = bw_gossip_encode_tags(query->tags, query->tag_count, tags, &tags_size);
    }
    if (error != 0) {
        return error;
    }
    struct bw_gossip_query asked = {.name = bytes_of(query->name),
                                    .payload = query->payload,
                                    .nodes = {nodes, nodes_size},
                                    .tags = {tags, tags_size},
                                    .ack = query->ack,
                                    .timeout_ms = query->timeout_ms};
    error = bw_gossip_query(node->gossip, &asked, number, now);
    bw_node_pump(node);
    return error;
}

int bw_node_respond(struct bw_node *node, uint64_t number, struct bw_bytes payload, struct bw_time now) {
    now = bw_node_clamp(node, now);
    int error = bw_gossip_respond(node->gossip, number, payload, now);
    bw_node_pump(node);
    return error;
}
