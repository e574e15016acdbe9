/* What election members say to each other, one row of fields a message, and the two encodings that ride on gossip: claim
 * records and candidacies. A message is a sequence of frames; a scope is named in each, so one format serves many. */
#ifndef BW_ELECTION_MESSAGE_H
#define BW_ELECTION_MESSAGE_H

#include "base/wire.h"

#define BW_LEASE_MS_MAX 600000u
#define BW_CLAIM_SIGNATURE_SIZE 64u
#define BW_AGE_NEVER UINT32_MAX /* never heard a heartbeat of that reign */

enum bw_claim_state { BW_CLAIM_LEADING, BW_CLAIM_RESIGNING, BW_CLAIM_VACANT };
enum bw_answer { BW_ANSWER_NO, BW_ANSWER_YES };
enum bw_ballot { BW_BALLOT_PREVOTE, BW_BALLOT_VOTE, BW_BALLOT_RENEW, BW_BALLOT_RELEASE };
enum bw_refusal {
    BW_GRANTED,
    BW_REFUSED_ABSTAINS, /* since a restart, a change of the lease's length, or as a new voter */
    BW_REFUSED_PROMISED, /* to the holder */
    BW_REFUSED_TERM,     /* not above the largest term that it voted in, or not the one that it voted for */
    BW_REFUSED_RELEASED, /* the asker gave that term back */
    BW_REFUSED_LEASE,    /* other than its own */
    BW_REFUSED_VOTERS,   /* an older list, or another one of the same number */
    BW_REFUSED_NO_VOTER, /* by its list it is none */
};
enum bw_objection { BW_OBJECT_LIVE_LEADER, BW_OBJECT_HIGHER_TERM, BW_OBJECT_BETTER_CANDIDATE, BW_OBJECT_SEEN_LARGER };

#define BW_MESSAGE_SCOPE_(F, T) F(T, BYTES, scope, BW_NAME_MAX)

/* "I live and lead a set of scopes with this digest." */
#define BW_MESSAGE_HEARTBEAT(F, T) F(T, U64, round, 0) F(T, U64, digest, 0)
/* digest: of what the sender accepts that the recipient leads; counted: the sender's wait began anew */
#define BW_MESSAGE_ACK(F, T) F(T, U64, round, 0) F(T, U64, digest, 0) F(T, U8, counted, 1)
/* What I lead among the names in (after, until]; until "" means to the end. entries: BW_MESSAGE_ENTRY frames by name. */
#define BW_MESSAGE_SET(F, T) F(T, BYTES, after, BW_NAME_MAX) F(T, BYTES, until, BW_NAME_MAX) F(T, BYTES, entries, 900)
#define BW_MESSAGE_ENTRY(F, T) \
    BW_MESSAGE_SCOPE_(F, T)    \
    F(T, U64, term, 0) F(T, U64, sequence, 0) F(T, U64, boot, 0) F(T, U32, lease_ms, BW_LEASE_MS_MAX)
/* "Do you lead this scope in this term?" */
#define BW_MESSAGE_QUESTION(F, T) BW_MESSAGE_SCOPE_(F, T) F(T, U64, term, 0)
/* about: the term that was asked; the rest is the sender's reign (of a yes) */
#define BW_MESSAGE_ANSWER(F, T) \
    BW_MESSAGE_SCOPE_(F, T)     \
    F(T, U64, about, 0)         \
    F(T, U8, leads, 1) F(T, U64, term, 0) F(T, U64, sequence, 0) F(T, U64, boot, 0) F(T, U32, lease_ms, BW_LEASE_MS_MAX)
/* One successor to another: "when did you last hear this leader?" refused: its port refused the sender. */
#define BW_MESSAGE_ASK(F, T) \
    BW_MESSAGE_SCOPE_(F, T)  \
    F(T, U64, term, 0) F(T, ID, leader, 0) F(T, U64, sequence, 0) F(T, U32, number, 0) F(T, U8, refused, 1)
#define BW_MESSAGE_REPLY(F, T) \
    BW_MESSAGE_SCOPE_(F, T)    \
    F(T, U64, term, 0) F(T, ID, leader, 0) F(T, U32, number, 0) F(T, U32, age_ms, 0) F(T, U8, refused, 1)
/* bully's COORDINATOR: "I lead, if enough of you confirm." */
#define BW_MESSAGE_CLAIM(F, T) \
    BW_MESSAGE_SCOPE_(F, T)    \
    F(T, U64, term, 0) F(T, U32, number, 0) F(T, U64, boot, 0) F(T, U32, lease_ms, BW_LEASE_MS_MAX)
#define BW_MESSAGE_CONFIRM(F, T) BW_MESSAGE_SCOPE_(F, T) F(T, U64, term, 0) F(T, U32, number, 0)
#define BW_MESSAGE_OBJECT(F, T) \
    BW_MESSAGE_SCOPE_(F, T) F(T, U64, term, 0) F(T, U8, reason, 3) F(T, U64, token_term, 0) F(T, ID, token_id, 0)
#define BW_MESSAGE_RESIGN(F, T) \
    BW_MESSAGE_SCOPE_(F, T) F(T, U64, term, 0) F(T, U64, sequence, 0) F(T, U8, reason, 255) F(T, ID, successor, 0)
/* To the leader of this term: "I rank before you, hand over." */
#define BW_MESSAGE_WANT(F, T) BW_MESSAGE_SCOPE_(F, T) F(T, U64, term, 0)
/* Two reigns met. Ages in milliseconds when the loser stopped; UINT64_MAX: not known. */
#define BW_MESSAGE_HEALED(F, T) \
    BW_MESSAGE_SCOPE_(F, T)     \
    F(T, U64, winner_term, 0)   \
    F(T, ID, winner_id, 0)      \
    F(T, U64, loser_term, 0) F(T, ID, loser_id, 0) F(T, U64, winner_age_ms, 0) F(T, U64, loser_age_ms, 0)
/* The sender's accepted record, to somebody whose own is older. */
#define BW_MESSAGE_RECORD(F, T) \
    BW_MESSAGE_SCOPE_(F, T) F(T, U64, term, 0) F(T, ID, id, 0) F(T, U64, sequence, 0) F(T, BYTES, body, 256)

/* Quorum mode: what a candidate or leader asks of a voter. boot: the candidate's, which is part of its identity. number: of this
 * sending; of a renewal the round. The voters' ids follow each other, rising; (voters_term, voters_number) says which list it
 * is. */
#define BW_MESSAGE_BALLOT(F, T) \
    BW_MESSAGE_SCOPE_(F, T)     \
    F(T, U8, kind, 3)           \
    F(T, U64, term, 0)          \
    F(T, U64, boot, 0)          \
    F(T, U64, number, 0)        \
    F(T, U32, lease_ms, BW_LEASE_MS_MAX) F(T, U64, voters_term, 0) F(T, U64, voters_number, 0) F(T, BYTES, voters, 256)
/* What the voter says. refusal: enum bw_refusal, 0 granted. seen: the largest term that it voted in. holder: to whom it is
 * promised, in which term. The list of voters is there if the voter's is newer than the one it was asked under. */
#define BW_MESSAGE_VOTE(F, T) \
    BW_MESSAGE_SCOPE_(F, T)   \
    F(T, U8, kind, 3)         \
    F(T, U8, refusal, 255)    \
    F(T, U64, term, 0)        \
    F(T, U64, number, 0)      \
    F(T, U64, seen, 0)        \
    F(T, U64, holder_term, 0) \
    F(T, ID, holder, 0)       \
    F(T, U64, voters_term, 0) F(T, U64, voters_number, 0) F(T, BYTES, voters, 256)
/* bully's ELECTION: "you rank before me: will you lead?" */
#define BW_MESSAGE_ELECT(F, T) BW_MESSAGE_SCOPE_(F, T) F(T, U32, number, 0)
/* bully's OK: "I will." */
#define BW_MESSAGE_OK(F, T) BW_MESSAGE_SCOPE_(F, T) F(T, U32, number, 0)

/* The gossiped record's body. */
#define BW_MESSAGE_BODY(F, T) \
    F(T, U8, state, 2)        \
    F(T, U8, mode, 255)       \
    F(T, U8, reason, 255) F(T, U32, lease_ms, BW_LEASE_MS_MAX) F(T, U64, boot, 0) F(T, ID, successor, 0)
/* One of a member's candidacies. flags: bit 0 ready, bit 1 reaches less than half, bit 2 its work may outlive it, bit 3
 * it stepped down, and so is not ready */
#define BW_MESSAGE_CANDIDACY(F, T) BW_MESSAGE_SCOPE_(F, T) F(T, U16, priority, 0) F(T, U8, flags, 0) F(T, U8, mode, 255)

/* The same for scopes "NAME/first" to "NAME/last" */
#define BW_MESSAGE_RANGE(F, T) \
    BW_MESSAGE_SCOPE_(F, T)    \
    F(T, U16, first, 0) F(T, U16, last, 0) F(T, U16, priority, 0) F(T, U8, flags, 0) F(T, U8, mode, 255)

/* The body of the record that a scope is frozen, or thawed. left_ms: until it expires; 0: it does not. */
#define BW_MESSAGE_FREEZE(F, T) F(T, U8, frozen, 1) F(T, U64, left_ms, UINT32_MAX)

/* Identity mode: the leader's, of the frame before it. */
#define BW_MESSAGE_SIGNATURE(F, T) F(T, BYTES, signature, BW_CLAIM_SIGNATURE_SIZE)

#define BW_CANDIDACY_READY 1u
#define BW_CANDIDACY_HALF 2u
#define BW_CANDIDACY_SAFE 4u
#define BW_CANDIDACY_ASIDE 8u
#define BW_CANDIDACY_SPREAD 16u

/* X(name, type number, fields) */
#define BW_ELECTION_FRAMES(X)              \
    X(heartbeat, 1, BW_MESSAGE_HEARTBEAT)  \
    X(ack, 2, BW_MESSAGE_ACK)              \
    X(set, 3, BW_MESSAGE_SET)              \
    X(entry, 4, BW_MESSAGE_ENTRY)          \
    X(question, 5, BW_MESSAGE_QUESTION)    \
    X(answer, 6, BW_MESSAGE_ANSWER)        \
    X(ask, 7, BW_MESSAGE_ASK)              \
    X(reply, 8, BW_MESSAGE_REPLY)          \
    X(claim, 9, BW_MESSAGE_CLAIM)          \
    X(confirm, 10, BW_MESSAGE_CONFIRM)     \
    X(object, 11, BW_MESSAGE_OBJECT)       \
    X(resign, 12, BW_MESSAGE_RESIGN)       \
    X(healed, 13, BW_MESSAGE_HEALED)       \
    X(record, 14, BW_MESSAGE_RECORD)       \
    X(body, 15, BW_MESSAGE_BODY)           \
    X(candidacy, 16, BW_MESSAGE_CANDIDACY) \
    X(want, 17, BW_MESSAGE_WANT)           \
    X(freeze, 18, BW_MESSAGE_FREEZE)       \
    X(elect, 20, BW_MESSAGE_ELECT)         \
    X(ok, 21, BW_MESSAGE_OK)               \
    X(range, 22, BW_MESSAGE_RANGE)         \
    X(ballot, 24, BW_MESSAGE_BALLOT)       \
    X(vote, 25, BW_MESSAGE_VOTE)           \
    X(signature, 26, BW_MESSAGE_SIGNATURE)

#define BW_FRAME_NUMBER_(name, number, fields) BW_FRAME_##name = number,
enum bw_election_frame { BW_ELECTION_FRAMES(BW_FRAME_NUMBER_) BW_ELECTION_FRAME_END };
#undef BW_FRAME_NUMBER_

#define BW_FRAME_STRUCT_(name, number, fields) \
    BW_WIRE_STRUCT(bw_message_##name, fields)  \
    extern const struct bw_schema bw_message_schema_##name;
BW_ELECTION_FRAMES(BW_FRAME_STRUCT_)
#undef BW_FRAME_STRUCT_

#define BW_FRAME_MEMBER_(name, number, fields) struct bw_message_##name name;
/* Any of them, decoded. */
struct bw_election_frame_any {
    enum bw_election_frame type;
    union {
        BW_ELECTION_FRAMES(BW_FRAME_MEMBER_)
    } as;
};
#undef BW_FRAME_MEMBER_

/* The next frame of a direct message whose type is known; others are skipped. 1, 0 at the end, BW_ERR_DROP_MALFORMED.
 * Checks all that can be checked without knowing the receiver's state: names are text, terms are not 0, a set's entries are
 * well formed and in order. */
int bw_message_next(struct bw_reader *reader, struct bw_election_frame_any *frame);

/* The signature that follows, if one does: it is of the frame that was read last. NULL: none. The reader is past it. */
const uint8_t *bw_message_signature(struct bw_reader *reader);

/* The schema of a frame's type, NULL if there is none. */
const struct bw_schema *bw_message_schema(uint8_t type);

/* Orders scope names bytewise, the shorter first. */
int bw_name_compare(struct bw_bytes a, struct bw_bytes b);

#endif
