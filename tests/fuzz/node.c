/* Target: a live node against members that hold the key. The input is a list of steps: what is said, by whom, as from where; how
 * time goes by; what the node's own host asks of it meanwhile. What must hold is checked after each step, and in the end an honest
 * newcomer must be able to join and to hear it. */
#include "gossip/frames.h"
#include "tests/fuzz/world.h"

#include <string.h>

#define STEPS_MOST 64u
#define TIME_MOST_US (150 * BW_US_PER_S)

enum step {
    STEP_FRAMES, /* several values, so that most steps are frames */
    STEP_FRAMES_AGAIN,
    STEP_FRAMES_ONCE_MORE,
    STEP_MESSAGES,
    STEP_MESSAGES_AGAIN,
    STEP_RUN,
    STEP_RUN_AGAIN,
    STEP_ASK,
    STEP_ASK_AGAIN,
    STEP_RAW,
    STEP_REFUSED,
    STEP_REPLAY,
    STEP_MANNERS,
    STEP_COUNT
};

static const char *name_of(struct fuzz_input *in) {
    size_t count = 0;
    while (fuzz_names[count] != NULL)
        count++;
    return fuzz_names[fuzz_below(in, count)];
}

/* Who says it, as from where, and whether it is bound to the victim's session. */
static void say(struct world *world, struct fuzz_input *in, struct bw_bytes frames) {
    size_t how = (size_t)fuzz_take(in, 1);
    size_t as = how % BAD_COUNT;
    const struct bw_addr *from = &world->known.addrs[2 + as];
    if (how >= 0xe0)
        from = &world->known.addrs[how % FUZZ_IDS];
    world_say(world, as, from, how < 0xf0, frames);
}

static void say_frames(struct world *world, struct fuzz_input *in) {
    uint8_t data[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = data, .capacity = sizeof(data)};
    fuzz_frames(in, &world->known, &writer);
    say(world, in, (struct bw_bytes){data, writer.used});
}

static void say_messages(struct world *world, struct fuzz_input *in) {
    uint8_t data[BW_MESSAGE_SIZE_MAX];
    uint8_t frame[BW_FRAMES_MAX];
    struct bw_writer inner = {.data = data, .capacity = sizeof(data)};
    struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
    fuzz_messages(in, &world->known, &inner);
    const struct bw_frame_message message = {.channel = BW_CHANNEL_ELECTION, .data = {data, inner.used}};
    FUZZ_CHECK(bw_wire_put(&writer, &bw_schema_message, &message) == 0);
    say(world, in, (struct bw_bytes){frame, writer.used});
}

static void say_raw(struct world *world, struct fuzz_input *in) {
    struct bw_bytes raw = fuzz_bytes(in, (size_t)fuzz_take(in, 1));
    uint8_t data[UINT8_MAX];
    if (raw.size > 0)
        memcpy(data, raw.data, raw.size);
    say(world, in, (struct bw_bytes){data, raw.size});
}

static void run(struct world *world, struct fuzz_input *in) {
    static const uint16_t ms[] = {0, 1, 5, 20, 50, 100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 10000, 30000};
    int64_t us = ms[fuzz_below(in, BW_COUNT(ms))] * BW_US_PER_MS;
    if (world->now_us + us <= TIME_MOST_US)
        world_run(world, us);
}

static struct bw_id id_of(const struct world *world, struct fuzz_input *in) {
    return world->known.ids[fuzz_below(in, FUZZ_IDS)];
}

static void ask_of_scope(struct world *world, struct fuzz_input *in) {
    struct bw_node *node = world->node[0];
    struct bw_time now = world_time(world);
    const char *scope = name_of(in);
    const struct bw_id id = id_of(world, in);
    const struct bw_token token = {.term = world->known.seen[0] + fuzz_take(in, 1), .id = id};
    struct bw_scope_config config;
    switch (fuzz_below(in, 11)) {
    case 0:
        (void)bw_node_stepdown(node, scope, (uint32_t)fuzz_take(in, 1) * 100, now);
        break;
    case 1:
        (void)bw_node_transfer(node, scope, &id, NULL, now);
        break;
    case 2:
        (void)bw_node_freeze(node, scope, (uint32_t)fuzz_take(in, 1) * 100, now);
        break;
    case 3:
        (void)bw_node_thaw(node, scope, now);
        break;
    case 4:
        (void)bw_node_ready(node, scope, fuzz_below(in, 2) != 0, (uint32_t)fuzz_take(in, 1) * 100, now);
        break;
    case 5:
        (void)bw_node_priority(node, scope, (uint16_t)fuzz_take(in, 2), now);
        break;
    case 6:
        bw_scope_config_init(&config, scope);
        config.seats = (uint16_t)(fuzz_below(in, 2) * 2);
        (void)bw_node_scope_add(node, &config, now);
        break;
    case 7:
        (void)bw_node_scope_remove(node, scope, now);
        break;
    case 8:
        (void)bw_node_stopped(node, scope, now);
        break;
    case 9:
        (void)bw_node_claim_above(node, scope, &token, now);
        break;
    default:
        (void)bw_node_change_voters(node, scope, &id, fuzz_below(in, 2) != 0, NULL, now);
    }
}

static void ask_of_members(struct world *world, struct fuzz_input *in) {
    struct bw_node *node = world->node[0];
    struct bw_time now = world_time(world);
    const struct bw_id id = id_of(world, in);
    const struct bw_id other = id_of(world, in);
    const struct bw_tag tag = {"zone", name_of(in)};
    const char *nodes[] = {name_of(in)};
    const struct bw_bytes payload = {(const uint8_t *)nodes[0], strlen(nodes[0])};
    const struct bw_query query = {.name = nodes[0],
                                   .payload = payload,
                                   .nodes = nodes,
                                   .node_count = fuzz_below(in, 2),
                                   .tags = &tag,
                                   .tag_count = fuzz_below(in, 2),
                                   .ack = true,
                                   .timeout_ms = (uint32_t)fuzz_take(in, 1) * 20};
    uint64_t number;
    struct bw_rtt rtt;
    switch (fuzz_below(in, 9)) {
    case 0:
        if (bw_node_query(node, &query, &number, now) == 0)
            fuzz_note_number(&world->known, "number", number);
        break;
    case 1:
        (void)bw_node_user_event(node, nodes[0], payload, NULL, now);
        break;
    case 2:
        (void)bw_node_respond(node, world->query, payload, now);
        break;
    case 3:
        (void)bw_node_set_tags(node, &tag, fuzz_below(in, 2), now);
        break;
    case 4:
        (void)bw_node_forget(node, &id, now);
        break;
    case 5:
        (void)bw_node_survey(node, now);
        break;
    case 6:
        (void)bw_node_rtt(node, &id, &other, &rtt, now);
        break;
    case 7:
        (void)bw_node_send(node, &id, (uint8_t)fuzz_take(in, 1), payload.data, payload.size, now);
        break;
    default:
        world->leaving = !world->leaving;
        if (world->leaving)
            bw_node_leave(node, now);
        else
            (void)bw_node_join(node, &world->known.addrs[fuzz_below(in, FUZZ_IDS)], 1, now);
    }
}

/* The port of a member refuses what the victim sent it; or so it seems. */
static void refuse(struct world *world, struct fuzz_input *in) {
    const struct bad *bad = &world->bad[fuzz_below(in, BAD_COUNT)];
    const struct bw_addr *to = fuzz_below(in, 4) == 0 ? &world->known.addrs[fuzz_below(in, FUZZ_IDS)] : &bad->addr;
    (void)bw_node_refused(world->node[0], bad->last, bad->last_size < 28 ? bad->last_size : 28, to, world_time(world));
}

/* Its own datagram comes back, changed or not. */
static void replay(struct world *world, struct fuzz_input *in) {
    const struct bad *bad = &world->bad[fuzz_below(in, BAD_COUNT)];
    uint8_t copy[BW_DATAGRAM_MAX];
    size_t size = bad->last_size;
    memcpy(copy, bad->last, size);
    size_t at = (size_t)fuzz_take(in, 2);
    if (at < 28 && at < size) /* the rest is the seal's matter */
        copy[at] ^= (uint8_t)fuzz_take(in, 1);
    (void)bw_node_receive(world->node[0], copy, size, &bad->addr, world_time(world));
}

static void change_manners(struct world *world, struct fuzz_input *in) {
    size_t as = fuzz_below(in, BAD_COUNT);
    switch (fuzz_below(in, 5)) {
    case 0:
    case 1:
        world->bad[as].mute = !world->bad[as].mute;
        break;
    case 2:
        world->disk_fails = !world->disk_fails;
        break;
    default:
        world_renew(world, as, fuzz_below(in, 2) != 0);
    }
}

static void take_step(struct world *world, struct fuzz_input *in) {
    switch ((enum step)fuzz_below(in, STEP_COUNT)) {
    case STEP_FRAMES:
    case STEP_FRAMES_AGAIN:
    case STEP_FRAMES_ONCE_MORE:
        say_frames(world, in);
        break;
    case STEP_MESSAGES:
    case STEP_MESSAGES_AGAIN:
        say_messages(world, in);
        break;
    case STEP_RUN:
    case STEP_RUN_AGAIN:
        run(world, in);
        break;
    case STEP_ASK:
        ask_of_scope(world, in);
        break;
    case STEP_ASK_AGAIN:
        ask_of_members(world, in);
        break;
    case STEP_RAW:
        say_raw(world, in);
        break;
    case STEP_REFUSED:
        refuse(world, in);
        break;
    case STEP_REPLAY:
        replay(world, in);
        break;
    case STEP_MANNERS:
    case STEP_COUNT:
        change_manners(world, in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct world world;
    struct fuzz_input in = {data, size};
    world_begin(&world);
    for (size_t steps = 0; in.size > 0 && steps < STEPS_MOST; steps++) {
        take_step(&world, &in);
        world_drain(&world);
        world_check(&world);
    }
    world_look(&world);
    world_start_again(&world);
    world_converse(&world);
    world_end(&world);
    return 0;
}
