/* What hosts tell and ask each other. */
#include "sim/internal.h"

static struct bw_sim_host *awake(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(host->node != NULL && !host->asleep);
    return host;
}

int bw_sim_user_event(struct bw_sim *sim, size_t index, const char *name, struct bw_bytes payload) {
    struct bw_sim_host *host = awake(sim, index);
    bw_sim_record_text(sim, index, "tells all %s", name);
    int error = bw_node_user_event(host->node, name, payload, NULL, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
    return error;
}

int bw_sim_query(struct bw_sim *sim, size_t index, const struct bw_query *query, uint64_t *number) {
    struct bw_sim_host *host = awake(sim, index);
    bw_sim_record_text(sim, index, "asks %s", query->name);
    int error = bw_node_query(host->node, query, number, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
    return error;
}

int bw_sim_respond(struct bw_sim *sim, size_t index, uint64_t number, struct bw_bytes payload) {
    struct bw_sim_host *host = awake(sim, index);
    bw_sim_record_text(sim, index, "answers query %llx", (unsigned long long)number);
    int error = bw_node_respond(host->node, number, payload, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
    return error;
}
