/* What holds of scopes with seats: in no part of the cluster more of them are led at once than the scope has. */
#include "sim/internal.h"

#include <string.h>

static bool same_scope(const char *a, const char *b) {
    size_t a_size = 0, b_size = 0;
    return bw_scope_seat(a, &a_size) >= 0 && bw_scope_seat(b, &b_size) >= 0 && a_size == b_size &&
           memcmp(a, b, a_size) == 0;
}

/* As this host was told; 0: it was told of none. */
static uint16_t seats_of(const struct bw_sim *sim, size_t host, const char *seat) {
    uint16_t most = 0;
    for (size_t i = 0; i < sim->scope_count; i++)
        if (same_scope(sim->scopes[i].name, seat) && sim->scopes[i].seats[host] > most)
            most = sim->scopes[i].seats[host];
    return most;
}

void bw_sim_check_seats(struct bw_sim *sim, size_t host, const char *seat) {
    uint32_t led = 0;
    uint16_t count = 0;
    if (bw_scope_seat(seat, NULL) < 0)
        return;
    for (size_t i = 0; i < sim->reign_count; i++) {
        const struct bw_sim_reign *reign = &sim->reigns[i];
        const char *name = sim->scopes[reign->scope].name;
        if (!reign->over && same_scope(name, seat) && sim->hosts[reign->host].group == sim->hosts[host].group)
            led |= UINT32_C(1) << bw_scope_seat(name, NULL);
    }
    for (; led != 0; led &= led - 1)
        count++;
    if (count > seats_of(sim, host, seat))
        bw_sim_violate(sim, BW_INVARIANT_SEATS, "%u seats are led where n%zu takes %s, of a scope of %u", count, host,
                       seat, seats_of(sim, host, seat));
}
