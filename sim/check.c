/* Invariants, checked after every call on every node. The first violation stops the world. */
#include "sim/internal.h"

#include "node/internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const invariant_names[] = {
#define NAME(name, text, meaning) text,
    BW_INVARIANTS(NAME)
#undef NAME
};

const char *bw_sim_invariant_name(enum bw_invariant invariant) {
    return invariant_names[invariant];
}

void bw_sim_violate(struct bw_sim *sim, enum bw_invariant invariant, const char *format, ...) {
    if (sim->violation[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    sim->broken = invariant;
    int size = snprintf(sim->violation, sizeof sim->violation, "%s: ", invariant_names[invariant]);
    vsnprintf(sim->violation + size, sizeof sim->violation - (size_t)size, format, arguments);
    va_end(arguments);
    bw_sim_record_text(sim, BW_SIM_NONE, "violation: %.100s", sim->violation);
    bw_sim_tell(sim, BW_STORY_VIOLATION, BW_SIM_NONE);
}

void bw_sim_forbid_overlap(struct bw_sim *sim, bool forbid, int64_t collision_us) {
    sim->options.forbid_overlap = forbid;
    sim->collision_us = collision_us;
}

void bw_sim_fail(struct bw_sim *sim, const char *text) {
    bw_sim_violate(sim, BW_INVARIANT_DEMANDED, "%s", text);
}

enum bw_invariant bw_sim_broken(const struct bw_sim *sim) {
    BW_ASSERT(sim->violation[0] != '\0');
    return sim->broken;
}

const char *bw_sim_violation(const struct bw_sim *sim) {
    return sim->violation[0] != '\0' ? sim->violation : NULL;
}

void bw_sim_demand_memory(struct bw_sim *sim, size_t size_max) {
    sim->memory_max = size_max;
}

void bw_sim_protect(struct bw_sim *sim, size_t host, bool protect) {
    bw_sim_host(sim, host)->protect = protect;
}

struct bw_sim_scope *bw_sim_scope_find(const struct bw_sim *sim, const char *name) {
    for (size_t i = 0; i < sim->scope_count; i++)
        if (strcmp(sim->scopes[i].name, name) == 0)
            return &sim->scopes[i];
    return NULL;
}

static struct bw_sim_scope *get_scope(struct bw_sim *sim, const char *name) {
    struct bw_sim_scope *scope = bw_sim_scope_find(sim, name);
    if (scope != NULL)
        return scope;
    sim->scopes = realloc(sim->scopes, (sim->scope_count + 1) * sizeof sim->scopes[0]);
    BW_ASSERT(sim->scopes != NULL);
    scope = &sim->scopes[sim->scope_count++];
    memset(scope, 0, sizeof *scope);
    snprintf(scope->name, sizeof scope->name, "%s", name);
    scope->known = bw_sim_memory(sim->host_count * sizeof scope->known[0]);
    scope->reigned = bw_sim_memory(sim->host_count * sizeof scope->reigned[0]);
    scope->frozen = bw_sim_memory(sim->host_count * sizeof scope->frozen[0]);
    scope->followed_us = bw_sim_memory(sim->host_count * sizeof scope->followed_us[0]);
    scope->former = bw_sim_memory(sim->host_count * sizeof scope->former[0]);
    scope->durable = bw_sim_memory(sim->host_count * sizeof scope->durable[0]);
    scope->preempt_ms = bw_sim_memory(sim->host_count * sizeof scope->preempt_ms[0]);
    scope->seats = bw_sim_memory(sim->host_count * sizeof scope->seats[0]);
    scope->votes = bw_sim_memory(sim->host_count * sizeof scope->votes[0]);
    return scope;
}

/* -- reigns -- */

static bool scope_info(const struct bw_sim *sim, size_t host, const char *scope, struct bw_scope_info *info) {
    const struct bw_sim_host *asked = &sim->hosts[host];
    struct bw_time now = bw_sim_clock_at(asked, sim->now_us);
    return bw_node_scope_find(asked->node, scope, info, now) == 0;
}

static struct bw_sim_reign *open_reign(struct bw_sim *sim, size_t scope, size_t host) {
    size_t left = sim->open_count;
    for (size_t i = sim->reign_count; i-- > 0 && left > 0;) {
        struct bw_sim_reign *reign = &sim->reigns[i];
        left -= !reign->over;
        if (!reign->over && reign->scope == scope && reign->host == host)
            return reign;
    }
    return NULL;
}

/* To it nobody else lives. */
static bool alone(const struct bw_sim *sim, size_t host) {
    struct bw_member_info info;
    for (size_t i = 0; bw_node_member(sim->hosts[host].node, i, &info) == 0; i++)
        if (!info.self && info.status <= BW_STATUS_SUSPECT)
            return false;
    return true;
}

static bool met_nobody(const struct bw_sim *sim, size_t host) {
    struct bw_member_info other;
    return bw_node_member(sim->hosts[host].node, 1, &other) != 0;
}

static void begin_reign(struct bw_sim *sim, size_t scope, size_t host, const struct bw_token *token) {
    if (sim->reign_count == sim->reign_capacity) {
        sim->reign_capacity = sim->reign_capacity > 0 ? 2 * sim->reign_capacity : 16;
        sim->reigns = realloc(sim->reigns, sim->reign_capacity * sizeof sim->reigns[0]);
        BW_ASSERT(sim->reigns != NULL);
    }
    sim->reigns[sim->reign_count++] = (struct bw_sim_reign){.scope = scope,
                                                            .host = host,
                                                            .token = *token,
                                                            .begin_us = sim->now_us,
                                                            .alone = alone(sim, host),
                                                            .met_us = met_nobody(sim, host) ? 0 : -1};
    sim->open_count++;
}

static void end_reign(struct bw_sim *sim, struct bw_sim_reign *reign) {
    reign->over = true;
    sim->open_count--;
}

static void check_unclaimed(struct bw_sim *sim, size_t scope, size_t host, const struct bw_token *token) {
    for (size_t i = 0; i < sim->reign_count; i++)
        if (sim->reigns[i].scope == scope && bw_token_compare(&sim->reigns[i].token, token) == 0)
            bw_sim_violate(sim, BW_INVARIANT_ONE_TOKEN, "one token for two reigns: of n%zu and of n%zu, term %llu",
                           sim->reigns[i].host, host, (unsigned long long)token->term);
}

static void self_elected(struct bw_sim *sim, size_t host, const struct bw_event *event) {
    struct bw_sim_scope *scope = get_scope(sim, event->scope);
    size_t number = (size_t)(scope - sim->scopes);
    if (!bw_id_equal(&event->token.id, &sim->hosts[host].id))
        bw_sim_violate(sim, BW_INVARIANT_OWN_NAME, "n%zu reigns in another's name", host);
    if (open_reign(sim, number, host) != NULL)
        bw_sim_violate(sim, BW_INVARIANT_OWN_NAME, "n%zu is elected twice in a row", host);
    if (bw_token_compare(&event->token, &scope->reigned[host]) <= 0)
        bw_sim_violate(sim, BW_INVARIANT_RISING_TERMS, "terms of n%zu do not rise: %llu after %llu", host,
                       (unsigned long long)event->token.term, (unsigned long long)scope->reigned[host].term);
    if (sim->options.durable && scope->durable[host] < event->token.term)
        bw_sim_violate(sim, BW_INVARIANT_DURABLE_TERM, "n%zu reigns in term %llu, but has only %llu on its disk", host,
                       (unsigned long long)event->token.term, (unsigned long long)scope->durable[host]);
    check_unclaimed(sim, number, host, &event->token);
    struct bw_scope_info info;
    if (scope_info(sim, host, event->scope, &info) && info.mode == BW_MODE_QUORUM) {
        scope->quorum = true;
        bw_sim_check_term(sim, number, host, &event->token);
    }
    scope->reigned[host] = event->token;
    begin_reign(sim, number, host, &event->token);
    bw_sim_check_seats(sim, host, event->scope);
}

/* A reign that is preempted has lasted for the hold-down; a little less by another clock. */
static void check_preemption(struct bw_sim *sim, const struct bw_sim_scope *scope, const struct bw_sim_reign *reign) {
    uint32_t hold_ms = scope->preempt_ms[reign->host];
    int64_t hold_us = hold_ms * BW_US_PER_MS;
    int64_t least_us = hold_us - hold_us * INT64_C(2) / 100;
    if (hold_ms == BW_PREEMPT_NEVER)
        bw_sim_violate(sim, BW_INVARIANT_ONE_PREEMPTION, "n%zu is preempted in %s, and never is to be", reign->host,
                       scope->name);
    else if (sim->now_us - reign->begin_us < least_us)
        bw_sim_violate(sim, BW_INVARIANT_ONE_PREEMPTION, "n%zu is preempted in %s after %lld ms, not %lld", reign->host,
                       scope->name, (long long)((sim->now_us - reign->begin_us) / BW_US_PER_MS), (long long)hold_ms);
}

static void self_deposed(struct bw_sim *sim, size_t host, const struct bw_event *event) {
    size_t number = (size_t)(get_scope(sim, event->scope) - sim->scopes);
    struct bw_sim_reign *reign = open_reign(sim, number, host);
    if (reign == NULL || bw_token_compare(&reign->token, &event->token) != 0) {
        bw_sim_violate(sim, BW_INVARIANT_OWN_NAME, "n%zu is deposed from a reign that it did not have", host);
        return;
    }
    if (event->reason == BW_LOSS_PREEMPTED)
        check_preemption(sim, &sim->scopes[number], reign);
    end_reign(sim, reign);
}

/* A claim that the holder of a frozen scope made before it followed another may become a reign: within a lease, or it is given up. */
static void leader_elected(struct bw_sim *sim, size_t host, const struct bw_event *event) {
    struct bw_sim_scope *scope = get_scope(sim, event->scope);
    struct bw_token *known = &scope->known[host];
    const struct bw_token *last = bw_token_compare(known, &scope->reigned[host]) > 0 ? known : &scope->reigned[host];
    bool earlier = scope->former[host] > known->term; /* a claim of an earlier life may have been a reign, to it */
    bool own = bw_id_equal(&event->token.id, &sim->hosts[host].id);
    bool held = bw_id_equal(&last->id, &sim->hosts[host].id);
    int64_t followed_us = scope->followed_us[host];
    bool under_way = followed_us != 0 && sim->now_us - followed_us <= sim->options.params.lease_ms * BW_US_PER_MS;
    if (scope->frozen[host] && own && !held && !earlier && !under_way)
        bw_sim_violate(sim, BW_INVARIANT_FROZEN, "n%zu takes the lead of %s, which it knows to be frozen", host,
                       event->scope);
    if (bw_token_compare(&event->token, known) < 0)
        bw_sim_violate(sim, BW_INVARIANT_RISING_TERMS, "n%zu goes back to a leader of term %llu, after %llu", host,
                       (unsigned long long)event->token.term, (unsigned long long)known->term);
    if (!own && held)
        scope->followed_us[host] = sim->now_us;
    *known = event->token;
}

void bw_sim_check_policy(struct bw_sim *sim, size_t index, const struct bw_scope_config *scope) {
    if (scope->range_count == 0)
        get_scope(sim, scope->name)->preempt_ms[index] = scope->preempt_ms;
    for (uint32_t i = 0; i < scope->range_count; i++) {
        char name[BW_NAME_MAX + 1];
        snprintf(name, sizeof name, "%s/%u", scope->name, scope->range_first + i);
        get_scope(sim, name)->preempt_ms[index] = scope->preempt_ms;
    }
    for (unsigned i = 0; i < scope->seats; i++) {
        char seat[BW_NAME_MAX + 1];
        bw_scope_seat_name(scope->name, i, seat);
        get_scope(sim, seat)->preempt_ms[index] = scope->preempt_ms;
        get_scope(sim, seat)->seats[index] = scope->seats;
    }
}

/* -- members -- */

static void check_incarnation(struct bw_sim *sim, size_t host, size_t subject, const struct bw_event *event) {
    struct bw_sim_host *observer = &sim->hosts[host];
    uintptr_t seen = (uintptr_t)bw_table_get(&observer->seen, &event->id);
    if (event->incarnation < seen)
        bw_sim_violate(sim, BW_INVARIANT_LATTICE, "n%zu: the incarnation of n%zu goes back", host, subject);
    if (event->incarnation == seen)
        return;
    int error = bw_table_put(&observer->seen, &event->id, (void *)(uintptr_t)event->incarnation); /* never 0 */
    BW_ASSERT(error == 0);
}

static void member_changed(struct bw_sim *sim, size_t host, const struct bw_event *event) {
    size_t index = bw_sim_host_at(sim, &event->addr);
    if (index == BW_SIM_NONE)
        return;
    struct bw_sim_host *subject = &sim->hosts[index];
    check_incarnation(sim, host, index, event);
    if (event->type == BW_EVENT_MEMBER_SUSPECT) {
        subject->suspected_count++;
        subject->accused_count += event->own;
    }
    if (event->type == BW_EVENT_MEMBER_DEAD) {
        subject->dead_count++;
        if (subject->protect && sim->hosts[host].protect && bw_id_equal(&event->id, &subject->id))
            bw_sim_violate(sim, BW_INVARIANT_ACCURACY, "n%zu holds the healthy n%zu for dead", host, index);
    }
}

static void record_event(struct bw_sim *sim, size_t host, const struct bw_event *event) {
    const char *type = bw_event_name(event->type);
    char token[BW_TOKEN_TEXT_SIZE];
    bw_token_text(&event->token, token);
    if (event->topic[0] != '\0')
        bw_sim_record_text(sim, host, "%s %s by %s at ltime %llu", type, event->topic, event->name,
                           (unsigned long long)event->ltime);
    else if (event->scope[0] != '\0')
        bw_sim_record_text(sim, host, "%s %s %s token %s reason %s", type, event->scope, event->name, token,
                           bw_loss_name(event->reason));
    else if (event->name[0] != '\0')
        bw_sim_record_text(sim, host, "%s %s incarnation %llu%s%s", type, event->name,
                           (unsigned long long)event->incarnation, event->by[0] != '\0' ? " by " : "", event->by);
    else
        bw_sim_record_text(sim, host, "%s", type);
}

void bw_sim_check_event(struct bw_sim *sim, size_t index, const struct bw_event *event) {
    if ((unsigned)event->type >= BW_EVENT_COUNT) {
        bw_sim_violate(sim, BW_INVARIANT_KNOWN_EVENTS, "n%zu: unknown event %d", index, (int)event->type);
        return;
    }
    sim->hosts[index].event_counts[event->type]++;
    record_event(sim, index, event);
    bw_sim_tell_event(sim, index, event);
    if (event->type == BW_EVENT_SELF_ELECTED)
        self_elected(sim, index, event);
    else if (event->type == BW_EVENT_SELF_DEPOSED)
        self_deposed(sim, index, event);
    else if (event->type == BW_EVENT_LEADER_ELECTED)
        leader_elected(sim, index, event);
    else if (event->type == BW_EVENT_SCOPE_FROZEN || event->type == BW_EVENT_SCOPE_THAWED)
        get_scope(sim, event->scope)->frozen[index] = event->type == BW_EVENT_SCOPE_FROZEN;
    else if (event->type <= BW_EVENT_MEMBER_UPDATE)
        member_changed(sim, index, event);
    if (sim->options.on_event != NULL)
        sim->options.on_event(sim->options.context, index, event, sim->now_us);
}

/* -- acting -- */

/* Who may act holds a reign, and not past its lease's end, by its own clock. */
static void check_acting(struct bw_sim *sim, size_t index, const char *name) {
    struct bw_sim_host *host = &sim->hosts[index];
    struct bw_time now = bw_sim_clock_at(host, sim->now_us);
    struct bw_scope_info info;
    if (!bw_node_may_act(host->node, name, now))
        return;
    struct bw_sim_scope *scope = get_scope(sim, name);
    const struct bw_sim_reign *reign = open_reign(sim, (size_t)(scope - sim->scopes), index);
    if (reign == NULL) {
        bw_sim_violate(sim, BW_INVARIANT_LEASE, "n%zu may act in %s without a reign", index, name);
        return;
    }
    if (!scope_info(sim, index, name, &info) || info.role != BW_ROLE_LEADER || info.lease_us <= 0) {
        bw_sim_violate(sim, BW_INVARIANT_LEASE, "n%zu may act in %s without a lease", index, name);
        return;
    }
    struct bw_time end = {now.mono_us + info.lease_us, now.wall_us + info.lease_us};
    if (bw_node_may_act(host->node, name, end))
        bw_sim_violate(sim, BW_INVARIANT_LEASE, "n%zu may act in %s past its lease's end", index, name);
    bw_sim_check_guard(sim, scope, reign);
}

static void check_gone(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    if (!bw_node_left(host->node))
        return;
    host->leaving = false;
    bw_sim_tell(sim, BW_STORY_GONE, index);
}

void bw_sim_check_host(struct bw_sim *sim, size_t index) {
    if (sim->hosts[index].leaving)
        check_gone(sim, index);
    if (sim->hosts[index].allocated_size > sim->memory_max)
        bw_sim_violate(sim, BW_INVARIANT_BOUNDED_MEMORY, "n%zu has %zu bytes, more than %zu", index,
                       sim->hosts[index].allocated_size, sim->memory_max);
    if (sim->scope[0] != '\0')
        check_acting(sim, index, sim->scope);
    for (size_t i = 0; i < sim->scope_count && sim->open_count > 0 && !sim->options.many_scopes; i++)
        if (strcmp(sim->scopes[i].name, sim->scope) != 0)
            check_acting(sim, index, sim->scopes[i].name);
}

void bw_sim_check_start(struct bw_sim *sim, size_t index) {
    struct bw_sim_host *host = &sim->hosts[index];
    struct bw_id id = bw_node_id(host->node);
    bool same = bw_id_equal(&id, &host->id);
    bw_sim_tell(sim, BW_STORY_UP, index);
    bw_sim_touched(host);
    host->id = id;
    bw_table_free(&host->seen);
    for (size_t i = 0; i < sim->scope_count; i++) {
        sim->scopes[i].known[index] = (struct bw_token){0};
        sim->scopes[i].frozen[index] = false;
        sim->scopes[i].followed_us[index] = 0;
        if (!same) {
            sim->scopes[i].reigned[index] = (struct bw_token){0};
            sim->scopes[i].durable[index] = 0;
            sim->scopes[i].votes[index] = (struct bw_sim_vote){0};
        }
        sim->scopes[i].former[index] = sim->scopes[i].durable[index];
    }
}

void bw_sim_check_end(struct bw_sim *sim, size_t index) {
    bw_sim_tell(sim, BW_STORY_DOWN, index);
    for (size_t i = 0; i < sim->scope_count; i++) {
        struct bw_sim_reign *reign = open_reign(sim, i, index);
        if (reign != NULL)
            end_reign(sim, reign);
    }
}

/* -- disk -- */

void bw_sim_check_state(struct bw_sim *sim, size_t index) {
    static const struct bw_allocator *plain = &bw_sim_allocator;
    const struct bw_sim_host *host = &sim->hosts[index];
    struct bw_node_state state;
    if (bw_node_state_load(&state, plain, (struct bw_bytes){host->state, host->state_size}, BW_SIM_CLUSTER) != 0) {
        bw_sim_violate(sim, BW_INVARIANT_ONE_WRITE, "n%zu writes a state that cannot be read", index);
        return;
    }
    for (size_t i = 0; i < state.term_count; i++) {
        uint64_t *durable = &get_scope(sim, state.terms[i].scope)->durable[index];
        if (state.terms[i].term < *durable)
            bw_sim_violate(sim, BW_INVARIANT_DURABLE_TERM, "n%zu: the term on its disk falls from %llu to %llu", index,
                           (unsigned long long)*durable, (unsigned long long)state.terms[i].term);
        *durable = state.terms[i].term;
    }
    for (size_t i = 0; i < state.vote_count; i++)
        bw_sim_check_vote(sim, get_scope(sim, state.votes[i].scope), index, &state.votes[i]);
    bw_node_state_free(&state, plain);
}

/* That a disk forgets is no mistake of its node; what comes of it may break other invariants. */
void bw_sim_check_undo(struct bw_sim *sim, size_t index) {
    for (size_t i = 0; i < sim->scope_count; i++) {
        sim->scopes[i].durable[index] = 0;
        sim->scopes[i].votes[index] = (struct bw_sim_vote){0};
    }
    if (sim->hosts[index].state_size > 0)
        bw_sim_check_state(sim, index);
}

/* -- overlap -- */

/* Until when this reign's node may act if nothing happens: real time; the past if it may not, or does not run. */
static int64_t acts_until(const struct bw_sim *sim, const struct bw_sim_reign *reign) {
    const struct bw_sim_host *host = &sim->hosts[reign->host];
    const char *scope = sim->scopes[reign->scope].name;
    struct bw_time now = bw_sim_clock_at(host, sim->now_us);
    struct bw_scope_info info;
    if (host->asleep || !bw_node_may_act(host->node, scope, now) || !scope_info(sim, reign->host, scope, &info))
        return sim->now_us;
    return bw_sim_clock_real(host, now.mono_us + info.lease_us);
}

/* Who was in a part in which nobody else ran, and is back for less than a lease, and who had found all others dead by then
 * or takes the last one for dead now, leads as in any partition, until it hears of the other side (GUARANTEES, What is not
 * promised). A change of parts is no excuse to anybody else. Nor is there one but for who had met nobody in this life when it
 * began, and is met for less than a lease: it leads a cluster of one. */
static bool comes_back(const struct bw_sim *sim, struct bw_sim_reign *reign) {
    int64_t rejoined_us = sim->hosts[reign->host].rejoined_us;
    int64_t lease_us = sim->options.params.lease_ms * BW_US_PER_MS;
    bool returned = rejoined_us > 0 && sim->now_us - rejoined_us < lease_us;
    if (reign->met_us == 0 && bw_sim_node(sim, reign->host) != NULL && !met_nobody(sim, reign->host))
        reign->met_us = sim->now_us;
    bool stranger = reign->met_us == 0 || (reign->met_us > 0 && sim->now_us - reign->met_us < lease_us);
    return reign->alone && (returned || stranger);
}

static void overlap(struct bw_sim *sim, struct bw_sim_reign *a, struct bw_sim_reign *b, int64_t until_us) {
    int64_t a_us = acts_until(sim, a);
    int64_t b_us = acts_until(sim, b);
    int64_t both_us = a_us < b_us ? a_us : b_us;
    int64_t end_us = both_us < until_us ? both_us : until_us;
    if (end_us <= sim->now_us)
        return;
    sim->scopes[a->scope].overlap_us += end_us - sim->now_us;
    bool collision = b->begin_us - a->begin_us <= sim->collision_us; /* in order of their beginnings */
    bool excused = collision || comes_back(sim, a) || comes_back(sim, b);
    if (sim->scopes[a->scope].quorum)
        bw_sim_violate(sim, BW_INVARIANT_ONE_LEASE, "n%zu and n%zu both have a valid lease of %s", a->host, b->host,
                       sim->scopes[a->scope].name);
    if (sim->options.forbid_overlap && !excused)
        bw_sim_violate(sim, BW_INVARIANT_NO_OVERLAP, "n%zu and n%zu may both act in %s", a->host, b->host,
                       sim->scopes[a->scope].name);
}

/* Who may act changes only when a node is called; in between leases run out. */
void bw_sim_check_time(struct bw_sim *sim, int64_t until_us) {
    if (sim->open_count < 2 || sim->options.many_scopes)
        return;
    for (size_t i = 0; i < sim->reign_count; i++)
        for (size_t j = i + 1; j < sim->reign_count && !sim->reigns[i].over; j++)
            if (!sim->reigns[j].over && sim->reigns[i].scope == sim->reigns[j].scope)
                overlap(sim, &sim->reigns[i], &sim->reigns[j], until_us);
}

int64_t bw_sim_overlap_us(const struct bw_sim *sim, const char *scope) {
    const struct bw_sim_scope *found = bw_sim_scope_find(sim, scope);
    return found != NULL ? found->overlap_us : 0;
}
