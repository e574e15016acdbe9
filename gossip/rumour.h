/* What users of the layer tell all members (gossip.md, Also for users): user events and queries, each kind with a Lamport clock and
 * a bounded store of the recent ones, in which one that is heard again is recognised. It holds the newest in the order (ltime,
 * number), so that members that have heard the same keep the same; what is older than all of it cannot be told from what has been
 * delivered, and is not taken. */
#ifndef BW_GOSSIP_RUMOUR_H
#define BW_GOSSIP_RUMOUR_H

#include "base/envelope.h"
#include "base/list.h"
#include "base/table.h"
#include "base/timer.h"
#include "gossip/frames.h"

#define BW_RUMOUR_BYTES_MAX (128u * 1024u) /* names, payloads and filters of the recent ones of a kind */

struct bw_member;

struct bw_rumour {
    struct bw_list link; /* while it is to be sent */
    uint64_t ltime;
    uint64_t number;
    uint64_t digest; /* of ltime and number */
    struct bw_id origin;
    int64_t began_us; /* by our clock */
    int64_t until_us; /* query: the deadline */
    uint8_t sent;
    uint8_t own; /* of these, in datagrams for rumours alone */
    bool queued;
    bool ack;      /* query */
    bool for_us;   /* query: delivered */
    bool answered; /* query: by us */
    uint16_t sizes[4];
    uint8_t bytes[]; /* name, payload, nodes, tags */
};

enum bw_rumour_part { BW_RUMOUR_NAME, BW_RUMOUR_PAYLOAD, BW_RUMOUR_NODES, BW_RUMOUR_TAGS };

struct bw_rumours {
    struct bw_allocator allocator;
    struct bw_rumour **recent; /* rising by (ltime, number) */
    size_t capacity;
    size_t count;
    size_t bytes;
    uint64_t clock;       /* the largest ltime heard of */
    uint64_t floor_ltime; /* the newest one that had to go */
    uint64_t floor_number;
    uint64_t digest; /* sum over the recent ones */
    int64_t changed_us;
    struct bw_list queue; /* to be sent, the least sent first */
};

/* What a new one is made from. */
struct bw_rumour_source {
    uint64_t ltime;
    uint64_t number;
    struct bw_id origin;
    int64_t began_us;
    int64_t until_us;
    struct bw_bytes parts[4];
};

void bw_rumours_init(struct bw_rumours *rumours, struct bw_allocator allocator);
void bw_rumours_free(struct bw_rumours *rumours);
/* 0 and the new one; BW_ERR_BUSY: it is known; BW_ERR_FULL: older than what is kept; BW_ERR_MEMORY: nothing changed. Frees what the
 * new one makes no room for, the queued included. */
int bw_rumours_add(struct bw_rumours *rumours, const struct bw_rumour_source *source, int64_t now_us,
                   struct bw_rumour **added);
/* Whoever begins something next is past this. False: it is too far ahead to be believed. */
bool bw_rumours_witness(struct bw_rumours *rumours, uint64_t ltime);
struct bw_rumour *bw_rumours_find(const struct bw_rumours *rumours, uint64_t number);
struct bw_bytes bw_rumour_part(const struct bw_rumour *rumour, enum bw_rumour_part part);
/* Puts it where it belongs in the queue: behind those that were sent as often. */
void bw_rumours_queue(struct bw_rumours *rumours, struct bw_rumour *rumour);
void bw_rumours_unqueue(struct bw_rumour *rumour);

/* A query of ours that waits for answers. */
struct bw_asked {
    struct bw_timer timer;
    uint64_t number;
    bool ack;
    uint32_t acks;
    uint32_t responses;
    uint32_t expected;
    struct bw_table answered; /* by member: what has come of it */
};

/* ------------------------------------------------------------------ the machine's part */

/* rumour.c */
/* Has it sent to others, if there are any. */
void bw_rumour_relay(struct bw_gossip *g, struct bw_rumours *rumours, struct bw_rumour *rumour);
void bw_rumour_piggyback(struct bw_gossip *g, struct bw_writer *writer);
void bw_rumour_tick(struct bw_gossip *g);

/* user_event.c */
void bw_user_event_receive(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_user_event *frame);
void bw_user_event_clocks(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_clocks *frame);
void bw_user_event_have(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_have *frame);
int bw_user_event_write(const struct bw_gossip *g, const struct bw_rumour *rumour, struct bw_writer *writer);
/* Beside a ping, an ack or a page, if that is what has been written. */
void bw_user_event_tell_clocks(const struct bw_gossip *g, struct bw_writer *writer, const struct bw_member *to);

/* query.c */
void bw_query_receive(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_query *frame);
void bw_query_replied(struct bw_gossip *g, const struct bw_inbound *in, const struct bw_frame_reply *frame);
void bw_query_timeout(struct bw_gossip *g, struct bw_asked *asked);
int bw_query_write(const struct bw_gossip *g, const struct bw_rumour *rumour, struct bw_writer *writer);
void bw_query_free_all(struct bw_gossip *g);

#endif
