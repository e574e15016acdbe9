/* Target: what `simulate` is told – settings, sweeps, faults, a file of faults – a line each. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tools/simulate.h"

static void setting(struct simulation *simulation, char *text) {
    char why[512] = "";
    char *value = strchr(text, '=');
    if (value != NULL)
        *value++ = '\0';
    bool ok = simulation_set(simulation, text, value != NULL ? value : "", why, sizeof(why));
    FUZZ_CHECK(ok || why[0] != '\0');
}

static void sweep(const char *text) {
    struct sweep sweep;
    char why[512] = "";
    if (sweep_parse(text, &sweep, why, sizeof(why))) {
        FUZZ_CHECK(sweep.count >= 1 && sweep.count <= SIMULATE_POINTS_MAX);
        for (size_t i = 0; i < sweep.count; i++)
            FUZZ_CHECK(memchr(sweep.values[i], '\0', SIMULATE_VALUE_SIZE) != NULL);
        sweep_free(&sweep);
    } else {
        FUZZ_CHECK(why[0] != '\0');
    }
}

/* A time that was understood is said so that it is understood again. */
static void time_again(const char *text) {
    int64_t us, again;
    char said[SIMULATE_VALUE_SIZE];
    if (!bw_time_parse(text, &us))
        return;
    bw_time_text(us, said, sizeof(said));
    FUZZ_CHECK(bw_time_parse(said, &again) && again == us);
}

static void file(struct simulation *simulation, const char *text) {
    char path[FUZZ_PATH_SIZE];
    int fd = fuzz_file(text, strlen(text), path);
    (void)simulation_read_faults(simulation, path);
    close(fd);
}

static void line(struct simulation *simulation, char *text) {
    char why[512] = "";
    char kind = *text;
    if (kind == '\0')
        return;
    text++;
    if (kind == 's')
        setting(simulation, text);
    else if (kind == 'w')
        sweep(text);
    else if (kind == 't')
        time_again(text);
    else if (kind == 'f')
        (void)simulation_add_fault(simulation, text, "--fault", why, sizeof(why));
    else
        file(simulation, text - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct simulation simulation;
    struct bw_measure measure;
    struct bw_fault *faults = NULL;
    char *text = fuzz_text((struct bw_bytes){data, size});
    char *rest = text;
    fuzz_quiet();
    simulation_init(&simulation);
    for (char *one = strsep(&rest, "\n"); one != NULL; one = strsep(&rest, "\n"))
        line(&simulation, one);
    if (simulation_resolve(&simulation, &measure, &faults)) {
        for (size_t i = 0; i < measure.fault_count; i++)
            FUZZ_CHECK(faults[i].from_us >= 0 && faults[i].from_us <= faults[i].until_us);
        char *command = simulation_command(&simulation, 1);
        FUZZ_CHECK(command != NULL);
        free(command);
    }
    free(faults);
    simulation_free(&simulation);
    free(text);
    return 0;
}
