/* The agent's end of the control socket: line-delimited JSON. A greeting, then one answer for each request, in order:
 *
 *     < {"bellwether":"0.1.0","protocol":1,"name":"n1","id":"…","pid":1}
 *     > {"op":"leader","scope":"default"}
 *     < {"scopes":[…]}
 *     > {"op":"monitor","since":0,"types":["member-dead"]}
 *     < {"oldest":1,"newest":17}
 *     < {"seq":4,…}                         and so on, until the client closes
 *
 * An error is {"error":{"code":"…","message":"…"}}. Owner and root may ask for all, a group may read if
 * there is one (control_right.h). All is bounded: clients, the size of
 * a request, what waits for a client. A stream has no buffer of its own but a place in the event ring; a reader that
 * falls out of it is cut off. */
#ifndef BW_TOOLS_CONTROL_SERVER_H
#define BW_TOOLS_CONTROL_SERVER_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tools/event_ring.h"

#define CONTROL_PROTOCOL 1
#define STEPDOWN_DEFAULT_MS 60000 /* {"op":"stepdown"} without for_ms */

enum { CONTROL_CLIENT_MAX = 64, CONTROL_READER_MAX = 24 /* of them */, CONTROL_REQUEST_SIZE = 4096 };

struct control_server;
struct control_peer;

struct control_host {
    /* A new object: the greeting. */
    json_t *(*greet)(void *context);
    /* Answers op with a new object, or with control_error's. peer: who asks. */
    json_t *(*answer)(void *context, struct control_peer *peer, const char *op, const json_t *request);
    /* The peer is no more. */
    void (*gone)(void *context, struct control_peer *peer);
    const struct event_ring *ring;
    void *context;
};

json_t *control_error(const char *code, const char *message);

/* Listens at path, for the owner and, unless it is CONTROL_NO_GROUP, for the group; a socket that nobody serves any more is
 * replaced. Complains and returns NULL. */
struct control_server *control_server_open(const char *path, gid_t group, struct ev_loop *loop,
                                           const struct control_host *host);
/* Lets clients in: before this they wait. */
void control_server_start(struct control_server *server);
/* New events are in the ring. */
void control_server_feed(struct control_server *server);
/* The agent has left and stays: who asked for that is told by the end of the connection. */
void control_server_left(struct control_server *server);
/* Closes all, removes the socket. */
void control_server_close(struct control_server *server);

#endif
