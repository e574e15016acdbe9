/* Somebody who holds the cluster's key speaks in the names of members that are gone: it opens what it can of what they are
 * sent, answers that, and guesses at what it cannot open. Without identity mode that is as good as their own word, which shows that it
 * is done right; in identity mode it is worth nothing. */
#include "tests/scenario/certified.h"
#include "tests/scenario/story.h"

#include "crypto/channel.h"
#include "election/message.h"
#include "gossip/frames.h"
#include "node/internal.h"
#include "sim/internal.h"

#include <stdlib.h>
#include <string.h>

#define COUNT 5u
#define WAITING_MAX 4096u
#define AHEAD 50000u /* numbers that the member itself has not come to */
#define GUESS_EVERY_MS 200
#define LIMIT_MS 60000

/* Who gives himself out for a member. */
struct forger {
    bool on;
    struct bw_id id;
    struct bw_keyring *ring;
    struct bw_channel *channel;
    struct bw_trace trace;
};

struct waiting {
    size_t from;
    size_t to;
    size_t size;
    uint8_t data[BW_DATAGRAM_MAX];
};

static struct forger forgers[COUNT];
static struct waiting waiting[WAITING_MAX];
static size_t waiting_count;
static uint64_t opened; /* pings and messages that it could read */
static uint64_t said;

static void *resize(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        free(memory);
        return NULL;
    }
    void *resized = realloc(memory, new_size);
    BW_ASSERT(resized != NULL);
    if (new_size > old_size)
        memset((char *)resized + old_size, 0, new_size - old_size);
    return resized;
}

/* Sees all that is sent. */
static void see(void *context, size_t from, size_t to, const uint8_t *data, size_t size) {
    (void)context;
    if (to < COUNT && forgers[to].on && waiting_count < WAITING_MAX) {
        struct waiting *packet = &waiting[waiting_count++];
        packet->from = from;
        packet->to = to;
        packet->size = size;
        memcpy(packet->data, data, size);
    }
}

static void send(struct forger *forger, size_t as, size_t to, const void *frames, size_t size, bool unsent) {
    const struct bw_node *node = bw_sim_node(sim, to);
    uint8_t datagram[BW_DATAGRAM_MAX];
    struct bw_outbound out = {
        .to = node->id, .session = node->session, .addr = bw_sim_addr(to), .frames = frames, .frames_size = size};
    size_t sealed = bw_channel_seal(forger->channel, &out, datagram, bw_sim_clock(sim, to));
    if (!unsent) {
        bw_sim_inject(sim, as, to, datagram, sealed);
        said++;
    }
}

static void say(size_t as, size_t to, const struct bw_schema *schema, const void *message) {
    uint8_t frame[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = frame, .capacity = sizeof frame};
    int error = bw_wire_put(&writer, schema, message);
    BW_ASSERT(error == 0);
    send(&forgers[as], as, to, frame, writer.used, false);
}

static void say_in_election(size_t as, size_t to, const struct bw_schema *schema, const void *message) {
    uint8_t data[BW_MESSAGE_MAX];
    struct bw_writer writer = {.data = data, .capacity = sizeof data};
    int error = bw_wire_put(&writer, schema, message);
    BW_ASSERT(error == 0);
    struct bw_frame_message frame = {.channel = BW_CHANNEL_ELECTION, .data = {data, writer.used}};
    say(as, to, &bw_schema_message, &frame);
}

/* From now on the forger speaks for it, in that session. */
static void give_out_for(size_t host, uint64_t session) {
    struct forger *forger = &forgers[host];
    const struct bw_node *node = bw_sim_node(sim, host);
    char keys[BW_SIM_KEYS_SIZE];
    size_t size = bw_sim_key_text(&sim->hosts[host], keys, sizeof keys);
    *forger = (struct forger){.on = true, .id = node->id};
    int error = bw_keyring_create(&forger->ring, keys, size, NULL);
    BW_ASSERT(error == 0);
    struct bw_channel_config config = {.allocator = {.resize = resize},
                                       .trace = &forger->trace,
                                       .keyring = forger->ring,
                                       .self = node->id,
                                       .session = session,
                                       .label = node->cluster,
                                       .member_max = 100};
    error = bw_channel_create(&forger->channel, &config);
    BW_ASSERT(error == 0);
    for (size_t i = 0; i < AHEAD; i++)
        send(forger, host, host, "", 0, true);
}

/* And it is gone itself, without a refusal. */
static void replace(size_t host) {
    give_out_for(host, bw_sim_node(sim, host)->session);
    bw_sim_refusals(sim, host, BW_SIM_REFUSALS_NEVER);
    bw_sim_crash(sim, host);
}

static void stop_forging(void) {
    for (size_t i = 0; i < COUNT; i++) {
        if (forgers[i].on) {
            bw_channel_destroy(forgers[i].channel);
            bw_keyring_destroy(forgers[i].ring);
        }
        forgers[i].on = false;
    }
    waiting_count = 0;
}

/* As a voter that grants all; as a follower that confirms all. */
static void answer_message(size_t as, size_t to, struct bw_bytes data) {
    struct bw_reader reader = {data.data, data.size, 0};
    struct bw_bytes body;
    uint8_t type = 0;
    while (bw_wire_next(&reader, &type, &body) > 0) {
        struct bw_message_ballot ballot;
        struct bw_message_claim claim;
        if (type == bw_message_schema_ballot.type && bw_wire_get(&bw_message_schema_ballot, body, &ballot) == 0) {
            struct bw_message_vote vote = {.scope = ballot.scope,
                                           .kind = ballot.kind,
                                           .term = ballot.term,
                                           .number = ballot.number,
                                           .seen = ballot.term,
                                           .voters_term = ballot.voters_term,
                                           .voters_number = ballot.voters_number};
            say_in_election(as, to, &bw_message_schema_vote, &vote);
        } else if (type == bw_message_schema_claim.type && bw_wire_get(&bw_message_schema_claim, body, &claim) == 0) {
            struct bw_message_confirm confirm = {.scope = claim.scope, .term = claim.term, .number = claim.number};
            say_in_election(as, to, &bw_message_schema_confirm, &confirm);
        }
        opened++;
    }
}

static void answer(const struct waiting *packet) {
    struct forger *forger = &forgers[packet->to];
    struct bw_addr from = bw_sim_addr(packet->from);
    struct bw_inbound inbound;
    struct bw_frame frame;
    if (bw_channel_open(forger->channel, (struct bw_bytes){packet->data, packet->size}, &from, &inbound,
                        bw_sim_clock(sim, packet->from)) != 0)
        return;
    uint8_t frames[BW_FRAMES_MAX]; /* what it says itself is opened in the same place */
    memcpy(frames, inbound.frames.data, inbound.frames.size);
    struct bw_reader reader = {.data = frames, .size = inbound.frames.size};
    while (bw_frame_next(&reader, &frame) > 0) {
        if (frame.type == BW_FRAME_NUMBER_ping) {
            struct bw_frame_ack ack = {frame.as.ping.seq, 1, frame.as.ping.digest};
            say(packet->to, packet->from, &bw_schema_ack, &ack);
            opened++;
        } else if (frame.type == BW_FRAME_NUMBER_ack) { /* so it shows that it hears, and a new session is proven */
            struct bw_frame_ping ping = {frame.as.ack.seq + 1, 0, 0};
            say(packet->to, packet->from, &bw_schema_ping, &ping);
        } else if (frame.type == BW_FRAME_NUMBER_message) {
            answer_message(packet->to, packet->from, frame.as.message.data);
        }
    }
}

/* What it cannot read it may guess: terms and numbers are small. */
static void guess(size_t as, size_t to, uint64_t term) {
    static const struct bw_bytes scope = {(const uint8_t *)SCOPE, sizeof SCOPE - 1};
    for (uint64_t number = 0; number < 4; number++) {
        for (uint8_t kind = BW_BALLOT_PREVOTE; kind <= BW_BALLOT_RENEW; kind++) {
            struct bw_message_vote vote = {.scope = scope, .kind = kind, .term = term, .number = number, .seen = term};
            say_in_election(as, to, &bw_message_schema_vote, &vote);
        }
        struct bw_message_confirm confirm = {.scope = scope, .term = term, .number = (uint32_t)number};
        say_in_election(as, to, &bw_message_schema_confirm, &confirm);
    }
}

static void forge_for(int64_t ms, uint64_t term) {
    for (int64_t at = 0; at < ms; at++) {
        CHECK(run_ms(1));
        size_t count = waiting_count;
        for (size_t i = 0; i < count; i++)
            answer(&waiting[i]);
        memmove(waiting, waiting + count, (waiting_count - count) * sizeof waiting[0]);
        waiting_count -= count;
        for (size_t as = 0; at % GUESS_EVERY_MS == 0 && term > 0 && as < COUNT; as++)
            for (size_t to = 0; forgers[as].on && to < sim->host_count; to++)
                if (!forgers[to].on)
                    guess(as, to, term);
    }
}

static void begin(bool identity, const char *scope) {
    stop_forging();
    story_tear_down();
    story_set_up();
    options.durable = true;
    options.on_datagram = see;
    options.configure = identity ? certified : NULL;
    options.scope = scope;
    opened = said = 0;
}

static void forged_acks_keep_nobody_alive(void) {
    for (int identity = 0; identity < 2; identity++) {
        begin(identity != 0, NULL);
        cluster(1, COUNT);
        replace(2);
        forge_for(LIMIT_MS, 0);
        CHECK(opened > 0 && said > 0); /* pings of who looks for it are for all eyes */
        tap_note("%s: it read %llu, and said %llu", identity ? "identity mode" : "the key alone",
                 (unsigned long long)opened, (unsigned long long)said);
        for (size_t i = 0; i < COUNT; i++)
            CHECK(i == 2 || bw_sim_status_at(sim, i, 2) == (identity ? BW_STATUS_DEAD : BW_STATUS_ALIVE));
        stop_forging();
    }
}

static void forged_votes_keep_nobody_in_the_lead(void) {
    for (int identity = 0; identity < 2; identity++) {
        begin(identity != 0, SCOPE);
        options.voter_count = 3;
        size_t leader = cluster(1, 3);
        CHECK(leader != NOBODY && may_act(leader));
        for (size_t i = 0; i < 3; i++)
            if (i != leader)
                replace(i);
        forge_for(LIMIT_MS / 2, token_of(leader).term);
        CHECK(may_act(leader) == (identity == 0));
        CHECK(said > 0);
        stop_forging();
    }
}

/* In availability mode, as in any: whoever has lost all others does not lead on because of words in their names. */
static void forged_confirmations_count_for_nothing(void) {
    for (int identity = 0; identity < 2; identity++) {
        begin(identity != 0, SCOPE);
        size_t leader = cluster(1, 3);
        CHECK(leader != NOBODY);
        uint64_t dropped = 0;
        for (size_t i = 0; i < 3; i++)
            if (i != leader)
                replace(i);
        dropped = bw_node_dropped(bw_sim_node(sim, leader), BW_ERR_DROP_UNPROVEN);
        uint64_t said_before = said;
        forge_for(LIMIT_MS / 4, token_of(leader).term);
        dropped = bw_node_dropped(bw_sim_node(sim, leader), BW_ERR_DROP_UNPROVEN) - dropped;
        tap_note("of %llu said %llu are not believed", (unsigned long long)(said - said_before),
                 (unsigned long long)dropped);
        CHECK(identity ? dropped > 0 : dropped == 0);
        stop_forging();
    }
}

/* n1 lives, and somebody accuses n3 in its name, and says that there is a newer key ring. */
static void nobody_accuses_or_changes_the_ring_in_anothers_name(void) {
    static const uint8_t rank[BW_RECORD_RANK_SIZE] = {[7] = 5};
    for (int identity = 0; identity < 2; identity++) {
        struct bw_member_info accused_one;
        begin(identity != 0, NULL);
        cluster(1, COUNT);
        struct bw_id victim = bw_sim_node(sim, 3)->id;
        uint64_t incarnation = bw_gossip_incarnation(bw_sim_node(sim, 3)->gossip);
        give_out_for(1, bw_sim_node(sim, 1)->session);
        struct bw_frame_suspect suspect = {victim, incarnation, {forgers[1].id.bytes, sizeof(struct bw_id)}};
        struct bw_frame_record record = {
            BW_RECORD_KIND_KEYS, 1, {(const uint8_t *)"keys", 4}, {rank, sizeof rank}, {NULL, 0}};
        say(1, 0, &bw_schema_suspect, &suspect);
        say(1, 0, &bw_schema_record, &record);
        CHECK(run_ms(100));
        CHECK(bw_sim_node(sim, 0)->keys.wanted == (identity == 0));
        CHECK((bw_gossip_incarnation(bw_sim_node(sim, 3)->gossip) > incarnation) == (identity == 0));
        CHECK(bw_gossip_find(bw_sim_node(sim, 0)->gossip, &victim, &accused_one) == 0);
        CHECK((accused_one.incarnation > incarnation) == (identity == 0));
        stop_forging();
    }
}

/* Without identity mode n0 believes the newer session, and the living n1 no more. */
static void nobody_begins_a_session_in_anothers_name(void) {
    for (int identity = 0; identity < 2; identity++) {
        begin(identity != 0, NULL);
        cluster(1, COUNT);
        give_out_for(1, 4711);
        struct bw_frame_ping ping = {1, 0, 0};
        say(1, 0, &bw_schema_ping, &ping);
        forge_for(LIMIT_MS / 2, 0);
        CHECK(said > 1);
        CHECK((rules(0, BW_RULE_REFUSE_ENDED_SESSION) > 0) == (identity == 0));
        CHECK(!identity || (bw_sim_converged(sim) && accused_in(0, COUNT) == 0));
        stop_forging();
    }
}

static const struct bw_addr nobodys = {.ip = {10, 99, 99, 99}, .port = 7000, .family = 4};

/* What n0 sends there at once for such a ping in the forger's name; size: of its frames. */
static size_t drawn(size_t as, size_t size) {
    struct bw_node *node = bw_sim_node(sim, 0);
    uint8_t frames[BW_FRAMES_MAX] = {0};
    uint8_t datagram[BW_DATAGRAM_MAX];
    struct bw_writer writer = {.data = frames, .capacity = sizeof frames};
    struct bw_frame_ping ping = {1, 0, 0};
    struct bw_datagram sent;
    size_t sum = 0;
    int error = bw_wire_put(&writer, &bw_schema_ping, &ping);
    BW_ASSERT(error == 0);
    if (size > writer.used) /* a frame of no type */
        bw_put_u16(frames + writer.used + 1, (uint16_t)(size - writer.used - 3));
    struct bw_outbound out = {.to = node->id,
                              .session = node->session,
                              .addr = bw_sim_addr(0),
                              .frames = frames,
                              .frames_size = size > writer.used ? size : writer.used};
    size_t sealed = bw_channel_seal(forgers[as].channel, &out, datagram, bw_sim_clock(sim, 0));
    bw_node_receive(node, datagram, sealed, &nobodys, bw_sim_clock(sim, 0));
    while (bw_node_transmit(node, &sent, bw_sim_clock(sim, 0)))
        sum += bw_addr_equal(&sent.to, &nobodys) ? sent.size : 0;
    CHECK(sum > 0 && sum <= sealed);
    return sum;
}

/* n3 has another session, which n0 has only heard of. */
static void no_false_address_gets_more_than_was_asked_with(void) {
    begin(true, NULL);
    options.seed_count = 2;
    cluster(1, COUNT);
    bw_sim_cut(sim, 0, 3);
    CHECK(bw_sim_restart(sim, 3) == 0);
    struct bw_id id = bw_sim_node(sim, 3)->id;
    uint64_t session = bw_sim_node(sim, 3)->session;
    for (size_t ms = 0; ms < LIMIT_MS && !bw_gossip_knows(bw_sim_node(sim, 0)->gossip, &id, session); ms++)
        CHECK(run_ms(1));
    CHECK(bw_gossip_knows(bw_sim_node(sim, 0)->gossip, &id, session));
    give_out_for(3, session);
    uint64_t introduced = rules(0, BW_RULE_INTRODUCE_OURSELVES);
    size_t small = drawn(3, 0);
    CHECK(rules(0, BW_RULE_INTRODUCE_OURSELVES) == introduced);
    size_t large = drawn(3, BW_FRAMES_MAX);
    CHECK(rules(0, BW_RULE_INTRODUCE_OURSELVES) == introduced + 1);
    CHECK(large > 3 * small);
    tap_note("%zu bytes for a small ping, %zu for the largest", small, large);
    bw_sim_heal(sim);
    CHECK(wait_converged(LIMIT_MS));
    stop_forging();
}

static void forged_tear_down(void) {
    stop_forging();
    story_tear_down();
}

static const struct tap_test tests[] = {
    TAP_TEST(forged_acks_keep_nobody_alive),
    TAP_TEST(forged_votes_keep_nobody_in_the_lead),
    TAP_TEST(forged_confirmations_count_for_nothing),
    TAP_TEST(nobody_accuses_or_changes_the_ring_in_anothers_name),
    TAP_TEST(nobody_begins_a_session_in_anothers_name),
    TAP_TEST(no_false_address_gets_more_than_was_asked_with),
};

static const struct tap_suite suites[] = {TAP_SUITE_WITH("forged", tests, story_set_up, forged_tear_down)};

TAP_MAIN(suites)
