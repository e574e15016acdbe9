/* What the agent answers about single members: tags, forget, why. */
#ifndef BW_TOOLS_AGENT_MEMBERS_H
#define BW_TOOLS_AGENT_MEMBERS_H

#include "tools/agent_answer.h"

json_t *answer_tags(struct agent_view *view, const json_t *request);
json_t *answer_forget(struct agent_view *view, const json_t *request);
json_t *answer_why(struct agent_view *view, const json_t *request);

/* The member that `name` is: NULL, or an error to answer with. rank: of each status; who has the largest is meant. */
json_t *find_member(const struct bw_node *node, const char *name, const int rank[4], struct bw_member_info *member);
extern const int rank_present[4]; /* who is there before who was */

#endif
