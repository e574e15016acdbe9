#include "tests/unit/loop_fake_node.h"

#include <bellwether/discover.h>

#include <stdlib.h>
#include <string.h>

struct fake_plan fake_plan;

static void note(struct bw_node *node, char what, struct bw_time now) {
    size_t size = strlen(node->log);
    node->time_went_back = node->time_went_back || now.mono_us < node->last.mono_us;
    node->last = now;
    if (size + 1 < sizeof(node->log)) {
        node->log[size] = what;
    }
}

int bw_node_create(struct bw_node **node, const struct bw_config *config, struct bw_time now) {
    if (fake_plan.create_error != 0) {
        return fake_plan.create_error;
    }
    struct bw_node *made = calloc(1, sizeof(*made));
    if (made == NULL || config->state.size > sizeof(made->state)) {
        abort();
    }
    made->config = *config;
    made->state_size = config->state.size;
    if (made->state_size > 0) {
        memcpy(made->state, config->state.data, made->state_size);
    }
    made->last = now;
    made->deadline_us = BW_NEVER;
    made->want_state = config->durable ? fake_plan.first_state : NULL;
    *node = made;
    return 0;
}

void bw_node_destroy(struct bw_node *node) {
    free(node);
}

void fake_send(struct bw_node *node, const struct bw_addr *to, const char *text) {
    if (node->out_count == 128) {
        return;
    }
    struct fake_datagram *out = &node->out[node->out_count++];
    out->to = *to;
    out->size = strlen(text);
    memcpy(out->data, text, out->size);
}

int bw_node_receive(struct bw_node *node, const void *data, size_t size, const struct bw_addr *from,
                    struct bw_time now) {
    (void)data;
    (void)size;
    (void)from;
    note(node, 'r', now);
    node->received++;
    for (unsigned i = 0; i < node->echo; i++) {
        fake_send(node, &node->echo_to, "again");
    }
    return 0;
}

int bw_node_refused(struct bw_node *node, const void *quoted, size_t size, const struct bw_addr *to,
                    struct bw_time now) {
    note(node, 'x', now);
    node->refused_by = *to;
    node->quoted_size = size < sizeof(node->quoted) ? size : sizeof(node->quoted);
    memcpy(node->quoted, quoted, node->quoted_size);
    return 0;
}

void bw_node_tick(struct bw_node *node, struct bw_time now) {
    note(node, 't', now);
    node->ticks++;
    if (node->early_ticks > 0) {
        node->early_ticks--;
    } else if (now.mono_us >= node->deadline_us) {
        node->deadline_us = node->period_us > 0 ? now.mono_us + node->period_us : BW_NEVER;
    }
}

int64_t bw_node_deadline(const struct bw_node *node) {
    return node->deadline_us;
}

bool bw_node_transmit(struct bw_node *node, struct bw_datagram *datagram, struct bw_time now) {
    (void)now;
    if (node->out_next == node->out_count) {
        node->out_next = 0;
        node->out_count = 0;
        return false;
    }
    const struct fake_datagram *out = &node->out[node->out_next++];
    *datagram = (struct bw_datagram){.to = out->to, .data = out->data, .size = out->size};
    return true;
}

bool bw_node_event(struct bw_node *node, struct bw_event *event) {
    if (node->event_count == 0) {
        return false;
    }
    node->event_count--;
    *event = (struct bw_event){.type = BW_EVENT_CONVERGED};
    return true;
}

bool bw_node_message(struct bw_node *node, struct bw_message *message) {
    (void)node;
    (void)message;
    return false;
}

bool bw_node_persist(struct bw_node *node, struct bw_bytes *state) {
    node->asked_while_writing = node->asked_while_writing || node->writing;
    if (node->want_state == NULL) {
        return false;
    }
    *state = (struct bw_bytes){.data = (const uint8_t *)node->want_state, .size = strlen(node->want_state)};
    node->want_state = NULL;
    node->writing = true;
    node->persist_calls++;
    return true;
}

void bw_node_persisted(struct bw_node *node, bool ok, struct bw_time now) {
    note(node, ok ? 'p' : 'n', now);
    node->writing = false;
}

void bw_node_leave(struct bw_node *node, struct bw_time now) {
    note(node, 'l', now);
    node->left = node->left_at_once;
}

bool bw_node_left(const struct bw_node *node) {
    return node->left;
}

int bw_node_join(struct bw_node *node, const struct bw_addr *seeds, size_t count, struct bw_time now) {
    note(node, 'j', now);
    for (size_t i = 0; i < count; i++) {
        fake_send(node, &seeds[i], "join");
    }
    return count > 1 ? BW_ERR_FULL : 0;
}

/* As node/internal.h has it, where struct bw_node is another one. */
const char *bw_identity_problem(const struct bw_config *config, int64_t wall_us);
const char *bw_identity_problem(const struct bw_config *config, int64_t wall_us) {
    (void)config;
    (void)wall_us;
    return NULL;
}

/* It does not discover. */
bool bw_node_announce(struct bw_node *node, struct bw_time now) {
    (void)node;
    (void)now;
    return false;
}

void bw_node_announce_again(struct bw_node *node, struct bw_time now) {
    (void)node;
    (void)now;
}

void bw_node_beacon(struct bw_node *node, const struct bw_addr *addr, uint8_t beacon[BW_BEACON_SIZE],
                    struct bw_time now) {
    (void)node;
    (void)addr;
    (void)beacon;
    (void)now;
}

int bw_node_hear(struct bw_node *node, const void *data, size_t size, struct bw_beacon *heard, struct bw_time now) {
    (void)node;
    (void)data;
    (void)size;
    (void)heard;
    (void)now;
    return BW_ERR_INVALID;
}

int bw_node_ready(struct bw_node *node, const char *scope, bool ready, uint32_t ttl_ms, struct bw_time now) {
    (void)ready;
    (void)ttl_ms;
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_priority(struct bw_node *node, const char *scope, uint16_t priority, struct bw_time now) {
    (void)priority;
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_freeze(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now) {
    return bw_node_stepdown(node, scope, for_ms, now);
}

int bw_node_thaw(struct bw_node *node, const char *scope, struct bw_time now) {
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_claim_above(struct bw_node *node, const char *scope, const struct bw_token *token, struct bw_time now) {
    (void)token;
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_scope_add(struct bw_node *node, const struct bw_scope_config *config, struct bw_time now) {
    return bw_node_stepdown(node, config->name, 0, now);
}

int bw_node_scope_remove(struct bw_node *node, const char *scope, struct bw_time now) {
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_stopped(struct bw_node *node, const char *scope, struct bw_time now) {
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_change_voters(struct bw_node *node, const char *scope, const struct bw_id *id, bool add, const char **why,
                          struct bw_time now) {
    (void)id;
    (void)add;
    (void)why;
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_transfer(struct bw_node *node, const char *scope, const struct bw_id *to, const char **why,
                     struct bw_time now) {
    (void)to;
    (void)why;
    return bw_node_stepdown(node, scope, 0, now);
}

int bw_node_stepdown(struct bw_node *node, const char *scope, uint32_t for_ms, struct bw_time now) {
    static const struct bw_addr nowhere = {.family = 4, .ip = {127, 0, 0, 1}, .port = 9};
    (void)for_ms;
    note(node, 'd', now);
    fake_send(node, &nowhere, scope);
    return strcmp(scope, "unknown") == 0 ? BW_ERR_NOT_FOUND : 0;
}
