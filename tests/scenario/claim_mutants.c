/* Keeps the simulator honest about the claim rules of the availability modes: each rule taken away is noticed, by one of these
 * stories. The list is that of model/claim.pml, under the same names. */
#include "base/base.h"
#include "base/mutant.h"
#include "sim/sim.h"
#include "tests/lib/marks.h"
#include "tests/lib/tap.h"

#include <stdio.h>

#define SCOPE "default"
#define HOSTS 5u
#define SEED_COUNT 8u
#define HOUR_MS INT64_C(3600000)

enum bw_mutant bw_mutant_chosen;

static struct bw_sim_options options;
static struct bw_sim *sim;
static char wrong[256]; /* what a story noticed first */
static size_t expired;  /* leases */
static uint16_t min_view;
static bool ranked; /* priorities fall with the host's number */

static void demand(bool holds, const char *what) {
    const char *violation = sim != NULL ? bw_sim_violation(sim) : NULL;
    if ((!holds || violation != NULL) && wrong[0] == '\0')
        snprintf(wrong, sizeof wrong, "%s", violation != NULL ? violation : what);
}

static void on_event(void *context, size_t host, const struct bw_event *event, int64_t at_us) {
    (void)context;
    (void)host;
    (void)at_us;
    expired += event->type == BW_EVENT_SELF_DEPOSED && event->reason == BW_LOSS_LEASE_EXPIRED;
}

static void configure(void *context, size_t host, struct bw_config *config) {
    static struct bw_scope_config scope; /* copied by the node */
    (void)context;
    if (config->scope_count == 0)
        return;
    scope = config->scopes[0];
    scope.min_view = min_view;
    scope.priority = ranked ? (uint16_t)(1000 - host) : scope.priority;
    config->scopes = &scope;
}

static void on_rule(void *context, size_t host, enum bw_rule rule) {
    (void)context;
    (void)host;
    marks_hit(rule);
}

static void set_up(void) {
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.scope = SCOPE;
    options.durable = true;
    options.seed_count = 3;
    options.configure = configure;
    options.on_rule = on_rule;
    options.on_event = on_event;
    expired = 0;
    min_view = 0;
    ranked = false;
}

static bool acts(size_t host) {
    return bw_sim_may_act(sim, host, SCOPE);
}

static uint64_t claims(size_t host) {
    return bw_sim_rule_count(sim, host, BW_RULE_PERSIST_BEFORE_SPEAKING);
}

/* All run, and one leads. */
static size_t cluster(uint64_t seed) {
    sim = bw_sim_create(seed, HOSTS, &options);
    bw_sim_start_all(sim);
    bw_sim_wait_converged(sim, 20000);
    size_t leader = bw_sim_wait_leader_everywhere(sim, SCOPE, 20000);
    demand(leader != BW_SIM_NONE, "nobody leads");
    bw_sim_run_ms(sim, 3000 + (int64_t)(seed * 137 % 1009));
    return leader != BW_SIM_NONE ? leader : 0;
}

/* In the end one leads, with the largest token that any resource has seen. */
static void ends_well(void) {
    bw_sim_heal(sim);
    for (size_t i = 0; i < HOSTS; i++)
        if (bw_sim_node(sim, i) == NULL)
            (void)bw_sim_start(sim, i);
    bw_sim_wait_converged(sim, 40000);
    bw_sim_run_ms(sim, 10000);
    size_t leader = bw_sim_leader_everywhere(sim, SCOPE);
    demand(leader != BW_SIM_NONE && bw_sim_acting_count(sim, SCOPE) == 1, "there is not one leader in the end");
    if (leader == BW_SIM_NONE)
        return;
    struct bw_token token = bw_sim_token(sim, leader, SCOPE);
    struct bw_token guard = bw_sim_guard_token(sim, SCOPE);
    demand(bw_token_compare(&token, &guard) == 0, "a resource has seen a larger token than the last leader's");
}

/* ------------------------------------------------------------------ stories */

static void the_leader_dies(uint64_t seed) {
    options.forbid_overlap = true;
    ranked = true;
    size_t leader = cluster(seed);
    demand(leader == 0, "not the best candidate leads");
    uint64_t before = claims(BW_SIM_ALL);
    bw_sim_host_silent(sim, leader, true);
    bw_sim_crash(sim, leader);
    demand(bw_sim_wait_other_leader(sim, SCOPE, leader, 6000) == 1, "not the best candidate follows");
    demand(claims(BW_SIM_ALL) == before + 1, "one claim is not enough");
    bw_sim_host_silent(sim, leader, false);
    ends_well();
}

static void the_leader_hands_over(uint64_t seed) {
    options.forbid_overlap = true;
    size_t leader = cluster(seed);
    (void)bw_sim_transfer(sim, leader, SCOPE, (leader + 1) % HOSTS);
    bw_sim_run_ms(sim, 3000);
    ends_well();
}

/* It is heard, hears nobody, and its terms are an hour ahead. */
static void one_is_deaf(uint64_t seed) {
    size_t leader = cluster(seed);
    size_t deaf = (leader + 1) % HOSTS;
    uint64_t before = claims(deaf);
    bw_sim_wall_step(sim, deaf, HOUR_MS);
    bw_sim_in(sim, deaf)->cut = true;
    bw_sim_run_ms(sim, 120000);
    demand(bw_sim_event_count(sim, leader, BW_EVENT_SELF_DEPOSED) == 0, "a deaf member deposes the leader");
    demand(claims(deaf) == before + 1, "a deaf member's terms run ahead");
    struct bw_token guard = bw_sim_guard_token(sim, SCOPE);
    bw_sim_crash(sim, deaf);
    bw_sim_crash(sim, leader);
    size_t next = bw_sim_wait_other_leader(sim, SCOPE, leader, 10000);
    struct bw_token token = next != BW_SIM_NONE ? bw_sim_token(sim, next, SCOPE) : (struct bw_token){0};
    demand(bw_token_compare(&token, &guard) > 0, "the next claim is not above what was heard of");
    bw_sim_in(sim, deaf)->cut = false;
    ends_well();
}

/* Named as the successor when it hears nobody any more; and it may not lead alone. */
static void the_named_one_is_deaf(uint64_t seed) {
    min_view = 2;
    size_t leader = cluster(seed);
    size_t to = (leader + 1) % HOSTS;
    uint64_t before = claims(to);
    (void)bw_sim_transfer(sim, leader, SCOPE, to);
    for (int i = 0; i < 1000 && claims(to) == before; i++)
        bw_sim_run_us(sim, 100);
    bw_sim_in(sim, to)->cut = true;
    bw_sim_run_ms(sim, 60000);
    demand(claims(to) <= before + 1, "a deaf member's terms run ahead");
    ends_well();
}

/* The same, but for a while only; meanwhile another one leads. Its claim is the larger one at every second seed. */
static void the_named_one_comes_back(uint64_t seed) {
    static const unsigned whole[HOSTS] = {0};
    unsigned groups[HOSTS] = {0};
    min_view = 2;
    options.params.lease_ms = 3000;
    options.write_us = 5000;
    size_t leader = cluster(seed);
    size_t to = (leader + 1) % HOSTS;
    bw_sim_wall_step(sim, to, seed % 2 == 0 ? HOUR_MS : 0);
    groups[to] = 1;
    bw_sim_forbid_overlap(sim, true, 0);
    (void)bw_sim_transfer(sim, leader, SCOPE, to);
    bw_sim_run_us(sim, 3000);
    bw_sim_partition(sim, groups);
    bw_sim_run_ms(sim, 2500);
    demand(bw_sim_acting_count(sim, SCOPE) == 1 && !acts(to), "nobody leads in place of the named one");
    uint64_t deposed = bw_sim_event_count(sim, BW_SIM_ALL, BW_EVENT_SELF_DEPOSED);
    bw_sim_partition(sim, whole);
    bw_sim_run_ms(sim, 5000);
    bool same = bw_sim_event_count(sim, BW_SIM_ALL, BW_EVENT_SELF_DEPOSED) == deposed;
    demand(same || seed % 2 == 0, "a smaller claim deposes the leader");
    bw_sim_forbid_overlap(sim, false, 0);
    ends_well();
}

/* The smaller side's terms are ahead, and its leader is gone when the sides meet: only an observer knows of it. */
static void the_larger_token_is_dead(uint64_t seed) {
    options.candidate_count = HOSTS - 1;
    size_t ahead = HOSTS - 2;
    size_t leader = cluster(seed);
    if (leader == ahead)
        (void)bw_sim_transfer(sim, leader, SCOPE, 0);
    bw_sim_run_ms(sim, 3000);
    bw_sim_wall_step(sim, ahead, HOUR_MS);
    bw_sim_split(sim, ahead);
    bw_sim_run_ms(sim, 15000);
    demand(acts(ahead), "nobody leads on the smaller side");
    bw_sim_host_silent(sim, ahead, true);
    bw_sim_crash(sim, ahead);
    bw_sim_heal(sim);
    bw_sim_run_ms(sim, 20000);
    demand(expired == 0, "who met a larger token goes on leading until nobody acknowledges it");
    bw_sim_host_silent(sim, ahead, false);
    ends_well();
}

/* It led alone with a larger token, and comes back after a restart: only its disk knows. */
static void only_a_disk_remembers(uint64_t seed) {
    size_t leader = cluster(seed);
    size_t ahead = (leader + 1) % HOSTS;
    unsigned groups[HOSTS] = {0};
    groups[ahead] = 1;
    bw_sim_wall_step(sim, ahead, HOUR_MS);
    bw_sim_partition(sim, groups);
    bw_sim_run_ms(sim, 40000);
    demand(acts(ahead), "who is alone does not lead");
    bw_sim_crash(sim, ahead);
    bw_sim_wall_step(sim, ahead, -HOUR_MS);
    bw_sim_heal(sim);
    bw_sim_run_ms(sim, 3000);
    ends_well();
}

/* 0 hands over to 1, and 2 hears of that, but not of 1's claim: it is cut off. Then 0 and 1 are cut off at one moment, and 3, whose
 * word is all that 1's lease rests on, is started anew: it and 2 know nothing of that lease. */
static void a_supporter_restarts(uint64_t seed) {
    static const unsigned two_away[HOSTS] = {0, 0, 1, 0, 2};
    static const unsigned one_away[HOSTS] = {2, 1, 0, 0, 2};
    options.candidate_count = 3;
    options.write_us = 5000;
    ranked = true;
    size_t leader = cluster(seed);
    demand(leader == 0, "not the best candidate leads");
    bw_sim_forbid_overlap(sim, true, 0);
    (void)bw_sim_transfer(sim, 0, SCOPE, 1);
    bw_sim_run_us(sim, 3000);
    bw_sim_partition(sim, two_away);
    bw_sim_run_ms(sim, 2100);
    demand(acts(1), "who is named does not lead");
    bw_sim_partition(sim, one_away);
    (void)bw_sim_restart(sim, 3);
    bw_sim_run_ms(sim, 3000);
    bw_sim_forbid_overlap(sim, false, 0);
    ends_well();
}

/* The only candidate is started anew: until it leads again nobody does, and all know. */
static void the_leader_restarts(uint64_t seed) {
    options.candidate_count = 1;
    size_t leader = cluster(seed);
    (void)bw_sim_restart(sim, leader);
    bw_sim_run_ms(sim, 1200);
    demand(!acts(leader), "it leads before it has listened");
    for (size_t i = 1; i < HOSTS; i++)
        demand(bw_sim_leader_of(sim, i, SCOPE) == BW_SIM_NONE, "who does not lead any more is taken for the leader");
    ends_well();
}

/* The leader's clock was ahead, or all disks are lost. */
static void terms_go_on(uint64_t seed) {
    size_t leader = cluster(seed);
    bw_sim_wall_step(sim, leader, HOUR_MS);
    (void)bw_sim_stepdown(sim, leader, SCOPE, 1000);
    bw_sim_run_ms(sim, 5000);
    if (seed % 2 == 0)
        for (size_t i = 0; i < HOSTS; i++)
            (void)bw_sim_restart_blank(sim, i);
    bw_sim_run_ms(sim, 20000);
    ends_well();
}

/* ------------------------------------------------------------------ telling them */

typedef void (*story)(uint64_t seed);

/* True if nothing wrong was noticed; else that stands in `wrong`. */
static bool passes(story tell, uint64_t seed, enum bw_mutant mutant) {
    wrong[0] = '\0';
    set_up();
    bw_mutant_chosen = mutant;
    tell(seed);
    bw_mutant_chosen = BW_MUTANT_NONE;
    demand(true, "");
    bw_sim_destroy(sim);
    sim = NULL;
    return wrong[0] == '\0';
}

/* The seed that caught it last is tried first. */
static bool catches(enum bw_mutant mutant, const char *name, story tell, uint64_t last) {
    for (uint64_t i = 0; i <= SEED_COUNT; i++) {
        uint64_t seed = i == 0 ? last : i;
        if (passes(tell, seed, mutant))
            continue;
        tap_note("%s: seed %llu: %s", name, (unsigned long long)seed, wrong);
        return passes(tell, seed, BW_MUTANT_NONE); /* as it is, it passes */
    }
    tap_note("%s: not caught", name);
    return false;
}

#define CAUGHT(test, name, tell, seed)                           \
    static void test(void) {                                     \
        CU_ASSERT(catches(BW_MUTANT_##name, #name, tell, seed)); \
    }
CAUGHT(no_evidence_is_caught, EVIDENCE_RULE_OFF, one_is_deaf, 1)
CAUGHT(a_forgotten_quarantine_is_caught, QUARANTINE_FORGOTTEN, one_is_deaf, 4)
CAUGHT(a_confirmation_below_a_quarantined_term_is_caught, CONFIRMS_BELOW_QUARANTINE, one_is_deaf, 4)
CAUGHT(no_claim_above_a_larger_token_is_caught, NO_CLAIM_ABOVE, the_larger_token_is_dead, 1)
CAUGHT(a_larger_token_that_is_not_told_is_caught, LARGER_NOT_TOLD, only_a_disk_remembers, 1)
CAUGHT(no_listening_is_caught, NO_LISTENING, a_supporter_restarts, 1)
CAUGHT(no_vacant_record_is_caught, NO_VACANT_RECORD, the_leader_restarts, 1)
CAUGHT(a_term_that_is_not_durable_is_caught, TERM_NOT_DURABLE, the_leader_hands_over, 1)
CAUGHT(a_term_below_the_largest_seen_is_caught, TERM_NOT_ABOVE_SEEN, one_is_deaf, 1)
CAUGHT(an_ignored_wall_clock_is_caught, WALL_CLOCK_IGNORED, terms_go_on, 2)
CAUGHT(a_lower_term_that_deposes_is_caught, LOWER_TERM_DEPOSES, the_named_one_comes_back, 1)
CAUGHT(claiming_again_when_alone_is_caught, ALONE_CLAIMS_AGAIN, one_is_deaf, 1)
CAUGHT(claiming_unheard_is_caught, CLAIMS_UNHEARD, one_is_deaf, 1)
CAUGHT(claiming_at_once_for_ever_is_caught, AT_ONCE_FOR_EVER, the_named_one_is_deaf, 1)
CAUGHT(resigning_before_the_stop_is_caught, RESIGNS_BEFORE_STOPPING, the_leader_hands_over, 1)
CAUGHT(an_objection_by_anybody_is_caught, ANYBODY_OBJECTS, the_leader_dies, 1)
CAUGHT(an_ignored_living_leader_is_caught, LIVE_LEADER_IGNORED, the_named_one_comes_back, 4)

static void with_all_rules_the_stories_pass(void) {
    static const story stories[] = {the_leader_dies,
                                    the_leader_hands_over,
                                    one_is_deaf,
                                    the_named_one_is_deaf,
                                    the_named_one_comes_back,
                                    the_larger_token_is_dead,
                                    only_a_disk_remembers,
                                    a_supporter_restarts,
                                    the_leader_restarts,
                                    terms_go_on};
    for (size_t i = 0; i < BW_COUNT(stories); i++)
        for (uint64_t seed = 1; seed <= SEED_COUNT; seed++)
            if (!passes(stories[i], seed, BW_MUTANT_NONE)) {
                tap_note("story %zu, seed %llu: %s", i, (unsigned long long)seed, wrong);
                CU_FAIL("a story does not pass");
            }
}

static const struct tap_test mutant_tests[] = {
    TAP_TEST(with_all_rules_the_stories_pass),
    TAP_TEST(no_evidence_is_caught),
    TAP_TEST(a_forgotten_quarantine_is_caught),
    TAP_TEST(a_confirmation_below_a_quarantined_term_is_caught),
    TAP_TEST(no_claim_above_a_larger_token_is_caught),
    TAP_TEST(a_larger_token_that_is_not_told_is_caught),
    TAP_TEST(no_listening_is_caught),
    TAP_TEST(no_vacant_record_is_caught),
    TAP_TEST(a_term_that_is_not_durable_is_caught),
    TAP_TEST(a_term_below_the_largest_seen_is_caught),
    TAP_TEST(an_ignored_wall_clock_is_caught),
    TAP_TEST(a_lower_term_that_deposes_is_caught),
    TAP_TEST(claiming_again_when_alone_is_caught),
    TAP_TEST(claiming_unheard_is_caught),
    TAP_TEST(claiming_at_once_for_ever_is_caught),
    TAP_TEST(resigning_before_the_stop_is_caught),
    TAP_TEST(an_objection_by_anybody_is_caught),
    TAP_TEST(an_ignored_living_leader_is_caught),
};
static const struct tap_suite suites[] = {TAP_SUITE("claim mutants", mutant_tests)};

TAP_MAIN(suites)
