/* The rules of a voter in quorum mode, one by one: b is the voter, a and c ask. */
#include "election/quorum.h"
#include "tests/unit/election_test.h"

#include <string.h>

#define LEASE_MS 1500u
#define PROMISE_US INT64_C(1503004) /* 1,500,000 * 1.001 / 0.999, rounded up */

static struct bw_election *b;
static struct bw_time now;
static struct bw_trace trace;
static struct bw_durable_vote disk;
static size_t disk_count;
static struct bw_voters voters;
static struct bw_message_vote said; /* the last answer */
static struct bw_id said_to;
static uint8_t said_voters[256];
static size_t said_count;

static struct bw_id id_of(char name) {
    struct bw_id id = {{0}};
    id.bytes[0] = (uint8_t)name;
    return id;
}

static void meet(char name) {
    const struct bw_election_member member = {.id = id_of(name), .status = BW_STATUS_ALIVE};
    bw_election_member(b, &member, now);
}

static void start(uint32_t lease_ms, bool witness) {
    struct bw_scope_config scope;
    bw_scope_config_init(&scope, "s");
    scope.mode = BW_MODE_QUORUM;
    scope.lease_ms = lease_ms;
    scope.witness = witness;
    struct bw_election_config config = {.allocator = {world_resize, NULL},
                                        .trace = &trace,
                                        .seed = 1,
                                        .self = id_of('b'),
                                        .boot = 7,
                                        .scopes = &scope,
                                        .scope_count = 1,
                                        .votes = &disk,
                                        .vote_count = disk_count};
    struct bw_config defaults;
    bw_config_init(&defaults, BW_PROFILE_LAN);
    config.params = defaults.params;
    CU_ASSERT_EQUAL_FATAL(bw_election_create(&b, &config, now), 0);
    meet('a');
    meet('c');
}

static void set_voters(const char *names) {
    voters.count = 0;
    for (; *names != 0; names++)
        voters.ids[voters.count++] = id_of(*names);
}

static void persisted(bool ok) {
    if (ok && bw_election_vote(b, 0, &disk) == 0)
        disk_count = 1;
    bw_election_persisted(b, ok, now);
}

/* A witness, so that it asks nothing itself; its voters are known and durable. */
static void set_up(void) {
    now = (struct bw_time){.mono_us = 1000000000, .wall_us = INT64_C(1700000000000000)};
    memset(&disk, 0, sizeof disk);
    disk_count = 0;
    trace.hook = world_on_rule;
    voters = (struct bw_voters){0};
    set_voters("abc");
    start(LEASE_MS, true);
    bw_election_voters(b, "s", voters.ids, voters.count, now);
    CU_ASSERT(bw_election_persist(b));
    persisted(true);
}

static void tear_down(void) {
    bw_election_destroy(b);
    b = NULL;
}

/* b starts again with what is on its disk. */
static void restart(uint32_t lease_ms) {
    bw_election_destroy(b);
    start(lease_ms, true);
}

static void later(int64_t us) {
    now.mono_us += us;
    now.wall_us += us;
    bw_election_tick(b, now);
}

static void take_answers(void) {
    struct bw_election_message message;
    struct bw_election_frame_any frame;
    while (bw_election_transmit(b, &message, now)) {
        struct bw_reader reader = {.data = message.data.data, .size = message.data.size};
        CU_ASSERT_EQUAL_FATAL(bw_message_next(&reader, &frame), 1);
        if (frame.type != BW_FRAME_vote)
            continue;
        said = frame.as.vote;
        memcpy(said_voters, said.voters.data, said.voters.size);
        said.voters.data = said_voters;
        said_to = message.to;
        said_count++;
    }
}

static struct bw_message_ballot ballot(enum bw_ballot kind, uint64_t term) {
    return (struct bw_message_ballot){
        .scope = {(const uint8_t *)"s", 1},
        .kind = (uint8_t)kind,
        .term = term,
        .boot = 1,
        .number = 11,
        .lease_ms = LEASE_MS,
        .voters_term = voters.term,
        .voters_number = voters.number,
        .voters = {voters.ids[0].bytes, voters.count * sizeof voters.ids[0]},
    };
}

static void give(char from, const struct bw_message_ballot *message) {
    uint8_t data[BW_ELECTION_MESSAGE_MAX];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    struct bw_id id = id_of(from);
    CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, &bw_message_schema_ballot, message), 0);
    said_count = 0;
    CU_ASSERT_EQUAL(bw_election_receive(b, &id, now.mono_us, (struct bw_bytes){data, writer.used}, now), 0);
    take_answers();
}

#define NO_ANSWER (-1)

/* What b answers at once. */
static int ask(char from, enum bw_ballot kind, uint64_t term) {
    struct bw_message_ballot message = ballot(kind, term);
    give(from, &message);
    struct bw_id id = id_of(from);
    CU_ASSERT(said_count == 0 || (bw_id_equal(&said_to, &id) && said.term == term && said.number == 11));
    return said_count == 0 ? NO_ANSWER : said.refusal;
}

/* ... and if it waits for the disk, what it answers then. */
static int vote(char from, uint64_t term) {
    int answer = ask(from, BW_BALLOT_VOTE, term);
    if (answer != NO_ANSWER)
        return answer;
    CU_ASSERT(bw_election_persist(b));
    persisted(true);
    take_answers();
    return said_count == 0 ? NO_ANSWER : said.refusal;
}

static bool not_c(void *context, const struct bw_id *id, struct bw_bytes scope) {
    (void)context;
    return id->bytes[0] != 'c' && scope.size == 1;
}

static void who_may_not_lead_gets_no_vote(void) {
    b->may_lead = not_c;
    CU_ASSERT_EQUAL(ask('c', BW_BALLOT_PREVOTE, 5), NO_ANSWER);
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    CU_ASSERT_EQUAL(ask('c', BW_BALLOT_RENEW, 5), NO_ANSWER);
    struct bw_message_ballot release = ballot(BW_BALLOT_RELEASE, 5);
    give('c', &release);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 5), BW_GRANTED);
}

static void a_promise_outlasts_the_lease_by_the_drift_of_both_clocks(void) {
    CU_ASSERT_EQUAL(bw_promise_us(b, LEASE_MS), PROMISE_US);
    CU_ASSERT_EQUAL(bw_promise_us(b, 1), 1003); /* 1002.002 */
}

static void a_vote_is_durable_before_it_is_spoken(void) {
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_VOTE, 5), NO_ANSWER);
    CU_ASSERT(bw_election_persist(b));
    struct bw_id a = id_of('a');
    struct bw_durable_vote written;
    CU_ASSERT_EQUAL(bw_election_vote(b, 0, &written), 0);
    CU_ASSERT(written.term == 5 && written.boot == 1 && bw_id_equal(&written.candidate, &a));
    CU_ASSERT(written.lease_max_ms == LEASE_MS && written.voters.count == 3);
    take_answers();
    CU_ASSERT_EQUAL(said_count, 0);
    persisted(true);
    take_answers();
    CU_ASSERT(said_count == 1 && said.refusal == BW_GRANTED && said.kind == BW_BALLOT_VOTE);
}

static void no_answer_leaves_if_the_disk_fails(void) {
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_VOTE, 5), NO_ANSWER);
    CU_ASSERT(bw_election_persist(b));
    persisted(false);
    take_answers();
    CU_ASSERT_EQUAL(said_count, 0);
    CU_ASSERT_FALSE(bw_election_persist(b)); /* not again and again: when it is asked again */
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 5), NO_ANSWER);
    CU_ASSERT(bw_election_persist(b));
    persisted(true);
    take_answers();
    CU_ASSERT(said_count == 1 && said.kind == BW_BALLOT_RENEW && said.refusal == BW_GRANTED);
}

/* One answer waits: the newest. Who asked before asks again. */
static void of_two_that_wait_the_newest_is_answered(void) {
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_VOTE, 5), NO_ANSWER);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_VOTE, 6), NO_ANSWER);
    CU_ASSERT(bw_election_persist(b));
    persisted(true);
    take_answers();
    CU_ASSERT(said_count == 1 && said.term == 6);
}

static void one_vote_in_a_term(void) {
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    later(10 * PROMISE_US);
    CU_ASSERT_EQUAL(vote('c', 5), BW_REFUSED_TERM);
    CU_ASSERT_EQUAL(vote('c', 4), BW_REFUSED_TERM);
    CU_ASSERT_EQUAL(said.seen, 5);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_VOTE, 5), BW_GRANTED); /* the same again, without a write */
    struct bw_message_ballot reborn = ballot(BW_BALLOT_VOTE, 5);
    reborn.boot = 2;
    give('a', &reborn);
    CU_ASSERT_EQUAL(said.refusal, BW_REFUSED_TERM); /* the boot is part of the identity */
    CU_ASSERT_EQUAL(vote('c', 6), BW_GRANTED);
}

static void a_living_promise_refuses_another(void) {
    struct bw_id a = id_of('a');
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    later(PROMISE_US / 2);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_VOTE, 5), BW_GRANTED); /* does not extend it */
    later(PROMISE_US - PROMISE_US / 2 - 1);
    CU_ASSERT_EQUAL(vote('c', 6), BW_REFUSED_PROMISED);
    CU_ASSERT(said.holder_term == 5 && bw_id_equal(&said.holder, &a));
    CU_ASSERT_EQUAL(ask('c', BW_BALLOT_PREVOTE, 6), BW_REFUSED_PROMISED);
    later(1);
    CU_ASSERT_EQUAL(ask('c', BW_BALLOT_PREVOTE, 6), BW_GRANTED);
    CU_ASSERT_EQUAL(vote('c', 6), BW_GRANTED);
}

static void a_renewal_extends_it(void) {
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    later(PROMISE_US - 1);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 5), BW_GRANTED);
    later(PROMISE_US - 1);
    CU_ASSERT_EQUAL(vote('c', 6), BW_REFUSED_PROMISED);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 4), BW_REFUSED_TERM);
    CU_ASSERT_EQUAL(ask('c', BW_BALLOT_RENEW, 5), BW_REFUSED_TERM); /* it did not vote for it */
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 6), BW_REFUSED_TERM);
    later(1);
    CU_ASSERT_EQUAL(vote('c', 6), BW_GRANTED);
}

static void a_prevote_changes_nothing(void) {
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_PREVOTE, 5), BW_GRANTED);
    CU_ASSERT_FALSE(bw_election_persist(b));
    CU_ASSERT_EQUAL(vote('c', 5), BW_GRANTED);
}

static void a_restarted_voter_abstains_and_remembers(void) {
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    restart(LEASE_MS);
    later(PROMISE_US - 1);
    CU_ASSERT_EQUAL(vote('c', 6), BW_REFUSED_ABSTAINS);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 5), BW_REFUSED_ABSTAINS);
    CU_ASSERT_EQUAL(ask('c', BW_BALLOT_PREVOTE, 6), BW_REFUSED_ABSTAINS);
    later(1);
    CU_ASSERT_EQUAL(vote('c', 5), BW_REFUSED_TERM);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 5), BW_GRANTED);
}

/* It may have promised for the old length: it abstains for the longest that it ever did. */
static void a_lease_of_another_length_is_refused(void) {
    struct bw_message_ballot longer = ballot(BW_BALLOT_VOTE, 5);
    longer.lease_ms = LEASE_MS + 1;
    give('a', &longer);
    CU_ASSERT_EQUAL(said.refusal, BW_REFUSED_LEASE);
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    restart(LEASE_MS / 3);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 5), BW_REFUSED_LEASE);
    later(PROMISE_US - 1);
    struct bw_message_ballot shorter = ballot(BW_BALLOT_VOTE, 6);
    shorter.lease_ms = LEASE_MS / 3;
    give('c', &shorter);
    CU_ASSERT_EQUAL(said.refusal, BW_REFUSED_ABSTAINS);
    later(1);
    give('c', &shorter);
    CU_ASSERT(bw_election_persist(b));
    persisted(true);
    CU_ASSERT_EQUAL(disk.lease_max_ms, LEASE_MS);
}

static void what_was_given_back_is_over(void) {
    struct bw_message_ballot of_another_boot = ballot(BW_BALLOT_RELEASE, 5);
    of_another_boot.boot = 2;
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    give('a', &of_another_boot);
    CU_ASSERT_EQUAL(ask('c', BW_BALLOT_RELEASE, 5), NO_ANSWER);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RELEASE, 4), NO_ANSWER);
    CU_ASSERT_EQUAL(vote('c', 6), BW_REFUSED_PROMISED); /* none of these frees it */
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RELEASE, 5), NO_ANSWER);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 5), BW_REFUSED_RELEASED);
    CU_ASSERT_EQUAL(vote('a', 5), BW_REFUSED_RELEASED);
    CU_ASSERT_EQUAL(vote('c', 6), BW_GRANTED);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RELEASE, 5), NO_ANSWER); /* late: it does not free the new one */
    CU_ASSERT_EQUAL(vote('a', 7), BW_REFUSED_PROMISED);
}

static void a_term_too_far_off_is_refused(void) {
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    later(PROMISE_US);
    CU_ASSERT_EQUAL(vote('c', UINT64_MAX), BW_REFUSED_TERM);
    CU_ASSERT_EQUAL(vote('c', 6), BW_GRANTED);
}

static void a_newer_list_is_taken_over_first(void) {
    struct bw_voters older = voters;
    set_voters("abd");
    voters.term = 5;
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    CU_ASSERT(disk.voters.term == 5 && memcmp(disk.voters.ids, voters.ids, sizeof voters.ids) == 0);
    later(PROMISE_US);
    voters = older;
    CU_ASSERT_EQUAL(vote('c', 6), BW_REFUSED_VOTERS);
    CU_ASSERT(said.voters_term == 5 && said.voters.size == 3 * sizeof(struct bw_id)); /* and is told the newer one */
    set_voters("abe");
    voters.term = 5; /* the same number for another list */
    CU_ASSERT_EQUAL(vote('a', 6), BW_REFUSED_VOTERS);
    set_voters("acd");
    voters.term = 6;
    CU_ASSERT_EQUAL(vote('c', 6), BW_REFUSED_NO_VOTER);
    struct bw_voters known;
    CU_ASSERT_EQUAL(bw_election_voter_list(b, "s", &known), 0);
    CU_ASSERT_EQUAL(known.term, 6);
}

/* A leader of the renewal's term finds the list unwritten: its acknowledgement waits as a vote does. */
static void a_list_is_durable_before_it_counts(void) {
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    voters.term = 5;
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_RENEW, 5), NO_ANSWER);
    CU_ASSERT(bw_election_persist(b));
    persisted(true);
    take_answers();
    CU_ASSERT(said_count == 1 && said.kind == BW_BALLOT_RENEW && said.refusal == BW_GRANTED && said.voters_term == 5);
}

static void a_new_voter_abstains(void) {
    set_voters("acd");
    voters.term = 5;
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_VOTE, 5), BW_REFUSED_NO_VOTER);
    set_voters("abcd");
    voters.number = 1;
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_VOTE, 5), BW_REFUSED_ABSTAINS);
    later(PROMISE_US - 1);
    CU_ASSERT_EQUAL(ask('a', BW_BALLOT_VOTE, 5), BW_REFUSED_ABSTAINS);
    later(1);
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
}

static void names_count_once(void) {
    struct bw_voters known;
    set_voters("abd");
    bw_election_voters(b, "s", voters.ids, voters.count, now);
    struct bw_id d = id_of('d');
    CU_ASSERT_EQUAL(bw_election_voter_list(b, "s", &known), 0);
    CU_ASSERT_FALSE(bw_voters_has(&known, &d));
    restart(LEASE_MS);
    bw_election_voters(b, "s", voters.ids, voters.count, now);
    CU_ASSERT_EQUAL(bw_election_voter_list(b, "s", &known), 0);
    CU_ASSERT_FALSE(bw_voters_has(&known, &d));
}

static void only_a_leader_changes_the_voters(void) {
    const char *why = NULL;
    struct bw_id d = id_of('d');
    CU_ASSERT_EQUAL(bw_election_change_voters(b, "s", &d, true, &why, now), BW_ERR_BUSY);
    CU_ASSERT(why != NULL && strstr(why, "leader") != NULL);
    CU_ASSERT_EQUAL(bw_election_change_voters(b, "other", &d, true, &why, now), BW_ERR_NOT_FOUND);
}

/* Another member declared the scope in priority mode: its claims count for nothing here. */
static void a_claim_of_another_mode_is_refused(void) {
    uint8_t rank[BW_CLAIM_RANK_SIZE];
    uint8_t body[BW_CLAIM_BODY_MAX];
    struct bw_claim claim = {.token = {.term = 9, .id = id_of('a')}, .sequence = 1, .lease_ms = 1500, .boot = 1};
    struct bw_bytes bytes = {.data = body};
    struct bw_id c = id_of('c');
    struct bw_scope_info info;
    struct bw_bytes scope = {(const uint8_t *)"s", 1};
    bw_claim_encode(&claim, rank, body, &bytes.size);
    CU_ASSERT_EQUAL(bw_election_record(b, &c, now.mono_us, scope, rank, bytes, now), 0);
    CU_ASSERT_EQUAL(bw_election_scope(b, 0, &info, now), 0);
    CU_ASSERT(!info.has_leader && info.mode == BW_MODE_QUORUM);
    claim.mode = BW_MODE_QUORUM;
    bw_claim_encode(&claim, rank, body, &bytes.size);
    CU_ASSERT_EQUAL(bw_election_record(b, &c, now.mono_us, scope, rank, bytes, now), 0);
    CU_ASSERT_EQUAL(bw_election_scope(b, 0, &info, now), 0);
    CU_ASSERT(info.has_leader);
}

static void votes_cannot_be_taken_into_another_mode(void) {
    struct bw_scope_config scope;
    struct bw_config defaults;
    struct bw_election *other;
    CU_ASSERT_EQUAL(vote('a', 5), BW_GRANTED);
    bw_scope_config_init(&scope, "s");
    bw_config_init(&defaults, BW_PROFILE_LAN);
    struct bw_election_config config = {.allocator = {world_resize, NULL},
                                        .params = defaults.params,
                                        .self = id_of('b'),
                                        .scopes = &scope,
                                        .scope_count = 1,
                                        .votes = &disk,
                                        .vote_count = 1};
    CU_ASSERT_EQUAL(bw_election_create(&other, &config, now), BW_ERR_INVALID);
    config.scope_count = 0; /* not declared at all: it goes on voting, as others count on it */
    CU_ASSERT_EQUAL_FATAL(bw_election_create(&other, &config, now), 0);
    CU_ASSERT_EQUAL(bw_election_vote(other, 0, &disk), 0);
    CU_ASSERT_EQUAL(disk.term, 5);
    bw_election_destroy(other);
}

static void stands(char name, bool unstable) {
    uint8_t data[64];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    const struct bw_message_candidacy candidacy = {
        .scope = {(const uint8_t *)"s", 1}, .priority = 100, .flags = BW_CANDIDACY_READY, .mode = BW_MODE_QUORUM};
    CU_ASSERT_EQUAL_FATAL(bw_wire_put(&writer, &bw_message_schema_candidacy, &candidacy), 0);
    const struct bw_election_member member = {.id = id_of(name),
                                              .status = BW_STATUS_ALIVE,
                                              .unstable = unstable,
                                              .candidacies = {.data = data, .size = writer.used}};
    bw_election_member(b, &member, now);
}

/* The turn in which b asks for votes: it lets those go first that rank before it. */
static void who_is_unstable_asks_last(void) {
    bw_election_destroy(b);
    start(LEASE_MS, false);
    const struct bw_scope *scope = bw_scope_find(b, (struct bw_bytes){(const uint8_t *)"s", 1});
    stands('a', false);
    stands('c', false);
    CU_ASSERT_EQUAL(bw_scope_position(b, scope), 1); /* c has the larger id */
    stands('c', true);
    CU_ASSERT_EQUAL(bw_scope_position(b, scope), 0);
    stands('c', false);
    CU_ASSERT_EQUAL(bw_scope_position(b, scope), 1);
}

static const struct tap_test tests[] = {
    TAP_TEST(who_may_not_lead_gets_no_vote),
    TAP_TEST(who_is_unstable_asks_last),
    TAP_TEST(a_promise_outlasts_the_lease_by_the_drift_of_both_clocks),
    TAP_TEST(a_vote_is_durable_before_it_is_spoken),
    TAP_TEST(no_answer_leaves_if_the_disk_fails),
    TAP_TEST(of_two_that_wait_the_newest_is_answered),
    TAP_TEST(one_vote_in_a_term),
    TAP_TEST(a_living_promise_refuses_another),
    TAP_TEST(a_renewal_extends_it),
    TAP_TEST(a_prevote_changes_nothing),
    TAP_TEST(a_restarted_voter_abstains_and_remembers),
    TAP_TEST(a_lease_of_another_length_is_refused),
    TAP_TEST(what_was_given_back_is_over),
    TAP_TEST(a_term_too_far_off_is_refused),
    TAP_TEST(a_newer_list_is_taken_over_first),
    TAP_TEST(a_list_is_durable_before_it_counts),
    TAP_TEST(a_new_voter_abstains),
    TAP_TEST(names_count_once),
    TAP_TEST(only_a_leader_changes_the_voters),
    TAP_TEST(a_claim_of_another_mode_is_refused),
    TAP_TEST(votes_cannot_be_taken_into_another_mode),
};
const struct tap_suite election_quorum_suite = TAP_SUITE_WITH("election/quorum", tests, set_up, tear_down);
