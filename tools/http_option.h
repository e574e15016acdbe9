/* Where the agent answers HTTP, and by which names it is called there. */
#ifndef BW_TOOLS_HTTP_OPTION_H
#define BW_TOOLS_HTTP_OPTION_H

#include <bellwether/bellwether.h>

enum { HTTP_HOST_MAX = 16, HTTP_HOST_SIZE_MAX = 253 };

struct http_option {
    bool on;
    struct bw_addr addr;
    char *hosts[HTTP_HOST_MAX]; /* names that may stand in Host, beside those of loopback and the bound address */
    size_t host_count;
};

/* "192.0.2.1:8080", "[::1]:8080", "localhost:8080", or no. False: why says what is wrong. */
bool http_set_addr(struct http_option *option, const char *value, char *why, size_t why_size);
bool http_add_host(struct http_option *option, const char *value, char *why, size_t why_size);
void http_option_free(struct http_option *option);

#endif
