/* Discovery in virtual time: real nodes on one LAN with a wire of 1 ms, on which all beacons are counted. */
#include "crypto/beacon.h"
#include "node/internal.h"
#include "tests/lib/marks.h"
#include "tests/lib/memory.h"
#include "tests/lib/tap.h"

#include "base/base.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define KEY_B "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n"
#define NODES 100u
#define PACKETS 16384u
#define BEACONS 4096u
#define WALL_US INT64_C(1790000000000000)

struct packet {
    struct bw_addr from;
    struct bw_addr to; /* family 0: the group */
    uint8_t data[BW_DATAGRAM_MAX];
    size_t size;
};

struct lan {
    struct bw_node *nodes[NODES];
    struct test_memory memory[NODES];
    struct bw_rng rng[NODES];
    size_t count;
    int64_t now_ms;
    struct packet *queue;
    struct packet *arriving;
    size_t queued;
    bool deaf; /* no beacon arrives */
    size_t beacon_count;
    int64_t beacon_ms[BEACONS];
    uint8_t last_beacon[NODES][BW_BEACON_SIZE];
    size_t to[NODES]; /* datagrams that went there */
    size_t elected;
};

static struct lan lan;

static struct bw_time now(void) {
    return (struct bw_time){lan.now_ms * BW_US_PER_MS, WALL_US + lan.now_ms * BW_US_PER_MS};
}

static struct bw_addr addr_of(size_t i) {
    return (struct bw_addr){.family = 4, .ip = {10, 0, 0, (uint8_t)(i + 1)}, .port = 7947};
}

static void hook(void *context, enum bw_rule rule, const struct bw_id *subject, uint64_t detail) {
    (void)context;
    (void)subject;
    (void)detail;
    marks_hit(rule);
}

static void entropy(void *context, void *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)data)[i] = (uint8_t)bw_rng_next(context);
    }
}

static void begin(void) {
    free(lan.queue);
    free(lan.arriving);
    memset(&lan, 0, sizeof(lan));
    lan.queue = calloc(PACKETS, sizeof(*lan.queue));
    lan.arriving = calloc(PACKETS, sizeof(*lan.arriving));
    CU_ASSERT_FATAL(lan.queue != NULL && lan.arriving != NULL);
}

static void stop(size_t i) {
    bw_node_destroy(lan.nodes[i]);
    CU_ASSERT_EQUAL(lan.memory[i].used_size, 0);
    lan.nodes[i] = NULL;
}

static void end(void) {
    for (size_t i = 0; i < lan.count; i++) {
        if (lan.nodes[i] != NULL) {
            stop(i);
        }
    }
}

static struct packet *put(size_t from) {
    CU_ASSERT_FATAL(lan.queued < PACKETS);
    struct packet *packet = &lan.queue[lan.queued++];
    *packet = (struct packet){.from = addr_of(from)};
    return packet;
}

static void send_beacon(size_t i) {
    struct bw_addr addr = addr_of(i);
    struct packet *packet = put(i);
    bw_node_beacon(lan.nodes[i], &addr, packet->data, now());
    packet->size = BW_BEACON_SIZE;
    memcpy(lan.last_beacon[i], packet->data, BW_BEACON_SIZE);
    CU_ASSERT_FATAL(lan.beacon_count < BEACONS);
    lan.beacon_ms[lan.beacon_count++] = lan.now_ms;
}

static void drain(size_t i) {
    struct bw_datagram out;
    struct bw_event event;
    while (bw_node_transmit(lan.nodes[i], &out, now())) {
        struct packet *packet = put(i);
        packet->to = out.to;
        packet->size = out.size;
        memcpy(packet->data, out.data, out.size);
    }
    while (bw_node_event(lan.nodes[i], &event)) {
        lan.elected += event.type == BW_EVENT_SELF_ELECTED;
    }
    if (bw_node_announce(lan.nodes[i], now())) {
        send_beacon(i);
        CU_ASSERT_FALSE(bw_node_announce(lan.nodes[i], now()));
    }
}

static struct bw_config config_of(size_t i) {
    static char names[NODES][8];
    struct bw_config config;
    bw_config_init(&config, BW_PROFILE_LAN);
    snprintf(names[i], sizeof(names[i]), "n%zu", i);
    bw_rng_seed(&lan.rng[i], i + 1 + 1000u * (uint64_t)lan.now_ms);
    config.allocator = test_allocator(&lan.memory[i]);
    config.entropy = entropy;
    config.entropy_context = &lan.rng[i];
    config.name = names[i];
    config.addr = addr_of(i);
    config.keys = KEY_A;
    config.keys_size = strlen(KEY_A);
    config.discover = true;
    return config;
}

static void start_as(size_t i, const struct bw_config *config) {
    CU_ASSERT_EQUAL_FATAL(bw_node_create(&lan.nodes[i], config, now()), 0);
    bw_node_trace(lan.nodes[i])->hook = hook;
    lan.count = i >= lan.count ? i + 1 : lan.count;
    drain(i);
}

static void start(size_t i) {
    struct bw_config config = config_of(i);
    start_as(i, &config);
}

static void start_all(size_t count) {
    for (size_t i = 0; i < count; i++) {
        start(i);
    }
}

static void arrive(size_t i, const struct packet *packet) {
    if (lan.nodes[i] == NULL) {
        return;
    }
    if (packet->to.family == 0) {
        (void)bw_node_hear(lan.nodes[i], packet->data, packet->size, NULL, now());
    } else {
        (void)bw_node_receive(lan.nodes[i], packet->data, packet->size, &packet->from, now());
    }
    drain(i);
}

/* What was sent a millisecond ago arrives. A beacon comes to all, its sender included. */
static void deliver(void) {
    struct packet *arriving = lan.queue;
    size_t count = lan.queued;
    lan.queue = lan.arriving;
    lan.arriving = arriving;
    lan.queued = 0;
    for (size_t k = 0; k < count; k++) {
        if (arriving[k].to.family != 0) {
            size_t i = arriving[k].to.ip[3] - 1u;
            lan.to[i]++;
            arrive(i, &arriving[k]);
            continue;
        }
        for (size_t i = 0; i < lan.count && !lan.deaf; i++) {
            arrive(i, &arriving[k]);
        }
    }
}

static int64_t next_ms(void) {
    int64_t next_us = BW_NEVER;
    for (size_t i = 0; i < lan.count; i++) {
        int64_t due_us = lan.nodes[i] == NULL ? BW_NEVER : bw_node_deadline(lan.nodes[i]);
        next_us = due_us < next_us ? due_us : next_us;
    }
    int64_t at_ms = next_us == BW_NEVER ? INT64_MAX : (next_us + BW_US_PER_MS - 1) / BW_US_PER_MS;
    return lan.queued > 0 || at_ms <= lan.now_ms ? lan.now_ms + 1 : at_ms;
}

static void run_until(int64_t end_ms) {
    while (lan.now_ms < end_ms) {
        int64_t at_ms = next_ms();
        lan.now_ms = at_ms < end_ms ? at_ms : end_ms;
        deliver();
        for (size_t i = 0; i < lan.count; i++) {
            if (lan.nodes[i] != NULL && bw_node_deadline(lan.nodes[i]) <= now().mono_us) {
                bw_node_tick(lan.nodes[i], now());
                drain(i);
            }
        }
    }
}

static void run(int64_t ms) {
    run_until(lan.now_ms + ms);
}

static size_t alive(size_t i) {
    size_t count = 0;
    struct bw_member_info info;
    for (size_t k = 0; bw_node_member(lan.nodes[i], k, &info) == 0; k++) {
        count += info.status == BW_STATUS_ALIVE;
    }
    return count;
}

static bool all_see(size_t count) {
    for (size_t i = 0; i < lan.count; i++) {
        if (lan.nodes[i] != NULL && alive(i) != count) {
            return false;
        }
    }
    return true;
}

/* How long it takes until all see so many. */
static int64_t time_to(size_t count, int64_t limit_ms) {
    int64_t from_ms = lan.now_ms;
    while (!all_see(count) && lan.now_ms < from_ms + limit_ms) {
        run(1);
    }
    CU_ASSERT_TRUE(all_see(count));
    return lan.now_ms - from_ms;
}

/* The most beacons within a second, from a time on. */
static size_t most_in_a_second(int64_t from_ms) {
    size_t most = 0;
    size_t first = 0;
    for (size_t i = 0; i < lan.beacon_count; i++) {
        while (lan.beacon_ms[first] < from_ms || lan.beacon_ms[i] - lan.beacon_ms[first] >= 1000) {
            if (first == i) {
                break;
            }
            first++;
        }
        if (lan.beacon_ms[i] >= from_ms && i - first + 1 > most) {
            most = i - first + 1;
        }
    }
    return most;
}

static uint64_t rule(size_t i, enum bw_rule rule) {
    return bw_node_trace(lan.nodes[i])->counts[rule];
}

/* ------------------------------------------------------------------ finding each other */

static void three_that_know_no_address_become_one_cluster(void) {
    begin();
    start_all(3);
    int64_t took_ms = time_to(3, 2000);
    tap_note("after %lld ms", (long long)took_ms);
    CU_ASSERT(took_ms < 2000);
    end();
}

static void a_hundred_at_once_are_one_cluster_and_few_beacons(void) {
    begin();
    start_all(NODES);
    int64_t took_ms = time_to(NODES, 30000);
    size_t first = lan.beacon_count;
    run(10000);
    size_t then = lan.beacon_count - first;
    tap_note("one cluster after %lld ms and %zu beacons; %zu more in the 10 s after; most in a second: %zu",
             (long long)took_ms, first, then, most_in_a_second(0));
    CU_ASSERT(took_ms < 5000);
    CU_ASSERT(most_in_a_second(0) <= 10);
    CU_ASSERT(then <= 20);
    uint64_t hushed = 0;
    for (size_t i = 0; i < NODES; i++) {
        hushed += rule(i, BW_RULE_HUSH_BEFORE_THE_FIRST);
    }
    CU_ASSERT(hushed > NODES / 2);
    end();
}

static void a_segment_carries_one_beacon_a_second_however_many_there_are(void) {
    begin();
    start_all(60);
    run(120000);
    size_t before = lan.beacon_count;
    run(180000);
    tap_note("60 members, 180 s: %zu beacons, most in a second: %zu", lan.beacon_count - before,
             most_in_a_second(120000));
    CU_ASSERT(lan.beacon_count - before > 120 && lan.beacon_count - before < 220);
    CU_ASSERT(rule(0, BW_RULE_STRETCH_BEACONS) > 0);
    end();
}

static void few_members_announce_themselves_about_twice_a_minute(void) {
    begin();
    start_all(2);
    run(10000);
    size_t before = lan.beacon_count;
    run(600000);
    tap_note("2 members, 600 s: %zu beacons", lan.beacon_count - before);
    CU_ASSERT(lan.beacon_count - before >= 34 && lan.beacon_count - before <= 50);
    end();
}

static void of_a_cluster_three_join_a_newcomer(void) {
    begin();
    start_all(40);
    time_to(40, 30000);
    run(10000);
    struct bw_config config = config_of(40);
    struct bw_beacon beacon = {.session = 9, .number = 64, .addr = addr_of(40), .name = "new", .cluster = "default"};
    struct bw_keyring *ring = NULL;
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, config.keys, config.keys_size, NULL), 0);
    for (uint8_t round = 1; round <= 20; round++) { /* nobody is there: what goes there are the knocks */
        size_t before = lan.to[40];
        beacon.id.bytes[0] = round;
        beacon.number += 64;
        struct packet *packet = put(40);
        bw_beacon_seal(ring, &beacon, packet->data);
        packet->size = BW_BEACON_SIZE;
        run(3000);
        CU_ASSERT_EQUAL(lan.to[40] - before, 3);
    }
    uint64_t busiest = 0;
    for (size_t i = 0; i < 40; i++) {
        busiest = rule(i, BW_RULE_JOIN_WHO_IS_ANNOUNCED) > busiest ? rule(i, BW_RULE_JOIN_WHO_IS_ANNOUNCED) : busiest;
    }
    CU_ASSERT(busiest < 20); /* not always the same */
    bw_keyring_destroy(ring);
    end();
}

/* A beacon of a member that is not there, sealed with the cluster's key. Where it says that it is, what comes are knocks. */
static size_t knocks_for(const struct bw_beacon *beacon, size_t place) {
    struct bw_keyring *ring = NULL;
    size_t before = lan.to[place];
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, KEY_A, strlen(KEY_A), NULL), 0);
    struct packet *packet = put(place);
    bw_beacon_seal(ring, beacon, packet->data);
    bw_keyring_destroy(ring);
    packet->size = BW_BEACON_SIZE;
    run(20);
    return lan.to[place] - before;
}

/* If the three have no way to it, the next three may. */
static void each_announcement_is_answered_by_another_three(void) {
    struct bw_beacon beacon = {.session = 9, .addr = addr_of(20), .name = "new", .cluster = "default", .id = {{7}}};
    uint64_t before[20];
    size_t asked = 0;
    begin();
    start_all(20);
    time_to(20, 10000);
    run(5000);
    for (size_t i = 0; i < 20; i++) {
        before[i] = rule(i, BW_RULE_JOIN_WHO_IS_ANNOUNCED);
    }
    for (uint64_t round = 1; round <= 10; round++) {
        beacon.number = 64 * round + 1;
        CU_ASSERT_EQUAL(knocks_for(&beacon, 20), 3);
        run(3000);
    }
    for (size_t i = 0; i < 20; i++) {
        asked += rule(i, BW_RULE_JOIN_WHO_IS_ANNOUNCED) > before[i];
    }
    tap_note("%zu of 20 members asked in ten announcements", asked);
    CU_ASSERT(asked > 10);
    end();
}

/* Another life, though its death has not been noticed; the same life, though it is held for dead. */
static void another_life_and_the_dead_are_unknown(void) {
    struct bw_beacon beacon;
    struct bw_keyring *ring = NULL;
    begin();
    start_all(2);
    time_to(2, 5000);
    run(10000);
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, KEY_A, strlen(KEY_A), NULL), 0);
    bw_node_announce_again(lan.nodes[1], now());
    run(2000);
    CU_ASSERT_EQUAL_FATAL(bw_beacon_open(ring, (struct bw_bytes){lan.last_beacon[1], BW_BEACON_SIZE}, &beacon), 0);
    bw_keyring_destroy(ring);
    beacon.addr = addr_of(9);
    beacon.number += 1000000;
    CU_ASSERT_EQUAL(knocks_for(&beacon, 9), 0); /* it is well known */
    beacon.session++;
    CU_ASSERT(knocks_for(&beacon, 9) >= 1);
    stop(1);
    run(60000);
    CU_ASSERT_EQUAL(alive(0), 1);
    beacon.session--;
    beacon.number++;
    CU_ASSERT(knocks_for(&beacon, 9) >= 1);
    end();
}

static void the_newest_numbers_of_many_lives_are_kept(void) {
    struct bw_beacon beacon = {.session = 9, .number = 65, .addr = addr_of(9), .name = "old", .cluster = "default"};
    begin();
    start(0);
    run(5000);
    for (uint8_t turn = 0; turn < 2; turn++) {
        for (uint8_t i = 1; i <= 200; i++) {
            beacon.id.bytes[0] = i;
            CU_ASSERT_EQUAL(knocks_for(&beacon, 9), turn == 0 ? 1 : 0);
            run(300);
        }
    }
    end();
}

static void who_restarts_or_comes_late_is_found(void) {
    begin();
    start_all(5);
    time_to(5, 5000);
    run(20000);
    start(5);
    int64_t late_ms = time_to(6, 5000);
    stop(3); /* dies without a word, and is back before anybody misses it, with nothing that it knew */
    start(3);
    run(20000);
    size_t seen = alive(3);
    tap_note("a late one after %lld ms", (long long)late_ms);
    CU_ASSERT(late_ms < 1000);
    CU_ASSERT_EQUAL(seen, 6);
    end();
}

/* Both began where no beacon passed; then one beacon does. */
static void two_clusters_of_one_label_become_one(void) {
    begin();
    lan.deaf = true;
    start_all(2);
    run(20000);
    CU_ASSERT(alive(0) == 1 && alive(1) == 1);
    lan.deaf = false;
    CU_ASSERT(time_to(2, 45000) > 0);
    end();
}

static void lost_first_beacons_cost_seconds(void) {
    begin();
    lan.deaf = true;
    start_all(3);
    run(500);
    lan.deaf = false;
    CU_ASSERT(time_to(3, 5000) < 2000); /* the next ones come after a second */
    end();
}

/* ------------------------------------------------------------------ who is not joined */

static void another_key_or_label_is_heard_and_not_joined(void) {
    static const char *const keys[] = {KEY_A, KEY_B, KEY_A};
    static const char *const labels[] = {"default", "default", "stage"};
    struct bw_beacon heard;
    begin();
    for (size_t i = 0; i < 3; i++) {
        struct bw_config config = config_of(i);
        config.keys = keys[i];
        config.cluster = labels[i];
        start_as(i, &config);
    }
    run(60000);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(alive(i), 1);
        CU_ASSERT_EQUAL(lan.to[i], 0);
    }
    CU_ASSERT_EQUAL(bw_node_hear(lan.nodes[0], lan.last_beacon[1], BW_BEACON_SIZE, &heard, now()), BW_ERR_DROP_KEY);
    CU_ASSERT_EQUAL(bw_node_hear(lan.nodes[0], lan.last_beacon[2], BW_BEACON_SIZE, &heard, now()), 0);
    CU_ASSERT_STRING_EQUAL(heard.cluster, "stage");
    CU_ASSERT_STRING_EQUAL(heard.name, "n2");
    CU_ASSERT_EQUAL(bw_node_hear(lan.nodes[0], lan.last_beacon[0], BW_BEACON_SIZE, NULL, now()), BW_ERR_DROP_SELF);
    CU_ASSERT_EQUAL(bw_node_hear(lan.nodes[0], "junk", 4, NULL, now()), BW_ERR_DROP_SHORT);
    end();
}

static void a_replayed_beacon_leads_to_nothing_or_to_one_probe(void) {
    uint8_t old[BW_BEACON_SIZE];
    begin();
    start_all(2);
    run(10000);
    memcpy(old, lan.last_beacon[1], sizeof(old));
    CU_ASSERT_EQUAL(bw_node_hear(lan.nodes[0], old, sizeof(old), NULL, now()), BW_ERR_DROP_REPLAY);
    stop(1);
    run(60000);
    size_t before = lan.to[1];
    CU_ASSERT_EQUAL(bw_node_hear(lan.nodes[0], old, sizeof(old), NULL, now()), BW_ERR_DROP_REPLAY); /* it was heard */
    run(5000);
    size_t usual = lan.to[1] - before;
    stop(0); /* one that has heard none of it */
    start(0);
    before = lan.to[1];
    for (int i = 0; i < 100; i++) {
        (void)bw_node_hear(lan.nodes[0], old, sizeof(old), NULL, now());
        drain(0);
        run(10);
    }
    tap_note("%zu datagrams to the dead one's address, %zu for a hundred replays", usual, lan.to[1] - before);
    CU_ASSERT_EQUAL(lan.to[1] - before, 1);
    CU_ASSERT_EQUAL(rule(0, BW_RULE_HEARD_BEACONS_ARE_OLD), 99);
    end();
}

/* Whoever has recorded a thousand members of the past. */
static void replays_of_many_are_followed_slowly(void) {
    struct bw_keyring *ring = NULL;
    struct bw_beacon beacon = {.session = 9, .number = 64, .addr = addr_of(1), .name = "old", .cluster = "default"};
    uint8_t sealed[BW_BEACON_SIZE];
    begin();
    start(0);
    run(5000);
    size_t used = lan.memory[0].used_size;
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, KEY_A, strlen(KEY_A), NULL), 0);
    for (uint32_t i = 0; i < 1000; i++) {
        bw_put_u32(beacon.id.bytes, i + 1);
        bw_beacon_seal(ring, &beacon, sealed);
        CU_ASSERT_EQUAL(bw_node_hear(lan.nodes[0], sealed, sizeof(sealed), NULL, now()), 0);
        drain(0);
        run(10);
    }
    tap_note("%zu probes in 10 s", lan.to[1]);
    CU_ASSERT(lan.to[1] >= 40 && lan.to[1] <= 48);
    CU_ASSERT(rule(0, BW_RULE_RATION_KNOCKS) > 900);
    CU_ASSERT(lan.memory[0].used_size < used + 32768);
    bw_keyring_destroy(ring);
    end();
}

static void three_of_many_answer_and_the_others_leave_it_be(void) {
    begin();
    start_all(10);
    time_to(10, 5000);
    run(10000);
    start(10);
    time_to(11, 5000);
    uint64_t left = 0;
    for (size_t i = 0; i < 10; i++) {
        left += rule(i, BW_RULE_THREE_ANSWER_A_BEACON);
    }
    CU_ASSERT(left >= 7);
    end();
}

/* ------------------------------------------------------------------ life */

static void who_leaves_is_silent_until_it_joins_again(void) {
    begin();
    start_all(2);
    run(10000);
    bw_node_leave(lan.nodes[1], now());
    drain(1);
    run(5000);
    CU_ASSERT_TRUE(bw_node_left(lan.nodes[1]));
    size_t before = lan.beacon_count;
    stop(0);
    run(120000);
    CU_ASSERT_EQUAL(lan.beacon_count, before);
    start(0);
    run(20000);
    CU_ASSERT_EQUAL(alive(0), 1); /* it hears the other's beacons, and does not come back by itself */
    CU_ASSERT_EQUAL(bw_node_join(lan.nodes[1], NULL, 0, now()), 0);
    drain(1);
    CU_ASSERT(time_to(2, 5000) < 2000);
    run(60000);
    lan.deaf = true;
    bw_node_announce_again(lan.nodes[1], now());
    run(10000); /* the next one would be half a minute away */
    bw_node_leave(lan.nodes[1], now());
    drain(1);
    run(1500);
    CU_ASSERT_EQUAL(bw_node_join(lan.nodes[1], NULL, 0, now()), 0);
    drain(1);
    before = lan.beacon_count;
    run(1500);
    CU_ASSERT(lan.beacon_count > before);
    end();
}

static void a_network_that_comes_is_announced_on_at_once(void) {
    begin();
    start(0);
    run(20000);
    size_t before = lan.beacon_count;
    for (int i = 0; i < 50; i++) { /* it flaps */
        bw_node_announce_again(lan.nodes[0], now());
        run(100);
    }
    tap_note("%zu beacons in 5 s", lan.beacon_count - before);
    CU_ASSERT(lan.beacon_count - before >= 4 && lan.beacon_count - before <= 7);
    end();
}

static void another_ring_counts_at_once(void) {
    begin();
    start_all(1);
    struct bw_config config = config_of(1);
    config.keys = KEY_B;
    start_as(1, &config);
    run(10000);
    CU_ASSERT_EQUAL(alive(0), 1);
    CU_ASSERT_EQUAL(bw_node_set_keys(lan.nodes[0], KEY_B, strlen(KEY_B), now()), 0);
    drain(0);
    CU_ASSERT(time_to(2, 60000) < 40000);
    end();
}

static void nobody_leads_alone_before_it_had_time_to_find_others(void) {
    struct bw_scope_config scope;
    bw_scope_config_init(&scope, "default");
    begin();
    struct bw_config config = config_of(0);
    config.scopes = &scope;
    config.scope_count = 1;
    start_as(0, &config);
    run(config.params.alone_ms - 100);
    CU_ASSERT_EQUAL(lan.elected, 0);
    run(2000);
    CU_ASSERT_EQUAL(lan.elected, 1);
    end();
}

static void who_was_not_told_to_discover_does_not(void) {
    begin();
    struct bw_config config = config_of(0);
    config.discover = false;
    start_as(0, &config);
    run(60000);
    CU_ASSERT_EQUAL(lan.beacon_count, 0);
    CU_ASSERT_EQUAL(bw_node_hear(lan.nodes[0], "x", 1, NULL, now()), BW_ERR_INVALID);
    bw_node_announce_again(lan.nodes[0], now());
    CU_ASSERT_FALSE(bw_node_announce(lan.nodes[0], now()));
    end();
}

static void memory_that_is_missing_at_the_start_is_told(void) {
    begin();
    struct bw_config config = config_of(0);
    struct bw_node *node = NULL;
    size_t nth = 0;
    int error = BW_ERR_MEMORY;
    while (error == BW_ERR_MEMORY) {
        nth++;
        lan.memory[0].fail_at = lan.memory[0].calls + nth;
        error = bw_node_create(&node, &config, now());
        CU_ASSERT(error == 0 || lan.memory[0].used_size == 0);
    }
    CU_ASSERT(nth > 5);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    bw_node_destroy(node);
    CU_ASSERT_EQUAL(lan.memory[0].used_size, 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(three_that_know_no_address_become_one_cluster),
    TAP_TEST(a_hundred_at_once_are_one_cluster_and_few_beacons),
    TAP_TEST(a_segment_carries_one_beacon_a_second_however_many_there_are),
    TAP_TEST(few_members_announce_themselves_about_twice_a_minute),
    TAP_TEST(of_a_cluster_three_join_a_newcomer),
    TAP_TEST(each_announcement_is_answered_by_another_three),
    TAP_TEST(another_life_and_the_dead_are_unknown),
    TAP_TEST(the_newest_numbers_of_many_lives_are_kept),
    TAP_TEST(who_restarts_or_comes_late_is_found),
    TAP_TEST(two_clusters_of_one_label_become_one),
    TAP_TEST(lost_first_beacons_cost_seconds),
    TAP_TEST(another_key_or_label_is_heard_and_not_joined),
    TAP_TEST(a_replayed_beacon_leads_to_nothing_or_to_one_probe),
    TAP_TEST(replays_of_many_are_followed_slowly),
    TAP_TEST(three_of_many_answer_and_the_others_leave_it_be),
    TAP_TEST(who_leaves_is_silent_until_it_joins_again),
    TAP_TEST(a_network_that_comes_is_announced_on_at_once),
    TAP_TEST(another_ring_counts_at_once),
    TAP_TEST(nobody_leads_alone_before_it_had_time_to_find_others),
    TAP_TEST(who_was_not_told_to_discover_does_not),
    TAP_TEST(memory_that_is_missing_at_the_start_is_told),
};
static const struct tap_suite suites[] = {TAP_SUITE("discovery", tests)};
TAP_MAIN(suites)
