/* What a campaign asks for (docs/CONTROL.md, campaign), read beside what the agent's configuration says of the scope. */
#ifndef BW_TOOLS_AGENT_CAMPAIGN_H
#define BW_TOOLS_AGENT_CAMPAIGN_H

#include <jansson.h>

#include <bellwether/bellwether.h>

#include "tools/agent_options.h"

struct campaign {
    char scope[BW_NAME_MAX + 1];
    struct bw_scope_config config; /* its name and voters point into this object, or to the configuration */
    const char *voters[BW_VOTERS_MAX];
    json_t *names; /* keeps the voters' names; NULL */
};

/* What the configuration says of the scope, alone or as one of a range; its name is the caller's. */
bool campaign_configured(const struct agent_options *options, const char *scope, struct bw_scope_config *own);

/* Fills campaign from the request; what that leaves out is as configured, or the usual. NULL, or why it is refused. */
json_t *campaign_read(const struct agent_options *options, const struct bw_params *params, const json_t *request,
                      struct campaign *campaign);

/* NULL if both can take turns for one scope, or why the new one is refused. */
json_t *campaign_beside(const struct campaign *campaign, const struct campaign *other);

void campaign_free(struct campaign *campaign);

#endif
