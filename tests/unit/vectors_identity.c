/* tests/vectors/identity.json: what is signed in identity mode, and with what: certificates, revocations, records of members,
 * accusations; claims are in vectors_claims.c, as election and gossip have a struct of one name. */
#include "tests/unit/vectors_test.h"

#include "gossip/machine.h"
#include <stdio.h>
#include <string.h>

#define AUTHORITY 0x99
#define LABEL "prod"

struct bw_identity *vectors_key(unsigned number) {
    uint8_t secret[BW_SECRET_SIZE];
    struct bw_identity *made = NULL;
    memset(secret, (int)number, sizeof(secret));
    CU_ASSERT_EQUAL_FATAL(bw_identity_create(&made, secret), 0);
    return made;
}

static struct bw_bytes text(const char *text) {
    return (struct bw_bytes){(const uint8_t *)text, strlen(text)};
}

static size_t certify(const struct bw_identity *key, uint64_t serial, const char *name, const struct bw_grant *grants,
                      size_t count, uint8_t encoded[BW_CERTIFICATE_MAX]) {
    struct bw_identity *authority = vectors_key(AUTHORITY);
    struct bw_certificate certificate = {
        .serial = serial, .not_before_s = 1700000000, .not_after_s = 1800000000, .name = text(name)};
    size_t size = 0;
    memcpy(certificate.key, bw_identity_public(key), BW_PUBLIC_SIZE);
    CU_ASSERT_EQUAL_FATAL(bw_certificate_make(&certificate, grants, count, authority, encoded, &size), 0);
    bw_identity_destroy(authority);
    return size;
}

static bool fits(const struct bw_certificate *certificate, struct bw_bytes candidacies) {
    (void)certificate;
    return candidacies.size == 0;
}

static const struct bw_grant grants[] = {{{(const uint8_t *)"default", 7}, 100},
                                         {{(const uint8_t *)"orders/*", 8}, 65535}};

struct bw_gossip *vectors_member(struct test_memory *heap, const struct bw_identity *key) {
    struct bw_config lan;
    struct bw_identity *authority = vectors_key(AUTHORITY);
    struct bw_gossip *g = NULL;
    uint8_t encoded[BW_CERTIFICATE_MAX];
    uint8_t exchange[BW_EXCHANGE_SIZE];
    static const uint8_t tags[] = {4, 'z', 'o', 'n', 'e', 0, 1, 'a'};
    memset(exchange, 0x55, sizeof(exchange));
    bw_config_init(&lan, BW_PROFILE_LAN);
    const struct bw_gossip_config config = {
        .allocator = test_allocator(heap),
        .params = lan.params,
        .self = bw_identity_id(bw_identity_public(key)),
        .session = 0x0102030405060708,
        .incarnation = 1790000000000000,
        .name = "n1",
        .label = LABEL,
        .addr = {.ip = {192, 0, 2, 7}, .port = 7946, .family = 4},
        .tags = {tags, sizeof(tags)},
        .attest = {.identity = key,
                   .certificate = {encoded, certify(key, 7, "n1", grants, BW_COUNT(grants), encoded)},
                   .authority = bw_identity_public(authority),
                   .exchange = exchange,
                   .fits = fits},
    };
    CU_ASSERT_EQUAL_FATAL(bw_gossip_create(&g, &config, (struct bw_time){0, INT64_C(1750000000000000)}), 0);
    bw_identity_destroy(authority);
    return g;
}

void vectors_part(struct bw_gossip *member) {
    bw_gossip_destroy(member);
}

void vectors_sign(const struct bw_gossip *member, const char *words, struct bw_bytes said,
                  uint8_t signature[BW_SIGNATURE_SIZE]) {
    bw_gossip_sign(member, words, said, signature);
}

static void put_certificate(struct vectors_list *list, unsigned secret, uint64_t serial, const char *name,
                            const struct bw_grant *granted, size_t count) {
    struct bw_identity *key = vectors_key(secret);
    struct bw_identity *authority = vectors_key(AUTHORITY);
    struct bw_id id = bw_identity_id(bw_identity_public(key));
    uint8_t encoded[BW_CERTIFICATE_MAX];
    char public[BW_PUBLIC_TEXT_SIZE];
    size_t size = certify(key, serial, name, granted, count, encoded);
    CU_ASSERT(bw_certificate_signed_by((struct bw_bytes){encoded, size}, bw_identity_public(authority)));
    CU_ASSERT_FALSE(bw_certificate_signed_by((struct bw_bytes){encoded, size}, bw_identity_public(key)));
    bw_public_text(bw_identity_public(authority), public);
    vectors_next(list);
    fprintf(list->to, "{\"secret\": \"%02x\", \"authority\": \"%s\", \"serial\": \"%llu\", \"not_before\": 1700000000",
            secret, public, (unsigned long long)serial);
    fprintf(list->to, ", \"not_after\": 1800000000, \"name\": \"%s\", \"grants\": {", name);
    for (size_t i = 0; i < count; i++)
        fprintf(list->to, "%s\"%.*s\": %u", i > 0 ? ", " : "", (int)granted[i].scope.size,
                (const char *)granted[i].scope.data, granted[i].priority);
    fputc('}', list->to);
    vectors_hex(list->to, "key", bw_identity_public(key), BW_PUBLIC_SIZE);
    vectors_hex(list->to, "id", id.bytes, sizeof(id.bytes));
    vectors_hex(list->to, "certificate", encoded, size);
    fputc('}', list->to);
    bw_identity_destroy(authority);
    bw_identity_destroy(key);
}

static void put_revocation(struct vectors_list *list, uint64_t serial) {
    struct bw_identity *authority = vectors_key(AUTHORITY);
    uint8_t revocation[BW_REVOCATION_SIZE];
    bw_revocation_make(serial, authority, revocation);
    CU_ASSERT(bw_revocation_signed_by(revocation, bw_identity_public(authority)));
    vectors_next(list);
    fprintf(list->to, "{\"serial\": \"%llu\"", (unsigned long long)serial);
    vectors_hex(list->to, "revocation", revocation, sizeof(revocation));
    fputc('}', list->to);
    bw_identity_destroy(authority);
}

/* A member's record as it tells of itself: alive, and as it leaves. */
static void put_records(struct vectors_list *list) {
    static struct test_memory heap;
    struct bw_identity *key = vectors_key(1);
    struct bw_gossip *g = vectors_member(&heap, key);
    for (int leaves = 0; leaves < 2; leaves++) {
        uint8_t frame[BW_FRAMES_MAX];
        struct bw_writer writer = {.data = frame, .capacity = sizeof(frame)};
        CU_ASSERT_EQUAL(bw_signed_put(g, g->self, &writer), 0);
        vectors_next(list);
        fprintf(list->to, "{\"secret\": \"01\", \"label\": \"" LABEL "\"");
        vectors_hex(list->to, "frame", frame, writer.used);
        fputc('}', list->to);
        bw_gossip_leave(g, (struct bw_time){1, INT64_C(1750000000000001)});
    }
    bw_gossip_destroy(g);
    bw_identity_destroy(key);
}

static void put_accusation(struct vectors_list *list, enum bw_status status) {
    static struct test_memory heap;
    uint8_t accusers[2 * BW_ACCUSATION_SIZE];
    uint8_t bytes[BW_FRAMES_MAX];
    struct bw_writer writer = {.data = bytes, .capacity = sizeof(bytes)};
    struct bw_member accused = {.incarnation = 1790000000000000};
    struct bw_identity *subject = vectors_key(5);
    accused.id = bw_identity_id(bw_identity_public(subject));
    for (unsigned i = 0; i < 2; i++) {
        struct bw_identity *key = vectors_key(1 + i);
        struct bw_gossip *g = vectors_member(&heap, key);
        bw_accuse_own(g, &accused, i == 1, accusers + (size_t)i * BW_ACCUSATION_SIZE);
        bw_gossip_destroy(g);
        bw_identity_destroy(key);
    }
    const struct bw_frame_accusation frame = {.id = accused.id,
                                              .incarnation = accused.incarnation,
                                              .status = (uint8_t)status,
                                              .age_ms = status == BW_STATUS_DEAD ? 5000 : 0,
                                              .accusers = {accusers, sizeof(accusers)}};
    CU_ASSERT_EQUAL(bw_wire_put(&writer, &bw_schema_accusation, &frame), 0);
    vectors_next(list);
    fprintf(list->to, "{\"secrets\": [\"01\", \"02\"], \"label\": \"" LABEL "\"");
    vectors_hex(list->to, "frame", bytes, writer.used);
    fputc('}', list->to);
    bw_identity_destroy(subject);
}

void vectors_identity(FILE *to) {
    struct vectors_list list = {.to = to};
    fprintf(to,
            "{\n\"about\": \"docs/IDENTITY.md, Formats. A secret is 32 times the byte that stands for it; the "
            "authority's is "
            "%02x.\",\n\"certificates\": [",
            AUTHORITY);
    put_certificate(&list, 1, 1, "n1", NULL, 0);
    put_certificate(&list, 2, UINT64_MAX, "k\xc3\xb6ln", grants, BW_COUNT(grants));
    fputs("\n],\n\"revocations\": [", to);
    list.count = 0;
    put_revocation(&list, 1);
    put_revocation(&list, UINT64_MAX);
    fputs("\n],\n\"records\": [", to);
    list.count = 0;
    put_records(&list);
    fputs("\n],\n\"accusations\": [", to);
    list.count = 0;
    put_accusation(&list, BW_STATUS_SUSPECT);
    put_accusation(&list, BW_STATUS_DEAD);
    fputs("\n],\n\"claims\": [", to);
    list.count = 0;
    vectors_claims(&list);
    fputs("\n]\n}\n", to);
}
