/* Members by id and in the ring. SWIM 4.3: each member is probed exactly once per round, in an order that is shuffled after
 * each round, and joiners are inserted at random positions. */
#include "gossip/member.h"

#include <string.h>

#include "base/base.h"

#define CAPACITY_MIN 8u

void bw_members_init(struct bw_members *members, struct bw_allocator allocator, size_t limit) {
    *members = (struct bw_members){.allocator = allocator, .limit = limit};
}

void bw_members_free(struct bw_members *members) {
    bw_free(&members->allocator, members->ring, members->ring_capacity * sizeof(struct bw_member *));
    bw_free(&members->allocator, members->slots, members->slot_count * sizeof(struct bw_member *));
    bw_members_init(members, members->allocator, members->limit);
}

/* ------------------------------------------------------------------ by id */

/* A peer chooses its own id: all bits count, mixed by murmur3's finalizer. */
static size_t home_of(const struct bw_members *members, const struct bw_id *id) {
    uint64_t hash = bw_get_u64(id->bytes) ^ bw_get_u64(id->bytes + 8) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    return (size_t)(hash ^ hash >> 33) & (members->slot_count - 1);
}

/* Where the id is, or the empty slot where it belongs. */
static size_t slot_of(const struct bw_members *members, const struct bw_id *id) {
    size_t at = home_of(members, id);
    while (members->slots[at] && !bw_id_equal(&members->slots[at]->id, id)) {
        at = (at + 1) & (members->slot_count - 1);
    }
    return at;
}

struct bw_member *const *bw_members_place(const struct bw_members *members, const struct bw_id *id) {
    return members->slot_count > 0 ? &members->slots[home_of(members, id)] : NULL;
}

struct bw_member *bw_members_find(const struct bw_members *members, const struct bw_id *id) {
    return members->slot_count > 0 ? members->slots[slot_of(members, id)] : NULL;
}

static int grow_slots(struct bw_members *members) {
    if (members->count + 1 <= members->slot_count / 8 * 7) {
        return 0;
    }
    struct bw_members bigger = *members;
    bigger.slot_count = members->slot_count > 0 ? members->slot_count * 2 : CAPACITY_MIN;
    bigger.slots = bw_alloc(&members->allocator, bigger.slot_count * sizeof(struct bw_member *));
    if (!bigger.slots) {
        return BW_ERR_MEMORY;
    }
    for (size_t i = 0; i < members->count; i++) {
        bigger.slots[slot_of(&bigger, &members->ring[i]->id)] = members->ring[i];
    }
    bw_free(&members->allocator, members->slots, members->slot_count * sizeof(struct bw_member *));
    *members = bigger;
    return 0;
}

/* Later members of the run move into the gap unless that would put them before their home (Knuth 6.4, algorithm R). */
static void close_gap(struct bw_members *members, size_t gap) {
    size_t mask = members->slot_count - 1;
    for (size_t at = (gap + 1) & mask; members->slots[at]; at = (at + 1) & mask) {
        size_t home = home_of(members, &members->slots[at]->id);
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            members->slots[gap] = members->slots[at];
            gap = at;
        }
    }
    members->slots[gap] = NULL;
}

/* ------------------------------------------------------------------ the ring */

static int grow_ring(struct bw_members *members) {
    if (members->count < members->ring_capacity) {
        return 0;
    }
    size_t capacity = members->ring_capacity > 0 ? members->ring_capacity + members->ring_capacity / 2 : CAPACITY_MIN;
    struct bw_member **ring =
        bw_resize(&members->allocator, members->ring, members->ring_capacity * sizeof(struct bw_member *),
                  capacity * sizeof(struct bw_member *));
    if (!ring) {
        return BW_ERR_MEMORY;
    }
    members->ring = ring;
    members->ring_capacity = capacity;
    return 0;
}

int bw_members_add(struct bw_members *members, struct bw_member *member, struct bw_rng *rng) {
    if (members->count >= members->limit) {
        return BW_ERR_FULL;
    }
    int error = grow_ring(members);
    error = error ? error : grow_slots(members);
    if (error) {
        return error;
    }
    size_t end = members->count++;
    size_t at = (size_t)bw_rng_below(rng, end + 1);
    if (at < members->cursor) { /* its turn is in the next round; who had its turn stays on that side */
        members->ring[end] = members->ring[members->cursor];
        members->ring[members->cursor] = members->ring[at];
        members->cursor++;
    } else {
        members->ring[end] = members->ring[at];
    }
    members->ring[at] = member;
    members->slots[slot_of(members, &member->id)] = member;
    return 0;
}

void bw_members_remove(struct bw_members *members, struct bw_member *member) {
    close_gap(members, slot_of(members, &member->id));
    size_t at = 0;
    while (members->ring[at] != member) {
        at++;
    }
    if (at < members->cursor) {
        members->ring[at] = members->ring[--members->cursor];
        at = members->cursor;
    }
    members->ring[at] = members->ring[--members->count];
}

static void shuffle(struct bw_members *members, struct bw_rng *rng) {
    for (size_t i = members->count; i > 1; i--) {
        size_t j = (size_t)bw_rng_below(rng, i);
        struct bw_member *swapped = members->ring[i - 1];
        members->ring[i - 1] = members->ring[j];
        members->ring[j] = swapped;
    }
}

struct bw_member *bw_members_next(struct bw_members *members, struct bw_rng *rng) {
    if (members->cursor < members->count) {
        return members->ring[members->cursor++];
    }
    members->cursor = 0;
    shuffle(members, rng);
    return NULL;
}

/* ------------------------------------------------------------------ one member */

#define EXCHANGE_AT 8u /* behind the session */
#define SIGNATURE_AT (EXCHANGE_AT + BW_EXCHANGE_SIZE)
#define SEAL_SIZE (SIGNATURE_AT + BW_SIGNATURE_SIZE)

static size_t info_size(size_t name_size, size_t tags_size, size_t candidacies_size, size_t certificate_size) {
    size_t seal_size = certificate_size > 0 ? SEAL_SIZE : 0;
    return sizeof(struct bw_info) + name_size + 1 + tags_size + candidacies_size + seal_size + certificate_size;
}

static void copy(char *to, struct bw_bytes bytes) {
    if (bytes.size > 0) {
        memcpy(to, bytes.data, bytes.size);
    }
}

static uint8_t *seal_of(struct bw_info *info) {
    return (uint8_t *)info->bytes + info->name_size + 1 + info->tags_size + info->candidacies_size;
}

static void set_proof(struct bw_info *info, uint64_t session, const struct bw_proof *proof) {
    uint8_t *seal = seal_of(info);
    info->word = proof->word;
    info->certificate_size = (uint16_t)proof->certificate.size;
    bw_put_u64(seal, session);
    memcpy(seal + EXCHANGE_AT, proof->exchange, BW_EXCHANGE_SIZE);
    memcpy(seal + SIGNATURE_AT, proof->signature, BW_SIGNATURE_SIZE);
    memcpy(seal + SEAL_SIZE, proof->certificate.data, proof->certificate.size);
}

struct bw_info *bw_info_create(const struct bw_allocator *allocator, const struct bw_frame_member *frame,
                               const struct bw_proof *proof) {
    struct bw_info *info = bw_alloc(allocator, info_size(frame->name.size, frame->tags.size, frame->candidacies.size,
                                                         proof ? proof->certificate.size : 0));
    if (info) {
        info->addr = frame->addr;
        info->name_size = (uint8_t)frame->name.size;
        info->tags_size = (uint16_t)frame->tags.size;
        info->candidacies_size = (uint16_t)frame->candidacies.size;
        info->protocol_min = frame->protocol_min;
        info->protocol_max = frame->protocol_max;
        info->refutations = frame->refutations;
        copy(info->bytes, frame->name);
        copy(info->bytes + frame->name.size + 1, frame->tags);
        copy(info->bytes + frame->name.size + 1 + frame->tags.size, frame->candidacies);
        if (proof) {
            set_proof(info, frame->session, proof);
        }
    }
    return info;
}

size_t bw_info_size(const struct bw_info *info) {
    return info_size(info->name_size, info->tags_size, info->candidacies_size, info->certificate_size);
}

void bw_info_free(const struct bw_allocator *allocator, struct bw_info *info) {
    if (info && !info->shared) {
        bw_free(allocator, info, bw_info_size(info));
    }
}

struct bw_bytes bw_info_tags(const struct bw_info *info) {
    return (struct bw_bytes){(const uint8_t *)info->bytes + info->name_size + 1, info->tags_size};
}

struct bw_bytes bw_info_candidacies(const struct bw_info *info) {
    return (struct bw_bytes){(const uint8_t *)info->bytes + info->name_size + 1 + info->tags_size,
                             info->candidacies_size};
}

uint64_t bw_info_session(const struct bw_info *info) {
    return bw_get_u64(bw_info_candidacies(info).data + info->candidacies_size);
}

const uint8_t *bw_info_exchange(const struct bw_info *info) {
    return bw_info_candidacies(info).data + info->candidacies_size + EXCHANGE_AT;
}

uint8_t *bw_info_signature(struct bw_info *info) {
    return seal_of(info) + SIGNATURE_AT;
}

struct bw_bytes bw_info_certificate(const struct bw_info *info) {
    return (struct bw_bytes){bw_info_candidacies(info).data + info->candidacies_size + SEAL_SIZE,
                             info->certificate_size};
}

struct bw_claim bw_member_claim(const struct bw_member *member) {
    return (struct bw_claim){member->incarnation, (enum bw_status)member->status};
}

enum bw_status bw_member_status(const struct bw_member *member) {
    return member->lost && bw_member_living(member) ? BW_STATUS_DEAD : (enum bw_status)member->status;
}

bool bw_member_living(const struct bw_member *member) {
    return member->status <= BW_STATUS_SUSPECT;
}
