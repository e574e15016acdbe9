#include <bellwether/error.h>
#include <string.h>

#include "tests/unit/base_test.h"

static void names_are_lower_case_with_dashes(void) {
    CU_ASSERT_STRING_EQUAL(bw_error_name(0), "ok");
    CU_ASSERT_STRING_EQUAL(bw_error_name(BW_ERR_MEMORY), "memory");
    CU_ASSERT_STRING_EQUAL(bw_error_name(BW_ERR_NOT_FOUND), "not-found");
    CU_ASSERT_STRING_EQUAL(bw_error_name(BW_ERR_DROP_RATE), "drop-rate");
    for (int i = 0; i < BW_ERROR_COUNT; i++) {
        const char *name = bw_error_name(-i);
        CU_ASSERT_TRUE(strlen(name) > 1);
        CU_ASSERT_EQUAL(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        for (int j = 0; j < i; j++) {
            CU_ASSERT_STRING_NOT_EQUAL(name, bw_error_name(-j));
            CU_ASSERT_STRING_NOT_EQUAL(bw_error_text(-i), bw_error_text(-j));
        }
    }
}

static void texts_exist_for_all_and_for_none(void) {
    CU_ASSERT_STRING_EQUAL(bw_error_text(BW_ERR_MEMORY), "out of memory");
    CU_ASSERT_STRING_EQUAL(bw_error_text(BW_ERR_DROP_RATE), "answers to this address are rationed");
    static const int none[] = {1, -BW_ERROR_COUNT, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        CU_ASSERT_STRING_EQUAL(bw_error_text(none[i]), "unknown error");
        CU_ASSERT_STRING_EQUAL(bw_error_name(none[i]), "unknown");
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(names_are_lower_case_with_dashes),
    TAP_TEST(texts_exist_for_all_and_for_none),
};
const struct tap_suite base_error_suite = TAP_SUITE("base/error", tests);
