/* A node that only writes down what its host does, and gives the host what the test wants: it stands in for node/node.c
 * when the host's contract is tested. */
#ifndef BW_TESTS_LOOP_FAKE_NODE_H
#define BW_TESTS_LOOP_FAKE_NODE_H

#include <bellwether/node.h>

struct fake_datagram {
    struct bw_addr to;
    uint8_t data[64];
    size_t size;
};

struct bw_node {
    char log
        [256]; /* a letter for each call that takes now: receive, tick, x refused, persisted: ok p, not ok n, leave, join */
    struct bw_config config;
    uint8_t state[64]; /* as given at creation */
    size_t state_size;
    struct bw_time last;
    bool time_went_back;
    int64_t deadline_us; /* a tick that reaches it sets it to BW_NEVER, or on by period_us */
    int64_t period_us;
    unsigned early_ticks; /* so many ticks do nothing, as if they came too early */
    unsigned ticks;
    unsigned received;
    struct fake_datagram out[128];
    unsigned out_count;
    unsigned out_next;
    unsigned echo; /* each datagram received makes so many to echo_to */
    struct bw_addr echo_to;
    unsigned event_count;   /* that wait for the host */
    const char *want_state; /* what is to be made durable, or NULL */
    unsigned persist_calls; /* that got something */
    bool writing;
    bool asked_while_writing; /* the host asked again before it had answered */
    bool left_at_once;
    bool left;
    struct bw_addr refused_by;
    uint8_t quoted[64];
    size_t quoted_size;
};

struct fake_plan {
    int create_error;        /* what bw_node_create answers */
    const char *first_state; /* wanted durable from the start */
};
extern struct fake_plan fake_plan;

void fake_send(struct bw_node *node, const struct bw_addr *to, const char *text);

#endif
