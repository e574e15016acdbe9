/* Which interfaces discovery uses, by flags, address and driver. */
#include "node/interfaces.h"

#include "base/base.h"
#include "node/addr.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Where nobody else is but what this machine made itself, or a far end. A container's own interface (veth) is its LAN; bonds and VLANs
 * are this machine's. */
static const char *const virtual_drivers[] = {"bridge", "dummy", "geneve", "ifb", "nlmon",    "openvswitch",
                                              "tun",    "vrf",   "vxlan",  "gre", "ip_tunnel"};

/* The driver's name, "" if it does not tell. */
static void driver_of(const char *name, char driver[32]) {
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq request = {.ifr_data = (char *)&info};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    driver[0] = '\0';
    memcpy(request.ifr_name, name, strlen(name) + 1);
    if (fd >= 0 && ioctl(fd, SIOCETHTOOL, &request) == 0) {
        memcpy(driver, info.driver, 31);
        driver[31] = '\0';
    }
    if (fd >= 0) {
        close(fd);
    }
}

/* NULL if it is fit, else why it is not. */
static const char *unfit(const char *name, unsigned flags) {
    char driver[32];
    if ((flags & IFF_UP) == 0) {
        return "down";
    }
    if ((flags & IFF_LOOPBACK) != 0) {
        return "loopback";
    }
    if ((flags & IFF_POINTOPOINT) != 0) {
        return "point-to-point";
    }
    if ((flags & IFF_MULTICAST) == 0) {
        return "without multicast";
    }
    driver_of(name, driver);
    for (size_t i = 0; i < BW_COUNT(virtual_drivers); i++) {
        if (strcmp(driver, virtual_drivers[i]) == 0) {
            return "virtual";
        }
    }
    return NULL;
}

static bool named(const struct bw_network_choice *choice, const char *name) {
    for (size_t i = 0; i < choice->name_count; i++) {
        if (strcmp(choice->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* What is left out is named, as far as there is room. */
static void note_unfit(const char *name, const char *reason, char *why, size_t why_size) {
    char part[64];
    size_t used = strlen(why);
    int size = snprintf(part, sizeof(part), "%s%s is %s", used == 0 ? "" : ", ", name, reason);
    if (size > 0 && (size_t)size < sizeof(part) && strstr(why, part + (used == 0 ? 0 : 2)) == NULL &&
        used + (size_t)size < why_size) {
        memcpy(why + used, part, (size_t)size + 1);
    }
}

static bool to_addr(const struct sockaddr *from, struct bw_addr *addr) {
    struct sockaddr_storage storage = {0};
    if (from == NULL || (from->sa_family != AF_INET && from->sa_family != AF_INET6)) {
        return false;
    }
    memcpy(&storage, from, from->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    return bw_addr_from_socket(addr, &storage);
}

/* An alias ("eth0:1") is an address of its interface. */
static bool interface_name(const struct ifaddrs *entry, char name[BW_INTERFACE_NAME_SIZE]) {
    size_t size = strcspn(entry->ifa_name, ":");
    if (size == 0 || size >= BW_INTERFACE_NAME_SIZE) {
        return false;
    }
    memcpy(name, entry->ifa_name, size);
    name[size] = '\0';
    return true;
}

static bool wanted(const struct bw_network_choice *choice, const char *name, unsigned flags, const struct bw_addr *addr,
                   char *why, size_t why_size) {
    if (!(addr->family == 4 ? choice->v4 : choice->v6)) {
        return false;
    }
    if (choice->name_count > 0) {
        return named(choice, name) && (flags & IFF_UP) != 0;
    }
    if (choice->only.family != 0) {
        return bw_addr_same_ip(&choice->only, addr) && (flags & IFF_UP) != 0;
    }
    const char *reason = unfit(name, flags);
    if (reason != NULL) {
        note_unfit(name, reason, why, why_size);
    }
    return reason == NULL;
}

static struct bw_network *network_of(struct bw_network *networks, size_t *count, const char *name, uint8_t family) {
    for (size_t i = 0; i < *count; i++) {
        if (networks[i].family == family && strcmp(networks[i].name, name) == 0) {
            return &networks[i];
        }
    }
    unsigned index = if_nametoindex(name);
    if (*count == BW_NETWORK_MAX || index == 0) {
        return NULL;
    }
    struct bw_network *made = &networks[(*count)++];
    *made = (struct bw_network){.index = index, .family = family};
    memcpy(made->name, name, strlen(name) + 1);
    return made;
}

static uint8_t mask_bits(const struct sockaddr *mask, uint8_t family) {
    struct sockaddr_storage storage = {0};
    struct bw_addr addr;
    uint8_t bits = 0;
    if (mask == NULL) {
        return family == 4 ? 32 : 128;
    }
    memcpy(&storage, mask, family == 4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    storage.ss_family = family == 4 ? AF_INET : AF_INET6; /* some systems leave it out in masks */
    (void)bw_addr_from_socket(&addr, &storage);
    for (size_t i = 0; i < (family == 4 ? 4u : 16u); i++) {
        for (unsigned bit = 0x80; bit != 0 && (addr.ip[i] & bit) != 0; bit >>= 1) {
            bits++;
        }
    }
    return bits;
}

size_t bw_networks_look(const struct bw_network_choice *choice, struct bw_network networks[BW_NETWORK_MAX], char *why,
                        size_t why_size) {
    struct ifaddrs *entries = NULL;
    char left_out[256] = "";
    size_t count = 0;
    if (getifaddrs(&entries) != 0) {
        snprintf(why, why_size, "the system does not tell its interfaces");
        return BW_NETWORKS_UNKNOWN;
    }
    for (const struct ifaddrs *entry = entries; entry != NULL; entry = entry->ifa_next) {
        char name[BW_INTERFACE_NAME_SIZE];
        struct bw_addr addr;
        if (!to_addr(entry->ifa_addr, &addr) || !interface_name(entry, name) ||
            !wanted(choice, name, entry->ifa_flags, &addr, left_out, sizeof(left_out))) {
            continue;
        }
        struct bw_network *network = network_of(networks, &count, name, addr.family);
        if (network != NULL && network->prefix_count < BW_PREFIX_MAX) {
            network->prefixes[network->prefix_count++] =
                (struct bw_prefix){.addr = addr, .bits = mask_bits(entry->ifa_netmask, addr.family)};
        }
    }
    freeifaddrs(entries);
    if (count == 0 && choice->name_count > 0) {
        snprintf(why, why_size, "none of the interfaces that were named is up and has an address");
    } else if (count == 0) {
        snprintf(why, why_size, "no interface is fit for discovery%s%s", left_out[0] == '\0' ? "" : ": ", left_out);
    }
    return count;
}

static bool share_bits(const struct bw_addr *a, const struct bw_addr *b, unsigned bits) {
    size_t whole = bits / 8;
    unsigned rest = bits % 8;
    return memcmp(a->ip, b->ip, whole) == 0 && (rest == 0 || ((a->ip[whole] ^ b->ip[whole]) >> (8 - rest)) == 0);
}

bool bw_network_on_link(const struct bw_network *network, const struct bw_addr *from) {
    if (from->family != network->family) {
        return false;
    }
    if (bw_addr_link_local(from)) {
        return true;
    }
    for (size_t i = 0; i < network->prefix_count; i++) {
        const struct bw_prefix *prefix = &network->prefixes[i];
        if (prefix->bits > 0 && share_bits(&prefix->addr, from, prefix->bits)) {
            return true;
        }
    }
    return false;
}

struct bw_addr bw_network_own(const struct bw_network *network) {
    for (size_t i = 0; i < network->prefix_count; i++) {
        if (!bw_addr_link_local(&network->prefixes[i].addr)) {
            return network->prefixes[i].addr;
        }
    }
    return (struct bw_addr){.family = 0};
}
