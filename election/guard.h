/* The guard's rule and its record, without the file (node/guard.c). Election.md, "Guard": what a protected resource runs. */
#ifndef BW_ELECTION_GUARD_H
#define BW_ELECTION_GUARD_H

#include "base/base.h"

#define BW_GUARD_TOKEN_SIZE 16u   /* as printed: the term and 8 bytes of the id, big-endian: memcmp order */
#define BW_GUARD_RECORD_SIZE 128u /* text, padded with line ends */

/* One of the file's two slots. The slot that is not the newest is written, so that a torn write harms nothing. */
struct bw_guard_record {
    uint64_t sequence;                  /* of writes: the larger one is the newer slot */
    uint8_t token[BW_GUARD_TOKEN_SIZE]; /* all zero: none yet */
};

void bw_guard_token(const struct bw_token *token, uint8_t bytes[BW_GUARD_TOKEN_SIZE]);
void bw_guard_token_of(const uint8_t bytes[BW_GUARD_TOKEN_SIZE], struct bw_token *token);
bool bw_guard_token_none(const uint8_t bytes[BW_GUARD_TOKEN_SIZE]);

/* The whole rule: a token passes unless a larger one has passed. */
bool bw_guard_passes(const struct bw_guard_record *newest, const uint8_t token[BW_GUARD_TOKEN_SIZE]);

void bw_guard_put(const struct bw_guard_record *record, char text[BW_GUARD_RECORD_SIZE]);
/* Returns 0, BW_ERR_CORRUPT, or BW_ERR_VERSION for a later format. */
int bw_guard_get(const char text[BW_GUARD_RECORD_SIZE], struct bw_guard_record *record);
/* Which of two slots holds, given what bw_guard_get said of each: 0, 1, or the error when neither does. */
int bw_guard_newer(const int got[2], const struct bw_guard_record records[2]);

#endif
