#include <bellwether/error.h>
#include <string.h>

#include "base_test.h"

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

CU_TestInfo base_error_tests[] = {
    {"names are lower case with dashes", names_are_lower_case_with_dashes},
    {"texts exist for all, and for no error", texts_exist_for_all_and_for_none},
    CU_TEST_INFO_NULL,
};
