/* Keyed records (architecture.md): opaque to us. The larger rank wins; a record that arrives is handed up, and is stored, digested
 * and relayed only once its owner has put it. */
#include <string.h>

#include "gossip/machine.h"

#define PER_SCOPE 4u

size_t bw_records_max(const struct bw_gossip *g) {
    return 1 + (size_t)g->params.scope_max * PER_SCOPE; /* and the key ring */
}

static struct bw_id hash_of(const struct bw_gossip *g, uint8_t kind, struct bw_bytes key) {
    uint8_t bytes[2 + BW_RECORD_KEY_MAX] = {0, kind};
    struct bw_id hash;
    memcpy(bytes + 2, key.data, key.size);
    bw_put_u64(hash.bytes, bw_digest_hash(&g->key, bytes, 2 + key.size));
    bytes[0] = 1;
    bw_put_u64(hash.bytes + 8, bw_digest_hash(&g->key, bytes, 2 + key.size));
    return hash;
}

uint64_t bw_record_digest(const struct bw_gossip *g, const struct bw_entry *entry) {
    uint8_t bytes[sizeof(entry->hash) + sizeof(entry->rank)];
    memcpy(bytes, &entry->hash, sizeof(entry->hash));
    memcpy(bytes + sizeof(entry->hash), entry->rank, sizeof(entry->rank));
    return bw_digest_hash(&g->key, bytes, sizeof(bytes));
}

void bw_record_frame(const struct bw_entry *entry, struct bw_frame_record *frame) {
    *frame = (struct bw_frame_record){.kind = entry->kind,
                                      .urgent = entry->urgent,
                                      .key = {entry->bytes, entry->key_size},
                                      .rank = {entry->rank, sizeof(entry->rank)},
                                      .body = {entry->bytes + entry->key_size, entry->body_size}};
}

static size_t entry_size(size_t key_size, size_t body_size) {
    return sizeof(struct bw_entry) + key_size + body_size;
}

static void free_entry(struct bw_gossip *g, struct bw_entry *entry) {
    bw_update_drop(g, entry->update);
    bw_free(&g->allocator, entry, entry_size(entry->key_size, entry->body_size));
}

void bw_record_free_all(struct bw_gossip *g) {
    for (size_t i = 0; i < g->records.capacity; i++) {
        if (g->records.slots[i].value) {
            free_entry(g, g->records.slots[i].value);
        }
    }
    bw_table_free(&g->records);
}

static struct bw_entry *create_entry(struct bw_gossip *g, const struct bw_record *record, const struct bw_id *hash) {
    struct bw_entry *entry = bw_alloc(&g->allocator, entry_size(record->key.size, record->body.size));
    if (entry) {
        entry->hash = *hash;
        entry->kind = record->kind;
        entry->urgent = record->urgent;
        entry->bucket = bw_digest_bucket(&g->key, hash);
        entry->key_size = (uint8_t)record->key.size;
        entry->body_size = (uint16_t)record->body.size;
        memcpy(entry->rank, record->rank, sizeof(entry->rank));
        memcpy(entry->bytes, record->key.data, record->key.size);
        if (record->body.size > 0) {
            memcpy(entry->bytes + record->key.size, record->body.data, record->body.size);
        }
    }
    return entry;
}

/* Revocations and all other records have places of their own: neither leaves the other without. */
static bool has_place(const struct bw_gossip *g, uint8_t kind) {
    size_t revoked = g->attest.revoked_count;
    return kind == BW_RECORD_KIND_REVOKED ? revoked < BW_REVOKED_MAX : g->records.count - revoked < bw_records_max(g);
}

static int store(struct bw_gossip *g, const struct bw_entry *before, struct bw_entry *entry) {
    if (!before && !has_place(g, entry->kind)) {
        bw_bound_passed(g, entry->kind == BW_RECORD_KIND_REVOKED ? BW_BOUND_REVOCATIONS : BW_BOUND_RECORDS, NULL,
                        g->records.count);
        return BW_ERR_FULL;
    }
    int error = bw_table_put(&g->records, &entry->hash, entry);
    g->attest.revoked_count += !error && !before && entry->kind == BW_RECORD_KIND_REVOKED;
    return error;
}

int bw_gossip_put(struct bw_gossip *g, const struct bw_record *record, struct bw_time now) {
    bw_gossip_enter(g, now);
    BW_ASSERT(record->key.size > 0 && record->key.size <= BW_RECORD_KEY_MAX && record->body.size <= BW_RECORD_BODY_MAX);
    struct bw_id hash = hash_of(g, record->kind, record->key);
    struct bw_entry *before = bw_table_get(&g->records, &hash);
    if (before && memcmp(record->rank, before->rank, sizeof(before->rank)) <= 0) {
        return 0;
    }
    struct bw_entry *entry = create_entry(g, record, &hash);
    int error = entry ? store(g, before, entry) : BW_ERR_MEMORY;
    if (error) {
        bw_free(&g->allocator, entry, entry ? entry_size(entry->key_size, entry->body_size) : 0);
        return error;
    }
    uint64_t worth_before = 0;
    if (before) {
        worth_before = bw_record_digest(g, before);
        free_entry(g, before);
    }
    bw_view_add_digest(g, entry->bucket, bw_record_digest(g, entry) - worth_before);
    bw_update_entry(g, entry);
    bw_gossip_exit(g);
    return 0;
}

bool bw_record_known(const struct bw_gossip *g, uint8_t kind, struct bw_bytes key) {
    struct bw_id hash = hash_of(g, kind, key);
    return bw_table_get(&g->records, &hash) != NULL;
}

bool bw_record_get(const struct bw_gossip *g, uint8_t kind, struct bw_bytes key, struct bw_frame_record *frame) {
    struct bw_id hash = hash_of(g, kind, key);
    const struct bw_entry *entry = bw_table_get(&g->records, &hash);
    if (entry) {
        bw_record_frame(entry, frame);
    }
    return entry != NULL;
}

void bw_record_receive(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_record *frame) {
    struct bw_id hash = hash_of(g, frame->kind, frame->key);
    const struct bw_entry *entry = bw_table_get(&g->records, &hash);
    if (entry && memcmp(frame->rank.data, entry->rank, sizeof(entry->rank)) <= 0) {
        return;
    }
    if (frame->kind == BW_RECORD_KIND_REVOKED) {
        bw_revoked_receive(g, in, frame);
        return;
    }
    bw_trace_rule(g->trace, BW_RULE_OWNER_DECIDES_RECORDS, &in->from, frame->kind);
    struct bw_gossip_event event = {
        .type = BW_GOSSIP_RECORD,
        .id = in->from,
        .heard_us = in->heard_us,
        .record = {.kind = frame->kind, .key = frame->key, .body = frame->body, .urgent = frame->urgent != 0}};
    memcpy(event.record.rank, frame->rank.data, sizeof(event.record.rank));
    bw_event_push(g, &event);
}
