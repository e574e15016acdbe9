/* What an agent was told, for who looks for a mistake in it. */
#ifndef BW_TOOLS_AGENT_SETUP_H
#define BW_TOOLS_AGENT_SETUP_H

#include <jansson.h>

struct agent_options;
struct agent_view;

/* The options whose files are copies that systemd made at the start. */
json_t *agent_credentials(const struct agent_options *options);

json_t *answer_setup(struct agent_view *view, const json_t *request);
json_t *answer_paths(struct agent_view *view, const json_t *request);

#endif
