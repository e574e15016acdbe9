/* CUnit programs that speak TAP: one line per test, so that `make check` counts each of them.
 *
 *   static void below_is_uniform(void) { CU_ASSERT_EQUAL(...); }
 *   static const struct tap_test rng_tests[] = {TAP_TEST(below_is_uniform), TAP_TEST(...)};
 *   static const struct tap_suite suites[] = {TAP_SUITE("rng", rng_tests)};
 *   TAP_MAIN(suites)
 *
 * A program runs all its tests, or those whose "suite: name" contains one of its arguments;
 * --list prints the names. It ends itself after BW_TEST_TIMEOUT_S seconds (120). */
#ifndef BW_TESTS_TAP_H
#define BW_TESTS_TAP_H

#include <CUnit/CUnit.h>
#include <stddef.h>

struct tap_test {
    const char *name; /* underscores are printed as spaces */
    void (*function)(void);
};

struct tap_suite {
    const char *name;
    const struct tap_test *tests;
    size_t test_count;
    void (*set_up)(void);    /* before each test; may be NULL */
    void (*tear_down)(void); /* after each test; may be NULL */
};

#define TAP_TEST(function) \
    { #function, function }
#define TAP_SUITE(name, tests) \
    { name, tests, sizeof(tests) / sizeof((tests)[0]), NULL, NULL }
#define TAP_SUITE_WITH(name, tests, set_up, tear_down) \
    { name, tests, sizeof(tests) / sizeof((tests)[0]), set_up, tear_down }
#define TAP_MAIN(suites)                                                          \
    int main(int argc, char **argv) {                                             \
        return tap_run(suites, sizeof(suites) / sizeof((suites)[0]), argc, argv); \
    }

/* Returns the exit code: 0 if every test passed. */
int tap_run(const struct tap_suite *suites, size_t suite_count, int argc, char **argv);

/* Prints a diagnostic line ("# ...") that belongs to the test that runs. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The test that runs is reported as skipped; to be followed by return. Failures before it still count. */
void tap_skip(const char *reason);

#endif
