/* What the HTTP server makes of text that others send: hosts, paths, and the options. */
#include "tests/lib/tap.h"
#include "tools/http_guard.h"

#include <string.h>

static struct bw_addr addr_of(const char *text) {
    struct bw_addr addr = {.family = 0};
    CU_ASSERT_EQUAL(bw_addr_parse(&addr, text, 1), 0);
    return addr;
}

/* ------------------------------------------------------------------ paths */

static void decoded_is(const char *text, const char *wanted) {
    char path[64];
    CU_ASSERT_TRUE(http_decode(text, path, sizeof(path)));
    CU_ASSERT_STRING_EQUAL(path, wanted);
}

static void escapes_are_undone(void) {
    decoded_is("/v1/leader/orders/3", "/v1/leader/orders/3");
    decoded_is("/v1/leader/orders%2F3", "/v1/leader/orders/3");
    decoded_is("/%c3%BC%23%3f%25", "/\xc3\xbc#?%");
    decoded_is("/a+b", "/a+b");
    decoded_is("", "");
}

static void broken_escapes_are_refused(void) {
    static const char *const broken[] = {"%", "/a%", "/a%2", "/%g0", "/%0g", "/%00", "/a%00b", "/% 1", "/%%41"};
    char path[64];
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        CU_ASSERT_FALSE(http_decode(broken[i], path, sizeof(path)));
}

static void what_does_not_fit_is_refused(void) {
    char path[4];
    CU_ASSERT_TRUE(http_decode("abc", path, sizeof(path)));
    CU_ASSERT_FALSE(http_decode("abcd", path, sizeof(path)));
    CU_ASSERT_TRUE(http_decode("%61%62%63", path, sizeof(path)));
    CU_ASSERT_FALSE(http_decode("%61%62%63%64", path, sizeof(path)));
}

/* ------------------------------------------------------------------ hosts */

static bool allowed(const char *host, const char *local, const struct http_option *option) {
    const struct bw_addr addr = addr_of(local);
    return http_host_allowed(host, &addr, option);
}

static void loopback_and_the_local_address_are_hosts(void) {
    static const char *const good[] = {"localhost",         "LocalHost:8080", "localhost.", "127.0.0.1",
                                       "127.1.2.3:1",       "[::1]:8080",     "[::1]",      "192.0.2.7",
                                       "192.0.2.7:80",      "192.0.2.7:",     "localhost:", "[::ffff:192.0.2.7]:80",
                                       "[::ffff:127.0.0.1]"};
    const struct http_option option = {.host_count = 0};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT_TRUE(allowed(good[i], "192.0.2.7:8080", &option));
    CU_ASSERT_TRUE(allowed("[2001:db8::1]:80", "[2001:db8::1]:8080", &option));
}

static void other_hosts_are_refused(void) {
    static const char *const bad[] = {"",
                                      "evil.example",
                                      "localhost.evil.example",
                                      "evil.example:8080",
                                      "127.0.0.1.evil.example",
                                      "192.0.2.8",
                                      "[2001:db8::2]",
                                      "[::1",
                                      "[::1]x",
                                      "localhost:80x",
                                      "localhost:99999",
                                      "localhost:80:80",
                                      "evil@localhost",
                                      "localhost/",
                                      " localhost",
                                      "2130706433",
                                      "0x7f.1",
                                      "::1",
                                      "."};
    const struct http_option option = {.host_count = 0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_FALSE(allowed(bad[i], "192.0.2.7:8080", &option));
    char long_name[1024];
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    CU_ASSERT_FALSE(allowed(long_name, "192.0.2.7:8080", &option));
}

static void named_hosts_are_allowed(void) {
    char why[160];
    struct http_option option = {.host_count = 0};
    CU_ASSERT_TRUE(http_add_host(&option, "n1.example.org", why, sizeof(why)));
    CU_ASSERT_TRUE(http_add_host(&option, "2001:db8::9", why, sizeof(why)));
    CU_ASSERT_TRUE(allowed("N1.example.ORG:443", "192.0.2.7:8080", &option));
    CU_ASSERT_TRUE(allowed("n1.example.org.", "192.0.2.7:8080", &option));
    CU_ASSERT_TRUE(allowed("[2001:db8::9]:80", "192.0.2.7:8080", &option));
    CU_ASSERT_FALSE(allowed("n2.example.org", "192.0.2.7:8080", &option));
    CU_ASSERT_FALSE(allowed("example.org", "192.0.2.7:8080", &option));
    http_option_free(&option);
}

static void cross_site_is_told_from_a_link(void) {
    CU_ASSERT_TRUE(http_cross_site("cross-site", "cors"));
    CU_ASSERT_TRUE(http_cross_site("same-site", "no-cors"));
    CU_ASSERT_TRUE(http_cross_site("cross-site", NULL));
    CU_ASSERT_FALSE(http_cross_site("cross-site", "navigate"));
    CU_ASSERT_FALSE(http_cross_site("same-origin", "cors"));
    CU_ASSERT_FALSE(http_cross_site("none", "navigate"));
    CU_ASSERT_FALSE(http_cross_site(NULL, NULL));
}

static void origins_are_compared_with_the_host(void) {
    static const char *const same[][2] = {{"http://localhost:7980", "localhost:7980"},
                                          {"http://N1.example.org", "n1.example.org"},
                                          {"http://n1.example.org", "n1.example.org:80"},
                                          {"https://n1.example.org", "n1.example.org:443"},
                                          {"https://n1.example.org:443", "n1.example.org"},
                                          {"http://[::1]:7980", "[::1]:7980"},
                                          {"http://192.0.2.7", "192.0.2.7"}};
    static const char *const other[][2] = {{"http://evil.example", "localhost:7980"},
                                           {"http://localhost:3000", "localhost:7980"},
                                           {"http://localhost", "localhost:7980"},
                                           {"https://localhost", "localhost:80"},
                                           {"http://127.0.0.1:7980", "localhost:7980"},
                                           {"http://localhost:7980.evil.example", "localhost:7980"},
                                           {"http://localhost:7980/", "localhost:7980"},
                                           {"null", "localhost:7980"},
                                           {"", "localhost:7980"},
                                           {"localhost:7980", "localhost:7980"},
                                           {"ftp://localhost:7980", "localhost:7980"},
                                           {"http://", "localhost:7980"},
                                           {"http://localhost:7980 http://evil.example", "localhost:7980"},
                                           {"http://[::1]:7980", "[::2]:7980"},
                                           {"http://localhost:7980", ""},
                                           {"http://localhost:7980", NULL}};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        CU_ASSERT_FALSE(http_cross_origin(same[i][0], same[i][1], NULL));
        CU_ASSERT_FALSE(http_cross_origin(same[i][0], same[i][1], "cross-site"));
    }
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        CU_ASSERT_TRUE(http_cross_origin(other[i][0], other[i][1], NULL));
        CU_ASSERT_TRUE(http_cross_origin(other[i][0], other[i][1], "cross-site"));
        CU_ASSERT_TRUE(http_cross_origin(other[i][0], other[i][1], "none"));
        CU_ASSERT_FALSE(http_cross_origin(other[i][0], other[i][1], "same-origin")); /* through a proxy */
    }
    CU_ASSERT_FALSE(http_cross_origin(NULL, "localhost", NULL));
    CU_ASSERT_FALSE(http_cross_origin(NULL, NULL, "cross-site"));
}

/* ------------------------------------------------------------------ options */

static void addresses_are_taken(void) {
    struct http_option option = {.on = false};
    char why[160], text[BW_ADDR_TEXT_SIZE];
    static const char *const good[][2] = {{"127.0.0.1:8080", "127.0.0.1:8080"},
                                          {"localhost:0", "127.0.0.1:0"},
                                          {"[::1]:9", "[::1]:9"},
                                          {"0.0.0.0:1", "0.0.0.0:1"}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        CU_ASSERT_TRUE(http_set_addr(&option, good[i][0], why, sizeof(why)));
        CU_ASSERT_TRUE(option.on);
        bw_addr_text(&option.addr, text);
        CU_ASSERT_STRING_EQUAL(text, good[i][1]);
    }
    CU_ASSERT_TRUE(http_set_addr(&option, "no", why, sizeof(why)));
    CU_ASSERT_FALSE(option.on);
}

static void what_is_no_address_is_refused(void) {
    static const char *const bad[] = {"",
                                      "8080",
                                      "127.0.0.1",
                                      "::1",
                                      "[::1]",
                                      "localhost",
                                      "localhost:",
                                      "localhost:x",
                                      "example.org:80",
                                      "127.0.0.1:70000",
                                      "yes"};
    char why[160];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct http_option option = {.on = false};
        CU_ASSERT_FALSE(http_set_addr(&option, bad[i], why, sizeof(why)));
        CU_ASSERT_FALSE(option.on);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, "127.0.0.1:8080"));
    }
}

static void what_is_no_host_is_refused(void) {
    static const char *const bad[] = {"", "n1:8080", "http://n1", "a b", "n1/", "*"};
    char why[160];
    struct http_option option = {.host_count = 0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_FALSE(http_add_host(&option, bad[i], why, sizeof(why)));
    for (int i = 0; i < HTTP_HOST_MAX; i++)
        CU_ASSERT_TRUE(http_add_host(&option, "n1", why, sizeof(why)));
    CU_ASSERT_FALSE(http_add_host(&option, "n1", why, sizeof(why)));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "at most 16"));
    http_option_free(&option);
}

static const struct tap_test path_tests[] = {TAP_TEST(escapes_are_undone), TAP_TEST(broken_escapes_are_refused),
                                             TAP_TEST(what_does_not_fit_is_refused)};
static const struct tap_test host_tests[] = {TAP_TEST(loopback_and_the_local_address_are_hosts),
                                             TAP_TEST(other_hosts_are_refused), TAP_TEST(named_hosts_are_allowed),
                                             TAP_TEST(cross_site_is_told_from_a_link),
                                             TAP_TEST(origins_are_compared_with_the_host)};
static const struct tap_test option_tests[] = {TAP_TEST(addresses_are_taken), TAP_TEST(what_is_no_address_is_refused),
                                               TAP_TEST(what_is_no_host_is_refused)};
static const struct tap_suite suites[] = {TAP_SUITE("paths", path_tests), TAP_SUITE("hosts", host_tests),
                                          TAP_SUITE("options", option_tests)};

TAP_MAIN(suites)
