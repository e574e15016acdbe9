/* What the tests of user events and of queries share: what each node has been told. */
#ifndef BW_TESTS_GOSSIP_USER_TEST_H
#define BW_TESTS_GOSSIP_USER_TEST_H

#include "tests/unit/gossip_test.h"

#define TOLD_MAX 512u

struct told {
    struct {
        enum bw_gossip_event_type type;
        struct bw_id from;
        uint64_t ltime;
        uint64_t number;
        int64_t at_us;
        int64_t left_us;
        char name[BW_NAME_MAX + 1];
        uint8_t payload[BW_USER_SIZE_MAX];
        size_t size;
        uint32_t acks, responses, expected;
    } list[TOLD_MAX];
    size_t count;
};

extern struct told told[NET_MAX];

/* To be a net's on_event. */
void told_event(struct net *net, size_t at, const struct bw_gossip_event *event);
void told_reset(void);
/* How many of the type; of the name too, unless it is NULL. */
size_t told_count(size_t at, enum bw_gossip_event_type type, const char *name);
struct bw_bytes text_bytes(const char *text);

#endif
