/* What an operator changes while members run: tags, and who is forgotten. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 19);
}

static void tear_down(void) {
    net_close(&net);
}

static struct bw_why why(size_t at, size_t of) {
    struct bw_why why = {0};
    struct bw_id id = net_id(of);
    CU_ASSERT_EQUAL(bw_gossip_why(net.nodes[at].gossip, &id, &why), 0);
    return why;
}

/* ------------------------------------------------------------------ tags */

static int set_tag(size_t index, const char *name, const char *value) {
    struct bw_tag tag = {name, value};
    uint8_t data[BW_TAG_SIZE_MAX];
    size_t size = 0;
    int error = bw_gossip_encode_tags(&tag, 1, data, &size);
    error = error ? error : bw_gossip_set_tags(net.nodes[index].gossip, (struct bw_bytes){data, size}, net_now(&net));
    net_drain(&net, index);
    return error;
}

static bool has_tag(size_t at, size_t of, const char *name, const char *value) {
    struct bw_bytes tags = bw_info_tags(net_member(&net, at, of)->info);
    struct bw_bytes k;
    struct bw_bytes v;
    size_t where = 0;
    return bw_tag_next(tags, &where, &k, &v) && k.size == strlen(name) && memcmp(k.data, name, k.size) == 0 &&
           v.size == strlen(value) && memcmp(v.data, value, v.size) == 0;
}

static void new_tags_are_one_update(void) {
    net_form(&net, 5);
    net_run(&net, 5000);
    uint64_t before = net_member(&net, 0, 2)->incarnation;
    size_t told = net.nodes[0].events[BW_GOSSIP_MEMBER];
    CU_ASSERT_EQUAL(set_tag(2, "zone", "a"), 0);
    net_run(&net, 2000);
    for (size_t at = 0; at < 5; at++) {
        CU_ASSERT(has_tag(at, 2, "zone", "a"));
        CU_ASSERT_EQUAL(net_member(&net, at, 2)->incarnation, before + 1);
        CU_ASSERT_EQUAL(net_status(&net, at, 2), BW_STATUS_ALIVE);
    }
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_MEMBER], told + 1);
    CU_ASSERT(net.nodes[0].last_member.status == net.nodes[0].last_member.before && !net.nodes[0].last_member.first);
    CU_ASSERT_EQUAL(net_hits(&net, 2, BW_RULE_NEW_RECORD_NEW_INCARNATION), 1);
    CU_ASSERT(net_wait_converged(&net, 5000));
}

static void the_same_tags_are_no_update(void) {
    net_form(&net, 2);
    CU_ASSERT_EQUAL(set_tag(0, "zone", "a"), 0);
    uint64_t before = net_member(&net, 0, 0)->incarnation;
    CU_ASSERT_EQUAL(set_tag(0, "zone", "a"), 0);
    CU_ASSERT_EQUAL(net_member(&net, 0, 0)->incarnation, before);
}

/* What does not fit, or finds no memory, changes nothing. */
static void tags_change_whole_or_not_at_all(void) {
    net_form(&net, 2);
    struct bw_gossip *g = net.nodes[0].gossip;
    CU_ASSERT_EQUAL(set_tag(0, "zone", "a"), 0);
    uint64_t before = bw_gossip_incarnation(g);
    uint64_t digest = bw_gossip_digest(g);
    uint8_t large[BW_TAG_SIZE_MAX + 1] = {0};
    CU_ASSERT_EQUAL(bw_gossip_set_tags(g, (struct bw_bytes){large, sizeof(large)}, net_now(&net)), BW_ERR_SPACE);
    net.nodes[0].memory.fail_at = net.nodes[0].memory.calls + 1;
    CU_ASSERT_EQUAL(set_tag(0, "zone", "b"), BW_ERR_MEMORY);
    net.nodes[0].memory.fail_at = 0;
    CU_ASSERT(bw_gossip_incarnation(g) == before && bw_gossip_digest(g) == digest);
    CU_ASSERT(has_tag(0, 0, "zone", "a"));
    CU_ASSERT_EQUAL(set_tag(0, "zone", "b"), 0);
    CU_ASSERT(has_tag(0, 0, "zone", "b"));
}

/* A claim with an earlier record comes late, straight or in a page. */
static void an_outdated_record_does_not_return(void) {
    net_form(&net, 3);
    CU_ASSERT_EQUAL(set_tag(2, "zone", "old"), 0);
    net_run(&net, 2000);
    struct bw_frame_member old;
    uint8_t tags[BW_TAG_SIZE_MAX];
    bw_view_frame(net.nodes[0].gossip, net_member(&net, 0, 2), &old);
    memcpy(tags, old.tags.data, old.tags.size);
    old.tags.data = tags;
    old.name.data = (const uint8_t *)"n2";
    old.name.size = 2;
    CU_ASSERT_EQUAL(set_tag(2, "zone", "new"), 0);
    net_run(&net, 2000);
    old.heard_s = 0;
    CU_ASSERT_EQUAL(net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_member, &old), 0);
    CU_ASSERT(has_tag(0, 2, "zone", "new"));
}

/* ------------------------------------------------------------------ forget */

static int forget(size_t at, size_t of) {
    struct bw_id id = net_id(of);
    int error = bw_gossip_forget(net.nodes[at].gossip, &id, net_now(&net));
    net_drain(&net, at);
    return error;
}

static void only_the_dead_are_forgotten(void) {
    net_form(&net, 4);
    CU_ASSERT_EQUAL(forget(0, 1), BW_ERR_BUSY);
    CU_ASSERT_EQUAL(forget(0, 0), BW_ERR_BUSY);
    CU_ASSERT_EQUAL(forget(0, 77), BW_ERR_NOT_FOUND);
    net_crash(&net, 3);
    CU_ASSERT(net_wait_status(&net, 3, BW_STATUS_SUSPECT, 20000));
    CU_ASSERT_EQUAL(forget(0, 3), BW_ERR_BUSY);
    CU_ASSERT(net_wait_status(&net, 3, BW_STATUS_DEAD, 60000));
    CU_ASSERT_EQUAL(forget(0, 3), 0);
    CU_ASSERT_EQUAL(forget(0, 3), 0); /* again */
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_OPERATOR_FORGETS_THE_DEAD), 1);
}

static void the_forgotten_have_left_everywhere_and_are_not_tried(void) {
    net_form(&net, 5);
    net_crash(&net, 4);
    CU_ASSERT(net_wait_status(&net, 4, BW_STATUS_DEAD, 60000));
    CU_ASSERT_EQUAL(forget(0, 4), 0);
    CU_ASSERT(net_wait_status(&net, 4, BW_STATUS_LEFT, 2000));
    struct bw_id by = net_id(0);
    CU_ASSERT(bw_id_equal(&net.nodes[2].last_member.by, &by)); /* who did it is known */
    uint64_t tried = 0;
    for (size_t i = 0; i < 4; i++) {
        tried -= net_hits(&net, i, BW_RULE_TRY_THE_DEAD);
    }
    net_run(&net, 60000);
    for (size_t i = 0; i < 4; i++) {
        tried += net_hits(&net, i, BW_RULE_TRY_THE_DEAD);
        CU_ASSERT_EQUAL(net_status(&net, i, 4), BW_STATUS_LEFT);
    }
    CU_ASSERT_EQUAL(tried, 0);
    net_start(&net, 5); /* and a newcomer learns it with the table */
    net_run(&net, 5000);
    CU_ASSERT_EQUAL(net_status(&net, 5, 4), BW_STATUS_LEFT);
}

/* Only pages come through of what says that somebody has died or was forgotten. */
static bool verdicts_only_in_pages(struct net *of, const struct net_packet *packet, size_t to) {
    struct bw_reader reader = {.data = packet->frames, .size = packet->out.frames_size};
    struct bw_frame frame;
    bool verdict = false;
    (void)of;
    (void)to;
    while (bw_frame_next(&reader, &frame) > 0) {
        if (frame.type == BW_FRAME_NUMBER_page) {
            return true;
        }
        verdict = verdict || frame.type == BW_FRAME_NUMBER_verdict;
    }
    return !verdict;
}

/* The page has the member's record, which has no room for it. */
static void who_forgot_is_known_from_a_page_too(void) {
    net_form(&net, 4);
    net_crash(&net, 3);
    CU_ASSERT(net_wait_status(&net, 3, BW_STATUS_DEAD, 60000));
    CU_ASSERT_EQUAL(forget(0, 3), 0);
    net.filter = verdicts_only_in_pages;
    net_run(&net, 60000);
    struct bw_id by = net_id(0);
    for (size_t at = 1; at < 3; at++) {
        struct bw_why after = why(at, 3);
        CU_ASSERT_EQUAL(net_status(&net, at, 3), BW_STATUS_LEFT);
        CU_ASSERT(bw_id_equal(&net.nodes[at].last_member.by, &by) && bw_id_equal(&after.forgotten_by, &by));
    }
}

/* It lives: silent for a while, and forgotten. */
static void a_living_one_is_back_once_it_hears_of_it(void) {
    net_form(&net, 5);
    net.nodes[4].paused = true;
    CU_ASSERT(net_wait_status(&net, 4, BW_STATUS_DEAD, 120000) || net_status(&net, 0, 4) == BW_STATUS_DEAD);
    uint64_t before = net_member(&net, 0, 4)->incarnation;
    CU_ASSERT_EQUAL(forget(0, 4), 0);
    net_run(&net, 5000);
    CU_ASSERT_EQUAL(net_status(&net, 1, 4), BW_STATUS_LEFT);
    net.nodes[4].paused = false;
    net_run(&net, 5000);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(net_status(&net, i, 4), BW_STATUS_ALIVE);
    }
    CU_ASSERT(net_member(&net, 0, 4)->incarnation > before);
    CU_ASSERT(net_hits(&net, 4, BW_RULE_REFUTE_OWN_SUSPICION) > 0);
    struct bw_why after = why(0, 4);
    CU_ASSERT(bw_id_none(&after.forgotten_by)); /* that is over */
}

/* ------------------------------------------------------------------ why */

static void a_healthy_member_has_no_suspicion(void) {
    struct bw_why none;
    struct bw_id nobody = net_id(77);
    net_form(&net, 3);
    net_run(&net, 5000);
    struct bw_why found = why(0, 1);
    CU_ASSERT(!found.suspected && found.heard_us >= 0 && found.heard_us <= MS(2000));
    CU_ASSERT_EQUAL(bw_gossip_why(net.nodes[0].gossip, &nobody, &none), BW_ERR_NOT_FOUND);
}

static void a_silent_members_death_is_explained(void) {
    net_form(&net, 6);
    net.nodes[5].muted = true;
    int64_t from_us = net.now_us;
    CU_ASSERT(net_wait_status(&net, 5, BW_STATUS_DEAD, 120000) || net_status(&net, 0, 5) == BW_STATUS_DEAD);
    size_t own = 0;
    for (size_t at = 0; at < 5; at++) {
        struct bw_why found = why(at, 5);
        CU_ASSERT(found.suspected && !found.runs && found.outcome == BW_STATUS_DEAD && found.accuser_count >= 1);
        CU_ASSERT(found.lasted_us > 0 && found.lasted_us <= net.now_us - from_us);
        CU_ASSERT(found.wait_us > 0 && found.lasted_us <= found.wait_us + MS(1000));
        if (found.own && found.evidence == BW_EVIDENCE_PROBE) {
            own++;
            CU_ASSERT_EQUAL(found.helper_count, 3);
            CU_ASSERT(found.nack_count <= 3);
        } else {
            CU_ASSERT(found.evidence == BW_EVIDENCE_TOLD || found.evidence == BW_EVIDENCE_VERDICT);
        }
    }
    CU_ASSERT(own >= 1);
    CU_ASSERT_EQUAL(forget(0, 5), 0);
    net_run(&net, 2000);
    struct bw_id by = net_id(0);
    struct bw_why after = why(3, 5);
    CU_ASSERT(bw_id_equal(&after.forgotten_by, &by) && after.outcome == BW_STATUS_DEAD);
}

static void a_refused_port_is_the_evidence(void) {
    net.refuse = true;
    net_form(&net, 4);
    net_crash(&net, 3);
    CU_ASSERT(net_wait_status(&net, 3, BW_STATUS_DEAD, 30000));
    size_t refused = 0;
    size_t helped = 0;
    for (size_t at = 0; at < 3; at++) {
        struct bw_why found = why(at, 3);
        refused += found.evidence == BW_EVIDENCE_REFUSED_TWICE;
        helped += found.evidence == BW_EVIDENCE_HELPED;
        CU_ASSERT_EQUAL(found.own, found.evidence != BW_EVIDENCE_TOLD && found.evidence != BW_EVIDENCE_VERDICT);
    }
    CU_ASSERT(refused >= 1);
    CU_ASSERT(refused + helped >= 2);
}

static void refutations_are_counted_and_the_running_shown(void) {
    net_form(&net, 4);
    for (unsigned i = 1; i <= 3; i++) {
        struct bw_id accuser = net_id(1);
        struct bw_frame_suspect suspect = {
            net_id(2), net_member(&net, 0, 2)->incarnation, {accuser.bytes, sizeof(accuser)}};
        net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_suspect, &suspect);
        struct bw_why running = why(0, 2);
        CU_ASSERT(running.suspected && running.runs && !running.own && running.evidence == BW_EVIDENCE_TOLD);
        CU_ASSERT(running.accuser_count == 1 && bw_id_equal(&running.accusers[0], &accuser));
        net_run(&net, 3000);
        struct bw_why after = why(0, 2);
        CU_ASSERT(!after.runs && after.outcome == BW_STATUS_ALIVE && after.refuted_count == i);
    }
}

/* The table of reasons has a bound, and the oldest goes. */
static void reasons_have_a_bound(void) {
    net_form(&net, 2);
    struct bw_gossip *g = net.nodes[0].gossip;
    for (size_t i = 0; i < BW_REASON_MAX + 10; i++) {
        struct bw_member member = {.id = {.bytes = {9, (uint8_t)(i >> 8), (uint8_t)i}}};
        g->now.mono_us++;
        bw_why_begin(g, &member);
    }
    CU_ASSERT_EQUAL(g->reason_count, BW_REASON_MAX);
    for (size_t i = 0; i < g->reason_count; i++) {
        size_t number = (size_t)g->reasons[i].id.bytes[1] << 8 | g->reasons[i].id.bytes[2];
        CU_ASSERT(number >= 10);
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(a_healthy_member_has_no_suspicion),
    TAP_TEST(a_silent_members_death_is_explained),
    TAP_TEST(a_refused_port_is_the_evidence),
    TAP_TEST(refutations_are_counted_and_the_running_shown),
    TAP_TEST(reasons_have_a_bound),
    TAP_TEST(new_tags_are_one_update),
    TAP_TEST(the_same_tags_are_no_update),
    TAP_TEST(tags_change_whole_or_not_at_all),
    TAP_TEST(an_outdated_record_does_not_return),
    TAP_TEST(only_the_dead_are_forgotten),
    TAP_TEST(the_forgotten_have_left_everywhere_and_are_not_tried),
    TAP_TEST(who_forgot_is_known_from_a_page_too),
    TAP_TEST(a_living_one_is_back_once_it_hears_of_it),
};
const struct tap_suite gossip_operator_suite = TAP_SUITE_WITH("gossip operator", tests, set_up, tear_down);
