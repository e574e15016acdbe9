/* The runs of one setting, one seed after the other. */
#include <stdlib.h>
#include <string.h>

#include "sim/story.h"
#include "tools/simulate.h"
#include "tools/text.h"
#include "tools/timeline_page.h"

static void complain_broken(const struct simulation *simulation, const struct simulate_run *run) {
    char *command = simulation_command(simulation, run->seed);
    complain("seed %llu: %s", (unsigned long long)run->seed, run->violation);
    if (command != NULL)
        fprintf(stderr, "To repeat it: %s\n%s", command,
                simulation->timeline == NULL ? "With --timeline PAGE it draws what happened.\n" : "");
    free(command);
}

/* The run that is drawn: the first that broke an invariant, else the first. */
struct drawing {
    struct bw_story *story;
    const struct simulate_run *run;
};

/* A story for the next run, if it may be the one; NULL: it is not, or there is no memory for it. */
static struct bw_story *drawing_next(const struct simulation *simulation, const struct simulate_outcome *outcome) {
    return simulation->timeline != NULL && outcome->broken_count == 0 ? bw_story_create(0) : NULL;
}

static void drawing_take(struct drawing *drawing, struct bw_story *story, const struct simulate_run *run) {
    bool taken = story != NULL && (drawing->story == NULL || run->violation[0] != '\0');
    bw_story_destroy(taken ? drawing->story : story);
    if (taken)
        *drawing = (struct drawing){.story = story, .run = run};
}

static bool drawing_save(struct drawing *drawing, const struct simulation *simulation) {
    char title[96], seed[24], hash[24];
    if (simulation->timeline == NULL)
        return true;
    char *command = drawing->story == NULL ? NULL : simulation_command(simulation, drawing->run->seed);
    if (command == NULL) {
        complain("%s: out of memory", simulation->timeline);
        return false;
    }
    snprintf(title, sizeof(title), "%llu simulated nodes, %s%s", (unsigned long long)simulation->nodes,
             simulation->fault_count + (simulation->stopped > 0) == 0 ? "no faults" : "faults",
             drawing->run->violation[0] != '\0' ? ": an invariant broke" : "");
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)drawing->run->seed);
    snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)drawing->run->hash);
    bw_story_title(drawing->story, title);
    struct timeline_about about = {.source = "simulation", .command = command, .seed = seed, .hash = hash};
    bool saved = timeline_page_save(simulation->timeline, drawing->story, &about);
    if (saved)
        complain("%s: the run of seed %s", simulation->timeline, seed);
    free(command);
    bw_story_destroy(drawing->story);
    return saved;
}

static uint64_t mixed(uint64_t hash, uint64_t with) {
    return (hash ^ with) * UINT64_C(1099511628211);
}

bool simulate_runs(const struct simulation *simulation, uint64_t first_seed, uint64_t count,
                   struct simulate_outcome *outcome) {
    struct bw_measure measure;
    struct bw_fault *faults;
    struct drawing drawing = {.story = NULL};
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
        measure.options.story = drawing_next(simulation, outcome);
        bool passed =
            bw_measure_run(&measure, run->seed, &outcome->figures, &result, outcome->broken_count == 0 ? stderr : NULL);
        run->hash = result.hash;
        memcpy(run->violation, result.violation, sizeof(run->violation));
        drawing_take(&drawing, measure.options.story, run);
        outcome->hash = count == 1 ? result.hash : mixed(outcome->hash, result.hash);
        outcome->broken_count += !passed;
        if (!passed)
            complain_broken(simulation, run);
    }
    free(faults);
    outcome->unsaved = !drawing_save(&drawing, simulation);
    return true;
}

void simulate_outcome_free(struct simulate_outcome *outcome) {
    bw_figures_free(&outcome->figures);
    free(outcome->runs);
    outcome->runs = NULL;
}
