#include "tools/http_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCALHOST "localhost:"

bool http_set_addr(struct http_option *option, const char *value, char *why, size_t why_size) {
    char text[BW_ADDR_TEXT_SIZE];
    struct bw_addr addr, other;
    if (strcmp(value, "no") == 0 || strcmp(value, "off") == 0) {
        option->on = false;
        return true;
    }
    snprintf(
        why, why_size,
        "an address of this host and a TCP port are wanted: 127.0.0.1:8080, [::1]:8080, localhost:8080 (port 0: any "
        "free one), or no");
    if (strncmp(value, LOCALHOST, strlen(LOCALHOST)) == 0) {
        if ((size_t)snprintf(text, sizeof(text), "127.0.0.1:%s", value + strlen(LOCALHOST)) >= sizeof(text))
            return false;
        value = text;
    }
    /* A text whose port depends on what stands for a missing one has none. */
    if (bw_addr_parse(&addr, value, 1) != 0 || bw_addr_parse(&other, value, 2) != 0 || addr.port != other.port)
        return false;
    option->addr = addr;
    option->on = true;
    return true;
}

bool http_add_host(struct http_option *option, const char *value, char *why, size_t why_size) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:";
    size_t size = strlen(value);
    snprintf(why, why_size,
             "a host's name or address without a port is wanted, as it stands in the address that people open");
    if (size == 0 || size > HTTP_HOST_SIZE_MAX || strspn(value, allowed) != size)
        return false;
    /* One colon is a port's, more are an IPv6 address. */
    const char *colon = strchr(value, ':');
    if (colon != NULL && strchr(colon + 1, ':') == NULL)
        return false;
    snprintf(why, why_size, "at most %d names can be given", HTTP_HOST_MAX);
    if (option->host_count == HTTP_HOST_MAX)
        return false;
    snprintf(why, why_size, "out of memory");
    option->hosts[option->host_count] = strdup(value);
    return option->hosts[option->host_count] != NULL && ++option->host_count > 0;
}

void http_option_free(struct http_option *option) {
    for (size_t i = 0; i < option->host_count; i++)
        free(option->hosts[i]);
    option->host_count = 0;
}
