/* Scenario 44: a virtual machine goes back to a snapshot while all others have gone on. Its process, id and session are the same, its
 * counter of datagrams is an old one, and others have seen all those numbers. */
#include "tests/scenario/certified.h"
#include "tests/scenario/story.h"

#include "crypto/state.h"
#include "node/internal.h"

#define COUNT 5u
#define BACK 1u     /* the host that goes back */
#define FAR 100000u /* datagrams of the life that is lost: hours */

struct snapshot {
    uint64_t counter;
    uint64_t further;
};

static int take(struct bw_node *node, struct bw_time now, void *context) {
    struct snapshot *snapshot = context;
    (void)now;
    snapshot->counter = node->channel->counter;
    node->channel->counter += snapshot->further;
    return 0;
}

static int put_back(struct bw_node *node, struct bw_time now, void *context) {
    const struct snapshot *snapshot = context;
    (void)now;
    node->channel->counter = snapshot->counter;
    node->channel->clock = (struct bw_clock){.count = 0};
    return 0;
}

static uint64_t dropped(size_t host, int error) {
    return bw_node_dropped(bw_sim_node(sim, host), error);
}

static uint64_t replays(void) {
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT; i++)
        sum += dropped(i, BW_ERR_DROP_REPLAY);
    return sum;
}

/* Five members, one of which has lived on for a minute, and has sent so much more than this needs. */
static struct snapshot lived_on(uint64_t seed, uint64_t further) {
    struct snapshot snapshot = {.further = further};
    cluster(seed, COUNT);
    bw_sim_call(sim, BACK, "a snapshot", take, &snapshot);
    CHECK(run_ms(60000));
    CHECK(accused_in(0, COUNT) == 0);
    return snapshot;
}

static void goes_on_unnoticed(uint64_t further) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        struct snapshot snapshot = lived_on(seed, further);
        bw_sim_call(sim, BACK, "goes back", put_back, &snapshot);
        CHECK(run_ms(5000));
        uint64_t before = replays();
        CHECK(run_ms(60000));
        CHECK(replays() == before);
        CHECK(events(EVERYBODY, BW_EVENT_MEMBER_DEAD) == 0);
        CHECK(everywhere(BACK, BW_STATUS_ALIVE));
    }
}

static void one_that_goes_back_is_not_even_dead(void) {
    goes_on_unnoticed(FAR);
}

static void nor_is_it_when_all_its_numbers_are_within_the_window(void) {
    goes_on_unnoticed(0);
}

/* Meanwhile it was off, and all others hold it for dead: they only knock now and then, which says nothing of its counter. */
static void comes_back(uint64_t further, bool silent, int64_t off_ms) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        struct snapshot snapshot = lived_on(seed, further);
        bw_sim_call(sim, BACK, "goes back", put_back, &snapshot);
        if (silent)
            bw_sim_host_silent(sim, BACK, true);
        else
            bw_sim_pause(sim, BACK);
        CHECK(wait_everywhere(BACK, BW_STATUS_DEAD, 60000));
        CHECK(run_ms(off_ms));
        if (silent)
            bw_sim_host_silent(sim, BACK, false);
        else
            bw_sim_continue(sim, BACK);
        CHECK(wait_everywhere(BACK, BW_STATUS_ALIVE, 15000));
        CHECK(wait_converged(15000));
        CHECK(further == 0 || rules(BACK, BW_RULE_CATCH_UP_WITH_OURSELVES) > 0);
    }
}

static void one_that_was_off_comes_back(void) {
    comes_back(FAR, false, 20000);
    comes_back(0, false, 20000);
}

static void also_if_the_others_are_dead_to_it(void) {
    comes_back(FAR, true, 20000);
    comes_back(0, true, 20000);
}

static void and_in_identity_mode(void) {
    options.durable = true;
    options.configure = certified;
    goes_on_unnoticed(FAR);
    comes_back(0, true, 20000);
    comes_back(FAR, false, 20000);
    comes_back(FAR, false, 300000);
    comes_back(FAR, true, 300000);
}

/* What it promised in the life that is lost it has forgotten: it gives up what it leads, and neither stands nor votes for a minute. */
static void it_leads_nothing_for_a_minute(void) {
    struct snapshot snapshot = {.further = FAR};
    size_t leader = cluster(1, COUNT);
    CHECK(leader != NOBODY);
    bw_sim_call(sim, leader, "a snapshot", take, &snapshot);
    CHECK(run_ms(10000));
    bw_sim_call(sim, leader, "goes back", put_back, &snapshot);
    CHECK(wait_other_leader(leader, 10000) != NOBODY);
    for (size_t i = 0; i < COUNT; i++)
        if (i != leader)
            bw_sim_crash(sim, i);
    CHECK(run_ms(40000));
    CHECK(!may_act(leader));
    CHECK(run_ms(60000));
    CHECK(may_act(leader));
}

static const struct tap_test tests[] = {
    TAP_TEST(it_leads_nothing_for_a_minute),
    TAP_TEST(one_that_goes_back_is_not_even_dead),
    TAP_TEST(nor_is_it_when_all_its_numbers_are_within_the_window),
    TAP_TEST(one_that_was_off_comes_back),
    TAP_TEST(also_if_the_others_are_dead_to_it),
    TAP_TEST(and_in_identity_mode),
};
static const struct tap_suite suites[] = {TAP_SUITE_WITH("setback", tests, story_set_up, story_tear_down)};

TAP_MAIN(suites)
