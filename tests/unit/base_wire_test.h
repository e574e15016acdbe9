/* The message that the codec's tests use: one field of each type, limited and not. */
#ifndef BW_TESTS_BASE_WIRE_TEST_H
#define BW_TESTS_BASE_WIRE_TEST_H

#include "base/rng.h"
#include "base/wire.h"

#define SAMPLE_TYPE 7
#define SAMPLE_NAME_MAX 10
#define SAMPLE_SIZE_MAX 256 /* of a whole frame that sample_random makes */

#define SAMPLE_FIELDS(F, T)            \
    F(T, U8, kind, 3)                  \
    F(T, U16, port, 0)                 \
    F(T, U32, count, 100000)           \
    F(T, U64, seq, 0)                  \
    F(T, ID, id, 0)                    \
    F(T, ADDR, addr, 0)                \
    F(T, BYTES, name, SAMPLE_NAME_MAX) \
    F(T, BYTES, body, 0)

BW_WIRE_STRUCT(sample, SAMPLE_FIELDS)
extern const struct bw_schema sample_schema;

/* A message with random values within their limits; its byte strings point into bytes. */
void sample_random(struct bw_rng *rng, struct sample *message, uint8_t bytes[SAMPLE_SIZE_MAX]);

#endif
