/* Direct messages of the embedder's: what came waits in one bounded queue until the host takes it. */
#include "node/internal.h"

#include <string.h>

#define MESSAGES_SIZE_MAX (256u * 1024u)

struct header {
    struct bw_id from;
    uint16_t size;
    uint8_t channel;
};

void bw_messages_init(struct bw_node *node) {
    bw_buffer_init(&node->messages, node->allocator, MESSAGES_SIZE_MAX);
}

void bw_messages_free(struct bw_node *node) {
    bw_buffer_free(&node->messages);
}

void bw_messages_push(struct bw_node *node, const struct bw_id *from, uint8_t channel, struct bw_bytes data) {
    struct header header = {*from, (uint16_t)data.size, channel};
    uint8_t *to = bw_buffer_append(&node->messages, sizeof(header) + data.size);
    if (to == NULL) {
        node->traffic.messages_lost++;
        return;
    }
    memcpy(to, &header, sizeof(header));
    if (data.size > 0) {
        memcpy(to + sizeof(header), data.data, data.size);
    }
}

bool bw_node_message(struct bw_node *node, struct bw_message *message) {
    struct bw_buffer *queue = &node->messages;
    struct header header;
    if (queue->at == queue->used) {
        return false;
    }
    memcpy(&header, queue->data + queue->at, sizeof(header));
    *message = (struct bw_message){.from = header.from,
                                   .channel = header.channel,
                                   .data = queue->data + queue->at + sizeof(header),
                                   .size = header.size};
    queue->at += sizeof(header) + header.size;
    return true;
}

int bw_node_send(struct bw_node *node, const struct bw_id *to, uint8_t channel, const void *data, size_t size,
                 struct bw_time now) {
    now = bw_node_clamp(node, now);
    if (channel < BW_CHANNEL_MIN || (data == NULL && size > 0)) {
        return BW_ERR_INVALID;
    }
    int error = bw_gossip_send(node->gossip, to, channel, (struct bw_bytes){data, size}, now);
    bw_node_pump(node);
    return error;
}
