/* The embedder's handle: makes the machines, seals in front of them, and passes the five verbs on. */
#include "gossip/claim.h"
#include "node/internal.h"

#include <string.h>

#define EVENTS_SPARE 1024u                  /* beside two per member: bounds the queue of a host that does not drain */
#define REFUSAL_WINDOW_US (3 * BW_US_PER_S) /* a probe is outstanding no longer than that */

static bool valid_text(const char *text) {
    return text != NULL && bw_text_valid((const uint8_t *)text, strlen(text), BW_NAME_MAX);
}

static bool repeated_scope(const struct bw_config *config, size_t index) {
    for (size_t i = 0; i < index; i++) {
        bool alike = (config->scopes[i].range_count > 0) == (config->scopes[index].range_count > 0);
        if (alike && strcmp(config->scopes[i].name, config->scopes[index].name) == 0) {
            return true;
        }
    }
    return false;
}

static int check_config(const struct bw_config *config) {
    bool sound = valid_text(config->name) && valid_text(config->cluster) && config->addr.family != 0 &&
                 config->addr.port != 0 && config->allocator.resize != NULL && config->entropy != NULL &&
                 config->seed_count <= BW_SEED_MAX && config->tag_count <= BW_TAG_COUNT_MAX;
    for (size_t i = 0; sound && i < config->scope_count; i++) {
        sound = valid_text(config->scopes[i].name) && !repeated_scope(config, i) &&
                bw_voters_valid(&config->scopes[i], config->durable) &&
                bw_scope_check(&config->params, &config->scopes[i], NULL) == 0;
    }
    return sound ? bw_params_check(&config->params, NULL) : BW_ERR_INVALID;
}

static uint64_t draw(const struct bw_config *config) {
    uint64_t number = 0;
    while (number == 0) {
        config->entropy(config->entropy_context, &number, sizeof(number));
    }
    return number;
}

static bool other_seeds(const struct bw_config *config) {
    for (size_t i = 0; i < config->seed_count; i++) {
        if (!bw_addr_equal(&config->seeds[i], &config->addr)) {
            return true;
        }
    }
    return false;
}

static int take_identity(struct bw_node *node, const struct bw_config *config, const struct bw_node_state *state) {
    int error = bw_identity_take(node, config);
    if (error != 0) {
        return error;
    }
    if (node->identity != NULL && !bw_id_none(&state->id) && !bw_id_equal(&state->id, &node->id)) {
        return BW_ERR_CORRUPT; /* it is another member's */
    }
    if (bw_id_none(&state->id)) {
        while (bw_id_none(&node->id)) {
            config->entropy(config->entropy_context, node->id.bytes, sizeof(node->id.bytes));
        }
    } else {
        node->id = state->id;
    }
    node->boot = state->boot + 1;
    node->incarnation_ceiling = state->incarnation_ceiling;
    memcpy(node->peers.addrs, state->peers, sizeof(state->peers));
    node->peers.count = state->peer_count;
    return 0;
}

static int make_channel(struct bw_node *node, const struct bw_config *config, uint64_t session) {
    int error = bw_keyring_create(&node->keyring, config->keys, config->keys_size, NULL);
    if (error != 0) {
        return error;
    }
    struct bw_channel_config channel = {.allocator = config->allocator,
                                        .trace = &node->trace,
                                        .keyring = node->keyring,
                                        .self = node->id,
                                        .session = session,
                                        .label = config->cluster,
                                        .member_max = config->params.member_max,
                                        .exchange = node->identity != NULL ? node->keys.exchange : NULL};
    return bw_channel_create(&node->channel, &channel);
}

static int64_t answer_time(void *context, const struct bw_id *id) {
    const struct bw_node *node = context;
    return bw_gossip_timeout_us(node->gossip, id);
}

static int make_election(struct bw_node *node, const struct bw_config *config, const struct bw_node_state *state) {
    struct bw_election_config election = {.allocator = config->allocator,
                                          .trace = &node->trace,
                                          .params = config->params,
                                          .seed = draw(config),
                                          .self = node->id,
                                          .boot = node->boot,
                                          .forgetful = node->boot > 1 || !config->durable,
                                          .has_seeds = other_seeds(config) || config->discover,
                                          .scopes = config->scopes,
                                          .scope_count = config->scope_count,
                                          .terms = state->terms,
                                          .term_count = state->term_count,
                                          .votes = state->votes,
                                          .vote_count = state->vote_count,
                                          .timeout_us = answer_time,
                                          .timeout_context = node,
                                          .may_lead = node->identity != NULL ? bw_identity_may_lead : NULL,
                                          .may_lead_context = node,
                                          .sign = node->identity != NULL ? bw_identity_sign_claim : NULL,
                                          .signed_by = node->identity != NULL ? bw_identity_claimed : NULL,
                                          .sign_context = node};
    return bw_election_create(&node->election, &election, node->now);
}

static uint64_t first_incarnation(const struct bw_node *node) {
    uint64_t wall = node->now.wall_us > 0 ? (uint64_t)node->now.wall_us : 1;
    return wall > node->incarnation_ceiling ? wall : bw_incarnation_above(node->incarnation_ceiling);
}

static int make_gossip(struct bw_node *node, const struct bw_config *config, uint64_t session) {
    uint8_t tags[BW_TAG_SIZE_MAX];
    size_t tags_size = sizeof(tags);
    int error = bw_gossip_encode_tags(config->tags, config->tag_count, tags, &tags_size);
    if (error != 0) {
        return error;
    }
    const uint8_t *exchange = node->identity != NULL ? bw_exchange_public(node->keys.exchange) : NULL;
    uint8_t candidacies[BW_CANDIDACIES_MAX];
    size_t candidacies_size = bw_election_candidacies(node->election, candidacies);
    struct bw_gossip_config gossip = {.allocator = config->allocator,
                                      .trace = &node->trace,
                                      .params = config->params,
                                      .seed = draw(config),
                                      .self = node->id,
                                      .session = session,
                                      .incarnation = first_incarnation(node),
                                      .name = config->name,
                                      .label = config->cluster,
                                      .addr = config->addr,
                                      .tags = {tags, tags_size},
                                      .candidacies = {candidacies, candidacies_size},
                                      .seeds = config->seeds,
                                      .seed_count = config->seed_count,
                                      .remembered = node->peers.addrs,
                                      .remembered_count = node->peers.count,
                                      .attest = {.identity = node->identity,
                                                 .certificate = {node->certificate, node->certificate_size},
                                                 .authority = node->authority,
                                                 .exchange = exchange,
                                                 .fits = bw_identity_fits}};
    return bw_gossip_create(&node->gossip, &gossip, node->now);
}

static void announce_self(struct bw_node *node) {
    struct bw_member_info self;
    struct bw_event event = {.type = BW_EVENT_MEMBER_ALIVE, .time = node->now, .id = node->id};
    int error = bw_gossip_find(node->gossip, &node->id, &self);
    BW_ASSERT(error == 0);
    event.addr = self.addr;
    event.incarnation = self.incarnation;
    memcpy(event.name, node->name, sizeof(event.name));
    bw_event_queue_push(&node->events, &node->allocator, &event);
}

static int assemble(struct bw_node *node, const struct bw_config *config, const struct bw_node_state *state) {
    int error = take_identity(node, config, state);
    if (error == 0 && node->identity != NULL && !bw_keys_exchange(node)) {
        error = BW_ERR_MEMORY;
    }
    uint64_t session = draw(config);
    node->session = session;
    if (error == 0) {
        error = make_channel(node, config, session);
    }
    if (error == 0) {
        error = make_election(node, config, state);
    }
    if (error == 0) {
        error = make_gossip(node, config, session);
    }
    for (size_t i = 0; error == 0 && i < config->scope_count; i++) {
        error = bw_voters_declare(node, &config->scopes[i]);
    }
    if (error == 0 && config->discover) {
        error = bw_discovery_create(node, draw(config));
    }
    if (error == 0) {
        announce_self(node);
        bw_keys_start(node);
        bw_node_pump(node);
    }
    return error;
}

static int create(struct bw_node **made, const struct bw_config *config, const struct bw_node_state *state,
                  struct bw_time now) {
    struct bw_node *node = bw_alloc(&config->allocator, sizeof(*node));
    if (node == NULL) {
        return BW_ERR_MEMORY;
    }
    node->allocator = config->allocator;
    node->now = now;
    node->entropy = config->entropy;
    node->entropy_context = config->entropy_context;
    memcpy(node->name, config->name, strlen(config->name) + 1);
    memcpy(node->cluster, config->cluster, strlen(config->cluster) + 1);
    node->persistence.durable = config->durable;
    node->persistence.started = !config->durable;
    node->persistence.want_node = config->durable;
    node->persistence.retry_us = INT64_MIN;
    bw_messages_init(node);
    bw_event_queue_init(&node->events, 2 * (size_t)config->params.member_max + EVENTS_SPARE);
    int error = assemble(node, config, state);
    if (error != 0) {
        bw_node_destroy(node);
        return error;
    }
    *made = node;
    return 0;
}

/* The scopes as this library knows them, from an array of structs of the caller's size. */
static int take_scopes(struct bw_config *config, struct bw_scope_config **scopes) {
    size_t stride = config->scope_count > 0 ? config->scopes[0].size : 0;
    if (config->scope_count == 0) {
        return 0;
    }
    if (config->allocator.resize == NULL || stride == 0 || stride % _Alignof(struct bw_scope_config) != 0) {
        return BW_ERR_INVALID;
    }
    *scopes = bw_alloc(&config->allocator, config->scope_count * sizeof(**scopes));
    if (*scopes == NULL) {
        return BW_ERR_MEMORY;
    }
    for (size_t i = 0; i < config->scope_count; i++) {
        (*scopes)[i] = bw_config_scope(config, i);
        if ((*scopes)[i].size != stride) {
            return BW_ERR_INVALID;
        }
    }
    config->scopes = *scopes;
    return 0;
}

int bw_node_create(struct bw_node **node, const struct bw_config *config, struct bw_time now) {
    struct bw_config full;
    bw_config_init(&full, BW_PROFILE_LAN);
    if (config->size == 0) {
        return BW_ERR_INVALID;
    }
    memcpy(&full, config, config->size < sizeof(full) ? config->size : sizeof(full));
    struct bw_scope_config *scopes = NULL;
    int error = take_scopes(&full, &scopes);
    error = error != 0 ? error : check_config(&full);
    struct bw_node_state state = {.boot = 0};
    if (error == 0 && full.state.size > 0) {
        error = bw_node_state_load(&state, &full.allocator, full.state, full.cluster);
    }
    if (error == 0) {
        error = create(node, &full, &state, now);
        bw_node_state_free(&state, &full.allocator);
    }
    bw_free(&full.allocator, scopes, full.scope_count * sizeof(*scopes));
    return error;
}

void bw_node_destroy(struct bw_node *node) {
    if (node == NULL) {
        return;
    }
    bw_gossip_destroy(node->gossip);
    bw_election_destroy(node->election);
    bw_channel_destroy(node->channel);
    bw_keyring_destroy(node->keyring);
    bw_keys_free(node);
    bw_identity_destroy(node->identity);
    bw_messages_free(node);
    bw_voters_free(node);
    bw_event_queue_free(&node->events, &node->allocator);
    bw_history_free(&node->history, &node->allocator);
    bw_discovery_free(node);
    bw_free(&node->allocator, node->persistence.blob, node->persistence.blob_capacity);
    struct bw_allocator allocator = node->allocator;
    bw_free(&allocator, node, sizeof(*node));
}

bool bw_node_is_member(void *context, const struct bw_id *id) {
    const struct bw_node *node = context;
    return bw_gossip_find(node->gossip, id, NULL) == 0;
}

static int open_datagram(struct bw_node *node, struct bw_bytes datagram, const struct bw_addr *from,
                         struct bw_inbound *inbound) {
    int error = bw_channel_open(node->channel, datagram, from, inbound, node->now);
    if (error == BW_ERR_FULL && bw_channel_make_room(node->channel, bw_node_is_member, node)) {
        error = bw_channel_open(node->channel, datagram, from, inbound, node->now);
    }
    if (error != 0) {
        bw_stranger_note(node, from, error);
    }
    if (inbound->set_back) {
        bw_election_set_back(node->election, BW_TWICE_US, node->now);
    }
    return error;
}

static int hear(struct bw_node *node, const struct bw_inbound *inbound) {
    int error = bw_gossip_receive(node->gossip, inbound, node->now);
    if (error != 0) {
        bw_channel_count_drop(node->channel, error);
    }
    return error;
}

/* Of what is dropped gossip looks at some all the same. */
static bool looks_at(const struct bw_inbound *inbound) {
    return inbound->ended || inbound->replayed;
}

int bw_node_take(struct bw_node *node, struct bw_bytes datagram, const struct bw_addr *from) {
    struct bw_inbound inbound;
    int error = open_datagram(node, datagram, from, &inbound);
    if (error != 0) {
        return looks_at(&inbound) ? bw_gossip_receive(node->gossip, &inbound, node->now) : error;
    }
    return hear(node, &inbound);
}

int bw_node_receive(struct bw_node *node, const void *data, size_t size, const struct bw_addr *from,
                    struct bw_time now) {
    bw_node_clamp(node, now);
    struct bw_inbound inbound;
    node->traffic.received++;
    node->traffic.received_size += size;
    int error = open_datagram(node, (struct bw_bytes){data, size}, from, &inbound);
    if (error == 0) {
        error = hear(node, &inbound);
    } else if (looks_at(&inbound)) {
        (void)bw_gossip_receive(node->gossip, &inbound, node->now);
    } else {
        return error;
    }
    bw_node_pump(node);
    return error;
}

int bw_node_refused(struct bw_node *node, const void *quoted, size_t size, const struct bw_addr *to,
                    struct bw_time now) {
    now = bw_node_clamp(node, now);
    struct bw_id id;
    int error = bw_channel_refused(node->channel, (struct bw_bytes){quoted, size}, to, REFUSAL_WINDOW_US, &id, now);
    if (error == 0) {
        bw_gossip_refused(node->gossip, &id, now);
        bw_election_refused(node->election, &id, now);
        bw_node_pump(node);
    }
    return error;
}

void bw_node_tick(struct bw_node *node, struct bw_time now) {
    now = bw_node_clamp(node, now);
    bw_gossip_tick(node->gossip, now);
    bw_node_tell_again(node);
    bw_node_pump(node); /* the election sees what gossip noticed before it lets its own time pass */
    bw_election_tick(node->election, now);
    bw_keys_tick(node);
    bw_node_pump(node);
    bw_discovery_tick(node);
}

int64_t bw_node_deadline(const struct bw_node *node) {
    int64_t gossip = bw_gossip_deadline(node->gossip);
    int64_t election = bw_election_deadline(node->election);
    int64_t peers = bw_peers_deadline(node);
    int64_t deadline = gossip < election ? gossip : election;
    int64_t keys = bw_keys_deadline(node);
    int64_t discovery = bw_discovery_deadline(node);
    deadline = peers < deadline ? peers : deadline;
    deadline = keys < deadline ? keys : deadline;
    deadline = discovery < deadline ? discovery : deadline;
    const struct bw_persistence *p = &node->persistence;
    bool waits = p->want_node && !p->writing && p->retry_us > node->now.mono_us;
    return waits && p->retry_us < deadline ? p->retry_us : deadline;
}

bool bw_node_transmit(struct bw_node *node, struct bw_datagram *datagram, struct bw_time now) {
    now = bw_node_clamp(node, now);
    struct bw_outbound out;
    uint8_t introduction[BW_FRAMES_MAX];
    datagram->size = 0;
    while (datagram->size == 0) {
        if (!node->persistence.started || !(node->identity != NULL ? bw_opening_transmit(node, &out, introduction)
                                                                   : bw_gossip_transmit(node->gossip, &out, now))) {
            return false;
        }
        datagram->to = out.addr;
        datagram->data = node->datagram;
        datagram->size = bw_channel_seal(node->channel, &out, node->datagram, now);
    }
    node->traffic.sent++;
    node->traffic.sent_size += datagram->size;
    return true;
}

bool bw_node_event(struct bw_node *node, struct bw_event *event) {
    return bw_event_queue_pop(&node->events, &node->allocator, event);
}

void bw_node_leave(struct bw_node *node, struct bw_time now) {
    now = bw_node_clamp(node, now);
    if (node->leaving) {
        return;
    }
    bw_peers_look_now(node);
    node->leaving = true;
    node->leave_due = true;
    bw_election_leave(node->election, now);
    bw_node_pump(node);
}

bool bw_node_left(const struct bw_node *node) {
    return node->leaving && !node->leave_due && bw_gossip_left(node->gossip);
}

int bw_node_join(struct bw_node *node, const struct bw_addr *seeds, size_t count, struct bw_time now) {
    now = bw_node_clamp(node, now);
    bw_peers_return(node);
    int error = bw_gossip_join(node->gossip, seeds, count, now);
    bw_node_pump(node); /* the election learns that the view of the former life is worth nothing before it returns */
    if (node->leaving) {
        node->leaving = node->leave_due = false;
        bw_peers_changed(node);
        announce_self(node);
        bw_node_announce_again(node, now);
        bw_election_return(node->election, now);
        bw_node_pump(node);
    }
    return error;
}

struct bw_trace *bw_node_trace(struct bw_node *node) {
    return &node->trace;
}
