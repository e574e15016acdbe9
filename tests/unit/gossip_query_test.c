/* Queries: whom they are for, who answers, and when they end. */
#include "tests/unit/gossip_user_test.h"

#include <string.h>

static struct net net;
static bool answering;  /* each member says its name's last digit at once */
static bool chattering; /* n001 has much to say to n000 when it hears of a query */

/* Each message is a datagram in which news rides along. */
static void chatter(size_t from, size_t to) {
    for (size_t i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(
            bw_gossip_send(net.nodes[from].gossip, &net.nodes[to].id, 16, text_bytes("hello"), net_now(&net)), 0);
        net_drain(&net, from);
    }
}

static void on_event(struct net *at_net, size_t at, const struct bw_gossip_event *event) {
    told_event(at_net, at, event);
    if (answering && event->type == BW_GOSSIP_QUERY) {
        char text[2] = {(char)('0' + at), 0};
        CU_ASSERT_EQUAL(bw_gossip_respond(net.nodes[at].gossip, event->number, text_bytes(text), net_now(&net)), 0);
    }
    if (chattering && event->type == BW_GOSSIP_QUERY && at == 1) {
        chatter(1, 0);
    }
}

static void form(uint64_t seed, size_t count) {
    net_open(&net, seed);
    net.on_event = on_event;
    answering = true;
    told_reset();
    net_form(&net, count);
}

static int ask(size_t at, struct bw_gossip_query query, uint64_t *number) {
    query.name = query.name.size > 0 ? query.name : text_bytes("q");
    int error = bw_gossip_query(net.nodes[at].gossip, &query, number, net_now(&net));
    net_drain(&net, at);
    net_drain(&net, at); /* what answering at once has put there */
    return error;
}

static void all_are_asked_and_all_answer(void) {
    uint64_t number = 0;
    form(1, 10);
    struct bw_gossip_query query = {.payload = text_bytes("who?"), .ack = true};
    CU_ASSERT_EQUAL(ask(4, query, &number), 0);
    net_run(&net, 3000);
    CU_ASSERT_EQUAL(told_count(4, BW_GOSSIP_QUERY_ACK, NULL), 10);
    CU_ASSERT_EQUAL(told_count(4, BW_GOSSIP_QUERY_RESPONSE, NULL), 10);
    for (size_t i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(told_count(i, BW_GOSSIP_QUERY, "q"), 1);
    }
    CU_ASSERT(told[0].list[0].size == 4 && memcmp(told[0].list[0].payload, "who?", 4) == 0);
    CU_ASSERT(told[0].list[0].number == number && bw_id_equal(&told[0].list[0].from, &net.nodes[4].id));
    /* It ends with the last answer, not at the deadline. */
    size_t last = told[4].count - 1;
    CU_ASSERT_EQUAL(told[4].list[last].type, BW_GOSSIP_QUERY_END);
    CU_ASSERT(told[4].list[last].acks == 10 && told[4].list[last].responses == 10 && told[4].list[last].expected == 10);
    CU_ASSERT(told[4].list[last].at_us <= net.now_us - MS(1000));
    CU_ASSERT_EQUAL(told_count(4, BW_GOSSIP_QUERY_END, NULL), 1);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_TELL_USERS_ONCE) > 0);
    CU_ASSERT_EQUAL(net.nodes[0].gossip->events_of_users.clock, 0); /* clocks of their own */
    net_close(&net);
}

static void the_default_deadline_grows_with_the_members(void) {
    uint64_t number = 0;
    form(2, 3);
    answering = false;
    int64_t from_us = net.now_us;
    CU_ASSERT_EQUAL(bw_query_timeout_us(&net.params, 3), MS(3200));
    CU_ASSERT_EQUAL(bw_query_timeout_us(&net.params, 9), MS(3200));
    CU_ASSERT_EQUAL(bw_query_timeout_us(&net.params, 10), MS(6400));
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.ack = false}, &number), 0);
    net_run(&net, 3199);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_END, NULL), 0);
    net_run(&net, 1);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_END, NULL), 1);
    CU_ASSERT_EQUAL(told[0].list[1].at_us, from_us + MS(3200));
    CU_ASSERT(told[0].list[1].responses == 0 && told[0].list[1].expected == 3);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_ACK, NULL), 0); /* nobody asked for them */
    /* Too late for an answer. */
    net_run(&net, 100);
    CU_ASSERT_EQUAL(bw_gossip_respond(net.nodes[1].gossip, number, text_bytes("late"), net_now(&net)),
                    BW_ERR_NOT_FOUND);
    struct bw_frame_reply reply = {number, 0, text_bytes("late")};
    uint64_t hits = net_hits(&net, 0, BW_RULE_QUERY_ANSWERED_ONCE);
    net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_reply, &reply);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_QUERY_ANSWERED_ONCE), hits + 1);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_RESPONSE, NULL), 0);
    net_close(&net);
}

static void names_choose_whom_it_is_for(void) {
    static const uint8_t nodes[] = {4, 'n', '0', '0', '1', 4, 'n', '0', '0', '3', 2, 'n', '0'};
    uint64_t number = 0;
    form(3, 5);
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.nodes = {nodes, sizeof(nodes)}, .timeout_ms = 2000}, &number), 0);
    net_run(&net, 3000);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY, NULL), 0);
    CU_ASSERT_EQUAL(told_count(1, BW_GOSSIP_QUERY, NULL), 1);
    CU_ASSERT_EQUAL(told_count(2, BW_GOSSIP_QUERY, NULL), 0);
    CU_ASSERT_EQUAL(told_count(3, BW_GOSSIP_QUERY, NULL), 1);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_RESPONSE, NULL), 2);
    CU_ASSERT(net_hits(&net, 2, BW_RULE_QUERY_ONLY_WHOM_IT_IS_FOR) == 1);
    CU_ASSERT_EQUAL(bw_gossip_respond(net.nodes[2].gossip, number, text_bytes("me too"), net_now(&net)),
                    BW_ERR_NOT_FOUND);
    /* And tags: nobody has this one. */
    static const uint8_t tags[] = {4, 'r', 'o', 'l', 'e', 0, 3, 'w', 'e', 'b'};
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.tags = {tags, sizeof(tags)}, .timeout_ms = 2000}, &number), 0);
    net_run(&net, 2500);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(told_count(i, BW_GOSSIP_QUERY, NULL), i == 1 || i == 3);
    }
    CU_ASSERT_EQUAL(told[0].list[told[0].count - 1].expected, 0);
    net_close(&net);
}

static void two_that_talk_all_the_time_tell_the_third_as_well(void) {
    uint64_t number = 0;
    form(12, 3);
    chattering = true;
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.ack = true}, &number), 0);
    chatter(0, 1);
    net_run(&net, 3000);
    chattering = false;
    CU_ASSERT_EQUAL(told_count(2, BW_GOSSIP_QUERY, NULL), 1);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_ACK, NULL), 3);
    /* And then nobody says it any more. */
    uint64_t hits = net_hits(&net, 2, BW_RULE_TELL_USERS_ONCE);
    chatter(0, 2);
    net_run(&net, 1000);
    CU_ASSERT_EQUAL(net_hits(&net, 2, BW_RULE_TELL_USERS_ONCE), hits);
    net_close(&net);
}

static void each_member_counts_once(void) {
    uint64_t number = 0;
    form(4, 3);
    answering = false;
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.ack = true}, &number), 0);
    net_run(&net, 1000);
    CU_ASSERT_EQUAL(bw_gossip_respond(net.nodes[1].gossip, number, text_bytes("1"), net_now(&net)), 0);
    CU_ASSERT_EQUAL(bw_gossip_respond(net.nodes[1].gossip, number, text_bytes("2"), net_now(&net)), BW_ERR_INVALID);
    net_drain(&net, 1);
    net_run(&net, 100);
    struct bw_frame_reply reply = {number, 0, text_bytes("2")};
    struct bw_frame_reply ack = {number, 1, text_bytes("")};
    net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_reply, &reply);
    net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_reply, &ack);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_RESPONSE, NULL), 1);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_ACK, NULL), 3);
    struct bw_frame_reply both = {number, 1, text_bytes("an ack says nothing")};
    CU_ASSERT_EQUAL(net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_reply, &both),
                    BW_ERR_DROP_MALFORMED);
    net_close(&net);
}

static void limits_of_queries_are_refused(void) {
    static uint8_t bytes[BW_USER_SIZE_MAX];
    uint64_t number = 0;
    form(5, 2);
    answering = false;
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.name = text_bytes("a\tb")}, &number), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.nodes = text_bytes("\5n")}, &number), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.tags = text_bytes("\5n")}, &number), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.timeout_ms = BW_QUERY_MS_MAX + 1}, &number), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.payload = {bytes, sizeof(bytes)}}, &number), BW_ERR_SPACE);
    for (size_t i = 0; i < BW_ASKED_MAX; i++) {
        CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.payload = {bytes, 1}}, &number), 0);
    }
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.payload = {bytes, 1}}, &number), BW_ERR_FULL);
    net_run(&net, 1000);
    CU_ASSERT_EQUAL(
        bw_gossip_respond(net.nodes[1].gossip, number, (struct bw_bytes){bytes, sizeof(bytes) + 1}, net_now(&net)),
        BW_ERR_SPACE);
    CU_ASSERT_EQUAL(bw_gossip_respond(net.nodes[1].gossip, number + 1, text_bytes(""), net_now(&net)),
                    BW_ERR_NOT_FOUND);
    net_run(&net, 3000);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_END, NULL), BW_ASKED_MAX);
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.payload = {bytes, 1}}, &number), 0);
    bw_gossip_leave(net.nodes[0].gossip, net_now(&net));
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.payload = {bytes, 1}}, &number), BW_ERR_BUSY);
    net_close(&net);
}

/* A cluster of one answers itself. */
static void who_is_alone_asks_itself(void) {
    uint64_t number = 0;
    form(6, 1);
    CU_ASSERT_EQUAL(ask(0, (struct bw_gossip_query){.ack = true}, &number), 0);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_ACK, NULL), 1);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_RESPONSE, NULL), 1);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY_END, NULL), 1);
    CU_ASSERT(bw_list_empty(&net.nodes[0].gossip->queries.queue));
    net_close(&net);
}

static void a_query_that_is_over_is_relayed_no_more(void) {
    form(7, 3);
    answering = false;
    struct bw_frame_query query = {
        .ltime = 1, .number = 5, .origin = net.nodes[1].id, .left_ms = 20, .name = text_bytes("short")};
    net_run(&net, 3000);
    net.cut[0][1] = net.cut[0][2] = true;
    net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_query, &query);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY, "short"), 1);
    net_run(&net, 2000);
    CU_ASSERT(bw_list_empty(&net.nodes[0].gossip->queries.queue));
    query.number = 6;
    query.left_ms = 0;
    net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_query, &query);
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_QUERY, "short"), 1);
    net_close(&net);
}

static void asking_without_memory_leaves_nothing_behind(void) {
    uint64_t number = 0;
    form(8, 3);
    struct bw_gossip *g = net.nodes[0].gossip;
    int error = BW_ERR_MEMORY;
    for (size_t nth = 1; error == BW_ERR_MEMORY && nth < 20; nth++) {
        size_t used = net.nodes[0].memory.used_size;
        net.nodes[0].memory.fail_at = net.nodes[0].memory.calls + nth;
        struct bw_gossip_query query = {.name = text_bytes("q")};
        error = bw_gossip_query(g, &query, &number, net_now(&net));
        net.nodes[0].memory.fail_at = 0;
        bool nothing = !g->asked[0] && g->queries.count == 0 && net.nodes[0].memory.used_size >= used;
        CU_ASSERT(error == 0 || (error == BW_ERR_MEMORY && nothing));
    }
    CU_ASSERT_EQUAL(error, 0);
    net_drain(&net, 0);
    net_run(&net, 2000);
    CU_ASSERT(told_count(0, BW_GOSSIP_QUERY_RESPONSE, NULL) >= 2);
    net_close(&net);
}

static const struct tap_test tests[] = {
    TAP_TEST(all_are_asked_and_all_answer),
    TAP_TEST(the_default_deadline_grows_with_the_members),
    TAP_TEST(names_choose_whom_it_is_for),
    TAP_TEST(each_member_counts_once),
    TAP_TEST(two_that_talk_all_the_time_tell_the_third_as_well),
    TAP_TEST(limits_of_queries_are_refused),
    TAP_TEST(who_is_alone_asks_itself),
    TAP_TEST(a_query_that_is_over_is_relayed_no_more),
    TAP_TEST(asking_without_memory_leaves_nothing_behind),
};
const struct tap_suite gossip_query_suite = TAP_SUITE("gossip queries", tests);
