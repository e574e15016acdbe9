/* What the agent answers about single members: tags, forget, why. */
#ifndef BW_TOOLS_AGENT_MEMBERS_H
#define BW_TOOLS_AGENT_MEMBERS_H

#include "tools/agent_answer.h"

json_t *answer_tags(struct agent_view *view, const json_t *request);
json_t *answer_forget(struct agent_view *view, const json_t *request);
json_t *answer_why(struct agent_view *view, const json_t *request);

#endif
