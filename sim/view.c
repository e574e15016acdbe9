/* What nodes believe, and waiting until they believe something. */
#include "sim/internal.h"

#include <string.h>

bool bw_sim_running(const struct bw_sim *sim, size_t host) {
    const struct bw_sim_host *asked = bw_sim_host(sim, host);
    return asked->node != NULL && !asked->paused;
}

struct bw_node *bw_sim_node(const struct bw_sim *sim, size_t host) {
    return bw_sim_host(sim, host)->node;
}

bool bw_sim_left(const struct bw_sim *sim, size_t host) {
    BW_ASSERT(bw_sim_host(sim, host)->node != NULL);
    return bw_node_left(sim->hosts[host].node);
}

/* -- members -- */

int bw_sim_status_at(const struct bw_sim *sim, size_t observer, size_t subject) {
    const struct bw_node *node = bw_sim_host(sim, observer)->node;
    const struct bw_id *id = &bw_sim_host(sim, subject)->id;
    struct bw_member_info info;
    BW_ASSERT(node != NULL);
    for (size_t i = 0; bw_node_member(node, i, &info) == 0; i++)
        if (bw_id_equal(&info.id, id))
            return (int)info.status;
    return -1;
}

size_t bw_sim_status_count(const struct bw_sim *sim, size_t subject, enum bw_status status) {
    size_t count = 0;
    for (size_t i = 0; i < sim->host_count; i++)
        count += i != subject && bw_sim_running(sim, i) && bw_sim_status_at(sim, i, subject) == (int)status;
    return count;
}

bool bw_sim_status_everywhere(const struct bw_sim *sim, size_t subject, enum bw_status status) {
    for (size_t i = 0; i < sim->host_count; i++)
        if (i != subject && bw_sim_running(sim, i) && bw_sim_status_at(sim, i, subject) != (int)status)
            return false;
    return true;
}

size_t bw_sim_alive_count(const struct bw_sim *sim, size_t observer) {
    const struct bw_node *node = bw_sim_host(sim, observer)->node;
    struct bw_member_info info;
    size_t count = 0;
    BW_ASSERT(node != NULL);
    for (size_t i = 0; bw_node_member(node, i, &info) == 0; i++)
        count += info.status == BW_STATUS_ALIVE;
    return count;
}

/* Runs, and its host is on the network. */
static bool is_present(const struct bw_sim *sim, size_t host) {
    return bw_sim_running(sim, host) && !sim->hosts[host].silent;
}

static size_t present_in_group(const struct bw_sim *sim, unsigned group) {
    size_t count = 0;
    for (size_t i = 0; i < sim->host_count; i++)
        count += is_present(sim, i) && sim->hosts[i].group == group;
    return count;
}

/* Whether it holds exactly the present hosts of its group for alive. */
static bool view_right(const struct bw_sim *sim, size_t observer) {
    const struct bw_sim_host *host = &sim->hosts[observer];
    struct bw_member_info info;
    size_t right = 0;
    for (size_t i = 0; bw_node_member(host->node, i, &info) == 0; i++) {
        size_t index = bw_sim_host_at(sim, &info.addr);
        if (info.status != BW_STATUS_ALIVE && info.status != BW_STATUS_SUSPECT)
            continue;
        if (info.status == BW_STATUS_SUSPECT || index == BW_SIM_NONE || !is_present(sim, index) ||
            sim->hosts[index].group != host->group || !bw_id_equal(&info.id, &sim->hosts[index].id))
            return false;
        right++;
    }
    return right == present_in_group(sim, host->group);
}

static bool digest_agrees(const struct bw_sim *sim, size_t observer) {
    uint64_t digest = bw_node_digest(sim->hosts[observer].node);
    for (size_t i = 0; i < observer; i++)
        if (is_present(sim, i) && sim->hosts[i].group == sim->hosts[observer].group)
            return bw_node_digest(sim->hosts[i].node) == digest; /* the first of the group: all compare with it */
    return true;
}

bool bw_sim_converged(const struct bw_sim *sim) {
    for (size_t i = 0; i < sim->host_count; i++)
        if (is_present(sim, i) && !digest_agrees(sim, i)) /* the cheap half first */
            return false;
    for (size_t i = 0; i < sim->host_count; i++)
        if (is_present(sim, i) && !view_right(sim, i))
            return false;
    return true;
}

/* -- leaders -- */

static bool scope_of(const struct bw_sim *sim, size_t observer, const char *scope, struct bw_scope_info *info) {
    const struct bw_sim_host *host = bw_sim_host(sim, observer);
    BW_ASSERT(host->node != NULL);
    return bw_node_scope_find(host->node, scope, info, bw_sim_clock_at(host, sim->now_us)) == 0;
}

struct bw_token bw_sim_token(const struct bw_sim *sim, size_t host, const char *scope) {
    struct bw_scope_info info;
    if (!scope_of(sim, host, scope, &info) || !info.has_leader)
        return (struct bw_token){0};
    return info.token;
}

int64_t bw_sim_lease_us(const struct bw_sim *sim, size_t host, const char *scope) {
    struct bw_scope_info info;
    return scope_of(sim, host, scope, &info) ? info.lease_us : -1;
}

size_t bw_sim_leader_of(const struct bw_sim *sim, size_t observer, const char *scope) {
    struct bw_token token = bw_sim_token(sim, observer, scope);
    for (size_t i = 0; i < sim->host_count && token.term != 0; i++)
        if (bw_id_equal(&sim->hosts[i].id, &token.id))
            return i;
    return BW_SIM_NONE;
}

bool bw_sim_may_act(const struct bw_sim *sim, size_t host, const char *scope) {
    return bw_sim_running(sim, host) && bw_node_may_act(sim->hosts[host].node, scope, bw_sim_clock(sim, host));
}

size_t bw_sim_acting_count(const struct bw_sim *sim, const char *scope) {
    size_t count = 0;
    for (size_t i = 0; i < sim->host_count; i++)
        count += bw_sim_may_act(sim, i, scope);
    return count;
}

static size_t leader_among(const struct bw_sim *sim, const char *scope, bool one_group, unsigned group) {
    size_t leader = BW_SIM_NONE;
    struct bw_token reign = {0};
    for (size_t i = 0; i < sim->host_count; i++) {
        if (!is_present(sim, i) || (one_group && sim->hosts[i].group != group))
            continue;
        struct bw_token token = bw_sim_token(sim, i, scope);
        if (token.term == 0 || (reign.term != 0 && bw_token_compare(&token, &reign) != 0))
            return BW_SIM_NONE;
        if (reign.term == 0)
            leader = bw_sim_leader_of(sim, i, scope);
        reign = token;
    }
    return leader != BW_SIM_NONE && bw_sim_may_act(sim, leader, scope) ? leader : BW_SIM_NONE;
}

size_t bw_sim_leader_in_group(const struct bw_sim *sim, unsigned group, const char *scope) {
    return leader_among(sim, scope, true, group);
}

size_t bw_sim_leader_everywhere(const struct bw_sim *sim, const char *scope) {
    return leader_among(sim, scope, false, 0);
}

/* -- waiting -- */

struct wish {
    size_t host;
    enum bw_status status;
    const char *scope;
};

static bool status_is_everywhere(struct bw_sim *sim, void *context) {
    const struct wish *wish = context;
    return bw_sim_status_everywhere(sim, wish->host, wish->status);
}

bool bw_sim_wait_status_everywhere(struct bw_sim *sim, size_t subject, enum bw_status status, int64_t limit_ms) {
    struct wish wish = {subject, status, NULL};
    return bw_sim_run_until(sim, status_is_everywhere, &wish, limit_ms);
}

static bool is_converged(struct bw_sim *sim, void *context) {
    (void)context;
    return bw_sim_converged(sim);
}

bool bw_sim_wait_converged(struct bw_sim *sim, int64_t limit_ms) {
    return bw_sim_run_until(sim, is_converged, NULL, limit_ms);
}

static bool another_leads_everywhere(struct bw_sim *sim, void *context) {
    const struct wish *wish = context;
    size_t leader = bw_sim_leader_everywhere(sim, wish->scope);
    return leader != BW_SIM_NONE && leader != wish->host;
}

size_t bw_sim_wait_other_leader(struct bw_sim *sim, const char *scope, size_t than, int64_t limit_ms) {
    struct wish wish = {than, BW_STATUS_ALIVE, scope};
    bool found = bw_sim_run_until(sim, another_leads_everywhere, &wish, limit_ms);
    return found ? bw_sim_leader_everywhere(sim, scope) : BW_SIM_NONE;
}

size_t bw_sim_wait_leader_everywhere(struct bw_sim *sim, const char *scope, int64_t limit_ms) {
    return bw_sim_wait_other_leader(sim, scope, BW_SIM_NONE, limit_ms);
}

static bool has_left(struct bw_sim *sim, void *context) {
    const struct wish *wish = context;
    return bw_sim_left(sim, wish->host);
}

bool bw_sim_wait_left(struct bw_sim *sim, size_t host, int64_t limit_ms) {
    struct wish wish = {host, BW_STATUS_LEFT, NULL};
    return bw_sim_run_until(sim, has_left, &wish, limit_ms);
}
