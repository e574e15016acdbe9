/* A node that does as it is told, in place of the real one: what the simulator does can then be seen by itself, and every
 * invariant can be broken. It is linked instead of node/. */
#ifndef BW_TESTS_SIM_FAKE_H
#define BW_TESTS_SIM_FAKE_H

#include "base/trace.h"
#include <bellwether/node.h>

#define FAKE_COUNT 8u /* hosts that are recorded */
#define FAKE_QUEUE_MAX 16u
#define FAKE_HEARD_MAX 1024u

struct fake_heard {
    struct bw_time now;
    struct bw_addr from;
    size_t size;
    uint8_t number;
    bool refusal;
};

/* What a host's processes heard, and were given at the start; kept over their end. */
struct fake_host {
    struct fake_heard heard[FAKE_HEARD_MAX];
    size_t heard_count;
    size_t state_size;
    size_t last_tick_heard_count; /* how much had been heard when the clock was looked at last */
    uint64_t answer_count;        /* of bw_node_persisted */
    bool answer;
};

struct bw_node {
    struct bw_allocator allocator;
    struct bw_trace trace;
    struct bw_id id;
    struct bw_addr addr;
    char name[BW_NAME_MAX + 1];
    /* every period_us it sends size bytes to `to`, the first of which counts up */
    int64_t period_us;
    int64_t deadline_us;
    struct bw_addr to;
    size_t size;
    size_t ready_count;
    uint8_t data[4096];
    bool stuck;       /* its deadline does not move */
    bool minds_ticks; /* broken: early ticks have an effect */
    bool endless;     /* does not stop sending */
    bool has_friend;  /* a second member that it knows */
    struct bw_member_info friend;
    uint64_t digest;
    struct bw_event events[FAKE_QUEUE_MAX];
    size_t event_count;
    const char *scope; /* that it leads; NULL: "default" */
    bool leads;
    bool never_stops; /* broken: may act past its lease */
    bool no_lease;    /* broken: may act without one */
    int64_t lease_end_us;
    struct bw_token token;
    bool wants_write;
    bool quorum;
    uint8_t blob[24]; /* a term; as a vote: the candidate, and the term of the list of voters */
    size_t blob_size;
};

extern struct fake_host fake_hosts[FAKE_COUNT];

void fake_reset(void);
void fake_say(struct bw_node *node, const struct bw_event *event);
void fake_lead(struct bw_node *node, uint64_t term, int64_t lease_end_us); /* says self-elected */
void fake_preempted(struct bw_node *node);                                 /* resigns for that reason */
void fake_resign(struct bw_node *node);                                    /* says self-deposed */
void fake_write(struct bw_node *node, uint64_t term);
void fake_vote(struct bw_node *node, uint64_t term, uint64_t candidate, uint64_t voters_term);

#endif
