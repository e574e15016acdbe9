#include "tools/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_path(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

int program_check(const char *name) {
    const char *at = getenv("PATH");
    char place[PATH_MAX];
    int error = ENOENT;
    if (name[0] == '\0')
        return ENOENT;
    if (strchr(name, '/') != NULL)
        return check_path(name);
    if (at == NULL)
        at = "/bin:/usr/bin";
    for (;; at++) {
        int size = (int)strcspn(at, ":"); /* nothing: the current directory */
        int length = snprintf(place, sizeof(place), "%.*s%s%s", size, at, size > 0 ? "/" : "", name);
        int found = length < (int)sizeof(place) ? check_path(place) : ENAMETOOLONG;
        if (found == 0)
            return 0;
        if (found == EACCES) /* another one further on may do; else this is the reason */
            error = found;
        at += size;
        if (*at == '\0')
            return error;
    }
}
