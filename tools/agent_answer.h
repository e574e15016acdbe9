/* What the agent answers at its control socket. */
#ifndef BW_TOOLS_AGENT_ANSWER_H
#define BW_TOOLS_AGENT_ANSWER_H

#include <jansson.h>

#include "tools/agent_options.h"

struct agent_paths;
struct agent_runs;
struct control_peer;

enum agent_phase { AGENT_MEMBER, AGENT_LEAVING, AGENT_LEFT };

/* What answers are made from. */
struct agent_view {
    struct agent_options *options; /* what can change live is changed in them */
    struct bw_loop *host;
    struct agent_runs *runs;
    char http[BW_ADDR_TEXT_SIZE]; /* where HTTP is answered, "": nowhere */
    struct agent_paths *paths;
    struct footprint *footprint;
    struct bw_time started;
    enum agent_phase phase;
    bool exits; /* when it has left */
    /* Leaves, then exits or waits for a join. */
    void (*leave)(struct agent_view *view, bool exits);
    /* Told after a join. */
    void (*joined)(struct agent_view *view);
};

/* For struct control_host: context is a struct agent_view. */
json_t *agent_greet(void *context);
json_t *agent_answer(void *context, struct control_peer *peer, const char *op, const json_t *request);
void agent_gone(void *context, struct control_peer *peer);

#endif
