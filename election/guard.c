/* The guard's rule: remember the largest token, refuse any smaller one. The record is text that a person can read:
 *
 *     bellwether guard 1
 *     sequence <16 hex digits>
 *     token <32 hex digits>
 *     check <32 hex digits: BLAKE2b-128 of all before> */
#include "election/guard.h"

#include <sodium.h>
#include <string.h>

#define MAGIC "bellwether guard "
#define HEAD MAGIC "1\nsequence "
#define MIDDLE "\ntoken "
#define TAIL "\ncheck "
#define SUM_SIZE 16u
#define SUMMED_SIZE (sizeof(HEAD) - 1 + 16 + sizeof(MIDDLE) - 1 + 32 + sizeof(TAIL) - 1)
#define TEXT_SIZE (SUMMED_SIZE + 2 * SUM_SIZE)

_Static_assert(TEXT_SIZE < BW_GUARD_RECORD_SIZE, "a record fits, with a line end after it");

void bw_guard_token(const struct bw_token *token, uint8_t bytes[BW_GUARD_TOKEN_SIZE]) {
    bw_put_u64(bytes, token->term);
    memcpy(bytes + 8, token->id.bytes, 8);
}

void bw_guard_token_of(const uint8_t bytes[BW_GUARD_TOKEN_SIZE], struct bw_token *token) {
    *token = (struct bw_token){.term = bw_get_u64(bytes)};
    memcpy(token->id.bytes, bytes + 8, 8);
}

bool bw_guard_token_none(const uint8_t bytes[BW_GUARD_TOKEN_SIZE]) {
    static const uint8_t none[BW_GUARD_TOKEN_SIZE];
    return memcmp(bytes, none, sizeof(none)) == 0;
}

bool bw_guard_passes(const struct bw_guard_record *newest, const uint8_t token[BW_GUARD_TOKEN_SIZE]) {
    return memcmp(token, newest->token, BW_GUARD_TOKEN_SIZE) >= 0;
}

static char *put_text(char *to, const char *text) {
    size_t size = strlen(text);
    memcpy(to, text, size);
    return to + size;
}

static void check_of(const char *text, char hex[2 * SUM_SIZE + 1]) {
    uint8_t sum[SUM_SIZE];
    (void)crypto_generichash(sum, sizeof(sum), (const uint8_t *)text, SUMMED_SIZE, NULL, 0);
    bw_hex_put(hex, sum, sizeof(sum));
}

void bw_guard_put(const struct bw_guard_record *record, char text[BW_GUARD_RECORD_SIZE]) {
    char hex[2 * SUM_SIZE + 1];
    uint8_t sequence[8];
    memset(text, '\n', BW_GUARD_RECORD_SIZE);
    bw_put_u64(sequence, record->sequence);
    char *to = put_text(text, HEAD);
    bw_hex_put(hex, sequence, sizeof(sequence));
    to = put_text(put_text(to, hex), MIDDLE);
    bw_hex_put(hex, record->token, sizeof(record->token));
    to = put_text(put_text(to, hex), TAIL);
    check_of(text, hex);
    put_text(to, hex);
}

int bw_guard_get(const char text[BW_GUARD_RECORD_SIZE], struct bw_guard_record *record) {
    uint8_t sequence[8];
    char again[BW_GUARD_RECORD_SIZE];
    struct bw_guard_record got = {0};
    const char *at = text + sizeof(HEAD) - 1;
    if (memcmp(text, MAGIC, sizeof(MAGIC) - 1) == 0 && memcmp(text, HEAD, sizeof(HEAD) - 1) != 0) {
        return BW_ERR_VERSION;
    }
    if (!bw_hex_get(at, sequence, sizeof(sequence)) ||
        !bw_hex_get(at + 16 + sizeof(MIDDLE) - 1, got.token, sizeof(got.token))) {
        return BW_ERR_CORRUPT;
    }
    got.sequence = bw_get_u64(sequence);
    bw_guard_put(&got, again); /* canonical: what is read is, byte for byte, what would be written */
    if (memcmp(text, again, sizeof(again)) != 0) {
        return BW_ERR_CORRUPT;
    }
    *record = got;
    return 0;
}

int bw_guard_newer(const int got[2], const struct bw_guard_record records[2]) {
    if (got[0] == BW_ERR_VERSION || got[1] == BW_ERR_VERSION) {
        return BW_ERR_VERSION; /* a later program writes here: it may know a larger token */
    }
    if (got[0] != 0 || got[1] != 0) {
        return got[0] == 0 ? 0 : got[1] == 0 ? 1 : BW_ERR_CORRUPT;
    }
    int order = memcmp(records[0].token, records[1].token, BW_GUARD_TOKEN_SIZE);
    return order != 0 ? order < 0 : records[0].sequence < records[1].sequence;
}
