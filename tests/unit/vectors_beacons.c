/* tests/vectors/beacons.json: beacons, sealed, and what is none. */
#include "tests/unit/vectors_test.h"

#include "base/base.h"
#include "crypto/beacon.h"
#include <stdio.h>
#include <string.h>

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

static struct bw_beacon a_beacon(uint64_t number) {
    struct bw_beacon beacon = {.session = 0x0102030405060708,
                               .number = number,
                               .addr = {.ip = {192, 0, 2, 7}, .port = 7947, .family = 4},
                               .member_count = 3,
                               .protocol_min = 1,
                               .protocol_max = 1,
                               .name = "alpha",
                               .cluster = "prod"};
    memset(beacon.id.bytes, 1, sizeof(beacon.id.bytes));
    return beacon;
}

static struct bw_beacon the_largest(void) {
    struct bw_beacon beacon = {.session = UINT64_MAX,
                               .number = UINT64_MAX,
                               .addr = {.ip = {0x20, 1, 0xd, 0xb8, [15] = 7}, .port = 65535, .family = 6},
                               .member_count = UINT32_MAX,
                               .protocol_min = 0,
                               .protocol_max = 255};
    memset(beacon.id.bytes, 0xfe, sizeof(beacon.id.bytes));
    memset(beacon.name, 'n', BW_NAME_MAX);
    memset(beacon.cluster, 'c', BW_NAME_MAX);
    return beacon;
}

static void seal(const char *key, const struct bw_beacon *beacon, uint8_t sealed[BW_BEACON_SIZE]) {
    struct bw_keyring *ring = NULL;
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, key, strlen(key), NULL), 0);
    bw_beacon_seal(ring, beacon, sealed);
    bw_keyring_destroy(ring);
}

static int open(const char *key, struct bw_bytes sealed, struct bw_beacon *beacon) {
    struct bw_keyring *ring = NULL;
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, key, strlen(key), NULL), 0);
    int error = bw_beacon_open(ring, sealed, beacon);
    bw_keyring_destroy(ring);
    return error;
}

static void put_sealed(struct vectors_list *list, const char *key, struct bw_beacon beacon) {
    uint8_t sealed[BW_BEACON_SIZE];
    struct bw_beacon opened;
    seal(key, &beacon, sealed);
    CU_ASSERT_EQUAL(open(key, (struct bw_bytes){sealed, sizeof(sealed)}, &opened), 0);
    CU_ASSERT(bw_id_equal(&opened.id, &beacon.id) && opened.session == beacon.session &&
              opened.number == beacon.number && bw_addr_equal(&opened.addr, &beacon.addr) &&
              strcmp(opened.name, beacon.name) == 0 && strcmp(opened.cluster, beacon.cluster) == 0);
    vectors_next(list);
    fprintf(list->to, "{\"key\": \"%s\"", key);
    vectors_hex(list->to, "id", opened.id.bytes, 16);
    fprintf(list->to, ", \"session\": \"%llu\", \"number\": \"%llu\", \"addr\": ", (unsigned long long)opened.session,
            (unsigned long long)opened.number);
    vectors_addr(list->to, &opened.addr);
    fprintf(list->to, ", \"members\": %u, \"protocol_min\": %u, \"protocol_max\": %u, \"name\": \"%s\"",
            opened.member_count, opened.protocol_min, opened.protocol_max, opened.name);
    fprintf(list->to, ", \"cluster\": \"%s\"", opened.cluster);
    vectors_hex(list->to, "beacon", sealed, sizeof(sealed));
    fputc('}', list->to);
}

static void put_refused(struct vectors_list *list, const char *why, const char *key, const uint8_t *bytes, size_t size,
                        const char *result) {
    struct bw_beacon opened;
    int error = open(key, (struct bw_bytes){bytes, size}, &opened);
    CU_ASSERT_STRING_EQUAL(bw_error_name(error), result);
    vectors_next(list);
    fprintf(list->to, "{\"why\": \"%s\", \"key\": \"%s\", \"result\": \"%s\"", why, key, result);
    vectors_hex(list->to, "beacon", bytes, size);
    fputc('}', list->to);
}

void vectors_beacons(FILE *to) {
    const struct bw_beacon beacon = a_beacon(65);
    uint8_t sealed[BW_BEACON_SIZE + 1];
    struct vectors_list accepted = {.to = to};
    struct vectors_list refused = {.to = to};
    fputs("{\n\"about\": \"docs/PROTOCOL.md, Beacons: what is sealed with a key, byte for byte; then what a receiver "
          "with that "
          "key refuses.\",\n\"sealed\": [",
          to);
    put_sealed(&accepted, KEY_A, a_beacon(65));
    put_sealed(&accepted, KEY_A, a_beacon(66));
    put_sealed(&accepted, KEY_A, the_largest());
    put_sealed(&accepted, KEY_B, a_beacon(65));
    fputs("\n],\n\"refused\": [", to);
    seal(KEY_A, &beacon, sealed);
    sealed[BW_BEACON_SIZE] = 0;
    put_refused(&refused, "a byte too few", KEY_A, sealed, BW_BEACON_SIZE - 1, "drop-short");
    put_refused(&refused, "a byte too many", KEY_A, sealed, BW_BEACON_SIZE + 1, "drop-long");
    put_refused(&refused, "another key", KEY_B, sealed, BW_BEACON_SIZE, "drop-key");
    sealed[3] = 2;
    put_refused(&refused, "another version", KEY_A, sealed, BW_BEACON_SIZE, "drop-version");
    sealed[3] = 1;
    sealed[BW_BEACON_SIZE - 1] ^= 1;
    put_refused(&refused, "a changed bit", KEY_A, sealed, BW_BEACON_SIZE, "drop-auth");
    sealed[BW_BEACON_SIZE - 1] ^= 1;
    sealed[4] ^= 1;
    put_refused(&refused, "a changed bit of the nonce", KEY_A, sealed, BW_BEACON_SIZE, "drop-key");
    fputs("\n]\n}\n", to);
}
