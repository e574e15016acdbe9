/* How fast the simulator is, and what a world takes:
 *
 *   speed MEMBERS SECONDS [sealed] [scope] [idle]
 *
 * begins converged, runs so many virtual seconds idle, then, unless that is all, crashes one member and runs until all others know. CPU time of one
 * core; "x" is virtual seconds per second of it. */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct stretch {
    double begin_s;
    int64_t begin_us;
    struct bw_sim_counts counts;
};

static double cpu_s(void) {
    return (double)clock() / (double)CLOCKS_PER_SEC;
}

static struct stretch begin(const struct bw_sim *sim) {
    struct stretch stretch = {.begin_s = cpu_s(), .begin_us = bw_sim_now_us(sim)};
    bw_sim_counts(sim, BW_SIM_ALL, &stretch.counts);
    return stretch;
}

static void end(const struct bw_sim *sim, const struct stretch *stretch, size_t members, const char *what) {
    struct bw_sim_counts now;
    double took_s = cpu_s() - stretch->begin_s;
    double virtual_s = (double)(bw_sim_now_us(sim) - stretch->begin_us) / 1e6;
    bw_sim_counts(sim, BW_SIM_ALL, &now);
    double datagrams = (double)(now.sent - stretch->counts.sent);
    double size = (double)(now.sent_size - stretch->counts.sent_size);
    double each = (double)members * virtual_s;
    printf(
        "{\"members\": %zu, \"what\": \"%s\", \"virtual_s\": %.1f, \"cpu_s\": %.2f, \"x\": %.1f, \"us_per_datagram\": "
        "%.2f, \"datagrams_per_member_s\": %.3f, \"bytes_per_member_s\": %.1f}\n",
        members, what, virtual_s, took_s, virtual_s / took_s, took_s * 1e6 / datagrams, datagrams / each, size / each);
    fflush(stdout);
}

static bool crash_and_wait(struct bw_sim *sim, size_t members) {
    bw_sim_crash(sim, members - 1);
    for (int i = 0; i < 600; i++) {
        bw_sim_run_ms(sim, 100);
        if (bw_sim_event_count(sim, BW_SIM_ALL, BW_EVENT_MEMBER_DEAD) + 1 >= members)
            return true;
    }
    return false;
}

int main(int argc, char **argv) {
    size_t members = argc > 1 ? strtoull(argv[1], NULL, 10) : 5;
    int64_t seconds = argc > 2 ? strtoll(argv[2], NULL, 10) : 60;
    struct bw_sim_options options;
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.params.member_max = members > 5000 ? (uint32_t)members * 2 : options.params.member_max;
    options.unsealed = options.pooled = true;
    options.scope = NULL;
    bool known = false;
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "sealed") == 0)
            options.unsealed = false;
        if (strcmp(argv[i], "scope") == 0)
            options.scope = "default";
        if (strcmp(argv[i], "idle") == 0)
            known = true; /* nobody crashes */
    }
    struct bw_sim *sim = bw_sim_create(1, members, &options);
    double begin_s = cpu_s();
    bw_sim_start_converged(sim);
    printf("{\"members\": %zu, \"what\": \"begin\", \"cpu_s\": %.2f, \"bytes_per_known_member\": %.1f}\n", members,
           cpu_s() - begin_s, (double)bw_sim_allocated_size(sim) / (double)members / (double)members);
    bw_sim_run_ms(sim, 5000);
    struct stretch idle = begin(sim);
    bw_sim_run_ms(sim, seconds * 1000);
    end(sim, &idle, members, "idle");
    if (!known) {
        struct stretch crash = begin(sim);
        known = crash_and_wait(sim, members);
        end(sim, &crash, members, known ? "crash, until known everywhere" : "crash, not known everywhere");
    }
    bool sound = bw_sim_violation(sim) == NULL;
    if (!sound)
        bw_sim_report(sim, stderr, "", 20);
    bw_sim_destroy(sim);
    return known && sound ? 0 : 1;
}
