/* Joins the two machines: what gossip learns goes to the election, what the election wants goes through gossip. */
#include "node/internal.h"

#include <string.h>

#define PUMP_ROUNDS_MAX 64 /* each round hands on what the last one caused; the chain is a few steps long */
#define RETRY_US (1 * BW_US_PER_S)
#define TWICE_AGAIN_US (30 * BW_US_PER_S)

struct bw_time bw_node_clamp(struct bw_node *node, struct bw_time now) {
    if (now.mono_us < node->now.mono_us) {
        now.mono_us = node->now.mono_us;
    }
    node->now = now;
    return now;
}

static void copy_name(char to[BW_NAME_MAX + 1], const struct bw_gossip *gossip, const struct bw_id *id) {
    struct bw_member_info info;
    if (bw_gossip_find(gossip, id, &info) == 0) {
        memcpy(to, info.name, strlen(info.name) + 1);
    }
}

static enum bw_event_type member_event(const struct bw_gossip_event *change) {
    static const enum bw_event_type types[] = {BW_EVENT_MEMBER_ALIVE, BW_EVENT_MEMBER_SUSPECT, BW_EVENT_MEMBER_DEAD,
                                               BW_EVENT_MEMBER_LEFT};
    return change->first || change->status != change->before ? types[change->status] : BW_EVENT_MEMBER_UPDATE;
}

static void push_member(struct bw_node *node, const struct bw_gossip_event *change, enum bw_event_type type) {
    struct bw_event event = {.type = type, .time = node->now, .id = change->id};
    struct bw_member_info info;
    if (bw_gossip_find(node->gossip, &change->id, &info) != 0) {
        return;
    }
    memcpy(event.name, info.name, strlen(info.name) + 1);
    event.addr = info.addr;
    if (type == BW_EVENT_MEMBER_CONFLICT) {
        event.addr = change->addr;
        event.other.id = change->by;
    } else if (type == BW_EVENT_MEMBER_TWICE) {
        event.addr = change->addr;
        event.own = bw_id_equal(&change->id, &node->id);
    }
    event.incarnation = info.incarnation;
    bool forgotten = type == BW_EVENT_MEMBER_LEFT && !bw_id_none(&change->by);
    if (type == BW_EVENT_MEMBER_SUSPECT || type == BW_EVENT_MEMBER_DEAD || forgotten) {
        copy_name(event.by, node->gossip, &change->by);
        event.own = bw_id_equal(&change->by, &node->id);
    }
    bw_event_queue_push(&node->events, &node->allocator, &event);
}

static void tell_election(struct bw_node *node, const struct bw_id *id, enum bw_status status) {
    struct bw_election_member member = {*id, status, bw_gossip_unstable(node->gossip, id),
                                        bw_gossip_candidacies(node->gossip, id)};
    node->members_due |= !bw_election_member(node->election, &member, node->now);
}

static void on_member(struct bw_node *node, const struct bw_gossip_event *change) {
    node->voters_due = node->voters_count > 0;
    bw_peers_changed(node);
    if (bw_id_equal(&change->id, &node->id)) {
        if (!change->first) { /* bw_node_create has announced us */
            push_member(node, change, member_event(change));
        }
        return;
    }
    push_member(node, change, member_event(change));
    if (node->identity != NULL) {
        bw_opening_member(node, &change->id);
    }
    /* Only who says itself that it left has given up its lease: who was forgotten is as dead as before. */
    bool forgotten = change->status == BW_STATUS_LEFT && (!bw_id_none(&change->by) || change->before == BW_STATUS_DEAD);
    tell_election(node, &change->id, forgotten ? BW_STATUS_DEAD : change->status);
}

/* Gossip tells of changes alone: whom the election does not know it would never believe to lead. */
void bw_node_tell_again(struct bw_node *node) {
    struct bw_member_info info;
    if (!node->members_due) {
        return;
    }
    node->members_due = false;
    for (size_t i = 0; bw_gossip_member(node->gossip, i, &info) == 0; i++) {
        if (!info.self && info.status <= BW_STATUS_SUSPECT) {
            tell_election(node, &info.id, info.status);
        }
    }
}

static void on_incompatible(struct bw_node *node, const struct bw_gossip_event *found) {
    struct bw_event event = {.type = BW_EVENT_MEMBER_INCOMPATIBLE,
                             .time = node->now,
                             .id = found->id,
                             .addr = found->addr,
                             .incarnation = found->incarnation,
                             .protocol_min = found->protocol_min,
                             .protocol_max = found->protocol_max};
    memcpy(event.name, found->name.data, found->name.size);
    bw_event_queue_push(&node->events, &node->allocator, &event);
}

/* Told once in half a minute, of another member and of ourselves. */
static void on_twice(struct bw_node *node, const struct bw_gossip_event *found) {
    bool own = bw_id_equal(&found->id, &node->id);
    if (own) {
        bw_election_twice(node->election, found->ok ? BW_NEVER : BW_TWICE_US, node->now);
    }
    if (found->addr.family == 0 || node->now.mono_us < node->twice_us[own]) {
        return;
    }
    node->twice_us[own] = node->now.mono_us + TWICE_AGAIN_US;
    push_member(node, found, BW_EVENT_MEMBER_TWICE);
}

static void on_record(struct bw_node *node, const struct bw_gossip_event *event) {
    const struct bw_record *record = &event->record;
    int error = 0;
    if (record->kind == BW_RECORD_KIND_CLAIM) {
        error = bw_election_record(node->election, &event->id, event->heard_us, record->key, record->rank, record->body,
                                   node->now);
    } else if (record->kind == BW_RECORD_KIND_FREEZE) {
        error = bw_election_freeze_record(node->election, record->key, record->rank, record->body, node->now);
    } else if (record->kind == BW_RECORD_KIND_KEYS) {
        error = bw_keys_record(node, &event->id, record->rank);
    }
    if (error != 0) {
        bw_channel_count_drop(node->channel, error);
    }
}

static void on_message(struct bw_node *node, const struct bw_gossip_event *event) {
    if (event->channel == BW_CHANNEL_ELECTION) {
        int error = bw_election_receive(node->election, &event->id, event->heard_us, event->message, node->now);
        if (error != 0) {
            bw_channel_count_drop(node->channel, error);
        }
    } else if (event->channel == BW_CHANNEL_KEYS) {
        int error = bw_keys_receive(node, &event->id, event->message);
        if (error != 0) {
            bw_channel_count_drop(node->channel, error);
        }
    } else if (event->channel >= BW_CHANNEL_MIN) {
        bw_messages_push(node, &event->id, event->channel, event->message);
    }
}

static void push_view(struct bw_node *node, enum bw_event_type type) {
    struct bw_event event = {.type = type, .time = node->now};
    bw_event_queue_push(&node->events, &node->allocator, &event);
}

static void on_gossip(struct bw_node *node, const struct bw_gossip_event *event) {
    switch (event->type) {
    case BW_GOSSIP_MEMBER:
        on_member(node, event);
        break;
    case BW_GOSSIP_CREDENTIAL:
        bw_opening_learn(node, event);
        break;
    case BW_GOSSIP_SEALED:
        bw_opening_enclosed(node, event);
        break;
    case BW_GOSSIP_REAPED:
        bw_channel_forget(node->channel, &event->id);
        bw_keys_reaped(node, &event->id);
        bw_election_reaped(node->election, &event->id, node->now);
        break;
    case BW_GOSSIP_CONFLICT:
        push_member(node, event, BW_EVENT_MEMBER_CONFLICT);
        break;
    case BW_GOSSIP_TWICE:
        on_twice(node, event);
        break;
    case BW_GOSSIP_INCOMPATIBLE:
        on_incompatible(node, event);
        break;
    case BW_GOSSIP_RECORD:
        on_record(node, event);
        break;
    case BW_GOSSIP_MESSAGE:
        on_message(node, event);
        break;
    case BW_GOSSIP_ANSWERED:
        bw_election_answered(node->election, &event->id, event->ok, node->now);
        break;
    case BW_GOSSIP_CONVERGED:
        push_view(node, BW_EVENT_CONVERGED);
        break;
    case BW_GOSSIP_DIVERGED:
        push_view(node, BW_EVENT_DIVERGED);
        break;
    case BW_GOSSIP_USER_EVENT:
    case BW_GOSSIP_QUERY:
    case BW_GOSSIP_QUERY_ACK:
    case BW_GOSSIP_QUERY_RESPONSE:
    case BW_GOSSIP_QUERY_END:
        bw_node_on_user(node, event);
        break;
    }
}

static bool gossip_to_election(struct bw_node *node) {
    bool moved = false;
    struct bw_gossip_event event;
    while (bw_gossip_event(node->gossip, &event)) {
        on_gossip(node, &event);
        moved = true;
    }
    struct bw_election_view view = {bw_gossip_synchronised(node->gossip), bw_gossip_converged(node->gossip),
                                    bw_gossip_alone(node->gossip), bw_gossip_unstable(node->gossip, &node->id)};
    if (view.synchronised != node->view.synchronised || view.agreed != node->view.agreed ||
        view.alone != node->view.alone || view.unstable != node->view.unstable) {
        node->view = view;
        bw_election_view(node->election, &view, node->now);
        moved = true;
    }
    return moved;
}

/* What gossip has no memory for waits for a later call: nobody else would publish it, and views would differ for ever. */
static bool publish_claims(struct bw_node *node) {
    bool moved = false;
    struct bw_election_claim claim;
    while (bw_election_publish(node->election, &claim)) {
        struct bw_record record = {
            .kind = claim.freeze ? BW_RECORD_KIND_FREEZE : BW_RECORD_KIND_CLAIM,
            .key = claim.scope,
            .body = claim.body,
            .urgent = true,
        };
        memcpy(record.rank, claim.rank, sizeof(record.rank));
        if (bw_gossip_put(node->gossip, &record, node->now) != 0) {
            bw_election_unpublished(node->election, claim.scope, claim.freeze);
            break;
        }
        moved = true;
    }
    return moved;
}

static bool send_messages(struct bw_node *node) {
    bool moved = false;
    struct bw_election_message message;
    while (bw_election_transmit(node->election, &message, node->now)) {
        (void)bw_gossip_send(node->gossip, &message.to, BW_CHANNEL_ELECTION, message.data, node->now);
        moved = true;
    }
    struct bw_id id;
    while (bw_election_probe(node->election, &id)) {
        (void)bw_gossip_probe(node->gossip, &id, node->now);
        moved = true;
    }
    return moved;
}

static void push_election_events(struct bw_node *node) {
    struct bw_event event;
    while (bw_election_event(node->election, &event)) {
        copy_name(event.name, node->gossip, &event.token.id);
        if (event.type == BW_EVENT_SCOPE_FROZEN || event.type == BW_EVENT_SCOPE_THAWED) {
            copy_name(event.by, node->gossip, &event.id);
            event.own = bw_id_equal(&event.id, &node->id);
        } else if (event.type == BW_EVENT_TERM_REFUSED) {
            memcpy(event.by, event.name, sizeof(event.by));
            event.name[0] = '\0';
            copy_name(event.name, node->gossip, &event.id);
        }
        bw_history_note(&node->history, &node->allocator, &event);
        bw_event_queue_push(&node->events, &node->allocator, &event);
    }
}

static bool ask_durability(struct bw_node *node) {
    struct bw_persistence *p = &node->persistence;
    if (bw_gossip_incarnation(node->gossip) > node->incarnation_ceiling) {
        p->want_node = p->durable;
    }
    if (!bw_election_persist(node->election)) {
        return false;
    }
    if (!p->durable) {
        bw_election_persisted(node->election, true, node->now);
        return true;
    }
    p->want_election = true;
    return false;
}

/* Without memory they are taken at a later call. */
static void pass_candidacies(struct bw_node *node) {
    uint8_t data[BW_CANDIDACIES_MAX];
    node->candidacies_due = bw_election_candidacies_changed(node->election) || node->candidacies_due;
    if (node->candidacies_due) {
        struct bw_bytes candidacies = {data, bw_election_candidacies(node->election, data)};
        node->candidacies_error = bw_gossip_set_candidacies(node->gossip, candidacies, node->now);
        node->candidacies_due = node->candidacies_error != 0;
    }
}

static void exchange(struct bw_node *node) {
    bool moved = true;
    for (int round = 0; moved && round < PUMP_ROUNDS_MAX; round++) {
        moved = gossip_to_election(node);
        moved |= bw_voters_resolve(node);
        moved |= publish_claims(node);
        moved |= bw_keys_publish(node);
        moved |= send_messages(node);
        pass_candidacies(node);
        push_election_events(node);
        moved |= ask_durability(node);
    }
}

void bw_node_pump(struct bw_node *node) {
    exchange(node);
    if (node->leave_due && !bw_election_stopping(node->election)) {
        node->leave_due = false; /* the resignation goes out ahead of the news that we left */
        bw_gossip_leave(node->gossip, node->now);
        exchange(node);
    }
    bw_peers_look(node);
    bw_bounds_tell(node);
}

bool bw_node_persist(struct bw_node *node, struct bw_bytes *state) {
    struct bw_persistence *p = &node->persistence;
    bool due = p->want_election || (p->want_node && node->now.mono_us >= p->retry_us);
    if (p->writing || !due) {
        return false;
    }
    if (bw_node_state_store(node, state) != 0) {
        bw_node_persisted(node, false, node->now);
        return false;
    }
    p->writing = true;
    p->writing_election = p->want_election;
    p->want_node = false;
    p->want_election = false;
    return true;
}

void bw_node_persisted(struct bw_node *node, bool ok, struct bw_time now) {
    struct bw_persistence *p = &node->persistence;
    now = bw_node_clamp(node, now);
    bool election = p->writing ? p->writing_election : p->want_election;
    if (!p->writing) { /* no memory even to write: what was wanted has failed */
        p->want_election = false;
    }
    p->writing = false;
    p->writing_election = false;
    if (ok) {
        p->started = true;
    } else {
        p->want_node = true;
        p->retry_us = now.mono_us + RETRY_US;
    }
    if (election) {
        bw_election_persisted(node->election, ok, now);
    }
    bw_node_pump(node);
}
