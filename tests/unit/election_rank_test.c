#include "election/rank.h"

#include "base/rng.h"
#include "tests/unit/election_test.h"

#include <stdio.h>
#include <string.h>

#define ALL 32 /* 2 flags, 2 priorities, 4 ids */

static struct bw_rank rank_number(size_t n) {
    struct bw_rank rank = {
        .shaky = (n & 1) != 0,
        .priority = (n & 2) != 0 ? 200 : 100,
        .incumbent = (n & 4) != 0,
    };
    rank.id.bytes[0] = (uint8_t)(1 + n / 8);
    return rank;
}

static void order_is_total(void) {
    for (size_t a = 0; a < ALL; a++)
        for (size_t b = 0; b < ALL; b++) {
            struct bw_rank x = rank_number(a);
            struct bw_rank y = rank_number(b);
            int xy = bw_rank_compare(&x, &y);
            int yx = bw_rank_compare(&y, &x);
            CU_ASSERT((xy < 0 && yx > 0) || (xy > 0 && yx < 0) || (xy == 0 && yx == 0 && a == b));
        }
}

static void order_is_transitive(void) {
    for (size_t a = 0; a < ALL; a++)
        for (size_t b = 0; b < ALL; b++)
            for (size_t c = 0; c < ALL; c++) {
                struct bw_rank x = rank_number(a);
                struct bw_rank y = rank_number(b);
                struct bw_rank z = rank_number(c);
                if (bw_rank_compare(&x, &y) < 0 && bw_rank_compare(&y, &z) < 0)
                    CU_ASSERT(bw_rank_compare(&x, &z) < 0);
            }
}

/* Of two that differ in one point only. */
static bool first(struct bw_rank better, struct bw_rank worse) {
    return bw_rank_compare(&better, &worse) < 0 && bw_rank_compare(&worse, &better) > 0;
}

static void each_point_counts_in_its_turn(void) {
    struct bw_rank base = {.id.bytes = {5}, .priority = 100};
    struct bw_rank scored = {.id.bytes = {2}, .priority = 100, .score = 1};
    struct bw_rank larger = {.id.bytes = {6}, .priority = 100};
    struct bw_rank incumbent = {.id.bytes = {4}, .priority = 100, .incumbent = true};
    struct bw_rank priority = {.id.bytes = {3}, .priority = 101};
    struct bw_rank seated = {.id.bytes = {8}, .priority = 500, .incumbent = true, .seated = true};
    struct bw_rank shaky = {.id.bytes = {9}, .priority = 65535, .incumbent = true, .shaky = true};
    CU_ASSERT(first(larger, base));
    CU_ASSERT(first(scored, larger));
    CU_ASSERT(first(incumbent, scored));
    CU_ASSERT(first(incumbent, larger));
    CU_ASSERT(first(priority, incumbent));
    CU_ASSERT(first(base, shaky));
    CU_ASSERT(first(base, seated));
    CU_ASSERT(first(seated, shaky)); /* who reaches less than half gets no seat from who holds two */
}

static void insertion_keeps_the_best(void) {
    for (size_t limit = 1; limit <= 6; limit++)
        for (size_t start = 0; start < ALL; start++) {
            struct bw_rank best[6];
            size_t count = 0;
            for (size_t i = 0; i < ALL; i++) {
                struct bw_rank rank = rank_number((start + i * 5) % ALL);
                count = bw_rank_insert(best, count, limit, &rank);
            }
            CU_ASSERT_EQUAL(count, limit);
            for (size_t k = 0; k < count; k++) {
                size_t before = 0;
                for (size_t i = 0; i < ALL; i++) {
                    struct bw_rank rank = rank_number(i);
                    before += bw_rank_compare(&rank, &best[k]) < 0;
                }
                CU_ASSERT_EQUAL(before, k);
            }
        }
}

static void records_merge_in_any_order(void) {
    struct bw_claim claims[8];
    for (size_t i = 0; i < 8; i++) {
        claims[i] = (struct bw_claim){.token.term = 5 + (i & 1), .sequence = 1 + (i >> 2)};
        claims[i].token.id.bytes[0] = (uint8_t)(1 + ((i >> 1) & 1));
    }
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < 8; k++) {
            int order = bw_claim_compare(&claims[i], &claims[k]);
            CU_ASSERT((order == 0) == (i == k));
            CU_ASSERT(order == -bw_claim_compare(&claims[k], &claims[i]));
        }
    CU_ASSERT(bw_claim_compare(&claims[7], &claims[3]) > 0); /* same reign, later word */
    CU_ASSERT(bw_claim_compare(&claims[1], &claims[6]) > 0); /* the term first */
}

static void terms_stay_within_bounds(void) {
    const uint64_t step = UINT64_C(1) << 32;
    const int64_t now = INT64_C(1700000000000000);
    CU_ASSERT_TRUE(bw_term_near(0, 2 * step));
    CU_ASSERT_FALSE(bw_term_near(0, 2 * step + 1));
    CU_ASSERT_TRUE(bw_term_near(1000, 1000 + step));
    CU_ASSERT_FALSE(bw_term_near(1000, 1001 + step));
    CU_ASSERT_TRUE(bw_term_near(UINT64_MAX, 1));
    CU_ASSERT_EQUAL(bw_term_next(0, 0, now), 1700000000);
    CU_ASSERT_EQUAL(bw_term_next(1700000005, 1700000005, now), 1700000006);
    CU_ASSERT_EQUAL(bw_term_next(3, 9, -5), 10);
    CU_ASSERT_EQUAL(bw_term_next(0, 0, INT64_MAX), 1); /* in the year 290,000: left aside */
    CU_ASSERT_EQUAL(bw_term_next(UINT64_MAX, UINT64_MAX, now), 0);
}

static struct bw_id random_id(struct bw_rng *rng) {
    struct bw_id id;
    bw_put_u64(id.bytes, bw_rng_next(rng));
    bw_put_u64(id.bytes + 8, bw_rng_next(rng));
    return id;
}

static struct bw_bytes text(const char *string) {
    return (struct bw_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

/* Which of the ids leads the scope, the one left out aside. */
static size_t best_of(const char *scope, const struct bw_id *ids, size_t count, size_t without) {
    struct bw_rank best = {.priority = 0};
    size_t at = count;
    for (size_t i = 0; i < count; i++) {
        const struct bw_rank rank = {
            .id = ids[i], .priority = 100, .score = bw_rank_score(bw_rank_hash(text(scope)), &ids[i])};
        if (i != without && (at == count || bw_rank_compare(&rank, &best) < 0)) {
            best = rank;
            at = i;
        }
    }
    return at;
}

#define SPREAD_SCOPES 1000u
#define SPREAD_MEMBERS 10u

/* The scopes of ten members are even within a quarter or so by chance alone; who goes leaves its own to the others, evenly. */
static void scores_spread_scopes(void) {
    struct bw_rng rng;
    bw_rng_seed(&rng, 35);
    for (size_t cluster = 0; cluster < 20; cluster++) {
        struct bw_id ids[SPREAD_MEMBERS];
        size_t led[SPREAD_MEMBERS] = {0};
        size_t heirs[SPREAD_MEMBERS] = {0};
        for (size_t i = 0; i < SPREAD_MEMBERS; i++)
            ids[i] = random_id(&rng);
        for (size_t i = 0; i < SPREAD_SCOPES; i++) {
            char scope[32];
            snprintf(scope, sizeof scope, "orders/%zu", i);
            size_t before = best_of(scope, ids, SPREAD_MEMBERS, SPREAD_MEMBERS);
            size_t after = best_of(scope, ids, SPREAD_MEMBERS, 3);
            led[before]++;
            heirs[after] += before == 3;
            CU_ASSERT(before == 3 ? after != 3 : after == before);
        }
        for (size_t i = 0; i < SPREAD_MEMBERS; i++) {
            CU_ASSERT(led[i] > 60 && led[i] < 140); /* 100, give or take four times the deviation of chance */
            CU_ASSERT(i == 3 ? heirs[i] == 0 : heirs[i] > 0 && heirs[i] < 30);
        }
    }
}

/* Other languages compute the same: the numbers stand in docs/PROTOCOL.md. */
static void hashes_are_as_documented(void) {
    struct bw_id id;
    for (size_t i = 0; i < sizeof id.bytes; i++)
        id.bytes[i] = (uint8_t)i;
    CU_ASSERT_EQUAL(bw_rank_hash(text("")), UINT64_C(0xf52a15e9a9b5e89b));
    CU_ASSERT_EQUAL(bw_rank_hash(text("customer-4711")), UINT64_C(0x118a1af9eb0af3bd));
    CU_ASSERT_EQUAL(bw_rank_score(bw_rank_hash(text("orders/17")), &id), UINT64_C(0x6439ad7f383edca5));
}

static const struct tap_test tests[] = {
    TAP_TEST(scores_spread_scopes),       TAP_TEST(hashes_are_as_documented),      TAP_TEST(order_is_total),
    TAP_TEST(order_is_transitive),        TAP_TEST(each_point_counts_in_its_turn), TAP_TEST(insertion_keeps_the_best),
    TAP_TEST(records_merge_in_any_order), TAP_TEST(terms_stay_within_bounds),
};
const struct tap_suite election_rank_suite = TAP_SUITE("election/rank", tests);
