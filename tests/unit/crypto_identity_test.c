/* Keys, signatures, certificates, and their text: what is accepted, and what is not. */
#include "base/base.h"
#include "crypto/armour.h"
#include "crypto/certificate.h"
#include "tests/unit/crypto_test.h"

#include <stdlib.h>
#include <string.h>

static struct bw_identity *key_of(unsigned number) {
    uint8_t secret[BW_SECRET_SIZE];
    struct bw_identity *made = NULL;
    memset(secret, (int)number, sizeof(secret));
    CU_ASSERT_EQUAL_FATAL(bw_identity_create(&made, secret), 0);
    return made;
}

static struct bw_bytes text(const char *words) {
    return (struct bw_bytes){(const uint8_t *)words, strlen(words)};
}

/* ------------------------------------------------------------------ signatures */

static void a_signature_is_for_one_key_words_and_message(void) {
    struct bw_identity *a = key_of(1);
    struct bw_identity *b = key_of(2);
    uint8_t signature[BW_SIGNATURE_SIZE];
    const uint8_t *key = bw_identity_public(a);
    bw_identity_sign(a, "words", text("message"), signature);
    CU_ASSERT(bw_identity_verify(key, "words", text("message"), signature));
    CU_ASSERT_FALSE(bw_identity_verify(bw_identity_public(b), "words", text("message"), signature));
    CU_ASSERT_FALSE(bw_identity_verify(key, "word", text("smessage"), signature));
    CU_ASSERT_FALSE(bw_identity_verify(key, "words", text("massage"), signature));
    for (size_t bit = 0; bit < 8 * sizeof(signature); bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT_FALSE(bw_identity_verify(key, "words", text("message"), signature));
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    static const uint8_t weak[BW_PUBLIC_SIZE] = {1}; /* a point of small order signs anything with nothing */
    static const uint8_t nothing[BW_SIGNATURE_SIZE] = {1};
    CU_ASSERT_FALSE(bw_identity_verify(weak, "words", text("message"), nothing));
    bw_identity_destroy(a);
    bw_identity_destroy(b);
    bw_identity_destroy(NULL);
}

/* ------------------------------------------------------------------ certificates */

static size_t make(const struct bw_grant *grants, size_t count, uint8_t encoded[BW_CERTIFICATE_MAX]) {
    struct bw_identity *authority = key_of(9);
    struct bw_certificate certificate = {.serial = 5, .not_before_s = 1000, .not_after_s = 2000, .name = text("node")};
    size_t size = 0;
    CU_ASSERT_EQUAL(bw_certificate_make(&certificate, grants, count, authority, encoded, &size), 0);
    bw_identity_destroy(authority);
    return size;
}

static const struct bw_grant usual[] = {{{(const uint8_t *)"db", 2}, 50}, {{(const uint8_t *)"a/*", 3}, 7}};

static void a_certificate_reads_as_it_was_made(void) {
    uint8_t encoded[BW_CERTIFICATE_MAX];
    struct bw_certificate certificate;
    uint16_t most = 0;
    size_t size = make(usual, 2, encoded);
    CU_ASSERT_EQUAL(bw_certificate_read(&certificate, (struct bw_bytes){encoded, size}), 0);
    CU_ASSERT(certificate.serial == 5 && certificate.not_before_s == 1000 && certificate.not_after_s == 2000);
    CU_ASSERT(certificate.name.size == 4 && memcmp(certificate.name.data, "node", 4) == 0);
    CU_ASSERT(bw_certificate_grants(&certificate, text("db"), &most) && most == 50);
    CU_ASSERT(bw_certificate_grants(&certificate, text("a/17"), &most) && most == 7);
    CU_ASSERT_FALSE(bw_certificate_grants(&certificate, text("db2"), NULL));
    CU_ASSERT_FALSE(bw_certificate_grants(&certificate, text("d"), NULL));
    CU_ASSERT_FALSE(bw_certificate_grants(&certificate, text("a"), NULL));
    CU_ASSERT(bw_certificate_grants_all(&certificate, text("a/"), NULL));
    CU_ASSERT_FALSE(bw_certificate_grants_all(&certificate, text("a"), NULL));
    CU_ASSERT_FALSE(bw_certificate_grants_all(&certificate, text("db"), NULL)); /* one scope is not all of them */
}

static void of_several_grants_the_largest_counts(void) {
    static const struct bw_grant grants[] = {
        {{(const uint8_t *)"db", 2}, 50}, {{(const uint8_t *)"*", 1}, 3}, {{(const uint8_t *)"d*", 2}, 60}};
    uint8_t encoded[BW_CERTIFICATE_MAX];
    struct bw_certificate certificate;
    uint16_t most = 0;
    size_t size = make(grants, 3, encoded);
    CU_ASSERT_EQUAL(bw_certificate_read(&certificate, (struct bw_bytes){encoded, size}), 0);
    CU_ASSERT(bw_certificate_grants(&certificate, text("db"), &most) && most == 60);
    CU_ASSERT(bw_certificate_grants(&certificate, text("x"), &most) && most == 3);
}

static void what_cannot_be_certified_is_refused(void) {
    static const struct bw_grant twice[] = {{{(const uint8_t *)"db", 2}, 1}, {{(const uint8_t *)"db", 2}, 2}};
    static const struct bw_grant empty[] = {{{(const uint8_t *)"", 0}, 1}};
    struct bw_grant many[BW_GRANT_MAX];
    char scopes[BW_GRANT_MAX][4];
    uint8_t encoded[BW_CERTIFICATE_MAX];
    size_t size = 0;
    struct bw_identity *authority = key_of(9);
    struct bw_certificate right = {.serial = 5, .not_before_s = 1, .not_after_s = 2, .name = text("node")};
    struct bw_certificate wrong = right;
    CU_ASSERT_EQUAL(bw_certificate_make(&right, twice, 2, authority, encoded, &size), BW_ERR_INVALID);
    CU_ASSERT_EQUAL(bw_certificate_make(&right, empty, 1, authority, encoded, &size), BW_ERR_INVALID);
    wrong.serial = 0;
    CU_ASSERT_EQUAL(bw_certificate_make(&wrong, NULL, 0, authority, encoded, &size), BW_ERR_INVALID);
    wrong = right;
    wrong.not_after_s = 1;
    CU_ASSERT_EQUAL(bw_certificate_make(&wrong, NULL, 0, authority, encoded, &size), BW_ERR_INVALID);
    wrong = right;
    wrong.name = text("a\nb");
    CU_ASSERT_EQUAL(bw_certificate_make(&wrong, NULL, 0, authority, encoded, &size), BW_ERR_INVALID);
    for (size_t i = 0; i < BW_GRANT_MAX; i++) {
        snprintf(scopes[i], sizeof(scopes[i]), "%zu", 100 + i);
        many[i] = (struct bw_grant){text(scopes[i]), 1};
    }
    CU_ASSERT_EQUAL(bw_certificate_make(&right, many, BW_GRANT_MAX, authority, encoded, &size), 0);
    CU_ASSERT(size <= BW_CERTIFICATE_MAX);
    CU_ASSERT_EQUAL(bw_certificate_make(&right, many, BW_GRANT_MAX + 1, authority, encoded, &size), BW_ERR_SPACE);
    right.name = text("a name that is as long as one can be, so that little room is left");
    right.name.size = BW_NAME_MAX;
    for (size_t i = 0; i < BW_GRANT_MAX; i++) {
        many[i].scope = (struct bw_bytes){right.name.data, 10 + i};
    }
    CU_ASSERT_EQUAL(bw_certificate_make(&right, many, BW_GRANT_MAX, authority, encoded, &size), BW_ERR_SPACE);
    bw_identity_destroy(authority);
}

/* Whatever is read is signed with every one of its bytes, and has one encoding: so each changed bit, and each part alone, either
 * does not read or is not the authority's word. */
static void no_other_bytes_are_that_certificate(void) {
    uint8_t encoded[BW_CERTIFICATE_MAX + 1] = {0};
    struct bw_certificate certificate;
    struct bw_identity *authority = key_of(9);
    size_t size = make(usual, 2, encoded);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        struct bw_bytes changed = {encoded, size};
        encoded[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT(bw_certificate_read(&certificate, changed) != 0 ||
                  !bw_certificate_signed_by(changed, bw_identity_public(authority)));
        encoded[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t part = 0; part < size; part++) {
        uint8_t *copy = malloc(part + 1); /* so that a byte too many is noticed */
        memcpy(copy, encoded, part);
        CU_ASSERT(bw_certificate_read(&certificate, (struct bw_bytes){copy, part}) != 0 ||
                  !bw_certificate_signed_by((struct bw_bytes){copy, part}, bw_identity_public(authority)));
        free(copy);
    }
    CU_ASSERT_EQUAL(bw_certificate_read(&certificate, (struct bw_bytes){encoded, size + 1}), BW_ERR_DROP_MALFORMED);
    CU_ASSERT_EQUAL(bw_certificate_read(&certificate, (struct bw_bytes){encoded, sizeof(encoded)}),
                    BW_ERR_DROP_MALFORMED);
    bw_identity_destroy(authority);
}

static void a_revocation_is_for_one_serial_and_by_one_authority(void) {
    struct bw_identity *authority = key_of(9);
    struct bw_identity *other = key_of(1);
    uint8_t revocation[BW_REVOCATION_SIZE];
    bw_revocation_make(77, authority, revocation);
    CU_ASSERT_EQUAL(bw_get_u64(revocation), 77);
    CU_ASSERT(bw_revocation_signed_by(revocation, bw_identity_public(authority)));
    CU_ASSERT_FALSE(bw_revocation_signed_by(revocation, bw_identity_public(other)));
    revocation[7]++;
    CU_ASSERT_FALSE(bw_revocation_signed_by(revocation, bw_identity_public(authority)));
    bw_identity_destroy(authority);
    bw_identity_destroy(other);
}

static void clocks_may_differ_by_five_minutes(void) {
    const struct bw_certificate certificate = {.not_before_s = 1000, .not_after_s = 2000};
    CU_ASSERT(bw_certificate_time(&certificate, 699 * BW_US_PER_S) < 0);
    CU_ASSERT_EQUAL(bw_certificate_time(&certificate, 700 * BW_US_PER_S), 0);
    CU_ASSERT_EQUAL(bw_certificate_time(&certificate, 2300 * BW_US_PER_S), 0);
    CU_ASSERT(bw_certificate_time(&certificate, 2301 * BW_US_PER_S) > 0);
}

/* ------------------------------------------------------------------ text */

static void what_is_written_reads_again(void) {
    uint8_t data[BW_CERTIFICATE_MAX];
    uint8_t again[BW_CERTIFICATE_MAX];
    char line[BW_ARMOUR_TEXT_SIZE(sizeof(data))];
    size_t size = 0;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)i;
    }
    for (size_t length = 1; length <= sizeof(data); length++) {
        bw_armour_write(BW_ARMOUR_CERTIFICATE, (struct bw_bytes){data, length}, line);
        CU_ASSERT_EQUAL(bw_armour_read(BW_ARMOUR_CERTIFICATE, line, strlen(line), again, sizeof(again), &size), 0);
        CU_ASSERT(size == length && memcmp(data, again, length) == 0);
    }
}

static void only_one_line_of_its_word_is_read(void) {
    static const struct {
        const char *file;
        int error;
    } files[] = {
        {"bellwether-node-key AQI=", 0},
        {"# n1\n\nbellwether-node-key AQI=  \r\n", 0},
        {"bellwether-node-key AQI=\nbellwether-node-key AQI=\n", BW_ERR_KEY},
        {"bellwether-node-key AQI=\nmore\n", BW_ERR_KEY},
        {"bellwether-identity AQI=\n", BW_ERR_KEY},
        {"bellwether-node-keyAQI=\n", BW_ERR_KEY},
        {"bellwether-node-key  AQI=\n", BW_ERR_KEY},
        {"bellwether-node-key AQI\n", BW_ERR_KEY},
        {"bellwether-node-key AQJ=\n", BW_ERR_KEY}, /* not canonical */
        {"bellwether-node-key AQIDBAU=\n", BW_ERR_KEY},
        {"bellwether-node-key \n", BW_ERR_KEY},
        {"bellwether-node-key", BW_ERR_KEY},
        {"# nothing\n", BW_ERR_KEY},
        {"", BW_ERR_KEY},
    };
    uint8_t data[4];
    size_t size = 0;
    for (size_t i = 0; i < BW_COUNT(files); i++) {
        size_t length = strlen(files[i].file);
        char *copy = malloc(length + 1);
        memcpy(copy, files[i].file, length);
        CU_ASSERT_EQUAL(bw_armour_read(BW_ARMOUR_PUBLIC, copy, length, data, sizeof(data), &size), files[i].error);
        free(copy);
    }
}

static void keys_are_read_from_text(void) {
    char line[BW_ARMOUR_TEXT_SIZE(BW_SECRET_SIZE)];
    uint8_t secret[BW_SECRET_SIZE + 1];
    uint8_t key[BW_PUBLIC_SIZE];
    char shown[BW_PUBLIC_TEXT_SIZE];
    struct bw_identity *identity = NULL;
    struct bw_identity *same = key_of(3);
    memset(secret, 3, sizeof(secret));
    bw_armour_write(BW_ARMOUR_IDENTITY, (struct bw_bytes){secret, BW_SECRET_SIZE}, line);
    CU_ASSERT_EQUAL(bw_identity_read(&identity, BW_ARMOUR_IDENTITY, line, strlen(line)), 0);
    CU_ASSERT_EQUAL(memcmp(bw_identity_public(identity), bw_identity_public(same), BW_PUBLIC_SIZE), 0);
    bw_public_text(bw_identity_public(identity), shown);
    CU_ASSERT_EQUAL(bw_public_parse(key, shown), 0);
    CU_ASSERT_EQUAL(memcmp(key, bw_identity_public(same), BW_PUBLIC_SIZE), 0);
    CU_ASSERT_EQUAL(bw_public_parse(key, "AQI="), BW_ERR_KEY);
    CU_ASSERT_EQUAL(bw_public_parse(key, ""), BW_ERR_KEY);
    bw_identity_destroy(identity);
    CU_ASSERT_EQUAL(bw_identity_read(&identity, BW_ARMOUR_AUTHORITY, line, strlen(line)), BW_ERR_KEY);
    bw_armour_write(BW_ARMOUR_IDENTITY, (struct bw_bytes){secret, BW_SECRET_SIZE - 1}, line);
    CU_ASSERT_EQUAL(bw_identity_read(&identity, BW_ARMOUR_IDENTITY, line, strlen(line)), BW_ERR_KEY);
    CU_ASSERT_PTR_NULL(identity);
    bw_identity_destroy(same);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_signature_is_for_one_key_words_and_message),
    TAP_TEST(a_certificate_reads_as_it_was_made),
    TAP_TEST(of_several_grants_the_largest_counts),
    TAP_TEST(what_cannot_be_certified_is_refused),
    TAP_TEST(no_other_bytes_are_that_certificate),
    TAP_TEST(a_revocation_is_for_one_serial_and_by_one_authority),
    TAP_TEST(clocks_may_differ_by_five_minutes),
    TAP_TEST(what_is_written_reads_again),
    TAP_TEST(only_one_line_of_its_word_is_read),
    TAP_TEST(keys_are_read_from_text),
};
const struct tap_suite crypto_identity_suite = TAP_SUITE("crypto/identity", tests);
