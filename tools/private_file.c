#include "tools/private_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/text.h"

/* systemd's credentials, which it alone makes, may be root's with a list of who reads: its mask looks like a group's right. */
static bool is_credential(const char *path, const struct stat *file) {
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    size_t size = directory == NULL ? 0 : strlen(directory);
    return size > 0 && strncmp(path, directory, size) == 0 && path[size] == '/' &&
           strchr(path + size + 1, '/') == NULL && file->st_uid == 0 && (file->st_mode & 037) == 0;
}

bool private_file_check(int fd, const char *what, const char *path) {
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        complain("%s %s: not a regular file", what, path);
        return false;
    }
    if ((file.st_mode & 077) != 0 && !is_credential(path, &file)) {
        complain("%s %s: others can read or change it (mode %04o); mend it with: chmod 600 %s", what, path,
                 file.st_mode & 07777u, path);
        return false;
    }
    if (file.st_uid != geteuid() && file.st_uid != 0) {
        complain("%s %s: belongs to user %u, not to this one", what, path, file.st_uid);
        return false;
    }
    return true;
}
