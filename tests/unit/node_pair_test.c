/* Two real nodes and a perfect wire of 1 ms: sealing, gossip and election joined. */
#include "tests/unit/node_test.h"

#include <string.h>

#define QUEUE_MAX 256u
#define STEP_MS 1
#define SCOPE_MAX 20u

struct packet {
    struct bw_addr from;
    struct bw_addr to;
    uint8_t data[BW_DATAGRAM_MAX];
    size_t size;
};

struct pair {
    struct test_memory memory[2];
    struct bw_rng rng[2];
    struct bw_node *node[2];
    struct bw_addr addr[2];
    struct packet queue[QUEUE_MAX];
    size_t queued;
    int64_t now_ms;
    size_t events[2][BW_EVENT_COUNT];
    enum bw_loss lost[2]; /* why a leader was lost last */
    size_t sent;
    bool cut;
    uint64_t dropped; /* as the events said, by node 0 */
    const char *bound;
};

static void drain(struct pair *pair, size_t i) {
    struct bw_datagram out;
    struct bw_time now = node_test_time(pair->now_ms);
    while (bw_node_transmit(pair->node[i], &out, now)) {
        pair->sent++;
        if (pair->cut || pair->queued == QUEUE_MAX) {
            continue;
        }
        struct packet *packet = &pair->queue[pair->queued++];
        packet->from = pair->addr[i];
        packet->to = out.to;
        packet->size = out.size;
        memcpy(packet->data, out.data, out.size);
    }
    struct bw_event event;
    while (bw_node_event(pair->node[i], &event)) {
        pair->events[i][event.type]++;
        if (i == 0 && event.type == BW_EVENT_BOUND_PASSED) {
            pair->dropped += event.dropped;
            pair->bound = event.bound;
        }
        pair->lost[i] = event.type == BW_EVENT_LEADER_LOST ? event.reason : pair->lost[i];
    }
}

static void deliver(struct pair *pair) {
    static struct packet arriving[QUEUE_MAX];
    size_t count = pair->queued;
    memcpy(arriving, pair->queue, count * sizeof(arriving[0]));
    pair->queued = 0;
    for (size_t k = 0; k < count; k++) {
        size_t i = arriving[k].to.port == pair->addr[0].port ? 0 : 1;
        bw_node_receive(pair->node[i], arriving[k].data, arriving[k].size, &arriving[k].from,
                        node_test_time(pair->now_ms));
        drain(pair, i);
    }
}

static void run(struct pair *pair, int64_t ms) {
    for (int64_t end_ms = pair->now_ms + ms; pair->now_ms < end_ms;) {
        pair->now_ms += STEP_MS;
        deliver(pair);
        for (size_t i = 0; i < 2; i++) {
            bw_node_tick(pair->node[i], node_test_time(pair->now_ms));
            drain(pair, i);
        }
    }
}

static struct pair *start(size_t scope_count) {
    static struct pair pair;
    static const char *const names[SCOPE_MAX] = {"default", "a", "b", "c", "d", "e", "f", "g", "h", "i",
                                                 "j",       "k", "l", "m", "n", "o", "p", "q", "r", "s"};
    static struct bw_scope_config scopes[SCOPE_MAX];
    memset(&pair, 0, sizeof(pair));
    for (size_t i = 0; i < SCOPE_MAX; i++) {
        bw_scope_config_init(&scopes[i], names[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        bw_rng_seed(&pair.rng[i], i + 1);
        struct bw_config config = node_test_config(&pair.memory[i], &pair.rng[i], i);
        pair.addr[i] = config.addr;
        config.scopes = scopes;
        config.scope_count = scope_count;
        config.seeds = &pair.addr[0];
        config.seed_count = 1;
        CU_ASSERT_EQUAL_FATAL(bw_node_create(&pair.node[i], &config, node_test_time(0)), 0);
    }
    return &pair;
}

static void stop(struct pair *pair) {
    for (size_t i = 0; i < 2; i++) {
        bw_node_destroy(pair->node[i]);
        CU_ASSERT_EQUAL(pair->memory[i].used_size, 0);
    }
}

static bool leads(const struct pair *pair, size_t i) {
    return bw_node_may_act(pair->node[i], "default", node_test_time(pair->now_ms));
}

static void two_nodes_find_each_other_and_agree(void) {
    struct pair *pair = start(1);
    run(pair, 1000);
    CU_ASSERT_EQUAL(bw_node_member_count(pair->node[0]), 2);
    CU_ASSERT_EQUAL(bw_node_member_count(pair->node[1]), 2);
    CU_ASSERT_EQUAL(bw_node_digest(pair->node[0]), bw_node_digest(pair->node[1]));
    CU_ASSERT_EQUAL(pair->events[0][BW_EVENT_MEMBER_ALIVE], 2);
    CU_ASSERT_EQUAL(pair->events[1][BW_EVENT_MEMBER_ALIVE], 2);
    stop(pair);
}

static void one_of_two_leads_and_both_say_so(void) {
    struct pair *pair = start(1);
    run(pair, 8000);
    CU_ASSERT_TRUE(leads(pair, 0) != leads(pair, 1));
    struct bw_scope_info info[2];
    for (size_t i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(bw_node_scope(pair->node[i], 0, &info[i], node_test_time(pair->now_ms)), 0);
        CU_ASSERT_TRUE(info[i].has_leader);
        CU_ASSERT_EQUAL(pair->events[i][BW_EVENT_LEADER_ELECTED], 1);
    }
    CU_ASSERT_EQUAL(bw_token_compare(&info[0].token, &info[1].token), 0);
    CU_ASSERT_STRING_EQUAL(info[0].leader, info[1].leader);
    stop(pair);
}

static void a_leave_hands_the_lead_over_at_once(void) {
    struct pair *pair = start(1);
    run(pair, 8000);
    size_t leader = leads(pair, 0) ? 0 : 1;
    CU_ASSERT_TRUE_FATAL(leads(pair, leader));
    bw_node_leave(pair->node[leader], node_test_time(pair->now_ms));
    drain(pair, leader);
    CU_ASSERT_FALSE(leads(pair, leader));
    run(pair, 20);
    CU_ASSERT_TRUE(leads(pair, 1 - leader));
    CU_ASSERT_EQUAL(pair->lost[1 - leader], BW_LOSS_RESIGNED); /* it said so before it said that it leaves */
    run(pair, 2000);
    CU_ASSERT_TRUE(bw_node_left(pair->node[leader]));
    CU_ASSERT_EQUAL(pair->events[1 - leader][BW_EVENT_MEMBER_LEFT], 1);
    CU_ASSERT_EQUAL(pair->events[1 - leader][BW_EVENT_MEMBER_DEAD], 0);
    stop(pair);
}

static void nothing_is_allocated_per_datagram(void) {
    struct pair *pair = start(1);
    run(pair, 20000);
    size_t calls = pair->memory[0].calls + pair->memory[1].calls;
    size_t sent = pair->sent;
    run(pair, 60000);
    CU_ASSERT_TRUE(pair->sent - sent > 100);
    CU_ASSERT_EQUAL(pair->memory[0].calls + pair->memory[1].calls, calls);
    stop(pair);
}

static void idle_observers_send_one_ping_and_one_ack_each(void) {
    struct pair *pair = start(0);
    run(pair, 20000);
    size_t sent = pair->sent;
    run(pair, 60000);
    tap_note("%zu datagrams in 60 s", pair->sent - sent);
    CU_ASSERT_TRUE(pair->sent - sent >= 236 && pair->sent - sent <= 242);
    stop(pair);
}

static size_t sent_in_a_minute(size_t scope_count) {
    struct pair *pair = start(scope_count);
    run(pair, 20000);
    size_t leader = leads(pair, 0) ? 0 : 1;
    struct bw_scope_info info;
    for (size_t i = 0; i < scope_count; i++) {
        CU_ASSERT_EQUAL_FATAL(bw_node_scope(pair->node[leader], i, &info, node_test_time(pair->now_ms)), 0);
        CU_ASSERT_EQUAL(info.role, BW_ROLE_LEADER);
    }
    size_t sent = pair->sent;
    run(pair, 60000);
    sent = pair->sent - sent;
    CU_ASSERT_TRUE(leads(pair, leader));
    stop(pair);
    return sent;
}

/* One heartbeat for all scopes: 20 of them cost what one does. */
static void scopes_share_their_heartbeats(void) {
    size_t one = sent_in_a_minute(1);
    size_t twenty = sent_in_a_minute(SCOPE_MAX);
    tap_note("%zu datagrams in 60 s with one scope, %zu with twenty", one, twenty);
    CU_ASSERT_EQUAL(one, twenty);
}

static void cut_off_the_leader_stops_before_the_other_starts(void) {
    struct pair *pair = start(1);
    run(pair, 8000);
    size_t leader = leads(pair, 0) ? 0 : 1;
    CU_ASSERT_TRUE_FATAL(leads(pair, leader));
    pair->cut = true;
    for (int64_t ms = 0; ms < 2000; ms++) {
        run(pair, 1);
        CU_ASSERT_FALSE(leads(pair, 0) && leads(pair, 1));
        CU_ASSERT_TRUE(ms < 1500 || !leads(pair, leader));
    }
    CU_ASSERT_TRUE(leads(pair, 1 - leader));
    CU_ASSERT_EQUAL(pair->events[leader][BW_EVENT_SELF_DEPOSED], 1);
    stop(pair);
}

static void what_was_done_is_counted(void) {
    struct pair *pair = start(1);
    run(pair, 5000);
    struct bw_node_stats stats[2] = {{.size = sizeof(stats[0])}, {.size = sizeof(stats[1])}};
    for (size_t i = 0; i < 2; i++) {
        bw_node_stats(pair->node[i], &stats[i]);
        CU_ASSERT_TRUE(stats[i].sent > 10 && stats[i].sent_size > stats[i].sent * BW_SEAL_OVERHEAD);
        CU_ASSERT_EQUAL(stats[i].events_lost, 0);
        CU_ASSERT_EQUAL(stats[i].health, 0);
    }
    CU_ASSERT_EQUAL(stats[0].sent + stats[1].sent, pair->sent);
    CU_ASSERT_EQUAL(stats[0].received + stats[1].received + pair->queued, pair->sent);
    struct bw_node_stats older = {.size = offsetof(struct bw_node_stats, sent_size), .health = 77};
    bw_node_stats(pair->node[0], &older);
    CU_ASSERT_EQUAL(older.sent, stats[0].sent);
    CU_ASSERT_EQUAL(older.health, 77); /* beyond what the caller knows of */
    const char *name = NULL;
    uint64_t count = 0;
    uint64_t reigns = 0;
    size_t rules = 0;
    for (; bw_node_rule(pair->node[0], rules, &name, &count) == 0; rules++) {
        reigns += strcmp(name, "confirmed-claim-reigns") == 0 ? count : 0;
    }
    CU_ASSERT_EQUAL(rules, (size_t)BW_RULE_COUNT);
    CU_ASSERT_EQUAL(reigns, leads(pair, 0) ? 1 : 0);
    stop(pair);
}

static void a_stepdown_moves_the_lead_and_is_known(void) {
    struct pair *pair = start(1);
    run(pair, 8000);
    size_t leader = leads(pair, 0) ? 0 : 1;
    CU_ASSERT_TRUE_FATAL(leads(pair, leader));
    CU_ASSERT_EQUAL(bw_node_stepdown(pair->node[leader], "nothing", 0, node_test_time(pair->now_ms)), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(bw_node_stepdown(pair->node[leader], "default", 0, node_test_time(pair->now_ms)), 0);
    drain(pair, leader);
    CU_ASSERT_FALSE(leads(pair, leader));
    run(pair, 4); /* there; the claim and its confirmation */
    CU_ASSERT_TRUE(leads(pair, 1 - leader));
    run(pair, 1000);
    struct bw_candidate_info last;
    CU_ASSERT_EQUAL_FATAL(bw_node_candidate(pair->node[1 - leader], "default", 0, &last), 0);
    for (size_t i = 0; i < 2; i++) {
        bw_node_candidate(pair->node[1 - leader], "default", i, &last);
        struct bw_id id = bw_node_id(pair->node[leader]);
        CU_ASSERT_EQUAL(last.ready, !bw_id_equal(&last.id, &id));
    }
    run(pair, 58000); /* 60 s, where no time is given */
    bw_node_leave(pair->node[1 - leader], node_test_time(pair->now_ms));
    drain(pair, 1 - leader);
    run(pair, 900);
    CU_ASSERT_FALSE(leads(pair, leader));
    run(pair, 200);
    CU_ASSERT_TRUE(leads(pair, leader));
    stop(pair);
}

static void who_left_comes_back_by_joining(void) {
    struct pair *pair = start(1);
    run(pair, 8000);
    size_t leader = leads(pair, 0) ? 0 : 1;
    struct bw_id id = bw_node_id(pair->node[leader]);
    bw_node_leave(pair->node[leader], node_test_time(pair->now_ms));
    drain(pair, leader);
    run(pair, 5000);
    CU_ASSERT_EQUAL(pair->events[1 - leader][BW_EVENT_MEMBER_LEFT], 1);
    size_t alive = pair->events[leader][BW_EVENT_MEMBER_ALIVE];
    CU_ASSERT_EQUAL(bw_node_join(pair->node[leader], &pair->addr[1 - leader], 1, node_test_time(pair->now_ms)), 0);
    drain(pair, leader);
    CU_ASSERT_FALSE(bw_node_left(pair->node[leader]));
    run(pair, 200);
    CU_ASSERT_EQUAL(pair->events[1 - leader][BW_EVENT_MEMBER_ALIVE], 3); /* itself, the other, the other again */
    CU_ASSERT_EQUAL(pair->events[leader][BW_EVENT_MEMBER_ALIVE], alive + 1);
    CU_ASSERT_EQUAL(bw_node_digest(pair->node[0]), bw_node_digest(pair->node[1]));
    struct bw_id again = bw_node_id(pair->node[leader]);
    CU_ASSERT_TRUE(bw_id_equal(&again, &id));
    run(pair, 5000);
    CU_ASSERT_TRUE(leads(pair, 1 - leader)); /* the lead is not taken back */
    bw_node_leave(pair->node[1 - leader], node_test_time(pair->now_ms));
    drain(pair, 1 - leader);
    run(pair, 20);
    CU_ASSERT_TRUE(leads(pair, leader)); /* but it stands again */
    run(pair, 2000);
    CU_ASSERT_TRUE(bw_node_left(pair->node[1 - leader]));
    stop(pair);
}

/* Whichever allocation fails, in either node: what was lost for it is made up for. */
static size_t views_agree_though_one_allocation_failed(size_t i, size_t nth) {
    struct pair *pair = start(1);
    size_t calls = pair->memory[i].calls;
    pair->memory[i].fail_at = calls + nth;
    run(pair, 30000);
    CU_ASSERT_TRUE(leads(pair, 0) != leads(pair, 1));
    CU_ASSERT_EQUAL(bw_node_digest(pair->node[0]), bw_node_digest(pair->node[1]));
    calls = pair->memory[i].calls - calls;
    stop(pair);
    return calls;
}

static void one_failed_allocation_keeps_no_view_apart(void) {
    for (size_t i = 0; i < 2; i++) {
        size_t calls = 1;
        for (size_t nth = 1; nth <= calls; nth++) {
            calls = views_agree_though_one_allocation_failed(i, nth);
        }
        CU_ASSERT_TRUE(calls > 10);
    }
}

/* ------------------------------------------------------------------ direct messages */

static int message(struct pair *pair, size_t from, uint8_t channel, const void *data, size_t size) {
    struct bw_id to = bw_node_id(pair->node[1 - from]);
    int error = bw_node_send(pair->node[from], &to, channel, data, size, node_test_time(pair->now_ms));
    drain(pair, from);
    return error;
}

static void messages_arrive_whole_on_their_channel(void) {
    struct pair *pair = start(1);
    struct bw_message got;
    uint8_t large[BW_MESSAGE_SIZE_MAX + 1];
    run(pair, 5000);
    memset(large, 7, sizeof(large));
    CU_ASSERT_EQUAL(message(pair, 0, 16, "one", 3), 0);
    CU_ASSERT_EQUAL(message(pair, 0, 255, NULL, 0), 0);
    CU_ASSERT_EQUAL(message(pair, 0, 16, large, BW_MESSAGE_SIZE_MAX), 0);
    run(pair, 20);
    struct bw_id from = bw_node_id(pair->node[0]);
    CU_ASSERT_FATAL(bw_node_message(pair->node[1], &got));
    CU_ASSERT(got.channel == 16 && got.size == 3 && memcmp(got.data, "one", 3) == 0);
    CU_ASSERT_EQUAL(memcmp(&got.from, &from, sizeof(from)), 0);
    CU_ASSERT_FATAL(bw_node_message(pair->node[1], &got));
    CU_ASSERT(got.channel == 255 && got.size == 0);
    CU_ASSERT_FATAL(bw_node_message(pair->node[1], &got));
    CU_ASSERT(got.size == BW_MESSAGE_SIZE_MAX && memcmp(got.data, large, BW_MESSAGE_SIZE_MAX) == 0);
    CU_ASSERT_FALSE(bw_node_message(pair->node[1], &got));
    CU_ASSERT_FALSE(bw_node_message(pair->node[0], &got));
    stop(pair);
}

static void what_cannot_be_sent_is_refused(void) {
    struct pair *pair = start(1);
    uint8_t large[BW_MESSAGE_SIZE_MAX + 1] = {0};
    struct bw_id own = bw_node_id(pair->node[0]);
    struct bw_time now = node_test_time(5000);
    run(pair, 5000);
    for (unsigned channel = 0; channel < BW_CHANNEL_MIN; channel++) { /* the election's among them */
        CU_ASSERT_EQUAL(message(pair, 0, (uint8_t)channel, "x", 1), BW_ERR_INVALID);
    }
    CU_ASSERT_EQUAL(message(pair, 0, 16, large, sizeof(large)), BW_ERR_SPACE);
    CU_ASSERT_EQUAL(bw_node_send(pair->node[0], &own, 16, "x", 1, now), BW_ERR_NOT_FOUND);
    struct bw_id nobody = {{1}};
    CU_ASSERT_EQUAL(bw_node_send(pair->node[0], &nobody, 16, "x", 1, now), BW_ERR_NOT_FOUND);
    stop(pair);
}

/* A host that takes none: what has no room is counted, and nothing else suffers. */
static void messages_that_nobody_takes_have_a_bound(void) {
    struct pair *pair = start(1);
    struct bw_node_stats stats = {.size = sizeof(stats)};
    struct bw_message got;
    static const uint8_t data[BW_MESSAGE_SIZE_MAX];
    run(pair, 5000);
    for (int i = 0; i < 300; i++) {
        CU_ASSERT_EQUAL(message(pair, 0, 16, data, sizeof(data)), 0);
        run(pair, 2);
    }
    bw_node_stats(pair->node[1], &stats);
    uint64_t lost = stats.messages_lost;
    uint64_t taken = 0;
    while (bw_node_message(pair->node[1], &got)) {
        taken++;
    }
    CU_ASSERT(lost > 0 && taken > 200);
    CU_ASSERT_EQUAL(lost + taken, 300);
    CU_ASSERT_EQUAL(message(pair, 0, 16, "x", 1), 0);
    run(pair, 20);
    CU_ASSERT_TRUE(bw_node_message(pair->node[1], &got));
    stop(pair);
}

static int set_params(struct pair *pair, const struct bw_params *params, const char **why) {
    return bw_node_set_params(pair->node[0], params, why, node_test_time(pair->now_ms));
}

/* An observer among observers sends a ping and an ack in each interval: twice as many in half the time. */
static void the_detectors_patience_changes_while_it_runs(void) {
    struct pair *pair = start(0);
    struct bw_params params;
    run(pair, 20000);
    size_t before = pair->sent;
    run(pair, 20000);
    size_t usual = pair->sent - before;
    bw_node_params(pair->node[0], &params);
    CU_ASSERT_EQUAL(params.probe_interval_ms, 1000);
    params.probe_interval_ms = 200;
    params.probe_timeout_max_ms = 100;
    params.probe_timeout_min_ms = 20;
    params.gossip_interval_ms = 50;
    params.health_max = 1;
    CU_ASSERT_EQUAL(set_params(pair, &params, NULL), 0);
    run(pair, 1000); /* the interval under way ends as it began */
    before = pair->sent;
    run(pair, 20000);
    CU_ASSERT_EQUAL(usual, 80);
    CU_ASSERT_EQUAL(pair->sent - before, 40 + 200);
    CU_ASSERT_EQUAL(pair->events[0][BW_EVENT_MEMBER_SUSPECT] + pair->events[1][BW_EVENT_MEMBER_SUSPECT], 0);
    bw_node_params(pair->node[0], &params);
    CU_ASSERT_EQUAL(params.probe_interval_ms, 200);
    stop(pair);
}

static void what_others_rely_on_does_not_change(void) {
    struct pair *pair = start(1);
    struct bw_params before, params, after;
    const char *why = "";
    run(pair, 3000);
    bw_node_params(pair->node[0], &before);
    params = before;
    params.probe_interval_ms = 2000;
    params.lease_ms = 3000;
    CU_ASSERT_EQUAL(set_params(pair, &params, &why), BW_ERR_BUSY);
    CU_ASSERT_STRING_EQUAL(why, "lease_ms cannot change while the node runs: it takes effect at its start");
    CU_ASSERT_EQUAL(set_params(pair, &params, NULL), BW_ERR_BUSY);
    params = before;
    params.member_max++;
    CU_ASSERT_EQUAL(set_params(pair, &params, &why), BW_ERR_BUSY);
    params = before;
    params.probe_timeout_max_ms = params.probe_interval_ms;
    CU_ASSERT_EQUAL(set_params(pair, &params, &why), BW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "leaves no time for indirect probes"));
    params = before;
    params.gossip_fanout = 0;
    CU_ASSERT_EQUAL(set_params(pair, &params, &why), BW_ERR_INVALID);
    bw_node_params(pair->node[0], &after);
    CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
    stop(pair);
}

static void a_passed_bound_is_told_at_once_and_then_every_ten_seconds(void) {
    static const uint8_t data[1000];
    struct pair *pair = start(0);
    struct bw_id id = bw_node_id(pair->node[0]);
    const char *word;
    const char *text;
    uint64_t count;
    size_t sent = 0;
    run(pair, 1000);
    CU_ASSERT_EQUAL(bw_node_bound(pair->node[0], BW_BOUND_COUNT, &word, &text, &count), BW_ERR_NOT_FOUND);
    while (pair->events[0][BW_EVENT_BOUND_PASSED] == 0 && sent < 400) { /* 256 KiB, which nobody takes */
        CU_ASSERT_EQUAL(bw_node_send(pair->node[1], &id, 20, data, sizeof(data), node_test_time(pair->now_ms)), 0);
        sent++;
        run(pair, STEP_MS);
    }
    CU_ASSERT(sent > 200 && sent < 400);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(bw_node_send(pair->node[1], &id, 20, data, sizeof(data), node_test_time(pair->now_ms)), 0);
    }
    run(pair, 9900);
    CU_ASSERT_EQUAL(pair->events[0][BW_EVENT_BOUND_PASSED], 1);
    run(pair, 200);
    CU_ASSERT_EQUAL(pair->events[0][BW_EVENT_BOUND_PASSED], 2);
    run(pair, 30000); /* nothing more is dropped */
    CU_ASSERT_EQUAL(pair->events[0][BW_EVENT_BOUND_PASSED], 2);
    CU_ASSERT(pair->dropped >= 6);
    CU_ASSERT_STRING_EQUAL(pair->bound, "messages");
    CU_ASSERT_EQUAL(bw_node_bound(pair->node[0], BW_BOUND_MESSAGES, &word, &text, &count), 0);
    CU_ASSERT_EQUAL(count, pair->dropped);
    CU_ASSERT_STRING_EQUAL(word, "messages");
    CU_ASSERT_STRING_EQUAL(text, "a direct message that the host did not take in time");
    stop(pair);
}

/* A host that takes no events for long is told afterwards, once, of all that it missed: the news of it does not need the room that is
 * missing. */
static void what_a_full_queue_lost_is_told_when_there_is_room(void) {
    static const char *const values[] = {"a", "b"};
    struct pair *pair = start(0);
    struct bw_node_stats stats = {.size = sizeof(stats)};
    run(pair, 1000);
    for (size_t i = 0; i < 100000 && stats.events_lost < 300; i++) {
        const struct bw_tag tag = {"turn", values[i % 2]};
        CU_ASSERT_EQUAL(bw_node_set_tags(pair->node[0], &tag, 1, node_test_time(pair->now_ms)), 0);
        bw_node_stats(pair->node[0], &stats);
    }
    CU_ASSERT_EQUAL_FATAL(stats.events_lost, 300);
    run(pair, 20000);
    CU_ASSERT_EQUAL(pair->events[0][BW_EVENT_BOUND_PASSED], 1);
    CU_ASSERT_EQUAL(pair->dropped, 300);
    CU_ASSERT_STRING_EQUAL(pair->bound, "events");
    bw_node_stats(pair->node[0], &stats);
    CU_ASSERT_EQUAL(stats.events_lost, 300);
    stop(pair);
}

static const struct tap_test tests[] = {
    TAP_TEST(what_a_full_queue_lost_is_told_when_there_is_room),
    TAP_TEST(messages_arrive_whole_on_their_channel),
    TAP_TEST(what_cannot_be_sent_is_refused),
    TAP_TEST(messages_that_nobody_takes_have_a_bound),
    TAP_TEST(two_nodes_find_each_other_and_agree),
    TAP_TEST(one_of_two_leads_and_both_say_so),
    TAP_TEST(a_leave_hands_the_lead_over_at_once),
    TAP_TEST(nothing_is_allocated_per_datagram),
    TAP_TEST(idle_observers_send_one_ping_and_one_ack_each),
    TAP_TEST(cut_off_the_leader_stops_before_the_other_starts),
    TAP_TEST(what_was_done_is_counted),
    TAP_TEST(scopes_share_their_heartbeats),
    TAP_TEST(a_stepdown_moves_the_lead_and_is_known),
    TAP_TEST(who_left_comes_back_by_joining),
    TAP_TEST(one_failed_allocation_keeps_no_view_apart),
    TAP_TEST(a_passed_bound_is_told_at_once_and_then_every_ten_seconds),
    TAP_TEST(the_detectors_patience_changes_while_it_runs),
    TAP_TEST(what_others_rely_on_does_not_change),
};
const struct tap_suite node_pair_suite = TAP_SUITE("node pair", tests);
