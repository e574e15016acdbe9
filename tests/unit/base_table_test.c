#include "base/table.h"

#include <string.h>

#include "base/base.h"
#include "tests/unit/base_test.h"

#define KEY_COUNT 200u
#define LIMIT 120u

static struct bw_id key_of(size_t number) {
    struct bw_id key = {{0}};
    bw_put_u64(key.bytes + 8, number + 1);
    return key;
}

static void an_empty_table_answers(void) {
    struct test_memory memory = {0};
    struct bw_table table;
    struct bw_id key = key_of(0);
    bw_table_init(&table, test_allocator(&memory), 10);
    CU_ASSERT_PTR_NULL(bw_table_get(&table, &key));
    CU_ASSERT_PTR_NULL(bw_table_remove(&table, &key));
    CU_ASSERT_EQUAL(memory.calls, 0);
    bw_table_free(&table);
}

static void the_limit_is_exact_and_replacing_is_allowed_at_it(void) {
    struct test_memory memory = {0};
    struct bw_table table;
    int values[2];
    for (size_t limit = 0; limit < 40; limit++) {
        bw_table_init(&table, test_allocator(&memory), limit);
        for (size_t i = 0; i < limit; i++) {
            struct bw_id key = key_of(i);
            CU_ASSERT_EQUAL(bw_table_put(&table, &key, &values[0]), 0);
        }
        struct bw_id extra = key_of(limit);
        CU_ASSERT_EQUAL(bw_table_put(&table, &extra, &values[0]), BW_ERR_FULL);
        CU_ASSERT_PTR_NULL(bw_table_get(&table, &extra));
        for (size_t i = 0; i < limit; i++) {
            struct bw_id key = key_of(i);
            CU_ASSERT_EQUAL(bw_table_put(&table, &key, &values[1]), 0);
            CU_ASSERT_PTR_EQUAL(bw_table_get(&table, &key), &values[1]);
        }
        CU_ASSERT_EQUAL(table.count, limit);
        bw_table_free(&table);
        CU_ASSERT_EQUAL(memory.used_size, 0);
    }
}

/* The naive model: a value for each possible key. */
struct model {
    void *values[KEY_COUNT];
    size_t count;
};

static bool agree(const struct bw_table *table, const struct model *model) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        struct bw_id key = key_of(i);
        if (bw_table_get(table, &key) != model->values[i]) {
            return false;
        }
    }
    return table->count == model->count;
}

/* One random operation on both; a third of them removes. */
static void step(struct bw_table *table, struct model *model, struct bw_rng *rng) {
    static char values[16];
    size_t number = bw_rng_below(rng, KEY_COUNT);
    struct bw_id key = key_of(number);
    if (bw_rng_below(rng, 3) == 0) {
        CU_ASSERT_PTR_EQUAL(bw_table_remove(table, &key), model->values[number]);
        model->count -= model->values[number] != NULL;
        model->values[number] = NULL;
        return;
    }
    void *value = &values[bw_rng_below(rng, sizeof(values))];
    bool is_new = model->values[number] == NULL;
    int result = bw_table_put(table, &key, value);
    if (is_new && model->count >= LIMIT) {
        CU_ASSERT_EQUAL(result, BW_ERR_FULL);
    } else if (result == 0) {
        model->count += is_new;
        model->values[number] = value;
    } else {
        CU_ASSERT_TRUE(is_new);
        CU_ASSERT_EQUAL(result, BW_ERR_MEMORY);
    }
}

static void random_operations_match_a_naive_model(void) {
    struct test_memory memory = {0};
    struct bw_table table;
    struct model model = {.count = 0};
    struct bw_rng rng;
    bw_rng_seed(&rng, 10);
    bw_table_init(&table, test_allocator(&memory), LIMIT);
    for (size_t n = 0; n < 20000; n++) {
        step(&table, &model, &rng);
        CU_ASSERT_TRUE_FATAL(agree(&table, &model));
    }
    CU_ASSERT_EQUAL(memory.calls, 6); /* 8, 16, 32, 64, 128 and 256 slots: it never shrinks */
    bw_table_free(&table);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

/* Whichever allocation fails, once or for ever, the table keeps what it has and goes on. */
static void a_failing_allocation_changes_nothing(void) {
    for (size_t fail_at = 1; fail_at <= 6; fail_at++) {
        for (int fail_on = 0; fail_on <= 1; fail_on++) {
            struct test_memory memory = {.fail_at = fail_at, .fail_on = fail_on == 1};
            struct bw_table table;
            struct model model = {.count = 0};
            struct bw_rng rng;
            bw_rng_seed(&rng, 11);
            bw_table_init(&table, test_allocator(&memory), LIMIT);
            for (size_t n = 0; n < 1000; n++) {
                step(&table, &model, &rng);
                CU_ASSERT_TRUE_FATAL(agree(&table, &model));
            }
            CU_ASSERT_TRUE(memory.calls >= fail_at);
            bw_table_free(&table);
            CU_ASSERT_EQUAL(memory.used_size, 0);
        }
    }
}

/* Neighbours in one long run that wraps around the end are where a removal can go wrong. */
static void every_removal_from_a_crowded_table_leaves_the_rest(void) {
    struct test_memory memory = {0};
    struct bw_rng rng;
    bw_rng_seed(&rng, 12);
    for (size_t n = 0; n < 3000; n++) {
        struct bw_table table;
        struct bw_id keys[6]; /* as many as 8 slots may hold */
        bw_table_init(&table, test_allocator(&memory), BW_COUNT(keys));
        for (size_t i = 0; i < BW_COUNT(keys); i++) {
            test_fill(&rng, &keys[i], sizeof(keys[i]));
            CU_ASSERT_EQUAL(bw_table_put(&table, &keys[i], &keys[i]), 0);
        }
        CU_ASSERT_EQUAL(table.capacity, 8);
        size_t gone = bw_rng_below(&rng, BW_COUNT(keys));
        CU_ASSERT_PTR_EQUAL(bw_table_remove(&table, &keys[gone]), &keys[gone]);
        for (size_t i = 0; i < BW_COUNT(keys); i++) {
            CU_ASSERT_PTR_EQUAL(bw_table_get(&table, &keys[i]), i == gone ? NULL : &keys[i]);
        }
        bw_table_free(&table);
    }
}

static void put_nothing(void *context) {
    struct bw_id key = key_of(0);
    bw_table_put(context, &key, NULL);
}

static void putting_nothing_stops_the_program(void) {
    struct test_memory memory = {0};
    struct bw_table table;
    bw_table_init(&table, test_allocator(&memory), 1);
    CU_ASSERT_TRUE(test_stops(put_nothing, &table));
}

static const struct tap_test tests[] = {
    TAP_TEST(an_empty_table_answers),
    TAP_TEST(the_limit_is_exact_and_replacing_is_allowed_at_it),
    TAP_TEST(random_operations_match_a_naive_model),
    TAP_TEST(a_failing_allocation_changes_nothing),
    TAP_TEST(every_removal_from_a_crowded_table_leaves_the_rest),
    TAP_TEST(putting_nothing_stops_the_program),
};
const struct tap_suite base_table_suite = TAP_SUITE("base/table", tests);
