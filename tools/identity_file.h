/* Files of identity mode: keys that their owner alone may read, public keys, certificates. */
#ifndef BW_TOOLS_IDENTITY_FILE_H
#define BW_TOOLS_IDENTITY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/armour.h"
#include "crypto/certificate.h"

#define IDENTITY_FILE_SIZE_MAX 4096u

struct identity_text {
    char text[IDENTITY_FILE_SIZE_MAX];
    size_t size;
};

/* Reads the whole file. secret: it must be its owner's alone. what: "identity", for complaints. Forget it with explicit_bzero. */
bool identity_file_read(const char *path, const char *what, bool secret, struct identity_text *text);
/* Makes a file, owner-only, that must not be there yet. Complains and returns false. */
bool identity_file_make(const char *path, const char *text);

/* A new secret as the line of a file, behind a comment with its public key. Complains and returns false. */
bool identity_make(const char *word, uint8_t public[BW_PUBLIC_SIZE], char *text, size_t size);

#endif
