/* Parts of the detector that a parameter switches off, so that it can be measured what each buys: here, that it does. Each test
 * runs one story with the part and without it. */
#include <string.h>

#include "tests/unit/gossip_test.h"

static struct net net;

static void begin(void) {
    net_open(&net, 3);
}

static void end(void) {
    net_close(&net);
}

/* Runs until somebody begins to probe this member; says who. */
static size_t wait_probed(size_t target) {
    for (int64_t passed = 0; passed < 20000; passed++) {
        for (size_t i = 0; i < net.count; i++) {
            const struct bw_gossip *g = net.nodes[i].gossip;
            bool probing = g->probe && bw_id_equal(&g->probe->to.id, &net.nodes[target].id);
            if (i != target && probing && net.now_us - g->probe->sent_us < MS(1)) {
                return i;
            }
        }
        net_run(&net, 1);
    }
    CU_FAIL_FATAL("nobody probes");
    return 0;
}

static void accuse(size_t at, size_t of, size_t accuser) {
    struct bw_id by = net_id(accuser);
    struct bw_frame_suspect frame = {net.nodes[of].id, net_member(&net, at, of)->incarnation, {by.bytes, 16}};
    size_t from = at == 0 ? 1 : 0;
    net_inject(&net, at, &net.nodes[from].id, net.nodes[from].session, true, &bw_schema_suspect, &frame);
}

static size_t nacks;

static bool count_nacks(struct net *at, const struct net_packet *packet, size_t to) {
    (void)at, (void)to;
    nacks += packet->frames[0] == BW_FRAME_NUMBER_nack;
    return true;
}

/* The prober of a silent member: how its health is after one interval. */
static uint32_t health_after_a_failed_probe(uint32_t nack_percent, uint32_t health_max) {
    begin();
    net.params.nack_percent = nack_percent;
    net.params.health_max = health_max;
    net_form(&net, 5);
    net.nodes[4].muted = true;
    net.filter = count_nacks;
    nacks = 0;
    size_t prober = wait_probed(4);
    net_run(&net, 1001);
    uint32_t health = net.nodes[prober].gossip->health;
    CU_ASSERT_EQUAL(net_status(&net, prober, 4), BW_STATUS_SUSPECT);
    net.filter = NULL;
    end();
    return health;
}

static void nack_percent_0_no_helper_says_that_it_got_no_ack(void) {
    CU_ASSERT_EQUAL(health_after_a_failed_probe(80, 8), 0); /* the helpers were heard: it is not us */
    CU_ASSERT(nacks > 0);
    CU_ASSERT_EQUAL(health_after_a_failed_probe(0, 8), 1); /* a failed probe is all that is known */
    CU_ASSERT_EQUAL(nacks, 0);
}

static void health_max_1_waits_are_never_stretched(void) {
    CU_ASSERT_EQUAL(health_after_a_failed_probe(0, 2), 1);
    CU_ASSERT_EQUAL(health_after_a_failed_probe(0, 1), 0);
}

/* A crashed process on a living host is told of by its helper all the same. */
static void nack_percent_0_a_refusal_is_told_all_the_same(void) {
    begin();
    net.params.nack_percent = 0;
    net_form(&net, 5);
    net_crash(&net, 4);
    net.refuse = true;
    size_t prober = wait_probed(4);
    net_run(&net, 510);
    CU_ASSERT(net_hits(&net, prober, BW_RULE_REFUSED_TWICE_IS_CONFIRMED) > 0);
    CU_ASSERT_EQUAL(net_status(&net, prober, 4), BW_STATUS_DEAD);
    end();
}

/* The limit of transmissions is used up; only the probe of the suspect itself can tell it. */
static enum bw_status suspect_whose_news_is_old(uint32_t buddy) {
    begin();
    net.params.buddy = buddy;
    net_form(&net, 2);
    accuse(0, 1, 80);
    struct bw_gossip *g = net.nodes[0].gossip;
    struct bw_member *suspect = bw_members_find(&g->members, &net.nodes[1].id);
    bw_update_drop(g, suspect->update);
    net_run(&net, 1900);
    enum bw_status status = net_status(&net, 0, 1);
    end();
    return status;
}

static void buddy_0_a_suspect_hears_of_it_as_of_any_news(void) {
    CU_ASSERT_EQUAL(suspect_whose_news_is_old(1), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(suspect_whose_news_is_old(0), BW_STATUS_SUSPECT);
    begin();
    net.params.buddy = 0;
    net_form(&net, 2);
    accuse(0, 1, 80); /* the news rides on what goes to it */
    net_run(&net, 1900);
    CU_ASSERT_EQUAL(net_status(&net, 0, 1), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_TELL_THE_ACCUSED), 0);
    end();
}

/* One that is silent is accused by somebody who is no member, so that no own probe is needed: who else accuses it within half a
 * second and a little? */
static size_t accusers_soon(uint32_t confirm_mult) {
    begin();
    net.params.confirm_mult = confirm_mult;
    net_form(&net, 5);
    net.nodes[4].muted = true;
    wait_probed(3); /* so that no probe of the silent one ends meanwhile, mostly */
    uint64_t looked = net_hits(&net, 0, BW_RULE_LOOK_INTO_SUSPICIONS);
    accuse(0, 4, 80);
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_LOOK_INTO_SUSPICIONS) - looked, confirm_mult > 0);
    net_run(&net, 570);
    const struct bw_suspicion *suspicion = net_member(&net, 0, 4)->suspicion;
    size_t count = 0;
    for (size_t i = 0; i < suspicion->accuser_count; i++) {
        count += bw_id_equal(&suspicion->accusers[i], &net.nodes[0].id);
    }
    end();
    return count;
}

static void confirm_mult_0_nobody_looks_into_suspicions(void) {
    CU_ASSERT_EQUAL(accusers_soon(3), 1);
    CU_ASSERT_EQUAL(accusers_soon(0), 0);
}

/* A member whose port swallows everything hears nobody. */
static size_t accusations_of_the_deaf(uint32_t hear_others) {
    begin();
    net.params.hear_others = hear_others;
    net_form(&net, 5);
    net.nodes[0].muted = true;
    memset(net.nodes[0].status_events, 0, sizeof(net.nodes[0].status_events));
    net_run(&net, 3500);
    size_t accusations = net.nodes[0].status_events[BW_STATUS_SUSPECT];
    end();
    return accusations;
}

static void hear_others_0_the_deaf_accuse(void) {
    CU_ASSERT_EQUAL(accusations_of_the_deaf(1), 0);
    CU_ASSERT(accusations_of_the_deaf(0) > 0);
}

/* It sleeps while a suspicion runs out by its clock; the refutation waits in its socket, behind the clock. */
static size_t deaths_after_sleep(uint32_t late_ms) {
    begin();
    net.params.late_ms = late_ms;
    net_form(&net, 5);
    accuse(0, 4, 80);
    net.nodes[0].paused = true;
    net_run(&net, 60000);
    struct bw_gossip *g = net.nodes[0].gossip;
    bw_gossip_tick(g, net_now(&net));
    size_t dead = net_status(&net, 0, 4) == BW_STATUS_DEAD;
    CU_ASSERT_EQUAL(net_hits(&net, 0, BW_RULE_SLEEPER_DOES_NOT_ACCUSE) > 0, late_ms > 0);
    net_drain(&net, 0);
    end();
    return dead;
}

static void late_ms_0_a_sleeper_accuses(void) {
    CU_ASSERT_EQUAL(deaths_after_sleep(50), 0);
    CU_ASSERT_EQUAL(deaths_after_sleep(0), 1);
}

static void damping_1_the_unstable_are_dead_as_soon_as_anybody(void) {
    begin();
    struct bw_params params = net.params;
    int64_t least_us = bw_suspicion_min_us(&params, 100);
    for (uint8_t refutations = 0; refutations < 8; refutations++) {
        params.damping = 1;
        CU_ASSERT_EQUAL(bw_suspicion_damped_us(&params, 100, refutations), least_us);
        params.damping = 3;
        int64_t wanted_us = refutations < 2 ? least_us : refutations == 2 ? 3 * least_us : 9 * least_us;
        CU_ASSERT(refutations > 3 || bw_suspicion_damped_us(&params, 100, refutations) == wanted_us);
    }
    end();
}

static const struct tap_test tests[] = {
    TAP_TEST(nack_percent_0_no_helper_says_that_it_got_no_ack),
    TAP_TEST(nack_percent_0_a_refusal_is_told_all_the_same),
    TAP_TEST(health_max_1_waits_are_never_stretched),
    TAP_TEST(buddy_0_a_suspect_hears_of_it_as_of_any_news),
    TAP_TEST(confirm_mult_0_nobody_looks_into_suspicions),
    TAP_TEST(hear_others_0_the_deaf_accuse),
    TAP_TEST(late_ms_0_a_sleeper_accuses),
    TAP_TEST(damping_1_the_unstable_are_dead_as_soon_as_anybody),
};
const struct tap_suite gossip_switches_suite = TAP_SUITE("gossip switches", tests);
