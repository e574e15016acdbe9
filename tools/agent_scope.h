/* What a control client asks of the agent's own part in a scope. */
#ifndef BW_TOOLS_AGENT_SCOPE_H
#define BW_TOOLS_AGENT_SCOPE_H

#include "tools/agent_answer.h"

/* Who leads the scope, as far as we know. False: nobody. */
bool scope_leader(const struct bw_node *node, const char *scope, struct bw_scope_info *info);
/* The error that says where the leader is. */
json_t *scope_not_leading(const struct agent_view *view, const char *scope);

json_t *answer_stepdown(struct agent_view *view, const json_t *request);
json_t *answer_refused(struct agent_view *view, const json_t *request);
json_t *answer_owner(struct agent_view *view, const json_t *request);
json_t *answer_transfer(struct agent_view *view, const json_t *request);
json_t *answer_freeze(struct agent_view *view, const json_t *request);
json_t *answer_thaw(struct agent_view *view, const json_t *request);
json_t *answer_ready(struct agent_view *view, const json_t *request);
json_t *answer_priority(struct agent_view *view, const json_t *request);

#endif
