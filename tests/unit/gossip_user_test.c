/* User events: told once, in Lamport's order, within bounds, to whom was there. */
#include "tests/unit/gossip_user_test.h"

#include <string.h>

static struct net net;
struct told told[NET_MAX];

void told_reset(void) {
    for (size_t i = 0; i < NET_MAX; i++) {
        told[i].count = 0;
    }
}

struct bw_bytes text_bytes(const char *text) {
    return (struct bw_bytes){(const uint8_t *)text, strlen(text)};
}

void told_event(struct net *at_net, size_t at, const struct bw_gossip_event *event) {
    struct told *log = &told[at];
    if (event->type < BW_GOSSIP_USER_EVENT || log->count == TOLD_MAX) {
        return;
    }
    size_t i = log->count++;
    memset(&log->list[i], 0, sizeof(log->list[i]));
    log->list[i].type = event->type;
    log->list[i].from = event->id;
    log->list[i].ltime = event->ltime;
    log->list[i].number = event->number;
    log->list[i].left_us = event->left_us;
    log->list[i].at_us = at_net->now_us;
    if (event->name.size > 0) {
        memcpy(log->list[i].name, event->name.data, event->name.size);
    }
    if (event->message.size > 0) {
        memcpy(log->list[i].payload, event->message.data, event->message.size);
    }
    log->list[i].size = event->message.size;
    log->list[i].acks = event->acks;
    log->list[i].responses = event->responses;
    log->list[i].expected = event->expected;
}

size_t told_count(size_t at, enum bw_gossip_event_type type, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < told[at].count; i++) {
        count += told[at].list[i].type == type && (!name || strcmp(told[at].list[i].name, name) == 0);
    }
    return count;
}

static void open_net(uint64_t seed) {
    net_open(&net, seed);
    net.on_event = told_event;
    told_reset();
}

static int fire(size_t at, const char *name, const char *payload) {
    int error = bw_gossip_user_event(net.nodes[at].gossip, text_bytes(name), text_bytes(payload), NULL, net_now(&net));
    net_drain(&net, at);
    return error;
}

static size_t heard_by_all(const char *name) {
    size_t heard = 0;
    for (size_t i = 0; i < net.count; i++) {
        heard += told_count(i, BW_GOSSIP_USER_EVENT, name) == 1;
    }
    return heard;
}

static void everybody_is_told_once(void) {
    open_net(1);
    net_form(&net, 20);
    CU_ASSERT_EQUAL(fire(3, "deploy", "v7"), 0);
    CU_ASSERT_EQUAL(told_count(3, BW_GOSSIP_USER_EVENT, "deploy"), 1); /* itself at once */
    net_run(&net, 2000);
    CU_ASSERT_EQUAL(heard_by_all("deploy"), 20);
    for (size_t i = 0; i < 20; i++) {
        CU_ASSERT(bw_id_equal(&told[i].list[0].from, &net.nodes[3].id));
        CU_ASSERT_EQUAL(told[i].list[0].ltime, 1);
        CU_ASSERT(told[i].list[0].size == 2 && memcmp(told[i].list[0].payload, "v7", 2) == 0);
    }
    net_run(&net, 60000);
    CU_ASSERT_EQUAL(heard_by_all("deploy"), 20);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_TELL_USERS_ONCE) > 0); /* heard again and again */
    net_close(&net);
}

static void who_was_told_comes_later(void) {
    uint64_t ltime = 0;
    open_net(2);
    net_form(&net, 5);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(
            bw_gossip_user_event(net.nodes[i].gossip, text_bytes("e"), text_bytes(""), &ltime, net_now(&net)), 0);
        CU_ASSERT_EQUAL(ltime, i + 1); /* it has heard of those before */
        net_drain(&net, i);
        net_run(&net, 1500);
    }
    CU_ASSERT(net_hits(&net, 3, BW_RULE_GO_PAST_LTIME) > 0);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(told[4].list[i].ltime, i + 1);
    }
    /* Two that know nothing of each other's share a time, and both are told. */
    CU_ASSERT_EQUAL(fire(0, "left", ""), 0);
    CU_ASSERT_EQUAL(fire(1, "right", ""), 0);
    net_run(&net, 2000);
    CU_ASSERT(heard_by_all("left") == 5 && heard_by_all("right") == 5);
    CU_ASSERT_EQUAL(told[4].list[4].ltime, told[4].list[5].ltime);
    net_close(&net);
}

static void limits_are_refused_to_the_caller(void) {
    char name[BW_NAME_MAX + 2];
    uint8_t payload[BW_USER_SIZE_MAX] = {0};
    open_net(3);
    net_form(&net, 2);
    struct bw_gossip *g = net.nodes[0].gossip;
    memset(name, 'n', sizeof(name));
    CU_ASSERT_EQUAL(
        bw_gossip_user_event(g, (struct bw_bytes){(uint8_t *)name, 64}, text_bytes(""), NULL, net_now(&net)),
        BW_ERR_INVALID);
    CU_ASSERT_EQUAL(bw_gossip_user_event(g, text_bytes(""), text_bytes(""), NULL, net_now(&net)), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(bw_gossip_user_event(g, text_bytes("a\nb"), text_bytes(""), NULL, net_now(&net)), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(
        bw_gossip_user_event(g, text_bytes("a"), (struct bw_bytes){payload, sizeof(payload)}, NULL, net_now(&net)),
        BW_ERR_SPACE);
    CU_ASSERT_EQUAL(
        bw_gossip_user_event(g, text_bytes("a"), (struct bw_bytes){payload, sizeof(payload) - 1}, NULL, net_now(&net)),
        0);
    net_run(&net, 1000);
    CU_ASSERT(told[1].count == 1 && told[1].list[0].size == sizeof(payload) - 1);
    /* 64 that nobody has been sent, and no more. */
    int error = 0;
    size_t taken = 0;
    while (taken < 100 && !error) {
        error = bw_gossip_user_event(g, text_bytes("fast"), text_bytes(""), NULL, net_now(&net));
        taken += error == 0;
    }
    CU_ASSERT(taken == 64 && error == BW_ERR_BUSY);
    net_run(&net, 3000);
    CU_ASSERT_EQUAL(told_count(1, BW_GOSSIP_USER_EVENT, "fast"), 64);
    CU_ASSERT_EQUAL(fire(0, "again", ""), 0);
    bw_gossip_leave(g, net_now(&net));
    CU_ASSERT_EQUAL(fire(0, "gone", ""), BW_ERR_BUSY);
    net_close(&net);
}

static struct bw_frame_user_event frame_of(uint64_t ltime, uint64_t number) {
    return (struct bw_frame_user_event){
        .ltime = ltime, .number = number, .origin = net_id(1), .name = text_bytes("flood"), .payload = text_bytes("p")};
}

static int inject(struct bw_frame_user_event frame) {
    return net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_user_event, &frame);
}

static void what_is_kept_is_bounded_and_never_told_twice(void) {
    open_net(4);
    net_form(&net, 2);
    net_run(&net, 5000);
    for (uint64_t i = 1; i <= 300; i++) {
        CU_ASSERT_EQUAL(inject(frame_of(i, 7)), 0);
    }
    struct bw_rumours *kept = &net.nodes[0].gossip->events_of_users;
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_USER_EVENT, "flood"), 300);
    CU_ASSERT(kept->count == BW_RUMOUR_MAX && kept->recent[0]->ltime == 45 && kept->floor_ltime == 44);
    inject(frame_of(44, 7)); /* told already, and forgotten */
    inject(frame_of(44, 6)); /* perhaps, too */
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_TOO_OLD_TO_TELL_APART), 2);
    inject(frame_of(45, 7));
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_USER_EVENT, "flood"), 300);
    inject(frame_of(45, 6)); /* new, and older than all: there is no place for it */
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_USER_EVENT, "flood"), 300);
    inject(frame_of(46, 6));
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_USER_EVENT, "flood"), 301);
    CU_ASSERT_EQUAL(kept->count, BW_RUMOUR_MAX);
    /* An ltime far ahead is made up: it would push all others out. */
    uint64_t bounds = net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING);
    inject(frame_of((UINT64_C(1) << 32) + 301, 7));
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_BOUND_EVERYTHING), bounds + 1);
    CU_ASSERT_EQUAL(kept->clock, 300);
    inject(frame_of((UINT64_C(1) << 32) + 300, 7));
    CU_ASSERT_EQUAL(kept->clock, (UINT64_C(1) << 32) + 300);
    net_close(&net);
}

static void bytes_kept_are_bounded(void) {
    uint8_t payload[1000] = {0};
    open_net(5);
    net_form(&net, 2);
    struct bw_frame_user_event frame = frame_of(1, 7);
    frame.payload = (struct bw_bytes){payload, sizeof(payload)};
    for (frame.ltime = 1; frame.ltime <= 200; frame.ltime++) {
        inject(frame);
    }
    struct bw_rumours *kept = &net.nodes[0].gossip->events_of_users;
    CU_ASSERT_EQUAL(told_count(0, BW_GOSSIP_USER_EVENT, "flood"), 200);
    CU_ASSERT(kept->bytes <= BW_RUMOUR_BYTES_MAX && kept->bytes > BW_RUMOUR_BYTES_MAX - 1005);
    net_close(&net);
}

static void malformed_ones_change_nothing(void) {
    open_net(6);
    net_form(&net, 2);
    struct bw_frame_user_event none = frame_of(0, 1);
    CU_ASSERT_EQUAL(inject(none), BW_ERR_DROP_MALFORMED);
    struct bw_frame_user_event nobody = frame_of(1, 1);
    nobody.origin = (struct bw_id){{0}};
    CU_ASSERT_EQUAL(inject(nobody), BW_ERR_DROP_MALFORMED);
    struct bw_frame_user_event control = frame_of(1, 1);
    control.name = text_bytes("a\033b");
    CU_ASSERT_EQUAL(inject(control), BW_ERR_DROP_MALFORMED);
    struct bw_frame_have odd = {0, text_bytes("odd")};
    CU_ASSERT_EQUAL(net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_have, &odd),
                    BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(told[0].count, 0);
    net_close(&net);
}

static void who_joins_later_is_not_told_of_the_past(void) {
    open_net(7);
    net_form(&net, 4);
    CU_ASSERT_EQUAL(fire(0, "old", ""), 0);
    net_run(&net, 3000);
    net_start(&net, 4);
    net_run(&net, 10000);
    CU_ASSERT_EQUAL(told_count(4, BW_GOSSIP_USER_EVENT, NULL), 0);
    CU_ASSERT(net_hits(&net, 4, BW_RULE_NOT_OF_AN_EARLIER_LIFE) > 0);
    CU_ASSERT_EQUAL(net.nodes[4].gossip->events_of_users.count, 1); /* it can tell it when it hears it again */
    CU_ASSERT_EQUAL(fire(4, "new", ""), 0);
    net_run(&net, 2000);
    CU_ASSERT_EQUAL(heard_by_all("new"), 5);
    CU_ASSERT_EQUAL(told[0].list[1].ltime, 2);
    /* Nor who was away, and comes back. */
    bw_gossip_leave(net.nodes[4].gossip, net_now(&net));
    net_drain(&net, 4);
    net_run(&net, 3000);
    CU_ASSERT_EQUAL(fire(0, "missed", ""), 0);
    net_run(&net, 3000);
    bw_gossip_join(net.nodes[4].gossip, NULL, 0, net_now(&net));
    net_drain(&net, 4);
    net_run(&net, 20000);
    CU_ASSERT_EQUAL(told_count(4, BW_GOSSIP_USER_EVENT, "missed"), 0);
    CU_ASSERT_EQUAL(net.nodes[4].gossip->events_of_users.digest, net.nodes[0].gossip->events_of_users.digest);
    net_close(&net);
}

static void who_was_cut_off_is_told_afterwards(void) {
    open_net(8);
    net_form(&net, 6);
    net_run(&net, 5000);
    for (size_t a = 0; a < 2; a++) {
        for (size_t b = 2; b < 6; b++) {
            net.cut[a][b] = net.cut[b][a] = true;
        }
    }
    for (int i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(fire(0, "few", "x"), 0);
        CU_ASSERT_EQUAL(fire(5, "many", "x"), 0);
    }
    net_run(&net, 4000);
    CU_ASSERT(told_count(1, BW_GOSSIP_USER_EVENT, "few") == 20 && told_count(1, BW_GOSSIP_USER_EVENT, "many") == 0);
    memset(net.cut, 0, sizeof(net.cut));
    net_run(&net, 30000);
    uint64_t compared = 0;
    for (size_t i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(told_count(i, BW_GOSSIP_USER_EVENT, "few"), 20);
        CU_ASSERT_EQUAL(told_count(i, BW_GOSSIP_USER_EVENT, "many"), 20);
        compared += net_hits(&net, i, BW_RULE_COMPARE_RECENT_EVENTS);
    }
    CU_ASSERT(compared > 0);
    net_close(&net);
}

static size_t sent_by_all(void) {
    size_t sent = 0;
    for (size_t i = 0; i < net.count; i++) {
        sent += net.nodes[i].sent;
    }
    return sent;
}

static void news_end_and_silence_returns(void) {
    open_net(9);
    net_form(&net, 10);
    net_run(&net, 20000);
    size_t before = sent_by_all();
    net_run(&net, 30000);
    size_t idle = sent_by_all() - before;
    CU_ASSERT_EQUAL(fire(0, "e", ""), 0);
    net_run(&net, 5000);
    CU_ASSERT_EQUAL(heard_by_all("e"), 10);
    before = sent_by_all();
    net_run(&net, 30000);
    CU_ASSERT(sent_by_all() - before <= idle + 2); /* pings and acks; a round's end may fall inside */
    CU_ASSERT(bw_list_empty(&net.nodes[0].gossip->events_of_users.queue));
    CU_ASSERT(net_hits(&net, 0, BW_RULE_USERS_HAVE_DATAGRAMS_OF_THEIR_OWN) > 0);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_COMPARE_RECENT_EVENTS), 0);
    net_close(&net);
}

/* Not only once it is probed. */
static void a_newcomer_knows_the_time_with_the_view(void) {
    open_net(12);
    net_form(&net, 4);
    CU_ASSERT(fire(0, "a", "") == 0 && fire(0, "b", "") == 0);
    net_run(&net, 3000);
    for (size_t i = 4; i < 12; i++) {
        net_start(&net, i);
        while (bw_gossip_member_count(net.nodes[i].gossip) < i + 1) {
            net_run(&net, 1);
        }
        CU_ASSERT_EQUAL(net.nodes[i].gossip->events_of_users.clock, 2);
    }
    net_close(&net);
}

/* Nothing of it is on the wire before the first event. */
static void who_does_not_use_it_does_not_pay(void) {
    uint8_t bytes[64];
    open_net(10);
    net_form(&net, 2);
    struct bw_writer writer = {.data = bytes, .capacity = sizeof(bytes)};
    struct bw_frame_ping ping = {0};
    bw_wire_put(&writer, &bw_schema_ping, &ping);
    bw_user_event_tell_clocks(net.nodes[0].gossip, &writer, net_member(&net, 0, 1));
    CU_ASSERT_EQUAL(writer.used, 16);
    CU_ASSERT_EQUAL(fire(0, "e", ""), 0);
    bw_user_event_tell_clocks(net.nodes[0].gossip, &writer,
                              NULL); /* a stranger's answer is no larger than its question */
    CU_ASSERT_EQUAL(writer.used, 16);
    bw_user_event_tell_clocks(net.nodes[0].gossip, &writer, net_member(&net, 0, 1));
    CU_ASSERT_EQUAL(writer.used, 16 + 27);
    net_close(&net);
}

static void without_memory_nothing_is_half_done(void) {
    open_net(11);
    net_form(&net, 3);
    struct bw_rumours *kept = &net.nodes[0].gossip->events_of_users;
    int error = BW_ERR_MEMORY;
    for (size_t nth = 1; error == BW_ERR_MEMORY && nth < 20; nth++) {
        uint64_t clock = kept->clock;
        net.nodes[0].memory.fail_at = net.nodes[0].memory.calls + nth;
        error = fire(0, "e", "payload");
        net.nodes[0].memory.fail_at = 0;
        CU_ASSERT(error == 0 || (error == BW_ERR_MEMORY && kept->clock == clock && kept->count == 0));
    }
    CU_ASSERT_EQUAL(error, 0);
    net_run(&net, 2000);
    CU_ASSERT_EQUAL(heard_by_all("e"), 3);
    net_close(&net);
}

static const struct tap_test tests[] = {
    TAP_TEST(everybody_is_told_once),
    TAP_TEST(who_was_told_comes_later),
    TAP_TEST(limits_are_refused_to_the_caller),
    TAP_TEST(what_is_kept_is_bounded_and_never_told_twice),
    TAP_TEST(bytes_kept_are_bounded),
    TAP_TEST(malformed_ones_change_nothing),
    TAP_TEST(who_joins_later_is_not_told_of_the_past),
    TAP_TEST(who_was_cut_off_is_told_afterwards),
    TAP_TEST(news_end_and_silence_returns),
    TAP_TEST(a_newcomer_knows_the_time_with_the_view),
    TAP_TEST(who_does_not_use_it_does_not_pay),
    TAP_TEST(without_memory_nothing_is_half_done),
};
const struct tap_suite gossip_user_suite = TAP_SUITE("gossip user events", tests);
