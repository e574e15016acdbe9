#include "tools/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/private_file.h"
#include "tools/text.h"

char *key_make(void) {
    if (sodium_init() < 0)
        return NULL;
    uint8_t *key = sodium_malloc(BW_KEY_SIZE);
    char *text = sodium_malloc(BW_KEY_TEXT_SIZE + 1); /* the line's end in the place of the zero, and the zero */
    bool ok = key != NULL && text != NULL && getrandom(key, BW_KEY_SIZE, 0) == (ssize_t)BW_KEY_SIZE;
    if (ok) {
        bw_key_text(key, text);
        memcpy(text + BW_KEY_TEXT_SIZE - 1, "\n", 2);
    }
    sodium_free(key);
    if (ok)
        return text;
    sodium_free(text);
    return NULL;
}

static bool read_all(int fd, const char *path, struct key_text *keys) {
    while (keys->size < KEY_FILE_SIZE_MAX) {
        ssize_t got = read(fd, keys->text + keys->size, KEY_FILE_SIZE_MAX - keys->size);
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
    keys->text = sodium_init() < 0 ? NULL : sodium_malloc(KEY_FILE_SIZE_MAX);
    if (keys->text == NULL) {
        complain("key file %s: no memory that can be guarded", path);
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain("key file %s: %s; 'bellwether init' makes one", path, strerror(errno));
        key_forget(keys);
        return false;
    }
    bool ok = private_file_check(fd, "key file", path) && read_all(fd, path, keys) && are_keys(path, keys);
    close(fd);
    if (!ok)
        key_forget(keys);
    return ok;
}

void key_forget(struct key_text *keys) {
    sodium_free(keys->text); /* zeroes it */
    *keys = (struct key_text){.size = 0};
}
