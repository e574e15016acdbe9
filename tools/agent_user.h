/* The agent's answers about user events and queries. */
#ifndef BW_TOOLS_AGENT_USER_H
#define BW_TOOLS_AGENT_USER_H

#include "tools/agent_answer.h"

json_t *answer_event(struct agent_view *view, const json_t *request);
json_t *answer_query(struct agent_view *view, const json_t *request);
json_t *answer_respond(struct agent_view *view, const json_t *request);

#endif
