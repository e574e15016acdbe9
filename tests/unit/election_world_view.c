/* What tests ask of the little world, and say to single nodes. */
#include "election/record.h"
#include "tests/unit/election_world.h"

#include <string.h>

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

int world_inject(size_t from, size_t to, int64_t heard_us, struct bw_bytes message) {
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
    const struct bw_claim claim = {.token = {.term = term, .id = world.nodes[leader].id},
                                   .sequence = sequence,
                                   .state = (enum bw_claim_state)state,
                                   .lease_ms = 1500,
                                   .boot = 1};
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    struct bw_bytes bytes = {.data = body};
    bw_claim_encode(&claim, rank, body, &bytes.size);
    int error = bw_election_record(world.nodes[to].election, &world.nodes[from].id, heard_us, name, rank, bytes,
                                   world_time(to));
    world_pump(to);
    return error;
}
