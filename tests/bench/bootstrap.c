/* How long it takes until all know all, if all start at once:
 *
 *   bootstrap MEMBERS [SEEDS]
 *
 * Looked at ten times a virtual second; sizes: how many different numbers of living members any of them saw on the way. */
#include "sim/sim.h"

#include <stdlib.h>
#include <time.h>

#define LIMIT_MS 100000

static bool seen[100001];

static size_t look(const struct bw_sim *sim, size_t members) {
    size_t whole = 0;
    for (size_t i = 0; i < members; i++) {
        size_t size = bw_sim_alive_count(sim, i);
        seen[size] = true;
        whole += size == members;
    }
    return whole;
}

int main(int argc, char **argv) {
    size_t members = argc > 1 ? strtoull(argv[1], NULL, 10) : 200;
    struct bw_sim_options options;
    struct bw_sim_counts counts;
    size_t sizes = 0;
    if (members < 1 || members > 100000)
        return 2;
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.unsealed = options.pooled = true;
    options.scope = NULL;
    options.seed_count = argc > 2 ? strtoull(argv[2], NULL, 10) : 3;
    struct bw_sim *sim = bw_sim_create(1, members, &options);
    bw_sim_start_all(sim);
    while (look(sim, members) < members && bw_sim_now_ms(sim) < LIMIT_MS && bw_sim_run_ms(sim, 100))
        ;
    bool whole = look(sim, members) == members;
    for (size_t i = 0; i <= members; i++)
        sizes += seen[i];
    bw_sim_counts(sim, BW_SIM_ALL, &counts);
    printf("{\"members\": %zu, \"what\": \"all start at once, %zu seeds%s\", \"virtual_s\": %.1f, \"sizes\": %zu, "
           "\"datagrams_per_member\": %.0f, \"bytes_per_member\": %.0f, \"cpu_s\": %.1f}\n",
           members, options.seed_count, whole ? "" : ", NOT whole", (double)bw_sim_now_us(sim) / 1e6, sizes,
           (double)counts.sent / (double)members, (double)counts.sent_size / (double)members,
           (double)clock() / (double)CLOCKS_PER_SEC);
    bw_sim_destroy(sim);
    return whole ? 0 : 1;
}
