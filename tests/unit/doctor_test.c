/* What the doctor makes of what an agent has said: problems that are, and notes of what has been. */
#include "crypto/armour.h"
#include "crypto/certificate.h"
#include "node/host.h"
#include "tests/lib/tap.h"
#include "tools/doctor.h"
#include "tools/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW_S 1800000000 /* 2027-01-15T08:00:00Z */

static json_t *parsed(const char *text) {
    json_t *value = json_loads(text, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    return value;
}

/* Its own part needs an agent's options, and is not asked for here. */
void doctor_look_at_joins(struct doctor *doctor, const json_t *joins, const char *own, bool tried) {
    (void)doctor, (void)joins, (void)own, (void)tried;
    CU_FAIL("it has met others");
}

static struct doctor begin(const char *members, const char *events, const char *leader, const char *setup,
                           const char *paths) {
    return (struct doctor){.findings = json_array(),
                           .info = parsed("{\"name\":\"n1\",\"state\":\"member\",\"cluster\":\"c\"}"),
                           .members = parsed(members),
                           .events = parsed(events),
                           .leader = parsed(leader),
                           .setup = parsed(setup),
                           .paths = parsed(paths),
                           .now_s = NOW_S};
}

static void end(struct doctor *doctor) {
    json_t *all[] = {doctor->findings, doctor->info,  doctor->members, doctor->events,
                     doctor->leader,   doctor->setup, doctor->paths};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        json_decref(all[i]);
    }
}

/* The finding about that place; what it says must have the words. */
static void found(const struct doctor *doctor, const char *level, const char *check, const char *where,
                  const char *words) {
    size_t index;
    json_t *finding;
    json_array_foreach(doctor->findings, index, finding) {
        if (strcmp(json_string_value(json_object_get(finding, "check")), check) == 0 &&
            strcmp(json_string_value(json_object_get(finding, "where")), where) == 0) {
            CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(finding, "level")), level);
            const char *what = json_string_value(json_object_get(finding, "what"));
            CU_ASSERT_PTR_NOT_NULL(strstr(what, words));
            tap_note("%s", what);
            return;
        }
    }
    tap_note("no %s about %s", check, where);
    CU_FAIL("it is not said");
}

#define TWO                                                                                                        \
    "{\"members\":[{\"name\":\"n1\",\"status\":\"alive\",\"addr\":\"a:1\"},{\"name\":\"n2\",\"status\":\"alive\"," \
    "\"addr\":\"b:1\"},"
#define NOBODY "{\"scopes\":[]}"
#define CONFLICT "{\"type\":\"member-conflict\",\"name\":\"n2\",\"addr\":\"c:1\",\"time\":\"2027-01-15T07:59:30.500Z\"}"
#define STRANGER(time) \
    "{\"type\":\"stranger\",\"addr\":\"d:1\",\"reason\":\"drop-key\",\"dropped\":3,\"time\":\"" time "\"}"

static void names_are_judged_by_who_lives_now(void) {
    static const char *const lives[] = {"alive", "suspect", "dead", "left"};
    for (size_t i = 0; i < 4; i++) {
        char members[512];
        snprintf(members, sizeof(members), TWO "{\"name\":\"n2\",\"status\":\"%s\",\"addr\":\"c:1\"}]}", lives[i]);
        struct doctor doctor = begin(members, "[" CONFLICT "]", NOBODY, "{}", "{}");
        doctor_look_at_state(&doctor);
        CU_ASSERT_EQUAL(json_array_size(doctor.findings), 1);
        CU_ASSERT_EQUAL(doctor.problems, i < 2 ? 1 : 0);
        found(&doctor, i < 2 ? "problem" : "note", "name", "n2", i < 2 ? "at b:1 and at c:1" : "30 s ago");
        end(&doctor);
    }
}

static void who_does_not_knock_any_more_is_no_problem(void) {
    static const struct {
        const char *events;
        const char *level;
        const char *words;
    } cases[] = {
        {"[" STRANGER("2027-01-15T07:59:00.000Z") "]", "problem", "has another key"},
        {"[" STRANGER("2027-01-15T07:55:00.000Z") "]", "note", "300 s ago"},
        {"[" STRANGER("2027-01-15T07:55:00.000Z") "," STRANGER("2027-01-15T07:59:00.000Z") "]", "problem", "has"},
        {"[" STRANGER("2027-01-15T07:40:00.000Z") "]", NULL, NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct doctor doctor = begin(TWO "{}]}", cases[i].events, NOBODY, "{}", "{}");
        doctor_look_at_state(&doctor);
        CU_ASSERT_EQUAL(json_array_size(doctor.findings), cases[i].level != NULL);
        if (cases[i].level != NULL) {
            found(&doctor, cases[i].level, "key", "d:1", cases[i].words);
        }
        end(&doctor);
    }
}

#define TERM(id, term, time)                                                                             \
    "{\"type\":\"term-refused\",\"name\":\"n" id "\",\"id\":\"" id "\",\"scope\":\"job\",\"term\":" term \
    ",\"time\":\"2027-01-15T07:" time ".000Z\"}"

static void who_sent_a_term_out_of_bounds_is_named(void) {
    struct doctor doctor =
        begin(TWO "{}]}", "[" TERM("2", "70", "55:00") "," TERM("2", "80", "59:30") "," TERM("3", "90", "55:00") "]",
              NOBODY, "{}", "{}");
    doctor_look_at_state(&doctor);
    CU_ASSERT(json_array_size(doctor.findings) == 2 && doctor.problems == 1);
    found(&doctor, "problem", "term", "n2", "term 80 of scope 'job' 30 s ago");
    found(&doctor, "note", "term", "n3", "term 90 of scope 'job' 300 s ago");
    end(&doctor);
    doctor = begin(TWO "{}]}",
                   "[{\"type\":\"term-refused\",\"name\":\"\",\"id\":\"0007\",\"scope\":\"job\",\"term\":70,"
                   "\"time\":\"2027-01-15T07:59:30.000Z\"}]",
                   NOBODY, "{}", "{}");
    doctor_look_at_state(&doctor);
    found(&doctor, "problem", "term", "0007", "term 70"); /* no member any more */
    end(&doctor);
}

#define SCOPE(name, differs) "{\"scope\":\"" name "\",\"leader\":\"n1\",\"reason\":null,\"differs\":[" differs "]}"
#define DIFFERS(name, setting, theirs, ours) \
    "{\"name\":\"" name "\",\"setting\":\"" setting "\",\"theirs\":\"" theirs "\",\"ours\":\"" ours "\"}"

static void settings_that_differ_are_problems(void) {
    struct doctor doctor = begin(
        TWO "{}]}", "[]",
        "{\"scopes\":[" SCOPE("a", "") "," SCOPE("b", DIFFERS("n2", "lease", "1000", "1500")) "," SCOPE(
            "orders/0", DIFFERS("n2", "mode", "bully", "priority")) "," SCOPE("orders/1", DIFFERS("n2", "mode", "bully",
                                                                                                  "priority")) "]}",
        "{}", "{}");
    doctor_look_at_state(&doctor);
    CU_ASSERT(json_array_size(doctor.findings) == 3 && doctor.problems == 2);
    found(&doctor, "fine", "leader", "n1", "4 scopes, all are led");
    found(&doctor, "problem", "settings", "b", "n2 has lease=1000, this agent 1500");
    found(&doctor, "problem", "settings", "orders", "n2 has mode=bully, this agent priority");
    end(&doctor);
}

#define OTHER(reason, time, dropped)                                                         \
    "{\"type\":\"stranger\",\"addr\":\"e:1\",\"reason\":\"" reason "\",\"dropped\":" dropped \
    ",\"time\":\"2027-01-15T07:" time ".000Z\"}"

/* One of all is told of in a minute. */
static void who_may_be_hidden_behind_another_is_a_problem_still(void) {
    static const struct {
        const char *later;
        const char *level;
    } cases[] = {{OTHER("drop-key", "56:00", "7"), "problem"},
                 {OTHER("drop-key", "56:00", "1"), "note"},
                 {OTHER("drop-auth", "56:00", "7"), "note"},
                 {OTHER("drop-key", "54:00", "7"), "note"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char events[512];
        snprintf(events, sizeof(events), "[" STRANGER("2027-01-15T07:55:00.000Z") ",%s]", cases[i].later);
        struct doctor doctor = begin(TWO "{}]}", events, NOBODY, "{}", "{}");
        doctor_look_at_state(&doctor);
        found(&doctor, cases[i].level, "key", "d:1", i == 0 ? "since then others were" : "not been told of since");
        end(&doctor);
    }
}

#define LIVES(since) \
    "{\"name\":\"n3\",\"status\":\"alive\",\"addr\":\"d:1\",\"since\":\"2027-01-15T07:" since ".000Z\"}]}"

static void who_has_become_a_member_is_no_problem(void) {
    static const char *const members[] = {TWO LIVES("59:30"), TWO LIVES("58:30")};
    for (size_t i = 0; i < 2; i++) {
        struct doctor doctor = begin(members[i], "[" STRANGER("2027-01-15T07:59:00.000Z") "]", NOBODY, "{}", "{}");
        doctor_look_at_state(&doctor);
        found(&doctor, i == 0 ? "note" : "problem", "key", "d:1",
              i == 0 ? "a member lives there now" : "has another key");
        end(&doctor);
    }
}

static void of_events_about_one_address_the_last_is_said(void) {
    struct doctor doctor = begin(TWO "{}]}",
                                 "[" OTHER("drop-key", "58:10", "1") "," OTHER("drop-key", "59:20", "1") "," OTHER(
                                     "drop-auth", "59:30", "1") "]",
                                 NOBODY, "{}", "{}");
    doctor_look_at_state(&doctor);
    CU_ASSERT_EQUAL(json_array_size(doctor.findings), 1);
    found(&doctor, "problem", "label", "e:1", "told of last at 2027-01-15T07:59:30.000Z");
    end(&doctor);
}

static void scopes_that_nobody_stands_for_are_no_problem(void) {
    struct doctor doctor = begin(TWO "{}]}", "[]",
                                 "{\"scopes\":[{\"scope\":\"cron\",\"leader\":null,\"reason\":\"no-candidate\"},"
                                 "{\"scope\":\"db\",\"leader\":\"n1\"}]}",
                                 "{}", "{}");
    doctor_look_at_state(&doctor);
    found(&doctor, "note", "leader", "cron", "no member stands for it");
    found(&doctor, "fine", "leader", "n1", "1 scope");
    CU_ASSERT_EQUAL(doctor.problems, 0);
    end(&doctor);
}

static void each_reason_that_nobody_leads_passes_or_can_be_mended(void) {
    for (int i = BW_VACANCY_NONE + 1; i < BW_VACANCY_COUNT; i++) {
        char leader[256];
        snprintf(leader, sizeof(leader), "{\"scopes\":[{\"scope\":\"db\",\"leader\":null,\"reason\":\"%s\"}]}",
                 bw_vacancy_name((enum bw_vacancy)i, NULL));
        struct doctor doctor = begin(TWO "{}]}", "[]", leader, "{}", "{}");
        doctor_look_at_state(&doctor);
        CU_ASSERT_EQUAL(json_array_size(doctor.findings), 1);
        const json_t *finding = json_array_get(doctor.findings, 0);
        tap_note("%s: %s", json_string_value(json_object_get(finding, "level")), leader);
        CU_ASSERT_TRUE(json_is_string(json_object_get(finding, "mend")));
        end(&doctor);
    }
}

#define SINCE(name, moment) "{\"name\":\"" name "\",\"status\":\"alive\",\"since\":\"2027-01-15T07:" moment ".000Z\"}"
#define ROW(name, unheard) "{\"name\":\"" name "\",\"answered\":true,\"unheard\":[" unheard "]}"

static void who_is_new_need_not_have_been_heard(void) {
    struct doctor doctor = begin("{\"members\":[" SINCE("n1", "00:00") "," SINCE("n2", "10:00") "," SINCE(
                                     "n3", "20:00") "," SINCE("n4", "59:50") "]}",
                                 "[]", NOBODY, "{\"probe_interval_ms\":1000}", "{\"members\":[]}");
    doctor.reachability = parsed("{\"members\":[" ROW("n2", "\"n3\",\"n4\"") "," ROW("n4", "\"n3\"") "]}");
    doctor_look_at_paths(&doctor);
    found(&doctor, "problem", "path", "n3 -> n2", "within two rounds");
    found(&doctor, "note", "path", "n4 -> n2", "one of them is new");
    found(&doctor, "note", "path", "n3 -> n4", "one of them is new");
    json_decref(doctor.reachability);
    end(&doctor);
}

#define GONE(name, fault) \
    "{\"name\":\"" name "\",\"addr\":\"" name ":1\",\"status\":\"dead\",\"certificate_fault\":" fault "}"

static void certificates_that_count_no_more_are_told_before_paths(void) {
    struct doctor doctor = begin(TWO "{}]}", "[]", NOBODY, "{}",
                                 "{\"members\":[" GONE("n2", "\"revoked\"") "," GONE("n3", "\"expired\"") "]}");
    doctor_look_at_paths(&doctor);
    found(&doctor, "problem", "revoked", "n2 (n2:1)", "shut out");
    found(&doctor, "problem", "expired", "n3 (n3:1)", "until it is renewed");
    CU_ASSERT_EQUAL(json_array_size(doctor.findings), 2);
    end(&doctor);
    for (int i = 0; i < 2; i++) {
        doctor = begin(TWO "{}]}", "[]", NOBODY,
                       i == 0 ? "{\"certificate\":\"/c\",\"certificate_fault\":\"revoked\"}"
                              : "{\"certificate\":\"/c\",\"certificate_fault\":\"expired\"}",
                       "{\"members\":[" GONE("n2", "null") "," GONE("n3", "null") "]}");
        doctor_look_at_paths(&doctor);
        CU_ASSERT_EQUAL(json_array_size(doctor.findings), 1);
        found(&doctor, "problem", i == 0 ? "revoked" : "expired", "n1", "/c");
        end(&doctor);
    }
}

#define REACHED(name, full)                                                                         \
    "{\"name\":\"" name "\",\"addr\":\"x:1\",\"status\":\"alive\",\"reached\":true,\"heard\":true," \
    "\"lives\":true,\"answered\":" full ",\"full_reached\":" full ",\"full_heard\":" full "}"

static void nothing_is_said_of_full_sized_datagrams_where_nobody_tells(void) {
    struct doctor doctor =
        begin(TWO "{}]}", "[]", NOBODY, "{}", "{\"members\":[" REACHED("n2", "true") "," REACHED("n3", "false") "]}");
    doctor_look_at_paths(&doctor);
    found(&doctor, "fine", "path", "n1", "with 2 members, full-sized ones with 1");
    end(&doctor);
    doctor = begin(TWO "{}]}", "[]", NOBODY, "{}", "{\"members\":[" REACHED("n2", "true") "]}");
    doctor_look_at_paths(&doctor);
    found(&doctor, "fine", "path", "n1", "of all sizes pass both ways with 1 member");
    end(&doctor);
}

/* What an agent may do with its files only it can say, and an older one does not. */
static void files_are_judged_by_what_the_agent_may_do(void) {
    static const struct {
        const char *rights, *words; /* NULL: nothing is wrong */
    } cases[] = {{"", NULL},
                 {"\"state_writable\":true,\"key_readable\":true,\"key_replaceable\":true,", NULL},
                 {"\"key_readable\":false,", "cannot read the key file (mode 0000, owner "}};
    char path[] = "/tmp/doctor-test.XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0 && fchmod(fd, 0) == 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char setup[256];
        snprintf(setup, sizeof(setup), "{%s\"uid\":%u,\"key_file\":\"%s\",\"state_dir\":\"/\"}", cases[i].rights,
                 (unsigned)geteuid(), path);
        struct doctor doctor = begin(TWO "{}]}", "[]", NOBODY, setup, "{}");
        doctor_look_at_files(&doctor);
        CU_ASSERT_EQUAL(json_array_size(doctor.findings), 1);
        if (cases[i].words != NULL)
            found(&doctor, "problem", "key-file", path, cases[i].words);
        else
            found(&doctor, "fine", "files", "n1", "key file");
        end(&doctor);
    }
    close(fd);
    unlink(path);
}

static void names_are_one_word_of_a_command_line(void) {
    static const struct {
        const char *name, *word;
    } cases[] = {{"n-2.example", "n-2.example"},
                 {"n 2;reboot", "'n 2;reboot'"},
                 {"it's", "'it'\\''s'"},
                 {"-rf", "-- -rf"},
                 {"n\u00fc", "'n\u00fc'"}};
    char word[DOCTOR_WORD_SIZE];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        doctor_word(cases[i].name, word);
        CU_ASSERT_STRING_EQUAL(word, cases[i].word);
    }
    char longest[64];
    memset(longest, '\'', 63);
    longest[63] = '\0';
    doctor_word(longest, word);
    CU_ASSERT_EQUAL(strlen(word), 4 * 63 + 2);
    struct doctor doctor =
        begin(TWO "{}]}", "[]", NOBODY, "{}", "{\"members\":[" GONE("a;b", "null") "," REACHED("n3", "true") "]}");
    doctor_look_at_paths(&doctor);
    const char *mend = json_string_value(json_object_get(json_array_get(doctor.findings, 0), "mend"));
    CU_ASSERT_PTR_NOT_NULL(strstr(mend, "bellwether forget 'a;b'"));
    end(&doctor);
}

static void *resize(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context, (void)old_size;
    if (new_size == 0) {
        free(memory);
        return NULL;
    }
    return realloc(memory, new_size);
}

static void count_up(void *context, void *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)data)[i] = (*(uint8_t *)context)++;
    }
}

/* A member of identity mode whose certificate ends a minute from NOW_S, and the authority's word that it counts no more. */
static struct bw_node *certified(char revocation[BW_ARMOUR_TEXT_SIZE(BW_REVOCATION_SIZE)]) {
    static uint8_t drawn;
    const uint8_t secrets[2][BW_SECRET_SIZE] = {{1}, {2}};
    char identity[BW_ARMOUR_TEXT_SIZE(BW_SECRET_SIZE)];
    char certificate[BW_ARMOUR_TEXT_SIZE(BW_CERTIFICATE_MAX)];
    char public[BW_PUBLIC_TEXT_SIZE];
    uint8_t encoded[BW_CERTIFICATE_MAX];
    uint8_t word[BW_REVOCATION_SIZE];
    size_t size = 0;
    struct bw_identity *authority = NULL, *own = NULL;
    struct bw_node *node = NULL;
    struct bw_config config;
    CU_ASSERT_EQUAL_FATAL(bw_identity_create(&authority, secrets[0]), 0);
    CU_ASSERT_EQUAL_FATAL(bw_identity_create(&own, secrets[1]), 0);
    struct bw_certificate made = {
        .serial = 7, .not_before_s = NOW_S - 60, .not_after_s = NOW_S + 60, .name = {(const uint8_t *)"n1", 2}};
    memcpy(made.key, bw_identity_public(own), BW_PUBLIC_SIZE);
    CU_ASSERT_EQUAL_FATAL(bw_certificate_make(&made, NULL, 0, authority, encoded, &size), 0);
    bw_revocation_make(7, authority, word);
    bw_armour_write(BW_ARMOUR_IDENTITY, (struct bw_bytes){secrets[1], BW_SECRET_SIZE}, identity);
    bw_armour_write(BW_ARMOUR_CERTIFICATE, (struct bw_bytes){encoded, size}, certificate);
    bw_armour_write(BW_ARMOUR_REVOCATION, (struct bw_bytes){word, sizeof(word)}, revocation);
    bw_public_text(bw_identity_public(authority), public);
    bw_identity_destroy(authority);
    bw_identity_destroy(own);
    bw_config_init(&config, BW_PROFILE_LAN);
    config.name = "n1";
    config.addr = (struct bw_addr){.family = 4, .port = 1, .ip = {127, 0, 0, 1}};
    config.keys = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    config.keys_size = strlen(config.keys);
    config.identity = identity;
    config.identity_size = strlen(identity);
    config.certificate = certificate;
    config.certificate_size = strlen(certificate);
    config.authority = public;
    config.allocator.resize = resize;
    config.entropy = count_up;
    config.entropy_context = &drawn;
    CU_ASSERT_EQUAL_FATAL(bw_node_create(&node, &config, (struct bw_time){.wall_us = NOW_S * INT64_C(1000000)}), 0);
    return node;
}

static void fault_is(const struct bw_node *node, const struct bw_id *id, int64_t wall_s, const char *wanted) {
    json_t *fault = json_certificate_fault(node, id, (struct bw_time){.wall_us = wall_s * 1000000});
    CU_ASSERT_EQUAL(json_is_null(fault), wanted == NULL);
    CU_ASSERT_TRUE(wanted == NULL || strcmp(json_string_value(fault), wanted) == 0);
    json_decref(fault);
}

static void faults_of_certificates_are_those_that_members_act_upon(void) {
    char revocation[BW_ARMOUR_TEXT_SIZE(BW_REVOCATION_SIZE)];
    struct bw_node *node = certified(revocation);
    const struct bw_id own = bw_node_id(node);
    const struct bw_id nobody = {{1}};
    int64_t last_s = NOW_S + 60 + BW_CLOCKS_DIFFER_S;
    fault_is(node, &own, NOW_S, NULL);
    fault_is(node, &own, last_s, NULL);
    fault_is(node, &own, last_s + 1, "expired");
    fault_is(node, &nobody, last_s + 1, NULL);
    CU_ASSERT_EQUAL(
        bw_node_revoke(node, revocation, strlen(revocation), (struct bw_time){.wall_us = NOW_S * INT64_C(1000000)}), 0);
    fault_is(node, &own, NOW_S, "revoked");
    bw_node_destroy(node);
}

static const struct tap_test tests[] = {
    TAP_TEST(faults_of_certificates_are_those_that_members_act_upon),
    TAP_TEST(names_are_judged_by_who_lives_now),
    TAP_TEST(who_does_not_knock_any_more_is_no_problem),
    TAP_TEST(settings_that_differ_are_problems),
    TAP_TEST(who_sent_a_term_out_of_bounds_is_named),
    TAP_TEST(who_may_be_hidden_behind_another_is_a_problem_still),
    TAP_TEST(who_has_become_a_member_is_no_problem),
    TAP_TEST(of_events_about_one_address_the_last_is_said),
    TAP_TEST(scopes_that_nobody_stands_for_are_no_problem),
    TAP_TEST(each_reason_that_nobody_leads_passes_or_can_be_mended),
    TAP_TEST(who_is_new_need_not_have_been_heard),
    TAP_TEST(certificates_that_count_no_more_are_told_before_paths),
    TAP_TEST(nothing_is_said_of_full_sized_datagrams_where_nobody_tells),
    TAP_TEST(files_are_judged_by_what_the_agent_may_do),
    TAP_TEST(names_are_one_word_of_a_command_line),
};
static const struct tap_suite suites[] = {TAP_SUITE("doctor", tests)};
TAP_MAIN(suites)
