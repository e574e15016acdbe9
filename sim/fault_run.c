/* A plan of faults laid over a world. Faults of processes happen once; what holds for a while (links, disks, clocks, pace)
 * is worked out anew from all faults that are under way, whenever one begins or ends. */
#include "sim/fault_words.h"

#include "sim/fault_parts.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 10        /* a process that is not on the processor is asked again to leave after so long */
#define LEFT_LOOK_MS 50    /* whether it has left is looked at so often, */
#define LEFT_LOOKS_MAX 200 /* so many times; then it is ended as it is */

struct fault_state {
    struct bw_fault_run *run;
    const struct bw_fault *fault;
    bool *hosts;
    size_t leader; /* when it began */
    bool under_way;
    struct bw_rotation *rotation;
    struct bw_attack *attack;
};

struct departure {
    struct bw_fault_run *run;
    size_t host;
    unsigned looks;
    bool asked;
};

struct bw_fault_run {
    struct bw_sim *sim;
    struct bw_fault_hooks hooks;
    struct fault_state *states;
    size_t count;
    struct departure *departures; /* by host */
    unsigned *groups;
};

/* -- who -- */

static void draw(const struct bw_sim *sim, size_t salt, size_t count, bool *hosts) {
    struct bw_rng rng;
    bw_rng_seed(&rng, sim->seed ^ (UINT64_C(0x6661756c74) + salt)); /* "fault" */
    while (count > 0) {
        size_t host = (size_t)bw_rng_below(&rng, sim->host_count);
        count -= !hosts[host];
        hosts[host] = true;
    }
}

static size_t acting_leader(const struct bw_sim *sim) {
    for (size_t i = 0; sim->scope[0] != '\0' && i < sim->host_count; i++)
        if (bw_sim_may_act(sim, i, sim->scope) && !sim->hosts[i].silent)
            return i;
    return BW_SIM_NONE;
}

/* Number: which of the fault's lists it is, so that each draws for itself. */
static void choose(const struct fault_state *state, const struct bw_who *who, size_t number, bool *hosts) {
    const struct bw_sim *sim = state->run->sim;
    size_t salt = (size_t)(state - state->run->states) * (2 * BW_FAULT_PART_MAX) + number;
    memset(hosts, 0, sim->host_count * sizeof hosts[0]);
    if (who->kind == BW_WHO_ANY) {
        draw(sim, salt, who->count, hosts);
        return;
    }
    for (size_t i = 0; i < sim->host_count; i++)
        hosts[i] = (who->kind == BW_WHO_LEADER && i == state->leader) || bw_who_lists(who, i);
}

/* -- links -- */

static uint32_t both_ppm(uint32_t a, uint32_t b) {
    uint64_t passes = (uint64_t)(BW_SIM_PPM_MAX - a) * (BW_SIM_PPM_MAX - b) / BW_SIM_PPM_MAX;
    return BW_SIM_PPM_MAX - (uint32_t)passes;
}

static void worsen(struct bw_sim_link *link, const struct bw_fault *fault) {
    switch (fault->kind) {
    case BW_FAULT_PARTITION:
    case BW_FAULT_CUT:
        link->cut = true;
        break;
    case BW_FAULT_LOSS:
        link->loss_ppm = both_ppm(link->loss_ppm, (uint32_t)fault->value);
        break;
    case BW_FAULT_LATENCY:
        link->latency_us += (uint32_t)fault->value;
        break;
    case BW_FAULT_DUPLICATE:
        link->duplicate_ppm = both_ppm(link->duplicate_ppm, (uint32_t)fault->value);
        break;
    case BW_FAULT_REORDER:
        link->reorder_ppm = both_ppm(link->reorder_ppm, (uint32_t)fault->value);
        break;
    case BW_FAULT_FLAP:
        link->up_ms = (uint32_t)(fault->value / BW_US_PER_MS);
        link->down_ms = (uint32_t)(fault->other_value / BW_US_PER_MS);
        break;
    case BW_FAULT_MTU:
        link->mtu = link->mtu == 0 || (size_t)fault->value < link->mtu ? (size_t)fault->value : link->mtu;
        break;
    case BW_FAULT_BANDWIDTH:
        link->bytes_per_s = link->bytes_per_s == 0 || (uint64_t)fault->value < link->bytes_per_s
                                ? (uint64_t)fault->value
                                : link->bytes_per_s;
        break;
    default:
        break;
    }
}

/* A side that is everybody needs no link of each pair. */
static void worsen_way(struct bw_sim *sim, const struct bw_fault *fault, const bool *from, bool all_from,
                       const bool *to, bool all_to) {
    for (size_t i = 0; i < sim->host_count; i++) {
        if (all_from && to[i])
            worsen(&sim->hosts[i].in, fault);
        else if (all_to && from[i])
            worsen(&sim->hosts[i].out, fault);
        for (size_t j = 0; !all_from && !all_to && from[i] && j < sim->host_count; j++)
            if (to[j] && i != j)
                worsen(bw_sim_link(sim, i, j), fault);
    }
}

static void worsen_link(struct fault_state *state, const struct bw_who *one, const struct bw_who *two, bool one_way) {
    struct bw_sim *sim = state->run->sim;
    bool *from = bw_sim_memory(sim->host_count * sizeof from[0]);
    bool *to = bw_sim_memory(sim->host_count * sizeof to[0]);
    bool all_from = one->kind == BW_WHO_ALL;
    bool all_to = two->kind == BW_WHO_ALL;
    choose(state, one, 0, from);
    choose(state, two, 1, to);
    worsen_way(sim, state->fault, from, all_from, to, all_to);
    if (!one_way)
        worsen_way(sim, state->fault, to, all_to, from, all_from);
    free(from);
    free(to);
}

static void worsen_hosts(struct fault_state *state) {
    struct bw_sim *sim = state->run->sim;
    for (size_t i = 0; i < sim->host_count; i++) {
        if (!state->hosts[i])
            continue;
        worsen(&sim->hosts[i].out, state->fault);
        if (state->fault->who.kind != BW_WHO_ALL) /* else every datagram would meet it twice */
            worsen(&sim->hosts[i].in, state->fault);
    }
}

/* -- partitions -- */

/* The part of a host; those in no list are one more. */
static unsigned part_of(const struct bw_sim *sim, const struct fault_state *state, size_t host, bool *scratch) {
    const struct bw_fault *fault = state->fault;
    size_t sum = 0, before = 0;
    for (size_t i = 0; i < fault->part_count; i++)
        sum += fault->weights[i];
    for (size_t i = 0; i < fault->part_count; i++) {
        before += fault->weights[i];
        if (sum > 0) { /* rounded, and at least one for each */
            size_t end = (before * sim->host_count + sum / 2) / sum;
            size_t most = sim->host_count - (fault->part_count - 1 - i);
            end = end < i + 1 ? i + 1 : end > most ? most : end;
            if (host < end)
                return (unsigned)i;
            continue;
        }
        choose(state, &fault->parts[i], i, scratch);
        if (scratch[host])
            return (unsigned)i;
    }
    return (unsigned)fault->part_count;
}

static void split(struct fault_state *state) {
    struct bw_fault_run *run = state->run;
    struct bw_sim *sim = run->sim;
    bool *scratch = bw_sim_memory(sim->host_count * sizeof scratch[0]);
    for (size_t i = 0; i < sim->host_count; i++)
        run->groups[i] = run->groups[i] * (BW_FAULT_PART_MAX + 1) + part_of(sim, state, i, scratch);
    free(scratch);
}

/* One way: what the first part sends does not reach the second. */
static void mute(struct fault_state *state) {
    struct bw_sim *sim = state->run->sim;
    bool *scratch = bw_sim_memory(sim->host_count * sizeof scratch[0]);
    bool *from = bw_sim_memory(sim->host_count * sizeof from[0]);
    bool *to = bw_sim_memory(sim->host_count * sizeof to[0]);
    for (size_t i = 0; i < sim->host_count; i++) {
        unsigned part = part_of(sim, state, i, scratch);
        from[i] = part == 0;
        to[i] = part == 1;
    }
    worsen_way(sim, state->fault, from, false, to, false);
    free(scratch);
    free(from);
    free(to);
}

static void sound_network(struct bw_fault_run *run) {
    static const struct bw_sim_link sound = {0};
    struct bw_sim *sim = run->sim;
    for (size_t i = 0; i < sim->host_count; i++) {
        struct bw_sim_host *host = &sim->hosts[i];
        host->in = sound;
        host->out = sound;
        for (size_t to = 0; host->paths != NULL && to < sim->host_count; to++)
            host->paths[to].link = sound;
        run->groups[i] = 0;
    }
}

static void apply_network(struct bw_fault_run *run) {
    sound_network(run);
    for (size_t i = 0; i < run->count; i++) {
        struct fault_state *state = &run->states[i];
        const struct bw_fault *fault = state->fault;
        if (!state->under_way)
            continue;
        if (fault->shape == BW_SHAPE_PARTS)
            split(state);
        else if (fault->kind == BW_FAULT_PARTITION)
            mute(state);
        else if (fault->shape == BW_SHAPE_HOSTS)
            worsen_hosts(state);
        else
            worsen_link(state, &fault->who, &fault->other, fault->shape == BW_SHAPE_ONE_WAY);
    }
    bw_sim_partition(run->sim, run->groups);
}

/* -- what holds for a while -- */

/* The sum, or the largest, of the values that hold for a host. 0: no such fault. */
static int64_t value_at(const struct bw_fault_run *run, enum bw_fault_kind kind, size_t host, bool sum) {
    int64_t value = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct fault_state *state = &run->states[i];
        if (!state->under_way || state->fault->kind != kind || !state->hosts[host])
            continue;
        value = sum || state->fault->value > value ? state->fault->value + (sum ? value : 0) : value;
    }
    return value;
}

static bool holds_at(const struct bw_fault_run *run, enum bw_fault_kind kind, size_t host) {
    for (size_t i = 0; i < run->count; i++)
        if (run->states[i].under_way && run->states[i].fault->kind == kind && run->states[i].hosts[host])
            return true;
    return false;
}

static void apply_host(struct bw_fault_run *run, enum bw_fault_kind kind, size_t host) {
    struct bw_sim *sim = run->sim;
    switch (kind) {
    case BW_FAULT_SLEEP:
    case BW_FAULT_SILENT:
        bw_sim_host_silent(sim, host, holds_at(run, BW_FAULT_SILENT, host) || holds_at(run, BW_FAULT_SLEEP, host));
        break;
    case BW_FAULT_SLOW:
        bw_sim_slow(sim, host, (uint32_t)(value_at(run, kind, host, false) / BW_US_PER_MS));
        break;
    case BW_FAULT_RATE:
        bw_sim_clock_rate(sim, host, (int32_t)value_at(run, kind, host, true));
        break;
    case BW_FAULT_DISK:
        bw_sim_disk_fails(sim, host, holds_at(run, kind, host));
        break;
    case BW_FAULT_REFUSE:
        bw_sim_refusals(sim, host,
                        !holds_at(run, kind, host)              ? BW_SIM_REFUSALS_USUAL
                        : value_at(run, kind, host, false) == 1 ? BW_SIM_REFUSALS_ALWAYS
                                                                : BW_SIM_REFUSALS_NEVER);
        break;
    default:
        break;
    }
}

/* -- processes -- */

static void look_whether_left(struct bw_sim *sim, void *context) {
    struct departure *departure = context;
    struct bw_sim_host *host = &sim->hosts[departure->host];
    if (host->node == NULL)
        return;
    if (!departure->asked && !host->asleep) {
        bw_sim_leave(sim, departure->host);
        departure->asked = true;
    }
    bool over = departure->asked && (bw_node_left(host->node) || ++departure->looks > LEFT_LOOKS_MAX);
    if (over) {
        bw_sim_record_text(sim, departure->host, "has left");
        bw_sim_host_end(sim, departure->host);
        return;
    }
    int64_t wait_ms = departure->asked ? LEFT_LOOK_MS : AGAIN_MS;
    bw_sim_schedule(sim, bw_sim_now_ms(sim) + wait_ms, look_whether_left, departure);
}

static void leave(struct bw_fault_run *run, size_t host) {
    run->departures[host] = (struct departure){.run = run, .host = host};
    look_whether_left(run->sim, &run->departures[host]);
}

static void pause_process(struct bw_sim *sim, size_t host) {
    if (bw_sim_running(sim, host))
        bw_sim_pause(sim, host);
}

static void continue_process(struct bw_fault_run *run, size_t host) {
    bool stays = holds_at(run, BW_FAULT_STOP, host) || holds_at(run, BW_FAULT_SLEEP, host);
    if (!stays && run->sim->hosts[host].node != NULL && run->sim->hosts[host].paused)
        bw_sim_continue(run->sim, host);
}

static void begin_at(struct fault_state *state, size_t host) {
    struct bw_sim *sim = state->run->sim;
    const struct bw_fault *fault = state->fault;
    bool runs = bw_sim_node(sim, host) != NULL;
    switch (fault->kind) {
    case BW_FAULT_CRASH:
        if (runs)
            bw_sim_crash(sim, host);
        break;
    case BW_FAULT_RESTART:
        bw_fault_restart(sim, host, fault);
        break;
    case BW_FAULT_STOP:
    case BW_FAULT_SLEEP:
        pause_process(sim, host);
        break;
    case BW_FAULT_LEAVE:
        if (runs)
            leave(state->run, host);
        break;
    case BW_FAULT_STEPDOWN:
    case BW_FAULT_FREEZE:
    case BW_FAULT_THAW:
    case BW_FAULT_TRANSFER:
    case BW_FAULT_PRIORITY:
    case BW_FAULT_UNREADY:
        bw_fault_operate(sim, fault, host, state->leader, true);
        break;
    case BW_FAULT_CLOCK:
        bw_sim_wall_step(sim, host, fault->value / BW_US_PER_MS);
        break;
    default:
        break;
    }
    apply_host(state->run, fault->kind, host);
}

static void end_at(struct fault_state *state, size_t host) {
    apply_host(state->run, state->fault->kind, host);
    if (state->fault->kind == BW_FAULT_CRASH)
        bw_fault_start(state->run->sim, host);
    if (state->fault->kind == BW_FAULT_LEAVE && !holds_at(state->run, BW_FAULT_CRASH, host))
        bw_fault_start(state->run->sim, host);
    if (state->fault->kind == BW_FAULT_STOP || state->fault->kind == BW_FAULT_SLEEP)
        continue_process(state->run, host);
}

static bool is_of_network(const struct bw_fault *fault) {
    return fault->kind >= BW_FAULT_PARTITION && fault->kind <= BW_FAULT_BANDWIDTH;
}

/* A story shows a fault where it happens. */
static void tell(struct fault_state *state) {
    const struct bw_fault *fault = state->fault;
    struct bw_sim *sim = state->run->sim;
    bool everywhere = fault->shape != BW_SHAPE_HOSTS || fault->who.kind == BW_WHO_ALL;
    bw_sim_record_text(sim, BW_SIM_NONE, "fault %.100s", fault->text);
    for (size_t i = 0; !everywhere && i < sim->host_count; i++)
        if (state->hosts[i])
            bw_sim_tell_fault(sim, fault->text, i, BW_SIM_NONE, fault->until_us);
    bool pair = fault->shape != BW_SHAPE_PARTS && fault->kind != BW_FAULT_PARTITION && everywhere &&
                fault->who.kind == BW_WHO_LISTED && fault->other.kind == BW_WHO_LISTED;
    if (everywhere)
        bw_sim_tell_fault(sim, fault->text, pair ? fault->who.ranges[0].first : BW_SIM_NONE,
                          pair ? fault->other.ranges[0].first : BW_SIM_NONE, fault->until_us);
}

/* What is more than each host for itself. */
static void begin_together(struct fault_state *state) {
    struct bw_sim *sim = state->run->sim;
    const struct bw_fault *fault = state->fault;
    uint16_t number = (uint16_t)(state - state->run->states + 1);
    if (fault->kind == BW_FAULT_ROTATE)
        state->rotation = bw_rotation_begin(sim, state->hosts, number, fault->until_us - fault->from_us);
    if (fault->kind == BW_FAULT_HOSTILE)
        state->attack = bw_attack_begin(sim, state->hosts, number, fault->value, fault->until_us);
}

static void begin(struct bw_sim *sim, void *context) {
    struct fault_state *state = context;
    struct bw_fault_run *run = state->run;
    state->leader = acting_leader(sim);
    choose(state, &state->fault->who, 0, state->hosts);
    if (state->fault->shape != BW_SHAPE_HOSTS)
        memset(state->hosts, 0, sim->host_count * sizeof state->hosts[0]);
    if (run->hooks.begins != NULL)
        run->hooks.begins(run->hooks.context, (size_t)(state - run->states), state->hosts);
    tell(state);
    state->under_way = state->fault->until_us != state->fault->from_us;
    if (is_of_network(state->fault))
        apply_network(run);
    begin_together(state);
    for (size_t i = 0; i < sim->host_count; i++)
        if (state->hosts[i] && !is_of_network(state->fault))
            begin_at(state, i);
}

/* Ready, or thawed, again. Asked until it is on the processor: else it would never lead again. */
static void undo(struct bw_sim *sim, void *context) {
    struct fault_state *state = context;
    bool again = false;
    for (size_t i = 0; i < sim->host_count; i++) {
        if (!state->hosts[i] || holds_at(state->run, state->fault->kind, i))
            continue;
        again = again || (sim->hosts[i].node != NULL && sim->hosts[i].asleep);
        bw_fault_operate(sim, state->fault, i, BW_SIM_NONE, false);
    }
    if (again)
        bw_sim_schedule(sim, bw_sim_now_ms(sim) + AGAIN_MS, undo, state);
}

static void end(struct bw_sim *sim, void *context) {
    struct fault_state *state = context;
    struct bw_fault_run *run = state->run;
    state->under_way = false;
    bw_sim_record_text(sim, BW_SIM_NONE, "no more %.100s", state->fault->text);
    if (is_of_network(state->fault))
        apply_network(run);
    for (size_t i = 0; i < sim->host_count; i++)
        if (state->hosts[i] && !is_of_network(state->fault))
            end_at(state, i);
    if (state->fault->kind == BW_FAULT_UNREADY || state->fault->kind == BW_FAULT_FREEZE)
        undo(sim, state);
    if (run->hooks.ended != NULL)
        run->hooks.ended(run->hooks.context, (size_t)(state - run->states), state->hosts);
}

struct bw_fault_run *bw_fault_run_create(struct bw_sim *sim, const struct bw_fault *faults, size_t count,
                                         const struct bw_fault_hooks *hooks) {
    struct bw_fault_run *run = bw_sim_memory(sizeof *run);
    run->sim = sim;
    run->hooks = *hooks;
    run->count = count;
    run->states = bw_sim_memory(count * sizeof run->states[0]);
    run->departures = bw_sim_memory(sim->host_count * sizeof run->departures[0]);
    run->groups = bw_sim_memory(sim->host_count * sizeof run->groups[0]);
    for (size_t i = 0; i < count; i++) {
        struct fault_state *state = &run->states[i];
        *state = (struct fault_state){.run = run, .fault = &faults[i]};
        state->hosts = bw_sim_memory(sim->host_count * sizeof state->hosts[0]);
        if (faults[i].kind == BW_FAULT_HOSTILE)
            bw_sim_listen(sim);
        bw_sim_schedule_us(sim, faults[i].from_us, begin, state);
        bool ends = faults[i].until_us > faults[i].from_us && faults[i].until_us != BW_FAULT_FOR_EVER;
        if (ends)
            bw_sim_schedule_us(sim, faults[i].until_us, end, state);
    }
    return run;
}

void bw_fault_run_destroy(struct bw_fault_run *run) {
    if (run == NULL)
        return;
    for (size_t i = 0; i < run->count; i++) {
        bw_rotation_free(run->states[i].rotation);
        bw_attack_free(run->states[i].attack);
        free(run->states[i].hosts);
    }
    free(run->states);
    free(run->departures);
    free(run->groups);
    free(run);
}
