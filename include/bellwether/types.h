/** @file types.h
 *  The types that every layer shares: time, identity, address, memory.
 *
 *  Durations carry their unit in their name: `_us` microseconds, `_ms`
 *  milliseconds, `_s` seconds. Sizes are bytes (`_size`), counts are items (`_count`).
 */
#ifndef BELLWETHER_TYPES_H
#define BELLWETHER_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The instant at which a call is made. The library reads no clock: the host says what time it is.
 *  `mono_us` never goes back and counts suspend (CLOCK_BOOTTIME on Linux): all waiting uses it.
 *  `wall_us` is microseconds since 1970: only first terms, first incarnations and jump detection use it. */
struct bw_time {
    int64_t mono_us;
    int64_t wall_us;
};

/** A deadline that is never reached. */
#define BW_NEVER INT64_MAX

/** A member's identity: 128 bits, random, kept in the state directory; or the hash of its key. All zero: "none". */
struct bw_id {
    uint8_t bytes[16];
};

/** A UDP address. `family` is 0 (none), 4 or 6; IPv4 fills the first four bytes of `ip`, the rest is zero. */
struct bw_addr {
    uint8_t ip[16];
    uint16_t port;
    uint8_t family;
};

/** Bytes owned by somebody else. */
struct bw_bytes {
    const uint8_t *data;
    size_t size;
};

/** A fencing token: larger is newer, compared by term, then by id. Two reigns never share one. */
struct bw_token {
    uint64_t term;
    struct bw_id id;
};

/** Where memory comes from. One function does it all: new_size 0 frees, old_size 0 allocates, both resize.
 *  It returns NULL when there is no memory, and the library then answers BW_ERR_MEMORY. */
struct bw_allocator {
    void *(*resize)(void *context, void *memory, size_t old_size, size_t new_size);
    void *context;
};

#define BW_NAME_MAX 63u        /**< longest member, cluster or scope name, bytes */
#define BW_TAG_COUNT_MAX 32u   /**< tags per member */
#define BW_TAG_SIZE_MAX 512u   /**< all tags of a member together, encoded, bytes */
#define BW_USER_SIZE_MAX 1024u /**< a user event's name and payload; a query's, filters included; a response: bytes */
#define BW_DATAGRAM_MAX 1232u  /**< largest datagram ever sent: IPv6's least MTU less its headers, bytes */
#define BW_TOKEN_TEXT_SIZE 33u /**< 32 hex digits and a zero */
#define BW_ID_TEXT_SIZE 33u    /**< 32 hex digits and a zero */

/** An id as text: 32 hex digits. @param text filled, zero-terminated */
void bw_id_text(const struct bw_id *id, char text[BW_ID_TEXT_SIZE]);

/** A token as text: 32 hex digits, the term (16) and the first 8 bytes of the id (16), so that the order of the
 *  texts is the order of the tokens. @param text filled, zero-terminated */
void bw_token_text(const struct bw_token *token, char text[BW_TOKEN_TEXT_SIZE]);

/** Reads a token as bw_token_text writes it (32 hex digits): the id's other bytes are zero.
 *  @return 0 or BW_ERR_INVALID, and token is as it was */
int bw_token_parse(struct bw_token *token, const char *text);

/** Where a member stands. */
enum bw_status { BW_STATUS_ALIVE, BW_STATUS_SUSPECT, BW_STATUS_DEAD, BW_STATUS_LEFT };

/** "alive", "suspect", "dead" or "left". */
const char *bw_status_name(enum bw_status status);

#ifdef __cplusplus
}
#endif
#endif
