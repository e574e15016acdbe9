/* What the tests of crypto/ share: members with a channel each, their datagrams. */
#ifndef BW_TESTS_CRYPTO_TEST_H
#define BW_TESTS_CRYPTO_TEST_H

#include "crypto/channel.h"
#include "tests/lib/memory.h"
#include "tests/lib/tap.h"
#include <bellwether/types.h>

extern const struct tap_suite crypto_beacon_suite;
extern const struct tap_suite crypto_keyring_suite;
extern const struct tap_suite crypto_replay_suite;
extern const struct tap_suite crypto_clock_suite;
extern const struct tap_suite crypto_channel_suite;
extern const struct tap_suite crypto_echo_suite;
extern const struct tap_suite crypto_sessions_suite;
extern const struct tap_suite crypto_refused_suite;
extern const struct tap_suite crypto_hostile_suite;
extern const struct tap_suite crypto_identity_suite;
extern const struct tap_suite crypto_pair_suite;
extern const struct tap_suite crypto_secrets_suite;
extern const struct tap_suite crypto_vectors_suite;

#define TEST_KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define TEST_KEY_B "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
#define TEST_KEY_C "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="

struct test_member {
    struct bw_id id;
    uint64_t session;
    struct bw_addr addr;
    struct bw_keyring *keyring;
    struct bw_channel *channel;
    struct test_memory heap;
    struct bw_trace trace;
    struct bw_time now;
};

struct test_datagram {
    uint8_t data[BW_DATAGRAM_MAX];
    size_t size;
};

struct test_setting {
    const char *keys;  /* NULL: TEST_KEY_A */
    const char *label; /* NULL: "prod" */
    size_t member_max; /* 0: 100 */
};

struct bw_addr test_addr(unsigned number);
/* Begins a life of member number (1..255) with a session; setting may be NULL. */
void test_start(struct test_member *member, unsigned number, uint64_t session, const struct test_setting *setting);
void test_stop(struct test_member *member);

/* Seals a text from one member to another (NULL: to nobody known), bound to the other's session or not. */
struct test_datagram test_seal(struct test_member *from, const struct test_member *to, bool bound, const char *text);
/* Opens it as if it came from sender's address. */
int test_open(struct test_member *to, const struct test_datagram *datagram, const struct test_member *sender,
              struct bw_inbound *inbound);
/* Seals bound, opens, and says whether it was proven. */
bool test_tell(struct test_member *from, struct test_member *to);
/* Opens and returns the error; a proven datagram is 1. */
int test_opens(struct test_member *to, const struct test_datagram *datagram, const struct test_member *sender);

uint64_t test_rule(const struct test_member *member, enum bw_rule rule);
uint64_t test_rules(const struct test_member *member); /* all together: nothing that was accepted leaves it unchanged */

#endif
