/* What the tests of identity mode share: a cluster of members with certificates, and words that one of them, who holds the cluster's
 * key and seals what it likes, says of others and of itself. */
#ifndef BW_TESTS_GOSSIP_ATTEST_H
#define BW_TESTS_GOSSIP_ATTEST_H

#include "tests/unit/gossip_test.h"

#define NODES 3u  /* unless more are started; node 0 is the one that is told */
#define BAD 1u    /* seals what it likes */
#define VICTIM 2u /* whose key it has not */
#define ATTEST_MAX 48u
#define YEAR_S 31536000u

struct attest {
    struct net net;
    struct bw_identity *authority;
    struct bw_identity *keys[ATTEST_MAX];
    uint8_t certificates[ATTEST_MAX][BW_CERTIFICATE_MAX];
    size_t certificate_sizes[ATTEST_MAX];
    char names[ATTEST_MAX][8];
};
extern struct attest attest;

void attest_open(void);
void attest_open_with(size_t count);
void attest_open_seeded(size_t count, uint64_t seed);
void attest_close(void);
void attest_start(size_t index);
uint64_t attest_wall_s(void);
size_t attest_certify_as(uint64_t serial, const struct bw_identity *by, const struct bw_identity *key, const char *name,
                         uint64_t from_s, uint64_t until_s, uint8_t encoded[BW_CERTIFICATE_MAX]);
size_t attest_certify(const struct bw_identity *by, const struct bw_identity *key, const char *name, uint64_t from_s,
                      uint64_t until_s, uint8_t encoded[BW_CERTIFICATE_MAX]);

/* A member's record as another one has it. */
struct record {
    uint8_t bytes[BW_FRAMES_MAX];
    struct bw_frame frame;
    uint8_t signature[BW_SIGNATURE_SIZE];
};
struct bw_frame_signed_member *attest_record(struct record *record, size_t at, size_t of);
/* docs/IDENTITY.md a second time. */
void attest_sign(struct record *record, const struct bw_identity *key);
/* An accusation, and who accuses. */
struct accused {
    struct bw_frame_accusation frame;
    uint8_t list[BW_ACCUSERS_MAX * BW_ACCUSATION_SIZE];
};
void attest_accuse(struct accused *accused, size_t of, uint64_t incarnation, enum bw_status status);
/* One more, with its own signature; docs/IDENTITY.md a second time. */
void attest_accuser(struct accused *accused, size_t by, bool refused);
/* The same, signed with another's key. */
void attest_accuser_as(struct accused *accused, size_t by, bool refused, size_t key);
/* To node 0, in the bad one's datagram. */
int attest_say(const struct bw_schema *schema, const void *message);
int attest_say_record(struct record *record);
uint64_t attest_incarnation(void); /* the victim's, as node 0 has it */

#endif
