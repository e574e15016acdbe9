/* The clients at a control socket: their requests, answers and streams. */
#ifndef BW_TOOLS_CONTROL_STREAM_H
#define BW_TOOLS_CONTROL_STREAM_H

#include "tools/control_rate.h"
#include "tools/control_right.h"
#include "tools/control_server.h"

struct control_peers {
    struct ev_loop *loop;
    const struct control_host *host;
    struct control_rate rates[CONTROL_RIGHT_COUNT];
    struct control_peer *list[CONTROL_CLIENT_MAX];
};

void control_peers_open(struct control_peers *clients, struct ev_loop *loop, const struct control_host *host);

/* A line of news to a client, beside its answers; takes the object. */
void control_say(struct control_peer *client, json_t *news);
/* Greets a new client. False if there are too many; fd stays the caller's then. */
bool control_peers_add(struct control_peers *clients, int fd, enum control_right right);
void control_peers_feed(struct control_peers *clients);
/* Closes those that wait for the end of a leave. */
void control_peers_left(struct control_peers *clients);
void control_peers_close(struct control_peers *clients);

#endif
