/* Which addresses are kept for the next life, and how they are tried in it. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;
static struct bw_addr kept[BW_REMEMBERED_MAX];
static size_t kept_count;

static void set_up(void) {
    net_open(&net, 11);
    kept_count = 0;
}

static void tear_down(void) {
    net_close(&net);
}

/* Chooses again, on top of the last choice. Returns how many of that are not there any more. */
static size_t keep(size_t at) {
    struct bw_addr chosen[BW_REMEMBERED_MAX];
    size_t count = bw_gossip_peers(net.nodes[at].gossip, kept, kept_count, chosen);
    size_t gone = 0;
    for (size_t i = 0; i < kept_count; i++) {
        bool stays = false;
        for (size_t k = 0; k < count; k++) {
            stays = stays || bw_addr_equal(&chosen[k], &kept[i]);
        }
        gone += !stays;
    }
    memcpy(kept, chosen, sizeof(chosen[0]) * count);
    kept_count = count;
    return gone;
}

static size_t times_kept(size_t member) {
    size_t count = 0;
    for (size_t i = 0; i < kept_count; i++) {
        count += bw_addr_equal(&kept[i], &net.nodes[member].addr);
    }
    return count;
}

static void of_many_some_are_kept_and_stay(void) {
    net_form(&net, 24);
    CU_ASSERT_EQUAL(keep(0), 0);
    CU_ASSERT_EQUAL(kept_count, BW_REMEMBERED_MAX);
    CU_ASSERT_EQUAL(times_kept(0), 0);
    size_t member_count = 0;
    for (size_t i = 1; i < 24; i++) {
        CU_ASSERT(times_kept(i) <= 1);
        member_count += times_kept(i);
    }
    CU_ASSERT_EQUAL(member_count, BW_REMEMBERED_MAX);
    net_run(&net, 60000); /* the ring has been shuffled */
    CU_ASSERT_EQUAL(keep(0), 0);
}

static void the_dead_make_room_for_the_living(void) {
    net_form(&net, 24);
    keep(0);
    size_t died = 1;
    while (times_kept(died) == 0) {
        died++;
    }
    net_crash(&net, died);
    CU_ASSERT(net_wait_status(&net, died, BW_STATUS_DEAD, 60000));
    CU_ASSERT_EQUAL(keep(0), 1);
    CU_ASSERT_EQUAL(times_kept(died), 0);
    CU_ASSERT_EQUAL(kept_count, BW_REMEMBERED_MAX);
}

static void of_few_the_dead_are_kept_and_who_left_is_not(void) {
    net_form(&net, 5);
    keep(0);
    CU_ASSERT_EQUAL(kept_count, 4);
    net_crash(&net, 4);
    CU_ASSERT(net_wait_status(&net, 4, BW_STATUS_DEAD, 60000));
    CU_ASSERT_EQUAL(keep(0), 0);
    CU_ASSERT_EQUAL(times_kept(4), 1);
    bw_gossip_leave(net.nodes[3].gossip, net_now(&net));
    net_run(&net, 2000);
    CU_ASSERT_EQUAL(keep(0), 1);
    CU_ASSERT_EQUAL(times_kept(3), 0);
}

/* A full table of seeds has room for them, and takes no more seeds for it. */
static void seeds_have_their_room_to_themselves(void) {
    static struct bw_addr seeds[BW_SEED_MAX], remembered[BW_REMEMBERED_MAX];
    net_form(&net, 2);
    struct bw_gossip *g = net.nodes[0].gossip;
    for (size_t i = 0; i < BW_SEED_MAX; i++) {
        seeds[i] = (struct bw_addr){.ip = {10, 0, 0, (uint8_t)i}, .port = 7, .family = 4};
    }
    for (size_t i = 0; i < BW_REMEMBERED_MAX; i++) {
        remembered[i] = (struct bw_addr){.ip = {10, 0, 1, (uint8_t)i}, .port = 7, .family = 4};
    }
    remembered[1] = net.nodes[0].addr;
    CU_ASSERT_EQUAL(g->seed_count, 0); /* itself, which is none */
    bw_join_remembered(g, remembered, BW_REMEMBERED_MAX);
    CU_ASSERT_EQUAL(g->seed_count, BW_REMEMBERED_MAX - 1);
    CU_ASSERT_EQUAL(bw_gossip_join(g, seeds, BW_SEED_MAX, net_now(&net)), 0);
    CU_ASSERT_EQUAL(bw_gossip_join(g, remembered, 1, net_now(&net)), BW_ERR_FULL);
    bw_gossip_forget_peers(g, net_now(&net));
    CU_ASSERT_EQUAL(g->seed_count, BW_SEED_MAX);
}

static const struct tap_test remember_tests[] = {
    TAP_TEST(of_many_some_are_kept_and_stay),
    TAP_TEST(the_dead_make_room_for_the_living),
    TAP_TEST(of_few_the_dead_are_kept_and_who_left_is_not),
    TAP_TEST(seeds_have_their_room_to_themselves),
};
const struct tap_suite gossip_remember_suite = TAP_SUITE_WITH("gossip remember", remember_tests, set_up, tear_down);
