/* What goes out: messages, events, records to publish, members to ping. Hosts drain all of it after every call, so the
 * rooms are bounded by what one call can say; they grow with the number of scopes and are then kept. */
#include "election/state.h"

#include <string.h>

#define MESSAGES_SIZE_MAX (4u << 20)
#define MESSAGE_HEAD (sizeof(struct bw_id) + 2u)
#define RESERVED_SCOPES_MAX 64u /* more events in one call take what memory there is */
#define REFUSED_AGAIN_US (10 * BW_US_PER_S)
#define EVENTS_PER_SCOPE 8u /* deposed, lost, healed, elected, self-elected, and some of the same call */

static int queue_grow(const struct bw_allocator *allocator, struct bw_queue *queue, size_t capacity) {
    if (capacity <= queue->capacity)
        return 0;
    uint8_t *data = bw_resize(allocator, queue->data, queue->capacity, capacity);
    if (data == NULL)
        return BW_ERR_MEMORY;
    queue->data = data;
    queue->capacity = capacity;
    return 0;
}

/* Makes room for size bytes more; NULL if that is not possible. */
static uint8_t *queue_room(const struct bw_allocator *allocator, struct bw_queue *queue, size_t size, size_t limit) {
    if (queue->head == queue->used)
        queue->head = queue->used = 0;
    size_t need = queue->used + size;
    size_t capacity = queue->capacity;
    while (capacity < need)
        capacity = capacity == 0 ? 4096 : capacity * 2;
    if (capacity > limit || queue_grow(allocator, queue, capacity) != 0)
        return NULL;
    return queue->data + queue->used;
}

void bw_queue_free(struct bw_election *e) {
    bw_free(&e->allocator, e->messages.data, e->messages.capacity);
    bw_free(&e->allocator, e->events.data, e->events.capacity);
}

int bw_queue_reserve(struct bw_election *e) {
    size_t scopes = e->scope_count < RESERVED_SCOPES_MAX ? e->scope_count + 1 : RESERVED_SCOPES_MAX;
    size_t events = scopes * EVENTS_PER_SCOPE * sizeof(struct bw_event);
    size_t capacity = e->events.capacity;
    while (capacity < events)
        capacity = capacity == 0 ? 16 * sizeof(struct bw_event) : capacity * 2;
    return queue_grow(&e->allocator, &e->events, capacity);
}

uint64_t bw_election_overflowed(const struct bw_election *e) {
    return e->overflowed;
}

/* A message that finds no room is a lost datagram, and counted. */
void bw_send_signed(struct bw_election *e, const struct bw_id *to, enum bw_election_frame type, const void *message,
                    const uint8_t *signature) {
    const struct bw_schema *schema = bw_message_schema((uint8_t)type);
    const struct bw_message_signature seal = {{signature, BW_CLAIM_SIGNATURE_SIZE}};
    size_t size = bw_wire_size(schema, message);
    size += signature != NULL ? bw_wire_size(&bw_message_schema_signature, &seal) : 0;
    uint8_t *room = queue_room(&e->allocator, &e->messages, MESSAGE_HEAD + size, MESSAGES_SIZE_MAX);
    if (room == NULL) {
        e->overflowed++;
        bw_trace_rule(e->trace, BW_RULE_BOUND_EVERYTHING, to, size);
        return;
    }
    struct bw_writer writer = {.data = room + MESSAGE_HEAD, .capacity = size};
    memcpy(room, to->bytes, sizeof to->bytes);
    bw_put_u16(room + sizeof to->bytes, (uint16_t)size);
    int error = bw_wire_put(&writer, schema, message);
    if (error == 0 && signature != NULL)
        error = bw_wire_put(&writer, &bw_message_schema_signature, &seal);
    BW_ASSERT(error == 0 && size <= BW_ELECTION_MESSAGE_MAX);
    e->messages.used += MESSAGE_HEAD + size;
}

void bw_send(struct bw_election *e, const struct bw_id *to, enum bw_election_frame type, const void *message) {
    bw_send_signed(e, to, type, message, NULL);
}

bool bw_election_transmit(struct bw_election *e, struct bw_election_message *message, struct bw_time now) {
    struct bw_queue *queue = &e->messages;
    (void)now;
    if (queue->head == queue->used)
        return false;
    const uint8_t *data = queue->data + queue->head;
    memcpy(message->to.bytes, data, sizeof message->to.bytes);
    message->data.size = bw_get_u16(data + sizeof message->to.bytes);
    message->data.data = data + MESSAGE_HEAD;
    queue->head += MESSAGE_HEAD + message->data.size;
    return true;
}

static void begin(const struct bw_election *e, const struct bw_scope *scope, enum bw_event_type type,
                  struct bw_event *event) {
    memset(event, 0, sizeof *event);
    event->type = type;
    event->time = e->now;
    memcpy(event->scope, scope->name, scope->name_size);
}

/* Room was reserved for what one call can say. A host that does not drain gets more room while there is memory, and then
 * loses events: its contract is broken, ours is not to crash for it. */
static struct bw_event *event_room(struct bw_election *e, struct bw_scope *scope, enum bw_event_type type) {
    size_t limit = (e->scope_count + 1) * 64 * EVENTS_PER_SCOPE * sizeof(struct bw_event);
    void *room = queue_room(&e->allocator, &e->events, sizeof(struct bw_event), limit);
    if (room == NULL) {
        e->overflowed++;
        bw_trace_rule(e->trace, BW_RULE_BOUND_EVERYTHING, &e->self, type);
        return NULL;
    }
    struct bw_event *event = room;
    begin(e, scope, type, event);
    e->events.used += sizeof *event;
    return event;
}

void bw_emit(struct bw_election *e, struct bw_scope *scope, enum bw_event_type type, const struct bw_token *token,
             enum bw_loss reason) {
    struct bw_event *event = event_room(e, scope, type);
    if (event == NULL && type == BW_EVENT_SELF_DEPOSED) { /* who acts for us must stop: told when all else is */
        scope->untold = *token;
        scope->untold_reason = reason;
        e->untold = true;
    }
    if (event == NULL)
        return;
    event->id = token->id;
    event->token = *token;
    event->reason = reason;
}

void bw_emit_healed(struct bw_election *e, struct bw_scope *scope, const struct bw_token *winner,
                    const struct bw_token *loser, int64_t overlap_ms) {
    struct bw_event *event = event_room(e, scope, BW_EVENT_SPLIT_BRAIN_HEALED);
    if (event == NULL)
        return;
    event->id = winner->id;
    event->token = *winner;
    event->other = *loser;
    event->overlap_ms = overlap_ms;
}

void bw_emit_freeze(struct bw_election *e, struct bw_scope *scope, int64_t left_ms) {
    enum bw_event_type type = scope->freeze.frozen ? BW_EVENT_SCOPE_FROZEN : BW_EVENT_SCOPE_THAWED;
    struct bw_event *event = event_room(e, scope, type);
    if (event == NULL)
        return;
    event->id = scope->freeze.over ? (struct bw_id){{0}} : scope->freeze.by;
    event->left_ms = left_ms;
}

/* Where who sent it is remembered, or could be; NULL while it was told lately, or so many others were. */
static struct bw_refused *refused_slot(struct bw_election *e, const struct bw_id *from) {
    struct bw_refused *free = NULL;
    for (size_t i = 0; i < BW_COUNT(e->refused_from); i++) {
        struct bw_refused *slot = &e->refused_from[i];
        bool over = e->now.mono_us >= slot->again_us;
        if (bw_id_equal(&slot->from, from))
            return over ? slot : NULL;
        if (over && (free == NULL || slot->again_us < free->again_us))
            free = slot;
    }
    return free;
}

/* Of many from one member one is told in a while, with the number of all. */
void bw_emit_term_refused(struct bw_election *e, struct bw_scope *scope, const struct bw_token *token,
                          const struct bw_id *from) {
    e->refused_terms++;
    struct bw_refused *slot = refused_slot(e, from);
    if (slot == NULL)
        return;
    struct bw_event *event = event_room(e, scope, BW_EVENT_TERM_REFUSED);
    if (event == NULL)
        return;
    event->id = *from;
    event->token = *token;
    event->dropped = e->refused_terms;
    e->refused_terms = 0;
    *slot = (struct bw_refused){.from = *from, .again_us = e->now.mono_us + REFUSED_AGAIN_US};
}

/* The end of a reign for which there was no room. */
static bool untold_event(struct bw_election *e, struct bw_event *event) {
    for (size_t i = 0; i < e->scope_count && e->untold; i++) {
        struct bw_scope *scope = e->scopes[i];
        if (scope->untold.term == 0)
            continue;
        begin(e, scope, BW_EVENT_SELF_DEPOSED, event);
        event->id = scope->untold.id;
        event->token = scope->untold;
        event->reason = scope->untold_reason;
        scope->untold.term = 0;
        return true;
    }
    e->untold = false;
    return false;
}

bool bw_election_event(struct bw_election *e, struct bw_event *event) {
    struct bw_queue *queue = &e->events;
    if (queue->head == queue->used)
        return untold_event(e, event);
    memcpy(event, queue->data + queue->head, sizeof *event);
    queue->head += sizeof *event;
    return true;
}

void bw_publish_record(struct bw_election *e, struct bw_scope *scope) {
    bw_list_remove(&scope->dirty);
    bw_list_append(&e->dirty, &scope->dirty);
}

void bw_publish_freeze(struct bw_election *e, struct bw_scope *scope) {
    bw_list_remove(&scope->freeze_dirty);
    bw_list_append(&e->freeze_dirty, &scope->freeze_dirty);
}

static bool publish_freeze(struct bw_election *e, struct bw_election_claim *claim) {
    if (bw_list_empty(&e->freeze_dirty))
        return false;
    struct bw_scope *scope = bw_container(e->freeze_dirty.next, struct bw_scope, freeze_dirty);
    bw_list_remove(&scope->freeze_dirty);
    claim->scope = bw_scope_name(scope);
    claim->body.data = e->claim_body;
    claim->freeze = true;
    bw_freeze_encode(e, &scope->freeze, claim->rank, e->claim_body, &claim->body.size);
    return true;
}

bool bw_election_publish(struct bw_election *e, struct bw_election_claim *claim) {
    claim->freeze = false;
    if (bw_list_empty(&e->dirty))
        return publish_freeze(e, claim);
    struct bw_scope *scope = bw_container(e->dirty.next, struct bw_scope, dirty);
    bw_list_remove(&scope->dirty);
    claim->scope = bw_scope_name(scope);
    claim->body.data = e->claim_body;
    bw_claim_write(e, scope, claim->rank, e->claim_body, &claim->body.size);
    return true;
}

void bw_election_unpublished(struct bw_election *e, struct bw_bytes scope, bool freeze) {
    if (freeze)
        bw_publish_freeze(e, bw_scope_find(e, scope));
    else
        bw_publish_record(e, bw_scope_find(e, scope));
}

void bw_want_probe(struct bw_election *e, struct bw_peer *peer) {
    if (peer == NULL)
        return;
    bw_list_remove(&peer->probe);
    bw_list_append(&e->probes, &peer->probe);
}

bool bw_election_probe(struct bw_election *e, struct bw_id *id) {
    if (bw_list_empty(&e->probes))
        return false;
    struct bw_peer *peer = bw_container(e->probes.next, struct bw_peer, probe);
    bw_list_remove(&peer->probe);
    *id = peer->id;
    return true;
}
