/* Does a datagram get through to each member, and back, a full-sized one too? Agents ask each other, and where no answer comes they ask
 * third ones, which pass on what they hear: so it is known which direction fails. Direct messages of channel BW_PATHS_CHANNEL: what
 * they are docs/PROTOCOL.md says. */
#ifndef BW_TOOLS_AGENT_PATHS_H
#define BW_TOOLS_AGENT_PATHS_H

#include <ev.h>
#include <jansson.h>

#include <bellwether/bellwether.h>

enum { BW_PATHS_CHANNEL = 255 };

struct agent_paths;

struct agent_paths *agent_paths_create(struct ev_loop *loop, struct bw_loop *host); /* NULL: no memory */
void agent_paths_destroy(struct agent_paths *paths);

/* A direct message came. */
void agent_paths_message(struct agent_paths *paths, const struct bw_message *message);

/* Tries all members anew, unless it is under way; a few seconds at most. */
void agent_paths_start(struct agent_paths *paths);
bool agent_paths_pending(const struct agent_paths *paths);
/* What is known of each member that was tried. */
json_t *agent_paths_json(const struct agent_paths *paths);

#endif
