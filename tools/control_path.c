#include "tools/control_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool control_path_is_given(void) {
    const char *given = getenv("BELLWETHER_CONTROL");
    return given != NULL && given[0] != '\0';
}

void control_path_default(char path[CONTROL_PATH_SIZE]) {
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (control_path_is_given())
        snprintf(path, CONTROL_PATH_SIZE, "%s", getenv("BELLWETHER_CONTROL"));
    else if (runtime != NULL && runtime[0] == '/')
        snprintf(path, CONTROL_PATH_SIZE, "%s/bellwether.sock", runtime);
    else
        snprintf(path, CONTROL_PATH_SIZE, CONTROL_PATH_SYSTEM);
}

bool control_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (path[0] == '\0' || strlen(path) >= sizeof(address->sun_path))
        return false;
    memcpy(address->sun_path, path, strlen(path));
    return true;
}
