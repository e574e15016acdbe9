#include "base/rng.h"

#include "base/base.h"
#include "tests/unit/base_test.h"

/* The reference implementation's first outputs from the state {1, 2, 3, 4}. */
static void xoshiro_gives_the_reference_outputs(void) {
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    struct bw_rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < BW_COUNT(expected); i++) {
        CU_ASSERT_EQUAL(bw_rng_next(&rng), expected[i]);
    }
}

/* splitmix64's first outputs from 0, from 1234567 and from 1477776061723855037, as its reference gives them. */
static void seeds_are_spread_by_splitmix64(void) {
    static const struct {
        uint64_t seed;
        uint64_t state[4];
    } vectors[] = {
        {0,
         {UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4), UINT64_C(0x06c45d188009454f),
          UINT64_C(0xf88bb8a8724c81ec)}},
        {1234567,
         {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
          UINT64_C(4593380528125082431)}},
        {UINT64_C(1477776061723855037),
         {UINT64_C(1985237415132408290), UINT64_C(2979275885539914483), UINT64_C(13511426838097143398),
          UINT64_C(8488337342461049707)}},
    };
    for (size_t i = 0; i < BW_COUNT(vectors); i++) {
        struct bw_rng rng;
        bw_rng_seed(&rng, vectors[i].seed);
        for (size_t j = 0; j < BW_COUNT(rng.state); j++) {
            CU_ASSERT_EQUAL(rng.state[j], vectors[i].state[j]);
        }
    }
}

static void a_bound_is_kept(void) {
    static const uint64_t bounds[] = {1, 2, 3, 10, 63, 64, 1000, UINT64_C(1) << 63, UINT64_MAX};
    struct bw_rng rng;
    bw_rng_seed(&rng, 1);
    for (size_t i = 0; i < BW_COUNT(bounds); i++) {
        size_t beyond = 0;
        for (size_t n = 0; n < 1000; n++) {
            beyond += bw_rng_below(&rng, bounds[i]) >= bounds[i];
        }
        CU_ASSERT_EQUAL(beyond, 0);
    }
}

/* By remainder alone, the first third of 3/4 of all numbers would come up twice as often as the others. */
static void a_bound_adds_no_bias(void) {
    const uint64_t quarter = UINT64_C(1) << 62;
    size_t thirds[3] = {0};
    struct bw_rng rng;
    bw_rng_seed(&rng, 2);
    for (size_t n = 0; n < 30000; n++) {
        thirds[bw_rng_below(&rng, 3 * quarter) / quarter]++;
    }
    for (size_t i = 0; i < BW_COUNT(thirds); i++) {
        CU_ASSERT_TRUE(thirds[i] > 9700 && thirds[i] < 10300); /* 3.7 standard deviations */
    }
}

/* Chi-squared over a die with 10 faces: 9 degrees of freedom, 27.9 is exceeded once in a thousand. */
static void a_die_is_fair(void) {
    size_t faces[10] = {0};
    struct bw_rng rng;
    bw_rng_seed(&rng, 3);
    for (size_t n = 0; n < 100000; n++) {
        faces[bw_rng_below(&rng, BW_COUNT(faces))]++;
    }
    double chi_squared = 0;
    for (size_t i = 0; i < BW_COUNT(faces); i++) {
        double off = (double)faces[i] - 10000;
        chi_squared += off * off / 10000;
    }
    CU_ASSERT_TRUE(chi_squared < 27.9);
}

static void draw_below_zero(void *context) {
    bw_rng_below(context, 0);
}

static void a_bound_of_zero_stops_the_program(void) {
    struct bw_rng rng = {{1}};
    CU_ASSERT_TRUE(test_stops(draw_below_zero, &rng));
}

static const struct tap_test tests[] = {
    TAP_TEST(xoshiro_gives_the_reference_outputs),
    TAP_TEST(seeds_are_spread_by_splitmix64),
    TAP_TEST(a_bound_is_kept),
    TAP_TEST(a_bound_adds_no_bias),
    TAP_TEST(a_die_is_fair),
    TAP_TEST(a_bound_of_zero_stops_the_program),
};
const struct tap_suite base_rng_suite = TAP_SUITE("base/rng", tests);
