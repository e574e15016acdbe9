/* What the parts of the HTTP server share. */
#ifndef BW_TOOLS_HTTP_STATE_H
#define BW_TOOLS_HTTP_STATE_H

#include <ev.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "base/list.h"
#include "tools/control_rate.h"
#include "tools/http_server.h"

enum {
    HTTP_CONNECTION_MAX = 64,
    HTTP_CONNECTION_ADDR_MAX = 32, /* of them from one address */
    HTTP_STREAM_MAX = 16,          /* of them that follow the events */
    HTTP_REQUEST_SIZE = 16384,     /* a connection's memory: request line, headers, and what it sends at once; bytes */
    HTTP_HELD_SIZE_MAX = 32 << 20, /* all answers that wait to be sent; bytes */
    HTTP_SILENCE_S = 10,           /* a connection on which nothing moves for so long ends */
    HTTP_PATIENCE_S = 20,          /* so does one whose request, or its answer, takes so long */
    HTTP_STREAM_COMMENT_S = 15,    /* a comment, so that whoever is between the two ends knows that both are there */
};

/* Statuses that are counted one by one. */
#define HTTP_STATUSES(X) X(200) X(204) X(400) X(403) X(404) X(405) X(413) X(421) X(503)
#define HTTP_STATUS_VALUE_(code) HTTP_STATUS_##code,
enum http_status { HTTP_STATUSES(HTTP_STATUS_VALUE_) HTTP_STATUS_COUNT };
#undef HTTP_STATUS_VALUE_

struct http_counts {
    uint64_t events[BW_EVENT_COUNT];
    uint64_t own_suspicions;
    uint64_t answers[HTTP_STATUS_COUNT];
    uint64_t streams_dropped;
    uint64_t connections_ended; /* for being silent or slow, beyond what libmicrohttpd ends itself */
};

struct http_stream;

/* A connection. */
struct http_peer {
    struct bw_list link;
    struct http_server *server;
    struct MHD_Connection *connection;
    int fd;
    double since_s; /* it began, or its last answer was sent */
    struct http_stream *stream;
    struct bw_list turn; /* in server->turns while it waits */
    bool waits;
    bool granted; /* its turn has come */
};

struct http_server {
    struct ev_loop *loop;
    struct MHD_Daemon *daemon;
    struct bw_addr bound;
    const struct http_option *option;
    const struct event_ring *ring;
    struct agent_view *view;
    char *page;
    size_t page_size;
    char *page_policy; /* the value of Content-Security-Policy that fits the page */
    ev_io ready;       /* some connection is */
    ev_timer due;      /* libmicrohttpd wants to run */
    ev_timer rest;     /* it has taken more than its share of the time */
    ev_timer sweep;    /* slow connections, comments in streams */
    struct control_rate rate;
    struct bw_list peers;
    struct bw_list turns; /* who asked for something expensive, first come first served: one in each run */
    bool turn_taken;
    struct bw_list streams;
    size_t peer_count;
    size_t stream_count;
    size_t held_size;
    double commented_s;
    struct http_counts counts;
};

/* Runs libmicrohttpd soon, from the loop. */
void http_wake(struct http_server *server);
/* Whether an expensive answer may be made now; else the peer is suspended, and asked again when its turn comes. */
bool http_take_turn(struct http_peer *peer);
/* Ends the connection, whatever it is doing. */
void http_cut(struct http_peer *peer);
/* How many answers there were of a status that is counted. */
void http_count_answer(struct http_server *server, unsigned status);

#endif
