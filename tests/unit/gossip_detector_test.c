/* The detector's timelines: never earlier than the formulas say, and then at once. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 3);
}

static void tear_down(void) {
    net_close(&net);
}

/* Runs until somebody probes this member; says who. */
static size_t wait_probed(size_t target) {
    for (int64_t passed = 0; passed < 20000; passed++) {
        for (size_t i = 0; i < net.count; i++) {
            const struct bw_gossip *g = net.nodes[i].gossip;
            bool probing = g->probe && bw_id_equal(&g->probe->to.id, &net.nodes[target].id);
            if (net.nodes[i].up && probing && net.now_us - g->probe->sent_us < MS(1)) {
                net.now_us = g->probe->sent_us;
                return i;
            }
        }
        net_run(&net, 1);
    }
    CU_FAIL_FATAL("nobody probes");
    return 0;
}

static int64_t run_until(int64_t at_us) {
    net_run(&net, (at_us - net.now_us) / 1000);
    return net.now_us;
}

/* All members run on one clock here, so this lands between two events: half a millisecond of network time apart. */
static void silent_target(size_t n, int64_t suspicion_ms) {
    net_form(&net, n);
    net.nodes[n - 1].muted = true;
    size_t prober = wait_probed(n - 1);
    int64_t start_us = net.now_us;
    run_until(start_us + MS(999));
    CU_ASSERT_EQUAL(net_status(&net, prober, n - 1), BW_STATUS_ALIVE);
    run_until(start_us + MS(1000));
    CU_ASSERT_EQUAL(net_status(&net, prober, n - 1), BW_STATUS_SUSPECT);
    run_until(start_us + MS(1000 + suspicion_ms - 1));
    CU_ASSERT_EQUAL(net_status(&net, prober, n - 1), BW_STATUS_SUSPECT);
    run_until(start_us + MS(1000 + suspicion_ms));
    CU_ASSERT_EQUAL(net_status(&net, prober, n - 1), BW_STATUS_DEAD);
    CU_ASSERT(bw_id_equal(&net.nodes[prober].last_member.by, &net.nodes[prober].id));
    CU_ASSERT(net_wait_status(&net, n - 1, BW_STATUS_DEAD, 400));
}

/* Who has only one other is alone as soon as that one is silent for long enough, which is a little before the suspicion ends. */
static void silent_target_of_two(void) {
    net_form(&net, 2);
    net.nodes[1].muted = true;
    const struct bw_gossip *g = net.nodes[0].gossip;
    wait_probed(1);
    int64_t start_us = net.now_us;
    int64_t heard_us = g->heard[0].at_us;
    run_until(start_us + MS(999));
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_ALIVE);
    run_until(start_us + MS(1000));
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_SUSPECT);
    run_until(heard_us + MS(4999));
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_SUSPECT);
    run_until(heard_us + MS(5001));
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_DEAD);
    run_until(start_us + MS(4999));
    CU_ASSERT_EQUAL(net_member(&net, 0, 1)->status, BW_STATUS_SUSPECT); /* as far as we say to others */
    run_until(start_us + MS(5000));
    CU_ASSERT_EQUAL(net_member(&net, 0, 1)->status, BW_STATUS_DEAD);
    CU_ASSERT_EQUAL(net.nodes[0].status_events[BW_STATUS_DEAD], 1);
}

static void silent_target_of_three(void) {
    silent_target(3, 1000);
}

static void silent_target_of_five(void) {
    silent_target(5, 1000);
}

/* Direct ping, after the timeout the helpers, nack at 80 % of theirs. */
static size_t seen[64];
static int64_t seen_us[64];

static bool watch(struct net *at, const struct net_packet *packet, size_t to) {
    struct bw_reader reader = {.data = packet->frames, .size = packet->out.frames_size};
    struct bw_bytes body;
    uint8_t type = 0;
    bool bound = packet->out.session != 0;
    while (bw_wire_next(&reader, &type, &body) == 1) {
        if (type < BW_COUNT(seen) && bound) {
            seen[type]++;
            seen_us[type] = packet->sent_us;
        }
    }
    (void)to;
    return at != NULL;
}

static void indirect_probes_and_nacks(void) {
    net_form(&net, 5);
    net.nodes[4].muted = true;
    size_t prober = wait_probed(4);
    int64_t start_us = net.now_us;
    uint64_t health = net.nodes[prober].gossip->health;
    memset(seen, 0, sizeof(seen));
    net.filter = watch;
    run_until(start_us + MS(49));
    CU_ASSERT_EQUAL(seen[BW_FRAME_NUMBER_ping_req], 0);
    run_until(start_us + MS(51));
    CU_ASSERT_EQUAL(seen[BW_FRAME_NUMBER_ping_req], 3);
    run_until(start_us + MS(90)); /* 50 + network + 80 % of 50 */
    CU_ASSERT_EQUAL(seen[BW_FRAME_NUMBER_nack], 0);
    run_until(start_us + MS(92));
    CU_ASSERT_EQUAL(seen[BW_FRAME_NUMBER_nack], 3);
    run_until(start_us + MS(1001));
    CU_ASSERT_EQUAL(net_status(&net, prober, 4), BW_STATUS_SUSPECT);
    CU_ASSERT_EQUAL(net.nodes[prober].gossip->health, health); /* all helpers were heard: it is not us */
    CU_ASSERT(net_hits(&net, prober, BW_RULE_PROBE_INDIRECTLY) > 0);
    net.filter = NULL;
}

/* The probe's pings: the first few are lost, and all others to the last member. */
static size_t asked, lost;
static uint32_t probe_seq;

static bool lose_first(struct net *at, const struct net_packet *packet, size_t to) {
    struct bw_reader reader = {.data = packet->frames, .size = packet->out.frames_size};
    struct bw_bytes body;
    uint8_t type = 0;
    bool pings = false;
    bool ours = false;
    while (bw_wire_next(&reader, &type, &body) == 1) {
        pings = pings || type == BW_FRAME_NUMBER_ping;
        ours = ours || (type == BW_FRAME_NUMBER_ping && bw_get_u32(body.data) == probe_seq);
    }
    if (to != at->count - 1 || !pings)
        return true;
    asked += ours;
    return ours && asked > lost;
}

/* gossip.md, Detector: at 50 ms helpers are asked, from then on the member itself every 100 ms; no more once it has answered. */
static void who_does_not_answer_is_asked_again(void) {
    for (lost = 0; lost <= 12; lost += 4) {
        net_close(&net);
        net_open(&net, lost + 1);
        net_form(&net, 5);
        net.nodes[4].muted = true;
        size_t asker = wait_probed(4);
        probe_seq = net.nodes[asker].gossip->probe->seq;
        int64_t start_us = net.now_us;
        run_until(start_us + MS(25)); /* that one is lost */
        net.nodes[4].muted = false;
        net.filter = lose_first;
        asked = 0;
        uint32_t srtt_us = net_member(&net, asker, 4)->peer->srtt_us;
        uint64_t hits = net_hits(&net, asker, BW_RULE_ASK_AGAIN);
        run_until(start_us + MS(999));
        CU_ASSERT_EQUAL(asked, lost < 9 ? lost + 1 : 9);
        CU_ASSERT_EQUAL(net_hits(&net, asker, BW_RULE_ASK_AGAIN) - hits, asked);
        CU_ASSERT_EQUAL(net_member(&net, asker, 4)->peer->srtt_us, srtt_us); /* Karn: which of them was answered? */
        run_until(start_us + MS(1001));
        CU_ASSERT_EQUAL(net_status(&net, asker, 4), lost < 9 ? BW_STATUS_ALIVE : BW_STATUS_SUSPECT);
        net.filter = NULL;
    }
}

static bool drop_nacks(struct net *at, const struct net_packet *packet, size_t to) {
    (void)at, (void)to;
    return packet->frames[0] != BW_FRAME_NUMBER_nack;
}

static void missed_nacks_worsen_health_and_success_heals_it(void) {
    net_form(&net, 5);
    net.nodes[4].muted = true;
    net.filter = drop_nacks;
    size_t prober = wait_probed(4);
    const struct bw_gossip *g = net.nodes[prober].gossip;
    int64_t start_us = net.now_us;
    run_until(start_us + MS(1000));
    CU_ASSERT_EQUAL(g->health, 3);
    CU_ASSERT_EQUAL(bw_timer_at(&g->patience, &g->period), start_us + MS(5000)); /* the interval is 4 times as long */
    CU_ASSERT_EQUAL(bw_probe_timeout_us(g, net_member(&net, prober, (prober + 1) % 4)), MS(4 * 50));
    CU_ASSERT(net_hits(&net, prober, BW_RULE_STRETCH_WHEN_UNHEALTHY) > 0);
    net.nodes[4].muted = false;
    net.filter = NULL;
    net_run(&net, 30000);
    CU_ASSERT_EQUAL(g->health, 0);
}

static bool drop_acks(struct net *at, const struct net_packet *packet, size_t to) {
    (void)at;
    return to != 0 || packet->frames[0] != BW_FRAME_NUMBER_ack;
}

static void acks_that_do_not_count(void) {
    net_form(&net, 3);
    net.filter = drop_acks;
    struct bw_gossip *g = net.nodes[0].gossip;
    while (!g->probe || g->probe->acked || net.now_us - g->probe->sent_us > MS(1)) {
        net_run(&net, 1);
    }
    const struct bw_ping *probe = g->probe;
    size_t target = bw_id_equal(&probe->to.id, &net.nodes[1].id) ? 1 : 2;
    size_t other = 3 - target;
    struct bw_frame_ack ack = {.seq = probe->seq ^ 1};
    const struct bw_schema *schema = &bw_schema_ack;
    uint64_t before = net_hits(&net, 0, BW_RULE_IGNORE_FOREIGN_ACK);
    net_inject(&net, 0, &net.nodes[target].id, net.nodes[target].session, true, schema, &ack); /* guessed */
    ack.seq = probe->seq;
    net_inject(&net, 0, &net.nodes[other].id, net.nodes[other].session, true, schema, &ack); /* foreign */
    CU_ASSERT_EQUAL(net_inject(&net, 0, &net.nodes[target].id, net.nodes[target].session, false, schema, &ack),
                    BW_ERR_DROP_UNPROVEN);
    CU_ASSERT_FALSE(probe->acked);
    net_inject(&net, 0, &net.nodes[target].id, net.nodes[target].session, true, schema, &ack);
    CU_ASSERT_TRUE(probe->acked);
    net_inject(&net, 0, &net.nodes[target].id, net.nodes[target].session, true, schema, &ack); /* stale */
    struct bw_frame_nack nack = {.seq = ack.seq, .refused = 1};
    struct bw_frame_relayed relayed = {.seq = ack.seq};
    net_inject(&net, 0, &net.nodes[other].id, net.nodes[other].session, true, &bw_schema_nack, &nack);
    net_inject(&net, 0, &net.nodes[other].id, net.nodes[other].session, true, &bw_schema_relayed, &relayed);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_IGNORE_FOREIGN_ACK), before + 5);
    net.filter = NULL;
}

static const struct bw_suspicion *suspect(size_t at, size_t of, size_t accuser) {
    struct bw_id by = net_id(accuser);
    struct bw_frame_suspect frame = {net.nodes[of].id, net_member(&net, at, of)->incarnation, {by.bytes, 16}};
    size_t from = at == 0 ? 1 : 0;
    net_inject(&net, at, &net.nodes[from].id, net.nodes[from].session, true, &bw_schema_suspect, &frame);
    return net_member(&net, at, of)->suspicion;
}

static void only_independent_accusers_shorten(void) {
    net_form(&net, 5);
    const struct bw_suspicion *suspicion = suspect(0, 4, 80);
    const struct bw_timers *patience = &net.nodes[0].gossip->patience;
    int64_t begin_us = net.now_us;
    CU_ASSERT_EQUAL(bw_timer_at(patience, &suspicion->timer), begin_us + MS(24000));
    suspect(0, 4, 80); /* the accuser once more */
    suspect(0, 4, 4);  /* the accused itself */
    CU_ASSERT_EQUAL(bw_timer_at(patience, &suspicion->timer), begin_us + MS(24000));
    for (size_t c = 1; c <= 3; c++) {
        suspect(0, 4, 80 + c);
        int64_t wanted_us = bw_suspicion_timeout_us(&net.params, 5, (uint32_t)c);
        CU_ASSERT_EQUAL(bw_timer_at(patience, &suspicion->timer), begin_us + wanted_us);
    }
    CU_ASSERT(net_hits(&net, 0, BW_RULE_CONFIRMATIONS_SHORTEN) == 3);
    CU_ASSERT_EQUAL(bw_timer_at(patience, &suspicion->timer), begin_us + MS(1000));
    for (size_t c = 4; c < 20; c++) {
        suspect(0, 4, 80 + c); /* no room for more, and no harm */
    }
    CU_ASSERT_EQUAL(suspicion->accuser_count, BW_ACCUSERS_MAX);
}

static void the_accused_refutes(void) {
    net_form(&net, 5);
    uint64_t before = bw_gossip_incarnation(net.nodes[4].gossip);
    suspect(0, 4, 80);
    CU_ASSERT_EQUAL(net_status(&net, 0, 4), BW_STATUS_SUSPECT);
    struct bw_frame_member claim;
    bw_view_frame(net.nodes[4].gossip, net.nodes[4].gossip->self, &claim);
    struct bw_id id = net.nodes[4].id;
    net_inject(&net, 0, &id, net.nodes[4].session, true, &bw_schema_member, &claim);
    CU_ASSERT_EQUAL(net_status(&net, 0, 4), BW_STATUS_SUSPECT); /* equal incarnation never clears */
    net_run(&net, 900);
    CU_ASSERT(net_wait_status(&net, 4, BW_STATUS_ALIVE, 1));
    CU_ASSERT_EQUAL(bw_gossip_incarnation(net.nodes[4].gossip), before + 1);
    CU_ASSERT_EQUAL(net_hits(&net, 4, BW_RULE_REFUTE_OWN_SUSPICION), 1);
    CU_ASSERT_EQUAL(net.nodes[0].status_events[BW_STATUS_DEAD], 0);
}

/* No gossip gets through: the probe of the suspect tells it. */
static bool only_answers(struct net *at, const struct net_packet *packet, size_t to) {
    (void)at, (void)to;
    return packet->frames[0] == BW_FRAME_NUMBER_ping || packet->frames[0] == BW_FRAME_NUMBER_ack;
}

static void a_probe_tells_the_suspect(void) {
    net_form(&net, 2);
    net.filter = only_answers;
    suspect(0, 1, 80);
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_SUSPECT);
    net_run(&net, 1100);
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_ALIVE);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_TELL_THE_ACCUSED) > 0);
    net.filter = NULL;
}

static void who_hears_of_a_suspicion_looks_itself(void) {
    net_form(&net, 5);
    suspect(0, 4, 80);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_LOOK_INTO_SUSPICIONS) == 1);
    net.nodes[4].muted = true;
    net_run(&net, 549); /* direct 50 ms, helpers 500 ms */
    CU_ASSERT_EQUAL(net_member(&net, 0, 4)->suspicion->accuser_count, 1);
    net_run(&net, 20);
    CU_ASSERT(net_member(&net, 0, 4)->suspicion->accuser_count > 1);
    CU_ASSERT(bw_id_equal(&net_member(&net, 0, 4)->suspicion->accusers[1], &net.nodes[0].id) ||
              net_member(&net, 0, 4)->suspicion->accuser_count > 2);
}

static void a_sleeper_accuses_nobody(void) {
    net_form(&net, 5);
    suspect(0, 4, 80); /* a suspicion runs while it sleeps; the refutation waits in its socket */
    net.nodes[0].paused = true;
    net_run(&net, 60000);
    for (size_t i = 1; i < 5; i++) {
        CU_ASSERT_EQUAL(net_status(&net, i, 0), BW_STATUS_DEAD);
    }
    net.nodes[0].paused = false;
    memset(net.nodes[0].status_events, 0, sizeof(net.nodes[0].status_events));
    net_run(&net, 20000);
    CU_ASSERT_EQUAL(net.nodes[0].status_events[BW_STATUS_SUSPECT], 0);
    CU_ASSERT_EQUAL(net.nodes[0].status_events[BW_STATUS_DEAD], 0);
    CU_ASSERT(net_hits(&net, 0, BW_RULE_SLEEPER_DOES_NOT_ACCUSE) > 0);
    CU_ASSERT(net_complete(&net));
}

static void lateness_has_a_threshold(void) {
    net_form(&net, 2);
    struct bw_gossip *g = net.nodes[0].gossip;
    for (int64_t late_ms = 50; late_ms <= 51; late_ms++) {
        uint64_t before = net_hits(&net, 0, BW_RULE_SLEEPER_DOES_NOT_ACCUSE);
        net.nodes[0].paused = true;
        net_run(&net, (bw_gossip_deadline(g) - net.now_us) / 1000 + 1);
        net.now_us = bw_gossip_deadline(g) + MS(late_ms);
        bw_gossip_tick(g, net_now(&net));
        CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_SLEEPER_DOES_NOT_ACCUSE), before + (late_ms > 50));
        net.nodes[0].paused = false;
        net_drain(&net, 0);
        net_run(&net, 3000);
    }
}

/* The port of a crashed process refuses: the prober and one helper see it, and half a second is enough. */
static void refused_port(void) {
    net_form(&net, 5);
    net_crash(&net, 4);
    net.refuse = true;
    size_t prober = wait_probed(4);
    int64_t start_us = net.now_us;
    run_until(start_us + MS(1));
    CU_ASSERT_EQUAL(net_status(&net, prober, 4), BW_STATUS_ALIVE);
    run_until(start_us + MS(3));
    CU_ASSERT_EQUAL(net_status(&net, prober, 4), BW_STATUS_SUSPECT);
    run_until(start_us + MS(500));
    CU_ASSERT_EQUAL(net_status(&net, prober, 4), BW_STATUS_SUSPECT);
    run_until(start_us + MS(504));
    CU_ASSERT_EQUAL(net_status(&net, prober, 4), BW_STATUS_DEAD);
    CU_ASSERT(net_hits(&net, prober, BW_RULE_REFUSED_ENDS_THE_WAIT) > 0);
    CU_ASSERT(net_hits(&net, prober, BW_RULE_REFUSED_TWICE_IS_CONFIRMED) > 0);
    CU_ASSERT(net_wait_status(&net, 4, BW_STATUS_DEAD, 300));
}

static void isolate(size_t at, bool cut) {
    for (size_t i = 0; i < net.count; i++) {
        net.cut[at][i] = net.cut[i][at] = cut;
    }
}

static void the_lonely_accuse_nobody_and_are_then_alone(void) {
    net_form(&net, 5);
    uint64_t digest = bw_gossip_digest(net.nodes[2].gossip);
    isolate(2, true);
    int64_t heard_us = net.nodes[2].gossip->heard[0].at_us;
    run_until(heard_us + MS(24999));
    CU_ASSERT_FALSE(bw_gossip_alone(net.nodes[2].gossip));
    CU_ASSERT_EQUAL(net.nodes[2].status_events[BW_STATUS_SUSPECT] + net.nodes[2].status_events[BW_STATUS_DEAD], 0);
    CU_ASSERT(net_hits(&net, 2, BW_RULE_DEAF_DO_NOT_ACCUSE) > 0);
    run_until(heard_us + MS(25001));
    CU_ASSERT_TRUE(bw_gossip_alone(net.nodes[2].gossip));
    CU_ASSERT_EQUAL(net.nodes[2].status_events[BW_STATUS_DEAD], 4); /* in one step, */
    CU_ASSERT_EQUAL(bw_gossip_digest(net.nodes[2].gossip), digest); /* said to nobody */
    CU_ASSERT_EQUAL(net_hits(&net, 2, BW_RULE_ALONE_IN_ONE_STEP), 1);
    isolate(2, false);
    for (size_t i = 0; i < 4; i++) {
        net.nodes[i == 2 ? 4 : i].status_events[BW_STATUS_DEAD] = 0;
    }
    CU_ASSERT(net_wait_converged(&net, 15000));
    CU_ASSERT_FALSE(bw_gossip_alone(net.nodes[2].gossip));
    for (size_t i = 0; i < 5; i++) { /* nobody else was harmed */
        CU_ASSERT(i == 2 || net.nodes[i].status_events[BW_STATUS_DEAD] == 0);
    }
}

static void a_bridged_link_is_no_death(void) {
    net_form(&net, 3);
    net.cut[0][1] = net.cut[1][0] = true;
    net_run(&net, 120000);
    CU_ASSERT_EQUAL(net.nodes[0].status_events[BW_STATUS_SUSPECT], 0);
    CU_ASSERT_EQUAL(net.nodes[1].status_events[BW_STATUS_SUSPECT], 0);
}

/* bw_gossip_probe: an answer, and a refusal to answer; it raises no suspicion. */
static void probing_on_demand(void) {
    net_form(&net, 5);
    struct bw_gossip *g = net.nodes[0].gossip;
    CU_ASSERT_EQUAL(bw_gossip_probe(g, &(struct bw_id){{9}}, net_now(&net)), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(bw_gossip_probe(g, &net.nodes[0].id, net_now(&net)), BW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(bw_gossip_probe(g, &net.nodes[3].id, net_now(&net)), 0);
    CU_ASSERT_EQUAL(bw_gossip_probe(g, &net.nodes[3].id, net_now(&net)), 0); /* shared */
    net_drain(&net, 0);
    net_run(&net, 2);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_ANSWERED], 1);
    CU_ASSERT(net.nodes[0].last.ok);
    isolate(3, true);
    net.cut[0][1] = net.cut[0][2] = true; /* the helpers are not reached either */
    CU_ASSERT_EQUAL(bw_gossip_probe(g, &net.nodes[3].id, net_now(&net)), 0);
    net_drain(&net, 0);
    net_run(&net, 540);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_ANSWERED], 1);
    net_run(&net, 20);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_ANSWERED], 2);
    CU_ASSERT_FALSE(net.nodes[0].last.ok);
}

static void probing_a_refused_port_is_quick(void) {
    net_form(&net, 5);
    net_crash(&net, 3);
    net.refuse = true;
    CU_ASSERT_EQUAL(bw_gossip_probe(net.nodes[0].gossip, &net.nodes[3].id, net_now(&net)), 0);
    net_drain(&net, 0);
    net_run(&net, 4);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_ANSWERED], 1);
    CU_ASSERT_FALSE(net.nodes[0].last.ok);
}

/* As quick if the helper's refusal comes before our own. */
static void a_late_refusal_of_our_own_answers_too(void) {
    net_form(&net, 5);
    net.nodes[3].muted = true;
    CU_ASSERT_EQUAL(bw_gossip_probe(net.nodes[0].gossip, &net.nodes[3].id, net_now(&net)), 0);
    net_drain(&net, 0);
    net_run(&net, 60);
    const struct bw_ping *ping = net.nodes[0].gossip->pings;
    while (ping->purpose != BW_PURPOSE_ASK) {
        ping++;
    }
    CU_ASSERT_TRUE_FATAL(ping->indirect && ping->helper_count > 0);
    struct bw_frame_nack nack = {.seq = ping->seq, .refused = 1};
    struct bw_id helper = ping->helpers[0];
    net_inject(&net, 0, &helper, bw_members_find(&net.nodes[0].gossip->members, &helper)->session, true,
               &bw_schema_nack, &nack);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_ANSWERED], 0);
    bw_gossip_refused(net.nodes[0].gossip, &net.nodes[3].id, net_now(&net));
    net_drain(&net, 0);
    CU_ASSERT_EQUAL(net.nodes[0].events[BW_GOSSIP_ANSWERED], 1);
    CU_ASSERT_FALSE(net.nodes[0].last.ok);
}

static void timeout_follows_the_round_trip(void) {
    net_form(&net, 2);
    const struct bw_gossip *g = net.nodes[0].gossip;
    CU_ASSERT_EQUAL(bw_probe_timeout_us(g, net_member(&net, 0, 1)), MS(50)); /* its floor */
    net.latency_us = MS(60);
    net_run(&net, 60000);
    int64_t wait_us = bw_probe_timeout_us(g, net_member(&net, 0, 1));
    CU_ASSERT(wait_us >= MS(120) && wait_us <= MS(300));
    struct bw_member_info info;
    CU_ASSERT_EQUAL(bw_gossip_find(g, &net.nodes[1].id, &info), 0);
    CU_ASSERT(info.rtt_us >= MS(110) && info.rtt_us <= MS(130));
    net.latency_us = MS(400);
    net_run(&net, 60000);
    CU_ASSERT_EQUAL(bw_probe_timeout_us(g, net_member(&net, 0, 1)), MS(500) * (g->health + 1)); /* its ceiling */
}

static const struct tap_test tests[] = {
    TAP_TEST(silent_target_of_two),
    TAP_TEST(silent_target_of_three),
    TAP_TEST(silent_target_of_five),
    TAP_TEST(indirect_probes_and_nacks),
    TAP_TEST(who_does_not_answer_is_asked_again),
    TAP_TEST(missed_nacks_worsen_health_and_success_heals_it),
    TAP_TEST(acks_that_do_not_count),
    TAP_TEST(only_independent_accusers_shorten),
    TAP_TEST(the_accused_refutes),
    TAP_TEST(a_probe_tells_the_suspect),
    TAP_TEST(who_hears_of_a_suspicion_looks_itself),
    TAP_TEST(a_sleeper_accuses_nobody),
    TAP_TEST(lateness_has_a_threshold),
    TAP_TEST(refused_port),
    TAP_TEST(the_lonely_accuse_nobody_and_are_then_alone),
    TAP_TEST(a_bridged_link_is_no_death),
    TAP_TEST(probing_on_demand),
    TAP_TEST(probing_a_refused_port_is_quick),
    TAP_TEST(a_late_refusal_of_our_own_answers_too),
    TAP_TEST(timeout_follows_the_round_trip),
};
const struct tap_suite gossip_detector_suite = TAP_SUITE_WITH("gossip detector", tests, set_up, tear_down);
