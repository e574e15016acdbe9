/* What the node is told, from what the agent was told: the same at the start and where it is only checked. */
#ifndef BW_TOOLS_AGENT_CONFIG_H
#define BW_TOOLS_AGENT_CONFIG_H

#include "tools/agent_identity.h"
#include "tools/agent_options.h"
#include "tools/key_file.h"

/* Without the addresses to join. Points into what is given. Complains and returns false. */
bool agent_config_make(struct bw_config *config, const struct agent_options *options, const struct key_text *keys,
                       const struct agent_identity *identity);

/* All that can be wrong before anything is opened for writing; complete: as agent_options_complete said. Complains and returns false. */
bool agent_config_check(const struct agent_options *options, bool complete);

#endif
