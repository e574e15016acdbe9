#include "tests/fuzz/world.h"

#include "gossip/frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define WALL_US INT64_C(1790000000000000)
#define MEMORY_MAX (3u << 20)           /* of one node with this configuration, bytes */
#define ANSWER_MAX 160u                 /* datagrams, to one */
#define STEPS_MAX 24u                   /* calls of tick at one instant */
#define SETTLED_US (240 * BW_US_PER_S)  /* after which a newcomer is a member, whatever was said before it came */
#define DELIVERED_US (60 * BW_US_PER_S) /* ... and has heard a user event */

struct bw_time world_time(const struct world *world) {
    return (struct bw_time){world->now_us, WALL_US + world->now_us};
}

static void entropy(void *context, void *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)data)[i] = (uint8_t)bw_rng_next(context);
}

static struct bw_addr addr_of(unsigned number) {
    return (struct bw_addr){.ip = {127, 0, 0, 1}, .port = (uint16_t)(7000 + number), .family = 4};
}

static size_t scopes_of(struct bw_scope_config scopes[6]) {
    static const char *const names[] = {"default", "bully", "quorum", "range", "seats", "spread"};
    static const char *const voters[] = {"n0", "n1", "n2"};
    for (size_t i = 0; i < BW_COUNT(names); i++)
        bw_scope_config_init(&scopes[i], names[i]);
    scopes[1].mode = BW_MODE_BULLY;
    scopes[2].mode = BW_MODE_QUORUM;
    scopes[2].voters = voters;
    scopes[2].voter_count = BW_COUNT(voters);
    scopes[3].range_count = 4;
    scopes[4].seats = 2;
    scopes[4].stop_ms = 2000;
    scopes[5].spread = true;
    scopes[5].preempt_ms = 100;
    return BW_COUNT(names);
}

static int create(struct world *world, size_t number, const char *name, const struct bw_addr *seed,
                  struct bw_bytes state, struct bw_node **node) {
    struct bw_config config;
    struct bw_scope_config scopes[6];
    const struct bw_tag tag = {"zone", "a"};
    bw_config_init(&config, BW_PROFILE_LAN);
    bw_rng_seed(&world->rng[number], 1 + number);
    config.allocator = fuzz_allocator(&world->memory[number]);
    config.entropy = entropy;
    config.entropy_context = &world->rng[number];
    config.name = name;
    config.addr = world->addr[number] = addr_of((unsigned)number);
    config.keys = KEY;
    config.keys_size = strlen(KEY);
    config.params.member_max = MEMBER_MAX;
    config.params.scope_max = SCOPE_MAX;
    config.params.reap_after_s = 60;
    config.durable = true;
    config.tags = &tag;
    config.tag_count = 1;
    config.scopes = scopes;
    config.scope_count = scopes_of(scopes);
    config.seeds = seed;
    config.seed_count = seed != NULL;
    config.state = state;
    return bw_node_create(node, &config, world_time(world));
}

static void start(struct world *world, size_t number, const char *name, const struct bw_addr *seed) {
    FUZZ_CHECK(create(world, number, name, seed, (struct bw_bytes){NULL, 0}, &world->node[number]) == 0);
}

void world_start_again(struct world *world) {
    struct bw_node *again = NULL;
    struct bw_id id = bw_node_id(world->node[0]);
    FUZZ_CHECK(world->state != NULL);
    const struct bw_bytes state = {(const uint8_t *)world->state, world->state_size};
    FUZZ_CHECK(create(world, 0, "n0", NULL, state, &again) == 0);
    struct bw_id other = bw_node_id(again);
    FUZZ_CHECK(bw_id_equal(&id, &other));
    bw_node_tick(again, world_time(world));
    bw_node_destroy(again);
}

/* -- the bad ones -- */

static struct bw_keyring *keyring(void) {
    static struct bw_keyring *ring;
    FUZZ_CHECK(ring != NULL || bw_keyring_create(&ring, KEY, strlen(KEY), NULL) == 0);
    return ring;
}

void world_renew(struct world *world, size_t as, bool with_other_id) {
    static struct fuzz_memory memory;
    static struct bw_trace trace;
    struct bad *bad = &world->bad[as];
    if (with_other_id || bad->channel == NULL)
        entropy(&world->rng[1], bad->id.bytes, sizeof(bad->id.bytes));
    bw_channel_destroy(bad->channel);
    bad->addr = addr_of((unsigned)(10 + as));
    world->known.ids[2 + as] = bad->id;
    world->known.addrs[2 + as] = bad->addr;
    world->known.sessions[2 + as] = bw_rng_next(&world->rng[1]) | 1;
    const struct bw_channel_config config = {.allocator = fuzz_allocator(&memory),
                                             .trace = &trace,
                                             .keyring = keyring(),
                                             .self = bad->id,
                                             .session = world->known.sessions[2 + as],
                                             .label = "default",
                                             .member_max = MEMBER_MAX};
    FUZZ_CHECK(bw_channel_create(&bad->channel, &config) == 0);
}

void world_say(struct world *world, size_t as, const struct bw_addr *from, bool bound, struct bw_bytes frames) {
    uint8_t datagram[BW_DATAGRAM_MAX];
    const struct bw_outbound out = {.to = bw_node_id(world->node[0]),
                                    .session = bound ? world->victim_session : 0,
                                    .addr = world->addr[0],
                                    .frames = frames.data,
                                    .frames_size = frames.size};
    size_t size = bw_channel_seal(world->bad[as].channel, &out, datagram, world_time(world));
    world_receive(world, datagram, size, from);
}

static void answer_pings(struct world *world, size_t as, struct bw_bytes frames) {
    struct bw_reader reader = {.data = frames.data, .size = frames.size};
    struct bw_frame frame;
    uint8_t answers[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = answers, .capacity = sizeof(answers)};
    while (bw_frame_next(&reader, &frame) > 0) {
        const struct bw_frame_ack ack = {.seq = frame.as.ping.seq, .digest = frame.as.ping.digest};
        if (frame.type == BW_FRAME_NUMBER_ping)
            (void)bw_wire_put(&writer, &bw_schema_ack, &ack);
    }
    if (writer.used > 0)
        world_say(world, as, &world->bad[as].addr, true, (struct bw_bytes){answers, writer.used});
}

static void bad_hears(struct world *world, size_t as, const struct bw_datagram *datagram) {
    struct bad *bad = &world->bad[as];
    struct bw_inbound in;
    uint8_t frames[BW_DATAGRAM_MAX];
    memcpy(bad->last, datagram->data, datagram->size);
    bad->last_size = datagram->size;
    if (bw_channel_open(bad->channel, (struct bw_bytes){bad->last, bad->last_size}, &world->addr[0], &in,
                        world_time(world)) != 0)
        return;
    world->victim_session = in.session;
    memcpy(frames, in.frames.data, in.frames.size);
    fuzz_note(&world->known, (struct bw_bytes){frames, in.frames.size});
    if (!bad->mute)
        answer_pings(world, as, (struct bw_bytes){frames, in.frames.size});
}

/* -- the nodes -- */

static void note_event(struct world *world, size_t number, const struct bw_event *event) {
    struct bw_id id = bw_node_id(world->node[number]);
    bool accuses = event->type == BW_EVENT_MEMBER_SUSPECT || event->type == BW_EVENT_MEMBER_DEAD;
    FUZZ_CHECK(!accuses || !bw_id_equal(&event->id, &id));
    FUZZ_CHECK(bw_event_name(event->type) != NULL && event->payload.size <= BW_USER_SIZE_MAX);
    if (number == 0 && event->type == BW_EVENT_QUERY)
        world->query = event->query;
    if (number == 1 && event->type == BW_EVENT_USER_EVENT && strcmp(event->topic, "afterwards") == 0)
        world->heard = true;
}

static void drain_node(struct world *world, size_t number) {
    struct bw_node *node = world->node[number];
    struct bw_datagram datagram;
    struct bw_event event;
    struct bw_message message;
    struct bw_bytes state;
    while (bw_node_event(node, &event))
        note_event(world, number, &event);
    while (bw_node_message(node, &message))
        FUZZ_CHECK(message.size <= BW_MESSAGE_SIZE_MAX && message.channel >= BW_CHANNEL_MIN);
    while (bw_node_persist(node, &state)) {
        if (number == 0 && !world->disk_fails) {
            free(world->state);
            world->state = fuzz_text(state);
            world->state_size = state.size;
        }
        bw_node_persisted(node, number == 1 || !world->disk_fails, world_time(world));
        if (number == 0 && world->disk_fails)
            break;
    }
    while (bw_node_transmit(node, &datagram, world_time(world))) {
        FUZZ_CHECK(datagram.size <= BW_DATAGRAM_MAX);
        world->sent += number == 0;
        size_t to = datagram.to.port >= 7000 && datagram.to.port < 7000 + 10 + BAD_COUNT ? datagram.to.port - 7000u : 9;
        if (number == 0 && to >= 10)
            bad_hears(world, to - 10, &datagram);
        else if (to == 1 - number && world->node[1] != NULL)
            (void)bw_node_receive(world->node[to], datagram.data, datagram.size, &world->addr[number],
                                  world_time(world));
    }
}

void world_drain(struct world *world) {
    drain_node(world, 0);
    if (world->node[1] != NULL)
        drain_node(world, 1);
}

void world_receive(struct world *world, const uint8_t *data, size_t size, const struct bw_addr *from) {
    (void)bw_node_receive(world->node[0], data, size, from, world_time(world));
}

static int64_t deadline(const struct world *world) {
    int64_t at_us = bw_node_deadline(world->node[0]);
    int64_t other_us = world->node[1] != NULL ? bw_node_deadline(world->node[1]) : BW_NEVER;
    return at_us < other_us ? at_us : other_us;
}

void world_run(struct world *world, int64_t us) {
    size_t steps = 0;
    for (int64_t until_us = world->now_us + us; world->now_us < until_us;) {
        int64_t next_us = deadline(world);
        steps = next_us <= world->now_us ? steps + 1 : 0;
        FUZZ_CHECK(steps < STEPS_MAX); /* else it does not get on */
        if (next_us > world->now_us)
            world->now_us = next_us < until_us ? next_us : until_us;
        bw_node_tick(world->node[0], world_time(world));
        if (world->node[1] != NULL)
            bw_node_tick(world->node[1], world_time(world));
        world_drain(world);
        world_check(world);
    }
}

/* -- beginning and end -- */

/* They join as anybody would: an unbound ping, whose answer tells the victim's session, then who they are. */
static void introduce(struct world *world, size_t as) {
    static const char *const names[BAD_COUNT] = {"n1", "n2", "n3", "n4"};
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    const struct bw_frame_ping ping = {.seq = 1};
    (void)bw_wire_put(&writer, &bw_schema_ping, &ping);
    world_say(world, as, &world->bad[as].addr, false, (struct bw_bytes){frames, writer.used});
    world_drain(world);
    writer.used = 0;
    const struct bw_frame_member member = {.id = world->bad[as].id,
                                           .incarnation = (uint64_t)WALL_US,
                                           .session = world->known.sessions[2 + as],
                                           .addr = world->bad[as].addr,
                                           .protocol_min = 1,
                                           .protocol_max = 1,
                                           .name = {(const uint8_t *)names[as], strlen(names[as])}};
    (void)bw_wire_put(&writer, &bw_schema_member, &member);
    world_say(world, as, &world->bad[as].addr, true, (struct bw_bytes){frames, writer.used});
    world_drain(world);
}

void world_begin(struct world *world) {
    memset(world, 0, sizeof(*world));
    world->now_us = BW_US_PER_S;
    start(world, 0, "n0", NULL);
    bw_rng_seed(&world->rng[1], 99);
    world->known.ids[0] = bw_node_id(world->node[0]);
    world->known.addrs[0] = world->addr[0];
    fuzz_note_number(&world->known, "incarnation", (uint64_t)(WALL_US + world->now_us));
    fuzz_note_number(&world->known, "term", (uint64_t)(WALL_US / BW_US_PER_S));
    fuzz_note_number(&world->known, "boot", 1);
    for (size_t i = 0; i < BAD_COUNT; i++)
        world_renew(world, i, true);
    for (size_t i = 2 + BAD_COUNT; i < FUZZ_IDS; i++) {
        entropy(&world->rng[1], world->known.ids[i].bytes, sizeof(struct bw_id));
        world->known.addrs[i] = addr_of((unsigned)(20 + i));
        world->known.sessions[i] = i;
    }
    world_drain(world);
    for (size_t i = 0; i < 3; i++)
        introduce(world, i);
    world_check(world);
}

void world_end(struct world *world) {
    for (size_t i = 0; i < 2; i++)
        bw_node_destroy(world->node[i]);
    FUZZ_CHECK(world->memory[0].used_size == 0 && world->memory[1].used_size == 0);
    free(world->state);
    for (size_t i = 0; i < BAD_COUNT; i++)
        bw_channel_destroy(world->bad[i].channel);
}

/* -- what must hold -- */

static const struct bw_member_info *member_of(const struct world *world, size_t number, const struct bw_id *id) {
    static struct bw_member_info info;
    for (size_t i = 0; bw_node_member(world->node[number], i, &info) == 0; i++)
        if (bw_id_equal(&info.id, id))
            return &info;
    return NULL;
}

void world_check(struct world *world) {
    const struct bw_node *node = world->node[0];
    struct bw_id id = bw_node_id(node);
    const struct bw_member_info *self = member_of(world, 0, &id);
    FUZZ_CHECK(self != NULL && self->self && strcmp(self->name, "n0") == 0);
    FUZZ_CHECK(self->status == BW_STATUS_ALIVE || world->leaving);
    FUZZ_CHECK(self->incarnation >= world->incarnation && self->incarnation <= BW_INCARNATION_MAX);
    FUZZ_CHECK(bw_addr_equal(&self->addr, &world->addr[0]));
    world->incarnation = self->incarnation;
    FUZZ_CHECK(bw_node_member_count(node) <= MEMBER_MAX);
    FUZZ_CHECK(bw_node_scope_count(node) <= SCOPE_MAX);
    FUZZ_CHECK(world->memory[0].used_size <= MEMORY_MAX);
    FUZZ_CHECK(world->sent <= ANSWER_MAX);
    world->sent_most = world->sent > world->sent_most ? world->sent : world->sent_most;
    world->sent = 0;
}

static void look_at_scope(const struct world *world, const struct bw_scope_info *scope) {
    const struct bw_node *node = world->node[0];
    struct bw_candidate_info candidates[BW_VOTERS_MAX];
    struct bw_vacancy_info vacancy;
    struct bw_history_info history;
    struct bw_voter_info voter;
    struct bw_owner_info owner;
    struct bw_time now = world_time(world);
    FUZZ_CHECK(bw_text_valid((const uint8_t *)scope->scope, strlen(scope->scope), BW_NAME_MAX));
    FUZZ_CHECK(!bw_node_may_act(node, scope->scope, now) || scope->role == BW_ROLE_LEADER);
    size_t count = 0;
    (void)bw_node_candidates(node, scope->scope, candidates, BW_COUNT(candidates), &count);
    FUZZ_CHECK(count <= MEMBER_MAX);
    struct bw_difference_info differences[4];
    (void)bw_node_differences(node, scope->scope, differences, BW_COUNT(differences), &count);
    FUZZ_CHECK(count <= (size_t)2 * MEMBER_MAX + 1);
    (void)bw_node_vacancy(node, scope->scope, &vacancy, now);
    (void)bw_node_owner(node, scope->scope, "key", 3, &owner, now);
    for (size_t i = 0; i < MEMBER_MAX && bw_node_candidate(node, scope->scope, i, &candidates[0]) == 0; i++)
        FUZZ_CHECK(candidates[0].name != NULL);
    for (size_t i = 0; bw_node_voter(node, scope->scope, i, &voter) == 0; i++)
        FUZZ_CHECK(i < BW_VOTERS_MAX);
    for (size_t i = 0; bw_node_history(node, scope->scope, i, &history) == 0; i++)
        FUZZ_CHECK(i < 1024);
}

void world_look(const struct world *world) {
    const struct bw_node *node = world->node[0];
    struct bw_member_info member;
    struct bw_scope_info scope;
    struct bw_reach reach;
    struct bw_why why;
    for (size_t i = 0; bw_node_member(node, i, &member) == 0; i++) {
        struct bw_bytes name, value;
        size_t at = 0;
        FUZZ_CHECK(bw_text_valid((const uint8_t *)member.name, strlen(member.name), BW_NAME_MAX));
        while (bw_tag_next(member.tags, &at, &name, &value))
            FUZZ_CHECK(bw_text_valid(name.data, name.size, BW_NAME_MAX));
        FUZZ_CHECK(bw_node_why(node, &member.id, &why) == 0 && why.accuser_count <= BW_WHY_ACCUSERS_MAX);
    }
    for (size_t i = 0; bw_node_scope(node, i, &scope, world_time(world)) == 0; i++)
        look_at_scope(world, &scope);
    for (size_t i = 0; bw_node_reach(node, i, &reach) == 0; i++)
        FUZZ_CHECK(i <= 4 * MEMBER_MAX && reach.id_count <= BW_UNHEARD_MAX);
}

static bool know_each_other(const struct world *world) {
    for (size_t i = 0; i < 2; i++) {
        struct bw_id other = bw_node_id(world->node[1 - i]);
        const struct bw_member_info *member = member_of(world, i, &other);
        if (member == NULL || member->status != BW_STATUS_ALIVE)
            return false;
    }
    return true;
}

void world_converse(struct world *world) {
    for (size_t i = 0; i < BAD_COUNT; i++)
        world->bad[i].mute = true;
    world->disk_fails = false;
    start(world, 1, "h", &world->addr[0]);
    if (world->leaving)
        FUZZ_CHECK(bw_node_join(world->node[0], &world->addr[1], 1, world_time(world)) == 0);
    world->leaving = false;
    int64_t until_us = world->now_us + SETTLED_US;
    while (!know_each_other(world)) {
        FUZZ_CHECK(world->now_us < until_us);
        world_run(world, BW_US_PER_S / 10);
    }
    struct bw_bytes none = {NULL, 0};
    until_us = world->now_us + DELIVERED_US;
    int error = bw_node_user_event(world->node[0], "afterwards", none, NULL, world_time(world));
    while (error == BW_ERR_BUSY && world->now_us < until_us) { /* 64 of ours wait */
        world_run(world, BW_US_PER_S);
        error = bw_node_user_event(world->node[0], "afterwards", none, NULL, world_time(world));
    }
    FUZZ_CHECK(error == 0);
    while (!world->heard) {
        FUZZ_CHECK(world->now_us < until_us);
        world_run(world, BW_US_PER_S / 10);
    }
}
