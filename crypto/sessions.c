/* Freshness: proven and unproven sessions (sessions.h; security.md, Packets). */
#include "crypto/sessions.h"

#include "base/base.h"

#include <string.h>

#define UNHEARD_COUNT 2u
#define SILENT_COUNT 16u /* more than are under way to a member that hears us, bursts aside */
#define HAND_STEPS 256u

/* The table's keys are ids; a session is one with 8 zeros. */
static struct bw_id session_key(uint64_t session) {
    struct bw_id key = {{0}};
    bw_put_u64(key.bytes, session);
    return key;
}

static bool is_at(const struct bw_sessions *sessions, size_t place, uint64_t session, const struct bw_id *id) {
    return sessions->unproven_sessions[place] == session &&
           (!sessions->paired || bw_id_equal(&sessions->unproven[place].id, id));
}

static size_t place_of(const struct bw_sessions *sessions, uint64_t session, const struct bw_id *id) {
    size_t i = sessions->unproven_count > 0 && session != 0 ? 0 : BW_UNPROVEN_COUNT;
    while (i < BW_UNPROVEN_COUNT && !is_at(sessions, i, session, id)) {
        i++;
    }
    return i;
}

static bool is_in(const struct bw_peer *peer, uint64_t session) {
    return peer && peer->session == session;
}

void bw_sessions_init(struct bw_sessions *sessions, struct bw_allocator allocator, struct bw_trace *trace,
                      size_t member_max) {
    *sessions = (struct bw_sessions){.allocator = allocator, .trace = trace};
    bw_table_init(&sessions->by_id, allocator, member_max);
    bw_table_init(&sessions->by_session, allocator, member_max + 1); /* an old and a new one, for a moment */
}

void bw_sessions_free(struct bw_sessions *sessions) {
    for (size_t i = 0; i < sessions->by_id.capacity; i++) {
        bw_free(&sessions->allocator, sessions->by_id.slots[i].value, sizeof(struct bw_peer));
    }
    bw_table_free(&sessions->by_id);
    bw_table_free(&sessions->by_session);
}

struct bw_known bw_sessions_find(const struct bw_sessions *sessions, uint64_t session, const struct bw_id *id) {
    struct bw_id key = session_key(session);
    struct bw_peer *peer = id ? bw_table_get(&sessions->by_id, id) : bw_table_get(&sessions->by_session, &key);
    return (struct bw_known){session, peer, is_in(peer, session) ? BW_UNPROVEN_COUNT : place_of(sessions, session, id)};
}

bool bw_known_proven(const struct bw_known *known) {
    return is_in(known->peer, known->session);
}

bool bw_known_hears(const struct bw_known *known) {
    return bw_known_proven(known) && known->peer->unechoed < SILENT_COUNT;
}

const struct bw_replay *bw_sessions_window(const struct bw_sessions *sessions, const struct bw_known *known) {
    if (bw_known_proven(known)) {
        return &known->peer->replay;
    }
    return known->place < BW_UNPROVEN_COUNT ? &sessions->unproven[known->place].replay : NULL;
}

void bw_sessions_places(const struct bw_sessions *sessions, uint64_t session, const struct bw_id *id,
                        const void *places[2]) {
    struct bw_id key = session_key(session);
    places[0] = bw_table_place(&sessions->by_session, &key);
    places[1] = bw_table_place(&sessions->by_id, id);
}

const struct bw_peer *bw_sessions_peer(const struct bw_sessions *sessions, const struct bw_id *id) {
    return bw_table_get(&sessions->by_id, id);
}

uint64_t bw_sessions_newest(const struct bw_sessions *sessions, const struct bw_known *known, const struct bw_id *id) {
    if (bw_known_proven(known)) {
        return known->peer->replay.newest;
    }
    const struct bw_unproven *unproven = known->place < BW_UNPROVEN_COUNT ? &sessions->unproven[known->place] : NULL;
    return unproven && bw_id_equal(&unproven->id, id) ? unproven->replay.newest : 0;
}

uint64_t bw_sessions_key(const struct bw_sessions *sessions, const struct bw_known *known, bool *silent) {
    struct bw_peer *peer = known->place < BW_UNPROVEN_COUNT ? NULL : known->peer;
    *silent = known->place == BW_UNPROVEN_COUNT && !bw_known_hears(known);
    if (peer) {
        peer->unechoed += peer->unechoed < SILENT_COUNT;
        return peer->key;
    }
    return known->place < BW_UNPROVEN_COUNT ? sessions->unproven[known->place].key : 0;
}

/* Whether the datagram proves its session, which is not proven yet (PROVE_BOUND_SESSION, PROVE_NEWER_SESSION_BY_ECHO). */
static bool proves(const struct bw_sessions *sessions, const struct bw_peer *peer, const struct bw_arrival *arrival) {
    if (!peer && !sessions->forgot) {
        return arrival->bound; /* nothing there to be newer than */
    }
    return arrival->bound && arrival->echo > (peer ? peer->floor : sessions->floor);
}

static bool has_ended(const struct bw_peer *peer, uint64_t session) {
    for (size_t i = 0; i < BW_ENDED_COUNT; i++) {
        if (peer->ended[i] == session) {
            return true;
        }
    }
    return false;
}

/* The proving datagram is the floor of the window; what came after it before it was proven stays seen. */
static void start(struct bw_sessions *sessions, struct bw_peer *peer, size_t place, const struct bw_arrival *arrival) {
    bw_replay_init(&peer->replay, 0);
    if (place < BW_UNPROVEN_COUNT) {
        peer->replay = sessions->unproven[place].replay;
        sessions->unproven_sessions[place] = 0;
        sessions->unproven_count--;
    }
    peer->replay.floor = arrival->counter - 1;
    bw_replay_mark(&peer->replay, arrival->counter);
    peer->session = arrival->session;
    peer->key = arrival->key;
    peer->echoed = arrival->echo;
    peer->unechoed = 0;
    peer->floor = arrival->newest;
    peer->heard_at = arrival->newest;
}

static int prove_first(struct bw_sessions *sessions, size_t place, const struct bw_arrival *arrival) {
    if (sessions->by_id.count >= sessions->by_id.limit) {
        bw_trace_rule(sessions->trace, BW_RULE_KEEP_PROVEN_WHEN_FULL, &arrival->from, sessions->by_id.count);
        return BW_ERR_FULL;
    }
    struct bw_peer *peer = bw_alloc(&sessions->allocator, sizeof(*peer));
    struct bw_id key = session_key(arrival->session);
    int error = peer ? bw_table_put(&sessions->by_id, &arrival->from, peer) : BW_ERR_MEMORY;
    if (error) {
        bw_free(&sessions->allocator, peer, sizeof(*peer));
        return error;
    }
    error = sessions->paired ? 0 : bw_table_put(&sessions->by_session, &key, peer);
    if (error) {
        bw_table_remove(&sessions->by_id, &arrival->from);
        bw_free(&sessions->allocator, peer, sizeof(*peer));
        return error;
    }
    peer->id = arrival->from;
    start(sessions, peer, place, arrival);
    bw_trace_rule(sessions->trace, BW_RULE_PROVE_BOUND_SESSION, &arrival->from, arrival->session);
    return 1;
}

static int prove_newer(struct bw_sessions *sessions, struct bw_peer *peer, size_t place,
                       const struct bw_arrival *arrival) {
    struct bw_id old_key = session_key(peer->session);
    struct bw_id key = session_key(arrival->session);
    int error = sessions->paired ? 0 : bw_table_put(&sessions->by_session, &key, peer);
    if (error) {
        return error;
    }
    bw_table_remove(&sessions->by_session, &old_key);
    memmove(&peer->ended[1], &peer->ended[0], sizeof(peer->ended) - sizeof(peer->ended[0]));
    memmove(&peer->ended_newest[1], &peer->ended_newest[0], sizeof(peer->ended_newest) - sizeof(peer->ended_newest[0]));
    peer->ended_newest[0] = peer->replay.newest;
    peer->ended[0] = peer->session;
    start(sessions, peer, place, arrival);
    bw_trace_rule(sessions->trace, BW_RULE_PROVE_NEWER_SESSION_BY_ECHO, &arrival->from, arrival->session);
    return 1;
}

static struct bw_unproven *make_place(struct bw_sessions *sessions, const struct bw_arrival *arrival) {
    struct bw_unproven *place = &sessions->unproven[sessions->oldest];
    uint64_t *session = &sessions->unproven_sessions[sessions->oldest];
    sessions->oldest = (sessions->oldest + 1) % BW_UNPROVEN_COUNT;
    if (*session != 0) {
        bw_trace_rule(sessions->trace, BW_RULE_OLDEST_UNPROVEN_OUT, &place->id, *session);
    } else {
        sessions->unproven_count++;
    }
    *session = arrival->session;
    place->id = arrival->from;
    place->key = arrival->key;
    return place;
}

static void enter_unproven(struct bw_sessions *sessions, const struct bw_arrival *arrival) {
    struct bw_unproven *place = make_place(sessions, arrival);
    bw_replay_init(&place->replay, arrival->counter - 1);
    bw_replay_mark(&place->replay, arrival->counter);
}

bool bw_sessions_ended(struct bw_sessions *sessions, const struct bw_arrival *arrival, bool *lives) {
    struct bw_peer *peer = bw_table_get(&sessions->by_id, &arrival->from);
    bool ended = false;
    for (size_t i = 0; peer && i < BW_ENDED_COUNT; i++) {
        if (peer->ended[i] == arrival->session && arrival->counter > peer->ended_newest[i]) {
            peer->ended_newest[i] = arrival->counter;
            ended = true;
        }
    }
    *lives = ended && arrival->bound && arrival->echo > peer->floor;
    return ended;
}

int bw_sessions_look_past(const struct bw_sessions *sessions, const struct bw_known *known,
                          const struct bw_arrival *arrival) {
    const struct bw_peer *peer = known->peer;
    if (peer && has_ended(peer, arrival->session)) {
        bw_trace_rule(sessions->trace, BW_RULE_REFUSE_ENDED_SESSION, &arrival->from, arrival->session);
        return BW_ERR_DROP_SESSION;
    }
    bool used = peer && peer->session == arrival->session && !bw_replay_fresh(&peer->replay, arrival->counter);
    return used ? BW_ERR_DROP_REPLAY : 0;
}

void bw_sessions_note_key(struct bw_sessions *sessions, const struct bw_known *known,
                          const struct bw_arrival *arrival) {
    if (bw_known_proven(known)) {
        return;
    }
    if (known->place < BW_UNPROVEN_COUNT) {
        sessions->unproven[known->place].key = arrival->key;
    } else {
        bw_replay_init(&make_place(sessions, arrival)->replay, 0);
    }
}

static int enter_proven(struct bw_peer *peer, const struct bw_arrival *arrival) {
    bw_replay_mark(&peer->replay, arrival->counter);
    peer->heard_at = arrival->newest;
    if (arrival->key == 0 || !arrival->bound || peer->unechoed >= UNHEARD_COUNT) {
        peer->key = arrival->key; /* in another than our first key, and ours do not seem to open there */
    }
    if (arrival->echo > peer->echoed) {
        peer->echoed = arrival->echo;
        peer->unechoed = 0;
    }
    return arrival->bound ? 1 : 0;
}

/* From a session that is not proven, and not by this datagram either. */
static int only_open(struct bw_sessions *sessions, size_t place, const struct bw_arrival *arrival) {
    if (place < BW_UNPROVEN_COUNT) {
        bw_replay_mark(&sessions->unproven[place].replay, arrival->counter);
        sessions->unproven[place].key = arrival->key;
    } else {
        enter_unproven(sessions, arrival);
    }
    return 0;
}

static int enter(struct bw_sessions *sessions, struct bw_peer *peer, size_t place, const struct bw_arrival *arrival) {
    if (is_in(peer, arrival->session)) {
        return enter_proven(peer, arrival);
    }
    if (!proves(sessions, peer, arrival)) {
        return only_open(sessions, place, arrival);
    }
    return peer ? prove_newer(sessions, peer, place, arrival) : prove_first(sessions, place, arrival);
}

/* Whose the session is, as far as is known. */
static const struct bw_id *owner_of(const struct bw_sessions *sessions, const struct bw_known *known) {
    if (known->place < BW_UNPROVEN_COUNT) {
        return &sessions->unproven[known->place].id;
    }
    return bw_known_proven(known) ? &known->peer->id : NULL;
}

int bw_sessions_enter(struct bw_sessions *sessions, const struct bw_known *known, const struct bw_arrival *arrival) {
    BW_ASSERT(arrival->session != 0 && arrival->counter != 0);
    const struct bw_id *owner = owner_of(sessions, known);
    if (owner && !bw_id_equal(owner, &arrival->from)) {
        return BW_ERR_DROP_SESSION; /* a holder of the key took another's number, to move its window */
    }
    struct bw_peer *peer = known->peer ? known->peer : bw_table_get(&sessions->by_id, &arrival->from);
    if (peer && has_ended(peer, arrival->session)) {
        bw_trace_rule(sessions->trace, BW_RULE_REFUSE_ENDED_SESSION, &arrival->from, arrival->session);
        return BW_ERR_DROP_SESSION;
    }
    int result = enter(sessions, peer, known->place, arrival);
    if (result == 0) {
        bw_trace_rule(sessions->trace, BW_RULE_UNBOUND_ONLY_OPENS_SESSION, &arrival->from, arrival->session);
    }
    return result;
}

void bw_sessions_forget(struct bw_sessions *sessions, const struct bw_id *id, uint64_t newest) {
    struct bw_peer *peer = bw_table_remove(&sessions->by_id, id);
    if (peer) {
        struct bw_id key = session_key(peer->session);
        bw_table_remove(&sessions->by_session, &key);
        bw_free(&sessions->allocator, peer, sizeof(*peer));
        sessions->floor = newest;
        sessions->forgot = true;
    }
}

/* Who has the key proves sessions of as many ids as it likes, none of which becomes a member. */
bool bw_sessions_make_room(struct bw_sessions *sessions, bool (*known)(void *context, const struct bw_id *id),
                           void *context, uint64_t newest) {
    size_t capacity = sessions->by_id.capacity;
    for (size_t i = 0; i < HAND_STEPS && i < capacity; i++) {
        sessions->hand = (sessions->hand + 1) % capacity;
        const struct bw_peer *peer = sessions->by_id.slots[sessions->hand].value;
        if (peer && !known(context, &peer->id)) {
            const struct bw_id id = peer->id;
            bw_trace_rule(sessions->trace, BW_RULE_STRANGERS_OUT_WHEN_FULL, &id, peer->session);
            bw_sessions_forget(sessions, &id, newest);
            return true;
        }
    }
    return false;
}
