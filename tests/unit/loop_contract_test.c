/* The host's contract, seen from a node that only writes down what is done to it. */
#include "tests/unit/loop_fake_node.h"
#include "tests/unit/loop_test.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct ev_loop *loop;
static struct bw_loop *host;
static struct bw_node *node;
static struct bw_loop_config loop_config;
static struct bw_config node_config;
static char why[WHY_SIZE];
static char problem[WHY_SIZE];
static unsigned problems;
static unsigned events;
static unsigned lefts;

static void on_event(void *context, const struct bw_event *event) {
    (void)context;
    events += event->type == BW_EVENT_CONVERGED;
}

static void on_left(void *context) {
    (void)context;
    lefts++;
}

static void on_problem(void *context, const char *message) {
    (void)context;
    problems++;
    snprintf(problem, sizeof(problem), "%s", message);
}

static void set_up(void) {
    scratch_make();
    loop = ev_loop_new(0);
    host = NULL;
    events = lefts = problems = 0;
    fake_plan = (struct fake_plan){.first_state = "boot 1"};
    loop_config = (struct bw_loop_config){.size = sizeof(loop_config),
                                          .bind = loopback_v4(0),
                                          .on_event = on_event,
                                          .on_left = on_left,
                                          .on_problem = on_problem};
    node_config = (struct bw_config){.size = sizeof(node_config), .name = "n1"};
}

static void tear_down(void) {
    bw_loop_destroy(host);
    ev_loop_destroy(loop);
    scratch_remove();
}

static int create(void) {
    why[0] = '\0';
    int error = bw_host_create(&host, loop, &loop_config, &node_config, &file_ops_faulty, why, sizeof(why));
    node = error == 0 ? bw_loop_node(host) : NULL;
    return error;
}

static int create_durable(void) {
    loop_config.state_dir = scratch_path("d");
    return create();
}

/* Creates the host and runs it through its first tick. */
static void start(void) {
    CU_ASSERT_EQUAL_FATAL(create(), 0);
    ev_run(loop, EVRUN_ONCE);
    CU_ASSERT_EQUAL(node->ticks, 1);
}

static bool log_has(void *text) {
    return strstr(node->log, *(const char **)text) != NULL;
}

/* Runs until the log has the text. */
static bool logs(const char *text) {
    return run_until(loop, log_has, &text);
}

static bool ticked(void *count) {
    return node->ticks >= *(unsigned *)count;
}

static bool has_left(void *context) {
    (void)context;
    return lefts > 0;
}

static bool log_is(const char *text) {
    if (strcmp(node->log, text) == 0) {
        return true;
    }
    tap_note("log: %s", node->log);
    return false;
}

/* ---- Start ---- */

static void what_is_not_set_is_filled_in(void) {
    CU_ASSERT_EQUAL_FATAL(create(), 0);
    uint8_t bytes[32] = {0};
    uint8_t zero[32] = {0};
    struct bw_addr bound = bw_loop_bound(host);
    CU_ASSERT_EQUAL(memcmp(&node->config.addr, &bound, sizeof(bound)), 0);
    CU_ASSERT_FALSE(node->config.durable);
    node->config.entropy(node->config.entropy_context, bytes, sizeof(bytes));
    CU_ASSERT_NOT_EQUAL(memcmp(bytes, zero, sizeof(bytes)), 0);
    struct bw_allocator *allocator = &node->config.allocator;
    void *memory = allocator->resize(allocator->context, NULL, 0, 10);
    CU_ASSERT_PTR_NOT_NULL(memory);
    memory = allocator->resize(allocator->context, memory, 10, 100000);
    CU_ASSERT_PTR_NOT_NULL(memory);
    CU_ASSERT_PTR_NULL(allocator->resize(allocator->context, memory, 100000, 0));
    CU_ASSERT_TRUE(log_is("")); /* nothing happens before the loop runs */
}

static void what_is_set_is_kept(void) {
    node_config.addr = (struct bw_addr){.family = 4, .ip = {192, 0, 2, 7}};
    node_config.size = offsetof(struct bw_config, tags); /* an older caller: what follows is not read */
    node_config.tag_count = 77;
    CU_ASSERT_EQUAL_FATAL(create(), 0);
    CU_ASSERT_EQUAL(node->config.addr.ip[3], 7);
    CU_ASSERT_EQUAL(node->config.addr.port, bw_loop_bound(host).port);
    CU_ASSERT_EQUAL(node->config.tag_count, 0);
    CU_ASSERT_EQUAL(node->config.size, offsetof(struct bw_config, tags));
}

static void bound_to_all_a_reachable_address_is_advertised(void) {
    struct bw_addr seed = loopback_v4(7947);
    loop_config.bind = (struct bw_addr){0};
    node_config.seeds = &seed;
    node_config.seed_count = 1;
    CU_ASSERT_EQUAL_FATAL(create(), 0);
    struct bw_addr expected = loopback_v4(bw_loop_bound(host).port);
    CU_ASSERT_NOT_EQUAL(expected.port, 0);
    CU_ASSERT_EQUAL(memcmp(&node->config.addr, &expected, sizeof(expected)), 0);
}

static void first_state_is_durable_before_the_node_speaks(void) {
    char data[64];
    CU_ASSERT_EQUAL_FATAL(create_durable(), 0);
    CU_ASSERT_TRUE(node->config.durable);
    CU_ASSERT_EQUAL(node->state_size, 0);
    CU_ASSERT_TRUE(log_is("p"));
    CU_ASSERT_EQUAL(scratch_read("d/state", data, sizeof(data)), 6);
    CU_ASSERT_EQUAL(memcmp(data, "boot 1", 6), 0);
    bw_loop_destroy(host);
    fake_plan.first_state = "boot 2";
    CU_ASSERT_EQUAL_FATAL(create_durable(), 0);
    CU_ASSERT_EQUAL(node->state_size, 6);
    CU_ASSERT_EQUAL(memcmp(node->state, "boot 1", 6), 0);
}

static void start_fails_when_the_first_state_cannot_be_written(void) {
    for (unsigned step = 1; step <= 5; step++) {
        file_faults = (struct file_faults){.fail_at = step, .fail_errno = ENOSPC};
        CU_ASSERT_EQUAL(create_durable(), BW_ERR_SYSTEM);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, scratch_path("d")));
        CU_ASSERT_PTR_NOT_NULL(strstr(why, "No space left on device"));
        CU_ASSERT_PTR_NULL(host);
    }
    file_faults = (struct file_faults){0};
    CU_ASSERT_EQUAL_FATAL(create_durable(), 0); /* the lock and the port are free again */
}

static void errors_of_the_node_are_put_in_words(void) {
    static const struct {
        int error;
        const char *word;
    } rows[] = {{BW_ERR_KEY, "base64"},
                {BW_ERR_CORRUPT, "d/state is damaged or belongs to another cluster"},
                {BW_ERR_VERSION, "another version"},
                {BW_ERR_INVALID, "not valid"},
                {BW_ERR_MEMORY, "out of memory"}};
    bw_config_init(&node_config, BW_PROFILE_LAN);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fake_plan.create_error = rows[i].error;
        CU_ASSERT_EQUAL(create_durable(), rows[i].error);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, rows[i].word));
    }
    fake_plan.create_error = BW_ERR_INVALID;
    node_config.params.probe_interval_ms = 0;
    CU_ASSERT_EQUAL(create_durable(), BW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "parameters"));
    CU_ASSERT_EQUAL(bw_host_create(&host, loop, &loop_config, &node_config, &file_ops_faulty, NULL, 9),
                    BW_ERR_INVALID); /* nobody wants to know why */
}

/* ---- Time ---- */

static void deadline_is_met_and_not_before(void) {
    start();
    unsigned two = 2;
    struct bw_addr nowhere = {0};
    int64_t begin_us = bw_loop_now().mono_us;
    node->deadline_us = begin_us + 60000;
    CU_ASSERT_EQUAL(bw_loop_join(host, &nowhere, 0), 0); /* any call arms the timer */
    CU_ASSERT_TRUE(run_until(loop, ticked, &two));
    while (node->deadline_us != BW_NEVER) {
        ev_run(loop, EVRUN_ONCE); /* the first one was early */
    }
    CU_ASSERT_TRUE(node->last.mono_us >= begin_us + 60000);
    CU_ASSERT_TRUE(node->last.mono_us < begin_us + PATIENCE_MS * 1000);
    unsigned ticks = node->ticks;
    run_for(loop, 30);
    CU_ASSERT_EQUAL(node->ticks, ticks); /* no deadline, no tick */
    CU_ASSERT_FALSE(node->time_went_back);
}

static void deadline_that_moves_is_followed(void) {
    start();
    unsigned two = 2;
    struct bw_addr nowhere = {0};
    node->deadline_us = bw_loop_now().mono_us + 3600 * INT64_C(1000000);
    bw_loop_join(host, &nowhere, 0);
    node->deadline_us = bw_loop_now().mono_us - 1; /* passed already */
    bw_loop_join(host, &nowhere, 0);
    CU_ASSERT_TRUE(run_until(loop, ticked, &two));
    node->deadline_us = bw_loop_now().mono_us + 20000;
    bw_loop_join(host, &nowhere, 0);
    node->deadline_us = BW_NEVER;
    bw_loop_join(host, &nowhere, 0);
    run_for(loop, 40);
    CU_ASSERT_EQUAL(node->ticks, 2);
}

/* libev's clock is cached and rounded: where a tick was too early for the node, it comes again. */
static void tick_that_came_early_comes_again(void) {
    start();
    unsigned four = 4;
    struct bw_addr nowhere = {0};
    node->early_ticks = 2;
    node->deadline_us = bw_loop_now().mono_us + 1000;
    bw_loop_join(host, &nowhere, 0);
    CU_ASSERT_TRUE(run_until(loop, ticked, &four));
    CU_ASSERT_EQUAL(node->deadline_us, BW_NEVER);
}

/* A process that was stopped finds answers in its socket and timers that are due: it must hear the answers first. */
static void socket_is_drained_before_a_late_tick(void) {
    start();
    struct bw_addr own;
    struct bw_addr nowhere = {0};
    struct bw_addr bound = bw_loop_bound(host);
    int fd = plain_socket(&own);
    node->deadline_us = bw_loop_now().mono_us + 1000;
    bw_loop_join(host, &nowhere, 0);
    for (int i = 0; i < 40; i++) {
        plain_send(fd, &bound, "answer", 6);
    }
    usleep(20000);
    memset(node->log, 0, sizeof(node->log));
    CU_ASSERT_TRUE(logs("t"));
    CU_ASSERT_TRUE(log_is("rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrt"));
    close(fd);
}

/* Every datagram makes two more to ourselves: the socket is never empty, and time passes nevertheless. */
static void flood_does_not_stop_time(void) {
    start();
    unsigned four = 4;
    struct bw_addr seed = bw_loop_bound(host);
    node->echo = 2;
    node->echo_to = seed;
    node->period_us = 1000;
    node->deadline_us = bw_loop_now().mono_us + 1000;
    bw_loop_join(host, &seed, 1);
    CU_ASSERT_TRUE(run_until(loop, ticked, &four));
    CU_ASSERT_TRUE(node->received > 100);
}

/* ---- Datagrams ---- */

static void all_datagrams_and_events_are_taken_after_each_input(void) {
    start();
    struct bw_addr own;
    struct bw_addr bound = bw_loop_bound(host);
    char data[64];
    int fd = plain_socket(&own);
    for (int i = 0; i < 100; i++) {
        fake_send(node, &own, "from the node");
    }
    node->event_count = 7;
    plain_send(fd, &bound, "wake", 4);
    CU_ASSERT_TRUE(logs("r"));
    CU_ASSERT_EQUAL(events, 7);
    for (int i = 0; i < 100; i++) {
        CU_ASSERT_EQUAL(plain_receive(fd, data, sizeof(data)), 13);
    }
    close(fd);
}

/* Counted by the linker's --wrap. */
static unsigned send_calls;
int __real_sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags) {
    send_calls++;
    return __real_sendmmsg(fd, headers, count, flags);
}

static bool received_twenty(void *context) {
    (void)context;
    return node->received == 20;
}

static void answers_to_what_came_together_leave_together(void) {
    start();
    struct bw_addr own;
    struct bw_addr bound = bw_loop_bound(host);
    char data[64];
    int fd = plain_socket(&own);
    node->echo = 1;
    node->echo_to = own;
    for (int i = 0; i < 20; i++) {
        plain_send(fd, &bound, "ping", 4);
    }
    send_calls = 0;
    CU_ASSERT_TRUE(run_until(loop, received_twenty, NULL));
    CU_ASSERT_EQUAL(send_calls, 1);
    for (int i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(plain_receive(fd, data, sizeof(data)), 5);
    }
    close(fd);
}

static void refusal_reaches_the_node_at_once(void) {
    start();
    struct bw_addr dead;
    close(plain_socket(&dead));
    int64_t begin_us = bw_loop_now().mono_us;
    CU_ASSERT_EQUAL(bw_loop_join(host, &dead, 1), 0);
    CU_ASSERT_TRUE(logs("x"));
    CU_ASSERT_EQUAL(memcmp(&node->refused_by, &dead, sizeof(dead)), 0);
    CU_ASSERT_EQUAL(node->quoted_size, 4);
    CU_ASSERT_EQUAL(memcmp(node->quoted, "join", 4), 0);
    tap_note("refusal after %lld us", (long long)(node->last.mono_us - begin_us));
    CU_ASSERT_TRUE(node->last.mono_us - begin_us < 500000);
    run_for(loop, 10);
    CU_ASSERT_TRUE(log_is("tjx")); /* once, and the loop sleeps again */
    CU_ASSERT_EQUAL(problems, 0);
}

static void what_cannot_be_sent_is_a_problem_and_no_more(void) {
    struct bw_addr v6 = loopback_v6(9);
    start();
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(bw_loop_join(host, &v6, 1), 0);
    }
    CU_ASSERT_EQUAL(problems, 1); /* said once, then held back */
    CU_ASSERT_PTR_NOT_NULL(strstr(problem, "cannot send to [::1]:9"));
    CU_ASSERT_EQUAL(bw_host_udp_stats(host)->failed, 3);
}

static void join_passes_on_what_the_node_answers(void) {
    struct bw_addr seeds[] = {loopback_v4(9), loopback_v4(9)};
    start();
    CU_ASSERT_EQUAL(bw_loop_join(host, seeds, 2), BW_ERR_FULL);
}

/* ---- Durable state ---- */

static void want_state(const char *text) {
    struct bw_addr nowhere = {0};
    node->want_state = text;
    bw_loop_join(host, &nowhere, 0);
}

static void state_is_written_and_answered(void) {
    char data[64];
    CU_ASSERT_EQUAL_FATAL(create_durable(), 0);
    memset(node->log, 0, sizeof(node->log));
    want_state("term 5");
    CU_ASSERT_TRUE(logs("p"));
    CU_ASSERT_EQUAL(scratch_read("d/state", data, sizeof(data)), 6);
    CU_ASSERT_EQUAL(memcmp(data, "term 5", 6), 0);
    CU_ASSERT_FALSE(node->asked_while_writing);
    CU_ASSERT_EQUAL(problems, 0);
}

static void failing_disk_is_answered_and_said_once(void) {
    char data[64];
    CU_ASSERT_EQUAL_FATAL(create_durable(), 0);
    file_faults = (struct file_faults){.fail_at = 1, .fail_on = true, .fail_errno = ENOSPC};
    for (int i = 0; i < 3; i++) {
        memset(node->log, 0, sizeof(node->log));
        want_state("term 5");
        CU_ASSERT_TRUE(logs("n"));
    }
    CU_ASSERT_EQUAL(problems, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem, scratch_path("d")));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem, "No space left on device"));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem, "claims no leadership"));
    CU_ASSERT_EQUAL(scratch_read("d/state", data, sizeof(data)), 6);
    CU_ASSERT_EQUAL(memcmp(data, "boot 1", 6), 0);
    file_faults = (struct file_faults){0};
    want_state("term 6");
    CU_ASSERT_TRUE(logs("p"));
    CU_ASSERT_EQUAL(problems, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem, "can be written again"));
    CU_ASSERT_EQUAL(node->persist_calls, 5);
}

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;

static void wait_for_disk(void) {
    pthread_mutex_lock(&disk);
    pthread_mutex_unlock(&disk);
}

static void slow_disk_makes_no_late_ticks(void) {
    CU_ASSERT_EQUAL_FATAL(create_durable(), 0);
    unsigned five = 5;
    file_faults.before_write = wait_for_disk;
    pthread_mutex_lock(&disk);
    node->period_us = 1000;
    node->deadline_us = 0;
    want_state("slow");
    CU_ASSERT_TRUE(run_until(loop, ticked, &five));
    want_state("next");
    CU_ASSERT_EQUAL(node->persist_calls, 2); /* "next" waits: one write at a time */
    CU_ASSERT_FALSE(node->asked_while_writing);
    pthread_mutex_unlock(&disk);
    memset(node->log, 0, sizeof(node->log));
    node->period_us = 0;
    while (node->persist_calls < 3 || node->writing) {
        ev_run(loop, EVRUN_ONCE);
    }
    CU_ASSERT_FALSE(node->asked_while_writing);
    char data[64];
    CU_ASSERT_EQUAL(scratch_read("d/state", data, sizeof(data)), 4);
    CU_ASSERT_EQUAL(memcmp(data, "next", 4), 0);
}

static void second_host_on_the_directory_is_refused(void) {
    struct bw_loop *second = NULL;
    CU_ASSERT_EQUAL_FATAL(create_durable(), 0);
    CU_ASSERT_EQUAL(bw_loop_create(&second, loop, &loop_config, &node_config, why, sizeof(why)), BW_ERR_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "another agent uses"));
    CU_ASSERT_PTR_NULL(second);
}

static void write_under_way_is_finished_at_the_end(void) {
    char data[64];
    CU_ASSERT_EQUAL_FATAL(create_durable(), 0);
    want_state("last");
    bw_loop_destroy(host);
    host = NULL;
    CU_ASSERT_EQUAL(scratch_read("d/state", data, sizeof(data)), 4);
}

/* ---- Leaving ---- */

static void leave_is_done_when_the_node_has_left(void) {
    start();
    bw_loop_leave(host, 60000);
    bw_loop_leave(host, 1); /* changes nothing */
    run_for(loop, 20);
    CU_ASSERT_EQUAL(lefts, 0);
    CU_ASSERT_TRUE(log_is("tl"));
    struct bw_addr nowhere = {0};
    node->left = true;
    bw_loop_join(host, &nowhere, 0);
    CU_ASSERT_EQUAL(lefts, 0); /* from the loop, not from within our call */
    CU_ASSERT_TRUE(run_until(loop, has_left, NULL));
    run_for(loop, 20);
    CU_ASSERT_EQUAL(lefts, 1);
}

static void leave_is_done_at_its_time_limit(void) {
    start();
    int64_t begin_us = bw_loop_now().mono_us;
    bw_loop_leave(host, 50);
    CU_ASSERT_TRUE(run_until(loop, has_left, NULL));
    CU_ASSERT_TRUE(bw_loop_now().mono_us - begin_us >= 45000);
    node->left = true; /* too late to be told again */
    struct bw_addr nowhere = {0};
    bw_loop_join(host, &nowhere, 0);
    run_for(loop, 20);
    CU_ASSERT_EQUAL(lefts, 1);
}

static void destroy_on_left(void *context) {
    (void)context;
    lefts++;
    bw_loop_destroy(host);
    host = NULL;
}

static void leave_on_event(void *context, const struct bw_event *event) {
    (void)context;
    (void)event;
    struct bw_addr own = bw_loop_bound(host);
    bw_loop_join(host, &own, 1); /* its datagram is sent, too */
    bw_loop_leave(host, 60000);
}

static void event_may_leave_and_left_may_destroy(void) {
    loop_config.on_event = leave_on_event;
    loop_config.on_left = destroy_on_left;
    start();
    node->left_at_once = true;
    node->event_count = 1;
    struct bw_addr nowhere = {0};
    bw_loop_join(host, &nowhere, 0);
    CU_ASSERT_TRUE(log_is("tjjl"));
    CU_ASSERT_EQUAL(bw_host_udp_stats(host)->sent, 1);
    CU_ASSERT_TRUE(run_until(loop, has_left, NULL));
    CU_ASSERT_PTR_NULL(host);
}

static const struct tap_test start_tests[] = {
    TAP_TEST(what_is_not_set_is_filled_in),
    TAP_TEST(what_is_set_is_kept),
    TAP_TEST(bound_to_all_a_reachable_address_is_advertised),
    TAP_TEST(first_state_is_durable_before_the_node_speaks),
    TAP_TEST(start_fails_when_the_first_state_cannot_be_written),
    TAP_TEST(errors_of_the_node_are_put_in_words),
};
static const struct tap_test run_tests[] = {
    TAP_TEST(deadline_is_met_and_not_before),
    TAP_TEST(deadline_that_moves_is_followed),
    TAP_TEST(tick_that_came_early_comes_again),
    TAP_TEST(socket_is_drained_before_a_late_tick),
    TAP_TEST(flood_does_not_stop_time),
    TAP_TEST(all_datagrams_and_events_are_taken_after_each_input),
    TAP_TEST(answers_to_what_came_together_leave_together),
    TAP_TEST(refusal_reaches_the_node_at_once),
    TAP_TEST(what_cannot_be_sent_is_a_problem_and_no_more),
    TAP_TEST(join_passes_on_what_the_node_answers),
};
static const struct tap_test end_tests[] = {
    TAP_TEST(state_is_written_and_answered),          TAP_TEST(failing_disk_is_answered_and_said_once),
    TAP_TEST(slow_disk_makes_no_late_ticks),          TAP_TEST(second_host_on_the_directory_is_refused),
    TAP_TEST(write_under_way_is_finished_at_the_end), TAP_TEST(leave_is_done_when_the_node_has_left),
    TAP_TEST(leave_is_done_at_its_time_limit),        TAP_TEST(event_may_leave_and_left_may_destroy),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("host start", start_tests, set_up, tear_down),
    TAP_SUITE_WITH("host loop", run_tests, set_up, tear_down),
    TAP_SUITE_WITH("host state and leave", end_tests, set_up, tear_down),
};

TAP_MAIN(suites)
