/* The agent's HTTP server, read-only: libmicrohttpd, driven by the agent's own loop, so that nothing but that loop's thread touches the
 * node. docs/HTTP.md says what it answers.
 *
 * All is bounded: connections, what one of them may send and how long it may take, streams, the answers that wait to be sent, and
 * the share of the agent's time. A stream has no buffer of its own but a place in the event ring; a reader that falls out of it
 * is cut off. */
#ifndef BW_TOOLS_HTTP_SERVER_H
#define BW_TOOLS_HTTP_SERVER_H

#include <ev.h>

#include "tools/agent_answer.h"
#include "tools/event_ring.h"
#include "tools/http_option.h"

struct http_server;

/* Listens; clients wait until http_server_start. The option, the ring and the view are the caller's, and outlive it.
 * Complains and returns NULL. */
struct http_server *http_server_open(const struct http_option *option, struct ev_loop *loop,
                                     const struct event_ring *ring, struct agent_view *view);
void http_server_start(struct http_server *server);
/* Where it listens: the port that the kernel chose included. */
struct bw_addr http_server_bound(const struct http_server *server);
/* An event has happened, and is in the ring. NULL is harmless. */
void http_server_event(struct http_server *server, const struct bw_event *event);
/* Closes all. NULL is harmless. */
void http_server_close(struct http_server *server);

#endif
