/** @file error.h
 *  Every way in which a call can fail, and every reason for which a datagram is dropped.
 *
 *  Functions return 0 or a negative `enum bw_error`. The same numbers index the drop counters.
 */
#ifndef BELLWETHER_ERROR_H
#define BELLWETHER_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/** X(name, text). Order is part of the ABI: append only. */
#define BW_ERRORS(X)                                                                       \
    X(MEMORY, "out of memory")                                                             \
    X(INVALID, "a setting is outside its range or contradicts another")                    \
    X(SPACE, "does not fit")                                                               \
    X(FULL, "a bounded table is full")                                                     \
    X(NOT_FOUND, "no such thing")                                                          \
    X(BUSY, "not possible now; try again later")                                           \
    X(KEY, "the key is not 32 bytes in base64")                                            \
    X(SYSTEM, "the operating system refused")                                              \
    X(CORRUPT, "stored state is damaged or belongs to another node")                       \
    X(VERSION, "made by a version that this one does not understand")                      \
    X(DROP_SHORT, "datagram shorter than a header")                                        \
    X(DROP_LONG, "datagram longer than any valid one")                                     \
    X(DROP_VERSION, "unknown packet version or flags")                                     \
    X(DROP_KEY, "sealed with a key that is not in the ring")                               \
    X(DROP_AUTH, "forged, damaged, for another cluster or for another recipient")          \
    X(DROP_REPLAY, "seen before, or older than the window")                                \
    X(DROP_SESSION, "belongs to a session that has ended")                                 \
    X(DROP_UNPROVEN, "sender has not shown that it hears us; only its pings are answered") \
    X(DROP_SELF, "sent by ourselves")                                                      \
    X(DROP_MALFORMED, "authentic but not well formed")                                     \
    X(DROP_RATE, "answers to this address are rationed")                                   \
    X(STALE, "a newer fencing token has been seen")                                        \
    X(FROZEN, "the scope is frozen; thaw it first")                                        \
    X(DROP_UNSIGNED, "says of a member what it has not signed, or may not say")            \
    X(IDENTITY, "the key, the certificate and the authority do not belong together")       \
    X(NOT_GRANTED, "the certificate does not grant that")

#define BW_ERROR_ORDINAL_(name, text) BW_ERROR_ORDINAL_##name,
enum bw_error_ordinal { BW_ERROR_ORDINAL_OK, BW_ERRORS(BW_ERROR_ORDINAL_) BW_ERROR_COUNT };
#undef BW_ERROR_ORDINAL_

#define BW_ERROR_VALUE_(name, text) BW_ERR_##name = -BW_ERROR_ORDINAL_##name,
enum bw_error { BW_OK = 0, BW_ERRORS(BW_ERROR_VALUE_) };
#undef BW_ERROR_VALUE_

/** What went wrong, in words.
 *  @param error 0 or a negative `enum bw_error`
 *  @return a static string; "unknown error" for a number that is none of them */
const char *bw_error_text(int error);

/** The name of an error as the counters and logs print it ("drop-replay").
 *  @return a static string; "ok" for 0 */
const char *bw_error_name(int error);

#ifdef __cplusplus
}
#endif
#endif
