/* Which sessions are known, and which of them are proven (security.md, Packets).
 *
 * A member has at most one proven session. The first one needs a datagram bound to our session. One that would end
 * another needs more, an echo of something that we sent after that other was proven: otherwise a single datagram of a
 * long gone session, kept back on the path, would end the living one. Members that were forgotten leave one number behind
 * for all of them: what we had sent by then; whoever comes after has to echo more than that. So the captures of any
 * past session are worth nothing, whatever became of it, and what is remembered is bounded.
 *
 * Unproven sessions live in a fixed table. */
#ifndef BW_CRYPTO_SESSIONS_H
#define BW_CRYPTO_SESSIONS_H

#include "base/table.h"
#include "base/trace.h"
#include "crypto/replay.h"
#include <bellwether/types.h>

#define BW_UNPROVEN_COUNT 64u
#define BW_ENDED_COUNT 4u

/* A member with its proven session. */
struct bw_peer {
    struct bw_id id;
    uint64_t session;
    struct bw_replay replay;
    uint64_t floor;                        /* a newer session has to echo more: our counter when this one was proven */
    uint64_t heard_at;                     /* our counter when its last datagram was opened */
    uint64_t ended[BW_ENDED_COUNT];        /* older sessions, newest first; 0: none */
    uint64_t ended_newest[BW_ENDED_COUNT]; /* their newest counters: what was sent before is not looked at */
    uint64_t key;                          /* the key that it is answered in, 0: our first one */
    uint64_t echoed;                       /* the newest of our datagrams that it said it has opened */
    uint32_t unechoed;                     /* so many sealed for it since it said so */
};

struct bw_unproven {
    struct bw_id id;
    uint64_t key; /* as a peer's */
    struct bw_replay replay;
};

struct bw_sessions {
    struct bw_allocator allocator;
    struct bw_trace *trace;
    struct bw_table by_id;      /* id -> peer */
    struct bw_table by_session; /* session -> the same peer; unless paired */
    bool paired; /* identity mode: the key has told whose a session is, and a number may be in use twice */
    bool forgot; /* a member was forgotten, and our counter was floor then */
    uint64_t floor;
    size_t unproven_count;                         /* mostly none: then nobody looks through them */
    uint64_t unproven_sessions[BW_UNPROVEN_COUNT]; /* 0: free */
    struct bw_unproven unproven[BW_UNPROVEN_COUNT];
    size_t oldest; /* the place that the next unproven session takes */
    size_t hand;   /* where strangers are looked for next, when there is no room */
};

/* An authentic datagram. */
struct bw_arrival {
    struct bw_id from;
    uint64_t session;
    uint64_t counter;
    bool bound;
    uint64_t echo;
    uint64_t newest; /* our own counter now */
    uint64_t key;    /* which key opened it, 0: our first one */
};

void bw_sessions_init(struct bw_sessions *sessions, struct bw_allocator allocator, struct bw_trace *trace,
                      size_t member_max);
void bw_sessions_free(struct bw_sessions *sessions);

/* What is known of a session, and of the member that is said to be in it. */
struct bw_known {
    uint64_t session;
    struct bw_peer *peer; /* with its proven session, which may be another one; NULL: none is known */
    size_t place;         /* of the session among the unproven ones, BW_UNPROVEN_COUNT: it is none of them */
};

/* Looked up once for a datagram; holds until one is entered, or a member is forgotten. id: who is said to be in it. NULL, unless
 * sessions are paired: not known yet. */
struct bw_known bw_sessions_find(const struct bw_sessions *sessions, uint64_t session, const struct bw_id *id);
/* Whether the session is proven. */
bool bw_known_proven(const struct bw_known *known);
/* Whether it is, and the member has said not long ago that it opens what we seal. */
bool bw_known_hears(const struct bw_known *known);
/* The session's window, NULL if it is not known. */
const struct bw_replay *bw_sessions_window(const struct bw_sessions *sessions, const struct bw_known *known);

/* Enters an authentic datagram and moves the window. 1: from a proven session and bound to ours. 0: may only open a
 * session. BW_ERR_DROP_SESSION, BW_ERR_FULL, BW_ERR_MEMORY: dropped, and nothing has changed. */
int bw_sessions_enter(struct bw_sessions *sessions, const struct bw_known *known, const struct bw_arrival *arrival);

/* Of a datagram that was refused: whether its session is one that a newer one has ended, and it is the newest of it; each is that once,
 * so that captures show nothing. *lives: it echoes what we sent after the end, which nobody can who was gone by then. */
bool bw_sessions_ended(struct bw_sessions *sessions, const struct bw_arrival *arrival, bool *lives);

/* Identity mode: whether what the cluster's key alone opened is of an ended session, or has a number that is used or too old. Nothing
 * is kept of it. 0, BW_ERR_DROP_SESSION, BW_ERR_DROP_REPLAY. */
int bw_sessions_look_past(const struct bw_sessions *sessions, const struct bw_known *known,
                          const struct bw_arrival *arrival);
/* Identity mode: somebody who has the cluster's key, and gives himself out for that member, used this key of the ring. Nothing else is
 * kept of that. */
void bw_sessions_note_key(struct bw_sessions *sessions, const struct bw_known *known, const struct bw_arrival *arrival);

/* In which key a datagram to that member and session is to be sealed, 0: the first; counts it. *silent: nobody there has
 * said for long, or ever, that it opened one of ours. */
uint64_t bw_sessions_key(const struct bw_sessions *sessions, const struct bw_known *known, bool *silent);

/* The newest counter that was opened from the member's session, 0 if it is not known
 * (session 0 never is). */
uint64_t bw_sessions_newest(const struct bw_sessions *sessions, const struct bw_known *known, const struct bw_id *id);

/* The member's proven session, NULL if it has none. */
const struct bw_peer *bw_sessions_peer(const struct bw_sessions *sessions, const struct bw_id *id);

/* Where both will be looked for: see bw_table_place. */
void bw_sessions_places(const struct bw_sessions *sessions, uint64_t session, const struct bw_id *id,
                        const void *places[2]);

/* newest: our counter now. Whoever comes after has to echo more. */
void bw_sessions_forget(struct bw_sessions *sessions, const struct bw_id *id, uint64_t newest);

/* Forgets the session of somebody who is not known. A few are looked at in one call, others in the next. False: none of these. */
bool bw_sessions_make_room(struct bw_sessions *sessions, bool (*known)(void *context, const struct bw_id *id),
                           void *context, uint64_t newest);

#endif
