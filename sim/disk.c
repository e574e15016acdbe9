/* What may happen to a host's durable state. */
#include "sim/internal.h"

#include <stdlib.h>

void bw_sim_disk_fails(struct bw_sim *sim, size_t host, bool fails) {
    bw_sim_record_text(sim, host, fails ? "disk fails" : "disk works");
    bw_sim_host(sim, host)->disk_fails = fails;
}

void bw_sim_disk_tear(struct bw_sim *sim, size_t host, size_t size) {
    struct bw_sim_host *torn = bw_sim_host(sim, host);
    bw_sim_record_text(sim, host, "%zu bytes are left on the disk", size);
    if (size < torn->state_size)
        torn->state_size = size;
}

void bw_sim_disk_undo(struct bw_sim *sim, size_t host) {
    struct bw_sim_host *undone = bw_sim_host(sim, host);
    bw_sim_record_text(sim, host, "the last write is lost: %zu bytes are on the disk", undone->former_size);
    free(undone->state);
    undone->state = undone->former_state;
    undone->state_size = undone->former_size;
    undone->former_state = NULL;
    undone->former_size = 0;
    bw_sim_check_undo(sim, host);
}

void bw_sim_disk_copy(struct bw_sim *sim, size_t from, size_t to) {
    const struct bw_sim_host *source = bw_sim_host(sim, from);
    struct bw_sim_host *target = bw_sim_host(sim, to);
    bw_sim_record_text(sim, to, "gets the disk of n%zu", from);
    free(target->state);
    target->state = bw_sim_memory_copy(source->state, source->state_size);
    target->state_size = source->state_size;
}

size_t bw_sim_disk_size(const struct bw_sim *sim, size_t host) {
    return bw_sim_host(sim, host)->state_size;
}
