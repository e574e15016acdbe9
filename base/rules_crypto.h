/* The rules of packets, sessions and keys, applied in crypto/. See rules.h for how to read and add one. */
#ifndef BW_BASE_RULES_CRYPTO_H
#define BW_BASE_RULES_CRYPTO_H

/* clang-format off */
#define BW_RULES_CRYPTO(X)                                                                                             \
    X(FIRST_KEY_SEALS_ALL_OPEN, "security.md, Keys",                                                                   \
      "the first key of the ring seals, and a datagram sealed with any other key of it opens too")                     \
    X(ANSWER_IN_ITS_KEY, "security.md, Keys",                                                                          \
      "who seals with another key than our first, and does not open ours, is answered in that one until it uses ours") \
    X(TRY_EACH_KEY_ON_THE_SILENT, "security.md, Keys",                                                                 \
      "of datagrams to somebody who has not said that it opens ours some try another key of the ring")                 \
    X(NEWER_RING_WINS, "security.md, Keys",                                                                            \
      "a ring of a larger version replaces ours, once a member has sent it whole")                                     \
    X(SEND_RING_TO_WHO_HAS_AN_OLDER, "security.md, Keys",                                                              \
      "who asks with an older ring than ours gets ours, sealed to its own key of this boot")                           \
    X(CONFIRM_ONLY_WHAT_IS_STORED, "security.md, Keys",                                                                \
      "a member confirms a ring once it is in its key file")                                                           \
    X(USE_WHAT_ALL_HOLD, "security.md, Keys",                                                                          \
      "a key is put first, or taken away, only when all living members have confirmed the ring")                       \
    X(DROP_REPLAYED, "RFC 4303 3.4.3", "a counter seen before, or older than the window, is dropped")                  \
    X(WINDOW_AFTER_AUTH, "RFC 4303 3.4.3",                                                                             \
      "the replay window moves only for a datagram that has passed authentication")                                    \
    X(DROP_OWN_DATAGRAM, "security.md, Packets", "a datagram that we sealed ourselves, reflected, is dropped")         \
    X(DROP_IMPOSSIBLE_ECHO, "security.md, Packets",                                                                    \
      "an echo of a datagram that we never sent, or in a datagram that is not bound to us, is malformed")              \
    X(CATCH_UP_WITH_OURSELVES, "security.md, Packets",                                                                 \
      "who is told an echo ahead of its own counter is an older state of itself, and goes on above that echo")         \
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
    X(STRANGERS_OUT_WHEN_FULL, "security.md, Packets",                                                                 \
      "when there is no room the session of somebody who is no member is forgotten")                                   \
    X(SEAL_FOR_ONE_MEMBER, "security.md, Identity mode",                                                               \
      "what is bound to a member's session is sealed with keys that only it and we have")                              \
    X(NOTHING_FOR_ALL_EYES, "security.md, Identity mode",                                                              \
      "what needs a pair's keys is not sent while there are none")                                                     \
    X(CLUSTER_KEY_ONLY_OPENS, "security.md, Identity mode",                                                            \
      "the cluster's key alone proves no session, moves no window and is no echo")                                     \
    X(A_PAIR_SPEAKS_FOR_ITSELF, "security.md, Identity mode",                                                          \
      "a datagram that names another sender than the member whose keys sealed it is malformed")                        \
    X(INTRODUCE_OURSELVES, "security.md, Identity mode",                                                               \
      "until a member has sealed something for us, it is told our record ahead of what we seal for it")                \
    X(REFUSAL_QUOTES_OUR_DATAGRAM, "security.md, Packets",                                                             \
      "a refusal counts only if it quotes a recent datagram to that address and nothing came from its recipient since")
/* clang-format on */

#endif
