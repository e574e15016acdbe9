/* Durable state (election rule 3: persist before you speak). The new state is written beside the old one, synced, renamed
 * over it, and the rename is synced: at every moment one of the two is there, whole. */
#include "node/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_NAME "state"
#define NEW_NAME "state.new"
#define LOCK_NAME "lock"
#define OWNER_FILE 0600
#define OWNER_DIRECTORY 0700
#define OPEN_FLAGS (O_CLOEXEC | O_NOFOLLOW)

static int system_open_at(int directory, const char *name, int flags, mode_t mode) {
    return openat(directory, name, flags, mode);
}

static int system_rename_at(int directory, const char *from, const char *to) {
    return renameat(directory, from, directory, to);
}

const struct bw_file_ops bw_file_ops_system = {
    .open_at = system_open_at, .write = write, .sync = fsync, .rename_at = system_rename_at};

void bw_sync_parent(const char *path) {
    char parent[4096];
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    if (size >= sizeof(parent)) {
        return;
    }
    memcpy(parent, path, size);
    parent[size] = '\0';
    int fd = open(slash == NULL ? "." : size == 0 ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* some file systems cannot; the state's own sync decides */
        close(fd);
    }
}

/* Makes the directory and what is missing above it. path is changed and restored. Returns 0 or -1 with errno. */
static int make_directories(char *path) {
    for (char *at = path + 1;; at++) {
        char was = *at;
        if (was != '/' && was != '\0') {
            continue;
        }
        *at = '\0';
        int made = mkdir(path, OWNER_DIRECTORY);
        int error = errno;
        if (made == 0) {
            bw_sync_parent(path);
        }
        *at = was;
        if (made != 0 && error != EEXIST) {
            errno = error;
            return -1;
        }
        if (was == '\0') {
            return 0;
        }
    }
}

int bw_open_directory(char *path) {
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int fd = open(path, flags);
    if (fd < 0 && errno == ENOENT && path[0] != '\0' && make_directories(path) == 0) {
        fd = open(path, flags);
    }
    return fd;
}

static int take_lock(struct bw_store *store, char *why, size_t why_size) {
    store->lock = openat(store->directory, LOCK_NAME, O_RDWR | O_CREAT | OPEN_FLAGS, OWNER_FILE);
    if (store->lock < 0) {
        snprintf(why, why_size,
                 "cannot write in the state directory %s: %s; make it writable for this user or choose another",
                 store->path, strerror(errno));
        return BW_ERR_SYSTEM;
    }
    if (flock(store->lock, LOCK_EX | LOCK_NB) == 0) {
        return 0;
    }
    if (errno == EWOULDBLOCK) {
        snprintf(why, why_size,
                 "another agent uses the state directory %s; stop that one or give this one a directory of its own",
                 store->path);
        return BW_ERR_BUSY;
    }
    snprintf(why, why_size, "cannot lock %s/%s: %s; choose a state directory on a local file system", store->path,
             LOCK_NAME, strerror(errno));
    return BW_ERR_SYSTEM;
}

int bw_store_open(struct bw_store *store, const char *path, const struct bw_file_ops *ops, char *why, size_t why_size) {
    *store = (struct bw_store){.ops = ops, .path = strdup(path), .directory = -1, .lock = -1};
    if (store->path == NULL) {
        snprintf(why, why_size, "out of memory");
        return BW_ERR_MEMORY;
    }
    int error = 0;
    store->directory = bw_open_directory(store->path);
    if (store->directory < 0) {
        snprintf(why, why_size,
                 "cannot open or make the state directory %s: %s; choose a directory that this user may write", path,
                 strerror(errno));
        error = BW_ERR_SYSTEM;
    } else {
        error = take_lock(store, why, why_size);
    }
    if (error != 0) {
        bw_store_close(store);
    }
    return error;
}

void bw_store_close(struct bw_store *store) {
    if (store->lock >= 0) {
        close(store->lock); /* which unlocks; the file stays: removing it would let two lock different files */
    }
    if (store->directory >= 0) {
        close(store->directory);
    }
    free(store->path);
    *store = (struct bw_store){.directory = -1, .lock = -1};
}

static int corrupt(const struct bw_store *store, const char *what, char *why, size_t why_size) {
    snprintf(why, why_size,
             "the state file %s/%s %s; restore it from a backup, or move it away to start as a new member", store->path,
             STATE_NAME, what);
    return BW_ERR_CORRUPT;
}

static int unreadable(const struct bw_store *store, const char *step, const char *mend, char *why, size_t why_size) {
    snprintf(why, why_size, "cannot %s the state file %s/%s: %s; %s", step, store->path, STATE_NAME, strerror(errno),
             mend);
    return BW_ERR_SYSTEM;
}

static int read_all(const struct bw_store *store, int fd, uint8_t *data, size_t size, char *why, size_t why_size) {
    size_t done = 0;
    while (done < size) {
        ssize_t count = read(fd, data + done, size - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return unreadable(store, "read", "check the disk", why, why_size);
        }
        if (count == 0) {
            return corrupt(store, "became shorter while it was read", why, why_size);
        }
        done += (size_t)count;
    }
    return 0;
}

static int load_open_file(const struct bw_store *store, int fd, uint8_t **data, size_t *size, char *why,
                          size_t why_size) {
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return unreadable(store, "read", "check the disk", why, why_size);
    }
    if (!S_ISREG(status.st_mode)) {
        return corrupt(store, "is not a plain file", why, why_size);
    }
    if (status.st_size == 0) {
        return corrupt(store, "is empty", why, why_size);
    }
    if (status.st_size > (off_t)BW_STATE_MAX) {
        return corrupt(store, "is larger than any valid one", why, why_size);
    }
    *size = (size_t)status.st_size;
    *data = malloc(*size);
    if (*data == NULL) {
        snprintf(why, why_size, "out of memory");
        return BW_ERR_MEMORY;
    }
    return read_all(store, fd, *data, *size, why, why_size);
}

int bw_store_load(const struct bw_store *store, uint8_t **data, size_t *size, char *why, size_t why_size) {
    *data = NULL;
    *size = 0;
    int fd = openat(store->directory, STATE_NAME, O_RDONLY | O_NONBLOCK | OPEN_FLAGS);
    if (fd < 0 && errno == ENOENT) {
        return 0;
    }
    if (fd < 0) {
        return unreadable(store, "open", "make it a plain file that this user may read", why, why_size);
    }
    int error = load_open_file(store, fd, data, size, why, why_size);
    close(fd);
    if (error != 0) {
        free(*data);
        *data = NULL;
        *size = 0;
    }
    return error;
}

/* Returns the step that failed, or NULL. */
static const char *write_and_sync(const struct bw_store *store, int fd, const uint8_t *data, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t count = store->ops->write(fd, data + done, size - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            errno = count == 0 ? EIO : errno;
            return "write the state file";
        }
        done += (size_t)count;
    }
    return store->ops->sync(fd) == 0 ? NULL : "sync the state file";
}

static const char *save(const struct bw_store *store, const void *data, size_t size) {
    unlinkat(store->directory, NEW_NAME, 0); /* left by a crash; O_EXCL makes the mode certain */
    int fd = store->ops->open_at(store->directory, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | OPEN_FLAGS, OWNER_FILE);
    if (fd < 0) {
        return "create a file";
    }
    const char *step = write_and_sync(store, fd, data, size);
    int error = errno;
    close(fd); /* all of it is synced already, or given up */
    errno = error;
    if (step == NULL && store->ops->rename_at(store->directory, NEW_NAME, STATE_NAME) != 0) {
        step = "rename the new state file";
    }
    if (step == NULL && store->ops->sync(store->directory) != 0) {
        step = "sync the directory";
    }
    return step;
}

int bw_store_save(const struct bw_store *store, const void *data, size_t size, struct bw_store_failure *failure) {
    const char *step = save(store, data, size);
    if (step == NULL) {
        return 0;
    }
    *failure = (struct bw_store_failure){.step = step, .system_error = errno};
    unlinkat(store->directory, NEW_NAME, 0);
    return BW_ERR_SYSTEM;
}

void bw_store_explain(const struct bw_store *store, const struct bw_store_failure *failure, char *why,
                      size_t why_size) {
    snprintf(why, why_size, "cannot %s in the state directory %s: %s; free space there or check the disk",
             failure->step, store->path, strerror(failure->system_error));
}
