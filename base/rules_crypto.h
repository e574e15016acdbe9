/* The rules of packets, sessions and keys, applied in crypto/. See rules.h for how to read and add one. */
#ifndef BW_BASE_RULES_CRYPTO_H
#define BW_BASE_RULES_CRYPTO_H

#define BW_RULES_CRYPTO(X)                                                          \
    X(WINDOW_AFTER_AUTH, "RFC 4303 3.4.3",                                          \
      "the replay window moves only for a datagram that has passed authentication") \
    X(DROP_REPLAYED, "RFC 4303 3.4.3", "a counter seen before, or older than the window, is dropped")

#endif
