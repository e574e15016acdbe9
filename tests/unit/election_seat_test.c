/* Seats: their names, what may be declared, and why a candidate that holds one does not get another. */
#include "tests/unit/election_test.h"

#include <stdio.h>
#include <string.h>

static void set_up(void) {
    world_begin();
}

static void a_name_says_which_seat_it_is(void) {
    size_t size = 99;
    CU_ASSERT_EQUAL(bw_scope_seat("db#0", &size), 0);
    CU_ASSERT_EQUAL(size, 2);
    CU_ASSERT_EQUAL(bw_scope_seat("a#b#15", &size), 15);
    CU_ASSERT_EQUAL(size, 3);
    static const char *const others[] = {"", "db", "db#", "#1", "db#01", "db#16", "db#1a", "db#-1", "db#1 ", "1"};
    for (size_t i = 0; i < BW_COUNT(others); i++)
        CU_ASSERT_EQUAL(bw_scope_seat(others[i], NULL), -1);
}

static void names_are_made_and_read_alike(void) {
    char name[BW_NAME_MAX + 1], longest[BW_NAME_MAX + 1];
    memset(longest, 'x', sizeof longest);
    for (unsigned seat = 0; seat < BW_SEATS_MAX; seat++) {
        bw_scope_seat_name("orders", seat, name);
        CU_ASSERT_EQUAL(bw_scope_seat(name, NULL), (int)seat);
    }
    bw_scope_seat_name("orders", BW_SEATS_MAX, name);
    CU_ASSERT_STRING_EQUAL(name, "");
    bw_scope_seat_name("", 0, name);
    CU_ASSERT_STRING_EQUAL(name, "");
    longest[BW_NAME_MAX - 2] = '\0';
    bw_scope_seat_name(longest, 9, name);
    CU_ASSERT_EQUAL(strlen(name), BW_NAME_MAX);
    bw_scope_seat_name(longest, 10, name);
    CU_ASSERT_STRING_EQUAL(name, "");
}

static int declare(size_t node, const char *scope, uint16_t seats, uint16_t limit) {
    const struct bw_scope_config config = {.name = scope,
                                           .priority = 100,
                                           .min_ack = 1,
                                           .min_confirm = 1,
                                           .preempt_ms = BW_PREEMPT_NEVER,
                                           .seats = seats,
                                           .seat_limit = limit};
    int error = bw_election_scope_add(world.nodes[node].election, &config, world_time(node));
    world_pump(node);
    return error;
}

static void settings_that_make_no_sense_are_refused(void) {
    static const char sixty_two[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    world_add(-1);
    world_start(0);
    world_run(MS(1000));
    size_t count = bw_election_scope_count(world.nodes[0].election);
    CU_ASSERT_EQUAL(declare(0, "db", BW_SEATS_MAX + 1, 0), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(declare(0, "db", 3, 4), BW_ERR_INVALID);   /* more than there are */
    CU_ASSERT_EQUAL(declare(0, "db", 0, 1), BW_ERR_INVALID);   /* of nothing */
    CU_ASSERT_EQUAL(declare(0, "db#1", 0, 0), BW_ERR_INVALID); /* a seat by itself */
    CU_ASSERT_EQUAL(declare(0, "db#1", 2, 0), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(declare(0, sixty_two, 2, 0), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(bw_election_scope_count(world.nodes[0].election), count); /* nothing is left of it */
    CU_ASSERT_EQUAL(declare(0, "db", 3, 3), 0);
    CU_ASSERT_EQUAL(bw_election_scope_count(world.nodes[0].election), count + 3);
    CU_ASSERT_EQUAL(declare(0, "db", 2, 0), BW_ERR_BUSY);
}

/* Either all seats are declared, or none is. */
static void too_many_for_the_record_are_refused_as_a_whole(void) {
    static const char forty[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"; /* 16 of them: more than 512 bytes */
    world_add(-1);
    world_start(0);
    world_run(MS(1000));
    size_t count = bw_election_scope_count(world.nodes[0].election);
    CU_ASSERT_EQUAL(declare(0, forty, BW_SEATS_MAX, 0), BW_ERR_SPACE);
    CU_ASSERT_EQUAL(bw_election_scope_count(world.nodes[0].election), count);
    CU_ASSERT_EQUAL(declare(0, "db", BW_SEATS_MAX, 0), 0);
}

static size_t seat_leader(unsigned seat) {
    char name[BW_NAME_MAX + 1];
    size_t leader = WORLD_NODES;
    bw_scope_seat_name("db", seat, name);
    for (size_t i = 0; i < world.count; i++)
        if (bw_election_may_act(world.nodes[i].election, name, world_time(i))) {
            CU_ASSERT_EQUAL(leader, WORLD_NODES);
            leader = i;
        }
    return leader;
}

static void who_holds_a_seat_ranks_last_for_the_other(void) {
    struct bw_candidate_info info = {.why = BW_WHY_NOT_COUNT};
    for (size_t i = 0; i < 3; i++)
        world_add(-1);
    for (size_t i = 0; i < 3; i++)
        world_start(i);
    world_run(MS(8000));
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(declare(i, "db", 2, 0), 0);
    world_run(MS(30000)); /* the first to declare them may have had both for a while */
    size_t first = seat_leader(0), second = seat_leader(1);
    CU_ASSERT_FATAL(first != second && first != WORLD_NODES && second != WORLD_NODES);
    size_t third = 3 - first - second;
    CU_ASSERT_EQUAL(bw_election_candidate(world.nodes[third].election, "db#1", 2, &info), 0); /* the last of three */
    CU_ASSERT(bw_id_equal(&info.id, &world.nodes[first].id));
    CU_ASSERT_EQUAL(info.why, BW_WHY_NOT_SEATED);
    CU_ASSERT(bw_id_equal(&info.behind, &world.nodes[second].id));
    const char *why = NULL;
    CU_ASSERT_EQUAL(
        bw_election_transfer(world.nodes[second].election, "db#1", &world.nodes[first].id, &why, world_time(second)),
        BW_ERR_INVALID); /* the third has none */
    CU_ASSERT_STRING_EQUAL(why, "it holds another seat, and there are candidates that hold none");
}

/* Where all take one at most and have it, the rest stays vacant, and says why. */
static void a_seat_that_nobody_takes_says_why(void) {
    struct bw_vacancy_info vacancy;
    for (size_t i = 0; i < 2; i++)
        world_add(-1);
    for (size_t i = 0; i < 2; i++)
        world_start(i);
    world_run(MS(8000));
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(declare(i, "db", 3, 1), 0);
    world_run(MS(20000));
    CU_ASSERT(seat_leader(0) != WORLD_NODES && seat_leader(1) != WORLD_NODES && seat_leader(0) != seat_leader(1));
    CU_ASSERT_EQUAL(seat_leader(2), WORLD_NODES);
    CU_ASSERT_EQUAL(bw_election_vacancy(world.nodes[0].election, "db#2", &vacancy, world_time(0)), 0);
    CU_ASSERT_EQUAL(vacancy.reason, BW_VACANCY_SEATED);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_name_says_which_seat_it_is),
    TAP_TEST(names_are_made_and_read_alike),
    TAP_TEST(settings_that_make_no_sense_are_refused),
    TAP_TEST(too_many_for_the_record_are_refused_as_a_whole),
    TAP_TEST(who_holds_a_seat_ranks_last_for_the_other),
    TAP_TEST(a_seat_that_nobody_takes_says_why),
};
const struct tap_suite election_seat_suite = TAP_SUITE_WITH("election/seat", tests, set_up, world_end);
