/* What a control client asks about the voters of a scope. */
#ifndef BW_TOOLS_AGENT_VOTERS_H
#define BW_TOOLS_AGENT_VOTERS_H

#include "tools/agent_answer.h"

json_t *answer_voters(struct agent_view *view, const json_t *request);

#endif
