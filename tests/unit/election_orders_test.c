/* Every order in which the first messages between three electors can arrive, on the real code, in each mode: each order is a run
 * of its own, from the beginning. */
#include "tests/unit/election_test.h"

#include <string.h>

#define MESSAGES_MAX 9u /* whose order is chosen */
#define ELECTORS 3u

static size_t path[MESSAGES_MAX], width[MESSAGES_MAX], depth, used;
static bool open;

static size_t choose(size_t count) {
    if (!open || used == MESSAGES_MAX)
        return count;
    if (used == depth)
        path[depth++] = 0;
    width[used] = count;
    return path[used++];
}

/* The next order, if there is one more. */
static bool next_order(void) {
    depth = used;
    while (depth > 0 && path[depth - 1] + 1 >= width[depth - 1])
        depth--;
    if (depth > 0)
        path[depth - 1]++;
    return depth > 0;
}

static void begin(enum bw_mode mode) {
    world_end();
    world_begin();
    used = 0;
    open = false;
    world.choose = choose;
    for (size_t i = 0; i < ELECTORS; i++) {
        world_add(100);
        world.nodes[i].mode = mode;
    }
    for (size_t i = 0; i < ELECTORS; i++)
        world_start(i);
}

static void no_token_twice(void) {
    for (size_t i = 0; i < world.event_count; i++)
        for (size_t k = i + 1; k < world.event_count; k++)
            if (world.events[i].event.type == BW_EVENT_SELF_ELECTED &&
                world.events[k].event.type == BW_EVENT_SELF_ELECTED)
                CU_ASSERT(bw_token_compare(&world.events[i].event.token, &world.events[k].event.token) != 0);
}

static void ends_well(void) {
    world_run(MS(9000));
    CU_ASSERT_FATAL(world_leader() < ELECTORS);
    CU_ASSERT(world_all_follow(world_leader()));
    CU_ASSERT_FALSE(world.overlap);
    no_token_twice();
}

static size_t orders_of(enum bw_mode mode, void (*story)(void)) {
    size_t orders = 0;
    depth = 0;
    do {
        begin(mode);
        story();
        ends_well();
        orders++;
    } while (next_order());
    return orders;
}

/* All three start at once: from the first claim, question or ballot on. */
static void all_start(void) {
    while (world.claims == 0 && world.sent[BW_FRAME_elect] == 0 && world.sent[BW_FRAME_ballot] == 0)
        world_run(MS(1));
    open = true;
}

/* The leader's process is gone, and nothing says so: from the first question on. */
static void the_leader_goes(void) {
    CU_ASSERT_FATAL(world_until_led(MS(20000)) < ELECTORS);
    world_run(MS(1000));
    memset(world.sent, 0, sizeof world.sent);
    world_crash(world_leader(), false);
    while (world.sent[BW_FRAME_ask] + world.sent[BW_FRAME_question] + world.sent[BW_FRAME_ballot] == 0)
        world_run(MS(1));
    open = true;
}

/* The leader gives the lead up, and another one comes for it at that moment. */
static void the_leader_steps_down(void) {
    CU_ASSERT_FATAL(world_until_led(MS(20000)) < ELECTORS);
    world_run(MS(1000));
    open = true;
    CU_ASSERT_EQUAL(world_stepdown(world_leader(), SCOPE, 60000), 0);
}

static void every_order_in(enum bw_mode mode, const char *name) {
    static const struct {
        void (*story)(void);
        const char *what;
    } stories[] = {
        {all_start, "all start"}, {the_leader_goes, "the leader goes"}, {the_leader_steps_down, "it steps down"}};
    for (size_t i = 0; i < BW_COUNT(stories); i++) {
        size_t orders = orders_of(mode, stories[i].story);
        tap_note("%s, %s: %zu orders", name, stories[i].what, orders);
        CU_ASSERT(orders > 1 || mode == BW_MODE_QUORUM); /* of two, one asks and the other answers */
    }
}

static void every_order_in_priority_mode(void) {
    every_order_in(BW_MODE_PRIORITY, "priority");
}

static void every_order_in_bully_mode(void) {
    every_order_in(BW_MODE_BULLY, "bully");
}

static void every_order_in_quorum_mode(void) {
    every_order_in(BW_MODE_QUORUM, "quorum");
}

static const struct tap_test tests[] = {
    TAP_TEST(every_order_in_priority_mode),
    TAP_TEST(every_order_in_bully_mode),
    TAP_TEST(every_order_in_quorum_mode),
};
const struct tap_suite election_orders_suite = TAP_SUITE_WITH("election/orders", tests, world_begin, world_end);
