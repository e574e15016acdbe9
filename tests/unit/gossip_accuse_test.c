/* Identity mode: accusations and deaths. What one bad member, or who holds the cluster's key, makes of them, and that honest ones
 * work as they do without. */
#include <string.h>

#include "tests/unit/gossip_attest.h"

#define SEEDS 6
#define COUNT 8u /* enough that three must confirm */

static void set_up(void) {
    attest_open_with(COUNT);
}

static const struct bw_suspicion *suspicion_of(size_t at) {
    const struct bw_member *member = net_member(&attest.net, at, VICTIM);
    return member->status == BW_STATUS_SUSPECT ? member->suspicion : NULL;
}

static size_t accusers(void) {
    const struct bw_suspicion *suspicion = suspicion_of(0);
    return suspicion ? suspicion->accuser_count : 0;
}

static int say(const struct accused *accused) {
    return attest_say(&bw_schema_accusation, &accused->frame);
}

/* Looks that were charged so far, in the steps of checks.c. */
static int64_t looks(size_t at) {
    const struct bw_checks *checks = attest.net.nodes[at].gossip->attest.checks;
    int64_t whole_us = checks->all.looks_us - attest.net.now_us;
    return (whole_us > 0 ? whole_us : 0) / (BW_US_PER_S / 512 / 2);
}

/* ------------------------------------------------------------------ forged */

static void nobody_accuses_in_others_names(void) {
    uint64_t incarnation = attest_incarnation();
    struct accused accused;
    struct bw_id names[5];
    attest_accuse(&accused, VICTIM, incarnation, BW_STATUS_SUSPECT);
    for (size_t i = 0; i < 5; i++) {
        names[i] = attest.net.nodes[3 + i].id;
        attest_accuser_as(&accused, 3 + i, true, BAD);
    }
    CU_ASSERT_EQUAL(say(&accused), BW_ERR_DROP_UNSIGNED);
    accused.frame.status = BW_STATUS_DEAD;
    CU_ASSERT_EQUAL(say(&accused), BW_ERR_DROP_UNSIGNED);
    struct bw_frame_suspect suspect = {attest.net.nodes[VICTIM].id, incarnation, {names[0].bytes, sizeof(names)}};
    CU_ASSERT_EQUAL(attest_say(&bw_schema_suspect, &suspect), BW_ERR_DROP_UNSIGNED);
    struct bw_frame_verdict verdict = {attest.net.nodes[VICTIM].id, incarnation, BW_STATUS_DEAD, 0, names[0]};
    CU_ASSERT_EQUAL(attest_say(&bw_schema_verdict, &verdict), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net_hits(&attest.net, 0, BW_RULE_ACCUSERS_SIGN), 4);
    attest_accuse(&accused, VICTIM, incarnation, BW_STATUS_SUSPECT);
    attest_accuser(&accused, 3, false); /* one that is true does not make the others so */
    attest_accuser_as(&accused, 4, false, BAD);
    CU_ASSERT_EQUAL(say(&accused), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
}

/* Whatever is signed: the subject, its incarnation, the accuser, and whether a port refused. */
static void an_accusation_is_for_what_was_signed(void) {
    uint64_t incarnation = attest_incarnation();
    struct accused accused;
    for (int what = 0; what < 3; what++) {
        attest_accuse(&accused, what == 0 ? 3 : VICTIM, incarnation - (what == 1), BW_STATUS_SUSPECT);
        attest_accuser(&accused, BAD, false);
        accused.frame.id = attest.net.nodes[VICTIM].id;
        accused.frame.incarnation = incarnation;
        accused.list[16] = what == 2;
        CU_ASSERT_EQUAL(say(&accused), BW_ERR_DROP_UNSIGNED);
        CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    }
    accused.list[16] = 0;
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(accusers(), 1);
}

static void an_accuser_counts_once(void) {
    struct accused accused;
    attest_accuse(&accused, VICTIM, attest_incarnation(), BW_STATUS_SUSPECT);
    attest_accuser(&accused, BAD, false);
    attest_accuser(&accused, BAD, true);
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(accusers(), 1);
    int64_t before = looks(0);
    CU_ASSERT(before > 0);
    for (int i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(say(&accused), 0);
    }
    CU_ASSERT_EQUAL(accusers(), 1);
    CU_ASSERT_EQUAL(looks(0), before); /* and is looked at once */
    attest_accuser(&accused, 3, false);
    attest_accuser(&accused, VICTIM, false); /* nobody accuses itself */
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(accusers(), 2);
    CU_ASSERT_EQUAL(looks(0), before + 1);
}

static void old_accusations_are_over_once_they_are_refuted(void) {
    uint64_t incarnation = attest_incarnation();
    struct accused accused;
    attest_accuse(&accused, VICTIM, incarnation, BW_STATUS_SUSPECT);
    attest_accuser(&accused, BAD, false);
    attest_accuser(&accused, 3, false);
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(accusers(), 2);
    net_run(&attest.net, 3000);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    uint64_t refuted = attest_incarnation();
    CU_ASSERT(refuted > incarnation);
    int64_t before = looks(0);
    for (int status = BW_STATUS_SUSPECT; status <= BW_STATUS_DEAD; status++) {
        accused.frame.status = (uint8_t)status;
        CU_ASSERT_EQUAL(say(&accused), 0);
        CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    }
    CU_ASSERT_EQUAL(looks(0), before);
    accused.frame.incarnation = refuted; /* what was said of one incarnation is not said of the next */
    CU_ASSERT_EQUAL(say(&accused), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(attest_incarnation(), refuted);
}

static void who_is_no_member_or_is_dead_accuses_nobody(void) {
    uint8_t revocation[BW_REVOCATION_SIZE];
    uint8_t other[BW_CERTIFICATE_MAX];
    struct accused accused;
    struct bw_bytes renewed = {other, attest_certify_as(8, attest.authority, attest.keys[4], attest.names[4],
                                                        attest_wall_s(), attest_wall_s() + YEAR_S, other)};
    CU_ASSERT_EQUAL(bw_gossip_set_certificate(attest.net.nodes[4].gossip, renewed, net_now(&attest.net)), 0);
    net_drain(&attest.net, 4);
    net_crash(&attest.net, 3);
    CU_ASSERT(net_wait_status(&attest.net, 3, BW_STATUS_DEAD, 60000));
    attest_accuse(&accused, VICTIM, attest_incarnation(), BW_STATUS_SUSPECT);
    attest.net.nodes[COUNT].id = bw_identity_id(bw_identity_public(attest.keys[COUNT]));
    attest_accuser(&accused, COUNT, false); /* not met */
    attest_accuser(&accused, 3, false);
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    bw_revocation_make(8, attest.authority, revocation);
    struct bw_bytes word = {revocation, sizeof(revocation)};
    CU_ASSERT_EQUAL(bw_gossip_revoke(attest.net.nodes[0].gossip, word, net_now(&attest.net)), 0);
    attest_accuse(&accused, VICTIM, attest_incarnation(), BW_STATUS_SUSPECT);
    attest_accuser(&accused, 4, false);
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
}

/* It lives, and nobody has come to probe it yet. */
static void who_has_expired_accuses_nobody(void) {
    uint8_t encoded[BW_CERTIFICATE_MAX];
    struct accused accused;
    struct bw_bytes renewed = {encoded, attest_certify(attest.authority, attest.keys[4], attest.names[4],
                                                       attest_wall_s(), attest_wall_s() + 1, encoded)};
    CU_ASSERT_EQUAL(bw_gossip_set_certificate(attest.net.nodes[4].gossip, renewed, net_now(&attest.net)), 0);
    net_drain(&attest.net, 4);
    CU_ASSERT(net_wait_converged(&attest.net, 5000));
    for (size_t i = 0; i < COUNT; i++) {
        attest.net.nodes[i].paused = true;
    }
    attest.net.now_us += MS(303000); /* clocks may differ by five minutes */
    attest_accuse(&accused, VICTIM, attest_incarnation(), BW_STATUS_SUSPECT);
    attest_accuser(&accused, 4, false);
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, 4), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    attest_accuser(&accused, 5, false);
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(accusers(), 1);
}

/* ------------------------------------------------------------------ deaths */

static void one_member_kills_nobody(void) {
    struct accused accused;
    attest.net.nodes[VICTIM].paused = true; /* so that it does not refute */
    attest_accuse(&accused, VICTIM, attest_incarnation(), BW_STATUS_DEAD);
    attest_accuser(&accused, BAD, true);
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_SUSPECT); /* it is one accusation */
    CU_ASSERT_EQUAL(accusers(), 1);
    CU_ASSERT_EQUAL(net_hits(&attest.net, 0, BW_RULE_DEATH_NEEDS_ITS_ACCUSERS), 1);
    attest.net.nodes[VICTIM].paused = false;
    CU_ASSERT(net_wait_status(&attest.net, VICTIM, BW_STATUS_ALIVE, 3000));
}

/* As many as end a suspicion soonest; whom we hear has time to refute even so. */
static void enough_accusers_are_believed(void) {
    struct accused accused;
    struct bw_member *victim = bw_members_find(&attest.net.nodes[0].gossip->members, &attest.net.nodes[VICTIM].id);
    attest_accuse(&accused, VICTIM, attest_incarnation(), BW_STATUS_DEAD);
    for (size_t i = 3; i < 7; i++) {
        attest_accuser(&accused, i, false);
    }
    victim->peer->heard_us = attest.net.now_us;
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_SUSPECT);
    CU_ASSERT_EQUAL(accusers(), 4);
    CU_ASSERT(net_wait_status(&attest.net, VICTIM, BW_STATUS_ALIVE, 3000));
    attest_accuse(&accused, VICTIM, attest_incarnation(), BW_STATUS_DEAD);
    for (size_t i = 3; i < 7; i++) {
        attest_accuser(&accused, i, false);
    }
    victim->peer->heard_us = BW_NOT_HEARD;
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_DEAD);
    CU_ASSERT(net_wait_status(&attest.net, VICTIM, BW_STATUS_ALIVE, 10000)); /* and it comes back */
}

/* A record that says that its subject is dead: its subject signed the rest alone. */
static void a_death_that_nobody_signed_changes_nothing(void) {
    struct record record;
    uint64_t incarnation = attest_incarnation();
    struct bw_frame_signed_member *frame = attest_record(&record, BAD, VICTIM);
    frame->status = BW_STATUS_DEAD;
    frame->age_ms = 5;
    CU_ASSERT_EQUAL(attest_say_record(&record), 0);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    frame->incarnation++; /* what it did sign, it says: it lives */
    attest_sign(&record, attest.keys[VICTIM]);
    CU_ASSERT_EQUAL(attest_say_record(&record), 0);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, VICTIM), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(attest_incarnation(), incarnation + 1);
    CU_ASSERT(net_hits(&attest.net, 0, BW_RULE_HEARSAY_COUNTS_FOR_NOTHING) > 0);
}

/* Nor does it make anybody look unsteady, or change its record for each time that it is said. */
static void what_nobody_signed_of_ourselves_is_outbid_and_not_counted(void) {
    struct bw_gossip *g = attest.net.nodes[0].gossip;
    struct record record;
    struct accused accused;
    uint64_t own = bw_gossip_incarnation(g);
    for (int i = 0; i < 10; i++) {
        struct bw_frame_signed_member *frame = attest_record(&record, 0, 0);
        frame->status = BW_STATUS_DEAD;
        CU_ASSERT_EQUAL(attest_say_record(&record), 0);
        struct bw_frame_verdict verdict = {attest.net.nodes[0].id, bw_gossip_incarnation(g), BW_STATUS_LEFT, 0,
                                           attest.net.nodes[BAD].id};
        CU_ASSERT_EQUAL(attest_say(&bw_schema_verdict, &verdict), 0);
    }
    CU_ASSERT_EQUAL(bw_gossip_incarnation(g), own + 1);
    own++;
    attest_accuse(&accused, 0, own, BW_STATUS_SUSPECT);
    for (size_t i = 3; i < 8; i++) {
        attest_accuser_as(&accused, i, false, BAD);
    }
    CU_ASSERT_EQUAL(say(&accused), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(bw_gossip_incarnation(g), own);
    CU_ASSERT_EQUAL(g->refutations, 0);
    attest_accuse(&accused, 0, own, BW_STATUS_SUSPECT);
    attest_accuser(&accused, BAD, false);
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(bw_gossip_incarnation(g),
                    own + 1); /* refuted, and a single accuser may be the one whose link is bad */
    CU_ASSERT_EQUAL(g->refutations, 0);
    for (size_t i = 3; i < 8; i++) {
        attest_accuser_as(&accused, i, false, BAD); /* of the one that was refuted */
    }
    CU_ASSERT_EQUAL(say(&accused), BW_ERR_DROP_UNSIGNED);
    CU_ASSERT_EQUAL(g->refutations, 0);
    attest_accuse(&accused, 0, own, BW_STATUS_SUSPECT);
    attest_accuser(&accused, BAD, false);
    attest_accuser(&accused, 3, false);
    CU_ASSERT_EQUAL(say(&accused), 0);
    CU_ASSERT_EQUAL(g->refutations, 1);
}

/* ------------------------------------------------------------------ honest ones */

static void a_death_is_told_with_its_accusers(void) {
    net_crash(&attest.net, VICTIM);
    CU_ASSERT(net_wait_status(&attest.net, VICTIM, BW_STATUS_DEAD, 60000));
    for (size_t at = 0; at < COUNT; at++) {
        const struct bw_member *victim = net_member(&attest.net, at, VICTIM);
        CU_ASSERT(at == VICTIM || (victim->suspicion && victim->suspicion->accuser_count > 0));
        CU_ASSERT_EQUAL(net_hits(&attest.net, at, BW_RULE_ACCUSERS_SIGN), 0);
    }
    attest_start(COUNT); /* who comes later is told the same */
    CU_ASSERT(net_wait_converged(&attest.net, 10000));
    CU_ASSERT_EQUAL(net_status(&attest.net, COUNT, VICTIM), BW_STATUS_DEAD);
    attest_start(VICTIM);
    CU_ASSERT(net_wait_converged(&attest.net, 20000));
    CU_ASSERT_EQUAL(net_status(&attest.net, COUNT, VICTIM), BW_STATUS_ALIVE);
}

static void both_sides_of_a_partition_meet_again(void) {
    for (size_t a = 0; a < COUNT; a++) {
        for (size_t b = 0; b < COUNT; b++) {
            attest.net.cut[a][b] = (a < 3) != (b < 3);
        }
    }
    net_run(&attest.net, 90000);
    CU_ASSERT_EQUAL(net_status(&attest.net, 0, 5), BW_STATUS_DEAD);
    CU_ASSERT_EQUAL(net_status(&attest.net, 5, 0), BW_STATUS_DEAD);
    memset(attest.net.cut, 0, sizeof(attest.net.cut));
    CU_ASSERT(net_wait_converged(&attest.net, 120000));
}

/* What it takes until all who are left say so, by the clock and in bytes. */
struct price {
    int64_t ms;
    size_t bytes;
};

static struct price die(bool identity, size_t count, size_t dead, bool refuse, uint64_t seed) {
    struct price price = {0};
    if (identity) {
        attest_open_seeded(count, seed);
        net_run(&attest.net, 10000);
    } else {
        net_open(&attest.net, seed);
        net_form(&attest.net, count);
    }
    attest.net.refuse = refuse;
    for (size_t i = 0; i < count; i++) {
        attest.net.nodes[i].sent_bytes = 0;
    }
    for (size_t i = count - dead; i < count; i++) {
        net_crash(&attest.net, i);
    }
    int64_t from_us = attest.net.now_us;
    for (size_t i = count - dead; i < count; i++) {
        CU_ASSERT(net_wait_status(&attest.net, i, BW_STATUS_DEAD, 120000));
    }
    price.ms = (attest.net.now_us - from_us) / 1000;
    for (size_t i = 0; i < count - dead; i++) {
        price.bytes += attest.net.nodes[i].sent_bytes / (count - dead);
    }
    for (size_t at = 0; identity && at < count - dead; at++) {
        CU_ASSERT_EQUAL(net_hits(&attest.net, at, BW_RULE_ACCUSERS_SIGN), 0);
    }
    if (identity) {
        attest_close();
        memset(attest.keys, 0, sizeof(attest.keys));
        attest.authority = NULL;
    } else {
        net_close(&attest.net);
    }
    return price;
}

/* The same deaths with and without, at a few seeds each. */
static void deaths_are_found_as_soon_as_without(void) {
    static const struct {
        const char *what;
        size_t count, dead;
        bool refuse;
    } cases[] = {
        {"one of 3, silent", 3, 1, false},        {"one of 3, its port refuses", 3, 1, true},
        {"one of 8, silent", 8, 1, false},        {"one of 8, its port refuses", 8, 1, true},
        {"one of 40, silent", 40, 1, false},      {"20 of 40, silent", 40, 20, false},
        {"20 of 40, ports refuse", 40, 20, true},
    };
    int64_t all[2] = {0, 0};
    attest_close();
    for (size_t i = 0; i < BW_COUNT(cases); i++) {
        struct price sums[2] = {{0}, {0}};
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            for (int identity = 0; identity < 2; identity++) {
                struct price price = die(identity == 1, cases[i].count, cases[i].dead, cases[i].refuse, seed);
                sums[identity].ms += price.ms / SEEDS;
                sums[identity].bytes += price.bytes / SEEDS;
            }
        }
        tap_note("%s: %lld ms and %zu bytes a member, without identity mode %lld ms and %zu bytes", cases[i].what,
                 (long long)sums[1].ms, sums[1].bytes, (long long)sums[0].ms, sums[0].bytes);
        CU_ASSERT(sums[1].ms <=
                  2 * sums[0].ms); /* chance falls differently, as ids are others: so all of them together */
        all[0] += sums[0].ms;
        all[1] += sums[1].ms;
        CU_ASSERT(sums[1].bytes <= 3 * sums[0].bytes);
    }
    CU_ASSERT(10 * all[1] <= 12 * all[0]);
    attest_open_with(1);
}

static const struct tap_test tests[] = {
    TAP_TEST(nobody_accuses_in_others_names),
    TAP_TEST(an_accusation_is_for_what_was_signed),
    TAP_TEST(an_accuser_counts_once),
    TAP_TEST(old_accusations_are_over_once_they_are_refuted),
    TAP_TEST(who_is_no_member_or_is_dead_accuses_nobody),
    TAP_TEST(who_has_expired_accuses_nobody),
    TAP_TEST(one_member_kills_nobody),
    TAP_TEST(enough_accusers_are_believed),
    TAP_TEST(a_death_that_nobody_signed_changes_nothing),
    TAP_TEST(what_nobody_signed_of_ourselves_is_outbid_and_not_counted),
    TAP_TEST(a_death_is_told_with_its_accusers),
    TAP_TEST(both_sides_of_a_partition_meet_again),
    TAP_TEST(deaths_are_found_as_soon_as_without),
};
const struct tap_suite gossip_accuse_suite = TAP_SUITE_WITH("gossip accuse", tests, set_up, attest_close);
