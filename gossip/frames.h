/* What members say to each other: one row of fields per frame (base/wire.h). Numbers below 64 are gossip's, for ever; a number
 * that a member does not know is skipped. */
#ifndef BW_GOSSIP_FRAMES_H
#define BW_GOSSIP_FRAMES_H

#include "base/wire.h"
#include "crypto/certificate.h"
#include "crypto/exchange.h"
#include "gossip/claim.h"
#include "gossip/formula.h"
#include "gossip/gossip.h"
#include "gossip/vivaldi.h"

#define BW_ACCUSERS_MAX (BW_CONFIRM_MAX + 1u)
#define BW_ACCUSATION_SIZE (17u + BW_SIGNATURE_SIZE)
#define BW_RECORD_SIZE_MAX 1024u  /* name, tags and candidacies of a member together */
#define BW_SIGNED_RECORD_MAX 880u /* the same with its certificate, in identity mode: see opening.c */
#define BW_HEARD_UNKNOWN 65535u   /* member.heard_s */
#define BW_BUCKETS_MIN 64u
#define BW_BUCKETS_MAX 1024u /* always a power of two */
#define BW_BUCKETS_PER_REQUEST 128u
#define BW_AGE_MS_MAX (UINT64_C(1) << 40)
#define BW_LATER_MS_MAX 10000u
#define BW_SEALED_MAX 1024u
#define BW_SEALED_HEAD 5u  /* a sealed frame without its datagram */
#define BW_UNHEARD_MAX 60u /* ids in a heard frame */
#define BW_PROTOCOL 1u
#define BW_LTIME_MAX (UINT64_C(1) << 62)
#define BW_RUMOUR_MAX 256u       /* recent events, and recent queries, that are kept */
#define BW_QUERY_MS_MAX 3600000u /* longest time for answers */
/* still: the sender's view has not changed for as long as dissemination takes */
#define BW_FRAME_PING(F, T) F(T, U32, seq, 0) F(T, U8, still, 1) F(T, U64, digest, 0)
/* As large as a ping, so that an answer is never larger than its question. */
#define BW_FRAME_ACK(F, T) F(T, U32, seq, 0) F(T, U8, still, 1) F(T, U64, digest, 0)
#define BW_FRAME_PING_REQ(F, T) F(T, U32, seq, 0) F(T, ID, target, 0)
/* No ack yet; refused: and the target's port refused my ping. */
#define BW_FRAME_NACK(F, T) F(T, U32, seq, 0) F(T, U8, refused, 1)
/* The target of a ping-req has answered me. */
#define BW_FRAME_RELAYED(F, T) F(T, U32, seq, 0)
/* A claim with the whole record. heard_s: so long ago the subject was heard by whoever vouches for it. */
#define BW_FRAME_MEMBER(F, T)                  \
    F(T, ID, id, 0)                            \
    F(T, U64, incarnation, BW_INCARNATION_MAX) \
    F(T, U8, status, BW_STATUS_LEFT)           \
    F(T, U64, age_ms, BW_AGE_MS_MAX)           \
    F(T, U16, heard_s, 0)                      \
    F(T, U64, session, 0)                      \
    F(T, ADDR, addr, 0)                        \
    F(T, U8, protocol_min, 0)                  \
    F(T, U8, protocol_max, 0)                  \
    F(T, U8, refutations, 0)                   \
    F(T, BYTES, name, BW_NAME_MAX)             \
    F(T, BYTES, tags, BW_TAG_SIZE_MAX)         \
    F(T, BYTES, candidacies, BW_CANDIDACY_SIZE_MAX)
/* The same in identity mode. word: what its subject signed, alive or left; exchange: its X25519 key in this session. */
#define BW_FRAME_SIGNED_MEMBER(F, T)             \
    BW_FRAME_MEMBER(F, T)                        \
    F(T, U8, word, BW_STATUS_LEFT)               \
    F(T, BYTES, certificate, BW_CERTIFICATE_MAX) \
    F(T, BYTES, exchange, BW_EXCHANGE_SIZE)      \
    F(T, BYTES, signature, BW_SIGNATURE_SIZE)
/* A datagram for the recipient, sealed with keys of the pair, behind the record that they come of. */
#define BW_FRAME_SEALED(F, T) F(T, BYTES, datagram, BW_SEALED_MAX)
/* Another process has your id, and speaks from there. ended: your session is over, and that one is taken for you. */
#define BW_FRAME_TWICE(F, T) F(T, ADDR, addr, 0) F(T, U8, ended, 1)
/* accusers: ids, the first accuser first */
#define BW_FRAME_SUSPECT(F, T) \
    F(T, ID, id, 0) F(T, U64, incarnation, BW_INCARNATION_MAX) F(T, BYTES, accusers, 16u * BW_ACCUSERS_MAX)
/* Identity mode: suspect, or dead. accusers: of each its id, whether the member's port refused it (1), its signature. */
#define BW_FRAME_ACCUSATION(F, T)              \
    F(T, ID, id, 0)                            \
    F(T, U64, incarnation, BW_INCARNATION_MAX) \
    F(T, U8, status, BW_STATUS_DEAD)           \
    F(T, U64, age_ms, BW_AGE_MS_MAX) F(T, BYTES, accusers, BW_ACCUSERS_MAX *BW_ACCUSATION_SIZE)
/* Dead or left. by: the accuser; of one that left: who was told to forget it, none if it left by its own word. */
#define BW_FRAME_VERDICT(F, T)                 \
    F(T, ID, id, 0)                            \
    F(T, U64, incarnation, BW_INCARNATION_MAX) \
    F(T, U8, status, BW_STATUS_LEFT) F(T, U64, age_ms, BW_AGE_MS_MAX) F(T, ID, by, 0)
#define BW_FRAME_RECORD(F, T)           \
    F(T, U8, kind, 0)                   \
    F(T, U8, urgent, 1)                 \
    F(T, BYTES, key, BW_RECORD_KEY_MAX) \
    F(T, BYTES, rank, BW_RECORD_RANK_SIZE) F(T, BYTES, body, BW_RECORD_BODY_MAX)
/* My digests of `buckets` buckets from `first` on; mutual: ask me back if they differ from yours. */
#define BW_FRAME_SYNC(F, T) \
    F(T, U32, sync, 0)      \
    F(T, U8, mutual, 1)     \
    F(T, U16, buckets, BW_BUCKETS_MAX) F(T, U16, first, 0) F(T, BYTES, digests, 8u * BW_BUCKETS_PER_REQUEST)
/* Opens a page of a sync's answer; the page's claims and records follow. next: the first bucket that is not answered. */
#define BW_FRAME_PAGE(F, T) \
    F(T, U32, sync, 0)      \
    F(T, U16, first, 0) F(T, U16, next, 0) F(T, U16, page, 0) F(T, U8, last, 1) F(T, U64, digest, 0)
/* The answer instead, while many arrive: ask me again after so long. */
#define BW_FRAME_LATER(F, T) F(T, U32, sync, 0) F(T, U16, wait_ms, BW_LATER_MS_MAX)
#define BW_FRAME_MESSAGE(F, T) F(T, U8, channel, 0) F(T, BYTES, data, BW_MESSAGE_MAX)
/* ltime: Lamport's; number: random, tells apart what began at one ltime; age_ms: it began so long ago. */
#define BW_FRAME_USER_EVENT(F, T)  \
    F(T, U64, ltime, BW_LTIME_MAX) \
    F(T, U64, number, 0)           \
    F(T, ID, origin, 0)            \
    F(T, U32, age_ms, 0)           \
    F(T, BYTES, name, BW_NAME_MAX) \
    F(T, BYTES, payload, BW_USER_SIZE_MAX)
/* left_ms: until the deadline; ack: say so when you hear it. For members with one of the names and all of the tags. */
#define BW_FRAME_QUERY(F, T)               \
    F(T, U64, ltime, BW_LTIME_MAX)         \
    F(T, U64, number, 0)                   \
    F(T, ID, origin, 0)                    \
    F(T, U32, left_ms, BW_QUERY_MS_MAX)    \
    F(T, U8, ack, 1)                       \
    F(T, BYTES, name, BW_NAME_MAX)         \
    F(T, BYTES, payload, BW_USER_SIZE_MAX) \
    F(T, BYTES, nodes, BW_USER_SIZE_MAX) F(T, BYTES, tags, BW_TAG_SIZE_MAX)
/* To the asker. ack: heard, no response. */
#define BW_FRAME_REPLY(F, T) F(T, U64, number, 0) F(T, U8, ack, 1) F(T, BYTES, payload, BW_USER_SIZE_MAX)
/* Rides on pings, acks and pages once there has been an event or a query. digest: of the recent events. */
#define BW_FRAME_CLOCKS(F, T) F(T, U64, events, BW_LTIME_MAX) F(T, U64, queries, BW_LTIME_MAX) F(T, U64, digest, 0)
/* My recent events, 4 bytes of each one's digest: send me the others. mutual: and tell me yours, if you lack some. */
#define BW_FRAME_HAVE(F, T) F(T, U8, mutual, 1) F(T, BYTES, digests, 4u * BW_RUMOUR_MAX)

/* Rides on an ack: where I am (vivaldi.h). at: coordinates, 2 bytes each; they and adjustment are in two's complement. */
#define BW_FRAME_COORDINATE(F, T)                \
    F(T, U8, exponent, BW_VIVALDI_EXPONENT_MAX)  \
    F(T, U8, error, BW_VIVALDI_ERROR_PACKED_MAX) \
    F(T, U16, height, 0)                         \
    F(T, U16, adjustment, 0) F(T, BYTES, at, 2u * BW_VIVALDI_DIMENSIONS)
/* Whom have you not heard? */
#define BW_FRAME_SURVEY(F, T) F(T, U32, survey, 0)
/* The answer. living: members alive to me; unheard: so many I have not heard within two rounds; ids: of them, as many as fit. */
#define BW_FRAME_HEARD(F, T) \
    F(T, U32, survey, 0)     \
    F(T, U32, living, 0) F(T, U32, unheard, 0) F(T, BYTES, ids, BW_UNHEARD_MAX * 16u)

/* X(number, name, FIELDS) */
#define BW_GOSSIP_FRAMES(X)                      \
    X(1, ping, BW_FRAME_PING)                    \
    X(2, ack, BW_FRAME_ACK)                      \
    X(3, ping_req, BW_FRAME_PING_REQ)            \
    X(4, nack, BW_FRAME_NACK)                    \
    X(5, relayed, BW_FRAME_RELAYED)              \
    X(6, member, BW_FRAME_MEMBER)                \
    X(7, suspect, BW_FRAME_SUSPECT)              \
    X(8, verdict, BW_FRAME_VERDICT)              \
    X(9, record, BW_FRAME_RECORD)                \
    X(10, sync, BW_FRAME_SYNC)                   \
    X(11, page, BW_FRAME_PAGE)                   \
    X(12, message, BW_FRAME_MESSAGE)             \
    X(13, later, BW_FRAME_LATER)                 \
    X(14, signed_member, BW_FRAME_SIGNED_MEMBER) \
    X(15, accusation, BW_FRAME_ACCUSATION)       \
    X(16, sealed, BW_FRAME_SEALED)               \
    X(17, twice, BW_FRAME_TWICE)                 \
    X(20, user_event, BW_FRAME_USER_EVENT)       \
    X(21, query, BW_FRAME_QUERY)                 \
    X(22, reply, BW_FRAME_REPLY)                 \
    X(23, clocks, BW_FRAME_CLOCKS)               \
    X(24, have, BW_FRAME_HAVE)                   \
    X(32, coordinate, BW_FRAME_COORDINATE)       \
    X(33, survey, BW_FRAME_SURVEY)               \
    X(34, heard, BW_FRAME_HEARD)

#define BW_FRAME_DECLARE_(number, name, FIELDS) \
    BW_WIRE_STRUCT(bw_frame_##name, FIELDS)     \
    extern const struct bw_schema bw_schema_##name;
BW_GOSSIP_FRAMES(BW_FRAME_DECLARE_)
#undef BW_FRAME_DECLARE_

#define BW_FRAME_NUMBER_(number, name, FIELDS) BW_FRAME_NUMBER_##name = number,
enum bw_frame_number { BW_GOSSIP_FRAMES(BW_FRAME_NUMBER_) };
#undef BW_FRAME_NUMBER_

/* Any frame, decoded. */
struct bw_frame {
    uint8_t type;
    union {
#define BW_FRAME_MEMBER_(number, name, FIELDS) struct bw_frame_##name name;
        BW_GOSSIP_FRAMES(BW_FRAME_MEMBER_)
#undef BW_FRAME_MEMBER_
    } as;
};

/* The schema of a frame number, NULL if there is none. */
const struct bw_schema *bw_frame_schema(uint8_t type);
/* Decodes the next known frame and checks all that can be checked without a table: 1, 0 at the end, BW_ERR_DROP_MALFORMED. */
int bw_frame_next(struct bw_reader *reader, struct bw_frame *frame);
/* The part of it that a member frame has as well. */
void bw_frame_unsigned(const struct bw_frame_signed_member *from, struct bw_frame_member *member);
bool bw_tags_valid(struct bw_bytes tags);
bool bw_query_valid(const struct bw_frame_query *query);
/* Names as queries list them: size (1), name, and so on. Steps through them as bw_tag_next does. */
bool bw_names_next(struct bw_bytes names, size_t *at, struct bw_bytes *name);

#endif
