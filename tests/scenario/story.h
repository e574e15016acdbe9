/* The words that scenarios are told in. One world at a time; it is made by `world` or `cluster`, and at its end no invariant
 * may have been violated. A check that fails prints seed, trace hash and the last lines of the trace. */
#ifndef BW_TESTS_STORY_H
#define BW_TESTS_STORY_H

#include "base/base.h"
#include "sim/sim.h"
#include "tests/lib/tap.h"

#define SCOPE "default"
#define NOBODY BW_SIM_NONE
#define EVERYBODY BW_SIM_ALL

extern struct bw_sim_options options; /* the next world's; the LAN profile's anew before each test */
extern struct bw_sim *sim;

void story_set_up(void);
void story_tear_down(void);
bool story_check(bool holds, const char *text, const char *file, unsigned line);

/* True if it holds. */
#define CHECK(condition) story_check((condition), #condition, __FILE__, __LINE__)

/* A new world (the old one ends), nobody runs. */
void world(uint64_t seed, size_t count);
/* All start at once and find each other; with a scope there is a leader, which is returned, and everything has been quiet
 * for some seconds. NOBODY if that failed. */
size_t cluster(uint64_t seed, size_t count);

static inline bool run_ms(int64_t ms) {
    return bw_sim_run_ms(sim, ms);
}
static inline int64_t now_ms(void) {
    return bw_sim_now_ms(sim);
}
static inline bool everywhere(size_t subject, enum bw_status status) {
    return bw_sim_status_everywhere(sim, subject, status);
}
static inline bool anywhere(size_t subject, enum bw_status status) {
    return bw_sim_status_count(sim, subject, status) > 0;
}
static inline bool wait_everywhere(size_t subject, enum bw_status status, int64_t limit_ms) {
    return bw_sim_wait_status_everywhere(sim, subject, status, limit_ms);
}
static inline bool wait_converged(int64_t limit_ms) {
    return bw_sim_wait_converged(sim, limit_ms);
}
static inline size_t wait_leader(int64_t limit_ms) {
    return bw_sim_wait_leader_everywhere(sim, SCOPE, limit_ms);
}
static inline size_t wait_other_leader(size_t than, int64_t limit_ms) {
    return bw_sim_wait_other_leader(sim, SCOPE, than, limit_ms);
}
static inline bool may_act(size_t host) {
    return bw_sim_may_act(sim, host, SCOPE);
}
static inline size_t acting_count(void) {
    return bw_sim_acting_count(sim, SCOPE);
}
static inline struct bw_token token_of(size_t host) {
    return bw_sim_token(sim, host, SCOPE);
}
static inline uint64_t events(size_t host, enum bw_event_type type) {
    return bw_sim_event_count(sim, host, type);
}
static inline uint64_t accused(size_t subject) {
    return bw_sim_accused_count(sim, subject);
}
static inline uint64_t rules(size_t host, enum bw_rule rule) {
    return bw_sim_rule_count(sim, host, rule);
}

/* Waits until the group (see bw_sim_split: 0 and 1) has a leader of its own. */
size_t wait_leader_in_group(unsigned group, int64_t limit_ms);
/* Waits until anybody holds the subject for this. */
bool wait_anywhere(size_t subject, enum bw_status status, int64_t limit_ms);
/* Nobody may hold anybody in this range for dead from now on. */
void protect(size_t first, size_t count);
uint64_t accused_in(size_t first, size_t count);
bool token_rises(const struct bw_token *from, const struct bw_token *to);

/* Distributions. */
#define SAMPLE_MAX 1000u
struct sample {
    int64_t values[SAMPLE_MAX];
    size_t count;
};
void sample_add(struct sample *sample, int64_t value);
int64_t sample_percentile(struct sample *sample, unsigned percent); /* sorts */
void sample_note(struct sample *sample, const char *what);          /* prints it, in ms */
/* Seeds that distributions are taken over: few, or BW_SCENARIO_SEEDS. */
uint64_t seed_count(uint64_t usual);

#endif
