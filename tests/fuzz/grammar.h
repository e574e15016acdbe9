/* Frames out of a fuzzer's bytes, along the schemas of the codec: types and sizes are right, and each value is one that means
 * something to who gets it – known ids and names, numbers that it has said itself and their neighbours, limits – or any. */
#ifndef BW_TESTS_FUZZ_GRAMMAR_H
#define BW_TESTS_FUZZ_GRAMMAR_H

#include "base/wire.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_IDS 10u
#define FUZZ_SEEN 128u

struct fuzz_known {
    struct bw_id ids[FUZZ_IDS];
    struct bw_addr addrs[FUZZ_IDS];
    uint64_t sessions[FUZZ_IDS];
    uint64_t seen[FUZZ_SEEN]; /* the last number in a field of a name; see fuzz_note */
};

/* Takes note of the numbers in frames that were met; messages of the election inside them too. */
void fuzz_note(struct fuzz_known *known, struct bw_bytes frames);
void fuzz_note_number(struct fuzz_known *known, const char *field, uint64_t number);

/* Writes up to 8 frames. The capacity is at most BW_DATAGRAM_MAX. */
void fuzz_frames(struct fuzz_input *in, const struct fuzz_known *known, struct bw_writer *writer);
/* The same of the election's messages. */
void fuzz_messages(struct fuzz_input *in, const struct fuzz_known *known, struct bw_writer *writer);

extern const char *const fuzz_names[]; /* that mean something to the node; NULL at the end */

#endif
