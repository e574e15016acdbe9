#include "tools/private_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/text.h"

bool private_file_is_credential(const char *path) {
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    size_t size = directory == NULL ? 0 : strlen(directory);
    return size > 0 && strncmp(path, directory, size) == 0 && path[size] == '/' && strchr(path + size + 1, '/') == NULL;
}

bool private_file_has_credential_rights(const struct stat *file) {
    return file->st_uid == 0 && (file->st_mode & 037) == 0;
}

bool private_file_check(int fd, const char *what, const char *path) {
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        complain("%s %s: not a regular file", what, path);
        return false;
    }
    bool credential = private_file_is_credential(path) && private_file_has_credential_rights(&file);
    if ((file.st_mode & 077) != 0 && !credential) {
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
