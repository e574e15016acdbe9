/* The known answers in the files of tests/vectors: each file is what the code says now, written by one function. */
#ifndef BW_TESTS_VECTORS_TEST_H
#define BW_TESTS_VECTORS_TEST_H

#include "base/wire.h"
#include "crypto/identity.h"
#include "tests/lib/memory.h"
#include "tests/lib/tap.h"
#include <stdio.h>

void vectors_packets(FILE *to);
void vectors_frames(FILE *to);
void vectors_messages(FILE *to);
void vectors_digests(FILE *to);
void vectors_ranks(FILE *to);
void vectors_beacons(FILE *to);
void vectors_identity(FILE *to);

/* Begins an object or a list's next line: a comma where one is needed. */
struct vectors_list {
    FILE *to;
    size_t count;
};
void vectors_next(struct vectors_list *list);

/* An address as an object. */
void vectors_addr(FILE *to, const struct bw_addr *addr);
/* "KEY": "HEX" with a comma before it. */
void vectors_hex(FILE *to, const char *key, const void *data, size_t size);
/* "KEY": {fields of a message}: u64 as text, which not every language's numbers can hold; bytes, ids as hex. */
void vectors_fields(FILE *to, const char *key, const struct bw_schema *schema, const void *message);

/* One well-formed frame, decoded from its bytes, and the bytes themselves. layer: which table it is from. */
void vectors_accept(struct vectors_list *list, const char *layer, const struct bw_schema *schema, const void *message);

/* Identity mode: the key pair whose secret is 32 times this byte; a member that has it, with a certificate for everything. */
struct bw_identity *vectors_key(unsigned number);
struct bw_gossip *vectors_member(struct test_memory *heap, const struct bw_identity *key);
void vectors_part(struct bw_gossip *member);
/* What it signs for users of gossip. */
void vectors_sign(const struct bw_gossip *member, const char *words, struct bw_bytes said,
                  uint8_t signature[BW_SIGNATURE_SIZE]);
void vectors_claims(struct vectors_list *list);

#endif
