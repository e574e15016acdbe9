/* Identity mode: what a member that holds the cluster's key, and seals what it likes, can say of others, and of itself. */
#include <string.h>

#include "tests/unit/gossip_attest.h"

/* Nothing at node 0 has changed of the victim. */
static void expect_untouched(uint64_t incarnation) {
    const struct bw_member *victim = net_member(&attest.net, 0, VICTIM);
    CU_ASSERT_EQUAL(victim->incarnation, incarnation);
    CU_ASSERT_EQUAL(victim->status, BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(victim->info->tags_size, 0);
    CU_ASSERT(bw_addr_equal(&victim->info->addr, &attest.net.nodes[VICTIM].addr));
}

/* ------------------------------------------------------------------ others' records */

static void members_with_certificates_form_a_cluster(void) {
    static const uint8_t tags[] = {1, 'a', 0, 1, 'b'};
    CU_ASSERT_EQUAL(attest.net.nodes[0].status_events[BW_STATUS_ALIVE], NODES - 1);
    CU_ASSERT_EQUAL(bw_gossip_set_tags(attest.net.nodes[VICTIM].gossip, (struct bw_bytes){tags, sizeof(tags)},
                                       net_now(&attest.net)),
                    0);
    net_drain(&attest.net, VICTIM);
    CU_ASSERT(net_wait_converged(&attest.net, 5000));
    CU_ASSERT_EQUAL(net_member(&attest.net, 0, VICTIM)->info->tags_size, sizeof(tags));
    CU_ASSERT_EQUAL(net_hits(&attest.net, 0, BW_RULE_SIGNED_BY_ITS_SUBJECT), 0);
}

static void nobody_else_changes_a_record(void) {
    static const uint8_t tags[] = {1, 'a', 0, 1, 'b'};
    uint64_t incarnation = attest_incarnation();
    for (int what = 0; what < 5; what++) {
        struct record record;
        struct bw_frame_signed_member *frame = attest_record(&record, BAD, VICTIM);
        frame->incarnation++;
        if (what == 1) {
            frame->tags = (struct bw_bytes){tags, sizeof(tags)};
        } else if (what == 2) {
            frame->addr = attest.net.nodes[BAD].addr;
        } else if (what == 3) {
            frame->session ^= 1;
        } else if (what == 4) {
            frame->exchange.data = frame->certificate.data; /* 32 bytes that are not its key */
        }
        CU_ASSERT_EQUAL(attest_say_record(&record), BW_ERR_DROP_UNSIGNED);
        attest_sign(&record, attest.keys[BAD]); /* with the key that it has */
        CU_ASSERT_EQUAL(attest_say_record(&record), BW_ERR_DROP_UNSIGNED);
        expect_untouched(incarnation);
        attest_sign(&record, attest.keys[VICTIM]); /* so that it is for the signature alone */
        CU_ASSERT_EQUAL(attest_say_record(&record), 0);
        CU_ASSERT_EQUAL(attest_incarnation(), ++incarnation);
        attest_close();
        attest_open();
        incarnation = attest_incarnation();
    }
}

static void a_record_without_a_signature_is_none(void) {
    struct bw_frame_member plain;
    uint64_t incarnation = attest_incarnation();
    bw_view_frame(attest.net.nodes[BAD].gossip, net_member(&attest.net, BAD, VICTIM), &plain);
    plain.incarnation++;
    CU_ASSERT_EQUAL(attest_say(&bw_schema_member, &plain), BW_ERR_DROP_UNSIGNED);
    expect_untouched(incarnation);
    plain.id = net_id(77);
    CU_ASSERT_EQUAL(attest_say(&bw_schema_member, &plain), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(bw_gossip_member_count(attest.net.nodes[0].gossip), NODES);
}

static void nobody_else_makes_a_member_leave(void) {
    uint64_t incarnation = attest_incarnation();
    struct record record;
    struct bw_frame_signed_member *frame = attest_record(&record, BAD, VICTIM);
    frame->status = BW_STATUS_LEFT;
    CU_ASSERT_EQUAL(attest_say_record(&record), BW_ERR_DROP_UNSIGNED); /* the living are not forgotten */
    frame->word = BW_STATUS_LEFT;
    CU_ASSERT_EQUAL(attest_say_record(&record), BW_ERR_DROP_UNSIGNED); /* and it did not say so */
    struct bw_frame_verdict verdict = {
        .id = attest.net.nodes[VICTIM].id, .incarnation = incarnation, .status = BW_STATUS_LEFT};
    CU_ASSERT_EQUAL(attest_say(&bw_schema_verdict, &verdict), 0);
    verdict.by = attest.net.nodes[BAD].id;
    CU_ASSERT_EQUAL(attest_say(&bw_schema_verdict, &verdict), 0);
    verdict.incarnation++;
    CU_ASSERT_EQUAL(attest_say(&bw_schema_verdict, &verdict), 0);
    expect_untouched(incarnation);
    CU_ASSERT_EQUAL(net_hits(&attest.net, 0, BW_RULE_ITS_OWN_WORD_ALONE), 3);
}

static void nobody_else_raises_an_incarnation(void) {
    uint64_t incarnation = attest_incarnation();
    struct accused accused;
    attest_accuse(&accused, VICTIM, incarnation + 1, BW_STATUS_SUSPECT);
    attest_accuser(&accused, BAD, false);
    CU_ASSERT_EQUAL(attest_say(&bw_schema_accusation, &accused.frame), 0);
    expect_untouched(incarnation);
    uint64_t own = bw_gossip_incarnation(attest.net.nodes[0].gossip); /* nor is the accused made to */
    attest_accuse(&accused, 0, own + 1000, BW_STATUS_SUSPECT);
    attest_accuser(&accused, BAD, false);
    CU_ASSERT_EQUAL(attest_say(&bw_schema_accusation, &accused.frame), 0);
    CU_ASSERT_EQUAL(bw_gossip_incarnation(attest.net.nodes[0].gossip), own);
    attest_accuse(&accused, 0, own, BW_STATUS_SUSPECT);
    attest_accuser(&accused, BAD,
                   false); /* of what it said itself it can be accused, and refutes that with a signature */
    CU_ASSERT_EQUAL(attest_say(&bw_schema_accusation, &accused.frame), 0);
    CU_ASSERT_EQUAL(bw_gossip_incarnation(attest.net.nodes[0].gossip), own + 1);
    CU_ASSERT(net_wait_converged(&attest.net, 5000));
    CU_ASSERT_EQUAL(net_member(&attest.net, VICTIM, 0)->incarnation, own + 1);
}

static void an_earlier_life_is_outbid_if_it_signed(void) {
    uint64_t own = bw_gossip_incarnation(attest.net.nodes[0].gossip);
    struct record record;
    struct bw_frame_signed_member *frame = attest_record(&record, BAD, 0);
    frame->incarnation += 1000;
    CU_ASSERT_EQUAL(attest_say_record(&record), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(bw_gossip_incarnation(attest.net.nodes[0].gossip), own);
    attest_sign(&record, attest.keys[0]);
    CU_ASSERT_EQUAL(attest_say_record(&record), 0);
    CU_ASSERT_EQUAL(bw_gossip_incarnation(attest.net.nodes[0].gossip), own + 1001);
}

/* ------------------------------------------------------------------ what a certificate allows */

static void a_candidacy_beyond_the_certificate_is_not_taken(void) {
    static const uint8_t more[] = {0, 101, 'd', 'b'}; /* certified are 100 */
    static const uint8_t other[] = {0, 1, 'd', 'c'};
    static const uint8_t right[] = {0, 100, 'd', 'b'};
    const struct bw_bytes wanted[] = {{more, sizeof(more)}, {other, sizeof(other)}, {right, sizeof(right)}};
    for (size_t i = 0; i < BW_COUNT(wanted); i++) {
        struct record record;
        struct bw_frame_signed_member *frame = attest_record(&record, BAD, BAD);
        frame->incarnation += i + 1;
        frame->candidacies = wanted[i];
        attest_sign(&record, attest.keys[BAD]);
        int error = attest_say_record(&record);
        CU_ASSERT_EQUAL(error, i < 2 ? BW_ERR_DROP_UNSIGNED : 0);
        CU_ASSERT_EQUAL(net_member(&attest.net, 0, BAD)->info->candidacies_size, i < 2 ? 0 : sizeof(right));
    }
    CU_ASSERT_EQUAL(net_hits(&attest.net, 0, BW_RULE_WITHIN_ITS_CERTIFICATE), 2);
    struct bw_gossip *own = attest.net.nodes[0].gossip; /* nor does an honest one say it */
    CU_ASSERT_EQUAL(bw_gossip_set_candidacies(own, wanted[0], net_now(&attest.net)), BW_ERR_NOT_GRANTED);
    CU_ASSERT_EQUAL(bw_gossip_set_candidacies(own, wanted[2], net_now(&attest.net)), 0);
}

/* A stranger's record under a certificate. */
static int meet(const struct bw_identity *by, const char *certified, uint64_t from_s, uint64_t until_s, size_t key) {
    uint8_t encoded[BW_CERTIFICATE_MAX];
    struct record record;
    struct bw_frame_signed_member *frame = attest_record(&record, BAD, BAD);
    frame->id = bw_identity_id(bw_identity_public(attest.keys[NODES]));
    frame->name = (struct bw_bytes){(const uint8_t *)attest.names[NODES], 4};
    frame->addr.port++;
    frame->certificate =
        (struct bw_bytes){encoded, attest_certify(by, attest.keys[key], certified, from_s, until_s, encoded)};
    frame->heard_s = 0;
    attest_sign(&record, attest.keys[NODES]);
    return attest_say_record(&record);
}

static void certificates_are_looked_at(void) {
    uint64_t now_s = attest_wall_s();
    const size_t count = NODES;
    struct bw_gossip *g = attest.net.nodes[0].gossip;
    CU_ASSERT_EQUAL(meet(attest.keys[BAD], attest.names[NODES], now_s, now_s + 9, NODES), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(meet(attest.authority, attest.names[VICTIM], now_s, now_s + 9, NODES), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(meet(attest.authority, attest.names[NODES], now_s, now_s + 9, BAD), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(meet(attest.authority, attest.names[NODES], now_s + 301, now_s + 999, NODES), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(meet(attest.authority, attest.names[NODES], now_s - 999, now_s - 301, NODES), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(bw_gossip_member_count(g), count);
    CU_ASSERT_EQUAL(meet(attest.authority, attest.names[NODES], now_s + 299, now_s + 999, NODES), 0);
    CU_ASSERT_EQUAL(bw_gossip_member_count(g), count + 1);
}

static void an_id_belongs_to_one_key(void) {
    uint64_t incarnation = attest_incarnation();
    struct record record;
    struct bw_frame_signed_member *frame = attest_record(&record, BAD, BAD); /* all its own but the id */
    frame->id = attest.net.nodes[VICTIM].id;
    frame->incarnation = incarnation + 1;
    attest_sign(&record, attest.keys[BAD]);
    CU_ASSERT_EQUAL(attest_say_record(&record), BW_ERR_DROP_UNSIGNED);
    expect_untouched(incarnation);
}

/* ------------------------------------------------------------------ going, and coming back */

static void who_leaves_says_so(void) {
    bw_gossip_leave(attest.net.nodes[VICTIM].gossip, net_now(&attest.net));
    net_drain(&attest.net, VICTIM);
    CU_ASSERT(net_wait_status(&attest.net, VICTIM, BW_STATUS_LEFT, 3000));
    CU_ASSERT_EQUAL(net_member(&attest.net, BAD, VICTIM)->info->word, BW_STATUS_LEFT);
    net_crash(&attest.net, VICTIM);
    net_run(&attest.net, 30000); /* what was signed goes on: the others still agree, and a newcomer is told the same */
    attest_start(NODES);
    CU_ASSERT(net_wait_converged(&attest.net, 5000));
    CU_ASSERT_EQUAL(net_status(&attest.net, NODES, VICTIM), BW_STATUS_LEFT);
}

static void the_dead_are_dead_and_may_be_forgotten(void) {
    net_crash(&attest.net, VICTIM);
    CU_ASSERT(net_wait_status(&attest.net, VICTIM, BW_STATUS_DEAD, 60000));
    CU_ASSERT_EQUAL(bw_gossip_forget(attest.net.nodes[BAD].gossip, &attest.net.nodes[VICTIM].id, net_now(&attest.net)),
                    0);
    net_drain(&attest.net, BAD);
    CU_ASSERT(net_wait_status(&attest.net, VICTIM, BW_STATUS_LEFT, 3000));
    attest_start(VICTIM);
    CU_ASSERT(net_wait_converged(&attest.net, 10000));
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
}

static void who_has_expired_is_dead_until_it_renews(void) {
    uint8_t renewed[BW_CERTIFICATE_MAX];
    struct bw_gossip *g = attest.net.nodes[VICTIM].gossip;
    size_t size = attest_certify(attest.authority, attest.keys[VICTIM], attest.names[VICTIM], attest_wall_s(),
                                 attest_wall_s() + 60, renewed);
    CU_ASSERT_EQUAL(bw_gossip_set_certificate(g, (struct bw_bytes){renewed, size}, net_now(&attest.net)), 0);
    net_drain(&attest.net, VICTIM);
    CU_ASSERT(net_wait_converged(&attest.net, 5000));
    net_run(&attest.net, 350000); /* clocks may differ by five minutes */
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    net_run(&attest.net, 15000);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_DEAD);
    CU_ASSERT_EQUAL(net_status(&attest.net, BAD, VICTIM), BW_STATUS_DEAD);
    size = attest_certify(attest.keys[BAD], attest.keys[VICTIM], attest.names[VICTIM], attest_wall_s(),
                          attest_wall_s() + 60, renewed);
    CU_ASSERT_EQUAL(bw_gossip_set_certificate(g, (struct bw_bytes){renewed, size}, net_now(&attest.net)),
                    BW_ERR_IDENTITY);
    size = attest_certify(attest.authority, attest.keys[VICTIM], attest.names[VICTIM], attest_wall_s(),
                          attest_wall_s() + YEAR_S, renewed);
    CU_ASSERT_EQUAL(bw_gossip_set_certificate(g, (struct bw_bytes){renewed, size}, net_now(&attest.net)), 0);
    net_drain(&attest.net, VICTIM);
    CU_ASSERT(net_wait_converged(&attest.net, 60000));
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
}

static void revoked_is_dead_everywhere_and_for_good(void) {
    uint8_t revocation[BW_REVOCATION_SIZE];
    uint8_t renewed[BW_CERTIFICATE_MAX];
    struct bw_bytes word = {revocation, sizeof(revocation)};
    struct bw_bytes other = {renewed, 0};
    other.size = attest_certify_as(8, attest.authority, attest.keys[VICTIM], attest.names[VICTIM], attest_wall_s(),
                                   attest_wall_s() + YEAR_S, renewed);
    CU_ASSERT_EQUAL(bw_gossip_set_certificate(attest.net.nodes[VICTIM].gossip, other, net_now(&attest.net)), 0);
    net_drain(&attest.net, VICTIM);
    CU_ASSERT(net_wait_converged(&attest.net, 5000));
    bw_revocation_make(8, attest.keys[BAD], revocation);
    CU_ASSERT_EQUAL(bw_gossip_revoke(attest.net.nodes[0].gossip, word, net_now(&attest.net)), BW_ERR_IDENTITY);
    uint8_t rank[BW_RECORD_RANK_SIZE] = {[BW_RECORD_RANK_SIZE - 1] = 1};
    struct bw_frame_record record = {16, 1, {revocation, 8}, {rank, sizeof(rank)}, {revocation + 8, BW_SIGNATURE_SIZE}};
    CU_ASSERT_EQUAL(attest_say(&bw_schema_record, &record), BW_ERR_DROP_UNSIGNED);
    bw_revocation_make(8, attest.authority, revocation);
    rank[0] = 1; /* the attest.authority's word, over and over */
    CU_ASSERT_EQUAL(attest_say(&bw_schema_record, &record), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net_hits(&attest.net, 0, BW_RULE_REVOKED_BY_THE_AUTHORITY), 2);
    CU_ASSERT_EQUAL(bw_gossip_revoke(attest.net.nodes[BAD].gossip, word, net_now(&attest.net)), 0);
    CU_ASSERT_EQUAL(net_status(&attest.net, BAD, VICTIM), BW_STATUS_DEAD);
    net_drain(&attest.net, BAD);
    net_run(&attest.net, 3000);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_DEAD);
    CU_ASSERT(bw_gossip_revoked(attest.net.nodes[VICTIM].gossip, &attest.net.nodes[VICTIM].id));
    net_run(&attest.net, 60000); /* it refutes, and nobody minds */
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_DEAD);
    attest_start(NODES); /* nor does who comes later */
    net_run(&attest.net, 10000);
    CU_ASSERT_EQUAL(net_status(&attest.net, NODES, VICTIM), BW_STATUS_DEAD);
    CU_ASSERT_EQUAL(net_status(&attest.net, NODES, BAD), BW_STATUS_ALIVE);
    CU_ASSERT(bw_gossip_revoked(attest.net.nodes[NODES].gossip, &attest.net.nodes[VICTIM].id));
    other.size = attest_certify_as(9, attest.authority, attest.keys[VICTIM], attest.names[VICTIM], attest_wall_s(),
                                   attest_wall_s() + YEAR_S, renewed);
    CU_ASSERT_EQUAL(bw_gossip_set_certificate(attest.net.nodes[VICTIM].gossip, other, net_now(&attest.net)), 0);
    net_drain(&attest.net, VICTIM);
    CU_ASSERT(net_wait_converged(&attest.net, 60000)); /* another certificate is another matter */
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
}

/* ------------------------------------------------------------------ bounds */

static void the_largest_record_goes_in_a_page(void) {
    uint8_t tags[BW_TAG_SIZE_MAX];
    size_t room = BW_SIGNED_RECORD_MAX - attest.certificate_sizes[VICTIM] - 4;
    size_t size = room < sizeof(tags) ? room : sizeof(tags);
    memset(tags, 'x', sizeof(tags));
    tags[0] = 1;
    bw_put_u16(tags + 2, (uint16_t)(size - 4));
    CU_ASSERT_EQUAL(
        bw_gossip_set_tags(attest.net.nodes[VICTIM].gossip, (struct bw_bytes){tags, size}, net_now(&attest.net)), 0);
    net_drain(&attest.net, VICTIM);
    attest_start(NODES);
    CU_ASSERT(net_wait_converged(&attest.net, 5000));
    CU_ASSERT_EQUAL(net_member(&attest.net, NODES, VICTIM)->info->tags_size, size);
    static uint8_t bytes[BW_SIGNED_RECORD_MAX];
    struct bw_frame_page page = {.next = 1};
    struct bw_frame_signed_member frame = {.addr = {.family = 6},
                                           .name = {bytes, 63},
                                           .tags = {bytes, 100},
                                           .candidacies = {bytes, BW_SIGNED_RECORD_MAX - 163 - BW_CERTIFICATE_MAX},
                                           .certificate = {bytes, BW_CERTIFICATE_MAX},
                                           .exchange = {bytes, BW_EXCHANGE_SIZE},
                                           .signature = {bytes, BW_SIGNATURE_SIZE}};
    CU_ASSERT(bw_wire_size(&bw_schema_page, &page) + bw_wire_size(&bw_schema_signed_member, &frame) <= BW_FRAMES_MAX);
}

/* What the election has signed: by one member, under its words, in this cluster. */
static void users_of_gossip_sign_in_their_members_name(void) {
    uint8_t signature[BW_SIGNATURE_SIZE];
    uint8_t labelled[5 + 3] = {4, 't', 'e', 's', 't', 'a', 'b', 'c'};
    const struct bw_bytes said = {labelled + 5, 3};
    struct bw_gossip *g = attest.net.nodes[0].gossip;
    const struct bw_id *bad = &attest.net.nodes[BAD].id;
    const struct bw_id stranger = net_id(77);
    bw_gossip_sign(attest.net.nodes[BAD].gossip, "words-1", said, signature);
    CU_ASSERT(bw_gossip_signed(g, bad, bad, "words-1", said, signature));
    CU_ASSERT(bw_identity_verify(bw_identity_public(attest.keys[BAD]), "words-1",
                                 (struct bw_bytes){labelled, sizeof(labelled)}, signature));
    CU_ASSERT_FALSE(bw_gossip_signed(g, bad, &attest.net.nodes[VICTIM].id, "words-1", said, signature));
    CU_ASSERT_FALSE(bw_gossip_signed(g, bad, &stranger, "words-1", said, signature));
    CU_ASSERT_FALSE(bw_gossip_signed(g, bad, bad, "words-2", said, signature));
    labelled[7] ^= 1;
    CU_ASSERT_FALSE(bw_gossip_signed(g, bad, bad, "words-1", said, signature));
    for (int i = 0; i < 32; i++) { /* and looks at it are rationed as all others */
        CU_ASSERT_FALSE(bw_gossip_signed(g, bad, bad, "words-1", said, signature));
    }
    labelled[7] ^= 1;
    CU_ASSERT_FALSE(bw_gossip_signed(g, bad, bad, "words-1", said, signature));
    CU_ASSERT(bw_gossip_signed(g, &attest.net.nodes[VICTIM].id, bad, "words-1", said, signature));
}

static void without_identity_mode_nothing_is_signed(void) {
    struct record record;
    attest_record(&record, 0, VICTIM);
    struct bw_frame_signed_member frame = record.frame.as.signed_member;
    attest_close();
    net_open(&attest.net, 11);
    attest.authority = NULL;
    memset(attest.keys, 0, sizeof(attest.keys)); /* closed by attest_close already */
    net_form(&attest.net, 2);
    CU_ASSERT_EQUAL(net_member(&attest.net, 0, 1)->info->certificate_size, 0);
    CU_ASSERT_EQUAL(net_inject(&attest.net, 0, &attest.net.nodes[1].id, attest.net.nodes[1].session, true,
                               &bw_schema_signed_member, &frame),
                    0);
    CU_ASSERT_EQUAL(bw_gossip_member_count(attest.net.nodes[0].gossip), 2);
    CU_ASSERT_EQUAL(bw_gossip_set_certificate(attest.net.nodes[0].gossip, frame.certificate, net_now(&attest.net)),
                    BW_ERR_IDENTITY);
}

/* A record that is no news is not looked at, so that it makes no event either. */
static void only_its_own_word_makes_a_member_incompatible(void) {
    struct record record;
    struct bw_frame_signed_member *frame = attest_record(&record, BAD, VICTIM);
    frame->protocol_min = frame->protocol_max = 9;
    attest_say_record(&record);
    frame->status = BW_STATUS_DEAD; /* so do others say */
    attest_say_record(&record);
    frame->status = BW_STATUS_ALIVE;
    frame->incarnation--;
    attest_say_record(&record);
    CU_ASSERT_EQUAL(attest.net.nodes[0].events[BW_GOSSIP_INCOMPATIBLE], 0);
    frame->incarnation += 2;
    CU_ASSERT_EQUAL(attest_say_record(&record), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(attest.net.nodes[0].events[BW_GOSSIP_INCOMPATIBLE], 0);
    attest_sign(&record, attest.keys[VICTIM]);
    CU_ASSERT_EQUAL(attest_say_record(&record), 0);
    CU_ASSERT_EQUAL(attest.net.nodes[0].events[BW_GOSSIP_INCOMPATIBLE], 1);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_DEAD);
}

static const struct tap_test tests[] = {
    TAP_TEST(only_its_own_word_makes_a_member_incompatible),
    TAP_TEST(members_with_certificates_form_a_cluster),
    TAP_TEST(nobody_else_changes_a_record),
    TAP_TEST(a_record_without_a_signature_is_none),
    TAP_TEST(nobody_else_makes_a_member_leave),
    TAP_TEST(nobody_else_raises_an_incarnation),
    TAP_TEST(an_earlier_life_is_outbid_if_it_signed),
    TAP_TEST(a_candidacy_beyond_the_certificate_is_not_taken),
    TAP_TEST(certificates_are_looked_at),
    TAP_TEST(an_id_belongs_to_one_key),
    TAP_TEST(who_leaves_says_so),
    TAP_TEST(the_dead_are_dead_and_may_be_forgotten),
    TAP_TEST(who_has_expired_is_dead_until_it_renews),
    TAP_TEST(revoked_is_dead_everywhere_and_for_good),
    TAP_TEST(the_largest_record_goes_in_a_page),
    TAP_TEST(users_of_gossip_sign_in_their_members_name),
    TAP_TEST(without_identity_mode_nothing_is_signed),
};
const struct tap_suite gossip_identity_suite = TAP_SUITE_WITH("gossip identity", tests, attest_open, attest_close);
