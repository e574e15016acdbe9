/* Finds out which of this machine's addresses the others can most likely reach. */
#include "node/advertise.h"

#include "node/addr.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

struct families {
    bool v4;
    bool v6;
};

static bool usable(const struct bw_addr *addr, struct families bound) {
    return (addr->family == 4 ? bound.v4 : bound.v6) && !bw_addr_unspecified(addr) && !bw_addr_link_local(addr);
}

/* The source address that the kernel would choose: connecting a UDP socket sends nothing. */
static bool towards(const struct bw_addr *seed, struct families bound, struct bw_addr *found) {
    struct sockaddr_storage to;
    struct sockaddr_storage own;
    socklen_t own_size = sizeof(own);
    socklen_t to_size = bw_addr_to_socket(seed, &to);
    int fd = to_size == 0 ? -1 : socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    bool ok = connect(fd, (const struct sockaddr *)&to, to_size) == 0 &&
              getsockname(fd, (struct sockaddr *)&own, &own_size) == 0 && bw_addr_from_socket(found, &own) &&
              usable(found, bound);
    close(fd);
    return ok;
}

static bool interface_address(const struct ifaddrs *interface, struct bw_addr *found) {
    struct sockaddr_storage storage = {0};
    if (interface->ifa_addr == NULL || (interface->ifa_flags & IFF_UP) == 0 ||
        (interface->ifa_flags & IFF_LOOPBACK) != 0) {
        return false;
    }
    sa_family_t family = interface->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) {
        return false;
    }
    memcpy(&storage, interface->ifa_addr, family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    return bw_addr_from_socket(found, &storage) && !bw_addr_loopback(found);
}

static bool first_interface(uint8_t family, struct families bound, struct bw_addr *found) {
    struct ifaddrs *interfaces = NULL;
    bool ok = false;
    if (getifaddrs(&interfaces) != 0) {
        return false;
    }
    for (const struct ifaddrs *i = interfaces; i != NULL && !ok; i = i->ifa_next) {
        ok = interface_address(i, found) && found->family == family && usable(found, bound);
    }
    freeifaddrs(interfaces);
    return ok;
}

struct bw_addr bw_advertise(bool v4, bool v6, const struct bw_addr *seeds, size_t seed_count) {
    struct families bound = {.v4 = v4, .v6 = v6};
    struct bw_addr found = {0};
    for (size_t i = 0; i < seed_count; i++) {
        if (towards(&seeds[i], bound, &found)) {
            found.port = 0;
            return found;
        }
    }
    if (first_interface(4, bound, &found) || first_interface(6, bound, &found)) {
        found.port = 0;
        return found;
    }
    if (v4) {
        return (struct bw_addr){.family = 4, .ip = {127, 0, 0, 1}};
    }
    return (struct bw_addr){.family = 6, .ip = {[15] = 1}};
}
