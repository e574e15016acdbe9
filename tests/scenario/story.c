#include "tests/scenario/story.h"

#include "tests/lib/marks.h"

#include <stdlib.h>
#include <string.h>

#define REPORT_LINES 60u
#define QUIET_MS 5000

struct bw_sim_options options;
struct bw_sim *sim;
static bool reported; /* one report a test is enough */

static void on_rule(void *context, size_t host, enum bw_rule rule) {
    (void)context;
    (void)host;
    marks_hit(rule);
}

void story_set_up(void) {
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.on_rule = on_rule;
    options.log = getenv("BW_SCENARIO_LOG") != NULL ? stderr : NULL;
    reported = false;
}

bool story_check(bool holds, const char *text, const char *file, unsigned line) {
    CU_assertImplementation(holds ? CU_TRUE : CU_FALSE, line, text, file, "", CU_FALSE);
    if (!holds && !reported && sim != NULL) {
        tap_note("%s:%u: %s", file, line, text);
        bw_sim_report(sim, stdout, "# ", REPORT_LINES);
        reported = true;
    }
    return holds;
}

void story_tear_down(void) {
    if (sim != NULL) {
        CHECK(bw_sim_violation(sim) == NULL);
        bw_sim_destroy(sim);
    }
    sim = NULL;
}

void world(uint64_t seed, size_t count) {
    story_tear_down();
    sim = bw_sim_create(seed, count, &options);
}

size_t cluster(uint64_t seed, size_t count) {
    size_t leader = NOBODY;
    world(seed, count);
    bw_sim_start_all(sim);
    CHECK(wait_converged(20000));
    if (options.scope != NULL) {
        leader = wait_leader(20000);
        CHECK(leader != NOBODY);
    }
    run_ms(QUIET_MS + (int64_t)(seed * 137 % 1009)); /* so that faults come at any moment of a round */
    CHECK(bw_sim_converged(sim));
    return leader;
}

struct wish {
    size_t host;
    enum bw_status status;
    unsigned group;
};

static bool group_has_leader(struct bw_sim *world_, void *context) {
    const struct wish *wish = context;
    return bw_sim_leader_in_group(world_, wish->group, SCOPE) != NOBODY;
}

size_t wait_leader_in_group(unsigned group, int64_t limit_ms) {
    struct wish wish = {.group = group};
    bw_sim_run_until(sim, group_has_leader, &wish, limit_ms);
    return bw_sim_leader_in_group(sim, group, SCOPE);
}

static bool is_anywhere(struct bw_sim *world_, void *context) {
    const struct wish *wish = context;
    return bw_sim_status_count(world_, wish->host, wish->status) > 0;
}

bool wait_anywhere(size_t subject, enum bw_status status, int64_t limit_ms) {
    struct wish wish = {.host = subject, .status = status};
    return bw_sim_run_until(sim, is_anywhere, &wish, limit_ms);
}

void protect(size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++)
        bw_sim_protect(sim, i, true);
}

uint64_t accused_in(size_t first, size_t count) {
    uint64_t sum = 0;
    for (size_t i = first; i < first + count; i++)
        sum += accused(i);
    return sum;
}

bool token_rises(const struct bw_token *from, const struct bw_token *to) {
    return bw_token_compare(from, to) < 0;
}

void sample_add(struct sample *sample, int64_t value) {
    if (sample->count < SAMPLE_MAX)
        sample->values[sample->count++] = value;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The least value that so many percent do not exceed. */
int64_t sample_percentile(struct sample *sample, unsigned percent) {
    if (sample->count == 0)
        return INT64_MAX;
    qsort(sample->values, sample->count, sizeof sample->values[0], compare);
    size_t rank = (sample->count * percent + 99) / 100;
    return sample->values[rank > 0 ? rank - 1 : 0];
}

void sample_note(struct sample *sample, const char *what) {
    if (sample->count == 0)
        return;
    tap_note("%s: least %lld, median %lld, 90 %% %lld, 99 %% %lld, most %lld ms (%zu runs)", what,
             (long long)sample_percentile(sample, 0), (long long)sample_percentile(sample, 50),
             (long long)sample_percentile(sample, 90), (long long)sample_percentile(sample, 99),
             (long long)sample_percentile(sample, 100), sample->count);
}

uint64_t seed_count(uint64_t usual) {
    const char *text = getenv("BW_SCENARIO_SEEDS");
    unsigned long long asked = text != NULL ? strtoull(text, NULL, 10) : 0;
    return asked > 0 && asked <= SAMPLE_MAX ? asked : usual;
}
