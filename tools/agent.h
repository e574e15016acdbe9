/* The agent: a node on libev, its log, its control socket, its orderly end. */
#ifndef BW_TOOLS_AGENT_H
#define BW_TOOLS_AGENT_H

#include "tools/agent_options.h"

/* Runs until it has left. options are complete. Returns an exit code. */
int agent_run(struct agent_options *options);

#endif
