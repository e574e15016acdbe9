/* Where the control socket is. */
#ifndef BW_TOOLS_CONTROL_PATH_H
#define BW_TOOLS_CONTROL_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#define CONTROL_PATH_SIZE 4096u
#define CONTROL_PATH_SYSTEM "/run/bellwether/agent.sock"

/* Where an agent listens that was told nothing: BELLWETHER_CONTROL, the user's place, the system's. */
void control_path_default(char path[CONTROL_PATH_SIZE]);

/* By BELLWETHER_CONTROL: then no other is looked for. */
bool control_path_is_given(void);

/* False if the path is too long for a socket. */
bool control_address(const char *path, struct sockaddr_un *address);

#endif
