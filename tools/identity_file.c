#include "tools/identity_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/private_file.h"
#include "tools/text.h"

static bool read_all(int fd, const char *path, const char *what, struct identity_text *text) {
    while (text->size < sizeof(text->text)) {
        ssize_t got = read(fd, text->text + text->size, sizeof(text->text) - text->size);
        if (got == 0)
            return true;
        if (got < 0) {
            complain("%s %s: %s", what, path, strerror(errno));
            return false;
        }
        text->size += (size_t)got;
    }
    complain("%s %s: too large to be one", what, path);
    return false;
}

bool identity_file_read(const char *path, const char *what, bool secret, struct identity_text *text) {
    text->size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain("%s %s: %s", what, path, strerror(errno));
        return false;
    }
    bool ok = (!secret || private_file_check(fd, what, path)) && read_all(fd, path, what, text);
    close(fd);
    return ok;
}

bool identity_file_make(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t size = strlen(text);
    if (fd < 0) {
        complain(errno == EEXIST ? "%s is there already: nothing was changed" : "%s: %s", path, strerror(errno));
        return false;
    }
    bool ok = write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
    if (!ok) {
        complain("%s: %s", path, strerror(errno));
        unlink(path);
    }
    close(fd);
    return ok;
}

bool identity_make(const char *word, uint8_t public[BW_PUBLIC_SIZE], char *text, size_t size) {
    uint8_t secret[BW_SECRET_SIZE];
    char line[BW_ARMOUR_TEXT_SIZE(BW_SECRET_SIZE)];
    char key[BW_PUBLIC_TEXT_SIZE];
    struct bw_identity *identity = NULL;
    if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret) || bw_identity_create(&identity, secret) != 0) {
        complain("no key can be made: no random numbers, or no memory that can be locked");
        return false;
    }
    memcpy(public, bw_identity_public(identity), BW_PUBLIC_SIZE);
    bw_identity_destroy(identity);
    bw_public_text(public, key);
    bw_armour_write(word, (struct bw_bytes){secret, sizeof(secret)}, line);
    int used =
        snprintf(text, size, "# Secret: whoever has it can speak in its name. The public key is %s\n%s", key, line);
    explicit_bzero(secret, sizeof(secret));
    explicit_bzero(line, sizeof(line));
    return used > 0 && (size_t)used < size;
}
