/* Somebody knocks who seems to have another key, or another cluster's label: the host is told, with the address, and not often. */
#include "node/internal.h"

#define TOLD_AGAIN_US (60 * BW_US_PER_S)
#define SETTLED_US (10 * BW_US_PER_S) /* until then others may send to our former session, which does not open */

void bw_stranger_note(struct bw_node *node, const struct bw_addr *addr, int error) {
    struct bw_node_keys *keys = &node->keys;
    bool key = error == BW_ERR_DROP_KEY;
    int64_t now_us = node->now.mono_us;
    if (!key && (error != BW_ERR_DROP_AUTH || now_us - keys->started_us < SETTLED_US)) {
        return;
    }
    size_t kind = key ? 0 : 1;
    keys->strangers[kind]++;
    if (keys->stranger_us[kind] != 0 && now_us - keys->stranger_us[kind] < TOLD_AGAIN_US) {
        return;
    }
    struct bw_event event = {
        .type = BW_EVENT_STRANGER, .time = node->now, .addr = *addr, .error = error, .dropped = keys->strangers[kind]};
    keys->stranger_us[kind] = now_us != 0 ? now_us : 1;
    keys->strangers[kind] = 0;
    bw_event_queue_push(&node->events, &node->allocator, &event);
}
