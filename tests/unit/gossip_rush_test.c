/* Many who join at once, and pages that overtake each other. */
#include <string.h>

#include "tests/unit/gossip_test.h"

#define CROWD 100u

static struct net net;

static void set_up(void) {
    net_open(&net, 23);
}

static void tear_down(void) {
    net_close(&net);
}

static uint64_t put_off(size_t count) {
    for (size_t i = 0; i < count; i++) {
        net_start(&net, i);
    }
    net_run(&net, 1000);
    CU_ASSERT_TRUE(net_complete(&net));
    return net_hits(&net, 0, BW_RULE_PUT_OFF_A_RUSH);
}

static void who_rushes_in_is_put_off(void) {
    uint64_t count = put_off(CROWD);
    tap_note("%llu of %u", (unsigned long long)count, CROWD - 1);
    CU_ASSERT(count >= 50 && count < CROWD);
}

static void a_few_are_not(void) {
    CU_ASSERT_EQUAL(put_off(32), 0);
}

/* Once nobody has come for a while, the next are few again. */
static void a_rush_is_over_when_nobody_comes(void) {
    put_off(CROWD);
    uint64_t count = net_hits(&net, 0, BW_RULE_PUT_OFF_A_RUSH);
    net_start(&net, CROWD);
    net_run(&net, 20);
    CU_ASSERT_EQUAL(bw_gossip_member_count(net.nodes[CROWD].gossip), CROWD + 1);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_PUT_OFF_A_RUSH), count);
}

static bool answered; /* the one who waits has been told of anybody */

static bool note_page(struct net *at, const struct net_packet *packet, size_t to) {
    (void)at;
    answered = answered || (to == CROWD && packet->frames[0] == BW_FRAME_NUMBER_page);
    return true;
}

/* They come and come: who asks waits no longer than a rush may last. */
static void an_endless_rush_is_answered(void) {
    struct bw_id id = {{77}};
    net_start(&net, 0);
    net_run(&net, 100);
    net.nodes[0].gossip->params.member_max = 65536;
    net.filter = note_page;
    answered = false;
    int64_t longest_ms = 4 * (int64_t)net.params.gossip_interval_ms;
    for (int64_t ms = 0; ms < longest_ms + 100; ms++) {
        for (size_t i = 0; i < 2; i++) {
            bw_put_u32(id.bytes + 12, (uint32_t)(2 * ms + (int64_t)i));
            struct bw_frame_member own = {.id = id,
                                          .incarnation = 1,
                                          .session = 1,
                                          .addr = {.ip = {10, 9, 9, 9}, .port = 1, .family = 4},
                                          .name = {(const uint8_t *)"x", 1},
                                          .protocol_min = 1,
                                          .protocol_max = 1};
            net_inject(&net, 0, &id, 1, true, &bw_schema_member, &own);
        }
        if (ms == 100) {
            net_start(&net, CROWD);
        }
        net_run(&net, 1);
        CU_ASSERT(ms < 100 || ms > longest_ms - 100 || !answered);
    }
    CU_ASSERT(net_hits(&net, 0, BW_RULE_PUT_OFF_A_RUSH) > 5);
    CU_ASSERT_TRUE(answered);
}

static bool liar; /* node 0 puts off node 2 for ever */

static bool put_off_for_ever(struct net *at, const struct net_packet *packet, size_t to) {
    if (liar && to == 2 && packet->from == 0 && packet->frames[0] == BW_FRAME_NUMBER_page) {
        struct bw_frame_later later = {.sync = at->nodes[2].gossip->sync.id, .wait_ms = 100};
        net_inject(at, 2, &at->nodes[0].id, at->nodes[0].session, true, &bw_schema_later, &later);
        return false;
    }
    return true;
}

/* Its own patience ends, too: then it asks others. */
static void who_is_put_off_for_ever_asks_another(void) {
    net_start(&net, 0);
    net_start(&net, 1);
    net_run(&net, 5000);
    net.filter = put_off_for_ever;
    liar = true;
    net_start(&net, 2);
    net_run(&net, 500);
    CU_ASSERT_TRUE(net.nodes[2].gossip->sync.active);
    CU_ASSERT_FALSE(bw_gossip_synchronised(net.nodes[2].gossip));
    net_run(&net, 9500);
    CU_ASSERT_TRUE(bw_gossip_synchronised(net.nodes[2].gossip));
    CU_ASSERT_TRUE(net_complete(&net));
}

/* Of a question that is not open, or from another than was asked, it means nothing. */
static void a_word_too_late_puts_nothing_off(void) {
    net_form(&net, 3);
    struct bw_gossip *g = net.nodes[1].gossip;
    struct bw_frame_later later = {.sync = g->sync.id, .wait_ms = BW_LATER_MS_MAX};
    CU_ASSERT_FALSE(g->sync.active);
    net_inject(&net, 1, &net.nodes[0].id, net.nodes[0].session, true, &bw_schema_later, &later);
    CU_ASSERT_FALSE(g->sync.timer.armed);
    struct bw_dest peer = bw_view_dest(net_member(&net, 1, 0));
    CU_ASSERT_TRUE(bw_sync_start(g, &peer, true));
    int64_t at_us = bw_timer_at(&g->patience, &g->sync.timer);
    later.sync = g->sync.id;
    net_inject(&net, 1, &net.nodes[2].id, net.nodes[2].session, true, &bw_schema_later, &later);
    CU_ASSERT_EQUAL(bw_timer_at(&g->patience, &g->sync.timer), at_us);
    net_inject(&net, 1, &net.nodes[0].id, net.nodes[0].session, true, &bw_schema_later, &later);
    CU_ASSERT(bw_timer_at(&g->patience, &g->sync.timer) > at_us);
}

/* ------------------------------------------------------------------ pages */

static struct net_packet held[2]; /* pages that others overtake */
static size_t held_count;
static size_t requests;

static bool hold_first_page(struct net *at, const struct net_packet *packet, size_t to) {
    (void)at;
    requests += to == 0 && packet->frames[0] == BW_FRAME_NUMBER_sync;
    if (to != 1 || packet->frames[0] != BW_FRAME_NUMBER_page || held_count > 0) {
        return true;
    }
    held[held_count++] = *packet;
    return false;
}

/* Node 0 knows sixty that node 1 does not: five pages and more. */
static void prepare_pages(void) {
    net.params.probe_interval_ms = 600000;
    net_start(&net, 0);
    net_start(&net, 1);
    net_run(&net, 10000);
    for (size_t i = 0; i < 60; i++) {
        struct bw_id id = {{99}};
        bw_put_u32(id.bytes + 12, (uint32_t)i);
        struct bw_frame_member dead = {.id = id,
                                       .incarnation = 1,
                                       .status = BW_STATUS_DEAD,
                                       .session = 1,
                                       .addr = {.ip = {10, 9, 9, 9}, .port = 1, .family = 4},
                                       .name = {(const uint8_t *)"y", 1},
                                       .protocol_min = 1,
                                       .protocol_max = 1};
        struct bw_member *member = bw_view_create(net.nodes[0].gossip, &dead, NULL);
        CU_ASSERT_EQUAL_FATAL(bw_view_add(net.nodes[0].gossip, member), 0);
    }
    held_count = requests = 0;
    net.filter = hold_first_page;
    struct bw_dest peer = bw_view_dest(net_member(&net, 1, 0));
    bw_gossip_tick(net.nodes[1].gossip, net_now(&net));
    CU_ASSERT_TRUE(bw_sync_start(net.nodes[1].gossip, &peer, false));
    net_drain(&net, 1);
    net_run(&net, 1); /* all pages but the first have come */
    CU_ASSERT_EQUAL_FATAL(held_count, 1);
    CU_ASSERT_EQUAL(requests, 1);
    CU_ASSERT(bw_gossip_member_count(net.nodes[1].gossip) > 30);
    CU_ASSERT(bw_gossip_member_count(net.nodes[1].gossip) < 62);
}

static void an_overtaken_page_is_waited_for(void) {
    prepare_pages();
    struct bw_inbound in = {.from = net.nodes[0].id,
                            .session = net.nodes[0].session,
                            .addr = net.nodes[0].addr,
                            .proven = true,
                            .heard_us = net.now_us - 1000,
                            .frames = {held[0].frames, held[0].out.frames_size}};
    bw_gossip_receive(net.nodes[1].gossip, &in, net_now(&net));
    net_drain(&net, 1);
    CU_ASSERT_FALSE(net.nodes[1].gossip->sync.active);
    CU_ASSERT_EQUAL(bw_gossip_member_count(net.nodes[1].gossip), 62);
    net_run(&net, 2000);
    CU_ASSERT_EQUAL(requests, 1);
}

/* For one more round trip (of 1 ms), not for the whole patience. */
static void a_lost_page_is_asked_for_soon(void) {
    prepare_pages();
    net_run(&net, 5);
    CU_ASSERT_EQUAL(requests, 2);
    CU_ASSERT_EQUAL(bw_gossip_member_count(net.nodes[1].gossip), 62);
    CU_ASSERT(net_hits(&net, 1, BW_RULE_ASK_FOR_MISSING_PAGES) == 1);
}

static const struct tap_test rush_tests[] = {
    TAP_TEST(who_rushes_in_is_put_off),
    TAP_TEST(a_few_are_not),
    TAP_TEST(a_rush_is_over_when_nobody_comes),
    TAP_TEST(an_endless_rush_is_answered),
    TAP_TEST(who_is_put_off_for_ever_asks_another),
    TAP_TEST(a_word_too_late_puts_nothing_off),
    TAP_TEST(an_overtaken_page_is_waited_for),
    TAP_TEST(a_lost_page_is_asked_for_soon),
};
const struct tap_suite gossip_rush_suite = TAP_SUITE_WITH("gossip rush", rush_tests, set_up, tear_down);
