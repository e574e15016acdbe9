/* Questions whose answer the agent has to gather first: asked again until it has. */
#ifndef BW_TOOLS_CONTROL_POLL_H
#define BW_TOOLS_CONTROL_POLL_H

#include "tools/control_client.h"

/* Asks `first`, then `again` (may be the same; both are freed), until the answer is not {"pending":true,…}. At the end of the
 * options' time, else CONTROL_TIMEOUT_S, EXIT_TIMED_OUT and the last answer. */
int control_poll(const struct client_options *options, json_t *first, json_t *again, json_t **answer);

#endif
