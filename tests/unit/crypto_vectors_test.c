/* Known answers for other implementations: tests/vectors/seal.txt. */
#include "tests/unit/crypto_test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vector {
    char key[64];
    char label[64];
    unsigned sender;
    unsigned long long session;
    unsigned long long counter;
    unsigned recipient; /* 0: unbound */
    unsigned long long recipient_session;
    unsigned long long echo;
    char text[1024];
    char datagram[4096];
};

static bool next_vector(FILE *file, struct vector *vector) {
    char line[8192];
    while (fgets(line, sizeof(line), file)) {
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        int count = sscanf(line, "seal %63s %63s %2x %16llx %llu %2x %16llx %llu %1023s %4095s", vector->key,
                           vector->label, &vector->sender, &vector->session, &vector->counter, &vector->recipient,
                           &vector->recipient_session, &vector->echo, vector->text, vector->datagram);
        CU_ASSERT_EQUAL_FATAL(count, 10);
        return true;
    }
    return false;
}

static void check(const struct vector *vector) {
    struct test_setting setting = {.keys = vector->key, .label = vector->label};
    struct test_member sender;
    struct test_member recipient;
    bool bound = vector->recipient != 0;
    const char *text = strcmp(vector->text, "-") == 0 ? "" : vector->text;
    test_start(&sender, vector->sender, vector->session, &setting);
    test_start(&recipient, bound ? vector->recipient : 0xee, bound ? vector->recipient_session : 1, &setting);
    struct test_datagram datagram;
    for (unsigned long long i = 1; i <= vector->echo; i++) {
        datagram = test_seal(&recipient, &sender, true, "");
        CU_ASSERT_EQUAL(test_opens(&sender, &datagram, &recipient), 1);
    }
    for (unsigned long long i = 1; i <= vector->counter; i++) {
        datagram = test_seal(&sender, &recipient, bound, text);
    }
    char hex[2 * BW_DATAGRAM_MAX + 1];
    sodium_bin2hex(hex, sizeof(hex), datagram.data, datagram.size);
    CU_ASSERT_STRING_EQUAL(hex, vector->datagram);
    uint8_t bytes[BW_DATAGRAM_MAX];
    size_t size = 0;
    CU_ASSERT_EQUAL(sodium_hex2bin(bytes, sizeof(bytes), vector->datagram, strlen(vector->datagram), NULL, &size, NULL),
                    0);
    struct bw_inbound inbound = {.proven = false};
    CU_ASSERT_EQUAL(
        bw_channel_open(recipient.channel, (struct bw_bytes){bytes, size}, &sender.addr, &inbound, recipient.now), 0);
    CU_ASSERT_EQUAL(inbound.proven, bound);
    CU_ASSERT_EQUAL(memcmp(&inbound.from, &sender.id, sizeof(sender.id)), 0);
    CU_ASSERT_TRUE(inbound.frames.size == strlen(text) && memcmp(inbound.frames.data, text, strlen(text)) == 0);
    test_stop(&sender);
    test_stop(&recipient);
}

static void known_answers_are_kept(void) {
    const char *source = getenv("BW_SOURCE_DIR");
    char path[4096];
    snprintf(path, sizeof(path), "%s/tests/vectors/seal.txt", source ? source : ".");
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    struct vector vector;
    size_t count = 0;
    while (next_vector(file, &vector)) {
        check(&vector);
        count++;
    }
    fclose(file);
    CU_ASSERT_TRUE(count >= 6);
}

static const struct tap_test tests[] = {TAP_TEST(known_answers_are_kept)};
const struct tap_suite crypto_vectors_suite = TAP_SUITE("crypto/vectors", tests);
