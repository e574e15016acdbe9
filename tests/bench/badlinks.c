/* Bad links (scenario 7), as in the Rapid paper (Suresh et al., ATC 2018, figures 9 and 10): of 1,000 members 1 % have a bad link
 * to all others for so long; how often do views change, and do they hold still?
 *
 *   badlinks FAULT [MEMBERS [SECONDS [SEED]]] [leader] [NAME=VALUE...]
 *
 * FAULT: deaf (all that they receive is lost, 20 s on, 20 s off), mute (all that they send), loss-out (80 % of what they send),
 * loss-in, loss-both. leader: who leads is one of them; else it is not. A line for each minute, and one for all of it. A view
 * changes when one who had held another for alive holds it for dead, or the other way round. */
#include "base/rng.h"
#include "tests/bench/watch.h"

#include <stdlib.h>
#include <string.h>

#define SCOPE "default"
#define BEFORE_MS 20000
#define AFTER_MS 120000
#define LOSS_PPM 800000

struct sums {
    uint64_t bad_dead;     /* views that came to hold a bad one for dead */
    uint64_t bad_alive;    /* ... for alive again */
    uint64_t healthy_dead; /* the same of healthy ones, to healthy ones */
    uint64_t healthy_dead_to_bad;
    uint64_t accused; /* healthy ones by own suspicions of healthy ones */
    uint64_t accused_by_bad;
    uint64_t elected;
};

struct world {
    size_t members;
    size_t bad_count;
    bool *bad;
    bool *dead;    /* [observer * members + subject] */
    size_t *sizes; /* of views: living members */
    bool *seen;    /* by size */
    struct sums now;
    struct sums all;
    uint64_t *changes; /* by bad member: how often the first of the healthy came to hold it for dead */
    size_t *holders;   /* by member: healthy ones that hold it for dead */
};

static void view_changes(struct world *w, size_t host, size_t whom, bool dead) {
    bool *held = &w->dead[host * w->members + whom];
    if (*held == dead)
        return;
    *held = dead;
    w->sizes[host] += dead ? (size_t)-1 : 1;
    if (!w->bad[host]) {
        w->now.bad_dead += w->bad[whom] && dead;
        w->now.bad_alive += w->bad[whom] && !dead;
        w->now.healthy_dead += !w->bad[whom] && dead;
        w->changes[whom] += dead && w->holders[whom] == 0;
        w->holders[whom] += dead ? 1 : (size_t)-1;
    } else {
        w->now.healthy_dead_to_bad += !w->bad[whom] && dead;
    }
}

static void on_event(void *context, size_t host, const struct bw_event *event, int64_t at_us) {
    struct world *w = context;
    (void)at_us;
    switch (event->type) {
    case BW_EVENT_SELF_ELECTED:
        w->now.elected++;
        break;
    case BW_EVENT_MEMBER_SUSPECT:
        if (event->own && !w->bad[watch_host(event)]) {
            w->now.accused += !w->bad[host];
            w->now.accused_by_bad += w->bad[host];
        }
        break;
    case BW_EVENT_MEMBER_DEAD:
    case BW_EVENT_MEMBER_ALIVE:
        view_changes(w, host, watch_host(event), event->type == BW_EVENT_MEMBER_DEAD);
        break;
    default:
        break;
    }
}

static void add(struct sums *to, const struct sums *of) {
    to->bad_dead += of->bad_dead;
    to->bad_alive += of->bad_alive;
    to->healthy_dead += of->healthy_dead;
    to->healthy_dead_to_bad += of->healthy_dead_to_bad;
    to->accused += of->accused;
    to->accused_by_bad += of->accused_by_bad;
    to->elected += of->elected;
}

/* How many different sizes the healthy ones' views have. */
static size_t sizes_now(const struct world *w, size_t *least, size_t *most) {
    size_t count = 0;
    memset(w->seen, 0, w->members + 1);
    *least = w->members;
    *most = 0;
    for (size_t i = 0; i < w->members; i++) {
        size_t size = w->sizes[i];
        if (w->bad[i])
            continue;
        count += !w->seen[size];
        w->seen[size] = true;
        *least = size < *least ? size : *least;
        *most = size > *most ? size : *most;
    }
    return count;
}

struct looks {
    size_t count;
    size_t differ; /* of them, in which not all sizes were the same */
    size_t sizes_most;
    size_t least;
    size_t most;
};

static void look(struct world *w, struct looks *looks) {
    size_t least, most;
    size_t sizes = sizes_now(w, &least, &most);
    looks->least = looks->count == 0 || least < looks->least ? least : looks->least;
    looks->most = most > looks->most ? most : looks->most;
    looks->sizes_most = sizes > looks->sizes_most ? sizes : looks->sizes_most;
    looks->differ += sizes > 1;
    looks->count++;
}

static void print(const struct world *w, const char *what, const struct sums *sums, const struct looks *looks) {
    double views = (double)(w->members - w->bad_count);
    printf(
        "{\"what\": \"%s\", \"changes_a_view\": %.2f, \"bad_dead\": %.2f, \"bad_back\": %.2f, \"healthy_dead\": %llu, "
        "\"healthy_dead_to_bad\": %llu, \"healthy_accused\": %llu, \"healthy_accused_by_bad\": %llu, \"elected\": "
        "%llu, \"size_least\": %zu, \"size_most\": %zu, \"seconds_in_which_sizes_differ\": %zu, \"of_s\": %zu, "
        "\"sizes_most\": %zu}\n",
        what, (double)(sums->bad_dead + sums->bad_alive) / views, (double)sums->bad_dead / views,
        (double)sums->bad_alive / views, (unsigned long long)sums->healthy_dead,
        (unsigned long long)sums->healthy_dead_to_bad, (unsigned long long)sums->accused,
        (unsigned long long)sums->accused_by_bad, (unsigned long long)sums->elected, looks->least, looks->most,
        looks->differ, looks->count, looks->sizes_most);
    fflush(stdout);
}

/* So many seconds, a line for each minute. */
static void watch(struct bw_sim *sim, struct world *w, int64_t seconds, const char *phase, struct looks *all) {
    struct looks looks = {0};
    w->now = (struct sums){0};
    for (int64_t s = 1; s <= seconds; s++) {
        char what[64];
        bw_sim_run_ms(sim, 1000);
        look(w, &looks);
        look(w, all);
        if (s % 60 == 0 || s == seconds) {
            snprintf(what, sizeof what, "%s, until second %lld", phase, (long long)s);
            print(w, what, &w->now, &looks);
            add(&w->all, &w->now);
            w->now = (struct sums){0};
            looks = (struct looks){0};
        }
    }
}

static bool choose_fault(const char *name, struct bw_sim_link *in, struct bw_sim_link *out) {
    static const struct bw_sim_link on_off = {.up_ms = 20000, .down_ms = 20000};
    static const struct bw_sim_link lossy = {.loss_ppm = LOSS_PPM};
    static const struct bw_sim_link good;
    *in = strcmp(name, "deaf") == 0 ? on_off : strcmp(name, "loss-in") == 0 ? lossy : good;
    *out = strcmp(name, "mute") == 0 ? on_off : strcmp(name, "loss-out") == 0 ? lossy : good;
    if (strcmp(name, "loss-both") == 0)
        *in = *out = lossy;
    return in->down_ms + out->down_ms + in->loss_ppm + out->loss_ppm > 0;
}

static void choose_bad(struct world *w, uint64_t seed, size_t leader, bool leader_too) {
    struct bw_rng rng;
    bw_rng_seed(&rng, seed);
    size_t count = 0;
    if (leader_too && leader != BW_SIM_NONE) {
        w->bad[leader] = true;
        count++;
    }
    while (count < w->bad_count) {
        size_t host = (size_t)bw_rng_below(&rng, w->members);
        if (host != leader && !w->bad[host]) {
            w->bad[host] = true;
            count++;
        }
    }
}

static void set_links(struct bw_sim *sim, const struct world *w, struct bw_sim_link in, struct bw_sim_link out) {
    for (size_t i = 0; i < w->members; i++) {
        if (w->bad[i]) {
            *bw_sim_in(sim, i) = in;
            *bw_sim_out(sim, i) = out;
        }
    }
}

static void *zeroes(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL)
        exit(1);
    return memory;
}

static void world_make(struct world *w, size_t members) {
    *w = (struct world){.members = members, .bad_count = members >= 200 ? members / 100 : 1};
    w->bad = zeroes(members, sizeof *w->bad);
    w->dead = zeroes(members * members, sizeof *w->dead);
    w->sizes = zeroes(members, sizeof *w->sizes);
    w->seen = zeroes(members + 1, sizeof *w->seen);
    w->changes = zeroes(members, sizeof *w->changes);
    w->holders = zeroes(members, sizeof *w->holders);
    for (size_t i = 0; i < members; i++)
        w->sizes[i] = members;
}

static void world_free(struct world *w) {
    free(w->bad);
    free(w->dead);
    free(w->sizes);
    free(w->seen);
    free(w->changes);
    free(w->holders);
}

static void print_whole(const struct world *w, const char *fault, const struct looks *looks) {
    uint64_t most = 0, sum = 0;
    for (size_t i = 0; i < w->members; i++) {
        most = w->bad[i] && w->changes[i] > most ? w->changes[i] : most;
        sum += w->bad[i] ? w->changes[i] : 0;
    }
    print(w, fault, &w->all, looks);
    printf("{\"what\": \"%s\", \"members\": %zu, \"bad\": %zu, \"a_bad_one_was_removed_times\": %.1f, "
           "\"at_most\": %llu}\n",
           fault, w->members, w->bad_count, (double)sum / (double)w->bad_count, (unsigned long long)most);
}

int main(int argc, char **argv) {
    size_t members = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
    int64_t seconds = argc > 3 ? strtoll(argv[3], NULL, 10) : 600;
    uint64_t seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    struct bw_sim_link in, out;
    struct bw_sim_options options;
    struct world w;
    struct looks looks = {0};
    bool leader_too = false;
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    for (int i = 5; i < argc; i++) {
        if (strcmp(argv[i], "leader") == 0)
            leader_too = true;
        else
            watch_set_all(&options.params, argv[i]);
    }
    if (argc < 2 || !choose_fault(argv[1], &in, &out) || members < 10 || members > 10000 || seconds < 1) {
        fprintf(stderr, "usage: badlinks deaf|mute|loss-out|loss-in|loss-both [MEMBERS [SECONDS [SEED]]] [leader] "
                        "[NAME=VALUE...]\n");
        return 2;
    }
    world_make(&w, members);
    options.unsealed = options.pooled = true;
    options.scope = SCOPE;
    options.on_event = on_event;
    options.context = &w;
    struct bw_sim *sim = bw_sim_create(seed, members, &options);
    bw_sim_start_converged(sim);
    bw_sim_run_ms(sim, BEFORE_MS);
    size_t leader = bw_sim_leader_everywhere(sim, SCOPE);
    choose_bad(&w, seed, leader, leader_too);
    set_links(sim, &w, in, out);
    watch(sim, &w, seconds, argv[1], &looks);
    print_whole(&w, argv[1], &looks);
    set_links(sim, &w, (struct bw_sim_link){0}, (struct bw_sim_link){0});
    int64_t mended_us = bw_sim_now_us(sim);
    bool right = bw_sim_wait_converged(sim, AFTER_MS);
    printf("{\"what\": \"%s, mended\", \"leader_before\": %s, \"right_again\": %s, \"after_s\": %.1f}\n", argv[1],
           leader == BW_SIM_NONE ? "false" : "true", right ? "true" : "false",
           (double)(bw_sim_now_us(sim) - mended_us) / 1e6);
    bool sound = bw_sim_violation(sim) == NULL;
    if (!sound)
        bw_sim_report(sim, stderr, "", 20);
    bw_sim_destroy(sim);
    world_free(&w);
    return sound ? 0 : 1;
}
