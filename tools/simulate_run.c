/* The runs of one setting, one seed after the other. */
#include <stdlib.h>
#include <string.h>

#include "tools/simulate.h"
#include "tools/text.h"

static void complain_broken(const struct simulation *simulation, const struct simulate_run *run) {
    char *command = simulation_command(simulation, run->seed);
    complain("seed %llu: %s", (unsigned long long)run->seed, run->violation);
    if (command != NULL)
        fprintf(stderr, "To repeat it: %s\n", command);
    free(command);
}

static uint64_t mixed(uint64_t hash, uint64_t with) {
    return (hash ^ with) * UINT64_C(1099511628211);
}

bool simulate_runs(const struct simulation *simulation, uint64_t first_seed, uint64_t count,
                   struct simulate_outcome *outcome) {
    struct bw_measure measure;
    struct bw_fault *faults;
    memset(outcome, 0, sizeof(*outcome));
    if (!simulation_resolve(simulation, &measure, &faults))
        return false;
    outcome->runs = calloc(count, sizeof(outcome->runs[0]));
    if (outcome->runs == NULL) {
        complain("out of memory");
        free(faults);
        return false;
    }
    bw_figures_init(&outcome->figures, measure.fault_count);
    outcome->run_count = count;
    measure.options.log = simulation->trace ? stderr : NULL;
    for (uint64_t i = 0; i < count; i++) {
        struct simulate_run *run = &outcome->runs[i];
        struct bw_measure_result result;
        run->seed = first_seed + i;
        bool passed =
            bw_measure_run(&measure, run->seed, &outcome->figures, &result, outcome->broken_count == 0 ? stderr : NULL);
        run->hash = result.hash;
        memcpy(run->violation, result.violation, sizeof(run->violation));
        outcome->hash = count == 1 ? result.hash : mixed(outcome->hash, result.hash);
        outcome->broken_count += !passed;
        if (!passed)
            complain_broken(simulation, run);
    }
    free(faults);
    return true;
}

void simulate_outcome_free(struct simulate_outcome *outcome) {
    bw_figures_free(&outcome->figures);
    free(outcome->runs);
    outcome->runs = NULL;
}
