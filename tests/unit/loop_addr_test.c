/* Addresses as text, and what is advertised. */
#include "node/addr.h"
#include "node/advertise.h"
#include "tests/unit/loop_test.h"

#include <string.h>

static void text_is_read_and_written(void) {
    static const struct {
        const char *text;
        const char *again;
    } rows[] = {
        {"1.2.3.4", "1.2.3.4:7947"},
        {"1.2.3.4:5", "1.2.3.4:5"},
        {"::1", "[::1]:7947"},
        {"[::1]", "[::1]:7947"},
        {"[2001:db8::9]:65535", "[2001:db8::9]:65535"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"::", "[::]:7947"},
        {"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_addr addr;
        char text[BW_ADDR_TEXT_SIZE] = "";
        CU_ASSERT_EQUAL(bw_addr_parse(&addr, rows[i].text, 7947), 0);
        bw_addr_text(&addr, text);
        CU_ASSERT_STRING_EQUAL(text, rows[i].again);
    }
}

static void what_is_no_address_is_refused(void) {
    static const char *const rows[] = {
        "",
        ":",
        ":7947",
        "1.2.3",
        "1.2.3.4:",
        "1.2.3.4:65536",
        "1.2.3.4:x",
        "[::1",
        "[::1]x",
        "[::1]:",
        "[1.2.3.4]",
        "example.org",
        "::1%lo",
        "1.2.3.4:-1",
        "1.2.3.4 ",
        "[::1]:7947:",
        "1.2.3.4:99999999999999999999",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_addr addr = loopback_v4(9);
        struct bw_addr before = addr;
        CU_ASSERT_EQUAL(bw_addr_parse(&addr, rows[i], 7947), BW_ERR_INVALID);
        CU_ASSERT_EQUAL(memcmp(&addr, &before, sizeof(addr)), 0);
    }
}

static void no_family_is_none(void) {
    struct bw_addr addr = {.port = 7};
    char text[BW_ADDR_TEXT_SIZE];
    struct sockaddr_storage storage;
    bw_addr_text(&addr, text);
    CU_ASSERT_STRING_EQUAL(text, "none");
    CU_ASSERT_EQUAL(bw_addr_to_socket(&addr, &storage), 0);
    memset(&storage, 0, sizeof(storage));
    CU_ASSERT_FALSE(bw_addr_from_socket(&addr, &storage));
}

static void sockets_form_and_back(void) {
    struct sockaddr_storage storage;
    struct bw_addr addrs[] = {loopback_v4(1), loopback_v6(65535)};
    for (size_t i = 0; i < 2; i++) {
        struct bw_addr back;
        CU_ASSERT_NOT_EQUAL(bw_addr_to_socket(&addrs[i], &storage), 0);
        CU_ASSERT_TRUE(bw_addr_from_socket(&back, &storage));
        CU_ASSERT_EQUAL(memcmp(&back, &addrs[i], sizeof(back)), 0);
    }
    struct bw_addr mapped = {.family = 6, .ip = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, .port = 1};
    bw_addr_to_socket(&mapped, &storage);
    CU_ASSERT_TRUE(bw_addr_from_socket(&mapped, &storage));
    CU_ASSERT_EQUAL(memcmp(&mapped, &addrs[0], sizeof(mapped)), 0);
}

static void kinds_are_told_apart(void) {
    struct bw_addr addr;
    struct bw_addr v4 = loopback_v4(1);
    struct bw_addr v6 = loopback_v6(2);
    bw_addr_parse(&addr, "fe80::1", 0);
    CU_ASSERT_TRUE(bw_addr_link_local(&addr));
    bw_addr_parse(&addr, "fec0::1", 0);
    CU_ASSERT_FALSE(bw_addr_link_local(&addr));
    CU_ASSERT_TRUE(bw_addr_loopback(&v4));
    CU_ASSERT_TRUE(bw_addr_loopback(&v6));
    bw_addr_parse(&addr, "128.0.0.1", 1);
    CU_ASSERT_FALSE(bw_addr_loopback(&addr));
    CU_ASSERT_FALSE(bw_addr_unspecified(&addr));
    bw_addr_parse(&addr, "127.0.0.1", 2);
    CU_ASSERT_TRUE(bw_addr_same_ip(&addr, &v4));
    CU_ASSERT_FALSE(bw_addr_same_ip(&v6, &v4));
    bw_addr_parse(&addr, "0.0.0.0", 2);
    CU_ASSERT_TRUE(bw_addr_unspecified(&addr));
}

/* The kernel uses a loopback address towards a loopback address. */
static void address_towards_the_first_seed_is_advertised(void) {
    struct bw_addr seeds[] = {{.port = 1}, loopback_v4(7947)};
    struct bw_addr found = bw_advertise(true, false, seeds, 2);
    struct bw_addr expected = loopback_v4(0);
    CU_ASSERT_EQUAL(memcmp(&found, &expected, sizeof(found)), 0);
    if (have_v6()) {
        seeds[0] = loopback_v6(7947);
        expected = loopback_v6(0);
        found = bw_advertise(true, true, seeds, 2);
        CU_ASSERT_EQUAL(memcmp(&found, &expected, sizeof(found)), 0);
        found = bw_advertise(true, false, seeds, 2); /* only what is bound */
        CU_ASSERT_EQUAL(found.family, 4);
    }
}

static void without_seeds_some_usable_address_is_advertised(void) {
    for (int v6 = 0; v6 < 2; v6++) {
        struct bw_addr found = bw_advertise(!v6, v6, NULL, 0);
        CU_ASSERT_EQUAL(found.family, v6 ? 6 : 4);
        CU_ASSERT_EQUAL(found.port, 0);
        CU_ASSERT_FALSE(bw_addr_unspecified(&found));
        CU_ASSERT_FALSE(bw_addr_link_local(&found));
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(text_is_read_and_written),
    TAP_TEST(what_is_no_address_is_refused),
    TAP_TEST(no_family_is_none),
    TAP_TEST(sockets_form_and_back),
    TAP_TEST(kinds_are_told_apart),
    TAP_TEST(address_towards_the_first_seed_is_advertised),
    TAP_TEST(without_seeds_some_usable_address_is_advertised),
};
const struct tap_suite loop_addr_suite = TAP_SUITE("host addresses", tests);
