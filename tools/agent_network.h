/* What the agent answers about the paths between members: rtt, reachability. */
#ifndef BW_TOOLS_AGENT_NETWORK_H
#define BW_TOOLS_AGENT_NETWORK_H

#include "tools/agent_answer.h"

json_t *answer_rtt(struct agent_view *view, const json_t *request);
json_t *answer_reachability(struct agent_view *view, const json_t *request);

#endif
