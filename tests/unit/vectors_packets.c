/* tests/vectors/packets.json: what is sealed, byte for byte; and what a receiver says to each of a series of packets. */
#include "tests/unit/vectors_test.h"

#include "base/base.h"
#include "crypto/aead.h"
#include "crypto/channel.h"
#include "tests/lib/memory.h"
#include <sodium.h>
#include <string.h>

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

struct party {
    struct test_memory heap;
    struct bw_trace trace;
    struct bw_keyring *ring;
    struct bw_channel *channel;
    struct bw_exchange *exchange; /* NULL: no identity mode */
    struct bw_id id;
    uint64_t session;
    const char *label;
};

static void begin(struct party *party, unsigned number, uint64_t session, const char *keys, const char *label,
                  size_t member_max) {
    *party = (struct party){.session = session, .label = label};
    memset(party->id.bytes, (int)number, sizeof(party->id.bytes));
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&party->ring, keys, strlen(keys), NULL), 0);
    struct bw_channel_config config = {.allocator = test_allocator(&party->heap),
                                       .trace = &party->trace,
                                       .keyring = party->ring,
                                       .self = party->id,
                                       .session = session,
                                       .label = label,
                                       .member_max = member_max};
    CU_ASSERT_EQUAL_FATAL(bw_channel_create(&party->channel, &config), 0);
}

static void end(struct party *party) {
    bw_channel_destroy(party->channel);
    bw_keyring_destroy(party->ring);
    bw_exchange_destroy(party->exchange);
}

static size_t seal(struct party *from, const struct party *to, const char *text, uint8_t *datagram) {
    struct bw_outbound out = {.frames = (const uint8_t *)text, .frames_size = strlen(text)};
    if (to != NULL) {
        out.to = to->id;
        out.session = to->session;
    }
    return bw_channel_seal(from->channel, &out, datagram, (struct bw_time){0, 0});
}

static int open(struct party *to, const uint8_t *datagram, size_t size, struct bw_inbound *inbound) {
    const struct bw_addr from = {.ip = {192, 0, 2, 1}, .port = 7946, .family = 4};
    return bw_channel_open(to->channel, (struct bw_bytes){datagram, size}, &from, inbound, (struct bw_time){0, 0});
}

/* ------------------------------------------------------------------ what is sealed */

static void put_case(struct vectors_list *list, const char *key, const struct party *from, const struct party *to,
                     uint64_t counter, uint64_t echo, const char *text, const uint8_t *datagram, size_t size) {
    vectors_next(list);
    fprintf(list->to, "{\"key\": \"%s\", \"label\": \"%s\"", key, from->label);
    vectors_hex(list->to, "sender", from->id.bytes, 16);
    fprintf(list->to, ", \"session\": \"%016llx\", \"counter\": %llu", (unsigned long long)from->session,
            (unsigned long long)counter);
    if (to != NULL) {
        vectors_hex(list->to, "recipient", to->id.bytes, 16);
        fprintf(list->to, ", \"recipient_session\": \"%016llx\"", (unsigned long long)to->session);
    }
    fprintf(list->to, ", \"echo\": %llu", (unsigned long long)echo);
    vectors_hex(list->to, "frames", text, strlen(text));
    vectors_hex(list->to, "packet", datagram, size);
    fputc('}', list->to);
}

/* The recipient seals echo packets first, which the sender opens; the last of counter packets is the one. */
static void put_sealed(struct vectors_list *list, const char *key, const char *label, unsigned from_number,
                       uint64_t from_session, unsigned to_number, uint64_t to_session, uint64_t counter, uint64_t echo,
                       const char *text) {
    struct party from;
    struct party to;
    struct bw_inbound inbound;
    uint8_t datagram[BW_DATAGRAM_MAX];
    size_t size = 0;
    bool bound = to_number != 0;
    begin(&from, from_number, from_session, key, label, 10);
    begin(&to, bound ? to_number : 0xee, bound ? to_session : 1, key, label, 10);
    for (uint64_t i = 0; i < echo; i++) {
        size = seal(&to, &from, "", datagram);
        CU_ASSERT_EQUAL(open(&from, datagram, size, &inbound), 0);
    }
    for (uint64_t i = 0; i < counter; i++)
        size = seal(&from, bound ? &to : NULL, text, datagram);
    put_case(list, key, &from, bound ? &to : NULL, counter, echo, text, datagram, size);
    CU_ASSERT_EQUAL(open(&to, datagram, size, &inbound), 0);
    CU_ASSERT_EQUAL(inbound.proven, bound);
    CU_ASSERT_EQUAL(inbound.session, from_session);
    CU_ASSERT(bw_id_equal(&inbound.from, &from.id));
    CU_ASSERT(inbound.frames.size == strlen(text) && memcmp(inbound.frames.data, text, strlen(text)) == 0);
    end(&from);
    end(&to);
}

static void put_all_sealed(struct vectors_list *list) {
    char most[BW_FRAMES_MAX + 1];
    memset(most, 'x', BW_FRAMES_MAX);
    most[BW_FRAMES_MAX] = '\0';
    const uint64_t s = 0x0102030405060708;
    const uint64_t r = 0x1112131415161718;
    put_sealed(list, KEY_A, "prod", 1, s, 2, r, 1, 0, "");
    put_sealed(list, KEY_A, "prod", 1, s, 2, r, 1, 0, "frames");
    put_sealed(list, KEY_A, "prod", 1, s, 2, r, 2, 0, "frames");
    put_sealed(list, KEY_A, "prod", 1, s, 2, r, 1, 3, "frames");
    put_sealed(list, KEY_A, "prod", 1, s, 3, r, 1, 0, "frames");
    put_sealed(list, KEY_A, "prod", 1, s, 0, 0, 1, 0, "frames");
    put_sealed(list, KEY_A, "stage", 1, s, 2, r, 1, 0, "frames");
    put_sealed(list, KEY_A, "", 1, s, 2, r, 1, 0, "frames");
    put_sealed(list, KEY_B, "prod", 1, UINT64_MAX, 0xfe, UINT64_MAX - 1, 300, 2, most);
}

/* ------------------------------------------------------------------ between two */

/* A side whose X25519 key comes of a seed that is its number over and over. */
static void begin_paired(struct party *party, unsigned number, uint64_t session, const char *key, const char *label) {
    uint8_t seed[BW_EXCHANGE_SIZE];
    begin(party, number, session, key, label, 10);
    bw_channel_destroy(party->channel);
    memset(seed, (int)number, sizeof(seed));
    CU_ASSERT_EQUAL_FATAL(bw_exchange_create(&party->exchange, seed), 0);
    struct bw_channel_config config = {.allocator = test_allocator(&party->heap),
                                       .trace = &party->trace,
                                       .keyring = party->ring,
                                       .self = party->id,
                                       .session = session,
                                       .label = label,
                                       .member_max = 10,
                                       .exchange = party->exchange};
    CU_ASSERT_EQUAL_FATAL(bw_channel_create(&party->channel, &config), 0);
}

static void meet(struct party *party, const struct party *other) {
    const struct bw_credential credential = {other->id, other->session, 1, bw_exchange_public(other->exchange)};
    CU_ASSERT_EQUAL(bw_channel_credential(party->channel, &credential), 0);
}

static void put_secret(FILE *to, const char *name, const char *public_name, const struct party *party) {
    uint8_t seed[crypto_box_SEEDBYTES];
    uint8_t public_key[crypto_box_PUBLICKEYBYTES];
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    memset(seed, party->id.bytes[0], sizeof(seed));
    crypto_box_seed_keypair(public_key, secret, seed);
    vectors_hex(to, name, secret, sizeof(secret));
    vectors_hex(to, public_name, bw_exchange_public(party->exchange), BW_EXCHANGE_SIZE);
}

static void put_paired(struct vectors_list *list, const char *key, const char *label, unsigned from_number,
                       unsigned to_number, uint64_t echo, const char *text) {
    struct party from;
    struct party to;
    struct bw_inbound inbound;
    uint8_t datagram[BW_DATAGRAM_MAX];
    size_t size = 0;
    begin_paired(&from, from_number, 0x0102030405060708, key, label);
    begin_paired(&to, to_number, 0x1112131415161718, key, label);
    meet(&from, &to);
    meet(&to, &from);
    for (uint64_t i = 0; i < echo; i++) {
        size = seal(&to, &from, "", datagram);
        CU_ASSERT_EQUAL(open(&from, datagram, size, &inbound), 0);
    }
    size = seal(&from, &to, text, datagram);
    put_case(list, key, &from, &to, 1, echo, text, datagram, size);
    fseek(list->to, -1, SEEK_CUR); /* goes on within its braces */
    put_secret(list->to, "secret", "exchange", &from);
    put_secret(list->to, "recipient_secret", "recipient_exchange", &to);
    fputc('}', list->to);
    CU_ASSERT_EQUAL(open(&to, datagram, size, &inbound), 0);
    CU_ASSERT_TRUE(inbound.proven);
    end(&from);
    end(&to);
}

/* ------------------------------------------------------------------ what a receiver says */

/* A packet as its fields say, whether or not anybody would send it. */
struct made {
    const char *key; /* NULL: KEY_A */
    const char *label;
    unsigned from;
    uint64_t session;
    uint64_t counter;
    unsigned to; /* 0: unbound */
    uint64_t to_session;
    uint64_t echo;
    uint8_t version;   /* 0: 1 */
    uint8_t flag;      /* another one */
    uint8_t hint_flip; /* of the key hint */
    uint8_t tag_flip;  /* of the last byte */
};

static size_t make(const struct made *made, uint8_t *datagram) {
    struct bw_keyring *ring;
    struct bw_key_use use;
    uint8_t scratch[8 + 128 + 32];
    const char *label = made->label ? made->label : "prod";
    const char *key = made->key ? made->key : KEY_A;
    size_t size = 8 + 4;
    CU_ASSERT_EQUAL_FATAL(bw_keyring_create(&ring, key, strlen(key), NULL), 0);
    bw_keyring_use(ring, 0, &use);
    datagram[0] = made->version ? made->version : BW_PACKET_VERSION;
    datagram[1] = (uint8_t)((made->to != 0) | made->flag);
    bw_put_u16(datagram + 2, use.hint ^ made->hint_flip);
    bw_put_u64(datagram + 4, made->session);
    bw_put_u64(datagram + 12, made->counter);
    bw_put_u64(scratch, made->counter);
    memcpy(scratch + 8, datagram, 4);
    scratch[size++] = (uint8_t)strlen(label);
    memcpy(scratch + size, label, strlen(label));
    size += strlen(label);
    if (made->to != 0) {
        memset(scratch + size, (int)made->to, 16);
        bw_put_u64(scratch + size + 16, made->to_session);
        size += 24;
    }
    uint8_t *plain = scratch + size;
    memset(plain, (int)made->from, 16);
    bw_put_u64(plain + 16, made->echo);
    crypto_shorthash(datagram + 20, scratch, size + 24, use.nonce_key);
    bw_aead_xchacha20poly1305.seal(datagram + 28, (struct bw_bytes){plain, 24},
                                   (struct bw_bytes){scratch + 8, size - 8}, datagram + 4, use.seal_key);
    datagram[67] ^= made->tag_flip;
    bw_keyring_destroy(ring);
    return 68;
}

static void put_result(struct vectors_list *list, const char *what, struct party *to, const uint8_t *datagram,
                       size_t size, const char *wanted) {
    struct bw_inbound inbound;
    int error = open(to, datagram, size, &inbound);
    const char *result = error != 0 ? bw_error_name(error) : inbound.proven ? "believed" : "not-believed";
    CU_ASSERT_STRING_EQUAL(result, wanted);
    if (strcmp(result, wanted) != 0)
        tap_note("%s: %s, not %s", what, result, wanted);
    vectors_next(list);
    fprintf(list->to, "{\"what\": \"%s\"", what);
    vectors_hex(list->to, "packet", datagram, size);
    fprintf(list->to, ", \"result\": \"%s\"}", result);
}

static void put(struct vectors_list *list, struct party *to, const char *wanted, const char *what, struct made made) {
    uint8_t datagram[BW_DATAGRAM_MAX];
    size_t size = make(&made, datagram);
    put_result(list, what, to, datagram, size, wanted);
}

#define PUT(wanted, what, ...) put(list, to, wanted, what, (struct made){__VA_ARGS__})
#define TO_US .to = 2, .to_session = 0x22

static void put_shapes(struct vectors_list *list, struct party *to) {
    static uint8_t long_one[BW_DATAGRAM_MAX + 1];
    uint8_t datagram[BW_DATAGRAM_MAX];
    make(&(struct made){.from = 1, .session = 0x11, .counter = 1, TO_US}, datagram);
    put_result(list, "67 bytes", to, datagram, 67, "drop-short");
    memcpy(long_one, datagram, 68);
    put_result(list, "1233 bytes", to, long_one, sizeof(long_one), "drop-long");
    PUT("drop-version", "version 2", .from = 1, .session = 0x11, .counter = 1, TO_US, .version = 2);
    PUT("drop-version", "an unknown flag", .from = 1, .session = 0x11, .counter = 1, TO_US, .flag = 2);
    PUT("drop-key", "no key with this hint", .from = 1, .session = 0x11, .counter = 1, TO_US, .hint_flip = 1);
    PUT("drop-auth", "the last bit of the tag", .from = 1, .session = 0x11, .counter = 1, TO_US, .tag_flip = 1);
    PUT("drop-auth", "another label", .label = "stage", .from = 1, .session = 0x11, .counter = 1, TO_US);
    PUT("drop-auth", "for another member", .from = 1, .session = 0x11, .counter = 1, .to = 3, .to_session = 0x22);
    PUT("drop-auth", "for a former life", .from = 1, .session = 0x11, .counter = 1, .to = 2, .to_session = 0x21);
    PUT("drop-self", "our own", .from = 2, .session = 0x11, .counter = 1, TO_US);
    PUT("drop-malformed", "from nobody", .from = 0, .session = 0x11, .counter = 1, TO_US);
    PUT("drop-malformed", "session 0", .from = 1, .counter = 1, TO_US);
    PUT("drop-malformed", "counter 0", .from = 1, .session = 0x11, TO_US);
    PUT("drop-malformed", "echo of what we have not sent", .from = 1, .session = 0x11, .counter = 1, TO_US,
        .echo = 11 + (UINT64_C(1) << 40));
    PUT("drop-malformed", "an echo that is not bound", .from = 1, .session = 0x11, .counter = 1, .echo = 1);
}

static void put_sessions(struct vectors_list *list, struct party *to) {
    PUT("not-believed", "not bound: may only open a session", .from = 1, .session = 0x11, .counter = 5);
    PUT("drop-replay", "the same again", .from = 1, .session = 0x11, .counter = 5);
    PUT("drop-session", "the session of another member", .from = 3, .session = 0x11, .counter = 6, TO_US);
    PUT("believed", "bound: proves the session", .from = 1, .session = 0x11, .counter = 7, TO_US);
    PUT("drop-replay", "below the floor", .from = 1, .session = 0x11, .counter = 6, TO_US);
    PUT("believed", "far ahead", .from = 1, .session = 0x11, .counter = 2000, TO_US, .echo = 10);
    PUT("believed", "1024 behind", .from = 1, .session = 0x11, .counter = 976, TO_US);
    PUT("drop-replay", "1025 behind", .from = 1, .session = 0x11, .counter = 975, TO_US);
    PUT("drop-replay", "seen", .from = 1, .session = 0x11, .counter = 2000, TO_US);
    PUT("not-believed", "of a proven session, not bound", .from = 1, .session = 0x11, .counter = 2001);
    PUT("not-believed", "another session, an echo from before the first was proven", .from = 1, .session = 0x12,
        .counter = 1, TO_US, .echo = 10);
    uint8_t datagram[BW_DATAGRAM_MAX];
    (void)seal(to, NULL, "", datagram);
    PUT("believed", "another session, that echoes something newer", .from = 1, .session = 0x12, .counter = 2, TO_US,
        .echo = 11);
    PUT("drop-session", "the session that has ended", .from = 1, .session = 0x11, .counter = 2002, TO_US);
    PUT("believed", "sealed with the ring's second key", .key = KEY_B, .from = 4, .session = 0x41, .counter = 1, TO_US);
    PUT("full", "a third member where two are the most", .from = 5, .session = 0x51, .counter = 1, TO_US);
    PUT("believed", "the others are heard as before", .from = 1, .session = 0x12, .counter = 3, TO_US);
    PUT("believed", "an echo ahead of what we have sent: we were set back", .from = 1, .session = 0x12, .counter = 4,
        TO_US, .echo = 5000);
    PUT("believed", "of a number that we skipped then", .from = 1, .session = 0x12, .counter = 5, TO_US,
        .echo = 5000 + (1 << 20));
    PUT("drop-malformed", "ahead again, within a second", .from = 1, .session = 0x12, .counter = 6, TO_US,
        .echo = 5001 + (1 << 20));
}

static void put_received(struct vectors_list *list) {
    struct party to;
    uint8_t datagram[BW_DATAGRAM_MAX];
    begin(&to, 2, 0x22, KEY_A "\n" KEY_B "\n", "prod", 2);
    for (int i = 0; i < 10; i++)
        (void)seal(&to, NULL, "", datagram);
    put_shapes(list, &to);
    put_sessions(list, &to);
    end(&to);
}

void vectors_packets(FILE *to) {
    fputs("{\n\"about\": \"docs/PROTOCOL.md, Packets. sealed: with these nonces, from these plaintexts; without a "
          "recipient a packet is not bound. paired: in identity mode, with X25519 keys. received: what one receiver "
          "says to these in this order; it had sealed 10 "
          "packets before, and one more just before the session 12.\",\n\"sealed\": [",
          to);
    struct vectors_list sealed = {.to = to};
    put_all_sealed(&sealed);
    fputs("\n],\n\"paired\": [", to);
    struct vectors_list paired = {.to = to};
    put_paired(&paired, KEY_A, "prod", 1, 2, 0, "frames");
    put_paired(&paired, KEY_A, "prod", 2, 1, 3, "frames");
    put_paired(&paired, KEY_B, "", 3, 0xfe, 0, "");
    fprintf(to,
            "\n],\n\"receiver\": {\"keys\": [\"%s\", \"%s\"], \"label\": \"prod\", \"id\": "
            "\"02020202020202020202020202020202\", \"session\": \"0000000000000022\", \"sent\": 10, \"members\": 2},\n"
            "\"received\": [",
            KEY_A, KEY_B);
    struct vectors_list received = {.to = to};
    put_received(&received);
    fputs("\n]\n}\n", to);
}
