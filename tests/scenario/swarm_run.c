/* Runs what a seed means: the faults, what is forbidden meanwhile, and the demand for progress. */
#include "tests/scenario/swarm.h"

#include "gossip/formula.h"
#include "sim/fault_parts.h"

#include <string.h>

#define STEP_MS 100
#define STEADY_MS 3000 /* progress must last so long */
#define REPORT_LINES 80u
#define DROWSY_MS 3000 /* a slow process may sleep on for so long after it is slow no more */

struct run {
    const struct swarm_draw *draw;
    struct bw_sim *sim;
    bool faulted[SWARM_HOSTS_MAX];
    bool gone[SWARM_HOSTS_MAX];          /* left, or is leaving */
    int64_t drowsy_ms[SWARM_HOSTS_MAX];  /* until then it may be asleep though it is not paused */
    int64_t elected_us[SWARM_HOSTS_MAX]; /* the newest */
    bool deaf;                           /* now */
    bool frozen;                         /* something was */
    bool lost[SWARM_HOSTS_MAX];          /* its state, once */
    bool withdrawn[SWARM_SCOPES_MAX][SWARM_HOSTS_MAX];
    bool mended; /* all is to be well from now on */
    struct bw_rotation *rotation;
    struct bw_attack *attack;
};

/* -- the cluster -- */

static void configure(void *context, size_t host, struct bw_config *config) {
    const struct run *run = context;
    swarm_configure(run->draw, host, config);
}

/* -- what a plan forbids -- */

/* Two claims on their way at once may both be confirmed: they meet within a round. */
static int64_t round_ms(const struct swarm_draw *draw) {
    return draw->options.params.lease_ms / 6;
}

static void broken(struct run *run, const char *what, size_t host, const struct bw_event *event) {
    char text[200];
    snprintf(text, sizeof text, "%s: n%zu, %s %s%s", what, host, bw_event_name(event->type), event->scope, event->name);
    bw_sim_fail(run->sim, text);
}

static size_t subject_of(const struct run *run, const struct bw_event *event) {
    for (size_t i = 0; i < run->draw->host_count; i++) {
        struct bw_addr addr = bw_sim_addr(i);
        if (bw_addr_equal(&addr, &event->addr))
            return i;
    }
    return BW_SIM_NONE;
}

static bool in_quorum_scope(const struct run *run, const struct bw_event *event) {
    size_t scope = run->draw->quorum_scope;
    return scope < SWARM_SCOPES_MAX && strcmp(event->scope, swarm_scope_name(scope)) == 0;
}

static void on_event(void *context, size_t host, const struct bw_event *event, int64_t at_us) {
    struct run *run = context;
    if (run->sim == NULL)
        return;
    if (run->draw->plan == SWARM_SLEEP &&
        ((event->type == BW_EVENT_MEMBER_SUSPECT && event->own) || event->type == BW_EVENT_MEMBER_DEAD)) {
        size_t subject = subject_of(run, event);
        if (subject != BW_SIM_NONE && !run->faulted[subject])
            broken(run, "who never slept is accused", host, event);
    }
    if (run->draw->plan == SWARM_STARVE && event->type == BW_EVENT_MEMBER_DEAD)
        broken(run, "who only runs late is held dead", host, event);
    if (event->type == BW_EVENT_SELF_ELECTED)
        run->elected_us[host] = at_us;
    bool collided = at_us - run->elected_us[host] <= round_ms(run->draw) * BW_US_PER_MS;
    bool counted = !in_quorum_scope(run, event); /* there a deaf voter may be the one that the majority needs */
    bool preempted = event->reason == BW_LOSS_PREEMPTED ||
                     event->reason == BW_LOSS_SECOND_SEAT; /* to a better one that it hears, see bw_want_receive */
    if (run->deaf && event->type == BW_EVENT_SELF_DEPOSED && !run->faulted[host] && !collided && !preempted && counted)
        broken(run, "a deaf member ends another's reign", host, event);
}

/* -- faults -- */

static bool awake(const struct run *run, size_t host) {
    return bw_sim_running(run->sim, host) && bw_sim_now_ms(run->sim) >= run->drowsy_ms[host];
}

static void start(struct run *run, size_t host, bool torn) {
    int error = bw_sim_start(run->sim, host);
    run->gone[host] = false;
    for (size_t s = 0; s < run->draw->scope_count; s++)
        run->withdrawn[s][host] = false;
    if (torn && error != BW_ERR_CORRUPT && error != BW_ERR_MEMORY)
        bw_sim_fail(run->sim, "a torn state is not refused");
    if (error == BW_ERR_CORRUPT && torn)
        error = bw_sim_restart_blank(run->sim, host);
    if (error != 0 && error != BW_ERR_MEMORY)
        bw_sim_fail(run->sim, "a node does not start");
}

/* A majority of voters that lose their state elect nobody any more (docs/GUARANTEES.md), nor do witnesses alone: so many keep theirs. */
static enum swarm_fault spare_majority(struct run *run, size_t host, enum swarm_fault way) {
    const struct swarm_draw *draw = run->draw;
    size_t lost_count = 0, standing = 0;
    if (draw->quorum_scope == SWARM_SCOPES_MAX || host >= draw->voter_count || way == SWARM_RESTART)
        return way;
    for (size_t i = 0; i < draw->voter_count; i++) {
        lost_count += run->lost[i] || i == host;
        standing += !run->lost[i] && i != host && draw->stands[draw->quorum_scope][i];
    }
    run->lost[host] = run->lost[host] || (2 * lost_count < draw->voter_count && standing > 0);
    return run->lost[host] ? way : SWARM_RESTART;
}

static void restart(struct run *run, size_t host, enum swarm_fault way, uint64_t value) {
    way = spare_majority(run, host, way);
    size_t size = bw_sim_disk_size(run->sim, host);
    bool torn = way == SWARM_RESTART_TORN && size > 1;
    if (bw_sim_node(run->sim, host) != NULL)
        bw_sim_crash(run->sim, host);
    if (torn)
        bw_sim_disk_tear(run->sim, host, 1 + (size_t)value % (size - 1));
    else if (way == SWARM_RESTART_BLANK)
        bw_sim_disk_tear(run->sim, host, 0);
    start(run, host, torn);
}

static void partition(struct run *run, uint64_t value) {
    unsigned groups[SWARM_HOSTS_MAX];
    for (size_t i = 0; i < run->draw->host_count; i++)
        groups[i] = (unsigned)(value >> (2 * i + 8)) & (value % 4 == 0 ? 3u : 1u);
    bw_sim_partition(run->sim, groups);
}

static size_t leader_of(const struct run *run, size_t scope) {
    char seat[BW_NAME_MAX + 1];
    bw_scope_seat_name(swarm_scope_name(scope), 0, seat);
    size_t leader = bw_sim_leader_everywhere(run->sim, run->draw->seats[scope] > 0 ? seat : swarm_scope_name(scope));
    return leader != BW_SIM_NONE ? leader : 0;
}

static void isolate_leader(struct run *run, size_t scope) {
    unsigned groups[SWARM_HOSTS_MAX] = {0};
    groups[leader_of(run, scope)] = 1;
    bw_sim_partition(run->sim, groups);
}

static void come_back(struct run *run, size_t host) {
    if (bw_sim_node(run->sim, host) == NULL)
        start(run, host, false);
    else if (run->gone[host] && awake(run, host) && bw_sim_left(run->sim, host)) {
        bw_sim_join(run->sim, host, (host + 1) % run->draw->host_count);
        run->gone[host] = false;
    }
}

static void step_down(struct run *run, size_t host, uint32_t for_ms) {
    for (size_t s = 0; s < run->draw->scope_count; s++)
        if (awake(run, host) && run->draw->stands[s][host])
            bw_sim_stepdown(run->sim, host, swarm_scope_name(s), 1 + for_ms);
}

static void mend(struct run *run, const struct swarm_step *step) {
    static const unsigned whole[SWARM_HOSTS_MAX] = {0};
    struct bw_sim *sim = run->sim;
    switch ((enum swarm_fault)step->value) {
    case SWARM_SLOW:
        bw_sim_slow(sim, step->host, 0);
        run->drowsy_ms[step->host] = bw_sim_now_ms(sim) + DROWSY_MS;
        break;
    case SWARM_PARTITION:
    case SWARM_ISOLATE_LEADER:
        bw_sim_partition(sim, whole);
        break;
    case SWARM_CUT_ONE_WAY:
    case SWARM_LINK_ON_OFF:
        *bw_sim_link(sim, step->host, step->other) = (struct bw_sim_link){0};
        break;
    case SWARM_LOSS:
        bw_sim_loss(sim, run->draw->options.loss_ppm);
        break;
    case SWARM_IN_CUT:
        bw_sim_in(sim, step->host)->cut = false;
        run->deaf = false;
        break;
    case SWARM_DISK_FAILS:
        bw_sim_disk_fails(sim, step->host, false);
        break;
    case SWARM_SILENT:
        bw_sim_host_silent(sim, step->host, false);
        break;
    default:
        break;
    }
}

/* Nobody but the last holder of a frozen scope leads it, and that one may be gone for good. */
static void thaw_all(struct run *run) {
    struct bw_scope_info info;
    for (size_t i = 0; i < run->draw->host_count; i++)
        for (size_t s = 0;
             awake(run, i) && bw_node_scope(bw_sim_node(run->sim, i), s, &info, bw_sim_clock(run->sim, i)) == 0; s++)
            if (info.frozen)
                bw_sim_freeze(run->sim, i, info.scope, false);
}

static void withdraw(struct run *run, size_t host, size_t scope) {
    if (awake(run, host) && !run->gone[host] && swarm_withdraw(run->sim, run->draw, scope, host) == 0)
        run->withdrawn[scope][host] = true;
}

static void declare(struct run *run, size_t host, size_t scope) {
    if (!run->withdrawn[scope][host] || !awake(run, host) || run->gone[host])
        return;
    int error = swarm_declare(run->sim, run->draw, scope, host);
    if (error != 0 && error != BW_ERR_MEMORY)
        bw_sim_fail(run->sim, "a scope cannot be declared again");
    run->withdrawn[scope][host] = error != 0;
}

static void declare_all(struct run *run) {
    for (size_t host = 0; host < run->draw->host_count; host++)
        for (size_t s = 0; s < run->draw->scope_count; s++)
            declare(run, host, s);
}

static void fault_of_process(struct run *run, const struct swarm_step *step) {
    struct bw_sim *sim = run->sim;
    bool runs = bw_sim_running(sim, step->host);
    switch (step->fault) {
    case SWARM_CRASH:
        if (bw_sim_node(sim, step->host) != NULL)
            bw_sim_crash(sim, step->host);
        break;
    case SWARM_RESTART:
    case SWARM_RESTART_BLANK:
    case SWARM_RESTART_TORN:
        restart(run, step->host, step->fault, step->value);
        break;
    case SWARM_RESTART_ALL:
        for (size_t i = 0; i < run->draw->host_count; i++)
            restart(run, i, step->value % 3 == 0 ? SWARM_RESTART_BLANK : SWARM_RESTART, 0);
        break;
    case SWARM_PAUSE:
        if (runs)
            bw_sim_pause(sim, step->host);
        if (step->value != 0)
            bw_sim_host_silent(sim, step->host, true);
        break;
    case SWARM_CONTINUE:
        bw_sim_host_silent(sim, step->host, false);
        if (bw_sim_node(sim, step->host) != NULL && !runs)
            bw_sim_continue(sim, step->host);
        break;
    case SWARM_LEAVE:
        if (awake(run, step->host)) {
            bw_sim_leave(sim, step->host);
            run->gone[step->host] = true;
        }
        break;
    case SWARM_RETURN:
        come_back(run, step->host);
        break;
    case SWARM_FREEZE:
    case SWARM_THAW:
        run->frozen = true;
        if (awake(run, step->host))
            bw_sim_freeze(sim, step->host, swarm_scope_name(step->other), step->fault == SWARM_FREEZE);
        break;
    case SWARM_WITHDRAW:
        withdraw(run, step->host, step->other);
        break;
    case SWARM_DECLARE:
        declare(run, step->host, step->other);
        break;
    default:
        step_down(run, step->host, (uint32_t)step->value);
        break;
    }
}

static void fault(struct run *run, const struct swarm_step *step) {
    static const bool all[SWARM_HOSTS_MAX] = {true, true, true, true, true, true, true, true,
                                              true, true, true, true, true, true, true, true};
    struct bw_sim *sim = run->sim;
    switch (step->fault) {
    case SWARM_ROTATE:
        run->rotation = bw_rotation_begin(sim, all, 1, (int64_t)step->value * BW_US_PER_MS);
        break;
    case SWARM_HOSTILE:
        run->attack = bw_attack_begin(sim, all, 1, (int64_t)step->other,
                                      bw_sim_now_us(sim) + (int64_t)step->value * BW_US_PER_MS);
        break;
    case SWARM_SLOW:
        bw_sim_slow(sim, step->host, (uint32_t)step->value);
        run->drowsy_ms[step->host] = BW_NEVER;
        break;
    case SWARM_PARTITION:
        partition(run, step->value);
        break;
    case SWARM_CUT_ONE_WAY:
        bw_sim_cut_one_way(sim, step->host, step->other);
        break;
    case SWARM_LINK_ON_OFF:
        bw_sim_link(sim, step->host, step->other)->up_ms = (uint32_t)step->value;
        bw_sim_link(sim, step->host, step->other)->down_ms = (uint32_t)step->value;
        break;
    case SWARM_LINK_SLOW:
        bw_sim_in(sim, leader_of(run, step->host))->latency_us = (uint32_t)(step->value * BW_US_PER_MS);
        break;
    case SWARM_LOSS:
        bw_sim_loss(sim, (uint32_t)step->value);
        break;
    case SWARM_IN_CUT:
        bw_sim_in(sim, step->host)->cut = true;
        run->deaf = true;
        break;
    case SWARM_WALL_STEP:
        bw_sim_wall_step(sim, step->host, (int64_t)step->value - 3600000);
        break;
    case SWARM_CLOCK_RATE:
        bw_sim_clock_rate(sim, step->host, (int32_t)step->value - (int32_t)run->draw->options.params.drift_ppm);
        break;
    case SWARM_DISK_FAILS:
        bw_sim_disk_fails(sim, step->host, true);
        break;
    case SWARM_NO_MEMORY:
        bw_sim_fail_allocation(sim, step->host, step->value, false);
        break;
    case SWARM_SILENT:
        bw_sim_host_silent(sim, step->host, true);
        break;
    case SWARM_ISOLATE_LEADER:
        isolate_leader(run, step->host);
        break;
    case SWARM_MEND:
        mend(run, step);
        break;
    default:
        fault_of_process(run, step);
        break;
    }
}

/* -- progress -- */

static bool led(const struct run *run, const char *scope) {
    return bw_sim_leader_everywhere(run->sim, scope) != BW_SIM_NONE && bw_sim_acting_count(run->sim, scope) == 1;
}

/* Everybody alive to everybody, equal digests, one leader per scope and seat. */
static bool whole(const struct run *run) {
    if (!bw_sim_converged(run->sim))
        return false;
    for (size_t s = 0; s < run->draw->scope_count; s++) {
        char seat[BW_NAME_MAX + 1];
        if (run->draw->seats[s] == 0 && !led(run, swarm_scope_name(s)))
            return false;
        for (unsigned i = 0; i < run->draw->seats[s]; i++) {
            bw_scope_seat_name(swarm_scope_name(s), i, seat);
            if (!led(run, seat))
                return false;
        }
    }
    return true;
}

static void return_all(struct run *run) {
    for (size_t i = 0; i < run->draw->host_count; i++)
        if (bw_sim_node(run->sim, i) == NULL || run->gone[i])
            come_back(run, i);
}

/* How long it took until all was well for STEADY_MS; -1: not within the limit. */
static int64_t progress(struct run *run, int64_t limit_ms) {
    int64_t begin_ms = bw_sim_now_ms(run->sim);
    int64_t since_ms = -1;
    for (;;) {
        int64_t now_ms = bw_sim_now_ms(run->sim);
        if (!whole(run))
            since_ms = -1;
        else if (since_ms < 0)
            since_ms = now_ms;
        if (since_ms >= 0 && now_ms - since_ms >= STEADY_MS)
            return since_ms - begin_ms;
        if (now_ms - begin_ms > limit_ms + STEADY_MS || !bw_sim_run_ms(run->sim, STEP_MS))
            return -1;
        return_all(run);
        if (run->frozen && run->mended)
            thaw_all(run);
        if (run->mended)
            declare_all(run);
    }
}

static void mend_all(struct run *run) {
    struct bw_sim *sim = run->sim;
    run->deaf = false;
    run->mended = true;
    bw_sim_heal(sim);
    bw_sim_loss(sim, 0);
    for (size_t i = 0; i < run->draw->host_count; i++) {
        bw_sim_host_silent(sim, i, false);
        bw_sim_disk_fails(sim, i, false);
        bw_sim_fail_allocation(sim, i, 0, false);
        bw_sim_slow(sim, i, 0);
        if (run->drowsy_ms[i] == BW_NEVER)
            run->drowsy_ms[i] = bw_sim_now_ms(sim) + DROWSY_MS;
        if (bw_sim_node(sim, i) != NULL && !bw_sim_running(sim, i))
            bw_sim_continue(sim, i);
    }
}

/* The published times, each once: finding each other again, agreeing, waiting for a leader, healing. */
static int64_t progress_limit_ms(const struct swarm_draw *draw) {
    const struct bw_params *p = &draw->options.params;
    int64_t suspicion_ms = bw_suspicion_max_us(p, draw->host_count) / BW_US_PER_MS;
    return 2 * (int64_t)p->seed_retry_max_ms + p->sync_delay_max_ms + suspicion_ms +
           20 * (int64_t)p->probe_interval_ms + 6 * (int64_t)p->lease_ms + p->alone_ms + 10 * (int64_t)p->settle_ms +
           5000;
}

static void begin(struct run *run) {
    for (size_t i = 0; i < run->draw->host_count; i++) {
        start(run, i, false);
        bw_sim_run_ms(run->sim, run->draw->staggered ? STEP_MS : 0);
    }
    if (progress(run, progress_limit_ms(run->draw)) < 0)
        bw_sim_fail(run->sim, "the cluster does not come about");
}

static void suffer(struct run *run) {
    int64_t begin_ms = bw_sim_now_ms(run->sim);
    for (size_t i = 0; i < run->draw->step_count; i++) {
        const struct swarm_step *step = &run->draw->steps[i];
        int64_t wait_ms = begin_ms + step->at_ms - bw_sim_now_ms(run->sim);
        if (!bw_sim_run_ms(run->sim, wait_ms > 0 ? wait_ms : 0))
            return;
        fault(run, step);
    }
    bw_sim_run_ms(run->sim, 1000);
}

static void tell(const struct run *run, const struct swarm_result *result) {
    const struct swarm_draw *draw = run->draw;
    bw_sim_report(run->sim, stdout, "# ", REPORT_LINES);
    printf("# plan %s, %zu hosts, %zu scopes, %s, %zu steps; %s\n# to repeat: tests/scenario/swarm %llu\n",
           swarm_plan_name(draw->plan), draw->host_count, draw->scope_count,
           draw->options.durable ? "with state" : "without state", draw->step_count, result->violation,
           (unsigned long long)draw->seed);
    fflush(stdout);
}

bool swarm_run_steps(uint64_t seed, const bool steps[SWARM_STEPS_MAX], bool report, FILE *log,
                     struct swarm_result *result) {
    static struct swarm_draw draw;
    struct run run = {.draw = &draw};
    swarm_draw(&draw, seed);
    swarm_keep_steps(&draw, steps);
    draw.options.configure = configure;
    draw.options.on_event = on_event;
    draw.options.context = &run;
    draw.options.log = log;
    for (size_t i = 0; i < draw.step_count; i++)
        run.faulted[draw.steps[i].host] |= draw.steps[i].fault != SWARM_ROTATE &&
                                           draw.steps[i].fault != SWARM_HOSTILE &&
                                           draw.steps[i].fault != SWARM_FREEZE && draw.steps[i].fault != SWARM_THAW;
    *result = (struct swarm_result){.healed_ms = -1};
    run.sim = bw_sim_create(seed, draw.host_count, &draw.options);
    if (seed % 8 == 5)
        bw_sim_listen(run.sim);
    begin(&run);
    bw_sim_forbid_overlap(run.sim, draw.plan != SWARM_CHAOS && draw.plan != SWARM_DEAF && draw.plan != SWARM_STARVE,
                          round_ms(&draw) * BW_US_PER_MS);
    suffer(&run);
    if (bw_sim_violation(run.sim) == NULL) {
        mend_all(&run);
        result->healed_ms = progress(&run, progress_limit_ms(&draw));
        if (result->healed_ms < 0)
            bw_sim_fail(run.sim, "no progress after all was mended");
    }
    const char *violation = bw_sim_violation(run.sim);
    result->passed = violation == NULL;
    if (violation != NULL)
        snprintf(result->violation, sizeof result->violation, "%s", violation);
    result->hash = bw_sim_hash(run.sim);
    result->virtual_ms = bw_sim_now_ms(run.sim);
    if (violation != NULL && report)
        tell(&run, result);
    bw_rotation_free(run.rotation);
    bw_attack_free(run.attack);
    bw_sim_destroy(run.sim);
    return result->passed;
}
