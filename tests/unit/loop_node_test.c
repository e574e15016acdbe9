/* The host with the real node: two of them in one libev loop, on loopback. */
#include "tests/unit/loop_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"

struct member {
    struct bw_loop *host;
    unsigned alive; /* others seen alive */
    unsigned gone;  /* others seen dead or left */
    bool elected;
    bool left;
    size_t message_size; /* of the last one */
    uint8_t channel;
};

static struct ev_loop *loop;
static struct member members[2];
static char why[WHY_SIZE];

static void on_event(void *context, const struct bw_event *event) {
    struct member *member = context;
    struct bw_id own = bw_node_id(bw_loop_node(member->host));
    bool other = memcmp(&own, &event->id, sizeof(own)) != 0;
    member->alive += event->type == BW_EVENT_MEMBER_ALIVE && other;
    member->gone += (event->type == BW_EVENT_MEMBER_LEFT || event->type == BW_EVENT_MEMBER_DEAD) && other;
    member->elected = member->elected || event->type == BW_EVENT_SELF_ELECTED;
}

static void on_left(void *context) {
    ((struct member *)context)->left = true;
}

static void on_message(void *context, const struct bw_message *message) {
    struct member *member = context;
    member->message_size = message->size;
    member->channel = message->channel;
}

static void set_up(void) {
    scratch_make();
    loop = ev_loop_new(0);
    memset(members, 0, sizeof(members));
}

static void tear_down(void) {
    bw_loop_destroy(members[0].host);
    bw_loop_destroy(members[1].host);
    ev_loop_destroy(loop);
    scratch_remove();
}

static int create(unsigned i, struct bw_addr bind, const struct bw_addr *seed, const char *state_dir) {
    struct bw_loop_config loop_config = {.size = sizeof(loop_config),
                                         .bind = bind,
                                         .state_dir = state_dir,
                                         .on_event = on_event,
                                         .on_left = on_left,
                                         .on_message = on_message,
                                         .context = &members[i]};
    struct bw_scope_config scope;
    struct bw_config config;
    bw_scope_config_init(&scope, "default");
    bw_config_init(&config, BW_PROFILE_LOCAL);
    config.name = i == 0 ? "n1" : "n2";
    config.keys = KEY;
    config.keys_size = strlen(KEY);
    config.seeds = seed;
    config.seed_count = seed != NULL;
    config.scopes = &scope;
    config.scope_count = 1;
    why[0] = '\0';
    int error = bw_loop_create(&members[i].host, loop, &loop_config, &config, why, sizeof(why));
    if (error != 0 && error != BW_ERR_CORRUPT) {
        tap_note("%s", why);
    }
    return error;
}

static bool both_see_both(void *context) {
    (void)context;
    return members[0].alive > 0 && members[1].alive > 0;
}

static bool first_sees_second_gone(void *context) {
    (void)context;
    return members[0].gone > 0;
}

static bool second_has_left(void *context) {
    (void)context;
    return members[1].left;
}

static bool first_is_elected(void *context) {
    (void)context;
    return members[0].elected;
}

static void two_find_each_other(struct bw_addr bind) {
    CU_ASSERT_EQUAL_FATAL(create(0, bind, NULL, NULL), 0);
    struct bw_addr seed = bw_loop_bound(members[0].host);
    CU_ASSERT_EQUAL_FATAL(create(1, bind, &seed, NULL), 0);
    int64_t begin_us = bw_loop_now().mono_us;
    CU_ASSERT_TRUE(run_until(loop, both_see_both, NULL));
    tap_note("both see both after %lld us", (long long)(bw_loop_now().mono_us - begin_us));
    CU_ASSERT_EQUAL(bw_node_member_count(bw_loop_node(members[0].host)), 2);
}

static void two_hosts_find_each_other_on_v4(void) {
    two_find_each_other(loopback_v4(0));
}

static void two_hosts_find_each_other_on_v6(void) {
    if (!have_v6()) {
        tap_skip("no IPv6 here");
        return;
    }
    two_find_each_other(loopback_v6(0));
}

static void bound_to_all_they_are_joined_on_either_family(void) {
    CU_ASSERT_EQUAL_FATAL(create(0, (struct bw_addr){0}, NULL, NULL), 0);
    uint16_t port = bw_loop_bound(members[0].host).port;
    struct bw_addr seed = have_v6() ? loopback_v6(port) : loopback_v4(port);
    CU_ASSERT_EQUAL_FATAL(create(1, (struct bw_addr){0}, &seed, NULL), 0);
    CU_ASSERT_TRUE(run_until(loop, both_see_both, NULL));
}

static void one_that_leaves_is_known_to_have_left(void) {
    two_find_each_other(loopback_v4(0));
    int64_t begin_us = bw_loop_now().mono_us;
    bw_loop_leave(members[1].host, PATIENCE_MS);
    CU_ASSERT_TRUE(run_until(loop, second_has_left, NULL));
    CU_ASSERT_TRUE(run_until(loop, first_sees_second_gone, NULL));
    tap_note("left after %lld us", (long long)(bw_loop_now().mono_us - begin_us));
}

static bool first_sees_second_again(void *context) {
    (void)context;
    return members[0].alive > 1;
}

static void one_that_has_left_comes_back_and_leaves_again(void) {
    two_find_each_other(loopback_v4(0));
    struct bw_addr seed = bw_loop_bound(members[0].host);
    bw_loop_leave(members[1].host, PATIENCE_MS);
    CU_ASSERT_TRUE(run_until(loop, second_has_left, NULL));
    CU_ASSERT_TRUE(run_until(loop, first_sees_second_gone, NULL));
    members[1].left = false;
    members[0].gone = 0;
    CU_ASSERT_EQUAL(bw_loop_join(members[1].host, &seed, 1), 0);
    CU_ASSERT_TRUE(run_until(loop, first_sees_second_again, NULL));
    CU_ASSERT_FALSE(members[1].left);
    bw_loop_leave(members[1].host, PATIENCE_MS);
    CU_ASSERT_TRUE(run_until(loop, second_has_left, NULL));
    CU_ASSERT_TRUE(run_until(loop, first_sees_second_gone, NULL));
}

static bool first_has_resigned(void *context) {
    (void)context;
    return !bw_node_may_act(bw_loop_node(members[0].host), "default", bw_loop_now());
}

static void stepdown_goes_through_the_host(void) {
    CU_ASSERT_EQUAL_FATAL(create(0, loopback_v4(0), NULL, NULL), 0);
    CU_ASSERT_EQUAL(bw_loop_stepdown(members[0].host, "nowhere", 0), BW_ERR_NOT_FOUND);
    CU_ASSERT_TRUE(run_until(loop, first_is_elected, NULL));
    CU_ASSERT_FALSE(first_has_resigned(NULL));
    CU_ASSERT_EQUAL(bw_loop_stepdown(members[0].host, "default", 0), 0);
    CU_ASSERT_TRUE(run_until(loop, first_has_resigned, NULL));
}

static bool second_has_a_message(void *context) {
    (void)context;
    return members[1].message_size == 5;
}

static bool first_sees_second(void *context) {
    (void)context;
    return members[0].alive > 0;
}

static void a_direct_message_goes_from_host_to_host(void) {
    CU_ASSERT_EQUAL_FATAL(create(0, loopback_v4(0), NULL, NULL), 0);
    struct bw_addr seed = bw_loop_bound(members[0].host);
    CU_ASSERT_EQUAL_FATAL(create(1, loopback_v4(0), &seed, NULL), 0);
    CU_ASSERT_TRUE(run_until(loop, first_sees_second, NULL));
    struct bw_id to = bw_node_id(bw_loop_node(members[1].host));
    CU_ASSERT_EQUAL(bw_loop_send(members[0].host, &to, 1, "hello", 5), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(bw_loop_send(members[0].host, &to, 42, "hello", 5), 0);
    CU_ASSERT_TRUE(run_until(loop, second_has_a_message, NULL));
    CU_ASSERT_EQUAL(members[1].channel, 42);
}

/* What waits for durable state goes on once it is written: an election needs several writes. */
static void one_alone_with_a_state_directory_is_elected(void) {
    uint8_t state[4096];
    CU_ASSERT_EQUAL_FATAL(create(0, loopback_v4(0), NULL, scratch_path("d")), 0);
    struct bw_id id = bw_node_id(bw_loop_node(members[0].host));
    CU_ASSERT_TRUE(scratch_read("d/state", state, sizeof(state)) > 0);
    CU_ASSERT_TRUE(run_until(loop, first_is_elected, NULL));
    CU_ASSERT_TRUE(bw_node_may_act(bw_loop_node(members[0].host), "default", bw_loop_now()));
    bw_loop_destroy(members[0].host);
    members[0].host = NULL;
    CU_ASSERT_EQUAL_FATAL(create(0, loopback_v4(0), NULL, scratch_path("d")), 0);
    struct bw_id again = bw_node_id(bw_loop_node(members[0].host));
    CU_ASSERT_EQUAL(memcmp(&id, &again, sizeof(id)), 0);
}

static void foreign_and_torn_state_files_are_refused(void) {
    uint8_t state[4096];
    CU_ASSERT_EQUAL_FATAL(create(0, loopback_v4(0), NULL, scratch_path("d")), 0);
    bw_loop_destroy(members[0].host);
    members[0].host = NULL;
    long size = scratch_read("d/state", state, sizeof(state));
    CU_ASSERT_FATAL(size > 0 && size < (long)sizeof(state));
    for (long torn = 0; torn < size; torn++) {
        scratch_write("d/state", state, (size_t)torn);
        CU_ASSERT_EQUAL_FATAL(create(0, loopback_v4(0), NULL, scratch_path("d")), BW_ERR_CORRUPT);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(why, scratch_path("d/state")));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "move it away"));
    scratch_write("d/state", "root:x:0:0:root:/root:/bin/bash\n", 32);
    CU_ASSERT_EQUAL_FATAL(create(0, loopback_v4(0), NULL, scratch_path("d")), BW_ERR_CORRUPT);
    scratch_write("d/state", state, (size_t)size);
    CU_ASSERT_EQUAL_FATAL(create(0, loopback_v4(0), NULL, scratch_path("d")), 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(two_hosts_find_each_other_on_v4),
    TAP_TEST(two_hosts_find_each_other_on_v6),
    TAP_TEST(bound_to_all_they_are_joined_on_either_family),
    TAP_TEST(one_that_leaves_is_known_to_have_left),
    TAP_TEST(one_that_has_left_comes_back_and_leaves_again),
    TAP_TEST(stepdown_goes_through_the_host),
    TAP_TEST(a_direct_message_goes_from_host_to_host),
    TAP_TEST(one_alone_with_a_state_directory_is_elected),
    TAP_TEST(foreign_and_torn_state_files_are_refused),
};
const struct tap_suite loop_node_suite = TAP_SUITE_WITH("host with its node", tests, set_up, tear_down);
