/* Ranges: many scopes declared and told at once. */
#include "election/range.h"

#include "tests/unit/election_test.h"

#include <stdio.h>
#include <string.h>

static void set_up(void) {
    world_begin();
}

static struct bw_bytes text(const char *string) {
    return (struct bw_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

static void names_come_apart_as_they_are_made(void) {
    static const char *const others[] = {"orders",    "orders/", "/1", "orders/01", "orders/65536",
                                         "orders/1x", "orders1", "",   "orders/00", "7"};
    char name[BW_NAME_MAX + 1];
    struct bw_bytes base;
    uint32_t index;
    for (uint32_t i = 0; i <= BW_RANGE_INDEX_MAX; i += 7) {
        CU_ASSERT(bw_range_name(text("a/b"), i, name));
        CU_ASSERT(bw_range_split(text(name), &base, &index));
        CU_ASSERT(index == i && bw_name_compare(base, text("a/b")) == 0);
    }
    for (size_t i = 0; i < BW_COUNT(others); i++)
        CU_ASSERT_FALSE(bw_range_split(text(others[i]), &base, &index));
    char longest[BW_NAME_MAX + 1] = {0};
    memset(longest, 'x', BW_NAME_MAX - 3);
    CU_ASSERT_TRUE(bw_range_name(text(longest), 99, name));
    CU_ASSERT_EQUAL(strlen(name), BW_NAME_MAX);
    CU_ASSERT_FALSE(bw_range_name(text(longest), 100, name));
}

static struct bw_scope_config range_config(uint32_t first, uint32_t count) {
    return (struct bw_scope_config){.name = "orders",
                                    .priority = 100,
                                    .min_ack = 1,
                                    .min_confirm = 1,
                                    .preempt_ms = BW_PREEMPT_NEVER,
                                    .range_first = first,
                                    .range_count = count,
                                    .spread = true};
}

static struct bw_election *make(uint8_t id, const struct bw_scope_config *scopes, size_t count, int *error) {
    struct bw_election *e = NULL;
    struct bw_election_config config = {.allocator = world.allocator,
                                        .trace = &world.trace,
                                        .params = world.params,
                                        .seed = id,
                                        .self.bytes = {id},
                                        .boot = 1,
                                        .scopes = scopes,
                                        .scope_count = count};
    *error = bw_election_create(&e, &config, (struct bw_time){1, 1000000000000000});
    return e;
}

static void hear(struct bw_election *e, uint8_t id, struct bw_bytes candidacies) {
    const struct bw_election_member member = {.id.bytes = {id}, .status = BW_STATUS_ALIVE, .candidacies = candidacies};
    bw_election_member(e, &member, (struct bw_time){2, 1000000000000001});
}

static size_t candidates(const struct bw_election *e, const char *scope, struct bw_candidate_info *last) {
    size_t count = 0;
    while (bw_election_candidate(e, scope, count, last) == 0)
        count++;
    return count;
}

/* A thousand scopes are told in one frame, and more of them where some differ. */
static void a_range_is_told_in_one_frame(void) {
    const struct bw_scope_config config = range_config(0, 1000);
    const struct bw_time now = {3, 1000000000000002};
    struct bw_candidate_info info;
    uint8_t data[BW_CANDIDACIES_MAX];
    int error;
    struct bw_election *a = make(1, &config, 1, &error);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    struct bw_election *b = make(2, NULL, 0, &error);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    CU_ASSERT_EQUAL(bw_election_scope_count(a), 1000);
    size_t size = bw_election_candidacies(a, data);
    CU_ASSERT_EQUAL(size, 3 + 2 + 6 + 2 + 2 + 2 + 1 + 1);
    hear(b, 1, (struct bw_bytes){data, size});
    CU_ASSERT_EQUAL(bw_election_scope_count(b), 1000);
    CU_ASSERT_EQUAL(candidates(b, "orders/999", &info), 1);
    CU_ASSERT(info.ready && info.priority == 100 && info.id.bytes[0] == 1);
    CU_ASSERT_EQUAL(bw_election_priority(a, "orders/500", 7, now), 0);
    CU_ASSERT_EQUAL(bw_election_stepdown(a, "orders/999", 60000, now), 0);
    CU_ASSERT_EQUAL(bw_election_scope_remove(a, "orders/0", now), 0);
    size = bw_election_candidacies(a, data);
    CU_ASSERT_EQUAL(size, 4u * 19u);
    hear(b, 1, (struct bw_bytes){data, size});
    CU_ASSERT_EQUAL(candidates(b, "orders/0", &info), 0);
    CU_ASSERT(candidates(b, "orders/499", &info) == 1 && info.priority == 100 && info.ready);
    CU_ASSERT(candidates(b, "orders/500", &info) == 1 && info.priority == 7);
    CU_ASSERT(candidates(b, "orders/999", &info) == 1 && !info.ready && info.priority == 100);
    struct bw_scope_config one = config;
    one.name = "orders/0";
    one.range_count = 0;
    CU_ASSERT_EQUAL(bw_election_scope_add(a, &one, now), 0); /* back in its place */
    CU_ASSERT_EQUAL(bw_election_candidacies(a, data), 4u * 19u);
    bw_election_destroy(a);
    bw_election_destroy(b);
}

/* Where not all that differs can be told, the rest counts as the least fit of them, and nothing is told that is too large. */
static void what_does_not_fit_counts_as_the_least(void) {
    struct bw_scope_config configs[2] = {range_config(10, 500), range_config(0, 40)};
    const struct bw_time now = {3, 1000000000000002};
    struct bw_candidate_info info;
    uint8_t data[BW_CANDIDACIES_MAX];
    char name[BW_NAME_MAX + 1];
    int error;
    configs[1].name = "more";
    struct bw_election *a = make(1, configs, 2, &error);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    struct bw_election *b = make(2, NULL, 0, &error);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    for (unsigned i = 11; i < 510; i += 2) {
        snprintf(name, sizeof name, "orders/%u", i);
        CU_ASSERT_EQUAL(bw_election_priority(a, name, (uint16_t)(1000 - i), now), 0);
    }
    size_t size = bw_election_candidacies(a, data);
    CU_ASSERT(size <= BW_CANDIDACIES_MAX && size > BW_CANDIDACIES_MAX - 40);
    hear(b, 1, (struct bw_bytes){data, size});
    CU_ASSERT_EQUAL(bw_election_scope_count(b), 540);
    CU_ASSERT(candidates(b, "orders/11", &info) == 1 && info.priority == 989);
    CU_ASSERT(candidates(b, "orders/12", &info) == 1 && info.priority == 100);
    CU_ASSERT(candidates(b, "orders/509", &info) == 1 && info.priority == 100 && info.ready);
    CU_ASSERT(candidates(b, "more/39", &info) == 1 && info.priority == 100);
    bw_election_destroy(a);
    bw_election_destroy(b);
}

static void bad_ranges_are_refused(void) {
    struct bw_scope_config configs[2] = {range_config(65000, 536), range_config(65535, 1)};
    int error;
    bw_election_destroy(make(1, configs, 1, &error));
    CU_ASSERT_EQUAL(error, 0);
    configs[0].range_count++;
    CU_ASSERT_PTR_NULL(make(1, configs, 1, &error));
    CU_ASSERT_EQUAL(error, BW_ERR_INVALID);
    configs[0] = range_config(0, world.params.scope_max + 1);
    CU_ASSERT_PTR_NULL(make(1, configs, 1, &error));
    CU_ASSERT_EQUAL(error, BW_ERR_FULL);
    configs[0] = range_config(0, 8);
    configs[0].mode = BW_MODE_QUORUM;
    CU_ASSERT_PTR_NULL(make(1, configs, 1, &error));
    CU_ASSERT_EQUAL(error, BW_ERR_INVALID);
    configs[0] = range_config(65535, 1); /* one twice */
    CU_ASSERT_PTR_NULL(make(1, configs, 2, &error));
    CU_ASSERT_EQUAL(error, BW_ERR_INVALID);
    struct bw_election *e = make(1, NULL, 0, &error);
    CU_ASSERT_EQUAL(bw_election_scope_add(e, &configs[1], (struct bw_time){2, 2}),
                    BW_ERR_INVALID); /* at the start only */
    bw_election_destroy(e);
}

/* Who observes, or stands for nothing, maps keys as all others do. */
static void keys_have_shards(void) {
    const struct bw_scope_config config = range_config(0, 64);
    const struct bw_scope_config others[] = {{.name = "orders", .min_ack = 1}, {.name = "orders/x/7", .min_ack = 1}};
    uint8_t data[BW_CANDIDACIES_MAX];
    int error;
    CU_ASSERT_EQUAL(bw_shard_of("customer-4711", 13, 64), 61); /* as in docs/PROTOCOL.md */
    CU_ASSERT_EQUAL(bw_shard_of("", 0, 1), 0);
    struct bw_election *a = make(1, &config, 1, &error);
    struct bw_election *b = make(2, others, 2, &error);
    CU_ASSERT_EQUAL(bw_election_shards(b, "orders"), 0);
    struct bw_bytes told = {.data = data, .size = bw_election_candidacies(a, data)};
    hear(b, 1, told);
    CU_ASSERT_EQUAL(bw_election_shards(b, "orders"), 64);
    CU_ASSERT_EQUAL(bw_election_shards(a, "orders"), 64);
    CU_ASSERT_EQUAL(bw_election_shards(a, "order"), 0);
    CU_ASSERT_EQUAL(bw_election_shards(b, "orders/x"), 8);
    const struct bw_scope_config fewer = range_config(0, 16);
    struct bw_election *c = make(3, &fewer, 1, &error);
    uint8_t more[BW_CANDIDACIES_MAX];
    hear(b, 3, (struct bw_bytes){.data = more, .size = bw_election_candidacies(c, more)});
    const struct bw_election_member dead = {.id.bytes = {1}, .status = BW_STATUS_DEAD, .candidacies = told};
    bw_election_member(b, &dead, (struct bw_time){3, 1000000000000002});
    CU_ASSERT_EQUAL(bw_election_shards(b, "orders"), 16); /* as many as the living have */
    const struct bw_election_member gone = {.id.bytes = {3}, .status = BW_STATUS_DEAD};
    bw_election_member(b, &gone, (struct bw_time){4, 1000000000000003});
    CU_ASSERT_EQUAL(bw_election_shards(b, "orders"), 64); /* as many as there were */
    bw_election_destroy(a);
    bw_election_destroy(b);
    bw_election_destroy(c);
}

/* A member that tells nonsense stands for nothing. */
static void nonsense_of_others_is_left_aside(void) {
    static const struct bw_message_range cases[] = {
        {.scope = {(const uint8_t *)"orders", 6}, .first = 5, .last = 4},
        {.scope = {(const uint8_t *)"", 0}, .first = 0, .last = 4},
        {.scope = {(const uint8_t *)"a\nb", 3}, .first = 0, .last = 4},
        {.scope = {(const uint8_t *)"orders", 6}, .first = 0, .last = 4, .mode = BW_MODE_QUORUM},
        {.scope = {(const uint8_t *)"123456789012345678901234567890123456789012345678901234567890", 60}, .last = 100},
    };
    int error;
    struct bw_election *e = make(1, NULL, 0, &error);
    for (size_t i = 0; i < BW_COUNT(cases); i++) {
        uint8_t data[128];
        struct bw_writer writer = {.data = data, .capacity = sizeof data};
        CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_range, &cases[i]), 0);
        hear(e, 2, (struct bw_bytes){data, writer.used});
        CU_ASSERT_EQUAL(bw_election_scope_count(e), 0);
    }
    bw_election_destroy(e);
}

/* In the order in which they are told one by one, and each with the same reasons, whatever their number. */
static void all_candidates_are_told_at_once_in_their_order(void) {
    const struct bw_scope_config config = range_config(0, 3);
    const struct bw_time now = {3, 1000000000000002};
    struct bw_candidate_info all[120], one;
    uint8_t data[BW_CANDIDACIES_MAX];
    int error;
    struct bw_election *a = make(1, &config, 1, &error);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    for (uint8_t id = 2; id <= 101; id++) {
        CU_ASSERT_EQUAL(bw_election_priority(a, "orders/1", (uint16_t)(id % 7), now), 0);
        CU_ASSERT_EQUAL(bw_election_ready(a, "orders/1", id % 5 != 0, 0, now), 0);
        size_t size = bw_election_candidacies(a, data);
        hear(a, id, (struct bw_bytes){data, size});
        for (size_t scope = 0; scope < 3; scope++) {
            static const char *const names[] = {"orders/0", "orders/1", "orders/2"};
            size_t count = 0;
            memset(all, 0, sizeof all);
            CU_ASSERT_EQUAL(bw_election_candidates(a, names[scope], NULL, 0, &count), 0);
            CU_ASSERT_EQUAL(count, id);
            CU_ASSERT_EQUAL(bw_election_candidates(a, names[scope], all, id - 1u, &count), 0);
            CU_ASSERT(count == id && bw_id_none(&all[id - 1].id)); /* no more than there is room for */
            CU_ASSERT_EQUAL(bw_election_candidates(a, names[scope], all, BW_COUNT(all), &count), 0);
            for (size_t i = 0; i < count; i++) {
                CU_ASSERT_EQUAL(bw_election_candidate(a, names[scope], i, &one), 0);
                CU_ASSERT(bw_id_equal(&one.id, &all[i].id) && bw_id_equal(&one.behind, &all[i].behind));
                CU_ASSERT(one.priority == all[i].priority && one.ready == all[i].ready && one.why == all[i].why);
            }
        }
    }
    bw_election_destroy(a);
}

static size_t put_range(uint8_t data[BW_CANDIDACIES_MAX], size_t used, uint16_t first, uint16_t last, uint8_t flags) {
    struct bw_writer writer = {.data = data, .capacity = BW_CANDIDACIES_MAX, .used = used};
    const struct bw_message_range range = {
        .scope = text("orders"), .first = first, .last = last, .priority = 100, .flags = flags};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_range, &range), 0);
    return writer.used;
}

/* Ranges over ranges cost no more than one that is as large as can be: what is told beyond that is left aside. */
static void ranges_over_ranges_are_cut_off(void) {
    struct bw_candidate_info info;
    uint8_t data[BW_CANDIDACIES_MAX];
    size_t size = 0;
    int error;
    struct bw_election *e = make(1, NULL, 0, &error);
    size = put_range(data, size, 0, 65535, BW_CANDIDACY_READY);
    while (size + 19 <= sizeof data)
        size = put_range(data, size, 0, 65535, 0);
    hear(e, 2, (struct bw_bytes){data, size});
    CU_ASSERT_EQUAL(bw_election_scope_count(e), world.params.scope_max);
    CU_ASSERT(candidates(e, "orders/0", &info) == 1 && info.ready);
    CU_ASSERT_EQUAL(candidates(e, "orders/4096", &info), 0);
    bw_election_destroy(e);
}

/* Scopes without room keep nobody out of those that are known; once there is room they are taken up. */
static void what_is_known_counts_though_others_find_no_room(void) {
    const struct bw_scope_config own = {.name = "orders/9", .priority = 1, .min_ack = 1, .min_confirm = 1};
    struct bw_candidate_info info;
    uint8_t data[BW_CANDIDACIES_MAX];
    int error;
    world.params.scope_max = 10;
    struct bw_election *e = make(1, &own, 1, &error);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    e->params.scope_max = 4;
    size_t size = put_range(data, 0, 0, 3, BW_CANDIDACY_READY);
    hear(e, 2, (struct bw_bytes){data, put_range(data, size, 9, 9, BW_CANDIDACY_READY)});
    CU_ASSERT_EQUAL(bw_election_scope_count(e), 4);
    CU_ASSERT_EQUAL(candidates(e, "orders/3", &info), 0);
    hear(e, 2, (struct bw_bytes){data, put_range(data, 0, 2, 4, BW_CANDIDACY_READY)});
    CU_ASSERT_EQUAL(candidates(e, "orders/0", &info), 0);
    CU_ASSERT_EQUAL(candidates(e, "orders/4", &info), 0);
    hear(e, 3, (struct bw_bytes){data, put_range(data, 0, 7, 9, BW_CANDIDACY_READY)});
    CU_ASSERT_EQUAL(candidates(e, "orders/9", &info), 2);
    e->params.scope_max = 10;
    hear(e, 3, (struct bw_bytes){data, put_range(data, 0, 7, 9, BW_CANDIDACY_READY)});
    CU_ASSERT_EQUAL(candidates(e, "orders/7", &info), 1);
    bw_election_destroy(e);
}

/* Redeclared in quorum mode, one of a range would be told in the same frame as the others. */
static void one_of_a_range_stays_in_its_mode(void) {
    const struct bw_scope_config config = range_config(0, 8);
    const struct bw_time now = {3, 1000000000000002};
    int error;
    struct bw_election *e = make(1, &config, 1, &error);
    struct bw_scope_config one = range_config(0, 0);
    one.name = "orders/3";
    CU_ASSERT_EQUAL(bw_election_scope_remove(e, one.name, now), 0);
    one.mode = BW_MODE_QUORUM;
    CU_ASSERT_EQUAL(bw_election_scope_add(e, &one, now), BW_ERR_INVALID);
    one.mode = BW_MODE_PRIORITY;
    CU_ASSERT_EQUAL(bw_election_scope_add(e, &one, now), 0);
    bw_election_destroy(e);
}

static const struct tap_test tests[] = {
    TAP_TEST(ranges_over_ranges_are_cut_off),
    TAP_TEST(what_is_known_counts_though_others_find_no_room),
    TAP_TEST(one_of_a_range_stays_in_its_mode),
    TAP_TEST(all_candidates_are_told_at_once_in_their_order),
    TAP_TEST(names_come_apart_as_they_are_made),
    TAP_TEST(a_range_is_told_in_one_frame),
    TAP_TEST(what_does_not_fit_counts_as_the_least),
    TAP_TEST(bad_ranges_are_refused),
    TAP_TEST(keys_have_shards),
    TAP_TEST(nonsense_of_others_is_left_aside),
};
const struct tap_suite election_range_suite = TAP_SUITE_WITH("election/range", tests, set_up, world_end);
