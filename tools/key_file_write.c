#include "tools/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RING_LINE "# bellwether ring "

/* Copies the lines of comment, less the one that says the version. The size. */
static size_t comments(const char *text, size_t size, char *to) {
    size_t used = 0;
    for (size_t at = 0; at < size;) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t end = newline != NULL ? (size_t)(newline - text) : size;
        if (text[at] == '#' && strncmp(text + at, RING_LINE, sizeof(RING_LINE) - 1) != 0) {
            memcpy(to + used, text + at, end - at);
            used += end - at;
            to[used++] = '\n';
        }
        at = end + 1;
    }
    return used;
}

static bool write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0)
            return false;
        data += put;
        size -= (size_t)put;
    }
    return true;
}

/* The file's text, zero-terminated. */
static bool read_old(const char *path, struct key_text *old, struct stat *status) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *old = (struct key_text){.text = sodium_malloc(KEY_FILE_SIZE_MAX + 1)};
    if (fd < 0)
        return false;
    bool ok = old->text != NULL && fstat(fd, status) == 0;
    while (ok && old->size < KEY_FILE_SIZE_MAX) {
        ssize_t got = read(fd, old->text + old->size, KEY_FILE_SIZE_MAX - old->size);
        if (got <= 0) {
            ok = got == 0;
            break;
        }
        old->size += (size_t)got;
    }
    int error = errno;
    close(fd);
    errno = error;
    if (old->text != NULL)
        old->text[old->size] = '\0';
    return ok;
}

static bool write_new(const char *path, const struct stat *old, const char *head, size_t head_size, const char *keys,
                      size_t size) {
    unlink(path); /* left behind by one that was killed */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, head, head_size) && write_all(fd, keys, size);
    ok = ok && (old->st_uid == geteuid() || fchown(fd, old->st_uid, old->st_gid) == 0);
    ok = ok && fchmod(fd, old->st_mode & 0700) == 0 && fsync(fd) == 0;
    int error = errno;
    ok = close(fd) == 0 && ok;
    if (!ok) {
        unlink(path);
        errno = error;
    }
    return ok;
}

static bool sync_folder(char *path) {
    int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

int key_file_write(const char *path, const char *keys, size_t size) {
    char temporary[PATH_MAX + 24];
    char head[KEY_FILE_SIZE_MAX + 1];
    struct key_text old;
    struct stat status;
    char *real = realpath(path, NULL); /* a link stays one */
    if (real == NULL)
        return errno;
    snprintf(temporary, sizeof(temporary), "%s.%ld.new", real, (long)getpid()); /* agents may share a file */
    bool ok = read_old(real, &old, &status);
    size_t head_size = ok ? comments(old.text, old.size, head) : 0;
    if (ok && head_size + size >= KEY_FILE_SIZE_MAX) { /* it could not be read again */
        errno = EFBIG;
        ok = false;
    }
    ok = ok && write_new(temporary, &status, head, head_size, keys, size) && rename(temporary, real) == 0;
    ok = ok && sync_folder(real);
    int error = ok ? 0 : errno;
    explicit_bzero(head, sizeof(head));
    key_forget(&old);
    free(real);
    return error;
}
