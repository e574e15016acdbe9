/* Why each candidate does not lead, and why nobody does. */
#include "tests/unit/election_test.h"

#include <string.h>

static void set_up(void) {
    world_begin();
}

static struct bw_candidate_info candidate(size_t at, size_t about) {
    struct bw_candidate_info info;
    for (size_t i = 0; bw_election_candidate(world.nodes[at].election, SCOPE, i, &info) == 0; i++)
        if (bw_id_equal(&info.id, &world.nodes[about].id))
            return info;
    CU_FAIL("no such candidate");
    return info;
}

static bool says(size_t at, size_t about, enum bw_why_not why, size_t behind) {
    struct bw_candidate_info info = candidate(at, about);
    struct bw_id other = behind < WORLD_NODES ? world.nodes[behind].id : (struct bw_id){{0}};
    return info.why == why && bw_id_equal(&info.behind, &other);
}

static struct bw_vacancy_info vacancy(size_t at) {
    struct bw_vacancy_info info = {.reason = BW_VACANCY_COUNT};
    CU_ASSERT_EQUAL(bw_election_vacancy(world.nodes[at].election, SCOPE, &info, world_time(at)), 0);
    return info;
}

static bool vacant(size_t at, enum bw_vacancy reason, size_t of) {
    struct bw_vacancy_info info = vacancy(at);
    struct bw_id other = of < WORLD_NODES ? world.nodes[of].id : (struct bw_id){{0}};
    return info.reason == reason && bw_id_equal(&info.of_id, &other);
}

static void each_candidate_is_explained(void) {
    world_add(200);
    world_add(100);
    world_add(200);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(5000)), 0);
    world_run(MS(1000));
    for (size_t at = 0; at < 3; at++) {
        CU_ASSERT(says(at, 0, BW_WHY_NOT_LEADS, WORLD_NODES));
        CU_ASSERT(says(at, 1, BW_WHY_NOT_PRIORITY, 0));
        CU_ASSERT(says(at, 2, BW_WHY_NOT_SMALLER_ID, 0));
        CU_ASSERT_EQUAL(vacancy(at).reason, BW_VACANCY_NONE);
    }
    CU_ASSERT_EQUAL(world_priority(1, SCOPE, 900), 0);
    CU_ASSERT_EQUAL(world_ready(2, SCOPE, false, 0), 0);
    world_run(MS(200));
    CU_ASSERT(says(2, 1, BW_WHY_NOT_LED, 0));
    CU_ASSERT(says(0, 2, BW_WHY_NOT_READY, WORLD_NODES));
    CU_ASSERT_EQUAL(world_ready(2, SCOPE, true, 0), 0);
    CU_ASSERT_EQUAL(world_stepdown(2, SCOPE, 60000), 0);
    CU_ASSERT(says(2, 2, BW_WHY_NOT_STEPPED_DOWN, WORLD_NODES));
    world_run(MS(200));
    CU_ASSERT(says(0, 2, BW_WHY_NOT_STEPPED_DOWN, WORLD_NODES)); /* others know it, too */
    world_crash(1, false);
    world_run(MS(7000));
    CU_ASSERT(says(0, 1, BW_WHY_NOT_DEAD, WORLD_NODES));
    const struct bw_election_member left = {.id = world.nodes[2].id, .status = BW_STATUS_LEFT};
    bw_election_member(world.nodes[0].election, &left, world_time(0));
    struct bw_candidate_info info; /* it has no candidacies any more */
    for (size_t i = 0; bw_election_candidate(world.nodes[0].election, SCOPE, i, &info) == 0; i++)
        CU_ASSERT_FALSE(bw_id_equal(&info.id, &world.nodes[2].id));
}

/* In a spread scope the score decides, not the id, and who led last stays. */
static void scores_are_explained(void) {
    for (size_t i = 0; i < 4; i++) {
        world_add(100);
        world.nodes[i].spread = true;
        world_start(i);
    }
    size_t leader = world_until_led(MS(5000));
    CU_ASSERT_FATAL(leader < 4);
    world_run(MS(1000));
    for (size_t at = 0; at < 4; at++)
        for (size_t i = 0; i < 4; i++)
            CU_ASSERT(i == leader || says(at, i, BW_WHY_NOT_SMALLER_SCORE, leader));
    world_crash(leader, true);
    size_t heir = world_until_led(MS(5000));
    CU_ASSERT_FATAL(heir < 4 && heir != leader);
    world_start(leader);
    world_run(MS(5000));
    CU_ASSERT(says(heir, leader, BW_WHY_NOT_INCUMBENT, heir));
}

static void tell_of(size_t at, size_t about, bool unstable, enum bw_status status) {
    uint8_t data[BW_CANDIDACIES_MAX];
    struct bw_election_member member = {
        .id = world.nodes[about].id, .status = status, .unstable = unstable, .candidacies.data = data};
    member.candidacies.size = bw_election_candidacies(world.nodes[about].election, data);
    bw_election_member(world.nodes[at].election, &member, world_time(at));
}

static void the_unstable_and_who_led_last_are_told_apart(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    tell_of(0, 1, true, BW_STATUS_ALIVE);
    CU_ASSERT(says(0, 1, BW_WHY_NOT_UNSTABLE, 0));
    tell_of(0, 1, false, BW_STATUS_LEFT);
    CU_ASSERT(says(0, 1, BW_WHY_NOT_LEFT, WORLD_NODES));
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 2000), 0);
    world_run(MS(4000));
    size_t leader = world_leader();
    CU_ASSERT_FATAL(leader == 1 || leader == 2);
    CU_ASSERT(says(leader, 0, BW_WHY_NOT_INCUMBENT, leader));
}

static void a_vacant_scope_says_what_it_waits_for(void) {
    world_add(100);
    world_add(100);
    world_start(0);
    CU_ASSERT(vacant(0, BW_VACANCY_LISTENING, WORLD_NODES));
    CU_ASSERT_EQUAL(vacancy(0).wait_us, MS(1600));
    world_run(MS(2000));
    CU_ASSERT(vacant(0, BW_VACANCY_ALONE, WORLD_NODES));
    CU_ASSERT_EQUAL(vacancy(0).wait_us, MS(3000));
    world_start(1);
    CU_ASSERT(world_until_led(MS(5000)) < 2);
    world_run(MS(1000));
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(world_ready(i, SCOPE, false, 0), 0);
    world_run(MS(1000));
    CU_ASSERT(vacant(0, BW_VACANCY_NOT_READY, WORLD_NODES) && vacant(1, BW_VACANCY_NOT_READY, WORLD_NODES));
    CU_ASSERT(says(0, 0, BW_WHY_NOT_READY, WORLD_NODES));
    world.nodes[0].disk_fails = true;
    CU_ASSERT_EQUAL(world_ready(0, SCOPE, true, 0), 0);
    CU_ASSERT(says(0, 0, BW_WHY_NOT_YET, WORLD_NODES));
    world_run(MS(100));
    CU_ASSERT(vacant(1, BW_VACANCY_SUCCESSION, 0));
    world_run(MS(900));
    CU_ASSERT(vacant(0, BW_VACANCY_STORAGE, WORLD_NODES) && vacancy(0).wait_us > 0);
    world_leave(0);
    CU_ASSERT(vacant(0, BW_VACANCY_LEAVING, WORLD_NODES));
    struct bw_vacancy_info info;
    CU_ASSERT_EQUAL(bw_election_vacancy(world.nodes[0].election, "nothing", &info, world_time(0)), BW_ERR_NOT_FOUND);
}

static bool drop_claims(size_t from, size_t to, uint8_t type) {
    (void)from;
    (void)to;
    return type != BW_FRAME_claim;
}

static void who_claims_says_so(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world.filter = drop_claims;
    world.no_records = true;
    world_crash(2, false);
    CU_ASSERT_EQUAL(world_stepdown(0, SCOPE, 600000), 0);
    world_run(MS(10));
    CU_ASSERT(vacant(0, BW_VACANCY_NAMED, 1) && vacancy(0).wait_us > MS(1900));
    CU_ASSERT(vacant(1, BW_VACANCY_CLAIMING, WORLD_NODES));
    world_run(MS(1700));
    CU_ASSERT(vacant(1, BW_VACANCY_RETRY, WORLD_NODES) && vacancy(1).wait_us > 0);
}

static void who_is_cut_off_says_so(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world_isolate(2, true);
    world_run(MS(4500));
    CU_ASSERT(vacant(2, BW_VACANCY_UNHEARD, WORLD_NODES) && vacancy(2).wait_us == -1);
}

static void an_observer_waits_for_the_successors(void) {
    world.params.successor_count = 2;
    for (size_t i = 0; i < 3; i++)
        world_add(100);
    world_add(-1);
    for (size_t i = 0; i < 4; i++)
        world_start(i);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(5000)), 0);
    world_run(MS(1000));
    world_pause(1);
    world_pause(2);
    world_crash(0, false);
    world_run(MS(6000));
    CU_ASSERT(vacant(3, BW_VACANCY_NOT_READY, WORLD_NODES)); /* as dead as the leader, to it */
    world_resume(1);
    world_run(MS(150));
    CU_ASSERT(vacant(3, BW_VACANCY_SUCCESSION, 1));
}

static void a_promise_to_another_is_named(void) {
    CU_ASSERT_EQUAL_FATAL(world_lead(3), 0);
    world.no_records = true;
    uint64_t term = world_believes(0).term;
    world_isolate(1, true);
    CU_ASSERT_EQUAL(world_record(2, 1, world.now_us, SCOPE, term + 9, 2, 2, BW_CLAIM_VACANT), 0);
    CU_ASSERT(vacant(1, BW_VACANCY_LEASE, 0));
    CU_ASSERT(vacancy(1).wait_us > MS(1000) && vacancy(1).wait_us <= MS(1603));
}

/* How many at that member; that one of them is the other's setting is looked at. */
static size_t differences(size_t at, size_t of, enum bw_shared_setting setting, uint32_t theirs, uint32_t ours) {
    struct bw_difference_info infos[8];
    size_t count = 0;
    bool found = false;
    CU_ASSERT_EQUAL(bw_election_differences(world.nodes[at].election, SCOPE, infos, 8, &count), 0);
    for (size_t i = 0; i < count && i < 8; i++)
        found = found || (infos[i].setting == setting && infos[i].theirs == theirs && infos[i].ours == ours &&
                          bw_id_equal(&infos[i].id, &world.nodes[of].id));
    CU_ASSERT(found || count == 0);
    return count;
}

static void start_again(size_t node) {
    world_crash(node, true);
    world_run(MS(1000));
    world_start(node);
    world_run(MS(5000));
}

/* The lease is known of the leader alone. */
static void settings_that_differ_are_told_until_they_agree(void) {
    const uint32_t lease_ms = world.params.lease_ms;
    for (size_t i = 0; i < 4; i++)
        world_add(i == 3 ? -1 : 100);
    world_start(0);
    CU_ASSERT_EQUAL_FATAL(world_until_led(MS(10000)), 0);
    world.nodes[1].mode = BW_MODE_BULLY;
    world.params.lease_ms = lease_ms + 500;
    world_start(1);
    world.params.lease_ms = lease_ms;
    CU_ASSERT_EQUAL(differences(1, 0, BW_SHARED_SETTING_LEASE, 0, 0), 0); /* it has heard of nobody yet */
    world.nodes[2].spread = true;
    world_start(2);
    world_start(3);
    world_run(MS(3000));
    CU_ASSERT_EQUAL_FATAL(world_leader(), 0);
    CU_ASSERT_EQUAL(differences(0, 1, BW_SHARED_SETTING_MODE, BW_MODE_BULLY, BW_MODE_PRIORITY), 2);
    CU_ASSERT_EQUAL(differences(0, 2, BW_SHARED_SETTING_SPREAD, 1, 0), 2);
    CU_ASSERT_EQUAL(differences(1, 0, BW_SHARED_SETTING_LEASE, lease_ms, lease_ms + 500), 4);
    CU_ASSERT_EQUAL(differences(1, 0, BW_SHARED_SETTING_MODE, BW_MODE_PRIORITY, BW_MODE_BULLY), 4);
    CU_ASSERT_EQUAL(differences(2, 0, BW_SHARED_SETTING_SPREAD, 0, 1), 3); /* of both others; and of one the mode */
    CU_ASSERT_EQUAL(differences(3, 0, BW_SHARED_SETTING_LEASE, 0, 0), 0);  /* it stands for nothing */
    world.nodes[1].mode = BW_MODE_PRIORITY;
    start_again(1);
    CU_ASSERT_EQUAL(differences(0, 2, BW_SHARED_SETTING_SPREAD, 1, 0), 1);
    CU_ASSERT_EQUAL(differences(1, 2, BW_SHARED_SETTING_SPREAD, 1, 0), 1);
    world_crash(2, true);
    world_run(MS(10000));
    CU_ASSERT_EQUAL(differences(0, 2, BW_SHARED_SETTING_SPREAD, 1, 0), 0); /* of who is dead nothing */
    size_t count = 1;
    CU_ASSERT_EQUAL(bw_election_differences(world.nodes[0].election, "other", NULL, 0, &count), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(count, 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(settings_that_differ_are_told_until_they_agree),
    TAP_TEST(each_candidate_is_explained),
    TAP_TEST(scores_are_explained),
    TAP_TEST(the_unstable_and_who_led_last_are_told_apart),
    TAP_TEST(a_vacant_scope_says_what_it_waits_for),
    TAP_TEST(who_claims_says_so),
    TAP_TEST(who_is_cut_off_says_so),
    TAP_TEST(an_observer_waits_for_the_successors),
    TAP_TEST(a_promise_to_another_is_named),
};
const struct tap_suite election_why_suite = TAP_SUITE_WITH("election/why", tests, set_up, world_end);
