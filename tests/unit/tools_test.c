/* The command's pure parts: host names, words, numbers, scopes, the event ring. The rest is tested end to end. */
#include "base/base.h"
#include "tests/lib/tap.h"
#include "tools/addr.h"
#include "tools/event_ring.h"
#include "tools/event_view.h"
#include "tools/footprint.h"
#include "tools/json.h"
#include "tools/scope_option.h"
#include "tools/seeds.h"
#include "tools/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void host_names_are_split_from_their_port(void) {
    char host[16];
    uint16_t port = 0;
    CU_ASSERT_TRUE(addr_split("a.example:9", 7, host, sizeof(host), &port));
    CU_ASSERT_STRING_EQUAL(host, "a.example");
    CU_ASSERT_EQUAL(port, 9);
    CU_ASSERT_TRUE(addr_split("a", 7, host, sizeof(host), &port));
    CU_ASSERT_EQUAL(port, 7);
    CU_ASSERT_FALSE(addr_split("a b", 7, host, sizeof(host), &port));
    CU_ASSERT_FALSE(addr_split("a,b", 7, host, sizeof(host), &port));
    CU_ASSERT_TRUE(addr_split("123456789012345", 7, host, sizeof(host), &port));
    CU_ASSERT_FALSE(addr_split("1234567890123456", 7, host, sizeof(host), &port)); /* one more than fits */
    CU_ASSERT_TRUE(addr_split("[::1]:8", 7, host, sizeof(host), &port));
    CU_ASSERT_STRING_EQUAL(host, "::1");
    CU_ASSERT_EQUAL(port, 8);
    CU_ASSERT_FALSE(addr_split("a:65536", 7, host, sizeof(host), &port));
    CU_ASSERT_FALSE(addr_split("a:", 7, host, sizeof(host), &port));
    CU_ASSERT_FALSE(addr_split(":5", 7, host, sizeof(host), &port));
}

static void numbers_are_whole_and_within_bounds(void) {
    uint64_t number = 0;
    double seconds = 0;
    CU_ASSERT_TRUE(parse_number("18446744073709551615", 0, UINT64_MAX, &number));
    CU_ASSERT_EQUAL(number, UINT64_MAX);
    CU_ASSERT_FALSE(parse_number("18446744073709551616", 0, UINT64_MAX, &number));
    CU_ASSERT_TRUE(parse_number("5", 5, 5, &number));
    CU_ASSERT_FALSE(parse_number("4", 5, 5, &number));
    CU_ASSERT_FALSE(parse_number("6", 5, 5, &number));
    CU_ASSERT_FALSE(parse_number("", 0, 9, &number));
    CU_ASSERT_FALSE(parse_number("-1", 0, 9, &number));
    CU_ASSERT_FALSE(parse_number("1 ", 0, 9, &number));
    CU_ASSERT_TRUE(parse_seconds("0.5", &seconds));
    CU_ASSERT_DOUBLE_EQUAL(seconds, 0.5, 1e-9);
    CU_ASSERT_FALSE(parse_seconds("0", &seconds));
    CU_ASSERT_FALSE(parse_seconds("nan", &seconds));
    CU_ASSERT_FALSE(parse_seconds("inf", &seconds));
    CU_ASSERT_FALSE(parse_seconds("1s", &seconds));
}

static void nearest_name_is_near(void) {
    static const char *const names[] = {"members", "member-dead", "leader", "join", NULL};
    CU_ASSERT_STRING_EQUAL(nearest("membres", names), "members");
    CU_ASSERT_STRING_EQUAL(nearest("mem", names), "members"); /* its beginning */
    CU_ASSERT_STRING_EQUAL(nearest("member-ded", names), "member-dead");
    CU_ASSERT_STRING_EQUAL(nearest("jion", names), "join"); /* a swap is one mistake */
    CU_ASSERT_STRING_EQUAL(nearest("leader", names), "leader");
    CU_ASSERT_PTR_NULL(nearest("monitor", names));
    CU_ASSERT_PTR_NULL(nearest("", names));
    CU_ASSERT_PTR_NULL(nearest("a word that is longer than any name can be, by far", names));
}

static void escaped(const char *text, const char *wanted) {
    char *shown = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&shown, &size);
    text_print_safe(file, text);
    fclose(file);
    CU_ASSERT_STRING_EQUAL(shown, wanted);
    free(shown);
}

static void terminal_sees_no_control_characters(void) {
    escaped("plain", "plain");
    escaped("gr\xc3\xbc\xc3\x9f \xe2\x9c\x93 \xf0\x9f\x94\x94", "gr\xc3\xbc\xc3\x9f \xe2\x9c\x93 \xf0\x9f\x94\x94");
    escaped("\033[31m\r\n\x7f", "\\x1b[31m\\x0d\\x0a\\x7f");
    escaped("\xc2\x9b", "\\xc2\\x9b"); /* the one-byte form of ESC [ */
    escaped("\xc3", "\\xc3");
    escaped("\xff\xfe", "\\xff\\xfe");
    escaped("\xe2\x9c", "\\xe2\\x9c");
    escaped("\xe0\x80\x9b", "\\xe0\\x80\\x9b"); /* longer than it need be */
    escaped("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* half of a pair */
    escaped("a\xe2\x80\xae"
            "b\xef\xbb\xbf\xf3\xa0\x81\x81",
            "a<U+202E>b<U+FEFF><U+E0041>");
    CU_ASSERT_TRUE(text_is_harmless("gr\xc3\xbc\xc3\x9f \xe2\x9c\x93 \xf0\x9f\x94\x94"));
    CU_ASSERT_FALSE(text_is_harmless("a\n"));
    CU_ASSERT_FALSE(text_is_harmless("\xc2\x9b"));
    CU_ASSERT_FALSE(text_is_harmless("\xe2\x80\xae"));
    CU_ASSERT_FALSE(text_is_harmless("\xff"));
}

static void scope_takes_its_options(void) {
    struct bw_scope_config scope;
    char why[128];
    CU_ASSERT_TRUE(scope_parse("cron:priority=7,min_ack=2,min_confirm=3,failover=safe,lease=900,mode=priority", &scope,
                               why, sizeof(why)));
    CU_ASSERT_STRING_EQUAL(scope.name, "cron");
    CU_ASSERT_EQUAL(scope.priority, 7);
    CU_ASSERT_EQUAL(scope.min_ack, 2);
    CU_ASSERT_EQUAL(scope.min_confirm, 3);
    CU_ASSERT_EQUAL(scope.failover, BW_FAILOVER_SAFE);
    CU_ASSERT_EQUAL(scope.lease_ms, 900);
    free((char *)scope.name);
    CU_ASSERT_TRUE(scope_parse("plain", &scope, why, sizeof(why)));
    CU_ASSERT_EQUAL(scope.priority, 100);
    CU_ASSERT_EQUAL(scope.failover, BW_FAILOVER_FAST);
    CU_ASSERT_EQUAL(scope.preempt_ms, 10000);
    free((char *)scope.name);
    CU_ASSERT_TRUE(scope_parse("b:mode=bully", &scope, why, sizeof(why)));
    CU_ASSERT_EQUAL(scope.mode, BW_MODE_BULLY);
    CU_ASSERT_EQUAL(scope.preempt_ms, 0);
    free((char *)scope.name);
    CU_ASSERT_TRUE(scope_parse("b:preempt=10000,mode=bully", &scope, why, sizeof(why)));
    CU_ASSERT_EQUAL(scope.preempt_ms, 10000);
    free((char *)scope.name);
}

static void scope_takes_a_range(void) {
    struct bw_scope_config scope;
    char why[128];
    CU_ASSERT_TRUE(scope_parse("a/orders/5..1004:spread,priority=9", &scope, why, sizeof(why)));
    CU_ASSERT_STRING_EQUAL(scope.name, "a/orders");
    CU_ASSERT(scope.range_first == 5 && scope.range_count == 1000 && scope.spread && scope.priority == 9);
    CU_ASSERT(scope_covers(&scope, "a/orders/5") && scope_covers(&scope, "a/orders/1004"));
    CU_ASSERT_FALSE(scope_covers(&scope, "a/orders/4") || scope_covers(&scope, "a/orders/1005") ||
                    scope_covers(&scope, "a/orders/05") || scope_covers(&scope, "a/orders") ||
                    scope_covers(&scope, "orders/7") || scope_covers(&scope, "a/orders/7x"));
    scope_free(&scope);
    CU_ASSERT_TRUE(scope_parse("v1..2", &scope, why, sizeof(why))); /* just a name */
    CU_ASSERT_STRING_EQUAL(scope.name, "v1..2");
    CU_ASSERT_EQUAL(scope.range_count, 0);
    scope_free(&scope);
}

static void scope_takes_seats(void) {
    struct bw_scope_config scope;
    char why[128];
    CU_ASSERT_TRUE(scope_parse("db:seats=16,priority=9", &scope, why, sizeof(why)));
    CU_ASSERT(scope.seats == 16 && scope.priority == 9);
    scope_free(&scope);
    static const char *const wrong[] = {"db:seats=0", "db:seats=17", "db#1", "db/0..3:seats=2"};
    static const char *const parts[] = {"1 to 16", "1 to 16", "db:seats=2", "range"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CU_ASSERT_FALSE(scope_parse(wrong[i], &scope, why, sizeof(why)));
        CU_ASSERT_PTR_NOT_NULL(strstr(why, parts[i]));
    }
}

static void scope_says_what_is_wrong(void) {
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"", "1 to 63 bytes"},
        {":priority=1", "1 to 63 bytes"},
        {"a\tb", "control"},
        {"a:", "OPTION=VALUE"},
        {"a:priority", "OPTION=VALUE"},
        {"a:priority=", "65535"},
        {"a:priority=65536", "65535"},
        {"a:failover=slow", "fast or safe"},
        {"a:mode=anarchy", "priority"},
        {"a:lease=1", "milliseconds"},
        {"a:prioriti=1", "'priority'"},
        {"a:priority=1,", "OPTION=VALUE"},
        {"a/3..1", "range"},
        {"a/0..65536", "65535"},
        {"/0..1", "range"},
        {"a/x..1", "range"},
        {"a/0..", "range"},
        {"123456789012345678901234567890123456789012345678901234567890/0..100", "1 to 63 bytes"},
    };
    for (size_t i = 0; i < BW_COUNT(cases); i++) {
        struct bw_scope_config scope;
        char why[128] = "";
        tap_note("%s", cases[i].text);
        CU_ASSERT_FALSE(scope_parse(cases[i].text, &scope, why, sizeof(why)));
        CU_ASSERT_PTR_NOT_NULL(strstr(why, cases[i].part));
    }
}

static void ring_keeps_the_newest_events(void) {
    static struct event_ring ring;
    char text[32];
    CU_ASSERT_EQUAL(event_ring_next(&ring), 1);
    CU_ASSERT_EQUAL(event_ring_oldest(&ring), 1);
    CU_ASSERT_PTR_NULL(event_ring_at(&ring, 0));
    CU_ASSERT_PTR_NULL(event_ring_at(&ring, 1));
    for (uint64_t seq = 1; seq <= EVENT_RING_COUNT + 3; seq++) {
        CU_ASSERT_EQUAL(event_ring_next(&ring), seq);
        snprintf(text, sizeof(text), "%llu", (unsigned long long)seq);
        event_ring_add(&ring, BW_EVENT_CONVERGED, strdup(text));
        if (seq == EVENT_RING_COUNT) {
            CU_ASSERT_EQUAL(event_ring_oldest(&ring), 1);
            CU_ASSERT_STRING_EQUAL(event_ring_at(&ring, 1)->line, "1");
        }
    }
    CU_ASSERT_EQUAL(event_ring_oldest(&ring), 4);
    CU_ASSERT_PTR_NULL(event_ring_at(&ring, 3));
    CU_ASSERT_STRING_EQUAL(event_ring_at(&ring, 4)->line, "4");
    CU_ASSERT_STRING_EQUAL(event_ring_at(&ring, ring.newest)->line, text);
    CU_ASSERT_PTR_NULL(event_ring_at(&ring, ring.newest + 1));
    event_ring_free(&ring);
}

/* 64 addresses, twice; and a name. */
static void addresses_to_join_are_no_more_than_a_node_takes(void) {
    char texts[64][24];
    char *joins[64 + 1];
    char name[] = "localhost";
    size_t count = 0;
    for (int i = 0; i < 64; i++) {
        snprintf(texts[i], sizeof(texts[i]), "192.0.2.%d", i / 2);
        joins[i] = texts[i];
    }
    struct seeds *seeds = seeds_create(joins, 64, 4);
    seeds_list(seeds, &count);
    CU_ASSERT_EQUAL(count, 32);
    seeds_destroy(seeds);
    for (int i = 0; i < 64; i++) {
        snprintf(texts[i], sizeof(texts[i]), "192.0.2.%d", i);
    }
    joins[64] = name;
    seeds = seeds_create(joins, 65, 4);
    seeds_list(seeds, &count);
    CU_ASSERT_EQUAL(count, 64);
    seeds_destroy(seeds);
}

static void times_are_utc_with_milliseconds(void) {
    char text[TIME_TEXT_SIZE];
    time_text(0, text);
    CU_ASSERT_STRING_EQUAL(text, "1970-01-01T00:00:00.000Z");
    time_text(INT64_C(1767323045678999), text);
    CU_ASSERT_STRING_EQUAL(text, "2026-01-02T03:04:05.678Z");
    time_text(-1, text);
    CU_ASSERT_STRING_EQUAL(text, "1969-12-31T23:59:59.999Z");
}

static void times_are_read_as_they_are_written(void) {
    static const char *const wrong[] = {"",
                                        "2026-01-02",
                                        "2026-01-02T03:04:05",
                                        "2026-01-02T03:04:05.678+01:00",
                                        "1969-12-31T23:59:59Z",
                                        "2026-13-02T03:04:05Z",
                                        "2026-01-02T03:04:05Z "};
    int64_t us = 0;
    CU_ASSERT_TRUE(time_parse("1970-01-01T00:00:00.000Z", &us));
    CU_ASSERT_EQUAL(us, 0);
    CU_ASSERT_TRUE(time_parse("2026-01-02T03:04:05Z", &us));
    CU_ASSERT_EQUAL(us, INT64_C(1767323045000000));
    CU_ASSERT_TRUE(time_parse("2026-01-02T03:04:05.6789991Z", &us));
    CU_ASSERT_EQUAL(us, INT64_C(1767323045678999));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CU_ASSERT_FALSE(time_parse(wrong[i], &us));
    }
}

static void words_are_appended_as_far_as_there_is_room(void) {
    char text[12] = "";
    text_append(text, sizeof(text), ", ", "%s", "one");
    CU_ASSERT_STRING_EQUAL(text, "one");
    text_append(text, sizeof(text), ", ", "%s=%d", "b", 2);
    CU_ASSERT_STRING_EQUAL(text, "one, b=2");
    text_append(text, sizeof(text), ", ", "%s", "three");
    CU_ASSERT_STRING_EQUAL(text, "one, b=2, t");
    text_append(text, sizeof(text), ", ", "%s", "four");
    CU_ASSERT_STRING_EQUAL(text, "one, b=2, t");
}

static char *sentence_of(const struct bw_event *event) {
    json_t *object = json_event(event, 1);
    char *sentence = event_sentence(object);
    json_decref(object);
    CU_ASSERT_PTR_NOT_NULL_FATAL(sentence);
    return sentence;
}

/* The line as monitor prints it, behind number and time. */
static void each_event_has_words(void) {
    for (int type = 0; type < BW_EVENT_COUNT; type++) {
        struct bw_event event = {.type = (enum bw_event_type)type, .bound = "members"};
        const char *name = bw_event_name(event.type);
        char line[256] = "";
        char *sentence = sentence_of(&event);
        json_t *object = json_event(&event, 1);
        FILE *file = fmemopen(line, sizeof(line), "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        event_print(file, object, false);
        fclose(file);
        json_decref(object);
        CU_ASSERT(strchr(sentence, ' ') != NULL && strcmp(sentence, name) != 0);
        CU_ASSERT(strstr(line, name) != NULL && strstr(line, sentence) != NULL);
        if (strchr(sentence, ' ') == NULL)
            printf("# %s has no words\n", name);
        free(sentence);
    }
}

static void check_sentence(const struct bw_event *event, const char *expected) {
    char *sentence = sentence_of(event);
    CU_ASSERT_STRING_EQUAL(sentence, expected);
    free(sentence);
}

static void words_say_who_and_how_many(void) {
    struct bw_event event = {.type = BW_EVENT_SCOPE_FROZEN, .scope = "job", .by = "n2", .left_ms = -1};
    check_sentence(&event, "job is frozen by n2");
    event.type = BW_EVENT_SCOPE_THAWED;
    check_sentence(&event, "job is thawed by n2");
    event.by[0] = '\0';
    check_sentence(&event, "job is thawed: its time is over");
    check_sentence(&(struct bw_event){.type = BW_EVENT_MEMBER_LEFT, .name = "n1"}, "n1 has left");
    check_sentence(&(struct bw_event){.type = BW_EVENT_MEMBER_LEFT, .name = "n1", .by = "n2"},
                   "n1 was forgotten by n2");
    check_sentence(&(struct bw_event){.type = BW_EVENT_KEYS_CHANGED, .version = 4, .keys = 2},
                   "the key ring has changed: version 4, keys: 2");
    check_sentence(&(struct bw_event){.type = BW_EVENT_QUERY_END, .query = 9, .responses = 2, .expected = 3},
                   "no more answers are waited for: 2 of 3 answered (query 0000000000000009)");
    check_sentence(&(struct bw_event){.type = BW_EVENT_BOUND_PASSED, .bound = "members", .dropped = 7},
                   "a bound is passed, and the least useful is dropped: members (times: 7)");
    check_sentence(&(struct bw_event){.type = BW_EVENT_MEMBER_CONFLICT, .name = "n1", .addr = {{127, 0, 0, 1}, 2, 4}},
                   "two members are called n1: one, and one at 127.0.0.1:2"); /* an agent that is older says no more */
    struct bw_event refused = {
        .type = BW_EVENT_TERM_REFUSED, .name = "n2", .scope = "job", .token.term = UINT64_C(1) << 62, .dropped = 3};
    check_sentence(&refused, "n2 sent term 4611686018427387904 of job, which is out of bounds: refused (times: 3)");
    refused.token.term = UINT64_MAX; /* JSON's integers end before */
    check_sentence(&refused, "n2 sent term 9223372036854775807 of job, which is out of bounds: refused (times: 3)");
    json_t *later = json_pack("{s:s}", "type", "novelty");
    char *sentence = event_sentence(later);
    CU_ASSERT_STRING_EQUAL(sentence, "novelty"); /* of an agent that is newer */
    free(sentence);
    json_decref(later);
}

/* However often it is asked: the next giving back is not put off. */
static void memory_is_given_back_though_questions_go_on(void) {
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct footprint footprint;
    CU_ASSERT_PTR_NOT_NULL_FATAL(loop);
    footprint_start(&footprint, loop);
    ev_tstamp first = ev_timer_remaining(loop, &footprint.timer);
    footprint_asked(&footprint);
    CU_ASSERT_DOUBLE_EQUAL(ev_timer_remaining(loop, &footprint.timer), first, 1e-6);
    ev_timer_stop(loop, &footprint.timer); /* as when it has come */
    footprint_asked(&footprint);
    CU_ASSERT(ev_is_active(&footprint.timer) && ev_timer_remaining(loop, &footprint.timer) > first);
    ev_timer_stop(loop, &footprint.timer);
    ev_loop_destroy(loop);
}

static const struct tap_test tests[] = {
    TAP_TEST(memory_is_given_back_though_questions_go_on),
    TAP_TEST(host_names_are_split_from_their_port),
    TAP_TEST(numbers_are_whole_and_within_bounds),
    TAP_TEST(nearest_name_is_near),
    TAP_TEST(terminal_sees_no_control_characters),
    TAP_TEST(scope_takes_its_options),
    TAP_TEST(scope_takes_a_range),
    TAP_TEST(scope_takes_seats),
    TAP_TEST(scope_says_what_is_wrong),
    TAP_TEST(ring_keeps_the_newest_events),
    TAP_TEST(addresses_to_join_are_no_more_than_a_node_takes),
    TAP_TEST(times_are_utc_with_milliseconds),
    TAP_TEST(times_are_read_as_they_are_written),
    TAP_TEST(words_are_appended_as_far_as_there_is_room),
    TAP_TEST(each_event_has_words),
    TAP_TEST(words_say_who_and_how_many),
};
static const struct tap_suite suites[] = {TAP_SUITE("tools", tests)};
TAP_MAIN(suites)
