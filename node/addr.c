/* Addresses: sockets' form, text form, kinds. */
#include "node/addr.h"

#include <arpa/inet.h>
#include <bellwether/error.h>
#include <bellwether/loop.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define V4_SIZE 4u
#define V6_SIZE 16u

socklen_t bw_addr_to_socket(const struct bw_addr *addr, struct sockaddr_storage *to) {
    memset(to, 0, sizeof(*to));
    if (addr->family == 4) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
        memcpy(&v4.sin_addr, addr->ip, V4_SIZE);
        memcpy(to, &v4, sizeof(v4));
        return sizeof(v4);
    }
    if (addr->family == 6) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(addr->port)};
        memcpy(&v6.sin6_addr, addr->ip, V6_SIZE);
        memcpy(to, &v6, sizeof(v6));
        return sizeof(v6);
    }
    return 0;
}

bool bw_addr_from_socket(struct bw_addr *addr, const struct sockaddr_storage *from) {
    memset(addr, 0, sizeof(*addr));
    if (from->ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof(v4));
        addr->family = 4;
        addr->port = ntohs(v4.sin_port);
        memcpy(addr->ip, &v4.sin_addr, V4_SIZE);
        return true;
    }
    if (from->ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof(v6));
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
        addr->family = mapped ? 4 : 6;
        addr->port = ntohs(v6.sin6_port);
        memcpy(addr->ip, &v6.sin6_addr.s6_addr[mapped ? V6_SIZE - V4_SIZE : 0], mapped ? V4_SIZE : V6_SIZE);
        return true;
    }
    return false;
}

bool bw_addr_same_ip(const struct bw_addr *a, const struct bw_addr *b) {
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool bw_addr_unspecified(const struct bw_addr *addr) {
    static const uint8_t zero[sizeof(addr->ip)];
    return addr->family == 0 || memcmp(addr->ip, zero, sizeof(zero)) == 0;
}

bool bw_addr_link_local(const struct bw_addr *addr) {
    return addr->family == 6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
}

bool bw_addr_loopback(const struct bw_addr *addr) {
    struct in6_addr v6;
    memcpy(&v6, addr->ip, sizeof(v6));
    return addr->family == 4 ? addr->ip[0] == 127 : addr->family == 6 && IN6_IS_ADDR_LOOPBACK(&v6);
}

void bw_addr_text(const struct bw_addr *addr, char text[BW_ADDR_TEXT_SIZE]) {
    char ip[INET6_ADDRSTRLEN] = "";
    if (addr->family != 4 && addr->family != 6) {
        snprintf(text, BW_ADDR_TEXT_SIZE, "none");
        return;
    }
    inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->ip, ip, sizeof(ip));
    snprintf(text, BW_ADDR_TEXT_SIZE, addr->family == 4 ? "%s:%u" : "[%s]:%u", ip, (unsigned)addr->port);
}

/* Decimal digits alone, 0..65535. */
static bool parse_port(const char *text, uint16_t *port) {
    unsigned value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (unsigned)(*text - '0');
        if (value > UINT16_MAX) {
            return false;
        }
    }
    *port = (uint16_t)value;
    return *text == '\0';
}

/* Splits "1.2.3.4:5", "[::1]:5" or either without a port ("::1" too). port_text is NULL if there is none. */
static bool split(const char *text, char ip[INET6_ADDRSTRLEN], const char **port_text) {
    const char *end = text + strlen(text);
    const char *colon = strchr(text, ':');
    *port_text = NULL;
    if (*text == '[') {
        end = strchr(++text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
            return false;
        }
        *port_text = end[1] == ':' ? end + 2 : NULL;
    } else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
        end = colon;
        *port_text = colon + 1;
    }
    size_t size = (size_t)(end - text);
    if (size >= INET6_ADDRSTRLEN) {
        return false;
    }
    memcpy(ip, text, size);
    ip[size] = '\0';
    return true;
}

int bw_addr_parse(struct bw_addr *addr, const char *text, uint16_t port) {
    char ip[INET6_ADDRSTRLEN];
    const char *port_text = NULL;
    struct bw_addr parsed = {.port = port};
    if (!split(text, ip, &port_text) || (port_text != NULL && !parse_port(port_text, &parsed.port))) {
        return BW_ERR_INVALID;
    }
    if (text[0] != '[' && inet_pton(AF_INET, ip, parsed.ip) == 1) {
        parsed.family = 4;
    } else if (inet_pton(AF_INET6, ip, parsed.ip) == 1) {
        parsed.family = 6;
    } else {
        return BW_ERR_INVALID;
    }
    *addr = parsed;
    return 0;
}
