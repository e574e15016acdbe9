/* What runs have shown, for people and for programs. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/json.h"
#include "tools/simulate.h"
#include "tools/table.h"
#include "tools/text.h"

enum unit { TIME, COUNT, THOUSANDTHS, BYTES };

static void value_text(enum unit unit, int64_t value, char *text, size_t size) {
    if (value < 0)
        snprintf(text, size, "-");
    else if (unit == TIME && value < BW_US_PER_MS)
        snprintf(text, size, "%lld us", (long long)value);
    else if (unit == TIME && value < 1000 * BW_US_PER_MS)
        snprintf(text, size, "%lld ms", (long long)(value / BW_US_PER_MS));
    else if (unit == TIME)
        snprintf(text, size, "%.2f s", (double)value / 1e6);
    else if (unit == THOUSANDTHS)
        snprintf(text, size, value < 10000 ? "%.2f" : "%.0f", (double)value / 1e3);
    else
        snprintf(text, size, "%lld", (long long)value);
}

struct report {
    struct table *table;
    bool several; /* runs: a median and a worst */
};

static void row(const struct report *report, const char *name, struct bw_sample *sample, enum unit unit) {
    static const unsigned percents[] = {50, 90, 100};
    char text[SIMULATE_VALUE_SIZE];
    unsigned column = 0;
    if (sample->count == 0 && sample->due == 0)
        return;
    table_line(report->table);
    table_cell(report->table, column++, name, NULL);
    for (size_t i = 0; i < BW_COUNT(percents); i++) {
        value_text(unit, bw_sample_percentile(sample, percents[i]), text, sizeof(text));
        table_cell(report->table, column++, text, NULL);
    }
    bool missing = sample->count < sample->due;
    if (sample->due > 0)
        snprintf(text, sizeof(text), "%zu/%zu", sample->count, sample->due);
    else
        snprintf(text, sizeof(text), "%zu", sample->count);
    table_cell(report->table, column, text, missing ? "yellow" : NULL);
}

static void heading(const struct report *report, const char *text) {
    table_line(report->table);
    table_cell(report->table, 0, text, "bold");
}

static void fault_rows(const struct report *report, const char *text, struct bw_fault_figures *figures) {
    heading(report, text);
    row(report, "  noticed by one", &figures->first, TIME);
    row(report, "  known to all", &figures->everywhere, TIME);
    row(report, "  another leader acts", &figures->acting, TIME);
    row(report, "  ... and all know", &figures->known, TIME);
    row(report, "  one view again", &figures->whole, TIME);
}

static void count_rows(const struct report *report, struct bw_figures *figures) {
    heading(report, "mistakes, per run");
    row(report, "  healthy members suspected", &figures->suspected, COUNT);
    row(report, "  ... by healthy ones", &figures->suspected_by_healthy, COUNT);
    row(report, "  healthy members held dead", &figures->dead, COUNT);
    row(report, "  ... by healthy ones", &figures->dead_by_healthy, COUNT);
    heading(report, "leaders, per run");
    row(report, "  reigns", &figures->reigns, COUNT);
    row(report, "  two could act at once", &figures->overlap, TIME);
    row(report, "  uses that a guard refused", &figures->stale, COUNT);
    heading(report, "cost");
    row(report, "  bytes sent, node and second", &figures->bytes_per_s, THOUSANDTHS);
    row(report, "  datagrams, node and second", &figures->datagrams_per_s, THOUSANDTHS);
    row(report, "  largest datagram, bytes", &figures->largest, BYTES);
    row(report, "  memory of a node, bytes", &figures->memory_per_node, BYTES);
}

/* The words of fault number i; the one that --stopped makes has none of its own. */
static void fault_text(const struct simulation *simulation, size_t i, char *text, size_t size) {
    char duration[SIMULATE_VALUE_SIZE];
    bw_time_text(simulation->stopped_for_us, duration, sizeof(duration));
    if (i < simulation->fault_count)
        snprintf(text, size, "%s", simulation->faults[i].text);
    else
        snprintf(text, size, "%llu stopped for %s", (unsigned long long)simulation->stopped, duration);
}

static void print_foot(const struct simulation *simulation, const struct simulate_outcome *outcome) {
    char duration[SIMULATE_VALUE_SIZE];
    uint64_t first = outcome->runs[0].seed;
    bw_time_text(simulation->duration_us, duration, sizeof(duration));
    printf("\n%llu nodes, %s, ", (unsigned long long)simulation->nodes, duration);
    if (outcome->run_count == 1)
        printf("seed %llu", (unsigned long long)first);
    else
        printf("%llu runs, seeds %llu to %llu", (unsigned long long)outcome->run_count, (unsigned long long)first,
               (unsigned long long)(first + outcome->run_count - 1));
    printf(", trace hash %016llx\n", (unsigned long long)outcome->hash);
    printf("Invariants: %s\n", outcome->broken_count == 0 ? "all held" : "BROKEN, see above");
}

void simulate_print_table(const struct simulation *simulation, struct simulate_outcome *outcome, bool color) {
    static const struct table_column columns[] = {{"", false},     {"MEDIAN", true}, {"P90", true},
                                                  {"WORST", true}, {"OF", true},     {NULL, false}};
    struct bw_figures *figures = &outcome->figures;
    struct report report = {table_create(columns, color), outcome->run_count > 1};
    char text[BW_FAULT_TEXT_MAX + 1];
    if (report.table == NULL) {
        complain("out of memory");
        return;
    }
    heading(&report, "start");
    row(&report, "  one view everywhere", &figures->start_whole, TIME);
    row(&report, "  one leader, all know", &figures->start_leader, TIME);
    for (size_t i = 0; i < figures->fault_count; i++) {
        fault_text(simulation, i, text, sizeof(text));
        fault_rows(&report, text, &figures->faults[i]);
    }
    count_rows(&report, figures);
    table_print(report.table, stdout);
    table_free(report.table);
    print_foot(simulation, outcome);
}

/* -- for programs -- */

static json_t *json_value(enum unit unit, int64_t value) {
    if (value < 0)
        return json_null();
    if (unit == TIME || unit == THOUSANDTHS)
        return json_real((double)value / 1e3);
    return json_integer(value);
}

static void set_sample(json_t *object, const char *name, struct bw_sample *sample, enum unit unit) {
    if (sample->count == 0 && sample->due == 0) {
        json_object_set_new(object, name, json_null());
        return;
    }
    json_t *made = json_pack("{s:o,s:o,s:o,s:I}", "median", json_value(unit, bw_sample_percentile(sample, 50)), "p90",
                             json_value(unit, bw_sample_percentile(sample, 90)), "worst",
                             json_value(unit, bw_sample_percentile(sample, 100)), "count", (json_int_t)sample->count);
    json_object_set_new(made, "due", json_integer((json_int_t)(sample->due > 0 ? sample->due : sample->count)));
    json_object_set_new(object, name, made);
}

static json_t *json_fault(const char *text, struct bw_fault_figures *figures) {
    json_t *object = json_pack("{s:o}", "fault", json_text(text));
    set_sample(object, "first_ms", &figures->first, TIME);
    set_sample(object, "everywhere_ms", &figures->everywhere, TIME);
    set_sample(object, "acting_ms", &figures->acting, TIME);
    set_sample(object, "known_ms", &figures->known, TIME);
    set_sample(object, "whole_ms", &figures->whole, TIME);
    return object;
}

static json_t *json_run(const struct simulation *simulation, const struct simulate_run *run) {
    char hash[17];
    snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)run->hash);
    json_t *object = json_pack("{s:I,s:s,s:n}", "seed", (json_int_t)run->seed, "hash", hash, "violation");
    if (run->violation[0] != '\0') {
        char *command = simulation_command(simulation, run->seed);
        json_object_set_new(object, "violation", json_text(run->violation));
        json_object_set_new(object, "repeat", json_text(command != NULL ? command : ""));
        free(command);
    }
    return object;
}

void simulate_print_json(const struct simulation *simulation, struct simulate_outcome *outcome) {
    struct bw_figures *figures = &outcome->figures;
    char text[BW_FAULT_TEXT_MAX + 1];
    char hash[17];
    json_t *faults = json_array();
    json_t *runs = json_array();
    snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)outcome->hash);
    for (size_t i = 0; i < figures->fault_count; i++) {
        fault_text(simulation, i, text, sizeof(text));
        json_array_append_new(faults, json_fault(text, &figures->faults[i]));
    }
    for (uint64_t i = 0; i < outcome->run_count; i++)
        json_array_append_new(runs, json_run(simulation, &outcome->runs[i]));
    json_t *object =
        json_pack("{s:I,s:f,s:s,s:I}", "nodes", (json_int_t)simulation->nodes, "duration_s",
                  (double)simulation->duration_us / 1e6, "hash", hash, "violations", (json_int_t)outcome->broken_count);
    set_sample(object, "start_whole_ms", &figures->start_whole, TIME);
    set_sample(object, "start_leader_ms", &figures->start_leader, TIME);
    json_object_set_new(object, "faults", faults);
    set_sample(object, "suspected", &figures->suspected, COUNT);
    set_sample(object, "suspected_by_healthy", &figures->suspected_by_healthy, COUNT);
    set_sample(object, "dead", &figures->dead, COUNT);
    set_sample(object, "dead_by_healthy", &figures->dead_by_healthy, COUNT);
    set_sample(object, "reigns", &figures->reigns, COUNT);
    set_sample(object, "overlap_ms", &figures->overlap, TIME);
    set_sample(object, "guard_refused", &figures->stale, COUNT);
    set_sample(object, "bytes_per_s", &figures->bytes_per_s, THOUSANDTHS);
    set_sample(object, "datagrams_per_s", &figures->datagrams_per_s, THOUSANDTHS);
    set_sample(object, "largest_bytes", &figures->largest, BYTES);
    set_sample(object, "memory_bytes", &figures->memory_per_node, BYTES);
    json_object_set_new(object, "runs", runs);
    json_print(object);
    json_decref(object);
}
