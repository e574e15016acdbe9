/* Two leaders: partitions and their healing, objections, terms that only rise. */
#include "tests/unit/election_test.h"

#include "base/rng.h"

#include <string.h>

static void set_up(void) {
    world_begin();
}

/* Nodes below `border` on one side, the others on the other. */
static void partition(size_t border, bool cut) {
    for (size_t a = 0; a < border; a++)
        for (size_t b = border; b < WORLD_NODES; b++) {
            world_cut(a, b, cut);
            world_cut(b, a, cut);
        }
}

static size_t leader_among(size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (world_acts(i))
            return i;
    return WORLD_NODES;
}

static void partitions_elect_and_heal_ten_times(void) {
    world_lead(5);
    uint64_t last = world_believes(0).term;
    for (size_t round = 0; round < 10; round++) {
        partition(2, true);
        world_run(MS(15000));
        size_t a = leader_among(0, 2);
        size_t b = leader_among(2, 5);
        CU_ASSERT_FATAL(a < 2 && b < 5);
        struct bw_token ta = world_believes(a);
        struct bw_token tb = world_believes(b);
        size_t winner = bw_token_compare(&ta, &tb) > 0 ? a : b;
        size_t loser = winner == a ? b : a;
        size_t healed[2] = {world_events(winner, BW_EVENT_SPLIT_BRAIN_HEALED),
                            world_events(loser, BW_EVENT_SPLIT_BRAIN_HEALED)};
        size_t deposed = world_events(loser, BW_EVENT_SELF_DEPOSED);
        partition(2, false);
        world_run(MS(3000));
        CU_ASSERT_EQUAL(world_leader(), winner);
        CU_ASSERT(world_all_follow(winner));
        CU_ASSERT(world_believes(winner).term > last);
        last = world_believes(winner).term;
        CU_ASSERT_EQUAL(world_events(winner, BW_EVENT_SPLIT_BRAIN_HEALED), healed[0] + 1);
        CU_ASSERT_EQUAL(world_events(loser, BW_EVENT_SPLIT_BRAIN_HEALED), healed[1] + 1);
        CU_ASSERT_EQUAL(world_events(loser, BW_EVENT_SELF_DEPOSED), deposed + 1);
        const struct bw_event *event = &world_last(loser, BW_EVENT_SPLIT_BRAIN_HEALED)->event;
        CU_ASSERT(event->token.term == last && bw_token_compare(&event->other, &event->token) < 0);
        CU_ASSERT(event->overlap_ms > 5000 && event->overlap_ms < 19000);
        CU_ASSERT_EQUAL(world_last(winner, BW_EVENT_SPLIT_BRAIN_HEALED)->event.overlap_ms, event->overlap_ms);
    }
    CU_ASSERT(world_hits(BW_RULE_LARGEST_TOKEN_WINS) >= 10);
}

static bool drop_healed(size_t from, size_t to, uint8_t type) {
    (void)from;
    (void)to;
    return type != BW_FRAME_healed;
}

static void the_loser_says_so_even_if_the_winner_does_not_answer(void) {
    world_lead(4);
    partition(2, true);
    world_run(MS(15000));
    world.filter = drop_healed;
    partition(2, false);
    world_run(MS(4000));
    size_t said = 0;
    for (size_t i = 0; i < 4; i++)
        said += world_events(i, BW_EVENT_SPLIT_BRAIN_HEALED);
    CU_ASSERT_EQUAL(said, 1);
    for (size_t i = 0; i < 4; i++)
        if (world_events(i, BW_EVENT_SPLIT_BRAIN_HEALED) == 1)
            CU_ASSERT_EQUAL(world_last(i, BW_EVENT_SPLIT_BRAIN_HEALED)->event.overlap_ms, -1);
}

/* Side B's last leader has the larger token and is dead; side A's lives with a smaller one: A claims above it. */
static void the_living_leader_claims_above_a_dead_larger_token(void) {
    world_add(100);
    world_add(100);
    world_add(100);
    world_add(-1);
    world_add(-1);
    partition(2, true); /* 0 1 | 2 and two observers */
    for (size_t i = 0; i < 5; i++)
        world_start(i);
    world.nodes[2].wall_skew_us = MS(1000) * 1000; /* its terms are far ahead */
    world_run(MS(4000));
    size_t a = leader_among(0, 2);
    CU_ASSERT_EQUAL_FATAL(a, 0);
    world_start(2);
    world_run(MS(5000));
    CU_ASSERT(world_acts(2));
    uint64_t dead = world_believes(2).term;
    CU_ASSERT(dead > world_believes(0).term);
    world_crash(2, false);
    world_run(MS(8000));
    for (size_t i = 0; i < 2; i++) { /* side A has known for long that 2 is dead */
        const struct bw_election_member member = {.id = world.nodes[2].id, .status = BW_STATUS_DEAD};
        world.nodes[i].told[2] = true;
        world.nodes[i].status[2] = BW_STATUS_DEAD;
        bw_election_member(world.nodes[i].election, &member, world_time(i));
        world_pump(i);
    }
    CU_ASSERT(world_acts(0));
    partition(2, false);
    world_run(MS(1500));
    CU_ASSERT_EQUAL(world_leader(), 0);
    CU_ASSERT(world_believes(0).term > dead);
    CU_ASSERT(world_all_follow(0));
    CU_ASSERT_EQUAL(world_events(0, BW_EVENT_SELF_ELECTED), 2);
    CU_ASSERT(world_hits(BW_RULE_CLAIM_ABOVE_LARGEST_SEEN) > 0);
}

/* Both sides lead; the smaller one hears of the larger token from a member of its own side, before it hears that the other
 * leader lives. Returns the loser. */
static size_t hear_of_a_larger_token(size_t *winner) {
    world_lead(5);
    partition(2, true);
    world_run(MS(15000));
    size_t a = leader_among(0, 2);
    size_t b = leader_among(2, 5);
    CU_ASSERT_FATAL(a < 2 && b < 5);
    struct bw_token ta = world_believes(a);
    struct bw_token tb = world_believes(b);
    bool first = bw_token_compare(&ta, &tb) > 0;
    size_t loser = first ? b : a;
    size_t third = first ? (b == 2 ? 3 : 2) : 1 - a;
    *winner = first ? a : b;
    world_record(third, loser, BW_NOT_HEARD, SCOPE, world_believes(*winner).term, *winner, 1, BW_CLAIM_LEADING);
    world_pump(loser);
    CU_ASSERT(!world_acts(loser));
    return loser;
}

static void a_leader_held_for_dead_is_given_time_to_show_that_it_lives(void) {
    size_t winner;
    size_t loser = hear_of_a_larger_token(&winner);
    uint64_t claims = world_hits(BW_RULE_CLAIM_ABOVE_LARGEST_SEEN);
    world_run(MS(450));
    partition(2, false);
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world_leader(), winner);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_CLAIM_ABOVE_LARGEST_SEEN), claims);
    CU_ASSERT_EQUAL(world_events(loser, BW_EVENT_SPLIT_BRAIN_HEALED), 1);
    CU_ASSERT_EQUAL(world_events(winner, BW_EVENT_SPLIT_BRAIN_HEALED), 1);
}

static void a_leader_that_stays_dead_is_claimed_above_after_settling(void) {
    size_t winner;
    size_t loser = hear_of_a_larger_token(&winner);
    uint64_t term = world_believes(winner).term;
    world_run(MS(490));
    CU_ASSERT(!world_acts(loser));
    world_run(MS(20));
    CU_ASSERT(world_acts(loser));
    CU_ASSERT(world_believes(loser).term > term);
    CU_ASSERT_EQUAL(world_events(loser, BW_EVENT_SPLIT_BRAIN_HEALED), 0);
}

/* A member's disk remembers a larger term than the leader's: it says so, and the leader claims above. */
static void a_larger_term_on_a_members_disk_is_claimed_above(void) {
    size_t leader = world_lead(3);
    size_t joiner = world_add(100);
    uint64_t seen = world_believes(leader).term + 500;
    world.nodes[joiner].disk_count = 1;
    world.nodes[joiner].disk[0] = (struct bw_durable_term){.scope = SCOPE, .term = seen};
    world_start(joiner);
    world_run(MS(3000));
    CU_ASSERT_EQUAL(world_leader(), leader);
    CU_ASSERT_EQUAL(world_believes(leader).term, seen + 1);
    CU_ASSERT(world_all_follow(leader));
    CU_ASSERT_EQUAL(world_hits(BW_RULE_CLAIM_ABOVE_LARGEST_SEEN), 1);
}

/* A member that led in the very term of the leader, and was started anew: the larger id makes the larger token. */
static void lead_beside(uint8_t id_byte, bool own, uint64_t above) {
    world_end();
    world_begin();
    size_t leader = world_lead(3);
    size_t joiner = world_add(100);
    uint64_t term = world_believes(leader).term;
    memset(world.nodes[joiner].id.bytes, id_byte, sizeof world.nodes[joiner].id.bytes);
    world.nodes[joiner].disk_count = 1;
    world.nodes[joiner].disk[0] = (struct bw_durable_term){.scope = SCOPE, .term = term, .own = own};
    world_start(joiner);
    world_run(MS(4000));
    CU_ASSERT_EQUAL(world_leader(), leader);
    CU_ASSERT_EQUAL(world_believes(leader).term, term + above);
    CU_ASSERT(world_all_follow(leader));
    CU_ASSERT(world.nodes[joiner].disk[0].own == own);
}

static void a_larger_token_of_the_same_term_is_claimed_above(void) {
    lead_beside(0xff, true, 1);
    lead_beside(0xff, false, 0);
    lead_beside(0x01, true, 0);
}

static size_t objections_lost;

static bool lose_three_objections(size_t from, size_t to, uint8_t type) {
    (void)from;
    (void)to;
    return type != BW_FRAME_object || ++objections_lost > 3;
}

static void who_saw_a_larger_term_says_so_until_it_is_heard(void) {
    size_t leader = world_lead(3);
    size_t joiner = world_add(100);
    uint64_t seen = world_believes(leader).term + 500;
    world.nodes[joiner].disk_count = 1;
    world.nodes[joiner].disk[0] = (struct bw_durable_term){.scope = SCOPE, .term = seen};
    objections_lost = 0;
    world.filter = lose_three_objections;
    world_start(joiner);
    world_run(MS(3 * 1500));
    CU_ASSERT_EQUAL(objections_lost, 3);
    CU_ASSERT_EQUAL(world_believes(leader).term, seen - 500);
    world_run(MS(1500));
    CU_ASSERT_EQUAL(world_believes(leader).term, seen + 1);
    CU_ASSERT(world_all_follow(leader));
    world_run(MS(5000));
    CU_ASSERT_EQUAL(objections_lost, 4); /* and no more */
}

/* A claimant that does not know of the leader is told of it, and gives up. */
static void a_claim_beside_a_living_leader_is_objected_to(void) {
    size_t leader = world_lead(3);
    struct bw_token token = world_believes(leader);
    size_t other = (leader + 1) % 3;
    size_t third = (leader + 2) % 3;
    uint8_t data[100];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    const struct bw_message_claim claim = {
        .scope = {.data = (const uint8_t *)SCOPE, .size = 7}, .term = token.term + 1, .number = 1, .lease_ms = 1500};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_claim, &claim), 0);
    const struct bw_bytes bytes = {.data = data, .size = writer.used};
    CU_ASSERT_EQUAL(world_inject(other, third, world.now_us - MS(1), bytes), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_OBJECT_TO_CLAIM), 1);
    CU_ASSERT_EQUAL(world_inject(other, leader, world.now_us - MS(1), bytes), 0);
    CU_ASSERT_EQUAL(world_hits(BW_RULE_OBJECT_TO_CLAIM), 2);
    world_run(MS(1000));
    CU_ASSERT(world_all_follow(leader));
    struct bw_token after = world_believes(leader);
    CU_ASSERT_EQUAL(bw_token_compare(&token, &after), 0);
}

static void a_lower_claim_is_answered_with_the_higher_one(void) {
    size_t leader = world_lead(3);
    size_t other = (leader + 1) % 3;
    uint8_t data[100];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    const struct bw_message_claim claim = {.scope = {.data = (const uint8_t *)SCOPE, .size = 7},
                                           .term = world_believes(leader).term - 1,
                                           .number = 1,
                                           .lease_ms = 1500};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_message_schema_claim, &claim), 0);
    size_t messages = world.messages;
    CU_ASSERT_EQUAL(
        world_inject(other, (leader + 2) % 3, world.now_us, (struct bw_bytes){.data = data, .size = writer.used}), 0);
    CU_ASSERT_EQUAL(world.messages, messages + 2); /* the objection, and the record to learn from */
    CU_ASSERT_EQUAL(world_hits(BW_RULE_OBJECT_TO_CLAIM), 1);
}

static void start_stop_start_keeps_events_alternating(void) {
    size_t leader = world_lead(3); /* world_ checks that they alternate, with rising terms */
    for (int i = 0; i < 20; i++) {
        world_crash(leader, (i & 1) != 0);
        world_run(MS(30));
        world_start(leader);
        world_run(MS(30 + i * 40));
    }
    world_run(MS(5000));
    CU_ASSERT(world_leader() < 3);
    CU_ASSERT(world_all_follow(world_leader()));
}

/* Everything at once, many times: what must always hold is checked by the world; in the end there is one leader. */
static void chaos_ends_in_order(void) {
    struct bw_rng rng;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        bw_rng_seed(&rng, seed);
        world_lead(5);
        world.loss_percent = (uint32_t)bw_rng_below(&rng, 25);
        for (int i = 0; i < 40; i++) {
            size_t node = (size_t)bw_rng_below(&rng, 5);
            struct world_node *n = &world.nodes[node];
            switch (bw_rng_below(&rng, 6)) {
            case 0:
                if (n->up)
                    world_crash(node, bw_rng_below(&rng, 2) == 0);
                break;
            case 1:
                if (!n->up)
                    world_start(node);
                break;
            case 2:
                world_isolate(node, bw_rng_below(&rng, 2) == 0);
                break;
            case 3:
                world_cut(node, (size_t)bw_rng_below(&rng, 5), bw_rng_below(&rng, 2) == 0);
                break;
            case 4:
                n->paused = n->up && bw_rng_below(&rng, 2) == 0;
                break;
            default:
                n->disk_fails = bw_rng_below(&rng, 4) == 0;
            }
            world_run(MS(bw_rng_below(&rng, 2500)));
        }
        for (size_t i = 0; i < 5; i++) {
            world_isolate(i, false);
            world.nodes[i].paused = world.nodes[i].disk_fails = false;
            if (!world.nodes[i].up)
                world_start(i);
        }
        world.loss_percent = 0;
        world_run(MS(20000));
        CU_ASSERT(world_leader() < 5);
        CU_ASSERT(world_leader() < 5 && world_all_follow(world_leader()));
        if (world_leader() == WORLD_NODES)
            tap_note("seed %d", (int)seed);
        world_end();
        world_begin();
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(partitions_elect_and_heal_ten_times),
    TAP_TEST(the_loser_says_so_even_if_the_winner_does_not_answer),
    TAP_TEST(the_living_leader_claims_above_a_dead_larger_token),
    TAP_TEST(a_leader_held_for_dead_is_given_time_to_show_that_it_lives),
    TAP_TEST(a_leader_that_stays_dead_is_claimed_above_after_settling),
    TAP_TEST(a_larger_term_on_a_members_disk_is_claimed_above),
    TAP_TEST(a_larger_token_of_the_same_term_is_claimed_above),
    TAP_TEST(who_saw_a_larger_term_says_so_until_it_is_heard),
    TAP_TEST(a_claim_beside_a_living_leader_is_objected_to),
    TAP_TEST(a_lower_claim_is_answered_with_the_higher_one),
    TAP_TEST(start_stop_start_keeps_events_alternating),
    TAP_TEST(chaos_ends_in_order),
};
const struct tap_suite election_heal_suite = TAP_SUITE_WITH("election/heal", tests, set_up, world_end);
