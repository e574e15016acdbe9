/* Sweeps: the values that settings take in turn, and a line of figures for each point. */
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tools/command.h"
#include "tools/json.h"
#include "tools/simulate.h"
#include "tools/table.h"
#include "tools/text.h"

#define FORM "NAME=FROM..TO:STEP or NAME=VALUE,VALUE,..."

static bool wrong(char *why, size_t why_size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool wrong(char *why, size_t why_size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, why_size, format, arguments);
    va_end(arguments);
    return false;
}

static bool add(struct sweep *sweep, const char *value, char *why, size_t why_size) {
    if (sweep->count == SIMULATE_POINTS_MAX)
        return wrong(why, why_size, "more than %d values", SIMULATE_POINTS_MAX);
    if (strlen(value) >= sizeof(sweep->values[0]) || *value == '\0')
        return wrong(why, why_size, "'%s' is no value: " FORM, value);
    void *values = realloc(sweep->values, (sweep->count + 1) * sizeof(sweep->values[0]));
    if (values == NULL)
        return wrong(why, why_size, "out of memory");
    sweep->values = values;
    memcpy(sweep->values[sweep->count++], value, strlen(value) + 1);
    return true;
}

static bool add_list(struct sweep *sweep, char *text, char *why, size_t why_size) {
    for (char *at = text, *next; at != NULL; at = next) {
        next = strchr(at, ',');
        if (next != NULL)
            *next++ = '\0';
        if (!add(sweep, at, why, why_size))
            return false;
    }
    return true;
}

/* A number and the unit behind it. */
static bool quantity(const char *text, double *number, const char **unit) {
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *number = strtod(text, &end);
    *unit = end;
    return strspn(end, "abcdefghijklmnopqrstuvwxyz%") == strlen(end);
}

static bool add_range(struct sweep *sweep, char *text, char *dots, char *why, size_t why_size) {
    char *step_text = strchr(dots, ':');
    double from, to, step;
    const char *from_unit, *unit, *step_unit;
    if (step_text == NULL)
        return wrong(why, why_size, "'%s' has no step: " FORM, text);
    *dots = '\0';
    *step_text++ = '\0';
    if (!quantity(text, &from, &from_unit))
        return wrong(why, why_size, "'%s' is no number: " FORM, text);
    if (!quantity(dots + 2, &to, &unit))
        return wrong(why, why_size, "'%s' is no number: " FORM, dots + 2);
    if (!quantity(step_text, &step, &step_unit) || !(step > 0))
        return wrong(why, why_size, "'%s' is no step: " FORM, step_text);
    bool one_unit =
        (*from_unit == '\0' || strcmp(from_unit, unit) == 0) && (*step_unit == '\0' || strcmp(step_unit, unit) == 0);
    if (!one_unit)
        return wrong(why, why_size, "'%s', '%s' and '%s' have different units", text, dots + 2, step_text);
    if (to < from)
        return wrong(why, why_size, "%s..%s goes backwards", text, dots + 2);
    if ((to - from) / step > SIMULATE_POINTS_MAX)
        return wrong(why, why_size, "more than %d values", SIMULATE_POINTS_MAX);
    for (size_t i = 0; from + (double)i * step <= to + step * 1e-6; i++) {
        char value[SIMULATE_VALUE_SIZE];
        snprintf(value, sizeof(value), "%.10g%.8s", from + (double)i * step, unit);
        if (!add(sweep, value, why, why_size))
            return false;
    }
    return true;
}

bool sweep_parse(const char *text, struct sweep *sweep, char *why, size_t why_size) {
    const char *equals = strchr(text, '=');
    char values[512];
    memset(sweep, 0, sizeof(*sweep));
    if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof(sweep->name) ||
        strlen(equals) > sizeof(values))
        return wrong(why, why_size, "what and from where to where? " FORM);
    memcpy(sweep->name, text, (size_t)(equals - text));
    snprintf(values, sizeof(values), "%s", equals + 1);
    char *dots = strstr(values, "..");
    bool good = dots != NULL ? add_range(sweep, values, dots, why, why_size) : add_list(sweep, values, why, why_size);
    struct simulation probe;
    simulation_init(&probe);
    for (size_t i = 0; good && i < sweep->count; i++) {
        char reason[256];
        probe.set_count = 0;
        if (!simulation_set(&probe, sweep->name, sweep->values[i], reason, sizeof(reason)))
            good = wrong(why, why_size, "%s=%s: %s", sweep->name, sweep->values[i], reason);
    }
    if (!good)
        sweep_free(sweep);
    return good;
}

void sweep_free(struct sweep *sweep) {
    free(sweep->values);
    sweep->values = NULL;
    sweep->count = 0;
}

/* -- a line for each point -- */

static void join(struct bw_sample *sum, const struct bw_sample *sample) {
    for (size_t i = 0; i < sample->count; i++)
        bw_sample_add(sum, sample->values[i]);
    sum->due += sample->due;
}

static int64_t total(const struct bw_sample *sample) {
    int64_t sum = 0;
    for (size_t i = 0; i < sample->count; i++)
        sum += sample->values[i];
    return sum;
}

/* All faults together. */
struct line {
    struct bw_sample first;
    struct bw_sample everywhere;
    struct bw_sample acting;
};

static struct line line_of(const struct bw_figures *figures) {
    struct line line = {.first = {.count = 0}};
    for (size_t i = 0; i < figures->fault_count; i++) {
        join(&line.first, &figures->faults[i].first);
        join(&line.everywhere, &figures->faults[i].everywhere);
        join(&line.acting, &figures->faults[i].acting);
    }
    return line;
}

static void line_free(struct line *line) {
    bw_sample_free(&line->first);
    bw_sample_free(&line->everywhere);
    bw_sample_free(&line->acting);
}

static void seconds(int64_t us, char *text, size_t size) {
    if (us < 0)
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%.2f", (double)us / 1e6);
}

static void number_cell(struct table *table, unsigned column, int64_t number, bool bad) {
    char text[SIMULATE_VALUE_SIZE];
    snprintf(text, sizeof(text), "%lld", (long long)number);
    table_cell(table, column, text, bad && number > 0 ? "red" : NULL);
}

static void table_point(struct table *table, const struct simulation *point, const struct sweep *sweeps, size_t count,
                        const size_t *index, struct simulate_outcome *outcome) {
    struct line line = line_of(&outcome->figures);
    struct bw_figures *figures = &outcome->figures;
    unsigned column = 0;
    char text[64];
    (void)point;
    table_line(table);
    for (size_t i = 0; i < count; i++)
        table_cell(table, column++, sweeps[i].values[index[i]], NULL);
    seconds(bw_sample_percentile(&line.first, 50), text, sizeof(text));
    table_cell(table, column++, text, NULL);
    seconds(bw_sample_percentile(&line.everywhere, 50), text, sizeof(text));
    table_cell(table, column++, text, NULL);
    seconds(bw_sample_percentile(&line.everywhere, 100), text, sizeof(text));
    table_cell(table, column++, text, NULL);
    snprintf(text, sizeof(text), "%zu/%zu", line.everywhere.count, line.everywhere.due);
    table_cell(table, column++, text, NULL);
    seconds(bw_sample_percentile(&line.acting, 50), text, sizeof(text));
    table_cell(table, column++, text, NULL);
    number_cell(table, column++, total(&figures->suspected), false);
    number_cell(table, column++, total(&figures->dead), true);
    number_cell(table, column++, total(&figures->dead_by_healthy), true);
    snprintf(text, sizeof(text), "%.0f", (double)bw_sample_percentile(&figures->bytes_per_s, 50) / 1e3);
    table_cell(table, column++, text, NULL);
    number_cell(table, column, (int64_t)outcome->broken_count, true);
    line_free(&line);
}

static json_t *json_us(int64_t us) {
    return us < 0 ? json_null() : json_real((double)us / 1e3);
}

static json_t *json_point(const struct sweep *sweeps, size_t count, const size_t *index,
                          struct simulate_outcome *outcome) {
    struct line line = line_of(&outcome->figures);
    struct bw_figures *figures = &outcome->figures;
    json_t *settings = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(settings, sweeps[i].name, json_string(sweeps[i].values[index[i]]));
    json_t *point = json_pack(
        "{s:o,s:o,s:o,s:o,s:I,s:I,s:o,s:I,s:I,s:I,s:f,s:I}", "settings", settings, "first_ms",
        json_us(bw_sample_percentile(&line.first, 50)), "everywhere_ms",
        json_us(bw_sample_percentile(&line.everywhere, 50)), "everywhere_worst_ms",
        json_us(bw_sample_percentile(&line.everywhere, 100)), "known", (json_int_t)line.everywhere.count, "due",
        (json_int_t)line.everywhere.due, "acting_ms", json_us(bw_sample_percentile(&line.acting, 50)), "suspected",
        (json_int_t)total(&figures->suspected), "dead", (json_int_t)total(&figures->dead), "dead_by_healthy",
        (json_int_t)total(&figures->dead_by_healthy), "bytes_per_s",
        (double)bw_sample_percentile(&figures->bytes_per_s, 50) / 1e3, "violations", (json_int_t)outcome->broken_count);
    line_free(&line);
    return point;
}

static struct table *sweep_table(const struct sweep *sweeps, size_t count, bool color) {
    struct table_column columns[SIMULATE_SWEEPS_MAX + 11] = {{NULL, false}};
    static const char *const titles[] = {"FIRST s",   "ALL s",     "WORST s",    "KNOWN",   "FAILOVER s",
                                         "SUSPECTED", "HELD DEAD", "BY HEALTHY", "BYTES/s", "BROKEN"};
    for (size_t i = 0; i < count; i++)
        columns[i] = (struct table_column){sweeps[i].name, true};
    for (size_t i = 0; i < BW_COUNT(titles); i++)
        columns[count + i] = (struct table_column){titles[i], true};
    return table_create(columns, color);
}

static bool next_point(const struct sweep *sweeps, size_t count, size_t *index) {
    for (size_t i = count; i-- > 0;) {
        if (++index[i] < sweeps[i].count)
            return true;
        index[i] = 0;
    }
    return false;
}

static bool set_point(struct simulation *point, const struct sweep *sweeps, size_t count, const size_t *index) {
    char why[256];
    for (size_t i = 0; i < count; i++)
        if (!simulation_set(point, sweeps[i].name, sweeps[i].values[index[i]], why, sizeof(why))) {
            complain("--sweep %s=%s: %s", sweeps[i].name, sweeps[i].values[index[i]], why);
            return false;
        }
    return true;
}

int simulate_sweep(const struct simulation *simulation, const struct sweep *sweeps, size_t count, uint64_t first_seed,
                   uint64_t run_count, bool json, bool color) {
    size_t index[SIMULATE_SWEEPS_MAX] = {0};
    struct table *table = json ? NULL : sweep_table(sweeps, count, color);
    uint64_t broken = 0;
    do {
        struct simulation point = *simulation;
        struct simulate_outcome outcome;
        if (!set_point(&point, sweeps, count, index) || !simulate_runs(&point, first_seed, run_count, &outcome)) {
            table_free(table);
            return EXIT_USAGE;
        }
        broken += outcome.broken_count;
        if (json) {
            json_t *object = json_point(sweeps, count, index, &outcome);
            json_print(object);
            json_decref(object);
        } else {
            table_point(table, &point, sweeps, count, index, &outcome);
        }
        simulate_outcome_free(&outcome);
    } while (next_point(sweeps, count, index));
    if (table != NULL)
        table_print(table, stdout);
    table_free(table);
    return broken > 0 ? EXIT_NO : EXIT_DONE;
}
