/* Samples: values, and their order statistics. */
#include "sim/measure.h"

#include "base/base.h"

#include <stdlib.h>
#include <string.h>

void bw_sample_add(struct bw_sample *sample, int64_t value) {
    if (sample->count == sample->capacity) {
        sample->capacity = sample->capacity > 0 ? 2 * sample->capacity : 16;
        sample->values = realloc(sample->values, sample->capacity * sizeof sample->values[0]);
        BW_ASSERT(sample->values != NULL);
    }
    sample->values[sample->count++] = value;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t bw_sample_percentile(struct bw_sample *sample, unsigned percent) {
    if (sample->count == 0)
        return -1;
    qsort(sample->values, sample->count, sizeof sample->values[0], compare);
    size_t rank = (sample->count * percent + 99) / 100;
    return sample->values[rank > 0 ? rank - 1 : 0];
}

void bw_sample_free(struct bw_sample *sample) {
    free(sample->values);
    memset(sample, 0, sizeof *sample);
}

void bw_figures_init(struct bw_figures *figures, size_t fault_count) {
    memset(figures, 0, sizeof *figures);
    figures->fault_count = fault_count;
    figures->faults = calloc(fault_count > 0 ? fault_count : 1, sizeof figures->faults[0]);
    BW_ASSERT(figures->faults != NULL);
}

void bw_figures_free(struct bw_figures *figures) {
    struct bw_sample *own[] = {
        &figures->start_whole,    &figures->start_leader,    &figures->suspected,       &figures->suspected_by_healthy,
        &figures->dead,           &figures->dead_by_healthy, &figures->reigns,          &figures->overlap,
        &figures->stale,          &figures->bytes_per_s,     &figures->datagrams_per_s, &figures->largest,
        &figures->memory_per_node};
    for (size_t i = 0; i < BW_COUNT(own); i++)
        bw_sample_free(own[i]);
    for (size_t i = 0; i < figures->fault_count; i++) {
        bw_sample_free(&figures->faults[i].first);
        bw_sample_free(&figures->faults[i].everywhere);
        bw_sample_free(&figures->faults[i].acting);
        bw_sample_free(&figures->faults[i].known);
        bw_sample_free(&figures->faults[i].whole);
    }
    free(figures->faults);
    figures->faults = NULL;
}
