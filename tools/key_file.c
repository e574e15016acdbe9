#include "tools/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/text.h"

bool key_make(char text[BW_KEY_TEXT_SIZE]) {
    uint8_t key[BW_KEY_SIZE];
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return false;
    bw_key_text(key, text);
    explicit_bzero(key, sizeof(key));
    return true;
}

static bool is_private(int fd, const char *path) {
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        complain("key file %s: not a regular file", path);
        return false;
    }
    if ((file.st_mode & 077) != 0) {
        complain("key file %s: others can read or change it (mode %04o); mend it with: chmod 600 %s", path,
                 file.st_mode & 07777u, path);
        return false;
    }
    if (file.st_uid != geteuid() && file.st_uid != 0) {
        complain("key file %s: belongs to user %u, not to the user of this agent", path, file.st_uid);
        return false;
    }
    return true;
}

static bool read_all(int fd, const char *path, struct key_text *keys) {
    while (keys->size < sizeof(keys->text)) {
        ssize_t got = read(fd, keys->text + keys->size, sizeof(keys->text) - keys->size);
        if (got == 0)
            return true;
        if (got < 0) {
            complain("key file %s: %s", path, strerror(errno));
            return false;
        }
        keys->size += (size_t)got;
    }
    complain("key file %s: too large to be one", path);
    return false;
}

static bool are_keys(const char *path, const struct key_text *keys) {
    struct bw_keyring *ring = NULL;
    size_t line = 0;
    int error = bw_keyring_create(&ring, keys->text, keys->size, &line);
    bw_keyring_destroy(ring);
    if (error == 0)
        return true;
    if (error == BW_ERR_KEY && line == 0)
        complain("key file %s: there is no key in it; 'bellwether keygen' makes one", path);
    else if (error == BW_ERR_KEY)
        complain("key file %s, line %zu: not a key (32 bytes in base64), or one given twice", path, line);
    else
        complain("key file %s: %s", path, bw_error_text(error));
    return false;
}

bool key_file_read(const char *path, struct key_text *keys) {
    keys->size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain("key file %s: %s; 'bellwether init' makes one", path, strerror(errno));
        return false;
    }
    bool ok = is_private(fd, path) && read_all(fd, path, keys) && are_keys(path, keys);
    close(fd);
    if (!ok)
        key_forget(keys);
    return ok;
}

void key_forget(struct key_text *keys) {
    explicit_bzero(keys, sizeof(*keys));
}
