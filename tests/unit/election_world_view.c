/* What tests do to the nodes of the little world, ask of it, and say to single ones. */
#include "election/record.h"
#include "tests/lib/tap.h"
#include "tests/unit/election_world.h"

#include <string.h>

/* ------------------------------------------------------------------ what is done to nodes */

static void forget_leading(struct world_node *n) {
    for (size_t i = 0; i < BW_COUNT(n->reigns); i++)
        n->reigns[i].leading = false;
}

/* All vote. */
static void tell_voters(size_t node) {
    struct bw_id ids[WORLD_NODES];
    for (size_t i = 0; i < world.count; i++)
        ids[i] = world.nodes[world.count - 1 - i].id; /* rising */
    bw_election_voters(world.nodes[node].election, SCOPE, ids, world.count, world_time(node));
}

/* Stands for a signature: a hash that only the test's own code makes. */
void world_sign(size_t node, struct bw_bytes said, uint8_t signature[64]) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325) + node; /* FNV-1a */
    for (uint8_t i = 0; i < 8; i++) {
        for (size_t at = 0; at < said.size; at++)
            hash = (hash ^ said.data[at]) * UINT64_C(0x100000001b3);
        bw_put_u64(signature + (size_t)i * 8, hash);
    }
}

static void sign(void *context, struct bw_bytes said, uint8_t *signature) {
    const struct world_node *n = context;
    world_sign((size_t)(n - world.nodes), said, signature);
}

static bool signed_by(void *context, const struct bw_id *from, const struct bw_id *leader, struct bw_bytes said,
                      const uint8_t *signature) {
    uint8_t right[64];
    size_t node = world_of(leader);
    (void)context, (void)from;
    world.looks++;
    world_sign(node, said, right);
    return memcmp(right, signature, sizeof right) == 0;
}

/* docs/IDENTITY.md a second time. */
void world_sign_claim(const char *scope, struct bw_claim *claim, uint8_t signature[64]) {
    uint8_t said[256];
    size_t size = strlen(scope);
    struct bw_writer writer = {.data = said, .capacity = sizeof said, .used = 1 + size + BW_CLAIM_RANK_SIZE};
    const struct bw_message_body body = {.state = (uint8_t)claim->state,
                                         .mode = claim->mode == BW_MODE_QUORUM,
                                         .reason = claim->reason,
                                         .lease_ms = claim->lease_ms,
                                         .boot = claim->boot,
                                         .successor = claim->successor};
    said[0] = (uint8_t)size;
    memcpy(said + 1, scope, size);
    bw_claim_rank(claim, said + 1 + size);
    CU_ASSERT_EQUAL(bw_wire_put_body(&writer, &bw_message_schema_body, &body), 0);
    world_sign(world_of(&claim->token.id), (struct bw_bytes){said, writer.used}, signature);
    claim->signature = signature;
}

void world_start(size_t node) {
    struct world_node *n = &world.nodes[node];
    struct bw_scope_config scopes[4];
    size_t count = 0;
    n->boot++;
    for (; !n->observer && count < 4 && n->scopes[count] != NULL; count++)
        scopes[count] = (struct bw_scope_config){.name = n->scopes[count],
                                                 .failover = n->failover,
                                                 .mode = n->mode,
                                                 .spread = n->spread,
                                                 .stop_ms = n->stop_ms,
                                                 .priority = n->priority,
                                                 .min_ack = n->min_ack,
                                                 .min_confirm = n->min_confirm,
                                                 .min_view = n->min_view,
                                                 .preempt_ms = n->preempt_ms};
    const struct bw_election_config config = {
        .allocator = world.allocator,
        .trace = &world.trace,
        .params = world.params,
        .seed = node + 1,
        .self = n->id,
        .boot = n->boot,
        .forgetful = n->boot > 1,
        .has_seeds = n->has_seeds,
        .scopes = scopes,
        .scope_count = count,
        .terms = n->disk,
        .term_count = n->disk_count,
        .sign = world.signing ? sign : NULL,
        .signed_by = world.signing ? signed_by : NULL,
        .sign_context = n,
    };
    bw_election_destroy(n->election);
    n->election = NULL;
    memset(n->told, 0, sizeof n->told);
    memset(n->heard_us, 0, sizeof n->heard_us);
    memset(n->unreached_us, 0, sizeof n->unreached_us);
    for (size_t i = 0; i < world.count; i++) {
        world.nodes[i].heard_us[node] = 0; /* a new session */
        if (world.nodes[i].told[node] && world.nodes[i].status[node] == BW_STATUS_LEFT)
            world.nodes[i].told[node] = false;
    }
    n->record_count = 0;
    n->view = (struct bw_election_view){.alone = true};
    forget_leading(n);
    n->left = n->paused = false;
    n->started_us = world.now_us;
    int error = bw_election_create(&n->election, &config, world_time(node));
    CU_ASSERT_EQUAL_FATAL(error, 0);
    n->up = true;
    if (n->mode == BW_MODE_QUORUM)
        tell_voters(node);
    bw_election_view(n->election, &n->view, world_time(node));
    world_pump(node);
}

size_t world_lead(size_t count) {
    for (size_t i = 0; i < count; i++)
        world_add(100);
    for (size_t i = 0; i < count; i++)
        world_start(i);
    size_t leader = world_until_led(MS(10000));
    world_run(MS(1000));
    CU_ASSERT_FATAL(leader < count);
    CU_ASSERT(world_all_follow(leader));
    return leader;
}

void world_crash(size_t node, bool refusing) {
    world.nodes[node].up = false;
    world.nodes[node].refusing = refusing;
    forget_leading(&world.nodes[node]);
}

void world_leave(size_t node) {
    struct world_node *n = &world.nodes[node];
    n->left = true;
    bw_election_leave(n->election, world_time(node));
    world_pump(node);
}

/* The others have heard that it is back. */
void world_return(size_t node) {
    struct world_node *n = &world.nodes[node];
    n->left = false;
    n->started_us = world.now_us;
    n->view = (struct bw_election_view){.synchronised = false};
    bw_election_view(n->election, &n->view, world_time(node));
    bw_election_return(n->election, world_time(node));
    world_pump(node);
    for (size_t i = 0; i < world.count; i++)
        world.nodes[i].outdated[node] = true;
}

int world_stepdown(size_t node, const char *scope, uint32_t for_ms) {
    int error = bw_election_stepdown(world.nodes[node].election, scope, for_ms, world_time(node));
    world_pump(node);
    return error;
}

int world_transfer(size_t node, const char *scope, size_t to, const char **why) {
    *why = NULL;
    int error = bw_election_transfer(world.nodes[node].election, scope, &world.nodes[to].id, why, world_time(node));
    world_pump(node);
    return error;
}

int world_claim_above(size_t node, const char *scope, const struct bw_token *token) {
    int error = bw_election_claim_above(world.nodes[node].election, scope, token, world_time(node));
    world_pump(node);
    return error;
}

int world_ready(size_t node, const char *scope, bool ready, uint32_t ttl_ms) {
    int error = bw_election_ready(world.nodes[node].election, scope, ready, ttl_ms, world_time(node));
    world_pump(node);
    return error;
}

int world_freeze(size_t node, const char *scope, uint32_t for_ms) {
    int error = bw_election_freeze(world.nodes[node].election, scope, for_ms, world_time(node));
    world_pump(node);
    return error;
}

int world_thaw(size_t node, const char *scope) {
    int error = bw_election_thaw(world.nodes[node].election, scope, world_time(node));
    world_pump(node);
    return error;
}

int world_priority(size_t node, const char *scope, uint16_t priority) {
    int error = bw_election_priority(world.nodes[node].election, scope, priority, world_time(node));
    world_pump(node);
    return error;
}

int world_declare(size_t node, const char *scope, enum bw_failover failover, uint32_t stop_ms) {
    const struct bw_scope_config config = {
        .name = scope, .failover = failover, .priority = 100, .min_ack = 1, .min_confirm = 1, .stop_ms = stop_ms};
    int error = bw_election_scope_add(world.nodes[node].election, &config, world_time(node));
    world_pump(node);
    return error;
}

int world_withdraw(size_t node, const char *scope) {
    int error = bw_election_scope_remove(world.nodes[node].election, scope, world_time(node));
    world_pump(node);
    return error;
}

int world_stopped(size_t node, const char *scope) {
    int error = bw_election_stopped(world.nodes[node].election, scope, world_time(node));
    world_pump(node);
    return error;
}

void world_pause(size_t node) {
    world.nodes[node].paused = true;
}

void world_resume(size_t node) {
    world.nodes[node].paused = false;
}

void world_cut(size_t from, size_t to, bool cut) {
    world.cut[from][to] = cut;
}

void world_isolate(size_t node, bool cut) {
    for (size_t i = 0; i < WORLD_NODES; i++)
        world.cut[node][i] = world.cut[i][node] = cut;
}

/* ------------------------------------------------------------------ what is seen */

bool world_acts(size_t node) {
    const struct world_node *n = &world.nodes[node];
    return n->up && bw_election_may_act(n->election, SCOPE, world_time(node));
}

size_t world_leader(void) {
    size_t leader = WORLD_NODES;
    for (size_t i = 0; i < world.count; i++)
        if (world_acts(i)) {
            if (leader != WORLD_NODES)
                return WORLD_NODES;
            leader = i;
        }
    return leader;
}

struct bw_token world_believes(size_t node) {
    struct bw_scope_info info;
    for (size_t i = 0; bw_election_scope(world.nodes[node].election, i, &info, world_time(node)) == 0; i++)
        if (strcmp(info.scope, SCOPE) == 0)
            return info.has_leader ? info.token : (struct bw_token){0};
    return (struct bw_token){0};
}

bool world_all_follow(size_t leader) {
    struct bw_token token = world_believes(leader);
    for (size_t i = 0; i < world.count; i++) {
        struct bw_token other = world.nodes[i].up ? world_believes(i) : token;
        if (bw_token_compare(&other, &token) != 0)
            return false;
    }
    return bw_id_equal(&token.id, &world.nodes[leader].id);
}

size_t world_events(size_t node, enum bw_event_type type) {
    size_t count = 0;
    for (size_t i = 0; i < world.event_count; i++)
        count += world.events[i].node == node && world.events[i].event.type == type;
    return count;
}

const struct world_event *world_last(size_t node, enum bw_event_type type) {
    static const struct world_event none;
    for (size_t i = world.event_count; i > 0; i--)
        if (world.events[i - 1].node == node && world.events[i - 1].event.type == type)
            return &world.events[i - 1];
    return &none;
}

uint64_t world_hits(enum bw_rule rule) {
    return world.trace.counts[rule];
}

/* The record that its sender's word stands for; false: another word. */
static bool record_of_word(size_t from, const struct bw_election_frame_any *frame, char scope[BW_NAME_MAX + 1],
                           struct bw_claim *claim) {
    const struct bw_message_claim *m = &frame->as.claim;
    const struct bw_message_resign *r = &frame->as.resign;
    struct bw_bytes name = frame->type == BW_FRAME_claim ? m->scope : r->scope;
    if (frame->type != BW_FRAME_claim && frame->type != BW_FRAME_resign)
        return false;
    memcpy(scope, name.data, name.size);
    scope[name.size] = 0;
    *claim = (struct bw_claim){.token.id = world.nodes[from].id};
    if (frame->type == BW_FRAME_claim) {
        claim->token.term = m->term;
        claim->sequence = 1;
        claim->lease_ms = m->lease_ms;
        claim->boot = m->boot;
        return true;
    }
    claim->token.term = r->term;
    claim->sequence = r->sequence;
    claim->state = bw_id_none(&r->successor) ? BW_CLAIM_VACANT : BW_CLAIM_RESIGNING;
    claim->reason = r->reason;
    claim->successor = r->successor;
    claim->lease_ms = 1500; /* as all do here */
    claim->boot = world.nodes[from].boot;
    return true;
}

/* An honest member signs what it claims. */
static size_t sign_injected(size_t from, struct bw_bytes message, uint8_t *to) {
    struct bw_reader reader = {.data = message.data, .size = message.size};
    struct bw_writer writer = {.data = to, .capacity = BW_ELECTION_MESSAGE_MAX, .used = message.size};
    struct bw_election_frame_any frame;
    struct bw_claim claim;
    char scope[BW_NAME_MAX + 1];
    uint8_t signature[64];
    const struct bw_message_signature seal = {{signature, sizeof signature}};
    memcpy(to, message.data, message.size);
    if (!world.signing || bw_message_next(&reader, &frame) != 1 || !record_of_word(from, &frame, scope, &claim))
        return message.size;
    world_sign_claim(scope, &claim, signature);
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_signature, &seal), 0);
    return writer.used;
}

int world_inject(size_t from, size_t to, int64_t heard_us, struct bw_bytes message) {
    uint8_t data[BW_ELECTION_MESSAGE_MAX];
    size_t size = sign_injected(from, message, data);
    return world_inject_raw(from, to, heard_us, (struct bw_bytes){data, size});
}

int world_inject_raw(size_t from, size_t to, int64_t heard_us, struct bw_bytes message) {
    int error = bw_election_receive(world.nodes[to].election, &world.nodes[from].id, heard_us, message, world_time(to));
    world_pump(to);
    return error;
}

int world_say(size_t from, size_t to, const struct bw_schema *schema, const void *message) {
    uint8_t data[BW_ELECTION_MESSAGE_MAX];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    int error = bw_wire_put(&writer, schema, message);
    BW_ASSERT(error == 0);
    return world_inject(from, to, world.now_us - 1, (struct bw_bytes){.data = data, .size = writer.used});
}

void world_heard(const struct bw_schema *schema, void *message) {
    struct bw_reader reader = {.data = world.last[schema->type].data, .size = world.last[schema->type].size};
    struct bw_bytes body;
    uint8_t type;
    int more = bw_wire_next(&reader, &type, &body);
    BW_ASSERT(more == 1 && type == schema->type);
    int error = bw_wire_get(schema, body, message);
    BW_ASSERT(error == 0);
}

int world_record(size_t from, size_t to, int64_t heard_us, const char *scope, uint64_t term, size_t leader,
                 uint64_t sequence, uint8_t state) {
    const struct bw_bytes name = {.data = (const uint8_t *)scope, .size = strlen(scope)};
    struct bw_claim claim = {.token = {.term = term, .id = world.nodes[leader].id},
                             .sequence = sequence,
                             .state = (enum bw_claim_state)state,
                             .lease_ms = 1500,
                             .boot = 1};
    uint8_t signature[64];
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    struct bw_bytes bytes = {.data = body};
    if (world.signing)
        world_sign_claim(scope, &claim, signature);
    bw_claim_encode(&claim, rank, body, &bytes.size);
    int error = bw_election_record(world.nodes[to].election, &world.nodes[from].id, heard_us, name, rank, bytes,
                                   world_time(to));
    world_pump(to);
    return error;
}
