/* Identity mode: what the keys of pairs promise of somebody who holds the cluster's key, and may be a certified member itself. */
#include "base/base.h"
#include "crypto/aead.h"
#include "tests/unit/crypto_test.h"

#include <string.h>

#define COUNTER_FAR (UINT64_C(1) << 60)

struct side {
    struct test_member m;
    struct bw_exchange *exchange;
    uint64_t incarnation;
};

static struct side a;
static struct side b;
static struct side bad; /* certified like the others */

static struct bw_exchange *make_exchange(unsigned number) {
    uint8_t seed[BW_EXCHANGE_SIZE];
    struct bw_exchange *made = NULL;
    memset(seed, (int)number, sizeof(seed));
    CU_ASSERT_EQUAL_FATAL(bw_exchange_create(&made, seed), 0);
    return made;
}

/* A member as in the other tests, whose channel knows its exchange. */
static void begin(struct side *side, unsigned number, uint64_t session, const char *keys) {
    const struct test_setting setting = {.keys = keys};
    test_start(&side->m, number, session, &setting);
    bw_channel_destroy(side->m.channel);
    side->exchange = make_exchange(number + (unsigned)session);
    side->incarnation = session; /* rises with each life */
    struct bw_channel_config config = {.allocator = test_allocator(&side->m.heap),
                                       .trace = &side->m.trace,
                                       .keyring = side->m.keyring,
                                       .self = side->m.id,
                                       .session = session,
                                       .label = "prod",
                                       .member_max = 8,
                                       .exchange = side->exchange};
    CU_ASSERT_EQUAL_FATAL(bw_channel_create(&side->m.channel, &config), 0);
}

static void end(struct side *side) {
    test_stop(&side->m);
    bw_exchange_destroy(side->exchange);
}

static struct bw_credential credential_of(const struct side *side) {
    return (struct bw_credential){side->m.id, side->m.session, side->incarnation, bw_exchange_public(side->exchange)};
}

static void learn(struct side *who, const struct side *of) {
    const struct bw_credential credential = credential_of(of);
    CU_ASSERT_EQUAL(bw_channel_credential(who->m.channel, &credential), 0);
}

static void meet(struct side *one, struct side *other) {
    learn(one, other);
    learn(other, one);
}

static void set_up(void) {
    begin(&a, 1, 101, NULL);
    begin(&b, 2, 102, NULL);
    begin(&bad, 3, 103, NULL);
    meet(&a, &b);
    meet(&a, &bad);
}

static void tear_down(void) {
    end(&a);
    end(&b);
    end(&bad);
}

/* Whoever has the cluster's key, under any name and session, without keys of pairs. */
static struct test_datagram forge(unsigned as, uint64_t session, const struct side *to, const char *text,
                                  size_t count) {
    struct test_member forger;
    struct test_datagram datagram;
    test_start(&forger, as, session, NULL);
    for (size_t i = 0; i < count; i++) {
        datagram = test_seal(&forger, &to->m, true, text);
    }
    test_stop(&forger);
    return datagram;
}

/* docs/PROTOCOL.md a second time: a packet from a pair's member that says in it that it is another one. */
static struct test_datagram seal_as(const struct side *from, uint64_t session, const struct bw_id *name,
                                    const struct side *to, uint64_t counter) {
    static const uint8_t label[] = {4, 'p', 'r', 'o', 'd'};
    struct test_memory heap = {.used_size = 0};
    struct test_datagram datagram = {.size = 4 + 24 + 24 + 16};
    struct bw_pairs pairs;
    struct bw_key_use key;
    uint8_t plain[24] = {0};
    uint8_t associated[4 + 5 + 24] = {1, 3};
    bw_pairs_init(&pairs, test_allocator(&heap), 8);
    pairs.exchange = from->exchange;
    pairs.self = from->m.id;
    pairs.session = session;
    pairs.label = (struct bw_bytes){label, sizeof(label)};
    const struct bw_credential credential = credential_of(to);
    CU_ASSERT_EQUAL_FATAL(bw_pairs_put(&pairs, &credential), 0);
    bw_keyring_use(from->m.keyring, 0, &key);
    CU_ASSERT_FATAL(bw_pairs_use(&pairs, bw_pairs_find(&pairs, &to->m.id, to->m.session), from->m.keyring, 0, &key));
    bw_put_u16(associated + 2, key.hint);
    memcpy(datagram.data, associated, 4);
    memcpy(associated + 4, label, sizeof(label));
    memcpy(associated + 9, to->m.id.bytes, 16);
    bw_put_u64(associated + 25, to->m.session);
    bw_put_u64(datagram.data + 4, session);
    bw_put_u64(datagram.data + 12, counter);
    bw_put_u64(datagram.data + 20, counter);
    memcpy(plain, name->bytes, 16);
    bw_aead_xchacha20poly1305.seal(datagram.data + 28, (struct bw_bytes){plain, sizeof(plain)},
                                   (struct bw_bytes){associated, sizeof(associated)}, datagram.data + 4, key.seal_key);
    bw_pairs_free(&pairs);
    CU_ASSERT_EQUAL(heap.used_size, 0);
    return datagram;
}

/* ------------------------------------------------------------------ what the two of a pair have */

static void the_two_understand_each_other_and_nobody_else_does(void) {
    struct test_datagram datagram = test_seal(&b.m, &a.m, true, "to a");
    struct bw_inbound inbound;
    CU_ASSERT_EQUAL(datagram.data[1], 3);
    CU_ASSERT_EQUAL(datagram.size, BW_SEAL_OVERHEAD + 4); /* no larger than without */
    learn(&bad, &b);
    CU_ASSERT_EQUAL(test_opens(&bad.m, &datagram, &b.m), BW_ERR_DROP_AUTH);
    struct test_member outside; /* with the cluster's key, and the recipient's id and session */
    test_start(&outside, 1, 101, NULL);
    CU_ASSERT_EQUAL(test_opens(&outside, &datagram, &b.m), BW_ERR_DROP_VERSION);
    datagram.data[1] = 1;
    CU_ASSERT_EQUAL(test_opens(&outside, &datagram, &b.m), BW_ERR_DROP_AUTH);
    test_stop(&outside);
    datagram.data[1] = 3;
    CU_ASSERT_EQUAL(test_open(&a.m, &datagram, &b.m, &inbound), 0);
    CU_ASSERT(inbound.proven && inbound.bound && inbound.session == b.m.session);
    CU_ASSERT(inbound.frames.size == 4 && memcmp(inbound.frames.data, "to a", 4) == 0);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), BW_ERR_DROP_REPLAY);
    CU_ASSERT(test_tell(&a.m, &b.m));
    datagram = test_seal(&b.m, &a.m, true, "x");
    CU_ASSERT_EQUAL(test_open(&a.m, &datagram, &b.m, &inbound), 0);
    CU_ASSERT_NOT_EQUAL(inbound.heard_us, BW_NOT_HEARD); /* the echo is the pair's, too */
}

static void each_bit_counts_between_two(void) {
    struct test_datagram datagram = test_seal(&b.m, &a.m, true, "to a");
    for (size_t bit = 0; bit < 8 * datagram.size; bit++) {
        datagram.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT(test_opens(&a.m, &datagram, &b.m) < 0);
        datagram.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), 1);
}

static void without_its_keys_nothing_goes_out(void) {
    uint8_t datagram[BW_DATAGRAM_MAX];
    struct bw_outbound out = {.to = bad.m.id, .session = bad.m.session, .addr = bad.m.addr};
    CU_ASSERT_EQUAL(bw_channel_seal(b.m.channel, &out, datagram, b.m.now), 0);
    CU_ASSERT_EQUAL(test_rule(&b.m, BW_RULE_NOTHING_FOR_ALL_EYES), 1);
    CU_ASSERT_EQUAL(bw_channel_introduces(b.m.channel, &out), BW_ERR_NOT_FOUND);
    out.with = BW_SEAL_WITH_ANY;
    CU_ASSERT_NOT_EQUAL(bw_channel_seal(b.m.channel, &out, datagram, b.m.now), 0);
    CU_ASSERT_EQUAL(datagram[1], 1);
    const uint8_t none[BW_EXCHANGE_SIZE] = {0}; /* a public key that is none */
    const struct bw_credential credential = {bad.m.id, bad.m.session, 1, none};
    CU_ASSERT_EQUAL(bw_channel_credential(b.m.channel, &credential), 0);
    out.with = BW_SEAL_WITH_PAIR;
    CU_ASSERT_EQUAL(bw_channel_seal(b.m.channel, &out, datagram, b.m.now), 0);
    out.with = BW_SEAL_WITH_CLUSTER; /* who we are is told to all */
    learn(&b, &bad);
    CU_ASSERT_NOT_EQUAL(bw_channel_seal(b.m.channel, &out, datagram, b.m.now), 0);
    CU_ASSERT_EQUAL(datagram[1], 1);
}

static void who_has_not_answered_is_told_who_we_are(void) {
    struct bw_outbound out = {.to = b.m.id, .session = b.m.session, .addr = b.m.addr};
    CU_ASSERT_EQUAL(bw_channel_introduces(a.m.channel, &out), 1);
    CU_ASSERT_EQUAL(bw_channel_introduces(a.m.channel, &out), 1);
    struct test_datagram forged = forge(2, b.m.session, &a, "I know you", 1);
    CU_ASSERT_EQUAL(test_opens(&a.m, &forged, &b.m), 0);
    CU_ASSERT_EQUAL(bw_channel_introduces(a.m.channel, &out), 1);
    CU_ASSERT(test_tell(&b.m, &a.m));
    size_t told = 0;
    for (size_t i = 0; i < 15; i++) {
        CU_ASSERT_EQUAL(bw_channel_introduces(a.m.channel, &out), 0);
        (void)test_seal(&a.m, &b.m, true, "and again");
    }
    for (size_t i = 0; i < 64; i++) { /* it says of none that it has opened it */
        told += bw_channel_introduces(a.m.channel, &out) == 1;
        (void)test_seal(&a.m, &b.m, true, "and again");
    }
    CU_ASSERT_EQUAL(told, 8);
    CU_ASSERT(test_tell(&a.m, &b.m));
    CU_ASSERT(test_tell(&b.m, &a.m));
    CU_ASSERT_EQUAL(bw_channel_introduces(a.m.channel, &out), 0);
}

/* An answer that has no room for who we are. */
static void a_short_answer_is_sealed_for_who_has_met_us(void) {
    uint8_t datagram[BW_DATAGRAM_MAX];
    struct bw_outbound out = {.to = b.m.id, .session = b.m.session, .addr = b.m.addr, .with = BW_SEAL_WITH_KNOWN};
    for (size_t i = 0; i < 16; i++) {
        CU_ASSERT_EQUAL(bw_channel_introduces(a.m.channel, &out), 0);
        CU_ASSERT_EQUAL(bw_channel_seal(a.m.channel, &out, datagram, a.m.now), BW_SEAL_OVERHEAD);
        CU_ASSERT_EQUAL(datagram[1], 1); /* b may not know our keys */
    }
    CU_ASSERT(test_tell(&b.m, &a.m));
    CU_ASSERT_EQUAL(bw_channel_seal(a.m.channel, &out, datagram, a.m.now), BW_SEAL_OVERHEAD);
    CU_ASSERT_EQUAL(datagram[1], 3);
    for (size_t i = 0; i < 16; i++) {
        (void)test_seal(&a.m, &b.m, true, "and again");
    }
    CU_ASSERT_EQUAL(bw_channel_introduces(a.m.channel, &out), 0);
    CU_ASSERT_NOT_EQUAL(bw_channel_seal(a.m.channel, &out, datagram, a.m.now), 0);
    CU_ASSERT_EQUAL(datagram[1], 1); /* nor any more, it seems */
}

/* ------------------------------------------------------------------ forged */

static void the_cluster_key_alone_proves_nothing(void) {
    CU_ASSERT(test_tell(&a.m, &b.m) && test_tell(&b.m, &a.m));
    struct test_datagram datagram = forge(2, b.m.session, &a, "I am b", 3000);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), 0);
    CU_ASSERT(test_tell(&b.m, &a.m)); /* its window has not moved */
    datagram = forge(2, 999, &a, "I am b, anew", 5);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), 0);
    CU_ASSERT(test_tell(&b.m, &a.m)); /* its session has not ended */
    struct bw_inbound inbound;
    datagram = test_seal(&a.m, &b.m, true, "");
    CU_ASSERT_EQUAL(test_open(&b.m, &datagram, &a.m, &inbound), 0); /* nor is a made to echo what b never sent */
    CU_ASSERT(inbound.proven);
    datagram = forge(9, 104, &a, "nobody knows me", 1);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), 0);
    CU_ASSERT_EQUAL(test_rule(&a.m, BW_RULE_CLUSTER_KEY_ONLY_OPENS), 3);
    CU_ASSERT_EQUAL(test_rule(&a.m, BW_RULE_PROVE_BOUND_SESSION), 1);
}

/* Before b has said anything itself. */
static void nor_does_it_stand_in_the_way_of_a_first_contact(void) {
    struct test_datagram datagram = forge(2, b.m.session, &a, "I am b", 3000);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), 0);
    datagram = forge(9, b.m.session, &a, "this session is mine", 1);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), 0);
    CU_ASSERT(test_tell(&b.m, &a.m));
    CU_ASSERT(test_tell(&b.m, &a.m));
}

static void what_is_over_is_looked_past(void) {
    struct test_datagram early = forge(2, b.m.session, &a, "captured", 1);
    CU_ASSERT_EQUAL(test_opens(&a.m, &early, &b.m), 0);
    CU_ASSERT(test_tell(&b.m, &a.m)); /* with the same number */
    CU_ASSERT_EQUAL(test_opens(&a.m, &early, &b.m), BW_ERR_DROP_REPLAY);
    struct side again;
    begin(&again, 2, 202, NULL);
    learn(&a, &again);
    learn(&again, &a);
    CU_ASSERT(test_tell(&a.m, &again.m) && test_tell(&again.m, &a.m));
    early = forge(2, b.m.session, &a, "captured", 1000);
    CU_ASSERT_EQUAL(test_opens(&a.m, &early, &b.m), BW_ERR_DROP_SESSION);
    end(&again);
}

static void a_pair_speaks_for_itself_alone(void) {
    struct test_datagram datagram = seal_as(&bad, bad.m.session, &bad.m.id, &a, 1);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &bad.m), 1);
    datagram = seal_as(&bad, bad.m.session, &b.m.id, &a, 2);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(test_rule(&a.m, BW_RULE_A_PAIR_SPEAKS_FOR_ITSELF), 1);
    datagram = seal_as(&bad, bad.m.session, &a.m.id, &a, 3);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &a.m), BW_ERR_DROP_SELF);
    CU_ASSERT(test_tell(&b.m, &a.m));
}

/* The bad one signs that it is in b's session; numbers are no secret. It is not to cut b off by that, before or after. */
static void a_session_number_may_be_anothers(void) {
    for (int before = 0; before < 2; before++) {
        const struct bw_credential taken = {bad.m.id, b.m.session, 1000, bw_exchange_public(bad.exchange)};
        CU_ASSERT(!before || test_tell(&b.m, &a.m));
        CU_ASSERT_EQUAL(bw_channel_credential(a.m.channel, &taken), 0);
        struct test_datagram datagram = seal_as(&bad, b.m.session, &bad.m.id, &a, COUNTER_FAR);
        CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &bad.m), 1);
        CU_ASSERT(test_tell(&b.m, &a.m));
        datagram = seal_as(&bad, b.m.session, &b.m.id, &a, COUNTER_FAR + 1);
        CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), BW_ERR_DROP_MALFORMED);
        CU_ASSERT(test_tell(&b.m, &a.m));
        bw_channel_forget(a.m.channel, &bad.m.id);
        CU_ASSERT(test_tell(&b.m, &a.m));
        tear_down();
        set_up();
    }
}

/* ------------------------------------------------------------------ lives, rings, bounds */

static void the_newest_record_counts(void) {
    struct side again;
    CU_ASSERT(test_tell(&b.m, &a.m));
    const struct bw_credential old = credential_of(&b);
    begin(&again, 2, 202, NULL);
    learn(&a, &again);
    learn(&again, &a);
    struct test_datagram late = test_seal(&b.m, &a.m, true, "late");
    CU_ASSERT_EQUAL(test_opens(&a.m, &late, &b.m), BW_ERR_DROP_SESSION);
    CU_ASSERT(test_tell(&a.m, &again.m));
    CU_ASSERT(test_tell(&again.m, &a.m));
    CU_ASSERT_EQUAL(bw_channel_credential(a.m.channel, &old), 0); /* somebody says that again */
    CU_ASSERT_EQUAL(test_opens(&a.m, &late, &b.m), BW_ERR_DROP_SESSION);
    CU_ASSERT(test_tell(&again.m, &a.m));
    again.incarnation++; /* another record of the same session */
    learn(&a, &again);
    CU_ASSERT(test_tell(&again.m, &a.m));
    end(&again);
}

/* Where a member was forgotten a first word that echoes nothing does not prove its session; its number counts all the same. */
static void the_forgotten_prove_themselves_as_before(void) {
    CU_ASSERT(test_tell(&b.m, &a.m) && test_tell(&a.m, &b.m));
    struct test_datagram early = test_seal(&b.m, &a.m, true, "");
    CU_ASSERT_EQUAL(test_opens(&a.m, &early, &b.m), 1);
    for (size_t i = 0; i < 3; i++) {
        (void)test_seal(&a.m, &b.m, true, "");
    }
    bw_channel_forget(a.m.channel, &b.m.id);
    learn(&a, &b);
    CU_ASSERT_EQUAL(test_opens(&a.m, &early, &b.m), 0); /* a capture */
    CU_ASSERT_EQUAL(test_opens(&a.m, &early, &b.m), BW_ERR_DROP_REPLAY);
    CU_ASSERT(test_tell(&a.m, &b.m));
    CU_ASSERT(test_tell(&b.m, &a.m));
}

/* The same where another one gives himself out for the number of its session, which is noted with the key that he used. */
static void nor_is_a_number_theirs_who_say_so(void) {
    struct bw_keyring *ring = NULL;
    static const char keys[] = TEST_KEY_A "\n" TEST_KEY_B;
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, keys, strlen(keys), NULL), 0);
    bw_channel_set_keyring(a.m.channel, ring);
    CU_ASSERT(test_tell(&b.m, &a.m));
    bw_channel_forget(a.m.channel, &b.m.id);
    learn(&a, &b);
    struct test_datagram datagram = forge(9, b.m.session, &a, "mine", 1);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), 0);
    datagram = test_seal(&b.m, &a.m, true, "not proven yet");
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), 0);
    CU_ASSERT_EQUAL(test_opens(&a.m, &datagram, &b.m), BW_ERR_DROP_REPLAY);
    bw_channel_set_keyring(a.m.channel, a.m.keyring);
    bw_keyring_destroy(ring);
}

static void the_ring_keeps_out_whom_it_kept_out(void) {
    static const char *const rings[] = {TEST_KEY_A "\n" TEST_KEY_B, TEST_KEY_B "\n" TEST_KEY_A, TEST_KEY_B};
    struct bw_keyring *ring[3];
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring[i], rings[i], strlen(rings[i]), NULL), 0);
    }
    CU_ASSERT(test_tell(&a.m, &b.m) && test_tell(&b.m, &a.m));
    for (size_t one = 0; one < 2; one++) {
        for (size_t other = 0; other < 3; other++) {
            bw_channel_set_keyring(a.m.channel, ring[one]);
            bw_channel_set_keyring(b.m.channel, ring[other]);
            size_t understood = 0;
            for (size_t i = 0; i < 64; i++) {
                understood += test_tell(&a.m, &b.m);
                understood += test_tell(&b.m, &a.m);
            }
            CU_ASSERT(understood >= 96); /* now and then a key is tried that the other has not */
        }
    }
    bw_channel_set_keyring(a.m.channel, ring[2]);
    bw_channel_set_keyring(b.m.channel, b.m.keyring); /* the first one alone */
    CU_ASSERT(!test_tell(&a.m, &b.m) && !test_tell(&b.m, &a.m));
    bw_channel_set_keyring(a.m.channel, a.m.keyring);
    CU_ASSERT(test_tell(&a.m, &b.m));
    for (size_t i = 0; i < 3; i++) {
        bw_keyring_destroy(ring[i]);
    }
}

static bool is_below_10(void *context, const struct bw_id *id) {
    (void)context;
    return id->bytes[0] < 10;
}

static void strangers_make_room_and_members_stay(void) {
    struct bw_credential credential = credential_of(&bad);
    int error = 0;
    size_t known = 2; /* b and the bad one */
    for (unsigned i = 100; i < 255 && error == 0; i++) {
        memset(credential.id.bytes, (int)i, sizeof(credential.id.bytes));
        credential.session = i;
        error = bw_channel_credential(a.m.channel, &credential);
        known += error == 0;
    }
    CU_ASSERT_EQUAL(error, BW_ERR_FULL);
    CU_ASSERT_EQUAL(known, 8 + BW_PAIR_STRANGERS);
    CU_ASSERT(bw_channel_make_pair_room(a.m.channel, is_below_10, NULL));
    CU_ASSERT_EQUAL(bw_channel_credential(a.m.channel, &credential), 0);
    CU_ASSERT(test_tell(&b.m, &a.m) && test_tell(&a.m, &bad.m));
}

static void want_of_memory_is_borne(void) {
    for (size_t at = 1; at < 8; at++) {
        struct side new;
        begin(&new, 7, 107, NULL);
        const struct bw_credential credential = credential_of(&new);
        bw_channel_forget(a.m.channel, &new.m.id);
        a.m.heap.fail_at = a.m.heap.calls + at;
        bool known = bw_channel_credential(a.m.channel, &credential) == 0;
        bool said = test_seal(&a.m, &new.m, true, "x").size > 0;
        CU_ASSERT(known || !said);
        a.m.heap.fail_at = 0;
        learn(&a, &new);
        learn(&new, &a);
        CU_ASSERT(test_tell(&a.m, &new.m) && test_tell(&new.m, &a.m));
        end(&new);
        CU_ASSERT(test_tell(&a.m, &b.m));
    }
}

/* ------------------------------------------------------------------ a machine that went back to a snapshot */

static void who_went_back_catches_up_by_what_the_pair_has_sealed(void) {
    struct side lost;
    struct test_datagram datagram;
    struct bw_inbound inbound;
    begin(&lost, 1, a.m.session, NULL);
    meet(&lost, &b);
    for (int i = 0; i < 3000; i++) {
        datagram = test_seal(&lost.m, &b.m, true, "lost");
    }
    CU_ASSERT_EQUAL(test_opens(&b.m, &datagram, &a.m), 1);
    datagram = test_seal(&a.m, &b.m, true, "back");
    CU_ASSERT_EQUAL(test_open(&b.m, &datagram, &a.m, &inbound), BW_ERR_DROP_REPLAY);
    CU_ASSERT_TRUE(inbound.replayed && bw_id_equal(&inbound.from, &a.m.id));
    CU_ASSERT_TRUE(test_tell(&b.m, &a.m) && test_tell(&a.m, &b.m));
    CU_ASSERT_EQUAL(test_rule(&a.m, BW_RULE_CATCH_UP_WITH_OURSELVES), 1);
    end(&lost);
}

/* Whoever has the cluster's key could say anything. */
static void what_the_cluster_key_sealed_takes_no_counter_further(void) {
    struct test_member forger;
    struct test_member lost;
    struct test_datagram datagram = {.size = 0};
    CU_ASSERT_TRUE(test_tell(&a.m, &b.m) && test_tell(&b.m, &a.m));
    test_start(&forger, 2, b.m.session, NULL);
    test_start(&lost, 1, a.m.session, NULL);
    for (int i = 0; i < 3000; i++) {
        datagram = test_seal(&lost, &forger, true, "lost");
    }
    CU_ASSERT_EQUAL(test_opens(&forger, &datagram, &a.m), 1);
    datagram = test_seal(&forger, &a.m, true, "x");
    CU_ASSERT_TRUE(test_opens(&a.m, &datagram, &b.m) <= 0);
    datagram = test_seal(&forger, &a.m, true, "x");
    CU_ASSERT_TRUE(test_opens(&a.m, &datagram, &b.m) <= 0);
    CU_ASSERT_EQUAL(test_rule(&a.m, BW_RULE_CATCH_UP_WITH_OURSELVES), 0);
    CU_ASSERT_TRUE(test_tell(&a.m, &b.m) && test_tell(&b.m, &a.m));
    test_stop(&forger);
    test_stop(&lost);
}

static const struct tap_test tests[] = {
    TAP_TEST(the_two_understand_each_other_and_nobody_else_does),
    TAP_TEST(each_bit_counts_between_two),
    TAP_TEST(without_its_keys_nothing_goes_out),
    TAP_TEST(who_has_not_answered_is_told_who_we_are),
    TAP_TEST(a_short_answer_is_sealed_for_who_has_met_us),
    TAP_TEST(the_cluster_key_alone_proves_nothing),
    TAP_TEST(nor_does_it_stand_in_the_way_of_a_first_contact),
    TAP_TEST(what_is_over_is_looked_past),
    TAP_TEST(a_pair_speaks_for_itself_alone),
    TAP_TEST(a_session_number_may_be_anothers),
    TAP_TEST(the_newest_record_counts),
    TAP_TEST(the_forgotten_prove_themselves_as_before),
    TAP_TEST(nor_is_a_number_theirs_who_say_so),
    TAP_TEST(the_ring_keeps_out_whom_it_kept_out),
    TAP_TEST(strangers_make_room_and_members_stay),
    TAP_TEST(want_of_memory_is_borne),
    TAP_TEST(who_went_back_catches_up_by_what_the_pair_has_sealed),
    TAP_TEST(what_the_cluster_key_sealed_takes_no_counter_further),
};
const struct tap_suite crypto_pair_suite = TAP_SUITE_WITH("crypto pair", tests, set_up, tear_down);
