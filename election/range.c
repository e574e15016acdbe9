/* Ranges of scopes: declared at once, told to others as runs of numbers. Each scope has a record, a lease and a leader of its
 * own like any other; the range is only a shorter way to say who stands for it. See range.h. */
#include "election/range.h"

#include "base/base.h"

#include <string.h>

#define DIGITS_MAX 5u

bool bw_range_name(struct bw_bytes base, uint32_t index, char name[BW_NAME_MAX + 1]) {
    char digits[DIGITS_MAX + 1];
    size_t count = 0;
    BW_ASSERT(index <= BW_RANGE_INDEX_MAX);
    do {
        digits[count++] = (char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    if (base.size + 1 + count > BW_NAME_MAX)
        return false;
    memcpy(name, base.data, base.size);
    name[base.size] = '/';
    for (size_t i = 0; i < count; i++)
        name[base.size + 1 + i] = digits[count - 1 - i];
    name[base.size + 1 + count] = '\0';
    return true;
}

bool bw_range_split(struct bw_bytes name, struct bw_bytes *base, uint32_t *index) {
    size_t digits = 0;
    uint32_t factor = 1;
    *index = 0;
    while (digits < name.size && digits < DIGITS_MAX && name.data[name.size - 1 - digits] >= '0' &&
           name.data[name.size - 1 - digits] <= '9') {
        *index += factor * (uint32_t)(name.data[name.size - 1 - digits] - '0');
        factor *= 10;
        digits++;
    }
    if (digits == 0 || digits + 2 > name.size || name.data[name.size - 1 - digits] != '/' ||
        (digits > 1 && name.data[name.size - digits] == '0') || *index > BW_RANGE_INDEX_MAX)
        return false;
    *base = (struct bw_bytes){.data = name.data, .size = name.size - digits - 1};
    return true;
}

int32_t bw_scope_shard(const char *scope, size_t *base_size) {
    struct bw_bytes base = {NULL, 0};
    uint32_t index;
    bool shard = bw_range_split((struct bw_bytes){(const uint8_t *)scope, strlen(scope)}, &base, &index);
    if (base_size != NULL)
        *base_size = shard ? base.size : 0;
    return shard ? (int32_t)index : -1;
}

static struct bw_bytes base_of(const struct bw_range *range) {
    return (struct bw_bytes){.data = (const uint8_t *)range->base, .size = strlen(range->base)};
}

static struct bw_scope *scope_at(const struct bw_election *e, const struct bw_range *range, uint32_t index) {
    char name[BW_NAME_MAX + 1];
    bool fits = bw_range_name(base_of(range), index, name);
    BW_ASSERT(fits); /* bw_range_declare looked at it */
    return bw_scope_find(e, (struct bw_bytes){.data = (const uint8_t *)name, .size = strlen(name)});
}

static size_t frame_size(const struct bw_range *range) {
    const struct bw_message_range frame = {.scope = base_of(range)};
    return bw_wire_size(&bw_message_schema_range, &frame);
}

size_t bw_ranges_size(const struct bw_election *e) {
    size_t size = 0;
    for (size_t i = 0; i < e->range_count; i++)
        size += frame_size(&e->ranges[i]);
    return size;
}

int bw_range_declare(struct bw_election *e, const struct bw_scope_config *config) {
    const struct bw_bytes base = {.data = (const uint8_t *)config->name, .size = strlen(config->name)};
    const uint64_t last = (uint64_t)config->range_first + config->range_count - 1;
    struct bw_scope_config one = *config;
    char name[BW_NAME_MAX + 1];
    if (last > BW_RANGE_INDEX_MAX || config->mode == BW_MODE_QUORUM || !bw_range_name(base, (uint32_t)last, name))
        return BW_ERR_INVALID;
    if (e->scope_count + config->range_count > e->params.scope_max)
        return BW_ERR_FULL;
    struct bw_range range = {.first = config->range_first, .last = (uint32_t)last, .uneven_pt = BW_NEVER};
    memcpy(range.base, base.data, base.size);
    if (bw_candidacies_size(e) + frame_size(&range) > BW_CANDIDACIES_MAX)
        return BW_ERR_SPACE;
    size_t old = e->range_count * sizeof range;
    struct bw_range *grown = bw_resize(&e->allocator, e->ranges, old, old + sizeof range);
    if (grown == NULL)
        return BW_ERR_MEMORY;
    e->ranges = grown;
    e->ranges[e->range_count++] = range;
    one.name = name;
    one.range_count = one.range_first = 0;
    for (uint32_t i = range.first; i <= range.last; i++) {
        (void)bw_range_name(base, i, name);
        int error = bw_declare_one(e, &one, true);
        if (error != 0)
            return error;
    }
    return 0;
}

void bw_ranges_free(struct bw_election *e) {
    bw_free(&e->allocator, e->ranges, e->range_count * sizeof *e->ranges);
}

/* ------------------------------------------------------------------ what others are told */

static bool same_state(const struct bw_message_range *run, const struct bw_message_candidacy *next) {
    return run->priority == next->priority && run->flags == next->flags && run->mode == next->mode;
}

/* Speaks for both, as for the less fit one. */
static void merge(struct bw_message_range *run, const struct bw_message_candidacy *next, bool gap) {
    const uint8_t both = (uint8_t)(run->flags & next->flags & BW_CANDIDACY_READY);
    const uint8_t either = (uint8_t)((run->flags | next->flags) & (uint8_t)~BW_CANDIDACY_READY);
    run->priority = next->priority < run->priority ? next->priority : run->priority;
    run->flags = (uint8_t)((gap ? 0 : both) | either);
}

static void put(struct bw_writer *writer, const struct bw_message_range *run) {
    int error = bw_wire_put(writer, &bw_message_schema_range, run);
    BW_ASSERT(error == 0); /* there is room for as many as were counted */
}

/* At most `frames` frames. */
static void range_put(const struct bw_election *e, const struct bw_range *range, struct bw_writer *writer,
                      size_t frames) {
    struct bw_message_range run = {.scope = base_of(range)};
    bool open = false;
    for (uint32_t i = range->first; i <= range->last; i++) {
        const struct bw_scope *scope = scope_at(e, range, i);
        if (scope == NULL || !scope->candidate || scope->withdrawn)
            continue;
        const struct bw_message_candidacy next = bw_own_candidacy(e, scope);
        bool follows = open && run.last + 1u == i;
        if (follows && same_state(&run, &next)) {
            run.last = (uint16_t)i;
        } else if (open && frames == 1) {
            merge(&run, &next, !follows);
            run.last = (uint16_t)i;
        } else {
            if (open) {
                put(writer, &run);
                frames--;
            }
            open = true;
            run.first = run.last = (uint16_t)i;
            run.priority = next.priority;
            run.flags = next.flags;
            run.mode = next.mode;
        }
    }
    if (open)
        put(writer, &run);
}

void bw_ranges_put(const struct bw_election *e, struct bw_writer *writer) {
    size_t later = bw_ranges_size(e);
    for (size_t i = 0; i < e->range_count; i++) {
        size_t size = frame_size(&e->ranges[i]);
        later -= size;
        range_put(e, &e->ranges[i], writer, (writer->capacity - writer->used - later) / size);
    }
}

bool bw_range_valid(const struct bw_message_range *range) {
    char name[BW_NAME_MAX + 1];
    return range->first <= range->last && range->mode != BW_MODE_QUORUM &&
           bw_text_valid(range->scope.data, range->scope.size, BW_NAME_MAX) &&
           bw_range_name(range->scope, range->last, name);
}

/* ------------------------------------------------------------------ shards */

uint32_t bw_shard_of(const void *key, size_t size, uint32_t shards) {
    return (uint32_t)(bw_rank_hash((struct bw_bytes){.data = key, .size = size}) % shards);
}

static bool anybody_stands(const struct bw_scope *scope) {
    for (size_t i = 0; i < scope->candidate_count; i++)
        if (scope->candidates[i].peer == NULL || bw_peer_lives(scope->candidates[i].peer))
            return true;
    return false;
}

uint32_t bw_election_shards(const struct bw_election *e, const char *base) {
    const struct bw_bytes wanted = {.data = (const uint8_t *)base, .size = strlen(base)};
    uint32_t stood = 0;
    uint32_t known = 0;
    bool found;
    for (size_t i = bw_scope_index(e, wanted, &found); i < e->scope_count; i++) {
        const struct bw_bytes name = bw_scope_name(e->scopes[i]);
        struct bw_bytes its_base;
        uint32_t index;
        if (name.size < wanted.size || memcmp(name.data, wanted.data, wanted.size) != 0)
            break; /* those that begin so stand together */
        if (!bw_range_split(name, &its_base, &index) || its_base.size != wanted.size)
            continue;
        known = index >= known ? index + 1 : known;
        if (index >= stood && anybody_stands(e->scopes[i]))
            stood = index + 1;
    }
    return stood > 0 ? stood : known;
}

void bw_election_shard_name(const char *base, uint32_t shard, char name[BW_NAME_MAX + 1]) {
    bool fits = bw_range_name((struct bw_bytes){.data = (const uint8_t *)base, .size = strlen(base)}, shard, name);
    BW_ASSERT(fits); /* the last one has a name as long, and is known */
}
