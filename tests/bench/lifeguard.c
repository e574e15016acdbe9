/* Lifeguard's experiment (Dadgar, Phillips, Currey 2018, section V): 128 members, of which 1 to 32 are in trouble at once for 0.5
 * to 32 s, are well for a moment, are in trouble again, and so on for a minute.
 *
 *   lifeguard paper|parts|settings [RUNS [JSON-FILE]]
 *
 * The trouble: "held", as in the paper: its messages wait, both ways, while its timers run; or "stopped": the whole process, as by
 * SIGSTOP. paper: the configurations of the paper's table IV, which are memberlist's, with all of ours off; and ours. parts: ours,
 * with one part off at a time, and settings: the paper's alpha and beta; held only. RUNS for each cell.
 *
 * False positives are views that came to hold for dead one who is never in trouble: any view, or (healthy) one of a member who is
 * never in trouble either. Detection: of those who are in trouble for 32 s, from its beginning until the first healthy member
 * holds one for dead, and until all of them do. A row of JSON for each cell goes to the file, a table to the standard output. */
#include "tests/bench/watch.h"

#include <stdlib.h>
#include <string.h>

#define MEMBERS 128u
#define CYCLES_MS 60000
#define QUIET_MS 20000
#define PAUSE_MS 256 /* between two troubles */
#define STEP_MS 10   /* how often "held" is told anew how long messages wait */

static const size_t troubled[] = {1, 4, 8, 16, 32};
static const int64_t for_ms[] = {500, 2000, 8000, 32000};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct way {
    const char *name;
    const char *set;
};

#define OURS_OFF "confirm_mult=0 hear_others=0 late_ms=0 damping=1 "
#define SWIM OURS_OFF "suspicion_alpha=5 "

static const struct way paper[] = {
    {"SWIM", SWIM "suspicion_beta=1 health_max=1 nack_percent=0 buddy=0"},
    {"SWIM + local health of probes", SWIM "suspicion_beta=1 buddy=0"},
    {"SWIM + confirmations", SWIM "suspicion_beta=6 health_max=1 nack_percent=0 buddy=0"},
    {"SWIM + buddy", SWIM "suspicion_beta=1 health_max=1 nack_percent=0"},
    {"Lifeguard", SWIM "suspicion_beta=6"},
    {"Lifeguard, alpha 4: Serf's", OURS_OFF "suspicion_alpha=4 suspicion_beta=6"},
    {"bellwether", ""},
};
static const struct way parts[] = {
    {"all", ""},
    {"no local health", "health_max=1"},
    {"suspicion always shortest", "suspicion_beta=1"},
    {"no buddy", "buddy=0"},
    {"no nacks", "nack_percent=0"},
    {"nobody looks into suspicions", "confirm_mult=0"},
    {"the deaf accuse", "hear_others=0"},
    {"sleepers accuse", "late_ms=0"},
    {"no damping", "damping=1"},
    {"Lifeguard's parts alone", OURS_OFF},
    {"none", OURS_OFF "suspicion_beta=1 health_max=1 nack_percent=0 buddy=0"},
};
static const struct way settings[] = {
    {"alpha 2, beta 2", OURS_OFF "suspicion_alpha=2 suspicion_beta=2"},
    {"alpha 2, beta 4", OURS_OFF "suspicion_alpha=2 suspicion_beta=4"},
    {"alpha 2, beta 6", OURS_OFF "suspicion_alpha=2 suspicion_beta=6"},
    {"alpha 4, beta 2", OURS_OFF "suspicion_alpha=4 suspicion_beta=2"},
    {"alpha 4, beta 4", OURS_OFF "suspicion_alpha=4 suspicion_beta=4"},
    {"alpha 4, beta 6", OURS_OFF "suspicion_alpha=4 suspicion_beta=6"},
    {"alpha 5, beta 2", OURS_OFF "suspicion_alpha=5 suspicion_beta=2"},
    {"alpha 5, beta 4", OURS_OFF "suspicion_alpha=5 suspicion_beta=4"},
    {"alpha 5, beta 6", OURS_OFF "suspicion_alpha=5 suspicion_beta=6"},
    {"bellwether: 1, 24", ""},
};

struct block {
    const char *name;
    const struct way *ways;
    size_t count;
};
static const struct block blocks[] = {
    {"paper", paper, COUNT(paper)}, {"parts", parts, COUNT(parts)}, {"settings", settings, COUNT(settings)}};

struct cell {
    uint64_t accused; /* of the healthy, by own suspicions of the healthy */
    uint64_t healthy;
    uint64_t any;
    struct bw_sample first; /* detection */
    struct bw_sample full;
};

struct run {
    struct cell *cell;
    bool troubled[MEMBERS];
    size_t troubled_count;
    size_t known[MEMBERS]; /* to so many healthy ones, in the first trouble */
    int64_t begin_us;
    int64_t until_us; /* of the first trouble */
};

static void on_event(void *context, size_t host, const struct bw_event *event, int64_t at_us) {
    struct run *run = context;
    if (event->type != BW_EVENT_MEMBER_DEAD && event->type != BW_EVENT_MEMBER_SUSPECT)
        return;
    size_t whom = watch_host(event);
    if (event->type == BW_EVENT_MEMBER_SUSPECT) {
        run->cell->accused += event->own && !run->troubled[whom] && !run->troubled[host];
        return;
    }
    run->cell->any += !run->troubled[whom];
    run->cell->healthy += !run->troubled[whom] && !run->troubled[host];
    if (!run->troubled[whom] || run->troubled[host] || at_us > run->until_us)
        return;
    if (run->known[whom]++ == 0)
        bw_sample_add(&run->cell->first, at_us - run->begin_us);
    if (run->known[whom] == MEMBERS - run->troubled_count)
        bw_sample_add(&run->cell->full, at_us - run->begin_us);
}

static void hold(struct bw_sim *sim, size_t host, int64_t left_ms) {
    bw_sim_in(sim, host)->latency_us = (uint32_t)(left_ms * 1000);
    bw_sim_out(sim, host)->latency_us = (uint32_t)(left_ms * 1000);
}

static void trouble(struct bw_sim *sim, const struct run *run, bool held, int64_t duration_ms) {
    for (int64_t left_ms = duration_ms; left_ms > 0; left_ms -= held ? STEP_MS : duration_ms) {
        for (size_t i = 0; i < MEMBERS; i++) {
            if (run->troubled[i] && held)
                hold(sim, i, left_ms);
            else if (run->troubled[i])
                bw_sim_pause(sim, i);
        }
        bw_sim_run_ms(sim, held ? STEP_MS : duration_ms);
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        if (run->troubled[i] && held)
            hold(sim, i, 0);
        else if (run->troubled[i])
            bw_sim_continue(sim, i);
    }
}

static void one(struct cell *cell, const struct way *way, bool held, size_t count, int64_t duration_ms, uint64_t seed) {
    struct bw_sim_options options;
    struct run run = {.cell = cell, .troubled_count = count};
    for (size_t k = 0; k < count; k++)
        run.troubled[(seed * 31 + k * (MEMBERS / count)) % MEMBERS] = true;
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    watch_set_all(&options.params, way->set);
    options.unsealed = options.pooled = true;
    options.scope = NULL;
    options.on_event = on_event;
    options.context = &run;
    struct bw_sim *sim = bw_sim_create(seed, MEMBERS, &options);
    bw_sim_start_converged(sim);
    bw_sim_run_ms(sim, 5000 + (int64_t)(seed * 331 % 1000));
    run.begin_us = bw_sim_now_us(sim);
    run.until_us = run.begin_us + duration_ms * 1000;
    cell->first.due += count;
    while (bw_sim_now_us(sim) < run.begin_us + (int64_t)CYCLES_MS * 1000) {
        trouble(sim, &run, held, duration_ms);
        bw_sim_run_ms(sim, PAUSE_MS);
    }
    if (!bw_sim_run_ms(sim, QUIET_MS)) {
        bw_sim_report(sim, stderr, "", 20);
        exit(1);
    }
    bw_sim_destroy(sim);
}

static void print_json(FILE *to, const struct way *way, bool held, size_t count, int64_t duration_ms, uint64_t runs,
                       struct cell *cell) {
    fprintf(to,
            "{\"way\": \"%s\", \"trouble\": \"%s\", \"members\": %zu, \"for_s\": %.1f, \"runs\": %llu, "
            "\"healthy_accused\": %llu, \"healthy_dead_to_healthy\": %llu, \"healthy_dead\": %llu, "
            "\"in_trouble\": %zu, \"detected\": %zu, \"first_p50_s\": %.2f, \"first_p99_s\": %.2f, "
            "\"known_to_all\": %zu, \"full_p50_s\": %.2f, \"full_p99_s\": %.2f}\n",
            way->name, held ? "held" : "stopped", count, (double)duration_ms / 1000, (unsigned long long)runs,
            (unsigned long long)cell->accused, (unsigned long long)cell->healthy, (unsigned long long)cell->any,
            cell->first.due, cell->first.count, watch_percentile_s(&cell->first, 50),
            watch_percentile_s(&cell->first, 99), cell->full.count, watch_percentile_s(&cell->full, 50),
            watch_percentile_s(&cell->full, 99));
    fflush(to);
}

static void merge(struct bw_sample *all, const struct bw_sample *sample) {
    for (size_t i = 0; i < sample->count; i++)
        bw_sample_add(all, sample->values[i]);
    all->due += sample->due;
}

/* A row for each number of members in trouble, a column for each length: false positives at the healthy / anywhere. */
static void one_way(const struct way *way, bool held, uint64_t runs, FILE *json) {
    struct cell sum = {0};
    printf("%s, %s; %llu runs a cell\n", way->name, held ? "held" : "stopped", (unsigned long long)runs);
    for (size_t t = 0; t < COUNT(troubled); t++) {
        printf("%6zu |", troubled[t]);
        for (size_t f = 0; f < COUNT(for_ms); f++) {
            struct cell cell = {0};
            for (uint64_t seed = 1; seed <= runs; seed++)
                one(&cell, way, held, troubled[t], for_ms[f], seed);
            print_json(json, way, held, troubled[t], for_ms[f], runs, &cell);
            printf(" %7llu / %7llu |", (unsigned long long)cell.healthy, (unsigned long long)cell.any);
            fflush(stdout);
            sum.accused += cell.accused;
            sum.healthy += cell.healthy;
            sum.any += cell.any;
            if (f + 1 == COUNT(for_ms)) {
                merge(&sum.first, &cell.first);
                merge(&sum.full, &cell.full);
            }
            bw_sample_free(&cell.first);
            bw_sample_free(&cell.full);
        }
        printf("\n");
    }
    printf(
        "   sum | %llu / %llu, accused %llu | detected %zu of %zu, first %.2f s (p99 %.2f), full %.2f s (p99 %.2f)\n\n",
        (unsigned long long)sum.healthy, (unsigned long long)sum.any, (unsigned long long)sum.accused, sum.first.count,
        sum.first.due, watch_percentile_s(&sum.first, 50), watch_percentile_s(&sum.first, 99),
        watch_percentile_s(&sum.full, 50), watch_percentile_s(&sum.full, 99));
    fflush(stdout);
    bw_sample_free(&sum.first);
    bw_sample_free(&sum.full);
}

int main(int argc, char **argv) {
    const struct block *block = NULL;
    for (size_t i = 0; i < COUNT(blocks); i++)
        if (argc > 1 && strcmp(argv[1], blocks[i].name) == 0)
            block = &blocks[i];
    uint64_t runs = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    FILE *json = fopen(argc > 3 ? argv[3] : "/dev/null", "a");
    if (block == NULL || json == NULL) {
        fprintf(stderr, "usage: lifeguard paper|parts|settings [RUNS [JSON-FILE]]\n");
        return 2;
    }
    for (size_t i = 0; i < block->count; i++) {
        one_way(&block->ways[i], true, runs, json);
        if (block->ways == paper)
            one_way(&block->ways[i], false, runs, json);
    }
    return fclose(json) == 0 ? 0 : 1;
}
