/* Discovery with real sockets, on loopback: the public functions, and who counts as being on a network. */
#include "node/interfaces.h"
#include "node/segment.h"
#include "tests/unit/loop_test.h"

#include <bellwether/discover.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"
#define OTHER_KEY "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n"

struct ears {
    unsigned opened;
    unsigned sealed;
    struct bw_heard last;
};

static struct ev_loop *loop;
static struct bw_loop *members[2];
static struct bw_listener *listener;
static struct ears ears;
static char why[WHY_SIZE];

static void set_up(void) {
    loop = ev_loop_new(0);
    memset(members, 0, sizeof(members));
    memset(&ears, 0, sizeof(ears));
    listener = NULL;
    why[0] = '\0';
}

static void tear_down(void) {
    bw_listener_destroy(listener);
    bw_loop_destroy(members[0]);
    bw_loop_destroy(members[1]);
    ev_loop_destroy(loop);
}

static void on_heard(void *context, const struct bw_heard *heard) {
    (void)context;
    ears.opened += heard->opened;
    ears.sealed += !heard->opened;
    ears.last = *heard;
}

/* A group of this process's own, on loopback. */
static struct bw_discover_config own_group(void) {
    static const char *const interfaces[] = {"lo"};
    struct bw_discover_config config = {
        .size = sizeof(config), .interfaces = interfaces, .interface_count = 1, .on_heard = on_heard};
    config.group = (struct bw_addr){.family = 4, .ip = {239, 255, 9, 9}};
    config.group.port = (uint16_t)(20000 + getpid() % 20000);
    return config;
}

/* Whether a beacon that is sent there comes back. */
static bool have_multicast(void) {
    struct bw_network_choice choice = {.v4 = true, .name_count = 1, .names = {"lo"}};
    struct bw_network networks[BW_NETWORK_MAX];
    struct bw_addr group = own_group().group;
    struct bw_addr own = loopback_v4(0);
    struct bw_addr from;
    uint8_t data[BW_BEACON_SIZE + 1] = {0};
    size_t size = 0;
    bool came = false;
    if (bw_networks_look(&choice, networks, why, sizeof(why)) == 0) {
        tap_skip("no loopback here");
        return false;
    }
    int fd = bw_segment_open(&networks[0], &group);
    bool sent = fd >= 0 && bw_segment_send(fd, &networks[0], &group, &own, data);
    for (int tries = 0; sent && !came && tries < 100; tries++) {
        came = bw_segment_receive(fd, &networks[0], &group, data, &size, &from) == 1;
        usleep(came ? 0 : 1000);
    }
    close(fd);
    if (!came) {
        tap_skip("no multicast on loopback here");
    }
    return came;
}

static int create(unsigned i, const char *keys, const char *cluster, const struct bw_discover_config *discover) {
    struct bw_loop_config loop_config = {.size = sizeof(loop_config), .bind = loopback_v4(0), .discover = discover};
    struct bw_config config;
    bw_config_init(&config, BW_PROFILE_LOCAL);
    config.name = i == 0 ? "n1" : "n2";
    config.cluster = cluster;
    config.keys = keys;
    config.keys_size = strlen(keys);
    return bw_loop_create(&members[i], loop, &loop_config, &config, why, sizeof(why));
}

static bool both_met(void *context) {
    (void)context;
    return bw_node_member_count(bw_loop_node(members[0])) == 2 && bw_node_member_count(bw_loop_node(members[1])) == 2;
}

static bool heard_three(void *context) {
    (void)context;
    return ears.opened + ears.sealed >= 3;
}

static bool heard_one(void *context) {
    (void)context;
    return ears.opened + ears.sealed >= 1;
}

static void two_hosts_in_one_program_find_each_other(void) {
    struct bw_discover_config discover = own_group();
    if (!have_multicast()) {
        return;
    }
    CU_ASSERT_EQUAL_FATAL(create(0, KEY, "default", &discover), 0);
    CU_ASSERT_EQUAL_FATAL(create(1, KEY, "default", &discover), 0);
    CU_ASSERT_TRUE(run_until(loop, both_met, NULL));
    CU_ASSERT_EQUAL(ears.opened + ears.sealed, 0); /* of our own cluster the host says nothing */
}

static void a_listener_hears_who_is_there(void) {
    struct bw_discover_config discover = own_group();
    if (!have_multicast()) {
        return;
    }
    CU_ASSERT_EQUAL_FATAL(
        bw_listener_create(&listener, loop, &discover, OTHER_KEY KEY, strlen(OTHER_KEY KEY), why, sizeof(why)), 0);
    CU_ASSERT_EQUAL_FATAL(create(0, KEY, "harbour", &discover), 0);
    CU_ASSERT_TRUE(run_until(loop, heard_one, NULL));
    CU_ASSERT_EQUAL(ears.opened, 1);
    CU_ASSERT_STRING_EQUAL(ears.last.beacon.cluster, "harbour");
    CU_ASSERT_STRING_EQUAL(ears.last.beacon.name, "n1");
    CU_ASSERT_STRING_EQUAL(ears.last.interface, "lo");
    struct bw_addr bound = bw_loop_bound(members[0]);
    CU_ASSERT_EQUAL(ears.last.beacon.addr.port, bound.port);
    CU_ASSERT_EQUAL(memcmp(ears.last.beacon.addr.ip, bound.ip, sizeof(bound.ip)), 0);
}

static void without_a_key_a_listener_hears_that_somebody_is_there(void) {
    struct bw_discover_config discover = own_group();
    if (!have_multicast()) {
        return;
    }
    CU_ASSERT_EQUAL_FATAL(bw_listener_create(&listener, loop, &discover, NULL, 0, why, sizeof(why)), 0);
    CU_ASSERT_EQUAL_FATAL(create(0, KEY, "harbour", &discover), 0);
    CU_ASSERT_TRUE(run_until(loop, heard_one, NULL));
    CU_ASSERT_EQUAL(ears.opened, 0);
    CU_ASSERT_EQUAL(ears.last.beacon.cluster[0], '\0');
}

static void a_host_tells_once_of_each_other_cluster(void) {
    struct bw_discover_config discover = own_group();
    if (!have_multicast()) {
        return;
    }
    CU_ASSERT_EQUAL_FATAL(create(0, KEY, "harbour", &discover), 0);
    discover.on_heard = NULL;
    CU_ASSERT_EQUAL_FATAL(create(1, KEY, "island", &discover), 0);
    CU_ASSERT_TRUE(run_until(loop, heard_one, NULL));
    CU_ASSERT_EQUAL(ears.opened, 1);
    CU_ASSERT_STRING_EQUAL(ears.last.beacon.cluster, "island");
    run_for(loop, 1500); /* another beacon of it has come by now */
    CU_ASSERT_EQUAL(ears.opened, 1);
    CU_ASSERT_FALSE(both_met(NULL));
    CU_ASSERT_FALSE(heard_three(NULL));
}

static void what_cannot_be_is_explained(void) {
    static const char *const long_name[] = {"a-name-of-16-byt"};
    static const char *const missing[] = {"nosuch7"};
    struct bw_discover_config discover = own_group();
    discover.group.ip[1] = 254;
    CU_ASSERT_EQUAL(create(0, KEY, "default", &discover), BW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "239.255.0.0/16"));
    discover = own_group();
    discover.interfaces = long_name;
    CU_ASSERT_EQUAL(create(0, KEY, "default", &discover), BW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "1 to 15 bytes"));
    CU_ASSERT_EQUAL(bw_listener_create(&listener, loop, &discover, NULL, 0, why, sizeof(why)), BW_ERR_INVALID);
    discover.interfaces = missing;
    CU_ASSERT_EQUAL(bw_listener_create(&listener, loop, &discover, NULL, 0, why, sizeof(why)), BW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "none of the interfaces that were named"));
    discover = own_group();
    CU_ASSERT_EQUAL(bw_listener_create(&listener, loop, &discover, "x", 1, why, sizeof(why)), BW_ERR_KEY);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "line 1"));
    discover.interface_count = BW_DISCOVER_INTERFACE_MAX + 1;
    CU_ASSERT_EQUAL(bw_listener_create(&listener, loop, &discover, NULL, 0, NULL, 0), BW_ERR_INVALID);
    CU_ASSERT_PTR_NULL(listener);
    CU_ASSERT_PTR_NULL(members[0]);
    bw_listener_destroy(NULL);
}

static void groups_are_read(void) {
    static const char *const wrong[] = {"",       "239.254.0.1",   "224.0.0.1",    "ff12::1", "here",
                                        ":",      "239.255.1.2:0", ":65536",       ":-1",     "239.255.1",
                                        "::7948", "10.0.0.1:7948", "239.255.1.2:x"};
    struct bw_addr group = {.family = 0};
    char text[BW_ADDR_TEXT_SIZE];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CU_ASSERT_EQUAL(bw_discover_group(&group, wrong[i]), BW_ERR_INVALID);
        CU_ASSERT_EQUAL(group.family, 0);
    }
    CU_ASSERT_EQUAL(bw_discover_group(&group, "239.255.1.2"), 0);
    bw_addr_text(&group, text);
    CU_ASSERT_STRING_EQUAL(text, "239.255.1.2:7948");
    CU_ASSERT_EQUAL(bw_discover_group(&group, ":7000"), 0);
    bw_addr_text(&group, text);
    CU_ASSERT_STRING_EQUAL(text, "239.255.66.87:7000");
    struct bw_addr v6 = bw_segment_group(&group, 6);
    bw_addr_text(&v6, text);
    CU_ASSERT_STRING_EQUAL(text, "[ff12::efff:4257]:7000");
}

static struct bw_network network(uint8_t family, const char *own, uint8_t bits) {
    struct bw_network made = {.family = family, .prefix_count = 1};
    CU_ASSERT_EQUAL(bw_addr_parse(&made.prefixes[0].addr, own, 0), 0);
    made.prefixes[0].bits = bits;
    return made;
}

static void prefixes_say_who_is_on_the_link(void) {
    static const struct {
        const char *own;
        uint8_t bits;
        const char *from;
        bool on_link;
    } cases[] = {
        {"192.0.2.1", 24, "192.0.2.255", true},         {"192.0.2.1", 24, "192.0.3.1", false},
        {"192.0.2.1", 23, "192.0.3.1", true},           {"192.0.2.4", 30, "192.0.2.7", true},
        {"192.0.2.4", 30, "192.0.2.8", false},          {"192.0.2.1", 32, "192.0.2.1", true},
        {"192.0.2.1", 32, "192.0.2.2", false},          {"192.0.2.1", 0, "192.0.2.1", false},
        {"192.0.2.1", 24, "2001:db8::1", false},        {"2001:db8::1", 64, "2001:db8::ffff:1", true},
        {"2001:db8::1", 64, "2001:db8:0:1::1", false},  {"2001:db8::1", 128, "fe80::1", true},
        {"2001:db8::1", 64, "192.0.2.1", false},        {"2001:db8::1", 57, "2001:db8:0:7f::1", true},
        {"2001:db8::1", 57, "2001:db8:0:80::1", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bw_network on = network(strchr(cases[i].own, ':') == NULL ? 4 : 6, cases[i].own, cases[i].bits);
        struct bw_addr from;
        CU_ASSERT_EQUAL(bw_addr_parse(&from, cases[i].from, 7948), 0);
        if (bw_network_on_link(&on, &from) != cases[i].on_link) {
            tap_note("%s from %s/%u", cases[i].from, cases[i].own, cases[i].bits);
            CU_FAIL("on the link or not");
        }
    }
    struct bw_network local = network(6, "fe80::1", 64);
    CU_ASSERT_EQUAL(bw_network_own(&local).family, 0); /* an address without an interface is no address */
}

static const struct tap_test tests[] = {
    TAP_TEST(two_hosts_in_one_program_find_each_other),
    TAP_TEST(a_listener_hears_who_is_there),
    TAP_TEST(without_a_key_a_listener_hears_that_somebody_is_there),
    TAP_TEST(a_host_tells_once_of_each_other_cluster),
    TAP_TEST(what_cannot_be_is_explained),
    TAP_TEST(groups_are_read),
    TAP_TEST(prefixes_say_who_is_on_the_link),
};
const struct tap_suite loop_lan_suite = TAP_SUITE_WITH("loop lan", tests, set_up, tear_down);
