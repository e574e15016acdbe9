/* The key ring at the control socket, and its file. */
#ifndef BW_TOOLS_AGENT_KEYS_H
#define BW_TOOLS_AGENT_KEYS_H

#include <jansson.h>
#include <stdbool.h>

struct agent_view;
struct bw_loop;

json_t *answer_keys(struct agent_view *view, const json_t *request);

/* Reads the key file again. The reason why not, NULL if the keys are taken; changed says whether there was anything new. */
const char *agent_keys_reload(const struct agent_view *view, bool *changed);

/* Writes the node's ring to the key file, and tells the node whether it is there. */
void agent_keys_store(const char *path, struct bw_loop *host);

#endif
