/* The world: hosts, the passing of time, and the life of processes. */
#include "sim/internal.h"

#include "node/internal.h"

#include <stdlib.h>
#include <string.h>

struct bw_sim_host *bw_sim_host(const struct bw_sim *sim, size_t index) {
    BW_ASSERT(index < sim->host_count);
    return &sim->hosts[index];
}

/* A data centre's network: a fraction of a millisecond, nothing lost. */
void bw_sim_options_init(struct bw_sim_options *options, enum bw_profile profile) {
    static const struct bw_sim_options defaults = {.latency_us = 100,
                                                   .jitter_us = 200,
                                                   .reorder_us = 5000,
                                                   .socket_buffer_size = 256u * 1024u,
                                                   .tick_late_us = 100,
                                                   .write_us = 1000,
                                                   .wall_skew_us = 20000,
                                                   .seeds = BW_SIM_SEEDS_FIRST,
                                                   .seed_count = 1,
                                                   .scope = "default",
                                                   .candidate_count = BW_SIM_ALL,
                                                   .failover = BW_FAILOVER_FAST,
                                                   .preempt_ms = 10000};
    struct bw_config config;
    bw_config_init(&config, profile);
    *options = defaults;
    options->params = config.params;
}

static void name_host(struct bw_sim_host *host, size_t index) {
    snprintf(host->name, sizeof host->name, "n%zu", index);
}

struct bw_sim *bw_sim_create(uint64_t seed, size_t host_count, const struct bw_sim_options *options) {
    struct bw_sim *sim = bw_sim_memory(sizeof *sim);
    struct bw_rng seeds;
    BW_ASSERT(host_count > 0 && host_count < 1u << 24);
    sim->options = *options;
    if (options->scope != NULL)
        snprintf(sim->scope, sizeof sim->scope, "%s", options->scope);
    sim->seed = seed;
    sim->hash = UINT64_C(14695981039346656037);
    sim->host_count = host_count;
    sim->hosts = bw_sim_memory(host_count * sizeof sim->hosts[0]);
    if (host_count >= BW_SIM_AHEAD_LEAST)
        sim->ahead = bw_sim_memory(host_count * sizeof sim->ahead[0]);
    sim->records = bw_sim_memory(BW_SIM_RECORD_COUNT * sizeof sim->records[0]);
    sim->texts = bw_sim_memory(BW_SIM_RECORD_COUNT * sizeof sim->texts[0]);
    bw_sim_demand_memory(sim, BW_SIM_MEMORY_LEAST + host_count * BW_SIM_MEMORY_PER_HOST);
    bw_rng_seed(&seeds, seed);
    bw_rng_seed(&sim->network, bw_rng_next(&seeds));
    bw_rng_seed(&sim->extra, bw_rng_next(&seeds));
    for (size_t i = 0; i < host_count; i++) {
        struct bw_sim_host *host = &sim->hosts[i];
        bw_rng_seed(&host->entropy, bw_rng_next(&seeds));
        bw_sim_clock_start(sim, host);
        name_host(host, i);
        host->sim = sim;
        bw_table_init(&host->seen, bw_sim_allocator, SIZE_MAX);
        host->priority = 100;
        host->tick_at_us = BW_NEVER;
        host->queue_end = &host->queue;
        host->write_us = options->write_us;
    }
    return sim;
}

void bw_sim_destroy(struct bw_sim *sim) {
    if (sim == NULL)
        return;
    sim->options.story = NULL; /* its end is not part of it */
    for (size_t i = 0; i < sim->host_count; i++) {
        struct bw_sim_host *host = &sim->hosts[i];
        if (host->node != NULL)
            bw_sim_host_end(sim, i);
        free(host->paths);
        free(host->state);
        free(host->former_state);
        bw_table_free(&host->seen);
    }
    for (size_t i = 0; i < sim->scope_count; i++) {
        free(sim->scopes[i].known);
        free(sim->scopes[i].frozen);
        free(sim->scopes[i].followed_us);
        free(sim->scopes[i].former);
        free(sim->scopes[i].reigned);
        free(sim->scopes[i].durable);
        free(sim->scopes[i].preempt_ms);
        free(sim->scopes[i].seats);
        free(sim->scopes[i].votes);
    }
    for (size_t i = 0; sim->shared != NULL && i < sim->host_count; i++)
        free(sim->shared[i]);
    free(sim->shared);
    free(sim->captures);
    bw_sim_unsealed_free(sim);
    bw_sim_heap_free(sim);
    bw_sim_pool_free(&sim->pool);
    bw_sim_demands_free(sim);
    free(sim->hosts);
    free(sim->ahead);
    free(sim->records);
    free(sim->texts);
    free(sim->scopes);
    free(sim->reigns);
    free(sim);
}

int64_t bw_sim_now_us(const struct bw_sim *sim) {
    return sim->now_us;
}

int64_t bw_sim_now_ms(const struct bw_sim *sim) {
    return sim->now_us / BW_US_PER_MS;
}

static void happen(struct bw_sim *sim, const struct bw_sim_item *item) {
    switch (item->kind) {
    case BW_SIM_DELIVER:
        bw_sim_host_deliver(sim, item->host, item, false);
        break;
    case BW_SIM_REFUSE:
        bw_sim_host_deliver(sim, item->host, item, true);
        break;
    case BW_SIM_TICK:
        bw_sim_host_tick(sim, item->host, item);
        break;
    case BW_SIM_EXTRA:
        bw_sim_host_extra(sim, item->host);
        break;
    case BW_SIM_WAKE:
        bw_sim_host_wake(sim, item->host, item);
        break;
    case BW_SIM_WRITTEN:
        bw_sim_host_written(sim, item->host, item);
        break;
    case BW_SIM_ACTION:
        item->action(sim, item->context);
        sim->change_count++;
        break;
    }
    bw_sim_give(sim, item->data, item->size);
}

/* The next thing that happens until then; false: none is left, and it is then. */
static bool step(struct bw_sim *sim, int64_t until_us) {
    struct bw_sim_item item;
    bool any = bw_sim_heap_pop(&sim->heap, until_us, &item);
    int64_t at_us = any ? item.at_us : until_us;
    if (at_us > sim->now_us) {
        bw_sim_check_time(sim, at_us);
        sim->now_us = at_us;
    }
    if (any) {
        if (sim->ahead != NULL)
            bw_sim_ahead(sim, &item);
        happen(sim, &item);
    }
    return any;
}

bool bw_sim_run_us(struct bw_sim *sim, int64_t duration_us) {
    int64_t until_us = sim->now_us + duration_us;
    while (sim->violation[0] == '\0' && step(sim, until_us)) {
    }
    return sim->violation[0] == '\0';
}

bool bw_sim_run_ms(struct bw_sim *sim, int64_t duration_ms) {
    return bw_sim_run_us(sim, duration_ms * BW_US_PER_MS);
}

bool bw_sim_run_until(struct bw_sim *sim, bool (*condition)(struct bw_sim *sim, void *context), void *context,
                      int64_t limit_ms) {
    int64_t until_us = sim->now_us + limit_ms * BW_US_PER_MS;
    uint64_t asked = sim->change_count;
    if (condition(sim, context))
        return true;
    while (sim->violation[0] == '\0' && step(sim, until_us)) {
        if (sim->change_count == asked)
            continue;
        asked = sim->change_count;
        if (condition(sim, context))
            return true;
    }
    return sim->violation[0] == '\0' && condition(sim, context);
}

void bw_sim_schedule_us(struct bw_sim *sim, int64_t at_us, void (*action)(struct bw_sim *sim, void *context),
                        void *context) {
    struct bw_sim_item item = {.at_us = at_us > sim->now_us ? at_us : sim->now_us,
                               .kind = BW_SIM_ACTION,
                               .action = action,
                               .context = context};
    bw_sim_heap_push(&sim->heap, &item);
}

void bw_sim_schedule(struct bw_sim *sim, int64_t at_ms, void (*action)(struct bw_sim *sim, void *context),
                     void *context) {
    bw_sim_schedule_us(sim, at_ms * BW_US_PER_MS, action, context);
}

void bw_sim_set_name(struct bw_sim *sim, size_t host, const char *name) {
    struct bw_sim_host *named = bw_sim_host(sim, host);
    snprintf(named->name, sizeof named->name, "%s", name);
}

void bw_sim_set_priority(struct bw_sim *sim, size_t host, uint16_t priority) {
    bw_sim_host(sim, host)->priority = priority;
}

/* -- what a node is given -- */

static void entropy(void *context, void *data, size_t size) {
    struct bw_sim_host *host = context;
    uint8_t *to = data;
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(bw_rng_next(&host->entropy) >> 56);
}

static bool allocation_fails(struct bw_sim_host *host) {
    if (host->fail_allocation == 0 || --host->fail_allocation > 0)
        return false;
    host->fail_allocation = host->fail_for_ever ? 1 : 0;
    return true;
}

static void *resize(void *context, void *memory, size_t old_size, size_t new_size) {
    struct bw_sim_host *host = context;
    if (new_size == 0) {
        bw_sim_give(host->sim, memory, old_size);
        host->allocated_size -= old_size;
        return NULL;
    }
    if (allocation_fails(host))
        return NULL;
    void *resized = bw_sim_retake(host->sim, memory, old_size, new_size);
    BW_ASSERT(resized != NULL);
    host->allocation_count++;
    host->allocated_size += new_size - old_size;
    return resized;
}

void bw_sim_fail_allocation(struct bw_sim *sim, size_t host, uint64_t nth, bool for_ever) {
    bw_sim_host(sim, host)->fail_allocation = nth;
    bw_sim_host(sim, host)->fail_for_ever = for_ever;
}

static void on_rule(void *context, enum bw_rule rule, const struct bw_id *subject, uint64_t detail) {
    struct bw_sim_host *host = context;
    struct bw_sim *sim = host->sim;
    size_t index = (size_t)(host - sim->hosts);
    bw_sim_record_rule(sim, index, rule, subject, detail);
    if (sim->options.on_rule != NULL)
        sim->options.on_rule(sim->options.context, index, rule);
}

static size_t seeds_of(const struct bw_sim *sim, size_t index, struct bw_addr *seeds, size_t room) {
    size_t count = 0;
    if (sim->options.seeds == BW_SIM_SEEDS_NEXT && index + 1 < sim->host_count)
        seeds[count++] = bw_sim_addr(index + 1);
    if (sim->options.seeds == BW_SIM_SEEDS_FIRST)
        for (size_t i = 0; i < sim->options.seed_count && i < sim->host_count && count < room; i++)
            seeds[count++] = bw_sim_addr(i);
    return count;
}

void bw_sim_voters(const struct bw_sim *sim, size_t index, struct bw_scope_config *scope,
                   const char *voters[BW_VOTERS_MAX]) {
    if (sim->options.voter_count == 0)
        return;
    BW_ASSERT(sim->options.voter_count <= BW_VOTERS_MAX);
    for (size_t i = 0; i < sim->options.voter_count; i++)
        voters[i] = sim->hosts[i].name;
    scope->mode = BW_MODE_QUORUM;
    scope->witness = index >= sim->options.candidate_count;
    scope->voters = voters;
    scope->voter_count = sim->options.voter_count;
}

static int create_node(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    struct bw_addr seeds[16];
    struct bw_scope_config scope;
    const char *voters[BW_VOTERS_MAX];
    struct bw_config config;
    char keys[BW_SIM_KEYS_SIZE];
    bw_config_init(&config, BW_PROFILE_LAN);
    config.params = sim->options.params;
    config.allocator = (struct bw_allocator){resize, host};
    config.entropy = entropy;
    config.entropy_context = host;
    config.name = host->name;
    config.cluster = BW_SIM_CLUSTER;
    config.addr = bw_sim_addr(index);
    config.keys = keys;
    config.keys_size = bw_sim_key_text(host, keys, sizeof keys);
    host->keys_due = false;
    config.seeds = seeds;
    config.seed_count = seeds_of(sim, index, seeds, BW_COUNT(seeds));
    if (sim->scope[0] != '\0' && (index < sim->options.candidate_count || index < sim->options.voter_count)) {
        bw_scope_config_init(&scope, sim->scope);
        scope.priority = host->priority;
        scope.mode = sim->options.mode;
        bw_sim_voters(sim, index, &scope, voters); /* which make it quorum mode */
        scope.failover = sim->options.failover;
        scope.preempt_ms = sim->options.preempt_ms;
        config.scopes = &scope;
        config.scope_count = 1;
    }
    config.durable = sim->options.durable;
    config.state = (struct bw_bytes){host->state, host->state_size};
    if (sim->options.configure != NULL)
        sim->options.configure(sim->options.context, index, &config);
    for (size_t i = 0; i < config.scope_count; i++)
        bw_sim_check_policy(sim, index, &config.scopes[i]);
    return bw_node_create(&host->node, &config, bw_sim_clock(sim, index));
}

int bw_sim_create_node(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(host->node == NULL);
    int error = create_node(sim, index);
    if (error < 0) {
        host->node = NULL;
        bw_sim_record_text(sim, index, "does not start: %s", bw_error_name(error));
        return error;
    }
    bw_sim_record_text(sim, index, "starts");
    struct bw_trace *trace = bw_node_trace(host->node);
    trace->hook = on_rule;
    trace->context = host;
    bw_sim_take_rule_counts(host, true);
    bw_sim_ahead_know(sim, index);
    if (sim->options.unsealed)
        bw_sim_unsealed(sim, index);
    bw_sim_check_start(sim, index);
    return 0;
}

int bw_sim_start(struct bw_sim *sim, size_t index) {
    int error = bw_sim_create_node(sim, index);
    if (error == 0)
        bw_sim_host_pump(sim, index);
    return error;
}

void bw_sim_start_all(struct bw_sim *sim) {
    for (size_t i = 0; i < sim->host_count; i++)
        if (sim->hosts[i].node == NULL)
            bw_sim_start(sim, i);
}

void bw_sim_crash(struct bw_sim *sim, size_t index) {
    BW_ASSERT(bw_sim_host(sim, index)->node != NULL);
    bw_sim_record_text(sim, index, "crashes");
    bw_sim_host_end(sim, index);
}

int bw_sim_restart(struct bw_sim *sim, size_t index) {
    if (bw_sim_host(sim, index)->node != NULL)
        bw_sim_crash(sim, index);
    return bw_sim_start(sim, index);
}

int bw_sim_restart_blank(struct bw_sim *sim, size_t index) {
    if (bw_sim_host(sim, index)->node != NULL)
        bw_sim_crash(sim, index);
    bw_sim_disk_tear(sim, index, 0);
    return bw_sim_start(sim, index);
}

void bw_sim_leave(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(host->node != NULL && !host->asleep);
    bw_sim_record_text(sim, index, "leaves");
    host->leaving = true;
    bw_node_leave(host->node, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
}

int bw_sim_join(struct bw_sim *sim, size_t index, size_t to) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    struct bw_addr addr = bw_sim_addr(to);
    BW_ASSERT(host->node != NULL && !host->asleep);
    bw_sim_record_text(sim, index, "joins n%zu", to);
    int error = bw_node_join(host->node, &addr, 1, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
    return error;
}

int bw_sim_stepdown(struct bw_sim *sim, size_t index, const char *scope, uint32_t for_ms) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(host->node != NULL && !host->asleep);
    bw_sim_record_text(sim, index, "steps down from %s for %u ms", scope, (unsigned)for_ms);
    int error = bw_node_stepdown(host->node, scope, for_ms, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
    return error;
}

int bw_sim_freeze(struct bw_sim *sim, size_t index, const char *scope, bool freeze) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    struct bw_time now = bw_sim_clock(sim, index);
    BW_ASSERT(host->node != NULL && !host->asleep);
    bw_sim_record_text(sim, index, "%s %s", freeze ? "freezes" : "thaws", scope);
    int error = freeze ? bw_node_freeze(host->node, scope, 0, now) : bw_node_thaw(host->node, scope, now);
    bw_sim_host_pump(sim, index);
    return error;
}

int bw_sim_transfer(struct bw_sim *sim, size_t index, const char *scope, size_t to) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(host->node != NULL && !host->asleep);
    bw_sim_record_text(sim, index, "is to hand %s over to n%zu", scope, to);
    int error = bw_node_transfer(host->node, scope, &bw_sim_host(sim, to)->id, NULL, bw_sim_clock(sim, index));
    bw_sim_host_pump(sim, index);
    return error;
}

int bw_sim_call(struct bw_sim *sim, size_t index, const char *what,
                int (*call)(struct bw_node *node, struct bw_time now, void *context), void *context) {
    struct bw_sim_host *host = bw_sim_host(sim, index);
    BW_ASSERT(host->node != NULL && !host->asleep);
    bw_sim_record_text(sim, index, "%s", what);
    int error = call(host->node, bw_sim_clock(sim, index), context);
    bw_sim_host_pump(sim, index);
    return error;
}
