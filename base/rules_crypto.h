/* The rules of packets, sessions and keys, applied in crypto/. See rules.h for how to read and add one. */
#ifndef BW_BASE_RULES_CRYPTO_H
#define BW_BASE_RULES_CRYPTO_H

/* clang-format off */
#define BW_RULES_CRYPTO(X)                                                                                             \
    X(FIRST_KEY_SEALS_ALL_OPEN, "security.md, Keys",                                                                   \
      "the first key of the ring seals, and a datagram sealed with any other key of it opens too")                     \
    X(DROP_REPLAYED, "RFC 4303 3.4.3", "a counter seen before, or older than the window, is dropped")                  \
    X(WINDOW_AFTER_AUTH, "RFC 4303 3.4.3",                                                                             \
      "the replay window moves only for a datagram that has passed authentication")                                    \
    X(DROP_OWN_DATAGRAM, "security.md, Packets", "a datagram that we sealed ourselves, reflected, is dropped")         \
    X(DROP_IMPOSSIBLE_ECHO, "security.md, Packets",                                                                    \
      "an echo of a datagram that we never sent, or in a datagram that is not bound to us, is malformed")              \
    X(PROVE_BOUND_SESSION, "security.md, Packets",                                                                     \
      "a datagram bound to our session was made after our boot and proves the first session of its sender")            \
    X(PROVE_NEWER_SESSION_BY_ECHO, "security.md, Packets",                                                             \
      "a session ends another of its member only by echoing what we sent after that one was proven")                   \
    X(REFUSE_ENDED_SESSION, "security.md, Packets", "a session that a newer one has ended is refused")                 \
    X(UNBOUND_ONLY_OPENS_SESSION, "security.md, Packets",                                                              \
      "a datagram that is not bound to our session may open a session and is not believed")                            \
    X(OLDEST_UNPROVEN_OUT, "security.md, Packets",                                                                     \
      "a new unproven session takes the place of the oldest unproven one, never that of a proven one")                 \
    X(KEEP_PROVEN_WHEN_FULL, "security.md, Packets",                                                                   \
      "when there is no room for another proven session the new one is refused")                                       \
    X(REFUSAL_QUOTES_OUR_DATAGRAM, "security.md, Packets",                                                             \
      "a refusal counts only if it quotes a recent datagram to that address and nothing came from its recipient since")
/* clang-format on */

#endif
