/* Claims: who is believed about whom; records; the dead. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 5);
}

static void tear_down(void) {
    net_close(&net);
}

static struct bw_frame_member stranger(size_t index, uint16_t heard_s) {
    static const uint8_t name[] = "stranger";
    return (struct bw_frame_member){.id = net_id(index),
                                    .incarnation = 7,
                                    .heard_s = heard_s,
                                    .session = 9,
                                    .addr = {.ip = {10, 9, 9, (uint8_t)index}, .port = 7000, .family = 4},
                                    .protocol_min = 1,
                                    .protocol_max = 1,
                                    .name = {name, 8}};
}

static int say(size_t to, size_t from, const struct bw_schema *schema, const void *message) {
    return net_inject(&net, to, &net.nodes[from].id, net.nodes[from].session, true, schema, message);
}

static const struct bw_member *known(size_t at, size_t index) {
    struct bw_id id = net_id(index);
    return bw_members_find(&net.nodes[at].gossip->members, &id);
}

static void fresh_evidence_is_believed_at_once(void) {
    net_form(&net, 3);
    struct bw_frame_member fresh = stranger(50, 8); /* two rounds of four members */
    struct bw_frame_member stale = stranger(51, 9);
    say(0, 1, &bw_schema_member, &stale);
    say(0, 1, &bw_schema_member, &fresh);
    CU_ASSERT_PTR_NOT_NULL(known(0, 50));
    CU_ASSERT_PTR_NULL(known(0, 51));
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_NO_GHOSTS), 1);
    CU_ASSERT(net.nodes[0].last_member.first && bw_id_equal(&net.nodes[0].last_member.id, &fresh.id));
}

/* Told of a death that we declared before we were started again: no certificate and no probe of ours is the evidence. */
static void our_own_verdict_of_an_earlier_life_is_hearsay(void) {
    net_form(&net, 3);
    struct bw_frame_member fresh = stranger(50, 8);
    struct bw_frame_verdict verdict = {fresh.id, fresh.incarnation, BW_STATUS_DEAD, 0, net.nodes[0].id};
    struct bw_why found;
    say(0, 1, &bw_schema_member, &fresh);
    say(0, 1, &bw_schema_verdict, &verdict);
    CU_ASSERT_EQUAL_FATAL(bw_gossip_why(net.nodes[0].gossip, &fresh.id, &found), 0);
    CU_ASSERT(found.suspected && found.outcome == BW_STATUS_DEAD && found.own);
    CU_ASSERT_EQUAL(found.evidence, BW_EVIDENCE_VERDICT);
}

static const struct bw_ping *ghost_ping(const struct bw_gossip *g) {
    for (size_t i = 0; i < BW_PING_MAX; i++) {
        if (g->pings[i].purpose == BW_PURPOSE_GHOST) {
            return &g->pings[i];
        }
    }
    return NULL;
}

static void a_ghost_must_answer_first(void) {
    net_form(&net, 3);
    const struct bw_gossip *g = net.nodes[0].gossip;
    uint64_t digest = bw_gossip_digest(g);
    struct bw_frame_member ghost = stranger(50, BW_HEARD_UNKNOWN);
    say(0, 1, &bw_schema_member, &ghost);
    say(0, 1, &bw_schema_member, &ghost); /* asked only once */
    CU_ASSERT(bw_gossip_digest(g) == digest && g->update_count == 0 && g->ghost_count == 1);
    net_run(&net, 600);
    CU_ASSERT(ghost_ping(g) == NULL && g->ghost_count == 0 && known(0, 50) == NULL); /* it did not */
    say(0, 1, &bw_schema_member, &ghost);
    struct bw_frame_ack ack = {.seq = ghost_ping(g)->seq};
    net_inject(&net, 0, &ghost.id, ghost.session, true, &bw_schema_ack, &ack);
    CU_ASSERT_PTR_NOT_NULL(known(0, 50));
    CU_ASSERT(bw_gossip_digest(g) != digest && g->ghost_count == 0);
}

static void ghosts_have_a_bound(void) {
    net_form(&net, 2);
    for (size_t i = 50; i < 100; i++) {
        struct bw_frame_member ghost = stranger(i, BW_HEARD_UNKNOWN);
        say(0, 1, &bw_schema_member, &ghost);
    }
    CU_ASSERT_EQUAL(net.nodes[0].gossip->ghost_count, BW_GHOST_MAX);
}

static void nothing_unproven_is_believed(void) {
    net_form(&net, 2);
    struct bw_frame_member fresh = stranger(50, 0);
    struct bw_frame_verdict verdict = {net.nodes[1].id, net_member(&net, 0, 1)->incarnation, BW_STATUS_LEFT, 0, {{0}}};
    int64_t heard_us = net_member(&net, 0, 1)->peer->heard_us;
    CU_ASSERT_EQUAL(net_inject(&net, 0, &fresh.id, 9, false, &bw_schema_member, &fresh), BW_ERR_DROP_UNPROVEN);
    CU_ASSERT_EQUAL(net_inject(&net, 0, &net.nodes[1].id, 1, false, &bw_schema_verdict, &verdict),
                    BW_ERR_DROP_UNPROVEN);
    CU_ASSERT_PTR_NULL(known(0, 50));
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net_member(&net, 0, 1)->peer->heard_us, heard_us);
    CU_ASSERT_EQUAL(net_inject(&net, 0, &net.nodes[0].id, 1, true, &bw_schema_verdict, &verdict), BW_ERR_DROP_SELF);
}

/* An answer is never larger than its question, and rationed. */
static void unproven_pings_are_answered_sparingly(void) {
    net_form(&net, 2);
    struct bw_id id = net_id(90);
    struct bw_frame_ping ping = {.seq = 77};
    size_t answered = 0;
    size_t before = net.nodes[0].sent;
    size_t bytes = net.nodes[0].sent_bytes;
    for (size_t i = 0; i < 50; i++) {
        int error = net_inject(&net, 0, &id, 5, false, &bw_schema_ping, &ping);
        CU_ASSERT(error == 0 || error == BW_ERR_DROP_RATE);
        answered += error == 0;
    }
    CU_ASSERT_EQUAL(answered, 8);
    CU_ASSERT_EQUAL(net.nodes[0].sent - before, 8);
    CU_ASSERT_EQUAL(net.nodes[0].sent_bytes - bytes, 8 * (bw_wire_size(&bw_schema_ping, &ping) + BW_SEAL_OVERHEAD));
    CU_ASSERT(net_hits(&net, 0, BW_RULE_RATION_UNPROVEN) == 42);
    CU_ASSERT_EQUAL(bw_gossip_bound(net.nodes[0].gossip, BW_BOUND_ANSWERS), 42);
    net_run(&net, 249);
    CU_ASSERT_EQUAL(net_inject(&net, 0, &id, 5, false, &bw_schema_ping, &ping), BW_ERR_DROP_RATE);
    net_run(&net, 2);
    CU_ASSERT_EQUAL(net_inject(&net, 0, &id, 5, false, &bw_schema_ping, &ping), 0);
}

static void the_same_address_is_bound_once(void) {
    net_form(&net, 3);
    struct bw_frame_member first = stranger(50, 0);
    struct bw_frame_member second = stranger(51, 0);
    second.addr = first.addr;
    second.incarnation = 8;
    say(0, 1, &bw_schema_member, &first);
    say(0, 1, &bw_schema_member, &second);
    CU_ASSERT_EQUAL(known(0, 50)->status, BW_STATUS_LEFT);
    CU_ASSERT_EQUAL(known(0, 51)->status, BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_ADDRESS_IS_BOUND_ONCE), 1);
    say(2, 1, &bw_schema_member, &second); /* in the other order the same */
    say(2, 1, &bw_schema_member, &first);
    CU_ASSERT_EQUAL(known(2, 50)->status, BW_STATUS_LEFT);
    CU_ASSERT_EQUAL(known(2, 51)->status, BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_CONFLICT], 0);
}

static void a_name_elsewhere_is_a_conflict(void) {
    net_form(&net, 3);
    struct bw_frame_member first = stranger(50, 0);
    struct bw_frame_member second = stranger(51, 0);
    say(0, 1, &bw_schema_member, &first);
    say(0, 1, &bw_schema_member, &second);
    CU_ASSERT(known(0, 50)->status == BW_STATUS_ALIVE && known(0, 51)->status == BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_CONFLICT], 1);
    CU_ASSERT(bw_addr_equal(&net.nodes[0].last.addr, &first.addr) && bw_id_equal(&net.nodes[0].last.id, &second.id));
    CU_ASSERT(bw_id_equal(&net.nodes[0].last.by, &first.id));
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_REPORT_NAME_CONFLICT), 1);
}

static void late_claims_of_an_earlier_life_do_nothing(void) {
    net_form(&net, 3);
    struct bw_frame_member old;
    bw_view_frame(net.nodes[2].gossip, net.nodes[2].gossip->self, &old);
    old.name.data = (const uint8_t *)"n002";
    struct bw_frame_verdict dead = {net.nodes[2].id, old.incarnation, BW_STATUS_DEAD, 0, net.nodes[0].id};
    bw_gossip_leave(net.nodes[2].gossip, net_now(&net));
    net_drain(&net, 2);
    net_run(&net, 2000);
    CU_ASSERT_EQUAL(net_status(&net, 0, 2), BW_STATUS_LEFT);
    say(0, 1, &bw_schema_member, &old);   /* own alive after leave */
    say(0, 1, &bw_schema_verdict, &dead); /* and a death after it */
    CU_ASSERT_EQUAL(net_status(&net, 0, 2), BW_STATUS_LEFT);
    net_start(&net, 2);
    CU_ASSERT(net_wait_status(&net, 2, BW_STATUS_ALIVE, 2000));
    say(0, 1, &bw_schema_verdict, &dead); /* own death after restart */
    say(0, 1, &bw_schema_member, &old);
    CU_ASSERT_EQUAL(net_status(&net, 0, 2), BW_STATUS_ALIVE);
}

/* State lost or clock set back: others know a newer claim of ours than we do. */
static void an_earlier_life_is_outbid(void) {
    net_form(&net, 3);
    struct bw_frame_member own;
    bw_view_frame(net.nodes[2].gossip, net.nodes[2].gossip->self, &own);
    own.incarnation += UINT64_C(1) << 50;
    CU_ASSERT_EQUAL(say(2, 1, &bw_schema_member, &own), 0);
    CU_ASSERT_EQUAL(bw_gossip_incarnation(net.nodes[2].gossip), own.incarnation + 1);
    own.incarnation = BW_INCARNATION_MAX; /* the largest that exists */
    CU_ASSERT_EQUAL(say(2, 1, &bw_schema_member, &own), 0);
    CU_ASSERT_EQUAL(bw_gossip_incarnation(net.nodes[2].gossip), BW_INCARNATION_MAX);
    CU_ASSERT(net_wait_status(&net, 2, BW_STATUS_ALIVE, 2000));
}

static void who_missed_the_refutation_is_told_again(void) {
    net_form(&net, 3);
    struct bw_id accuser = net_id(80);
    struct bw_frame_suspect old = {
        net.nodes[2].id, bw_gossip_incarnation(net.nodes[2].gossip) - 1, {accuser.bytes, 16}};
    size_t sent = net.nodes[2].sent;
    CU_ASSERT_EQUAL(say(2, 1, &bw_schema_suspect, &old), 0);
    CU_ASSERT_EQUAL(net.nodes[2].sent, sent + 1);
    CU_ASSERT_EQUAL(net_hits(&net, 2, BW_RULE_ANSWER_STALE_ACCUSATION), 1);
}

static void too_many_refutations_make_unstable_for_a_while(void) {
    net_form(&net, 3);
    struct bw_id accuser = net_id(80);
    for (unsigned i = 1; i <= 3; i++) {
        CU_ASSERT_FALSE(bw_gossip_unstable(net.nodes[0].gossip, &net.nodes[2].id));
        struct bw_frame_suspect frame = {
            net.nodes[2].id, bw_gossip_incarnation(net.nodes[2].gossip), {accuser.bytes, 16}};
        say(2, 1, &bw_schema_suspect, &frame);
        net_run(&net, 1500);
    }
    for (size_t i = 0; i < 3; i++) { /* the same everywhere */
        CU_ASSERT_TRUE(bw_gossip_unstable(net.nodes[i].gossip, &net.nodes[2].id));
    }
    net_run(&net, 178000); /* three times 60 intervals */
    CU_ASSERT_TRUE(bw_gossip_unstable(net.nodes[0].gossip, &net.nodes[2].id));
    net_run(&net, 2000);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_FALSE(bw_gossip_unstable(net.nodes[i].gossip, &net.nodes[2].id));
    }
    CU_ASSERT_EQUAL(net_hits(&net, 2, BW_RULE_FORGIVE_REFUTATIONS), 1);
}

/* A single accuser in a larger cluster may be the one in trouble: only shared accusations count, in whatever order they come. */
static void a_single_accuser_makes_nobody_unstable(void) {
    net_form(&net, 5);
    struct bw_id accusers[2] = {net_id(80), net_id(81)};
    for (unsigned i = 0; i < 5; i++) {
        struct bw_frame_suspect frame = {
            net.nodes[2].id, bw_gossip_incarnation(net.nodes[2].gossip), {accusers[0].bytes, 16}};
        say(2, 1, &bw_schema_suspect, &frame);
        CU_ASSERT_EQUAL(net.nodes[2].gossip->refutations, 0);
    }
    struct bw_frame_suspect late = {
        net.nodes[2].id, bw_gossip_incarnation(net.nodes[2].gossip) - 1, {accusers[0].bytes, 32}};
    for (unsigned i = 0; i < 2; i++) { /* counts once */
        say(2, 1, &bw_schema_suspect, &late);
        CU_ASSERT_EQUAL(net.nodes[2].gossip->refutations, 1);
    }
}

/* Declared dead, though we heard it a moment ago: it may refute for half a second, and is dead then. */
static void a_verdict_on_a_member_that_we_hear_can_be_refuted(void) {
    net_form(&net, 5);
    net_run(&net, 10000);
    struct bw_frame_verdict verdict = {.id = net.nodes[2].id,
                                       .incarnation = bw_gossip_incarnation(net.nodes[2].gossip),
                                       .status = BW_STATUS_DEAD,
                                       .by = net.nodes[1].id};
    say(0, 1, &bw_schema_verdict, &verdict);
    CU_ASSERT_EQUAL(net_status(&net, 0, 2), BW_STATUS_SUSPECT);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_HEARD_MAY_REFUTE), 1);
    net_run(&net, 400);
    CU_ASSERT_EQUAL(net_status(&net, 0, 2), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net.nodes[0].status_events[BW_STATUS_DEAD], 0);
    verdict.incarnation = bw_gossip_incarnation(net.nodes[2].gossip);
    net_crash(&net, 2);
    say(0, 1, &bw_schema_verdict, &verdict);
    net_run(&net, 499);
    CU_ASSERT_EQUAL(net_status(&net, 0, 2), BW_STATUS_SUSPECT);
    net_run(&net, 2);
    CU_ASSERT_EQUAL(net_status(&net, 0, 2), BW_STATUS_DEAD);
}

/* In another's table somebody is dead whom we hear: it is suspected, so that it can refute, and never dead to us. */
static void a_death_from_a_table_is_a_suspicion(void) {
    net_form(&net, 3);
    struct bw_frame_member claim;
    bw_view_frame(net.nodes[0].gossip, net_member(&net, 0, 2), &claim);
    claim.status = BW_STATUS_DEAD;
    say(0, 1, &bw_schema_member, &claim);
    CU_ASSERT_EQUAL(net_status(&net, 0, 2), BW_STATUS_SUSPECT);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_SUSPECT_SYNCED_DEAD), 1);
    CU_ASSERT(net_wait_converged(&net, 3000));
    CU_ASSERT_EQUAL(net.nodes[0].status_events[BW_STATUS_DEAD], 0);
}

static void the_dead_fade_and_are_forgotten(void) {
    net.params.reap_after_s = 120;
    net_form(&net, 3);
    net_crash(&net, 2);
    CU_ASSERT(net_wait_status(&net, 2, BW_STATUS_DEAD, 30000));
    int64_t dead_us = net.nodes[0].status_us[2][BW_STATUS_DEAD];
    uint64_t digest = bw_gossip_digest(net.nodes[0].gossip);
    net_run(&net, (dead_us + MS(59900) - net.now_us) / 1000);
    CU_ASSERT_EQUAL(bw_gossip_digest(net.nodes[0].gossip), digest);
    net_run(&net, 200);
    CU_ASSERT_NOT_EQUAL(bw_gossip_digest(net.nodes[0].gossip), digest);
    CU_ASSERT_PTR_NOT_NULL(known(0, 2));
    net_run(&net, (dead_us + MS(119900) - net.now_us) / 1000);
    CU_ASSERT_PTR_NOT_NULL(known(0, 2));
    net_run(&net, 200);
    CU_ASSERT_PTR_NULL(known(0, 2));
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_REAPED], 1);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_FORGET_THE_DEAD), 1);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_TRY_THE_DEAD) > 0);
    net_run(&net, 1000);
    CU_ASSERT_EQUAL(bw_gossip_digest(net.nodes[0].gossip), bw_gossip_digest(net.nodes[1].gossip));
    net_start(&net, 2); /* and may come back */
    CU_ASSERT(net_wait_status(&net, 2, BW_STATUS_ALIVE, 3000));
}

static void the_long_dead_create_no_entry(void) {
    net.params.reap_after_s = 120;
    net_form(&net, 2);
    struct bw_frame_member claim = stranger(50, BW_HEARD_UNKNOWN);
    claim.status = BW_STATUS_DEAD;
    claim.age_ms = 60000;
    say(0, 1, &bw_schema_member, &claim);
    CU_ASSERT_PTR_NULL(known(0, 50));
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_FADE_BEFORE_FORGETTING), 1);
    claim.age_ms = 59000;
    say(0, 1, &bw_schema_member, &claim);
    CU_ASSERT_PTR_NOT_NULL_FATAL(known(0, 50));
    int64_t since_us = known(0, 50)->since_us;
    CU_ASSERT_EQUAL(since_us, net.now_us - MS(59000));
    claim.age_ms = 59500; /* the larger age wins */
    say(0, 1, &bw_schema_member, &claim);
    CU_ASSERT_EQUAL(known(0, 50)->since_us, since_us - MS(500));
    claim.age_ms = 1;
    say(0, 1, &bw_schema_member, &claim);
    CU_ASSERT_EQUAL(known(0, 50)->since_us, since_us - MS(500));
}

static void a_full_table_keeps_the_living(void) {
    net.params.member_max = 4;
    net_form(&net, 2);
    struct bw_frame_member claim = stranger(50, 0);
    struct bw_frame_member dead = stranger(51, 0);
    dead.status = BW_STATUS_DEAD;
    say(0, 1, &bw_schema_member, &claim);
    say(0, 1, &bw_schema_member, &dead);
    CU_ASSERT_EQUAL(bw_gossip_member_count(net.nodes[0].gossip), 4);
    struct bw_frame_member next = stranger(52, 0);
    next.name.size = 4;
    dead.id = net_id(53);
    say(0, 1, &bw_schema_member, &dead); /* one more dead one finds no room */
    CU_ASSERT_PTR_NULL(known(0, 53));
    say(0, 1, &bw_schema_member, &next); /* a living one takes the dead one's */
    CU_ASSERT_PTR_NULL(known(0, 51));
    CU_ASSERT_PTR_NOT_NULL(known(0, 52));
    CU_ASSERT_EQUAL(bw_gossip_bound(net.nodes[0].gossip, BW_BOUND_MEMBERS), 2);
    next.id = net_id(54);
    next.name.size = 5;
    say(0, 1, &bw_schema_member, &next); /* and when all live, nobody's */
    CU_ASSERT_PTR_NULL(known(0, 54));
    CU_ASSERT_PTR_NOT_NULL(known(0, 52));
}

static struct bw_record record(uint8_t rank, const char *body) {
    struct bw_record made = {.kind = 3, .key = {(const uint8_t *)"scope", 5}, .urgent = true};
    made.body = (struct bw_bytes){(const uint8_t *)body, strlen(body)};
    made.rank[0] = rank;
    return made;
}

static int put(size_t at, struct bw_record made) {
    int error = bw_gossip_put(net.nodes[at].gossip, &made, net_now(&net));
    net_drain(&net, at);
    return error;
}

static void records_spread_once_accepted(void) {
    net_form(&net, 5);
    for (size_t i = 2; i < 5; i++) {
        net.nodes[i].accept_records = true;
    }
    uint64_t digest = bw_gossip_digest(net.nodes[1].gossip);
    CU_ASSERT_EQUAL(put(0, record(5, "five")), 0);
    net_run(&net, 2000);
    for (size_t i = 1; i < 5; i++) {
        CU_ASSERT(net.nodes[i].text_size == 4 && memcmp(net.nodes[i].text, "five", 4) == 0);
    }
    CU_ASSERT_EQUAL(bw_gossip_digest(net.nodes[1].gossip), digest); /* it did not accept */
    CU_ASSERT_EQUAL(net.nodes[1].gossip->records.count, 0);
    CU_ASSERT_EQUAL(bw_gossip_digest(net.nodes[2].gossip), bw_gossip_digest(net.nodes[0].gossip));
    CU_ASSERT(net_hits(&net, 1, BW_RULE_OWNER_DECIDES_RECORDS) > 0);
    net.nodes[1].accept_records = true;
    CU_ASSERT(net_wait_converged(&net, 40000)); /* by comparing views */
}

static void the_larger_rank_wins(void) {
    net_form(&net, 3);
    for (size_t i = 0; i < 3; i++) {
        net.nodes[i].accept_records = true;
    }
    CU_ASSERT_EQUAL(put(0, record(5, "five")), 0);
    net_run(&net, 1000);
    size_t events = net.nodes[0].events[BW_GOSSIP_RECORD];
    CU_ASSERT_EQUAL(put(0, record(4, "four")), 0); /* ignored */
    CU_ASSERT_EQUAL(put(1, record(6, "longer")), 0);
    net_run(&net, 1000);
    CU_ASSERT(net.nodes[0].events[BW_GOSSIP_RECORD] > events);
    CU_ASSERT(net.nodes[0].text_size == 6 && memcmp(net.nodes[0].text, "longer", 6) == 0);
    CU_ASSERT_EQUAL(net.nodes[0].gossip->records.count, 1);
    CU_ASSERT(net_wait_converged(&net, 1000));
}

static void records_have_a_bound(void) {
    net.params.scope_max = 1;
    net_form(&net, 2);
    for (uint8_t i = 0; i < 6; i++) {
        struct bw_record made = record(1, "x");
        made.kind = i;
        CU_ASSERT_EQUAL(put(0, made), i < 5 ? 0 : BW_ERR_FULL);
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(fresh_evidence_is_believed_at_once),
    TAP_TEST(our_own_verdict_of_an_earlier_life_is_hearsay),
    TAP_TEST(a_ghost_must_answer_first),
    TAP_TEST(ghosts_have_a_bound),
    TAP_TEST(nothing_unproven_is_believed),
    TAP_TEST(unproven_pings_are_answered_sparingly),
    TAP_TEST(the_same_address_is_bound_once),
    TAP_TEST(a_name_elsewhere_is_a_conflict),
    TAP_TEST(late_claims_of_an_earlier_life_do_nothing),
    TAP_TEST(an_earlier_life_is_outbid),
    TAP_TEST(who_missed_the_refutation_is_told_again),
    TAP_TEST(too_many_refutations_make_unstable_for_a_while),
    TAP_TEST(a_single_accuser_makes_nobody_unstable),
    TAP_TEST(a_verdict_on_a_member_that_we_hear_can_be_refuted),
    TAP_TEST(a_death_from_a_table_is_a_suspicion),
    TAP_TEST(the_dead_fade_and_are_forgotten),
    TAP_TEST(the_long_dead_create_no_entry),
    TAP_TEST(a_full_table_keeps_the_living),
    TAP_TEST(records_spread_once_accepted),
    TAP_TEST(the_larger_rank_wins),
    TAP_TEST(records_have_a_bound),
};
const struct tap_suite gossip_claims_suite = TAP_SUITE_WITH("gossip claims", tests, set_up, tear_down);
