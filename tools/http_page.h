/* The dashboard: one page, which the build puts into the program from tools/dashboard/. */
#ifndef BW_TOOLS_HTTP_PAGE_H
#define BW_TOOLS_HTTP_PAGE_H

#include <stdbool.h>
#include <stddef.h>

/* The page and the Content-Security-Policy under which it runs: its own script and style, by their hashes, and requests to
 * where it came from. Both are the caller's to free. False: no memory. */
bool http_page_make(char **page, size_t *size, char **policy);

#endif
