/* Precedence, times, hashes, settings and tags: pure functions. */
#include <math.h>
#include <string.h>

#include "tests/unit/gossip_test.h"

static bool same(struct bw_claim a, struct bw_claim b) {
    return a.incarnation == b.incarnation && a.status == b.status;
}

static struct bw_claim claim_number(unsigned i) {
    static const uint64_t incarnations[] = {0, 1, 2, BW_INCARNATION_MAX};
    return (struct bw_claim){incarnations[i / 4], (enum bw_status)(i % 4)};
}

static void merging_is_commutative_associative_and_idempotent(void) {
    for (unsigned i = 0; i < 16; i++) {
        struct bw_claim a = claim_number(i);
        CU_ASSERT(same(bw_claim_merge(a, a), a));
        for (unsigned j = 0; j < 16; j++) {
            struct bw_claim b = claim_number(j);
            CU_ASSERT(same(bw_claim_merge(a, b), bw_claim_merge(b, a)));
            CU_ASSERT_EQUAL(bw_precedence(a, b) > 0, i > j); /* numbered in rising order */
            for (unsigned k = 0; k < 16; k++) {
                struct bw_claim c = claim_number(k);
                CU_ASSERT(same(bw_claim_merge(bw_claim_merge(a, b), c), bw_claim_merge(a, bw_claim_merge(b, c))));
            }
        }
    }
}

static void outbidding_never_wraps(void) {
    CU_ASSERT_EQUAL(bw_incarnation_above(7), 8);
    CU_ASSERT_EQUAL(bw_incarnation_above(BW_INCARNATION_MAX - 1), BW_INCARNATION_MAX);
    CU_ASSERT_EQUAL(bw_incarnation_above(BW_INCARNATION_MAX), BW_INCARNATION_MAX);
}

static struct bw_params lan(void) {
    struct bw_config config;
    bw_config_init(&config, BW_PROFILE_LAN);
    return config.params;
}

static void logarithm_is_that_of_the_library(void) {
    for (double value = 1; value < 1e6; value *= 1.37) {
        CU_ASSERT_DOUBLE_EQUAL(bw_log2(value), log2(value), 1e-8);
    }
}

/* Lifeguard IV-B, written down once more, with the C library's logarithms. */
static double lifeguard_ms(double n, double confirmations, double needed) {
    double least = fmax(1, log10(n)) * 1000;
    double most = least * 24;
    return needed == 0 ? least : fmax(least, most - (most - least) * log(confirmations + 1) / log(needed + 1));
}

static void suspicion_follows_the_formula(void) {
    struct bw_params params = lan();
    for (size_t n = 3; n <= 2000; n = n * 3 / 2 + 1) {
        uint32_t needed = bw_confirmations_needed(&params, n);
        CU_ASSERT_EQUAL(needed, n - 2 < 3 ? n - 2 : 3);
        for (uint32_t c = 0; c <= needed + 1; c++) {
            double wanted = lifeguard_ms((double)n, c > needed ? needed : c, needed);
            CU_ASSERT_DOUBLE_EQUAL((double)bw_suspicion_timeout_us(&params, n, c) / 1000, wanted, 0.05);
        }
    }
    CU_ASSERT_EQUAL(bw_suspicion_timeout_us(&params, 10, 0), MS(24000));
    CU_ASSERT_EQUAL(bw_suspicion_timeout_us(&params, 10, 3), MS(1000));
    CU_ASSERT_EQUAL(bw_suspicion_timeout_us(&params, 2, 0), MS(4000)); /* two members: 4 intervals */
}

static void times_for_all_profiles(void) {
    for (int profile = BW_PROFILE_LOCAL; profile <= BW_PROFILE_WAN; profile++) {
        struct bw_config config;
        bw_config_init(&config, (enum bw_profile)profile);
        const char *why = NULL;
        CU_ASSERT_EQUAL(bw_params_check(&config.params, &why), 0);
        for (size_t n = 2; n < 5000; n = n * 2 + 1) {
            int64_t least_us = 0;
            int64_t most_us = 0;
            bw_gossip_detection_bounds(&config.params, n, &least_us, &most_us);
            CU_ASSERT(0 < least_us && least_us < most_us);
            CU_ASSERT(most_us >= bw_alone_us(&config.params, n));
        }
    }
}

static void detection_bounds_of_the_lan_profile(void) {
    struct bw_params params = lan();
    int64_t least_us = 0;
    int64_t most_us = 0;
    bw_gossip_detection_bounds(&params, 2, &least_us, &most_us);
    CU_ASSERT(least_us == MS(1000 + 4000) && most_us == MS(2 * 8 * 1000 + 4000));
    bw_gossip_detection_bounds(&params, 10, &least_us, &most_us);
    CU_ASSERT(least_us == MS(500) && most_us == MS(18 * 8 * 1000 + 24000));
    params.health_max = 1;
    bw_gossip_detection_bounds(&params, 10, &least_us, &most_us);
    CU_ASSERT_EQUAL(most_us, MS(18 * 1000 + 24000));
    bw_gossip_detection_bounds(&params, 1, &least_us, &most_us); /* as for two: there is nobody to detect */
    CU_ASSERT_EQUAL(most_us, MS(2 * 1000 + 4000));
}

static void transmit_limit_grows_with_the_logarithm(void) {
    struct bw_params params = lan();
    for (size_t n = 1; n < 100000; n = n * 5 / 4 + 1) {
        CU_ASSERT_EQUAL(bw_transmit_limit(&params, n), 4 * (uint32_t)ceil(log10((double)n + 1)));
    }
    params.retransmit_mult = 16;
    CU_ASSERT(bw_transmit_limit(&params, 65536) < BW_UPDATE_LEVELS);
}

static void hash_is_siphash(void) {
    struct bw_digest_key key = {{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
    uint8_t input[15];
    for (uint8_t i = 0; i < sizeof(input); i++) {
        input[i] = i;
    }
    CU_ASSERT_EQUAL(bw_digest_hash(&key, input, 15), UINT64_C(0xa129ca6149be45e5)); /* the paper's, appendix A */
    CU_ASSERT_EQUAL(bw_digest_hash(&key, input, 0), UINT64_C(0x726fdb47dd0e0e31));
}

static void digest_of_a_claim(void) {
    struct bw_digest_key key = bw_digest_key("a");
    struct bw_digest_key other = bw_digest_key("b");
    struct bw_id id = net_id(1);
    struct bw_claim alive = {5, BW_STATUS_ALIVE};
    uint64_t value = bw_digest_claim(&key, &id, alive);
    CU_ASSERT_EQUAL(bw_digest_claim(&key, &id, (struct bw_claim){5, BW_STATUS_SUSPECT}), value);
    CU_ASSERT_NOT_EQUAL(bw_digest_claim(&key, &id, (struct bw_claim){5, BW_STATUS_DEAD}), value);
    CU_ASSERT_NOT_EQUAL(bw_digest_claim(&key, &id, (struct bw_claim){6, BW_STATUS_ALIVE}), value);
    CU_ASSERT_NOT_EQUAL(bw_digest_claim(&other, &id, alive), value);
}

static void settings_by_name(void) {
    struct bw_params params = lan();
    size_t count = 0;
    uint32_t least = 0;
    uint32_t largest = 0;
    const char *text = NULL;
    for (const char *name; (name = bw_params_describe(count, &text, &least, &largest)); count++) {
        CU_ASSERT(least < largest && strlen(text) > 10);
        CU_ASSERT_EQUAL(bw_params_set(&params, name, largest), 0);
        CU_ASSERT_EQUAL(bw_params_set(&params, name, least), 0);
        CU_ASSERT_EQUAL(bw_params_set(&params, name, largest + 1), BW_ERR_INVALID);
        CU_ASSERT_EQUAL(least > 0 ? bw_params_set(&params, name, least - 1) : BW_ERR_INVALID, BW_ERR_INVALID);
    }
    CU_ASSERT_EQUAL(count + BW_COUNT(params.reserved), BW_PARAMS_ROOM);
    CU_ASSERT_EQUAL(sizeof(params), BW_PARAMS_ROOM * sizeof(uint32_t));
    CU_ASSERT_EQUAL(bw_params_set(&params, "no_such", 1), BW_ERR_NOT_FOUND);
    CU_ASSERT_PTR_NULL(bw_params_describe(count, NULL, NULL, NULL));
    CU_ASSERT_EQUAL(params.lease_ms, 100);
}

static void settings_that_contradict_each_other(void) {
    const struct {
        const char *name;
        uint32_t value;
    } wrong[] = {
        {"probe_timeout_min_ms", 501},
        {"probe_timeout_max_ms", 1000},
        {"gossip_interval_ms", 1001},
        {"lease_margin_ms", 1500},
        {"stagger_ms", 1500},
        {"alone_ms", 499},
        {"late_ms", 1001},
        {"nack_percent", 1},
        {"nack_percent", 49},
        {"probe_interval_ms", 19},
    };
    for (size_t i = 0; i < BW_COUNT(wrong); i++) {
        struct bw_params params = lan();
        const char *why = NULL;
        if (bw_params_set(&params, wrong[i].name, wrong[i].value) != 0) {
            params.probe_interval_ms = wrong[i].value; /* out of its range */
        }
        CU_ASSERT_EQUAL(bw_params_check(&params, &why), BW_ERR_INVALID);
        CU_ASSERT_PTR_NOT_NULL(why);
        CU_ASSERT_EQUAL(bw_params_check(&params, NULL), BW_ERR_INVALID);
    }
    struct bw_params params = lan();
    params.probe_interval_ms = 60000;
    params.reap_after_s = 1199;
    CU_ASSERT_EQUAL(bw_params_check(&params, NULL), BW_ERR_INVALID);
    params.reap_after_s = 1200;
    CU_ASSERT_EQUAL(bw_params_check(&params, NULL), 0);
}

static void defaults(void) {
    struct bw_config config;
    bw_config_init(&config, BW_PROFILE_WAN);
    CU_ASSERT_EQUAL(config.size, sizeof(config));
    CU_ASSERT_EQUAL(config.params.probe_interval_ms, 5000);
    CU_ASSERT_STRING_EQUAL(config.cluster, "default");
    struct bw_scope_config scope;
    bw_scope_config_init(&scope, "cron");
    CU_ASSERT(scope.priority == 100 && scope.min_ack == 1 && scope.min_confirm == 1 && scope.lease_ms == 0);
    CU_ASSERT_STRING_EQUAL(scope.name, "cron");
    CU_ASSERT_STRING_EQUAL(bw_status_name(BW_STATUS_LEFT), "left");
}

static void tags_there_and_back(void) {
    const struct bw_tag tags[] = {{"zone", "a"}, {"empty", ""}, {"größe", "10"}};
    uint8_t data[BW_TAG_SIZE_MAX];
    size_t size = 0;
    CU_ASSERT_EQUAL(bw_gossip_encode_tags(tags, 3, data, &size), 0);
    CU_ASSERT(bw_tags_valid((struct bw_bytes){data, size}));
    struct bw_bytes name;
    struct bw_bytes value;
    size_t at = 0;
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_FATAL(bw_tag_next((struct bw_bytes){data, size}, &at, &name, &value));
        CU_ASSERT(name.size == strlen(tags[i].name) && memcmp(name.data, tags[i].name, name.size) == 0);
        CU_ASSERT(value.size == strlen(tags[i].value) && memcmp(value.data, tags[i].value, value.size) == 0);
    }
    CU_ASSERT_FALSE(bw_tag_next((struct bw_bytes){data, size}, &at, &name, &value));
    for (size_t cut = 1; cut < size; cut++) { /* a whole tag fewer is valid, a part of one is not */
        CU_ASSERT_EQUAL(bw_tags_valid((struct bw_bytes){data, cut}), cut == 8 || cut == 16);
    }
}

static void tags_that_cannot_be(void) {
    uint8_t data[BW_TAG_SIZE_MAX];
    size_t size = 0;
    char value[512];
    memset(value, 'x', sizeof(value));
    value[509] = '\0';
    struct bw_tag twice[] = {{"a", "1"}, {"a", "2"}};
    CU_ASSERT_EQUAL(bw_gossip_encode_tags(twice, 2, data, &size), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(bw_gossip_encode_tags(&(struct bw_tag){"", "1"}, 1, data, &size), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(bw_gossip_encode_tags(&(struct bw_tag){"a", "\x1b[2J"}, 1, data, &size), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(bw_gossip_encode_tags(&(struct bw_tag){"a", value}, 1, data, &size), BW_ERR_SPACE);
    value[508] = '\0';
    CU_ASSERT_EQUAL(bw_gossip_encode_tags(&(struct bw_tag){"a", value}, 1, data, &size), 0);
    CU_ASSERT_EQUAL(size, BW_TAG_SIZE_MAX);
    const uint8_t double_name[] = {1, 'a', 0, 0, 1, 'a', 0, 0};
    CU_ASSERT_FALSE(bw_tags_valid((struct bw_bytes){double_name, sizeof(double_name)}));
}

static void buffer_has_a_bound(void) {
    struct test_memory memory = {0};
    struct bw_buffer buffer;
    bw_buffer_init(&buffer, test_allocator(&memory), 4096);
    CU_ASSERT_PTR_NOT_NULL(bw_buffer_append(&buffer, 4000));
    CU_ASSERT_PTR_NULL(bw_buffer_append(&buffer, 97));
    CU_ASSERT_PTR_NOT_NULL(bw_buffer_append(&buffer, 96));
    buffer.at = buffer.used; /* all taken: rewound, nothing allocated */
    size_t calls = memory.calls;
    CU_ASSERT_PTR_NOT_NULL(bw_buffer_append(&buffer, 4096));
    CU_ASSERT_EQUAL(memory.calls, calls);
    bw_buffer_free(&buffer);
    memory.fail_at = memory.calls + 1;
    CU_ASSERT_PTR_NULL(bw_buffer_append(&buffer, 1));
    CU_ASSERT_PTR_NOT_NULL(bw_buffer_append(&buffer, 1));
    bw_buffer_free(&buffer);
    CU_ASSERT_EQUAL(memory.used_size, 0);
}

static void damping_lengthens_each_time_up_to_the_longest_suspicion(void) {
    struct bw_params params = lan();
    static const int64_t wanted_ms[] = {1000, 1000, 4000, 16000, 24000, 24000};
    for (uint8_t i = 0; i < BW_COUNT(wanted_ms); i++) {
        CU_ASSERT_EQUAL(bw_suspicion_damped_us(&params, 10, i), MS(wanted_ms[i]));
    }
    CU_ASSERT_EQUAL(bw_suspicion_damped_us(&params, 10, UINT8_MAX), MS(24000));
    CU_ASSERT_EQUAL(bw_suspicion_damped_us(&params, 2, UINT8_MAX), bw_suspicion_max_us(&params, 2));
}

static void conflicts(const struct bw_scope_config *scope, const char *setting, uint32_t value, uint32_t limit) {
    struct bw_config config;
    struct bw_scope_conflict why = {.setting = ""};
    bw_config_init(&config, BW_PROFILE_LAN);
    CU_ASSERT_EQUAL(bw_scope_check(&config.params, scope, &why), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(bw_scope_check(&config.params, scope, NULL), BW_ERR_INVALID);
    CU_ASSERT_STRING_EQUAL(why.setting, setting);
    CU_ASSERT_EQUAL(why.value, value);
    CU_ASSERT_EQUAL(why.limit, limit);
}

/* A leader finds itself alone after an interval and the longest suspicion: 25 s with the profile lan. */
static void a_scope_that_breaks_a_promise_is_refused(void) {
    struct bw_config config;
    struct bw_scope_config scope;
    for (int profile = BW_PROFILE_LOCAL; profile <= BW_PROFILE_WAN; profile++) {
        bw_config_init(&config, (enum bw_profile)profile);
        bw_scope_config_init(&scope, "cron");
        CU_ASSERT_EQUAL(bw_scope_check(&config.params, &scope, NULL), 0);
    }
    scope.lease_ms = 25001;
    conflicts(&scope, "lease", 25001, 25000);
    scope.min_ack = 0; /* it leads on all the same, and says so */
    bw_config_init(&config, BW_PROFILE_LAN);
    CU_ASSERT_EQUAL(bw_scope_check(&config.params, &scope, NULL), 0);
    scope.lease_ms = 100;
    conflicts(&scope, "lease", 100, 101);
    scope.lease_ms = 0;
    scope.min_ack = 6;
    conflicts(&scope, "min_ack", 6, 5);
    scope.min_ack = 1;
    scope.min_view = BW_MIN_VIEW_MAX + 1;
    conflicts(&scope, "min_view", BW_MIN_VIEW_MAX + 1, BW_MIN_VIEW_MAX);
    scope.min_view = 3;
    scope.mode = BW_MODE_QUORUM;
    conflicts(&scope, "min_view", 3, 0);
    scope.min_confirm = 2;
    conflicts(&scope, "min_confirm", 2, 1);
    scope.min_ack = 0;
    conflicts(&scope, "min_ack", 0, 1);
}

/* All 65536 numbers are a range; not one more, and none whose last scope has too long a name. */
static void a_range_has_its_bounds(void) {
    static const char name[] = "12345678901234567890123456789012345678901234567890123456789012";
    struct bw_config config;
    struct bw_scope_config scope;
    bw_config_init(&config, BW_PROFILE_LAN);
    bw_scope_config_init(&scope, "x");
    config.params.scope_max = scope.range_count = 65536;
    CU_ASSERT_EQUAL(bw_scope_check(&config.params, &scope, NULL), 0);
    scope.range_first = 1;
    CU_ASSERT_EQUAL(bw_scope_check(&config.params, &scope, NULL), BW_ERR_INVALID);
    conflicts(&scope, "range", 65536, 4096);
    scope.range_count = 2;
    scope.range_first = 65535;
    conflicts(&scope, "range", 65535, 65534);
    scope.range_first = 98;
    scope.name = name + 2; /* 60 bytes: two digits fit */
    CU_ASSERT_EQUAL(bw_scope_check(&config.params, &scope, NULL), 0);
    scope.range_first = 99;
    conflicts(&scope, "range", 100, 99);
    scope.name = name + 1;
    conflicts(&scope, "range", 100, 9);
    scope.name = name;
    conflicts(&scope, "range", 2, 0);
    scope.name = "x";
    scope.mode = BW_MODE_QUORUM;
    conflicts(&scope, "range", 2, 0);
}

/* Each seat is a scope of its own, NAME#0 and so on. */
static void seats_have_their_bounds(void) {
    static const char name[] = "1234567890123456789012345678901234567890123456789012345678901";
    struct bw_config config;
    struct bw_scope_config scope;
    bw_config_init(&config, BW_PROFILE_LAN);
    bw_scope_config_init(&scope, name); /* 61 bytes: one digit fits */
    scope.seats = 10;
    CU_ASSERT_EQUAL(bw_scope_check(&config.params, &scope, NULL), 0);
    scope.seats = 11;
    conflicts(&scope, "seats", 11, 1);
    scope.name = "x";
    scope.seats = BW_SEATS_MAX;
    CU_ASSERT_EQUAL(bw_scope_check(&config.params, &scope, NULL), 0);
    scope.seats = BW_SEATS_MAX + 1;
    conflicts(&scope, "seats", BW_SEATS_MAX + 1, BW_SEATS_MAX);
    scope.seats = 2;
    scope.range_count = 1;
    conflicts(&scope, "seats", 2, 1);
    scope.range_count = 0;
    scope.name = "x#1";
    conflicts(&scope, "seats", 2, 2);
    scope.seats = 0;
    conflicts(&scope, "seats", 0, 2);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_range_has_its_bounds),
    TAP_TEST(seats_have_their_bounds),
    TAP_TEST(a_scope_that_breaks_a_promise_is_refused),
    TAP_TEST(damping_lengthens_each_time_up_to_the_longest_suspicion),
    TAP_TEST(merging_is_commutative_associative_and_idempotent),
    TAP_TEST(outbidding_never_wraps),
    TAP_TEST(logarithm_is_that_of_the_library),
    TAP_TEST(suspicion_follows_the_formula),
    TAP_TEST(times_for_all_profiles),
    TAP_TEST(detection_bounds_of_the_lan_profile),
    TAP_TEST(transmit_limit_grows_with_the_logarithm),
    TAP_TEST(hash_is_siphash),
    TAP_TEST(digest_of_a_claim),
    TAP_TEST(settings_by_name),
    TAP_TEST(settings_that_contradict_each_other),
    TAP_TEST(defaults),
    TAP_TEST(tags_there_and_back),
    TAP_TEST(tags_that_cannot_be),
    TAP_TEST(buffer_has_a_bound),
};
const struct tap_suite gossip_pure_suite = TAP_SUITE("gossip pure", tests);
