#include "tools/addr.h"

#include <string.h>

#include "tools/text.h"

static bool parse_port(const char *text, uint16_t *port) {
    uint64_t number;
    if (!parse_number(text, 0, UINT16_MAX, &number))
        return false;
    *port = (uint16_t)number;
    return true;
}

bool addr_split(const char *text, uint16_t default_port, char *host, size_t host_size, uint16_t *port) {
    const char *end = strrchr(text, ':');
    const char *start = text;
    *port = default_port;
    if (text[0] == '[') {
        start = text + 1;
        end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && (end[1] != ':' || !parse_port(end + 2, port))))
            return false;
    } else if (end != NULL && strchr(text, ':') == end) {
        if (!parse_port(end + 1, port))
            return false;
    } else { /* no colon, or an IPv6 address without a port */
        end = text + strlen(text);
    }
    size_t size = (size_t)(end - start);
    if (size == 0 || size >= host_size)
        return false;
    memcpy(host, start, size);
    host[size] = '\0';
    return strpbrk(host, " \t/,=") == NULL;
}
