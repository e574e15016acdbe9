/* Agents that try the paths to each other: three in one process, on loopback; and what they make of messages that mean harm. */
#include "tests/unit/loop_test.h"

#include "tools/agent_paths.h"

#include <stdio.h>
#include <string.h>

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
enum { COUNT = 3, AT_ONCE = 200 };

static struct ev_loop *loop;
static struct agent {
    struct bw_loop *host;
    struct agent_paths *paths;
    bool deaf; /* takes no messages */
    unsigned heard;
} agents[COUNT];

static void on_message(void *context, const struct bw_message *message) {
    struct agent *agent = context;
    agent->heard++;
    if (agent->paths != NULL && !agent->deaf) {
        agent_paths_message(agent->paths, message);
    }
}

static void create(unsigned i, const struct bw_addr *seed) {
    static const char *const names[COUNT] = {"n1", "n2", "n3"};
    struct bw_config config;
    char why[WHY_SIZE] = "";
    struct bw_loop_config loop_config = {
        .size = sizeof(loop_config), .bind = loopback_v4(0), .on_message = on_message, .context = &agents[i]};
    bw_config_init(&config, BW_PROFILE_LOCAL);
    config.name = names[i];
    config.keys = KEY;
    config.keys_size = strlen(KEY);
    config.seeds = seed;
    config.seed_count = seed != NULL;
    CU_ASSERT_EQUAL_FATAL(bw_loop_create(&agents[i].host, loop, &loop_config, &config, why, sizeof(why)), 0);
    agents[i].paths = agent_paths_create(loop, agents[i].host);
    CU_ASSERT_PTR_NOT_NULL_FATAL(agents[i].paths);
}

static bool all_see_all(void *context) {
    (void)context;
    for (unsigned i = 0; i < COUNT; i++) {
        if (bw_node_member_count(bw_loop_node(agents[i].host)) < COUNT) {
            return false;
        }
    }
    return true;
}

static bool is_done(void *context) {
    const struct agent *agent = context;
    return !agent_paths_pending(agent->paths);
}

static void begin(void) {
    loop = ev_loop_new(EVFLAG_AUTO);
    memset(agents, 0, sizeof(agents));
    create(0, NULL);
    struct bw_addr seed = bw_loop_bound(agents[0].host);
    create(1, &seed);
    create(2, &seed);
    CU_ASSERT_TRUE_FATAL(run_until(loop, all_see_all, NULL));
}

static void end(void) {
    for (unsigned i = 0; i < COUNT; i++) {
        agent_paths_destroy(agents[i].paths);
        bw_loop_destroy(agents[i].host);
    }
    ev_loop_destroy(loop);
}

/* What the first one has found out about the member. */
static json_t *row_of(const json_t *answer, const char *name) {
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(answer, "members"), index, row) {
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0) {
            return row;
        }
    }
    return NULL;
}

static bool is(const json_t *answer, const char *name, const char *field) {
    return json_is_true(json_object_get(row_of(answer, name), field));
}

static json_t *try_all(void) {
    agent_paths_start(agents[0].paths);
    CU_ASSERT_TRUE(run_until(loop, is_done, &agents[0]));
    return agent_paths_json(agents[0].paths);
}

static void all_sizes_get_through(void) {
    static const char *const fields[] = {"answered", "reached", "heard", "full_reached", "full_heard", "lives"};
    begin();
    json_t *answer = try_all();
    CU_ASSERT_EQUAL(json_array_size(json_object_get(answer, "members")), COUNT - 1);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        CU_ASSERT_TRUE(is(answer, "n2", fields[i]) && is(answer, "n3", fields[i]));
    }
    json_decref(answer);
    end();
}

static void what_is_not_shown_yet_is_not_denied(void) {
    static const char *const fields[] = {"answered", "full_reached", "full_heard"};
    begin();
    json_t *answer = agent_paths_json(agents[0].paths);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(answer, "members")), 0);
    json_decref(answer);
    agents[1].deaf = true;
    for (unsigned done = 0; done < 2; done++) {
        if (done == 0) {
            agent_paths_start(agents[0].paths);
        } else {
            CU_ASSERT_TRUE(run_until(loop, is_done, &agents[0]));
        }
        answer = agent_paths_json(agents[0].paths);
        CU_ASSERT_EQUAL(json_is_true(json_object_get(answer, "pending")), !done);
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
            const json_t *value = json_object_get(row_of(answer, "n2"), fields[i]);
            CU_ASSERT_TRUE(done ? json_is_false(value) : json_is_null(value));
        }
        json_decref(answer);
    }
    end();
}

/* A program without an agent, as far as others can tell. */
static void who_answers_no_paths_is_reached_all_the_same(void) {
    begin();
    agents[1].deaf = true;
    json_t *answer = try_all();
    CU_ASSERT_FALSE(is(answer, "n2", "answered"));
    CU_ASSERT_TRUE(is(answer, "n2", "reached") && is(answer, "n2", "heard"));
    CU_ASSERT_FALSE(is(answer, "n2", "full_reached"));
    CU_ASSERT_TRUE(is(answer, "n3", "full_heard"));
    json_decref(answer);
    end();
}

static void give(unsigned to, unsigned from, const char *text) {
    const struct bw_message message = {.from = bw_node_id(bw_loop_node(agents[from].host)),
                                       .channel = BW_PATHS_CHANNEL,
                                       .data = (const uint8_t *)text,
                                       .size = strlen(text)};
    agent_paths_message(agents[to].paths, &message);
}

static void what_means_harm_changes_nothing(void) {
    static const char *const texts[] = {
        "",
        " ",
        "\xff\xfe",
        "null",
        "[]",
        "{\"m\":1}",
        "{\"m\":\"hail\"}",
        "{\"m\":\"hail\",\"n\":\"x\",\"full\":7,\"relay\":[]}",
        "{\"m\":\"hail\",\"n\":9223372036854775807,\"full\":true,\"relay\":true}",
        "{\"m\":\"pass\"}",
        "{\"m\":\"pass\",\"n\":1,\"id\":\"00\"}",
        "{\"m\":\"pass\",\"n\":1,\"id\":\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"}",
        "{\"m\":\"pass\",\"n\":1,\"id\":\"00000000000000000000000000000000\"}",
        "{\"m\":\"call\",\"n\":1,\"id\":{}}",
        "{\"m\":\"called\",\"n\":1}",
        "{\"m\":\"here\",\"n\":-9223372036854775808,\"wall_ms\":-9223372036854775808}",
        "{\"m\":\"passed\",\"n\":0,\"id\":\"00000000000000000000000000000000\"}",
    };
    begin();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        give(0, 1, texts[i]);
    }
    agent_paths_start(agents[0].paths);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        give(0, 1, texts[i]);
    }
    json_t *answer = agent_paths_json(agents[0].paths);
    CU_ASSERT_FALSE(is(answer, "n2", "answered"));
    json_decref(answer);
    CU_ASSERT_TRUE(run_until(loop, is_done, &agents[0]));
    answer = agent_paths_json(agents[0].paths);
    CU_ASSERT_TRUE(is(answer, "n2", "full_heard"));
    json_decref(answer);
    end();
}

static bool heard_half(void *context) {
    return ((struct agent *)context)->heard > AT_ONCE / 2; /* loopback may lose some */
}

static void nobody_makes_it_talk_without_end(void) {
    begin();
    agents[1].deaf = true;
    int64_t begin_us = bw_loop_now().mono_us;
    for (unsigned i = 0; i < 20 * AT_ONCE; i++) {
        give(0, 1, "{\"m\":\"hail\",\"n\":1}");
    }
    int64_t took_ms = (bw_loop_now().mono_us - begin_us) / 1000;
    CU_ASSERT_TRUE(run_until(loop, heard_half, &agents[1]));
    run_for(loop, 200); /* and whatever else comes */
    tap_note("%u answers to %u questions in %lld ms", agents[1].heard, 20u * AT_ONCE, (long long)took_ms);
    CU_ASSERT_TRUE(agents[1].heard <= AT_ONCE + (unsigned)(took_ms + 1) * AT_ONCE / 1000 + 1);
    end();
}

static const struct tap_test tests[] = {
    TAP_TEST(all_sizes_get_through),
    TAP_TEST(what_is_not_shown_yet_is_not_denied),
    TAP_TEST(who_answers_no_paths_is_reached_all_the_same),
    TAP_TEST(what_means_harm_changes_nothing),
    TAP_TEST(nobody_makes_it_talk_without_end),
};
static const struct tap_suite suites[] = {TAP_SUITE("paths", tests)};
TAP_MAIN(suites)
