/* The store of recent user events or queries, and how they spread: as membership does (SWIM 4.1), with a queue of their own. They
 * fill what membership leaves of a datagram, and travel in extra ones of their own: so a storm of either kind leaves the other what
 * it needs (scenario 24). */
#include "gossip/rumour.h"

#include <string.h>

#include "gossip/machine.h"

#define LEAP_MAX (UINT64_C(1) << 32) /* an ltime further ahead is made up */
#define SMALLEST 47u                 /* bytes; a fuller datagram is not looked at */
#define MISFIT_MAX 8u
#define BURST 4u         /* datagrams to each member at a tick */
#define FIRST_HOP_PART 4 /* of the gossip interval */

void bw_rumours_init(struct bw_rumours *rumours, struct bw_allocator allocator) {
    *rumours = (struct bw_rumours){.allocator = allocator};
    bw_list_init(&rumours->queue);
}

static size_t size_of(const struct bw_rumour *rumour) {
    size_t size = 0;
    for (size_t i = 0; i < BW_COUNT(rumour->sizes); i++) {
        size += rumour->sizes[i];
    }
    return size;
}

static void free_one(struct bw_rumours *rumours, struct bw_rumour *rumour) {
    rumours->bytes -= size_of(rumour);
    bw_rumours_unqueue(rumour);
    bw_free(&rumours->allocator, rumour, sizeof(*rumour) + size_of(rumour));
}

void bw_rumours_free(struct bw_rumours *rumours) {
    for (size_t i = 0; i < rumours->count; i++) {
        free_one(rumours, rumours->recent[i]);
    }
    bw_free(&rumours->allocator, rumours->recent, rumours->capacity * sizeof(struct bw_rumour *));
    bw_rumours_init(rumours, rumours->allocator);
}

static int compare(uint64_t ltime, uint64_t number, uint64_t other_ltime, uint64_t other_number) {
    if (ltime != other_ltime) {
        return ltime < other_ltime ? -1 : 1;
    }
    return number < other_number ? -1 : number > other_number;
}

/* How many come before it. */
static size_t place_of(const struct bw_rumours *rumours, uint64_t ltime, uint64_t number) {
    size_t low = 0;
    size_t high = rumours->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct bw_rumour *at = rumours->recent[middle];
        if (compare(at->ltime, at->number, ltime, number) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct bw_rumour *create(const struct bw_rumours *rumours, const struct bw_rumour_source *source) {
    size_t size = 0;
    for (size_t i = 0; i < BW_COUNT(source->parts); i++) {
        size += source->parts[i].size;
    }
    struct bw_rumour *rumour = bw_alloc(&rumours->allocator, sizeof(*rumour) + size);
    if (!rumour) {
        return NULL;
    }
    *rumour = (struct bw_rumour){.ltime = source->ltime,
                                 .number = source->number,
                                 .origin = source->origin,
                                 .began_us = source->began_us,
                                 .until_us = source->until_us};
    bw_list_init(&rumour->link);
    uint8_t *to = rumour->bytes;
    for (size_t i = 0; i < BW_COUNT(source->parts); i++) {
        rumour->sizes[i] = (uint16_t)source->parts[i].size;
        if (source->parts[i].size > 0) {
            memcpy(to, source->parts[i].data, source->parts[i].size);
        }
        to += source->parts[i].size;
    }
    return rumour;
}

static bool make_room(struct bw_rumours *rumours) {
    if (rumours->count < rumours->capacity) {
        return true;
    }
    size_t capacity = rumours->capacity > 0 ? 2 * rumours->capacity : 8;
    size_t old_size = rumours->capacity * sizeof(struct bw_rumour *);
    struct bw_rumour **recent =
        bw_resize(&rumours->allocator, rumours->recent, old_size, capacity * sizeof(struct bw_rumour *));
    if (!recent) {
        return false;
    }
    rumours->recent = recent;
    rumours->capacity = capacity;
    return true;
}

static void drop_oldest(struct bw_rumours *rumours) {
    struct bw_rumour *oldest = rumours->recent[0];
    rumours->floor_ltime = oldest->ltime;
    rumours->floor_number = oldest->number;
    rumours->digest -= oldest->digest;
    free_one(rumours, oldest);
    rumours->count--;
    memmove(rumours->recent, rumours->recent + 1, rumours->count * sizeof(struct bw_rumour *));
}

static bool is_full(const struct bw_rumours *rumours, size_t more) {
    return rumours->count >= BW_RUMOUR_MAX || rumours->bytes + more > BW_RUMOUR_BYTES_MAX;
}

int bw_rumours_add(struct bw_rumours *rumours, const struct bw_rumour_source *source, int64_t now_us,
                   struct bw_rumour **added) {
    static const struct bw_digest_key plain = {{0, 0}};
    size_t at = place_of(rumours, source->ltime, source->number);
    if (at < rumours->count && rumours->recent[at]->ltime == source->ltime &&
        rumours->recent[at]->number == source->number) {
        return BW_ERR_BUSY;
    }
    if (compare(source->ltime, source->number, rumours->floor_ltime, rumours->floor_number) <= 0) {
        return BW_ERR_FULL;
    }
    struct bw_rumour *rumour = create(rumours, source);
    if (!rumour || !make_room(rumours)) {
        bw_free(&rumours->allocator, rumour, rumour ? sizeof(*rumour) + size_of(rumour) : 0);
        return BW_ERR_MEMORY;
    }
    while (is_full(rumours, size_of(rumour)) && at > 0) {
        drop_oldest(rumours);
        at--;
    }
    if (is_full(rumours, size_of(rumour))) { /* it is the oldest itself */
        rumours->floor_ltime = source->ltime;
        rumours->floor_number = source->number;
        bw_free(&rumours->allocator, rumour, sizeof(*rumour) + size_of(rumour));
        return BW_ERR_FULL;
    }
    uint8_t key[16];
    bw_put_u64(key, rumour->ltime);
    bw_put_u64(key + 8, rumour->number);
    rumour->digest = bw_digest_hash(&plain, key, sizeof(key));
    memmove(rumours->recent + at + 1, rumours->recent + at, (rumours->count - at) * sizeof(struct bw_rumour *));
    rumours->recent[at] = rumour;
    rumours->count++;
    rumours->bytes += size_of(rumour);
    rumours->digest += rumour->digest;
    rumours->changed_us = now_us;
    *added = rumour;
    return 0;
}

bool bw_rumours_witness(struct bw_rumours *rumours, uint64_t ltime) {
    if (ltime > rumours->clock && ltime - rumours->clock > LEAP_MAX) {
        return false;
    }
    rumours->clock = ltime > rumours->clock ? ltime : rumours->clock;
    return true;
}

struct bw_rumour *bw_rumours_find(const struct bw_rumours *rumours, uint64_t number) {
    for (size_t i = rumours->count; i-- > 0;) {
        if (rumours->recent[i]->number == number) {
            return rumours->recent[i];
        }
    }
    return NULL;
}

struct bw_bytes bw_rumour_part(const struct bw_rumour *rumour, enum bw_rumour_part part) {
    size_t at = 0;
    for (size_t i = 0; i < (size_t)part; i++) {
        at += rumour->sizes[i];
    }
    return (struct bw_bytes){rumour->bytes + at, rumour->sizes[part]};
}

void bw_rumours_queue(struct bw_rumours *rumours, struct bw_rumour *rumour) {
    struct bw_list *at = rumours->queue.prev;
    while (at != &rumours->queue && bw_container(at, struct bw_rumour, link)->sent > rumour->sent) {
        at = at->prev;
    }
    bw_list_append(at->next, &rumour->link);
    rumour->queued = true;
}

void bw_rumours_unqueue(struct bw_rumour *rumour) {
    bw_list_remove(&rumour->link);
    rumour->queued = false;
}

/* ------------------------------------------------------------------ spreading */

static bool anything(const struct bw_gossip *g) {
    return !bw_list_empty(&g->events_of_users.queue) || !bw_list_empty(&g->queries.queue);
}

static void wake(struct bw_gossip *g, int64_t pause_us) {
    int64_t at_us = g->rumoured_us + pause_us;
    at_us = at_us > g->now.mono_us ? at_us : g->now.mono_us;
    if (anything(g) && g->living > 1 && at_us < bw_timer_at(&g->patience, &g->rumour)) {
        bw_gossip_arm(g, &g->rumour, BW_TIMER_RUMOUR, at_us);
    }
}

void bw_rumour_relay(struct bw_gossip *g, struct bw_rumours *rumours, struct bw_rumour *rumour) {
    if (g->living > 1) {
        bw_rumours_queue(rumours, rumour);
        wake(g, g->params.gossip_interval_ms * BW_US_PER_MS / FIRST_HOP_PART);
    }
}

static int write_one(const struct bw_gossip *g, const struct bw_rumours *from, const struct bw_rumour *rumour,
                     struct bw_writer *writer) {
    return from == &g->queries ? bw_query_write(g, rumour, writer) : bw_user_event_write(g, rumour, writer);
}

/* The first that fits goes to the list of sent ones. */
static bool send_next(struct bw_gossip *g, struct bw_rumours *from, struct bw_writer *writer, struct bw_list *sent) {
    size_t misfits = 0;
    struct bw_list *next = NULL;
    for (struct bw_list *at = from->queue.next; at != &from->queue && misfits < MISFIT_MAX; at = next) {
        next = at->next;
        struct bw_rumour *rumour = bw_container(at, struct bw_rumour, link);
        if (from == &g->queries && rumour->until_us <= g->now.mono_us) {
            bw_rumours_unqueue(rumour); /* nobody's answer would come in time */
        } else if (write_one(g, from, rumour, writer) == 0) {
            bw_list_remove(at);
            bw_list_append(sent, at);
            return true;
        } else {
            misfits++;
        }
    }
    return false;
}

/* What only rides along may go to one and the same member each time: a rumour stays until it has had datagrams of its own, which go to
 * different members. */
static void count_sent(struct bw_gossip *g, struct bw_rumours *from, struct bw_list *sent, bool own) {
    uint32_t fanout = g->params.gossip_fanout;
    size_t others = g->living > fanout ? fanout : g->living > 0 ? g->living - 1 : 0;
    uint32_t limit = bw_transmit_limit(&g->params, g->living);
    while (!bw_list_empty(sent)) {
        struct bw_rumour *rumour = bw_container(sent->next, struct bw_rumour, link);
        bw_rumours_unqueue(rumour);
        if (rumour->sent < UINT8_MAX) {
            rumour->sent++;
        }
        if (own && rumour->own < UINT8_MAX) {
            rumour->own++;
        }
        if (rumour->sent < limit || rumour->own < others) {
            bw_rumours_queue(from, rumour);
        }
    }
}

/* What a member has been sent goes back to the queues only when all that goes to it now is written. */
struct sending {
    struct bw_rumours *kinds[2];
    struct bw_list sent[2];
};

static void begin(struct bw_gossip *g, struct sending *sending) {
    sending->kinds[0] = &g->events_of_users;
    sending->kinds[1] = &g->queries;
    bw_list_init(&sending->sent[0]);
    bw_list_init(&sending->sent[1]);
}

static void end(struct bw_gossip *g, struct sending *sending, bool own) {
    count_sent(g, sending->kinds[0], &sending->sent[0], own);
    count_sent(g, sending->kinds[1], &sending->sent[1], own);
}

/* Events and queries by turns: neither waits for the other's storm. */
static void fill(struct bw_gossip *g, struct bw_writer *writer, struct sending *sending) {
    for (size_t failed = 0; failed < 2 && writer->capacity - writer->used >= SMALLEST;) {
        size_t kind = g->queries_next;
        failed = send_next(g, sending->kinds[kind], writer, &sending->sent[kind]) ? 0 : failed + 1;
        g->queries_next = !g->queries_next;
    }
}

void bw_rumour_piggyback(struct bw_gossip *g, struct bw_writer *writer) {
    struct sending sending;
    if (anything(g)) {
        begin(g, &sending);
        fill(g, writer, &sending);
        end(g, &sending, false);
    }
}

static void send_burst(struct bw_gossip *g, const struct bw_dest *to) {
    uint8_t frames[BW_FRAMES_MAX];
    struct sending sending;
    begin(g, &sending);
    for (size_t i = 0; i < BURST; i++) {
        struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
        fill(g, &writer, &sending);
        if (writer.used == 0 || bw_outbox_put_rumours(g, to, frames, writer.used) != 0) {
            break;
        }
    }
    end(g, &sending, true);
}

void bw_rumour_tick(struct bw_gossip *g) {
    struct bw_member *picked[16];
    if (!anything(g) || g->leave.leaving) {
        return;
    }
    g->rumoured_us = g->now.mono_us;
    size_t count = bw_view_pick(g, NULL, picked, g->params.gossip_fanout);
    bw_trace_rule(g->trace, BW_RULE_USERS_HAVE_DATAGRAMS_OF_THEIR_OWN, NULL, count);
    for (size_t i = 0; i < count; i++) {
        struct bw_dest to = bw_view_dest(picked[i]);
        send_burst(g, &to);
    }
    wake(g, g->params.gossip_interval_ms * BW_US_PER_MS);
}
