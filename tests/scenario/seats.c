/* Scenarios of scopes with seats: as many leaders as the scope has seats, each on a member of its own as long as there are enough,
 * and none moves without need. */
#include "tests/scenario/story.h"

#include <stdio.h>

#define SEATS 3u
#define HOSTS_MAX 12u

static uint16_t limit; /* seats that a member takes at most */
static size_t best;    /* has priority 500, all others 100; NOBODY: none */
static uint32_t preempt_ms;
static enum bw_mode mode;
static size_t voters;
static size_t standing; /* the first so many stand for it */

static void with_seats(void *context, size_t host, struct bw_config *config) {
    static struct bw_scope_config scope;
    static const char *names[BW_VOTERS_MAX];
    (void)context;
    bw_scope_config_init(&scope, "s");
    scope.seats = SEATS;
    scope.seat_limit = limit;
    scope.preempt_ms = preempt_ms;
    scope.mode = mode;
    scope.priority = host == best ? 500 : 100;
    if (voters > 0)
        bw_sim_voters(sim, host, &scope, names);
    config->scopes = &scope;
    config->scope_count = host < standing;
}

static void prepare(void) {
    limit = 0;
    best = NOBODY;
    preempt_ms = BW_PREEMPT_NEVER;
    mode = BW_MODE_PRIORITY;
    voters = 0;
    standing = HOSTS_MAX;
    options.configure = with_seats;
    options.forbid_overlap = true;
    options.scope = NULL;
}

static const char *seat_name(unsigned seat) {
    static char name[BW_NAME_MAX + 1];
    bw_scope_seat_name("s", seat, name);
    return name;
}

static size_t holder(unsigned seat) {
    return bw_sim_leader_everywhere(sim, seat_name(seat));
}

/* How many seats all hold to be led by this host. */
static size_t held_by(size_t host) {
    size_t count = 0;
    for (unsigned seat = 0; seat < SEATS; seat++)
        count += holder(seat) == host;
    return count;
}

/* Seats that have a leader whom all know, and the most that one member has. */
static size_t led(size_t *most) {
    size_t count = 0;
    *most = 0;
    for (unsigned seat = 0; seat < SEATS; seat++) {
        size_t host = holder(seat);
        size_t held = host != NOBODY ? held_by(host) : 0;
        count += host != NOBODY;
        *most = held > *most ? held : *most;
    }
    return count;
}

/* Until so many seats are led, and nobody has more than one. The time it took, ms; -1: not in time. */
static int64_t wait_one_each(size_t count, int64_t limit_ms) {
    int64_t from_ms = now_ms();
    size_t most;
    while (led(&most) < count || most > 1)
        if (now_ms() - from_ms > limit_ms || !run_ms(10))
            return -1;
    return now_ms() - from_ms;
}

/* All start at once: k seats, one to each, and nobody is elected but for that. */
static void equal_members_take_one_seat_each(void) {
    for (size_t hosts = SEATS; hosts <= 7; hosts += 2)
        for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
            prepare();
            world(seed, hosts);
            bw_sim_start_all(sim);
            CHECK(wait_one_each(SEATS, 8000) >= 0);
            run_ms(30000);
            CHECK(wait_one_each(SEATS, 0) >= 0);
            CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == SEATS); /* no claim was in vain, nothing moved */
        }
}

/* The same where each asks those before it. */
static void so_they_do_in_bully_mode(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        prepare();
        mode = BW_MODE_BULLY;
        preempt_ms = 0;
        world(seed, 5);
        bw_sim_start_all(sim);
        CHECK(wait_one_each(SEATS, 8000) >= 0);
        run_ms(20000);
        CHECK(wait_one_each(SEATS, 0) >= 0);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= SEATS + 1);
    }
}

static void and_in_quorum_mode(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        prepare();
        options.durable = true;
        options.voter_count = voters = 5;
        options.candidate_count = 5;
        world(seed, 5);
        bw_sim_start_all(sim);
        CHECK(wait_one_each(SEATS, 15000) >= 0);
        run_ms(20000);
        CHECK(wait_one_each(SEATS, 0) >= 0);
        bw_sim_crash(sim, holder(1));
        run_ms(1);
        CHECK(wait_one_each(SEATS, 15000) >= 0);
    }
}

/* The best member is no more than the best for one seat. */
static void the_best_takes_one_seat(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        prepare();
        best = 0;
        world(seed, 5);
        bw_sim_start_all(sim);
        CHECK(wait_one_each(SEATS, 8000) >= 0);
        CHECK(held_by(0) == 1);
        run_ms(20000);
        CHECK(events(0, BW_EVENT_SELF_ELECTED) == 1);
    }
}

/* Scenario 47: two of three holders die at one instant. Their seats go to members without one; the third's stays. */
static void two_holders_die(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        prepare();
        world(seed, 6);
        bw_sim_start_all(sim);
        CHECK(wait_one_each(SEATS, 8000) >= 0);
        run_ms(5000);
        size_t first = holder(0), second = holder(2), third = holder(1);
        struct bw_token before = bw_sim_token(sim, third, seat_name(1));
        bw_sim_crash(sim, first);
        bw_sim_crash(sim, second);
        run_ms(1);
        CHECK(wait_one_each(SEATS, 3000) >= 0);
        CHECK(holder(0) != first && holder(2) != second && holder(1) == third);
        run_ms(10000);
        struct bw_token after = bw_sim_token(sim, third, seat_name(1));
        CHECK(bw_token_compare(&before, &after) == 0);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == SEATS + 2);
    }
}

/* The last one holds all; who comes gets a second seat, one after the other, whatever the policy of preemption. */
static void a_lone_member_holds_all_and_gives_away(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        prepare();
        world(seed, 5);
        bw_sim_start(sim, 0);
        run_ms(15000);
        CHECK(held_by(0) == SEATS);
        for (size_t host = 1; host < 5; host++)
            bw_sim_start(sim, host);
        run_ms(8000);
        CHECK(held_by(0) == SEATS); /* not before they are known to stay */
        CHECK(wait_one_each(SEATS, 20000) >= 0);
        CHECK(held_by(0) == 1);
        run_ms(60000);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == SEATS + 2); /* none comes back, none goes on */
        CHECK(rules(0, BW_RULE_SECOND_SEAT_IS_OWED) == 2);
    }
}

/* Who comes and goes gets nothing soon, and takes nothing with it when it goes. */
static void who_flaps_moves_seats_seldom(void) {
    prepare();
    options.durable = true; /* so others know it again */
    world(1, 3);
    bw_sim_start(sim, 0);
    bw_sim_start(sim, 1);
    run_ms(20000);
    uint64_t before = events(EVERYBODY, BW_EVENT_SELF_ELECTED);
    for (int i = 0; i < 60; i++) { /* ten minutes */
        bw_sim_start(sim, 2);
        run_ms(5000);
        bw_sim_crash(sim, 2);
        run_ms(5000);
    }
    CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) <= before + 10);
    CHECK(wait_one_each(SEATS, 0) < 0);
    CHECK(held_by(0) + held_by(1) == SEATS);
}

/* A member that takes one at most leaves the others vacant. */
static void who_takes_one_leaves_the_rest(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        size_t most;
        prepare();
        limit = 1;
        world(seed, 4);
        bw_sim_start(sim, 0);
        bw_sim_start(sim, 1);
        run_ms(20000);
        CHECK(led(&most) == 2 && most == 1);
        bw_sim_start(sim, 2);
        bw_sim_start(sim, 3);
        CHECK(wait_one_each(SEATS, 15000) >= 0);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == SEATS);
    }
}

/* A better member asks the least of the holders, and whoever lost its seat asks nobody. */
static void a_better_one_preempts_one_holder(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        prepare();
        best = 3;
        preempt_ms = 5000;
        world(seed, 4);
        for (size_t host = 0; host < 3; host++)
            bw_sim_start(sim, host);
        CHECK(wait_one_each(SEATS, 15000) >= 0);
        run_ms(10000);
        bw_sim_start(sim, 3);
        run_ms(20000);
        CHECK(wait_one_each(SEATS, 0) >= 0 && held_by(3) == 1);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == SEATS + 1);
    }
}

/* A cut: each side leads all seats that it can; healed, each has one leader, and each member one seat. */
static void a_cut_and_its_healing(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        prepare();
        options.forbid_overlap = false;
        world(seed, 8);
        bw_sim_start_all(sim);
        CHECK(wait_one_each(SEATS, 8000) >= 0);
        bw_sim_split(sim, 4);
        run_ms(60000);
        for (unsigned seat = 0; seat < SEATS; seat++)
            CHECK(bw_sim_acting_count(sim, seat_name(seat)) == 2);
        bw_sim_heal(sim);
        CHECK(wait_converged(120000));
        CHECK(wait_one_each(SEATS, 20000) >= 0);
    }
}

static void leaving_and_stepping_down(void) {
    prepare();
    world(1, 4);
    bw_sim_start_all(sim);
    CHECK(wait_one_each(SEATS, 8000) >= 0);
    run_ms(3000);
    size_t host = holder(0), heir;
    CHECK(bw_sim_stepdown(sim, host, "s", 600000) == 0); /* by the scope's name: all of its seats */
    run_ms(200);
    heir = holder(0);
    CHECK(heir != host && held_by(heir) == 1 && held_by(host) == 0);
    CHECK(bw_sim_transfer(sim, heir, "s", holder(1)) == BW_ERR_INVALID || held_by(holder(1)) == 1);
    size_t leaver = holder(1);
    bw_sim_leave(sim, leaver);
    CHECK(bw_sim_wait_left(sim, leaver, 1000));
    bw_sim_crash(sim, leaver);
    run_ms(3000);
    size_t most;
    CHECK(led(&most) == SEATS && most == 2); /* two are left that stand */
}

/* Who holds two seats and leaves names another heir for each. */
static void who_leaves_two_seats_names_two_heirs(void) {
    for (uint64_t seed = 1; seed <= seed_count(5); seed++) {
        prepare();
        world(seed, 3);
        bw_sim_start(sim, 0);
        run_ms(15000);
        CHECK(held_by(0) == SEATS);
        for (size_t host = 1; host < 3; host++)
            bw_sim_start(sim, host);
        run_ms(8000);
        CHECK(held_by(0) == SEATS);
        bw_sim_leave(sim, 0);
        CHECK(bw_sim_wait_left(sim, 0, 1000));
        bw_sim_crash(sim, 0);
        run_ms(3000);
        size_t most;
        CHECK(led(&most) == SEATS && most == 2);
        CHECK(events(1, BW_EVENT_SELF_ELECTED) + events(2, BW_EVENT_SELF_ELECTED) == SEATS); /* none moved on */
    }
}

/* A holder that reaches less than half hands over to nobody who would not take its seat: that would be nobody's, again and again. */
static void full_holders_are_no_heirs(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        prepare();
        limit = 1;
        standing = SEATS;
        world(seed, 9);
        bw_sim_start_all(sim);
        CHECK(wait_one_each(SEATS, 15000) >= 0);
        run_ms(5000);
        for (size_t host = SEATS; host < 9; host++)
            bw_sim_cut(sim, 0, host);
        run_ms(60000);
        CHECK(rules(0, BW_RULE_BELOW_HALF_RANKS_LAST) > 0);
        CHECK(events(EVERYBODY, BW_EVENT_SELF_ELECTED) == SEATS);
        if (!CHECK(wait_one_each(SEATS, 0) >= 0))
            return;
        unsigned giver = holder(0) == 0 ? 1 : 0;
        CHECK(bw_sim_transfer(sim, holder(giver), seat_name(giver), holder(2)) == BW_ERR_INVALID);
    }
}

static const struct tap_test seat_tests[] = {
    TAP_TEST(equal_members_take_one_seat_each),
    TAP_TEST(so_they_do_in_bully_mode),
    TAP_TEST(and_in_quorum_mode),
    TAP_TEST(the_best_takes_one_seat),
    TAP_TEST(two_holders_die),
    TAP_TEST(a_lone_member_holds_all_and_gives_away),
    TAP_TEST(who_flaps_moves_seats_seldom),
    TAP_TEST(who_takes_one_leaves_the_rest),
    TAP_TEST(a_better_one_preempts_one_holder),
    TAP_TEST(a_cut_and_its_healing),
    TAP_TEST(leaving_and_stepping_down),
    TAP_TEST(who_leaves_two_seats_names_two_heirs),
    TAP_TEST(full_holders_are_no_heirs),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("seats", seat_tests, story_set_up, story_tear_down),
};

TAP_MAIN(suites)
