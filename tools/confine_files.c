/* Landlock (landlock(7)): what may be written and executed. Reading is left open: a resolver reads what it likes. */
#include "tools/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "node/store.h"

/* The kernel's interface, which older headers have in part only. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
enum { CREATE_VERSION = 1, RULE_PATH_BENEATH = 1 };
enum {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    REMOVE_DIRECTORY = 1 << 4,
    REMOVE_FILE = 1 << 5,
    MAKE_CHARACTER = 1 << 6,
    MAKE_DIRECTORY = 1 << 7,
    MAKE_FILE = 1 << 8,
    MAKE_SOCKET = 1 << 9,
    MAKE_FIFO = 1 << 10,
    MAKE_BLOCK = 1 << 11,
    MAKE_SYMLINK = 1 << 12,
    REFER = 1 << 13,    /* version 2 */
    TRUNCATE = 1 << 14, /* version 3 */
};
struct ruleset {
    uint64_t handled;
};
struct path_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

enum {
    KEPT_FROM_ALL = EXECUTE | WRITE_FILE | REMOVE_DIRECTORY | REMOVE_FILE | MAKE_CHARACTER | MAKE_DIRECTORY |
                    MAKE_FILE | MAKE_SOCKET | MAKE_FIFO | MAKE_BLOCK | MAKE_SYMLINK | REFER | TRUNCATE,
    FILES = WRITE_FILE | REMOVE_FILE | MAKE_FILE | TRUNCATE,
};

static int handled_by(int version) {
    int handled = KEPT_FROM_ALL;
    if (version < 2)
        handled &= ~REFER;
    return version < 3 ? handled & ~TRUNCATE : handled;
}

/* Takes the descriptor. */
static bool allow(int ruleset, int fd, int rights) {
    const struct path_beneath rule = {.allowed = (uint64_t)rights, .parent = fd};
    bool ok = fd >= 0 && syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return ok;
}

static int open_state(const char *path) {
    char *copy = strdup(path);
    int fd = copy == NULL ? -1 : bw_open_directory(copy);
    free(copy);
    return fd;
}

static int open_parent(const char *path) {
    const char *slash = strrchr(path, '/');
    char *parent = slash == NULL ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    int fd = parent == NULL ? -1 : open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(parent);
    return fd;
}

/* Where a link leads: the file is replaced there. */
static int open_key_folder(const char *path) {
    char *real = realpath(path, NULL);
    int fd = open_parent(real != NULL ? real : path);
    free(real);
    return fd;
}

static bool allow_all(int ruleset, int handled, const struct confine_paths *paths) {
    return allow(ruleset, open_state(paths->state_dir), FILES & handled) &&
           allow(ruleset, open_key_folder(paths->key_file), FILES & handled) &&
           allow(ruleset, open_parent(paths->control), REMOVE_FILE) &&
           allow(ruleset, open("/dev/null", O_PATH | O_CLOEXEC), (WRITE_FILE | TRUNCATE) & handled);
}

int confine_files(const struct confine_paths *paths) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
    if (version <= 0)
        return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
    const struct ruleset attributes = {.handled = (uint64_t)handled_by((int)version)};
    int fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
    bool ok = fd >= 0 && allow_all(fd, (int)attributes.handled, paths) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
              syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return ok ? (int)version : -1;
}
