/* What members tell each other of their rings (keys_message.h). A record in gossip says which ring is the newest that its relayers hold;
 * who holds an older one asks one of them for it. Nothing here is secret: the keys are sealed to who asked. */
#include "node/keys_message.h"

#include "node/internal.h"

#include <sodium.h>
#include <string.h>

#define VERSION_JUMP_MAX (UINT64_C(1) << 32) /* so that no member can use the versions up */
#define WANT_FIRST_US (200 * BW_US_PER_MS)
#define WANT_LAST_US (10 * BW_US_PER_S)

#define SCHEMA_(name, number, FIELDS) BW_WIRE_SCHEMA(bw_schema_keys_##name, number, #name, bw_keys_##name, FIELDS)
BW_KEYS_FRAMES(SCHEMA_)
#undef SCHEMA_

static void send(struct bw_node *node, const struct bw_id *to, const struct bw_schema *schema, const void *message) {
    uint8_t data[512];
    struct bw_writer writer = {.data = data, .capacity = sizeof(data)};
    if (bw_wire_put(&writer, schema, message) == 0) {
        (void)bw_gossip_send(node->gossip, to, BW_CHANNEL_KEYS, (struct bw_bytes){data, writer.used}, node->now);
    }
}

bool bw_keys_exchange(struct bw_node *node) {
    uint8_t seed[BW_EXCHANGE_SIZE];
    if (node->keys.exchange == NULL) {
        node->entropy(node->entropy_context, seed, sizeof(seed));
        (void)bw_exchange_create(&node->keys.exchange, seed);
        sodium_memzero(seed, sizeof(seed));
    }
    return node->keys.exchange != NULL;
}

void bw_keys_ask_one(struct bw_node *node, const struct bw_id *to) {
    struct bw_keys_ask ask = {.version = bw_keyring_version(node->keyring)};
    send(node, to, &bw_schema_keys_ask, &ask);
}

static void tell(struct bw_node *node, const struct bw_id *to) {
    bw_keys_store_again(node); /* somebody waits for it */
    uint8_t rank[BW_RING_RANK_SIZE];
    bw_keyring_rank(node->keyring, rank);
    struct bw_keys_held held = {.rank = {rank, sizeof(rank)}, .stored = node->keys.stored};
    if (node->keys.stored) {
        bw_trace_rule(&node->trace, BW_RULE_CONFIRM_ONLY_WHAT_IS_STORED, to, bw_get_u64(rank));
    }
    send(node, to, &bw_schema_keys_held, &held);
}

/* The living member number `number`, counted round and round. */
static bool some_member(const struct bw_node *node, size_t number, struct bw_id *id) {
    struct bw_member_info info;
    size_t count = bw_gossip_member_count(node->gossip);
    for (size_t i = 0; i < count; i++) {
        if (bw_gossip_member(node->gossip, (number + i) % count, &info) == 0 && !info.self &&
            info.status <= BW_STATUS_SUSPECT) {
            *id = info.id;
            return true;
        }
    }
    return false;
}

/* Asks who told of it first, then in turn that one and others: it may have gone. */
void bw_keys_want(struct bw_node *node) {
    struct bw_node_keys *keys = &node->keys;
    uint8_t rank[BW_RING_RANK_SIZE];
    struct bw_id to = keys->wanted_from;
    int64_t wait_us = WANT_FIRST_US << (keys->wants < 12 ? keys->wants / 2 : 6);
    keys->want_us = node->now.mono_us + (wait_us < WANT_LAST_US ? wait_us : WANT_LAST_US);
    if (keys->wants++ % 2 == 1) {
        (void)some_member(node, keys->wants / 2, &to);
    }
    if (!bw_keys_exchange(node)) {
        return;
    }
    bw_keyring_rank(node->keyring, rank);
    struct bw_keys_want want = {.rank = {rank, sizeof(rank)},
                                .public_key = {bw_exchange_public(keys->exchange), BW_EXCHANGE_SIZE}};
    send(node, &to, &bw_schema_keys_want, &want);
}

int bw_keys_record(struct bw_node *node, const struct bw_id *from, const uint8_t *rank) {
    struct bw_node_keys *keys = &node->keys;
    uint8_t own[BW_RING_RANK_SIZE];
    uint64_t version = bw_get_u64(rank);
    bw_keyring_rank(node->keyring, own);
    if (version == 0 || version > BW_RING_VERSION_MAX || version > bw_get_u64(own) + VERSION_JUMP_MAX) {
        return BW_ERR_DROP_MALFORMED;
    }
    if (memcmp(rank, own, sizeof(own)) <= 0 || (keys->wanted && memcmp(rank, keys->wanted_rank, sizeof(own)) <= 0)) {
        return 0;
    }
    memcpy(keys->wanted_rank, rank, sizeof(own));
    keys->wanted = true;
    keys->wanted_from = *from;
    keys->wants = 0;
    bw_keys_want(node);
    return 0;
}

static int on_held(struct bw_node *node, const struct bw_id *from, const struct bw_keys_held *held) {
    struct bw_holder *holder = bw_table_get(&node->keys.holders, from);
    if (held->rank.size != BW_RING_RANK_SIZE) {
        return BW_ERR_DROP_MALFORMED;
    }
    if (holder == NULL) { /* only of whom we asked is anything kept: as many as there are members */
        return 0;
    }
    memcpy(holder->rank, held->rank.data, sizeof(holder->rank));
    holder->stored = held->stored != 0;
    holder->fresh = true;
    return 0;
}

/* Who is dead to us, or revoked, is given nothing. */
static bool is_given_rings(const struct bw_node *node, const struct bw_id *id) {
    struct bw_member_info info;
    return bw_gossip_find(node->gossip, id, &info) == 0 && info.status <= BW_STATUS_SUSPECT &&
           (node->identity == NULL || !bw_gossip_revoked(node->gossip, id));
}

static int on_want(struct bw_node *node, const struct bw_id *from, const struct bw_keys_want *want) {
    uint8_t rank[BW_RING_RANK_SIZE];
    uint8_t box[BW_RING_BOX_MAX];
    if (want->rank.size != sizeof(rank) || want->public_key.size != BW_EXCHANGE_SIZE) {
        return BW_ERR_DROP_MALFORMED;
    }
    bw_keyring_rank(node->keyring, rank);
    if (bw_get_u64(rank) == 0 || memcmp(rank, want->rank.data, sizeof(rank)) <= 0 || !is_given_rings(node, from) ||
        !bw_keys_exchange(node)) {
        return 0;
    }
    size_t size = bw_exchange_seal(node->keys.exchange, want->public_key.data, node->keyring, box);
    if (size == 0) {
        return BW_ERR_DROP_MALFORMED;
    }
    bw_trace_rule(&node->trace, BW_RULE_SEND_RING_TO_WHO_HAS_AN_OLDER, from, bw_get_u64(rank));
    struct bw_keys_ring ring = {.rank = {rank, sizeof(rank)},
                                .public_key = {bw_exchange_public(node->keys.exchange), BW_EXCHANGE_SIZE},
                                .box = {box, size}};
    send(node, from, &bw_schema_keys_ring, &ring);
    return 0;
}

static int on_ring(struct bw_node *node, const struct bw_id *from, const struct bw_keys_ring *message) {
    uint8_t own[BW_RING_RANK_SIZE];
    struct bw_keyring *ring;
    if (message->rank.size != sizeof(own) || message->public_key.size != BW_EXCHANGE_SIZE) {
        return BW_ERR_DROP_MALFORMED;
    }
    bw_keyring_rank(node->keyring, own);
    if (!node->keys.wanted || node->keys.exchange == NULL || memcmp(message->rank.data, own, sizeof(own)) <= 0) {
        return 0; /* a second answer, or one that nobody asked for */
    }
    if (bw_get_u64(message->rank.data) > bw_get_u64(own) + VERSION_JUMP_MAX) {
        return BW_ERR_DROP_MALFORMED;
    }
    int error =
        bw_exchange_open(node->keys.exchange, message->public_key.data, message->rank.data, message->box, &ring);
    if (error != 0) {
        return error;
    }
    bw_trace_rule(&node->trace, BW_RULE_NEWER_RING_WINS, from, bw_keyring_version(ring));
    bw_keys_take(node, ring, false);
    return 0;
}

int bw_keys_receive(struct bw_node *node, const struct bw_id *from, struct bw_bytes message) {
    struct bw_reader reader = {message.data, message.size, 0};
    union {
        struct bw_keys_held held;
        struct bw_keys_want want;
        struct bw_keys_ring ring;
        struct bw_keys_ask ask;
    } as;
    uint8_t type;
    struct bw_bytes body;
    int got = bw_wire_next(&reader, &type, &body);
    if (got <= 0) {
        return BW_ERR_DROP_MALFORMED;
    }
    if (type == bw_schema_keys_ask.type && bw_wire_get(&bw_schema_keys_ask, body, &as.ask) == 0) {
        tell(node, from);
        return 0;
    }
    if (type == bw_schema_keys_held.type && bw_wire_get(&bw_schema_keys_held, body, &as.held) == 0) {
        return on_held(node, from, &as.held);
    }
    if (type == bw_schema_keys_want.type && bw_wire_get(&bw_schema_keys_want, body, &as.want) == 0) {
        return on_want(node, from, &as.want);
    }
    if (type == bw_schema_keys_ring.type && bw_wire_get(&bw_schema_keys_ring, body, &as.ring) == 0) {
        return on_ring(node, from, &as.ring);
    }
    return type > bw_schema_keys_ring.type ? 0 : BW_ERR_DROP_MALFORMED; /* a later version's */
}
