/* What members say to each other about their key rings: frames in a direct message of channel 2. */
#ifndef BW_NODE_KEYS_MESSAGE_H
#define BW_NODE_KEYS_MESSAGE_H

#include "base/wire.h"
#include "crypto/exchange.h"

/* Which ring do you hold? version: of mine. */
#define BW_KEYS_ASK(F, T) F(T, U64, version, 0)
/* stored: it is in my key file. */
#define BW_KEYS_HELD(F, T) F(T, BYTES, rank, BW_RING_RANK_SIZE) F(T, U8, stored, 1)
/* Mine is this one: send me yours, if it is newer, for this public key. */
#define BW_KEYS_WANT(F, T) F(T, BYTES, rank, BW_RING_RANK_SIZE) F(T, BYTES, public_key, BW_EXCHANGE_SIZE)
/* A ring, by whoever has this public key. */
#define BW_KEYS_RING(F, T)                    \
    F(T, BYTES, rank, BW_RING_RANK_SIZE)      \
    F(T, BYTES, public_key, BW_EXCHANGE_SIZE) \
    F(T, BYTES, box, BW_RING_BOX_MAX)

/* X(name, type number, fields) */
#define BW_KEYS_FRAMES(X)    \
    X(ask, 1, BW_KEYS_ASK)   \
    X(held, 2, BW_KEYS_HELD) \
    X(want, 3, BW_KEYS_WANT) \
    X(ring, 4, BW_KEYS_RING)

#define BW_KEYS_DECLARE_(name, number, FIELDS) \
    BW_WIRE_STRUCT(bw_keys_##name, FIELDS)     \
    extern const struct bw_schema bw_schema_keys_##name;
BW_KEYS_FRAMES(BW_KEYS_DECLARE_)
#undef BW_KEYS_DECLARE_

#endif
