/* The file of cluster keys: owner-only, lines of base64. */
#ifndef BW_TOOLS_KEY_FILE_H
#define BW_TOOLS_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/keyring.h"

#define KEY_FILE_SIZE_MAX 4096u

struct key_text {
    char text[KEY_FILE_SIZE_MAX];
    size_t size;
};

/* A new key as text; false, with errno, if the kernel gives no random numbers. */
bool key_make(char text[BW_KEY_TEXT_SIZE]);

/* Reads and checks; complains and returns false on what is wrong. Forget it with key_forget. */
bool key_file_read(const char *path, struct key_text *keys);
void key_forget(struct key_text *keys);

#endif
