/* Beacons: who can read one, who can make one, and what somebody without the key sees. */
#include "crypto/beacon.h"

#include "base/base.h"
#include "crypto/aead.h"
#include "tests/unit/crypto_test.h"

#include <bellwether/loop.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_AT 36u
#define PLAIN_SIZE (BW_BEACON_SIZE - PLAIN_AT - BW_TAG_SIZE)

static struct bw_keyring *ring;
static struct bw_keyring *other;

static void set_up(void) {
    static const char two[] = TEST_KEY_B "\n" TEST_KEY_A;
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, TEST_KEY_A, strlen(TEST_KEY_A), NULL), 0);
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&other, two, strlen(two), NULL), 0);
}

static void tear_down(void) {
    bw_keyring_destroy(ring);
    bw_keyring_destroy(other);
}

static struct bw_beacon sample(uint64_t number) {
    struct bw_beacon beacon = {.session = 0x0102030405060708,
                               .number = number,
                               .addr = {.family = 4, .ip = {192, 0, 2, 7}, .port = 7947},
                               .member_count = 3,
                               .protocol_min = 1,
                               .protocol_max = 2,
                               .name = "alpha",
                               .cluster = "prod"};
    memset(beacon.id.bytes, 7, sizeof(beacon.id.bytes));
    return beacon;
}

static int open_with(const struct bw_keyring *keys, const uint8_t *sealed, struct bw_beacon *beacon) {
    return bw_beacon_open(keys, (struct bw_bytes){sealed, BW_BEACON_SIZE}, beacon);
}

static bool equal(const struct bw_beacon *a, const struct bw_beacon *b) {
    return bw_id_equal(&a->id, &b->id) && a->session == b->session && a->number == b->number &&
           bw_addr_equal(&a->addr, &b->addr) && a->member_count == b->member_count &&
           a->protocol_min == b->protocol_min && a->protocol_max == b->protocol_max && strcmp(a->name, b->name) == 0 &&
           strcmp(a->cluster, b->cluster) == 0;
}

static void any_key_of_the_ring_opens_a_beacon(void) {
    uint8_t sealed[BW_BEACON_SIZE];
    struct bw_beacon beacon = sample(9);
    struct bw_beacon opened;
    bw_beacon_seal(ring, &beacon, sealed);
    CU_ASSERT_EQUAL(open_with(ring, sealed, &opened), 0);
    CU_ASSERT(equal(&beacon, &opened));
    CU_ASSERT_EQUAL(open_with(other, sealed, &opened), 0); /* its second key */
    CU_ASSERT(equal(&beacon, &opened));
    bw_beacon_seal(other, &beacon, sealed);
    CU_ASSERT_EQUAL(open_with(ring, sealed, &opened), BW_ERR_DROP_KEY);
    CU_ASSERT_EQUAL(open_with(NULL, sealed, &opened), BW_ERR_DROP_KEY);
}

static void the_longest_texts_and_addresses_fit(void) {
    uint8_t sealed[BW_BEACON_SIZE];
    struct bw_beacon opened;
    struct bw_beacon beacon = sample(UINT64_MAX);
    memset(beacon.name, 'n', BW_NAME_MAX);
    memset(beacon.cluster, 'c', BW_NAME_MAX);
    beacon.addr = (struct bw_addr){.family = 6, .port = 1};
    memset(beacon.addr.ip, 255, sizeof(beacon.addr.ip));
    bw_beacon_seal(ring, &beacon, sealed);
    CU_ASSERT_EQUAL(open_with(ring, sealed, &opened), 0);
    CU_ASSERT(equal(&beacon, &opened));
}

static void other_sizes_and_other_datagrams_are_no_beacons(void) {
    uint8_t sealed[BW_BEACON_SIZE + 1] = {0};
    struct bw_beacon beacon = sample(1);
    struct bw_beacon opened;
    bw_beacon_seal(ring, &beacon, sealed);
    for (size_t size = 0; size < BW_BEACON_SIZE; size++) {
        CU_ASSERT_EQUAL(bw_beacon_open(ring, (struct bw_bytes){sealed, size}, &opened), BW_ERR_DROP_SHORT);
    }
    CU_ASSERT_EQUAL(bw_beacon_open(ring, (struct bw_bytes){sealed, sizeof(sealed)}, &opened), BW_ERR_DROP_LONG);
    sealed[3] = 2;
    CU_ASSERT_EQUAL(open_with(ring, sealed, &opened), BW_ERR_DROP_VERSION);
}

static void no_flipped_bit_passes(void) {
    uint8_t sealed[BW_BEACON_SIZE];
    struct bw_beacon beacon = sample(1);
    struct bw_beacon opened;
    size_t counts[3] = {0};
    bw_beacon_seal(ring, &beacon, sealed);
    for (size_t bit = 0; bit < 8 * BW_BEACON_SIZE; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int error = open_with(ring, sealed, &opened);
        CU_ASSERT_EQUAL(error, bit < 32             ? BW_ERR_DROP_VERSION
                               : bit < 8 * PLAIN_AT ? BW_ERR_DROP_KEY
                                                    : BW_ERR_DROP_AUTH);
        counts[bit < 32 ? 0 : bit < 8 * PLAIN_AT ? 1 : 2]++;
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CU_ASSERT(counts[0] == 32 && counts[1] == 256 && counts[2] == 2784);
    CU_ASSERT_EQUAL(open_with(ring, sealed, &opened), 0);
}

/* Nothing but the first four bytes, which all clusters' beacons share, is twice in any two of one member. */
static void beacons_of_one_cluster_cannot_be_linked(void) {
    uint8_t one[BW_BEACON_SIZE];
    uint8_t two[BW_BEACON_SIZE];
    struct bw_beacon beacon = sample(1);
    bw_beacon_seal(ring, &beacon, one);
    beacon.number = 2;
    bw_beacon_seal(ring, &beacon, two);
    CU_ASSERT_EQUAL(memcmp(one, two, 4), 0);
    for (size_t at = 4; at + 4 <= BW_BEACON_SIZE; at++) {
        CU_ASSERT(memcmp(one + at, two + at, 4) != 0);
    }
    for (size_t at = 0; at + 4 <= BW_BEACON_SIZE; at++) {
        CU_ASSERT(memcmp(one + at, "prod", 4) != 0 && memcmp(one + at, "alph", 4) != 0);
    }
    beacon.number = 1;
    bw_beacon_seal(ring, &beacon, two);
    CU_ASSERT_EQUAL(memcmp(one, two, BW_BEACON_SIZE), 0); /* no chance in it: a nonce repeats only with all the rest */
}

/* Seals whatever plaintext, as a member gone bad would. */
static void seal_plain(const uint8_t plain[PLAIN_SIZE], uint8_t sealed[BW_BEACON_SIZE]) {
    struct bw_beacon_key key;
    bw_keyring_beacon(ring, 0, &key);
    memcpy(sealed, "bwd\1", 4);
    memset(sealed + 4, 9, BW_NONCE_SIZE);
    crypto_shorthash(sealed + 4 + BW_NONCE_SIZE, sealed + 4, BW_NONCE_SIZE, key.hint_key);
    bw_aead_xchacha20poly1305.seal(sealed + PLAIN_AT, (struct bw_bytes){plain, PLAIN_SIZE},
                                   (struct bw_bytes){sealed, 4}, sealed + 4, key.seal_key);
}

static int opened_plain(const uint8_t plain[PLAIN_SIZE]) {
    uint8_t sealed[BW_BEACON_SIZE];
    struct bw_beacon opened;
    seal_plain(plain, sealed);
    return open_with(ring, sealed, &opened);
}

/* frame header, id, session, number, addr (1 + 2 + 4), members, protocols, name "a", cluster "c"; then an unknown frame to the end. */
static void good_plain(uint8_t plain[PLAIN_SIZE]) {
    memset(plain, 0, PLAIN_SIZE);
    plain[0] = 1;
    bw_put_u16(plain + 1, 51);
    memset(plain + 3, 1, 16 + 8 + 8);
    plain[35] = 4;
    bw_put_u16(plain + 36, 7947);
    plain[46] = plain[47] = 1;
    bw_put_u16(plain + 48, 1);
    plain[50] = 'a';
    bw_put_u16(plain + 51, 1);
    plain[53] = 'c';
    plain[54] = 200;
    bw_put_u16(plain + 55, PLAIN_SIZE - 57);
}

static void what_is_not_well_formed_is_refused(void) {
    static const struct {
        size_t at;
        size_t size;
        uint8_t value;
    } bad[] = {
        {0, 1, 2},    /* no beacon frame */
        {2, 1, 52},   /* its size */
        {3, 16, 0},   /* no id */
        {19, 8, 0},   /* no session */
        {27, 8, 0},   /* no number */
        {35, 1, 5},   /* no such family */
        {35, 1, 0},   /* no address */
        {36, 2, 0},   /* no port */
        {46, 1, 3},   /* versions from 3 to 1 */
        {49, 1, 0},   /* no name */
        {50, 1, 7},   /* a control character */
        {53, 1, 255}, /* no UTF-8 */
        {54, 1, 1},   /* a second beacon frame */
        {56, 1, 255}, /* cut short */
    };
    uint8_t plain[PLAIN_SIZE];
    good_plain(plain);
    CU_ASSERT_EQUAL(opened_plain(plain), 0); /* and the unknown frame is skipped */
    for (size_t i = 0; i < BW_COUNT(bad); i++) {
        good_plain(plain);
        memset(plain + bad[i].at, bad[i].value, bad[i].size);
        CU_ASSERT_EQUAL(opened_plain(plain), BW_ERR_DROP_MALFORMED);
    }
    memset(plain, 0, sizeof(plain));
    CU_ASSERT_EQUAL(opened_plain(plain), BW_ERR_DROP_MALFORMED);
}

static const struct tap_test tests[] = {
    TAP_TEST(any_key_of_the_ring_opens_a_beacon),
    TAP_TEST(the_longest_texts_and_addresses_fit),
    TAP_TEST(other_sizes_and_other_datagrams_are_no_beacons),
    TAP_TEST(no_flipped_bit_passes),
    TAP_TEST(beacons_of_one_cluster_cannot_be_linked),
    TAP_TEST(what_is_not_well_formed_is_refused),
};
const struct tap_suite crypto_beacon_suite = TAP_SUITE_WITH("crypto beacon", tests, set_up, tear_down);
