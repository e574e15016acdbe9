/* A client's end of the control socket. */
#ifndef BW_TOOLS_CONTROL_CLIENT_H
#define BW_TOOLS_CONTROL_CLIENT_H

#include <jansson.h>

#include "tools/options.h"

struct control_client {
    int fd;
    char *in;
    size_t in_size;
    size_t in_taken;
    size_t in_room;
    json_t *greeting;
    bool prints; /* what is read: nothing is waited for once nobody reads standard output any more */
};

/* Connects to the agent that the options name, else to the user's, else to the system's. Complains, returns an exit code. */
int control_open(struct control_client *client, const struct client_options *options);
void control_close(struct control_client *client);

/* Seconds on a clock that never goes back. */
double control_now(void);
#define CONTROL_FOREVER 1e18
#define CONTROL_TIMEOUT_S 5.0

/* Reads one object. deadline on control_now's clock. Quiet about what goes wrong: EXIT_NO_AGENT when the agent has gone,
 * EXIT_TIMED_OUT, EXIT_NO when nobody reads what is printed any more, or EXIT_DONE and an object for the caller to free. */
int control_read(struct control_client *client, double deadline, json_t **object);
int control_send(struct control_client *client, const json_t *request);

/* One question, one answer. Complains; EXIT_REFUSED with the agent's reason, EXIT_NO if it knows nothing of that name. Frees
 * request. */
int control_ask(struct control_client *client, json_t *request, double timeout_s, json_t **answer);
/* The same on a connection of its own. */
int control_ask_once(const struct client_options *options, json_t *request, json_t **answer);

/* The same for an order: with --json its answer is printed, else nothing is. */
int control_order(const struct client_options *options, json_t *request);

/* What is said when the agent goes while one watches it. */
int control_complain_gone(void);

#endif
