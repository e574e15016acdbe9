/* Identity mode: what members know of each other's sessions, on its way from gossip, which looks at signatures, to the channel, which
 * seals. Ahead of what is sealed for somebody who may not know us yet goes our own record. */
#include "gossip/frames.h"
#include "node/internal.h"

/* Without room or memory it comes again. */
static void learn(struct bw_node *node, const struct bw_credential *credential) {
    if (bw_channel_credential(node->channel, credential) == BW_ERR_FULL &&
        bw_channel_make_pair_room(node->channel, bw_node_is_member, node)) {
        (void)bw_channel_credential(node->channel, credential);
    }
}

void bw_opening_learn(struct bw_node *node, const struct bw_gossip_event *event) {
    if (event->message.size == BW_EXCHANGE_SIZE) {
        learn(node, &(struct bw_credential){event->id, event->number, event->incarnation, event->message.data});
    }
}

void bw_opening_member(struct bw_node *node, const struct bw_id *id) {
    struct bw_credential credential;
    if (bw_gossip_credential(node->gossip, id, &credential) == 0) {
        learn(node, &credential);
    }
}

/* Within ours, sealed for whoever has the cluster's key, is what they alone open: so neither comes without the other. False: together
 * they are too large. */
static bool enclose(struct bw_node *node, struct bw_outbound *out, struct bw_writer *writer) {
    uint8_t datagram[BW_DATAGRAM_MAX];
    size_t size = BW_SEAL_OVERHEAD + out->frames_size;
    if (size > BW_SEALED_MAX || size + BW_SEALED_HEAD > writer->capacity - writer->used) {
        return false;
    }
    struct bw_frame_sealed sealed = {.datagram = {datagram, bw_channel_seal(node->channel, out, datagram, node->now)}};
    int error = sealed.datagram.size > 0 ? bw_wire_put(writer, &bw_schema_sealed, &sealed)
                                         : 0; /* 0: no memory for the pair's keys */
    BW_ASSERT(error == 0);
    return true;
}

bool bw_opening_transmit(struct bw_node *node, struct bw_outbound *out, uint8_t introduction[BW_FRAMES_MAX]) {
    if (node->held_back) { /* its frames are where they were: gossip has not been asked for others since */
        node->held_back = false;
        *out = node->held;
        return true;
    }
    if (!bw_gossip_transmit(node->gossip, out, node->now)) {
        return false;
    }
    int introduces = bw_channel_introduces(node->channel, out);
    if (introduces == BW_ERR_NOT_FOUND) {
        bw_opening_member(node, &out->to);
        introduces = bw_channel_introduces(node->channel, out);
    }
    if (introduces == 1) {
        struct bw_writer writer = {.data = introduction, .capacity = BW_FRAMES_MAX};
        writer.used = bw_gossip_introduction(node->gossip, introduction);
        node->held = *out;
        node->held_back = !enclose(node, out, &writer);
        out->frames = introduction;
        out->frames_size = writer.used;
        out->with = BW_SEAL_WITH_CLUSTER;
    }
    return true;
}

void bw_opening_enclosed(struct bw_node *node, const struct bw_gossip_event *event) {
    if (bw_channel_is_paired(event->message)) {
        (void)bw_node_take(node, event->message, &event->addr);
    }
}
