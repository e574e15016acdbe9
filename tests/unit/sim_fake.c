#include "tests/unit/sim_fake.h"

#include "base/base.h"

#include <bellwether/keys.h>
#include <stdio.h>
#include <string.h>

struct bw_trace *bw_node_trace(struct bw_node *node); /* of node/internal.h, which has the real struct bw_node */

struct fake_host fake_hosts[FAKE_COUNT];

static struct fake_host *host_of(const struct bw_node *node) {
    static struct fake_host others;
    size_t number = (size_t)node->addr.ip[3] - 1u;
    return number < FAKE_COUNT ? &fake_hosts[number] : &others;
}

void fake_reset(void) {
    memset(fake_hosts, 0, sizeof fake_hosts);
}

void fake_say(struct bw_node *node, const struct bw_event *event) {
    BW_ASSERT(node->event_count < FAKE_QUEUE_MAX);
    node->events[node->event_count++] = *event;
}

static const char *scope_of(const struct bw_node *node) {
    return node->scope != NULL ? node->scope : "default";
}

static void say_self(struct bw_node *node, enum bw_event_type type) {
    struct bw_event event = {.type = type, .id = node->id, .token = node->token};
    snprintf(event.scope, sizeof event.scope, "%s", scope_of(node));
    fake_say(node, &event);
}

void fake_lead(struct bw_node *node, uint64_t term, int64_t lease_end_us) {
    node->leads = true;
    node->token.term = term;
    node->token.id = node->id;
    node->lease_end_us = lease_end_us;
    say_self(node, BW_EVENT_SELF_ELECTED);
}

void fake_resign(struct bw_node *node) {
    node->leads = false;
    say_self(node, BW_EVENT_SELF_DEPOSED);
}

void fake_preempted(struct bw_node *node) {
    fake_resign(node);
    node->events[node->event_count - 1].reason = BW_LOSS_PREEMPTED;
}

void fake_write(struct bw_node *node, uint64_t term) {
    bw_put_u64(node->blob, term);
    node->blob_size = 8;
    node->wants_write = true;
}

void fake_vote(struct bw_node *node, uint64_t term, uint64_t candidate, uint64_t voters_term) {
    fake_write(node, term);
    bw_put_u64(node->blob + 8, candidate);
    bw_put_u64(node->blob + 16, voters_term);
    node->blob_size = sizeof node->blob;
}

/* -- the interface of node.h -- */

void bw_config_init_sized(struct bw_config *config, size_t size, enum bw_profile profile) {
    (void)profile;
    memset(config, 0, size);
    config->size = size;
}

void bw_scope_config_init_sized(struct bw_scope_config *scope, size_t size, const char *name) {
    memset(scope, 0, size);
    scope->size = size;
    scope->name = name;
}

int bw_node_create(struct bw_node **node, const struct bw_config *config, struct bw_time now) {
    struct bw_node *made = bw_alloc(&config->allocator, sizeof *made);
    if (made == NULL)
        return BW_ERR_MEMORY;
    made->allocator = config->allocator;
    made->addr = config->addr;
    made->to = config->seed_count > 0 ? config->seeds[0] : config->addr;
    made->size = 100;
    made->period_us = 100 * BW_US_PER_MS;
    made->deadline_us = now.mono_us + made->period_us;
    snprintf(made->name, sizeof made->name, "%s", config->name);
    if (config->state.size >= 8)
        memcpy(made->id.bytes, config->state.data, 8);
    else
        config->entropy(config->entropy_context, made->id.bytes, sizeof made->id.bytes);
    host_of(made)->state_size = config->state.size;
    *node = made;
    return 0;
}

void bw_node_destroy(struct bw_node *node) {
    bw_free(&node->allocator, node, sizeof *node);
}

struct bw_trace *bw_node_trace(struct bw_node *node) {
    return &node->trace;
}

static void hear(struct bw_node *node, const uint8_t *data, size_t size, const struct bw_addr *from, struct bw_time now,
                 bool refusal) {
    struct fake_host *host = host_of(node);
    if (host->heard_count < FAKE_HEARD_MAX)
        host->heard[host->heard_count++] = (struct fake_heard){now, *from, size, data[0], refusal};
}

int bw_node_receive(struct bw_node *node, const void *data, size_t size, const struct bw_addr *from,
                    struct bw_time now) {
    hear(node, data, size, from, now, false);
    return size < 10 ? BW_ERR_DROP_SHORT : 0;
}

int bw_node_refused(struct bw_node *node, const void *quoted, size_t size, const struct bw_addr *to,
                    struct bw_time now) {
    hear(node, quoted, size, to, now, true);
    return 0;
}

void bw_node_tick(struct bw_node *node, struct bw_time now) {
    host_of(node)->last_tick_heard_count = host_of(node)->heard_count;
    if (node->minds_ticks && now.mono_us < node->deadline_us)
        node->ready_count++;
    if (node->stuck || now.mono_us < node->deadline_us)
        return;
    node->ready_count++;
    node->deadline_us = now.mono_us + node->period_us;
}

int64_t bw_node_deadline(const struct bw_node *node) {
    return node->deadline_us;
}

bool bw_node_transmit(struct bw_node *node, struct bw_datagram *datagram, struct bw_time now) {
    (void)now;
    if (node->ready_count == 0 && !node->endless)
        return false;
    node->ready_count -= node->ready_count > 0;
    node->data[0]++;
    *datagram = (struct bw_datagram){node->to, node->data, node->size};
    return true;
}

bool bw_node_event(struct bw_node *node, struct bw_event *event) {
    if (node->event_count == 0)
        return false;
    *event = node->events[0];
    node->event_count--;
    memmove(node->events, node->events + 1, node->event_count * sizeof node->events[0]);
    return true;
}

bool bw_node_persist(struct bw_node *node, struct bw_bytes *state) {
    bool wants = node->wants_write;
    node->wants_write = false;
    *state = (struct bw_bytes){node->blob, node->blob_size};
    return wants;
}

void bw_node_persisted(struct bw_node *node, bool ok, struct bw_time now) {
    (void)now;
    host_of(node)->answer_count++;
    host_of(node)->answer = ok;
}

void bw_node_leave(struct bw_node *node, struct bw_time now) {
    node->deadline_us = BW_NEVER;
    (void)now;
}

bool bw_node_left(const struct bw_node *node) {
    return node->deadline_us == BW_NEVER;
}

int bw_node_join(struct bw_node *node, const struct bw_addr *seeds, size_t count, struct bw_time now) {
    (void)now;
    node->to = seeds[count - 1];
    return 0;
}

/* It knows itself alone. */
int bw_node_stepdown(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now) {
    (void)node;
    (void)scope;
    (void)for_ms;
    (void)now;
    return 0;
}

int bw_node_transfer(struct bw_node *node, const char *scope, const struct bw_id *to, const char **why,
                     struct bw_time now) {
    (void)to;
    (void)why;
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_priority(struct bw_node *node, const char *scope, uint16_t priority, struct bw_time now) {
    return bw_node_stepdown(node, scope, priority, now);
}

int bw_node_ready(struct bw_node *node, const char *scope, bool ready, uint32_t ttl_ms, struct bw_time now) {
    (void)ready;
    return bw_node_stepdown(node, scope, ttl_ms, now);
}

int bw_node_freeze(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now) {
    return bw_node_stepdown(node, scope, for_ms, now);
}

int bw_node_thaw(struct bw_node *node, const char *scope, struct bw_time now) {
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_set_keys(struct bw_node *node, const char *keys, size_t size, struct bw_time now) {
    (void)node;
    (void)keys;
    (void)size;
    (void)now;
    return 0;
}

size_t bw_node_keys_text(const struct bw_node *node, char text[BW_KEYS_TEXT_SIZE]) {
    (void)node;
    text[0] = '\0';
    return 0;
}

void bw_node_keys_stored(struct bw_node *node, bool ok, struct bw_time now) {
    (void)node;
    (void)ok;
    (void)now;
}

void bw_node_keys_ask(struct bw_node *node, uint32_t for_ms, struct bw_time now) {
    (void)node;
    (void)for_ms;
    (void)now;
}

int bw_node_key_add(struct bw_node *node, const char *key, size_t size, struct bw_time now) {
    return bw_node_set_keys(node, key, size, now);
}

int bw_node_key_use(struct bw_node *node, uint64_t id, bool force, struct bw_time now) {
    (void)id;
    (void)force;
    return bw_node_set_keys(node, "", 0, now);
}

int bw_node_key_remove(struct bw_node *node, uint64_t id, bool force, struct bw_time now) {
    return bw_node_key_use(node, id, force, now);
}

int bw_node_member(const struct bw_node *node, size_t index, struct bw_member_info *info) {
    if (index == 1 && node->has_friend) {
        *info = node->friend;
        return 0;
    }
    if (index > 0)
        return BW_ERR_NOT_FOUND;
    *info = (struct bw_member_info){.id = node->id, .name = node->name, .addr = node->addr, .self = true};
    return 0;
}

struct bw_id bw_node_id(const struct bw_node *node) {
    return node->id;
}

uint64_t bw_node_digest(const struct bw_node *node) {
    return node->digest;
}

int bw_node_scope(const struct bw_node *node, size_t index, struct bw_scope_info *info, struct bw_time now) {
    if (index > 0)
        return BW_ERR_NOT_FOUND;
    *info = (struct bw_scope_info){.scope = scope_of(node),
                                   .mode = node->quorum ? BW_MODE_QUORUM : BW_MODE_PRIORITY,
                                   .has_leader = node->leads,
                                   .token = node->token,
                                   .leader = node->name,
                                   .role = node->leads ? BW_ROLE_LEADER : BW_ROLE_FOLLOWER,
                                   .lease_us = node->leads && !node->no_lease ? node->lease_end_us - now.mono_us : -1};
    return 0;
}

int bw_node_scope_find(const struct bw_node *node, const char *scope, struct bw_scope_info *info, struct bw_time now) {
    for (size_t i = 0; bw_node_scope(node, i, info, now) == 0; i++)
        if (strcmp(info->scope, scope) == 0)
            return 0;
    return BW_ERR_NOT_FOUND;
}

bool bw_node_may_act(const struct bw_node *node, const char *scope, struct bw_time now) {
    if (node->leads && strcmp(scope, scope_of(node)) != 0)
        return false;
    return (node->leads && now.mono_us < node->lease_end_us) || node->never_stops;
}
