/* What membership costs while members come and go:
 *
 *   churn MEMBERS [SECONDS [PER-100-S [AWAY-MS]]]
 *
 * PER-100-S (100) processes in 100 seconds and for each 100 members crash, and start again with their state AWAY-MS (5,000) later:
 * 1 a second of 100 members. Counted from the tenth second on, by member and second. Observers, LAN profile. */
#include "base/rng.h"
#include "tests/bench/watch.h"

#include <stdlib.h>

#define WARM_MS 10000
#define STEP_MS 10
#define SETTLED_MS 10000 /* the end of the life before is old news then */

struct churn {
    size_t members;
    int64_t *back_ms;  /* when it starts again; 0: it runs */
    int64_t *since_ms; /* since when it runs */
    struct bw_rng rng;
    double owed; /* crashes */
    uint64_t crashes;
    uint64_t healthy; /* views that came to hold one for dead who had been back for SETTLED_MS */
};

static void on_event(void *context, size_t host, const struct bw_event *event, int64_t at_us) {
    struct churn *churn = context;
    (void)host;
    if (event->type != BW_EVENT_MEMBER_DEAD)
        return;
    size_t whom = watch_host(event);
    churn->healthy += churn->back_ms[whom] == 0 && at_us / 1000 >= churn->since_ms[whom] + SETTLED_MS;
}

static void step(struct bw_sim *sim, struct churn *churn, double crashes, int64_t away_ms) {
    int64_t now_ms = bw_sim_now_ms(sim);
    for (size_t i = 0; i < churn->members; i++) {
        if (churn->back_ms[i] != 0 && churn->back_ms[i] <= now_ms) {
            churn->back_ms[i] = 0;
            churn->since_ms[i] = now_ms;
            bw_sim_restart(sim, i);
        }
    }
    for (churn->owed += crashes; churn->owed >= 1; churn->owed -= 1) {
        size_t host = (size_t)bw_rng_below(&churn->rng, churn->members);
        if (churn->back_ms[host] != 0)
            continue;
        bw_sim_crash(sim, host);
        churn->back_ms[host] = now_ms + away_ms;
        churn->crashes++;
    }
    bw_sim_run_ms(sim, STEP_MS);
}

int main(int argc, char **argv) {
    size_t members = argc > 1 ? strtoull(argv[1], NULL, 10) : 100;
    int64_t seconds = argc > 2 ? strtoll(argv[2], NULL, 10) : 60;
    double per_100_s = argc > 3 ? strtod(argv[3], NULL) : 100;
    int64_t away_ms = argc > 4 ? strtoll(argv[4], NULL, 10) : 5000;
    double crashes = per_100_s / 100 * (double)members / 100 * STEP_MS / 1000;
    struct churn churn = {.members = members};
    struct bw_sim_options options;
    struct bw_sim_counts before, after;
    if (members < 2 || members > 60000 || seconds < 1 || per_100_s < 0)
        return 2;
    churn.back_ms = calloc(2 * members, sizeof *churn.back_ms);
    if (churn.back_ms == NULL)
        return 1;
    churn.since_ms = churn.back_ms + members;
    bw_rng_seed(&churn.rng, members);
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.unsealed = options.pooled = options.durable = true;
    options.scope = NULL;
    options.on_event = on_event;
    options.context = &churn;
    struct bw_sim *sim = bw_sim_create(1, members, &options);
    bw_sim_start_converged(sim);
    for (int64_t ms = 0; ms < WARM_MS; ms += STEP_MS)
        step(sim, &churn, crashes, away_ms);
    bw_sim_counts(sim, BW_SIM_ALL, &before);
    churn.crashes = churn.healthy = 0;
    for (int64_t ms = 0; ms < seconds * 1000; ms += STEP_MS)
        step(sim, &churn, crashes, away_ms);
    bw_sim_counts(sim, BW_SIM_ALL, &after);
    double each = (double)members * (double)seconds;
    printf(
        "{\"members\": %zu, \"seconds\": %lld, \"crashes\": %llu, \"away_ms\": %lld, \"datagrams_per_member_s\": %.3f, "
        "\"bytes_per_member_s\": %.1f, \"largest\": %llu, \"healthy_held_for_dead\": %llu}\n",
        members, (long long)seconds, (unsigned long long)churn.crashes, (long long)away_ms,
        (double)(after.sent - before.sent) / each, (double)(after.sent_size - before.sent_size) / each,
        (unsigned long long)after.largest, (unsigned long long)churn.healthy);
    bool sound = bw_sim_violation(sim) == NULL;
    if (!sound)
        bw_sim_report(sim, stderr, "", 20);
    bw_sim_destroy(sim);
    free(churn.back_ms);
    return sound ? 0 : 1;
}
