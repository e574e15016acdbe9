/* Dissemination and comparing views. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 7);
}

static void tear_down(void) {
    net.filter = NULL;
    net_close(&net);
}

static struct bw_frame_member stranger(size_t index) {
    static uint8_t name[8];
    for (size_t i = 0; i < sizeof(name); i++) {
        name[i] = (uint8_t)('a' + (index >> (4 * i)) % 16);
    }
    struct bw_frame_member made = {
        .id = net_id(index),
        .incarnation = 7,
        .session = 9,
        .addr = {.ip = {10, 9, (uint8_t)(index >> 8), (uint8_t)index}, .port = 7, .family = 4},
        .protocol_min = 1,
        .protocol_max = 1,
        .name = {name, sizeof(name)}};
    bw_put_u32(made.id.bytes + 4, 0xffffffff);
    return made;
}

static void say_stranger(size_t to, size_t from, size_t index) {
    struct bw_frame_member made = stranger(index);
    net_inject(&net, to, &net.nodes[from].id, net.nodes[from].session, true, &bw_schema_member, &made);
}

/* ------------------------------------------------------------------ updates */

static size_t counted;
static struct bw_id counted_id;

static bool count_claims(struct net *at, const struct net_packet *packet, size_t to) {
    struct bw_reader reader = {.data = packet->frames, .size = packet->out.frames_size};
    struct bw_frame frame;
    (void)at, (void)to;
    while (bw_frame_next(&reader, &frame) == 1) {
        counted +=
            packet->from == 0 && frame.type == BW_FRAME_NUMBER_member && bw_id_equal(&frame.as.member.id, &counted_id);
    }
    return true;
}

static void an_update_is_sent_so_often_and_no_more(void) {
    net_form(&net, 10);
    counted = 0;
    counted_id = stranger(500).id;
    net.filter = count_claims;
    say_stranger(0, 1, 500);
    CU_ASSERT_EQUAL(net.nodes[0].gossip->update_count, 1);
    net_run(&net, 5000);
    CU_ASSERT(counted <= bw_transmit_limit(&net.params, 11) && counted > 0);
    CU_ASSERT_EQUAL(counted, 8);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_STOP_OLD_NEWS) > 0, true);
}

static void only_what_was_sent_is_counted(void) {
    net_form(&net, 3);
    struct bw_gossip *g = net.nodes[0].gossip;
    struct bw_frame_member made = stranger(500);
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    bw_wire_put(&writer, &bw_schema_member, &made);
    struct bw_inbound in = {net.nodes[1].id,
                            net.nodes[1].session,
                            net.nodes[1].addr,
                            true,
                            true,
                            net.now_us,
                            {frames, writer.used},
                            false,
                            false,
                            false,
                            false};
    CU_ASSERT_EQUAL(bw_gossip_receive(g, &in, net_now(&net)), 0);
    bw_gossip_tick(g, net_now(&net)); /* datagrams are queued, nobody fetches them */
    const struct bw_member *member = bw_members_find(&g->members, &made.id);
    CU_ASSERT_EQUAL_FATAL(member->update->sent, 0);
    struct bw_outbound out;
    CU_ASSERT_TRUE(bw_gossip_transmit(g, &out, net_now(&net)));
    CU_ASSERT_EQUAL(member->update->sent, 1);
    net_drain(&net, 0);
}

static void the_queue_has_a_bound(void) {
    net.params.member_max = 65536;
    net.params.probe_interval_ms = 600000;
    net.params.retransmit_mult = 16;
    net_start(&net, 0);
    net_start(&net, 1);
    net_run(&net, 3000);
    for (size_t i = 1000; i < 1000 + BW_UPDATE_MAX + 100; i++) {
        say_stranger(0, 1, i);
        CU_ASSERT_FATAL(net.nodes[0].gossip->update_count <= BW_UPDATE_MAX);
    }
    CU_ASSERT_EQUAL(net.nodes[0].gossip->update_count, BW_UPDATE_MAX);
    CU_ASSERT_EQUAL(bw_gossip_member_count(net.nodes[0].gossip), BW_UPDATE_MAX + 102);
}

static void fewest_transmitted_first_and_urgent_ahead(void) {
    net_form(&net, 3);
    struct bw_gossip *g = net.nodes[0].gossip;
    struct bw_record late = {.kind = 1, .key = {(const uint8_t *)"k", 1}, .rank = {1}, .urgent = true};
    net.nodes[0].paused = true;
    struct bw_frame_member made = stranger(500);
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    bw_wire_put(&writer, &bw_schema_member, &made);
    struct bw_inbound in = {net.nodes[1].id,
                            net.nodes[1].session,
                            net.nodes[1].addr,
                            true,
                            true,
                            net.now_us,
                            {frames, writer.used},
                            false,
                            false,
                            false,
                            false};
    bw_gossip_receive(g, &in, net_now(&net));
    CU_ASSERT_EQUAL(bw_gossip_put(g, &late, net_now(&net)), 0);
    bw_gossip_tick(g, net_now(&net));
    struct bw_outbound out;
    CU_ASSERT_TRUE_FATAL(bw_gossip_transmit(g, &out, net_now(&net)));
    CU_ASSERT_EQUAL(out.frames[0], BW_FRAME_NUMBER_record); /* though it came later */
    net_drain(&net, 0);
    net.nodes[0].paused = false;
}

static size_t told_of[8];

static void count_strangers(struct net *at, size_t index, const struct bw_gossip_event *event) {
    (void)at, (void)index;
    for (size_t i = 0; event->type == BW_GOSSIP_MEMBER && i < BW_COUNT(told_of); i++) {
        struct bw_id id = stranger(500 + i).id;
        told_of[i] += bw_id_equal(&event->id, &id);
    }
}

/* Heard by node 0, which nobody asks for its news meanwhile. */
static void hear_stranger(size_t index, enum bw_status status, uint64_t age_ms) {
    struct bw_frame_member made = stranger(index);
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    made.status = (uint8_t)status;
    made.age_ms = age_ms;
    bw_wire_put(&writer, &bw_schema_member, &made);
    struct bw_inbound in = {.from = net.nodes[1].id,
                            .session = net.nodes[1].session,
                            .addr = net.nodes[1].addr,
                            .proven = true,
                            .bound = true,
                            .heard_us = net.now_us,
                            .frames = {frames, writer.used}};
    CU_ASSERT_EQUAL(bw_gossip_receive(net.nodes[0].gossip, &in, net_now(&net)), 0);
}

/* The dead make room before anybody was told of them: the last of the news, one in the middle, the first. */
static void who_is_forgotten_is_no_news_and_the_others_stay(void) {
    net_form(&net, 3);
    struct bw_gossip *g = net.nodes[0].gossip;
    memset(told_of, 0, sizeof(told_of));
    net.on_event = count_strangers;
    hear_stranger(500, BW_STATUS_DEAD, 1000);
    hear_stranger(501, BW_STATUS_ALIVE, 0);
    hear_stranger(502, BW_STATUS_DEAD, 2000);
    hear_stranger(503, BW_STATUS_DEAD, 3000);
    CU_ASSERT_EQUAL(bw_gossip_member_count(g), 7);
    g->members.limit = g->members.count;
    for (size_t i = 504; i < 507; i++) {
        hear_stranger(i, BW_STATUS_ALIVE, 0);
        CU_ASSERT_EQUAL(bw_gossip_member_count(g), 7);
    }
    net_drain(&net, 0);
    for (size_t i = 0; i < BW_COUNT(told_of); i++) {
        bool stays = i == 1 || (i >= 4 && i < 7);
        CU_ASSERT_EQUAL(told_of[i], stays);
    }
    net.on_event = NULL;
}

/* ------------------------------------------------------------------ sync */

static bool no_updates(struct net *at, const struct net_packet *packet, size_t to) {
    (void)at, (void)to;
    uint8_t first = packet->frames[0];
    return first != BW_FRAME_NUMBER_member || packet->from != 0;
}

static void a_large_view_comes_over_in_spite_of_loss(void) {
    net.params.probe_interval_ms = 600000; /* nobody is accused meanwhile */
    net.params.member_max = 65536;
    net_start(&net, 0);
    net_start(&net, 1);
    net_run(&net, 3000);
    for (size_t i = 0; i < 2500; i++) {
        say_stranger(0, 1, 1000 + i);
    }
    net_run(&net, 100);
    int64_t begin_us = net.now_us;
    net.loss_percent = 20;
    net.filter = no_updates;
    net_start(&net, 2);
    for (int i = 0; i < 600 && bw_gossip_member_count(net.nodes[2].gossip) < 2503; i++) {
        net_run(&net, 100);
    }
    tap_note("%zu members after %lld ms", bw_gossip_member_count(net.nodes[2].gossip),
             (long long)(net.now_us - begin_us) / 1000);
    CU_ASSERT_EQUAL(bw_gossip_member_count(net.nodes[2].gossip), 2503);
    CU_ASSERT_EQUAL(bw_gossip_digest(net.nodes[2].gossip), bw_gossip_digest(net.nodes[0].gossip));
    CU_ASSERT(2500 * 63 > 100 * (int)BW_FRAMES_MAX); /* more than 100 datagrams */
    CU_ASSERT(net_hits(&net, 2, BW_RULE_ASK_FOR_MISSING_PAGES) > 0);
    net.loss_percent = 0;
}

static bool nothing_passes(struct net *at, const struct net_packet *packet, size_t to) {
    return at == NULL && packet == NULL && to > NET_MAX;
}

static size_t page_bytes;

static bool count_pages(struct net *at, const struct net_packet *packet, size_t to) {
    (void)at, (void)to;
    if (packet->frames[0] == BW_FRAME_NUMBER_page) {
        page_bytes += packet->out.frames_size;
    }
    return true;
}

static void a_sync_costs_what_differs(void) {
    net.params.probe_interval_ms = 600000;
    net_start(&net, 0);
    net_start(&net, 1);
    net_run(&net, 10000);
    for (size_t i = 0; i < 1000; i++) {
        say_stranger(0, 1, 1000 + i);
    }
    CU_ASSERT_FATAL(net.nodes[0].gossip->digest != net.nodes[1].gossip->digest);
    net.filter = nothing_passes;
    while (net.nodes[0].gossip->update_count > 0) {
        net_run(&net, 1000);
    }
    struct bw_dest peer = bw_view_dest(net_member(&net, 1, 0));
    net.filter = count_pages;
    for (int round = 0; round < 3; round++) {
        page_bytes = 0;
        CU_ASSERT_TRUE(bw_sync_start(net.nodes[1].gossip, &peer, true));
        net_drain(&net, 1);
        net_run(&net, 1000);
        CU_ASSERT_EQUAL(net.nodes[0].gossip->digest, net.nodes[1].gossip->digest);
        CU_ASSERT(round == 0 ? page_bytes > 1000 * 60 : round == 1 ? page_bytes < 100 : page_bytes < 4000);
        while (net.nodes[0].gossip->update_count + net.nodes[1].gossip->update_count > 0) {
            net_run(&net, 1000); /* nothing rides on the pages */
        }
        if (round == 1) { /* the view changes by one, and gossip does not tell */
            struct bw_id id = stranger(1000).id;
            struct bw_member *member = bw_members_find(&net.nodes[0].gossip->members, &id);
            bw_view_set(net.nodes[0].gossip, member, (struct bw_claim){9, BW_STATUS_LEFT}, net.now_us);
        }
    }
    CU_ASSERT(net_hits(&net, 0, BW_RULE_PAGE_ONLY_WHAT_DIFFERS) >= 3);
    CU_ASSERT(net_hits(&net, 1, BW_RULE_SYNC_BY_DIGESTS) >= 3);
}

/* The largest record and the fullest suspicion do not fit into one page together. */
static void a_suspect_with_a_large_record_comes_over(void) {
    net.params.probe_interval_ms = 600000;
    net_start(&net, 0);
    net_start(&net, 1);
    net_run(&net, 10000);
    net.filter = nothing_passes;
    uint8_t large[BW_CANDIDACY_SIZE_MAX] = {0};
    char text[BW_TAG_SIZE_MAX - 11] = {0};
    memset(text, 'x', sizeof(text) - 1);
    size_t tags_size = 0;
    uint8_t tags[BW_TAG_SIZE_MAX];
    CU_ASSERT_EQUAL_FATAL(bw_gossip_encode_tags(&(struct bw_tag){"t", text}, 1, tags, &tags_size), 0);
    struct bw_frame_member made = stranger(1000);
    made.candidacies = (struct bw_bytes){large, sizeof(large)};
    made.tags = (struct bw_bytes){tags, tags_size};
    CU_ASSERT_EQUAL(made.name.size + tags_size + sizeof(large), BW_RECORD_SIZE_MAX);
    net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_member, &made);
    struct bw_id accusers[BW_ACCUSERS_MAX];
    for (size_t i = 0; i < BW_ACCUSERS_MAX; i++) {
        accusers[i] = net_id(20 + i);
    }
    struct bw_frame_suspect suspect = {made.id, made.incarnation, {accusers[0].bytes, sizeof(accusers)}};
    net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_suspect, &suspect);
    while (net.nodes[0].gossip->update_count > 0) {
        net_run(&net, 1000);
    }
    net.filter = NULL;
    struct bw_dest peer = bw_view_dest(net_member(&net, 1, 0));
    CU_ASSERT_TRUE(bw_sync_start(net.nodes[1].gossip, &peer, false));
    net_drain(&net, 1);
    net_run(&net, 100);
    const struct bw_member *member = bw_members_find(&net.nodes[1].gossip->members, &made.id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(member);
    CU_ASSERT_EQUAL(member->status, BW_STATUS_SUSPECT);
    CU_ASSERT_EQUAL(bw_gossip_digest(net.nodes[1].gossip), bw_gossip_digest(net.nodes[0].gossip));
}

/* A difference that gossip has lost is found by the digests once both views are still. */
static void lost_news_is_repaired(void) {
    net_form(&net, 5);
    struct bw_member *member = bw_members_find(&net.nodes[0].gossip->members, &net.nodes[4].id);
    uint64_t incarnation = member->incarnation;
    bw_view_set(net.nodes[0].gossip, member, (struct bw_claim){incarnation + 1, BW_STATUS_ALIVE}, net.now_us);
    net_run(&net, 590); /* not yet: gossip must have had its chance */
    CU_ASSERT_EQUAL(net_member(&net, 1, 4)->incarnation, incarnation);
    CU_ASSERT(net_wait_converged(&net, 6000));
    CU_ASSERT(net.nodes[0].events[BW_GOSSIP_DIVERGED] > 0 && bw_gossip_converged(net.nodes[0].gossip));
    CU_ASSERT(net_member(&net, 1, 4)->incarnation > incarnation);
    uint64_t syncs = 0;
    for (size_t i = 0; i < 5; i++) {
        syncs += net_hits(&net, i, BW_RULE_SYNC_WHEN_STILL);
    }
    CU_ASSERT(syncs > 0);
}

static void who_does_not_hear_us_does_not_count(void) {
    net_form(&net, 3);
    uint64_t before = net_hits(&net, 0, BW_RULE_COUNT_WHO_HEARS_US);
    struct bw_frame_ping ping = {.seq = 1, .still = 1, .digest = 12345};
    uint8_t frames[32];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    bw_wire_put(&writer, &bw_schema_ping, &ping);
    struct bw_inbound in = {.from = net.nodes[1].id,
                            .session = net.nodes[1].session,
                            .addr = net.nodes[1].addr,
                            .proven = true,
                            .heard_us = BW_NOT_HEARD,
                            .frames = {frames, writer.used}};
    CU_ASSERT_EQUAL(bw_gossip_receive(net.nodes[0].gossip, &in, net_now(&net)), 0);
    CU_ASSERT_TRUE(bw_gossip_converged(net.nodes[0].gossip));
    in.heard_us = net.now_us - bw_two_rounds_us(&net.params, 3) - 1;
    CU_ASSERT_EQUAL(bw_gossip_receive(net.nodes[0].gossip, &in, net_now(&net)), 0);
    CU_ASSERT_TRUE(bw_gossip_converged(net.nodes[0].gossip));
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_COUNT_WHO_HEARS_US), before + 2);
    in.heard_us += 1;
    CU_ASSERT_EQUAL(bw_gossip_receive(net.nodes[0].gossip, &in, net_now(&net)), 0);
    CU_ASSERT_FALSE(bw_gossip_converged(net.nodes[0].gossip));
    net_drain(&net, 0);
}

static void hear_all(size_t at) {
    for (size_t i = 0; i < net.count; i++) {
        struct bw_frame_ping ping = {.seq = 1, .still = 1, .digest = bw_gossip_digest(net.nodes[at].gossip)};
        if (i != at) {
            net_inject(&net, at, &net.nodes[i].id, net.nodes[i].session, true, &bw_schema_ping, &ping);
        }
    }
}

/* Equal digests hold for five intervals and a probe's time: at the end of a round three probes may reach one peer twice. */
static void who_hears_nobody_is_not_converged_for_long(void) {
    net.params.health_max = 1;
    net_form(&net, 4);
    net_run(&net, 20000);
    net.nodes[0].muted = true;
    hear_all(0);
    net_run(&net, 5499);
    CU_ASSERT_TRUE(bw_gossip_converged(net.nodes[0].gossip));
    net_run(&net, 1001); /* noticed when the interval ends, at the latest */
    CU_ASSERT_FALSE(bw_gossip_converged(net.nodes[0].gossip));
}

/* A digest that differs counts for three, unless its owner says better. */
static void a_different_digest_is_forgotten_sooner(void) {
    net.params.health_max = 1;
    net_form(&net, 5);
    net_run(&net, 20000);
    net.nodes[0].muted = true;
    hear_all(0);
    struct bw_frame_ping ping = {.seq = 1, .digest = 12345};
    net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_ping, &ping);
    CU_ASSERT_FALSE(bw_gossip_converged(net.nodes[0].gossip));
    net_run(&net, 3499);
    CU_ASSERT_FALSE(bw_gossip_converged(net.nodes[0].gossip));
    hear_all(0);
    CU_ASSERT_TRUE(bw_gossip_converged(net.nodes[0].gossip));
}

static const struct tap_test tests[] = {
    TAP_TEST(an_update_is_sent_so_often_and_no_more),
    TAP_TEST(only_what_was_sent_is_counted),
    TAP_TEST(the_queue_has_a_bound),
    TAP_TEST(fewest_transmitted_first_and_urgent_ahead),
    TAP_TEST(who_is_forgotten_is_no_news_and_the_others_stay),
    TAP_TEST(a_large_view_comes_over_in_spite_of_loss),
    TAP_TEST(a_sync_costs_what_differs),
    TAP_TEST(a_suspect_with_a_large_record_comes_over),
    TAP_TEST(lost_news_is_repaired),
    TAP_TEST(who_does_not_hear_us_does_not_count),
    TAP_TEST(who_hears_nobody_is_not_converged_for_long),
    TAP_TEST(a_different_digest_is_forgotten_sooner),
};
const struct tap_suite gossip_view_suite = TAP_SUITE_WITH("gossip view", tests, set_up, tear_down);
