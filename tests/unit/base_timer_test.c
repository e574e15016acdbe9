#include "base/timer.h"

#include <stdlib.h>

#include "base/base.h"
#include "tests/unit/base_test.h"

#define TIMER_COUNT 40u

static void timers_fire_in_order_and_not_before_they_are_due(void) {
    struct bw_timers timers = {0};
    struct bw_timer a = {0};
    struct bw_timer b = {0};
    CU_ASSERT_EQUAL(bw_timers_next(&timers), BW_NEVER);
    CU_ASSERT_PTR_NULL(bw_timers_pop(&timers, BW_NEVER));
    bw_timer_arm(&timers, &a, 2000);
    bw_timer_arm(&timers, &b, 1000);
    CU_ASSERT_EQUAL(bw_timers_next(&timers), 1000);
    CU_ASSERT_EQUAL(bw_timer_at(&timers, &a), 2000);
    CU_ASSERT_PTR_NULL(bw_timers_pop(&timers, 999));
    CU_ASSERT_PTR_EQUAL(bw_timers_pop(&timers, 1000), &b);
    CU_ASSERT_FALSE(b.armed);
    CU_ASSERT_EQUAL(bw_timer_at(&timers, &b), BW_NEVER);
    CU_ASSERT_PTR_NULL(bw_timers_pop(&timers, 1999));
    CU_ASSERT_PTR_EQUAL(bw_timers_pop(&timers, 9999), &a);
    CU_ASSERT_PTR_NULL(bw_timers_pop(&timers, 9999));
}

static void ties_fire_in_the_order_of_arming(void) {
    struct bw_timers timers = {0};
    struct bw_timer all[TIMER_COUNT] = {{0}};
    for (size_t i = 0; i < TIMER_COUNT; i++) {
        bw_timer_arm(&timers, &all[i], 1000);
    }
    bw_timer_arm(&timers, &all[7], 1000); /* armed again: it is now the last */
    for (size_t i = 0; i < TIMER_COUNT; i++) {
        if (i != 7) {
            CU_ASSERT_PTR_EQUAL(bw_timers_pop(&timers, 1000), &all[i]);
        }
    }
    CU_ASSERT_PTR_EQUAL(bw_timers_pop(&timers, 1000), &all[7]);
}

static void arming_again_moves_and_never_cancels(void) {
    struct bw_timers timers = {0};
    struct bw_timer timer = {.kind = 3};
    bw_timer_cancel(&timers, &timer); /* harmless */
    bw_timer_arm(&timers, &timer, 1000);
    bw_timer_arm(&timers, &timer, 3000);
    CU_ASSERT_PTR_NULL(bw_timers_pop(&timers, 2999));
    bw_timer_arm(&timers, &timer, 500);
    CU_ASSERT_EQUAL(bw_timers_next(&timers), 500);
    bw_timer_arm(&timers, &timer, BW_NEVER);
    CU_ASSERT_FALSE(timer.armed);
    CU_ASSERT_EQUAL(bw_timers_next(&timers), BW_NEVER);
    bw_timer_arm(&timers, &timer, BW_NEVER - 1);
    CU_ASSERT_TRUE(timer.armed);
    CU_ASSERT_EQUAL(timer.kind, 3);
}

static void a_shift_delays_all_that_is_armed_and_nothing_later(void) {
    struct bw_timers timers = {0};
    struct bw_timer before = {0};
    struct bw_timer after = {0};
    struct bw_timer tie = {0};
    bw_timer_arm(&timers, &before, 1000);
    bw_timers_shift(&timers, 0);
    bw_timers_shift(&timers, 500);
    CU_ASSERT_EQUAL(bw_timer_at(&timers, &before), 1500);
    bw_timer_arm(&timers, &after, 1400);
    bw_timer_arm(&timers, &tie, 1500);
    CU_ASSERT_EQUAL(bw_timer_at(&timers, &after), 1400);
    CU_ASSERT_PTR_EQUAL(bw_timers_pop(&timers, 1400), &after);
    CU_ASSERT_PTR_NULL(bw_timers_pop(&timers, 1499));
    CU_ASSERT_PTR_EQUAL(bw_timers_pop(&timers, 1500), &before); /* armed first, though on another shift */
    CU_ASSERT_PTR_EQUAL(bw_timers_pop(&timers, 1500), &tie);
}

static void times_at_the_ends_of_the_clock_do_not_wrap(void) {
    struct bw_timers timers = {0};
    struct bw_timer late = {0};
    struct bw_timer early = {0};
    bw_timer_arm(&timers, &late, BW_NEVER - 1);
    bw_timers_shift(&timers, 1000);
    CU_ASSERT_EQUAL(bw_timer_at(&timers, &late), BW_NEVER);
    bw_timer_arm(&timers, &early, INT64_MIN);
    CU_ASSERT_EQUAL(bw_timers_next(&timers), INT64_MIN + 1000);
    bw_timers_shift(&timers, BW_NEVER);
    CU_ASSERT_EQUAL(bw_timer_at(&timers, &late), BW_NEVER);
    CU_ASSERT_PTR_EQUAL(bw_timers_pop(&timers, 0), &early);
}

/* The naive model: what is armed, in no order. */
struct model {
    bool armed[TIMER_COUNT];
    int64_t at_us[TIMER_COUNT];
    uint64_t order[TIMER_COUNT];
    uint64_t next_order;
};

static size_t model_earliest(const struct model *model) {
    size_t earliest = TIMER_COUNT;
    for (size_t i = 0; i < TIMER_COUNT; i++) {
        bool first = earliest == TIMER_COUNT;
        if (model->armed[i] &&
            (first || model->at_us[i] < model->at_us[earliest] ||
             (model->at_us[i] == model->at_us[earliest] && model->order[i] < model->order[earliest]))) {
            earliest = i;
        }
    }
    return earliest;
}

static void model_arm(struct model *model, size_t i, int64_t at_us) {
    model->armed[i] = at_us != BW_NEVER;
    model->at_us[i] = at_us;
    model->order[i] = model->next_order++;
}

static void step(struct bw_timers *timers, struct bw_timer *all, struct model *model, struct bw_rng *rng) {
    size_t i = bw_rng_below(rng, TIMER_COUNT);
    int64_t at_us = (int64_t)bw_rng_below(rng, 100); /* few enough for many ties */
    switch (bw_rng_below(rng, 8)) {
    case 0:
        bw_timer_cancel(timers, &all[i]);
        model->armed[i] = false;
        break;
    case 1:
        bw_timers_shift(timers, at_us / 20);
        for (size_t j = 0; j < TIMER_COUNT; j++) {
            model->at_us[j] += model->armed[j] ? at_us / 20 : 0;
        }
        break;
    case 2:
    case 3: {
        size_t earliest = model_earliest(model);
        bool due = earliest < TIMER_COUNT && model->at_us[earliest] <= at_us;
        CU_ASSERT_PTR_EQUAL(bw_timers_pop(timers, at_us), due ? &all[earliest] : NULL);
        if (due) {
            model->armed[earliest] = false;
        }
        break;
    }
    default:
        bw_timer_arm(timers, &all[i], at_us);
        model_arm(model, i, at_us);
        break;
    }
}

static void random_operations_match_a_naive_model(void) {
    struct bw_timers timers = {0};
    struct bw_timer all[TIMER_COUNT] = {{0}};
    struct model model = {.next_order = 0};
    struct bw_rng rng;
    bw_rng_seed(&rng, 20);
    for (size_t n = 0; n < 100000; n++) {
        step(&timers, all, &model, &rng);
        size_t earliest = model_earliest(&model);
        CU_ASSERT_EQUAL_FATAL(bw_timers_next(&timers), earliest < TIMER_COUNT ? model.at_us[earliest] : BW_NEVER);
        size_t i = bw_rng_below(&rng, TIMER_COUNT);
        CU_ASSERT_EQUAL_FATAL(bw_timer_at(&timers, &all[i]), model.armed[i] ? model.at_us[i] : BW_NEVER);
    }
}

/* A heap that recursed over its siblings would overrun the stack here. */
static void many_timers_need_no_deep_stack(void) {
    const size_t count = 300000;
    struct bw_timers timers = {0};
    struct bw_timer *all = calloc(count, sizeof(*all));
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    for (size_t i = 0; i < count; i++) {
        bw_timer_arm(&timers, &all[i], (int64_t)(i * 7919 % count));
    }
    int64_t last_us = -1;
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct bw_timer *timer = bw_timers_pop(&timers, BW_NEVER);
        wrong += !timer || timer->at_us < last_us;
        last_us = timer ? timer->at_us : last_us;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_PTR_NULL(timers.root);
    free(all);
}

static void shift_back(void *context) {
    bw_timers_shift(context, -1);
}

static void shifting_back_stops_the_program(void) {
    struct bw_timers timers = {0};
    CU_ASSERT_TRUE(test_stops(shift_back, &timers));
}

static const struct tap_test tests[] = {
    TAP_TEST(timers_fire_in_order_and_not_before_they_are_due),
    TAP_TEST(ties_fire_in_the_order_of_arming),
    TAP_TEST(arming_again_moves_and_never_cancels),
    TAP_TEST(a_shift_delays_all_that_is_armed_and_nothing_later),
    TAP_TEST(times_at_the_ends_of_the_clock_do_not_wrap),
    TAP_TEST(random_operations_match_a_naive_model),
    TAP_TEST(many_timers_need_no_deep_stack),
    TAP_TEST(shifting_back_stops_the_program),
};
const struct tap_suite base_timer_suite = TAP_SUITE("base/timer", tests);
