/* Files that hold secrets. */
#ifndef BW_TOOLS_PRIVATE_FILE_H
#define BW_TOOLS_PRIVATE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Whether it is a plain file, of this user's or root's, on which nobody else has a right; a credential of systemd is one, too. Complains
 * about what ("key file") at path. */
bool private_file_check(int fd, const char *what, const char *path);

/* Whether systemd made it at this process' start, as a copy (LoadCredential): edited files are not seen. */
bool private_file_is_credential(const char *path);
/* Whether its rights are those that systemd gives: root's, with a list of who reads, whose mask looks like a group's right. */
bool private_file_has_credential_rights(const struct stat *file);

#endif
