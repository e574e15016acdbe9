/* The file of cluster keys: owner-only, lines of base64. */
#ifndef BW_TOOLS_KEY_FILE_H
#define BW_TOOLS_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/keyring.h"

#define KEY_FILE_SIZE_MAX 4096u

/* What stands in a key file, in guarded memory (sodium_malloc). */
struct key_text {
    char *text;
    size_t size;
};

/* A new key as a line, with its end, in guarded memory: sodium_free it. NULL, with errno, if the kernel gives no memory or
 * no random numbers. */
char *key_make(void);

/* Reads and checks; complains and returns false on what is wrong. Forget it with key_forget. */
bool key_file_read(const char *path, struct key_text *keys);

/* Replaces the keys in a key file, at once or not at all, and durably: by a new file beside it of the same owner and mode, which takes
 * its place. Lines of comment stay, at its head. The error of errno, 0. */
int key_file_write(const char *path, const char *keys, size_t size);

void key_forget(struct key_text *keys);

#endif
