/* Opening (channel.h; security.md, Packets): cheapest checks first, and only then anything changes. */
#include "crypto/state.h"

#include "base/base.h"

#include <string.h>

#define AGAIN_US (1 * BW_US_PER_S)
#define BEHIND_MAX (UINT64_C(1) << 40)  /* decades of datagrams */
#define AHEAD (UINT64_C(1) << 20)       /* more than others may know beyond what one knows */
#define COUNTER_MAX (UINT64_C(1) << 62) /* nobody's word takes us further */

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

/* again: it is known to be one, and opened all the same. */
static bool is_replay(const struct bw_channel *channel, const struct bw_known *known, uint64_t counter, bool again) {
    const struct bw_replay *window = bw_sessions_window(&channel->sessions, known);
    if (again || !window || bw_replay_fresh(window, counter)) {
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
    size_t size = bw_channel_associated(channel, associated, datagram.data, &channel->self, channel->session);
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
    return 0;
}

/* It was sealed in our session and is no lie, so we have sealed more than we remember: this is an older state of our machine, put
 * back. We go on above it; what the lost life sent is no evidence of when we were heard. */
static bool catch_up(struct bw_channel *channel, struct bw_arrival *arrival, int64_t now_us) {
    if (arrival->echo - channel->counter > BEHIND_MAX || arrival->echo > COUNTER_MAX || now_us < channel->caught_us) {
        return false;
    }
    bw_trace_rule(channel->trace, BW_RULE_CATCH_UP_WITH_OURSELVES, &arrival->from, arrival->echo);
    channel->caught_us = now_us + AGAIN_US;
    bw_clock_unknown(&channel->clock, channel->counter + 1);
    channel->counter = arrival->echo + AHEAD;
    arrival->newest = channel->counter;
    return true;
}

/* stranger: sealed with the cluster's key alone, in identity mode; its echo counts for nothing. */
static int check_echo(struct bw_channel *channel, struct bw_arrival *arrival, bool stranger, int64_t now_us) {
    uint64_t possible = !arrival->bound ? 0 : stranger ? UINT64_MAX : channel->counter;
    if (arrival->echo <= possible || (arrival->bound && catch_up(channel, arrival, now_us))) {
        return 0;
    }
    bw_trace_rule(channel->trace, BW_RULE_DROP_IMPOSSIBLE_ECHO, &arrival->from, arrival->echo);
    return BW_ERR_DROP_MALFORMED;
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
                      struct bw_known *known, bool again) {
    *known = bw_sessions_find(&channel->sessions, bw_get_u64(datagram.data + HEADER_SIZE), NULL);
    if (is_replay(channel, known, bw_get_u64(datagram.data + COUNTER_AT), again)) {
        return BW_ERR_DROP_REPLAY;
    }
    return authenticate(channel, datagram, index, key, NULL);
}

/* Of those who are in that session, which is one member unless somebody means ill. */
static int open_paired(struct bw_channel *channel, struct bw_bytes datagram, size_t index, struct bw_pair **pair,
                       struct bw_known *known, bool again) {
    uint64_t session = bw_get_u64(datagram.data + HEADER_SIZE);
    uint64_t counter = bw_get_u64(datagram.data + COUNTER_AT);
    int opened = BW_ERR_DROP_SESSION; /* its record has not come to us */
    struct bw_key_use key;
    for (*pair = bw_pairs_first(&channel->pairs, session); *pair; *pair = (*pair)->next) {
        *known = bw_sessions_find(&channel->sessions, session, &(*pair)->id);
        if (is_replay(channel, known, counter, again)) {
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

/* Cheapest first: length, version, hint, window, AEAD; only then anything changes. again: without the window, and nothing does. */
static int open_checked(struct bw_channel *channel, struct bw_bytes datagram, struct bw_arrival *arrival, bool again,
                        int64_t now_us) {
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
    int opened = !channel->pairs.exchange              ? open_plain(channel, datagram, index, &key, &known, again)
                 : (datagram.data[1] & FLAG_PAIR) == 0 ? authenticate(channel, datagram, index, &key, NULL)
                                                       : open_paired(channel, datagram, index, &pair, &known, again);
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
    bool stranger = channel->pairs.exchange && !pair;
    if (error == 0) {
        error = !again     ? check_echo(channel, arrival, stranger, now_us)
                : stranger ? BW_ERR_DROP_UNPROVEN
                           : BW_ERR_DROP_REPLAY;
    }
    if (error) {
        return error;
    }
    return stranger ? enter_stranger(channel, arrival) : bw_sessions_enter(&channel->sessions, &known, arrival);
}

/* Somebody's counter may have been set back, with the machine that it is on (catch_up). Whoever has captures can make us look, so
 * seldom is enough. */
static bool opens_again(struct bw_channel *channel, struct bw_bytes datagram, struct bw_arrival *arrival,
                        int64_t now_us) {
    if (now_us < channel->again_us) {
        return false;
    }
    if (open_checked(channel, datagram, arrival, true, now_us) != BW_ERR_DROP_REPLAY) {
        return false; /* forged: that is no reason to look at no other one */
    }
    channel->again_us = now_us + AGAIN_US;
    return true;
}

int bw_channel_open(struct bw_channel *channel, struct bw_bytes datagram, const struct bw_addr *from,
                    struct bw_inbound *inbound, struct bw_time now) {
    struct bw_arrival arrival = {.session = 0};
    int64_t caught_us = channel->caught_us;
    int result = open_checked(channel, datagram, &arrival, false, now.mono_us); /* 1: proven */
    bool replayed = result == BW_ERR_DROP_REPLAY && opens_again(channel, datagram, &arrival, now.mono_us);
    bool ended = false;
    bool lives = false;
    if (result == BW_ERR_DROP_SESSION) {
        ended = bw_sessions_ended(&channel->sessions, &arrival, &lives);
    }
    *inbound = (struct bw_inbound){
        .from = arrival.from,
        .session = arrival.session,
        .addr = *from,
        .proven = result == 1,
        .bound = arrival.bound,
        .heard_us = result == 1 && arrival.echo != 0 ? bw_clock_when(&channel->clock, arrival.echo) : BW_NOT_HEARD,
        .frames = {channel->plain + PREFIX_SIZE,
                   result >= 0 || replayed || ended ? datagram.size - BW_SEAL_OVERHEAD : 0},
        .ended = ended,
        .lives = lives,
        .replayed = replayed,
        .set_back = channel->caught_us != caught_us,
    };
    if (result < 0) {
        bw_channel_count_drop(channel, result);
        return result;
    }
    bw_trace_rule(channel->trace, BW_RULE_WINDOW_AFTER_AUTH, &arrival.from, arrival.counter);
    return 0;
}
