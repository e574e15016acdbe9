/* Watches a run. See measure.h for what is counted.
 *
 * A host is disturbed from the beginning of a fault that puts it out of order until the cluster is whole after its end;
 * others are healthy. Hosts in different parts of a partition are parted until the cluster is whole after its end. An
 * accusation is a mistake if its subject is healthy and not parted from the accuser. */
#include "sim/measure.h"

#include "gossip/gossip.h"
#include "sim/internal.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_US 20000        /* views are compared so often, */
#define LOOK_LARGE_US 100000 /* and in large clusters */
#define LARGE 200u
#define REPORT_LINES 60u

/* A host that is gone, and who has noticed. */
struct watch {
    size_t fault;
    size_t subject;
    struct bw_id id;
    int64_t begin_us;
    bool any;
    bool over;
    bool *noticed; /* by observer */
    size_t noticed_count;
};

enum stage { QUIET, SOUGHT, ACTING };

struct fault_watch {
    int64_t begin_us;
    int64_t end_us; /* -1: it is under way or has not begun */
    bool begun;
    bool whole_due; /* not whole since */
    bool parts_due; /* a partition: views are not right yet */
    bool part_known;
    enum stage succession;
    size_t old_leader;
    size_t new_leader;
    struct bw_token reign;
};

struct state {
    const struct bw_measure *measure;
    struct bw_figures *figures;
    struct bw_sim *sim;
    struct bw_fault_run *run;
    struct watch *watches;
    size_t watch_count;
    struct fault_watch *faults;
    unsigned *held; /* by host: faults under way that disturb it */
    bool *disturbed;
    unsigned *parts;        /* by host */
    struct bw_token *known; /* by host: its leader's reign */
    size_t healthy_count;
    bool started;
    bool led;
    int64_t start_us; /* when it was whole first */
    struct bw_sim_counts start_counts;
    uint64_t suspected, suspected_by_healthy, dead, dead_by_healthy, reigns;
    size_t memory;
};

static bool healthy(const struct state *state, size_t host) {
    return bw_sim_running(state->sim, host) && !state->disturbed[host];
}

/* A partition is between them, or was when the cluster was whole last. */
static bool parted(const struct state *state, size_t a, size_t b) {
    return state->parts[a] != state->parts[b] || state->sim->hosts[a].group != state->sim->hosts[b].group;
}

static void count_healthy(struct state *state) {
    state->healthy_count = 0;
    for (size_t i = 0; i < state->sim->host_count; i++)
        state->healthy_count += healthy(state, i);
}

/* -- who is gone -- */

static struct bw_fault_figures *figures_of(const struct state *state, size_t fault) {
    return &state->figures->faults[fault];
}

static void watch(struct state *state, size_t fault, size_t host) {
    state->watches = realloc(state->watches, (state->watch_count + 1) * sizeof state->watches[0]);
    BW_ASSERT(state->watches != NULL);
    struct watch *made = &state->watches[state->watch_count++];
    *made = (struct watch){
        .fault = fault, .subject = host, .id = state->sim->hosts[host].id, .begin_us = state->sim->now_us};
    made->noticed = bw_sim_memory(state->sim->host_count * sizeof made->noticed[0]);
    figures_of(state, fault)->first.due++;
    figures_of(state, fault)->everywhere.due++;
}

static bool all_noticed(const struct state *state, const struct watch *w) {
    if (w->noticed_count < state->healthy_count)
        return false;
    for (size_t i = 0; i < state->sim->host_count; i++)
        if (i != w->subject && healthy(state, i) && !w->noticed[i])
            return false;
    return true;
}

static void look_at(struct state *state, struct watch *w) {
    if (w->over || !all_noticed(state, w))
        return;
    w->over = true;
    bw_sample_add(&figures_of(state, w->fault)->everywhere, state->sim->now_us - w->begin_us);
}

static void notice(struct state *state, struct watch *w, size_t observer, bool gone) {
    if (w->noticed[observer] != gone) {
        w->noticed[observer] = gone;
        w->noticed_count += gone ? 1u : (size_t)-1;
    }
    if (gone && !w->any) {
        w->any = true;
        bw_sample_add(&figures_of(state, w->fault)->first, state->sim->now_us - w->begin_us);
    }
    if (gone)
        look_at(state, w);
}

static void notice_change(struct state *state, size_t observer, size_t subject, const struct bw_event *event) {
    bool gone = event->type == BW_EVENT_MEMBER_DEAD || event->type == BW_EVENT_MEMBER_LEFT;
    for (size_t i = 0; i < state->watch_count; i++) {
        struct watch *w = &state->watches[i];
        if (!w->over && w->subject == subject && bw_id_equal(&w->id, &event->id))
            notice(state, w, observer, gone);
    }
}

/* The faults' hosts are counted no longer; who is left may have noticed all before. */
static void look_at_all(struct state *state) {
    count_healthy(state);
    for (size_t i = 0; i < state->watch_count; i++)
        look_at(state, &state->watches[i]);
}

/* -- mistakes -- */

static void count_mistake(struct state *state, size_t observer, size_t subject, const struct bw_event *event) {
    if (state->disturbed[subject] || !bw_sim_running(state->sim, subject) || observer == subject ||
        parted(state, observer, subject) || state->sim->hosts[observer].silent ||
        !bw_id_equal(&event->id, &state->sim->hosts[subject].id))
        return;
    if (event->type == BW_EVENT_MEMBER_SUSPECT && event->own) {
        state->suspected++;
        state->suspected_by_healthy += !state->disturbed[observer];
    }
    if (event->type == BW_EVENT_MEMBER_DEAD) {
        state->dead++;
        state->dead_by_healthy += !state->disturbed[observer];
    }
}

static void member_changed(struct state *state, size_t host, const struct bw_event *event) {
    size_t subject = bw_sim_host_at(state->sim, &event->addr);
    if (subject == BW_SIM_NONE)
        return;
    count_mistake(state, host, subject, event);
    notice_change(state, host, subject, event);
    if (event->type != BW_EVENT_MEMBER_DEAD || !parted(state, host, subject))
        return;
    for (size_t i = 0; i < state->measure->fault_count; i++)
        if (state->faults[i].parts_due && !state->faults[i].part_known) {
            state->faults[i].part_known = true;
            bw_sample_add(&figures_of(state, i)->first, state->sim->now_us - state->faults[i].begin_us);
        }
}

/* -- leaders -- */

static bool all_know(const struct state *state, const struct fault_watch *f) {
    unsigned group = state->sim->hosts[f->new_leader].group;
    for (size_t i = 0; i < state->sim->host_count; i++)
        if (healthy(state, i) && state->sim->hosts[i].group == group &&
            bw_token_compare(&state->known[i], &f->reign) < 0)
            return false;
    return true;
}

static void look_at_succession(struct state *state, size_t fault) {
    struct fault_watch *f = &state->faults[fault];
    if (f->succession != ACTING || !all_know(state, f))
        return;
    f->succession = QUIET;
    bw_sample_add(&figures_of(state, fault)->known, state->sim->now_us - f->begin_us);
}

static void succeed(struct state *state, size_t fault, size_t host, const struct bw_token *reign) {
    struct fault_watch *f = &state->faults[fault];
    bool other = state->measure->faults[fault].kind == BW_FAULT_PARTITION
                     ? parted(state, host, f->old_leader)
                     : host != f->old_leader || bw_sim_running(state->sim, host);
    if (f->succession == QUIET || !other || state->sim->hosts[host].silent)
        return;
    if (f->succession == SOUGHT)
        bw_sample_add(&figures_of(state, fault)->acting, state->sim->now_us - f->begin_us);
    f->succession = ACTING;
    f->new_leader = host;
    f->reign = *reign;
}

static void leader_changed(struct state *state, size_t host, const struct bw_event *event) {
    if (strcmp(event->scope, state->sim->scope) != 0)
        return;
    if (event->type == BW_EVENT_SELF_ELECTED) {
        state->reigns++;
        for (size_t i = 0; i < state->measure->fault_count; i++)
            succeed(state, i, host, &event->token);
    }
    if (event->type == BW_EVENT_LEADER_ELECTED || event->type == BW_EVENT_SELF_ELECTED)
        state->known[host] = event->token;
    for (size_t i = 0; i < state->measure->fault_count; i++)
        look_at_succession(state, i);
}

static void on_event(void *context, size_t host, const struct bw_event *event, int64_t at_us) {
    struct state *state = context;
    (void)at_us;
    if (event->type <= BW_EVENT_MEMBER_LEFT)
        member_changed(state, host, event);
    if (event->type >= BW_EVENT_LEADER_ELECTED && event->type <= BW_EVENT_SELF_DEPOSED)
        leader_changed(state, host, event);
}

/* -- being whole -- */

static bool is_split(const struct state *state) {
    for (size_t i = 0; i < state->sim->host_count; i++)
        if (state->sim->hosts[i].group != state->sim->hosts[0].group)
            return true;
    return false;
}

static void became_whole(struct state *state) {
    int64_t now_us = state->sim->now_us;
    bool split = is_split(state);
    if (!state->started) {
        state->started = true;
        state->start_us = now_us;
        bw_sample_add(&state->figures->start_whole, now_us);
        bw_sim_counts(state->sim, BW_SIM_ALL, &state->start_counts);
    }
    for (size_t i = 0; i < state->measure->fault_count; i++) {
        struct fault_watch *f = &state->faults[i];
        if (f->parts_due)
            bw_sample_add(&figures_of(state, i)->everywhere, now_us - f->begin_us);
        f->parts_due = false;
        if (f->whole_due && f->end_us >= 0 && !split) {
            bw_sample_add(&figures_of(state, i)->whole, now_us - f->end_us);
            f->whole_due = false;
        }
    }
    for (size_t i = 0; i < state->sim->host_count; i++) {
        state->disturbed[i] = state->held[i] > 0;
        state->parts[i] = split ? state->sim->hosts[i].group : 0;
    }
    count_healthy(state);
}

static void look_for_leader(struct state *state) {
    if (state->led || state->sim->scope[0] == '\0' ||
        bw_sim_leader_everywhere(state->sim, state->sim->scope) == BW_SIM_NONE)
        return;
    state->led = true;
    bw_sample_add(&state->figures->start_leader, state->sim->now_us);
}

/* What a partition separates now it has separated until the cluster is whole after it. */
static void note_parts(struct state *state) {
    if (!is_split(state))
        return;
    for (size_t i = 0; i < state->sim->host_count; i++)
        state->parts[i] = state->sim->hosts[i].group;
}

static void measure_memory(struct state *state) {
    for (size_t i = 0; i < state->sim->host_count; i++)
        if (state->sim->hosts[i].allocated_size > state->memory)
            state->memory = state->sim->hosts[i].allocated_size;
}

static bool is_waiting(const struct state *state) {
    if (!state->started)
        return true;
    for (size_t i = 0; i < state->measure->fault_count; i++)
        if (state->faults[i].parts_due || (state->faults[i].whole_due && state->faults[i].end_us >= 0))
            return true;
    return false;
}

static void look(struct bw_sim *sim, void *context) {
    struct state *state = context;
    look_for_leader(state);
    if (is_waiting(state) && bw_sim_converged(sim))
        became_whole(state);
    note_parts(state);
    measure_memory(state);
    bw_sim_schedule_us(sim, sim->now_us + (sim->host_count > LARGE ? LOOK_LARGE_US : LOOK_US), look, state);
}

/* -- faults -- */

static bool ends(const struct bw_fault *fault) {
    return fault->until_us != BW_FAULT_FOR_EVER;
}

/* Whether who leads now can lead no longer everywhere. */
static bool hits_leader(const struct state *state, size_t number, const bool *hosts, size_t leader) {
    const struct bw_fault *fault = &state->measure->faults[number];
    if (leader == BW_SIM_NONE)
        return false;
    if (fault->shape == BW_SHAPE_PARTS)
        return true;
    return hosts[leader] &&
           (bw_fault_removes(fault) || fault->kind == BW_FAULT_RESTART || fault->kind == BW_FAULT_STEPDOWN);
}

static void begins(void *context, size_t number, const bool *hosts) {
    struct state *state = context;
    const struct bw_fault *fault = &state->measure->faults[number];
    struct fault_watch *f = &state->faults[number];
    struct bw_sim *sim = state->sim;
    size_t leader = BW_SIM_NONE;
    for (size_t i = 0; sim->scope[0] != '\0' && i < sim->host_count && leader == BW_SIM_NONE; i++)
        leader = bw_sim_may_act(sim, i, sim->scope) && !sim->hosts[i].silent ? i : BW_SIM_NONE;
    f->begun = true;
    f->begin_us = sim->now_us;
    f->end_us = fault->until_us == fault->from_us || !ends(fault) ? sim->now_us : -1;
    f->whole_due = true;
    f->parts_due = fault->shape == BW_SHAPE_PARTS;
    figures_of(state, number)->first.due += f->parts_due;
    figures_of(state, number)->everywhere.due += f->parts_due;
    if (!(f->parts_due && !ends(fault)))
        figures_of(state, number)->whole.due++;
    for (size_t i = 0; i < sim->host_count; i++) {
        if (!hosts[i] || !bw_fault_disturbs(fault))
            continue;
        if (bw_fault_removes(fault) && bw_sim_running(sim, i) && !sim->hosts[i].silent)
            watch(state, number, i);
        state->held[i] += fault->until_us != fault->from_us;
        state->disturbed[i] = true;
    }
    if (hits_leader(state, number, hosts, leader)) {
        f->succession = SOUGHT;
        f->old_leader = leader;
        figures_of(state, number)->acting.due++;
        figures_of(state, number)->known.due++;
    }
    look_at_all(state);
}

static void ended(void *context, size_t number, const bool *hosts) {
    struct state *state = context;
    const struct bw_fault *fault = &state->measure->faults[number];
    state->faults[number].end_us = state->sim->now_us;
    state->faults[number].parts_due = false;
    for (size_t i = 0; i < state->watch_count; i++)
        if (state->watches[i].fault == number)
            state->watches[i].over = true;
    for (size_t i = 0; i < state->sim->host_count; i++)
        state->held[i] -= hosts[i] && bw_fault_disturbs(fault);
}

/* -- demands -- */

static void demand_known(struct state *state, size_t number, const bool *hosts) {
    const struct bw_fault *fault = &state->measure->faults[number];
    int64_t bound_us = bw_measure_known_bound(state->measure);
    int64_t deadline_us = state->sim->now_us + bound_us;
    bool lasts = fault->until_us == BW_FAULT_FOR_EVER || fault->until_us > deadline_us;
    if (!bw_fault_removes(fault) || fault->kind == BW_FAULT_LEAVE || !lasts || !state->started ||
        !bw_measure_network_is_fair(state->measure, state->sim->now_us - bound_us, deadline_us))
        return;
    for (size_t i = 0; i < state->sim->host_count; i++)
        if (hosts[i])
            bw_sim_demand_known(state->sim, i, bound_us);
}

/* Once nothing will happen any more. */
static void demand_whole(struct bw_sim *sim, void *context) {
    struct state *state = context;
    if (bw_measure_settles(state->measure))
        bw_sim_demand_converged(sim, bw_measure_whole_bound(state->measure));
}

static void demand(struct state *state) {
    int64_t last_us = 0;
    for (size_t i = 0; i < state->measure->fault_count; i++) {
        const struct bw_fault *fault = &state->measure->faults[i];
        int64_t end_us = ends(fault) ? fault->until_us : fault->from_us;
        last_us = end_us > last_us ? end_us : last_us;
    }
    bw_sim_schedule_us(state->sim, last_us, demand_whole, state);
}

/* -- the run -- */

static void sum_up(struct state *state) {
    struct bw_figures *figures = state->figures;
    struct bw_sim *sim = state->sim;
    struct bw_sim_counts counts;
    bw_sim_counts(sim, BW_SIM_ALL, &counts);
    int64_t passed_us = sim->now_us - state->start_us;
    double per_s = passed_us > 0 ? 1e9 / (double)passed_us / (double)sim->host_count : 0;
    figures->run_count++;
    figures->virtual_us += (uint64_t)sim->now_us;
    figures->start_whole.due++;
    figures->start_leader.due += sim->scope[0] != '\0';
    bw_sample_add(&figures->suspected, (int64_t)state->suspected);
    bw_sample_add(&figures->suspected_by_healthy, (int64_t)state->suspected_by_healthy);
    bw_sample_add(&figures->dead, (int64_t)state->dead);
    bw_sample_add(&figures->dead_by_healthy, (int64_t)state->dead_by_healthy);
    bw_sample_add(&figures->reigns, (int64_t)state->reigns);
    bw_sample_add(&figures->overlap, bw_sim_overlap_us(sim, sim->scope));
    bw_sample_add(&figures->stale, (int64_t)bw_sim_guard_refused(sim, sim->scope));
    bw_sample_add(&figures->bytes_per_s, (int64_t)((double)(counts.sent_size - state->start_counts.sent_size) * per_s));
    bw_sample_add(&figures->datagrams_per_s, (int64_t)((double)(counts.sent - state->start_counts.sent) * per_s));
    bw_sample_add(&figures->largest, (int64_t)counts.largest);
    bw_sample_add(&figures->memory_per_node, (int64_t)state->memory);
}

static void begins_and_demands(void *context, size_t number, const bool *hosts) {
    struct state *state = context;
    begins(context, number, hosts);
    if (state->measure->demand)
        demand_known(state, number, hosts);
}

static void state_free(struct state *state) {
    for (size_t i = 0; i < state->watch_count; i++)
        free(state->watches[i].noticed);
    free(state->watches);
    free(state->faults);
    free(state->held);
    free(state->disturbed);
    free(state->parts);
    free(state->known);
}

bool bw_measure_run(const struct bw_measure *measure, uint64_t seed, struct bw_figures *figures,
                    struct bw_measure_result *result, FILE *report) {
    struct state state = {.measure = measure, .figures = figures};
    struct bw_sim_options options = measure->options;
    struct bw_fault_hooks hooks = {begins_and_demands, ended, &state};
    size_t count = measure->node_count;
    options.on_event = on_event;
    options.context = &state;
    state.faults = bw_sim_memory(measure->fault_count * sizeof state.faults[0]);
    state.held = bw_sim_memory(count * sizeof state.held[0]);
    state.disturbed = bw_sim_memory(count * sizeof state.disturbed[0]);
    state.parts = bw_sim_memory(count * sizeof state.parts[0]);
    state.known = bw_sim_memory(count * sizeof state.known[0]);
    state.sim = bw_sim_create(seed, count, &options);
    state.run = bw_fault_run_create(state.sim, measure->faults, measure->fault_count, &hooks);
    bw_sim_start_all(state.sim);
    count_healthy(&state);
    look(state.sim, &state);
    if (measure->demand)
        demand(&state);
    bool passed = bw_sim_run_us(state.sim, measure->duration_us);
    result->hash = bw_sim_hash(state.sim);
    snprintf(result->violation, sizeof result->violation, "%s", passed ? "" : bw_sim_violation(state.sim));
    if (!passed && report != NULL)
        bw_sim_report(state.sim, report, "# ", REPORT_LINES);
    sum_up(&state);
    if (options.story != NULL)
        bw_story_end(options.story, bw_sim_now_us(state.sim));
    state.sim->options.on_event = NULL;
    bw_fault_run_destroy(state.run);
    bw_sim_destroy(state.sim);
    state_free(&state);
    return passed;
}
