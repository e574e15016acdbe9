/* Sealing and opening (channel.h; security.md, Packets). What is hashed and sealed lies in one buffer:
 *
 *     counter(8)  associated data: header(4) label size(1) label [recipient id(16) session(8)]  plaintext
 *
 * The receiver does not compute the SipHash of the nonce again: the AEAD has already authenticated the nonce as it came,
 * and the hash protects the sender (a clone that repeats a counter) and not the receiver. */
#include "crypto/channel.h"

#include "base/base.h"
#include "crypto/aead.h"
#include "crypto/clock.h"
#include "crypto/sent.h"
#include "crypto/sessions.h"

#include <sodium.h>
#include <string.h>

#define FLAG_BOUND 1u
#define FLAG_PAIR 2u /* sealed with the keys of a pair; only with the other */
#define HEADER_SIZE 4u
#define COUNTER_AT 12u /* header, session */
#define HASH_AT 20u
#define BODY_AT (HEADER_SIZE + BW_NONCE_SIZE)
#define SILENT_STEP 8u  /* so seldom to who has known us */
#define PREFIX_SIZE 24u /* of the plaintext: sender, echo */
#define ASSOCIATED_MAX (HEADER_SIZE + 1u + BW_NAME_MAX + 24u)
#define PLAIN_MAX (BW_DATAGRAM_MAX - BODY_AT - BW_TAG_SIZE)

_Static_assert(BODY_AT == BW_QUOTE_SIZE, "a refusal has to quote header and nonce");
_Static_assert(BODY_AT + PREFIX_SIZE + BW_TAG_SIZE == BW_SEAL_OVERHEAD, "the overhead that the layers above count on");
_Static_assert(crypto_shorthash_BYTES == BW_NONCE_SIZE - 16u, "session and counter leave 8 bytes to the hash");

struct bw_channel {
    struct bw_allocator allocator;
    struct bw_trace *trace;
    const struct bw_keyring *keyring;
    const struct bw_aead *aead;
    struct bw_id self;
    uint64_t session;
    uint64_t counter; /* of the newest datagram that we sealed, 0 before the first */
    uint8_t label[1u + BW_NAME_MAX];
    size_t label_size; /* with its size byte */
    struct bw_sessions sessions;
    struct bw_pairs pairs;
    struct bw_clock clock;
    uint64_t dropped[BW_ERROR_COUNT];
    uint8_t plain[PLAIN_MAX]; /* what was opened last */
    struct bw_sent_ring sent;
};

int bw_channel_create(struct bw_channel **channel, const struct bw_channel_config *config) {
    return bw_channel_create_with(channel, config, &bw_aead_xchacha20poly1305);
}

int bw_channel_create_with(struct bw_channel **channel, const struct bw_channel_config *config,
                           const struct bw_aead *aead) {
    size_t label_size = strlen(config->label);
    BW_ASSERT(config->keyring && config->session != 0 && !bw_id_none(&config->self));
    BW_ASSERT(label_size <= BW_NAME_MAX && config->member_max > 0);
    *channel = NULL;
    struct bw_channel *made = bw_alloc(&config->allocator, sizeof(*made));
    if (!made) {
        return BW_ERR_MEMORY;
    }
    made->allocator = config->allocator;
    made->trace = config->trace;
    made->keyring = config->keyring;
    made->aead = aead;
    made->self = config->self;
    made->session = config->session;
    made->label[0] = (uint8_t)label_size;
    memcpy(made->label + 1, config->label, label_size);
    made->label_size = 1 + label_size;
    bw_sessions_init(&made->sessions, config->allocator, config->trace, config->member_max);
    bw_pairs_init(&made->pairs, config->allocator, config->member_max);
    made->sessions.paired = config->exchange != NULL;
    made->pairs.exchange = config->exchange;
    made->pairs.self = config->self;
    made->pairs.session = config->session;
    made->pairs.label = (struct bw_bytes){made->label, made->label_size};
    *channel = made;
    return 0;
}

void bw_channel_destroy(struct bw_channel *channel) {
    if (channel) {
        struct bw_allocator allocator = channel->allocator;
        bw_sessions_free(&channel->sessions);
        bw_pairs_free(&channel->pairs);
        sodium_memzero(channel, sizeof(*channel));
        bw_free(&allocator, channel, sizeof(*channel));
    }
}

void bw_channel_set_aead(struct bw_channel *channel, const struct bw_aead *aead) {
    channel->aead = aead;
}

void bw_channel_set_keyring(struct bw_channel *channel, const struct bw_keyring *keyring) {
    channel->keyring = keyring;
}

static size_t put_associated(const struct bw_channel *channel, uint8_t *to, const uint8_t header[HEADER_SIZE],
                             const struct bw_id *id, uint64_t session) {
    size_t size = HEADER_SIZE;
    memcpy(to, header, HEADER_SIZE);
    memcpy(to + size, channel->label, channel->label_size);
    size += channel->label_size;
    if (header[1] & FLAG_BOUND) {
        memcpy(to + size, id->bytes, sizeof(id->bytes));
        bw_put_u64(to + size + sizeof(id->bytes), session);
        size += sizeof(id->bytes) + 8;
    }
    return size;
}

static size_t put_plain(const struct bw_channel *channel, uint8_t *to, const struct bw_outbound *out,
                        const struct bw_known *known) {
    uint64_t echo = bw_sessions_newest(&channel->sessions, known, &out->to);
    memcpy(to, channel->self.bytes, sizeof(channel->self.bytes));
    bw_put_u64(to + sizeof(channel->self.bytes), echo);
    if (out->frames_size > 0) {
        memcpy(to + PREFIX_SIZE, out->frames, out->frames_size);
    }
    return PREFIX_SIZE + out->frames_size;
}

static void remember(struct bw_channel *channel, const struct bw_outbound *out, const uint8_t *datagram,
                     int64_t now_us) {
    struct bw_sent sent = {.addr = out->addr, .sent_us = now_us, .counter = channel->counter};
    if (out->session != 0) {
        sent.to = out->to;
    }
    memcpy(sent.head, datagram, BW_QUOTE_SIZE);
    bw_sent_add(&channel->sent, &sent);
    bw_clock_sent(&channel->clock, channel->counter, now_us);
}

/* Who seals with another key than our first, and does not seem to open ours, is answered in its own; one of eight or so is in ours
 * all the same, so that two that wait for each other both move on. Of
 * datagrams to somebody who never said that it opens ours every fourth or so tries another key of the ring. */
static size_t sealing_key(const struct bw_channel *channel, const struct bw_outbound *out,
                          const struct bw_known *known) {
    size_t count = bw_keyring_count(channel->keyring);
    bool silent;
    if (count == 1 && !channel->pairs.exchange) {
        return 0;
    }
    uint64_t id = bw_sessions_key(&channel->sessions, known, &silent);
    uint64_t chance = (channel->counter ^ channel->session) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    if (silent && count > 1 && chance % 4 == 0) {
        bw_trace_rule(channel->trace, BW_RULE_TRY_EACH_KEY_ON_THE_SILENT, &out->to, channel->counter);
        return 1 + (chance / 4) % (count - 1);
    }
    size_t index = id == 0 ? 0 : bw_keyring_find(channel->keyring, id);
    if (index == 0 || index == count || chance % 8 == 1) {
        return 0;
    }
    bw_trace_rule(channel->trace, BW_RULE_ANSWER_IN_ITS_KEY, &out->to, index);
    return index;
}

/* Whether it has shown that it can open what is sealed with the pair's keys, and nothing speaks against that. */
static bool knows_us(const struct bw_channel *channel, const struct bw_outbound *out, const struct bw_known *known) {
    return bw_known_proven(known) ? bw_known_hears(known)
                                  : bw_sessions_newest(&channel->sessions, known, &out->to) != 0;
}

/* Which keys seal it, and the flags that say so; negative: none may. */
static int choose_key(struct bw_channel *channel, const struct bw_outbound *out, const struct bw_known *known,
                      struct bw_key_use *key) {
    size_t index = sealing_key(channel, out, known);
    int flags = out->session != 0 ? FLAG_BOUND : 0;
    bw_keyring_use(channel->keyring, index, key);
    if (!channel->pairs.exchange || out->with == BW_SEAL_WITH_CLUSTER || out->session == 0 ||
        (out->with == BW_SEAL_WITH_KNOWN && !knows_us(channel, out, known))) {
        return flags;
    }
    struct bw_pair *pair = bw_pairs_find(&channel->pairs, &out->to, out->session);
    if (pair && pair->slab == BW_PAIR_UNUSED) {
        bw_trace_rule(channel->trace, BW_RULE_SEAL_FOR_ONE_MEMBER, &out->to, out->session);
    }
    if (pair && bw_pairs_use(&channel->pairs, pair, channel->keyring, index, key)) {
        return flags | (int)FLAG_PAIR;
    }
    if (out->with == BW_SEAL_WITH_PAIR) {
        bw_trace_rule(channel->trace, BW_RULE_NOTHING_FOR_ALL_EYES, &out->to, out->session);
        return BW_ERR_NOT_FOUND;
    }
    return flags;
}

size_t bw_channel_seal(struct bw_channel *channel, const struct bw_outbound *out, uint8_t *datagram,
                       struct bw_time now) {
    BW_ASSERT(out->frames_size <= BW_FRAMES_MAX);
    BW_ASSERT(out->session == 0 || !bw_id_none(&out->to));
    struct bw_key_use key;
    uint8_t scratch[8u + ASSOCIATED_MAX + PLAIN_MAX];
    channel->counter++;
    const struct bw_known known = bw_sessions_find(&channel->sessions, out->session, &out->to);
    int flags = choose_key(channel, out, &known, &key);
    if (flags < 0) {
        return 0;
    }
    datagram[0] = BW_PACKET_VERSION;
    datagram[1] = (uint8_t)flags;
    bw_put_u16(datagram + 2, key.hint);
    bw_put_u64(datagram + HEADER_SIZE, channel->session);
    bw_put_u64(datagram + COUNTER_AT, channel->counter);

    uint8_t *associated = scratch + 8;
    bw_put_u64(scratch, channel->counter);
    size_t associated_size = put_associated(channel, associated, datagram, &out->to, out->session);
    uint8_t *plain = associated + associated_size;
    size_t plain_size = put_plain(channel, plain, out, &known);
    crypto_shorthash(datagram + HASH_AT, scratch, 8 + associated_size + plain_size, key.nonce_key);
    channel->aead->seal(datagram + BODY_AT, (struct bw_bytes){plain, plain_size},
                        (struct bw_bytes){associated, associated_size}, datagram + HEADER_SIZE, key.seal_key);
    remember(channel, out, datagram, now.mono_us);
    return BODY_AT + plain_size + BW_TAG_SIZE;
}

static int check_shape(const struct bw_channel *channel, struct bw_bytes datagram) {
    if (datagram.size < BW_SEAL_OVERHEAD) {
        return BW_ERR_DROP_SHORT;
    }
    if (datagram.size > BW_DATAGRAM_MAX) {
        return BW_ERR_DROP_LONG;
    }
    uint8_t flags = datagram.data[1];
    bool paired = flags == (FLAG_BOUND | FLAG_PAIR) && channel->pairs.exchange;
    bool known = datagram.data[0] == BW_PACKET_VERSION && ((flags & ~FLAG_BOUND) == 0 || paired);
    return known ? 0 : BW_ERR_DROP_VERSION;
}

/* The first key from index on that has the hint; the number of keys if none has. */
static size_t key_with(const struct bw_channel *channel, uint16_t hint, size_t index, struct bw_key_use *key) {
    size_t count = bw_keyring_count(channel->keyring);
    for (; index < count; index++) {
        bw_keyring_use(channel->keyring, index, key);
        if (key->hint == hint) {
            break;
        }
    }
    return index;
}

static bool is_replay(const struct bw_channel *channel, const struct bw_known *known, uint64_t counter) {
    const struct bw_replay *window = bw_sessions_window(&channel->sessions, known);
    if (!window || bw_replay_fresh(window, counter)) {
        return false;
    }
    bw_trace_rule(channel->trace, BW_RULE_DROP_REPLAYED, NULL, counter);
    return true;
}

/* Tries each key that has the hint, beginning with number index, into channel->plain. The number of the one that opens it.
 * pair: not with those keys, but with the pair's that come of them. */
static int authenticate(struct bw_channel *channel, struct bw_bytes datagram, size_t index, struct bw_key_use *key,
                        struct bw_pair *pair) {
    uint16_t hint = bw_get_u16(datagram.data + 2);
    uint8_t associated[ASSOCIATED_MAX];
    size_t size = put_associated(channel, associated, datagram.data, &channel->self, channel->session);
    struct bw_bytes sealed = {datagram.data + BODY_AT, datagram.size - BODY_AT};
    while (index < bw_keyring_count(channel->keyring)) {
        if (pair && !bw_pairs_use(&channel->pairs, pair, channel->keyring, index, key)) {
            break;
        }
        if (channel->aead->open(channel->plain, sealed, (struct bw_bytes){associated, size},
                                datagram.data + HEADER_SIZE, key->seal_key)) {
            if (index > 0) {
                bw_trace_rule(channel->trace, BW_RULE_FIRST_KEY_SEALS_ALL_OPEN, NULL, index);
            }
            return (int)index;
        }
        index = key_with(channel, hint, index + 1, key);
    }
    return BW_ERR_DROP_AUTH;
}

/* What is true of every datagram that we or our like have sealed. */
static int check_sense(const struct bw_channel *channel, const struct bw_arrival *arrival) {
    if (bw_id_equal(&arrival->from, &channel->self)) {
        bw_trace_rule(channel->trace, BW_RULE_DROP_OWN_DATAGRAM, &arrival->from, arrival->counter);
        return BW_ERR_DROP_SELF;
    }
    if (bw_id_none(&arrival->from) || arrival->session == 0 || arrival->counter == 0) {
        return BW_ERR_DROP_MALFORMED;
    }
    if (arrival->echo > (arrival->bound ? channel->counter : 0)) {
        bw_trace_rule(channel->trace, BW_RULE_DROP_IMPOSSIBLE_ECHO, &arrival->from, arrival->echo);
        return BW_ERR_DROP_MALFORMED;
    }
    return 0;
}

static void read_arrival(const struct bw_channel *channel, struct bw_bytes datagram, struct bw_arrival *arrival) {
    *arrival = (struct bw_arrival){
        .session = bw_get_u64(datagram.data + HEADER_SIZE),
        .counter = bw_get_u64(datagram.data + COUNTER_AT),
        .bound = (datagram.data[1] & FLAG_BOUND) != 0,
        .echo = bw_get_u64(channel->plain + sizeof(arrival->from.bytes)),
        .newest = channel->counter,
    };
    memcpy(arrival->from.bytes, channel->plain, sizeof(arrival->from.bytes));
}

static int open_plain(struct bw_channel *channel, struct bw_bytes datagram, size_t index, struct bw_key_use *key,
                      struct bw_known *known) {
    *known = bw_sessions_find(&channel->sessions, bw_get_u64(datagram.data + HEADER_SIZE), NULL);
    if (is_replay(channel, known, bw_get_u64(datagram.data + COUNTER_AT))) {
        return BW_ERR_DROP_REPLAY;
    }
    return authenticate(channel, datagram, index, key, NULL);
}

/* Of those who are in that session, which is one member unless somebody means ill. */
static int open_paired(struct bw_channel *channel, struct bw_bytes datagram, size_t index, struct bw_pair **pair,
                       struct bw_known *known) {
    uint64_t session = bw_get_u64(datagram.data + HEADER_SIZE);
    uint64_t counter = bw_get_u64(datagram.data + COUNTER_AT);
    int opened = BW_ERR_DROP_SESSION; /* its record has not come to us */
    struct bw_key_use key;
    for (*pair = bw_pairs_first(&channel->pairs, session); *pair; *pair = (*pair)->next) {
        *known = bw_sessions_find(&channel->sessions, session, &(*pair)->id);
        if (is_replay(channel, known, counter)) {
            opened = BW_ERR_DROP_REPLAY;
            continue;
        }
        bw_keyring_use(channel->keyring, index, &key);
        opened = authenticate(channel, datagram, index, &key, *pair);
        if (opened >= 0) {
            break;
        }
    }
    return opened;
}

/* Whoever has the cluster's key may have sealed it: nothing is kept but in which key an answer may be understood. */
static int enter_stranger(struct bw_channel *channel, const struct bw_arrival *arrival) {
    const struct bw_known known = bw_sessions_find(&channel->sessions, arrival->session, &arrival->from);
    int error = bw_sessions_look_past(&channel->sessions, &known, arrival);
    if (error) {
        return error;
    }
    bw_trace_rule(channel->trace, BW_RULE_CLUSTER_KEY_ONLY_OPENS, &arrival->from, arrival->session);
    if (bw_keyring_count(channel->keyring) > 1) {
        bw_sessions_note_key(&channel->sessions, &known, arrival);
    }
    return 0;
}

/* Cheapest first: length, version, hint, window, AEAD; only then anything changes. */
static int open_checked(struct bw_channel *channel, struct bw_bytes datagram, struct bw_arrival *arrival) {
    int error = check_shape(channel, datagram);
    if (error) {
        return error;
    }
    struct bw_key_use key;
    size_t index = key_with(channel, bw_get_u16(datagram.data + 2), 0, &key);
    if (index == bw_keyring_count(channel->keyring)) {
        return BW_ERR_DROP_KEY;
    }
    struct bw_pair *pair = NULL;
    struct bw_known known = {.place = BW_UNPROVEN_COUNT};
    int opened = !channel->pairs.exchange              ? open_plain(channel, datagram, index, &key, &known)
                 : (datagram.data[1] & FLAG_PAIR) == 0 ? authenticate(channel, datagram, index, &key, NULL)
                                                       : open_paired(channel, datagram, index, &pair, &known);
    if (opened < 0) {
        return opened;
    }
    read_arrival(channel, datagram, arrival);
    arrival->key = opened > 0 ? bw_keyring_id(channel->keyring, (size_t)opened) : 0;
    error = check_sense(channel, arrival);
    if (error == 0 && pair && !bw_id_equal(&arrival->from, &pair->id)) {
        bw_trace_rule(channel->trace, BW_RULE_A_PAIR_SPEAKS_FOR_ITSELF, &pair->id, arrival->session);
        error = BW_ERR_DROP_MALFORMED;
    }
    if (error) {
        return error;
    }
    return channel->pairs.exchange && !pair ? enter_stranger(channel, arrival)
                                            : bw_sessions_enter(&channel->sessions, &known, arrival);
}

int bw_channel_open(struct bw_channel *channel, struct bw_bytes datagram, const struct bw_addr *from,
                    struct bw_inbound *inbound, struct bw_time now) {
    (void)now; /* freshness is a matter of order and not of clocks */
    struct bw_arrival arrival = {.session = 0};
    int result = open_checked(channel, datagram, &arrival); /* 1: proven */
    *inbound = (struct bw_inbound){
        .from = arrival.from,
        .session = arrival.session,
        .addr = *from,
        .proven = result == 1,
        .bound = arrival.bound,
        .heard_us = result == 1 && arrival.echo != 0 ? bw_clock_when(&channel->clock, arrival.echo) : BW_NOT_HEARD,
        .frames = {channel->plain + PREFIX_SIZE, result >= 0 ? datagram.size - BW_SEAL_OVERHEAD : 0},
    };
    if (result >= 0) {
        bw_trace_rule(channel->trace, BW_RULE_WINDOW_AFTER_AUTH, &arrival.from, arrival.counter);
        return 0;
    }
    bw_channel_count_drop(channel, result);
    if (result == BW_ERR_DROP_SESSION && bw_sessions_ended(&channel->sessions, &arrival, &inbound->lives)) {
        inbound->ended = true;
        inbound->frames.size = datagram.size - BW_SEAL_OVERHEAD;
    }
    return result;
}

uint64_t bw_channel_session(struct bw_bytes datagram) {
    return datagram.size >= COUNTER_AT ? bw_get_u64(datagram.data + HEADER_SIZE) : 0;
}

void bw_channel_places(const struct bw_channel *channel, uint64_t session, const struct bw_id *id,
                       const void *places[BW_CHANNEL_PLACES]) {
    bw_sessions_places(&channel->sessions, session, id, places);
    if (channel->pairs.exchange) {
        places[0] = bw_pairs_place(&channel->pairs, session);
    }
    places[2] = channel->plain;
    places[3] = channel->plain + 64;
    places[4] = bw_clock_place(&channel->clock);
    places[5] = bw_sent_place(&channel->sent, channel->counter + 1);
    places[6] = (const char *)places[5] + 64;
}

int bw_channel_refused(struct bw_channel *channel, struct bw_bytes quoted, const struct bw_addr *to, int64_t window_us,
                       struct bw_id *id, struct bw_time now) {
    uint64_t counter = quoted.size >= BW_QUOTE_SIZE ? bw_get_u64(quoted.data + COUNTER_AT) : 0;
    const struct bw_sent *sent = bw_sent_find(&channel->sent, quoted, counter);
    if (!sent || bw_id_none(&sent->to) || !bw_addr_equal(&sent->addr, to) || now.mono_us - sent->sent_us > window_us) {
        return BW_ERR_NOT_FOUND;
    }
    const struct bw_peer *peer = bw_sessions_peer(&channel->sessions, &sent->to);
    if (peer && peer->heard_at >= counter) {
        return BW_ERR_NOT_FOUND; /* it spoke after we sent this one */
    }
    bw_trace_rule(channel->trace, BW_RULE_REFUSAL_QUOTES_OUR_DATAGRAM, &sent->to, counter);
    *id = sent->to;
    return 0;
}

int bw_channel_credential(struct bw_channel *channel, const struct bw_credential *credential) {
    BW_ASSERT(channel->pairs.exchange);
    return bw_id_equal(&credential->id, &channel->self) ? 0 : bw_pairs_put(&channel->pairs, credential);
}

/* Until something came from there that only who knows ours can seal; and now and then while it says of none of ours that it opened
 * it. */
int bw_channel_introduces(const struct bw_channel *channel, const struct bw_outbound *out) {
    if (out->session == 0) {
        return 0;
    }
    if (!bw_pairs_find(&channel->pairs, &out->to, out->session)) {
        return BW_ERR_NOT_FOUND;
    }
    if (out->with == BW_SEAL_WITH_CLUSTER || out->with == BW_SEAL_WITH_KNOWN) {
        return 0;
    }
    const struct bw_known known = bw_sessions_find(&channel->sessions, out->session, &out->to);
    if (bw_known_hears(&known)) {
        return 0;
    }
    if (!bw_known_proven(&known) || channel->counter % SILENT_STEP == 0) {
        bw_trace_rule(channel->trace, BW_RULE_INTRODUCE_OURSELVES, &out->to, out->session);
        return 1;
    }
    return 0;
}

bool bw_channel_is_paired(struct bw_bytes datagram) {
    return datagram.size >= BW_SEAL_OVERHEAD && (datagram.data[1] & FLAG_PAIR) != 0;
}

void bw_channel_forget(struct bw_channel *channel, const struct bw_id *id) {
    bw_pairs_remove(&channel->pairs, id);
    bw_sessions_forget(&channel->sessions, id, channel->counter);
}

bool bw_channel_make_room(struct bw_channel *channel, bool (*is_member)(void *context, const struct bw_id *id),
                          void *context) {
    return bw_sessions_make_room(&channel->sessions, is_member, context, channel->counter);
}

bool bw_channel_make_pair_room(struct bw_channel *channel, bool (*is_member)(void *context, const struct bw_id *id),
                               void *context) {
    return bw_pairs_make_room(&channel->pairs, is_member, context);
}

uint64_t bw_channel_dropped(const struct bw_channel *channel, int error) {
    BW_ASSERT(error <= 0 && error > -(int)BW_ERROR_COUNT);
    return channel->dropped[-error];
}

void bw_channel_count_drop(struct bw_channel *channel, int error) {
    BW_ASSERT(error < 0 && error > -(int)BW_ERROR_COUNT);
    channel->dropped[-error]++;
}
