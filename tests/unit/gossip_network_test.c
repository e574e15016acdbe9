/* Where members are (Vivaldi), and who hears whom. */
#include <math.h>
#include <string.h>

#include "gossip/vivaldi.h"
#include "tests/unit/gossip_test.h"

static struct net net;

static void set_up(void) {
    net_open(&net, 23);
}

static void tear_down(void) {
    net_close(&net);
}

/* ------------------------------------------------------------------ pure */

#define PLACES 40u

static struct {
    double x, y, access;
    struct bw_vivaldi vivaldi;
} places[PLACES];

static double true_rtt_us(size_t a, size_t b) {
    double x = places[a].x - places[b].x;
    double y = places[a].y - places[b].y;
    return sqrt(x * x + y * y) + places[a].access + places[b].access;
}

static void scatter(struct bw_rng *rng) {
    for (size_t i = 0; i < PLACES; i++) {
        places[i].x = (double)bw_rng_below(rng, 100000);
        places[i].y = (double)bw_rng_below(rng, 100000);
        places[i].access = 200.0 + (double)bw_rng_below(rng, 3000);
        bw_vivaldi_init(&places[i].vivaldi);
    }
}

/* Each measures to one other, whose coordinate comes packed as on the wire. noise: percent. */
static void measure_all(struct bw_rng *rng, unsigned noise) {
    for (size_t i = 0; i < PLACES; i++) {
        size_t other = (i + 1 + (size_t)bw_rng_below(rng, PLACES - 1)) % PLACES;
        struct bw_coordinate_packed packed;
        struct bw_coordinate coordinate;
        bw_vivaldi_pack(&places[other].vivaldi.own, &packed);
        bw_vivaldi_unpack(&packed, &coordinate);
        double rtt_us = true_rtt_us(i, other) * (1.0 + (double)bw_rng_below(rng, noise + 1) / 100.0);
        bw_vivaldi_update(&places[i].vivaldi, &coordinate, rtt_us, rng);
    }
}

/* The median relative error over all pairs, percent. */
static double median_error(void) {
    static double errors[PLACES * PLACES];
    size_t count = 0;
    for (size_t a = 0; a < PLACES; a++) {
        for (size_t b = a + 1; b < PLACES; b++) {
            double real = true_rtt_us(a, b);
            double guess = bw_vivaldi_rtt_us(&places[a].vivaldi.own, &places[b].vivaldi.own);
            double error = 100.0 * fabs(guess - real) / real;
            size_t at = count++;
            for (; at > 0 && errors[at - 1] > error; at--) {
                errors[at] = errors[at - 1];
            }
            errors[at] = error;
        }
    }
    return errors[count / 2];
}

static void a_random_plane_converges(void) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct bw_rng rng;
        bw_rng_seed(&rng, seed);
        scatter(&rng);
        double before = median_error();
        for (int round = 0; round < 200; round++) {
            measure_all(&rng, 5);
        }
        double after = median_error();
        CU_ASSERT(before > 50);
        CU_ASSERT(after < 8);
        for (size_t i = 0; i < PLACES; i++) {
            CU_ASSERT(bw_vivaldi_valid(&places[i].vivaldi.own) && places[i].vivaldi.own.error < 0.4);
        }
        if (seed == 1) {
            tap_note("median error %.0f %% before, %.1f %% after 200 measurements each", before, after);
        }
    }
}

static void the_cluster_does_not_drift(void) {
    struct bw_rng rng;
    bw_rng_seed(&rng, 9);
    scatter(&rng);
    for (int round = 0; round < 5000; round++) {
        measure_all(&rng, 20);
    }
    double sum[BW_VIVALDI_DIMENSIONS] = {0};
    for (size_t i = 0; i < PLACES; i++) {
        for (size_t k = 0; k < BW_VIVALDI_DIMENSIONS; k++) {
            sum[k] += places[i].vivaldi.own.at[k] / PLACES;
        }
    }
    for (size_t k = 0; k < BW_VIVALDI_DIMENSIONS; k++) {
        CU_ASSERT(fabs(sum[k]) < 100e3); /* no farther than the places are apart */
    }
    CU_ASSERT(median_error() < 30);
}

/* Whatever is in a datagram becomes a coordinate that can be used. */
static void hostile_coordinates_make_no_nan(void) {
    struct bw_rng rng;
    struct bw_vivaldi vivaldi;
    bw_rng_seed(&rng, 3);
    bw_vivaldi_init(&vivaldi);
    for (int i = 0; i < 20000; i++) {
        struct bw_coordinate_packed packed;
        struct bw_coordinate coordinate;
        uint8_t *bytes = (uint8_t *)&packed;
        for (size_t k = 0; k < sizeof(packed); k++) {
            bytes[k] = (uint8_t)(bw_rng_below(&rng, 4) == 0 ? 0x80 : bw_rng_next(&rng));
        }
        bw_vivaldi_unpack(&packed, &coordinate);
        CU_ASSERT(bw_vivaldi_valid(&coordinate));
        bw_vivaldi_update(&vivaldi, &coordinate, (double)bw_rng_below(&rng, 20000000), &rng);
        CU_ASSERT_FATAL(bw_vivaldi_valid(&vivaldi.own));
        double rtt_us = bw_vivaldi_rtt_us(&vivaldi.own, &coordinate);
        CU_ASSERT(rtt_us >= 0 && rtt_us < 1e9);
    }
}

static void what_is_no_measurement_changes_nothing(void) {
    struct bw_rng rng;
    struct bw_vivaldi vivaldi;
    bw_rng_seed(&rng, 3);
    bw_vivaldi_init(&vivaldi);
    struct bw_coordinate good = vivaldi.own;
    bw_vivaldi_update(&vivaldi, &good, 5000, &rng);
    struct bw_vivaldi before = vivaldi;
    struct bw_coordinate bad = good;
    bad.at[3] = (double)NAN;
    bw_vivaldi_update(&vivaldi, &bad, 5000, &rng);
    bad = good;
    bad.height = -1;
    bw_vivaldi_update(&vivaldi, &bad, 5000, &rng);
    bad = good;
    bad.error = (double)INFINITY;
    bw_vivaldi_update(&vivaldi, &bad, 5000, &rng);
    bw_vivaldi_update(&vivaldi, &good, (double)NAN, &rng);
    bw_vivaldi_update(&vivaldi, &good, -1, &rng);
    bw_vivaldi_update(&vivaldi, &good, 10.1e6, &rng);
    CU_ASSERT_EQUAL(memcmp(&before, &vivaldi, sizeof(before)), 0);
}

/* What goes over the wire is off by less than the unit. */
static void packing_keeps_the_place(void) {
    static const double scales[] = {100, 30000, 100e3, 16e6};
    struct bw_rng rng;
    bw_rng_seed(&rng, 5);
    for (size_t s = 0; s < BW_COUNT(scales); s++) {
        struct bw_coordinate own = {.height = 250, .adjustment = -77, .error = 0.25};
        struct bw_coordinate_packed packed;
        struct bw_coordinate back;
        for (size_t i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
            own.at[i] = scales[s] * ((double)bw_rng_below(&rng, 2001) / 1000.0 - 1.0);
        }
        bw_vivaldi_pack(&own, &packed);
        bw_vivaldi_unpack(&packed, &back);
        for (size_t i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
            CU_ASSERT(fabs(back.at[i] - own.at[i]) <= 0.5 + scales[s] / 32767.0);
        }
        CU_ASSERT(fabs(back.height - 250) <= 4 && fabs(back.adjustment + 77) <= 4 && fabs(back.error - 0.25) <= 0.005);
    }
}

static void the_median_of_few_samples(void) {
    static const uint32_t samples[] = {30, 10, 20};
    CU_ASSERT_EQUAL(bw_vivaldi_median(samples, 1), 30);
    CU_ASSERT_EQUAL(bw_vivaldi_median(samples, 2), 30);
    CU_ASSERT_EQUAL(bw_vivaldi_median(samples, 3), 20);
}

/* ------------------------------------------------------------------ rtt */

static int rtt(size_t at, size_t a, size_t b, struct bw_rtt *rtt) {
    struct bw_id ids[2] = {net_id(a), net_id(b)};
    int error = bw_gossip_rtt(net.nodes[at].gossip, &ids[0], &ids[1], rtt, net_now(&net));
    net_drain(&net, at);
    return error;
}

static void round_trips_between_any_two_are_known(void) {
    struct bw_rtt found;
    net.latency_us = 4000;
    net_form(&net, 8);
    net_run(&net, 120000);
    for (size_t a = 0; a < 8; a++) {
        for (size_t b = 0; b < 8; b++) {
            CU_ASSERT_EQUAL_FATAL(rtt(2, a, b, &found), 0);
            CU_ASSERT((found.measured_us >= 0) == ((a == 2 || b == 2) && a != b));
            if (a == b) {
                CU_ASSERT_EQUAL(found.estimate_us, 0);
            } else {
                CU_ASSERT(found.estimate_us > 6000 && found.estimate_us < 10000); /* 8000 */
                CU_ASSERT(found.error_percent < 60);
            }
        }
    }
    CU_ASSERT(net_hits(&net, 2, BW_RULE_COORDINATES_RIDE_ON_ACKS) > 50);
    CU_ASSERT_EQUAL(rtt(2, 2, 77, &found), BW_ERR_NOT_FOUND);
}

/* Whose coordinate is not known is asked, once. */
static void an_unknown_coordinate_is_asked_for(void) {
    struct bw_rtt found;
    net_form(&net, 3);
    struct bw_peer *peer = net_member(&net, 0, 2)->peer;
    CU_ASSERT_PTR_NOT_NULL_FATAL(peer);
    peer->located = false;
    size_t sent = net.nodes[0].sent;
    CU_ASSERT_EQUAL(rtt(0, 1, 2, &found), BW_ERR_BUSY);
    CU_ASSERT_EQUAL(rtt(0, 1, 2, &found), BW_ERR_BUSY);
    CU_ASSERT_EQUAL(net.nodes[0].sent, sent + 1);
    net_run(&net, 20);
    CU_ASSERT_EQUAL(rtt(0, 1, 2, &found), 0);
}

static void a_coordinate_of_another_size_is_malformed(void) {
    static const uint8_t at[16];
    net_form(&net, 2);
    struct bw_frame_coordinate frame = {.at = {at, 14}};
    CU_ASSERT_EQUAL(net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_coordinate, &frame),
                    BW_ERR_DROP_MALFORMED);
    frame.at.size = 16;
    CU_ASSERT_EQUAL(net_inject(&net, 0, &net.nodes[1].id, net.nodes[1].session, true, &bw_schema_coordinate, &frame),
                    0);
}

/* ------------------------------------------------------------------ survey */

static void survey(size_t at) {
    CU_ASSERT_EQUAL(bw_gossip_survey(net.nodes[at].gossip, net_now(&net)), 0);
    net_drain(&net, at);
}

static struct bw_reach reach_of(size_t at, size_t of) {
    struct bw_reach reach;
    struct bw_id id = net_id(of);
    for (size_t i = 0; bw_gossip_reach(net.nodes[at].gossip, i, &reach) == 0; i++) {
        if (bw_id_equal(&reach.id, &id)) {
            return reach;
        }
    }
    CU_FAIL("no such row");
    return reach;
}

static void everybody_hears_everybody(void) {
    net_form(&net, 6);
    net_run(&net, 20000);
    survey(3);
    CU_ASSERT_TRUE(bw_gossip_surveying(net.nodes[3].gossip));
    net_run(&net, 200);
    CU_ASSERT_FALSE(bw_gossip_surveying(net.nodes[3].gossip));
    for (size_t of = 0; of < 6; of++) {
        struct bw_reach reach = reach_of(3, of);
        CU_ASSERT(reach.answered && reach.living_count == 6 && reach.unheard_count == 0 && reach.id_count == 0);
    }
    CU_ASSERT_EQUAL(net_hits(&net, 3, BW_RULE_SURVEY_ASKS_EACH), 1);
}

/* 1 does not hear 2, the other way it works; and one does not answer. */
static void a_one_way_cut_is_seen_and_the_silent_are_not_waited_for_long(void) {
    net_form(&net, 5);
    net_run(&net, 20000);
    net.cut[2][1] = true;
    net_run(&net, 30000);
    net.nodes[4].muted = true;
    survey(0);
    net_run(&net, 5000);
    CU_ASSERT_FALSE(bw_gossip_surveying(net.nodes[0].gossip));
    struct bw_reach deaf = reach_of(0, 1);
    struct bw_id unheard = net_id(2);
    CU_ASSERT(deaf.answered && deaf.unheard_count == 1 && bw_id_equal(&deaf.unheard[0], &unheard));
    CU_ASSERT(reach_of(0, 2).answered && reach_of(0, 2).unheard_count == 0);
    CU_ASSERT_FALSE(reach_of(0, 4).answered);
    survey(0); /* again: the old answers are gone, nothing leaks */
    net_run(&net, 5000);
    CU_ASSERT(reach_of(0, 1).answered);
}

static void a_survey_without_memory_changes_nothing(void) {
    net_form(&net, 3);
    net.nodes[0].memory.fail_at = net.nodes[0].memory.calls + 1;
    CU_ASSERT_EQUAL(bw_gossip_survey(net.nodes[0].gossip, net_now(&net)), BW_ERR_MEMORY);
    net.nodes[0].memory.fail_at = 0;
    CU_ASSERT_FALSE(bw_gossip_surveying(net.nodes[0].gossip));
    survey(0);
    net_run(&net, 1000);
    CU_ASSERT(reach_of(0, 2).answered);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_random_plane_converges),
    TAP_TEST(the_cluster_does_not_drift),
    TAP_TEST(hostile_coordinates_make_no_nan),
    TAP_TEST(what_is_no_measurement_changes_nothing),
    TAP_TEST(packing_keeps_the_place),
    TAP_TEST(the_median_of_few_samples),
    TAP_TEST(round_trips_between_any_two_are_known),
    TAP_TEST(an_unknown_coordinate_is_asked_for),
    TAP_TEST(a_coordinate_of_another_size_is_malformed),
    TAP_TEST(everybody_hears_everybody),
    TAP_TEST(a_one_way_cut_is_seen_and_the_silent_are_not_waited_for_long),
    TAP_TEST(a_survey_without_memory_changes_nothing),
};
const struct tap_suite gossip_network_suite = TAP_SUITE_WITH("gossip network", tests, set_up, tear_down);
