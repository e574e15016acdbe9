/* Reading configuration and keys again while the agent runs. */
#ifndef BW_TOOLS_AGENT_RELOAD_H
#define BW_TOOLS_AGENT_RELOAD_H

#include <jansson.h>

struct agent_view;

json_t *answer_reload(struct agent_view *view, const json_t *request);

/* SIGHUP: the same, said in the log. */
void agent_reload_by_signal(struct agent_view *view);

#endif
