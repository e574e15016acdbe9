/* The swarm: each seed is a random cluster with random parameters, and a random plan of faults; then all is mended and
 * progress is demanded. What is drawn depends on the seed alone. */
#ifndef BW_TESTS_SWARM_H
#define BW_TESTS_SWARM_H

#include "base/base.h"
#include "base/rng.h"
#include "sim/sim.h"

#define SWARM_HOSTS_MAX 16u
#define SWARM_SCOPES_MAX 4u
#define SWARM_STEPS_MAX 64u

/* What a plan may do decides what is forbidden meanwhile, beside what sim/check.c always forbids. */
enum swarm_plan {
    SWARM_CHAOS,     /* anything */
    SWARM_SLEEP,     /* some processes stop for a while: nobody accuses the others; reigns do not overlap */
    SWARM_DEAF,      /* one member is heard and hears nobody: nobody else's reign ends */
    SWARM_ISOLATE,   /* some are cut off from all at one instant, perhaps over slow links: reigns do not overlap */
    SWARM_PROCESSES, /* crashes, restarts and leaves: reigns do not overlap */
    SWARM_STARVE     /* all run late: nobody is held dead */
};

enum swarm_fault {
    SWARM_CRASH, /* and stays down until a restart */
    SWARM_RESTART,
    SWARM_RESTART_BLANK,
    SWARM_RESTART_TORN,
    SWARM_RESTART_ALL,
    SWARM_PAUSE, /* value: with the whole machine, which receives nothing meanwhile */
    SWARM_CONTINUE,
    SWARM_SLOW,
    SWARM_PARTITION,
    SWARM_CUT_ONE_WAY,
    SWARM_LINK_ON_OFF,
    SWARM_LINK_SLOW,
    SWARM_LOSS,
    SWARM_IN_CUT,
    SWARM_WALL_STEP,
    SWARM_CLOCK_RATE,
    SWARM_DISK_FAILS,
    SWARM_NO_MEMORY,
    SWARM_SILENT,
    SWARM_ISOLATE_LEADER,
    SWARM_LEAVE,
    SWARM_RETURN,
    SWARM_STEPDOWN,
    SWARM_FREEZE,   /* other: the scope */
    SWARM_THAW,     /* the same */
    SWARM_WITHDRAW, /* other: the scope */
    SWARM_DECLARE,  /* the same */
    SWARM_ROTATE,   /* all keys; value: within so many ms */
    SWARM_HOSTILE,  /* packets to all; other: so many a second; value: for so many ms */
    SWARM_MEND      /* value: the fault that ends */
};

struct swarm_step {
    int64_t at_ms; /* since the cluster stood */
    enum swarm_fault fault;
    size_t host;
    size_t other;
    uint64_t value;
};

struct swarm_draw {
    uint64_t seed;
    struct bw_sim_options options;
    enum swarm_plan plan;
    size_t host_count;
    size_t scope_count;
    bool stands[SWARM_SCOPES_MAX][SWARM_HOSTS_MAX];
    uint16_t priorities[SWARM_SCOPES_MAX][SWARM_HOSTS_MAX];
    uint32_t preempt_ms[SWARM_SCOPES_MAX]; /* policies */
    uint16_t seats[SWARM_SCOPES_MAX];      /* 0: one leader */
    enum bw_mode mode;                     /* of all scopes but one */
    size_t quorum_scope;                   /* that one; SWARM_SCOPES_MAX: none */
    size_t voter_count;                    /* the first hosts */
    bool staggered;                        /* start one by one */
    struct swarm_step steps[SWARM_STEPS_MAX];
    size_t step_count;
    int64_t end_ms;
};

void swarm_draw(struct swarm_draw *draw, uint64_t seed);
/* Draws the plan of faults once the cluster is drawn. */
void swarm_draw_steps(struct swarm_draw *draw, struct bw_rng *rng);
const char *swarm_scope_name(size_t scope);
/* Whether nothing was found by such a seed before there were scopes in quorum mode, and scopes that come and go: such a one may have
 * them, and the others go on to mean what they meant. */
bool swarm_has_news(uint64_t seed);

/* What a host declares at its start; then, while it runs: what the node says (BW_ERR_BUSY, BW_ERR_NOT_FOUND: it had, or had not). */
void swarm_configure(const struct swarm_draw *draw, size_t host, struct bw_config *config);
int swarm_declare(struct bw_sim *sim, const struct swarm_draw *draw, size_t scope, size_t host);
int swarm_withdraw(struct bw_sim *sim, const struct swarm_draw *draw, size_t scope, size_t host);
const char *swarm_plan_name(enum swarm_plan plan);

struct swarm_result {
    bool passed;
    uint64_t hash;
    int64_t healed_ms;   /* from mending to progress */
    int64_t virtual_ms;  /* the whole run */
    char violation[256]; /* if it failed */
};

/* Runs one seed. If it fails and report is set, prints the trace's end and the command that repeats it. */
bool swarm_run(uint64_t seed, bool report, FILE *log, struct swarm_result *result);
/* Runs the seed with these of its steps alone; NULL: with all. */
bool swarm_run_steps(uint64_t seed, const bool steps[SWARM_STEPS_MAX], bool report, FILE *log,
                     struct swarm_result *result);

void swarm_keep_steps(struct swarm_draw *draw, const bool steps[SWARM_STEPS_MAX]);

/* Whether it fails in the same way if of these steps one is left out, and what ends it; less: the others. */
bool swarm_fails_without(const struct swarm_draw *draw, const struct swarm_result *failed,
                         const bool steps[SWARM_STEPS_MAX], size_t step, bool less[SWARM_STEPS_MAX]);
/* Which steps a seed that fails needs to fail in the same way: with any fault less it does not. Returns how many. */
size_t swarm_least(uint64_t seed, const struct swarm_result *failed, bool steps[SWARM_STEPS_MAX]);
/* Finds and prints them, with the command that runs them alone. */
void swarm_tell_least(uint64_t seed, const struct swarm_result *failed);
/* "3,7": the steps with these numbers. False: it is no such list. */
bool swarm_read_steps(const char *text, bool steps[SWARM_STEPS_MAX]);

#endif
