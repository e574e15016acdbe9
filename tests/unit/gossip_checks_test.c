/* Identity mode: what looking at others' signatures may cost, and what is remembered of revocations. */
#include "tests/unit/gossip_attest.h"

/* A stranger's word: somebody who has the cluster's key, and is no member. */
static int stranger_says(struct record *record) {
    const struct bw_id stranger = net_id(77);
    return net_inject(&attest.net, 0, &stranger, 5, true, &bw_schema_signed_member, &record->frame.as.signed_member);
}

static int victim_says(struct record *record) {
    return net_inject(&attest.net, 0, &attest.net.nodes[VICTIM].id, attest.net.nodes[VICTIM].session, true,
                      &bw_schema_signed_member, &record->frame.as.signed_member);
}

static void failures_have_a_bound(void) {
    struct record record;
    struct record sound;
    uint64_t own = attest_incarnation();
    attest_record(&record, BAD, VICTIM)->incarnation++;
    attest_record(&sound, BAD, VICTIM)->incarnation++;
    attest_sign(&sound, attest.keys[VICTIM]);
    for (int i = 0; i < 32; i++) {
        CU_ASSERT_EQUAL(attest_say_record(&record), BW_ERR_DROP_UNSIGNED);
    }
    CU_ASSERT_EQUAL(bw_gossip_bound(attest.net.nodes[0].gossip, BW_BOUND_SIGNATURES), 0);
    CU_ASSERT_EQUAL(attest_say_record(&sound), BW_ERR_DROP_UNSIGNED); /* a good one of the same sender waits, too */
    CU_ASSERT_EQUAL(bw_gossip_bound(attest.net.nodes[0].gossip, BW_BOUND_SIGNATURES), 1);
    CU_ASSERT_EQUAL(attest_incarnation(), own);
    CU_ASSERT_EQUAL(victim_says(&sound), 0); /* others' do not */
    CU_ASSERT_EQUAL(attest_incarnation(), own + 1);
    net_run(&attest.net, 1100);
    sound.frame.as.signed_member.incarnation++;
    attest_sign(&sound, attest.keys[VICTIM]);
    CU_ASSERT_EQUAL(attest_say_record(&sound), 0);
    CU_ASSERT_EQUAL(attest_incarnation(), own + 2);
}

static void strangers_share_one_allowance(void) {
    struct record record;
    struct record sound;
    uint64_t own = attest_incarnation();
    attest_record(&record, BAD, VICTIM)->incarnation++;
    attest_record(&sound, BAD, VICTIM)->incarnation++;
    attest_sign(&sound, attest.keys[VICTIM]);
    for (size_t i = 0; i < 32; i++) {
        const struct bw_id from = net_id(78 + i);
        CU_ASSERT_EQUAL(
            net_inject(&attest.net, 0, &from, 6 + i, true, &bw_schema_signed_member, &record.frame.as.signed_member),
            BW_ERR_DROP_UNSIGNED);
    }
    CU_ASSERT_EQUAL(stranger_says(&sound), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(attest_incarnation(), own);
    CU_ASSERT_EQUAL(attest_say_record(&sound), 0);
    CU_ASSERT_EQUAL(attest_incarnation(), own + 1);
}

/* Each is sound: 2048 at once, 512 a second; more for who joins. */
static void sound_signatures_have_a_bound_too(void) {
    struct record record;
    size_t taken = 0;
    struct bw_frame_signed_member *frame = attest_record(&record, BAD, BAD);
    net_run(&attest.net, 60000); /* nobody joins any more */
    frame = attest_record(&record, BAD, BAD);
    for (int i = 0; i < 2100; i++) {
        frame->incarnation++;
        attest_sign(&record, attest.keys[BAD]);
        taken += attest_say_record(&record) == 0;
    }
    CU_ASSERT(taken == 2048);
    frame = attest_record(&record, BAD, VICTIM);
    frame->incarnation++;
    attest_sign(&record, attest.keys[VICTIM]);
    CU_ASSERT_EQUAL(attest_say_record(&record), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(victim_says(&record), 0);
}

static void revocations_have_places_of_their_own(void) {
    struct bw_gossip *g = attest.net.nodes[0].gossip;
    uint8_t revocation[BW_REVOCATION_SIZE];
    struct bw_record record = {.kind = 1, .key = {revocation, 8}, .rank = {1}};
    size_t records = 0;
    int error = 0;
    for (uint64_t serial = 100; serial < 100 + BW_REVOKED_MAX; serial++) {
        bw_revocation_make(serial, attest.authority, revocation);
        CU_ASSERT_EQUAL(bw_gossip_revoke(g, (struct bw_bytes){revocation, sizeof(revocation)}, net_now(&attest.net)),
                        0);
    }
    bw_revocation_make(99, attest.authority, revocation);
    CU_ASSERT_EQUAL(bw_gossip_revoke(g, (struct bw_bytes){revocation, sizeof(revocation)}, net_now(&attest.net)),
                    BW_ERR_FULL);
    CU_ASSERT_EQUAL(bw_gossip_bound(g, BW_BOUND_REVOCATIONS), 1);
    for (; error == 0; records++) {
        bw_put_u64(revocation, records);
        error = bw_gossip_put(g, &record, net_now(&attest.net));
    }
    CU_ASSERT_EQUAL(error, BW_ERR_FULL);
    CU_ASSERT_EQUAL(records - 1, 1 + 4 * (size_t)attest.net.params.scope_max);
    CU_ASSERT_EQUAL(bw_gossip_bound(g, BW_BOUND_RECORDS), 1);
    net_drain(&attest.net, 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(failures_have_a_bound),
    TAP_TEST(strangers_share_one_allowance),
    TAP_TEST(sound_signatures_have_a_bound_too),
    TAP_TEST(revocations_have_places_of_their_own),
};
const struct tap_suite gossip_checks_suite = TAP_SUITE_WITH("gossip checks", tests, attest_open, attest_close);
