/* The cluster's key ring at this member: what an operator changes, what is made durable, who has confirmed (keys.h). */
#include "node/internal.h"

#include <string.h>

#define TELL_AGAIN_US (10 * BW_US_PER_S) /* of a ring that the host has not made durable */
#define ASKED_AGAIN_US (1 * BW_US_PER_S) /* ... while somebody asks for it */
#define ASK_AGAIN_US (250 * BW_US_PER_MS)
#define ASK_COUNT 128u /* members asked at a time: a round of them is well within what sockets hold */

_Static_assert(BW_KEYS_TEXT_SIZE >= BW_RING_TEXT_SIZE, "the public size holds the longest ring");

void bw_keys_start(struct bw_node *node) {
    struct bw_params params;
    bw_node_params(node, &params);
    bw_table_init(&node->keys.holders, node->allocator, params.member_max);
    node->keys.stored = true; /* it came from there */
    node->keys.record_due = bw_keyring_version(node->keyring) > 0;
    node->keys.ask_us = BW_NEVER;
    node->keys.started_us = node->now.mono_us;
}

void bw_keys_free(struct bw_node *node) {
    struct bw_table *holders = &node->keys.holders;
    bw_exchange_destroy(node->keys.exchange);
    for (size_t i = 0; i < holders->capacity; i++) {
        bw_free(&node->allocator, holders->slots[i].value, sizeof(struct bw_holder));
    }
    bw_table_free(holders);
}

void bw_keys_reaped(struct bw_node *node, const struct bw_id *id) {
    bw_free(&node->allocator, bw_table_remove(&node->keys.holders, id), sizeof(struct bw_holder));
}

/* ------------------------------------------------------------------ our own ring */

/* Until it is durable it is told of again and again. */
static void tell_host(struct bw_node *node) {
    struct bw_event event = {.type = BW_EVENT_KEYS_CHANGED,
                             .time = node->now,
                             .version = bw_keyring_version(node->keyring),
                             .keys = (uint32_t)bw_keyring_count(node->keyring)};
    node->keys.told_us = node->now.mono_us;
    bw_event_queue_push(&node->events, &node->allocator, &event);
}

void bw_keys_store_again(struct bw_node *node) {
    if (!node->keys.stored && node->now.mono_us >= node->keys.told_us + ASKED_AGAIN_US) {
        tell_host(node);
    }
}

void bw_keys_take(struct bw_node *node, struct bw_keyring *ring, bool stored) {
    struct bw_node_keys *keys = &node->keys;
    uint8_t rank[BW_RING_RANK_SIZE];
    bw_channel_set_keyring(node->channel, ring);
    bw_keyring_destroy(node->keyring);
    node->keyring = ring;
    bw_keyring_rank(ring, rank);
    keys->wanted = keys->wanted && memcmp(keys->wanted_rank, rank, sizeof(rank)) > 0;
    keys->record_due = bw_keyring_version(ring) > 0;
    keys->stored = stored;
    if (!stored) {
        tell_host(node);
    }
}

bool bw_keys_publish(struct bw_node *node) {
    static const char key[] = "keys";
    if (!node->keys.record_due) {
        return false;
    }
    struct bw_record record = {.kind = BW_RECORD_KIND_KEYS, .key = {(const uint8_t *)key, sizeof(key) - 1}};
    bw_keyring_rank(node->keyring, record.rank);
    node->keys.record_due = bw_gossip_put(node->gossip, &record, node->now) != 0;
    return !node->keys.record_due;
}

int bw_node_set_keys(struct bw_node *node, const char *keys, size_t size, struct bw_time now) {
    struct bw_keyring *ring = NULL;
    uint8_t rank[BW_RING_RANK_SIZE];
    uint8_t own[BW_RING_RANK_SIZE];
    bw_node_clamp(node, now);
    int error = bw_keyring_create(&ring, keys, size, NULL);
    if (error != 0) {
        return error;
    }
    bw_keyring_rank(ring, rank);
    bw_keyring_rank(node->keyring, own);
    bool same = memcmp(rank + 8, own + 8, BW_RING_DIGEST_SIZE) == 0;
    bool newer = memcmp(rank, own, 8) > 0;
    if (same || (bw_keyring_version(node->keyring) > 0 && !newer)) {
        bw_keyring_destroy(ring);
        return same ? 0 : BW_ERR_STALE;
    }
    bw_keys_take(node, ring, true);
    bw_node_pump(node);
    return 0;
}

void bw_node_keys_stored(struct bw_node *node, bool ok, struct bw_time now) {
    bw_node_clamp(node, now);
    node->keys.stored = ok;
}

size_t bw_node_keys_text(const struct bw_node *node, char text[BW_KEYS_TEXT_SIZE]) {
    return bw_keyring_text(node->keyring, text);
}

int bw_node_key(const struct bw_node *node, size_t index, struct bw_key_info *info) {
    if (index >= bw_keyring_count(node->keyring)) {
        return BW_ERR_NOT_FOUND;
    }
    *info = (struct bw_key_info){.id = bw_keyring_id(node->keyring, index), .used = index == 0};
    return 0;
}

uint64_t bw_node_keys_version(const struct bw_node *node) {
    return bw_keyring_version(node->keyring);
}

/* ------------------------------------------------------------------ changes */

static bool holds(const struct bw_node *node, const struct bw_holder *holder) {
    uint8_t rank[BW_RING_RANK_SIZE];
    bw_keyring_rank(node->keyring, rank);
    return holder != NULL && holder->fresh && memcmp(holder->rank, rank, sizeof(rank)) == 0;
}

static bool all_hold(const struct bw_node *node) {
    struct bw_member_info info;
    for (size_t i = 0; bw_gossip_member(node->gossip, i, &info) == 0; i++) {
        const struct bw_holder *holder = bw_table_get(&node->keys.holders, &info.id);
        if (!info.self && info.status <= BW_STATUS_SUSPECT && !(holds(node, holder) && holder->stored)) {
            return false;
        }
    }
    return node->keys.stored;
}

static int changed(struct bw_node *node, struct bw_keyring *ring, int error) {
    if (error == 0) {
        bw_keys_take(node, ring, false);
        bw_node_pump(node);
    }
    return error;
}

static int may_change(const struct bw_node *node) {
    return node->leaving || bw_keyring_version(node->keyring) >= BW_RING_VERSION_MAX ? BW_ERR_BUSY : 0;
}

/* The number of a key that may be put elsewhere. */
static int find_for_change(struct bw_node *node, uint64_t id, bool force, size_t *index) {
    int error = may_change(node);
    *index = bw_keyring_find(node->keyring, id);
    if (error != 0) {
        return error;
    }
    if (*index == bw_keyring_count(node->keyring)) {
        return BW_ERR_NOT_FOUND;
    }
    if (!force && !all_hold(node)) {
        bw_trace_rule(&node->trace, BW_RULE_USE_WHAT_ALL_HOLD, &node->id, bw_keyring_version(node->keyring));
        return BW_ERR_STALE;
    }
    return 0;
}

int bw_node_key_add(struct bw_node *node, const char *key, size_t size, struct bw_time now) {
    struct bw_keyring *ring = NULL;
    bw_node_clamp(node, now);
    int error = may_change(node);
    if (error == 0) {
        error = bw_keyring_with(&ring, node->keyring, key, size);
    }
    return changed(node, ring, error);
}

int bw_node_key_use(struct bw_node *node, uint64_t id, bool force, struct bw_time now) {
    struct bw_keyring *ring = NULL;
    size_t index;
    bw_node_clamp(node, now);
    if (bw_keyring_find(node->keyring, id) == 0) {
        return 0;
    }
    int error = find_for_change(node, id, force, &index);
    if (error == 0) {
        error = bw_keyring_used(&ring, node->keyring, index);
    }
    return changed(node, ring, error);
}

int bw_node_key_remove(struct bw_node *node, uint64_t id, bool force, struct bw_time now) {
    struct bw_keyring *ring = NULL;
    size_t index;
    bw_node_clamp(node, now);
    if (bw_keyring_find(node->keyring, id) == 0) {
        return BW_ERR_INVALID;
    }
    int error = find_for_change(node, id, force, &index);
    if (error == 0) {
        error = bw_keyring_without(&ring, node->keyring, index);
    }
    return changed(node, ring, error);
}

/* ------------------------------------------------------------------ who holds it */

static struct bw_holder *add_holder(struct bw_node *node, const struct bw_id *id) {
    struct bw_holder *holder = bw_alloc(&node->allocator, sizeof(*holder));
    if (holder != NULL && bw_table_put(&node->keys.holders, id, holder) != 0) {
        bw_free(&node->allocator, holder, sizeof(*holder));
        return NULL;
    }
    return holder;
}

/* Asks some of those that have not confirmed; false: all have. */
static bool ask_round(struct bw_node *node) {
    struct bw_member_info info;
    size_t count = bw_gossip_member_count(node->gossip);
    size_t asked = 0;
    size_t seen = 0;
    for (; seen < count && asked < ASK_COUNT; seen++) {
        if (bw_gossip_member(node->gossip, (node->keys.ask_at + seen) % count, &info) != 0 || info.self ||
            info.status > BW_STATUS_SUSPECT) {
            continue;
        }
        struct bw_holder *holder = bw_table_get(&node->keys.holders, &info.id);
        if (holder == NULL) {
            holder = add_holder(node, &info.id);
        }
        if (!holds(node, holder) || !holder->stored) {
            bw_keys_ask_one(node, &info.id);
            asked++;
        }
    }
    node->keys.ask_at = count > 0 ? (node->keys.ask_at + seen) % count : 0;
    return asked > 0 || !node->keys.stored;
}

void bw_node_keys_ask(struct bw_node *node, uint32_t for_ms, struct bw_time now) {
    now = bw_node_clamp(node, now);
    for (size_t i = 0; i < node->keys.holders.capacity; i++) {
        struct bw_holder *holder = node->keys.holders.slots[i].value;
        if (holder != NULL) {
            holder->fresh = false;
        }
    }
    node->keys.ask_us = now.mono_us;
    node->keys.ask_until_us = now.mono_us + (int64_t)for_ms * BW_US_PER_MS;
    bw_keys_tick(node);
    bw_node_pump(node);
}

int bw_node_key_holder(const struct bw_node *node, size_t index, struct bw_key_holder *holder) {
    struct bw_member_info info;
    for (size_t i = 0, living = 0; bw_gossip_member(node->gossip, i, &info) == 0; i++) {
        if ((!info.self && info.status > BW_STATUS_SUSPECT) || living++ != index) {
            continue;
        }
        const struct bw_holder *said = info.self ? NULL : bw_table_get(&node->keys.holders, &info.id);
        *holder = (struct bw_key_holder){.id = info.id, .name = info.name, .self = info.self, .asked = info.self};
        if (info.self) {
            holder->version = bw_keyring_version(node->keyring);
            holder->holds = true;
            holder->stored = node->keys.stored;
        } else if (said != NULL && said->fresh) {
            holder->asked = true;
            holder->version = bw_get_u64(said->rank);
            holder->holds = holds(node, said);
            holder->stored = holder->holds && said->stored;
        }
        return 0;
    }
    return BW_ERR_NOT_FOUND;
}

/* ------------------------------------------------------------------ time */

void bw_keys_tick(struct bw_node *node) {
    struct bw_node_keys *keys = &node->keys;
    int64_t now_us = node->now.mono_us;
    if (!keys->stored && now_us >= keys->told_us + TELL_AGAIN_US) {
        tell_host(node);
    }
    if (keys->wanted && now_us >= keys->want_us) {
        bw_keys_want(node);
    }
    if (now_us >= keys->ask_us) {
        bw_keys_store_again(node);
        bool goes_on = ask_round(node) && now_us < keys->ask_until_us;
        keys->ask_us = goes_on ? now_us + ASK_AGAIN_US : BW_NEVER;
    }
}

int64_t bw_keys_deadline(const struct bw_node *node) {
    const struct bw_node_keys *keys = &node->keys;
    int64_t deadline_us = keys->ask_us;
    if (!keys->stored && keys->told_us + TELL_AGAIN_US < deadline_us) {
        deadline_us = keys->told_us + TELL_AGAIN_US;
    }
    if (keys->wanted && keys->want_us < deadline_us) {
        deadline_us = keys->want_us;
    }
    return deadline_us;
}
