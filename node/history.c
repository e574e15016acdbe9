/* Who led what, as far as this node saw it: of each scope the newest reigns, made from the election's events. It is lost with
 * the node. What no memory is left for is not kept: the numbers show the gap. */
#include "node/internal.h"

#include <string.h>

#define ENTRIES_LEAST 2u

struct bw_history_scope {
    char name[BW_NAME_MAX + 1];
    uint64_t number; /* of the newest entry */
    size_t first;
    size_t count;
    size_t capacity;
    struct bw_history_entry *entries; /* a ring */
};

static struct bw_history_entry *entry_at(const struct bw_history_scope *scope, size_t index) {
    return &scope->entries[(scope->first + index) % scope->capacity];
}

static struct bw_history_scope *find(const struct bw_history *history, const char *name) {
    for (size_t i = 0; i < history->scope_count; i++) {
        if (strcmp(history->scopes[i]->name, name) == 0) {
            return history->scopes[i];
        }
    }
    return NULL;
}

/* As many as the election has: their number is bounded there. */
static struct bw_history_scope *get(struct bw_history *history, const struct bw_allocator *allocator,
                                    const char *name) {
    struct bw_history_scope *scope = find(history, name);
    if (scope != NULL) {
        return scope;
    }
    if (history->scope_count == history->scope_capacity) {
        size_t capacity = history->scope_capacity > 0 ? 2 * history->scope_capacity : 4;
        void *grown =
            bw_resize(allocator, history->scopes, history->scope_capacity * sizeof(void *), capacity * sizeof(void *));
        if (grown == NULL) {
            return NULL;
        }
        history->scopes = grown;
        history->scope_capacity = capacity;
    }
    scope = bw_alloc(allocator, sizeof(*scope));
    if (scope != NULL) {
        memcpy(scope->name, name, strlen(name) + 1);
        history->scopes[history->scope_count++] = scope;
    }
    return scope;
}

/* Moves the ring to more room, in order. */
static bool grow(struct bw_history_scope *scope, const struct bw_allocator *allocator) {
    size_t capacity = scope->capacity > 0 ? 2 * scope->capacity : ENTRIES_LEAST;
    struct bw_history_entry *entries = bw_alloc(allocator, capacity * sizeof(*entries));
    if (entries == NULL) {
        return false;
    }
    for (size_t i = 0; i < scope->count; i++) {
        entries[i] = *entry_at(scope, i);
    }
    bw_free(allocator, scope->entries, scope->capacity * sizeof(*entries));
    scope->entries = entries;
    scope->capacity = capacity;
    scope->first = 0;
    return true;
}

/* Room for one more: the oldest goes where there is none. NULL: no memory yet. */
static struct bw_history_entry *room(struct bw_history_scope *scope, const struct bw_allocator *allocator) {
    scope->number++;
    if (scope->count == scope->capacity && scope->capacity < BW_HISTORY_MAX) {
        (void)grow(scope, allocator);
    }
    if (scope->capacity == 0) {
        return NULL;
    }
    if (scope->count == scope->capacity) {
        scope->first = (scope->first + 1) % scope->capacity;
        scope->count--;
    }
    struct bw_history_entry *entry = entry_at(scope, scope->count++);
    memset(entry, 0, sizeof(*entry));
    entry->number = scope->number;
    return entry;
}

static void begin(struct bw_history_scope *scope, const struct bw_allocator *allocator, const struct bw_event *event) {
    struct bw_history_entry *entry = room(scope, allocator);
    if (entry == NULL) {
        return;
    }
    memcpy(entry->leader, event->name, sizeof(entry->leader));
    entry->token = event->token;
    entry->from_wall_us = event->time.wall_us;
    entry->healed = event->type == BW_EVENT_SPLIT_BRAIN_HEALED;
    entry->over = entry->healed;
    entry->until_wall_us = entry->healed ? event->time.wall_us : 0;
    entry->other = event->other;
    entry->overlap_ms = event->overlap_ms;
}

static void end(struct bw_history_scope *scope, const struct bw_event *event) {
    for (size_t i = scope->count; i-- > 0;) {
        struct bw_history_entry *entry = entry_at(scope, i);
        if (!entry->over && bw_token_compare(&entry->token, &event->token) == 0) {
            entry->over = true;
            entry->until_wall_us = event->time.wall_us;
            entry->reason = event->reason;
            return;
        }
    }
}

void bw_history_note(struct bw_history *history, const struct bw_allocator *allocator, const struct bw_event *event) {
    bool begins = event->type == BW_EVENT_LEADER_ELECTED || event->type == BW_EVENT_SPLIT_BRAIN_HEALED;
    if (!begins && event->type != BW_EVENT_LEADER_LOST) {
        return;
    }
    struct bw_history_scope *scope = get(history, allocator, event->scope);
    if (scope != NULL && begins) {
        begin(scope, allocator, event);
    } else if (scope != NULL) {
        end(scope, event);
    }
}

void bw_history_free(struct bw_history *history, const struct bw_allocator *allocator) {
    for (size_t i = 0; i < history->scope_count; i++) {
        struct bw_history_scope *scope = history->scopes[i];
        bw_free(allocator, scope->entries, scope->capacity * sizeof(*scope->entries));
        bw_free(allocator, scope, sizeof(*scope));
    }
    bw_free(allocator, history->scopes, history->scope_capacity * sizeof(void *));
    memset(history, 0, sizeof(*history));
}

int bw_node_history(const struct bw_node *node, const char *scope_name, size_t index, struct bw_history_info *info) {
    const struct bw_history_scope *scope = find(&node->history, scope_name);
    if (scope == NULL || index >= scope->count) {
        return BW_ERR_NOT_FOUND;
    }
    const struct bw_history_entry *entry = entry_at(scope, index);
    *info = (struct bw_history_info){.number = entry->number,
                                     .healed = entry->healed,
                                     .over = entry->over,
                                     .leader = entry->leader,
                                     .token = entry->token,
                                     .other = entry->other,
                                     .from_wall_us = entry->from_wall_us,
                                     .until_wall_us = entry->until_wall_us,
                                     .overlap_ms = entry->overlap_ms,
                                     .reason = entry->reason};
    return 0;
}
