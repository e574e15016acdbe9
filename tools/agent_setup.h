/* What an agent was told, for who looks for a mistake in it. */
#ifndef BW_TOOLS_AGENT_SETUP_H
#define BW_TOOLS_AGENT_SETUP_H

#include <jansson.h>

struct agent_view;

json_t *answer_setup(struct agent_view *view, const json_t *request);
json_t *answer_paths(struct agent_view *view, const json_t *request);

#endif
