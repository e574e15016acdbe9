/* Sealing and opening (channel.h; security.md, Packets). What is hashed and sealed lies in one buffer:
 *
 *     counter(8)  associated data: header(4) label size(1) label [recipient id(16) session(8)]  plaintext
 *
 * The receiver does not compute the SipHash of the nonce again: the AEAD has already authenticated the nonce as it came,
 * and the hash protects the sender (a clone that repeats a counter) and not the receiver. */
#include "crypto/state.h"

#include "base/base.h"

#include <sodium.h>
#include <string.h>

#define SILENT_STEP 8u /* so seldom to who has known us */

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

size_t bw_channel_associated(const struct bw_channel *channel, uint8_t *to, const uint8_t header[HEADER_SIZE],
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
    size_t associated_size = bw_channel_associated(channel, associated, datagram, &out->to, out->session);
    uint8_t *plain = associated + associated_size;
    size_t plain_size = put_plain(channel, plain, out, &known);
    crypto_shorthash(datagram + HASH_AT, scratch, 8 + associated_size + plain_size, key.nonce_key);
    channel->aead->seal(datagram + BODY_AT, (struct bw_bytes){plain, plain_size},
                        (struct bw_bytes){associated, associated_size}, datagram + HEADER_SIZE, key.seal_key);
    remember(channel, out, datagram, now.mono_us);
    return BODY_AT + plain_size + BW_TAG_SIZE;
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
