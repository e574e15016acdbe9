/* Queues at their bounds: what does not fit is dropped and counted, the rest comes through, and the view becomes whole afterwards. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 7);
}

static void tear_down(void) {
    net_close(&net);
}

/* Node 1 says this to node 0, whose host fetches nothing meanwhile. */
static void say_undrained(const struct bw_schema *schema, const void *message) {
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, schema, message), 0);
    struct bw_inbound in = {.from = net.nodes[1].id,
                            .session = net.nodes[1].session,
                            .addr = net.nodes[1].addr,
                            .proven = true,
                            .heard_us = net.now_us - 1000,
                            .frames = {frames, writer.used}};
    CU_ASSERT_EQUAL(bw_gossip_receive(net.nodes[0].gossip, &in, net_now(&net)), 0);
}

static struct bw_frame_record record_of(uint8_t rank) {
    static uint8_t ranks[BW_RECORD_RANK_SIZE];
    ranks[0] = rank;
    return (struct bw_frame_record){.kind = 1,
                                    .key = {(const uint8_t *)"key", 3},
                                    .rank = {ranks, sizeof(ranks)},
                                    .body = {(const uint8_t *)"body", 4}};
}

static void events_past_the_bound_are_lost_and_counted(void) {
    static const uint8_t data[BW_MESSAGE_MAX];
    struct bw_frame_message message = {.channel = 4, .data = {data, sizeof(data)}};
    size_t said = 400; /* of a good 1 KiB each, into 256 KiB */
    net_form(&net, 4);
    for (size_t i = 0; i < 4; i++) {
        net.nodes[i].accept_records = true;
    }
    net_run(&net, 10000);
    uint64_t hits = net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING);
    for (size_t i = 0; i < said; i++) {
        say_undrained(&bw_schema_message, &message);
    }
    uint64_t dropped = net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING) - hits;
    CU_ASSERT(dropped > 0 && dropped < said);
    CU_ASSERT_EQUAL(bw_gossip_bound(net.nodes[0].gossip, BW_BOUND_NEWS), dropped);
    message.data.size = 1; /* and what room is left */
    for (uint64_t before = dropped; dropped == before; said++) {
        say_undrained(&bw_schema_message, &message);
        dropped = net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING) - hits;
    }
    CU_ASSERT(net.nodes[0].gossip->events.used <= net.nodes[0].gossip->events.limit);

    /* A record that nobody can be asked about, and a member that has left: changes of members are never lost. */
    struct bw_frame_record record = record_of(9);
    say_undrained(&bw_schema_record, &record);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING) - hits, dropped + 1);
    struct bw_frame_verdict left = {
        .id = net.nodes[3].id, .incarnation = net_member(&net, 0, 3)->incarnation, .status = BW_STATUS_LEFT};
    say_undrained(&bw_schema_verdict, &left);

    size_t before = net.nodes[0].events[BW_GOSSIP_MESSAGE];
    net_drain(&net, 0);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_MESSAGE] - before, said - dropped);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_RECORD], 0);
    CU_ASSERT_EQUAL(net.nodes[0].status_events[BW_STATUS_LEFT], 1);

    net_inject(&net, 1, &net.nodes[2].id, net.nodes[2].session, true, &bw_schema_record, &record);
    CU_ASSERT(net_wait_converged(&net, 10000)); /* node 3 answers that it has not left */
    CU_ASSERT(net.nodes[0].events[BW_GOSSIP_RECORD] > 0);
    CU_ASSERT_EQUAL(net_status(&net, 0, 3), BW_STATUS_ALIVE);
}

static void datagrams_past_the_bound_are_lost_and_counted(void) {
    static const uint8_t data[BW_MESSAGE_MAX];
    net_form(&net, 3);
    net_run(&net, 5000);
    struct bw_gossip *g = net.nodes[0].gossip;
    uint64_t hits = net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING);
    size_t taken = 0;
    size_t refused = 0;
    for (size_t i = 0; i < 700; i++) {
        int error = bw_gossip_send(g, &net.nodes[1].id, 4, (struct bw_bytes){data, sizeof(data)}, net_now(&net));
        CU_ASSERT(error == 0 || error == BW_ERR_FULL);
        taken += error == 0;
        refused += error == BW_ERR_FULL;
    }
    CU_ASSERT(refused > 0);
    CU_ASSERT_EQUAL(bw_gossip_bound(g, BW_BOUND_DATAGRAMS), refused);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING) - hits, refused);
    CU_ASSERT(g->outbox.used <= g->outbox.limit);
    net_drain(&net, 0);
    net_run(&net, 10);
    CU_ASSERT_EQUAL(net.nodes[1].events[BW_GOSSIP_MESSAGE], taken); /* none of those that it took */
    CU_ASSERT_EQUAL(bw_gossip_send(g, &net.nodes[1].id, 4, (struct bw_bytes){data, 1}, net_now(&net)), 0);
    net_run(&net, 20000);
    CU_ASSERT_EQUAL(net.nodes[1].events[BW_GOSSIP_MESSAGE], taken + 1);
    CU_ASSERT_TRUE(net_wait_converged(&net, 1));
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(net.nodes[i].status_events[BW_STATUS_SUSPECT], 0);
    }
}

/* More news at once than the queue holds: what was dropped is not news any more, but the others come to know it all the same. */
static void news_past_the_bound_is_repaired_by_comparing_views(void) {
    const size_t past = 50;
    net.params.member_max = 8192;
    net_form(&net, 3);
    net_run(&net, 5000);
    uint64_t hits = net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING);
    for (uint32_t i = 0; i < BW_UPDATE_MAX + past; i++) {
        const uint8_t name[] = {(uint8_t)('a' + i / 256), (uint8_t)('a' + i / 16 % 16), (uint8_t)('a' + i % 16)};
        struct bw_frame_member gone = {.id = net_id(1000),
                                       .incarnation = 7,
                                       .status = BW_STATUS_LEFT,
                                       .session = 9,
                                       .addr = {.ip = {10, 9, (uint8_t)(i >> 8), (uint8_t)i}, .port = 7, .family = 4},
                                       .protocol_min = 1,
                                       .protocol_max = 1,
                                       .name = {name, sizeof(name)}};
        bw_put_u32(gone.id.bytes + 4, i);
        say_undrained(&bw_schema_member, &gone);
    }
    CU_ASSERT_EQUAL(net.nodes[0].gossip->update_count, BW_UPDATE_MAX);
    CU_ASSERT(bw_gossip_bound(net.nodes[0].gossip, BW_BOUND_UPDATES) >= past);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING) - hits >= past);
    size_t known = bw_gossip_member_count(net.nodes[0].gossip);
    CU_ASSERT(known > BW_UPDATE_MAX);
    net_drain(&net, 0);
    CU_ASSERT(net_wait_converged(&net, 60000));
    CU_ASSERT_EQUAL(bw_gossip_member_count(net.nodes[2].gossip), known);
}

/* Relays for others take every place but one: our own probe still has its turn. */
static void others_questions_do_not_cost_the_detector_its_turn(void) {
    net_form(&net, 4);
    net_run(&net, 5000);
    net_crash(&net, 3);
    struct bw_gossip *g = net.nodes[0].gossip;
    struct bw_frame_ping_req ask = {.target = net.nodes[3].id};
    bw_ping_close_all(g);
    uint64_t hits = net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING);
    for (ask.seq = 1; ask.seq <= BW_PING_MAX; ask.seq++) {
        say_undrained(&bw_schema_ping_req, &ask);
    }
    CU_ASSERT_EQUAL(bw_gossip_bound(g, BW_BOUND_PINGS), net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING) - hits);
    CU_ASSERT(bw_gossip_bound(g, BW_BOUND_PINGS) > 0);
    bw_probe_period(g);
    CU_ASSERT_PTR_NOT_NULL(g->probe);
    net_drain(&net, 0);
}

/* Restored from a snapshot, or with the clock set back: what others know of our later life is years ahead, and is outbid. */
static void an_earlier_life_years_ahead_is_outbid(void) {
    const uint64_t year_us = UINT64_C(366) * 24 * 3600 * 1000000;
    net_form(&net, 3);
    net_run(&net, 2000);
    uint64_t own = net_member(&net, 0, 0)->incarnation;
    struct bw_frame_verdict dead = {
        .id = net.nodes[0].id, .incarnation = own + 4 * year_us, .status = BW_STATUS_DEAD, .by = net.nodes[2].id};
    say_undrained(&bw_schema_verdict, &dead);
    CU_ASSERT_EQUAL(net_member(&net, 0, 0)->incarnation, own + 4 * year_us + 1);
    dead.incarnation = own + 10 * year_us; /* beyond that it is made up, and the whole datagram with it */
    CU_ASSERT_EQUAL(net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_verdict, &dead),
                    BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(net_member(&net, 0, 0)->incarnation, own + 4 * year_us + 1);
}

static uint64_t passed(enum bw_bound bound) {
    return bw_gossip_bound(net.nodes[0].gossip, bound);
}

/* Beyond the window a page does not count as one, but what it says does. */
static void a_page_beyond_the_window_is_counted(void) {
    net_form(&net, 3);
    net_run(&net, 5000);
    struct bw_gossip *g = net.nodes[0].gossip;
    struct bw_dest peer = {net.nodes[1].id, net.nodes[1].session, net.nodes[1].addr};
    CU_ASSERT_FATAL(bw_sync_start(g, &peer, false));
    CU_ASSERT_FALSE(bw_sync_start(g, &peer, false)); /* one at a time */
    struct bw_frame_page page = {.sync = g->sync.id, .next = 1, .page = BW_SYNC_PAGE_MAX - 1};
    say_undrained(&bw_schema_page, &page);
    CU_ASSERT_EQUAL(passed(BW_BOUND_PAGES), 0);
    page.page = BW_SYNC_PAGE_MAX;
    say_undrained(&bw_schema_page, &page);
    CU_ASSERT_EQUAL(passed(BW_BOUND_PAGES), 1);
    net_drain(&net, 0);
    CU_ASSERT(net_wait_converged(&net, 30000));
}

/* Of a record 1 KiB, and not a byte more: our own is refused, another's makes the datagram malformed. */
static void a_record_is_at_most_a_kilobyte(void) {
    static const uint8_t candidacies[BW_CANDIDACY_SIZE_MAX];
    uint8_t tags[BW_TAG_SIZE_MAX];
    static char value[BW_TAG_SIZE_MAX];
    net_form(&net, 2);
    struct bw_gossip *g = net.nodes[0].gossip;
    size_t room = BW_RECORD_SIZE_MAX - sizeof(candidacies) - g->self->info->name_size;
    CU_ASSERT_FATAL(room < sizeof(tags));
    CU_ASSERT_EQUAL(bw_gossip_set_candidacies(g, (struct bw_bytes){candidacies, sizeof(candidacies)}, net_now(&net)),
                    0);
    for (size_t more = 2; more-- > 0;) {
        size_t size = sizeof(tags);
        memset(value, 'v', room - 4 + more); /* a name of one byte, and three for the two sizes */
        value[room - 4 + more] = '\0';
        struct bw_tag tag = {"t", value};
        CU_ASSERT_EQUAL(bw_gossip_encode_tags(&tag, 1, tags, &size), 0);
        CU_ASSERT_EQUAL(size, room + more);
        CU_ASSERT_EQUAL(bw_gossip_set_tags(g, (struct bw_bytes){tags, size}, net_now(&net)),
                        more > 0 ? BW_ERR_SPACE : 0);
        struct bw_frame_member claim;
        bw_view_frame(g, g->self, &claim);
        claim.incarnation++;
        claim.tags = (struct bw_bytes){tags, size};
        CU_ASSERT_EQUAL(net_inject(&net, 1, &g->self->id, net.nodes[0].session, true, &bw_schema_member, &claim),
                        more > 0 ? BW_ERR_DROP_MALFORMED : 0);
    }
    net_drain(&net, 0);
    net_run(&net, 3000);
    CU_ASSERT_EQUAL(net_member(&net, 1, 0)->info->tags_size, room);
}

/* The others forget it; it does not forget itself, and may come back. */
static void who_left_and_stays_is_there_after_it_was_forgotten(void) {
    net.params.reap_after_s = 60;
    net_form(&net, 3);
    struct bw_gossip *g = net.nodes[2].gossip;
    struct bw_member_info info;
    bw_gossip_leave(g, net_now(&net));
    net_drain(&net, 2);
    net_run(&net, 200000);
    CU_ASSERT_PTR_NULL(net_member(&net, 0, 2));
    CU_ASSERT_EQUAL(bw_gossip_find(g, &net.nodes[2].id, &info), 0);
    CU_ASSERT_EQUAL(info.status, BW_STATUS_LEFT);
    CU_ASSERT_EQUAL(bw_gossip_join(g, &net.nodes[0].addr, 1, net_now(&net)), 0);
    net_drain(&net, 2);
    CU_ASSERT(net_wait_status(&net, 2, BW_STATUS_ALIVE, 20000));
}

/* Hands node 0 a datagram of node 1's that is full of this frame, and returns how many bytes it answers. */
static size_t answer_to_many(const struct bw_schema *schema, const void *message) {
    uint8_t frames[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof(frames)};
    while (bw_wire_put(&writer, schema, message) == 0)
        continue;
    const struct bw_inbound in = {.from = net.nodes[1].id,
                                  .session = net.nodes[1].session,
                                  .addr = net.nodes[1].addr,
                                  .proven = true,
                                  .heard_us = net.now_us - 1000,
                                  .frames = {frames, writer.used}};
    size_t before = net.nodes[0].sent_bytes;
    CU_ASSERT_EQUAL(bw_gossip_receive(net.nodes[0].gossip, &in, net_now(&net)), 0);
    net_drain(&net, 0);
    return net.nodes[0].sent_bytes - before;
}

/* A member that has gone bad cannot have more out of one datagram than out of an honest one. */
static void many_questions_in_one_datagram_get_one_answer(void) {
    static const uint8_t wrong[8 * BW_BUCKETS_MIN] = {1};
    static const uint8_t none[1];
    const struct bw_frame_sync sync = {.buckets = BW_BUCKETS_MIN, .digests = {wrong, 8}};
    const struct bw_frame_survey survey = {.survey = 1};
    const struct bw_frame_have have = {.digests = {none, 0}};
    const struct bw_bytes payload = {wrong, sizeof(wrong)};
    net_form(&net, 8);
    for (size_t i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(bw_gossip_user_event(net.nodes[0].gossip, (struct bw_bytes){(const uint8_t *)"x", 1}, payload,
                                             NULL, net_now(&net)),
                        0);
    net_run(&net, 30000); /* they spread no more by themselves */
    CU_ASSERT(answer_to_many(&bw_schema_sync, &sync) <= 8 * BW_FRAMES_MAX);
    CU_ASSERT(answer_to_many(&bw_schema_survey, &survey) <= BW_FRAMES_MAX);
    CU_ASSERT(answer_to_many(&bw_schema_have, &have) <= 10 * BW_FRAMES_MAX);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_ONE_LARGE_ANSWER) > 100);
}

static const struct tap_test tests[] = {
    TAP_TEST(others_questions_do_not_cost_the_detector_its_turn),
    TAP_TEST(an_earlier_life_years_ahead_is_outbid),
    TAP_TEST(events_past_the_bound_are_lost_and_counted),
    TAP_TEST(datagrams_past_the_bound_are_lost_and_counted),
    TAP_TEST(news_past_the_bound_is_repaired_by_comparing_views),
    TAP_TEST(a_page_beyond_the_window_is_counted),
    TAP_TEST(a_record_is_at_most_a_kilobyte),
    TAP_TEST(who_left_and_stays_is_there_after_it_was_forgotten),
    TAP_TEST(many_questions_in_one_datagram_get_one_answer),
};
const struct tap_suite gossip_bounds_suite = TAP_SUITE_WITH("gossip bounds", tests, set_up, tear_down);
