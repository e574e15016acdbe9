/* Who may ask the agent for what. */
#ifndef BW_TOOLS_CONTROL_RIGHT_H
#define BW_TOOLS_CONTROL_RIGHT_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define CONTROL_NO_GROUP ((gid_t)-1)

enum control_right { CONTROL_DENIED, CONTROL_READS, CONTROL_CHANGES, CONTROL_RIGHT_COUNT };

/* What whoever connected to fd may do, as the kernel knows it: the agent's own user and root change, members of the
 * group (CONTROL_NO_GROUP: none) read. */
enum control_right control_right_of(int fd, gid_t group);

/* What the request needs: CONTROL_READS or CONTROL_CHANGES. What is not known changes. */
enum control_right control_right_for(const char *op, const json_t *request);

#endif
