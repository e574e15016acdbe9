/* What has happened so far, in numbers. */
#include "sim/internal.h"

#include "node/internal.h"

static void add(struct bw_sim_counts *sum, const struct bw_sim_counts *counts) {
    sum->sent += counts->sent;
    sum->sent_size += counts->sent_size;
    sum->largest = counts->largest > sum->largest ? counts->largest : sum->largest;
    sum->received += counts->received;
    sum->lost += counts->lost;
    sum->refused += counts->refused;
    sum->dropped += counts->dropped;
    sum->writes += counts->writes;
}

void bw_sim_counts(const struct bw_sim *sim, size_t host, struct bw_sim_counts *counts) {
    *counts = (struct bw_sim_counts){0};
    for (size_t i = 0; i < sim->host_count; i++)
        if (host == BW_SIM_ALL || host == i)
            add(counts, &sim->hosts[i].counts);
}

uint64_t bw_sim_event_count(const struct bw_sim *sim, size_t host, enum bw_event_type type) {
    uint64_t count = 0;
    for (size_t i = 0; i < sim->host_count; i++)
        if (host == BW_SIM_ALL || host == i)
            count += sim->hosts[i].event_counts[type];
    return count;
}

void bw_sim_take_rule_counts(struct bw_sim_host *host, bool before) {
    for (size_t i = 0; i < BW_RULE_COUNT; i++)
        host->rule_counts[i] += before ? 0 - host->node->trace.counts[i] : host->node->trace.counts[i];
}

static uint64_t rule_count(const struct bw_sim_host *host, enum bw_rule rule) {
    return host->rule_counts[rule] + (host->node != NULL ? host->node->trace.counts[rule] : 0);
}

uint64_t bw_sim_rule_count(const struct bw_sim *sim, size_t host, enum bw_rule rule) {
    uint64_t count = 0;
    for (size_t i = 0; i < sim->host_count; i++)
        if (host == BW_SIM_ALL || host == i)
            count += rule_count(&sim->hosts[i], rule);
    return count;
}

uint64_t bw_sim_accused_count(const struct bw_sim *sim, size_t subject) {
    return bw_sim_host(sim, subject)->accused_count;
}

uint64_t bw_sim_suspected_count(const struct bw_sim *sim, size_t subject) {
    return bw_sim_host(sim, subject)->suspected_count;
}

uint64_t bw_sim_dead_count(const struct bw_sim *sim, size_t subject) {
    return bw_sim_host(sim, subject)->dead_count;
}

uint64_t bw_sim_allocation_count(const struct bw_sim *sim) {
    uint64_t count = 0;
    for (size_t i = 0; i < sim->host_count; i++)
        count += sim->hosts[i].allocation_count;
    return count;
}

size_t bw_sim_allocated_size(const struct bw_sim *sim) {
    size_t size = 0;
    for (size_t i = 0; i < sim->host_count; i++)
        size += sim->hosts[i].allocated_size;
    return size;
}
