/* Scenarios of what operators do to running members, and ask of them: tags, forgetting the dead, who hears whom. */
#include "tests/scenario/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void members_only(void) {
    story_set_up();
    options.scope = NULL;
}

/* -- tags -- */

#define HOSTS 100u

static unsigned newest[HOSTS];      /* what each has set last */
static unsigned seen[HOSTS][HOSTS]; /* by whom, of whom: the newest so far */
static const char *const outdated = "an outdated record came back";

static int set_version(struct bw_node *node, struct bw_time now, void *context) {
    char text[16];
    struct bw_tag tag = {"version", text};
    snprintf(text, sizeof text, "%u", *(unsigned *)context);
    return bw_node_set_tags(node, &tag, 1, now);
}

static void change(size_t host) {
    newest[host]++;
    CHECK(bw_sim_call(sim, host, "changes its tags", set_version, &newest[host]) == 0);
}

/* 0: none. */
static unsigned version(const struct bw_member_info *member) {
    struct bw_bytes name, value;
    size_t at = 0;
    char text[16] = "";
    if (!bw_tag_next(member->tags, &at, &name, &value) || value.size >= sizeof text)
        return 0;
    memcpy(text, value.data, value.size);
    return (unsigned)strtoul(text, NULL, 10);
}

/* Each view's versions never fall; true if all are the newest. */
static bool look(size_t count) {
    bool all = true;
    struct bw_member_info member;
    for (size_t at = 0; at < count; at++) {
        for (size_t i = 0; bw_node_member(bw_sim_node(sim, at), i, &member) == 0; i++) {
            size_t of = (size_t)strtoul(member.name + 1, NULL, 10);
            unsigned found = version(&member);
            if (found < seen[at][of])
                bw_sim_fail(sim, outdated);
            seen[at][of] = found;
            all = all && found == newest[of];
        }
    }
    return all;
}

static void forget_versions(void) {
    memset(newest, 0, sizeof newest);
    memset(seen, 0, sizeof seen);
}

static bool wait_newest(size_t count, int64_t limit_ms) {
    for (int64_t end_ms = now_ms() + limit_ms; now_ms() < end_ms;) {
        if (look(count))
            return true;
        run_ms(20);
    }
    return false;
}

/* 19: in both halves of a partition, and some of them while they are held for dead. */
static void tags_that_race_in_partitions_converge(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        forget_versions();
        cluster(seed, 12);
        bw_sim_split(sim, 5);
        for (int step = 0; step < 60; step++) {
            change((size_t)(step * 7) % 12);
            run_ms(step < 30 ? 37 : 1000);
            look(12);
        }
        bw_sim_heal(sim);
        for (size_t host = 0; host < 12; host++)
            change(host);
        CHECK(wait_newest(12, 60000));
        CHECK(wait_converged(10000));
        run_ms(30000);
        CHECK(look(12));
    }
}

/* 19 */
static void a_hundred_that_change_tags_at_once_converge(void) {
    struct sample sample = {.count = 0};
    forget_versions();
    cluster(1, HOSTS);
    for (size_t host = 0; host < HOSTS; host++)
        change(host);
    int64_t from_ms = now_ms();
    CHECK(wait_newest(HOSTS, 15000));
    sample_add(&sample, now_ms() - from_ms);
    sample_note(&sample, "100 new records known everywhere");
    CHECK(wait_converged(10000));
    CHECK(accused_in(0, HOSTS) == 0);
}

/* 19: with loss, duplicates and datagrams that overtake each other. */
static void tags_that_change_all_the_time_never_go_back(void) {
    forget_versions();
    options.duplicate_ppm = 100000;
    options.reorder_ppm = 300000;
    options.reorder_us = 300000;
    cluster(4, 8);
    bw_sim_loss(sim, 200000);
    for (int step = 0; step < 300; step++) {
        change((size_t)step % 8);
        run_ms(30);
        look(8);
    }
    CHECK(wait_newest(8, 30000));
}

/* -- forget -- */

static int forget_host(struct bw_node *node, struct bw_time now, void *context) {
    return bw_node_forget(node, context, now);
}

static int forget(size_t at, struct bw_id id) {
    return bw_sim_call(sim, at, "forgets a member", forget_host, &id);
}

static struct bw_id id_of(size_t host) {
    return bw_node_id(bw_sim_node(sim, host));
}

static void a_dead_member_is_forgotten_everywhere_and_for_good(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 20);
        struct bw_id id = id_of(7);
        bw_sim_crash(sim, 7);
        CHECK(wait_everywhere(7, BW_STATUS_DEAD, 30000));
        CHECK(forget(3, id) == 0);
        CHECK(wait_everywhere(7, BW_STATUS_LEFT, 3000));
        run_ms(120000);
        CHECK(everywhere(7, BW_STATUS_LEFT));
        CHECK(bw_sim_converged(sim));
    }
}

/* Forgotten on one side of a partition while the other side holds it for dead: the table that is newer wins. */
static void forgetting_survives_a_partition(void) {
    cluster(2, 10);
    struct bw_id id = id_of(9);
    bw_sim_crash(sim, 9);
    CHECK(wait_everywhere(9, BW_STATUS_DEAD, 30000));
    bw_sim_split(sim, 5);
    run_ms(60000);
    CHECK(forget(0, id) == 0);
    run_ms(10000);
    CHECK(bw_sim_status_at(sim, 8, 9) == BW_STATUS_DEAD);
    bw_sim_heal(sim);
    CHECK(wait_everywhere(9, BW_STATUS_LEFT, 60000));
    CHECK(wait_converged(30000));
}

/* The other side of a partition was declared gone: it lives, and comes back by itself. */
static void the_living_who_were_forgotten_come_back(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 8);
        bw_sim_split(sim, 4);
        run_ms(60000);
        for (size_t host = 4; host < 8; host++)
            CHECK(forget(1, id_of(host)) == 0);
        run_ms(10000);
        CHECK(bw_sim_status_at(sim, 0, 6) == BW_STATUS_LEFT);
        bw_sim_heal(sim);
        CHECK(wait_converged(90000));
        CHECK(bw_sim_alive_count(sim, 0) == 8);
    }
}

/* A leader cut off still has its lease: whoever forgets it cuts nothing short. */
static void a_forgotten_leader_is_succeeded_as_a_dead_one(void) {
    story_set_up();
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        options.forbid_overlap = true;
        size_t leader = cluster(seed, 5);
        struct bw_token token = token_of(leader);
        struct bw_id id = id_of(leader);
        size_t other = leader == 0 ? 1 : 0;
        bw_sim_host_silent(sim, leader, true);
        CHECK(bw_sim_run_ms(sim, 100));
        for (int i = 0; i < 3000 && bw_sim_status_at(sim, other, leader) != BW_STATUS_DEAD; i++)
            run_ms(10);
        CHECK(forget(other, id) == 0);
        run_ms(15000);
        struct bw_token after = token_of(other);
        CHECK(token_rises(&token, &after));
        CHECK(acting_count() == 1);
    }
}

/* -- paths -- */

static int rtt_call(struct bw_node *node, struct bw_time now, void *context) {
    struct bw_id *ids = context;
    struct bw_rtt rtt = {.estimate_us = -1};
    int error = bw_node_rtt(node, &ids[0], &ids[1], &rtt, now);
    return error != 0 ? error : (int)rtt.estimate_us;
}

static int64_t estimate_us(size_t at, size_t a, size_t b) {
    struct bw_id ids[2] = {id_of(a), id_of(b)};
    return bw_sim_call(sim, at, "asks for a round trip", rtt_call, ids);
}

/* Two sites 20 ms apart, 1 ms inside each: any member tells the round trip between any two, without having measured it. */
static void round_trips_of_others_are_estimated(void) {
    struct sample off = {.count = 0};
    options.latency_us = 500;
    options.jitter_us = 100;
    world(5, 20);
    for (size_t a = 0; a < 10; a++) {
        for (size_t b = 10; b < 20; b++) {
            bw_sim_link(sim, a, b)->latency_us = 10000;
            bw_sim_link(sim, b, a)->latency_us = 10000;
        }
    }
    bw_sim_start_all(sim);
    CHECK(wait_converged(10000));
    run_ms(300000);
    for (size_t a = 1; a < 20; a++) {
        for (size_t b = 1; b < a; b++) {
            int64_t real_us = (a < 10) == (b < 10) ? 1100 : 21100;
            int64_t found_us = estimate_us(0, a, b);
            CHECK(found_us > 0);
            sample_add(&off, (found_us > real_us ? found_us - real_us : real_us - found_us) / 1000);
            CHECK(real_us < 2000 ? found_us < 8000 : found_us > 15000 && found_us < 27000);
        }
    }
    CHECK(sample_percentile(&off, 50) <= 2);
    sample_note(&off, "estimates are off by");
}

static int survey_call(struct bw_node *node, struct bw_time now, void *context) {
    (void)context;
    return bw_node_survey(node, now);
}

static struct bw_reach reach_of(size_t at, size_t of) {
    struct bw_reach reach = {.answered = false};
    struct bw_id id = id_of(of);
    bool found = false;
    for (size_t i = 0; !found && bw_node_reach(bw_sim_node(sim, at), i, &reach) == 0; i++)
        found = bw_id_equal(&reach.id, &id);
    CHECK(found);
    return reach;
}

/* Two cannot hear each other, others vouch for both: the views agree, and the survey shows it all the same. With loss. */
static void a_survey_finds_the_broken_link(void) {
    for (uint64_t seed = 1; seed <= seed_count(3); seed++) {
        cluster(seed, 30);
        bw_sim_cut(sim, 4, 9);
        run_ms(120000);
        bw_sim_loss(sim, 100000);
        CHECK(bw_sim_call(sim, 0, "asks who hears whom", survey_call, NULL) == 0);
        CHECK(bw_node_surveying(bw_sim_node(sim, 0)));
        run_ms(5000);
        CHECK(!bw_node_surveying(bw_sim_node(sim, 0)));
        struct bw_id ids[2] = {id_of(4), id_of(9)};
        for (size_t host = 0; host < 30; host++) {
            struct bw_reach reach = reach_of(0, host);
            bool cut = host == 4 || host == 9;
            if (!reach.answered)
                continue; /* three losses in a row are possible, on cut ends not more than elsewhere */
            CHECK(reach.unheard_count == cut);
            if (cut && reach.id_count == 1)
                CHECK(bw_id_equal(&reach.unheard[0], &ids[host == 4]));
        }
    }
}

static const struct tap_test path_tests[] = {
    TAP_TEST(round_trips_of_others_are_estimated),
    TAP_TEST(a_survey_finds_the_broken_link),
};
static const struct tap_test tag_tests[] = {
    TAP_TEST(tags_that_race_in_partitions_converge),
    TAP_TEST(a_hundred_that_change_tags_at_once_converge),
    TAP_TEST(tags_that_change_all_the_time_never_go_back),
};
static const struct tap_test forget_tests[] = {
    TAP_TEST(a_dead_member_is_forgotten_everywhere_and_for_good),
    TAP_TEST(forgetting_survives_a_partition),
    TAP_TEST(the_living_who_were_forgotten_come_back),
    TAP_TEST(a_forgotten_leader_is_succeeded_as_a_dead_one),
};
static const struct tap_suite suites[] = {
    TAP_SUITE_WITH("tags", tag_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("paths", path_tests, members_only, story_tear_down),
    TAP_SUITE_WITH("forget", forget_tests, members_only, story_tear_down),
};

TAP_MAIN(suites)
