#include "tests/lib/tap.h"

#include "tests/lib/marks.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_S 120u
#define NAME_SIZE 256

static char running[NAME_SIZE]; /* "suite: name" of the test that runs, for the time limit's message */
static size_t running_number;
static const char *skip_reason;

static void full_name(char text[NAME_SIZE], const struct tap_suite *suite, const struct tap_test *test) {
    snprintf(text, NAME_SIZE, "%s: %s", suite->name, test->name);
    for (char *c = text; *c != '\0'; c++)
        if (*c == '_' || *c == '#')
            *c = ' ';
}

static bool selected(const struct tap_suite *suite, const struct tap_test *test, int argc, char **argv) {
    char name[NAME_SIZE];
    full_name(name, suite, test);
    for (int i = 1; i < argc; i++)
        if (strstr(name, argv[i]) != NULL || strstr(test->name, argv[i]) != NULL)
            return true;
    return argc < 2;
}

static void say(const char *text) {
    ssize_t written = write(STDOUT_FILENO, text, strlen(text));
    (void)written;
}

/* snprintf is not on the list of what a handler may call, but the program is stuck and ends here. */
static void on_alarm(int signal_number) {
    (void)signal_number;
    char line[NAME_SIZE + 128];
    snprintf(line, sizeof line, "not ok %zu - %s\n# the program's time limit is over\nBail out! time limit\n",
             running_number, running);
    say(line);
    _exit(1);
}

static void limit_time(void) {
    const char *text = getenv("BW_TEST_TIMEOUT_S");
    unsigned long seconds = text != NULL ? strtoul(text, NULL, 10) : 0;
    signal(SIGALRM, on_alarm);
    alarm(seconds > 0 ? (unsigned)seconds : DEFAULT_TIMEOUT_S);
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool run_one(CU_pSuite cu_suite, CU_pTest cu_test) {
    skip_reason = NULL;
    CU_ErrorCode code = CU_run_test(cu_suite, cu_test);
    bool passed = code == CUE_SUCCESS && CU_get_number_of_failure_records() == 0;
    printf("%sok %zu - %s", passed ? "" : "not ", running_number, running);
    if (passed && skip_reason != NULL)
        printf(" # SKIP %s", skip_reason);
    putchar('\n');
    if (code != CUE_SUCCESS)
        printf("# CUnit: %s\n", CU_get_error_msg());
    for (CU_pFailureRecord failure = CU_get_failure_list(); failure != NULL; failure = failure->pNext)
        printf("# %s:%u: %s\n", base_name(failure->strFileName), failure->uiLineNumber, failure->strCondition);
    fflush(stdout);
    return passed;
}

/* Registers one suite and runs its selected tests; returns how many failed. */
static size_t run_suite(const struct tap_suite *suite, int argc, char **argv) {
    size_t failed = 0;
    CU_pSuite cu_suite = CU_add_suite_with_setup_and_teardown(suite->name, NULL, NULL, suite->set_up, suite->tear_down);
    for (size_t i = 0; i < suite->test_count; i++) {
        const struct tap_test *test = &suite->tests[i];
        if (!selected(suite, test, argc, argv))
            continue;
        running_number++;
        full_name(running, suite, test);
        CU_pTest cu_test = cu_suite != NULL ? CU_add_test(cu_suite, test->name, test->function) : NULL;
        if (cu_test == NULL || CU_get_error() != CUE_SUCCESS) {
            printf("not ok %zu - %s\n# CUnit: %s (two with one name?)\n", running_number, running, CU_get_error_msg());
            failed++;
        } else if (!run_one(cu_suite, cu_test)) {
            failed++;
        }
    }
    return failed;
}

static void list(const struct tap_suite *suites, size_t suite_count) {
    char name[NAME_SIZE];
    for (size_t s = 0; s < suite_count; s++)
        for (size_t t = 0; t < suites[s].test_count; t++) {
            full_name(name, &suites[s], &suites[s].tests[t]);
            puts(name);
        }
}

int tap_run(const struct tap_suite *suites, size_t suite_count, int argc, char **argv) {
    size_t planned = 0;
    size_t failed = 0;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list(suites, suite_count);
        return 0;
    }
    for (size_t s = 0; s < suite_count; s++)
        for (size_t t = 0; t < suites[s].test_count; t++)
            planned += selected(&suites[s], &suites[s].tests[t], argc, argv);
    if (planned == 0) {
        fprintf(stderr, "no such test; --list prints the names\n");
        return 2;
    }
    marks_open(argv[0], argc < 2);
    limit_time();
    printf("1..%zu\n", planned);
    fflush(stdout);
    if (CU_initialize_registry() != CUE_SUCCESS) {
        printf("Bail out! CUnit: %s\n", CU_get_error_msg());
        return 1;
    }
    CU_set_error_action(CUEA_IGNORE);
    for (size_t s = 0; s < suite_count; s++)
        failed += run_suite(&suites[s], argc, argv);
    CU_cleanup_registry();
    marks_close();
    return failed > 0 ? 1 : 0;
}

void tap_note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("# ", stdout);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

void tap_skip(const char *reason) {
    skip_reason = reason;
}
