/* The scopes of a swarm's cluster: as a host declares them at its start, and as it withdraws and declares them while it runs. */
#include "tests/scenario/swarm.h"

static bool declares(const struct swarm_draw *draw, size_t scope, size_t host) {
    return draw->stands[scope][host] || (scope == draw->quorum_scope && host < draw->voter_count);
}

/* voters must stay as long as the configuration is used. */
static void describe(const struct swarm_draw *draw, size_t s, size_t host, struct bw_scope_config *scope,
                     const char *voters[BW_VOTERS_MAX]) {
    static const char *const names[BW_VOTERS_MAX] = {"n0", "n1", "n2", "n3", "n4"};
    bw_scope_config_init(scope, swarm_scope_name(s));
    scope->priority = draw->priorities[s][host];
    scope->failover = draw->options.failover;
    scope->preempt_ms = draw->preempt_ms[s];
    scope->mode = draw->mode;
    scope->seats = draw->seats[s];
    if (s != draw->quorum_scope)
        return;
    for (size_t i = 0; i < draw->voter_count; i++)
        voters[i] = names[i];
    scope->mode = BW_MODE_QUORUM;
    scope->witness = !draw->stands[s][host];
    scope->voters = voters;
    scope->voter_count = draw->voter_count;
}

void swarm_configure(const struct swarm_draw *draw, size_t host, struct bw_config *config) {
    static struct bw_scope_config scopes[SWARM_SCOPES_MAX]; /* copied by the node */
    static const char *voters[BW_VOTERS_MAX];
    config->scope_count = 0;
    config->scopes = scopes;
    for (size_t s = 0; s < draw->scope_count; s++)
        if (declares(draw, s, host))
            describe(draw, s, host, &scopes[config->scope_count++], voters);
}

static int declare_call(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_scope_add(node, context, now);
}

int swarm_declare(struct bw_sim *sim, const struct swarm_draw *draw, size_t scope, size_t host) {
    struct bw_scope_config config;
    const char *voters[BW_VOTERS_MAX];
    if (!declares(draw, scope, host))
        return 0;
    describe(draw, scope, host, &config, voters);
    return bw_sim_call(sim, host, "declares", declare_call, &config);
}

static int withdraw_call(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_scope_remove(node, context, now);
}

int swarm_withdraw(struct bw_sim *sim, const struct swarm_draw *draw, size_t scope, size_t host) {
    char name[BW_NAME_MAX + 1];
    snprintf(name, sizeof name, "%s", swarm_scope_name(scope));
    return declares(draw, scope, host) ? bw_sim_call(sim, host, "withdraws", withdraw_call, name) : BW_ERR_NOT_FOUND;
}
