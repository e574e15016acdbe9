/* Files that hold secrets. */
#ifndef BW_TOOLS_PRIVATE_FILE_H
#define BW_TOOLS_PRIVATE_FILE_H

#include <stdbool.h>

/* Whether it is a plain file, of this user's or root's, on which nobody else has a right; a credential of systemd is one, too. Complains
 * about what ("key file") at path. */
bool private_file_check(int fd, const char *what, const char *path);

#endif
