#include "tools/http_guard.h"

#include <string.h>
#include <strings.h>

#include "node/addr.h"
#include "tools/text.h"

static int hex_value(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool http_decode(const char *text, char *to, size_t size) {
    size_t used = 0;
    for (; *text != '\0' && used < size; used++) {
        char byte = *text++;
        if (byte == '%') {
            int high = hex_value(text[0]);
            int low = high < 0 ? -1 : hex_value(text[1]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            byte = (char)(high * 16 + low);
            text += 2;
        }
        to[used] = byte;
    }
    if (used == size)
        return false;
    to[used] = '\0';
    return true;
}

/* Takes "NAME", "NAME:PORT", "[V6]" or "[V6]:PORT" apart; a dot at the end is left out. port stays where none is given. */
static bool split_host(const char *host, char *name, size_t size, uint64_t *port) {
    bool bracket = host[0] == '[';
    const char *end = bracket ? strchr(host, ']') : host + strcspn(host, ":");
    if (end == NULL)
        return false;
    const char *begin = host + (bracket ? 1 : 0);
    const char *rest = end + (bracket ? 1 : 0);
    size_t length = (size_t)(end - begin);
    if (rest[0] != '\0' && (rest[0] != ':' || (rest[1] != '\0' && !parse_number(rest + 1, 0, UINT16_MAX, port))))
        return false;
    if (!bracket && length > 1 && begin[length - 1] == '.')
        length--;
    if (length == 0 || length >= size)
        return false;
    memcpy(name, begin, length);
    name[length] = '\0';
    return true;
}

/* IPv4 in IPv6 is taken for what it is. */
static struct bw_addr plain(const struct bw_addr *addr) {
    struct sockaddr_storage socket;
    struct bw_addr result;
    if (bw_addr_to_socket(addr, &socket) == 0 || !bw_addr_from_socket(&result, &socket))
        return *addr;
    return result;
}

bool http_host_allowed(const char *host, const struct bw_addr *local, const struct http_option *option) {
    char name[HTTP_HOST_SIZE_MAX + 3];
    struct bw_addr named;
    uint64_t port;
    if (!split_host(host, name, sizeof(name), &port))
        return false;
    if (strcasecmp(name, "localhost") == 0)
        return true;
    for (size_t i = 0; i < option->host_count; i++)
        if (strcasecmp(name, option->hosts[i]) == 0)
            return true;
    if (bw_addr_parse(&named, name, 0) != 0)
        return false;
    const struct bw_addr here = plain(local);
    named = plain(&named);
    return bw_addr_loopback(&named) || bw_addr_same_ip(&named, &here);
}

bool http_cross_site(const char *fetch_site, const char *fetch_mode) {
    bool other = fetch_site != NULL && (strcmp(fetch_site, "cross-site") == 0 || strcmp(fetch_site, "same-site") == 0);
    return other && (fetch_mode == NULL || strcmp(fetch_mode, "navigate") != 0);
}

bool http_cross_origin(const char *origin, const char *host, const char *fetch_site) {
    char origin_name[HTTP_HOST_SIZE_MAX + 3];
    char host_name[HTTP_HOST_SIZE_MAX + 3];
    if (origin == NULL || (fetch_site != NULL && strcmp(fetch_site, "same-origin") == 0))
        return false;
    bool tls = strncasecmp(origin, "https://", 8) == 0;
    if (host == NULL || (!tls && strncasecmp(origin, "http://", 7) != 0))
        return true;
    uint64_t origin_port = tls ? 443 : 80;
    uint64_t host_port = origin_port;
    return !split_host(origin + (tls ? 8 : 7), origin_name, sizeof(origin_name), &origin_port) ||
           !split_host(host, host_name, sizeof(host_name), &host_port) || origin_port != host_port ||
           strcasecmp(origin_name, host_name) != 0;
}
