/* The unit tests of base/: one file for each module, its twin. */
#define _POSIX_C_SOURCE 200809L /* fork */

#include "tests/unit/base_test.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void test_fill(struct bw_rng *rng, void *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)data)[i] = (uint8_t)bw_rng_next(rng);
    }
}

bool test_stops(void (*call)(void *context), void *context) {
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* no core file, */
        close(STDERR_FILENO);                        /* and no report of a sanitizer */
        call(context);
        _exit(0);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && status != 0;
}

int main(int argc, char **argv) {
    const struct tap_suite suites[] = {
        base_base_suite,  base_error_suite, base_trace_suite, base_rng_suite,
        base_table_suite, base_timer_suite, base_wire_suite,  base_wire_hostile_suite,
    };
    return tap_run(suites, sizeof(suites) / sizeof(suites[0]), argc, argv);
}
