/* The cluster in identity mode. See gossip_attest.h. */
#include "tests/unit/gossip_attest.h"

#include <stdio.h>
#include <string.h>

struct attest attest;

static struct bw_identity *make_key(uint8_t number) {
    uint8_t secret[BW_SECRET_SIZE];
    struct bw_identity *made = NULL;
    memset(secret, number, sizeof(secret));
    CU_ASSERT_EQUAL_FATAL(bw_identity_create(&made, secret), 0);
    return made;
}

uint64_t attest_wall_s(void) {
    return (uint64_t)(net_now(&attest.net).wall_us / BW_US_PER_S);
}

size_t attest_certify_as(uint64_t serial, const struct bw_identity *by, const struct bw_identity *key, const char *name,
                         uint64_t from_s, uint64_t until_s, uint8_t encoded[BW_CERTIFICATE_MAX]) {
    struct bw_certificate certificate = {.serial = serial,
                                         .not_before_s = from_s,
                                         .not_after_s = until_s,
                                         .name = {(const uint8_t *)name, strlen(name)}};
    const struct bw_grant grant = {{(const uint8_t *)"db", 2}, 100};
    size_t size = 0;
    memcpy(certificate.key, bw_identity_public(key), BW_PUBLIC_SIZE);
    CU_ASSERT_EQUAL_FATAL(bw_certificate_make(&certificate, &grant, 1, by, encoded, &size), 0);
    return size;
}

size_t attest_certify(const struct bw_identity *by, const struct bw_identity *key, const char *name, uint64_t from_s,
                      uint64_t until_s, uint8_t encoded[BW_CERTIFICATE_MAX]) {
    return attest_certify_as(7, by, key, name, from_s, until_s, encoded);
}

/* Here candidacies are a scope and its priority, two bytes. */
static bool fits(const struct bw_certificate *certificate, struct bw_bytes candidacies) {
    uint16_t most = 0;
    return candidacies.size == 0 ||
           (candidacies.size > 2 &&
            bw_certificate_grants(certificate, (struct bw_bytes){candidacies.data + 2, candidacies.size - 2}, &most) &&
            bw_get_u16(candidacies.data) <= most);
}

void attest_start(size_t index) {
    struct net_node *node = &attest.net.nodes[index];
    struct bw_gossip_config config = net_config(&attest.net, index);
    struct bw_addr seed = attest.net.nodes[0].addr;
    const uint8_t exchange[BW_EXCHANGE_SIZE] = {(uint8_t)index}; /* the net seals nothing */
    bw_gossip_destroy(node->gossip);
    node->gossip = NULL;
    config.self = node->id = bw_identity_id(bw_identity_public(attest.keys[index]));
    config.attest = (struct bw_attest){.identity = attest.keys[index],
                                       .certificate = {attest.certificates[index], attest.certificate_sizes[index]},
                                       .authority = bw_identity_public(attest.authority),
                                       .exchange = exchange,
                                       .fits = fits};
    config.seeds = &seed;
    config.seed_count = 1;
    CU_ASSERT_EQUAL_FATAL(bw_gossip_create(&node->gossip, &config, net_now(&attest.net)), 0);
    node->up = true;
    attest.net.count = index + 1 > attest.net.count ? index + 1 : attest.net.count;
    for (size_t i = 0; i < NET_MAX; i++) {
        attest.net.received[index][i] = attest.net.received[i][index] = BW_NOT_HEARD;
    }
    net_drain(&attest.net, index);
}

void attest_open_seeded(size_t count, uint64_t seed) {
    net_open(&attest.net, seed);
    attest.authority = make_key(99);
    for (size_t i = 0; i < ATTEST_MAX; i++) {
        snprintf(attest.names[i], sizeof(attest.names[i]), "n%03u", (unsigned)i % 1000);
        attest.keys[i] = make_key((uint8_t)(i + 1));
        attest.certificate_sizes[i] = attest_certify(attest.authority, attest.keys[i], attest.names[i], attest_wall_s(),
                                                     attest_wall_s() + YEAR_S, attest.certificates[i]);
    }
    for (size_t i = 0; i < count; i++) {
        attest_start(i);
    }
    CU_ASSERT_FATAL(net_wait_converged(&attest.net, 30000));
}

void attest_open_with(size_t count) {
    attest_open_seeded(count, 11);
}

void attest_open(void) {
    attest_open_with(NODES);
}

void attest_close(void) {
    net_close(&attest.net);
    for (size_t i = 0; i < ATTEST_MAX; i++) {
        bw_identity_destroy(attest.keys[i]);
    }
    bw_identity_destroy(attest.authority);
}

/* ------------------------------------------------------------------ words */

struct bw_frame_signed_member *attest_record(struct record *record, size_t at, size_t of) {
    struct bw_writer writer = {.data = record->bytes, .capacity = sizeof(record->bytes)};
    CU_ASSERT_EQUAL_FATAL(bw_signed_put(attest.net.nodes[at].gossip, net_member(&attest.net, at, of), &writer), 0);
    struct bw_reader reader = {.data = record->bytes, .size = writer.used};
    CU_ASSERT_EQUAL_FATAL(bw_frame_next(&reader, &record->frame), 1);
    CU_ASSERT_EQUAL_FATAL(record->frame.type, BW_FRAME_NUMBER_signed_member);
    return &record->frame.as.signed_member;
}

/* docs/IDENTITY.md a second time. */
void attest_sign(struct record *record, const struct bw_identity *key) {
    uint8_t claim[BW_SIGNED_MAX] = {4, 't', 'e', 's', 't'};
    struct bw_frame_signed_member *frame = &record->frame.as.signed_member;
    struct bw_frame_signed_member subject = *frame;
    struct bw_writer writer = {.data = claim, .capacity = sizeof(claim), .used = 5};
    subject.status = subject.word;
    subject.age_ms = 0;
    subject.heard_s = 0;
    subject.signature.size = 0;
    CU_ASSERT_EQUAL_FATAL(bw_wire_put_body(&writer, &bw_schema_signed_member, &subject), 0);
    bw_identity_sign(key, "bellwether-member-1", (struct bw_bytes){claim, writer.used}, record->signature);
    frame->signature = (struct bw_bytes){record->signature, BW_SIGNATURE_SIZE};
}

void attest_accuse(struct accused *accused, size_t of, uint64_t incarnation, enum bw_status status) {
    accused->frame = (struct bw_frame_accusation){.id = attest.net.nodes[of].id,
                                                  .incarnation = incarnation,
                                                  .status = (uint8_t)status,
                                                  .accusers = {accused->list, 0}};
}

void attest_accuser_as(struct accused *accused, size_t by, bool refused, size_t key) {
    uint8_t said[5 + 16 + 8 + 16 + 1] = {4, 't', 'e', 's', 't'};
    uint8_t *accusation = accused->list + accused->frame.accusers.size;
    CU_ASSERT_FATAL(accused->frame.accusers.size < sizeof(accused->list));
    memcpy(said + 5, &accused->frame.id, 16);
    bw_put_u64(said + 21, accused->frame.incarnation);
    memcpy(said + 29, &attest.net.nodes[by].id, 16);
    said[45] = refused;
    memcpy(accusation, said + 29, 17);
    bw_identity_sign(attest.keys[key], "bellwether-accusation-1", (struct bw_bytes){said, sizeof(said)},
                     accusation + 17);
    accused->frame.accusers.size += BW_ACCUSATION_SIZE;
}

void attest_accuser(struct accused *accused, size_t by, bool refused) {
    attest_accuser_as(accused, by, refused, by);
}

int attest_say(const struct bw_schema *schema, const void *message) {
    return net_inject(&attest.net, 0, &attest.net.nodes[BAD].id, attest.net.nodes[BAD].session, true, schema, message);
}

int attest_say_record(struct record *record) {
    return attest_say(&bw_schema_signed_member, &record->frame.as.signed_member);
}

uint64_t attest_incarnation(void) {
    return net_member(&attest.net, 0, VICTIM)->incarnation;
}
